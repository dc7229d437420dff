# After address.awk: /proc/net/tcp and tcp6 as facts: the listeners with connections that nobody has
# accepted, and the destination that most ephemeral ports are in use to. Before
# them comes ip_local_port_range, if it may be read.

FILENAME ~ /range$/ { low = $1; high = $2; next }
FNR == 1 { next }

$4 == "0A" {
    # For a listener rx_queue is the accept queue (get_tcp4_sock in
    # net/ipv4/tcp_ipv4.c); its limit is not there.
    waiting = hex(substr($5, index($5, ":") + 1))
    listeners++
    if (waiting)
        print "waiting\t" ip_address($2) "\t" waiting
    next
}

# A port is taken for one local address and one destination.
$3 !~ /:0000$/ && is_ephemeral($2) {
    to = substr($2, 1, index($2, ":")) $3
    if (++ports[to] > most) {
        most = ports[to]
        busiest = to
    }
    time_wait[to] += $4 == "06"
}

END {
    print "listeners\t" listeners + 0
    if (most)
        print "ports\t" ip_address(substr(busiest, index(busiest, ":") + 1)) "\t" most "\t" time_wait[busiest]
}

function is_ephemeral(local,    port) {
    port = hex(substr(local, index(local, ":") + 1))
    return low != "" && port >= low + 0 && port <= high + 0
}
