# What programs do all day, and what is wrong with nobody: no later kind sees it.

BEGIN {
    LEAST_ASKED = 8   # descriptors that are asked for one after the other
    MOST_TRIES = 2    # of a process, with what is no socket
    MOST_FAREWELL = 5 # bytes: MySQL's COM_QUIT, PostgreSQL's Terminate
}

function find_nothing_wrong(    i) {
    note_processes()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && is_nothing_wrong(i))
            pass_over(i)
}

function pass_over(i,    n, follower, k) {
    claimed[i] = -1
    passed_over[cause_of[i]] += kept_for[i]
    n = split(followers[i], follower, " ")
    for (k = 1; k <= n; k++)
        claimed[follower[k]] = -1
}

# Of each process: the number of its last record, on how many descriptors it asked, and
# which of them have no connection, for that connect failed.
function note_processes(    i, key) {
    for (i = 1; i <= kept_count; i++) {
        key = machine_of[i] SUBSEP pid_of[i]
        last_of[key] = i
        records_of[key]++
        if (is_question(i) && !((key, fd_of[i]) in asked_for)) {
            asked_for[key, fd_of[i]] = 1
            questions_of[key]++
        }
        if (is_no_socket(i))
            tries_of[key]++
        if (!is_of_helper(i))
            has_others[machine_of[i], prog_of[i]] = 1
        if (call_of[i] == "connect" && level_of[i] >= RANK["warn"])
            has_no_peer[key, fd_of[i]] = 1
        if (local_of[i] ~ /^[\/@]/)
            serves[machine_of[i], prog_of[i], local_of[i]] = 1
    }
}

function is_nothing_wrong(i,    key) {
    if (cause_of[i] == "peer-closed")
        return 0
    key = machine_of[i] SUBSEP pid_of[i]
    if (cause_of[i] == "bad-descriptor")
        return is_question(i) ? questions_of[key] >= LEAST_ASKED || fd_of[i] < 0 : fd_of[i] < 0 && call_of[i] == "setsockopt" \
            || is_no_socket(i) && goes_on_otherwise(i, key)
    if (cause_of[i] == "not-connected")
        return (key, fd_of[i]) in has_no_peer
    if (cause_of[i] == "no-such-socket")
        return is_done_without(i, key)
    return is_farewell(i, key)
}

# Daemons ask in this way which descriptors they were given (uWSGI: all of them).
function is_question(i) {
    return error_of[i] == "EBADF" && call_of[i] ~ /^get(sockname|peername|sockopt)$/
}

# recv first, and then read: that works with pipes and files as well (ncat, Samba).
function is_no_socket(i) {
    return error_of[i] == "ENOTSOCK" && call_of[i] ~ /^_*recv/
}

# Whoever has no standard input but that has no other record.
function goes_on_otherwise(i, key) {
    return tries_of[key] <= MOST_TRIES && (is_sampled || last_of[key] > i || fd_of[i] == 0 && records_of[key] > tries_of[key])
}

# What name services, PAM and loggers ask first, if it is there. Or the program looks whether
# another one serves that path already, before it does so itself (php-fpm, ssh's ControlPath).
function is_done_without(i, key) {
    if (is_of_helper(i))
        return records_of[key] > 1 || (machine_of[i], prog_of[i]) in has_others
    return (machine_of[i], prog_of[i], peer_of[i]) in serves || prog_of[i] == "ssh" && last_of[key] > i
}

function is_of_helper(i) {
    return peer_of[i] ~ /^\/((var\/)?run\/(systemd\/userdb\/|dbus\/system_bus_socket$|nscd\/|avahi-daemon\/)|dev\/log$|var\/lib\/sss\/pipes\/)/
}

# The last words of a client that has what it wanted, to a server that is gone already.
function is_farewell(i, key) {
    if (side_of[i] == "accepted")
        return 0
    if (cause_of[i] == "peer-reset")
        return rx_of[i] > 0 && is_close_notify(i)
    if (cause_of[i] == "write-after-close")
        return type_of[i] == "unix-stream" && len_of[i] > 0 && len_of[i] <= MOST_FAREWELL && value_is_zero(unread_of[i]) && last_of[key] == i
    # PostgreSQL's CancelRequest is never answered.
    return cause_of[i] == "closed-unanswered" && tx_of[i] == 16 && value_is_zero(rx_of[i]) && site_of[i] ~ /^libpq/
}

# TLS's close_notify: a header of 5 bytes, the alert's 2, and what hides it: 1 and 16 in
# TLS 1.3 (RFC 8446, 5.2), 8 and 16 before it, with AES-GCM.
function is_close_notify(i) {
    return unsent_of[i] + 0 == 0 && (unacked_of[i] == 24 || unacked_of[i] == 31) && site_of[i] ~ /^lib(ssl|crypto|gnutls)/
}
