# getaddrinfo failed: `name` was asked for, `error` is the EAI_ error, `waited_ms` how long it took.

function find_name_not_resolved(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] == "name-not-resolved")
            put_in_group(prog_of[i] SUBSEP asked_of[i] SUBSEP error_of[i], i, waited_of[i] + 0)
    for (g = 1; g <= groups; g++)
        tell_name_not_resolved(g)
}

function tell_name_not_resolved(g,    i, n, part, error, is_temporary) {
    i = group_first[g]
    split(group_key[g], part, SUBSEP)
    error = part[3]
    is_temporary = error == "EAI_AGAIN" || error == "EAI_FAIL"
    n = found("name-not-resolved", "error", g, \
        "The name " (part[2] == "" ? "" : printable(part[2]) " ") "could not be resolved" (error == "" ? "" : " (" error ")"), \
        spoken_prog(i) ": " tally(g, "time", "times") (group_most[g] > 0 ? ", after " spoken_range(group_least[g], group_most[g]) : "") ", first at " clock(i) ".", \
        is_temporary && group_most[g] < 500 ? "That soon: no name server is set or reached (in a container, 127.0.0.53 is none), or it refuses; the name may exist." \
            : is_temporary ? "No answer of a name server came, or none that told it; the name may well exist." \
            : "The name servers said that there is no such name, or no such address of it.", \
        is_temporary ? "ask each server of /etc/resolv.conf: `dig " (part[2] == "" ? "NAME" : printable(part[2])) " @SERVER`; `sockshim doctor -- COMMAND` tells if answers come in vain." \
            : "check its spelling, and search and ndots in /etc/resolv.conf.")
    add_figure(n, "records", group_size[g])
    add_figure(n, "ms", group_most[g])
}
