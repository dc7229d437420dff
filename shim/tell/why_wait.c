#include "tell/kind.h"
#include "tell/why.h"

/* Other pieces of the same sentence go on after it. */
template clause_could_not_leave(const struct facts *f)
{
    (void)f;
    return SAY("$unsent could not leave this host: its interface is down, its address is gone, it "
               "has no route, or a local firewall rule, a BPF program, a full conntrack table or a "
               "full queue drops them");
}

/* What fills the send buffer. */
template clause_send_queue(const struct facts *f)
{
    if (is_unix(f)) {
        return SAY(": the peer does not read as fast as this program writes");
    }
    if (!f->has_payload) {
        return NULL;
    }
    if (keeps_failing_to_send(f)) {
        return SAY(": $could_not_leave");
    }
    return f->window_closed ? SAY(": $unacked sent and not acknowledged, $unsent not sent, and the "
                                  "peer's window is closed: it is not reading")
                            : SAY(": $unacked sent and not acknowledged, $unsent not sent");
}

template why_message_not_sent(const struct facts *f)
{
    if (f->domain == AF_NETLINK) {
        return SAY("The message was not sent, and is lost unless the program tries again: the "
                   "receive buffer of the socket that it goes to is full.");
    }
    return is_unix(f) ? SAY("The message was not sent, and is lost unless the program tries again: "
                            "the queue of $peer (net.unix.max_dgram_qlen) or this socket's send "
                            "buffer is full, because what was sent before has not been read.")
                      : SAY("The message was not sent, and is lost unless the program tries again: "
                            "there is no room in the send buffer, and the call does not block.");
}

template why_would_block(const struct facts *f)
{
    if (f->flags & MSG_ERRQUEUE) {
        return SAY("The socket's error queue is empty.");
    }
    if (f->call == CALL_splice) {
        return SAY("Either the pipe or the socket was not ready; splice does not say which.");
    }
    if (is_accept(f->call)) {
        return SAY("No connection is waiting to be accepted, and the call does not block.");
    }
    if (is_connecting(f)) {
        return SAY("The connection is not established yet, and the call does not block.");
    }
    if (f->receives && f->flags & MSG_PEEK) {
        return SAY("Nothing to look at yet, or nothing beyond SO_PEEK_OFF, and the call does not "
                   "block.");
    }
    return f->receives ? SAY("Nothing to read yet, and the call does not block.")
                       : SAY("No room in the send buffer, and the call does not block$send_queue.");
}

/* What has become of it since the call returned. */
static template why_in_progress_no_more(const struct facts *f)
{
    if (f->err == EALREADY) { /* it may have been to another address */
        return SAY("An earlier connect of this socket had not completed yet; it has since ended, "
                   "one way or another.");
    }
    return f->was_connected && f->state != TCP_STATE_CLOSE
               ? SAY("The connect to $peer did not complete immediately, but has since succeeded.")
               : SAY("The connect to $peer did not complete immediately and has since ended; "
                     "SO_ERROR has the result.");
}

template why_in_progress(const struct facts *f)
{
    if ((is_tcp(f) || is_mptcp(f)) && f->state && !is_connecting(f)) {
        return why_in_progress_no_more(f);
    }
    return f->err == EALREADY ? SAY("An earlier connect of this socket is still in progress.")
                              : SAY("The connect to $peer did not complete immediately; the "
                                    "program will get its result from SO_ERROR.");
}

template why_interrupted(const struct facts *f)
{
    /* With SO_RCVTIMEO or SO_SNDTIMEO, which may have been inherited, stop and continue do the
     * same: signal(7). */
    return f->call == CALL_connect
               ? SAY("A signal handler ran, or the process was stopped and continued, while the "
                     "call was waiting; the connect may continue in the background.")
               : SAY("A signal handler ran, or the process was stopped and continued, before the "
                     "call had done anything; this says nothing about the connection.");
}

static bool waits_to_send(const struct facts *f)
{
    return f->sends || f->call == CALL_connect;
}

template clause_timer(const struct facts *f)
{
    return waits_to_send(f) ? SAY("SO_SNDTIMEO of this socket ($timeout)")
                            : SAY("SO_RCVTIMEO of this socket ($timeout)");
}

template clause_from_peer(const struct facts *f)
{
    if (f->flags & MSG_PEEK && f->receives) {
        return SAY(" from $peer, or nothing beyond SO_PEEK_OFF");
    }
    return f->domain != AF_NETLINK ? SAY(" from $peer") : NULL; /* its 0:0 is the kernel */
}

/* Whether the peer can be what is slow: how the connection fares is known from
 * nothing but what has been acknowledged. The record's `retrans` counts the
 * retransmissions of the whole connection; `tries` are those of what waits now, less
 * the first one if it was a tail loss probe. */
template clause_heard(const struct facts *f)
{
    if (!f->has_payload || f->tx + f->unacked + f->unsent == 0) {
        return NULL;
    }
    if (keeps_failing_to_send(f)) {
        return SAY(", but $could_not_leave");
    }
    if (f->unacked > 0) {
        return f->tries > 0 ? SAY(", and it has not acknowledged $unacked that this program wrote, "
                                  "after at least $tries: check the path and the peer's host")
                            : SAY(", and it has not acknowledged $unacked that this program wrote");
    }
    if (waits_for_window(f)) {
        return SAY(
            ", and $unsent cannot be sent to it because its window is closed: it is not reading");
    }
    return f->unsent == 0 ? SAY(", which has acknowledged everything that was sent to it ($tx)")
                          : NULL;
}

template why_timeout(const struct facts *f)
{
    if (f->call == CALL_connect) {
        return f->err == EALREADY /* it may have been to another address */
                   ? SAY("$timer expired: an earlier connect of this socket had not completed, "
                         "and continues.")
                   : SAY("$timer expired: $peer had not answered; the connect continues.");
    }
    if (is_accept(f->call)) {
        return SAY("$timer expired: there was no connection to accept.");
    }
    if (is_connecting(f)) {
        return SAY("$timer expired: the connection was not established yet.");
    }
    if (f->sends && f->domain == AF_NETLINK) {
        return SAY("$timer expired: the receive buffer of the socket that the message goes to "
                   "stayed full.");
    }
    if (f->sends && is_unix(f) && keeps_messages_apart(f)) {
        return SAY("$timer expired: the queue of $peer (net.unix.max_dgram_qlen) or this socket's "
                   "send buffer stayed full, because what was sent before has not been read.");
    }
    return waits_to_send(f) ? SAY("$timer expired: the send buffer stayed full$send_queue.")
                            : SAY("$timer expired: nothing to read arrived$from_peer$heard.");
}

template clause_in_spite_of_tries(const struct facts *f)
{
    return f->tries > 0 ? SAY(" despite at least $tries") : NULL;
}

template clause_within_user_timeout(const struct facts *f)
{
    return f->user_timeout_ms > 0 ? SAY(" within TCP_USER_TIMEOUT ($user_timeout_ms ms)") : NULL;
}

#define HOST_IS_GONE                                                                               \
    "$within_user_timeout. Its host is down or gone, or something drops or delays the packets, "   \
    "on "                                                                                          \
    "the path or here (a firewall, a route; only large ones if the path MTU is too small)."

/* A peer need not answer the second probe of half a second: net.ipv4.tcp_invalid_ratelimit. */
static template why_window_stayed_closed(const struct facts *f)
{
    if (f->probes >= LEAST_TRIES) {
        return SAY("$Peer kept its window closed, answers to probes stopped arriving, and $unsent "
                   "could not be sent" HOST_IS_GONE);
    }
    return f->probes == 0 ? SAY("$Peer answers, but kept its window closed: it is not reading, and "
                                "$unsent could not be sent$within_user_timeout.")
                          : SAY("$Peer kept its window closed: it was not reading, and $unsent "
                                "could not be sent$within_user_timeout.");
}

template why_connection_timed_out(const struct facts *f)
{
    if (keeps_failing_to_send(f)) {
        return SAY("Of what this program wrote to $peer, $could_not_leave; the kernel gave up on "
                   "the connection$within_user_timeout.");
    }
    if (waits_for_window(f)) {
        return why_window_stayed_closed(f);
    }
    if (is_outstanding(f)) {
        return SAY("No acknowledgement arrived from $peer for $waiting that this program "
                   "wrote$in_spite_of_tries" HOST_IS_GONE);
    }
    if (f->probes > 0 && f->keepalive && f->tries == 0) {
        return SAY("No answer arrived from $peer to the keepalive probes of the idle "
                   "connection" HOST_IS_GONE);
    }
    return f->own_fin == YES ? SAY("No acknowledgement arrived from $peer for this program's "
                                   "FIN$in_spite_of_tries" HOST_IS_GONE)
                             : SAY("Answers from $peer stopped arriving, and the kernel gave up on "
                                   "the connection" HOST_IS_GONE);
}
