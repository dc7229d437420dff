#!/usr/bin/env bats
# Incidents that need a network: a client, a router and a server in namespaces of their
# own. report finds what was wrong, and nothing stands above it.

bats_require_minimum_version 1.5.0

load helpers
load made_log

setup() {
    [ "$(id -u)" -eq 0 ] || skip "namespaces need root"
    mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here" || return 1
    C=find-c-$$ R=find-r-$$ S=find-s-$$
    three
}

# c (10.1.0.2) - r - s (10.2.0.2); a check of a host that is not there takes 3 s.
three() {
    local name
    for name in "$C" "$R" "$S"; do
        ip netns add "$name" && ip -n "$name" link set lo up
    done
    ip -n "$R" link add vc type veth peer name e0 netns "$C"
    ip -n "$R" link add vs type veth peer name e0 netns "$S"
    ip -n "$R" addr add 10.1.0.1/24 dev vc
    ip -n "$R" addr add 10.2.0.1/24 dev vs
    ip -n "$R" link set vc up
    ip -n "$R" link set vs up
    ip -n "$C" addr add 10.1.0.2/24 dev e0
    ip -n "$C" link set e0 up
    ip -n "$C" route add default via 10.1.0.1
    ip -n "$S" addr add 10.2.0.2/24 dev e0
    ip -n "$S" link set e0 up
    ip -n "$S" route add default via 10.2.0.1
    in_ns "$R" sysctl -qw net.ipv4.ip_forward=1
}

teardown() {
    end_backgrounds
    local name
    for name in "$C" "$R" "$S"; do
        ip netns del "$name" 2>/dev/null
    done
    return 0
}

in_ns() {
    ip netns exec "$@"
}

# rules NAMESPACE HOOK RULE...
rules() {
    in_ns "$1" nft add table ip t
    in_ns "$1" nft "add chain ip t $2 { type filter hook $2 priority 0; }"
    local rule
    for rule in "${@:3}"; do
        in_ns "$1" nft "add rule ip t $2 $rule"
    done
}

web_server() {
    background ip netns exec "$S" "$PYTHON" -c '
import http.server
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(s):
        s.rfile.read(int(s.headers["content-length"])); s.do_GET()
    def do_GET(s):
        s.send_response(200); s.send_header("content-length", "2"); s.end_headers(); s.wfile.write(b"ok")
    def log_message(*_): pass
http.server.ThreadingHTTPServer(("10.2.0.2", 80), H).serve_forever()'
    wait_until eval "ip netns exec $S ss -Hltn 'sport = :80' | grep -q ."
}

# from_client LOG COMMAND...: under the shim, whatever becomes of it.
from_client() {
    in_ns "$C" "$SOCKSHIM_COMMAND" -q -o "$1" -- "${@:2}" >said 2>&1 3>&- || :
}

# As if the server did not know of a tunnel that takes 1400 bytes, whose ICMP is dropped.
tunnel() {
    ip -n "$R" link set vs mtu 1400
    ip -n "$S" link set e0 mtu 1400
    in_ns "$S" ip route change default via 10.2.0.1 advmss 1460
    rules "$R" output 'icmp type destination-unreachable drop'
}

@test "mtu: curl gives up first, and the kernel does" {
    tunnel
    web_server
    head -c 200000 /dev/zero >big
    from_client log curl -s -m 3 -H Expect: --data-binary @big http://10.2.0.2/
    finds_only mtu log
    figure unacked -ge 1400
    in_ns "$C" sysctl -qw net.ipv4.tcp_retries2=3
    from_client log.2 "$PYTHON" -c "
import socket
s = socket.create_connection(('10.2.0.2', 80)); s.sendall(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n' + b'x' * 9000)
try: s.recv(9)
except OSError: pass"
    finds_only mtu log.2
    figure retrans -ge 2
    # What is small passes: there is nothing to find.
    from_client log.3 curl -s -d x http://10.2.0.2/
    finds_nothing log.3
}

@test "dropped on this host: a rule for what goes out, UDP and the word of the kernel" {
    rules "$C" output 'udp dport 53 drop'
    from_client log "$PYTHON" -c "
import socket
s = socket.socket(2, 2)
for i in range(3):
    try: s.sendto(b'x', ('10.2.0.2', 53))
    except OSError: pass"
    finds_only dropped-on-this-host log
    figure records -eq 3
    from_client log.2 perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "10.2.0.2:53"); $s->send("x")'
    finds_only dropped-on-this-host log.2
}

@test "unreachable: a firewall's reject comes at once, a host that is not there takes 3 s" {
    web_server
    rules "$S" input 'tcp dport 80 reject with icmp host-prohibited'
    again_until 'finds unreachable log && figure ms -lt 500' from_client log curl -s http://10.2.0.2/
    finds_only unreachable log
    figure ms -lt 500
    [[ $(jq -r '.findings[0].meaning' findings.json) == *firewall* ]]
    # doctor does not take the close after it for a SYN that was lost.
    in_ns "$C" "$SOCKSHIM_COMMAND" doctor -o doctor.log -- curl -s http://10.2.0.2/ >doctor.said 2>&1 || :
    grep -q IcmpInDestUnreachs doctor.said
    run -1 grep "SYNs or their" doctor.said
    from_client log.2 curl -s http://10.1.0.77/
    finds_only unreachable log.2
    figure ms -ge 1000
    [[ $(jq -r '.findings[0].meaning' findings.json) != *"a firewall there"* ]]
}

@test "own deadline: a handshake takes 1 s, and curl and python wait for less" {
    web_server
    # The first SYN of each connection is lost.
    rules "$R" forward
    in_ns "$R" nft 'add set ip t seen { type ipv4_addr . inet_service; flags dynamic; timeout 60s; }'
    in_ns "$R" nft 'add rule ip t forward ip saddr 10.1.0.2 tcp flags syn ip saddr . tcp sport @seen accept'
    in_ns "$R" nft 'add rule ip t forward ip saddr 10.1.0.2 tcp flags syn add @seen { ip saddr . tcp sport } drop'
    again_until 'finds own-deadline log && figure deadline_ms -le 600' \
        from_client log curl -s --connect-timeout 0.4 http://10.2.0.2/
    finds_only own-deadline log
    figure deadline_ms -ge 390
    figure deadline_ms -le 600
    again_until 'finds own-deadline log && figure deadline_ms -le 400' from_client log "$PYTHON" -c "
import socket
for i in range(3):
    try: socket.create_connection(('10.2.0.2', 80), timeout=.25)
    except OSError: pass"
    finds_only own-deadline log
    figure deadline_ms -ge 240
    figure deadline_ms -le 400
    figure records -eq 3
    # Who waits for 2 s has nothing to complain of.
    from_client log.3 curl -s --connect-timeout 5 http://10.2.0.2/
    finds_nothing log.3
}

@test "an address that is still tentative: nginx starts too early, and later; one that is not this host's" {
    in_ns "$S" sysctl -qw net.ipv6.conf.e0.dad_transmits=3
    ip -n "$S" link set e0 down
    ip -n "$S" addr add 2001:db8:2::2/64 dev e0
    ip -n "$S" link set e0 up
    printf 'daemon off; pid %s/p; error_log stderr; events {} http { access_log off; server { listen [2001:db8:2::2]:80; } }' "$PWD" >early.conf
    in_ns "$S" "$SOCKSHIM_COMMAND" -q -o log -- nginx -e stderr -c "$PWD/early.conf" -p "$PWD" 2>said 3>&- || :
    finds address-unavailable log
    jq -e '.findings[0] | (.meaning | contains("still tentative")) and (.advice | contains("start it later"))' findings.json
    sed 's/db8:2::2/db8:2::3/' early.conf >wrong.conf
    in_ns "$S" "$SOCKSHIM_COMMAND" -q -o log2 -- nginx -e stderr -c "$PWD/wrong.conf" -p "$PWD" 2>said 3>&- || :
    finds address-unavailable log2
    jq -e '.findings[0].meaning | contains("is not assigned to this host.")' findings.json
}

@test "ports used up: python" {
    web_server
    in_ns "$C" sysctl -qw net.ipv4.ip_local_port_range="40000 40009"
    from_client log "$PYTHON" -c "
import socket
held = []
for i in range(15):
    try: held.append(socket.create_connection(('10.2.0.2', 80)))
    except OSError: pass"
    finds_only ports-used-up log
    figure records -ge 5
}

@test "ports used up: ruby; as many as there are, are enough" {
    web_server
    in_ns "$C" sysctl -qw net.ipv4.ip_local_port_range="40000 40009"
    local many="s = []; %d.times { s << TCPSocket.new('10.2.0.2', 80) rescue 0 }"
    # shellcheck disable=SC2059
    from_client log ruby -rsocket -e "$(printf "$many" 15)"
    finds_only ports-used-up log
    figure records -ge 5
    sleep 0.1
    in_ns "$C" sysctl -qw net.ipv4.ip_local_port_range="41000 41009"
    # shellcheck disable=SC2059
    from_client log.2 ruby -rsocket -e "$(printf "$many" 8)"
    [[ $(findings log.2) != *ports* ]]
}

# The server's host answers by IPv6 that nobody listens there: link-local addresses, by which
# neighbours are found, are tentative for their first second (RFC 4862).
ipv6_answers() {
    in_ns "$C" "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET6)
s.settimeout(.3)
sys.exit(s.connect_ex(("fd02::2", 9)) != 111)'
}

# IPv6 as well; the server's is dropped on the way.
two_families() {
    local name
    for name in "$C" "$R" "$S"; do
        in_ns "$name" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
    done
    ip -n "$R" -6 addr add fd01::1/64 dev vc nodad
    ip -n "$R" -6 addr add fd02::1/64 dev vs nodad
    ip -n "$C" -6 addr add fd01::2/64 dev e0 nodad
    ip -n "$S" -6 addr add fd02::2/64 dev e0 nodad
    ip -n "$C" -6 route add default via fd01::1
    ip -n "$S" -6 route add default via fd02::1
    in_ns "$R" sysctl -qw net.ipv6.conf.all.forwarding=1
    wait_until ipv6_answers
}

@test "address family: IPv6 is dropped on the way; curl and python go on with IPv4, later" {
    two_families
    web_server
    in_ns "$R" nft add table ip6 t
    in_ns "$R" nft 'add chain ip6 t forward { type filter hook forward priority 0; }'
    in_ns "$R" nft add rule ip6 t forward ip6 daddr fd02::2 drop
    from_client log curl -s --resolve api.example:80:[fd02::2],10.2.0.2 http://api.example/
    finds_only address-family log
    figure family -eq 6
    figure ms -ge 100
    from_client log.2 "$PYTHON" -c "
import socket
for family, host in (socket.AF_INET6, 'fd02::2'), (socket.AF_INET, '10.2.0.2'):
    s = socket.socket(family); s.settimeout(.4)
    try: s.connect((host, 80)); break
    except OSError: s.close()
s.sendall(b'GET / HTTP/1.0\r\n\r\n')
while s.recv(999): pass"
    finds_only address-family log.2
    figure ms -ge 390
    # Refused at once: it costs nothing.
    in_ns "$R" nft delete table ip6 t
    from_client log.3 curl -s --resolve api.example:80:[fd02::2],10.2.0.2 http://api.example/
    [[ $(findings log.3) != *address-family* ]]
}

@test "no answer to SYN: a firewall on the way drops it" {
    rules "$R" forward 'tcp dport 80 drop'
    in_ns "$C" sysctl -qw net.ipv4.tcp_syn_retries=1
    from_client log curl -s http://10.2.0.2/
    finds_only no-answer log
    figure records -eq 1
}

@test "idle timeout: a router that forgot and resets; keepalive is the advice" {
    web_server
    from_client log "$PYTHON" -c "
import socket, subprocess, time
s = socket.create_connection(('10.2.0.2', 80)); s.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
d = b''
while not d.endswith(b'ok'): d += s.recv(999)
time.sleep(.3)
subprocess.run(['ip', 'netns', 'exec', '$R', 'sh', '-c', 'nft add table ip t; nft \"add chain ip t forward { type filter hook forward priority 0; }\"; nft add rule ip t forward tcp dport 80 reject with tcp reset'])
time.sleep(1.2)
try: s.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n'); s.recv(9)
except OSError: pass"
    finds idle-timeout log
    figure at_most_ms -ge 1490
    [[ $(jq -r '.findings[0].advice' findings.json) == *SOCKSHIM_KEEPALIVE=1* ]]
}

@test "no answer to SYN for 15 s: SOCKSHIM_CONNECT_TIMEOUT is the advice, for curl and for perl, which waits in connect; not after 1 s" {
    rules "$R" forward 'tcp dport 80 drop'
    local advice='.findings[] | select(.kind == "no-answer").advice'
    in_ns "$C" sysctl -qw net.ipv4.tcp_syn_retries=3
    in_ns "$C" "$SOCKSHIM_COMMAND" -q -o log.2 -- perl -MIO::Socket::INET -e 'IO::Socket::INET->new("10.2.0.2:80")' >/dev/null 2>&1 3>&- &
    from_client log curl -s http://10.2.0.2/
    wait $!
    for log in log log.2; do
        finds_only no-answer $log
        [[ $(jq -r "$advice" findings.json) == *SOCKSHIM_CONNECT_TIMEOUT=10s* ]] || fails_with "$(cat findings.json $log)"
    done
    SOCKSHIM_CONNECT_TIMEOUT=1s from_client log.3 perl -MIO::Socket::INET -e 'IO::Socket::INET->new("10.2.0.2:80")'
    finds no-answer log.3
    [[ $(jq -r "$advice" findings.json) != *SOCKSHIM_CONNECT_TIMEOUT* ]]
}

# said_by NAMESPACE COMMAND...: what it said, in one line, in `said`.
said_by() {
    in_ns "$1" "${@:2}" 2>&1 3>&- | tr -s ' \n' ' ' >said
}

# answers_go_past [RP_FILTER]: s answers c by a link of their own, past r; what c checks there.
answers_go_past() {
    ip -n "$S" link add e1 type veth peer name e1 netns "$C"
    in_ns "$C" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.e1.rp_filter="${1:-0}"
    ip -n "$S" link set e1 up
    ip -n "$C" link set e1 up
    ip -n "$C" addr add 10.4.0.1/24 dev e1
    ip -n "$S" addr add 10.4.0.2/24 dev e1
    ip -n "$S" route add 10.1.0.2/32 via 10.4.0.1
    wait_until in_ns "$S" ping -qc 1 -W 1 10.4.0.1
}

# Another way into the server's host, for senders to whom it answers by e0.
second_way() {
    in_ns "$S" sysctl -qw net.ipv4.conf.all.rp_filter="$1" net.ipv4.conf.e0.rp_filter="$1"
    ip -n "$S" link add e1 type veth peer name vp netns "$R"
    in_ns "$S" sysctl -qw net.ipv4.conf.e1.rp_filter="$1"
    ip -n "$S" addr add 10.3.0.2/24 dev e1
    ip -n "$S" link set e1 up
    ip -n "$R" addr add 10.3.0.1/24 dev vp
    ip -n "$R" link set vp up
    wait_until eval "ip -n $R route get 10.3.0.2 | grep -q vp"
}

@test "netlink: python reads what the kernel reports too late; one that reads in time loses nothing" {
    cat >watch.py <<'END'
import os, socket, sys, time
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
s.bind((0, 0x10))  # RTMGRP_IPV4_IFADDR
open("ready", "w")
while not os.path.exists("added"):
    time.sleep(.01)
print(len(s.recv(65536)))
END
    local number
    for number in 100 1; do
        rm -f ready added
        background in_ns "$C" "$SOCKSHIM_COMMAND" -q -o "log$number" -- "$PYTHON" watch.py
        wait_until test -e ready
        for ((n = 0; n < number; n++)); do echo "addr add 10.7.$number.$n/32 dev lo"; done | ip -n "$C" -b -
        touch added
        wait "$BACKGROUND" || :
    done
    finds_only no-memory log100
    jq -e '.findings[0].title | contains("lost reports of the kernel")' findings.json
    [ ! -e log1 ] || finds_nothing log1
}

@test "rp_filter: datagrams that a sniffer sees and no program gets; where the way back is the same, nothing is said" {
    second_way 1
    background ip netns exec "$S" socat -u UDP-RECV:5140 OPEN:got,creat,append
    wait_until eval "ip netns exec $S ss -Hlun 'sport = :5140' | grep -q ."
    background ip netns exec "$C" "$PYTHON" -c '
import socket, time
s = socket.socket(2, 2)
while True: s.sendto(b"x", ("10.3.0.2", 5140)); time.sleep(.1)'
    wait_until eval "ip netns exec $S nstat -az TcpExtIPReversePathFilter | awk '\$2 > 0 { found = 1 } END { exit !found }'"
    said_by "$S" "$SOCKSHIM_COMMAND" doctor --seconds 2
    grep -q '1 [0-9]* packets came in between the two looks by an interface by which this host would not answer their sender, and rp_filter dropped them' said || fails_with "$(cat said)"
    said_by "$S" "$SOCKSHIM_COMMAND" doctor --seconds 2 "$(in_ns "$S" ss -Hlunp 'sport = :5140' | sed 's/.*pid=\([0-9]*\).*/\1/')"
    grep -q '1 [0-9]* packets came in .*ip route get SENDER' said || fails_with "$(cat said)"
    [ ! -s got ]
    # The route back that was missing.
    ip -n "$S" route add 10.1.0.0/24 via 10.3.0.1
    wait_until test -s got
    said_by "$S" "$SOCKSHIM_COMMAND" doctor --seconds 1
    run -1 grep 'rp_filter dropped' said
}

@test "rp_filter: SYN-ACKs that come in by another interface than SYN went out; with the loose check they are taken" {
    web_server
    answers_go_past 1
    said_by "$C" "$SOCKSHIM_COMMAND" doctor -o log -- curl -s --connect-timeout 4 http://10.2.0.2/
    grep -q '1 gave-up-connecting 1, to other hosts: 10.2.0.2:80 (1). .*rp_filter dropped [0-9]* packet.*by another way' said || fails_with "$(cat said)"
    in_ns "$C" sysctl -qw net.ipv4.conf.e1.rp_filter=2
    said_by "$C" "$SOCKSHIM_COMMAND" doctor -o log.2 -- curl -s --connect-timeout 4 http://10.2.0.2/
    run -1 grep 'rp_filter dropped' said
    grep -q 'no TCP connection of this run was reset, refused or timed out' said || fails_with "$(cat said)"
}

# The server answers from an address that the client has not asked.
@test "answers from elsewhere: a port forwarding back into the same network; what nobody answers is none" {
    web_server
    in_ns "$R" nft -f - <<'RULES'
table ip nat {
  chain pre {
    type nat hook prerouting priority -100
    ip daddr 203.0.113.7 tcp dport 80 dnat to 10.2.0.2
  }
}
RULES
    answers_go_past # past the NAT, as in one network
    said_by "$C" "$SOCKSHIM_COMMAND" doctor -o log -- curl -s --connect-timeout 4 http://203.0.113.7/
    grep -q 'gave-up-connecting 1, to other hosts: 203.0.113.7:80 (1). Meanwhile this host sent [0-9]* RST' said || fails_with "$(cat said)"
    grep -q 'from another address than COMMAND asked.*NAT loopback' said
    # Of a process that connects already; SYN is sent each second there.
    if in_ns "$C" sysctl -qw net.ipv4.tcp_syn_linear_timeouts=127 2>/dev/null; then
        background ip netns exec "$C" "$PYTHON" -c "import socket; socket.create_connection(('203.0.113.7', 80), 60)"
        wait_until eval "ip netns exec $C ss -Htn state syn-sent | grep -q 203.0.113.7"
        said_by "$C" "$SOCKSHIM_COMMAND" doctor --seconds 4 "$(in_ns "$C" ss -Htnp state syn-sent | sed 's/.*pid=\([0-9]*\).*/\1/')"
        grep -q '1 A connect is not answered: .*or answers come from another address than was asked.* RSTs* went out (OutRsts).*explain nat-loopback' said || fails_with "$(cat said)"
    fi
    rules "$R" forward 'drop'
    said_by "$C" "$SOCKSHIM_COMMAND" doctor -o log.2 -- "$PYTHON" -c "import socket; socket.create_connection(('203.0.113.7', 80), 4)"
    grep -q 'A firewall there or on the path drops the SYNs or their answers' said || fails_with "$(cat said)"
    run -1 grep 'NAT loopback' said
}

# stray.py: a segment of the server's beyond the window, which conntrack finds invalid. It is not translated
# back, so the NAT itself gets it, and answers by RST.
@test "two logs: a NAT between them resets for a segment that is INVALID; where it drops that, all is well" {
    in_ns "$R" nft 'add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post oifname vs masquerade'
    cat >stray.py <<'P'
import socket, struct
def checksum(b):
    t = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while t >> 16: t = (t & 0xffff) + (t >> 16)
    return struct.pack("!H", ~t & 0xffff)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind(("e0", 0))
while True:
    p = s.recv(65536)
    if p[12:14] != b"\x08\x00" or p[23] != 6 or p[34:36] != b"\0P" or len(p) < 1000: continue
    ip, tcp, data = bytearray(p[14:34]), bytearray(p[34:34 + (p[46] >> 4) * 4]), b"z" * 1000
    tcp[4:8] = struct.pack("!I", (struct.unpack("!I", tcp[4:8])[0] + 20000000) & 0xffffffff)
    ip[2:4] = struct.pack("!H", 20 + len(tcp) + 1000); ip[10:12] = tcp[16:18] = b"\0\0"; ip[10:12] = checksum(bytes(ip))
    tcp[16:18] = checksum(bytes(ip[12:20]) + struct.pack("!BBH", 0, 6, len(tcp) + 1000) + bytes(tcp) + data)
    s.send(p[:14] + bytes(ip) + bytes(tcp) + data)
    break
P
    head -c 20000000 /dev/zero >big
    background ip netns exec "$S" "$SOCKSHIM_COMMAND" -q -o server.log -- "$PYTHON" -m http.server 80 --bind 10.2.0.2 2>/dev/null
    wait_until eval "ip netns exec $S ss -Hltn 'sport = :80' | grep -q ."
    background ip netns exec "$S" "$PYTHON" stray.py
    wait_until eval "ip netns exec $S ss -H0 | grep -q ."
    from_client client.log curl -s --limit-rate 20M -o got http://10.2.0.2/big
    wait_until grep -q cause=peer-reset server.log
    finds_only reset-in-between client.log server.log
    jq -r '.findings[0].evidence' findings.json | grep -q 'it is 10.2.0.1:[0-9]* (NAT or proxy)' || fails_with "$(cat findings.json)"
    rules "$R" input 'ct state invalid drop'
    background ip netns exec "$S" "$PYTHON" stray.py
    wait_until eval "ip netns exec $S ss -H0 | grep -q ."
    from_client well.log curl -s --limit-rate 20M -o got http://10.2.0.2/big
    cmp big got
}

# The sender is not told, and conntrack asks a rule of NAT once for each flow.
@test "udp: what was sent before its port was published reaches nobody, and what is sent from a new port arrives" {
    [ -r /proc/net/nf_conntrack ] || skip "this kernel does not list conntrack's entries"
    rules "$R" input 'ct state new accept'
    background ip netns exec "$C" "$PYTHON" -c '
import socket, time
s = socket.socket(2, 2)
while True: s.sendto(b"x", ("10.1.0.1", 514)); time.sleep(.05)'
    local sender=$BACKGROUND
    wait_until eval "ip netns exec $R grep -q dport=514 /proc/net/nf_conntrack"
    said_by "$R" "$SOCKSHIM_COMMAND" doctor --seconds 1
    grep -q '[0-9]* UDP datagrams came in the last [^(]* for ports where nothing listens (UdpNoPorts). Perhaps, of conntrack.s flows without an answer: 10.1.0.2:[0-9]* to 10.1.0.1:514\.' said || fails_with "$(cat said)"
    run -1 grep 'UDP that reaches nobody here' said
    in_ns "$R" nft 'add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; add rule ip n pre udp dport 514 dnat to 10.2.0.2:5140'
    background ip netns exec "$S" socat -u UDP-RECV:5140 OPEN:got,creat,append
    wait_until eval "ip netns exec $S ss -Hlun 'sport = :5140' | grep -q ."
    in_ns "$C" "$PYTHON" -c 'import socket; socket.socket(2, 2).sendto(b"new", ("10.1.0.1", 514))'
    wait_until test -s got
    said_by "$R" "$SOCKSHIM_COMMAND" doctor --seconds 1
    grep -q '1 UDP that reaches nobody here: 10.1.0.2:[0-9]* to 10.1.0.1:514 (others are translated to 10.2.0.2:5140)\. .*conntrack -D -p udp' said || fails_with "$(cat said)"
    said_by "$C" "$SOCKSHIM_COMMAND" doctor --seconds 2 "$(pgrep -P "$sender" || echo "$sender")"
    grep -q '1 Between the two looks ICMP came into .* by UDP: descriptor [0-9]* at 0.0.0.0:[0-9]*, not connected. Of such a refusal .*explain udp-silence' said || fails_with "$(cat said)"
    [ "$(cat got)" = new ]
    # Somebody takes them there.
    background ip netns exec "$R" socat -u UDP-RECV:514 /dev/null
    wait_until eval "ip netns exec $R ss -Hlun 'sport = :514' | grep -q ."
    said_by "$R" "$SOCKSHIM_COMMAND" doctor --seconds 1
    run -1 grep -E 'UDP that reaches nobody here|ports where nothing listens \(UdpNoPorts\)\.' said
    said_by "$C" "$SOCKSHIM_COMMAND" doctor --seconds 1 "$(pgrep -P "$sender" || echo "$sender")"
    run -1 grep 'it is not told' said
}

@test "ftp: a firewall that passes port 21 alone drops the port of the transfer; where it passes all, nothing is found" {
    mkdir home
    chmod 755 . home
    printf 'root:x:0:0::/root:/bin/sh\nftp:x:65534:65534::%s:/bin/false\n' "$PWD/home" >passwd
    # ip gives it a mount namespace of its own.
    background ip netns exec "$S" sh -c 'mount --bind passwd /etc/passwd && exec /usr/sbin/pure-ftpd -S 10.2.0.2,21 -e -A -H'
    wait_until eval "ip netns exec $S ss -Hltn 'sport = :21' | grep -q ."
    rules "$R" forward 'ct state established accept' 'tcp dport 21 accept' drop
    in_ns "$C" sysctl -qw net.ipv4.tcp_syn_retries=1
    from_client log curl -sS ftp://10.2.0.2/
    finds_only no-answer log
    jq -e '.findings[0].meaning | startswith("Port 21 answered; this is the port of an FTP transfer")' findings.json
    in_ns "$R" nft flush ruleset
    from_client log.2 curl -sS ftp://10.2.0.2/
    finds_nothing log.2
}

@test "mtu, from the side that receives: no large segment has come; where one has, nothing is said of it" {
    # As a server that forks for each connection, and waits for the rest of a message.
    background ip netns exec "$S" "$PYTHON" -c '
import socket
with socket.create_server(("10.2.0.2", 25)) as l:
    c, _ = l.accept()
    c.sendall(b"220 x\r\n")
    while d := c.recv(65536):
        if b"DATA" in d: c.sendall(b"354 go on\r\n")'
    wait_until eval "ip netns exec $S ss -Hltn 'sport = :25' | grep -q ."
    server=$(in_ns "$S" ss -Hltnp 'sport = :25' | sed 's/.*pid=\([0-9]*\).*/\1/')
    rules "$R" forward 'ip length > 1400 drop'
    background ip netns exec "$C" perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new("10.2.0.2:25"); <$s>; print $s "DATA\r\n"; $s->flush; <$s>; $s->send("x" x 40000); open my $f, ">", "sent"; close $f; sleep 60'
    wait_until test -e sent
    # From 3 s of silence on it is asked what it waits for.
    wait_until eval "ip netns exec $S ss -Htino 'sport = :25' | grep -Eq 'lastrcv:([4-9]|[0-9]{2,})[0-9]{3} '"
    said_by "$S" "$SOCKSHIM_COMMAND" doctor "$server"
    grep -q 'If it waits for more from 10.1.0.2:[0-9]* (descriptor [0-9]*; the last came [0-9.]* s ago): no segment of more than 536 bytes has come from there' said || fails_with "$(cat said)"
    in_ns "$R" nft flush ruleset
    wait_until eval "ip netns exec $S ss -Htino 'sport = :25' | grep -q 'bytes_received:40006 '"
    wait_until eval "ip netns exec $S ss -Htino 'sport = :25' | grep -Eq 'lastrcv:([4-9]|[0-9]{2,})[0-9]{3} '"
    said_by "$S" "$SOCKSHIM_COMMAND" doctor "$server"
    run -1 grep 'no segment of more than' said
}

@test "who only listens is not told that a firewall has forgotten it: doctor names that; with keepalive before long it does not" {
    background ip netns exec "$S" "$PYTHON" -c '
import socket, time
kept = []
with socket.create_server(("10.2.0.2", 5672)) as l:
    while True:
        c, _ = l.accept()
        c.recv(99)
        c.sendall(b"one")
        kept.append(c)'
    wait_until eval "ip netns exec $S ss -Hltn 'sport = :5672' | grep -q ."
    # idle SECONDS: a program that waits for messages, with keepalive after so long.
    idle() {
        background ip netns exec "$C" "$PYTHON" -c '
import select, socket, sys
s = socket.create_connection(("10.2.0.2", 5672))
s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, int(sys.argv[1]))
s.send(b"listen")
s.recv(99)
select.select([s], [], [])' "$1"
        client=$BACKGROUND
        wait_until eval "ip netns exec $C ss -Htnpi state established dst 10.2.0.2 | tr '\n' ' ' | grep -Eq 'pid=$client,.*lastrcv:([4-9]|[0-9]{2,})[0-9]{3} '"
        said_by "$C" "$SOCKSHIM_COMMAND" doctor "$client"
        kill "$client"
        wait_until eval "! ip netns exec $C ss -Htn state established dst 10.2.0.2 | grep -q ."
    }
    idle 7200
    grep -q 'or no longer gets what it waits for (messages, notifications), it may be waiting on descriptor [0-9]* with 10.2.0.2:5672' said || fails_with "$(cat said)"
    grep -q "does not notice before keepalive's first probe, in 1[0-9]* min" said || fails_with "$(cat said)"
    grep -q 'short of memory or disk, that takes what is published and confirms nothing' said || fails_with "$(cat said)"
    idle 120
    run -1 grep -e 'no longer gets' -e 'short of memory' said
}

# r is a NAT with two source ports, of which two connections have one each.
@test "at times: a NAT has no source port left; neither hairpin nor a full table, and with more ports nothing" {
    web_server
    in_ns "$R" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_time_wait=1 net.netfilter.nf_conntrack_tcp_timeout_close=1
    in_ns "$R" nft 'add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post oifname vs ip protocol tcp masquerade to :40000-40001'
    cat >connects.py <<'P'
import socket, time
def connect():
    try: return socket.create_connection(("10.2.0.2", 80), 2.2)
    except OSError as e: print(e)
held = [connect(), connect()]
connect(), connect()
while held: # until one of its ports is free again
    held.pop().close()
time.sleep(3)
connect().close(); connect().close()
P
    said_by "$C" "$SOCKSHIM_COMMAND" doctor -o log -- "$PYTHON" connects.py
    grep -q '1 gave-up-connecting 2, to other hosts: 10.2.0.2:80 (2), while 4 other connects of COMMAND to the same address went through.*conntrack_insert_failed' said || fails_with "$(cat said)"
    run -1 grep 'NAT loopback' said
    finds_only own-deadline log
    jq -e '.findings[0] | (.title | contains("does not always answer")) and (.meaning | contains("no port left"))' findings.json
    said_by "$R" "$SOCKSHIM_COMMAND" doctor --seconds 0
    grep -q '1 conntrack_insert_failed [0-9]*: .*no free source port left for that destination' said || fails_with "$(cat said)"
    run -1 grep 'has been full' said
    in_ns "$R" nft flush ruleset
    said_by "$C" "$SOCKSHIM_COMMAND" doctor -o log.2 -- "$PYTHON" connects.py
    run -1 grep -e 'went through' -e gave-up said
}

@test "it only listens: without keepalive it never notices that a NAT forgot it; before the MTU, and not of one with keepalive" {
    local options client
    for options in '' 'setsockopt($s, SOL_SOCKET, SO_KEEPALIVE, 1);'; do
        background ip netns exec "$S" "$PYTHON" -c '
import socket
l = socket.create_server(("10.2.0.2", 6379)); held = []
while True: held.append(l.accept()[0]); held[-1].sendall(b"subscribed\r\n")'
        wait_until eval "ip netns exec $S ss -Hltn 'sport = :6379' | grep -q ."
        background ip netns exec "$C" perl -MSocket -MIO::Socket::INET -e "my \$s = IO::Socket::INET->new('10.2.0.2:6379'); $options <\$s>; <\$s>"
        wait_until eval "ip netns exec $C ss -Htino 'dport = :6379' | grep -Eq 'lastrcv:([4-9]|[0-9]{2,})[0-9]{3} '"
        client=$(in_ns "$C" ss -Htnp 'dport = :6379' | sed 's/.*pid=\([0-9]*\).*/\1/')
        said_by "$C" "$SOCKSHIM_COMMAND" doctor "$client"
        if [ -z "$options" ]; then
            grep -q 'may be waiting on descriptor [0-9]* with 10.2.0.2:6379.* never notices without keepalive.*SOCKSHIM_KEEPALIVE=60.* Or the path is too narrow. If it waits for more from 10.2.0.2:6379 .*: no segment of more than' said || fails_with "$(cat said)"
        else
            grep -q 's ago): no segment of more than 536 bytes' said || fails_with "$(cat said)"
            run -1 grep 'without keepalive it never' said
        fi
        end_backgrounds || :
    done
}

@test "multicast: joined at one interface, and not at the other; where it is joined at both, nothing is said" {
    local interfaces
    for interfaces in 10.1.0.1 "10.1.0.1 10.2.0.1"; do
        background ip netns exec "$R" node -e '
const s = require("dgram").createSocket({ type: "udp4", reuseAddr: true })
s.bind(1900, () => { for (const i of process.argv.slice(1)) s.addMembership("239.255.255.250", i) })' $interfaces
        wait_until eval "ip netns exec $R grep -q FAFFFFEF /proc/net/igmp"
        said_by "$R" "$SOCKSHIM_COMMAND" doctor "$(in_ns "$R" ss -Hulnp 'sport = :1900' | sed 's/.*pid=\([0-9]*\).*/\1/')"
        case $interfaces in
        *\ *) run -1 grep 'Multicast for' said ;;
        *) grep -q 'Multicast for 239.255.255.250 (descriptor [0-9]* at 0.0.0.0:1900) is joined at vc, and not at vs: what comes for it by vs reaches no program' said || fails_with "$(cat said)" ;;
        esac
        end_backgrounds || :
        wait_until eval "! ip netns exec $R grep -q FAFFFFEF /proc/net/igmp"
    done
}

# The firewall r sees SYN alone.
only_syn_is_seen() {
    answers_go_past
    rules "$R" forward 'ct state established accept' 'ct state new tcp dport 80 accept' drop
}

@test "one way: a firewall that sees no answers passes SYN alone; neither the MTU nor damage" {
    web_server
    only_syn_is_seen
    said_by "$C" "$SOCKSHIM_COMMAND" doctor -o log -- curl -s -m 4 http://10.2.0.2/
    grep -q '1 1 connection was established, and nothing sent after that arrived: 10.2.0.2:80 (1). Meanwhile SYN-ACKs came again (TCPSYNChallenge +.*asymmetric routing' said || fails_with "$(cat said)"
    run -1 grep -e 'arrived damaged' -e 'ping -M do' said
    finds_only peer-gone log
    jq -e '.findings[0].meaning | contains("asymmetric")' findings.json
    background ip netns exec "$C" curl -s -m 60 http://10.2.0.2/
    wait_until eval "ip netns exec $C ss -Htnio state established dst 10.2.0.2 | grep -q backoff:3"
    said_by "$C" "$SOCKSHIM_COMMAND" doctor "$(in_ns "$C" ss -Htnp state established dst 10.2.0.2 | sed 's/.*pid=\([0-9]*\).*/\1/')"
    grep -q 'Nothing that followed the handshake was, small as it is, so it is not the MTU' said || fails_with "$(cat said)"
}

@test "one way: none where small packets pass and large ones do not" {
    tunnel
    web_server
    head -c 200000 /dev/zero >big
    said_by "$C" "$SOCKSHIM_COMMAND" doctor -o log -- curl -s -m 3 -H Expect: --data-binary @big http://10.2.0.2/
    grep -q 'full-sized segment or more' said || fails_with "$(cat said)"
    run -1 grep 'asymmetric routing' said
}

@test "lost on the way: connects and answers that come late; where nothing is lost, nothing is said" {
    web_server
    said_by "$C" "$SOCKSHIM_COMMAND" doctor -o log -- curl -s http://10.2.0.2/
    run -1 grep -e 'sent again' -e overtaken said
    rules "$R" forward
    in_ns "$R" nft 'add set ip t seen { type ipv4_addr . inet_service; flags dynamic; timeout 60s; }'
    in_ns "$R" nft 'add rule ip t forward ip saddr 10.1.0.2 tcp flags syn ip saddr . tcp sport @seen accept'
    in_ns "$R" nft 'add rule ip t forward ip saddr 10.1.0.2 tcp flags syn add @seen { ip saddr . tcp sport } drop'
    said_by "$C" "$SOCKSHIM_COMMAND" doctor -o log2 -- curl -s http://10.2.0.2/
    grep -q '1 SYNs or SYN-ACKs were sent again once (TCPSynRetrans), and the log has no connect that failed' said || fails_with "$(cat said)"
}

@test "a route of this host itself: blackhole and prohibit; a firewall's reject is none" {
    web_server
    in_ns "$C" ip route add blackhole 10.2.0.0/26
    from_client log curl -s http://10.2.0.2/
    finds_only unreachable log
    jq -e '.findings[0] | (.meaning | contains("of type blackhole")) and (.advice | contains("ip route show match 10.2.0.2"))' findings.json
    from_client log.udp "$PYTHON" -c "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('10.2.0.2', 53))"
    finds_only unsendable log.udp
    in_ns "$C" ip route del blackhole 10.2.0.0/26
    from_client log.sent "$PYTHON" -c "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('10.2.0.2', 53))"
    finds_nothing log.sent
    in_ns "$C" ip route add prohibit 10.2.0.0/26
    from_client log.2 "$PYTHON" -c "import socket; socket.create_connection(('10.2.0.2', 80))"
    finds_only not-permitted log.2
    jq -e '.findings[0].advice | contains("ip route get 10.2.0.2")' findings.json
    in_ns "$C" ip route del prohibit 10.2.0.0/26
    rules "$S" input 'tcp dport 80 reject with icmp host-prohibited'
    again_until 'finds unreachable log.3' from_client log.3 curl -s http://10.2.0.2/
    jq -e '.findings[0] | .meaning + .advice | contains("blackhole") or contains("show match") | not' findings.json
}

# resolves SERVER'S-ANSWER: what doctor says beside a look-up in the client's namespace.
resolves() {
    echo 'nameserver 10.2.0.2' >resolv.conf
    echo "options timeout:$2" >>resolv.conf
    echo 'hosts: files dns' >nsswitch.conf
    background ip netns exec "$S" "$PYTHON" "$TOP/tests/dns_server.py" "$1" 10.2.0.2
    wait_until eval "ip netns exec $S ss -Hlun 'sport = :53' | grep -q ."
    said_by "$C" unshare -m sh -c 'mount --bind resolv.conf /etc/resolv.conf; mount --bind nsswitch.conf /etc/nsswitch.conf; exec "$@"' - \
        "$SOCKSHIM_COMMAND" doctor -o "log.$1" -- "$PYTHON" -c "import socket; socket.getaddrinfo('api.example', 80)"
    end_backgrounds || :
    wait_until eval "! ip netns exec $S ss -Hlun 'sport = :53' | grep -q ."
}

@test "names: of the questions for A and AAAA, which go out together, one is lost; a slow server answers both" {
    in_ns "$R" nft -f - <<'RULES'
table ip t {
  set seen { type inet_service; size 65535; flags dynamic, timeout; timeout 1s; }
  chain forward {
    type filter hook forward priority 0
    udp dport 53 udp sport @seen drop
    udp dport 53 add @seen { udp sport }
  }
}
RULES
    resolves 10.2.0.2 2
    grep -q '1 name-resolved-late 1. [0-9]* UDP datagrams went out (UdpOutDatagrams), and [0-9]* came in' said || fails_with "$(cat said)"
    grep -q 'RES_OPTIONS=single-request-reopen' said
    finds_only name-resolved-late log.10.2.0.2
    figure ms -ge 2000
    in_ns "$R" nft flush ruleset
    resolves late 9
    run -1 grep 'went out (UdpOutDatagrams)' said
    finds_only name-resolved-late log.late
}

@test "refused: an address of three servers, of which one is down; where it is down for good, all are refused" {
    local port
    in_ns "$R" nft -f - <<'END'
table ip spread {
    chain a { meta l4proto tcp dnat to 10.2.0.2:8001
    }
    chain b { meta l4proto tcp dnat to 10.2.0.2:8002
    }
    chain c { meta l4proto tcp dnat to 10.2.0.2:8003
    }
    chain pre { type nat hook prerouting priority -100
        ip daddr 10.96.0.20 tcp dport 80 numgen inc mod 3 vmap { 0 : goto b, 1 : goto a, 2 : goto c }
    }
}
END
    for port in 8001 8003; do
        background ip netns exec "$S" "$PYTHON" -m http.server -b 10.2.0.2 "$port" >/dev/null 2>&1
        wait_until eval "in_ns $S ss -Hltn 'sport = :$port' | grep -q ."
    done
    local asks="
const http = require('http'), get = n => n && http.get({ host: '10.96.0.20', agent: false }, r => { r.resume(); r.on('end', () => get(n - 1)) }).on('error', () => get(n - 1))
get(12)"
    in_ns "$C" "$SOCKSHIM_COMMAND" -q -o log -- node -e "$asks"
    finds_only refused log
    figure records -eq 4
    grep -q 'went through: it keeps restarting, is an address of several servers' findings.json
    for n in 1 2 3 4 5 6 7 8 9; do in_ns "$C" "$SOCKSHIM_COMMAND" -q -o log.2 -- curl -s http://10.96.0.20/; done || :
    finds_only refused log.2
    figure records -eq 3
    grep -q 'several servers' findings.json
    in_ns "$C" "$SOCKSHIM_COMMAND" -q -o log.3 -- node -e "${asks//10.96.0.20\'/10.2.0.2\', port: 8002}"
    finds_only refused log.3
    run ! grep -q 'several servers' findings.json
}
