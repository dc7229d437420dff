# What other programs write in front of a record: journalctl, syslog, docker compose
# and kubectl. After records.awk. In every line a HOST (machine, container or pod) and
# a UNIT (what the service is called there), or neither.

# own_part(LINE): LINE without what stands in front of its record; all of it if it holds
# none. Sets host and unit.
function own_part(line,    at, json_at) {
    host = unit = ""
    if (substr(line, 1, 3) == "ts=" || substr(line, 1, 2) == "{\"")
        return line
    at = index(line, "ts=2")
    json_at = index(line, "{\"ts\":\"2")
    if (json_at && (!at || json_at < at))
        at = json_at
    if (at < 2 || at > LONGEST_PREFIX || !read_prefix(substr(line, 1, at - 1)))
        return line
    return substr(line, at)
}

# Many lines of one second have the same.
function read_prefix(text) {
    if (text != known_prefix) {
        known_prefix = text
        known_host = known_unit = ""
        knows_prefix = take_prefix(text)
    }
    host = knows_prefix ? known_host : ""
    unit = knows_prefix ? known_unit : ""
    return knows_prefix
}

# From left to right: each part may be there. Whether nothing else is.
function take_prefix(text,    has_time) {
    sub(/^<[0-9]+>(1 )?/, "", text) # a priority, and the version of RFC 5424
    if (match(text, /^[A-Za-z0-9_.-]+ *\| /)) { # docker compose
        known_host = substr(text, 1, index(text, "|") - 1)
        sub(/ +$/, "", known_host)
        text = substr(text, RLENGTH + 1)
    } else if (match(text, /^\[[a-z]+\/[^\/ ]+\/[^\/ ]+\] /)) # kubectl --prefix
        text = take_pod(text)
    has_time = sub(/^([A-Z][a-z][a-z] )?[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9:.,]+(Z|[+-][0-9][0-9]:?[0-9][0-9]| [A-Z0-9+-]+)? */, "", text) ||
        sub(/^[A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9:.]+ */, "", text)
    # syslog's and journalctl's HOST TAG[PID]: where a tag may come without the colon.
    if (text ~ /^[^ ]+ [^ ]+: *(<[0-9]+>)?$/ || has_time && text ~ /^[^ ]+ [^ ]+ +$/)
        text = take_tag(text)
    else if (has_time && text ~ /^[^ ]+ [^ ]+ [^ ]+ [^ ]+ (-|\[.*\]) *(\357\273\277)?$/) # RFC 5424
        text = take_rfc5424(text)
    sub(/^<[0-9]+>/, "", text)
    return text == ""
}

# [pod/NAME/CONTAINER]
function take_pod(text,    part) {
    split(substr(text, 2, RLENGTH - 3), part, "/")
    known_host = part[2]
    known_unit = part[3]
    return substr(text, RLENGTH + 1)
}

function take_tag(text,    part) {
    split(text, part, " ")
    known_host = part[1]
    known_unit = part[2]
    sub(/:$/, "", known_unit)
    sub(/\[[0-9]*\]$/, "", known_unit)
    sub(/^[^ ]+ [^ ]+ */, "", text)
    return text
}

function take_rfc5424(text,    part) {
    split(text, part, " ")
    known_host = part[1] == "-" ? "" : part[1]
    known_unit = part[2] == "-" ? "" : part[2]
    return ""
}

# Where the record just read comes from, for a column: nothing for a line without prefix.
function origin() {
    return host
}

BEGIN {
    LONGEST_PREFIX = 400 # bytes
}
