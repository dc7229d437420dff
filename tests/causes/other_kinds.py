"""Netlink, packet and vsock sockets."""
import errno
import socket
from socket import (AF_NETLINK, AF_PACKET, AF_VSOCK, SOCK_RAW, SOCK_STREAM, SOL_SOCKET, SO_ERROR,
                    SO_RCVBUF)

from made_of import call, notes, own_network, run
from registry import case


@case("""
    sendto ECONNREFUSED connection-refused | len=16 type=netlink local=$us peer=2000000001:0
        Nothing is receiving at the requested address
""")
def netlink_nobody():
    s = socket.socket(AF_NETLINK, SOCK_RAW, 0)
    s.bind((0, 0))
    notes["us"] = "%d:%d" % s.getsockname()
    call(s.sendto, bytes(16), (2000000001, 0))


@case("""
    recv ENOBUFS no-memory | len=64 type=netlink peer=0:0
        SO_RCVBUF ... !SO_SNDBUF
""")
def netlink_overrun():
    """More news than the receive buffer holds."""
    own_network()
    s = socket.socket(AF_NETLINK, SOCK_RAW, 0)
    s.bind((0, 1))
    s.setsockopt(SOL_SOCKET, SO_RCVBUF, 1)
    run("for mtu in 2000 2001 2002 2003 2004 2005; do ip link set lo mtu $mtu; done")
    call(s.recv, 64)


@case("""
    bind EADDRINUSE address-in-use | type=vsock local=4294967295:70000
        Another socket is already bound to 4294967295:70000 ... !ephemeral
    recv ENOTCONN not-connected | len=64 type=vsock
        The socket is not connected
""", where_missing="""
    socket EAFNOSUPPORT not-supported | type=vsock
        This kernel has no such kind of socket
""")
def vsock_twice():
    """Without a word to anybody: only bound."""
    s = call(socket.socket, AF_VSOCK, SOCK_STREAM)
    if s == errno.EAFNOSUPPORT:
        notes["kernel"] = "without"
        return
    s.bind((socket.VMADDR_CID_ANY, 70000))
    other = socket.socket(AF_VSOCK, SOCK_STREAM)
    call(other.bind, (socket.VMADDR_CID_ANY, 70000))
    call(other.recv, 64)


@case("""
    getsockopt ENETDOWN unreachable | type=17/3
        The network interface by which this socket sends or receives is down
    send ENETDOWN unreachable | len=64 type=17/3
        The network interface by which this socket sends or receives is down
""")
def packet_down():
    own_network()
    run("ip link add v0 type veth peer name v1")
    s = socket.socket(AF_PACKET, SOCK_RAW)
    s.bind(("v0", 0x88b5))
    s.getsockopt(SOL_SOCKET, SO_ERROR)
    call(s.send, bytes(64))
