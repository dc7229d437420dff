/* Which descriptors may be TCP sockets that this process made or accepted: a byte for each,
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

/* ENDED: a connection that the peer closed, and of which all has been read, so that there is
 * nothing to ask when it is closed. SHUT: the program has shut down a side. RECORDED: for
 * layers/recording.c alone. */
enum { HINT_SET = 1, HINT_ENDED = 2, HINT_SHUT = 4, HINT_RECORDED = 8 };
extern hidden _Atomic uint8_t hints[HINTS];

static inline unsigned hints_of(int fd)
{
    return (unsigned)fd < HINTS ? atomic_load_explicit(&hints[fd], memory_order_relaxed) : 0;
}

/* No effect on a number for which there is none. */
void hint_put_on(int fd, unsigned hint);
void hint_take_off(int fd, unsigned hint);

static inline bool hint_is_set(int fd)
{
    return hints_of(fd) & HINT_SET;
}

/* No number from here on has been set. */
int hints_end(void);

/* Of a new socket. */
void hint_set(int fd);
void hint_clear(int fd);

static inline bool hint_has_ended(int fd)
{
    return hints_of(fd) & HINT_ENDED;
}

static inline bool hint_is_shut(int fd)
{
    return hints_of(fd) & HINT_SHUT;
}

static inline void hint_end_is_over(int fd)
{
    if (hint_has_ended(fd)) {
        hint_take_off(fd, HINT_ENDED);
    }
}

/* No effect on a descriptor that has no hint. */
void hint_end(int fd);
void hint_shut(int fd);
void hint_shut_is_over(int fd);

#endif
