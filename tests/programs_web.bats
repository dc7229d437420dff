#!/usr/bin/env bats
# Web servers and their clients, as Debian has them, natively and under the shim.

load helpers
load real_programs

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
    resets
    kill_nginx_under_load
    [ "$status" -eq 104 ]
    grep -q 'apr_socket_recv: Connection reset by peer (104)' "$DIR/ab"

    kill_nginx_under_load "${UNDER_SHIM[@]}"
    [ "$status" -eq 104 ]
    grep -q 'apr_socket_recv: Connection reset by peer (104)' "$DIR/ab"
    expect '.prog == "ab" and .call == "read" and .ret == -1 and .errno == 104 and
            .error == "ECONNRESET" and .cause == "peer-reset" and .level == "warn" and
            .peer == "'"$SERVER"'" and .state == "CLOSE" and .rx == 0 and .tx > 0 and
            (.why | startswith("'"$SERVER"' aborted the connection (RST) before a single byte"))'
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
    resets
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
    resets
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
    resets
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

# ---- php, apache, haproxy ----

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
    # A thread of apache2 that is told to end while it has no connection shuts down -1.
    ended_in_order ab '.prog == "apache2" and .call == "shutdown" and .fd == -1'
    # One answer each: a kept connection that happens to get 100 requests is closed, too.
    expect_count 500 '.prog == "ab" and .ret == 0 and .cause == "peer-closed" and .rx > 30000 and .rx < 60000'
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
# What `curl` gives up by itself is told by close alone.
@test "curl --max-time: gave-up-waiting, with the time that had passed" {
    local port
    port=$(free_port)
    background "$PYTHON" -c '
import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
held = []
while True: held.append(s.accept())' "$port"
    wait_for_port "$port"
    run -28 shimmed curl -s --max-time 1 "http://127.0.0.1:$port/"
    expect_count 1 '.call == "close" and .cause == "gave-up-waiting" and .peer == "127.0.0.1:'"$port"'" and
        .rx == 0 and .tx > 50 and .sent_ms >= 500 and .sent_ms < 10000 and .level == "info"'
    expect_count 0 '.level == "warn"'
}

@test "curl --connect-timeout: gave-up-connecting, with the address and the time" {
    unshare -n true 2>/dev/null || skip "no network namespaces here"
    run -28 unshare -n sh -c 'ip link set lo up && nft add table inet t &&
        nft add chain inet t input "{ type filter hook input priority 0; }" &&
        nft add rule inet t input tcp dport 9 drop && exec "$@"' - \
        env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" curl -s --connect-timeout 2 http://127.0.0.1:9/
    expect_count 1 '.call == "close" and .cause == "gave-up-connecting" and .peer == "127.0.0.1:9" and
        (.why | test("after [0-9]+ ms: no SYN-ACK had come from 127.0.0.1:9"))'
}
