#!/usr/bin/python3
"""A program that fails by itself, and notes in the journal what it did: `made`.

alone_program.py NUMBER JOURNAL WHAT SEED
"""
import array
import ctypes
import os
import random
import resource
import socket
import struct
import sys
import tempfile
import threading
import time

import network
from driver import Journal
from ends import libc, now

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dns_server import answer_to  # noqa: E402

NEVER_OPEN = 700  # and above
CLONE_NEWNS = 0x20000
CLONE_NEWUTS = 0x4000000


class Alone:
    def __init__(self, number, path, rnd):
        self.number, self.journal, self.rnd = number, Journal(path), rnd

    def do(self, call, fd, made, function, **more):
        """function gives what the C library's function does, with its errno."""
        begin = now()
        ret = function()
        error = ctypes.get_errno() if ret == -1 else 0
        self.journal.add(k=self.number, e="o", kind="own", call=call, fd=fd, ret=ret, errno=error, t0=begin, t1=now(),
                         tid=threading.get_native_id(), made=made, **more)

    def python(self, call, fd, made, function, **more):
        """function raises OSError."""
        def as_c():
            try:
                return function() or 0
            except OSError as error:
                ctypes.set_errno(error.errno)
                return -1
        self.do(call, fd, made, as_c, **more)


def descriptors(alone):
    n = NEVER_OPEN + alone.rnd.randrange(100)
    room, s = ctypes.create_string_buffer(64), socket.socket()
    one, _other = socket.socketpair()
    file, path = os.open("/dev/null", os.O_RDWR), os.open("/", os.O_PATH)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [n]))]
    ways = [lambda: alone.do("recv", n, "closed", lambda: libc.recv(n, room, 64, 0), len=64),
            lambda: alone.do("send", n, "closed", lambda: libc.send(n, room, 64, 0), len=64),
            lambda: alone.do("shutdown", n, "closed", lambda: libc.shutdown(n, 1)),
            lambda: alone.do("listen", file, "file", lambda: libc.listen(file, 1)),
            lambda: alone.do("recv", file, "file", lambda: libc.recv(file, room, 64, 0), len=64),
            lambda: alone.do("recv", path, "path", lambda: libc.recv(path, room, 64, 0), len=64),
            lambda: alone.do("sendfile", s.fileno(), "input", lambda: libc.sendfile(s.fileno(), n, None, 9), len=9),
            lambda: alone.python("sendmsg", one.fileno(), "passed", lambda: one.sendmsg([b"x"], rights), len=1)]
    for way in alone.rnd.sample(ways, alone.rnd.randrange(1, len(ways))):
        way()


def limit(alone):
    most = alone.rnd.randrange(20, 60)
    listener, client = socket.socket(), socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    client.connect(listener.getsockname())
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    kept = []
    try:
        while True:
            kept.append(os.dup(0))
    except OSError:
        pass
    pair = (ctypes.c_int * 2)()
    ways = [lambda: alone.do("socket", -1, "limit", lambda: libc.socket(2, 1, 0), limit=most),
            lambda: alone.do("socketpair", -1, "limit", lambda: libc.socketpair(1, 1, 0, pair), limit=most),
            lambda: alone.do("accept", listener.fileno(), "limit", lambda: libc.accept(listener.fileno(), None, None),
                             limit=most)]
    for way in alone.rnd.sample(ways, alone.rnd.randrange(1, 4)):
        way()


def memory(alone):
    network.enter_new()
    network.sh("ip link set lo up")
    alone.rnd.choice([overrun, too_much_control, filter_too_big])(alone)


def overrun(alone):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    s.bind((0, 1))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    network.sh("for mtu in 2000 2001 2002 2003 2004 2005; do ip link set lo mtu $mtu; done")
    room = ctypes.create_string_buffer(64)
    alone.do("recv", s.fileno(), "overrun", lambda: libc.recv(s.fileno(), room, 64, 0), len=64)


def too_much_control(alone):
    s, _other = socket.socketpair(socket.AF_UNIX, alone.rnd.choice([socket.SOCK_STREAM, socket.SOCK_DGRAM]))
    control = [(socket.SOL_SOCKET, 12345, bytes(1000))] * 1000
    alone.python("sendmsg", s.fileno(), "control", lambda: s.sendmsg([b"x"], control), len=1)


def filter_too_big(alone):
    network.set_knob("core.optmem_max", "1000")
    s = socket.socket()
    place = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffffffff) * 4096)
    program = struct.pack("@HP", 4096, ctypes.addressof(place))
    alone.python("setsockopt", s.fileno(), "filter", lambda: s.setsockopt(socket.SOL_SOCKET, 26, program))


def rights(alone):
    """Somebody else's credentials, without the right to claim them."""
    if libc.capset(struct.pack("Ii", 0x20080522, 0), bytes(24)):
        raise OSError(ctypes.get_errno(), "capset")
    kind = alone.rnd.choice([socket.SOCK_STREAM, socket.SOCK_DGRAM])
    s, other = socket.socketpair(socket.AF_UNIX, kind)
    other.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    claimed = [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", 1, os.getuid(), os.getgid()))]
    alone.python("sendmsg", s.fileno(), "credentials", lambda: s.sendmsg([b"x"], claimed), len=1)
    raw = (socket.AF_INET, socket.SOCK_RAW, 1)
    alone.do("socket", -1, "raw", lambda: libc.socket(*raw))


def names(alone):
    kept = socket.socket()  # the log is opened with it, before the mount namespace is left
    network.enter_new()
    network.sh("ip link set lo up")
    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    answer, delay = alone.rnd.choice([("nodata", 0), ("nxdomain", 0), ("servfail", 0), ("refused", 0), ("silent", 0),
                                      ("127.0.0.7", 1.1), ("nobody", 0)])
    with tempfile.NamedTemporaryFile("w") as servers:
        servers.write(f"nameserver 127.0.0.1\noptions attempts:1 timeout:{1 if answer == 'silent' else 9}\n")
        servers.flush()
        network.sh(f"mount --make-rprivate / && mount --bind {servers.name} $(readlink -f /etc/resolv.conf)")
    if answer != "nobody":
        serve(answer, delay)
    name = f"{answer.replace('.', '-')}.test"
    own = alone.rnd.random() < .3
    if libc.unshare(CLONE_NEWUTS):
        raise OSError(ctypes.get_errno(), "unshare")
    socket.sethostname(name if own else "other.test")

    def resolve():
        try:
            socket.getaddrinfo(name, 80, socket.AF_INET)
            return 0
        except socket.gaierror as error:
            return error.errno
    alone.do("getaddrinfo", -1, answer, resolve, name=name, delay=delay, own=own)
    kept.close()


def serve(answer, delay):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def live():
        while True:
            question, whom = server.recvfrom(512)
            time.sleep(delay)
            if answer != "silent":
                server.sendto(answer_to(question, answer), whom)
    threading.Thread(target=live, daemon=True).start()


def main(number, path, what, seed):
    globals()[what](Alone(int(number), path, random.Random(seed)))
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
