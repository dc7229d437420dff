#include "observe/tcp.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/raw.h"
#include "base/shut.h"
#include "base/tally.h"
#include "observe/by_errno.h"
#include "observe/connect.h"
#include "observe/nagle.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

/* struct tcp_zerocopy_receive of include/uapi/linux/tcp.h, as far as Linux 5.7 has it. */
struct zerocopy_receive {
    uint64_t address;
    uint32_t length, skip, waiting;
};
enum { ZEROCOPY_OLD_SIZE = 16, ZEROCOPY_SIZE = 20 };

/* With a page or more unread (before Linux 5.7: always) it wants an address that is mapped
 * from the socket. Asked for none of it, it says EIO all the same once the peer's FIN has
 * come. */
static enum known ask_fin_behind_page(int fd)
{
    long at = raw(RAW_MMAP, 0, 1, PROT_READ, MAP_SHARED, fd, 0);
    if (raw_failed(at)) {
        return UNKNOWN;
    }
    struct zerocopy_receive request = {(unsigned long)at, 0, 0, 0};
    socklen_t len = ZEROCOPY_OLD_SIZE;
    long result = raw(SYS_getsockopt, fd, IPPROTO_TCP, OPTION_TCP_ZEROCOPY_RECEIVE, &request, &len);
    raw(SYS_munmap, at, 1);
    return result == -EIO ? YES : result == 0 && request.skip == 0 ? NO : UNKNOWN;
}

/* Asked for after an error (by_errno.c), and known already. */
static void keep_unread(struct facts *f, uint32_t bytes)
{
    if (f->err != 0 && talks(f)) {
        f->queued = bytes;
        f->has_queued = true;
    }
}

/* In state CLOSE the kernel says only here whether the peer's FIN had come:
 * net/ipv4/tcp.c, tcp_zerocopy_receive(). EIO: the queue is drained, and the socket is done.
 * Else what waits is counted without the FIN in `skip`, as FIONREAD counts it, and with it in
 * `waiting` (Linux 5.7 and later). An urgent byte, too, makes a difference. It leaves a pending
 * error alone, and takes nothing. */
static enum known ask_fin_seen(struct facts *f)
{
    struct zerocopy_receive request = {0, 0, 0, 0};
    socklen_t len = ZEROCOPY_SIZE;
    long result =
        raw(SYS_getsockopt, f->fd, IPPROTO_TCP, OPTION_TCP_ZEROCOPY_RECEIVE, &request, &len);
    if (result == -EINVAL) {
        return ask_fin_behind_page(f->fd);
    }
    if (result == 0 || result == -EIO) {
        keep_unread(f, request.skip);
    }
    if (result == -EIO) {
        return YES;
    }
    if (result < 0 || (len < ZEROCOPY_SIZE && request.skip > 0)) {
        return UNKNOWN;
    }
    if (request.skip == 0 || request.waiting == request.skip) {
        return NO;
    }
    struct pollfd p = {.fd = f->fd, .events = POLLPRI};
    bool is_urgent = raw_poll_now(&p) < 0 || p.revents & POLLPRI;
    return request.waiting == request.skip + 1 && !is_urgent ? YES : UNKNOWN;
}

/* A reset is told as one only before the peer's FIN, or after this program's own one as well
 * (net/ipv4/tcp_input.c, tcp_reset()). A FIN is counted as a byte received. */
static bool no_fin_came(const struct facts *f, const struct tcp_facts *info)
{
    bool before_fin = f->err == ECONNRESET && f->shut_writing == NO && info->data_segs_in > 0;
    return info->bytes_received == 0 || before_fin;
}

static bool peer_fin_counted(const struct facts *f)
{
    return state_has_peer_fin(f->state) || (f->state == TCP_STATE_CLOSE && f->fin_seen == YES);
}

/* Whether this program's FIN was sent, or waits behind the rest. In state CLOSE, if
 * the program was not seen to shut down its writing side, the sequence numbers tell:
 * what was acknowledged and what is in flight exceeds the payload by one for the SYN,
 * which only the side that connected counts, and by one for a FIN. One alone may be
 * either, and what is not sent may end with the FIN. */
static enum known own_fin(const struct facts *f, uint64_t excess, uint32_t unsent)
{
    if (f->state != TCP_STATE_CLOSE) {
        return state_has_own_fin(f->state) ? YES : NO;
    }
    if (f->shut_writing != UNKNOWN) {
        return f->shut_writing == YES || excess == 2 ? YES : NO;
    }
    return excess == 2 ? YES : excess == 0 && unsent == 0 ? NO : UNKNOWN;
}

/* A process without sockshim may have shut the socket down, which nobody has noted: its FIN is a
 * segment that was delivered, or is on its way, beside those with data and the SYN or SYN-ACK. */
static bool may_be_fin_of_others(const struct facts *f, const struct tcp_facts *info,
                                 uint32_t unacked)
{
    uint64_t segments = (uint64_t)info->delivered + unacked;
    return f->state == TCP_STATE_CLOSE && f->own_fin == NO && info->total_retrans == 0 &&
           unacked <= 1 && segments > (uint64_t)info->data_segs_out + 1;
}

/* The side that connected counts its SYN. A count that fits neither was not of one
 * moment, or is wrong: payload_acked(). */
static enum side side_of(const struct facts *f, const struct tcp_facts *info, uint64_t excess,
                         uint32_t unacked)
{
    uint64_t fin = f->own_fin == YES;
    bool waits = fin && info->notsent_bytes > 0; /* it goes last */
    if (f->own_fin == UNKNOWN || waits || (excess != fin && excess != fin + 1) ||
        (excess == 1 && may_be_fin_of_others(f, info, unacked))) {
        return SIDE_UNKNOWN;
    }
    return excess > fin ? CONNECTED : ACCEPTED;
}

/* Where it surely has been: by the state, or, in CLOSE, because it goes last and nothing waits. */
static bool own_fin_acked(const struct facts *f)
{
    bool over = f->state == TCP_STATE_CLOSE && f->own_fin == YES && f->unacked + f->unsent == 0;
    return over || f->state == TCP_STATE_FIN_WAIT2 || f->state == TCP_STATE_TIME_WAIT;
}

/* This program's FIN, which is the last thing to go and to be acknowledged. */
static void take_off_fin(struct facts *f)
{
    if (f->unsent > 0) {
        f->unsent--;
    } else if (f->unacked > 0) {
        f->unacked--;
    }
}

/* In state CLOSE, where the count of segments in flight says nothing: with one byte more than
 * the payload acknowledged, which without a FIN is a SYN of this side's, the payload was, too:
 * bytes_sent may count too much of it (payload_acked()), never too little. Without that byte it
 * was if each segment was delivered that was sent, and the SYN or the SYN-ACK. */
static bool all_is_acked(const struct facts *f, const struct tcp_facts *info)
{
    uint64_t excess = info->bytes_acked - (info->bytes_sent - info->bytes_retrans);
    bool all_delivered =
        info->total_retrans == 0 && info->delivered == (uint64_t)info->data_segs_out + 1;
    return f->shut_writing == NO && (excess == 1 || (excess == 0 && all_delivered));
}

/* What is written and not acknowledged. With nothing in flight it is what is not sent: no
 * question. */
static uint32_t output_queue(const struct facts *f, const struct tcp_facts *info)
{
    int queue = 0;
    bool all_acked = f->state == TCP_STATE_CLOSE ? all_is_acked(f, info) : info->unacked == 0;
    if (f->protocol == IPPROTO_TCP && all_acked) {
        return info->notsent_bytes;
    }
    raw(SYS_ioctl, f->fd, OUTPUT_QUEUE, &queue);
    return (uint32_t)queue;
}

static void ask_again(const struct facts *f, struct tcp_facts *info)
{
    socklen_t len = sizeof *info;
    ask(f->fd, IPPROTO_TCP, OPTION_TCP_INFO, info, &len);
}

/* A last byte, or the FIN, that was in flight and has been acknowledged before the queue was
 * looked at makes the side that connected look like the one that accepted. */
static void make_sure_of_side(struct facts *f, struct tcp_facts *info)
{
    uint64_t acked = info->bytes_acked;
    if (f->side == ACCEPTED && f->state != TCP_STATE_CLOSE && info->unacked > 0) {
        ask_again(f, info);
        f->side = info->bytes_acked == acked ? ACCEPTED : SIDE_UNKNOWN;
    }
}

/* What was acknowledged, where bytes_sent is of no use: a segment that this host
 * itself failed to send (interface down, no route, dropped by a firewall rule of
 * its own or by a full queue) is counted at each try, and not as retransmitted
 * (net/ipv4/tcp_output.c, __tcp_transmit_skb()). bytes_acked has the SYN, unless
 * the other side connected; to be sure it is taken off. */
static uint64_t payload_acked(bool fin_acked, const struct tcp_facts *info)
{
    unsigned other = fin_acked ? 2 : 1;
    return info->bytes_acked > other ? info->bytes_acked - other : 0;
}

/* Whether a single byte that this host failed to send makes the side that connected look
 * like the one that accepted: then more segments were sent than delivered (the SYN is one of
 * those, or stands for the SYN-ACK), in flight, and sent again. */
static enum known counted_twice(const struct facts *f, const struct tcp_facts *info)
{
    uint32_t in_flight = info->unacked - info->sacked;
    if (f->state == TCP_STATE_CLOSE) { /* it has thrown them away */
        in_flight = f->unacked > 0 && info->snd_mss > 0 ? (f->unacked - 1) / info->snd_mss + 1 : 0;
    }
    int missing =
        (int)(info->data_segs_out + 1 - info->total_retrans - info->delivered - in_flight);
    bool fin_may_be_one = f->own_fin == YES;
    /* Segments that are sent again may be put together, cut in two, or delivered twice. */
    bool is_held_back = f->unacked == 0 && f->unsent > 0 && !f->window_closed;
    bool may_be_off = info->total_retrans > 0 && is_held_back;
    bool adds_up = missing < 0 || (missing == 0 && !fin_may_be_one);
    if (f->side != ACCEPTED || (adds_up && !may_be_off)) {
        return NO;
    }
    bool exact = missing > 0 && info->total_retrans == 0;
    return exact && (f->state != TCP_STATE_CLOSE || f->unacked == 0) ? YES : UNKNOWN;
}

/* Whether a segment with data came that was not taken, so that this host's kernel may have
 * ended the connection (net/ipv4/tcp_input.c, tcp_rcv_state_process(): RST for data that
 * comes after the program had shut the socket down in both directions). NO: what was taken
 * needed all that came. YES: none was, and none was out of order. */
static enum known refused_data(const struct facts *f, const struct tcp_facts *info)
{
    uint64_t without_one = (uint64_t)(info->data_segs_in - 1) * info->advmss;
    if (info->data_segs_in == 0 || without_one < f->rx) {
        return NO;
    }
    return f->rx == 0 && f->fin_seen == NO && info->rcv_ooopack == 0 ? YES : UNKNOWN;
}

/* Payload, without SYN and FIN. bytes_sent and bytes_retrans have payload alone;
 * notsent_bytes and the output queue are differences of sequence numbers, in which
 * our FIN counts as a byte, and bytes_received has the peer's
 * (include/uapi/linux/tcp.h; net/ipv4/tcp.c, tcp_get_info() and tcp_ioctl()). */
static void count_payload(struct facts *f, struct tcp_facts *info)
{
    uint64_t payload = info->bytes_sent - info->bytes_retrans;
    uint32_t queue = output_queue(f, info);
    uint32_t unsent = info->notsent_bytes;
    uint32_t unacked = queue > unsent ? queue - unsent : 0;
    uint64_t excess = info->bytes_acked + unacked - payload;
    f->own_fin = own_fin(f, excess, unsent);
    f->side = side_of(f, info, excess, unacked);
    make_sure_of_side(f, info);
    f->has_sent = info->bytes_sent > 0;
    f->unsent = unsent;
    f->unacked = unacked;
    bool fin_acked = own_fin_acked(f);
    if (f->own_fin == YES && !fin_acked) {
        take_off_fin(f);
    }
    f->rx = info->bytes_received - (info->bytes_received > 0 && peer_fin_counted(f));
    f->has_payload = true;
    if (f->state == TCP_STATE_CLOSE && f->own_fin == YES) {
        f->refused = refused_data(f, info);
    }
    f->tx = payload > f->unacked ? payload - f->unacked : 0;
    if (f->tx > info->bytes_acked && info->unacked > 0 && f->state != TCP_STATE_CLOSE) {
        ask_again(f, info); /* what was in flight may have been acknowledged in between */
    }
    enum known twice = counted_twice(f, info);
    if (twice != NO) {
        f->side = twice == YES ? CONNECTED : SIDE_UNKNOWN;
    }
    if (f->tx + fin_acked > info->bytes_acked || twice == YES) {
        f->tx = payload_acked(fin_acked, info);
        /* While segments are in flight the queue may have moved on meanwhile. */
        f->send_failed = f->state == TCP_STATE_CLOSE || info->unacked == 0;
    }
}

/* An MPTCP connection is counted as a whole; TCP_INFO is of its first subflow.
 * false for one that has fallen back to plain TCP: there the subflow is all. */
static bool count_mptcp(struct facts *f)
{
    struct mptcp_facts info;
    socklen_t len = sizeof info;
    int queue = 0;
    int unsent = 0;
    memset(&info, 0, sizeof info);
    if (!ask(f->fd, LEVEL_MPTCP, OPTION_MPTCP_INFO, &info, &len) || len < sizeof info) {
        return false;
    }
    uint64_t payload =
        info.bytes_sent; /* once each: net/mptcp/protocol.c, mptcp_update_post_push() */
    raw(SYS_ioctl, f->fd, UNSENT_QUEUE, &unsent);
    raw(SYS_ioctl, f->fd, OUTPUT_QUEUE, &queue);
    f->has_payload = true;
    f->rx = info.bytes_received;
    f->tx = info.bytes_acked < payload ? info.bytes_acked : payload; /* less a DATA_FIN */
    f->unsent = unsent > 0 ? (uint32_t)unsent : 0;
    f->unacked = queue > unsent ? (uint32_t)(queue - unsent) : 0;
    f->own_fin = f->shut_writing;
    if (f->own_fin == YES) { /* DATA_FIN counts as a byte */
        take_off_fin(f);
    }
    return true;
}

/* A socket whose connect was refused still has a peer, and state CLOSE; with fast open
 * it has sent bytes. Without time stamps a connection that was accepted by SYN cookie, or
 * after its SYN-ACK was sent again, has no round trip; its SYN-ACK counts as delivered. */
static bool ever_established(const struct tcp_facts *info)
{
    switch (info->state) {
    case TCP_STATE_LISTEN:
    case TCP_STATE_SYN_SENT:
    case TCP_STATE_SYN_RECV:
        return false;
    case TCP_STATE_CLOSE:
        return info->rtt || info->bytes_acked || info->bytes_received || info->delivered;
    default:
        return true;
    }
}

static void take_figures(struct facts *f, const struct tcp_facts *info, bool has_window)
{
    f->was_connected = true;
    f->idle_ms = info->last_data_recv;
    f->sent_ms = info->last_data_sent;
    f->rtt_us = info->rtt;
    f->retrans = info->total_retrans;
    f->tries = info->retransmits;
    f->probes = info->probes;
    f->spares = has_window && tally_is_kept() && nagle_spared(info) > 0;
    f->window_closed = has_window && info->snd_wnd == 0;
    f->held_back = has_window && info->notsent_bytes > 0 && info->notsent_bytes < info->snd_mss &&
                   info->notsent_bytes <= info->snd_wnd;
}

static void count(struct facts *f, struct tcp_facts *info, bool has_counts)
{
    if (f->state == TCP_STATE_CLOSE && f->protocol == IPPROTO_TCP) {
        shut_find(f);
        f->fin_seen = has_counts && no_fin_came(f, info) ? NO : ask_fin_seen(f);
    }
    bool is_whole_mptcp = f->protocol == IPPROTO_MPTCP && count_mptcp(f);
    if (has_counts && !is_whole_mptcp) {
        count_payload(f, info);
    }
}

/* An acknowledgement comes with the FIN, and its time is noted, for a FIN does not take the fast
 * path (net/ipv4/tcp_input.c, tcp_rcv_established() and tcp_ack()). A later one, of what was sent
 * since or of a probe, makes it less. */
static void find_age_of_fin(struct facts *f, const struct tcp_facts *info)
{
    if (f->protocol == IPPROTO_TCP && peer_fin_counted(f)) {
        f->fin_ms = info->last_ack_recv;
    }
}

bool find_tcp(struct facts *f)
{
    struct tcp_facts info;
    socklen_t len = sizeof info;
    memset(&info, 0, sizeof info);
    if (f->protocol == IPPROTO_MPTCP) { /* it answers no more once the first subflow is gone */
        shut_find(f);
    }
    if (!ask(f->fd, IPPROTO_TCP, OPTION_TCP_INFO, &info, &len)) {
        return false;
    }
    /* An emulator (qemu-user) tells the first bytes only. Without the rest, CLOSE
     * does not say whether there was a connection. */
    bool is_whole = len >= offsetof(struct tcp_facts, rttvar);
    f->state = is_whole || info.state != TCP_STATE_CLOSE ? info.state : 0;
    if (!is_whole || !ever_established(&info)) {
        if (is_whole) {
            find_connect(f, &info);
        }
        if (f->err == ECONNRESET) { /* a shutdown that dissolved it is still noted */
            shut_find(f);
        }
        return true;
    }
    take_figures(f, &info, len >= sizeof info);
    count(f, &info, len >= offsetof(struct tcp_facts, dsack_dups));
    find_age_of_fin(f, &info);
    return true;
}
