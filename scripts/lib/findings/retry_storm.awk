# A connect that fails is tried again at once, and again. Not of a process that serves clients: each may be for
# another one of them; nor of a full queue, which many clients fill as well.

BEGIN {
    LEAST_TRIED = 50
    LEAST_RATE = 5 # a second
}

function find_retry_storm(    i, g, seconds, serves) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (side_of[i] == "accepted")
            serves[machine_of[i], pid_of[i]] = 1
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] ~ /^(connection-refused|no-such-socket|unreachable|connect-timed-out|name-not-resolved|gave-up-connecting)$/ && !((machine_of[i], pid_of[i]) in serves))
            put_in_group(prog_of[i] SUBSEP peer_of[i] SUBSEP cause_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++) {
        seconds = (group_most[g] - group_least[g]) / 1000
        if (group_size[g] >= LEAST_TRIED && group_size[g] >= LEAST_RATE * seconds && !well_between(g))
            tell_retry_storm(g, seconds)
    }
}

function tell_retry_storm(g, seconds,    i, n, rate) {
    i = group_first[g]
    rate = seconds > 0 ? group_size[g] / seconds : group_size[g]
    n = found("retry-storm", "warn", g, \
        spoken_prog(i) " tries " spoken_peer(i) " without a pause: " (rate >= 10 ? thousands(rate) : trimmed(rate)) " times a second", \
        tally(g, "connect", "connects") " in " spoken(1000 * seconds) ", all with the same result (" printable(cause_of[i]) ").", \
        not_reached_meaning(i), \
        "pause between attempts (RestartSec=); " not_reached_advice(i))
    add_figure(n, "records", group_size[g])
    add_figure(n, "per_second", sprintf("%.1f", rate) + 0)
}
