# The peer closes in order after a silence, and both sides had spoken last within one tick
# of the kernel's clock: nothing tells whether an answer was due. Timers end idle
# connections after round times, and again and again; what dies does so at any time. And
# whoever has an answer at once sends the acknowledgement with it: one that was held back,
# by 40 ms (TCP_DELACK_MIN, include/net/tcp.h), an eighth of which is in the smoothed round
# trip, had none to go with. On a path that is as slow, no answer comes within a tick.

BEGIN {
    MOST_ENDS = 3 # connections; more are somebody's habit
    ACK_HELD_BACK = 5000 # us
}

function find_silent_end(    i, g, is_late) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (ends_in_silence(i))
            put_in_group(party_of(i), i, idle_of[i])
    for (g = 1; g <= groups; g++) {
        is_late = was_ack_held_back(g)
        if (group_size[g] <= MOST_ENDS && !(group_size[g] > 1 && is_regular(g)) && (is_late || is_no_timer(g)))
            tell_silent_end(g, is_late)
    }
}

function ends_in_silence(i) {
    return ends_in_order(i) && side_of[i] == "connected" && idle_of[i] >= LEAST_SURE_PAUSE && sent_of[i] == idle_of[i] && tx_of[i] > 0
}

function is_no_timer(g,    n, member, k, off) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++) {
        off = idle_of[member[k]] % 1000
        if (off <= 40 + idle_of[member[k]] * 0.01 || off >= 980)
            return 0
    }
    return 1
}

function was_ack_held_back(g,    n, member, k) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        if (rtt_of[member[k]] < ACK_HELD_BACK)
            return 0
    return 1
}

function tell_silent_end(g, is_late,    i, n) {
    i = group_first[g]
    n = found("silent-end", "info", g, \
        spoken_peer(i) " closed " tally(g, "silent connection", "silent connections") " of " spoken_prog(i) " after " spoken_range(group_least[g], group_most[g]), \
        "At " clock(i) (is_late ? ". The last request was acknowledged late (rtt_us=" rtt_of[i] "), as if no answer went with it: one was probably due." \
            : ", after no time that a timer is set to. Both had spoken within one tick: an answer may have been due."), \
        (is_late ? "Then" : "If " spoken_prog(i) " complains, it was:") " what worked on it died, was killed or gave up (a time limit). Else the server was stopped.", \
        "the peer's log at that time for client " printable(local_of[i]) ".")
    add_figure(n, "wait_ms", group_least[g])
    add_figure(n, "connections", group_size[g])
}
