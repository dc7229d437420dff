#include "layers/timed_out.h"

#include "failure/handled.h"
#include "layers/layers.h"
#include "layers/limit.h"

#include <errno.h>

/* SETTING_COUNT: of none. */
static enum setting setting_behind(enum call call, const struct failure *failure, int fd,
                                   unsigned waited_ms)
{
    const struct handling *h = &settings.handling;
    bool is_connect = failure->cause == CAUSE_connect_timed_out;
    bool is_user_timeout = h->dead_peer_ms > 0 && failure->user_timeout_ms == h->dead_peer_ms;
    if (is_connect && call != CALL_connect && limit_is_ours(fd)) {
        return SETTING_CONNECT_TIMEOUT;
    }
    if (is_connect) {
        return is_user_timeout && limit_came_first(fd, h->dead_peer_ms, waited_ms)
                   ? SETTING_DEAD_PEER
                   : SETTING_COUNT;
    }
    if (failure->cause != CAUSE_connection_timed_out) {
        return SETTING_COUNT;
    }
    return is_user_timeout                         ? SETTING_DEAD_PEER
           : h->keeps_alive && failure->has_probed ? SETTING_KEEPALIVE
                                                   : SETTING_COUNT;
}

__attribute__((noinline)) struct change timed_out(enum call call, long ret, const struct attempt *a,
                                                  unsigned waited_ms)
{
    struct failure failure = failure_of(call, ret, ETIMEDOUT, a);
    return (struct change){.setting = (uint8_t)setting_behind(call, &failure, a->fd, waited_ms),
                           .call = (uint8_t)call,
                           .err = ETIMEDOUT,
                           .addrlen = (uint16_t)a->addrlen};
}
