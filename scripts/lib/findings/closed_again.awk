# The peer ends connections in order, as it likes, in a way that is regular. Whether that is a
# fault no figure tells: so it is information.

BEGIN {
    LEAST_AGAIN = 4
    LEAST_AT_ANY_TIME = 5 # connections, if they are not all ended after the same time
    LATEST_AGAIN = 2500 # ms until the next connection has said all that it says
    LONGEST_STAY = 60000
    LATEST_END = 100 # ms after the peer's last words
}

function find_closed_again() {
    find_left_alone()
    find_spoken_to()
    find_silence_limit()
}

function find_left_alone(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_left_alone(i) && idle_of[i] <= LONGEST_STAY)
            put_in_group(party_of(i), i, idle_of[i])
    for (g = 1; g <= groups; g++)
        if (is_turned_away(g, idle_of))
            tell_closed_again(g, "after " (ends_at_any_time(g, idle_of) ? spoken_range(group_least[g], group_most[g]) : spoken(idle_of[group_last[g]]) " of silence"), ends_at_any_time(g, idle_of))
}

# The peer speaks to the last, as a primary does to a replica while it prepares what to send.
function find_spoken_to(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (ends_in_order(i) && side_of[i] == "connected" && tx_of[i] > 0 && sent_of[i] >= LEAST_PAUSE && sent_of[i] <= LONGEST_STAY)
            put_in_group(party_of(i), i, sent_of[i])
    for (g = 1; g <= groups; g++)
        if (is_turned_away(g, sent_of) && are_no_answers(g) && !ends_at_any_time(g, sent_of))
            tell_closed_again(g, spoken(sent_of[group_last[g]]) " after a request", 0)
}

function find_silence_limit(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (ends_after_own_silence(i))
            put_in_group(party_of(i) (side_of[i] == "accepted" ? SUBSEP host_of(peer_of[i]) : ""), i, sent_of[i])
    for (g = 1; g <= groups; g++)
        if (is_limit_of_silence(g))
            tell_silence_limit(g)
}

# The peer had answered, if it had been asked, and then both were silent.
function is_left_alone(i) {
    return ends_in_order(i) && side_of[i] == "connected" && idle_of[i] >= LEAST_SILENT && sent_of[i] >= idle_of[i] && tx_of[i] > 0
}

# One connection after the other, after the same silence and with about the same bytes, or at any
# time with exactly these, and the program connects again soon: nobody works so, unless it is
# turned away. STAY: how long before its end each one had said all that it says.
function is_turned_away(g, stay,    n, member, k, i, j, gap, is_unlike) {
    n = split(group_members[g], member, " ")
    if (n < LEAST_AGAIN || group_about[g])
        return 0
    for (k = 2; k <= n; k++) {
        i = member[k - 1] + 0
        j = member[k] + 0
        gap = at_of[j] - sent_of[j] - at_of[i]
        if (gap < -100 || gap > LATEST_AGAIN || pid_of[i] != pid_of[j])
            return 0
        is_unlike += rx_of[j] > 1.1 * rx_of[i] + 16 || rx_of[i] > 1.1 * rx_of[j] + 16
    }
    if (!ends_at_any_time(g, stay))
        return !is_unlike && group_least[g] >= LEAST_SURE_PAUSE
    return n >= LEAST_AT_ANY_TIME && group_most[g] >= LEAST_SURE_PAUSE && is_same_exchange(g)
}

# The first one may have been left alone for longer.
function ends_at_any_time(g, stay,    n, member, k) {
    n = split(group_members[g], member, " ")
    for (k = 3; k <= n; k++)
        if (!is_about(stay[member[k - 1] + 0], stay[member[k] + 0]))
            return 1
    return 0
}

# The same was said in all of them, and nothing after that. A broker's subscriber is sent messages
# meanwhile.
function is_same_exchange(g,    n, member, k, is_mqtt) {
    n = split(group_members[g], member, " ")
    is_mqtt = port_of(peer_of[member[1]]) ~ /^(1883|8883)$/
    for (k = 1; k <= n; k++)
        if (tx_of[member[k]] != tx_of[member[1]] || !is_mqtt && (rx_of[member[k]] != rx_of[member[1]] || sent_of[member[k]] > idle_of[member[k]] + LATEST_END))
            return 0
    return 1
}

# Most of them did not end with what the peer said last.
function are_no_answers(g,    n, member, k, count) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        count += idle_of[member[k]] > LATEST_END
    return count * 2 > n
}

function is_about(ms, other) {
    return ms <= 1.1 * other + 100 && other <= 1.1 * ms + 100
}

# TIME: how long after what they are closed. Servers and devices have one limit for all; whoever
# takes this program's place comes when it likes.
function tell_closed_again(g, time, is_any,    i, last, n) {
    i = group_first[g]
    last = group_last[g]
    n = found("closed-again", "info", g, \
        spoken_peer(i) " closes each connection of " spoken_prog(i) " " time, \
        tally(g, "connection", "connections") " from " clock(i) " to " clock(last) ", each closed in order after " spoken_bytes(rx_of[last]) ".", \
        is_any ? "No limit of idle time, as the times differ: another client with the same ID takes its place, or somebody ends sessions." \
            : "If " spoken_prog(i) " should have kept them: it is the peer's decision, not the network's.", \
        "its log at " clock(last) (is_any ? "; `sockshim explain client-id`." : ": a client ID used twice (`sockshim explain client-id`), or a limit of sessions or idle time?"))
    add_figure(n, "connections", group_size[g])
    add_figure(n, "idle_ms", idle_of[last])
}

# The peer closed long after this program had spoken last: right after some last words of its
# own, or, of a server, in an answer that stood still, as a proxy does.
function ends_after_own_silence(i) {
    if (sent_of[i] < 1000 || sent_of[i] == "")
        return 0
    if (side_of[i] == "accepted")
        return ends_in_order(i) && tx_of[i] > 0 && idle_of[i] >= sent_of[i] + 1000
    return ends_in_order(i) && idle_of[i] <= LATEST_END
}

function ends_in_order(i) {
    return is_open(i) && cause_of[i] == "peer-closed" && state_of[i] == "CLOSE_WAIT" && type_of[i] ~ /tcp/ && rx_of[i] > 0
}

# Timers are set to whole seconds; answers come when they are done. Where data flowed before, nginx's is up to
# 300 ms early, as it is not set anew for each of them (NGX_TIMER_LAZY_DELAY in ngx_event_timer.h).
function is_limit_of_silence(g,    n, member, k, early) {
    n = split(group_members[g], member, " ")
    if (group_size[g] < 2 || !is_regular(g))
        return 0
    early = side_of[group_first[g]] == "accepted" && group_size[g] >= 3 ? 310 : 10
    for (k = 1; k <= n; k++)
        if (sent_of[member[k]] % 1000 > LATEST_END && sent_of[member[k]] % 1000 < 1000 - early)
            return 0
    return 1
}

function tell_silence_limit(g,    i, n, time, is_server) {
    i = group_first[g]
    is_server = side_of[i] == "accepted"
    time = spoken_range(group_least[g], group_most[g])
    n = found("silence-limit", "info", g, \
        is_server ? printable(host_of(peer_of[i])) " ends connections " time " after " spoken_prog(i) " last sent" \
            : spoken_peer(i) " said a last word and closed, " time " after " spoken_prog(i) " had last sent", \
        tally(g, "connection", "connections") ", first at " clock(i) ", last at " clock(group_last[g]) ".", \
        is_server ? "Perhaps a limit of that peer, a proxy's read timeout, for this program's silence in an answer." \
            : "A limit for silence" (port_of(peer_of[i]) ~ /^(5432|6432)$/ ? " (idle_in_transaction_session_timeout, idle_session_timeout)" : "") ", or answers that take so long.", \
        is_server ? "send something more often, such as heartbeats, or raise it there (nginx: proxy_read_timeout)." \
            : "its log at " clock(group_last[g]) "; the last word by `tcpdump -A -ni any port " port_of(peer_of[i]) "`.")
    add_figure(n, "limit_ms", group_least[g])
    add_figure(n, "connections", group_size[g])
}
