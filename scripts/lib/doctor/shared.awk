# For command.awk: several processes of COMMAND were told of the end of one and the same connection. It
# was opened before they were forked, and each takes for its own what was meant for another: a reset of it
# may follow from that, and is told with it. As findings/shared_connection.awk has it.

BEGIN {
    SAME_MOMENT = 25 # ms: two ticks of the kernel's clock, and a little
}

# Of the record that is read now.
function note_use(cause,    key, heard) {
    if (value("side") != "connected" || value("type") !~ /tcp/ || value("idle_ms") == "" || value("call") !~ /recv|read|send|write/ || \
        cause !~ /^(peer-reset|peer-closed|closed-unanswered|closed-after-error|write-after-close|connection-timed-out)$/)
        return
    key = value("prog") SUBSEP value("local") SUBSEP value("peer")
    heard = ms_of_day() - value("idle_ms")
    # A later connection from the same port had its last data at another time.
    if (!(key in heard_at) || heard - heard_at[key] > SAME_MOMENT || heard_at[key] - heard > SAME_MOMENT)
        uses_of[key]++
    heard_at[key] = heard
    key = key SUBSEP uses_of[key]
    if (!((key, value("pid")) in is_user)) {
        is_user[key, value("pid")] = 1
        if (++users[key] == 2)
            shared[++shareds] = key
    }
    resets_of[key] += cause == "peer-reset"
}

function ms_of_day() {
    return ((("1" substr(ts, 12, 2)) - 100) * 3600 + (("1" substr(ts, 15, 2)) - 100) * 60 + ("1" substr(ts, 18, 9)) - 100) * 1000
}

function shared_connections(    i, part, place) {
    for (i = 1; i <= shareds; i++) {
        split(shared[i], part, SUBSEP)
        finding("shared-connection", users[shared[i]] " processes of " part[1] " use one and the same connection, from " part[2] " to " part[3] ". What is opened before a fork is shared: each process takes what was meant for " \
            "another (TLS: bad record mac), and errors" (resets_of[shared[i]] ? ", and this reset," : "") " may follow from it.")
        act("let each process open a connection of its own, after the fork (a pool's initializer, a post-fork hook): sockshim explain fork." (resets_of[shared[i]] ? " If resets remain: ss -ltnp there, whose program is it?" : ""))
        place = is_here(ip_of(part[3])) ? "here" : "elsewhere"
        if (!resets_of[shared[i]])
            continue
        resets_shared += resets_of[shared[i]]
        tcp["peer-reset", place] -= resets_of[shared[i]]
        if ((by_peer["peer-reset", place, part[3]] -= resets_of[shared[i]]) <= 0)
            delete by_peer["peer-reset", place, part[3]]
    }
}
