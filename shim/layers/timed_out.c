#include "layers/timed_out.h"

#include "failure/handled.h"
#include "layers/layers.h"
#include "layers/limit.h"

#include <errno.h>

/* SETTING_COUNT: of none. */
static enum setting setting_behind(enum call call, const struct failure *failure, int fd)
{
    const struct handling *h = &settings.handling;
    bool is_user_timeout = h->dead_peer_ms > 0 && failure->user_timeout_ms == h->dead_peer_ms;
    if (failure->cause == CAUSE_connect_timed_out && call != CALL_connect && limit_is_ours(fd)) {
        return SETTING_CONNECT_TIMEOUT;
    }
    if (failure->cause == CAUSE_connect_timed_out || failure->cause == CAUSE_connection_timed_out) {
        if (is_user_timeout) {
            return SETTING_DEAD_PEER;
        }
        if (h->keeps_alive && failure->has_probed) {
            return SETTING_KEEPALIVE;
        }
    }
    return SETTING_COUNT;
}

__attribute__((noinline)) struct change timed_out(enum call call, long ret, const struct attempt *a)
{
    struct failure failure = failure_of(call, ret, ETIMEDOUT, a);
    return (struct change){.setting = (uint8_t)setting_behind(call, &failure, a->fd),
                           .call = (uint8_t)call,
                           .err = ETIMEDOUT,
                           .addrlen = (uint16_t)a->addrlen};
}
