# Small packets were acknowledged, and full-sized ones were not, in spite of
# retransmissions: somewhere on the path packets of that size vanish.

BEGIN {
    LEAST_FULL = 900   # bytes in flight that make a packet of full size
    MOST_SMALL = 1200  # bytes acknowledged that may have gone in small ones
    LEAST_TRIES = 2
}

function find_mtu(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && only_small_ones_pass(i))
            put_in_group(party_of(i), i, unacked_of[i])
    for (g = 1; g <= groups; g++)
        tell_mtu(g)
}

function only_small_ones_pass(i) {
    if (type_of[i] !~ /tcp/ || is_same_host(i))
        return 0
    if (cause_of[i] !~ /^(connection-timed-out|gave-up-waiting|gave-up-sending|timeout|reset-by-own-close|peer-reset|closed-unanswered)$/)
        return 0
    return unacked_of[i] >= LEAST_FULL && retrans_of[i] >= LEAST_TRIES && tx_of[i] != "" && tx_of[i] < MOST_SMALL && pause_of[i] < 60000
}

# Whether other connections with that host worked: then it is there.
function works_otherwise(g, peer,    i, is_member, n, member) {
    n = split(group_members[g], member, " ")
    for (i = 1; i <= n; i++)
        is_member[member[i]] = 1
    for (i = 1; i <= kept_count; i++)
        if (!(i in is_member) && host_of(peer_of[i]) == host_of(peer) && rx_of[i] > 0)
            return 1
    return 0
}

function tell_mtu(g,    i, n, small, is_certain) {
    i = group_first[g]
    small = tx_of[i] > 0 ? spoken_bytes(tx_of[i]) " were acknowledged" : "the handshake was answered"
    is_certain = works_otherwise(g, peer_of[i])
    n = found("mtu", "warn", g, \
        "MTU: full-sized packets to " printable(host_of(peer_of[i])) " vanish on the way, small ones pass", \
        spoken_prog(i) ": " tally(g, "connection", "connections") "; " small ", none of the next " spoken_bytes(unacked_of[i]) " in spite of " counted(retrans_of[i], "retransmission", "retransmissions") ".", \
        is_certain ? "Other connections with that host work." : "Or the host went away just then: `ping -M do -s 1372 " printable(host_of(peer_of[i])) "` tells.", \
        "`sysctl -w net.ipv4.tcp_mtu_probing=1` here, or clamp the MSS at the tunnel.")
    add_figure(n, "unacked", unacked_of[i])
    add_figure(n, "acknowledged", tx_of[i])
    add_figure(n, "retrans", retrans_of[i])
}
