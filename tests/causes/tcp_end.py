"""0 from TCP: the peer ended its side, when and however it is looked at; the program's
own shutdown; an error that was told before.
"""
import os
import select
import socket
import threading
from socket import (AF_INET6, IPPROTO_TCP, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, SHUT_RD, SHUT_RDWR,
                    SHUT_WR, SOL_SOCKET, SO_ERROR)

from made_of import (CLOSE, LOOPBACK, accepted, call, close_window, closed_port, connected,
                     drop_what_goes_to_the_peer, name, note_ends, notes, other_host, own_network,
                     own_network_with, peer, receive_many, run, send_all, tcp_info,
                     vanish, wait,
                     wait_for_state, wait_until, waits_in_a_call_with)
from registry import case


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=0 tx=0 all-acked
        $them closed its side cleanly (FIN) after 0 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_at_once():
    s = connected()
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=1000 tx=512 all-acked
        $them closed its side cleanly (FIN) after 1000 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_after_reply(host=LOOPBACK):
    s = connected(host)
    send_all(s, 512)
    peer("take(512); give(1000); close()")
    s.recv(1000, MSG_WAITALL)
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=1000 tx=512 all-acked
        $them closed its side cleanly (FIN) after 1000 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_ipv6():
    closed_after_reply("::1")


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=1000 tx=512 all-acked
        $them closed its side cleanly (FIN) after 1000 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_mapped():
    closed_after_reply("::ffff:127.0.0.1")


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=0 tx=0 all-acked
        $them closed its side cleanly (FIN) after 0 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_link_local():
    other_host()
    s = socket.socket(AF_INET6)
    here, there = socket.if_nametoindex("v0"), peer("socket.if_nametoindex('v1')")
    port = peer(f"listen(('fe80::2', 0, 0, {there}))")[1]
    s.connect(("fe80::2", port, 0, here))
    note_ends(s)
    peer("accept(); close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=1000 tx=512 all-acked
        $them closed its side cleanly (FIN) after 1000 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_to_server():
    s = accepted()
    send_all(s, 512)
    peer("take(512); give(1000); close()")
    s.recv(1000, MSG_WAITALL)
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=1000 tx=0 all-acked
        $them closed its side cleanly (FIN) after 1000 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_unread():
    """The peer's data still lies in the queue when it is looked at."""
    s = connected()
    peer("give(1000); close()")
    wait(s)
    s.recv(400)
    s.shutdown(SHUT_WR)
    wait_for_state(s, CLOSE)
    s.recv(600, MSG_WAITALL)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=7 tx=0 all-acked
        $them closed its side cleanly (FIN) after 7 bytes: it closed the connection, or only finished sending ... !acknowledged
    recv 0 closed-unanswered | len=64 tcp CLOSE_WAIT rx=7 tx=512 all-acked
        $them closed its side cleanly (FIN) without answering
""")
def half_closed():
    s = connected()
    peer("give(7); finish_sending()")
    s.recv(7, MSG_WAITALL)
    wait(s)
    call(s.recv, 64)
    wait_until(lambda: tcp_info(s, 52) >= 20)  # tcpi_last_data_recv, in the kernel's ticks
    send_all(s, 512)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
        $them closed its side cleanly (FIN) after 7 bytes: it closed the connection, or only finished sending ... !acknowledged
    recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
        $them closed its side cleanly (FIN) after 7 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_after_own_shut_wr(s=None):
    s = s or connected()
    send_all(s, 512)
    s.shutdown(SHUT_WR)
    peer("take_all(); give(7); close()")
    wait_for_state(s, CLOSE)
    s.recv(64)
    call(s.recv, 64)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
        $them closed its side cleanly (FIN) after 7 bytes: it closed the connection, or only finished sending ... !acknowledged
    recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
        $them closed its side cleanly (FIN) after 7 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_after_own_shut_wr_to_server():
    closed_after_own_shut_wr(accepted())


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
        $them closed its side cleanly (FIN) after 7 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_before_own_shut_wr(s=None):
    s = s or connected()
    send_all(s, 512)
    peer("give(7); finish_sending(); take(512)")
    wait(s)
    s.shutdown(SHUT_WR)
    wait_for_state(s, CLOSE)
    s.recv(64)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
        $them closed its side cleanly (FIN) after 7 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def closed_before_own_shut_wr_to_server():
    closed_before_own_shut_wr(accepted())


@case("""
    recv 0 peer-closed | len=64 tcp LAST_ACK rx=7 tx=0 unacked=300 unsent=0
        closed its side cleanly (FIN) after 7 bytes ... Of what this program wrote, 300 bytes had not been acknowledged
""")
def closed_with_own_fin_unanswered():
    """LAST_ACK: the peer's kernel does not hear of this side's data and FIN."""
    own_network()
    s = connected()
    peer("give(7); finish_sending()")
    wait(s)
    drop_what_goes_to_the_peer(s)
    s.send(bytes(300))
    s.shutdown(SHUT_WR)
    s.recv(64)
    call(s.recv, 64)


@case("""
    recv 0 closed-unanswered | len=64 tcp CLOSE_WAIT rx=0 tx=512 unacked=300 unsent=0
        closed its side cleanly (FIN) without answering ... Of what this program wrote, 300 bytes had not been acknowledged
""")
def closed_with_data_unacknowledged():
    own_network()
    s = connected()
    send_all(s, 512)
    drop_what_goes_to_the_peer(s)
    s.send(bytes(300))
    peer("take(512); finish_sending()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 closed-unanswered | len=64 tcp CLOSE_WAIT rx=0 tx+unacked+unsent=$written
        closed its side cleanly (FIN) without answering ... Of what this program wrote ... had not been acknowledged
""")
def closed_with_a_closed_window():
    s = connected(room=4096)
    close_window(s)
    s.setblocking(True)
    peer("finish_sending()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=0 all-acked
        closed its side cleanly (FIN) after 7 bytes ... Then the connection failed, by a reset or otherwise; a write or SO_ERROR will report it, a read will not
    send EPIPE write-after-close | len=1 tcp CLOSE rx=7 tx=0 all-acked
        $them had closed its side (FIN), and then the connection failed before this write had sent anything: by an RST from $them, or one sent in its name, or because this host ended it (ss -K ... SIGPIPE would have ended the program here ... !shut down ... !time-out
""")
def closed_and_reset(s=None):
    """FIN and RST have both come before the program looks."""
    s = s or connected()
    peer("give(7); finish_sending(); reset()")
    wait(s, 0)
    s.recv(7)
    call(s.recv, 64)
    call(s.send, b"x")


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=0 all-acked
        closed its side cleanly (FIN) after 7 bytes ... Then the connection failed, by a reset or otherwise; a write or SO_ERROR will report it, a read will not
    send EPIPE write-after-close | len=1 tcp CLOSE rx=7 tx=0 all-acked
        $them had closed its side (FIN), and then the connection failed before this write had sent anything: by an RST ... SIGPIPE would have ended the program here ... !shut down ... !time-out
""")
def closed_and_reset_to_server():
    closed_and_reset(accepted())


@case("""
    recv 0 peer-closed | len=64 flags=MSG_WAITALL tcp CLOSE_WAIT rx=5 tx=0 all-acked
        $them closed its side cleanly (FIN) after 5 bytes: it closed the connection, or only finished sending ... !acknowledged
    recv 0 peer-closed | len=64 flags=MSG_PEEK tcp CLOSE_WAIT rx=5 tx=0 all-acked
        $them closed its side cleanly (FIN) after 5 bytes: it closed the connection, or only finished sending ... !acknowledged
    recv 0 peer-closed | len=64 flags=MSG_TRUNC tcp CLOSE_WAIT rx=5 tx=0 all-acked
        $them closed its side cleanly (FIN) after 5 bytes: it closed the connection, or only finished sending ... !acknowledged
    recvfrom 0 peer-closed | len=65 tcp CLOSE_WAIT rx=5 tx=0 all-acked
        $them closed its side cleanly (FIN) after 5 bytes: it closed the connection, or only finished sending ... !acknowledged
    recvmsg 0 peer-closed | len=66 tcp CLOSE_WAIT rx=5 tx=0 all-acked
        $them closed its side cleanly (FIN) after 5 bytes: it closed the connection, or only finished sending ... !acknowledged
    read 0 peer-closed | len=67 tcp CLOSE_WAIT rx=5 tx=0 all-acked
        $them closed its side cleanly (FIN) after 5 bytes: it closed the connection, or only finished sending ... !acknowledged
    readv 0 peer-closed | len=68 tcp CLOSE_WAIT rx=5 tx=0 all-acked
        $them closed its side cleanly (FIN) after 5 bytes: it closed the connection, or only finished sending ... !acknowledged
    preadv2 0 peer-closed | len=69 tcp CLOSE_WAIT rx=5 tx=0 all-acked
        $them closed its side cleanly (FIN) after 5 bytes: it closed the connection, or only finished sending ... !acknowledged
    splice 0 peer-closed | len=70 tcp CLOSE_WAIT rx=5 tx=0 all-acked
        $them closed its side cleanly (FIN) after 5 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def ways_to_find_the_end():
    s = connected()
    peer("give(5); close()")
    wait(s)
    s.recv(64, MSG_WAITALL)
    call(s.recv, 64, MSG_WAITALL)
    call(s.recv, 64, MSG_PEEK)
    call(s.recv, 64, MSG_TRUNC)
    call(s.recvfrom, 65)
    call(s.recvmsg, 66)
    call(os.read, s.fileno(), 67)
    call(os.readv, s.fileno(), [bytearray(60), bytearray(8)])
    call(os.preadv, s.fileno(), [bytearray(69)], -1, os.RWF_HIPRI)
    call(os.splice, s.fileno(), os.pipe()[1], 70)


@case("none")
def many_at_the_end():
    """recvmmsg counts messages: the end of a stream is as many empty ones, no 0."""
    s = connected()
    peer("close()")
    wait(s)
    if receive_many(s, 2) != 2:
        raise AssertionError("recvmmsg")


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        closed its side cleanly (FIN) after 0 bytes ... 300 bytes had not been acknowledged. Then the connection failed, by a reset or otherwise
    recv 0 peer-closed | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        closed its side cleanly (FIN) after 0 bytes ... 300 bytes had not been acknowledged. Then the connection failed, by a reset or otherwise
    send ETIMEDOUT connection-timed-out | len=1 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        No acknowledgement arrived from $them for 300 bytes that this program wrote
    send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        $them had closed its side (FIN), and then the connection failed before this write had sent anything: by an RST ... or because this host gave up on it (a timeout or ss -K) ... SIGPIPE would have ended the program here
""")
def closed_and_timed_out():
    """An error comes after the FIN, and it is no reset. Reading never tells."""
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    peer("finish_sending()")
    wait(s)
    vanish()
    s.send(bytes(300))
    wait(s, 0)
    call(s.recv, 64)
    call(s.recv, 64)
    call(s.send, b"x")
    call(s.send, b"x")


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE rx=0 tx=0 all-acked
        closed its side cleanly (FIN) after 0 bytes ... Then the connection failed, by a reset or otherwise
    send ECONNABORTED connection-aborted | len=1 tcp CLOSE rx=0 tx=0 all-acked
        ended on this host (ss -K
""")
def closed_and_killed_on_this_host():
    own_network()
    s = connected()
    peer("finish_sending()")
    wait(s)
    run(f"ss -K sport = :{s.getsockname()[1]} 2>/dev/null")
    wait(s, 0)
    call(s.recv, 64)
    call(s.send, b"x")


def replaced_while_it_waits(end):
    """Another thread puts another connection in its place, which stands."""
    s = connected()
    other = socket.create_connection(peer("listen(('127.0.0.1', 0))"))
    notes["us"], notes["them"] = name(other.getsockname()), name(other.getpeername())
    number = s.fileno()
    reader = threading.Thread(target=call, args=(os.read, number, 64))
    reader.start()
    wait_until(lambda: waits_in_a_call_with(number, reader.native_id))
    os.dup2(other.fileno(), number)
    peer(end)
    reader.join()


@case("""
    read 0 other | len=64 tcp ESTABLISHED rx=0 tx=0 all-acked
        Another thread closed the descriptor while the call was waiting, and its number now belongs to another socket
""")
def replaced_and_closed():
    replaced_while_it_waits("close()")


@case("""
    read ECONNRESET other | len=64 tcp ESTABLISHED rx=0 tx=0 all-acked
        Another thread closed the descriptor while the call was waiting, and its number now belongs to another socket
""")
def replaced_and_reset():
    replaced_while_it_waits("reset()")


@case("""
    send EPIPE write-after-close | len=1 tcp CLOSE rx=9000 tx=0 all-acked unread=9000
        $them had closed its side (FIN), and then the connection failed before this write
""")
def closed_and_reset_with_pages_unread():
    """Of more than a page the kernel does not say how much it is without the FIN."""
    s = connected()
    peer("give(9000); finish_sending(); reset()")
    wait_for_state(s, CLOSE)
    call(s.send, b"x")


@case("""
    send ECONNRESET peer-reset | len=1 tcp CLOSE rx=9000 tx=0 all-acked unread=9000
        $them aborted the connection (RST) after 9000 bytes received from it, before this program had sent anything
""")
def reset_with_pages_unread():
    s = connected()
    peer("give(9000); reset()")
    wait_for_state(s, CLOSE)
    call(s.send, b"x")


@case("""
    recv 0 local-shutdown-read | len=64 tcp ESTABLISHED rx=0 tx=0 all-acked
        This program itself shut down the reading side of the socket; no FIN has come from $them
""")
def own_shut_rd():
    s = connected()
    s.shutdown(SHUT_RD)
    call(s.recv, 64)


@case("""
    recv 0 local-shutdown-read | len=64 tcp FIN_WAIT2 rx=0 tx=0 all-acked
        This program itself shut down the reading side of the socket; no FIN has come from $them
""")
def own_shut_rdwr():
    s = connected()
    s.shutdown(SHUT_RDWR)
    wait_for_state(s, 5)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=0 tx=0 all-acked
        $them closed its side cleanly (FIN) after 0 bytes: it closed the connection, or only finished sending ... !acknowledged
""")
def own_shut_rd_and_closed():
    s = connected()
    s.shutdown(SHUT_RD)
    peer("close()")
    wait_for_state(s, 8)
    call(s.recv, 64)


@case("""
    shutdown ENOTCONN not-connected | type=tcp
        The connection had already ended or was never established
    recv 0 local-shutdown-read | len=64 type=tcp
        This program, or another process that shares the socket, shut down the reading side of the socket
""")
def own_shut_rd_unconnected():
    s = socket.socket()
    call(s.shutdown, SHUT_RD)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
        The connection to $them had already failed. The kernel reports this only once ... This 0 does not mean that $them had finished sending
    read 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
        The connection to $them had already failed. The kernel reports this only once ... This 0 does not mean that $them had finished sending
""")
def silence_after_reset():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.recv, 64)
    call(os.read, s.fileno(), 64)


@case("""
    getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
        $them aborted the connection (RST) before any data had been exchanged
    recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
        The connection to $them had already failed. The kernel reports this only once ... This 0 does not mean that $them had finished sending
""")
def silence_after_so_error():
    s = connected()
    peer("reset()")
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)
    call(s.recv, 64)


@case("""
    connect EINPROGRESS in-progress | peer=$them
        The connect to $them ... SO_ERROR
    recv ECONNREFUSED connection-refused | len=64 type=tcp peer=$them
        Nothing is listening on $them on this host
    recv 0 closed-after-error | len=64 type=tcp peer=$them
        The connection to $them had already failed. The kernel reports this only once ... This 0 does not mean that $them had finished sending
""")
def silence_after_refusal():
    s = socket.socket()
    address = closed_port()
    s.setblocking(False)
    call(s.connect, address)
    wait(s, select.POLLOUT)
    call(s.recv, 64)
    call(s.recv, 64)


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        No acknowledgement arrived from $them for 300 bytes that this program wrote despite at least ... retransmission ... within TCP_USER_TIMEOUT (200 ms). Its host is down or gone
    recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        The connection to $them had already failed. The kernel reports this only once ... This 0 does not mean that $them had finished sending
    send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        $them had already failed before this write, by a reset, a timeout ... SIGPIPE would have ended the program here
""")
def silence_after_timeout():
    own_network()
    s = connected()
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 200)
    vanish()
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)
    call(s.recv, 64)
    call(s.send, b"x")
