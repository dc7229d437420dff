# An established connection to which nothing answers any more.

function find_peer_gone(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && (cause_of[i] == "connection-timed-out" || was_given_up(i)))
            put_in_group(party_of(i), i, unacked_of[i] + unsent_of[i])
    for (g = 1; g <= groups; g++)
        tell_peer_gone(g)
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
        spoken_prog(i) ": " tally(g, "connection", "connections") "; " (group_most[g] > 0 ? spoken_bytes(group_most[g]) " never acknowledged" : "keepalive probes never answered") (retrans_of[i] > 0 ? " in spite of " counted(retrans_of[i], "retransmission", "retransmissions") : "") ", given up " (was_given_up(i) ? "by " spoken_prog(i) " itself " : "") "at " clock(i) ".", \
        works ? "Other connections with it carried data: something on the way drops these." \
            : "Its host is off or cut off, or something on the way drops the packets.", \
        "`ping " printable(host_of(peer_of[i])) "` shows which; `SOCKSHIM_DEAD_PEER=30s` notices it sooner.")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "unacked", group_most[g])
}
