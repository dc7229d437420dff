# For doctor of a process, of the host and beside a command, after address.awk: who is
# asked for names, whether somebody listens there, and whether answers come.

!are_records && $1 == "resolver" { resolver[++resolvers] = $2; none_is_named = $3 == "default" }
!are_records && $1 == "table" && $2 == "udp" { knows_udp = 1 }
!are_records && $1 ~ /^udp6?$/ && split($3, word, " ") > 12 { look_at_udp($2) }

function look_at_udp(look,    address) {
    address = ip_address(word[2])
    if (word[3] ~ /:0000$/) {
        has_bound[address] = 1
        sub(/:[0-9]+$/, "", address)
        has_bound[address] = 1
    } else if (word[3] ~ /:0035$/ && word[5] ~ /:0*$/) {
        questions[look]++
        if (look == 2 && !is_asked[ip_address(word[3])]++)
            asked = join(asked, ip_address(word[3]))
    }
}

# A rule may lead what is for port 53 of an address to another port there, as Docker's do.
function answers_at(address) {
    return (address in has_bound) || ("[" address "]" in has_bound) || ("0.0.0.0:53" in has_bound) || ("[::]:53" in has_bound)
}

# no_name_server(WHOSE): "Its" or "This host's". Whether it is so.
function no_name_server(whose,    i, dead, first) {
    for (i = 1; knows_udp && i <= resolvers; i++)
        if (resolver[i] ~ /^(127\.|::1$)/ && !answers_at(resolver[i])) {
            dead++
            first = first == "" ? resolver[i] : first
        }
    if (!dead)
        return 0
    finding("no-name-server", whose " /etc/resolv.conf " (none_is_named ? "is not there, or names no name server; so " first " is asked" : "names " first) ", and nothing listens there in " (whose == "Its" ? "its" : "this") " network namespace: " \
        (dead == resolvers ? "each look-up is refused at once, and no name is found by DNS." : "it is asked in vain before or after the others.") \
        (first == "127.0.0.53" ? " That is systemd-resolved: it does not run here, or the file is the host's, copied into a container." \
            : first == "127.0.0.11" ? " That is Docker's own, which is in its containers alone." : none_is_named ? "" : " A name server that does not run, or one of another namespace."), 1)
    act("put the network's name servers there (the host's are in /run/systemd/resolve/resolv.conf, or resolvectl status; docker run --dns ADDRESS, kubelet's resolvConf), or start the service.")
    return 1
}

# Of the host: whose question it is does not matter.
function answers_not_taken_here(    count) {
    count = recent["UdpNoPorts"] + recent["Udp6NoPorts"]
    if (count > 0 && questions[1] && questions[2])
        answers_not_taken(asked, count)
}

# A connected socket takes datagrams of its peer alone (net/ipv4/udp.c, compute_score).
function answers_not_taken(list, not_taken) {
    finding("answers-not-taken", (is_process ? "It waits" : "Somebody waits") " for a name server: a question is open in both looks (" list "), and " count_of(not_taken, "UDP datagram") \
        " arrived here meanwhile that no socket took (UdpNoPorts). They may be the answers, from another address than the one that was asked, or too late: the resolver never sees them.", 1)
    act("tcpdump -ni any udp src port 53 shows from which address they come. " stray_source_advice() " No firewall is at fault then; until it is mended, options use-vc (TCP) in resolv.conf.")
}

function stray_source_advice() {
    return "A pod's or container's: on its node modprobe br_netfilter, sysctl -w net.bridge.bridge-nf-call-iptables=1 (sockshim explain other-source). Another one of the server's: it has to answer from the one in resolv.conf " \
        "(unbound: interface-automatic, or each address as an interface)."
}

# OWN: the servers are none of /etc/resolv.conf, so no change of that file helps.
function no_answers(list, fresh, own) {
    finding("name-server-silent", "It seems to wait for a name server: " (fresh ? "a question is open in both looks, and no UDP datagram was delivered here in between: " list \
        : list " (UDP) is there in both looks, and a question is answered within milliseconds where all is well") ". " \
        (own != "" ? "No such server is in its /etc/resolv.conf (" own "): it asks by a setting of its own, or read that file before it changed. " : "") \
        "What needs the name waits as long: a connect of its own, or a client whose name it looks up before it greets." \
        (is_process && process_name == "node" && questions[2] > 1 ? " Node makes 2 look-ups at a time, unless UV_THREADPOOL_SIZE says otherwise: all its other requests by name wait behind these, whatever name they ask for (sockshim explain lookup-threads)." : ""), 1)
    act("ask that server from here: dig @ADDRESS NAME. If it is silent, " (own != "" ? "name one in the program's settings that answers (nginx: resolver; haproxy: resolvers; dnsmasq, unbound, named: the servers that it forwards to), " \
            "or let port 53, UDP and TCP, through to it, or restart it" : "correct /etc/resolv.conf") "; if it says that it has answered, does `nstat -az UdpNoPorts` count up here meanwhile? " \
        "Then its answers come from another address than the one that was asked." (own != "" ? "" : " A server that only looks up its clients need not: skip-name-resolve, UseDNS no, HostnameLookups Off."))
}

# resolv.conf's servers, if ADDRESSES, as ADDRESS:53 with blanks between them, are none of them.
function others_than(addresses,    i, list) {
    for (i = 1; i <= resolvers; i++) {
        if (index(" " addresses " ", " " resolver[i] ":53 ") || index(" " addresses " ", " [" resolver[i] "]:53 "))
            return ""
        list = join(list, resolver[i])
    }
    return none_is_named ? "" : list
}
