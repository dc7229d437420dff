# What both forms of doctor share: the facts that doctor.sh reads, one a line with
# tabs between the words, and the shape in which things are said.

!are_records && $1 == "knob" { if (!($2 in has_knob)) knob_name[++knobs] = $2; knob[$2] = $3; has_knob[$2] = 1 }
!are_records && $1 == "missing" && !said_missing[$2]++ { missing[++missings] = $2 " " $3 }
!are_records && $1 == "counter" { counter[$2] = $3; is_counted[$2] = 1; recent[$2] = 0 }
!are_records && $1 == "later" && $2 in counter { recent[$2] = $3 - counter[$2]; counter[$2] = $3 }
!are_records && $1 == "conntrack" { conntrack_count = $2; conntrack_max = $3 }
!are_records && $1 == "nofile" { nofile = $2; nofile_hard = $3 }

# recent has all of them from the beginning: gawk 5.2.1 can lose its head over elements that only a
# question has made.
#
# knob[NAME] may be asked for, and is then in the array; has_knob has those that
# were read.

# finding(KIND, TEXT, IS_NOW): what is wrong, in a sentence or two; KIND is a word for
# machines. Then act() and avoid(): what to change and what not to. What is so now
# comes before what only a counter remembers, else the order is that of the calls.
function finding(kind, text, is_now) {
    findings++
    finding_kind[findings] = kind
    finding_text[findings] = text
    finding_is_now[findings] = is_now
}

# By UDP, of what another host refuses: both forms that look at one program see it by the ICMP that came.
function refused_datagrams(seen, is_now) {
    finding("datagrams-rejected", seen " Of such a refusal a program is told only if it has connected its socket: else its sends succeed, and it waits for an answer, or loses what wants none. " \
        "Nothing listens at that port (or only at 127.0.0.1, as snmpd does in Debian), or a firewall rejects it.", is_now)
    act("tcpdump -vni any icmp or icmp6 meanwhile names host and port. There: ss -lunp: does the server listen at that address? Else nft list ruleset. If a new sender gets through (nc -u), a NAT there keeps " \
        "the old flow: sockshim explain udp-silence.")
    avoid("a longer time limit, or a search for lost packets: what is refused has arrived.")
}

function act(text) {
    finding_act[findings] = text
}

function avoid(text) {
    finding_avoid[findings] = text
}

# Packets that this host made, or forwarded, and did not send: from Linux 6.6 on the kernel counts
# both (ip_finish_output2 in net/ipv4/ip_output.c). What is fragmented is sent as so many more. The two are
# not read at the same moment: on a busy host a few are always on their way.
function dropped_within(of,    made, sent) {
    if (!("IpOutTransmits" in of))
        return 0
    made = made_here(of)
    sent = of["IpOutTransmits"] + of["Ip6OutTransmits"] - of["IpFragCreates"] - of["Ip6FragCreates"] + of["IpFragOKs"] + of["Ip6FragOKs"]
    return made - sent >= 0.001 * made ? made - sent - of["IpFragFails"] - of["Ip6FragFails"] : 0
}

function made_here(of) {
    return of["IpOutRequests"] + of["IpForwDatagrams"] + of["Ip6OutRequests"] + of["Ip6OutForwDatagrams"]
}

function within_said(of) {
    return dropped_within(of) " of " count_of(made_here(of), "packet") " that this host made were dropped within it (OutRequests, OutTransmits)"
}

# Where there is none: the commonest complaints are about what nobody has looked at.
function what_next() {
    return "Hangs: sockshim doctor PID while it does, here and of its peer. Slow, or fails now and then: sockshim run -o FILE -- COMMAND, " \
        "then sockshim report FILE. An error message: sockshim explain MESSAGE."
}

# In their order, in rank[1] and on.
function rank_findings(rank,    i, n) {
    for (i = 1; i <= findings; i++)
        if (finding_is_now[i])
            rank[++n] = i
    for (i = 1; i <= findings; i++)
        if (!finding_is_now[i])
            rank[++n] = i
}

function print_findings(    rank, i) {
    rank_findings(rank)
    for (i = 1; i <= findings; i++) {
        print ""
        paragraph(sprintf("%2d  ", i), finding_text[rank[i]])
        if (finding_act[rank[i]] != "")
            paragraph("    Do:   ", finding_act[rank[i]])
        if (finding_avoid[rank[i]] != "")
            paragraph("    Not:  ", finding_avoid[rank[i]])
    }
}

# The first line after LEAD, the others below it, or further left if it takes half the screen.
function paragraph(lead, text) {
    text = lead wrapped(printable(text), length(lead) * 2 > screen ? 6 : length(lead), length(lead))
    sub(/ +$/, "", text)
    print text
}

# On a narrow screen what it means is on lines of its own.
function row(name, figure, text,    lead) {
    lead = sprintf("  %-21s %11s  ", name, figure)
    if (length(lead) * 2 <= screen)
        paragraph(lead, text)
    else {
        paragraph(lead, "")
        if (text != "")
            paragraph("      ", text)
    }
}

function join(list, word) {
    return list (list == "" ? "" : ", ") word
}

# A row each, with SIGN before the figure; those that are 0 in a line that begins
# with ZERO, and those that this kernel does not count in another.
function list_counters(figures, sign, zero,    i, name, zeros, uncounted) {
    for (i = 1; i <= COUNTERS; i++) {
        name = COUNTER[i]
        if (!(name in is_counted)) {
            # Without conntrack there is nothing to count.
            if (name !~ /^conntrack_/)
                uncounted = join(uncounted, name)
        } else if (figures[name] == 0)
            zeros = join(zeros, name)
        else
            row(name, sign figures[name], MEANING[name] rate_of(name))
    }
    if (zeros != "")
        paragraph("  " zero ": ", zeros)
    if (uncounted != "")
        paragraph("  not counted here: ", uncounted)
}

# Only the host's own form has looked twice.
function rate_of(name) {
    return recent[name] ? "; " recent[name] " of them in the last " looked_for : ""
}

# count_of(1, "reset") is "1 reset", of 2 "2 resets".
function count_of(number, noun) {
    return number " " noun (number == 1 ? "" : "s")
}

function duration(seconds) {
    if (seconds < 120)
        return seconds " s"
    if (seconds < 7200)
        return two_units(seconds, 60, "min", 1, "s")
    if (seconds < 172800)
        return two_units(seconds, 3600, "h", 60, "min")
    return two_units(seconds, 86400, "days", 3600, "h")
}

function two_units(seconds, large, large_name, small, small_name,    rest) {
    rest = int(seconds % large / small)
    return int(seconds / large) " " large_name (rest ? " " rest " " small_name : "")
}

# How long data goes unacknowledged before the kernel gives up, in seconds: the
# lower bound (tcp_model_timeout in net/ipv4/tcp_timer.c). The first retransmission
# is after 200 ms, each next after twice as long.
function retransmission_time(    i, wait, longest, seconds) {
    longest = ("tcp_rto_max_ms" in has_knob) ? knob["tcp_rto_max_ms"] / 1000 : 120
    wait = 0.2
    for (i = 0; i <= knob["tcp_retries2"]; i++) {
        seconds += wait
        wait = wait * 2 > longest ? longest : wait * 2
    }
    return int(seconds + 0.01)
}

function ephemeral_ports(    range) {
    return split(knob["ip_local_port_range"], range, " ") == 2 ? range[2] - range[1] + 1 : 0
}

function is(name, number) {
    return name in has_knob && knob[name] == number
}

# The counters in the order in which they are shown, each in half a line. Those of
# TCP have the kernel's names (net/ipv4/proc.c), the others its protocol before them,
# as nstat has it.
BEGIN {
    FS = "\t"
    screen = ENVIRON["TERMINAL_COLUMNS"] + 0
    screen = screen > 100 ? 100 : screen < 40 ? 40 : screen
    CONVFMT = OFMT = "%.15g" # for mawk, to which 5000000000 is 5e+09
    describe("ListenOverflows", "accept queue full: SYN or last ACK dropped")
    describe("ListenDrops", "all drops by listeners, overflows included")
    describe("TCPReqQFullDoCookies", "SYN queue full: SYN cookie")
    describe("TCPReqQFullDrop", "SYN queue full, cookies off: SYN dropped")
    describe("SyncookiesSent", "SYN cookies")
    describe("EmbryonicRsts", "handshakes ended by RST, sent or received")
    describe("TCPAbortOnClose", "closed with data unread: RST sent")
    describe("TCPAbortOnData", "SO_LINGER 0, or data after close: RST sent")
    describe("TCPAbortOnTimeout", "gave up on a silent peer")
    describe("TCPAbortOnMemory", "no memory, or too many orphans: cut off")
    describe("EstabResets", "open connections cut off by either side, or for silence; one within this host counts twice")
    describe("AttemptFails", "connects that failed, handshakes reset")
    describe("OutRsts", "RSTs sent, refusals included")
    describe("RetransSegs", "segments retransmitted")
    describe("TCPTimeouts", "retransmission timers that expired (200 ms or more of silence each)")
    describe("TCPSynRetrans", "SYNs and SYN-ACKs retransmitted (1 s or more of delay each)")
    describe("TCPRetransFail", "retransmissions that did not leave this host")
    describe("TCPOFOQueue", "segments out of order: earlier ones were overtaken, or lost")
    describe("TCPSYNChallenge", "SYNs and SYN-ACKs for connections that were established here already")
    describe("DelayedACKs", "ACKs that were held back, usually for 40 ms")
    describe("InErrs", "segments that TCP did not take: damaged, or a SYN within a connection")
    describe("InCsumErrors", "segments with a wrong checksum")
    describe("RcvPruned", "data dropped on arrival, receive buffer full")
    describe("TCPRcvQDrop", "data dropped on arrival, no memory for the receive queue")
    describe("TCPBacklogDrop", "segments dropped: socket busy, and its backlog full")
    describe("TCPToZeroWindowAdv", "windows closed because a program here did not read")
    describe("TCPMemoryPressures", "times that TCP began to save memory (host-wide)")
    describe("TCPTimeWaitOverflow", "TIME_WAIT cut short: tcp_max_tw_buckets reached")
    describe("IpOutNoRoutes", "packets without a route")
    describe("IPReversePathFilter", "packets dropped by rp_filter: the way back to their sender leads elsewhere")
    describe("IpFragFails", "packets larger than the next hop's MTU that may not be fragmented")
    describe("Ip6FragFails", "the same, IPv6")
    describe("IcmpInDestUnreachs", "ICMP destination unreachable received")
    describe("IcmpOutDestUnreachs", "ICMP destination unreachable sent")
    describe("IcmpInTimeExcds", "ICMP time exceeded received: a routing loop?")
    describe("IcmpInCsumErrors", "ICMP messages with a wrong checksum")
    describe("Icmp6InDestUnreachs", "ICMPv6 destination unreachable received")
    describe("Icmp6OutDestUnreachs", "ICMPv6 destination unreachable sent")
    describe("Icmp6InPktTooBigs", "ICMPv6 packet too big received: path MTU")
    describe("UdpNoPorts", "UDP datagrams that no socket took: nothing listened, or not for that sender")
    describe("UdpRcvbufErrors", "UDP datagrams dropped, receive buffer full")
    describe("Udp6RcvbufErrors", "UDP datagrams dropped (IPv6), receive buffer full")
    describe("UdpSndbufErrors", "UDP datagrams not sent: send buffer or interface's queue full")
    describe("UdpInCsumErrors", "UDP datagrams with a wrong checksum")
    describe("conntrack_drop", "packets dropped: the conntrack table was full, or two connections wanted the same entry (then insert_failed counts them as well)")
    describe("conntrack_early_drop", "connections forgotten to make room in the conntrack table")
    describe("conntrack_insert_failed", "packets dropped: two connections wanted the same conntrack entry")
    describe("conntrack_invalid", "packets that fit no tracked connection (not known, or out of its window)")
}

function describe(name, text) {
    COUNTER[++COUNTERS] = name
    MEANING[name] = text
}
