# The process, or the system, has as many descriptors open as it may.

function find_descriptor_limit(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] == "descriptor-limit")
            put_in_group(prog_of[i] SUBSEP error_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_descriptor_limit(g)
}

function tell_descriptor_limit(g,    i, n, limit, lasted, is_system, is_accept) {
    i = group_first[g]
    limit = limit_of[i] + 0
    lasted = group_most[g] - group_least[g]
    is_system = error_of[i] == "ENFILE"
    is_accept = call_of[i] ~ /^accept/
    n = found("descriptor-limit", "error", g, \
        is_system ? "The whole system has run out of open files (fs.file-max)" : spoken_prog(i) " has reached its limit of open descriptors" (limit ? ": " limit : ""), \
        tally(g, "call", "calls") " of " call_of[i] " failed" (lasted >= 1000 ? " within " spoken(lasted) : "") ", the first at " clock(i) ".", \
        is_accept ? "New clients wait unanswered; the network is not the cause." \
            : "Until it closes one it cannot open another; the network is not the cause.", \
        is_system ? "find out what holds them: `lsof | awk '{ print $1 }' | sort | uniq -c | sort -n | tail`." \
            : "raise it (`ulimit -n`, LimitNOFILE=); mend a leak if `ls /proc/" printable(pid_of[i]) "/fd | wc -l` only grows" \
            (is_accept ? "; `SOCKSHIM_ACCEPT=careful` keeps a server alive." : "."))
    add_figure(n, "limit", limit)
    add_figure(n, "records", group_size[g])
}
