#!/usr/bin/python3
"""The other ends of the cases, each in a process of its own and without the shim.

stdin has a line for each that is wanted: PID COMMANDS ANSWERS WHERE. It is forked,
enters the network namespace of that process, goes on to one of its own if WHERE is
"apart", and opens two pipes that are open there under these numbers. It says its
pid, carries out each line of commands, a Python string that holds an expression
or statements, and answers with one line: what it gave. Ends with its input.
"""
import ast
import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

MPTCP = 262
CLONE_NEWNET = 0x40000000
listener = c = None  # the socket that listens or is bound, and the connection


def family_of(address):
    if not isinstance(address, tuple):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def bind(address, kind=socket.SOCK_STREAM, protocol=0):
    """A bound socket that does not listen: nobody else gets the port."""
    global listener
    listener = socket.socket(family_of(address), kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener.getsockname()


def listen(address, kind=socket.SOCK_STREAM, protocol=0, room=0, backlog=5):
    bind(address, kind, protocol)
    if room:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    listener.listen(backlog)
    return listener.getsockname()


def accept():
    global c
    c = listener.accept()[0]


def connect(address, kind=socket.SOCK_STREAM):
    global c
    c = socket.socket(family_of(address), kind)
    c.connect(address)


def take(n):
    while n:
        n -= len(c.recv(n))


def take_all():
    while c.recv(65536):
        pass


def give(n):
    c.sendall(bytes(n))


def close():
    c.close()


def finish_sending():
    c.shutdown(socket.SHUT_WR)


def reset():
    """Lingering for no time: close sends RST."""
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()


def wait_for_state(pid, letter):
    """Of proc(5): S while it waits for something, T while it is stopped."""
    while True:
        with open(f"/proc/{pid}/stat") as stat:
            if stat.read().rpartition(") ")[2][0] == letter:
                return
        time.sleep(0.01)


def interrupt(pid):
    """A signal, as soon as that process waits for something."""
    wait_for_state(pid, "S")
    os.kill(pid, signal.SIGUSR1)


def stop(pid):
    """Stops it while it waits, and lets it go on."""
    wait_for_state(pid, "S")
    os.kill(pid, signal.SIGSTOP)
    wait_for_state(pid, "T")
    os.kill(pid, signal.SIGCONT)


def run(commands):
    subprocess.run(["sh", "-ec", commands], check=True, stdin=subprocess.DEVNULL)


def carry_out(code):
    try:
        return eval(code, globals())
    except SyntaxError:
        exec(code, globals())


def enter(network, apart):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, CLONE_NEWNET) or apart and libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "network namespace")


def serve(pid, commands, answers, where):
    with open(f"/proc/{pid}/ns/net") as network:
        enter(network.fileno(), where == "apart")
    with open(f"/proc/{pid}/fd/{commands}") as lines, \
            open(f"/proc/{pid}/fd/{answers}", "w", buffering=1) as out:
        print(os.getpid(), file=out)
        for line in lines:
            print(repr(carry_out(ast.literal_eval(line))), file=out)


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for request in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                serve(*request.split())
            except Exception:
                traceback.print_exc()
            os._exit(0)


if __name__ == "__main__":
    main()
