#!/usr/bin/env bats
# What a record costs: each question to the kernel is there for a fact that the
# record shows, or for a promise (.github/CONTRIBUTING.md). And what is not logged
# asks nothing.

load helpers

# calls KIND [VARIABLE=VALUE...]: the system calls that come of one such record,
# the failing one first, its own name left out for what options are asked for;
# one line for each sequence that was seen. The look at the log's path, once a
# second, is no part of it, nor is the newline that mends a torn line, and the look at
# the last byte of a log that has just a multiple of 512 bytes, nor whether the program runs
# in a seccomp filter, which is read once.
calls() {
    local kind=$1
    shift
    strace -qq -e signal=none -o "$BATS_TEST_TMPDIR/trace" env LD_PRELOAD="$SHIM" \
        SOCKSHIM_LOG="$LOG" "$@" "$PROGRAMS/record_cost" "$kind" 5
    sed '/"\/proc\/self\/status"/,/^close(/d' "$BATS_TEST_TMPDIR/trace" |
        grep -vE '^statx\(AT_FDCWD|^(write|pread64)\([0-9]+, "\\n", 1[,)]' |
        sed -E 's/^getsockopt\([^,]*, [^,]*, ([A-Z_]+),.*/\1/; s/\(.*//' |
        awk -v closes="$([[ $kind != close* ]] || echo yes)" '
            $1 == "alarm" {
                if (closes ? line ~ / close/ && line !~ /listen/ : line ~ /^ (recvfrom|read|connect|TCP_NODELAY connect|writev|sendmsg|sendto)/) {
                    print substr(line, 2)
                }
                line = ""
                next
            }
            { line = line " " $1 }' | sort -u
}

# costs KIND "CALL..." [VARIABLE=VALUE...]
costs() {
    local kind=$1 expected=$2
    shift 2
    run calls "$kind" "$@"
    [ "$output" = "$expected" ] || fails_with "$kind: $output
instead of: $expected"
}

TO_THE_LOG="statx write"

@test "would-block: a question about the socket, and two system calls for the line" {
    costs would-block "recvfrom fcntl $TO_THE_LOG"
    costs would-block-dontwait "recvfrom $TO_THE_LOG"
    costs would-block-read "read getsockname fcntl $TO_THE_LOG"
    expect_count 15 '.cause == "would-block"'
}

@test "a connect that is under way: two system calls for the line, none about the address or the socket" {
    costs in-progress "connect $TO_THE_LOG" SOCKSHIM_NODELAY=off
    expect_count 5 '.cause == "in-progress" and .peer and (has("type") | not)'
}

@test "end of a TCP connection: four questions" {
    costs end "recvfrom getsockname SO_PROTOCOL TCP_INFO getpeername $TO_THE_LOG"
    costs end-read "read getsockname SO_PROTOCOL TCP_INFO getpeername $TO_THE_LOG"
    expect_count 10 '.cause == "peer-closed" and .rx == 5 and .tx == 5 and .unacked == 0 and
        .unsent == 0 and .state == "CLOSE_WAIT"'
}

@test "reset of a TCP connection: five questions, seven system calls, where all of its data had been acknowledged" {
    local questions="getsockname SO_PROTOCOL TCP_INFO fcntl"
    costs reset "recvfrom $questions SO_PEERNAME $TO_THE_LOG"
    expect_count 5 '.cause == "peer-reset" and .rx == 5 and .tx == 5 and .unacked == 0 and .side == "connected"'
    costs reset-accepted "recvfrom $questions SO_PEERNAME $TO_THE_LOG"
    expect_count 5 '.cause == "peer-reset" and .rx == 5 and .tx == 5 and .unacked == 0 and .side == "accepted"'
}

@test "a broken pipe after a reset: six questions, of which one tells what lies unread, too" {
    costs broken "sendto getsockname SO_PROTOCOL TCP_INFO fcntl TCP_ZEROCOPY_RECEIVE SO_PEERNAME $TO_THE_LOG"
    expect_count 5 '.cause == "write-after-close" and .tx == 5 and .rx == 5 and .unread == 0'
}

@test "a close: no question after the end of the stream, two before, three once the program has set SO_LINGER" {
    costs close-ended "close"
    costs close-open "TCP_INFO ioctl close"
    costs close-open "close" SOCKSHIM_CLOSE=off
    expect_count 0 '.call == "close"'
    run calls close-lingers
    [[ $output == "TCP_INFO ioctl SO_LINGER "*" close"* ]] || fails_with "$output"
}

@test "a close that resets is told of, also where the number was that of an ended connection, or the option is the listener's" {
    shimmed "$PYTHON" -c '
import os, socket, struct
RESETS = struct.pack("ii", 1, 0)
listener = socket.create_server(("127.0.0.1", 0))
def pair(listener=listener):
    ours = socket.create_connection(listener.getsockname())
    return ours, listener.accept()[0]
def ends(ours, theirs):
    theirs.close()
    assert ours.recv(1) == b""
# Ended, and with data: the same number, a connection later.
for i in range(3):
    ours, theirs = pair()
    ends(ours, theirs)
    number = ours.fileno()
    ours.close()
ours, theirs = pair()
assert ours.fileno() == number
theirs.send(b"unread")
import select
select.select([ours], [], [])
ours.close()                     # 1: unread data
theirs.close()
# By dup2, a connection that is open in place of one that has ended.
ours, theirs = pair()
ends(ours, theirs)
mine, other = pair()
other.send(b"unread")
select.select([mine], [], [])
os.dup2(mine.fileno(), ours.fileno())
mine.close()
ours.close()                     # 2
other.close()
# Peeked at, with data before the end.
ours, theirs = pair()
theirs.send(b"x")
theirs.close()
assert ours.recv(1, socket.MSG_PEEK) == b"x"
select.select([ours], [], [])
ours.close()                     # 3
# Dissolved after its end, and connected again.
import ctypes
ours, theirs = pair()
ends(ours, theirs)
assert ctypes.CDLL(None).connect(ours.fileno(), bytes(16), 16) == 0
ours.connect(listener.getsockname())
theirs = listener.accept()[0]
theirs.send(b"unread")
select.select([ours], [], [])
ours.close()                     # 4
theirs.close()
# SO_LINGER, set by the program.
ours, theirs = pair()
ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS)
ours.close()                     # 5
theirs.close()
ours, theirs = pair()
ends(ours, theirs)
ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS)
ours.close()                     # 6
'
    expect_count 6 '.call == "close" and .cause == "reset-by-own-close"'
    # A listener that was there already hands it on.
    rm "$LOG"
    shimmed "$PYTHON" -c '
import os, socket, struct, sys
if len(sys.argv) == 1:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.dup2(listener.fileno(), 9)
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], "again"])
listener = socket.socket(fileno=9)
peer = socket.create_connection(listener.getsockname())
listener.accept()[0].close()'
    expect_count 1 '.call == "close" and .cause == "reset-by-own-close"'
}

@test "end of a unix connection: six questions" {
    costs unix-end "recvfrom getsockname SO_TYPE getpeername SO_PEERCRED poll fcntl $TO_THE_LOG"
    expect_count 5 '.cause == "peer-closed" and .type == "unix-stream"'
}

# rt_sigprocmask: whether what a pointer leads to can be read.
@test "calls with pointers: a question for each page that they lead to" {
    costs refused "connect rt_sigprocmask getsockname SO_PROTOCOL TCP_INFO $TO_THE_LOG"
    costs unix-writev "writev rt_sigprocmask getsockname fcntl SO_TYPE getpeername SO_PEERCRED ioctl $TO_THE_LOG"
    costs unix-sendmsg "sendmsg rt_sigprocmask rt_sigprocmask fcntl getsockname SO_TYPE getpeername SO_PEERCRED ioctl $TO_THE_LOG"
    expect_count 5 '.call == "connect" and .cause == "connection-refused" and (.peer | startswith("127.0.0.1:"))'
    expect_count 10 '.cause == "would-block" and .call != "send" and .len == 1'
}

@test "what is skipped by level, call or errno, or with no log, asks nothing" {
    costs would-block recvfrom SOCKSHIM_LEVEL=info
    costs would-block recvfrom SOCKSHIM_SKIP=EAGAIN
    costs would-block recvfrom SOCKSHIM_SKIP=recv
    costs would-block recvfrom SOCKSHIM_SKIP=would-block
    costs would-block recvfrom SOCKSHIM_LOG=off
    costs end recvfrom SOCKSHIM_LEVEL=error
    costs end "recvfrom TCP_INFO" SOCKSHIM_LEVEL=warn
    costs unix-end "recvfrom TCP_INFO" SOCKSHIM_LEVEL=warn
    costs unix-full sendto SOCKSHIM_LEVEL=error
    costs unix-full "sendto SO_TYPE" SOCKSHIM_LEVEL=warn
    costs unix-full "sendto SO_TYPE" SOCKSHIM_SKIP=would-block
    costs unix-full sendto SOCKSHIM_SKIP=would-block,message-not-sent
    costs reset recvfrom SOCKSHIM_SKIP=ECONNRESET,close
    [ "$(count '.event == "return"')" -eq 0 ]
}

@test "the program's folder in /proc, which takes the kernel long, is built for the first socket only" {
    strace -f -o "$BATS_TEST_TMPDIR/trace" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" true
    grep -q libsockshim "$BATS_TEST_TMPDIR/trace"
    [ "$(grep -c '"/proc' "$BATS_TEST_TMPDIR/trace")" -eq 0 ]
    [ "$(grep -c MAP_SHARED.MAP_ANON "$BATS_TEST_TMPDIR/trace")" -eq 0 ]
    [ ! -e "$LOG" ]
    strace -f -o "$BATS_TEST_TMPDIR/trace" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" \
        "$PROGRAMS/record_cost" end 1
    [ "$(grep -c /proc/self/exe "$BATS_TEST_TMPDIR/trace")" -eq 1 ]
    expect_count 1 ".event == \"start\" and .exe == \"$PROGRAMS/record_cost\""
}

# Linux before 4.11, and some containers.
@test "where there is no statx, the log is found and rotated all the same" {
    strace -f -qq -e inject=statx:error=ENOSYS -o /dev/null env LD_PRELOAD="$SHIM" \
        SOCKSHIM_LOG="$LOG" SOCKSHIM_LOG_LIMIT=8K "$PROGRAMS/record_cost" would-block 50
    grep -q event=rotated "$LOG"
    cat "$LOG.1" "$LOG" >"$BATS_TEST_TMPDIR/all"
    [ "$(grep -c cause=would-block "$BATS_TEST_TMPDIR/all")" -eq 50 ]
    # Removed: seen within a second, and begun anew.
    background strace -f -qq -e inject=statx:error=ENOSYS -o /dev/null env LD_PRELOAD="$SHIM" \
        SOCKSHIM_LOG="$LOG" "$PYTHON" -c '
import socket, time
a, b = socket.socketpair()
a.setblocking(False)
for i in range(200):
    try: a.recv(1)
    except BlockingIOError: pass
    time.sleep(0.1)'
    wait_until grep -q "pid=.* prog=python3 .*cause=would-block" "$LOG"
    rm "$LOG"
    wait_until grep -qs cause=would-block "$LOG"
}

# instructions KIND [VARIABLE=VALUE...]: of one such call, the difference that a
# hundred more make. What it takes of the C library is in it.
instructions() {
    local kind=$1 count
    shift
    for count in 100 200; do
        env "$@" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
            "$PROGRAMS/record_cost" "$kind" $count 2>&1 | sed -n 's/.*Collected : //p'
    done | awk 'NR == 1 { fewer = $1 } NR == 2 { print int(($1 - fewer) / 100) }'
}

# at_most N KIND [VARIABLE=VALUE...]: what the shim adds to it.
at_most() {
    local most=$1 kind=$2 so=$BATS_TEST_TMPDIR/libsockshim.so native shimmed
    shift 2
    strip --strip-debug -o "$so" "$SHIM"
    native=$(instructions "$kind" SOCKSHIM=)
    shimmed=$(instructions "$kind" LD_PRELOAD="$so" SOCKSHIM_LOG="$LOG" "$@")
    echo "$kind $*: $shimmed instead of $native" # shown if the test fails
    [ "$native" -gt 0 ] && [ "$shimmed" -gt "$native" ] && [ $((shimmed - native)) -le "$most" ]
}

@test "at most 3000 instructions for a lean record, 6200 for one with all of TCP's figures" {
    at_most 3000 would-block
    at_most 6200 end
}

@test "at most 64 instructions for a failing call that is skipped" {
    at_most 64 would-block SOCKSHIM_LEVEL=info
    at_most 64 would-block SOCKSHIM_SKIP=EAGAIN
    at_most 64 would-block SOCKSHIM_SKIP=recv
    at_most 64 would-block SOCKSHIM_LOG=off
}

# code_of KIND: how many lines of 64 bytes, and pages, of the object's code such a record
# runs through.
code_of() {
    local so=$BATS_TEST_TMPDIR/libsockshim.so out=$BATS_TEST_TMPDIR/callgrind
    strip --strip-debug -o "$so" "$SHIM"
    LD_PRELOAD="$so" SOCKSHIM_LOG="$LOG" valgrind -q --tool=callgrind --dump-instr=yes \
        --toggle-collect=failed --callgrind-out-file="$out" "$PROGRAMS/record_cost" "$1" 2
    "$PYTHON" - "$out" "$so" <<'END_OF_PROGRAM'
import re, sys
objects, addresses = {}, set()
at, in_shim, is_call = 0, False, False
for line in open(sys.argv[1]):
    if match := re.match(r"(c?)ob=\((\d+)\)(?: (.*))?$", line):
        caller_or_callee, number, name = match.groups()
        objects.setdefault(number, name)
        if not caller_or_callee:
            in_shim = objects[number] == sys.argv[2]
    elif line.startswith("calls="):
        is_call = True # the next line's cost is the callee's
    elif match := re.match(r"(0x|[+-]|\*)(\w*) \S+ \d+$", line):
        sign, digits = match.groups()
        if sign == "0x":
            at = int(digits, 16)
        elif sign != "*":
            at += int(sign + digits)
        if in_shim and not is_call:
            addresses.add(at)
        is_call = False
print(len({a >> 6 for a in addresses}), len({a >> 12 for a in addresses}))
END_OF_PROGRAM
}

# In a busy program each of these is a miss of the processor's caches: 8 ns and more.
@test "a record runs through little code, which lies together" {
    local lines pages
    read -r lines pages < <(code_of end)
    echo "end: $lines lines of 64 bytes on $pages pages"
    [ "$lines" -gt 100 ]
    [ "$lines" -le 310 ]
    [ "$pages" -le 18 ]
    read -r lines pages < <(code_of would-block)
    echo "would-block: $lines lines of 64 bytes on $pages pages"
    [ "$lines" -gt 50 ]
    [ "$lines" -le 190 ]
    [ "$pages" -le 17 ]
}
