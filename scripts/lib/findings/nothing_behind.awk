# The connection is made and then ended at once, before a single byte came back, and so
# every time: a proxy accepts, and there is nothing behind it; or the server refuses what it
# reads, or whom it sees.

BEGIN {
    AT_ONCE = 250 # ms
    LEAST_HELLO = 150 # bytes of TLS's ClientHello
    LEAST_STANDING = 3
}

function find_nothing_behind(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && ends_at_once(i)) {
            half_closed[i] = is_half_closed(i)
            put_in_group(party_of(i), i, idle_of[i])
        }
    for (g = 1; g <= groups; g++)
        if (!has_been_answered(group_key[g]))
            tell_nothing_behind(g)
}

function ends_at_once(i) {
    if (type_of[i] !~ /tcp/ || side_of[i] != "connected" || rx_of[i] == "" || rx_of[i] > 0 || unread_of[i] > 0)
        return 0
    if (is_half_closed(i))
        return idle_of[i] < AT_ONCE
    if (cause_of[i] == "peer-closed" && !ended_badly(i))
        return tx_of[i] == 0 && idle_of[i] < AT_ONCE && value_is_zero(unacked_of[i]) && !is_after_ftp(i) # an empty listing
    return ended_badly(i) && (due_of[i] ? wait_of[i] : idle_of[i]) < AT_ONCE && tx_of[i] < 65536
}

# It had asked, and ended its own side as well (SHUT_WR), as an orderly end leaves CLOSE only then;
# an RST after it, to what had been acknowledged, would be seldom. At a port of HTTP an answer was
# due all the same; elsewhere it may be a log or a figure.
function is_half_closed(i) {
    return cause_of[i] == "peer-closed" && !ended_badly(i) && state_of[i] == "CLOSE" && value_is_zero(rx_of[i]) && tx_of[i] > 0 && begins_with_request(peer_of[i])
}

function value_is_zero(text) {
    return text != "" && text == 0
}

# Whether the same peer ever sent this program anything.
function has_been_answered(party,    i) {
    for (i = first_of_party[party]; i; i = next_of_party[i])
        if (rx_of[i] > 0)
            return 1
    return 0
}

function tell_nothing_behind(g,    i, n, others) {
    i = group_first[g]
    if (all_marked(g, half_closed)) {
        tell_half_closed(g)
        return
    }
    others = standing_beside(i)
    n = found("nothing-behind", "warn", g, \
        spoken_peer(i) (others ? " ends further connections of " spoken_prog(i) " immediately, unanswered" : " accepts connections and ends them immediately, unanswered"), \
        spoken_prog(i) ": " tally(g, "connection", "connections") ", over within " spoken(group_most[g] < 1 ? 1 : group_most[g]) \
            (most_sent(g) > 0 ? ", " (most_sent(g) > tx_of[i] + 0 ? "at most " : "") spoken_bytes(most_sent(g)) " sent, none back." \
            : was_reset_before_ack(i) ? ", " spoken_bytes(unacked_of[i] + unsent_of[i]) " sent, not acknowledged before the RST." : ", nothing sent.") \
            (others ? " " others " before had no failure." : ""), \
        others ? "It may take " others " or so, from each client (ZooKeeper: maxClientCnxns) or in all; or what is behind it is gone." : ended_unread(g) ? unread_meaning(g, i) : nothing_behind_meaning(i, group_size[g] == 1), \
        others ? "its log there; `ss -tnp dst " printable(host_of(peer_of[i])) "` counts here." : ended_unread(g) || has_guests(i) ? guests_advice(i) : nothing_behind_advice(i))
    add_figure(n, "connections", group_size[g])
    if (others)
        add_figure(n, "standing", others)
    add_figure(n, "sent", tx_of[i] + 0)
}

function tell_half_closed(g,    i, n) {
    i = group_first[g]
    n = found("nothing-behind", "warn", g, \
        spoken_peer(i) " closes unanswered; " spoken_prog(i) " had ended its own side, it seems", \
        tally(g, "connection", "connections") ", first at " clock(i) ", " spoken_bytes(tx_of[i]) " sent, none back, in state CLOSE as after SHUT_WR.", \
        "A proxy may take that for a client that has left (nginx: 499; haproxy: abortonclose). Or it has no backend.", \
        "keep that side open until the answer is there (nc without -N; socat: shut-none).")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "sent", tx_of[i] + 0)
}

# How many connects of the same process to that peer, before the first that was ended, have no
# later record on their descriptor: it is that connection still, or was closed without a fault
# and not used again. A log of fewer levels does not have them.
function standing_beside(i,    j, key, last, n) {
    if (is_sampled || is_tls_hello(i))
        return 0
    for (j = 1; j <= kept_count; j++)
        last[machine_of[j] SUBSEP pid_of[j] SUBSEP fd_of[j]] = j
    for (j = 1; j < i; j++)
        n += cause_of[j] == "in-progress" && peer_of[j] == peer_of[i] && pid_of[j] == pid_of[i] && machine_of[j] == machine_of[i] && \
            last[machine_of[j] SUBSEP pid_of[j] SUBSEP fd_of[j]] == j
    return n >= LEAST_STANDING ? n : 0
}

function most_sent(g,    n, member, k, most) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        most = tx_of[member[k]] + 0 > most + 0 ? tx_of[member[k]] : most
    return most + 0
}

# The RST came before the peer's kernel had acknowledged a byte: it need not be the peer's.
function was_reset_before_ack(i) {
    return cause_of[i] == "peer-reset" && value_is_zero(tx_of[i]) && unacked_of[i] + unsent_of[i] > 0
}

# How often the peer's FIN came without an acknowledgement of what had been sent: then it had
# closed before that reached it, for close with data unread is an RST (tcp_close).
function ended_unread(g,    i, n, member, times) {
    n = split(group_members[g], member, " ")
    for (i = 1; i <= n; i++)
        times += cause_of[member[i]] ~ /^(peer-closed|write-after-close)$/ && value_is_zero(tx_of[member[i]]) && unacked_of[member[i]] > 0
    return times
}

function unread_meaning(g, i) {
    return (group_size[g] == 1 ? "It" : ended_unread(g) == 1 ? "Once it" : counted(ended_unread(g), "time", "times") " it") \
        " closed before that reached it: it refuses this client's address, or is a proxy without a backend."
}

# Agents that close without a word on whoever is not in their list: NRPE, Zabbix, NSClient++.
function has_guests(i) {
    return port_of(peer_of[i]) ~ /^(5666|10050|12489)$/ && !is_same_host(i)
}

function guests_advice(i) {
    return "does it allow " printable(host_of(local_of[i])) " (" \
        (port_of(peer_of[i]) == 5666 ? "allowed_hosts= of nrpe.cfg" : port_of(peer_of[i]) == 10050 ? "Server= of zabbix_agentd.conf" : port_of(peer_of[i]) == 873 ? "hosts allow of rsyncd.conf" : "hosts.allow, only_from") \
        ")? Its log at " clock(i) "; `sockshim explain allowed-hosts`."
}

# LONE: there is but one such connection. A server that was told to end (redis-cli shutdown) does the same.
function nothing_behind_meaning(i, lone) {
    if (was_reset_before_ack(i) && !is_same_host(i))
        return "A device in between (web filter, firewall) did it in its name, or the server refuses or has no backend."
    if (is_tls_hello(i))
        return has_guests(i) ? "Agents (NRPE, Zabbix) do so to clients that are not in their list; or it refuses this TLS hello." \
            : "It refuses this TLS hello (its server name?) or client, or is a proxy without a backend."
    if (is_before_greeting(i))
        return "The server speaks first there: it refuses this client's address (hosts.deny, a ban), has too many, or is a proxy without a backend."
    if (is_plain_request(i))
        return "It refuses this request (User-Agent, a header), expects PROXY protocol, or is a proxy without backend."
    if (tx_of[i] > 0)
        return has_guests(i) ? "Agents (NRPE, Zabbix) do so to clients that are not in their list; or it refuses what it reads." \
            : "It refuses what it reads (" (may_want_host(i) ? "a Host not its own, " : "") (port_of(peer_of[i]) == 80 ? "" : "TLS" (usual_at(peer_of[i]) != "" ? ", WebSockets" : "") " or ") "PROXY protocol on one side only?), " (lone ? "is a proxy without a backend, or was told to end." : "or is a proxy without a backend.")
    return "Either the server refuses this client, or a proxy (docker-proxy, ssh -L, a load balancer) has no backend."
}

# Whether it is the server name shows without it.
function nothing_behind_advice(i) {
    if (was_reset_before_ack(i) && !is_same_host(i))
        return "try another network; `tcpdump -ni any port " port_of(peer_of[i]) "` there: does it arrive, and who sends RST?"
    if (is_tls_hello(i))
        return "`openssl s_client -connect " printable(peer_of[i]) " -servername " (named_of[i] == "" ? "NAME" : printable(named_of[i])) "`, and with -noservername; `sockshim explain tls`."
    if (is_before_greeting(i))
        return "its log at " clock(i) "; is it so from other hosts? `sockshim explain allowed-hosts`."
    if (is_plain_request(i))
        return "is `curl` answered? Compare headers (`curl -A AGENT`). Else `curl --haproxy-protocol`."
    if (tx_of[i] > 0)
        return may_want_host(i) ? "`curl -H 'Host: NAME' http://" printable(peer_of[i]) "/`; `curl --haproxy-protocol`." \
            : usual_at(peer_of[i]) != "" ? usual_at(peer_of[i]) "this client's URL and port." \
            : "`curl -vk https://" printable(peer_of[i]) "`; `curl --haproxy-protocol`, with http; there `ss -ltnp`."
    return "`ss -ltnp sport = :" port_of(peer_of[i]) "` there shows which."
}

# At port 80, and by a name.
function is_plain_request(i) {
    return tx_of[i] > 0 && port_of(peer_of[i]) == 80 && named_of[i] != ""
}

# HTTP, and no name has led to that address: the request's Host may be the address.
function may_want_host(i) {
    return begins_with_request(peer_of[i]) && !begins_with_tls(peer_of[i]) && named_of[i] == ""
}

# What was sent can be TLS's hello.
function is_tls_hello(i) {
    return tx_of[i] >= LEAST_HELLO && (site_of[i] ~ /^lib(ssl|crypto|gnutls|nss3|ssl3|mbed|wolfssl)/ || begins_with_tls(peer_of[i]))
}
