/* What kind of socket the facts are of, and what its connection waits for. */
#ifndef SOCKSHIM_KIND_H
#define SOCKSHIM_KIND_H

#include "base/facts.h"
#include "base/kernel.h"
#include "base/settings.h"

#include <errno.h>

static inline bool is_inet(const struct facts *f)
{
    return is_inet_family(f->domain);
}

static inline bool is_tcp(const struct facts *f)
{
    return f->protocol == IPPROTO_TCP && f->type == SOCK_STREAM && is_inet(f);
}

static inline bool is_mptcp(const struct facts *f)
{
    return f->protocol == IPPROTO_MPTCP && is_inet(f);
}

/* The program read a pending error (SO_ERROR). */
static inline bool is_late_error(const struct facts *f)
{
    return f->call == CALL_getsockopt && f->ret == 0;
}

static inline bool is_of_option(const struct facts *f)
{
    return (f->call == CALL_getsockopt || f->call == CALL_setsockopt) && f->ret < 0;
}

static inline bool is_unix(const struct facts *f)
{
    return f->domain == AF_UNIX;
}

static inline bool keeps_messages_apart(const struct facts *f)
{
    return f->type == SOCK_DGRAM || f->type == SOCK_RAW || f->type == SOCK_RDM;
}

static inline bool counts_bytes(const struct facts *f)
{
    return f->has_len && !counts_messages(f->call);
}

static inline bool is_connecting(const struct facts *f)
{
    return f->state == TCP_STATE_SYN_SENT || f->state == TCP_STATE_SYN_RECV;
}

/* Facts that cannot be of the socket that the call was about: another thread has
 * closed the descriptor meanwhile, and its number is another socket now. */
static inline bool is_another_socket(const struct facts *f)
{
    bool live = f->was_connected && f->state != TCP_STATE_CLOSE;
    if (!is_tcp(f) || f->is_lean == YES) {
        return false;
    }
    switch (f->err) {
    case ECONNRESET:
    case ECONNABORTED:
        return live && f->call != CALL_connect;
    case EPIPE:
        return f->sends && live && !state_has_own_fin(f->state);
    case 0:
        return f->receives && f->read_closed == NO && f->fin_seen != YES;
    default:
        return false;
    }
}

/* Data came after this program had shut the socket down in both directions, and its kernel
 * answered with RST. */
static inline bool reset_it_here(const struct facts *f)
{
    return f->own_fin == YES && f->shut_reading != NO && f->fin_seen != YES && f->refused == YES;
}

/* EINVAL of an IPv4 connect to an address that is none to refuse: only the route is left. */
static inline bool leads_nowhere(const struct facts *f)
{
    bool is_sane = f->domain == AF_INET && address_family(&f->peer) == AF_INET &&
                   f->peer.len >= sizeof(struct sockaddr_in);
    bool had_another = f->type == SOCK_STREAM && !f->is_first_connect;
    return f->err == EINVAL && f->call == CALL_connect && is_sane && !had_another;
}

/* No socket any more: another thread has closed the descriptor while the call waited, and
 * its number is free, or that of a file. */
static inline bool is_gone(const struct facts *f)
{
    return f->domain < 0 && f->fd >= 0 && f->is_lean != YES && f->err != EBADF &&
           f->err != ENOTSOCK;
}

/* The peer is a socket of this host. */
static inline bool is_on_this_host(const struct facts *f)
{
    return address_is_this_host(&f->peer) || address_same_host(&f->local, &f->peer);
}

/* A connect whose own port was the one that it was to, and that met itself: RFC 9293, 3.5. */
static inline bool is_connected_to_itself(const struct facts *f)
{
    return address_port(&f->peer) > 0 && address_port(&f->local) == address_port(&f->peer) &&
           address_same_host(&f->local, &f->peer);
}

/* The side that connected has spoken last. */
static inline bool asked_last(const struct facts *f)
{
    bool spoke_last = f->rx == 0 || f->sent_ms < f->idle_ms;
    return is_tcp(f) && f->side == CONNECTED && f->has_sent && spoke_last;
}

/* Neither side has ever said anything, on the side that connected. */
static inline bool was_mute(const struct facts *f)
{
    return is_tcp(f) && f->side == CONNECTED && f->has_payload && !f->has_sent && f->rx == 0 &&
           f->unsent == 0;
}

/* Therefore an answer is due. A program that has said that it is done (FIN) waits for none. */
static inline bool answer_is_due(const struct facts *f)
{
    return f->own_fin == NO && asked_last(f);
}

/* Of what the program wrote: not acknowledged, or not even sent. */
static inline bool is_outstanding(const struct facts *f)
{
    return f->unacked + f->unsent > 0;
}

/* This host failed to send, nothing is in flight, and data waits to be sent. */
static inline bool has_failed_to_send(const struct facts *f)
{
    return f->send_failed && f->unacked == 0 && f->unsent > 0 && !f->window_closed;
}

/* And it has tried again since, in vain: the data is not merely corked or paced. */
static inline bool keeps_failing_to_send(const struct facts *f)
{
    return has_failed_to_send(f) && f->probes > 0;
}

/* Data waits to be sent until the peer opens its window. */
static inline bool waits_for_window(const struct facts *f)
{
    return f->unacked == 0 && f->unsent > 0 && f->window_closed;
}

/* What the program wrote waits for the peer to read. If the kernel gave up with probes
 * unanswered, it was the peer's host that was gone: net/ipv4/tcp_timer.c, tcp_probe_timer(). */
static inline bool is_kept_by_window(const struct facts *f)
{
    return f->unsent > 0 && f->window_closed && !(f->err == ETIMEDOUT && f->probes > 0);
}

/* It does not leave this host, or the SYN, sent again, did not. */
static inline bool is_kept_on_this_host(const struct facts *f)
{
    return keeps_failing_to_send(f) || (f->state == TCP_STATE_SYN_SENT && f->send_failed);
}

/* What the program wrote does not go out, or is not acknowledged. */
static inline bool stands_still(const struct facts *f)
{
    bool is_lost = f->unacked > 0 && f->tries >= LEAST_TRIES;
    bool is_on_its_way = f->unacked > 0 && f->tries == 0;
    bool waits = is_on_its_way || (f->held_back && !f->send_failed) || f->sent_ms < LEAST_WAIT_MS;
    bool is_held_up = f->unsent > 0 && (f->window_closed || !waits);
    return f->was_connected && f->state != TCP_STATE_CLOSE && (is_held_up || is_lost);
}

/* A receive timeout of ours ran out, and an end was made of it: nobody's FIN is there. */
static inline bool ends_by_us(const struct facts *f)
{
    const struct handling *h = &settings.handling;
    return h->reset_eof && h->recv_timeout_ms > 0 && f->receives && f->was_connected &&
           (f->state == TCP_STATE_ESTABLISHED || f->state == TCP_STATE_FIN_WAIT1 ||
            f->state == TCP_STATE_FIN_WAIT2);
}

#endif
