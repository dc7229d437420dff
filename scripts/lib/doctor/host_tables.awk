# For host.awk: the facts in tables, below what is made of them.

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
