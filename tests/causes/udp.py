"""UDP and raw sockets."""
import ctypes
import os
import socket
import struct
from socket import (AF_INET, IPPROTO_IP, MSG_PEEK, MSG_TRUNC, SHUT_RD, SOCK_DGRAM, SOCK_RAW,
                    SOL_SOCKET, SO_ERROR)

from made_of import (LOOPBACK, MessageHeader, bound_udp, call, closed_port, connected_far,
                     firewall, name, note_ends, notes, own_network, peer, raw, receive_many, run,
                     send_many, wait)
from registry import case


@case("""
    recv ECONNREFUSED connection-refused | udp
        An earlier datagram from this socket was answered with ICMP port unreachable ... !to the peer ... !connected to before
    send ECONNREFUSED connection-refused | udp peer=$them
        An earlier datagram from this socket was answered with ICMP port unreachable ... !connected to before
""")
def udp_refused_with_recverr():
    """Whoever asks for all errors (ip(7), IP_RECVERR) is told of those of unconnected sockets."""
    s = bound_udp()
    s.setsockopt(IPPROTO_IP, 11, 1)
    s.sendto(b"x", (LOOPBACK, 9))
    wait(s)
    call(s.recv, 64)
    s.sendto(b"x", (LOOPBACK, 9))
    wait(s)
    with socket.socket(AF_INET, SOCK_DGRAM) as other:
        other.bind((LOOPBACK, 0))
        s.connect(other.getsockname())
        notes["them"] = name(other.getsockname())
        call(s.send, b"x")


def refused_udp():
    s = bound_udp()
    s.connect(closed_port(kind=SOCK_DGRAM))
    s.send(b"abc")
    wait(s)
    return s


@case("""
    recv ECONNREFUSED connection-refused | len=64 udp peer=$them
        An earlier datagram from this socket, to $them or to the address that it was connected to before, was answered with ICMP port unreachable
""")
def udp_refused_receive():
    call(refused_udp().recv, 64)


@case("""
    send ECONNREFUSED connection-refused | len=3 udp peer=$them
        An earlier datagram from this socket, to $them or to the address that it was connected to before, was answered with ICMP port unreachable
""")
def udp_refused_send():
    call(refused_udp().send, b"abc")


@case("""
    recvmmsg ECONNREFUSED connection-refused | udp peer=$them
        An earlier datagram from this socket, to $them or to the address that it was connected to before, was answered with ICMP port unreachable
""")
def udp_refused_many():
    receive_many(refused_udp(), 2)


@case("""
    getsockopt ECONNREFUSED connection-refused | udp peer=$them
        An earlier datagram from this socket, to $them or to the address that it was connected to before, was answered with ICMP port unreachable
""")
def udp_refused_so_error():
    refused_udp().getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    sendto ECONNREFUSED connection-refused | len=3 udp peer=$other
        An earlier datagram from this socket was answered with ICMP port unreachable
""")
def udp_refused_elsewhere():
    """Of an unconnected socket: the error is of the datagram before."""
    s, other = bound_udp(), bound_udp()
    s.setsockopt(IPPROTO_IP, 11, 1)  # IP_RECVERR
    notes["us"], notes["other"] = name(s.getsockname()), name(other.getsockname())
    s.sendto(b"abc", closed_port(kind=SOCK_DGRAM))
    wait(s)
    call(s.sendto, b"abc", other.getsockname())


@case("""
    sendto EHOSTUNREACH unreachable | len=3 udp peer=$other
        Or the error is about an earlier datagram from this socket to another address
""")
def udp_unreachable_elsewhere():
    own_network()
    firewall("udp dport 7000 reject with icmp host-unreachable")
    s, other = bound_udp(), bound_udp()
    s.setsockopt(IPPROTO_IP, 11, 1)  # IP_RECVERR
    notes["us"], notes["other"] = name(s.getsockname()), name(other.getsockname())
    s.sendto(b"abc", (LOOPBACK, 7000))
    wait(s)
    call(s.sendto, b"abc", other.getsockname())


@case("""
    sendmmsg EMSGSIZE message-too-big | udp peer=$other
        A message (with what MSG_MORE or UDP_CORK had kept back before it, if anything), or an earlier one, is larger than this socket can send in one piece ... !path MTU
    sendto EMSGSIZE message-too-big | udp peer=$other
        The message of 65508 bytes is larger than any datagram can be ... !path MTU
""")
def udp_too_big_for_another_address():
    """The MTU that a socket tells is that of the path to where it is connected."""
    s, other = bound_udp(), bound_udp()
    notes["us"], notes["other"] = name(s.getsockname()), name(other.getsockname())
    s.connect((LOOPBACK, 9))
    send_many(s, 2, 65508, other.getsockname())
    call(s.sendto, bytes(65508), other.getsockname())


def dissolved_udp(answer):
    """A socket with an error of when it was connected; and another address."""
    own_network()
    firewall(f"udp dport 7000 reject with icmp {answer}")
    s, other = bound_udp(), bound_udp()
    notes["other"] = name(other.getsockname())
    s.connect((LOOPBACK, 7000))
    s.send(b"abc")
    wait(s)
    raw("connect", s.fileno(), bytes(16), 16)
    return s, other.getsockname()


@case("""
    sendto EHOSTUNREACH unreachable | len=3 type=udp peer=$other
        Or the error is about an earlier datagram from this socket to another address
""")
def udp_unreachable_before_it_was_dissolved():
    s, other = dissolved_udp("admin-prohibited")
    call(s.sendto, b"abc", other)


@case("""
    recv EHOSTUNREACH unreachable | len=64 type=udp peer=-
        An earlier datagram from this socket did not reach its destination ... !the peer
""")
def udp_unreachable_before_it_was_dissolved_received():
    s, _ = dissolved_udp("admin-prohibited")
    call(s.recv, 64)


@case("""
    sendto ECONNREFUSED connection-refused | len=3 type=udp peer=$other
        An earlier datagram from this socket was answered with ICMP port unreachable ... !connected
""")
def udp_refused_before_it_was_dissolved():
    s, other = dissolved_udp("port-unreachable")
    call(s.sendto, b"abc", other)


@case("""
    recv ECONNREFUSED connection-refused | len=64 type=udp peer=-
        An earlier datagram from this socket was answered with ICMP port unreachable ... !the peer
""")
def udp_refused_before_it_was_dissolved_received():
    s, _ = dissolved_udp("port-unreachable")
    call(s.recv, 64)


@case("""
    sendto ENETUNREACH unreachable | len=3 type=udp peer=10.5.0.1:7000
        There is no route to 10.5.0.1:7000 ... !earlier
    sendto EINVAL bad-argument | len=3 type=udp peer=10.5.0.1:7000
        or the route to 10.5.0.1:7000 is a blackhole route
""")
def udp_unreachable():
    own_network()
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"abc", ("10.5.0.1", 7000))
    run("ip route add blackhole 10.0.0.0/8")
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"abc", ("10.5.0.1", 7000))


@case("""
    recv EACCES not-permitted | len=64 udp peer=[::1]:7000
        A firewall rule (on this host, or on the path and reported by ICMP) ... !SO_BROADCAST
""")
def udp_prohibited_ipv6():
    """IPv6 has no broadcast to be forbidden."""
    own_network()
    firewall("udp dport 7000 reject with icmpv6 admin-prohibited")
    s = bound_udp("::1")
    s.connect(("::1", 7000))
    s.send(b"abc")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNREFUSED connection-refused | len=64 udp peer=127.0.0.1:7000
        was answered with ICMP port unreachable: nothing at its destination receives it, or a firewall rejects it
""")
def udp_refused_by_a_firewall():
    """Something does receive there."""
    own_network()
    firewall("udp dport 7000 reject")
    peer(f"bind(('127.0.0.1', 7000), {int(SOCK_DGRAM)})")
    s = bound_udp()
    s.connect((LOOPBACK, 7000))
    s.send(b"abc")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ENOPROTOOPT not-supported | len=64 udp peer=127.0.0.1:7000
        An earlier datagram from this socket was answered with ICMP protocol unreachable: its destination does not support
""")
def udp_protocol_rejected():
    own_network()
    firewall("udp dport 7000 reject with icmp prot-unreachable")
    s = bound_udp()
    s.connect((LOOPBACK, 7000))
    s.send(b"abc")
    wait(s)
    call(s.recv, 64)


@case("""
    sendto 0 zero-length-request | len=0 udp peer=$us
        offered 0 bytes: an empty datagram was sent
    sendto 0 zero-length-request | len=0 udp peer=$us
        offered 0 bytes: an empty datagram was sent
    sendto 0 zero-length-request | len=0 udp peer=$us
        offered 0 bytes: an empty datagram was sent
    sendto 0 zero-length-request | len=0 udp peer=$us
        offered 0 bytes: an empty datagram was sent
    recv 0 zero-length-datagram | len=64 flags=MSG_PEEK udp
        An empty datagram arrived
    recv 0 zero-length-datagram | len=64 udp
        An empty datagram arrived
    recvfrom 0 zero-length-datagram | len=65 udp
        An empty datagram arrived
    recvmsg 0 zero-length-datagram | len=66 udp
        An empty datagram arrived
    read 0 zero-length-datagram | len=67 udp
        An empty datagram arrived
""")
def udp_empty():
    s = bound_udp()
    for _ in range(4):
        s.sendto(b"", s.getsockname())
    call(s.recv, 64, MSG_PEEK)
    call(s.recv, 64)
    call(s.recvfrom, 65)
    call(s.recvmsg, 66)
    call(os.read, s.fileno(), 67)


@case("""
    sendto 0 zero-length-request | len=0 udp peer=$us
        offered 0 bytes: an empty datagram was sent
    recv 0 zero-length-datagram | len=0 udp
        An empty datagram arrived
""")
def udp_empty_asked_for_its_length():
    """0 bytes of room, and the length of the datagram that waits: 0."""
    s = bound_udp()
    s.sendto(b"", s.getsockname())
    raw("recv", s.fileno(), None, 0, MSG_PEEK | MSG_TRUNC)


@case("""
    sendto ENOBUFS no-memory | len=1000 udp peer=$us
        or the queue of the network interface is full
""")
def udp_interface_queue_full():
    """Told to those that want to hear of errors."""
    own_network()
    run("tc qdisc add dev lo root tbf rate 8kbit burst 2k limit 2k")
    s = bound_udp()
    s.setsockopt(IPPROTO_IP, 11, 1)  # IP_RECVERR
    while call(s.sendto, bytes(1000), s.getsockname()) == 1000:
        pass


@case("""
    sendto 0 zero-length-request | len=0 type=udp local=$them peer=$us
        offered 0 bytes: an empty datagram was sent
    recv 0 zero-length-datagram | len=64 udp peer=$them
        An empty datagram arrived
""")
def udp_empty_ipv6():
    s, other = bound_udp("::1"), bound_udp("::1")
    s.connect(other.getsockname())
    note_ends(s)
    other.sendto(b"", s.getsockname())
    call(s.recv, 64)


@case("""
    recv 0 local-shutdown-read | len=64 udp peer=$us
        This program itself shut down the reading side of the socket
""")
def udp_own_shut_rd():
    s = bound_udp()
    s.connect(s.getsockname())
    s.shutdown(SHUT_RD)
    call(s.recv, 64)


@case("none")
def udp_many():
    """An empty datagram is a message: recvmmsg and sendmmsg return 1."""
    s = bound_udp()
    s.connect(s.getsockname())
    if send_many(s, 1, 0) != 1 or receive_many(s, 1) != 1:
        raise AssertionError("an empty message")


@case("""
    send EDESTADDRREQ not-connected | len=3 type=udp
        The socket is not connected, and the call named no address to send to
""")
def udp_without_destination():
    call(socket.socket(AF_INET, SOCK_DGRAM).send, b"abc")


@case("""
    shutdown ENOTCONN not-connected | udp
        The socket has no peer; it was shut down anyway
    recv 0 local-shutdown-read | len=64 udp
        This program, or another process that shares the socket, shut down the reading side of the socket
""")
def udp_shutdown_unconnected():
    s = bound_udp()
    call(s.shutdown, SHUT_RD)
    call(s.recv, 64)


@case("""
    sendto EACCES not-permitted | len=3 type=udp peer=10.0.0.2:7000
        A prohibiting route or rule of this host or a security module forbids it ... !broadcast
""")
def udp_prohibited_route():
    own_network()
    run("ip route add prohibit 10.0.0.0/8")
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"abc", ("10.0.0.2", 7000))


@case("""
    sendto EACCES not-permitted | len=3 type=udp peer=10.0.0.255:7000
        The address is a broadcast address and SO_BROADCAST is not set, or a route or security module forbids it
""")
def udp_broadcast():
    own_network()
    run("ip address add 10.0.0.1/24 broadcast 10.0.0.255 dev lo")
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"abc", ("10.0.0.255", 7000))


@case("""
    sendto EMSGSIZE message-too-big | len=65508 udp peer=$us
        The message of 65508 bytes is larger than any datagram can be (65507 bytes over IPv4, 65527 over IPv6). ... !SO_SNDBUF
""")
def udp_too_big():
    s = bound_udp()
    call(s.sendto, bytes(65508), s.getsockname())


@case("""
    send EMSGSIZE message-too-big | len=2000 udp peer=$us
        The message of 2000 bytes (with what MSG_MORE or UDP_CORK had kept back before it, if anything) is larger ... MTU is 1280 bytes. ... !SO_SNDBUF
    sendmsg EMSGSIZE message-too-big | len=2001 udp peer=$us
        The message of 2001 bytes (with what MSG_MORE or UDP_CORK had kept back before it, if anything) is larger ... MTU is 1280 bytes. ... !SO_SNDBUF
""")
def udp_too_big_for_mtu(host=LOOPBACK):
    own_network()
    run("ip link set lo mtu 1280")
    s = bound_udp(host)
    if ":" in host:
        s.setsockopt(socket.IPPROTO_IPV6, 23, 2)  # IPV6_MTU_DISCOVER
    else:
        s.setsockopt(IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
    s.connect(s.getsockname())
    call(s.send, bytes(2000))
    call(s.sendmsg, [bytes(2000), bytes(1)])


def udp_too_big_for_router():
    """The peer forwards to a network whose packets are smaller, and says so."""
    connected_far()  # a datagram that the link loses is not sent again
    peer("run('ip link add w0 mtu 1000 type veth peer name w1; ip link set w0 up; '"
         "'ip link set w1 up; ip address add 10.1.0.1/24 dev w0; '"
         "'ip neighbour add 10.1.0.9 lladdr 02:00:00:00:00:09 dev w0; '"
         "'echo 1 >/proc/sys/net/ipv4/ip_forward')")
    run("ip route add 10.1.0.0/24 via 10.0.0.2")
    s = socket.socket(AF_INET, SOCK_DGRAM)
    s.setsockopt(IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
    s.connect(("10.1.0.9", 7000))
    notes["us"] = name(s.getsockname())
    s.send(bytes(1200))
    wait(s)
    return s


@case("""
    recv EMSGSIZE message-too-big | len=64 udp peer=10.1.0.9:7000
        An earlier datagram from this socket was too large ... as a router reported (ICMP); the path MTU is 1000 bytes ... !64
""")
def udp_too_big_for_router_receive():
    call(udp_too_big_for_router().recv, 64)


@case("""
    send EMSGSIZE message-too-big | len=10 udp peer=10.1.0.9:7000
        An earlier datagram from this socket was too large ... as a router reported (ICMP); the path MTU is 1000 bytes ... !of 10
""")
def udp_too_big_for_router_send():
    """Told by a datagram that would have passed."""
    call(udp_too_big_for_router().send, bytes(10))


@case("""
    getsockopt EMSGSIZE message-too-big | udp peer=10.1.0.9:7000
        An earlier datagram from this socket was too large ... as a router reported (ICMP); the path MTU is 1000 bytes
""")
def udp_too_big_for_router_so_error():
    udp_too_big_for_router().getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    sendmmsg EMSGSIZE message-too-big | udp
        A message (with what MSG_MORE or UDP_CORK had kept back before it, if anything) is larger than this socket can send ... !2 bytes is
""")
def many_too_big():
    s = bound_udp()
    call(send_many, s, 2, 65508, s.getsockname())


@case("""
    send EMSGSIZE message-too-big | len=2000 udp peer=$us
        The message of 2000 bytes (with what MSG_MORE or UDP_CORK had kept back before it, if anything) is larger ... MTU is 1280 bytes. ... !SO_SNDBUF
    sendmsg EMSGSIZE message-too-big | len=2001 udp peer=$us
        The message of 2001 bytes (with what MSG_MORE or UDP_CORK had kept back before it, if anything) is larger ... MTU is 1280 bytes. ... !SO_SNDBUF
""")
def udp_too_big_for_mtu_ipv6():
    udp_too_big_for_mtu("::1")


@case("""
    sendto EPERM not-permitted | len=3 udp peer=127.0.0.1:7000
        A firewall rule, an IPsec policy, a BPF program (cgroup ... or its conntrack table is full
    sendmmsg EPERM not-permitted | udp
        A firewall rule, an IPsec policy, a BPF program (cgroup ... or its conntrack table is full
""")
def udp_forbidden():
    own_network()
    firewall("udp dport 7000 drop", hook="output")
    s = bound_udp()
    call(s.sendto, b"abc", (LOOPBACK, 7000))
    call(send_many, s, 2, 10, (LOOPBACK, 7000))


@case("""
    sendmsg ENOBUFS no-memory | udp peer=$us
        The kernel had no buffer space for the call ... Or the control data of the call is larger than net.core.optmem_max allows
""")
def udp_ancillary_too_big():
    """More control data than net.core.optmem_max: ENOBUFS, before all else."""
    s = bound_udp()
    s.connect(s.getsockname())
    control = ctypes.create_string_buffer(10000000)
    header = MessageHeader(control=ctypes.addressof(control), controllen=len(control))
    raw("sendmsg", s.fileno(), ctypes.byref(header), 0)


@case("""
    recv ECONNREFUSED connection-refused | len=64 type=raw
        was answered with ICMP port unreachable ... !RST
""")
def raw_refused():
    """A raw socket hears of unreachable ports as well. Nobody sent RST."""
    s = socket.socket(AF_INET, SOCK_RAW, socket.IPPROTO_UDP)
    port = closed_port(kind=SOCK_DGRAM)[1]
    s.connect((LOOPBACK, 0))
    s.send(struct.pack(">HHHH", 9, port, 8, 0))
    wait(s)
    call(s.recv, 64)
