"""A connection that nobody answers any more."""
import select
import socket
from socket import IPPROTO_TCP, MSG_PEEK, MSG_WAITALL, SHUT_WR, SOL_SOCKET, SO_ERROR, SO_KEEPALIVE

from made_of import (call, close_window, connected, connected_far, firewall, free_here,
                     keep_here_what_goes_to_the_peer, own_network, own_network_with, peer, run,
                     send_all, set_sysctl, tcp_info, vanish, wait, wait_until)
from registry import case, slow_case


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=512 unacked=300 unsent=0 retrans>0
        No acknowledgement arrived from $them for 300 bytes that this program wrote despite at least ... retransmission ... . Its host is down or gone
""")
def retransmissions_unanswered():
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    send_all(s, 512)
    vanish()
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case("""
    send ETIMEDOUT connection-timed-out | len=10 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        No acknowledgement arrived from $them for 300 bytes that this program wrote despite at least ... retransmission ... . Its host is down or gone
""")
def retransmissions_unanswered_send():
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    vanish()
    s.send(bytes(300))
    wait(s)
    call(s.send, bytes(10))


@case("""
    getsockopt ETIMEDOUT connection-timed-out | tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        No acknowledgement arrived from $them for 300 bytes that this program wrote despite at least ... retransmission ... . Its host is down or gone
""")
def retransmissions_unanswered_so_error():
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    vanish()
    s.send(bytes(300))
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        No acknowledgement arrived from $them for 300 bytes that this program wrote despite at least ... retransmission ... within TCP_USER_TIMEOUT (300 ms). Its host is down or gone
""")
def user_timeout():
    own_network()
    s = connected()
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
    vanish()
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case("""
    send EHOSTUNREACH unreachable | len=1 type=tcp CLOSE rx=10 unacked+unsent=300 unread=10
        The connection had been established, and the kernel gave up on it; 300 bytes of what this program had written had not been acknowledged. Still unread: 10 bytes
    send ENETUNREACH unreachable | len=1 tcp CLOSE rx=0 unacked+unsent=300
        There is no route to $them ... The connection had been established, and the kernel gave up on it; 300 bytes
""")
def given_up_with_what_icmp_had_said():
    own_network_with("ipv4/tcp_retries2", 1)
    for kind, given in ("host", 10), ("net", 0):
        s = connected()
        if given:
            peer(f"give({given})")
            s.recv(given, MSG_PEEK | MSG_WAITALL)
        firewall(f"tcp dport {s.getpeername()[1]} reject with icmp {kind}-unreachable", hook="output")
        s.send(bytes(300))
        wait(s)
        call(s.send, b"x")
        free_here()


@slow_case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=512 all-acked
        No answer arrived from $them to the keepalive probes of the idle connection. Its host is down or gone
""")
def keepalive():
    own_network()
    s = connected()
    send_all(s, 512)
    s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
    s.setsockopt(IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    s.setsockopt(IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    s.setsockopt(IPPROTO_TCP, socket.TCP_KEEPCNT, 1)
    vanish()
    wait(s)
    call(s.recv, 64)


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=512 all-acked retrans>0
        No acknowledgement arrived from $them for this program's FIN despite at least ... retransmission ... !keepalive
""")
def own_fin_unanswered():
    """Keepalive is on, but it is not what ran out."""
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    send_all(s, 512)
    s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
    vanish()
    s.shutdown(SHUT_WR)
    wait(s, 0)
    call(s.recv, 64)


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=512 unacked=0 unsent=300 retrans=0
        Of what this program wrote to $them, 300 bytes could not leave this host ... firewall rule ... !Its host is down or gone
""")
def kept_here_for_too_long():
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    send_all(s, 512)
    keep_here_what_goes_to_the_peer(s)
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


def given_up_after(commands, host="10.0.0.2"):
    s = connected_far(host)
    set_sysctl("ipv4/tcp_retries2", 1)
    run(commands)
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=0 unacked=0 unsent=300 retrans=0
        Of what this program wrote to $them, 300 bytes could not leave this host: its interface is down ... !Its host is down or gone
""")
def interface_down_while_connected():
    given_up_after("ip link set v0 down")


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=0 unacked=0 unsent=300 retrans=0
        Of what this program wrote to $them, 300 bytes could not leave this host ... it has no route ... !Its host is down or gone
""")
def address_gone_while_connected():
    given_up_after("ip address del 10.0.0.1/24 dev v0")


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=0 unacked=0 unsent=300 retrans=0
        Of what this program wrote to $them, 300 bytes could not leave this host ... it has no route ... !Its host is down or gone
""")
def blackhole_route_while_connected():
    given_up_after("ip route add blackhole 10.0.0.2")


@case("""
    recv EINVAL unreachable | len=64 tcp CLOSE rx=0 tx=0 unacked=0 unsent=300 retrans=0
        The kernel gave up on the connection: this host's route to $them
""")
def blackhole_route_while_connected_ipv6():
    given_up_after("ip -6 route add blackhole fd00::2", "fd00::2")


@case("""
    recv ECONNREFUSED connection-refused | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        The connection to $them was established, and then its packets were answered with ICMP port unreachable: a firewall rejects them; 300 bytes ... had not been acknowledged
""")
def rejected_while_connected():
    """Soft, so it is told when the retransmissions are at their end."""
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    firewall(f"tcp dport {s.getpeername()[1]} reject")
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx+unacked+unsent=$written
        $them ... window closed ... TCP_USER_TIMEOUT (300 ms) ... !stopped coming ... !is gone
""")
def window_closed_for_too_long():
    """The peer answers every probe, and still takes nothing."""
    own_network()
    s = connected(room=4096)
    close_window(s)
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
    wait(s)
    call(s.recv, 64)


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx+unacked+unsent=$written
        $them kept its window closed, answers to probes stopped arriving
""")
def window_closed_and_vanished():
    """A single probe may stay unanswered by a peer that lives (tcp_invalid_ratelimit)."""
    own_network_with("ipv4/tcp_retries2", 3)
    s = connected(room=4096)
    close_window(s)
    vanish()
    wait(s)
    call(s.recv, 64)


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx+unacked+unsent=$written
        $them kept its window closed: it was not reading, and ... could not be sent within TCP_USER_TIMEOUT ( ... !answers to probes
""")
def window_closed_and_a_probe_unanswered():
    own_network()
    s = connected(room=4096)
    close_window(s)
    vanish()
    wait_until(lambda: tcp_info(s, 3, "B") > 0)  # tcpi_probes: one that nobody has answered
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 100)
    wait(s)
    call(s.recv, 64)


@case("""
    recv EHOSTUNREACH unreachable | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
        route to $them is of type unreachable, or a firewall rule on this host reported (ICMP) that it is unreachable
""")
def unreachable_while_connected():
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    firewall(f"tcp dport {s.getpeername()[1]} reject with icmp host-unreachable")
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case("""
    recv ETIMEDOUT connection-timed-out | len=64 type=tcp rx=5 unsent=0
        No acknowledgement arrived from $them for 5000 bytes that this program wrote ... only large ones if the path MTU is too small ... !stopped
""")
def large_packets_dropped():
    """The peer still talks, and small packets pass."""
    own_network()
    s = connected()
    firewall(f"tcp dport {s.getpeername()[1]} meta length gt 1000 drop")
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000)
    s.send(bytes(5000))
    peer("give(5)")
    s.recv(5)
    wait(s, select.POLLHUP)
    call(s.recv, 64)
