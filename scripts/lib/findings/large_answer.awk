# One client breaks off, as soon as this server has answered, the connections with larger answers
# alone: those with smaller ones it ends in order. So it is the size that it does not take, as a
# proxy does whose buffer for an answer's header is too small (ngx_http_upstream_process_header()
# reads no more of it), and its own client gets 502.

BEGIN {
    LEAST_HEADER = 4096 # bytes: the least buffer of a proxy for a header
    MOST_WHOLE_HEADER = 65536 # bytes: the largest that is usual
    MOST_QUESTION = 16384 # bytes: one request, not many
}

function find_large_answer(    i, g, key, least, most, broken) {
    begin_groups()
    for (i = 1; i <= kept_count; i++) {
        key = host_of(peer_of[i]) SUBSEP prog_of[i] SUBSEP machine_of[i]
        if (leader_of[i] != i || side_of[i] != "accepted" || !(tx_of[i] > 0))
            continue
        if (cause_of[i] == "peer-closed" && tx_of[i] > most[key])
            most[key] = tx_of[i] # taken, and ended in order
        else if (cause_of[i] ~ /^(peer-reset|write-after-close)$/ || ends_at_answer(i)) {
            if (!(key in least) || tx_of[i] < least[key])
                least[key] = tx_of[i]
            broken[key] = broken[key] || !ends_at_answer(i) || tx_of[i] > MOST_WHOLE_HEADER || rx_of[i] > MOST_QUESTION
            if (is_open(i))
                put_in_group(key, i, tx_of[i])
        }
    }
    for (g = 1; g <= groups; g++) {
        key = group_key[g]
        if (group_size[g] > 1 && !broken[key] && most[key] > 0 && most[key] < least[key] && least[key] >= LEAST_HEADER && are_apart(g))
            tell_large_answer(g, most[key])
    }
}

# A client that ends itself breaks off all that it has at once.
function are_apart(g) {
    return at_of[group_last[g]] - at_of[group_first[g]] > 100
}

function tell_large_answer(g, taken,    i, n) {
    i = group_first[g]
    n = found("large-answer", "info", g, \
        printable(host_of(peer_of[i])) " breaks off " spoken_prog(i) "'s larger answers, and takes the smaller ones", \
        tally(g, "connection", "connections") " at " printable(local_of[i]) ", first at " clock(i) ", at once after " spoken_bytes(group_least[g]) " or more; what ended in order had at most " spoken_bytes(taken) ".", \
        "So does a proxy for which an answer's header (cookies) is too large; it says 502.", \
        "its error log; nginx: proxy_buffer_size; `sockshim explain answer-header`.")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "least", group_least[g])
    add_figure(n, "taken", taken)
}

# A client that has enough may reset, and whatever stands in between, in its name; a proxy that cannot
# take the header of an answer does, too.
function note_of_large_answers(    i, g, n) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (side_of[i] == "accepted" && leader_of[i] == i && ends_at_answer(i))
            put_in_group(host_of(peer_of[i]) SUBSEP prog_of[i], i, tx_of[i])
    for (g = 1; g <= groups; g++)
        if (group_size[g] > 1 && group_least[g] >= LEAST_HEADER && (!n || group_size[g] > group_size[n]))
            n = g
    if (!n)
        return ""
    i = group_first[n]
    return " " printable(host_of(peer_of[i])) " ended " tally(n, "connection", "connections") " while " spoken_prog(i) " answered, or right after, first at " clock(i) ", each with " spoken_bytes(group_least[n]) \
        " or more. Clients that have enough do so; " (group_least[n] <= MOST_WHOLE_HEADER ? "but if a proxy there says 502, the answers' headers are too large for it (nginx: proxy_buffer_size; sockshim explain answer-header)." \
            : "but if they complain of a reset themselves, something in between did it (a NAT, a firewall): sockshim report with a log of theirs as well tells.")
}

# Ended by the client, not in order: the program had still wanted to end it itself.
function ends_at_answer(i) {
    return rx_of[i] > 0 && sent_of[i] != "" && sent_of[i] < 100 && (cause_of[i] ~ /^(peer-reset|write-after-close)$/ || cause_of[i] == "not-connected" && call_of[i] == "shutdown" && state_of[i] == "CLOSE")
}
