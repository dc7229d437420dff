/* Entering a seccomp filter, by prctl or by syscall(). */
#ifndef SOCKSHIM_SECCOMP_H
#define SOCKSHIM_SECCOMP_H

#include <stdbool.h>

/* Just before the call that puts the filter on, or lets this thread enter strict mode. Returns
 * whether the process had none of its own making before: seccomp_fails(), with that, takes
 * back what is to be taken back if the call fails. Async-signal-safe. */
bool seccomp_enter(bool is_strict);
void seccomp_fails(bool first);

#endif
