# The connection ends while an answer is due, after the same time again and again: a
# clock's doing, not chance.

function find_time_limit(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && is_cut_off_waiting(i)) {
            lacks_tls[i] = may_lack_tls(i)
            put_in_group(party_of(i), i, wait_of[i])
        }
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

function tell_time_limit(g,    i, n, whose, time, ended, is_strange) {
    i = group_first[g]
    time = spoken_range(group_least[g], group_most[g])
    is_strange = all_marked(g, lacks_tls)
    whose = known_request_limit(g)
    ended = cause_of[i] == "closed-unanswered" ? "closed" : "reset"
    n = found("time-limit", "warn", g, \
        is_strange ? spoken_peer(i) " ends connections after " time ": " slow_or_strange(i) \
            : spoken_peer(i) " has a time limit for requests: " time, \
        spoken_prog(i) ": " tally(g, "connection was", "connections were") " " ended " " time " after the request" (is_strange ? "." : ", with the answer due." (whose != "" ? " " whose " would fit." : "")), \
        is_strange ? lacking_tls(i) "a limit for slow work" (whose != "" ? " (" whose ")" : "") "." : "Not idle: the server, or a proxy in front of it, ended the work.", \
        is_strange ? lacking_tls_advice(i) "." : "make the request faster, or raise the limit there (its log at " clock(i) " names it).")
    add_figure(n, "limit_ms", group_least[g])
    add_figure(n, "most_ms", group_most[g])
    add_figure(n, "connections", group_size[g])
}
