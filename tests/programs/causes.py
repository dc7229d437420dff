#!/usr/bin/python3
"""The victim of causes.bats. Each function after "The cases" brings about one
failure or end, for real; which records it must leave is in the tables there.

causes.py [CASE...]: runs these, or all of them, each in a process of its own and
many at a time, and prints a line for each: CASE PID STATUS NAME=VALUE..., STATUS
being 0, 1 if the case could not be brought about, or the signal that ended it;
the names stand for what is only known now. To be run in a network namespace of
its own, with lo up.
"""
import array
import ast
import ctypes
import errno
import fcntl
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from socket import (AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX, AF_VSOCK, IPPROTO_IP,
                    IPPROTO_TCP, MSG_DONTWAIT, MSG_ERRQUEUE, MSG_NOSIGNAL, MSG_PEEK, MSG_TRUNC,
                    MSG_WAITALL, SHUT_RD, SHUT_RDWR, SHUT_WR, SO_ERROR, SO_KEEPALIVE,
                    SO_RCVBUF, SO_REUSEPORT, SO_SNDBUF, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET,
                    SOCK_STREAM, SOL_SOCKET)

MPTCP = 262
LOOPBACK = "127.0.0.1"
LONG = 60  # seconds that an event may take on a busy machine
AT_ONCE = 24  # cases
libc = ctypes.CDLL(None, use_errno=True)
notes = {}

cases = {}  # by name, in the order in which they are begun


def case(function):
    cases[function.__name__] = function
    return function


def slow_case(function):
    """One that takes seconds: begun first."""
    rest = dict(cases)
    cases.clear()
    cases[function.__name__] = function
    cases.update(rest)
    return function


# ---- What the cases are made of ----


def run(commands):
    """Shell commands, without the shim."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    return subprocess.run(["sh", "-ec", commands], check=True, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


class Peer:
    """peer(code) has it carried out at the other end; begun when first used."""

    def __init__(self):
        self.process = None

    def begin(self, **options):
        program = os.path.join(os.path.dirname(__file__), "peer.py")
        environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        self.process = subprocess.Popen([sys.executable, "-S", "-E", program], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=environment, **options)

    def later(self, code):
        if not self.process:
            self.begin()
        self.process.stdin.write(repr(code) + "\n")
        self.process.stdin.flush()

    def answer(self):
        return ast.literal_eval(self.process.stdout.readline())

    def __call__(self, code):
        self.later(code)
        return self.answer()

    @property
    def pid(self):
        return self.process.pid


peer = Peer()


def call(function, *arguments):
    """Makes a call that may fail, and returns errno or what it returned."""
    try:
        return function(*arguments)
    except Interrupted:
        return errno.EINTR
    except OSError as error:
        return error.errno


def raw(name, *arguments):
    """The C library's own, for what Python leaves out or does by itself."""
    return getattr(libc, name)(*arguments)


class Interrupted(Exception):
    pass


def wait(s, events=select.POLLERR | select.POLLHUP | select.POLLRDHUP):
    poll = select.poll()
    poll.register(s, events)
    if not poll.poll(LONG * 1000):
        raise TimeoutError("nothing happened")


def wait_until(condition):
    end = time.monotonic() + LONG
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not come about")
        time.sleep(0.002)


def sleeps(task):
    with open(f"/proc/{task}/stat") as stat:
        return stat.read().rpartition(") ")[2][0] == "S"


def tcp_info(s, offset, form="I"):
    """One field of struct tcp_info, linux/tcp.h."""
    return struct.unpack_from(form, s.getsockopt(IPPROTO_TCP, 11, 232), offset)[0]


def wait_for_state(s, number):
    wait_until(lambda: tcp_info(s, 0, "B") == number)


CLOSE = 7


def unacknowledged(s):
    queue = array.array("i", [0])
    fcntl.ioctl(s, 0x5411, queue)  # SIOCOUTQ
    return queue[0]


def send_all(s, n):
    """n bytes that the peer has acknowledged."""
    s.sendall(bytes(n))
    wait_until(lambda: unacknowledged(s) == 0)


def name(address):
    """As the log writes it."""
    if isinstance(address, bytes):
        return "@" + address[1:].decode()
    if isinstance(address, str):
        return address
    host, port, *scope = address
    host = host.partition("%")[0]
    if ":" in host and len(scope) > 1 and scope[1]:
        host += f"%{scope[1]}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def note_ends(s):
    notes["us"] = name(s.getsockname())
    notes["them"] = name(s.getpeername())


def new_tcp(host, protocol=0):
    return socket.socket(AF_INET6 if ":" in host else AF_INET, SOCK_STREAM, protocol)


def connected(host=LOOPBACK, **options):
    """A connection that this side asked for; the other end is the peer's c."""
    address = peer(f"listen(({host.replace('::ffff:', '')!r}, 0), **{options})")
    s = new_tcp(host, options.get("protocol", 0))
    s.connect((host, address[1]) + tuple(address[2:]))
    peer("accept()")
    note_ends(s)
    return s


def accepted(family_host=LOOPBACK):
    """A connection that the peer asked for."""
    listener = new_tcp(family_host)
    listener.bind((family_host, 0))
    listener.listen()
    peer(f"connect({listener.getsockname()})")
    s = listener.accept()[0]
    note_ends(s)
    return s


def closed_port(host=LOOPBACK, kind=SOCK_STREAM, protocol=0):
    """Where nobody listens, and nobody will: bound by the peer, or for UDP, where
    what is bound receives, below all ports that are given out."""
    address = (host, 9)
    if kind == SOCK_STREAM:
        address = peer(f"bind(({host!r}, 0), {int(kind)}, {protocol})")
    notes["them"] = name(address)
    return address


def set_timeout(s, option, ms):
    s.setsockopt(SOL_SOCKET, option, struct.pack("ll", ms // 1000, ms % 1000 * 1000))


RECEIVE, SEND = socket.SO_RCVTIMEO, socket.SO_SNDTIMEO


def fill(s, size=65536):
    """Writes until nothing more fits; returns how much that was."""
    s.setblocking(False)
    written = 0
    try:
        while True:
            written += s.send(bytes(size), MSG_DONTWAIT)
    except BlockingIOError:
        return written


def can_be_written(s):
    poll = select.poll()
    poll.register(s, select.POLLOUT)
    return bool(poll.poll(0))


def close_window(s):
    """Writes until the peer, which does not read, takes no more, and the send
    buffer has no room worth the name; without a call that fails."""
    s.setsockopt(SOL_SOCKET, SO_SNDBUF, 20000)
    notes["written"] = 0
    while can_be_written(s):
        notes["written"] += s.send(bytes(1000), MSG_DONTWAIT)
    wait_until(lambda: tcp_info(s, 228) == 0 and tcp_info(s, 24) == 0)


def fill_up(s):
    """To the last byte: the next one fails."""
    close_window(s)
    notes["written"] += fill(s, 1)


def own_network():
    """A network namespace for this case alone, the peer in it too."""
    if libc.unshare(0x40000000):
        raise OSError(ctypes.get_errno(), "unshare")
    run("ip link set lo up")


def own_network_with(setting, value):
    own_network()
    set_sysctl(setting, value)


def set_sysctl(setting, value):
    with open("/proc/sys/net/" + setting, "w") as file:
        file.write(str(value))


def other_host():
    """The peer on a host of its own, 10.0.0.2 and fd00::2; this is 10.0.0.1."""
    own_network()
    peer.begin(preexec_fn=lambda: libc.unshare(0x40000000))
    peer("0")  # it is there now
    run(f"ip link add v0 type veth peer name v1 netns {peer.pid}")
    commands = """ip address add 10.0.0.%d/24 dev %s; ip address add fd00::%d/64 dev %s nodad
        ip address add fe80::%d/64 dev %s nodad; ip link set lo up; ip link set %s up"""
    run(commands % (1, "v0", 1, "v0", 1, "v0", "v0"))
    peer(f"run({commands % (2, 'v1', 2, 'v1', 2, 'v1', 'v1')!r})")


def connected_far(host="10.0.0.2"):
    """To the peer on a host of its own, and given up soon. A SYN that is lost while
    the link comes up makes all time-outs of its connection long: not of this one."""
    other_host()
    set_sysctl("ipv4/tcp_retries2", 1)
    address = peer(f"listen(({host!r}, 0))")
    first, s = new_tcp(host), new_tcp(host)
    first.connect((host, address[1]))
    s.connect((host, address[1]))
    peer("accept(); accept()")
    note_ends(s)
    return s


def firewall(*rules, hook="input"):
    """nftables rules for all that comes in (on loopback: all that there is)."""
    run("nft add table inet t; "
        f"nft add chain inet t {hook} '{{ type filter hook {hook} priority 0; }}'; "
        + "; ".join(f"nft add rule inet t {hook} {rule}" for rule in rules))


def vanish():
    firewall("drop")


def drop_what_goes_to_the_peer(s):
    firewall(f"tcp dport {s.getpeername()[1]} drop")


def keep_here_what_goes_to_the_peer(s):
    firewall(f"tcp dport {s.getpeername()[1]} drop", hook="output")


def free_here():
    run("nft delete table inet t")


def without_rights():
    """Drops all capabilities, which is what makes root's rights."""
    header = struct.pack("Ii", 0x20080522, 0)
    if libc.capset(header, bytes(24)):
        raise OSError(ctypes.get_errno(), "capset")


def handle_sigusr1():
    def handler(*_):
        raise Interrupted
    signal.signal(signal.SIGUSR1, handler)


def interrupted(function, *arguments):
    handle_sigusr1()
    peer.later(f"interrupt({os.getpid()})")
    call(function, *arguments)
    peer.answer()


def temporary(leaf):
    return os.path.join(tempfile.mkdtemp(dir=os.environ.get("BATS_FILE_TMPDIR")), leaf)


def pipe_with(data):
    """The reading end of a pipe that has data and no writer."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


def file_with(data):
    file = os.memfd_create("input")
    os.write(file, data)
    return file


# ---- The cases: TCP, 0 ----


@case
def closed_at_once():
    s = connected()
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case
def closed_after_reply(host=LOOPBACK):
    s = connected(host)
    send_all(s, 512)
    peer("take(512); give(1000); close()")
    s.recv(1000, MSG_WAITALL)
    wait(s)
    call(s.recv, 64)


@case
def closed_ipv6():
    closed_after_reply("::1")


@case
def closed_mapped():
    closed_after_reply("::ffff:127.0.0.1")


@case
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


@case
def closed_to_server():
    s = accepted()
    send_all(s, 512)
    peer("take(512); give(1000); close()")
    s.recv(1000, MSG_WAITALL)
    wait(s)
    call(s.recv, 64)


@case
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


@case
def half_closed():
    s = connected()
    peer("give(7); finish_sending()")
    s.recv(7, MSG_WAITALL)
    wait(s)
    call(s.recv, 64)
    send_all(s, 512)
    call(s.recv, 64)


@case
def closed_after_own_shut_wr(s=None):
    s = s or connected()
    send_all(s, 512)
    s.shutdown(SHUT_WR)
    peer("take_all(); give(7); close()")
    wait_for_state(s, CLOSE)
    s.recv(64)
    call(s.recv, 64)
    call(s.recv, 64)


@case
def closed_after_own_shut_wr_to_server():
    closed_after_own_shut_wr(accepted())


@case
def closed_before_own_shut_wr(s=None):
    s = s or connected()
    send_all(s, 512)
    peer("give(7); finish_sending(); take(512)")
    wait(s)
    s.shutdown(SHUT_WR)
    wait_for_state(s, CLOSE)
    s.recv(64)
    call(s.recv, 64)


@case
def closed_before_own_shut_wr_to_server():
    closed_before_own_shut_wr(accepted())


@case
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


@case
def closed_with_data_unacknowledged():
    own_network()
    s = connected()
    send_all(s, 512)
    drop_what_goes_to_the_peer(s)
    s.send(bytes(300))
    peer("take(512); finish_sending()")
    wait(s)
    call(s.recv, 64)


@case
def closed_with_a_closed_window():
    s = connected(room=4096)
    close_window(s)
    s.setblocking(True)
    peer("finish_sending()")
    wait(s)
    call(s.recv, 64)


@case
def closed_and_reset(s=None):
    """FIN and RST have both come before the program looks."""
    s = s or connected()
    peer("give(7); finish_sending(); reset()")
    wait(s, 0)
    s.recv(7)
    call(s.recv, 64)
    call(s.send, b"x")


@case
def closed_and_reset_to_server():
    closed_and_reset(accepted())


@case
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


@case
def many_at_the_end():
    """recvmmsg counts messages: the end of a stream is as many empty ones, no 0."""
    s = connected()
    peer("close()")
    wait(s)
    if receive_many(s, 2) != 2:
        raise AssertionError("recvmmsg")


@case
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


@case
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
    wait_until(lambda: sleeps(f"self/task/{reader.native_id}"))
    os.dup2(other.fileno(), number)
    peer(end)
    reader.join()


@case
def replaced_and_closed():
    replaced_while_it_waits("close()")


@case
def replaced_and_reset():
    replaced_while_it_waits("reset()")


@case
def own_shut_rd():
    s = connected()
    s.shutdown(SHUT_RD)
    call(s.recv, 64)


@case
def own_shut_rdwr():
    s = connected()
    s.shutdown(SHUT_RDWR)
    wait_for_state(s, 5)
    call(s.recv, 64)


@case
def own_shut_rd_and_closed():
    s = connected()
    s.shutdown(SHUT_RD)
    peer("close()")
    wait_for_state(s, 8)
    call(s.recv, 64)


@case
def own_shut_rd_unconnected():
    s = socket.socket()
    call(s.shutdown, SHUT_RD)
    call(s.recv, 64)


@case
def silence_after_reset():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.recv, 64)
    call(os.read, s.fileno(), 64)


@case
def silence_after_so_error():
    s = connected()
    peer("reset()")
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)
    call(s.recv, 64)


@case
def silence_after_refusal():
    s = socket.socket()
    address = closed_port()
    s.setblocking(False)
    call(s.connect, address)
    wait(s, select.POLLOUT)
    call(s.recv, 64)
    call(s.recv, 64)


@case
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


# ---- Asking for nothing ----


@case
def nothing_asked_for():
    """With something there: if not, even such a call waits for data."""
    s = connected()
    peer("give(1)")
    wait(s, select.POLLIN)
    room = ctypes.create_string_buffer(1)
    raw("recv", s.fileno(), room, 0, 0)
    raw("read", s.fileno(), room, 0)
    call(s.recvmsg, 0)
    raw("send", s.fileno(), room, 0, 0)
    raw("write", s.fileno(), room, 0)
    call(s.sendmsg, [b""])
    call(os.writev, s.fileno(), [b"", b""])
    call(os.sendfile, s.fileno(), file_with(b"x"), 0, 0)
    call(os.splice, pipe_with(b"x"), s.fileno(), 0)
    raw("recvmmsg", s.fileno(), None, 0, 0, None)
    raw("sendmmsg", s.fileno(), None, 0, 0)


@case
def nothing_asked_for_at_the_end():
    s = connected()
    peer("close()")
    wait(s)
    raw("recv", s.fileno(), None, 0, 0)


@case
def empty_datagram_sent():
    s = bound_udp()
    s.connect(s.getsockname())
    s.send(b"")
    s.sendto(b"", s.getsockname())


@case
def nothing_asked_of_a_datagram():
    s = bound_udp()
    s.sendto(b"abc", s.getsockname())
    raw("recv", s.fileno(), None, 0, 0)
    s.setblocking(False)
    call(s.recv, 64)


# ---- The end of the input ----


@case
def input_at_its_end():
    s = connected()
    file = file_with(b"abc")
    os.sendfile(s.fileno(), file, 0, 64)
    call(os.sendfile, s.fileno(), file, 3, 64)
    pipe = pipe_with(b"abc")
    os.splice(pipe, s.fileno(), 64)
    call(os.splice, pipe, s.fileno(), 64)


# ---- TCP, reset ----


@case
def reset_at_once():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@case
def reset_before_reply(s=None):
    s = s or connected()
    send_all(s, 512)
    peer("take(512); reset()")
    wait(s)
    call(s.recv, 64)


@case
def reset_to_server():
    reset_before_reply(accepted())


@case
def reset_before_reading():
    """The request lay unread when the peer closed: RST instead of FIN."""
    s = connected("::1")
    send_all(s, 512)
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case
def reset_in_reply():
    s = connected()
    send_all(s, 512)
    peer("take(512); give(1000)")
    s.recv(1000, MSG_WAITALL)
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@case
def reset_with_reply_unread():
    s = connected()
    peer("give(1000)")
    wait(s, select.POLLIN)
    peer("reset()")
    wait(s)
    s.recv(999, MSG_WAITALL)
    s.recv(64)
    call(s.recv, 64)


@case
def reset_while_waiting_for_all():
    s = connected()
    peer("give(10)")
    wait(s, select.POLLIN)
    peer("reset()")
    wait(s)
    s.recv(64, MSG_WAITALL)
    call(s.recv, 64, MSG_WAITALL)


@case
def reset_seen_by_peeking():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64, MSG_PEEK)
    call(s.recv, 64)


@case
def reset_with_data_unacknowledged():
    own_network()
    s = connected()
    send_all(s, 512)
    drop_what_goes_to_the_peer(s)
    s.send(bytes(300))
    peer("take(512); reset()")
    wait(s)
    call(s.recv, 64)


@case
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


@case
def reset_with_window_closed():
    s = connected(room=4096)
    close_window(s)
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@case
def reset_found_by_send():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.send, bytes(10))
    call(s.send, bytes(10))


@case
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


@case
def reset_by_own_kernel():
    """Data for a program that has shut down both sides: it is this side that
    answers with RST. The peer sent none."""
    s = connected()
    send_all(s, 512)
    s.shutdown(SHUT_RDWR)
    peer("take(512); give(3)")
    wait_for_state(s, CLOSE)
    call(s.recv, 64)


@case
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


@case
def reset_after_the_end_so_error():
    """What an event loop reads when it has sent to a peer that had closed."""
    s = connected()
    peer("give(7); close()")
    wait(s)
    s.recv(64)
    s.send(bytes(5))
    wait(s, 0)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case
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


@case
def reset_by_own_firewall():
    """The peer knows nothing of it."""
    own_network()
    s = connected()
    firewall(f"tcp dport {s.getpeername()[1]} reject with tcp reset", hook="output")
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case
def reset_by_another_host():
    s = connected_far()
    send_all(s, 512)
    peer("take(512); reset()")
    wait(s)
    call(s.recv, 64)


@case
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


@case
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


@case
def dissolved_by_itself():
    s = connected()
    raw("connect", s.fileno(), bytes(16), 16)
    call(s.recv, 64)


@case
def killed_on_this_host():
    own_network()
    s = connected()
    send_all(s, 512)
    run(f"ss -K sport = :{s.getsockname()[1]} 2>/dev/null")
    wait(s)
    call(s.recv, 64)
    call(s.send, b"x")


@case
def many_find_the_reset():
    s = connected()
    peer("reset()")
    wait(s)
    receive_many(s, 2)


@case
def spliced_from_a_reset():
    s = connected()
    peer("reset()")
    wait(s)
    call(os.splice, s.fileno(), os.pipe()[1], 64)


# ---- Idle for long ----


@slow_case
def reset_after_idle_time():
    s = connected()
    send_all(s, 512)
    peer("take(512); give(1000)")
    s.recv(1000, MSG_WAITALL)
    time.sleep(5.1)
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@slow_case
def reset_after_waiting_for_reply():
    s = connected()
    send_all(s, 512)
    time.sleep(5.1)
    peer("reset()")
    wait(s)
    call(s.recv, 64)


# ---- EPIPE ----


@case
def write_after_reset():
    s = connected()
    send_all(s, 512)
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10))


@case
def write_after_reset_without_signal():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10), MSG_NOSIGNAL)


@case
def write_after_reset_signal_blocked():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10))


@case
def write_after_reset_signal_handled():
    signal.signal(signal.SIGPIPE, lambda *_: None)
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10))


@case
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


@case
def write_call_after_reset():
    after_reset(os.write, bytes(10))


@case
def writev_after_reset():
    after_reset(os.writev, [bytes(4), bytes(6)])


@case
def sendfile_after_reset():
    after_reset(os.sendfile, file_with(bytes(10)), 0, 10)


@case
def splice_after_reset():
    after_reset(lambda s: os.splice(pipe_with(bytes(10)), s, 10))


@case
def sendmmsg_after_reset():
    after_reset(lambda s: send_many(s, 2))


@case
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


@case
def splice_into_a_broken_pipe():
    """It is the pipe that nobody reads from; the connection is fine. By default this is
    the program's end, with the shim as without."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    s = connected()
    peer("give(10)")
    wait(s, select.POLLIN)
    reading, writing = os.pipe()
    os.close(reading)
    call(os.splice, s.fileno(), writing, 64)


@case
def write_after_close_with_reply_unread():
    """The kernel does not tell of the peer's FIN as long as data lies before it."""
    s = connected()
    send_all(s, 512)
    peer("take(512); give(7); close()")
    wait(s)
    s.send(bytes(5))
    wait(s, 0)
    call(s.send, bytes(10))


@case
def write_after_both_ends_with_reply_unread():
    s = connected()
    send_all(s, 512)
    s.shutdown(SHUT_WR)
    peer("take_all(); give(7); close()")
    wait_for_state(s, CLOSE)
    call(s.send, bytes(10))


@case
def write_after_close_to_server():
    s = accepted()
    peer("close()")
    wait(s)
    s.send(bytes(5))
    wait(s, 0)
    call(s.send, bytes(10))


@case
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


@case
def write_after_acknowledged_write_to_server():
    write_after_acknowledged_write(accepted())


@case
def write_after_own_shut_wr():
    s = connected()
    send_all(s, 512)
    s.shutdown(SHUT_WR)
    wait_for_state(s, 5)
    call(s.send, bytes(10))


@case
def write_after_both_ends(s=None):
    s = s or connected()
    send_all(s, 512)
    s.shutdown(SHUT_WR)
    peer("take_all(); close()")
    wait_for_state(s, CLOSE)
    call(s.send, bytes(10))


@case
def write_after_own_shut_wr_second():
    """Closed by the peer first, then by this side: through LAST_ACK to CLOSE."""
    s = connected()
    send_all(s, 512)
    peer("take(512); finish_sending()")
    wait(s)
    s.shutdown(SHUT_WR)
    wait_for_state(s, CLOSE)
    call(s.send, bytes(10))


@case
def write_unconnected():
    call(socket.socket().send, bytes(10))


@case
def write_to_listener():
    s = socket.socket()
    s.listen()
    call(s.send, bytes(10))


@case
def unix_write_after_close():
    s = unix_connected()
    peer("close()")
    wait(s)
    call(s.send, bytes(10))


@case
def unix_write_after_own_shut_rdwr():
    s, other = socket.socketpair()
    s.shutdown(SHUT_RDWR)
    call(s.send, bytes(10))


@case
def unix_write_after_own_shut_wr():
    s = unix_connected()
    s.shutdown(SHUT_WR)
    call(s.send, bytes(10))


@case
def unix_write_after_peers_shut_rd():
    s = unix_connected()
    peer("c.shutdown(socket.SHUT_RD)")
    call(s.send, bytes(10))


@case
def seqpacket_write_after_close():
    s = unix_connected(SOCK_SEQPACKET)
    peer("close()")
    wait(s)
    call(s.send, bytes(10))


@case
def seqpacket_write_after_own_shut_wr():
    s = unix_connected(SOCK_SEQPACKET)
    s.shutdown(SHUT_WR)
    call(s.send, bytes(10))


@case
def unix_datagram_write_after_own_shut_wr():
    s, other = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    s.shutdown(SHUT_WR)
    call(s.send, bytes(10))


@case
def udp_write_after_own_shut_wr():
    s = bound_udp()
    s.connect(s.getsockname())
    s.shutdown(SHUT_WR)
    call(s.send, bytes(10))


@case
def mptcp_write_after_reset():
    s = connected(protocol=MPTCP)
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.send, bytes(10))


# ---- EAGAIN, EINPROGRESS, EINTR ----


@case
def nothing_to_read():
    s = connected()
    call(s.recv, 64, MSG_DONTWAIT)
    s.setblocking(False)
    call(os.read, s.fileno(), 64)
    receive_many(s, 2)
    call(s.recv, 64, MSG_PEEK)
    call(s.recv, 64, MSG_WAITALL)


@case
def nothing_to_read_with_a_limit():
    """A limit is no matter to a call that does not wait."""
    s = connected()
    set_timeout(s, RECEIVE, 10000)
    call(s.recv, 64, MSG_DONTWAIT)


@case
def nothing_to_accept():
    s = socket.socket()
    s.listen()
    s.setblocking(False)
    call(s.accept)


@case
def no_room():
    s = connected(room=4096)
    fill_up(s)


@case
def no_room_while_packets_are_lost():
    own_network()
    s = connected()
    drop_what_goes_to_the_peer(s)
    s.setsockopt(SOL_SOCKET, SO_SNDBUF, 4608)
    notes["written"] = fill(s, 1000)


@case
def no_room_unix():
    s = unix_connected()
    s.setsockopt(SOL_SOCKET, SO_SNDBUF, 4608)
    fill(s)


@case
def no_room_unix_datagram():
    address = unix_address()
    peer(f"bind({address!r}, {int(SOCK_DGRAM)})")
    s = socket.socket(AF_UNIX, SOCK_DGRAM)
    s.connect(address)
    notes["them"] = name(address)
    fill(s, 10)


@case
def send_while_connecting():
    own_network()
    vanish()
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    call(s.send, bytes(10))


@case
def send_while_connecting_with_a_limit():
    own_network()
    vanish()
    s = socket.socket()
    set_timeout(s, SEND, 100)
    call(s.connect, (LOOPBACK, 7000))
    call(s.send, bytes(10))


@case
def connect_in_progress():
    own_network()
    vanish()
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    call(s.connect, (LOOPBACK, 7000))
    call(s.recv, 64)


@case
def connect_elsewhere_in_progress():
    own_network()
    vanish()
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    call(s.connect, (LOOPBACK, 8000))


@case
def fast_open_in_progress():
    own_network()
    vanish()
    s = socket.socket()
    s.setblocking(False)
    call(s.sendto, bytes(10), socket.MSG_FASTOPEN, (LOOPBACK, 7000))


@case
def receive_interrupted():
    s = connected()
    interrupted(s.recv, 64)


@case
def receive_stopped():
    """Without any handler: signal(7), "by stop signals"."""
    s = connected()
    set_timeout(s, RECEIVE, 1000 * LONG)
    peer.later(f"stop({os.getpid()})")
    raw("recv", s.fileno(), ctypes.create_string_buffer(64), 64, 0)  # Python tries again
    peer.answer()


@case
def accept_interrupted():
    s = socket.socket()
    s.listen()
    interrupted(s.accept)


@case
def connect_interrupted():
    own_network()
    vanish()
    interrupted(socket.socket().connect, (LOOPBACK, 7000))


@case
def send_interrupted():
    s = connected(room=4096)
    fill_up(s)
    s.setblocking(True)
    interrupted(s.send, bytes(10))


# ---- Limits of time ----


@case
def receive_timed_out():
    s = connected()
    send_all(s, 512)
    peer("take(512); give(7)")
    s.recv(7, MSG_WAITALL)
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)
    call(s.recv, 64, MSG_PEEK)
    receive_many(s, 2)


@case
def receive_timed_out_unacknowledged():
    own_network()
    s = connected()
    vanish()
    s.send(bytes(300))
    wait_until(lambda: tcp_info(s, 2, "B") > 0)  # tcpi_retransmits
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


@case
def receive_timed_out_with_a_closed_window():
    """Both write, and neither reads."""
    s = connected(room=4096)
    close_window(s)
    s.setblocking(True)
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


@case
def receive_timed_out_after_old_losses():
    """What was lost long ago, and arrived in the end, says nothing of now."""
    own_network()
    s = connected()
    vanish()
    s.send(bytes(300))
    wait_until(lambda: tcp_info(s, 2, "B") > 0)  # tcpi_retransmits
    free_here()
    wait_until(lambda: unacknowledged(s) == 0)
    vanish()
    s.send(bytes(300))
    set_timeout(s, RECEIVE, 1)
    call(s.recv, 64)


@case
def receive_timed_out_kept_here():
    own_network()
    s = connected()
    send_all(s, 100)
    keep_here_what_goes_to_the_peer(s)
    s.send(bytes(300))
    wait_until(lambda: tcp_info(s, 3, "B") > 0)  # tcpi_probes
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


@case
def receive_out_of_band():
    call(connected().recv, 64, socket.MSG_OOB)


@case
def accept_timed_out():
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    s.listen()
    notes["us"] = name(s.getsockname())
    set_timeout(s, RECEIVE, 120)
    call(s.accept)


@case
def send_timed_out():
    s = connected(room=4096)
    fill_up(s)
    s.setblocking(True)
    set_timeout(s, SEND, 120)
    call(s.send, bytes(10))
    call(os.sendfile, s.fileno(), file_with(bytes(10)), 0, 10)


@case
def connect_timed_out_by_limit():
    own_network()
    vanish()
    s = socket.socket()
    set_timeout(s, SEND, 120)
    call(s.connect, (LOOPBACK, 7000))


@case
def connect_again_timed_out_by_limit():
    own_network()
    vanish()
    s = socket.socket()
    set_timeout(s, SEND, 120)
    call(s.connect, (LOOPBACK, 7000))
    call(s.connect, (LOOPBACK, 7000))


@case
def udp_receive_timed_out():
    s = bound_udp()
    set_timeout(s, RECEIVE, 120)
    call(s.recvfrom, 64)


@case
def unix_receive_timed_out():
    s = unix_connected()
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


@case
def unix_send_timed_out():
    s = unix_connected()
    fill(s)
    s.setblocking(True)
    set_timeout(s, SEND, 120)
    call(s.send, bytes(10))


@case
def netlink_receive_timed_out():
    s = socket.socket(AF_NETLINK, SOCK_RAW, 0)
    s.bind((0, 0))
    notes["us"] = "%d:%d" % s.getsockname()
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


@case
def retransmissions_unanswered():
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    send_all(s, 512)
    vanish()
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case
def retransmissions_unanswered_send():
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    vanish()
    s.send(bytes(300))
    wait(s)
    call(s.send, bytes(10))


@case
def retransmissions_unanswered_so_error():
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    vanish()
    s.send(bytes(300))
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case
def user_timeout():
    own_network()
    s = connected()
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
    vanish()
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@slow_case
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


@case
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


@case
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
    run(commands)
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case
def interface_down_while_connected():
    given_up_after("ip link set v0 down")


@case
def address_gone_while_connected():
    given_up_after("ip address del 10.0.0.1/24 dev v0")


@case
def blackhole_route_while_connected():
    given_up_after("ip route add blackhole 10.0.0.2")


@case
def blackhole_route_while_connected_ipv6():
    given_up_after("ip -6 route add blackhole fd00::2", "fd00::2")


@case
def rejected_while_connected():
    """Soft, so it is told when the retransmissions are at their end."""
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    firewall(f"tcp dport {s.getpeername()[1]} reject")
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case
def window_closed_for_too_long():
    """The peer answers every probe, and still takes nothing."""
    own_network()
    s = connected(room=4096)
    close_window(s)
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
    wait(s)
    call(s.recv, 64)


@case
def window_closed_and_vanished():
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected(room=4096)
    close_window(s)
    vanish()
    wait(s)
    call(s.recv, 64)


@case
def unreachable_while_connected():
    own_network_with("ipv4/tcp_retries2", 1)
    s = connected()
    firewall(f"tcp dport {s.getpeername()[1]} reject with icmp host-unreachable")
    s.send(bytes(300))
    wait(s)
    call(s.recv, 64)


@case
def mptcp_receive_timed_out():
    s = connected(protocol=MPTCP)
    send_all(s, 512)
    peer("take(512); give(7)")
    s.recv(7, MSG_WAITALL)
    set_timeout(s, RECEIVE, 120)
    call(s.recv, 64)


# ---- connect ----


@case
def connect_unanswered():
    own_network()
    vanish()
    s = socket.socket()
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
    call(s.connect, (LOOPBACK, 7000))


@case
def connect_to_full_queue():
    """Nothing is wrong with host or network: the server does not accept."""
    own_network()
    address = peer("listen(('127.0.0.1', 0), backlog=0)")
    notes["them"] = name(address)
    first = socket.create_connection(address)
    s = socket.socket()
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
    call(s.connect, address)
    first.close()


@case
def connect_killed_on_this_host():
    own_network()
    vanish()
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    port = s.getsockname()[1]
    connecting = threading.Thread(target=call, args=(s.connect, (LOOPBACK, 7000)))
    connecting.start()
    wait_until(lambda: tcp_info(s, 0, "B") == 2)  # SYN_SENT
    run(f"ss -K sport = :{port} 2>/dev/null")
    connecting.join()


@case
def connect_a_listener():
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    s.listen()
    notes["us"] = name(s.getsockname())
    call(s.connect, s.getsockname())


@case
def connect_link_local_without_scope():
    other_host()
    call(socket.socket(AF_INET6).connect, ("fe80::2", 80))
    call(socket.socket(AF_INET6).bind, ("fe80::1", 80))


@case
def connect_mapped_for_ipv6_only():
    s = socket.socket(AF_INET6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    call(s.connect, ("::ffff:127.0.0.1", 80))
    call(s.bind, ("::ffff:127.0.0.1", 8080))


@slow_case
def connect_unanswered_syncnt():
    other_host()
    vanish()
    s = socket.socket(AF_INET6)
    s.setsockopt(IPPROTO_TCP, socket.TCP_SYNCNT, 1)
    call(s.connect, ("fd00::2", 7000))


@case
def connect_unanswered_so_error():
    own_network()
    vanish()
    s = socket.socket()
    s.setsockopt(IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
    s.setblocking(False)
    call(s.connect, (LOOPBACK, 7000))
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case
def connect_refused(host=LOOPBACK, protocol=0):
    call(new_tcp(host, protocol).connect, closed_port(host, protocol=protocol))


@case
def connect_refused_ipv6():
    connect_refused("::1")


@case
def connect_refused_mapped():
    port = closed_port()[1]
    notes["them"] = f"[::ffff:127.0.0.1]:{port}"
    call(socket.socket(AF_INET6).connect, ("::ffff:127.0.0.1", port))


@case
def connect_refused_by_a_host():
    other_host()
    call(socket.socket().connect, ("10.0.0.2", 7000))


@case
def connect_refused_by_a_firewall():
    """What nftables' and iptables' plain "reject" does: a port-unreachable."""
    other_host()
    firewall("tcp dport 7000 reject", hook="output")
    call(socket.socket().connect, ("10.0.0.2", 7000))


@case
def connect_refused_so_error():
    s = socket.socket()
    s.setblocking(False)
    call(s.connect, closed_port())
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)


@case
def connect_refused_then_again():
    """Asked anew after SO_ERROR has told: ECONNABORTED, and no client in it."""
    s = socket.socket()
    s.setblocking(False)
    address = closed_port()
    call(s.connect, address)
    wait(s)
    s.getsockopt(SOL_SOCKET, SO_ERROR)
    call(s.connect, address)


@case
def connect_without_route():
    own_network()
    call(socket.socket().connect, ("10.5.0.1", 80))
    call(socket.socket(AF_INET6).connect, ("2001:db8::1", 80))


@case
def connect_to_nobody():
    """No neighbour answers for that address."""
    other_host()
    for setting, value in ("mcast_solicit", 1), ("retrans_time_ms", 20):
        set_sysctl(f"ipv4/neigh/v0/{setting}", value)
    call(socket.socket().connect, ("10.0.0.9", 80))


def routed(kind):
    own_network()
    run(f"ip route add {kind} 10.0.0.0/8")
    call(socket.socket().connect, ("10.0.0.9", 80))


@case
def connect_by_unreachable_route():
    routed("unreachable")


@case
def connect_by_prohibiting_route():
    routed("prohibit")


@case
def connect_by_blackhole_route():
    routed("blackhole")


def rejected(address, how):
    own_network()
    firewall(f"tcp dport 7000 reject with {how}")
    call(new_tcp(address).connect, (address, 7000))


@case
def connect_rejected_no_route():
    rejected(LOOPBACK, "icmp net-unreachable")


@case
def connect_rejected_host_unreachable():
    rejected(LOOPBACK, "icmp host-unreachable")


@case
def connect_rejected_prohibited():
    rejected(LOOPBACK, "icmp admin-prohibited")


@case
def connect_rejected_protocol():
    rejected(LOOPBACK, "icmp prot-unreachable")


@case
def connect_rejected_prohibited_ipv6():
    rejected("::1", "icmpv6 admin-prohibited")


@case
def connect_rejected_reset():
    rejected(LOOPBACK, "tcp reset")


@case
def connect_twice():
    s = connected()
    call(s.connect, s.getpeername())


# ---- UDP ----


def bound_udp(host=LOOPBACK):
    s = socket.socket(AF_INET6 if ":" in host else AF_INET, SOCK_DGRAM)
    s.bind((host, 0))
    notes["us"] = name(s.getsockname())
    return s


def refused_udp():
    s = bound_udp()
    s.connect(closed_port(kind=SOCK_DGRAM))
    s.send(b"abc")
    wait(s)
    return s


@case
def udp_refused_receive():
    call(refused_udp().recv, 64)


@case
def udp_refused_send():
    call(refused_udp().send, b"abc")


@case
def udp_refused_many():
    receive_many(refused_udp(), 2)


@case
def udp_refused_so_error():
    refused_udp().getsockopt(SOL_SOCKET, SO_ERROR)


@case
def udp_refused_elsewhere():
    """Of an unconnected socket: the error is of the datagram before."""
    s, other = bound_udp(), bound_udp()
    s.setsockopt(IPPROTO_IP, 11, 1)  # IP_RECVERR
    notes["us"], notes["other"] = name(s.getsockname()), name(other.getsockname())
    s.sendto(b"abc", closed_port(kind=SOCK_DGRAM))
    wait(s)
    call(s.sendto, b"abc", other.getsockname())


@case
def udp_unreachable_elsewhere():
    own_network()
    firewall("udp dport 7000 reject with icmp host-unreachable")
    s, other = bound_udp(), bound_udp()
    s.setsockopt(IPPROTO_IP, 11, 1)  # IP_RECVERR
    notes["us"], notes["other"] = name(s.getsockname()), name(other.getsockname())
    s.sendto(b"abc", (LOOPBACK, 7000))
    wait(s)
    call(s.sendto, b"abc", other.getsockname())


@case
def udp_unreachable():
    own_network()
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"abc", ("10.5.0.1", 7000))
    run("ip route add blackhole 10.0.0.0/8")
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"abc", ("10.5.0.1", 7000))


@case
def udp_prohibited_ipv6():
    """IPv6 has no broadcast to be forbidden."""
    own_network()
    firewall("udp dport 7000 reject with icmpv6 admin-prohibited")
    s = bound_udp("::1")
    s.connect(("::1", 7000))
    s.send(b"abc")
    wait(s)
    call(s.recv, 64)


@case
def udp_refused_by_a_firewall():
    """Something does receive there."""
    own_network()
    firewall("udp dport 7000 reject")
    peer(f"bind(('127.0.0.1', 7000), {int(SOCK_DGRAM)})")
    s = bound_udp()
    s.connect((LOOPBACK, 7000))
    s.send(b"abc")
    wait(s)
    call(s.recv, 64)


@case
def udp_protocol_rejected():
    own_network()
    firewall("udp dport 7000 reject with icmp prot-unreachable")
    s = bound_udp()
    s.connect((LOOPBACK, 7000))
    s.send(b"abc")
    wait(s)
    call(s.recv, 64)


@case
def udp_empty():
    s = bound_udp()
    for _ in range(4):
        s.sendto(b"", s.getsockname())
    call(s.recv, 64, MSG_PEEK)
    call(s.recv, 64)
    call(s.recvfrom, 65)
    call(s.recvmsg, 66)
    call(os.read, s.fileno(), 67)


@case
def udp_empty_asked_for_its_length():
    """0 bytes of room, and the length of the datagram that waits: 0."""
    s = bound_udp()
    s.sendto(b"", s.getsockname())
    raw("recv", s.fileno(), None, 0, MSG_PEEK | MSG_TRUNC)


@case
def udp_interface_queue_full():
    """Told to those that want to hear of errors."""
    own_network()
    run("tc qdisc add dev lo root tbf rate 8kbit burst 2k limit 2k")
    s = bound_udp()
    s.setsockopt(IPPROTO_IP, 11, 1)  # IP_RECVERR
    while call(s.sendto, bytes(1000), s.getsockname()) == 1000:
        pass


@case
def udp_empty_ipv6():
    s, other = bound_udp("::1"), bound_udp("::1")
    s.connect(other.getsockname())
    note_ends(s)
    other.sendto(b"", s.getsockname())
    call(s.recv, 64)


@case
def udp_own_shut_rd():
    s = bound_udp()
    s.connect(s.getsockname())
    s.shutdown(SHUT_RD)
    call(s.recv, 64)


@case
def udp_many():
    """An empty datagram is a message: recvmmsg and sendmmsg return 1."""
    s = bound_udp()
    s.connect(s.getsockname())
    if send_many(s, 1, 0) != 1 or receive_many(s, 1) != 1:
        raise AssertionError("an empty message")


@case
def udp_without_destination():
    call(socket.socket(AF_INET, SOCK_DGRAM).send, b"abc")


@case
def udp_shutdown_unconnected():
    s = bound_udp()
    call(s.shutdown, SHUT_RD)
    call(s.recv, 64)


@case
def udp_broadcast():
    own_network()
    run("ip address add 10.0.0.1/24 broadcast 10.0.0.255 dev lo")
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"abc", ("10.0.0.255", 7000))


@case
def udp_too_big():
    s = bound_udp()
    call(s.sendto, bytes(65508), s.getsockname())


@case
def udp_too_big_for_mtu(host=LOOPBACK):
    own_network()
    run("ip link set lo mtu 1280")
    s = bound_udp(host)
    if ":" in host:
        s.setsockopt(socket.IPPROTO_IPV6, 23, 2)  # IPV6_MTU_DISCOVER
    else:
        s.setsockopt(IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
    s.connect(s.getsockname())
    call(s.send, bytes(2000))
    call(s.sendmsg, [bytes(2000), bytes(1)])


def udp_too_big_for_router():
    """The peer forwards to a network whose packets are smaller, and says so."""
    connected_far()  # a datagram that the link loses is not sent again
    peer("run('ip link add w0 mtu 1000 type veth peer name w1; ip link set w0 up; '"
         "'ip link set w1 up; ip address add 10.1.0.1/24 dev w0; '"
         "'ip neighbour add 10.1.0.9 lladdr 02:00:00:00:00:09 dev w0; '"
         "'echo 1 >/proc/sys/net/ipv4/ip_forward')")
    run("ip route add 10.1.0.0/24 via 10.0.0.2")
    s = socket.socket(AF_INET, SOCK_DGRAM)
    s.setsockopt(IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
    s.connect(("10.1.0.9", 7000))
    notes["us"] = name(s.getsockname())
    s.send(bytes(1200))
    wait(s)
    return s


@case
def udp_too_big_for_router_receive():
    call(udp_too_big_for_router().recv, 64)


@case
def udp_too_big_for_router_send():
    """Told by a datagram that would have passed."""
    call(udp_too_big_for_router().send, bytes(10))


@case
def udp_too_big_for_router_so_error():
    udp_too_big_for_router().getsockopt(SOL_SOCKET, SO_ERROR)


@case
def many_too_big():
    s = bound_udp()
    call(send_many, s, 2, 65508, s.getsockname())


@case
def too_many_buffers():
    s = connected()
    call(s.sendmsg, [b"x"] * 1025)
    call(s.recvmsg_into, [bytearray(1)] * 1025)


@case
def udp_too_big_for_mtu_ipv6():
    udp_too_big_for_mtu("::1")


@case
def udp_forbidden():
    own_network()
    firewall("udp dport 7000 drop", hook="output")
    s = bound_udp()
    call(s.sendto, b"abc", (LOOPBACK, 7000))
    call(send_many, s, 2, 10, (LOOPBACK, 7000))


@case
def udp_ancillary_too_big():
    """More control data than net.core.optmem_max: ENOBUFS, before all else."""
    s = bound_udp()
    s.connect(s.getsockname())
    control = ctypes.create_string_buffer(10000000)
    header = MessageHeader(control=ctypes.addressof(control), controllen=len(control))
    raw("sendmsg", s.fileno(), ctypes.byref(header), 0)


@case
def raw_refused():
    """A raw socket hears of unreachable ports as well. Nobody sent RST."""
    s = socket.socket(AF_INET, SOCK_RAW, socket.IPPROTO_UDP)
    port = closed_port(kind=SOCK_DGRAM)[1]
    s.connect((LOOPBACK, 0))
    s.send(struct.pack(">HHHH", 9, port, 8, 0))
    wait(s)
    call(s.recv, 64)


# ---- The error queue ----


@case
def error_queue_empty():
    call(bound_udp().recvmsg, 64, 64, MSG_ERRQUEUE)


@case
def error_queue_of_udp():
    s = refused_udp_with_queue(b"")
    call(s.recvmsg, 64, 512, MSG_ERRQUEUE)


@case
def error_queue_of_udp_with_payload():
    """The datagram comes back with it: no 0, so no record but the next."""
    s = refused_udp_with_queue(b"abc")
    if s.recvmsg(64, 512, MSG_ERRQUEUE)[0] != b"abc":
        raise AssertionError("the payload")
    call(s.recvmsg, 64, 512, MSG_ERRQUEUE)


def refused_udp_with_queue(payload):
    s = bound_udp()
    s.setsockopt(IPPROTO_IP, 11, 1)  # IP_RECVERR
    s.connect(closed_port(kind=SOCK_DGRAM))
    s.send(payload)
    wait(s)
    return s


@case
def error_queue_with_timestamp():
    s = connected()
    s.setsockopt(SOL_SOCKET, 37, 0x2 | 0x10 | 0x80 | 0x800)  # SO_TIMESTAMPING, without payload
    s.send(bytes(10))
    wait(s)
    call(s.recvmsg, 64, 512, MSG_ERRQUEUE)


@case
def error_queue_with_zero_copy():
    s = connected()
    s.setsockopt(SOL_SOCKET, 60, 1)  # SO_ZEROCOPY
    s.send(bytes(10000), 0x4000000)  # MSG_ZEROCOPY
    peer("take(10000)")
    wait(s)
    call(s.recvmsg, 0, 512, MSG_ERRQUEUE)


@case
def zero_copy_beyond_the_limit():
    s = connected()
    s.setsockopt(SOL_SOCKET, 60, 1)  # SO_ZEROCOPY
    without_rights()
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (4096, 4096))
    call(s.send, bytes(1000000), 0x4000000)  # MSG_ZEROCOPY


@case
def error_queue_of_unix():
    """There is none: the end of the stream."""
    s, other = socket.socketpair()
    other.close()
    call(s.recv, 64, MSG_ERRQUEUE)


# ---- Unix ----


def unix_address(abstract=False):
    if abstract:
        return b"\0" + temporary("s").encode()
    return temporary("s")


def unix_connected(kind=SOCK_STREAM, abstract=False):
    address = unix_address(abstract)
    peer(f"listen({address!r}, {int(kind)})")
    s = socket.socket(AF_UNIX, kind)
    s.connect(address)
    peer("accept()")
    notes["them"] = name(address)
    notes["peer_pid"] = peer.pid
    return s


@case
def unix_closed():
    s = unix_connected()
    peer("give(10); close()")
    wait(s)
    s.recv(64)
    call(s.recv, 64)


@case
def unix_closed_abstract():
    s = unix_connected(abstract=True)
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case
def unix_finished_sending():
    s = unix_connected()
    peer("finish_sending()")
    wait(s)
    call(s.recv, 64)


@case
def unix_own_shut_rd():
    s = unix_connected()
    s.shutdown(SHUT_RD)
    call(s.recv, 64)


@case
def unix_own_shut_rdwr():
    s, other = socket.socketpair()
    s.shutdown(SHUT_RDWR)
    call(s.recv, 64)


@case
def unix_both_finished_sending():
    s, other = socket.socketpair()
    s.shutdown(SHUT_WR)
    other.shutdown(SHUT_WR)
    call(s.recv, 64)


@case
def unix_own_shut_rd_seqpacket():
    s, other = socket.socketpair(AF_UNIX, SOCK_SEQPACKET)
    s.shutdown(SHUT_RD)
    call(s.recv, 64)


@case
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


@case
def unix_pair_closed():
    s, other = socket.socketpair()
    other.close()
    call(s.recv, 64)


@case
def unix_reset_unread():
    s = unix_connected()
    s.send(bytes(10))
    peer("close()")
    wait(s)
    call(s.recv, 64)
    call(s.recv, 64)


@case
def unix_reset_unread_seqpacket():
    s = unix_connected(SOCK_SEQPACKET)
    s.send(bytes(10))
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case
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


@case
def unix_empty_message():
    s = unix_connected(SOCK_SEQPACKET)
    peer("c.send(b'')")
    wait(s, select.POLLIN)
    call(s.recv, 64)


@case
def unix_end_of_messages():
    s = unix_connected(SOCK_SEQPACKET)
    peer("close()")
    wait(s)
    call(s.recv, 64)


@case
def unix_empty_datagram():
    s, other = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    other.send(b"")
    call(s.recv, 64)


@case
def unix_datagram_peer_closed():
    s, other = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    other.close()
    call(s.send, b"abc")
    call(s.send, b"abc")


@case
def unix_datagram_own_shut_rd():
    s, other = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    s.shutdown(SHUT_RD)
    call(s.recv, 64)


@case
def unix_datagram_to_the_dead():
    address = unix_address()
    peer(f"bind({address!r}, {int(SOCK_DGRAM)}); listener.close()")
    notes["them"] = name(address)
    call(socket.socket(AF_UNIX, SOCK_DGRAM).sendto, b"abc", address)


@case
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


@case
def unix_descriptor_not_open():
    s, other = socket.socketpair()
    call(s.sendmsg, [b"x"], [(SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [900000]))])


@case
def unix_foreign_credentials():
    without_rights()
    s, other = socket.socketpair()
    call(s.sendmsg, [b"x"], [(SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("iii", 1, 0, 0))])


@case
def unix_accept_timed_out():
    """No peer, and so none that has a pid."""
    s = socket.socket(AF_UNIX)
    s.bind(unix_address())
    s.listen()
    notes["us"] = s.getsockname()
    set_timeout(s, RECEIVE, 120)
    call(s.accept)


@case
def unix_datagram_too_big():
    s, other = socket.socketpair(AF_UNIX, SOCK_DGRAM)
    s.setsockopt(SOL_SOCKET, SO_SNDBUF, 4608)
    call(s.send, bytes(100000))


@case
def unix_no_such_path():
    notes["them"] = unix_address()
    call(socket.socket(AF_UNIX).connect, notes["them"])
    call(socket.socket(AF_UNIX, SOCK_DGRAM).sendto, b"abc", notes["them"])


@case
def unix_no_such_name():
    address = unix_address(abstract=True)
    notes["them"] = name(address)
    call(socket.socket(AF_UNIX).connect, address)


@case
def unix_nobody_listens():
    address = unix_address()
    peer(f"bind({address!r})")
    notes["them"] = address
    call(socket.socket(AF_UNIX).connect, address)


@case
def unix_no_socket_but_a_file():
    notes["them"] = unix_address()
    open(notes["them"], "w").close()
    call(socket.socket(AF_UNIX).connect, notes["them"])


@case
def unix_below_a_file():
    file = unix_address()
    open(file, "w").close()
    notes["them"] = file + "/socket"
    call(socket.socket(AF_UNIX).connect, notes["them"])


@case
def unix_wrong_type():
    address = unix_address()
    peer(f"listen({address!r})")
    notes["them"] = address
    call(socket.socket(AF_UNIX, SOCK_DGRAM).connect, address)


@case
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


@case
def unix_bind_without_directory():
    notes["us"] = unix_address() + "/s"
    call(socket.socket(AF_UNIX).bind, notes["us"])


@case
def unix_bind_twice():
    notes["us"] = unix_address()
    socket.socket(AF_UNIX).bind(notes["us"])
    call(socket.socket(AF_UNIX).bind, notes["us"])


@case
def unix_forbidden_path():
    address = unix_address()
    peer(f"listen({address!r})")
    notes["them"] = address
    os.chmod(address, 0)
    without_rights()
    call(socket.socket(AF_UNIX).connect, address)


@case
def unix_forbidden_folder():
    folder = temporary("forbidden")
    os.mkdir(folder, 0)
    notes["us"] = folder + "/us"
    without_rights()
    call(socket.socket(AF_UNIX).bind, notes["us"])


@case
def unix_receive_unconnected():
    call(socket.socket(AF_UNIX).recv, 64)
    call(socket.socket(AF_UNIX).send, b"abc")


@case
def unix_send_to_while_connected():
    s = unix_connected()
    call(s.sendto, b"abc", notes["them"])


# ---- Addresses, rights, limits ----


@case
def bind_foreign_address():
    call(socket.socket().bind, ("10.9.9.9", 7000))
    call(socket.socket(AF_INET, SOCK_DGRAM).bind, ("10.9.9.9", 7000))
    call(socket.socket(AF_INET6).bind, ("2001:db8::9", 7000))


@case
def bind_twice():
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    notes["us"] = name(s.getsockname())
    call(socket.socket().bind, s.getsockname())


@case
def bind_udp_twice():
    """Datagram sockets leave no TIME_WAIT behind."""
    s = bound_udp()
    call(socket.socket(AF_INET, SOCK_DGRAM).bind, s.getsockname())


@case
def bind_foreign_mapped_address():
    """IPv4 has no duplicate address detection to wait for."""
    call(socket.socket(AF_INET6).bind, ("::ffff:10.9.9.9", 7000))


@case
def bind_tentative_address():
    """It is this host's, but duplicate address detection still runs."""
    other_host()
    run("ip address add fd00::77/64 dev v0")
    call(socket.socket(AF_INET6).bind, ("fd00::77", 7000))


@case
def listen_connected():
    s = connected()
    call(s.listen)


@case
def accept_after_shutdown():
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    s.listen()
    notes["us"] = name(s.getsockname())
    s.shutdown(SHUT_RD)
    call(s.accept)


@case
def listen_twice():
    """Two may be bound with SO_REUSEADDR; only one may listen."""
    first, second = socket.socket(), socket.socket()
    for s in first, second:
        s.setsockopt(SOL_SOCKET, socket.SO_REUSEADDR, 1)
    first.bind((LOOPBACK, 0))
    second.bind(first.getsockname())
    notes["us"] = name(first.getsockname())
    first.listen()
    call(second.listen)


@case
def ports_exhausted_connect():
    own_network_with("ipv4/ip_local_port_range", "50000 50000")
    peer("listen(('127.0.0.1', 7000))")
    first, second = socket.socket(), socket.socket()
    first.connect((LOOPBACK, 7000))
    call(second.connect, (LOOPBACK, 7000))


@case
def ports_exhausted_bind():
    own_network_with("ipv4/ip_local_port_range", "50000 50000")
    first, second = socket.socket(), socket.socket()
    first.bind((LOOPBACK, 0))
    call(second.bind, (LOOPBACK, 0))
    call(second.listen)


@case
def ports_exhausted_udp():
    own_network_with("ipv4/ip_local_port_range", "50000 50000")
    first = bound_udp()
    call(socket.socket(AF_INET, SOCK_DGRAM).bind, (LOOPBACK, 0))
    call(socket.socket(AF_INET, SOCK_DGRAM).connect, (LOOPBACK, 7000))
    call(socket.socket(AF_INET, SOCK_DGRAM).sendto, b"abc", (LOOPBACK, 7000))
    s = socket.socket(AF_INET, SOCK_DGRAM)
    s.setblocking(False)
    call(s.sendto, b"abc", (LOOPBACK, 7000))
    first.close()


@case
def connected_twice_from_one_port():
    first, second = socket.socket(), socket.socket()
    for s in first, second:
        s.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1)
    address = peer("listen(('127.0.0.1', 0))")
    first.bind((LOOPBACK, 0))
    second.bind(first.getsockname())
    first.connect(address)
    note_ends(first)
    call(second.connect, address)


@case
def privileged_port():
    without_rights()
    call(socket.socket().bind, (LOOPBACK, 80))


@case
def privileged_port_by_setting():
    own_network_with("ipv4/ip_unprivileged_port_start", 5000)
    without_rights()
    call(socket.socket().bind, (LOOPBACK, 4000))


@case
def netlink_without_rights():
    without_rights()
    s = socket.socket(AF_NETLINK, SOCK_RAW, 9)  # NETLINK_AUDIT
    call(s.bind, (0, 1))


@case
def raw_without_rights():
    without_rights()
    call(socket.socket, AF_INET, SOCK_RAW, socket.IPPROTO_ICMP)


def limit_descriptors():
    last = os.dup(0)
    os.close(last)
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (last, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    notes["limit"] = last


@case
def no_descriptor_for_socket():
    limit_descriptors()
    call(socket.socket)


@case
def no_descriptor_for_pair():
    limit_descriptors()
    call(socket.socketpair)


@case
def no_descriptor_for_accept():
    listener = socket.socket()
    listener.bind((LOOPBACK, 0))
    listener.listen()
    notes["us"] = name(listener.getsockname())
    peer(f"connect({listener.getsockname()})")
    wait(listener, select.POLLIN)
    limit_descriptors()
    call(listener.accept)


# ---- Mistakes of the program ----


@case
def not_connected():
    s = socket.socket()
    call(s.recv, 64)
    call(s.shutdown, SHUT_RDWR)


@case
def shutdown_after_reset():
    s = connected()
    peer("reset()")
    wait(s)
    call(s.recv, 64)
    call(s.shutdown, SHUT_RDWR)


@case
def bad_descriptors():
    address = socket.inet_aton(LOOPBACK).rjust(8, b"\0").ljust(16, b"\0")
    raw("recv", 900000, None, 1, 0)
    raw("connect", -1, address, 16)
    raw("listen", os.open("/dev/null", os.O_RDONLY), 1)
    s = connected()
    raw("sendfile", s.fileno(), 900000, None, 10)


@case
def bad_arguments():
    s = socket.socket()
    s.bind((LOOPBACK, 0))
    notes["us"] = name(s.getsockname())
    call(s.bind, s.getsockname())
    call(s.accept)
    raw("connect", s.fileno(), struct.pack("H", AF_INET) + bytes(14), 8)
    raw("bind", s.fileno(), 1, 16)


@case
def not_supported():
    call(socket.socket, 46, SOCK_STREAM)  # beyond the last family
    call(socket.socket, AF_INET, SOCK_STREAM, 200)
    call(socket.socket, AF_INET, SOCK_SEQPACKET)
    call(bound_udp().listen)
    call(socket.socketpair, AF_INET)


# ---- Other families ----


@case
def mptcp_closed():
    s = connected(protocol=MPTCP)
    s.send(bytes(512))
    peer("take(512); give(1000); close()")
    s.recv(1000, MSG_WAITALL)
    wait(s)
    call(s.recv, 64)


@case
def mptcp_reset():
    s = connected(protocol=MPTCP)
    s.send(bytes(512))
    peer("take(512); give(1000)")
    s.recv(1000, MSG_WAITALL)
    peer("reset()")
    wait(s)
    call(s.recv, 64)


@case
def mptcp_no_room():
    """What is written and what is sent are two things here, too."""
    s = connected(protocol=MPTCP)
    notes["written"] = fill(s)
    wait_until(lambda: tcp_info(s, 228) == 0)  # the peer's window
    notes["written"] += fill(s)


@case
def mptcp_refused():
    connect_refused(protocol=MPTCP)


@case
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


@case
def netlink_nobody():
    s = socket.socket(AF_NETLINK, SOCK_RAW, 0)
    s.bind((0, 0))
    notes["us"] = "%d:%d" % s.getsockname()
    call(s.sendto, bytes(16), (2000000001, 0))


@case
def netlink_overrun():
    """More news than the receive buffer holds."""
    own_network()
    s = socket.socket(AF_NETLINK, SOCK_RAW, 0)
    s.bind((0, 1))
    s.setsockopt(SOL_SOCKET, SO_RCVBUF, 1)
    run("for mtu in 2000 2001 2002 2003 2004 2005; do ip link set lo mtu $mtu; done")
    call(s.recv, 64)


@case
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


@case
def packet_down():
    own_network()
    run("ip link add v0 type veth peer name v1")
    s = socket.socket(AF_PACKET, SOCK_RAW)
    s.bind(("v0", 0x88b5))
    s.getsockopt(SOL_SOCKET, SO_ERROR)
    call(s.send, bytes(64))


# ---- recvmmsg and sendmmsg ----


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class MessageHeader(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint),
                ("iov", ctypes.POINTER(Vector)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class ManyHeader(ctypes.Structure):
    _fields_ = [("header", MessageHeader), ("len", ctypes.c_uint)]


def many_messages(n, size, address=None):
    messages = (ManyHeader * n)()
    room = ctypes.create_string_buffer(max(size, 1))
    where = None
    if address:
        where = ctypes.create_string_buffer(
            struct.pack("=HH", AF_INET, socket.htons(address[1])) + socket.inet_aton(address[0])
            + bytes(8), 16)
    for message in messages:
        header = message.header
        header.iov, header.iovlen = ctypes.pointer(Vector(ctypes.addressof(room), size)), 1
        if where:
            header.name, header.namelen = ctypes.addressof(where), 16
    messages.kept = room, where
    return messages


def descriptor(s):
    return s if isinstance(s, int) else s.fileno()


def receive_many(s, n):
    return raw("recvmmsg", descriptor(s), many_messages(n, 64), n, 0, None)


def send_many(s, n, size=10, address=None):
    return raw("sendmmsg", descriptor(s), many_messages(n, size, address), n, 0)


# ---- Running them ----


def in_child(name):
    signal.alarm(2 * LONG)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it
    cases[name]()
    said = [name, str(os.getpid()), "0"] + [f"{key}={value}" for key, value in notes.items()]
    os.write(1, " ".join(said).encode() + b"\n")  # at once: the others write there, too
    os._exit(0)


def start(name):
    pid = os.fork()
    if pid == 0:
        try:
            in_child(name)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        os._exit(1)
    return pid


def finish_one(running):
    pid, status = os.wait()
    status = os.waitstatus_to_exitcode(status)
    name = running.pop(pid)
    if status:
        os.write(1, f"{name} {pid} {abs(status)}\n".encode())


def main():
    running = {}
    for name in sys.argv[1:] or cases:
        running[start(name)] = name
        if len(running) == AT_ONCE:
            finish_one(running)
    while running:
        finish_one(running)


if __name__ == "__main__":
    main()
