#include "tell/kind.h"
#include "tell/why.h"

template why_connect_timed_out(const struct facts *f)
{
    if (!is_tcp(f) && !is_mptcp(f)) {
        return SAY("$Peer did not answer the connection request at all.");
    }
    return is_on_this_host(f)
               ? SAY("The connection request (SYN) was not answered by a SYN-ACK from $peer: "
                     "something on "
                     "this host drops, delays or redirects the packets (a firewall rule, a BPF "
                     "program, a full conntrack table), or the server's kernel rejects them (its "
                     "accept queue is full, it requires a TCP MD5 or AO key, or takes them for "
                     "part of an old connection).")
               : SAY("The connection request (SYN) was not answered by a SYN-ACK from $peer: the "
                     "host is down or does not exist, something on this host or on the path drops "
                     "or delays the packets (a firewall, a BPF program, a full conntrack table), "
                     "or the server's kernel rejects them (its accept queue is full, it requires a "
                     "TCP MD5 or AO key, or takes them for part of an old connection).");
}

/* Of an unconnected socket, and with IP_RECVERR, it may have been to anybody; a connected one
 * may have been connected to another address when it was sent. */
template clause_to_peer(const struct facts *f)
{
    return f->peer_from_call || f->hears_errors
               ? NULL
               : SAY(", to $peer or to the address that it was connected to before,");
}

/* The first address of localhost, as a rule. */
template clause_then_ipv4(const struct facts *f)
{
    return address_is_loopback6(&f->peer) ? SAY(" A program that connects to localhost usually "
                                                "tries 127.0.0.1 next.")
                                          : NULL;
}

static template why_inet_refused(const struct facts *f)
{
    if (f->type != SOCK_STREAM) {
        return SAY(
            "An earlier datagram from this socket$to_peer was answered with ICMP port unreachable: "
            "nothing at its destination receives it, or a firewall rejects it.");
    }
    if (f->was_connected) {
        return SAY("The connection to $peer was established, and then its packets were answered "
                   "with ICMP port unreachable: a firewall rejects them$never_acknowledged.");
    }
    return is_on_this_host(f)
               ? SAY("Nothing is listening on $peer on this host (or only on another interface), "
                     "or a firewall rule on this host rejects or redirects the "
                     "connection.$then_ipv4")
               : SAY("$Peer answered that nothing is listening on that port, or a firewall rejects "
                     "or redirects the connection (RST or ICMP port unreachable).");
}

template why_connection_refused(const struct facts *f)
{
    if (is_inet(f)) {
        return why_inet_refused(f);
    }
    if (!is_unix(f)) {
        return SAY("Nothing is receiving at the requested address.");
    }
    if (f->type == SOCK_DGRAM && f->call != CALL_connect && !f->peer_from_call) {
        return SAY("$Peer was closed.");
    }
    return f->type == SOCK_DGRAM
               ? SAY("$Peer was closed or is no socket, or the path was left behind by a program "
                     "that has ended.")
               : SAY("Nothing is listening at $peer: its owner is gone, has not called listen or "
                     "has shut the socket down, or there is no such socket.");
}

/* The error may be of an earlier datagram, which need not have gone to the address of
 * this call, or to where the socket is connected now. */
template clause_or_earlier_datagram(const struct facts *f)
{
    bool dgram = is_inet(f) && keeps_messages_apart(f) && f->call != CALL_connect;
    return dgram && f->hears_errors ? SAY(" Or the error is about an earlier datagram from this "
                                          "socket to another address.")
                                    : NULL;
}

/* net/ipv4/tcp_ipv4.c, tcp_v4_connect(). The host part of such an address is all ones, and has
 * two bits at least. */
template clause_or_broadcast(const struct facts *f)
{
    return f->type == SOCK_STREAM && f->call == CALL_connect && address_may_be_broadcast(&f->peer)
               ? SAY(" Or it is a broadcast address, to which TCP cannot connect.")
               : NULL;
}

template clause_or_ipv6_only(const struct facts *f)
{
    bool is_ipv4 = address_is_mapped(&f->peer) ||
                   (f->domain == AF_INET6 && address_family(&f->peer) == AF_INET);
    return is_ipv4 ? SAY(" Or the socket is IPv6-only (IPV6_V6ONLY).") : NULL;
}

/* An address that a socket is bound to, or got when it was connected, may have been taken from
 * this host since: net/ipv4/route.c, ip_route_output_key_hash_rcu(). */
template clause_or_own_address(const struct facts *f)
{
    bool asks_route =
        f->call == CALL_connect || f->err == EINVAL || (f->sends && f->type != SOCK_STREAM);
    if (!asks_route || f->domain != AF_INET || f->local.len == 0 || address_is_any(&f->local)) {
        return NULL;
    }
    if (!address_is_this_host(&f->local)) {
        return SAY(
            " Or $local, the address of the socket, does not belong to this host (any more).");
    }
    /* net/ipv4/route.c, __mkroute_output() */
    return f->err == EINVAL && !address_is_this_host(&f->peer)
               ? SAY(" Or it cannot be reached from $local, a loopback address.")
               : NULL;
}

/* An unconnected socket, and not a datagram of this call. */
static bool is_of_no_peer(const struct facts *f)
{
    return is_inet(f) && keeps_messages_apart(f) && f->peer.len == 0;
}

/* net/ipv4/tcp_timer.c, tcp_write_err(): with what ICMP or the route had said last. A FIN may have
 * ended it in order, where IP_RECVERR had told of an error before. */
template clause_gave_up(const struct facts *f)
{
    return is_tcp(f) && f->was_connected && f->state == TCP_STATE_CLOSE && f->fin_seen == NO
               ? SAY(" The connection had been established, and the kernel gave up on "
                     "it$never_acknowledged.$last_words")
               : NULL;
}

static template why_no_route(const struct facts *f)
{
    if (f->type == SOCK_STREAM && address_is_multicast(&f->peer)) {
        return SAY("$Peer is a multicast address, to which a stream socket cannot connect.");
    }
    return is_on_this_host(f)
               ? SAY("There is no route to $peer: this host has none that this socket may use, or "
                     "a rule of type unreachable, or a firewall rule on this host reported this "
                     "(ICMP).$or_own_address$or_ipv6_only$or_earlier_datagram$gave_up")
               : SAY("There is no route to $peer: this host has none that this socket may use, or "
                     "a rule of type unreachable, or a router or firewall on the "
                     "path reported this (ICMP).$or_broadcast$or_own_address$or_ipv6_only"
                     "$or_earlier_datagram$gave_up");
}

/* TTL: ICMP time exceeded. */
static template why_host_unreachable(const struct facts *f)
{
    return is_on_this_host(f)
               ? SAY("This host's route to $peer is of type unreachable, or a firewall rule on "
                     "this host reported (ICMP) that it is "
                     "unreachable.$or_earlier_datagram$gave_up")
               : SAY("This host found no neighbour (ARP, NDP), its route is of type unreachable, "
                     "or the network or a firewall reported (ICMP) that $peer is unreachable, or "
                     "too many routers away (TTL).$or_earlier_datagram$gave_up");
}

template why_unreachable(const struct facts *f)
{
    if (is_of_no_peer(f) && (f->err == ENETUNREACH || f->err == EHOSTUNREACH)) {
        return SAY(
            "An earlier datagram from this socket did not reach its destination, as this host, "
            "a router or a firewall reported (ICMP).");
    }
    switch (f->err) {
    case EINVAL:
        if (f->call == CALL_connect) {
            return SAY("This host's route to $peer is a blackhole route or rule.$or_own_address");
        }
        return f->state == TCP_STATE_CLOSE
                   ? SAY("The kernel gave up on the connection: this host's route to $peer is a "
                         "blackhole route or rule.$or_own_address")
                   : SAY("The kernel could not send to $peer: this host's route to it is a "
                         "blackhole route or rule.$or_own_address");
    case ENETUNREACH:
        return why_no_route(f);
    case ENETDOWN:
        return SAY("The network interface by which this socket sends or receives is down, or has "
                   "been removed.");
    case EHOSTDOWN: /* net/ipv4/icmp.c, icmp_err_convert: nothing else says so */
        return SAY("A router or a firewall reported that a host to which this socket has sent is "
                   "unknown (ICMP host unknown).");
    default:
        return why_host_unreachable(f);
    }
}

template clause_port_range(const struct facts *f)
{
    if (f->has_own_ports) {
        return SAY("IP_LOCAL_PORT_RANGE of this socket: $low_port to $high_port");
    }
    return f->port_high > 0 ? SAY("net.ipv4.ip_local_port_range: $low_port to $high_port")
                            : SAY("net.ipv4.ip_local_port_range");
}

/* net/ipv6/af_inet6.c, inet6_bind(): not while it is tentative. */
static template why_not_assigned(const struct facts *f)
{
    switch (f->assigned) {
    case ASSIGNED_TENTATIVE:
        return SAY("The address $local is on this host, but still tentative: bind fails until "
                   "duplicate address detection is over (mostly seconds).");
    case ASSIGNED_DUPLICATE:
        return SAY("The address $local is on this host, but cannot be used: duplicate address "
                   "detection has found another host that has it (dadfailed).");
    case ASSIGNED_NOT:
        return SAY("The address $local is not assigned to this host.");
    case ASSIGNED_ELSEWHERE:
        return SAY("The address $local is on this host, but not on the interface that it names.");
    default:
        return f->domain == AF_INET6 && !address_is_mapped(&f->local)
                   ? SAY("The address $local is not assigned to this host, or not to the interface "
                         "that the socket is bound to (SO_BINDTODEVICE, VRF), or was not yet: "
                         "duplicate address detection was still running (ip -6 address: "
                         "tentative).")
                   : SAY("The address $local is not assigned to this host, or not in the VRF of "
                         "the socket.");
    }
}

template why_address_unavailable(const struct facts *f)
{
    if (f->err == EAGAIN) {
        return SAY("No ephemeral port is left to send from (net.ipv4.ip_local_port_range, or "
                   "IP_LOCAL_PORT_RANGE of this socket).");
    }
    if (f->call == CALL_bind) {
        return why_not_assigned(f);
    }
    if (is_inet(f) && f->type != SOCK_STREAM) {
        return SAY("This host has no address from which $peer can be reached.");
    }
    if (address_port(&f->local) > 0) {
        return SAY("The local address $local is already connected to $peer, or a closed "
                   "connection between the two is still in TIME_WAIT; or the peer's address "
                   "cannot be reached from it.");
    }
    /* IPv6 has the same error where it finds no source address: net/ipv6/addrconf.c,
     * ipv6_dev_get_saddr(). IPv4 does without one: net/ipv4/inet_hashtables.c. */
    return f->domain == AF_INET6 && !address_is_mapped(&f->peer)
               ? SAY("Either this host has no IPv6 address from which $peer can be reached, or no "
                     "ephemeral port is left for connections to it ($port_range; closed "
                     "connections keep theirs for a minute in TIME_WAIT).")
               : SAY("No ephemeral port is left for connections to $peer ($port_range): all are in "
                     "use, reserved (net.ipv4.ip_local_reserved_ports) or in TIME_WAIT, which "
                     "lasts "
                     "a minute.");
}

template clause_taken(const struct facts *f)
{
    if (address_is_any(&f->local)) {
        return SAY("Another socket is already bound to port $port, on one address or on all");
    }
    /* net/ipv4/af_inet.c, __inet_bind(): AF_UNSPEC is taken for 0.0.0.0. */
    return address_is_named(&f->local)
               ? SAY("Another socket is already bound to $local")
               : SAY("Another socket is already bound to that port, on one address or on all");
}

template clause_or_to_all(const struct facts *f)
{
    return address_is_any(&f->local) || !address_is_named(&f->local)
               ? NULL
               : SAY(", or to its port on all addresses (0.0.0.0, [::])");
}

template why_address_in_use(const struct facts *f)
{
    if (is_unix(f)) {
        return address_is_abstract(&f->local)
                   ? SAY("$taken.")
                   : SAY("$taken, or it is a file, such as a socket that a program left behind "
                         "when it ended: a path remains until it is unlinked.");
    }
    if (!is_inet(f)) {
        return SAY("$taken.");
    }
    if (address_port(&f->local) == 0 && is_inet_family(address_family(&f->local))) {
        return SAY("No ephemeral port is left ($port_range): all are bound, reserved "
                   "(net.ipv4.ip_local_reserved_ports) or in TIME_WAIT.");
    }
    return f->type == SOCK_STREAM ? SAY("$taken$or_to_all, or a closed connection still holds it "
                                        "(TIME_WAIT, without SO_REUSEADDR).")
                                  : SAY("$taken$or_to_all.");
}

template why_no_such_socket(const struct facts *f)
{
    if (f->listens_unseen == YES) {
        return SAY("A socket is bound to $peer, but this program does not see that path: it was "
                   "removed, or one of the two has its own file system (a container, a chroot, "
                   "PrivateTmp=).");
    }
    return address_is_relative(&f->peer)
               ? SAY("There is no socket at $peer, from this program's working directory: the "
                     "server is not running, uses another path or directory, or sees another file "
                     "system (a container, a chroot).")
               : SAY("There is no socket at $peer: the server is not running, uses another path, "
                     "or sees another file system (a container, a chroot).");
}

template why_backlog_full(const struct facts *f)
{
    (void)f;
    return SAY("The queue of connections that $peer has not accepted yet is full.");
}
