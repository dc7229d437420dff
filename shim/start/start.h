/* What the wrappers need of start-up. Async-signal-safe, errno kept. */
#ifndef SOCKSHIM_SOCKSHIM_H
#define SOCKSHIM_SOCKSHIM_H

#include "base/hidden.h"
#include "base/process.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Settings and log, if the constructor has not run yet. false: it is too early
 * for that, and nothing is known yet. */
bool sockshim_begin(void);
extern hidden atomic_bool sockshim_ready;
static inline bool sockshim_set_up(void)
{
    return atomic_load_explicit(&sockshim_ready, memory_order_acquire) || sockshim_begin();
}

/* nodelay_force(); that the option is refused is said, once. */
void sockshim_force_nodelay(int fd);
/* With that errno; what is said of it. */
void sockshim_nodelay_refused(int err);

/* The process has a socket, as from now: the first time, SIGPIPE is swallowed
 * and the start is logged. by_own_call: made, accepted or connected by a call of the
 * program's, not inherited. fd: that socket, or -1; it has TCP_NODELAY then. */
void sockshim_first_socket(bool by_own_call, int fd);
extern hidden atomic_bool sockshim_early_socket; /* there was one before there were settings */
static inline void sockshim_has_socket(int fd)
{
    if (!process_calls_sockets()) {
        sockshim_first_socket(true, fd);
    }
}

/* What a layer has to tell as soon as there is a socket, or NULL; before, there is no log. */
extern hidden void (*sockshim_at_first_socket)(void);

/* There is, or is about to be, something to log: the first time, the log is opened. */
void sockshim_log_open(void);
extern hidden atomic_bool sockshim_log_opened;
static inline void sockshim_needs_log(void)
{
    if (!atomic_load_explicit(&sockshim_log_opened, memory_order_relaxed)) {
        sockshim_log_open();
    }
}

/* A seccomp filter is about to be put on, or kills for what is asked: from here on nothing is.
 * What may be needed then is found out now. Returns whether the process had none of its own
 * making before: process_enter_cage(). */
bool sockshim_enter_cage(void);

#endif
