# Failures with several peers, or of several kinds, that begin and end together, in a
# log that is quiet before and after.

BEGIN {
    LEAST_FAILURES = 10
}

function find_disturbance(    i, n, failing, from, to, g) {
    for (i = 1; i <= kept_count; i++)
        if (is_failure(i))
            failing[++n] = i
    if (n < LEAST_FAILURES)
        return
    from = failing[1]
    to = failing[n]
    if (!is_short_part(from, to) || !has_several(failing, n))
        return
    tell_disturbance(failing, n, from, to)
}

# Less than a third of the log's time, with other records on both sides.
function is_short_part(from, to,    whole) {
    whole = at_of[kept_count] - at_of[1]
    return whole > 3000 && at_of[from] - at_of[1] > whole / 10 && at_of[kept_count] - at_of[to] > whole / 10 && at_of[to] - at_of[from] < whole / 3
}

function has_several(failing, n,    i, seen, different) {
    for (i = 1; i <= n; i++)
        if (!((prog_of[failing[i]], service_of(failing[i])) in seen)) {
            seen[prog_of[failing[i]], service_of(failing[i])] = 1
            different++
        }
    return different >= 2
}

function tell_disturbance(failing, n, from, to,    g, i, total, m) {
    begin_groups()
    for (i = 1; i <= n; i++)
        put_in_group("all", failing[i], at_of[failing[i]])
    g = 1
    for (i in claimed)
        was_claimed[i] = claimed[i]
    m = found("disturbance", "error", g, \
        "A disturbance from " clock(from) " to " clock(to) ", " spoken(at_of[to] - at_of[from] < 1 ? 1 : at_of[to] - at_of[from]) " long", \
        tally(g, "failure", "failures") " with several peers, and none in " spoken(at_of[from] - at_of[1]) " before and " spoken(at_of[kept_count] - at_of[to]) " after it.", \
        "Things that fail together have one cause: the network, this host, a restart, a deployment.", \
        "`journalctl --since '" substr(ts_of[from], 1, 10) " " substr(ts_of[from], 12, 8) " UTC' --until '" substr(ts_of[to], 1, 10) " " substr(ts_of[to], 12, 8) " UTC'`, here and on the peers.")
    for (i in was_claimed)
        claimed[i] = was_claimed[i]
    new_peer[m] = ""
    add_figure(m, "failures", group_size[g])
    add_figure(m, "ms", sprintf("%.0f", at_of[to] - at_of[from]) + 0)
}
