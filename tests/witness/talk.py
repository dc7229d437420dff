"""What a family does with: two ends, the network between them, and chance."""
import select
import socket
import threading
import time

from ends import End
from network import address

FIRST_PORT = 2000  # of the client of connection 0
QUIET = 0.012      # seconds in which nothing moved
LONG = 60


def readable(s):
    poll = select.poll()
    poll.register(s, select.POLLIN)
    return bool(poll.poll(0))


class Waiter(threading.Thread):
    def __init__(self, function):
        super().__init__(daemon=True)
        self.function, self.looks = function, 0

    def run(self):
        self.function()

    def waits(self):
        """Whether it sleeps in the kernel, at three looks in a row."""
        try:
            with open(f"/proc/self/task/{self.native_id}/stat") as file:
                sleeps = file.read().rpartition(")")[2].split()[0] == "S"
        except (FileNotFoundError, ProcessLookupError):
            return False
        self.looks = self.looks + 1 if sleeps else 0
        return self.looks > 2


class Talk:
    def __init__(self, world, rnd, number):
        self.world, self.rnd, self.number = world, rnd, number
        self.client = address("a", number), FIRST_PORT + number
        self.server = address("b", number), rnd.randrange(2000, 59000)
        self.ends = []
        self.rules = []

    def note(self, act, **more):
        self.world.journal.add(k=self.number, act=act, t0=time.clock_gettime_ns(0), **more)

    # ---- Sockets ----

    def socket(self, side, domain=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        self.world.enter(side)
        s = socket.socket(domain, kind, protocol)
        s.setblocking(False)
        return s

    def end(self, side, s, kind="tcp"):
        end = End(self.world, self.number, side, s, kind)
        self.ends.append(end)
        return end

    def listener(self, protocol=0, rcvbuf=0, backlog=5, options=()):
        s = self.socket("b", protocol=protocol)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if rcvbuf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        for option in options:
            s.setsockopt(*option)
        s.bind(self.server)
        s.listen(backlog)
        self.world.kept.append(s)
        return s

    def caller(self, protocol=0, rcvbuf=0, bind=True):
        s = self.socket("a", protocol=protocol)
        if rcvbuf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(self.client if bind else (self.client[0], 0))
        self.client = s.getsockname()
        end = self.end("a", s, "mptcp" if protocol == socket.IPPROTO_MPTCP else "tcp")
        self.note("addresses", a=self.client, b=self.server)
        return end

    def accept(self, listener, kind="tcp"):
        s = listener.accept()[0]
        s.setblocking(False)
        return self.end("b", s, kind)

    def pair(self, protocol=0, rcvbuf=(0, 0)):
        """A connection that stands: the client's end and the server's."""
        listener = self.listener(protocol, rcvbuf[1])
        client = self.caller(protocol, rcvbuf[0])
        client.connect(self.server)
        yield from self.wait(lambda: readable(listener))
        server = self.accept(listener, client.kind)
        listener.close()
        return client, server

    def close_all(self):
        for end in self.ends:
            end.close()
        for side, which in list(self.rules):
            self.hands(side, f"nft delete element ip w {which} {{ {self.client[1]} }}")

    # ---- Waiting ----

    def wait(self, condition, seconds=LONG, must=True):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                if must:
                    raise TimeoutError(f"connection {self.number} waited in vain")
                return False
            yield
        return True

    def pause(self, seconds):
        return (yield from self.wait(lambda: False, seconds, must=False))

    def quiet(self, seconds=0.4):
        """Until nothing has moved for a while, or that long at most."""
        last, since, end = None, time.monotonic(), time.monotonic() + seconds
        while time.monotonic() < end:
            seen = [one.info() for one in self.ends]
            if seen != last:
                last, since = seen, time.monotonic()
            elif time.monotonic() - since > QUIET:
                return
            yield

    def begin(self, function):
        thread = Waiter(function)
        thread.start()
        return thread

    def in_thread(self, function):
        """What may block, in a thread of its own; its value."""
        result = []
        thread = threading.Thread(target=lambda: result.append(function()))
        thread.start()
        yield from self.wait(lambda: not thread.is_alive())
        return result[0]

    # ---- The network ----

    def hands(self, side, line):
        self.note("command", side=side, line=line)
        return self.world.hands.command(side, line)

    def command(self, side, line, must=True):
        number = self.hands(side, line)
        done = self.world.hands.done
        yield from self.wait(lambda: number in done)
        status, said = done.pop(number)
        if status and must:
            raise RuntimeError(f"{line}: {said}")
        self.note("commanded", side=side, line=line)
        return status == 0

    def rule(self, side, which, verdict):
        """Packets of this connection, going out of that side or coming in."""
        if (side, which) in self.rules:
            return
        self.rules.append((side, which))
        self.note("rule", side=side, which=which, verdict=verdict)
        yield from self.command(side, f"nft add element ip w {which} {{ {self.client[1]} : {verdict} }}")
        self.note("ruled", side=side, which=which, verdict=verdict)

    def unrule(self, side, which):
        self.rules.remove((side, which))
        self.note("unrule", side=side, which=which)
        yield from self.command(side, f"nft delete element ip w {which} {{ {self.client[1]} }}")
        self.note("unruled", side=side, which=which)

    def kill(self, end):
        """ss -K: the kernel of that side ends it."""
        mine, other = (self.client, self.server) if end.name == "a" else (self.server, self.client)
        self.note("kill", e=end.name)
        yield from self.command(end.name, f"ss -KHtn src {mine[0]}:{mine[1]} dst {other[0]}:{other[1]}")
        self.note("killed", e=end.name)

    def route(self, side, kind, verb="add"):
        """blackhole, unreachable or prohibit, to the other's address."""
        to = self.server[0] if side == "a" else self.client[0]
        self.note("route", side=side, kind=kind, verb=verb)
        yield from self.command(side, f"ip route {verb} {kind} {to}/32", must=False)
        self.note("routed", side=side, kind=kind, verb=verb)

    # ---- Chance ----

    def size(self):
        rnd = self.rnd
        return rnd.choice([1, rnd.randrange(2, 1000), rnd.randrange(1000, 30000),
                           rnd.randrange(30000, 150000)])

    def chance(self, probability):
        return self.rnd.random() < probability

    def pick(self, weights):
        return self.rnd.choices(list(weights), list(weights.values()))[0]
