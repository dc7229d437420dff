# A name has addresses of both families, and the connects to one of them fail. If the
# other works, or fails for the reason that matters, those are beside the point.

BEGIN {
    LEAST_DELAY = 100 # ms that a connection begins later
}

function find_address_family(    i, g, key) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && is_failed_connect(i))
            put_in_group(prog_of[i] SUBSEP port_of(peer_of[i]) SUBSEP family_of(i), i, connect_ms(i))
    for (g = 1; g <= groups; g++)
        judge_family(g)
}

function is_failed_connect(i) {
    if (!family_of(i) || !port_of(peer_of[i]))
        return 0
    if (cause_of[i] ~ /^(unreachable|connect-timed-out|gave-up-connecting)$/)
        return 1
    if (cause_of[i] ~ /^(connection-refused|address-unavailable|not-permitted|timeout)$/)
        return type_of[i] ~ /tcp/ && (call_of[i] == "connect" || call_of[i] == "getsockopt")
    return 0
}

function family_of(i) {
    return peer_of[i] ~ /^\[.*\]:/ ? 6 : peer_of[i] ~ /^[0-9.]+:/ ? 4 : 0
}

# How long a connect took, in ms: since its record of `in-progress`, or as its own record
# says; "" if that is not known.
function connect_ms(i) {
    if (i in began_of && at_of[i] - at_of[began_of[i]] < 300000)
        return at_of[i] - at_of[began_of[i]]
    return cause_of[i] ~ /^(gave-up-connecting|timeout)$/ ? waited_of[i] : ""
}

# A connect under way has no local address in its record.
function is_same_connect(i, j) {
    return pid_of[j] == pid_of[i] && fd_of[j] == fd_of[i] && peer_of[j] == peer_of[i] && machine_of[j] == machine_of[i]
}

# What is said of the other family of the same program and port: "works", "fails", or
# nothing.
function other_family(g,    part, i, other, answer) {
    split(group_key[g], part, SUBSEP)
    other = part[3] == 6 ? 4 : 6
    for (i = 1; i <= kept_count; i++)
        if (prog_of[i] == part[1] && family_of(i) == other && port_of(peer_of[i]) == part[2]) {
            if (is_failed_connect(i))
                answer = answer == "" ? "fails" : answer
            else if (cause_of[i] != "in-progress" || !will_fail(i))
                answer = "works"
        }
    return answer
}

# Whether a connect under way has a record of its failure later on.
function will_fail(i,    j) {
    for (j = i + 1; j <= kept_count; j++)
        if (is_same_connect(i, j))
            return is_failed_connect(j)
    return 0
}

function judge_family(g,    part, other, i, is_quick) {
    split(group_key[g], part, SUBSEP)
    i = group_first[g]
    other = other_family(g)
    is_quick = cause_of[i] ~ /^(unreachable|address-unavailable)$/ || cause_of[i] == "connection-refused" && group_most[g] + 0 < LEAST_DELAY
    if (other == "works" && is_quick)
        claim(g, -1)
    else if (other == "works")
        tell_slow_family(g, part[3])
    else if (other == "fails" && error_of[i] ~ /^(ENETUNREACH|EADDRNOTAVAIL)$/ && part[3] == 6) {
        beside_the_point[part[1], part[2]] = "IPv6 has no " (error_of[i] == "ENETUNREACH" ? "route" : "address") " here (" counted(group_size[g], "connect", "connects") "), which is beside the point."
        claim(g, -1)
    }
}

function tell_slow_family(g, family,    i, n, time) {
    i = group_first[g]
    time = group_most[g] != "" && group_most[g] > 0 ? spoken_range(group_least[g] + 0, group_most[g]) : ""
    n = found("address-family", "warn", g, \
        "IPv" family " to " printable(host_of(peer_of[i])) " port " port_of(peer_of[i]) " does not work; IPv" (family == 6 ? 4 : 6) " does", \
        spoken_prog(i) ": " tally(g, "connect", "connects") " by IPv" family " failed (" printable(cause_of[i]) (time == "" ? "" : ", after " time) ").", \
        "The program continues with the other, but each connection starts that much later.", \
        "fix the IPv" family " route or firewall, or take that address out of DNS; " \
            (group_least[g] >= 10000 ? "`SOCKSHIM_CONNECT_TIMEOUT=3s` shortens the delay." : "/etc/gai.conf prefers the other family."))
    add_figure(n, "family", family)
    add_figure(n, "connects", group_size[g])
    add_figure(n, "ms", group_most[g] + 0)
}

# A sentence for the evidence of another finding, if there is something to add.
function beside(i) {
    return (prog_of[i], port_of(peer_of[i])) in beside_the_point ? " " beside_the_point[prog_of[i], port_of(peer_of[i])] : ""
}
