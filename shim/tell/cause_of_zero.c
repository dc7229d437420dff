#include "tell/cause_of_zero.h"

#include "tell/kind.h"

static enum cause tcp_end_in_close(const struct facts *f)
{
    if (f->was_connected && f->fin_seen == UNKNOWN) {
        return CAUSE_other;
    }
    /* Without a connection the kernel remembers whom a failed connect was to. */
    if (!f->was_connected) {
        return f->peer.len == 0 ? CAUSE_local_shutdown_read : CAUSE_closed_after_error;
    }
    if (f->fin_seen == YES) {
        return CAUSE_peer_closed;
    }
    /* An error that still waits came after this 0, which then was that of SHUT_RD. */
    if (f->error_pending == YES) {
        return CAUSE_local_shutdown_read;
    }
    bool decided = f->error_pending == NO || f->shut_reading == NO;
    return decided ? CAUSE_closed_after_error : CAUSE_other;
}

/* The state is that of the first subflow. What ends both directions may have been the peer's FIN,
 * a failure, or one after the other: net/mptcp/protocol.c, mptcp_poll(), mptcp_check_data_fin(). */
static enum cause mptcp_end(const struct facts *f)
{
    bool by_fin = f->read_closed == YES && f->shut_reading == NO && f->hung_up == NO;
    return by_fin || f->state == TCP_STATE_CLOSE_WAIT ? CAUSE_peer_closed : CAUSE_other;
}

static enum cause tcp_end(const struct facts *f)
{
    if (ends_by_us(f)) {
        return CAUSE_closed_after_error;
    }
    if (is_another_socket(f)) {
        return CAUSE_other;
    }
    if (is_mptcp(f)) {
        return mptcp_end(f);
    }
    switch (f->state) {
    case TCP_STATE_CLOSE_WAIT:
        return answer_is_due(f) ? CAUSE_closed_unanswered : CAUSE_peer_closed;
    case TCP_STATE_LAST_ACK:
    case TCP_STATE_CLOSING:
    case TCP_STATE_TIME_WAIT:
        return CAUSE_peer_closed;
    case TCP_STATE_CLOSE:
        return tcp_end_in_close(f);
    case TCP_STATE_ESTABLISHED:
    case TCP_STATE_FIN_WAIT1:
    case TCP_STATE_FIN_WAIT2:
        return CAUSE_local_shutdown_read;
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
    if (f->read_closed != YES || f->queued > 0) {
        return CAUSE_zero_length_datagram;
    }
    return f->shut_reading == YES ? CAUSE_local_shutdown_read : CAUSE_peer_closed;
}

/* recv(2), MSG_TRUNC: how long the datagram is, however little was asked for. */
static bool tells_true_length(const struct facts *f)
{
    return f->receives && f->flags & MSG_TRUNC && f->type == SOCK_DGRAM;
}

enum cause cause_of_zero(const struct facts *f)
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
    if (is_tcp(f) || is_mptcp(f)) {
        return tcp_end(f);
    }
    if (keeps_messages_apart(f) || f->type == SOCK_SEQPACKET) {
        return message_end(f);
    }
    if (f->read_closed != YES) {
        return CAUSE_other;
    }
    return f->shut_reading == YES ? CAUSE_local_shutdown_read : CAUSE_peer_closed;
}
