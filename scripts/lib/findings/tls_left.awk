# Clients of a TLS port leave in order when they have sent hardly more than a handshake, each
# time: those that do not accept the certificate do so, and with TLS 1.3 the server takes the
# connection for established. So do checks. Of ports of HTTP, whose requests may be as short,
# nothing is said.

BEGIN {
    LEAST_OF_HANDSHAKE = 200 # bytes of a client: a hello
    MOST_OF_HANDSHAKE = 640 # a hello, the end of the handshake, and close_notify
    LEAST_OF_CERTIFICATE = 700 # bytes of a server
}

function find_tls_left(    i, g, key, answered) {
    for (i = 1; i <= kept_count; i++)
        if (is_tls_service(i) && rx_of[i] > MOST_OF_HANDSHAKE)
            answered[local_of[i] SUBSEP host_of(peer_of[i])] = 1
    begin_groups()
    for (i = 1; i <= kept_count; i++) {
        key = local_of[i] SUBSEP host_of(peer_of[i])
        if (is_open(i) && is_tls_service(i) && !(key in answered) && leaves_after_handshake(i))
            put_in_group(prog_of[i] SUBSEP key, i, rx_of[i])
    }
    for (g = 1; g <= groups; g++)
        if (group_size[g] >= 2 && group_most[g] - group_least[g] <= 16)
            tell_tls_left(g)
}

function is_tls_service(i) {
    return side_of[i] == "accepted" && type_of[i] ~ /tcp/ && begins_with_tls(local_of[i]) && !begins_with_request(local_of[i]) && local_of[i] !~ /:(6443|9443)$/
}

function leaves_after_handshake(i) {
    return cause_of[i] == "peer-closed" && rx_of[i] >= LEAST_OF_HANDSHAKE && rx_of[i] <= MOST_OF_HANDSHAKE && tx_of[i] + unacked_of[i] >= LEAST_OF_CERTIFICATE && idle_of[i] < 1000 && sent_of[i] < 1000
}

function tell_tls_left(g,    i, n) {
    i = group_first[g]
    n = found("tls-left", "info", g, \
        printable(host_of(peer_of[i])) " leaves " printable(local_of[i]) " right after the TLS handshake, it seems", \
        spoken_prog(i) ": " tally(g, "connection", "connections") ", first at " clock(i) ", ended there after " spoken_bytes(rx_of[i]) ".", \
        "If it fails: that client does not accept the certificate (CA or name), which TLS 1.3 need not tell this side. If not, it is a check.", \
        "`openssl s_client -connect " printable(local_of[i]) "` there; its CA (LDAP: TLS_CACERT).")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "received", rx_of[i])
}
