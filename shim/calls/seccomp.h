/* Entering a seccomp filter, by prctl or by syscall(), and what else a program forbids itself. */
#ifndef SOCKSHIM_SECCOMP_H
#define SOCKSHIM_SECCOMP_H

#include <stdbool.h>

/* include/uapi/linux/seccomp.h, which not every C library has: of prctl, and of seccomp. */
enum { PRCTL_STRICT = 1, SECCOMP_STRICT = 0 };

/* filter: where it is; 0 where the program only asks whether there is such a call.
 * Just before the call that puts the filter on, or lets this thread enter strict mode. Returns
 * whether the process had none of its own making before: seccomp_fails(), with that, takes
 * back what is to be taken back if the call fails. Async-signal-safe. */
bool seccomp_enter(bool is_strict, unsigned long filter);
void seccomp_fails(bool first);
/* Just before a thread forbids itself the cycle counter. Async-signal-safe. */
void seccomp_go_without_counter(void);

#endif
