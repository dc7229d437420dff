# The program itself gives up: it closes while a connect is under way or an answer is
# due, or its SO_RCVTIMEO runs out, after the same time again and again.

function find_own_deadline(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] ~ /^(gave-up-connecting|gave-up-waiting|timeout)$/)
            put_in_group(prog_of[i] SUBSEP what_for(i) SUBSEP port_of(peer_of[i]), i, deadline_of(i))
    for (g = 1; g <= groups; g++)
        if (is_deadline(g))
            tell_own_deadline(g)
}

function what_for(i) {
    if (cause_of[i] == "timeout")
        return call_of[i] == "connect" ? "connect" : call_of[i] ~ /^accept/ ? "accept" : call_of[i] ~ /^(recv|read|__re)/ ? "answer" : "send"
    return cause_of[i] == "gave-up-connecting" ? "connect" : "answer"
}

# In ms; 0 where it is not known.
function deadline_of(i,    time) {
    if (cause_of[i] == "gave-up-waiting")
        return sent_of[i] + 0
    if (cause_of[i] == "timeout")
        time = spoken_time(why_of[i])
    return (time != "" ? time : connect_ms(i)) + 0
}

# Whoever sends and does not ask for an answer closes at any time, or at once: then it is
# no deadline. One alone must have a round number, for then it was set by somebody.
function is_deadline(g,    i, apart, off) {
    i = group_first[g]
    if (cause_of[i] == "timeout")
        return what_for(i) != "accept" && (what_for(i) != "answer" || due_of[i] == "" || due_of[i])
    if (cause_of[i] == "gave-up-connecting")
        return 1
    apart = group_most[g] - group_least[g]
    if (group_least[g] < 50)
        return 0
    if (group_size[g] > 1 && apart <= (group_least[g] < 500 ? 20 : 100) + group_least[g] * 0.04)
        return 1
    off = group_least[g] % 500
    return group_least[g] >= 490 && apart <= 20 + group_least[g] * 0.04 && (off <= 50 || off >= 450)
}

function tell_own_deadline(g,    i, n, time, what) {
    i = group_first[g]
    what = what_for(i)
    time = group_least[g] > 0 ? spoken_range(group_least[g], group_most[g]) : "a while"
    n = found("own-deadline", "warn", g, \
        spoken_prog(i) " itself gives up " (what == "connect" ? "connecting" : what == "send" ? "sending" : "waiting for the answer") " after " time "", \
        tally(g, "time", "times") ", first with " spoken_peer(i) " at " clock(i) deadline_state(i, what) "." beside(i), \
        deadline_meaning(i, what), \
        what == "connect" ? "raise it above what a handshake takes (`ping " printable(host_of(peer_of[i])) "`)." \
            : "find out what takes the peer so long, or raise this timeout in the program's settings.")
    add_figure(n, "deadline_ms", group_least[g])
    add_figure(n, "most_ms", group_most[g])
    add_figure(n, "records", group_size[g])
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

function deadline_meaning(i, what) {
    if (what == "connect")
        return "The path is slow or loses SYNs (tried again after 1 s), or nothing is there."
    if (what == "send")
        return "The peer does not read as fast as this program writes."
    if (unacked_of[i] > 0)
        return "That host had not even acknowledged it: is it there, and the path to it?"
    return "It has the request and is slow, or hangs; the network did nothing."
}
