# For process.awk: what PostgreSQL's sessions call themselves (ps_status.c, update_process_title):
# "USER DATABASE HOST(PORT) SELECT waiting" waits for a lock in the database, which no socket shows, and one
# that is "idle in transaction" may hold it. And whose the other ends of connections are on this host.

BEGIN { MOST_SESSIONS = 3 }

$1 == "title" { titled[$2, ++titles[$2]] = $3; title[$2, $3] = $4 }
$1 == "peer-owner" { peer_pid[$2, $3] = $4; peer_parent[$2, $3] = $5; peer_name[$2, $3] = $6 }

# A session of a client, not the start-up process, which waits for others' queries.
function waits_for_database_lock(text) {
    return text ~ / (\[local\]|[^ ]+\([0-9]+\)) .* waiting$/
}

# A busy database has short waits at any time: it counts what is so in both looks.
function sessions_wait(    i, id, text, waiting, idle, waiters, holders, itself) {
    for (i = 1; i <= titles[2]; i++) {
        id = titled[2, i]
        text = title[2, id]
        if (text != title[1, id])
            continue
        if (waits_for_database_lock(text) && is_its_own(id)) {
            waiters = one_more(waiters, ++waiting, id, text)
            itself = itself || id == pid
        } else if (is_idle_in_transaction(text))
            holders = one_more(holders, ++idle, id, text)
    }
    if (!waiting)
        return
    finding("lock-in-database", (itself && !workers ? "It waits" : (workers >= 64 ? "At least " : "") count_of(waiting, "session") " of its clients " (waiting == 1 ? "waits" : "wait")) \
        " for a lock in the database, as " (waiting == 1 ? "its title says: " : "their titles say: ") waiters "." \
        (idle ? " Idle in a transaction, so that " (idle == 1 ? "it may" : "they may") " hold it: " holders "." : ""), 1)
    act("in SQL, select pid, pg_blocking_pids(pid), state, query from pg_stat_activity says who blocks whom. pg_terminate_backend(PID) ends a session that has forgotten its transaction; sockshim explain lock-wait.")
    avoid("more connections, or longer time limits: those would wait as well. The network is not at fault.")
}

# The others are sessions beside it.
function is_its_own(id) {
    return id == pid || id in worker_call
}

function is_idle_in_transaction(text) {
    return text ~ / idle in transaction( \(aborted\))?$/
}

# A session of which others may be waiting, while it waits for its client; which of several it is, no title says.
function blocks_sessions(    i, id, waiting, idle, waiters) {
    if (!is_idle_in_transaction(title[2, pid]) || title[1, pid] != title[2, pid])
        return
    for (i = 1; i <= titles[2]; i++) {
        id = titled[2, i]
        if (title[2, id] != title[1, id] || id == pid)
            continue
        if (waits_for_database_lock(title[2, id]))
            waiters = one_more(waiters, ++waiting, id, title[2, id])
        idle += is_idle_in_transaction(title[2, id])
    }
    if (!waiting)
        return
    finding("idle-in-transaction", "It is idle in a transaction (" title[2, pid] "): it waits for its client" of_client() ", and may hold the lock in the database for which " \
        (waiting == 1 ? "another session waits: " : waiting " others wait: ") waiters (idle ? "; so may " (idle == 1 ? "another one that is" : idle " others that are") " idle in a transaction" : "") ".", 1)
    act("in SQL, select pid, pg_blocking_pids(pid), state, query from pg_stat_activity says whether it does. The client has to end its transaction (COMMIT, ROLLBACK): what does it do meanwhile? " \
        "pg_terminate_backend(" pid ") ends it; idle_in_transaction_session_timeout limits such pauses.")
    avoid("more connections, or longer time limits: those would wait as well.")
}

# Its only connection that is known.
function of_client(    i, id, one, owner) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] != "tcp" || !is_still(id, "ESTABLISHED"))
            continue
        if (one != "")
            return ""
        one = id
    }
    if (one == "")
        return ""
    owner = owner_of_other_end(one)
    return " at " peer[one] (owner == "" ? "" : " (" owner ")")
}

function one_more(list, n, id, text) {
    return n > MOST_SESSIONS ? n == MOST_SESSIONS + 1 ? list "; and others" : list : list (list == "" ? "" : "; ") "pid " id " (" text ")"
}

# Who has the other end of a connection, if that is a process of this host.
function owner_of_other_end(id,    text) {
    if (!((local[id], peer[id]) in peer_pid))
        return ""
    text = title[2, peer_pid[local[id], peer[id]]]
    return "the other end is pid " peer_pid[local[id], peer[id]] " (" peer_name[local[id], peer[id]] ") on this host" (waits_for_database_lock(text) ? ", which waits for a lock in its database" : "")
}

# The process to look at: of a session, the main process, which knows all of them.
function who_to_ask(id,    at) {
    if (!((local[id], peer[id]) in peer_pid))
        return ""
    at = peer_pid[local[id], peer[id]]
    return waits_for_database_lock(title[2, at]) ? peer_parent[local[id], peer[id]] : at
}
