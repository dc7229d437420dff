/* The functions that we stand in front of. Until next_resolve() has looked
 * them up they are raw system calls, so a wrapper works from the first
 * instruction on. */
#ifndef SOCKSHIM_NEXT_H
#define SOCKSHIM_NEXT_H

#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

typedef void (*signal_handler)(int);

/* syscall comes first: calls/sandbox.c jumps through `next` itself. */
#define NEXT_EVERYWHERE(X)                                                                         \
    X(long, syscall, (long, long, long, long, long, long, long))                                   \
    X(ssize_t, recv, (int, void *, size_t, int))                                                   \
    X(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *))               \
    X(ssize_t, recvmsg, (int, struct msghdr *, int))                                               \
    X(int, recvmmsg, (int, struct mmsghdr *, unsigned, int, struct timespec *))                    \
    X(ssize_t, read, (int, void *, size_t))                                                        \
    X(ssize_t, readv, (int, const struct iovec *, int))                                            \
    X(ssize_t, send, (int, const void *, size_t, int))                                             \
    X(ssize_t, sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t))       \
    X(ssize_t, sendmsg, (int, const struct msghdr *, int))                                         \
    X(int, sendmmsg, (int, struct mmsghdr *, unsigned, int))                                       \
    X(ssize_t, write, (int, const void *, size_t))                                                 \
    X(ssize_t, writev, (int, const struct iovec *, int))                                           \
    X(ssize_t, sendfile, (int, int, off_t *, size_t))                                              \
    X(ssize_t, sendfile64, (int, int, off64_t *, size_t))                                          \
    X(ssize_t, splice, (int, off64_t *, int, off64_t *, size_t, unsigned))                         \
    X(int, socket, (int, int, int))                                                                \
    X(int, socketpair, (int, int, int, int *))                                                     \
    X(int, connect, (int, const struct sockaddr *, socklen_t))                                     \
    X(int, accept, (int, struct sockaddr *, socklen_t *))                                          \
    X(int, accept4, (int, struct sockaddr *, socklen_t *, int))                                    \
    X(int, bind, (int, const struct sockaddr *, socklen_t))                                        \
    X(int, listen, (int, int))                                                                     \
    X(int, shutdown, (int, int))                                                                   \
    X(int, getsockopt, (int, int, int, void *, socklen_t *))                                       \
    X(int, setsockopt, (int, int, int, const void *, socklen_t))                                   \
    X(int, sigaction, (int, const struct sigaction *, struct sigaction *))                         \
    X(signal_handler, signal, (int, signal_handler))                                               \
    X(signal_handler, sigset, (int, signal_handler))                                               \
    X(int, siginterrupt, (int, int))                                                               \
    X(int, kill, (pid_t, int))                                                                     \
    X(int, close, (int))                                                                           \
    X(int, dup2, (int, int))                                                                       \
    X(int, dup3, (int, int, int))                                                                  \
    X(int, prctl, (int, unsigned long, unsigned long, unsigned long, unsigned long))

#ifdef __GLIBC__
#define NEXT_OF_GLIBC(X)                                                                           \
    X(ssize_t, preadv2, (int, const struct iovec *, int, off_t, int))                              \
    X(ssize_t, preadv64v2, (int, const struct iovec *, int, off64_t, int))                         \
    X(ssize_t, pwritev2, (int, const struct iovec *, int, off_t, int))                             \
    X(ssize_t, pwritev64v2, (int, const struct iovec *, int, off64_t, int))                        \
    X(ssize_t, __recv_chk, (int, void *, size_t, size_t, int))                                     \
    X(ssize_t, __recvfrom_chk, (int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *)) \
    X(ssize_t, __read_chk, (int, void *, size_t, size_t))                                          \
    X(int, close_range, (unsigned, unsigned, int))                                                 \
    X(void, closefrom, (int))                                                                      \
    X(signal_handler, __sysv_signal, (int, signal_handler))
#else
#define NEXT_OF_GLIBC(X)
#endif

/* 32-bit glibc has a second set for programs with a 64-bit time_t. */
#if defined(__GLIBC__) && defined(__i386__)
#define HAVE_TIME64_TWINS 1
#define NEXT_OF_TIME64(X)                                                                          \
    X(ssize_t, __recvmsg64, (int, struct msghdr *, int))                                           \
    X(int, __recvmmsg64, (int, struct mmsghdr *, unsigned, int, struct timespec64 *))              \
    X(ssize_t, __sendmsg64, (int, const struct msghdr *, int))                                     \
    X(int, __sendmmsg64, (int, struct mmsghdr *, unsigned, int))                                   \
    X(int, __getsockopt64, (int, int, int, void *, socklen_t *))                                   \
    X(int, __setsockopt64, (int, int, int, const void *, socklen_t))                               \
    X(int, __prctl_time64, (int, unsigned long, unsigned long, unsigned long, unsigned long))
struct timespec64;
#else
#define NEXT_OF_TIME64(X)
#endif

#define NEXT_FUNCTIONS(X) NEXT_EVERYWHERE(X) NEXT_OF_GLIBC(X) NEXT_OF_TIME64(X)

#define NEXT_MEMBER(result, name, parameters) result(*name) parameters;
struct next {
    NEXT_FUNCTIONS(NEXT_MEMBER)
};

extern struct next next __attribute__((visibility("hidden")));

/* Looks every function up behind us. Once, from the constructor: dlsym may
 * allocate for a name that is missing. */
void next_resolve(void);

/* The C library's words for an errno value, or NULL. Async-signal-safe: where
 * only strerror() is there, which is not, it answers NULL. */
const char *errno_words(int err);

#endif
