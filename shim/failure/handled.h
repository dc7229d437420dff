/* What the layers need of the log. Everything here is cold and async-signal-safe. */
#ifndef SOCKSHIM_HANDLED_H
#define SOCKSHIM_HANDLED_H

#include "base/change.h"
#include "base/hidden.h"

/* Logs (event=handled) that the program was given something else than it would have
 * seen. addr: what the call was given, or NULL. Keeps errno, and returns
 * `result`: a layer that ends with this call is left by a jump, and is not on the stack any
 * more while the line is written. */
hidden int handled(int fd, const struct sockaddr *addr, struct change change, int result);
/* For calls that move data: a jump needs the same type. Returns -1. */
hidden long handled_moving(int fd, struct change change);

/* The same for a failed receive that the program is given as an end (SOCKSHIM_RESET).
 * The last four are members of its struct attempt. Returns 0. */
hidden long handled_as_end(enum call call, int err, int fd, int flags, const void *data, int other);

/* What is behind a failure, as far as layers have to know. */
struct failure {
    enum cause cause;
    bool is_socket; /* false: nothing else is known */
    uint64_t timeout_us;
    uint32_t user_timeout_ms;
    uint32_t waited_ms; /* of a connect that timed out; 0: not known */
    bool has_probed;    /* keepalive probes went unanswered */
};

/* Asks the kernel. Keeps errno; leaves the socket's pending error alone. */
hidden struct failure failure_of(enum call call, long ret, int err, const struct attempt *attempt);

#endif
