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
