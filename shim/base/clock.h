/* The time, from the vDSO or the kernel: the C library's clock_gettime may be another
 * preload's, which takes locks or tells another time. */
#ifndef SOCKSHIM_CLOCK_H
#define SOCKSHIM_CLOCK_H

#include <stdint.h>

struct clock_time { /* struct __kernel_timespec */
    int64_t tv_sec, tv_nsec;
};

/* Once, at start-up: finds the vDSO's function. Before, and where there is none, the
 * time costs a system call. */
void clock_begin(void);
/* CLOCK_REALTIME. Async-signal-safe; no system call where the vDSO needs none. */
struct clock_time clock_now(void);

#endif
