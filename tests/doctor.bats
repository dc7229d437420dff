#!/usr/bin/env bats
# `sockshim doctor`: the host's own part. What it reads is real: settings, full
# queues, resets and refusals of network namespaces of their own. What no test can
# bring about (a machine out of memory) stands in a /proc made for it.

bats_require_minimum_version 1.5.0

load helpers

SCENE=$BATS_FILE_TMPDIR/scene.py

# in_network COMMAND...: in a network namespace of its own, with lo.
in_network() {
    local rights=
    [ "$(id -u)" -eq 0 ] || rights=-r # in a user namespace it is root's affair
    unshare $rights -nm sh -c 'ip link set lo up; exec "$@"' - "$@"
}

# with_settings NAME=VALUE... COMMAND...: in such a namespace.
with_settings() {
    local settings=()
    while [[ $1 == *.*=* ]]; do
        settings+=("$1")
        shift
    done
    in_network sh -c 'for setting in $0; do
        sysctl -qw "$(echo "$setting" | tr , " ")" || exit
    done
    exec "$@"' "${settings[*]}" "$@"
}

doctor() {
    "$SOCKSHIM_COMMAND" doctor "$@"
}

# Text without its line breaks, for sentences.
flat() {
    tr -s ' \n' ' ' <<<"$1"
}

# says TEXT...: each in $output, broken into lines or not.
says() {
    local text all
    all=$(flat "$output${stderr-}")
    for text; do
        [[ $all == *"$text"* ]] || fails_with "not said: $text"$'\n'"$output${stderr-}"
    done
}

says_not() {
    local text all
    all=$(flat "$output${stderr-}")
    for text; do
        [[ $all != *"$text"* ]] || fails_with "said: $text"$'\n'"$output${stderr-}"
    done
}

setup_file() {
    cat >"$SCENE" <<'PYTHON'
"""Scenes on loopback: scene.py NAME [COMMAND...] sets one up, runs COMMAND in it."""
import socket, struct, subprocess, sys

PORT = 8080
DEFER_ACCEPT, USER_TIMEOUT, SYN_SENT = 9, 18, 2  # netinet/tcp.h


def listener(backlog, family=socket.AF_INET, address=("127.0.0.1", PORT)):
    s = socket.socket(family)
    s.bind(address)
    s.listen(backlog)
    return s


def connects(count, family=socket.AF_INET, address=("127.0.0.1", PORT)):
    """Clients that do not wait."""
    clients = []
    for _ in range(count):
        c = socket.socket(family)
        c.setblocking(False)
        try:
            c.connect(address)
        except BlockingIOError:
            pass
        clients.append(c)
    return clients


def tcp_info(s, offset, form):
    """A field of struct tcp_info, linux/tcp.h."""
    return struct.unpack_from(form, s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32), offset)[0]


def filled(backlog):
    """A listener whose accept queue takes no more: it takes one more than it says."""
    s = listener(backlog)
    return s, fill(s, backlog + 1)


def fill(s, count):
    clients = connects(count)
    while tcp_info(s, 24, "I") < count:  # tcpi_unacked: of a listener, who waits in its queue
        pass
    return clients


def try_once(count):
    """Clients that are dropped would come again after a second, and be counted again."""
    clients = connects(count)
    for c in clients:
        if tcp_info(c, 0, "B") == SYN_SENT:
            c.close()
    return clients


def ends(clients):
    for c in clients:
        c.setblocking(True)
        try:
            print(len(c.recv(10)))
        except OSError as e:
            print(e.errno)


def queues():
    """One full, one with as many as its limit, one full unix socket."""
    yield filled(1), try_once(1)
    yield listener(2, socket.AF_INET6, ("::1", 8081)), connects(2, socket.AF_INET6, ("::1", 8081))
    yield listener(0, socket.AF_UNIX, "\0scene"), connects(1, socket.AF_UNIX, "\0scene")


def many_queues():
    for port in range(8001, 8008):
        yield listener(0, address=("127.0.0.1", port)), connects(1, address=("127.0.0.1", port))


def hostile():
    with open("/proc/self/comm", "w") as f:
        f.write("a\033[31mb")
    yield listener(0), connects(1)


def ports():
    """Of ten ephemeral ports (settings) nine go to one destination."""
    s = listener(16)
    yield s, connects(9)


def overflow(resets=0):
    """Handshakes that end when the accept queue is full: two wait for data
    (TCP_DEFER_ACCEPT), then the queue is filled, then their data comes. Others
    are reset by their clients before they end."""
    s = listener(3)
    s.setsockopt(socket.IPPROTO_TCP, DEFER_ACCEPT, 30)
    for _ in range(resets):
        c = socket.create_connection(("127.0.0.1", PORT))
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        c.close()
    early = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(2)]
    s.setsockopt(socket.IPPROTO_TCP, DEFER_ACCEPT, 0)
    late = fill(s, 4), try_once(2)  # two of them are not even answered
    for c in early:
        c.send(b"x")
    ends(early)
    yield early, late, [s.accept() for _ in range(4)]


def overflow_and_reset():
    return overflow(1)


def dropped():
    """Nobody is told of a SYN that is dropped."""
    yield filled(0), try_once(2)


def cookies():
    """A SYN queue of one (the backlog, and one more), and four handshakes in it."""
    s = listener(1)
    s.setsockopt(socket.IPPROTO_TCP, DEFER_ACCEPT, 30)
    yield s, [socket.create_connection(("127.0.0.1", PORT)) for _ in range(2)], try_once(2)


def pairs(count):
    s = listener(count)
    clients = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(count)]
    return clients, [s.accept()[0] for _ in range(count)]


def unread():
    """Three clients are reset: the server does not read."""
    clients, servers = pairs(3)
    for c, s in zip(clients, servers):
        c.send(b"x")
        s.close()
    ends(clients)
    yield


def lingering():
    """Two peers are reset by us, and their side does not look."""
    clients, servers = pairs(2)
    for s in servers:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    yield


def closed_listener():
    """Those that wait to be accepted are reset with the listener."""
    s = listener(2)
    clients = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(2)]
    s.close()
    ends(clients)
    yield


def refused(address="127.0.0.1", family=socket.AF_INET):
    for _ in range(2):
        c = socket.socket(family)
        try:
            c.connect((address, 9))
        except OSError as e:
            print(e.errno)
    yield


def refused_ipv6():
    return refused("fd00::5", socket.AF_INET6)


def refused_loopback():
    return refused("127.9.9.9")


def refused_elsewhere():
    return refused("10.1.2.3")


def firewall(*rules):
    subprocess.run("nft add table ip f; nft add chain ip f in '{ type filter hook input priority 0; }';" +
                   ";".join("nft add rule ip f in " + rule for rule in rules), shell=True, check=True)


def cut_off():
    """A firewall resets what it has let through before."""
    clients, servers = pairs(1)
    firewall("tcp dport 8080 reject with tcp reset", "tcp sport 8080 tcp flags fin drop")
    clients[0].send(b"x")
    ends(clients)
    yield clients, servers


def silent():
    """The peer's answers are lost."""
    clients, servers = pairs(1)
    firewall("tcp dport 8080 drop")
    clients[0].setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, 100)
    clients[0].send(b"x")
    ends(clients)
    yield


def unanswered():
    """No SYN gets through."""
    c = socket.socket()
    c.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, 100)
    try:
        c.connect(("127.0.0.1", PORT))
    except OSError as e:
        print(e.errno)
    yield


def not_tcp():
    """A reset and a refusal that no counter of TCP knows of."""
    one, other = socket.socketpair()
    one.send(b"unread")
    other.close()
    ends([one])
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    c.connect(("127.0.0.1", 9))
    c.send(b"x")
    ends([c])
    yield


def out_of_descriptors():
    s = []
    try:
        while True:
            s.append(socket.socket())
    except OSError as e:
        print(e.errno)
    yield


held = list(globals()[sys.argv[1]]())
sys.stdout.flush()
if sys.argv[2:]:
    sys.exit(subprocess.run(sys.argv[2:]).returncode)
PYTHON
    in_network true || return 0
    touch "$BATS_FILE_TMPDIR/has_networks"
}

setup() {
    [ -e "$BATS_FILE_TMPDIR/has_networks" ] || skip "no network namespaces here"
    cd "$BATS_TEST_TMPDIR" || return 1
}

# ---- The call ----

@test "help names both forms; a wrong call is one line, and nothing runs" {
    run -0 doctor --help
    [[ ${lines[0]} == "usage: sockshim doctor" ]]
    [ "$output" = "$("$SOCKSHIM_COMMAND" help doctor)" ]
    run -0 doctor -o log -h
    [[ ${lines[0]} == "usage: sockshim doctor" ]]
    local words
    for words in "touch ran" "-o log touch ran" "--verbose" "-q -- touch ran" "touch -- ran" "--" \
        "--level loud -- touch ran" "--frob -- touch ran"; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr doctor $words
        [ -z "$output" ]
        [ "${#stderr_lines[@]}" -eq 1 ] || fails_with "$words: $stderr"
        [[ $stderr == "sockshim: "*"; see sockshim help "* ]] || fails_with "$words: $stderr"
    done
    [ ! -e ran ]
}

# ---- The host ----

@test "a quiet namespace: nothing stands out, and no counter has moved" {
    run -0 in_network "$SOCKSHIM_COMMAND" doctor
    says "Nothing stands out: no accept queue is full" \
        "never happened (0): ListenOverflows, ListenDrops, TCPReqQFullDoCookies, TCPReqQFullDrop, SyncookiesSent, EmbryonicRsts, TCPAbortOnClose, TCPAbortOnData, TCPAbortOnTimeout, TCPAbortOnMemory, EstabResets, AttemptFails, OutRsts" \
        "of this network namespace" "up "
    says_not " Do: " "Not known" "not counted"
    # Plain text of 79 columns.
    run ! grep '[^ -~]' <<<"$output"
    run ! grep '.\{80\}' <<<"$(in_network "$SOCKSHIM_COMMAND" doctor)"
}

@test "each setting is shown with its value; one that was changed, with the default" {
    run -0 with_settings net.core.somaxconn=100 net.ipv4.tcp_syncookies=0 net.ipv4.tcp_max_syn_backlog=77 \
        net.ipv4.tcp_abort_on_overflow=1 net.ipv4.tcp_fin_timeout=15 net.ipv4.tcp_tw_reuse=1 \
        net.ipv4.tcp_keepalive_time=600 net.ipv4.tcp_keepalive_intvl=10 net.ipv4.tcp_keepalive_probes=3 \
        net.ipv4.tcp_retries2=5 net.ipv4.ip_local_port_range=40000,40999 \
        sh -c 'ulimit -n 234; exec "$@"' - "$SOCKSHIM_COMMAND" doctor
    says "tcp_syncookies 0 SYN cookies: never (default 1)" "somaxconn 100 " "(default 4096)" \
        "tcp_max_syn_backlog 77 SYNs that a listener remembers" \
        "tcp_abort_on_overflow 1 a full accept queue resets (default 0)" \
        "tcp_fin_timeout 15 seconds in FIN_WAIT_2 after close; not TIME_WAIT, which is 60 s always (default 60)" \
        "tcp_tw_reuse 1 connect reuses TIME_WAIT ports: yes, with TCP timestamps (default 2)" \
        "tcp_keepalive_time 600 " "only where the program has set SO_KEEPALIVE (default 7200)" \
        "tcp_keepalive_intvl 10 " "(default 75)" "tcp_keepalive_probes 3 probes; ETIMEDOUT after 10 min 30 s in all (default 9)" \
        "tcp_retries2 5 ETIMEDOUT after 12 s or more without an acknowledgement (default 15)" \
        "ip_local_port_range 40000 40999 1000 ports for connects to one place (default 32768 60999)" \
        "nofile 234 "
    # What they mean, worst first.
    says "1 tcp_abort_on_overflow is 1: a handshake that ends while the accept queue is full is answered by RST." \
        "so far no queue has overflowed" "Do: sysctl -w net.ipv4.tcp_abort_on_overflow=0" \
        "2 tcp_syncookies is 0: when a listener's SYN queue is full, SYNs are dropped" "Not: leaving it off because a load test" \
        "3 tcp_retries2 is 5: data that nobody acknowledges for some 12 s ends the connection with ETIMEDOUT"
    says_not "Nothing stands out"
}

@test "the kernel's own settings are no findings, and have no default beside them" {
    run -0 with_settings net.ipv4.tcp_retries2=15 net.ipv4.tcp_syncookies=1 "$SOCKSHIM_COMMAND" doctor
    says "tcp_syncookies 1 SYN cookies: when a SYN queue is full somaxconn" \
        "tcp_max_syn_backlog $(in_network cat /proc/sys/net/ipv4/tcp_max_syn_backlog) no effect while SYN cookies are on" \
        "tcp_retries2 15 ETIMEDOUT after 15 min 24 s or more without an acknowledgement ip_local" \
        "tcp_keepalive_probes 9 probes; ETIMEDOUT after 2 h 11 min in all tcp_retries2"
    says_not "(default"
    run -0 with_settings net.ipv4.tcp_syncookies=2 "$SOCKSHIM_COMMAND" doctor
    says "1 tcp_syncookies is 2: every connection gets a SYN cookie" "SYN cookies: always (default 1)"
}

@test "a full accept queue is one with more than its limit; whose it is, and what not to do" {
    run -0 in_network "$PYTHON" "$SCENE" queues "$SOCKSHIM_COMMAND" doctor
    says "1 2 accept queues are full: " "; 127.0.0.1:8080 (python3, pid " "), 2 connections not yet accepted, limit 1." \
        "@scene (python3, pid " "), 1 connection not yet accepted, limit 0" \
        "Further SYNs are dropped" "connect to a unix socket then blocks, or fails with EAGAIN" \
        "Do: find out why the program does not accept" "Not: a restart alone: it resets those that wait." \
        "2 ListenOverflows 1: that many times a SYN" "listening (TCP) 2 1 with a full accept queue" \
        "2 of 1 full: 127.0.0.1:8080 (python3" "2 of 2 [::1]:8081 (python3"
    # Said once.
    [ "$(flat "$output" | grep -o 'tcp_syncookies=0, often advised for load tests, hides' | wc -l)" -eq 1 ]
    says_not "handshakes that had begun before are reset"
    run -0 with_settings net.ipv4.tcp_abort_on_overflow=1 "$PYTHON" "$SCENE" queues "$SOCKSHIM_COMMAND" doctor
    says "handshakes that had begun before are reset (tcp_abort_on_overflow is 1)" "ListenOverflows is 1, so full queues do occur"
}

@test "a limit that somaxconn has cut is named, and so is somaxconn where queues overflowed" {
    run -0 with_settings net.core.somaxconn=1 "$PYTHON" "$SCENE" queues "$SOCKSHIM_COMMAND" doctor
    says "limit 1 (net.core.somaxconn)" "net.core.somaxconn is 1 (4096 by default since Linux 5.4)" "2 listeners here have exactly that" \
        "Do: sysctl -w net.core.somaxconn=4096, then restart the programs"
    run -0 with_settings net.core.somaxconn=2 "$PYTHON" "$SCENE" queues "$SOCKSHIM_COMMAND" doctor
    says "net.core.somaxconn is 2 " "1 listener here has exactly that"
}

@test "of many full queues five are named in the sentence, and all in the table" {
    run -0 in_network "$PYTHON" "$SCENE" many_queues "$SOCKSHIM_COMMAND" doctor
    # All limits are 0: ss shows as much where it knows nothing.
    says "Connections not yet accepted: " " and others. Whether that fills an accept queue is not known: ss shows 0 as the limit"
    says_not "accept queues are full"
    run -0 in_network sh -c '"$0" -c "import socket, subprocess, sys
s = socket.socket(); s.bind((\"127.0.0.1\", 8000)); s.listen(9)
subprocess.run(sys.argv[1:])" "$@"' "$PYTHON" "$PYTHON" "$SCENE" many_queues "$SOCKSHIM_COMMAND" doctor
    says "7 accept queues are full: " "; and others." "listening (TCP) 8 7 with a full accept queue"
    [ "$(grep -c '1 of 0  full: 127.0.0.1:800' <<<"$output")" -eq 7 ]
    [ "$(flat "$output" | grep -o 'not yet accepted, limit' | wc -l)" -eq 5 ]
}

@test "without ss the queues are still seen, and their limits said to be unknown" {
    local tool
    mkdir bin
    for tool in awk cat sed readlink sh; do
        ln -s "$(command -v $tool)" bin
    done
    run -0 in_network "$PYTHON" "$SCENE" queues env PATH="$PWD/bin" "$SOCKSHIM_COMMAND" doctor
    says "1 Connections not yet accepted: 127.0.0.1:8080 (2), [::1]:8081 (2). Whether that fills an accept queue is not known: only ss tells" \
        "at most net.core.somaxconn counts ($(in_network cat /proc/sys/net/core/somaxconn) now)" "Install ss (package iproute2)" \
        "Not known The limits of accept queues, and the queues of unix sockets: only ss tells"
    says_not "queue is full:" "queues are full"
}

@test "a name that a terminal would obey does not reach it" {
    in_network "$PYTHON" "$SCENE" hostile sh -c 'ss -ltnp' | grep -q $'\033'
    run -0 in_network "$PYTHON" "$SCENE" hostile sh -c '"$1" -c "
import socket, subprocess, sys
s = socket.socket(); s.bind((\"127.0.0.1\", 1)); s.listen(9)
subprocess.run([sys.argv[1], \"doctor\"])" "$2"' - "$PYTHON" "$SOCKSHIM_COMMAND"
    says "full: 127.0.0.1:8080 (a?[31mb, pid "
    run ! grep '[^ -~]' <<<"$output"
}

@test "what programs and kernel did before is counted, and said in sentences" {
    run -0 in_network sh -c '
        "$0" "$1" unread && "$0" "$1" lingering && "$0" "$1" refused && exec "$2" doctor' \
        "$PYTHON" "$SCENE" "$SOCKSHIM_COMMAND"
    says "Programs here have reset 5 connections themselves: 3 by closing with data unread (TCPAbortOnClose), 2 by closing with SO_LINGER 0" \
        "TCPAbortOnClose 3 " "TCPAbortOnData 2 " "AttemptFails 2 " "OutRsts 7 "
    run -0 in_network "$PYTHON" "$SCENE" silent "$SOCKSHIM_COMMAND" doctor
    says "TCPAbortOnTimeout 1: that many times the kernel gave up" "Not: a lower tcp_retries2" "TCPAbortOnTimeout 1 "
}

@test "SYN cookies that were sent are told from those that are forced" {
    run -0 in_network "$PYTHON" "$SCENE" cookies "$SOCKSHIM_COMMAND" doctor
    says "TCPReqQFullDoCookies 2: that many times a SYN met a full SYN queue" "SYN cookies sent: 2." \
        "Not: tcp_syncookies=0: then these SYNs are dropped" "tcp_max_syn_backlog changes nothing while cookies are on"
    run -0 with_settings net.ipv4.tcp_syncookies=2 "$PYTHON" "$SCENE" cookies "$SOCKSHIM_COMMAND" doctor
    says "TCPReqQFullDoCookies 4 SYNs, since tcp_syncookies is 2"
    says_not "that many times a SYN met"
    run -0 with_settings net.ipv4.tcp_syncookies=0 "$PYTHON" "$SCENE" cookies "$SOCKSHIM_COMMAND" doctor
    says "It has happened to 2 SYNs (TCPReqQFullDrop)" "ListenDrops 2 "
    says_not "ListenDrops is"
}

@test "ephemeral ports that run out are seen before they have" {
    run -0 with_settings net.ipv4.ip_local_port_range=40000,40009 "$PYTHON" "$SCENE" ports "$SOCKSHIM_COMMAND" doctor
    says "9 of 10 ephemeral ports are in use to 127.0.0.1:8080, 0 of them in TIME_WAIT" "fails with EADDRNOTAVAIL" \
        "Not: tcp_fin_timeout: it does not shorten TIME_WAIT" "ephemeral ports 9 of 10 in use to 127.0.0.1:8080"
    run -0 with_settings net.ipv4.ip_local_port_range=40000,40099 "$PYTHON" "$SCENE" ports "$SOCKSHIM_COMMAND" doctor
    says_not "ephemeral ports"
}

@test "the shim in the environment does not get into ss" {
    run -0 in_network env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$SOCKSHIM_COMMAND" doctor
    [ ! -s "$LOG" ] || fails_with "ss is in the log"
}

# ---- A /proc made for the test ----

# made_proc: in $PROC a copy of what doctor reads there; on_made_proc COMMAND...
made_proc() {
    PROC=$BATS_TEST_TMPDIR/proc
    mkdir -p "$PROC/sys/net/ipv4" "$PROC/sys/net/core" "$PROC/sys/kernel" "$PROC/sys/fs" "$PROC/net" "$PROC/self"
    local file
    for file in sys/kernel/osrelease sys/fs/file-nr net/netstat net/snmp net/sockstat net/tcp net/tcp6 self/limits uptime \
        sys/net/core/somaxconn; do
        cat "/proc/$file" >"$PROC/$file"
    done
    for file in /proc/sys/net/ipv4/tcp_* /proc/sys/net/ipv4/ip_local_*; do
        [ -d "$file" ] || cat "$file" >"$PROC/sys/net/ipv4/${file##*/}" 2>/dev/null || :
    done
    echo 3000 256 >"$PROC/uptime"
    echo 'sockets: used 9
TCP: inuse 5 orphan 7 tw 3 alloc 6 mem 11' >"$PROC/net/sockstat"
    head -n 1 /proc/net/tcp >"$PROC/net/tcp"
    head -n 1 /proc/net/tcp6 >"$PROC/net/tcp6"
    count_in_proc 0
}

# count_in_proc N [NAME=VALUE...]: all counters N but these.
count_in_proc() {
    local all=$1 name names values
    shift
    for name in ListenOverflows ListenDrops TCPReqQFullDoCookies TCPReqQFullDrop SyncookiesSent EmbryonicRsts TCPAbortOnClose \
        TCPAbortOnData TCPAbortOnTimeout TCPAbortOnMemory; do
        names+=" $name"
        values+=" $(value_in "$name" "$all" "$@")"
    done
    printf '%s\n' "TcpExt:$names" "TcpExt:$values" "IpExt: ListenOverflows" "IpExt: 4242" >"$PROC/net/netstat"
    printf '%s\n' "Ip: OutRsts" "Ip: 4242" "Tcp: MaxConn AttemptFails EstabResets OutRsts" \
        "Tcp: -1 $all $all $(value_in OutRsts "$all" "$@")" >"$PROC/net/snmp"
}

value_in() {
    local name=$1 value=$2 pair
    shift 2
    for pair; do
        [[ $pair != "$name="* ]] || value=${pair#*=}
    done
    echo "$value"
}

on_made_proc() {
    in_network sh -c 'mount --rbind "$0" /proc && exec "$@"' "$PROC" "$@"
}

@test "a machine short of memory, of descriptors, and what was cut off for it" {
    made_proc
    count_in_proc 0 TCPAbortOnMemory=12
    echo 4096 100 >"$PROC/sys/net/ipv4/tcp_max_orphans"
    echo "10 11 12" >"$PROC/sys/net/ipv4/tcp_mem"
    echo "4096" >"$PROC/sys/net/ipv4/tcp_max_orphans"
    printf '950\t0\t1000\n' >"$PROC/sys/fs/file-nr"
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor
    says "1 TCPAbortOnMemory 12: " "tcp_max_orphans 4096, now 7" "Not: lowering tcp_max_orphans" \
        "2 TCP uses 11 pages of memory, and the kernel saves memory from 11 on (tcp_mem)" "From 12 on" \
        "3 950 of 1000 files that this machine may have open are open" "ENFILE" "TIME_WAIT 3 " "up 50 min."
    echo "10 12 13" >"$PROC/sys/net/ipv4/tcp_mem"
    printf '890\t0\t1000\n' >"$PROC/sys/fs/file-nr"
    count_in_proc 0
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor
    says "Nothing stands out: "
}

@test "drops that no full queue explains, and numbers beyond 32 bits" {
    made_proc
    count_in_proc 0 ListenDrops=5000000010 ListenOverflows=5000000000 TCPReqQFullDrop=3 OutRsts=12345678901 \
        TCPAbortOnClose=3000000000 TCPAbortOnData=2000000000
    mkdir bin
    ln -s "$(command -v mawk)" bin/awk # writes the sum as 5e+09 if it may
    run -0 on_made_proc env PATH="$PWD/bin:$PATH" "$SOCKSHIM_COMMAND" doctor
    says "ListenOverflows 5000000000: " "ListenDrops is 7 higher than the full queues explain" "OutRsts 12345678901 RSTs sent" \
        "Programs here have reset 5000000000 connections themselves"
    says_not 4242 "e+"
}

# socket_in_proc FILE LOCAL REMOTE STATE WAITING: words in hexadecimal.
socket_in_proc() {
    echo "   0: $2 $3 $4 00000000:$5 00:00000000 00000000     0        0 1 1 0" >>"$PROC/net/$1"
}

@test "what /proc says of sockets: addresses, queues, and ports of one's own choice" {
    made_proc
    mkdir bin
    local tool port
    for tool in awk cat sed readlink sh; do
        ln -s "$(command -v $tool)" bin
    done
    echo "40000	40009" >"$PROC/sys/net/ipv4/ip_local_port_range"
    socket_in_proc tcp6 B80D0120000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0000001F
    socket_in_proc tcp6 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000002
    socket_in_proc tcp6 00000000000000000000000000000000:1F92 00000000000000000000000000000000:0000 0A 00000001
    socket_in_proc tcp 0501010A:1F93 00000000:0000 0A 00000000
    # Not ephemeral; and ephemeral, but each to another destination.
    for port in 1 2 3 4 5 6 7 8 9; do
        socket_in_proc tcp "0501010A:000$port" 0403020A:01BB 01 00000000
        socket_in_proc tcp 0501010A:9C40 "0403020A:01C$port" 01 00000000
    done
    run -0 on_made_proc env PATH="$PWD/bin" "$SOCKSHIM_COMMAND" doctor
    says "Connections not yet accepted: [2001:db8::1]:8080 (31), 127.0.0.1:8081 (2), [::]:8082 (1)." "listening (TCP) 4" \
        "ephemeral ports 1 of 10 in use to 10.2.3.4:4"
    says_not "are in use to"
    for port in 0 1 2 3 4 5 6 7; do
        socket_in_proc tcp "0501010A:9C4$port" 0403020A:01BB 06 00000000
    done
    socket_in_proc tcp 0601010A:9C48 0403020A:01BB 06 00000000
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor
    says "8 of 10 ephemeral ports are in use to 10.2.3.4:443, 8 of them in TIME_WAIT"
}

@test "tcp_rto_max_ms shortens what tcp_retries2 makes of it" {
    made_proc
    echo 10000 >"$PROC/sys/net/ipv4/tcp_rto_max_ms"
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor
    says "tcp_retries2 15 ETIMEDOUT after 112 s or more"
}

@test "what is not there, or may not be read, is named" {
    made_proc
    rm "$PROC/sys/net/core/somaxconn" "$PROC/net/netstat"
    echo 'TcpExt: ListenDrops
TcpExt: 4' >"$PROC/net/netstat"
    rm "$PROC/net/sockstat" "$PROC/net/tcp6" "$PROC/sys/net/ipv4/tcp_mem"
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor
    says "/proc/sys/net/core/somaxconn is not there. The kernel is older, or hides it from this container." \
        "/proc/net/sockstat is not there." "not counted here: ListenOverflows, TCPReqQFullDoCookies" "ListenDrops 4 "
    says_not "tcp6" "tcp_mem"
    rm "$PROC/net/netstat"
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor
    says "Nothing stands out in what could be read" "/proc/net/netstat is not there." "not counted here: ListenOverflows, ListenDrops"
    run -0 --separate-stderr on_made_proc "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- true
    says "not counted here: ListenOverflows, ListenDrops" "not known: /proc/net/netstat is not there"
    says_not "No TCP connection"
    [ "$(grep -c 'netstat is not there' <<<"$stderr")" -eq 1 ]
    rm -r "$PROC/net" "$PROC/sys/net"
    run -1 --separate-stderr on_made_proc "$SOCKSHIM_COMMAND" doctor
    [ -z "$output" ]
    [ "$stderr" = "sockshim: nothing to be read below /proc: is it mounted?" ]
}

# ---- Beside COMMAND ----

# beside SCENE [OPTION...]: doctor with that scene for COMMAND, in a namespace.
beside() {
    local name=$1
    shift
    run --separate-stderr with_settings ${SETTINGS:-net.ipv4.tcp_syncookies=1} \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" "$@" -- "$PYTHON" "$SCENE" "$name"
}

@test "a full queue with tcp_abort_on_overflow: this host reset them, and the numbers match" {
    SETTINGS=net.ipv4.tcp_abort_on_overflow=1 beside overflow
    [ "$status" -eq 0 ]
    [ "$output" = $'104\n104' ]
    says "sockshim: the log is $LOG Counted meanwhile, in this network namespace (other programs count, too)" \
        "ListenOverflows +4 " "ListenDrops +4 " "EmbryonicRsts +2 " "OutRsts +2 " "did not move: TCPReqQFullDoCookies" \
        "1 peer-reset 2, from this host: 127.0.0.1:8080 (2). The numbers match. The kernel can have sent all the RSTs for a full accept queue (ListenOverflows +4): tcp_abort_on_overflow is 1" \
        "sysctl -w net.ipv4.tcp_abort_on_overflow=0" "Not: tcp_syncookies=0"
    says_not " 2 ListenOverflows" "A program on this host"
}

@test "without it the handshake is forgotten, and then reset" {
    SETTINGS=net.ipv4.tcp_synack_retries=0 beside overflow
    [ "$output" = $'104\n104' ]
    says "peer-reset 2, from this host: 127.0.0.1:8080 (2). This host did send RSTs (OutRsts +2), none of them for unread data or SO_LINGER 0" \
        "as happens when a full accept queue keeps a handshake from ending (ListenOverflows +"
    says_not "The numbers match" "EmbryonicRsts +"
}

@test "where two things can be behind a reset, both are said; no more is claimed than the numbers allow" {
    SETTINGS=net.ipv4.tcp_abort_on_overflow=1 beside overflow_and_reset
    says "EmbryonicRsts +3 " "Two things can be behind it, and the counters do not tell which was where. The kernel can have sent all the RSTs for a full accept queue (ListenOverflows +4)" \
        "A program on this host can have sent 1 of the RSTs by closing with SO_LINGER 0, or because data came after it had closed (TCPAbortOnData +1)."
    SETTINGS=net.ipv4.tcp_synack_retries=0 beside overflow_and_reset
    says "EmbryonicRsts +1 " "(2). A program on this host can have sent 1 of the RSTs by closing with SO_LINGER 0"
    says_not "Two things" "The numbers match"
}

@test "a server that closes with data unread; the log in JSON says the same" {
    local format
    for format in logfmt json; do
        LOG=$BATS_TEST_TMPDIR/$format
        beside unread --format $format
        [ "$output" = $'104\n104\n104' ]
        says "1 peer-reset 3, from this host: 127.0.0.1:8080 (3). The numbers match. A program on this host can have sent all the RSTs by closing with data unread (TCPAbortOnClose +3)." \
            "Do: look at the program at that address" "TCPAbortOnClose +3 " "OutRsts +3 "
        says_not "This host did send" "themselves" "SO_LINGER 0, or because"
    done
}

@test "resets that COMMAND sends are not in its log, and are told all the same" {
    beside lingering
    says "Programs here reset 2 connections themselves: TCPAbortOnClose +0 (data left unread), TCPAbortOnData +2 (SO_LINGER 0" \
        "its log does not show it, for close succeeds"
    says_not "peer-reset 2, from"
}

@test "a listener that closes resets those that it has not accepted" {
    beside closed_listener
    [ "$output" = $'104\n104' ]
    says "This host did send RSTs (OutRsts +2), none of them for unread data or SO_LINGER 0. It may have been a listener that was closed while connections waited in its queue, or a connection that was not known any more."
}

@test "a reset by a firewall rule of this host" {
    beside cut_off
    [ "$output" = 104 ]
    says "peer-reset 1, from this host: 127.0.0.1:8080 (1). This network namespace did not send as many RSTs (OutRsts +0): a firewall rule did"
}

@test "a refusal by the kernel, and one by a firewall rule" {
    beside refused
    [ "$output" = $'111\n111' ]
    says "connection-refused 2, by this host: 127.0.0.1:9 (2). As far as the numbers tell nobody listened there, and the kernel said so by RST (OutRsts +2)" \
        "a full one drops SYNs, and does not refuse"
    run --separate-stderr in_network sh -c '
        nft add table ip f && nft add chain ip f in "{ type filter hook input priority 0; }" &&
        nft add rule ip f in tcp dport 9 reject with tcp reset && exec "$@"' - \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused
    [ "$output" = $'111\n111' ]
    says "The kernel's TCP did not send as many RSTs (OutRsts +0): a firewall rule of this host did (reject)" "nft list ruleset"
    says_not "nobody listened"
}

@test "an address of this host is this host; another is not" {
    beside refused_loopback
    says "connection-refused 2, by this host: 127.9.9.9:9 (2). As far as the numbers tell nobody listened"
    run --separate-stderr in_network sh -c 'ip -6 addr add fd00::5/64 dev lo nodad && exec "$@"' - \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_ipv6
    says "connection-refused 2, by this host: [fd00::5]:9 (2). As far as the numbers tell nobody listened"
    run --separate-stderr in_network sh -c 'ip addr add 10.1.2.3/32 dev lo && exec "$@"' - \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_elsewhere
    says "connection-refused 2, by this host: 10.1.2.3:9 (2). As far as the numbers tell nobody listened"
    # A neighbour, in a namespace of its own.
    run --separate-stderr in_network sh -c '
        unshare -n sleep 60 & neighbour=$!
        trap "kill $neighbour" EXIT
        while [ "$(readlink /proc/$neighbour/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do :; done
        ip link add one type veth peer name two netns $neighbour
        ip addr add 10.1.2.2/24 dev one && ip link set one up
        nsenter -t $neighbour -n sh -c "ip addr add 10.1.2.3/24 dev two; ip link set two up"
        "$@"' - "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_elsewhere
    [ "$output" = $'111\n111' ]
    says "connection-refused 2, by other hosts: 10.1.2.3:9 (2). They, or a firewall, said so; nothing that is counted here is about it."
    says_not "by this host"
}

@test "a peer that fell silent, and SYNs without an answer" {
    beside silent
    [ "$output" = 110 ]
    says "connection-timed-out 1: 127.0.0.1:8080 (1). The kernel gave up on them (TCPAbortOnTimeout +1). With tcp_retries2=15 data waits 15 min 24 s at least; TCP_USER_TIMEOUT"
    run --separate-stderr in_network sh -c '
        nft add table ip f && nft add chain ip f in "{ type filter hook input priority 0; }" &&
        nft add rule ip f in tcp dport 8080 drop && exec "$@"' - \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" unanswered
    [ "$output" = 110 ]
    says "connect-timed-out 1, to this host: 127.0.0.1:8080 (1). No listener dropped anything (ListenDrops +0)"
    # The backlog of somebody else, full.
    run --separate-stderr in_network "$PYTHON" "$SCENE" dropped \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" unanswered
    [ "$output" = 110 ]
    says "connect-timed-out 1, to this host: 127.0.0.1:8080 (1). Listeners of this host dropped SYNs or last ACKs: ListenDrops +"
    says_not "No listener dropped" "is not in the log"
}

@test "SYNs that were dropped and got through later are in no log, and are told" {
    beside dropped
    says "1 ListenOverflows +2: an accept queue of this host was full" "a connect that succeeds in the end is not in the log" \
        "Not: tcp_syncookies=0"
}

@test "descriptors ran out: with which limit" {
    run --separate-stderr in_network sh -c 'ulimit -n 64; exec "$@"' - \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" out_of_descriptors
    says "descriptor-limit 1: COMMAND was started with 64 descriptors (hard limit 64)"
}

@test "only this run counts, in the log as in the kernel" {
    run --separate-stderr in_network sh -c 'for scene in refused unread unread; do "$0" doctor -o "$1" -- "$2" "$3" $scene; done' \
        "$SOCKSHIM_COMMAND" "$LOG" "$PYTHON" "$SCENE"
    [ "$(grep -c 'connection-refused 2, by this host' <<<"$stderr")" -eq 1 ]
    [ "$(grep -c '^  TCPAbortOnClose  *+3 ' <<<"$stderr")" -eq 2 ]
    [ "$(grep -c 'peer-reset 3, from this host' <<<"$stderr")" -eq 2 ]
    run --separate-stderr in_network sh -c '"$0" doctor -o "$1" -- "$2" "$3" refused; exec "$0" doctor -o "$1" -- true' \
        "$SOCKSHIM_COMMAND" "$LOG" "$PYTHON" "$SCENE"
    says "No TCP connection of this run was reset, refused or timed out according to the log, and no listener here ran full."
}

@test "resets and refusals that are not TCP's are left out" {
    beside not_tcp
    [ "$output" = $'104\n111' ]
    says "No TCP connection of this run was reset, refused or timed out according to the log"
    says_not "by this host" "from this host" "other hosts"
}

@test "lines that are no records, and records with less than they should have" {
    cat >"$BATS_TEST_TMPDIR/junk" <<'RECORDS'
records
before	OutRsts	5
ts=2026-11-22T11:03:22.123456Z level=warn event=return pid=1 tid=1 prog=x call=recv fd=7 ret=-1 errno=104 error=ECONNRESET type=tcp cause=peer-reset why="no peer"
ts=2026-11-22T11:03:22.123456Z level=warn event=return pid=1 tid=1 prog=x call=recv fd=7 type=tcp peer=10.9.9.9:1 cause=peer-reset why="half a reco
ts=2026-11-22T11:03:22.123456Z level=warn event=return pid=1 tid=1 prog=x call=recv fd=7 type=tcp peer=10.9.9.8:1 cause=peer-reset why="whole"
RECORDS
    printf 'ts=2026-11-22T11:03:22.123456Z level=warn event=return pid=1 tid=1 prog="a peer=1 b" call=recv type=tcp peer=\033[31m:1 cause=peer-reset why="x"\n\377\0\n' \
        >>"$BATS_TEST_TMPDIR/junk"
    run -0 --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- sh -c 'cat junk >>"$0"' "$LOG"
    says "peer-reset 2, from other hosts: ?[31m:1 (1), 10.9.9.8:1 (1)." "did not move: " "OutRsts"
    says_not "10.9.9.9" "OutRsts +"
    run ! grep '[^ -~]' <<<"${stderr}"
}

@test "no log, or one that is kept short, is said" {
    touch off # a file of that name is not the log
    run -0 --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o off -- "$PYTHON" "$SCENE" unread
    says "There is no log to put beside it." "TCPAbortOnClose +3 " "Programs here reset 3 connections themselves"
    run -0 --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o stderr -- true
    says "There is no log to put beside it."
    says_not "No TCP connection"
    run -0 --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o "$LOG" --skip connection-refused -- "$PYTHON" "$SCENE" refused
    says "What --level or --skip keep out of the log cannot be put beside it." "OutRsts +2 "
    says_not "connection-refused 2"
}

@test "the exit status is COMMAND's, its output stays apart, and signals reach it; in three shells" {
    local shell
    for shell in dash bash "busybox sh"; do
        # shellcheck disable=SC2086
        run -7 --separate-stderr $shell "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- sh -c 'cat; exit 7' <<<"words"
        [ "$output" = words ]
        says "Counted meanwhile"
        # shellcheck disable=SC2086
        run -127 --separate-stderr env log=mine $shell "$SOCKSHIM_COMMAND" doctor -- no-such-command
        [ "$stderr" = "sockshim: no-such-command: command not found" ]
        # shellcheck disable=SC2086
        background $shell "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- \
            sh -c 'trap "exit 9" TERM; touch ready; while :; do sleep 0.05; done' 2>"$BATS_TEST_TMPDIR/said"
        wait_until test -e ready
        kill -TERM "$BACKGROUND"
        local status=0
        wait "$BACKGROUND" || status=$?
        [ "$status" -eq 9 ]
        grep -q "^Counted meanwhile" "$BATS_TEST_TMPDIR/said"
        rm ready
    done
}

@test "three shells and three awks say the same" {
    local shell awk first=
    # The numbers of processes and the time since boot make lines longer and shorter:
    # here they are the same in each run.
    local uniform=(unshare -pf --mount-proc sh -c 'mount --bind "$0" /proc/uptime && exec "$@"' "$PWD/uptime")
    echo 3000 256 >uptime
    for awk in mawk gawk busybox; do
        mkdir "$awk"
        ln -s "$(command -v "$awk")" "$awk/awk"
    done
    while read -r awk shell; do
        # shellcheck disable=SC2086
        run --separate-stderr with_settings net.ipv4.tcp_abort_on_overflow=1 net.ipv4.tcp_retries2=7 \
            "${uniform[@]}" env PATH="$PWD/$awk:$PATH" LC_ALL=C.UTF-8 "$PYTHON" "$SCENE" many_queues \
            $shell "$SOCKSHIM_COMMAND" doctor -o "$BATS_TEST_TMPDIR/log.$awk" -- "$PYTHON" "$SCENE" overflow
        says "The numbers match"
        local beside=${stderr//log.$awk/LOG}
        # shellcheck disable=SC2086
        run -0 --separate-stderr with_settings net.ipv4.tcp_abort_on_overflow=1 net.ipv4.tcp_retries2=7 \
            "${uniform[@]}" env PATH="$PWD/$awk:$PATH" LC_ALL=C.UTF-8 "$PYTHON" "$SCENE" queues $shell "$SOCKSHIM_COMMAND" doctor
        [ -z "$stderr" ] || fails_with "$stderr"
        local all
        all=$output$beside
        [ "$all" = "${first:=$all}" ] || fails_with "$awk $shell: $(diff <(echo "$first") <(echo "$all"))"
    done <<'PAIRS'
mawk dash
gawk bash
busybox busybox sh
PAIRS
}
