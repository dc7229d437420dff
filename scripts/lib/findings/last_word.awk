# The peer says something and closes with it, and what this program then sends is too late: a
# goodbye of its own, most often. So it was the peer that ended it. A line or two in all is
# last-words'; from 23 bytes on it may be TLS's goodbye, which nobody waits for.

BEGIN {
    MOST_GOODBYE = 16 # bytes: PostgreSQL's and MySQL's have 5, QUIT 6, a frame of WebSocket 8
}

function find_last_word(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && had_last_word(i))
            put_in_group(party_of(i), i, unacked_of[i])
    for (g = 1; g <= groups; g++)
        tell_last_word(g)
}

function had_last_word(i) {
    return cause_of[i] == "peer-closed" && ended_badly(i) && type_of[i] ~ /tcp/ && side_of[i] == "connected" && rx_of[i] > 0 && tx_of[i] > 0 && \
        idle_of[i] != "" && idle_of[i] <= LATEST_END && unacked_of[i] <= MOST_GOODBYE && value_is_zero(unsent_of[i])
}

function tell_last_word(g,    i, n) {
    i = group_first[g]
    n = found("last-word", "info", g, \
        spoken_peer(i) " said a last word to " spoken_prog(i) " and closed", \
        tally(g, "connection", "connections") ", first at " clock(i) "; what " spoken_prog(i) " then sent (" spoken_range_bytes(g) ", perhaps its goodbye) found it closed.", \
        "The peer ended it, and may have said why (" (is_of_one_age(g) ? "each time " spoken_range(life_least, life_most) " after the connect: a limit of time" : "a limit, a shutdown") "); " spoken_prog(i) " has read that, and need not show it.", \
        "its log at " clock(i) (port_of(peer_of[i]) == 6432 ? "; `sockshim explain pgbouncer`." : "; `tcpdump -A -ni any port " port_of(peer_of[i]) "` shows it."))
    add_figure(n, "connections", group_size[g])
    add_figure(n, "sent", group_most[g])
}

# Whether all of them had lived as long, in life_least and life_most.
function is_of_one_age(g) {
    return group_size[g] > 1 && know_lives(g) && life_least >= 1000 && life_most - life_least <= 120 + life_least * 0.05
}
