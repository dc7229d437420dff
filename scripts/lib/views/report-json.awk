# The report for machines: one JSON object, well-formed whatever a log holds. After
# report.awk and json.awk.

BEGIN {
    MOST_TOLD = 100 # peers of a cause, processes of a program
}

function tell(    i) {
    rank_causes()
    rank_peers(MOST_TOLD)
    rank_programs(MOST_TOLD, MOST_TOLD)
    rank_hosts(MOST_TOLD, MOST_CAUSES)
    put("logs", json_logs())
    put("records", json_number(records))
    put("left_out", json_number(left_out))
    put("lost", json_number(lost))
    put("first", records ? json_text(earliest) : "null")
    put("last", records ? json_text(latest) : "null")
    put("findings", json_findings())
    put("levels", json_counts(levels))
    put("events", json_counts(events))
    put("causes", json_causes())
    put("programs", json_programs())
    put("hosts", json_hosts())
    put("resets", json_resets())
    put("idle_seconds", json_idle_seconds())
    put("complaints", json_complaints())
    put("other_lines", json_number(others))
    put("first_other_lines", json_other_lines())
    put("bucket_ms", json_number(width))
    put("buckets", "[")
    for (i = first_bucket; records && i <= last_bucket; i++)
        put_bucket(i)
    print "]}"
}

function put(key, json) {
    print (has_begun++ ? "," : "{") "\"" key "\": " json
}

# ---- Values ----

function json_number(n) {
    return sprintf("%.0f", n)
}

# After what there is of a list or an object.
function more(out) {
    return out == "" ? "" : ", "
}

# Few of them, in the order of the alphabet: awks visit them in different ones.
function json_counts(counts,    key, next_key, done, out) {
    do {
        next_key = ""
        for (key in counts)
            if (!(key in done) && (next_key == "" || (key "") < (next_key "")))
                next_key = key
        if (next_key != "") {
            done[next_key]
            out = out more(out) json_text(next_key) ": " json_number(counts[next_key])
        }
    } while (next_key != "")
    return "{" out "}"
}

function json_logs(    i, out) {
    for (i = 1; i <= name_count; i++)
        out = out more(out) json_text(names[i])
    return "[" out "]"
}

# ---- What there is ----

function json_places(list,    n, i, place, part, out) {
    n = split(list, place, "\n")
    for (i = 1; i <= n; i++) {
        split(place[i], part, "\t")
        out = out more(out) "{\"host\": " json_escaped(part[1]) ", \"unit\": " json_escaped(part[2]) "}"
    }
    return "[" out "]"
}

function json_findings(    i, out) {
    for (i = 1; i <= finding_count; i++)
        out = out more(out) "\n  {\"kind\": " json_text(finding_kind[i]) ", \"level\": " json_text(finding_level[i]) \
            ", \"prog\": " json_escaped(finding_prog[i]) ", \"other_progs\": " json_lines(finding_progs[i]) ", \"side\": " json_text(finding_side[i]) ", \"peer\": " json_escaped(finding_peer[i]) \
            ", \"others\": " json_lines(finding_others[i]) ", \"places\": " json_places(finding_places[i]) ", \"records\": " json_number(finding_records[i]) ", \"first\": " json_text(finding_first[i]) ", \"last\": " json_text(finding_last[i]) \
            ", \"figures\": " json_figures(i) ", \"title\": " json_text(finding_title[i]) ", \"evidence\": " json_text(finding_evidence[i]) \
            ", \"meaning\": " json_text(finding_meaning[i]) ", \"advice\": " json_text(finding_advice[i]) "}"
    return "[" out "]"
}

function json_lines(text,    n, line, i, out) {
    n = split(text, line, "\n")
    for (i = 1; i <= n; i++)
        out = out more(out) json_escaped(line[i])
    return "[" out "]"
}

function json_figures(i,    n, names, j, out) {
    n = split(finding_figures[i], names, " ")
    for (j = 1; j <= n; j++)
        out = out more(out) json_text(names[j]) ": " sprintf("%.15g", finding_figure[i, names[j]])
    return "{" out "}"
}

function json_causes(    i, word, out) {
    for (i = 1; i in order; i++) {
        word = order[i]
        out = out more(out) "\n  {\"cause\": " json_text(word) ", \"level\": " json_text(LEVELS[worst[word]]) ", \"records\": " json_number(count[word]) \
            ", \"share\": " sprintf("%.6f", count[word] / records) ", \"first\": " json_text(first[word]) ", \"last\": " json_text(last[word]) \
            ", \"different_peers\": " json_number(different_peers[word]) ", \"peers\": " json_ranked("peers of " word, "peer") "}"
    }
    return "[" out "]"
}

function json_programs(    i, label, group, out) {
    for (i = 1; i <= ranked_count["programs"]; i++) {
        label = ranked_label["programs", i]
        group = "processes of " label
        out = out more(out) "\n  {\"prog\": " json_escaped(label) ", \"records\": " json_number(ranked["programs", i]) \
            ", \"starts\": " json_number(starts[label]) ", \"different_processes\": " json_number(different_processes[label]) \
            ", \"processes\": " json_ranked(group, "pid") "}"
    }
    return "[" out "]"
}

function json_hosts(    i, label, part, out) {
    for (i = 1; i <= ranked_count["hosts"]; i++) {
        label = ranked_label["hosts", i]
        split(label, part, SUBSEP)
        out = out more(out) "\n  {\"host\": " json_text(part[1]) ", \"unit\": " json_text(part[2]) ", \"records\": " json_number(ranked["hosts", i]) \
            ", \"causes\": " json_ranked("causes of " label, "cause") "}"
    }
    return "[" out "]"
}

function json_ranked(group, key,    i, label, out) {
    for (i = 1; i <= ranked_count[group]; i++) {
        label = ranked_label[group, i]
        out = out more(out) "{\"" key "\": " (key != "peer" && label ~ /^[0-9]+$/ ? json_number(label) : json_escaped(label)) \
            ", \"records\": " json_number(ranked[group, i]) "}"
    }
    return "[" out "]"
}

# Resets by the idle time before them and what had been received, from a limit on,
# below the next.
function json_resets(    n, m, idle, rx, i, j, out) {
    n = split("0 " IDLE_LIMITS, idle, " ")
    m = split("0 " RX_LIMITS, rx, " ")
    for (i = 1; i <= n; i++)
        for (j = 1; j <= m; j++)
            if ((i, j) in reset_cells)
                out = out more(out) "{\"idle_ms\": " idle[i] ", \"rx\": " rx[j] ", \"records\": " json_number(reset_cells[i, j]) "}"
    return "[" out "]"
}

# The commonest.
function json_idle_seconds(    key) {
    for (key in idle_seconds)
        rank_in("idle", key, idle_seconds[key], MOST_TOLD)
    return json_ranked("idle", "seconds")
}

function json_complaints(    key, part, out) {
    for (key in complaints) {
        split(key, part, SUBSEP)
        out = out more(out) "{\"event\": " json_text(part[1] == "hindered" ? "config" : part[1]) ", \"prog\": " json_escaped(part[2]) ", \"why\": " json_escaped(part[3]) \
            ", \"records\": " json_number(complaints[key]) "}"
    }
    return "[" out "]"
}

function json_other_lines(    i, out) {
    for (i = 1; i in example; i++)
        out = out more(out) "{\"log\": " json_text(example_file[i]) ", \"line\": " json_number(example_at[i]) ", \"text\": " json_text(example[i]) "}"
    return "[" out "]"
}

function put_bucket(bucket,    i, out, ms, day) {
    for (i = 1; i in order; i++)
        if ((order[i], bucket) in buckets)
            out = out more(out) json_text(order[i]) ": " json_number(buckets[order[i], bucket])
    if (out == "")
        return
    day = floor(start_of(bucket) / DAY)
    ms = start_of(bucket) - day * DAY
    print (buckets_told++ ? ", " : "") sprintf("{\"from\": \"%sT%02d:%02d:%02d.%03dZ\", \"records\": {", date_of(day), \
        ms / 3600000, ms % 3600000 / 60000, ms % 60000 / 1000, ms % 1000) out "}}"
}
