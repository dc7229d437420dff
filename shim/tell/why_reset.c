#include "tell/kind.h"
#include "tell/why.h"

enum { LONG_IDLE_MS = 5000 };

template clause_saved(const struct facts *f)
{
    if (f->ended_by_sigpipe) {
        return SAY(" SIGPIPE ends the program here.");
    }
    return f->saved_from_sigpipe ? SAY(" SIGPIPE would have ended the program here.") : NULL;
}

template clause_last_words(const struct facts *f)
{
    return f->has_queued && f->queued > 0 && f->type == SOCK_STREAM
               ? SAY(" Still unread: $unread from before that.")
               : NULL;
}

/* A single byte may be this program's FIN. */
template clause_never_acknowledged(const struct facts *f)
{
    uint32_t doubtful = f->own_fin == UNKNOWN ? 1 : 0;
    return f->unacked + f->unsent > doubtful
               ? SAY("; $waiting of what this program had written had not been acknowledged")
               : NULL;
}

template clause_how_far(const struct facts *f)
{
    if (f->rx == 0 && f->tx + f->unacked + f->unsent == 0) {
        return SAY(" before any data had been exchanged");
    }
    if (f->rx == 0) {
        return is_outstanding(f) ? SAY(" before a single byte had arrived from it; it had "
                                       "acknowledged $tx of what was sent to it")
                                 : SAY(" before a single byte had arrived from it; it had "
                                       "acknowledged everything that was sent to it ($tx)");
    }
    if (f->tx + f->unacked + f->unsent == 0) {
        return SAY(" after $rx received from it, before this program had sent anything");
    }
    return f->idle_ms >= LONG_IDLE_MS
               ? SAY(" after $rx received from it and $tx acknowledged by it")
               : SAY(" mid-stream, after $rx received from it and $tx acknowledged by it");
}

/* Who else can have sent an RST that came in the peer's name. */
template clause_in_its_name(const struct facts *f)
{
    if (has_failed_to_send(f)) {
        return SAY(" Or the RST was sent in its name by a firewall rule of this host, which lets "
                   "nothing out to the peer, or by something in between.");
    }
    if (is_outstanding(f) && f->tries >= LEAST_TRIES) {
        return SAY(" The RST came only after at least $tries without an acknowledgement: in the "
                   "meantime the peer may have given up on the connection, or its host have "
                   "restarted. Or something in between may have sent the RST in its name.");
    }
    if (answer_is_due(f) && f->sent_ms >= LONG_IDLE_MS) {
        return SAY(" This program had sent last, $sent before this call: if an answer was due, "
                   "check the time limits of the peer, and whether its process died; else the idle "
                   "timeouts of the peer and of anything in between (load balancer, NAT, "
                   "firewall), which may have sent the RST in its name.");
    }
    if (f->idle_ms >= LONG_IDLE_MS) {
        return SAY(" No data had arrived for $idle when this call found out: check the idle "
                   "timeouts of the peer and of anything in between (load balancer, NAT, "
                   "firewall), which may have sent the RST in its name.");
    }
    return is_on_this_host(f)
               ? SAY(" A firewall rule on this host may have sent the RST in its name.")
               : SAY(" A firewall, a proxy or another device in between may have sent the RST in "
                     "its name.");
}

/* net/ipv4/tcp_input.c, tcp_rcv_state_process(): data for a socket that was shut down in
 * both directions. */
static bool may_have_reset_it_here(const struct facts *f)
{
    return f->own_fin == YES && f->shut_reading != NO && f->fin_seen != YES && f->refused != NO;
}

static template why_tcp_reset(const struct facts *f)
{
    /* EPIPE: net/ipv4/tcp_input.c, tcp_reset(), in CLOSE_WAIT. */
    if (f->fin_seen == YES || f->err == EPIPE) {
        return SAY("$Peer had closed its side cleanly (FIN), and then aborted the connection "
                   "(RST)$never_acknowledged.$in_its_name$last_words");
    }
    if (!f->has_payload) {
        return SAY("$Peer aborted the connection (RST).$in_its_name$last_words");
    }
    if (may_have_reset_it_here(f)) {
        return SAY("$Peer aborted the connection (RST), or this host's kernel did, because data "
                   "arrived after this program had shut the socket down; by then $rx had been "
                   "received and $tx acknowledged$never_acknowledged.$in_its_name$last_words");
    }
    return SAY(
        "$Peer aborted the connection (RST)$how_far$never_acknowledged.$in_its_name$last_words");
}

template why_peer_reset(const struct facts *f)
{
    if (is_tcp(f) && f->was_connected) {
        return why_tcp_reset(f);
    }
    if (is_unix(f) && keeps_messages_apart(f)) {
        return SAY("$Peer connected its socket to another address, or to none, and what was still "
                   "unread there was discarded.");
    }
    if (is_unix(f)) { /* only a bound socket listens: net/unix/af_unix.c, unix_listen() */
        return address_is_named(&f->peer)
                   ? SAY("$Peer closed its end with data from this program still unread, or before "
                         "it had accepted the connection.$last_words")
                   : SAY("$Peer closed its end with data from this program still "
                         "unread.$last_words");
    }
    return is_mptcp(f) ? SAY("$Peer aborted the connection (reset), or the last of its subflows "
                             "failed.")
                       : SAY("$Peer aborted the connection (reset).");
}

template why_local_shutdown_write(const struct facts *f)
{
    return is_unix(f) && f->shut_writing != YES
               ? SAY("$who_shut shut down its writing side before this write had sent anything, or "
                     "the peer shut down its reading side: on a unix socket the kernel does not "
                     "distinguish them.$saved$last_words")
               : SAY("$who_shut shut down its writing side before this write had sent "
                     "anything.$saved$last_words");
}

/* What may have ended a connection besides an RST: net/ipv4/tcp_timer.c gives up only
 * after a retransmission or a probe, or while the window is closed. */
template clause_or_gave_up(const struct facts *f)
{
    return f->tries > 0 || f->probes > 0 || waits_for_window(f)
               ? SAY(", or because this host gave up on it (a timeout or ss -K) or another "
                     "process that shares the socket shut it down")
               : SAY(", or because this host ended it (ss -K or similar) or another process "
                     "that shares the socket shut it down");
}

static template why_write_to_closed_unix(const struct facts *f)
{
    if (keeps_messages_apart(f)) {
        return SAY("$Peer had shut down its reading side before this write had sent "
                   "anything.$or_unseen$saved$last_words");
    }
    return f->shut_writing == NO
               ? SAY("$Peer had closed its end, or shut down its reading side, before this write "
                     "had "
                     "sent anything.$or_unseen$saved$last_words")
               : SAY("$Peer had closed its end before this write had sent anything, or either side "
                     "had shut the connection down: on a unix socket the kernel does not "
                     "distinguish "
                     "them.$saved$last_words");
}

template why_write_after_close(const struct facts *f)
{
    if (is_unix(f)) {
        return why_write_to_closed_unix(f);
    }
    if (is_mptcp(f)) {
        return SAY("The connection to $peer had failed or ended before this write; MPTCP does not "
                   "say how.$saved$last_words");
    }
    if (f->fin_seen == NO && f->own_fin != UNKNOWN) {
        return SAY("The connection to $peer had already failed before this write, by a reset, a "
                   "timeout or in some other way. $told_once$saved$last_words");
    }
    if (f->own_fin == UNKNOWN) {
        return SAY("This program had shut down its writing side before this write, or the "
                   "connection to $peer had failed, by a reset, a timeout or in some other way: "
                   "the kernel does not distinguish them.$saved$last_words");
    }
    return f->fin_seen == YES
               ? SAY("$Peer had closed its side (FIN), and then the connection failed before this "
                     "write had sent anything: by an RST from $peer, or one sent in its "
                     "name$or_gave_up.$saved$last_words")
               : SAY("The connection to $peer had failed before this write had sent anything, by "
                     "an "
                     "RST from it, or one sent in its name$or_gave_up.$saved$last_words");
}

template why_connection_aborted(const struct facts *f)
{
    if (f->call == CALL_connect) {
        return SAY("An earlier connect of this socket had failed, and its error was reported then; "
                   "or this one, or its connection, was ended in the meantime (by a reset, or on "
                   "this host by ss -K or similar).");
    }
    /* net/socket.c, do_accept(): its getname() failed. */
    if (keeps_messages_apart(f)) { /* net/ipv4/udp.c, udp_abort() */
        return SAY("The socket was disabled on this host (ss -K or similar).");
    }
    return is_accept(f->call)
               ? SAY("A connection had ended before the kernel could say who it came from.")
               : SAY("The connection was ended on this host (ss -K or similar).");
}
