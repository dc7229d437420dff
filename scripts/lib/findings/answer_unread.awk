# The connection failed while something that the peer had said lay here unread: servers
# explain themselves in such last words.

BEGIN {
    MOST_HEADER = 16 # bytes
    LEAST_LEFT = 32
    MOST_REFUSAL = 4096 # all that the peer ever said
    LEAST_LARGE = 65536
}

function find_answer_unread(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && has_last_words(i)) {
            sent_much[i] = was_sending_much(i)
            put_in_group("unread" SUBSEP party_of(i), i, unread_of[i])
        } else if (is_open(i) && was_not_understood(i))
            put_in_group("strange" SUBSEP party_of(i), i, unread_of[i])
        else if (is_open(i) && spoke_shortly_before(i)) {
            had_alert[i] = is_tls_alert(i)
            put_in_group("read" SUBSEP party_of(i), i, rx_of[i])
        }
    for (g = 1; g <= groups; g++)
        if (group_key[g] ~ /^unread/)
            tell_answer_unread(g)
        else if (group_key[g] ~ /^strange/)
            tell_strange_answer(g)
        else
            tell_last_words(g)
}

# All that the peer ever said is a line or two, and it broke the connection off right
# after it: the program may have read that, and not shown it.
function spoke_shortly_before(i) {
    if (is_tls_alert(i) && cause_of[i] == "peer-closed")
        return 1
    if (type_of[i] !~ /tcp/ || side_of[i] == "accepted" || !(rx_of[i] > 0) || rx_of[i] > 200 || idle_of[i] == "" || idle_of[i] >= 500)
        return 0
    return cause_of[i] == "peer-reset" && !(due_of[i] && wait_of[i] > 0 && pause_of[i] > 0) || cause_of[i] == "peer-closed" && ended_badly(i)
}

# In all the peer has said as much as an alert of TLS has before its keys are known (RFC 8446, 5.1
# and 6: a header of 5 bytes, and 2).
function is_tls_alert(i) {
    return type_of[i] ~ /tcp/ && side_of[i] == "connected" && rx_of[i] == 7 && is_tls_hello(i) && idle_of[i] < 500
}

# The program read the first bytes of the first answer, and closed: whoever reads a header
# of a fixed length and does not like it does so. That of TLS has 5 bytes, after a hello.
function was_not_understood(i,    read) {
    read = rx_of[i] - unread_of[i]
    return cause_of[i] == "reset-by-own-close" && side_of[i] == "connected" && unread_of[i] > 0 && tx_of[i] > 0 && read > 0 && read <= MOST_HEADER && (unread_of[i] >= LEAST_LEFT || read == 5 && tx_of[i] >= LEAST_HELLO)
}

function tell_strange_answer(g,    i, n) {
    i = group_first[g]
    n = found("answer-not-understood", "warn", g, \
        spoken_prog(i) " does not understand what " spoken_peer(i) " answers", \
        tally(g, "connection", "connections") ", first at " clock(i) ": it read " spoken_bytes(rx_of[i] - unread_of[i]) " of the first answer and closed with the other " spoken_range_bytes(g) " unread.", \
        "Another protocol is spoken there: TLS to a port without, or a proxy's error page.", \
        "see what it says by `tcpdump -A -ni any port " port_of(peer_of[i]) "`.")
    add_figure(n, "unread", group_most[g])
    add_figure(n, "connections", group_size[g])
}

function tell_last_words(g,    i, n, is_alert) {
    i = group_first[g]
    is_alert = all_marked(g, had_alert)
    n = found("last-words", "warn", g, \
        is_alert ? spoken_peer(i) " refuses " spoken_prog(i) "'s TLS hello with an alert, it seems" : spoken_peer(i) " sent " spoken_range_bytes(g) " and broke off immediately", \
        spoken_prog(i) ": " tally(g, "connection", "connections") ", first at " clock(i) "; " (is_alert ? "7 bytes came." : "it never sent anything else."), \
        is_alert ? "It has nothing for that server name (SNI), or for a hello without; or no common version." \
            : "Such a last message often says why a server refuses (too many clients, a wrong protocol, a TLS alert); not all programs show it.", \
        is_alert ? "`openssl s_client -connect " printable(peer_of[i]) " -servername " (named_of[i] == "" ? "NAME" : printable(named_of[i])) "`; `sockshim explain tls-alert`." \
            : "see it with `tcpdump -A -ni any port " port_of(peer_of[i]) "`, or " spoken_prog(i) "'s verbose option.")
    add_figure(n, "rx", group_most[g])
    add_figure(n, "connections", group_size[g])
}

# Where the program itself closes with something unread, only if it had been told of a
# failure before: the leader then is that failure.
function has_last_words(i,    n, follower, k) {
    if (type_of[i] !~ /tcp|unix-stream/ || side_of[i] == "accepted")
        return 0
    if (cause_of[i] !~ /^(peer-reset|write-after-close|closed-unanswered|connection-aborted)$/)
        return 0
    if (unread_of[i] > 0)
        return 1
    n = split(followers[i], follower, " ")
    for (k = 1; k <= n; k++)
        if (unread_of[follower[k]] > 0) {
            unread_of[i] = unread_of[follower[k]]
            return 1
        }
    return 0
}

# The peer spoke while this program did not, for a long time: that can be why it ended
# the connection, or heartbeats that it would have had to answer.
function was_silent_meanwhile(i) {
    return sent_of[i] >= 2000 && sent_of[i] > idle_of[i] + 200
}

# AMQP, MQTT, STOMP: what lies there is as short as these are.
function knows_heartbeats(i) {
    return unread_of[i] <= 64 && port_of(peer_of[i]) ~ /^(5671|5672|1883|8883|61613|61614)$/
}

function tell_unread_meanwhile(g, bytes,    i) {
    i = group_first[g]
    return found("answer-unread", "warn", g, \
        spoken_peer(i) " ended connections while " spoken_prog(i) " neither read nor sent for " spoken(sent_of[i]), \
        tally(g, "connection", "connections") ", first at " clock(i) "; " bytes " that it sent meanwhile are unread.", \
        knows_heartbeats(i) ? "They are heartbeats that were not answered in time, or else its reason." \
            : "They are its reason (an error message), or heartbeats that were not answered in time.", \
        "read and answer in time (in a thread), or raise that limit; `tcpdump -A -ni any port " port_of(peer_of[i]) "` shows them.")
}

function tell_answer_unread(g,    i, n, bytes, was_idle) {
    i = group_first[g]
    bytes = group_least[g] == group_most[g] ? spoken_bytes(group_most[g]) : thousands(group_least[g]) " to " spoken_bytes(group_most[g])
    was_idle = idle_of[i] >= 1000
    if (was_silent_meanwhile(i))
        n = tell_unread_meanwhile(g, bytes)
    else
        n = tell_last_message(g, bytes, was_idle)
    add_figure(n, "unread", group_most[g])
    add_figure(n, "connections", group_size[g])
    if (was_idle)
        add_figure(n, "idle_ms", idle_of[i])
    if (was_silent_meanwhile(i))
        add_figure(n, "silent_ms", sent_of[i])
}

# The program had written so much since the peer spoke last, or was still writing it, that the
# size itself can be what the peer refuses.
function was_sending_much(i) {
    return rx_of[i] <= MOST_REFUSAL && tx_of[i] + unacked_of[i] + unsent_of[i] >= LEAST_LARGE && (unacked_of[i] > 0 || unsent_of[i] > 0)
}

# How long the connections of group G had lived, in life_least and life_most: if the connects of
# all of them are known. Whether they had sent much more or less meanwhile is in sent_unlike.
function know_lives(g,    n, k, member, i, j, ms, bytes, least, most) {
    n = split(group_members[g], member, " ")
    life_least = life_most = ""
    for (k = 1; k <= n; k++) {
        i = member[k] + 0
        for (j = i - 1; j > 0 && !(cause_of[j] == "in-progress" && is_same_connect(i, j)); j--)
            ;
        if (!j) {
            life_least = life_most = ""
            return 0
        }
        ms = at_of[i] - at_of[j]
        bytes = tx_of[i] + unacked_of[i] + unsent_of[i]
        life_least = life_least == "" || ms < life_least ? ms : life_least
        life_most = ms > life_most ? ms : life_most
        least = k == 1 || bytes < least ? bytes : least
        most = bytes > most ? bytes : most
    }
    sent_unlike = most >= 1.5 * least
    return 1
}

function is_by_time(g) {
    return know_lives(g) && group_size[g] > 1 && sent_unlike && life_least >= 1000 && life_most - life_least <= 120 + life_least * 0.1
}

# In the midst of much: what a limit of size and one of time look like is the same, unless the
# same time has passed again and again with as little in common otherwise.
function refused_meaning(g) {
    if (is_by_time(g))
        return "Each time " spoken_range(life_least, life_most) " after the connect, however much was sent: a limit of time for a whole request (408), it seems."
    if (life_least == "" || life_least < 1000)
        return "It may say why: so much may be too large (413), or take too long (408)."
    return "It came " spoken_range(life_least, life_most) " after the connect: so much may be too large (413), or take too long (408)."
}

# All that came is unread, and nothing was acknowledged: it had closed before a request could reach it.
function took_nothing(g,    n, member, k) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        if (!value_is_zero(tx_of[member[k]]) || rx_of[member[k]] != unread_of[member[k]])
            return 0
    return 1
}

function tell_last_message(g, bytes, was_idle,    i, is_large) {
    i = group_first[g]
    is_large = all_marked(g, sent_much)
    return found("answer-unread", "warn", g, \
        spoken_peer(i) " ended connections, and its last " bytes " are unread here", \
        spoken_prog(i) ": " tally(g, "connection", "connections") "; the peer sent them" (was_idle ? " " spoken(idle_of[i]) " before" : "") " and closed" (is_large ? " in the midst of " spoken_bytes(tx_of[i] + unacked_of[i] + unsent_of[i]) " to it" : "") ".", \
        is_large ? refused_meaning(g) : took_nothing(g) ? "It had closed before it took a byte: it turns clients away as they connect (too many connections, a blocked address)." \
            : "Such a last message often says why a server refuses (HTTP 413, a MySQL error, a TLS alert); it was not read here.", \
        is_large ? "`tcpdump -A -ni any port " port_of(peer_of[i]) "` shows it; `sockshim explain " (is_by_time(g) ? "slow-request`." : "too-large`, and slow-request.") \
            : took_nothing(g) ? "`nc " printable(host_of(peer_of[i])) " " port_of(peer_of[i]) "` shows it while it lasts; `sockshim explain connection-limit`." \
            : "see it with `tcpdump -A -ni any port " port_of(peer_of[i]) "` or " spoken_prog(i) "'s verbose option.")
}
