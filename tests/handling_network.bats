#!/usr/bin/env bats
# README.md, "Robust handling on request", where it takes a network: hosts that vanish, SYNs
# that nobody answers, a NAT that forgets. All of it in network namespaces of the test's.

load helpers

bats_require_minimum_version 1.5.0

setup() {
    unshare -n true 2>/dev/null || skip "no network namespaces here"
    NAMESPACES=
}

# namespace NAME: an empty network; its process is in $NAME.
namespace() {
    # shellcheck disable=SC2016
    background unshare -n sh -c 'ip link set lo up && echo up >"$0" && exec sleep 6000' "$BATS_TEST_TMPDIR/$1.up"
    printf -v "$1" %s "$BACKGROUND"
    wait_until test -s "$BATS_TEST_TMPDIR/$1.up"
}

# inside PID COMMAND...
inside() {
    nsenter -n -t "$1" "${@:2}"
}

# cable PID ADDRESS PID ADDRESS: two hosts, joined.
cable() {
    local name=c${2//./}
    inside "$1" ip link add "$name" type veth peer name "$name" netns "/proc/$3/ns/net"
    inside "$1" sh -c "ip addr add $2/24 dev $name && ip link set $name up"
    inside "$3" sh -c "ip addr add $4/24 dev $name && ip link set $name up"
}

# Client and server, on a cable.
two_hosts() {
    namespace HERE
    namespace THERE
    cable "$HERE" 10.99.1.1 "$THERE" 10.99.1.2
}

# The other host is gone, without a word.
vanish() {
    inside "$THERE" nft 'add table ip gone
        add chain ip gone in { type filter hook input priority 0; policy drop; }
        add chain ip gone out { type filter hook output priority 0; policy drop; }'
}

# shimmed_here [VARIABLE=VALUE...] COMMAND...
shimmed_here() {
    inside "$HERE" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$@"
}

listens_there() {
    inside "$THERE" ss -Hltn "sport = :$1" | grep -q .
}

handled() {
    expect '.event == "handled" and .setting == "SOCKSHIM_'"$1"'" and ('"$2"')'
}

# seconds FILE: what the client wrote there lies between these.
between() {
    awk -v s="$1" -v from="$2" -v to="$3" 'BEGIN { exit !(s >= from && s < to) }' ||
        fails_with "$1 s, not between $2 and $3"
}

# ---- A host that vanishes ----

TALKER='
import socket, sys, time
c = socket.create_connection(("10.99.1.2", 7000))
c.sendall(b"x"); assert c.recv(1) == b"x"
print("connected", flush=True)
sys.stdin.readline()
began = time.monotonic()
try:
    if sys.argv[1] == "busy":
        while True: c.sendall(b"x" * 1000); time.sleep(0.1)
    if sys.argv[1] == "printing": # as C does
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        while libc.dprintf(c.fileno(), b"hello\n") > 0: time.sleep(0.1)
        raise OSError(ctypes.get_errno(), "dprintf")
    print("got", c.recv(1))
except OSError as e: print(e.errno, round(time.monotonic() - began, 2), flush=True)'

echo_there() {
    background inside "$THERE" socat TCP-LISTEN:7000,fork EXEC:cat
    wait_until listens_there 7000
}

# talks WAY [VARIABLE=VALUE...]: a Python client whose peer vanishes; the line that it ends
# with, or nothing if it still waits $PATIENCE seconds after that.
talks() {
    local way=$1
    shift
    rm -f "$BATS_TEST_TMPDIR/$way"*
    mkfifo "$BATS_TEST_TMPDIR/$way.in"
    shimmed_here "$@" "$PYTHON" -c "$TALKER" "$way" \
        <"$BATS_TEST_TMPDIR/$way.in" >"$BATS_TEST_TMPDIR/$way" 3>&- &
    local client=$!
    exec 5>"$BATS_TEST_TMPDIR/$way.in"
    wait_until grep -q connected "$BATS_TEST_TMPDIR/$way"
    vanish
    echo >&5
    exec 5>&-
    timeout "${PATIENCE:-60}" tail -s 0.1 -f /dev/null --pid="$client" || kill "$client"
    wait "$client" || true
    line=$(sed -n 2p "$BATS_TEST_TMPDIR/$way")
}

# in_its_time WAY SECONDS FROM: with so many seconds for a dead peer it fails within a second of
# them, and not before. The best of three, for a busy machine may be late by more than that.
in_its_time() {
    local try
    for try in 1 2 3; do
        rm -f "$LOG"
        inside "$THERE" nft flush ruleset
        talks "$1" SOCKSHIM_DEAD_PEER="$2s"
        [ "${line% *}" = 110 ] || fails_with "$line" || return
        ! between "${line#* }" "$3" "$(($2 + 1))" || return 0
    done
    return 1
}

@test "SOCKSHIM_DEAD_PEER: an idle connection to a host that vanished fails in its time" {
    two_hosts
    echo_there
    # It began with the last byte, or with the last probe that was still answered.
    in_its_time idle 4 1.9
    handled DEAD_PEER '.would == "waits" and .given == "-1 ETIMEDOUT" and .cause == "connection-timed-out" and .peer == "10.99.1.2:7000" and .call == "recv"'
}

@test "SOCKSHIM_DEAD_PEER: a busy one as well" {
    two_hosts
    echo_there
    in_its_time busy 4 4
    handled DEAD_PEER '.given == "-1 ETIMEDOUT" and .cause == "connection-timed-out" and .call == "sendto"' ||
        handled DEAD_PEER '.given == "-1 ETIMEDOUT" and .cause == "connection-timed-out" and .call == "send"'
}

@test "SOCKSHIM_DEAD_PEER: one that is printed to as well" {
    two_hosts
    echo_there
    talks printing SOCKSHIM_DEAD_PEER=4s
    [ "${line% *}" = 110 ] || fails_with "$line"
    handled DEAD_PEER '.given == "-1 ETIMEDOUT" and .cause == "connection-timed-out" and .call == "dprintf"'
}

@test "SOCKSHIM_DEAD_PEER: a peer that is alive and does not read is cut off, too" {
    two_hosts
    background inside "$THERE" "$PYTHON" -c '
import signal, socket
s = socket.create_server(("10.99.1.2", 7000)); c = s.accept()[0]; signal.pause()'
    wait_until listens_there 7000
    run shimmed_here SOCKSHIM_DEAD_PEER=3s timeout 60 "$PYTHON" -c '
import socket
c = socket.create_connection(("10.99.1.2", 7000))
try:
    while True: c.sendall(bytes(65536))
except OSError as e: print(e.errno)'
    [ "$output" = 110 ] || fails_with "$output"
    handled DEAD_PEER '.given == "-1 ETIMEDOUT" and .cause == "connection-timed-out"'
}

@test "without SOCKSHIM_DEAD_PEER they wait on" {
    two_hosts
    echo_there
    local way
    for way in idle busy; do
        PATIENCE=8 talks $way
        [ -z "$line" ] || fails_with "$way: $line"
        inside "$THERE" nft flush ruleset
    done
    expect_count 0 '.event == "handled"'
}

# curl_downloads [VARIABLE=VALUE...]: from a server that vanishes in the midst of it; its $status,
# SIGTERM's if it still waits $PATIENCE seconds later.
curl_downloads() {
    background inside "$THERE" "$PYTHON" -c '
import socket, signal
s = socket.create_server(("10.99.1.2", 80)); c = s.accept()[0]
c.recv(1000); c.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello"); signal.pause()'
    wait_until listens_there 80
    shimmed_here "$@" curl -sS -N -o "$BATS_TEST_TMPDIR/body" http://10.99.1.2/ 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    local client=$!
    wait_until test -s "$BATS_TEST_TMPDIR/body"
    vanish
    status=0
    timeout "${PATIENCE:-60}" tail -s 0.1 -f /dev/null --pid="$client" || kill "$client"
    wait "$client" || status=$?
}

@test "without SOCKSHIM_DEAD_PEER curl waits on for a server that vanished in mid-download" {
    two_hosts
    PATIENCE=8 curl_downloads
    [ "$status" -eq 143 ] || fails_with "curl: $status $(cat "$BATS_TEST_TMPDIR/err")"
    expect_count 0 '.event == "handled"'
}

@test "SOCKSHIM_DEAD_PEER: curl, whose server vanishes in mid-download" {
    two_hosts
    curl_downloads SOCKSHIM_DEAD_PEER=4s
    [ "$status" -eq 56 ] || fails_with "curl: $status $(cat "$BATS_TEST_TMPDIR/err")"
    grep -q 'Connection timed out' "$BATS_TEST_TMPDIR/err"
    handled DEAD_PEER '.prog == "curl" and .cause == "connection-timed-out" and .given == "-1 ETIMEDOUT"'
    # curl wants to ask for the first time after a minute.
    handled DEAD_PEER '.prog == "curl" and .call == "setsockopt" and .would == "60" and .given == "2"'
}

# ---- An unanswered SYN ----

lone_host() {
    two_hosts
    vanish
}

CONNECTS='
import select, socket, sys, time
c = socket.socket(); c.setblocking(sys.argv[1] == "blocking")
began = time.monotonic()
err = c.connect_ex(("10.99.1.2", 80))
if err == 115:
    select.select([], [c], [])
    err = c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
print(err, round(time.monotonic() - began, 2), c.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
    c.getsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT))'

# ends_within TIME FROM TO: a connect that has so much time, in seconds. The best of three, for
# there is less room to the kernel's next step than a busy machine may take.
ends_within() {
    local line try waited
    for try in 1 2 3; do
        rm -f "$LOG"
        line=$(shimmed_here SOCKSHIM_CONNECT_TIMEOUT="$1" "$PYTHON" -c "$CONNECTS" blocking)
        read -r error took user_timeout syn_retries <<<"$line"
        [ "$error $user_timeout $syn_retries" = "110 0 6" ] || fails_with "$line" || return
        # The record has the same duration as the program, which measured more than the call.
        waited=$(records '.event == "handled"' | jq .waited_ms)
        between "$waited" "$(awk "BEGIN { print $2 * 1000 - 20 }")" "$(awk "BEGIN { print $took * 1000 + 10 }")" || return
        ! between "$took" "$2" "$3" || return 0
    done
    return 1
}

@test "SOCKSHIM_CONNECT_TIMEOUT: a connect that nobody answers ends in time" {
    lone_host
    local value
    for value in "500ms 0.5 0.9" "1500ms 1.5 2.5" "2s 2 2.9"; do
        # shellcheck disable=SC2086
        ends_within $value
        handled CONNECT_TIMEOUT '.would == "waits" and .given == "-1 ETIMEDOUT" and .cause == "connect-timed-out" and .peer == "10.99.1.2:80"'
    done
}

@test "without SOCKSHIM_CONNECT_TIMEOUT an unanswered connect waits on, and wget with it ends in time" {
    lone_host
    run -124 timeout 8 nsenter -n -t "$HERE" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" wget -q --tries=1 -O - http://10.99.1.2/
    rm -f "$LOG"
    run -4 timeout 60 nsenter -n -t "$HERE" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_CONNECT_TIMEOUT=2s \
        wget -q --tries=1 -O - http://10.99.1.2/
    handled CONNECT_TIMEOUT '.prog == "wget" and .call == "connect" and .given == "-1 ETIMEDOUT"'
}

# The kernel gives up first, as it would have without us: after 1 to 7 seconds, by the number of
# its linear steps.
@test "SOCKSHIM_CONNECT_TIMEOUT, SOCKSHIM_DEAD_PEER: a connect that the kernel gave up earlier is not told as theirs" {
    lone_host
    inside "$HERE" sh -c 'echo 1 >/proc/sys/net/ipv4/tcp_syn_retries
        ! test -e /proc/sys/net/ipv4/tcp_syn_linear_timeouts || echo 0 >/proc/sys/net/ipv4/tcp_syn_linear_timeouts'
    local line setting way
    for setting in CONNECT_TIMEOUT=30s DEAD_PEER=30s; do
        for way in blocking nonblocking; do
            line=$(shimmed_here SOCKSHIM_$setting "$PYTHON" -c "$CONNECTS" $way)
            read -r error took _ <<<"$line"
            [ "$error" = 110 ] || fails_with "$line"
            between "$took" 2.9 20
        done
    done
    expect_count 4 '.event == "return" and .cause == "connect-timed-out"'
    expect_count 0 '.event == "handled"'
}

@test "SOCKSHIM_DEAD_PEER: a connect that nobody answers, with how long it waited" {
    lone_host
    local line way
    for way in blocking nonblocking; do
        line=$(shimmed_here SOCKSHIM_DEAD_PEER=3s "$PYTHON" -c "$CONNECTS" $way)
        [ "${line%% *}" = 110 ] || fails_with "$line"
    done
    handled DEAD_PEER '.cause == "connect-timed-out" and .call == "connect" and .waited_ms >= 2980 and .waited_ms < 20000'
    handled DEAD_PEER '.cause == "connect-timed-out" and .call == "getsockopt" and .waited_ms == 3000'
}

@test "SOCKSHIM_CONNECT_TIMEOUT: a connect that a signal interrupted, and that is then waited for by another one" {
    lone_host
    run shimmed_here SOCKSHIM_CONNECT_TIMEOUT=3s "$PYTHON" -c '
import ctypes, signal, struct, socket as s, time
libc = ctypes.CDLL(None, use_errno=True)
signal.signal(signal.SIGALRM, lambda *_: 0); signal.siginterrupt(signal.SIGALRM, True)
c = s.socket(); addr = struct.pack("=HH4B8x", s.AF_INET, 0x5000, 10, 99, 1, 2)
began = time.monotonic()
signal.setitimer(signal.ITIMER_REAL, 1)
for _ in range(2): print(libc.connect(c.fileno(), addr, 16), ctypes.get_errno())
print(2.9 < time.monotonic() - began)'
    [ "$output" = "-1 4
-1 110
True" ] || fails_with "$output"
    expect_count 1 '.event == "handled"'
    handled CONNECT_TIMEOUT '.given == "-1 ETIMEDOUT" and .waited_ms < 20000'
}

@test "SOCKSHIM_CONNECT_TIMEOUT: after a signal, or the program's own shorter limit, nothing but the steps is left on the socket" {
    lone_host
    run shimmed_here SOCKSHIM_CONNECT_TIMEOUT=20s "$PYTHON" -c '
import os, signal, socket as s, struct, threading, time
class Out(Exception): pass
def out(*_): raise Out
def left(c): return c.getsockopt(s.IPPROTO_TCP, s.TCP_USER_TIMEOUT), c.getsockopt(s.IPPROTO_TCP, s.TCP_SYNCNT), \
    c.getsockopt(s.SOL_SOCKET, s.SO_SNDTIMEO, 16).strip(bytes(1))
for number in signal.SIGINT, signal.SIGTERM, signal.SIGALRM:
    c = s.socket(); signal.signal(number, out)
    def interrupt(): # once it waits
        while open("/proc/%d/syscall" % os.getpid()).read().split()[0] not in ("42", "203"): time.sleep(0.01) # connect
        os.kill(os.getpid(), number)
    threading.Timer(0.1, interrupt).start()
    try: c.connect(("10.99.1.2", 80))
    except Out: print(number.name, *left(c))
c = s.socket(); c.setsockopt(s.SOL_SOCKET, s.SO_SNDTIMEO, struct.pack("ll", 0, 100000))
try: c.connect(("10.99.1.2", 80))
except OSError as e: print(e.errno, left(c)[:2])'
    [ "$output" = "SIGINT 0 4 b''
SIGTERM 0 4 b''
SIGALRM 0 4 b''
115 (0, 4)" ] || fails_with "$output"
    expect_count 0 '.event == "handled"'
}

@test "SOCKSHIM_CONNECT_TIMEOUT: for a non-blocking one in the kernel's steps, rounded up" {
    lone_host
    local line
    line=$(shimmed_here SOCKSHIM_CONNECT_TIMEOUT=2s "$PYTHON" -c "$CONNECTS" nonblocking)
    # shellcheck disable=SC2086
    set -- $line
    [ "$1 $3 $4" = "110 0 1" ] || fails_with "$line"
    between "$2" 3 6.9
    handled CONNECT_TIMEOUT '.given == "SO_ERROR ETIMEDOUT" and .call == "getsockopt" and .cause == "connect-timed-out" and .waited_ms == 3000'
    # As long as the kernel waited, whatever its steps are.
    rm "$LOG"
    line=$(shimmed_here SOCKSHIM_CONNECT_TIMEOUT=4s "$PYTHON" -c "$CONNECTS" nonblocking)
    # shellcheck disable=SC2086
    set -- $line
    between "$(records '.event == "handled"' | jq .waited_ms)" "$(awk "BEGIN { print $2 * 930 }")" "$(awk "BEGIN { print $2 * 1000 }")"
    run -28 timeout 60 nsenter -n -t "$HERE" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_CONNECT_TIMEOUT=3s curl -sS http://10.99.1.2/
}

@test "SOCKSHIM_CONNECT_TIMEOUT: an answered connect is as it was, and the socket, too" {
    two_hosts
    echo_there
    local value
    for value in 500ms 5s; do
        run shimmed_here SOCKSHIM_CONNECT_TIMEOUT=$value SOCKSHIM_DEAD_PEER=30s "$PYTHON" -c '
import socket as s
c = s.create_connection(("10.99.1.2", 7000))
print(c.getsockopt(s.IPPROTO_TCP, s.TCP_USER_TIMEOUT), c.getsockopt(s.SOL_SOCKET, s.SO_SNDTIMEO, 16) == bytes(16))'
        [ "$output" = "30000 True" ] || fails_with "$value: $output"
    done
    expect_count 0 '.event == "handled"'
}

# The kernel may send the first data with SYN, whether it has a cookie or not (ip-sysctl).
@test "SOCKSHIM_CONNECT_TIMEOUT: a connect by MSG_FASTOPEN, and one that TCP_FASTOPEN_CONNECT puts off, in the kernel's steps" {
    lone_host
    inside "$HERE" sh -c 'echo 5 >/proc/sys/net/ipv4/tcp_fastopen'
    local way began='
import socket as s, sys, time
c = s.socket(); began = time.monotonic()
def connected():
    if sys.argv[1] == "sendto": c.sendto(b"x", s.MSG_FASTOPEN, ("10.99.1.2", 80))
    elif sys.argv[1] == "sendmsg": c.sendmsg([b"x"], [], s.MSG_FASTOPEN, ("10.99.1.2", 80))
    else:
        c.setsockopt(s.IPPROTO_TCP, 30, 1); c.connect(("10.99.1.2", 80)); print("put off", end=" ")
        c.sendall(b"x")
try: connected()
except OSError as e: print(e.errno, c.getsockopt(s.IPPROTO_TCP, s.TCP_SYNCNT), 2.9 < time.monotonic() - began)
print(c.getsockopt(s.SOL_SOCKET, s.SO_RCVTIMEO, 16) != bytes(16))'
    for way in sendto sendmsg connect; do
        rm -f "$LOG"
        run shimmed_here SOCKSHIM_CONNECT_TIMEOUT=2s SOCKSHIM_RECV_TIMEOUT=60s timeout 60 "$PYTHON" -c "$began" $way
        [ "${output#put off }" = "110 1 True
True" ] || fails_with "$way: $output"
        [ $way != connect ] || [[ $output == "put off "* ]] || fails_with "$output"
        handled CONNECT_TIMEOUT '.given == "-1 ETIMEDOUT" and .cause == "connect-timed-out" and (.call | startswith("send")) and .waited_ms == 3000'
    done
}

@test "SOCKSHIM_CONNECT_RETRY: a connect by MSG_FASTOPEN is a send, and not made again" {
    two_hosts
    run shimmed_here SOCKSHIM_CONNECT_RETRY=60s timeout 20 "$PYTHON" -c '
import socket as s
try: s.socket().sendto(b"x", s.MSG_FASTOPEN, ("10.99.1.2", 80))
except OSError as e: print(e.errno)'
    [ "$output" = 111 ] || fails_with "$output"
    expect_count 0 '.event == "handled"'
}

# ---- No route yet ----

@test "SOCKSHIM_CONNECT_RETRY: a network that comes up later" {
    namespace HERE
    namespace THERE
    background inside "$THERE" socat TCP-LISTEN:7000,fork EXEC:cat
    wait_until listens_there 7000
    shimmed_here SOCKSHIM_CONNECT_RETRY=60s "$PYTHON" -c '
import socket
c = socket.create_connection(("10.99.1.2", 7000)); c.sendall(b"hello"); print(c.recv(10).decode())' \
        >"$BATS_TEST_TMPDIR/out" 3>&- &
    local client=$!
    wait_until test -s "$LOG"
    cable "$HERE" 10.99.1.1 "$THERE" 10.99.1.2
    wait "$client"
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = hello ]
    handled CONNECT_RETRY '.would == "-1 ENETUNREACH" and .given == "0" and .cause == "unreachable"'
}

# ---- A NAT that forgets ----

# psql through a router that forgets a flow after 2 seconds of silence, and then drops
# what it does not know.
behind_a_nat() {
    namespace HERE
    namespace ROUTER
    namespace THERE
    cable "$HERE" 10.99.1.1 "$ROUTER" 10.99.1.2
    cable "$ROUTER" 10.99.2.1 "$THERE" 10.99.2.2
    inside "$HERE" ip route add default via 10.99.1.2
    # shellcheck disable=SC2016
    inside "$ROUTER" sh -c 'mount -t sysfs none /sys 2>/dev/null
        echo 1 >/proc/sys/net/ipv4/ip_forward
        nft "add table ip t; add chain ip t post { type nat hook postrouting priority 100; }; add rule ip t post ip saddr 10.99.1.0/24 masquerade
            add chain ip t forward { type filter hook forward priority 0; }; add rule ip t forward ct state invalid drop"
        echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose
        echo 2 >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established'
}

postgres_there() {
    local bin
    bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    DATA=$(mktemp -d "${TMPDIR:-/tmp}/postgres.XXXXXX")
    chmod 777 "$DATA"
    local unprivileged=(setpriv --reuid=65534 --clear-groups)
    [ "$(id -u)" -eq 0 ] || unprivileged=()
    "${unprivileged[@]}" "$bin/initdb" -D "$DATA/data" -U test -A trust --no-sync --no-locale >/dev/null 2>&1
    echo 'host all all all trust' >>"$DATA/data/pg_hba.conf"
    background inside "$THERE" "${unprivileged[@]}" "$bin/postgres" -D "$DATA/data" -F \
        -c listen_addresses=10.99.2.2 -p 5432 -k "$DATA" >/dev/null 2>&1
    POSTGRES=$BACKGROUND
    wait_until inside "$THERE" "$bin/pg_isready" -q -h 10.99.2.2
}

# psql_idles [VARIABLE=VALUE...]: a query, a pause of 5 seconds, a query.
psql_idles() {
    shimmed_here "$@" timeout "${PATIENCE:-60}" psql -h 10.99.2.2 -U test -At postgres <<<'select 1;
\! sleep 5
select 2;' 2>&1
}

@test "SOCKSHIM_KEEPALIVE: a NAT that forgets idle flows does not cut psql off" {
    behind_a_nat
    postgres_there
    PATIENCE=12 run psql_idles
    [ "${lines[0]}" = 1 ]
    [ "$status" -ne 0 ] || fails_with "the NAT did not forget: $output"
    run psql_idles SOCKSHIM_KEEPALIVE=1,1,5
    kill -INT "$POSTGRES"
    rm -rf "$DATA"
    [ "$status" -eq 0 ] || fails_with "$output"
    [ "$output" = $'1\n2' ] || fails_with "$output"
}

JAVA_CLIENT='
import java.net.Socket;
public class Idles {
    static void ask(Socket s, int c) throws Exception {
        s.getOutputStream().write(c);
        System.out.println((char) s.getInputStream().read());
    }
    public static void main(String[] words) throws Exception {
        try (Socket s = new Socket(words[0], 7000)) {
            ask(s, 49);
            Thread.sleep(5000);
            ask(s, 50);
        }
    }
}'

@test "SOCKSHIM_KEEPALIVE: nor a Java client" {
    behind_a_nat
    echo_there
    cd "$BATS_TEST_TMPDIR"
    echo "$JAVA_CLIENT" >Idles.java
    javac Idles.java
    run shimmed_here timeout 20 java -Xshare:auto Idles 10.99.2.2
    [ "${lines[0]}" = 1 ] || fails_with "$output"
    [ "$status" -ne 0 ] || fails_with "the NAT did not forget: $output"
    run shimmed_here SOCKSHIM_KEEPALIVE=1,1,5 timeout 60 java -Xshare:auto Idles 10.99.2.2
    [ "$output" = $'1\n2' ] || fails_with "$output"
}
