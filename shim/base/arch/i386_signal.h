/* Only the result is replaced by a system call, whether through the vDSO or by
 * int 0x80; its number is lost with it. The C library makes socket calls through
 * socketcall(2), whose arguments lie in memory. */
#include "base/raw.h"

#include <sys/uio.h>

enum { ARCH_KEEPS_FIRST_ARGUMENT = 1 };

/* Asked of the kernel, for write(2) may have had the operation's number as its
 * descriptor, and a pointer that nobody has read yet. */
static inline int arch_socketcall_fd(long operation, const void *arguments)
{
    int fd = -1;
    struct iovec to = {&fd, sizeof fd};
    struct iovec from = {(void *)arguments, sizeof fd};
    bool sends = operation == 9 || operation == 11 || operation == 16 || operation == 20;
    if (!sends || raw(SYS_process_vm_readv, raw(SYS_getpid), &to, 1, &from, 1, 0) != sizeof fd) {
        return -1;
    }
    return fd;
}

static inline void arch_interrupted(const ucontext_t *context, struct interrupted *i)
{
    const greg_t *regs = context->uc_mcontext.gregs;
    i->result = regs[REG_EAX];
    i->number = -1;
    i->args[0] = regs[REG_EBX];
    i->args[1] = regs[REG_ECX];
    i->args[2] = regs[REG_EDX];
    i->args[3] = regs[REG_ESI];
    i->args[4] = regs[REG_EDI];
    i->args[5] = regs[REG_EBP];
}
