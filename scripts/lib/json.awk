# JSON, for report, follow and check; well-formed whatever a log or a name holds. After
# records.awk.

# A text as it is.
function json_text(text) {
    gsub(/\\/, "&&", text)
    gsub(/"/, "\\\"", text)
    return "\"" valid_in_json(text) "\""
}

# json_record(LINE): a record of the log as an object on one line, its keys in their
# order. One that is JSON already stays as it is.
function json_record(line,    at, key, text, end, out) {
    if (substr(line, 1, 1) == "{")
        return valid_in_json(line)
    while ((at = index(line, "="))) {
        key = substr(line, 1, at - 1)
        line = substr(line, at + 1)
        if (substr(line, 1, 1) == "\"") {
            line = substr(line, 2)
            end = end_of_string(line)
        } else
            end = index(line " ", " ")
        text = substr(line, 1, end - 1)
        line = substr(line, end)
        sub(/^"? */, "", line)
        out = out (out == "" ? "" : ",") json_text(key) ":" (key in JSON_NUMBER && text ~ /^-?[0-9]+$/ ? text : json_escaped(text))
    }
    return "{" out "}"
}

# A value of a record, with what is escaped there: \" \\ \n and \xHH.
function json_escaped(text,    at, pair, out) {
    while ((at = index(text, "\\"))) {
        pair = substr(text, at, 2)
        out = out json_inner(substr(text, 1, at - 1))
        text = substr(text, at + 2)
        if (pair == "\\x" && text ~ /^[0-9a-f][0-9a-f]/) {
            out = out JSON_SUBSTITUTE
            text = substr(text, 3)
        } else
            out = out (pair ~ /^\\["\\n]$/ ? pair : "\\\\" json_inner(substr(pair, 2)))
    }
    return "\"" out json_inner(text) "\""
}

function json_inner(text) {
    gsub(/"/, "\\\"", text)
    return valid_in_json(text)
}

BEGIN {
    JSON_SUBSTITUTE = "\357\277\275" # U+FFFD
    json_count = split("pid tid fd ret errno len peer_pid rx tx unacked unsent idle_ms sent_ms fin_ms unread rtt_us retrans waited_ms limit duration_us lost", json_keys, " ")
    for (json_i = 1; json_i <= json_count; json_i++)
        JSON_NUMBER[json_keys[json_i]] = 1
}
