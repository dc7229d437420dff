#!/usr/bin/env bats
# Incidents with real programs on this host: report finds what was wrong, by its kind and
# figure, and nothing stands above it. Those that need a network are in
# incidents_network.bats; each kind by its rules, in findings.bats.

bats_require_minimum_version 1.5.0

load helpers
load made_log

setup() {
    mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here" || return 1
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/ "$BATS_TEST_TMPDIR"
    PORT=$(free_port)
}

# under_shim LOG COMMAND...: whatever becomes of it.
under_shim() {
    "$SOCKSHIM_COMMAND" -q -o "$1" -- "${@:2}" >said 2>&1 3>&- || :
}

# python_server CODE: `c` is each connection, in a thread of its own.
python_server() {
    background "$PYTHON" -c "
import os, socket, struct, sys, threading, time
def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    c.close()
def serve(c):
$(sed 's/^/    /' <<<"$1")
listener = socket.create_server(('127.0.0.1', $PORT), backlog=128)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()"
    wait_for_port "$PORT"
}

# python_client LOG CODE
python_client() {
    under_shim "$1" "$PYTHON" -c "
import socket, sys, time
def connect():
    return socket.create_connection(('127.0.0.1', $PORT))
def quietly(f, *words):
    try:
        return f(*words)
    except OSError as e:
        return e
$2"
}

# measured NAME: the milliseconds that a client measured around what a figure is about, rounded
# up, and two ticks of the kernel's clock more: the figure is not above that, however busy the
# machine was.
measured() {
    awk '{ most = $1 > most ? $1 : most } END { printf "%d", most + 9 }' "$1"
}

# nginx_with TEXT [COMMAND...]: an nginx on $PORT whose server block has this, under
# COMMAND; one process, unless $MASTER has settings of its own.
nginx_with() {
    chmod 777 .
    cat >nginx.conf <<C
daemon off; ${MASTER-master_process off;} error_log $PWD/error.log info; pid $PWD/nginx.pid;
events {}
http { access_log off; client_body_temp_path $PWD/cb; proxy_temp_path $PWD/pt;
 fastcgi_temp_path $PWD/ft; uwsgi_temp_path $PWD/ut; scgi_temp_path $PWD/st;
 server { listen 127.0.0.1:$PORT; $1 } }
C
    background "${@:2}" nginx -e "$PWD/error.log" -c "$PWD/nginx.conf" -p "$PWD"
    wait_for_port "$PORT"
}

# reload_of_nginx SECONDS...: nginx ends the WebSockets of a client, opened so many seconds before, when it is
# reloaded.
reload_of_nginx() {
    local behind
    behind=$(free_port)
    PORT=$behind python_server "c.recv(4096); c.sendall(b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'); c.recv(1)"
    MASTER="worker_shutdown_timeout 50ms;" nginx_with "location / { proxy_http_version 1.1; proxy_set_header Upgrade websocket; proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:$behind; }"
    python_client log "
import select, subprocess
poll = select.poll()
opened = {}
for s in '$*'.split():
    c = connect()
    c.sendall(b'GET / HTTP/1.1\r\nHost: app\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n')
    c.recv(4096)
    poll.register(c, select.POLLIN)
    opened[c.fileno()] = c
    time.sleep(float(s))
subprocess.run(['nginx', '-s', 'reload', '-e', '$PWD/error.log', '-c', '$PWD/nginx.conf', '-p', '$PWD'])
while opened:
    for fd, event in poll.poll():
        if not opened[fd].recv(4096):
            poll.unregister(fd)
            opened.pop(fd)"
    kill "$BACKGROUND"
    wait "$BACKGROUND" || :
}

# http_address: one of loopback that no other test has, with a port that is HTTP's.
http_address() {
    echo "127.$((PORT / 256)).$((PORT % 256)).9:8080"
}

# ---- A socket that is not where it seems to be ----

@test "no such socket: redis has a /tmp of its own; a path that was cleaned away; a server that is not there" {
    unshare -m true 2>/dev/null || skip "no mount namespaces here"
    local seen
    seen=$(mktemp -d /tmp/s.XXXX) # a short path, for findings are short
    mkdir own
    background unshare -m sh -c 'mount --bind own "$0" && exec redis-server --port 0 --unixsocket "$0/r.sock"' "$seen"
    wait_until test -S own/r.sock
    under_shim log redis-cli -s "$seen/r.sock" ping
    finds refused log
    jq -e '.findings[0] | (.title | contains("finds no socket")) and (.meaning | contains("(PrivateTmp=, a chroot or container)")) and
        (.advice | contains("/proc/PID/root/PATH"))' findings.json
    rm own/r.sock
    under_shim log2 perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Peer => shift)' "$seen/r.sock"
    jq -R 'select(contains("does not see that path: it was removed"))' log2 | grep -q .
    under_shim log3 redis-cli -s "$seen/other.sock" ping
    finds refused log3
    jq -e '.findings[0].meaning | contains("Its server is not running")' findings.json
    rmdir "$seen"
}

@test "this host's own name, which only /etc/hosts could tell: hostname -f; with it there, and of another name, nothing of the kind" {
    [ "$(id -u)" -eq 0 ] && unshare -u -m true 2>/dev/null || skip "no namespaces here"
    echo 127.0.0.1 localhost >hosts
    echo "hosts: files" >sources
    renamed() {
        unshare -u -m sh -c 'mount --bind hosts /etc/hosts; mount --bind sources /etc/nsswitch.conf; hostname web7.test; exec "$@"' - \
            "$SOCKSHIM_COMMAND" -q -o "$1" -- "${@:2}"
    }
    run renamed log hostname -f
    finds_only name-not-resolved log
    jq -e '.findings[0] | (.title | contains("web7.test")) and (.advice | contains("127.0.1.1 web7.test"))' findings.json
    run renamed other.log "$PYTHON" -c 'import socket; socket.gethostbyname("web8.test")'
    finds_only name-not-resolved other.log
    run ! grep -q 127.0.1.1 findings.json
    echo 127.0.1.1 web7.test >>hosts
    run -0 renamed well.log hostname -f
    [ ! -e well.log ] || finds_nothing well.log
}

@test "EACCES as a security module gives it: php's listener at a high port, curl's connect by TCP; a unix socket is a path's" {
    under_shim log "$PROGRAMS/filtered" 13 bind php -S "127.0.0.1:$PORT"
    finds_only not-permitted log
    jq -e --arg port "$PORT" '.findings[0].advice | contains("semanage port -a -t TYPE -p tcp " + $port)' findings.json
    under_shim log2 "$PROGRAMS/filtered" 13 connect curl -sS "http://127.0.0.1:$PORT/"
    finds_only not-permitted log2
    jq -e '.findings[0].advice | contains("httpd_can_network_connect")' findings.json
    background redis-server --port 0 --unixsocket "$PWD/r.sock"
    wait_until test -S r.sock
    under_shim log3 "$PROGRAMS/filtered" 13 connect redis-cli -s "$PWD/r.sock" ping
    finds_only not-permitted log3
    run ! grep -q httpd_can_network_connect findings.json
}

@test "sockets of a family that a unit may not use: redis-cli; by IP it may be the kernel, and curl just tries" {
    under_shim log "$PROGRAMS/filtered" 97 socket redis-cli -s "$PWD/r.sock" ping
    finds_only family-refused log
    jq -e '.findings[0] | (.title | contains("redis-cli may not make sockets of AF_UNIX")) and (.advice | contains("RestrictAddressFamilies=AF_UNIX"))' findings.json
    under_shim log2 "$PROGRAMS/filtered" 97 socket redis-cli -h 127.0.0.1 -p "$PORT" ping
    finds_nothing log2
}

@test "loopback is down in a new network namespace: redis-cli" {
    unshare -n true 2>/dev/null || skip "no network namespaces here"
    under_shim log unshare -n redis-cli -h 127.0.0.1 -p "$PORT" ping
    finds_only unreachable log
    jq -e '.findings[0].advice | contains("ip link set lo up")' findings.json
    under_shim log2 redis-cli -h 127.0.0.1 -p "$PORT" ping
    finds_only refused log2
}

@test "what a login prints stands before sftp's protocol: ssh did not fail by itself; where nothing is printed, all is well" {
    [ "$(id -u)" -eq 0 ] || skip "sshd lets only root log in as root"
    mkdir -p /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f hk
    ssh-keygen -q -t ed25519 -N '' -f id
    local print login=(-P "$PORT" -i "$PWD/id" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentityAgent=none -b /dev/null root@127.0.0.1)
    for print in "echo Welcome;" ""; do
        background /usr/sbin/sshd -D -e -f /dev/null -h "$PWD/hk" -p "$PORT" -o ListenAddress=127.0.0.1 -o PermitRootLogin=yes -o StrictModes=no \
            -o AuthorizedKeysFile="$PWD/id.pub" -o Subsystem="sftp /usr/lib/openssh/sftp-server" -o ForceCommand="$print exec /usr/lib/openssh/sftp-server"
        wait_for_port "$PORT"
        under_shim "log$print" sftp "${login[@]}"
        if [ -n "$print" ]; then
            grep -q "Received message too long" said
            finds_only broken-off "log$print"
            jq -e '.findings[0].meaning | startswith("No network is involved.")' findings.json
        else
            run ! grep -q "too long" said
            finds_nothing log
        fi
        PORT=$(free_port)
        login[1]=$PORT
    done
}

@test "a listening socket for a connection: pure-ftpd is given the listener, and then an accepted one" {
    cat >activate <<'END'
import socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
given = listener if sys.argv[1] == "listener" else listener.accept()[0]
client.shutdown(socket.SHUT_WR)
subprocess.run(sys.argv[2:], stdin=given, stdout=given, timeout=30)
END
    "$PYTHON" activate listener "$SOCKSHIM_COMMAND" -q -o "$PWD/log" -- /usr/sbin/pure-ftpd >said 2>&1 || :
    finds listener-as-connection log
    "$PYTHON" activate accepted "$SOCKSHIM_COMMAND" -q -o "$PWD/log2" -- /usr/sbin/pure-ftpd >said 2>&1 || :
    finds_nothing log2
}

# ---- A time limit, and idle time ----

@test "php-fpm ends a request after its time limit; nginx sees a time limit, and no idle time" {
    local fpm
    fpm=$(compgen -G '/usr/sbin/php-fpm*' | head -n 1)
    printf '%s\n' '<?php $end = time() + 20; while (time() < $end) usleep(1000);' >slow.php
    cat >fpm.conf <<C
[global]
error_log=$PWD/fpm.log
daemonize=no
[www]
listen=$PWD/fpm.sock
listen.mode=0666
user=nobody
pm=static
pm.max_children=2
request_terminate_timeout=1s
C
    chmod 777 .
    background "$fpm" -y "$PWD/fpm.conf" -R
    wait_until test -S fpm.sock
    # Through a port, as a container would: only that has TCP's figures.
    FPM=$(free_port)
    sed -i "s,^listen=.*,listen=127.0.0.1:$FPM," fpm.conf
    background "$fpm" -y "$PWD/fpm.conf" -R
    wait_for_port "$FPM"
    nginx_with "root $PWD; location / { include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME $PWD\$fastcgi_script_name; fastcgi_pass 127.0.0.1:$FPM; }" \
        "$SOCKSHIM_COMMAND" -q -o log --
    # shellcheck disable=SC2016
    until_found time-limit eval 'for _ in 1 2 3; do curl -s -o /dev/null "http://127.0.0.1:$PORT/slow.php"; done'
    finds time-limit log
    figure limit_ms -ge 900
    figure connections -eq 3
    [[ $(jq -r '.findings[].kind' findings.json) != *idle* ]]
}

@test "a server that works for 1 s on the second request and dies is a time limit" {
    python_server '
c.recv(100); c.sendall(b"ok"); c.recv(100); time.sleep(1); reset(c)'
    until_found time-limit python_client log '
for i in range(3):
    s = connect(); s.sendall(b"one"); s.recv(9); time.sleep(.05)
    begun = time.monotonic(); s.sendall(b"two"); quietly(s.recv, 9)
    print((time.monotonic() - begun) * 1000, file=open("waited", "a"))'
    finds_only time-limit log
    figure limit_ms -ge 990
    figure most_ms -le "$(measured waited)"
}

@test "ruby, and a server that closes in order instead of answering, after the same time" {
    python_server 'c.recv(100); time.sleep(1); c.close()'
    until_found time-limit under_shim log ruby -rsocket -e "3.times { s = TCPSocket.new('127.0.0.1', $PORT); s.write('one'); s.read }"
    finds_only time-limit log
    figure limit_ms -ge 990
}

@test "the pause is the program's own: the idle timeout is at most so much" {
    python_server 'c.recv(100); c.sendall(b"ok"); time.sleep(.3); reset(c)'
    python_client log '
for i in range(2):
    begun = time.monotonic()
    s = connect(); s.sendall(b"one"); s.recv(9); time.sleep(1.5); quietly(s.sendall, b"two"); quietly(s.recv, 9)
    print((time.monotonic() - begun) * 1000, file=open("passed", "a"))'
    finds_only idle-timeout log
    figure at_most_ms -ge 1490
    figure at_most_ms -le "$(measured passed)"
}

@test "nginx ends kept connections after 1 s, and the client asks again after 2" {
    nginx_with "keepalive_timeout 1s; return 200 ok;"
    python_client log '
s = connect()
s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"); s.recv(1000); time.sleep(2.2)
quietly(s.sendall, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"); quietly(s.recv, 1000)'
    finds_only idle-timeout log
    figure at_most_ms -ge 990
    figure at_most_ms -lt 2100
}

@test "a feed ends, and its reader stood still: no limit for idle time is read from that" {
    python_server 'for _ in range(5): c.sendall(b"tick"); time.sleep(.05)
c.close()'
    python_client log '
for i in range(2):
    s = connect(); s.recv(4); time.sleep(1.5)
    s.recv(99); quietly(s.sendall, b"pong"); quietly(s.sendall, b"pong")'
    finds_only ended-before log
    figure late_ms -ge 1000
}

@test "redis ends idle clients; perl comes back too late" {
    background redis-server --port "$PORT" --bind 127.0.0.1 --save '' --timeout 1 --hz 50
    wait_for_port "$PORT"
    under_shim log perl -MIO::Socket::INET -e "
        \$s = IO::Socket::INET->new('127.0.0.1:$PORT'); \$s->syswrite(qq(PING\r\n)); \$s->sysread(\$b, 9); sleep 5;
        \$s->syswrite(qq(PING\r\n)); \$s->sysread(\$b, 9);"
    finds_only idle-timeout log
    figure at_most_ms -ge 990
    figure at_most_ms -lt 4500
}

@test "looks alike: a pool whose idle connections the server closes in order" {
    nginx_with "keepalive_timeout 1s; return 200 ok;"
    python_client log '
import select
s = connect()
s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"); s.recv(1000)
select.select([s], [], []); s.recv(1000); s.close()'
    finds_nothing log
}

# ---- Last words ----

@test "nginx cuts all WebSockets off when it is reloaded; two of them may end together by chance" {
    until_found ended-together reload_of_nginx 0.3 0.9 1.1 0.4
    finds_only ended-together log
    figure connections -eq 4
    rm log
    reload_of_nginx 0.3 0.4
    findings log
    run ! grep -q ended-together findings.json
}

@test "nginx had answered 413 while the program was still writing" {
    nginx_with "client_max_body_size 1k; lingering_close off;"
    python_client log '
s = connect()
s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
for i in range(200):
    time.sleep(.01)
    if quietly(s.sendall, b"x" * 65536): break'
    finds_only answer-unread log
    figure unread -ge 200
}

@test "a TLS server that wants a certificate says so in an alert that lies unread" {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2>/dev/null
    background openssl s_server -accept "127.0.0.1:$PORT" -cert cert.pem -key key.pem -Verify 1 -verify_return_error -quiet
    wait_for_port "$PORT"
    python_client log '
import ssl
x = ssl.create_default_context(); x.check_hostname = False; x.verify_mode = ssl.CERT_NONE
t = x.wrap_socket(connect())
for i in range(200):
    time.sleep(.01)
    if quietly(t.sendall, b"x" * 65536): break'
    finds_only answer-unread log
    figure unread -ge 7
    figure unread -le 100
}

@test "node ends an upload that takes longer than its limit for a request: size and time are both named; a quick one is well" {
    echo "
const s = require('http').createServer({ connectionsCheckingInterval: 100 }, (q, r) => { q.on('error', () => {}); q.resume(); q.on('end', () => r.end('ok')); });
s.headersTimeout = s.requestTimeout = 1500;
s.listen($PORT, '127.0.0.1');" >limit.js
    background node limit.js
    wait_for_port "$PORT"
    local upload='
def upload(pause, size):
    s = connect()
    s.settimeout(20)
    s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for i in range(60):
        if quietly(s.sendall, b"%x\r\n" % size + b"x" * size + b"\r\n"): return
        time.sleep(pause)
    s.sendall(b"0\r\n\r\n"); s.recv(1000); s.close()
'
    until_found answer-unread python_client log "$upload"'
upload(.1, 20000)'
    finds answer-unread log
    grep -q 'too large (413), or take too long (408)' findings.json || fails_with "$(cat findings.json)"
    python_client log.2 "$upload"'
upload(.001, 20000)'
    finds_nothing log.2
}

@test "nginx refuses a hello without a server name by an alert of TLS; one with a name that it has is answered" {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=app.example 2>/dev/null
    local other
    other=$(free_port)
    nginx_with "listen 127.0.0.1:$other ssl default_server; ssl_reject_handshake on; } server { listen 127.0.0.1:$other ssl; server_name app.example;
        ssl_certificate $PWD/cert.pem; ssl_certificate_key $PWD/key.pem; return 200 ok;"
    wait_for_port "$other"
    under_shim log openssl s_client -connect "127.0.0.1:$other" -noservername </dev/null
    finds_only last-words log
    figure rx -eq 7
    grep -q "TLS hello with an alert" findings.json
    under_shim log.2 openssl s_client -connect "127.0.0.1:$other" -servername app.example </dev/null
    finds_nothing log.2
}

@test "curl refuses a server's certificate, which the server sees as a hello and an alert; with the right CA it does not" {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=app.example -addext subjectAltName=IP:127.0.0.1 2>/dev/null
    background "$SOCKSHIM_COMMAND" -q -o server -- openssl s_server -quiet -accept "127.0.0.1:$PORT" -cert cert.pem -key key.pem -www
    wait_for_port "$PORT"
    under_shim log curl -sS "https://127.0.0.1:$PORT/"
    grep -q 'curl: (60)' said
    finds tls-refused log
    wait_until grep -q ' rx=524 ' server
    finds tls-refused server
    under_shim log.2 curl -sS --cacert cert.pem "https://127.0.0.1:$PORT/"
    findings log.2
    run ! grep -q tls-refused findings.json
}

@test "nginx drops requests for a Host that it does not serve: curl by the address; by the name it is answered" {
    local at
    at=$(http_address)
    nginx_with "listen $at; return 444; } server { listen $at; server_name app.example; return 200 ok;"
    for _ in 1 2; do
        under_shim log curl -s "http://$at/"
    done
    finds_only nothing-behind log
    grep -q "a Host not its own" findings.json || fails_with "$(cat findings.json)"
    under_shim log.2 curl -s -H 'Host: app.example' "http://$at/"
    finds_nothing log.2
}

@test "nginx takes a client that has shut down its sending side for one that has left; perl that keeps it open is answered" {
    local behind
    behind=$(free_port)
    background "$PYTHON" -c "
import socket, time
l = socket.create_server(('127.0.0.1', $behind))
while True:
    c = l.accept()[0]
    c.recv(1000)
    time.sleep(.5)
    try: c.sendall(b'HTTP/1.0 200 OK\r\n\r\nok')
    except OSError: pass
    c.close()"
    wait_for_port "$behind"
    local at
    at=$(http_address)
    nginx_with "listen $at; location / { proxy_pass http://127.0.0.1:$behind; }"
    local ask='
        my $s = IO::Socket::INET->new(shift) or die;
        print $s "GET / HTTP/1.0\r\nHost: x\r\n\r\n"; $s->flush; shutdown($s, 1) if shift; print <$s>;'
    until_found nothing-behind under_shim log perl -MIO::Socket::INET -e "$ask" "$at" 1
    finds_only nothing-behind log
    grep -q 'had ended its own side' findings.json || fails_with "$(cat findings.json)"
    under_shim log.2 perl -MIO::Socket::INET -e "$ask" "$at" 0
    finds_nothing log.2
}

@test "curl speaks TLS to a port without" {
    nginx_with "return 200 ok;"
    for _ in 1 2; do
        under_shim log curl -sk "https://127.0.0.1:$PORT/"
    done
    finds_only answer-not-understood log
    figure unread -ge 32
    under_shim log.2 curl -s "http://127.0.0.1:$PORT/"
    finds_nothing log.2
}

@test "sshd refuses for too many logins are under way, in a line that ssh does not show" {
    mkdir -p /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f hk
    background /usr/sbin/sshd -D -e -f /dev/null -h "$PWD/hk" -p "$PORT" -o ListenAddress=127.0.0.1 -o MaxStartups=1
    wait_for_port "$PORT"
    background "$PYTHON" -c "import socket, time; s = socket.create_connection(('127.0.0.1', $PORT)); s.recv(9); open('held', 'w'); time.sleep(60)"
    wait_until test -e held
    under_shim log ssh -p "$PORT" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes root@127.0.0.1 true
    finds_only last-words log
    figure rx -eq 22
}

# ---- Nothing behind ----

three_gateway_timeouts() {
    for _ in 1 2 3; do
        [ "$(curl -s -o answer -w '%{http_code}' "http://127.0.0.1:$PORT/")" = 504 ]
    done
}

@test "haproxy's timeout server ends its wait with SO_LINGER 0" {
    local behind
    behind=$(free_port)
    background "$PYTHON" -c "
import socket
l = socket.create_server(('127.0.0.1', $behind))
kept = []
while True:
    kept.append(l.accept()[0])"
    wait_for_port "$behind"
    printf '%s\n' 'defaults' ' mode http' ' timeout connect 1s' ' timeout client 9s' ' timeout server 700ms' \
        "listen l" " bind 127.0.0.1:$PORT" " server s 127.0.0.1:$behind" >haproxy.cfg
    background "$SOCKSHIM_COMMAND" -q -o log -- haproxy -db -f haproxy.cfg
    wait_for_port "$PORT"
    until_found own-deadline three_gateway_timeouts
    finds own-deadline log
    figure deadline_ms -ge 690
}

@test "a client that shuts down before it closes has given up; one that had its answer has not" {
    python_server '
c.recv(100)
if not os.path.exists("mute"):
    c.send(b"answer")
time.sleep(9)'
    touch mute
    local client='
import select
for i in range(2):
    s = connect()
    s.sendall(b"question")
    if select.select([s], [], [], 0.6)[0]:
        s.recv(100)
        time.sleep(0.6)
    s.shutdown(socket.SHUT_RDWR)
    s.close()'
    until_found own-deadline python_client log "$client"
    finds_only own-deadline log
    figure deadline_ms -ge 600
    rm mute
    python_client log.2 "$client"
    finds_nothing log.2
}

three_ends() {
    [ "$(grep -c cause=peer-closed "$1")" -eq 3 ]
}

three_give_up() {
    for _ in 1 2 3; do
        run -28 curl -s -m 2 "http://127.0.0.1:$PORT/"
    done
    wait_until three_ends log
}

@test "node is too slow for curl, which gives up: node's log says so" {
    echo "require('http').createServer((q, r) => setTimeout(() => r.end('late'), 9000)).listen($PORT, '127.0.0.1')" >slow.js
    background "$SOCKSHIM_COMMAND" -q -o log -- node slow.js
    wait_for_port "$PORT"
    until_found client-timeout three_give_up
    finds_only client-timeout log
    figure limit_ms -ge 1000
    figure limit_ms -le 5000
}

@test "haproxy accepts and has no server" {
    local behind
    behind=$(free_port)
    printf '%s\n' 'defaults' ' mode tcp' ' timeout connect 1s' ' timeout client 9s' ' timeout server 9s' \
        ' retries 0' "listen l" " bind 127.0.0.1:$PORT" " server s 127.0.0.1:$((behind + 1))" >haproxy.cfg
    background haproxy -db -f haproxy.cfg
    wait_for_port "$PORT"
    for _ in 1 2; do
        under_shim log curl -s "http://127.0.0.1:$PORT/"
    done
    finds nothing-behind log
    figure connections -eq 2
}

@test "socat accepts and has no server; wget" {
    background socat "TCP-LISTEN:$PORT,bind=127.0.0.1,fork,reuseaddr" "TCP:127.0.0.1:1"
    wait_for_port "$PORT"
    # Where all of it comes in one tick of the kernel's clock nobody knows who spoke last.
    for _ in {1..10}; do
        rm -f log
        under_shim log wget -q -t 1 -O /dev/null "http://127.0.0.1:$PORT/"
        ! grep -q closed-unanswered log || break
    done
    finds_only nothing-behind log
}

@test "looks alike: a server that answers and closes" {
    nginx_with "keepalive_timeout 0; return 200 ok;"
    for _ in 1 2 3; do
        under_shim log curl -s "http://127.0.0.1:$PORT/"
        under_shim log wget -q -O /dev/null "http://127.0.0.1:$PORT/"
    done
    finds_nothing log
}

@test "a client without TLS at a port of TLS, and a hello that no server is there for" {
    background ruby -rsocket -ropenssl -e '
key = OpenSSL::PKey::RSA.new(2048)
cert = OpenSSL::X509::Certificate.new
cert.public_key = key.public_key
cert.sign(key, OpenSSL::Digest.new("SHA256"))
listener = TCPServer.new("127.0.0.1", ARGV[0].to_i)
context = OpenSSL::SSL::SSLContext.new
context.key, context.cert = key, cert
loop do
  c = listener.accept
  c.recv(1, Socket::MSG_PEEK) # whoever comes without a word only looks for the port
  c.setsockopt(:SOCKET, :LINGER, [1, 0].pack("ii"))
  begin
    raise if c.recv(1, Socket::MSG_PEEK) != "\x16"
    OpenSSL::SSL::SSLSocket.new(c, context).accept
  rescue StandardError
  end
  c.close
end' "$PORT"
    wait_for_port "$PORT"
    under_shim log perl -MIO::Socket::INET -e '
        for (1, 2) { my $s = IO::Socket::INET->new("127.0.0.1:'"$PORT"'") or die; print $s "PING\r\n"; $s->flush; <$s>; }'
    finds_only nothing-behind log
    figure connections -eq 2
    grep -q 'PROXY protocol on one side only' findings.json
    # haproxy, which goes by the server name; and knows no other.
    PORT=$(free_port)
    cat >haproxy.cfg <<C
defaults
  mode tcp
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:$PORT
  tcp-request inspect-delay 5s
  tcp-request content accept if { req_ssl_hello_type 1 }
  use_backend b if { req_ssl_sni -i known.example }
backend b
  server s 127.0.0.1:9
C
    background haproxy -f haproxy.cfg -db
    wait_for_port "$PORT"
    under_shim log2 openssl s_client -connect "127.0.0.1:$PORT" -noservername </dev/null
    finds_only nothing-behind log2
    grep -q -- '-noservername' findings.json
}

@test "a server that expects the PROXY protocol, and wget without it; curl with it is answered" {
    local expecting
    expecting=$(free_port)
    nginx_with "listen 127.0.0.1:$expecting proxy_protocol; return 200 ok;"
    under_shim log wget -q -t 2 -O - "http://127.0.0.1:$expecting/"
    under_shim well curl -s --haproxy-protocol "http://127.0.0.1:$expecting/"
    finds_only nothing-behind log
    figure connections -eq 2
    grep -q 'PROXY protocol on one side only' findings.json
    finds_nothing well
    PORT=$expecting
}

@test "perl answers 401 before it has read what it is sent: its own log says who resets; one that reads all is none" {
    local reads
    for reads in 1000 20000; do
        PORT=$(free_port)
        background "$SOCKSHIM_COMMAND" -q -o "log.$reads" -- perl -MIO::Socket::INET -MSocket=MSG_PEEK,MSG_WAITALL -e '
            my $l = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1:'"$PORT"'", ReuseAddr => 1) or die;
            while (my $c = $l->accept) {
                recv $c, my $seen, 20000, MSG_PEEK | MSG_WAITALL;
                recv $c, $seen, '"$reads"', MSG_WAITALL;
                print $c "HTTP/1.0 401 Unauthorized\r\n\r\n"; $c->flush;
                close $c;
            }'
        wait_for_port "$PORT"
        # With its head, 20,000 bytes in all.
        head -c 30000 /dev/zero | head -c $((20000 - $(printf 'POST / HTTP/1.0\r\n\r\n' | wc -c))) >body
        for _ in 1 2 3; do
            { printf 'POST / HTTP/1.0\r\n\r\n'; cat body; } | socat -t 5 - "TCP:127.0.0.1:$PORT" >/dev/null 2>&1 || :
        done
    done
    finds_only early-close log.1000
    figure connections -eq 3
    figure unread -eq 19000
    finds_nothing log.20000
}

@test "python goes on with the address that it had looked up, where nobody is any more" {
    python_server 'c.recv(9); c.send(b"pong"); c.close(); time.sleep(.1); os._exit(0)'
    python_client log "
address = socket.getaddrinfo('localhost', $PORT, socket.AF_INET, socket.SOCK_STREAM)[0][4]
s = socket.create_connection(address)
s.send(b'ping')
while s.recv(9):
    pass
s.close()
while not isinstance(quietly(socket.create_connection, address), ConnectionRefusedError):
    time.sleep(.05)
quietly(socket.create_connection, address)"
    finds refused log
    [[ $(jq -r '.findings[0] | .meaning, .advice' findings.json) == *"It answered until "*"getent ahosts localhost"* ]] || fails_with "$(cat findings.json log)"
}

@test "a broker that ends a session each time after a second, and node that connects again" {
    python_server 'c.recv(100); c.sendall(b"welcome"); time.sleep(.6); c.close()'
    under_shim log timeout -s INT 20 node -e '
const net = require("net")
let times = 0
function again() {
    const s = net.connect('"$PORT"', "127.0.0.1", () => s.write("I am sensor 1"))
    s.resume()
    s.on("end", () => s.end())
    s.on("close", () => { if (++times < 6) setTimeout(again, 300) })
}
again()'
    finds_only closed-again log
    figure connections -eq 6
    figure idle_ms -ge 590
    # Looks alike: an answer to each, and the end of it.
    PORT=$(free_port)
    python_server 'c.recv(100); c.sendall(b"welcome"); c.close()'
    under_shim log2 node -e '
const net = require("net")
let times = 0
function again() {
    const s = net.connect('"$PORT"', "127.0.0.1", () => s.write("I am sensor 1"))
    s.resume()
    s.on("close", () => { if (++times < 6) setTimeout(again, 300) })
}
again()'
    finds_nothing log2
}

@test "a replica of redis without its primary's password; with it, it connects once" {
    local port
    port=$(free_port)
    replica() {
        mkdir "$1"
        background "$SOCKSHIM_COMMAND" -q -o "log.$1" -- redis-server --dir "$PWD/$1" --port "$port" --bind 127.0.0.1 --save '' --logfile "$PWD/$1/said" \
            --replicaof 127.0.0.1 "$PORT" "${@:2}"
    }
    background redis-server --port "$PORT" --bind 127.0.0.1 --save '' --requirepass right --logfile "$PWD/said"
    wait_for_port "$PORT"
    replica without
    wait_until eval '[ "$(grep -cs cause=in-progress log.without)" -gt 20 ]'
    kill "$BACKGROUND"
    wait "$BACKGROUND"
    finds replica-loop log.without
    replica with --masterauth right
    wait_until eval "redis-cli -p $port info replication | grep -q master_link_status:up"
    findings log.with
    run ! grep -q replica-loop findings.json
}

@test "two clients of mosquitto under one ID throw each other out; one that is alone is left in peace" {
    printf 'listener %s 127.0.0.1\nallow_anonymous true\nlog_dest file %s\nlog_type subscribe\n' "$PORT" "$PWD/broker" >m.conf
    [ "$(id -u)" -ne 0 ] || echo "user root" >>m.conf
    background mosquitto -c m.conf
    wait_for_port "$PORT"
    local kind
    for kind in sensor alone; do
        : >broker
        "$SOCKSHIM_COMMAND" -q -o "log.$kind" -- mosquitto_sub -h 127.0.0.1 -p "$PORT" -i sensor -t t 3>&- &
        local sub=$! n=0 pause
        for pause in .1 .9 .3 .6 .2 .8 .1; do
            [ "$kind" = alone ] || n=$((n + 1))
            wait_until sh -c "[ \$(grep -c ' sensor 0 t' broker) -ge $n ]"
            sleep "$pause"
            mosquitto_pub -h 127.0.0.1 -p "$PORT" -i "$kind" -t other -m x
        done
        kill "$sub"
        wait "$sub" || :
    done
    finds_only closed-again log.sensor
    figure connections -ge 5
    grep -q 'another client with the same ID' findings.json
    finds_nothing log.alone
}

@test "what the peer said last, and a goodbye that comes too late; one that it waits for is none" {
    local serve='c.recv(100); c.sendall(b"r" * 300 + b"FATAL: limit"); '
    local client='
import select
s = connect()
s.sendall(b"request")
while not s.recv(1000).endswith(b"limit"):
    pass
p = select.poll()
p.register(s, select.POLLRDHUP)
if len(sys.argv) < 2 or p.poll(500):
    p.poll()
s.sendall(b"X\0\0\0\4")
quietly(s.recv, 100)'
    python_server "$serve"'c.close()'
    python_client log "$client"
    finds_only last-word log
    figure sent -eq 5
    PORT=$(free_port)
    python_server "$serve"'c.recv(100); c.sendall(b"221 bye"); c.close()'
    python_client log2 "${client/p.poll()/pass}"
    finds_nothing log2
}

@test "memcached has no room for further connections, and says so before it is asked; one that answers is none" {
    background memcached -u "$(id -un)" -l 127.0.0.1 -p "$PORT" -c 40 -t 1 -o maxconns_fast
    wait_for_port "$PORT"
    local client='
import select
held = [connect() for n in range(60)]
for n in range(2):
    s = connect()
    p = select.poll()
    p.register(s, select.POLLRDHUP)
    p.poll()
    quietly(s.sendall, b"set k 0 0 1\r\n")
    quietly(s.sendall, b"v\r\n")
import os
os._exit(0)'
    python_client log "$client"
    findings log | grep -qx answer-unread || fails_with "$(cat findings.json log)"
    grep -q 'turns clients away as they connect' findings.json
    python_client log2 '
s = connect()
s.sendall(b"set k 0 0 1\r\nv\r\n")
s.recv(100)'
    finds_nothing log2
}

@test "a server that tells a silent client off and closes, after the same time" {
    python_server '
c.recv(100); c.sendall(b"ok"); c.settimeout(2)
try:
    c.recv(100)
except TimeoutError:
    c.sendall(b"FATAL: you are too slow"); c.close()'
    until_found silence-limit under_shim log perl -MIO::Socket::INET -e '
        for (1, 2) { my $s = IO::Socket::INET->new("127.0.0.1:'"$PORT"'") or die; syswrite $s, "begin"; 1 while sysread $s, my $read, 100; }'
    finds_only silence-limit log
    figure limit_ms -ge 1990
}

@test "a stream that stands still: a proxy ends it after its own time; clients that are done go as they like" {
    cat >server.rb <<P
require 'socket'
l = TCPServer.new('127.0.0.1', $PORT)
2.times.map { c = l.accept; Thread.new { c.readpartial(4000); c.write("HTTP/1.1 200 OK\\r\\n\\r\\nevent\\n"); sleep 1.2; c.write("event\\n"); c.read } }.each(&:join)
P
    "$SOCKSHIM_COMMAND" -q -o log -- ruby server.rb 3>&- &
    local server=$! upstream=$PORT
    wait_until grep -q "$(printf ':%04X 0' "$PORT")" /proc/net/tcp
    PORT=$(free_port)
    nginx_with "location / { proxy_buffering off; proxy_read_timeout 2s; proxy_pass http://127.0.0.1:$upstream; }"
    curl -s "http://127.0.0.1:$PORT/" >/dev/null 2>&1 || :
    curl -s "http://127.0.0.1:$PORT/" >/dev/null 2>&1 || :
    wait "$server"
    finds_only silence-limit log
    figure limit_ms -ge 1990
    grep -q proxy_read_timeout findings.json
}

@test "a worker that computes, and neither reads nor sends, misses the heartbeats of its broker" {
    python_server '
c.recv(100)
for i in range(8):
    c.sendall(b"beat"); time.sleep(.25)
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); c.close()'
    under_shim log perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new("127.0.0.1:'"$PORT"'") or die; $SIG{PIPE} = "IGNORE";
        syswrite $s, "hello"; sysread $s, my $first, 4; select undef, undef, undef, 3; syswrite $s, "done"; '
    finds_only answer-unread log
    figure silent_ms -ge 2990
    figure unread -ge 20
    grep -q heartbeats findings.json
}

@test "a process that is killed at work: one end without an answer" {
    background "$PYTHON" -c "
import os, socket, time
l = socket.create_server(('127.0.0.1', $PORT))
c = l.accept()[0]; c.recv(9); time.sleep(.4); os.kill(os.getpid(), 9)"
    wait_for_port "$PORT"
    python_client log 's = connect(); s.sendall(b"one"); quietly(s.recv, 9)'
    finds_only answer-missing log
    figure wait_ms -ge 390
}

# ---- The program's own ----

two_give_up() {
    local begun
    for _ in 1 2; do
        begun=${EPOCHREALTIME/./}
        under_shim log curl -s -m 1 "http://127.0.0.1:$PORT/"
        echo "$(((${EPOCHREALTIME/./} - begun) / 1000))" >>waited
    done
}

@test "curl gives up after its own time, again and again" {
    python_server 'c.recv(1000); time.sleep(60)'
    until_found own-deadline two_give_up
    finds_only own-deadline log
    figure deadline_ms -ge 900
    figure deadline_ms -le "$(measured waited)"
    figure records -eq 2
}

@test "php's default_socket_timeout and a receive timeout are the program's own" {
    python_server 'c.recv(1000); time.sleep(60)'
    until_found own-deadline under_shim log php -d default_socket_timeout=1 -r "echo file_get_contents('http://127.0.0.1:$PORT/');"
    finds_only own-deadline log
    figure deadline_ms -ge 900
    python_client log.2 '
import struct
s = connect(); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 300000)); s.sendall(b"one"); quietly(s.recv, 9)'
    finds_only own-deadline log.2
    figure deadline_ms -eq 300
}

# Two that wait for a greeting, with a limit of a second.
@test "no greeting comes: curl's mail, and perl; a server that greets, and a connection in reserve, are none" {
    python_server '
import select
c.sendall(b"220 well\r\n") if os.path.exists("greets") else None
while c.recv(1000): c.sendall(b"250 well\r\n")'
    mails() { for _ in 1 2; do under_shim log curl -s -m 1 "smtp://127.0.0.1:$PORT/x" --mail-from a@b.test --mail-rcpt c@d.test -T /dev/null; done; }
    until_found never-spoke mails
    finds_only never-spoke log
    figure deadline_ms -ge 1000
    figure connections -eq 2
    listens() { under_shim log perl -MIO::Socket::INET -MIO::Select -e 'my $s = IO::Socket::INET->new(shift); IO::Select->new($s)->can_read(1)' "127.0.0.1:$PORT"; }
    : >log
    until_found never-spoke listens
    finds_only never-spoke log
    figure connections -eq 1
    python_client log.3 'reserve = connect(); s = connect(); s.sendall(b"one"); s.recv(9); s.close(); time.sleep(1.1); reserve.close()'
    finds_nothing log.3
    touch greets
    under_shim log.4 curl -s -m 60 "smtp://127.0.0.1:$PORT/x" --mail-from a@b.test --mail-rcpt c@d.test -T /dev/null
    finds_nothing log.4
}

# One has lost its patience by then; the other one has not.
@test "a server greets late: what it says first finds curl gone; python waits for it" {
    background "$SOCKSHIM_COMMAND" -q -o server.log -- "$PYTHON" -c "
import socket, threading, time
def serve(c):
    time.sleep(3)
    c.sendall(b'220 well\r\n')
    c.recv(9)
listener = socket.create_server(('127.0.0.1', $PORT))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()"
    wait_for_port "$PORT"
    local n clients=()
    for n in 1 2 3; do
        curl -s -m 1 "smtp://127.0.0.1:$PORT/x" 3>&- &
        clients+=($!)
    done
    wait "${clients[@]}" || :
    said_all() { [ "$(grep -c 'side=accepted .*cause=peer-closed' server.log)" -ge 3 ]; }
    wait_until said_all
    finds_only late-greeting server.log
    figure connections -eq 3
    figure ms -ge 2900
    : >server.log
    python_client log 's = connect(); s.recv(9); s.sendall(b"QUIT\r\n")'
    finds_nothing server.log
}

@test "a broker's own log: WebSockets at its port of plain MQTT; mosquitto_pub is well" {
    printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$PORT" >m.conf
    background "$SOCKSHIM_COMMAND" -q -o log --level info -- mosquitto -c m.conf
    wait_for_port "$PORT"
    wait_until mosquitto_pub -h 127.0.0.1 -p "$PORT" -t t -m x
    cp log well
    finds_nothing well
    for _ in 1 2 3; do curl -s -H 'Upgrade: websocket' -H 'Connection: Upgrade' "http://127.0.0.1:$PORT/mqtt" || :; done
    finds_only other-protocol log
    figure connections -eq 3
    figure read -eq 1
}

@test "redis' own log: a client without TLS at its port of TLS; clients with TLS are well" {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
    background "$SOCKSHIM_COMMAND" -q -o log --level info -- redis-server --port 0 --tls-port "$PORT" --tls-cert-file c.pem --tls-key-file k.pem \
        --tls-ca-cert-file c.pem --tls-auth-clients no --save ''
    wait_for_port "$PORT"
    for _ in 1 2 3; do [ "$(redis-cli -p "$PORT" --tls --cacert c.pem ping)" = PONG ]; done
    cp log well
    finds_nothing well
    for _ in 1 2 3; do redis-cli -p "$PORT" ping >/dev/null 2>&1 || :; done
    finds_only other-protocol log
    figure connections -eq 3
    figure read -eq 5
}

@test "a broker takes a few clients, and ends further ones at once: a limit; one without room for any is none" {
    local program='
const net = require("net")
const connect = Buffer.from("101000044d5154540402003c0004", "hex")
let times = 0
function again() {
    const s = net.connect('"$PORT"', "127.0.0.1")
    let next = () => { next = () => 0; if (++times < 6) again(); else process.exit() }
    s.on("error", () => 0)
    s.on("connect", () => s.write(Buffer.concat([connect, Buffer.from("cli" + times)])))
    s.on("data", () => next())
    s.on("close", () => next())
}
again()'
    printf 'listener %s 127.0.0.1\nallow_anonymous true\nmax_connections 3\n' "$PORT" >m.conf
    background mosquitto -c m.conf
    wait_for_port "$PORT"
    wait_until mosquitto_pub -h 127.0.0.1 -p "$PORT" -t t -m x # whoever looked for the port is gone
    under_shim log timeout -s INT 20 node -e "$program"
    finds_only nothing-behind log
    figure standing -ge 3
    grep -q 'may take [34] or so' findings.json
    kill "$(pgrep -P $$ -x mosquitto)"
    PORT=$(free_port)
    python_server 'c.close()'
    under_shim log.2 timeout -s INT 20 node -e "$(sed "s/net.connect([0-9]*/net.connect($PORT/" <<<"$program")"
    finds_only nothing-behind log.2
    run ! grep -q 'may take' findings.json
}

@test "a port that is looked at again and again, of an FTP server; clients that say something are none" {
    background "$SOCKSHIM_COMMAND" -q -o log -- pure-ftpd -S "127.0.0.1,$PORT" -c 9 -C 9
    wait_for_port "$PORT"
    # visit WORD: eight times; until the ends of all of them are in the log.
    visit() {
        "$PYTHON" -c "
import socket, sys, time
for _ in range(8):
    s = socket.create_connection(('127.0.0.1', $PORT))
    s.recv(1000)
    if sys.argv[1:]: s.sendall(b'NOOP\r\n'); s.recv(1000)
    s.close()
    time.sleep(.5)" "$@"
        wait_until eval '[ "$(grep cause=peer- log | grep -o " peer=[^ ]*" | sort -u | wc -l)" -ge 8 ]'
    }
    until_found health-check visit
    finds_only health-check log
    figure visits -eq 8
    : >log
    visit NOOP
    findings log >kinds
    run ! grep -q health-check kinds
}

@test "redis stands still for a moment: all of python's requests fail at once" {
    background redis-server --port "$PORT" --bind 127.0.0.1 --save '' --enable-debug-command local
    wait_for_port "$PORT"
    python_client log '
all = [connect() for _ in range(5)]
for c in all:
    c.settimeout(1); c.sendall(b"PING\r\n"); c.recv(9); time.sleep(.05)
held = connect()
held.sendall(b"DEBUG SLEEP 30\r\n")
time.sleep(.2)
for c in all: c.sendall(b"PING\r\n")
for c in all: c.settimeout(.0 if c is not all[0] else 1); quietly(c.recv, 9)
for c in all: c.close()
import os; os._exit(0)'
    finds_only own-deadline log
    jq -e '.findings[0].meaning | contains("Up to 5 within 0.5 s")' findings.json
}

@test "looks alike: a farewell, an exit with a socket open, messages that want no answer" {
    python_server '
while c.recv(1000): pass'
    python_client log 's = connect(); s.sendall(b"QUIT\r\n"); s.close()'
    python_client log 's = connect(); s.sendall(b"one"); time.sleep(1); import os; os._exit(0)'
    python_client log '
import logging.handlers
h = logging.handlers.SysLogHandler(("127.0.0.1", '"$PORT"'), socktype=socket.SOCK_STREAM)
for i in range(5): h.emit(logging.LogRecord("x", 20, "x", 1, "word", (), None))
h.close()'
    printf 'one\n' | under_shim log nc -N 127.0.0.1 "$PORT"
    finds_nothing log
}

# The limit is the soft one of the program alone.
@test "descriptors: python's accept" {
    cat >server.py <<P
import resource, socket
l = socket.create_server(("127.0.0.1", $PORT))
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 512))
held = []
while len(held) < 100:
    try: held.append(l.accept()[0])
    except OSError: break
P
    "$SOCKSHIM_COMMAND" -q -o log -- "$PYTHON" server.py 3>&- &
    local server=$!
    wait_for_port "$PORT"
    "$PYTHON" -c "import socket; s = [socket.create_connection(('127.0.0.1', $PORT)) for i in range(60)]; s[0].recv(1)" 2>/dev/null || :
    wait "$server"
    finds descriptor-limit log
    figure limit -eq 32
}

@test "descriptors: ruby never closes what its clients have ended; one that does is only small" {
    local closes
    for closes in false true; do
        PORT=$(free_port)
        cat >server.rb <<P
require 'socket'
l = TCPServer.new('127.0.0.1', $PORT)
Process.setrlimit(Process::RLIMIT_NOFILE, 40, 512)
held = []
begin
  loop { c = l.accept; Thread.new(c) { |s| held << s; s.readpartial(8); s.write("ok"); s.read; s.close if $closes } }
rescue Errno::EMFILE
end
P
        "$SOCKSHIM_COMMAND" -q -o "$closes.log" -- ruby server.rb 3>&- &
        local server=$!
        wait_for_port "$PORT"
        "$PYTHON" -c "
import socket
def order():
    s = socket.create_connection(('127.0.0.1', $PORT)); s.sendall(b'one'); s.recv(2); return s
for i in range(60):
    try: order().close()
    except OSError: break
held = [order() for i in range(50 if $([[ $closes = true ]] && echo True || echo False) else 0)]
if held: held[0].recv(1)" 2>/dev/null || :
        wait "$server" || :
    done
    finds descriptor-limit false.log
    figure never_closed -ge 20
    finds descriptor-limit true.log
    figure never_closed = none
}

@test "descriptors: node's connects, and ruby's; as many as the limit allows are none" {
    python_server 'time.sleep(60)'
    bash -c "ulimit -n 40; exec '$SOCKSHIM_COMMAND' -q -o log -- node -e '
const net = require(\"net\"); let ended = 0;
for (let i = 0; i < 60; i++) {
    const s = net.connect($PORT, \"127.0.0.1\"), end = () => { if (++ended == 60) process.exit(0) };
    s.on(\"error\", end).on(\"connect\", end);
}'" >said 2>&1 3>&-
    finds descriptor-limit log
    figure limit -eq 40
    local few="s = []; begin; %d.times { s << TCPSocket.new('127.0.0.1', $PORT) }; rescue SystemCallError; end"
    # shellcheck disable=SC2059
    bash -c "ulimit -n 40; exec '$SOCKSHIM_COMMAND' -q -o log.2 -- ruby -rsocket -e \"$(printf "$few" 60)\"" >said 2>&1 3>&-
    finds descriptor-limit log.2
    # shellcheck disable=SC2059
    bash -c "ulimit -n 40; exec '$SOCKSHIM_COMMAND' -q -o log.3 -- ruby -rsocket -e \"$(printf "$few" 10)\"" >said 2>&1 3>&-
    finds_nothing log.3
}

@test "a unix datagram's receiver does not read" {
    background "$PYTHON" -c "import socket, time; s = socket.socket(1, 2); s.bind('sock'); time.sleep(60)"
    wait_until test -S sock
    under_shim log "$PYTHON" -c "
import socket
s = socket.socket(1, 2); s.setblocking(False); s.connect('sock')
for i in range(60):
    try: s.send(b'm')
    except OSError: pass"
    finds_only message-lost log
    figure records -eq "$((60 - $(</proc/sys/net/unix/max_dgram_qlen) - 1))"
    under_shim log.2 perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => "sock"); $s->blocking(0); $s->send("m") for 1 .. 7'
    finds_only message-lost log.2
    figure records -eq 7
}

# ---- What robust handling would have prevented ----

advises() {
    [[ $(jq -r --arg kind "$1" '.findings[] | select(.kind == $kind).advice' findings.json) == *"$2"* ]] ||
        fails_with "$1 does not name $2: $(cat findings.json)"
}

# A profiler's signals, in a perl that asks each server once: POSIX's sigaction has no SA_RESTART.
# They come again, for on a busy machine the first may come before perl waits.
PROFILED='use IO::Socket::INET; use POSIX; use Time::HiRes qw(setitimer ITIMER_REAL);
$SIG{PIPE} = "IGNORE"; my ($port, $signal) = (shift, shift); my $pid = $$; $| = 1;
sigaction(POSIX->can("SIG$signal")->(), POSIX::SigAction->new(sub {})) or die;
for (1 .. 3) {
    my $s = IO::Socket::INET->new("127.0.0.1:$port") or die;
    syswrite $s, "one"; sysread $s, my $a, 9; select undef, undef, undef, 0.05; syswrite $s, "two";
    my $storm = fork // die;
    if (!$storm) { my $pause = 0.7 + $_ / 10; while (1) { select undef, undef, undef, $pause; kill $signal, $pid; $pause = 0.2 } }
    my $n = sysread $s, $a, 9; my $interrupted = $!{EINTR};
    kill KILL => $storm; 1 until waitpid($storm, 0) > 0;
    print defined $n ? "got $a\n" : $interrupted ? "interrupted\n" : "no answer\n"; close $s;
}'

@test "interrupted: perl under a profiler closes instead of asking again; with EINTR=restart it gets its answers" {
    python_server 'c.recv(9); c.sendall(b"1"); c.recv(9); time.sleep(2); c.sendall(b"2")'
    until_found interrupted under_shim log perl -e "$PROFILED" "$PORT" PROF
    finds_only interrupted log
    advises interrupted SOCKSHIM_EINTR=restart
    [ "$(grep -c interrupted said)" -eq 3 ]
    SOCKSHIM_EINTR=restart under_shim log.2 perl -e "$PROFILED" "$PORT" PROF
    [ "$(grep -c 'got 2' said)" -eq 3 ] || fails_with "$(cat said)"
    [[ $(findings log.2) != *interrupted* ]]
    # python repeats what was interrupted; its own time ends its waits.
    python_client log.3 'import signal
signal.signal(signal.SIGALRM, lambda *_: 0); signal.siginterrupt(signal.SIGALRM, True)
for i in range(2):
    s = connect(); s.sendall(b"one"); s.recv(9); s.sendall(b"two"); signal.setitimer(signal.ITIMER_REAL, .3)
    print(s.recv(9))'
    [ "$(grep -c "b'2'" said)" -eq 2 ] || fails_with "$(cat said)"
    grep -q 'cause=interrupted' log.3
    finds_nothing log.3
}

@test "interrupted: perl has no limit of its own, and somebody loses patience after 11 s: RECV_TIMEOUT is the advice" {
    python_server 'c.recv(9); c.sendall(b"1"); time.sleep(60)'
    local client='use IO::Socket::INET; $SIG{INT} = sub { $over = 1 }; $| = 1;
my $s = IO::Socket::INET->new("127.0.0.1:" . shift) or die; syswrite $s, "one"; sysread $s, my $a, 9; select undef, undef, undef, 0.05; syswrite $s, "two"; print "waits\n";
my $n = sysread $s, $a, 9; print "$!\n" unless defined $n; close $s'
    "$SOCKSHIM_COMMAND" -q -o log -- perl -e "$client" "$PORT" >said 2>&1 3>&- &
    local client_pid=$!
    wait_until grep -q waits said
    sleep 11
    kill -INT $client_pid
    wait $client_pid || :
    finds_only interrupted log
    advises interrupted SOCKSHIM_RECV_TIMEOUT=30s
    SOCKSHIM_RECV_TIMEOUT=500ms under_shim log.2 perl -e "$client" "$PORT"
    grep -q 'Connection timed out' said || fails_with "$(cat said)"
    [[ $(findings log.2) != *interrupted* ]]
}

@test "accept-failed: a server that one lost connection ends; with ACCEPT=careful it serves on" {
    local naive=(strace -f -qq -o trace -e "inject=accept,accept4:error=ECONNABORTED:when=2" "$PROGRAMS/naive_acceptor" 3 0)
    serve() {
        rm -f port
        "$SOCKSHIM_COMMAND" -q -o "$1" -- "${naive[@]}" >port 2>said 3>&- &
        SERVER=$!
        wait_until test -s port
    }
    asked() {
        "$PYTHON" -c "import socket, sys
for i in range(3):
    try: print(socket.create_connection(('127.0.0.1', $(cat port))).recv(9))
    except OSError as e: print(e.errno)"
    }
    serve log
    asked >/dev/null
    wait "$SERVER" || :
    grep -q 'accept: Software caused connection abort' said
    finds accept-failed log
    advises accept-failed SOCKSHIM_ACCEPT=careful
    SOCKSHIM_ACCEPT=careful serve log.2
    [ "$(asked | grep -c hello)" -eq 3 ]
    wait "$SERVER"
    [[ $(findings log.2) != *accept-failed* ]]
}

@test "reads-on: a naive loop that only knows 0; curl and perl stop at the reset" {
    python_server 'c.recv(99); c.sendall(b"HTTP/1.0 200 ok\r\n\r\nhello"); time.sleep(.2); reset(c)'
    bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT; echo >&3; exec '$SOCKSHIM_COMMAND' -q -o log -- perl -e '
while ((\$n = sysread STDIN, \$data, 99) != 0 || !defined \$n) { \$all .= \$data; last if \$turns++ > 9 }' <&3" 2>said 3>&-
    findings log | grep -qx reads-on || fails_with "$(cat log)"
    advises reads-on SOCKSHIM_RESET=eof
    under_shim log.2 curl -s "http://127.0.0.1:$PORT/"
    bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT; echo >&3; exec '$SOCKSHIM_COMMAND' -q -o log.3 -- perl -e '
while (sysread STDIN, \$data, 99) { \$all .= \$data }' <&3" 2>said 3>&-
    for log in log.2 log.3; do
        grep -q cause=peer-reset $log
        [[ $(findings $log) != *reads-on* ]] || fails_with "$(cat $log)"
    done
}

@test "a full queue on this host: SOCKSHIM_BACKLOG is the advice, and with it all are taken" {
    full() { # LOG [VARIABLE=VALUE]
        rm -f port
        background env "${@:2}" LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$PWD/server" "$PYTHON" -c "
import socket, time
l = socket.socket(); l.bind(('127.0.0.1', 0)); l.listen(1); print(l.getsockname()[1], flush=True); time.sleep(600)" >port
        wait_until test -s port
        under_shim "$1" "$PYTHON" -c "
import socket
made = []
for i in range(12):
    s = socket.socket(); s.settimeout(.7)
    try: s.connect(('127.0.0.1', $(cat port))); made.append(s)
    except OSError: s.close()
print(len(made))"
    }
    full log
    finds own-deadline log
    advises own-deadline SOCKSHIM_BACKLOG=1024
    grep -q 'sockshim doctor` meanwhile: who does not accept' findings.json
    full log.2 SOCKSHIM_BACKLOG=1024
    grep -qx 12 said || fails_with "$(cat said)"
    [[ $(findings log.2) != *own-deadline* ]]
}

@test "a restart during TIME_WAIT: SOCKSHIM_REUSEADDR is the first advice; another's listener has another one" {
    twice() { # LOG [VARIABLE=VALUE]
        PORT=$(free_port)
        for _ in 1 2; do
            env "${@:2}" LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$PWD/$1" "$PYTHON" -c "
import socket
l = socket.socket(); l.bind(('127.0.0.1', $PORT)); l.listen(); open('up', 'w')
c = l.accept()[0]; c.recv(9); c.sendall(b'hello'); c.shutdown(1); c.recv(9)" 2>said 3>&- &
            wait_until eval "test -e up || ! kill -0 $!"
            [ ! -e up ] || "$PYTHON" -c "
import socket
c = socket.create_connection(('127.0.0.1', $PORT)); c.sendall(b'x')
while c.recv(9): pass"
            rm -f up
            status=0
            wait $! || status=$?
        done
    }
    twice log
    [ "$status" -ne 0 ]
    finds address-in-use log
    advises address-in-use '`SOCKSHIM_REUSEADDR=on`, also'
    twice log.2 SOCKSHIM_REUSEADDR=on
    [ "$status" -eq 0 ] || fails_with "$(cat said)"
    python_server 'time.sleep(60)'
    under_shim log.3 "$PYTHON" -c "import socket; socket.socket().bind(('127.0.0.1', $PORT))"
    finds address-in-use log.3
    advises address-in-use 'names it'
}

# ---- One connection of several, and all connections at once ----

@test "several processes, one connection: perl's workers, forked after the connect; workers that connect themselves are none" {
    python_server 'c.recv(100); c.close()'
    local fork_then_read='
        use IO::Socket::INET;
        sub connected { IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die }
        my $shared = $ARGV[1] ? connected() : undef;
        for (1 .. 3) {
            next if fork;
            my $c = $shared || connected();
            syswrite $c, "x" unless $shared; sysread $c, my $answer, 100; exit
        }
        syswrite $shared, "x" if $shared;
        1 while wait > 0'
    under_shim log perl -e "$fork_then_read" "$PORT" 1
    finds shared-connection log
    figure processes -eq 3
    under_shim own.log perl -e "$fork_then_read" "$PORT" ""
    [[ $(findings own.log) != *shared-connection* ]]
}

# A pool of ruby's, each of which is used once more after redis has ended.
pool_after_restart() {
    redis-server --port "$PORT" --save '' >redis.out 2>&1 3>&- &
    local redis=$!
    wait_for_port "$PORT"
    under_shim log ruby -rsocket -e '
        pool = (1..5).map { TCPSocket.new("127.0.0.1", ARGV[0]) }
        ask = ->(c) { c.write("PING\r\n"); c.gets }
        pool.each(&ask)
        Process.kill(:TERM, ARGV[1].to_i)
        sleep 0.6
        pool.each { |c| ask.(c) rescue nil; sleep 0.7 }' "$PORT" "$redis"
    wait "$redis" || :
}

@test "all connections of a pool fail one after the other: redis was ended in between" {
    until_found ended-at-once pool_after_restart
    finds_only ended-at-once log
    figure connections -eq 5
}

# postgres_here: at $PORT, its data in $DATA and its main process in $POSTGRES.
postgres_here() {
    local bin unprivileged=(setpriv --reuid=65534 --clear-groups)
    [ "$(id -u)" -eq 0 ] || unprivileged=()
    bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    DATA=$(mktemp -d "${TMPDIR:-/tmp}/postgres.XXXXXX")
    chmod 777 "$DATA"
    "${unprivileged[@]}" "$bin/initdb" -D "$DATA/data" -U test -A trust --no-sync --no-locale >/dev/null 2>&1
    background "${unprivileged[@]}" "$bin/postgres" -D "$DATA/data" -F -c listen_addresses=127.0.0.1 -p "$PORT" -k "$DATA" >/dev/null 2>&1
    POSTGRES=$BACKGROUND
    wait_until "$bin/pg_isready" -q -h 127.0.0.1 -p "$PORT"
}

# doctor_says PID WORDS: in any lines.
doctor_says() {
    "$SOCKSHIM_COMMAND" doctor "$1" >said 2>&1
    tr -s '\n ' '  ' <said | grep -q "$2"
}

@test "a lock in the database: psql waits for a session that is idle in a transaction; doctor of it and of postgres names them" {
    postgres_here
    local sql=(psql -qAt -h 127.0.0.1 -p "$PORT" -U test postgres)
    "${sql[@]}" -c 'create table t()'
    background "${sql[@]}" -c 'begin' -c 'lock table t' -c '\! touch held; while [ ! -e over ]; do sleep 0.1; done' -c 'commit'
    wait_until test -e held
    background "${sql[@]}" -c 'select * from t'
    local waiter=$BACKGROUND
    wait_until eval "ss -Htnoip 'dport = :$PORT' | grep -A1 'pid=$waiter,' | grep -Eq 'lastsnd:([4-9]|[0-9]{2,})[0-9]{3} '"
    doctor_says "$waiter" "the other end is pid [0-9]* (postgres) on this host, which waits for a lock in its database.*sockshim doctor $POSTGRES:" || fails_with "$(cat said)"
    run ! grep -q MTU said
    doctor_says "$POSTGRES" "1 1 session of its clients waits for a lock in the database, as its title says: .* SELECT waiting). Idle in a transaction, so that it may hold it: pid " || fails_with "$(cat said)"
    touch over
    wait "$waiter"
    run ! doctor_says "$POSTGRES" "a lock in the database"
    kill -INT "$POSTGRES"
    wait "$POSTGRES" || :
    rm -rf "$DATA"
}

@test "larger requests fail: a server that reads no more than 2,000 bytes, and curl with a cookie" {
    python_server '
if len(c.recv(2000)) < 2000:
    c.sendall(b"HTTP/1.0 200 OK\r\n\r\nwell\n")
c.close()'
    local cookie
    cookie=$(head -c 3000 /dev/zero | tr '\0' x)
    for _ in 1 2; do
        under_shim log curl -s "http://127.0.0.1:$PORT/"
        under_shim log curl -s -H "Cookie: $cookie" "http://127.0.0.1:$PORT/"
    done
    findings log >kinds
    jq -e '.findings[0].meaning | contains("a limit of size?")' findings.json
}

# What a server sends in 1.2 s, however much that is.
cut_short() {
    local n
    for n in 1 2 3; do
        under_shim log curl -s -o out "http://127.0.0.1:$PORT/"
    done
}

@test "answers that end in mid-flow, always as long after the request; the same file again is none" {
    python_server '
c.recv(2000); c.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * (c.getpeername()[1] % 977)); end = time.monotonic() + 1.2
while time.monotonic() < end:
    c.sendall(b"x" * 2000); time.sleep(.02)
c.close()'
    until_found cut-answer cut_short
    finds_only cut-answer log
    figure limit_ms -ge 1190
}

@test "a proxy breaks off what it reads: nginx without its temporary directory; with it, it does not" {
    python_server 'c.recv(2000); c.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 24000000\r\n\r\n" + b"x" * 24000000); c.close()'
    local behind=$PORT log
    for log in without.log with.log; do
        PORT=$(free_port)
        nginx_with "location / { proxy_pass http://127.0.0.1:$behind; } location /small { return 200; }" "$SOCKSHIM_COMMAND" -q -o "$log" --
        [ "$log" = with.log ] || rmdir pt
        curl -s "http://127.0.0.1:$PORT/small"
        sleep 0.2 # so long that sent_ms, which the kernel counts in ticks, tells it from what follows
        for _ in 1 2; do
            curl -s --limit-rate 8M -o part "http://127.0.0.1:$PORT/" || :
        done
        kill "$BACKGROUND"
        wait "$BACKGROUND" || :
    done
    finds breaks-off-upstream without.log
    figure times -eq 2
    [[ $(findings with.log) != *breaks-off-upstream* ]]
}

# ---- An answer whose end does not come ----

@test "both wait: perl reads more than node sends, until node's keep-alive timeout; a client that asks for no more is none" {
    cat >app.js <<'J'
const s = require('http').createServer((q, r) => { r.setHeader('Content-Length', q.url == '/short' ? 7 : 5); r.end('hello'); });
s.keepAliveTimeout = 1000;
s.listen(process.argv[2], '127.0.0.1');
J
    background node app.js "$PORT"
    wait_for_port "$PORT"
    # A read of another size than what comes, without a time limit.
    reads() { # LOG PATH BYTES
        under_shim "$1" perl -MIO::Socket::INET -e "
for my \$n (1, 2) {
    my \$s = IO::Socket::INET->new('127.0.0.1:$PORT');
    print \$s qq(GET $2 HTTP/1.1\r\nHost: x\r\n\r\n);
    while (<\$s>) { last if /^\r/ }
    read \$s, my \$text, $3;
}"
    }
    short() { reads log /short 7; }
    until_found both-wait short
    finds both-wait log
    reads log.2 /right 5
    finds_nothing log.2
}

# ---- A server that asks itself ----

@test "waits for itself: nginx passes its requests on to itself; a php server with one worker asks itself" {
    # By one descriptor more or less it is accept that finds none, and all of them hang until
    # curl leaves; or socket, and nginx's answer of 500 comes back through all of them.
    local limit
    for limit in 64 65; do
        nginx_with "location / { proxy_pass http://127.0.0.1:$PORT; }" prlimit --nofile=$limit env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$PWD/log.$limit"
        curl -s -m 2 -o page -w '%{http_code}\n' "http://127.0.0.1:$PORT/" >>codes || true
        wait_until grep -qE 'side=connected .*cause=(gave-up-waiting|peer-closed)' "log.$limit"
        finds_only waits-for-itself "log.$limit"
        figure limit -eq $limit
        PORT=$(free_port)
    done
    [ "$(sort codes | xargs)" = "000 500" ]
    mkdir php && cat >php/index.php <<P
<?php \$s = stream_socket_client('tcp://127.0.0.1:$PORT'); fwrite(\$s, "GET /inner.php HTTP/1.0\r\n\r\n");
stream_set_timeout(\$s, 1); fread(\$s, 99); fclose(\$s); echo 'done';
P
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$PWD/php.log" php -S "127.0.0.1:$PORT" -t php
    wait_for_port "$PORT"
    [ "$(curl -s "http://127.0.0.1:$PORT/")" = "done" ]
    finds waits-for-itself php.log
    figure limit = none
}

# ---- Servers that are not there ----

@test "refused, and then well" {
    cat >client.py <<P
import socket, time
for i in range(1000):
    try: s = socket.create_connection(("127.0.0.1", $PORT)); break
    except OSError: open("refused", "w"); time.sleep(.3)
s.sendall(b"GET / HTTP/1.0\r\n\r\n")
while s.recv(1000): pass
P
    "$SOCKSHIM_COMMAND" -q -o log -- "$PYTHON" client.py 3>&- &
    local client=$!
    wait_until test -e refused
    nginx_with "return 200 ok;"
    wait "$client"
    finds_only started-later log
    figure refused -ge 1
}

# serves PORT: its number is in $BACKGROUND.
serves() {
    background "$PYTHON" -m http.server --bind 127.0.0.1 "$1" >/dev/null 2>&1
    wait_for_port "$1"
}

stops() {
    kill "$1" && wait "$1" 2>/dev/null || :
}

# well_for SECONDS URL...: curl is well that long.
well_for() {
    local end=$(($(date +%s%N) + $1 * 1000000000))
    while [ "$(date +%s%N)" -lt "$end" ]; do
        under_shim log curl -s "${@:2}"
    done
}

# One curl that has six refusals of each address: over in a moment, however busy the machine is.
@test "a disturbance: curl is refused by two servers at once, and well before and after; by one it is none" {
    local first second other each a took
    other=$(free_port)
    each="http://127.0.0.1:$PORT/ http://127.0.0.1:$other/"
    a="$each $each $each $each $each $each"
    serves "$PORT"
    first=$BACKGROUND
    serves "$other"
    second=$BACKGROUND
    # shellcheck disable=SC2086
    {
        well_for 3 $each
        stops "$first"
        stops "$second"
        took=$SECONDS
        under_shim log curl -s $a
        took=$((SECONDS - took + 1))
        serves "$PORT"
        first=$BACKGROUND
        serves "$other"
        well_for $((2 + 4 * took)) $each
    }
    finds disturbance log
    figure failures -eq 12
    figure ms -le $((took * 1000))
    [ "$(jq -r '.findings[0].first' findings.json)" = "$(grep -o '^ts=[^ ]* .*cause=connection-refused' log | head -n 1 | cut -d' ' -f1 | cut -c4-)" ]
    : >log
    # shellcheck disable=SC2086
    {
        well_for 3 $each
        stops "$first"
        under_shim log curl -s $a $a
        serves "$PORT"
        well_for 3 $each
    }
    [[ $(findings log) != *disturbance* ]]
}

@test "a storm of tries: perl without a pause; and curl, refused once" {
    under_shim log perl -MIO::Socket::INET -e "for (1 .. 200) { IO::Socket::INET->new('127.0.0.1:$PORT') }"
    finds_only retry-storm log
    figure records -eq 200
    under_shim log.2 curl -s "http://127.0.0.1:$PORT/"
    finds_only refused log.2
}

@test "refused, and then well: wget tries again, and perl later; what is never there is refused" {
    local redis
    redis=$(free_port)
    "$SOCKSHIM_COMMAND" -q -o log -- wget -q -O answer --retry-connrefused --waitretry=1 -t 100 "http://127.0.0.1:$PORT/" >said 2>&1 3>&- &
    local client=$!
    wait_until grep -qs connection-refused log
    nginx_with "return 200 ok;"
    wait "$client"
    [[ $(findings log) != *storm* ]]
    local ping="\$s = IO::Socket::INET->new('127.0.0.1:$redis') or exit; \$s->syswrite(qq(PING\r\nQUIT\r\n)); 1 while \$s->sysread(\$b, 99)"
    under_shim log.2 perl -MIO::Socket::INET -e "$ping"
    finds_only refused log.2
    background redis-server --port "$redis" --bind 127.0.0.1 --save ''
    wait_for_port "$redis"
    under_shim log.2 perl -MIO::Socket::INET -e "$ping"
    finds_only started-later log.2
}

@test "a storm of tries: node and ruby; three tries with pauses are none" {
    under_shim log node -e "
const net = require('net'); let n = 0;
const again = () => net.connect($PORT, '127.0.0.1').on('error', () => { if (++n < 120) again() });
again()"
    finds_only retry-storm log
    figure records -eq 120
    under_shim log.2 ruby -rsocket -e "90.times { TCPSocket.new('127.0.0.1', $PORT) rescue 0 }"
    finds_only retry-storm log.2
    figure records -eq 90
    under_shim log.3 wget -q -O answer --retry-connrefused --waitretry=0.3 -t 3 "http://127.0.0.1:$PORT/"
    finds_only refused log.3
}

# one_of_three_is_bad: 127.0.0.1 to .3 serve port $bad, and the first one resets.
one_of_three_is_bad() {
    python_server 'c.recv(100); reset(c)'
    bad=$PORT
    for n in 2 3; do
        background "$PYTHON" -c "
import socket
l = socket.create_server(('127.0.0.$n', $bad))
while True:
    c = l.accept()[0]; c.recv(1000); c.sendall(b'HTTP/1.0 200 OK\r\n\r\nok'); c.close()"
    done
    wait_until eval "[ \"\$(ss -Hltn 'sport = :$bad' | wc -l)\" -eq 3 ]"
}

@test "one of three servers is bad: wget, and node; where another one fails as well it is none" {
    local bad n
    one_of_three_is_bad
    for n in 1 2 3 1 2 3 1 2 3; do
        under_shim log wget -q -t 1 -O answer "http://127.0.0.$n:$bad/"
    done
    finds bad-peer log
    figure failures -eq 3
    under_shim log.2 node -e "
const http = require('http');
(async () => { for (const n of [1, 2, 3, 1, 2, 3, 1, 2, 3])
    await new Promise(r => http.get('http://127.0.0.' + n + ':$bad/', m => { m.resume(); m.on('end', r) }).on('error', r)) })()"
    finds bad-peer log.2
    for n in 1 2 3 1 2 3 1 2 3; do
        under_shim log.3 wget -q -t 1 -O answer "http://127.0.0.$n:$bad/"
        under_shim log.3 wget -q -t 1 -O answer "http://127.0.0.4:$bad/"
    done
    [[ $(findings log.3) != *bad-peer* ]]
}

@test "one of three servers is bad" {
    local bad n
    one_of_three_is_bad
    for n in 1 2 3 1 2 3 1 2 3; do
        under_shim log curl -s "http://127.0.0.$n:$bad/"
    done
    finds bad-peer log
    figure failures -eq 3
    [ "$(jq -r '.findings[0].peer' findings.json)" = "127.0.0.1:$bad" ]
}

# ---- Both ends ----

@test "two logs: curl's reset is the close of a python server, with so much unread" {
    cat >server.py <<P
import socket, time
l = socket.create_server(("127.0.0.1", $PORT))
for i in range(2):
    c = l.accept()[0]; c.recv(10)
    time.sleep(.2); c.close()
P
    "$SOCKSHIM_COMMAND" -q -o server.log -- "$PYTHON" server.py 3>&- &
    local server=$!
    wait_for_port "$PORT"
    for _ in 1 2; do
        under_shim client.log curl -s "http://127.0.0.1:$PORT/some/where"
    done
    wait "$server"
    finds_only both-sides client.log server.log
    figure pairs -eq 2
    figure unread -ge 50
    figure ms_apart -lt 3000
}

@test "two logs: nginx's 413 and the client that was still writing" {
    nginx_with "client_max_body_size 1k; lingering_close off;" "$SOCKSHIM_COMMAND" -q -o server.log --
    python_client client.log '
s = connect()
s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
for i in range(200):
    time.sleep(.01)
    if quietly(s.sendall, b"x" * 65536): break'
    findings client.log server.log
    [[ $(jq -r '.findings[0].kind' findings.json) == @(both-sides|answer-unread) ]] || fails_with "$(jq -c .findings findings.json; cat client.log server.log)"
}

@test "a server's log: its client does not read, and is dropped" {
    head -c 30000000 /dev/zero >big
    chmod 644 big
    nginx_with "root $PWD; send_timeout 1s; reset_timedout_connection on;" "$SOCKSHIM_COMMAND" -q -o log --
    # It waits for the reset, without reading.
    "$PYTHON" -c "
import select, socket
s = socket.create_connection(('127.0.0.1', $PORT)); s.sendall(b'GET /big HTTP/1.0\r\n\r\n')
p = select.poll(); p.register(s, 0); p.poll(60000)"
    finds slow-reader log
    figure unsent -ge 1
}

@test "a server's log: nginx's send_timeout leaves a slow client with a part of the answer" {
    head -c 30000000 /dev/zero >big
    chmod 644 big
    nginx_with "root $PWD; send_timeout 1s;" "$SOCKSHIM_COMMAND" -q -o log --
    background "$PYTHON" -c "
import socket, time
s = socket.create_connection(('127.0.0.1', $PORT)); s.sendall(b'GET /big HTTP/1.0\r\n\r\n'); s.recv(1); time.sleep(60)"
    wait_until grep -q gave-up-sending log
    finds_only slow-reader log
    figure unsent -ge 100000
}

@test "a server's log: redis drops a subscriber whose output buffer is full; one that reads is none" {
    background "$SOCKSHIM_COMMAND" -q -o log -- redis-server --port "$PORT" --bind 127.0.0.1 --save '' --client-output-buffer-limit "pubsub 1mb 1mb 1"
    wait_for_port "$PORT"
    local subscribe="
import socket, time
s = socket.create_connection(('127.0.0.1', $PORT)); s.sendall(b'SUBSCRIBE ch\r\n'); s.recv(1); open('there', 'w')"
    background "$PYTHON" -c "$subscribe
while s.recv(1000000): pass"
    wait_until test -e there
    rm there
    local word
    word=$(head -c 50000 /dev/zero | tr '\0' x)
    for _ in {1..40}; do echo "PUBLISH ch $word"; done | redis-cli -p "$PORT" >published
    finds_nothing log
    background "$PYTHON" -c "$subscribe
time.sleep(60)"
    wait_until test -e there
    for _ in {1..300}; do echo "PUBLISH ch $word"; done | redis-cli -p "$PORT" >published
    wait_until grep -q gave-up-sending log
    finds_only slow-reader log
    figure unsent -ge 1000000
}

# A name server of /etc/resolv.conf that cannot be reached is beside the point, and last.
@test "haproxy's timeout of an idle server: its own log says who reset the client" {
    local behind
    behind=$(free_port)
    background "$PYTHON" -c "
import socket
l = socket.create_server(('127.0.0.1', $behind))
kept = []
while True:
    c = l.accept()[0]; c.recv(9); c.sendall(b'answer'); kept.append(c)"
    wait_for_port "$behind"
    printf '%s\n' 'defaults' ' mode tcp' ' timeout connect 1s' ' timeout client 400ms' ' timeout server 1600ms' \
        "listen l" " bind 127.0.0.1:$PORT" " server s 127.0.0.1:$behind" >haproxy.cfg
    background "$SOCKSHIM_COMMAND" -q -o log -- haproxy -db -f haproxy.cfg
    wait_for_port "$PORT"
    python_client client.log '
kept = [connect() for i in range(2)]
for s in kept: s.sendall(b"one"); s.recv(9)
time.sleep(.8)
for s in kept: s.sendall(b"two")
for s in kept: quietly(s.recv, 9)
time.sleep(.5)'
    wait_until grep -q 'side=accepted.*cause=reset-by-own-close' log
    finds own-reset log
    figure most_ms -ge 1500
}

# ---- All is well ----

@test "a day's work: nothing is found" {
    nginx_with "root $PWD; location /api { proxy_pass http://127.0.0.1:$PORT/index.html; }" "$SOCKSHIM_COMMAND" -q -o log --
    echo hello >index.html
    local redis
    redis=$(free_port)
    background "$SOCKSHIM_COMMAND" -q -o log -- redis-server --port "$redis" --bind 127.0.0.1 --save ''
    wait_for_port "$redis"
    for _ in 1 2 3; do
        under_shim log curl -s "http://127.0.0.1:$PORT/" "http://127.0.0.1:$PORT/api"
        under_shim log curl -s -I "http://localhost:$PORT/"
        under_shim log wget -q -O /dev/null "http://127.0.0.1:$PORT/"
        under_shim log redis-cli -p "$redis" set a b
    done
    under_shim log ab -q -n 300 -c 10 "http://127.0.0.1:$PORT/"
    under_shim log ab -q -k -n 300 -c 10 "http://127.0.0.1:$PORT/api"
    under_shim log redis-benchmark -q -p "$redis" -n 500 -t get,set
    under_shim log "$PYTHON" -c "
import urllib.request
for i in range(5): urllib.request.urlopen('http://127.0.0.1:$PORT/').read()"
    under_shim log perl -MIO::Socket::INET -e "\$s = IO::Socket::INET->new('127.0.0.1:$redis'); \$s->syswrite(qq(PING\r\nQUIT\r\n)); 1 while \$s->sysread(\$b, 99)"
    under_shim log node -e "require('http').get('http://127.0.0.1:$PORT/', r => r.resume())"
    under_shim log php -r "file_get_contents('http://127.0.0.1:$PORT/');"
    under_shim log ruby -rnet/http -e "Net::HTTP.get(URI('http://127.0.0.1:$PORT/'))"
    finds_nothing log
}
