# Both ends of a connection have a record of it, in one log or in two: what one was told
# is what the other did. Clocks of two hosts may differ by seconds.

BEGIN {
    MOST_CROSSING = 20 # ms
    MOST_APART = 10000 # ms
    MOST_APART_UNNAMED = 1000 # ms: of two records that only their figures hold together
}

function find_both_sides(    i, j, other_ends, kind) {
    for (i = 1; i <= kept_count; i++) {
        if (local_of[i] == "" || peer_of[i] == "" || type_of[i] !~ /tcp/)
            continue
        other_ends[local_of[i], peer_of[i]] = other_ends[local_of[i], peer_of[i]] " " i
        note_what_log_covers(i)
    }
    begin_groups()
    for (i = 1; i <= kept_count; i++) {
        if (!is_open(i) || !was_told_of_an_end(i))
            continue
        j = other_record(i, other_ends[peer_of[i], local_of[i]])
        if (!j)
            j = record_beyond_nat(i)
        kind = j ? does_to_peer(j) ? "done" : "both" : "none"
        if (kind == "both" && j in other_of || kind == "done" && is_leaving_early(i, j))
            continue
        if (j) {
            other_of[i] = j
            if (kind == "both" && side_of[i] == "accepted")
                put_in_group(kind SUBSEP party_of(j) SUBSEP prog_of[i] SUBSEP cause_of[i], i, 0)
            else
                put_in_group(kind SUBSEP party_of(i) SUBSEP prog_of[j] SUBSEP cause_of[j] SUBSEP is_race(i, j), i, unread_of[j] + 0)
        } else if (is_missing_there(i))
            put_in_group(kind SUBSEP party_of(i), i, 0)
    }
    tell_both_sides()
}

function was_told_of_an_end(i) {
    return cause_of[i] ~ /^(peer-reset|write-after-close|closed-unanswered|connection-timed-out)$/ && type_of[i] ~ /tcp/
}

# A client that has enough, and closes while more of the answer comes (a download broken
# off, a load generator at its end, a probe that does not read the greeting), or by
# SO_LINGER 0 (health checks): its server is told of a reset, and nothing is wrong.
function is_leaving_early(i, j) {
    return cause_of[j] == "reset-by-own-close" && side_of[j] == "connected" && side_of[i] == "accepted" && (unread_of[j] > 0 || unacked_of[j] + unsent_of[j] == 0) && silence_before(j) < 1000
}

# The server had answered before and was silent since, and closes as the next request comes, which its client
# has sent after that pause: its limit for idle connections, and that request have crossed.
function is_race(i, j) {
    return cause_of[j] == "reset-by-own-close" && side_of[j] == "accepted" && unread_of[j] > 0 && unread_of[j] < rx_of[j] && unread_of[j] <= MOST_REQUEST && \
        sent_of[j] >= LEAST_PAUSE && idle_of[j] < LEAST_PAUSE && idle_of[j] * 4 <= sent_of[j] && call_of[i] !~ /^(send|write|pwrite)/ && ends_after_silence(i)
}

# What a program does to its peer, rather than is told.
function does_to_peer(i) {
    return cause_of[i] ~ /^(reset-by-own-close|gave-up-waiting)$/
}

# The record of the other end that is nearest in time; one that says what its program
# did before one that says what it was told. 0: there is none.
function other_record(i, list,    n, part, k, j, best, apart, least) {
    n = split(list, part, " ")
    for (k = 1; k <= n; k++) {
        j = part[k] + 0
        if (!does_to_peer(j) && !(cause_of[i] == "peer-reset" && cause_of[j] == "peer-reset"))
            continue
        apart = at_of[i] - at_of[j]
        apart = (apart < 0 ? -apart : apart) + (does_to_peer(j) ? 0 : MOST_APART)
        if (apart <= 2 * MOST_APART && (!best || apart < least)) {
            best = j
            least = apart
        }
    }
    return best + 0
}

# Behind a NAT the two ends know each other by other addresses; what one has sent is still what the
# other has received. The record of another log that alone fits so, as this alone fits it; 0: none.
function record_beyond_nat(i,    j) {
    if (name_count == 1 || is_sampled)
        return 0
    j = only_fitting(i)
    return j > 0 && only_fitting(j) == i && distance(i, j) <= MOST_APART_UNNAMED ? j : 0
}

# The record, of any other end, that has the same figures; 0 if there is none, -1 if there are several.
function only_fitting(i,    k, j, best) {
    if (!ends_listed)
        list_ends()
    for (k = 1; k <= ends_listed; k++) {
        j = end_listed[k]
        if (log_of[j] != log_of[i] && fits_beyond_nat(i, j) && distance(i, j) <= MOST_APART)
            best = best ? -1 : j
    }
    return best + 0
}

# Of fewer bytes, as of a greeting or a short request, many connections have the same number.
function list_ends(    j) {
    for (j = 1; j <= kept_count; j++)
        if (leader_of[j] == j && type_of[j] ~ /tcp/ && (cause_of[j] == "peer-reset" || does_to_peer(j)) && rx_of[j] + tx_of[j] >= 1000)
            end_listed[++ends_listed] = j
}

# A client that only reads is told late, by a probe of keepalive: the other end's reset was then
# when its last data came.
function distance(i, j,    late, early) {
    late = at_of[i] - at_of[j]
    early = late - (side_of[i] == "connected" ? idle_of[i] : -idle_of[j])
    late = late < 0 ? -late : late
    early = early < 0 ? -early : early
    return early < late ? early : late
}

function fits_beyond_nat(i, j) {
    return side_of[i] != side_of[j] && side_of[i] != "" && side_of[j] != "" && has_arrived(i, j) && has_arrived(j, i) && \
        !(local_of[i] == peer_of[j] && peer_of[i] == local_of[j])
}

# Whether what I has sent is what J has received; what was under way may have arrived or not.
function has_arrived(i, j) {
    return tx_of[i] != "" && rx_of[j] != "" && rx_of[j] >= tx_of[i] && rx_of[j] <= tx_of[i] + unacked_of[i]
}

# Which services a log tells of, and from when on.
function note_what_log_covers(i,    key) {
    if (side_of[i] != "accepted")
        return
    key = log_of[i] SUBSEP local_of[i]
    if (!(key in covered_from)) {
        covered_from[key] = at_of[i]
        covering[local_of[i]] = covering[local_of[i]] (covering[local_of[i]] == "" ? "" : "\n") log_of[i]
    }
}

# Whether the other end's log would have a record if its program had done it. An end in order has
# none, and it is what comes first where a write ends in EPIPE: what was sent on its way to a socket that
# is closed already is answered by RST (net/ipv4/tcp_input.c, tcp_reset(): EPIPE in CLOSE_WAIT).
function is_missing_there(i,    n, logs, k) {
    if (is_sampled || cause_of[i] ~ /^(closed-unanswered|write-after-close)$/ || only_fitting(i))
        return 0
    n = split(covering[peer_of[i]], logs, "\n")
    for (k = 1; k <= n; k++)
        if (logs[k] != log_of[i] && would_be_there(logs[k], RANK["info"], "reset-by-own-close")) {
            missing_in[i] = logs[k]
            return 1
        }
    return 0
}

function tell_both_sides(    g, part, done) {
    for (g = 1; g <= groups; g++) {
        split(group_key[g], part, SUBSEP)
        if (part[1] == "done" && part[7])
            done[party_of(group_first[g])] = tell_race(g) SUBSEP group_size[g]
        else if (part[1] == "done")
            done[party_of(group_first[g])] = tell_what_other_end_did(g) SUBSEP group_size[g]
        else if (part[1] == "both")
            tell_both_were_reset(g)
    }
    for (g = 1; g <= groups; g++) {
        if (group_key[g] !~ /^none/)
            continue
        # Data that comes between the look before a close and the close itself is not known to be unread.
        split(done[party_of(group_first[g])], part, SUBSEP)
        if (part[2] >= group_size[g])
            claim(g, part[1])
        else
            tell_no_record_there(g)
    }
}

function tell_what_other_end_did(g,    i, j, n, unread, did, size) {
    i = group_first[g]
    j = other_of[i]
    unread = group_least[g] == group_most[g] ? spoken_bytes(group_most[g]) : thousands(group_least[g]) " to " spoken_bytes(group_most[g])
    did = cause_of[j] == "gave-up-waiting" ? "gives up waiting" (sent_of[j] == "" ? "" : " after " spoken(sent_of[j])) : group_most[g] > 0 ? "closes with " unread " unread" : "resets connections as it closes"
    if (cause_of[j] == "reset-by-own-close" && silence_before(j) >= 1000)
        did = did ", after " spoken(silence_before(j)) " of silence"
    size = cause_of[j] == "gave-up-waiting" || !group_most[g] ? "" : size_told(g)
    n = found("both-sides", "warn", g, \
        spoken_prog(j) " at " printable(local_of[j]) " " did, \
        "What " spoken_prog(i) " saw at " moment(i) " is the close of " spoken_prog(j) " at " moment(j) " (" tally(g, "connection", "connections") ").", \
        cause_of[j] == "gave-up-waiting" ? "Nothing in between caused it." \
            : size != "" ? size \
            : turns_away(j) ? turned_away() : stops_at_head(j) ? "It had read " counted(read_of(j), "byte", "bytes") ". " head_meaning(j) \
            : "A close with " (group_most[g] > 0 ? "data unread" : "SO_LINGER 0") " makes its kernel send RST; the network did nothing.", \
        size != "" ? size_advice(j) : cause_of[j] == "gave-up-waiting" ? "make " spoken_prog(i) " answer sooner, or raise the timeout of " spoken_prog(j) "." \
            : turns_away(j) ? turned_away_advice(j) : stops_at_head(j) ? head_advice(j) \
            : "find out why " spoken_prog(j) " closes" (group_most[g] > 0 ? " before it has read all" : "") ": its own log at " moment(j) ".")
    add_figure(n, "unread", unread_of[j] + 0)
    add_figure(n, "pairs", group_size[g])
    add_figure(n, "ms_apart", sprintf("%.3f", at_of[i] - at_of[j]) + 0)
    claim_other_ends(g, n)
    return n
}

function tell_race(g,    i, j, n, member, k, least) {
    i = group_first[g]
    j = other_of[i]
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        if (k == 1 || sent_of[other_of[member[k]]] < least)
            least = sent_of[other_of[member[k]]]
    n = found("both-sides", "warn", g, \
        spoken_prog(j) " at " printable(local_of[j]) " ends idle connections: after at most " spoken(least), \
        "What " spoken_prog(i) " saw at " moment(i) " is the close of " spoken_prog(j) " at " moment(j) " (" tally(g, "connection", "connections") ").", \
        "The next request (" spoken_bytes(unread_of[j]) ") had " (idle_of[j] >= MOST_CROSSING ? "come " spoken(idle_of[j]) " before, and was not read any more." : "just come: they crossed."), \
        "let " spoken_prog(i) " drop idle connections sooner than " spoken_prog(j) ", whose keep-alive timeout may be raised.")
    add_figure(n, "at_most_ms", least)
    add_figure(n, "unread", unread_of[j] + 0)
    add_figure(n, "pairs", group_size[g])
    claim_other_ends(g, n)
    return n
}

function claim_other_ends(g, n,    m, member, k) {
    m = split(group_members[g], member, " ")
    for (k = 1; k <= m; k++)
        if (member[k] in other_of)
            claimed[other_of[member[k]]] = n
}

function tell_both_were_reset(g,    i, j, n, translated) {
    i = group_first[g]
    j = other_of[i]
    if (side_of[i] == "accepted") {
        i = j
        j = group_first[g]
    }
    translated = peer_of[j] != local_of[i]
    n = found("reset-in-between", "warn", g, \
        "Something between " printable(host_of(local_of[i])) " and " printable(peer_of[i]) " resets connections", \
        translated ? "Both ends were told so (" tally(g, "connection", "connections") ", " spoken_prog(i) " first at " moment(i) "); to " spoken_prog(j) ", it is " printable(peer_of[j]) " (NAT or proxy)." \
            : "Both ends were told that the other had reset: " spoken_prog(i) " at " moment(i) ", " spoken_prog(j) " at " moment(j) " (" tally(g, "connection", "connections") ").", \
        translated ? "So neither did it; a Linux NAT (Docker) does, if conntrack finds a segment INVALID." \
            : "So neither did it, but a firewall, load balancer or NAT.", \
        translated ? "drop `ct state invalid` there (`sockshim doctor --seconds 60` counts it)." \
            : "`tcpdump -vni any 'tcp[tcpflags] & tcp-rst != 0'`: the TTL of the RST shows how far away its sender is.")
    add_figure(n, "pairs", group_size[g])
    claim_other_ends(g, n)
}

function tell_no_record_there(g,    i, n, what) {
    i = group_first[g]
    what = cause_of[i] == "connection-timed-out" ? "timeouts" : "resets"
    n = found("no-record-there", "warn", g, \
        printable(missing_in[i]) " has no record of the " what " of " spoken_prog(i) " by " printable(peer_of[i]), \
        tally(g, "connection", "connections") ", first at " moment(i) " from " printable(local_of[i]) ". A close would be there, but for one just as data came.", \
        "Something in between did it, or the server's process was killed, which leaves no record.", \
        "was it restarted then? If not, `tcpdump -ni any 'tcp[tcpflags] & tcp-rst != 0'` there.")
    add_figure(n, "connections", group_size[g])
}
