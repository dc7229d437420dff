"""Routes and rules of this host, what routers say (ICMP), and programs of the kernel's (BPF)."""
import ctypes
import os
import socket
import struct
import subprocess
from socket import (AF_INET, AF_INET6, AF_PACKET, IPPROTO_ICMP, IPPROTO_IP, IPPROTO_TCP, MSG_MORE, SO_ERROR, SOCK_DGRAM, SOCK_RAW, SOL_SOCKET)

from made_of import (ANSWER, LOOPBACK, begin_filter, bound_udp, call, can_filter, connected, firewall, libc, notes,
                     other_host, own_network, peer, run, temporary, wait, without_rights)
from registry import case
from unusual import become

IP_MTU_DISCOVER, IP_RECVERR, IP_TTL, TCP_REPAIR, UDP_CORK = 10, 11, 2, 19, 1


# ---- Routes and rules ----

@case("""
    connect EACCES not-permitted | type=tcp peer=10.4.0.1:80
        A prohibiting route or rule of this host or a security module forbids it. ... !ICMP
    sendto EACCES not-permitted | type=udp peer=10.4.0.1:80
        A prohibiting route or rule of this host or a security module forbids it.
    connect ENETUNREACH unreachable | type=tcp peer=10.5.0.1:80
        this host has none that this socket may use, or a rule of type unreachable
    sendto ENETUNREACH unreachable | type=udp peer=10.5.0.1:80
        this host has none that this socket may use, or a rule of type unreachable
    connect EINVAL unreachable | type=tcp peer=10.6.0.1:80
        This host's route to 10.6.0.1:80 is a blackhole route or rule.
    sendto EINVAL bad-argument | type=udp peer=10.6.0.1:80
        or the route to 10.6.0.1:80 is a blackhole route or rule.
""")
def rules_of_routing():
    other_host()
    for number, kind in enumerate(("prohibit", "unreachable", "blackhole"), 4):
        run(f"ip rule add to 10.{number}.0.0/24 {kind}")
        call(socket.socket().connect, (f"10.{number}.0.1", 80))
        call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"x", (f"10.{number}.0.1", 80))


@case("""
    connect EACCES not-permitted | type=tcp peer=[fd04::1]:80
        A firewall rule (on this host, or on the path and reported by ICMP), a route or rule of type prohibit
    sendto EACCES not-permitted | type=udp peer=[fd04::1]:80
        A firewall rule (on this host, or on the path and reported by ICMP), a route or rule of type prohibit
    connect EHOSTUNREACH unreachable | type=tcp peer=[fd05::1]:80
        its route is of type unreachable
    sendto EHOSTUNREACH unreachable | type=udp peer=[fd05::1]:80
        its route is of type unreachable
    connect ENETUNREACH unreachable | type=tcp peer=[fd06::1]:80
        this host has none that this socket may use, or a rule of type unreachable
    sendto ENETUNREACH unreachable | type=udp peer=[fd06::1]:80
        this host has none that this socket may use, or a rule of type unreachable
""")
def routes_and_rules_of_ipv6():
    other_host()
    run("ip -6 route add prohibit fd04::/64; ip -6 route add unreachable fd05::/64; ip -6 rule add to fd06::/64 unreachable")
    for number in 4, 5, 6:
        call(socket.socket(AF_INET6).connect, (f"fd0{number}::1", 80))
        call(socket.socket(AF_INET6, SOCK_DGRAM).sendto, b"x", (f"fd0{number}::1", 80))


@case("""
    getsockopt ENETDOWN unreachable | type=17/3
        The network interface by which this socket sends or receives is down, or has been removed
""")
def packet_interface_removed():
    own_network()
    run("ip link add v0 type veth peer name v1; ip link set v0 up")
    s = socket.socket(AF_PACKET, SOCK_RAW)
    s.bind(("v0", 0x88b5))
    run("ip link del v0")
    s.getsockopt(SOL_SOCKET, SO_ERROR)


# ---- ICMP ----

@case("""
    connect EHOSTUNREACH unreachable | type=tcp peer=10.3.0.9:80
        that 10.3.0.9:80 is unreachable, or too many routers away (TTL)
    send EHOSTUNREACH unreachable | type=udp peer=10.3.0.9:80
        that 10.3.0.9:80 is unreachable, or too many routers away (TTL)
""")
def time_to_live_used_up():
    other_host()
    peer("run('ip link add w0 type veth peer name w1; ip link set w0 up; ip link set w1 up; ip address add 10.3.0.1/24 dev w0; "
         "echo 1 >/proc/sys/net/ipv4/ip_forward')")
    run("ip route add 10.3.0.0/24 via 10.0.0.2")
    s, udp = socket.socket(), socket.socket(AF_INET, SOCK_DGRAM)
    for one in s, udp:
        one.setsockopt(IPPROTO_IP, IP_TTL, 1)
    call(s.connect, ("10.3.0.9", 80))
    udp.setsockopt(IPPROTO_IP, IP_RECVERR, 1)
    udp.connect(("10.3.0.9", 80))
    udp.send(b"x")
    wait(udp)
    call(udp.send, b"x")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def told_by_icmp(kind, code):
    """A datagram of a connected socket is answered so."""
    s = socket.socket(AF_INET, SOCK_DGRAM)
    s.setsockopt(IPPROTO_IP, IP_RECVERR, 1)
    s.connect((LOOPBACK, 7000))
    address = socket.inet_aton(LOOPBACK)
    sent = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 29, 1, 0, 64, 17, 0, address, address)
    sent += struct.pack("!HHHH", s.getsockname()[1], 7000, 9, 0)
    begin = struct.pack("!BBHI", kind, code, 0, 0)
    with socket.socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) as router:
        router.sendto(struct.pack("!BBHI", kind, code, checksum(begin + sent), 0) + sent, (LOOPBACK, 0))
    wait(s)
    call(s.send, b"x")


NET = """
    send ENETUNREACH unreachable | type=udp peer=127.0.0.1:7000
        There is no route to 127.0.0.1:7000"""
HOST = """
    send EHOSTUNREACH unreachable | type=udp peer=127.0.0.1:7000
        or a firewall rule on this host reported (ICMP) that it is unreachable"""


@case(NET + HOST + """
    send ENOPROTOOPT not-supported | type=udp
        was answered with ICMP protocol unreachable
    send ECONNREFUSED connection-refused | type=udp
        was answered with ICMP port unreachable
    send EOPNOTSUPP not-supported | type=udp
        does not support the call or its flags. Or a router reported that a source route failed (ICMP).""" + NET + """
    send EHOSTDOWN unreachable | type=udp
        A router or a firewall reported that a host to which this socket has sent is unknown (ICMP host unknown). ... !ARP
    send ENONET other | type=udp
        Machine is not on the network""" + NET + HOST + NET + HOST + HOST + HOST + HOST + HOST + """
    send EPROTO other | type=udp
        Protocol error
""")
def all_codes_of_icmp():
    """Destination unreachable, time exceeded, parameter problem: RFC 792, RFC 1812."""
    own_network()
    firewall("udp dport 7000 drop")
    for code in (0, 1, 2, 3, 5, 6, 7, 8, 11, 12, 9, 10, 13, 14, 15):
        told_by_icmp(3, code)
    told_by_icmp(11, 0)
    told_by_icmp(12, 0)


# ---- Corked datagrams ----

@case("""
    send EMSGSIZE message-too-big | len=1000 type=udp
        was too large for the path, as a router reported (ICMP); the path MTU is 1500 bytes; or what was corked before it (MSG_MORE, UDP_CORK) or its IP options made
    send EMSGSIZE message-too-big | len=40000 type=udp
        The message of 40000 bytes (with what MSG_MORE or UDP_CORK had kept back before it, if anything) is larger than this socket can send
""")
def corked_until_too_big():
    other_host()
    one, other = socket.socket(AF_INET, SOCK_DGRAM), socket.socket(AF_INET, SOCK_DGRAM)
    for s in one, other:
        s.connect(("10.0.0.2", 7000))
    one.setsockopt(IPPROTO_IP, IP_MTU_DISCOVER, 2)  # IP_PMTUDISC_DO
    one.send(bytes(1000), MSG_MORE)
    call(one.send, bytes(1000))
    other.setsockopt(socket.IPPROTO_UDP, UDP_CORK, 1)
    other.send(bytes(40000))
    call(other.send, bytes(40000))


# ---- Refused by this host ----

@case("""
    recv EPERM not-permitted | tcp ESTABLISHED
        The socket is in repair mode (TCP_REPAIR)
    send EINVAL bad-argument | tcp ESTABLISHED
        or the socket is in repair mode (TCP_REPAIR)
""")
def repair_mode():
    own_network()
    s = connected()
    s.setsockopt(IPPROTO_TCP, TCP_REPAIR, 1)
    call(s.recv, 9)
    call(s.send, b"x")


@case("""
    recv ECONNRESET other | type=tcp peer=127.0.0.1:80
        Or the peer aborted one that had been restored (TCP_REPAIR)
""")
def restored_and_reset():
    """Nobody knows of it at the other end."""
    own_network()
    s = socket.socket()
    s.setsockopt(IPPROTO_TCP, TCP_REPAIR, 1)
    s.connect((LOOPBACK, 80))
    s.setsockopt(IPPROTO_TCP, TCP_REPAIR, 0)
    wait(s)
    call(s.recv, 9)


@case("""
    sendmsg EPERM not-permitted | type=udp
        Or a control message of the call (such as SO_MARK) requires privileges that the program lacks.
""")
def mark_without_rights():
    own_network()
    s = bound_udp()
    without_rights()
    call(s.sendmsg, [b"x"], [(SOL_SOCKET, socket.SO_MARK, struct.pack("I", 1))], 0, s.getsockname())


def bpf(command, form, *values):
    """bpf(2); NULL bytes for what is left out."""
    attributes = ctypes.create_string_buffer(struct.pack(form, *values), 128)
    return libc.syscall({"x86_64": 321, "aarch64": 280}[os.uname().machine], command, attributes, 128)


def deny(group, kind, attach):
    """A program that answers 0; False where there is no such thing."""
    code = ctypes.create_string_buffer(struct.pack("=BBhiBBhi", 0xb7, 0, 0, 0, 0x95, 0, 0, 0))  # r0 = 0; exit
    program = bpf(5, "=IIQQ44xI", kind, 2, ctypes.addressof(code), ctypes.addressof(ctypes.create_string_buffer(b"GPL")), attach)
    return program >= 0 and bpf(8, "=III", group, program, attach) >= 0  # BPF_PROG_ATTACH


def enter_own_group():
    """A control group of version 2, or None; and how to leave it."""
    socket.socket().close()  # the log is opened where it was meant
    place = os.path.dirname(temporary("group"))
    try:
        if libc.unshare(0x20000):  # CLONE_NEWNS
            return None
        run(f"mount --make-rprivate /; mount -t cgroup2 none {place}")
    except subprocess.CalledProcessError:
        return None
    with open("/proc/self/cgroup") as groups:
        before = place + next(line for line in groups if line.startswith("0::")).strip()[3:]
    group = f"{place}/sockshim.{os.getpid()}"
    os.mkdir(group)
    move_to(group)
    return group, lambda: (move_to(before), os.rmdir(group))


def move_to(group):
    with open(group + "/cgroup.procs", "w") as processes:
        processes.write(str(os.getpid()))


@case("""
    sendto EPERM not-permitted | type=udp peer=127.0.0.1:9
        a BPF program (cgroup, as of systemd's IPAddressDeny=)
    connect ETIMEDOUT connect-timed-out | type=tcp peer=127.0.0.1:9
        something on this host drops, delays or redirects the packets (a firewall rule, a BPF program, a full conntrack table)
    bind EPERM not-permitted | type=tcp
        A BPF program (cgroup) or a security module on this host forbids it.
    connect EPERM not-permitted | type=tcp peer=127.0.0.1:9
        An IPsec policy, a BPF program (cgroup) or a security module on this host forbids it. ... !firewall
""", where_missing="none")
def denied_by_bpf():
    own_network()
    entered = enter_own_group() if os.uname().machine in ("x86_64", "aarch64") else None
    if not entered:
        notes["kernel"] = "without"
        return
    try:
        group = os.open(entered[0], os.O_RDONLY)
        if not deny(group, 8, 1) or not deny(group, 18, 8) or not deny(group, 18, 10):  # egress, bind4, connect4
            notes["kernel"] = "without"
            return
        call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"x", (LOOPBACK, 9))
        bpf(9, "=III", group, 0, 10)  # BPF_PROG_DETACH
        s = socket.socket()
        s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
        call(s.connect, (LOOPBACK, 9))
        call(s.bind, (LOOPBACK, 0))
        deny(group, 18, 10)
        call(socket.socket().connect, (LOOPBACK, 9))
    finally:
        entered[1]()


@case("""
    connect EPERM not-permitted | type=tcp
        An IPsec policy, a BPF program (cgroup) or a security module on this host forbids it. Or the program's seccomp filter refuses the call
""", where_missing="none")
def connect_that_a_filter_refuses():
    """One that the program was started with, as systemd does it."""
    if can_filter():
        begin_filter(("connect", {}, ANSWER | 1))
        become("connect_that_a_filter_refuses", f"s = socket.socket()\ns.connect_ex(({LOOPBACK!r}, 9))")
