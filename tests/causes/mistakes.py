"""Mistakes of the program."""
import os
import socket
import struct
from socket import AF_INET, SHUT_RDWR, SOCK_SEQPACKET, SOCK_STREAM

from made_of import LOOPBACK, Vector, bound_udp, call, connected, name, notes, peer, raw, wait
from registry import case


@case("""
    recv EINVAL bad-argument | len=64 flags=MSG_OOB tcp ESTABLISHED rx=0 tx=0 all-acked
        There is no out-of-band data to read
""")
def receive_out_of_band():
    call(connected().recv, 64, socket.MSG_OOB)


@case("""
    sendmsg EMSGSIZE bad-argument | tcp ESTABLISHED rx=0 tx=0 all-acked
        A message of the call has more than 1024 buffers (UIO_MAXIOV) ... !larger
    recvmsg EMSGSIZE bad-argument | tcp ESTABLISHED rx=0 tx=0 all-acked
        A message of the call has more than 1024 buffers (UIO_MAXIOV) ... !larger
""")
def too_many_buffers():
    s = connected()
    call(s.sendmsg, [b"x"] * 1025)
    call(s.recvmsg_into, [bytearray(1)] * 1025)


@case("""
    recv ENOTCONN not-connected | len=64 type=tcp
        The socket is not connected
    shutdown ENOTCONN not-connected | type=tcp
        harmless
""")
def not_connected():
    s = socket.socket()
    call(s.recv, 64)
    call(s.shutdown, SHUT_RDWR)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    shutdown ENOTCONN not-connected | tcp CLOSE rx=0 tx=0 all-acked
        harmless
""")
def shutdown_after_reset():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.shutdown, SHUT_RDWR)


@case("""
    recv EBADF bad-descriptor | len=1
        Descriptor 900000 is not open
    connect EBADF bad-descriptor |
        The program passed -1 as a descriptor: it was never opened, or is marked as closed
    shutdown EBADF bad-descriptor |
        The program passed -1 as a descriptor
    listen ENOTSOCK bad-descriptor |
        is open, but it is not a socket
    sendfile EBADF bad-descriptor | len=10 tcp ESTABLISHED rx=0 tx=0 all-acked
        is a socket, but the other descriptor of the call is not open
""")
def bad_descriptors():
    address = socket.inet_aton(LOOPBACK).rjust(8, b"\0").ljust(16, b"\0")
    raw("recv", 900000, None, 1, 0)
    raw("connect", -1, address, 16)
    raw("shutdown", -1, SHUT_RDWR)
    raw("listen", os.open("/dev/null", os.O_RDONLY), 1)
    s = connected()
    raw("sendfile", s.fileno(), 900000, None, 10)


@case("""
    bind EINVAL bad-argument | type=tcp local=$us
        The socket is already bound, or the address or its length is of another family
    accept4 EINVAL bad-argument | type=tcp local=$us
        The socket is not listening, or no longer is (shutdown), or the flags are invalid
    connect EINVAL bad-argument | type=tcp local=$us
        The kernel rejected the address, the route to it is a blackhole route or rule, or shutdown was called
    bind EFAULT bad-argument | type=tcp
        The program passed a pointer to memory that it cannot access
""")
def bad_arguments():
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    notes["us"] = name(s.getsockname())
    call(s.bind, s.getsockname())
    call(s.accept)
    raw("connect", s.fileno(), struct.pack("H", AF_INET) + bytes(14), 8)
    raw("bind", s.fileno(), 1, 16)


@case("""
    socket EAFNOSUPPORT not-supported | type=46/1
        This kernel does not support this combination of family, type and protocol
    socket EPROTONOSUPPORT not-supported | type=2/1
        This kernel does not support this combination of family, type and protocol
    socket ESOCKTNOSUPPORT not-supported | type=2/5
        This kernel does not support this combination of family, type and protocol
    listen EOPNOTSUPP not-supported | udp
        This kind of socket does not support the call or its flags
    socketpair EOPNOTSUPP not-supported | type=tcp
        This address family does not support socketpair
""")
def not_supported():
    call(socket.socket, 46, SOCK_STREAM)  # beyond the last family
    call(socket.socket, AF_INET, SOCK_STREAM, 200)
    call(socket.socket, AF_INET, SOCK_SEQPACKET)
    call(bound_udp().listen)
    call(socket.socketpair, AF_INET)


@case("""
    readv EINVAL bad-argument | tcp ESTABLISHED
        The kernel rejected an argument of the call as invalid, or, with kernel TLS, what arrived is no record
""")
def too_many_buffers_to_read_into():
    s = connected()
    raw("readv", s.fileno(), (Vector * 2000)(), 2000)


@case("""
    recv ECONNRESET peer-reset | tcp CLOSE
        aborted the connection (RST)
    connect EISCONN bad-argument | type=tcp CLOSE
        The connection that this socket had has ended, and a stream socket connects again only once it has been dissolved
""")
def connect_after_a_reset():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 9)
    call(s.connect, (LOOPBACK, 9))
