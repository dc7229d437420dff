"""What hardly ever happens: the kernel's answers are changed, or held back until something else has
been done, and settings are other ones."""
import ctypes
import errno
import fcntl
import os
import resource
import socket
import struct
from socket import AF_INET, AF_INET6, AF_UNIX, AF_VSOCK, IPPROTO_TCP, SHUT_RDWR, SHUT_WR, SOCK_STREAM, SOL_SOCKET, SO_ERROR

from made_of import (ANSWER, ASK, CLOSE, LOOPBACK, MPTCP, SEND, begin_filter, call, can_filter, connected,
                     do_in_between, drop_what_goes_to_the_peer, firewall, interrupted, libc,
                     new_tcp, notes, other_host, own_network, peer, raw, run, send_all, set_sysctl, set_timeout, tcp_info,
                     temporary, wait, wait_for_state, wait_until)
from registry import case
from unusual import as_another_user, become

F_GETFL, TCP_INFO, TCP_ZEROCOPY_RECEIVE = 3, 11, 35


@case("""
    send 0 other | len=77 tcp ESTABLISHED
        The call transferred nothing.
    send 0 other | errno=4000 len=78 tcp ESTABLISHED
        The kernel returned errno 4000, and nothing more is known.
    recv EMSGSIZE other | len=79 tcp ESTABLISHED
        The kernel returned errno 90: Message too long.
    send ENOMEM no-memory | len=80 tcp ESTABLISHED
        The kernel had no memory for the call (80 bytes).
""", where_missing="none")
def answered_by_a_filter():
    """As no kernel does, or at most kernel TLS (EMSGSIZE)."""
    s = connected()
    if can_filter():
        begin_filter(("sendto", {2: 77}, ANSWER), ("sendto", {2: 78}, ANSWER | 4000),
                     ("recvfrom", {2: 79}, ANSWER | errno.EMSGSIZE), ("sendto", {2: 80}, ANSWER | errno.ENOMEM))
        call(s.send, bytes(77))
        call(s.send, bytes(78))
        call(s.recv, 79)
        call(s.send, bytes(80))


@case("""
    recv EBADF bad-descriptor | fd=$number type=-
        was not open when the call was made; another thread has since opened something with that number
""", where_missing="none")
def opened_in_between():
    s = connected()
    file = os.open("/dev/null", os.O_RDONLY)
    number = fcntl.fcntl(s, fcntl.F_DUPFD, 50)
    notes["number"] = number
    os.close(number)
    if can_filter():
        do_in_between(("fcntl", {0: number, 1: F_GETFL}, ASK), lambda: os.dup2(file, number))
        libc.recv(number, bytes(64), 64, 0)


@case("""
    connect EINPROGRESS in-progress | peer=127.0.0.1:7000
        did not complete immediately
    connect EALREADY in-progress | type=tcp state=-
        An earlier connect of this socket had not completed yet; it has since ended, one way or another
""", where_missing="none")
def connect_ended_in_between():
    if not can_filter():
        return
    own_network()
    firewall("tcp dport 7000 drop")
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    do_in_between(("getsockopt", {1: IPPROTO_TCP, 2: TCP_INFO}, ASK), lambda: s.shutdown(SHUT_RDWR))
    call(s.connect, (LOOPBACK, 7000))


@case("""
    connect EINPROGRESS in-progress | type=tcp peer=127.0.0.1:7000
        The connect to 127.0.0.1:7000 did not complete immediately and has since ended; SO_ERROR has the result
""", where_missing="none")
def connect_ended_at_once_in_between():
    if not can_filter():
        return
    own_network()
    firewall("tcp dport 7000 drop")
    s = socket.socket()
    set_timeout(s, SEND, 100)  # so that the kernel is asked
    s.setblocking(False)
    do_in_between(("getsockopt", {1: IPPROTO_TCP, 2: TCP_INFO}, ASK), lambda: s.shutdown(SHUT_RDWR))
    call(s.connect, (LOOPBACK, 7000))


@case("""
    getsockopt EINVAL unreachable | tcp ESTABLISHED rx=0 tx=0 unacked=5
        The kernel could not send to $them: this host's route to it is a blackhole
""")
def blackhole_while_data_is_in_flight():
    """What is sent again does not find the way."""
    other_host()
    s = new_tcp("10.0.0.2")
    s.connect(("10.0.0.2", peer("listen(('10.0.0.2', 0))")[1]))
    peer("accept()")
    notes["us"], notes["them"] = ("%s:%d" % one for one in (s.getsockname(), s.getpeername()))
    peer("run('nft add table inet t; nft add chain inet t i { type filter hook input priority 0 \\\\; policy drop \\\\; }')")
    s.send(bytes(5))
    run("ip route add blackhole 10.0.0.2")
    wait_until(lambda: tcp_info(s, 2, "B") > 1)  # tries
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    send EPIPE write-after-close | len=1 tcp CLOSE
        The connection to $them had failed before this write had sent anything, by an RST from it, or one sent in its name, or because this host ended it
""", where_missing="none")
def reset_after_fin_on_an_old_kernel():
    """Before Linux 4.18 nothing tells whether a FIN came."""
    s = connected()
    peer("give(5)")
    s.recv(5)
    peer("finish_sending()")
    wait(s)
    peer("reset()")
    wait_for_state(s, CLOSE)
    if can_filter():
        begin_filter(("getsockopt", {1: IPPROTO_TCP, 2: TCP_ZEROCOPY_RECEIVE}, ANSWER | errno.ENOPROTOOPT))
        call(s.send, b"x")


@case("""
    recv 0 other | len=64 tcp CLOSE
        End of the stream; the kernel does not say whether the peer closed, this program shut down its reading side, or an earlier error ended it
""", where_missing="none")
def closed_on_an_old_kernel():
    s = connected()
    peer("give(5); finish_sending()")
    s.recv(5)
    wait(s)
    s.shutdown(SHUT_WR)
    wait_for_state(s, CLOSE)
    if can_filter():
        begin_filter(("getsockopt", {1: IPPROTO_TCP, 2: TCP_ZEROCOPY_RECEIVE}, ANSWER | errno.ENOPROTOOPT))
        call(s.recv, 64)


@case("""
    socket EMFILE descriptor-limit | type=tcp
        The process has reached its limit of open descriptors: raise it
""", where_missing="none")
def limit_that_a_filter_hides():
    socket.socket().close()
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, 4096))
    if can_filter():
        begin_filter(("getrlimit", {}, ANSWER | errno.EPERM), ("prlimit64", {}, ANSWER | errno.EPERM))
        call(socket.socket)


@case("""
    bind EADDRNOTAVAIL address-unavailable | type=tcp local=[2001:db8::9]:7000
        The address [2001:db8::9]:7000 is not assigned to this host, or not to the interface that the socket is bound to (SO_BINDTODEVICE, VRF), or was not yet
""")
def bind_without_proc():
    """As in a chroot."""
    s = new_tcp("::1")
    os.chroot(os.path.dirname(temporary("s")))
    call(s.bind, ("2001:db8::9", 7000))


@case("""
    send EPIPE other | len=1 mptcp
        The connection had ended before this write, or this program had shut down its writing side; MPTCP does not say which
""", where_missing="none")
def mptcp_shut_down_by_another_user():
    """On whose socket the shutdown cannot be kept; and nobody acknowledges it."""
    if not os.path.exists("/proc/sys/net/mptcp/enabled"):
        notes["kernel"] = "without"
        return
    own_network()
    s = connected(protocol=MPTCP)
    send_all(s, 100)
    drop_what_goes_to_the_peer(s)
    if as_another_user():
        s.shutdown(SHUT_WR)
        call(s.send, b"x")


@case("""
    getpeername ENOTCONN not-connected | fd=0 type=tcp level=warn
        Descriptor 0 is a listening socket, and has no peer: connections have to be accepted from it
""")
def listener_as_standard_input():
    listener = socket.socket()
    listener.bind((LOOPBACK, 0))
    listener.listen()
    os.dup2(listener.fileno(), 0)
    become("listener_as_standard_input", "import ctypes\nctypes.CDLL(None).getpeername(0, bytes(128), ctypes.byref(ctypes.c_int(128)))\n"
           "s = socket.socket()")


@case("""
    exit 0 gave-up-sending | type=tcp ESTABLISHED unsent>0
        This program ended with ... that it had written and that were not sent yet: ... does not read (its window is closed). The kernel keeps trying for a while
""")
def ended_with_data_that_is_not_sent():
    listener = socket.socket()
    listener.bind((LOOPBACK, 0))
    listener.listen()
    peer(f"connect({listener.getsockname()})")
    os.set_inheritable(listener.fileno(), True)
    become("ended_with_data_that_is_not_sent",
           f"import struct\nlistener = socket.socket(fileno={listener.fileno()})\ns = listener.accept()[0]\ns.setblocking(False)\n"
           "s.send(bytes(1 << 24))\n"
           "while struct.unpack_from('I', s.getsockopt(6, 11, 232), 228)[0]: time.sleep(.01)\n"
           "time.sleep(.1)")


@case("""
    recv ETIMEDOUT connection-timed-out | tcp CLOSE rx=3 tx=0
        Answers from $them stopped arriving, and the kernel gave up on the connection
""")
def fast_open_that_is_not_confirmed():
    """The first data came with the SYN; the SYN-ACK was never acknowledged."""
    own_network()
    set_sysctl("ipv4/tcp_fastopen", 0x207)
    set_sysctl("ipv4/tcp_synack_retries", 1)
    firewall("'tcp dport 7000 tcp flags & (syn | ack) == ack drop'")
    listener = socket.socket()
    listener.setsockopt(IPPROTO_TCP, 23, 5)  # TCP_FASTOPEN
    listener.bind((LOOPBACK, 7000))
    listener.listen()
    peer("c = socket.socket()\nc.sendto(b'abc', 0x20000000, ('127.0.0.1', 7000))")
    s, address = listener.accept()
    notes["us"], notes["them"] = "127.0.0.1:7000", "%s:%d" % address
    s.recv(3)
    call(s.recv, 64)


@case("""
    splice EAGAIN would-block | type=tcp
        Either the pipe or the socket was not ready; splice does not say which
""")
def splice_of_nothing():
    s = connected()
    reading, _ = os.pipe()
    raw("splice", reading, None, s.fileno(), None, 9, 2)  # SPLICE_F_NONBLOCK


@case("""
    connect EINTR interrupted |
        A signal handler ran, or the process was stopped and continued, while the call was waiting; the connect may continue
""")
def connect_with_a_timeout_interrupted():
    own_network()
    firewall("drop")
    s = socket.socket()
    set_timeout(s, SEND, 50000)
    interrupted(s.connect, (LOOPBACK, 7000))


# ---- What is never said here, and why: tests/witness/templates ----

@case("none")
def streams_of_this_kernel():
    """Where vsock has a loopback, which would have this address, it could be asked: vsock(7)."""
    beneath = ctypes.CDLL("libc.so.6")
    families = {family for family in range(48) if beneath.socket(family, SOCK_STREAM, 0) >= 0}
    address = struct.pack("=HHII4x", AF_VSOCK, 0, 70000, 1)
    has_loopback = beneath.bind(beneath.socket(AF_VSOCK, SOCK_STREAM, 0), address, 16) == 0
    if not has_loopback and not families <= {AF_INET, AF_INET6, AF_UNIX, AF_VSOCK}:
        raise AssertionError(f"{families}")


@case("none")
def limit_of_the_whole_system():
    """It is far away, and not a namespace's own."""
    with open("/proc/sys/fs/file-max") as most, open("/proc/sys/fs/file-nr") as used:
        if int(most.read()) - int(used.read().split()[0]) < 10000:
            raise AssertionError("nearly reached")


@case("""
    recv ECONNRESET peer-reset | type=tcp
        aborted the connection (RST)
    recv 0 peer-closed | type=unix-stream
        closed its end
""")
def accepted_after_it_had_ended():
    """accept gives a connection, not ECONNABORTED."""
    listener = socket.socket()
    listener.bind((LOOPBACK, 0))
    listener.listen()
    peer(f"connect({listener.getsockname()}); reset()")
    s = listener.accept()[0]
    wait(s)
    call(s.recv, 64)
    path = temporary("s")
    unix = socket.socket(AF_UNIX)
    unix.bind(path)
    unix.listen()
    peer(f"connect({path!r}); c.close()")
    call(unix.accept()[0].recv, 64)


# ---- With settings ----

@case("""
    recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0
        had failed, and this 0 does not mean that $them had finished sending: SOCKSHIM_RESET=eof turned the error into this 0
""", settings={"SOCKSHIM_RESET": "eof"})
def reset_that_is_made_an_end():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 closed-after-error | len=64 tcp ESTABLISHED rx=0 tx=0
        Nothing arrived within SOCKSHIM_RECV_TIMEOUT, and SOCKSHIM_RESET=eof turned that into an end of stream
""", settings={"SOCKSHIM_RESET": "eof", "SOCKSHIM_RECV_TIMEOUT": "100ms"})
def silence_that_is_made_an_end():
    call(connected().recv, 64)


@case("""
    send ECONNRESET peer-reset | len=1 type=tcp
        aborted the connection (RST) ... !SIGPIPE
    send EPIPE write-after-close | len=1 type=tcp
        SIGPIPE ends the program here.
""", settings={"SOCKSHIM": "watch"}, dies_of=13)
def ended_by_sigpipe():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.send, b"x")
    call(s.send, b"x")


@case("""
    bind EADDRINUSE address-in-use | type=tcp
        Another socket is already bound to that port, on one address or on all, or a closed connection still holds it ... !ephemeral
""")
def bind_to_an_address_of_no_family():
    """Of IPv4 it is taken for any address."""
    first, s = socket.socket(), socket.socket()
    first.bind((LOOPBACK, 0))
    port = first.getsockname()[1]
    raw("bind", s.fileno(), port.to_bytes(2, "big").join([bytes(2), bytes(12)]), 16)
