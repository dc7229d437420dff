# For host.awk: processes that wait until the receiver of a unix datagram reads. A busy one lets
# others wait for a moment at any time: it counts who waits in both looks.

$1 == "waits-for-receiver" && $2 == 2 && ($3 in waited_for_receiver) {
    receiver_waiters++
    if (receiver_waiters <= 5)
        receiver_waiter_list = join(receiver_waiter_list, $4 " (pid " $3 ")")
}
$1 == "waits-for-receiver" && $2 == 1 { waited_for_receiver[$3] = 1 }

function receivers_do_not_read() {
    if (!receiver_waiters)
        return
    finding("receiver-does-not-read", count_of(receiver_waiters, "process") (receiver_waiters == 1 ? " waits" : " wait") " until the receiver of a unix datagram reads, whose queue is full: " receiver_waiter_list \
        (receiver_waiters > 5 ? " and others" : "") ". Most often that is the syslog daemon, at /dev/log: while it does not read, whatever logs hangs (logins, cron, sudo).", 1)
    act("sockshim doctor PID of one of them names the receiver, and sockshim doctor PID of that what it waits for; sockshim explain syslog.")
    avoid("a longer time limit, or a search in the network.")
}
