# A line of a log, as quickly as can be: what nearly all records are like is taken apart without
# read_record(); report.awk counts what is in it.

# The record that nearly all are: logfmt, without a quote before the sentence; PAIRS is
# what stands ahead of that. With as few searches as will do, each of as little as will do;
# what is new in it is looked at more closely. Whatever else a line may be, read_any() knows.
# ABOUT is then what is to be searched for more.
function read_plain(line, pairs, size,    len, text, at, tick) {
    len = length(pairs)
    if (substr(pairs, len - 4) != " why=" || size <= len + 1 || substr(line, size) != "\"" || substr(line, 1, 3) != "ts=")
        return 0
    # Where it was in the record before, as often as not.
    if (substr(pairs, call_at, 6) != " call=" || !((head = substr(pairs, 32, call_at - 32)) in heads)) {
        call_at = index(pairs, " call=")
        text = substr(pairs, 32, call_at - 32)
        head = host == "" ? text : text SUBSEP host
        if (!(head in heads) && text !~ /^level=(debug|info|warn|error) event=return (pid=[0-9]+ )?(tid=[0-9]+ )?prog=[^ ]+$/)
            return 0
    }
    ts = substr(pairs, 4, 27)
    tick = substr(ts, 1, tick_length)
    if (tick != last_tick) {
        if (!is_time(ts))
            return 0
        begin_tick(tick)
    }
    cause = substr(pairs, len - 33, 29)
    cause = substr(cause, index(cause, " cause=") + 7)
    if (!(cause in first) && !is_new_cause(cause))
        return 0
    about = pairs = substr(pairs, call_at, len - call_at - 4)
    at = index(pairs, " peer=")
    if (!at)
        return read_plain_without_peer(pairs)
    own = substr(pairs, at - 5, 5)
    peer = substr(pairs, at + 6)
    at = index(peer, " ")
    if (cause == "peer-reset")
        read_plain_figures(substr(peer, at))
    peer = substr(peer, 1, at - 1)
    if (own + 0 < 32768)
        leave_out_client_port()
    return 1
}

function read_plain_without_peer(text) {
    record = text
    record_format = ""
    peer = index(text, " local=") || index(text, " peer_pid=") ? other_end() : ""
    if (cause == "peer-reset")
        read_plain_figures(text)
    return 1
}

function read_plain_figures(text,    at) {
    at = index(text, " rx=")
    rx = at ? substr(text, at + 4, index(substr(text, at + 4) " ", " ") - 1) : ""
    at = index(text, " idle_ms=")
    idle = at ? substr(text, at + 9, 16) : 0
}

# Whether LINE is one to be counted by count_return(); if not, it has been counted
# as what it is.
function read_any(line) {
    if (!read_record(line))
        count_other($0)
    else if (is_filtered && !is_wanted())
        count_left_out()
    else if (event != "return")
        count_event()
    else
        return read_return(line)
    return 0
}

function read_return(line,    tick) {
    about = line
    cause = value("cause")
    if (!(cause in first) && !is_new_cause(cause)) {
        count_other($0)
        return 0
    }
    tick = substr(ts, 1, tick_length)
    if (tick != last_tick)
        begin_tick(tick)
    head = head_of_record() (host == "" ? "" : SUBSEP host)
    peer = other_end()
    if (peer ~ /^[0-9[]/) {
        own = value("local")
        own = substr(own, length(own) - 4)
        if (own + 0 < 32768)
            leave_out_client_port()
    }
    if (cause == "peer-reset") {
        rx = value("rx")
        if (rx != "")
            idle = value("idle_ms")
    }
    return 1
}

# Nearly always it stands there as it is, but for a program's name in quotes.
function head_of_record(    text, at) {
    text = record_format == "json" ? "" : substr(record, 32, index(record, " call=") - 32)
    if (text !~ /^level=[a-z]+ event=return (pid=[0-9]+ )?(tid=[0-9]+ )?prog=("[0-9]+"|[^ "]+)$/)
        return "level=" level " event=return pid=" value("pid") " tid=" value("tid") " prog=" value("prog")
    at = index(text, "\"")
    return at ? substr(text, 1, at - 1) record_string(substr(text, at + 1) + 0) : text
}

# A service's port tells which service it is; a client's is any, and another one for
# each of its connections. The lower of the two ends' ports is the service's. OWN is
# the last five bytes of the own address: a number of 32768 or more, where Linux
# begins to choose (ip_local_port_range), is a client's.
function leave_out_client_port(    at, port) {
    if (peer !~ /^[0-9[]/)
        return
    port = substr(own, index(own, ":") + 1)
    if (port ~ /[^0-9]/)
        sub(/.*[^0-9]/, "", port)
    at = index(peer, "]:")
    at = at ? at + 1 : index(peer, ":")
    if (port + 0 && substr(peer, at + 1) + 0 > port + 0)
        peer = substr(peer, 1, at - 1)
}

function is_new_cause(text) {
    if (causes == MOST_CAUSES || text !~ /^[a-z][a-z-]*$/)
        return 0
    causes++
    first[text] = last[text] = ts
    return 1
}

# What is longer than any record comes in pieces, the last one shorter (fold). What
# is longer than a piece is report.sh's word: a file begins, or could not be read.
function take_piece(line,    word) {
    if (length(line) == piece) {
        count_other(line)
        piece_at = NR
        return
    }
    split(line, word, " ")
    if (word[1] == "unread")
        unread = 2
    file = names[word[2]]
    file_at = NR
    more_pieces = 0
}

function count_other(line) {
    if (line == "")
        return
    if (piece_at && NR == piece_at + 1) {
        more_pieces++
        return
    }
    if (++others > MOST_EXAMPLES)
        return
    example_at[others] = NR - file_at - more_pieces
    example_file[others] = file
    example[others] = substr(line, 1, 200)
}
