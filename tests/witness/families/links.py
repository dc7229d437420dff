"""A cable of its own, which is pulled out and put in again, at either end, and an MTU that
changes."""
import os

import walk

WEIGHT = 1


def play(talk):
    n, there = talk.number, os.environ["WITNESS_B"]
    yield from talk.command("a", f"ip link add x{n} type veth peer name y{n} netns {there}")
    yield from talk.command("b", f"ip link set y{n} up && ip route add {talk.client[0]}/32 dev y{n}")
    yield from talk.command("a", f"ip link set x{n} up && ip route add {talk.server[0]}/32 dev x{n}")
    yield from talk.pair(rcvbuf=talk.rnd.choice([(0, 0), (4096, 4096)]))
    actions = {walk.send: 8, walk.recv: 2, walk.recv_all: 4, walk.shut_write: 1, walk.close: 0.7,
               walk.reset: 0.7, walk.user_timeout: 2, pull: 2, put: 1, mtu: 1, walk.so_error: 0.5}
    yield from walk.walk(talk, actions, talk.rnd.randrange(4, 12))
    yield from walk.late(talk)
    talk.close_all()
    yield from talk.command("a", f"ip link delete x{n}", must=False)


def pull(talk, end):
    name = "xy"[end.name == "b"]
    talk.note("link", side="a")  # either end is without a carrier
    talk.note("link", side="b")
    yield from talk.command(end.name, f"ip link set {name}{talk.number} down", must=False)


def put(talk, end):
    for side, name, to in ("a", "x", talk.server[0]), ("b", "y", talk.client[0]):
        yield from talk.command(side, f"ip link set {name}{talk.number} up && "
                                f"ip route replace {to}/32 dev {name}{talk.number}", must=False)


def mtu(talk, end):
    name = "xy"[end.name == "b"]
    talk.note("link", side="a")  # a cable hands nothing on that is too big for its other end
    talk.note("link", side="b")
    yield from talk.command(end.name, f"ip link set {name}{talk.number} mtu "
                            f"{talk.rnd.choice([576, 1000, 1500])}", must=False)
