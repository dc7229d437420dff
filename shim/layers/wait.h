/* Waiting on behalf of a call that waits anyway. */
#ifndef SOCKSHIM_WAIT_H
#define SOCKSHIM_WAIT_H

#include <stdbool.h>

/* Looks up what waits. Once, at start. */
void wait_begin(void);

/* Growing pauses until a time is over. */
struct patience {
    unsigned long long begin, end; /* now_ms() */
    unsigned pause, longest;
};
struct patience patience_of(unsigned ms, unsigned first_pause, unsigned longest_pause);

/* Whether a handler of this signal can let a call go on (SA_RESTART). Not where a person or a
 * timer ends a wait by it; and SIGPIPE is raised by the call itself, which it does not interrupt.
 */
bool is_restarted(int sig);

/* Waits the next pause, or what is left of the time; false where that is over, or a signal
 * handler ran meanwhile by which a call would have ended: one without SA_RESTART, or of a signal
 * that is meant to interrupt. One with that flag runs, in a thread that it is sent to, up to
 * 10 ms late. A cancellation point, async-signal-safe; errno is not kept. */
bool patience_wait(struct patience *p);

/* Milliseconds of a clock that only goes on. */
unsigned long long now_ms(void);

/* Whether the program lets calls on this descriptor wait: never on behalf of one that
 * does not, nor inside a seccomp filter. One system call. */
bool may_wait(int fd);

#endif
