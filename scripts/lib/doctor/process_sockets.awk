# For process.awk: the sockets of a process, in two looks. Its facts are /proc/PID/net/tcp and its like
# (get_tcp4_sock in net/ipv4/tcp_ipv4.c), and what ss adds to them, for the inodes that are the process's.

$1 == "fd" { add_descriptor() }
$1 ~ /^tcp6?$/ && split($3, word, " ") > 9 { add_tcp($2) }
$1 ~ /^udp6?$/ && split($3, word, " ") > 12 { add_udp($2) }
$1 == "sstcp" { add_ss_tcp($2, $3) }
$1 != "ssunix" { end_ss_unix() }
$1 == "ssunix" && $3 ~ /^u_(str|dgr|seq) / { end_ss_unix() }
$1 == "ssunix" { unix_look = $2; unix_line = unix_line rest_from(3) }

BEGIN {
    HZ = 100 # USER_HZ, of jiffies_to_clock_t
    split("ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING", names, " ")
    for (i in names)
        STATE[sprintf("%02X", i)] = names[i]
}

# The descriptors come twice; the second list counts.
function add_descriptor() {
    if ($2 in seen_in_first && !second_list++) {
        descriptors = 0
        split("", inode_at)
    }
    seen_in_first[$2] = 1
    descriptors++
    if ($3 == "")
        return
    if (!($3 in fd))
        inode_of[++inodes] = $3
    fd[$3] = $2
    inode_at[$2] = $3
}

# In the second look, too: its number may be another socket's by then.
function is_there_still(id) {
    return inode_at[fd[id]] == id
}

function add_tcp(look,    id, queue, timer, state) {
    if (STATE[word[4]] == "LISTEN")
        is_listening[port_of(word[2])] = 1
    id = word[10]
    if (look == 2 && !(port_of(word[2]) in is_listening)) {
        places_used[word[3]]++
        in_time_wait[word[3]] += STATE[word[4]] == "TIME_WAIT"
    }
    if (!is_looked_at(id)) {
        if (STATE[word[4]] == "ESTABLISHED" && id > 0)
            add_other(id, look)
        return
    }
    remote_of[id] = word[3]
    split(word[5], queue, ":")
    split(word[6], timer, ":")
    state = STATE[word[4]]
    kind[id] = "tcp"
    local[id] = ip_address(word[2])
    port[id] = port_of(word[2])
    peer[id] = state == "LISTEN" ? "" : ip_address(word[3])
    first_state[id] = look == 1 ? state : first_state[id]
    state_of[id] = look == 2 ? state : ""
    unsent[id] = hex(queue[1])
    # A FIN that was not read counts as a byte.
    unread[id, look] = hex(queue[2]) - (state == "CLOSE_WAIT" && hex(queue[2]) > 0)
    first_timer[id] = look == 1 ? timer[1] : first_timer[id]
    timer_of[id] = timer[1]
    left[id] = hex(timer[2]) / HZ
    retransmits[id] = hex(word[7])
    rto[id] = word[13] / HZ
}

# Another process's, which may be a worker of this one.
function add_other(id, look) {
    if (!(id in other_look))
        other_id[++others] = id
    other_look[id] = look
    other_port[id] = port_of(word[2])
    other_peer[id] = ip_address(word[3])
}

function add_udp(look,    id, queue) {
    id = word[10]
    if (!(id in fd))
        return
    split(word[5], queue, ":")
    kind[id] = "udp"
    local[id] = ip_address(word[2])
    port[id] = port_of(word[2])
    peer[id] = word[3] ~ /:0000$/ ? "" : ip_address(word[3])
    unread[id, look] = hex(queue[2])
    drops[id, look] = word[13]
    if (peer[id] ~ /:53$/ && !unread[id, look])
        open_questions[look]++
}

# Its words are KEY:VALUE; a listener's Recv-Q and Send-Q are its queue and the limit.
function add_ss_tcp(look, line,    n, word, i, pair, id, known) {
    n = split(line, word, " ")
    for (i = 4; i <= n; i++)
        if (split(word[i], pair, ":") == 2 && pair[2] ~ /^[0-9]+$/)
            known[pair[1]] = pair[2]
    id = known["ino"]
    if (!is_looked_at(id)) {
        # Not of a request that was read, and is not answered.
        if ("lastack" in known && (known["bytes_received"] + 0 == 0 || known["bytes_sent"] > 0 && known["lastrcv"] + 4 >= known["lastsnd"]))
            other_idle[id] = (known["lastrcv"] < known["lastsnd"] ? known["lastrcv"] : known["lastsnd"]) / 1000
        return
    }
    if (word[1] == "LISTEN") {
        limit[id] = word[3]
        if (word[3] > 0)
            knows_limits = 1
        return
    }
    has_times[id] = "lastack" in known
    received_ago[id] = known["lastrcv"] / 1000
    sent_ago[id] = known["lastsnd"] / 1000
    heard_ago[id] = known["lastack"] / 1000
    received[id, look] = known["bytes_received"] + 0
    largest_in[id] = known["rcvmss"] + 0
    takes_up_to[id] = known["advmss"] + 0
    sent[id, look] = known["bytes_sent"] + 0
    acked[id, look] = known["bytes_acked"] + 0
    resent[id] = known["bytes_retrans"] + 0
}

# A path may have line ends.
function end_ss_unix() {
    if (unix_line != "")
        add_ss_unix(unix_look, unix_line)
    unix_line = ""
}

# KIND STATE RECV-Q SEND-Q PATH INODE * PEER's-INODE, and whose it is. A path may
# have blanks.
function add_ss_unix(look, line,    word, id, other, at, owner) {
    split(line, word, " ")
    sub(/^ *[^ ]+ +[^ ]+ +[0-9]+ +[0-9]+ +/, "", line)
    if (!match(line, / [0-9]+ +\* +[0-9]+/))
        return
    at = RSTART
    split(substr(line, RSTART, RLENGTH), other, " ")
    id = other[1]
    if (match(line, /users:\(\("[^"]*",pid=[0-9]+/)) {
        owner = substr(line, RSTART + 9, RLENGTH - 9)
        sub(/",pid=/, ", pid ", owner)
        unix_owner[id] = owner
        if (look == 2 && word[1] == "u_dgr" && other[3] > 0)
            senders_of[other[3]] = join(senders_of[other[3]], owner)
    }
    if (!(id in fd))
        return
    kind[id] = word[1] == "u_dgr" ? "unix-dgram" : word[1] == "u_seq" ? "unix-seqpacket" : "unix-stream"
    line = substr(line, 1, at - 1)
    sub(/ +$/, "", line)
    local[id] = line == "*" ? "" : line
    unix_peer[id] = other[3] > 0 ? other[3] : ""
    first_state[id] = look == 1 ? word[2] : first_state[id]
    state_of[id] = look == 2 ? word[2] : ""
    unread[id, look] = word[3]
    if (look == 1)
        unsent_first[id] = word[4]
    unsent[id] = word[4]
    if (word[2] == "LISTEN")
        limit[id] = word[4]
}

function port_of(text) {
    return hex(substr(text, index(text, ":") + 1))
}

function find_unix_peers(    i, id, other) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        other = unix_peer[id]
        if (other != "")
            peer[id] = (other in fd ? "its own descriptor " fd[other] : other in unix_owner ? unix_owner[other] : "a socket of another user's process")
    }
}

# ---- Figures ----

# silent_for(ID): how long the oldest segment has waited, in seconds, from the timer:
# each wait was twice as long as the one before, and not shorter than 200 ms. SYNs are
# sent again after 1 s, and so some times (tcp_syn_linear_timeouts), then likewise.
function silent_for(id,    i, wait, sum, linear) {
    linear = knob["tcp_syn_linear_timeouts"] + 0
    wait = state_of[id] == "SYN_SENT" ? 1 : rto[id] / 2 ^ retransmits[id]
    if (wait < 0.2)
        wait = 0.2
    for (i = 0; i < retransmits[id]; i++) {
        sum += wait
        if (state_of[id] != "SYN_SENT" || i >= linear)
            wait = wait * 2 > rto[id] ? rto[id] : wait * 2
    }
    return sum + rto[id] - left[id]
}

# The kernel has a time for either even if there was nothing yet.
function ago(bytes, number) {
    return bytes ? in_seconds(number) " ago" : "nothing"
}

function in_seconds(number) {
    if (number < 10)
        return sprintf("%.1f s", number)
    return duration(int(number + 0.5))
}
