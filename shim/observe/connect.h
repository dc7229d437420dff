/* How long a connect is under way, or was when the kernel gave it up. Async-signal-safe; no system
 * call. */
#ifndef SOCKSHIM_OBSERVE_CONNECT_H
#define SOCKSHIM_OBSERVE_CONNECT_H

#include "base/facts.h"
#include "base/kernel.h"

/* Of a TCP socket that never had a connection: waited_ms in milliseconds, send_failed; as they are
 * where nothing is to be known. */
hidden void find_connect(struct facts *f, const struct tcp_facts *info);

#endif
