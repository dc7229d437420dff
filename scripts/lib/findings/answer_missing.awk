# The peer ended the connection instead of answering, and at no regular time.

function find_answer_missing(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && is_cut_off_waiting(i))
            put_in_group(party_of(i), i, wait_of[i])
    for (g = 1; g <= groups; g++)
        tell_answer_missing(g)
}

function tell_answer_missing(g,    i, n, time, size) {
    i = group_first[g]
    size = size_told(g)
    time = spoken_range(group_least[g] < 1 ? 1 : group_least[g], group_most[g] < 1 ? 1 : group_most[g])
    n = found("answer-missing", "warn", g, \
        spoken_peer(i) " ended " tally(g, "connection", "connections") " of " spoken_prog(i) " instead of answering", \
        time " after the request, which " (unacked_of[i] + unsent_of[i] > 0 ? "had not arrived in full" : "it had acknowledged") "; first at " clock(i) ".", \
        size != "" ? size : had_ended_before(i) ? "The peer had closed before that was sent: it was restarted, or had ended this session for its own reasons." \
            : "What worked on it died or was killed, or the peer ended the session; " (group_size[g] > 1 ? "not a fixed limit, as the times differ." : "a fixed limit would show as the same time again."), \
        size != "" ? size_advice(i) : "the peer's log at that time for client " printable(local_of[i]) (waits_for_ever(g) ? "; `SOCKSHIM_RECV_TIMEOUT=30s` gives up sooner." : ", and `journalctl -k` there."))
    add_figure(n, "connections", group_size[g])
    add_figure(n, "wait_ms", group_least[g])
}

# Whoever was still in a receive after a minute has set itself no limit.
function waits_for_ever(g) {
    return group_least[g] >= 60000 && is_receive(group_first[g])
}
