# No ephemeral port is left to a destination, or at all.

function find_ports_used_up(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && wanted_any_port(i))
            put_in_group(prog_of[i] SUBSEP peer_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_ports_used_up(g)
}

# A connect (or a bind to port 0) whose address is not wrong in itself: loopback and
# 0.0.0.0 aside, one that is wrong fails every time and at once.
function wanted_any_port(i) {
    if (cause_of[i] == "address-in-use")
        return why_of[i] ~ /[Nn]o ephemeral port/
    if (cause_of[i] != "address-unavailable" || type_of[i] !~ /tcp|udp/)
        return 0
    return call_of[i] == "connect" && why_of[i] ~ /ephemeral port/
}

function tell_ports_used_up(g,    i, n, lasted) {
    i = group_first[g]
    lasted = group_most[g] - group_least[g]
    n = found("ports-used-up", "error", g, \
        "No local port is left for connections" (peer_of[i] == "" ? "" : " to " printable(peer_of[i])), \
        spoken_prog(i) ": " tally(g, "connect failed", "connects failed") " (" printable(error_of[i]) ")" (lasted >= 1000 ? " within " spoken(lasted) : "") ", first at " clock(i) ".", \
        "Each closed connection holds its port for a minute (TIME_WAIT). (If no connect ever worked, the address is wrong.)", \
        "reuse connections; until then `sysctl -w net.ipv4.ip_local_port_range='1024 65535'`.")
    add_figure(n, "records", group_size[g])
}
