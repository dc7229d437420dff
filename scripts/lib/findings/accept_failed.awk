# accept fails with an error of one connection, or of the network: accept(2) says that it
# is to be repeated, and many a server ends instead.

function find_accept_failed(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && call_of[i] ~ /^accept/ && error_of[i] ~ /^(ECONNABORTED|EPROTO|ENOPROTOOPT|ENETDOWN|ENETUNREACH|EHOSTDOWN|EHOSTUNREACH|ENONET)$/)
            put_in_group(prog_of[i] SUBSEP error_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_accept_failed(g)
}

function tell_accept_failed(g,    i, n, last) {
    i = group_first[g]
    last = is_last_of_process(group_last[g])
    n = found("accept-failed", "error", g, \
        "accept of " spoken_prog(i) " fails with " printable(error_of[i]) ", an error of one connection", \
        tally(g, "time", "times") (local_of[i] != "" ? " at " printable(local_of[i]) : "") ", first at " clock(i) (last ? "; it was the last thing that the process logged." : "."), \
        "The connection was lost before the server had it; the listening socket is fine." (last ? " A server that ends then has ended for nothing." : ""), \
        "`SOCKSHIM_ACCEPT=careful` repeats the accept, as accept(2) recommends.")
    add_figure(n, "records", group_size[g])
}

function is_last_of_process(i,    j) {
    for (j = i + 1; j <= kept_count; j++)
        if (pid_of[j] == pid_of[i] && machine_of[j] == machine_of[i])
            return 0
    return 1
}
