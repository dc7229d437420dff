# For command.awk: what the log says of COMMAND's run: causes by peer, here and elsewhere.

BEGIN {
    split("peer-reset connection-refused connect-timed-out connection-timed-out gave-up-connecting closed-unanswered unreachable", causes, " ")
    for (i in causes)
        has_peer[causes[i]] = 1
}

# In quotes: nodelay=off among others.
function note_settings() {
    if (value("settings") ~ /nodelay=off/)
        has_nagle = 1
    if (value("settings") ~ /close=off/)
        has_no_closes = 1
}

# Only connections of TCP can be matched with its counters.
function note(    cause, peer, place) {
    if (event != "return")
        return
    cause = value("cause")
    if (cause == "unreachable" || cause == "connection-refused" || cause == "connect-timed-out")
        has_failed[value("pid"), value("fd"), value("peer")] = 1
    else if (cause == "in-progress") {
        delete has_failed[value("pid"), value("fd"), value("peer")]
        under_way[value("peer")]++
    }
    else if (cause == "gave-up-connecting" && (value("pid"), value("fd"), value("peer")) in has_failed)
        return # told already
    if (cause == "address-in-use" && value("type") ~ /^(m?p?tcp|udp)$/ && value("local") ~ /:[1-9]/) {
        wanted_local[++wanted] = value("local")
        wanted_type[wanted] = value("type") == "udp" ? "udp" : "tcp"
    }
    total[cause]++
    note_use(cause)
    if (RANK[level] >= RANK["warn"] && !is_failure[cause]++)
        failures = join(failures, cause)
    if (cause == "reset-by-own-close")
        by_peer[cause, "anywhere", value("peer")]++
    by_peer["any", "anywhere", value("peer")]++
    if (cause == "no-such-socket" && value("peer") ~ /^\// && !is_missed[value("peer")]++)
        missed[++misses] = value("peer")
    # An end before a single byte had come.
    if (cause == "peer-closed" && value("rx") == "0")
        cause = "closed-unanswered"
    if (value("type") == "unix-dgram" && value("error") == "EAGAIN" && value("call") ~ /^(send|write)/) {
        unix_lost++
        by_peer["unix", "here", value("peer") == "" ? "an unnamed socket" : value("peer")]++
    }
    if (value("rx") == "0" && value("tx") == "0" && value("unacked") + 0 > 0 && value("retrans") + 0 >= 2 && cause ~ /^(gave-up-(waiting|sending)|connection-timed-out|timeout)$/) {
        unheard++
        by_peer["unheard", "anywhere", value("peer")]++
    }
    if (cause ~ /^(peer-closed|peer-reset)$/ && value("rx") + 0 >= 65536 && value("sent_ms") + 0 >= 2000) {
        large_ends++
        by_peer["large-end", "anywhere", value("peer")]++
    }
    told_by_icmp += cause == "unreachable" || cause == "connection-refused" && value("type") == "udp"
    # As much as a full-sized segment, sent again and again.
    if (value("unacked") + 0 >= 1000 && value("retrans") + 0 >= 2 && (cause == "gave-up-waiting" || cause == "connection-timed-out")) {
        unacknowledged++
        by_peer["unacknowledged", "anywhere", value("peer")]++
    }
    if (!(cause in has_peer) || value("type") !~ /^m?p?tcp$/)
        return
    peer = value("peer")
    if (peer == "")
        return
    place = is_here(ip_of(peer)) ? "here" : "elsewhere"
    if (cause ~ /^(unreachable|connection-refused|connect-timed-out|gave-up-connecting)$/)
        under_way[peer]--
    tcp[cause, place]++
    by_peer[cause, place, peer]++
}

# Servers name their sockets after a port, or are told another directory than their clients.
function no_such_sockets(    i, k, list, count) {
    for (i = 1; i <= misses && i <= 3; i++) {
        list = ""
        for (k = count = 0; ++k <= paths;)
            if (is_like(missed[i], listens_at[k]) && ++count <= 3)
                list = join(list, listens_at[k] " (" path_owner[k] ")")
        if (list == "")
            continue
        finding("socket-at-another-path", "There is no socket at " missed[i] ", and something listens at a similar path: " list ". If that is its server, it runs, and has another port or directory in " \
            "its settings than this program.", 1)
        act("use that path here, or correct the server's (PostgreSQL: the number is the port, also of TCP: `port` or PGPORT; unix_socket_directories, host=/DIRECTORY. MySQL, MariaDB, Redis: socket, unixsocket).")
    }
}

# The same name but for its digits, in whatever directory; or sockets whose names begin alike
# (mysql.sock, mysqld.sock).
function is_like(path, other,    name, other_name) {
    sub(/^\/var\/run\//, "/run/", path)
    if (path == other)
        return 0
    name = path
    sub(/.*\//, "", name)
    other_name = other
    sub(/.*\//, "", other_name)
    gsub(/[0-9]+/, "", name)
    gsub(/[0-9]+/, "", other_name)
    return name == other_name || name ~ /\.sock$/ && other_name ~ /\.sock$/ && length(name) > 9 && substr(name, 1, 5) == substr(other_name, 1, 5)
}

# Of the connects that were not answered within their call, and have no record of a failure, those to where
# others failed for this cause; 0 as well if the log leaves them out.
function answered_beside(cause, place,    key, word, count) {
    for (key in by_peer) {
        split(key, word, SUBSEP)
        if (word[1] == cause && word[2] == place && under_way[word[3]] > 0)
            count += under_way[word[3]]
    }
    return count + 0
}

# All of 127.0.0.0/8 is.
function is_here(ip) {
    return ip ~ /^127\./ || ip in is_ours || digits_of(ip) in is_ours
}

function ip_of(address) {
    sub(/:[0-9]+$/, "", address)
    gsub(/[][]|%.*/, "", address)
    sub(/^::ffff:/, "", address)
    return address
}

# The 32 digits of an IPv6 address, as /proc/net/if_inet6 has them.
function digits_of(ip,    halves, left, right) {
    split(ip, halves, "::")
    left = four_each(halves[1])
    right = four_each(halves[2])
    return left substr("00000000000000000000000000000000", 1, 32 - length(left right)) right
}

function four_each(groups,    count, group, i, digits) {
    count = split(groups, group, ":")
    for (i = 1; i <= count; i++)
        digits = digits substr("0000" group[i], length(group[i]) + 1)
    return digits
}

# The peers with most records: "127.0.0.1:80 (12), 127.0.0.1:81 (1)".
function peers(cause, place,    left, key, word, best, shown, list) {
    for (key in by_peer) {
        split(key, word, SUBSEP)
        if (word[1] == cause && word[2] == place)
            left[word[3]] = by_peer[key]
    }
    for (shown = 0; shown < 3; shown++) {
        best = ""
        for (key in left)
            if (best == "" || left[key] > left[best] || left[key] == left[best] && key < best)
                best = key
        if (best == "")
            return list
        list = join(list, best " (" left[best] ")")
        delete left[best]
    }
    for (key in left)
        return list " and others"
    return list
}
