/* Says whose doing it was that the kernel gave a connection up. */
#ifndef SOCKSHIM_TIMED_OUT_H
#define SOCKSHIM_TIMED_OUT_H

#include "base/change.h"

/* After ETIMEDOUT: whether it came by SOCKSHIM_DEAD_PEER, SOCKSHIM_KEEPALIVE or, for a
 * socket that does not wait, SOCKSHIM_CONNECT_TIMEOUT: then that is what handled() is to be
 * told, else its setting is SETTING_COUNT. ret: 0 for SO_ERROR, else -1.
 * waited_ms: how long a connect has, 0 if only the kernel knows. Async-signal-safe, errno kept. */
struct change timed_out(enum call call, long ret, const struct attempt *attempt,
                        unsigned waited_ms);

#endif
