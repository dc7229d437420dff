"""What others do to a connection: firewall rules of either host, routes that lead nowhere,
ss -K; and what the kernel does then: user timeouts and keepalive."""
import walk

WEIGHT = 6
ACTIONS = {walk.send: 8, walk.recv: 3, walk.recv_all: 4, walk.shut_write: 1, walk.shut_both: 0.5,
           walk.close: 0.7, walk.reset: 0.7, walk.kill: 1.5, walk.rule: 3, walk.unrule: 1,
           walk.route: 1, walk.user_timeout: 2, walk.keepalive: 1, walk.send_much: 1,
           walk.so_error: 0.5}


def play(talk):
    small = talk.rnd.choice([(0, 0), (0, 0), (4096, 0), (0, 4096)])
    yield from talk.pair(rcvbuf=small)
    yield from walk.walk(talk, ACTIONS, talk.rnd.randrange(3, 14))
    if talk.chance(0.4):  # until the kernel has lost patience
        for end in talk.ends:
            if not end.closed:
                walk.user_timeout(talk, end)
        seconds = 3
        yield from talk.wait(lambda: any(not end.closed and end.ready(1) & 24 for end in talk.ends),
                             seconds, must=False)
    yield from walk.late(talk)
