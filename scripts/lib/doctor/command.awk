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

END {
    if ("OutRsts" in is_counted && "ListenOverflows" in is_counted)
        look_for_findings()
    print ""
    print_moves()
    print_log()
}

# What COMMAND's own records say comes first; what is only counted may be another program's.
function look_for_findings(    of_log) {
    netlink_refused()
    search_domain_went()
    shared_connections()
    resets()
    refusals()
    held_by_others()
    no_such_sockets()
    unreachable()
    unanswered()
    silence()
    shortages()
    if (!one_way())
        retransmissions()
    proxies()
    datagrams()
    rejected_datagrams()
    slow_to_read()
    if (!names_failed() || !no_name_server("This host's"))
        command_answers_not_taken()
    of_log = findings
    overflows()
    cut_off_for_memory()
    conntrack_table()
    if (!kept_back())
        lost_on_the_way()
    datagrams_dropped()
    no_room_to_send()
    own_resets()
    damaged()
    delayed_acks()
    if (!of_log && findings)
        say_what_failed()
    print_findings()
    if (!findings)
        nothing_found()
}

function say_what_failed() {
    if (failures == "")
        return
    print ""
    paragraph("", "COMMAND's own records come first: " failures " (sockshim explain CAUSE). What follows was counted for all programs here, and need not be why COMMAND failed.")
}

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
    if (moved["OutRsts"] >= here && listens_beside()) {
        finding("refused-at-another-address", "connection-refused " here ", by this host: " peers("connection-refused", "here") ". Nothing listens at that address, and there is a listener for the same port: " beside_text ".")
        act(beside_advice)
        return
    }
    if (moved["OutRsts"] >= here) {
        finding("refused-here", "connection-refused " here ", by this host: " peers("connection-refused", "here") ". As far as the counters show, nothing was listening there, and " \
            "the kernel answered with RST (" grown("OutRsts") "). It is not the backlog: a full backlog drops SYNs instead of refusing.")
        act(is_proxy("connection-refused", "here") ? proxy_advice() : "start the server, or correct the address: ss -ltn lists what listens where." loopback_of_container())
        return
    }
    finding("refused-by-firewall", "connection-refused " here ", by this host: " peers("connection-refused", "here") ". The kernel's TCP did not send as many " \
        "RSTs (" grown("OutRsts") "): a firewall rule of this host did (reject), or the address leads into another " \
        "network namespace (a container).")
    act("as root: nft list ruleset, or iptables-save.")
}

# Whether the environment, which COMMAND has as well, names as the proxy what has records of
# this cause: sets proxy_variable and proxy_address, of the first; proxy_unset, of all that name it,
# and proxy_by_tls.
function is_proxy(cause, place,    n, i, name, address) {
    proxy_address = proxy_unset = proxy_by_tls = ""
    n = split("http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY", name, " ")
    for (i = 1; i <= n; i++) {
        address = ENVIRON[name[i]]
        sub(/^[A-Za-z0-9]+:\/\//, "", address)
        sub(/\/.*/, "", address)
        sub(/.*@/, "", address) # a password
        if (proxy_address == "" && (cause, place, address) in by_peer) {
            proxy_variable = name[i]
            proxy_address = address
        }
        if (address != "" && address == proxy_address) {
            proxy_unset = proxy_unset " -u " name[i]
            proxy_by_tls = proxy_by_tls || ENVIRON[name[i]] ~ /^https:/
        }
    }
    return proxy_address != ""
}

function proxy_advice() {
    return proxy_address " is the proxy that " proxy_variable " in the environment names: COMMAND may have wanted another server. Is the proxy there (ss -ltnp lists what listens where)? " \
        "A server of the own network belongs into no_proxy: env" proxy_unset " COMMAND shows whether it needs the proxy."
}

# It has answered, or been silent, and no call has failed.
function behind_proxy() {
    if (!is_proxy("any", "anywhere"))
        return ""
    return " COMMAND talked to " proxy_address ", the proxy that " proxy_variable " in the environment names: an error or a delay may be that proxy's, which asks in COMMAND's place " \
        "(of localhost, its own). Servers of the own network and localhost belong into no_proxy; env" proxy_unset " COMMAND tries it without" \
        (proxy_by_tls ? ". With https:// COMMAND speaks TLS to the proxy itself, which most do not: try http:// there" : "") "."
}

# A host on which nothing listens answers with RST; ICMP is a firewall's, or a router's.
function refused_elsewhere(away, icmp) {
    finding("refused-elsewhere", "connection-refused " away ", by other hosts: " peers("connection-refused", "elsewhere") ". " \
        (icmp >= away ? "As often ICMP came in that a destination is unreachable (" grown("IcmpInDestUnreachs") "): so a firewall there or on the path rejects this host. Others may get in." \
            : icmp ? "Some of it may have been a firewall's: ICMP came in as well (" grown("IcmpInDestUnreachs") ")." \
            : "No ICMP came in, so it was an RST: nothing listens there, or a firewall sends that in its name."))
    act(is_proxy("connection-refused", "elsewhere") ? proxy_advice() : icmp >= away ? "there: fail2ban-client status, nft list ruleset, iptables-save." : "there: ss -ltnp lists what listens where.")
}

# This host's own ICMP about a neighbour that it did not find counts as sent and as received
# (net/ipv4/route.c, ipv4_link_failure).
function unreachable(    away, reported, family) {
    away = tcp["unreachable", "elsewhere"]
    if (!away)
        return
    family = family_without_route()
    if (family) {
        finding("no-route-for-family", "unreachable " away ": " peers("unreachable", "elsewhere") ". This host has a default route for IPv" 10 - family ", and none for IPv" family ": it reaches no IPv" family " address but those of networks to which a route of its own leads. " \
            "COMMAND asked for an IPv" family " address; curl and others go on to a name's IPv" 10 - family " address, where it has one.")
        act("getent ahosts NAME: has that server an IPv" 10 - family " address? Then that one in COMMAND's settings, or its setting for the family. Else a route for IPv" family " (ip" (family == 6 ? " -6" : "") " route)" (family == 4 ? ", or NAT64." : "."))
        return
    }
    reported = moved["IcmpInDestUnreachs"] + moved["Icmp6InDestUnreachs"] - moved["IcmpOutDestUnreachs"] - moved["Icmp6OutDestUnreachs"]
    finding("unreachable-elsewhere", "unreachable " away ": " peers("unreachable", "elsewhere") ". " \
        (reported >= away ? "As often ICMP from elsewhere said so (" grown("IcmpInDestUnreachs") "): a firewall, there or on the path, rejects this host, or a router has no route. The host itself may be up." \
            : reported > 0 ? "Some of it was said by ICMP from elsewhere (" grown("IcmpInDestUnreachs") "), the rest by this host: no neighbour or no route." \
            : "No ICMP from elsewhere said so: this host found no neighbour (that takes 3 s, ARP), has no route (in a network namespace of COMMAND's own?), or a route or rule that refuses (blackhole, unreachable, prohibit), at once."))
    act(reported >= away ? "there: nft list ruleset, firewall-cmd --list-all; traceroute -T -p PORT HOST shows who answers." : "ip route get HOST fails where routes do; ip route show match HOST and ip rule name them. Does it name docker0 or br-...? Then a network of Docker's hides that address: sockshim explain no-route. " \
        "Else ip neigh: FAILED is a host that is off, or not in this network.")
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
    } else if (were_not_let_out(here))
        not_let_out("connect-timed-out " here ", to this host: " peers("connect-timed-out", "here"))
    else
        finding("connect-unanswered-here", "connect-timed-out " here ", to this host: " peers("connect-timed-out", "here") ". No listener dropped anything (" grown("ListenDrops") \
            "): a firewall rule dropped the packets, or the address leads into another network namespace (a container).")
}

function unanswered_elsewhere(cause, count) {
    if (were_not_let_out(count)) {
        not_let_out(cause " " count ", to other hosts: " peers(cause, "elsewhere"))
        return
    }
    if (moved["IPReversePathFilter"] >= count) {
        finding("answers-dropped-here", cause " " count ", to other hosts: " peers(cause, "elsewhere") ". Meanwhile this host's rp_filter dropped " count_of(moved["IPReversePathFilter"], "packet") \
            " (" grown("IPReversePathFilter") "), which came in by another interface than the one by which it would answer their sender. If those were SYN-ACKs, the other side does answer, by another way.")
        act("tcpdump -eni any host HOST: by which interface do SYN-ACKs come, and which one does ip route get HOST name? Make both ways one (routes here or there), " \
            "or sysctl -w net.ipv4.conf.INTERFACE.rp_filter=2 (loose; conf.all must not be 1).")
        return
    }
    if (answered_beside(cause, "elsewhere")) {
        unanswered_at_times(cause, count)
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
    finding("connect-unanswered-elsewhere", cause " " count ", to other hosts: " peers(cause, "elsewhere") ". A firewall there or on the path drops the SYNs or their answers, " \
        "the host is off, or its accept queue is full; " ("IpOutTransmits" in is_counted ? "all packets of this host did leave it (OutTransmits)." : "they did leave this host as far as its TCP knows (TCPRetransFail +0)."))
    act("nc -vz HOST PORT: does another port of it answer? Then it is up: sockshim doctor there says by ListenDrops whether the queue was full, else look for the firewall. " \
        "In a container or machine whose own host reaches it: sockshim doctor on that host (sockshim explain container-network). If nobody set that address or port here, a server told it: sockshim explain announced-address, or ftp.")
}

function unanswered_at_times(cause, count) {
    finding("connect-unanswered-at-times", cause " " count ", to other hosts: " peers(cause, "elsewhere") ", while " count_of(answered_beside(cause, "elsewhere"), "other connect") " of COMMAND to the same address went through. " \
        "So the address is right, and somebody answers there: its accept queue is full at times; a NAT on the way (the node of a pod, a Docker host, a NAT gateway) has no source port left for that destination, or permits only so many; " \
        "one of several servers behind the address is down; or SYNs are lost.")
    act("sockshim doctor there (ListenDrops) and on the NAT (conntrack_insert_failed). ss -tn dst HOST at such a moment: is it always as many? Then keep fewer connections open, or use them again.")
}

# RSTs that were neither refusals of this run by this host nor a program's close (tcp_v4_send_reset
# in net/ipv4/tcp_ipv4.c).
function stray_answers() {
    return moved["OutRsts"] - tcp["connection-refused", "here"] - moved["TCPAbortOnClose"] - moved["TCPAbortOnData"] - moved["EmbryonicRsts"] - moved["TCPAbortOnTimeout"]
}

# Whether so many connects that were not answered need not be the other host's or the path's. Of
# retransmissions TCP counts those that fail, of first SYNs nothing.
function were_not_let_out(count) {
    return moved["TCPRetransFail"] || dropped_within(moved) >= count
}

function dropped_for_room() {
    return moved["conntrack_drop"] ? " (conntrack_drop +" moved["conntrack_drop"] ": it is)" : ""
}

function not_let_out(text) {
    told_not_let_out = 1
    finding("not-let-out", text ". SYNs did not leave this host: " (moved["TCPRetransFail"] ? "of " moved["TCPSynRetrans"] + 0 " that were retransmitted (TCPSynRetrans) TCP could not hand over " \
        moved["TCPRetransFail"] " (TCPRetransFail)" : within_said(moved)) ". A firewall rule of this host drops them (output), " (moved["TCPRetransFail"] ? "" : "or ") "its conntrack table is full" \
        dropped_for_room() (moved["TCPRetransFail"] ? ", or there is no route" : "") ". The other host is not at fault.")
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

function own_resets(    program, own) {
    program = moved["TCPAbortOnClose"] + moved["TCPAbortOnData"]
    own = total["reset-by-own-close"]
    if (program <= tcp["peer-reset", "here"] + resets_shared || !own && logs_closes())
        return
    if (own) {
        finding("own-resets", "COMMAND itself reset " count_of(own, "connection") " by closing: " peers("reset-by-own-close", "anywhere") ". It had not read all (" grown("TCPAbortOnClose") \
            "), or used SO_LINGER 0 (" grown("TCPAbortOnData") "). A program that meets an error, or an answer that it did not expect (of a wrong port, say), closes so, too.")
        act("COMMAND's own message says what it met. If it met nothing, let it read to the end before it closes.")
        return
    }
    finding("own-resets", "Programs here reset " count_of(program, "connection") " themselves: " grown("TCPAbortOnClose") " (data left unread), " grown("TCPAbortOnData") \
        " (SO_LINGER 0, or data that came after close). Whether COMMAND is one of them, there is no record to tell.")
    act("run it again with a log at --level info, which has such closes (reset-by-own-close). The program that does so should read to the end before it closes.")
}

# Whether a close by COMMAND that resets is in its log.
function logs_closes() {
    return are_records && !has_no_closes && skipped == "" && log_level !~ /^(warn|error)$/
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
}

function cut_off_for_memory() {
    if (!moved["TCPAbortOnMemory"])
        return
    finding("cut-off-for-memory", grown("TCPAbortOnMemory") ": the kernel cut off connections that their program had closed, for lack of memory or because there were too many.")
    act("dmesg says which.")
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

# Whether this is one, is not known here.
function loopback_of_container(    list) {
    list = peers("connection-refused", "here")
    return list ~ /(^| )(127\.|\[::1\])/ ? " If this is a container, 127.0.0.1 and localhost are its own: what runs on the host or in another one has another address (host.docker.internal, the service's name)." : ""
}
