# A process connects to a port that it serves itself, and waits: a proxy whose upstream is
# its own address, or a server with one worker that asks itself. Each such connection takes
# two of its descriptors.

function find_waits_for_itself(    i, g, key, waited) {
    note_own_ports()
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && is_own_port(i) && ((waited = waited_in_vain(i)) || ended_at_the_limit(i))) {
            key = prog_of[i] SUBSEP peer_of[i]
            put_in_group(key, i, deadline_of(i))
            if (waited)
                has_waited[key] = 1
        }
    for (g = 1; g <= groups; g++)
        if (group_key[g] in has_waited || is_a_loop(g))
            tell_waits_for_itself(g)
}

function note_own_ports(    i) {
    for (i = 1; i <= kept_count; i++) {
        if (type_of[i] ~ /tcp/ && (side_of[i] == "accepted" || call_of[i] ~ /^accept/) && port_of(local_of[i]))
            is_served[machine_of[i], pid_of[i], port_of(local_of[i])] = 1
        if (is_own_limit(i))
            limit_reached[machine_of[i], pid_of[i]] = limit_of[i] + 0
    }
}

# By the same process: another one of that name may be another server.
function is_own_port(i) {
    return side_of[i] != "accepted" && type_of[i] ~ /tcp/ && local_of[i] != "" && host_of(local_of[i]) == host_of(peer_of[i]) \
        && (machine_of[i], pid_of[i], port_of(peer_of[i])) in is_served
}

function waited_in_vain(i) {
    return cause_of[i] ~ /^(gave-up-waiting|gave-up-connecting|connect-timed-out|closed-unanswered)$/ || cause_of[i] == "timeout" && what_for(i) != "accept" || aborts_waiting(i)
}

# Where the last descriptor was wanted for one more connection, and not to accept one, the
# program refuses that request, and its refusal comes back through all the others.
function ended_at_the_limit(i) {
    return cause_of[i] == "peer-closed" && limit_reached[machine_of[i], pid_of[i]]
}

# Each connection takes two of the limit's descriptors.
function is_a_loop(g) {
    return group_size[g] * 4 >= limit_of_group(g) && limit_of_group(g) > 0
}

function limit_of_group(g) {
    return limit_reached[machine_of[group_first[g]], pid_of[group_first[g]]] + 0
}

function tell_waits_for_itself(g,    i, n, limit, name, size, tells) {
    i = group_first[g]
    size = group_size[g]
    tells = tally(g, "connection", "connections") " to " spoken_peer(i)
    limit = is_a_loop(g) ? limit_of_group(g) : 0
    name = named_of[i] == "" ? "" : printable(named_of[i])
    tells = tells (name == "" ? "" : " (" name ")") (group_key[g] in has_waited ? " got no answer" : " came from itself") ", the first at " clock(i) "."
    if (limit)
        take_descriptor_limit(g)
    take_other_ends(g)
    n = found("waits-for-itself", limit ? "error" : "warn", g, \
        spoken_prog(i) " waits for itself: it serves port " port_of(peer_of[i]) ", and connects to it", tells, \
        limit ? "Each takes two descriptors, until its limit of " limit ": a loop, if what it asks there comes back to it." \
            : "While it waits it cannot answer, unless another worker is free.", \
        "correct that address" (name == "" ? "" : " (`getent hosts " name "`)") (limit ? "; a higher limit does not help." : "; if it has to ask itself, give it more workers."))
    add_figure(n, "records", size)
    if (limit)
        add_figure(n, "limit", limit)
}

# What the same process was told at the other end of those connections.
function take_other_ends(g,    n, member, j, is_end) {
    n = split(group_members[g], member, " ")
    for (j = 1; j <= n; j++)
        is_end[pid_of[member[j]], machine_of[member[j]], peer_of[member[j]], local_of[member[j]]] = 1
    for (j = 1; j <= kept_count; j++)
        if (is_open(j) && local_of[j] != "" && peer_of[j] != "" && (pid_of[j], machine_of[j], local_of[j], peer_of[j]) in is_end)
            put_in_group(group_key[g], j, group_least[g])
}

function take_descriptor_limit(g,    j) {
    for (j = 1; j <= kept_count; j++)
        if (is_open(j) && is_limit_of(j, group_first[g]))
            put_in_group(group_key[g], j, group_least[g])
}

function is_limit_of(j, i) {
    return is_own_limit(j) && pid_of[j] == pid_of[i] && machine_of[j] == machine_of[i]
}

# The process's own, and not the whole system's.
function is_own_limit(i) {
    return cause_of[i] == "descriptor-limit" && error_of[i] != "ENFILE"
}
