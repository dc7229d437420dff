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

# Nothing has ever come from there, and its port does not say that the client begins.
function may_have_to_greet(g,    i) {
    i = group_first[g]
    return !group_most_heard(g) && type_of[i] !~ /unix/ && !begins_with_request(peer_of[i]) && !begins_with_tls(peer_of[i])
}

# The server speaks first at that port, so what it had been sent was no request.
function tell_no_greeting(g,    i, n) {
    i = group_first[g]
    n = found("no-greeting", "warn", g, \
        spoken_peer(i) " ends connections of " spoken_prog(i) " before its greeting, after " spoken_range(group_least[g], group_most[g]), \
        tally(g, "connection", "connections") ", first at " clock(i) "; the server speaks first at port " port_of(peer_of[i]) ", and nothing had come.", \
        "Perhaps it looks up its client first (5 s if DNS is silent), and refuses it (hosts.deny) or fails.", \
        "its log at that time; is it so from other hosts? `sockshim explain allowed-hosts`, or greeting.")
    add_figure(n, "ms", group_least[g])
    add_figure(n, "connections", group_size[g])
}

function tell_time_limit(g,    i, n, whose, time, ended, is_strange, is_open_who) {
    i = group_first[g]
    if (!group_most_heard(g) && greets(peer_of[i])) {
        tell_no_greeting(g)
        return
    }
    time = spoken_range(group_least[g], group_most[g])
    is_strange = all_marked(g, lacks_tls)
    is_open_who = !is_strange && may_have_to_greet(g)
    whose = known_request_limit(g)
    ended = cause_of[i] == "closed-unanswered" ? "closed" : "reset"
    n = found("time-limit", "warn", g, \
        is_strange ? spoken_peer(i) " ends connections after " time ": " slow_or_strange(i) \
            : spoken_peer(i) (is_open_who ? " ends connections that it has not answered, after " : " has a time limit for requests: ") time, \
        spoken_prog(i) ": " tally(g, "connection was", "connections were") " " ended " " time " after " (is_open_who ? "what it had sent" : "the request") (is_strange || is_open_who ? "." : ", with the answer due." (whose != "" ? " " whose " would fit." : "")), \
        is_strange ? lacking_tls(i) "a limit for slow work" (whose != "" ? " (" whose ")" : "") "." \
            : is_open_who ? "A time limit for requests there; or the server was to speak first, and was at something of its own, such as its client's name." : "Not idle: the server, or a proxy in front of it, ended the work.", \
        is_strange ? lacking_tls_advice(i) "." : "make the request faster, or raise the limit there (its log at " clock(i) " names it).")
    add_figure(n, "limit_ms", group_least[g])
    add_figure(n, "most_ms", group_most[g])
    add_figure(n, "connections", group_size[g])
}
