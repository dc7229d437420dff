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
    [ "${lines[1]}" = "done" ]
    no_record
}

# As a service has it from systemd, whose journal is a unix socket.
@test "a filter that kills for socket calls, and a unix socket as stderr: nothing is asked of it, or sent to it" {
    run -0 "$PYTHON" -c '
import socket, subprocess, sys
for setting in "SOCKSHIM_LOG=stderr", "SOCKSHIM_LEVEL=wrong", "SOCKSHIM_LOG=/nonexistent/log":
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        ours, its = socket.socketpair(socket.AF_UNIX, kind)
        child = subprocess.run(sys.argv[1:] + [setting, "cat", "/etc/hostname"], stderr=its, stdout=subprocess.DEVNULL)
        assert child.returncode == 0, (setting, child.returncode)
' "$PROGRAMS/filtered" kill network env LD_PRELOAD="$SHIM"
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
    # With what needs no question.
    expect_count 4 '.call == "read" and .ret == 0 and .len > 0 and .cause == "other" and
        (.why | contains("seccomp")) and (has("type") or has("local") or has("state") | not)'
}

@test "a filter, and a connection inherited as stdin: TCP_NODELAY comes with the first socket of the program's own" {
    run -0 "$PYTHON" -c '
import socket, subprocess, sys
tcp = socket.create_server(("127.0.0.1", 0))
a = socket.create_connection(tcp.getsockname())
sys.exit(subprocess.call(sys.argv[1:], stdin=tcp.accept()[0]))
' "$PROGRAMS/filtered" 38 statx env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PYTHON" -c '
import ctypes, socket
def nodelay():
    on, size = ctypes.c_int(), ctypes.c_int(4)
    ctypes.CDLL(None).getsockopt(0, socket.IPPROTO_TCP, socket.TCP_NODELAY, ctypes.byref(on), ctypes.byref(size))
    return on.value
print(nodelay(), end=" ")
socket.socket()
print(nodelay())'
    [ "$output" = "0 1" ] || fails_with "$output"
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

# pointers ANSWER: the calls of bad_pointers, for which a filter answers.
POINTERS=sendmsg,recvmsg,recvmmsg,sendmmsg,connect,bind,sendto,writev,readv

@test "a filter that answers an errno, or 0, for the call: no pointer is read that leads nowhere" {
    local errno expected
    for errno in 1 13 38 111 11 104 32 110 90 22 98 0; do
        rm -f "$LOG"
        run -0 --separate-stderr filtered $errno $POINTERS "$PROGRAMS/bad_pointers"
        [ "$output" = alive ] || fails_with "errno $errno: $output"
        expected=52
        [ $errno -ne 0 ] || expected=44 # a connect and a bind that succeed
        expect_count $expected '.event == "return"'
    done
}

@test "a filter that answers 0 for an option, and NULL for its value: it is not read" {
    local ask='import ctypes, socket
s = socket.socket()
libc = ctypes.CDLL(None)
print(libc.getsockopt(s.fileno(), socket.SOL_SOCKET, socket.SO_ERROR, None, None),
      libc.getsockopt(s.fileno(), socket.SOL_SOCKET, socket.SO_ERROR, None, ctypes.c_void_p(8)),
      libc.setsockopt(s.fileno(), socket.IPPROTO_TCP, socket.TCP_NODELAY, None, 4))'
    run -0 --separate-stderr filtered 0 getsockopt,setsockopt "$PYTHON" -c "$ask"
    [ "$output" = "0 0 0" ]
}

EVERYTHING=(SOCKSHIM_DEAD_PEER=60s SOCKSHIM_CONNECT_TIMEOUT=20s SOCKSHIM_CONNECT_RETRY=20ms SOCKSHIM_RECV_TIMEOUT=60s
    SOCKSHIM_BACKLOG=100 SOCKSHIM_REUSEADDR=on SOCKSHIM_ACCEPT=careful SOCKSHIM_EINTR=restart SOCKSHIM_RESET=eof)

@test "with every setting for robust handling on neither" {
    local errno kind
    for kind in "" tcp; do
        for errno in 104 110 32 98 111 101 11 1 0; do
            run -0 --separate-stderr env "${EVERYTHING[@]}" "$PROGRAMS/filtered" $errno $POINTERS \
                env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PROGRAMS/bad_pointers" $kind
            [ "$output" = alive ] || fails_with "errno $errno: $output"
        done
    done
    run -0 --separate-stderr env "${EVERYTHING[@]}" "$PROGRAMS/filtered" 0 getsockopt,setsockopt \
        env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PYTHON" -c 'import ctypes, socket
s = socket.socket()
libc = ctypes.CDLL(None)
for bad in None, ctypes.c_void_p(8):
    print(libc.getsockopt(s.fileno(), socket.SOL_SOCKET, socket.SO_ERROR, bad, bad),
        libc.setsockopt(s.fileno(), socket.SOL_SOCKET, socket.SO_KEEPALIVE, bad, 4))'
    [ "$output" = "0 0
0 0" ]
}

@test "a tracer that answers for the kernel does no harm either" {
    run -0 --separate-stderr strace -f -o /dev/null -e inject=$POINTERS:error=ECONNRESET \
        env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PROGRAMS/bad_pointers"
    [ "$output" = alive ]
    expect_count 52 '.error == "ECONNRESET"'
}

@test "what can be read is in the record: address and bytes of a call that a filter forbids" {
    run -0 filtered 1 connect,bind,sendmsg "$PYTHON" -c '
import socket
for what in (lambda s: s.connect(("127.0.0.1", 9)), lambda s: s.bind(("127.0.0.1", 9)),
             lambda s: s.sendmsg([b"abc", b"de"], [], 0, ("127.0.0.1", 9))):
    try: what(socket.socket(type=socket.SOCK_DGRAM))
    except PermissionError: pass'
    expect_count 1 '.call == "connect" and .peer == "127.0.0.1:9"'
    expect_count 1 '.call == "bind" and .local == "127.0.0.1:9"'
    expect_count 1 '.call == "sendmsg" and .peer == "127.0.0.1:9" and .len == 5'
}

# What a program without these calls does in a filter that forbids them, natively and with all
# that can be asked for; WAY: how the filter forbids.
survives() {
    local call
    for call in setsockopt getsockopt getsockname getpeername poll,ppoll clock_gettime ioctl uname \
        setsockopt,getsockopt,getsockname,poll,ppoll,clock_gettime,ioctl; do
        rm -f "$LOG"
        run -0 "$PROGRAMS/filtered" "$1" $call "$PROGRAMS/plainly"
        echo "$output" >"$BATS_TEST_TMPDIR/native"
        run -0 filtered "$1" $call "${@:2}" timeout 60 "$PROGRAMS/plainly"
        diff "$BATS_TEST_TMPDIR/native" - <<<"$output"
        expect '.call == "connect" and .cause == "connection-refused"'
    done
}

EVERY_SETTING="SOCKSHIM_KEEPALIVE=60 SOCKSHIM_DEAD_PEER=30s SOCKSHIM_CONNECT_TIMEOUT=500ms
    SOCKSHIM_CONNECT_RETRY=300ms SOCKSHIM_RECV_TIMEOUT=300ms SOCKSHIM_REUSEADDR=on
    SOCKSHIM_BACKLOG=100 SOCKSHIM_ACCEPT=careful SOCKSHIM_EINTR=restart"

@test "a filter that kills for what the shim asks or sets: a program with sockets lives, and it is said" {
    local way
    for way in kill trap; do
        survives $way A=1
        # shellcheck disable=SC2086
        survives $way $EVERY_SETTING
        expect_count 1 '.event == "config" and (.why | contains("seccomp filter"))'
        expect_count 0 '.event == "handled" and .setting != "SOCKSHIM_BACKLOG"'
    done
}

# As a unit with SystemCallFilter=@basic-io @file-system @io-event @network-io @process @signal has
# it: madvise and uname are in @system-service alone.
@test "a filter that kills for what opens the log or handles a signal: every program lives, without a log" {
    local call native
    native=$("$PROGRAMS/plainly")
    for call in madvise fcntl readlinkat rt_sigaction madvise,uname,ioctl; do
        run -0 filtered kill $call cat /etc/hostname
        [ "$output" = "$(cat /etc/hostname)" ] || fails_with "$call: $output"
        run -0 filtered kill $call "$PROGRAMS/plainly"
        [ "$output" = "$native" ] || fails_with "$call: $output"
    done
    no_record
}

# As one has it that was written for aarch64, which has no dup2.
@test "a filter that kills for dup2: a dup3 without flags stays one, by name and by number" {
    [ "$(uname -m)" != aarch64 ] || skip "there is no dup2 there"
    "${CC:-cc}" -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/dups" -x c - <<'END'
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
    char room[8];
    int pair[2];
    printf("%d\n", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) + (int)recv(pair[0], room, 7, MSG_DONTWAIT));
    for (int to = 5; to < 256; to++) {
        if (dup3(1, to, 0) != to || syscall(SYS_dup3, 1, to, 0) != to) {
            printf("not %d\n", to);
        }
    }
    printf("%d\n", (int)recv(pair[0], room, 6, MSG_DONTWAIT));
    return 0;
}
END
    run -0 filtered kill dup2 "$BATS_TEST_TMPDIR/dups"
    [ "$output" = $'-1\n-1' ] || fails_with "$output"
    expect_count 1 '.call == "recv" and .len == 7'
    expect_count 1 '.call == "recv" and .len == 6'
}

@test "a filter that refuses to end a process by exit_group: none of ours is left over" {
    run -0 timeout 20 "$PROGRAMS/filtered" 1 exit_group env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" \
        "$PROGRAMS/plainly"
    expect '.call == "connect" and .cause == "connection-refused"'
}

@test "a filter that kills for what the shim never does takes nothing away" {
    # As a unit with SystemCallFilter=~@resources has it.
    run -0 filtered kill setrlimit A=1 "$PROGRAMS/plainly"
    expect '.call == "connect" and .cause == "connection-refused" and .type == "tcp"'
    expect_count 0 '.event == "config"'
}

@test "a filter that answers an errno for what the shim asks or sets: the program sees what it would have seen" {
    local err
    for err in 1 38; do
        survives $err A=1
        # shellcheck disable=SC2086
        survives $err $EVERY_SETTING
    done
}
