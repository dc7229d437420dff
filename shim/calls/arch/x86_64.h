/* The wrapper of syscall() on x86-64: see calls/syscall.c. */
#ifndef SOCKSHIM_CALLS_ARCH_X86_64_H
#define SOCKSHIM_CALLS_ARCH_X86_64_H

_Static_assert(SYS_seccomp == 317 && SYS_prctl == 157, "as written in the assembly");
_Static_assert(SYS_recvmmsg == 299 && SYS_sendmmsg == 307, "as written in the assembly");
_Static_assert(SYS_close == 3 && SYS_dup2 == 33, "as written in the assembly");
_Static_assert(SYS_clone == 56 && SYS_vfork == 58 && SYS_clone3 == 435, "as in the assembly");
_Static_assert(SYS_landlock_restrict_self == 446, "as written in the assembly");
_Static_assert(SYS_dup3 == 292 && SYS_close_range == 436, "as written in the assembly");
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, @function\n"
        "syscall:\n"
        ".cfi_startproc\n"
        "    endbr64\n"
        "    cmpq $157, %rdi\n" /* in halves, so that 16 instructions are enough */
        "    ja 5f\n"
        "    je 2f\n"
        "    cmpq $33, %rdi\n"
        "    jbe 3f\n"
        "    cmpq $56, %rdi\n"
        "    je 7f\n"
        "    cmpq $58, %rdi\n"
        "    je 4f\n"
        "    jmp 0f\n"
        "5:  cmpq $435, %rdi\n"
        "    jae 6f\n"
        "    cmpq $292, %rdi\n"
        "    je descriptors_by_syscall\n"
        "    cmpq $317, %rdi\n"
        "    je 1f\n"
        "    cmpq $299, %rdi\n"
        "    je messages_by_syscall\n"
        "    cmpq $307, %rdi\n"
        "    je messages_by_syscall\n"
        "0:  jmp *next(%rip)\n"
        "1:  cmpq $1, %rsi\n"
        "    ja 0b\n"
        "    jmp enter_cage_by_syscall\n"
        "2:  cmpq $22, %rsi\n"
        "    je enter_cage_by_syscall\n"
        "    cmpq $26, %rsi\n"
        "    jne 0b\n"
        "    jmp enter_cage_by_syscall\n"
        "3:  je descriptors_by_syscall\n"
        "    cmpq $3, %rdi\n"
        "    je descriptors_by_syscall\n"
        "    jmp 0b\n"
        "6:  je 4f\n"
        "    cmpq $436, %rdi\n"
        "    je descriptors_by_syscall\n"
        "    cmpq $446, %rdi\n"
        "    je descriptors_by_syscall\n"
        "    jmp 0b\n"
        "7:  testl $0x100, %esi\n" /* CLONE_VM */
        "    jz 0b\n"
        "4:  movb $1, process_memory_shared(%rip)\n"
        "    jmp 0b\n"
        ".cfi_endproc\n"
        ".size syscall, .-syscall\n");

#endif
