/* What TCP_NODELAY may have been good for on a connection. Async-signal-safe; no system call. */
#ifndef SOCKSHIM_NAGLE_H
#define SOCKSHIM_NAGLE_H

#include "base/hidden.h"
#include "base/kernel.h"

#include <stdint.h>

/* How many exchanges may have been sent as several small segments one after the other, of which
 * Nagle's algorithm (RFC 896) holds back all but the first until the peer has acknowledged it, and
 * the peer delays that, waiting for the rest (RFC 1122, 4.2.3.2). 0: few, or not to be known, or
 * the program has seen to it itself. */
hidden uint32_t nagle_spared(const struct tcp_facts *info);

#endif
