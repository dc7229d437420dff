/* The time, from the vDSO or the kernel: the C library's clock_gettime may be another
 * preload's, which takes locks or tells another time. */
#ifndef SOCKSHIM_CLOCK_H
#define SOCKSHIM_CLOCK_H

#include "base/hidden.h"

#include <stdbool.h>
#include <stdint.h>

struct clock_time { /* struct __kernel_timespec */
    int64_t tv_sec, tv_nsec;
};

/* Once, at start-up: finds the vDSO's function. Before, and where there is none, the
 * time costs a system call. */
void clock_begin(void);
/* CLOCK_REALTIME. Async-signal-safe; no system call where the vDSO needs none. */
struct clock_time clock_now(void);
/* The same in nanoseconds since 1970. */
int64_t clock_nanoseconds(void);
/* CLOCK_MONOTONIC_RAW, in nanoseconds: nobody sets it, and it is not slewed. */
int64_t clock_steady(void);

/* A thread is about to be without the processor's cycle counter, which the vDSO reads: in strict
 * seccomp(2), or by prctl(2), PR_SET_TSC. From then on the time is that of the kernel's last tick.
 */
void clock_go_without_counter(void);
/* False from then on, and where the program was started without it. */
bool clock_has_counter(void);

#endif
