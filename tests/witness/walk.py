"""A walk: an end and something that it does, drawn again and again."""
import socket

from ends import MSG_ZEROCOPY, SO_TIMESTAMPING, SO_ZEROCOPY

SENDING = {"send": 6, "sendmsg": 2, "write": 2, "writev": 1, "sendto": 1}
RECEIVING = {"recv": 6, "recvmsg": 2, "read": 2, "recvfrom": 1, "readv": 1}


def send(talk, end):
    end.send(talk.size(), how=talk.pick(SENDING))


def send_much(talk, end):
    """Until the buffer is full."""
    for _ in range(200):
        if end.send(60000) < 0:
            return


def recv(talk, end):
    end.recv(talk.size(), how=talk.pick(RECEIVING))


def recv_all(talk, end):
    for _ in range(500):
        value = end.recv(65536)
        if isinstance(value, int) or not value:
            return


def shut_write(talk, end):
    end.shutdown(socket.SHUT_WR)


def shut_read(talk, end):
    end.shutdown(socket.SHUT_RD)


def shut_both(talk, end):
    end.shutdown(socket.SHUT_RDWR)


def close(talk, end):
    end.close()


def reset(talk, end):
    end.linger()
    end.close()


def so_error(talk, end):
    end.so_error()


def sendfile(talk, end):
    n = talk.size()
    end.sendfile(n, n if talk.chance(0.2) else 0)


def splice_in(talk, end):
    end.splice_in(0 if talk.chance(0.1) else talk.size())


def splice_out(talk, end):
    end.splice_out(talk.size(), deaf=talk.chance(0.15))


def urgent(talk, end):
    end.send(1, socket.MSG_OOB)


def recv_urgent(talk, end):
    end.recv(1, socket.MSG_OOB)


def peek(talk, end):
    end.recv(100, socket.MSG_PEEK)


def nothing(talk, end):
    if talk.chance(0.5):
        end.send(0)
    else:
        end.recv(0, how=talk.rnd.choice(["recvmsg", "recvfrom"]))


def zerocopy(talk, end):
    end.option(socket.SOL_SOCKET, SO_ZEROCOPY, 1, "zerocopy")
    end.send(talk.rnd.randrange(1, 40000), MSG_ZEROCOPY)


def timestamps(talk, end):
    # TX_SOFTWARE, SOFTWARE, OPT_ID, OPT_TSONLY
    end.option(socket.SOL_SOCKET, SO_TIMESTAMPING, 2 | 16 | 128 | 2048, "timestamping")


def error_queue(talk, end):
    end.recv(100, socket.MSG_ERRQUEUE, "recvmsg")


def disconnect(talk, end):
    end.disconnect()


def kill(talk, end):
    yield from talk.kill(end)


def rule(talk, end):
    """A firewall begins to object, for a while or for good."""
    side, which = talk.rnd.choice("ab"), talk.rnd.choice(["in", "out"])
    kinds = ["drop", "goto say_reset", "goto say_reset", "goto say_port", "goto say_host", "goto say_net", "goto say_admin",
             "goto say_proto"]
    yield from talk.rule(side, which, talk.rnd.choice(kinds))


def unrule(talk, end):
    if talk.rules:
        yield from talk.unrule(*talk.rnd.choice(talk.rules))


def route(talk, end):
    kind = talk.rnd.choice(["blackhole", "unreachable", "prohibit", "throw"])
    yield from talk.route(end.name, kind)


def user_timeout(talk, end):
    end.option(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, talk.rnd.randrange(150, 500),
               "user-timeout")


def keepalive(talk, end):
    end.option(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1, "keepalive")
    end.option(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1, "keepidle")
    end.option(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1, "keepintvl")
    end.option(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 1, "keepcnt")


def walk(talk, weights, steps, calm=0.6):
    """steps actions of random ends, each followed by a silence or not."""
    for _ in range(steps):
        open_ends = [end for end in talk.ends if not end.closed]
        if not open_ends:
            return
        end = talk.rnd.choice(open_ends)
        going = talk.pick(weights)(talk, end)
        if going is not None:
            yield from going
        if talk.chance(calm):
            yield from talk.quiet()


def late(talk):
    """Both ends again, after all that: what they are told now, and then."""
    yield from talk.quiet()
    for end in talk.rnd.sample(talk.ends, len(talk.ends)):
        for _ in range(talk.rnd.randrange(4)):
            if end.closed:
                break
            talk.pick({recv: 3, recv_all: 3, send: 3, so_error: 1})(talk, end)
            if talk.chance(0.5):
                yield from talk.quiet()
    if talk.chance(0.5) and talk.ends:
        talk.rnd.choice(talk.ends).close()
        yield from talk.quiet()
        for end in talk.ends:
            if not end.closed:
                end.recv(65536)
                end.send(10)
                yield from talk.quiet()
                end.recv(65536)
