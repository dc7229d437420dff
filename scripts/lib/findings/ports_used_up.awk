# No ephemeral port is left to a destination, or at all.

function find_ports_used_up(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && wanted_any_port(i))
            put_in_group(prog_of[i] SUBSEP peer_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_ports_used_up(g)
}

# The program named no port of its own, so it is not that which is taken. A connect of IPv6
# fails alike where this host has no address to connect from: then none ever worked.
function wanted_any_port(i) {
    if (type_of[i] !~ /^(tcp|mptcp|udp)$/ || port_of(local_of[i]))
        return 0
    if (cause_of[i] == "address-in-use")
        return 1
    if (cause_of[i] != "address-unavailable" || call_of[i] == "bind")
        return 0
    return error_of[i] == "EAGAIN" || type_of[i] != "udp" && (family_of(i) == 4 || has_worked(i))
}

# Whether the program has connected there, before or since.
function has_worked(i,    j) {
    for (j = 1; j <= kept_count; j++)
        if (prog_of[j] == prog_of[i] && peer_of[j] == peer_of[i] && was_connected(j))
            return 1
    return 0
}

function tell_ports_used_up(g,    i, n, lasted) {
    i = group_first[g]
    lasted = group_most[g] - group_least[g]
    n = found("ports-used-up", "error", g, \
        "No local port is left for " (call_of[i] == "connect" ? "connections" : "sockets") (peer_of[i] == "" ? "" : " to " printable(peer_of[i])), \
        spoken_prog(i) ": " tally(g, call_of[i] " failed", call_of[i] "s failed") " (" printable(error_of[i]) ")" (lasted >= 1000 ? " within " spoken(lasted) : "") ", first at " clock(i) ".", \
        type_of[i] == "udp" ? "Every port of net.ipv4.ip_local_port_range is bound." : "Each closed connection holds its port for a minute (TIME_WAIT); open ones hold theirs.", \
        (type_of[i] == "udp" ? "close sockets that are done" : "reuse connections") "; until then `sysctl -w net.ipv4.ip_local_port_range='1024 65535'`.")
    add_figure(n, "records", group_size[g])
}
