/* System calls made directly: no errno, no cancellation point, no symbol that
 * another preloaded object could stand in front of. Async-signal-safe.
 *
 * raw(SYS_x, ...) takes up to six arguments, pointers included, and returns
 * what the kernel returned: -4095 to -1 is a negated errno. */
#ifndef SOCKSHIM_RAW_H
#define SOCKSHIM_RAW_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#define RAW_ARGUMENTS(n, a, b, c, d, e, f, ...)                                                    \
    raw_call((long)(n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define raw(...) RAW_ARGUMENTS(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#if defined(__x86_64__)
#include "base/arch/x86_64.h"
#elif defined(__aarch64__)
#include "base/arch/aarch64.h"
#elif defined(__i386__)
#include "base/arch/i386.h"
#else
#error "sockshim knows x86-64, aarch64 and 32-bit x86"
#endif

#ifndef SYS_landlock_restrict_self /* Linux 5.13; the number is everybody's */
#define SYS_landlock_restrict_self 446
#endif

/* Calls that have another name on 32-bit x86, where the plain ones know only
 * smaller numbers. fstat and fstatat fill a struct stat64. */
#ifdef SYS_fstat64
#define RAW_FSTAT SYS_fstat64
#else
#define RAW_FSTAT SYS_fstat
#endif
#ifdef SYS_fcntl64
#define RAW_FCNTL SYS_fcntl64
#else
#define RAW_FCNTL SYS_fcntl
#endif
#ifdef SYS_sendfile64
#define RAW_SENDFILE64 SYS_sendfile64
#else
#define RAW_SENDFILE64 SYS_sendfile
#endif
#ifdef SYS_fstatat64
#define RAW_FSTATAT SYS_fstatat64
#else
#define RAW_FSTATAT SYS_newfstatat
#endif
#ifdef SYS_fchown32
#define RAW_FCHOWN SYS_fchown32
#else
#define RAW_FCHOWN SYS_fchown
#endif
#ifdef SYS_geteuid32
#define RAW_GETEUID SYS_geteuid32
#else
#define RAW_GETEUID SYS_geteuid
#endif
#ifdef SYS_mmap2 /* its offset, in pages, is 0 here */
#define RAW_MMAP SYS_mmap2
#else
#define RAW_MMAP SYS_mmap
#endif
#ifdef SYS_ftruncate64 /* the length is in two registers there, and 0 in both */
#define RAW_FTRUNCATE SYS_ftruncate64
#else
#define RAW_FTRUNCATE SYS_ftruncate
#endif

/* Whether it is a negated errno that the kernel returned. */
static inline bool raw_failed(long result)
{
    return result < 0 && result >= -4095;
}

/* poll(2) of one descriptor without waiting; aarch64 has only ppoll. */
static inline long raw_poll_now(struct pollfd *p)
{
#ifdef SYS_poll
    return raw(SYS_poll, p, 1, 0);
#else
    struct timespec no_wait = {0, 0};
    return raw(SYS_ppoll, p, 1, &no_wait, 0, 8);
#endif
}

/* The soft limit of a resource (getrlimit(2)); RLIM64_INFINITY, which is all
 * ones, where it cannot be asked. Where getrlimit has 64 bits it costs less than
 * half of prlimit, which looks up whose limit is meant. */
static inline uint64_t raw_soft_limit(int resource)
{
    struct {
        uint64_t soft, hard;
    } limit = {~(uint64_t)0, 0};
#if __SIZEOF_LONG__ == 8
    if (raw(SYS_getrlimit, resource, &limit) == 0) {
        return limit.soft;
    }
#endif
    raw(SYS_prlimit64, 0, resource, 0, &limit);
    return limit.soft;
}

#endif
