# Somebody connects to a server that speaks first, at regular intervals, says nothing and
# leaves: a check whether the port is open. Harmless by itself; some servers count it as a
# failed login and shut that host out.

BEGIN {
    LEAST_VISITS = 5
    LEAST_CHECKS = 4 # without a word on either side
    LEAST_INTERVAL = 100 # ms
}

function find_health_check(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && leaves_greeted(i))
            put_in_group(party_of(i) SUBSEP host_of(peer_of[i]), i, at_of[i])
    for (g = 1; g <= groups; g++)
        if (visit_interval(g))
            tell_health_check(g)
}

# The greeting may still have been under way.
function leaves_greeted(i) {
    return side_of[i] == "accepted" && type_of[i] ~ /tcp/ && rx_of[i] != "" && rx_of[i] == 0 && tx_of[i] + unacked_of[i] > 0 && \
        cause_of[i] ~ /^(peer-reset|peer-closed|write-after-close)$/ && idle_of[i] < 1000
}

# In ms, the least; 0 where they do not come regularly.
function visit_interval(g,    n, member, k, i, last, gaps, gap, least, regular) {
    n = split(group_members[g], member, " ")
    last = group_first[g]
    for (k = 2; k <= n; k++) {
        i = member[k] + 0
        if (peer_of[i] == peer_of[last])
            continue # told of its end twice
        gap[++gaps] = at_of[i] - at_of[last]
        least = gaps == 1 || gap[gaps] < least ? gap[gaps] : least
        last = i
    }
    for (k = 1; k <= gaps; k++)
        regular += gap[k] <= 1.5 * least + 200
    visits = gaps + 1
    return visits >= LEAST_VISITS && !group_about[g] && least >= LEAST_INTERVAL && regular >= 0.8 * gaps ? least : 0
}

function tell_health_check(g,    i, n, interval) {
    i = group_first[g]
    interval = visit_interval(g)
    n = found("health-check", "info", g, \
        printable(host_of(peer_of[i])) " connects every " spoken(interval) " or so, and leaves without a word", \
        spoken_prog(i) " at " printable(local_of[i]) ": " visits " times" ", first at " clock(i) ", last at " clock(group_last[g]) ".", \
        "So do checks (monitoring), which harms nobody; but MariaDB and MySQL count failed logins, and block that host (error 1129).", \
        "a check that logs in; `mariadb-admin flush-hosts` lets that host in again.")
    add_figure(n, "visits", visits)
    add_figure(n, "interval_ms", sprintf("%.0f", interval) + 0)
}

# Clients that connect and close without a word are checks of the port, most often: no failure,
# but servers complain of them.
function note_of_checks(    g, i, n) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (leader_of[i] == i && side_of[i] == "accepted" && rx_of[i] != "" && rx_of[i] + tx_of[i] + unacked_of[i] == 0 && cause_of[i] ~ /^peer-(closed|reset)$/)
            put_in_group(host_of(peer_of[i]) SUBSEP prog_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        if (group_size[g] >= LEAST_CHECKS && !group_about[g] && (!n || group_size[g] > group_size[n]))
            n = g
    if (!n)
        return ""
    i = group_first[n]
    return " " printable(host_of(peer_of[i])) " connected to " spoken_prog(i) " " group_size[n] " times, every " spoken((group_most[n] - group_least[n]) / (group_size[n] - 1)) \
        " on average, and closed without a word, as checks of a port do (sockshim explain health-check)."
}
