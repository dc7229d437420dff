# Counts the records of report's logs. After records.awk, prefix.awk and calendar.awk, with
# those that report.list names after it; a file in views then tells of them. In the environment, from report.sh: REPORT_NAMES of the logs
# (a line each), REPORT_PIECE and REPORT_TOTAL, and what filter.sh puts there.
#
# A log of a gigabyte is read in one pass, with memory for what is different in it,
# and for no more of that than MOST_KEYS whatever it holds: then rare ones are
# forgotten on the way.

BEGIN {
    FS = "\"" # awk finds the first quote quicker than index() does
    MOST_CAUSES = 50
    MOST_KEYS = 20000
    MOST_UNCOUNTED = 10000 # keys that are taken apart later
    MOST_PROGRAMS = 2000   # more than that if they have several records
    MOST_PORTS = 8         # of one address
    MOST_EXAMPLES = 3      # of lines that are no records
    MOST_BUCKETS = 4096
    DAY = 86400000 # ms

    INITIAL["d"] = "debug"
    INITIAL["i"] = "info"
    INITIAL["w"] = "warn"
    INITIAL["e"] = "error"
    split("start handled refused lost rotated config", words, " ")
    for (i in words)
        IS_OURS[words[i]] = 1
    # Of buckets, in ms: each a multiple of the one before. And how much of a time
    # stamp tells them apart.
    split("1 10 100 1000 2000 10000 30000 60000 300000 600000 1800000 3600000 10800000 21600000 43200000 86400000", WIDTHS, " ")
    split("23 22 21 19 19 18 18 16 16 15 15 13 13 13 13 10", TICK_LENGTHS, " ")
    IDLE_LIMITS = "100 1000 10000 60000 300000 900000" # ms
    RX_LIMITS = "1 1024 65536 1048576"

    piece = ENVIRON["REPORT_PIECE"] + 0
    is_filtered = ENVIRON["FILTER_IS_SET"] != ""
    name_count = split(ENVIRON["REPORT_NAMES"], names, "\n")
    total = ENVIRON["REPORT_TOTAL"]
    next_progress = total == "" ? 1e300 : 4e6
    set_width(1)
}

{
    line = $0 # a copy each time that it is used
    size = length(line)
    bytes += size + 1
    if (bytes > next_progress)
        show_progress()
    if (size >= piece)
        take_piece(line)
    else if (substr(line, 1, 3) == "ts=" && substr(line, size) == "\"") {
        host = unit = ""
        if (!is_filtered && read_plain(line, $1, size) || read_any(line))
            count_return()
    } else {
        line = own_part(line)
        if (host != "")
            call_at = 0 # it is not one without a host
        if (!is_filtered && read_plain(line, substr(line, 1, index(line, "\"") - 1), length(line)) || read_any(line))
            count_return()
    }
}

END {
    count_tick()
    count_heads()
    join_peers()
    hide_progress()
    if (records) {
        read_kept()
        find_all()
    } else if (handled_progs) {
        find_handled()
        rank_findings()
    }
    if (!others || has_read_any() || !needs_records) {
        tell()
        fflush() # fails here if nothing more can be written
        exit unread
    }
    if (!unread)
        complain_of_none()
    exit unread ? unread : 1
}

# Whether there was a record, of whatever kind, that a filter has left out or not.
function has_read_any(    event) {
    for (event in events)
        return 1
    return records || left_out || handled_progs
}

# Probably the wrong file. The views for people leave it at that ($needs_records); the
# others have figures that say so.
function complain_of_none(    line) {
    line = length(example[1]) > 60 ? substr(example[1], 1, 57) "..." : example[1]
    if (line ~ /^(\377\376|\376\377)/)
        line = "is UTF-16 text; convert it with iconv -f UTF-16 -t UTF-8"
    else if (line ~ /[\001-\010\016-\032\034-\037\177]/)
        line = "is not a text file; name a log that sockshim has written"
    else if (others == 1)
        line = "its only line is not a record: " line
    else
        line = "none of " (name_count == 1 ? "its " : "their ") thousands(others) " lines is a record; the first is: " line
    print "sockshim: " (name_count == 1 ? printable(names[1]) : name_count " logs") (line ~ /^is / ? " " : ": ") printable(line) | "cat >&2"
    close("cat >&2")
}

# ---- A record ----

# Keys are counted as they come. What is in them is looked at once for each key,
# when there are many, and at the end.
function count_return(    pair) {
    if (wants_mix)
        mix[prog_in(head), cause, INITIAL[substr(head, 7, 1)]]++
    if (host != "" && !origins[host, unit, cause]++ && ++origin_count > MOST_KEYS)
        origin_count = forget_rare(origins, origin_count, "hosts")
    if (!heads[head]++ && ++head_count > MOST_UNCOUNTED)
        count_heads()
    pair = substr(head, 7, 1) cause SUBSEP peer
    if (!peers[pair]++ && ++peer_count > MOST_KEYS)
        join_peers()
    now[cause]++
    if (ts >= latest_ts) # nearly all: a log is written in the order of time
        latest_ts = last[cause] = ts
    else
        count_earlier()
    if (!(cause in IS_NOISE)) {
        if (cause == "peer-reset" && rx != "")
            count_reset()
        keep(pair, line)
    } else if (cause == "would-block") {
        if (index(about, "accept"))
            note_polled_accept()
        if (index(about, "unsent"))
            keep(pair, line)
    } else if (cause == "interrupted")
        note_interrupted(line)
    if (interrupted_keys && cause ~ /^(gave-up|reset-by-own)/)
        note_close(line)
}

function count_earlier() {
    if (ts > last[cause])
        last[cause] = ts
    else if (ts < first[cause])
        first[cause] = ts
}

# Without the host, which stands behind it.
function prog_in(key,    at) {
    key = substr(key, index(key, " prog=") + 6)
    at = index(key, SUBSEP)
    return at ? substr(key, 1, at - 1) : key
}

function count_heads(    key, host_at, at, prog, pid) {
    for (key in heads) {
        levels[INITIAL[substr(key, 7, 1)]] += heads[key]
        host_at = index(key, SUBSEP)
        prog = host_at ? prog_in(key) : substr(key, index(key, " prog=") + 6)
        if (program_count > MOST_PROGRAMS && heads[key] == 1 && !(prog in programs)) {
            forgotten["programs"] = forgotten["processes"] = 1
            continue
        }
        at = index(key, " pid=")
        pid = at && at < 30 ? substr(key, at + 5, index(substr(key, at + 5), " ") - 1) : ""
        if (host_at)
            pid = substr(key, host_at + 1) ":" pid # another host's is another process
        if ((programs[prog] += heads[key]) == heads[key])
            program_count++
        if ((processes[prog, pid] += heads[key]) == heads[key])
            process_count++
    }
    split("", heads)
    head_count = 0
    if (program_count > MOST_KEYS)
        program_count = forget_rare(programs, program_count, "programs")
    if (process_count > MOST_KEYS)
        process_count = forget_rare(processes, process_count, "processes")
}

# Of peers[LEVEL'S INITIAL CAUSE, PEER]: an address that has many ports all the same is told
# without them, and whatever level a peer's records have, they are told together.
function join_peers(    is_full, key, at, word, address, ports, is_to_join, joined) {
    is_full = peer_count > MOST_KEYS
    for (key in peers) {
        at = index(key, SUBSEP)
        word = substr(key, 2, at - 2)
        if (first_level[word] != substr(key, 1, 1) && note_level(substr(key, 1, 1), word))
            is_to_join = 1
        if (substr(key, at + 1) !~ /^(local )?[0-9[]/)
            continue
        address = without_port(key)
        if (address != key && (++ports[substr(address, 2)] > MOST_PORTS || (address ":*") in peers))
            is_to_join = ports[substr(address, 2)] = 1e9
    }
    if (is_to_join)
        for (key in peers) {
            address = without_port(key)
            address = first_level[substr(key, 2, index(key, SUBSEP) - 2)] substr(address != key && ports[substr(address, 2)] >= 1e9 ? address ":*" : key, 2)
            if (address != key) {
                joined[address] += peers[key]
                delete peers[key]
                peer_count--
            }
        }
    for (key in joined)
        if ((peers[key] += joined[key]) == joined[key])
            peer_count++
    if (is_full && peer_count > MOST_KEYS / 2)
        peer_count = forget_rare(peers, peer_count, "peers")
}

# Whether the cause had another level before.
function note_level(initial, word) {
    if (first_level[word] == "")
        first_level[word] = initial
    if (RANK[INITIAL[initial]] > worst[word])
        worst[word] = RANK[INITIAL[initial]]
    return first_level[word] != initial
}

# Of a cause and a peer.
function without_port(key) {
    if (substr(key, index(key, SUBSEP) + 1) ~ /^(local )?[0-9[].*:[0-9]+$/)
        sub(/:[0-9]+$/, "", key)
    return key
}

# What is frequent stays, even if it began late. Returns how many are left.
function forget_rare(table, size, name,    limit, key) {
    forgotten[name] = 1
    for (limit = 1; size > MOST_KEYS / 2; limit *= 2)
        for (key in table)
            if (table[key] <= limit) {
                delete table[key]
                size--
            }
    return size
}

# In cells of IDLE_LIMITS and RX_LIMITS.
function count_reset(    row, column, seconds) {
    idle += 0
    rx += 0
    row = idle < 10000 ? idle < 100 ? 1 : idle < 1000 ? 2 : 3 : idle < 60000 ? 4 : idle < 300000 ? 5 : idle < 900000 ? 6 : 7
    column = rx < 1024 ? rx < 1 ? 1 : 2 : rx < 65536 ? 3 : rx < 1048576 ? 4 : 5
    resets++
    reset_cells[row, column]++
    if (idle < 1000)
        return
    idle_resets++
    seconds = int(idle / 1000 + 0.5)
    if (!idle_seconds[seconds]++ && ++idle_count > MOST_KEYS)
        idle_count = forget_rare(idle_seconds, idle_count, "idle")
}

# A filter that leaves nothing is to say what it might have been. What a log was told not
# to contain is true of what the filter leaves, too.
function count_left_out() {
    if (event == "start")
        note_settings(value("settings"))
    if (event != "return")
        return
    left_out++
    if (left_first == "" || ts < left_first)
        left_first = ts
    if (ts > left_last)
        left_last = ts
    note_unchosen("programs", wanted_prog, value("prog"))
    note_unchosen("causes", wanted_cause, value("cause"))
    note_unchosen("peers", wanted_peer, other_end())
    note_unchosen("processes", wanted_pid, value("pid"))
    note_unchosen("hosts", wanted_host, host)
    note_unchosen("levels", lowest > 1, level)
}

function note_unchosen(what, is_wanted_one, label) {
    if (is_wanted_one == "" || is_wanted_one == 0 || label == "")
        return
    if (!((what, label) in unchosen) && ++unchosen_count > MOST_KEYS)
        unchosen_count = forget_rare(unchosen, unchosen_count, "unchosen")
    unchosen[what, label]++
}

# One of the shim's own.
function count_event(    key, kind) {
    if (!(event in IS_OURS))
        return
    events[event]++
    if (event == "lost")
        lost += value("lost")
    else if (event == "start")
        count_start()
    else if (event == "handled")
        count_handled()
    else if (event == "rotated")
        rotated_why = why()
    else if (event == "config" && value("level") != "error" && why() !~ /^SOCKSHIM_NODELAY:/)
        count_hindrance()
    else if (event == "config" || event == "refused") {
        kind = event == "config" && value("level") != "error" ? "hindered" : event
        key = kind SUBSEP value("prog") SUBSEP why()
        if (key in complaints || ++complaint_count <= MOST_KEYS)
            complaints[key]++
    }
}

function count_start() {
    note_settings(value("settings"))
    count_handling(value("prog"), value("settings"))
    if (value("prog") in starts || ++start_count <= MOST_KEYS)
        starts[value("prog")]++
}

# ---- Progress ----

function show_progress() {
    next_progress = bytes + 4e6
    has_progress = 1
    printf "\rsockshim: %.0f %sMB%s ", bytes / 1e6, total + 0 ? sprintf("of %.0f ", total / 1e6) : "", total + 0 ? sprintf(", %.0f%%", 100 * bytes / total) : "" >"/dev/stderr"
    fflush("/dev/stderr")
}

function hide_progress() {
    if (has_progress)
        printf "\r%40s\r", "" >"/dev/stderr"
}
