#include "base/settings.h"
#include "tell/kind.h"
#include "tell/why.h"

template why_zero_length_request(const struct facts *f)
{
    if (counts_messages(f->call)) {
        return SAY("The program itself passed a message count of 0, so nothing was transferred.");
    }
    if (f->receives) {
        return SAY("The program itself asked for 0 bytes; this says nothing about the connection.");
    }
    /* fs/read_write.c, vfs_writev(): without a byte the socket is not asked. */
    if (f->call == CALL_writev || f->call == CALL_pwritev2) {
        return SAY("The program itself offered 0 bytes, so nothing was sent.");
    }
    if (!keeps_messages_apart(f)) {
        return SAY("The program itself offered 0 bytes; this says nothing about the connection.");
    }
    return is_inet(f) && f->type == SOCK_DGRAM
               ? SAY("The program itself offered 0 bytes: an empty datagram was sent, or is kept "
                     "back for what follows it (MSG_MORE, UDP_CORK).")
               : SAY("The program itself offered 0 bytes: an empty datagram was sent.");
}

template why_zero_length_datagram(const struct facts *f)
{
    return f->type == SOCK_SEQPACKET ? SAY("An empty message arrived: this is legal and does not "
                                           "mean that anything has ended.")
                                     : SAY("An empty datagram arrived: this is legal and does not "
                                           "mean that anything has ended.");
}

template why_error_queue(const struct facts *f)
{
    return f->has_len && f->len == 0
               ? SAY("The call took an entry from the error queue and had no room for a payload.")
               : SAY("The call took an entry from the error queue that has no payload.");
}

template why_source_exhausted(const struct facts *f)
{
    return f->call == CALL_sendfile ? SAY("The input file of sendfile is at its end; this says "
                                          "nothing about the connection.")
                                    : SAY("The input pipe of splice is empty and has no writer "
                                          "left; this says nothing about the connection.");
}

template clause_not_acknowledged(const struct facts *f)
{
    return is_outstanding(f) ? SAY(" Of what this program wrote, $waiting had not been "
                                   "acknowledged.")
                             : NULL;
}

template clause_failed_since(const struct facts *f)
{
    return f->error_pending == YES ? SAY(" Then the connection failed, by a reset or otherwise; a "
                                         "write or SO_ERROR will report it, a read will not.")
                                   : NULL;
}

template clause_after_rx(const struct facts *f)
{
    return f->has_payload ? SAY(" after $rx") : NULL;
}

/* The kernel counts in ticks: of a request that followed the last answer at once it does not tell
 * which of the two came last. */
static bool may_owe_answer(const struct facts *f)
{
    return f->sent_ms == f->idle_ms && f->sent_ms >= LEAST_WAIT_MS && f->side == CONNECTED &&
           f->own_fin == NO && f->has_sent && f->rx > 0 && f->retrans == 0;
}

template clause_may_owe_answer(const struct facts *f)
{
    return may_owe_answer(f) ? SAY(" Both sides had last sent data $sent before this call, so an "
                                   "answer may have been due.")
                             : NULL;
}

/* Most of them in one piece: a name that need not be looked up is time saved. */
static template why_fin(const struct facts *f)
{
    if (is_connected_to_itself(f)) {
        return SAY(
            "This program's own FIN has come back$after_rx: $peer is this very socket, which "
            "its connect has connected to itself.");
    }
    if (f->has_payload && !is_outstanding(f) && f->error_pending != YES && !may_owe_answer(f)) {
        return SAY("$Peer closed its side cleanly (FIN) after $rx: it closed the connection, or "
                   "only finished sending.");
    }
    return SAY("$Peer closed its side cleanly (FIN)$after_rx: it closed the connection, or only "
               "finished sending.$may_owe_answer$not_acknowledged$failed_since");
}

/* One that sockshim is not in: nobody has noted it. */
template clause_or_unseen(const struct facts *f)
{
    (void)f;
    return SAY(" Or another process that shares this end shut it down.");
}

static template why_unix_closed(const struct facts *f)
{
    bool not_by_us = f->shut_reading == NO;
    if (f->type == SOCK_SEQPACKET) {
        return not_by_us ? SAY("$Peer closed its end, or finished sending, or sent an empty "
                               "message just before that: the kernel does not distinguish "
                               "them.$or_unseen")
                         : SAY("$Peer closed its end, or finished sending, or sent an empty "
                               "message just before that, or this program shut down its own "
                               "reading side: the kernel does not distinguish them.");
    }
    if (not_by_us) {
        return f->hung_up == YES ? SAY("$Peer closed its end, or shut it down without closing it."
                                       "$or_unseen")
                                 : SAY("$Peer finished sending (it shut down its writing side)."
                                       "$or_unseen");
    }
    return f->hung_up == YES
               ? SAY("$Peer closed its end, or either side shut the connection down: on a unix "
                     "socket the kernel does not distinguish them.")
               : SAY("$Peer finished sending, or this program shut down its own reading side: on a "
                     "unix socket the kernel does not distinguish them.");
}

template why_peer_closed(const struct facts *f)
{
    if (is_unix(f)) {
        return why_unix_closed(f);
    }
    if (!is_tcp(f) && !is_mptcp(f)) {
        return SAY("$Peer closed its end, or this program shut down its own reading side.");
    }
    return why_fin(f);
}

template clause_ever(const struct facts *f)
{
    return f->rx == 0 ? SAY("nothing has ever arrived") : SAY("nothing has arrived since");
}

/* What was sent last may have been sent again since then, and before. */
static bool was_over_before_it_sent(const struct facts *f)
{
    return f->fin_ms >= LEAST_SILENCE_MS && f->fin_ms > f->sent_ms + LEAST_WAIT_MS &&
           f->retrans == 0;
}

template why_closed_unanswered(const struct facts *f)
{
    if (was_over_before_it_sent(f)) {
        return SAY("$Peer had closed its side cleanly (FIN) at least $fin before this call, and so "
                   "before this program sent last, $sent before it: that can have no answer ($rx "
                   "in all). Perhaps a limit for idle time there, a ping that this program did not "
                   "answer in time, or the end of its process.$not_acknowledged$failed_since");
    }
    return f->sent_ms < LEAST_WAIT_MS
               ? SAY("$Peer closed its side cleanly (FIN) without answering: this program had sent "
                     "last, $sent before this call, and $ever ($rx in all). Perhaps it rejects "
                     "what "
                     "it was sent, its process died, or a proxy has no backend; a final message "
                     "that needs no answer looks the same.$not_acknowledged$failed_since")
               : SAY("$Peer closed its side cleanly (FIN) without answering: this program had sent "
                     "last, $sent before this call, and $ever ($rx in all). Perhaps its process "
                     "died or gave up, a time limit expired, or a proxy has no backend; a final "
                     "message that needs no answer looks the same.$not_acknowledged$failed_since");
}

/* Of a process that sockshim is not in, nobody has noted it. */
template clause_who_shut(const struct facts *f)
{
    enum known is_noted = f->sends ? f->shut_writing : f->shut_reading;
    return is_noted == YES ? SAY("This program itself")
                           : SAY("This program, or another process that shares the socket,");
}

template why_local_shutdown_read(const struct facts *f)
{
    if (f->type == SOCK_SEQPACKET) {
        return SAY("$who_shut shut down the reading side of the socket (or an empty message came "
                   "just before that).");
    }
    if (keeps_messages_apart(f)) { /* UDP goes on receiving: net/ipv4/udp.c */
        return SAY("$who_shut shut down the reading side of the socket (or an empty datagram came: "
                   "the kernel does not distinguish them).");
    }
    return f->was_connected && is_tcp(f) && f->state != TCP_STATE_CLOSE
               ? SAY("$who_shut shut down the reading side of the socket; no FIN has come from "
                     "$peer.")
               : SAY("$who_shut shut down the reading side of the socket.");
}

template clause_told_once(const struct facts *f)
{
    (void)f;
    return SAY("The kernel reports this only once: an earlier call got the error, or it was lost "
               "in a splice, sendfile or sendmmsg that had already transferred data.");
}

template why_closed_after_error(const struct facts *f)
{
    if (ends_by_us(f)) {
        return SAY("Nothing arrived within SOCKSHIM_RECV_TIMEOUT, and SOCKSHIM_RESET=eof turned "
                   "that into an end of stream; the connection is still open.");
    }
    if (settings.handling.reset_eof) {
        return SAY("The connection to $peer had failed, and this 0 does not mean that $peer had "
                   "finished sending: SOCKSHIM_RESET=eof turned the error into this 0, or the "
                   "error had been reported before.");
    }
    return SAY("The connection to $peer had already failed. $told_once This 0 does not mean "
               "that $peer had finished sending.");
}
