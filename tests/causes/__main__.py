#!/usr/bin/python3
"""The victim of causes.bats: brings about failures and ends, for real.

python3 tests/causes [CASE...]: runs these, or all of them, each in a process of
its own and many at a time, and prints a line for each: CASE PID STATUS
NAME=VALUE..., STATUS being 0, 1 if the case could not be brought about, or the
signal that ended it; the names stand for what is only known now. To be run in a
network namespace of its own, with lo up.
"""
import os
import signal
import sys

import made_of
import registry

AT_ONCE = 24  # cases


def set_so(name):
    """A program reads its settings when it starts: it starts once more, as the same process."""
    settings = registry.cases[name].settings
    if any(os.environ.get(key) != value for key, value in settings.items()):
        os.set_inheritable(made_of.peer.requests, True)
        arguments = [sys.executable, os.path.dirname(__file__), "--set-so", name, str(made_of.peer.requests)]
        os.execve(sys.executable, arguments, {**os.environ, **settings})


def in_child(name):
    set_so(name)
    signal.alarm(2 * made_of.LONG)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it
    registry.cases[name].run()
    said = [name, str(os.getpid()), "0"]
    said += [f"{key}={value}" for key, value in made_of.notes.items()]
    os.write(1, " ".join(said).encode() + b"\n")  # at once: the others write there, too
    os._exit(0)


def start(name):
    pid = os.fork()
    if pid == 0:
        try:
            in_child(name)
        except BaseException:
            print(f"{name}:", file=sys.stderr)
            sys.excepthook(*sys.exc_info())
        os._exit(1)
    return pid


def finish_one(running):
    pid, status = os.wait()
    if pid not in running:
        return
    status = os.waitstatus_to_exitcode(status)
    name = running.pop(pid)
    if status:
        os.write(1, f"{name} {pid} {abs(status)}\n".encode())


def main():
    registry.load()
    if sys.argv[1:2] == ["--set-so"]:
        made_of.peer.requests = int(sys.argv[3])
        os.set_inheritable(made_of.peer.requests, False)
        in_child(sys.argv[2])
    made_of.peer.prepare()
    running = {}
    for name in sys.argv[1:] or registry.cases:
        running[start(name)] = name
        while len(running) == AT_ONCE:
            finish_one(running)
    while running:
        finish_one(running)


main()
