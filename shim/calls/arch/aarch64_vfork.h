/* The wrapper of vfork() on aarch64: its child returns on this stack before the parent
 * does, so that no frame may be left on it. See calls/process.c. */
#ifndef SOCKSHIM_CALLS_ARCH_AARCH64_VFORK_H
#define SOCKSHIM_CALLS_ARCH_AARCH64_VFORK_H

__asm__(".text\n"
        ".globl vfork\n"
        ".type vfork, %function\n"
        "vfork:\n"
        ".cfi_startproc\n"
        "    hint #34\n" /* bti c */
        "    adrp x9, process_memory_shared\n"
        "    mov w10, #1\n"
        "    strb w10, [x9, #:lo12:process_memory_shared]\n"
        "    adrp x16, next+8\n"
        "    ldr x16, [x16, #:lo12:next+8]\n"
        "    br x16\n"
        ".cfi_endproc\n"
        ".size vfork, .-vfork\n"
#ifdef __GLIBC__
        ".globl __vfork\n"
        ".type __vfork, %function\n"
        ".set __vfork, vfork\n"
#endif
);

#endif
