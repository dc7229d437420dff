#!/usr/bin/env bats
# A program's questions about a socket, its settings, and stdio's dprintf: they are
# socket calls, too. What only asks whether there is a socket or a connection is told so,
# and is no failure.

bats_require_minimum_version 1.5.0

load helpers

expect_answers() {
    expect_count 1 '.call == "getsockname" and .event == "return"'
    expect_count 1 '.call == "getpeername" and .event == "return"'
    expect_count 2 '.call == "getsockopt" and .event == "return"'
    expect_count 3 '(.call | startswith("get")) and .cause == "bad-descriptor" and .error == "EBADF"'
    expect_count 1 '.call == "getsockopt" and .ret == -1 and .cause == "not-supported" and .level == "info" and
        .type == "tcp" and (.why | contains("does not support the option"))'
}

expect_settings() {
    expect_count 4 '.call == "setsockopt" and .ret == -1'
    expect_count 1 '.call == "setsockopt" and .error == "ENOPROTOOPT" and .cause == "not-supported" and
        .level == "info" and (.why | contains("does not support the option"))'
    expect_count 1 '.call == "setsockopt" and .error == "ENOENT" and .cause == "not-supported" and .level == "info" and
        (.why | contains("no module"))'
    expect_count 1 '.call == "setsockopt" and .error == "EINVAL" and .cause == "bad-argument" and
        (.why | contains("does not fit the option"))'
    expect_count 1 '.call == "setsockopt" and .error == "ENOTSOCK" and .cause == "bad-descriptor"'
}

expect_printed() {
    expect_count 3 '.call == "dprintf"'
    expect_count 2 '.call == "dprintf" and .ret == -1 and .error == "EPIPE" and .cause == "write-after-close" and
        (has("len") | not)'
    expect_count 1 '.call == "dprintf" and .ret == 0 and .len == 0 and .cause == "zero-length-request"'
}

@test "getsockname, getpeername, getsockopt, setsockopt and dprintf that fail are logged" {
    "$PROGRAMS/calls_ask"
    run -0 shimmed "$PROGRAMS/calls_ask"
    expect_answers
    expect_settings
    expect_printed
}

@test "a listening socket as standard input, where a connection is expected; not another one" {
    cat >"$BATS_TEST_TMPDIR/start" <<'END'
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
os.dup2(listener.fileno(), 0)
os.dup2(listener.fileno(), 7)
os.execvp(sys.argv[1], sys.argv[1:])
END
    cat >"$BATS_TEST_TMPDIR/ask" <<'END'
import ctypes, socket
libc = ctypes.CDLL(None)
def ask(fd):
    assert libc.getpeername(fd, ctypes.create_string_buffer(128), ctypes.byref(ctypes.c_int(128))) == -1
ask(7)
ask(0)
own = socket.create_server(("127.0.0.1", 0))
ask(own.fileno())
END
    run -0 "$PYTHON" "$BATS_TEST_TMPDIR/start" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_FORMAT=json "$PYTHON" "$BATS_TEST_TMPDIR/ask"
    expect_count 1 '.call == "getpeername"'
    expect_count 1 '.call == "getpeername" and .fd == 0 and .error == "ENOTCONN" and .cause == "not-connected" and
        .level == "warn" and (.why | contains("is a listening socket, and has no peer"))'
}

@test "the same in a program built with _FORTIFY_SOURCE" {
    "${CC:-cc}" -D_GNU_SOURCE -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -o "$BATS_TEST_TMPDIR/fortified" \
        "$TOP/tests/programs/calls_ask.c"
    nm -D "$BATS_TEST_TMPDIR/fortified" | grep -q __dprintf_chk || skip "no fortified dprintf here"
    run -0 shimmed "$BATS_TEST_TMPDIR/fortified"
    expect_printed
}

@test "an option that takes rights: not-permitted" {
    run -0 shimmed setpriv --bounding-set=-all --inh-caps=-all "$PYTHON" -c '
import socket
try: socket.socket().setsockopt(socket.SOL_SOCKET, 36, 1)  # SO_MARK
except PermissionError: pass'
    expect_count 1 '.call == "setsockopt" and .cause == "not-permitted" and (.why | contains("requires privileges"))'
}

@test "bash, whose start asks whether its stdin is a socket, leaves no record" {
    run -0 shimmed bash -c 'echo done' </dev/null
    [ ! -s "$LOG" ] || fails_with "records"
}
