"""What a program fails at all by itself: descriptors, limits, memory, rights and names; in a
process of its own, since it takes something from itself for that."""
import os
import subprocess
import sys

WEIGHT = 2
PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "alone_program.py")
WHAT = {"descriptors": 3, "limit": 2, "memory": 2, "rights": 2, "names": 3}


def play(talk):
    arguments = [str(talk.number), talk.world.journal.path, talk.pick(WHAT), str(talk.rnd.random())]
    child = subprocess.Popen([sys.executable, PROGRAM, *arguments])
    yield from talk.wait(lambda: child.poll() is not None)
    if child.returncode:
        raise RuntimeError(f"alone_program.py {arguments}: {child.returncode}")
