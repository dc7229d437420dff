"""Blocking calls: time-outs of the program's own, signals, a thread that shuts down, dissolves
or closes while another one waits."""
import signal

import walk

WEIGHT = 2


def play(talk):
    pair = yield from talk.pair(rcvbuf=talk.rnd.choice([(0, 0), (4096, 4096)]))
    end = talk.rnd.choice(pair)
    yield from walk.walk(talk, {walk.send: 3, walk.recv_all: 3, walk.urgent: 0.5, walk.shut_write: 0.5},
                         talk.rnd.randrange(5))
    yield from talk.pick({in_time: 3, sending_in_time: 2, interrupted: 2, joined: 3})(talk, end)
    if not end.closed:
        end.sock.setblocking(False)
        end.timeouts = {}
    yield from walk.late(talk)


def in_time(talk, end):
    end.timeout("receive", talk.rnd.randrange(30, 150))
    yield from talk.in_thread(lambda: end.recv(65536))
    yield from talk.in_thread(lambda: end.recv(65536, how=talk.pick(walk.RECEIVING)))


def sending_in_time(talk, end):
    end.timeout("send", talk.rnd.randrange(30, 150))
    for _ in range(60):
        value = yield from talk.in_thread(lambda: end.send(60000))
        if value < 60000:
            return


def interrupted(talk, end):
    """A handler runs while recv waits."""
    signal.signal(signal.SIGUSR1, lambda *_: None)
    end.timeout("receive", 3000)
    thread = talk.begin(lambda: end.recv_raw(65536))
    yield from talk.wait(lambda: not thread.is_alive() or thread.waits())
    if thread.is_alive():
        signal.pthread_kill(thread.ident, signal.SIGUSR1)
    yield from talk.wait(lambda: not thread.is_alive())


def joined(talk, end):
    """Another thread of the program ends the wait."""
    end.sock.setblocking(True)
    thread = talk.begin(lambda: end.recv_raw(65536))
    yield from talk.wait(lambda: not thread.is_alive() or thread.waits())
    other = next(one for one in talk.ends if one is not end)
    if thread.is_alive():
        talk.rnd.choice([lambda: end.shutdown(0), lambda: end.shutdown(2), end.disconnect,
                         other.close, lambda: other.shutdown(1), lambda: walk.reset(talk, other)])()
    yield from talk.wait(lambda: not thread.is_alive(), 1, must=False)
    if thread.is_alive():
        other.close()
        end.shutdown(2)
    yield from talk.wait(lambda: not thread.is_alive())
