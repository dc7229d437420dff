#!/usr/bin/env bats
# A program of each kind does its real job natively and under the shim, with the
# same result, and the log says what happened. tests/real_programs.bats has the
# rest of them.

load helpers

# For tests/real_programs.bats's reason an address of this test's own.
ADDRESS=127.$((1 + $$ / 65536 % 250)).$(($$ / 256 % 256)).$(($$ % 256))

# Servers that refuse to be root read and write here, and log, too.
setup() {
    DIR=$(mktemp -d "${TMPDIR:-/tmp}/matrix.XXXXXX")
    chmod 777 "$DIR"
    cp "$SHIM" "$DIR/libsockshim.so"
    LOG=$DIR/log
    UNDER_SHIM=(env LD_PRELOAD="$DIR/libsockshim.so" SOCKSHIM_LOG="$LOG")
    PORT=$(free_port)
    SERVER=$ADDRESS:$PORT # as the log writes it
}

# Each server has a session of its own, so that its children end with it.
teardown() {
    local pid
    for pid in $BACKGROUNDS; do
        kill -9 -- "-$pid" 2>/dev/null || true
    done
    end_backgrounds
    rm -rf "$DIR"
}

listens() {
    ss -Hltn "src $SERVER" | grep -q .
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
    expect_count 0 '.event | IN("start", "return", "refused") | not'
    expect_count 0 '.event == "return" and (.cause == "other" or (.why // "") == "")'
}

# The log of a conversation that ended in order.
ended_in_order() {
    expect_count 0 '.level == "warn" or .level == "error"'
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

# ---- languages: both ends of a conversation, and a server that is not there ----

with_perl() {
    "$@" perl -MIO::Socket::INET -e '
        my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
        defined(my $child = fork) or die;
        if (!$child) {
            my $connection = $server->accept;
            while (<$connection>) { print $connection uc }
            exit 3;
        }
        my $client = IO::Socket::INET->new(PeerAddr => $server->sockhost,
                                           PeerPort => $server->sockport) or die;
        for (1 .. 1000) {
            print $client "line $_\n";
            $bytes += length(<$client>);
        }
        shutdown $client, 1;
        print $bytes, defined(<$client>) ? "more" : " and the end\n";
        waitpid $child, 0;
        print $? >> 8, "\n";
        IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or print "$!\n";
    ' "$REFUSING"
}

@test "perl: a server's child and its client, then a refused connection" {
    refuse
    both with_perl
    printed <<<$'8893 and the end\n3\nConnection refused'
    log_is_sane perl
    expect_count 2 '.cause == "peer-closed" and .call == "read"'
    refused perl
}

with_ruby() {
    "$@" ruby -rsocket -e '
        server = TCPServer.new("127.0.0.1", 0)
        Thread.new { connection = server.accept; IO.copy_stream(connection, connection); connection.close }
        client = TCPSocket.new("127.0.0.1", server.addr[1])
        writer = Thread.new { client.write("x" * 300_000); client.close_write }
        puts client.read.length
        writer.join
        begin
            TCPSocket.new("127.0.0.1", ARGV[0])
        rescue Errno::ECONNREFUSED => error
            puts error.class
        end
    ' "$REFUSING"
}

@test "ruby: threads at both ends, then a refused connection" {
    refuse
    both with_ruby
    printed <<<$'300000\nErrno::ECONNREFUSED'
    log_is_sane ruby
    expect '.ret == 0 and .cause == "peer-closed" and .rx == 300000'
    refused ruby
}

with_node() {
    "$@" node -e '
        const http = require("http"), net = require("net");
        const server = http.createServer((request, answer) => {
            let bytes = 0;
            request.on("data", data => bytes += data.length);
            request.on("end", () => answer.end(request.method + " " + bytes));
        });
        function refused() {
            net.connect(+process.argv[1], "127.0.0.1").on("error", error => console.log(error.code));
        }
        server.listen(0, "127.0.0.1", () => {
            let answer = "";
            const client = net.connect(server.address().port, "127.0.0.1");
            client.write("POST / HTTP/1.0\r\nContent-Length: 300000\r\n\r\n");
            client.write(Buffer.alloc(300000));
            client.on("data", data => answer += data);
            client.on("end", () => {
                console.log(answer.split("\r\n").pop());
                server.close(refused);
            });
        });
    ' "$REFUSING"
}

@test "node: an HTTP server and its client in one event loop, then a refused connection" {
    refuse
    both with_node
    printed <<<$'POST 300000\nECONNREFUSED'
    log_is_sane node
    expect '.call == "connect" and .error == "EINPROGRESS" and .cause == "in-progress"'
    expect '.ret == 0 and .cause == "peer-closed"'
    refused node
}

with_java() {
    "$@" java "$DIR/Echo.java" "$REFUSING"
}

@test "java: threads at both ends, then a refused connection" {
    refuse
    cat >"$DIR/Echo.java" <<'END'
import java.io.*;
import java.net.*;

class Echo {
    static void serve(ServerSocket server) {
        try (Socket connection = server.accept()) {
            connection.getInputStream().transferTo(connection.getOutputStream());
        } catch (IOException error) {
            System.out.println(error);
        }
    }

    public static void main(String[] arguments) throws Exception {
        InetAddress here = InetAddress.getByName("127.0.0.1");
        try (ServerSocket server = new ServerSocket(0, 5, here)) {
            Thread thread = new Thread(() -> serve(server));
            thread.start();
            try (Socket client = new Socket(here, server.getLocalPort())) {
                client.getOutputStream().write(new byte[30000]);
                client.shutdownOutput();
                System.out.println(client.getInputStream().readAllBytes().length);
            }
            thread.join();
        }
        try {
            new Socket(here, Integer.parseInt(arguments[0]));
        } catch (ConnectException error) {
            System.out.println(error.getMessage());
        }
    }
}
END
    both with_java
    printed <<<$'30000\nConnection refused'
    log_is_sane java
    expect '.ret == 0 and .cause == "peer-closed" and .rx == 30000'
    refused java
}

# ---- web servers ----

with_php() {
    server "$@" php -S "$SERVER" -t "$DIR"
    "$@" php -r '
        $options = ["http" => ["method" => "POST", "content" => str_repeat("x", 300000),
                               "header" => "Content-Type: text/plain"]];
        echo file_get_contents("http://$argv[1]/count.php", false, stream_context_create($options));
        echo @file_get_contents("http://127.0.0.1:$argv[2]/") === false ? " refused\n" : "?";
    ' "$SERVER" "$REFUSING"
    stop INT
}

@test "php: its web server, its client, then a refused connection" {
    refuse
    echo '<?php echo strlen(file_get_contents("php://input"));' >"$DIR/count.php"
    both with_php
    printed <<<"300000 refused"
    log_is_sane php
    expect '.call == "recv" and .ret == 0 and .cause == "peer-closed" and .peer == "'"$SERVER"'"'
    refused php
}

apache_settings() {
    cat <<END
ServerRoot $DIR
ServerName test
PidFile $DIR/apache.pid
ErrorLog $DIR/apache.error
CustomLog $DIR/apache.access %U
Listen $SERVER
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
DocumentRoot $DIR/www
StartServers 1
END
}

# ab's figures that do not depend on how fast it was.
with_apache() {
    rm -f "$DIR/apache.access"
    apache_settings >"$DIR/apache.conf"
    server "${UNPRIVILEGED[@]}" "$@" apache2 -d "$DIR" -f "$DIR/apache.conf" -D FOREGROUND
    "$@" ab -q -n 500 -c 8 "http://$SERVER/data" >"$DIR/ab"
    grep -E '^(Document Length|Complete requests|Failed requests|HTML transferred)' "$DIR/ab"
    "$@" ab -q -k -n 500 -c 8 "http://$SERVER/data" >"$DIR/ab"
    grep -E '^(Complete requests|Failed requests|HTML transferred)' "$DIR/ab"
    stop TERM
    wc -l <"$DIR/apache.access"
}

@test "apache2 answers a thousand requests of ab, half of them on kept connections" {
    mkdir "$DIR/www"
    head -c 30000 /dev/urandom >"$DIR/www/data"
    both with_apache
    [ "$(grep -c '^Complete requests: *500$' "$DIR/native")" -eq 2 ]
    [ "$(grep -c '^Failed requests: *0$' "$DIR/native")" -eq 2 ]
    [ "$(tail -n 1 "$DIR/native")" -eq 1000 ]
    log_is_sane apache2 ab
    ended_in_order ab
    expect_count 500 '.prog == "ab" and .ret == 0 and .cause == "peer-closed" and .rx > 30000'
}

# What asks for a page and says what came: status and size.
ask() {
    curl -sS -o "$DIR/page" -w '%{http_code} %{size_download}\n' "$1"
}

with_haproxy() {
    cat >"$DIR/haproxy.conf" <<END
defaults
    mode http
    timeout connect 20s
    timeout client 20s
    timeout server 20s
    retries 0
frontend in
    bind $SERVER
    use_backend gone if { path /gone }
    default_backend here
backend here
    server one $BACKEND
backend gone
    server one 127.0.0.1:$REFUSING
END
    server "$@" haproxy -db -f "$DIR/haproxy.conf"
    ask "http://$SERVER/data"
    ask "http://$SERVER/gone"
    stop TERM
}

has_port() {
    grep -q ' port [0-9]' "$1"
}

@test "haproxy: a page from its server, and 503 for one that is not there" {
    refuse
    mkdir "$DIR/www"
    head -c 300000 /dev/urandom >"$DIR/www/data"
    background "$PYTHON" -u -m http.server 0 --bind 127.0.0.1 --directory "$DIR/www" \
        >"$DIR/backend" 2>&1
    wait_until has_port "$DIR/backend"
    BACKEND=127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$DIR/backend")
    both with_haproxy
    grep -qx '200 300000' "$DIR/native"
    grep -q '^503 ' "$DIR/native"
    log_is_sane haproxy
    expect '.cause == "in-progress" and .call == "connect" and .peer == "'"$BACKEND"'"'
    refused haproxy
}

# ---- stores ----

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
    expect_count 0 '.event == "return" and .prog == "iperf3" and .local == "'"$SERVER"'"'
    refused iperf3
}
