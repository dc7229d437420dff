# getaddrinfo or getnameinfo took a second or more: `name` was asked for, `waited_ms` how long it took.

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

function tell_name_resolved_late(g,    i, n, name) {
    i = group_first[g]
    name = asked_of[i] == "" ? "NAME" : printable(asked_of[i])
    n = found("name-resolved-late", "warn", g, \
        spoken_prog(i) " waits " spoken_range(group_least[g], group_most[g]) " for names to be resolved", \
        tally(g, "time", "times") ", first " (asked_of[i] == "" ? "" : "for " name " ") "at " clock(i) ".", \
        is_resolvers_wait(group_least[g]) ? "The resolver waits 5 s for a name server that does not answer, then asks the next." \
            : "The name servers, or another source of names, are slow.", \
        "ask each server of /etc/resolv.conf: `dig " name " @SERVER`; remove one that does not answer.")
    add_figure(n, "records", group_size[g])
    add_figure(n, "ms", group_most[g])
}
