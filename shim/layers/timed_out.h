/* Says whose doing it was that the kernel gave a connection up. */
#ifndef SOCKSHIM_TIMED_OUT_H
#define SOCKSHIM_TIMED_OUT_H

#include "base/facts.h"

/* After ETIMEDOUT: logs it if it came by SOCKSHIM_DEAD_PEER, SOCKSHIM_KEEPALIVE or, for a
 * socket that does not wait, SOCKSHIM_CONNECT_TIMEOUT. ret: 0 for SO_ERROR, else -1.
 * Async-signal-safe, errno kept. */
void timed_out(enum call call, long ret, const struct attempt *attempt);

#endif
