# What robust handling on request did, for each program: how often each setting changed
# what the program saw, with whom, and which of those in force never did anything.

BEGIN {
    HANDLING = "dead_peer keepalive connect_timeout connect_retry recv_timeout backlog reuseaddr accept eintr reset"
}

# At an event=start: its settings.
function count_handling(prog, settings,    names, n, i) {
    n = split(HANDLING, names, " ")
    for (i = 1; i <= n; i++)
        if (index(" " settings, " " names[i] "="))
            note_handling(prog, "SOCKSHIM_" toupper(names[i]))
}

function note_handling(prog, setting) {
    if (!(prog in handled_first)) {
        if (handled_progs >= MOST_KEYS)
            return
        handled_prog[++handled_progs] = prog
        handled_first[prog] = ts
    }
    if (!((prog, setting) in handled_times)) {
        handled_times[prog, setting] = 0
        handled_settings[prog] = handled_settings[prog] " " setting
    }
    handled_last[prog] = ts
}

# At an event=handled.
function count_handled(    prog, setting, peer) {
    prog = value("prog")
    setting = value("setting")
    peer = value("peer")
    if (setting !~ /^SOCKSHIM_[A-Z_]+$/)
        return
    note_handling(prog, setting)
    handled_times[prog, setting]++
    if (peer == "" || handled_peers[prog, setting] >= MOST_KEYS)
        return
    if (!handled_with[prog, setting, peer]++)
        handled_peers[prog, setting]++
    if (handled_with[prog, setting, peer] > handled_with[prog, setting, handled_most[prog, setting]])
        handled_most[prog, setting] = peer
}

# At an event=config that is no error: what keeps a setting from having its effect, or all of
# them at once.
function count_hindrance(    prog, text, setting) {
    prog = value("prog")
    text = why()
    setting = text
    sub(/:.*/, "", setting)
    if (setting ~ /^SOCKSHIM_[A-Z_]+$/)
        note_handling(prog, setting)
    else
        setting = ""
    sub(/^[^:]*: /, "", text)
    handled_hindrance[prog, setting] = printable(text)
}

function find_handled(    i) {
    for (i = 1; i <= handled_progs; i++)
        tell_handled(handled_prog[i])
}

function tell_handled(prog,    names, n, i, did, idle, records, key, hindered) {
    n = split(handled_settings[prog], names, " ")
    for (i = 1; i <= n; i++) {
        key = prog SUBSEP names[i]
        records += handled_times[key]
        if (handled_times[key])
            did = did (did == "" ? "" : "; ") substr(names[i], 10) " " counted(handled_times[key], "time", "times") handled_whom(prog, names[i])
        else
            idle = idle (idle == "" ? "" : ", ") substr(names[i], 10)
        if (key in handled_hindrance)
            hindered = hindered " " substr(names[i], 10) ": " handled_hindrance[key] "."
    }
    n = ++finding_total
    new_kind[n] = "handled"
    new_level[n] = handled_times[prog, "SOCKSHIM_RESET"] ? "warn" : "info"
    new_prog[n] = prog
    new_records[n] = records
    new_first[n] = handled_first[prog]
    new_last[n] = handled_last[prog]
    new_title[n] = "What robust handling did for " printable(prog)
    new_evidence[n] = did == "" ? "None of the settings in force did anything." : did "."
    new_meaning[n] = idle == "" ? "Each of its settings did something." : "Never: " idle "." (idle ~ /KEEPALIVE/ ? " What KEEPALIVE keeps alive is not visible." : "")
    if ((prog, "") in handled_hindrance)
        hindered = hindered " All: " handled_hindrance[prog, ""] "."
    new_meaning[n] = new_meaning[n] hindered
    new_advice[n] = handled_advice(prog, did)
    add_figure(n, "handled", records)
}

function handled_whom(prog, setting,    peer) {
    peer = handled_most[prog, setting]
    if (peer == "")
        return ""
    return " (" (handled_peers[prog, setting] > 1 ? "mostly " : "") printable(peer) ")"
}

function handled_advice(prog, did) {
    if (handled_times[prog, "SOCKSHIM_RESET"])
        return "where SOCKSHIM_RESET hid a failure, check whether the data is complete: `grep event=handled`."
    return did == "" ? "remove what is not needed, or keep it in case it is needed later." : "keep what did something, and look for the cause of what it worked around: `grep event=handled`."
}
