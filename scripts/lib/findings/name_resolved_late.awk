# getaddrinfo or one of its relatives took a second or more: `name` was asked for, `waited_ms` how long it took.

function find_name_resolved_late(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] == "name-resolved-late")
            put_in_group(prog_of[i] SUBSEP call_of[i], i, waited_of[i] + 0)
    for (g = 1; g <= groups; g++)
        if (is_reverse(group_first[g]))
            tell_reverse("name-resolved-late", g)
        else
            tell_name_resolved_late(g)
}

# glibc waits 5 s for a name server, unless resolv.conf says otherwise (RES_TIMEOUT).
function is_resolvers_wait(ms) {
    return ms >= 4900 && ms % 5000 <= 400
}

# Several times, after the same whole seconds: resolv.conf's timeout is in seconds.
function is_timer(g) {
    return group_size[g] > 1 && group_most[g] - group_least[g] <= 100 && group_least[g] % 1000 <= 100
}

function tell_name_resolved_late(g,    i, n, name) {
    i = group_first[g]
    name = asked_of[i] == "" ? "NAME" : printable(asked_of[i])
    n = found("name-resolved-late", "warn", g, \
        spoken_prog(i) " waits " spoken_range(group_least[g], group_most[g]) " for names to be resolved", \
        tally(g, "time", "times") ", first " (asked_of[i] == "" ? "" : "for " name " ") "at " clock(i) ".", \
        is_resolvers_wait(group_least[g]) || is_timer(g) ? "The resolver's time limit: a question was not answered. A server is silent, or of A and AAAA one is lost." \
            : "The name servers, or another source of names, are slow.", \
        "if `RES_OPTIONS=single-request-reopen getent ahosts " name "` is quick, that option; else `dig @SERVER`, each one.")
    add_figure(n, "records", group_size[g])
    add_figure(n, "ms", group_most[g])
}
