#!/usr/bin/env bats
# `sockshim doctor -- COMMAND`: what the kernel counted beside what the log says.

bats_require_minimum_version 1.5.0

load helpers
load doctor

setup_file() {
    doctor_setup_file
}

setup() {
    doctor_setup
}

@test "a full queue with tcp_abort_on_overflow: this host reset them, and the numbers match" {
    SETTINGS=net.ipv4.tcp_abort_on_overflow=1 beside overflow
    [ "$status" -eq 0 ]
    [ "$output" = $'104\n104' ]
    says "tcp_syncookies=0: it hides a full backlog instead of fixing it. Counted meanwhile, in this network namespace (other programs included)" \
        "ListenOverflows +4 " "ListenDrops +4 " "EmbryonicRsts +2 " "OutRsts +2 " "did not move: TCPReqQFullDoCookies" \
        "sockshim: the log is $LOG 1 peer-reset 2, from this host: 127.0.0.1:8080 (2). The numbers match. The kernel can have sent all the RSTs for a full accept queue (ListenOverflows +4): tcp_abort_on_overflow is 1" \
        "sysctl -w net.ipv4.tcp_abort_on_overflow=0" "Not: tcp_syncookies=0"
    says_not " 2 ListenOverflows" "A program on this host"
}

@test "what refuses is the proxy that the environment names; a proxy elsewhere is none, and no password is told" {
    local -x http_proxy=http://me:secret@127.0.0.1:9/
    beside refused
    says "127.0.0.1:9 (2)" "Do: 127.0.0.1:9 is the proxy that http_proxy in the environment names" "no_proxy"
    says_not secret
    http_proxy=http://127.0.0.1:3128
    beside refused
    says "127.0.0.1:9 (2)" "Do: start the server"
    says_not no_proxy
}

@test "a proxy of the environment that COMMAND talked to is told where nothing failed; one that it did not talk to is not" {
    local -x http_proxy=http://127.0.0.1:8080 HTTPS_PROXY=https://me:secret@127.0.0.1:8080/
    beside answered
    says "COMMAND talked to 127.0.0.1:8080, the proxy that http_proxy in the environment names" \
        "env -u http_proxy -u HTTPS_PROXY COMMAND tries it without. With https:// COMMAND speaks TLS to the proxy itself"
    says_not secret
    HTTPS_PROXY=http://127.0.0.1:9
    beside answered
    says "env -u http_proxy COMMAND tries it without. Counted"
    says_not "speaks TLS"
    http_proxy=http://127.0.0.1:9
    beside answered
    says_not "COMMAND talked to"
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
    says "EmbryonicRsts +3 " "Two things can be behind it, and the counters do not say which happened where. The kernel can have sent all the RSTs for a full accept queue (ListenOverflows +4)" \
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

@test "one connection of several processes is told, and its reset with it; connections of their own are none" {
    beside shared
    says " 1 2 processes of python3 use one and the same connection, from 127.0.0.1:" " to 127.0.0.1:8080. What is opened before a fork" "Do: let each process open a connection of its own" "TCPAbortOnClose +2 "
    says_not "look at the program at that address" "themselves" "peer-reset 1, from"
    beside unshared
    says " 1 peer-reset 2, from this host: 127.0.0.1:8080 (2). The numbers match." "Do: look at the program at that address"
    says_not "one and the same connection"
}

@test "resets that COMMAND sends are told by its log; of those of others nothing is said, unless it may be COMMAND for all that is known" {
    beside lingering
    says " 1 COMMAND itself reset 2 connections by closing: 127.0.0.1:" "or used SO_LINGER 0 (TCPAbortOnData +2)" "COMMAND's own message says what it met"
    says_not "peer-reset 2, from" "COMMAND's own records come first"
    beside lingering --level warn
    says "Programs here reset 2 connections themselves: TCPAbortOnClose +0 (data left unread), TCPAbortOnData +2" "Whether COMMAND is one of them, there is no record to tell"
    # Other programs reset theirs, while COMMAND fails otherwise, or does nothing.
    run --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- env LD_PRELOAD= "$PYTHON" "$SCENE" lingering
    says "TCPAbortOnData +2 " "no TCP connection of this run was reset"
    says_not "themselves" "by closing"
}

@test "what the kernel has counted stands below what COMMAND's own records say" {
    beside failed_and_lingering
    says "COMMAND's own records come first: write-after-close" "need not be why COMMAND failed. 1 COMMAND itself reset"
}

@test "a listener that closes resets those that it has not accepted" {
    beside closed_listener
    [ "$output" = $'104\n104' ]
    says "This host did send RSTs (OutRsts +2), none of them for unread data or SO_LINGER 0. It may have been a listener that was closed while connections waited in its queue, or a connection that was no longer known."
}

@test "a reset by a firewall rule on this host" {
    beside cut_off
    [ "$output" = 104 ]
    says "peer-reset 1, from this host: 127.0.0.1:8080 (1). This network namespace did not send as many RSTs (OutRsts +0): a firewall rule did"
}

@test "a refusal by the kernel, and one by a firewall rule" {
    beside refused
    [ "$output" = $'111\n111' ]
    says "connection-refused 2, by this host: 127.0.0.1:9 (2). As far as the counters show, nothing was listening there, and the kernel answered with RST (OutRsts +2)" \
        "a full backlog drops SYNs instead of refusing"
    run --separate-stderr in_network sh -c '
        nft add table ip f && nft add chain ip f in "{ type filter hook input priority 0; }" &&
        nft add rule ip f in tcp dport 9 reject with tcp reset && exec "$@"' - \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused
    [ "$output" = $'111\n111' ]
    says "The kernel's TCP did not send as many RSTs (OutRsts +0): a firewall rule of this host did (reject)" "nft list ruleset"
    says_not "nothing was listening"
}

@test "refused, and somebody listens at that port at another address: which, and what to ask for" {
    run --separate-stderr in_network "$PYTHON" "$SCENE" listens_at 0.0.0.0 9 "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_own_ipv6
    [ "$output" = $'111\n111' ]
    says "1 connection-refused 2, by this host: [::1]:9 (2). Nothing listens at that address, and there is a listener for the same port: 0.0.0.0:9 (" \
        "all addresses of IPv4 and none of IPv6" "ask for 127.0.0.1:9 (localhost is ::1 first"
    rm "$LOG"
    run --separate-stderr in_network "$PYTHON" "$SCENE" listens_at 127.0.0.1 9 "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_loopback
    says "a listener for the same port: 127.0.0.1:9 (" "ask for 127.0.0.1:9, or let that server listen at 127.9.9.9 as well, or at all (0.0.0.0)."
    rm "$LOG"
    run --separate-stderr in_network "$PYTHON" "$SCENE" listens_at 0.0.0.0 10 "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_own_ipv6
    says "As far as the counters show, nothing was listening there" "Do: start the server"
    says_not "for the same port"
}

@test "an address in use: who holds the port, at which address; of what nobody holds afterwards nothing is said" {
    local binds='import socket
s = [socket.socket(), socket.socket()]
for x in s:
    x.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try: x.bind(("0.0.0.0", 53)); x.listen()
    except OSError as e: print(e.errno)'
    run --separate-stderr in_network "$PYTHON" "$SCENE" listens_at 127.0.0.53 53 "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" -c "$binds"
    [ "$output" = $'98\n98' ]
    says "1 COMMAND could not have 0.0.0.0:53 (tcp), and there is now: 127.0.0.53:53 (" "One at a single address keeps others from having that port at all addresses." \
        "an address of its own; sockshim explain port-53."
    rm "$LOG"
    run --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" -c "$binds" # its own first one
    [ "$output" = 98 ]
    says_not "COMMAND could not have"
}

@test "no route for a whole family, while the other has one; with none at all nothing is said of families" {
    run --separate-stderr in_network sh -c 'ip link add one type veth peer name two && ip link set one up && ip link set two up &&
        ip -6 addr add 2001:db8::2/64 dev one nodad && ip -6 route add default via 2001:db8::1 dev one && exec "$@"' - \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_elsewhere
    [ "$output" = $'101\n101' ]
    says "1 unreachable 2: 10.1.2.3:9 (2). This host has a default route for IPv6, and none for IPv4: it reaches no IPv4 address but those" "has that server an IPv6 address?"
    says_not "found no neighbour"
    rm "$LOG"
    run --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_elsewhere
    [ "$output" = $'101\n101' ]
    says "No ICMP from elsewhere said so"
    says_not "This host has a default route"
}

# A name of which the one with a search domain exists as well, and comes first.
@test "a search domain leads to another server: which name it was; of one that is meant, or with a dot at its end, nothing is said" {
    command -v getent >/dev/null || skip "no getent here"
    printf 'nameserver 127.0.0.1\nsearch svc.test corp.test\noptions ndots:5\n' >resolv.conf
    went_to() {
        rm -f "$LOG"
        run --separate-stderr in_network "$PYTHON" "$SCENE" names_with_domain "$SOCKSHIM_COMMAND" doctor -o "$LOG" "${@:2}" -- "$PYTHON" -c "$connects" "$1"
    }
    local connects='import socket, sys
s = socket.socket(); s.setblocking(False)
s.connect_ex((socket.getaddrinfo(sys.argv[1], 8080, socket.AF_INET)[0][4][0], 8080))'
    local format
    for format in logfmt json; do
        went_to api.pay.test --format $format
        says "1 COMMAND looked for api.pay.test and went to 127.0.0.3, which is the address of api.pay.test.corp.test: /etc/resolv.conf has ndots:5 and a search domain" \
            "api.pay.test itself has 127.0.0.4: if that was meant, COMMAND talked to another server."
    done
    for name in api.pay.test. own.pay.test; do
        went_to "$name"
        says_not "COMMAND looked for"
    done
    printf 'nameserver 127.0.0.1\nsearch svc.test corp.test\n' >resolv.conf
    went_to api.pay.test
    says_not "COMMAND looked for"
}

# beside_neighbour RULES COMMAND...: in a network with a neighbour, 10.1.2.3, in which the shell
# commands RULES were run.
beside_neighbour() {
    in_network sh -c '
        unshare -n sleep 60 & neighbour=$!
        trap "kill $neighbour" EXIT
        while [ "$(readlink /proc/$neighbour/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do :; done
        ip link add one type veth peer name two netns $neighbour
        ip addr add 10.1.2.2/24 dev one && ip link set one up
        nsenter -t $neighbour -n sh -c "ip addr add 10.1.2.3/24 dev two; ip link set two up; $0"
        "$@"' "$@"
}

@test "an address of this host is this host; another is not" {
    beside refused_loopback
    says "connection-refused 2, by this host: 127.9.9.9:9 (2). As far as the counters show, nothing was listening"
    run --separate-stderr in_network sh -c 'ip -6 addr add fd00::5/64 dev lo nodad && exec "$@"' - \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_ipv6
    says "connection-refused 2, by this host: [fd00::5]:9 (2). As far as the counters show, nothing was listening"
    run --separate-stderr in_network sh -c 'ip addr add 10.1.2.3/32 dev lo && exec "$@"' - \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_elsewhere
    says "connection-refused 2, by this host: 10.1.2.3:9 (2). As far as the counters show, nothing was listening"
    # A neighbour, in a namespace of its own.
    run --separate-stderr beside_neighbour : "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_elsewhere
    [ "$output" = $'111\n111' ]
    says "connection-refused 2, by other hosts: 10.1.2.3:9 (2). No ICMP came in, so it was an RST: nothing listens there, or a firewall sends that in its name."
    says_not "by this host"
    # A firewall that rejects this client, as fail2ban's do.
    run --separate-stderr beside_neighbour 'nft add table ip f && nft add chain ip f in "{ type filter hook input priority 0; }" &&
        nft add rule ip f in tcp dport 9 reject' "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_elsewhere
    [ "$output" = $'111\n111' ]
    says "connection-refused 2, by other hosts: 10.1.2.3:9 (2). As often ICMP came in that a destination is unreachable (IcmpInDestUnreachs +" "so a firewall there or on the path rejects this host."
}

@test "unreachable: by a firewall's ICMP, or no neighbour was found" {
    run --separate-stderr beside_neighbour 'nft add table ip f && nft add chain ip f in "{ type filter hook input priority 0; }" &&
        nft add rule ip f in tcp dport 9 reject with icmp host-prohibited' "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_elsewhere
    [ "$output" = $'113\n113' ]
    says "unreachable 2: 10.1.2.3:9 (2). As often ICMP from elsewhere said so (IcmpInDestUnreachs +" "): a firewall, there or on the path, rejects this host" "firewall-cmd"
    rm "$LOG"
    run --separate-stderr beside_neighbour 'ip link set two arp off' "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" refused_elsewhere
    [ "$output" = $'113\n113' ]
    says "unreachable 2: 10.1.2.3:9 (2). No ICMP from elsewhere said so: this host found no neighbour" "ip neigh"
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
    says "According to the log, no TCP connection of this run was reset, refused or timed out, and no accept queue here was full. If COMMAND reports an error, it may be an answer that refuses: sockshim explain MESSAGE. If it hangs: sockshim doctor PID while it does."
}

@test "resets and refusals that are not TCP's are left out" {
    beside not_tcp
    [ "$output" = $'104\n111' ]
    says "According to the log, no TCP connection of this run was reset, refused or timed out" "But something else failed ("
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

@test "without -o the log is this run's alone: what another one meets meanwhile in that directory is not counted" {
    cat >wait_for.sh <<'S'
until [ -e "$1" ]; do sleep .05; done
S
    echo 'import socket, sys; sys.exit(socket.socket().connect_ex(("127.0.0.1", 9)) != 111)' >refused.py
    run --separate-stderr in_network sh -c '
        (sh wait_for.sh begun; "$0" run -- "$1" refused.py; "$0" run -- "$1" refused.py; : >over) 2>/dev/null &
        "$0" doctor -- sh -c "\"$1\" refused.py; : >begun; sh wait_for.sh over"
        wait' "$SOCKSHIM_COMMAND" "$PYTHON"
    says "sockshim: 1 record: connection-refused 1" " 1 connection-refused 1, by this host: 127.0.0.1:9 (1)"
    [ "$(grep -c cause=connection-refused sockshim.log)" -eq 2 ]
    # And the summary names the file to report.
    [[ $(flat "$stderr") =~ "evidence and advice: sockshim report "(sockshim.[0-9]+.log) ]] || fails_with "$stderr"
    [ "$(grep -c cause=connection-refused "${BASH_REMATCH[1]}")" -eq 1 ]
    # A log that was chosen is that one.
    run --separate-stderr in_network env SOCKSHIM_LOG=chosen.log "$SOCKSHIM_COMMAND" doctor -- "$PYTHON" refused.py
    says "the log is $PWD/chosen.log" "evidence and advice: sockshim report chosen.log sockshim:"
}

# by_facts WORD WORD WORD...: what is said of these facts, three words each.
by_facts() {
    printf '%s\t%s\t%s\n' before OutRsts 1 before ListenOverflows 1 after OutRsts 1 after ListenOverflows 1 "$@" | LC_ALL=C TERMINAL_COLUMNS=200 awk -f "$TOP/scripts/lib/wrap.awk" -f "$TOP/scripts/lib/doctor/finding.awk" -f "$TOP/scripts/lib/records.awk" -f "$TOP/scripts/lib/ports.awk" \
            -f "$TOP/scripts/lib/doctor/command.awk" -f "$TOP/scripts/lib/doctor/command_log.awk" -f "$TOP/scripts/lib/doctor/command_losses.awk" -f "$TOP/scripts/lib/doctor/command_ways.awk" -f "$TOP/scripts/lib/doctor/shared.awk" -f "$TOP/scripts/lib/doctor/names.awk" -f "$TOP/scripts/lib/doctor/address.awk"
}

@test "segments that come out of order are overtaken or lost; what was sent again was lost" {
    by_facts before InSegs 0 after InSegs 1000 before TCPOFOQueue 0 after TCPOFOQueue 280 >said
    output=$(cat said)
    says "Of the 1000 segments that came in, 280 came out of order (TCPOFOQueue): earlier ones had been overtaken (reordering" "Reordering alone costs little"
    says_not "What is lost costs"
    by_facts before InSegs 0 after InSegs 1000 before TCPOFOQueue 0 after TCPOFOQueue 280 before OutSegs 0 after OutSegs 100 before RetransSegs 0 after RetransSegs 10 >said
    output=$(cat said)
    says "it sent 10 segments again (RetransSegs). Of the 1000" "What is lost costs 0.2 s"
    by_facts before InSegs 0 after InSegs 1000 before TCPOFOQueue 0 after TCPOFOQueue 2 >said
    output=$(cat said)
    says_not "out of order (TCPOFOQueue)"
}

@test "conntrack's table beside COMMAND: nearly full, or dropping; not with room" {
    [ -r /proc/sys/net/netfilter/nf_conntrack_max ] || skip "no conntrack here"
    run --separate-stderr in_network "$PYTHON" "$SCENE" tracked "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- true
    says_not "The conntrack table"
    # The limit is the machine's, and stays as it is: another one is mounted over it.
    echo 11 >limit
    run --separate-stderr in_network "$PYTHON" "$SCENE" tracked sh -c 'mount --bind limit /proc/sys/net/netfilter/nf_conntrack_max && exec "$0" doctor -o "$1" -- true' \
        "$SOCKSHIM_COMMAND" "$LOG"
    says " 1 The conntrack table has 10 of 11 entries." "fail silently" "nf_conntrack_max=22"
    # Dropping meanwhile: by the facts alone, as no test can fill the machine's table.
    for dropped in 4 9; do
        by_facts before conntrack_drop 4 after conntrack_drop $dropped conntrack 20 100 >"said.$dropped"
    done
    run ! grep -q "The conntrack table" said.4
    [[ $(flat "$(cat said.9)") == *"The conntrack table has 20 of 100 entries, and meanwhile conntrack_drop +5, conntrack_early_drop +0."* ]] || fails_with "$(cat said.9)"
}

@test "no log, or one that is kept short, is said" {
    touch off # a file of that name is not the log
    run -0 --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o off -- "$PYTHON" "$SCENE" unread
    says "There is no log to compare it with." "TCPAbortOnClose +3 " "Programs here reset 3 connections themselves"
    run -0 --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o stderr -- true
    says "There is no log to compare it with."
    says_not "No TCP connection"
    run -0 --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o "$LOG" --skip connection-refused -- "$PYTHON" "$SCENE" refused
    says "The comparison does not include what --level or --skip kept out of the log." "OutRsts +2 "
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
        # Once more if it took so long that an ACK was held back, which is counted.
        for _ in {1..10}; do
            rm -f "$BATS_TEST_TMPDIR/log.$awk"
            # shellcheck disable=SC2086
            run --separate-stderr with_settings net.ipv4.tcp_abort_on_overflow=1 net.ipv4.tcp_retries2=7 \
                "${uniform[@]}" env PATH="$PWD/$awk:$PATH" LC_ALL=C.UTF-8 "$PYTHON" "$SCENE" many_queues \
                $shell "$SOCKSHIM_COMMAND" doctor -o "$BATS_TEST_TMPDIR/log.$awk" -- "$PYTHON" "$SCENE" overflow
            grep -q '^ *DelayedACKs *+' <<<"$stderr" || break
        done
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

# ---- What slows down, or is lost without an error ----

@test "40 ms an exchange: a delayed ACK for each, and whose fault it is not" {
    beside two_pieces
    says "1 DelayedACKs +" " segments of data sent (TCPOrigDataSent) in " "If requests take 40 ms each, it is the other side: it writes its answer in two small pieces" \
        "It is not COMMAND, which has TCP_NODELAY" "run that program under sockshim"
    beside two_pieces --no-nodelay
    says "1 DelayedACKs +" "so it may be either side" "run it again without --no-nodelay"
    says_not "It is not COMMAND"
}

@test "a server that answers in one piece, and pauses of the program: nothing is said of delayed ACKs" {
    beside one_piece
    says "According to the log, no TCP connection of this run was reset"
    says_not "exchange"
    beside one_piece_now_and_then
    says "According to the log, no TCP connection of this run was reset"
    says_not "exchange"
    beside in_bursts
    says "According to the log, no TCP connection of this run was reset"
    says_not "each exchange"
}

@test "no such socket, and something listens at a similar path: another port, another directory; not any socket" {
    mkdir a b
    "$PYTHON" -c "
import socket, time
for name in ('a/.s.PGSQL.5433', 'b/mysqld.sock', 'b/other.sock'):
    globals()[name] = s = socket.socket(socket.AF_UNIX); s.bind('$PWD/' + name); s.listen()
open('ready', 'w').close(); time.sleep(60)" 3>&- &
    local server=$!
    wait_until test -e ready
    asking() {
        run --separate-stderr "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" -c "
import socket
try: socket.socket(socket.AF_UNIX).connect('$PWD/$1')
except OSError as e: print(e.errno)"
    }
    asking a/.s.PGSQL.5432
    says "1 There is no socket at $PWD/a/.s.PGSQL.5432, and something listens at a similar path: $PWD/a/.s.PGSQL.5433 (python" "If that is its server, it runs" "unix_socket_directories"
    asking a/mysql.sock
    says "something listens at a similar path: $PWD/b/mysqld.sock (python"
    asking a/unlike.sock
    says_not "similar path"
    kill "$server"
}

@test "messages that a unix socket had no room for: the queue's limit, and when it counts" {
    beside unix_datagrams
    [ "$output" = 9 ]
    says "1 9 messages could not be sent (EAGAIN) to a unix socket: receiver.sock (9)." \
        "its queue holds 11 messages (net.unix.max_dgram_qlen=10 and one more)" "restart the receiver"
    rm receiver.sock
    SETTINGS=net.unix.max_dgram_qlen=100 beside unix_datagrams
    [ "$output" = 0 ]
    says "According to the log, no TCP connection of this run"
    says_not "could not be sent"
}

@test "SYNs that do not leave this host" {
    beside not_let_out_at_all
    [ "$output" = 110 ]
    says "1 connect-timed-out 1, to this host: 127.0.0.1:8080 (1). SYNs did not leave this host: of 2 that were retransmitted (TCPSynRetrans) TCP could not hand over 2 (TCPRetransFail)." \
        "The other host is not at fault" "ct count or connlimit"
    says_not "No listener dropped"
}

@test "a SYN that this host's own rule drops: told where the connect succeeds later, and before one was sent again" {
    grep -q OutTransmits /proc/net/snmp || skip "this kernel does not count what leaves (Linux 6.6)"
    beside not_let_out_at_first
    says "1 Packets did not leave this host: 1 of " " packets that this host made were dropped within it (OutRequests, OutTransmits)" \
        "A SYN was sent again once (TCPSynRetrans): such a connect takes 1 s longer" "nft list ruleset" "Not: a search in the network"
    says_not "was lost"
    rm "$LOG"
    run --separate-stderr beside_neighbour : "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" not_let_out_and_given_up
    says "1 gave-up-connecting 1, to other hosts: 10.1.2.3:8080 (1). SYNs did not leave this host: 1 of " "that this host made were dropped within it" \
        "The other host is not at fault"
    rm "$LOG"
    # One that the other host drops has left.
    run --separate-stderr beside_neighbour 'nft add table ip f && nft add chain ip f in "{ type filter hook input priority 0; }" &&
        nft add rule ip f in tcp dport 8080 drop' "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- "$PYTHON" "$SCENE" given_up
    says "1 gave-up-connecting 1, to other hosts: 10.1.2.3:8080 (1). A firewall there or on the path drops" "all packets of this host did leave it"
    says_not "did not leave"
}

@test "a proxy that accepts for a server that is not there" {
    beside proxied
    says "1 Connections that were accepted on this host ended without an answer: closed-unanswered 127.0.0.1:8080 (1). Meanwhile 1 connects failed that are not COMMAND's (AttemptFails +1)." \
        "docker-proxy, haproxy"
    # A connect of COMMAND's own that fails is none of a proxy.
    beside refused
    says_not "proxy"
}

@test "datagrams that were dropped, and segments that were damaged, meanwhile" {
    beside overrun
    says "UdpRcvbufErrors +19" "UDP datagrams were dropped on this host because a receive buffer was full"
    beside shaped
    says "UdpSndbufErrors +1" "had no room to send a UDP datagram" "tc -s qdisc"
    beside damaged_segments
    says "Packets arrived damaged and were dropped: InCsumErrors +20"
}

@test "datagrams to where nobody listens: the program is not told, unless it has connected its socket" {
    beside asks_nobody
    says "1 ICMP came in 3 times that a destination is unreachable (IcmpInDestUnreachs +3), and of 3 UDP datagrams that went out 3 were not answered" \
        "(UdpOutDatagrams, UdpInDatagrams). Of such a refusal a program is told only if it has connected its socket" "or only at 127.0.0.1" "Not: a longer time limit"
    beside asks_nobody_and_is_told
    says_not "ICMP came in"
    beside overrun
    says_not "ICMP came in"
}

@test "datagrams go out and none comes in: told where nothing failed; not where one is answered" {
    beside asks_by_udp
    says "1 UDP datagram went out (UdpOutDatagrams), and none came in" "it has no answer" "tcpdump -ni any udp"
    says_not " Do: "
    beside asks_by_udp_and_is_answered
    says_not "went out"
}

@test "a filter that COMMAND inherits refuses netlink: ss cannot, either; not where it can" {
    run -0 --separate-stderr "$PROGRAMS/filtered" 97 socket "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- true
    says "1 Sockets of AF_NETLINK are refused here, to ss as well (EAFNOSUPPORT)" "RestrictAddressFamilies=AF_NETLINK"
    says_not "Cannot open netlink socket"
    run -0 --separate-stderr "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- true
    says_not "AF_NETLINK"
}

@test "it is slow to read, and the other side ends; not where that one was slow" {
    beside takes_an_answer_late
    says "1 A program here did not read what had come for it" "(TCPToZeroWindowAdv +" "1 connection that the other side ended after a while: 127.0.0.1:8080 (1)" \
        "timeout client"
    beside takes_an_answer_that_is_late
    says_not "did not read what had come"
}

@test "data that was not acknowledged, where the log has nothing of it" {
    beside not_acknowledged_for_long
    says "1 Data was not acknowledged: RetransSegs +" ", TCPTimeouts +" "COMMAND may have given up before the kernel did" "ping -M do -s 1472 HOST"
    says_not "No TCP connection"
    # What was sent again is told once.
    beside not_acknowledged_and_killed
    says "1 Data was not acknowledged: RetransSegs +"
    says_not "(RetransSegs)."
}

@test "full-sized segments that are never acknowledged: which size, and whether ICMP said so" {
    cat >"$BATS_TEST_TMPDIR/records" <<'RECORDS'
ts=2026-11-22T11:03:22.123456Z level=warn event=return pid=1 tid=1 prog=x call=recv fd=7 ret=-1 errno=110 error=ETIMEDOUT type=tcp peer=10.9.9.9:80 rx=0 tx=0 unacked=1460 unsent=90000 retrans=5 cause=connection-timed-out why="x"
ts=2026-11-22T11:03:23.123456Z level=warn event=return pid=1 tid=1 prog=x call=recv fd=7 ret=-1 errno=110 error=ETIMEDOUT type=tcp peer=10.9.9.8:80 rx=0 tx=0 unacked=90 unsent=0 retrans=5 cause=connection-timed-out why="x"
RECORDS
    # Nothing was sent again while this run lasted.
    run -0 --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- sh -c 'cat records >>"$0"' "$LOG"
    says_not "waited for an ACK that never arrived"
    rm "$LOG"
    run -0 --separate-stderr in_network "$SOCKSHIM_COMMAND" doctor -o "$LOG" -- \
        sh -c 'cat records >>"$0"; exec "$1" "$2" not_acknowledged' "$LOG" "$PYTHON" "$SCENE"
    says "1 connection waited for an ACK that never arrived: 10.9.9.9:80 (1). RetransSegs +" "No ICMP came in that says a packet is too large (IcmpInDestUnreachs +0)" "ping -M do -s 1472 HOST"
}
