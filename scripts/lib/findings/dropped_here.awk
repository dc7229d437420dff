# What was to go out never left this host: a rule of its own, a full conntrack table, a
# full queue. EPERM on a send or connect is the kernel's word for the same.

function find_dropped_here(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && never_left(i))
            put_in_group(prog_of[i] SUBSEP service_of(i), i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_dropped_here(g)
}

function never_left(i) {
    if (cause_of[i] == "not-permitted")
        return error_of[i] == "EPERM" && type_of[i] ~ /^(tcp|mptcp|udp)$/ && call_of[i] !~ /^(bind|socket)$/
    return blocked_of[i] == "host" && cause_of[i] ~ /^(connection-timed-out|gave-up-|timeout$)/
}

function tell_dropped_here(g,    i, n, what) {
    i = group_first[g]
    what = cause_of[i] == "gave-up-connecting" ? "connection requests (SYN)" : cause_of[i] == "not-permitted" ? "packets" : "data"
    n = found("dropped-on-this-host", "error", g, \
        "This host itself drops the " what " to " spoken_peer(i), \
        spoken_prog(i) ": " tally(g, "time", "times") ", first at " clock(i) (cause_of[i] == "not-permitted" ? " (EPERM)." : "."), \
        "Neither the peer nor the path has seen any: a rule for outgoing packets, a full conntrack table, or an interface that is down.", \
        "`nft list ruleset`, `iptables-save -c`, `conntrack -S`; `sockshim doctor` has the counters.")
    add_figure(n, "records", group_size[g])
}
