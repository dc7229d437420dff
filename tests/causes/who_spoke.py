"""Who made the connection, who spoke last, and what lies here unread."""
import socket
from select import POLLIN
from socket import MSG_NOSIGNAL, MSG_WAITALL, SHUT_WR

from made_of import (CLOSE, LOOPBACK, accepted, call, connected, drop_what_goes_to_the_peer, free_here,
                     keep_here_what_goes_to_the_peer, note_ends, own_network, peer, run, send_all,
                     tcp_info, unacknowledged, unix_connected, wait, wait_for_state, wait_until)
from registry import case


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=0 tx=0 side=connected sent_ms=- unread=-
        $them closed its side cleanly (FIN) after 0 bytes
""")
def connected_and_nothing_sent():
    s = connected()
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=100 tx=512 side=accepted unread=- sent_ms+idle_ms>-1
        $them closed its side cleanly (FIN) after 100 bytes
""")
def accepted_and_answered():
    s = accepted()
    peer("give(100)")
    s.recv(100, MSG_WAITALL)
    send_all(s, 512)
    peer("take(512); close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 closed-unanswered | len=64 tcp CLOSE_WAIT rx=0 tx=512 all-acked side=connected
        $them closed its side cleanly (FIN) without answering ... nothing has ever arrived (0 bytes in all). Perhaps it rejects what it was sent
""")
def never_answered():
    s = connected()
    send_all(s, 512)
    peer("take(512); close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 closed-unanswered | len=64 tcp CLOSE_WAIT rx=0 tx=512 all-acked side=connected sent_ms>49
        without answering ... nothing has ever arrived (0 bytes in all). Perhaps its process died or gave up, a time limit expired
""")
def never_answered_for_a_while():
    s = connected()
    send_all(s, 512)
    peer("take(512)")
    wait_until(lambda: tcp_info(s, 44) >= 60)  # tcpi_last_data_sent
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=100 tx=600 all-acked side=connected sent_ms>49
        or only finished sending. Both sides had last sent data ... before this call, so an answer may have been due.
""")
def asked_in_the_tick_of_the_last_answer():
    """Which of the two came last the kernel does not tell."""
    while True:
        s = connected()
        send_all(s, 500)
        peer("take(500); give(100)")
        s.recv(100, MSG_WAITALL)
        send_all(s, 100)
        if tcp_info(s, 44) == tcp_info(s, 52):  # tcpi_last_data_sent, tcpi_last_data_recv
            break
    wait_until(lambda: tcp_info(s, 44) >= 60)
    peer("take(100); close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 closed-unanswered | len=64 tcp CLOSE_WAIT rx=100 side=connected fin_ms>999
        $them had closed its side cleanly (FIN) at least ... before this call, and so before this program sent last
""")
def closed_long_before_it_sent():
    own_network()
    s = connected()
    send_all(s, 500)
    peer("take(500); give(100); finish_sending()")
    s.recv(100, MSG_WAITALL)
    wait(s)
    wait_until(lambda: tcp_info(s, 56) >= 1100)  # tcpi_last_ack_recv
    drop_what_goes_to_the_peer(s)
    s.send(bytes(100))
    call(s.recv, 64)


@case("""
    recv 0 closed-unanswered | len=64 tcp CLOSE_WAIT rx=100 tx=600 all-acked side=connected
        $them closed its side cleanly (FIN) without answering ... nothing has arrived since (100 bytes in all)
""")
def second_request_not_answered():
    s = connected()
    send_all(s, 500)
    peer("take(500); give(100)")
    s.recv(100, MSG_WAITALL)
    wait_until(lambda: tcp_info(s, 52) >= 20)  # tcpi_last_data_recv
    send_all(s, 100)
    peer("take(100); close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp rx=0 tx=512 all-acked side=connected
        $them closed its side cleanly (FIN)
""")
def said_goodbye():
    """A program that has finished sending waits for no answer."""
    s = connected()
    send_all(s, 512)
    s.shutdown(SHUT_WR)
    peer("take_all(); close()")
    wait(s, POLLIN)
    call(s.recv, 64)


@case("""
    send ECONNRESET peer-reset | len=10 tcp CLOSE rx=348 tx=512 unread=348
        $them aborted the connection (RST) ... Still unread: 348 bytes from before that.
    send EPIPE write-after-close | len=10 tcp CLOSE rx=348 unread=348
        Still unread: 348 bytes
    recv 0 closed-after-error | len=64 tcp CLOSE unread=-
        had already failed
""")
def last_words_unread():
    s = connected()
    send_all(s, 512)
    peer("take(512); give(348); reset()")
    wait_for_state(s, CLOSE)
    call(s.send, bytes(10), MSG_NOSIGNAL)
    call(s.send, bytes(10), MSG_NOSIGNAL)
    s.recv(348, MSG_WAITALL)
    call(s.recv, 64)


@case("""
    send EPIPE write-after-close | len=10 type=unix-stream unread=24
        $them ... closed its end ... Still unread: 24 bytes from before that.
    recv ECONNRESET peer-reset | len=64 type=unix-stream unread=-
        !Unread
""")
def last_words_unread_unix():
    s = unix_connected()
    s.send(bytes(10))
    peer("give(24); close()")
    wait(s, 0)  # until POLLHUP
    call(s.send, bytes(10), MSG_NOSIGNAL)
    s.recv(24)
    call(s.recv, 64)


@case("""
    recv 0 closed-unanswered | len=64 tcp CLOSE_WAIT rx=0 tx=0 unacked=0 unsent=1 side=connected
        this program had sent last ... 1 byte had not been acknowledged
    recv 0 closed-unanswered | len=64 tcp CLOSE_WAIT rx=0 tx=1 all-acked side=connected
        this program had sent last
""")
def one_byte_kept_here():
    """Each try counts as a byte sent: the one that is too many looks like the SYN's. There is
    one try more, after two seconds."""
    own_network()
    run("ip route replace table local local 127.0.0.1 dev lo rto_min 2s")
    s = connected()
    peer("finish_sending()")
    wait(s)
    keep_here_what_goes_to_the_peer(s)
    s.send(b"x")
    call(s.recv, 64)
    free_here()
    wait_until(lambda: unacknowledged(s) == 0)
    call(s.recv, 64)


@case("""
    shutdown ENOTCONN not-connected | type=tcp
        The connection had already ended or was never established
    send EPIPE other | len=1 tcp ESTABLISHED rx=0 tx=0 all-acked
        This program had shut down the socket's writing side before it was connected, and so it stayed; or another thread closed the descriptor
""")
def shut_down_before_it_was_connected():
    s = socket.socket()
    listener = socket.create_server((LOOPBACK, 0))
    call(s.shutdown, SHUT_WR)
    s.connect(listener.getsockname())
    note_ends(s)
    call(s.send, b"x")
