#!/usr/bin/python3
"""A program that was given one end of a connection, and ends in its own way.

child.py DESCRIPTOR NUMBER END JOURNAL SEED HOW
"""
import os
import random
import signal
import socket
import sys

import walk
from driver import Journal
from ends import End


class World:
    def __init__(self, journal):
        self.journal, self.kept = journal, []


def main(descriptor, number, name, path, seed, how):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, int(descriptor))
    sock.setblocking(False)
    end = End(World(Journal(path)), int(number), name, sock)
    rnd = random.Random(seed)
    for _ in range(rnd.randrange(1, 6)):
        rnd.choice([lambda: end.send(rnd.randrange(1, 20000)), lambda: end.recv(rnd.randrange(1, 20000)),
                    lambda: end.recv(65536)])()
    end.act("leaves", how=how)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "close":
        end.close()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
