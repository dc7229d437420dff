/* Which descriptors may be TCP connections that this process made or accepted: a bit for
 * each, set when that happens. Nothing but a question that is saved depends on its being
 * right: a number may have become another file. Async-signal-safe. */
#ifndef SOCKSHIM_HINT_H
#define SOCKSHIM_HINT_H

#include "base/hidden.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { HINTS = 1 << 16 }; /* none for a higher number */
extern hidden _Atomic uint64_t hints[HINTS / 64];

static inline bool hint_is_set(int fd)
{
    return (unsigned)fd < HINTS &&
           atomic_load_explicit(&hints[fd / 64], memory_order_relaxed) >> fd % 64 & 1;
}

void hint_set(int fd);
void hint_clear(int fd);

#endif
