"""What looks like something else to the kernel's facts: a record must not take one for the other."""
import ctypes
import os
import select
import socket
import struct
import subprocess
import sys
import threading
from socket import (AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, MSG_MORE,
                    SHUT_RD, SHUT_RDWR, SHUT_WR, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOL_SOCKET, SO_ERROR)

from made_of import (ASK, CLOSE, LOOPBACK, SEND, accepted, bound_udp, call, can_filter, close_window, connected, descriptor,
                     do_in_between, fill, firewall, name, notes, other_host, own_network, peer, raw, run, send_many, set_timeout,
                     temporary, unix_address, unix_connected, wait, wait_for_state, wait_until, waits_in_a_call_with)
from registry import case

SO_BINDTODEVICE, SO_LOCK_FILTER, SO_ATTACH_FILTER, SO_ATTACH_BPF, SET_HINT = 25, 44, 26, 50, 1036
IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP, IP_OPTIONS, NETLINK_USERSOCK = 20, 21, 4, 2


# ---- Who shut it down ----

def elsewhere(s, how):
    """A process without the shim that shares the socket shuts it down."""
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    subprocess.run([sys.executable, "-c", f"import socket; s = socket.socket(fileno={s.fileno()}); s.shutdown({int(how)})"],
                   env=environment, pass_fds=[s.fileno()], check=True)


@case("""
    recv 0 local-shutdown-read | tcp ESTABLISHED
        This program, or another process that shares the socket, shut down the reading side of the socket; no FIN
    send EPIPE local-shutdown-write | tcp FIN_WAIT2
        This program, or another process that shares the socket, shut down its writing side before this write had sent anything
""")
def shut_down_elsewhere():
    s = connected()
    elsewhere(s, SHUT_RD)
    call(s.recv, 9)
    elsewhere(s, SHUT_WR)
    wait_for_state(s, 5)
    call(s.send, b"x")


@case("""
    recv 0 peer-closed | tcp CLOSE side=-
        closed its side cleanly (FIN)
    send EPIPE write-after-close | tcp CLOSE side=-
        or because this host ended it (ss -K or similar) or another process that shares the socket shut it down
""")
def ended_in_order_elsewhere():
    """Both sides finished: nothing failed. Its FIN is not taken for the SYN of the side that connected."""
    end_in_order_elsewhere(accepted())


@case("""
    recv 0 peer-closed | tcp CLOSE side=connected
        closed its side cleanly (FIN)
    send EPIPE local-shutdown-write | tcp CLOSE side=connected
        This program, or another process that shares the socket, shut down its writing side
""")
def ended_in_order_elsewhere_by_client():
    end_in_order_elsewhere(connected())


def end_in_order_elsewhere(s):
    elsewhere(s, SHUT_WR)
    peer("take_all(); close()")
    wait_for_state(s, CLOSE)
    call(s.recv, 9)
    call(s.send, b"x")


@case("""
    recv 0 peer-closed | type=unix-stream
        finished sending (it shut down its writing side). Or another process that shares this end shut it down
    recv 0 peer-closed | type=unix-stream
        or shut it down without closing it. Or another process that shares this end shut it down
    send EPIPE write-after-close | type=unix-stream
        before this write had sent anything. Or another process that shares this end shut it down
    recv 0 peer-closed | type=unix-seqpacket
        Or another process that shares this end shut it down
""")
def unix_shut_down_elsewhere():
    """The peer has done nothing."""
    s, kept = socket.socketpair()
    elsewhere(s, SHUT_RD)
    call(s.recv, 9)
    elsewhere(s, SHUT_RDWR)
    call(s.recv, 9)
    call(s.send, b"x")
    s, messages = socket.socketpair(AF_UNIX, SOCK_SEQPACKET)
    elsewhere(s, SHUT_RD)
    call(s.recv, 9)
    kept.close(), messages.close()


@case("""
    recv 0 peer-closed | type=unix-stream
        closed its end, or either side shut the connection down: on a unix socket the kernel does not distinguish them
""", where_missing="none")
def woken_by_another_thread():
    """It goes on before the thread that shut the socket down has noted it."""
    s = unix_connected()
    reader = threading.Thread(target=call, args=(s.recv, 9))
    reader.start()
    wait_until(lambda: waits_in_a_call_with(s.fileno(), reader.native_id))
    if can_filter():
        do_in_between(("fcntl", {0: s.fileno(), 1: SET_HINT}, ASK), reader.join)
        s.shutdown(SHUT_RDWR)
    else:
        peer("close()")


@case("""
    recv 0 local-shutdown-read | udp
        This program itself shut down the reading side of the socket (or an empty datagram came: the kernel does not distinguish them)
""")
def empty_datagram_after_shut_rd():
    """UDP goes on receiving."""
    s, other = bound_udp(), bound_udp()
    s.connect(other.getsockname())
    notes["us"], notes["them"] = name(s.getsockname()), name(other.getsockname())
    s.shutdown(SHUT_RD)
    other.connect(s.getsockname())
    send_nothing(other)
    wait(s, 1)
    call(s.recv, 9)


def send_nothing(s):
    """Without a record: sendmmsg gives 1."""
    if send_many(s, 1, 0) != 1:
        raise AssertionError("an empty message")


@case("""
    send EAGAIN would-block | len=1 flags=MSG_DONTWAIT type=tcp
        No room in the send buffer
    send EPIPE local-shutdown-write | type=tcp
        shut down its writing side before this write had sent anything
""")
def shut_down_while_it_writes():
    """The write had begun before."""
    s = connected(room=4096)
    close_window(s)
    s.setblocking(True)
    writer = threading.Thread(target=call, args=(s.send, bytes(100000)))
    while_full(s, writer)
    s.shutdown(SHUT_WR)
    writer.join()


def while_full(s, writer):
    fill(s, 1)
    s.setblocking(True)
    writer.start()
    wait_until(lambda: waits_in_a_call_with(s.fileno(), writer.native_id))


@case("""
    send EAGAIN would-block | len=1 flags=MSG_DONTWAIT type=tcp
        No room in the send buffer
    send EPIPE write-after-close | type=tcp
        had closed its side (FIN), and then the connection failed before this write had sent anything: by an RST
""")
def reset_while_it_writes():
    s = connected(room=4096)
    close_window(s)
    peer("finish_sending()")
    wait(s)
    writer = threading.Thread(target=call, args=(s.send, b"x"))
    while_full(s, writer)
    peer("close()")
    writer.join()


# ---- Where there is no room ----

@case("""
    sendto EAGAIN message-not-sent | type=netlink
        the receive buffer of the socket that it goes to is full ... !send buffer
    sendto EAGAIN timeout | type=netlink
        expired: the receive buffer of the socket that the message goes to stayed full
""")
def netlink_receiver_full():
    s, other = (socket.socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK) for _ in "so")
    s.bind((0, 0)), other.bind((0, 0))
    s.setblocking(False)
    while isinstance(sent := call(s.sendto, bytes(3000), (other.getsockname()[0], 0)), int) and sent == 3000:
        pass
    s.setblocking(True)
    set_timeout(s, SEND, 50)
    call(s.sendto, bytes(3000), (other.getsockname()[0], 0))


@case("""
    send EAGAIN timeout | type=unix-dgram
        expired: the queue of ... (net.unix.max_dgram_qlen) or this socket's send buffer stayed full
""")
def unix_queue_full():
    """The send buffer has room."""
    server, s = socket.socket(AF_UNIX, SOCK_DGRAM), socket.socket(AF_UNIX, SOCK_DGRAM)
    server.bind(unix_address())
    s.connect(server.getsockname())
    set_timeout(s, SEND, 50)
    while call(s.send, b"x") == 1:
        pass


@case("""
    send 0 zero-length-request | udp
        an empty datagram was sent, or is kept back for what follows it (MSG_MORE, UDP_CORK)
""")
def empty_datagram_kept_back():
    s, other = bound_udp(), bound_udp()
    s.connect(other.getsockname())
    notes["us"] = name(s.getsockname())
    call(s.send, b"", MSG_MORE)
    if select.select([other], [], [], 0)[0]:
        raise AssertionError("it was sent")


# ---- Connecting ----

def segment(source, to, sequence, flags):
    """TCP's header alone, on loopback, with its checksum."""
    header = struct.pack("!HHIIBBHHH", source, to, sequence, 0, 5 << 4, flags, 65535, 0, 0)
    rest = socket.inet_aton(LOOPBACK) * 2 + struct.pack("!BBH", 0, IPPROTO_TCP, len(header))
    total = sum(struct.unpack(f"!{len(rest + header) // 2}H", rest + header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return header[:16] + struct.pack("!H", ~total & 0xffff) + header[18:]


@case("""
    connect EINPROGRESS in-progress | peer=127.0.0.1:7000
        did not complete immediately
    getsockopt ECONNRESET other | type=tcp peer=127.0.0.1:7000
        Or the peer aborted one that had been restored (TCP_REPAIR), or for which both sides had sent a SYN (simultaneous open)
""")
def reset_in_a_simultaneous_open():
    """The peer's SYN crosses this one, and its RST follows."""
    own_network()
    firewall("tcp dport 7000 drop")
    wire = socket.socket(AF_INET, SOCK_RAW, IPPROTO_TCP)
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    port = s.getsockname()[1]
    wire.sendto(segment(7000, port, 1000, 2), (LOOPBACK, 0))
    wait_for_state(s, 3)  # SYN_RECV
    wire.sendto(segment(7000, port, 1001, 4), (LOOPBACK, 0))
    wait_for_state(s, CLOSE)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    connect ECONNREFUSED connection-refused | type=tcp peer=127.0.0.1:7000
        Nothing is listening on 127.0.0.1:7000 on this host (or only on another interface), or
    connect ENETUNREACH unreachable | type=tcp peer=[fd00::2]:80
        There is no route to [fd00::2]:80: this host has none that this socket may use
""")
def bound_to_another_interface():
    other_host()
    listener, s = socket.socket(), socket.socket(AF_INET6)
    listener.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b"v0\0")
    listener.bind(("0.0.0.0", 7000))
    listener.listen()
    call(socket.socket().connect, (LOOPBACK, 7000))
    s.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b"lo\0")
    call(s.connect, ("fd00::2", 80))


@case("""
    sendto ENETUNREACH unreachable | type=udp peer=127.0.0.1:7000
        Or the socket is IPv6-only (IPV6_V6ONLY)
""")
def ipv6_only_with_an_address_of_ipv4():
    s = socket.socket(AF_INET6, SOCK_DGRAM)
    s.setsockopt(IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    address = struct.pack("=HH4s8x", AF_INET, socket.htons(7000), socket.inet_aton(LOOPBACK))
    raw("sendto", descriptor(s), b"x", 1, 0, address, len(address))


@case("""
    recv ECONNREFUSED connection-refused | type=udp
        nothing at its destination receives it, or a firewall
    recv ECONNABORTED connection-aborted | type=udp
        The socket was disabled on this host (ss -K or similar)
""")
def udp_to_one_who_takes_from_another():
    own_network()
    other, s = bound_udp(), socket.socket(AF_INET, SOCK_DGRAM)
    other.connect((LOOPBACK, 9))
    s.connect(other.getsockname())
    s.send(b"x")
    wait(s)
    call(s.recv, 9)
    run(f"ss -uK sport = :{s.getsockname()[1]} 2>/dev/null")
    wait(s)
    call(s.recv, 9)


@case("""
    connect ENOENT no-such-socket | type=unix-stream
        from this program's working directory: the server is not running, uses another path or directory, or
    connect ENOENT no-such-socket | type=unix-stream
        uses another path, or sees another file system (a container, a chroot)
""")
def unix_path_in_another_directory():
    os.chdir(os.path.dirname(temporary("s")))
    listener = socket.socket(AF_UNIX)
    listener.bind("./s")
    listener.listen()
    os.chdir(os.path.dirname(temporary("s")))
    call(socket.socket(AF_UNIX).connect, "./s")
    call(socket.socket(AF_UNIX).connect, os.path.realpath("s"))


# ---- Addresses ----

@case("""
    bind EADDRNOTAVAIL address-unavailable | type=tcp local=[::1]:7000
        or not to the interface that the socket is bound to (SO_BINDTODEVICE, VRF)
    bind EADDRNOTAVAIL address-unavailable | type=tcp
        is on this host, but not on the interface that it names
    bind EINVAL bad-argument | type=tcp
        A stream socket cannot be bound to [ff02::1%
""")
def bind_on_another_interface():
    other_host()
    s = socket.socket(AF_INET6)
    s.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b"v0\0")
    call(s.bind, ("::1", 7000))
    call(socket.socket(AF_INET6).bind, ("fe80::1", 7000, 0, socket.if_nametoindex("lo")))
    call(socket.socket(AF_INET6).bind, ("ff02::1", 7000, 0, socket.if_nametoindex("v0")))


@case("""
    setsockopt EADDRINUSE bad-argument | type=udp
        it is already a member of the multicast group ... !port
    setsockopt EADDRNOTAVAIL bad-argument | type=udp
        the socket is not a member of the multicast group
    setsockopt ENOBUFS no-memory | type=udp
        net.ipv4.igmp_max_memberships
    setsockopt EADDRINUSE bad-argument | type=udp
        it is already a member of the multicast group
    setsockopt EADDRNOTAVAIL bad-argument | type=udp
        the socket is not a member of the multicast group
""")
def multicast_groups():
    own_network()
    s, other = socket.socket(AF_INET, SOCK_DGRAM), socket.socket(AF_INET6, SOCK_DGRAM)

    def group(n):
        return socket.inet_aton(f"239.1.1.{n}") + socket.inet_aton(LOOPBACK)
    s.setsockopt(IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group(1))
    call(s.setsockopt, IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group(1))
    call(s.setsockopt, IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, group(2))
    n = 2
    while call(s.setsockopt, IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group(n)) is None:
        n += 1
    lo = struct.pack("I", 1)
    other.setsockopt(IPPROTO_IPV6, IPV6_JOIN_GROUP, socket.inet_pton(AF_INET6, "ff02::5") + lo)
    call(other.setsockopt, IPPROTO_IPV6, IPV6_JOIN_GROUP, socket.inet_pton(AF_INET6, "ff02::5") + lo)
    call(other.setsockopt, IPPROTO_IPV6, IPV6_LEAVE_GROUP, socket.inet_pton(AF_INET6, "ff02::6") + lo)


@case("""
    setsockopt EBADF bad-descriptor | type=tcp
        is a socket, but the descriptor that the value of the option names (such as a BPF program's) is not open
    setsockopt EPERM not-permitted | type=tcp
        or cannot be changed now (a filter that is locked by SO_LOCK_FILTER, a socket that listens)
""")
def options_of_a_locked_filter():
    s = socket.socket()
    call(s.setsockopt, SOL_SOCKET, SO_ATTACH_BPF, struct.pack("i", 999))
    s.setsockopt(SOL_SOCKET, SO_LOCK_FILTER, 1)
    code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffffffff))
    call(s.setsockopt, SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", 1, ctypes.addressof(code)))


# ---- Sizes and rights ----

@case("""
    sendto EMSGSIZE message-too-big | len=65528 type=udp
        The message of 65528 bytes is larger than any datagram can be
    sendto EMSGSIZE message-too-big | len=65508 type=udp
        The message of 65508 bytes is larger than any datagram can be
    send EMSGSIZE message-too-big | len=65500 type=udp
        or its IP options made this one too large
    send EMSGSIZE message-too-big | len=3000
        The message of 3000 bytes is larger than this socket can send in one piece. ... !SO_SNDBUF
""")
def too_large_for_another_reason():
    other_host()
    s, options = socket.socket(AF_INET6, SOCK_DGRAM), socket.socket(AF_INET, SOCK_DGRAM)
    for kept in s, options:
        kept.setsockopt(SOL_SOCKET, socket.SO_SNDBUF, 1000000)
    call(s.sendto, bytes(65528), ("::1", 7000))
    call(s.sendto, bytes(65508), ("::ffff:127.0.0.1", 7000))
    s.sendto(bytes(65527), ("::1", 7000))
    options.setsockopt(IPPROTO_IP, IP_OPTIONS, bytes([1]) * 40)
    options.connect((LOOPBACK, 7000))
    call(options.send, bytes(65500))
    frames = socket.socket(AF_PACKET, SOCK_RAW)
    frames.bind(("v0", 0))
    call(frames.send, bytes(3000))


@case("""
    connect EPERM not-permitted | type=tcp
        An IPsec policy, a BPF program (cgroup) or a security module on this host forbids it
    sendto EPERM not-permitted | type=udp
        A firewall rule, an IPsec policy, a BPF program
""", where_missing="none")
def blocked_by_an_ipsec_policy():
    other_host()
    try:
        run("ip xfrm policy add dir out dst 10.0.0.2 action block 2>/dev/null")
    except subprocess.CalledProcessError:
        notes["kernel"] = "without"
        return
    call(socket.socket().connect, ("10.0.0.2", 80))
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"x", ("10.0.0.2", 80))
