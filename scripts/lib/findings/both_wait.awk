# The peer had said all that it had, and this program read on, in a call that waits: both wait
# for the other, until the peer's timeout for idle connections ends it. So the end of what
# the peer says is told in no other way, or is told wrongly.

function find_both_wait(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (blocking_of[i] == "yes" && is_left_alone(i))
            put_in_group(party_of(i), i, idle_of[i])
    for (g = 1; g <= groups; g++)
        if (connections_of(g) > 1 && is_regular(g) && are_whole_seconds(g))
            tell_both_wait(g)
}

# The end of one connection may be read more than once.
function connections_of(g,    n, member, k, seen, count) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        if (!seen[connection_of(member[k])]++)
            count += kept_for[member[k]]
    return count
}

function are_whole_seconds(g,    n, member, k) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        if (idle_of[member[k]] % 1000 > 100 && idle_of[member[k]] % 1000 < 990)
            return 0
    return 1
}

function tell_both_wait(g,    i, n, time) {
    i = group_first[g]
    time = spoken_range(group_least[g], group_most[g])
    n = found("both-wait", "warn", g, \
        spoken_peer(i) " closes " time " after its last byte, while " spoken_prog(i) " reads on", \
        (group_about[g] ? "about " : "") counted(connections_of(g), "connection", "connections") ", first at " clock(i) ", after " spoken_bytes(rx_of[i]) ".", \
        "Each waited for the other, it seems: " spoken_prog(i) " for more, the peer for a next request, until its idle timeout.", \
        "is the length right that the answer announces (Content-Length)? `curl -v` tells how many bytes remain.")
    add_figure(n, "idle_ms", group_least[g])
    add_figure(n, "connections", connections_of(g))
}
