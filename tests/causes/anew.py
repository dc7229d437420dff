"""A socket that is dissolved and connected anew, or whose connect waits for data; and one in repair
mode.
"""
import socket
from socket import IPPROTO_TCP, MSG_FASTOPEN, SHUT_RDWR

from made_of import (CLOSE, LOOPBACK, SEND, call, connected, firewall, libc, name, note_ends, notes,
                     own_network, own_network_with, peer, set_timeout, wait_for_state)
from registry import case

TCP_REPAIR, TCP_FASTOPEN_CONNECT = 19, 30
WITHOUT_COOKIE = 0x207  # net.ipv4.tcp_fastopen, for both sides


def dissolve(s):
    """connect with AF_UNSPEC."""
    if libc.connect(s.fileno(), bytes(16), 16):
        raise OSError("connect")


def connect_anew(s):
    s.connect(peer(f"listen(({LOOPBACK!r}, 0))"))
    peer("accept()")
    note_ends(s)


RESET_OF_THE_SECOND = """
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked side=connected
        $them aborted the connection (RST) before any data had been exchanged ... !this host's kernel did
    recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
        had already failed ... !shut down
    send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=0 all-acked
        had already failed before this write ... !shut down
"""


def second_is_reset(s):
    connect_anew(s)
    peer("reset()")
    wait_for_state(s, CLOSE)
    call(s.recv, 64)
    call(s.recv, 64)
    call(s.send, b"x")


@case(RESET_OF_THE_SECOND)
def shut_dissolved_and_connected_anew():
    """What was shut down of the first connection is not of the second."""
    s = connected()
    s.shutdown(SHUT_RDWR)
    peer("take_all(); close()")
    wait_for_state(s, CLOSE)
    dissolve(s)
    second_is_reset(s)


def shut_in_connect():
    own_network()
    firewall("tcp dport 7000 drop")
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    s.shutdown(SHUT_RDWR)
    return s


@case("""
    connect EINPROGRESS in-progress | peer=127.0.0.1:7000
        did not complete immediately""" + RESET_OF_THE_SECOND)
def shut_while_connecting_and_connected_anew():
    """shutdown ends a connect that is under way, and leaves the socket as new."""
    s = shut_in_connect()
    s.setblocking(True)
    second_is_reset(s)


@case("""
    recv ECONNRESET other | len=64 type=tcp
        This program itself dissolved the connection ... the peer may have aborted it (RST) before that
""")
def reset_and_then_dissolved():
    s = connected()
    peer("reset()")
    wait_for_state(s, CLOSE)
    dissolve(s)
    call(s.recv, 64)


@case("""
    connect EINPROGRESS in-progress | peer=127.0.0.1:7000
        did not complete immediately
    recv ECONNRESET other | len=64 type=tcp
        This program itself ended the connect by shutdown, while the connection was being established. ... !RST
""")
def shut_while_connecting():
    s = shut_in_connect()
    call(s.recv, 64)


@case("""
    sendto EOPNOTSUPP not-supported | len=5 flags=MSG_FASTOPEN type=tcp peer=127.0.0.1:7000
        TCP Fast Open is off for connections that this host makes (net.ipv4.tcp_fastopen)
""")
def fast_open_is_off():
    own_network_with("ipv4/tcp_fastopen", 0)
    call(socket.socket().sendto, b"hello", MSG_FASTOPEN, (LOOPBACK, 7000))


@case("""
    connect EISCONN bad-argument | type=tcp peer=$them
        An earlier connect of this socket is still waiting for the first data ... !already connected
""")
def connect_that_waits_for_data():
    own_network_with("ipv4/tcp_fastopen", WITHOUT_COOKIE)
    s = socket.socket()
    s.setblocking(False)
    s.setsockopt(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    address = peer(f"listen(({LOOPBACK!r}, 0))")
    notes["them"] = name(address)
    s.connect(address)
    call(s.connect, address)


@case("""
    connect EINPROGRESS in-progress | peer=127.0.0.1:7000
        did not complete immediately
    connect EALREADY timeout | type=tcp peer=127.0.0.1:7001
        an earlier connect of this socket had not completed, and continues ... !7001 had
""")
def second_connect_waits_for_the_first():
    """The kernel does not look at its address."""
    own_network()
    firewall("tcp dport 7000 drop")
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    s.setblocking(True)
    set_timeout(s, SEND, 100)
    call(s.connect, (LOOPBACK, 7001))


@case("""
    recv EPERM not-permitted | len=64 tcp ESTABLISHED rx=0 tx=0 all-acked
        The socket is in repair mode (TCP_REPAIR)
""")
def read_in_repair_mode():
    own_network()
    s = connected()
    s.setsockopt(IPPROTO_TCP, TCP_REPAIR, 1)
    call(s.recv, 64)
    s.setsockopt(IPPROTO_TCP, TCP_REPAIR, 0)
