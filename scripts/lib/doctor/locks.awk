# For process.awk: what waits for the lock of a file (flock, fcntl), itself or workers of
# it, in both looks, and who holds that: proc_locks(5). Such a program looks idle, and is silent. And others
# that wait for a lock that it holds itself.

$1 == "lock" { add_lock() }

# LOOK, who waits, who holds it, that one's name, the file.
function add_lock(    key) {
    key = $3 SUBSEP $4 SUBSEP rest_from(6)
    if ($2 == 1)
        waited_before[key] = 1
    else if (key in waited_before && $4 == pid && !($3 in worker_call))
        held_for[++held_locks] = $3 SUBSEP rest_from(6)
    else if (key in waited_before && !is_locked[$3]++) {
        lock_waiter[++lock_waits] = $3
        lock_holder[lock_waits] = $4
        lock_holder_name[lock_waits] = $5
        lock_file[lock_waits] = rest_from(6)
    }
}

# Its only thread: so it is not its turn to read or to close.
function only_waits_for_lock() {
    return threads == 1 && pid in is_locked
}

function waits_for_lock(    i, n, who) {
    if (!lock_waits)
        return
    for (i = 1; i <= lock_waits; i++)
        if (!(n = pid in is_locked) && lock_file[i] == lock_file[1])
            who++
    for (i = 1; n && lock_waiter[i] != pid; i++)
        ;
    i = n ? i : 1
    finding("waits-for-lock", (n ? "It waits" : who " of its " count_of(workers, "worker") " (" process_name ") " (who == 1 ? "waits" : "wait")) " for the lock of a file, in both looks: " \
        (lock_file[i] == "" ? "" : printable(lock_file[i]) ", ") "held by " (lock_holder[i] > 0 ? (lock_holder_name[i] == "" ? "" : printable(lock_holder_name[i]) ", ") "pid " lock_holder[i] : "a process that cannot be seen here") \
        ". Until that lets go of it, whoever has asked gets no answer.", 1)
    act("what does " (lock_holder[i] > 0 ? "pid " lock_holder[i] " do? sockshim doctor " lock_holder[i] " tells more. " : "the holder do (lslocks)? ") \
        "It should let go of the lock before long work. PHP's sessions: session_write_close(), or all requests of one user wait for each other.")
    avoid("more workers, or longer time limits: they wait as well. Neither the network nor a peer is at fault.")
}

# Whoever waits may be in another container, and have no number here.
function holds_lock(    i, part, list, file) {
    if (!held_locks)
        return
    for (i = 1; i <= held_locks; i++) {
        split(held_for[i], part, SUBSEP)
        file = i == 1 ? part[2] : file
        list = i > 3 ? list : list (list == "" ? "" : ", ") part[1]
    }
    finding("holds-lock", "It holds the lock of a file" (file == "" ? "" : ", " printable(file) ",") " for which " (held_locks == 1 ? "another process waits" : held_locks " others wait") " in both looks: pid " list \
        (held_locks > 3 ? " and others" : "") ". Whoever has asked those gets no answer until this one lets go of it.", 1)
    act("what does it wait for itself, while it holds the lock (its threads and connections below)? It should let go of it before it waits for others.")
}
