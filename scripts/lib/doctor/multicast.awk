# For process.awk: groups of multicast that its network namespace has joined at some interfaces and not at
# others. The kernel does not tell which program has joined; the port of a socket does, for the usual groups.

BEGIN {
    PORT_OF_GROUP["239.255.255.250"] = " 1900 3702 " # SSDP, WS-Discovery
    PORT_OF_GROUP["224.0.0.251"] = " 5353 " # mDNS
    PORT_OF_GROUP["224.0.0.252"] = " 5355 " # LLMNR
}

$1 == "network" && $2 != "lo" { if (!has_network[$2]++) network[++networks] = $2 }
$1 == "joined" && $3 != "010000E0" { if (!joins[ipv4($3)]++) multicast_group[++multicast_groups] = ipv4($3); is_joined[ipv4($3), $2] = 1 }

# What comes for a group by an interface at which nobody has joined it is dropped (ip_check_mc_rcu in
# net/ipv4/igmp.c). Of the first such group; "" if there is none.
function left_out_of_group(    i, k, joined, left) {
    for (i = 1; i <= multicast_groups; i++) {
        joined = left = ""
        for (k = 1; k <= networks; k++)
            if ((multicast_group[i], network[k]) in is_joined)
                joined = join(joined, network[k])
            else
                left = join(left, network[k])
        if (joined != "" && left != "" && (k = socket_for(multicast_group[i])) != "")
            return "Multicast for " multicast_group[i] " (descriptor " fd[k] " at " local[k] ") is joined at " joined ", and not at " left ": what comes for it by " (left ~ /,/ ? "those" : left) " reaches no program, and no call fails. What it sends there leaves by one interface as well: " \
                "the one that it has set, or that `ip route get " multicast_group[i] "` names. If it looks for what is behind " left ": that interface, or its address, in the program's settings."
    }
    return ""
}

# A socket of UDP that takes datagrams to any address, at a port that is usual for the group.
function socket_for(address,    i, id) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] == "udp" && peer[id] == "" && local[id] ~ /^(0\.0\.0\.0|\[::\]):/ && is_usual(address, number_of_port(local[id])))
            return id
    }
    return ""
}

function is_usual(address, number,    other) {
    if (address in PORT_OF_GROUP)
        return index(PORT_OF_GROUP[address], " " number " ") > 0
    for (other in PORT_OF_GROUP)
        if (index(PORT_OF_GROUP[other], " " number " "))
            return 0
    return number < 32768
}
