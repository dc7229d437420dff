# The server was to begin, and begins late: what it sent first, its client never took, for that had
# ended the connection by then without a word. Again and again after the same time it is the server's
# own, of what it does before it greets.

function find_late_greeting(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && began_late(i))
            put_in_group(party_of(i), i, idle_of[i] - sent_of[i])
    for (g = 1; g <= groups; g++)
        if (connections_of(g) > 1 && is_regular(g))
            tell_late_greeting(g)
}

# All that it ever sent is on its way still, so it has been sent just now.
function began_late(i) {
    return side_of[i] == "accepted" && cause_of[i] ~ /^(peer-closed|closed-after-error|peer-reset|write-after-close)$/ && type_of[i] ~ /tcp/ && \
        value_is_zero(rx_of[i]) && value_is_zero(tx_of[i]) && value_is_zero(retrans_of[i]) && unacked_of[i] + unsent_of[i] > 0 && sent_of[i] != "" && idle_of[i] - sent_of[i] >= 1000
}

function tell_late_greeting(g,    i, n) {
    i = group_first[g]
    n = found("late-greeting", "warn", g, \
        spoken_prog(i) " begins to speak " spoken_range(group_least[g], group_most[g]) " after a client has connected, and it has gone", \
        counted(connections_of(g), "connection", "connections") " at " printable(service_of(i)) ", first at " clock(i) " from " printable(host_of(peer_of[i])) "; no client said anything.", \
        "It waits for something of its own before it greets, mostly for the client's name (reverse DNS, ident), or it accepts late.", \
        "`sockshim doctor PID` while a client waits; skip-name-resolve, UseDNS no.")
    add_figure(n, "ms", group_least[g])
    add_figure(n, "connections", connections_of(g))
}
