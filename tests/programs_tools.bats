#!/usr/bin/env bats
# Tools that copy, measure and connect, natively and under the shim.

load helpers
load real_programs

# ---- copying and measuring ----

with_rsync() {
    printf '%s\n' "address = $ADDRESS" "port = $PORT" 'use chroot = no' "uid = $(id -un)" \
        "gid = $(id -gn)" '[files]' "path = $DIR/there" 'read only = no' >"$DIR/rsync.conf"
    rm -rf "$DIR/there" "$DIR/back"
    mkdir "$DIR/there"
    server "$@" rsync --daemon --no-detach --config="$DIR/rsync.conf"
    "$@" rsync -a "$DIR/here/" "rsync://$SERVER/files/"
    "$@" rsync -a "rsync://$SERVER/files/" "$DIR/back/"
    diff -r "$DIR/here" "$DIR/back" && echo same
    "$@" rsync -a "rsync://127.0.0.1:$REFUSING/files/" "$DIR/nowhere/" 2>"$DIR/err" || echo "status $?"
    stop TERM
}

@test "rsync: a tree to its server and back, then a refused connection" {
    refuse
    mkdir -p "$DIR/here/below"
    head -c 3000000 /dev/urandom >"$DIR/here/large"
    for name in {1..50}; do
        echo "$name" >"$DIR/here/below/$name"
    done
    both with_rsync
    printed <<<$'same\nstatus 10'
    log_is_sane rsync
    # Its receiving process may be ended by its generator before it reads the end.
    expect_count 2 '.call == "connect" and .cause == "in-progress" and .peer == "'"$SERVER"'"'
    refused rsync
}

with_iperf3() {
    server "$@" iperf3 -s -1 -B "$ADDRESS" -p "$PORT"
    "$@" iperf3 -c "$ADDRESS" -p "$PORT" -P 2 -n 64M -J >"$DIR/figures"
    stop ""
    echo "status $status"
    jq -c '[.error, (.end.streams | length), .end.sum_sent.bytes >= 67108864]' "$DIR/figures"
    "$@" iperf3 -c 127.0.0.1 -p "$REFUSING" 2>/dev/null || echo "status $?"
}

@test "iperf3: 64 MB over two streams, then a refused connection" {
    refuse
    both with_iperf3
    printed <<<$'status 0\n[null,2,true]\nstatus 1'
    log_is_sane iperf3
    # The server may close with data unread, which is its own doing.
    expect_count 0 '.event == "return" and .call != "close" and .prog == "iperf3" and .local == "'"$SERVER"'"'
    refused iperf3
}

# ---- bash, coreutils, netcat, socat ----

@test "bash /dev/tcp: a request, its answer, the end" {
    villain end
    same bash -c 'exec 3<>/dev/tcp/127.0.0.1/'"$PORT"'
        printf "GET / HTTP/1.0\r\n\r\n" >&3
        cat <&3'
    [ "$(tail -n 1 "$DIR/native")" = "all of it" ]
    # cat has the socket from bash, and found its end.
    expect '.prog == "cat" and .ret == 0 and .cause == "peer-closed" and
            .peer == "'"$SERVER"'" and .rx == 29'
    nothing_went_wrong
}

@test "bash /dev/tcp, refused" {
    villain refuse
    same bash -c 'exec 3<>/dev/tcp/127.0.0.1/'"$PORT"
    [ "$status" -eq 1 ]
    cmp "$DIR/native.err" "$DIR/shimmed.err"
    expect_count 1 '.prog == "bash" and .call == "connect" and .ret == -1 and
                    .cause == "connection-refused" and .peer == "'"$SERVER"'"'
}

# Children that get the connection, too, have a socket of their own.
@test "bash with an open connection: children without it end by SIGPIPE as ever" {
    villain end
    same env --default-signal=PIPE bash -c 'exec 3<>/dev/tcp/127.0.0.1/'"$PORT"'
        yes 3>&- | head -n 1 3>&-
        echo "${PIPESTATUS[*]}"'
    [ "$(tail -n 1 "$DIR/native")" = "141 0" ]
}

# The server closes; what yes writes after that is answered with a reset, and
# the next write is the deadly one.
write_to_the_dead() {
    env --default-signal=PIPE "$@" bash -c 'exec 3<>/dev/tcp/127.0.0.1/'"$PORT"'
        read -r -u 3
        exec yes >&3'
}

@test "yes, writing to a connection that its peer closed: dies without the shim, ends with it" {
    villain close
    run write_to_the_dead
    [ "$status" -eq 141 ]
    run write_to_the_dead "${UNDER_SHIM[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"Broken pipe"* ]]
    expect '.prog == "yes" and .ret == -1 and .error == "EPIPE" and
            .cause == "write-after-close" and .peer == "'"$SERVER"'" and
            (.why | contains("SIGPIPE would have ended the program here"))'
}

@test "netcat: a request and its answer; refused" {
    villain end
    printf 'GET / HTTP/1.0\r\n\r\n' >"$DIR/request"
    same bash -c 'exec nc "$@" <'"$DIR/request" nc 127.0.0.1 "$PORT"
    [ "$(tail -n 1 "$DIR/native")" = "all of it" ]
    expect '.prog == "nc" and .ret == 0 and .cause == "peer-closed" and .peer == "'"$SERVER"'"'
    nothing_went_wrong
    villain refuse
    same nc 127.0.0.1 "$PORT"
    [ "$status" -eq 1 ]
    expect '.prog == "nc" and .error == "ECONNREFUSED" and .cause == "connection-refused" and
            .peer == "'"$SERVER"'"'
}

@test "socat: an echo server that forks, its client; refused" {
    background "${UNDER_SHIM[@]}" socat "TCP-LISTEN:$PORT,bind=$ADDRESS,fork,reuseaddr" EXEC:cat
    wait_until listens
    head -c 300000 /dev/urandom >"$DIR/data"
    same bash -c 'exec socat "$@" <'"$DIR/data" socat -t 60 - "TCP:$SERVER"
    cmp "$DIR/native" "$DIR/data"
    expect_count 1 '.prog == "socat" and .cause == "peer-closed" and .ret == 0 and
                    .peer == "'"$SERVER"'" and .rx == 300000'
    nothing_went_wrong
    villain refuse
    same socat - "TCP:$SERVER"
    [ "$status" -eq 1 ]
    expect '.prog == "socat" and .error == "ECONNREFUSED" and .cause == "connection-refused" and
            .peer == "'"$SERVER"'"'
}
