# For process.awk: what keeps a process from its clients, where it is neither a socket
# nor the network. One that computes; one whose requests wait for something of its own, with
# nothing to wait for outside; and whose connections it has, also those of its workers.

BEGIN { LEAST_POOL = 5 }

$1 == "cpu" { had[$2, $3] = $4 / 1e9; wanted[$2, $3] = ($4 + $5) / 1e9 }

# For how much of the time between the looks a thread computed or waited for a processor, in percent.
function busy(thread,    percent) {
    if (between_looks <= 0 || !((1, thread) in had) || !((2, thread) in had))
        return 0
    percent = (wanted[2, thread] - wanted[1, thread]) / between_looks * 100
    return percent > 100 ? 100 : int(percent + 0.5)
}

# The thread that computes: the rest of them neither wait for sockets nor are in calls on them.
# 0: none, or the calls cannot be seen.
function computing_thread(    i, found) {
    for (i = 1; i <= threads; i++) {
        if (!knows_call[i] || call[i] ~ /poll|select/ || i in waits_for || earlier_call[tid[i]] ~ /poll|select/)
            return 0
        if (busy(tid[i]) >= 80)
            found = i
    }
    return found + 0
}

# What has come on a connection stays where it is.
function is_left_unread(id) {
    return kind[id] == "tcp" && unread[id, 2] > 0 && unread[id, 1] == unread[id, 2] && received[id, 1] == received[id, 2] && (is_still(id, "ESTABLISHED") || is_still(id, "CLOSE_WAIT"))
}

# Its client has sent last: a request that was read, and is not answered.
function has_asked(id) {
    return is_still(id, "ESTABLISHED") && port[id] in is_own_port && has_times[id] && unread[id, 1] == 0 && unread[id, 2] == 0 && unsent[id] == 0 && received[id, 2] > 0 && \
        received[id, 1] == received[id, 2] && sent[id, 1] == sent[id, 2] && (sent[id, 2] == 0 || received_ago[id] + 0.004 < sent_ago[id])
}

function find_own_ports(    i, id) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] == "tcp" && state_of[id] == "LISTEN")
            is_own_port[port[id]] = 1
    }
}

function computes(    i, id, thread, count, oldest, waiting, asked) {
    thread = computing_thread()
    if (!thread)
        return
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (is_left_unread(id)) {
            count++
            oldest = has_times[id] && received_ago[id] > oldest ? received_ago[id] : oldest
        } else if (has_asked(id))
            asked = all_of(asked, id, "whose request came " in_seconds(received_ago[id]) " ago")
    }
    for (i = 1; i <= listening_ports && between_looks > 0; i++)
        if (still_waiting[listening_port[i]] && slow_listener(listening_port[i]) in fd)
            waiting += still_waiting[listening_port[i]]
    if (count + waiting == 0)
        return
    is_computing = 1
    finding("computes", "It computes, and meanwhile reads from nobody: its " (threads == 1 ? "only thread" : "thread " tid[thread]) " was busy for " busy(tid[thread]) " % of the time between the two looks" \
        (had[2, tid[thread]] - had[1, tid[thread]] < between_looks / 2 ? ", in part waiting for a processor" : "") ", and none waits for a socket. " (count ? count_of(count, "connection") (count == 1 ? " has" : " have") " data that it has not read" (oldest ? ", the oldest for " in_seconds(oldest) : "") : "") \
        (count && waiting ? "; " : "") (waiting ? count_of(waiting, "connection") (waiting == 1 ? " has" : " have") " waited for " between_looks " s or more to be accepted" : "") "." \
        (asked == "" ? "" : " What it has read and not answered, so perhaps works on: " asked "."), 1)
    act("find that request and make it cheaper, or give it a process of its own (Redis: SLOWLOG GET; SCAN instead of KEYS); perf top -p " pid " shows where a program computes.")
    avoid("longer time limits at the clients, or a longer accept queue: they only wait longer. The network is not at fault.")
}

# Its own connections have all been answered long since, and its clients wait.
function waits_inside(    i, id, askers, count, answered, idle, least, to) {
    told = 0
    for (i = 1; i <= threads; i++)
        if (busy(tid[i]) >= 50 || i in waits_for && is_client(waits_for[i]))
            return ""
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        answered += port[id] in is_listening && sent[id, 2] > 0
        if (has_asked(id)) {
            count++
            askers = all_of(askers, id, "for " in_seconds(received_ago[id]))
        } else if (is_client(id) && !is_own_pair(id)) {
            if (!is_quiet(id) || has_sent_last(id) || received[id, 2] == 0 || to != "" && to != peer[id])
                return ""
            to = peer[id]
            idle++
            least = least == "" || sent_ago[id] < least ? sent_ago[id] : least
        } else if (kind[id] == "udp" && peer[id] != "" || kind[id] ~ /^unix/ && is_with_another(id))
            return ""
    }
    if (count && !idle)
        return answered ? holds_requests(askers) : ""
    if (!count || idle < 2)
        return ""
    return "Clients have sent something and have no answer yet: " askers ". It waits for no socket for them: its " idle " connections with " to " have been answered, and idle for " in_seconds(least) \
        " or more. So it is not " to " that they wait for, but something nearer: a lock, a disk, or a free connection of its pool. If " idle " is all that its pool has " \
        "(QueuePool limit, Connection is not available), requests that are over have not given theirs back: an error path, a session without close. Larger pools and limits only delay it."
}

# Of another program.
function is_with_another(id) {
    return peer[id] != "" && peer[id] !~ /^its own descriptor / && index(peer[id], process_name ", pid ") != 1
}

# Nobody is asked for them. Of a server that has answered some: another one may only read.
function holds_requests(askers) {
    return "Clients have sent something and have no answer yet: " askers ". Whatever they asked for, it has no connection open on which it waits for that: what keeps them is its own. " \
        (polls() != "" && threads == 1 ? "It waits in " polls() ", so nothing blocks it: a limit that lets requests through one by one (nginx: limit_req without nodelay, which counts an office behind one address as one client), " \
        "a long poll or an event stream, or a child process." : "A lock, a disk, a child process, a limit that lets requests through one by one, or a long poll.")
}

# Several connections with one place, all of them idle, and without a question open, as far as the times tell.
function idle_pool(    i, id, place, most, count, is_used, least) {
    for (i = 1; i <= threads; i++)
        if (busy(tid[i]) >= 50 || i in waits_for && is_client(waits_for[i]))
            return ""
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (!is_client(id) || is_own_pair(id))
            continue
        place = peer[id]
        is_used[place] = is_used[place] || !is_quiet(id) || has_sent_last(id) || received[id, 2] == 0
        least[place] = !(place in count) || sent_ago[id] < least[place] ? sent_ago[id] : least[place]
        if (++count[place] > count[most])
            most = place
    }
    if (count[most] < LEAST_POOL || is_used[most])
        return ""
    pool_place = most
    return "Its " count[most] " connections with " most " are all idle, for " in_seconds(least[most]) " or more, and wait for no answer, as far as the times tell. If it complains of its pool (QueuePool limit, " \
        "Connection is not available), it is neither " most " nor the network: requests that are over have not given theirs back (sockshim explain pool-exhausted)."
}

# Whose connections there are at its ports: its own, and those of its workers, which have no
# descriptor here.
function count_clients(    i, id, host, listed) {
    for (i = 1; i <= inodes + workers_sockets; i++) {
        id = i <= inodes ? inode_of[i] : of_workers[i - inodes]
        if (first_state[id] == "ESTABLISHED" && state_of[id] == "ESTABLISHED" && port[id] in is_own_port && peer[id] != "")
            count_client(peer[id], has_times[id] && sent[id, 1] == sent[id, 2] && received[id, 1] == received[id, 2] && sent_ago[id] >= LEAST_WAIT && received_ago[id] >= LEAST_WAIT && !has_come_last(id))
    }
    for (i = 1; i <= others; i++) {
        id = other_id[i]
        if (other_port[id] in is_own_port && other_look[id] == 2)
            count_client(other_peer[id], id in other_idle && other_idle[id] >= LEAST_WAIT)
    }
}

function count_client(address, is_idle) {
    sub(/:[0-9]+$/, "", address)
    if (!(address in clients_of))
        client_host[++client_hosts] = address
    clients_of[address]++
    idle_clients_of[address] += is_idle
    clients++
    if (clients_of[address] > clients_of[main_client])
        main_client = address
}

# If most are one host's.
function crowded(    n, idle) {
    n = clients_of[main_client]
    idle = idle_clients_of[main_client]
    return clients < 5 || n * 2 <= clients || idle * 2 <= n || main_client ~ /^(127\.|\[::1\])/ ? "" : "If it is at a limit of connections: " n " of the " clients " connections of its clients are with " main_client \
        ", and on " (idle == n ? "all" : idle) " of these nothing came or went for " LEAST_WAIT " s or more: a pool there that is too large, or forgets to close."
}

function print_clients(    i, j, host, list) {
    if (clients < 5 || client_hosts < 2)
        return
    for (i = 2; i <= client_hosts; i++)
        for (j = i; j > 1 && clients_of[client_host[j]] > clients_of[client_host[j - 1]]; j--) {
            host = client_host[j]
            client_host[j] = client_host[j - 1]
            client_host[j - 1] = host
        }
    for (i = 1; i <= client_hosts && i <= 10; i++)
        list = join(list, clients_of[client_host[i]] " with " client_host[i] (idle_clients_of[client_host[i]] ? " (" idle_clients_of[client_host[i]] " idle)" : ""))
    print ""
    paragraph("", "Clients: " clients (client_hosts > 10 ? ", most of them: " : ": ") list "; idle is " LEAST_WAIT " s or more without a byte")
}
