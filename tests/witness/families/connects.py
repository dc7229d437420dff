"""Connections that are not made, or hardly: nobody listens, rules, routes, a full accept
queue, time-outs, fast open; and what the program is told after that."""
import socket

import walk
from ends import End
from talk import readable

WEIGHT = 5
KINDS = ["goto say_reset", "goto say_port", "goto say_host", "goto say_net", "goto say_admin",
         "goto say_proto"]


def play(talk):
    yield from talk.pick({nobody: 2, dropped: 2, rejected: 3, routed: 2, crowded: 1, dissolved: 1,
                          in_time: 1, twice: 1, fast: 2, taken: 1})(talk)


def after(talk, end):
    """What can be called on a socket whose connect has failed."""
    for _ in range(talk.rnd.randrange(1, 5)):
        talk.pick({walk.so_error: 2, walk.recv: 2, walk.send: 2, walk.shut_write: 1,
                   walk.shut_both: 1})(talk, end)


def outcome(talk, end, seconds=8):
    yield from talk.wait(lambda: end.ready(4), seconds)  # POLLOUT, or an error
    after(talk, end)


def nobody(talk):
    end = talk.caller(bind=talk.chance(0.5))
    end.connect(talk.server)
    yield from outcome(talk, end)
    if talk.chance(0.3):
        end.connect(talk.server)
        yield from outcome(talk, end)


def impatient(talk, end):
    end.option(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, talk.rnd.randrange(200, 600),
               "user-timeout")


def dropped(talk):
    listener = talk.listener()
    yield from talk.rule(talk.rnd.choice("ab"), talk.rnd.choice(["in", "out"]), "drop")
    end = talk.caller()
    impatient(talk, end)
    end.connect(talk.server)
    if talk.chance(0.3):
        end.recv(10)
        end.send(10)
    if talk.chance(0.3):
        end.connect(talk.server)
    yield from outcome(talk, end)
    listener.close()


def rejected(talk):
    listener = talk.listener()
    yield from talk.rule(talk.rnd.choice("ab"), talk.rnd.choice(["in", "out"]), talk.rnd.choice(KINDS))
    end = talk.caller()
    impatient(talk, end)
    end.connect(talk.server)
    yield from outcome(talk, end)
    listener.close()


def routed(talk):
    listener = talk.listener()
    yield from talk.route(talk.rnd.choice("aab"), talk.rnd.choice(["blackhole", "unreachable", "prohibit", "throw"]))
    end = talk.caller()
    impatient(talk, end)
    end.connect(talk.server)
    yield from outcome(talk, end)
    listener.close()


def crowded(talk):
    """More than the accept queue holds; by tcp_abort_on_overflow the rest is reset."""
    listener = talk.listener(backlog=0)
    crowd = [End(talk.world, talk.number, "x", talk.socket("a")) for _ in range(2)]
    for one in crowd:
        one.sock.bind((talk.client[0], 0))
        one.connect(talk.server)
    end = talk.caller()
    impatient(talk, end)
    end.connect(talk.server)
    yield from outcome(talk, end)
    yield from talk.quiet()
    if not end.closed:
        after(talk, end)
    for one in crowd:
        one.close()
    listener.close()


def dissolved(talk):
    """The program itself gives up while the connect is under way."""
    listener = talk.listener()
    yield from talk.rule("b", "in", "drop")
    end = talk.caller()
    end.connect(talk.server)
    talk.rnd.choice([end.disconnect, lambda: end.shutdown(2), lambda: end.shutdown(1)])()
    after(talk, end)
    listener.close()


def in_time(talk):
    """SO_SNDTIMEO ends the wait, not the connect."""
    listener = talk.listener()
    yield from talk.rule("b", "in", "drop")
    end = talk.caller()
    end.timeout("send", talk.rnd.randrange(50, 200))
    yield from talk.in_thread(lambda: end.connect(talk.server))
    listener.close()


def twice(talk):
    client, _ = yield from talk.pair()
    client.connect(talk.server)
    client.connect(talk.server)


def fast(talk):
    """Data in the SYN."""
    options = [(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)] if talk.chance(0.7) else []
    listens = talk.chance(0.8)
    listener = talk.listener(options=options)
    if not listens:
        listener.close()
    if talk.chance(0.3):
        yield from talk.rule("b", "in", talk.rnd.choice(KINDS + ["drop"]))
    end = talk.caller()
    impatient(talk, end)
    end.fast_open(talk.rnd.choice([1, 500, 1400, 5000]), talk.server)
    yield from talk.wait(lambda: end.ready(4), 8)
    if listens and talk.chance(0.7):
        came = yield from talk.wait(lambda: readable(listener), 0.3, must=False)
        if came:
            talk.accept(listener)
    yield from walk.walk(talk, {walk.send: 2, walk.recv_all: 2, walk.shut_write: 1, walk.close: 1,
                                walk.reset: 1}, talk.rnd.randrange(5))
    yield from walk.late(talk)
    listener.close()


def taken(talk):
    """Addresses that cannot be had."""
    listener = talk.listener()
    end = talk.end("b", talk.socket("b"))
    talk.note("addresses", a=talk.client, b=talk.server)
    talk.rnd.choice([lambda: end.bind(talk.server), lambda: end.bind(("10.99.0.1", 5000)),
                     lambda: (end.bind((talk.server[0], 0)), end.bind((talk.server[0], 0)))])()
    end.recv(10)
    end.send(10)
    end.accept_nobody()
    listener.close()
    yield
