#include "log/keep.h"

#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "log/change.h"
#include "log/use.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

at_hand atomic_int log_numbers[2] = {-1, -1};
static at_hand _Atomic uint64_t devices[2];
static at_hand _Atomic uint64_t inodes[2];
static at_hand atomic_uint current;

unsigned kept_current(void)
{
    return atomic_load_explicit(&current, memory_order_relaxed);
}

void kept_set_current(unsigned i)
{
    atomic_store(&current, i);
}

bool kept_is(unsigned i, const struct file *file)
{
    return file->inode == atomic_load_explicit(&inodes[i], memory_order_relaxed) &&
           file->device == atomic_load_explicit(&devices[i], memory_order_relaxed);
}

int kept_find(const struct file *file)
{
    for (unsigned i = 0; i < 2; i++) {
        struct file now;
        int fd = atomic_load(&log_numbers[i]);
        if (fd >= 0 && kept_is(i, file) && file_of(fd, &now) == 0 && same_file(&now, file)) {
            return (int)i;
        }
    }
    return -1;
}

/* ---- The numbers ---- */

/* Where nobody looks by habit: not the lowest, nor 10 and up (dash), 200 (flock in
 * scripts) or 240 to 255 (bash keeps its script there). Yet below 256, so that the
 * kernel's table does not grow (fs/file.c grows it by powers of two), and from the top
 * down, for a program with many descriptors fills it from below. Nor the last number of
 * all: who has used up all of them may take it for his own, and close it to go on. */
enum { HIGHEST = 239, LOWEST = 100, OF_FLOCK = 200, LOWEST_AT_ALL = 10 };

/* With fewer descriptors in all, each of them is the program's. */
enum { FEWEST = 16 };

static bool is_free(int fd)
{
    return raw(RAW_FCNTL, fd, F_GETFD) == -EBADF;
}

/* A copy of `fd` under such a number; a negated errno if there is none. */
static int copy_high(int fd)
{
    uint64_t limit = raw_soft_limit(RLIMIT_NOFILE);
    int top = limit > HIGHEST + 1 ? HIGHEST : (int)limit - 2;
    int bottom = top < HIGHEST ? LOWEST_AT_ALL : LOWEST;
    if (limit < FEWEST) {
        return -EMFILE;
    }
    for (int number = top; number >= bottom; number--) {
        if (number == OF_FLOCK || !is_free(number)) {
            continue;
        }
        int copy = (int)raw(RAW_FCNTL, fd, F_DUPFD_CLOEXEC, number);
        if (copy < 0 || copy == number) {
            return copy;
        }
        raw(SYS_close, copy); /* somebody was quicker */
    }
    return (int)raw(RAW_FCNTL, fd, F_DUPFD_CLOEXEC, limit > 256 ? 256 : bottom);
}

/* ---- Opening and closing ---- */

/* There is no way to close a descriptor only if it is ours: so look just before. */
static void close_if(int fd, const struct file *file)
{
    struct file now;
    if (file_of(fd, &now) == 0 && same_file(&now, file)) {
        raw(SYS_close, fd);
    }
}

/* Takes the place of descriptor `i`; a reader sees -1 in between. Nobody puts anything at
 * the old number while somebody still writes to it. */
static void put(unsigned i, int fd, const struct file *file)
{
    struct file before = {.device = atomic_load(&devices[i]), .inode = atomic_load(&inodes[i])};
    bool is_alone = begin_becoming(0, atomic_load(&log_numbers[i]));
    int old = atomic_exchange(&log_numbers[i], -1);
    if (file) {
        atomic_store(&devices[i], file->device);
        atomic_store(&inodes[i], file->inode);
    }
    atomic_store(&log_numbers[i], fd);
    if (old >= 0 && old != fd && is_alone && wait_for_writers(old)) {
        close_if(old, &before); /* else it stays: better than to hurt */
    }
    end_becoming(0);
}

void keep_none(unsigned i)
{
    put(i, -1, NULL);
}

/* To be read as well, for its last byte: but a reader of a FIFO would be one more. */
static long open_to_append(const char *path, int flags, bool is_file)
{
    enum { COMMON = O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | LARGEFILE };
    long fd = raw(SYS_openat, AT_FDCWD, path, (is_file ? O_RDWR : O_WRONLY) | COMMON | flags, 0644);
    if (fd == -EACCES && is_file) {
        fd = raw(SYS_openat, AT_FDCWD, path, O_WRONLY | COMMON | flags, 0644);
    }
    return fd;
}

/* O_CREAT only where it is needed: in a folder such as /tmp it is refused, to root as well,
 * for a file or FIFO of somebody else's (protected_regular and protected_fifos in proc(5)). */
static int open_path(const char *path, int flags)
{
    struct file there;
    bool is_there = file_at(path, &there) == 0;
    if (!is_there || flags & O_EXCL) {
        return (int)open_to_append(path, flags, true);
    }
    long fd = open_to_append(path, flags & ~O_CREAT, S_ISREG(there.mode));
    return fd == -ENOENT ? -EAGAIN : (int)fd; /* removed in between */
}

/* A copy of `low` under a number like ours, on `file`, where nobody puts anything until it
 * is ours. Returns the number or a negated errno; who was about to put something there and
 * does not get on keeps it. */
static int copy_alone(int low, const struct file *file)
{
    static struct file now; /* of whoever changes: the stack has a record on it already */
    int high = copy_high(low);
    if (high >= 0 && !begin_becoming(1, high)) {
        return -EBUSY;
    }
    if (high < 0 || (file_of(high, &now) == 0 && same_file(file, &now))) {
        return high;
    }
    /* Somebody has put his there meanwhile, or it is a copy of what he put at `low`. */
    if (file_of(low, &now) == 0 && !same_file(file, &now)) {
        close_if(high, &now);
    }
    return -EAGAIN;
}

/* What was opened gets the lowest free number for a moment, and another thread may put
 * a file of its own there (close(0), dup2()): so each step looks first. */
static int open_high(const char *path, int flags, struct file *file)
{
    static struct file other; /* likewise */
    int low = open_path(path, flags);
    if (low < 0) {
        return low;
    }
    bool is_alone = begin_becoming(0, low);
    if (!is_alone || file_of(low, file) < 0 || file_at(path, &other) < 0 ||
        !same_file(file, &other)) {
        /* Ours, if it has what dup2() would have taken off. */
        if (raw(RAW_FCNTL, low, F_GETFD) == FD_CLOEXEC && raw(RAW_FCNTL, low, F_GETFL) & O_APPEND) {
            raw(SYS_close, low);
        }
        return is_alone ? -EAGAIN : -EBUSY;
    }
    int high = copy_alone(low, file);
    close_if(low, file);
    return high;
}

int keep_open(unsigned i, const char *path, int flags, struct file *file)
{
    int high = open_high(path, flags, file);
    if (high >= 0) {
        put(i, high, file);
    }
    end_becoming(0);
    end_becoming(1);
    return high < 0 ? high : 0;
}

/* ---- Out of the program's way ---- */

static int which(int fd)
{
    for (int i = 0; fd >= 0 && i < 2; i++) {
        if (atomic_load(&log_numbers[i]) == fd) {
            return i;
        }
    }
    return -1;
}

bool log_owns(int fd)
{
    struct file file;
    int i = which(fd);
    return i >= 0 &&
           (process_is_caged() || (file_of(fd, &file) == 0 && kept_is((unsigned)i, &file)));
}

/* Nobody writes to it any more afterwards, and nobody else puts anything there before
 * log_leaving_ends(). */
static void leave(unsigned i, int fd)
{
    static struct file file; /* of whoever changes */
    begin_becoming(0, fd);
    bool is_ours = file_of(fd, &file) == 0 && kept_is(i, &file);
    int copy = is_ours ? copy_alone(fd, &file) : -1;
    atomic_store(&log_numbers[i], copy < 0 ? -1 : copy);
    end_becoming(1);
    wait_for_writers(fd);
}

/* Closing any descriptor of a file takes this process's locks off it (fcntl(2)), and without
 * its lock a rotation in progress would not be the only one: so this is a change like it. */
static bool leave_alone(int fd, pid_t pid, struct leaving *l)
{
    l->signals = block_signals();
    l->blocks_signals = true;
    l->is_change = wait_to_change(pid);
    int i = l->is_change ? which(fd) : -1; /* another thread may have been quicker */
    if (i >= 0) {
        leave((unsigned)i, fd);
    }
    return i >= 0;
}

bool log_leaving_begins(int fd, struct leaving *l)
{
    int i = which(fd);
    struct identity me = process_identify();
    *l = (struct leaving){.blocks_signals = false};
    if (me.is_vfork_child) {
        return i >= 0; /* the table is the child's, the number its parent's */
    }
    if (!process_is_caged()) {
        return leave_alone(fd, me.pid, l);
    }
    if (i >= 0) { /* no other number may be asked for */
        atomic_compare_exchange_strong(&log_numbers[i], &fd, -1);
    }
    return i >= 0;
}

void log_leaving_ends(const struct leaving *l)
{
    if (l->is_change) {
        end_becoming(0);
        changed();
    }
    if (l->blocks_signals) {
        restore_signals(l->signals);
    }
}
