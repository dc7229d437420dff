"""A write that comes too late, and whether SIGPIPE would have been its end."""
import os
import select
import signal
import socket
import struct
from socket import (AF_UNIX, AF_UNSPEC, MSG_NOSIGNAL, SHUT_RDWR, SHUT_WR, SOCK_DGRAM, SOCK_SEQPACKET,
                    SOL_SOCKET, SO_ERROR)

from made_of import (CLOSE, accepted, bound_udp, call, connected, file_with, peer, pipe_with,
                     raw, send_all, send_many, unix_connected, wait, wait_for_state)
from registry import case


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
        $them aborted the connection (RST) before a single byte had arrived from it; it had acknowledged everything that was sent to it (512 bytes) ... !had not been
    send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=512 all-acked
        $them had already failed before this write, by a reset, a timeout ... SIGPIPE would have ended the program here
""")
def write_after_reset():
    s = connected()
    send_all(s, 512)
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10))


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    send EPIPE write-after-close | len=10 flags=MSG_NOSIGNAL tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... !SIGPIPE
""")
def write_after_reset_without_signal():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10), MSG_NOSIGNAL)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... !SIGPIPE
""")
def write_after_reset_signal_blocked():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10))


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... !SIGPIPE
""")
def write_after_reset_signal_handled():
    signal.signal(signal.SIGPIPE, lambda *_: None)
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10))


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... !SIGPIPE
""")
def write_after_reset_signal_ignored():
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10))


def after_reset(function, *arguments):
    s = connected()
    peer("reset()")
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)
    call(function, s.fileno(), *arguments)


@case("""
    getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    write EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... SIGPIPE would have ended the program here
""")
def write_call_after_reset():
    after_reset(os.write, bytes(10))


@case("""
    getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    writev EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... SIGPIPE would have ended the program here
""")
def writev_after_reset():
    after_reset(os.writev, [bytes(4), bytes(6)])


@case("""
    getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    sendfile EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... SIGPIPE would have ended the program here
""")
def sendfile_after_reset():
    after_reset(os.sendfile, file_with(bytes(10)), 0, 10)


@case("""
    getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    splice EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... SIGPIPE would have ended the program here
""")
def splice_after_reset():
    after_reset(lambda s: os.splice(pipe_with(bytes(10)), s, 10))


@case("""
    getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    sendmmsg EPIPE write-after-close | tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... SIGPIPE would have ended the program here
""")
def sendmmsg_after_reset():
    after_reset(lambda s: send_many(s, 2))


@case("""
    send EPIPE write-after-close | len=10 tcp CLOSE rx=7 tx=512 unacked=5 unsent=0
        $them had closed its side (FIN), and then the connection failed before this write had sent anything: by an RST from $them, or one sent in its name ... SIGPIPE would have ended the program here
    recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 unacked=5 unsent=0
        closed its side cleanly (FIN) after 7 bytes ... Of what this program wrote, 5 bytes had not been acknowledged
""")
def write_after_close():
    """The first write is answered with RST, since nobody can read it."""
    s = connected()
    send_all(s, 512)
    peer("take(512); give(7); close()")
    wait(s)
    s.recv(64)
    s.send(bytes(5))
    wait(s, 0)
    call(s.send, bytes(10))
    call(s.recv, 64)


@case("""
    splice EPIPE other | len=64 tcp ESTABLISHED rx=10 tx=0 all-acked
        The pipe that splice was to write to has no reader left; this says nothing about the connection. ... !SIGPIPE
""")
def splice_into_a_broken_pipe():
    """It is the pipe that nobody reads from, and whose SIGPIPE takes its course; the
    connection is fine."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    s = connected()
    peer("give(10)")
    wait(s, select.POLLIN)
    reading, writing = os.pipe()
    os.close(reading)
    call(os.splice, s.fileno(), writing, 64)


@case("""
    splice EPIPE other | len=64 type=tcp
        The pipe that splice was to write to has no reader left, or the connection had been aborted (RST) after the peer's FIN: splice does not say which ... !SIGPIPE
""")
def splice_after_reset_after_fin():
    s = connected()
    peer("close()")
    wait(s)
    s.send(b"x")
    wait_for_state(s, CLOSE)
    reading, writing = os.pipe()
    raw("connect", s.fileno(), struct.pack("H", AF_UNSPEC) + bytes(14), 16)
    call(os.splice, s.fileno(), writing, 64)
    os.close(reading)


@case("""
    getsockopt EPIPE other | type=tcp state=-
        The connection that this socket had was aborted (RST) after the peer's FIN, and then this program dissolved it (connect with AF_UNSPEC)
""")
def so_error_after_reset_after_fin():
    s = connected()
    peer("close()")
    wait(s)
    s.send(b"x")
    wait_for_state(s, CLOSE)
    raw("connect", s.fileno(), struct.pack("H", AF_UNSPEC) + bytes(14), 16)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    send EPIPE write-after-close | len=10 tcp CLOSE tx=512 unacked=5 unsent=0
        $them had closed its side (FIN), and then the connection failed before this write had sent anything: by an RST from $them, or one sent in its name, or because this host ended it (ss -K ... SIGPIPE would have ended the program here
""")
def write_after_close_with_reply_unread():
    """The peer's FIN is told from the data that lies before it."""
    s = connected()
    send_all(s, 512)
    peer("take(512); give(7); close()")
    wait(s)
    s.send(bytes(5))
    wait(s, 0)
    call(s.send, bytes(10))


@case("""
    send EPIPE local-shutdown-write | len=10 tcp CLOSE tx=512 all-acked
        This program itself shut down its writing side before this write had sent anything. SIGPIPE would have ended the program here
""")
def write_after_both_ends_with_reply_unread():
    s = connected()
    send_all(s, 512)
    s.shutdown(SHUT_WR)
    peer("take_all(); give(7); close()")
    wait_for_state(s, CLOSE)
    call(s.send, bytes(10))


@case("""
    send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 unacked=5 unsent=0
        $them had closed its side (FIN), and then the connection failed before this write had sent anything: by an RST from $them, or one sent in its name ... SIGPIPE would have ended the program here
""")
def write_after_close_to_server():
    s = accepted()
    peer("close()")
    wait(s)
    s.send(bytes(5))
    wait(s, 0)
    call(s.send, bytes(10))


@case("""
    send EPIPE write-after-close | len=10 tcp CLOSE rx=7 tx=100 all-acked
        $them had closed its side (FIN), and then the connection failed before this write had sent anything: by an RST ... SIGPIPE would have ended the program here ... !shut down
""")
def write_after_acknowledged_write(s=None):
    """The peer finished sending, read on, acknowledged, and then reset."""
    s = s or connected()
    peer("give(7); finish_sending()")
    wait(s)
    s.recv(64)
    send_all(s, 100)
    peer("take(100); reset()")
    wait(s, 0)
    call(s.send, bytes(10))


@case("""
    send EPIPE write-after-close | len=10 tcp CLOSE rx=7 tx=100 all-acked
        $them had closed its side (FIN), and then the connection failed before this write had sent anything: by an RST ... SIGPIPE would have ended the program here ... !shut down
""")
def write_after_acknowledged_write_to_server():
    write_after_acknowledged_write(accepted())


@case("""
    send EPIPE local-shutdown-write | len=10 tcp FIN_WAIT2 rx=0 tx=512 all-acked
        This program itself shut down its writing side before this write had sent anything. SIGPIPE would have ended the program here
""")
def write_after_own_shut_wr():
    s = connected()
    send_all(s, 512)
    s.shutdown(SHUT_WR)
    wait_for_state(s, 5)
    call(s.send, bytes(10))


@case("""
    send EPIPE local-shutdown-write | len=10 tcp CLOSE rx=0 tx=512 all-acked
        This program itself shut down its writing side before this write had sent anything. SIGPIPE would have ended the program here
""")
def write_after_both_ends(s=None):
    s = s or connected()
    send_all(s, 512)
    s.shutdown(SHUT_WR)
    peer("take_all(); close()")
    wait_for_state(s, CLOSE)
    call(s.send, bytes(10))


@case("""
    send EPIPE local-shutdown-write | len=10 tcp CLOSE rx=0 tx=512 all-acked
        This program itself shut down its writing side before this write had sent anything. SIGPIPE would have ended the program here
""")
def write_after_own_shut_wr_second():
    """Closed by the peer first, then by this side: through LAST_ACK to CLOSE."""
    s = connected()
    send_all(s, 512)
    peer("take(512); finish_sending()")
    wait(s)
    s.shutdown(SHUT_WR)
    wait_for_state(s, CLOSE)
    call(s.send, bytes(10))


@case("""
    send EPIPE not-connected | len=10 type=tcp
        The socket is not connected ... SIGPIPE would have ended the program here
""")
def write_unconnected():
    call(socket.socket().send, bytes(10))


@case("""
    send EPIPE not-connected | len=10 type=tcp
        This is a listening socket, not a connection. SIGPIPE would have ended the program here
""")
def write_to_listener():
    s = socket.socket()
    s.listen()
    call(s.send, bytes(10))


@case("""
    send EPIPE write-after-close | len=10 type=unix-stream peer=$them peer_pid=$peer_pid
        $them (opened by pid $peer_pid) had closed its end, or shut down its reading side, before this write had sent anything. Or another process that shares this end shut it down. SIGPIPE would have ended the program here
""")
def unix_write_after_close():
    s = unix_connected()
    peer("close()")
    wait(s)
    call(s.send, bytes(10))


@case("""
    send EPIPE local-shutdown-write | len=10 type=unix-stream
        This program itself shut down its writing side before this write had sent anything. SIGPIPE would have ended the program here
""")
def unix_write_after_own_shut_rdwr():
    s, other = socket.socketpair()
    s.shutdown(SHUT_RDWR)
    call(s.send, bytes(10))


@case("""
    send EPIPE local-shutdown-write | len=10 type=unix-stream peer=$them peer_pid=$peer_pid
        This program itself shut down its writing side before this write had sent anything. SIGPIPE would have ended the program here
""")
def unix_write_after_own_shut_wr():
    s = unix_connected()
    s.shutdown(SHUT_WR)
    call(s.send, bytes(10))


@case("""
    send EPIPE write-after-close | len=10 type=unix-stream peer=$them peer_pid=$peer_pid
        $them (opened by pid $peer_pid) had closed its end, or shut down its reading side, before this write had sent anything. Or another process that shares this end shut it down. SIGPIPE would have ended the program here
""")
def unix_write_after_peers_shut_rd():
    s = unix_connected()
    peer("c.shutdown(socket.SHUT_RD)")
    call(s.send, bytes(10))


@case("""
    send EPIPE write-after-close | len=10 type=unix-seqpacket peer=$them peer_pid=$peer_pid
        $them (opened by pid $peer_pid) had closed its end, or shut down its reading side, before this write ... !SIGPIPE
""")
def seqpacket_write_after_close():
    s = unix_connected(SOCK_SEQPACKET)
    peer("close()")
    wait(s)
    call(s.send, bytes(10))


@case("""
    send EPIPE local-shutdown-write | len=10 type=unix-seqpacket peer=$them peer_pid=$peer_pid
        This program itself shut down its writing side before this write had sent anything ... !SIGPIPE
""")
def seqpacket_write_after_own_shut_wr():
    s = unix_connected(SOCK_SEQPACKET)
    s.shutdown(SHUT_WR)
    call(s.send, bytes(10))


@case("""
    send EPIPE local-shutdown-write | len=10 type=unix-dgram
        This program itself shut down its writing side before this write had sent anything ... !SIGPIPE
""")
def unix_datagram_write_after_own_shut_wr():
    s, other = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    s.shutdown(SHUT_WR)
    call(s.send, bytes(10))


@case("""
    send EPIPE local-shutdown-write | len=10 udp peer=$us
        This program itself shut down its writing side before this write had sent anything ... !SIGPIPE
""")
def udp_write_after_own_shut_wr():
    s = bound_udp()
    s.connect(s.getsockname())
    s.shutdown(SHUT_WR)
    call(s.send, bytes(10))
