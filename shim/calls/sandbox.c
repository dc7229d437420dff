/* Notices that the program enters a seccomp cage. From then on the shim makes no
 * system call but write, so that a filter that kills has no reason to. A filter
 * inherited through exec (a container's, a unit's) is no cage: it is made for
 * programs that open files and sockets. And what came of the socket calls that a
 * program makes by number, through syscall(). */
#include "calls/wrap.h"

#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "log/log.h"

#include <sys/prctl.h>

/* The flag goes up first: the filter holds from the call on. What may be asked
 * for in there is found out now. */
static bool enter_cage(void)
{
    bool first = process_enter_cage();
    if (first) {
        settings_find_exe();
        log_enter_cage();
    }
    return first;
}

static __attribute__((noinline)) int enter_by_prctl(__typeof__(next.prctl) function,
                                                    unsigned long a, unsigned long b,
                                                    unsigned long c, unsigned long d)
{
    bool first = enter_cage();
    int result = function(PR_SET_SECCOMP, a, b, c, d);
    if (first && result < 0) {
        process_leave_cage();
    }
    return result;
}

/* prctl is variadic, and the stack slots of arguments that the caller did not
 * pass are its own variables. They may be read, but not be written to, which a
 * tail call does on 32-bit x86: there the result is held fast. */
#ifdef __i386__
#define NO_TAIL_CALL(result) __asm__ volatile("" : "+r"(result))
#else
#define NO_TAIL_CALL(result) (void)0
#endif

static inline int pass_prctl(__typeof__(next.prctl) function, int op, unsigned long a,
                             unsigned long b, unsigned long c, unsigned long d)
{
    int result =
        op == PR_SET_SECCOMP ? enter_by_prctl(function, a, b, c, d) : function(op, a, b, c, d);
    NO_TAIL_CALL(result);
    return result;
}

WRAP(int, prctl, (int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d))
{
    return pass_prctl(next.prctl, op, a, b, c, d);
}

/* seccomp and prctl as system calls; neither takes more than five arguments. */
__attribute__((used, visibility("hidden"))) long enter_cage_by_syscall(long n, long a, long b,
                                                                       long c, long d, long e)
{
    bool first = enter_cage();
    long result = next.syscall(n, a, b, c, d, e, 0);
    if (first && result < 0) {
        process_leave_cage();
    }
    return result;
}

/* libuv calls these by number for all of UDP, and BIND and Node with it (its
 * src/unix/linux-syscalls.c; on 32-bit x86 by socketcall, which is not looked
 * into). Neither takes more than five arguments. */
__attribute__((used, visibility("hidden"))) long
messages_by_syscall(long n, long fd, long messages, long count, long flags, long timeout)
{
    REMEMBER(a.fd = (int)fd, a.len = (unsigned)count, a.flags = (int)flags);
    long result = next.syscall(n, fd, messages, count, flags, timeout, 0);
    enum call call = n == SYS_sendmmsg ? CALL_sendmmsg : CALL_recvmmsg;
    return result > 0 ? result : failed(call, result, &a);
}

/* syscall() is variadic, too, and clone and vfork may be called through it: no
 * frame, and no write to the caller's stack. Only assembly promises that; gcc
 * stores stack arguments back before a tail call. The numbers: seccomp with
 * SECCOMP_SET_MODE_STRICT or SECCOMP_SET_MODE_FILTER (0, 1), and prctl with
 * PR_SET_SECCOMP (22). */
_Static_assert(offsetof(struct next, syscall) == 0, "syscall is reached through `next` itself");
_Static_assert(PR_SET_SECCOMP == 22, "as written in the assembly");

#if defined(__x86_64__)

_Static_assert(SYS_seccomp == 317 && SYS_prctl == 157, "as written in the assembly");
_Static_assert(SYS_recvmmsg == 299 && SYS_sendmmsg == 307, "as written in the assembly");
_Static_assert(SYS_close == 3 && SYS_dup2 == 33, "as written in the assembly");
_Static_assert(SYS_dup3 == 292 && SYS_close_range == 436, "as written in the assembly");
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, @function\n"
        "syscall:\n"
        ".cfi_startproc\n"
        "    endbr64\n"
        "    cmpq $33, %rdi\n"
        "    jbe 3f\n"
        "    cmpq $292, %rdi\n"
        "    je descriptors_by_syscall\n"
        "    cmpq $436, %rdi\n"
        "    je descriptors_by_syscall\n"
        "    cmpq $317, %rdi\n"
        "    je 1f\n"
        "    cmpq $157, %rdi\n"
        "    je 2f\n"
        "    cmpq $299, %rdi\n"
        "    je messages_by_syscall\n"
        "    cmpq $307, %rdi\n"
        "    je messages_by_syscall\n"
        "0:  jmp *next(%rip)\n"
        "1:  cmpq $1, %rsi\n"
        "    ja 0b\n"
        "    jmp enter_cage_by_syscall\n"
        "2:  cmpq $22, %rsi\n"
        "    jne 0b\n"
        "    jmp enter_cage_by_syscall\n"
        "3:  je descriptors_by_syscall\n"
        "    cmpq $3, %rdi\n"
        "    je descriptors_by_syscall\n"
        "    jmp 0b\n"
        ".cfi_endproc\n"
        ".size syscall, .-syscall\n");

#elif defined(__i386__)

__attribute__((used, visibility("hidden"))) long watched_with(const long *arguments)
{
    long n = arguments[0];
    if (n == SYS_close || n == SYS_dup2 || n == SYS_dup3 || n == SYS_close_range) {
        return descriptors_by_syscall(n, arguments[1], arguments[2], arguments[3]);
    }
    __typeof__(enter_cage_by_syscall) *watched =
        n == SYS_seccomp || n == SYS_prctl ? enter_cage_by_syscall : messages_by_syscall;
    return watched(n, arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

_Static_assert(SYS_seccomp == 354 && SYS_prctl == 172, "as written in the assembly");
_Static_assert(SYS_recvmmsg == 337 && SYS_sendmmsg == 345, "as written in the assembly");
_Static_assert(SYS_close == 6 && SYS_dup2 == 63, "as written in the assembly");
_Static_assert(SYS_dup3 == 330 && SYS_close_range == 436, "as written in the assembly");
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, @function\n"
        "syscall:\n"
        ".cfi_startproc\n"
        "    cmpl $330, 4(%esp)\n"
        "    jb 5f\n"
        "    je 3f\n"
        "    cmpl $354, 4(%esp)\n"
        "    je 1f\n"
        "    cmpl $436, 4(%esp)\n"
        "    je 3f\n"
        "    cmpl $337, 4(%esp)\n"
        "    je 3f\n"
        "    cmpl $345, 4(%esp)\n"
        "    je 3f\n"
        "0:  call 4f\n" /* to learn where we are */
        "4:  popl %ecx\n"
        "    addl $_GLOBAL_OFFSET_TABLE_+(.-4b), %ecx\n"
        "    jmp *next@GOTOFF(%ecx)\n"
        "1:  cmpl $1, 8(%esp)\n"
        "    ja 0b\n"
        "    jmp 3f\n"
        "5:  cmpl $6, 4(%esp)\n"
        "    je 3f\n"
        "    cmpl $63, 4(%esp)\n"
        "    je 3f\n"
        "    cmpl $172, 4(%esp)\n"
        "    jne 0b\n"
        "    cmpl $22, 8(%esp)\n"
        "    jne 0b\n"
        "3:  leal 4(%esp), %eax\n"
        "    subl $8, %esp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushl %eax\n"
        "    .cfi_adjust_cfa_offset 4\n"
        "    call watched_with\n"
        "    addl $12, %esp\n"
        "    .cfi_adjust_cfa_offset -12\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size syscall, .-syscall\n");

#else /* All seven are in registers, and a tail call leaves them there. */

WRAP(long, syscall, (long n, long a, long b, long c, long d, long e, long f))
{
    if ((n == SYS_seccomp && (a == 0 || a == 1)) || (n == SYS_prctl && a == PR_SET_SECCOMP)) {
        return enter_cage_by_syscall(n, a, b, c, d, e);
    }
    if (n == SYS_close || n == SYS_dup3 || n == SYS_close_range) {
        return descriptors_by_syscall(n, a, b, c);
    }
    if (n == SYS_recvmmsg || n == SYS_sendmmsg) {
        return messages_by_syscall(n, a, b, c, d, e);
    }
    return next.syscall(n, a, b, c, d, e, f);
}

#endif

#ifdef HAVE_TIME64_TWINS

WRAP(int, __prctl_time64,
     (int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d))
{
    return pass_prctl(next.__prctl_time64, op, a, b, c, d);
}

#endif
