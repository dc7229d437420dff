# Connections that were broken off, by the side that this program is on, where no more
# special pattern explains it.

BEGIN {
    LEAST_ALIKE = 2 # connections whose sizes are compared
}

function find_broken_off(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++) {
        if (!is_open(i) || type_of[i] !~ /tcp|unix-stream/)
            continue
        if (side_of[i] == "accepted" && is_client_leaving(i))
            put_in_group("client" SUBSEP prog_of[i] SUBSEP local_of[i], i, idle_of[i] + 0)
        else if (side_of[i] != "accepted" && cause_of[i] ~ /^(peer-reset|write-after-close|connection-aborted)$/)
            put_in_group("server" SUBSEP party_of(i), i, rx_of[i] + 0)
    }
    for (g = 1; g <= groups; g++)
        if (group_key[g] ~ /^server/)
            tell_broken_off(g)
        else
            judge_clients(g)
}

# A client that goes while it is owed something.
function is_client_leaving(i) {
    if (cause_of[i] !~ /^(peer-reset|write-after-close|peer-closed)$/ || idle_of[i] == "")
        return 0
    if (tx_of[i] != "" && tx_of[i] == 0 && sent_of[i] == "") # asked, and never answered
        return rx_of[i] > 0 && idle_of[i] >= 500
    if (sent_of[i] == "")
        return 0
    return idle_of[i] < sent_of[i] && idle_of[i] >= 500 || cause_of[i] != "peer-closed" && idle_of[i] >= 500 && unacked_of[i] + unsent_of[i] > 0
}

# That they all wait equally long is their timeout; else they are people.
function judge_clients(g,    i, n, time) {
    i = group_first[g]
    if (group_size[g] < 2 || !is_regular(g))
        return
    time = spoken_range(group_least[g], group_most[g])
    n = found("client-timeout", "warn", g, \
        "Clients of " spoken_prog(i) " give up after " time ", before they get their answer", \
        tally(g, "connection", "connections") " at " printable(local_of[i]) ", first at " clock(i) ".", \
        "The same time again and again is a timeout, of the client or of a proxy in front of this server" \
            (sent_of[i] == "" ? ", unless this service never answers anyone." : "."), \
        "find out why " spoken_prog(i) " answers late, or raise that timeout.")
    add_figure(n, "limit_ms", group_least[g])
    add_figure(n, "connections", group_size[g])
}

# A pair, as a program makes it for what it starts: sftp, rsync and git for ssh.
function is_of_pair(i) {
    return type_of[i] == "unix-stream" && peer_of[i] == "" && local_of[i] == ""
}

function tell_broken_off(g,    i, n, size) {
    i = group_first[g]
    if (is_of_pair(i)) {
        tell_pair_broken_off(g)
        return
    }
    size = size_told(g)
    n = found("broken-off", "warn", g, \
        spoken_peer(i) " breaks off " tally(g, "connection", "connections") " of " spoken_prog(i), \
        "First at " clock(i) (rx_of[i] != "" ? ", after " spoken_range_bytes(g) " from it" : "") (unacked_of[i] + unsent_of[i] > 0 ? ", with " spoken_bytes(unacked_of[i] + unsent_of[i]) " not acknowledged" : "") ".", \
        size != "" ? size : group_size[g] > 1 && group_least[g] > 0 && group_most[g] - group_least[g] <= 16 ? "Each time at the same step: it refuses there, or has no backend (a TLS proxy)." \
            : "Its process closed with data unread, crashed or was killed, or a device sent RST in its name.", \
        size != "" ? size_advice(i) : "its log, for client " printable(local_of[i]) "; with a sockshim log from there as well, `sockshim report` says which.")
    add_figure(n, "connections", group_size[g])
    add_figure(n, "rx", group_least[g])
}

function tell_pair_broken_off(g,    i, n) {
    i = group_first[g]
    n = found("broken-off", "warn", g, \
        "The process at the other end of " spoken_prog(i) "'s socket pair closed it", \
        tally(g, "failure", "failures") ", first at " clock(i) ".", \
        "No network is involved. It closed with data unread, or ended: often the program that started " spoken_prog(i) " (sftp, git, rsync start ssh), which has a reason of its own.", \
        "read what that program printed: `sockshim explain MESSAGE`.")
    add_figure(n, "connections", group_size[g])
}

# size_told(G): a sentence for the records of clients in group G, if those were sent more than
# all that went well; nothing where the sizes do not tell them apart, or too few are known.
function size_told(g,    n, member, k, i, mine, size, least, most, well) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++) {
        i = member[k] + 0
        mine[i] = 1
        if (tx_of[i] == "" || side_of[i] != "connected")
            return ""
        size = tx_of[i] + unacked_of[i] + unsent_of[i]
        if (k == 1 || size < least)
            least = size
    }
    for (k = first_of_party[party_of(i)]; k; k = next_of_party[k])
        if (!(k in mine) && tx_of[k] != "" && leader_of[k] == k && !is_before_connection(k)) {
            if (!is_end_without_fault(k))
                return ""
            well += kept_for[k]
            most = tx_of[k] > most ? tx_of[k] : most
        }
    if (n < LEAST_ALIKE || well < LEAST_ALIKE || least <= 1.5 * most || most < 1)
        return ""
    return "Each had been sent " spoken_bytes(least) " or more; " thousands(well) " that went well, " thousands(most) " at most: a limit of size?" (least >= LEAST_LARGE ? " Or of time (408), as more takes longer." : "")
}

function size_advice(i) {
    return "raise that limit (uWSGI: buffer-size; nginx: client_max_body_size; its log at " clock(i) "), or send less (cookies?)."
}

function is_end_without_fault(i) {
    return cause_of[i] == "peer-closed" && !ended_badly(i) && rx_of[i] > 0
}
