#include "tell/wanted.h"

#include "tell/cause.h"

#include <errno.h>

/* A question whether there is a socket or a connection, and the answer is no. A packet
 * socket never has one (net/packet/af_packet.c). Who has a listening socket for a connection
 * asks for its peer: failure/failed.c, finds_no_peer(). */
static bool finds_none(enum call call, int err)
{
    bool asks_for_peer = call == CALL_getpeername;
    return call_only_asks(call) && (err == ENOTSOCK || (err == ENOTCONN && !asks_for_peer) ||
                                    (err == EOPNOTSUPP && asks_for_peer));
}

static bool settings_want(enum call call, long ret, int err, bool can_time_out)
{
    if (settings_skips_errno(err)) {
        return false;
    }
    if (ret < 0 && finds_none(call, err)) {
        return false;
    }
    if (err == EAGAIN && !can_time_out && call != CALL_connect &&
        settings_skips_cause(CAUSE_would_block) &&
        (!may_send(call) || settings_skips_cause(CAUSE_message_not_sent))) {
        return false;
    }
    return cause_loudest(call, ret, err, can_time_out) >= settings.level;
}

bool is_wanted_in_log(enum call call, long ret, int err)
{
    return settings.logging && !settings_skips_call(call) &&
           settings_want(call, ret, err, process_sets_timeouts());
}

bool is_wanted(enum call call, long ret, int err)
{
    return settings.recording ? !(ret < 0 && finds_none(call, err))
                              : is_wanted_in_log(call, ret, err);
}

uint64_t errnos_unwanted[2][2][ERRNO_MAX / 64 + 1];

void wanted_begin(void)
{
    bool all = settings.level == LEVEL_DEBUG && !settings.skips;
    if (all || settings.recording) { /* all of them are wanted */
        return;
    }
    for (int err = 1; err <= ERRNO_MAX; err++) {
        for (int can_time_out = 0; can_time_out < 2; can_time_out++) {
            if (!settings_want(CALL_recv, -1, err, can_time_out)) {
                errnos_unwanted[0][can_time_out][err / 64] |= (uint64_t)1 << err % 64;
            }
            if (!settings_want(CALL_send, -1, err, can_time_out)) {
                errnos_unwanted[1][can_time_out][err / 64] |= (uint64_t)1 << err % 64;
            }
        }
    }
}
