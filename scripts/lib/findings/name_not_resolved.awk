# getaddrinfo or gethostbyname failed: `name` is what was asked for, `error` the EAI_ error or that of
# h_errno, `waited_ms` how long it took.
# Or getnameinfo or gethostbyaddr, where `name` is the address: what fails soon there, as most do, is of level info.

function find_name_not_resolved(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && cause_of[i] == "name-not-resolved" && level_of[i] >= RANK["warn"] && !(is_reverse(i) && waited_of[i] < 100))
            put_in_group(prog_of[i] SUBSEP (is_reverse(i) ? "" : asked_of[i]) SUBSEP meaning_of_error(error_of[i]) lacks_descriptors(i) SUBSEP is_reverse(i), i, waited_of[i] + 0)
    for (g = 1; g <= groups; g++)
        if (is_reverse(group_first[g]))
            tell_reverse("name-not-resolved", g)
        else
            tell_name_not_resolved(g)
}

# The name of an address was asked for.
function is_reverse(i) {
    return call_of[i] ~ /^(getnameinfo|gethostbyaddr)$/
}

# The record says so. Not where the C library could not even begin to look.
function is_own_name(i) {
    return why_of[i] ~ /name of this host itself/ && why_of[i] !~ /could not look it up/ && error_of[i] ~ /^(EAI_(NONAME|NODATA|AGAIN|FAIL)|HOST_NOT_FOUND|NO_DATA|TRY_AGAIN|NO_RECOVERY)$/
}

# What an error says: that no name server gave an answer, or one that is none, that it was this host
# that could not look, that the name has no such address, or that it is not known.
function meaning_of_error(error) {
    return error ~ /^(EAI_AGAIN|TRY_AGAIN)$/ ? "unanswered" : error ~ /^(EAI_FAIL|NO_RECOVERY)$/ ? "refused" : error ~ /^(EAI_SYSTEM|EAI_MEMORY|NETDB_INTERNAL)$/ ? "here" \
        : error ~ /^(EAI_NODATA|NO_DATA)$/ ? "without" : "unknown"
}

# As the record says: EMFILE is the process's own limit.
function lacks_descriptors(i) {
    return meaning_of_error(error_of[i]) == "here" && why_of[i] ~ /Too many open files\.$/
}

# libuv makes look-ups in at most half of its threads, of which there are four unless UV_THREADPOOL_SIZE says
# otherwise (UV__WORK_SLOW_IO in src/threadpool.c): whether two of these took all of them, and long.
function holds_lookups_up(g,    n, member, k, i, until) {
    if (group_most[g] < 1000 || site_of[group_first[g]] !~ /^(node|libuv[^+]*)\+/)
        return 0
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++) {
        i = member[k] + 0
        if (at_of[i] - waited_of[i] < until[machine_of[i], pid_of[i]])
            return 1
        until[machine_of[i], pid_of[i]] = at_of[i]
    }
    return 0
}

function tell_name_not_resolved(g,    i, n, part, error, means, name, holds_up) {
    i = group_first[g]
    holds_up = holds_lookups_up(g)
    split(group_key[g], part, SUBSEP)
    error = error_of[i]
    means = meaning_of_error(error)
    name = part[2] == "" ? "NAME" : printable(part[2])
    n = found("name-not-resolved", "error", g, \
        "The name " (part[2] == "" ? "" : printable(part[2]) " ") "could not be resolved" (error == "" ? "" : " (" error (lacks_descriptors(i) ? ": EMFILE" : "") ")"), \
        spoken_prog(i) ": " tally(g, "time", "times") (group_most[g] > 0 ? ", after " spoken_range(group_least[g], group_most[g]) : "") ", first at " clock(i) ".", \
        is_own_name(i) ? "It is the name of this host itself, as after it was renamed or cloned, or in a container: no name server has to know it, /etc/hosts does." \
            : means == "unanswered" && group_most[g] < 500 ? "That soon: no name server is set or reached (in a container, 127.0.0.53 is none), each refuses or fails (SERVFAIL), or an answer is too long for UDP and TCP to port 53 is refused." \
            : means == "unanswered" && holds_up ? "No usable answer came. Node (libuv) makes 2 look-ups at a time: those of all other names wait behind these." \
            : means == "unanswered" ? "No name server gave an answer that could be used; the name may well exist." \
            : means == "refused" ? "A name server answered with an error, or no source of names could be asked; the name may well exist." \
            : lacks_descriptors(i) ? "Neither the name nor its servers: " spoken_prog(i) " has used up its descriptors (\"Too many open files\"), and the look-up needs one." \
            : means == "here" ? "The look-up itself failed on this host, which says nothing about the name: its record has the errno." \
            : means == "without" ? "The name exists, but has no address of the kind that was asked for: it may have IPv6 alone, or IPv4 alone." \
            : "No source of names that was asked (/etc/hosts, name servers) knows it, or has such an address of it.", \
        is_own_name(i) ? "`127.0.1.1 " printable(part[2]) "` into /etc/hosts (`getent hosts " printable(part[2]) "` answers then); `sockshim explain own-name`." \
            : means == "unanswered" && group_most[g] < 500 ? "`dig " name " @SERVER`, each of resolv.conf, shows which." \
            : means == "unanswered" && holds_up ? "`dig " name " @SERVER`, each of resolv.conf; `UV_THREADPOOL_SIZE=64` lets others pass." \
            : means == "unanswered" ? "ask each server of /etc/resolv.conf: `dig " name " @SERVER`; `sockshim doctor -- COMMAND` tells if answers come in vain." \
            : means == "refused" ? "`dig " name " @SERVER` for each server of /etc/resolv.conf; the hosts line of /etc/nsswitch.conf." \
            : lacks_descriptors(i) ? "`sockshim doctor PID` while it runs says what they are: what grows is not closed; else raise `ulimit -n`." \
            : means == "here" ? "its limits (descriptors, memory); the hosts line of /etc/nsswitch.conf, and whether the modules (libnss_*) of its sources are installed." \
            : means == "without" ? "`dig " name " A` and `dig " name " AAAA` show which it has; add the other, or let the program use both." \
            : "check its spelling, search and ndots in /etc/resolv.conf; does the hosts line of /etc/nsswitch.conf name dns?")
    add_figure(n, "records", group_size[g])
    add_figure(n, "ms", group_most[g])
}

# Of a group of those.
function tell_reverse(kind, g,    i, n, gave_up) {
    i = group_first[g]
    gave_up = clients_given_up(g)
    n = found(kind, "warn", g, \
        spoken_prog(i) " waits " spoken_range(group_least[g], group_most[g]) " to look up the names of addresses", \
        tally(g, "time", "times") ", first for " (asked_of[i] == "" ? "one" : printable(asked_of[i])) " at " clock(i) "." \
            (gave_up ? " " counted(gave_up, "client", "clients") " gave up meanwhile, without a word from it." : ""), \
        (gave_up ? "It greets nobody before that: " : "If they are its clients', these wait as long: ") (is_resolvers_wait(group_least[g]) ? "the resolver waits 5 s for a name server that is silent." \
            : "its name servers are slow or silent."), \
        "`dig -x " (asked_of[i] == "" ? "ADDRESS" : printable(asked_of[i])) " @SERVER`, each of /etc/resolv.conf; or do without names (skip-name-resolve, UseDNS no, log_hostname off).")
    add_figure(n, "records", group_size[g])
    add_figure(n, "ms", group_most[g])
    if (gave_up)
        add_figure(n, "clients", gave_up)
    claim_given_up(g, n)
}

# Clients of these addresses that ended and had been told nothing, as they say or their server does.
function clients_given_up(g,    n, member, k, j, client, seen, count) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        if (peer_of[member[k]] != "")
            asked_about[g, peer_of[member[k]]] = 1
    for (j = 1; j <= kept_count; j++) {
        client = was_mute(j) ? local_of[j] : began_late(j) ? peer_of[j] : ""
        if (client == "" || !is_open(j) || !((g, client) in asked_about))
            continue
        given_up[g, j] = 1
        count += !seen[client]++
    }
    return count + 0
}

function claim_given_up(g, mark,    j) {
    for (j = 1; j <= kept_count; j++)
        if ((g, j) in given_up) {
            claimed[j] = mark
            delete given_up[g, j]
        }
}
