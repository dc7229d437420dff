/* The time of calls that are recorded, at half the price: by the processor's cycle counter,
 * which goes on from a time of the kernel's for about a millisecond. Where the kernel does not
 * go by that counter itself, it is the clock's. */
#ifndef SOCKSHIM_CYCLES_H
#define SOCKSHIM_CYCLES_H

#include "base/clock.h"

#ifdef __x86_64__

/* Once, at start-up: looks whether the kernel trusts the counter; three system calls. Before
 * that it is not used. */
void cycles_begin(void);
/* It may not be read any more, as clock_go_without_counter(). */
void cycles_end(void);
/* Nanoseconds since 1970, as clock_nanoseconds(), to about half a microsecond.
 * Async-signal-safe, and no system call where the vDSO needs none. */
int64_t cycles_time(void);

#else

static inline void cycles_begin(void)
{
}
static inline void cycles_end(void)
{
}
static inline int64_t cycles_time(void)
{
    return clock_nanoseconds();
}

#endif
#endif
