"""Addresses, rights and limits."""
import os
import resource
import select
import socket
from socket import (AF_INET, AF_INET6, AF_NETLINK, SHUT_RD, SOCK_DGRAM, SOCK_RAW, SOL_SOCKET,
                    SO_REUSEPORT)

from made_of import (LONG, LOOPBACK, bound_udp, call, connected, name, note_ends, notes, other_host,
                     own_network_with, peer, run, set_sysctl, wait, wait_until,
                     without_rights)
from registry import case


@case("""
    bind EADDRNOTAVAIL address-unavailable | type=tcp local=10.9.9.9:7000
        The address 10.9.9.9:7000 is not assigned to this host
    bind EADDRNOTAVAIL address-unavailable | type=udp local=10.9.9.9:7000
        The address 10.9.9.9:7000 is not assigned to this host
    bind EADDRNOTAVAIL address-unavailable | type=tcp local=[2001:db8::9]:7000
        The address [2001:db8::9]:7000 is not assigned to this host
""")
def bind_foreign_address():
    call(socket.socket().bind, ("10.9.9.9", 7000))
    call(socket.socket(AF_INET, SOCK_DGRAM).bind, ("10.9.9.9", 7000))
    call(socket.socket(AF_INET6).bind, ("2001:db8::9", 7000))


@case("""
    bind EADDRINUSE address-in-use | type=tcp local=$us
        Another socket is already bound to $us ... TIME_WAIT
""")
def bind_twice():
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    notes["us"] = name(s.getsockname())
    call(socket.socket().bind, s.getsockname())


@case("""
    bind EADDRINUSE address-in-use | type=tcp local=0.0.0.0:$port
        Another socket is already bound to port $port, on one address or on all, or a closed
    bind EADDRINUSE address-in-use | type=tcp local=[::]:$port
        Another socket is already bound to port $port, on one address or on all
    bind EADDRINUSE address-in-use | type=udp local=0.0.0.0:$udp
        Another socket is already bound to port $udp, on one address or on all. ... !0.0.0.0
""")
def bind_all_addresses():
    """Whoever has one of them has only that."""
    s, u = socket.socket(), bound_udp()
    s.bind((LOOPBACK, 0))
    notes["port"], notes["udp"] = s.getsockname()[1], u.getsockname()[1]
    call(socket.socket().bind, ("0.0.0.0", notes["port"]))
    call(socket.socket(AF_INET6).bind, ("::", notes["port"]))
    call(socket.socket(AF_INET, SOCK_DGRAM).bind, ("0.0.0.0", notes["udp"]))


@case("""
    bind EADDRINUSE address-in-use | udp
        Another socket is already bound to $us, or to its port on all addresses ... !TIME_WAIT
""")
def bind_udp_twice():
    """Datagram sockets leave no TIME_WAIT behind."""
    s = bound_udp()
    call(socket.socket(AF_INET, SOCK_DGRAM).bind, s.getsockname())


@case("""
    bind EADDRNOTAVAIL address-unavailable | type=tcp local=[::ffff:10.9.9.9]:7000
        The address [::ffff:10.9.9.9]:7000 is not assigned to this host, or not in the VRF of the socket. ... !duplicate
""")
def bind_foreign_mapped_address():
    """IPv4 has no duplicate address detection to wait for."""
    call(socket.socket(AF_INET6).bind, ("::ffff:10.9.9.9", 7000))


@case("""
    bind EADDRNOTAVAIL address-unavailable | type=tcp local=[fd00::77]:7000
        The address [fd00::77]:7000 is on this host, but still tentative
""")
def bind_tentative_address():
    """It is this host's, but duplicate address detection still runs."""
    other_host()
    set_sysctl("ipv6/conf/v0/dad_transmits", LONG)  # a second each
    run("ip address add fd00::77/64 dev v0")
    call(socket.socket(AF_INET6).bind, ("fd00::77", 7000))


def has_failed():
    """/proc/net/if_inet6: its fifth column is the flags, 0x08 of them IFA_F_DADFAILED."""
    with open("/proc/net/if_inet6") as addresses:
        return any(int(line.split()[4], 16) & 8 for line in addresses)


@case("""
    bind EADDRNOTAVAIL address-unavailable | type=tcp local=[fd00::78]:7000
        The address [fd00::78]:7000 is on this host, but cannot be used: duplicate address detection
""")
def bind_duplicate_address():
    """The other host has it, and says so."""
    other_host()
    peer("run('ip address add fd00::78/64 dev v1 nodad')")
    run("ip address add fd00::78/64 dev v0")
    wait_until(has_failed)
    call(socket.socket(AF_INET6).bind, ("fd00::78", 7000))


@case("""
    listen EINVAL bad-argument | tcp ESTABLISHED rx=0 tx=0 all-acked
        The socket cannot listen: it is connected
""")
def listen_connected():
    s = connected()
    call(s.listen)


@case("""
    accept4 EINVAL bad-argument | type=tcp local=$us
        The socket is not listening, or no longer is (shutdown)
""")
def accept_after_shutdown():
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    s.listen()
    notes["us"] = name(s.getsockname())
    s.shutdown(SHUT_RD)
    call(s.accept)


@case("""
    listen EADDRINUSE address-in-use | type=tcp local=$us
        Another socket is already bound to $us ... TIME_WAIT
""")
def listen_twice():
    """Two may be bound with SO_REUSEADDR; only one may listen."""
    first, second = socket.socket(), socket.socket()
    for s in first, second:
        s.setsockopt(SOL_SOCKET, socket.SO_REUSEADDR, 1)
    first.bind((LOOPBACK, 0))
    second.bind(first.getsockname())
    notes["us"] = name(first.getsockname())
    first.listen()
    call(second.listen)


@case("""
    connect EADDRNOTAVAIL address-unavailable | type=tcp peer=127.0.0.1:7000
        No ephemeral port is left for connections to 127.0.0.1:7000 (net.ipv4.ip_local_port_range: 50000 to 50000) ... TIME_WAIT
""")
def ports_exhausted_connect():
    own_network_with("ipv4/ip_local_port_range", "50000 50000")
    peer("listen(('127.0.0.1', 7000))")
    first, second = socket.socket(), socket.socket()
    first.connect((LOOPBACK, 7000))
    call(second.connect, (LOOPBACK, 7000))


@case("""
    bind EADDRINUSE address-in-use | type=tcp local=127.0.0.1:0
        No ephemeral port is left (net.ipv4.ip_local_port_range: 50000 to 50000)
    listen EADDRINUSE address-in-use | type=tcp
        No ephemeral port is left (net.ipv4.ip_local_port_range: 50000 to 50000)
""")
def ports_exhausted_bind():
    own_network_with("ipv4/ip_local_port_range", "50000 50000")
    first, second = socket.socket(), socket.socket()
    first.bind((LOOPBACK, 0))
    call(second.bind, (LOOPBACK, 0))
    call(second.listen)


@case("""
    bind EADDRINUSE address-in-use | type=udp local=127.0.0.1:0
        No ephemeral port is left (net.ipv4.ip_local_port_range: 50000 to 50000)
    connect EAGAIN address-unavailable | type=udp peer=127.0.0.1:7000
        No ephemeral port is left to send from (net.ipv4.ip_local_port_range, or IP_LOCAL_PORT_RANGE of this socket)
    sendto EAGAIN address-unavailable | len=3 type=udp peer=127.0.0.1:7000
        No ephemeral port is left to send from (net.ipv4.ip_local_port_range, or IP_LOCAL_PORT_RANGE of this socket)
    sendto EAGAIN address-unavailable | len=3 type=udp peer=127.0.0.1:7000
        No ephemeral port is left to send from (net.ipv4.ip_local_port_range, or IP_LOCAL_PORT_RANGE of this socket)
""")
def ports_exhausted_udp():
    own_network_with("ipv4/ip_local_port_range", "50000 50000")
    first = bound_udp()
    call(socket.socket(AF_INET, SOCK_DGRAM).bind, (LOOPBACK, 0))
    call(socket.socket(AF_INET, SOCK_DGRAM).connect, (LOOPBACK, 7000))
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"abc", (LOOPBACK, 7000))
    s = socket.socket(AF_INET, SOCK_DGRAM)
    s.setblocking(False)
    call(s.sendto, b"abc", (LOOPBACK, 7000))
    first.close()


@case("""
    connect EADDRNOTAVAIL address-unavailable | tcp
        The local address $us is already connected to $them ... TIME_WAIT
""")
def connected_twice_from_one_port():
    first, second = socket.socket(), socket.socket()
    for s in first, second:
        s.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1)
    address = peer("listen(('127.0.0.1', 0))")
    first.bind((LOOPBACK, 0))
    second.bind(first.getsockname())
    first.connect(address)
    note_ends(first)
    call(second.connect, address)


@case("""
    bind EACCES not-permitted | type=tcp local=127.0.0.1:80
        Port 80 requires root or CAP_NET_BIND_SERVICE if it is below net.ipv4.ip_unprivileged_port_start ... security module
""")
def privileged_port():
    without_rights()
    call(socket.socket().bind, (LOOPBACK, 80))


@case("""
    bind EACCES not-permitted | type=tcp local=127.0.0.1:4000
        Port 4000 requires root or CAP_NET_BIND_SERVICE if it is below net.ipv4.ip_unprivileged_port_start ... security module
""")
def privileged_port_by_setting():
    own_network_with("ipv4/ip_unprivileged_port_start", 5000)
    without_rights()
    call(socket.socket().bind, (LOOPBACK, 4000))


@case("""
    bind EPERM not-permitted | type=netlink
        The program lacks the required privileges ... !firewall
""")
def netlink_without_rights():
    without_rights()
    s = socket.socket(AF_NETLINK, SOCK_RAW, 9)  # NETLINK_AUDIT
    call(s.bind, (0, 1))


@case("""
    socket EPERM not-permitted | type=raw
        privileges that the program lacks (CAP_NET_RAW for raw sockets, a group in net.ipv4.ping_group_range
""")
def raw_without_rights():
    without_rights()
    call(socket.socket, AF_INET, SOCK_RAW, socket.IPPROTO_ICMP)


def limit_descriptors():
    last = os.dup(0)
    os.close(last)
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (last, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    notes["limit"] = last


@case("""
    socket EMFILE descriptor-limit | type=tcp
        (RLIMIT_NOFILE $limit): raise it with ulimit -n
""")
def no_descriptor_for_socket():
    socket.socket().close()  # the log comes with the first one
    limit_descriptors()
    call(socket.socket)


@case("""
    socketpair EMFILE descriptor-limit | type=unix-stream
        (RLIMIT_NOFILE $limit)
""")
def no_descriptor_for_pair():
    socket.socket().close()  # the log comes with the first one
    limit_descriptors()
    call(socket.socketpair)


@case("""
    accept4 EMFILE descriptor-limit | limit=$limit type=tcp local=$us
        (RLIMIT_NOFILE $limit)
""")
def no_descriptor_for_accept():
    listener = socket.socket()
    listener.bind((LOOPBACK, 0))
    listener.listen()
    notes["us"] = name(listener.getsockname())
    peer(f"connect({listener.getsockname()})")
    wait(listener, select.POLLIN)
    limit_descriptors()
    call(listener.accept)
