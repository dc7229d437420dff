#include "observe/quiet.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* The peer's FIN and no answer due, as far as one question tells; or no TCP socket, whose
 * end is never loud. */
static bool ends_quietly(int fd)
{
    struct tcp_facts info;
    socklen_t len = sizeof info;
    memset(&info, 0, sizeof info);
    if (!ask(fd, IPPROTO_TCP, OPTION_TCP_INFO, &info, &len)) {
        return true;
    }
    if (len < offsetof(struct tcp_facts, dsack_dups) || !state_has_peer_fin(info.state)) {
        return false;
    }
    bool is_accepted =
        info.unacked == 0 && info.bytes_acked == info.bytes_sent - info.bytes_retrans;
    bool heard = info.bytes_received > 1 && info.last_data_sent >= info.last_data_recv;
    return info.state != TCP_STATE_CLOSE_WAIT || info.bytes_sent == 0 || is_accepted || heard;
}

/* Not a datagram's. */
static bool waits_quietly(int fd)
{
    int type = ask_int(fd, SOL_SOCKET, SO_TYPE);
    return type == SOCK_STREAM || type == SOCK_SEQPACKET || type < 0;
}

bool looks_quiet(enum call call, long ret, int err, const struct attempt *a)
{
    enum direction direction = call_traits[call].direction;
    if (process_is_caged()) {
        return false;
    }
    if (ret == 0 && settings.level > LEVEL_INFO) {
        return direction == RECEIVES && ends_quietly(a->fd);
    }
    bool skips_waiting = settings.level > LEVEL_DEBUG || settings_skips_cause(CAUSE_would_block);
    return err == EAGAIN && skips_waiting && !process_sets_timeouts() && direction == SENDS &&
           waits_quietly(a->fd);
}
