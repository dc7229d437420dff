/* The wrapper of syscall() on aarch64: all seven arguments are in registers, and a
 * tail call leaves them there. See calls/syscall.c. */
#ifndef SOCKSHIM_CALLS_ARCH_AARCH64_H
#define SOCKSHIM_CALLS_ARCH_AARCH64_H

WRAP(long, syscall, (long n, long a, long b, long c, long d, long e, long f))
{
    if ((n == SYS_seccomp && (a == 0 || a == 1)) || (n == SYS_prctl && a == PR_SET_SECCOMP)) {
        return enter_cage_by_syscall(n, a, b, c, d, e);
    }
    if (n == SYS_close || n == SYS_dup3 || n == SYS_close_range ||
        n == SYS_landlock_restrict_self) {
        return descriptors_by_syscall(n, a, b, c);
    }
    if (n == SYS_recvmmsg || n == SYS_sendmmsg) {
        return messages_by_syscall(n, a, b, c, d, e);
    }
    if ((n == SYS_clone && a & CLONE_VM) || n == SYS_clone3) {
        process_shares_memory();
    }
    return next.syscall(n, a, b, c, d, e, f);
}

#endif
