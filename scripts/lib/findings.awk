# Findings: patterns in the records, what they mean for this program, and what to do.
# After report.awk. A kind is a file of its own in findings/, and a call in find_all().
#
# A kind looks at the records that are kept, numbered 1 to kept_count in the order of
# their time: cause_of[i], peer_of[i] and so on, below. It puts those that it explains
# into groups and makes a finding of each. What a finding has claimed no later kind
# sees: those that say most stand first in find_all().
#
# A view has findings as data: finding_count, and by number, the worst being 1,
# finding_kind, finding_level, finding_prog, finding_side, finding_peer, finding_others (a
# line each), finding_places (a line each: host, tab, unit), finding_records, finding_first, finding_last, finding_title, finding_evidence, finding_meaning, finding_advice;
# and finding_figures, a list of names with blanks between them, whose values are in
# finding_figure[number, name].

BEGIN {
    # Not kept: they come by the thousand and tell nothing of a connection's fate. But for
    # a send that found no room: report.awk, count_return().
    split("would-block zero-length-request zero-length-datagram error-queue source-exhausted interrupted", words, " ")
    for (i in words)
        IS_NOISE[words[i]] = 1
    MOST_KEPT = 2500
    MOST_STRATA = 300
    FIRST_KEPT = 64 # of a stratum; halved when there is too much
    SAMPLE_STEP = 16
    LEAST_CHECKS = 4
}

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
    find_answer_unread()
    find_slow_reader()
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
    find_own_reset()
    find_broken_off()
    find_both_wait()
    find_closed_again()
    find_health_check()
    find_tls_left()
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

# ---- Which records are kept ----

# All of a stratum's first FIRST_KEPT, then one of SAMPLE_STEP, and of ever more the
# more there are: each stands for so many (kept_for). Of several logs, by a number
# that both ends of a connection have in common, so that the same connections are kept
# of each.
function keep(stratum, line,    n, step) {
    if (!(stratum in strata)) {
        if (strata_count >= MOST_STRATA)
            stratum = substr(stratum, 1, index(stratum, SUBSEP))
        else
            strata_count++
    }
    n = strata[stratum]++
    if (n >= FIRST_KEPT) {
        if (n % SAMPLE_STEP && name_count == 1)
            return
        if (name_count > 1 && !is_in_tenth(line))
            return
        if (name_count > 1)
            n = strata[stratum] * 1e6 + ports_sum(line) % 65536
    }
    step = step_of(n)
    if (step > 1 && (n >= 1e6 ? n % 1e6 : n) % step)
        return
    kept_line[++kept_count] = line
    kept_order[kept_count] = n
    kept_stratum[kept_count] = stratum
    kept_log[kept_count] = file
    kept_host[kept_count] = host
    kept_unit[kept_count] = unit
    if (kept_count > MOST_KEPT)
        thin_out()
}

# One of how many is kept: 1, or a power of 2 from SAMPLE_STEP on.
function step_of(n,    step) {
    if (n >= 1e6)
        n = int(n / 1e6)
    if (n < FIRST_KEPT)
        return 1
    for (step = SAMPLE_STEP; step * FIRST_KEPT <= n; step *= 2)
        ;
    if (step > widest_step)
        widest_step = step
    return step
}

# Whether the last digits of both ports add up to 7, which those of one in ten do: most
# of a log is left out by this alone.
function is_in_tenth(line,    at, rest) {
    at = index(line, " peer=")
    if (!at)
        return 1
    rest = substr(line, at + 6, 60)
    return (substr(line, at - 1, 1) + substr(rest, index(rest, " ") - 1, 1)) % 10 == 7
}

function ports_sum(line,    local_port, peer_port) {
    local_port = line
    sub(/.*[ "]local[="][^ ,]*:/, "", local_port)
    peer_port = line
    sub(/.*[ "]peer[="][^ ,]*:/, "", peer_port)
    return local_port + peer_port
}

function thin_out(    i, n, step, remaining) {
    while (kept_count > MOST_KEPT / 2 && FIRST_KEPT > 1) {
        FIRST_KEPT = FIRST_KEPT / 2
        remaining = 0
        for (i = 1; i <= kept_count; i++) {
            n = kept_order[i]
            step = step_of(n)
            if (step > 1 && (n >= 1e6 ? n % 1e6 : n) % step)
                continue
            remaining++
            kept_line[remaining] = kept_line[i]
            kept_order[remaining] = n
            kept_stratum[remaining] = kept_stratum[i]
            kept_log[remaining] = kept_log[i]
            kept_host[remaining] = kept_host[i]
            kept_unit[remaining] = kept_unit[i]
        }
        kept_count = remaining
    }
    # Whatever else a log holds: the last ones go.
    kept_count = kept_count > MOST_KEPT ? MOST_KEPT : kept_count
}

# ---- What is in them ----

function read_kept(    i, place) {
    sort_kept()
    for (i = 1; i <= kept_count; i++)
        kept_of[kept_stratum[i], step_of(kept_order[i]) > 1]++
    for (i = 1; i <= kept_count; i++) {
        place = kept_place[i]
        read_record(kept_line[place])
        take_kept(i, place)
    }
    for (i = 1; i <= kept_count; i++)
        follow_connection(i)
    list_alike()
}

# The records of a party, and of a program and the port that it uses, in their order:
# for (i = first_of_party[party]; i; i = next_of_party[i]).
function list_alike(    i, key) {
    for (i = kept_count; i > 0; i--) {
        key = party_of(i)
        next_of_party[i] = first_of_party[key]
        first_of_party[key] = i
        key = prog_of[i] SUBSEP port_of(peer_of[i])
        next_of_port[i] = first_of_port[key]
        first_of_port[key] = i
    }
}

function take_kept(i, place) {
    kept_for[i] = stands_for(kept_stratum[place], step_of(kept_order[place]) > 1)
    if (kept_for[i] > 1)
        is_sampled = 1
    log_of[i] = kept_log[place]
    machine_of[i] = kept_host[place]
    unit_of[i] = kept_unit[place]
    ts_of[i] = ts
    at_of[i] = since_first_day(ts) + digits(ts, 24, 3) / 1000 # ms
    level_of[i] = RANK[level]
    cause_of[i] = value("cause")
    prog_of[i] = value("prog")
    pid_of[i] = value("pid")
    fd_of[i] = value("fd")
    call_of[i] = value("call")
    error_of[i] = value("error")
    type_of[i] = value("type")
    local_of[i] = value("local")
    peer_of[i] = value("peer")
    state_of[i] = value("state")
    rx_of[i] = figure("rx")
    tx_of[i] = figure("tx")
    unacked_of[i] = figure("unacked")
    unsent_of[i] = figure("unsent")
    idle_of[i] = figure("idle_ms")
    sent_of[i] = figure("sent_ms")
    blocking_of[i] = value("blocking")
    unread_of[i] = figure("unread")
    rtt_of[i] = figure("rtt_us")
    retrans_of[i] = figure("retrans")
    site_of[i] = value("at")
    asked_of[i] = value("name")
    named_of[i] = value("peer_name")
    waited_of[i] = figure("waited_ms")
    len_of[i] = cause_of[i] ~ /^(write-after-close|message-too-big)$/ ? figure("len") : ""
    limit_of[i] = figure("limit")
    blocked_of[i] = value("blocked_by")
    bound_of[i] = value("bound")
    why_of[i] = why()
    side_of[i] = side_of_record(i)
    weigh_silence(i)
}

# How many records each of a stratum stands for: one of the first for itself, if others
# are there for the rest.
function stands_for(stratum, is_later,    firsts, later) {
    firsts = kept_of[stratum, 0] + 0
    later = kept_of[stratum, 1] + 0
    if (!later)
        return strata[stratum] / firsts
    return is_later ? (strata[stratum] - firsts) / later : 1
}

# A number, or nothing where the record has none.
function figure(key,    text) {
    text = value(key)
    return text == "" ? "" : text + 0
}

# A record without the key `side` is of an older log: the lower port is the service's.
function side_of_record(i,    text) {
    text = value("side")
    if (text != "")
        return text
    if (call_of[i] == "connect" || cause_of[i] == "closed-unanswered" || cause_of[i] ~ /^gave-up/)
        return "connected"
    if (call_of[i] ~ /^accept/)
        return "accepted"
    if (type_of[i] !~ /tcp/ || !port_of(local_of[i]) || !port_of(peer_of[i]))
        return ""
    return port_of(local_of[i]) < 32768 && port_of(local_of[i]) < port_of(peer_of[i]) ? "accepted" : "connected"
}

function port_of(address,    text) {
    text = address
    if (!sub(/^.*:/, "", text) || text !~ /^[0-9]+$/)
        return 0
    return text + 0
}

function host_of(address) {
    sub(/:[0-9]+$/, "", address)
    return address
}

# due_of: whether an answer was due, for this side connected and spoke last, or never heard
# anything; "" where that is not known. wait_of: how long it had been due, in ms; pause_of: how long nothing
# had come before that request was sent, or, where none was due, at all.
function weigh_silence(i) {
    due_of[i] = wait_of[i] = pause_of[i] = ""
    if (idle_of[i] == "")
        return
    pause_of[i] = idle_of[i]
    if (side_of[i] == "connected" && sent_of[i] == "" && value("side") != "")
        due_of[i] = 0 # nothing was ever sent
    if (sent_of[i] == "" || side_of[i] != "connected")
        return
    if (sent_of[i] == idle_of[i] && rx_of[i] > 0 && cause_of[i] !~ /^(closed-unanswered|gave-up-waiting)$/) {
        # Within the same ms; but whoever begins to send does not wait for an answer.
        if (call_of[i] ~ /^(send|write|pwrite)/)
            due_of[i] = 0
        return
    }
    due_of[i] = sent_of[i] < idle_of[i] || rx_of[i] == 0 || cause_of[i] == "closed-unanswered" || cause_of[i] == "gave-up-waiting"
    if (due_of[i]) {
        wait_of[i] = sent_of[i]
        pause_of[i] = idle_of[i] > sent_of[i] ? idle_of[i] - sent_of[i] : 0
    }
}

# An end that its program had to notice; a FIN as well if what this side sent after it
# was answered by RST.
function ended_badly(i) {
    return cause_of[i] ~ /^(peer-reset|write-after-close|closed-unanswered)$/ || cause_of[i] == "peer-closed" && state_of[i] == "CLOSE" && unacked_of[i] > 0
}

function connection_of(i) {
    return machine_of[i] SUBSEP pid_of[i] SUBSEP local_of[i] SUBSEP peer_of[i]
}

# One connection ends once; what its program is told after that follows from it
# (leader_of). The same cause again means that it is another connection.
function follow_connection(i,    key) {
    leader_of[i] = i
    note_beginning(i)
    if (is_before_connection(i)) {
        follow_connect(i)
        return
    }
    if (local_of[i] == "" || peer_of[i] == "" || type_of[i] !~ /tcp/ || cause_of[i] == "would-block")
        return
    key = connection_of(i)
    if (key in leading && index(led[key], " " cause_of[i] " ") == 0) {
        leader_of[i] = leading[key]
        led[key] = led[key] cause_of[i] " "
        followers[leading[key]] = followers[leading[key]] " " i
        return
    }
    leading[key] = i
    led[key] = " " cause_of[i] " "
}

# began_of: the record of `in-progress` that was the last one on its descriptor to that peer.
function note_beginning(i,    key) {
    if (cause_of[i] == "in-progress")
        beginning[machine_of[i], pid_of[i], fd_of[i], peer_of[i]] = i
    else if (is_before_connection(i) || call_of[i] == "getsockopt") {
        key = machine_of[i] SUBSEP pid_of[i] SUBSEP fd_of[i] SUBSEP peer_of[i]
        if (key in beginning)
            began_of[i] = beginning[key]
    }
}

# A socket that is closed after its connect has failed was not given up.
function follow_connect(i,    key) {
    key = machine_of[i] SUBSEP pid_of[i] SUBSEP fd_of[i] SUBSEP peer_of[i]
    if (cause_of[i] == "in-progress")
        delete failed_to_connect[key]
    else if (cause_of[i] != "gave-up-connecting")
        failed_to_connect[key] = i
    else if (key in failed_to_connect)
        leader_of[i] = failed_to_connect[key]
}

# A connect that failed or is under way is no end of a connection.
function is_before_connection(i) {
    return call_of[i] == "connect" || cause_of[i] ~ /^(in-progress|connection-refused|connect-timed-out|unreachable|gave-up-connecting|no-such-socket)$/
}

# By time: a merge sort of the places in kept_line.
function sort_kept(    i) {
    for (i = 1; i <= kept_count; i++) {
        kept_place[i] = i
        kept_time[i] = substr(kept_line[i], index(kept_line[i], "20"), 27)
    }
    sort_places(1, kept_count)
}

function sort_places(from, to,    middle, i, j, at) {
    if (from >= to)
        return
    middle = int((from + to) / 2)
    sort_places(from, middle)
    sort_places(middle + 1, to)
    if (kept_time[kept_place[middle]] "" <= kept_time[kept_place[middle + 1]] "")
        return
    i = from
    j = middle + 1
    for (at = from; at <= to; at++)
        if (j > to || i <= middle && kept_time[kept_place[i]] "" <= kept_time[kept_place[j]] "")
            sorting[at] = kept_place[i++]
        else
            sorting[at] = kept_place[j++]
    for (at = from; at <= to; at++)
        kept_place[at] = sorting[at]
}

# ---- What the logs were told not to contain ----

# Of an event=start: a level above debug, causes or calls skipped, the only programs, no records of close.
function note_settings(settings,    text) {
    knows_settings = 1
    if (match(settings, /level=(info|warn|error)/)) {
        text = substr(settings, RSTART + 6, RLENGTH - 6)
        if (!(file in lowest_logged) || RANK[text] > RANK[lowest_logged[file]])
            lowest_logged[file] = text
    }
    if (match(settings, /skip=[^ ]+/))
        skipped_in[file] = substr(settings, RSTART + 5, RLENGTH - 5)
    if (match(settings, /only=[^ ]+/))
        only_in[file] = substr(settings, RSTART + 5, RLENGTH - 5)
    if (settings ~ /close=off/)
        has_no_closes[file] = "close"
}

# Whether a record of this level and cause would be in that log, and would have been
# counted here.
function would_be_there(name, rank, cause) {
    return !(name in lowest_logged && RANK[lowest_logged[name]] > rank) && !(name in skipped_in) && !is_filtered && !lost
}

# ---- Groups ----

# Records that one finding is about: group_members[g], numbers with blanks between
# them, and of the values that they were put there with the least and the greatest.
# group_size counts all records that those stand for.
function begin_groups() {
    groups = 0
    split("", group_number)
}

function put_in_group(key, i, n,    g) {
    if (!(key in group_number)) {
        g = group_number[key] = ++groups
        group_key[g] = key
        group_members[g] = ""
        group_size[g] = group_about[g] = 0
        group_first[g] = i
        group_least[g] = group_most[g] = n
    }
    g = group_number[key]
    group_members[g] = group_members[g] " " i
    group_size[g] += kept_for[i]
    if (kept_for[i] > 1)
        group_about[g] = 1
    group_last[g] = i
    if (n < group_least[g])
        group_least[g] = n
    if (n > group_most[g])
        group_most[g] = n
}

# Whether record I is still to be explained, and the one that tells of its connection.
function is_open(i) {
    return !(i in claimed) && leader_of[i] == i
}

# The program, its side, and the service that it uses or offers.
function party_of(i) {
    return prog_of[i] SUBSEP side_of[i] SUBSEP service_of(i)
}

function service_of(i) {
    if (side_of[i] == "accepted")
        return local_of[i]
    return peer_of[i] != "" ? peer_of[i] : "local " local_of[i]
}

function claim(g, mark,    n, i, member, m, j, follower) {
    n = split(group_members[g], member, " ")
    for (i = 1; i <= n; i++) {
        claimed[member[i]] = mark
        m = split(followers[member[i]], follower, " ")
        for (j = 1; j <= m; j++)
            claimed[follower[j]] = mark
    }
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

# The hosts and units that the records of group G are from, in their order, if the logs
# tell: lines, with a tab between the two.
function places_of(g,    n, i, member, place, list) {
    n = split(group_members[g], member, " ")
    for (i = 1; i <= n; i++) {
        place = machine_of[member[i]] "\t" unit_of[member[i]]
        if (place != "\t" && index("\n" list "\n", "\n" place "\n") == 0)
            list = list (list == "" ? "" : "\n") place
    }
    return list
}

function joined_places(list, others,    n, i, place) {
    n = split(others, place, "\n")
    for (i = 1; i <= n; i++)
        if (index("\n" list "\n", "\n" place[i] "\n") == 0)
            list = list (list == "" ? "" : "\n") place[i]
    return list
}

# " On web-1 (billing.service) and 3 others."
function spoken_places(list,    n, place, part) {
    n = split(list, place, "\n")
    if (!n)
        return ""
    split(place[1], part, "\t")
    return " On " printable(part[1] == "" ? part[2] : part[1]) (part[1] == "" || part[2] == "" ? "" : " (" printable(part[2]) ")") \
        (n == 1 ? "." : " and " counted(n - 1, "other", "others") ".")
}

function add_figure(n, name, number) {
    new_figures[n] = new_figures[n] (new_figures[n] == "" ? "" : " ") name
    new_figure[n, name] = number
}

# Worst first: by level, then by number, then as they were found. The same with several
# peers of one program is told once, of the peer that has most.
function rank_findings(    n, i, order) {
    merge_alike()
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
        merged_into[n] = i
        new_records[i] += new_records[n]
        if (new_first[n] < new_first[i])
            new_first[i] = new_first[n]
        if (new_last[n] > new_last[i])
            new_last[i] = new_last[n]
        new_places[i] = joined_places(new_places[i], new_places[n])
        new_others[i] = new_others[i] (new_others[i] == "" ? "" : "\n") new_peer[n]
    }
}

function publish(i, n,    names, m, j) {
    finding_kind[i] = new_kind[n]
    finding_level[i] = new_level[n]
    finding_prog[i] = new_prog[n]
    finding_side[i] = new_side[n]
    finding_peer[i] = new_peer[n]
    finding_others[i] = new_others[n]
    finding_records[i] = new_records[n]
    finding_first[i] = new_first[n]
    finding_last[i] = new_last[n]
    finding_title[i] = new_title[n]
    finding_evidence[i] = new_evidence[n] and_others(new_others[n]) spoken_places(new_places[n])
    finding_places[i] = new_places[n]
    finding_meaning[i] = new_meaning[n]
    finding_advice[i] = new_advice[n]
    finding_figures[i] = new_figures[n]
    m = split(new_figures[n], names, " ")
    for (j = 1; j <= m; j++)
        finding_figure[i, names[j]] = new_figure[n, names[j]]
}

function and_others(list,    n, peer) {
    n = split(list, peer, "\n")
    if (!n)
        return ""
    return " Also " printable(peer[1]) (n == 1 ? "." : n == 2 ? " and " printable(peer[2]) "." : " and " (n - 1) " others.")
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
    if (bad)
        return "No findings: there is no pattern in " counted(bad, "record", "records") " of level warn or error." note_of_checks() note_of_large_answers()
    return "No findings: there is no pattern of failures in these records." note_of_checks() note_of_large_answers()
}

# Clients that connect and close without a word are checks of the port, most often: no failure,
# but servers complain of them.
function note_of_checks(    g, i, n) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (leader_of[i] == i && side_of[i] == "accepted" && rx_of[i] != "" && rx_of[i] + tx_of[i] + unacked_of[i] == 0 && cause_of[i] ~ /^peer-(closed|reset)$/)
            put_in_group(host_of(peer_of[i]) SUBSEP prog_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        if (group_size[g] >= LEAST_CHECKS && !group_about[g] && (!n || group_size[g] > group_size[n]))
            n = g
    if (!n)
        return ""
    i = group_first[n]
    return " " printable(host_of(peer_of[i])) " connected to " spoken_prog(i) " " group_size[n] " times, every " spoken((group_most[n] - group_least[n]) / (group_size[n] - 1)) \
        " on average, and closed without a word, as checks of a port do (sockshim explain health-check)."
}

# A client that is done may reset; a proxy that cannot take the header of an answer does, too.
function note_of_large_answers(    i, g, n) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (side_of[i] == "accepted" && leader_of[i] == i && ends_at_answer(i))
            put_in_group(host_of(peer_of[i]) SUBSEP prog_of[i], i, tx_of[i])
    for (g = 1; g <= groups; g++)
        if (group_size[g] > 1 && group_least[g] >= LEAST_HEADER && (!n || group_size[g] > group_size[n]))
            n = g
    if (!n)
        return ""
    i = group_first[n]
    return " " printable(host_of(peer_of[i])) " ended " tally(n, "connection", "connections") " as soon as " spoken_prog(i) " had answered, first at " clock(i) ", each with " spoken_bytes(group_least[n]) \
        " or more. Clients that are done do so; but if a proxy there says 502, the answers' headers are too large for it (nginx: proxy_buffer_size; sockshim explain too-large)."
}

# Ended by the client, not in order: the program had still wanted to end it itself.
function ends_at_answer(i) {
    return rx_of[i] > 0 && sent_of[i] != "" && sent_of[i] < 100 && (cause_of[i] ~ /^(peer-reset|write-after-close)$/ || cause_of[i] == "not-connected" && call_of[i] == "shutdown" && state_of[i] == "CLOSE")
}

# Which command goes on from failures without a finding; "" where there are none. order[1] is the worst
# and, of those, the most frequent. A log may come from elsewhere: what is to be typed holds no word of it that
# could be anything but a cause.
function next_command() {
    if (finding_count || !(1 in order) || worst[order[1]] < RANK["warn"])
        return ""
    return "To go on: " (order[1] ~ /^[a-z][a-z-]*$/ ? "sockshim explain " order[1] ", the worst of them; and " : "") \
        "sockshim doctor -- COMMAND, which runs it again and compares what the kernel counts."
}

# What a log cannot have, and who knows it.
function where_else() {
    return "A call that succeeds leaves no record, however long it takes. If the program is slow or hangs: " \
        "sockshim doctor PID while it does, sockshim doctor -- COMMAND, or every call with its duration " \
        "(sockshim --recorder FILE --recorder-calls all -- COMMAND)."
}

# ---- Words ----

# "12 connections": the size of group G, with "about" where not all were looked at.
function tally(g, one, many) {
    return (group_about[g] ? "about " : "") counted(group_size[g], one, many)
}

function spoken_peer(i) {
    return peer_of[i] == "" ? "the peer" : printable(peer_of[i])
}

function spoken_prog(i) {
    return printable(prog_of[i])
}

# Whether nothing can stand between the two ends.
function is_same_host(i) {
    return peer_of[i] ~ /^(127\.|\[::1\])/ || type_of[i] ~ /^unix/ || host_of(peer_of[i]) == host_of(local_of[i])
}

# The time of day of record I; moment(), to the millisecond.
function clock(i) {
    return substr(on_clock(ts_of[i]), 12, 8)
}

function moment(i) {
    return substr(on_clock(ts_of[i]), 12, 12)
}

# read_limits(): limits.txt, once.
function read_limits(    line, part) {
    if (limit_count)
        return
    while ((getline line <ENVIRON["REPORT_LIMITS"]) > 0)
        if (line !~ /^#/ && split(line, part, "\t") >= 4) {
            limit_count++
            limit_ms[limit_count] = part[1] + 0
            limit_kind[limit_count] = part[2]
            limit_whose[limit_count] = part[3]
        }
    close(ENVIRON["REPORT_LIMITS"])
}

# known_limit(KIND, LOW, HIGH): whose default lies there; nothing if none does.
function known_limit(kind, low, high,    i) {
    read_limits()
    for (i = 1; i <= limit_count; i++)
        if (limit_kind[i] == kind && limit_ms[i] >= low && limit_ms[i] <= high)
            return limit_whose[i]
    return ""
}

# `\"` stands for a quote.
function sentence(text) {
    gsub(/\\"/, "\"", text)
    return printable(text)
}
