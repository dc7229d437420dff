#include "base/next.h"

#include "base/raw.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

/* The kernel's answer as the C library gives it. */
static long answer(long result)
{
    if (result < 0 && result >= -4095) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

#define RAW_FUNCTION(result, name, parameters, ...)                                                \
    static result raw_##name parameters                                                            \
    {                                                                                              \
        return (result)answer(raw(__VA_ARGS__));                                                   \
    }

RAW_FUNCTION(ssize_t, recv, (int fd, void *buf, size_t len, int flags), SYS_recvfrom, fd, buf, len,
             flags, 0, 0)
RAW_FUNCTION(ssize_t, recvfrom,
             (int fd, void *buf, size_t len, int flags, struct sockaddr *addr, socklen_t *addrlen),
             SYS_recvfrom, fd, buf, len, flags, addr, addrlen)
RAW_FUNCTION(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), SYS_recvmsg, fd, msg, flags)
RAW_FUNCTION(int, recvmmsg,
             (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout),
             SYS_recvmmsg, fd, msgs, count, flags, timeout)
RAW_FUNCTION(ssize_t, read, (int fd, void *buf, size_t len), SYS_read, fd, buf, len)
RAW_FUNCTION(ssize_t, readv, (int fd, const struct iovec *iov, int count), SYS_readv, fd, iov,
             count)
RAW_FUNCTION(ssize_t, send, (int fd, const void *buf, size_t len, int flags), SYS_sendto, fd, buf,
             len, flags, 0, 0)
RAW_FUNCTION(ssize_t, sendto,
             (int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
              socklen_t addrlen),
             SYS_sendto, fd, buf, len, flags, addr, addrlen)
RAW_FUNCTION(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), SYS_sendmsg, fd, msg,
             flags)
RAW_FUNCTION(int, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned count, int flags), SYS_sendmmsg,
             fd, msgs, count, flags)
RAW_FUNCTION(ssize_t, write, (int fd, const void *buf, size_t len), SYS_write, fd, buf, len)
RAW_FUNCTION(ssize_t, writev, (int fd, const struct iovec *iov, int count), SYS_writev, fd, iov,
             count)
RAW_FUNCTION(ssize_t, sendfile, (int out, int in, off_t *offset, size_t count), SYS_sendfile, out,
             in, offset, count)
#ifdef SYS_sendfile64
RAW_FUNCTION(ssize_t, sendfile64, (int out, int in, off64_t *offset, size_t count), SYS_sendfile64,
             out, in, offset, count)
#else
RAW_FUNCTION(ssize_t, sendfile64, (int out, int in, off64_t *offset, size_t count), SYS_sendfile,
             out, in, offset, count)
#endif
RAW_FUNCTION(ssize_t, splice,
             (int in, off64_t *in_offset, int out, off64_t *out_offset, size_t len, unsigned flags),
             SYS_splice, in, in_offset, out, out_offset, len, flags)
RAW_FUNCTION(int, socket, (int domain, int type, int protocol), SYS_socket, domain, type, protocol)
RAW_FUNCTION(int, socketpair, (int domain, int type, int protocol, int *pair), SYS_socketpair,
             domain, type, protocol, pair)
RAW_FUNCTION(int, connect, (int fd, const struct sockaddr *addr, socklen_t len), SYS_connect, fd,
             addr, len)
/* 32-bit x86 has no accept of its own beside socketcall. */
RAW_FUNCTION(int, accept, (int fd, struct sockaddr *addr, socklen_t *len), SYS_accept4, fd, addr,
             len, 0)
RAW_FUNCTION(int, accept4, (int fd, struct sockaddr *addr, socklen_t *len, int flags), SYS_accept4,
             fd, addr, len, flags)
RAW_FUNCTION(int, bind, (int fd, const struct sockaddr *addr, socklen_t len), SYS_bind, fd, addr,
             len)
RAW_FUNCTION(int, listen, (int fd, int backlog), SYS_listen, fd, backlog)
RAW_FUNCTION(int, shutdown, (int fd, int how), SYS_shutdown, fd, how)
RAW_FUNCTION(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *len),
             SYS_getsockopt, fd, level, name, value, len)
RAW_FUNCTION(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len),
             SYS_setsockopt, fd, level, name, value, len)
RAW_FUNCTION(int, kill, (pid_t pid, int sig), SYS_kill, pid, sig)
RAW_FUNCTION(int, close, (int fd), SYS_close, fd)
RAW_FUNCTION(int, dup3, (int from, int to, int flags), SYS_dup3, from, to, flags)
RAW_FUNCTION(int, prctl,
             (int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d),
             SYS_prctl, op, a, b, c, d)
RAW_FUNCTION(long, syscall, (long n, long a, long b, long c, long d, long e, long f), n, a, b, c, d,
             e, f)

/* dup3 refuses equal descriptors, dup2 answers them with the descriptor. */
static int raw_dup2(int from, int to)
{
    if (from != to) {
        return raw_dup3(from, to, 0);
    }
    return answer(raw(RAW_FCNTL, from, F_GETFD)) < 0 ? -1 : to;
}

/* A disposition needs a return trampoline (SA_RESTORER) that only the C library
 * has, so these cannot be raw system calls: the first use looks all
 * functions up. */
static int first_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
    next_resolve();
    return next.sigaction(sig, act, old);
}

static signal_handler first_signal(int sig, signal_handler handler)
{
    next_resolve();
    return next.signal(sig, handler);
}

#ifdef __GLIBC__
static signal_handler first_sysv_signal(int sig, signal_handler handler)
{
    next_resolve();
    return next.__sysv_signal(sig, handler);
}
#endif

static signal_handler first_sigset(int sig, signal_handler handler)
{
    next_resolve();
    return next.sigset(sig, handler);
}

static int first_siginterrupt(int sig, int interrupt)
{
    next_resolve();
    return next.siginterrupt(sig, interrupt);
}

#define raw_sigaction first_sigaction
#define raw_signal first_signal
#define raw___sysv_signal first_sysv_signal
#define raw_sigset first_sigset
#define raw_siginterrupt first_siginterrupt

#ifdef __GLIBC__

extern void __chk_fail(void) __attribute__((noreturn));

#define OFFSET_HALVES(offset) (long)(offset), (long)((unsigned long long)(offset) >> 32)

RAW_FUNCTION(ssize_t, preadv64v2,
             (int fd, const struct iovec *iov, int count, off64_t offset, int flags), SYS_preadv2,
             fd, iov, count, OFFSET_HALVES(offset), flags)
RAW_FUNCTION(ssize_t, pwritev64v2,
             (int fd, const struct iovec *iov, int count, off64_t offset, int flags), SYS_pwritev2,
             fd, iov, count, OFFSET_HALVES(offset), flags)

static ssize_t raw_preadv2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
    return raw_preadv64v2(fd, iov, count, offset, flags);
}

static ssize_t raw_pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
    return raw_pwritev64v2(fd, iov, count, offset, flags);
}

static ssize_t raw___recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
    if (len > room) {
        __chk_fail();
    }
    return raw_recv(fd, buf, len, flags);
}

static ssize_t raw___recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
                                  struct sockaddr *addr, socklen_t *addrlen)
{
    if (len > room) {
        __chk_fail();
    }
    return raw_recvfrom(fd, buf, len, flags, addr, addrlen);
}

static ssize_t raw___read_chk(int fd, void *buf, size_t len, size_t room)
{
    if (len > room) {
        __chk_fail();
    }
    return raw_read(fd, buf, len);
}

RAW_FUNCTION(int, close_range, (unsigned first, unsigned last, int flags), SYS_close_range, first,
             last, flags)

static void raw_closefrom(int low)
{
    raw(SYS_close_range, low < 0 ? 0 : low, ~0U, 0);
}

#endif

#ifdef HAVE_TIME64_TWINS

RAW_FUNCTION(int, __recvmmsg64,
             (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec64 *timeout),
             SYS_recvmmsg_time64, fd, msgs, count, flags, timeout)

/* The twins differ from the plain ones in what the C library does with time
 * stamps in control messages and options, which the kernel does not see. */
#define raw___recvmsg64 raw_recvmsg
#define raw___sendmsg64 raw_sendmsg
#define raw___sendmmsg64 raw_sendmmsg
#define raw___getsockopt64 raw_getsockopt
#define raw___setsockopt64 raw_setsockopt
#define raw___prctl_time64 raw_prctl

#endif

#define NEXT_RAW(result, name, parameters) .name = raw_##name,
struct next next = {NEXT_FUNCTIONS(NEXT_RAW)};

static const char *(*words_of)(int);

#define NEXT_NAME(result, name, parameters) {#name, offsetof(struct next, name)},
static const struct {
    char name[16]; /* not a pointer, which would have to be relocated */
    size_t offset;
} next_names[] = {NEXT_FUNCTIONS(NEXT_NAME)};

void next_resolve(void)
{
    for (size_t i = 0; i < sizeof next_names / sizeof *next_names; i++) {
        void *found = dlsym(RTLD_NEXT, next_names[i].name);
        if (found) {
            memcpy((char *)&next + next_names[i].offset, &found, sizeof found);
        }
    }
#ifdef __GLIBC__
    void *found = dlsym(RTLD_NEXT, "strerrordesc_np");
    memcpy(&words_of, &found, sizeof found);
#endif
}

const char *errno_words(int err)
{
#ifndef __GLIBC__
    return strerror(err); /* musl's only looks into a constant table */
#endif
    return words_of ? words_of(err) : NULL;
}
