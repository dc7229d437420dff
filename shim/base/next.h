/* The functions that we stand in front of. Until next_resolve() has looked
 * them up they are raw system calls, so a wrapper works from the first
 * instruction on. */
#ifndef SOCKSHIM_NEXT_H
#define SOCKSHIM_NEXT_H

#include "base/hidden.h"

#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

typedef void (*signal_handler)(int);

/* Result, name and parameters; then the system call that the function is until it
 * has been looked up. A row that has none is written out in next.c.
 *
 * syscall and vfork come first: the wrappers of them jump through `next` itself. Then what most
 * connections go through, in one line of the processor's cache. accept is
 * accept4, since 32-bit x86 has none of its own beside socketcall. The time64 twins
 * differ from the plain ones in what the C library does with time stamps in control
 * messages and options, which the kernel does not see. */
#define NEXT_EVERYWHERE(X)                                                                         \
    X(long, syscall, (long n, long a, long b, long c, long d, long e, long f), n, a, b, c, d, e,   \
      f)                                                                                           \
    X(pid_t, vfork, (void), SYS_clone, SIGCHLD)                                                    \
    X(int, socket, (int domain, int type, int protocol), SYS_socket, domain, type, protocol)       \
    X(int, connect, (int fd, const struct sockaddr *addr, socklen_t len), SYS_connect, fd, addr,   \
      len)                                                                                         \
    X(ssize_t, read, (int fd, void *buf, size_t len), SYS_read, fd, buf, len)                      \
    X(ssize_t, write, (int fd, const void *buf, size_t len), SYS_write, fd, buf, len)              \
    X(int, close, (int fd), SYS_close, fd)                                                         \
    X(ssize_t, recv, (int fd, void *buf, size_t len, int flags), SYS_recvfrom, fd, buf, len,       \
      flags, 0, 0)                                                                                 \
    X(ssize_t, send, (int fd, const void *buf, size_t len, int flags), SYS_sendto, fd, buf, len,   \
      flags, 0, 0)                                                                                 \
    X(int, clone,                                                                                  \
      (int (*run)(void *), void *stack, int flags, void *argument, pid_t *parent, void *tls,       \
       pid_t *child))                                                                              \
    X(int, setrlimit, (int resource, const void *limit))                                           \
    X(int, prlimit, (pid_t pid, int resource, const void *limit, void *old))                       \
    X(ssize_t, recvfrom,                                                                           \
      (int fd, void *buf, size_t len, int flags, struct sockaddr *addr, socklen_t *addrlen),       \
      SYS_recvfrom, fd, buf, len, flags, addr, addrlen)                                            \
    X(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), SYS_recvmsg, fd, msg, flags)      \
    X(int, recvmmsg,                                                                               \
      (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout),         \
      SYS_recvmmsg, fd, msgs, count, flags, timeout)                                               \
    X(ssize_t, readv, (int fd, const struct iovec *iov, int count), SYS_readv, fd, iov, count)     \
    X(ssize_t, sendto,                                                                             \
      (int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,                \
       socklen_t addrlen),                                                                         \
      SYS_sendto, fd, buf, len, flags, addr, addrlen)                                              \
    X(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), SYS_sendmsg, fd, msg,       \
      flags)                                                                                       \
    X(int, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned count, int flags), SYS_sendmmsg, fd,  \
      msgs, count, flags)                                                                          \
    X(ssize_t, writev, (int fd, const struct iovec *iov, int count), SYS_writev, fd, iov, count)   \
    X(ssize_t, sendfile, (int out, int in, off_t *offset, size_t count), SYS_sendfile, out, in,    \
      offset, count)                                                                               \
    X(ssize_t, sendfile64, (int out, int in, off64_t *offset, size_t count), RAW_SENDFILE64, out,  \
      in, offset, count)                                                                           \
    X(ssize_t, splice,                                                                             \
      (int in, off64_t *in_offset, int out, off64_t *out_offset, size_t len, unsigned flags),      \
      SYS_splice, in, in_offset, out, out_offset, len, flags)                                      \
    X(int, socketpair, (int domain, int type, int protocol, int *pair), SYS_socketpair, domain,    \
      type, protocol, pair)                                                                        \
    X(int, accept, (int fd, struct sockaddr *addr, socklen_t *len), SYS_accept4, fd, addr, len, 0) \
    X(int, accept4, (int fd, struct sockaddr *addr, socklen_t *len, int flags), SYS_accept4, fd,   \
      addr, len, flags)                                                                            \
    X(int, bind, (int fd, const struct sockaddr *addr, socklen_t len), SYS_bind, fd, addr, len)    \
    X(int, listen, (int fd, int backlog), SYS_listen, fd, backlog)                                 \
    X(int, shutdown, (int fd, int how), SYS_shutdown, fd, how)                                     \
    X(int, getsockopt, (int fd, int level, int option, void *value, socklen_t *len),               \
      SYS_getsockopt, fd, level, option, value, len)                                               \
    X(int, setsockopt, (int fd, int level, int option, const void *value, socklen_t len),          \
      SYS_setsockopt, fd, level, option, value, len)                                               \
    X(int, getsockname, (int fd, struct sockaddr *addr, socklen_t *len), SYS_getsockname, fd,      \
      addr, len)                                                                                   \
    X(int, getpeername, (int fd, struct sockaddr *addr, socklen_t *len), SYS_getpeername, fd,      \
      addr, len)                                                                                   \
    X(int, vdprintf, (int fd, const char *format, va_list values))                                 \
    X(int, sigaction, (int sig, const struct sigaction *act, struct sigaction *old))               \
    X(signal_handler, signal, (int sig, signal_handler handler))                                   \
    X(signal_handler, sigset, (int sig, signal_handler handler))                                   \
    X(int, siginterrupt, (int sig, int interrupt))                                                 \
    X(int, kill, (pid_t pid, int sig), SYS_kill, pid, sig)                                         \
    X(int, getaddrinfo,                                                                            \
      (const char *node, const char *service, const struct addrinfo *hints,                        \
       struct addrinfo **answer))                                                                  \
    X(int, getnameinfo,                                                                            \
      (const struct sockaddr *addr, socklen_t addrlen, char *host, socklen_t hostlen,              \
       char *service, socklen_t servicelen, int flags))                                            \
    X(struct hostent *, gethostbyname, (const char *name))                                         \
    X(struct hostent *, gethostbyname2, (const char *name, int family))                            \
    X(int, gethostbyname_r,                                                                        \
      (const char *name, struct hostent *host, char *buffer, size_t room, struct hostent **found,  \
       int *error))                                                                                \
    X(int, gethostbyname2_r,                                                                       \
      (const char *name, int family, struct hostent *host, char *buffer, size_t room,              \
       struct hostent **found, int *error))                                                        \
    X(struct hostent *, gethostbyaddr, (const void *addr, socklen_t len, int family))              \
    X(int, gethostbyaddr_r,                                                                        \
      (const void *addr, socklen_t len, int family, struct hostent *host, char *buffer,            \
       size_t room, struct hostent **found, int *error))                                           \
    X(int, dup2, (int from, int to))                                                               \
    X(int, dup3, (int from, int to, int flags), SYS_dup3, from, to, flags)                         \
    X(int, prctl, (int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d),    \
      SYS_prctl, op, a, b, c, d)

#define NEXT_OF_GLIBC(X)                                                                           \
    X(ssize_t, preadv2, (int fd, const struct iovec *iov, int count, off_t offset, int flags),     \
      SYS_preadv2, fd, iov, count, OFFSET_HALVES(offset), flags)                                   \
    X(ssize_t, preadv64v2,                                                                         \
      (int fd, const struct iovec *iov, int count, off64_t offset, int flags), SYS_preadv2, fd,    \
      iov, count, OFFSET_HALVES(offset), flags)                                                    \
    X(ssize_t, pwritev2, (int fd, const struct iovec *iov, int count, off_t offset, int flags),    \
      SYS_pwritev2, fd, iov, count, OFFSET_HALVES(offset), flags)                                  \
    X(ssize_t, pwritev64v2,                                                                        \
      (int fd, const struct iovec *iov, int count, off64_t offset, int flags), SYS_pwritev2, fd,   \
      iov, count, OFFSET_HALVES(offset), flags)                                                    \
    X(ssize_t, __recv_chk, (int fd, void *buf, size_t len, size_t room, int flags))                \
    X(ssize_t, __recvfrom_chk,                                                                     \
      (int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,               \
       socklen_t *addrlen))                                                                        \
    X(ssize_t, __read_chk, (int fd, void *buf, size_t len, size_t room))                           \
    X(int, __vdprintf_chk, (int fd, int flag, const char *format, va_list values))                 \
    X(int, close_range, (unsigned first, unsigned last, int flags), SYS_close_range, first, last,  \
      flags)                                                                                       \
    X(void, closefrom, (int low), SYS_close_range, low < 0 ? 0 : low, ~0U, 0)                      \
    X(signal_handler, __sysv_signal, (int sig, signal_handler handler))                            \
    X(int, setrlimit64, (int resource, const void *limit))                                         \
    X(int, prlimit64, (pid_t pid, int resource, const void *limit, void *old))

/* 32-bit glibc has a second set for programs with a 64-bit time_t. */
#define NEXT_OF_TIME64(X)                                                                          \
    X(ssize_t, __recvmsg64, (int fd, struct msghdr *msg, int flags), SYS_recvmsg, fd, msg, flags)  \
    X(int, __recvmmsg64,                                                                           \
      (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec64 *timeout),       \
      SYS_recvmmsg_time64, fd, msgs, count, flags, timeout)                                        \
    X(ssize_t, __sendmsg64, (int fd, const struct msghdr *msg, int flags), SYS_sendmsg, fd, msg,   \
      flags)                                                                                       \
    X(int, __sendmmsg64, (int fd, struct mmsghdr *msgs, unsigned count, int flags), SYS_sendmmsg,  \
      fd, msgs, count, flags)                                                                      \
    X(int, __getsockopt64, (int fd, int level, int option, void *value, socklen_t *len),           \
      SYS_getsockopt, fd, level, option, value, len)                                               \
    X(int, __setsockopt64, (int fd, int level, int option, const void *value, socklen_t len),      \
      SYS_setsockopt, fd, level, option, value, len)                                               \
    X(int, __prctl_time64,                                                                         \
      (int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d), SYS_prctl, op, \
      a, b, c, d)
struct timespec64;

#if defined(__GLIBC__) && defined(__i386__)
#define HAVE_TIME64_TWINS 1
#define NEXT_FUNCTIONS(X) NEXT_EVERYWHERE(X) NEXT_OF_GLIBC(X) NEXT_OF_TIME64(X)
#elif defined(__GLIBC__)
#define NEXT_FUNCTIONS(X) NEXT_EVERYWHERE(X) NEXT_OF_GLIBC(X)
#else
#define NEXT_FUNCTIONS(X) NEXT_EVERYWHERE(X)
#endif

/* Second names of the C library's for functions above, and variadic forms of them. */
#define ALIASES_EVERYWHERE(X) X(bsd_signal, signal) X(dprintf, vdprintf)
#define ALIASES_OF_GLIBC(X)                                                                        \
    X(__dprintf_chk, __vdprintf_chk)                                                               \
    X(__read, read)                                                                                \
    X(__write, write)                                                                              \
    X(__send, send)                                                                                \
    X(__connect, connect)                                                                          \
    X(__close, close)                                                                              \
    X(__dup2, dup2)                                                                                \
    X(__vfork, vfork)                                                                              \
    X(__clone, clone)                                                                              \
    X(__sigaction, sigaction)                                                                      \
    X(ssignal, signal)                                                                             \
    X(sysv_signal, __sysv_signal)

#define NEXT_MEMBER(result, name, parameters, ...) result(*name) parameters;
struct next {
    NEXT_FUNCTIONS(NEXT_MEMBER)
    /* What syscall() does to descriptors, with up to three arguments: apart, so that a layer
     * may stand in front of it. */
    long (*by_number)(long n, long a, long b, long c);
};

extern hidden _Alignas(64) struct next next;

/* Looks every function up behind us. Once, from the constructor: it takes the loader's
 * lock. */
void next_resolve(void);

/* Whether another libsockshim.so stands in front of us, from another file: the program's
 * calls come to that one first. Takes the loader's lock, too. */
bool next_is_second(void);

/* Another function that the program would call; NULL if there is none. At start-up. */
void *next_function(const char *name);

/* The C library's words for an errno value, or NULL. Async-signal-safe: where
 * only strerror() is there, which is not, it answers NULL. */
const char *errno_words(int err);

#endif
