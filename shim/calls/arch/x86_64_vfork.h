/* The wrapper of vfork() on x86-64: its child returns on this stack before the parent
 * does, so that no frame may be left on it. See calls/process.c. */
#ifndef SOCKSHIM_CALLS_ARCH_X86_64_VFORK_H
#define SOCKSHIM_CALLS_ARCH_X86_64_VFORK_H

__asm__(".text\n"
        ".globl vfork\n"
        ".type vfork, @function\n"
        "vfork:\n"
        ".cfi_startproc\n"
        "    endbr64\n"
        "    movb $1, process_memory_shared(%rip)\n"
        "    jmp *next+8(%rip)\n"
        ".cfi_endproc\n"
        ".size vfork, .-vfork\n"
#ifdef __GLIBC__
        ".globl __vfork\n"
        ".type __vfork, @function\n"
        ".set __vfork, vfork\n"
#endif
);

#endif
