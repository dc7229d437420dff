/* The wrapper of syscall() on 32-bit x86: see calls/syscall.c. */
#ifndef SOCKSHIM_CALLS_ARCH_I386_H
#define SOCKSHIM_CALLS_ARCH_I386_H

__attribute__((used)) hidden long watched_with(const long *arguments)
{
    long n = arguments[0];
    if (n == SYS_close || n == SYS_dup2 || n == SYS_dup3 || n == SYS_close_range ||
        n == SYS_landlock_restrict_self) {
        return descriptors_by_syscall(n, arguments[1], arguments[2], arguments[3]);
    }
    __typeof__(enter_cage_by_syscall) *watched =
        n == SYS_seccomp || n == SYS_prctl ? enter_cage_by_syscall : messages_by_syscall;
    return watched(n, arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

_Static_assert(SYS_seccomp == 354 && SYS_prctl == 172, "as written in the assembly");
_Static_assert(SYS_recvmmsg == 337 && SYS_sendmmsg == 345, "as written in the assembly");
_Static_assert(SYS_close == 6 && SYS_dup2 == 63, "as written in the assembly");
_Static_assert(SYS_clone == 120 && SYS_vfork == 190 && SYS_clone3 == 435, "as in the assembly");
_Static_assert(SYS_landlock_restrict_self == 446, "as written in the assembly");
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
        "    cmpl $435, 4(%esp)\n"
        "    je 6f\n"
        "    cmpl $446, 4(%esp)\n"
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
        "    cmpl $120, 4(%esp)\n"
        "    je 8f\n"
        "    cmpl $190, 4(%esp)\n"
        "    je 6f\n"
        "    cmpl $172, 4(%esp)\n"
        "    jne 0b\n"
        "    cmpl $22, 8(%esp)\n"
        "    je 3f\n"
        "    cmpl $26, 8(%esp)\n"
        "    jne 0b\n"
        "    jmp 3f\n"
        "8:  testl $0x100, 8(%esp)\n" /* CLONE_VM */
        "    jz 0b\n"
        "6:  call 7f\n" /* to learn where we are */
        "7:  popl %ecx\n"
        "    addl $_GLOBAL_OFFSET_TABLE_+(.-7b), %ecx\n"
        "    movb $1, process_memory_shared@GOTOFF(%ecx)\n"
        "    jmp *next@GOTOFF(%ecx)\n"
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

#endif
