# sockshim doctor -- COMMAND: what the kernel counted while COMMAND ran, beside what
# the log says of the run. Where both can be about the same connections it says so;
# how sure that is, the numbers tell: other programs count, too.

!are_records && $1 == "before" { before[$2] = $3 }
!are_records && $1 == "after" && ($2 in before) { moved[$2] = $3 - before[$2]; is_counted[$2] = 1 }
!are_records && $1 == "began" { began = $2 }
!are_records && $1 == "ended" { ended = $2 }
!are_records && $1 == "address" { is_ours[$2] = 1 }
!are_records && $1 == "at-path" { listens_at[++paths] = $2; path_owner[paths] = $4 ", pid " $3 }
!are_records && $1 == "level" { log_level = tolower($2) }
!are_records && $1 == "skip" { skipped = $2 }
are_records && read_record($0) { event == "start" ? note_settings() : note() }
$1 == "records" { are_records = 1 }

BEGIN {
    split("peer-reset connection-refused connect-timed-out connection-timed-out gave-up-connecting closed-unanswered unreachable", causes, " ")
    for (i in causes)
        has_peer[causes[i]] = 1
}

END {
    if ("OutRsts" in is_counted && "ListenOverflows" in is_counted)
        look_for_findings()
    print ""
    print_moves()
    print_log()
}

function look_for_findings() {
    resets()
    refusals()
    no_such_sockets()
    unreachable()
    unanswered()
    silence()
    overflows()
    own_resets()
    shortages()
    conntrack_table()
    if (!one_way())
        retransmissions()
    lost_on_the_way()
    proxies()
    datagrams()
    if (!names_failed() || !no_name_server("This host's"))
        command_answers_not_taken()
    damaged()
    delayed_acks()
    print_findings()
    if (!findings)
        nothing_found()
}

# ---- The log ----

# In quotes: nodelay=off among others.
function note_settings() {
    if (value("settings") ~ /nodelay=off/)
        has_nagle = 1
}

# Only connections of TCP can be matched with its counters.
function note(    cause, peer, place) {
    if (event != "return")
        return
    cause = value("cause")
    if (cause == "unreachable" || cause == "connection-refused" || cause == "connect-timed-out")
        has_failed[value("pid"), value("fd"), value("peer")] = 1
    else if (cause == "in-progress")
        delete has_failed[value("pid"), value("fd"), value("peer")]
    else if (cause == "gave-up-connecting" && (value("pid"), value("fd"), value("peer")) in has_failed)
        return # told already
    total[cause]++
    if (cause == "no-such-socket" && value("peer") ~ /^\// && !is_missed[value("peer")]++)
        missed[++misses] = value("peer")
    # An end before a single byte had come.
    if (cause == "peer-closed" && value("rx") == "0")
        cause = "closed-unanswered"
    if (value("type") == "unix-dgram" && value("error") == "EAGAIN" && value("call") ~ /^(send|write)/) {
        unix_lost++
        by_peer["unix", "here", value("peer") == "" ? "an unnamed socket" : value("peer")]++
    }
    if (value("rx") == "0" && value("tx") == "0" && value("unacked") + 0 > 0 && value("retrans") + 0 >= 2 && cause ~ /^(gave-up-(waiting|sending)|connection-timed-out|timeout)$/) {
        unheard++
        by_peer["unheard", "anywhere", value("peer")]++
    }
    # As much as a full-sized segment, sent again and again.
    if (value("unacked") + 0 >= 1000 && value("retrans") + 0 >= 2 && (cause == "gave-up-waiting" || cause == "connection-timed-out")) {
        unacknowledged++
        by_peer["unacknowledged", "anywhere", value("peer")]++
    }
    if (!(cause in has_peer) || value("type") !~ /^m?p?tcp$/)
        return
    peer = value("peer")
    if (peer == "")
        return
    place = is_here(ip_of(peer)) ? "here" : "elsewhere"
    tcp[cause, place]++
    by_peer[cause, place, peer]++
}

# Servers name their sockets after a port, or are told another directory than their clients.
function no_such_sockets(    i, k, list, count) {
    for (i = 1; i <= misses && i <= 3; i++) {
        list = ""
        for (k = count = 0; ++k <= paths;)
            if (is_like(missed[i], listens_at[k]) && ++count <= 3)
                list = join(list, listens_at[k] " (" path_owner[k] ")")
        if (list == "")
            continue
        finding("socket-at-another-path", "There is no socket at " missed[i] ", and something listens at a similar path: " list ". If that is its server, it runs, and has another port or directory in " \
            "its settings than this program.", 1)
        act("use that path here, or correct the server's (PostgreSQL: the number is the port, also of TCP: `port` or PGPORT; unix_socket_directories, host=/DIRECTORY. MySQL, MariaDB, Redis: socket, unixsocket).")
    }
}

# The same name but for its digits, in whatever directory; or sockets whose names begin alike
# (mysql.sock, mysqld.sock).
function is_like(path, other,    name, other_name) {
    sub(/^\/var\/run\//, "/run/", path)
    if (path == other)
        return 0
    name = path
    sub(/.*\//, "", name)
    other_name = other
    sub(/.*\//, "", other_name)
    gsub(/[0-9]+/, "", name)
    gsub(/[0-9]+/, "", other_name)
    return name == other_name || name ~ /\.sock$/ && other_name ~ /\.sock$/ && length(name) > 9 && substr(name, 1, 5) == substr(other_name, 1, 5)
}

# All of 127.0.0.0/8 is.
function is_here(ip) {
    return ip ~ /^127\./ || ip in is_ours || digits_of(ip) in is_ours
}

function ip_of(address) {
    sub(/:[0-9]+$/, "", address)
    gsub(/[][]|%.*/, "", address)
    sub(/^::ffff:/, "", address)
    return address
}

# The 32 digits of an IPv6 address, as /proc/net/if_inet6 has them.
function digits_of(ip,    halves, left, right) {
    split(ip, halves, "::")
    left = four_each(halves[1])
    right = four_each(halves[2])
    return left substr("00000000000000000000000000000000", 1, 32 - length(left right)) right
}

function four_each(groups,    count, group, i, digits) {
    count = split(groups, group, ":")
    for (i = 1; i <= count; i++)
        digits = digits substr("0000" group[i], length(group[i]) + 1)
    return digits
}

# The peers with most records: "127.0.0.1:80 (12), 127.0.0.1:81 (1)".
function peers(cause, place,    left, key, word, best, shown, list) {
    for (key in by_peer) {
        split(key, word, SUBSEP)
        if (word[1] == cause && word[2] == place)
            left[word[3]] = by_peer[key]
    }
    for (shown = 0; shown < 3; shown++) {
        best = ""
        for (key in left)
            if (best == "" || left[key] > left[best] || left[key] == left[best] && key < best)
                best = key
        if (best == "")
            return list
        list = join(list, best " (" left[best] ")")
        delete left[best]
    }
    for (key in left)
        return list " and others"
    return list
}

# ---- Side by side ----

function print_moves(    i) {
    paragraph("", "Counted meanwhile, in this network namespace (other programs included)")
    list_counters(moved, "+", "did not move")
    for (i = 1; i <= missings; i++)
        paragraph("  not known: ", missing[i])
}

function print_log() {
    if (!are_records)
        paragraph("  ", "There is no log to compare it with.")
    else if (log_level == "error" || skipped != "")
        paragraph("  ", "The comparison does not include what --level or --skip kept out of the log.")
}

function grown(name) {
    return name " +" moved[name] + 0
}

function avoid_hiding_backlog() {
    avoid("tcp_syncookies=0: it hides a full backlog instead of fixing it.")
}

function resets(    count, overflow, program, away) {
    away = tcp["peer-reset", "elsewhere"]
    if (away) {
        finding("peer-reset-elsewhere", "peer-reset " away ", from other hosts: " peers("peer-reset", "elsewhere") ". This host counts neither RSTs that arrive " \
            "nor why they were sent; only the sender, or a device in between, knows.")
        act("run sockshim doctor on that host; sockshim explain peer-reset says what else to look at.")
    }
    count = tcp["peer-reset", "here"]
    if (!count)
        return
    overflow = is("tcp_abort_on_overflow", 1) ? least(moved["ListenOverflows"], moved["EmbryonicRsts"]) : 0
    program = moved["TCPAbortOnClose"] + moved["TCPAbortOnData"]
    finding("peer-reset-here", "peer-reset " count ", from this host: " peers("peer-reset", "here") ". " why_reset(count, overflow, program))
    if (overflow) {
        act("make the listener accept faster, or raise its backlog and net.core.somaxconn; and sysctl -w net.ipv4.tcp_abort_on_overflow=0.")
        avoid_hiding_backlog()
    } else
        act("look at the program at that address: ss -ltnp names it.")
}

function why_reset(count, overflow, program) {
    if (overflow && program)
        return "Two things can be behind it, and the counters do not say which happened where. " for_overflow(count, overflow) " " for_program(count, program)
    if (overflow)
        return match_of(count, overflow) for_overflow(count, overflow)
    if (program)
        return match_of(count, program) for_program(count, program)
    if (moved["OutRsts"] >= count)
        return "This host did send RSTs (" grown("OutRsts") "), none of them for unread data or SO_LINGER 0. It may have been a listener that " \
            "was closed while connections waited in its queue, or a connection that was no longer known" \
            (moved["ListenOverflows"] ? ", as happens when a full accept queue keeps a handshake from ending (" grown("ListenOverflows") ")." : ".")
    return "This network namespace did not send as many RSTs (" grown("OutRsts") "): a firewall rule did " \
        "(reject with tcp reset), or the address leads into another namespace (a container)."
}

function match_of(count, counted) {
    return count == counted ? "The numbers match. " : ""
}

function for_overflow(count, overflow) {
    return "The kernel can have sent " so_many(overflow, count) " for a full accept queue (" grown("ListenOverflows") \
        "): tcp_abort_on_overflow is 1, so a handshake that ends then is answered by RST (" grown("EmbryonicRsts") ")."
}

function for_program(count, program,    how) {
    if (moved["TCPAbortOnClose"])
        how = "by closing with data unread (" grown("TCPAbortOnClose") ")"
    if (moved["TCPAbortOnData"])
        how = how (how == "" ? "" : ", or ") "by closing with SO_LINGER 0, or because data came after it had closed (" grown("TCPAbortOnData") ")"
    return "A program on this host can have sent " so_many(program, count) " " how "."
}

function so_many(some, count) {
    return (some < count ? some " of the RSTs" : count == 1 ? "the RST" : "all the RSTs")
}

function least(a, b) {
    return a < b ? a : b
}

function refusals(    here, away) {
    away = tcp["connection-refused", "elsewhere"]
    if (away)
        refused_elsewhere(away, moved["IcmpInDestUnreachs"] + moved["Icmp6InDestUnreachs"])
    here = tcp["connection-refused", "here"]
    if (!here)
        return
    if (moved["OutRsts"] >= here) {
        finding("refused-here", "connection-refused " here ", by this host: " peers("connection-refused", "here") ". As far as the counters show, nothing was listening there, and " \
            "the kernel answered with RST (" grown("OutRsts") "). It is not the backlog: a full backlog drops SYNs instead of refusing.")
        act(is_proxy("here") ? proxy_advice() : "start the server, or correct the address: ss -ltn lists what listens where.")
        return
    }
    finding("refused-by-firewall", "connection-refused " here ", by this host: " peers("connection-refused", "here") ". The kernel's TCP did not send as many " \
        "RSTs (" grown("OutRsts") "): a firewall rule of this host did (reject), or the address leads into another " \
        "network namespace (a container).")
    act("as root: nft list ruleset, or iptables-save.")
}

# Whether the environment, which COMMAND has as well, names as the proxy what has refused:
# sets proxy_variable and proxy_address.
function is_proxy(place,    n, i, name, address) {
    n = split("http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY", name, " ")
    for (i = 1; i <= n; i++) {
        address = ENVIRON[name[i]]
        sub(/^[A-Za-z0-9]+:\/\//, "", address)
        sub(/\/.*/, "", address)
        sub(/.*@/, "", address) # a password
        if (("connection-refused", place, address) in by_peer) {
            proxy_variable = name[i]
            proxy_address = address
            return 1
        }
    }
    return 0
}

function proxy_advice() {
    return proxy_address " is the proxy that " proxy_variable " in the environment names: COMMAND may have wanted another server. Is the proxy there (ss -ltnp lists what listens where)? " \
        "A server of the own network belongs into no_proxy: env -u " proxy_variable " COMMAND shows whether it needs the proxy."
}

# A host on which nothing listens answers with RST; ICMP is a firewall's, or a router's.
function refused_elsewhere(away, icmp) {
    finding("refused-elsewhere", "connection-refused " away ", by other hosts: " peers("connection-refused", "elsewhere") ". " \
        (icmp >= away ? "As often ICMP came in that a destination is unreachable (" grown("IcmpInDestUnreachs") "): so a firewall there or on the path rejects this host. Others may get in." \
            : icmp ? "Some of it may have been a firewall's: ICMP came in as well (" grown("IcmpInDestUnreachs") ")." \
            : "No ICMP came in, so it was an RST: nothing listens there, or a firewall sends that in its name."))
    act(is_proxy("elsewhere") ? proxy_advice() : icmp >= away ? "there: fail2ban-client status, nft list ruleset, iptables-save." : "there: ss -ltnp lists what listens where.")
}

# This host's own ICMP about a neighbour that it did not find counts as sent and as received
# (net/ipv4/route.c, ipv4_link_failure).
function unreachable(    away, reported) {
    away = tcp["unreachable", "elsewhere"]
    if (!away)
        return
    reported = moved["IcmpInDestUnreachs"] + moved["Icmp6InDestUnreachs"] - moved["IcmpOutDestUnreachs"] - moved["Icmp6OutDestUnreachs"]
    finding("unreachable-elsewhere", "unreachable " away ": " peers("unreachable", "elsewhere") ". " \
        (reported >= away ? "As often ICMP from elsewhere said so (" grown("IcmpInDestUnreachs") "): a firewall, there or on the path, rejects this host, or a router has no route. The host itself may be up." \
            : reported > 0 ? "Some of it was said by ICMP from elsewhere (" grown("IcmpInDestUnreachs") "), the rest by this host: no neighbour or no route." \
            : "No ICMP from elsewhere said so: this host found no neighbour (ARP, after 3 s) or has no route."))
    act(reported >= away ? "there: nft list ruleset, firewall-cmd --list-all; traceroute -T -p PORT HOST shows who answers." : "ip route get HOST, then ip neigh: FAILED is a host that is off, or not in this network.")
}

# Given up by the kernel, or by COMMAND before that.
function unanswered(    here, away) {
    away = tcp["connect-timed-out", "elsewhere"]
    if (tcp["gave-up-connecting", "elsewhere"])
        unanswered_elsewhere("gave-up-connecting", tcp["gave-up-connecting", "elsewhere"])
    if (away)
        unanswered_elsewhere("connect-timed-out", away)
    here = tcp["connect-timed-out", "here"]
    if (!here)
        return
    if (moved["ListenDrops"]) {
        finding("syns-dropped-here", "connect-timed-out " here ", to this host: " peers("connect-timed-out", "here") ". Listeners of this host dropped SYNs or last ACKs: " \
            grown("ListenDrops") ", " moved["ListenOverflows"] + 0 " of them because an accept queue was full.")
        act("make the listener accept faster, or raise its backlog and net.core.somaxconn, and restart it.")
        avoid_hiding_backlog()
    } else if (moved["TCPRetransFail"])
        not_let_out("connect-timed-out " here ", to this host: " peers("connect-timed-out", "here"))
    else
        finding("connect-unanswered-here", "connect-timed-out " here ", to this host: " peers("connect-timed-out", "here") ". No listener dropped anything (" grown("ListenDrops") \
            "): a firewall rule dropped the packets, or the address leads into another network namespace (a container).")
}

function unanswered_elsewhere(cause, count) {
    if (moved["TCPRetransFail"]) {
        not_let_out(cause " " count ", to other hosts: " peers(cause, "elsewhere"))
        return
    }
    if (stray_answers() >= count) {
        finding("answers-from-elsewhere", cause " " count ", to other hosts: " peers(cause, "elsewhere") ". Meanwhile this host sent " count_of(stray_answers(), "RST") " for segments of no connection that it knows (" \
            grown("OutRsts") "). If those were SYN-ACKs, the other side does answer, but from another address than COMMAND asked: a router forwards to a server in this same network " \
            "(port forwarding without NAT loopback), or the answers take a way without the NAT.")
        act("tcpdump -ni any 'tcp[tcpflags] & tcp-syn != 0': from which address do SYN-ACKs come? If from another one: NAT loopback (hairpin: masquerade on the router), or let the name resolve to the server's own " \
            "address in this network (split DNS, /etc/hosts).")
        return
    }
    finding("connect-unanswered-elsewhere", cause " " count ", to other hosts: " peers(cause, "elsewhere") ". The SYNs or their answers were lost, or not " \
        "answered; they did leave this host as far as its TCP knows (TCPRetransFail +0).")
    act("run sockshim doctor on that host: ListenDrops there says whether its backlog was full.")
}

# RSTs that were neither refusals of this run by this host nor a program's close (tcp_v4_send_reset
# in net/ipv4/tcp_ipv4.c).
function stray_answers() {
    return moved["OutRsts"] - tcp["connection-refused", "here"] - moved["TCPAbortOnClose"] - moved["TCPAbortOnData"] - moved["EmbryonicRsts"] - moved["TCPAbortOnTimeout"]
}

# The first SYN that fails is not counted, but each one after it.
function not_let_out(text) {
    finding("not-let-out", text ". SYNs did not leave this host: of " moved["TCPSynRetrans"] + 0 " that were retransmitted (TCPSynRetrans) TCP could not hand over " \
        moved["TCPRetransFail"] " (TCPRetransFail). A firewall rule of this host drops them (output), its conntrack table is full" \
        (moved["conntrack_drop"] ? " (conntrack_drop +" moved["conntrack_drop"] ": it is)" : "") ", or there is no route. The other host is not at fault.")
    act("as root: nft list ruleset, or iptables-save -c, and look for drop or reject in output, ct count or connlimit; " \
        "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max; ip route get ADDRESS.")
}

function silence(    count) {
    count = tcp["connection-timed-out", "here"] + tcp["connection-timed-out", "elsewhere"]
    if (!count)
        return
    finding("connection-timed-out", "connection-timed-out " count ": " peers("connection-timed-out", "here") \
        (tcp["connection-timed-out", "here"] && tcp["connection-timed-out", "elsewhere"] ? ", " : "") peers("connection-timed-out", "elsewhere") \
        ". The kernel gave up on them (" grown("TCPAbortOnTimeout") ")." \
        ("tcp_retries2" in has_knob ? " With tcp_retries2=" knob["tcp_retries2"] " data waits " duration(retransmission_time()) \
        " at least; TCP_USER_TIMEOUT or keepalive settings of the program make it shorter." : ""))
    act("look at the path and at the other host.")
}

# Slow connects that succeed in the end are no 0 and no -1.
function overflows() {
    if (!moved["ListenOverflows"] || tcp["connect-timed-out", "here"] || is("tcp_abort_on_overflow", 1) && tcp["peer-reset", "here"])
        return
    finding("accept-queue-overflowed", grown("ListenOverflows") ": an accept queue of this host was full, and SYNs or last ACKs were dropped. Clients retry, so connects " \
        "take seconds longer; a connect that succeeds in the end is not in the log.")
    act("ss -ltnp while it happens: the queue with Recv-Q above Send-Q is the one. Make that program accept faster, or raise its backlog and net.core.somaxconn.")
    avoid_hiding_backlog()
}

function own_resets(    program) {
    program = moved["TCPAbortOnClose"] + moved["TCPAbortOnData"]
    if (program <= tcp["peer-reset", "here"])
        return
    finding("own-resets", "Programs here reset " count_of(program, "connection") " themselves: " grown("TCPAbortOnClose") " (data left unread), " grown("TCPAbortOnData") \
        " (SO_LINGER 0, or data that came after close). If COMMAND is one of them, its log does not show this, because close succeeds; the peer's log does.")
    act("let it read to the end before it closes.")
}

function shortages() {
    if (total["descriptor-limit"]) {
        finding("descriptor-limit", "descriptor-limit " total["descriptor-limit"] ": COMMAND was started with " nofile " descriptors (hard limit " nofile_hard \
            "). While accept fails, connections wait in the accept queue until it is full (" grown("ListenOverflows") ").")
        act("ulimit -n, or LimitNOFILE= of the unit; sockshim explain descriptor-limit.")
    }
    if (total["address-unavailable"]) {
        finding("address-unavailable", "address-unavailable " total["address-unavailable"] ": if its sentence in the log names ephemeral ports, " ephemeral_ports() \
            " for one destination (ip_local_port_range) were too few.")
        act("sockshim doctor shows how many are in use.")
    }
    if (moved["TCPAbortOnMemory"]) {
        finding("cut-off-for-memory", grown("TCPAbortOnMemory") ": the kernel cut off connections that their program had closed, for lack of memory or because there were too many.")
        act("dmesg says which.")
    }
}

# The table is nearly full now, or was while COMMAND ran: conntrack drops silently.
function conntrack_table(    full, lost) {
    full = conntrack_max > 0 && conntrack_count >= 0.9 * conntrack_max
    lost = moved["conntrack_drop"] + moved["conntrack_early_drop"]
    if (!full && lost <= 0)
        return
    finding("conntrack-full", "The conntrack table has " (conntrack_max > 0 ? conntrack_count " of " conntrack_max " entries" : "been full") \
        (lost > 0 ? ", and meanwhile " grown("conntrack_drop") ", " grown("conntrack_early_drop") : "") \
        ". While it is full, new connections fail silently, from this host and to it: their SYNs are dropped, and connects time out.")
    act("sysctl -w net.netfilter.nf_conntrack_max=" (conntrack_max ? 2 * conntrack_max : 262144) " (on the host: a container has no limit of its own); " \
        "conntrack -L shows what fills it.")
}

# ---- What slows down, or is lost without an error ----

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

# Nothing has failed, and it was slow: connects that succeed with the second SYN, and data that
# came with the second try. A listener here that dropped SYNs is told elsewhere.
function lost_on_the_way(    text) {
    if (were_connects_late())
        text = "SYNs or SYN-ACKs were sent again " times(moved["TCPSynRetrans"]) " (TCPSynRetrans), and the log has no connect that failed: those connects took 1 s longer, or 3 or 7. " \
            "A SYN or its answer was lost, or that host dropped it (a full accept queue)."
    if (is_share("RetransSegs", "OutSegs", moved["TCPSynRetrans"]))
        text = text (text == "" ? "" : " ") "Of what this host sent, it sent " moved["RetransSegs"] - moved["TCPSynRetrans"] " segments again (RetransSegs)."
    if (is_share("TCPOFOQueue", "InSegs", 0))
        text = text (text == "" ? "" : " ") "Of the " moved["InSegs"] " segments that came in, " moved["TCPOFOQueue"] " came before earlier ones (TCPOFOQueue), which were lost on the way, or overtaken."
    if (text == "" || unheard || unacknowledged || total["connection-timed-out"])
        return
    finding("lost-on-the-way", text " What is lost costs 0.2 s or more each time, and no call fails.")
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
    else if (moved["TCPTimeouts"] >= 3 && !were_connects_late() && !is_share("TCPOFOQueue", "InSegs", 0) && moved["RetransSegs"] > moved["TCPSynRetrans"] + moved["TCPRetransFail"])
        text = "Data was not acknowledged: " grown("RetransSegs") ", " grown("TCPTimeouts") ". The log does not say which connection it was: COMMAND may have given up before the kernel did. "
    else
        return
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
    if (moved["UdpRcvbufErrors"] + moved["Udp6RcvbufErrors"] > 0) {
        finding("datagrams-dropped", grown("UdpRcvbufErrors") ", " grown("Udp6RcvbufErrors") ": UDP datagrams were dropped on this host because a receive buffer was full. " \
            "Neither side is told.")
        act("ss -uanmp shows whose they are (the figure after d in skmem).")
    }
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
        "). If they were the answers, they came from another address than was asked, as from a name server with several addresses, or after the resolver had given up.")
    act("tcpdump -ni any udp port 53 shows from which address they come: the name server has to answer from the one in resolv.conf (unbound: interface-automatic, or each address as an interface).")
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
    paragraph("", "According to the log, no TCP connection of this run was reset, refused or timed out, and no accept queue here was full. If COMMAND reports an error, it may be an answer that refuses: sockshim explain MESSAGE." \
        (names_failed() ? " But a name could not be resolved (name-not-resolved " names_failed() "): see sockshim report." : ""))
}
