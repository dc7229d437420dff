# What other programs write around a record: journalctl, syslog, docker compose, kubectl,
# grep. After records.awk and json_line.awk. In every line a HOST (machine, container or
# pod) and a UNIT (what the service is called there), or neither.

# own_part(LINE): LINE without what stands around its record; all of it if it holds none.
# Sets host and unit.
function own_part(line,    own) {
    host = unit = ""
    if (substr(line, 1, 3) == "ts=" && substr(line, length(line)) == "\"" || substr(line, 1, 8) == "{\"ts\":\"2" && substr(line, length(line)) == "}")
        return line
    own = without_decoration(line)
    if (own ~ /^[{"]/ && substr(own, 1, 8) != "{\"ts\":\"2")
        own = from_object(own)
    own = without_prefix(own)
    if (own == "") {
        host = unit = ""
        return line
    }
    return own
}

# Without a mark of the byte order, a carriage return, colours, blanks around it, and what
# journalctl -o json-seq and json-sse begin a line with.
function without_decoration(line) {
    if (index(line, "\033"))
        gsub(/\033\[[0-9;]*[A-Za-z]/, "", line)
    sub(/^(\357\273\277|\036|data: )/, "", line)
    sub(/[ \t\r]+$/, "", line)
    sub(/^[ \t]+/, "", line)
    return line
}

# What the string in a JSON object holds; it may have a prefix of its own.
function from_object(line,    text) {
    text = json_line(line)
    if (text == "")
        return line
    host = json_host
    unit = json_unit
    return text
}

# without_prefix(LINE): empty if it holds no record that begins with a known prefix.
function without_prefix(line,    at, json_at) {
    if (substr(line, 1, 3) == "ts=" || substr(line, 1, 8) == "{\"ts\":\"2")
        return line
    at = index(line, "ts=2")
    json_at = index(line, "{\"ts\":\"2")
    if (json_at && (!at || json_at < at))
        at = json_at
    return at > 1 && at <= LONGEST_PREFIX && read_prefix(substr(line, 1, at - 1)) ? substr(line, at) : ""
}

# Many lines of one second have the same.
function read_prefix(text) {
    if (text != known_prefix) {
        known_prefix = text
        known_host = known_unit = ""
        knows_prefix = take_prefix(text)
    }
    if (knows_prefix && known_host known_unit != "") {
        host = known_host
        unit = known_unit
    }
    return knows_prefix
}

# From left to right: each part may be there. Whether nothing else is.
function take_prefix(text,    has_time) {
    sub(/^(> ?)+/, "", text)            # quoted in a mail
    sub(/^([0-9]+ )?<[0-9]+>(1 )?/, "", text) # octets (RFC 6587), priority, and the version of RFC 5424
    sub(/^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]([.,][0-9]+)? +/, "", text) # foreman
    text = take_source(text)
    has_time = length(text)
    text = without_time(text)
    has_time = length(text) < has_time
    sub(/^(stdout|stderr) [FP] /, "", text) # the files of CRI, containerd's and CRI-O's
    sub(/^\{[^}]*\} +/, "", text)           # Loki's labels
    text = without_facility(text)
    # syslog's and journalctl's HOST TAG[PID]: where a tag may come without the colon.
    if (text ~ /^[^ ]+ [^ ]+: *(<[0-9]+>)?$/ || has_time && text ~ /^[^ ]+ [^ ]+ +$/)
        text = take_tag(text)
    else if (has_time && text ~ /^[^ ]+ [^ ]+ [^ ]+ [^ ]+ (-|\[.*\]) *(\357\273\277)?$/) # RFC 5424
        text = take_rfc5424(text)
    else if (text ~ /^[^ ]+:? +$/)
        text = take_word(text, has_time)
    else if (text ~ /^[^ ]+-[a-z0-9]*[0-9][a-z0-9]* [a-z0-9.-]+ +$/) # stern
        text = take_tag(text)
    sub(/^<[0-9]+>/, "", text)
    sub(/^MESSAGE=/, "", text)        # journalctl -o export
    sub(/^[^ ]*:$|^[0-9]+[ \t]+$/, "", text) # grep, cat -n
    return text == ""
}

# docker compose's SERVICE |, a swarm's TASK@NODE |, kubectl's [pod/NAME/CONTAINER].
function take_source(text,    at, part) {
    if (match(text, /^\[?[A-Za-z0-9_.@-]+\]? *\| /)) {
        known_host = substr(text, 1, index(text, "|") - 1)
        gsub(/^\[|\]? +$/, "", known_host)
        at = index(known_host, "@")
        if (at) {
            known_unit = substr(known_host, 1, at - 1)
            known_host = substr(known_host, at + 1)
        }
        return substr(text, RLENGTH + 1)
    }
    if (match(text, /^\[[a-z]+\/[^\/ ]+\/[^\/ ]+\] /)) {
        split(substr(text, 2, RLENGTH - 3), part, "/")
        known_host = part[2]
        known_unit = part[3]
        return substr(text, RLENGTH + 1)
    }
    return text
}

# The forms of journalctl, syslog (in any language), logread, svlogd and multilog.
function without_time(text) {
    sub(/^\[?([^ 0-9]+ )?[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T _][0-9:.,]+(Z|[+-][0-9][0-9]:?[0-9][0-9]| [A-Z0-9+-]+)?\]? */, "", text) ||
        sub(/^([^ 0-9]+ )?[^ 0-9]+ [ 0-9][0-9] [0-9][0-9]:[0-9:.]+ *([12][0-9][0-9][0-9] )?/, "", text) ||
        sub(/^[0-9]+\.[0-9]+ /, "", text) || sub(/^\[ *[0-9]+\.[0-9]+ *(<[^>]*> *)?\] /, "", text) || sub(/^@[0-9a-f]+ /, "", text)
    return text
}

# busybox's syslogd and logread write facility.severity before the tag.
function without_facility(text) {
    if (match(text, /(^| )(kern|user|daemon|syslog|cron|auth|authpriv|local[0-7])\.(emerg|alert|crit|err|warn|notice|info|debug) /))
        return substr(text, 1, RSTART - 1) (RSTART > 1 ? " " : "") substr(text, RSTART + RLENGTH)
    return text
}

function take_tag(text,    part) {
    split(text, part, " ")
    known_host = part[1]
    known_unit = tag_name(part[2])
    sub(/^[^ ]+ [^ ]+ */, "", text)
    return text
}

function tag_name(text) {
    sub(/:$/, "", text)
    sub(/\[[0-9]*\]$/, "", text)
    return text
}

# One word: TAG[PID]: after a time (journalctl --no-hostname), HOST: (pdsh, clush), a
# stream's name after a time (aws logs tail), or [POD].
function take_word(text, has_time,    word) {
    word = text
    sub(/ +$/, "", word)
    if (has_time && word ~ /:$/)
        known_unit = tag_name(word)
    else if (word ~ /^[A-Za-z0-9_.-]+:$/)
        known_host = tag_name(word)
    else if (has_time && word ~ /\//)
        known_host = word
    else if (word ~ /^\[[A-Za-z0-9_.-]+\]$/)
        known_host = word ~ /^\[std(out|err)\]$/ ? "" : substr(word, 2, length(word) - 2)
    else
        return text
    return ""
}

function take_rfc5424(text,    part) {
    split(text, part, " ")
    known_host = part[1] == "-" ? "" : part[1]
    known_unit = part[2] == "-" ? "" : part[2]
    return ""
}

BEGIN {
    LONGEST_PREFIX = 400 # bytes
}
