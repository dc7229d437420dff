/* A line to the log. Nothing here blocks, raises a signal, changes errno or
 * touches a descriptor that is not ours. Async-signal-safe. */
#ifndef SOCKSHIM_LOG_H
#define SOCKSHIM_LOG_H

#include "tell/record.h"

/* One whole line. A line that could not be written is counted; the count is
 * logged by the first call that succeeds afterwards. `line` is a buffer of
 * RECORD_SIZE bytes, used again for that. */
void log_write(char *line, size_t len, const struct moment *m);

/* Just before a seccomp filter is on: whether a bare write will be harmless. */
void log_enter_cage(void);

/* One line to standard error, or nothing if that would wait or raise a signal. Not
 * to a client: never if descriptor 2 is an IP socket. */
void log_complain(const char *line, size_t len);

#endif
