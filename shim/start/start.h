/* What the wrappers need of start-up. Async-signal-safe, errno kept. */
#ifndef SOCKSHIM_SOCKSHIM_H
#define SOCKSHIM_SOCKSHIM_H

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
extern atomic_bool sockshim_socket_seen __attribute__((visibility("hidden")));
static inline void sockshim_has_socket(void)
{
    if (!atomic_load_explicit(&sockshim_socket_seen, memory_order_relaxed)) {
        sockshim_first_socket();
    }
}

/* There is, or is about to be, something to log: the first time, the log is opened. */
void sockshim_log_open(void);
extern atomic_bool sockshim_log_opened __attribute__((visibility("hidden")));
static inline void sockshim_needs_log(void)
{
    if (!atomic_load_explicit(&sockshim_log_opened, memory_order_relaxed)) {
        sockshim_log_open();
    }
}

/* Whether a wish for SIGPIPE's default action is to be refused by now. */
bool sockshim_forces_sigpipe(void);

/* Puts TCP_NODELAY on a TCP socket that may not have it. */
void force_nodelay(int fd);

/* calls/signal.c. Puts our handler in the place of SIGPIPE's default action; from a
 * handler of the program's it takes SA_RESETHAND off. Nothing in a cage. */
void sigpipe_swallow(void);
/* Whether our handler is there, which means that the default would have been.
 * One system call; false if it fails. */
bool sigpipe_is_swallowed(void);

#endif
