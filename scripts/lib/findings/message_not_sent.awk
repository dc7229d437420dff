# A datagram that found no room: unless the program tries again, it is lost.

function find_message_not_sent(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] == "message-not-sent")
            put_in_group(prog_of[i] SUBSEP service_of(i), i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_message_not_sent(g)
}

function tell_message_not_sent(g,    i, n, is_unix) {
    i = group_first[g]
    is_unix = type_of[i] ~ /^unix/
    n = found("message-lost", "warn", g, \
        tally(g, "message", "messages") " of " spoken_prog(i) (peer_of[i] == "" ? "" : " to " printable(peer_of[i])) " found no room and " (group_size[g] == 1 ? "is" : "are") " lost", \
        "From " clock(i) " to " clock(group_last[g]) ": " (is_unix ? "the receiver's queue was full (net.unix.max_dgram_qlen messages)." : "the send buffer was full."), \
        is_unix ? "It reads more slowly than this program sends." \
            : "The network accepts less than this program sends.", \
        is_unix ? "make the receiver read faster; against bursts `sysctl net.unix.max_dgram_qlen=512`, before it binds its socket." \
            : "send more slowly, or raise net.core.wmem_default.")
    add_figure(n, "records", group_size[g])
}
