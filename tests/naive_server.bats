#!/usr/bin/env bats
# The program that it all began with: a server that a client's reset kills.

load helpers

# Whoever runs the tests may have SIGPIPE ignored, and ignored it is inherited.
start_server() {
    background env --default-signal=PIPE "$@" >"$BATS_TEST_TMPDIR/server"
    SERVER=$BACKGROUND
    wait_until test -s "$BATS_TEST_TMPDIR/server"
    PORT=$(head -n 1 "$BATS_TEST_TMPDIR/server")
}

# The server's exit status, in $status.
end_of_server() {
    status=0
    wait "$SERVER" || status=$?
}

# clients WAY COUNT: so many connections at once; each asks, and ends in that
# WAY when the answer is there: reset, unread (closes without reading it, which
# resets, too) or honest. Prints the address of each.
clients() {
    "$PYTHON" - "$PORT" "$@" <<'END'
import select, socket, struct, sys
port, way, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
for connection in connections:
    print("%s:%d" % connection.getsockname())
    connection.sendall(b"do it\n")
for connection in connections:
    if way == "unread":
        select.select([connection], [], [])
    else:
        assert connection.recv(100) == b"done\n"
    if way == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
END
}

# The peers of the records that jq's FILTER selects, sorted.
peers() {
    records "$1" | jq -r .peer | sort
}

@test "without the shim one client that resets kills the naive server" {
    start_server "$PROGRAMS/naive_server" 2
    clients reset 1
    end_of_server
    [ "$status" -eq 141 ]
}

@test "without the shim one client that does not read its answer kills the naive server" {
    start_server "$PROGRAMS/naive_server" 2
    clients unread 1
    end_of_server
    [ "$status" -eq 141 ]
}

@test "with SOCKSHIM_SIGPIPE=off it dies as it would without the shim, and the log says of what" {
    start_server LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_SIGPIPE=off \
        "$PROGRAMS/naive_server" 2
    clients reset 1 >"$BATS_TEST_TMPDIR/addresses"
    end_of_server
    [ "$status" -eq 141 ]
    [ "$(peers '.cause == "peer-reset"')" = "$(cat "$BATS_TEST_TMPDIR/addresses")" ]
}

# serves_through WAY: a hundred clients that reset in that way, then an honest one.
serves_through() {
    local reset="$BATS_TEST_TMPDIR/reset" honest
    start_server LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PROGRAMS/naive_server" 101
    clients "$1" 100 | sort >"$reset"
    honest=$(clients honest 1)
    end_of_server
    [ "$status" -eq 0 ] || fails_with "the server ended with $status"
    [ "$(tail -n 1 "$BATS_TEST_TMPDIR/server")" = "100 unsent" ]

    [ "$(wc -l <"$reset")" -eq 100 ]
    peers '.call == "recv" and .error == "ECONNRESET" and .cause == "peer-reset"' | diff "$reset" -
    peers '.call == "send" and .error == "EPIPE" and .cause == "write-after-close"' |
        diff "$reset" -
    peers '.call == "recv" and .ret == 0 and .cause == "closed-after-error"' | diff "$reset" -
    [ "$(peers '.cause == "peer-closed"')" = "$honest" ]
    expect_count 301 '.event == "return"'
}

@test "with the shim it serves a hundred clients that reset, and the log holds each of them" {
    serves_through reset
}

@test "with the shim it serves a hundred clients that leave their answers unread, likewise" {
    serves_through unread
}

@test "the log tells what each connection had carried and what the shim saved" {
    start_server LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PROGRAMS/naive_server" 1
    clients reset 1
    end_of_server
    expect '.cause == "peer-reset" and .rx == 6 and .tx + .unacked == 5 and .state == "CLOSE"'
    expect '.cause == "peer-reset" and .level == "warn" and .type == "tcp" and .prog == "naive_server"'
    expect '.cause == "write-after-close" and .len == 5 and (.why | contains("SIGPIPE would have"))'
    expect '.cause == "write-after-close" and .local == "127.0.0.1:'"$PORT"'"'
}

# Its loop only knows 0: told so at once, it sends nothing into the void.
@test "with SOCKSHIM_RESET=eof its loop ends at the reset, and nothing is sent after it" {
    start_server LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_RESET=eof "$PROGRAMS/naive_server" 21
    clients reset 20 >/dev/null
    clients honest 1 >/dev/null
    end_of_server
    [ "$status" -eq 0 ]
    [ "$(tail -n 1 "$BATS_TEST_TMPDIR/server")" = "0 unsent" ]
    expect_count 20 '.event == "handled" and .setting == "SOCKSHIM_RESET" and .cause == "peer-reset" and .would == "-1 ECONNRESET" and .given == "0"'
    expect_count 0 '.error == "EPIPE"'
}
