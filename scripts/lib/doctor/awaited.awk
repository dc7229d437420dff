# For process.awk: what a process in which nothing stands out waits for: the end of a stream, segments that are too large, a
# datagram, another process of this host.

$1 == "input-ended" { input_ended = rest_from(2) }

function awaited(    text) {
    text = end_of_stream()
    if (text == "")
        text = datagram_awaited()
    return text == "" ? process_awaited() : text
}

# Data have come, the last of them a while ago, and none lies there unread.
function has_read_all(id) {
    return has_times[id] && received[id, 2] > 0 && received[id, 1] == received[id, 2] && unread[id, 2] == 0 && received_ago[id] >= LEAST_WAIT
}

# Its only connection has only ever brought data, and may be one that it reads to the end.
function end_of_stream(    i, id, found) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] != "tcp" || state_of[id] == "LISTEN")
            continue
        if (found != "" || !is_still(id, "ESTABLISHED") || sent[id, 2] > 0 || !has_read_all(id))
            return ""
        found = id
    }
    if (found == "" || waiter[found] == "" && polls() == "")
        return ""
    return "It has read all " received[found, 2] " bytes that have come from " peer[found] (owner_of_other_end(found) == "" ? "" : " (" owner_of_other_end(found) ")") ", the last " in_seconds(received_ago[found]) \
        " ago, and has sent nothing. The other end has not ended its side (no FIN has come): if this program reads to the end, it waits for that, and the other end perhaps for this one (nc without -N): sockshim explain both-wait."
}

# It waits for a peer that has only ever sent small segments: whether that wanted to send more
# is not known here. Of several connections that are polled, it may be waiting for none.
function large_ones_missing(    i, id, candidate, count) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] != "tcp" || !is_still(id, "ESTABLISHED") || is_own_pair(id))
            continue
        count++
        if (has_read_all(id) && has_only_small(id) && (waiter[id] != "" || polls() != ""))
            candidate = id
    }
    if (candidate == "" || count > 1 && waiter[candidate] == "")
        return ""
    return "If it waits for more from " peer[candidate] " (descriptor " fd[candidate] "; the last came " in_seconds(received_ago[candidate]) " ago): no segment of more than 536 bytes has come from there, " \
        "though this host takes " takes_up_to[candidate] " (ss -ti: rcvmss, advmss). If that side says that it has sent something larger, full-sized packets vanish on the way to here (MTU: a VPN, a tunnel or PPPoE on " \
        "the path, and ICMP filtered). tcpdump here shows none either; ip route add " host_in(peer[candidate]) " ... advmss 1300, or MSS clamping on the router, gets around it."
}

# A thread waits for a datagram; or all of them for the only socket.
function datagram_awaited(    i, id) {
    for (i = 1; i <= threads; i++) {
        id = i in waits_for ? waits_for[i] : inodes == 1 && polls() != "" ? inode_of[1] : ""
        if (id != "" && kind[id] == "udp" && is_ephemeral(port[id]) && drops[id, 1] != "" && drops[id, 2] != "" && unread[id, 2] == 0)
            return "It waits for a datagram (UDP): descriptor " fd[id] " at " local[id] (peer[id] == "" ? "" : ", from " peer[id] " alone") ". If that is an answer: nobody tells a client by UDP that its question or the answer was dropped or refused. " \
                "A server may answer from a new port (TFTP's does, not from 69), which a firewall between the two has to know: sockshim explain udp-silence."
    }
    return ""
}

# Whoever waits there in its turn is asked the same way.
function process_awaited(    i, id) {
    for (i = 1; i <= threads; i++) {
        id = i in waits_for ? waits_for[i] : ""
        if (id != "" && kind[id] ~ /^unix/ && call[i] ~ /^(read|recv)/ && peer[id] ~ /, pid [0-9]+$/)
            return "It waits for " peer[id] " (descriptor " fd[id] "): sockshim doctor " substr(peer[id], match(peer[id], /[0-9]+$/)) " says what that waits for."
    }
    return ""
}
