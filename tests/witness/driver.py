#!/usr/bin/python3
"""What runs under the shim: both ends of many connections at once, each a generator that
does its calls and yields what it waits for. All that it does is in its journal. A socket is made
in the namespace of its side (setns); its calls come in that one or in the other, as it happens.

driver.py SEED FIRST COUNT FAMILIES JOURNAL, with the descriptors of the two namespaces, of
the pipe to the hands and of the one back in WITNESS_DESCRIPTORS.
"""
import json
import os
import sys
import time

import families
import network

MANY = 64     # connections at the same time
TICK = 0.002  # seconds between two looks at what is waited for


class Journal:
    def __init__(self, path):
        self.path = path
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def add(self, **entry):
        os.write(self.descriptor, (json.dumps(entry) + "\n").encode())


class Hands:
    """Commands that are done outside, in a namespace: nft, ip, ss."""

    def __init__(self, to, back):
        self.to, self.back, self.number, self.left = to, back, 0, b""
        self.done = {}
        os.set_blocking(back, False)

    def command(self, side, line):
        self.number += 1
        os.write(self.to, f"{self.number} {side} {line}\n".encode())
        return self.number

    def look(self):
        try:
            self.left += os.read(self.back, 65536)
        except BlockingIOError:
            return
        *lines, self.left = self.left.split(b"\n")
        for line in lines:
            number, status, said = line.decode().split(" ", 2)
            self.done[int(number)] = int(status), said


class World:
    """What all connections share."""

    def __init__(self, descriptors, journal):
        a, b, to, back = descriptors
        self.namespaces = {"a": a, "b": b}
        self.hands = Hands(to, back)
        self.journal = journal
        self.kept = []  # not to be closed behind anybody's back

    def enter(self, side):
        network.enter(self.namespaces[side])


def run(world, seed, numbers, names):
    """All of them, MANY at a time."""
    todo = list(numbers)
    active = {}
    while todo or active:
        while todo and len(active) < MANY:
            number = todo.pop(0)
            active[number] = families.start(world, seed, number, names)
        for number, one in list(active.items()):
            try:
                next(one)
            except StopIteration:
                del active[number]
            except Exception as error:
                world.journal.add(k=number, act="broken", error=repr(error))
                raise RuntimeError(f"connection {number} of seed {seed}") from error
        world.hands.look()
        time.sleep(TICK)


def main(seed, first, count, names, path):
    descriptors = [int(one) for one in os.environ["WITNESS_DESCRIPTORS"].split(",")]
    world = World(descriptors, Journal(path))
    run(world, seed, range(int(first), int(first) + int(count)), names.split(","))


if __name__ == "__main__":
    sys.modules["driver"] = sys.modules["__main__"]
    main(*sys.argv[1:])
