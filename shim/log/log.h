/* A line to the log. Nothing here blocks, raises a signal, changes errno or
 * touches a descriptor that is not ours. Async-signal-safe. */
#ifndef SOCKSHIM_LOG_H
#define SOCKSHIM_LOG_H

#include "tell/record.h"

/* Writes a whole line, of what `what` points to, into a buffer of RECORD_SIZE bytes and
 * returns its length. It may be asked twice for the same line. */
typedef size_t log_composer(char *line, const void *what);

/* One line. One that could not be written is counted; the count is logged by the first
 * call that succeeds afterwards. */
void log_tell(log_composer *compose, const void *what);

/* When the program ends in order: what was lost is told, if it can be written by now.
 * Not in a vfork child, nor by a fork's child what its parent lost. */
void log_end(void);

/* Just before a seccomp filter is on: whether a bare write will be harmless. */
void log_enter_cage(void);

/* One line to standard error, or nothing if that would wait or raise a signal. Not
 * to a client: never if stderr_is_a_client(), nor to what is descriptor 2 only by now. */
void log_complain(const char *line, size_t len);

#endif
