/* System calls on x86-64: syscall(2), "Architecture calling conventions". */
#ifndef SOCKSHIM_ARCH_X86_64_H
#define SOCKSHIM_ARCH_X86_64_H

/* SA_RESTORER: without it no handler runs (arch/x86/kernel/signal_64.c, x64_setup_rt_frame()). */
enum { ARCH_NEEDS_RESTORER = 1 };

/* Four bytes that do nothing, and at which an indirect call may arrive; and a jump. */
#define ARCH_LANDING "endbr64"
#define ARCH_JUMP "jmp"

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

#endif
