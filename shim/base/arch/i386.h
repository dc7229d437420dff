/* System calls on 32-bit x86: syscall(2), "Architecture calling conventions". */
#ifndef SOCKSHIM_ARCH_I386_H
#define SOCKSHIM_ARCH_I386_H

/* Without SA_RESTORER a handler returns to the vDSO (arch/x86/kernel/signal_32.c). */
enum { ARCH_NEEDS_RESTORER = 0 };

/* Four bytes that do nothing, and at which an indirect call may arrive; and a jump. */
#define ARCH_LANDING "endbr32"
#define ARCH_JUMP "jmp"

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
 * that really have six: those that next.c makes before start-up is done, and mmap2. */
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
    /* A sixth argument of 0 is one that the kernel does not look at; mmap2's it does, as the
     * offset in the file. */
    if (__builtin_constant_p(f) && f == 0 && n != SYS_mmap2) {
        return raw_call5(n, a, b, c, d, e);
    }
    long arguments[6] = {a, b, c, d, e, f};
    return raw_call6(n, arguments);
}

#endif
