# For process.awk: a proxy that collects an answer, as nginx does as delivered. What it has asked
# for goes on coming, and the client that asked at that moment has been sent nothing for a while.

BEGIN { MOST_BETWEEN_ASKED = 0.25 } # s, from the client's request to its own

function keeps_back(    i, id, client, list, count) {
    told = 0
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (!is_still(id, "ESTABLISHED") || !is_client(id) || !has_times[id] || received[id, 2] <= received[id, 1] || sent[id, 1] != sent[id, 2] || unread[id, 2] > 0 || (client = asked_with(id)) == "")
            continue
        count++
        list = all_of(list, id, "asked " in_seconds(sent_ago[id]) " ago, has sent " count_of(received[id, 2], "byte") " since it was connected, the last " in_seconds(received_ago[id]) " ago; but " \
            name_of(client) ", whose request came at that moment, has been sent nothing for " in_seconds(sent_ago[client]))
    }
    if (!count)
        return
    finding("keeps-back", "It receives, and passes nothing on: " list ". It collects the answer, as a proxy does that buffers (nginx, unless told otherwise), or needs the whole of it for its own.", 1)
    act("if events or a stream arrive late: nginx: proxy_buffering off, or the application sends the header X-Accel-Buffering: no; no compression there; sockshim explain buffering.")
    avoid("a search on the far side or in the network: what was asked for comes in time as far as to here.")
}

# The client's connection on which a request came when ID was asked last, and which is quiet since; "" if
# there is none, or several may be meant.
function asked_with(id,    i, other, found) {
    for (i = 1; i <= inodes; i++) {
        other = inode_of[i]
        if (!is_still(other, "ESTABLISHED") || !(port[other] in is_listening) || !has_times[other] || !received[other, 2] || unsent[other] > 0 || unread[other, 2] > 0 || \
            sent[other, 1] != sent[other, 2] || received[other, 1] != received[other, 2] || sent_ago[other] < LEAST_WAIT || sent_ago[other] < received_ago[id] + 1)
            continue
        if (received_ago[other] - sent_ago[id] > MOST_BETWEEN_ASKED || sent_ago[id] - received_ago[other] > MOST_BETWEEN_ASKED)
            continue
        if (found != "")
            return ""
        found = other
    }
    return found
}
