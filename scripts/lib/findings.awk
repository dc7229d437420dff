# Findings: patterns in the records, what they mean for this program, and what to do.
# After words.awk. A kind is a file of its own in findings/, and a call in find_all().
#
# A kind looks at the records that are kept, numbered 1 to kept_count in the order of
# their time: cause_of[i], peer_of[i] and so on (kept.awk). It puts those that it explains
# into groups and makes a finding of each. What a finding has claimed no later kind
# sees: those that say most stand first in find_all().
#
# A view has findings as data: finding_count, and by number, the worst being 1,
# finding_kind, finding_level, finding_prog, finding_progs (others, a line each), finding_side, finding_peer,
# finding_others (a line each), finding_places (a line each: host, tab, unit), finding_records, finding_first, finding_last, finding_title, finding_evidence, finding_meaning, finding_advice;
# and finding_figures, a list of names with blanks between them, whose values are in
# finding_figure[number, name].

# The order: what explains most before what explains less.
function find_all() {
    find_nothing_wrong()
    find_waits_for_itself()
    find_both_sides()
    find_shared_connection()
    find_name_not_resolved()
    find_name_resolved_late()
    find_descriptor_limit()
    find_accept_failed()
    find_ports_used_up()
    find_dropped_here()
    find_bad_peer()
    find_message_not_sent()
    find_mtu()
    find_tls_refused()
    find_answer_unread()
    find_slow_reader()
    find_replica_loop()
    find_ended_before()
    find_idle_timeout()
    find_time_limit()
    find_nothing_behind()
    find_answer_missing()
    find_peer_gone()
    find_address_family()
    find_interrupted()
    find_late_greeting()
    find_never_spoke()
    find_own_deadline()
    find_started_later()
    find_retry_storm()
    find_not_reached()
    find_other_protocol()
    find_family_refused()
    find_own_reset()
    find_broken_off()
    find_both_wait()
    find_ended_together()
    find_closed_again()
    find_last_word()
    find_health_check()
    find_tls_left()
    find_late_answer()
    find_silent_end()
    find_cut_answer()
    find_breaks_off_upstream()
    find_large_answer()
    find_own_mistakes()
    find_disturbance()
    find_reads_on()
    find_handled()
    rank_findings()
}

# ---- Findings ----

# found(KIND, LEVEL, G, TITLE, EVIDENCE, MEANING, ADVICE): of group G, which it claims.
# Returns its number, for add_figure().
function found(kind, level, g, title, evidence, meaning, advice,    n, i) {
    n = ++finding_total
    i = group_first[g]
    new_kind[n] = kind
    new_level[n] = level
    new_prog[n] = prog_of[i]
    new_side[n] = side_of[i]
    new_peer[n] = service_of(i)
    new_records[n] = group_size[g]
    new_first[n] = ts_of[i]
    new_last[n] = ts_of[group_last[g]]
    new_title[n] = title
    new_evidence[n] = evidence
    new_meaning[n] = meaning
    new_advice[n] = advice
    new_places[n] = places_of(g)
    claim(g, n)
    return n
}

function add_figure(n, name, number) {
    new_figures[n] = new_figures[n] (new_figures[n] == "" ? "" : " ") name
    new_figure[n, name] = number
}

# Worst first: by level, then by number, then as they were found. The same with several
# peers of one program is told once, of the peer that has most; and what is a peer's with
# several programs, of the program that has most.
function rank_findings(    n, i, order) {
    merge_alike()
    merge_programs()
    for (n = 1; n <= finding_total; n++) {
        if (n in merged_into)
            continue
        for (i = ++finding_count; i > 1 && is_worse(n, order[i - 1]); i--)
            order[i] = order[i - 1]
        order[i] = n
    }
    for (i = 1; i <= finding_count; i++)
        publish(i, order[i])
}

function merge_alike(    n, key, best, i) {
    for (n = 1; n <= finding_total; n++) {
        key = new_kind[n] SUBSEP new_level[n] SUBSEP new_prog[n] SUBSEP new_side[n]
        if (!(key in best) || new_records[n] > new_records[best[key]])
            best[key] = n
    }
    for (n = 1; n <= finding_total; n++) {
        i = best[new_kind[n], new_level[n], new_prog[n], new_side[n]]
        if (n == i || new_peer[n] == new_peer[i])
            continue
        merge_into(i, n)
        new_others[i] = new_others[i] (new_others[i] == "" ? "" : "\n") new_peer[n]
    }
}

function merge_into(i, n) {
    merged_into[n] = i
    new_records[i] += new_records[n]
    if (new_first[n] < new_first[i])
        new_first[i] = new_first[n]
    if (new_last[n] > new_last[i])
        new_last[i] = new_last[n]
    new_places[i] = joined_places(new_places[i], new_places[n])
}

# Not of kinds with a time or a habit in them, which may be another program's.
function merge_programs(    n, key, best, i, shares) {
    for (n = 1; n <= finding_total; n++) {
        if (n in merged_into || new_side[n] == "accepted" || new_kind[n] !~ /^(bad-peer|refused|no-answer|unreachable|nothing-behind)$/)
            continue
        key = new_kind[n] SUBSEP new_level[n] SUBSEP new_peer[n] SUBSEP new_others[n]
        if (!(key in best) || new_records[n] > new_records[best[key]])
            best[key] = n
        shares[n] = key
    }
    for (n = 1; n <= finding_total; n++) {
        if (!(n in shares) || n == (i = best[shares[n]]))
            continue
        merge_into(i, n)
        new_progs[i] = new_progs[i] (new_progs[i] == "" ? "" : "\n") new_prog[n]
    }
}

function publish(i, n,    names, m, j) {
    finding_kind[i] = new_kind[n]
    finding_level[i] = new_level[n]
    finding_prog[i] = new_prog[n]
    finding_side[i] = new_side[n]
    finding_peer[i] = new_peer[n]
    finding_others[i] = new_others[n]
    finding_progs[i] = new_progs[n]
    finding_records[i] = new_records[n]
    finding_first[i] = new_first[n]
    finding_last[i] = new_last[n]
    finding_title[i] = new_title[n]
    finding_evidence[i] = new_evidence[n] and_others("Also", new_others[n]) and_others("The same with", new_progs[n]) spoken_places(new_places[n])
    finding_places[i] = new_places[n]
    finding_meaning[i] = new_meaning[n]
    finding_advice[i] = new_advice[n]
    finding_figures[i] = new_figures[n]
    m = split(new_figures[n], names, " ")
    for (j = 1; j <= m; j++)
        finding_figure[i, names[j]] = new_figure[n, names[j]]
}

function is_worse(n, other) {
    if (RANK[new_level[n]] != RANK[new_level[other]])
        return RANK[new_level[n]] > RANK[new_level[other]]
    return new_records[n] > new_records[other]
}

# Nothing is said to be well that the log may not contain.
function no_finding(    i, bad) {
    for (i = 1; i in order; i++)
        if (worst[order[i]] >= RANK["warn"])
            bad += count[order[i]]
    return "No findings: there is no pattern " (bad ? "in " counted(bad, "record", "records") " of level warn or error." : "of failures in these records.") \
        note_of_checks() note_of_large_answers()
}

# Which command goes on from failures without a finding; "" where there are none. order[] has the worst first
# and, of those, the most frequent; what is wrong with nobody (nothing_wrong.awk) is none. A log may come from
# elsewhere: what is to be typed holds no word of it that could be anything but a cause.
function next_command(    i) {
    for (i = 1; i in order && count[order[i]] <= passed_over[order[i]]; i++)
        ;
    if (finding_count || !(i in order) || worst[order[i]] < RANK["warn"])
        return ""
    return "To go on: " (order[i] ~ /^[a-z][a-z-]*$/ ? "sockshim explain " order[i] ", the worst of them; and " : "") \
        "sockshim doctor -- COMMAND, which runs it again and compares what the kernel counts."
}

# What a log cannot have, and who knows it; "" where failures lead on.
function where_else() {
    return next_command() != "" ? "" : "A call that succeeds leaves no record, however long it takes, and an answer that refuses (a login, a wrong protocol) is data: " \
        "if the program reports an error, sockshim explain MESSAGE. If it is slow or hangs: " \
        "sockshim doctor PID while it does, sockshim doctor -- COMMAND, or every call with its duration " \
        "(sockshim --recorder FILE --recorder-calls all -- COMMAND)."
}
