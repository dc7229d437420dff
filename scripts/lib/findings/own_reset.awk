# A server that closes after a silence of its own while what its client has sent lies here
# unread: the client sees a reset, and this program has made it. So does one that answers, or
# refuses, before it has read the whole request.

BEGIN {
    LEAST_REST = 1024 # bytes: more than TLS's goodbye, or the mark of an end
}

function find_own_reset(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && resets_its_client(i))
            put_in_group(party_of(i), i, sent_of[i])
    for (g = 1; g <= groups; g++)
        tell_own_reset(g)
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] == "reset-by-own-close" && side_of[i] == "accepted" && (unread_of[i] >= LEAST_REST && rx_of[i] > 0 || turns_away(i)))
            put_in_group(party_of(i) SUBSEP (tx_of[i] > 0) SUBSEP turns_away(i), i, unread_of[i])
    for (g = 1; g <= groups; g++)
        if (group_size[g] > 1)
            tell_early_close(g)
}

# It had answered before, and was silent while it was asked again: no refused upload.
function resets_its_client(i) {
    return cause_of[i] == "reset-by-own-close" && side_of[i] == "accepted" && unread_of[i] > 0 && sent_of[i] >= LEAST_SURE_PAUSE && idle_of[i] >= LEAST_SURE_PAUSE
}

# It has read nothing of what its client sent, and said nothing: as whoever has a list of clients does.
function turns_away(i) {
    return cause_of[i] == "reset-by-own-close" && side_of[i] == "accepted" && unread_of[i] > 0 && unread_of[i] == rx_of[i] && value_is_zero(tx_of[i])
}

function turned_away() {
    return "It read nothing: it turns away clients not in its list, or too many; or it was about to end."
}

function turned_away_advice(i) {
    return "is " printable(host_of(peer_of[i])) " in its list (`sockshim explain allowed-hosts`)? Its log at " clock(i) "."
}

function tell_own_reset(g,    i, n, time) {
    i = group_first[g]
    time = spoken_range(group_least[g], group_most[g])
    n = found("own-reset", "warn", g, \
        spoken_prog(i) " itself resets connections of its clients, after " time " of silence", \
        tally(g, "connection", "connections") " at " printable(local_of[i]) ", first at " clock(i) "; " spoken_bytes(unread_of[i]) " of the client lay unread for " spoken(idle_of[i]) ".", \
        "A close with data unread sends RST: a timeout of " spoken_prog(i) " did it.", \
        "find which of its timeouts is that long (a proxy has one for each side).")
    add_figure(n, "most_ms", group_most[g])
    add_figure(n, "connections", group_size[g])
    add_figure(n, "unread", unread_of[i])
}

function tell_early_close(g,    i, n) {
    i = group_first[g]
    n = found("early-close", "info", g, \
        spoken_prog(i) " itself resets its clients: it " (tx_of[i] > 0 ? "answers" : "closes") " before it has read " (turns_away(i) ? "anything" : "all"), \
        tally(g, "connection", "connections") " at " printable(local_of[i]) ", first at " clock(i) "; " spoken_range_bytes(g) " of the request unread, " (tx_of[i] > 0 ? spoken_bytes(tx_of[i]) " sent." : "nothing answered."), \
        turns_away(i) ? turned_away() : "A close with data unread sends RST" (tx_of[i] > 0 ? ", and the client may lose the answer for it (a proxy says 502)." : ": a limit of size, or an error."), \
        turns_away(i) ? turned_away_advice(i) : tx_of[i] > 0 ? "let it read the body first, also where it refuses (401, 413; uWSGI: post-buffering)." \
            : "its log at " clock(i) "; what is the largest that it takes? `sockshim explain too-large`.")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "unread", group_most[g])
}
