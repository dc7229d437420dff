# sockshim doctor PID: what the sockets of a process look like, in two looks, worst
# first. Its facts are /proc/PID/net/tcp and its like (get_tcp4_sock in
# net/ipv4/tcp_ipv4.c), and what ss adds to them, for the inodes that are the process's.

$1 == "process" { is_process = 1; pid = $2; process_name = rest_from(3) }
$1 == "elsewhere" { is_elsewhere = 1 }
$1 == "no-ss" { no_ss = $2 }
$1 == "fd" { add_descriptor() }
$1 ~ /^tcp6?$/ && split($3, word, " ") > 9 { add_tcp($2) }
$1 ~ /^udp6?$/ && split($3, word, " ") > 12 { add_udp($2) }
$1 == "sstcp" { add_ss_tcp($2, $3) }
$1 != "ssunix" { end_ss_unix() }
$1 == "ssunix" && $3 ~ /^u_(str|dgr|seq) / { end_ss_unix() }
$1 == "ssunix" { unix_look = $2; unix_line = unix_line rest_from(3) }

# A name may have tabs.
function rest_from(i,    text) {
    text = $i
    while (++i <= NF)
        text = text "\t" $i
    return text
}

# The descriptors come twice; the second list counts.
function add_descriptor() {
    if ($2 in seen_in_first && !second_list++) {
        descriptors = 0
        split("", inode_at)
    }
    seen_in_first[$2] = 1
    descriptors++
    if ($3 == "")
        return
    if (!($3 in fd))
        inode_of[++inodes] = $3
    fd[$3] = $2
    inode_at[$2] = $3
}

# In the second look, too: its number may be another socket's by then.
function is_there_still(id) {
    return inode_at[fd[id]] == id
}

function add_tcp(look,    id, queue, timer, state) {
    if (STATE[word[4]] == "LISTEN")
        is_listening[port_of(word[2])] = 1
    id = word[10]
    if (look == 2 && !(port_of(word[2]) in is_listening)) {
        places_used[word[3]]++
        in_time_wait[word[3]] += STATE[word[4]] == "TIME_WAIT"
    }
    if (!is_looked_at(id)) {
        if (STATE[word[4]] == "ESTABLISHED" && id > 0)
            add_other(id, look)
        return
    }
    remote_of[id] = word[3]
    split(word[5], queue, ":")
    split(word[6], timer, ":")
    state = STATE[word[4]]
    kind[id] = "tcp"
    local[id] = ip_address(word[2])
    port[id] = port_of(word[2])
    peer[id] = state == "LISTEN" ? "" : ip_address(word[3])
    first_state[id] = look == 1 ? state : first_state[id]
    state_of[id] = look == 2 ? state : ""
    unsent[id] = hex(queue[1])
    # A FIN that was not read counts as a byte.
    unread[id, look] = hex(queue[2]) - (state == "CLOSE_WAIT" && hex(queue[2]) > 0)
    first_timer[id] = look == 1 ? timer[1] : first_timer[id]
    timer_of[id] = timer[1]
    left[id] = hex(timer[2]) / HZ
    retransmits[id] = hex(word[7])
    rto[id] = word[13] / HZ
}

# Another process's, which may be a worker of this one.
function add_other(id, look) {
    if (!(id in other_look))
        other_id[++others] = id
    other_look[id] = look
    other_port[id] = port_of(word[2])
    other_peer[id] = ip_address(word[3])
}

function add_udp(look,    id, queue) {
    id = word[10]
    if (!(id in fd))
        return
    split(word[5], queue, ":")
    kind[id] = "udp"
    local[id] = ip_address(word[2])
    peer[id] = word[3] ~ /:0000$/ ? "" : ip_address(word[3])
    unread[id, look] = hex(queue[2])
    drops[id, look] = word[13]
    if (peer[id] ~ /:53$/ && !unread[id, look])
        open_questions[look]++
}

# Its words are KEY:VALUE; a listener's Recv-Q and Send-Q are its queue and the limit.
function add_ss_tcp(look, line,    n, word, i, pair, id, known) {
    n = split(line, word, " ")
    for (i = 4; i <= n; i++)
        if (split(word[i], pair, ":") == 2 && pair[2] ~ /^[0-9]+$/)
            known[pair[1]] = pair[2]
    id = known["ino"]
    if (!is_looked_at(id)) {
        if ("lastack" in known)
            other_idle[id] = (known["lastrcv"] < known["lastsnd"] ? known["lastrcv"] : known["lastsnd"]) / 1000
        return
    }
    if (word[1] == "LISTEN") {
        limit[id] = word[3]
        if (word[3] > 0)
            knows_limits = 1
        return
    }
    has_times[id] = "lastack" in known
    received_ago[id] = known["lastrcv"] / 1000
    sent_ago[id] = known["lastsnd"] / 1000
    heard_ago[id] = known["lastack"] / 1000
    received[id, look] = known["bytes_received"] + 0
    largest_in[id] = known["rcvmss"] + 0
    takes_up_to[id] = known["advmss"] + 0
    sent[id, look] = known["bytes_sent"] + 0
    acked[id, look] = known["bytes_acked"] + 0
    resent[id] = known["bytes_retrans"] + 0
}

# A path may have line ends.
function end_ss_unix() {
    if (unix_line != "")
        add_ss_unix(unix_look, unix_line)
    unix_line = ""
}

# KIND STATE RECV-Q SEND-Q PATH INODE * PEER's-INODE, and whose it is. A path may
# have blanks.
function add_ss_unix(look, line,    word, id, other, at, owner) {
    split(line, word, " ")
    sub(/^ *[^ ]+ +[^ ]+ +[0-9]+ +[0-9]+ +/, "", line)
    if (!match(line, / [0-9]+ +\* +[0-9]+/))
        return
    at = RSTART
    split(substr(line, RSTART, RLENGTH), other, " ")
    id = other[1]
    if (match(line, /users:\(\("[^"]*",pid=[0-9]+/)) {
        owner = substr(line, RSTART + 9, RLENGTH - 9)
        sub(/",pid=/, ", pid ", owner)
        unix_owner[id] = owner
    }
    if (!(id in fd))
        return
    kind[id] = word[1] == "u_dgr" ? "unix-dgram" : word[1] == "u_seq" ? "unix-seqpacket" : "unix-stream"
    line = substr(line, 1, at - 1)
    sub(/ +$/, "", line)
    local[id] = line == "*" ? "" : line
    unix_peer[id] = other[3] > 0 ? other[3] : ""
    first_state[id] = look == 1 ? word[2] : first_state[id]
    state_of[id] = look == 2 ? word[2] : ""
    unread[id, look] = word[3]
    if (look == 1)
        unsent_first[id] = word[4]
    unsent[id] = word[4]
    if (word[2] == "LISTEN")
        limit[id] = word[4]
}

function port_of(text) {
    return hex(substr(text, index(text, ":") + 1))
}

BEGIN {
    HZ = 100 # USER_HZ, of jiffies_to_clock_t
    split("ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING", names, " ")
    for (i in names)
        STATE[sprintf("%02X", i)] = names[i]
}

END {
    if (pid == "")
        exit 1
    end_ss_unix()
    find_unix_peers()
    find_waiting_threads()
    paused()
    find_own_ports()
    count_clients()
    waits_for_lock()
    sessions_wait()
    computes()
    few_descriptors()
    few_processes()
    full_queues()
    busy_with_one_peer()
    not_accepted()
    shared_address()
    listener_closed()
    unacknowledged()
    closed_windows()
    unix_peer_does_not_read()
    connecting()
    not_closed()
    not_read()
    datagrams_dropped()
    ports_used_up()
    name_server_silent()
    if (has_open_port())
        wrong_way_in()
    no_name_server("Its")
    both_silent()
    on_loopback()
    paths_of_process()
    answers_due()
    workers_wait()
    if (ENVIRON["DOCTOR_JSON"])
        print_json()
    else
        print_all()
}

function find_unix_peers(    i, id, other) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        other = unix_peer[id]
        if (other != "")
            peer[id] = (other in fd ? "its own descriptor " fd[other] : other in unix_owner ? unix_owner[other] : "a socket of another user's process")
    }
}

# ---- What is so in both looks ----

# all_of(LIST, ID, TEXT): LIST with one more, up to five, with what waits for it.
function all_of(list, id, text) {
    if (++told > 5)
        return told == 6 ? list "; and others" : list
    return list (list == "" ? "" : "; ") name_of(id) (text == "" ? "" : ", " text) (waiter[id] == "" ? "" : " (" waiter[id] ")")
}

function name_of(id) {
    return "descriptor " fd[id] (state_of[id] == "LISTEN" || peer[id] == "" ? " at " local[id] : " with " peer[id])
}

function is_still(id, state) {
    return first_state[id] == state && state_of[id] == state
}

function few_descriptors() {
    if (nofile !~ /^[0-9]+$/ || descriptors < 0.9 * nofile)
        return
    finding("descriptor-limit", (descriptors > nofile ? "All of the " nofile : descriptors " of the " nofile) " descriptors that it may open are in use" held_by_one() ". When none is left, accept, socket and open fail with " \
        "EMFILE; clients then wait in the accept queue until that is full, too.", 1)
    act("if they are all needed: ulimit -n, or LimitNOFILE= of its unit, and restart it; prlimit --pid " pid " --nofile=65536 changes it as it runs. " \
        "If their number only ever grows, the program forgets to close them: see below what they are.")
}

# Of the connections that it has accepted, how many one host holds, if that is most of them.
function held_by_one(    i, id, host, count, all, most) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (!is_still(id, "ESTABLISHED") || !(port[id] in is_listening) || peer[id] == "")
            continue
        all++
        host = peer[id]
        sub(/:[0-9]+$/, "", host)
        if (++count[host] > count[most])
            most = host
    }
    return all >= 5 && count[most] * 2 > all ? "; " count[most] " of its " all " clients' connections are with " most : ""
}

# For one place that it is connected to, all programs here together.
function ports_used_up(    i, id, range, all, worst) {
    if (split(knob["ip_local_port_range"], range, /[ \t]+/) < 2)
        return
    all = range[2] - range[1] + 1
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] == "tcp" && peer[id] != "" && places_used[remote_of[id]] >= 0.9 * all && (worst == "" || places_used[remote_of[id]] > places_used[remote_of[worst]]))
            worst = id
    }
    if (worst == "")
        return
    finding("ports-used-up", places_used[remote_of[worst]] " of " all " ephemeral ports of this host are in use to " peer[worst] ", which it is connected to, " in_time_wait[remote_of[worst]] " of them in TIME_WAIT. " \
        "When none is left, its connect there fails with EADDRNOTAVAIL (\"Cannot assign requested address\").", 1)
    act("keep connections open and use them again: a pool that keeps fewer than are used at a time closes the rest each time (Go: MaxIdleConnsPerHost is 2, and each body has to be read to its end). A wider net.ipv4.ip_local_port_range helps for a while.")
    avoid("tcp_fin_timeout: it does not shorten TIME_WAIT, which is 60 s.")
}

# A queue takes one more than its limit.
function full_queues(    i, id, list, count) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (!is_still(id, "LISTEN") || !(id in limit) || kind[id] == "tcp" && !knows_limits)
            continue
        if (unread[id, 1] > limit[id] && unread[id, 2] > limit[id]) {
            count++
            list = all_of(list, id, unread[id, 2] " not yet accepted, limit " limit[id])
        }
    }
    if (!count)
        return
    finding("accept-queue-full", (count == 1 ? "Its accept queue is full: " : count " of its accept queues are full: ") list \
        ". Nothing else gets in: further connects hang, and may end in ETIMEDOUT (on a unix socket in EAGAIN).", 1)
    act("it does not accept: see below what its threads wait for. Is it stuck, out of threads, or out of descriptors?")
}

# Two retransmissions are 600 ms without an ACK.
function unacknowledged(    i, id, list, count, first) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] == "tcp" && timer_of[id] == "01" && state_of[id] != "SYN_SENT" && retransmits[id] >= 2) {
            count++
            first += has_times[id] && is_client(id) && acked[id, 2] <= 1 && received[id, 2] == 0 && unsent[id] < 536
            list = all_of(list, id, count_of(unsent[id], "byte") ", sent again " retransmits[id] " times in " in_seconds(silent_for(id)))
        }
    }
    if (!count)
        return
    finding("not-acknowledged", "What it sent is not acknowledged: " list ". " (first == count ? "Nothing that followed the handshake was, small as it is, so it is not the MTU: " \
        "a firewall on the way passes SYN and drops the rest, as one does that does not see the answers, because they take another way (asymmetric routing); or the host went down then." \
        (recent["TCPSYNChallenge"] > 0 ? " Between the two looks a SYN-ACK came again (TCPSYNChallenge), so it is up, and does not get this host's packets." : "") \
        : "The other host is gone or cannot be reached, a firewall drops the packets, or they are too large for the path (MTU).") " The kernel gives up " \
        ("tcp_retries2" in has_knob ? "after " duration(retransmission_time()) " or more (tcp_retries2=" knob["tcp_retries2"] "), unless the program has set TCP_USER_TIMEOUT" \
            : "after its tcp_retries2") "; then the call fails with ETIMEDOUT.", 1)
    if (first == count)
        act("tcpdump -eni any host HOST: SYN-ACKs that come again (from another MAC address or interface than SYN went to) are asymmetric routing: make both directions go one way. Silence: the host, or a firewall.")
    else
        act("ping that host, and with full-sized packets: ping -M do -s 1472; does that host know this connection at all?")
}

# Window probes (icsk_pending is ICSK_TIME_PROBE0) in both looks: nothing is on its way,
# and what there is may not be sent.
function closed_windows(    i, id, list, count) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] == "tcp" && unsent[id] > 0 && first_timer[id] == "04" && timer_of[id] == "04" && acked[id, 1] == acked[id, 2]) {
            count++
            list = all_of(list, id, count_of(unsent[id], "byte") " wait here" (has_times[id] ? ", the last were sent " in_seconds(sent_ago[id]) " ago" : ""))
        }
    }
    if (!count)
        return
    finding("peer-does-not-read", "The peer does not read, and its window is closed: " list ". Its kernel still answers, so the host is up and the path " \
        "works; the program there is stuck or slow, or holds its clients back on purpose, as a message broker does that is short of memory or disk.", 1)
    act("look at the program on the other side: sockshim doctor PID there shows the data as unread.")
}

function connecting(    i, id, list, count) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (is_still(id, "SYN_SENT") && retransmits[id] >= 1) {
            count++
            list = all_of(list, id, "for " in_seconds(silent_for(id)) ", SYN sent again " (retransmits[id] == 1 ? "once" : retransmits[id] " times"))
        }
    }
    if (!count)
        return
    finding("connect-unanswered", (count == 1 ? "A connect is not answered: " : count " connects are not answered: ") list \
        ". A host without a listener would refuse immediately: " (answers_refused() ? "either the packets are dropped, or answers come from another address than was asked, and this host refuses those: between the two looks SYN was sent again, and " \
            count_of(recent["OutRsts"], "RST") " went out (OutRsts)." : "the packets are dropped, by a firewall or because that host's accept queue is full, or the host is not there.") open_beside(), 1)
    if (answers_refused())
        act("tcpdump -ni any 'tcp[tcpflags] & tcp-syn != 0': do SYN-ACKs come, and from whom? If from another address: sockshim explain nat-loopback. If none come: a firewall, or that host's accept queue.")
    else
        act("run sockshim doctor on that host (ListenDrops), and here (TCPRetransFail counts what did not even leave).")
}

# A SYN-ACK from where no connect went to is answered by RST (tcp_v4_rcv in net/ipv4/tcp_ipv4.c);
# others may have been refused meanwhile.
function answers_refused() {
    return recent["OutRsts"] > 0 && recent["TCPSynRetrans"] > 0
}

# Of connects that are not answered: how many connections with the same address are open.
function open_beside(    i, id, count, is_unanswered) {
    for (i = 1; i <= inodes; i++)
        if (is_still(inode_of[i], "SYN_SENT") && retransmits[inode_of[i]] >= 1)
            is_unanswered[peer[inode_of[i]]] = 1
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        count += is_still(id, "ESTABLISHED") && peer[id] in is_unanswered
    }
    return count ? " But " count_of(count, "connection") " with the same address " (count == 1 ? "is" : "are") " open: if it is always that many, a NAT or a firewall on the way permits no more at a time." : ""
}

# A peer may have ended only its own side: as long as this one sends there is no fault.
function not_closed(    i, id, list, count) {
    told = 0
    if (only_waits_for_lock())
        return
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (is_still(id, "CLOSE_WAIT") && unsent[id] == 0 && sent[id, 1] == sent[id, 2] && !(is_computing && is_left_unread(id))) {
            count++
            list = all_of(list, id, (unread[id, 2] > 0 ? count_of(unread[id, 2], "byte") " unread" : "") \
                (has_times[id] ? (unread[id, 2] > 0 ? ", " : "") "closed there " in_seconds(heard_ago[id]) " ago" : ""))
        }
    }
    if (!count)
        return
    finding("not-closed", (count == 1 ? "A connection is in CLOSE_WAIT: " : count " connections are in CLOSE_WAIT: ") "the peer has closed, and this program " \
        "has not: " list ". They stay until it closes them: no kernel timeout ends them, and each keeps a descriptor.", 1)
    act("a program that is stuck elsewhere closes them when it continues: see below what its threads wait for. If they keep growing, it forgets to close: " \
        "a pool that does not check idle connections, an error path without close.")
    avoid("tcp_fin_timeout or keepalive: they do nothing for CLOSE_WAIT.")
}

# The same bytes in both looks.
function not_read(    i, id, list, count) {
    told = 0
    if (waits_for_an_answer() || only_waits_for_lock())
        return
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (unread[id, 2] <= 0 || unread[id, 1] != unread[id, 2] || received[id, 1] != received[id, 2] || state_of[id] == "LISTEN" || state_of[id] == "CLOSE_WAIT" || is_computing && is_left_unread(id))
            continue
        count++
        list = all_of(list, id, count_of(unread[id, 2], "byte") (has_times[id] ? ", the last came " in_seconds(received_ago[id]) " ago" : ""))
    }
    if (!count)
        return
    finding("not-read", "Data has arrived that the program does not read: " list ". " (polls() ? "It waits in " polls() ", and leaves these unread: it does not consume them, because it does not need " \
        "the answers, or hands them on slowly. Such a connection is not free for another request, and a pool may be used up." \
        : "If it is its turn to read, it is stuck elsewhere. The unread data may be the peer's answer, for example an error message sent before its close."), 1)
    act(polls() ? "let it read what it does not need to the end, or close the connection (node: res.resume(), res.destroy())." : "see below what its threads wait for; strace -f -e trace=read,recvfrom -s 200 -p " pid " shows what the next read gets.")
}

# Its only thread polls one socket, or with it what wakes it up, and has asked somebody: so it is
# not its turn to read what others sent.
function waits_for_an_answer(    i) {
    if (threads != 1 || call[1] !~ /^p?poll$/ || call_count[1] > 2)
        return 0
    for (i = 1; i <= inodes; i++)
        if (is_quiet(inode_of[i]) && has_sent_last(inode_of[i]))
            return 1
    return 0
}

# The call in which its first thread waits for any of several descriptors: for one that has
# data, it would not wait.
function polls(    i) {
    for (i = 1; i <= threads; i++)
        if (tid[i] == pid)
            return call[i] ~ /^(poll|ppoll|epoll_)/ ? call[i] : ""
    return ""
}

function datagrams_dropped(    i, id, list, count, now) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (drops[id, 2] + 0 == 0)
            continue
        count++
        now = now || drops[id, 2] > drops[id, 1]
        list = all_of(list, id, drops[id, 2] " dropped since it was opened" (drops[id, 2] > drops[id, 1] ? ", " drops[id, 2] - drops[id, 1] " between two looks" : ""))
    }
    if (!count)
        return
    finding("datagrams-dropped", "Datagrams were dropped because its receive buffer was full: " list ". The senders are not told.", now)
    if (only_waits_for_child())
        act("it reads nothing while it waits for a child process" (children == "" ? "" : " (" children ")") ", as in both looks: let it hand that work over and read on (a queue, a script that returns at once). " \
            "A larger buffer helps only in short bursts.")
    else
        act("it has to read faster: see below what its threads wait for. For short bursts, a larger SO_RCVBUF in its settings (up to net.core.rmem_max), or net.core.rmem_default where it sets none.")
}

# A socket at which anybody may arrive, other than by loopback.
function has_open_port(    i, id) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if ((kind[id] == "tcp" && state_of[id] == "LISTEN" || kind[id] == "udp" && peer[id] == "") && local[id] !~ /^(127\.|\[::1\]:)/)
            return 1
    }
    return 0
}

# ---- Figures ----

# silent_for(ID): how long the oldest segment has waited, in seconds, from the timer:
# each wait was twice as long as the one before, and not shorter than 200 ms. SYNs are
# sent again after 1 s, and so some times (tcp_syn_linear_timeouts), then likewise.
function silent_for(id,    i, wait, sum, linear) {
    linear = knob["tcp_syn_linear_timeouts"] + 0
    wait = state_of[id] == "SYN_SENT" ? 1 : rto[id] / 2 ^ retransmits[id]
    if (wait < 0.2)
        wait = 0.2
    for (i = 0; i < retransmits[id]; i++) {
        sum += wait
        if (state_of[id] != "SYN_SENT" || i >= linear)
            wait = wait * 2 > rto[id] ? rto[id] : wait * 2
    }
    return sum + rto[id] - left[id]
}

# The kernel has a time for either even if there was nothing yet.
function ago(bytes, number) {
    return bytes ? in_seconds(number) " ago" : "nothing"
}

function in_seconds(number) {
    if (number < 10)
        return sprintf("%.1f s", number)
    return duration(int(number + 0.5))
}

# ---- All of it ----

function print_all(    i) {
    paragraph("", "Process " pid " (" process_name ")" (is_elsewhere ? network_of_its_own() : ""))
    if (its_root ~ /^\/./)
        paragraph("", "Its root directory is " its_root " (chroot): the paths that it looks for now, as those of unix sockets and /dev/log, are below it. What this shell has at /run/NAME, it finds only at " its_root "/run/NAME (a socket made there, or bind-mounted).")
    else if (private_places != "" && !tells_of_places)
        paragraph("", "It has another " private_places " than this shell (a container, or PrivateTmp=): the paths of unix sockets there mean others to it.")
    print_findings()
    if (!findings)
        nothing_found()
    print_threads()
    print_clients()
    print_sockets()
    print_not_known()
}

# What it may be nevertheless comes first.
function nothing_found(    perhaps) {
    print ""
    perhaps = waits_inside()
    if (perhaps == "")
        perhaps = crowded()
    if (perhaps == "")
        perhaps = may_wait_for()
    if (perhaps == "")
        perhaps = on_loopback_alone()
    if (workers)
        perhaps = perhaps (perhaps == "" ? "" : " ") who_does_the_work()
    if (perhaps != "")
        paragraph("", perhaps)
    paragraph("", (perhaps == "" ? "Nothing" : "Nothing else") " stands out: nothing waits for an acknowledgement or an answer to a connect, nothing is left unread or unclosed" \
        (no_ss == "" ? ", and no accept queue is full" : "") " (" count_of(inodes + 0, "socket") ", " (between_looks > 0 ? "two looks " between_looks " s apart" : "one look") ").")
    paragraph("", what_next())
}

function print_sockets(    i, sockets, shown) {
    for (i = 1; i <= inodes; i++)
        sockets += is_there_still(inode_of[i])
    print ""
    paragraph("", "Descriptors: " descriptors (nofile == "" ? "" : " of " nofile) ", " sockets + 0 " of them " (sockets == 1 ? "a socket" : "sockets"))
    for (i = 1; i <= inodes; i++)
        if (kind[inode_of[i]] != "" && is_there_still(inode_of[i]) && ++shown <= 40)
            print_socket(inode_of[i])
    if (shown > 40)
        paragraph("  ", "and " shown - 40 " others")
    if (sockets > shown)
        paragraph("  ", sockets - shown " more: sockets of other kinds, not bound or not connected" (no_ss == "" ? "" : ", and unix sockets") ".")
}

function print_socket(id,    text) {
    text = kind[id] " " (local[id] == "" ? "" : local[id] " ") (peer[id] == "" ? "" : "with " peer[id] " ") state_of[id]
    if (state_of[id] == "LISTEN")
        text = text ", " unread[id, 2] + 0 " not yet accepted" (id in limit && (kind[id] != "tcp" || knows_limits) ? ", limit " limit[id] : "")
    else
        text = text (unread[id, 2] > 0 ? ", " unread[id, 2] " unread" : "") (unsent[id] > 0 ? ", " unsent[id] " not acknowledged" : "")
    if (has_times[id] && state_of[id] != "SYN_SENT")
        text = text ", received " ago(received[id, 2], received_ago[id]) ", sent " ago(sent[id, 2], sent_ago[id])
    paragraph(sprintf("  %5s  ", fd[id]), text)
}

function print_not_known() {
    if (no_ss == "" && !unseen_calls && !missings)
        return
    print ""
    print "Not known"
    if (no_ss != "")
        paragraph("  ", no_ss ": the limits of accept queues, unix sockets, and when data last came and went.")
    if (unseen_calls)
        paragraph("  ", "The calls that " count_of(unseen_calls, "thread") " wait in: " why_unseen())
}

function print_json(    i, id, list) {
    json("pid", pid)
    json("name", json_string(process_name))
    json("descriptors", descriptors)
    json("descriptor_limit", json_value_of(nofile))
    json("findings", json_findings())
    json("threads", json_threads())
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] != "" && is_there_still(id))
            list = list more(list) json_socket(id)
    }
    json("sockets", "[" list "]")
    json("unknown", "[" (no_ss == "" ? "" : json_string(no_ss)) (unseen_calls ? (no_ss == "" ? "" : ", ") json_string(why_unseen()) : "") "]")
    print json_object()
}

function json_socket(id) {
    return "{\"fd\": " fd[id] ", \"type\": " json_string(kind[id]) ", \"local\": " json_value_of(local[id]) ", \"peer\": " json_value_of(peer[id]) \
        ", \"state\": " json_value_of(state_of[id]) ", \"unread\": " (state_of[id] == "LISTEN" ? "null" : unread[id, 2] + 0) \
        ", \"not_acknowledged\": " (state_of[id] == "LISTEN" ? "null" : unsent[id] + 0) \
        ", \"not_accepted\": " (state_of[id] == "LISTEN" ? unread[id, 2] + 0 : "null") \
        ", \"accept_limit\": " (id in limit && (kind[id] != "tcp" || knows_limits) ? limit[id] : "null") \
        ", \"retransmits\": " retransmits[id] + 0 \
        ", \"received_ms_ago\": " (has_times[id] ? received_ago[id] * 1000 : "null") ", \"sent_ms_ago\": " (has_times[id] ? sent_ago[id] * 1000 : "null") "}"
}
