#!/usr/bin/env bats
# With every setting for robust handling on, at both ends, programs whose connections are
# in order do what they do natively.

load helpers
load real_programs

EVERYTHING=(SOCKSHIM_DEAD_PEER=60s "SOCKSHIM_KEEPALIVE=20,10,3" SOCKSHIM_CONNECT_TIMEOUT=20s
    SOCKSHIM_CONNECT_RETRY=20s SOCKSHIM_RECV_TIMEOUT=60s SOCKSHIM_BACKLOG=100 SOCKSHIM_REUSEADDR=on
    SOCKSHIM_ACCEPT=careful SOCKSHIM_EINTR=restart SOCKSHIM_RESET=eof)

@test "curl and wget with python3 http.server" {
    head -c 3000000 /dev/urandom >"$DIR/data"
    server "${UNDER_SHIM[@]}" "${EVERYTHING[@]}" "$PYTHON" -m http.server --bind "$ADDRESS" --directory "$DIR" "$PORT"
    same env "${EVERYTHING[@]}" curl -sS "http://$SERVER/data"
    cmp "$DIR/shimmed" "$DIR/data"
    same env "${EVERYTHING[@]}" curl -sS --fail "http://$SERVER/missing"
    same env "${EVERYTHING[@]}" wget -q -O - "http://$SERVER/data"
    expect '.prog == "curl" and .event == "start" and (.settings | contains("reset=eof"))'
    expect_count 0 '.event == "handled" and .cause != null'
}

@test "redis-cli with redis-server: a pipeline of thousands" {
    server "${UNDER_SHIM[@]}" "${EVERYTHING[@]}" redis-server --port "$PORT" --bind "$ADDRESS" --save '' --dir "$DIR"
    for n in $(seq 3000); do echo "set key$n value$n"; done >"$DIR/commands"
    # shellcheck disable=SC2016
    same env "${EVERYTHING[@]}" sh -c 'redis-cli -h "$0" -p "$1" <"$2"' "$ADDRESS" "$PORT" "$DIR/commands"
    [ "$(grep -c OK "$DIR/shimmed")" -eq 3000 ]
    same env "${EVERYTHING[@]}" redis-cli -h "$ADDRESS" -p "$PORT" mget key1 key3000
    expect_count 0 '.event == "handled" and .cause != null'
}

@test "socat, netcat, perl and bash: a request and its answer" {
    server "${UNDER_SHIM[@]}" "${EVERYTHING[@]}" socat "TCP-LISTEN:$PORT,bind=$ADDRESS,fork,reuseaddr" EXEC:'tr a-z A-Z'
    # shellcheck disable=SC2016
    same env "${EVERYTHING[@]}" sh -c 'echo hello | socat -t 5 - "TCP:$0:$1"' "$ADDRESS" "$PORT"
    [ "$(cat "$DIR/shimmed")" = HELLO ]
    # shellcheck disable=SC2016
    same env "${EVERYTHING[@]}" sh -c 'echo hello | nc -N "$0" "$1"' "$ADDRESS" "$PORT"
    [ "$(cat "$DIR/shimmed")" = HELLO ]
    same env "${EVERYTHING[@]}" perl -MIO::Socket::INET -e '
        my $c = IO::Socket::INET->new(PeerAddr => $ARGV[0]) or die; print $c "hello\n"; $c->shutdown(1); print <$c>' "$SERVER"
    [ "$(cat "$DIR/shimmed")" = HELLO ]
    expect_count 0 '.event == "handled" and .cause != null'
}
