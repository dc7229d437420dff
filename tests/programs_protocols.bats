#!/usr/bin/env bats
# Debian's programs of other protocols, as they are: server and client natively, and both under the
# shim; the same is printed, and the same bytes arrive.

load helpers
load real_programs

# under WAY COMMAND...: natively, or under the shim.
under() {
    if [ "$1" = native ]; then
        "${@:2}"
    else
        "${UNDER_SHIM[@]}" "${@:2}"
    fi
}

end_servers() {
    local pid
    for pid in $BACKGROUNDS; do
        kill -9 -- "-$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    BACKGROUNDS=
}

# both_ways FUNCTION: it is given the way, and is to print the same in both; its server on a new
# port is ended after it.
both_ways() {
    local way
    for way in native shimmed; do
        PORT=$(free_port)
        SERVER=$ADDRESS:$PORT
        mkdir "$DIR/$way"
        "$1" $way >"$DIR/$way.out" 2>"$DIR/$way.err" || fails_with "$way: $(cat "$DIR/$way.out" "$DIR/$way.err")"
        end_servers
    done
    diff "$DIR/native.out" "$DIR/shimmed.out" || fails_with "$(cat "$DIR"/*.err)"
    [ -s "$DIR/native.out" ]
    expect '.event == "start"'
}

# starts WAY COMMAND...: a server, until it listens.
starts() {
    if [ "$1" = native ]; then
        background setsid "${@:2}" >/dev/null 2>&1
    else
        background setsid "${UNDER_SHIM[@]}" "${@:2}" >/dev/null 2>&1
    fi
    wait_until listens
}

payload() {
    head -c 3000000 /dev/urandom >"$DIR/data"
}

# arrived FILE: the payload, or what came instead.
arrived() {
    cmp "$1" "$DIR/data" && echo arrived
}

git_protocol() {
    starts "$1" git daemon --reuseaddr --export-all --base-path="$DIR" --port="$PORT" --listen="$ADDRESS"
    under "$1" git clone -q "git://$SERVER/origin" "$DIR/$1/clone"
    arrived "$DIR/$1/clone/data"
    under "$1" git ls-remote "git://$SERVER/origin" HEAD
    under "$1" git ls-remote "git://$SERVER/nothing" 2>&1 | grep -o 'not exported'
}

@test "git: a clone from git daemon" {
    payload
    git init -q "$DIR/origin"
    cp "$DIR/data" "$DIR/origin"
    git -C "$DIR/origin" add .
    git -C "$DIR/origin" -c user.email=a@example -c user.name=a commit -qm data
    both_ways git_protocol
}

svn_protocol() {
    svnadmin create "$DIR/$1/repository"
    printf '[general]\nanon-access = write\n' >"$DIR/$1/repository/conf/svnserve.conf"
    starts "$1" svnserve -d --foreground --listen-host "$ADDRESS" --listen-port "$PORT" -r "$DIR/$1"
    under "$1" svn import -q -m data "$DIR/data" "svn://$SERVER/repository/data"
    under "$1" svn cat "svn://$SERVER/repository/data" >"$DIR/$1/data"
    arrived "$DIR/$1/data"
    under "$1" svn info "svn://$SERVER/nothing" 2>&1 | grep -o 'E[0-9]*:' | head -n 1
}

@test "subversion: into svnserve and back" {
    payload
    both_ways svn_protocol
}

names() {
    starts "$1" dnsmasq -k -p "$PORT" --listen-address="$ADDRESS" --bind-interfaces -R -h -u root --pid-file= -C /dev/null \
        --address=/example.test/192.0.2.7 --txt-record=text.test,hello
    local way
    for way in +notcp +tcp; do
        under "$1" dig +short $way "@$ADDRESS" -p "$PORT" a.example.test A
        under "$1" dig +short $way "@$ADDRESS" -p "$PORT" text.test TXT
    done
    under "$1" dig "@$ADDRESS" -p "$PORT" nothing.example A | grep -o 'status: [A-Z]*'
}

@test "dnsmasq and dig: over UDP and TCP" {
    both_ways names
}

# starts_files WAY: a web server of what lies in DIR.
starts_files() {
    starts "$1" "$PYTHON" -m http.server "$PORT" --bind "$ADDRESS" -d "$DIR"
}

# goes_before WAY: such a server; SERVER and PORT are then of one that is to stand before it.
goes_before() {
    starts_files "$1"
    PORT=$(free_port)
    SERVER=$ADDRESS:$PORT
}

file_client() {
    starts_files "$1"
    under "$1" lftp -c "set net:max-retries 1; get http://$SERVER/data -o $DIR/$1/data" >/dev/null 2>&1
    arrived "$DIR/$1/data"
    under "$1" lftp -c "set net:max-retries 1; get http://$SERVER/nothing" 2>&1 | grep -o '404'
}

@test "lftp: a file, and one that is not there" {
    payload
    both_ways file_client
}

certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$DIR/key.pem" -out "$DIR/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null
}

tls() {
    cd "$DIR"
    starts "$1" openssl s_server -quiet -accept "$SERVER" -cert cert.pem -key key.pem -WWW
    printf 'GET /data HTTP/1.0\r\n\r\n' | under "$1" openssl s_client -quiet -connect "$SERVER" 2>/dev/null |
        tail -c 3000000 >"$DIR/$1/data"
    arrived "$DIR/$1/data"
}

@test "openssl: s_server and s_client" {
    payload
    certificate
    both_ways tls
}

tunnel() {
    local behind=$SERVER
    goes_before "$1"
    printf 'foreground = yes\npid =\n[in]\naccept = %s\nconnect = %s\ncert = %s\nkey = %s\n' "$SERVER" "$behind" \
        "$DIR/cert.pem" "$DIR/key.pem" >"$DIR/$1/conf"
    starts "$1" stunnel "$DIR/$1/conf"
    under "$1" curl -sSk -o "$DIR/$1/data" "https://$SERVER/data"
    arrived "$DIR/$1/data"
}

@test "stunnel: curl through it" {
    payload
    certificate
    both_ways tunnel
}

proxy() {
    local behind=$SERVER
    goes_before "$1"
    printf 'Port %s\nListen %s\nTimeout 60\nMaxClients 20\nAllow 127.0.0.0/8\nLogLevel Critical\n' "$PORT" "$ADDRESS" >"$DIR/$1/conf"
    starts "$1" tinyproxy -d -c "$DIR/$1/conf"
    under "$1" curl -sS -x "http://$SERVER" -o "$DIR/$1/data" "http://$behind/data"
    arrived "$DIR/$1/data"
    under "$1" curl -s -x "http://$SERVER" -o /dev/null -w '%{http_code}\n' http://127.0.0.1:1/
}

@test "tinyproxy: a file through it, and 500 for a server that is not there" {
    payload
    both_ways proxy
}
