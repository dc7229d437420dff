# A server closes at the first bytes of a client, of which it has read no more than a head: what it is sent is
# no message of its protocol. The head of a record of TLS has 5 bytes (RFC 8446, 5.1), and what reads TLS reads
# that first.

BEGIN {
    MOST_OF_HEAD = 8 # bytes
    HEAD_OF_TLS = 5
}

function find_other_protocol(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && stops_at_head(i))
            put_in_group(prog_of[i] SUBSEP local_of[i] SUBSEP host_of(peer_of[i]) SUBSEP read_of(i), i, rx_of[i])
    for (g = 1; g <= groups; g++)
        if (group_size[g] > 1)
            tell_other_protocol(g)
}

# Nothing was answered, unless it was an alert of TLS.
function stops_at_head(i) {
    return cause_of[i] == "reset-by-own-close" && side_of[i] == "accepted" && type_of[i] ~ /tcp/ && unread_of[i] > 0 && read_of(i) > 0 && read_of(i) <= MOST_OF_HEAD && \
        tx_of[i] != "" && tx_of[i] + unacked_of[i] <= (wants_tls(i) ? 7 : 0) && idle_of[i] != "" && idle_of[i] < AT_ONCE
}

function read_of(i) {
    return rx_of[i] - unread_of[i]
}

function wants_tls(i) {
    return read_of(i) == HEAD_OF_TLS
}

function head_meaning(i) {
    return wants_tls(i) ? "It closed after 5 bytes, as many as TLS's head has." \
        : "The client speaks another protocol (TLS, HTTP, WebSockets), or its message is too long."
}

function head_advice(i) {
    return wants_tls(i) ? "what connects there then (a probe, an exporter)? TLS on in its settings." \
        : usual_at(local_of[i]) "that client's URL and port."
}

function tell_other_protocol(g,    i, n) {
    i = group_first[g]
    n = found("other-protocol", "info", g, \
        wants_tls(i) ? printable(host_of(peer_of[i])) " connects to " spoken_prog(i) " without TLS, it seems" \
            : spoken_prog(i) " ends connections of " printable(host_of(peer_of[i])) " at their first " (read_of(i) == 1 ? "byte" : read_of(i) " bytes"), \
        tally(g, "connection", "connections") " at " printable(local_of[i]) ", first at " clock(i) mean_interval(g) "; " spoken_range_bytes(g) " had come, nothing was answered.", \
        head_meaning(i), head_advice(i))
    add_figure(n, "connections", group_size[g])
    add_figure(n, "read", read_of(i))
}

# How often they come, of several.
function mean_interval(g) {
    return group_size[g] > 2 && !group_about[g] ? ", every " spoken((at_of[group_last[g]] - at_of[group_first[g]]) / (group_size[g] - 1)) " on average" : ""
}
