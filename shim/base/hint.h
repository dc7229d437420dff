/* Which descriptors may be TCP sockets that this process made or accepted: a bit for each,
 * set when that happens. A number may have become another file. Then a question more is
 * asked when it is closed; and if it is a socket that came past the wrappers, by io_uring
 * or by number, it does not get TCP_NODELAY, nor keepalive, when it connects. Async-signal-safe. */
#ifndef SOCKSHIM_HINT_H
#define SOCKSHIM_HINT_H

#include "base/hidden.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { HINTS = 1 << 16 }; /* none for a higher number */
extern hidden _Atomic uint64_t hints[HINTS / 64];

static inline bool hint_bit(_Atomic uint64_t *bits, int fd)
{
    return (unsigned)fd < HINTS &&
           atomic_load_explicit(&bits[fd / 64], memory_order_relaxed) >> fd % 64 & 1;
}

static inline bool hint_is_set(int fd)
{
    return hint_bit(hints, fd);
}

/* Whether none of the 64 that are told in one word has a hint. */
static inline bool hints_are_clear_around(int fd)
{
    return atomic_load_explicit(&hints[fd / 64], memory_order_relaxed) == 0;
}

/* Of a new socket. */
void hint_set(int fd);
void hint_clear(int fd);

/* Which of them are connections that the peer closed, and of which all has been read: so
 * that there is nothing to ask when one is closed. */
extern hidden _Atomic uint64_t hints_ended[HINTS / 64];
static inline bool hint_has_ended(int fd)
{
    return hint_bit(hints_ended, fd);
}

/* Those of which the program has shut down a side. */
extern hidden _Atomic uint64_t hints_shut[HINTS / 64];
static inline bool hint_is_shut(int fd)
{
    return hint_bit(hints_shut, fd);
}

/* No effect on a descriptor that has no hint. */
void hint_end(int fd);
void hint_end_is_over(int fd);
void hint_shut(int fd);
void hint_shut_is_over(int fd);

#endif
