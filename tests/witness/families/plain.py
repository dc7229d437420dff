"""Two programs that talk, and end it in every way that they have themselves."""
import walk

WEIGHT = 10
ACTIONS = {walk.send: 10, walk.recv: 6, walk.recv_all: 6, walk.shut_write: 2, walk.shut_read: 1,
           walk.shut_both: 1, walk.close: 1.5, walk.reset: 1, walk.so_error: 0.7, walk.peek: 1,
           walk.nothing: 0.5, walk.send_much: 1}


def play(talk):
    small = talk.rnd.choice([(0, 0), (0, 0), (4096, 0), (0, 4096)])
    yield from talk.pair(rcvbuf=small)
    yield from walk.walk(talk, ACTIONS, talk.rnd.randrange(2, 12))
    yield from walk.late(talk)
