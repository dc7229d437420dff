# No connection came about: refused, no way, no answer, no such socket; or the program
# could not have the address that it wanted.

function find_not_reached(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && not_reached_kind(i) != "")
            put_in_group(prog_of[i] SUBSEP service_of(i) SUBSEP (is_told_as_unreachable(i) ? "unreachable" : cause_of[i]), i, connect_ms(i))
    for (g = 1; g <= groups; g++)
        tell_not_reached(g)
}

function not_reached_kind(i) {
    if (is_passed_over(i))
        return ""
    if (cause_of[i] == "connection-refused" || cause_of[i] == "no-such-socket")
        return "refused"
    if (cause_of[i] == "unreachable" || is_told_as_unreachable(i))
        return "unreachable"
    if (cause_of[i] == "connect-timed-out" || cause_of[i] == "timeout" && call_of[i] == "connect")
        return "no-answer"
    if (cause_of[i] ~ /^(backlog-full|address-in-use|address-unavailable)$/)
        return cause_of[i]
    if (cause_of[i] == "not-permitted")
        return "not-permitted"
    if (has_no_interface(i))
        return "no-interface"
    return ""
}

function tell_not_reached(g,    i, n, kind, time) {
    i = group_first[g]
    kind = not_reached_kind(i)
    some_refused[i] = well_between(g)
    time = group_most[g] == "" ? "" : group_most[g] < 20 ? ", at once" : ", after " spoken_range(group_least[g] + 0, group_most[g])
    n = found(kind, is_route_question(i) ? "info" : level_of[i] >= RANK["error"] ? "error" : "warn", g, \
        not_reached_title(i, kind) (is_route_question(i) ? " by UDP, which may not matter" : ""), \
        tally(g, "time", "times") " (" printable(error_of[i] == "" ? cause_of[i] : error_of[i]) time "), first at " clock(i) (clock(group_last[g]) != clock(i) ? ", last at " clock(group_last[g]) : "") "." beside(i), \
        is_route_question(i) ? "Such a connect sends nothing: it may be a name server in reserve, or a question for the way." : not_reached_meaning(i, group_most[g]), \
        not_reached_advice(i, group_most[g]))
    add_figure(n, "records", group_size[g])
    if (group_most[g] != "")
        add_figure(n, "ms", sprintf("%.0f", group_most[g]) + 0)
}

function not_reached_title(i, kind) {
    if (cause_of[i] == "no-such-socket")
        return spoken_prog(i) " finds no socket at " spoken_peer(i)
    if (kind == "refused")
        return spoken_peer(i) " refuses " (some_refused[i] ? "some of " : "") spoken_prog(i) "'s " (type_of[i] ~ /dgram|udp/ ? "messages" : "connections")
    if (kind == "unreachable")
        return spoken_prog(i) " cannot reach " spoken_peer(i)
    if (kind == "no-answer")
        return spoken_peer(i) " does not answer connection requests of " spoken_prog(i) " at all"
    if (kind == "no-interface")
        return spoken_prog(i) " wants a network interface that is not there"
    if (kind == "backlog-full")
        return "The queue of " spoken_peer(i) " is full: it does not accept fast enough"
    if (kind == "address-in-use")
        return spoken_prog(i) " cannot listen at " printable(local_of[i]) ": " (is_at_path(i) ? "that path is there already" : "something else has that address")
    if (kind == "address-unavailable")
        return spoken_prog(i) (call_of[i] == "bind" ? " could not have " printable(local_of[i]) " as its address" : " wants an address that this host cannot use for " spoken_peer(i))
    return spoken_prog(i) " may not " (call_of[i] == "bind" ? "use " printable(local_of[i]) : call_of[i] == "socket" ? "make such a socket" : "reach " spoken_peer(i))
}

# What the failure of record I says; it took MS, if that is known.
function not_reached_meaning(i, ms) {
    if (announcer_of(i))
        return spoken_announcer(i)
    if (has_told_ports(i))
        return told_ports(i)
    if (may_be_announced(i) && !some_refused[i])
        return spoken_unknown_announcer(i)
    if (some_refused[i])
        return "In between, " counted(some_refused[i], "connect", "connects") " went through: it keeps restarting, is an address of several servers, one of which is down, or by mistake of two hosts."
    if (may_have_moved(i))
        return (last_well(i) ? "It answered until " clock(last_well(i)) : "Connects went through before") ": it was stopped, or " printable(named_of[i]) " has moved, and " spoken_prog(i) " keeps the old address."
    if (goes_with_login(i))
        return goes_with_login(i) == "agent" ? "SSH_AUTH_SOCK is of a login that is over (tmux, screen, cron), or /tmp is another one: no agent, no key." \
            : "It is there while its user is logged in (not in cron, su, a service), and its service runs."
    if (is_port_of_rpc(i) && cause_of[i] ~ /^(connection-refused|connect-timed-out|timeout|gave-up-connecting)$/)
        return port_of_rpc(i)
    if (cause_of[i] == "connection-refused")
        return type_of[i] ~ /^unix/ ? "The path exists, but the process that listened there is gone." \
            : peer_of[i] ~ /^\[::1\]:/ ? "Nothing is listening there: a server for IPv4 alone (0.0.0.0, 127.0.0.1) is not at " (named_of[i] == "localhost" ? "[::1], where localhost led" : "[::1]") ". Or a firewall of this host rejects it." \
            : is_at_loopback(i) ? "Nothing is listening there (perhaps at another one" other_loopback(i) "; a container's is its own), or a firewall here rejects it." \
            : is_same_host(i) ? "Nothing is listening at that address (perhaps at another one" other_loopback(i) "), or a firewall of this host rejects it." \
            : "Nothing is listening there (or only at 127.0.0.1), or a firewall rejects this client."
    if (is_seen_elsewhere(i))
        return "A socket is bound to it, which " spoken_prog(i) " does not see: one of the two has its own file system (" (is_tmp(peer_of[i]) ? "PrivateTmp=, " : "") "a chroot or container), or it was removed."
    if (cause_of[i] == "no-such-socket")
        return "Its server is not running, " (is_postgres_path(peer_of[i]) ? "has another port (the number at the end) or directory" : "listens at another path") ", or one of the two has its own file system (" (is_tmp(peer_of[i]) ? "PrivateTmp=, " : "") "a chroot or container)."
    if (cause_of[i] == "unreachable" && error_of[i] == "EINVAL")
        return "This host's own route there is of type blackhole, which discards it (Calico, BIRD, FRR leave such behind): nothing was sent."
    if (cause_of[i] == "unreachable" && error_of[i] == "EHOSTUNREACH")
        return ms == "" ? "If immediate, it is a firewall's reject (ICMP), or a route of this host of type unreachable; after 3 s, a host that does not answer." \
            : ms < 500 ? "So something answered (ICMP): a firewall there or on the path rejects it. With a host that does not answer it takes 3 s." \
            : is_own_bridge(i) ? "This host looks for it by its own " printable(host_of(local_of[i])) ", where nobody answers ARP: does a network of Docker's hide it?" \
            : "It takes that long when no host answers ARP: it is off, or the router to it, or this host looks in the wrong network."
    if (has_no_interface(i) && type_of[i] ~ /tcp/)
        return "The interface that it names is missing; curl --interface asks so for an address as well, and goes on."
    if (has_no_interface(i))
        return "No route, as the default route, says where to join a multicast group; or the interface that it names is missing."
    if (cause_of[i] == "unreachable" && is_to_many(i))
        return "Multicast and broadcast need a route as well, which says by which interface: there is none, as before the network is up."
    if (error_of[i] == "ENETUNREACH" && is_of_inner_network(peer_of[i]) == 1)
        return "Loopback is down where " spoken_prog(i) " runs, as in a new network namespace (a sandbox, unshare -n); or a rule or route there forbids it."
    if (error_of[i] == "ENETUNREACH" && family_of(i))
        return "No IPv" family_of(i) " route leads there: this host has IPv" 10 - family_of(i) " only, or " spoken_prog(i) " a network of its own (a container, PrivateNetwork=); or a router said so."
    if (error_of[i] == "ENETUNREACH")
        return "No route leads there where " spoken_prog(i) " runs: on this host, or in a network of its own (PrivateNetwork=, a container); or a router reported so."
    if (cause_of[i] == "unreachable")
        return "This host has no route there, or a router reported so."
    if (cause_of[i] ~ /^(connect-timed-out|timeout|gave-up-connecting)$/ && is_long_question(i))
        return long_question(i)
    if (cause_of[i] ~ /^(connect-timed-out|timeout|gave-up-connecting)$/ && is_same_host(i))
        return "On this host: the server's accept queue is full, or a firewall rule drops it."
    if (cause_of[i] ~ /^(connect-timed-out|timeout|gave-up-connecting)$/)
        return went_through(i, ms) ? some_dropped(i, ms) : went_around(i) ? at_times() : is_blocked_mail(i) ? blocked_mail(i) : has_connected_otherwise(i) ? "Other ports of it answered: a firewall drops this one silently, or the server's accept queue is full." \
            : "A firewall drops it (perhaps here), it is off (do other ports answer?), or its accept queue is full."
    if (cause_of[i] == "backlog-full")
        return "Its workers are busy, or hang."
    if (cause_of[i] == "address-in-use")
        return address_in_use_meaning(i)
    if (cause_of[i] ~ /^(peer-reset|closed-unanswered|write-after-close|connection-timed-out)$/)
        return "it breaks off established connections."
    if (is_denied(i))
        return call_of[i] == "bind" ? "From port 1024 on (by default) no privilege is needed: SELinux or another security module, a BPF program or a seccomp filter refuses it." \
            : "A security module (SELinux stops web servers by default), a prohibiting route or rule, or a seccomp filter refuses it."
    if (is_socket_itself(i))
        return "The socket's own owner, group and mode keep it out (the directories do not), or a security module."
    return printable(why_of[i])
}

# A server that is told `localhost` takes one of the two.
function other_loopback(i) {
    return peer_of[i] ~ /^127\.0\.0\.1:/ ? ", as [::1]" : ""
}

# A host on which nothing listens answers TCP with RST.
function refused_advice(i,    shows) {
    shows = "`ss -l" (type_of[i] == "udp" ? "u" : "t") "np sport = :" port_of(peer_of[i]) "`"
    if (is_same_host(i))
        return peer_of[i] ~ /^\[::1\]:/ ? "if " shows " has it, name 127.0.0.1; else start it." : "start it or correct the address (" shows ")."
    return shows " there shows what listens; `tcpdump -ni any icmp or icmp6` shows rejects."
}

function long_question(i) {
    return "Names are asked by TCP if the answer is too long for UDP: a firewall may let only UDP 53 through; or the host is off."
}

function blocked_mail(i) {
    return (has_connected_otherwise(i) ? "Other ports of it answered: clouds" : "Clouds") " and providers often drop what leaves them for port 25; or a firewall on the path does" (has_connected_otherwise(i) ? "." : ", or it is off.")
}

function not_reached_advice(i, ms) {
    if (goes_with_login(i) == "agent")
        return "export the SSH_AUTH_SOCK of a new login here; for good: `sockshim explain ssh-agent`."
    if (goes_with_login(i) == "user")
        return "log in as that user, or `loginctl enable-linger USER`; `sockshim explain session-bus`."
    if (announcer_of(i))
        return "let it announce one that clients reach (Redis: announce-ip; Kafka: advertised.listeners)."
    if (is_port_of_rpc(i) && cause_of[i] ~ /^(connection-refused|unreachable|connect-timed-out|timeout|gave-up-connecting)$/)
        return port_of_rpc_advice(i)
    if (has_told_ports(i))
        return "let the firewall pass its range (vsftpd: pasv_min_port), or load nf_conntrack_ftp there."
    if (may_be_announced(i))
        return "there, one that clients reach (`sockshim explain announced-address`); else " \
            (cause_of[i] == "unreachable" ? "`ip route get " printable(host_of(peer_of[i])) "`." : "`sockshim doctor -- COMMAND`.")
    if (some_refused[i])
        return "does each listen (`kubectl get endpointslices`, the balancer's list)?"
    if (is_long_question(i) && cause_of[i] ~ /^(connect-timed-out|timeout|gave-up-connecting)$/)
        return "open TCP 53 there, if only `dig +tcp @" printable(host_of(peer_of[i])) "` fails."
    if (may_have_moved(i))
        return "`getent ahosts " printable(named_of[i]) "`: another address now? Restart " spoken_prog(i) " (Java: networkaddress.cache.ttl); else " \
            (cause_of[i] == "connection-refused" ? "`ss -ltnp` there." : "`ip route get " printable(host_of(peer_of[i])) "`.")
    if (cause_of[i] == "connection-refused" && type_of[i] !~ /^unix/)
        return refused_advice(i)
    if (is_seen_elsewhere(i))
        return "is it at /proc/PID/root/PATH (PID: `ss -lxp`)? Then use a path both see (/run); if not, restart the server."
    if (cause_of[i] == "no-such-socket" && is_postgres_path(peer_of[i]))
        return "`sockshim doctor -- COMMAND` looks for others; `pg_lsclusters` has their ports (after an upgrade there may be two)."
    if (cause_of[i] == "no-such-socket" && peer_of[i] ~ /^\//)
        return "`sockshim doctor -- COMMAND` looks for others; is it in a chroot (`readlink /proc/" printable(pid_of[i]) "/root` is not /)?"
    if (cause_of[i] ~ /^(connection-refused|no-such-socket)$/)
        return "`ss -lxp` shows what listens where: start the server, or correct the path."
    if (has_no_interface(i) || cause_of[i] == "unreachable" && is_to_many(i))
        return "`ip -br addr`, `ip route`; start it after network-online.target, or name an interface in its settings."
    if (cause_of[i] == "unreachable" && ms >= 500 && is_own_bridge(i))
        return "`ip route get " printable(host_of(peer_of[i])) "`; if by br-... or docker0, give that another subnet (default-address-pools)."
    if (is_forbidden_route(i) && why_of[i] ~ /SO_BROADCAST/)
        return "if `ip route get " printable(host_of(peer_of[i])) "` says \"broadcast\": the program has to set SO_BROADCAST; `sockshim explain broadcast`."
    if (cause_of[i] == "unreachable" && error_of[i] == "EINVAL" || is_forbidden_route(i))
        return is_denied(i) ? "`ip route get " printable(host_of(peer_of[i])) "` fails for such a route, too; else `ausearch -m avc` (web servers: `setsebool -P httpd_can_network_connect on`)." \
            : (error_of[i] == "EINVAL" ? "" : "if ") "`ip route get " printable(host_of(peer_of[i])) "` fails likewise, `ip route show match " printable(host_of(peer_of[i])) "` names it" (error_of[i] == "EINVAL" ? "." : "; else `journalctl -k --grep denied`.")
    if (error_of[i] == "ENETUNREACH" && is_of_inner_network(peer_of[i]) == 1)
        return "`ip link set lo up`, there: `nsenter -t " printable(pid_of[i]) " -n` while it runs, or in what starts it."
    if (error_of[i] == "ENETUNREACH")
        return "`ip route get " printable(without_brackets(host_of(peer_of[i]))) "`: none? " (family_of(i) ? "Then the name's IPv" 10 - family_of(i) " address (`getent ahosts`). " : "") "Else `sockshim doctor " printable(pid_of[i]) "`."
    if (cause_of[i] == "unreachable")
        return error_of[i] == "EHOSTUNREACH" && ms != "" && ms < 500 ? "open port " port_of(peer_of[i]) " there (`firewall-cmd --add-port=" port_of(peer_of[i]) "/tcp`); the route is fine." \
            : "`ip route get " printable(without_brackets(host_of(peer_of[i]))) "`, `ip neigh`; `tcpdump -ni any icmp or icmp6`." \
                (named_of[i] != "" && peer_of[i] ~ /^\[/ ? " Has the name an IPv4 address (`dig " printable(named_of[i]) " A`)?" : "")
    if (cause_of[i] == "address-in-use")
        return address_in_use_advice(i)
    if (cause_of[i] == "backlog-full")
        return "`sockshim doctor PID` of a worker meanwhile: what is it at? More workers, or quicker ones; only against bursts a longer queue, `SOCKSHIM_BACKLOG=1024` for it."
    if (cause_of[i] ~ /^(connect-timed-out|timeout|gave-up-connecting)$/)
        return unanswered_advice(i, ms)
    if (cause_of[i] == "address-unavailable" && call_of[i] != "bind" && family_of(i) == 6)
        return "if `ip -6 addr` shows no address for it, use IPv4 (for localhost: 127.0.0.1); else look for ports in TIME_WAIT: `ss -tan`."
    if (cause_of[i] == "address-unavailable" && local_of[i] ~ /^\[/ && local_of[i] !~ /^\[::ffff:/)
        return "start it later (network-online.target, RestartSec=5), if `ip -6 addr` has it."
    if (cause_of[i] == "address-unavailable")
        return "`ip addr` shows the addresses of this host; correct the program's setting, or start it after the address."
    if (cause_of[i] == "not-permitted" && why_of[i] ~ /needs x there/)
        return "`namei -l " printable(peer_of[i]) "`; chmod o+x that directory, or into its group."
    if (is_socket_itself(i))
        return "`grep Groups /proc/" printable(pid_of[i]) "/status`: without the socket's (`ls -ln`)? One given after the start needs a restart."
    if (is_denied(i)) # at bind
        return "`ausearch -m avc`; SELinux: `semanage port -a -t TYPE -p " (type_of[i] ~ /udp/ ? "udp " : "tcp ") port_of(local_of[i]) "`; `sockshim explain selinux`."
    if (cause_of[i] == "not-permitted")
        return call_of[i] == "bind" ? "`setcap cap_net_bind_service+ep`, AmbientCapabilities= of its unit, or a port from 1024 on; as root: `sockshim explain selinux`." : (peer_of[i] ~ /^\// ? "`namei -l " printable(peer_of[i]) "` shows the permissions along the path (directories need x); `journalctl -k --grep denied`." : "`journalctl -k --grep denied`.")
    return "look in its log at " clock(i) "."
}

# After 10 s four SYNs have gone unanswered (1, 3 and 7 s): whoever waits on does so in vain.
function unanswered_advice(i, ms,    sooner) {
    if (is_blocked_mail(i) && !went_through(i, ms))
        return "if no other mail server answers at 25 either, relay by 587 (relayhost, smarthost), or have 25 opened."
    # Without a time, it waited in connect.
    if (ms >= 12000 && cause_of[i] != "gave-up-connecting" || ms == "" && error_of[i] == "ETIMEDOUT" && !((prog_of[i], "SOCKSHIM_CONNECT_TIMEOUT") in handled_times))
        sooner = "`SOCKSHIM_CONNECT_TIMEOUT=10s` fails sooner; "
    if (is_same_host(i))
        return sooner full_queue_advice(i)
    if (went_through(i, ms))
        return sooner "`ss -tn dst " printable(host_of(peer_of[i])) "` then: always as many? Keep fewer open (a pool)."
    if (went_around(i))
        return sooner at_times_advice()
    return "`sockshim doctor -- COMMAND` tells if SYN leaves" (sooner != "" ? "" : ", or another address answers") (sooner != "" ? "; `SOCKSHIM_CONNECT_TIMEOUT=10s` fails sooner." : "; `tcpdump -ni any host " printable(host_of(peer_of[i])) "` there, if it arrives.")
}

# Nothing else on the same host leaves a SYN unanswered, but for a rule of its firewall.
function full_queue_advice(i) {
    return "`sockshim doctor` meanwhile: who does not accept, and why? Only in bursts: `SOCKSHIM_BACKLOG=1024` for it."
}

function is_at_loopback(i) {
    return host_of(peer_of[i]) ~ /^(127\.|\[::1\]|\[::ffff:127\.)/
}
