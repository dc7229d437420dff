/* A close, or the program's end, that leaves something undone: data unread, a connect under
 * way, an answer due. Cold and async-signal-safe. */
#ifndef SOCKSHIM_CLOSING_H
#define SOCKSHIM_CLOSING_H

#include "base/hidden.h"

#include <stdbool.h>

/* close(2) of what may be a TCP connection, by its name or through syscall(); logs what it
 * leaves undone, if this was the connection's last descriptor. Three system calls more at
 * most, where nothing is. */
hidden int close_connection(int fd, const void *site, bool by_number);

/* As the program called it. Another preload's close() that calls syscall() comes by here twice. */
hidden int close_plainly(int fd, bool by_number);

/* As close_connection(), for all connections that are open when the program ends in order:
 * the 256 with the lowest numbers. Nothing where another process may have them as well. */
hidden void end_connections(void);

#endif
