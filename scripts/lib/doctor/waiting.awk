# For process.awk: whose turn it is. A connection on which this process sent last,
# and a process that waits for one peer while others wait for it.

# A pause of less is no reason to ask.
BEGIN {
    LEAST_WAIT = 3
    LEAST_QUEUED = 5
    MOST_UNPROBED = 300 # s: cloud NATs and load balancers forget after 350 s, or less
}

# The process connected: nobody listens at its port, and its own SYN is counted as acknowledged
# (tcp_snd_una_update in net/ipv4/tcp_input.c), which that of a listener's child is not.
function is_client(id) {
    return kind[id] == "tcp" && peer[id] != "" && !(port[id] in is_listening) && !was_accepted(id)
}

# Known only while nothing is on its way.
function was_accepted(id) {
    return has_times[id] && unsent[id] == 0 && acked[id, 2] == sent[id, 2] - resent[id]
}

# Both ends of it are this process's, and it only ever speaks in one direction: what an event
# loop wakes itself with.
function is_own_pair(id,    i, other) {
    if (!(id in fd) || (sent[id, 2] == 0) == (received[id, 2] == 0))
        return 0
    for (i = 1; i <= inodes; i++) {
        other = inode_of[i]
        if (kind[other] == "tcp" && local[other] == peer[id] && peer[other] == local[id] && unread[other, 2] == 0)
            return 1
    }
    return 0
}

# Neither side has sent anything.
function is_mute(id) {
    return is_quiet(id) && sent[id, 2] == 0 && received[id, 2] == 0
}

# Sockets for one question each that a name server has not answered. In both looks the same
# one: it has waited all the time between. Each time another: then what has come in between tells.
function name_server_silent(    i, id, list, count, fresh, not_taken, taken, servers) {
    if (!open_questions[1] || !open_questions[2])
        return
    told = 0
    not_taken = recent["UdpNoPorts"] + recent["Udp6NoPorts"]
    taken = recent["UdpInDatagrams"] + recent["Udp6InDatagrams"]
    for (fresh = 0; fresh <= 1 && !count; fresh++)
        for (i = 1; i <= inodes; i++) {
            id = inode_of[i]
            if (kind[id] != "udp" || peer[id] !~ /:53$/ || drops[id, 1] == "" && !fresh || drops[id, 2] == "" || unread[id, 2] > 0)
                continue
            count++
            list = all_of(list, id, "")
            servers = servers " " peer[id]
        }
    fresh--
    if (not_taken > 0)
        answers_not_taken(list, not_taken)
    else if (!fresh || taken == 0 && between_looks > 0)
        no_answers(list, fresh, others_than(servers))
}

function is_quiet(id) {
    return is_still(id, "ESTABLISHED") && is_client(id) && !is_own_pair(id) && has_times[id] && unsent[id] == 0 && unread[id, 2] == 0 && \
        sent[id, 1] == sent[id, 2] && received[id, 1] == received[id, 2] && sent_ago[id] >= LEAST_WAIT
}

# The times are rounded to a jiffy. Where it sent at once after what had come last, the ACK
# that came alone, up to 200 ms later (TCP_DELACK_MAX), tells; an answer would have carried it.
function has_sent_last(id) {
    return sent[id, 2] > 0 && (received[id, 2] == 0 || received_ago[id] > sent_ago[id] + 0.004 || \
        received_ago[id] > heard_ago[id] + 0.02 && received_ago[id] < heard_ago[id] + 0.25)
}

# All of it is acknowledged, so there is no timer but keepalive's.
function has_no_keepalive(id) {
    return timer_of[id] == "00"
}

function answers_due(    i, id, list, count, unguarded, small, never, is_stream, at) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (is_quiet(id) && has_sent_last(id)) {
            count++
            unguarded += is_unguarded(id)
            small += has_only_small(id)
            never += received[id, 2] == 0
            list = all_of(list, id, "sent " in_seconds(sent_ago[id]) " ago, and " (received[id, 2] ? "nothing has come since" : "nothing has ever come") (owner_of_other_end(id) == "" ? "" : "; " owner_of_other_end(id)))
            at = at == "" ? who_to_ask(id) : at
        }
    }
    if (!count)
        return
    is_stream = input_ended != "" && never == count
    finding("answer-due", "This program sent last, and has no answer: " list ". The peer's kernel has acknowledged all of it" \
        (is_stream ? ". This program's standard input (" input_ended ") is at its end, and it has not ended its side of the connection (no FIN sent): a peer that reads to the end waits for that, and so both wait. Or the program there is slow or hangs" \
            : ", so the peer has the request, and the program there is slow or hangs; or it needs no answer") \
        (unguarded ? "; or something in between (a NAT, a firewall, a load balancer) has forgotten the connection meanwhile, and the answer was dropped; this program " notices_when() : "") \
        (small == count ? "; or the answer is larger than the path takes (MTU): no segment of more than 536 bytes has come from there yet" : "") ".", 1)
    act((at != "" ? "sockshim doctor " at ": what does the other end wait for?" : "does the peer still have this connection, and what does it do? `ss -tn` there; or run sockshim doctor PID there.") \
        (is_stream ? " If for more data: let this program end its side (nc -N; nc.traditional -q 0): sockshim explain both-wait." : "") \
        (unguarded ? " If the peer has finished or has no such connection: start this program with SOCKSHIM_KEEPALIVE=60, or SOCKSHIM_DEAD_PEER." : "") broker_holds_back())
}

# Every thread waits for a single connection, and none for the others that come in.
function busy_with_one_peer(    i, id, list, waiting, named) {
    for (i = 1; i <= threads; i++) {
        id = i in waits_for ? waits_for[i] : ""
        if (id == "" || !(port[id] in is_listening) || state_of[id] == "LISTEN" || call[i] !~ /^(read|recv)/)
            return
        named = threads == 1 ? "its only thread" : "each of its " threads " threads"
        if (i <= 3)
            list = list (list == "" ? "" : "; ") name_of(id) ", which " (received[id, 2] ? "sent last " in_seconds(received_ago[id]) " ago" : "has never sent anything")
    }
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (is_still(id, "LISTEN") && unread[id, 1] > 0 && unread[id, 2] > 0)
            waiting += unread[id, 2]
    }
    if (!waiting || list == "")
        return
    is_busy_with_one = 1
    finding("busy-with-one-peer", count_of(waiting, "connection") (waiting == 1 ? " waits" : " wait") " to be accepted, while " named \
        " waits for a single connection to send: " list ". A peer that connects early and sends late, as load balancers and browsers do, keeps all others out.", 1)
    act("more workers or threads, an event loop, or a proxy in front that takes whole requests; SOCKSHIM_RECV_TIMEOUT limits how long one read waits.")
}

# Those of a unix socket cannot be told apart: enough of them in both looks.
function not_accepted_at_path(    i, id) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (between_looks == 0 || !is_still(id, "LISTEN") || kind[id] !~ /^unix/ || unread[id, 1] < LEAST_QUEUED || unread[id, 2] < LEAST_QUEUED || unread[id, 2] > limit[id] || is_busy_with_one || is_computing)
            continue
        finding("not-accepted", "At " local[id] " (descriptor " fd[id] ") " unread[id, 2] " connections wait to be accepted, and " between_looks " s before it were " unread[id, 1] " (limit " limit[id] \
            "). It does not accept fast enough. When the queue is full, connect fails with EAGAIN (11), or waits.", 1)
        act((workers ? "its workers (pid " worker_pids (workers > 3 ? " and others" : "") ") are busy, it seems: sockshim doctor PID of one of them says if that waits for somebody. " : \
            "see below if its threads wait for somebody; if for no socket, they are at work. ") "More workers, or quicker answers; a longer queue only helps against bursts.")
    }
}

# Another process, as one that was left over, has a listener of its own at the same address.
function shared_address(    i, j, port, id, own) {
    for (i = 1; i <= listening_ports && between_looks > 0; i++) {
        port = listening_port[i]
        id = still_waiting[port] ? slow_listener(port) : ""
        own = ""
        for (j = 1; id != "" && !(id in fd) && j <= listenings[port]; j++)
            if (listening[port, j] in fd && address_of[listening[port, j]] == address_of[id])
                own = listening[port, j]
        if (own == "")
            continue
        finding("shared-address", "Another process" by(owner_of[id]) " listens at " address_of[id] ", too, and does not accept, or not fast enough: " wait_to_be_accepted(port) \
            ". The kernel gives each listener a share of the connections (SO_REUSEPORT): those of the other one hang.", 1)
        act(left_over(id))
    }
}

# It has accepted connections where nobody listens any more. Of a port of the kernel's default
# range nothing is said: FTP's connections for data have such.
function listener_closed(    i, id, list, count, at_work, is_own_end, where) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        if (kind[inode_of[i]] == "tcp" && state_of[inode_of[i]] == "LISTEN")
            return
        is_own_end[local[inode_of[i]]] = 1
    }
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (!is_still(id, "ESTABLISHED") || port[id] in is_listening || port[id] >= 32768 || peer[id] in is_own_end || !was_accepted(id) || where != "" && where != local[id])
            continue
        where = local[id]
        count++
        at_work += has_come_last(id)
        list = all_of(list, id, has_come_last(id) ? "which sent last, " in_seconds(received_ago[id]) " ago" : \
            "nothing came or went for " in_seconds(received_ago[id] < sent_ago[id] ? received_ago[id] : sent_ago[id]))
    }
    if (!count)
        return
    finding("listener-closed", "It accepted " count_of(count, "connection") " at " where ", where nobody listens any more, so new clients are refused: " list \
        ". A server that was told to end closes its listener first, and then waits for its clients to leave" \
        (at_work ? "" : ": for these, by the look of them, as kept-alive connections") ". So does one that is for a single client.", 1)
    act((at_work ? "what do the requests wait for that were read and not answered? " : "") "let the program close idle connections when it ends (Node: server.closeIdleConnections(), WebSockets too), and end itself after a time " \
        "(gunicorn: --graceful-timeout, uvicorn: --timeout-graceful-shutdown, nginx: worker_shutdown_timeout). Now: kill -9 " pid ", or the clients' pools.")
    avoid("a longer time to stop (TimeoutStopSec=, terminationGracePeriodSeconds): clients that keep connections do not leave by themselves.")
}

# Its client has spoken last: a request that may be under way.
function has_come_last(id) {
    return received[id, 2] > 0 && (sent[id, 2] == 0 || received_ago[id] + 0.004 < sent_ago[id])
}

# A unix socket's send waits until its receiver has read.
function unix_peer_does_not_read(    i, id, list, count) {
    told = 0
    for (i = 1; i <= threads; i++) {
        id = i in waits_for ? waits_for[i] : ""
        if (id != "" && kind[id] ~ /^unix/ && call[i] ~ /^(send|write|pwrite)/ && unsent_first[id] > 0 && unsent[id] > 0 && !(id in is_told)) {
            is_told[id] = 1
            count++
            list = all_of(list, id, "")
        }
    }
    if (!count)
        return
    finding("peer-does-not-read", "A receiver on this host does not read, and its queue is full: " list ". It is that process that is stuck or slow; this one waits for it.", 1)
    act("look at that process with sockshim doctor: it may be waiting for somebody itself, as a syslog daemon does for a central server that does not answer.")
}

# For a process in which nothing stands out, and that hangs nevertheless: what it may wait
# for, where the times do not tell whose turn it is.
function may_wait_for(    text, quiet) {
    text = mute_connections()
    if (text != "")
        return text
    quiet = quiet_connections()
    text = large_ones_missing()
    if (text != "")
        return quiet (quiet == "" ? "" : " Or the path is too narrow. ") text
    text = awaited()
    return text == "" ? quiet : text
}

function quiet_connections(    i, id, list) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (is_quiet(id) && (is_within_host(id) ? has_no_keepalive(id) && peer[id] != pool_place && !is_silent_service(id) : is_unguarded(id)))
            list = all_of(list, id, may_wait_text(id))
    }
    return list == "" ? "" : "If it hangs, or no longer gets what it waits for (messages, notifications), it may be waiting on " list "." lost_meanwhile() broker_holds_back()
}

# Erlang's port mapper, at which each node stays registered without a word.
function is_silent_service(id) {
    return peer[id] ~ /:4369$/
}

# Over a network, and without keepalive, or its first probe is minutes away: a NAT may have forgotten it
# long before. first_probe is the nearest one, in seconds.
function is_unguarded(id) {
    if (is_within_host(id) || !has_no_keepalive(id) && !(timer_of[id] == "02" && left[id] > MOST_UNPROBED))
        return 0
    if (has_no_keepalive(id))
        is_never_probed = 1
    else if (first_probe == "" || left[id] < first_probe)
        first_probe = left[id]
    return 1
}

function is_within_host(id) {
    return host_in(peer[id]) == host_in(local[id]) || peer[id] ~ /^(127\.|\[::1\]:)/ || owner_of_other_end(id) != ""
}

function notices_when() {
    return !is_never_probed ? "does not notice before keepalive's first probe, in " in_seconds(first_probe) : "never notices without keepalive, and waits for ever"
}

function may_wait_text(id) {
    if (is_within_host(id)) {
        waits_within++
        to_ask = to_ask == "" ? who_to_ask(id) : to_ask
    } else
        waits_beyond++
    return "the last was sent " in_seconds(sent_ago[id]) " ago" (owner_of_other_end(id) == "" ? "" : "; " owner_of_other_end(id))
}

# What went over a network may have been lost there; what did not has not.
function lost_meanwhile() {
    return (waits_beyond ? " Something in between (a NAT, a firewall, a load balancer) may have forgotten the connection, and drop what is sent; this program " notices_when() \
        ". Does the other side still have it, and without a Send-Q that stays? See `ss -tn` there. If not: start this program with SOCKSHIM_KEEPALIVE=60" \
        (!is_never_probed ? ", unless it sets that time itself (libpq: keepalives_idle=60)" : "") "." : "") \
        (waits_within ? " Within this host nothing in between can have lost it: what does the other end wait for? sockshim doctor " (to_ask == "" ? "PID of it" : to_ask) "." : "")
}

function broker_holds_back(    i, id) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (is_quiet(id) && peer[id] ~ /:567[12]$/)
            return " If it publishes to RabbitMQ (" peer[id] "): short of memory or disk, that takes what is published and confirms nothing; `rabbitmq-diagnostics alarms` there says so."
    }
    return ""
}

# Where the port says whose turn it is. Elsewhere a connection may be kept in reserve.
function both_silent(    i, id, tls, plain, waits) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (is_mute(id) && greets_in_tls(peer[id])) {
            tls = all_of(tls, id, "for " in_seconds(sent_ago[id]))
            waits = waits || waiter[id] != "" || polls() != ""
        }
    }
    if (tls != "") {
        finding("both-wait", "Neither side has ever sent anything: " tls ". At that port the client begins, with TLS, and this program does not: it waits for a greeting in plain text, as with TLS " \
            "off or STARTTLS in its settings, and the server waits for it" (waits ? "" : "; or it is stuck elsewhere, see its threads") ".", 1)
        act("TLS from the start in this program's settings (IMAPS, POP3S, SMTPS, \"SSL/TLS\"; not STARTTLS); openssl s_client -connect ADDRESS:PORT shows the greeting.")
        avoid("a longer time limit, or a search in the network: connections are made.")
    }
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (is_mute(id) && greets(peer[id]))
            plain = all_of(plain, id, "for " in_seconds(sent_ago[id]))
    }
    if (plain == "")
        return
    finding("greeting-due", "Neither side has ever sent anything: " plain ". At that port the server speaks first, and has not: it has not accepted the connection (stuck, or its queue waits), " \
        "is busy before it greets, most often with the name of this host, or wants TLS from the start.", 1)
    act("sockshim doctor PID of the server, on that host. If it waits for a name server there: skip-name-resolve, UseDNS no, HostnameLookups Off, or mend its resolv.conf.")
}

# rcvmss begins with 536, and is what the largest segments of late had (tcp_measure_rcv_mss in
# net/ipv4/tcp_input.c). Within one host no path is too narrow.
function has_only_small(id) {
    return !is_within_host(id) && largest_in[id] > 0 && largest_in[id] <= 536 && takes_up_to[id] > 1000
}

function host_in(address) {
    sub(/:[0-9]+$/, "", address)
    return address
}

function mute_connections(    i, id, list) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (is_mute(id))
            list = all_of(list, id, "for " in_seconds(sent_ago[id]))
    }
    return list == "" ? "" : "Neither side has ever sent anything: " list ". If this program keeps it in reserve, nothing is wrong. If it waits there for a greeting, the server has not accepted the " \
        "connection, is busy before it greets (it looks up this host's name, for example), or waits itself for this program to begin, as with TLS from the start, or if the port is another service's than this program takes it for."
}

# ---- Where it listens ----

# Its listeners of TCP, or if none of those is on loopback addresses alone, its UDP ports that are no
# client's: if all of them are; else "".
function on_loopback_alone(    list) {
    list = loopback_list("tcp")
    if (list == "" || list == "others")
        list = loopback_list("udp")
    return list == "" || list == "others" ? "" : "It listens at loopback addresses alone (" list "): other hosts, and containers, " \
        (list ~ /UDP/ ? "get no answer if they ask for this host's address (snmpd: agentaddress; rsyslog: address=; chrony: allow)." : "are refused if they ask for this host's address.")
}

# "others": not all of them. A client has a port of the kernel's default range.
function loopback_list(protocol,    i, id, list) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] != protocol || (protocol == "tcp" ? state_of[id] != "LISTEN" : peer[id] != "" || local[id] !~ /:[0-9]+$/ || number_of_port(local[id]) >= 32768))
            continue
        if (local[id] !~ /^(127\.|\[::1\]:|\[::ffff:127\.)/)
            return "others"
        list = join(list, local[id] (protocol == "udp" ? " (UDP)" : ""))
    }
    return list
}

function number_of_port(where) {
    sub(/.*:/, "", where)
    return where + 0
}

# Somebody has been refused meanwhile; at which port, no counter says. A program of this host that is
# refused here counts in AttemptFails, too: a proxy or pool whose server is gone, as a rule.
function on_loopback(    text, refused) {
    refused = recent["OutRsts"] - recent["AttemptFails"]
    if (refused <= 0 || (text = on_loopback_alone()) == "" || text ~ /\(UDP\)/)
        return
    finding("loopback-only", text " Between the two looks this host sent " count_of(refused, "RST") " (OutRsts) that no program of its own got: for its port, or for others where nothing listens.", 1)
    act("if others have to reach it: an address of this host, or 0.0.0.0, in its settings (mosquitto: listener; PostgreSQL: listen_addresses; Redis: bind; MySQL: bind-address), with a password, and restart it.")
    avoid("a search in the firewall: ping and the service itself are well then, too.")
}
