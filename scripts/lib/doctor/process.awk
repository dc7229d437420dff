# sockshim doctor PID: what the sockets of a process look like, in two looks, worst
# first: process_sockets.awk has read them, process_shown.awk says what was found.

$1 == "process" { is_process = 1; pid = $2; process_name = rest_from(3) }
$1 == "elsewhere" { is_elsewhere = 1 }
$1 == "no-ss" { no_ss = $2 }

# A name may have tabs.
function rest_from(i,    text) {
    text = $i
    while (++i <= NF)
        text = text "\t" $i
    return text
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
    holds_lock()
    sessions_wait()
    blocks_sessions()
    computes()
    few_descriptors()
    few_processes()
    full_queues()
    busy_with_one_peer()
    not_accepted()
    not_accepted_at_path()
    shared_address()
    listener_closed()
    unacknowledged()
    closed_windows()
    unix_peer_does_not_read()
    its_senders_wait()
    connecting()
    name_server_silent()
    not_closed()
    not_read()
    datagrams_dropped()
    ports_used_up()
    refusals_unheard()
    if (has_open_port())
        wrong_way_in()
    no_name_server("Its")
    both_silent()
    on_loopback()
    paths_of_process()
    answers_due()
    keeps_back()
    workers_wait()
    if (ENVIRON["DOCTOR_JSON"])
        print_json()
    else
        print_all()
}

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

# A limit of 0 or 1 is a sandbox's own: the process means never to open anything (sandbox-rlimit.c of OpenSSH).
function few_descriptors(    kept) {
    if (nofile !~ /^[0-9]+$/ || nofile <= 1 || descriptors < 0.9 * nofile)
        return
    kept = kept_by_itself()
    finding("descriptor-limit", (descriptors > nofile ? "All of the " nofile : descriptors " of the " nofile) " descriptors that it may open are in use" (kept == "" ? held_by_one() : kept) ". When none is left, accept, socket and open fail with " \
        "EMFILE" (kept == "" ? "; clients then wait in the accept queue until that is full, too." : ", and look-ups of names, too."), 1)
    if (kept != "") {
        act("if their number grows with the requests: either each makes a client, session or agent of its own, and none is used again (Node: new http.Agent; one for all cures it), or what has been answered is never given back " \
            "(read or close every answer: Node res.resume(), Go resp.Body.Close()); its code tells which. If it stays: a pool that is too large.")
        avoid("a higher limit, if they grow: it only takes longer.")
        return
    }
    act("if they are all needed: ulimit -n, LimitNOFILE= of its unit, or the setting from which it has them (memcached: -c), and restart it; prlimit --pid " pid " --nofile=65536 changes it as it runs. " \
        "If their number only ever grows, the program forgets to close them: see below what they are.")
}

# Most of its descriptors are connections that it made with one place, which have been answered and idle.
function kept_by_itself(    i, id, count, most, least) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (!is_quiet(id) || received[id, 2] == 0 || has_sent_last(id))
            continue
        least[peer[id]] = !(peer[id] in count) || sent_ago[id] < least[peer[id]] ? sent_ago[id] : least[peer[id]]
        if (++count[peer[id]] > count[most])
            most = peer[id]
    }
    return count[most] < LEAST_POOL || count[most] * 2 <= descriptors ? "" : "; " count[most] " of them are connections that it made with " most ", answered, read and idle for " in_seconds(least[most]) " or more"
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
function unacknowledged(    i, id, list, count, first, small) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] == "tcp" && timer_of[id] == "01" && state_of[id] != "SYN_SENT" && retransmits[id] >= 2) {
            count++
            small += unsent[id] < 536
            first += has_times[id] && is_client(id) && acked[id, 2] <= 1 && received[id, 2] == 0 && unsent[id] < 536
            list = all_of(list, id, count_of(unsent[id], "byte") ", sent again " retransmits[id] " times in " in_seconds(silent_for(id)))
        }
    }
    if (!count)
        return
    finding("not-acknowledged", "What it sent is not acknowledged: " list ". " (first == count ? "Nothing that followed the handshake was, small as it is, so it is not the MTU: " \
        "a firewall on the way passes SYN and drops the rest, as one does that does not see the answers, because they take another way (asymmetric routing); or the host went down then." \
        (recent["TCPSYNChallenge"] > 0 ? " Between the two looks a SYN-ACK came again (TCPSYNChallenge), so it is up, and does not get this host's packets." : "") \
        : small == count ? "So small, it is not the MTU: the other host is gone or cannot be reached, or a firewall or NAT on the way drops it, as one does that has forgotten the connection (when it was idle)." \
        : "The other host is gone or cannot be reached, a firewall drops the packets, or they are too large for the path (MTU).") " The kernel gives up " \
        ("tcp_retries2" in has_knob ? "after " duration(retransmission_time()) " or more (tcp_retries2=" knob["tcp_retries2"] "), unless the program has set TCP_USER_TIMEOUT" \
            : "after its tcp_retries2") "; then the call fails with ETIMEDOUT.", 1)
    if (first == count)
        act("tcpdump -eni any host HOST: SYN-ACKs that come again (from another MAC address or interface than SYN went to) are asymmetric routing: make both directions go one way. Silence: the host, or a firewall.")
    else if (small == count)
        act("ping that host; does it have this connection (ss -tn there)? If so, keepalive more often than the limit of what is in between (SOCKSHIM_KEEPALIVE=60) keeps the next one.")
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
function not_read(    i, id, list, count, asked) {
    told = 0
    if (waits_for_an_answer() || only_waits_for_lock())
        return
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (unread[id, 2] <= 0 || unread[id, 1] != unread[id, 2] || received[id, 1] != received[id, 2] || state_of[id] == "LISTEN" || state_of[id] == "CLOSE_WAIT" || is_computing && is_left_unread(id))
            continue
        count++
        asked += is_client(id)
        list = all_of(list, id, count_of(unread[id, 2], "byte") (has_times[id] ? ", the last came " in_seconds(received_ago[id]) " ago" : ""))
    }
    if (!count)
        return
    finding("not-read", "Data has arrived that the program does not read: " list ". " (polls() ? "It waits in " polls() ", and leaves these unread: it does not consume them, because it does not need " \
        "the answers, or hands them on slowly. Such a connection is not free for another request, and a pool may be used up." \
        : "If it is its turn to read, it is stuck elsewhere." (asked ? " The unread data may be the peer's answer, for example an error message sent before its close." : "")), 1)
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
            return call[i] ~ /^(p?poll|epoll_|p?select)/ ? call[i] : ""
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
        act((now || polls() == "" ? "it has to read faster: see below what its threads wait for. For short bursts, a larger SO_RCVBUF" : "it waits for input now, and nothing was dropped between the two looks, so it was a burst: a larger SO_RCVBUF") \
            " in its settings (rsyslog: rcvbufSize of imudp; up to net.core.rmem_max), or net.core.rmem_default where it sets none; or TCP. sockshim explain udp-drops.")
}

# Of a datagram that was refused, only a connected socket is told (__udp4_lib_err in net/ipv4/udp.c).
function refusals_unheard(    i, id, list, count) {
    told = 0
    for (i = 1; i <= inodes && recent["IcmpInDestUnreachs"] > 0; i++) {
        id = inode_of[i]
        if (kind[id] != "udp" || peer[id] != "" || !is_ephemeral(port[id]) || drops[id, 1] == "" || drops[id, 2] == "")
            continue
        count++
        list = all_of(list, id, "")
    }
    if (!count)
        return
    refused_datagrams("Between the two looks ICMP came into its network namespace that a destination is unreachable (IcmpInDestUnreachs +" recent["IcmpInDestUnreachs"] "), perhaps for what it sends by UDP: " list ", not connected.", 1)
}

function is_ephemeral(number,    range) {
    return split(knob["ip_local_port_range"], range, /[ \t]+/) == 2 && number >= range[1] && number <= range[2]
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
