"""What few programs do, and no sentence may overlook."""
import ctypes
import errno
import os
import socket
import struct
import sys
from socket import (AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, MSG_PEEK,
                    SHUT_RD, SHUT_RDWR, SHUT_WR, SO_SNDBUF, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM,
                    SOL_SOCKET)

from made_of import (LOOPBACK, RECEIVE, Vector, accepted, bound_udp, call, connected, firewall, name, new_tcp, notes, other_host, own_network, peer, raw, run,
                     set_sysctl, set_timeout, tcp_info, unix_address, wait, wait_until, without_rights)
from registry import case

IP_FREEBIND, IP_LOCAL_PORT_RANGE, SO_PEEK_OFF, TCP_MD5SIG = 15, 51, 42, 14


@case("""
    connect EINVAL unreachable | type=tcp
        blackhole route or rule. Or it cannot be reached from 127.0.0.1: ... , a loopback address
    sendto EINVAL bad-argument | type=udp
        blackhole route or rule. Or it cannot be reached from 127.0.0.1: ... , a loopback address
""")
def from_a_loopback_address():
    other_host()
    s, u = socket.socket(), bound_udp()
    s.bind((LOOPBACK, 0))
    call(s.connect, ("10.0.0.2", 80))
    call(u.sendto, b"x", ("10.0.0.2", 80))


@case("""
    connect ENETUNREACH unreachable | type=tcp
        Or 10.9.9.9: ... , the address of the socket, does not belong to this host (any more)
""")
def from_an_address_that_was_never_here():
    other_host()
    s = socket.socket()
    s.setsockopt(IPPROTO_IP, IP_FREEBIND, 1)
    s.bind(("10.9.9.9", 0))
    call(s.connect, ("10.0.0.2", 80))


@case("""
    connect ENETUNREACH unreachable | type=tcp peer=10.0.0.255:80
        Or it is a broadcast address, to which TCP cannot connect
    connect ENETUNREACH unreachable | type=tcp peer=224.0.0.1:80
        224.0.0.1:80 is a multicast address, to which a stream socket cannot connect ... !route
    connect ENETUNREACH unreachable | type=tcp peer=[ff0e::1]:80
        [ff0e::1]:80 is a multicast address, to which a stream socket cannot connect ... !route
    connect ENETUNREACH unreachable | type=tcp peer=10.7.0.1:80
        There is no route to 10.7.0.1:80 ... !broadcast
""")
def connect_to_many():
    """There are routes to all of them but the last."""
    other_host()
    run("ip route add 224.0.0.0/4 dev v0")
    for host in "10.0.0.255", "224.0.0.1", "ff0e::1", "10.7.0.1":
        call(new_tcp(host).connect, (host, 80))


@case("""
    connect EADDRNOTAVAIL address-unavailable | type=tcp peer=$them
        (IP_LOCAL_PORT_RANGE of this socket: 40000 to 40000)
    bind EADDRINUSE address-in-use | type=udp
        (IP_LOCAL_PORT_RANGE of this socket: 40000 to 40000)
""")
def ports_of_its_own():
    own_network()
    listener = socket.socket()
    listener.bind((LOOPBACK, 0))
    listener.listen()
    notes["them"] = name(listener.getsockname())
    kept = [socket.socket() for _ in range(2)] + [socket.socket(AF_INET, SOCK_DGRAM) for _ in range(2)]
    for s in kept:
        s.setsockopt(IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("I", 40000 << 16 | 40000))
        call(*(s.connect, listener.getsockname()) if s.type == SOCK_STREAM else (s.bind, (LOOPBACK, 0)))


@case("""
    connect ECONNREFUSED connection-refused | type=unix-stream
        its owner is gone, has not called listen or has shut the socket down
    connect ECONNREFUSED connection-refused | type=unix-dgram peer=/dev/null
        /dev/null was closed or is no socket
""")
def unix_that_does_not_listen():
    listener = socket.socket(AF_UNIX)
    listener.bind(unix_address())
    listener.listen()
    listener.shutdown(SHUT_RD)
    call(socket.socket(AF_UNIX).connect, listener.getsockname())
    call(socket.socket(AF_UNIX, SOCK_DGRAM).connect, "/dev/null")


@case("""
    bind EADDRINUSE address-in-use | type=unix-stream
        or it is a file, such as a socket that a program left behind
    bind EADDRINUSE address-in-use | type=unix-stream
        Another socket is already bound to @ ... !left behind
    bind ENOENT other | type=unix-stream
        or no socket can be made there (as in /proc)
    connect EPERM not-permitted | type=unix-dgram
        is connected to another socket and accepts nothing from this one ... !credentials
""")
def unix_names():
    s, other = socket.socket(AF_UNIX), socket.socket(AF_UNIX)
    other.bind(unix_address(abstract=True))
    for address in "/dev/null", other.getsockname(), "/proc/socket":
        call(s.bind, address)
    one, two, three = (socket.socket(AF_UNIX, SOCK_DGRAM) for _ in range(3))
    one.bind(unix_address())
    two.bind(unix_address())
    one.connect(two.getsockname())
    call(three.connect, one.getsockname())


@case("""
    recv EAGAIN timeout | type=unix-stream
        nothing to read arrived from the peer ... , or nothing beyond SO_PEEK_OFF
    recv EAGAIN would-block |
        Nothing to look at yet, or nothing beyond SO_PEEK_OFF
""")
def peek_behind_what_is_there():
    s, other = socket.socketpair()
    other.send(b"abc")
    s.setsockopt(SOL_SOCKET, SO_PEEK_OFF, 0)
    s.recv(3, MSG_PEEK)
    set_timeout(s, RECEIVE, 30)
    call(s.recv, 3, MSG_PEEK)
    s.setblocking(False)
    call(s.recv, 3, MSG_PEEK)


@case("""
    writev 0 zero-length-request | type=udp
        The program itself offered 0 bytes, so nothing was sent
    write 0 zero-length-request | type=udp
        an empty datagram was sent
    recvfrom 0 zero-length-datagram | len=9 udp
        An empty datagram arrived
    recv EAGAIN would-block |
        Nothing to read yet
""")
def nothing_written():
    """Of the two, write alone sends something."""
    s, other = bound_udp(), socket.socket(AF_INET, SOCK_DGRAM)
    other.connect(s.getsockname())
    raw("writev", other.fileno(), ctypes.byref(Vector(0, 0)), 1)
    raw("write", other.fileno(), b"", 0)
    s.setblocking(False)
    s.recvfrom(9)
    call(s.recv, 9)


@case("""
    recv 0 peer-closed | type=tcp local=127.0.0.1:5000 peer=127.0.0.1:5000 rx=3
        This program's own FIN has come back after 3 bytes: 127.0.0.1:5000 is this very socket
""")
def connected_to_itself():
    own_network()
    s = socket.socket()
    s.bind((LOOPBACK, 5000))
    s.connect((LOOPBACK, 5000))
    s.send(b"abc")
    s.recv(3)
    s.shutdown(SHUT_WR)
    call(s.recv, 3)


@case("""
    connect ETIMEDOUT connect-timed-out | type=tcp peer=127.0.0.1:5000
        the server's kernel rejects them ( ... it requires a TCP MD5 or AO key, or
    setsockopt ENOPROTOOPT not-supported | type=tcp
        does not support the option
""")
def key_that_is_missing():
    own_network()
    listener, s = socket.socket(), socket.socket()
    listener.bind((LOOPBACK, 5000))
    listener.listen()
    whom = struct.pack("=HH4s", AF_INET, 0, socket.inet_aton(LOOPBACK)).ljust(128, b"\0")
    listener.setsockopt(IPPROTO_TCP, TCP_MD5SIG, whom + struct.pack("=BBHI", 0, 0, 3, 0) + b"key".ljust(80, b"\0"))
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
    call(s.connect, (LOOPBACK, 5000))
    call(s.setsockopt, IPPROTO_TCP, 9999, 1)


# ---- Options ----

@case("""
    setsockopt ENOENT not-supported | type=tcp
        This kernel has no module with the name given for the option
    setsockopt EINVAL bad-argument | type=tcp
        The value or its length does not fit the option
    getsockopt EINVAL bad-argument | type=tcp
        The length does not fit the option
    setsockopt ENOTCONN not-connected | type=tcp level=info
        This option can only be set on a connected socket
    setsockopt EPERM not-permitted | type=tcp
        This option, or this value of it, requires privileges
""")
def options():
    s = new_tcp("::1")
    call(s.setsockopt, IPPROTO_TCP, socket.TCP_CONGESTION, b"nosuch")
    call(s.setsockopt, SOL_SOCKET, RECEIVE, b"x")
    raw("getsockopt", s.fileno(), IPPROTO_TCP, socket.TCP_INFO, bytes(9), ctypes.byref(ctypes.c_int(-1)))
    call(s.setsockopt, IPPROTO_IPV6, 1, AF_INET)  # IPV6_ADDRFORM
    without_rights()
    call(s.setsockopt, SOL_SOCKET, socket.SO_MARK, 1)


@case("""
    setsockopt ENOMEM no-memory | type=tcp
        The kernel had no memory for the option, or a limit is reached
""")
def filter_too_big():
    own_network()
    s = socket.socket()
    code = b"".join(struct.pack("HBBI", 6, 0, 0, 0xffffffff) for _ in range(4096))
    place = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", 4096, ctypes.addressof(place))
    set_sysctl("core/optmem_max", 1000)
    call(s.setsockopt, SOL_SOCKET, 26, program)  # SO_ATTACH_FILTER


# ---- Arguments ----

@case("""
    connect EAFNOSUPPORT not-supported | type=tcp
        The address belongs to a different family than the socket
    connect EINVAL bad-argument | type=udp
        The kernel rejected the address, or the route to it is a blackhole route
    connect EINVAL bad-argument | type=unix-stream
        The kernel rejected the address, or the socket itself is listening. ... !route
    readv EINVAL bad-argument | type=tcp
        The kernel rejected an argument of the call as invalid. ... !route
    bind EADDRINUSE address-in-use | type=netlink
        Another socket is already bound to
""")
def wrong_addresses():
    s, udp, unix = socket.socket(), bound_udp(), socket.socket(AF_UNIX)
    raw("connect", s.fileno(), struct.pack("H", AF_INET6) + bytes(26), 28)
    raw("connect", udp.fileno(), struct.pack("H", AF_INET) + bytes(6), 8)
    raw("connect", unix.fileno(), struct.pack("H", AF_INET) + bytes(14), 16)
    raw("readv", s.fileno(), (Vector * 2000)(), 2000)
    one, other = (socket.socket(AF_NETLINK, SOCK_RAW, 0) for _ in range(2))
    one.bind((0, 0))
    call(other.bind, one.getsockname())


@case("""
    connect EADDRNOTAVAIL address-unavailable | type=tcp peer=[::1]:80
        Either this host has no IPv6 address from which [::1]:80 can be reached, or no ephemeral port
    sendto EADDRNOTAVAIL address-unavailable | type=udp peer=[::1]:80
        This host has no address from which [::1]:80 can be reached
""")
def ipv6_is_off():
    own_network()
    set_sysctl("ipv6/conf/all/disable_ipv6", 1)
    call(new_tcp("::1").connect, ("::1", 80))
    call(socket.socket(AF_INET6, SOCK_DGRAM).sendto, b"x", ("::1", 80))


@case("""
    sendto EAGAIN message-not-sent | type=udp peer=10.0.0.77:9
        there is no room in the send buffer, and the call does not block
""")
def no_neighbour_answers():
    """What waits for it fills the send buffer."""
    other_host()
    s = socket.socket(AF_INET, SOCK_DGRAM)
    s.setsockopt(SOL_SOCKET, SO_SNDBUF, 5000)
    s.setblocking(False)
    while call(s.sendto, bytes(500), ("10.0.0.77", 9)) != errno.EAGAIN:
        pass


# ---- Another user's socket: what was shut down cannot be kept on it (shim/base/shut.h) ----

def as_another_user():
    """False where there is none."""
    try:
        os.setresuid(65534, 65534, 65534)
    except OSError:
        notes["kernel"] = "without"
        return False
    return True


@case("""
    recv 0 peer-closed | type=unix-stream
        finished sending, or this program shut down its own reading side: on a unix socket
    recv 0 peer-closed | type=unix-stream
        closed its end, or either side shut the connection down: on a unix socket
    recv 0 peer-closed | type=unix-seqpacket
        or sent an empty message just before that, or this program shut down its own reading side
    send EPIPE local-shutdown-write | type=unix-stream
        or the peer shut down its reading side: on a unix socket
    send EPIPE write-after-close | type=unix-stream
        had closed its end before this write had sent anything, or either side had shut the connection down
    send ECONNRESET peer-reset | tcp CLOSE
        $them aborted the connection (RST)
    send EPIPE write-after-close | tcp CLOSE
        This program had shut down its writing side before this write, or the connection to ... the kernel does not distinguish
""", where_missing="none")
def shut_down_by_another_user():
    pairs = [socket.socketpair(AF_UNIX, kind) for kind in
             (SOCK_STREAM, SOCK_STREAM, SOCK_SEQPACKET, SOCK_STREAM, SOCK_STREAM)]
    tcp = accepted()  # its FIN alone looks like the SYN of the other side
    if not as_another_user():
        return
    ours = [pair[0] for pair in pairs]
    ours[0].shutdown(SHUT_RD)
    ours[1].shutdown(SHUT_RDWR)
    ours[2].shutdown(SHUT_RD)
    ours[3].shutdown(SHUT_WR)
    ours[4].shutdown(SHUT_RDWR)
    for s in ours[:3]:
        call(s.recv, 9)
    call(ours[3].send, b"x")
    call(ours[4].send, b"x")
    tcp.send(b"x")
    peer("take(1)")
    tcp.shutdown(SHUT_WR)
    peer("reset()")
    wait_until(lambda: tcp_info(tcp, 0, "B") == 7)
    call(tcp.send, b"x")
    call(tcp.send, b"x")


# ---- Another program in this process: with a filter, or one that ends by itself ----

def become(case_name, program):
    """It keeps its socket s open, and says that the case has come to its end."""
    said = f"{case_name} {os.getpid()} 0"
    code = f"import os, socket, time\n{program}\ns.detach()\nos.write(1, b'{said}\\n')"
    for pipe in [peer.commands, peer.answers] if peer.pid else []:  # which ends with them
        os.set_inheritable(pipe.fileno(), True)
    os.execv(sys.executable, [sys.executable, "-c", code])


def refuse_ipv6():
    """As systemd's RestrictAddressFamilies= does it; False where the system call has no number of its own."""
    number = {"x86_64": 41, "aarch64": 198}.get(os.uname().machine)
    if not number or ctypes.sizeof(ctypes.c_void_p) < 8:
        return False
    code = [(0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 16), (0x15, 0, 1, AF_INET6),
            (0x06, 0, 0, 0x50000 | errno.EAFNOSUPPORT), (0x06, 0, 0, 0x7fff0000)]
    place = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
    raw("prctl", 38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    raw("prctl", 22, 2, struct.pack("@HP", len(code), ctypes.addressof(place)))
    return True


@case("""
    recv 0 other | type=-
        Under the program's seccomp filter sockshim does not query the socket. This is the end of the stream or an empty datagram
""")
def filter_of_its_own():
    s = connected()
    peer("finish_sending()")
    wait(s)
    place = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))  # allows everything
    raw("prctl", 38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    raw("prctl", 22, 2, struct.pack("@HP", 1, ctypes.addressof(place)))
    call(s.recv, 9)


@case("""
    socket EAFNOSUPPORT not-supported | type=tcp
        does not support this combination ... Or the program's seccomp filter refuses the call
""", where_missing="none")
def family_that_a_filter_refuses():
    if refuse_ipv6():
        become("family_that_a_filter_refuses", "s = socket.socket()\ntry: socket.socket(socket.AF_INET6)\nexcept OSError: pass")
    notes["kernel"] = "without"


@case("""
    exit 0 reset-by-own-close | type=tcp ESTABLISHED unread=5
        This program ended with 5 bytes unread: unless another process has the connection as well, its kernel sends RST
""")
def ended_with_data_unread():
    address = peer(f"listen(({LOOPBACK!r}, 0))")
    peer.later("accept(); give(5)")
    become("ended_with_data_unread", f"s = socket.create_connection({address})\n"
           "while len(s.recv(5, socket.MSG_PEEK)) < 5: pass")


@case("""
    exit 0 reset-by-own-close | type=tcp ESTABLISHED unread=0
        This program ended with SO_LINGER 0 set: unless another process has the connection as well, its kernel sends RST
""")
def ended_without_lingering():
    address = peer(f"listen(({LOOPBACK!r}, 0))")
    become("ended_without_lingering", f"s = socket.create_connection({address})\n"
           "s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\\1\\0\\0\\0\\0\\0\\0\\0')")


@case("""
    exit 0 gave-up-waiting | type=tcp ESTABLISHED rx=0 tx=3
        after its last send, with no answer from ... : nothing has ever arrived (0 bytes in all). Perhaps its own deadline passed or it was told to end, or what
""")
def ended_unanswered():
    address = peer(f"listen(({LOOPBACK!r}, 0))")
    become("ended_unanswered", f"s = socket.create_connection({address})\ns.send(b'abc')\ntime.sleep(0.1)")


@case("""
    exit 0 gave-up-waiting | type=tcp ESTABLISHED rx=0 tx=0 sent_ms=- idle_ms>999
        This program ended ... after it had connected to ... , and neither side had ever sent anything. Perhaps it waited for ... to speak first
""")
def ended_without_a_word():
    address = peer(f"listen(({LOOPBACK!r}, 0))")
    become("ended_without_a_word", f"s = socket.create_connection({address})\ntime.sleep(1.05)")


@case("""
    connect EINPROGRESS in-progress |
        did not complete immediately
    exit 0 gave-up-connecting | type=tcp
        while it was still connecting: no SYN-ACK had come from 127.0.0.1:9
""")
def ended_while_connecting():
    own_network()
    firewall("tcp dport 9 drop")
    become("ended_while_connecting", f"s = socket.socket()\ns.setblocking(False)\ns.connect_ex(({LOOPBACK!r}, 9))")
