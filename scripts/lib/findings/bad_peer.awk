# Of several peers with the same service one fails, and the others do not.

function find_bad_peer(    i, g, key, hosts, part, n, k) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && side_of[i] != "accepted" && family_of(i) && is_failure(i))
            put_in_group(prog_of[i] SUBSEP port_of(peer_of[i]), i, 0)
    for (g = 1; g <= groups; g++)
        judge_peers(g)
}

function is_failure(i) {
    return level_of[i] >= RANK["warn"] && cause_of[i] ~ /^(peer-reset|closed-unanswered|write-after-close|timeout|connection-timed-out|connect-timed-out|connection-refused|unreachable)$/ || cause_of[i] ~ /^gave-up/
}

# One host has nearly all failures of the group, and two others at least were used
# without: they have records of connections, and none of failures.
function judge_peers(g,    n, member, i, host, fails, worst_host, used, well) {
    n = split(group_members[g], member, " ")
    for (i = 1; i <= n; i++) {
        host = host_of(peer_of[member[i]])
        fails[host] += kept_for[member[i]]
        if (worst_host == "" || fails[host] > fails[worst_host])
            worst_host = host
    }
    if (fails[worst_host] < 3 || fails[worst_host] < 0.9 * group_size[g])
        return
    i = group_first[g]
    for (i = first_of_port[prog_of[i], port_of(peer_of[i])]; i; i = next_of_port[i]) {
        host = host_of(peer_of[i])
        if (!(host in fails) && !(host in used) && was_connected(i)) {
            used[host] = 1
            well++
        }
    }
    if (well >= 2)
        tell_bad_peer(g, worst_host, fails[worst_host], well)
}

function tell_bad_peer(g, host, fails, well,    i, n) {
    i = first_of_host(g, host)
    n = found("bad-peer", "warn", g, \
        "Of " (well + 1) " peers that " spoken_prog(i) " uses, " printable(peer_of[i]) " alone fails", \
        (group_about[g] ? "about " : "") counted(fails, "failure", "failures") " with it (" printable(cause_of[i]) "), first at " clock(i) "; connections to " well " others on port " port_of(peer_of[i]) " had none.", \
        "So it is that one peer, or the path to it, and not this program or host.", \
        "take " printable(host) " out of rotation; then " not_reached_advice(i))
    new_peer[n] = peer_of[i]
    add_figure(n, "failures", fails)
    add_figure(n, "others", well)
}

function first_of_host(g, host,    n, member, i) {
    n = split(group_members[g], member, " ")
    for (i = 1; i <= n; i++)
        if (host_of(peer_of[member[i]]) == host)
            return member[i] + 0
    return group_first[g]
}
