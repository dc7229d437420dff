# The peer closes connections in order, always as long after the request, and while data were
# still coming, however many they were: that may be a limit of the time that a request may
# take in all. Whether those answers were complete no figure tells: so it is information.

BEGIN {
    LEAST_FLOWING = 8192 # bytes
    MOST_STANDSTILL = 500 # ms
    LEAST_CUT = 3
}

function find_cut_answer(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (ends_while_flowing(i))
            put_in_group(party_of(i), i, sent_of[i])
    for (g = 1; g <= groups; g++)
        if (group_size[g] >= LEAST_CUT && is_regular(g) && are_unlike(g))
            tell_cut_answer(g)
}

function ends_while_flowing(i) {
    return ends_in_order(i) && side_of[i] == "connected" && rx_of[i] >= LEAST_FLOWING && sent_of[i] >= 1000 \
        && idle_of[i] <= MOST_STANDSTILL && idle_of[i] * 4 < sent_of[i]
}

# The same answer again has the same length, and takes as long.
function are_unlike(g,    n, member, k, seen) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++) {
        if (rx_of[member[k]] in seen)
            return 0
        seen[rx_of[member[k]]] = 1
    }
    return 1
}

function tell_cut_answer(g,    i, n, member, m, k, least, most, whose) {
    i = group_first[g]
    least = most = rx_of[i]
    m = split(group_members[g], member, " ")
    for (k = 2; k <= m; k++) {
        least = rx_of[member[k]] < least ? rx_of[member[k]] : least
        most = rx_of[member[k]] > most ? rx_of[member[k]] : most
    }
    whose = known_request_limit(g)
    n = found("cut-answer", "info", g, \
        spoken_peer(i) " closes connections " spoken_range(group_least[g], group_most[g]) " after the request, in mid-flow", \
        spoken_prog(i) ": " tally(g, "connection", "connections") ", first at " clock(i) ", after " thousands(least) " to " spoken_bytes(most) "." (whose != "" ? " " whose " would fit." : ""), \
        "If these answers are incomplete, a limit there for a whole request cuts them: no silence, no network.", \
        "raise that limit (gunicorn: --timeout; its log at " clock(i) "), or fetch less at a time.")
    add_figure(n, "limit_ms", group_least[g])
    add_figure(n, "most_ms", group_most[g])
    add_figure(n, "connections", group_size[g])
}
