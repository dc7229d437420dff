# Several processes of a program use one connection: it was opened before they were forked, as
# a pool's workers are, and each takes for its own what was meant for another.

BEGIN {
    SAME_MOMENT = 25 # ms: two ticks of the kernel's clock, and a little
}

function find_shared_connection(    i, g, key, turn, heard) {
    begin_groups()
    for (i = 1; i <= kept_count; i++) {
        if (!learns_of_an_end(i))
            continue
        key = machine_of[i] SUBSEP prog_of[i] SUBSEP local_of[i] SUBSEP peer_of[i]
        # A later connection from the same port had its last data at another time.
        if (!(key in heard) || at_of[i] - idle_of[i] - heard[key] > SAME_MOMENT || heard[key] - at_of[i] + idle_of[i] > SAME_MOMENT)
            turn[key]++
        heard[key] = at_of[i] - idle_of[i]
        put_in_group(key SUBSEP turn[key], i, 0)
    }
    for (g = 1; g <= groups; g++)
        if (processes_of(g) > 1)
            tell_shared_connection(g)
}

# A worker that only closes what it inherited does not use it.
function learns_of_an_end(i) {
    return side_of[i] == "connected" && type_of[i] ~ /tcp/ && idle_of[i] != "" && call_of[i] ~ /recv|read|send|write/ \
        && cause_of[i] ~ /^(peer-reset|peer-closed|closed-unanswered|closed-after-error|write-after-close|connection-timed-out)$/
}

# Their number; shared_by is a list of them.
function processes_of(g,    n, member, k, seen, count) {
    shared_by = ""
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        if (!seen[pid_of[member[k]]]++ && ++count <= 4)
            shared_by = shared_by (shared_by == "" ? "" : ", ") printable(pid_of[member[k]])
    if (count > 4)
        shared_by = shared_by " and others"
    return count + 0
}

function tell_shared_connection(g,    i, n, count) {
    i = group_first[g]
    count = processes_of(g)
    n = found("shared-connection", "warn", g, \
        count " processes of " spoken_prog(i) " use one and the same connection to " spoken_peer(i), \
        "From " printable(local_of[i]) ", at " clock(i) ": processes " shared_by ".", \
        "What is opened before a fork is shared: each process takes what was meant for another (TLS: bad record mac; EOF).", \
        "let each process open a connection of its own, after the fork (a pool's initializer, a post-fork hook).")
    add_figure(n, "processes", count)
    add_figure(n, "records", group_size[g])
}
