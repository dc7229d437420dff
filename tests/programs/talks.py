"""What a report is to tell apart: connections that are reset after the same idle
time, the clients of a service, and services on many ports of one host. The other
ends are children of this process that get no 0 and no -1."""
import os
import socket
import struct
import sys
import time

BEFORE_LINUX_CHOOSES = range(20000, 32768)
HOST = "127.0.0.1"


def child(work, *words):
    if os.fork() == 0:
        work(*words)
        os._exit(0)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reset_later(listener, count, idle):
    connections = [listener.accept()[0] for _ in range(count)]
    for connection in connections:
        connection.recv(10)
        connection.send(bytes(100))
    time.sleep(idle)
    for connection in connections:
        reset(connection)


def idle_connections(count, idle):
    listener = socket.create_server((HOST, 0))
    child(reset_later, listener, count, idle)
    connections = [socket.create_connection(listener.getsockname()) for _ in range(count)]
    for connection in connections:
        connection.send(bytes(10))
        connection.recv(100, socket.MSG_WAITALL)
    for connection in connections:
        try:
            connection.recv(100)
        except ConnectionResetError:
            pass


def service():
    for port in BEFORE_LINUX_CHOOSES:
        try:
            return socket.create_server((HOST, port))
        except OSError:
            pass


def say_something(address, count):
    for _ in range(count):
        socket.create_connection(address).send(b"x")


def serve(count):
    listener = service()
    child(say_something, listener.getsockname(), count)
    for _ in range(count):
        connection = listener.accept()[0]
        while connection.recv(10):
            pass


def close_at_once(listeners):
    for listener in listeners:
        listener.accept()[0].close()


def ask_services(count):
    listeners = [socket.create_server(("127.0.0.2", 0)) for _ in range(count)]
    child(close_at_once, listeners)
    for listener in listeners:
        socket.create_connection(listener.getsockname()).recv(10)


if __name__ == "__main__":
    idle_connections(int(sys.argv[1]), float(sys.argv[2]))
    serve(int(sys.argv[3]))
    ask_services(int(sys.argv[4]))
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
