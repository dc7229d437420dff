/* A log that has reached SOCKSHIM_LOG_LIMIT becomes FILE.1, and a new one begins. */
#ifndef SOCKSHIM_ROTATE_H
#define SOCKSHIM_ROTATE_H

#include "tell/record.h"

/* Rotates the log, unless another thread or process is about it or has done it, and
 * goes over to what is FILE then. Async-signal-safe; no descriptor is opened but where
 * somebody took FILE.1 away or gave it another name besides. */
void rotate(const struct moment *m);

#endif
