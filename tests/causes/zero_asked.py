"""0 because nothing was asked for, or because the input of sendfile and splice is at
its end.
"""
import ctypes
import os
import select

from made_of import bound_udp, call, connected, file_with, peer, pipe_with, raw, wait
from registry import case


@case("""
    recv 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
        The program itself asked for 0 bytes
    read 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
        The program itself asked for 0 bytes
    recvmsg 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
        The program itself asked for 0 bytes
    send 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
        The program itself offered 0 bytes
    write 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
        The program itself offered 0 bytes
    sendmsg 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
        The program itself offered 0 bytes
    writev 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
        The program itself offered 0 bytes
    sendfile 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
        The program itself offered 0 bytes
    splice 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
        The program itself offered 0 bytes
    recvmmsg 0 zero-length-request | tcp ESTABLISHED rx=1 tx=0 all-acked
        message count of 0
    sendmmsg 0 zero-length-request | tcp ESTABLISHED rx=1 tx=0 all-acked
        message count of 0
""")
def nothing_asked_for():
    """With something there: if not, even such a call waits for data."""
    s = connected()
    peer("give(1)")
    wait(s, select.POLLIN)
    room = ctypes.create_string_buffer(1)
    raw("recv", s.fileno(), room, 0, 0)
    raw("read", s.fileno(), room, 0)
    call(s.recvmsg, 0)
    raw("send", s.fileno(), room, 0, 0)
    raw("write", s.fileno(), room, 0)
    call(s.sendmsg, [b""])
    call(os.writev, s.fileno(), [b"", b""])
    call(os.sendfile, s.fileno(), file_with(b"x"), 0, 0)
    call(os.splice, pipe_with(b"x"), s.fileno(), 0)
    raw("recvmmsg", s.fileno(), None, 0, 0, None)
    raw("sendmmsg", s.fileno(), None, 0, 0)


@case("""
    recv 0 zero-length-request | len=0 tcp CLOSE_WAIT rx=0 tx=0 all-acked
        The program itself asked for 0 bytes
""")
def nothing_asked_for_at_the_end():
    s = connected()
    peer("close()")
    wait(s)
    raw("recv", s.fileno(), None, 0, 0)


@case("""
    send 0 zero-length-request | len=0 udp peer=$us
        offered 0 bytes: an empty datagram was sent
    sendto 0 zero-length-request | len=0 udp peer=$us
        offered 0 bytes: an empty datagram was sent
""")
def empty_datagram_sent():
    s = bound_udp()
    s.connect(s.getsockname())
    s.send(b"")
    s.sendto(b"", s.getsockname())


@case("""
    recv 0 zero-length-request | len=0 udp
        The program itself asked for 0 bytes
    recv EAGAIN would-block | len=64
        Nothing to read yet, and the call does not block
""")
def nothing_asked_of_a_datagram():
    s = bound_udp()
    s.sendto(b"abc", s.getsockname())
    raw("recv", s.fileno(), None, 0, 0)
    s.setblocking(False)
    call(s.recv, 64)


@case("""
    sendfile 0 source-exhausted | len=64 tcp ESTABLISHED rx=0 tx=3 all-acked
        The input file ... this says nothing about the connection
    splice 0 source-exhausted | len=64 tcp ESTABLISHED rx=0 tx=6 all-acked
        The input pipe ... this says nothing about the connection
""")
def input_at_its_end():
    s = connected()
    file = file_with(b"abc")
    os.sendfile(s.fileno(), file, 0, 64)
    call(os.sendfile, s.fileno(), file, 3, 64)
    pipe = pipe_with(b"abc")
    os.splice(pipe, s.fileno(), 64)
    call(os.splice, pipe, s.fileno(), 64)
