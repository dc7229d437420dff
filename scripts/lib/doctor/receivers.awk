# Processes that wait until the receiver of a unix datagram reads. A busy one lets others wait for
# a moment at any time: it counts who waits in both looks.

$1 == "waits-for-receiver" && $2 == 1 { waited_for_receiver[$3] = 1 }
$1 == "waits-for-receiver" && $2 == 2 && ($3 in waited_for_receiver) {
    receiver_waiters++
    waits_for_receiver[$4 ", pid " $3] = 1
    if (receiver_waiters <= 5)
        receiver_waiter_list = join(receiver_waiter_list, $4 " (pid " $3 ")")
}

# Of the host.
function receivers_do_not_read() {
    if (!receiver_waiters)
        return
    finding("receiver-does-not-read", (receiver_waiters == 1 ? "1 process waits" : receiver_waiters " processes wait") " until the receiver of a unix datagram reads, whose queue is full: " receiver_waiter_list \
        (receiver_waiters > 5 ? " and others" : "") ". Most often that is the syslog daemon, at /dev/log: while it does not read, whatever logs hangs (logins, cron, sudo).", 1)
    act("sockshim doctor PID of one of them names the receiver, and sockshim doctor PID of that what it waits for; sockshim explain syslog.")
    avoid("a longer time limit, or a search in the network.")
}

# Of a process: it is the receiver.
function its_senders_wait(    i, id, k, n, sender, count, list) {
    for (i = 1; i <= inodes; i++) {
        id = inode_of[i]
        if (kind[id] != "unix-dgram" || unread[id, 1] <= 0 || unread[id, 2] <= 0)
            continue
        n = split(senders_of[id], sender, ", ")
        for (k = 1; k < n; k += 2)
            if ((sender[k] ", " sender[k + 1]) in waits_for_receiver && ++count <= 5)
                list = join(list, sender[k] " (" sender[k + 1] ")")
    }
    if (!count)
        return
    finding("senders-wait", (count == 1 ? "1 process waits" : count " processes wait") " until it reads the datagrams sent to it: " list (count > 5 ? " and others" : "") \
        ". It reads none, or fewer than come. A syslog daemon stops reading when its own queue is full: the central server that it forwards to is away or does not take them, or its disk.", 1)
    act("see below what its threads wait for, and its settings: which server does it forward to, and does that answer (nc -vz HOST PORT)? sockshim explain syslog.")
}
