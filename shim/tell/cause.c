#include "tell/cause.h"

#include "base/kernel.h"
#include "base/next.h"

#include <errno.h>

static bool is_inet(const struct facts *f)
{
    return is_inet_family(f->domain);
}

static bool is_tcp(const struct facts *f)
{
    return f->protocol == IPPROTO_TCP && f->type == SOCK_STREAM && is_inet(f);
}

static bool is_mptcp(const struct facts *f)
{
    return f->protocol == IPPROTO_MPTCP && is_inet(f);
}

static bool is_unix(const struct facts *f)
{
    return f->domain == AF_UNIX;
}

static bool keeps_messages_apart(const struct facts *f)
{
    return f->type == SOCK_DGRAM || f->type == SOCK_RAW || f->type == SOCK_RDM;
}

/* Facts that cannot be of the socket that the call was about: another thread has
 * closed the descriptor meanwhile, and its number is another socket now. */
static bool is_another_socket(const struct facts *f)
{
    bool live = f->was_connected && f->state != TCP_STATE_CLOSE;
    if (!is_tcp(f) || f->is_lean == YES) {
        return false;
    }
    return f->err == ECONNRESET || f->err == ECONNABORTED
               ? live && f->call != CALL_connect
               : f->err == 0 && f->receives && f->read_closed == NO && f->fin_seen != YES;
}

/* ---- 0 ---- */

static enum cause tcp_end(const struct facts *f)
{
    if (is_another_socket(f)) {
        return CAUSE_other;
    }
    switch (f->state) {
    case TCP_STATE_CLOSE_WAIT:
    case TCP_STATE_LAST_ACK:
    case TCP_STATE_CLOSING:
    case TCP_STATE_TIME_WAIT:
        return CAUSE_peer_closed;
    case TCP_STATE_CLOSE:
        if (is_mptcp(f) || (f->was_connected && f->fin_seen == UNKNOWN)) {
            return CAUSE_other;
        }
        /* Without a connection the kernel remembers whom a failed connect was to. */
        if (!f->was_connected && f->peer.len == 0) {
            return CAUSE_local_shutdown_read;
        }
        if (f->fin_seen == YES) {
            return CAUSE_peer_closed;
        }
        /* An error that still waits came after this 0, which then was that of SHUT_RD. */
        return f->error_pending == YES ? CAUSE_local_shutdown_read : CAUSE_closed_after_error;
    case TCP_STATE_ESTABLISHED:
    case TCP_STATE_FIN_WAIT1:
    case TCP_STATE_FIN_WAIT2:
        /* No FIN came on it; an MPTCP connection may have ended all the same. */
        return is_mptcp(f) ? CAUSE_other : CAUSE_local_shutdown_read;
    default:
        return CAUSE_other;
    }
}

static enum cause message_end(const struct facts *f)
{
    /* Only its own shutdown closes a datagram socket's reading side. */
    if (keeps_messages_apart(f)) {
        return f->read_closed == YES ? CAUSE_local_shutdown_read : CAUSE_zero_length_datagram;
    }
    return f->read_closed == YES && f->queued == 0 ? CAUSE_peer_closed : CAUSE_zero_length_datagram;
}

/* recv(2), MSG_TRUNC: how long the datagram is, however little was asked for. */
static bool tells_true_length(const struct facts *f)
{
    return f->receives && f->flags & MSG_TRUNC && f->type == SOCK_DGRAM;
}

static enum cause cause_of_zero(const struct facts *f)
{
    if (f->flags & MSG_ERRQUEUE && !is_unix(f)) { /* there the flag means nothing */
        return CAUSE_error_queue;
    }
    if (f->has_len && f->len == 0 && !tells_true_length(f)) {
        return CAUSE_zero_length_request;
    }
    if (f->call == CALL_sendfile || (f->call == CALL_splice && f->sends)) {
        return CAUSE_source_exhausted;
    }
    if (!f->receives) {
        return CAUSE_other;
    }
    if (keeps_messages_apart(f) || f->type == SOCK_SEQPACKET) {
        return message_end(f);
    }
    if (is_tcp(f) || is_mptcp(f)) {
        return tcp_end(f);
    }
    return f->read_closed == YES ? CAUSE_peer_closed : CAUSE_other;
}

/* ---- -1 ---- */

/* A socket that has no port gets one at its first send or connect; for UDP it is
 * EAGAIN that says that there is none (net/ipv4/af_inet.c, inet_autobind()). */
static bool found_no_port(const struct facts *f)
{
    return is_inet(f) && f->type == SOCK_DGRAM && (f->sends || f->call == CALL_connect) &&
           address_port(&f->local) == 0;
}

static enum cause cause_of_eagain(const struct facts *f)
{
    if (found_no_port(f)) {
        return CAUSE_address_unavailable;
    }
    if (f->call == CALL_connect) {
        return is_unix(f) ? CAUSE_backlog_full : CAUSE_other;
    }
    bool never_waits = f->flags & MSG_ERRQUEUE || (is_tcp(f) && f->flags & MSG_OOB && f->receives);
    if (f->nonblocking == YES || never_waits) {
        return CAUSE_would_block;
    }
    if (f->timeout_us > 0) {
        return CAUSE_timeout;
    }
    return f->nonblocking == UNKNOWN && f->sets_timeouts == NO ? CAUSE_would_block : CAUSE_other;
}

/* Where TCP's EPIPE comes from: net/ipv4/tcp.c, tcp_sendmsg_locked(). */
static enum cause tcp_cause_of_epipe(const struct facts *f)
{
    switch (f->state) {
    case TCP_STATE_FIN_WAIT1:
    case TCP_STATE_FIN_WAIT2:
    case TCP_STATE_CLOSING:
    case TCP_STATE_LAST_ACK:
    case TCP_STATE_TIME_WAIT:
        return CAUSE_local_shutdown_write;
    case TCP_STATE_CLOSE:
        if (is_mptcp(f)) {
            return CAUSE_other;
        }
        if (!f->was_connected) {
            return CAUSE_not_connected;
        }
        /* An error that still waits came after this EPIPE, and did not cause it. */
        return f->own_fin == YES || f->error_pending == YES ? CAUSE_local_shutdown_write
                                                            : CAUSE_write_after_close;
    case TCP_STATE_CLOSE_WAIT:
    case TCP_STATE_ESTABLISHED:
        return is_mptcp(f) ? CAUSE_other : CAUSE_write_after_close;
    case TCP_STATE_LISTEN:
        return CAUSE_not_connected;
    default:
        return CAUSE_other;
    }
}

static enum cause cause_of_epipe(const struct facts *f)
{
    if (f->call == CALL_splice && f->receives) {
        return CAUSE_other; /* of the pipe */
    }
    if (f->call == CALL_getsockopt || !f->sends) {
        return is_tcp(f) ? CAUSE_peer_reset : CAUSE_other;
    }
    if (is_tcp(f) || is_mptcp(f)) {
        return tcp_cause_of_epipe(f);
    }
    if (is_unix(f)) {
        return f->hung_up == YES ? CAUSE_write_after_close : CAUSE_local_shutdown_write;
    }
    /* Nothing but its own shutdown ends a datagram socket's writing side. */
    return is_inet(f) && keeps_messages_apart(f) ? CAUSE_local_shutdown_write : CAUSE_other;
}

static enum cause cause_of_etimedout(const struct facts *f)
{
    if (f->call == CALL_connect) {
        return CAUSE_connect_timed_out;
    }
    if (f->is_lean == YES || !(is_tcp(f) || is_mptcp(f))) {
        return CAUSE_other;
    }
    return f->was_connected ? CAUSE_connection_timed_out : CAUSE_connect_timed_out;
}

static enum cause cause_of_econnreset(const struct facts *f)
{
    if (f->domain == AF_VSOCK && f->call == CALL_connect) {
        return CAUSE_connection_refused; /* its RST to a request */
    }
    if (is_another_socket(f)) {
        return CAUSE_other;
    }
    /* A peer's RST to SYN is ECONNREFUSED: here the program dissolved the
     * connection itself (net/ipv4/tcp.c, tcp_disconnect()). */
    bool no_connection = is_tcp(f) && !f->was_connected && f->state != 0;
    return no_connection ? CAUSE_other : CAUSE_peer_reset;
}

/* connect and send look for a socket by its path; bind makes one. */
static enum cause cause_of_enoent(const struct facts *f)
{
    bool looks = f->call == CALL_connect || f->sends;
    return looks && (is_unix(f) || f->is_lean == YES) ? CAUSE_no_such_socket : CAUSE_other;
}

/* An IPv6 connection that is given up while a blackhole route is in its way. */
static enum cause cause_of_einval(const struct facts *f)
{
    bool given_up = is_tcp(f) && f->was_connected && f->state == TCP_STATE_CLOSE &&
                    f->unacked + f->unsent > 0 && !(f->flags & MSG_OOB);
    bool tells = f->receives || f->sends || f->call == CALL_getsockopt;
    return given_up && tells ? CAUSE_unreachable : CAUSE_bad_argument;
}

/* What needs nothing but errno. */
static enum cause cause_of_errno(int err)
{
    switch (err) {
    case EAGAIN:
        return CAUSE_would_block;
    case EINTR:
        return CAUSE_interrupted;
    case EINPROGRESS:
    case EALREADY:
        return CAUSE_in_progress;
    case ECONNRESET:
        return CAUSE_peer_reset;
    case EPIPE:
        return CAUSE_write_after_close;
    case ETIMEDOUT:
        return CAUSE_connection_timed_out;
    case ECONNREFUSED:
        return CAUSE_connection_refused;
    case ECONNABORTED:
        return CAUSE_connection_aborted;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
        return CAUSE_unreachable;
    case EADDRNOTAVAIL:
        return CAUSE_address_unavailable;
    case EADDRINUSE:
        return CAUSE_address_in_use;
    case ENOENT:
        return CAUSE_no_such_socket;
    case ENOTCONN:
    case EDESTADDRREQ:
        return CAUSE_not_connected;
    case EBADF:
    case ENOTSOCK:
        return CAUSE_bad_descriptor;
    case EINVAL:
    case EFAULT:
    case EISCONN:
    case EPROTOTYPE:
        return CAUSE_bad_argument;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case EOPNOTSUPP:
    case ENOPROTOOPT:
    case ESOCKTNOSUPPORT:
        return CAUSE_not_supported;
    case EMSGSIZE:
        return CAUSE_message_too_big;
    case EMFILE:
    case ENFILE:
        return CAUSE_descriptor_limit;
    case ENOBUFS:
    case ENOMEM:
        return CAUSE_no_memory;
    case EACCES:
    case EPERM:
        return CAUSE_not_permitted;
    default:
        return CAUSE_other;
    }
}

enum cause cause_of(const struct facts *f)
{
    bool bare = f->is_lean == YES;
    switch (f->err) {
    case 0:
        return cause_of_zero(f);
    case EAGAIN:
        return cause_of_eagain(f);
    case EPIPE:
        return bare ? CAUSE_other : cause_of_epipe(f);
    case ETIMEDOUT:
        return cause_of_etimedout(f);
    case ECONNRESET:
        return cause_of_econnreset(f);
    case ENOENT:
        return cause_of_enoent(f);
    case EINVAL:
        return cause_of_einval(f);
    case EALREADY:
    case EINPROGRESS:
        return f->nonblocking == NO && f->timeout_us > 0 ? CAUSE_timeout : CAUSE_in_progress;
    default:
        return cause_of_errno(f->err);
    }
}

#define LEVEL_OF(name, word, level) level,
static const unsigned char levels[] = {CAUSES(LEVEL_OF)};

enum level cause_level(const struct facts *f, enum cause cause)
{
    if (cause == CAUSE_not_connected && f->call == CALL_shutdown) {
        return LEVEL_INFO;
    }
    return (enum level)levels[cause];
}

enum level cause_loudest(enum call call, long ret, int err, bool can_time_out)
{
    if (ret == 0 && call != CALL_getsockopt) {
        return LEVEL_WARN; /* closed-after-error */
    }
    switch (err) {
    case EAGAIN:
        /* A UDP socket that finds no port to send from would be louder; it is
         * not worth a question at each full send buffer. */
        return call == CALL_connect ? LEVEL_ERROR : can_time_out ? LEVEL_WARN : LEVEL_DEBUG;
    case EALREADY:
    case EINPROGRESS:
        return can_time_out ? LEVEL_WARN : LEVEL_DEBUG;
    case EPIPE: /* not-connected */
        return LEVEL_ERROR;
    default:
        return (enum level)levels[cause_of_errno(err)];
    }
}

/* ---- Sentences ---- */

static void add(struct text *t, const char *words)
{
    text_add(t, words);
}

static void number(struct text *t, uint64_t n)
{
    text_unsigned(t, n);
}

static void bytes(struct text *t, uint64_t n)
{
    number(t, n);
    add(t, n == 1 ? " byte" : " bytes");
}

/* recvmmsg and sendmmsg count messages. */
static bool counts_bytes(const struct facts *f)
{
    return f->has_len && f->call != CALL_recvmmsg && f->call != CALL_sendmmsg;
}

/* A time as a person says it: 85 us, 300 ms, 60 s. */
static void duration(struct text *t, uint64_t microseconds)
{
    if (microseconds < 1000) {
        number(t, microseconds);
        add(t, " us");
    } else if (microseconds < 10000000) {
        number(t, microseconds / 1000);
        add(t, " ms");
    } else {
        number(t, microseconds / 1000000);
        add(t, " s");
    }
}

/* Of what waits: the record's retrans counts those of the whole connection. The
 * kernel leaves the first one out of this count if it was a tail loss probe. */
static void retransmissions(struct text *t, const struct facts *f, const char *before)
{
    if (f->tries > 0) {
        add(t, before);
        add(t, " at least ");
        number(t, f->tries);
        add(t, f->tries == 1 ? " retransmission" : " retransmissions");
    }
}

static void peer(struct text *t, const struct facts *f)
{
    if (address_is_named(&f->peer)) {
        address_text(t, &f->peer);
    } else {
        add(t, "the peer");
    }
    /* Who connected, listened or made the pair; another process may hold the
     * other end by now. */
    if (f->peer_pid > 0) {
        add(t, " (opened by pid ");
        number(t, (uint64_t)f->peer_pid);
        add(t, ")");
    }
}

/* At the beginning of a sentence. */
static void peer_first(struct text *t, const struct facts *f)
{
    if (address_is_named(&f->peer)) {
        peer(t, f);
        return;
    }
    char *first = t->at;
    peer(t, f);
    if (first < t->at) {
        *first = 'T';
    }
}

static void saved(struct text *t, const struct facts *f)
{
    if (f->saved_from_sigpipe) {
        add(t, " SIGPIPE would have ended the program here.");
    }
    if (f->ended_by_sigpipe) {
        add(t, " SIGPIPE ends the program here.");
    }
}

static void why_zero_length_request(struct text *t, const struct facts *f)
{
    if (f->call == CALL_recvmmsg || f->call == CALL_sendmmsg) {
        add(t, "The program itself passed room for 0 messages, so nothing was moved.");
        return;
    }
    add(t, f->receives ? "The program itself asked for 0 bytes"
                       : "The program itself offered 0 bytes");
    add(t, keeps_messages_apart(f) && f->sends ? ": an empty datagram was sent."
                                               : "; this says nothing about the connection.");
}

static void why_zero_length_datagram(struct text *t, const struct facts *f)
{
    add(t, "An empty ");
    add(t, f->type == SOCK_SEQPACKET ? "message" : "datagram");
    add(t, " arrived: that is legal and no end of anything.");
}

static void why_source_exhausted(struct text *t, const struct facts *f)
{
    add(t, f->call == CALL_sendfile ? "The input file of sendfile is at its end"
                                    : "The input pipe of splice is empty and has no writer left");
    add(t, "; the socket is fine.");
}

/* Something waits, nothing is on its way, and a try to send had failed. */
static bool is_held_back(const struct facts *f)
{
    return f->send_failed && f->unacked == 0 && f->unsent > 0 && !f->window_closed;
}

/* And further tries have failed since: it is not corked or paced. */
static bool is_kept_here(const struct facts *f)
{
    return is_held_back(f) && f->probes > 0;
}

static bool is_shut_out(const struct facts *f)
{
    return f->unacked == 0 && f->unsent > 0 && f->window_closed;
}

static void what_is_kept_here(struct text *t, const struct facts *f)
{
    bytes(t, f->unsent);
    add(t, " could not leave this host: its interface is down, it has no route, or a firewall rule "
           "or a full queue of its own drops them");
}

static bool is_connecting(const struct facts *f)
{
    return f->state == TCP_STATE_SYN_SENT || f->state == TCP_STATE_SYN_RECV;
}

/* What fills the send buffer. */
static void what_waits(struct text *t, const struct facts *f)
{
    if (is_unix(f)) {
        add(t, ": the peer does not read as fast as this program writes");
    }
    if (!f->has_payload) {
        return;
    }
    add(t, ": ");
    if (is_kept_here(f)) {
        what_is_kept_here(t, f);
        return;
    }
    bytes(t, f->unacked);
    add(t, " sent and not acknowledged, ");
    bytes(t, f->unsent);
    add(t, f->window_closed ? " not sent, and the peer's window is closed: it does not read"
                            : " not sent");
}

static void why_would_block(struct text *t, const struct facts *f)
{
    if (f->flags & MSG_ERRQUEUE) {
        add(t, "The socket's error queue is empty.");
    } else if (f->call == CALL_splice) {
        add(t, "Either the pipe or the socket was not ready; splice does not say which.");
    } else if (f->call == CALL_accept || f->call == CALL_accept4) {
        add(t, "No connection is waiting to be accepted, and the call must not wait.");
    } else if (is_connecting(f)) {
        add(t, "The connection is not made yet, and the call must not wait.");
    } else if (f->receives) {
        add(t, "Nothing to read yet, and the call must not wait.");
    } else {
        add(t, "No room in the send buffer, and the call must not wait");
        what_waits(t, f);
        add(t, ".");
    }
}

static void why_in_progress(struct text *t, const struct facts *f)
{
    if (f->err == EALREADY) { /* it may have been to another address */
        add(t, "An earlier connect of this socket is still under way.");
        return;
    }
    add(t, "The connect to ");
    peer(t, f);
    add(t, " is under way; the program will learn its result from SO_ERROR.");
}

static void why_interrupted(struct text *t, const struct facts *f)
{
    add(t, "A signal handler ran");
    /* With SO_RCVTIMEO or SO_SNDTIMEO stop and continue do the same: signal(7). */
    add(t, f->sets_timeouts == YES ? ", or the process was stopped and went on," : "");
    add(t, f->call == CALL_connect
               ? " while the call waited; the connect may go on in the background."
               : " before the call had done anything; nothing is wrong with the socket.");
}

static void why_peer_closed(struct text *t, const struct facts *f)
{
    peer_first(t, f);
    if (is_unix(f) && f->type == SOCK_SEQPACKET) {
        add(t, " closed its end, or sent an empty message just before that, or this program shut "
               "down its own reading side: the kernel does not tell them apart.");
    } else if (is_unix(f) && f->hung_up == YES) {
        add(t, " closed its end, or either of the two shut the connection down (SHUT_RDWR): on a "
               "unix socket the kernel does not tell them apart.");
    } else if (is_unix(f)) {
        add(t, " finished sending, or this program shut down its own reading side: on a unix "
               "socket the kernel does not tell them apart.");
    } else if (!is_tcp(f) && !is_mptcp(f)) {
        add(t, " closed its end, or this program shut down its own reading side.");
    } else {
        add(t, " ended its side in order (FIN)");
        if (f->has_payload) {
            add(t, " after ");
            bytes(t, f->rx);
        }
        add(t, "; it closed, or only finished sending.");
        if (f->unacked + f->unsent > 0) {
            add(t, " Of what this program sent, ");
            bytes(t, (uint64_t)f->unacked + f->unsent);
            add(t, " are not acknowledged.");
        }
        if (f->error_pending == YES) {
            add(t, " Then the connection failed, by a reset or otherwise; a write or SO_ERROR "
                   "will tell, a read will not.");
        }
    }
}

static void why_local_shutdown_read(struct text *t, const struct facts *f)
{
    add(t, "This program itself shut down the reading side of the socket");
    if (f->was_connected && is_tcp(f)) {
        add(t, "; ");
        peer(t, f);
        add(t, " has not closed");
    }
    add(t, ".");
}

static void why_local_shutdown_write(struct text *t, const struct facts *f)
{
    if (is_unix(f)) {
        add(t, "This program shut down its writing side before it wrote, or the peer shut down its "
               "reading side: on a unix socket the kernel does not tell them apart.");
    } else {
        add(t, "This program itself shut down its writing side before it wrote.");
    }
    saved(t, f);
}

enum { LONG_IDLE_MS = 5000 };

static void unacknowledged(struct text *t, const struct facts *f)
{
    /* A single byte may be this program's FIN. */
    uint32_t doubtful = f->own_fin == UNKNOWN && f->unsent == 0 ? 1 : 0;
    if (f->unacked + f->unsent > doubtful) {
        add(t, "; ");
        bytes(t, (uint64_t)f->unacked + f->unsent);
        add(t, " that this program had written were never acknowledged");
    }
}

static void why_tcp_reset(struct text *t, const struct facts *f)
{
    peer_first(t, f);
    /* EPIPE: net/ipv4/tcp_input.c, tcp_reset(), in CLOSE_WAIT. */
    if (f->fin_seen == YES || f->err == EPIPE) {
        add(t, " had ended its side in order (FIN), and then reset the connection (RST)");
        unacknowledged(t, f);
        add(t, ".");
        return;
    }
    add(t, " aborted the connection (RST)");
    if (!f->has_payload) {
        add(t, ".");
        return;
    }
    if (f->rx == 0 && f->tx + f->unacked + f->unsent == 0) {
        add(t, " before a byte had gone either way");
    } else if (f->rx == 0) {
        add(t, " before it sent a single byte back; it had acknowledged ");
        add(t, f->unacked + f->unsent == 0 ? "all " : "");
        bytes(t, f->tx);
        add(t, " of the request");
    } else {
        add(t, f->idle_ms >= LONG_IDLE_MS ? " after " : " in mid-stream, after ");
        bytes(t, f->rx);
        add(t, " from it and ");
        bytes(t, f->tx);
        add(t, " acknowledged by it");
    }
    unacknowledged(t, f);
    add(t, ".");
    if (f->own_fin == YES) {
        add(t,
            " Or this kernel did, because data came after this program had shut the socket down.");
    }
    if (is_held_back(f)) {
        add(t, " Or a firewall rule of this host did, which lets nothing out to the peer.");
    }
    if (f->idle_ms >= LONG_IDLE_MS) {
        add(t, " No data had come for ");
        duration(t, (uint64_t)f->idle_ms * 1000);
        add(t, " when this call found out: look at idle timeouts of the peer and of what stands "
               "between (load balancer, NAT, firewall).");
    } else if (!address_is_loopback(&f->peer)) {
        add(t, " A firewall or another device in between may have sent the RST in its name.");
    }
}

static void why_peer_reset(struct text *t, const struct facts *f)
{
    if (is_tcp(f) && f->was_connected) {
        why_tcp_reset(t, f);
        return;
    }
    peer_first(t, f);
    if (is_unix(f) && keeps_messages_apart(f)) {
        add(t, " connected its socket to another address, and has thrown away unread what this "
               "program had sent.");
    } else if (is_unix(f)) {
        add(t, " closed its end while data from this program lay there unread, or before it had "
               "accepted the connection.");
    } else {
        add(t, is_mptcp(f) ? " aborted the connection (reset), or the last of its subflows failed."
                           : " aborted the connection (reset).");
    }
}

static void why_closed_after_error(struct text *t, const struct facts *f)
{
    add(t, "The connection had already failed and its error was reported before; 0 here is no "
           "orderly end, ");
    peer(t, f);
    add(t, " sent no FIN.");
}

static void why_write_after_close(struct text *t, const struct facts *f)
{
    bool waiting = f->unacked + f->unsent > 0;
    if (!is_unix(f) && f->fin_seen == NO) {
        add(t, "The connection to ");
        peer(t, f);
        add(t, " had already failed before this write, by reset or time-out or in another way, "
               "and the error was reported then.");
        saved(t, f);
        return;
    }
    peer_first(t, f);
    if (is_unix(f)) {
        add(t, " had closed its end before this write, or either of the two had shut the "
               "connection down (SHUT_RDWR): on a unix socket the kernel does not tell them "
               "apart.");
    } else if (f->own_fin == UNKNOWN && !waiting) {
        add(t, f->fin_seen == YES ? " had closed, and then reset the connection"
                                  : " had closed or reset the connection");
        add(t,
            ", or this program had shut down its writing side before this write: the kernel does "
            "not tell them apart.");
    } else if (f->fin_seen == YES && waiting && f->tries > 0) {
        add(t, " had closed, and what was sent after that was answered with RST, or by nobody "
               "until the kernel gave up.");
    } else if (f->fin_seen == YES && waiting) {
        add(t, " had closed, and answered what was sent after that with RST.");
    } else if (f->fin_seen == YES) {
        add(t, " had closed, and then reset the connection, before this write.");
    } else {
        add(t, " had closed or reset the connection before this write, or it had timed out: data "
               "that was not read hides which.");
    }
    saved(t, f);
}

/* Whether the peer can be what is slow: nobody knows how the connection fares
 * but from what has been acknowledged. */
static void what_it_has_heard(struct text *t, const struct facts *f)
{
    if (!f->has_payload || f->tx + f->unacked + f->unsent == 0) {
        return;
    }
    if (is_kept_here(f)) {
        add(t, ", but ");
        what_is_kept_here(t, f);
    } else if (f->unacked > 0) {
        add(t, ", and ");
        bytes(t, f->unacked);
        add(t, " that this program wrote are not acknowledged");
        retransmissions(t, f, " after");
        add(t, f->tries > 0 ? ": look at the path, and at its host" : " yet");
    } else if (is_shut_out(f)) {
        add(t, ", and ");
        bytes(t, f->unsent);
        add(t, " cannot be sent to it, for its window is closed: it does not read");
    } else if (f->unsent == 0) {
        add(t, ", which has acknowledged all ");
        bytes(t, f->tx);
        add(t, " that were sent to it");
    }
}

static void why_timeout(struct text *t, const struct facts *f)
{
    bool sends = f->sends || f->call == CALL_connect;
    add(t, sends ? "SO_SNDTIMEO" : "SO_RCVTIMEO");
    add(t, " of this socket (");
    duration(t, f->timeout_us);
    add(t, ") ran out: ");
    if (f->call == CALL_connect) {
        peer(t, f);
        add(t, " had not answered; the connect goes on.");
    } else if (f->call == CALL_accept || f->call == CALL_accept4) {
        add(t, "no connection came.");
    } else if (is_connecting(f)) {
        add(t, "the connection was not made yet.");
    } else if (sends) {
        add(t, "the send buffer stayed full");
        what_waits(t, f);
        add(t, ".");
    } else {
        add(t, "nothing came");
        if (f->domain != AF_NETLINK) { /* its 0:0 is the kernel */
            add(t, " from ");
            peer(t, f);
        }
        what_it_has_heard(t, f);
        add(t, ".");
    }
}

/* What was waited for in vain. */
static void what_timed_out(struct text *t, const struct facts *f)
{
    if (is_kept_here(f)) {
        add(t, "Of what this program wrote to ");
        peer(t, f);
        add(t, ", ");
        what_is_kept_here(t, f);
        add(t, "; the kernel gave the connection up");
        return;
    }
    peer_first(t, f);
    if (is_shut_out(f)) {
        add(t, f->probes == 0 ? " answers, but it kept its window closed: it does not read, and "
                              : " kept its window closed and stopped answering probes, and ");
        bytes(t, f->unsent);
        add(t, " could not be sent");
    } else if (f->unacked + f->unsent > 0) {
        add(t, " stopped answering: ");
        bytes(t, (uint64_t)f->unacked + f->unsent);
        add(t, " were never acknowledged");
        retransmissions(t, f, ", in spite of");
    } else if (f->probes > 0 && f->keepalive) {
        add(t, " did not answer the keepalive probes of the idle connection");
    } else if (f->own_fin == YES) {
        add(t, " did not acknowledge that this program had finished sending (FIN)");
        retransmissions(t, f, ", in spite of");
    } else {
        add(t, " stopped answering, and the kernel gave the connection up");
    }
}

static void why_connection_timed_out(struct text *t, const struct facts *f)
{
    bool answers = is_shut_out(f) && f->probes == 0;
    what_timed_out(t, f);
    if (f->user_timeout_ms > 0) {
        add(t, " within TCP_USER_TIMEOUT (");
        number(t, f->user_timeout_ms);
        add(t, " ms)");
    }
    add(t, answers || is_kept_here(f)
               ? "."
               : ". Its host is gone, or what stands between drops the packets.");
}

static void why_connect_timed_out(struct text *t, const struct facts *f)
{
    peer_first(t, f);
    if (!is_tcp(f) && !is_mptcp(f)) {
        add(t, " did not answer the connection request at all.");
        return;
    }
    add(t, " did not answer the connection request (SYN) at all: ");
    add(t, address_is_loopback(&f->peer) ? "" : "the host is down or not there, ");
    add(t, "a firewall drops the packets, or the server's accept queue is full, and its kernel "
           "ignores them.");
}

static void why_connection_refused(struct text *t, const struct facts *f)
{
    bool inet = is_inet(f);
    if (inet && f->type != SOCK_STREAM) {
        /* Of an unconnected socket it may have been to anybody. */
        add(t, "An earlier datagram of this socket");
        if (!f->peer_from_call) {
            add(t, " to ");
            peer(t, f);
        }
        add(t, " was answered by port-unreachable: nothing receives where it was sent, or a "
               "firewall rejects it.");
    } else if (is_unix(f) && f->type == SOCK_DGRAM) {
        peer_first(t, f);
        add(t, " was closed, or the path is left over from a program that is gone.");
    } else if (is_unix(f)) {
        add(t, "Nobody listens at ");
        peer(t, f);
        add(t, ": its owner is gone or has not called listen, or there is no such socket.");
    } else if (inet && f->was_connected) {
        add(t, "The connection to ");
        peer(t, f);
        add(t, " stood, and then its packets were answered by port-unreachable (ICMP): that is a "
               "firewall that rejects them");
        unacknowledged(t, f);
        add(t, ".");
    } else if (inet && address_is_loopback(&f->peer)) {
        add(t, "Nothing listens on ");
        peer(t, f);
        add(t, " of this host, or its firewall rejects the connection.");
    } else if (inet) {
        peer_first(t, f);
        add(t, " answered that nothing listens on that port, or a firewall rejects it (RST or "
               "port-unreachable).");
    } else {
        add(t, "Nothing receives at the address that was asked for.");
    }
}

static void why_connection_aborted(struct text *t, const struct facts *f)
{
    if (f->call == CALL_connect) {
        add(t, "An earlier connect of this socket had failed, and its error was reported then; or "
               "its connection was ended meanwhile (by a reset, or on this host by ss -K or the "
               "like).");
    } else if (f->call == CALL_accept || f->call == CALL_accept4) {
        /* net/socket.c, do_accept(): its getname() failed. */
        add(t, "A connection was over before the kernel could say whose it is.");
    } else {
        add(t, "The connection was ended on this host (ss -K, or the like).");
    }
}

/* An address of this call that an error of an earlier datagram need not be of. */
static void or_an_earlier_datagram(struct text *t, const struct facts *f)
{
    if (f->hears_errors && f->peer_from_call) {
        add(t, " Or that was said of an earlier datagram of this socket, to another address.");
    }
}

static void why_unreachable(struct text *t, const struct facts *f)
{
    if (f->err == EINVAL) {
        add(t, "The kernel gave the connection up: a route of this host leads nowhere (blackhole) "
               "instead of to ");
    } else if (f->err == ENETUNREACH) {
        add(t, "There is no route, here or as a router on the way reported, to ");
    } else if (f->err == ENETDOWN) {
        add(t, "The network interface is down that leads to ");
    } else {
        add(t, "This host found no neighbour (ARP) or has a route that says unreachable, or the "
               "network or a firewall reported (ICMP) that there is no way to ");
    }
    peer(t, f);
    add(t, ".");
    if (f->err == ENETUNREACH && address_is_mapped(&f->peer)) {
        add(t, " Or the socket is for IPv6 only (IPV6_V6ONLY).");
    }
    or_an_earlier_datagram(t, f);
}

static void port_range(struct text *t, const struct facts *f)
{
    add(t, "net.ipv4.ip_local_port_range");
    if (f->port_high > 0) {
        add(t, ": ");
        number(t, f->port_low);
        add(t, " to ");
        number(t, f->port_high);
    }
}

static void why_address_unavailable(struct text *t, const struct facts *f)
{
    if (f->err == EAGAIN) {
        add(t, "No ephemeral port is left to send from (net.ipv4.ip_local_port_range).");
    } else if (f->call == CALL_bind) {
        add(t, "The address ");
        address_text(t, &f->local);
        add(t, " is not one of this host's");
        /* net/ipv6/af_inet6.c, inet6_bind(): not while it is tentative. */
        add(t, f->domain == AF_INET6 && !address_is_mapped(&f->local)
                   ? ", or not yet: duplicate address detection still runs, or has failed (ip -6 "
                     "address: tentative, dadfailed)."
                   : ".");
    } else if (is_inet(f) && f->type != SOCK_STREAM) {
        add(t, "This host has no address from which ");
        peer(t, f);
        add(t, " can be reached.");
    } else if (address_port(&f->local) > 0) {
        add(t, "The local address ");
        address_text(t, &f->local);
        add(t, " is already connected to ");
        peer(t, f);
        add(t, ", or a closed connection between the two is still in TIME_WAIT; or the address "
               "cannot be reached from it.");
    } else {
        add(t, "Either no ephemeral port is left for connections to ");
        peer(t, f);
        add(t, " (");
        port_range(t, f);
        add(t, "; closed connections hold theirs for a minute in TIME_WAIT), or that is no address "
               "to connect to from this host.");
    }
}

static void why_address_in_use(struct text *t, const struct facts *f)
{
    if (is_inet(f) && address_port(&f->local) == 0) {
        add(t, "No ephemeral port is left (");
        port_range(t, f);
        add(t, "): all of them are bound or held in TIME_WAIT.");
        return;
    }
    add(t, "Another socket already has ");
    if (address_is_named(&f->local)) {
        address_text(t, &f->local);
    } else {
        add(t, "that address");
    }
    if (is_unix(f)) {
        add(t, ": the name exists, perhaps left over from a program that is gone; a path stays "
               "until it is unlinked.");
        return;
    }
    add(t, is_inet(f) ? ", or its port on all addresses (0.0.0.0, [::])" : "");
    add(t, is_inet(f) && f->type == SOCK_STREAM
               ? ", or a closed connection still holds it (TIME_WAIT, without "
                 "SO_REUSEADDR)."
               : ".");
}

static void why_no_such_socket(struct text *t, const struct facts *f)
{
    add(t, "There is no socket at ");
    peer(t, f);
    add(t, ": the server is not running, or it uses another path.");
}

static void why_backlog_full(struct text *t, const struct facts *f)
{
    add(t, "The queue of connections that ");
    peer(t, f);
    add(t, " has not accepted yet is full.");
}

static void why_not_connected(struct text *t, const struct facts *f)
{
    if (f->err == EDESTADDRREQ) {
        add(t, "The socket is not connected, and the call named no address to send to.");
    } else if (f->call == CALL_shutdown && f->type == SOCK_STREAM) {
        add(t, "The connection was already gone, or never made; harmless.");
    } else if (f->call == CALL_shutdown) {
        add(t, "The socket has no peer; it is shut down all the same.");
    } else if (f->state == TCP_STATE_LISTEN) {
        add(t, "The socket listens for connections; it is none itself.");
    } else {
        add(t,
            "The socket is not connected: connect was never called, it failed, or the connection "
            "has ended.");
    }
    saved(t, f);
}

static void why_bad_descriptor(struct text *t, const struct facts *f)
{
    add(t, "Descriptor ");
    text_signed(t, f->fd);
    if (f->err == ENOTSOCK) {
        add(t, " is open, but it is no socket.");
    } else if (f->domain >= 0 && (f->call == CALL_sendmsg || f->call == CALL_sendmmsg)) {
        add(t, " is a socket, but a descriptor that the message passes on (SCM_RIGHTS) is not "
               "open.");
    } else if (call_takes_any_file(f->call)) {
        add(t, " is a socket, but the other descriptor of the call is not open, or not open for "
               "this.");
    } else {
        add(t, " is not open: it was closed before, perhaps by another thread, or never opened.");
    }
}

static void why_invalid(struct text *t, const struct facts *f)
{
    const struct address *named = f->call == CALL_bind ? &f->local : &f->peer;
    bool link_local = address_lacks_interface(named);
    if (link_local && (f->call == CALL_bind || f->call == CALL_connect || f->sends)) {
        add(t, "The address ");
        address_text(t, named);
        add(t, " is link-local, and does not say on which interface: it takes a scope id, as in "
               "fe80::1%eth0.");
    } else if (f->call == CALL_accept || f->call == CALL_accept4) {
        add(t, "The socket is not listening, or not any more (shutdown), or the flags are not "
               "valid.");
    } else if (f->call == CALL_listen) {
        add(t, "The socket cannot listen: it is connected, or has no address.");
    } else if (f->call == CALL_bind) {
        add(t, "The socket is already bound, or the address is not one of its family");
        add(t, address_is_mapped(named) ? " (it may be for IPv6 only, IPV6_V6ONLY)." : ".");
    } else if (f->call == CALL_connect) {
        add(t, is_inet(f) ? "The kernel refused the address, or the route to it leads nowhere "
                            "(blackhole)."
                          : "The kernel refused the address.");
    } else if (f->receives && f->flags & MSG_OOB) {
        add(t, "There is no out-of-band data to read, or it comes in line with the rest.");
    } else if (f->receives && is_unix(f) && f->peer.len == 0) {
        add(t, "The socket is not connected, or an argument of the call is invalid.");
    } else if (f->sends && is_inet(f) && keeps_messages_apart(f)) {
        add(t, "The kernel refused an argument of the call as invalid, or the route to ");
        peer(t, f);
        add(t, " leads nowhere (blackhole).");
    } else {
        add(t, "The kernel refused an argument of the call as invalid.");
    }
}

static void why_bad_argument(struct text *t, const struct facts *f)
{
    switch (f->err) {
    case EFAULT:
        add(t, "The program passed a pointer to memory that it does not have.");
        return;
    case EISCONN:
        add(t, f->state == TCP_STATE_LISTEN
                   ? "The socket listens for connections; it can make none."
                   : "The socket is already connected.");
        return;
    case EPROTOTYPE:
        add(t, "The socket at the address is of another type (stream against datagram).");
        return;
    default:
        why_invalid(t, f);
    }
}

static void why_not_supported(struct text *t, const struct facts *f)
{
    if (f->err == ENOPROTOOPT) {
        add(t,
            "The far host, or a firewall on the way, answered that it does not know the protocol "
            "(ICMP protocol-unreachable).");
        return;
    }
    if (f->call == CALL_socket || f->call == CALL_socketpair) {
        add(t,
            "This kernel has no such kind of socket; often a program only probes, for IPv6 say.");
    } else if (f->err == EAFNOSUPPORT) {
        add(t, "The address is of another family than the socket.");
    } else {
        add(t, "This kind of socket does not know the call or its flags.");
    }
}

/* A router's "fragmentation needed" is told by the next call, whatever it is. Of
 * UDP's header and the smallest IP header this call's message would have fitted. */
static bool is_of_earlier_message(const struct facts *f)
{
    unsigned headers = f->domain == AF_INET6 ? 48 : 28;
    if (!is_inet(f) || f->type == SOCK_STREAM) {
        return false;
    }
    return !f->sends || (counts_bytes(f) && f->mtu > 0 && f->len + headers <= f->mtu);
}

static void path_mtu(struct text *t, const struct facts *f)
{
    if (f->mtu > 0) {
        add(t, "; the path's MTU is ");
        bytes(t, f->mtu);
    }
}

static void why_message_too_big(struct text *t, const struct facts *f)
{
    bool is_message = f->call == CALL_sendmsg || f->call == CALL_recvmsg;
    if (is_message && !f->has_len) {
        add(t, "The call named more than 1024 buffers (UIO_MAXIOV).");
        return;
    }
    if (is_of_earlier_message(f)) {
        add(t, "A datagram that this socket had sent before was larger than the path lets through "
               "in one piece, as a router reported (ICMP)");
        path_mtu(t, f);
        add(t, ".");
        return;
    }
    add(t, f->call == CALL_sendmmsg ? "A message" : "The message");
    if (counts_bytes(f)) {
        add(t, " of ");
        bytes(t, f->len);
    }
    add(t, f->hears_errors && f->mtu == 0 ? ", or an earlier one," : "");
    add(t, " is larger than this socket can send in one piece");
    path_mtu(t, f);
    if (f->send_buffer > 0) {
        add(t, f->mtu > 0 ? ", SO_SNDBUF " : "; SO_SNDBUF is ");
        bytes(t, f->send_buffer);
    }
    add(t, ".");
}

static void why_descriptor_limit(struct text *t, const struct facts *f)
{
    if (f->err == ENFILE) {
        add(t, "The whole system has as many files open as fs.file-max allows.");
        return;
    }
    add(t, "The process has as many descriptors open as it may");
    if (f->descriptor_limit > 0) {
        add(t, " (RLIMIT_NOFILE ");
        number(t, f->descriptor_limit);
        add(t, ")");
    }
    add(t, ": raise it with ulimit -n or LimitNOFILE=, or look for descriptors that are never "
           "closed.");
}

/* What ran out besides memory. */
static const char *what_ran_out(const struct facts *f)
{
    if (f->flags & MSG_ZEROCOPY) {
        return ". MSG_ZEROCOPY: either more memory would be locked than RLIMIT_MEMLOCK allows, or "
               "the socket holds as many notices as net.core.optmem_max does.";
    }
    if (f->type == SOCK_STREAM || is_unix(f)) {
        return ".";
    }
    return ", or the queue of the network interface is full (tc -s qdisc).";
}

static void why_no_memory(struct text *t, const struct facts *f)
{
    if (f->err == ENOBUFS && f->receives) {
        add(t, "More had arrived than the socket's receive buffer (SO_RCVBUF) holds, and messages "
               "were lost.");
        return;
    }
    add(t, f->err == ENOBUFS ? "The kernel had no buffer space for the call"
                             : "The kernel had no memory for the call");
    if (counts_bytes(f)) {
        add(t, " (");
        bytes(t, f->len);
        if (f->send_buffer > 0) {
            add(t, "; SO_SNDBUF is ");
            bytes(t, f->send_buffer);
        }
        add(t, ")");
    }
    add(t, f->err == ENOBUFS && f->sends ? what_ran_out(f) : ".");
}

static void why_not_permitted_unix(struct text *t, const struct facts *f)
{
    if (f->call == CALL_bind) {
        add(t, "This user may not make a socket at ");
        address_text(t, &f->local);
        add(t, " (file permissions of the folder), or a security module forbids it.");
        return;
    }
    /* net/unix/af_unix.c, unix_may_send(); net/core/scm.c, scm_check_creds(). */
    if (f->err == EPERM) {
        peer_first(t, f);
        add(t, keeps_messages_apart(f) ? " is connected to another socket and takes nothing from "
                                         "this one, or the"
                                       : " was not asked: the");
        add(t, " message carries credentials that are not the program's (SCM_CREDENTIALS), or a "
               "security module forbids it.");
        return;
    }
    add(t, "This user may not use the socket at ");
    peer(t, f);
    add(t, " (file permissions of the path), or a security module forbids it.");
}

static void why_not_permitted(struct text *t, const struct facts *f)
{
    unsigned port = address_port(&f->local);
    bool sends_to = f->sends || f->call == CALL_connect;
    if (is_unix(f)) {
        why_not_permitted_unix(t, f);
    } else if (f->call == CALL_bind && f->err == EACCES && port > 0) {
        add(t, "Port ");
        number(t, port);
        add(t, " is privileged (below net.ipv4.ip_unprivileged_port_start): it takes root or "
               "CAP_NET_BIND_SERVICE. Or a security module forbids it.");
    } else if (f->call == CALL_socket) {
        add(t, "This kind of socket takes rights that the program lacks (CAP_NET_RAW for raw "
               "sockets), or a security module forbids it.");
    } else if (f->domain >= 0 && !is_inet(f)) {
        add(t, "The program lacks the rights for it, or a security module forbids it.");
    } else if (f->err == EACCES && f->domain == AF_INET && keeps_messages_apart(f) && sends_to) {
        add(t, "A broadcast address without SO_BROADCAST, or a route or security module that "
               "forbids it.");
    } else {
        add(t, "A firewall rule (of this host, or one on the way that says so by ICMP), a "
               "prohibiting route or a security module forbids it.");
        or_an_earlier_datagram(t, f);
    }
}

static void why_other(struct text *t, const struct facts *f)
{
    const char *words = f->err ? errno_words(f->err) : NULL;
    if (f->is_lean == YES) {
        add(t, "Inside a seccomp filter the socket can't be asked. ");
    }
    if (is_another_socket(f)) {
        add(t, "Another thread closed the descriptor while the call waited, and its number is "
               "that of another socket now: how the first one ended can't be asked any more.");
        return;
    }
    if (f->err == 0 && f->is_lean == YES) {
        add(t, "It is the end of a stream, or an empty datagram.");
    } else if (f->err == 0 && f->receives) {
        add(t, "End of the stream; the kernel does not tell whether the peer closed, this program "
               "shut down its reading side, or an earlier error ended it.");
    } else if (f->err == 0) {
        add(t, "The call moved nothing.");
    } else if (f->err == EPIPE && is_mptcp(f)) {
        add(t, "The connection had ended before this write, or this program had shut down its "
               "writing side: MPTCP does not say how.");
        saved(t, f);
    } else if (f->err == EPIPE && f->call == CALL_splice && f->receives) {
        add(t, "Nobody reads from the pipe any more into which splice was to move the data; the "
               "socket is fine.");
        saved(t, f);
    } else if (f->err == ECONNRESET) {
        add(t, "This program itself dissolved the connection (connect with AF_UNSPEC, or shutdown "
               "while it was being made), or closed the descriptor while the call waited.");
    } else if (f->err == ENOENT && f->call == CALL_bind && is_unix(f)) {
        add(t, "A folder of the path ");
        address_text(t, &f->local);
        add(t, " does not exist.");
    } else {
        add(t, "The kernel answered errno ");
        number(t, (uint64_t)f->err);
        add(t, words ? ": " : ", and more is not known");
        add(t, words ? words : "");
        add(t, ".");
    }
}

void cause_sentence(struct text *t, const struct facts *f, enum cause cause)
{
    static void (*const sentences[CAUSE_COUNT])(struct text *, const struct facts *) = {
        [CAUSE_zero_length_request] = why_zero_length_request,
        [CAUSE_zero_length_datagram] = why_zero_length_datagram,
        [CAUSE_source_exhausted] = why_source_exhausted,
        [CAUSE_would_block] = why_would_block,
        [CAUSE_in_progress] = why_in_progress,
        [CAUSE_interrupted] = why_interrupted,
        [CAUSE_peer_closed] = why_peer_closed,
        [CAUSE_local_shutdown_read] = why_local_shutdown_read,
        [CAUSE_local_shutdown_write] = why_local_shutdown_write,
        [CAUSE_peer_reset] = why_peer_reset,
        [CAUSE_closed_after_error] = why_closed_after_error,
        [CAUSE_write_after_close] = why_write_after_close,
        [CAUSE_timeout] = why_timeout,
        [CAUSE_connection_timed_out] = why_connection_timed_out,
        [CAUSE_connect_timed_out] = why_connect_timed_out,
        [CAUSE_connection_refused] = why_connection_refused,
        [CAUSE_connection_aborted] = why_connection_aborted,
        [CAUSE_unreachable] = why_unreachable,
        [CAUSE_address_unavailable] = why_address_unavailable,
        [CAUSE_address_in_use] = why_address_in_use,
        [CAUSE_no_such_socket] = why_no_such_socket,
        [CAUSE_backlog_full] = why_backlog_full,
        [CAUSE_not_connected] = why_not_connected,
        [CAUSE_bad_descriptor] = why_bad_descriptor,
        [CAUSE_bad_argument] = why_bad_argument,
        [CAUSE_not_supported] = why_not_supported,
        [CAUSE_message_too_big] = why_message_too_big,
        [CAUSE_descriptor_limit] = why_descriptor_limit,
        [CAUSE_no_memory] = why_no_memory,
        [CAUSE_not_permitted] = why_not_permitted,
        [CAUSE_other] = why_other,
    };
    if (cause == CAUSE_error_queue) {
        add(t, "The error queue delivered its control data; there was no payload with it.");
        return;
    }
    sentences[cause](t, f);
}
