#!/usr/bin/env bats
# `sockshim doctor`: the host's own part. What it reads is real: settings, full
# queues, resets and refusals of network namespaces of their own. What no test can
# bring about (a machine out of memory) stands in a /proc made for it.

bats_require_minimum_version 1.5.0

load helpers
load doctor

setup_file() {
    doctor_setup_file
}

setup() {
    doctor_setup
}

# ---- The call ----

@test "help names both forms; a wrong call is one line, and nothing runs" {
    run -0 doctor --help
    [[ ${lines[0]} == "usage: sockshim doctor"* ]]
    [ "$output" = "$("$SOCKSHIM_COMMAND" help doctor)" ]
    run -0 doctor -o log -h
    [[ ${lines[0]} == "usage: sockshim doctor"* ]]
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
    run -0 in_network "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "Nothing stands out: no accept queue is full" "That is this host's kernel alone, neither its programs nor their peers. Hangs: sockshim doctor PID while it does, here and of its peer. Slow, or" \
        "never happened (0): ListenOverflows, ListenDrops, TCPReqQFullDoCookies, TCPReqQFullDrop, SyncookiesSent, EmbryonicRsts, TCPAbortOnClose, TCPAbortOnData, TCPAbortOnTimeout, TCPAbortOnMemory, EstabResets, AttemptFails, OutRsts" \
        "of this network namespace" "up "
    says_not " Do: " "Not known" "not counted"
    # Plain text of 79 columns.
    run ! grep '[^ -~]' <<<"$output"
    run ! grep '.\{81\}' <<<"$(in_network "$SOCKSHIM_COMMAND" doctor --seconds 0)"
}

@test "each setting is shown with its value; one that was changed, with the default" {
    run -0 with_settings net.core.somaxconn=100 net.ipv4.tcp_syncookies=0 net.ipv4.tcp_max_syn_backlog=77 \
        net.ipv4.tcp_abort_on_overflow=1 net.ipv4.tcp_fin_timeout=15 net.ipv4.tcp_tw_reuse=1 \
        net.ipv4.tcp_keepalive_time=600 net.ipv4.tcp_keepalive_intvl=10 net.ipv4.tcp_keepalive_probes=3 \
        net.ipv4.tcp_retries2=5 net.ipv4.ip_local_port_range=40000,40999 \
        sh -c 'ulimit -n 234; exec "$@"' - "$SOCKSHIM_COMMAND" doctor --seconds 0
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
    run -0 with_settings net.ipv4.tcp_retries2=15 net.ipv4.tcp_syncookies=1 "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "tcp_syncookies 1 SYN cookies: when a SYN queue is full somaxconn" \
        "tcp_max_syn_backlog $(in_network cat /proc/sys/net/ipv4/tcp_max_syn_backlog) no effect while SYN cookies are on" \
        "tcp_retries2 15 ETIMEDOUT after 15 min 24 s or more without an acknowledgement ip_local" \
        "tcp_keepalive_probes 9 probes; ETIMEDOUT after 2 h 11 min in all tcp_retries2"
    says_not "(default"
    run -0 with_settings net.ipv4.tcp_syncookies=2 "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "1 tcp_syncookies is 2: every connection gets a SYN cookie" "SYN cookies: always (default 1)"
}

@test "a full accept queue is one with more than its limit; whose it is, and what not to do" {
    run -0 in_network "$PYTHON" "$SCENE" queues "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "1 2 accept queues are full: " "; 127.0.0.1:8080 (python3, pid " "), 2 connections not yet accepted, limit 1." \
        "@scene (python3, pid " "), 1 connection not yet accepted, limit 0" \
        "Further SYNs are dropped" "connect to a unix socket then blocks, or fails with EAGAIN" \
        "Do: find out why the program does not accept" "Not: a restart alone: it resets the connections that wait." \
        "2 ListenOverflows 1: that many times a SYN" "listening (TCP) 2 1 with a full accept queue" \
        "2 of 1 full: 127.0.0.1:8080 (python3" "2 of 2 [::1]:8081 (python3"
    # Said once.
    [ "$(flat "$output" | grep -o 'tcp_syncookies=0, often advised for load tests, hides' | wc -l)" -eq 1 ]
    says_not "handshakes that had begun before are reset"
    run -0 with_settings net.ipv4.tcp_abort_on_overflow=1 "$PYTHON" "$SCENE" queues "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "handshakes that had begun before are reset (tcp_abort_on_overflow is 1)" "ListenOverflows is 1, so full queues do occur"
}

@test "a unix socket's queue that is filling: whose it is; with a few that wait it is none" {
    run -0 in_network "$PYTHON" "$SCENE" slow_to_accept_at_path "$SOCKSHIM_COMMAND" doctor
    says "1 busy.sock (python" "): 9 connections wait to be accepted, and 17 is the most." "Do: sockshim doctor "
    rm busy.sock
    run -0 in_network "$PYTHON" "$SCENE" two_wait_at_path "$SOCKSHIM_COMMAND" doctor
    says_not "wait to be accepted"
}

@test "connections that wait in a queue with room; of two listeners at one address, whose they are" {
    run -0 in_network "$PYTHON" "$SCENE" slow_to_accept "$SOCKSHIM_COMMAND" doctor
    says "1 127.0.0.1:8080 (python3, pid " "): 3 connections have waited for 1 s or more to be accepted. It does not accept, or not fast enough." "Do: sockshim doctor "
    says_not "2 "" An"
    run -0 in_network "$PYTHON" "$SCENE" one_of_two_is_stuck sh -c '"$0" doctor' "$SOCKSHIM_COMMAND"
    says "1 127.0.0.1:8080 (python" "At another listener of the same address (python" ") nobody waits: the kernel gives each of them a share of the connections (SO_REUSEPORT)"
    run -0 in_network "$PYTHON" "$SCENE" both_accept sh -c '"$0" doctor' "$SOCKSHIM_COMMAND"
    says "Nothing stands out"
    # Whoever waits in a full queue is told once.
    run -0 in_network "$PYTHON" "$SCENE" queues "$SOCKSHIM_COMMAND" doctor
    says_not "127.0.0.1:8080 (python3): 2 connections have waited"
}

@test "as wide as the terminal, of the host, of a process, and after a command" {
    local columns
    for columns in 40 60 80 132; do
        COLUMNS=$columns run -0 in_network sh -c '"$0" "$1" doctor --seconds 0; "$0" "$1" doctor --seconds 0 $$; cd "$2" && "$0" "$1" doctor -- true' \
            sh "$SOCKSHIM_COMMAND" "$BATS_TEST_TMPDIR"
        says "What this host contributes" "Threads: " "Counted meanwhile"
        # A path, which is not broken, may be longer.
        [ "$(grep -v "$BATS_TEST_TMPDIR" <<<"$output" | wc -L)" -le "$((columns < 100 ? columns : 100))" ] || fails_with "$output"
    done
}

@test "a limit that somaxconn has cut is named, and so is somaxconn where queues overflowed" {
    run -0 with_settings net.core.somaxconn=1 "$PYTHON" "$SCENE" queues "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "limit 1 (net.core.somaxconn)" "net.core.somaxconn is 1 (4096 by default since Linux 5.4)" "2 listeners here have exactly that" \
        "Do: sysctl -w net.core.somaxconn=4096, then restart the programs"
    run -0 with_settings net.core.somaxconn=2 "$PYTHON" "$SCENE" queues "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "net.core.somaxconn is 2 " "1 listener here has exactly that"
}

@test "of many full queues five are named in the sentence, and all in the table" {
    run -0 in_network "$PYTHON" "$SCENE" many_queues "$SOCKSHIM_COMMAND" doctor --seconds 0
    # All limits are 0: ss shows as much where it knows nothing.
    says "Connections not yet accepted: " " and others. Whether that fills an accept queue is not known: ss shows 0 as the limit"
    says_not "accept queues are full"
    run -0 in_network sh -c '"$0" -c "import socket, subprocess, sys
s = socket.socket(); s.bind((\"127.0.0.1\", 8000)); s.listen(9)
subprocess.run(sys.argv[1:])" "$@"' "$PYTHON" "$PYTHON" "$SCENE" many_queues "$SOCKSHIM_COMMAND" doctor --seconds 0
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
    run -0 in_network "$PYTHON" "$SCENE" queues env PATH="$PWD/bin" "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "1 Connections not yet accepted: 127.0.0.1:8080 (2), [::1]:8081 (2). Whether that fills an accept queue is not known: only ss shows it" \
        "at most net.core.somaxconn counts ($(in_network cat /proc/sys/net/core/somaxconn) now)" "Install ss (package iproute2)" \
        "Not known The limits of accept queues, and the queues of unix sockets: only ss shows it"
    says_not "queue is full:" "queues are full"
}

@test "a name that a terminal would obey does not reach it" {
    in_network "$PYTHON" "$SCENE" hostile sh -c 'ss -ltnp' | grep -q $'\033'
    run -0 in_network "$PYTHON" "$SCENE" hostile sh -c '"$1" -c "
import socket, subprocess, sys
s = socket.socket(); s.bind((\"127.0.0.1\", 1)); s.listen(9)
subprocess.run([sys.argv[1], \"doctor\", \"--seconds\", \"0\"])" "$2"' - "$PYTHON" "$SOCKSHIM_COMMAND"
    says "full: 127.0.0.1:8080 (a?[31mb, pid "
    run ! grep '[^ -~]' <<<"$output"
}

@test "what programs and kernel did before is counted, and said in sentences" {
    run -0 in_network sh -c '
        "$0" "$1" unread && "$0" "$1" lingering && "$0" "$1" refused && exec "$2" doctor --seconds 0' \
        "$PYTHON" "$SCENE" "$SOCKSHIM_COMMAND"
    says "Programs here have reset 5 connections themselves: 3 by closing with data unread (TCPAbortOnClose), 2 by closing with SO_LINGER 0" \
        "TCPAbortOnClose 3 " "TCPAbortOnData 2 " "AttemptFails 2 " "OutRsts 7 "
    run -0 in_network "$PYTHON" "$SCENE" silent "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "TCPAbortOnTimeout 1: that many times the kernel gave up" "Not: a lower tcp_retries2" "TCPAbortOnTimeout 1 "
}

@test "SYN cookies that were sent are told from those that are forced" {
    run -0 in_network "$PYTHON" "$SCENE" cookies "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "TCPReqQFullDoCookies 2: that many times a SYN met a full SYN queue" "SYN cookies sent: 2." \
        "Not: tcp_syncookies=0: then these SYNs are dropped" "tcp_max_syn_backlog changes nothing while cookies are on"
    run -0 with_settings net.ipv4.tcp_syncookies=2 "$PYTHON" "$SCENE" cookies "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "TCPReqQFullDoCookies 4 SYNs, since tcp_syncookies is 2"
    says_not "that many times a SYN met"
    run -0 with_settings net.ipv4.tcp_syncookies=0 "$PYTHON" "$SCENE" cookies "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "It has happened to 2 SYNs (TCPReqQFullDrop)" "ListenDrops 2 "
    says_not "ListenDrops is"
}

@test "ephemeral ports that run out are seen before they have" {
    run -0 with_settings net.ipv4.ip_local_port_range=40000,40009 "$PYTHON" "$SCENE" ports "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "9 of 10 ephemeral ports are in use to 127.0.0.1:8080, 0 of them in TIME_WAIT" "fails with EADDRNOTAVAIL" \
        "Not: tcp_fin_timeout: it does not shorten TIME_WAIT" "ephemeral ports 9 of 10 in use to 127.0.0.1:8080"
    run -0 with_settings net.ipv4.ip_local_port_range=40000,40099 "$PYTHON" "$SCENE" ports "$SOCKSHIM_COMMAND" doctor --seconds 0
    says_not "ephemeral ports"
}

@test "the shim in the environment does not get into ss" {
    run -0 in_network env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$SOCKSHIM_COMMAND" doctor --seconds 0
    [ ! -s "$LOG" ] || fails_with "ss is in the log"
}

# ---- A /proc made for the test ----

@test "a machine short of memory, of descriptors, and what was cut off for it" {
    made_proc
    count_in_proc 0 TCPAbortOnMemory=12
    echo 4096 100 >"$PROC/sys/net/ipv4/tcp_max_orphans"
    echo "10 11 12" >"$PROC/sys/net/ipv4/tcp_mem"
    echo "4096" >"$PROC/sys/net/ipv4/tcp_max_orphans"
    printf '950\t0\t1000\n' >"$PROC/sys/fs/file-nr"
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "3 TCPAbortOnMemory 12: " "tcp_max_orphans 4096, now 7" "Not: lowering tcp_max_orphans" \
        "1 TCP uses 11 pages of memory, and the kernel saves memory from 11 on (tcp_mem)" "From 12 on" \
        "2 950 of 1000 files that this machine may have open are open" "ENFILE" "TIME_WAIT 3 " "up 50 min."
    echo "10 12 13" >"$PROC/sys/net/ipv4/tcp_mem"
    printf '890\t0\t1000\n' >"$PROC/sys/fs/file-nr"
    count_in_proc 0
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "Nothing stands out: "
}

@test "drops that no full queue explains, and numbers beyond 32 bits" {
    made_proc
    count_in_proc 0 ListenDrops=5000000010 ListenOverflows=5000000000 TCPReqQFullDrop=3 OutRsts=12345678901 \
        TCPAbortOnClose=3000000000 TCPAbortOnData=2000000000
    mkdir bin
    ln -s "$(command -v mawk)" bin/awk # writes the sum as 5e+09 if it may
    run -0 on_made_proc env PATH="$PWD/bin:$PATH" "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "ListenOverflows 5000000000: " "ListenDrops is 7 higher than the full queues explain" "OutRsts 12345678901 RSTs sent" \
        "Programs here have reset 5000000000 connections themselves"
    says_not 4242 "e+"
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
    run -0 on_made_proc env PATH="$PWD/bin" "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "Connections not yet accepted: [2001:db8::1]:8080 (31), 127.0.0.1:8081 (2), [::]:8082 (1)." "listening (TCP) 4" \
        "ephemeral ports 1 of 10 in use to 10.2.3.4:4"
    says_not "are in use to"
    for port in 0 1 2 3 4 5 6 7; do
        socket_in_proc tcp "0501010A:9C4$port" 0403020A:01BB 06 00000000
    done
    socket_in_proc tcp 0601010A:9C48 0403020A:01BB 06 00000000
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "8 of 10 ephemeral ports are in use to 10.2.3.4:443, 8 of them in TIME_WAIT"
}

@test "tcp_rto_max_ms shortens what tcp_retries2 makes of it" {
    made_proc
    echo 10000 >"$PROC/sys/net/ipv4/tcp_rto_max_ms"
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "tcp_retries2 15 ETIMEDOUT after 112 s or more"
}

@test "what is not there, or may not be read, is named" {
    made_proc
    rm "$PROC/sys/net/core/somaxconn" "$PROC/net/netstat"
    echo 'TcpExt: ListenDrops
TcpExt: 4' >"$PROC/net/netstat"
    rm "$PROC/net/sockstat" "$PROC/net/tcp6" "$PROC/sys/net/ipv4/tcp_mem"
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "/proc/sys/net/core/somaxconn is not there. The kernel is older, or hides it from this container." \
        "/proc/net/sockstat is not there." "not counted here: ListenOverflows, TCPReqQFullDoCookies" "ListenDrops 4 "
    says_not "tcp6" "tcp_mem"
    rm "$PROC/net/netstat"
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "Nothing stands out in what could be read" "/proc/net/netstat is not there." "not counted here: ListenOverflows, ListenDrops"
    run -0 --separate-stderr on_made_proc "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- true
    says "not counted here: ListenOverflows, ListenDrops" "not known: /proc/net/netstat is not there"
    says_not "No TCP connection"
    [ "$(grep -c 'netstat is not there' <<<"$stderr")" -eq 1 ]
    rm -r "$PROC/net" "$PROC/sys/net"
    run -1 --separate-stderr on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    [ -z "$output" ]
    [ "$stderr" = "sockshim: cannot read anything below /proc: is it mounted?" ]
}

