"""Not now: nothing there, no room, under way, interrupted."""
import ctypes
import os
import socket
from socket import AF_UNIX, MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL, SOCK_DGRAM, SOL_SOCKET, SO_SNDBUF

from made_of import (LONG, LOOPBACK, RECEIVE, SEND, call, connected, drop_what_goes_to_the_peer,
                     fill, fill_up, interrupted, name, notes, own_network, peer, raw,
                     receive_many, set_timeout, unix_address, unix_connected, vanish)
from registry import case


@case("""
    recv EAGAIN would-block | len=64 flags=MSG_DONTWAIT
        Nothing to read yet, and the call does not block
    read EAGAIN would-block | len=64
        Nothing to read yet, and the call does not block
    recvmmsg EAGAIN would-block |
        Nothing to read yet, and the call does not block
    recv EAGAIN would-block | len=64 flags=MSG_PEEK
        Nothing to look at yet, or nothing beyond SO_PEEK_OFF, and the call does not block
    recv EAGAIN would-block | len=64 flags=MSG_WAITALL
        Nothing to read yet, and the call does not block
""")
def nothing_to_read():
    s = connected()
    call(s.recv, 64, MSG_DONTWAIT)
    s.setblocking(False)
    call(os.read, s.fileno(), 64)
    receive_many(s, 2)
    call(s.recv, 64, MSG_PEEK)
    call(s.recv, 64, MSG_WAITALL)


@case("""
    recv EAGAIN would-block | len=64 flags=MSG_DONTWAIT
        Nothing to read yet, and the call does not block
""")
def nothing_to_read_with_a_limit():
    """A limit is no matter to a call that does not wait."""
    s = connected()
    set_timeout(s, RECEIVE, 10000)
    call(s.recv, 64, MSG_DONTWAIT)


@case("""
    accept4 EAGAIN would-block |
        No connection is waiting to be accepted
""")
def nothing_to_accept():
    s = socket.socket()
    s.listen()
    s.setblocking(False)
    call(s.accept)


@case("""
    send EAGAIN would-block | len=1 flags=MSG_DONTWAIT tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
        No room in the send buffer ... sent and not acknowledged ... not sent, and the peer's window is closed: it is not reading
""")
def no_room():
    s = connected(room=4096)
    fill_up(s)


@case("""
    send EAGAIN would-block | len=1000 flags=MSG_DONTWAIT tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
        No room in the send buffer ... sent and not acknowledged
""")
def no_room_while_packets_are_lost():
    own_network()
    s = connected()
    drop_what_goes_to_the_peer(s)
    s.setsockopt(SOL_SOCKET, SO_SNDBUF, 4608)
    notes["written"] = fill(s, 1000)


@case("""
    send EAGAIN would-block | len=65536 flags=MSG_DONTWAIT type=unix-stream peer=$them peer_pid=$peer_pid
        No room in the send buffer ... the peer does not read as fast as this program writes
""")
def no_room_unix():
    s = unix_connected()
    s.setsockopt(SOL_SOCKET, SO_SNDBUF, 4608)
    fill(s)


@case("""
    send EAGAIN message-not-sent | len=10 flags=MSG_DONTWAIT type=unix-dgram peer=$them
        The message was not sent ... the queue of $them (net.unix.max_dgram_qlen)
""")
def no_room_unix_datagram():
    address = unix_address()
    peer(f"bind({address!r}, {int(SOCK_DGRAM)})")
    s = socket.socket(AF_UNIX, SOCK_DGRAM)
    s.connect(address)
    notes["them"] = name(address)
    fill(s, 10)


@case("""
    connect EINPROGRESS in-progress | peer=127.0.0.1:7000
        did not complete immediately; the program will get its result from SO_ERROR
    send EAGAIN would-block | len=10 type=tcp peer=127.0.0.1:7000
        The connection is not established yet, and the call does not block
""")
def send_while_connecting():
    own_network()
    vanish()
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    call(s.send, bytes(10))


@case("""
    connect EINPROGRESS timeout | type=tcp peer=127.0.0.1:7000
        SO_SNDTIMEO of this socket (100 ms) expired: 127.0.0.1:7000 had not answered; the connect continues
    send EAGAIN timeout | len=10 type=tcp peer=127.0.0.1:7000
        SO_SNDTIMEO of this socket (100 ms) expired: the connection was not established yet
""")
def send_while_connecting_with_a_limit():
    own_network()
    vanish()
    s = socket.socket()
    set_timeout(s, SEND, 100)
    call(s.connect, (LOOPBACK, 7000))
    call(s.send, bytes(10))


@case("""
    connect EINPROGRESS in-progress | peer=127.0.0.1:7000
        did not complete immediately; the program will get its result from SO_ERROR
    connect EALREADY in-progress | type=tcp peer=127.0.0.1:7000
        An earlier connect of this socket is still in progress
    recv EAGAIN would-block | len=64
        Nothing to read yet, and the call does not block
""")
def connect_in_progress():
    own_network()
    vanish()
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    call(s.connect, (LOOPBACK, 7000))
    call(s.recv, 64)


@case("""
    connect EINPROGRESS in-progress | peer=127.0.0.1:7000
        The connect to 127.0.0.1:7000 did not complete immediately; the program will get its result from SO_ERROR
    connect EALREADY in-progress | type=tcp peer=127.0.0.1:8000
        An earlier connect of this socket is still in progress ... !127.0.0.1
""")
def connect_elsewhere_in_progress():
    own_network()
    vanish()
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    call(s.connect, (LOOPBACK, 8000))


@case("""
    sendto EINPROGRESS in-progress | len=10 flags=MSG_FASTOPEN type=tcp peer=127.0.0.1:7000
        did not complete immediately; the program will get its result from SO_ERROR
""")
def fast_open_in_progress():
    own_network()
    vanish()
    s = socket.socket()
    s.setblocking(False)
    call(s.sendto, bytes(10), socket.MSG_FASTOPEN, (LOOPBACK, 7000))


@case("""
    recv EINTR interrupted | len=64
        A signal handler ran, or the process was stopped and continued, before the call had done anything
""")
def receive_interrupted():
    s = connected()
    interrupted(s.recv, 64)


@case("""
    recv EINTR interrupted | len=64
        A signal handler ran, or the process was stopped and continued, before the call had done anything
""")
def receive_stopped():
    """Without any handler: signal(7), "by stop signals"."""
    s = connected()
    set_timeout(s, RECEIVE, 1000 * LONG)
    peer.later(f"stop({os.getpid()})")
    raw("recv", s.fileno(), ctypes.create_string_buffer(64), 64, 0)  # Python tries again
    peer.answer()


@case("""
    accept4 EINTR interrupted |
        A signal handler ran, or the process was stopped and continued, before the call had done anything
""")
def accept_interrupted():
    s = socket.socket()
    s.listen()
    interrupted(s.accept)


@case("""
    connect EINTR interrupted |
        A signal handler ran, or the process was stopped and continued, while the call was waiting ... the connect may continue in the background
""")
def connect_interrupted():
    own_network()
    vanish()
    interrupted(socket.socket().connect, (LOOPBACK, 7000))


@case("""
    send EAGAIN would-block | len=1 flags=MSG_DONTWAIT tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
        No room in the send buffer ... sent and not acknowledged ... not sent, and the peer's window is closed: it is not reading
    send EINTR interrupted | len=10
        A signal handler ran, or the process was stopped and continued, before the call had done anything
""")
def send_interrupted():
    s = connected(room=4096)
    fill_up(s)
    s.setblocking(True)
    interrupted(s.send, bytes(10))
