/* The kernel tells a handler of SIGPIPE who sent it, but not which write: that is in
 * the registers of the interrupted call. A write's signal comes from the process
 * itself (SI_USER with its own pid), as if by kill(getpid(), SIGPIPE). */
#include "force/raiser.h"

#include "base/interrupted.h"
#include "base/process.h"
#include "base/raw.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* kill() may reach another thread than the caller's, whose registers know nothing. */
static atomic_bool sends_itself;

void raiser_self(void)
{
    atomic_store_explicit(&sends_itself, true, memory_order_relaxed);
}

enum kind { KIND_UNKNOWN, KIND_SOCKET, KIND_PIPE, KIND_OTHER };

/* On 32-bit x86 the kernel fills a struct stat64. */
#ifdef SYS_fstat64
#define STAT stat64
#else
#define STAT stat
#endif

static enum kind kind_of(long fd)
{
    struct STAT file;
    file.st_mode = 0;
    if (raw(RAW_FSTAT, (int)fd, &file) < 0) {
        return KIND_UNKNOWN;
    }
    return S_ISSOCK(file.st_mode) ? KIND_SOCKET : S_ISFIFO(file.st_mode) ? KIND_PIPE : KIND_OTHER;
}

bool raiser_is_pipe(int fd)
{
    return kind_of(fd) == KIND_PIPE;
}

bool raiser_is_socket(int fd)
{
    return kind_of(fd) == KIND_SOCKET;
}

static enum raiser raiser_by_kind(enum kind kind)
{
    return kind == KIND_SOCKET    ? RAISED_BY_SOCKET
           : kind == KIND_UNKNOWN ? RAISED_UNKNOWN
                                  : RAISED_BY_PIPE;
}

/* Which call it was: exactly where the number is known, else write's like. */
static void describe(const struct interrupted *i, int fd, enum call *call, struct attempt *a)
{
    const long *args = i->args;
    *call = CALL_write;
    *a = (struct attempt){.fd = fd,
                          .data = (const void *)args[1], /* NOLINT(performance-no-int-to-ptr) */
                          .len = (size_t)args[2]};
    switch (i->number) {
    case SYS_writev:
        *call = CALL_writev;
        return;
    case SYS_pwritev2:
        *call = CALL_pwritev2;
        a->flags = (int)args[5];
        return;
    case SYS_sendto:
        *call = args[4] ? CALL_sendto : CALL_send;
        a->flags = (int)args[3];
        return;
    case SYS_sendmsg:
        *call = CALL_sendmsg;
        a->flags = (int)args[2];
        return;
    case SYS_sendmmsg:
        *call = CALL_sendmmsg;
        a->flags = (int)args[3];
        return;
    case SYS_sendfile:
        *call = CALL_sendfile;
        a->other = (int)args[1];
        a->len = (size_t)args[3];
        return;
    case SYS_splice:
        *call = CALL_splice;
        a->other = (int)args[0];
        a->len = (size_t)args[4];
        a->flags = (int)args[5];
    }
}

/* splice(in, in_offset, out, out_offset, length): between a pipe and a socket, both
 * without offsets. Where the number is lost, its arguments tell it from the others',
 * which have a buffer there. */
static bool is_splice(const struct interrupted *i)
{
    return i->number >= 0 ? i->number == SYS_splice
                          : i->args[1] == 0 && i->args[3] == 0 && i->args[4] != 0;
}

static enum raiser raiser_of_splice(const struct interrupted *i, int *fd)
{
    enum kind in = ARCH_KEEPS_FIRST_ARGUMENT ? kind_of(i->args[0]) : KIND_UNKNOWN;
    enum kind out = kind_of(i->args[2]);
    bool certain = i->number >= 0 || (in == KIND_PIPE && out == KIND_SOCKET) ||
                   (in == KIND_SOCKET && out == KIND_PIPE);
    *fd = certain ? (int)i->args[2] : (int)i->args[0];
    return raiser_by_kind(certain ? out : in);
}

static enum raiser raiser_of_write(const struct interrupted *i, int *fd)
{
#ifdef __i386__
    *fd = arch_socketcall_fd(i->args[0], (const void *)i->args[1]);
    if (*fd >= 0 && kind_of(*fd) == KIND_SOCKET) {
        return RAISED_BY_SOCKET;
    }
#endif
    if (is_splice(i)) {
        return raiser_of_splice(i, fd);
    }
    *fd = (int)i->args[0];
    return ARCH_KEEPS_FIRST_ARGUMENT ? raiser_by_kind(kind_of(*fd)) : RAISED_UNKNOWN;
}

/* A write into a pipe whose reader went while it waited for room returns what it had
 * written, and raises the signal (fs/pipe.c, pipe_write()); a stream socket's does
 * not (net/core/stream.c, sk_stream_error() and its callers). */
static bool is_dead_pipe(long fd)
{
    struct pollfd p = {.fd = (int)fd, .events = POLLOUT};
    return kind_of(fd) == KIND_PIPE && raw_poll_now(&p) > 0 && p.revents & POLLERR;
}

static bool is_kill(const struct interrupted *i)
{
    bool by_number = i->number == SYS_kill;
    bool by_arguments = ARCH_KEEPS_FIRST_ARGUMENT && i->args[1] == SIGPIPE;
    return i->result == 0 && (by_number || by_arguments);
}

/* What waits is copied to the program whole, and in this place nobody looks: only a child's end
 * has a meaning there (kernel/signal.c, copy_siginfo_to_user()). A 32-bit program's is made of
 * what its kind of signal has, and of si_errno (copy_siginfo_to_external32()). From the kernel
 * both are 0; what a sender says stays. */
#if __SIZEOF_LONG__ == 8
#define MARK si_stime
#else
#define MARK si_errno
#endif

void raiser_mark_as_pipe(siginfo_t *info)
{
    if (info->si_code == SI_USER) {
        info->MARK = EPIPE;
    }
}

enum raiser raiser_of(const siginfo_t *info, const void *context, enum call *call,
                      struct attempt *attempt)
{
    struct interrupted i;
    int fd = -1;
    pid_t self = process_identify().pid;
    if (info->si_code != SI_USER || (self && info->si_pid != self)) {
        return RAISED_BY_SIGNAL;
    }
    if (info->MARK == EPIPE) {
        return RAISED_BY_PIPE;
    }
    arch_interrupted(context, &i);
    if (is_kill(&i)) {
        return RAISED_BY_SIGNAL;
    }
    if (process_is_caged()) {
        return RAISED_UNKNOWN;
    }
    if (i.result == -EPIPE) {
        enum raiser raiser = raiser_of_write(&i, &fd);
        if (raiser == RAISED_BY_SOCKET) {
            describe(&i, fd, call, attempt);
        }
        return raiser;
    }
    if (ARCH_KEEPS_FIRST_ARGUMENT && i.result > 0 && is_dead_pipe(i.args[0])) {
        return RAISED_BY_PIPE;
    }
    return atomic_load_explicit(&sends_itself, memory_order_relaxed) ? RAISED_BY_SIGNAL
                                                                     : RAISED_UNKNOWN;
}
