# The program closes a connection, or ends, after a time that somebody has set, and neither side has
# ever said anything on it: who waits for a greeting gives up so. What is kept in reserve ends so,
# too: then others with the same peer are used, or it is HTTP.

function find_never_spoke(    i, g) {
    for (i = 1; i <= kept_count; i++)
        if (rx_of[i] + tx_of[i] > 0)
            spoke_with[party_of(i)] = 1
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && was_mute(i) && !(party_of(i) in spoke_with) && !begins_with_request(peer_of[i]))
            put_in_group(party_of(i), i, idle_of[i])
    for (g = 1; g <= groups; g++)
        if (is_set_time(g))
            tell_never_spoke(g)
}

function was_mute(i) {
    return cause_of[i] == "gave-up-waiting" && sent_of[i] == "" && value_is_zero(rx_of[i]) && value_is_zero(tx_of[i])
}

function tell_never_spoke(g,    i, n, tls) {
    i = group_first[g]
    tls = greets_in_tls(peer_of[i])
    n = found("never-spoke", "warn", g, \
        spoken_prog(i) " gives up on " spoken_peer(i) " after " spoken_range(group_least[g], group_most[g]) ": neither side ever spoke", \
        tally(g, "connection", "connections") ", first at " clock(i) ", all of them connected, and none ever used.", \
        tls ? "That port begins with TLS, and with the client: does " spoken_prog(i) " wait there for a greeting in plain text?" \
            : (greets(peer_of[i]) ? "The server was to greet" : "If the server was to greet") ": it has not accepted it, is busy before it greets (looks up the client's name?), or expects TLS.", \
        tls ? "switch TLS on in its settings (from the start, not STARTTLS), or use the port without." \
            : "`sockshim doctor PID` of the server, while one waits.")
    add_figure(n, "deadline_ms", group_least[g])
    add_figure(n, "connections", group_size[g])
}
