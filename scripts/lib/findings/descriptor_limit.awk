# The process, or the system, has as many descriptors open as it may.

BEGIN {
    LEAST_ENDED = 10
    LEAST_SPINS = 50 # a second
}

function find_descriptor_limit(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] == "descriptor-limit")
            put_in_group(prog_of[i] SUBSEP error_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_descriptor_limit(g)
}

# At an accept that found nobody: its listener does not wait, and nobody may wait for it.
function note_polled_accept() {
    if (line ~ /[" ]call[=":]+accept/ && polls_accept_count < MOST_KEYS && !(prog_in_head() in polls_accept)) {
        polls_accept[prog_in_head()] = 1
        polls_accept_count++
    }
}

function prog_in_head() {
    return substr(head, index(head, " prog=") + 6)
}

# How many connections their peers had ended, each on a descriptor of its own, before record
# I: as numbers are given out from the lowest on, whoever closes uses them again. 0 if one was.
function never_closed(i,    j, held_by, n) {
    for (j = 1; j < i; j++) {
        if (pid_of[j] != pid_of[i] || machine_of[j] != machine_of[i] || fd_of[j] == "" || fd_of[j] == fd_of[i] || peer_of[j] == "")
            continue
        if (fd_of[j] in held_by && held_by[fd_of[j]] != peer_of[j])
            return 0
        if (fd_of[j] in held_by)
            continue
        held_by[fd_of[j]] = peer_of[j]
        if (cause_of[j] == "peer-closed" && state_of[j] == "CLOSE_WAIT")
            n += kept_for[j]
    }
    return n + 0
}

function descriptor_advice(i, leaks, is_accept) {
    if (leaks)
        return "let it close when its peer has: `ss -tnp state close-wait`. A higher limit only delays it."
    return "raise it (`ulimit -n`, LimitNOFILE=); mend a leak if `ls /proc/" printable(pid_of[i]) "/fd | wc -l` only grows" \
        (is_accept && !(prog_of[i] in polls_accept) ? "; `SOCKSHIM_ACCEPT=careful` waits instead of failing." : ".")
}

function tell_descriptor_limit(g,    i, n, limit, lasted, is_system, is_accept, ended, leaks) {
    i = group_first[g]
    limit = limit_of[i] + 0
    lasted = group_most[g] - group_least[g]
    is_system = error_of[i] == "ENFILE"
    is_accept = call_of[i] ~ /^accept/
    ended = never_closed(i)
    leaks = !is_system && ended >= LEAST_ENDED && ended >= limit / 2
    n = found("descriptor-limit", "error", g, \
        is_system ? "The whole system has run out of open files (fs.file-max)" : spoken_prog(i) " has reached its limit of open descriptors" (limit ? ": " limit : ""), \
        tally(g, "call", "calls") " of " call_of[i] " failed" (lasted >= 1000 ? " within " spoken(lasted) : "") ", the first at " clock(i) ".", \
        leaks ? "A leak, it seems: peers ended " (is_sampled ? "about " : "") thousands(ended) " connections, and it used none of their descriptors again." \
            : is_accept ? "New clients wait unanswered" (group_size[g] >= LEAST_SPINS && group_size[g] * 1000 >= LEAST_SPINS * lasted ? ", and its loop spins" : "") "; the network is not the cause." \
            : "Until it closes one it cannot open another; the network is not the cause.", \
        is_system ? "find out what holds them: `lsof | awk '{ print $1 }' | sort | uniq -c | sort -n | tail`." \
            : descriptor_advice(i, leaks, is_accept))
    if (leaks)
        add_figure(n, "never_closed", ended)
    add_figure(n, "limit", limit)
    add_figure(n, "records", group_size[g])
}
