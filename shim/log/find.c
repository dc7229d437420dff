#include "log/find.h"

#include "base/ask.h"
#include "base/filter.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "base/tally.h"
#include "log/change.h"
#include "log/write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static struct file root; /* "/" at the start */
static uint64_t root_mount;
static struct file stderr_file; /* what descriptor 2 was at the start */
static bool has_stderr;
static bool stderr_is_journal;
static bool is_begun; /* the log has been opened, or should have been */

static at_hand _Atomic int64_t looked_at; /* the second in which the path was last looked at */
static _Atomic int64_t prepared_at;

/* ---- Where the path leads ---- */

/* The root and its mount: after chroot, pivot_root, setns and unshare it is another. */
static __attribute__((noinline)) bool is_at_home(void)
{
    struct file now;
    return file_at("/", &now) == 0 && same_file(&now, &root) && mount_at("/") == root_mount;
}

/* After unshare(CLONE_FILES). Without kcmp (CONFIG_KCMP) nobody has, nor in a filter, which may
 * kill for it: few calls are in fewer lists. */
static bool has_own_table(const struct moment *m)
{
    enum { FILES = 2 };
    return m->who.tid != m->who.pid && process_has_no_filter() &&
           raw(SYS_kcmp, m->who.pid, m->who.tid, FILES, 0, 0) > 0;
}

bool may_go_by_path(const struct moment *m)
{
    return settings.log == LOG_FILE && !m->who.is_vfork_child && is_at_home() && !has_own_table(m);
}

void path_beside_log(char *to, const char *suffix)
{
    size_t len = strlen(settings.log_path); /* settings.c left room for it */
    memcpy(to, settings.log_path, len);
    memcpy(to + len, suffix, strlen(suffix) + 1);
}

/* ---- Locking ---- */

static int lock_as(unsigned i, short type)
{
    struct flock64 lock = {.l_type = type, .l_whence = SEEK_SET};
    return (int)raw(RAW_FCNTL, atomic_load(&log_numbers[i]), F_SETLK64, &lock);
}

int lock_log(unsigned i)
{
    return lock_as(i, F_WRLCK);
}

/* Until who rotates has done so. */
static int wait_for_lock(unsigned i)
{
    int err = lock_log(i);
    for (int tries = 0; tries < 50 && err == -EAGAIN; tries++) {
        struct timespec pause = {0, 100000};
        raw(SYS_nanosleep, &pause, 0);
        err = lock_log(i);
    }
    return err;
}

void unlock_log(unsigned i)
{
    lock_as(i, F_UNLCK);
}

/* ---- Opening ---- */

bool needs_older(const struct file *log)
{
    /* A log with more than that before it may never come so far; then there is no
     * FILE.new, and one descriptor less. */
    const uint64_t ahead = (uint64_t)64 << 20;
    return settings.log_limit > 0 && S_ISREG(log->mode) && log->size + ahead >= settings.log_limit;
}

bool has_older(void)
{
    return atomic_load_explicit(&log_numbers[!kept_current()], memory_order_relaxed) >= 0;
}

/* To its own name: nothing happens, but what forbids to rename says so (Landlock, for
 * one, which nothing else tells). */
static bool may_rename_log(void)
{
    long err = raw(SYS_renameat, AT_FDCWD, settings.log_path, AT_FDCWD, settings.log_path);
    return err != -EACCES && err != -EPERM;
}

static void open_older(unsigned i, const struct file *log)
{
    static char path[PATH_MAX]; /* of whoever changes, as the file */
    static struct file file;
    if (!may_rename_log() || wait_for_lock(!i) < 0) {
        return;
    }
    path_beside_log(path, ".1");
    if (file_at_no_link(path, &file) < 0) {
        path_beside_log(path, ".new");
    }
    int err = keep_open(i, path, O_CREAT | O_NOFOLLOW, &file);
    if (err == 0 && same_file(&file, log)) {
        keep_none(i); /* FILE by another name */
    } else if (err == 0 && file.size == 0 && S_ISREG(file.mode)) {
        int fd = atomic_load(&log_numbers[i]);
        if (file.uid != log->uid || file.gid != log->gid) {
            raw(RAW_FCHOWN, fd, log->uid, log->gid); /* as far as this process may */
        }
        raw(SYS_fchmod, fd, log->mode & 0777);
    }
    unlock_log(!i);
}

/* Between begin_change() and end_change(). */
static int open_current(int flags)
{
    static struct file file;
    int kept = file_at(settings.log_path, &file) == 0 ? kept_find(&file) : -1;
    unsigned i = kept >= 0 ? (unsigned)kept : kept_current();
    int err = kept >= 0 ? 0 : -EAGAIN; /* which is that somebody was quicker */
    for (int tries = 0; tries < 10 && err == -EAGAIN; tries++) {
        err = keep_open(i, settings.log_path, O_CREAT | flags, &file);
    }
    if (err == 0) {
        kept_set_current(i);
        if (atomic_load(&log_numbers[!i]) < 0 && needs_older(&file)) {
            open_older(!i, &file);
        }
    }
    return err;
}

static int change_current(int flags, const struct moment *m)
{
    uint64_t signals;
    if (!begin_change(m, &signals)) {
        return -EAGAIN;
    }
    int err = open_current(flags);
    end_change(signals);
    if (err == 0) {
        tally_opened();
    }
    return err;
}

/* Not where the program has closed it, and a file of its own came to have the number. */
bool stderr_is_as_it_was(struct file *now)
{
    return has_stderr && file_of(2, now) == 0 && same_file(now, &stderr_file) &&
           now->born == stderr_file.born;
}

/* A filter that was inherited may kill for a socket call: then the ioctl has to do. */
bool stderr_is_a_client(void)
{
    struct file in, err;
    if (file_of(2, &err) < 0 || !S_ISSOCK(err.mode)) {
        return false;
    }
    if ((file_of(0, &in) == 0 && same_file(&in, &err)) || is_tcp_by_ioctl(2)) {
        return true;
    }
    filter_find();
    return process_has_no_filter() && is_ip_socket(2);
}

/* A child may have inherited $JOURNAL_STREAM and another stderr. */
static bool is_journal(const struct file *file)
{
    dev_t device = (dev_t)settings.journal_device;
    return settings.journal_inode != 0 && file->inode == settings.journal_inode &&
           file->device == device_number(major(device), minor(device));
}

/* Descriptor 2 is used where it is, never kept open by a copy of ours: whoever waits for
 * a daemon to close its stderr must not wait for us. */
void log_take_stderr(void)
{
    has_stderr = file_of(2, &stderr_file) == 0;
    stderr_is_journal = has_stderr && is_journal(&stderr_file);
}

int log_begin(void)
{
    if (settings.log == LOG_FILE) {
        root_mount = mount_at("/");
        return file_at("/", &root);
    }
    has_stderr = has_stderr && !stderr_is_a_client();
    return has_stderr ? 0 : -ENOTSUP;
}

int log_open(const struct moment *m)
{
    if (settings.log != LOG_FILE) {
        return has_stderr ? 0 : -ENOTSUP;
    }
    if (process_is_caged() || m->who.is_vfork_child) {
        return 0; /* no descriptor may, or need, be opened */
    }
    is_begun = true;
    if (!may_go_by_path(m)) {
        return -EXDEV;
    }
    int err = change_current(0, m);
    for (int tries = 0; tries < 3 && err == -EAGAIN; tries++) { /* another thread forks */
        wait_for_change();
        err = change_current(0, m);
    }
    return err;
}

/* ---- Finding it again ---- */

void follow_path(const struct moment *m)
{
    if (is_begun && may_go_by_path(m) && change_current(O_NOFOLLOW, m) == -EAGAIN) {
        wait_for_change(); /* another thread is about it */
    }
}

static bool second_has_passed(_Atomic int64_t *since, const struct moment *m)
{
    int64_t now = (int64_t)m->now.tv_sec;
    return atomic_exchange_explicit(since, now, memory_order_relaxed) != now;
}

/* Somebody removed a generation: no program that has nothing to say keeps its blocks. */
static __attribute__((noinline)) void empty_if_removed(unsigned i)
{
    struct file file;
    int fd = atomic_load(&log_numbers[i]);
    if (fd >= 0 && file_of(fd, &file) == 0 && kept_is(i, &file) && file.links == 0 &&
        file.size > 0 && S_ISREG(file.mode)) {
        raw(RAW_FTRUNCATE, fd, 0);
    }
}

static __attribute__((noinline)) bool path_has_changed(void)
{
    struct file file;
    return file_at(settings.log_path, &file) < 0 || !kept_is(kept_current(), &file);
}

static __attribute__((noinline)) void look_now(void)
{
    struct moment m = this_moment();
    if (m.who.is_vfork_child || !second_has_passed(&looked_at, &m)) {
        return;
    }
    file_size_limit_forget();
    if (settings.log != LOG_FILE || !is_begun) {
        return;
    }
    if (path_has_changed()) {
        follow_path(&m);
    }
    if (has_older() && is_at_home()) {
        empty_if_removed(!kept_current());
    }
}

void look_each_second(void)
{
    if (clock_now().tv_sec != atomic_load_explicit(&looked_at, memory_order_relaxed)) {
        look_now();
    }
}

void prepare_older(const struct moment *m)
{
    static struct file log; /* of whoever changes */
    uint64_t signals;
    if (m->who.is_vfork_child || !second_has_passed(&prepared_at, m) || !may_go_by_path(m) ||
        !begin_change(m, &signals)) {
        return;
    }
    unsigned i = kept_current();
    if (atomic_load(&log_numbers[!i]) < 0 && file_at(settings.log_path, &log) == 0 &&
        kept_is(i, &log)) {
        open_older(!i, &log);
    }
    end_change(signals);
}

/* ---- Where a line goes ---- */

static bool take_stderr(struct place *p)
{
    p->writing.fd = 2;
    p->is_journal = stderr_is_journal;
    return stderr_is_as_it_was(&p->file);
}

bool place_find(struct place *p)
{
    unsigned i = kept_current();
    p->is_journal = false;
    if (settings.log != LOG_FILE) {
        return take_stderr(p);
    }
    if (!writing_begins(&p->writing, i)) {
        return false;
    }
    if (file_of(p->writing.fd, &p->file) == 0 && kept_is(i, &p->file)) {
        return true;
    }
    writing_ends(&p->writing);
    return false;
}

static __attribute__((noinline)) bool current_is_ours(void)
{
    struct file file;
    unsigned i = kept_current();
    int fd = atomic_load(&log_numbers[i]);
    return fd >= 0 && file_of(fd, &file) == 0 && kept_is(i, &file);
}

void place_find_again(const struct moment *m)
{
    if (m->who.is_vfork_child || !is_begun) {
        return;
    }
    wait_for_change();
    /* Where there is none it was not to be opened: once a second is often enough. */
    if (!current_is_ours() && atomic_load(&log_numbers[kept_current()]) >= 0) {
        follow_path(m);
        wait_for_change();
    }
}

void place_leave(const struct place *p)
{
    if (place_is_kept(p)) {
        writing_ends(&p->writing);
    }
}

__attribute__((noinline)) bool path_leads_to(struct file *file)
{
    uint64_t device = file->device;
    uint64_t inode = file->inode;
    return file_at(settings.log_path, file) == 0 && file->device == device && file->inode == inode;
}
