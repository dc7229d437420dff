# Reads the records of a log, logfmt or JSON, line by line mixed. Loaded with -f
# before the program that uses it, under LC_ALL=C: a log is bytes. Choices of the
# caller come in the environment, where no backslash is lost (filter.sh).
#
# For three million lines awk's own field splitting, and a table of all keys, are
# too slow: a key is searched for when somebody asks for it.

# read_record(LINE): whether LINE is a whole record. Then these are set:
# ts (as in the log, 27 bytes), level, event; and value() answers for the rest.
function read_record(line,    at) {
    if (substr(line, 1, 3) == "ts=")
        return read_logfmt(line)
    if (substr(line, 1, 7) == "{\"ts\":\"")
        return read_json(line)
    return 0
}

# What stands after ` why="` is for people, and has all that would mislead a
# search. A return without its end is half a record: a crash or a full disk.
function read_logfmt(line,    at) {
    if (substr(line, 31, 7) != " level=" || substr(line, 30, 1) != "Z")
        return 0
    at = index(line, " why=\"")
    if (at && substr(line, length(line)) != "\"")
        return 0
    record_why = at ? substr(line, at + 6, length(line) - at - 6) : ""
    record = at ? substr(line, 1, at - 1) : line
    record_is_json = 0
    record_is_quoted = index(record, "\"")
    ts = substr(line, 4, 27)
    level = value("level")
    event = value("event")
    return level in RANK && event != "" && (at || event != "return")
}

function read_json(line) {
    if (substr(line, 34, 10) != "Z\",\"level\"" || substr(line, length(line)) != "}")
        return 0
    record = line
    record_is_json = 1
    ts = substr(line, 8, 27)
    level = value("level")
    event = value("event")
    return level in RANK && event != "" && (event != "return" || index(line, "\"why\":\""))
}

# value(KEY): as it stands in the record, without the quotes around it but with
# what is escaped in it. Empty if the key is not there.
function value(key) {
    return record_is_json ? json_value(key) : logfmt_value(key)
}

function why() {
    return record_is_json ? json_value("why") : record_why
}

# A value with a blank is in quotes, and there ` key=` may be a program's name:
# then what is in quotes is passed over.
function logfmt_value(key,    at, rest) {
    if (record_is_quoted)
        return quoted_logfmt_value(key)
    at = index(record, " " key "=")
    if (!at)
        return ""
    rest = substr(record, at + length(key) + 2)
    at = index(rest, " ")
    return at ? substr(rest, 1, at - 1) : rest
}

function quoted_logfmt_value(key,    rest, at, name, end) {
    rest = record
    while ((at = index(rest, "="))) {
        name = substr(rest, 1, at - 1)
        rest = substr(rest, at + 1)
        if (substr(rest, 1, 1) == "\"") {
            rest = substr(rest, 2)
            end = end_of_string(rest)
        } else
            end = index(rest " ", " ")
        if (name == key)
            return substr(rest, 1, end - 1)
        rest = substr(rest, end)
        sub(/^"? /, "", rest)
    }
    return ""
}

# A quote inside a string has a backslash before it, so `"key":` is never part
# of one.
function json_value(key,    at, rest) {
    at = index(record, "\"" key "\":")
    if (!at)
        return ""
    rest = substr(record, at + length(key) + 3)
    if (substr(rest, 1, 1) == "\"") {
        rest = substr(rest, 2)
        return substr(rest, 1, end_of_string(rest) - 1)
    }
    return match(rest, /[,}]/) ? substr(rest, 1, RSTART - 1) : rest
}

# Where the quote is that ends the string that TEXT begins in; after its end if
# there is none.
function end_of_string(text,    at, from) {
    from = 1
    while ((at = index(substr(text, from), "\""))) {
        at += from - 1
        if (!is_escaped(text, at))
            return at
        from = at + 1
    }
    return length(text) + 1
}

function is_escaped(text, at,    count) {
    while (substr(text, at - 1 - count, 1) == "\\")
        count++
    return count % 2
}

# ---- What the caller wants of them (filter.sh) ----

# is_wanted(): of the record just read. Only a return has a cause or a peer.
function is_wanted() {
    if (ts < since || until != "" && ts >= until || RANK[level] < lowest)
        return 0
    if (wanted_prog != "" && value("prog") !~ wanted_prog)
        return 0
    if (wanted_cause != "" && value("cause") !~ wanted_cause)
        return 0
    return wanted_peer == "" || value("peer") ~ wanted_peer
}

# A regular expression for a list of globs with commas between them; * and ? are
# all that is special. SUFFIX is a regular expression that may come after each.
function globs(list, suffix,    count, words, i, all) {
    if (list == "")
        return ""
    count = split(list, words, ",")
    for (i = 1; i <= count; i++) {
        gsub(/[^A-Za-z0-9_*?]/, "[&]", words[i])
        gsub(/\[\^\]/, "\\^", words[i])
        gsub(/\[\\\]/, "\\\\", words[i])
        gsub(/\*/, ".*", words[i])
        gsub(/\?/, ".", words[i])
        all = all (i > 1 ? "|" : "") words[i]
    }
    return "^(" all ")" suffix "$"
}

# ---- For the terminal ----

# Nothing that a terminal would obey: no control character, C1 neither, and
# beyond ASCII only what a UTF-8 terminal shows.
function printable(text) {
    if (text !~ /[^ -~]/)
        return text
    if (!is_utf8)
        gsub(/[^ -~]/, "?", text)
    else {
        gsub(/[\001-\037\177]/, "?", text)
        gsub(/\302[\200-\237]/, "?", text)
    }
    return text
}

BEGIN {
    split("debug info warn error", LEVELS, " ")
    for (rank in LEVELS)
        RANK[LEVELS[rank]] = rank + 0
    since = ENVIRON["SINCE"]
    until = ENVIRON["UNTIL"]
    lowest = RANK[ENVIRON["LOWEST"]] + 0
    wanted_cause = globs(ENVIRON["WANTED_CAUSE"])
    wanted_prog = globs(ENVIRON["WANTED_PROG"])
    # With or without the port.
    wanted_peer = globs(ENVIRON["WANTED_PEER"], "(:[0-9]+)?")
    is_utf8 = ENVIRON["IS_UTF8"]
}
