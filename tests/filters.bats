#!/usr/bin/env bats
# A seccomp filter that the program did not put on itself, but inherited through exec: a
# service manager's, a container's. (One of its own making is in cages.bats.)

bats_require_minimum_version 1.5.0

load helpers

setup() {
    ulimit -c 0
}

# filtered ACTION LIST COMMAND...: the command under the shim, in the filter.
filtered() {
    "$PROGRAMS/filtered" "$1" "$2" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "${@:3}"
}

no_record() {
    [ ! -s "$LOG" ] || fails_with "records"
}

@test "a filter that kills for socket calls: a program that makes none lives, and nothing is logged" {
    run -0 filtered kill network cat /etc/hostname
    [ "$output" = "$(cat /etc/hostname)" ]
    run -0 filtered kill network sh -c 'cat /etc/hostname /etc/hostname | wc -l; echo done'
    [ "${lines[1]}" = done ]
    no_record
}

@test "without a socket no system call about sockets is made, from load to end" {
    strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=%network,ioctl env LD_PRELOAD="$SHIM" \
        SOCKSHIM_LOG="$LOG" cat /etc/hostname
    ! grep -vE '^[0-9]+ +(\+\+\+|---)' "$BATS_TEST_TMPDIR/trace" || fails_with "socket calls"
}

@test "a filter that kills, and sockets inherited as stdin and stdout: read and written to their end" {
    run -0 "$PYTHON" -c '
import socket, subprocess, sys
tcp = socket.create_server(("127.0.0.1", 0))
def tcp_pair():
    a = socket.create_connection(tcp.getsockname())
    return a, tcp.accept()[0]
for pair in (socket.socketpair, tcp_pair):
    for who in ("cat", "dd"):
        ours, its = pair()
        child = subprocess.Popen(sys.argv[1:] + [who], stdin=its, stdout=its, stderr=subprocess.DEVNULL)
        its.close()
        ours.sendall(b"to and fro")
        ours.shutdown(socket.SHUT_WR)
        assert ours.makefile("rb").read() == b"to and fro"
        assert child.wait() == 0, child.returncode
' "$PROGRAMS/filtered" kill network env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG"
}

@test "without a filter the end of an inherited socket is logged, with its start" {
    "$PYTHON" -c '
import socket, subprocess, sys
tcp = socket.create_server(("127.0.0.1", 0))
a = socket.create_connection(tcp.getsockname())
b = tcp.accept()[0]
for ours, its in (socket.socketpair(), (a, b)):
    child = subprocess.Popen(sys.argv[1:], stdin=its, stdout=subprocess.DEVNULL)
    its.close()
    ours.close()
    assert child.wait() == 0
udp = socket.socket(type=socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
udp.sendto(b"", udp.getsockname())
assert subprocess.call(sys.argv[1:], stdin=udp, stdout=subprocess.DEVNULL) == 0
' env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" cat
    expect_count 1 '.call == "read" and .cause == "peer-closed" and .type == "unix-stream"'
    expect_count 1 '.call == "read" and .cause == "peer-closed" and .type == "tcp"'
    expect_count 1 '.call == "read" and .cause == "zero-length-datagram" and .type == "udp"'
    expect_count 2 '.event == "start" and .prog == "cat"'
}

@test "a filter that answers an errno for our questions: a plain file is no socket" {
    local errno
    for errno in 1 38 13 22 95; do
        run -0 filtered $errno network cat /etc/hostname
        run -0 filtered $errno getsockname "$PYTHON" -c '
import os, socket
socket.socketpair()
fd = os.open("/etc/hostname", os.O_RDONLY)
while os.read(fd, 4096): pass
os.read(os.open("/dev/null", os.O_RDONLY), 5)'
        run -0 filtered $errno getsockname,getsockopt "$PYTHON" -c '
import os, socket
pair = socket.socketpair()
while os.read(os.open("/dev/null", os.O_RDONLY), 5): pass'
    done
    expect_count 0 '.event == "return" and .call == "read"'
}
