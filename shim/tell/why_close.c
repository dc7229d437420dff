#include "tell/kind.h"
#include "tell/why.h"

template why_reset_by_own_close(const struct facts *f)
{
    return f->queued > 0
               ? SAY("This program closed the connection with $unread unread: therefore its kernel "
                     "sent RST instead of FIN, and $peer sees ECONNRESET if it has not closed as "
                     "well.")
               : SAY("This program closed the connection with SO_LINGER 0: therefore its kernel "
                     "sent RST instead of FIN, and $peer sees ECONNRESET if it has not closed as "
                     "well.");
}

template clause_after_waited(const struct facts *f)
{
    return f->waited_ms > 0 ? SAY(" after $waited") : NULL;
}

template clause_syn_kept_back(const struct facts *f)
{
    return f->send_failed
               ? SAY(" This host itself did not let the SYN out when it was to be sent again: a "
                     "firewall rule of its own, a full conntrack table or a full queue.")
               : NULL;
}

template why_gave_up_connecting(const struct facts *f)
{
    (void)f;
    return SAY("This program gave up connecting$after_waited: no SYN-ACK had come from $peer when "
               "it closed the socket.$syn_kept_back That is its own deadline, another address "
               "answered sooner, or SO_ERROR had told it of an ICMP error.");
}

template why_gave_up_waiting(const struct facts *f)
{
    (void)f;
    return SAY("This program closed the connection $sent after it had sent last, without an answer "
               "from $peer: $ever ($rx in all). That is its own deadline, unless what it sent last "
               "needed no answer.$not_acknowledged");
}

template clause_held_up(const struct facts *f)
{
    return f->window_closed ? SAY("$peer does not read (its window is closed)")
                            : SAY("none of it has gone out for $sent");
}

template why_gave_up_sending(const struct facts *f)
{
    return f->unacked > 0 && f->tries >= LEAST_TRIES
               ? SAY("This program gave the connection up: $peer had not acknowledged the last "
                     "$unacked in spite of $tries. Its host is off, or something on the way drops "
                     "the packets.")
               : SAY("This program closed the connection with $unsent that it had written and that "
                     "were not sent yet, for $held_up. The kernel goes on trying for a while; what "
                     "the "
                     "program still had to write, if anything, is lost.");
}
