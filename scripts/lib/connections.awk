# Which kept records tell of one connection, and which of them tells how it ended. After
# kept.awk.

# An end that its program had to notice; a FIN as well if what this side sent after it
# was answered by RST.
function ended_badly(i) {
    return cause_of[i] ~ /^(peer-reset|write-after-close|closed-unanswered)$/ || cause_of[i] == "peer-closed" && state_of[i] == "CLOSE" && unacked_of[i] > 0
}

function connection_of(i) {
    return machine_of[i] SUBSEP pid_of[i] SUBSEP local_of[i] SUBSEP peer_of[i]
}

# One connection ends once; what its program is told after that follows from it
# (leader_of). The same cause again means that it is another connection.
function follow_connection(i,    key) {
    leader_of[i] = i
    note_beginning(i)
    if (is_before_connection(i)) {
        follow_connect(i)
        return
    }
    if (local_of[i] == "" || peer_of[i] == "" || type_of[i] !~ /tcp/ || cause_of[i] == "would-block")
        return
    key = connection_of(i)
    if (key in leading && index(led[key], " " cause_of[i] " ") == 0) {
        leader_of[i] = leading[key]
        led[key] = led[key] cause_of[i] " "
        followers[leading[key]] = followers[leading[key]] " " i
        return
    }
    leading[key] = i
    led[key] = " " cause_of[i] " "
}

# began_of: the record of `in-progress` that was the last one on its descriptor to that peer.
function note_beginning(i,    key) {
    if (cause_of[i] == "in-progress")
        beginning[machine_of[i], pid_of[i], fd_of[i], peer_of[i]] = i
    else if (is_before_connection(i) || call_of[i] == "getsockopt") {
        key = machine_of[i] SUBSEP pid_of[i] SUBSEP fd_of[i] SUBSEP peer_of[i]
        if (key in beginning)
            began_of[i] = beginning[key]
    }
}

# A socket that is closed after its connect has failed was not given up.
function follow_connect(i,    key) {
    key = machine_of[i] SUBSEP pid_of[i] SUBSEP fd_of[i] SUBSEP peer_of[i]
    if (cause_of[i] == "in-progress")
        delete failed_to_connect[key]
    else if (cause_of[i] != "gave-up-connecting")
        failed_to_connect[key] = i
    else if (key in failed_to_connect)
        leader_of[i] = failed_to_connect[key]
}

# A connect that failed or is under way is no end of a connection.
function is_before_connection(i) {
    return call_of[i] == "connect" || cause_of[i] ~ /^(in-progress|connection-refused|connect-timed-out|unreachable|gave-up-connecting|no-such-socket)$/
}
