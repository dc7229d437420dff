# A server's answers come after the same whole seconds each time, and no record says what it waited for:
# the end of its own time limit for something that leaves none, as a question to a name server.

BEGIN {
    LEAST_LATE = 2000 # ms
    MOST_AFTER = 1000 # ms, from the answer until the client, which has it, ends: no heartbeats in between
}

function find_late_answer(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_late_answer(i))
            put_in_group(party_of(i), i, idle_of[i] - sent_of[i])
    for (g = 1; g <= groups; g++)
        if (group_size[g] > 1 && group_most[g] - group_least[g] <= 100 && !has_asked_others(g))
            tell_late_answer(g)
}

function is_late_answer(i) {
    return is_open(i) && cause_of[i] == "peer-closed" && side_of[i] == "accepted" && type_of[i] ~ /tcp/ && rx_of[i] > 0 && tx_of[i] > 0 && \
        sent_of[i] != "" && sent_of[i] <= MOST_AFTER && idle_of[i] - sent_of[i] >= LEAST_LATE && (idle_of[i] - sent_of[i]) % 1000 <= LATEST_END
}

# Whether the same program has a record of whom it asked, from a request of the group's on.
function has_asked_others(g,    i, j, n, member, k) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++) {
        i = member[k] + 0
        for (j = i - 1; j > 0 && at_of[j] >= at_of[i] - idle_of[i]; j--)
            if (prog_of[j] == prog_of[i] && machine_of[j] == machine_of[i] && side_of[j] != "accepted")
                return 1
    }
    return 0
}

function tell_late_answer(g,    i, n, time) {
    i = group_first[g]
    time = spoken_range(group_least[g], group_most[g])
    n = found("late-answer", "info", g, \
        spoken_prog(i) " answers only after " time, \
        tally(g, "connection", "connections") " at " printable(local_of[i]) ", first at " clock(i) "; no record tells whom it asked meanwhile.", \
        "So even a time looks like its own limit, for what leaves none: a name server (nginx: resolver_timeout), a lock.", \
        "`sockshim doctor " printable(pid_of[i]) "` while a request waits; its own log.")
    add_figure(n, "ms", group_least[g])
    add_figure(n, "connections", group_size[g])
}
