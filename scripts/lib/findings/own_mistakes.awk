# Errors that are in the program's own calls, whatever the network does.

function find_own_mistakes(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && is_own_mistake(i))
            put_in_group(prog_of[i] SUBSEP cause_of[i] SUBSEP call_of[i], i, at_of[i])
    for (g = 1; g <= groups; g++)
        tell_own_mistake(g)
}

function is_own_mistake(i) {
    if (cause_of[i] == "not-connected")
        return call_of[i] != "shutdown" && call_of[i] !~ /^get/
    return cause_of[i] ~ /^(bad-descriptor|local-shutdown-write|message-too-big|no-memory)$/
}

function tell_own_mistake(g,    i, n) {
    i = group_first[g]
    n = found(cause_of[i], level_of[i] >= RANK["error"] ? "error" : "warn", g, \
        spoken_prog(i) ": " printable(call_of[i]) " fails with " printable(error_of[i]) ", " (cause_of[i] == "no-memory" ? "as the kernel has no room" : cause_of[i] == "message-too-big" ? "as the message is too big" : "a mistake of the program"), \
        tally(g, "time", "times") ", first at " clock(i) " on descriptor " printable(fd_of[i]) (site_of[i] != "" ? ", called from " printable(site_of[i]) : "") ".", \
        sentence(why_of[i]), \
        cause_text_of(cause_of[i]))
    add_figure(n, "records", group_size[g])
}

# `do:` of causes.txt.
function cause_text_of(cause) {
    if (!cause_count)
        read_causes(ENVIRON["REPORT_CAUSES"])
    return cause_text[cause, "do"]
}
