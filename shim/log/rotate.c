/* Two files are there for good, and change names: the log becomes FILE.1, and what was
 * FILE.1 is emptied and becomes the log. Every program that writes holds both, so that
 * none has to open one (which takes the program's lowest number for a moment), and none
 * keeps the blocks of one that is gone. */
#include "log/rotate.h"

#include "base/kernel.h"
#include "base/raw.h"
#include "base/settings.h"
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

/* FILE.1, by now FILE.new, is ours alone: no link, no other name, and no other file than
 * the one that is held. Else it goes, its other names keep it, and another is made. */
static int hold_newer(unsigned i)
{
    int fd = atomic_load(&log_numbers[i]);
    if (file_at_no_link(newer_path, &newer) == 0) {
        bool is_alone = S_ISREG(newer.mode) && newer.links == 1;
        if (is_alone && kept_find(&newer) == (int)i) {
            return fd;
        }
        if (!is_alone) {
            raw(SYS_unlinkat, AT_FDCWD, newer_path, 0);
        }
    }
    int err = keep_open(i, newer_path, O_CREAT | O_NOFOLLOW, &newer);
    return err < 0 ? err : atomic_load(&log_numbers[i]);
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

/* Killed between any two of these steps, it leaves FILE where it is, or the new one
 * there; and in FILE.1 or FILE.new what the next rotation drops. */
static long begin_newer(unsigned i, const struct moment *m)
{
    static char line[RECORD_SIZE];
    path_beside_log(older_path, ".1");
    path_beside_log(newer_path, ".new");
    if (file_at_no_link(older_path, &newer) == 0) {
        rename_at(older_path, newer_path, 0);
    }
    int fd = hold_newer(!i);
    if (fd < 0) {
        rename_at(newer_path, older_path, NO_REPLACE);
        return fd;
    }
    long result = raw(RAW_FTRUNCATE, fd, 0);
    take_after_log(fd);
    size_t len = record_rotated(line, m, older_path);
    if (result == 0 && write_to(fd, &newer, line, len) != (long)len) {
        result = -EIO;
    }
    /* Nobody rotates the new one before FILE.1 is in its place. */
    result = result < 0 ? result : lock_log(!i);
    result = result < 0 ? result : put_in_place();
    unlock_log(!i);
    if (result < 0) {
        rename_at(newer_path, older_path, NO_REPLACE);
        return result;
    }
    kept_set_current(!i);
    return 0;
}

/* With the lock, and only while the log is the file that is too long. Another process
 * may have rotated meanwhile: then its new file is ours as well. */
static long rotate_locked(unsigned i, const struct moment *m, bool *is_other)
{
    int err = file_at_no_link(settings.log_path, &full);
    *is_other = err == 0 && !kept_is(i, &full);
    if (err < 0 || *is_other) {
        return err;
    }
    if (full.size < settings.log_limit) {
        return 0;
    }
    return S_ISREG(full.mode) && may_rename() ? begin_newer(i, m) : -EPERM;
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
        if (rotate_locked(i, m, &is_other) < 0) {
            atomic_store(&failed_at, now);
        }
        unlock_log(i);
    }
    end_change(signals);
    if (is_other) {
        follow_path(m);
    }
}
