"""A reset, with what had gone either way until then."""
import os
import select
import socket
import time
from socket import MSG_PEEK, MSG_WAITALL, SHUT_RDWR, SHUT_WR, SOL_SOCKET, SO_ERROR

from made_of import (CLOSE, LOOPBACK, accepted, call, close_window, connected, connected_far,
                     drop_what_goes_to_the_peer, firewall, free_here,
                     keep_here_what_goes_to_the_peer, name, notes, own_network, own_network_with,
                     peer, raw, receive_many, run, send_all, set_sysctl, tcp_info, unacknowledged,
                     wait, wait_for_state, wait_until)
from registry import case, slow_case


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
""")
def reset_at_once():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
        $them aborted the connection (RST) before a single byte had arrived from it; it had acknowledged everything that was sent to it (512 bytes) ... !had not been
""")
def reset_before_reply(s=None):
    s = s or connected()
    send_all(s, 512)
    peer("take(512); reset()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
        $them aborted the connection (RST) before a single byte had arrived from it; it had acknowledged everything that was sent to it (512 bytes) ... !had not been
""")
def reset_to_server():
    reset_before_reply(accepted())


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
        $them aborted the connection (RST) before a single byte had arrived from it; it had acknowledged everything that was sent to it (512 bytes) ... !had not been
""")
def reset_before_reading():
    """The request lay unread when the peer closed: RST instead of FIN."""
    s = connected("::1")
    send_all(s, 512)
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=1000 tx=512 all-acked
        $them aborted the connection (RST) mid-stream, after 1000 bytes received from it and 512 bytes acknowledged by it
""")
def reset_in_reply():
    s = connected()
    send_all(s, 512)
    peer("take(512); give(1000)")
    s.recv(1000, MSG_WAITALL)
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=1000 tx=0 all-acked
        $them aborted the connection (RST) after 1000 bytes received from it, before this program had sent anything
""")
def reset_with_reply_unread():
    s = connected()
    peer("give(1000)")
    wait(s, select.POLLIN)
    peer("reset()")
    wait(s)
    s.recv(999, MSG_WAITALL)
    s.recv(64)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 flags=MSG_WAITALL tcp CLOSE rx=10 tx=0 all-acked
        $them aborted the connection (RST) after 10 bytes received from it, before this program had sent anything
""")
def reset_while_waiting_for_all():
    s = connected()
    peer("give(10)")
    wait(s, select.POLLIN)
    peer("reset()")
    wait(s)
    s.recv(64, MSG_WAITALL)
    call(s.recv, 64, MSG_WAITALL)


@case("""
    recv ECONNRESET peer-reset | len=64 flags=MSG_PEEK tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
        The connection to $them had already failed. The kernel reports this only once ... This 0 does not mean that $them had finished sending
""")
def reset_seen_by_peeking():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64, MSG_PEEK)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 unacked=300 unsent=0
        it had acknowledged 512 bytes of what was sent to it; 300 bytes of what this program had written had not been acknowledged
""")
def reset_with_data_unacknowledged():
    own_network()
    s = connected()
    send_all(s, 512)
    drop_what_goes_to_the_peer(s)
    s.send(bytes(300))
    peer("take(512); reset()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 unacked=300 unsent=0
        it had acknowledged 512 bytes of what was sent to it; 300 bytes of what this program had written had not been acknowledged ... !kernel
""")
def reset_with_own_fin_unacknowledged():
    own_network()
    s = connected()
    send_all(s, 512)
    drop_what_goes_to_the_peer(s)
    s.send(bytes(300))
    s.shutdown(SHUT_WR)
    peer("take(512); reset()")
    wait(s, 0)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx+unacked+unsent=$written
        before a single byte had arrived from it ... of what this program had written had not been acknowledged
""")
def reset_with_window_closed():
    s = connected(room=4096)
    close_window(s)
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@case("""
    send ECONNRESET peer-reset | len=10 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... SIGPIPE would have ended the program here
""")
def reset_found_by_send():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.send, bytes(10))
    call(s.send, bytes(10))


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=3 tx=0 all-acked
        $them aborted the connection (RST) after 3 bytes received from it, before this program had sent anything
""")
def reset_in_the_queue():
    """The client is gone before it is accepted: accept succeeds all the same."""
    listener = socket.socket()
    listener.bind((LOOPBACK, 0))
    listener.listen()
    peer(f"connect({listener.getsockname()}); give(3); reset()")
    s, address = listener.accept()
    notes["us"], notes["them"] = name(s.getsockname()), name(address)
    s.recv(3)
    call(s.recv, 64)


@case("""
    recv ECONNRESET other | len=64 tcp CLOSE rx=0 tx=512 all-acked
        Data arrived from $them after this program had shut the socket down in both directions, so this host's kernel aborted the connection (RST)
""")
def reset_by_own_kernel():
    """Data for a program that has shut down both sides: it is this side that
    answers with RST. The peer sent none."""
    s = connected()
    send_all(s, 512)
    s.shutdown(SHUT_RDWR)
    peer("take(512); give(3)")
    wait_for_state(s, CLOSE)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=6 tx=512 all-acked
        $them aborted the connection (RST), or this host's kernel did, because data arrived after this program had shut the socket down; by then 6 bytes had been received and 512 bytes acknowledged
""")
def reset_perhaps_by_own_kernel():
    """Some had come before, in as many pieces as bytes for all that is known."""
    s = connected()
    send_all(s, 512)
    peer("take(512); give(3)")
    s.recv(3)
    peer("give(3)")
    s.recv(3)
    s.shutdown(SHUT_RDWR)
    peer("give(3)")
    wait_for_state(s, CLOSE)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=3 tx=512 all-acked
        $them aborted the connection (RST) mid-stream, after 3 bytes received from it and 512 bytes acknowledged by it ... !kernel
""")
def reset_after_own_shutdown():
    """All that came was taken: it is the peer's."""
    s = connected()
    send_all(s, 512)
    peer("take(512); give(3)")
    s.recv(3)
    s.shutdown(SHUT_RDWR)
    peer("reset()")
    wait_for_state(s, CLOSE)
    call(s.recv, 64)


@case("""
    send ECONNRESET peer-reset | len=1 tcp CLOSE rx=5 tx=0 all-acked unread=5
        after 5 bytes received from it, before this program had sent anything ... !FIN
    send EPIPE write-after-close | len=1 tcp CLOSE rx=5 tx=0 all-acked unread=5
        The connection to $them had already failed before this write
""")
def reset_with_unread_data_and_no_fin():
    s = connected()
    peer("give(5); reset()")
    wait_for_state(s, CLOSE)
    call(s.send, b"x")
    call(s.send, b"x")


@case("""
    getsockopt EPIPE peer-reset | tcp CLOSE rx=5 tx=0 unacked=1 unsent=0 unread=5
        had closed its side cleanly (FIN), and then aborted the connection (RST)
    send EPIPE write-after-close | len=1 tcp CLOSE rx=5 tx=0 unacked=1 unsent=0 unread=5
        $them had closed its side (FIN), and then the connection failed before this write
""")
def reset_with_unread_data_and_fin():
    """The FIN is no byte of data, though the data before it was never read."""
    s = connected()
    peer("give(5); close()")
    wait_for_state(s, 8)
    call(s.send, b"x")
    wait_for_state(s, CLOSE)
    s.getsockopt(SOL_SOCKET, SO_ERROR)
    call(s.send, b"x")


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged. A firewall rule on this host may have sent the RST in its name
    recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
        The connection to $them had already failed. The kernel reports this only once ... This 0 does not mean that $them had finished sending
    send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=0 all-acked
        $them had already failed before this write, by a reset, a timeout ... SIGPIPE would have ended the program here
""")
def reset_without_a_round_trip():
    """A SYN cookie and no time stamps (Windows): the kernel never measured one."""
    own_network_with("ipv4/tcp_syncookies", 2)
    set_sysctl("ipv4/tcp_timestamps", 0)
    s = accepted()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.recv, 64)
    call(s.send, b"x")


@case("""
    getsockopt EPIPE peer-reset | tcp CLOSE rx=7 tx=0 unacked=5 unsent=0
        $them had closed its side cleanly (FIN), and then aborted the connection (RST); 5 bytes ... had not been acknowledged ... !in mid-stream
""")
def reset_after_the_end_so_error():
    """What an event loop reads when it has sent to a peer that had closed."""
    s = connected()
    peer("give(7); close()")
    wait(s)
    s.recv(64)
    s.send(bytes(5))
    wait(s, 0)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    getsockopt ECONNRESET peer-reset | tcp CLOSE rx=7 tx=0 all-acked
        $them had closed its side cleanly (FIN), and then aborted the connection (RST) ... !in mid-stream
""")
def reset_after_both_ends_so_error():
    own_network()
    s = connected()
    peer("give(7); finish_sending()")
    wait(s)
    s.recv(64)
    drop_what_goes_to_the_peer(s)
    s.shutdown(SHUT_WR)
    peer("reset()")
    wait(s, 0)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 unacked=0 unsent=300
        it had acknowledged 0 bytes of what was sent to it; 300 bytes ... had not been acknowledged. Or the RST was sent in its name by a firewall rule of this host, which lets nothing out to the peer
""")
def reset_by_own_firewall():
    """The peer knows nothing of it."""
    own_network()
    s = connected()
    firewall(f"tcp dport {s.getpeername()[1]} reject with tcp reset", hook="output")
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
        it had acknowledged everything that was sent to it (512 bytes). A firewall, a proxy or another device in between may have sent the RST in its name
""")
def reset_by_another_host():
    s = connected_far()
    send_all(s, 512)
    peer("take(512); reset()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=300 all-acked
        it had acknowledged everything that was sent to it (300 bytes)
""")
def reset_after_being_kept_here():
    """All arrived in the end: the tries that failed are not the peer's."""
    own_network()
    s = connected()
    keep_here_what_goes_to_the_peer(s)
    s.send(bytes(300))
    wait_until(lambda: tcp_info(s, 200, "Q") > 600)  # tcpi_bytes_sent
    free_here()
    peer("take(300); reset()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=1000000 all-acked
        it had acknowledged everything that was sent to it (1000000 bytes)
""")
def reset_after_a_full_queue():
    """This host's own queue drops, and TCP tries again."""
    s = connected_far()
    run("tc qdisc add dev v0 root tbf rate 80mbit burst 20k limit 30k")
    peer.later("take(1000000)")
    s.sendall(bytes(1000000))
    peer.answer()
    wait_until(lambda: unacknowledged(s) == 0)
    if tcp_info(s, 200, "Q") - tcp_info(s, 208, "Q") == 1000000:
        raise AssertionError("nothing was dropped")
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET other | len=64 type=tcp
        This program itself dissolved the connection
""")
def dissolved_by_itself():
    s = connected()
    raw("connect", s.fileno(), bytes(16), 16)
    call(s.recv, 64)


@case("""
    recv ECONNABORTED connection-aborted | len=64 tcp CLOSE rx=0 tx=512 all-acked
        ended on this host (ss -K ... !accepted
    send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=512 all-acked
        $them had already failed before this write, by a reset, a timeout ... SIGPIPE would have ended the program here
""")
def killed_on_this_host():
    own_network()
    s = connected()
    send_all(s, 512)
    run(f"ss -K sport = :{s.getsockname()[1]} 2>/dev/null")
    wait(s)
    call(s.recv, 64)
    call(s.send, b"x")


@case("""
    recvmmsg ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
""")
def many_find_the_reset():
    s = connected()
    peer("reset()")
    wait(s)
    receive_many(s, 2)


@case("""
    splice ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
""")
def spliced_from_a_reset():
    s = connected()
    peer("reset()")
    wait(s)
    call(os.splice, s.fileno(), os.pipe()[1], 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 unacked=300 retrans>1
        $them aborted the connection (RST) ... The RST came only after at least ... retransmissions without an acknowledgement ... !mid-stream ... !idle
""")
def reset_after_retransmissions():
    """The peer had gone while nothing reached it."""
    own_network()
    s = connected()
    send_all(s, 512)
    drop_what_goes_to_the_peer(s)
    s.send(bytes(300))
    wait_until(lambda: tcp_info(s, 2, "B") >= 3)  # tcpi_retransmits
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@slow_case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=1000 tx=512 all-acked idle_ms>5000
        $them aborted the connection (RST) after 1000 bytes received from it and 512 bytes acknowledged by it ... No data had arrived for ... when this call found out: check the idle timeouts ... load balancer
""")
def reset_after_idle_time():
    s = connected()
    send_all(s, 512)
    peer("take(512); give(1000)")
    s.recv(1000, MSG_WAITALL)
    time.sleep(5.1)
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@slow_case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked idle_ms>5000
        before a single byte had arrived from it; it had acknowledged everything that was sent to it (512 bytes). This program had sent last, ... before this call: if an answer was due, check the time limits of the peer ... else the idle timeouts ... may have sent the RST in its name ... !No data
""")
def reset_after_waiting_for_reply():
    s = connected()
    send_all(s, 512)
    time.sleep(5.1)
    peer("reset()")
    wait(s)
    call(s.recv, 64)
