# Connections that had been silent for a while are gone when they are used again, or are
# ended while they are silent. The pause is the program's own: the timeout is at most so
# much. With an answer due it is no idle time (time_limit.awk).

BEGIN {
    LEAST_PAUSE = 1000 # ms
    LEAST_SURE_PAUSE = 500
    LEAST_AT_ONCE = 4 # connections
    LATEST_RST = 100 # ms after what it answers
    MOST_REQUEST = 65536 # bytes; more is a transfer that was under way all the time
}

function find_idle_timeout(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && ends_after_silence(i))
            put_in_group(party_of(i), i, silence_before(i))
    for (g = 1; g <= groups; g++)
        tell_idle_timeout(g)
}

function ends_after_silence(i) {
    if (!ended_badly(i) && cause_of[i] != "connection-timed-out" || type_of[i] !~ /tcp/)
        return 0
    if (i in ended_with_others)
        return 1
    if (may_have_ended_before(i))
        return 0
    if (silence_before(i) < (had_ended_before(i) ? LEAST_SURE_PAUSE : LEAST_PAUSE) || rx_of[i] == 0 && tx_of[i] + unacked_of[i] + unsent_of[i] > MOST_REQUEST)
        return 0
    if (cause_of[i] == "connection-timed-out")
        return rx_of[i] > 0 && silence_before(i) >= 5 * LEAST_PAUSE && !(retrans_of[i] > 0 && !unacked_of[i])
    if (side_of[i] == "accepted")
        return sent_of[i] == "" || sent_of[i] <= idle_of[i]
    return !due_of[i] || wait_of[i] <= LEAST_PAUSE && wait_of[i] * 4 <= pause_of[i]
}

# The peer had closed before this side sent once more: its FIN is older; or what was sent is not
# acknowledged, and did not end the connection.
function had_ended_before(i) {
    if (fin_of[i] > 0)
        return side_of[i] != "accepted" && rx_of[i] > 0
    return cause_of[i] ~ /^(peer-closed|write-after-close)$/ && side_of[i] != "accepted" && rx_of[i] > 0 && unacked_of[i] > 0 && wait_of[i] <= LATEST_RST
}

# Neither side had sent anything for so long, in ms.
function silence_before(i) {
    if (cause_of[i] == "connection-timed-out" && retrans_of[i] > 0 && unacked_of[i] > 0 && sent_of[i] != "")
        return idle_of[i] > tried_for(i) ? idle_of[i] - tried_for(i) : 0
    if (side_of[i] == "accepted" && sent_of[i] != "" && sent_of[i] < idle_of[i])
        return sent_of[i]
    return pause_of[i]
}

# How long what was never acknowledged was sent again, in ms: sent_ms is since the last time, and each wait is twice
# as long as the one before, from 200 ms at least, and 120 s at most (TCP_RTO_MAX in include/net/tcp.h).
function tried_for(i,    k, wait, sum) {
    if (sent_of[i] < 100000)
        return 2 * sent_of[i] - sent_of[i] / 2 ^ retrans_of[i]
    for (wait = 200; k <= retrans_of[i]; k++) {
        sum += wait
        wait = wait < 60000 ? 2 * wait : 120000
    }
    return sum
}

# The longest pause of the same program with the same peer after which all was well, and
# which is shorter than those that did harm; 0 if the log has none.
function longest_harmless(g,    i, most) {
    for (i = first_of_party[group_key[g]]; i; i = next_of_party[i])
        if (pause_of[i] > most && pause_of[i] < group_least[g] && was_well_after_pause(i))
            most = pause_of[i]
    return most + 0
}

# A request after the pause was acknowledged, or the connection was still there when the
# program's own patience ended.
function was_well_after_pause(i) {
    if (cause_of[i] == "closed-unanswered" || cause_of[i] == "peer-reset")
        return due_of[i] && wait_of[i] > LEAST_PAUSE && tx_of[i] > 0
    return cause_of[i] ~ /^(timeout|gave-up-waiting|reset-by-own-close)$/
}

# Whether all connections of group G, at least four, may have been ended at one moment, between
# ended_from and ended_by; used_until is when the last of them was used again.
function fits_one_moment(g,    n, member, k, i) {
    n = split(group_members[g], member, " ")
    ended_from = ended_by = used_until = ""
    for (k = 1; k <= n; k++) {
        i = member[k] + 0
        if (side_of[i] != "connected" || cause_of[i] == "connection-timed-out")
            return 0
        if (ended_from == "" || at_of[i] - idle_of[i] > ended_from)
            ended_from = at_of[i] - idle_of[i]
        if (ended_by == "" || at_of[i] - fin_of[i] < ended_by)
            ended_by = at_of[i] - fin_of[i]
        used_until = at_of[i] > used_until ? at_of[i] : used_until
    }
    return n >= LEAST_AT_ONCE && ended_from < ended_by
}

# Those that were used again within a while each failed once, over at least twice the time in
# which that moment lies. A limit for idle time is met anew again and again, and seldom looks so.
# After fits_one_moment().
function was_used_for_long() {
    return used_until - ended_by >= 2 * (ended_by - ended_from)
}

# The record of group G that was first told.
function earliest_of(g,    n, member, k, best) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        if (!best || at_of[member[k]] < at_of[best])
            best = member[k] + 0
    return best
}

function tell_ended_at_once(g,    i, n) {
    i = earliest_of(g)
    n = found("ended-at-once", "warn", g, \
        spoken_peer(i) " ended " tally(g, "connection", "connections") " at one moment, it seems: a restart?", \
        spoken_prog(i) " used them again until " clock(group_last[g]) ", and each failed. All fit one end, within " spoken(at_of[i] - ended_from < 1 ? 1 : at_of[i] - ended_from) " before " moment(i) ".", \
        "Or it is a limit for idle time" (group_least[g] < LEAST_SURE_PAUSE ? "" : ", of at most " spoken(group_least[g])) ": then this goes on.", \
        "ask there for that moment; let the pool test connections before use, or drop all after the first failure.")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "within_ms", sprintf("%.0f", ended_by - ended_from) + 0)
    add_figure(n, "at_most_ms", group_least[g])
}

function tell_idle_timeout(g,    i, n, low, together) {
    together = fits_one_moment(g)
    if (together && was_used_for_long()) {
        tell_ended_at_once(g)
        return
    }
    if (group_least[g] < LEAST_SURE_PAUSE) {
        tell_ended_before(g)
        return
    }
    i = group_first[g]
    low = longest_harmless(g)
    if (side_of[i] == "connected" && !group_most_heard(g)) {
        tell_paused_request(g)
        return
    }
    n = found("idle-timeout", "warn", g, \
        (together ? spoken_peer(i) " ended " tally(g, "connection", "connections") " at one moment, or idle ones " : idle_whose(i) " idle connections: ") \
            "after " (low ? spoken(low) " to " : "at most ") spoken(group_least[g]), \
        idle_evidence(g, low), \
        together ? "At one moment it is a restart or a crash; they were used again together." : idle_meaning(i, low), \
        idle_advice(i, g, low, together))
    add_figure(n, "at_most_ms", group_least[g])
    add_figure(n, "at_least_ms", low)
    add_figure(n, "connections", group_size[g])
}

# Nothing has ever come: whether what was to be sent after the pause belongs to the same request, as the body
# of an upload does, is not known.
function tell_paused_request(g,    i, n) {
    i = group_first[g]
    n = found("idle-timeout", "warn", g, \
        spoken_peer(i) (is_same_host(i) ? "" : ", or the path to it,") " ended " tally(g, "connection", "connections") " after a pause of " spoken_range(group_least[g], group_most[g]), \
        "Nothing had ever come from there when " spoken_prog(i) " went on.", \
        "Within a request (an upload) it is a limit for its body or headers (408; nginx: client_body_timeout), else one for idle time.", \
        "its log at " clock(i) "; no such pauses, or a longer limit there: `sockshim explain slow-request`.")
    add_figure(n, "at_most_ms", group_least[g])
    add_figure(n, "at_least_ms", 0)
    add_figure(n, "connections", group_size[g])
}

# The most that has come on a connection of group G.
function group_most_heard(g,    n, member, k, most) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        most = rx_of[member[k]] > most ? rx_of[member[k]] : most
    return most + 0
}

function idle_whose(i) {
    if (side_of[i] == "accepted" && cause_of[i] == "connection-timed-out")
        return "Clients of " spoken_prog(i) " are gone from"
    if (side_of[i] == "accepted")
        return "Clients of " spoken_prog(i) ", or the path to them, end"
    return spoken_peer(i) (is_same_host(i) ? " ends" : ", or the path to it, ends")
}

function idle_evidence(g, low) {
    return spoken_prog(group_first[g]) ": " tally(g, "connection", "connections") " failed after a pause of " (cause_of[group_first[g]] == "connection-timed-out" ? "at most " : "") spoken_range(group_least[g], group_most[g]) (low ? "; a pause of " spoken(low) " did no harm" : "") "." idle_limit(g, low)
}

# Whose limit it may be. A single pause has to be as long as that to within a hundredth; the
# shortest of several is longer than it by chance.
function idle_limit(g, low,    least, whose) {
    least = group_least[g] * (group_size[g] < 2 ? 0.99 : 0.9)
    if (is_same_host(group_first[g]) && group_least[g] >= 60000)
        return ""
    whose = known_limit("idle", low + 1 > least ? low + 1 : least, group_least[g] * 1.01)
    if (whose == "")
        return ""
    if (group_size[g] >= 2)
        return " " whose " would fit."
    sub(/^The /, "the ", whose)
    return " Perhaps " whose " (one case only)."
}

# The peer, or a proxy, has closed in order: nothing in between has forgotten the
# connection. What is written later is answered by RST.
function was_closed_in_order(i) {
    return cause_of[i] ~ /^(closed-unanswered|peer-closed|write-after-close)$/
}

function idle_meaning(i, low) {
    if (cause_of[i] == "connection-timed-out")
        return "Nothing answered any longer: a NAT, firewall or load balancer had forgotten " (side_of[i] == "accepted" ? "it, or the host was down. A client that only listens may never notice." : "the connection, or the other host went down meanwhile.")
    if (due_of[i] == "" && side_of[i] != "accepted")
        return "Or, if an answer was due all the time, it is a time limit for requests: this log does not say (sent_ms)."
    if (side_of[i] != "accepted" && was_closed_in_order(i))
        return (unacked_of[i] > 0 ? "It closed (FIN) before it had the next request." : "It closed in order (FIN), as a server or proxy does.") \
            (fin_of[i] > 0 ? " That lay here for " spoken(fin_of[i]) "." : low ? "" : " The limit may be shorter.")
    return "The pause was " (side_of[i] == "accepted" ? "the client's" : "the program's own") (low ? "." : ", so the limit may be shorter.")
}

function idle_advice(i, g, low, together,    seconds, setting) {
    seconds = int((low ? low : group_least[g] / 2) / 1000)
    setting = "`SOCKSHIM_KEEPALIVE=" (seconds < 1 ? 1 : seconds) "`"
    if (together && was_closed_in_order(i))
        return "does its log have a restart before " clock(i) "? Else raise the limit there, or let the pool drop connections sooner. TCP keepalive does not help."
    if (is_same_host(i))
        return "raise it there (wait_timeout, keepalive_timeout or similar), or let the program's pool drop connections sooner."
    if (side_of[i] != "accepted" && was_closed_in_order(i))
        return "let the program's pool drop idle connections sooner, or repeat such requests, or raise the limit there. TCP keepalive does not help."
    if (cause_of[i] == "connection-timed-out" && side_of[i] == "accepted")
        return setting "; at the client it ends the wait, too."
    if (cause_of[i] == "connection-timed-out" || side_of[i] == "accepted")
        return setting " keeps it alive."
    return setting " for NATs and load balancers; if it continues, let the pool drop connections sooner."
}
