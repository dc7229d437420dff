#!/usr/bin/env bats
# What keeps a setting for robust handling from having its effect: a filter or a kernel that does
# not let its option be set, a program that never waits, a cage. It is said at the start, in the
# log once, by `sockshim check PID` and by `sockshim report`; and the program does not notice.

load helpers

# Ten connections, both ends; then it waits to be looked at.
TALKS='
import socket as s, time
l = s.socket(); l.bind(("127.0.0.1", 0)); l.listen()
for _ in range(10):
    c = s.socket(); c.connect(l.getsockname()); a = l.accept()[0]
    c.sendall(b"hello"); assert a.recv(5) == b"hello"
l.close(); again = s.socket()
print("done", flush=True)
time.sleep(600)'

# talks ERRNO LIST [VARIABLE=VALUE...]: so far, in a filter that answers these calls with the errno.
talks() {
    rm -f "$LOG"
    background "$PROGRAMS/filtered" "$1" "$2" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "${@:3}" \
        "$PYTHON" -c "$TALKS" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
    P=$BACKGROUND
    wait_until grep -q 'done' "$BATS_TEST_TMPDIR/out"
}

# refused SETTING OPTION ERRNO: at the start, and once in the log.
refused() {
    local label=${1,,}
    expect '.event == "start" and (.settings | test(" refused=([a-z_:,A-Z]+,)?'"$label:$3"'"))'
    expect_count 1 '.event == "config" and .level == "warn" and (.why | startswith("SOCKSHIM_'"$1: $2"' could not be set") and contains("('"$3"')"))'
}

ALL=(SOCKSHIM_DEAD_PEER=30s SOCKSHIM_CONNECT_TIMEOUT=5s SOCKSHIM_RECV_TIMEOUT=60s SOCKSHIM_REUSEADDR=on)

@test "options that a filter forbids: said once for each setting, not for each call; by check PID as well" {
    local call
    for call in setsockopt getsockopt; do
        talks 1 $call "${ALL[@]}"
        refused DEAD_PEER SO_KEEPALIVE EPERM
        refused CONNECT_TIMEOUT TCP_SYNCNT EPERM
        refused RECV_TIMEOUT SO_RCVTIMEO EPERM
        refused REUSEADDR SO_REUSEADDR EPERM
        local count=4
        if [ $call = setsockopt ]; then # nothing is asked of a new socket
            count=5
            refused NODELAY TCP_NODELAY EPERM
        fi
        expect_count $count '.event == "config"'
        expect_count $count '.event == "config" and (.why | contains("a filter (seccomp, or BPF of the control group) forbids it"))'
        run "$TOP/scripts/sockshim" check "$P"
        [[ $output == *"  in force: "*" refused=dead_peer:EPERM,"* ]] || fails_with "$output"
        [ "$(grep -c '^  hindered: SOCKSHIM_' <<<"$output")" -eq $count ] || fails_with "$output"
    done
}

@test "TCP_NODELAY that is refused: said once, at the start as well if a TCP socket is the first one" {
    talks 1 setsockopt
    refused NODELAY TCP_NODELAY EPERM
    expect_count 1 '.event == "config"'
    run "$TOP/scripts/sockshim" report "$LOG"
    output=$(tr -s ' \n' ' ' <<<"$output")
    [[ $output == *"A default setting has no effect, 1 time in python3: SOCKSHIM_NODELAY: TCP_NODELAY could not be set"* ]] || fails_with "$output"
    [[ $output != *"What robust handling did"* ]] || fails_with "$output"
    rm "$LOG"
    "$PROGRAMS/filtered" 1 setsockopt env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PYTHON" -c '
import socket as s
s.socketpair(); s.socket(); s.socket()'
    expect_count 1 '.event == "config" and .level == "warn" and (.why | startswith("SOCKSHIM_NODELAY: TCP_NODELAY could not be set"))'
    rm "$LOG"
    "$PROGRAMS/filtered" 1 setsockopt env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_NODELAY=off "$PYTHON" -c '
import socket; socket.socket()'
    expect_count 0 '.event == "config"'
}

# As inetd hands a connection on, in a container, whose filter every program inherits.
@test "a harmless filter that was inherited: an inherited connection has its options all the same" {
    "$PYTHON" -c '
import os, socket as s, subprocess, sys
l = s.create_server(("127.0.0.1", 0)); c = s.create_connection(l.getsockname())
code = "import socket as s; c = s.socket(fileno=0); print(c.getsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE), c.getsockopt(s.SOL_SOCKET, s.SO_RCVTIMEO, 16) != bytes(16))"
subprocess.run([*sys.argv[1:], sys.executable, "-c", code], stdin=c, check=True)' \
        "$PROGRAMS/filtered" 1 setrlimit env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_DEAD_PEER=30s SOCKSHIM_RECV_TIMEOUT=60s >"$BATS_TEST_TMPDIR/out"
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = "1 True" ] || fails_with "$(cat "$BATS_TEST_TMPDIR/out")"
}

@test "an option that the kernel does not know: the others are set all the same" {
    talks 92 setsockopt:18 SOCKSHIM_FORMAT=json SOCKSHIM_DEAD_PEER=30s # TCP_USER_TIMEOUT
    refused DEAD_PEER TCP_USER_TIMEOUT ENOPROTOOPT
    expect '.event == "config" and (.why | contains("does not support it"))'
    run "$TOP/scripts/sockshim" check "$P"
    [[ $output == *"  hindered: SOCKSHIM_DEAD_PEER: TCP_USER_TIMEOUT could not be set"*"has no effect" ]] || fails_with "$output"
    [[ $(ss -Hntope state established | grep "pid=$P,") == *"timer:(keepalive,"* ]] || fails_with "$(ss -Hntope)"
    run "$TOP/scripts/sockshim" report "$LOG"
    output=$(tr -s ' \n' ' ' <<<"$output")
    [[ $output == *"Never: DEAD_PEER. DEAD_PEER: TCP_USER_TIMEOUT could not be set"* ]] || fails_with "$output"
    [[ $output != *"A setting is wrong"* ]] || fails_with "$output"
}

@test "where every option can be set, nothing is said, and each is what it was" {
    talks 92 listen:99 "${ALL[@]}"
    expect_count 0 '.event == "config"'
    expect_count 0 '.settings != null and (.settings | contains("refused="))'
    run "$TOP/scripts/sockshim" check "$P"
    [[ $output != *hindered* ]] || fails_with "$output"
    # REUSEADDR and CONNECT_TIMEOUT set theirs later, if at all.
    run env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "${ALL[@]}" "$PYTHON" -c '
import socket as s
c = s.socket()
print(c.getsockopt(s.SOL_SOCKET, s.SO_REUSEADDR), c.getsockopt(s.SOL_SOCKET, s.SO_RCVTIMEO, 16) == bytes(16),
    c.getsockopt(s.SOL_SOCKET, s.SO_SNDTIMEO, 16) == bytes(16), c.getsockopt(s.IPPROTO_TCP, s.TCP_SYNCNT), s.socket().getsockopt(s.IPPROTO_TCP, s.TCP_SYNCNT))'
    [ "$output" = "0 True True 6 6" ] || fails_with "$output"
}

@test "a program that never waits: said once, and report and check tell why its settings never did anything" {
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_LEVEL=info SOCKSHIM_CONNECT_RETRY=60s SOCKSHIM_RECV_TIMEOUT=60s \
        SOCKSHIM_ACCEPT=careful "$PYTHON" -c '
import errno, resource, select, socket as s, time
l = s.create_server(("127.0.0.1", 0)); l.setblocking(False)
for _ in range(3):
    c = s.socket(); c.setblocking(False); c.connect_ex(("127.0.0.1", 1))
    select.select([], [c], []); print(c.getsockopt(s.SOL_SOCKET, s.SO_ERROR))
    c = s.socket(); c.setblocking(False); c.connect_ex(l.getsockname())
    select.select([], [c], [])
    try: c.recv(1)
    except BlockingIOError: print("would block")
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, soft[1]))
    try: l._accept()
    except OSError as e: print(e.errno)
    resource.setrlimit(resource.RLIMIT_NOFILE, soft)
print("done", flush=True)
time.sleep(600)' >"$BATS_TEST_TMPDIR/out" 2>&1
    P=$BACKGROUND
    wait_until grep -q 'done' "$BATS_TEST_TMPDIR/out"
    run "$TOP/scripts/sockshim" check "$P"
    [[ $output == *"hindered: SOCKSHIM_CONNECT_RETRY: the program connects non-blocking; such a connect is never retried"* ]] || fails_with "$output"
    [ "$(sort "$BATS_TEST_TMPDIR/out" | uniq -c | awk '{ $1 = $1; print }')" = "3 111
3 24
1 done
3 would block" ] || fails_with "$(cat "$BATS_TEST_TMPDIR/out")"
    expect_count 3 '.event == "config" and .level == "info"'
    expect_count 0 '.event == "handled"'
    run "$TOP/scripts/sockshim" report "$LOG"
    output=$(tr -s ' \n' ' ' <<<"$output")
    [[ $output == *"None of the settings in force did anything."*"CONNECT_RETRY: the program connects non-blocking; such a connect is never retried."* ]] || fails_with "$output"
    [[ $output == *"RECV_TIMEOUT: the program receives non-blocking"*"ACCEPT: the program's listening socket is non-blocking"* ]] || fails_with "$output"
}

@test "psql, which connects non-blocking: a refused connect is not retried, an unanswered one ends in steps" {
    PORT=$(free_port)
    SECONDS=0
    run env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_CONNECT_RETRY=60s SOCKSHIM_CONNECT_TIMEOUT=30s \
        psql -h 127.0.0.1 -p "$PORT" -U nobody postgres
    [ "$status" -eq 2 ] && [ "$SECONDS" -lt 30 ] || fails_with "$output"
    [[ $output == *"Connection refused"* ]] || fails_with "$output"
    expect_count 0 '.event == "handled"'
    expect_count 1 '.event == "config" and (.why | startswith("SOCKSHIM_CONNECT_RETRY: the program connects non-blocking"))'
    expect '.event == "return" and .cause == "connection-refused"'
    run "$TOP/scripts/sockshim" report "$LOG"
    [[ $(tr -s ' \n' ' ' <<<"$output") == *"CONNECT_RETRY: the program connects non-blocking"* ]] || fails_with "$output"
}

@test "a cage: said once, before the filter is on" {
    env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_DEAD_PEER=30s "$PROGRAMS/caged" prctl || true
    expect_count 1 '.event == "config" and .level == "warn" and (.why | contains("seccomp filter on itself"))'
    rm "$LOG"
    env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PROGRAMS/caged" prctl || true
    expect_count 0 '.event == "config"'
}

@test "what is refused is in the recorder, too" {
    "$PROGRAMS/filtered" 1 setsockopt env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR/ring" \
        SOCKSHIM_RECV_TIMEOUT=60s "$PYTHON" -c 'import socket; socket.socket()'
    "$BUILD/sockshim-recorder" "$BATS_TEST_TMPDIR/ring" >"$BATS_TEST_TMPDIR/lines"
    grep -q 'level=warn event=config .*SOCKSHIM_RECV_TIMEOUT: SO_RCVTIMEO could not be set' "$BATS_TEST_TMPDIR/lines" || fails_with "$(cat "$BATS_TEST_TMPDIR/lines")"
    grep -q 'event=start .* refused=recv_timeout:EPERM' "$BATS_TEST_TMPDIR/lines" || fails_with "$(cat "$BATS_TEST_TMPDIR/lines")"
}
