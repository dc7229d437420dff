# A program reads on where a receive of the same connection has failed: it does not take
# -1 for an end. Whatever else there is to say of that failure is another finding.

function find_reads_on(    i, g, was_claimed, n) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (leader_of[i] == i && has_failed_receive(i) && !is_of_tls(i) && reads_once_more(i))
            put_in_group(prog_of[i] SUBSEP side_of[i], i, at_of[i])
    for (i in claimed)
        was_claimed[i] = claimed[i]
    for (g = 1; g <= groups; g++)
        tell_reads_on(g)
    for (i in was_claimed)
        claimed[i] = was_claimed[i]
}

function has_failed_receive(i) {
    return cause_of[i] ~ /^(peer-reset|connection-timed-out|write-after-close)$/ && is_receive(i) && error_of[i] != ""
}

# Whoever ends TLS looks once more for what the peer says at its end.
function is_of_tls(i) {
    return site_of[i] ~ /^lib(curl|ssl|crypto|gnutls|nss3|ssl3|mbed|wolfssl)/
}

function is_receive(i) {
    return call_of[i] ~ /^(recv|read|preadv)/
}

# By the same call, from the same place: a loop.
function reads_once_more(i,    n, k, j, member) {
    n = split(followers[i], member, " ")
    for (k = 1; k <= n; k++) {
        j = member[k]
        if (site_of[i] != "" && cause_of[j] == "closed-after-error" && call_of[j] == call_of[i] && fd_of[j] == fd_of[i] && site_of[j] == site_of[i])
            return 1
    }
    return 0
}

function tell_reads_on(g,    i, n) {
    i = group_first[g]
    n = found("reads-on", "info", g, \
        spoken_prog(i) " reads on after a receive has failed", \
        tally(g, "connection", "connections") ", first with " spoken_peer(i) " at " clock(i) ": " printable(error_of[i]) ", and then " printable(call_of[i]) " once more" " from " printable(site_of[i]) ".", \
        "A loop that only knows 0 as the end, and may take -1 for a length; or it drains on purpose.", \
        "mend the loop, or `SOCKSHIM_RESET=eof` (truncated data can then pass for complete).")
    add_figure(n, "connections", group_size[g])
}
