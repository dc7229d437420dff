#!/usr/bin/env bats
# `sockshim doctor`: what the counters of the network say: lost, damaged and rejected
# packets, conntrack, datagrams. Rates of the last seconds beside totals.

bats_require_minimum_version 1.5.0

load helpers
load doctor

setup_file() {
    doctor_setup_file
}

setup() {
    doctor_setup
}

# while_doing SCENE [OPTION...]: doctor looks on for two seconds.
while_doing() {
    local name=$1
    shift
    run -0 --separate-stderr in_network "$PYTHON" "$SCENE" "$name" "$SOCKSHIM_COMMAND" doctor --seconds "${FOR:-2}" "$@"
    [ -z "$stderr" ] || fails_with "$stderr"
}

@test "busy and well: nothing stands out, and the rates are there" {
    while_doing busy
    says "Nothing stands out" "DelayedACKs" " of them in the last "
    says_not " Do: "
    # One look has no rates, and says nothing of them.
    run -0 in_network "$PYTHON" "$SCENE" lingering "$SOCKSHIM_COMMAND" doctor --seconds 0
    says_not "in the last" "none in"
}

@test "a history is told from what happens now" {
    run -0 in_network "$PYTHON" "$SCENE" queues "$SOCKSHIM_COMMAND" doctor
    says "2 [::1]:8081 (python3, pid " "): 2 connections have waited" "3 ListenOverflows 1 (none in the last " "): that many times"
    # What happens now is told first.
    run -0 in_network sh -c '"$0" "$1" overrun; "$0" "$1" silent; exec "$0" "$1" refuses "$2" doctor --seconds 2' \
        "$PYTHON" "$SCENE" "$SOCKSHIM_COMMAND"
    says " connects or handshakes failed in the last " " s (AttemptFails), of " "2 TCPAbortOnTimeout 1 (none in the last " \
        "3 UDP datagrams were dropped"
}

@test "connects that fail again and again" {
    while_doing refuses
    says "1 " " connects or handshakes failed in the last " " s (AttemptFails), of " "a proxy whose server is not running"
}

# beside_neighbour STEP: doctor while 10.5.0.9 gets a MAC address that is STEP more than before, many times a second.
beside_neighbour() {
    # shellcheck disable=SC2016
    run --separate-stderr in_network sh -c '
        ip link add d0 type veth peer name d1 && ip link set d1 up && ip addr add 10.5.0.1/24 dev d0 && ip link set d0 up || exit
        step=$1
        shift
        i=0
        change() { ip neigh replace 10.5.0.9 lladdr "02:00:00:00:$(printf "%02x:%02x" $((i / 256)) $((i % 256)))" dev d0 nud permanent; }
        change
        while :; do change; i=$((i + step)); sleep 0.05; done &
        "$@"
        kill $!' - "$1" "$SOCKSHIM_COMMAND" doctor
}

@test "an address whose MAC address changes between the looks: two hosts have it, or it has moved; one that stays is told nothing of" {
    beside_neighbour 1
    says "1 The MAC address behind an IP address changed between the two looks: 10.5.0.9 (d0) from 02:00:00:00:" " to 02:00:00:00:" "sockshim explain duplicate-address"
    beside_neighbour 0
    says_not "The MAC address"
}

@test "datagrams to where nobody listens, and what is answered" {
    while_doing nobody_listens
    says "1 Other hosts, or this one, answered with ICMP destination unreachable " "The kernel counts them together" \
        "2 This host answered " "of them UDP datagrams to ports where nothing listens (UdpNoPorts)" \
        "UdpNoPorts " "IcmpInDestUnreachs " "IcmpOutDestUnreachs "
}

@test "segments of no connection: INVALID for conntrack, and answered by RST" {
    while_doing stray_segments
    # On a busy machine it looks on for longer.
    says "1 conntrack found " " packets invalid in the last " ", and this host sent " "nf_conntrack_tcp_be_liberal=1" "conntrack_invalid "
}

@test "damaged segments" {
    while_doing damaged_segments
    says "1 Packets arrive damaged: InCsumErrors 20." "InErrs 20 "
}

@test "segments that do not leave this host" {
    while_doing not_let_out
    says "1 TCPRetransFail " "did not leave this host, because of a firewall rule of this host (output)" "nft list ruleset"
    says_not "were retransmissions"
}

@test "packets that do not leave this host, none of them a retransmission" {
    grep -q OutTransmits /proc/net/snmp || skip "this kernel does not count what leaves (Linux 6.6)"
    while_doing kept_back
    says "1 " " packets that this host made were dropped within it (OutRequests, OutTransmits) in the last " ": they did not leave" "nft list ruleset"
}

@test "segments that are lost, as a share of all" {
    while_doing lossy
    # On a busy machine it looks on for longer.
    says "1 RetransSegs " " % of " " segments sent were retransmissions, and 100.0 % of those of the last " "; timers expired" \
        "(TCPTimeouts), SYNs were retransmitted 0 times" "ss -tino shows which peers"
    says_not "did not leave"
}

@test "datagrams that were dropped for lack of room" {
    while_doing overrun
    says "1 UDP datagrams were dropped because a receive buffer was full: UdpRcvbufErrors 19" "; 0 were delivered"
}

@test "datagrams that were not sent, as the interface's queue is full" {
    while_doing shaped
    says "UdpSndbufErrors 1" "had no room to send a UDP datagram" "the queue of the network interface" "tc -s qdisc"
    says_not "Nothing stands out"
}

@test "conntrack's table: how many of how many, and full" {
    [ -r /proc/sys/net/netfilter/nf_conntrack_max ] || skip "no conntrack here"
    FOR=0 while_doing tracked
    says "conntrack 10 of $(cat /proc/sys/net/netfilter/nf_conntrack_max) connections tracked by this namespace; the limit is the host's"
    says_not "The conntrack table"
    # The limit is the machine's, and stays as it is: another one is mounted over it.
    echo 11 >limit
    run -0 in_network "$PYTHON" "$SCENE" tracked sh -c 'mount --bind limit /proc/sys/net/netfilter/nf_conntrack_max && exec "$0" doctor --seconds 0' \
        "$SOCKSHIM_COMMAND"
    says "1 The conntrack table has 10 of 11 entries." "fail silently" "nf_conntrack_max=22"
}

# conntrack_in_proc DROP EARLY_DROP INSERT_FAILED: on two processors, in hexadecimal.
conntrack_in_proc() {
    mkdir -p "$PROC/net/stat"
    echo "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new
00000000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000000$3 $1 0000000$2 00000000  00000000
00000000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001 00000000 00000000  00000000" \
        >"$PROC/net/stat/nf_conntrack"
}

@test "NAT has no source port left for a destination: not a full table; with more ports nothing is said" {
    [ -r /proc/sys/net/netfilter/nf_conntrack_max ] || skip "no conntrack here"
    FOR=0 while_doing no_port_left
    says "1 conntrack_insert_failed 2: that many packets" "no free source port left for that destination" "more ports or addresses for it"
    says_not "has been full"
    if [ -r /proc/net/nf_conntrack ]; then
        says "and others are well (the most that there are now: 2 to 127.0.0.1:8080, as 127.0.0.2)"
    fi
    FOR=0 while_doing ports_left
    says_not "conntrack_insert_failed 2" "has been full"
}

# behind_bridge COMMAND...: with another namespace at a bridge, in which this one is the way to everywhere.
behind_bridge() {
    in_network sh -c '
        unshare -n sleep 60 3>&- & other=$!
        trap "kill $other" EXIT
        while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do :; done
        ip link add podman0 type bridge && ip addr add 10.88.0.1/16 dev podman0 && ip link set podman0 up
        ip link add veth0 type veth peer name eth0 netns $other && ip link set veth0 master podman0 up
        inside() { nsenter -t $other -n "$@"; }
        inside ip addr add 10.88.0.2/16 dev eth0 && inside ip link set eth0 up && inside ip route add default via 10.88.0.1
        eval "$0"' "$1"
}

@test "a host of containers that does not forward: where nothing was to be, or it does, nothing is said" {
    run -0 behind_bridge "sysctl -qw net.ipv4.ip_forward=0; inside ping -qc 2 -W 1 198.51.100.7; '$SOCKSHIM_COMMAND' doctor --seconds 0"
    says "1 This host does not forward what comes by podman0 (10.88.0.1/16, 1 container or machine): net.ipv4.ip_forward (or conf.INTERFACE.forwarding) is 0. 2 packets that were not for this host came in" \
        "sysctl -w net.ipv4.ip_forward=1"
    run -0 behind_bridge "sysctl -qw net.ipv4.ip_forward=0; inside ping -qc 2 -W 1 10.88.0.1; '$SOCKSHIM_COMMAND' doctor --seconds 0"
    says_not "does not forward"
    run -0 behind_bridge "sysctl -qw net.ipv4.ip_forward=1; inside ping -qc 2 -W 1 198.51.100.7; '$SOCKSHIM_COMMAND' doctor --seconds 0"
    says_not "does not forward"
}

@test "what conntrack has dropped; what memory has cost" {
    made_proc
    conntrack_in_proc 0000001f 2 3
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    # What was dropped for an entry that was there already counts in both.
    says "1 The conntrack table has been full: conntrack dropped 29 packets, and forgot 2 connections early." \
        "2 conntrack_insert_failed 3: that many packets were dropped because conntrack had an entry" "no free source port left" "single-request-reopen" "random-fully"
    conntrack_in_proc 00000002 0 3
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "1 conntrack_insert_failed 3:"
    says_not "has been full"
    conntrack_in_proc 0000001e 2 3
    rm -r "$PROC/net/stat"
    count_in_proc 0 TCPMemoryPressures=2 TCPMemoryPressuresChrono=70 RcvPruned=150 InSegs=1000 DelayedACKs=9
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "1 TCP has dropped data that had arrived, for lack of room: RcvPruned 150." \
        "2 TCPMemoryPressures 2: that many times TCP's memory went over tcp_mem, for 70 ms in all" "containers included" "DelayedACKs 9 ACKs that were held back"
    # Where conntrack is not, nothing is said of it.
    says_not "conntrack"
    # A few for much traffic are no finding.
    count_in_proc 0 RcvPruned=150 InSegs=100000000
    run -0 on_made_proc "$SOCKSHIM_COMMAND" doctor --seconds 0
    says "Nothing stands out"
}

@test "the same as JSON: findings by kind, counters with totals and rates, queues, settings" {
    while_doing refuses --json
    jq -e '.findings[0].kind == "connects-failing" and .findings[0].is_now and (.findings | length) == 1
        and .counters.AttemptFails.total >= .counters.AttemptFails.recent and .counters.AttemptFails.recent > 10
        and .looked_s > 1.5 and .settings.somaxconn == 4096 and .settings.ip_local_port_range == "32768 60999"
        and .unknown == [] and (.findings[0].do | startswith("ss -tnp")) and .findings[0].not == null' <<<"$output" ||
        fails_with "$output"
    run -0 in_network "$PYTHON" "$SCENE" hostile "$SOCKSHIM_COMMAND" doctor --seconds 0 --json
    jq -e '.queues[0].owner | startswith("a\ufffd[31mb, pid ")' <<<"$output" || fails_with "$output"
    jq -e '.looked_s == null and (.counters.OutRsts | has("recent") | not) and .queues[0].waiting == 1' <<<"$output" || fails_with "$output"
}
