/* A log that has reached SOCKSHIM_LOG_LIMIT becomes FILE.1, and a new one begins. */
#ifndef SOCKSHIM_ROTATE_H
#define SOCKSHIM_ROTATE_H

#include "tell/record.h"

/* Rotates the log, unless another thread or process is about it or has done it, and
 * goes over to what is FILE then. Async-signal-safe; no descriptor is opened but where
 * somebody took FILE.1 away or gave it another name besides. */
void rotate(const struct moment *m);

/* The errno by which a rotation was refused for good, the first time this is asked after
 * it; then, and as long as none was, 0. Async-signal-safe; no system call. */
int rotation_refused(void);

/* Before what may forbid this process to rename files (Landlock): what was prepared for a
 * rotation is removed; it is prepared anew if that can be. Async-signal-safe. */
void rotation_may_end(void);

#endif
