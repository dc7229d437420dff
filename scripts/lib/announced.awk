# A server names the next place to its clients: an address, or a port. After words.awk.

BEGIN {
    # Redis, its cluster and its sentinel, Kafka, MongoDB: by default.
    ANNOUNCING = "^(63(79|8[0-9])|70(0[0-9]|10)|26379|909[2-9]|2701[789])$"
    MOST_TOLD_PORTS = 20 # ports; who tries more looks which are open
    LEAST_TOLD_PORT = 1024
    HIGH_PORT = 10000 # few services have such a one
    APART = 10 # ports: closer ones are of one service, with a setting for each
}

# Servers tell their clients where to go on: a sentinel or a cluster, Kafka, FTP, LDAP, a replica
# set. Inside of a container, or behind a NAT, that may be an address that others do not have.
# announcer_of(I): the record of the one peer that the process had connected to before it tried
# a private address of another network, which it had not looked up; 0 if there is none. Within
# 10.0.0.0/8, which companies fill, only if it is the same service.
function announcer_of(i,    j, announcer, host) {
    if (!is_of_inner_network(peer_of[i]) || named_of[i] != "" || side_of[i] == "accepted" || !was_to_connect(i))
        return 0
    for (j = 1; j < i; j++) {
        if (pid_of[j] != pid_of[i] || machine_of[j] != machine_of[i] || side_of[j] == "accepted" || !port_of(peer_of[j]))
            continue
        host = host_of(peer_of[j])
        if (host == host_of(peer_of[i]) || announcer && host == host_of(peer_of[announcer]))
            continue
        if (announcer || network_of(host) == network_of(peer_of[i]) || !has_gone_well(j))
            return 0
        if (is_of_inner_network(peer_of[i]) == 4 ? !is_same_service(i, j) : is_of_inner_network(host) == is_of_inner_network(peer_of[i]))
            return 0
        announcer = j
    }
    return announcer + 0
}

function is_same_service(i, j,    apart) {
    apart = port_of(peer_of[i]) - port_of(peer_of[j])
    return apart <= APART && apart >= -APART || port_of(peer_of[i]) ~ ANNOUNCING && port_of(peer_of[j]) ~ ANNOUNCING
}

# Nothing is known of who may have told it; of the port, that such servers do.
function may_be_announced(i) {
    return was_to_connect(i) && cause_of[i] != "connection-refused" && is_of_inner_network(peer_of[i]) > 1 && named_of[i] == "" && \
        port_of(peer_of[i]) ~ ANNOUNCING && network_of(host_of(local_of[i])) != network_of(peer_of[i]) && !reaches_network(i)
}

function reaches_network(i,    j) {
    for (j = 1; j <= kept_count; j++)
        if (pid_of[j] == pid_of[i] && machine_of[j] == machine_of[i] && network_of(peer_of[j]) == network_of(peer_of[i]) && has_gone_well(j))
            return 1
    return 0
}

# 1 of this host alone, 2 and 3 of networks that containers and homes have, 4 of companies and pods;
# 0: any other one.
function is_of_inner_network(address) {
    return address ~ /^127\./ ? 1 : address ~ /^172\.(1[6-9]|2[0-9]|3[01])\./ ? 2 : address ~ /^192\.168\./ ? 3 : address ~ /^10\./ ? 4 : 0
}

function network_of(address) {
    return match(address, /^[0-9]+\.[0-9]+\./) ? substr(address, 1, RLENGTH) : address
}

function spoken_unknown_announcer(i) {
    return "If it is not set here, a server told it (MOVED, a sentinel): an address of an inner network. " \
        (cause_of[i] == "unreachable" ? "Else no route leads there, or it is off." : "Else a firewall drops it, or it is off.")
}

function spoken_announcer(i) {
    return "If that is not set here, " printable(peer_of[announcer_of(i)]) " told it (a sentinel, cluster, referral): " \
        (is_of_inner_network(peer_of[i]) == 1 ? "a loopback address." : "of an inner network (Docker?).")
}

# A port that the server chose for one transfer, as of FTP's PASV and EPSV: the same process reached port 21
# of that host; or it tried several ports there, a high one too, none twice and far apart, which few settings have.
function has_told_ports(i) {
    return was_to_connect(i) && !is_port_of_rpc(i) && (port_of(peer_of[i]) >= 1024 && is_after_ftp(i) || told_count(i) > 1)
}

function told_ports(i) {
    return is_after_ftp(i) ? "Port 21 answered; this is the port of an FTP transfer (PASV, EPSV), which a firewall or NAT does not pass." \
        : "Ports that change: if they are not set here, the server names them (FTP's PASV), and a firewall drops them; else it may be off."
}

function is_after_ftp(i,    j) {
    for (j = 1; j <= kept_count; j++)
        if (pid_of[j] == pid_of[i] && machine_of[j] == machine_of[i] && peer_of[j] == host_of(peer_of[i]) ":21" && has_gone_well(j))
            return 1
    return 0
}

# How many; below 0 where one was tried twice, by whichever process, or two are close.
function told_count(i,    j, n, port, k, key, high) {
    key = prog_of[i] SUBSEP host_of(peer_of[i])
    if (key in told_at)
        return told_at[key]
    for (j = 1; j <= kept_count && n >= 0; j++) {
        if (host_of(peer_of[j]) != host_of(peer_of[i]) || prog_of[j] != prog_of[i] || leader_of[j] != j || !was_to_connect(j))
            continue
        for (k = n; k > 0; k--)
            if (port[k] - port_of(peer_of[j]) <= APART && port_of(peer_of[j]) - port[k] <= APART)
                n = -2
        port[++n] = port_of(peer_of[j])
        high += port[n] >= HIGH_PORT
        if (n > MOST_TOLD_PORTS || port_of(peer_of[j]) < LEAST_TOLD_PORT || kept_for[j] > 1)
            n = -1
    }
    return told_at[key] = high ? n : 0
}
