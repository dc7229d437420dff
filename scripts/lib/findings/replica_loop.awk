# A database server connects to another one as its replica, again and again. It keeps one connection
# as long as all is well, which no program with a request for each connection does.

BEGIN {
    LEAST_DROPPED = 4    # connections that the primary has ended
    LEAST_CONNECTS = 10  # where it has ended none
    SOON_AGAIN = 30000   # ms from one to the next, on average
}

function find_replica_loop() {
    find_loop_of("peer-closed")
    find_loop_of("in-progress")
}

function find_loop_of(cause,    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_of_replica(i) && cause_of[i] == cause)
            put_in_group(prog_of[i] SUBSEP pid_of[i] SUBSEP peer_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        if (comes_soon_again(g))
            tell_replica_loop(g)
}

function is_of_replica(i) {
    return is_open(i) && prog_of[i] ~ /^(redis-server|valkey-server|mysqld|mariadbd)$/ && side_of[i] == "connected" && peer_of[i] ~ /:[0-9]+$/
}

function comes_soon_again(g,    i) {
    i = group_first[g]
    if ((group_most[g] - group_least[g]) / group_size[g] > SOON_AGAIN)
        return 0
    if (cause_of[i] == "peer-closed")
        return group_size[g] >= LEAST_DROPPED
    return group_size[g] >= LEAST_CONNECTS && would_be_there(log_of[i], RANK["info"], "peer-closed") && !has_other_ends(i)
}

# A connect that failed, or a connection that the peer has ended; one that went well has no record.
function has_other_ends(i,    k) {
    for (k = 1; k <= kept_count; k++)
        if (peer_of[k] == peer_of[i] && prog_of[k] == prog_of[i] && cause_of[k] != "in-progress" && (cause_of[k] == "peer-closed" || level_of[k] >= RANK["warn"]))
            return 1
    return 0
}

function tell_replica_loop(g,    i, n, dropped, is_redis, time) {
    i = group_first[g]
    dropped = cause_of[i] == "peer-closed"
    is_redis = prog_of[i] ~ /^(redis|valkey)/
    time = " in " spoken(group_most[g] - group_least[g])
    n = found("replica-loop", "warn", g, \
        dropped ? spoken_peer(i) " ends one connection of " spoken_prog(i) " (a replica?) after the other" : spoken_prog(i) " (a replica?) connects to " spoken_peer(i) " again and again", \
        dropped ? tally(g, "connection", "connections") time ", each ended in order (FIN)." : tally(g, "connect", "connects") time "; none failed, and " spoken_peer(i) " ended none first.", \
        dropped ? "The primary's decision, or a proxy's (" (is_redis ? "an output buffer limit?" : "a server_id used twice, a binary log that is gone?") "), not the network's." \
            : "The replica itself gives up, as after an answer that refuses it (" (is_redis ? "NOAUTH: masterauth" : "a user or password") ").", \
        "its log and the primary's at " clock(group_last[g]) "; `sockshim explain replication`.")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "ms", sprintf("%.0f", group_most[g] - group_least[g]) + 0)
}
