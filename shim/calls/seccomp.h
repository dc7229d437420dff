/* Entering a seccomp filter, by prctl or by syscall(). */
#ifndef SOCKSHIM_SECCOMP_H
#define SOCKSHIM_SECCOMP_H

#include <stdbool.h>

/* Just before the call that puts the filter on. Returns whether the process had none
 * of its own making before: then seccomp_leave() takes it back if the call fails.
 * Async-signal-safe. */
bool seccomp_enter(void);
void seccomp_leave(void);

#endif
