# For host.awk: connections that wait to be accepted, and what becomes of those for which there is no room.

# Full is more than the limit, not as much: sk_acceptq_is_full in
# include/net/sock.h, unix_recvq_full in net/unix/af_unix.c.
function is_full(i) {
    return (limit[i] > 0 || kind[i] != "tcp" || knows_limits) && waiting[i] > limit[i]
}

function full_queues(    i, full, list, has_tcp, has_unix) {
    for (i = 1; i <= sockets; i++) {
        if (!is_full(i) || ++full > 5)
            continue
        list = list (full > 1 ? "; " : "") address[i] by(owner[i]) ", " count_of(waiting[i], "connection") " not yet accepted, limit " limit[i] \
            (is("somaxconn", limit[i]) ? " (net.core.somaxconn)" : "")
        has_tcp += kind[i] == "tcp"
        has_unix += kind[i] != "tcp"
    }
    if (!full)
        return
    finding("accept-queue-full", (full == 1 ? "An accept queue is full: " : full " accept queues are full: ") list (full > 5 ? "; and others" : "") "." \
        (has_tcp ? " " dropped_syns() : "") \
        (has_unix ? " connect to a unix socket then blocks, or fails with EAGAIN if it may not (backlog-full in the log)." : ""), 1)
    act("find out why the program does not accept: is it blocked, out of threads, out of descriptors? " \
        "If it only comes in bursts: a larger backlog in its configuration, and net.core.somaxconn at least as large (" \
        value_of("somaxconn") " now); both count when it calls listen, so restart it.")
    avoid("a restart alone: it resets the connections that wait." (has_tcp ? no_cookies() : ""))
}

# Whoever waits in a full queue has been told.
function not_accepted(    i, port, id, twin) {
    for (i = 1; i <= listening_ports; i++) {
        port = listening_port[i]
        id = still_waiting[port] ? slow_listener(port) : ""
        if (id == "" || has_full_queue(address_of[id]))
            continue
        twin = quick_twin(port, id)
        finding("not-accepted", address_of[id] by(owner_of[id]) ": " wait_to_be_accepted(port) "." (twin == "" ? " It does not accept, or not fast enough." : " At another listener of the same address" by(owner_of[twin]) \
            " nobody waits: the kernel gives each of them a share of the connections (SO_REUSEPORT), and those of the first one hang."), 1)
        act(twin == "" ? "sockshim doctor " pid_of_owner(id) " shows what it waits for." : left_over(id))
    }
}

# One look at a unix socket: what is more than half full was, or will be, full with a few clients more.
function filling_queues(    i, its) {
    for (i = 1; i <= sockets; i++) {
        if (kind[i] == "tcp" || is_full(i) || waiting[i] < 5 || waiting[i] * 2 <= limit[i])
            continue
        finding("accept-queue-filling", address[i] by(owner[i]) ": " waiting[i] " connections wait to be accepted, and " limit[i] + 1 " is the most. It does not accept fast enough; when that queue is full, " \
            "connect fails with EAGAIN (11), or waits.")
        its = owner[i]
        act("sockshim doctor " (sub(/.*, pid /, "", its) ? its : "PID") " shows what it waits for. More workers, or quicker answers; a longer queue only helps against bursts.")
    }
}

function has_full_queue(where,    i) {
    for (i = 1; i <= sockets; i++)
        if (kind[i] == "tcp" && address[i] == where && is_full(i))
            return 1
    return 0
}

function dropped_syns() {
    return "Further SYNs are dropped, so connects hang and may end in ETIMEDOUT" \
        (is("tcp_abort_on_overflow", 1) ? "; handshakes that had begun before are reset (tcp_abort_on_overflow is 1)." : ".")
}

# Said once.
function no_cookies() {
    return no_cookies_said++ ? "" : " And tcp_syncookies=0, often advised for load tests, hides a full backlog instead of fixing it: " \
        "a full accept queue drops with SYN cookies and without."
}

# Without ss. somaxconn may have been another when the program called listen.
function queues_without_limit(    i, list) {
    if (knows_limits || !unlimiteds)
        return
    for (i = 1; i <= unlimiteds && i <= 5; i++)
        list = join(list, unlimited[i] " (" unlimited_waiting[i] ")")
    finding("accept-queue-limit-unknown", "Connections not yet accepted: " list (unlimiteds > 5 ? " and others" : "") ". Whether that fills an accept queue is not known: " \
        why_no_limit() " A queue is full with one more than the backlog of the program's listen, of which at most net.core.somaxconn counts (" \
        value_of("somaxconn") " now).", 1)
    act("look again: a number that stays is a program that does not accept." (has_ss ? "" : " Install ss (package iproute2)."))
}

function why_no_limit() {
    return has_ss ? "ss shows 0 as the limit, which it also does where the kernel does not say (no inet_diag)." : "only ss shows it, and it is not installed."
}

function aborts_on_overflow() {
    if (!is("tcp_abort_on_overflow", 1))
        return
    finding("abort-on-overflow", "tcp_abort_on_overflow is 1: a handshake that ends while the accept queue is full is answered by RST. " \
        "The client, for which the connection was already established, gets ECONNRESET" \
        (counter["ListenOverflows"] ? "; ListenOverflows is " counter["ListenOverflows"] ", so full queues do occur." : "; so far no queue has overflowed."), 1)
    act("sysctl -w net.ipv4.tcp_abort_on_overflow=0, and let the program accept faster.")
    avoid("keeping it as a cure for overload. It turns a short burst, which clients would get over, into errors.")
}

function overflowed() {
    if (!counter["ListenOverflows"])
        return
    finding("accept-queue-overflowed", "ListenOverflows " counter["ListenOverflows"] happening("ListenOverflows") ": that many times a SYN, or the last ACK of a handshake, was dropped because an " \
        "accept queue was full (packets, not connections: clients retry). Clients see connects that take seconds longer, ETIMEDOUT, " \
        "or ECONNRESET when they write to a connection that this host no longer knows.", moves("ListenOverflows"))
    act("find out under load which queue fills: ss -ltn, Recv-Q above Send-Q. Make that program accept faster, or raise its " \
        "backlog and net.core.somaxconn (" value_of("somaxconn") "), and restart it.")
    avoid("tcp_abort_on_overflow=1: it turns delays into errors." no_cookies())
}

# ListenDrops counts the overflows and TCPReqQFullDrop as well.
function other_drops(    others) {
    others = counter["ListenDrops"] - counter["ListenOverflows"] - counter["TCPReqQFullDrop"]
    if (others <= 0)
        return
    finding("listen-drops", "ListenDrops is " others " higher than the full queues explain: handshakes that listeners dropped for another reason, such as " \
        "no memory or no route back" (is("tcp_syncookies", 0) ? ", or the last quarter of tcp_max_syn_backlog being kept for known hosts" : "") \
        ". The kernel does not count the reasons separately.", moves("ListenDrops"))
    act("dmesg for memory; ip route get CLIENT for the way back.")
}

function cookies_are_off(    dropped) {
    if (!is("tcp_syncookies", 0))
        return
    dropped = counter["TCPReqQFullDrop"]
    finding("syn-cookies-off", "tcp_syncookies is 0: when a listener's SYN queue is full, SYNs are dropped silently, so connects hang instead of failing, " \
        "and a SYN flood shuts everybody out." (dropped ? " It has happened to " count_of(dropped, "SYN") " (TCPReqQFullDrop)." : ""), 1)
    act("sysctl -w net.ipv4.tcp_syncookies=1.")
    avoid("leaving it off because a load test then shows fewer errors: the full backlog is still there.")
}

function cookies_for_all() {
    if (!is("tcp_syncookies", 2))
        return
    finding("syn-cookies-always", "tcp_syncookies is 2: every connection gets a SYN cookie, full queue or not. That is meant for tests; " \
        "without TCP timestamps such connections have neither window scaling nor SACK.", 1)
    act("sysctl -w net.ipv4.tcp_syncookies=1.")
}

# With tcp_syncookies=2 it counts every SYN.
function cookies_sent(    full) {
    full = counter["TCPReqQFullDoCookies"]
    if (!full || is("tcp_syncookies", 2))
        return
    finding("syn-queue-full", "TCPReqQFullDoCookies " full happening("TCPReqQFullDoCookies") ": that many times a SYN met a full SYN queue, which is as long as the listener's backlog; " \
        "SYN cookies sent: " counter["SyncookiesSent"] + 0 ". Connections made that way work, without window scaling and SACK " \
        "where there are no TCP timestamps. It was a burst larger than the backlog, or a flood: dmesg names the port.", moves("TCPReqQFullDoCookies"))
    act("if the load is legitimate, a larger backlog (and net.core.somaxconn), and restart the program.")
    avoid("tcp_syncookies=0: then these SYNs are dropped. And tcp_max_syn_backlog changes nothing while cookies are on (since Linux 4.4).")
}

# Only where it has done harm.
function small_somaxconn(    i, capped) {
    if (!("somaxconn" in has_knob) || knob["somaxconn"] >= 4096 || !counter["ListenOverflows"])
        return
    for (i = 1; i <= sockets; i++)
        capped += kind[i] == "tcp" && is("somaxconn", limit[i])
    finding("somaxconn-small", "net.core.somaxconn is " knob["somaxconn"] " (4096 by default since Linux 5.4), the most that any listen gets, whatever it asks for" \
        (capped ? "; " count_of(capped, "listener") " here " (capped == 1 ? "has" : "have") " exactly that." : "."), 1)
    act("sysctl -w net.core.somaxconn=4096, then restart the programs: it counts when listen is called.")
}
