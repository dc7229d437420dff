#include "observe/quiet.h"

#include "base/ask.h"
#include "base/hint.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/tally.h"
#include "observe/nagle.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

static bool ask_tcp(int fd, struct tcp_facts *info)
{
    socklen_t len = sizeof *info;
    memset(info, 0, sizeof *info);
    info->snd_wnd = UINT32_MAX; /* Linux 5.4 and later tell */
    if (!ask(fd, IPPROTO_TCP, OPTION_TCP_INFO, info, &len)) {
        return false;
    }
    if (len < offsetof(struct tcp_facts, dsack_dups)) {
        info->state = 0;
    }
    return true;
}

static bool answer_may_be_due(const struct tcp_facts *info)
{
    bool is_accepted =
        info->unacked == 0 && info->bytes_acked == info->bytes_sent - info->bytes_retrans;
    bool heard = info->bytes_received > 1 && info->last_data_sent >= info->last_data_recv;
    return info->bytes_sent > 0 && !is_accepted && !heard;
}

/* The peer's FIN and no answer due, as far as one question tells; or no TCP socket, whose
 * end is never loud. */
static bool ends_quietly(int fd)
{
    struct tcp_facts info;
    if (!ask_tcp(fd, &info)) {
        return true;
    }
    return state_has_peer_fin(info.state) &&
           (info.state != TCP_STATE_CLOSE_WAIT || !answer_may_be_due(&info));
}

/* States in which closing with data unread, or not lingering, sends RST: net/ipv4/tcp.c,
 * __tcp_close() and tcp_need_reset(). */
static bool may_reset(unsigned state)
{
    return state == TCP_STATE_ESTABLISHED || state == TCP_STATE_CLOSE_WAIT ||
           state == TCP_STATE_FIN_WAIT1 || state == TCP_STATE_FIN_WAIT2;
}

/* SO_LINGER, and 0 seconds. */
static bool lingers_not(int fd)
{
    struct linger linger = {0, 0};
    socklen_t len = sizeof linger;
    return ask(fd, SOL_SOCKET, SO_LINGER, &linger, &len) && linger.l_onoff && linger.l_linger == 0;
}

/* What the program wrote does not go out, or is not acknowledged. */
static bool may_stand_still(const struct tcp_facts *info)
{
    bool is_held_up =
        info->notsent_bytes > 0 && (info->snd_wnd == 0 || info->last_data_sent >= LEAST_WAIT_MS);
    return is_held_up || info->retransmits >= LEAST_TRIES;
}

/* Nothing was ever said on it, and it was open for a while: net/ipv4/tcp_input.c,
 * tcp_finish_connect() begins both times. */
static bool was_mute(const struct tcp_facts *info)
{
    return info->bytes_sent == 0 && info->bytes_received == 0 && info->notsent_bytes == 0 &&
           info->last_data_recv >= LEAST_SILENCE_MS && info->state != TCP_STATE_CLOSE_WAIT;
}

bool closes_quietly(int fd)
{
    struct tcp_facts info;
    int unread = 0;
    if (!ask_tcp(fd, &info)) {
        hint_clear(fd);
        return true;
    }
    if (!may_reset(info.state)) { /* a connect may wait for data: TCP_FASTOPEN_CONNECT */
        return info.state != TCP_STATE_SYN_SENT || info.segs_out == 0;
    }
    bool waited = info.state != TCP_STATE_CLOSE_WAIT && info.last_data_sent >= LEAST_WAIT_MS &&
                  answer_may_be_due(&info);
    bool is_read = raw(SYS_ioctl, fd, FIONREAD, &unread) < 0 || unread == 0;
    bool is_quiet = !waited && !was_mute(&info) && !may_stand_still(&info) && is_read &&
                    !(process_sets_linger() && lingers_not(fd)) &&
                    (!tally_is_kept() || nagle_spared(&info) == 0);
    return is_quiet || ask_int(fd, IPPROTO_TCP, OPTION_TCP_REPAIR) > 0; /* then it says nothing */
}

uint32_t exchanges_spared(int fd)
{
    struct tcp_facts info;
    return ask_tcp(fd, &info) ? nagle_spared(&info) : 0;
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
    if (ret == 0) {
        return direction == RECEIVES && ends_quietly(a->fd);
    }
    bool skips_waiting = settings.level > LEVEL_DEBUG || settings_skips_cause(CAUSE_would_block);
    return err == EAGAIN && skips_waiting && !process_sets_timeouts() && direction == SENDS &&
           waits_quietly(a->fd);
}
