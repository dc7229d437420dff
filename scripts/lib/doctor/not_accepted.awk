# For process.awk: connections that wait for this process to accept them, and what it has
# accepted at that port: requests that are not answered, or connections that idle.

BEGIN { MOST_WORKERS = 64 } # doctor_process_workers in process.sh

# Where neither a full queue nor a single peer has been told.
function not_accepted(    i, port, id) {
    for (i = 1; i <= listening_ports && between_looks > 0; i++) {
        port = listening_port[i]
        id = still_waiting[port] ? slow_listener(port) : ""
        if (!(id in fd) || id in limit && knows_limits && unread[id, 2] > limit[id] || is_busy_with_one || is_computing)
            continue
        count_requests(port)
        finding("not-accepted", "At " local[id] " (descriptor " fd[id] ") "  wait_to_be_accepted(port) ". It does not accept, or not fast enough." accepted_there(), 1)
        not_accepted_advice()
    }
}

# Of what it, or its workers, accepted at port NUMBER: requests, workers that have one, and idle connections.
function count_requests(number,    i, id, seen) {
    requests = busy_workers = idle_there = all_there = 0
    busy_worker = oldest_request = ""
    for (i = 1; i <= inodes + workers_sockets; i++) {
        id = i <= inodes ? inode_of[i] : of_workers[i - inodes]
        if (!is_still(id, "ESTABLISHED") || kind[id] != "tcp" || port[id] != number || !has_times[id])
            continue
        all_there++
        if (received[id, 1] != received[id, 2] || sent[id, 1] != sent[id, 2] || unsent[id] > 0)
            continue
        if (has_come_last(id)) {
            requests++
            oldest_request = received_ago[id] > oldest_request + 0 ? received_ago[id] : oldest_request
            if (id in worker_of && !seen[worker_of[id]]++ && ++busy_workers == 1)
                busy_worker = worker_of[id]
        } else
            idle_there += sent_ago[id] >= LEAST_WAIT && received_ago[id] >= LEAST_WAIT
    }
}

# Who polls and left them waiting does not want them now; a thread that is to take them may be elsewhere.
function holds_idle_ones() {
    return !workers && polls() != "" && idle_there >= 5 && idle_there * 2 > all_there
}

function accepted_there() {
    if (busy_workers)
        return " " (busy_workers < workers ? busy_workers " of its " count_of(workers, "worker") (busy_workers == 1 ? " has" : " have") : workers == MOST_WORKERS ? "Each of the " workers " workers looked at has" : workers == 1 ? "Its only worker has" : "All of its " workers " workers have") \
            " a request from there that is not answered, the oldest for " in_seconds(oldest_request) "." (busy_workers == workers ? " None is free: all others wait for one of these to end." : "")
    if (holds_idle_ones())
        return " It has " all_there " connections from there, " (idle_there == all_there ? "all of them" : idle_there " of them") " idle for " LEAST_WAIT " s or more, and waits in " polls() " instead of accepting: if that is its limit of connections, idle ones use it up."
    return requests && !polls() ? " It has " count_of(requests, "request") " from there that " (requests == 1 ? "is" : "are") " not answered, the oldest for " in_seconds(oldest_request) "." : ""
}

function not_accepted_advice() {
    if (busy_workers && busy_workers == workers)
        act("what does such a request wait for? sockshim doctor " busy_worker "; the server's log of slow requests (php-fpm: slowlog). If they have to take so long: more workers (php-fpm: pm.max_children; gunicorn: workers; " \
            "Apache: MaxRequestWorkers), or a pool of their own for slow requests.")
    else if (holds_idle_ones())
        act("the limit in its settings (haproxy: maxconn, global or of the frontend), and how long an idle client may stay (haproxy: timeout http-keep-alive, timeout client): shorten that, or raise the limit. " \
            "If it is not at one: which thread is to accept, and what does that wait for?")
    else
        act(workers ? "its workers (pid " worker_pids (workers > 3 ? " and others" : "") ") are to accept, it seems: sockshim doctor PID of one of them says what that waits for." \
            : requests && threads == 1 && !polls() ? "it is at that request, as far as it shows: see below what its thread waits for; if for no socket, strace -f -p " pid " shows it. Meanwhile others need more workers (php-fpm: pm.max_children)." \
            : "see below what its threads wait for, and whom its connections wait for.")
}
