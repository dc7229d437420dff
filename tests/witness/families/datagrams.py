"""UDP: one socket and several peers, of which some receive, some are not there, and some are
forbidden; connected, connected anew, or not."""
import socket

import walk
from ends import End

WEIGHT = 3


def play(talk):
    rnd = talk.rnd
    s = talk.socket("a", kind=socket.SOCK_DGRAM)
    s.bind(talk.client)
    end = talk.end("a", s, "udp")
    talk.note("socket", a=talk.client)
    if talk.chance(0.3):
        end.option(socket.IPPROTO_IP, 11, 1, "recverr")  # IP_RECVERR
    peers = [(talk.server[0], rnd.randrange(2000, 59000)) for _ in range(3)]
    answering = []
    for peer in peers[:rnd.randrange(3)]:
        other = talk.socket("b", kind=socket.SOCK_DGRAM)
        other.bind(peer)
        answering.append(End(talk.world, talk.number, "x", other, "udp"))
    if talk.chance(0.3):
        yield from talk.rule(rnd.choice("ab"), rnd.choice(["in", "out"]),
                             rnd.choice(["drop", "goto say_port", "goto say_host", "goto say_net",
                                         "goto say_admin", "goto say_proto"]))
    if talk.chance(0.05):
        yield from talk.route("a", rnd.choice(["blackhole", "unreachable", "prohibit", "throw"]))
    for _ in range(rnd.randrange(3, 14)):
        do = talk.pick({send: 6, send_many: 1, recv_many: 1.5, connect: 3, recv: 4, answer: 3, disconnect: 1, shut: 0.4, error: 1, queue: 0.7,
                        big: 0.7})
        do(talk, end, peers, answering)
        if talk.chance(0.6):
            yield from talk.pause(0.006)
    for other in answering:
        other.close()


def send(talk, end, peers, answering):
    n = talk.rnd.choice([0, 1, 100, 1000])
    if talk.chance(0.5):
        end.send(n, how=talk.pick(walk.SENDING | {"sendto": 0, "writev": 0}))
    else:
        end.send_to(n, talk.rnd.choice(peers))


def send_many(talk, end, peers, answering):
    sizes = [talk.rnd.choice([0, 1, 100, 65508]) for _ in range(talk.rnd.randrange(4))]
    end.send_many(sizes, talk.rnd.choice(peers) if talk.chance(0.5) else None)


def recv_many(talk, end, peers, answering):
    end.recv_many(talk.rnd.randrange(1, 4))


def big(talk, end, peers, answering):
    end.send_to(talk.rnd.choice([65507, 65508, 70000]), talk.rnd.choice(peers))


def connect(talk, end, peers, answering):
    end.connect(talk.rnd.choice(peers))


def disconnect(talk, end, peers, answering):
    end.disconnect()


def recv(talk, end, peers, answering):
    end.recv(2000, how=talk.pick(walk.RECEIVING))


def answer(talk, end, peers, answering):
    """One of the peers sends something to the socket."""
    for other in answering:
        other.send_to(talk.rnd.choice([0, 1, 500]), talk.client)


def shut(talk, end, peers, answering):
    end.shutdown(talk.rnd.randrange(3))


def error(talk, end, peers, answering):
    end.so_error()


def queue(talk, end, peers, answering):
    end.recv(100, socket.MSG_ERRQUEUE, "recvmsg")
