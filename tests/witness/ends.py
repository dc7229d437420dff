"""One end of a connection: its calls, each of which goes into the journal with what it
returned and when."""
import ctypes
import os
import select
import socket
import struct
import tempfile
import threading
import time

LINGER_NONE = struct.pack("ii", 1, 0)
MSG_ZEROCOPY = 0x4000000
MSG_FASTOPEN = 0x20000000
SO_ZEROCOPY = 60
SO_TIMESTAMPING = 37
TCP_INFO = socket.TCP_INFO
libc = ctypes.CDLL(None, use_errno=True)


def now():
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Header(ctypes.Structure):
    """struct msghdr"""
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("vectors", ctypes.POINTER(Vector)),
                ("count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class Message(ctypes.Structure):
    """struct mmsghdr"""
    _fields_ = [("header", Header), ("len", ctypes.c_uint)]


def many(sizes, to=None):
    """Messages of these sizes."""
    messages = (Message * max(1, len(sizes)))()
    messages.kept = [ctypes.create_string_buffer(max(1, *sizes, 16)) for _ in range(2)]
    for message, size in zip((one.header for one in messages), sizes):
        message.vectors, message.count = ctypes.pointer(Vector(ctypes.addressof(messages.kept[0]), size)), 1
        if to:
            name = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(to[1]), socket.inet_aton(to[0]))
            messages.kept[1].raw = name.ljust(len(messages.kept[1]), b"\0")
            message.name, message.namelen = ctypes.addressof(messages.kept[1]), 16
    return messages


def as_python(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


class End:
    def __init__(self, world, number, name, sock, kind="tcp"):
        self.world, self.number, self.name, self.kind = world, number, name, kind
        self.sock, self.closed = sock, False
        self.timeouts = {}  # microseconds
        world.kept.append(self)

    def fd(self):
        return self.sock.fileno() if self.sock else -1

    def act(self, what, **more):
        self.world.journal.add(k=self.number, e=self.name, act=what, t0=now(), t1=now(), **more)

    def do(self, call, function, fd=None, **more):
        """The call's value, or -errno."""
        fd = self.fd() if fd is None else fd
        begin, number = now(), 0
        try:
            value = function()
        except OSError as error:
            value, number = -error.errno, error.errno
        end = now()
        size = (-1 if number else value if isinstance(value, int) else
                len(value) if isinstance(value, bytes) else 0)
        self.world.journal.add(k=self.number, e=self.name, kind=self.kind, call=call, fd=fd, ret=size,
                               errno=number, t0=begin, t1=end, tid=threading.get_native_id(), **more)
        return value

    # ---- Sending ----

    def send(self, n, flags=0, how="send"):
        data = bytes(n)
        local = self.kind.startswith("unix")
        other = "/no/such/socket" if local else ("10.77.99.99", 9)
        ways = {
            "send": lambda: self.sock.send(data, flags),
            "sendmsg": lambda: self.sock.sendmsg([data], [], flags),
            "write": lambda: os.write(self.fd(), data),
            "writev": lambda: os.writev(self.fd(), [data[:n // 2], data[n // 2:]]),
            "sendto": lambda: self.sock.sendto(data, flags, other),
        }
        more = {"flags": flags} if how not in ("write", "writev") else {}
        if local and how == "sendto":
            more["to"] = other
        if self.timeouts.get("send"):
            more["timeout_us"] = self.timeouts["send"]
        return self.do(how, ways[how], len=n, sends=True, **more)

    def send_to(self, n, to):
        return self.do("sendto", lambda: self.sock.sendto(bytes(n), to), len=n, sends=True, flags=0,
                       to=list(to))

    def send_many(self, sizes, to=None):
        """sendmmsg: a failure after the first message is nobody's, and the rest is not sent."""
        messages = many(sizes, to)
        more = {"to": list(to)} if to and sizes else {}
        return self.do("sendmmsg", lambda: as_python(libc.sendmmsg(self.fd(), messages, len(sizes), 0)),
                       len=len(sizes), sizes=sizes, sends=True, flags=0, **more)

    def recv_many(self, n):
        """recvmmsg: a failure after the first message is told by the next call."""
        messages = many([2000] * n)
        return self.do("recvmmsg", lambda: as_python(libc.recvmmsg(self.fd(), messages, n, 0, None)),
                       len=n, receives=True, flags=0)

    def sendfile(self, n, begin=0):
        with tempfile.TemporaryFile() as file:
            file.truncate(n)
            return self.do("sendfile", lambda: os.sendfile(self.fd(), file.fileno(), begin, n),
                           len=n, sends=True, empty=begin >= n)

    def splice_in(self, n):
        r, w = os.pipe2(os.O_NONBLOCK)
        n = os.write(w, bytes(n))
        os.close(w)
        value = self.do("splice", lambda: os.splice(r, self.fd(), n or 10), len=n or 10, sends=True,
                        empty=n == 0)
        os.close(r)
        return value

    # ---- Receiving ----

    def recv(self, n, flags=0, how="recv"):
        ways = {
            "recv": lambda: self.sock.recv(n, flags),
            "recvmsg": lambda: self.sock.recvmsg(n, 200, flags)[0],
            "recvfrom": lambda: self.sock.recvfrom(n, flags)[0],
            "read": lambda: os.read(self.fd(), n),
            "readv": lambda: os.readv(self.fd(), [bytearray(n)]),
        }
        more = {"flags": flags} if how not in ("read", "readv") else {}
        if self.timeouts.get("receive"):
            more["timeout_us"] = self.timeouts["receive"]
        return self.do(how, ways[how], len=n, receives=True, **more)

    def splice_out(self, n, deaf=False):
        """Into a pipe, or one that nobody reads."""
        r, w = os.pipe2(os.O_NONBLOCK)
        if deaf:
            os.close(r)
            self.do("splice", lambda: os.splice(self.fd(), w, n), len=n, receives=True, deaf=True)
            os.close(w)
            return
        value = self.do("splice", lambda: os.splice(self.fd(), w, n), len=n, receives=True)
        os.close(r)
        os.close(w)
        return value

    def recv_raw(self, n):
        """As a C program does it: EINTR is what the program sees."""
        def function():
            data = ctypes.create_string_buffer(n)
            got = libc.recv(self.fd(), data, n, 0)
            if got < 0:
                raise OSError(ctypes.get_errno(), "recv")
            return got
        return self.do("recv", function, len=n, receives=True, flags=0,
                       timeout_us=self.timeouts.get("receive", 0))

    # ---- The rest ----

    def connect(self, to):
        """By the C library's connect, so that errno is what the program sees."""
        def function():
            result = libc.connect(self.fd(), packed, len(packed))
            if result != 0:
                raise OSError(ctypes.get_errno(), "connect")
            return 0
        packed = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(to[1]), socket.inet_aton(to[0]))
        return self.do("connect", function, to=list(to), timeout_us=self.timeouts.get("send", 0))

    def fast_open(self, n, to):
        return self.do("sendto", lambda: self.sock.sendto(bytes(n), MSG_FASTOPEN, to), len=n,
                       sends=True, flags=MSG_FASTOPEN, to=list(to))

    def connect_path(self, to):
        return self.do("connect", lambda: self.sock.connect(to) or 0, to=to)

    def bind_path(self, to):
        return self.do("bind", lambda: self.sock.bind(to) or 0, to=to)

    def bind(self, to):
        return self.do("bind", lambda: self.sock.bind(to) or 0, to=list(to))

    def accept_nobody(self):
        def function():
            self.sock.accept()
            return 1
        return self.do("accept4", function)

    def disconnect(self):
        def function():
            if libc.connect(self.fd(), bytes(16), 16) != 0:
                raise OSError(ctypes.get_errno(), "connect")
            return 0
        return self.do("connect", function, unspec=True)

    def shutdown(self, how):
        return self.do("shutdown", lambda: self.sock.shutdown(how) or 0, how=how)

    def so_error(self):
        """What the program is told; a value that is no error is not in the log."""
        begin = now()
        value = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self.world.journal.add(k=self.number, e=self.name, kind=self.kind, call="getsockopt", fd=self.fd(), ret=0,
                               errno=value, t0=begin, t1=now(), tid=threading.get_native_id())
        return value

    def option(self, level, name, value, why):
        self.act("option", name=why, value=value if isinstance(value, int) else repr(value))
        try:
            self.sock.setsockopt(level, name, value)
        except OSError:
            pass

    def timeout(self, which, ms):
        """SO_RCVTIMEO or SO_SNDTIMEO of what blocks from now on."""
        name = socket.SO_RCVTIMEO if which == "receive" else socket.SO_SNDTIMEO
        self.sock.setblocking(True)
        self.timeouts[which] = ms * 1000
        self.option(socket.SOL_SOCKET, name, struct.pack("ll", ms // 1000, ms % 1000 * 1000), which)

    def linger(self):
        self.option(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE, "linger")

    def close(self, **more):
        if self.closed:
            return
        self.closed = True
        begin, fd = now(), self.fd()
        unread = self.unread()
        self.sock.close()
        self.world.journal.add(k=self.number, e=self.name, kind=self.kind, call="close", fd=fd, ret=0, errno=0,
                               t0=begin, t1=now(), tid=threading.get_native_id(), unread=unread,
                               **more)

    def close_copy(self, fd):
        """Of a descriptor that dup made."""
        unread = self.unread(fd)
        self.do("close", lambda: os.close(fd) or 0, fd=fd, unread=unread)

    def unread(self, fd=None):
        """Bytes that wait to be read. For the journal alone."""
        import fcntl
        import termios
        try:
            return struct.unpack("i", fcntl.ioctl(self.fd() if fd is None else fd, termios.FIONREAD, b"\0\0\0\0"))[0]
        except OSError:
            return 0

    def info(self):
        """What says that something has moved. For waiting alone, never for a verdict."""
        if self.closed or self.kind not in ("tcp", "mptcp"):
            return None
        data = self.sock.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 256)
        # state, unacked, and bytes_acked, bytes_received and what is not sent
        return data[0], data[24:28], data[120:136], data[144:148]

    def ready(self, events, ms=0):
        poll = select.poll()
        poll.register(self.fd(), events)
        found = poll.poll(ms)
        return found[0][1] if found else 0
