# The same facts for machines: an object on one line, well-formed whatever /proc holds.

# json(KEY, VALUE): a member more of the object that json_object() then is.
function json(key, text) {
    json_members = json_members (json_members == "" ? "" : ", ") json_string(key) ": " text
}

function json_object(    text) {
    text = "{" json_members "}"
    json_members = ""
    return text
}

# Numbers as numbers, all else as strings; nothing is null.
function json_value_of(text) {
    if (text == "")
        return "null"
    return text ~ /^(0|-?[1-9][0-9]*)$/ ? text : json_string(text)
}

function json_string(text) {
    gsub(/\\/, "&&", text)
    gsub(/"/, "\\\"", text)
    return "\"" valid_in_json(text) "\""
}

function more(list) {
    return list == "" ? "" : ", "
}

# Worst first.
function json_findings(    rank, i, list) {
    rank_findings(rank)
    for (i = 1; i <= findings; i++)
        list = list more(list) "{\"kind\": " json_string(finding_kind[rank[i]]) ", \"is_now\": " (finding_is_now[rank[i]] ? "true" : "false") \
            ", \"text\": " json_string(finding_text[rank[i]]) ", \"do\": " json_value_of(finding_act[rank[i]]) \
            ", \"not\": " json_value_of(finding_avoid[rank[i]]) "}"
    return "[" list "]"
}

function json_unknown(    i, list) {
    for (i = 1; i <= missings; i++)
        list = list more(list) json_string(missing[i])
    return "[" list "]"
}

# Those that this kernel counts. Without a second look there is no "recent".
function json_counters(    i, name, list) {
    for (i = 1; i <= COUNTERS; i++) {
        name = COUNTER[i]
        if (name in is_counted)
            list = list more(list) json_string(name) ": {\"total\": " counter[name] (looked ? ", \"recent\": " recent[name] + 0 : "") "}"
    }
    return "{" list "}"
}

function json_settings(    i, list) {
    for (i = 1; i <= knobs; i++)
        list = list more(list) json_string(knob_name[i]) ": " json_value_of(knob[knob_name[i]])
    return "{" list "}"
}

function json_queues(    i, list) {
    for (i = 1; i <= sockets; i++)
        list = list more(list) "{\"kind\": " json_string(kind[i]) ", \"address\": " json_string(address[i]) ", \"waiting\": " waiting[i] + 0 \
            ", \"limit\": " (kind[i] == "tcp" && !knows_limits ? "null" : limit[i] + 0) ", \"owner\": " json_value_of(owner[i]) "}"
    return "[" list "]"
}
