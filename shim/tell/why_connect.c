#include "tell/kind.h"
#include "tell/why.h"

template why_connect_timed_out(const struct facts *f)
{
    if (!is_tcp(f) && !is_mptcp(f)) {
        return SAY("$Peer did not answer the connection request at all.");
    }
    return is_on_this_host(f)
               ? SAY("No answer from $peer to the connection request (SYN) came through: a "
                     "firewall rule of this host drops the packets, or the server's accept queue "
                     "is full and its kernel ignores them.")
               : SAY("No answer from $peer to the connection request (SYN) came through: the host "
                     "is down or not there, something drops the packets (a firewall, of this host "
                     "or on the way), or the server's accept queue is full and its kernel ignores "
                     "them.");
}

/* Of an unconnected socket it may have been to anybody; a connected one may have been
 * connected to another address when it was sent. */
template clause_to_peer(const struct facts *f)
{
    return f->peer_from_call ? NULL : SAY(", to $peer or to where it was connected before,");
}

static template why_inet_refused(const struct facts *f)
{
    if (f->type != SOCK_STREAM) {
        return SAY("An earlier datagram of this socket$to_peer was answered by port-unreachable "
                   "(ICMP): nothing receives where it was sent, or a firewall rejects it.");
    }
    if (f->was_connected) {
        return SAY("The connection to $peer stood, and then its packets were answered by "
                   "port-unreachable (ICMP): that is a firewall that rejects "
                   "them$never_acknowledged.");
    }
    return is_on_this_host(f)
               ? SAY("Nothing listens on $peer of this host, or a firewall rule of this host "
                     "rejects the connection or redirects it.")
               : SAY("$Peer answered that nothing listens on that port, or a firewall rejects it "
                     "(RST or port-unreachable).");
}

template why_connection_refused(const struct facts *f)
{
    if (is_inet(f)) {
        return why_inet_refused(f);
    }
    if (!is_unix(f)) {
        return SAY("Nothing receives at the address that was asked for.");
    }
    return f->type == SOCK_DGRAM
               ? SAY("$Peer was closed, or the path is left over from a program that is gone.")
               : SAY("Nobody listens at $peer: its owner is gone or has not called listen, or "
                     "there is no such socket.");
}

/* The error may be of an earlier datagram, which need not have gone to the address of
 * this call, or to where the socket is connected now. */
template clause_or_earlier_datagram(const struct facts *f)
{
    bool dgram = is_inet(f) && keeps_messages_apart(f) && f->call != CALL_connect;
    return dgram && f->hears_errors
               ? SAY(" Or that was said of an earlier datagram of this socket, to another address.")
               : NULL;
}

template clause_or_ipv6_only(const struct facts *f)
{
    return address_is_mapped(&f->peer) ? SAY(" Or the socket is for IPv6 only (IPV6_V6ONLY).")
                                       : NULL;
}

/* An address that a socket is bound to, or got when it was connected, may have been taken from
 * this host since: net/ipv4/route.c, ip_route_output_key_hash_rcu(). */
template clause_or_own_address(const struct facts *f)
{
    bool asks_route = f->call == CALL_connect || (f->sends && f->type != SOCK_STREAM);
    bool has_one = f->local.len > 0 && !address_is_this_host(&f->local);
    return asks_route && f->domain == AF_INET && has_one
               ? SAY(" Or $local, the address of the socket, is none of this host's any more.")
               : NULL;
}

template why_unreachable(const struct facts *f)
{
    switch (f->err) {
    case EINVAL:
        if (f->call == CALL_connect) {
            return SAY("A route of this host leads nowhere (blackhole) instead of to "
                       "$peer.$or_own_address");
        }
        return SAY("The kernel gave the connection up: a route of this host leads nowhere "
                   "(blackhole) instead of to $peer.$or_earlier_datagram");
    case ENETUNREACH:
        return SAY("There is no route to $peer: this host has none, or a router or firewall on "
                   "the way reported that (ICMP).$or_own_address$or_ipv6_only$or_earlier_datagram");
    case ENETDOWN:
        return SAY("The network interface that leads to $peer is down.$or_earlier_datagram");
    default:
        return SAY("This host found no neighbour (ARP) or has a route that says unreachable, or "
                   "the network or a firewall reported (ICMP) that there is no way to $peer."
                   "$or_earlier_datagram");
    }
}

template clause_port_range(const struct facts *f)
{
    return f->port_high > 0 ? SAY("net.ipv4.ip_local_port_range: $low_port to $high_port")
                            : SAY("net.ipv4.ip_local_port_range");
}

template why_address_unavailable(const struct facts *f)
{
    if (f->err == EAGAIN) {
        return SAY("No ephemeral port is left to send from (net.ipv4.ip_local_port_range).");
    }
    if (f->call == CALL_bind) {
        /* net/ipv6/af_inet6.c, inet6_bind(): not while it is tentative. */
        return f->domain == AF_INET6 && !address_is_mapped(&f->local)
                   ? SAY("The address $local is not one of this host's, or not yet: duplicate "
                         "address detection still runs, or has failed (ip -6 address: tentative, "
                         "dadfailed).")
                   : SAY("The address $local is not one of this host's.");
    }
    if (is_inet(f) && f->type != SOCK_STREAM) {
        return SAY("This host has no address from which $peer can be reached.");
    }
    return address_port(&f->local) > 0
               ? SAY("The local address $local is already connected to $peer, or a closed "
                     "connection between the two is still in TIME_WAIT; or the address cannot be "
                     "reached from it.")
               : SAY("Either no ephemeral port is left for connections to $peer ($port_range; "
                     "closed connections hold theirs for a minute in TIME_WAIT), or that is no "
                     "address to connect to from this host.");
}

template clause_taken(const struct facts *f)
{
    return address_is_named(&f->local) ? SAY("Another socket already has $local")
                                       : SAY("Another socket already has that address");
}

template why_address_in_use(const struct facts *f)
{
    if (is_unix(f)) {
        return SAY("$taken: the name exists, perhaps left over from a program that is gone; a path "
                   "stays until it is unlinked.");
    }
    if (!is_inet(f)) {
        return SAY("$taken.");
    }
    if (address_port(&f->local) == 0) {
        return SAY("No ephemeral port is left ($port_range): all of them are bound or held in "
                   "TIME_WAIT.");
    }
    return f->type == SOCK_STREAM
               ? SAY("$taken, or its port on all addresses (0.0.0.0, [::]), or a closed connection "
                     "still holds it (TIME_WAIT, without SO_REUSEADDR).")
               : SAY("$taken, or its port on all addresses (0.0.0.0, [::]).");
}

template why_no_such_socket(const struct facts *f)
{
    (void)f;
    return SAY("There is no socket at $peer: the server is not running, or it uses another path.");
}

template why_backlog_full(const struct facts *f)
{
    (void)f;
    return SAY("The queue of connections that $peer has not accepted yet is full.");
}
