/* Two files are there for good, and change names: the log becomes FILE.1, and what was
 * FILE.1 is emptied and becomes the log. Every program that writes holds both, so that
 * none has to open one (which takes the program's lowest number for a moment), and none
 * keeps the blocks of one that is gone. */
#include "log/rotate.h"

#include "base/kernel.h"
#include "base/raw.h"
#include "base/settings.h"
#include "log/change.h"
#include "log/file.h"
#include "log/find.h"
#include "log/keep.h"
#include "log/write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

/* Of whoever rotates: one thread at a time. FILE.new is FILE.1 while it is emptied. */
static char older_path[PATH_MAX];
static char newer_path[PATH_MAX];
static struct file full, newer; /* not on the stack, which has a record on it already */

static _Atomic int64_t failed_at; /* the second in which it last went wrong */

/* ---- Said once ---- */

/* The errno that says that it will go wrong again; WAS_TOLD. */
enum { WAS_TOLD = -1 };
static at_hand atomic_int refused;

static bool is_for_good(long err)
{
    return err == -EACCES || err == -EPERM || err == -EROFS;
}

static void note_failure(long err)
{
    int none = 0;
    if (is_for_good(err)) {
        atomic_compare_exchange_strong(&refused, &none, (int)-err);
    }
}

int rotation_refused(void)
{
    int err = atomic_load_explicit(&refused, memory_order_relaxed);
    return err > 0 && atomic_compare_exchange_strong(&refused, &err, WAS_TOLD) ? err : 0;
}

/* ---- Names ---- */

static long rename_at(const char *from, const char *to, unsigned flags)
{
    return raw(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

/* Where two names cannot be exchanged there is no FILE for an instant; whoever made one
 * then is not overwritten. */
static long put_in_place_plainly(void)
{
    long result = rename_at(settings.log_path, older_path, 0);
    if (result < 0) {
        return result;
    }
    result = raw(SYS_linkat, AT_FDCWD, newer_path, AT_FDCWD, settings.log_path, 0);
    if (result == 0) {
        raw(SYS_unlinkat, AT_FDCWD, newer_path, 0);
    }
    return result == 0 || result == -EEXIST ? result : rename_at(newer_path, settings.log_path, 0);
}

/* FILE.new takes the log's place with its first line already in it, and there is a file
 * under the path at every moment. */
static long put_in_place(void)
{
    long result = rename_at(newer_path, settings.log_path, EXCHANGE_NAMES);
    if (result == -EINVAL || result == -ENOSYS) {
        return put_in_place_plainly();
    }
    return result < 0 ? result : rename_at(newer_path, older_path, 0);
}

/* What this process must not rename is left alone from the start: in a folder such as
 * /tmp only the owner of a file may. */
static bool may_rename(void)
{
    static char folder[PATH_MAX]; /* of whoever rotates, too */
    size_t len = 0;
    for (size_t at = 0; settings.log_path[at]; at++) {
        folder[at] = settings.log_path[at];
        len = folder[at] == '/' ? at : len;
    }
    folder[len ? len : 1] = 0;
    if (raw(SYS_faccessat, AT_FDCWD, folder, 2 /* W_OK */) < 0 || file_at(folder, &newer) < 0) {
        return false;
    }
    uid_t me = (uid_t)raw(RAW_GETEUID);
    return !(newer.mode & S_ISVTX) || me == 0 || me == newer.uid || me == full.uid;
}

static bool newer_is_held(unsigned i)
{
    return file_at_no_link(newer_path, &newer) == 0 && kept_find(&newer) == (int)i;
}

static int open_newer(unsigned i, int flags)
{
    int err = keep_open(i, newer_path, O_CREAT | O_NOFOLLOW | flags, &newer);
    return err < 0 ? err : lock_log(i);
}

/* What no rotation has put there: a link, or the log by another name. */
static void clear_newer(void)
{
    if (file_at_no_link(newer_path, &newer) == 0 &&
        (!S_ISREG(newer.mode) || same_file(&newer, &full))) {
        raw(SYS_unlinkat, AT_FDCWD, newer_path, 0);
    }
}

/* FILE.1, by now FILE.new, is held, locked, and ours alone: no other file than the one that
 * is held, and without another name. Else it goes, its other names keep it, and another is
 * made. Before it is locked it may be somebody else's who rotates. Returns 0 or a negated
 * errno; with an error nothing is locked. */
static int hold_newer(unsigned i)
{
    clear_newer();
    int err = newer_is_held(i) ? lock_log(i) : open_newer(i, 0);
    if (err < 0) {
        return err;
    }
    if (!newer_is_held(i)) {
        unlock_log(i);
        return -EAGAIN;
    }
    if (newer.links == 1) {
        return 0;
    }
    raw(SYS_unlinkat, AT_FDCWD, newer_path, 0);
    unlock_log(i);
    return open_newer(i, O_EXCL);
}

/* As the log was, as far as this process may. */
static void take_after_log(int fd)
{
    if (newer.uid != full.uid || newer.gid != full.gid) {
        raw(RAW_FCHOWN, fd, full.uid, full.gid);
    }
    if ((newer.mode & 0777) != (full.mode & 0777)) {
        raw(SYS_fchmod, fd, full.mode & 0777);
    }
}

/* FILE.1 becomes FILE.new; not where there is one, which somebody may be rotating with, or
 * was killed with. Returns whether it did. */
static bool take_older(void)
{
    path_beside_log(older_path, ".1");
    path_beside_log(newer_path, ".new");
    long result = rename_at(older_path, newer_path, NO_REPLACE);
    if (result == -EINVAL || result == -ENOSYS) {
        result = rename_at(older_path, newer_path, 0);
    }
    return result == 0;
}

static void give_older_back(void)
{
    rename_at(newer_path, older_path, NO_REPLACE);
}

/* Emptied, and its first line written. Returns what that came to; -EAGAIN: a process that has
 * not noticed the rotations since it chose this file has written to it in between. */
static long begin_once(int fd, const char *line, size_t len)
{
    long result = raw(RAW_FTRUNCATE, fd, 0);
    if (write_to(fd, &newer, line, len) != (long)len && result == 0) {
        return -EIO;
    }
    if (result == 0 && file_of(fd, &newer) == 0 && newer.size != len) {
        return -EAGAIN;
    }
    return result;
}

/* What was written in between goes with what that process has written there before. */
static long begin_newer(unsigned i, const struct moment *m)
{
    enum { TRIES = 20 };
    static char line[RECORD_SIZE];
    int fd = atomic_load(&log_numbers[i]);
    take_after_log(fd);
    size_t len = record_rotated(line, m, older_path);
    long result = -EAGAIN;
    for (int tries = 0; result == -EAGAIN && tries < TRIES; tries++) {
        result = begin_once(fd, line, len);
    }
    return result == -EAGAIN ? 0 : result;
}

/* Killed between any two of these steps, it leaves FILE where it is, or the new one
 * there; and in FILE.1 or FILE.new what the next rotation drops. */
static long exchange(unsigned i, const struct moment *m)
{
    bool was_taken = take_older();
    /* Who rotates has locked both files, whatever their names are by now: nobody empties
     * the one, or rotates the other, before FILE.1 is in its place. */
    long result = hold_newer(!i);
    bool is_held = result == 0;
    if (is_held) {
        result = begin_newer(!i, m);
        result = result < 0 ? result : put_in_place();
        unlock_log(!i);
    }
    if (result == 0) {
        kept_set_current(!i);
    } else if (is_held || was_taken) {
        give_older_back();
    }
    return result;
}

/* With the lock, and only while the log is the file that is too long. Another process
 * may have rotated meanwhile: then its new file is ours as well. Or somebody has moved the
 * log away: then there is one to be begun. */
static long rotate_locked(unsigned i, const struct moment *m, bool *is_other)
{
    int err = file_at_no_link(settings.log_path, &full);
    *is_other = err == -ENOENT || (err == 0 && !kept_is(i, &full));
    if (err < 0 || *is_other) {
        return *is_other ? 0 : err;
    }
    if (full.size < settings.log_limit) {
        return 0;
    }
    return S_ISREG(full.mode) && may_rename() ? exchange(i, m) : -EPERM;
}

__attribute__((noinline)) void rotate(const struct moment *m)
{
    uint64_t signals;
    bool is_other = false;
    int64_t now = (int64_t)m->now.tv_sec;
    if (atomic_load(&failed_at) == now || !may_go_by_path(m) || !begin_change(m, &signals)) {
        return;
    }
    unsigned i = kept_current();
    if (lock_log(i) == 0) {
        long result = rotate_locked(i, m, &is_other);
        if (result < 0) {
            atomic_store(&failed_at, now);
            note_failure(result);
        }
        unlock_log(i);
    }
    end_change(signals);
    if (is_other) {
        follow_path(m);
    }
}

/* ---- Before renaming is forbidden ---- */

/* FILE.new, if it is the one that is held, and empty: nobody is rotating with it. */
static void drop_newer(unsigned i)
{
    path_beside_log(newer_path, ".new");
    if (newer_is_held(i) && newer.size == 0) {
        raw(SYS_unlinkat, AT_FDCWD, newer_path, 0);
        keep_none(i);
    }
}

void rotation_may_end(void)
{
    uint64_t signals;
    struct moment m = this_moment();
    unsigned i = kept_current();
    if (!has_older() || !may_go_by_path(&m) || !begin_change(&m, &signals)) {
        return;
    }
    if (lock_log(i) == 0) {
        drop_newer(!i);
        unlock_log(i);
    }
    end_change(signals);
}
