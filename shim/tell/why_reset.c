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
               ? SAY(" Unread here: $unread that it sent before. Servers say in such last words "
                     "why they hang up (an HTTP status, a database's error, a TLS alert); tcpdump "
                     "-A or the client's verbose option shows them.")
               : NULL;
}

/* A single byte may be this program's FIN. */
template clause_never_acknowledged(const struct facts *f)
{
    uint32_t doubtful = f->own_fin == UNKNOWN && f->unsent == 0 ? 1 : 0;
    return f->unacked + f->unsent > doubtful
               ? SAY("; $waiting that this program had written were never acknowledged")
               : NULL;
}

template clause_how_far(const struct facts *f)
{
    if (f->rx == 0 && f->tx + f->unacked + f->unsent == 0) {
        return SAY(" before a byte had gone either way");
    }
    if (f->rx == 0) {
        return is_outstanding(f) ? SAY(" before it sent a single byte back; it had acknowledged "
                                       "$tx of the request")
                                 : SAY(" before it sent a single byte back; it had acknowledged "
                                       "all $tx of the request");
    }
    return f->idle_ms >= LONG_IDLE_MS
               ? SAY(" after $rx from it and $tx acknowledged by it")
               : SAY(" in mid-stream, after $rx from it and $tx acknowledged by it");
}

template clause_or_this_kernel(const struct facts *f)
{
    return f->own_fin == YES ? SAY(" Or this kernel did, because data came after this program had "
                                   "shut the socket down.")
                             : NULL;
}

template clause_or_own_firewall(const struct facts *f)
{
    return has_failed_to_send(f)
               ? SAY(" Or a firewall rule of this host did, which lets nothing out to the peer.")
               : NULL;
}

template clause_idle_or_between(const struct facts *f)
{
    if (f->idle_ms >= LONG_IDLE_MS) {
        return SAY(" No data had come for $idle when this call found out: look at idle timeouts of "
                   "the peer and of what stands between (load balancer, NAT, firewall).");
    }
    return address_is_loopback(&f->peer)
               ? NULL
               : SAY(" A firewall or another device in between may have sent the RST in its name.");
}

static template why_tcp_reset(const struct facts *f)
{
    /* EPIPE: net/ipv4/tcp_input.c, tcp_reset(), in CLOSE_WAIT. */
    if (f->fin_seen == YES || f->err == EPIPE) {
        return SAY("$Peer had ended its side in order (FIN), and then reset the connection "
                   "(RST)$never_acknowledged.$last_words");
    }
    if (!f->has_payload) {
        return SAY("$Peer aborted the connection (RST).");
    }
    return SAY("$Peer aborted the connection (RST)$how_far$never_acknowledged."
               "$or_this_kernel$or_own_firewall$idle_or_between$last_words");
}

template why_peer_reset(const struct facts *f)
{
    if (is_tcp(f) && f->was_connected) {
        return why_tcp_reset(f);
    }
    if (is_unix(f) && keeps_messages_apart(f)) {
        return SAY("$Peer connected its socket to another address, and has thrown away unread what "
                   "this program had sent.");
    }
    if (is_unix(f)) {
        return SAY("$Peer closed its end while data from this program lay there unread, or before "
                   "it had accepted the connection.$last_words");
    }
    return is_mptcp(f) ? SAY("$Peer aborted the connection (reset), or the last of its subflows "
                             "failed.")
                       : SAY("$Peer aborted the connection (reset).");
}

template why_local_shutdown_write(const struct facts *f)
{
    return is_unix(f)
               ? SAY("This program shut down its writing side before it wrote, or the peer shut "
                     "down its reading side: on a unix socket the kernel does not tell them "
                     "apart.$saved$last_words")
               : SAY("This program itself shut down its writing side before it "
                     "wrote.$saved$last_words");
}

/* The peer has closed, and RST answered what was sent after that; or the kernel gave
 * up; or all of it had been over before. */
static template why_write_after_fin(const struct facts *f)
{
    if (!is_outstanding(f)) {
        return SAY(
            "$Peer had closed, and then reset the connection, before this write.$saved$last_words");
    }
    return f->tries > 0
               ? SAY("$Peer had closed, and what was sent after that was answered with RST, or by "
                     "nobody until the kernel gave up.$saved$last_words")
               : SAY("$Peer had closed, and answered what was sent after that with "
                     "RST.$saved$last_words");
}

template why_write_after_close(const struct facts *f)
{
    if (is_unix(f)) {
        return SAY("$Peer had closed its end before this write, or either of the two had shut the "
                   "connection down (SHUT_RDWR): on a unix socket the kernel does not tell them "
                   "apart.$saved$last_words");
    }
    if (f->fin_seen == NO) {
        return SAY("The connection to $peer had already failed before this write, by reset or "
                   "time-out or in another way, and the error was reported then.$saved$last_words");
    }
    if (f->own_fin == UNKNOWN && !is_outstanding(f)) {
        return f->fin_seen == YES
                   ? SAY("$Peer had closed, and then reset the connection, or this program had "
                         "shut down its writing side before this write: the kernel does not tell "
                         "them apart.$saved$last_words")
                   : SAY("$Peer had closed or reset the connection, or this program had shut down "
                         "its writing side before this write: the kernel does not tell them "
                         "apart.$saved$last_words");
    }
    return f->fin_seen == YES
               ? why_write_after_fin(f)
               : SAY("$Peer had closed or reset the connection before this write, or it had timed "
                     "out: data that was not read hides which.$saved$last_words");
}

template why_connection_aborted(const struct facts *f)
{
    if (f->call == CALL_connect) {
        return SAY("An earlier connect of this socket had failed, and its error was reported then; "
                   "or its connection was ended meanwhile (by a reset, or on this host by ss -K or "
                   "the like).");
    }
    /* net/socket.c, do_accept(): its getname() failed. */
    return is_accept(f->call)
               ? SAY("A connection was over before the kernel could say whose it is.")
               : SAY("The connection was ended on this host (ss -K, or the like).");
}
