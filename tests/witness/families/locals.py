"""Unix sockets, of all three types: made as a pair, or by a path with a listener."""
import os
import socket

import walk

WEIGHT = 3
TYPES = {socket.SOCK_STREAM: "unix-stream", socket.SOCK_SEQPACKET: "unix-seqpacket",
         socket.SOCK_DGRAM: "unix-dgram"}
ACTIONS = {walk.send: 10, walk.recv: 6, walk.recv_all: 4, walk.shut_write: 1.5, walk.shut_read: 1,
           walk.shut_both: 1, walk.close: 2, walk.nothing: 0.5, walk.send_much: 0.7, walk.splice_in: 0.7,
           walk.splice_out: 0.7, walk.sendfile: 0.7, walk.so_error: 0.3}


def play(talk):
    kind = talk.rnd.choices(list(TYPES), [4, 2, 2])[0]
    begin = talk.pick({pair: 3, by_path: 3, nobody: 1.5, unconnected: 0.5})
    yield from begin(talk, kind)
    yield from walk.walk(talk, ACTIONS, talk.rnd.randrange(2, 14), calm=0)
    if talk.chance(0.5) and talk.ends:
        talk.rnd.choice(talk.ends).close()
    for end in talk.ends:
        for _ in range(talk.rnd.randrange(4)):
            if not end.closed:
                talk.pick({walk.recv: 2, walk.send: 2})(talk, end)


def pair(talk, kind):
    for name, s in zip("ab", socket.socketpair(socket.AF_UNIX, kind)):
        s.setblocking(False)
        talk.end(name, s, TYPES[kind])
    yield


def path(talk):
    return os.path.join(os.environ["WITNESS_FOLDER"], str(talk.number))


def by_path(talk, kind):
    listener = talk.socket("b", socket.AF_UNIX, kind)
    listener.bind(path(talk))
    client = talk.end("a", talk.socket("a", socket.AF_UNIX, kind), TYPES[kind])
    if kind == socket.SOCK_DGRAM:
        client.connect_path(path(talk))
        talk.end("b", listener, TYPES[kind])
        return
    listener.listen(talk.rnd.randrange(3))
    client.connect_path(path(talk))
    for _ in range(talk.rnd.randrange(4)):  # until the queue is full
        other = talk.end("x", talk.socket("a", socket.AF_UNIX, kind), TYPES[kind])
        other.connect_path(path(talk))
        talk.ends.remove(other)
    if talk.chance(0.8):
        talk.accept(listener, TYPES[kind])
    else:
        client.send(10)
        server = talk.end("b", listener, TYPES[kind])
        server.close(unaccepted=True)
        return
    talk.world.kept.append(listener)
    yield


def nobody(talk, kind):
    """No such path, one that is left over, and one that is taken."""
    client = talk.end("a", talk.socket("a", socket.AF_UNIX, kind), TYPES[kind])
    talk.note("unconnected")
    if talk.chance(0.6):
        left = talk.socket("b", socket.AF_UNIX, kind)
        left.bind(path(talk))
        left.close()
    client.connect_path(path(talk))
    client.bind_path(path(talk))
    yield


def unconnected(talk, kind):
    talk.end("a", talk.socket("a", socket.AF_UNIX, kind), TYPES[kind])
    talk.note("unconnected")
    yield
