"""A close that leaves something undone, and one that does not."""
import errno
import os
import socket
import struct
import threading
from socket import AF_INET, IPPROTO_TCP, MSG_DONTWAIT, MSG_WAITALL, SHUT_RDWR, SHUT_WR, SO_LINGER, SOCK_STREAM, SOL_SOCKET

from made_of import (CLOSE, FIN_WAIT2, accepted, call, can_be_written, close_window, connected, firewall,
                     keep_here_what_goes_to_the_peer, notes,
                     own_network, own_network_with, peer, send_all, tcp_info, vanish, wait, wait_for_state, wait_until)
from registry import case


def has_come(s, n):
    wait_until(lambda: len(s.recv(n, socket.MSG_PEEK)) == n)


@case("""
    close 0 reset-by-own-close | tcp ESTABLISHED rx=517 tx=0 unread=517 side=connected
        closed the connection with 517 bytes unread, so its kernel sent RST instead of FIN, unless the connection failed at that very moment; $them sees ECONNRESET
""")
def close_unread():
    s = connected()
    peer("give(517)")
    has_come(s, 517)
    s.close()


@case("""
    close 0 reset-by-own-close | tcp FIN_WAIT2 rx=517 tx=0 unread=517 side=connected
        with 517 bytes unread, so its kernel sent RST after the FIN of its shutdown, unless ... ; $them sees EPIPE unless
""")
def close_unread_after_shutdown():
    """Asked of the peer as well: it has had the FIN."""
    s = connected()
    s.shutdown(SHUT_WR)
    peer("give(517)")
    has_come(s, 517)
    wait_for_state(s, FIN_WAIT2)
    s.close()
    if peer("c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)") != errno.EPIPE:
        raise AssertionError("the peer sees another error")


@case("""
    close 0 reset-by-own-close | tcp FIN_WAIT1 rx=9 unread=9
        so its kernel sent RST, unless ... ; $them sees ECONNRESET or EPIPE unless
""")
def close_unread_with_fin_on_its_way():
    """It waits behind what the peer does not take."""
    s = connected(room=4096)
    close_window(s)
    s.shutdown(SHUT_WR)
    peer("give(9)")
    has_come(s, 9)
    s.close()


@case("""
    close 0 reset-by-own-close | tcp ESTABLISHED rx=517 unread=517 side=accepted
        517 bytes unread
""")
def close_unread_with_threads():
    """Another thread is about to take the lowest number at any time."""
    s = accepted()
    peer("give(517)")
    has_come(s, 517)
    end = threading.Event()
    threading.Thread(target=end.wait).start()
    before = os.listdir("/proc/self/fd")
    s.close()
    assert len(os.listdir("/proc/self/fd")) == len(before) - 1
    end.set()


@case("""
    close 0 reset-by-own-close | tcp ESTABLISHED rx=0 tx=0 unread=0
        with SO_LINGER 0, so its kernel sent RST instead of FIN, unless the connection failed at that very moment;
""")
def close_without_lingering():
    s = connected()
    s.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


@case("""
    close 0 reset-by-own-close | type=tcp ESTABLISHED rx=0 tx=10 unread=0 side=connected sent_ms>49
        with SO_LINGER 0, so its kernel sent RST ... It had sent last, ... ms before, and nothing has ever arrived.
    close 0 reset-by-own-close | type=tcp ESTABLISHED rx=0 unread=0 side=connected unacked+unsent>9999
        with SO_LINGER 0, so its kernel sent RST ... Of what this program wrote, ... had not been acknowledged
    close 0 reset-by-own-close | type=tcp ESTABLISHED unread=9 unacked+unsent>9999
        with 9 bytes unread, so its kernel sent RST ... Of what this program wrote, ... had not been acknowledged
""")
def close_without_lingering_while_waiting():
    """As proxies do whose time limit has passed."""
    s = connected()
    s.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    send_all(s, 10)
    wait_until(lambda: tcp_info(s, 44) >= 60)  # tcpi_last_data_sent
    s.close()
    s = connected(room=4096)
    close_window(s)
    s.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    s = accepted()
    s.setblocking(False)
    peer("give(9)")
    has_come(s, 9)
    while can_be_written(s):
        s.send(bytes(65536))
    s.close()


@case("none")
def close_of_what_the_program_corked():
    """It goes out with the close: nothing stood still."""
    s = connected()
    s.setsockopt(IPPROTO_TCP, socket.TCP_CORK, 1)
    s.send(bytes(10))
    wait_until(lambda: tcp_info(s, 44) > 60)  # milliseconds since the last send
    s.close()


@case("none")
def close_of_a_copy():
    """Others still hold the connection: a dup, a child, who got it by SCM_RIGHTS."""
    s = connected()
    s.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    peer("give(9)")
    has_come(s, 9)
    copy = os.dup(s.fileno())
    s.close()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(copy)
    first, second = socket.socketpair()
    s = accepted()
    peer("give(9)")
    has_come(s, 9)
    socket.send_fds(first, [b"x"], [s.fileno()])
    s.close()
    os.close(writing)
    os.waitpid(child, 0)


@case("none")
def close_with_a_child_that_reads_on():
    """Threads and a fork server's copy, at once."""
    s = accepted()
    peer("give(9)")
    has_come(s, 9)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0 if len(s.recv(9)) == 9 else 1)
    end = threading.Event()
    threading.Thread(target=end.wait).start()
    s.close()
    end.set()
    os.close(writing)
    assert os.waitpid(child, 0)[1] == 0


@case("none")
def close_in_order():
    s = connected()
    send_all(s, 10)
    peer("take(10); give(10)")
    s.recv(10, MSG_WAITALL)
    s.close()
    s = connected()
    send_all(s, 10)
    s.close()
    s = connected()
    s.shutdown(SHUT_WR)
    s.close()
    with socket.socket() as never_connected:
        never_connected.bind(("127.0.0.1", 0))
        never_connected.listen()


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE
        RST
""")
def close_after_reset():
    """The error has been told: nothing is left to be undone."""
    s = connected()
    send_all(s, 10)
    peer("reset()")
    wait_for_state(s, CLOSE)
    call(s.recv, 64)
    s.close()


@case("""
    close 0 gave-up-waiting | tcp ESTABLISHED rx=0 tx=10 side=connected sent_ms>49
        with no answer from $them: nothing has ever arrived (0 bytes in all). Perhaps its own deadline passed, a client of its own went away or it was told to end, or what
""")
def close_while_waiting():
    s = connected()
    send_all(s, 10)
    wait_until(lambda: tcp_info(s, 44) >= 60)  # tcpi_last_data_sent
    s.close()


@case("""
    close 0 gave-up-waiting | tcp FIN_WAIT2 rx=0 tx=10 side=connected sent_ms>49
        with no answer from $them: nothing has ever arrived (0 bytes in all)
""")
def close_while_waiting_after_shutdown():
    s = connected()
    send_all(s, 10)
    wait_until(lambda: tcp_info(s, 44) >= 60)  # tcpi_last_data_sent
    s.shutdown(SHUT_RDWR)
    wait_for_state(s, FIN_WAIT2)
    s.close()


@case("""
    close 0 gave-up-waiting | tcp ESTABLISHED rx=0 tx=0 side=connected idle_ms>999
        after it was made, and neither side had ever sent anything. Perhaps it had waited for $them to speak first
""")
def close_without_a_word():
    s = connected()
    wait_until(lambda: tcp_info(s, 52) >= 1010)  # tcpi_last_data_recv
    s.close()


@case("none")
def close_without_a_word_soon():
    """As health checks do."""
    connected().close()


@case("none")
def close_without_a_word_of_one_accepted():
    s = accepted()
    wait_until(lambda: tcp_info(s, 52) >= 1010)  # tcpi_last_data_recv
    s.close()


@case("""
    close 0 gave-up-sending | tcp ESTABLISHED rx=5 unacked=0 unsent>0 blocked_by=window side=accepted sent_ms>49
        that were not sent yet: $them does not read (its window is closed)
""")
def close_while_the_peer_does_not_read():
    s = accepted()
    peer("give(5)")
    s.recv(5, MSG_WAITALL)
    def window_is_closed():
        while can_be_written(s):
            s.send(bytes(1000), MSG_DONTWAIT)
        return tcp_info(s, 228) == 0  # tcpi_snd_wnd
    wait_until(window_is_closed)
    wait_until(lambda: tcp_info(s, 44) >= 60)  # tcpi_last_data_sent
    s.close()


@case("""
    close 0 gave-up-sending | tcp ESTABLISHED rx=5 unacked=10 unsent=0 side=accepted
        gave up on the connection: $them had not acknowledged the last 10 bytes despite ... retransmissions
""")
def close_while_nothing_is_acknowledged():
    own_network()
    s = accepted()
    peer("give(5)")
    s.recv(5, MSG_WAITALL)
    vanish()
    s.send(bytes(10))
    wait_until(lambda: tcp_info(s, 2, "B") >= 2)  # tcpi_retransmits
    s.close()


@case("""
    connect EINPROGRESS in-progress | peer=$them
        SO_ERROR
    close 0 gave-up-connecting | type=tcp peer=$them waited_ms>999 blocked_by=-
        gave up connecting after ... no SYN-ACK had come from $them ... Perhaps its own deadline passed, another address answered sooner, a client of its own went away, or SO_ERROR had told it of an error ... !let the SYN out
""")
def close_while_connecting():
    own_network()
    firewall("tcp dport 9 drop")
    notes["them"] = "127.0.0.1:9"
    s = socket.socket(AF_INET, SOCK_STREAM)
    s.setblocking(False)
    call(s.connect, ("127.0.0.1", 9))
    wait_until(lambda: tcp_info(s, 2, "B") >= 1)  # tcpi_retransmits: more than a second
    s.close()


@case("""
    connect EINPROGRESS in-progress | peer=$them
        SO_ERROR
    close 0 gave-up-connecting | type=tcp peer=$them blocked_by=host
        no SYN-ACK had come from $them ... A retransmission of the SYN did not leave this host: its interface is down, it has no route, or a local firewall rule
""")
def close_while_syn_is_kept_back():
    own_network()
    firewall("tcp dport 9 drop", hook="output")
    notes["them"] = "127.0.0.1:9"
    s = socket.socket(AF_INET, SOCK_STREAM)
    s.setblocking(False)
    call(s.connect, ("127.0.0.1", 9))
    wait_until(lambda: tcp_info(s, 2, "B") >= 1)  # tcpi_retransmits
    s.close()


@case("none")
def close_before_the_first_data():
    """No SYN was sent: a connect that waits for data (TCP_FASTOPEN_CONNECT)."""
    own_network_with("ipv4/tcp_fastopen", 0x207)
    s = socket.socket()
    s.setsockopt(IPPROTO_TCP, 30, 1)
    s.connect(peer("listen(('127.0.0.1', 0))"))
    s.close()


@case("none")
def close_in_repair_mode():
    """CRIU's way: nothing is sent."""
    own_network()
    s = connected()
    peer("give(9)")
    has_come(s, 9)
    s.setsockopt(IPPROTO_TCP, 19, 1)
    s.close()


@case("""
    close 0 gave-up-sending | type=tcp ESTABLISHED unsent=5 unacked=0
        with 5 bytes that it had written and that were not sent yet: none of it has gone out for
""")
def closed_with_data_that_does_not_leave():
    own_network()
    s = accepted()
    keep_here_what_goes_to_the_peer(s)
    s.send(bytes(5))
    wait_until(lambda: tcp_info(s, 44) > 60)  # milliseconds since it was sent
    s.close()
