# An established connection to which nothing answers any more, or never did after the handshake.

function find_peer_gone(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && (cause_of[i] == "connection-timed-out" || was_given_up(i) || nothing_passed(i)))
            put_in_group(party_of(i) SUBSEP nothing_passed(i), i, unacked_of[i] + unsent_of[i])
    for (g = 1; g <= groups; g++)
        if (nothing_passed(group_first[g]))
            tell_nothing_passes(g)
        else
            tell_peer_gone(g)
}

# A firewall that does not see the SYN-ACK takes what follows it for invalid (tcp_conntracks in
# net/netfilter/nf_conntrack_proto_tcp.c); one that reads server names waits for TLS's hello.
function tell_nothing_passes(g,    i, n) {
    i = group_first[g]
    n = found("peer-gone", "warn", g, \
        spoken_peer(i) " accepts connections of " spoken_prog(i) ", and then gets nothing more", \
        tally(g, "connection", "connections") ", first at " clock(i) "; " spoken_bytes(group_most[g]) " never acknowledged despite " counted(retrans_of[i], "retransmission", "retransmissions") ".", \
        "Small packets vanish, so it is not the MTU. A firewall passes SYN alone, as if it saw no answers (asymmetric routes)" \
            (port_of(peer_of[i]) == 443 ? ", or rejects the name in TLS's hello" : works_otherwise(g, peer_of[i]) ? "" : "; or the host went down") ".", \
        "`sockshim doctor -- COMMAND` tells which.")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "unacked", group_most[g])
}

# By the program itself, a heartbeat or a deadline, before the kernel did.
function was_given_up(i) {
    return cause_of[i] ~ /^gave-up-(sending|waiting)$/ && unacked_of[i] > 0 && retrans_of[i] >= 2 && rx_of[i] > 0
}

function tell_peer_gone(g,    i, n, works) {
    i = group_first[g]
    works = works_otherwise(g, peer_of[i])
    n = found("peer-gone", "warn", g, \
        spoken_peer(i) " stopped answering on established connections", \
        spoken_prog(i) ": " tally(g, "connection", "connections") "; " (group_most[g] > 0 ? spoken_bytes(group_most[g]) " never acknowledged" : "keepalive probes never answered") (retrans_of[i] > 0 ? " despite " counted(retrans_of[i], "retransmission", "retransmissions") : "") ", given up " (was_given_up(i) ? "by " spoken_prog(i) " itself " : "") "at " clock(i) ".", \
        works ? "Other connections with it carried data: something on the path drops these." \
            : "Its host is down or cut off, or something on the path drops the packets.", \
        "`ping " printable(host_of(peer_of[i])) "` shows which; `SOCKSHIM_DEAD_PEER=30s` notices it sooner.")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "unacked", group_most[g])
}
