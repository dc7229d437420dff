/* How a wrapper is written down: the next function is called, and what did not
 * simply succeed is handed to failed(). A call more takes a row in names.h (CALLS),
 * one in next.h, one here (MOVES, or a wrapper), and a test. */
#ifndef SOCKSHIM_WRAP_H
#define SOCKSHIM_WRAP_H

#include "base/next.h"
#include "failure/failed.h"

/* WRAP(result, name, (parameters)) begins the exported function `name`. In C it
 * is called wrap_name, so that no header's declaration of the real one gets in
 * the way, with its attributes, macros and unions for parameters. */
#define WRAP(result, name, parameters)                                                             \
    __attribute__((visibility("default"))) result wrap_##name parameters __asm__(#name);           \
    result wrap_##name parameters

/* REMEMBER(a.fd = fd, ...) notes what the program asked for, in `a`. Written to
 * the stack before the call rather than kept in registers across it, which is
 * fewer instructions: the first asm stands in for zeroing the rest, the second
 * keeps the compiler from moving the stores behind the call. */
#define REMEMBER(...)                                                                              \
    struct attempt a;                                                                              \
    __asm__("" : "=m"(a));                                                                         \
    __VA_ARGS__;                                                                                   \
    __asm__ volatile("" : : "m"(a))

/* What a call that did not simply succeed returns, from `a`; n: its result. Where the
 * wrapper returns to is only looked for here. */
#define FAILED(call, n) failed_from(&a, __builtin_return_address(0), (call), (n))
static inline long failed_from(struct attempt *a, const void *site, enum call call, long n)
{
    a->site = site;
    return failed(call, n, a);
}

/* A call that moves data, under one of its names: more than 0 is its success, all
 * else a record of `call`. */
#define MOVES(result, call, name, parameters, arguments, ...)                                      \
    WRAP(result, name, parameters)                                                                 \
    {                                                                                              \
        REMEMBER(__VA_ARGS__);                                                                     \
        result n = next.name arguments;                                                            \
        return n > 0 ? n : (result)FAILED(CALL_##call, n);                                         \
    }

/* calls/descriptor.c: close, dup2, dup3 and close_range by number, for the wrapper of
 * syscall(). */
hidden long descriptors_by_syscall(long n, long a, long b, long c);

/* A second name of the C library's for a function that is wrapped in this file. */
#define ALIAS(name, of)                                                                            \
    extern __typeof__(wrap_##of) alias_##name __asm__(#name)                                       \
        __attribute__((visibility("default"), alias(#of)))

#endif
