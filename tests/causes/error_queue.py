"""The error queue."""
import resource
import socket
from socket import IPPROTO_IP, MSG_ERRQUEUE, SOCK_DGRAM, SOL_SOCKET

from made_of import bound_udp, call, closed_port, connected, peer, wait, without_rights
from registry import case


@case("""
    recvmsg EAGAIN would-block | len=64 flags=MSG_ERRQUEUE udp
        The socket's error queue is empty
""")
def error_queue_empty():
    call(bound_udp().recvmsg, 64, 64, MSG_ERRQUEUE)


@case("""
    send 0 zero-length-request | len=0 udp peer=$them
        offered 0 bytes: an empty datagram was sent
    recvmsg 0 error-queue | len=64 flags=MSG_ERRQUEUE udp peer=$them
        The call took an entry from the error queue that has no payload
""")
def error_queue_of_udp():
    s = refused_udp_with_queue(b"")
    call(s.recvmsg, 64, 512, MSG_ERRQUEUE)


@case("""
    recvmsg EAGAIN would-block | len=64 flags=MSG_ERRQUEUE udp peer=$them
        The socket's error queue is empty
""")
def error_queue_of_udp_with_payload():
    """The datagram comes back with it: no 0, so no record but the next."""
    s = refused_udp_with_queue(b"abc")
    if s.recvmsg(64, 512, MSG_ERRQUEUE)[0] != b"abc":
        raise AssertionError("the payload")
    call(s.recvmsg, 64, 512, MSG_ERRQUEUE)


def refused_udp_with_queue(payload):
    s = bound_udp()
    s.setsockopt(IPPROTO_IP, 11, 1)  # IP_RECVERR
    s.connect(closed_port(kind=SOCK_DGRAM))
    s.send(payload)
    wait(s)
    return s


@case("""
    recvmsg 0 error-queue | len=64 flags=MSG_ERRQUEUE tcp ESTABLISHED rx=0 tx=10 all-acked
        The call took an entry from the error queue that has no payload
""")
def error_queue_with_timestamp():
    s = connected()
    s.setsockopt(SOL_SOCKET, 37, 0x2 | 0x10 | 0x80 | 0x800)  # SO_TIMESTAMPING, without payload
    s.send(bytes(10))
    wait(s)
    call(s.recvmsg, 64, 512, MSG_ERRQUEUE)


@case("""
    recvmsg 0 error-queue | len=0 flags=MSG_ERRQUEUE tcp ESTABLISHED rx=0 tx=10000 all-acked
        The call took an entry from the error queue and had no room for a payload
""")
def error_queue_with_zero_copy():
    s = connected()
    s.setsockopt(SOL_SOCKET, 60, 1)  # SO_ZEROCOPY
    s.send(bytes(10000), 0x4000000)  # MSG_ZEROCOPY
    peer("take(10000)")
    wait(s)
    call(s.recvmsg, 0, 512, MSG_ERRQUEUE)


@case("""
    send ENOBUFS no-memory | len=1000000 flags=MSG_ZEROCOPY tcp ESTABLISHED rx=0 tx=0 all-acked
        RLIMIT_MEMLOCK ... net.core.optmem_max
""")
def zero_copy_beyond_the_limit():
    s = connected()
    s.setsockopt(SOL_SOCKET, 60, 1)  # SO_ZEROCOPY
    without_rights()
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (4096, 4096))
    call(s.send, bytes(1000000), 0x4000000)  # MSG_ZEROCOPY


@case("""
    recv 0 peer-closed | len=64 flags=MSG_ERRQUEUE type=unix-stream
        closed its end
""")
def error_queue_of_unix():
    """There is none: the end of the stream."""
    s, other = socket.socketpair()
    other.close()
    call(s.recv, 64, MSG_ERRQUEUE)
