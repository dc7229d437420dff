# A server that is a client as well, such as a proxy, closes what it reads from behind it in
# the middle, with more of it here: it gives the answer up by itself. If its own client has
# left before, there is a record of that, mostly.

BEGIN {
    LEAST_TAKEN = 65536 # bytes; a health check takes no more
    LATEST_LEAVE = 1000 # ms
}

function find_breaks_off_upstream(    i, g, serves, left) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (side_of[i] == "accepted")
            serves[machine_of[i], pid_of[i]] = 1
    for (i = 1; i <= kept_count; i++) {
        if (side_of[i] == "accepted" && cause_of[i] !~ /^(would-block|in-progress)$/)
            left[machine_of[i], pid_of[i]] = at_of[i]
        if (is_open(i) && (machine_of[i], pid_of[i]) in serves && leaves_while_flowing(i) && !left_lately(i, left[machine_of[i], pid_of[i]]))
            put_in_group(party_of(i), i, unread_of[i])
    }
    for (g = 1; g <= groups; g++)
        if (group_size[g] > 1)
            tell_breaks_off_upstream(g)
}

# Another client may have left then: it is not counted, rather than wrongly.
function left_lately(i, at) {
    return at != "" && at_of[i] - at < LATEST_LEAVE && !is_from_before(i, at)
}

# What ended before this connection asked for anything is not why it is given up.
function is_from_before(i, at) {
    return sent_of[i] != "" && at < at_of[i] - sent_of[i] - 4
}

function leaves_while_flowing(i) {
    return cause_of[i] == "reset-by-own-close" && side_of[i] == "connected" && unread_of[i] > 0 && idle_of[i] != "" && idle_of[i] <= 100 \
        && rx_of[i] - unread_of[i] >= LEAST_TAKEN
}

function tell_breaks_off_upstream(g,    i, n) {
    i = group_first[g]
    n = found("breaks-off-upstream", "warn", g, \
        spoken_prog(i) " itself breaks off what " spoken_peer(i) " sends it, in the middle", \
        tally(g, "time", "times") ", first at " clock(i) ", after " spoken_bytes(rx_of[i] - unread_of[i]) ", with " spoken_bytes(unread_of[i]) " more here.", \
        "So its client gets a part only. The reason is in " spoken_prog(i) " (or that client left first).", \
        "its error log at " clock(i) ": temporary files (disk full? permissions? nginx: proxy_temp_path), a limit of size.")
    add_figure(n, "times", group_size[g])
    add_figure(n, "unread", unread_of[i])
}
