# A signal interrupted a call, and the program closed the connection instead of repeating
# the call. EINTR does not say which signal it was; what the process did afterwards does:
# who goes on was not asked to end.

BEGIN {
    MOST_AFTER_EINTR = 100 # ms until the close
    LEAST_PATIENCE = 10000 # ms; whoever ends a program after that has waited for it
}

# At a record of EINTR, and at a close that leaves something undone.
function note_interrupted(line) {
    line = key_of_line(line)
    if (line != "" && (line in interrupted_at || interrupted_keys++ < MOST_KEYS))
        interrupted_at[line] = ts
}

function note_close(line) {
    line = key_of_line(line)
    if (line in interrupted_at) {
        was_interrupted[line, ts] = interrupted_at[line]
        delete interrupted_at[line]
        interrupted_keys--
    }
}

# The process and descriptor of a line in either format.
function key_of_line(line) {
    if (!read_record(line))
        return ""
    return host SUBSEP value("pid") SUBSEP value("fd")
}

function find_interrupted(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && follows_signal(i))
            put_in_group(prog_of[i] SUBSEP (cause_of[i] == "gave-up-connecting" ? "connect" : "answer") SUBSEP port_of(peer_of[i]), i, deadline_of(i))
    for (g = 1; g <= groups; g++)
        tell_interrupted(g)
}

function follows_signal(i,    key) {
    key = machine_of[i] SUBSEP pid_of[i] SUBSEP fd_of[i] SUBSEP ts_of[i]
    if (cause_of[i] !~ /^gave-up-(connecting|waiting)$/ && !aborts_waiting(i) || !(key in was_interrupted))
        return 0
    return at_of[i] - since_first_day(was_interrupted[key]) - digits(was_interrupted[key], 24, 3) / 1000 <= MOST_AFTER_EINTR
}

# Whether one of their processes had a record of another connection later on.
function goes_on(g,    n, k, j, member) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        for (j = member[k] + 1; j <= kept_count; j++)
            if (pid_of[j] == pid_of[member[k]] && machine_of[j] == machine_of[member[k]] && cause_of[j] !~ /^(gave-up|reset-by-own)/)
                return 1
    return is_repeated(member, n)
}

function is_repeated(member, n,    k) {
    for (k = 2; k <= n; k++)
        if (pid_of[member[k]] == pid_of[member[k - 1]] && at_of[member[k]] - at_of[member[k - 1]] > MOST_AFTER_EINTR)
            return 1
    return 0
}

function tell_interrupted(g,    i, n, what, on) {
    i = group_first[g]
    on = goes_on(g)
    what = cause_of[i] == "gave-up-connecting" ? "connecting" : "waiting for the answer"
    n = found("interrupted", on ? "warn" : "info", g, \
        spoken_prog(i) " stops " what " when a signal interrupts it", \
        tally(g, "time", "times") " with " spoken_peer(i) ", after " spoken_range(group_least[g] < 1 ? 1 : group_least[g], group_most[g] < 1 ? 1 : group_most[g]) ", first at " clock(i) ": EINTR, and then a close.", \
        on ? "The process went on, so the signal was not to end it: a timer, a profiler, or its own alarm." \
            : "The process logged nothing more: the signal may have been to end it.", \
        interrupted_advice(i, g, on))
    add_figure(n, "records", group_size[g])
    add_figure(n, "least_ms", group_least[g])
}

# Whose patience a person ended had none of its own.
function interrupted_advice(i, g, on) {
    if (!on && group_least[g] >= LEAST_PATIENCE)
        return "if impatience sent it: " (cause_of[i] == "gave-up-connecting" ? "`SOCKSHIM_CONNECT_TIMEOUT=10s`" : "`SOCKSHIM_RECV_TIMEOUT=30s`") " gives up by itself; if not, `SOCKSHIM_EINTR=restart`."
    return "`SOCKSHIM_EINTR=restart`, with which only SIGALRM, SIGINT, SIGTERM, SIGHUP and SIGQUIT still interrupt it."
}
