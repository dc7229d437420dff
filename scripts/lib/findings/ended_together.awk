# The peer ends several connections in order at one moment, with no answer due that is known of: it is
# restarted, or a proxy is drained. A client that finishes has just said so; what ends by chance seldom ends together,
# the less so the more there are and the longer they had lived. A limit for idle time ends together
# those that were last used together.

BEGIN {
    LEAST_TOGETHER = 3   # connections
    LONGEST_LULL = 100   # ms between two of the same moment
    LONGEST_MOMENT = 1000    # ms
    LEAST_ODDS = 100000  # against chance
}

function find_ended_together(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (ends_unasked(i))
            put_in_group(moment_of(i), i, idle_of[i])
    for (g = 1; g <= groups; g++)
        if (are_together(g))
            note_moment(g)
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (i in is_together)
            put_in_group(party_of(i), i, idle_of[i])
    for (g = 1; g <= groups; g++)
        tell_ended_together(g)
}

function ends_unasked(i) {
    return ends_in_order(i) && side_of[i] == "connected" && tx_of[i] > 0 && !due_of[i] && idle_of[i] >= LATEST_END && sent_of[i] >= LATEST_END
}

function moment_of(i,    key) {
    key = party_of(i)
    ends_of[key]++
    if (!(key in latest_end) || at_of[i] - latest_end[key] > LONGEST_LULL)
        moments_of[key]++
    latest_end[key] = at_of[i]
    return key SUBSEP moments_of[key]
}

# Of what ends by chance, each other one would have ended within this time with the odds of this time to
# its age, which is at least sent_ms, or to how seldom others of them end, whichever is less.
function are_together(g,    n, member, k, apart, others, seldom, age, odds, most) {
    n = split(group_members[g], member, " ")
    apart = at_of[group_last[g]] - at_of[group_first[g]]
    if (n < LEAST_TOGETHER || apart > LONGEST_MOMENT)
        return 0
    others = ends_of[party_of(group_first[g])] - n
    seldom = (at_of[kept_count] - at_of[1]) / (others + 1)
    odds = 1
    for (k = 1; k <= n; k++) {
        age = sent_of[member[k]]
        if (others && seldom < age)
            age = seldom
        most = age > most ? age : most
        odds *= age / (apart < 1 ? 1 : apart)
    }
    return odds / most * (apart < 1 ? 1 : apart) >= LEAST_ODDS && !is_set_limit(g)
}

# All had been silent for one time, and a timer is set to such a one.
function is_set_limit(g) {
    return group_most[g] - group_least[g] <= 40 + group_least[g] * 0.01 && !is_no_timer(g)
}

# Timers of servers look once a second.
function is_one_silence(g) {
    return group_most[g] - group_least[g] <= 1050 + group_least[g] * 0.05
}

# Not where both sides spoke last within one tick of the kernel's clock.
function are_answered(g,    n, member, k) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        if (sent_of[member[k]] == idle_of[member[k]])
            return 0
    return 1
}

function note_moment(g,    n, member, k) {
    together_moments[party_of(group_first[g])]++
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        is_together[member[k] + 0] = 1
}

function tell_ended_together(g,    i, n, moments) {
    i = group_first[g]
    moments = together_moments[group_key[g]]
    n = found("ended-together", "info", g, \
        spoken_peer(i) " ended " tally(g, "connection", "connections") " of " spoken_prog(i) " at " (moments == 1 ? "one moment" : moments " moments"), \
        "In order (FIN)" (are_answered(g) ? ", with no answer due" : "") ", after " spoken_range(group_least[g], group_most[g]) " of silence" \
            (moments == 1 ? ", within " spoken(at_of[group_last[g]] - at_of[i] < 1 ? 1 : at_of[group_last[g]] - at_of[i]) " for " spoken_prog(i) "." : ", first at " clock(i) "."), \
        "A restart, reload or drain there (or of a proxy), or " \
            (is_one_silence(g) ? "a limit for idle time, if last used together: then it goes on." : "a limit of age, if opened together."), \
        "its log at " clock(i) " (nginx cuts WebSockets by worker_shutdown_timeout).")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "moments", moments)
}
