# Errors that are in the program's own calls, whatever the network does.

function find_own_mistakes(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_of_listener(i))
            takes_listener[prog_of[i], pid_of[i], machine_of[i]] = 1
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && is_own_mistake(i))
            put_in_group(prog_of[i] SUBSEP cause_of[i] SUBSEP (follows_listener(i) ? "listener" : call_of[i] SUBSEP is_beyond_udp(i)), i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_own_mistake(g)
    find_unsendable()
}

# EINVAL of a datagram, or of the connect before it: of an argument, or of a blackhole route
# (fib_props in net/ipv4/fib_semantics.c), which alone is so for each socket.
function find_unsendable(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] == "bad-argument" && error_of[i] == "EINVAL" && type_of[i] == "udp" && peer_of[i] != "" && call_of[i] ~ /^_*(send|write|connect)/)
            put_in_group(prog_of[i] SUBSEP peer_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_unsendable(g)
}

function tell_unsendable(g,    i, n, host) {
    i = group_first[g]
    host = without_brackets(host_of(peer_of[i]))
    n = found("unsendable", "error", g, \
        spoken_prog(i) " cannot send to " spoken_peer(i) ": EINVAL", \
        tally(g, "time", "times") ", first at " clock(i) ", by " printable(call_of[i]) " of UDP; nothing was sent.", \
        port_of(peer_of[i]) == 0 ? "Port 0 is no destination." \
            : host ~ /^fe[89ab]/ && host !~ /%/ ? "A link-local address needs its interface (" printable(host) "%eth0), unless the socket is bound to one." \
            : "Either a route or rule of this host for it is of type blackhole, or an argument of the call is invalid.", \
        "if `ip route get " printable(host) "` fails likewise, it is the route: `ip route show match " printable(host) "`.")
    add_figure(n, "records", group_size[g])
}

# It is a record of a listening socket alone, as standard input or output.
function is_of_listener(i) {
    return cause_of[i] == "not-connected" && call_of[i] == "getpeername"
}

# What that process then tries with it fails as well.
function follows_listener(i) {
    return cause_of[i] == "not-connected" && (prog_of[i], pid_of[i], machine_of[i]) in takes_listener
}

function is_own_mistake(i) {
    if (cause_of[i] == "not-connected")
        return call_of[i] != "shutdown" && (call_of[i] == "getpeername" || call_of[i] !~ /^get/)
    if (cause_of[i] == "bad-descriptor" && call_of[i] == "shutdown" && level_of[i] < RANK["warn"])
        return 0 # of no socket, or of none at all: nothing happens
    return cause_of[i] ~ /^(bad-descriptor|local-shutdown-write|message-too-big|no-memory)$/
}

function tell_own_mistake(g,    i, n) {
    i = group_first[g]
    if (follows_listener(i)) {
        tell_listener_as_connection(g)
        return
    }
    if (is_overrun(i)) {
        tell_overrun(g)
        return
    }
    n = found(cause_of[i], level_of[i] >= RANK["error"] ? "error" : "warn", g, \
        spoken_prog(i) ": " printable(call_of[i]) " fails with " printable(error_of[i]) ", " (cause_of[i] == "no-memory" ? "as the kernel has no room" : cause_of[i] == "message-too-big" ? "as the message is too big" : "a mistake of the program"), \
        tally(g, "time", "times") ", first at " clock(i) " on descriptor " printable(fd_of[i]) (site_of[i] != "" ? ", called from " printable(site_of[i]) : "") ".", \
        is_beyond_udp(i) ? "A UDP datagram takes " (is_ipv6(i) ? 65527 : 65507) " bytes at most, and this one has " len_of[i] ": it is never sent, whatever the buffers and the MTU." : sentence(why_of[i]), \
        is_beyond_udp(i) ? "shorter messages, or TCP, or in pieces (GELF: chunks), in its settings." : cause_text_of(cause_of[i]))
    add_figure(n, "records", group_size[g])
}

function tell_listener_as_connection(g,    i, n) {
    i = group_first[g]
    n = found("listener-as-connection", "warn", g, \
        spoken_prog(i) " was given a listening socket instead of a connection: descriptor " printable(fd_of[i]), \
        tally(g, "time", "times") ", first at " clock(i) (local_of[i] != "" ? ", " printable(local_of[i]) : "") ": it asked for the peer (getpeername), and there is none.", \
        "Whoever started it seems to have passed on the listening socket itself; no client is at fault.", \
        "systemd: Accept=yes and a template unit NAME@.service; inetd: nowait.")
    add_figure(n, "records", group_size[g])
}

# What the kernel reports by netlink finds no room (netlink_overrun in net/netlink/af_netlink.c).
function is_overrun(i) {
    return cause_of[i] == "no-memory" && error_of[i] == "ENOBUFS" && type_of[i] == "netlink" && call_of[i] ~ /^_*re(cv|ad)/
}

function tell_overrun(g,    i, n) {
    i = group_first[g]
    n = found("no-memory", "error", g, \
        spoken_prog(i) " lost reports of the kernel: it read its netlink socket too late", \
        tally(g, "time", "times") " (ENOBUFS), first at " clock(i) " on descriptor " printable(fd_of[i]) ".", \
        "More happened (routes, addresses, connections) than its receive buffer holds; memory is not short. What it knows of them may be wrong since.", \
        "restart it; a larger buffer: `sockshim explain netlink`.")
    add_figure(n, "records", group_size[g])
}

# A length of 16 bits, less the headers of UDP and, in IPv4 alone, of IP (RFC 768, RFC 791, RFC 8200).
function is_beyond_udp(i) {
    return cause_of[i] == "message-too-big" && type_of[i] == "udp" && call_of[i] ~ /^(send|sendto|sendmsg|write|writev)$/ && len_of[i] > (is_ipv6(i) ? 65527 : 65507)
}

# By IPv6 to an address of IPv4, it is that one's length.
function is_ipv6(i,    where) {
    where = peer_of[i] != "" ? peer_of[i] : local_of[i]
    return where ~ /^\[/ && where !~ /^\[::ffff:/
}

# `do:` of causes.txt.
function cause_text_of(cause) {
    if (!cause_count)
        read_causes(ENVIRON["REPORT_CAUSES"])
    return cause_text[cause, "do"]
}
