/* A write that neither waits nor raises a signal, whatever the descriptor is open
 * on, and leaves its flags alone. Async-signal-safe. */
#ifndef SOCKSHIM_WRITE_H
#define SOCKSHIM_WRITE_H

#include "log/file.h"

#include <stddef.h>

/* Returns how many of the `len` bytes were written, or a negated errno: -EAGAIN
 * where the write would have to wait, -EFBIG where it would not fit under RLIMIT_FSIZE. `file` is
 * what `fd` is open on. */
long write_to(int fd, const struct file *file, const char *line, size_t len);

/* Whether a write to a file may raise SIGXFSZ (RLIMIT_FSIZE). One system call. */
bool file_size_is_limited(void);

/* That there is no such limit is not asked for before each write, but once after this:
 * when the program may have set one, and once a second, since another process may have. */
void file_size_limit_forget(void);

#endif
