# The report for people: one screen or so. After report.awk, wrap.awk and causes.awk. In
# the environment: what terminal.sh decides, and REPORT_CAUSES, the path of causes.txt.

BEGIN {
    BOLD = "\033[1m"
    STYLE["debug"] = "\033[2m"
    STYLE["info"] = "\033[36m"
    STYLE["warn"] = "\033[33m"
    STYLE["error"] = "\033[1;31m"
    has_color = ENVIRON["TERMINAL_COLOR"]
    screen = ENVIRON["TERMINAL_COLUMNS"] + 0
    if (screen < 40)
        screen = 40

    needs_records = 1
    CHART_HEIGHT = 4
    MOST_LINES = 6
    MOST_FINDINGS = 8
    FEWEST_CHARTED = 5 # records
    split(is_utf8 ? "▁ ▂ ▃ ▄ ▅ ▆ ▇ █" : ". : - = + * % #", BLOCKS, " ")
}

function tell() {
    rank_causes()
    put_head()
    put_notes()
    if (records || finding_count)
        put_findings()
    if (!records)
        return
    put_causes()
    put_peers()
    put_programs()
    put_hosts()
    if (records >= FEWEST_CHARTED) {
        put_chart()
        put_resets()
    }
    if (next_command() != "")
        print "\n" wrapped(next_command(), 0, 0)
}

# ---- Words ----

function styled(text, style) {
    return has_color && text != "" ? style text "\033[m" : text
}

function put_title(text) {
    print "\n" styled(wrapped(text, 0, 0), BOLD)
}

function left(text, room) {
    return text blanks(room - width_of(text))
}

function right(text, room) {
    return blanks(room - width_of(text)) text
}

# TEXT's beginning, if there is no more room.
function cut(text, room) {
    if (width_of(text) <= room)
        return text
    text = substr(text, 1, room - 3)
    sub(/[\300-\377][\200-\277]*$/, "", text)
    return text "..."
}

# From the year (1), the month (6) or the hour (12) on, so many bytes.
function moment_text(text, from, n) {
    text = printable(on_clock(text))
    return substr(substr(text, 1, 10) " " substr(text, 12, 8), from, n)
}

# "A (12), B (3) and 5 others": what rank_in() kept, of so many different ones.
function listed(group, different, most, forgot,    i, n, text) {
    n = ranked_count[group] < most ? ranked_count[group] : most
    for (i = 1; i <= n; i++)
        text = text (i > 1 ? ", " : "") unbroken(cut(printable(ranked_label[group, i]), 60) " (" thousands(ranked[group, i]) ")")
    if (different == n && !forgot)
        return text
    return text unbroken(" and") " " unbroken((forgot ? "at least " : "") counted(different - n, "other", "others"))
}

# ---- Findings ----

function put_findings(    i) {
    put_left_out_by_logs()
    if (!finding_count) {
        print "\n" styled(wrapped(no_finding(), 0, 0), BOLD)
        if (where_else() != "")
            print wrapped(where_else(), 0, 0)
        return
    }
    put_title(finding_count == 1 ? "Finding" : "Findings, worst first")
    for (i = 1; i <= finding_count && i <= MOST_FINDINGS; i++)
        put_finding(i)
    if (finding_count > MOST_FINDINGS)
        print "and " (finding_count - MOST_FINDINGS) " more: see --json, or choose with --prog, --peer and --cause"
}

function put_finding(i,    mark) {
    mark = i ". "
    print styled(mark wrapped(finding_title[i], length(mark), length(mark)), STYLE[finding_level[i]])
    print blanks(length(mark)) wrapped(finding_evidence[i] " " finding_meaning[i] " To do: " with_whole_commands(finding_advice[i]), length(mark), length(mark))
}

function put_left_out_by_logs(    name) {
    for (name in lowest_logged)
        put_note("info", printable(name) " was told to leave out everything below level " lowest_logged[name] ": nothing is known about that.")
    for (name in skipped_in)
        put_note("info", printable(name) " was told to leave out " printable(skipped_in[name]) ": nothing is known about that.")
}

# ---- What there is ----

function put_head(    text) {
    text = (name_count == 1 ? printable(names[1]) : name_count " logs") ": "
    if (!records) {
        if (left_out)
            put_left_out(text)
        else
            put_no_records(text)
        return
    }
    text = wrapped(text counted(records, "record", "records") " in " span(since_first_day(latest) - since_first_day(earliest)) ", " \
        moment_text(earliest, 1, 19) " to " moment_text(latest, is_one_day() ? 12 : 1, 19) " " zone_text(latest), 0, 0)
    print styled(text, BOLD)
    if (left_out)
        print counted(left_out, "more record is", "more records are") " left out by the filters"
}

function put_no_records(text) {
    if (!events["start"]) {
        print text "no records"
        return
    }
    print text "no records" (is_all_logged() ? ": no socket call failed, or met the end of its connection" : "")
    put_left_out_by_logs()
    print wrapped(where_else(), 0, 0)
}

function is_all_logged(    name) {
    for (name in lowest_logged)
        return 0
    for (name in skipped_in)
        return 0
    return 1
}

# What there would have been to choose from.
function put_left_out(text,    key, part, n, what, i, most) {
    most = 8
    print wrapped(text "no records match the filters (" thousands(left_out) " left out)", 0, 0)
    for (key in unchosen) {
        split(key, part, SUBSEP)
        different_unchosen[part[1]]++
        rank_in("unchosen " part[1], part[2], unchosen[key], most)
    }
    n = split("programs processes hosts causes peers levels", what, " ")
    for (i = 1; i <= n; i++)
        if (different_unchosen[what[i]])
            print wrapped(left(what[i] " in it:", 17) listed("unchosen " what[i], different_unchosen[what[i]], most, "unchosen" in forgotten), 17, 0)
    if (wanted_host != "" && !different_unchosen["hosts"])
        print "hosts in it:     none; no host, container or pod stands before the records"
    if (since != "" || until != "")
        print wrapped(left("times in it:", 17) moment_text(left_first, 1, 19) " to " moment_text(left_last, 1, 19) " " zone_text(left_last), 17, 0)
}

function is_one_day() {
    return substr(on_clock(earliest), 1, 10) == substr(on_clock(latest), 1, 10)
}

function zone_text(at,    offset) {
    if (ENVIRON["FILTER_CLOCK"] != "local")
        return "UTC"
    offset = clock_offset(seconds_of(at))
    return "local time (" offset_text(offset) ")"
}

# What makes the figures wrong, or the log a worse one.
function put_notes(    i) {
    if (lost)
        put_note("error", counted(lost, "record", "records") " more could not be written: the figures are too low.")
    put_complaints("config", "error", "A setting is wrong")
    put_complaints("hindered", "warn", "A default setting has no effect")
    put_complaints("refused", "info", "The program tried to undo a forced setting")
    if (rotated_why != "")
        put_note("info", counted(events["rotated"], "rotation", "rotations") ". " sentence(rotated_why))
    for (i in forgotten)
        break
    if (i != "")
        put_note("info", "There are too many different peers, programs or processes to keep them all: counts of rare ones may be low.")
    if (!others)
        return
    put_note("warn", counted(others, "line is not a record", "lines are not records") (others > MOST_EXAMPLES ? "; the first are:" : ":"))
    for (i = 1; i in example; i++)
        print cut(printable("  " example_file[i] ":" example_at[i] ": " example[i]), screen)
}

function put_note(rank, text) {
    print styled(wrapped(text, 0, 0), STYLE[rank])
}

function put_complaints(kind, rank, what,    key, part, i) {
    for (key in complaints) {
        split(key, part, SUBSEP)
        if (part[1] == kind)
            rank_in(kind, part[2] SUBSEP part[3], complaints[key], MOST_EXAMPLES)
    }
    for (i = 1; i <= ranked_count[kind]; i++) {
        split(ranked_label[kind, i], part, SUBSEP)
        put_note(rank, what ", " counted(ranked[kind, i], "time", "times") " in " printable(part[1]) ": " sentence(part[2]))
    }
}

# With as much of the times as says what the first line does not, if there is room.
function put_causes(    i, word, room, from, dated, shared) {
    for (i = 1; i in order; i++)
        if (length(order[i]) > names_room)
            names_room = length(order[i])
    from = is_one_day() ? 12 : substr(on_clock(earliest), 1, 4) == substr(on_clock(latest), 1, 4) ? 6 : 1
    dated = from == 1 ? 10 : 20 - from
    room = length(thousands(records)) < 7 ? 7 : length(thousands(records))
    if (names_room + room + 2 * dated + 21 > screen)
        dated = 0
    shared = names_room + room + 17 <= screen ? 6 : 0
    print "\n" styled(left("Causes", names_room) "  level  " right("records", room) (shared ? "   share" : "") times("first", "last", dated), BOLD)
    for (i = 1; i in order; i++) {
        word = order[i]
        print styled(left(word, names_room) "  " left(LEVELS[worst[word]], 5) "  " right(thousands(count[word]), room) \
            (shared ? "  " right(percent(count[word], records), 6) : "") \
            times(moment_text(first[word], from, dated), moment_text(last[word], from, dated), dated), STYLE[LEVELS[worst[word]]])
    }
}

function times(from, to, room) {
    return room ? "  " left(from, room) "  " to : ""
}

# More of them where there is but one cause.
function put_peers(    most, i, lines, word) {
    most = 2 in order ? 3 : 10
    rank_peers(most)
    for (i = 1; i in order; i++) {
        word = order[i]
        if (!different_peers[word])
            continue
        if (!lines++)
            put_title("With whom")
        if (lines <= 2 * MOST_LINES)
            print left(word, names_room) "  " wrapped(listed("peers of " word, different_peers[word], most, "peers" in forgotten), names_room + 2, names_room + 2)
    }
    if (lines > 2 * MOST_LINES)
        print "and " counted(lines - 2 * MOST_LINES, "cause", "causes") " more: choose with --cause, or see --json"
}

function put_programs(    i, name, n, room, records_room, more, label) {
    rank_programs(MOST_LINES, 3)
    n = ranked_count["programs"]
    for (i = 1; i <= n; i++) {
        name[i] = cut(printable(ranked_label["programs", i]), 24)
        if (width_of(name[i]) > room)
            room = width_of(name[i])
    }
    room = room < 8 ? 8 : room
    records_room = length(thousands(records)) < 7 ? 7 : length(thousands(records))
    print "\n" styled(left("Programs", room) "  " right("records", records_room) "  processes", BOLD)
    for (i = 1; i <= n; i++) {
        label = ranked_label["programs", i]
        print left(name[i], room) "  " right(thousands(ranked["programs", i]), records_room) "  " \
            wrapped(processes_text(label), room + records_room + 4, room + records_room + 4)
    }
    more = program_count - n
    if (more)
        print "and " ("programs" in forgotten ? "at least " : "") counted(more, "program", "programs") " more"
}

function processes_text(label,    n, group) {
    n = different_processes[label]
    if (!n)
        return ""
    group = "processes of " label
    return unbroken(counted(n, "process", "processes") (starts[label] > 1 ? " (" thousands(starts[label]) " starts)" : "") ":") " " \
        (n == 1 ? ranked_label[group, 1] : listed(group, n, 3, "processes" in forgotten))
}

# Of a log of several: which machine, container or pod, and which service there.
function put_hosts(    i, n, label, part, host_room, unit_room, room, indent, more) {
    rank_hosts(2 * MOST_LINES, 3)
    n = ranked_count["hosts"]
    if (!n)
        return
    host_room = unit_room = 5
    for (i = 1; i <= n; i++) {
        split(ranked_label["hosts", i], part, SUBSEP)
        host_room = wider(host_room, width_of(cut(printable(part[1]), 32)))
        unit_room = wider(unit_room, width_of(cut(printable(part[2]), 24)))
    }
    room = wider(7, length(thousands(records)))
    indent = host_room + unit_room + room + 6
    print "\n" styled(left("Hosts", host_room) "  " left("unit", unit_room) "  " right("records", room) "  causes", BOLD)
    for (i = 1; i <= n; i++) {
        label = ranked_label["hosts", i]
        split(label, part, SUBSEP)
        print left(cut(printable(part[1]), 32), host_room) "  " left(cut(printable(part[2]), 24), unit_room) "  " \
            right(thousands(ranked["hosts", i]), room) "  " \
            wrapped(listed("causes of " label, different_causes[part[1], part[2]], 3, "hosts" in forgotten), indent, indent)
    }
    more = host_count - n
    if (more)
        print "and " ("hosts" in forgotten ? "at least " : "") counted(more, "other", "others") ": choose with --host, or see --json"
}

function wider(a, b) {
    return a > b ? a : b
}

# ---- Resets ----

function put_resets(    i, j, n, idle, rx, m, line, from, to, room) {
    if (!resets)
        return
    n = split(IDLE_LIMITS, idle, " ")
    room = int((screen - 14) / 5)
    room = room > 12 ? 12 : room
    m = split(room < 11 ? "0|<1K|<64K|<1M|more" : "0|1 to 1K|1K to 64K|64K to 1M|more", rx, "|")
    put_title("Resets (peer-reset), by idle time before and by bytes received before")
    line = blanks(14)
    for (j = 1; j <= m; j++)
        line = line " " right(rx[j], room - 1)
    print line
    for (i = 1; i <= n + 1; i++)
        for (j = 1; j <= m; j++)
            if ((i, j) in reset_cells) {
                from = from == "" ? i : from
                to = i
            }
    for (i = from; i <= to; i++) {
        line = left(i == 1 ? "under " span(idle[1]) : i > n ? span(idle[n]) " or more" : span(idle[i - 1]) " to " span(idle[i]), 14)
        for (j = 1; j <= m; j++)
            line = line " " right((i, j) in reset_cells ? thousands(reset_cells[i, j]) : "-", room - 1)
        print line
    }
}
