# A client that does not read is dropped by its server: on the server's side there is
# something left that could not be sent; on the client's, a stream that stood still.

BEGIN {
    LEAST_STREAM = 65536 # bytes received that make it a stream
    LEAST_STILL = 1000 # ms
}

function find_slow_reader(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (cause_of[i] == "would-block" && unsent_of[i] > 0)
            full_at[connection_of(i)] = written(i)
        else if (is_open(i) && peer_did_not_read(i))
            put_in_group("server" SUBSEP party_of(i), i, unsent_of[i])
        else if (is_open(i) && was_cut_off_behind(i))
            put_in_group("client" SUBSEP party_of(i), i, rx_of[i])
    for (g = 1; g <= groups; g++)
        if (group_key[g] ~ /^server/)
            tell_peer_does_not_read(g)
        else
            tell_cut_off_behind(g)
}

function peer_did_not_read(i) {
    if (type_of[i] !~ /tcp/ || !(unsent_of[i] > 0))
        return 0
    if (cause_of[i] ~ /^(timeout|connection-timed-out)$/)
        return blocked_of[i] == "window"
    if (cause_of[i] == "gave-up-sending")
        return unacked_of[i] == 0 && is_cut_short(i)
    return cause_of[i] == "reset-by-own-close" && side_of[i] == "accepted"
}

# What the program has written in all, as far as the kernel has taken it.
function written(i) {
    return tx_of[i] + unacked_of[i] + unsent_of[i]
}

# A close right after the last write to a slow reader is no fault: the kernel sends the
# rest. But a write that had found no room was not made up for, or nothing went out for
# long before.
function is_cut_short(i) {
    return (connection_of(i) in full_at) && full_at[connection_of(i)] == written(i) || sent_of[i] >= LEAST_STILL
}

# Data still came when it stood still, it was not this side's turn, and the reset was
# found by reading on.
function was_cut_off_behind(i) {
    return cause_of[i] == "peer-reset" && side_of[i] == "connected" && due_of[i] != "" && !due_of[i] && \
        rx_of[i] >= LEAST_STREAM && rx_of[i] > 100 * tx_of[i] && idle_of[i] >= 500 && call_of[i] ~ /^(recv|read|__re)/
}

function tell_peer_does_not_read(g,    i, n, is_ours) {
    i = group_first[g]
    is_ours = cause_of[i] ~ /^(reset-by-own-close|gave-up-sending)$/
    n = found("slow-reader", "warn", g, \
        (side_of[i] == "accepted" ? "Clients of " spoken_prog(i) " do" : spoken_peer(i) " does") " not read, and " (is_ours ? spoken_prog(i) " drops them" : "the connection is given up"), \
        tally(g, "connection", "connections") "; " spoken_range_bytes(g) " could not be sent, first to " spoken_peer(i) " at " clock(i) ".", \
        "Its host acknowledges, that program does not read: it is not the network." (cause_of[i] == "gave-up-sending" ? " It gets a part." : ""), \
        side_of[i] == "accepted" ? "look there: a proxy waits for its own slow client (nginx: proxy_max_temp_file_size 0)." \
            : "look at what the server does instead of reading: Recv-Q of `ss -tnp` there.")
    add_figure(n, "unsent", group_most[g])
    add_figure(n, "connections", group_size[g])
}

function spoken_range_bytes(g) {
    return group_least[g] == group_most[g] ? spoken_bytes(group_most[g]) : thousands(group_least[g]) " to " spoken_bytes(group_most[g])
}

function tell_cut_off_behind(g,    i, n) {
    i = group_first[g]
    n = found("slow-reader", "warn", g, \
        spoken_peer(i) " cuts " spoken_prog(i) " off in the middle of its data", \
        tally(g, "connection", "connections") "; after " spoken_range_bytes(g) " nothing came for " spoken(idle_of[i]) ", then the reset at " clock(i) ".", \
        spoken_prog(i) " read too slowly and was dropped (" its_limit(peer_of[i]) "), the server hung and died, or a NAT in between ended it.", \
        "is Recv-Q of `ss -tn` full meanwhile? Read faster.")
    add_figure(n, "rx", group_most[g])
    add_figure(n, "connections", group_size[g])
}

# What a server of that port calls its limit for clients that do not read.
function its_limit(address) {
    return port_of(address) == 3306 ? "net_write_timeout" : port_of(address) == 6379 ? "client-output-buffer-limit" : "an output buffer limit, a send timeout"
}
