"""What the cases are made of."""
import array
import ast
import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from socket import (AF_INET, AF_INET6, AF_UNIX, IPPROTO_TCP, MSG_DONTWAIT, SOCK_DGRAM,
                    SOCK_STREAM, SOL_SOCKET, SO_SNDBUF)

MPTCP = 262
LOOPBACK = "127.0.0.1"
LONG = 60  # seconds that an event may take on a busy machine
libc = ctypes.CDLL(None, use_errno=True)
notes = {}


def run(commands):
    """Shell commands, without the shim."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    return subprocess.run(["sh", "-ec", commands], check=True, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


class Peer:
    """peer(code) has it carried out at the other end, a process of its own without
    the shim; begun when first used. To start an interpreter for each would be most
    of the work of all cases: one is started, and forks."""

    def __init__(self):
        self.requests = None  # to the one that forks
        self.commands = self.answers = self.pid = None

    def prepare(self):
        """Before the first case. No socket: a case is to begin without any."""
        its_requests, self.requests = os.pipe()
        environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        program = os.path.join(os.path.dirname(__file__), "peer.py")
        subprocess.Popen([sys.executable, "-S", "-E", program], stdin=its_requests,
                         stdout=subprocess.DEVNULL, env=environment)
        os.close(its_requests)

    def begin(self, apart=False):
        """In this process's network namespace, or apart, in one of its own."""
        its_commands, commands = os.pipe()
        answers, its_answers = os.pipe()
        request = f"{os.getpid()} {its_commands} {its_answers} {'apart' if apart else 'here'}\n"
        os.write(self.requests, request.encode())
        self.commands, self.answers = open(commands, "w"), open(answers)
        self.pid = self.answer()
        os.close(its_commands)
        os.close(its_answers)

    def later(self, code):
        if not self.pid:
            self.begin()
        self.commands.write(repr(code) + "\n")
        self.commands.flush()

    def answer(self):
        return ast.literal_eval(self.answers.readline())

    def __call__(self, code):
        self.later(code)
        return self.answer()


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


def waits_in_a_call_with(number, thread):
    """A call whose first argument is that descriptor: /proc/PID/syscall, proc(5). That
    the thread sleeps would not do: it may as well wait for the interpreter's lock."""
    with open(f"/proc/self/task/{thread}/syscall") as syscall:
        return syscall.read().split()[1:2] == [hex(number)]


def tcp_info(s, offset, form="I"):
    """One field of struct tcp_info, linux/tcp.h."""
    return struct.unpack_from(form, s.getsockopt(IPPROTO_TCP, 11, 232), offset)[0]


def wait_for_state(s, number):
    wait_until(lambda: tcp_info(s, 0, "B") == number)


FIN_WAIT2 = 5
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
    with socket.socket() as s:  # netdevice(7): SIOCSIFFLAGS, IFF_UP
        fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 1))


def own_network_with(setting, value):
    own_network()
    set_sysctl(setting, value)


def set_sysctl(setting, value):
    with open("/proc/sys/net/" + setting, "w") as file:
        file.write(str(value))


def other_host():
    """The peer on a host of its own, 10.0.0.2 and fd00::2; this is 10.0.0.1."""
    own_network()
    peer.begin(apart=True)
    run(f"ip link add v0 type veth peer name v1 netns {peer.pid}")
    commands = """ip address add 10.0.0.%d/24 dev %s; ip address add fd00::%d/64 dev %s nodad
        ip address add fe80::%d/64 dev %s nodad; ip link set lo up; ip link set %s up"""
    run(commands % (1, "v0", 1, "v0", 1, "v0", "v0"))
    peer(f"run({commands % (2, 'v1', 2, 'v1', 2, 'v1', 'v1')!r})")


def connected_far(host="10.0.0.2"):
    """To the peer on a host of its own. A SYN that is lost while the link comes up
    makes all time-outs of its connection long: not of this one."""
    other_host()
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


def bound_udp(host=LOOPBACK):
    s = socket.socket(AF_INET6 if ":" in host else AF_INET, SOCK_DGRAM)
    s.bind((host, 0))
    notes["us"] = name(s.getsockname())
    return s


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


# ---- The kernel's answers, changed or held back by a seccomp filter of this thread: seccomp(2) ----

ALLOW, ANSWER, ASK = 0x7fff0000, 0x50000, 0x7fc00000  # SECCOMP_RET_ALLOW, _ERRNO, _USER_NOTIF
NUMBERS = {  # of system calls
    "x86_64": {"connect": 42, "sendto": 44, "recvfrom": 45, "getsockopt": 55, "fcntl": 72, "getrlimit": 97, "prlimit64": 302, "seccomp": 317},
    "aarch64": {"connect": 203, "sendto": 206, "recvfrom": 207, "getsockopt": 209, "fcntl": 25, "getrlimit": 163, "prlimit64": 261, "seccomp": 277},
}


def can_filter():
    """Else the case's rows are those where_missing."""
    known = os.uname().machine in NUMBERS and sys.maxsize > 2**32
    if not known:
        notes["kernel"] = "without"
    return known


def filter_of(*rules):
    """(system call, {number of an argument: value}, what becomes of it) each; all else is as it is."""
    code, loads = [], struct.Struct("HBBI").pack
    for call_name, arguments, action in rules:
        wanted = [(0, NUMBERS[os.uname().machine][call_name])]
        wanted += [(16 + 8 * number, value) for number, value in arguments.items()]
        checks = [(loads(0x20, 0, 0, offset), value) for offset, value in wanted]
        for i, (load, value) in enumerate(checks):
            code += [load, loads(0x15, 0, 2 * (len(checks) - i) - 1, value)]
        code.append(loads(0x06, 0, 0, action))
    code.append(loads(0x06, 0, 0, ALLOW))
    place = ctypes.create_string_buffer(b"".join(code))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(code), ctypes.addressof(place)))
    program.place = place
    return program


def begin_filter(*rules):
    """Behind the shim's back, which asks nothing once it has seen a filter. What it gives is the
    listener's descriptor, if a rule asks (ASK)."""
    beneath = ctypes.CDLL("libc.so.6", use_errno=True)
    beneath.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    listens = 8 if any(action == ASK for *_, action in rules) else 0  # SECCOMP_FILTER_FLAG_NEW_LISTENER
    result = beneath.syscall(NUMBERS[os.uname().machine]["seccomp"], 1, listens, filter_of(*rules))
    if result < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return result


def do_in_between(rule, function):
    """As soon as this thread makes a system call that the rule is about, another thread calls the
    function, and then the kernel goes on with it."""
    listener, ready, failed = [], threading.Event(), []

    def watch():
        ready.wait()
        request = ctypes.create_string_buffer(80)  # struct seccomp_notif
        if raw("ioctl", listener[0], ctypes.c_ulong(0xc0502100), request):  # SECCOMP_IOCTL_NOTIF_RECV
            failed.append(ctypes.get_errno())
        function()
        answer = request.raw[:8] + struct.pack("qiI", 0, 0, 1)  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
        raw("ioctl", listener[0], ctypes.c_ulong(0xc0182101), answer)  # SECCOMP_IOCTL_NOTIF_SEND
        os.close(listener[0])  # what else would ask gets ENOSYS

    threading.Thread(target=watch, daemon=True).start()
    listener.append(begin_filter(rule))
    ready.set()


def descriptor(s):
    return s if isinstance(s, int) else s.fileno()


def receive_many(s, n):
    return raw("recvmmsg", descriptor(s), many_messages(n, 64), n, 0, None)


def send_many(s, n, size=10, address=None):
    return raw("sendmmsg", descriptor(s), many_messages(n, size, address), n, 0)
