"""connect."""
import ctypes
import os
import socket
import sys
import tempfile
import threading
import time
from socket import AF_INET, AF_INET6, IPPROTO_TCP, SOL_SOCKET, SO_ERROR

from made_of import (LOOPBACK, call, closed_port, connected, firewall, libc, name, new_tcp, notes,
                     other_host, own_network, peer, run, set_sysctl, tcp_info, vanish, wait,
                     wait_until)
from registry import case, slow_case

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dns_server import answer_to  # noqa: E402


@case("""
    connect ETIMEDOUT connect-timed-out | type=tcp peer=127.0.0.1:7000
        The connection request (SYN) was not answered by a SYN-ACK from
""")
def connect_unanswered():
    own_network()
    vanish()
    s = socket.socket()
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
    call(s.connect, (LOOPBACK, 7000))


@case("""
    connect ETIMEDOUT connect-timed-out | type=tcp peer=$them
        The connection request (SYN) was not answered by a SYN-ACK from $them ... its accept queue is full ... !host is down
""")
def connect_to_full_queue():
    """Nothing is wrong with host or network: the server does not accept."""
    own_network()
    address = peer("listen(('127.0.0.1', 0), backlog=0)")
    notes["them"] = name(address)
    first = socket.create_connection(address)
    s = socket.socket()
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
    call(s.connect, address)
    first.close()


@case("""
    connect ECONNABORTED connection-aborted | type=tcp peer=127.0.0.1:7000
        An earlier connect of this socket had failed ... or this one, or its connection, was ended in the meantime ... on this host by ss -K
""")
def connect_killed_on_this_host():
    own_network()
    vanish()
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    port = s.getsockname()[1]
    connecting = threading.Thread(target=call, args=(s.connect, (LOOPBACK, 7000)))
    connecting.start()
    wait_until(lambda: tcp_info(s, 0, "B") == 2)  # SYN_SENT
    run(f"ss -K sport = :{port} 2>/dev/null")
    connecting.join()


@case("""
    connect EISCONN bad-argument | type=tcp local=$us peer=$us
        This is a listening socket; it cannot connect
""")
def connect_a_listener():
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    s.listen()
    notes["us"] = name(s.getsockname())
    call(s.connect, s.getsockname())


@case("""
    connect EINVAL bad-argument | type=tcp peer=[fe80::2]:80
        The address [fe80::2]:80 is link-local but names no interface
    bind EINVAL bad-argument | type=tcp local=[fe80::1]:80
        The address [fe80::1]:80 is link-local but names no interface
""")
def connect_link_local_without_scope():
    other_host()
    call(socket.socket(AF_INET6).connect, ("fe80::2", 80))
    call(socket.socket(AF_INET6).bind, ("fe80::1", 80))


@case("""
    connect ENETUNREACH unreachable | type=tcp peer=[::ffff:127.0.0.1]:80
        There is no route to [::ffff:127.0.0.1]:80 ... Or the socket is IPv6-only (IPV6_V6ONLY)
    bind EINVAL bad-argument | type=tcp local=[::ffff:127.0.0.1]:8080
        IPV6_V6ONLY
""")
def connect_mapped_for_ipv6_only():
    s = socket.socket(AF_INET6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    call(s.connect, ("::ffff:127.0.0.1", 80))
    call(s.bind, ("::ffff:127.0.0.1", 8080))


@slow_case("""
    connect ETIMEDOUT connect-timed-out | type=tcp peer=[fd00::2]:7000
        The connection request (SYN) was not answered by a SYN-ACK from
""")
def connect_unanswered_syncnt():
    other_host()
    vanish()
    s = socket.socket(AF_INET6)
    s.setsockopt(IPPROTO_TCP, socket.TCP_SYNCNT, 1)
    call(s.connect, ("fd00::2", 7000))


@case("""
    connect EINPROGRESS in-progress | peer=127.0.0.1:7000
        did not complete immediately; the program will get its result from SO_ERROR
    getsockopt ETIMEDOUT connect-timed-out | type=tcp peer=127.0.0.1:7000
        The connection request (SYN) was not answered by a SYN-ACK from
""")
def connect_unanswered_so_error():
    own_network()
    vanish()
    s = socket.socket()
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    connect ECONNREFUSED connection-refused | type=tcp peer=$them
        Nothing is listening on $them on this host ... !next
""")
def connect_refused(host=LOOPBACK, protocol=0):
    call(new_tcp(host, protocol).connect, closed_port(host, protocol=protocol))


@case("""
    connect ECONNREFUSED connection-refused | type=tcp peer=$them
        Nothing is listening on $them on this host ... usually tries 127.0.0.1 next
""")
def connect_refused_ipv6():
    connect_refused("::1")


@case("""
    connect ECONNREFUSED connection-refused | type=tcp peer=$them
        Nothing is listening on $them on this host
""")
def connect_refused_mapped():
    port = closed_port()[1]
    notes["them"] = f"[::ffff:127.0.0.1]:{port}"
    call(socket.socket(AF_INET6).connect, ("::ffff:127.0.0.1", port))


@case("""
    connect ECONNREFUSED connection-refused | type=tcp peer=10.0.0.2:7000
        10.0.0.2:7000 answered that nothing is listening on that port, or a firewall rejects or redirects the connection
""")
def connect_refused_by_a_host():
    other_host()
    call(socket.socket().connect, ("10.0.0.2", 7000))


@case("""
    connect ECONNREFUSED connection-refused | type=tcp peer=10.0.0.2:7000
        10.0.0.2:7000 answered that nothing is listening on that port, or a firewall rejects or redirects the connection
""")
def connect_refused_by_a_firewall():
    """What nftables' and iptables' plain "reject" does: a port-unreachable."""
    other_host()
    firewall("tcp dport 7000 reject", hook="output")
    call(socket.socket().connect, ("10.0.0.2", 7000))


@case("""
    connect EINPROGRESS in-progress | peer=$them
        The connect to $them ... SO_ERROR
    getsockopt ECONNREFUSED connection-refused | type=tcp peer=$them
        Nothing is listening on $them on this host
""")
def connect_refused_so_error():
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, closed_port())
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    connect EINPROGRESS in-progress | peer=$them
        The connect to $them ... SO_ERROR
    getsockopt ECONNREFUSED connection-refused | type=tcp peer=$them
        Nothing is listening on $them on this host
    connect ECONNABORTED connection-aborted | type=tcp peer=$them
        An earlier connect of this socket had failed, and its error was reported then
""")
def connect_refused_then_again():
    """Asked anew after SO_ERROR has told: ECONNABORTED, and no client in it."""
    s = socket.socket()
    s.setblocking(False)
    address = closed_port()
    call(s.connect, address)
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)
    call(s.connect, address)


@case("""
    connect ENETUNREACH unreachable | type=tcp peer=10.5.0.1:80
        There is no route to 10.5.0.1:80: this host has none that this socket may use, or a rule of type unreachable, or a router or firewall on the path reported
    connect ENETUNREACH unreachable | type=tcp peer=[2001:db8::1]:80
        There is no route to [2001:db8::1]:80
""")
def connect_without_route():
    own_network()
    call(socket.socket().connect, ("10.5.0.1", 80))
    call(socket.socket(AF_INET6).connect, ("2001:db8::1", 80))


@case("""
    connect EHOSTUNREACH unreachable | type=tcp peer=10.0.0.9:80
        found no neighbour (ARP, NDP) ... 10.0.0.9:80 is unreachable
""")
def connect_to_nobody():
    """No neighbour answers for that address."""
    other_host()
    for setting, value in ("mcast_solicit", 1), ("retrans_time_ms", 20):
        set_sysctl(f"ipv4/neigh/v0/{setting}", value)
    call(socket.socket().connect, ("10.0.0.9", 80))


def routed(kind):
    own_network()
    run(f"ip route add {kind} 10.0.0.0/8")
    call(socket.socket().connect, ("10.0.0.9", 80))


@case("""
    connect EHOSTUNREACH unreachable | type=tcp peer=10.0.0.9:80
        its route is of type unreachable ... 10.0.0.9:80 is unreachable
""")
def connect_by_unreachable_route():
    routed("unreachable")


@case("""
    connect EACCES not-permitted | type=tcp peer=10.0.0.9:80
        A prohibiting route or rule of this host or a security module forbids it ... !firewall
""")
def connect_by_prohibiting_route():
    routed("prohibit")


@case("""
    connect EINVAL unreachable | type=tcp peer=10.0.0.9:80
        This host's route to 10.0.0.9:80 is a blackhole route
""")
def connect_by_blackhole_route():
    routed("blackhole")


@case("""
    connect ENETUNREACH unreachable | type=tcp peer=10.0.0.2:80
        There is no route to 10.0.0.2:80 ... Or 10.0.0.1:7000, the address of the socket, does not belong to this host (any more)
    sendto ENETUNREACH unreachable | type=udp peer=10.0.0.2:80
        There is no route to 10.0.0.2:80 ... Or 10.0.0.1:7000, the address of the socket, does not belong to this host (any more)
""")
def connect_from_an_address_that_is_gone():
    own_network()
    run("ip address add 10.0.0.1/32 dev lo; ip address add 10.0.0.2/32 dev lo")
    s, u = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
    for one in s, u:
        one.bind(("10.0.0.1", 7000))
    run("ip address delete 10.0.0.1/32 dev lo")
    call(s.connect, ("10.0.0.2", 80))
    call(u.sendto, b"x", ("10.0.0.2", 80))


def rejected(address, how):
    own_network()
    firewall(f"tcp dport 7000 reject with {how}")
    call(new_tcp(address).connect, (address, 7000))


@case("""
    connect ENETUNREACH unreachable | type=tcp peer=127.0.0.1:7000
        There is no route to 127.0.0.1:7000 ... a firewall rule on this host reported this (ICMP) ... !router
""")
def connect_rejected_no_route():
    rejected(LOOPBACK, "icmp net-unreachable")


@case("""
    connect EHOSTUNREACH unreachable | type=tcp peer=127.0.0.1:7000
        This host's route to 127.0.0.1:7000 is of type unreachable, or a firewall rule on this host reported (ICMP) ... !ARP
""")
def connect_rejected_host_unreachable():
    rejected(LOOPBACK, "icmp host-unreachable")


@case("""
    connect EHOSTUNREACH unreachable | type=tcp peer=127.0.0.1:7000
        a firewall rule on this host reported (ICMP) that it is unreachable
""")
def connect_rejected_prohibited():
    rejected(LOOPBACK, "icmp admin-prohibited")


@case("""
    connect ENOPROTOOPT not-supported | type=tcp peer=127.0.0.1:7000
        127.0.0.1:7000, or a firewall in its name, answered that it does not support the protocol (ICMP protocol unreachable)
""")
def connect_rejected_protocol():
    rejected(LOOPBACK, "icmp prot-unreachable")


@case("""
    connect EACCES not-permitted | type=tcp peer=[::1]:7000
        A firewall rule (on this host, or on the path and reported by ICMP), a route or rule of type prohibit
""")
def connect_rejected_prohibited_ipv6():
    rejected("::1", "icmpv6 admin-prohibited")


@case("""
    connect ECONNREFUSED connection-refused | type=tcp peer=127.0.0.1:7000
        Nothing is listening on 127.0.0.1:7000 on this host
""")
def connect_rejected_reset():
    rejected(LOOPBACK, "tcp reset")


@case("""
    getaddrinfo EAI_NONAME name-not-resolved | name=no..name
        The name no..name was not resolved, after ... ms: the name does not exist
""")
def connect_to_no_name():
    own_network()
    call(socket.getaddrinfo, "no..name".encode(), 80)


def own_name_server(answer, delay):
    """In a network and a mount namespace of this case's."""
    own_network()
    if libc.unshare(0x20000):  # CLONE_NEWNS
        raise OSError(ctypes.get_errno(), "unshare")
    server = socket.socket(AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    with tempfile.NamedTemporaryFile("w") as servers:
        servers.write("nameserver 127.0.0.1\noptions timeout:20\n")
        servers.flush()
        run("mount --make-rprivate /; mount --bind " + servers.name + " $(readlink -f /etc/resolv.conf)")

    def serve():
        while True:
            question, whom = server.recvfrom(512)
            time.sleep(delay)
            server.sendto(answer_to(question, answer), whom)
    threading.Thread(target=serve, daemon=True).start()


@case("""
    getaddrinfo 0 name-resolved-late | name=late.test waited_ms>1099
        The name late.test was resolved, but only after ... ms. A name server that does not answer
""")
def connect_to_a_late_name():
    own_name_server("127.0.0.7", 1.1)
    call(socket.getaddrinfo, "late.test", 80, AF_INET)


@case("""
    connect EISCONN bad-argument | tcp ESTABLISHED rx=0 tx=0 all-acked
        The socket is already connected
""")
def connect_twice():
    s = connected()
    call(s.connect, s.getpeername())
