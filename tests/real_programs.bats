#!/usr/bin/env bats
# Programs from Debian, as they are, do their job under the shim with the same
# result as without it, and the log says what happened to them.

load helpers

UNDER_SHIM=(env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG")
DIR=$BATS_TEST_TMPDIR

# An address of the loopback network for this test alone, so that no test of
# another file can take the port between free_port and the server's bind.
ADDRESS=127.$((1 + $$ / 65536 % 250)).$(($$ / 256 % 256)).$(($$ % 256))

setup() {
    PORT=$(free_port)
    SERVER=$ADDRESS:$PORT # as the log writes it
}

# nginx before its worker, which it would replace.
teardown() {
    end_backgrounds
    [ -z "$WORKER" ] || kill -9 "$WORKER" || true
}

listens() {
    ss -Hltn "src $SERVER" | grep -q .
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

# ---- nginx ----

# start_nginx [COMMAND...]: with COMMAND before it; its pid and its worker's are
# in $NGINX and $WORKER. Serves $DIR/www.
start_nginx() {
    mkdir -p "$DIR/www"
    [ -e "$DIR/www/data" ] || head -c 300000 /dev/urandom >"$DIR/www/data"
    echo hello >"$DIR/www/hello"
    cat >"$DIR/nginx.conf" <<END
daemon off;
user root;
worker_processes 1;
pid $DIR/nginx.pid;
error_log $DIR/nginx.error;
events { worker_connections 256; }
http {
    access_log $DIR/nginx.access;
    client_body_temp_path $DIR/body;
    proxy_temp_path $DIR/proxy;
    fastcgi_temp_path $DIR/fastcgi;
    uwsgi_temp_path $DIR/uwsgi;
    scgi_temp_path $DIR/scgi;
    server { listen $SERVER $TLS; root $DIR/www; $CERTIFICATE }
}
END
    background "$@" nginx -e "$DIR/nginx.error" -p "$DIR" -c "$DIR/nginx.conf"
    NGINX=$BACKGROUND
    wait_until listens
    wait_until pgrep -P "$NGINX"
    WORKER=$(pgrep -P "$NGINX")
}

stop_nginx() {
    kill -QUIT "$NGINX"
    wait "$NGINX"
    WORKER=
}

@test "curl downloads from nginx, both under the shim: the same bytes, and nothing went wrong" {
    start_nginx
    curl -sS "http://$SERVER/data" >"$DIR/native"
    stop_nginx
    start_nginx "${UNDER_SHIM[@]}"
    "${UNDER_SHIM[@]}" curl -sS "http://$SERVER/data" >"$DIR/shimmed"
    cmp "$DIR/native" "$DIR/shimmed"
    cmp "$DIR/shimmed" "$DIR/www/data"

    expect '.prog == "curl" and .call == "connect" and .error == "EINPROGRESS" and
            .cause == "in-progress" and .peer == "'"$SERVER"'"'
    # curl has gone, which nginx's worker learns from a 0.
    local closed='.prog == "nginx" and .pid == '"$WORKER"' and .cause == "peer-closed" and
                  .ret == 0 and .local == "'"$SERVER"'" and (.peer | startswith("127.0.0.1:"))'
    wait_until expect "$closed" >"$DIR/waiting"
    stop_nginx
    expect_count 1 '.prog == "nginx" and .event == "start"'
    expect_count 1 '.prog == "curl" and .event == "start"'
    nothing_went_wrong
}

@test "nginx answers a thousand requests of ApacheBench, both under the shim" {
    start_nginx "${UNDER_SHIM[@]}"
    "${UNDER_SHIM[@]}" ab -q -n 1000 -c 8 "http://$SERVER/data" >"$DIR/ab"
    stop_nginx
    grep -q 'Complete requests: *1000$' "$DIR/ab"
    grep -q 'Failed requests: *0$' "$DIR/ab"
    [ "$(wc -l <"$DIR/nginx.access")" -eq 1000 ]
    # Without keep-alive the end of each answer is nginx's close.
    expect '.prog == "ab" and .cause == "peer-closed" and .peer == "'"$SERVER"'" and .rx > 300000'
    expect_count 0 '.prog == "nginx" and (.level == "warn" or .level == "error")'
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

# Everything that the killed server had is closed.
is_gone() {
    [ -z "$(ss -Hatn state established state listening "src $SERVER")" ]
}

has_served() {
    [ -e "$DIR/nginx.access" ] && [ "$(wc -l <"$DIR/nginx.access")" -ge "$1" ]
}

# Kills nginx, which has requests of ab's that it has not read. The kernel
# answers them with resets; ab ($BACKGROUND) looks only when all of that is done.
# Its status is in $status.
kill_nginx_before_it_reads() {
    wait_until has_unread_request
    stop_process "$BACKGROUND"
    kill -9 "$NGINX" "$WORKER"
    WORKER=
    wait_until is_gone
    kill -CONT "$BACKGROUND"
    status=0
    wait "$BACKGROUND" || status=$?
}

# [COMMAND...]: ab at work, with COMMAND before it. What it says is in $DIR/ab.
kill_nginx_under_load() {
    rm -f "$DIR/nginx.access"
    start_nginx
    background "$@" ab -q -n 1000000 -c 8 "http://$SERVER/hello" >"$DIR/ab" 2>&1
    wait_until has_served 100
    stop_process "$NGINX"
    stop_process "$WORKER"
    kill_nginx_before_it_reads
}

@test "nginx killed under load: ApacheBench is reset, and the log says by whom" {
    kill_nginx_under_load
    [ "$status" -eq 104 ]
    grep -q 'apr_socket_recv: Connection reset by peer (104)' "$DIR/ab"

    kill_nginx_under_load "${UNDER_SHIM[@]}"
    [ "$status" -eq 104 ]
    grep -q 'apr_socket_recv: Connection reset by peer (104)' "$DIR/ab"
    expect '.prog == "ab" and .call == "read" and .ret == -1 and .errno == 104 and
            .error == "ECONNRESET" and .cause == "peer-reset" and .level == "warn" and
            .peer == "'"$SERVER"'" and .state == "CLOSE" and .rx == 0 and .tx > 0 and
            (.why | startswith("'"$SERVER"' aborted the connection (RST) before it sent"))'
}

# As above, but nginx never answers, and ab goes on after errors (-r).
kill_nginx_before_it_answers() {
    start_nginx
    stop_process "$NGINX"
    stop_process "$WORKER"
    background "$@" ab -q -r -n 100 -c 8 "http://$SERVER/hello" >"$DIR/ab" 2>&1
    kill_nginx_before_it_reads
}

@test "ApacheBench that goes on when nginx is killed: reset, then refused" {
    kill_nginx_before_it_answers
    local native=$status
    kill_nginx_before_it_answers "${UNDER_SHIM[@]}"
    [ "$status" -eq "$native" ]
    expect '.prog == "ab" and .call == "read" and .error == "ECONNRESET" and
            .cause == "peer-reset" and .peer == "'"$SERVER"'"'
    expect '.prog == "ab" and .error == "ECONNREFUSED" and .cause == "connection-refused" and
            .peer == "'"$SERVER"'"'
    expect_count 0 '.level == "warn" and .cause != "peer-reset" and .cause != "connection-refused"'
}

@test "TLS between nginx, curl and python3: the same bytes" {
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -days 2 \
        -keyout "$DIR/key" -out "$DIR/certificate" 2>"$DIR/openssl"
    TLS=ssl
    CERTIFICATE="ssl_certificate $DIR/certificate; ssl_certificate_key $DIR/key;"
    start_nginx "${UNDER_SHIM[@]}"
    same curl -sS --insecure "https://$SERVER/data"
    cmp "$DIR/native" "$DIR/www/data"
    same "$PYTHON" -c '
import ssl, sys, urllib.request
context = ssl._create_unverified_context()
sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1], context=context).read())
' "https://$SERVER/data"
    cmp "$DIR/native" "$DIR/www/data"
    stop_nginx
    expect '.prog == "curl" and .peer == "'"$SERVER"'"'
    expect_count 0 '.level == "error"'
}

# ---- curl and wget ----

@test "curl, refused: the log says so from the SO_ERROR that it reads, with the peer" {
    villain refuse
    same curl -sS "http://$SERVER/"
    [ "$status" -eq 7 ]
    expect '.prog == "curl" and .call == "getsockopt" and .ret == 0 and .errno == 111 and
            .error == "ECONNREFUSED" and .cause == "connection-refused" and
            .level == "warn" and .peer == "'"$SERVER"'"'
}

@test "curl, parallel and refused: a record for each server" {
    villain refuse
    local first=$SERVER
    villain refuse
    [ "$SERVER" != "$first" ]
    same curl -sS -Z "http://$first/" "http://$SERVER/"
    [ "$status" -eq 7 ]
    local server
    for server in "$first" "$SERVER"; do
        expect '.call == "getsockopt" and .error == "ECONNREFUSED" and
                .cause == "connection-refused" and .peer == "'"$server"'"'
    done
}

@test "curl, reset: before a single byte came back" {
    villain reset
    same curl -sS "http://$SERVER/"
    [ "$status" -eq 56 ]
    grep -q 'Connection reset by peer' "$DIR/shimmed.err"
    expect_count 1 '.prog == "curl" and .call == "recv" and .error == "ECONNRESET" and
                    .cause == "peer-reset" and .peer == "'"$SERVER"'" and .rx == 0 and
                    .tx + .unacked > 0'
}

@test "curl, reading to the end of the connection: peer-closed" {
    villain end
    same curl -sS "http://$SERVER/"
    [ "$(cat "$DIR/native")" = "all of it" ]
    expect_count 1 '.prog == "curl" and .call == "recv" and .ret == 0 and .errno == 0 and
                    .cause == "peer-closed" and .level == "info" and .peer == "'"$SERVER"'" and
                    .rx == 29 and .state == "CLOSE_WAIT"'
    nothing_went_wrong
}

@test "wget downloads from nginx" {
    start_nginx
    same wget -q -O - "http://$SERVER/data"
    cmp "$DIR/native" "$DIR/www/data"
    expect '.prog == "wget" and .event == "start"'
    nothing_went_wrong
}

@test "wget, refused and reset" {
    villain refuse
    same wget -q --tries=1 -O - "http://$SERVER/"
    [ "$status" -eq 4 ]
    expect_count 1 '.prog == "wget" and .call == "connect" and .error == "ECONNREFUSED" and
                    .cause == "connection-refused" and .peer == "'"$SERVER"'"'
    villain reset
    same wget -q --tries=1 -O - "http://$SERVER/"
    [ "$status" -eq 4 ]
    expect_count 1 '.prog == "wget" and .error == "ECONNRESET" and .cause == "peer-reset" and
                    .peer == "'"$SERVER"'"'
}

# ---- python3 ----

has_port() {
    grep -q ' port [0-9]' "$1"
}

# Asks the server for a half of something and resets; prints its own address.
half_a_request() {
    "$PYTHON" -c '
import socket, struct, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("%s:%d" % connection.getsockname())
connection.sendall(b"GET / HT")
connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
connection.close()' "$1"
}

@test "python3 http.server: serves, is reset, serves on" {
    local port client
    head -c 300000 /dev/urandom >"$DIR/data"
    background "${UNDER_SHIM[@]}" "$PYTHON" -u -m http.server 0 --bind 127.0.0.1 \
        --directory "$DIR" >"$DIR/server" 2>"$DIR/server.err"
    wait_until has_port "$DIR/server"
    port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$DIR/server")
    curl -sS "http://127.0.0.1:$port/data" | cmp - "$DIR/data"
    client=$(half_a_request "$port")
    local reset='.prog == "python3" and .call == "recv" and .error == "ECONNRESET" and
                 .cause == "peer-reset" and .peer == "'"$client"'" and .rx == 8 and
                 .local == "127.0.0.1:'"$port"'"'
    wait_until expect "$reset" >"$DIR/waiting"
    expect_count 1 "$reset"
    curl -sS "http://127.0.0.1:$port/data" | cmp - "$DIR/data"
}

@test "python3 asyncio, refused: connection-refused with the peer, from SO_ERROR" {
    villain refuse
    same "$PYTHON" -c '
import asyncio, sys
try:
    asyncio.run(asyncio.open_connection("127.0.0.1", int(sys.argv[1])))
except ConnectionRefusedError as error:
    print(error)
' "$PORT"
    grep -q Errno.111 "$DIR/native"
    expect_count 1 '.prog == "python3" and .call == "connect" and .error == "EINPROGRESS" and
                    .peer == "'"$SERVER"'"'
    expect_count 1 '.prog == "python3" and .call == "getsockopt" and .ret == 0 and
                    .errno == 111 and .error == "ECONNREFUSED" and
                    .cause == "connection-refused" and .peer == "'"$SERVER"'"'
}

@test "python3 asyncio, both ends of a conversation in one event loop" {
    same "$PYTHON" -c '
import asyncio
async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line)
    writer.close()
async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for number in range(1000):
        writer.write(b"%d\n" % number)
    writer.write_eof()
    print(sum(int(line) for line in (await reader.read()).split()))
    writer.close()
asyncio.run(main())
'
    [ "$(cat "$DIR/native")" = 499500 ]
    expect '.call == "recv" and .ret == 0 and .cause == "peer-closed"'
    nothing_went_wrong
}

@test "python3 subprocess: a child with pipes starts and ends as it would, beside an open socket" {
    same env --default-signal=PIPE "$PYTHON" -c '
import socket, subprocess
with socket.socket(), socket.socket():
    subprocess.run(["bash", "-c", "yes | head -n 1; echo ${PIPESTATUS[*]}"])
    child = subprocess.Popen(["yes"], stdout=subprocess.PIPE)
    print(child.stdout.readline())
    child.stdout.close()
    print(child.wait())
'
    [ "$(tail -n 1 "$DIR/native")" = -13 ]
}

# ---- redis ----

# start_redis [COMMAND...]: its pid is in $REDIS.
start_redis() {
    background "$@" redis-server --bind "$ADDRESS" --port "$PORT" --save "" \
        --appendonly no --dir "$DIR" --daemonize no >"$DIR/redis"
    REDIS=$BACKGROUND
    wait_until listens
}

redis() {
    redis-cli -h "$ADDRESS" -p "$PORT" "$@"
}

@test "redis-server and redis-cli: set, get and a pipeline of thousands" {
    start_redis "${UNDER_SHIM[@]}"
    same redis-cli -h "$ADDRESS" -p "$PORT" set key value
    [ "$(cat "$DIR/native")" = OK ]
    same redis-cli -h "$ADDRESS" -p "$PORT" get key
    [ "$(cat "$DIR/native")" = value ]
    seq 5000 | sed 's/.*/INCR counter/' >"$DIR/commands"
    "${UNDER_SHIM[@]}" redis-cli -h "$ADDRESS" -p "$PORT" <"$DIR/commands" >"$DIR/counted"
    seq 5000 | diff - "$DIR/counted"
    "${UNDER_SHIM[@]}" redis-cli -h "$ADDRESS" -p "$PORT" --pipe <"$DIR/commands" >"$DIR/piped"
    grep -q 'errors: 0, replies: 5000' "$DIR/piped"
    [ "$(redis get counter)" = 10000 ]
    redis shutdown nosave
    wait "$REDIS"
    expect '.prog == "redis-server" and .cause == "peer-closed" and .local == "'"$SERVER"'"'
    nothing_went_wrong
}

is_waiting_for_queue() {
    redis client list | grep -q cmd=blpop
}

# redis-cli waits for its answer, and the server is killed. Its status is in
# $status, what it said in $DIR/client.
redis_is_killed_while_a_client_waits() {
    start_redis
    background "$@" redis-cli -h "$ADDRESS" -p "$PORT" blpop queue 0 >"$DIR/client" 2>&1
    wait_until is_waiting_for_queue
    kill -9 "$REDIS"
    status=0
    wait "$BACKGROUND" || status=$?
}

@test "redis-server killed while redis-cli waits for it: peer-closed, with the server's address" {
    redis_is_killed_while_a_client_waits
    local native=$status said
    said=$(cat "$DIR/client")
    redis_is_killed_while_a_client_waits "${UNDER_SHIM[@]}"
    [ "$status" -eq "$native" ]
    [ "$(cat "$DIR/client")" = "$said" ]
    expect_count 1 '.prog == "redis-cli" and .call == "recv" and .ret == 0 and
                    .cause == "peer-closed" and .peer == "'"$SERVER"'" and .rx == 0'
}

redis_is_killed_with_a_request_unread() {
    start_redis
    stop_process "$REDIS"
    background "$@" redis-cli -h "$ADDRESS" -p "$PORT" get key >"$DIR/client" 2>&1
    wait_until has_unread_request
    kill -9 "$REDIS"
    status=0
    wait "$BACKGROUND" || status=$?
}

@test "redis-server killed before it read the request: peer-reset, with the server's address" {
    redis_is_killed_with_a_request_unread
    local native=$status said
    said=$(cat "$DIR/client")
    [[ $said == *"Connection reset by peer"* ]]
    redis_is_killed_with_a_request_unread "${UNDER_SHIM[@]}"
    [ "$status" -eq "$native" ]
    [ "$(cat "$DIR/client")" = "$said" ]
    expect_count 1 '.prog == "redis-cli" and .call == "recv" and .error == "ECONNRESET" and
                    .cause == "peer-reset" and .peer == "'"$SERVER"'" and .rx == 0'
}

@test "redis-cli, refused" {
    villain refuse
    same redis-cli -h "$ADDRESS" -p "$PORT" get key
    [ "$status" -eq 1 ]
    expect '.prog == "redis-cli" and .error == "ECONNREFUSED" and
            .cause == "connection-refused" and .peer == "'"$SERVER"'"'
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
