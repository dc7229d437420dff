#include "tell/cause.h"

#include "tell/cause_of_zero.h"
#include "tell/kind.h"
#include "tell/why.h"

#include <netdb.h>

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
        bool is_message = f->sends && keeps_messages_apart(f);
        return is_message ? CAUSE_message_not_sent : CAUSE_would_block;
    }
    if (f->timeout_us > 0) {
        return CAUSE_timeout;
    }
    return f->nonblocking == UNKNOWN && f->sets_timeouts == NO ? CAUSE_would_block : CAUSE_other;
}

/* The state is that of the first subflow. */
static enum cause mptcp_cause_of_epipe(const struct facts *f)
{
    if (f->shut_writing == YES || state_has_own_fin(f->state)) {
        return CAUSE_local_shutdown_write;
    }
    return f->shut_writing == NO && f->peer.len > 0 ? CAUSE_write_after_close : CAUSE_other;
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
        if (!f->was_connected) {
            return CAUSE_not_connected;
        }
        /* An error that still waits came after this EPIPE, and did not cause it. */
        return f->own_fin == YES || f->error_pending == YES ? CAUSE_local_shutdown_write
                                                            : CAUSE_write_after_close;
    case TCP_STATE_LISTEN:
        return CAUSE_not_connected;
    default:
        return CAUSE_other;
    }
}

static enum cause cause_of_epipe(const struct facts *f)
{
    if (is_late_error(f)) {
        return is_tcp(f) && f->was_connected ? CAUSE_peer_reset : CAUSE_other;
    }
    if (!f->sends) {
        return CAUSE_other; /* splice: of the pipe; else see clause_rest() */
    }
    if (is_mptcp(f)) {
        return mptcp_cause_of_epipe(f);
    }
    if (is_tcp(f)) {
        return tcp_cause_of_epipe(f);
    }
    if (is_unix(f)) {
        bool own = f->shut_writing == YES || (f->shut_writing == UNKNOWN && f->hung_up != YES);
        return own ? CAUSE_local_shutdown_write : CAUSE_write_after_close;
    }
    /* Nothing but its own shutdown ends a datagram socket's writing side. */
    return is_inet(f) && keeps_messages_apart(f) ? CAUSE_local_shutdown_write : CAUSE_other;
}

static enum cause cause_of_etimedout(const struct facts *f)
{
    if (f->call == CALL_connect) {
        return CAUSE_connect_timed_out;
    }
    if (f->receives && f->timeout_us > 0 && f->state != TCP_STATE_CLOSE) {
        return CAUSE_timeout; /* SOCKSHIM_RECV_TIMEOUT: the kernel said EAGAIN */
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
    return no_connection || is_gone(f) || reset_it_here(f) ? CAUSE_other : CAUSE_peer_reset;
}

/* connect and send look for a socket by its path; bind makes one. */
static enum cause cause_of_enoent(const struct facts *f)
{
    bool looks = f->call == CALL_connect || f->sends;
    if (f->call == CALL_setsockopt) { /* TCP_CONGESTION, TCP_ULP: no such module */
        return CAUSE_not_supported;
    }
    return looks && (is_unix(f) || f->is_lean == YES) ? CAUSE_no_such_socket : CAUSE_other;
}

/* A connection, or a connect, that is given up while the kernel finds no way to send what it
 * sends again, of data or a FIN; SO_ERROR tells it before that (net/ipv4/af_inet.c,
 * inet_sk_rebuild_header(): sk_err_soft). */
static bool was_given_up(const struct facts *f)
{
    bool waits = f->was_connected ? is_outstanding(f) || f->own_fin == YES : f->peer.len > 0;
    return f->state == TCP_STATE_CLOSE && waits && !(f->flags & MSG_OOB) &&
           (f->receives || f->sends);
}

static enum cause cause_of_einval(const struct facts *f)
{
    bool no_way = is_tcp(f) && (is_late_error(f) || was_given_up(f));
    return no_way || leads_nowhere(f) ? CAUSE_unreachable : CAUSE_bad_argument;
}

/* What it leaves undone; `other`: nothing, after all. */
static enum cause cause_of_close(const struct facts *f)
{
    if (!is_tcp(f)) {
        return CAUSE_other;
    }
    if (f->state == TCP_STATE_SYN_SENT) {
        return CAUSE_gave_up_connecting;
    }
    if (f->was_connected && f->state != TCP_STATE_CLOSE && (f->queued > 0 || f->lingers_not)) {
        return CAUSE_reset_by_own_close;
    }
    /* Many call shutdown() first, which is part of their giving up. */
    bool is_open = f->state == TCP_STATE_ESTABLISHED || f->state == TCP_STATE_FIN_WAIT1 ||
                   f->state == TCP_STATE_FIN_WAIT2;
    bool waited = is_open && f->sent_ms >= LEAST_WAIT_MS;
    bool was_kept_open = is_open && f->idle_ms >= LEAST_SILENCE_MS;
    if ((waited && asked_last(f)) || (was_kept_open && was_mute(f))) {
        return CAUSE_gave_up_waiting;
    }
    return stands_still(f) ? CAUSE_gave_up_sending : CAUSE_other;
}

/* More buffers in a message than the kernel takes; else the message is too big: one that
 * was sent, if only earlier. */
static enum cause cause_of_emsgsize(const struct facts *f)
{
    bool never_sends = f->domain >= 0 && !(is_inet(f) && keeps_messages_apart(f));
    if (f->receives && never_sends && !f->too_many_buffers && f->call != CALL_recvmmsg) {
        return CAUSE_other; /* kernel TLS, of a record that came: net/tls/tls_sw.c */
    }
    return f->too_many_buffers || (f->call == CALL_recvmmsg && never_sends) ? CAUSE_bad_argument
                                                                            : CAUSE_message_too_big;
}

/* Of an option: net/ipv4/igmp.c. */
static enum cause cause_of_address(const struct facts *f)
{
    return is_of_option(f) ? CAUSE_bad_argument : cause_of_errno(f->err);
}

/* The ones left out are 0, and other. */
static const unsigned char causes_by_errno[ERRNO_MAX + 1] = {
    [EAGAIN] = CAUSE_would_block,
    [EINTR] = CAUSE_interrupted,
    [EINPROGRESS] = CAUSE_in_progress,
    [EALREADY] = CAUSE_in_progress,
    [ECONNRESET] = CAUSE_peer_reset,
    [EPIPE] = CAUSE_write_after_close,
    [ETIMEDOUT] = CAUSE_connection_timed_out,
    [ECONNREFUSED] = CAUSE_connection_refused,
    [ECONNABORTED] = CAUSE_connection_aborted,
    [ENETUNREACH] = CAUSE_unreachable,
    [EHOSTUNREACH] = CAUSE_unreachable,
    [ENETDOWN] = CAUSE_unreachable,
    [EHOSTDOWN] = CAUSE_unreachable,
    [EADDRNOTAVAIL] = CAUSE_address_unavailable,
    [EADDRINUSE] = CAUSE_address_in_use,
    [ENOENT] = CAUSE_no_such_socket,
    [ENOTCONN] = CAUSE_not_connected,
    [EDESTADDRREQ] = CAUSE_not_connected,
    [EBADF] = CAUSE_bad_descriptor,
    [ENOTSOCK] = CAUSE_bad_descriptor,
    [EINVAL] = CAUSE_bad_argument,
    [EFAULT] = CAUSE_bad_argument,
    [EISCONN] = CAUSE_bad_argument,
    [EPROTOTYPE] = CAUSE_bad_argument,
    [EAFNOSUPPORT] = CAUSE_not_supported,
    [EPROTONOSUPPORT] = CAUSE_not_supported,
    [EOPNOTSUPP] = CAUSE_not_supported,
    [ENOPROTOOPT] = CAUSE_not_supported,
    [ESOCKTNOSUPPORT] = CAUSE_not_supported,
    [EMSGSIZE] = CAUSE_message_too_big,
    [EMFILE] = CAUSE_descriptor_limit,
    [ENFILE] = CAUSE_descriptor_limit,
    [ENOBUFS] = CAUSE_no_memory,
    [ENOMEM] = CAUSE_no_memory,
    [EACCES] = CAUSE_not_permitted,
    [EPERM] = CAUSE_not_permitted,
};
_Static_assert(CAUSE_zero_length_request == 0, "no errno gives the first cause");

enum cause cause_of_errno(int err)
{
    bool known = err > 0 && err <= ERRNO_MAX && causes_by_errno[err];
    return known ? (enum cause)causes_by_errno[err] : CAUSE_other;
}

enum cause cause_of(const struct facts *f)
{
    bool bare = f->is_lean == YES;
    if (call_resolves((enum call)f->call)) {
        return f->ret == 0 ? CAUSE_name_resolved_late : CAUSE_name_not_resolved;
    }
    switch (f->err) {
    case 0:
        return ends_connection((enum call)f->call) ? cause_of_close(f) : cause_of_zero(f);
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
    case EMSGSIZE:
        return cause_of_emsgsize(f);
    case EADDRINUSE:
    case EADDRNOTAVAIL:
        return cause_of_address(f);
    case ECONNABORTED:
    case ECONNREFUSED:
        return is_gone(f) ? CAUSE_other : cause_of_errno(f->err);
    case EALREADY:
    case EINPROGRESS:
        return f->nonblocking == NO && f->timeout_us > 0 ? CAUSE_timeout : CAUSE_in_progress;
    default:
        return cause_of_errno(f->err);
    }
}

#define LEVEL_OF(name, word, level) level,
static const unsigned char levels[] = {CAUSES(LEVEL_OF)};

/* As most addresses are, and soon told so. */
static bool is_nameless(const struct facts *f)
{
    bool has_none = f->call == CALL_getnameinfo ? f->ret == EAI_NONAME
                                                : f->ret == HOST_NOT_FOUND || f->ret == NO_DATA;
    return call_finds_name((enum call)f->call) && has_none && f->waited_ms < 1000;
}

enum level cause_level(const struct facts *f, enum cause cause)
{
    if (cause == CAUSE_not_connected && (f->call == CALL_shutdown || f->call == CALL_setsockopt)) {
        return LEVEL_INFO;
    }
    if (is_nameless(f)) {
        return LEVEL_INFO;
    }
    if (cause == CAUSE_not_connected && f->call == CALL_getpeername) {
        return LEVEL_WARN;
    }
    if (cause == CAUSE_bad_descriptor && f->call == CALL_shutdown &&
        (f->err == ENOTSOCK || f->fd < 0)) {
        return LEVEL_INFO; /* who ends whatever it has open, and nothing happens to it */
    }
    return (enum level)levels[cause];
}

enum level cause_loudest(enum call call, long ret, int err, bool can_time_out)
{
    if (ret == 0 && call != CALL_getsockopt) {
        return LEVEL_WARN; /* closed-after-error, closed-unanswered */
    }
    switch (err) {
    case EAGAIN:
        /* A UDP socket that finds no port to send from would be louder; it is
         * not worth a question at each full send buffer. */
        return call == CALL_connect             ? LEVEL_ERROR
               : can_time_out || may_send(call) ? LEVEL_WARN
                                                : LEVEL_DEBUG;
    case EALREADY:
    case EINPROGRESS:
        return can_time_out ? LEVEL_WARN : LEVEL_DEBUG;
    case EPIPE: /* not-connected */
        return LEVEL_ERROR;
    default:
        return (enum level)levels[cause_of_errno(err)];
    }
}

static template sentence_of(const struct facts *f, enum cause cause)
{
#define SENTENCE_CASE(name, word, level)                                                           \
    case CAUSE_##name:                                                                             \
        return why_##name(f);
    switch (cause) {
        CAUSES(SENTENCE_CASE)
    default:
        return SAY("");
    }
}

void cause_sentence(struct text *t, const struct facts *f, enum cause cause)
{
    say(t, f, sentence_of(f, cause));
}
