# What the counters of the network say of packets that were lost, damaged or rejected,
# for host.awk. Some of each is normal on a busy host: those are told if there
# are many for the traffic, or if they come now. The kernel's side is in net/ipv4
# (tcp_output.c, tcp_input.c, udp.c) and net/netfilter/nf_conntrack_core.c.

BEGIN {
    LEAST_TO_NOBODY = 3 # of UDP, while doctor looks on
    LEAST_KEPT_BACK = 3 # of any, meanwhile
}

!are_records && $1 == "address" { is_own_address[$2] = 1 }
!are_records && $1 == "behind" { behind[++behinds] = $2 " (" $3 ", " count_of($4, "container or machine") ")" }
!are_records && $1 == "translated" { translated_to = $2; translated_as = $3; translated_most = $4 }
!are_records && $1 == "flow" { flow_from[++flows] = $2; flow_to[flows] = $3; flow_translated[flows] = $4 }

!are_records && $1 == "neighbour" && $2 == 1 { mac_before[$3, $4] = $5 }
!are_records && $1 == "neighbour" && $2 == 2 && ($3, $4) in mac_before && mac_before[$3, $4] != $5 { moved_neighbours = join(moved_neighbours, $3 " (" $4 ") from " mac_before[$3, $4] " to " $5) }

function network_findings() {
    not_forwarding()
    full_conntrack()
    conntrack_races()
    not_let_out()
    lost_segments()
    came_out_of_order()
    damaged()
    dropped_on_arrival()
    memory_pressure()
    dropped_datagrams()
    datagrams_not_sent()
    unknown_segments()
    neighbours_that_changed()
    failing_connects()
    stale_flows()
    unreachables()
    wrong_way_in()
}

function neighbours_that_changed() {
    if (moved_neighbours == "")
        return
    finding("neighbour-changed", "The MAC address behind an IP address changed between the two looks: " moved_neighbours ". Either two hosts have that IP address and both answer ARP, or it was moved on purpose (a VIP, a new host). " \
        "What goes to the wrong host is answered by RST: open connections are reset, and new ones refused.", 1)
    act("sockshim doctor --seconds 60, a few times: if it changes back, two hosts have it: sockshim explain duplicate-address.")
}

# What came for another host where nothing is forwarded counts in InAddrErrors (ip_error in net/ipv4/route.c).
function not_forwarding(    i, list) {
    for (i = 1; i <= behinds && i <= 3; i++)
        list = join(list, behind[i])
    if (list == "" || !counter["IpInAddrErrors"])
        return
    finding("not-forwarding", "This host does not forward what comes by " list (behinds > 3 ? " and others" : "") ": net.ipv4.ip_forward (or conf.INTERFACE.forwarding) is 0. " count_of(counter["IpInAddrErrors"], "packet") \
        " that were not for this host came in and went no further (IpInAddrErrors). From there this host can be reached and nothing beyond it: connects time out, even to what this host itself reaches.", 1)
    act("sysctl -w net.ipv4.ip_forward=1, and for good in /etc/sysctl.d; a hardening script, a reload of sysctl or of the network often sets it to 0 after Docker or Podman has set it to 1.")
}

function share_in(some, others) {
    return some + others > 0 ? some / (some + others) : 0
}

function recent_share_of(name, all) {
    return recent[all] > 0 ? recent[name] / recent[all] : recent[name] > 0
}

function percent(share) {
    return sprintf(share < 0.001 ? "%.4f %%" : "%.1f %%", share * 100)
}

# What loses a race for an entry counts in drop as well (nf_ct_resolve_clash); the rest of drop found no room.
function full_conntrack(    full, dropped, lost) {
    full = conntrack_max > 0 && conntrack_count >= 0.9 * conntrack_max
    dropped = counter["conntrack_drop"] - counter["conntrack_insert_failed"]
    dropped = dropped > 0 ? dropped : 0
    lost = dropped + counter["conntrack_early_drop"]
    if (!full && !lost)
        return
    finding("conntrack-full", (full ? "The conntrack table has " conntrack_count " of " conntrack_max " entries" : "The conntrack table has been full") \
        (lost ? ": conntrack dropped " count_of(dropped, "packet") happening("conntrack_drop") ", and forgot " \
            count_of(counter["conntrack_early_drop"] + 0, "connection") " early" : "") \
        ". While it is full, new connections fail silently, from this host and to it: their SYNs are dropped, and connects time out.", \
        full || recent["conntrack_drop"] > recent["conntrack_insert_failed"] || moves("conntrack_early_drop"))
    act("sysctl -w net.netfilter.nf_conntrack_max=" (conntrack_max ? 2 * conntrack_max : 262144) " (on the host: a container has no limit of its own); " \
        "conntrack -L shows what fills it. If they are dead ones, a shorter nf_conntrack_tcp_timeout_established (5 days by default).")
}

# Where no source port is free, NAT takes one that is not (nf_nat_l4proto_unique_tuple in net/netfilter/nf_nat_core.c),
# and the entry is refused when the packet leaves.
function conntrack_races(    failed) {
    failed = counter["conntrack_insert_failed"]
    if (!failed)
        return
    finding("conntrack-insert-failed", "conntrack_insert_failed " failed happening("conntrack_insert_failed") ": that many packets were dropped because conntrack had an entry for the same " \
        "addresses and ports, as NAT had translated them." (conntrack_max > 0 && conntrack_count < 0.9 * conntrack_max ? " The table has room." : "") " Either NAT (masquerade, SNAT) has no free source port left for that destination: of those behind it, some connects wait 1 s or more, " \
        "or time out, and others are well" most_translated() "; or two packets came at the same time: connects of several containers, or DNS queries for A and AAAA from one socket, of which one is lost, and " \
        "the resolver retries after 5 s.", moves("conntrack_insert_failed"))
    act("conntrack -L -p tcp -d DESTINATION | wc -l: is it as many as the rule of NAT has ports (TIME_WAIT included)? Then more ports or addresses for it, and connections that are kept and used again. " \
        "If not: masquerade --random-fully (nft: fully-random); for DNS, options single-request-reopen in resolv.conf (glibc), or a DNS cache on this host.")
}

# For one source address and one destination, the most that conntrack has now.
function most_translated() {
    return translated_most < 2 ? "" : " (the most that there are now: " translated_most " to " translated_to ", as " translated_as ")"
}

function not_let_out(    failed) {
    failed = counter["TCPRetransFail"]
    if (!moves("TCPRetransFail") && dropped_within(recent) >= LEAST_KEPT_BACK) {
        finding("not-let-out", within_said(recent) " in the last " looked_for ": they did not leave, because of a firewall rule of this host (output, postrouting), a full conntrack table, or a rule of a cgroup. " \
            "Connects then time out or take seconds, datagrams are lost, and the other side has seen nothing.", 1)
        act("as root: nft list ruleset, or iptables-save -c, and look for drop or reject in output; sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max.")
        return
    }
    if (!failed)
        return
    finding("not-let-out", "TCPRetransFail " failed happening("TCPRetransFail") ": that many segments that TCP wanted to retransmit did not leave this host, because of a firewall " \
        "rule of this host (output), a full conntrack table, no route, or a full queue of the network card. Connects then time out, and the " \
        "other side has seen nothing.", moves("TCPRetransFail"))
    act("as root: nft list ruleset, or iptables-save -c, and look for drop in output; ip route get ADDRESS; tc -s qdisc for drops.")
}

# From 2 % on, and not for a handful. OutSegs has no retransmissions in it (__tcp_transmit_skb
# in net/ipv4/tcp_output.c).
function lost_segments(    share, recent_share, now) {
    share = share_in(counter["RetransSegs"], counter["OutSegs"])
    recent_share = share_in(recent["RetransSegs"], recent["OutSegs"])
    now = recent["RetransSegs"] >= 5 && recent_share >= 0.02
    if (!now && (counter["RetransSegs"] < 100 || share < 0.02))
        return
    finding("segments-lost", "RetransSegs " counter["RetransSegs"] happening("RetransSegs") ": " percent(share) " of " counter["RetransSegs"] + counter["OutSegs"] \
        " segments sent were retransmissions" (now ? ", and " percent(recent_share) " of those of the last " looked_for : "") \
        "; timers expired " counter["TCPTimeouts"] + 0 " times (TCPTimeouts), SYNs were retransmitted " counter["TCPSynRetrans"] + 0 \
        " times (TCPSynRetrans, a second or more of delay each). Packets or their ACKs are lost, or the other side does not answer.", now)
    act("ss -tino shows which peers (retrans:, backoff:); ip -s link shows errors and drops of the network cards here.")
}

# Of what comes in, a sender counts what is lost; here it shows in what came before it, as what was
# overtaken does.
function came_out_of_order() {
    if (recent["TCPOFOQueue"] < 5 || recent_share_of("TCPOFOQueue", "InSegs") < 0.02)
        return
    finding("segments-out-of-order", "TCPOFOQueue " counter["TCPOFOQueue"] happening("TCPOFOQueue") ": " percent(recent_share_of("TCPOFOQueue", "InSegs")) \
        " of the segments of the last " looked_for " came out of order: earlier ones had been overtaken on the way (reordering, by several paths or a bonded link), or lost, after which each one counts " \
        "until that has come again. Reordering alone costs little; what is lost, 0.2 s or more each time, and no error.", 1)
    act("mtr or ping -c 100 HOST shows whether any are lost; if so, ip -s link and ethtool -S whether this host's card drops or damages them, and the senders count RetransSegs.")
}

# A few in a billion are normal on the Internet. InErrs has a SYN-ACK that comes again as well
# (tcp_validate_incoming in net/ipv4/tcp_input.c), which is not damaged.
function damaged(    errors, all, now) {
    errors = counter["InCsumErrors"] + counter["UdpInCsumErrors"] + counter["Udp6InCsumErrors"] + counter["IcmpInCsumErrors"]
    now = moves("InCsumErrors") || moves("UdpInCsumErrors") || moves("Udp6InCsumErrors") || moves("IcmpInCsumErrors")
    all = counter["InSegs"] + counter["UdpInDatagrams"] + counter["Udp6InDatagrams"]
    if (!errors || !now && (errors < 10 || errors < 0.00001 * all))
        return
    finding("packets-damaged", "Packets arrive damaged: " listed("InCsumErrors UdpInCsumErrors Udp6InCsumErrors IcmpInCsumErrors") \
        ". They are dropped and have to be retransmitted. A network card, its driver, a cable or memory damages them on the way.", now)
    act("ip -s link and ethtool -S for errors; ethtool -K CARD rx off tx off tells whether its checksum offload is to blame.")
}

# Those of NAMES that are not 0: "InCsumErrors 3, UdpInCsumErrors 1".
function listed(names,    n, name, i, list) {
    n = split(names, name, " ")
    for (i = 1; i <= n; i++)
        if (counter[name[i]])
            list = join(list, name[i] " " counter[name[i]])
    return list
}

function dropped_on_arrival(    dropped, now) {
    dropped = counter["RcvPruned"] + counter["TCPRcvQDrop"] + counter["TCPBacklogDrop"]
    now = moves("RcvPruned") || moves("TCPRcvQDrop") || moves("TCPBacklogDrop")
    if (!now && (dropped < 100 || dropped < 0.0001 * counter["InSegs"]))
        return
    finding("dropped-on-arrival", "TCP has dropped data that had arrived, for lack of room: " listed("RcvPruned TCPRcvQDrop TCPBacklogDrop") \
        ". Programs here do not read as fast as it arrives, and their buffers are too small; the senders have to retransmit it.", now)
    act("ss -tm shows whose buffers are full (Recv-Q, skmem r against rb); let them read, or raise net.ipv4.tcp_rmem.")
}

function memory_pressure() {
    if (!counter["TCPMemoryPressures"])
        return
    finding("memory-pressure", "TCPMemoryPressures " counter["TCPMemoryPressures"] happening("TCPMemoryPressures") ": that many times TCP's memory went over tcp_mem" \
        (counter["TCPMemoryPressuresChrono"] ? ", for " counter["TCPMemoryPressuresChrono"] " ms in all" : "") \
        ". Buffers shrink, windows close, and data that arrives may be dropped. The memory is the whole host's, containers included.", moves("TCPMemoryPressures"))
    act("ss -tm shows which connections hold it (skmem): programs that do not read, or peers that do not. Raise net.ipv4.tcp_mem if they are all needed.")
}

# net/ipv4/udp.c, udp_sendmsg() and udp_send_skb(): ENOBUFS, also of the interface's queue, and no room
# in the send buffer. A program that tries again loses nothing.
function datagrams_not_sent(    now) {
    now = moves("UdpSndbufErrors")
    if (!counter["UdpSndbufErrors"])
        return
    finding("datagrams-not-sent", "UdpSndbufErrors " counter["UdpSndbufErrors"] happening("UdpSndbufErrors") ": that many times a program here had no room to send a UDP datagram: its send buffer was full, or the queue of the network interface. " \
        "In a full queue other programs' packets are dropped, too (ENOBUFS, \"No buffer space available\").", now)
    act("tc -s qdisc: if dropped and backlog grow there, the interface or its shaper is slower than what is sent: find who sends so much (ss -uanp), slow it down, or a queue that is fair (fq_codel). Else a larger SO_SNDBUF, or slower sending.")
}

function dropped_datagrams(    dropped, all, now) {
    dropped = counter["UdpRcvbufErrors"] + counter["Udp6RcvbufErrors"]
    all = counter["UdpInDatagrams"] + counter["Udp6InDatagrams"]
    now = moves("UdpRcvbufErrors") || moves("Udp6RcvbufErrors")
    if (!now && (dropped < 100 || dropped < 0.001 * (all + dropped)))
        return
    finding("datagrams-dropped", "UDP datagrams were dropped because a receive buffer was full: " listed("UdpRcvbufErrors Udp6RcvbufErrors") \
        "; " all " were delivered. The senders are not told.", now)
    act("ss -uanmp shows whose they are (the figure after d in skmem); let that program read faster, or give it a larger SO_RCVBUF, up to net.core.rmem_max.")
}

# Refusals are RSTs, too, and no counter has them alone; conntrack's makes the difference.
function unknown_segments() {
    if (!moves("conntrack_invalid") || !moves("OutRsts"))
        return
    finding("unknown-segments", "conntrack found " count_of(recent["conntrack_invalid"], "packet") " invalid in the last " looked_for ", and this host sent " \
        count_of(recent["OutRsts"], "RST") ". Both may concern the same packets: NAT does not translate invalid ones, so they reach a host that does not know the connection, and " \
        "its RST ends a healthy connection. If not, the RSTs are refusals.", 1)
    act("drop them before that happens: nft add rule ... ct state invalid drop, or iptables -I ... -m conntrack --ctstate INVALID -j DROP; " \
        "or sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1. conntrack -S counts them; nf_conntrack_log_invalid=6 logs them.")
}

function failing_connects() {
    if (recent["AttemptFails"] < 5 || recent_share_of("AttemptFails", "ActiveOpens") < 0.5)
        return
    finding("connects-failing", recent["AttemptFails"] " connects or handshakes failed in the last " looked_for " (AttemptFails), of " recent["ActiveOpens"] + 0 \
        " connects from here: some program keeps connecting to where nothing listens, for example a proxy whose server is not running.", 1)
    act("ss -tnp state syn-sent, a few times, shows who and where to; sockshim doctor PID looks at that process.")
}

# A rule of NAT is asked for the first packet of a flow alone: one that began before the rule was there
# (Docker publishes a port when its container starts) stays as it is, as long as packets come.
function stale_flows(    i, list, count) {
    for (i = 1; i <= flows; i++)
        if (flow_translated[i] != "" && !is_bound(flow_to[i]) && ++count <= 3)
            list = list (list == "" ? "" : "; ") flow_from[i] " to " flow_to[i] " (others are translated to " flow_translated[i] ")"
    if (!count)
        return
    finding("stale-flow", "UDP that reaches nobody here: " list (count > 3 ? "; and " count - 3 " others" : "") ". Either conntrack has " (count == 1 ? "this flow" : "these flows") \
        " from before that rule of NAT, and each datagram keeps the entry (then a new socket of the sender gets through), or the rule leaves this sender out. The sender sees no error.", 1)
    act("conntrack -D -p udp --orig-port-dst PORT, on this host; or restart the sender, so that it takes a new port. Docker and kube-proxy leave such entries when a container or pod is started again.")
}

function is_bound(address,    port) {
    port = address
    sub(/.*:/, "", port)
    return (address in has_bound) || (("0.0.0.0:" port) in has_bound) || (("[::]:" port) in has_bound)
}

# Who sends to where nobody listens, as far as conntrack knows: up to three.
function senders_to_nobody(    i, list, count, host) {
    for (i = 1; i <= flows; i++) {
        host = flow_to[i]
        sub(/:.*/, "", host)
        if ((host in is_own_address) && !is_bound(flow_to[i]) && ++count <= 3)
            list = join(list, flow_from[i] " to " flow_to[i])
    }
    return list == "" ? "" : " Perhaps, of conntrack's flows without an answer: " list (count > 3 ? " and others" : "") "."
}

function unreachables(    in_now, out_now, no_port) {
    in_now = recent["IcmpInDestUnreachs"] + recent["Icmp6InDestUnreachs"]
    out_now = recent["IcmpOutDestUnreachs"] + recent["Icmp6OutDestUnreachs"]
    if (in_now >= 5) {
        finding("unreachable-received", "Other hosts, or this one, answered with ICMP destination unreachable " in_now " times in the last " looked_for \
            ": a host or network that cannot be reached, a firewall that rejects, a UDP port where nothing listens, or a packet that is too large " \
            "for the path. The kernel counts them together.", 1)
        act("tcpdump -ni any 'icmp[0] == 3 or icmp6[0] == 1' shows which, and about whom.")
    }
    no_port = recent["UdpNoPorts"] + recent["Udp6NoPorts"]
    if (out_now >= 5 || no_port >= LEAST_TO_NOBODY) {
        finding("unreachable-sent", out_now >= 5 ? "This host answered " out_now " packets with ICMP destination unreachable in the last " looked_for \
            (no_port ? ", " no_port " of them UDP datagrams to ports where nothing listens (UdpNoPorts)" : "") "." senders_to_nobody() \
            : count_of(no_port, "UDP datagram") " came in the last " looked_for " for ports where nothing listens (UdpNoPorts)." senders_to_nobody(), 1)
        act("ss -uln lists what listens where; tcpdump -ni any 'icmp[0] == 3 or icmp6[0] == 1' shows whom it tells.")
    }
}
