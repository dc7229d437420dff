# sockshim doctor without a COMMAND: the facts of this host, worst first, and then
# all of them in tables. What is said about the kernel is from its sources (6.18;
# net/ipv4/tcp_input.c, tcp_ipv4.c, tcp_minisocks.c, tcp.c, tcp_timer.c) and its
# Documentation/networking/ip-sysctl.rst.

$1 == "release" { release = $2 }
$1 == "uptime" { uptime = $2 }
$1 == "files" { files = $2; files_limit = $3 }
$1 == "looked" { looked = $3 - $2 }
$1 == "sockstat" { sockstat[$2] = $3 }
$1 == "ss" { has_ss = 1 }
$1 == "listener" { add_listener() }
$1 == "waiting" { unlimited[++unlimiteds] = $2; unlimited_waiting[unlimiteds] = $3 }
$1 == "listeners" { listeners = $2 }
$1 == "ports" { ports_to = $2; ports = $3; ports_closed = $4 }

# Facts are: listener KIND ADDRESS WAITING LIMIT OWNER.
function add_listener() {
    sockets++
    kind[sockets] = $2
    address[sockets] = $3
    waiting[sockets] = $4
    limit[sockets] = $5
    owner[sockets] = $6
    # Where inet_diag is missing, ss reads /proc, and shows 0 for each limit.
    if ($2 == "tcp" && $5 > 0)
        knows_limits = 1
}

END {
    if (!("tcp_syncookies" in has_knob) && !("OutRsts" in is_counted)) {
        print "sockshim: cannot read anything below /proc: is it mounted?" > "/dev/stderr"
        exit 1
    }
    find_out()
    if (ENVIRON["DOCTOR_JSON"])
        print_json()
    else
        print_all()
}

function find_out() {
    looked_for = looked < 1.5 ? "second" : sprintf("%.0f s", looked)
    full_queues()
    not_accepted()
    queues_without_limit()
    aborts_on_overflow()
    out_of_memory()
    overflowed()
    other_drops()
    cookies_are_off()
    cookies_for_all()
    cookies_sent()
    small_somaxconn()
    few_ports()
    few_files()
    impatient()
    own_resets()
    timeouts()
    network_findings()
    answers_not_taken_here()
    no_name_server("This host's")
    paths_of_host()
}

function print_all() {
    heading()
    print_findings()
    if (!findings)
        nothing_found()
    print_queues()
    print_knobs()
    print_counters()
    print_unknown()
}

function print_json() {
    json("release", json_value_of(release))
    json("uptime_s", json_value_of(uptime))
    json("looked_s", looked ? sprintf("%.2f", looked) : "null")
    json("findings", json_findings())
    json("queues", json_queues())
    json("conntrack_count", json_value_of(conntrack_count))
    json("conntrack_max", json_value_of(conntrack_max))
    json("settings", json_settings())
    json("counters", json_counters())
    json("unknown", json_unknown())
    print json_object()
}

function heading() {
    paragraph("", "What this host contributes to resets and refusals")
    print ""
    paragraph("", "Linux " release (uptime == "" ? "" : ", up " duration(uptime)) ". Settings and counters are those of this network namespace, " \
        "counted for all programs in it since it was created (at boot, or with its container).")
}

# Whether a counter has moved in the seconds that we have looked on.
function moves(name) {
    return recent[name] > 0
}

# happening(NAME): in a sentence, for a counter that is not 0.
function happening(name) {
    return moves(name) ? " (" recent[name] " in the last " looked_for ")" : looked ? " (none in the last " looked_for ")" : ""
}

function nothing_found() {
    print ""
    paragraph("", "Nothing stands out" (missings ? " in what could be read" : "") \
        ": no accept queue is full, nothing has been dropped for lack of room, and no setting resets or refuses connections.")
    paragraph("", "That is this host's kernel alone, neither its programs nor their peers. " what_next())
}

# ---- Accept queues ----

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

# ---- What may run out ----

# All of it belongs to the whole machine, not to the namespace.
function out_of_memory(    memory, pages) {
    if (counter["TCPAbortOnMemory"]) {
        finding("cut-off-for-memory", "TCPAbortOnMemory " counter["TCPAbortOnMemory"] happening("TCPAbortOnMemory") ": that many connections were cut off that their program had already closed, because " \
            "there were too many of that kind (tcp_max_orphans " value_of("tcp_max_orphans") ", now " sockstat["orphan"] + 0 \
            ") or TCP's memory was used up (tcp_mem).", moves("TCPAbortOnMemory"))
        act("dmesg says which (\"too many orphaned sockets\", or \"consider tuning tcp_mem\"): raise that one, and look for the " \
            "program that closes so many connections with data unsent.")
        avoid("lowering tcp_max_orphans: it resets more.")
    }
    pages = split(knob["tcp_mem"], memory, " ")
    if (pages == 3 && sockstat["mem"] + 0 >= memory[2] + 0) {
        finding("tcp-memory-used-up", "TCP uses " sockstat["mem"] " pages of memory, and the kernel saves memory from " memory[2] " on (tcp_mem): it shrinks buffers and may drop " \
            "arriving data. From " memory[3] " on it resets connections that their programs have closed.", 1)
        act("ss -tm shows which connections hold it (skmem): programs that do not read, or peers that do not.")
    }
}

function few_ports(    range) {
    range = ephemeral_ports()
    if (!range || ports < 0.8 * range)
        return
    finding("ports-used-up", ports " of " range " ephemeral ports are in use to " ports_to ", " ports_closed " of them in TIME_WAIT. When none is left, " \
        "connect to it fails with EADDRNOTAVAIL.", 1)
    act("keep connections open and reuse them; a wider net.ipv4.ip_local_port_range; tcp_tw_reuse=1 for the side that connects, " \
        "if both sides have TCP timestamps.")
    avoid("tcp_fin_timeout: it does not shorten TIME_WAIT, which is 60 s and cannot be set. Nor a lower tcp_max_tw_buckets.")
}

function few_files() {
    if (!files_limit || files < 0.9 * files_limit)
        return
    finding("files-used-up", files " of " files_limit " files that this machine may have open are open. When none is left, socket and accept fail with ENFILE; " \
        "connections then wait in the accept queue until that is full, too.", 1)
    act("find the program that holds them (as root: ls /proc/PID/fd | wc -l); raise fs.file-max.")
}

# ---- How connections end ----

function impatient() {
    if (!("tcp_retries2" in has_knob) || knob["tcp_retries2"] >= 8)
        return
    finding("retries-few", "tcp_retries2 is " knob["tcp_retries2"] ": data that nobody acknowledges for some " duration(retransmission_time()) \
        " ends the connection with ETIMEDOUT. A short network outage is enough.", 1)
    act("sysctl -w net.ipv4.tcp_retries2=15, or 8 at least: RFC 1122 asks for 100 s or more. A program that needs to know sooner sets TCP_USER_TIMEOUT.")
}

function own_resets(    unread, discarded) {
    unread = counter["TCPAbortOnClose"] + 0
    discarded = counter["TCPAbortOnData"] + 0
    if (!unread && !discarded)
        return
    finding("own-resets", "Programs here have reset " count_of(unread + discarded, "connection") " themselves: " unread \
        " by closing with data unread (TCPAbortOnClose), " discarded " by closing with SO_LINGER 0 or because data came after they had closed " \
        "(TCPAbortOnData). Their peers saw ECONNRESET or EPIPE.", moves("TCPAbortOnClose") || moves("TCPAbortOnData"))
    act((unread ? "no setting changes this; the programs have to read to the end before they close." \
        : "SO_LINGER 0 is a program's own choice (haproxy makes it towards its servers), and harmless where the answer was complete.") " To find the program: " \
        "sockshim doctor -- COMMAND, or as root perf trace -e tcp:tcp_send_reset.")
}

function timeouts() {
    if (!counter["TCPAbortOnTimeout"])
        return
    finding("gave-up", "TCPAbortOnTimeout " counter["TCPAbortOnTimeout"] happening("TCPAbortOnTimeout") ": that many times the kernel gave up because no answer came to SYNs, data or keepalive probes. " \
        "The program saw ETIMEDOUT, or the ICMP error that came last.", moves("TCPAbortOnTimeout"))
    act("it is the path or the other host: sockshim report names the peers of connect-timed-out and connection-timed-out.")
    avoid("a lower tcp_retries2 or tcp_syn_retries: errors come sooner, not fewer.")
}

# ---- Tables ----

function print_queues(    i, full) {
    print ""
    print "Now"
    for (i = 1; i <= sockets; i++)
        full += kind[i] == "tcp" && is_full(i)
    if (listeners != "")
        row("listening (TCP)", listeners, knows_limits ? full + 0 " with a full accept queue" : "")
    for (i = 1; i <= sockets; i++)
        if (waiting[i] > 0)
            row("accept queue", waiting[i] " of " limit[i], (is_full(i) ? "full: " : "") address[i] by(owner[i]))
    if (ports && ports >= 0.1 * ephemeral_ports())
        row("ephemeral ports", ports " of " ephemeral_ports(), "in use to " ports_to ", the most to one place")
    if (sockstat["tw"] != "")
        row("TIME_WAIT", sockstat["tw"], "closed connections, 60 s each")
    if (conntrack_count != "")
        row("conntrack", conntrack_count " of " conntrack_max, "connections tracked by this namespace; the limit is the host's")
    if (nofile != "")
        row("nofile", nofile, "for what is started here (hard " nofile_hard "); of a running process: /proc/PID/limits")
}

function print_knobs() {
    print ""
    print "Settings (for IPv4 and IPv6)"
    knob_row("tcp_syncookies", 1, "SYN cookies: " choice("tcp_syncookies", "never", "when a SYN queue is full", "always"))
    knob_row("somaxconn", 4096, "the most that listen gets as its backlog")
    knob_row("tcp_max_syn_backlog", "", is("tcp_syncookies", 1) || is("tcp_syncookies", 2) ? "no effect while SYN cookies are on" : "SYNs that a listener remembers")
    knob_row("tcp_abort_on_overflow", 0, choice("tcp_abort_on_overflow", "a full accept queue drops", "a full accept queue resets"))
    knob_row("tcp_fin_timeout", 60, "seconds in FIN_WAIT_2 after close; not TIME_WAIT, which is 60 s always")
    knob_row("tcp_tw_reuse", 2, "connect reuses TIME_WAIT ports: " choice("tcp_tw_reuse", "never", "yes, with TCP timestamps", "on loopback"))
    knob_row("tcp_keepalive_time", 7200, "seconds of silence before probes, and only where the program has set SO_KEEPALIVE")
    knob_row("tcp_keepalive_intvl", 75, "seconds from probe to probe")
    knob_row("tcp_keepalive_probes", 9, "probes; ETIMEDOUT after " duration(keepalive_time()) " in all")
    knob_row("tcp_retries2", 15, "ETIMEDOUT after " duration(retransmission_time()) " or more without an acknowledgement")
    knob_row("ip_local_port_range", "32768 60999", ephemeral_ports() " ports for connects to one place" \
        (knob["ip_local_reserved_ports"] != "" ? ", less ip_local_reserved_ports" : ""))
    knob_row("max_dgram_qlen", 10, "datagrams that wait at a unix socket, plus one; applied when the receiver creates its socket")
}

function keepalive_time() {
    return knob["tcp_keepalive_time"] + knob["tcp_keepalive_intvl"] * knob["tcp_keepalive_probes"]
}

# What differs from the kernel's own default says so.
function knob_row(name, default, text) {
    if (name in has_knob)
        row(name, knob[name], text (default != "" && knob[name] != default "" ? " (default " default ")" : ""))
}

function choice(name, zero, one, two) {
    return is(name, 0) ? zero : is(name, 1) ? one : two
}

function value_of(name) {
    return name in has_knob ? knob[name] : "not known"
}

# With tcp_syncookies=2 one of them means something else.
function print_counters() {
    if (is("tcp_syncookies", 2))
        MEANING["TCPReqQFullDoCookies"] = "SYNs, since tcp_syncookies is 2"
    print ""
    print "Counted"
    list_counters(counter, "", "never happened (0)")
}

function print_unknown(    i, unknown) {
    unknown = has_ss ? (listeners && !knows_limits ? "The limits of accept queues: " why_no_limit() : "") : \
        "The limits of accept queues, and the queues of unix sockets: " why_no_limit()
    if (!missings && unknown == "")
        return
    print ""
    print "Not known"
    for (i = 1; i <= missings; i++)
        paragraph("  ", missing[i] "." (missing[i] ~ /^\/proc\/sys/ ? " The kernel is older, or hides it from this container." : ""))
    if (unknown != "")
        paragraph("  ", unknown)
}
