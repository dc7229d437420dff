/* What a signal interrupted, from the context that its handler is given (signal
 * handlers with SA_SIGINFO). */
#ifndef SOCKSHIM_INTERRUPTED_H
#define SOCKSHIM_INTERRUPTED_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Meaningful if a system call was what was interrupted, or had just returned. */
struct interrupted {
    long result; /* -4095 to -1 is a negated errno */
    long number; /* of the system call; -1: not known */
    long args[6];
};

/* arch_interrupted(context, &i) fills it in; args[0] only where
 * ARCH_KEEPS_FIRST_ARGUMENT. Async-signal-safe, no system call. */
#if defined(__x86_64__)
#include "base/arch/x86_64_signal.h"
#elif defined(__aarch64__)
#include "base/arch/aarch64_signal.h"
#elif defined(__i386__)
#include "base/arch/i386_signal.h"
#endif

#endif
