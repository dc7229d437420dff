/* A close that leaves something undone: data unread, a connect under way, an answer due.
 * Cold and async-signal-safe. */
#ifndef SOCKSHIM_CLOSING_H
#define SOCKSHIM_CLOSING_H

#include "base/hidden.h"

/* close(2) of what may be a TCP connection; logs what it leaves undone, if this was the
 * connection's last descriptor. Three system calls more at most, where nothing is. */
hidden int close_connection(int fd, const void *site);

#endif
