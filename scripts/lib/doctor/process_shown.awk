# For process.awk: all that is said of a process, and the same for machines.

function print_all(    i) {
    paragraph("", "Process " pid " (" process_name ")" (is_elsewhere ? network_of_its_own() : ""))
    if (its_root ~ /^\/./)
        paragraph("", "Its root directory is " its_root " (chroot): the paths that it looks for now, as those of unix sockets and /dev/log, are below it. What this shell has at /run/NAME, it finds only at " its_root "/run/NAME (a socket made there, or bind-mounted).")
    else if (private_places != "" && !tells_of_places)
        paragraph("", "It has another " private_places " than this shell (a container, or PrivateTmp=): the paths of unix sockets there mean others to it.")
    print_findings()
    if (!findings)
        nothing_found()
    print_threads()
    print_clients()
    print_sockets()
    print_not_known()
}

# What it may be nevertheless comes first.
function nothing_found(    perhaps, pool) {
    print ""
    perhaps = waits_inside()
    if (perhaps == "")
        perhaps = crowded()
    if (perhaps == "") {
        pool = idle_pool()
        perhaps = may_wait_for()
        perhaps = pool (pool == "" || perhaps == "" ? "" : " ") perhaps
    }
    if (perhaps == "")
        perhaps = on_loopback_alone()
    if (perhaps == "")
        perhaps = left_out_of_group()
    if (workers)
        perhaps = perhaps (perhaps == "" ? "" : " ") who_does_the_work()
    if (perhaps != "")
        paragraph("", perhaps)
    paragraph("", (perhaps == "" ? "Nothing" : "Nothing else") " stands out: nothing waits for an acknowledgement or an answer to a connect, nothing is left unread or unclosed" \
        (no_ss == "" ? ", and no accept queue is full" : "") " (" count_of(inodes + 0, "socket") ", " (between_looks > 0 ? "two looks " between_looks " s apart" : "one look") ").")
    paragraph("", "If it hangs now: sockshim doctor PID of what it waits for (its peers, on their hosts). If it fails now and then: start it under sockshim (sockshim run -o FILE -- COMMAND), then sockshim report FILE.")
}

function print_sockets(    i, sockets, shown) {
    for (i = 1; i <= inodes; i++)
        sockets += is_there_still(inode_of[i])
    print ""
    paragraph("", "Descriptors: " descriptors (nofile == "" ? "" : " of " nofile) ", " sockets + 0 " of them " (sockets == 1 ? "a socket" : "sockets"))
    for (i = 1; i <= inodes; i++)
        if (kind[inode_of[i]] != "" && is_there_still(inode_of[i]) && ++shown <= 40)
            print_socket(inode_of[i])
    if (shown > 40)
        paragraph("  ", "and " shown - 40 " others")
    if (sockets > shown)
        paragraph("  ", sockets - shown " more: sockets of other kinds, not bound or not connected" (no_ss == "" ? "" : ", and unix sockets") ".")
}

function print_socket(id,    text) {
    text = kind[id] " " (local[id] == "" ? "" : local[id] " ") (peer[id] == "" ? "" : "with " peer[id] " ") state_of[id]
    if (state_of[id] == "LISTEN")
        text = text ", " unread[id, 2] + 0 " not yet accepted" (id in limit && (kind[id] != "tcp" || knows_limits) ? ", limit " limit[id] : "")
    else
        text = text (unread[id, 2] > 0 ? ", " unread[id, 2] " unread" : "") (unsent[id] > 0 ? ", " unsent[id] " not acknowledged" : "")
    if (has_times[id] && state_of[id] != "SYN_SENT")
        text = text ", received " ago(received[id, 2], received_ago[id]) ", sent " ago(sent[id, 2], sent_ago[id])
    paragraph(sprintf("  %5s  ", fd[id]), text)
}

function print_not_known() {
    if (no_ss == "" && !unseen_calls && !missings)
        return
    print ""
    print "Not known"
    if (no_ss != "")
        paragraph("  ", no_ss ": the limits of accept queues, unix sockets, and when data last came and went.")
    if (unseen_calls)
        paragraph("  ", "The calls that " count_of(unseen_calls, "thread") " wait in: " why_unseen())
}

function print_json(    i, id, list) {
    json("pid", pid)
    json("name", json_string(process_name))
    json("descriptors", descriptors)
    json("descriptor_limit", json_value_of(nofile))
    json("findings", json_findings())
    json("threads", json_threads())
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] != "" && is_there_still(id))
            list = list more(list) json_socket(id)
    }
    json("sockets", "[" list "]")
    json("unknown", "[" (no_ss == "" ? "" : json_string(no_ss)) (unseen_calls ? (no_ss == "" ? "" : ", ") json_string(why_unseen()) : "") "]")
    print json_object()
}

function json_socket(id) {
    return "{\"fd\": " fd[id] ", \"type\": " json_string(kind[id]) ", \"local\": " json_value_of(local[id]) ", \"peer\": " json_value_of(peer[id]) \
        ", \"state\": " json_value_of(state_of[id]) ", \"unread\": " (state_of[id] == "LISTEN" ? "null" : unread[id, 2] + 0) \
        ", \"not_acknowledged\": " (state_of[id] == "LISTEN" ? "null" : unsent[id] + 0) \
        ", \"not_accepted\": " (state_of[id] == "LISTEN" ? unread[id, 2] + 0 : "null") \
        ", \"accept_limit\": " (id in limit && (kind[id] != "tcp" || knows_limits) ? limit[id] : "null") \
        ", \"retransmits\": " retransmits[id] + 0 \
        ", \"received_ms_ago\": " (has_times[id] ? received_ago[id] * 1000 : "null") ", \"sent_ms_ago\": " (has_times[id] ? sent_ago[id] * 1000 : "null") "}"
}
