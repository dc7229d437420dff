/* A log that has reached SOCKSHIM_LOG_LIMIT becomes FILE.1, and a new one begins. */
#ifndef SOCKSHIM_ROTATE_H
#define SOCKSHIM_ROTATE_H

#include "tell/record.h"

/* Rotates the log, whose descriptor is `fd`, unless another thread or process is
 * about it or has done it, and makes that descriptor follow. Not in a vfork child.
 * Async-signal-safe. */
void rotate(int fd, const struct moment *m);

#endif
