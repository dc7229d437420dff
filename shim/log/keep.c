#include "log/keep.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The log as it was opened: the file that it is and the one that it was before,
 * or is about to be, for a thread may have looked at one just when another put
 * the other in its place. Without a lock: a reader that sees half a change looks
 * again by path. */
atomic_int log_number = -1;
static _Atomic uint64_t log_device[2];
static _Atomic uint64_t log_inode[2];
static atomic_uint newest;

static _Atomic int64_t looked_at; /* the second in which the path was last looked at */

static bool is_opened(const struct file *file, unsigned i)
{
    return file->inode == atomic_load_explicit(&log_inode[i], memory_order_relaxed) &&
           file->device == atomic_load_explicit(&log_device[i], memory_order_relaxed);
}

static bool is_newest(const struct file *file)
{
    return is_opened(file, atomic_load_explicit(&newest, memory_order_relaxed));
}

static bool is_opened_file(const struct file *file)
{
    return is_opened(file, 0) || is_opened(file, 1);
}

static void remember(const struct file *file)
{
    unsigned i = !atomic_load(&newest);
    atomic_store(&log_device[i], file->device);
    atomic_store(&log_inode[i], file->inode);
    atomic_store(&newest, i);
}

/* While descriptors and locks change hands nothing may end this thread, and
 * leave them behind, or come in between: pthread_cancel in its asynchronous form
 * is a signal, too. */
uint64_t hold_signals(void)
{
    uint64_t all = ~(uint64_t)0;
    uint64_t before = 0;
    raw(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    return before;
}

void let_signals(uint64_t before)
{
    raw(SYS_rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof before);
}

/* The process that is putting another file in the log's place. One thread at a
 * time does; who comes meanwhile goes on with what is there. The number tells
 * the child of a fork that it is not the one, though it was born in the midst. */
static _Atomic pid_t changing;

bool begin_change(const struct moment *m)
{
    pid_t other = atomic_load(&changing);
    return other != m->who.pid && atomic_compare_exchange_strong(&changing, &other, m->who.pid);
}

void end_change(void)
{
    atomic_store(&changing, 0);
}

/* Programs count on low numbers, and a table of up to 256 descriptors costs a
 * fork nothing (fs/file.c grows it by powers of two). */
static int move_high(int fd)
{
    uint64_t limit = raw_soft_limit(RLIMIT_NOFILE);
    long top = limit < 256 ? (long)limit : 256;
    for (long lowest = top - 1; lowest > fd && lowest >= top - 16; lowest--) {
        long moved = raw(RAW_FCNTL, fd, F_DUPFD_CLOEXEC, lowest);
        if (moved >= 0 && moved < 256) {
            raw(SYS_close, fd);
            return (int)moved;
        }
        if (moved >= 0) {
            raw(SYS_close, moved);
        }
    }
    long moved = raw(RAW_FCNTL, fd, F_DUPFD_CLOEXEC, top);
    if (moved < 0) {
        return fd;
    }
    raw(SYS_close, fd);
    return (int)moved;
}

/* Never waits for a reader or a carrier: O_NONBLOCK, on a description that is
 * ours alone. */
int open_path(const char *path, int flags)
{
    return (int)raw(SYS_openat, AT_FDCWD, path,
                    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | LARGEFILE |
                        flags,
                    0644);
}

/* From now on records go to this descriptor, as long as it is open on this file. */
static int adopt(int fd)
{
    struct file file;
    if (file_of(fd, &file) < 0) {
        return -EIO;
    }
    remember(&file);
    atomic_store(&log_number, fd);
    return 0;
}

static int open_log(int flags)
{
    int fd = open_path(settings.log_path, flags);
    return fd < 0 ? fd : move_high(fd);
}

/* Descriptor 2 is used where it is, never kept open by a copy of ours: whoever
 * waits for a daemon to close its stderr must not wait for us. */
static int use_stderr(void)
{
    return is_ip_socket(2) ? -ENOTSUP : adopt(2);
}

int log_open(void)
{
    if (settings.log == LOG_STDERR) {
        return use_stderr();
    }
    int fd = open_log(0);
    return fd < 0 ? fd : adopt(fd);
}

bool log_is_open(void)
{
    return atomic_load(&log_number) >= 0;
}

static bool second_has_passed(const struct moment *m)
{
    int64_t now = (int64_t)m->now.tv_sec;
    return atomic_exchange_explicit(&looked_at, now, memory_order_relaxed) != now;
}

/* Puts a new description under the old number, in one step; where that is by now
 * above the program's limit (RLIMIT_NOFILE), under another one. */
static void reopen_in_place(int fd)
{
    struct file file;
    int fresh = open_path(settings.log_path, O_NOFOLLOW);
    if (fresh < 0) {
        return;
    }
    if (file_of(fresh, &file) == 0) {
        remember(&file);
        if (raw(SYS_dup3, fresh, fd, O_CLOEXEC) < 0) {
            atomic_store(&log_number, move_high(fresh));
            return;
        }
    }
    raw(SYS_close, fresh);
}

/* Renamed or removed: begin a new file under the path; if that can't be, the
 * old one goes on. */
__attribute__((noinline)) void follow_path(int fd, const struct moment *m)
{
    struct file file;
    bool is_there = file_at(settings.log_path, &file) == 0 && is_newest(&file);
    if (is_there || file_of(fd, &file) < 0 || !is_opened_file(&file)) {
        return;
    }
    uint64_t signals = hold_signals();
    if (begin_change(m)) {
        reopen_in_place(fd);
        end_change();
    }
    let_signals(signals);
}

/* There is none, or somebody took the number: another one, unless another thread
 * was quicker. */
static void open_again(int fd)
{
    struct file file;
    uint64_t signals = hold_signals();
    int fresh = open_log(O_NOFOLLOW);
    if (fresh >= 0 && file_of(fresh, &file) == 0) {
        remember(&file);
    }
    /* -1: to be tried at the next second, not at every record. */
    if (!atomic_compare_exchange_strong(&log_number, &fd, fresh < 0 ? -1 : fresh)) {
        raw(SYS_close, fresh);
    }
    let_signals(signals);
}

/* The path, once a second; a log that could not be opened is tried again. */
void look_at_path(const struct moment *m)
{
    if (settings.log != LOG_FILE || m->who.is_vfork_child || !second_has_passed(m)) {
        return;
    }
    int fd = atomic_load_explicit(&log_number, memory_order_relaxed);
    if (fd >= 0) {
        follow_path(fd, m);
    } else {
        open_again(fd);
    }
}

/* The descriptor is not open on what we opened. Another thread may just have
 * replaced it, else somebody took the number. */
static __attribute__((noinline)) int find_again(int fd, struct file *file, const struct moment *m)
{
    struct file now;
    if (file_of(fd, file) == 0 && (is_opened_file(file) || (file_at(settings.log_path, &now) == 0 &&
                                                            same_file(&now, file)))) {
        return fd;
    }
    if (m->who.is_vfork_child) {
        return -1;
    }
    open_again(fd);
    fd = atomic_load(&log_number);
    return fd >= 0 && file_of(fd, file) == 0 ? fd : -1;
}

/* The descriptor to write to, and its file; -1: none. */
int find_log(struct file *file, const struct moment *m)
{
    int fd = atomic_load_explicit(&log_number, memory_order_relaxed);
    if (fd < 0 || (file_of(fd, file) == 0 && is_opened_file(file))) {
        return fd;
    }
    return settings.log == LOG_FILE ? find_again(fd, file, m) : -1;
}

/* Its last name is gone: what is written to it goes with its last descriptor. A
 * file that never had one, as /dev/fd/N, is still there under the log's path. */
bool is_removed(const struct file *file)
{
    struct file now;
    return file->links == 0 && S_ISREG(file->mode) && settings.log == LOG_FILE &&
           !(file_at(settings.log_path, &now) == 0 && same_file(&now, file));
}

/* At once, not when the second is over. Where no new one can be begun, the old
 * one goes on. */
__attribute__((noinline)) int leave_removed(int fd, struct file *file, const struct moment *m)
{
    if (m->who.is_vfork_child) {
        return fd;
    }
    follow_path(fd, m);
    return find_log(file, m);
}

static int log_descriptor(void)
{
    int fd = atomic_load_explicit(&log_number, memory_order_relaxed);
    return settings.log == LOG_FILE ? fd : -1;
}

bool log_owns(int fd)
{
    struct file file;
    if (fd < 0 || fd != log_descriptor()) {
        return false;
    }
    return process_is_caged() || (file_of(fd, &file) == 0 && is_opened_file(&file));
}

bool log_move(void)
{
    int fd = log_descriptor();
    if (process_is_caged()) { /* may not ask for another number: it ends here */
        atomic_store(&log_number, -1);
        return true;
    }
    if (process_identify().is_vfork_child) {
        return true; /* the table is the child's, the number its parent's */
    }
    int copy = (int)raw(RAW_FCNTL, fd, F_DUPFD_CLOEXEC, fd + 1);
    if (copy >= 0) {
        atomic_store(&log_number, copy);
    }
    return copy >= 0;
}
