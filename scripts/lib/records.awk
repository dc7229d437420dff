# Reads the records of a log, logfmt or JSON, line by line mixed. Loaded with -f
# before the program that uses it, under LC_ALL=C: a log is bytes. Choices of the
# caller come in the environment, where no backslash is lost (filter.sh).
#
# For three million lines awk's own field splitting, and a table of all keys, are
# too slow: a key is searched for when somebody asks for it.

# read_record(LINE): whether LINE is a whole record. Then these are set:
# ts (as in the log, 27 bytes), level, event; and value() answers for the rest.
# Every record ends with a string: half a record, after a crash or on a full
# disk, does not.
function read_record(line) {
    if (substr(line, 1, 3) == "ts=")
        return ends_with(line, "\"") && read_logfmt(line)
    if (substr(line, 1, 7) == "{\"ts\":\"")
        return ends_with(line, "\"}") && read_json(line)
    return 0
}

# With a quote that ends a string.
function ends_with(line, text,    at) {
    at = length(line) - length(text) + 1
    return substr(line, at) == text && (substr(line, at - 1, 1) != "\\" || !is_escaped(line, at))
}

# Nearly always the first quote is the sentence's, which is the last of all. It is
# for people, and has all that would mislead a search.
function read_logfmt(line,    quote) {
    if (substr(line, 30, 8) != "Z level=")
        return 0
    record_format = ""
    record_why = ""
    quote = index(line, "\"")
    if (substr(line, quote - 5, 5) == " why=") {
        record = substr(line, 1, quote - 6)
        record_why = substr(line, quote + 1, length(line) - quote - 1)
    } else if (!read_quoted(line))
        return 0
    ts = substr(line, 4, 27)
    return length(line) > quote && is_whole(record_why, record_format == "quoted" && index(record, " settings=\""))
}

# A value with a blank, a quote or = is in quotes, and what stands there may look
# like a key: RECORD has the number of such a string in its place. In a copy without
# what is escaped, every quote begins or ends one.
function read_quoted(line,    strings, count, i) {
    record_format = "quoted"
    record_line = line
    strings = line
    gsub(/\\[\\"]/, "__", strings)
    count = split(strings, record_part, "\"")
    record = record_part[1]
    for (i = 2; i < count; i += 2) {
        if (substr(record, length(record)) != "=")
            return 0
        record = record "\"" i "\"" record_part[i + 1]
    }
    # The last of them, but for a program's settings.
    if (substr(record_part[count - 2], length(record_part[count - 2]) - 4) == " why=")
        record_why = substr(line, length(line) - length(record_part[count]) - length(record_part[count - 1]), length(record_part[count - 1]))
    return count % 2
}

# String NUMBER of the record, in which what is escaped still is.
function record_string(number,    i, at) {
    at = 1
    for (i = 1; i < number; i++)
        at += length(record_part[i]) + 1
    return substr(record_line, at, length(record_part[number]))
}

function read_json(line,    at) {
    if (substr(line, 34, 10) != "Z\",\"level\"")
        return 0
    record_format = "json"
    ts = substr(line, 8, 27)
    at = index(line, ",\"why\":\"")
    record = at ? substr(line, 1, at) : line
    record_why = at ? substr(line, at + 8, length(line) - at - 9) : ""
    return is_whole(at, !at && index(line, "\"settings\":\""))
}

# What a record ends with tells half of it from all.
function is_whole(has_why, has_settings,    text) {
    if (record_format == "json") {
        level = value("level")
        event = value("event")
    } else {
        text = substr(record, 38, 40)
        level = substr(text, 1, index(text, " ") - 1)
        text = substr(text, length(level) + 1)
        event = substr(text, 1, 7) == " event=" ? substr(text, 8, index(substr(text, 8) " ", " ") - 1) : value("event")
    }
    return is_time(ts) && level in RANK && event != "" && (event == "start" ? has_settings : has_why)
}

# As the log writes it, or the beginning of that.
function is_time(text) {
    return text ~ /^[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]+Z?)?$/
}

# value(KEY): as it stands in the record, without the quotes around it but with
# what is escaped in it. Empty if the key is not there.
function value(key,    at, rest) {
    if (record_format == "json")
        return json_value(key)
    at = index(record, " " key "=")
    if (!at)
        return ""
    rest = substr(record, at + length(key) + 2)
    at = index(rest, " ")
    if (at)
        rest = substr(rest, 1, at - 1)
    return record_format == "quoted" && substr(rest, 1, 1) == "\"" ? record_string(substr(rest, 2) + 0) : rest
}

function why() {
    return record_why
}

# A quote inside a string has a backslash before it, so `"key":` is never part
# of one, and a string ends at `","` or, with the record, before one byte more.
function json_value(key,    at, rest) {
    at = index(record, "\"" key "\":")
    if (!at)
        return ""
    at += length(key) + 3
    if (substr(record, at, 1) != "\"") {
        rest = substr(record, at, 24)
        at = index(rest, ",")
        return at ? substr(rest, 1, at - 1) : rest
    }
    rest = substr(record, at + 1)
    at = index(rest, "\",\"")
    if (!at)
        at = length(rest) - 1
    else if (substr(rest, at - 1, 1) == "\\" && is_escaped(rest, at))
        at += 2
    return substr(rest, 1, at - 1)
}

# Where the quote is that ends the string that TEXT begins in; after its end if
# there is none.
function end_of_string(text,    at, from, tries) {
    from = 1
    for (tries = 0; tries < 4 && (at = index(substr(text, from), "\"")); tries++) {
        at += from - 1
        if (at == 1 || substr(text, at - 1, 1) != "\\")
            return at
        if (at > 2 && substr(text, at - 2, 1) == "\\")
            break # one backslash more: how many there are decides
        from = at + 1
    }
    # For a few it takes longer, for many it does not.
    return at && match(text, /^([^"\\]|\\.)*"/) ? RLENGTH : length(text) + 1
}

# A place before the first is not specified: most awks give the first character there.
function is_escaped(text, at,    count) {
    while (at - count > 16 && substr(text, at - 16 - count, 16) == BACKSLASHES)
        count += 16
    while (at - 1 - count > 0 && substr(text, at - 1 - count, 1) == "\\")
        count++
    return count % 2
}

# Whom the record just read is about: the peer; else a unix socket's process, or the
# socket's own address, which could not be bound, say.
function other_end(    end) {
    end = value("peer")
    if (end != "")
        return end
    end = value("peer_pid")
    if (end != "")
        return "process " end
    end = value("local")
    return end == "" ? "" : "local " end
}

# ---- What the caller wants of them (filter.sh) ----

# is_wanted(): of the record just read; host is prefix.awk's. Only a return has a cause
# or a peer. An errno's name may stand for a cause: no cause is called like one.
function is_wanted() {
    if (ts < since || until != "" && ts >= until || RANK[level] < lowest)
        return 0
    if (wanted_prog != "" && value("prog") !~ wanted_prog)
        return 0
    if (wanted_pid != "" && value("pid") !~ wanted_pid)
        return 0
    if (wanted_host != "" && host !~ wanted_host)
        return 0
    if (wanted_cause != "" && value("cause") !~ wanted_cause && value("error") !~ wanted_cause)
        return 0
    return wanted_peer == "" || other_end() ~ wanted_peer
}

# A regular expression for a list of globs separated by commas; * and ? are
# all that is special, and blanks around a comma are nothing. PREFIX and SUFFIX are
# regular expressions around each.
function globs(list, prefix, suffix,    count, words, i, all) {
    if (list == "")
        return ""
    gsub(/ *, */, ",", list)
    count = split(list, words, ",")
    for (i = 1; i <= count; i++) {
        gsub(/[^A-Za-z0-9_*?\\^]/, "[&]", words[i])
        gsub(/\\/, "[&&]", words[i])
        gsub(/\^/, "\\^", words[i])
        gsub(/\*/, ".*", words[i])
        gsub(/\?/, ".", words[i])
        all = all (i > 1 ? "|" : "") words[i]
    }
    return "^" prefix "(" all ")" suffix "$"
}

# ---- For the terminal, and for machines ----

# Nothing that a terminal would obey: no control character, C1 neither, none that
# turns the direction of writing or is invisible (U+061C, U+200B and on, U+FEFF, tag
# characters), and beyond ASCII only what a UTF-8 terminal shows.
function printable(text) {
    if (text !~ /[^ -~]/)
        return text
    if (!is_utf8) {
        gsub(/[^ -~]/, "?", text)
        return text
    }
    return without_invisible(well_formed(text, "?"), 0)
}

# What a JSON string may have in it, but for quotes and backslashes.
function valid_in_json(text) {
    return without_invisible(well_formed(text, "\357\277\275"), 1) # U+FFFD
}

# Characters that no terminal shows, or that change the direction of writing (UAX 9),
# become ?, or an escape of JSON.
function without_invisible(text, in_json,    out) {
    while (match(text, /\330\234|\342\200[\213-\217\250-\256]|\342\201[\240-\257]|\357\273\277|\363\240[\200\201][\200-\277]/)) {
        out = out substr(text, 1, RSTART - 1) (in_json ? escape_in_json(substr(text, RSTART, RLENGTH)) : "?")
        text = substr(text, RSTART + RLENGTH)
    }
    return out text
}

# Of one of those: the last of its two to four bytes has its lowest six bits. Above
# U+FFFF it is a pair of surrogates.
function escape_in_json(bytes,    last) {
    if (length(bytes) == 2)
        return "\\u061c"
    if (bytes ~ /^\357/)
        return "\\ufeff"
    for (last = 128; sprintf("%c", last) != substr(bytes, length(bytes)); )
        last++
    last += bytes ~ /^(\342|\363\240)\201/ ? -64 : -128
    return length(bytes) == 3 ? sprintf("\\u%04x", 8192 + last) : sprintf("\\udb40\\u%04x", 56320 + last)
}

# Each byte that is no part of valid UTF-8 (RFC 3629), or a control character's,
# becomes SUBSTITUTE.
function well_formed(text, substitute,    out) {
    while (text != "")
        if (match(text, /^([ -~]|\302[\240-\277]|[\303-\337][\200-\277]|\340[\240-\277][\200-\277]|\355[\200-\237][\200-\277]|[\341-\354\356\357][\200-\277][\200-\277]|\360[\220-\277][\200-\277][\200-\277]|[\361-\363][\200-\277][\200-\277][\200-\277]|\364[\200-\217][\200-\277][\200-\277])+/)) {
            out = out substr(text, 1, RLENGTH)
            text = substr(text, RLENGTH + 1)
        } else {
            out = out substitute
            text = substr(text, 2)
        }
    return out
}

BEGIN {
    split("debug info warn error", LEVELS, " ")
    for (rank in LEVELS)
        RANK[LEVELS[rank]] = rank + 0
    since = ENVIRON["FILTER_SINCE"]
    until = ENVIRON["FILTER_UNTIL"]
    lowest = RANK[ENVIRON["FILTER_LEVEL"]] + 0
    wanted_cause = globs(ENVIRON["FILTER_CAUSE"])
    wanted_prog = globs(ENVIRON["FILTER_PROG"])
    wanted_pid = globs(ENVIRON["FILTER_PID"])
    wanted_host = globs(ENVIRON["FILTER_HOST"])
    # With or without the port, and the brackets before it.
    wanted_peer = globs(ENVIRON["FILTER_PEER"], "\\[?", "\\]?(:[0-9]+)?")
    is_utf8 = ENVIRON["TERMINAL_IS_UTF8"]
    BACKSLASHES = "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\" # 16
}
