/* System calls made directly: no errno, no cancellation point, no symbol that
 * another preloaded object could stand in front of. Async-signal-safe.
 *
 * raw(SYS_x, ...) takes up to six arguments, pointers included, and returns
 * what the kernel returned: -4095 to -1 is a negated errno. */
#ifndef SOCKSHIM_RAW_H
#define SOCKSHIM_RAW_H

#include <poll.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#define RAW_ARGUMENTS(n, a, b, c, d, e, f, ...)                                                    \
    raw_call((long)(n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define raw(...) RAW_ARGUMENTS(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#if defined(__x86_64__)

static inline long raw_call(long n, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

static inline long raw_call(long n, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

#elif defined(__i386__)

static inline long raw_call5(long n, long a, long b, long c, long d, long e)
{
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                     : "memory");
    return result;
}

/* The sixth argument goes into ebp, which the compiler may be using as frame
 * pointer: it is swapped in around the trap, and all six come from memory. An
 * unwinder that comes by in between is led astray, so this is only for calls
 * that really have six: those that next.c makes before start-up is done. */
static inline long raw_call6(long n, const long arguments[6])
{
    long result;
    __asm__ volatile("pushl %%ebp\n\t"
                     "pushl %%ebx\n\t"
                     "movl (%%edi), %%ebx\n\t"
                     "movl 4(%%edi), %%ecx\n\t"
                     "movl 8(%%edi), %%edx\n\t"
                     "movl 12(%%edi), %%esi\n\t"
                     "movl 20(%%edi), %%ebp\n\t"
                     "movl 16(%%edi), %%edi\n\t"
                     "int $0x80\n\t"
                     "popl %%ebx\n\t"
                     "popl %%ebp"
                     : "=a"(result), "+D"(arguments)
                     : "a"(n)
                     : "ecx", "edx", "esi", "memory");
    return result;
}

static inline __attribute__((always_inline)) long raw_call(long n, long a, long b, long c, long d,
                                                           long e, long f)
{
    if (__builtin_constant_p(f) && f == 0) {
        return raw_call5(n, a, b, c, d, e);
    }
    long arguments[6] = {a, b, c, d, e, f};
    return raw_call6(n, arguments);
}

#else
#error "sockshim knows x86-64, aarch64 and 32-bit x86"
#endif

/* Calls that have another name on 32-bit x86, where the plain ones know only
 * smaller numbers. The first and the third fill a struct stat64. */
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
#ifdef SYS_ftruncate64 /* the length is in two registers there, and 0 in both */
#define RAW_FTRUNCATE SYS_ftruncate64
#else
#define RAW_FTRUNCATE SYS_ftruncate
#endif

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
