# Which records are kept for the findings, and what is in them. After report.awk.
# Numbered 1 to kept_count in the order of their time: cause_of[i], peer_of[i] and so on.

BEGIN {
    # Not kept: they come by the thousand and tell nothing of a connection's fate. But for
    # a send that found no room: report.awk, count_return().
    split("would-block zero-length-request zero-length-datagram error-queue source-exhausted interrupted", words, " ")
    for (i in words)
        IS_NOISE[words[i]] = 1
    MOST_KEPT = 2500
    MOST_STRATA = 300
    MOST_STRATA_OF_A_CAUSE = 100
    FIRST_KEPT = 64 # of a stratum; halved when there is too much
    SAMPLE_STEP = 16
}

# All of a stratum's first FIRST_KEPT, then one of SAMPLE_STEP, and of ever more the
# more there are: each stands for so many (kept_for). Of several logs, by a number
# that both ends of a connection have in common, so that the same connections are kept
# of each.
function keep(stratum, line,    n, step) {
    if (!(stratum in strata)) {
        if (strata_count >= MOST_STRATA || strata_of[cause] >= MOST_STRATA_OF_A_CAUSE) {
            crowded[cause] = 1
            stratum = cause
        } else {
            strata_count++
            strata_of[cause]++
        }
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
    fin_of[i] = figure("fin_ms")
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
    if (call_of[i] == "connect" || cause_of[i] ~ /^(closed-unanswered|gave-up-(connecting|waiting))$/)
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

# As ip(8) takes it.
function without_brackets(host) {
    gsub(/[][]/, "", host)
    return host
}

# due_of: whether an answer was due, for this side connected and spoke last, or never heard
# anything; "" where that is not known. wait_of: how long it had been due, in ms; pause_of: how long nothing
# had come before that request was sent, or, where none was due, at all; both up to the peer's FIN
# where the record has its age.
function weigh_silence(i) {
    due_of[i] = wait_of[i] = pause_of[i] = ""
    if (idle_of[i] == "")
        return
    pause_of[i] = idle_of[i]
    if (fin_of[i] > 0) # both are counted in ticks of at most 10 ms
        pause_of[i] = idle_of[i] > fin_of[i] ? idle_of[i] - fin_of[i] + 10 : 10
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
    if (due_of[i] && sent_of[i] < fin_of[i] + 0)
        wait_of[i] = 0
    else if (due_of[i]) {
        wait_of[i] = sent_of[i] - fin_of[i]
        pause_of[i] = idle_of[i] > sent_of[i] ? idle_of[i] - sent_of[i] : 0
    }
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
