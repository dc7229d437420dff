#include "tell/kind.h"
#include "tell/why.h"

static bool is_end_of_program(const struct facts *f)
{
    return f->call == CALL_exit;
}

/* A shutdown has sent the FIN already: whether it has arrived is known by its acknowledgement. */
template clause_rst(const struct facts *f)
{
    if (f->state == TCP_STATE_FIN_WAIT2) {
        return SAY("RST after the FIN of its shutdown");
    }
    return f->state == TCP_STATE_FIN_WAIT1 ? SAY("RST") : SAY("RST instead of FIN");
}

/* An RST after the FIN gives EPIPE: net/ipv4/tcp_input.c, tcp_reset(). */
template clause_reset_seen(const struct facts *f)
{
    if (f->state == TCP_STATE_FIN_WAIT2) {
        return SAY("EPIPE");
    }
    return f->state == TCP_STATE_FIN_WAIT1 ? SAY("ECONNRESET or EPIPE") : SAY("ECONNRESET");
}

/* Who gives up waiting with SO_LINGER 0, as proxies do. */
template clause_no_answer(const struct facts *f)
{
    return asked_last(f) && f->sent_ms >= LEAST_WAIT_MS
               ? SAY(" It had sent last, $sent before, and $ever.")
               : NULL;
}

static template why_reset_at_end(const struct facts *f)
{
    return f->queued > 0
               ? SAY("This program ended with $unread unread: unless another process has the "
                     "connection as well, its kernel sends $rst, and $peer sees "
                     "$reset_seen.$not_acknowledged")
               : SAY("This program ended with SO_LINGER 0 set: unless another process has the "
                     "connection as well, its kernel sends $rst, and $peer sees "
                     "$reset_seen.$no_answer$not_acknowledged");
}

/* The peer's RST may come between the last look at the connection and the close. */
template why_reset_by_own_close(const struct facts *f)
{
    if (is_end_of_program(f)) {
        return why_reset_at_end(f);
    }
    return f->queued > 0
               ? SAY("This program closed the connection with $unread unread, so its kernel sent "
                     "$rst, unless the connection failed at that very moment; $peer sees "
                     "$reset_seen unless it has closed as well.$not_acknowledged")
               : SAY("This program closed the connection with SO_LINGER 0, so its kernel sent "
                     "$rst, unless the connection failed at that very moment; $peer sees "
                     "$reset_seen unless it has closed as well.$no_answer$not_acknowledged");
}

template clause_after_waited(const struct facts *f)
{
    return f->waited_ms > 0 ? SAY(" after $waited") : NULL;
}

template clause_syn_kept_back(const struct facts *f)
{
    return f->send_failed
               ? SAY(" A retransmission of the SYN did not leave this host: its interface "
                     "is down, it has no route, or a local firewall rule, a BPF program, "
                     "a full conntrack table or a full queue stopped it.")
               : NULL;
}

template why_gave_up_connecting(const struct facts *f)
{
    if (is_end_of_program(f)) {
        return SAY("This program ended$after_waited while it was still connecting: no SYN-ACK had "
                   "come from $peer.$syn_kept_back");
    }
    return SAY("This program gave up connecting$after_waited: no SYN-ACK had come from $peer when "
               "it closed the socket.$syn_kept_back Perhaps its own deadline passed, another "
               "address answered sooner, a client of its own went away, or SO_ERROR had told it "
               "of an error.");
}

static template why_closed_mute(const struct facts *f)
{
    return is_end_of_program(f)
               ? SAY("This program ended $idle after it had connected to $peer, and neither side "
                     "had ever sent anything. Perhaps it waited for $peer to speak first (a "
                     "greeting), or held the connection in reserve.")
               : SAY("This program closed the connection $idle after it was made, and neither side "
                     "had ever sent anything. Perhaps it had waited for $peer to speak first (a "
                     "greeting) until its own deadline, or held the connection in reserve.");
}

/* A proxy's client that goes away looks like a deadline of the proxy's, and so does who is told
 * to end. */
template why_gave_up_waiting(const struct facts *f)
{
    if (was_mute(f)) {
        return why_closed_mute(f);
    }
    if (is_end_of_program(f)) {
        return SAY("This program ended $sent after its last send, with no answer from $peer: $ever "
                   "($rx in all). Perhaps its own deadline passed or it was told to end, or what "
                   "it sent last needed no answer.$not_acknowledged");
    }
    return SAY("This program closed the connection $sent after its last send, with no answer from "
               "$peer: $ever ($rx in all). Perhaps its own deadline passed, a client of its own "
               "went away or it was told to end, or what it sent last needed no "
               "answer.$not_acknowledged");
}

template clause_held_up(const struct facts *f)
{
    return f->window_closed ? SAY("$peer does not read (its window is closed)")
                            : SAY("none of it has gone out for $sent");
}

template why_gave_up_sending(const struct facts *f)
{
    if (f->unacked > 0 && f->tries >= LEAST_TRIES) {
        return SAY("This program gave up on the connection: $peer had not acknowledged the last "
                   "$unacked despite $tries. Its host is down, or something on the path or on this "
                   "host drops or delays the packets.");
    }
    return is_end_of_program(f)
               ? SAY("This program ended with $unsent that it had written and that were not sent "
                     "yet: $held_up. The kernel keeps trying for a while.")
               : SAY("This program closed the connection with $unsent that it had written and that "
                     "were not sent yet: $held_up. The kernel keeps trying for a while; anything "
                     "that the program still had to write is lost.");
}
