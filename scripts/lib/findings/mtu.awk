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
    return unacked_of[i] >= LEAST_FULL && retrans_of[i] >= LEAST_TRIES && tx_of[i] != "" && tx_of[i] < MOST_SMALL && pause_of[i] < 60000 && !(value_is_zero(tx_of[i]) && small_one_fails(i))
}

# Whether what was small was not acknowledged by that peer, either, at any time.
function small_one_fails(i,    j) {
    for (j = first_of_party[party_of(i)]; j; j = next_of_party[j])
        if (nothing_passed(j) && unacked_of[j] < LEAST_FULL)
            return 1
    return 0
}

# The handshake was answered, and nothing that was sent after it.
function nothing_passed(i) {
    return cause_of[i] ~ /^(connection-timed-out|gave-up-waiting|gave-up-sending|timeout)$/ && type_of[i] ~ /tcp/ && !is_same_host(i) && side_of[i] == "connected" \
        && value_is_zero(rx_of[i]) && value_is_zero(tx_of[i]) && unacked_of[i] > 0 && retrans_of[i] >= LEAST_TRIES
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

function tell_mtu(g,    i, n, small, is_certain, is_first) {
    i = group_first[g]
    is_first = value_is_zero(tx_of[i])
    small = spoken_bytes(tx_of[i]) " were acknowledged"
    is_certain = works_otherwise(g, peer_of[i])
    n = found("mtu", "warn", g, \
        is_first && !is_certain ? "Nothing after the handshake reaches " spoken_peer(i) ", or nothing large (MTU)" \
            : "MTU: full-sized packets to " printable(host_of(peer_of[i])) " vanish on the path, small ones pass", \
        spoken_prog(i) ": " tally(g, "connection", "connections") "; " (is_first ? "" : small ", ") "none of the " (is_first ? "first " : "next ") spoken_bytes(unacked_of[i]) (is_first ? " acknowledged" : "") " despite " counted(retrans_of[i], "retransmission", "retransmissions") ".", \
        is_certain ? "Other connections with that host work." : is_first ? "If small requests pass, the MTU; if not, a firewall that sees one direction alone, or it is down." \
            : "Or the host went down just then: `ping -M do -s 1372 " printable(host_of(peer_of[i])) "` tells.", \
        (is_first && !is_certain ? "`sockshim doctor -- COMMAND`; for the MTU `sysctl -w net.ipv4.tcp_mtu_probing=1`." : "`sysctl -w net.ipv4.tcp_mtu_probing=1` here, or clamp the MSS at the tunnel."))
    add_figure(n, "unacked", unacked_of[i])
    add_figure(n, "acknowledged", tx_of[i])
    add_figure(n, "retrans", retrans_of[i])
}
