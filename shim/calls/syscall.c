/* What a program does by number, through syscall(): entering a seccomp filter, and
 * the socket calls that libraries make that way. */
#include "base/process.h"
#include "base/raw.h"
#include "calls/seccomp.h"
#include "calls/wrap.h"

#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>

/* seccomp and prctl as system calls; neither takes more than five arguments. */
__attribute__((used)) hidden long enter_cage_by_syscall(long n, long a, long b, long c, long d,
                                                        long e)
{
    if (n == SYS_prctl && a == PR_SET_TSC) {
        seccomp_go_without_counter();
        return next.syscall(n, a, b, c, d, e, 0);
    }
    bool is_strict = n == SYS_seccomp ? a == SECCOMP_STRICT : b == PRCTL_STRICT;
    bool first = seccomp_enter(is_strict, (unsigned long)c);
    long result = next.syscall(n, a, b, c, d, e, 0);
    if (result < 0) {
        seccomp_fails(first);
    }
    return result;
}

/* libuv calls these by number for all of UDP, and BIND and Node with it (its
 * src/unix/linux-syscalls.c; on 32-bit x86 by socketcall, which is not looked
 * into). Neither takes more than five arguments. */
__attribute__((used)) hidden long messages_by_syscall(long n, long fd, long messages, long count,
                                                      long flags, long timeout)
{
    REMEMBER(a.fd = (int)fd, a.len = (unsigned)count, a.flags = (int)flags,
             a.data = (const void *)messages); /* NOLINT(performance-no-int-to-ptr) */
    long result = next.syscall(n, fd, messages, count, flags, timeout, 0);
    enum call call = n == SYS_sendmmsg ? CALL_sendmmsg : CALL_recvmmsg;
    return result > 0 ? result : FAILED(call, result);
}

/* syscall() is variadic, too, and clone and vfork may be called through it: no
 * frame, and no write to the caller's stack. Only assembly promises that; gcc
 * stores stack arguments back before a tail call. The numbers: seccomp with
 * SECCOMP_SET_MODE_STRICT or SECCOMP_SET_MODE_FILTER (0, 1), and prctl with
 * PR_SET_SECCOMP (22), or, on x86, PR_SET_TSC (26). */
_Static_assert(offsetof(struct next, syscall) == 0, "syscall is reached through `next` itself");
_Static_assert(PR_SET_SECCOMP == 22 && PR_SET_TSC == 26, "as written in the assembly");

#if defined(__x86_64__)
#include "calls/arch/x86_64.h"
#elif defined(__i386__)
#include "calls/arch/i386.h"
#else
#include "calls/arch/aarch64.h"
#endif
