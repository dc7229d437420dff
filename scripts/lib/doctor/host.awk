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
    filling_queues()
    receivers_do_not_read()
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
    act((unread ? "no setting changes this. A server that refuses what it reads (another protocol, too many clients) does so, and it is the client's affair; any other program has to read to the end before it closes." \
        : "SO_LINGER 0 is a program's own choice (haproxy makes it towards its servers), and harmless where the answer was complete. Data come after the close of a client that has left early, as one that does not accept a TLS certificate.") " To find the program: " \
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
