# The connection ends while an answer is due, after the same time again and again: a
# clock's doing, not chance.

function find_time_limit(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && is_cut_off_waiting(i))
            put_in_group(party_of(i), i, wait_of[i])
    for (g = 1; g <= groups; g++)
        if (group_size[g] >= 2 && group_least[g] >= 500 && is_regular(g))
            tell_time_limit(g)
}

function is_cut_off_waiting(i) {
    return cause_of[i] ~ /^(peer-reset|closed-unanswered|write-after-close)$/ && type_of[i] ~ /tcp|unix/ && due_of[i]
}

# Timers of servers look once a second.
function is_regular(g,    apart) {
    apart = group_most[g] - group_least[g]
    if (apart <= 120 + group_least[g] * 0.05)
        return 1
    return group_size[g] >= 3 && apart <= 1050 && group_most[g] <= 1.6 * group_least[g]
}

# A known time limit for requests that group G would fit.
function known_request_limit(g) {
    return known_limit("request", group_least[g] * 0.97 - 50, group_most[g] * 1.01)
}

function tell_time_limit(g,    i, n, whose, time, ended) {
    i = group_first[g]
    time = spoken_range(group_least[g], group_most[g])
    whose = known_request_limit(g)
    ended = cause_of[i] == "closed-unanswered" ? "closed" : "reset"
    n = found("time-limit", "warn", g, \
        spoken_peer(i) " has a time limit for requests: " time, \
        spoken_prog(i) ": " tally(g, "connection was", "connections were") " " ended " " time " after the request, with the answer due." (whose != "" ? " " whose " would fit." : ""), \
        "Not idle: the server, or a proxy in front of it, ended the work.", \
        "make the request faster, or raise the limit there (its log at " clock(i) " names it).")
    add_figure(n, "limit_ms", group_least[g])
    add_figure(n, "most_ms", group_most[g])
    add_figure(n, "connections", group_size[g])
}
