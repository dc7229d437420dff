"""SO_RCVTIMEO and SO_SNDTIMEO."""
import os
import socket
from socket import AF_NETLINK, IPPROTO_TCP, MSG_PEEK, MSG_WAITALL, SOCK_RAW

from made_of import (LOOPBACK, RECEIVE, SEND, bound_udp, call, close_window, connected, file_with,
                     fill, fill_up, free_here, keep_here_what_goes_to_the_peer, name, notes,
                     own_network, peer, receive_many, run, send_all, set_timeout, tcp_info,
                     unacknowledged, unix_connected, vanish, wait_until)
from registry import case


@case("""
    recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=7 tx=512 all-acked idle_ms>100
        SO_RCVTIMEO of this socket (120 ms) expired: nothing to read arrived from $them, which has acknowledged everything that was sent to it (512 bytes)
    recv EAGAIN timeout | len=64 flags=MSG_PEEK tcp ESTABLISHED rx=7 tx=512 all-acked
        SO_RCVTIMEO of this socket (120 ms) expired: nothing to read arrived from $them
    recvmmsg EAGAIN timeout | tcp ESTABLISHED rx=7 tx=512 all-acked
        SO_RCVTIMEO of this socket (120 ms) expired: nothing to read arrived from $them
""")
def receive_timed_out():
    s = connected()
    send_all(s, 512)
    peer("take(512); give(7)")
    s.recv(7, MSG_WAITALL)
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)
    call(s.recv, 64, MSG_PEEK)
    receive_many(s, 2)


@case("""
    recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=0 tx=0 unacked=300 unsent=0 retrans>0
        nothing to read arrived from $them, and it has not acknowledged 300 bytes that this program wrote, after at least ... retransmission ... check the path
""")
def receive_timed_out_unacknowledged():
    own_network()
    s = connected()
    vanish()
    s.send(bytes(300))
    wait_until(lambda: tcp_info(s, 2, "B") > 0)  # tcpi_retransmits
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


@case("""
    recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
        nothing to read arrived from $them, and ... cannot be sent to it because its window is closed: it is not reading
""")
def receive_timed_out_with_a_closed_window():
    """Both write, and neither reads."""
    s = connected(room=4096)
    close_window(s)
    s.setblocking(True)
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


@case("""
    recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=0 tx=300 unacked=300 unsent=0 retrans>0
        nothing to read arrived from $them, and it has not acknowledged 300 bytes that this program wrote ... !check the path
""")
def receive_timed_out_after_old_losses():
    """What was lost long ago, and arrived in the end, says nothing of now."""
    own_network()
    # No retransmission by time-out as long as the case lasts, so that there is none of
    # the new data. The old data is found lost by what was acknowledged behind it.
    run("ip route replace local 127.0.0.1 dev lo table local src 127.0.0.1 rto_min 60s")
    s = connected()
    s.setsockopt(IPPROTO_TCP, socket.TCP_NODELAY, 1)
    vanish()
    s.send(bytes(60))
    free_here()
    for _ in range(4):
        s.send(bytes(60))
    wait_until(lambda: unacknowledged(s) == 0)
    if tcp_info(s, 100) == 0:  # tcpi_total_retrans
        raise AssertionError("nothing was lost")
    vanish()
    s.send(bytes(300))
    set_timeout(s, RECEIVE, 1)
    call(s.recv, 64)


@case("""
    recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=0 tx=100 unacked=0 unsent=300 blocked_by=host waited_ms=120
        nothing to read arrived from $them, but 300 bytes could not leave this host
""")
def receive_timed_out_kept_here():
    own_network()
    s = connected()
    send_all(s, 100)
    keep_here_what_goes_to_the_peer(s)
    s.send(bytes(300))
    wait_until(lambda: tcp_info(s, 3, "B") > 0)  # tcpi_probes
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


@case("""
    accept4 EAGAIN timeout | type=tcp local=$us
        SO_RCVTIMEO of this socket (120 ms) expired: there was no connection to accept
""")
def accept_timed_out():
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    s.listen()
    notes["us"] = name(s.getsockname())
    set_timeout(s, RECEIVE, 120)
    call(s.accept)


@case("""
    send EAGAIN would-block | len=1 flags=MSG_DONTWAIT tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
        No room in the send buffer ... sent and not acknowledged ... not sent, and the peer's window is closed: it is not reading
    send EAGAIN timeout | len=10 tcp ESTABLISHED rx=0 tx+unacked+unsent=$written blocked_by=window
        SO_SNDTIMEO of this socket (120 ms) expired: the send buffer stayed full ... the peer's window is closed: it is not reading
    sendfile EAGAIN timeout | len=10 tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
        SO_SNDTIMEO of this socket (120 ms) expired: the send buffer stayed full ... the peer's window is closed: it is not reading
""")
def send_timed_out():
    s = connected(room=4096)
    fill_up(s)
    s.setblocking(True)
    set_timeout(s, SEND, 120)
    call(s.send, bytes(10))
    call(os.sendfile, s.fileno(), file_with(bytes(10)), 0, 10)


@case("""
    connect EINPROGRESS timeout | type=tcp peer=127.0.0.1:7000 waited_ms=120
        SO_SNDTIMEO of this socket (120 ms) expired: 127.0.0.1:7000 had not answered; the connect continues
""")
def connect_timed_out_by_limit():
    own_network()
    vanish()
    s = socket.socket()
    set_timeout(s, SEND, 120)
    call(s.connect, (LOOPBACK, 7000))


@case("""
    connect EINPROGRESS timeout | type=tcp peer=127.0.0.1:7000 waited_ms=120
        SO_SNDTIMEO of this socket (120 ms) expired: 127.0.0.1:7000 had not answered; the connect continues
    connect EALREADY timeout | type=tcp peer=127.0.0.1:7000
        SO_SNDTIMEO of this socket (120 ms) expired: an earlier connect of this socket had not completed, and continues
""")
def connect_again_timed_out_by_limit():
    own_network()
    vanish()
    s = socket.socket()
    set_timeout(s, SEND, 120)
    call(s.connect, (LOOPBACK, 7000))
    call(s.connect, (LOOPBACK, 7000))


@case("""
    recvfrom EAGAIN timeout | len=64 udp
        SO_RCVTIMEO of this socket (120 ms) expired: nothing to read arrived from the peer ... !acknowledged
""")
def udp_receive_timed_out():
    s = bound_udp()
    set_timeout(s, RECEIVE, 120)
    call(s.recvfrom, 64)


@case("""
    recv EAGAIN timeout | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
        SO_RCVTIMEO of this socket (120 ms) expired: nothing to read arrived from $them
""")
def unix_receive_timed_out():
    s = unix_connected()
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


@case("""
    send EAGAIN would-block | len=65536 flags=MSG_DONTWAIT type=unix-stream peer=$them peer_pid=$peer_pid
        No room in the send buffer ... the peer does not read as fast as this program writes
    send EAGAIN timeout | len=10 type=unix-stream peer=$them peer_pid=$peer_pid
        SO_SNDTIMEO of this socket (120 ms) expired: the send buffer stayed full: the peer does not read as fast as this program writes
""")
def unix_send_timed_out():
    s = unix_connected()
    fill(s)
    s.setblocking(True)
    set_timeout(s, SEND, 120)
    call(s.send, bytes(10))


@case("""
    recv EAGAIN timeout | len=64 type=netlink local=$us peer=0:0
        SO_RCVTIMEO of this socket (120 ms) expired
""")
def netlink_receive_timed_out():
    s = socket.socket(AF_NETLINK, SOCK_RAW, 0)
    s.bind((0, 0))
    notes["us"] = "%d:%d" % s.getsockname()
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)
