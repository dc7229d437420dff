"""Unix sockets."""
import array
import os
import select
import socket
import struct
from socket import (AF_UNIX, SHUT_RD, SHUT_RDWR, SHUT_WR, SOCK_DGRAM, SOCK_SEQPACKET, SOL_SOCKET,
                    SO_SNDBUF)

from made_of import (RECEIVE, SEND, call, name, notes, peer, set_timeout, temporary, unix_address,
                     unix_connected, wait, without_rights)
from registry import case


@case("""
    recv 0 peer-closed | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
        $them (opened by pid $peer_pid) closed its end
""")
def unix_closed():
    s = unix_connected()
    peer("give(10); close()")
    wait(s)
    s.recv(64)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
        $them (opened by pid $peer_pid) closed its end
""")
def unix_closed_abstract():
    s = unix_connected(abstract=True)
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
        $them (opened by pid $peer_pid) finished sending (it shut down its writing side) ... !tell them apart
""")
def unix_finished_sending():
    s = unix_connected()
    peer("finish_sending()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 local-shutdown-read | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
        This program itself shut down the reading side of the socket
""")
def unix_own_shut_rd():
    s = unix_connected()
    s.shutdown(SHUT_RD)
    call(s.recv, 64)


@case("""
    recv 0 local-shutdown-read | len=64 type=unix-stream
        This program itself shut down the reading side of the socket
""")
def unix_own_shut_rdwr():
    s, other = socket.socketpair()
    s.shutdown(SHUT_RDWR)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 type=unix-stream
        closed its end, or shut it down without closing it ... !this program
""")
def unix_both_finished_sending():
    s, other = socket.socketpair()
    s.shutdown(SHUT_WR)
    other.shutdown(SHUT_WR)
    call(s.recv, 64)


@case("""
    recv 0 local-shutdown-read | len=64 type=unix-seqpacket
        This program itself shut down the reading side of the socket (or an empty message came just before that)
""")
def unix_own_shut_rd_seqpacket():
    s, other = socket.socketpair(AF_UNIX, SOCK_SEQPACKET)
    s.shutdown(SHUT_RD)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 type=unix-stream local=$us peer_pid=$peer_pid
        The peer (opened by pid $peer_pid) closed its end
""")
def unix_accepted_closed():
    address = unix_address()
    listener = socket.socket(AF_UNIX)
    listener.bind(address)
    listener.listen()
    peer(f"connect({address!r})")
    s = listener.accept()[0]
    notes.update(us=address, peer_pid=peer.pid)
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 type=unix-stream
        closed its end
""")
def unix_pair_closed():
    s, other = socket.socketpair()
    other.close()
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
        $them (opened by pid $peer_pid) closed its end with data from this program still unread, or before it had accepted the connection
    recv 0 peer-closed | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
        $them (opened by pid $peer_pid) closed its end
""")
def unix_reset_unread():
    s = unix_connected()
    s.send(bytes(10))
    peer("close()")
    wait(s)
    call(s.recv, 64)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 type=unix-stream peer_pid=$us
        The peer (opened by pid $us) closed its end with data from this program still unread.
""")
def unix_pair_reset_unread():
    """Neither end of a pair is ever accepted."""
    s, other = socket.socketpair()
    s.send(bytes(10))
    other.close()
    notes.update(us=os.getpid())
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 type=unix-seqpacket peer=$them peer_pid=$peer_pid
        $them (opened by pid $peer_pid) closed its end with data from this program still unread, or before it had accepted the connection
""")
def unix_reset_unread_seqpacket():
    s = unix_connected(SOCK_SEQPACKET)
    s.send(bytes(10))
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv ECONNRESET peer-reset | len=64 type=unix-stream peer=$them
        $them (opened by pid ... closed its end with data from this program still unread, or before it had accepted the connection
""")
def unix_never_accepted():
    """Nothing was sent, so nothing was left unread."""
    address = unix_address()
    peer(f"listen({address!r})")
    s = socket.socket(AF_UNIX)
    s.connect(address)
    notes["them"] = name(address)
    peer("listener.close()")
    wait(s)
    call(s.recv, 64)


@case("""
    recv 0 zero-length-datagram | len=64 type=unix-seqpacket peer=$them peer_pid=$peer_pid
        An empty message arrived
""")
def unix_empty_message():
    s = unix_connected(SOCK_SEQPACKET)
    peer("c.send(b'')")
    wait(s, select.POLLIN)
    call(s.recv, 64)


@case("""
    recv 0 peer-closed | len=64 type=unix-seqpacket peer=$them peer_pid=$peer_pid
        $them (opened by pid $peer_pid) closed its end, or finished sending, or sent an empty message just before that ... !this program
""")
def unix_end_of_messages():
    s = unix_connected(SOCK_SEQPACKET)
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case("""
    send 0 zero-length-request | len=0 type=unix-dgram
        offered 0 bytes: an empty datagram was sent
    recv 0 zero-length-datagram | len=64 type=unix-dgram
        An empty datagram arrived
""")
def unix_empty_datagram():
    s, other = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    other.send(b"")
    call(s.recv, 64)


@case("""
    send ECONNREFUSED connection-refused | len=3 type=unix-dgram
        (opened by pid ... ) was closed. ... !left behind
    send ENOTCONN not-connected | len=3 type=unix-dgram
        The socket is not connected
""")
def unix_datagram_peer_closed():
    s, other = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    other.close()
    call(s.send, b"abc")
    call(s.send, b"abc")


@case("""
    recv 0 local-shutdown-read | len=64 type=unix-dgram
        This program itself shut down the reading side of the socket
""")
def unix_datagram_own_shut_rd():
    s, other = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    s.shutdown(SHUT_RD)
    call(s.recv, 64)


@case("""
    sendto ECONNREFUSED connection-refused | len=3 type=unix-dgram peer=$them
        $them was closed or is no socket, or the path was left behind by a program that has ended
""")
def unix_datagram_to_the_dead():
    address = unix_address()
    peer(f"bind({address!r}, {int(SOCK_DGRAM)}); listener.close()")
    notes["them"] = name(address)
    call(socket.socket(AF_UNIX, SOCK_DGRAM).sendto, b"abc", address)


@case("""
    recv ECONNRESET peer-reset | len=64 type=unix-dgram local=$us peer=$them
        $them connected its socket to another address, or to none, and what was still unread there was discarded
    send EPERM not-permitted | len=3 type=unix-dgram local=$us peer=$them
        $them is connected to another socket and accepts nothing from this one ... !file permissions
    sendto EPERM not-permitted | len=3 type=unix-dgram peer=$them
        $them is connected to another socket and accepts nothing from this one ... !file permissions
""")
def unix_datagram_peer_elsewhere():
    """The peer connects to a third one: what it has not read is thrown away, and
    from then on it takes datagrams from that one alone."""
    a, b, c = (socket.socket(AF_UNIX, SOCK_DGRAM) for _ in range(3))
    for s in a, b, c:
        s.bind(unix_address())
    notes["us"], notes["them"] = a.getsockname(), b.getsockname()
    a.connect(b.getsockname())
    b.connect(a.getsockname())
    a.send(b"abc")
    b.connect(c.getsockname())
    call(a.recv, 64)
    call(a.send, b"abc")
    call(socket.socket(AF_UNIX, SOCK_DGRAM).sendto, b"abc", b.getsockname())


@case("""
    sendmsg EBADF bad-descriptor | type=unix-stream
        is a socket, but a descriptor that the message passes (SCM_RIGHTS) is not open
""")
def unix_descriptor_not_open():
    s, other = socket.socketpair()
    call(s.sendmsg, [b"x"], [(SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [900000]))])


@case("""
    sendmsg EPERM not-permitted | len=1 type=unix-stream
        the message carries credentials that are not the program's own (SCM_CREDENTIALS) ... !file permissions
""")
def unix_foreign_credentials():
    without_rights()
    s, other = socket.socketpair()
    call(s.sendmsg, [b"x"], [(SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("iii", 1, 0, 0))])


@case("""
    accept4 EAGAIN timeout | type=unix-stream local=$us peer_pid=-
        there was no connection to accept
""")
def unix_accept_timed_out():
    """No peer, and so none that has a pid."""
    s = socket.socket(AF_UNIX)
    s.bind(unix_address())
    s.listen()
    notes["us"] = s.getsockname()
    set_timeout(s, RECEIVE, 120)
    call(s.accept)


@case("""
    send EMSGSIZE message-too-big | len=100000 type=unix-dgram
        The message of 100000 bytes is larger ... SO_SNDBUF is
""")
def unix_datagram_too_big():
    s, other = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    s.setsockopt(SOL_SOCKET, SO_SNDBUF, 4608)
    call(s.send, bytes(100000))


@case("""
    connect ENOENT no-such-socket | type=unix-stream peer=$them
        There is no socket at $them
    sendto ENOENT no-such-socket | len=3 type=unix-dgram peer=$them
        There is no socket at $them
""")
def unix_no_such_path():
    notes["them"] = unix_address()
    call(socket.socket(AF_UNIX).connect, notes["them"])
    call(socket.socket(AF_UNIX, SOCK_DGRAM).sendto, b"abc", notes["them"])


@case("""
    connect ENOENT no-such-socket | type=unix-stream peer=$them bound=unseen
        A socket is bound to $them, but this program does not see that path: it was removed
    connect ENOENT no-such-socket | type=unix-stream peer=$them.more bound=-
        There is no socket at $them.more: the server is not running
    connect ENOENT no-such-socket | type=unix-stream peer=$last
        There is no socket at $last: the server is not running
    sendto ENOENT no-such-socket | len=3 type=unix-dgram peer=$box bound=unseen
        A socket is bound to $box, but this program does not see that path
""")
def unix_path_removed():
    """A listener whose path is gone; a name that only begins as its does; a connection that
    has the name of a listener which is closed; and one for datagrams."""
    listener, them = socket.socket(AF_UNIX), unix_address()
    listener.bind(them)
    listener.listen()
    last, gone = unix_address(), socket.socket(AF_UNIX)
    gone.bind(last)
    gone.listen()
    client = socket.socket(AF_UNIX)
    client.connect(last)
    accepted, _ = gone.accept()
    gone.close()
    box, receiver = unix_address(), socket.socket(AF_UNIX, SOCK_DGRAM)
    receiver.bind(box)
    for path in them, last, box:
        os.unlink(path)
    notes.update(them=them, last=last, box=box)
    call(socket.socket(AF_UNIX).connect, them)
    call(socket.socket(AF_UNIX).connect, them + ".more")
    call(socket.socket(AF_UNIX).connect, last)
    call(socket.socket(AF_UNIX, SOCK_DGRAM).sendto, b"abc", box)


@case("""
    connect ECONNREFUSED connection-refused | type=unix-stream peer=$them
        Nothing is listening at $them: its owner is gone, has not called listen or has shut the socket down
""")
def unix_no_such_name():
    address = unix_address(abstract=True)
    notes["them"] = name(address)
    call(socket.socket(AF_UNIX).connect, address)


@case("""
    connect ECONNREFUSED connection-refused | type=unix-stream peer=$them
        Nothing is listening at $them: its owner is gone, has not called listen or has shut the socket down
""")
def unix_nobody_listens():
    address = unix_address()
    peer(f"bind({address!r})")
    notes["them"] = address
    call(socket.socket(AF_UNIX).connect, address)


@case("""
    connect ECONNREFUSED connection-refused | type=unix-stream peer=$them
        Nothing is listening at $them: its owner is gone, has not called listen or has shut the socket down
""")
def unix_no_socket_but_a_file():
    notes["them"] = unix_address()
    open(notes["them"], "w").close()
    call(socket.socket(AF_UNIX).connect, notes["them"])


@case("""
    connect ENOTDIR other | type=unix-stream peer=$them
        The kernel returned errno 20: Not a directory
""")
def unix_below_a_file():
    file = unix_address()
    open(file, "w").close()
    notes["them"] = file + "/socket"
    call(socket.socket(AF_UNIX).connect, notes["them"])


@case("""
    connect EPROTOTYPE bad-argument | type=unix-dgram peer=$them
        The socket at the address is of a different type (such as stream versus datagram)
""")
def unix_wrong_type():
    address = unix_address()
    peer(f"listen({address!r})")
    notes["them"] = address
    call(socket.socket(AF_UNIX, SOCK_DGRAM).connect, address)


@case("""
    connect EAGAIN backlog-full | type=unix-stream peer=$them
        The queue of connections that $them has not accepted yet is full
    connect EAGAIN backlog-full | type=unix-stream peer=$them
        The queue of connections that $them has not accepted yet is full
""")
def unix_backlog_full():
    address = unix_address()
    peer(f"listen({address!r}, backlog=0)")
    notes["them"] = address
    waiting = [socket.socket(AF_UNIX) for _ in range(3)]
    for s in waiting:
        s.setblocking(False)
        if call(s.connect, address):
            break
    s = socket.socket(AF_UNIX)
    set_timeout(s, SEND, 120)
    call(s.connect, address)


@case("""
    bind ENOENT other | type=unix-stream local=$us
        A directory in the path $us does not exist
""")
def unix_bind_without_directory():
    notes["us"] = unix_address() + "/s"
    call(socket.socket(AF_UNIX).bind, notes["us"])


@case("""
    bind EADDRINUSE address-in-use | type=unix-stream local=$us
        Another socket is already bound to $us ... a path remains until it is unlinked
""")
def unix_bind_twice():
    notes["us"] = unix_address()
    socket.socket(AF_UNIX).bind(notes["us"])
    call(socket.socket(AF_UNIX).bind, notes["us"])


@case("""
    connect EACCES not-permitted | type=unix-stream peer=$them
        This process is not allowed to write to the socket at $them: the socket's mode does not let its user
""")
def unix_forbidden_path():
    address = unix_address()
    peer(f"listen({address!r})")
    notes["them"] = address
    os.chmod(address, 0)
    without_rights()
    call(socket.socket(AF_UNIX).connect, address)


@case("""
    connect EACCES not-permitted | type=unix-stream peer=$them
        This user is not allowed to use the socket at $them (file permissions along the path)
""")
def unix_forbidden_relative_path():
    """Where it begins is not asked."""
    address = unix_address()
    peer(f"listen({address!r})")
    os.chmod(address, 0)
    ours = socket.socket(AF_UNIX)  # the log comes with the first one
    os.chdir(os.path.dirname(address))
    notes["them"] = os.path.basename(address)
    without_rights()
    call(ours.connect, notes["them"])


@case("""
    connect EACCES not-permitted | type=unix-stream peer=$them
        This user is not allowed to search the directory $folder (it needs x there)
    sendto EACCES not-permitted | len=3 type=unix-dgram peer=$them
        This user is not allowed to search the directory $folder (it needs x there)
""")
def unix_closed_folder():
    """The socket itself is open to everybody, and so is the directory that it lies in."""
    notes["folder"] = temporary("closed")
    inner = notes["folder"] + "/inner"
    os.makedirs(inner, 0o755)
    notes["them"] = inner + "/them"
    peer(f"listen({notes['them']!r})")
    os.chmod(notes["them"], 0o777)
    os.chmod(notes["folder"], 0o600)
    without_rights()
    call(socket.socket(AF_UNIX).connect, notes["them"])
    call(socket.socket(AF_UNIX, SOCK_DGRAM).sendto, b"abc", notes["them"])


@case("""
    bind EACCES not-permitted | type=unix-stream local=$us
        This user is not allowed to create a socket at $us (directory permissions)
""")
def unix_forbidden_folder():
    folder = temporary("forbidden")
    os.mkdir(folder, 0)
    notes["us"] = folder + "/us"
    without_rights()
    call(socket.socket(AF_UNIX).bind, notes["us"])


@case("""
    recv EINVAL bad-argument | len=64 type=unix-stream
        The socket is not connected, or an argument of the call is invalid
    send ENOTCONN not-connected | len=3 type=unix-stream
        The socket is not connected
""")
def unix_receive_unconnected():
    call(socket.socket(AF_UNIX).recv, 64)
    call(socket.socket(AF_UNIX).send, b"abc")


@case("""
    sendto EISCONN bad-argument | len=3 type=unix-stream peer=$them peer_pid=$peer_pid
        the socket is already connected
""")
def unix_send_to_while_connected():
    s = unix_connected()
    call(s.sendto, b"abc", notes["them"])
