# A client gets what the server has to say (its certificate, its key), answers by an alert of TLS, and leaves. A hello is often padded
# to 517 bytes (RFC 7685: for the sake of some servers none has 256 to 511 and the header's 5 more), and an
# alert has 7 as long as its sender has not begun to encrypt (RFC 8446, 5.1 and 6). Alerts that are
# encrypted already are not told from anything else.

BEGIN {
    HELLO_AND_ALERT = 524
}

function find_tls_refused(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && (is_refused_here(i) || is_refused_there(i)))
            put_in_group(prog_of[i] SUBSEP side_of[i] SUBSEP (side_of[i] == "accepted" ? host_of(peer_of[i]) SUBSEP local_of[i] : peer_of[i]), i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_tls_refused(g)
}

# Of the server, whose client has left.
function is_refused_there(i) {
    return side_of[i] == "accepted" && type_of[i] ~ /tcp/ && cause_of[i] ~ /^peer-(closed|reset)$/ && rx_of[i] == HELLO_AND_ALERT && is_after_certificate(tx_of[i] + unacked_of[i], local_of[i]) && idle_of[i] < 1000
}

# Of the client, which need not read the rest of what the server has said.
function is_refused_here(i) {
    return side_of[i] == "connected" && cause_of[i] == "reset-by-own-close" && tx_of[i] + unacked_of[i] == HELLO_AND_ALERT && is_after_certificate(rx_of[i], peer_of[i]) && sent_of[i] != "" && sent_of[i] < 1000
}

function is_after_certificate(bytes, service) {
    return bytes >= LEAST_OF_CERTIFICATE && (begins_with_tls(service) || !begins_with_request(service))
}

function tell_tls_refused(g,    i, n, is_server) {
    i = group_first[g]
    is_server = side_of[i] == "accepted"
    n = found("tls-refused", "warn", g, \
        is_server ? printable(host_of(peer_of[i])) " ends TLS handshakes with " spoken_prog(i) " by an alert, it seems" : spoken_prog(i) " ends TLS handshakes with " spoken_peer(i) " by an alert, it seems", \
        tally(g, "connection", "connections") ", first at " clock(i) ", left after 524 bytes, as a hello (517) and an alert (7) have.", \
        "It refuses the certificate (its issuer, name or date), or what else the server has chosen (a key that is too short).", \
        "the client's own message says which: `sockshim explain MESSAGE`.")
    add_figure(n, "connections", group_size[g])
}
