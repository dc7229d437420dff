# For tests that let Debian's programs, as they are, do their job natively and
# under the shim: the result is the same, and the log says what happened.

# An address of the loopback network for this test alone, so that no test of
# another file can take the port between free_port and the server's bind.
ADDRESS=127.$((1 + $$ / 65536 % 250)).$(($$ / 256 % 256)).$(($$ % 256))

# HANDLED=all: with every setting for robust handling on. Nothing is to be handled in them,
# so all that is expected of the programs stays as it is. A refusal is a program's matter
# here, so that a connect is made again for a moment only.
EVERYTHING=()
if [ "${HANDLED-}" = all ]; then
    EVERYTHING=(SOCKSHIM_DEAD_PEER=60s "SOCKSHIM_KEEPALIVE=20,10,3" SOCKSHIM_CONNECT_TIMEOUT=20s
        SOCKSHIM_CONNECT_RETRY=100ms SOCKSHIM_RECV_TIMEOUT=60s SOCKSHIM_BACKLOG=100 SOCKSHIM_REUSEADDR=on
        SOCKSHIM_ACCEPT=careful SOCKSHIM_EINTR=restart SOCKSHIM_RESET=eof)
fi

# shimmed [VARIABLE=VALUE...] COMMAND...: runs it under the shim, its log in $LOG.
shimmed() {
    env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "${EVERYTHING[@]}" "$@"
}

# resets: a test in which a reset reaches a program, whose errno is expected.
resets() {
    local kept=() setting
    for setting in "${EVERYTHING[@]}"; do
        [ "$setting" = SOCKSHIM_RESET=eof ] || kept+=("$setting")
    done
    EVERYTHING=("${kept[@]}")
    UNDER_SHIM=(env LD_PRELOAD="$DIR/libsockshim.so" SOCKSHIM_LOG="$LOG" "${EVERYTHING[@]}")
}

# Servers that refuse to be root read and write here, and log, too.
setup() {
    DIR=$(mktemp -d "${TMPDIR:-/tmp}/programs.XXXXXX")
    chmod 777 "$DIR"
    cp "$SHIM" "$DIR/libsockshim.so"
    LOG=$DIR/log
    UNDER_SHIM=(env LD_PRELOAD="$DIR/libsockshim.so" SOCKSHIM_LOG="$LOG" "${EVERYTHING[@]}")
    PORT=$(free_port)
    SERVER=$ADDRESS:$PORT # as the log writes it
}

# What server starts has a session of its own, so that its children end with it.
# nginx is ended before its worker, which it would replace.
teardown() {
    local pid
    for pid in $BACKGROUNDS; do
        kill -9 -- "-$pid" 2>/dev/null || true
    done
    end_backgrounds
    [ -z "$WORKER" ] || kill -9 "$WORKER" || true
    rm -rf "$DIR"
}

listens() {
    ss -Hltn "src $SERVER" | grep -q .
}

# What Python's http.server prints.
has_port() {
    grep -q ' port [0-9]' "$1"
}

# same COMMAND...: natively and under the shim it prints the same and ends with
# the same status, which is in $status. What it prints is in $DIR/native, what
# it says to stderr in $DIR/native.err and $DIR/shimmed.err.
same() {
    local with_shim=0
    status=0
    "$@" >"$DIR/native" 2>"$DIR/native.err" || status=$?
    shimmed "$@" >"$DIR/shimmed" 2>"$DIR/shimmed.err" || with_shim=$?
    [ "$status" -eq "$with_shim" ] || fails_with "status $status natively, $with_shim under the shim"
    cmp "$DIR/native" "$DIR/shimmed"
}

nothing_went_wrong() {
    expect_count 0 '.level == "warn" or .level == "error"'
}

# server COMMAND...: starts it; it listens at $SERVER. Its pid is in $BACKGROUND.
server() {
    background setsid "$@" >>"$DIR/server.out" 2>&1
    wait_until listens || fails_with "$(cat "$DIR/server.out")"
}

# stop SIGNAL: ends it in order, unless it ends by itself.
stop() {
    [ -z "$1" ] || kill "-$1" "$BACKGROUND"
    status=0
    wait "$BACKGROUND" || status=$?
}

# unprivileged COMMAND...: for servers that refuse to be root. The same process.
unprivileged() {
    if [ "$(id -u)" -eq 0 ]; then
        set -- setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
    fi
    exec "$@"
}
export -f unprivileged
UNPRIVILEGED=(bash -c 'unprivileged "$@"' unprivileged)

# both FUNCTION: once natively, once with the shim's environment as its
# arguments, to be put before commands. It prints the same each time.
both() {
    "$1" >"$DIR/native"
    PORT=$(free_port)
    SERVER=$ADDRESS:$PORT
    "$1" "${UNDER_SHIM[@]}" >"$DIR/shimmed"
    cmp "$DIR/native" "$DIR/shimmed" || fails_with "$(diff "$DIR/native" "$DIR/shimmed")"
}

# The native run printed this.
printed() {
    diff - "$DIR/native"
}

# log_is_sane PROGRAM...: well-formed; of these programs and no others, each with
# its start; every record has its reason.
log_is_sane() {
    as_json >"$DIR/records" || fails_with "malformed"
    diff <(printf '%s\n' "$@" | sort) <(jq -r .prog "$DIR/records" | sort -u)
    diff <(printf '%s\n' "$@" | sort) \
        <(jq -r 'select(.event == "start") | .prog' "$DIR/records" | sort -u)
    expect_count 0 '.event | IN("start", "return", "refused", "handled", "config") | not'
    if [ -n "${HANDLED-}" ]; then
        expect_count 0 '.event == "config" and (.why | contains("the program connects non-blocking") or contains("the program receives non-blocking") | not)'
        expect_count 0 '.event == "start" and (.settings | contains("eintr=restart") | not)'
    else
        expect_count 0 '.event | IN("handled", "config")'
    fi
    expect_count 0 '.event == "return" and (.cause == "other" or (.why // "") == "")'
}

# ended_in_order PROGRAM [BUT]: the log of a conversation that ended in order, as PROGRAM saw
# it, but for records with BUT.
ended_in_order() {
    expect_count 0 '(.level == "warn" or .level == "error") and ('"${2-false}"' | not)'
    expect '.prog == "'"$1"'" and .ret == 0 and .cause == "peer-closed" and .level == "info"'
}

# A port where nobody listens and that nobody else takes, in $REFUSING.
refuse() {
    "$PYTHON" -uc 'import signal, socket
server = socket.socket()
server.bind(("127.0.0.1", 0))
print(server.getsockname()[1])
signal.pause()' >"$DIR/refusing" 3>&- &
    BACKGROUNDS+=" $!"
    wait_until test -s "$DIR/refusing"
    REFUSING=$(cat "$DIR/refusing")
}

refused() {
    expect '.prog == "'"$1"'" and .error == "ECONNREFUSED" and .level == "warn" and
            .cause == "connection-refused" and
            (.peer | test("^(\\[::ffff:127.0.0.1\\]|127.0.0.1):'"$REFUSING"'$"))'
    expect_count 0 '(.level == "warn" or .level == "error") and .cause != "connection-refused"'
}

is_stopped() {
    grep -q '^State:.T' "/proc/$1/status"
}

stop_process() {
    kill -STOP "$1"
    wait_until is_stopped "$1"
}

# At least one connection to the server has a request that nobody has read.
has_unread_request() {
    ss -Htn "src $SERVER" | awk '$2 > 0 { found = 1 } END { exit !found }'
}

# villain WAY: a server on a port of its own, in $SERVER and $PORT.
# refuse: does not listen, and keeps the port so that nobody else does.
# reset: takes the request, resets.
# close: closes at once, in order.
# end: answers what HTTP/1.0 answers, without a length: the end is the end.
villain() {
    ADDRESS=127.0.0.1
    cat >"$DIR/villain.py" <<'END'
import signal, socket, struct, sys
server = socket.socket()
server.bind(("127.0.0.1", 0))
if sys.argv[1] != "refuse":
    server.listen()
print(server.getsockname()[1])
if sys.argv[1] == "refuse":
    signal.pause()
while True:
    connection = server.accept()[0]
    if sys.argv[1] in ("reset", "end"):
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += connection.recv(4096)
    if sys.argv[1] == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if sys.argv[1] == "end":
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nall of it\n")
    connection.close()
END
    rm -f "$DIR/villain.$1"
    background "$PYTHON" -u "$DIR/villain.py" "$1" >"$DIR/villain.$1"
    wait_until test -s "$DIR/villain.$1"
    PORT=$(cat "$DIR/villain.$1")
    SERVER=127.0.0.1:$PORT
}
