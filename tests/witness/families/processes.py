"""An end that is handed over to another process, which exits, is killed or closes it, with
this one's copy still open or not; and descriptors that are duplicated."""
import os
import subprocess
import sys

import walk

WEIGHT = 1
CHILD = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "child.py")


def play(talk):
    yield from talk.pair()
    yield from walk.walk(talk, {walk.send: 4, walk.recv: 1}, talk.rnd.randrange(5))
    end = talk.rnd.choice(talk.ends)
    yield from talk.pick({handed: 2, duplicated: 1})(talk, end)
    yield from walk.late(talk)


def handed(talk, end):
    arguments = [str(end.fd()), str(talk.number), end.name, talk.world.journal.path,
                 str(talk.rnd.random()), talk.rnd.choice(["exit", "kill", "close"])]
    child = subprocess.Popen([sys.executable, CHILD, *arguments], pass_fds=[end.fd()])
    if talk.chance(0.6):
        end.close(shared=True)
    yield from talk.wait(lambda: child.poll() is not None)


def duplicated(talk, end):
    copy = os.dup(end.fd())
    talk.rnd.choice([end.close, lambda: end.shutdown(1), lambda: end.recv(1)])()
    yield from talk.quiet()
    end.close_copy(copy)
    yield from talk.quiet()
