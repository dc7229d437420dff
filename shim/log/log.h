/* A line to the log. Nothing here blocks, raises a signal, changes errno or
 * touches a descriptor that is not ours. Async-signal-safe. */
#ifndef SOCKSHIM_LOG_H
#define SOCKSHIM_LOG_H

#include "base/hidden.h"

#include <stdatomic.h>

#include "tell/record.h"

/* Once, after the settings are read. Returns 0, or the errno that opening the
 * log gave: it is then tried again once a second. */
int log_open(void);

/* Whether there is a descriptor to write to. It may be somebody else's by now:
 * log_write() finds out. */
bool log_is_open(void);

/* One whole line. A line that could not be written is counted; the count is
 * logged by the first call that succeeds afterwards. `line` is a buffer of
 * RECORD_SIZE bytes, used again for that. */
void log_write(char *line, size_t len, const struct moment *m);

/* Just before a seccomp filter is on: whether a bare write will be harmless. */
void log_enter_cage(void);

/* One line to standard error, or nothing if that cannot be done in peace. Not
 * to a client: never if descriptor 2 is an IP socket. */
void log_complain(const char *line, size_t len);

/* Whether `fd` is the log's own descriptor, and still open on the log. One
 * compare, and a system call only if the numbers agree. */
bool log_owns(int fd);
/* Whether it may be: what the wrappers ask of every descriptor. */
extern hidden atomic_int log_number;
static inline bool log_may_own(int fd)
{
    return fd == atomic_load_explicit(&log_number, memory_order_relaxed);
}
/* Out of the way of a dup2 onto it. false: it stays, for no number is left. */
bool log_move(void);

#endif
