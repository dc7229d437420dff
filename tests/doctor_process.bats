#!/usr/bin/env bats
# `sockshim doctor PID`: what the sockets of a running process look like, and with whom
# its threads wait. The scenes are processes of their own, in network namespaces.

bats_require_minimum_version 1.5.0

load helpers
load doctor

setup_file() {
    doctor_setup_file
}

setup() {
    doctor_setup
}

# looking_at SCENE [OPTION...]: doctor at the process that has set it up.
looking_at() {
    local name=$1
    shift
    run -0 --separate-stderr in_network "$PYTHON" "$SCENE" "$name" sh -c '"$@" "$PPID"' - "$SOCKSHIM_COMMAND" doctor "$@"
    [ -z "$stderr" ] || fails_with "$stderr"
}

has_findings() {
    [ "$(grep -c '^    Do: ' <<<"$output")" -eq "$1" ] || fails_with "not $1 findings: $output"
}

@test "a process that is stuck: full queues, not closed, not read; worst first, and with whom its threads wait" {
    looking_at stuck
    says "1 2 of its accept queues are full: descriptor " " at 127.0.0.1:8080, 2 not yet accepted, limit 1" "at @scene, 1 not yet accepted, limit 0" \
        "2 A connection is in CLOSE_WAIT: the peer has closed, and this program has not: descriptor " ", closed there " " s ago" \
        "Not: tcp_fin_timeout or keepalive" \
        "3 Data has arrived that the program does not read: descriptor " "60 bytes, the last came " \
        " waits in recvfrom: descriptor " ", which sent " "; this process sent " " 1 waits for a child process: sh, pid " \
        "127.0.0.1:8080 LISTEN, 2 not yet accepted, limit 1" "60 unread" "unix-stream @scene LISTEN, 1 not yet accepted, limit 0" \
        "Descriptors: "
    has_findings 3
    says_not "Not known"
    run ! grep '.\{81\}' <<<"$output"
}

@test "what is not acknowledged: how much, how often, since when" {
    looking_at not_acknowledged
    says "1 What it sent is not acknowledged: descriptor " "with 127.0.0.1:8080, 100 bytes, sent again " "it is not the MTU: a firewall on the way passes SYN" "or the host went down then" "tcp_retries2=15"
    # Two looks a second apart: two retransmissions have come and gone.
    flat "$output" | grep -qE 'sent again ([2-9]|1[0-9]) times in ([1-9]|[1-9][0-9])(\.[0-9])? s' || fails_with "$output"
}

@test "what is no longer acknowledged: a small piece is not too large for the path, and a NAT may have forgotten it" {
    looking_at no_longer_acknowledged
    says "100 bytes, sent again " "So small, it is not the MTU: the other host is gone" "one does that has forgotten the connection" "SOCKSHIM_KEEPALIVE=60"
    says_not "-s 1472"
    looking_at large_no_longer_acknowledged
    says "2000 bytes, sent again " "too large for the path (MTU)" "-s 1472"
    says_not "it is not the MTU"
}

@test "a peer that does not read, and the thread that waits for it" {
    looking_at window_closed
    says "1 The peer does not read, and its window is closed: descriptor " " bytes wait here, the last were sent " " waits in sendto for it)" \
        "2 Data has arrived that the program does not read" # the peer is in the same process
}

@test "a connect that nobody answers: for how long" {
    looking_at connect_unanswered
    says "1 A connect is not answered: descriptor " "with 127.0.0.1:8080, for " "SYN sent again " "TCPRetransFail counts what did not even leave" "SYN_SENT"
    has_findings 1
    flat "$output" | grep -qE 'for ([2-9]|[1-9][0-9])(\.[0-9])? s, SYN sent again [2-6] times' || fails_with "$output"
}

@test "descriptors that run out" {
    run -0 in_network sh -c 'ulimit -n 64; exec "$@"' - "$PYTHON" "$SCENE" few_descriptors sh -c '"$0" doctor --seconds 0 "$PPID"' "$SOCKSHIM_COMMAND"
    says " of the 64 descriptors that it may open are in use" "or the setting from which it has them" "prlimit --pid " "sockets of other kinds, not bound or not connected"
}

@test "processes and threads that run out: those of its user, and of its cgroup; not of root" {
    [ "$(id -u)" -eq 0 ] || skip "to become another user needs root"
    local limit its
    mkdir cgroup
    in_cgroup() {
        unshare -m sh -c 'mount --bind cgroup /sys/fs/cgroup; exec "$@"' - "$SOCKSHIM_COMMAND" doctor --seconds 0 "$1"
    }
    for limit in 2 20; do
        setpriv --reuid 64987 --regid 64987 --clear-groups prlimit "--nproc=$limit" "$PYTHON" -c '
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
threading.Event().wait()' >"ready$limit" 3>&- &
        its=$!
        BACKGROUNDS+=" $its"
        wait_until test -s "ready$limit"
        run -0 "$SOCKSHIM_COMMAND" doctor --seconds 0 "$its"
        if [ "$limit" = 2 ]; then
            says "All of the 2 processes and threads that its user 64987 may have are in use. When none is left, fork and pthread_create fail with EAGAIN" "Do: if they are all needed: LimitNPROC= of its unit"
            kill -9 "$its"
            wait "$its" || :
        else
            says_not "processes and threads that"
        fi
    done
    echo 100 >cgroup/pids.max
    echo 96 >cgroup/pids.current
    run -0 in_cgroup "$its"
    says "96 of the 100 processes and threads that its cgroup / may have (pids.max) are in use" "TasksMax= of the unit"
    echo 80 >cgroup/pids.current
    run -0 in_cgroup "$its"
    says_not "processes and threads that"
    echo max >cgroup/pids.max
    run -0 in_cgroup "$its"
    says_not "processes and threads that"
    # A sandbox that means never to fork, as sshd's before a login.
    setpriv --reuid 64988 --regid 64988 --clear-groups prlimit --nproc=0 sleep 1000 3>&- &
    BACKGROUNDS+=" $!"
    wait_until grep -qx sleep "/proc/$!/comm"
    run -0 "$SOCKSHIM_COMMAND" doctor --seconds 0 $!
    says_not "processes and threads that"
    prlimit --nproc=1 sleep 1000 3>&- &
    BACKGROUNDS+=" $!"
    run -0 "$SOCKSHIM_COMMAND" doctor --seconds 0 $!
    says_not "processes and threads that"
}

@test "a network namespace that leads nowhere: loopback alone, or down; one with an address, and this shell's own" {
    unshare -n true 2>/dev/null || skip "no network namespaces here"
    unshare -n sh -c 'echo "$$" >pid; exec sleep 1000' 3>&- &
    BACKGROUNDS+=" $!"
    wait_until test -s pid
    local its
    its=$(cat pid)
    run -0 "$SOCKSHIM_COMMAND" doctor --seconds 0 "$its"
    says "in a network namespace of its own, which has no address at all: even loopback is down. No other host can be reached" "PrivateNetwork=" "Nothing stands out"
    nsenter -t "$its" -n ip link set lo up
    run -0 "$SOCKSHIM_COMMAND" doctor --seconds 0 "$its"
    says "which has loopback alone. No other host can be reached"
    run -0 nsenter -t "$its" -n "$SOCKSHIM_COMMAND" doctor --seconds 0 "$its"
    says_not "No other host"
    nsenter -t "$its" -n ip addr add 10.9.0.1/24 dev lo
    run -0 "$SOCKSHIM_COMMAND" doctor --seconds 0 "$its"
    says "in a network namespace of its own"
    says_not "No other host"
    kill "$its"
}

@test "descriptors that run out: whose connections they are, if most are of one host" {
    looking_at held_by_one
    says "descriptors that it may open are in use; 6 of its 8 clients' connections are with 127.0.0.7. When none is left"
    looking_at few_descriptors
    says_not "connections are with"
}

@test "descriptors that run out: connections of its own that were answered and kept; not while they are used" {
    looking_at kept_connections
    says " descriptors that it may open are in use; 20 of them are connections that it made with 127.0.0.1:8080, answered, read and idle for " "if their number grows with the requests" "Not: a higher limit"
    looking_at kept_connections_in_use
    says " descriptors that it may open are in use. When none" "or the setting from which it has them"
}

@test "datagrams that were dropped" {
    looking_at overrun
    says "2 Datagrams were dropped because its receive buffer was full: descriptor " "at 127.0.0.1:8125, 19" " dropped since it was opened" \
        "1 Data has arrived that the program does not read" "it reads nothing while it waits for a child process (" ", as in both looks" \
        "1 waits for a child process: "
    says_not "between two looks"
    looking_at overrun_beside_a_reader
    says "Datagrams were dropped because its receive buffer was full" "it has to read faster: see below"
    says_not "it reads nothing"
    # A burst that came while it stood still; it has read the rest, and waits for more.
    # shellcheck disable=SC2016
    run -0 --separate-stderr in_network sh -c '
        socat -u UDP-RECV:8125,bind=127.0.0.1,rcvbuf=2304 /dev/null & its=$!
        until ss -Hlun | grep -q 127.0.0.1:8125; do sleep 0.01; done
        kill -STOP "$its"
        head -c 100000 /dev/zero | socat -u -b 500 - UDP-SENDTO:127.0.0.1:8125
        kill -CONT "$its"
        until ss -Hlun | grep -q "UNCONN 0 .*127.0.0.1:8125"; do sleep 0.01; done
        "$0" doctor "$its"
        kill "$its"' "$SOCKSHIM_COMMAND"
    says "dropped since it was opened" "nothing was dropped between the two looks, so it was a burst: a larger SO_RCVBUF" "sockshim explain udp-drops"
    says_not "it has to read faster"
}

@test "neither side has ever sent anything: at a port of TLS, at one where the server greets, at one that says nothing" {
    looking_at mute_at_imaps
    says "1 Neither side has ever sent anything: descriptor " " with 127.0.0.1:993, for " "(thread " " waits in recvfrom for it)" \
        "the client begins, with TLS, and this program does not: it waits for a greeting in plain text" "not STARTTLS"
    says_not "stuck elsewhere" "Nothing"
    has_findings 1
    looking_at mute_at_smtp
    says "1 Neither side has ever sent anything: descriptor " " with 127.0.0.1:25, for " "the server speaks first, and has not: it has not accepted the connection"
    says_not "TLS, and this program does not"
    has_findings 1
    # One that is kept in reserve, and one that has been used.
    looking_at mute_at_https
    says "If this program keeps it in reserve, nothing is wrong"
    has_findings 0
    looking_at idle_at_imaps
    says_not "Neither side"
    has_findings 0
}

@test "a question to a name server in each look, another one: answers that nobody takes, no answers; not a busy resolver" {
    # doctor sleeps between its looks, and in its sleep the program asks again.
    mkdir bin
    printf '#!/bin/sh\n: >between; : <asked\n' >bin/sleep
    chmod +x bin/sleep
    local -x PATH=$PWD/bin:$PATH
    looking_at answered_from_elsewhere
    says "1 It waits for a name server: a question is open in both looks (descriptor " " with 127.0.0.1:53" " that no socket took (UdpNoPorts)" "from another address" "interface-automatic"
    has_findings 1
    rm between asked
    run -0 in_network "$PYTHON" "$SCENE" answered_from_elsewhere "$SOCKSHIM_COMMAND" doctor
    says "1 Somebody waits for a name server: a question is open in both looks (127.0.0.1:53), and " " that no socket took (UdpNoPorts)"
    rm between asked
    looking_at asks_again_and_again
    says "1 It seems to wait for a name server: a question is open in both looks, and no UDP datagram was delivered here in between: descriptor "
    has_findings 1
    rm between asked
    looking_at asks_and_is_answered
    says_not "name server"
    has_findings 0
}

@test "it listens at loopback addresses alone: who is refused, and whether somebody is" {
    looking_at on_loopback
    says "It listens at loopback addresses alone (127.0.0.1:8080, [::1]:8080): other hosts, and containers, are refused" "Nothing else stands out"
    has_findings 0
    looking_at on_loopback_and_asked_for
    says "1 It listens at loopback addresses alone (127.0.0.1:8080, [::1]:8080)" "Between the two looks this host sent " " (OutRsts) that no program of its own got: for its port, or for others"
    has_findings 1
    looking_at on_loopback_beside_refused
    says "It listens at loopback addresses alone (127.0.0.1:8080, [::1]:8080): other hosts, and containers, are refused" "Nothing else stands out"
    has_findings 0
    looking_at on_all_addresses_and_asked_for
    says "Nothing stands out"
    says_not "loopback"
    has_findings 0
    # By UDP nobody is told; at all addresses others get in, and a client's port is no service.
    looking_at takes_datagrams
    says "It listens at loopback addresses alone (127.0.0.1:8080 (UDP)): other hosts, and containers, get no answer" "snmpd: agentaddress" "Nothing else stands out"
    has_findings 0
    looking_at takes_datagrams_beside_tcp
    says "It listens at loopback addresses alone (127.0.0.1:8080 (UDP)): other hosts, and containers, get no answer"
    for scene in takes_datagrams_of_all takes_datagrams_as_client; do
        looking_at $scene
        says_not "loopback"
    done
}

@test "datagrams that are refused, of which the program is not told: the same words as of COMMAND's; a connected socket is told" {
    looking_at sends_to_nobody
    says "1 Between the two looks ICMP came into its network namespace that a destination is unreachable (IcmpInDestUnreachs +" "perhaps for what it sends by UDP: descriptor " ", not connected. Of such a refusal a program is told only if it has connected its socket" \
        "or only at 127.0.0.1" "ss -lunp" "sockshim explain udp-silence" "Not: a longer time limit"
    has_findings 1
    looking_at sends_to_nobody_and_is_told
    says_not "Of such a refusal"
    has_findings 0
}

@test "workers that wait for an answer, and the master looks well; those that wait for clients are idle" {
    looking_at workers_wait
    says "1 2 of its 3 workers (python" ") wait for an answer, and nothing has come since they asked: 2 for 127.0.0.1:8080 (the longest for " ": pid " \
        "why does 127.0.0.1:8080 not answer?" "Not: more workers, or a longer time limit in front of them"
    says_not "None is free"
    has_findings 1
    looking_at workers_idle
    says "It has 2 workers (python" "and looks only at what they have asked others" "Nothing else stands out"
    has_findings 0
}

# sessions_titled TITLE...: doctor at a process that is called postgres, and has started others that call
# themselves so; at the first of these if $AT_FIRST is set.
sessions_titled() {
    local text command=
    mkdir -p main session
    cp "$(command -v sh)" main/postgres
    cp "$(command -v cat)" session/postgres
    [ -p never ] || mkfifo never
    for text; do
        command+="bash -c 'exec -a \"postgres: $text\" session/postgres <>never' & "
    done
    background main/postgres -c "$command wait"
    wait_until eval "[ \$(pgrep -cxP $BACKGROUND postgres) -eq $# ]"
    run -0 --separate-stderr "$SOCKSHIM_COMMAND" doctor "$(if [ "${AT_FIRST-}" ]; then pgrep -P "$BACKGROUND" | head -n 1; else echo "$BACKGROUND"; fi)"
    pkill -P "$BACKGROUND"
}

@test "PostgreSQL's session that is idle in a transaction, which others may be waiting for; alone, or in none, it is not told" {
    local AT_FIRST=yes
    sessions_titled "app shop 10.0.0.6(4712) idle in transaction" "app shop 10.0.0.5(4711) SELECT waiting" "app shop 10.0.0.6(4713) idle in transaction (aborted)" "app shop 10.0.0.6(4714) idle"
    says "1 It is idle in a transaction (app shop 10.0.0.6(4712) idle in transaction): it waits for its client, and may hold the lock in the database for which another session waits: pid " \
        "(app shop 10.0.0.5(4711) SELECT waiting); so may another one that is idle in a transaction." "pg_blocking_pids(pid)" "COMMIT, ROLLBACK"
    says_not 4714
    has_findings 1
    # The one that waits, of which others may be the reason.
    sessions_titled "app shop 10.0.0.5(4711) SELECT waiting" "app shop 10.0.0.6(4712) idle in transaction" "app shop [local] UPDATE waiting"
    says "1 It waits for a lock in the database, as its title says: pid " "Idle in a transaction, so that it may hold it: pid "
    says_not UPDATE
    sessions_titled "app shop 10.0.0.6(4712) idle in transaction" "app shop 10.0.0.5(4711) SELECT"
    has_findings 0
    sessions_titled "app shop 10.0.0.6(4712) idle" "app shop 10.0.0.5(4711) SELECT waiting"
    has_findings 0
}

@test "PostgreSQL's titles: who waits for a lock in the database, and who may hold it; other waits are none" {
    sessions_titled "app shop 10.0.0.5(4711) SELECT waiting" "app shop [local] UPDATE waiting" "app shop 10.0.0.6(4712) idle in transaction" "app shop 10.0.0.6(4713) idle"
    says "1 2 sessions of its clients wait for a lock in the database, as their titles say: pid " " (app shop 10.0.0.5(4711) SELECT waiting)" "(app shop [local] UPDATE waiting)" \
        "Idle in a transaction, so that it may hold it: pid " "(app shop 10.0.0.6(4712) idle in transaction)." "pg_blocking_pids(pid)" "sockshim explain lock-wait"
    says_not "4713"
    has_findings 1
    # For a standby; for what a query on a standby needs; no session.
    sessions_titled "app shop 10.0.0.5(4711) COMMIT waiting for 0/3000060" "startup recovering 000000010000000000000003 waiting" "app shop 10.0.0.6(4712) idle in transaction" "app shop 10.0.0.6(4713) SELECT"
    says_not "a lock in the database"
    has_findings 0
}

@test "an answer is due: since when, and what if nothing ever comes; not where it has come" {
    looking_at answer_due
    says "1 This program sent last, and has no answer: descriptor " " with 127.0.0.1:8080, sent " " s ago, and nothing has come since; descriptor " \
        "has acknowledged all of it"
    says_not "a NAT" "KEEPALIVE" "RabbitMQ" # within one host
    [ "$(grep -o 'nothing has come since' <<<"$(flat "$output")" | wc -l)" -eq 2 ] || fails_with "$output"
    has_findings 1
}

@test "a proxy that collects an answer for a client that is sent nothing; one that passes it on, and what it asked later for its own, are none" {
    looking_at collects
    says "1 It receives, and passes nothing on: descriptor " " with 127.0.0.2:5432, asked " " bytes since it was connected" "but descriptor " " with 127.0.0.1:" \
        "has been sent nothing for " "proxy_buffering off" "sockshim explain buffering"
    has_findings 1
    looking_at passes_on
    says_not "passes nothing on"
    looking_at collects_for_itself
    says_not "passes nothing on"
}

@test "its listener is closed, and clients keep their connections: nobody owes it an answer; one that listens is well" {
    looking_at told_to_end
    says "1 It accepted 2 connections at 127.0.0.1:8080, where nobody listens any more, so new clients are refused: descriptor " \
        " with 127.0.0.1:" ", nothing came or went for " "as kept-alive connections" "server.closeIdleConnections()" "Not: a longer time to stop"
    says_not "This program sent last" "what do the requests wait for"
    has_findings 1
    looking_at told_to_end_at_work
    says "1 It accepted 2 connections" ", which sent last, " "Do: what do the requests wait for"
    says_not "kept-alive" "This program sent last"
    has_findings 1
    looking_at serves_on
    says " stands out"
    has_findings 0
}

@test "its only thread reads from a peer that sends nothing, and others are not accepted" {
    run -0 --separate-stderr in_network "$PYTHON" "$SCENE" one_peer "$SOCKSHIM_COMMAND" doctor
    says "1 2 connections wait to be accepted, while its only thread waits for a single connection to send: descriptor " \
        ", which has never sent anything." "more workers or threads"
    has_findings 1
}

@test "connections that wait to be accepted by a master's workers: where to look" {
    looking_at its_worker_has_one_peer
    says "1 At 127.0.0.1:8080 (descriptor " "1 connection has waited" "Do: its workers (pid " "are to accept, it seems: sockshim doctor PID of one of them"
    says_not "not answered"
    has_findings 1
}

@test "connections that wait to be accepted: all workers have a request, or not all; idle connections that may use up a limit" {
    looking_at its_workers_have_requests
    says "All of its 2 workers have a request from there that is not answered, the oldest for " "None is free" "Do: what does such a request wait for? sockshim doctor " "pm.max_children"
    looking_at one_of_its_workers_has_a_request
    says "1 of its 2 workers has a request from there that is not answered" "are to accept, it seems"
    says_not "None is free" "limit of connections"
    run -0 --separate-stderr in_network "$PYTHON" "$SCENE" at_its_limit "$SOCKSHIM_COMMAND" doctor
    says "2 connections have waited" "It has 6 connections from there, all of them idle for 3 s or more, and waits in epoll_" "if that is its limit of connections" "maxconn" "timeout http-keep-alive"
    run -0 --separate-stderr in_network "$PYTHON" "$SCENE" below_its_limit "$SOCKSHIM_COMMAND" doctor
    says "2 connections have waited"
    says_not "limit of connections"
}

@test "requests that it holds back, with nobody to wait for: both readings; not beside a connection that it asks" {
    looking_at holds_requests
    says "Clients have sent something and have no answer yet: descriptor " "it has no connection open on which it waits for that: what keeps them is its own." "a limit that lets requests through one by one"
    has_findings 0
    looking_at pool_is_in_use
    says_not "what keeps them is its own"
}

@test "connections that wait to be accepted, and have room; of two listeners at one address, the other one's" {
    looking_at slow_to_accept
    says "1 At 127.0.0.1:8080 (descriptor " ") 3 connections have waited for 1 s or more to be accepted. It does not accept, or not fast enough."
    has_findings 1
    looking_at slow_to_accept_at_path
    says "1 At busy.sock (descriptor " ") 9 connections wait to be accepted, and 1 s before it were 9 (limit 16). It does not accept fast enough." "a longer queue only helps against bursts"
    has_findings 1
    rm busy.sock
    looking_at two_wait_at_path
    says_not "wait to be accepted"
    # Both looks at once: whoever waits may have come just now.
    rm busy.sock
    looking_at slow_to_accept_at_path --seconds 0
    says_not "wait to be accepted"
    looking_at slow_to_accept --seconds 0
    says_not "have waited"
    run -0 --separate-stderr in_network "$PYTHON" "$SCENE" one_of_two_is_stuck "$SOCKSHIM_COMMAND" doctor
    says "1 Another process (python" ", pid " ") listens at 127.0.0.1:8080, too, and does not accept, or not fast enough: " \
        "have waited for 1 s or more to be accepted" "(SO_REUSEPORT)" "ps -o pid,ppid,lstart,args -p "
    has_findings 1
    run -0 --separate-stderr in_network "$PYTHON" "$SCENE" both_accept "$SOCKSHIM_COMMAND" doctor
    says " stands out"
    has_findings 0
}

@test "it computes, and reads nobody: which request it may work on; an event loop leaves others unread" {
    looking_at computes
    says "1 It computes, and meanwhile reads from nobody: its thread " " was busy for " " % of the time between the two looks" "2 connections have data that it has not read, the oldest for " \
        "2 connections have waited for 1 s or more to be accepted" "so perhaps works on: descriptor " ", whose request came " "SLOWLOG GET" "Not: longer time limits"
    has_findings 1
    looking_at computes_beside_a_loop
    says_not "It computes"
    looking_at computes --seconds 0
    says_not "It computes"
}

@test "clients wait, and nobody is waited for: the pool that was answered long since; not while one is asked" {
    looking_at pool_is_used_up
    says "Clients have sent something and have no answer yet: descriptor " "It waits for no socket for them: its 3 connections with 127.0.0.2:5432 have been answered, and idle for " \
        "have not given theirs back" "Nothing else stands out"
    has_findings 0
    looking_at pool_is_in_use
    says_not "have not given theirs back"
}

@test "whose connections its workers hold: most of them one host's, idle; not where there are as many of another" {
    looking_at most_of_one_host
    says "If it is at a limit of connections: 5 of the 7 connections of its clients are with 10.9.0.7, and on all of these nothing came or went for 3 s or more" \
        "Clients: 7: 5 with 10.9.0.7 (5 idle), 2 with 10.9.0.8 (2 idle)" "Nothing else stands out"
    has_findings 0
    looking_at most_have_asked
    says "Clients: 7: 5 with 10.9.0.7, 2 with 10.9.0.8"
    says_not "limit of connections"
    looking_at some_of_each_host
    says "Clients: 6: 3 with 10.9.0."
    says_not "limit of connections"
}

@test "an event loop that leaves an answer unread is not stuck elsewhere" {
    run -0 --separate-stderr in_network "$PYTHON" "$SCENE" reads_with_poll "$SOCKSHIM_COMMAND" doctor
    says "1 Data has arrived that the program does not read: descriptor " "60 bytes" "It waits in epoll_" ", and leaves these unread" "res.resume()"
    says_not "stuck elsewhere"
    has_findings 1
}

@test "a process with another /var/tmp: the paths of unix sockets mean others" {
    run -0 in_network sh -c 'mkdir it
        unshare -m --propagation private sh -c "mount --bind it /var/tmp; exec sleep 60" 3>&- &
        while [ "$(cat /proc/$!/comm)" != sleep ]; do sleep 0.05; done
        "$0" doctor --seconds 0 $!; kill $!' "$SOCKSHIM_COMMAND"
    says "It has another /var/tmp than this shell (a container, or PrivateTmp=)"
    run -0 in_network sh -c 'sleep 60 3>&- & "$0" doctor --seconds 0 $!; kill $!' "$SOCKSHIM_COMMAND"
    says_not "than this shell"
}

@test "a process in a chroot: where its paths begin; a mount of its own is none" {
    run -0 in_network sh -c 'mkdir jail
        "$1" -c "import os, sys, time; os.chroot(sys.argv[1]); os.chdir(\"/\"); print(1, flush=True); time.sleep(60)" jail >ready 3>&- &
        until [ -s ready ]; do sleep 0.05; done
        "$0" doctor --seconds 0 $!; kill $!' "$SOCKSHIM_COMMAND" "$PYTHON"
    says "Its root directory is $(readlink -f jail) (chroot): the paths that it looks for now"
    says_not "than this shell"
    has_findings 0
    run -0 in_network sh -c 'mkdir it
        unshare -m --propagation private sh -c "mount --bind it /var/tmp; exec sleep 60" 3>&- &
        while [ "$(cat /proc/$!/comm)" != sleep ]; do sleep 0.05; done
        "$0" doctor --seconds 0 $!; kill $!' "$SOCKSHIM_COMMAND"
    says_not "chroot"
}

# with_places SCRIPT: in a mount namespace with an empty /var/tmp and /srv; listen PATH MODE [COMMAND...]
# listens there, after COMMAND; its PID is in $listener.
with_places() {
    run -0 in_network sh -c '
        rm -rf shared private ready; mkdir shared private
        mount --bind shared /var/tmp && mount -t tmpfs none /srv && chmod 755 /srv || exit
        mkfifo ready
        listen() {
            path=$1 mode=$2
            shift 2
            "$@" "$PYTHON" "$SCENE" at_path "$path" "$mode" >ready 3>&- &
            listener=$!
            read -r _ <ready
        }
        with_private_tmp() { # keeps the PID
            exec unshare -m --propagation private sh -c "mount --bind private /var/tmp; exec \"\$@\"" - "$@"
        }
        '"$1"'
        kill $listener' - "$SOCKSHIM_COMMAND"
}

@test "a unix path that is another one for somebody else: whose /var/tmp is its own" {
    export PYTHON SCENE
    with_places 'listen /var/tmp/a.sock 777 with_private_tmp; "$1" doctor --seconds 0 $listener; "$1" doctor --seconds 0'
    says "1 It listens at /var/tmp/a.sock, and this shell does not find it there: the process has another /var/tmp (PrivateTmp= of its unit). Programs that share this shell's get ENOENT" \
        "Not: chmod of the socket, or a restart alone." \
        "1 What listens here is not found at its path by everybody: /var/tmp/a.sock (python" ", in a /var/tmp of its own). Those units have PrivateTmp="
    has_findings 2
    # The one who asks has its own.
    with_places 'listen /var/tmp/a.sock 777; with_private_tmp sleep 60 3>&- & asks=$!
        while [ "$(cat /proc/$asks/comm)" != sleep ]; do sleep 0.05; done
        "$1" doctor --seconds 0 $asks; : >private/a.sock; "$1" doctor --seconds 0 $asks; kill $asks'
    says "1 It does not see /var/tmp/a.sock, at which python" " listens: it has another /var/tmp than that one and this shell" "fails with ENOENT. Do:" "fails with ENOENT, or with ECONNREFUSED: another file is there."
    has_findings 2
    # Both see it, and neither is told of what is no matter of theirs.
    with_places 'listen /srv/a.sock 777; with_private_tmp sleep 60 3>&- & asks=$!
        while [ "$(cat /proc/$asks/comm)" != sleep ]; do sleep 0.05; done
        "$1" doctor --seconds 0 $asks; "$1" doctor --seconds 0 $listener; "$1" doctor --seconds 0; kill $asks'
    says "It has another /var/tmp than this shell"
    has_findings 0
}

@test "a unix path that a user may not pass: the first directory, whose it is, and its mode" {
    [ "$(id -u)" -eq 0 ] || skip "not root: no other user"
    export PYTHON SCENE
    local as_user='setpriv --reuid 65534 --regid 65534'
    with_places "mkdir -p /srv/deploy/shop; chmod 750 /srv/deploy; listen /srv/deploy/shop/a.sock 777
        $as_user --clear-groups sleep 60 3>&- & asks=\$!"'
        while [ "$(cat /proc/$asks/comm)" != sleep ]; do sleep 0.05; done
        "$1" doctor --seconds 0 $asks; kill $asks'
    says "1 It may not reach /srv/deploy/shop/a.sock, at which python" "user nobody may not pass /srv/deploy (mode 750, root:root), whatever the socket's own mode. A connect fails with EACCES." \
        "namei -l /srv/deploy/shop/a.sock" "Not: chmod of the socket."
    has_findings 1
    # A worker that is not root, of a process that is.
    with_places "mkdir -p /srv/deploy; chmod 700 /srv/deploy; listen /srv/deploy/a.sock 777
        sh -c '$as_user --clear-groups sleep 60; :' 3>&- & asks=\$!"'
        until [ "$(ps -o comm= --ppid $asks)" = sleep ]; do sleep 0.05; done
        "$1" doctor --seconds 0 $asks; ps -o pid= --ppid $asks | xargs kill'
    says "user nobody (its worker, pid " ") may not pass /srv/deploy (mode 700, root:root)"
    has_findings 1
    # A socket that is not meant for it; a group that may; root; all directories open.
    with_places "mkdir -p /srv/deploy /srv/open; chmod 750 /srv/deploy; listen /srv/deploy/a.sock 700
        $as_user --clear-groups sleep 60 3>&- & asks=\$!
        $as_user --groups 0 sleep 61 3>&- & may=\$!"'
        closed=$listener
        listen /srv/open/b.sock 777
        while [ "$(cat /proc/$asks/comm /proc/$may/comm | uniq)" != sleep ]; do sleep 0.05; done
        "$1" doctor --seconds 0 $asks; chmod 777 /srv/deploy/a.sock; "$1" doctor --seconds 0 $may; "$1" doctor --seconds 0 $listener; kill $asks $may $closed'
    has_findings 0
}

@test "a unix path that is open to a group of its user, which the process does not have" {
    [ "$(id -u)" -eq 0 ] || skip "not root: no other user"
    export PYTHON SCENE
    cp /etc/group group
    printf 'reads-sock:x:54321:nobody\n' >>group
    # Started before its user was in the group, and after.
    with_places 'mount --bind group /etc/group; listen /srv/a.sock 660; chgrp 54321 /srv/a.sock
        setpriv --reuid nobody --regid nogroup --groups 65534 sleep 60 3>&- & before=$!
        setpriv --reuid nobody --regid nogroup --init-groups sleep 60 3>&- & after=$!
        until [ "$(cat /proc/$before/comm /proc/$after/comm | uniq)" = sleep ]; do sleep 0.05; done
        "$1" doctor --seconds 0 $before; echo; echo next; "$1" doctor --seconds 0 $after; kill $before $after'
    says "1 It may not reach /srv/a.sock, at which python" " listens: the socket is open to group reads-sock, user nobody is in that group, and this process does not have it. A process keeps the groups of its start" \
        "restart it (its service; for a login: log out and in again; newgrp reads-sock"
    has_findings 1
    [[ ${output#*next} != *"may not reach"* ]] || fails_with "$output"
    # A group that its user is not in is none of its affairs; and haproxy's path of the moment before.
    printf 'reads-sock:x:54321:\n' >group
    with_places 'mount --bind group /etc/group; listen /srv/a.sock 660; chgrp 54321 /srv/a.sock
        setpriv --reuid nobody --regid nogroup --groups 65534 sleep 60 3>&- & asks=$!
        until [ "$(cat /proc/$asks/comm)" = sleep ]; do sleep 0.05; done
        "$1" doctor --seconds 0 $asks; kill $asks'
    has_findings 0
    printf 'reads-sock:x:54321:nobody\n' >group
    with_places 'mount --bind group /etc/group; listen /srv/b.sock.77.tmp 660; mv /srv/b.sock.77.tmp /srv/b.sock; chgrp 54321 /srv/b.sock
        setpriv --reuid nobody --regid nogroup --groups 65534 sleep 60 3>&- & asks=$!
        until [ "$(cat /proc/$asks/comm)" = sleep ]; do sleep 0.05; done
        "$1" doctor --seconds 0 $asks; kill $asks'
    says "1 It may not reach /srv/b.sock, at which"
}

@test "a name server at a loopback address where nothing listens: of a process, of the host, and beside a command" {
    echo nameserver 127.0.0.53 >resolv.conf
    run -0 in_network sh -c 'sleep 60 3>&- & "$0" doctor --seconds 0 $!; kill $!; "$0" doctor' "$SOCKSHIM_COMMAND"
    says "1 Its /etc/resolv.conf names 127.0.0.53, and nothing listens there in its network namespace: each look-up is refused at once" "That is systemd-resolved: it does not run here, or the file is the host's" \
        "1 This host's /etc/resolv.conf names 127.0.0.53" "docker run --dns ADDRESS"
    has_findings 2
    run --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" -c 'import socket; socket.getaddrinfo("nosuch.example", 80)'
    says "1 This host's /etc/resolv.conf names 127.0.0.53"
    says_not "that no socket took (UdpNoPorts"
    printf 'nameserver 127.0.0.11\nnameserver 192.0.2.53\n' >resolv.conf
    run -0 in_network "$SOCKSHIM_COMMAND" doctor
    says "1 This host's /etc/resolv.conf names 127.0.0.11, and nothing listens there" "it is asked in vain before or after the others. That is Docker's own"
    # Somebody answers, at another port to which a rule leads, or at all addresses.
    run -0 in_network "$PYTHON" "$SCENE" answers_at 127.0.0.11 5353 sh -c '"$0" doctor; "$0" doctor --seconds 0 $PPID' "$SOCKSHIM_COMMAND"
    has_findings 0
    echo nameserver 127.0.0.53 >resolv.conf
    run -0 in_network "$PYTHON" "$SCENE" answers_at 0.0.0.0 53 sh -c '"$0" doctor; "$0" doctor --seconds 0 $PPID' "$SOCKSHIM_COMMAND"
    has_findings 0
    run -0 in_network "$PYTHON" "$SCENE" answers_at 127.0.0.1 53 "$SOCKSHIM_COMMAND" doctor
    says "names 127.0.0.53, and nothing listens there"
}

@test "a unix socket's receiver that does not read: who it is" {
    looking_at unix_peer_does_not_read
    says "1 A receiver on this host does not read, and its queue is full: descriptor " " with python" ", pid " " waits in sendto for it)" \
        "look at that process with sockshim doctor"
    has_findings 1
}

@test "a unix socket's receiver that does not read: it is that process, and others wait" {
    run -0 in_network "$PYTHON" "$SCENE" unix_peer_does_not_read sh -c '"$0" doctor "$(pgrep -P "$PPID" | head -n 1)"' "$SOCKSHIM_COMMAND"
    says "1 1 process waits until it reads the datagrams sent to it: python" "nc -vz HOST PORT"
    run -0 in_network "$PYTHON" "$SCENE" unix_datagrams "$SOCKSHIM_COMMAND" doctor
    says_not "until it reads"
}

@test "of the host: who waits for a unix socket's receiver in both looks; of another network namespace, or in one look, nobody" {
    run -0 in_network "$PYTHON" "$SCENE" unix_peer_does_not_read "$SOCKSHIM_COMMAND" doctor
    says "1 process waits until the receiver of a unix datagram reads, whose queue is full: python" "sockshim explain syslog"
    run -0 in_network "$PYTHON" "$SCENE" unix_peer_does_not_read unshare -n "$SOCKSHIM_COMMAND" doctor
    says_not "unix datagram"
    run -0 in_network "$PYTHON" "$SCENE" unix_peer_does_not_read "$SOCKSHIM_COMMAND" doctor --seconds 0
    says_not "unix datagram"
    run -0 in_network "$PYTHON" "$SCENE" unix_datagrams "$SOCKSHIM_COMMAND" doctor
    says_not "unix datagram"
}

@test "nothing stands out, and it hangs: which connection it may wait for" {
    looking_at quiet
    says "If it hangs, or no longer gets what it waits for (messages, notifications), it may be waiting on descriptor " " with 127.0.0.1:8080, the last was sent " \
        "Within this host nothing in between can have lost it" "Nothing else stands out"
    says_not "a NAT" "KEEPALIVE" "RabbitMQ"
    has_findings 0
    looking_at quiet_with_keepalive
    says " stands out"
    says_not "If it hangs, or"
}

@test "a pool whose connections are all idle, and answered; fewer, or one that is asked, are none" {
    looking_at idle_pool
    says "Its 5 connections with 127.0.0.1:8080 are all idle, for " "QueuePool limit" "sockshim explain pool-exhausted" "Nothing else stands out"
    has_findings 0
    looking_at idle_pool_in_use
    says_not "are all idle"
    looking_at idle_pair
    says_not "are all idle"
}

@test "both wait for the other one to begin: no NAT has forgotten that; a pair that wakes an event loop is nothing" {
    looking_at mute
    says "Neither side has ever sent anything: descriptor " " with 127.0.0.1:8080, for " "keeps it in reserve, nothing is wrong" "waits itself for this program to begin" "Nothing else stands out"
    says_not "KEEPALIVE" "waiting for an answer"
    has_findings 0
    looking_at wakes_itself
    says " stands out"
    says_not "If it hangs, or" "Neither side"
    has_findings 0
}

@test "a socket that is gone in the second look is in no list; its number is another one's" {
    looking_at changes
    [[ $output == *", 1 of them a socket"* || $output == *", 0 of them sockets"* ]] || fails_with "$output"
    has_findings 0
}

@test "a limit of one descriptor is a sandbox's own" {
    run -0 --separate-stderr in_network "$PYTHON" "$SCENE" sandboxed "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "Descriptors: " " of 1, 0 of them sockets"
    says_not "descriptors that it may open are in use"
}

@test "a name server that does not answer; datagrams to others want no answer" {
    looking_at asks_name_server
    says "1 It seems to wait for a name server: descriptor " " with 127.0.0.1:53 (UDP)" "UdpNoPorts" \
        "No such server is in its /etc/resolv.conf (192.0.2.53): it asks by a setting of its own" "nginx: resolver"
    says_not "8125 (UDP)" "correct /etc/resolv.conf"
    has_findings 1
    printf 'nameserver %s\n' 192.0.2.53 127.0.0.1 >resolv.conf
    looking_at asks_name_server
    says "1 It seems to wait for a name server: descriptor " "correct /etc/resolv.conf"
    says_not "by a setting of its own" "look-ups at a time"
    looking_at node_asks
    says "1 It seems to wait for a name server: descriptor " "Node makes 2 look-ups at a time" "sockshim explain lookup-threads"
    looking_at node_asks_once
    says "It seems to wait for a name server"
    says_not "look-ups at a time"
    # That a client did not wait for it is what comes of it.
    looking_at asks_name_server_for_one_who_left
    says "1 It seems to wait for a name server: descriptor " "2 A connection is in CLOSE_WAIT"
}

# nc_pair SENDER: `nc -l`, and a script that sends to it, which has sent last 3 s ago; what doctor says of the
# two nc is in the files sender and receiver.
nc_pair() {
    head -c 100000 /dev/zero >file
    # shellcheck disable=SC2016
    in_network sh -c '
        nc -l 127.0.0.1 8080 >copy & receiver=$!
        until ss -Hltn | grep -q 127.0.0.1:8080; do sleep 0.01; done
        sh -c "$1" & script=$!
        until ss -Htin state established "( dport = :8080 )" | grep -qE "lastsnd:(2[5-9]|[3-9][0-9])[0-9]{2}"; do sleep 0.05; done
        sender=$(ss -Htnp state established "( dport = :8080 )" | sed "s/.*pid=\([0-9]*\).*/\1/")
        "$2" doctor "$sender" >sender
        "$2" doctor "$receiver" >receiver
        kill "$sender" "$receiver" "$script" 2>/dev/null' - "$1" "$SOCKSHIM_COMMAND"
}

@test "a sender whose input is at its end, and a receiver that reads to the end: both wait; not while more may come" {
    nc_pair 'exec nc 127.0.0.1 8080 <file'
    output=$(cat sender)
    says "1 This program sent last, and has no answer: descriptor " "nothing has ever come" "standard input ($BATS_TEST_TMPDIR/file) is at its end, and it has not ended its side of the connection (no FIN sent)" \
        "If for more data: let this program end its side (nc -N;"
    output=$(cat receiver)
    says "It has read all 100000 bytes that have come from 127.0.0.1:" "and has sent nothing. The other end has not ended its side (no FIN has come)" "sockshim explain both-wait"
    nc_pair '{ cat file; exec sleep 10; } | nc 127.0.0.1 8080'
    output=$(cat sender)
    says "1 This program sent last, and has no answer: descriptor "
    says_not "standard input"
    [ "$(id -u)" -eq 0 ] || return 0 # who else has a pipe is told to root alone
    nc_pair 'cat file | nc 127.0.0.1 8080'
    output=$(cat sender)
    says "standard input (pipe:[" "is at its end"
}

@test "a thread that waits for a datagram, or for another process of this host: what that may be; a server's is none" {
    looking_at waits_for_answer_by_udp
    says "It waits for a datagram (UDP): descriptor " "from a new port (TFTP" "sockshim explain udp-silence" "Nothing else stands out"
    looking_at serves_by_udp
    says_not "waits for a datagram"
    looking_at waits_for_another_process
    says "It waits for sleep, pid " "says what that waits for"
}

@test "connects that nobody answers beside connections that are open" {
    looking_at some_unanswered
    says " connects are not answered: " "But 2 connections with the same address are open"
    looking_at connect_unanswered
    says_not "with the same address"
}

@test "idle and well, busy and well, half closed and well: no complaint" {
    looking_at busy
    says " stands out: nothing waits for an acknowledgement" "sockets, two looks 1 s apart). If it hangs now: sockshim doctor PID of what it waits for" "127.0.0.1:8080 with 127.0.0.1:"
    says_not " Do: "
    looking_at idle
    says " stands out" "waits in accept" ": descriptor " "waits in recvfrom" " in pselect6 and the like: they wait for any of several descriptors" \
        "unix-stream with its own descriptor "
    says_not " Do: "
    looking_at still_sending
    says "CLOSE_WAIT" " stands out"
    says_not " Do: "
}

@test "without ss: what /proc tells, and what is not known" {
    local tool
    mkdir bin
    for tool in awk cat sed readlink sh ls od uname sleep; do
        ln -s "$(command -v $tool)" bin
    done
    run -0 --separate-stderr in_network "$PYTHON" "$SCENE" stuck env PATH="$PWD/bin" sh -c '"$0" doctor "$PPID"' "$SOCKSHIM_COMMAND"
    [ -z "$stderr" ] || fails_with "$stderr"
    says "1 At 127.0.0.1:8080 (descriptor " ") 2 connections have waited for 1 s or more to be accepted" \
        "2 A connection is in CLOSE_WAIT: the peer has closed, and this program has not: descriptor " \
        "3 Data has arrived that the program does not read: descriptor " ", 60 bytes. If it is its turn" \
        "127.0.0.1:8080 LISTEN, 2 not yet accepted " \
        "Not known ss (package iproute2) is not installed: the limits of accept queues, unix sockets, and when data last came and went."
    says_not "accept queues are full" " ago"
}

@test "a process in another network namespace, and one of another user" {
    in_network "$PYTHON" "$SCENE" stuck sh -c 'echo "$PPID" >pid; sleep 1000' 3>&- &
    local scene=$!
    BACKGROUNDS+=" $scene"
    wait_until test -s pid
    run -0 "$SOCKSHIM_COMMAND" doctor "$(cat pid)"
    says "(python3), in a network namespace of its own" "2 of its accept queues are full" "in CLOSE_WAIT"
    says_not "Not known"
    # Who may not enter it reads it in /proc.
    mkdir bin
    printf '#!/bin/sh\nexit 1\n' >bin/nsenter
    chmod +x bin/nsenter
    PATH=$PWD/bin:$PATH run -0 "$SOCKSHIM_COMMAND" doctor "$(cat pid)"
    says "in CLOSE_WAIT" "Not known ss may not enter its network namespace (only root may)"
    says_not "accept queues are full"
    install_for_others
    run -1 --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups inst/bin/sockshim doctor "$(cat pid)"
    [ -z "$output" ]
    [ "$stderr" = "sockshim: the descriptors of process $(cat pid) can be seen only by its user and by root (CAP_SYS_PTRACE)" ]
    kill "$(cat pid)"
}

@test "without root, for a process of one's own" {
    [ "$(id -u)" -eq 0 ] || skip "not root: the others are this test"
    install_for_others
    cp "$SCENE" scene.py
    chmod 755 . scene.py
    run -0 --separate-stderr in_network setpriv --reuid 65534 --regid 65534 --clear-groups "$PYTHON" scene.py stuck \
        sh -c '"$0" doctor "$PPID"' "$PWD/inst/bin/sockshim"
    [ -z "$stderr" ] || fails_with "$stderr"
    says "1 2 of its accept queues are full" "2 A connection is in CLOSE_WAIT" "waits in recvfrom: descriptor "
}

@test "names that a terminal would obey, or that look like facts, do no harm" {
    looking_at hostile_names
    says "(a?[31m?b)" "1 Its accept queue is full: descriptor " "at @scene ?[31m"
    says_not " 99 "
    run ! grep '[^ -~]' <<<"$output"
    looking_at hostile_names --json
    jq -e '.name == "a\ufffd[31m\ufffdb" and .findings[0].kind == "accept-queue-full"' <<<"$output" || fails_with "$output"
}

@test "the same as JSON" {
    looking_at stuck --json
    jq -e '[.findings[].kind] == ["accept-queue-full", "not-closed", "not-read"]
        and any(.sockets[]; .type == "tcp" and .local == "127.0.0.1:8080" and .state == "LISTEN" and .not_accepted == 2 and .accept_limit == 1)
        and any(.sockets[]; .unread == 60 and .received_ms_ago > 900)
        and any(.threads[]; .call == "recvfrom" and (.peer | startswith("127.0.0.1:")))
        and .unknown == [] and .descriptors > 10 and .pid > 1' <<<"$output" || fails_with "$output"
}

@test "--watch repeats until the process has ended" {
    background sleep 1000
    local watched=$BACKGROUND
    "$SOCKSHIM_COMMAND" doctor --watch 1 --seconds 0 "$watched" >out 2>err 3>&- &
    local watching=$!
    wait_until sh -c '[ "$(grep -c "^Process " out)" -ge 3 ]'
    kill "$watched"
    wait "$watched" || :
    local status=0
    wait "$watching" || status=$?
    [ "$status" -eq 0 ]
    grep -qE '^---- [0-9:]{8} UTC$' out
    [ "$(cat err)" = "sockshim: process $watched has ended" ]
}

@test "a wrong PID or option is one line" {
    expect_refusal doctor "x is not a PID; to run a command, put -- before it; see sockshim help doctor" x
    expect_refusal doctor "doctor takes one PID, not 1 and 2; see sockshim help doctor" 1 2
    expect_refusal doctor "--watch soon is not allowed; allowed: whole seconds, at most 9999; see sockshim help doctor" --watch soon 1
    run -1 --separate-stderr doctor 999999999
    [ "$stderr" = "sockshim: there is no process 999999999" ]
}

@test "three shells and three awks say the same of a process" {
    local shell awk first=
    for awk in mawk gawk busybox; do
        mkdir "$awk"
        ln -s "$(command -v "$awk")" "$awk/awk"
    done
    while read -r awk shell; do
        # shellcheck disable=SC2086
        run -0 --separate-stderr in_network "$PYTHON" "$SCENE" stuck env PATH="$PWD/$awk:$PATH" \
            sh -c '"$@" doctor "$PPID"' - $shell "$SOCKSHIM_COMMAND"
        [ -z "$stderr" ] || fails_with "$awk $shell: $stderr"
        # Without the numbers that are others each time.
        local all
        all=$(flat "$output" | sed -E 's/[0-9]+\.[0-9] s/N s/g; s/:[0-9]{5}/:PORT/g; s/Process [0-9]+/Process/; s/-p [0-9]+/-p PID/; s/ [0-9]+ waits/ waits/; s/sh, pid [0-9]+/sh, pid PID/')
        [ "$all" = "${first:=$all}" ] || fails_with "$awk $shell: $(diff <(echo "$first") <(echo "$all"))"
    done <<'PAIRS'
mawk dash
gawk bash
busybox busybox sh
PAIRS
}

@test "a process without sockets has 0 of them" {
    sleep 1000 3>&- &
    run -0 "$SOCKSHIM_COMMAND" doctor --seconds 0 $!
    kill $!
    [[ $output == *"Descriptors: "*", 0 of them sockets"* ]] || fails_with "$output"
}

# ---- A process that does not run ----

# listening_process: its pid is in $BACKGROUND; a client's two bytes lie there unread.
listening_process() {
    rm -f "$BATS_TEST_TMPDIR/ready"
    background "$PYTHON" -c "
import socket, time
listener = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(listener.getsockname())
accepted = listener.accept()[0]
client.sendall(b'hi')
open('$BATS_TEST_TMPDIR/ready', 'w').close()
time.sleep(600)"
    wait_until test -e "$BATS_TEST_TMPDIR/ready"
}

doctor_of() {
    run -0 --separate-stderr "$SOCKSHIM_COMMAND" doctor --seconds 1 "$@"
    [ -z "$stderr" ] || fails_with "$stderr"
}

state_is() {
    grep -q "^State:[[:space:]]*$2" "/proc/$1/status"
}

@test "a process that is stopped, and goes on" {
    listening_process
    local pid=$BACKGROUND
    kill -STOP "$pid"
    wait_until state_is "$pid" T
    doctor_of "$pid"
    says "1 It is stopped (SIGSTOP, or Ctrl-Z)" "Do: kill -CONT $pid"
    kill -CONT "$pid"
    wait_until state_is "$pid" S
    doctor_of "$pid"
    says_not "It is stopped"
}

@test "a process that a debugger holds: which" {
    listening_process
    local pid=$BACKGROUND
    background "$PYTHON" -c "
import ctypes, os, time
ctypes.CDLL(None).ptrace(16, $pid, 0, 0) # PTRACE_ATTACH
os.waitpid($pid, 0)
time.sleep(600)"
    local debugger=$BACKGROUND
    wait_until state_is "$pid" t
    doctor_of "$pid" || :
    kill -9 "$debugger" # before its tracee, which otherwise does not end
    says "1 It is stopped by a debugger: python3, pid $debugger."
}

@test "a process that waits in the kernel, where no signal reaches it" {
    cc -x c -o "$BATS_TEST_TMPDIR/forks" - <<'END'
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    if (vfork() == 0) {
        pause();
        _exit(0);
    }
    return 0;
}
END
    background "$BATS_TEST_TMPDIR/forks"
    local pid=$BACKGROUND
    wait_until state_is "$pid" D
    BACKGROUNDS+=" $(pgrep -P "$pid")"
    doctor_of "$pid"
    says "1 It waits in the kernel, where no signal reaches it (state D"
}

@test "a process whose cgroup is frozen" {
    listening_process
    local pid=$BACKGROUND
    # shellcheck disable=SC2016
    run -0 unshare -m sh -c '
        mount -t tmpfs none /sys/fs/cgroup && mkdir /sys/fs/cgroup/freezer &&
            mount -t cgroup -o freezer none /sys/fs/cgroup/freezer && mkdir "/sys/fs/cgroup/freezer/sockshim.$1" || { echo none; exit 0; }
        cd "/sys/fs/cgroup/freezer/sockshim.$1"
        echo "$1" >cgroup.procs
        echo FROZEN >freezer.state
        until grep -q FROZEN freezer.state; do sleep 0.1; done
        pid=$1
        shift
        "$@"
        echo THAWED >freezer.state
        cd .. && echo "$pid" >cgroup.procs && rmdir "sockshim.$pid"' - "$pid" "$SOCKSHIM_COMMAND" doctor --seconds 1 "$pid"
    [ "$output" != none ] || skip "no freezer here"
    says "1 Its cgroup is frozen"
}

# ---- The lock of a file ----

waits_at_lock() {
    [ "$(grep -c -- '-> ' /proc/locks)" -ge 1 ] && awk -v pid="$1" '$2 == "->" && $6 == pid { found = 1 } END { exit !found }' /proc/locks
}

@test "a file's lock that it waits for: who holds that; the holder, and who asks without waiting, do not" {
    background "$PYTHON" -c "
import fcntl, time
file = open('a file', 'w')
fcntl.flock(file, fcntl.LOCK_EX)
open('held', 'w')
time.sleep(600)"
    local holder=$BACKGROUND awk
    wait_until test -e held
    # What its client has sent lies unread, and is not closed: a consequence.
    background perl -MIO::Socket::INET -MFcntl=:flock -e '
        my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "0.0.0.0");
        my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $s->sockport);
        my $a = $s->accept; print $c "request"; close $c;
        open(my $f, "<", "a file"); flock($f, LOCK_EX)'
    local waiter=$BACKGROUND
    wait_until waits_at_lock "$waiter"
    for awk in mawk gawk original-awk busybox; do
        mkdir "$awk"
        ln -s "$(command -v "$awk")" "$awk/awk"
        PATH=$PWD/$awk:$PATH doctor_of "$waiter"
        says "1 It waits for the lock of a file, in both looks: $PWD/a file, held by python3, pid $holder." "Do: what does pid $holder do?" "Not: more workers"
        has_findings 1
    done
    doctor_of "$holder"
    says "1 It holds the lock of a file, $PWD/a file, for which another process waits in both looks: pid $waiter."
    has_findings 1
    kill "$waiter" && wait "$waiter" || :
    background "$PYTHON" -c "
import fcntl, time
file = open('a file')
while True:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        open('asked', 'w')
    time.sleep(0.1)"
    wait_until test -e asked
    doctor_of "$BACKGROUND"
    says_not "lock of a file"
    doctor_of "$holder"
    says_not "lock of a file"
}

@test "workers that wait for a file's lock, and the one that has it; one fewer when that has ended" {
    background "$PYTHON" -c "
import fcntl, os, signal, time
for i in range(3):
    if os.fork() == 0:
        file = open('file', 'w')
        fcntl.lockf(file, fcntl.LOCK_EX)
        open('held', 'w').write(str(os.getpid()))
        time.sleep(600)
time.sleep(600)"
    local parent=$BACKGROUND worker waiting
    two_wait() {
        waiting=0
        for worker in $(pgrep -P "$parent"); do
            ! waits_at_lock "$worker" || waiting=$((waiting + 1))
        done
        [ "$waiting" -eq 2 ]
    }
    wait_until two_wait
    BACKGROUNDS+=" $(pgrep -P "$parent" | tr '\n' ' ')"
    doctor_of "$parent"
    says "1 2 of its 3 workers (python3) wait for the lock of a file, in both looks: $PWD/file, held by python3, pid $(cat held)."
    has_findings 1
    kill -9 "$(cat held)" # the next one has it
    one_waits() { two_wait || [ "$waiting" -eq 1 ]; }
    wait_until one_waits
    doctor_of "$parent"
    says "1 1 of its 2 workers (python3) waits for the lock"
}
