/* Only the result is replaced by a system call; its number is lost with it, but for
 * the instruction that put it there. */
#include <string.h>

enum { ARCH_KEEPS_FIRST_ARGUMENT = 1 };

/* `mov $number, %eax; syscall` stand before the address, as in most of the C library.
 * -1: they don't, or the page before would have to be read to tell. */
static inline long arch_number_before(uintptr_t at)
{
    unsigned char code[7];
    uint32_t number = 0;
    if ((at & 4095) < sizeof code) {
        return -1;
    }
    memcpy(code, (const void *)(at - sizeof code), sizeof code); /* NOLINT */
    memcpy(&number, code + 1, sizeof number);
    return code[0] == 0xb8 && code[5] == 0x0f && code[6] == 0x05 ? (long)number : -1;
}

static inline void arch_interrupted(const ucontext_t *context, struct interrupted *i)
{
    const greg_t *regs = context->uc_mcontext.gregs;
    i->result = regs[REG_RAX];
    i->number = i->result == -EPIPE ? arch_number_before((uintptr_t)regs[REG_RIP]) : -1;
    i->args[0] = regs[REG_RDI];
    i->args[1] = regs[REG_RSI];
    i->args[2] = regs[REG_RDX];
    i->args[3] = regs[REG_R10];
    i->args[4] = regs[REG_R8];
    i->args[5] = regs[REG_R9];
}
