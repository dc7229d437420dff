#include "layers/timed_out.h"

#include "failure/handled.h"
#include "layers/layers.h"
#include "layers/limit.h"

#include <errno.h>

/* SETTING_COUNT: of none. */
static enum setting setting_of_connect(enum call call, const struct failure *failure, int fd,
                                       unsigned waited_ms)
{
    unsigned dead_peer_ms = settings.handling.dead_peer_ms;
    if (call != CALL_connect && limit_is_ours(fd)) {
        return SETTING_CONNECT_TIMEOUT;
    }
    return dead_peer_ms > 0 && failure->user_timeout_ms == dead_peer_ms &&
                   limit_came_first(fd, dead_peer_ms, waited_ms)
               ? SETTING_DEAD_PEER
               : SETTING_COUNT;
}

static enum setting setting_of_connection(const struct failure *failure)
{
    const struct handling *h = &settings.handling;
    return h->dead_peer_ms > 0 && failure->user_timeout_ms == h->dead_peer_ms ? SETTING_DEAD_PEER
           : h->keeps_alive && failure->has_probed                            ? SETTING_KEEPALIVE
                                                                              : SETTING_COUNT;
}

/* The kernel's timer cuts its last interval short (tcp_clamp_rto_to_user_timeout()). */
static uint32_t waited_in_kernel(const struct failure *failure)
{
    uint32_t most = failure->user_timeout_ms;
    return most > 0 && most < failure->waited_ms ? most : failure->waited_ms;
}

__attribute__((noinline)) struct change timed_out(enum call call, long ret, const struct attempt *a,
                                                  unsigned waited_ms)
{
    struct failure failure = failure_of(call, ret, ETIMEDOUT, a);
    struct change c = {.setting = SETTING_COUNT,
                       .call = (uint8_t)call,
                       .err = ETIMEDOUT,
                       .addrlen = (uint16_t)a->addrlen};
    if (failure.cause == CAUSE_connect_timed_out) {
        c.waited_ms = waited_ms > 0 ? waited_ms : waited_in_kernel(&failure);
        c.setting = (uint8_t)setting_of_connect(call, &failure, a->fd, c.waited_ms);
    } else if (failure.cause == CAUSE_connection_timed_out) {
        c.setting = (uint8_t)setting_of_connection(&failure);
    }
    return c;
}
