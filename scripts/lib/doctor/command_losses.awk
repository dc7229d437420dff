# For command.awk: what slows a run down, or is lost without an error, as the kernel has counted it.

!are_records && $1 == "no-netlink" { no_netlink = 1 }

# What ss met as well, which is not COMMAND, but started by the same.
function netlink_refused() {
    if (!no_netlink)
        return
    finding("family-refused", "Sockets of AF_NETLINK are refused here, to ss as well (EAFNOSUPPORT): by a seccomp filter that COMMAND inherits, as RestrictAddressFamilies= of a unit makes one. " \
        "getifaddrs, and all that asks for interfaces, addresses or routes, then fails within the C library, without a record.")
    act("systemctl edit UNIT: RestrictAddressFamilies=AF_NETLINK below [Service] adds it; sockshim explain address-family.")
}

# A SYN-ACK comes again if the ACK that ends the handshake did not arrive, and nor did what was
# sent after it, which would have done as well.
function one_way() {
    if (!unheard || moved["TCPSYNChallenge"] <= 0)
        return 0
    finding("one-way", count_of(unheard, "connection") (unheard == 1 ? " was" : " were") " established, and nothing sent after that arrived: " peers("unheard", "anywhere") \
        ". Meanwhile SYN-ACKs came again (" grown("TCPSYNChallenge") "): the other host still waits for the handshake's ACK, which is small, so it is not the size of the packets (MTU). " \
        "What comes from there arrives; of what goes there, SYN alone. A firewall or NAT that does not see the answers, because they take another way (asymmetric routing), drops all but SYN as invalid.")
    act("tcpdump -eni any host HOST: do SYN-ACKs come from another MAC address or interface than SYN went to? On the firewall: its log of invalid or out-of-state packets, conntrack -S. " \
        "To do: one way for both directions (a route on that host or here, NAT of the source on the firewall), or let the firewall permit it.")
    avoid("a smaller MTU, or a longer time limit.")
    return 1
}

# Nothing has failed, and some of it never left.
function kept_back() {
    if (dropped_within(moved) < 1 || told_not_let_out)
        return 0
    finding("not-sent", "Packets did not leave this host: " within_said(moved) ". A firewall rule of this host drops them (output), its conntrack table is full" \
        dropped_for_room() ", or a rule of a cgroup does. " \
        (were_connects_late() ? "A SYN was sent again " times(moved["TCPSynRetrans"]) " (TCPSynRetrans): such a connect takes 1 s longer, or 3 or 7, and does not fail if the rule lets a later one out." \
            : "What is dropped here costs a delay of 0.2 s or more, or is lost if it is a datagram."))
    act("as root: nft list ruleset, or iptables-save -c, and look for drop or reject in output, ct count, limit or connlimit; " \
        "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max.")
    avoid("a search in the network, or at the other host: it has not seen them.")
    return 1
}

# Nothing has failed, and it was slow: connects that succeed with the second SYN, and data that
# came with the second try. A listener here that dropped SYNs is told elsewhere.
function lost_on_the_way(    text, lost) {
    if (were_connects_late())
        text = "SYNs or SYN-ACKs were sent again " times(moved["TCPSynRetrans"]) " (TCPSynRetrans), and the log has no connect that failed: those connects took 1 s longer, or 3 or 7. " \
            "A SYN or its answer was lost, or that host dropped it (a full accept queue)."
    if (!tells_of_silence && is_share("RetransSegs", "OutSegs", moved["TCPSynRetrans"]))
        text = text (text == "" ? "" : " ") "Of what this host sent, it sent " moved["RetransSegs"] - moved["TCPSynRetrans"] " segments again (RetransSegs)."
    lost = text != ""
    if (is_share("TCPOFOQueue", "InSegs", 0))
        text = text (lost ? " " : "") "Of the " moved["InSegs"] " segments that came in, " moved["TCPOFOQueue"] " came out of order (TCPOFOQueue): earlier ones had been overtaken (reordering, by several paths or a bonded link), or lost, after which each one counts until that has come again."
    if (text == "" || unheard || unacknowledged || total["connection-timed-out"])
        return
    finding(lost ? "lost-on-the-way" : "out-of-order", text (lost ? " What is lost costs 0.2 s or more each time" : " Reordering alone costs little; what is lost, 0.2 s or more each time") ", and no call fails.")
    act("mtr HOST, or ping -c 100 HOST: is anything lost? ip -s link, ethtool -S and tc -s qdisc show whether this host drops it. If only connects are slow, ListenDrops of that host (sockshim doctor there).")
}

function were_connects_late() {
    return moved["TCPSynRetrans"] > 0 && !(total["connect-timed-out"] + total["gave-up-connecting"] + moved["TCPRetransFail"] + moved["ListenDrops"])
}

function times(number) {
    return number == 1 ? "once" : number " times"
}

# Whether it is more than a mishap: three at least, and one in a hundred.
function is_share(name, all, less) {
    return moved[name] - less >= 3 && moved[name] - less >= 0.01 * moved[all]
}

# TCPTimeouts: one is a mishap, three in a row are more than a second of silence; where other
# packets are lost now and then, they need not be in a row.
function retransmissions(    text) {
    if (unacknowledged && moved["RetransSegs"])
        text = count_of(unacknowledged, "connection") " waited for an ACK that never arrived: " peers("unacknowledged", "anywhere") ". " \
            grown("RetransSegs") ": what was retransmitted, and not acknowledged either, is a full-sized segment or more. "
    else if (moved["TCPTimeouts"] >= 3 && dropped_within(moved) < moved["TCPTimeouts"] && !were_connects_late() && !is_share("TCPOFOQueue", "InSegs", 0) && moved["RetransSegs"] > moved["TCPSynRetrans"] + moved["TCPRetransFail"])
        text = "Data was not acknowledged: " grown("RetransSegs") ", " grown("TCPTimeouts") ". The log does not say which connection it was: COMMAND may have given up before the kernel did. "
    else
        return
    tells_of_silence = 1 # so what was sent again is explained
    finding(unacknowledged ? "full-sized-lost" : "not-acknowledged", text \
        (moved["IcmpInDestUnreachs"] || moved["Icmp6InPktTooBigs"] ? "ICMP came in (IcmpInDestUnreachs +" moved["IcmpInDestUnreachs"] + 0 ", Icmp6InPktTooBigs +" \
            moved["Icmp6InPktTooBigs"] + 0 "); it may have been about the size." : "No ICMP came in that says a packet is too large (IcmpInDestUnreachs +0): " \
            "if small requests to the same host work, the path has a smaller MTU and a firewall drops that message. If they do not, the host or the path is down."))
    act("ping -M do -s 1472 HOST, then with smaller sizes, shows the largest that passes. Then the MTU of the interface or route " \
        "(ip route ... mtu 1400), MSS clamping on the tunnel or router, or sysctl -w net.ipv4.tcp_mtu_probing=1 here.")
}

# A connection that was accepted and ended without an answer, while other connects of
# this host failed: what a proxy does whose server is not there.
function proxies(    ended, failed) {
    ended = tcp["closed-unanswered", "here"] + tcp["peer-reset", "here"]
    failed = moved["AttemptFails"] - moved["EmbryonicRsts"] - tcp["connection-refused", "here"] - tcp["connection-refused", "elsewhere"] \
        - tcp["connect-timed-out", "here"] - tcp["connect-timed-out", "elsewhere"]
    if (!ended || failed < ended)
        return
    finding("nothing-behind-proxy", "Connections that were accepted on this host ended without an answer: " \
        (tcp["closed-unanswered", "here"] ? "closed-unanswered " peers("closed-unanswered", "here") : "") \
        (tcp["closed-unanswered", "here"] && tcp["peer-reset", "here"] ? ", " : "") (tcp["peer-reset", "here"] ? "peer-reset " peers("peer-reset", "here") : "") \
        ". Meanwhile " failed " connects failed that are not COMMAND's (" grown("AttemptFails") "). A proxy that accepts connections for a server that is not running looks " \
        "like this: docker-proxy, haproxy, nginx, socat, kubectl port-forward.")
    act("ss -ltnp names the program at that address; look at the server behind it, and which address it listens on (127.0.0.1 inside a container is not reached).")
}

# A queue takes one more than its limit (unix_recvq_full in net/unix/af_unix.c).
function datagrams() {
    if (unix_lost) {
        finding("unix-datagrams-lost", count_of(unix_lost, "message") " could not be sent (EAGAIN) to a unix socket: " peers("unix", "here") ". The receiver does not read as " \
            "fast as COMMAND sends: its queue holds " ("max_dgram_qlen" in has_knob ? knob["max_dgram_qlen"] + 1 " messages (net.unix.max_dgram_qlen=" knob["max_dgram_qlen"] \
            " and one more)" : "net.unix.max_dgram_qlen messages and one more") ", of whatever size. A message that gets EAGAIN is lost, unless COMMAND retries.")
        act("make the receiver read faster, or sysctl -w net.unix.max_dgram_qlen=512 and restart the receiver: the limit is applied when it creates its socket. " \
            "To send fewer messages, aggregate or buffer them in the client.")
    }
}

# As datagrams_not_sent() of network.awk.
function no_room_to_send() {
    if (moved["UdpSndbufErrors"] <= 0)
        return
    finding("datagrams-not-sent", grown("UdpSndbufErrors") ": COMMAND or another program had no room to send a UDP datagram: its send buffer was full, or the queue of the network interface, " \
        "which then drops other programs' packets, too (ENOBUFS).")
    act("tc -s qdisc: if dropped and backlog grow there, ss -uanp shows who may send so much: slow it down. Else a larger SO_SNDBUF.")
}

function datagrams_dropped() {
    if (moved["UdpRcvbufErrors"] + moved["Udp6RcvbufErrors"] <= 0)
        return
    finding("datagrams-dropped", grown("UdpRcvbufErrors") ", " grown("Udp6RcvbufErrors") ": UDP datagrams were dropped on this host because a receive buffer was full. " \
        "Neither side is told.")
    act("ss -uanmp shows whose they are (the figure after d in skmem).")
}

# A socket of UDP that is not connected is told of no ICMP (net/ipv4/udp.c, __udp4_lib_err), and the C
# library asks name servers without a record. On this host itself ICMP counts as sent as well.
function rejected_datagrams(    icmp, lacking) {
    icmp = moved["IcmpInDestUnreachs"] + moved["Icmp6InDestUnreachs"] - told_by_icmp - tcp["connection-refused", "elsewhere"]
    lacking = moved["UdpOutDatagrams"] + moved["Udp6OutDatagrams"] - moved["UdpInDatagrams"] - moved["Udp6InDatagrams"]
    if (icmp <= told_by_icmp || lacking <= 0 || names_failed() || moved["TCPSynRetrans"] || moved["RetransSegs"])
        return
    refused_datagrams("ICMP came in " times(icmp) " that a destination is unreachable (" grown("IcmpInDestUnreachs") "), and of " count_of(moved["UdpOutDatagrams"] + moved["Udp6OutDatagrams"], "UDP datagram") \
        " that went out " lacking (lacking == 1 ? " was" : " were") " not answered (UdpOutDatagrams, UdpInDatagrams).")
}

# Whoever sends to a program that does not read meets a window of 0, and may have a limit for that.
function slow_to_read() {
    if (moved["TCPToZeroWindowAdv"] <= 0 || !large_ends)
        return
    finding("slow-to-read", "A program here did not read what had come for it, so that this host let the other side wait (" grown("TCPToZeroWindowAdv") "). The log has " \
        count_of(large_ends, "connection") " that the other side ended after a while: " peers("large-end", "anywhere") ". If the answer was cut short, that may be why: " \
        "servers and proxies leave a client that does not take their data (haproxy: timeout client; nginx: send_timeout, 60 s unless set), which looks like any other end. If it is whole, nothing is wrong.")
    act("look at what COMMAND does with the data: a slow disk, a pipe to a slower program, a lack of CPU; sockshim doctor PID meanwhile. On the other side, its own log, or a record gave-up-sending.")
    avoid("a search in the network. A longer limit there only gives it time.")
}

# A connected socket of UDP takes datagrams of its peer alone (net/ipv4/udp.c,
# compute_score); for any other there is nobody, as after it was closed.
function command_answers_not_taken(    names, count) {
    names = total["name-not-resolved"] + total["name-resolved-late"]
    count = moved["UdpNoPorts"] + moved["Udp6NoPorts"]
    if (names && count <= 0)
        questions_unanswered(moved["UdpOutDatagrams"] + moved["Udp6OutDatagrams"], moved["UdpInDatagrams"] + moved["Udp6InDatagrams"])
    if (!names || count <= 0)
        return
    finding("answers-not-taken", (total["name-not-resolved"] ? "name-not-resolved " total["name-not-resolved"] : "name-resolved-late " total["name-resolved-late"]) \
        ", and " count_of(count, "UDP datagram") " arrived here that no socket took (" grown("UdpNoPorts") \
        "). If they were the answers, they came from another address than was asked, or after the resolver had given up. Another address: of a name server that has several; or of the pod or container itself behind the address of a service, where a NAT " \
        "did not translate the answer back, since both are at the same bridge of one node.")
    act("tcpdump -ni any udp src port 53 shows from which address they come. " stray_source_advice())
}

# On loopback both ends count; and whoever else has been asked something counts, too.
function questions_unanswered(sent, arrived) {
    if (sent <= arrived || arrived < 0)
        return
    finding("questions-unanswered", (total["name-not-resolved"] ? "name-not-resolved " total["name-not-resolved"] : "name-resolved-late " total["name-resolved-late"]) ". " \
        count_of(sent, "UDP datagram") " went out (UdpOutDatagrams), and " arrived " came in (UdpInDatagrams): questions to a name server were not answered, or the answers were lost. " \
        (arrived ? "As some were: of the two for A and AAAA, which go out together, one may be lost each time; or one server of several is silent." : "No server has answered anything."))
    act("dig @SERVER NAME, and dig @SERVER NAME AAAA, for each of /etc/resolv.conf. " (arrived ? "If all answer: RES_OPTIONS=single-request-reopen getent ahosts NAME; if that is quick, put it into resolv.conf (options), " \
        "and look for the firewall or NAT that takes one of two questions." : "A firewall may drop UDP 53, or the servers are the wrong ones."))
}

function damaged() {
    if (moved["InCsumErrors"] + moved["UdpInCsumErrors"] == 0)
        return
    finding("packets-damaged", "Packets arrived damaged and were dropped: " grown("InCsumErrors") ", " grown("UdpInCsumErrors") ".")
    act("ip -s link and ethtool -S for errors of the network card; ethtool -K CARD rx off tx off tells whether its checksum offload is to blame.")
}

# An ACK that is held back costs nobody anything unless the other side waits for it:
# then there is one for each exchange, and they fill the time. TCPOrigDataSent counts
# segments with data, of both sides where both are on this host.
function delayed_acks(    held, segments, lasted) {
    held = moved["DelayedACKs"]
    segments = moved["TCPOrigDataSent"]
    lasted = ended - began
    if (held < 5 || segments <= 0 || held < 0.2 * segments || lasted <= 0 || held * 0.04 < 0.5 * lasted)
        return
    finding("delayed-acks", grown("DelayedACKs") ", for " segments " segments of data sent (TCPOrigDataSent) in " sprintf("%.2f", lasted) " s: nearly each exchange had an ACK that was " \
        "held back, usually for 40 ms, " sprintf("%.2f", held * 0.04) " s in all. If requests take 40 ms each, " \
        (has_nagle ? "one side writes a message in two small pieces: Nagle's algorithm holds the second one until the first is acknowledged. COMMAND runs with TCP_NODELAY as it was (--no-nodelay), so it may be either side." \
            : "it is the other side: it writes its answer in two small pieces, and Nagle's algorithm holds the second one until the first is acknowledged. It is not COMMAND, which has TCP_NODELAY.") \
        " If the exchanges are quick, there is only a pause after each one, and nothing is wrong.")
    act(has_nagle ? "run it again without --no-nodelay: if the time and DelayedACKs fall, it was COMMAND, and sockshim fixes it." : \
        "TCP_NODELAY on the other side, or one write for each answer: run that program under sockshim, which sets it. To compare, this run with --no-nodelay.")
}

function names_failed() {
    return total["name-not-resolved"] + 0
}

function nothing_found() {
    if (!are_records)
        return
    print ""
    paragraph("", "According to the log, no TCP connection of this run was reset, refused or timed out, and no accept queue here was full. " what_else_failed() behind_proxy())
    if (!names_failed() && no_datagram_came() != "") {
        print ""
        paragraph("", no_datagram_came())
    }
}

# What wants no answer (syslog, statsd) looks the same.
function no_datagram_came(    sent) {
    sent = moved["UdpOutDatagrams"] + moved["Udp6OutDatagrams"]
    if (sent <= 0 || moved["UdpInDatagrams"] + moved["Udp6InDatagrams"] > 0)
        return ""
    return count_of(sent, "UDP datagram") " went out (UdpOutDatagrams), and none came in. If COMMAND asked for something by UDP, it has no answer: a firewall here, there or on the path drops the question or the answer " \
        "(TFTP answers from a new port, which a firewall has to know), or the server is silent, as SNMP is to a wrong community. No call fails then. Do datagrams arrive there, and answers leave? tcpdump -ni any udp; sockshim explain udp-silence."
}

function what_else_failed() {
    if (names_failed())
        return "But a name could not be resolved (name-not-resolved " names_failed() "): see sockshim report."
    return failures == "" ? "If COMMAND reports an error, it may be an answer that refuses: sockshim explain MESSAGE. If it hangs: sockshim doctor PID while it does." : "But something else failed (" failures "): see sockshim report."
}
