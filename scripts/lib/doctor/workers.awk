# For process.awk: processes of the same name that it has started, as servers with
# workers do. A master looks well while all of its workers wait for somebody.

BEGIN { MOST_PEERS = 3 }

$1 == "worker" { add_worker() }
$1 == "worker-fd" && !($4 in fd) { worker_of[$4] = $2; fd_in_worker[$4] = $3; of_workers[++workers_sockets] = $4 }

function add_worker(    word) {
    split($3, word, " ")
    if (++workers <= 3)
        worker_pids = worker_pids (workers > 1 ? ", " : "") $2
    worker_call[$2] = name_of_call(word[1])
    worker_fd[$2] = hex(substr(word[2], 3))
    worker_polls[$2] = hex(substr(word[3], 3))
}

# What is in one of these calls is not idle: it waits for this socket alone, or polls so few
# that a listener is not among them.
function waits_for_this(id,    call) {
    call = worker_call[worker_of[id]]
    if (call ~ /^(read|recv)/)
        return worker_fd[worker_of[id]] == fd_in_worker[id]
    return call ~ /^p?poll$/ && worker_polls[worker_of[id]] <= 2
}

# Whether the socket is this process's or a worker's.
function is_looked_at(id) {
    return id in fd || id in worker_of
}

# By peer: how many of them have asked, and have no answer in both looks.
function workers_wait(    i, id, n, place, count, longest, example, all, peers, list) {
    for (i = 1; i <= workers_sockets; i++) {
        id = of_workers[i]
        if (!is_quiet(id) || !has_sent_last(id) || !waits_for_this(id) || asks[worker_of[id], peer[id]]++)
            continue
        if (!count[peer[id]]++)
            place[++peers] = peer[id]
        if (sent_ago[id] > longest[peer[id]]) {
            longest[peer[id]] = sent_ago[id]
            example[peer[id]] = worker_of[id]
        }
        all += !is_asking[worker_of[id]]++
    }
    for (i = 1; i <= peers; i++)
        for (n = i + 1; n <= peers; n++)
            if (count[place[n]] > count[place[i]])
                swap_places(place, i, n)
    for (i = 1; i <= peers && i <= MOST_PEERS; i++)
        list = list (i > 1 ? "; " : "") count[place[i]] " for " place[i] " (the longest for " in_seconds(longest[place[i]]) ": pid " example[place[i]] ")"
    if (!peers)
        return
    finding("workers-wait", all " of its " count_of(workers, "worker") " (" process_name ") " (all == 1 ? "waits" : "wait") " for an answer, and nothing has come since they asked: " list \
        (peers > MOST_PEERS ? "; and others" : "") "." (all == workers ? " None is free for anything else." : ""), 1)
    act("why does " place[1] " not answer? A short time limit for what the workers ask (PHP: default_socket_timeout, which does not count for databases; requests: timeout=) frees them. sockshim doctor " example[place[1]] " tells more.")
    avoid("more workers, or a longer time limit in front of them: those would wait as well.")
}

function swap_places(place, i, n,    other) {
    other = place[i]
    place[i] = place[n]
    place[n] = other
}

# For a process in which nothing stands out.
function who_does_the_work() {
    return !workers ? "" : "It has " count_of(workers, "worker") " (" process_name ", pid " worker_pids (workers > 3 ? " and others" : "") "), and looks only at what they have asked others: sockshim doctor PID of one of them tells more."
}
