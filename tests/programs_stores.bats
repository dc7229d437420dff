#!/usr/bin/env bats
# Stores, servers and clients, natively and under the shim.

load helpers
load real_programs

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

@test "redis-server killed while redis-cli waits for it: closed-unanswered, with the server's address" {
    redis_is_killed_while_a_client_waits
    local native=$status said
    said=$(cat "$DIR/client")
    redis_is_killed_while_a_client_waits "${UNDER_SHIM[@]}"
    [ "$status" -eq "$native" ]
    [ "$(cat "$DIR/client")" = "$said" ]
    expect_count 1 '.prog == "redis-cli" and .call == "recv" and .ret == 0 and
                    .cause == "closed-unanswered" and .peer == "'"$SERVER"'" and .rx == 0'
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
    resets
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

# ---- memcached and postgresql ----

with_memcached() {
    server "$@" memcached -u "$(id -un)" -l "$ADDRESS" -p "$PORT" -U 0 -t 2
    "$@" "$PYTHON" -c '
import socket, sys
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
answers = connection.makefile("rb")
value = b"x" * 300000
for number in range(10):
    connection.sendall(b"set key%d 0 0 %d\r\n%s\r\n" % (number, len(value), value))
    print(answers.readline())
connection.sendall(b"get key3\r\n")
print(answers.readline(), answers.readline().strip() == value, answers.readline())
connection.sendall(b"incr missing 1\r\n")
connection.shutdown(socket.SHUT_WR)
print(answers.read())' "$ADDRESS" "$PORT"
    stop TERM
}

@test "memcached: ten large values set, one read back" {
    both with_memcached
    [ "$(grep -c STORED "$DIR/native")" -eq 10 ]
    grep -q 'VALUE key3 0 300000.* True .*END' "$DIR/native"
    log_is_sane memcached "${PYTHON##*/}"
    expect_count 1 '.prog == "memcached" and .ret == 0 and .cause == "peer-closed" and
                    .local == "'"$SERVER"'" and .rx > 3000000'
    ended_in_order "${PYTHON##*/}"
}

postgres_command() {
    local found
    found=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    echo "$found/$1"
}

# pgbench's figures that do not depend on how fast it was.
bench() {
    "$@" -h "$HOST" -p "$PORT" -U test -n -c 4 -j 2 -t 50 postgres 2>&1 |
        grep -E '^(number of transactions actually|number of failed)'
}

# How many rows; then the server ends the connection.
ask_postgres() {
    local status=0
    "$@" -h "$HOST" -p "$PORT" -U test -At -c 'select count(*) from pgbench_accounts' \
        -c 'select pg_terminate_backend(pg_backend_pid())' postgres 2>"$DIR/err" || status=$?
    echo "psql $status"
}

with_postgres() {
    local psql pgbench
    psql=$(postgres_command psql)
    pgbench=$(postgres_command pgbench)
    rm -rf "$DIR/data"
    "${UNPRIVILEGED[@]}" "$(postgres_command initdb)" -D "$DIR/data" -U test -A trust --no-sync \
        --no-locale >"$DIR/initdb" 2>&1
    server "${UNPRIVILEGED[@]}" "$@" "$(postgres_command postgres)" -D "$DIR/data" -F \
        -c listen_addresses="$ADDRESS" -p "$PORT" -k "$DIR"
    wait_until "$(postgres_command pg_isready)" -q -h "$ADDRESS" -p "$PORT"
    "$pgbench" -i -q -h "$ADDRESS" -p "$PORT" -U test postgres 2>"$DIR/init"
    for HOST in "$ADDRESS" "$DIR"; do
        bench "$@" "$pgbench"
        ask_postgres "$@" "$psql"
    done
    HOST=$DIR/none
    ask_postgres "$@" "$psql"
    stop INT
    echo "status $status"
}

@test "postgresql: pgbench and psql over TCP and over a unix socket" {
    both with_postgres
    [ "$(grep -c 'actually processed: 200/200$' "$DIR/native")" -eq 2 ]
    [ "$(grep -cx 100000 "$DIR/native")" -eq 2 ]
    grep -qx 'status 0' "$DIR/native"
    [ "$(grep -cx 'psql 2' "$DIR/native")" -eq 3 ]
    log_is_sane postgres pgbench psql
    expect '.prog == "postgres" and .cause == "would-block" and .error == "EAGAIN"'
    expect '.prog == "pgbench" and .cause == "in-progress" and .peer == "'"$SERVER"'"'
    expect '.prog == "psql" and .ret == 0 and .cause == "peer-closed" and .type == "tcp" and
            .peer == "'"$SERVER"'"'
    expect '.prog == "psql" and .ret == 0 and .cause == "peer-closed" and
            .type == "unix-stream" and .peer == "'"$DIR/.s.PGSQL.$PORT"'"'
    expect_count 1 '.level == "warn" or .level == "error"'
    expect '.prog == "psql" and .error == "ENOENT" and .cause == "no-such-socket" and
            .peer == "'"$DIR/none/.s.PGSQL.$PORT"'"'
}
