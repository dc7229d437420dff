"""MPTCP."""
from socket import MSG_WAITALL, SHUT_WR

from connecting import connect_refused
from made_of import (LOOPBACK, MPTCP, RECEIVE, call, connected, fill, new_tcp, note_ends, notes,
                     own_network, drop_what_goes_to_the_peer, peer, send_all, set_timeout, tcp_info, wait, wait_until)
from registry import case


@case("""
    recv ECONNRESET peer-reset | len=64 mptcp CLOSE
        $them aborted the connection (reset)
    send EPIPE write-after-close | len=10 mptcp CLOSE
        The connection to $them had failed or ended before this write; MPTCP does not say how. SIGPIPE would have ended the program here
""")
def mptcp_write_after_reset():
    s = connected(protocol=MPTCP)
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10))


@case("""
    recv EAGAIN timeout | len=64 mptcp ESTABLISHED rx=7 tx=512 all-acked
        SO_RCVTIMEO of this socket (120 ms) expired: nothing to read arrived from $them
""")
def mptcp_receive_timed_out():
    s = connected(protocol=MPTCP)
    send_all(s, 512)
    peer("take(512); give(7)")
    s.recv(7, MSG_WAITALL)
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 mptcp ESTABLISHED rx=1000 tx=512 all-acked
        $them closed its side cleanly (FIN) after 1000 bytes: it closed the connection, or only finished sending
""")
def mptcp_closed():
    s = connected(protocol=MPTCP)
    s.send(bytes(512))
    peer("take(512); give(1000); close()")
    s.recv(1000, MSG_WAITALL)
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 mptcp
        $them aborted the connection (reset)
""")
def mptcp_reset():
    s = connected(protocol=MPTCP)
    s.send(bytes(512))
    peer("take(512); give(1000)")
    s.recv(1000, MSG_WAITALL)
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@case("""
    send EAGAIN would-block | len=65536 flags=MSG_DONTWAIT mptcp ESTABLISHED rx=0
        No room in the send buffer
    send EAGAIN would-block | len=65536 flags=MSG_DONTWAIT mptcp ESTABLISHED rx=0 unsent>0 tx+unacked+unsent=$written
        No room in the send buffer ... sent and not acknowledged ... not sent
""")
def mptcp_no_room():
    """What is written and what is sent are two things here, too."""
    s = connected(protocol=MPTCP)
    notes["written"] = fill(s)
    wait_until(lambda: tcp_info(s, 228) == 0)  # the peer's window
    notes["written"] += fill(s)


@case("""
    connect ECONNREFUSED connection-refused | type=mptcp peer=$them
        Nothing is listening on $them on this host
""")
def mptcp_refused():
    connect_refused(protocol=MPTCP)


@case("""
    recv 0 peer-closed | len=64 mptcp CLOSE_WAIT
        closed its side cleanly (FIN)
""")
def mptcp_with_a_plain_peer():
    """Fallen back to TCP: what is counted stays right."""
    address = peer("listen(('127.0.0.1', 0))")
    s = new_tcp(LOOPBACK, MPTCP)
    s.connect(address)
    note_ends(s)
    peer("accept()")
    s.send(bytes(512))
    peer("take(512); give(1000); close()")
    s.recv(1000, MSG_WAITALL)
    wait(s)
    call(s.recv, 64)


@case("""
    send EPIPE local-shutdown-write | len=1 mptcp rx=0 tx=100 all-acked
        This program itself shut down its writing side before this write had sent anything
""")
def mptcp_own_fin_is_no_data():
    """Nobody acknowledges it."""
    own_network()
    s = connected(protocol=MPTCP)
    send_all(s, 100)
    drop_what_goes_to_the_peer(s)
    s.shutdown(SHUT_WR)
    call(s.send, b"x")
