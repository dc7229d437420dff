# The program itself gives up: it closes while a connect is under way or an answer is
# due, or its SO_RCVTIMEO runs out, after the same time again and again.

BEGIN {
    AT_THE_SAME_TIME = 500 # ms
    MOST_LOOKS = 50 # for an earlier connect that was well
}

function find_own_deadline(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && !was_mute(i) && !is_told_as_unreachable(i) && (cause_of[i] ~ /^(gave-up-connecting|gave-up-waiting|timeout)$/ || aborts_waiting(i)))
        {
            lacks_tls[i] = what_for(i) == "answer" && may_lack_tls(i)
            put_in_group(prog_of[i] SUBSEP what_for(i) SUBSEP port_of(peer_of[i]), i, deadline_of(i))
        }
    for (g = 1; g <= groups; g++)
        if (is_deadline(g) && all_marked(g, lacks_tls))
            tell_slow_or_strange(g)
        else if (is_deadline(g))
            tell_own_deadline(g)
}

function tell_slow_or_strange(g,    i) {
    i = group_first[g]
    add_deadline(found("own-deadline", "warn", g, \
        spoken_prog(i) " gives up on " spoken_peer(i) " after " spoken_range(group_least[g], group_most[g]) ": " slow_or_strange(i), \
        tally(g, "time", "times") ", first at " clock(i) deadline_state(i, "answer") ".", \
        lacking_tls(i) "it is slow.", \
        lacking_tls_advice(i) "; else find out what takes it so long."), g)
}

function add_deadline(n, g) {
    add_figure(n, "deadline_ms", group_least[g])
    add_figure(n, "most_ms", group_most[g])
    add_figure(n, "records", group_size[g])
}

# A close with SO_LINGER 0, as haproxy's, with nothing unread.
function aborts_waiting(i) {
    return cause_of[i] == "reset-by-own-close" && side_of[i] == "connected" && due_of[i] && value_is_zero(unread_of[i])
}

function what_for(i) {
    if (cause_of[i] == "timeout")
        return call_of[i] == "connect" ? "connect" : call_of[i] ~ /^accept/ ? "accept" : call_of[i] ~ /^(recv|read|__re)/ ? "answer" : "send"
    return cause_of[i] == "gave-up-connecting" ? "connect" : "answer"
}

# In ms; 0 where it is not known.
function deadline_of(i) {
    if (was_mute(i))
        return idle_of[i] + 0
    if (cause_of[i] == "gave-up-waiting" || cause_of[i] == "reset-by-own-close")
        return sent_of[i] + 0
    return (waited_of[i] != "" ? waited_of[i] : connect_ms(i)) + 0
}

# Whoever sends and does not ask for an answer closes at any time, or at once: then it is
# no deadline.
function is_deadline(g,    i) {
    i = group_first[g]
    if (cause_of[i] == "timeout")
        return what_for(i) != "accept" && (what_for(i) != "answer" || due_of[i] == "" || due_of[i])
    if (cause_of[i] == "gave-up-connecting")
        return 1
    return is_set_time(g)
}

# One alone must have a round number, for then it was set by somebody.
function is_set_time(g,    apart, off) {
    apart = group_most[g] - group_least[g]
    if (group_least[g] < 50)
        return 0
    if (group_size[g] > 1 && apart <= (group_least[g] < 500 ? 20 : 100) + group_least[g] * 0.04)
        return 1
    off = group_least[g] % 500
    return group_least[g] >= 490 && apart <= 20 + group_least[g] * 0.04 && (off <= 50 || off >= 450)
}

function tell_own_deadline(g,    i, time, what, names_peer) {
    i = group_first[g]
    what = what_for(i)
    time = group_least[g] > 0 ? spoken_range(group_least[g], group_most[g]) : "a while"
    names_peer = what == "connect" && was_silent(i, group_least[g], group_size[g]) && !is_same_host(i)
    add_deadline(found("own-deadline", "warn", g, \
        names_peer ? spoken_peer(i) " does not " (what == "connect" && went_around(i) ? "always " : "") "answer " spoken_prog(i) ", which gives up after " time \
            : spoken_prog(i) " itself gives up " (what == "connect" ? "connecting" : what == "send" ? "sending" : "waiting for the answer") " after " time, \
        tally(g, "time", "times") ", first " (names_peer ? "" : "with " spoken_peer(i) " ") "at " clock(i) deadline_state(i, what) "." beside(i), \
        stood_still(g, what) ? "Up to " at_once(g) " within 0.5 s: the server stands still or is slow for all (one slow request?), not the network." \
            : deadline_meaning(i, what, group_least[g], group_size[g]), \
        what == "connect" ? connect_deadline_advice(i, group_least[g], group_size[g]) \
            : !acknowledges(i) ? "`sockshim doctor -- COMMAND` tells what this host dropped; `tcpdump -ni any` there, if it arrives." \
            : stood_still(g, what) ? "`sockshim doctor PID` there meanwhile (Redis: SLOWLOG GET)." \
            : what == "answer" ? "`sockshim doctor PID` there meanwhile, or raise this timeout." \
            : "raise this timeout, or find out what takes the peer so long."), g)
}

# Requests on several connections, acknowledged, and all given up together.
function stood_still(g, what) {
    return what == "answer" && !(unacked_of[group_first[g]] > 0) && !group_about[g] && at_once(g) >= 4
}

# How many different connections of the group with one peer ended within a moment, at most.
function at_once(g,    n, member, k, from, here, there, seen, count, most) {
    n = split(group_members[g], member, " ")
    from = 1
    for (k = 1; k <= n; k++) {
        here = member[k] + 0
        if (!seen[local_of[here], peer_of[here]]++)
            count++
        for (there = member[from] + 0; at_of[here] - at_of[there] > AT_THE_SAME_TIME || peer_of[here] != peer_of[there]; there = member[++from] + 0)
            if (!--seen[local_of[there], peer_of[there]])
                count--
        most = count > most + 0 ? count : most
    }
    return most + 0
}

function connect_deadline_advice(i, ms, n) {
    if (announcer_of(i) || has_told_ports(i))
        return not_reached_advice(i, ms)
    if (!was_silent(i, ms, n))
        return "raise it above a handshake's time (`ping " printable(host_of(peer_of[i])) "`)."
    if (is_same_host(i))
        return full_queue_advice(i)
    if (!is_long_question(i) && !went_through(i, ms) && went_around(i))
        return at_times_advice()
    if (!is_long_question(i) && !went_through(i, ms) && went_before(i))
        return "`sockshim doctor` there: is the queue of port " port_of(peer_of[i]) " full, and which limit is reached?"
    return not_reached_advice(i, ms)
}

# How many other connects of the program to the same address and port went through while this
# one waited, for MS.
function went_through(i, ms) {
    if (!((i, ms) in through))
        through[i, ms] = count_through(i, ms)
    return through[i, ms]
}

function count_through(i, ms,    j, n) {
    for (j = i - 1; j > 0 && at_of[i] - at_of[j] <= ms; j--)
        if (cause_of[j] == "in-progress" && peer_of[j] == peer_of[i] && prog_of[j] == prog_of[i] && !is_same_connect(i, j) && is_known_to_connect(j))
            n += kept_for[j]
    return int(n + 0.5)
}

# Whether one of the latest before it had gone through.
function went_before(i,    j, looks, is_own_seen) {
    if (!(i in before))
        for (j = i - 1; j > 0 && looks < MOST_LOOKS && !before[i]; j--) {
            if (cause_of[j] != "in-progress" || peer_of[j] != peer_of[i] || prog_of[j] != prog_of[i])
                continue
            if (!is_own_seen && is_same_connect(i, j)) {
                is_own_seen = 1
                continue
            }
            looks++
            before[i] = is_known_to_connect(j)
        }
    return before[i]
}

# Whether others went through before it, and after it.
function went_around(i,    j, looks) {
    if (!(i in around)) {
        around[i] = 0
        for (j = i + 1; went_before(i) && j <= kept_count && looks < MOST_LOOKS && !around[i]; j++)
            if (cause_of[j] == "in-progress" && peer_of[j] == peer_of[i] && prog_of[j] == prog_of[i]) {
                looks++
                around[i] = is_known_to_connect(j)
            }
    }
    return around[i]
}

function at_times() {
    return "Others went through before and after: its queue is full at times, a NAT on the way (a pod's node) has no port left, or one server of several is down."
}

function at_times_advice() {
    return "`sockshim doctor` there and on the NAT (conntrack_insert_failed)."
}

# Whether the connect under way of record J succeeded: what is next said of its descriptor is
# of a connection, or of another connect, and a close before that had nothing to tell.
function is_known_to_connect(j,    k) {
    k = next_on_descriptor(j)
    return k && (is_closed_between(j, k) || peer_of[k] == peer_of[j] && was_connected(k))
}

# The next record of the same descriptor; 0 if there is none.
function next_on_descriptor(j,    k) {
    for (k = j + 1; k <= kept_count; k++)
        if (pid_of[k] == pid_of[j] && fd_of[k] == fd_of[j] && machine_of[k] == machine_of[j])
            return k
    return 0
}

function is_closed_between(j, k) {
    return cause_of[k] == "in-progress" && !(log_of[k] in has_no_closes)
}

function some_dropped(i, ms,    n) {
    n = went_through(i, ms)
    return counted(n, "other", "others") " went through meanwhile: its accept queue is full at times, a NAT or firewall permits only so many, or SYNs are lost."
}

# Whether a connect of the program to another port of that host was under way, and has no
# record of a failure.
function has_connected_otherwise(i,    j) {
    for (j = 1; j <= kept_count; j++)
        if (prog_of[j] == prog_of[i] && host_of(peer_of[j]) == host_of(peer_of[i]) && peer_of[j] != peer_of[i] && (was_connected(j) || cause_of[j] == "in-progress" && !will_fail(j)))
            return 1
    return 0
}

function deadline_state(i, what) {
    if (what == "connect")
        return "; SYN was not answered by then"
    if (unacked_of[i] > 0)
        return "; " spoken_bytes(unacked_of[i]) " of the request were not acknowledged"
    if (tx_of[i] != "")
        return "; the peer had acknowledged all " spoken_bytes(tx_of[i])
    return ""
}

function acknowledges(i) {
    return type_of[i] ~ /tcp|sctp|unix/ || type_of[i] == ""
}

# No path is as slow as that: SYN was sent twice at least (after 1 s), or did not leave the host;
# N times, or N such connects.
function was_silent(i, ms, n) {
    return ms >= (is_same_host(i) ? 500 : n >= 3 ? 1500 : n == 2 ? 2000 : 2500)
}

function deadline_meaning(i, what, ms, n) {
    if (what == "connect" && announcer_of(i))
        return spoken_announcer(i)
    if (what == "connect" && has_told_ports(i))
        return told_ports(i)
    if (what == "connect" && !was_silent(i, ms, n))
        return "The path is slow, SYNs are lost (retried after 1 s), its queue is full, or it is off."
    if (what == "connect" && is_long_question(i))
        return long_question(i)
    if (what == "connect" && is_same_host(i))
        return "On this host it is the server's accept queue, which is full: it hangs or is overloaded. Or a firewall rule."
    if (what == "connect" && went_through(i, ms))
        return some_dropped(i, ms)
    if (what == "connect" && went_around(i))
        return at_times()
    if (what == "connect" && went_before(i))
        return "Connects to it went through before: its accept queue is full (it hangs, or is at a limit), SYNs are dropped now, or it is off."
    if (what == "connect" && is_blocked_mail(i))
        return blocked_mail(i)
    if (what == "connect")
        return has_connected_otherwise(i) ? "Connects to other ports of it worked: a firewall drops this one, or the server's accept queue is full." \
            : "No path is so slow: a firewall (of this host, too) drops it, the host is off, or the accept queue is full."
    if (!acknowledges(i))
        return "Nothing arrived meanwhile; of UDP and raw sockets nobody knows whether what was sent left or arrived."
    if (what == "send")
        return "The peer does not read as fast as this program writes."
    if (unacked_of[i] > 0)
        return "That host had not even acknowledged it: are it and the path to it up?"
    if (value_is_zero(rx_of[i]) && others_were_answered(i))
        return "It is not the network, and others of its requests there were answered: this one takes the server long, or waits until one of its workers is free."
    if (value_is_zero(rx_of[i]))
        return "It is not the network: the server is slow, or speaks another protocol and waits for more."
    return "Its kernel has the request; the server is slow to take or answer it (BRPOP, a long poll). It is not the network."
}

# Whether the program had bytes from that very address and port on another connection.
function others_were_answered(i,    j) {
    for (j = 1; j <= kept_count; j++)
        if (peer_of[j] == peer_of[i] && prog_of[j] == prog_of[i] && rx_of[j] > 0 && local_of[j] != local_of[i])
            return 1
    return 0
}
