# A program goes on with a connection that its peer has ended a while ago, right after its last
# data. That may have been a farewell (TLS's close_notify, a database's FATAL), and the end be by a
# limit for idle time of any length below (idle_timeout.awk); or the program stood still, and owed an
# answer to a ping or the like; or the peer closes after each answer, or so many.

function find_ended_before(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && (was_ended_before(i) || may_have_ended_before(i)))
            put_in_group(party_of(i), i, fin_of[i] + 0)
    for (g = 1; g <= groups; g++)
        if (fits_one_moment(g) && was_used_for_long())
            leave_to_idle_timeout(g)
        else if (group_most[g] > 0)
            tell_ended_before(g)
        else
            tell_ended_at_word(g)
}

# Where it is told together with those whose end was found at once.
function leave_to_idle_timeout(g,    n, member, k) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        ended_with_others[member[k] + 0] = 1
}

# Where the request had been sent before the end it is one that was not answered.
function was_ended_before(i) {
    return fin_of[i] > 0 && ended_badly(i) && had_ended_before(i) && pause_of[i] < LEAST_SURE_PAUSE && wait_of[i] + 0 == 0
}

# It took what was sent after the pause, so it had not closed in full: whether its FIN had come before
# that is not known, as the acknowledgement of this is what came last.
function may_have_ended_before(i) {
    return cause_of[i] == "closed-unanswered" && !(fin_of[i] > 0) && rx_of[i] > 0 && value_is_zero(unacked_of[i]) && value_is_zero(unsent_of[i]) && due_of[i] && \
        wait_of[i] <= LATEST_RST && pause_of[i] >= LEAST_PAUSE
}

function tell_ended_at_word(g,    i, n) {
    i = group_first[g]
    n = found("ended-before", "warn", g, \
        spoken_peer(i) " ended connections as " spoken_prog(i) " spoke again after " spoken_range(least_pause(g), most_pause), \
        tally(g, "connection", "connections") ", first at " clock(i) "; it took what was sent then.", \
        spoken_prog(i) " stood still until then (a ping unanswered), it refuses that message, or that was a goodbye; or it closes idle connections, and lingers.", \
        "its log at " clock(i) "; `sockshim doctor PID` during a pause: is data unread?")
    add_figure(n, "pause_ms", least_pause(g))
    add_figure(n, "connections", group_size[g])
}

# And the longest, in most_pause.
function least_pause(g,    n, member, k, least) {
    n = split(group_members[g], member, " ")
    most_pause = 0
    for (k = 1; k <= n; k++) {
        least = k == 1 || pause_of[member[k]] < least ? pause_of[member[k]] : least
        most_pause = pause_of[member[k]] > most_pause ? pause_of[member[k]] : most_pause
    }
    return least
}

function tell_ended_before(g,    i, n) {
    i = group_first[g]
    n = found("ended-before", "warn", g, \
        spoken_prog(i) " comes late: " spoken_peer(i) " had ended its connections", \
        tally(g, "connection", "connections") ", first at " clock(i) ", " (group_least[g] > 0 ? "" : "up to ") spoken(group_most[g]) " after FIN, which followed the last data.", \
        "A limit for idle time, after a farewell (TLS, a database)? Or " spoken_prog(i) " stood still (a ping unanswered), or the peer closes after answers.", \
        "`sockshim doctor PID`: is data unread? Else test connections first.")
    add_figure(n, "late_ms", group_most[g])
    add_figure(n, "connections", group_size[g])
}
