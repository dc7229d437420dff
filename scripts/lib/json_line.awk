# A record inside a JSON object: journalctl -o json, docker's and podman's log files, and
# what Fluent Bit, Vector, Loki and the like write. After records.awk, for prefix.awk.

# json_line(LINE): the string in the object LINE that holds a record, without its escapes,
# and in $json_host and $json_unit where it comes from, if the object says so; empty if
# there is none.
function json_line(line,    at, text) {
    at = index(line, "ts=2")
    if (!at)
        at = index(line, "{\\\"ts\\\":\\\"2")
    if (!at || !match(substr(line, 1, at - 1), /"[^"]*$/))
        return ""
    text = substr(line, RSTART + 1)
    text = json_unescaped(substr(text, 1, end_of_string(text) - 1))
    sub(/[\r\n]+$/, "", text)
    json_host = json_member(line, JSON_HOSTS)
    json_unit = json_member(line, JSON_UNITS)
    return text
}

# json_member(LINE, KEYS): the first of these keys that is there with a string.
function json_member(line, keys,    n, i, key, at, text) {
    n = split(keys, key, " ")
    for (i = 1; i <= n; i++)
        if (match(line, "\"" key[i] "\" ?: ?\"")) {
            text = substr(line, RSTART + RLENGTH)
            text = json_unescaped(substr(text, 1, end_of_string(text) - 1))
            if (text != "")
                return text
        }
    return ""
}

function json_unescaped(text,    at, letter, out) {
    while ((at = index(text, "\\"))) {
        letter = substr(text, at + 1, 1)
        out = out substr(text, 1, at - 1)
        text = substr(text, at + 2)
        if (letter == "u") {
            out = out json_code(tolower(substr(text, 1, 4)))
            text = substr(text, 5)
        } else
            out = out (letter in JSON_LETTER ? JSON_LETTER[letter] : letter)
    }
    return out text
}

# \u003c: docker writes <, > and & like this. Nothing beyond ASCII is written so by any.
function json_code(text,    code) {
    code = (index(JSON_DIGITS, substr(text, 3, 1)) - 1) * 16 + index(JSON_DIGITS, substr(text, 4, 1)) - 1
    return substr(text, 1, 2) == "00" && code > 31 && code < 127 ? sprintf("%c", code) : "?"
}

BEGIN {
    JSON_DIGITS = "0123456789abcdef"
    JSON_LETTER["n"] = "\n"
    JSON_LETTER["r"] = "\r"
    JSON_LETTER["t"] = "\t"
    JSON_HOSTS = "pod_name pod _HOSTNAME hostname HOST host"
    JSON_UNITS = "container_name container SYSLOG_IDENTIFIER _SYSTEMD_UNIT PROGRAM program appname"
}
