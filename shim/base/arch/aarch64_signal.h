/* The result replaces the first argument, which is the descriptor nearly everywhere;
 * the number and all other arguments stay. */
enum { ARCH_KEEPS_FIRST_ARGUMENT = 0 };

static inline void arch_interrupted(const ucontext_t *context, struct interrupted *i)
{
    const unsigned long long *regs = context->uc_mcontext.regs;
    i->result = (long)regs[0];
    i->number = (long)regs[8];
    for (int n = 0; n < 6; n++) {
        i->args[n] = (long)regs[n];
    }
}

/* Whether the C library's function that made the system call was called by code in
 * [from, to): by x30 if it has no frame, else its frame and those above it are chained
 * by x29 (AAPCS64). Looks at three frames, just above the stack pointer. */
static inline bool arch_called_from(const ucontext_t *context, uintptr_t from, uintptr_t to)
{
    uintptr_t low = (uintptr_t)context->uc_mcontext.sp;
    uintptr_t frame = (uintptr_t)context->uc_mcontext.regs[29];
    uintptr_t caller = (uintptr_t)context->uc_mcontext.regs[30];
    if (caller >= from && caller < to) {
        return true;
    }
    for (int n = 0; n < 3 && frame >= low && frame - low < 1024 && frame % 16 == 0; n++) {
        const uintptr_t *record = (const uintptr_t *)frame; /* NOLINT */
        if (record[1] >= from && record[1] < to) {
            return true;
        }
        low = frame;
        frame = record[0];
    }
    return false;
}
