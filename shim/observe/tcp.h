/* TCP's own account of a connection (TCP_INFO), as payload: without SYN and FIN. */
#ifndef SOCKSHIM_TCP_H
#define SOCKSHIM_TCP_H

#include "base/facts.h"

/* Fills in state and figures of the socket facts->fd; two to four system calls.
 * Returns whether it is a TCP or MPTCP socket. Async-signal-safe. */
bool find_tcp(struct facts *facts);

#endif
