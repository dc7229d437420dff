# The peer ended the connection instead of answering, and at no regular time.

BEGIN {
    AT_ONE_MOMENT = 300 # ms
    LEAST_OTHERS = 3 # connections
    LEAST_SILENT = 50 # ms; whoever closes after each answer sends FIN with it
}

function find_answer_missing(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && is_cut_off_waiting(i))
            put_in_group(party_of(i), i, wait_of[i])
    for (g = 1; g <= groups; g++)
        tell_answer_missing(g)
}

# How many other connections of the program with that peer ended in order at the moment at which
# all of group G did, and not with an answer.
function ended_beside(g,    i, j, n) {
    i = group_first[g]
    if (at_of[group_last[g]] - at_of[i] > AT_ONE_MOMENT)
        return 0
    for (j = first_of_party[group_key[g]]; j; j = next_of_party[j])
        n += leader_of[j] == j && cause_of[j] == "peer-closed" && state_of[j] == "CLOSE_WAIT" && tx_of[j] > 0 && idle_of[j] >= LEAST_SILENT && pid_of[j] == pid_of[i] \
            && at_of[j] - at_of[i] <= AT_ONE_MOMENT && at_of[i] - at_of[j] <= AT_ONE_MOMENT
    return n >= LEAST_OTHERS ? n : 0
}

function tell_answer_missing(g,    i, n, time, size, others) {
    i = group_first[g]
    others = ended_beside(g)
    size = size_told(g)
    time = spoken_range(group_least[g] < 1 ? 1 : group_least[g], group_most[g] < 1 ? 1 : group_most[g])
    n = found("answer-missing", "warn", g, \
        spoken_peer(i) " ended " tally(g, "connection", "connections") " of " spoken_prog(i) (is_before_greeting(i) ? " before its greeting" : " instead of answering"), \
        time " after " (is_before_greeting(i) ? "what was sent" : "the request") ", which " (unacked_of[i] + unsent_of[i] > 0 ? "had not arrived in full" : "it had acknowledged") "; first at " clock(i) ".", \
        others ? others " others of it were closed within " spoken(AT_ONE_MOMENT) ", too: what held them all ended, by a restart, a reload or a crash." \
            : size != "" ? size : all_marked(g, lacks_tls) ? lacking_tls(i) "what worked on it died or gave up." : had_ended_before(i) ? "The peer had closed before that was sent: it was restarted, or had ended this session for its own reasons." \
            : "What worked on it died or was killed, or the peer ended the session; " (group_size[g] > 1 ? "not a fixed limit, as the times differ." : "a fixed limit would show as the same time again."), \
        others ? "its log at " clock(i) " (nginx: worker_shutdown_timeout); `sockshim explain graceful-shutdown`." \
            : size != "" ? size_advice(i) : is_before_greeting(i) ? "its log at that time; is it so from other hosts? `sockshim explain allowed-hosts`." : all_marked(g, lacks_tls) ? lacking_tls_advice(i) "." : "the peer's log at that time for client " printable(local_of[i]) (waits_for_ever(g) ? "; `SOCKSHIM_RECV_TIMEOUT=30s` gives up sooner." : ", and `journalctl -k` there."))
    add_figure(n, "connections", group_size[g])
    add_figure(n, "wait_ms", group_least[g])
    if (others)
        add_figure(n, "others", others)
}

# By its port the server is to speak first.
function is_before_greeting(i) {
    return greets(peer_of[i]) && value_is_zero(rx_of[i])
}

# Whoever was still in a receive after a minute has set itself no limit.
function waits_for_ever(g) {
    return group_least[g] >= 60000 && is_receive(group_first[g])
}
