# Refused for a while, and then well: the server started later than this program.

function find_started_later(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] ~ /^(connection-refused|no-such-socket|unreachable)$/ && peer_of[i] != "")
            put_in_group(prog_of[i] SUBSEP peer_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        if (!is_well_before(g) && !well_between(g) && (well_at = first_well(g)))
            tell_started_later(g, well_at)
}

# The first record of the same program and peer after them that only a connection has;
# 0: there is none.
function first_well(g,    i, k) {
    k = group_first[g]
    for (i = group_last[g] + 1; i <= kept_count; i++)
        if (peer_of[i] == peer_of[k] && prog_of[i] == prog_of[k] && was_connected(i))
            return i
    return 0
}

function is_well_before(g,    i, k) {
    k = group_first[g]
    for (i = k - 1; i > 0; i--)
        if (peer_of[i] == peer_of[k] && prog_of[i] == prog_of[k] && was_connected(i))
            return 1
    return 0
}

function was_connected(i) {
    return rx_of[i] > 0 || tx_of[i] > 0 || cause_of[i] ~ /^(peer-closed|closed-unanswered|reset-by-own-close|peer-reset|gave-up-waiting)$/
}

function tell_started_later(g, k,    i, n, lasted) {
    i = group_first[g]
    lasted = at_of[group_last[g]] - at_of[i]
    n = found("started-later", "info", g, \
        spoken_peer(i) " was not there yet when " spoken_prog(i) " started; now it is", \
        tally(g, "connect", "connects") " failed (" printable(cause_of[i]) ") from " clock(i) (lasted >= 1 ? " for " spoken(lasted) : "") "; at " clock(k) " a connection to it was established.", \
        "The order in which things start: nothing is wrong now.", \
        "if the program does not retry by itself: `SOCKSHIM_CONNECT_RETRY=" retry_seconds(at_of[k] - at_of[i]) "s`, or let the unit start After= the server's.")
    add_figure(n, "refused", group_size[g])
    add_figure(n, "ms", sprintf("%.0f", at_of[k] - at_of[i]) + 0)
}

# Twice as long as it took, but no odd number.
function retry_seconds(ms) {
    return ms < 15000 ? 30 : ms < 30000 ? 60 : 10 * int(ms / 5000 + 1)
}
