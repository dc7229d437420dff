#include "log/write.h"

#include "base/apart.h"
#include "base/hidden.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

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

struct writing_apart {
    const char *line;
    size_t len;
    long result;
};

static void write_to_own(void *what)
{
    struct writing_apart *w = what;
    int own = (int)raw(SYS_openat, AT_FDCWD, "/proc/thread-self/fd/2",
                       O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (own >= 0) {
        w->result = write_plainly(own, w->line, w->len);
        raw(SYS_close, own);
    }
}

/* A write that may raise `sig` on this thread: that signal is held back, and
 * taken away if the write has caused it. Apart, for its frame is large. */
static __attribute__((noinline)) long write_without(int sig, writer *how, int fd, const char *line,
                                                    size_t len)
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

/* A terminal with room for half a line says that it has room, and waits for the
 * other half: but not on a description of our own. Where there is none (without /proc) it
 * is written to plainly: who asked for a log on it would rather have one. */
static __attribute__((noinline)) long write_to_terminal(int fd, const char *line, size_t len)
{
    struct writing_apart w = {line, len, -EBADF};
    apart(write_to_own, &w);
    return w.result != -EBADF ? w.result : write_without(SIGTTOU, write_plainly, fd, line, len);
}

static __attribute__((noinline)) bool is_terminal(int fd)
{
    uint64_t termios[16]; /* more than any of the kernel's struct termios */
    return raw(SYS_ioctl, fd, TCGETS, termios) == 0;
}

/* A pipe must neither stop the program nor raise SIGPIPE, nor a terminal stop a
 * background process (SIGTTOU). Their flags are the program's, too, and stay as
 * they are: so ask first. */
static long write_without_waiting(int fd, const struct file *file, const char *line, size_t len)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    long ready = raw_poll_now(&p);
    if (ready != 1 || p.revents != POLLOUT) {
        return -EAGAIN;
    }
    if (S_ISFIFO(file->mode)) {
        return write_without(SIGPIPE, write_to_pipe, fd, line, len);
    }
    if (fd == 2 && is_terminal(fd)) { /* a log's description is our own, and does not wait */
        return write_to_terminal(fd, line, len);
    }
    return write_without(SIGTTOU, write_plainly, fd, line, len);
}

/* How often it was to be forgotten, and at which of these there was none. */
static at_hand atomic_uint forgotten = 1;
static at_hand atomic_uint unlimited_at;

uninstrumented void file_size_limit_forget(void)
{
    atomic_fetch_add(&forgotten, 1);
}

/* A limit is asked for each time; that there is none is remembered, but not where a child
 * on this memory may have one of its own. */
static uint64_t file_size_limit(void)
{
    const uint64_t none = ~(uint64_t)0; /* RLIM64_INFINITY */
    unsigned now = atomic_load(&forgotten);
    if (atomic_load(&unlimited_at) == now && !process_may_share_memory()) {
        return none;
    }
    uint64_t limit = raw_soft_limit(RLIMIT_FSIZE);
    if (limit == none) {
        atomic_store(&unlimited_at, now);
    }
    return limit;
}

bool file_size_is_limited(void)
{
    return raw_soft_limit(RLIMIT_FSIZE) != ~(uint64_t)0;
}

/* Under a limit rather nothing than half a line, which ends wherever the limit is. */
static long write_to_file(int fd, const struct file *file, const char *line, size_t len)
{
    uint64_t limit = file_size_limit();
    if (limit == ~(uint64_t)0) {
        return write_plainly(fd, line, len);
    }
    return file->size + len > limit ? -EFBIG : write_without(SIGXFSZ, write_plainly, fd, line, len);
}

/* An inherited filter may kill for a send in a program that makes no socket calls. */
static long write_to_socket(int fd, const char *line, size_t len)
{
    if (process_is_filtered() && !process_calls_sockets()) {
        return -EACCES;
    }
    return raw(SYS_sendto, fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
}

long write_to(int fd, const struct file *file, const char *line, size_t len)
{
    if (S_ISREG(file->mode)) {
        return write_to_file(fd, file, line, len);
    }
    if (S_ISSOCK(file->mode)) {
        return write_to_socket(fd, line, len);
    }
    return write_without_waiting(fd, file, line, len);
}
