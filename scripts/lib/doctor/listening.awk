# For host.awk and process.awk, with address.awk: connections that wait
# from one look to the other until somebody accepts them, and who listens there. They have no
# inode before accept has made them a socket (get_tcp4_sock in net/ipv4/tcp_ipv4.c).

$1 ~ /^tcp6?$/ && split($3, word, " ") > 9 { look_at_queue($2) }
$1 == "owner" { owner_of[$2] = $3 }
$1 == "between" { between_looks = $2 }

function look_at_queue(look,    port, id) {
    port = hex(substr(word[2], index(word[2], ":") + 1))
    id = word[10]
    if (word[4] == "0A") {
        queue_of[id, look] = hex(substr(word[5], index(word[5], ":") + 1))
        if (look == 2)
            add_listening(port, id)
    } else if (id == 0 && (word[4] == "01" || word[4] == "08")) {
        if (look == 1)
            is_waiting[word[2], word[3]] = 1
        else if ((word[2], word[3]) in is_waiting)
            still_waiting[port]++
    }
}

function add_listening(port, id) {
    if (!listenings[port]++)
        listening_port[++listening_ports] = port
    listening[port, listenings[port]] = id
    address_of[id] = ip_address(word[2])
}

# The listener at PORT whose queue they are in; "" where it may be any of several.
function slow_listener(port,    i, id, found) {
    for (i = 1; i <= listenings[port]; i++) {
        id = listening[port, i]
        if (queue_of[id, 1] == 0 && queue_of[id, 2] == 0)
            continue
        if (found != "")
            return ""
        found = id
    }
    return found
}

# Another listener at the very address of ID, where nobody waits: "" if there is none.
function quick_twin(port, id,    i, other) {
    for (i = 1; i <= listenings[port]; i++) {
        other = listening[port, i]
        if (other != id && address_of[other] == address_of[id] && queue_of[other, 2] == 0)
            return other
    }
    return ""
}

# by(OWNER): "name, pid N" in brackets, where it is known.
function by(owner) {
    return owner == "" ? "" : " (" owner ")"
}

function pid_of_owner(id,    text) {
    text = owner_of[id]
    return sub(/.*, pid /, "", text) ? text : "PID"
}

function wait_to_be_accepted(port) {
    return count_of(still_waiting[port], "connection") (still_waiting[port] == 1 ? " has" : " have") " waited for " between_looks " s or more to be accepted"
}

# left_over(ID): what to do where another listener at its address is well.
function left_over(id) {
    return "ps -o pid,ppid,lstart,args -p " pid_of_owner(id) "; cat /proc/" pid_of_owner(id) "/cgroup: if it is left over from an earlier start of the service, end it. " \
        "If not, sockshim doctor " pid_of_owner(id) "."
}

# Of the host and of a process: fib_validate_source in net/ipv4/fib_frontend.c. A sniffer sees
# them, a firewall's chain "input" and programs do not.
function wrong_way_in(    dropped) {
    dropped = recent["IPReversePathFilter"]
    if (dropped <= 0)
        return
    finding("reverse-path", count_of(dropped, "packet") " came in between the two looks by an interface by which this host would not answer their sender, and rp_filter dropped them " \
        "(IPReversePathFilter): tcpdump shows them, and no program gets them. Either the route back is missing, or somebody forged the sender.", 1)
    act("tcpdump -ni any shows senders and interfaces; for each, ip route get SENDER. If it names another interface: ip route add its network by the one at which it comes in; or, if both ways are meant, " \
        "sysctl -w net.ipv4.conf.INTERFACE.rp_filter=2 (the higher one of all and INTERFACE counts).")
    avoid("a larger receive buffer, or a search in the program's settings: they do not get so far.")
}
