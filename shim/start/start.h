/* What the wrappers need of start-up. Async-signal-safe, errno kept. */
#ifndef SOCKSHIM_SOCKSHIM_H
#define SOCKSHIM_SOCKSHIM_H

#include "base/process.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Settings and log, if the constructor has not run yet. false: it is too early
 * for that, and nothing is known yet. */
bool sockshim_begin(void);
extern atomic_bool sockshim_ready __attribute__((visibility("hidden")));
static inline bool sockshim_set_up(void)
{
    return atomic_load_explicit(&sockshim_ready, memory_order_acquire) || sockshim_begin();
}

/* The process has a socket, as from now: the first time, SIGPIPE is swallowed
 * and the start is logged. */
void sockshim_first_socket(void);
static inline void sockshim_has_socket(void)
{
    if (!process_has_socket()) {
        sockshim_first_socket();
    }
}

#endif
