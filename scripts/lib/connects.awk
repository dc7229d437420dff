# What the records tell of a connect, or a bind, that failed: findings/not_reached.awk has the words.
# After first_message.awk.

# ENODEV: a multicast group is joined where a route leads to it (ip_mc_find_dev in net/ipv4/igmp.c),
# unless the program names an interface, which SO_BINDTODEVICE always does. curl --interface takes
# what it is given for one, and if there is none for an address (bindlocal in lib/cf-socket.c).
function has_no_interface(i,    j) {
    if (call_of[i] != "setsockopt" || error_of[i] != "ENODEV")
        return 0
    for (j = i + 1; j <= kept_count && type_of[i] ~ /tcp/; j++)
        if (pid_of[j] == pid_of[i] && fd_of[j] == fd_of[i] && machine_of[j] == machine_of[i])
            return peer_of[j] == ""
    return 1
}

# Multicast, and the broadcast of whatever network it is.
function is_to_many(i) {
    return peer_of[i] ~ /^(22[4-9]|23[0-9])\.|^255\.255\.255\.255:|^\[ff/
}

# A connect that the program gave up later than it was told that there is no way to that peer.
function is_told_as_unreachable(i,    j) {
    if (cause_of[i] != "gave-up-connecting")
        return 0
    for (j = i - 1; j > 0; j--)
        if (cause_of[j] == "unreachable" && peer_of[j] == peer_of[i] && prog_of[j] == prog_of[i] && machine_of[j] == machine_of[i])
            return !(j in claimed)
    return 0
}

function is_postgres_path(path) {
    return path ~ /\/\.s\.PGSQL\.[0-9]+$/
}

# A connect of UDP sends nothing: some programs ask in this way for the way to an address.
function is_route_question(i) {
    return cause_of[i] == "unreachable" && call_of[i] == "connect" && type_of[i] == "udp"
}

# What the record says of a path all of whose directories may be searched.
function is_socket_itself(i) {
    return cause_of[i] == "not-permitted" && why_of[i] ~ /every directory of the path may be searched/
}

# EACCES where nothing that Unix grants is asked for: a port without privilege (inet_bind in
# net/ipv4/af_inet.c), or TCP over IPv4, of which no ICMP is told so (icmp_err_convert in net/ipv4/icmp.c).
function is_denied(i) {
    return cause_of[i] == "not-permitted" && error_of[i] == "EACCES" && (call_of[i] == "bind" ? type_of[i] ~ /tcp|udp/ && port_of(local_of[i]) >= 1024 \
        : call_of[i] == "connect" && type_of[i] ~ /tcp/ && !is_ipv6(i))
}

# How many connects of the program to the same address went through between failures of the
# group; 0 if they did not at least twice come one after the other.
function well_between(g,    i, j, n, changes, since) {
    i = group_first[g]
    if (cause_of[i] !~ /^(connection-refused|unreachable)$/ || type_of[i] ~ /^(udp|unix)/ || group_size[g] < 3)
        return 0
    for (j = next_of_port[i]; j && j <= group_last[g]; j = next_of_port[j]) {
        if (peer_of[j] != peer_of[i] || machine_of[j] != machine_of[i])
            continue
        if (cause_of[j] == cause_of[i]) {
            changes += since > 0
            n += since
            since = 0
        } else if (has_gone_well(j) && kept_for[j] == 1 && !(log_of[j] in has_no_closes))
            since++
    }
    return changes > 1 ? n : 0
}

function was_to_connect(i) {
    return type_of[i] !~ /udp|unix/ && cause_of[i] ~ /^(connection-refused|unreachable|connect-timed-out|timeout|gave-up-connecting)$/
}

function has_gone_well(j) {
    return was_connected(j) || cause_of[j] == "in-progress" && !will_fail(j)
}

# Docker's bridges have the first address of 172.17.0.0/16 and on, or 192.168.0.0/20 and on: what
# has such a source is asked for there.
function is_own_bridge(i) {
    return is_of_inner_network(peer_of[i]) ~ /[23]/ && network_of(host_of(peer_of[i])) == network_of(host_of(local_of[i])) && host_of(local_of[i]) ~ /\.0\.1$/
}

# A name was looked up for it, and it was well: programs keep the address that they were told.
function may_have_moved(i) {
    if (named_of[i] == "" || named_of[i] ~ /^[0-9.]+$/ || port_of(peer_of[i]) == 53 || type_of[i] ~ /^unix/ || cause_of[i] !~ /^(connection-refused|unreachable|connect-timed-out|gave-up-connecting)$/)
        return 0
    return last_well(i) || !is_same_host(i) && named_of[i] != "localhost" && went_before(i)
}

# The last record that tells that the same process was well served there, by the name that it had
# looked up; 0 if there is none.
function last_well(i,    j) {
    for (j = i - 1; j > 0; j--)
        if (pid_of[j] == pid_of[i] && machine_of[j] == machine_of[i] && peer_of[j] == peer_of[i] && named_of[j] == named_of[i] && rx_of[j] > 0)
            return j
    return 0
}

# Whether the kernel had a socket at that path when the path was not there.
function is_seen_elsewhere(i) {
    return bound_of[i] == "unseen"
}

function is_tmp(path) {
    return path ~ /^\/(var\/)?tmp\//
}

# Name servers are asked by UDP, and once more by TCP if the answer was cut short (RFC 7766).
function is_long_question(i) {
    return type_of[i] ~ /tcp/ && port_of(peer_of[i]) == 53 && !is_same_host(i)
}

# Mail from server to server goes to port 25 alone, which clouds and lines of homes and offices
# often close for what leaves them. 0 if any server answered the program there.
function is_blocked_mail(i,    j) {
    if (type_of[i] !~ /tcp/ || port_of(peer_of[i]) != 25 || is_same_host(i))
        return 0
    for (j = 1; j <= kept_count; j++)
        if (prog_of[j] == prog_of[i] && machine_of[j] == machine_of[i] && port_of(peer_of[j]) == 25 && side_of[j] != "accepted" && (was_connected(j) || cause_of[j] == "connection-refused" || cause_of[j] == "in-progress" && !will_fail(j)))
            return 0
    return 1
}

# Sockets of a login session: "agent" of ssh-agent(1) and sshd's forwarding, "user" of systemd's
# /run/user/UID; "": any other.
function goes_with_login(i) {
    return cause_of[i] !~ /^(connection-refused|no-such-socket)$/ ? "" : peer_of[i] ~ /\/(ssh-[A-Za-z0-9]+\/agent|\.ssh\/agent\/s)\.[^\/]+$/ ? "agent" \
        : peer_of[i] ~ /^\/run\/user\/[0-9]+\/(bus|systemd\/|keyring\/|gnupg\/|wayland|pulse\/|pipewire|docker\.sock|podman\/)/ ? "user" : ""
}

# EACCES to an address: a route of type prohibit, or a security module.
function is_forbidden_route(i) {
    return cause_of[i] == "not-permitted" && error_of[i] == "EACCES" && call_of[i] ~ /^(connect|send)/ && type_of[i] ~ /^(m?p?tcp|udp)$/ && !is_to_many(i)
}
