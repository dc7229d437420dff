#!/usr/bin/env bats
# README.md, "Robust handling on request", as far as loopback shows it: for each setting a
# program that fails without it and works with it, what else it must not change, and the
# record that says what was done. tests/handling_network.bats has the rest.

load helpers
load stack

bats_require_minimum_version 1.5.0

# python [VARIABLE=VALUE...] SCRIPT [ARG...]: under the shim.
python() {
    local settings=()
    while [[ $1 == SOCKSHIM_*=* ]]; do
        settings+=("$1")
        shift
    done
    shimmed "${settings[@]}" "$PYTHON" -c "$@"
}

# Values that change nothing where nothing goes wrong.
EVERYTHING=(SOCKSHIM_DEAD_PEER=60s "SOCKSHIM_KEEPALIVE=20,10,3" SOCKSHIM_CONNECT_TIMEOUT=20s
    SOCKSHIM_CONNECT_RETRY=20s SOCKSHIM_RECV_TIMEOUT=60s SOCKSHIM_BACKLOG=100 SOCKSHIM_REUSEADDR=on
    SOCKSHIM_ACCEPT=careful SOCKSHIM_EINTR=restart SOCKSHIM_RESET=eof)

# handled SETTING FILTER: there is such a record of it.
handled() {
    expect '.event == "handled" and .setting == "SOCKSHIM_'"$1"'" and ('"$2"')'
}

nothing_handled() {
    expect_count 0 '.event == "handled"'
}

# A server on $PORT that does with each connection what the Python in $1 says; $2 more of
# socat's options for the listener.
serve_bash() {
    PORT=$(free_port)
    background socat "TCP-LISTEN:$PORT,bind=127.0.0.1,reuseaddr,fork${2-}" SYSTEM:"$1"
    wait_for_port "$PORT"
}

# ---- Options ----

OPTIONS='
import socket as s
def shown(c):
    return [c.getsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE)] + [c.getsockopt(s.IPPROTO_TCP, o) for o in
        (s.TCP_KEEPIDLE, s.TCP_KEEPINTVL, s.TCP_KEEPCNT, s.TCP_USER_TIMEOUT)]
'

@test "nothing asked for: no option is set, and no layer is there" {
    run python "$OPTIONS
print(shown(s.socket()))"
    [ "$output" = "[0, 7200, 75, 9, 0]" ] || fails_with "$output"
    nothing_handled
}

@test "SOCKSHIM_DEAD_PEER: keepalive and user timeout are derived from it, and the start says which" {
    local value
    for value in "3s [1, 1, 1, 2, 3000]" "4 [1, 2, 1, 2, 4000]" "30s [1, 15, 1, 15, 30000]" \
        "5m [1, 173, 1, 127, 300000]"; do
        rm -f "$LOG"
        run python SOCKSHIM_DEAD_PEER="${value%% *}" "$OPTIONS
k = shown(s.socket())
print(k)
assert k[1] + k[2] * k[3] == k[4] // 1000"
        [ "$output" = "${value#* }" ] || fails_with "$output instead of ${value#* }"
        expect '.event == "start" and (.settings | test("dead_peer='"${value%% *}"'\\(idle=[0-9]+,interval=1,count=[0-9]+,user_timeout=[0-9]+\\)"))'
    done
}

@test "each TCP socket has the options: made, accepted, inherited, received; IPv6, mapped, MPTCP" {
    run python SOCKSHIM_DEAD_PEER=30s "$OPTIONS
import array, os, subprocess, sys
want = [1, 15, 1, 15, 30000]
def check(what, c):
    assert shown(c) == want, (what, shown(c))
for family, address in (s.AF_INET, '127.0.0.1'), (s.AF_INET6, '::1'), (s.AF_INET6, '::ffff:127.0.0.1'):
    with s.socket(family, s.SOCK_STREAM | s.SOCK_CLOEXEC) as l:
        check('made', l)
        l.bind((address, 0)); l.listen()
        c = s.socket(family, s.SOCK_STREAM | s.SOCK_NONBLOCK); c.setblocking(True)
        c.connect(l.getsockname()); a = l.accept()[0]
        check('connected', c); check('accepted', a)
# Not on others.
u, v = s.socketpair()
assert u.getsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE) == 0
assert s.socket(s.AF_INET, s.SOCK_DGRAM).getsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE) == 0
# Of MPTCP as much as the kernel knows.
try: m = s.socket(s.AF_INET, s.SOCK_STREAM, 262)
except OSError: m = None
if m:
    m.bind(('127.0.0.1', 0)); m.listen(); n = s.socket(s.AF_INET, s.SOCK_STREAM, 262); n.connect(m.getsockname())
    for x in m, n, m.accept()[0]:
        assert x.getsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE) == 1 and x.getsockopt(s.IPPROTO_TCP, s.TCP_KEEPIDLE) == 15
# A child without the shim makes one; it comes by SCM_RIGHTS, and as descriptor 0.
child = '''
import array, os, socket as s
u = s.socket(fileno=%d)
l = s.create_server((\"127.0.0.1\", 0)); c = s.create_connection(l.getsockname())
assert c.getsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE) == 0
u.sendmsg([b\"x\"], [(s.SOL_SOCKET, s.SCM_RIGHTS, array.array(\"i\", [c.fileno()]))])
u.recv(1)
''' % v.fileno()
bare = {k: w for k, w in os.environ.items() if k != 'LD_PRELOAD'}
p = subprocess.Popen([sys.executable, '-c', child], pass_fds=[v.fileno()], env=bare)
data, control, _, _ = u.recvmsg(1, 100)
check('received', s.socket(fileno=array.array('i', control[0][2])[0]))
u.send(b'x'); p.wait()
"
    [ "$status" -eq 0 ] || fails_with "$output"
    # Inherited, as inetd hands them on.
    run "$PYTHON" -c "import os, socket, subprocess, sys
l = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(l.getsockname())
print(subprocess.run([sys.executable, '-c', '''$OPTIONS
print(shown(s.socket(fileno=0)))'''], stdin=c, capture_output=True, text=True,
    env=dict(os.environ, LD_PRELOAD='$SHIM', SOCKSHIM_LOG='$LOG', SOCKSHIM_DEAD_PEER='30s')).stdout)"
    [ "${lines[0]}" = "[1, 15, 1, 15, 30000]" ] || fails_with "$output"
}

@test "SOCKSHIM_KEEPALIVE: what is not given stays the system's, and the program's own values count" {
    run python SOCKSHIM_KEEPALIVE=60,10,6 "$OPTIONS
print(shown(s.socket()))"
    [ "$output" = "[1, 60, 10, 6, 0]" ] || fails_with "$output"
    run python SOCKSHIM_KEEPALIVE=120s "$OPTIONS
c = s.socket(); print(shown(c))
c.setsockopt(s.IPPROTO_TCP, s.TCP_KEEPIDLE, 600); c.setsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE, 1)
print(shown(c))"
    [ "$output" = "[1, 120, 75, 9, 0]
[1, 600, 75, 9, 0]" ] || fails_with "$output"
    nothing_handled
}

@test "SOCKSHIM_KEEPALIVE: the program may not switch it off, and the log says that it tried" {
    run python SOCKSHIM_KEEPALIVE=60 "$OPTIONS
c = s.socket(); c.setsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE, 0); print(shown(c)[0])
try: c.setsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE, b'')
except OSError as e: print(e.errno)"
    [ "$output" = "1
22" ] || fails_with "$output"
    handled KEEPALIVE '.would == "0" and .given == "1" and .call == "setsockopt" and (.why | contains("SO_KEEPALIVE off"))'
    expect_count 1 '.event == "handled"'
}

@test "SOCKSHIM_DEAD_PEER: a laxer wish of the program's is not followed, a stricter one is" {
    run python SOCKSHIM_DEAD_PEER=30s "$OPTIONS
c = s.socket()
for o, v in (s.TCP_KEEPIDLE, 60), (s.TCP_KEEPINTVL, 60), (s.TCP_USER_TIMEOUT, 0), (s.TCP_USER_TIMEOUT, 90000):
    c.setsockopt(s.IPPROTO_TCP, o, v)
print(shown(c))
c.setsockopt(s.IPPROTO_TCP, s.TCP_KEEPIDLE, 5); c.setsockopt(s.IPPROTO_TCP, s.TCP_USER_TIMEOUT, 9000)
print(shown(c))"
    [ "$output" = "[1, 15, 1, 15, 30000]
[1, 5, 1, 15, 9000]" ] || fails_with "$output"
    expect_count 4 '.event == "handled" and .setting == "SOCKSHIM_DEAD_PEER" and .call == "setsockopt"'
}

@test "SOCKSHIM_DEAD_PEER with SOCKSHIM_KEEPALIVE: the earlier first probe, and the same end" {
    run python SOCKSHIM_DEAD_PEER=60s SOCKSHIM_KEEPALIVE=10,5,3 "$OPTIONS
print(shown(s.socket()))"
    [ "$output" = "[1, 10, 1, 50, 60000]" ] || fails_with "$output"
}

# ---- Listening ----

# Connects so many times, each time with so many seconds, to a server that does not accept;
# how many were made.
connects='
import socket, sys
made = []
for _ in range(int(sys.argv[2])):
    c = socket.socket(); c.settimeout(float(sys.argv[3]))
    try: c.connect(("127.0.0.1", int(sys.argv[1]))); made.append(c)
    except OSError: pass
print(len(made))'

@test "SOCKSHIM_BACKLOG: a burst that a short queue loses is taken" {
    local server='
import signal, socketserver
s = socketserver.TCPServer(("127.0.0.1", 0), None)
print(s.server_address[1], flush=True)
signal.pause()'
    background "$PYTHON" -c "$server" >"$BATS_TEST_TMPDIR/bare"
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_BACKLOG=100 "$PYTHON" -c "$server" >"$BATS_TEST_TMPDIR/long"
    wait_until test -s "$BATS_TEST_TMPDIR/bare"
    wait_until test -s "$BATS_TEST_TMPDIR/long"
    [ "$("$PYTHON" -c "$connects" "$(cat "$BATS_TEST_TMPDIR/bare")" 12 0.3)" -lt 12 ]
    [ "$("$PYTHON" -c "$connects" "$(cat "$BATS_TEST_TMPDIR/long")" 50 20)" -eq 50 ]
    handled BACKLOG '.would == "listen(5)" and .given == "listen(100)" and .level == "info"'
}

@test "SOCKSHIM_BACKLOG never makes a queue shorter" {
    python SOCKSHIM_BACKLOG=10 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(50)
t = socket.socket(); t.bind(("127.0.0.1", 0)); t.listen(10)'
    nothing_handled
}

# restart [VARIABLE=VALUE...]: a server that closes first, twice on the same port: the
# status of the second start.
restart() {
    PORT=$(free_port)
    for _ in 1 2; do
        env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$@" socat -u SYSTEM:'echo hello' \
            "TCP-LISTEN:$PORT,bind=127.0.0.1" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
        local server=$!
        while ! port_is_open "$PORT" && kill -0 "$server" 2>/dev/null; do sleep 0.05; done
        if port_is_open "$PORT"; then
            "$PYTHON" -c '
import socket, sys
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
assert c.recv(100) == b"hello\n" and c.recv(1) == b""' "$PORT"
        fi
        status=0
        wait "$server" || status=$?
    done
}

@test "SOCKSHIM_REUSEADDR: a restart does not wait for TIME_WAIT" {
    restart
    [ "$status" -eq 1 ]
    grep -q 'Address already in use' "$BATS_TEST_TMPDIR/err"
    rm "$LOG"
    restart SOCKSHIM_REUSEADDR=on
    [ "$status" -eq 0 ] || fails_with "$(cat "$BATS_TEST_TMPDIR/err")"
    expect_count 1 '.event == "handled"'
    handled REUSEADDR '.would == "-1 EADDRINUSE" and .given == "0" and .cause == "address-in-use" and .call == "bind"'
    expect_count 0 '.event == "return" and .call == "bind"'
}

@test "SOCKSHIM_REUSEADDR does not give an address away that another one listens on" {
    run python SOCKSHIM_REUSEADDR=on 'import socket as s
def bind(*kind):
    x = s.socket(s.AF_INET, *kind); x.bind(("127.0.0.1", 0)); return x
l = bind(s.SOCK_STREAM); assert l.getsockopt(s.SOL_SOCKET, s.SO_REUSEADDR) == 0 # port 0
p = s.socket(); p.bind(("127.0.0.1", 0)); port = p.getsockname()[1]; p.close()
l = s.socket(); l.bind(("127.0.0.1", port)); l.listen()
assert l.getsockopt(s.SOL_SOCKET, s.SO_REUSEADDR) == 1
try: s.socket().bind(l.getsockname()); print("bound")
except OSError as e: print(e.errno)
u = bind(s.SOCK_DGRAM)
try: s.socket(s.AF_INET, s.SOCK_DGRAM).bind(u.getsockname()); print("bound")
except OSError as e: print(e.errno)'
    [ "$output" = "98
98" ] || fails_with "$output"
    nothing_handled
    expect_count 2 '.cause == "address-in-use" and .call == "bind"'
}

# ---- accept ----

# acceptor [VARIABLE=VALUE...] COUNT KEEPS_MS DESCRIPTORS: the naive server under a limit.
acceptor() {
    local settings=()
    while [[ $1 == *=* ]]; do
        settings+=("$1")
        shift
    done
    rm -f "$BATS_TEST_TMPDIR/port"
    # shellcheck disable=SC2016
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "${settings[@]}" sh -c 'ulimit -n "$0" && exec "$@"' "$3" \
        "${BEFORE[@]}" "$PROGRAMS/naive_acceptor" "$1" "$2" >"$BATS_TEST_TMPDIR/port" 2>"$BATS_TEST_TMPDIR/err"
    wait_until test -s "$BATS_TEST_TMPDIR/port"
    PORT=$(cat "$BATS_TEST_TMPDIR/port")
}

# ends_with STATUS: the server.
ends_with() {
    local status=0
    wait "$BACKGROUND" || status=$?
    [ "$status" -eq "$1" ] || fails_with "the server ended with $status: $(cat "$BATS_TEST_TMPDIR/err")"
}

# clients COUNT: at once; how many were answered.
clients() {
    "$PYTHON" -c '
import socket, sys
def connected():
    try: return socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    except OSError: return None # the server has ended
def said(c):
    try: return c is not None and c.recv(100) == b"hello\n"
    except OSError: return False
cs = [connected() for _ in range(int(sys.argv[2]))]
print(sum([said(c) for c in cs]))' "$PORT" "$1"
}

@test "SOCKSHIM_ACCEPT=careful: a naive server at its descriptor limit lives on" {
    BEFORE=()
    acceptor 40 300 32
    [ "$(clients 40)" -lt 40 ]
    ends_with 1
    grep -q 'accept: Too many open files' "$BATS_TEST_TMPDIR/err"
    rm "$LOG"
    acceptor SOCKSHIM_ACCEPT=careful 40 300 32
    [ "$(clients 40)" -eq 40 ] || fails_with "$(cat "$BATS_TEST_TMPDIR/err")"
    ends_with 0
    handled ACCEPT '.would == "-1 EMFILE" and .given == "a connection" and .cause == "descriptor-limit" and .level == "error"'
    expect_count 0 '.event == "return" and .error == "EMFILE"'
}

@test "SOCKSHIM_ACCEPT=careful: errors that are the network's are tried again" {
    BEFORE=(strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e "inject=accept,accept4:error=EPROTO:when=2..4")
    acceptor 3 0 64
    clients 3 >/dev/null || true
    ends_with 1
    grep -q 'accept: Protocol error' "$BATS_TEST_TMPDIR/err"
    acceptor SOCKSHIM_ACCEPT=careful 3 0 64
    [ "$(clients 3)" -eq 3 ]
    ends_with 0
    handled ACCEPT '.would == "-1 EPROTO" and .given == "a connection" and (.why | contains("3 times"))'
}

@test "SOCKSHIM_ACCEPT=careful: signals and a cancelled thread end its wait" {
    local signal
    for signal in 2 15 14; do
        rm -f "$LOG"
        run shimmed SOCKSHIM_ACCEPT=careful SOCKSHIM_EINTR=restart "$PROGRAMS/waits" signal $signal accept
        [ "$output" = "-1 EMFILE" ] || fails_with "$output"
        # Before its second was over; and nothing is said where nothing was tried.
        expect_count 0 '.event == "handled" and (.why | test("0 times|over ([0-9]+ s|[0-9]{4,} ms)"))'
    done
    run shimmed SOCKSHIM_ACCEPT=careful "$PROGRAMS/waits" cancel accept
    [ "$output" = "cancelled" ] || fails_with "$output"
    run shimmed SOCKSHIM_ACCEPT=careful "$PROGRAMS/waits" default 15 accept
    [ "$status" -eq 143 ]
}

@test "SOCKSHIM_ACCEPT=careful: never a wait for a non-blocking listener, nor for one that is none" {
    run python SOCKSHIM_ACCEPT=careful 'import os, resource, socket as s, time
l = s.create_server(("127.0.0.1", 0)); l.setblocking(False)
u = s.socket()
try: u.accept()
except OSError as e: print(e.errno)
lowest = os.dup(0); os.close(lowest)
resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, 64))
begin = time.monotonic()
try: l._accept()
except OSError as e: print(e.errno)
print(time.monotonic() - begin < 1) # as long as it would have waited
l.setblocking(True)
try: l._accept()
except OSError as e: print(e.errno)
print(1 <= time.monotonic() - begin < 20)'
    [ "$output" = "22
24
True
24
True" ] || fails_with "$output"
    expect_count 1 '.event == "handled" and .would == "-1 EMFILE" and .given == "-1 EMFILE"'
}

# Edge-triggered loops accept until EAGAIN: they get it when the queue is empty, and not before.
@test "SOCKSHIM_ACCEPT=careful: a non-blocking listener goes on to a connection, or to a genuine EAGAIN" {
    local server='import os, socket as s
l = s.create_server(("127.0.0.1", 0)); l.setblocking(False)
cs = [s.create_connection(l.getsockname()) for _ in range(2)]
def tried():
    try: return os.fstat(l._accept()[0]).st_mode > 0
    except OSError as e: return e.errno
print([tried() for _ in range(3)])'
    run strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e inject=accept,accept4:error=ECONNABORTED:when=1+3 \
        -E LD_PRELOAD="$SHIM" -E SOCKSHIM_LOG="$LOG" "$PYTHON" -c "$server"
    [ "$output" = "[103, True, True]" ] || fails_with "$output"
    nothing_handled
    run strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e inject=accept,accept4:error=ECONNABORTED:when=1..5+2 \
        -E LD_PRELOAD="$SHIM" -E SOCKSHIM_LOG="$LOG" -E SOCKSHIM_ACCEPT=careful "$PYTHON" -c "$server"
    [ "$output" = "[True, True, 11]" ] || fails_with "$output"
    expect_count 3 '.event == "handled" and .would == "-1 ECONNABORTED"'
    handled ACCEPT '.given == "-1 EAGAIN"'
}

# ---- Signals ----

# Reads from a socket, while another process sends it signals all the time once it waits.
storm='
use POSIX; use Socket;
my ($signal, $handler) = (shift, sub {});
sigaction(POSIX->can("SIG$signal")->(), POSIX::SigAction->new($handler)) or die;
socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die;
my $pid = $$;
my $storm = fork // die;
sub waits { open(my $stat, "<", "/proc/$pid/stat") or die; return <$stat> =~ /.*\) S/ }
if (!$storm) { close $a; until (waits()) { select undef, undef, undef, 0.001 } for (1 .. 100) { kill $signal, $pid; select undef, undef, undef, 0.005 } syswrite $b, "data"; exit }
close $b;
my $n = sysread $a, my $data, 100;
print defined $n ? "got $data\n" : "failed: " . ($!{EINTR} ? "EINTR" : $!) . "\n";
'

@test "SOCKSHIM_EINTR=restart: a storm of a profiler, signal by signal, does not end a receive" {
    [ "$(shimmed perl -e "$storm" PROF)" = "failed: EINTR" ]
    nothing_handled
    [ "$(shimmed SOCKSHIM_EINTR=restart perl -e "$storm" PROF)" = "got data" ]
    handled EINTR '.call == "sigaction" and .given == "SA_RESTART" and (.would | startswith("signal 27 "))'
}

@test "SOCKSHIM_EINTR=restart: what is meant to interrupt still does" {
    local signal
    for signal in INT TERM HUP QUIT ALRM; do
        [ "$(shimmed SOCKSHIM_EINTR=restart perl -e "$storm" $signal)" = "failed: EINTR" ] || fails_with $signal
    done
    nothing_handled
}

@test "SOCKSHIM_EINTR=restart: by signal, sigset, sysv_signal and siginterrupt as well" {
    for way in signal sigset sysv_signal siginterrupt; do
        run shimmed "$PROGRAMS/restart" "$way" 10
        [ "$output" = "interrupted" ] || fails_with "$way: $output"
        run shimmed SOCKSHIM_EINTR=restart "$PROGRAMS/restart" "$way" 10
        [ "$output" = "restarted" ] || fails_with "$way: $output"
        run shimmed SOCKSHIM_EINTR=restart "$PROGRAMS/restart" "$way" 14
        [ "$output" = "interrupted" ] || fails_with "$way: $output"
    done
}

@test "SOCKSHIM_EINTR=restart: a program without sockets has no log, and one with them tells all" {
    local client="import signal
signal.signal(signal.SIGUSR1, lambda *_: 0); signal.signal(signal.SIGUSR2, lambda *_: 0)"
    python SOCKSHIM_EINTR=restart "$client"
    [ ! -e "$LOG" ]
    python SOCKSHIM_EINTR=restart "$client
import socket; socket.socket(); signal.signal(signal.SIGWINCH, lambda *_: 0); signal.signal(signal.SIGUSR1, lambda *_: 0)"
    [ "$(records '.event == "handled"' | jq -r .would | tr '\n' ,)" = "signal 10 interrupts,signal 12 interrupts,signal 28 interrupts," ]
}

# ---- A reset as an end ----

# A server whose connection ends with RST after some data.
resetting_server() {
    background "$PYTHON" -c '
import socket, struct
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True)
while True:
    c = s.accept()[0]; c.sendall(b"data\n"); c.recv(1)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); c.close()' >"$BATS_TEST_TMPDIR/port"
    wait_until test -s "$BATS_TEST_TMPDIR/port"
    PORT=$(cat "$BATS_TEST_TMPDIR/port")
}

@test "SOCKSHIM_RESET=eof: a program that only knows 0 as the end ends in order" {
    resetting_server
    run bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0; echo >&3; LD_PRELOAD=$1 SOCKSHIM_LOG=$2 cat <&3' "$PORT" "$SHIM" "$LOG"
    [ "$status" -eq 1 ]
    [[ $output == data*"Connection reset by peer" ]] || fails_with "$output"
    rm "$LOG"
    run bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0; echo >&3; LD_PRELOAD=$1 SOCKSHIM_LOG=$2 SOCKSHIM_RESET=eof cat <&3' "$PORT" "$SHIM" "$LOG"
    [ "$status" -eq 0 ]
    [ "$output" = data ]
    handled RESET '.would == "-1 ECONNRESET" and .given == "0" and .cause == "peer-reset" and .call == "read" and .level == "warn"
        and (.why | contains("may be truncated"))'
    expect '.event == "return" and .ret == 0 and .cause == "closed-after-error" and (.why | contains("SOCKSHIM_RESET=eof"))'
}

@test "SOCKSHIM_RESET=eof with SOCKSHIM_RECV_TIMEOUT: silence is an end, too, and told for what it is" {
    background "$PYTHON" -c '
import socket
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True)
c = s.accept()[0]; c.sendall(b"data\n"); s.accept()' >"$BATS_TEST_TMPDIR/port"
    wait_until test -s "$BATS_TEST_TMPDIR/port"
    run -0 bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0; LD_PRELOAD=$1 SOCKSHIM_LOG=$2 SOCKSHIM_RESET=eof SOCKSHIM_RECV_TIMEOUT=300ms cat <&3' \
        "$(<"$BATS_TEST_TMPDIR/port")" "$SHIM" "$LOG"
    [ "$output" = data ]
    expect '.event == "return" and .ret == 0 and .cause == "closed-after-error" and .state == "ESTABLISHED"
        and (.why | startswith("Nothing arrived within SOCKSHIM_RECV_TIMEOUT"))'
}

@test "SOCKSHIM_RESET=eof by every receiving call, and by nothing else" {
    run shimmed SOCKSHIM_RESET=eof "$PROGRAMS/ends" "$BATS_TEST_TMPDIR"
    [ "$output" = "recv 0
recvfrom 0
recvmsg 0 0 0
read 0
readv 0
splice 0
recvmmsg -1 ECONNRESET
send -1 ECONNRESET
datagram -1 ECONNREFUSED" ] || fails_with "$output"
    expect_count 6 '.event == "handled" and .setting == "SOCKSHIM_RESET"'
}

@test "a record of what was handled takes at most 2 KiB of stack, whatever it was" {
    takes_little_stack_when_handling "$SHIM" "$PROGRAMS/stack"
}

@test "with every setting on, a program in a cage goes on, and the kernel is asked nothing" {
    run shimmed "${EVERYTHING[@]}" "$PROGRAMS/caged" prctl
    [ "$status" -eq 7 ] || fails_with "$output"
}

# ---- A receive that waits too long ----

silent_server() {
    PORT=$(free_port)
    background socat "TCP-LISTEN:$PORT,bind=127.0.0.1,fork" SYSTEM:'sleep 600'
    wait_for_port "$PORT"
}

@test "SOCKSHIM_RECV_TIMEOUT: a receive to which nothing comes fails" {
    silent_server
    local client='import socket, sys, time
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
begin = time.monotonic()
try: c.recv(1)
except OSError as e: print(e.errno, 0.5 <= time.monotonic() - begin < 20)'
    run timeout 2 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PYTHON" -c "$client" "$PORT"
    [ "$status" -eq 124 ]
    run python SOCKSHIM_RECV_TIMEOUT=500ms "$client" "$PORT"
    [ "$output" = "110 True" ] || fails_with "$output"
    handled RECV_TIMEOUT '.would == "waits" and .given == "-1 ETIMEDOUT" and .cause == "timeout" and .peer == "127.0.0.1:'"$PORT"'"'
    expect '.event == "return" and .error == "ETIMEDOUT" and .cause == "timeout" and .state == "ESTABLISHED" and (.why | contains("SO_RCVTIMEO"))'
}

# The kernel rounds to its ticks; the program's own may have the same number.
@test "SOCKSHIM_RECV_TIMEOUT: whatever the number is, on every kind of connection, by every call" {
    local value
    for value in 1ms 101ms 103ms; do
        rm -f "$LOG"
        run python SOCKSHIM_RECV_TIMEOUT=$value '
import errno, os, socket as s, struct, sys
def tried(what, call):
    try: print(what, call())
    except OSError as e: print(what, errno.errorcode[e.errno])
def pair(kind, address, family=s.AF_INET, protocol=0):
    l = s.socket(family, s.SOCK_STREAM, protocol); l.bind((address, 0)); l.listen()
    c = s.socket(family, s.SOCK_STREAM, protocol); c.connect(l.getsockname()); a = l.accept()[0]
    tried(kind, lambda: c.recv(1)); tried(kind + " accepted", lambda: a.recv(1))
    return c, a
pair("IPv6", "::1", s.AF_INET6); pair("mapped", "::ffff:127.0.0.1", s.AF_INET6)
pair("MPTCP", "127.0.0.1", s.AF_INET, 262 if os.path.exists("/proc/sys/net/mptcp") else 0)
c, a = pair("IPv4", "127.0.0.1")
tried("read", lambda: os.read(c.fileno(), 1)); tried("readv", lambda: os.readv(c.fileno(), [bytearray(1)]))
tried("recvmsg", lambda: c.recvmsg(1)); tried("recvfrom", lambda: c.recvfrom(1))
u = s.socket(s.AF_INET, s.SOCK_DGRAM); u.connect(("127.0.0.1", 9)); tried("UDP", lambda: u.recv(1))
c.setsockopt(s.SOL_SOCKET, s.SO_RCVTIMEO, struct.pack("ll", 0, int(sys.argv[1]) * 1000))
tried("own", lambda: c.recv(1))' "${value%ms}"
        [ "$output" = "IPv6 ETIMEDOUT
IPv6 accepted ETIMEDOUT
mapped ETIMEDOUT
mapped accepted ETIMEDOUT
MPTCP ETIMEDOUT
MPTCP accepted ETIMEDOUT
IPv4 ETIMEDOUT
IPv4 accepted ETIMEDOUT
read ETIMEDOUT
readv ETIMEDOUT
recvmsg ETIMEDOUT
recvfrom ETIMEDOUT
UDP ETIMEDOUT
own EAGAIN" ] || fails_with "$value: $output"
        expect_count 13 '.event == "handled" and .setting == "SOCKSHIM_RECV_TIMEOUT"'
    done
}

# By sendto, sendmsg and sendmmsg.
asks_by='
import ctypes as c, socket as s, struct
libc = c.CDLL(None, use_errno=True)
class Msg(c.Structure): # struct mmsghdr
    _fields_ = [("name", c.c_char_p), ("namelen", c.c_uint), ("iov", c.c_void_p), ("iovlen", c.c_size_t),
        ("control", c.c_void_p), ("controllen", c.c_size_t), ("flags", c.c_int), ("len", c.c_uint)]
def sendmmsg(x, data, to):
    name = s.inet_pton(x.family, to[0])
    name = struct.pack("=HH4s8x" if x.family == s.AF_INET else "=HHI16sI", x.family, s.htons(to[1]),
        *([name] if x.family == s.AF_INET else [0, name, 0]))
    kept = c.create_string_buffer(data, len(data)), (c.c_void_p * 2)()
    kept[1][0], kept[1][1] = c.addressof(kept[0]), len(data)
    m = (Msg * 1)(Msg(name, len(name), c.addressof(kept[1]), 1))
    if libc.sendmmsg(x.fileno(), m, 1, 0) != 1: raise OSError(c.get_errno(), "sendmmsg")
ways = {"sendto": lambda x, data, to: x.sendto(data, to),
    "sendmsg": lambda x, data, to: x.sendmsg([data], [], 0, to), "sendmmsg": sendmmsg}
'

@test "SOCKSHIM_RECV_TIMEOUT: a datagram socket that has asked without being connected; a server's waits on" {
    run timeout 30 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_RECV_TIMEOUT=200ms "$PYTHON" -c "$asks_by"'
def limit(x): return x.getsockopt(s.SOL_SOCKET, s.SO_RCVTIMEO, 16) != bytes(16)
for family, address in (s.AF_INET, "127.0.0.1"), (s.AF_INET6, "::1"):
    for way, asks_by in ways.items():
        server = s.socket(family, s.SOCK_DGRAM); server.bind((address, 0))
        asks = s.socket(family, s.SOCK_DGRAM); asks_by(asks, b"?", server.getsockname())
        try: asks.recvfrom(9)
        except OSError as e: print(way, e.errno)
        asked, whom = server.recvfrom(9); asks_by(server, b"!", whom)
        print(asks.recvfrom(9)[0], limit(asks), limit(server))
u = s.socket(s.AF_UNIX, s.SOCK_DGRAM); v = s.socket(s.AF_UNIX, s.SOCK_DGRAM); v.bind("\0" + "asked")
u.sendto(b"?", "\0asked"); u.sendmsg([b"?"], [], 0, "\0asked"); print(limit(u))
x = s.socket(s.AF_INET, s.SOCK_DGRAM) # a bad pointer is the kernel'"'"'s to find
print(libc.sendmsg(x.fileno(), c.c_void_p(8), 0), c.get_errno(), libc.sendmmsg(x.fileno(), c.c_void_p(8), 1, 0), c.get_errno())'
    local family=
    for _ in 1 2; do
        for way in sendto sendmsg sendmmsg; do
            family+="$way 110"$'\n'"b'!' True False"$'\n'
        done
    done
    [ "$output" = "${family}False
-1 14 -1 14" ] || fails_with "$output"
    expect_count 6 '.event == "handled" and .setting == "SOCKSHIM_RECV_TIMEOUT" and .type == "udp" and .call == "recvfrom"
        and .waited_ms >= 200 and .waited_ms < 230'
}

@test "SOCKSHIM_RECV_TIMEOUT: a receive that waits for more returns what has arrived, in order, and there is a record of it" {
    run timeout 60 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_RECV_TIMEOUT=500ms "$PYTHON" -c "$asks_by"'
l = s.create_server(("127.0.0.1", 0)); x = s.create_connection(l.getsockname()); y = l.accept()[0]
y.sendall(b"0123"); first = x.recv(9, s.MSG_WAITALL); print(first)
y.sendall(b"4567"); print(x.recvmsg(9, 0, s.MSG_WAITALL)[0])
y.sendall(b"89"); print(x.recv(2, s.MSG_WAITALL))
u = s.socket(s.AF_INET, s.SOCK_DGRAM); u.bind(("127.0.0.1", 0))
v = s.socket(s.AF_INET, s.SOCK_DGRAM); v.connect(u.getsockname()); u.connect(v.getsockname())
def recvmmsg(fd, flags):
    room = [c.create_string_buffer(9) for _ in range(3)]; iov = [(c.c_void_p * 2)(c.addressof(r), 9) for r in room]
    m = (Msg * 3)(*[Msg(None, 0, c.addressof(i), 1) for i in iov])
    return libc.recvmmsg(fd, m, 3, flags, None), room[0].value
u.send(b"one"); print(recvmmsg(v.fileno(), 0))
u.send(b"two"); print(recvmmsg(v.fileno(), 0x10000)) # MSG_WAITFORONE: no limit ends it
y.sendall(b"end"); y.close(); print(x.recv(9, s.MSG_WAITALL), x.recv(9))'
    [ "$output" = "b'0123'
b'4567'
b'89'
(1, b'one')
(1, b'two')
b'end' b''" ] || fails_with "$output"
    expect_count 3 '.event == "handled"'
    handled RECV_TIMEOUT '.call == "recv" and .given == "4" and .would == "waits" and .waited_ms >= 500 and (.why | startswith("Not all that"))'
    handled RECV_TIMEOUT '.call == "recvmsg" and .given == "4"'
    handled RECV_TIMEOUT '.call == "recvmmsg" and .given == "1"'
}

@test "SOCKSHIM_RECV_TIMEOUT: not where the program does not wait, nor for its own timeout, nor for accept" {
    silent_server
    run timeout 60 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_RECV_TIMEOUT=20s "$PYTHON" -c '
import select, socket as s, struct, sys, time
def tried(what, call):
    begin = time.monotonic()
    try: print(what, call())
    except OSError as e: print(what, e.errno, time.monotonic() - begin < 10)
address = ("127.0.0.1", int(sys.argv[1]))
c = s.create_connection(address)
tried("dontwait", lambda: c.recv(1, s.MSG_DONTWAIT))
c.setblocking(False); tried("nonblocking", lambda: c.recv(1)); c.setblocking(True)
own = s.create_connection(address)
own.setsockopt(s.SOL_SOCKET, s.SO_RCVTIMEO, struct.pack("ll", 0, 100000))
tried("own", lambda: own.recv(1))
l = s.create_server(("127.0.0.1", 0)); l.listen()
print("listener", l.getsockopt(s.SOL_SOCKET, s.SO_RCVTIMEO, 16) == bytes(16))
d = s.create_connection(l.getsockname()); a = l.accept()[0]
seconds, microseconds = struct.unpack("ll", a.getsockopt(s.SOL_SOCKET, s.SO_RCVTIMEO, 16))
print("accepted", seconds, 10000 <= microseconds < 20000)
print("poll", select.select([d], [], [], 0.5)[0])' "$PORT"
    [ "$output" = "dontwait 11 True
nonblocking 11 True
own 11 True
listener True
accepted 20 True
poll []" ] || fails_with "$output"
    nothing_handled
}

@test "SOCKSHIM_RECV_TIMEOUT: an inherited or received TCP connection has it, other sockets have not" {
    "$PYTHON" -c '
import array, os, socket as s, subprocess, sys
code = """
import array, os, socket as s
def limit(fd): return s.socket(fileno=os.dup(fd)).getsockopt(s.SOL_SOCKET, s.SO_RCVTIMEO, 16) != bytes(16)
u = s.socket(fileno=os.dup(19))
_, control, _, _ = u.recvmsg(1, 100)
received = array.array(\"i\"); received.frombytes(control[0][2])
print([limit(fd) for fd in (0, 17, 18, 19, *received)])
"""
l = s.create_server(("127.0.0.1", 0)); c = s.create_connection(l.getsockname()); a = l.accept()[0]
udp = s.socket(s.AF_INET, s.SOCK_DGRAM); udp.bind(("127.0.0.1", 0)); there, here = s.socketpair()
for fd, number in (c, 17), (l, 18), (here, 19): os.dup2(fd.fileno(), number)
there.sendmsg([b"x"], [(s.SOL_SOCKET, s.SCM_RIGHTS, array.array("i", [a.fileno(), udp.fileno(), here.fileno()]))])
subprocess.run([sys.executable, "-c", code], stdin=here, pass_fds=(17, 18, 19), check=True, env=dict(os.environ,
    LD_PRELOAD=sys.argv[1], SOCKSHIM_LOG=sys.argv[2], SOCKSHIM_RECV_TIMEOUT="60s"))' "$SHIM" "$LOG" >"$BATS_TEST_TMPDIR/out"
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = "[False, True, False, False, True, False, False]" ] ||
        fails_with "$(cat "$BATS_TEST_TMPDIR/out")"
}

# ---- connect ----

@test "SOCKSHIM_CONNECT_RETRY: a database that starts after its client" {
    local client='
import socket, sys
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
c.sendall(b"PING\r\n"); print(c.recv(100).decode().strip())'
    PORT=$(free_port)
    run python "$client" "$PORT"
    [[ $output == *"Connection refused"* ]]
    rm "$LOG"
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_CONNECT_RETRY=60s "$PYTHON" -c "$client" "$PORT" >"$BATS_TEST_TMPDIR/out"
    local waiting=$BACKGROUND
    wait_until client_waits "$waiting"
    background redis-server --port "$PORT" --bind 127.0.0.1 --save '' --dir "$BATS_TEST_TMPDIR" >/dev/null
    wait "$waiting"
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = "+PONG" ]
    expect_count 1 '.event == "handled"'
    handled CONNECT_RETRY '.would == "-1 ECONNREFUSED" and .given == "0" and .cause == "connection-refused" and .peer == "127.0.0.1:'"$PORT"'"'
    expect_count 0 '.event == "return" and .error == "ECONNREFUSED"'
}

@test "SOCKSHIM_CONNECT_RETRY: perl and wget before their servers; curl does not wait in connect" {
    PORT=$(free_port)
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_CONNECT_RETRY=60s perl -MIO::Socket::INET -e '
$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die "$@"; syswrite $s, "GET / HTTP/1.0\r\n\r\n"; print while <$s>' "$PORT" >"$BATS_TEST_TMPDIR/perl"
    local perl=$BACKGROUND
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_CONNECT_RETRY=60s wget -q --tries=1 -O "$BATS_TEST_TMPDIR/wget" "http://127.0.0.1:$PORT/"
    local wget=$BACKGROUND
    wait_until client_waits "$perl"
    wait_until client_waits "$wget"
    run -7 shimmed SOCKSHIM_CONNECT_RETRY=60s curl -s "http://127.0.0.1:$PORT/"
    cd "$BATS_TEST_TMPDIR" && printf hello >index.html
    background "$PYTHON" -m http.server --bind 127.0.0.1 "$PORT"
    wait "$perl"
    wait "$wget"
    grep -q hello "$BATS_TEST_TMPDIR/perl"
    [ "$(cat "$BATS_TEST_TMPDIR/wget")" = hello ]
    handled CONNECT_RETRY '.prog == "perl" and .given == "0"'
    handled CONNECT_RETRY '.prog == "wget" and .given == "0"'
    expect_count 0 '.event == "handled" and .prog == "curl"'
}

client_waits() {
    grep -q poll "/proc/$1/wchan" || [[ $(cat "/proc/$1/wchan") == *sleep* ]]
}

@test "SOCKSHIM_CONNECT_RETRY: a unix socket that comes later, too" {
    local path=$BATS_TEST_TMPDIR/socket
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_CONNECT_RETRY=60s "$PYTHON" -c '
import socket, sys
c = socket.socket(socket.AF_UNIX); c.connect(sys.argv[1]); print(c.recv(10).decode())' "$path" >"$BATS_TEST_TMPDIR/out"
    local waiting=$BACKGROUND
    wait_until client_waits "$waiting"
    background socat "UNIX-LISTEN:$path" SYSTEM:'printf hello'
    wait "$waiting"
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = hello ]
    handled CONNECT_RETRY '.would == "-1 ENOENT" and .given == "0" and .cause == "no-such-socket"'
}

# In a mount namespace where a name has these addresses.
with_addresses() {
    printf '%s severalnames.test\n' $1 >"$BATS_TEST_TMPDIR/hosts"
    # shellcheck disable=SC2016
    unshare -m sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$BATS_TEST_TMPDIR/hosts" "${@:2}"
}

@test "SOCKSHIM_CONNECT_RETRY: of several addresses only the last one waits" {
    unshare -m true 2>/dev/null || skip "no mount namespaces here"
    local client='
import socket, sys
for _ in range(2): # the order may be another one than the file has
    print(socket.create_connection(("severalnames.test", int(sys.argv[1]))).getpeername()[0])'
    PORT=$(free_port)
    background socat "TCP-LISTEN:$PORT,bind=127.0.0.3,fork" EXEC:cat
    wait_for_port "$PORT"
    run with_addresses '127.0.0.2 127.0.0.4 127.0.0.3' timeout 30 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" \
        SOCKSHIM_CONNECT_RETRY=10m "$PYTHON" -c "$client" "$PORT"
    [ "$output" = "127.0.0.3
127.0.0.3" ] || fails_with "$output"
    expect '.event == "return" and .cause == "connection-refused"'
    expect_count 0 '.event == "handled"'
    # All of them refused: the last one is tried again; each has its answer first.
    run with_addresses '127.0.0.2 127.0.0.4' env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" \
        SOCKSHIM_CONNECT_RETRY=500ms "$PYTHON" -c "$client" "$PORT"
    expect_count 1 '.event == "handled"'
    handled CONNECT_RETRY '.peer | test("^127.0.0.[24]:'"$PORT"'$")'
    expect '.event == "return" and (.peer | test("^127.0.0.[24]:'"$PORT"'$"))'
}

@test "SOCKSHIM_CONNECT_RETRY: in vain it fails as before, when its time is over" {
    run python SOCKSHIM_CONNECT_RETRY=700ms 'import socket, time
begin = time.monotonic()
try: socket.socket().connect(("127.0.0.1", 1))
except OSError as e: print(e.errno, 0.7 <= time.monotonic() - begin < 20)'
    [ "$output" = "111 True" ] || fails_with "$output"
    handled CONNECT_RETRY '.would == "-1 ECONNREFUSED" and .given == "-1 ECONNREFUSED" and (.why | contains("without success"))'
}

@test "SOCKSHIM_CONNECT_RETRY: never a wait for a non-blocking or a datagram socket" {
    run python SOCKSHIM_CONNECT_RETRY=60s 'import socket as s, time
begin = time.monotonic()
c = s.socket(); c.setblocking(False); print(c.connect_ex(("127.0.0.1", 1)) in (111, 115))
u = s.socket(s.AF_UNIX, s.SOCK_DGRAM); print(u.connect_ex("/nonexistent"))
print(time.monotonic() - begin < 5)'
    [ "$output" = "True
2
True" ] || fails_with "$output"
    nothing_handled
}

@test "SOCKSHIM_CONNECT_RETRY: signals and a cancelled thread end it" {
    run shimmed SOCKSHIM_CONNECT_RETRY=60s "$PROGRAMS/waits" signal 2
    [ "$output" = "-1 ECONNREFUSED" ] || fails_with "$output"
    run shimmed SOCKSHIM_CONNECT_RETRY=60s "$PROGRAMS/waits" signal 14
    [ "$output" = "-1 ECONNREFUSED" ] || fails_with "$output"
    run shimmed SOCKSHIM_CONNECT_RETRY=60s "$PROGRAMS/waits" cancel
    [ "$output" = "cancelled" ] || fails_with "$output"
    run shimmed SOCKSHIM_CONNECT_RETRY=60s "$PROGRAMS/waits" default 15
    [ "$status" -eq 143 ]
}

# Connects to a port on which nobody listens yet, while a child sends it signals, and then listens.
retry_storm='
use POSIX; use Socket; use Time::HiRes "sleep";
my ($signal, $flags, $port) = @ARGV;
my $count = 0;
sigaction(POSIX->can("SIG$signal")->(), POSIX::SigAction->new(sub { $count++ }, POSIX::SigSet->new, $flags eq "restart" ? SA_RESTART : 0)) or die;
$SIG{PIPE} = "DEFAULT"; $^F = 9;
my ($pid, $to) = ($$, pack_sockaddr_in($port, INADDR_LOOPBACK));
sub waits { open(my $stat, "<", "/proc/$pid/stat") or die; return <$stat> =~ /.*\) S/ }
socket(my $c, AF_INET, SOCK_STREAM, 0) or die;
my $storm = fork // die;
if (!$storm) {
    close $c;
    until (waits()) { sleep 0.001 }
    for (1 .. 100) { kill $signal, $pid; sleep 0.005 }
    socket(my $l, AF_INET, SOCK_STREAM, 0); setsockopt $l, SOL_SOCKET, SO_REUSEADDR, 1; bind $l, $to; listen $l, 5;
    accept my $a, $l; exit;
}
my $connected = connect $c, $to;
print $connected ? "connected after " . ($count >= 10 ? "many" : "$count") . " signals\n" : "failed: " . ($!{ECONNREFUSED} ? "ECONNREFUSED" : $!) . "\n";
$connected or kill "KILL", $storm;
wait;'

@test "SOCKSHIM_CONNECT_RETRY: a profiler's storm ends it where it would end a connect, and nowhere else" {
    local port
    port=$(free_port)
    storm_of() {
        run shimmed SOCKSHIM_CONNECT_RETRY=60s "${@:4}" perl -e "$retry_storm" "$1" "$2" "$port"
        [ "$output" = "$3" ] || fails_with "$*: $output"
    }
    storm_of PROF interrupt "failed: ECONNREFUSED"
    storm_of PROF restart "connected after many signals"
    storm_of ALRM restart "failed: ECONNREFUSED"
    storm_of PROF interrupt "connected after many signals" SOCKSHIM_EINTR=restart
    storm_of TERM restart "failed: ECONNREFUSED" SOCKSHIM_EINTR=restart
}

# No handler but our own of SIGPIPE: it need not wake up to let others run.
@test "SOCKSHIM_CONNECT_RETRY: a program without handlers sleeps through each pause" {
    run strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=ppoll,ppoll_time64 -E LD_PRELOAD="$SHIM" -E SOCKSHIM_LOG="$LOG" \
        -E SOCKSHIM_CONNECT_RETRY=700ms "$PROGRAMS/waits" refused
    [ "$output" = "-1 ECONNREFUSED" ] || fails_with "$output"
    [ "$(grep -c ppoll "$BATS_TEST_TMPDIR/trace")" -le 5 ] || fails_with "$(cat "$BATS_TEST_TMPDIR/trace")" # 50, 100, 200, 350 ms
}

@test "SOCKSHIM_ACCEPT=careful: a handler with SA_RESTART does not end its wait, a signal that is meant to does" {
    run shimmed SOCKSHIM_ACCEPT=careful "$PROGRAMS/waits" restarting 10 accept
    [ "$output" = "-1 EMFILE" ] || fails_with "$output"
    handled ACCEPT '.waited_ms >= 1000'
    rm "$LOG"
    run shimmed SOCKSHIM_ACCEPT=careful "$PROGRAMS/waits" restarting 2 accept
    [ "$output" = "-1 EMFILE" ] || fails_with "$output"
    expect_count 0 '.event == "handled" and .waited_ms >= 1000'
}

@test "with every setting on, a vfork child's connect is tried again, and its parent's after it" {
    run shimmed "${EVERYTHING[@]}" SOCKSHIM_CONNECT_TIMEOUT=200ms SOCKSHIM_CONNECT_RETRY=200ms "$PROGRAMS/waits" vfork
    [ "$output" = "-1 ECONNREFUSED 7
-1 ECONNREFUSED" ] || fails_with "$output"
    expect_count 2 '.event == "handled" and .setting == "SOCKSHIM_CONNECT_RETRY"'
    [ "$(records '.event == "handled"' | jq .pid | uniq | wc -l)" -eq 2 ]
}
