#include "log/log.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/raw.h"
#include "base/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Which file a descriptor is open on. */
struct file {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    mode_t mode;
    uint32_t links, uid, gid;
};

/* The log as it was opened: the file that it is and the one that it was before,
 * or is about to be, for a thread may have looked at one just when another put
 * the other in its place. Without a lock: a reader that sees half a change looks
 * again by path. */
atomic_int log_number = -1;
static _Atomic uint64_t log_device[2];
static _Atomic uint64_t log_inode[2];
static atomic_uint newest;

static atomic_ulong lost;
static atomic_bool torn;          /* the file may end in the midst of a line */
static _Atomic int64_t looked_at; /* the second in which the path was last looked at */

static bool writes_in_cage;

/* FILE.1 and the new file that is going to be FILE: filled in by whoever rotates. */
static char older_path[PATH_MAX];
static char newer_path[PATH_MAX];

/* struct statx of include/uapi/linux/stat.h: not every C library has it. */
struct kernel_statx {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, spare;
    uint64_t inode, size, blocks, attributes_mask;
    uint64_t times[8];
    uint32_t special_major, special_minor, device_major, device_minor;
    uint64_t rest[14];
};
_Static_assert(sizeof(struct kernel_statx) == 256, "as the kernel fills it");

static uint64_t device_number(uint32_t major, uint32_t minor)
{
    return (uint64_t)major << 32 | minor;
}

/* The file under a path, or that of the descriptor if there is none. Both of
 * these stand apart from their callers, so that their buffers are on the stack
 * only here.
 *
 * Not by fstat, which asks for the times, too: then the next write must give the
 * file a new one, and costs twice as much (fs/stat.c, fill_mg_cmtime(), since
 * Linux 6.13). */
static __attribute__((noinline)) bool file_by_statx(int fd, const char *path, struct file *file)
{
    enum { TYPE_TO_GID = 0x1f, INODE = 0x100, SIZE = 0x200, EMPTY_PATH = 0x1000 };
    struct kernel_statx st;
    if (raw(SYS_statx, fd, path ? path : "", path ? 0 : EMPTY_PATH, TYPE_TO_GID | INODE | SIZE,
            &st) < 0) {
        return false;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): the kernel filled it */
    file->device = device_number(st.device_major, st.device_minor);
    file->inode = st.inode;
    file->size = st.size;
    file->mode = st.mode;
    file->links = st.links;
    file->uid = st.uid;
    file->gid = st.gid;
    return true;
}

/* Where there is no statx: before Linux 4.11, and in some containers. */
static __attribute__((noinline)) bool file_by_stat(int fd, const char *path, struct file *file)
{
    struct stat64 st;
    if ((path ? raw(RAW_FSTATAT, fd, path, &st, 0) : raw(RAW_FSTAT, fd, &st)) < 0) {
        return false;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): the kernel filled it */
    file->device = device_number(major(st.st_dev), minor(st.st_dev));
    file->inode = (uint64_t)st.st_ino;
    file->size = (uint64_t)st.st_size;
    file->mode = st.st_mode;
    file->links = (uint32_t)st.st_nlink;
    file->uid = st.st_uid;
    file->gid = st.st_gid;
    return true;
}

static bool file_of(int fd, struct file *file)
{
    return file_by_statx(fd, NULL, file) || file_by_stat(fd, NULL, file);
}

static bool file_at(const char *path, struct file *file)
{
    return file_by_statx(AT_FDCWD, path, file) || file_by_stat(AT_FDCWD, path, file);
}

static bool same_file(const struct file *a, const struct file *b)
{
    return a->device == b->device && a->inode == b->inode;
}

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

/* ---- Undisturbed ---- */

/* While descriptors and locks change hands nothing may end this thread, and
 * leave them behind, or come in between: pthread_cancel in its asynchronous form
 * is a signal, too. */
static uint64_t hold_signals(void)
{
    uint64_t all = ~(uint64_t)0;
    uint64_t before = 0;
    raw(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    return before;
}

static void let_signals(uint64_t before)
{
    raw(SYS_rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof before);
}

/* The process that is putting another file in the log's place. One thread at a
 * time does; who comes meanwhile goes on with what is there. The number tells
 * the child of a fork that it is not the one, though it was born in the midst. */
static _Atomic pid_t changing;

static bool begin_change(const struct moment *m)
{
    pid_t other = atomic_load(&changing);
    return other != m->who.pid && atomic_compare_exchange_strong(&changing, &other, m->who.pid);
}

static void end_change(void)
{
    atomic_store(&changing, 0);
}

/* ---- Opening ---- */

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

/* O_LARGEFILE, which headers make 0 where the C library sees to it. */
#ifdef __i386__
enum { LARGEFILE = 0100000 };
#else
enum { LARGEFILE = 0 };
#endif

/* Never waits for a reader or a carrier: O_NONBLOCK, on a description that is
 * ours alone. */
static int open_path(const char *path, int flags)
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
    if (!file_of(fd, &file)) {
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
        return -use_stderr();
    }
    int fd = open_log(0);
    return fd < 0 ? -fd : -adopt(fd);
}

bool log_is_open(void)
{
    return atomic_load(&log_number) >= 0;
}

/* ---- Finding it again ---- */

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
    if (file_of(fresh, &file)) {
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
static __attribute__((noinline)) void follow_path(int fd, const struct moment *m)
{
    struct file file;
    bool is_there = file_at(settings.log_path, &file) && is_newest(&file);
    if (is_there || !file_of(fd, &file) || !is_opened_file(&file)) {
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
    if (fresh >= 0 && file_of(fresh, &file)) {
        remember(&file);
    }
    /* -1: to be tried at the next second, not at every record. */
    if (!atomic_compare_exchange_strong(&log_number, &fd, fresh < 0 ? -1 : fresh)) {
        raw(SYS_close, fresh);
    }
    let_signals(signals);
}

/* The path, once a second; a log that could not be opened is tried again. */
static void look_at_path(const struct moment *m)
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
    if (file_of(fd, file) &&
        (is_opened_file(file) || (file_at(settings.log_path, &now) && same_file(&now, file)))) {
        return fd;
    }
    if (m->who.is_vfork_child) {
        return -1;
    }
    open_again(fd);
    fd = atomic_load(&log_number);
    return fd >= 0 && file_of(fd, file) ? fd : -1;
}

/* The descriptor to write to, and its file; -1: none. */
static int find_log(struct file *file, const struct moment *m)
{
    int fd = atomic_load_explicit(&log_number, memory_order_relaxed);
    if (fd < 0 || (file_of(fd, file) && is_opened_file(file))) {
        return fd;
    }
    return settings.log == LOG_FILE ? find_again(fd, file, m) : -1;
}

/* Its last name is gone: what is written to it goes with its last descriptor. A
 * file that never had one, as /dev/fd/N, is still there under the log's path. */
static bool is_removed(const struct file *file)
{
    struct file now;
    return file->links == 0 && S_ISREG(file->mode) && settings.log == LOG_FILE &&
           !(file_at(settings.log_path, &now) && same_file(&now, file));
}

/* At once, not when the second is over. Where no new one can be begun, the old
 * one goes on. */
static __attribute__((noinline)) int leave_removed(int fd, struct file *file,
                                                   const struct moment *m)
{
    if (m->who.is_vfork_child) {
        return fd;
    }
    follow_path(fd, m);
    return find_log(file, m);
}

/* ---- Writing ---- */

typedef long writer(int fd, const char *line, size_t len);

static long write_plainly(int fd, const char *line, size_t len)
{
    return raw(SYS_write, fd, line, len);
}

/* Another process may have filled the pipe since it was asked. Kernels before
 * 6.4 know no other way for pipes than to wait. */
static long write_to_pipe(int fd, const char *line, size_t len)
{
    struct iovec vector = {.iov_len = len};
    memcpy(&vector.iov_base, &line, sizeof line); /* it is not written to */
    long result = raw(SYS_pwritev2, fd, &vector, 1, -1, -1, RWF_NOWAIT);
    return result == -EOPNOTSUPP || result == -ENOSYS ? write_plainly(fd, line, len) : result;
}

/* A terminal with room for half a line says that it has room, and waits for the
 * other half: but not on a description of our own. */
static long write_to_terminal(int fd, const char *line, size_t len)
{
    int own = (int)raw(SYS_openat, AT_FDCWD, "/proc/self/fd/2",
                       O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (own < 0) {
        return write_plainly(fd, line, len);
    }
    long result = write_plainly(own, line, len);
    raw(SYS_close, own);
    return result;
}

/* A write that may raise `sig` on this thread: that signal is held back, and
 * taken away if the write has caused it. */
static long write_without(int sig, writer *how, int fd, const char *line, size_t len)
{
    struct timespec no_wait = {0, 0};
    uint64_t mask = (uint64_t)1 << (sig - 1);
    uint64_t before = 0;
    uint64_t pending = 0;
    raw(SYS_rt_sigprocmask, SIG_BLOCK, &mask, &before, sizeof mask);
    raw(SYS_rt_sigpending, &pending, sizeof pending);
    long result = how(fd, line, len);
    if ((result == -EPIPE || result == -EFBIG) && !(pending & mask)) {
        raw(SYS_rt_sigtimedwait, &mask, 0, &no_wait, sizeof mask);
    }
    raw(SYS_rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof before);
    return result;
}

static bool is_terminal(int fd)
{
    uint64_t termios[16]; /* more than any of the kernel's struct termios */
    return raw(SYS_ioctl, fd, TCGETS, termios) == 0;
}

/* A pipe must neither stop the program nor raise SIGPIPE, nor a terminal stop a
 * background process (SIGTTOU). Their flags are the program's, too, and stay as
 * they are: so ask first. */
static long write_in_peace(int fd, const struct file *file, const char *line, size_t len)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    long ready = raw_poll_now(&p);
    if (ready != 1 || p.revents != POLLOUT) {
        return -EAGAIN;
    }
    if (S_ISFIFO(file->mode)) {
        return write_without(SIGPIPE, write_to_pipe, fd, line, len);
    }
    bool may_wait = fd == 2 && is_terminal(fd); /* a file's description does not */
    return write_without(SIGTTOU, may_wait ? write_to_terminal : write_plainly, fd, line, len);
}

static bool file_size_is_limited(void)
{
    return raw_soft_limit(RLIMIT_FSIZE) != ~(uint64_t)0; /* RLIM64_INFINITY */
}

static long write_to(int fd, const struct file *file, const char *line, size_t len)
{
    if (S_ISREG(file->mode)) {
        return file_size_is_limited() ? write_without(SIGXFSZ, write_plainly, fd, line, len)
                                      : write_plainly(fd, line, len);
    }
    if (S_ISSOCK(file->mode)) {
        return raw(SYS_sendto, fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
    }
    return write_in_peace(fd, file, line, len);
}

/* ---- Rotation ---- */

static long rename_at(const char *from, const char *to, unsigned flags)
{
    return raw(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void copy_path(char *to, const char *suffix)
{
    size_t len = strlen(settings.log_path); /* settings.c left room for it */
    memcpy(to, settings.log_path, len);
    memcpy(to + len, suffix, strlen(suffix) + 1);
}

/* The new file takes the log's place with its first line already in it, and
 * there is a file under the path at every moment. Where the file system cannot
 * exchange two names, there is none for an instant; whoever made one then is
 * not overwritten. */
static void put_in_place(void)
{
    enum { EXCHANGE = 2 }; /* RENAME_EXCHANGE */
    long result = rename_at(newer_path, settings.log_path, EXCHANGE);
    if (result == 0) {
        rename_at(newer_path, older_path, 0);
    } else if (result == -EINVAL || result == -ENOSYS) {
        rename_at(settings.log_path, older_path, 0);
        if (raw(SYS_linkat, AT_FDCWD, newer_path, AT_FDCWD, settings.log_path, 0) == 0) {
            raw(SYS_unlinkat, AT_FDCWD, newer_path, 0);
        }
    }
}

/* The file at a path, held against everybody else who rotates: a description of
 * our own, so that the lock holds against forks and threads, too. -1 if it is
 * not to be had at once. */
static int hold(const char *path, struct file *held)
{
    struct file now;
    int fd = open_path(path, O_NOFOLLOW);
    if (fd < 0) {
        return -1;
    }
    if (raw(SYS_flock, fd, LOCK_EX | LOCK_NB) == 0 && file_of(fd, held) && file_at(path, &now) &&
        same_file(held, &now)) {
        return fd;
    }
    raw(SYS_close, fd);
    return -1;
}

/* Not by closing alone: the child that another thread has forked meanwhile has a
 * copy of the descriptor. */
static void release(int fd)
{
    raw(SYS_flock, fd, LOCK_UN);
    raw(SYS_close, fd);
}

/* FILE.new, once the lock on FILE is held; both locks last until FILE.1 is in
 * its place. One that is there already was left by somebody who was killed in
 * the midst of this: empty, begun, or the log before this one, whose time has
 * come. */
static void begin_new_file(const struct file *log, const struct moment *m)
{
    /* Not on the stack, which has a record on it already: only one is here. */
    static char line[RECORD_SIZE];
    struct file file;
    int fd = hold(newer_path, &file);
    if (fd < 0) {
        return;
    }
    if (file.links <= 1 && raw(SYS_ftruncate, fd, 0) == 0) { /* more: somebody else's by name */
        raw(RAW_FCHOWN, fd, log->uid, log->gid);             /* as far as this process may */
        raw(SYS_fchmod, fd, log->mode & 0777);
        size_t len = record_rotated(line, m, older_path);
        if (write_to(fd, &file, line, len) == (long)len) {
            put_in_place();
        }
    }
    release(fd);
}

/* One process rotates, and only while the log is the file that is too long.
 * Whoever does not get the lock writes on, and looks again at the next record. */
static void hold_and_begin(const struct moment *m)
{
    struct file log, left;
    int fd = hold(settings.log_path, &log);
    if (fd < 0) {
        return;
    }
    if (log.size >= settings.log_limit) {
        copy_path(older_path, ".1");
        copy_path(newer_path, ".new");
        if (file_at(newer_path, &left) && same_file(&left, &log)) {
            raw(SYS_unlinkat, AT_FDCWD, newer_path, 0); /* killed after the link */
        }
        begin_new_file(&log, m);
    }
    release(fd);
}

static __attribute__((noinline)) void rotate(int fd, const struct moment *m)
{
    uint64_t signals = hold_signals();
    if (begin_change(m)) {
        hold_and_begin(m);
        end_change();
    }
    let_signals(signals);
    follow_path(fd, m);
}

/* ---- A line ---- */

/* Whether the file may end in the midst of a line: after a write of ours that
 * came out short, and after another process was killed in the midst of one. The
 * kernel looks for a fatal signal between two pages (mm/filemap.c,
 * generic_perform_write()), so the latter ends at a page's end. */
static bool may_be_torn(const struct file *file)
{
    return atomic_load_explicit(&torn, memory_order_relaxed) ||
           (S_ISREG(file->mode) && file->size > 0 && file->size % 4096 == 0);
}

/* The rest of a torn line ends before the next one begins; an empty line does
 * no harm. */
static bool mend(int fd, const struct file *file)
{
    if (!may_be_torn(file)) {
        return true;
    }
    bool done = write_to(fd, file, "\n", 1) == 1;
    atomic_store_explicit(&torn, !done, memory_order_relaxed);
    return done;
}

static bool write_line(const char *line, size_t len, const struct moment *m)
{
    struct file file;
    int fd = find_log(&file, m);
    if (fd < 0) {
        return false;
    }
    if (settings.log_limit > 0 && S_ISREG(file.mode) && file.size >= settings.log_limit &&
        settings.log == LOG_FILE && !m->who.is_vfork_child) {
        rotate(fd, m);
        fd = find_log(&file, m);
    }
    if (fd >= 0 && is_removed(&file)) {
        fd = leave_removed(fd, &file, m);
    }
    if (fd < 0 || !mend(fd, &file)) {
        return false;
    }
    long written = write_to(fd, &file, line, len);
    if (written > 0 ? written != (long)len : S_ISREG(file.mode)) {
        atomic_store_explicit(&torn, true, memory_order_relaxed); /* by another process, perhaps */
    }
    /* The next line would bring the newline. */
    return written >= (long)len - 1 && !is_removed(&file);
}

static void count_lost(void)
{
    atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
}

void log_write(char *line, size_t len, const struct moment *m)
{
    if (process_is_caged()) { /* a filter may kill for all but the write */
        int fd = atomic_load_explicit(&log_number, memory_order_relaxed);
        if (!writes_in_cage || fd < 0 || raw(SYS_write, fd, line, len) != (long)len) {
            count_lost();
        }
        return;
    }
    look_at_path(m);
    if (!write_line(line, len, m)) {
        count_lost();
        return;
    }
    if (atomic_load_explicit(&lost, memory_order_relaxed) == 0) {
        return;
    }
    unsigned long count = atomic_exchange(&lost, 0);
    if (count > 0 && !write_line(line, record_lost(line, m, count), m)) {
        atomic_fetch_add(&lost, count);
    }
}

void log_enter_cage(void)
{
    struct file file;
    int fd = atomic_load_explicit(&log_number, memory_order_relaxed);
    /* Else a write may raise a signal or wait, and there nothing helps. */
    writes_in_cage = settings.log == LOG_FILE && fd >= 0 && file_of(fd, &file) &&
                     S_ISREG(file.mode) && !file_size_is_limited();
}

void log_complain(const char *line, size_t len)
{
    struct file file;
    if (!is_ip_socket(2) && file_of(2, &file)) {
        write_to(2, &file, line, len);
    }
}

/* ---- Out of the program's way ---- */

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
    return process_is_caged() || (file_of(fd, &file) && is_opened_file(&file));
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
