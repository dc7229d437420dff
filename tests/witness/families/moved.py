"""Data that goes other ways: sendfile, splice, MSG_ZEROCOPY, urgent bytes, time stamps and
their error queue; and a program that dissolves its own connection."""
import walk

WEIGHT = 4
ACTIONS = {walk.send: 4, walk.recv: 3, walk.recv_all: 4, walk.shut_write: 1, walk.shut_both: 0.5,
           walk.close: 1, walk.reset: 1, walk.sendfile: 2, walk.splice_in: 2, walk.splice_out: 2,
           walk.urgent: 1, walk.recv_urgent: 0.7, walk.zerocopy: 2, walk.timestamps: 1,
           walk.error_queue: 1.5, walk.disconnect: 0.5, walk.so_error: 0.5, walk.send_much: 0.5}


def play(talk):
    small = talk.rnd.choice([(0, 0), (0, 0), (4096, 0), (0, 4096)])
    yield from talk.pair(rcvbuf=small)
    yield from walk.walk(talk, ACTIONS, talk.rnd.randrange(2, 12))
    yield from walk.late(talk)
