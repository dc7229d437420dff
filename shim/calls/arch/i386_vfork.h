/* The wrapper of vfork() on 32-bit x86: its child returns on this stack before the parent
 * does, so that no frame may be left on it. See calls/process.c. */
#ifndef SOCKSHIM_CALLS_ARCH_I386_VFORK_H
#define SOCKSHIM_CALLS_ARCH_I386_VFORK_H

__asm__(".text\n"
        ".globl vfork\n"
        ".type vfork, @function\n"
        "vfork:\n"
        ".cfi_startproc\n"
        "    call 1f\n" /* to learn where we are */
        "1:  popl %ecx\n"
        "    addl $_GLOBAL_OFFSET_TABLE_+(.-1b), %ecx\n"
        "    movb $1, process_memory_shared@GOTOFF(%ecx)\n"
        "    jmp *next@GOTOFF+4(%ecx)\n"
        ".cfi_endproc\n"
        ".size vfork, .-vfork\n"
#ifdef __GLIBC__
        ".globl __vfork\n"
        ".type __vfork, @function\n"
        ".set __vfork, vfork\n"
#endif
);

#endif
