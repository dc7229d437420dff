"""Whose doing it was: the peer's, this program's, this host's, or that of a firewall; and what
a record must not claim beyond that.
"""
import fcntl
import os
import select
import socket
import threading
from socket import (AF_INET, AF_UNIX, IPPROTO_TCP, MSG_FASTOPEN, SHUT_RD, SHUT_RDWR, SHUT_WR,
                    SOCK_DGRAM, SOL_SOCKET, SO_ERROR)

from made_of import (CLOSE, LOOPBACK, accepted, bound_udp, call, can_be_written, close_window, closed_port,
                     connected, descriptor, firewall, libc, many_messages, name, notes,
                     other_host, own_network, peer, raw, send_many, run, set_timeout, temporary,
                     unacknowledged, wait, wait_for_state, wait_until,
                     waits_in_a_call_with, RECEIVE, SEND)
from registry import case

SO_ZEROCOPY, MSG_ZEROCOPY, SO_TIMESTAMPING = 60, 0x4000000, 37


# ---- Notices in the error queue look like an error that waits ----


def with_notice(s):
    s.setsockopt(SOL_SOCKET, SO_ZEROCOPY, 1)
    s.send(bytes(20000), MSG_ZEROCOPY)
    peer("take(20000)")
    wait(s)
    return s


AFTER_NOTICE = """
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=20000 all-acked
        $them aborted the connection (RST)
    recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=20000 all-acked
        The connection to $them had already failed ... !shut down
    send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=20000 all-acked
        The connection to $them had already failed ... !shut down
"""


def reset_with_notice(s):
    peer("reset()")
    wait(s, select.POLLHUP)
    call(s.recv, 64)
    call(s.recv, 64)
    call(s.send, b"x")


@case(AFTER_NOTICE)
def notice_and_reset():
    reset_with_notice(with_notice(connected()))


@case(AFTER_NOTICE)
def notice_and_reset_to_server():
    reset_with_notice(with_notice(accepted()))


@case("""
    getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=20000 all-acked
        $them aborted the connection (RST)
    recv 0 other | len=64 tcp CLOSE rx=0 tx=20000 all-acked
        This program had shut down its reading side, or the connection to $them had failed ... notifications in the error queue hide which
    send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=20000 all-acked
        The connection to $them had already failed
""")
def notice_and_reset_after_own_shut_rd():
    s = with_notice(connected())
    s.shutdown(SHUT_RD)
    peer("reset()")
    wait(s, select.POLLHUP)
    s.getsockopt(SOL_SOCKET, SO_ERROR)
    call(s.recv, 64)
    call(s.send, b"x")


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=0 tx=20000 all-acked
        $them closed its side cleanly (FIN) ... !failed
""")
def notice_and_end():
    s = with_notice(connected())
    s.shutdown(SHUT_WR)
    peer("close()")
    wait_for_state(s, CLOSE)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=0 tx=10 all-acked
        $them closed its side cleanly (FIN) ... !failed
""")
def time_stamp_and_end():
    s = connected()
    s.setsockopt(SOL_SOCKET, SO_TIMESTAMPING, 0x2 | 0x10 | 0x80 | 0x800)
    s.send(bytes(10))
    wait(s)
    s.shutdown(SHUT_WR)
    peer("take_all(); close()")
    wait_for_state(s, CLOSE)
    call(s.recv, 64)


def icmp_to_connect(kind):
    own_network()
    firewall(f"tcp dport 7000 reject with icmp {kind}")
    notes["them"] = "127.0.0.1:7000"
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    wait_for_state(s, CLOSE)
    s.getsockopt(SOL_SOCKET, SO_ERROR)
    call(s.recv, 64)


@case("""
    connect EINPROGRESS in-progress | peer=$them
        The connect to $them
    getsockopt EHOSTUNREACH unreachable | type=tcp peer=$them
        a firewall rule on this host reported (ICMP)
    recv 0 closed-after-error | len=64 type=tcp peer=$them
        The connection to $them had already failed ... !shut down
""")
def connect_prohibited_then_read():
    icmp_to_connect("admin-prohibited")


@case("""
    connect EINPROGRESS in-progress | peer=$them
        The connect to $them
    getsockopt ECONNREFUSED connection-refused | type=tcp peer=$them
        a firewall rule on this host rejects or redirects the connection
    recv 0 closed-after-error | len=64 type=tcp peer=$them
        The connection to $them had already failed ... !shut down
""")
def connect_port_unreachable_then_read():
    icmp_to_connect("port-unreachable")


# ---- Who ended it ----


@case("""
    recv EPIPE other | len=64 type=tcp
        This program itself dissolved the connection (connect with AF_UNSPEC
""")
def dissolved_while_another_thread_reads():
    s = connected()
    reader = threading.Thread(target=call, args=(s.recv, 64))
    reader.start()
    wait_until(lambda: waits_in_a_call_with(s.fileno(), reader.native_id))
    raw("connect", s.fileno(), bytes(16), 16)
    reader.join()


@case("""
    send ETIMEDOUT connection-timed-out | len=1 tcp CLOSE rx=0 tx+unacked+unsent=$written
        kept its window closed ... within TCP_USER_TIMEOUT (300 ms)
    send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx+unacked+unsent=$written
        $them had closed its side (FIN), and then the connection failed ... or because this host gave up on it (a timeout ... !answered ... SIGPIPE would
""")
def timed_out_after_fin():
    s = connected(room=4096)
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
    close_window(s)
    peer("finish_sending()")
    wait(s, select.POLLERR | select.POLLHUP)
    call(s.send, b"x")
    call(s.send, b"x")


@case("""
    send ECONNABORTED connection-aborted | len=1 tcp CLOSE rx=0 tx=0 all-acked
        ended on this host (ss -K
    send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=0 all-acked
        $them had closed its side (FIN) ... this host ended it (ss -K ... SIGPIPE would
""")
def killed_on_this_host_after_fin():
    own_network()
    s = connected()
    peer("finish_sending()")
    wait(s)
    run(f"ss -K sport = :{s.getsockname()[1]} 2>/dev/null")
    wait(s, select.POLLHUP)
    call(s.send, b"x")
    call(s.send, b"x")


@case("""
    send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx+unacked+unsent=$written
        $them had closed its side (FIN), and then the connection failed before this write had sent anything: by an RST from $them ... !answer ... SIGPIPE would
""")
def reset_by_a_close_after_half_close():
    """Nothing is sent between FIN and RST: the window is closed."""
    s = connected(room=4096)
    close_window(s)
    peer("finish_sending(); close()")
    wait(s, select.POLLHUP)
    call(s.send, b"x")


BY_OWN_KERNEL = """
    recv ECONNRESET other | len=64 tcp CLOSE rx=0 tx=0 all-acked
        Data arrived from $them after this program had shut the socket down in both directions, so this host's kernel aborted the connection (RST)
    recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
        The connection to $them had already failed ... !FIN
"""


def data_after_own_shutdown(s, how):
    s.shutdown(SHUT_RDWR)
    peer(how)
    wait_for_state(s, CLOSE)
    call(s.recv, 64)
    call(s.recv, 64)


@case(BY_OWN_KERNEL)
def reset_by_own_kernel_at_client():
    data_after_own_shutdown(connected(), "give(5)")


@case(BY_OWN_KERNEL)
def reset_by_own_kernel_at_server():
    data_after_own_shutdown(accepted(), "give(5)")


@case(BY_OWN_KERNEL)
def reset_by_own_kernel_with_fin():
    """One packet has data and FIN."""
    data_after_own_shutdown(
        connected(), "c.setsockopt(6, socket.TCP_CORK, 1); give(5); close()")


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged ... !kernel
""")
def reset_after_own_shut_wr_at_server():
    """Which has not shut down its reading side: that the kernel resets it cannot be."""
    s = accepted()
    s.shutdown(SHUT_WR)
    peer("reset()")
    wait_for_state(s, CLOSE)
    call(s.recv, 64)


@case("""
    recv ECONNRESET other | len=64 tcp CLOSE rx=0 tx=0 all-acked
        Data arrived from $them after this program had shut the socket down in both directions
""")
def reset_by_own_kernel_for_a_child():
    """What a child has shut down is shut down."""
    s = accepted()
    child = os.fork()
    if child == 0:
        s.shutdown(SHUT_RDWR)
        os._exit(0)
    os.waitpid(child, 0)
    peer("give(5)")
    wait_for_state(s, CLOSE)
    call(s.recv, 64)


@case("""
    getsockopt EPIPE peer-reset | tcp CLOSE rx=0 tx=0 unacked=5 unsent=0
        had closed its side cleanly (FIN), and then aborted the connection (RST) ... A firewall rule on this host may have sent the RST in its name
""")
def rejected_by_a_firewall_after_fin():
    own_network()
    s = connected()
    peer("finish_sending()")
    wait(s)
    # Data alone: an acknowledgement of the FIN, or of its retransmission, may still be on its way.
    firewall(f"tcp dport {s.getpeername()[1]} tcp flags psh reject with tcp reset")
    s.send(bytes(5))
    wait(s, select.POLLHUP)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    recv 0 closed-after-error | len=64 tcp CLOSE
        The kernel reports this only once: an earlier call got the error, or it was lost in a splice, sendfile or sendmmsg that had already transferred data
    send EPIPE write-after-close | len=1 tcp CLOSE
        The kernel reports this only once: an earlier call got the error, or it was lost in a splice, sendfile or sendmmsg
""")
def error_lost_in_splice():
    """It has moved a part when the RST comes, and returns how much that was."""
    s = connected(room=4096)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, 1031, 1 << 20)  # F_SETPIPE_SZ
    os.write(writing, bytes(400000))
    s.setsockopt(SOL_SOCKET, socket.SO_SNDBUF, 20000)
    moved = []
    mover = threading.Thread(
        target=lambda: moved.append(os.splice(reading, s.fileno(), 400000)))
    mover.start()
    wait_until(lambda: unacknowledged(s) > 10000)
    peer("reset()")
    mover.join()
    if not 0 < moved[0] < 400000:
        raise AssertionError("splice moved all or nothing")
    call(s.recv, 64)
    call(s.send, b"x")


@case("""
    recv 0 closed-after-error | len=64 tcp CLOSE
        or it was lost in a splice, sendfile or sendmmsg that had already transferred data
""")
def error_lost_in_sendmmsg():
    """The message that fails is not the first one: net/socket.c, __sys_sendmmsg()."""
    s = connected(room=4096)
    close_window(s)
    sent = [1024]

    def send():
        while sent[-1] == 1024:
            sent.append(send_many(s, 1024, 1))
    sender = threading.Thread(target=send)
    sender.start()
    wait_until(lambda: not can_be_written(s) and waits_in_a_call_with(s.fileno(), sender.native_id))
    peer("reset()")
    sender.join()
    if sent[-1] < 1:
        raise AssertionError("it sent nothing")
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx+unacked+unsent=$written
        $them aborted the connection (RST)
""")
def own_fin_is_no_data():
    """It waits behind what the peer does not take."""
    s = connected(room=4096)
    close_window(s)
    s.shutdown(SHUT_WR)
    peer("reset()")
    wait_for_state(s, CLOSE)
    s.setblocking(True)
    call(s.recv, 64)


@case("""
    sendto EPIPE local-shutdown-write | len=1 type=unix-dgram peer=$elsewhere
        This program itself shut down its writing side before this write had sent anything
    send EPIPE write-after-close | len=1 type=unix-dgram
        had shut down its reading side before this write
""")
def unix_datagrams_shut_down():
    a, b = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    notes["elsewhere"] = "/no/such/socket"
    a.shutdown(SHUT_RDWR)
    call(a.sendto, b"x", "/no/such/socket")
    call(b.send, b"x")


# ---- What never was a connection ----


def fast_open(prepare):
    """The first data goes with the SYN."""
    own_network()
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w") as setting:
        setting.write("519")
    prepare()
    s = socket.socket()
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
    notes["them"] = "127.0.0.1:7000"
    s.setblocking(False)
    s.sendto(b"abc", MSG_FASTOPEN, (LOOPBACK, 7000))
    wait_for_state(s, CLOSE)
    call(s.send, b"x")
    call(s.recv, 64)


@case("""
    send ECONNREFUSED connection-refused | len=1 type=tcp peer=$them state=- rx=- idle_ms=-
        Nothing is listening on $them on this host ... !stood
    recv 0 closed-after-error | len=64 type=tcp peer=$them state=-
        The connection to $them had already failed
""")
def fast_open_refused():
    fast_open(lambda: None)


@case("""
    send ETIMEDOUT connect-timed-out | len=1 type=tcp peer=$them state=-
        The connection request (SYN) was not answered by a SYN-ACK from $them
    recv 0 closed-after-error | len=64 type=tcp peer=$them state=-
        The connection to $them had already failed
""")
def fast_open_unanswered():
    fast_open(lambda: firewall("drop"))


@case("""
    connect EINPROGRESS in-progress | peer=$them
        The connect to $them
    recv ECONNREFUSED connection-refused | len=64 type=tcp peer=$them
        Nothing is listening on $them on this host
    shutdown ENOTCONN not-connected | type=tcp
        harmless
    connect EINVAL bad-argument | type=tcp peer=$them
        or shutdown was called after an earlier connect of this socket that had not succeeded
""")
def connect_after_shutdown():
    s = socket.socket()
    s.setblocking(False)
    address = closed_port()
    call(s.connect, address)
    wait_for_state(s, CLOSE)
    call(s.recv, 64)
    call(s.shutdown, SHUT_WR)
    call(s.connect, address)


# ---- Counts ----


@case("""
    recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=0 tx=0 unacked=0 unsent=1
        nothing to read arrived from $them
""")
def a_byte_that_does_not_leave():
    """The kernel counts it as sent at the first try."""
    own_network()
    s = connected()
    firewall(f"tcp dport {s.getpeername()[1]} reject", hook="output")
    s.send(b"x")
    set_timeout(s, RECEIVE, 20)
    call(s.recv, 64)


# ---- With whom ----


@case("""
    send ECONNREFUSED connection-refused | len=1 type=udp peer=$them
        An earlier datagram from this socket, to $them or to the address that it was connected to before, was answered with ICMP port unreachable
""")
def udp_refused_by_the_one_before():
    other = bound_udp()
    s = socket.socket(AF_INET, SOCK_DGRAM)
    s.connect(closed_port(kind=SOCK_DGRAM))
    s.send(b"x")
    wait(s)
    s.connect(other.getsockname())
    notes["them"] = name(other.getsockname())
    call(s.send, b"x")


@case("""
    send EHOSTUNREACH unreachable | len=1 type=udp peer=$them
        a firewall rule on this host reported (ICMP) that it is unreachable. Or the error is about an earlier datagram from this socket to another address
""")
def udp_prohibited_by_the_one_before():
    own_network()
    firewall("udp dport 7000 reject with icmp admin-prohibited")
    other = bound_udp()
    notes["them"] = notes["us"]
    s = socket.socket(AF_INET, SOCK_DGRAM)
    s.connect((LOOPBACK, 7000))
    s.send(b"x")
    wait(s)
    s.connect(other.getsockname())
    call(s.send, b"x")


@case("""
    sendto ECONNRESET peer-reset | len=1 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST)
    sendmsg EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=0 all-acked
        The connection to $them had already failed
""")
def address_in_vain():
    """On a connection the kernel does not look at it."""
    s = connected()
    peer("reset()")
    wait(s)
    call(s.sendto, b"x", ("10.1.2.3", 99))
    call(s.sendmsg, [b"x"], [], 0, ("10.1.2.3", 99))


@case("""
    sendto EOPNOTSUPP not-supported | len=1 type=unix-stream peer=-
        The call named an address to send to, but this kind of socket can only send to the peer that it is connected to, and it is not connected
    sendmsg EOPNOTSUPP not-supported | len=1 type=unix-stream peer=-
        The call named an address to send to, but this kind of socket can only send to the peer that it is connected to, and it is not connected
""")
def unix_address_in_vain():
    s = socket.socket(AF_UNIX)
    call(s.sendto, b"x", temporary("s"))
    call(s.sendmsg, [b"x"], [], 0, temporary("s"))


@case("""
    connect ECONNREFUSED connection-refused | type=tcp peer=0.0.0.0:9
        Nothing is listening on 0.0.0.0:9 on this host
    connect ECONNREFUSED connection-refused | type=tcp peer=[::]:9
        Nothing is listening on [::]:9 on this host
    connect ECONNREFUSED connection-refused | type=tcp peer=[::ffff:0.0.0.0]:9
        Nothing is listening on [::ffff:0.0.0.0]:9 on this host
""")
def refused_by_this_host():
    own_network()
    call(socket.socket().connect, ("0.0.0.0", 9))
    call(socket.socket(socket.AF_INET6).connect, ("::", 9))
    call(socket.socket(socket.AF_INET6).connect, ("::ffff:0.0.0.0", 9))


@case("""
    recv ECONNRESET peer-reset | len=64 type=tcp rx=0 tx=0
        before any data had been exchanged. A firewall rule on this host may have sent the RST in its name
""")
def reset_at_an_address_of_this_host():
    other_host()
    listener = socket.socket()
    listener.bind(("10.0.0.1", 0))
    listener.listen()
    s = socket.create_connection(listener.getsockname())
    other = listener.accept()[0]
    other.setsockopt(SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0, 0, 0, 0, 0]))
    other.close()
    wait(s)
    call(s.recv, 64)


# ---- Descriptors and calls ----


@case("""
    recv EBADF bad-descriptor | len=64
        was opened with O_PATH
    send EBADF bad-descriptor | len=1
        was opened with O_PATH
    shutdown EBADF bad-descriptor |
        was opened with O_PATH
""")
def descriptor_of_a_path():
    socket.socket().close()
    number = os.open("/", os.O_PATH)
    libc.recv(number, bytes(64), 64, 0)
    libc.send(number, b"x", 1, 0)
    libc.shutdown(number, 2)


@case("""
    socketpair EOPNOTSUPP not-supported | type=tcp
        This address family does not support socketpair
""")
def pair_of_tcp():
    call(socket.socketpair, AF_INET)


@case("""
    sendmmsg EMSGSIZE bad-argument | type=udp
        A message of the call has more than 1024 buffers
    recvmmsg EMSGSIZE message-too-big | type=udp
        or a message of the call has more than 1024 buffers
    recvmmsg EMSGSIZE bad-argument | type=tcp
        A message of the call has more than 1024 buffers
""")
def too_many_buffers_of_many():
    s = bound_udp()
    s.connect(s.getsockname())
    messages = many_messages(1, 10)
    messages[0].header.iovlen = 1025
    raw("sendmmsg", descriptor(s), messages, 1, 0)
    raw("recvmmsg", descriptor(s), messages, 1, 0, None)
    stream = connected()
    raw("recvmmsg", stream.fileno(), messages, 1, 0, None)


@case("""
    connect EINPROGRESS in-progress | tcp ESTABLISHED rx=0 tx=0 all-acked
        The connect to $them did not complete immediately, but has since succeeded
""")
def connected_meanwhile():
    address = peer(f"listen(({LOOPBACK!r}, 0))")
    s = socket.socket()
    set_timeout(s, SEND, 100)  # so that the kernel is asked
    s.setblocking(False)
    call(s.connect, address)
    notes["us"], notes["them"] = name(s.getsockname()), name(address)


@case("""
    recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=1 tx=0 all-acked
        nothing to read arrived from $them
""")
def timed_out_with_an_urgent_byte():
    s = connected()
    peer("c.send(b'!', socket.MSG_OOB)")
    wait(s, select.POLLPRI)
    set_timeout(s, RECEIVE, 50)
    call(s.recv, 64)


@case("""
    recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=0 tx=1 all-acked
        which has acknowledged everything that was sent to it (1 byte)
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=1 all-acked
        it had acknowledged everything that was sent to it (1 byte)
""")
def a_single_byte():
    s = connected()
    s.send(b"x")
    wait_until(lambda: unacknowledged(s) == 0)
    set_timeout(s, RECEIVE, 50)
    call(s.recv, 64)
    peer("take(1); reset()")
    wait(s)
    call(s.recv, 64)


def closed_while_it_waits(function, *arguments):
    """Another thread closes the descriptor; the connection lives on in a duplicate."""
    s = connected()
    kept = s.dup()
    number = s.fileno()
    waiting = threading.Thread(target=call, args=(function, number, *arguments))
    waiting.start()
    wait_until(lambda: waits_in_a_call_with(number, waiting.native_id))
    os.close(s.detach())
    peer("reset()")
    waiting.join()
    kept.close()


@case("""
    recv ECONNRESET other | len=64 type=- peer=-
        Another thread closed the descriptor while the call was waiting
""")
def closed_while_it_receives():
    closed_while_it_waits(lambda number: libc.recv(number, bytes(64), 64, 0))


@case("""
    read ECONNRESET other | len=64 type=- peer=-
        Another thread closed the descriptor while the call was waiting
""")
def closed_while_it_reads():
    closed_while_it_waits(os.read, 64)


@case("""
    sendto EHOSTUNREACH unreachable | len=1 type=udp peer=$them
        a firewall rule on this host reported (ICMP) that it is unreachable. Or the error is about an earlier datagram from this socket to another address
    sendto ENETUNREACH unreachable | len=1 type=udp peer=10.5.0.1:7000
        There is no route to 10.5.0.1:7000 ... !earlier
""")
def udp_prohibited_to_where_it_is_connected():
    own_network()
    firewall("udp dport 7000 reject with icmp admin-prohibited")
    other = bound_udp()
    notes["them"] = notes["us"]
    s = socket.socket(AF_INET, SOCK_DGRAM)
    s.connect((LOOPBACK, 7000))
    s.send(b"x")
    wait(s)
    call(s.sendto, b"x", other.getsockname())
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"x", ("10.5.0.1", 7000))
