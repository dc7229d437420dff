"""MPTCP: as many ways to end, of which its kernel tells less."""
import socket

import walk

WEIGHT = 0.2
ACTIONS = {walk.send: 10, walk.recv: 6, walk.recv_all: 6, walk.shut_write: 2, walk.close: 1.5,
           walk.reset: 1, walk.so_error: 0.7, walk.send_much: 0.5, walk.rule: 0.5}


def play(talk):
    yield from talk.pair(protocol=socket.IPPROTO_MPTCP)
    yield from walk.walk(talk, ACTIONS, talk.rnd.randrange(2, 10))
    yield from walk.late(talk)
