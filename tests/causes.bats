# Every cause of scripts/lib/causes.txt, brought about by real sockets: on loopback and in
# network namespaces, with packets dropped or rejected by nftables. causes.py is
# the victim, peer.py the other end; all cases are run once, many at a time, and
# then held against the tables here. How a table reads: tests/cause_table.py.

load helpers

# in_network COMMAND...: in a network namespace of its own, with lo.
in_network() {
    local rights=
    [ "$(id -u)" -eq 0 ] || rights=-r # in a user namespace it is root's affair
    unshare $rights -n sh -c 'ip link set lo up; exec "$@"' - "$@"
}

setup_file() {
    in_network true || return 0
    in_network env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PYTHON" "$VICTIM" >"$RUN" 3>&-
}

setup() {
    [ -e "$RUN" ] || skip "no network namespaces here"
}

LOG=$BATS_FILE_TMPDIR/log
RUN=$BATS_FILE_TMPDIR/run
VICTIM=$TOP/tests/programs/causes.py
TABLE=$TOP/tests/cause_table.py

# check: the log against the table on stdin. Which cases have been looked at is
# noted for the last test.
check() {
    cat >"$BATS_TEST_TMPDIR/table"
    "$PYTHON" "$TABLE" cases <"$BATS_TEST_TMPDIR/table" >>"$BATS_FILE_TMPDIR/told"
    "$PYTHON" "$TABLE" check "$LOG" "$RUN" <"$BATS_TEST_TMPDIR/table"
}

@test "0 from TCP: the peer ended its side, and when it is looked at, and how, is all one" {
    check <<'END'
closed_at_once | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=0 tx=0 all-acked
    $them ended its side in order (FIN) after 0 bytes; it closed, or only finished sending ... !not acknowledged
closed_after_reply | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=1000 tx=512 all-acked
    $them ended its side in order (FIN) after 1000 bytes; it closed, or only finished sending ... !not acknowledged
closed_ipv6 | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=1000 tx=512 all-acked
    $them ended its side in order (FIN) after 1000 bytes; it closed, or only finished sending ... !not acknowledged
closed_mapped | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=1000 tx=512 all-acked
    $them ended its side in order (FIN) after 1000 bytes; it closed, or only finished sending ... !not acknowledged
closed_link_local | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=0 tx=0 all-acked
    $them ended its side in order (FIN) after 0 bytes; it closed, or only finished sending ... !not acknowledged
closed_to_server | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=1000 tx=512 all-acked
    $them ended its side in order (FIN) after 1000 bytes; it closed, or only finished sending ... !not acknowledged
closed_unread | recv 0 peer-closed | len=64 tcp CLOSE rx=1000 tx=0 all-acked
    $them ended its side in order (FIN) after 1000 bytes; it closed, or only finished sending ... !not acknowledged
half_closed | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=7 tx=0 all-acked
    $them ended its side in order (FIN) after 7 bytes; it closed, or only finished sending ... !not acknowledged
half_closed | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=7 tx=512 all-acked
    $them ended its side in order (FIN) after 7 bytes; it closed, or only finished sending ... !not acknowledged
closed_after_own_shut_wr | recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
    $them ended its side in order (FIN) after 7 bytes; it closed, or only finished sending ... !not acknowledged
closed_after_own_shut_wr | recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
    $them ended its side in order (FIN) after 7 bytes; it closed, or only finished sending ... !not acknowledged
closed_after_own_shut_wr_to_server | recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
    $them ended its side in order (FIN) after 7 bytes; it closed, or only finished sending ... !not acknowledged
closed_after_own_shut_wr_to_server | recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
    $them ended its side in order (FIN) after 7 bytes; it closed, or only finished sending ... !not acknowledged
closed_before_own_shut_wr | recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
    $them ended its side in order (FIN) after 7 bytes; it closed, or only finished sending ... !not acknowledged
closed_before_own_shut_wr_to_server | recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 all-acked
    $them ended its side in order (FIN) after 7 bytes; it closed, or only finished sending ... !not acknowledged
closed_with_own_fin_unanswered | recv 0 peer-closed | len=64 tcp LAST_ACK rx=7 tx=0 unacked=300 unsent=0
    ended its side in order (FIN) after 7 bytes ... Of what this program sent, 300 bytes are not acknowledged
closed_with_data_unacknowledged | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=0 tx=512 unacked=300 unsent=0
    ended its side in order (FIN) after 0 bytes ... Of what this program sent, 300 bytes are not acknowledged
closed_with_a_closed_window | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=0 tx+unacked+unsent=$written
    ended its side in order (FIN) after 0 bytes ... Of what this program sent ... not acknowledged
closed_and_timed_out | recv 0 peer-closed | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    ended its side in order (FIN) after 0 bytes ... 300 bytes are not acknowledged. Then the connection failed, by a reset or otherwise
closed_and_timed_out | recv 0 peer-closed | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    ended its side in order (FIN) after 0 bytes ... 300 bytes are not acknowledged. Then the connection failed, by a reset or otherwise
closed_and_timed_out | send ETIMEDOUT connection-timed-out | len=1 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    $them stopped answering: 300 bytes were never acknowledged
closed_and_timed_out | send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    $them had closed, and what was sent after that was answered with RST, or by nobody until the kernel gave up. SIGPIPE would have ended the program here
closed_and_killed_on_this_host | recv 0 peer-closed | len=64 tcp CLOSE rx=0 tx=0 all-acked
    ended its side in order (FIN) after 0 bytes ... Then the connection failed, by a reset or otherwise
closed_and_killed_on_this_host | send ECONNABORTED connection-aborted | len=1 tcp CLOSE rx=0 tx=0 all-acked
    ended on this host (ss -K
closed_and_reset | recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=0 all-acked
    ended its side in order (FIN) after 7 bytes ... Then the connection failed, by a reset or otherwise; a write or SO_ERROR will tell, a read will not
closed_and_reset | send EPIPE write-after-close | len=1 tcp CLOSE rx=7 tx=0 all-acked
    $them had closed, and then reset ... or this program had shut down its writing side ... SIGPIPE would have ended the program here
closed_and_reset_to_server | recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=0 all-acked
    ended its side in order (FIN) after 7 bytes ... Then the connection failed, by a reset or otherwise; a write or SO_ERROR will tell, a read will not
closed_and_reset_to_server | send EPIPE write-after-close | len=1 tcp CLOSE rx=7 tx=0 all-acked
    $them had closed, and then reset ... SIGPIPE would have ended the program here ... !what was sent after
ways_to_find_the_end | recv 0 peer-closed | len=64 flags=MSG_WAITALL tcp CLOSE_WAIT rx=5 tx=0 all-acked
    $them ended its side in order (FIN) after 5 bytes; it closed, or only finished sending ... !not acknowledged
ways_to_find_the_end | recv 0 peer-closed | len=64 flags=MSG_PEEK tcp CLOSE_WAIT rx=5 tx=0 all-acked
    $them ended its side in order (FIN) after 5 bytes; it closed, or only finished sending ... !not acknowledged
ways_to_find_the_end | recv 0 peer-closed | len=64 flags=MSG_TRUNC tcp CLOSE_WAIT rx=5 tx=0 all-acked
    $them ended its side in order (FIN) after 5 bytes; it closed, or only finished sending ... !not acknowledged
ways_to_find_the_end | recvfrom 0 peer-closed | len=65 tcp CLOSE_WAIT rx=5 tx=0 all-acked
    $them ended its side in order (FIN) after 5 bytes; it closed, or only finished sending ... !not acknowledged
ways_to_find_the_end | recvmsg 0 peer-closed | len=66 tcp CLOSE_WAIT rx=5 tx=0 all-acked
    $them ended its side in order (FIN) after 5 bytes; it closed, or only finished sending ... !not acknowledged
ways_to_find_the_end | read 0 peer-closed | len=67 tcp CLOSE_WAIT rx=5 tx=0 all-acked
    $them ended its side in order (FIN) after 5 bytes; it closed, or only finished sending ... !not acknowledged
ways_to_find_the_end | readv 0 peer-closed | len=68 tcp CLOSE_WAIT rx=5 tx=0 all-acked
    $them ended its side in order (FIN) after 5 bytes; it closed, or only finished sending ... !not acknowledged
ways_to_find_the_end | preadv2 0 peer-closed | len=69 tcp CLOSE_WAIT rx=5 tx=0 all-acked
    $them ended its side in order (FIN) after 5 bytes; it closed, or only finished sending ... !not acknowledged
ways_to_find_the_end | splice 0 peer-closed | len=70 tcp CLOSE_WAIT rx=5 tx=0 all-acked
    $them ended its side in order (FIN) after 5 bytes; it closed, or only finished sending ... !not acknowledged
many_at_the_end | none
END
}

@test "0 from TCP: the program's own shutdown" {
    check <<'END'
own_shut_rd | recv 0 local-shutdown-read | len=64 tcp ESTABLISHED rx=0 tx=0 all-acked
    This program itself shut down the reading side of the socket; $them has not closed
own_shut_rdwr | recv 0 local-shutdown-read | len=64 tcp FIN_WAIT2 rx=0 tx=0 all-acked
    This program itself shut down the reading side of the socket; $them has not closed
own_shut_rd_and_closed | recv 0 peer-closed | len=64 tcp CLOSE_WAIT rx=0 tx=0 all-acked
    $them ended its side in order (FIN) after 0 bytes; it closed, or only finished sending ... !not acknowledged
own_shut_rd_unconnected | shutdown ENOTCONN not-connected | type=tcp
    The connection was already gone, or never made
own_shut_rd_unconnected | recv 0 local-shutdown-read | len=64 type=tcp
    This program itself shut down the reading side of the socket
replaced_and_closed | read 0 other | len=64 tcp ESTABLISHED rx=0 tx=0 all-acked
    Another thread closed the descriptor while the call waited, and its number is that of another socket now
replaced_and_reset | read ECONNRESET other | len=64 tcp ESTABLISHED rx=0 tx=0 all-acked
    Another thread closed the descriptor while the call waited, and its number is that of another socket now
END
}

@test "0 from TCP: the error was told before" {
    check <<'END'
silence_after_reset | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
silence_after_reset | recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
    its error was reported before; 0 here is no orderly end, $them sent no FIN
silence_after_reset | read 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
    its error was reported before; 0 here is no orderly end, $them sent no FIN
silence_after_so_error | getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
silence_after_so_error | recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
    its error was reported before; 0 here is no orderly end, $them sent no FIN
silence_after_refusal | connect EINPROGRESS in-progress | type=tcp peer=$them
    is under way; the program will learn its result from SO_ERROR
silence_after_refusal | recv ECONNREFUSED connection-refused | len=64 type=tcp peer=$them
    Nothing listens on $them of this host
silence_after_refusal | recv 0 closed-after-error | len=64 type=tcp peer=$them
    its error was reported before; 0 here is no orderly end, $them sent no FIN
silence_after_timeout | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    $them stopped answering: 300 bytes were never acknowledged, in spite of at least ... retransmission ... within TCP_USER_TIMEOUT (200 ms). Its host is gone
silence_after_timeout | recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    its error was reported before; 0 here is no orderly end, $them sent no FIN
silence_after_timeout | send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    $them had already failed before this write, by reset or time-out ... SIGPIPE would have ended the program here
END
}

@test "0: nothing was asked for" {
    check <<'END'
nothing_asked_for | recv 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
    The program itself asked for 0 bytes
nothing_asked_for | read 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
    The program itself asked for 0 bytes
nothing_asked_for | recvmsg 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
    The program itself asked for 0 bytes
nothing_asked_for | send 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
    The program itself offered 0 bytes
nothing_asked_for | write 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
    The program itself offered 0 bytes
nothing_asked_for | sendmsg 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
    The program itself offered 0 bytes
nothing_asked_for | writev 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
    The program itself offered 0 bytes
nothing_asked_for | sendfile 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
    The program itself offered 0 bytes
nothing_asked_for | splice 0 zero-length-request | len=0 tcp ESTABLISHED rx=1 tx=0 all-acked
    The program itself offered 0 bytes
nothing_asked_for | recvmmsg 0 zero-length-request | tcp ESTABLISHED rx=1 tx=0 all-acked
    room for 0 messages
nothing_asked_for | sendmmsg 0 zero-length-request | tcp ESTABLISHED rx=1 tx=0 all-acked
    room for 0 messages
nothing_asked_for_at_the_end | recv 0 zero-length-request | len=0 tcp CLOSE_WAIT rx=0 tx=0 all-acked
    The program itself asked for 0 bytes
empty_datagram_sent | send 0 zero-length-request | len=0 udp peer=$us
    offered 0 bytes: an empty datagram was sent
empty_datagram_sent | sendto 0 zero-length-request | len=0 udp peer=$us
    offered 0 bytes: an empty datagram was sent
nothing_asked_of_a_datagram | recv 0 zero-length-request | len=0 udp
    The program itself asked for 0 bytes
nothing_asked_of_a_datagram | recv EAGAIN would-block | len=64
    Nothing to read yet, and the call must not wait
END
}

@test "0: the input of sendfile and splice is at its end" {
    check <<'END'
input_at_its_end | sendfile 0 source-exhausted | len=64 tcp ESTABLISHED rx=0 tx=3 all-acked
    The input file ... the socket is fine
input_at_its_end | splice 0 source-exhausted | len=64 tcp ESTABLISHED rx=0 tx=6 all-acked
    The input pipe ... the socket is fine
END
}

@test "a reset, with what had gone either way until then" {
    check <<'END'
reset_at_once | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
reset_before_reply | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
    $them aborted the connection (RST) before it sent a single byte back; it had acknowledged all 512 bytes of the request ... !idle ... !never ack
reset_to_server | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
    $them aborted the connection (RST) before it sent a single byte back; it had acknowledged all 512 bytes of the request ... !idle ... !never ack
reset_before_reading | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
    $them aborted the connection (RST) before it sent a single byte back; it had acknowledged all 512 bytes of the request ... !idle ... !never ack
reset_in_reply | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=1000 tx=512 all-acked
    $them aborted the connection (RST) in mid-stream, after 1000 bytes from it and 512 bytes acknowledged by it ... !idle
reset_with_reply_unread | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=1000 tx=0 all-acked
    $them aborted the connection (RST) in mid-stream, after 1000 bytes from it and 0 bytes acknowledged by it
reset_while_waiting_for_all | recv ECONNRESET peer-reset | len=64 flags=MSG_WAITALL tcp CLOSE rx=10 tx=0 all-acked
    $them aborted the connection (RST) in mid-stream, after 10 bytes from it and 0 bytes acknowledged by it
reset_seen_by_peeking | recv ECONNRESET peer-reset | len=64 flags=MSG_PEEK tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
reset_seen_by_peeking | recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
    its error was reported before; 0 here is no orderly end, $them sent no FIN
reset_with_data_unacknowledged | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 unacked=300 unsent=0
    it had acknowledged 512 bytes of the request; 300 bytes that this program had written were never acknowledged
reset_with_own_fin_unacknowledged | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 unacked=300 unsent=0
    it had acknowledged 512 bytes of the request; 300 bytes that this program had written were never acknowledged ... Or this kernel did
reset_with_window_closed | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx+unacked+unsent=$written
    before it sent a single byte back ... that this program had written were never acknowledged
reset_found_by_send | send ECONNRESET peer-reset | len=10 tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
reset_found_by_send | send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... SIGPIPE would have ended the program here
reset_in_the_queue | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=3 tx=0 all-acked
    $them aborted the connection (RST) in mid-stream, after 3 bytes from it
reset_by_own_kernel | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
    it had acknowledged all 512 bytes of the request ... Or this kernel did, because data came after this program had shut the socket down
dissolved_by_itself | recv ECONNRESET other | len=64 type=tcp
    This program itself dissolved the connection
killed_on_this_host | recv ECONNABORTED connection-aborted | len=64 tcp CLOSE rx=0 tx=512 all-acked
    ended on this host (ss -K ... !accepted
killed_on_this_host | send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=512 all-acked
    $them had already failed before this write, by reset or time-out ... SIGPIPE would have ended the program here
many_find_the_reset | recvmmsg ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
spliced_from_a_reset | splice ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
reset_after_idle_time | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=1000 tx=512 all-acked idle_ms>5000
    $them aborted the connection (RST) after 1000 bytes from it and 512 bytes acknowledged by it ... No data had come for ... when this call found out: look at idle timeouts ... load balancer
reset_after_waiting_for_reply | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked idle_ms>5000
    before it sent a single byte back; it had acknowledged all 512 bytes ... No data had come for ... idle timeouts
reset_without_a_round_trip | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way ... !in its name
reset_without_a_round_trip | recv 0 closed-after-error | len=64 tcp CLOSE rx=0 tx=0 all-acked
    its error was reported before; 0 here is no orderly end, $them sent no FIN
reset_without_a_round_trip | send EPIPE write-after-close | len=1 tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... SIGPIPE would have ended the program here
reset_by_own_firewall | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 unacked=0 unsent=300
    it had acknowledged 0 bytes of the request; 300 bytes ... were never acknowledged. Or a firewall rule of this host did
reset_after_the_end_so_error | getsockopt EPIPE peer-reset | tcp CLOSE rx=7 tx=0 unacked=5 unsent=0
    $them had ended its side in order (FIN), and then reset the connection (RST); 5 bytes ... were never acknowledged ... !in mid-stream
reset_after_both_ends_so_error | getsockopt ECONNRESET peer-reset | tcp CLOSE rx=7 tx=0 all-acked
    $them had ended its side in order (FIN), and then reset the connection (RST) ... !in mid-stream
reset_by_another_host | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
    it had acknowledged all 512 bytes of the request. A firewall or another device in between may have sent the RST in its name
reset_after_being_kept_here | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=300 all-acked
    it had acknowledged all 300 bytes of the request
reset_after_a_full_queue | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=1000000 all-acked
    it had acknowledged all 1000000 bytes of the request
END
}

@test "a write that comes too late, and whether SIGPIPE would have been its end" {
    check <<'END'
write_after_reset | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=512 all-acked
    $them aborted the connection (RST) before it sent a single byte back; it had acknowledged all 512 bytes of the request ... !idle ... !never ack
write_after_reset | send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=512 all-acked
    $them had already failed before this write, by reset or time-out ... SIGPIPE would have ended the program here
write_after_reset_without_signal | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
write_after_reset_without_signal | send EPIPE write-after-close | len=10 flags=MSG_NOSIGNAL tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... !SIGPIPE
write_after_reset_signal_blocked | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
write_after_reset_signal_blocked | send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... !SIGPIPE
write_after_reset_signal_handled | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
write_after_reset_signal_handled | send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... !SIGPIPE
write_after_reset_signal_ignored | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
write_after_reset_signal_ignored | send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... !SIGPIPE
write_call_after_reset | getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
write_call_after_reset | write EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... SIGPIPE would have ended the program here
writev_after_reset | getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
writev_after_reset | writev EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... SIGPIPE would have ended the program here
sendfile_after_reset | getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
sendfile_after_reset | sendfile EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... SIGPIPE would have ended the program here
splice_after_reset | getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
splice_after_reset | splice EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... SIGPIPE would have ended the program here
splice_into_a_broken_pipe | splice EPIPE other | len=64 tcp ESTABLISHED rx=10 tx=0 all-acked
    Nobody reads from the pipe any more into which splice was to move the data; the socket is fine ... !SIGPIPE
sendmmsg_after_reset | getsockopt ECONNRESET peer-reset | tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
sendmmsg_after_reset | sendmmsg EPIPE write-after-close | tcp CLOSE rx=0 tx=0 all-acked
    $them had already failed before this write, by reset or time-out ... SIGPIPE would have ended the program here
write_after_close | send EPIPE write-after-close | len=10 tcp CLOSE rx=7 tx=512 unacked=5 unsent=0
    $them had closed, and answered what was sent after that with RST ... SIGPIPE would have ended the program here
write_after_close | recv 0 peer-closed | len=64 tcp CLOSE rx=7 tx=512 unacked=5 unsent=0
    ended its side in order (FIN) after 7 bytes ... Of what this program sent, 5 bytes are not acknowledged
write_after_close_to_server | send EPIPE write-after-close | len=10 tcp CLOSE rx=0 tx=0 unacked=5 unsent=0
    $them had closed, and answered what was sent after that with RST ... SIGPIPE would have ended the program here
write_after_close_with_reply_unread | send EPIPE write-after-close | len=10 tcp CLOSE tx=512 unacked=5 unsent=0
    $them ... closed ... SIGPIPE would have ended the program here ... !was reported
write_after_both_ends_with_reply_unread | send EPIPE local-shutdown-write | len=10 tcp CLOSE tx=512 all-acked
    This program itself shut down its writing side before it wrote. SIGPIPE would have ended the program here
write_after_acknowledged_write | send EPIPE write-after-close | len=10 tcp CLOSE rx=7 tx=100 all-acked
    $them had closed, and then reset ... or this program had shut down its writing side ... SIGPIPE would have ended the program here
write_after_acknowledged_write_to_server | send EPIPE write-after-close | len=10 tcp CLOSE rx=7 tx=100 all-acked
    $them had closed, and then reset ... SIGPIPE would have ended the program here ... !what was sent after
write_after_own_shut_wr | send EPIPE local-shutdown-write | len=10 tcp FIN_WAIT2 rx=0 tx=512 all-acked
    This program itself shut down its writing side before it wrote. SIGPIPE would have ended the program here
write_after_both_ends | send EPIPE local-shutdown-write | len=10 tcp CLOSE rx=0 tx=512 all-acked
    This program itself shut down its writing side before it wrote. SIGPIPE would have ended the program here
write_after_own_shut_wr_second | send EPIPE local-shutdown-write | len=10 tcp CLOSE rx=0 tx=512 all-acked
    This program itself shut down its writing side before it wrote. SIGPIPE would have ended the program here
write_unconnected | send EPIPE not-connected | len=10 type=tcp
    The socket is not connected ... SIGPIPE would have ended the program here
write_to_listener | send EPIPE not-connected | len=10 type=tcp
    The socket listens for connections; it is none itself. SIGPIPE would have ended the program here
unix_write_after_close | send EPIPE write-after-close | len=10 type=unix-stream peer=$them peer_pid=$peer_pid
    $them (opened by pid $peer_pid) had closed its end before this write ... SIGPIPE would have ended the program here
unix_write_after_own_shut_wr | send EPIPE local-shutdown-write | len=10 type=unix-stream peer=$them peer_pid=$peer_pid
    This program shut down its writing side ... or the peer shut down its reading side ... does not tell them apart ... SIGPIPE would have ended the program here
unix_write_after_peers_shut_rd | send EPIPE local-shutdown-write | len=10 type=unix-stream peer=$them peer_pid=$peer_pid
    This program shut down its writing side ... or the peer shut down its reading side ... does not tell them apart ... SIGPIPE would have ended the program here
unix_write_after_own_shut_rdwr | send EPIPE write-after-close | len=10 type=unix-stream
    had closed its end before this write, or either of the two had shut the connection down (SHUT_RDWR) ... does not tell them apart ... SIGPIPE would have ended the program here
seqpacket_write_after_close | send EPIPE write-after-close | len=10 type=unix-seqpacket peer=$them peer_pid=$peer_pid
    $them (opened by pid $peer_pid) had closed its end before this write ... !SIGPIPE
seqpacket_write_after_own_shut_wr | send EPIPE local-shutdown-write | len=10 type=unix-seqpacket peer=$them peer_pid=$peer_pid
    This program shut down its writing side ... or the peer shut down its reading side ... !SIGPIPE
unix_datagram_write_after_own_shut_wr | send EPIPE local-shutdown-write | len=10 type=unix-dgram
    This program shut down its writing side ... or the peer shut down its reading side ... !SIGPIPE
udp_write_after_own_shut_wr | send EPIPE local-shutdown-write | len=10 udp peer=$us
    This program itself shut down its writing side before it wrote ... !SIGPIPE
END
}

@test "not now: nothing there, no room, under way, interrupted" {
    check <<'END'
nothing_to_read | recv EAGAIN would-block | len=64 flags=MSG_DONTWAIT
    Nothing to read yet, and the call must not wait
nothing_to_read | read EAGAIN would-block | len=64
    Nothing to read yet, and the call must not wait
nothing_to_read | recvmmsg EAGAIN would-block |
    Nothing to read yet, and the call must not wait
nothing_to_read | recv EAGAIN would-block | len=64 flags=MSG_PEEK
    Nothing to read yet, and the call must not wait
nothing_to_read | recv EAGAIN would-block | len=64 flags=MSG_WAITALL
    Nothing to read yet, and the call must not wait
nothing_to_read_with_a_limit | recv EAGAIN would-block | len=64 flags=MSG_DONTWAIT
    Nothing to read yet, and the call must not wait
nothing_to_accept | accept4 EAGAIN would-block |
    No connection is waiting to be accepted
no_room | send EAGAIN would-block | len=1 flags=MSG_DONTWAIT tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
    No room in the send buffer ... sent and not acknowledged ... not sent, and the peer's window is closed: it does not read
no_room_while_packets_are_lost | send EAGAIN would-block | len=1000 flags=MSG_DONTWAIT tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
    No room in the send buffer ... sent and not acknowledged
no_room_unix | send EAGAIN would-block | len=65536 flags=MSG_DONTWAIT type=unix-stream peer=$them peer_pid=$peer_pid
    No room in the send buffer ... the peer does not read as fast as this program writes
no_room_unix_datagram | send EAGAIN would-block | len=10 flags=MSG_DONTWAIT type=unix-dgram peer=$them
    No room in the send buffer ... the peer does not read as fast as this program writes
send_while_connecting | connect EINPROGRESS in-progress | type=tcp peer=127.0.0.1:7000
    is under way; the program will learn its result from SO_ERROR
send_while_connecting | send EAGAIN would-block | len=10 type=tcp peer=127.0.0.1:7000
    The connection is not made yet, and the call must not wait
send_while_connecting_with_a_limit | connect EINPROGRESS timeout | type=tcp peer=127.0.0.1:7000
    SO_SNDTIMEO of this socket (100 ms) ran out: 127.0.0.1:7000 had not answered; the connect goes on
send_while_connecting_with_a_limit | send EAGAIN timeout | len=10 type=tcp peer=127.0.0.1:7000
    SO_SNDTIMEO of this socket (100 ms) ran out: the connection was not made yet
connect_in_progress | connect EINPROGRESS in-progress | type=tcp peer=127.0.0.1:7000
    is under way; the program will learn its result from SO_ERROR
connect_in_progress | connect EALREADY in-progress | type=tcp peer=127.0.0.1:7000
    An earlier connect of this socket is still under way
connect_in_progress | recv EAGAIN would-block | len=64
    Nothing to read yet, and the call must not wait
connect_elsewhere_in_progress | connect EINPROGRESS in-progress | type=tcp peer=127.0.0.1:7000
    The connect to 127.0.0.1:7000 is under way
connect_elsewhere_in_progress | connect EALREADY in-progress | type=tcp peer=127.0.0.1:8000
    An earlier connect of this socket is still under way ... !127.0.0.1
fast_open_in_progress | sendto EINPROGRESS in-progress | len=10 flags=MSG_FASTOPEN type=tcp peer=127.0.0.1:7000
    is under way; the program will learn its result from SO_ERROR
receive_interrupted | recv EINTR interrupted | len=64
    A signal handler ran before the call had done anything
receive_stopped | recv EINTR interrupted | len=64
    A signal handler ran, or the process was stopped and went on, before the call had done anything
accept_interrupted | accept4 EINTR interrupted |
    A signal handler ran before the call had done anything
connect_interrupted | connect EINTR interrupted |
    A signal handler ran while the call waited ... the connect may go on in the background
send_interrupted | send EAGAIN would-block | len=1 flags=MSG_DONTWAIT tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
    No room in the send buffer ... sent and not acknowledged ... not sent, and the peer's window is closed: it does not read
send_interrupted | send EINTR interrupted | len=10
    A signal handler ran before the call had done anything
END
}

@test "SO_RCVTIMEO and SO_SNDTIMEO" {
    check <<'END'
receive_timed_out | recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=7 tx=512 all-acked idle_ms>100
    SO_RCVTIMEO of this socket (120 ms) ran out: nothing came from $them, which has acknowledged all 512 bytes that were sent to it
receive_timed_out | recv EAGAIN timeout | len=64 flags=MSG_PEEK tcp ESTABLISHED rx=7 tx=512 all-acked
    SO_RCVTIMEO of this socket (120 ms) ran out: nothing came from $them
receive_timed_out | recvmmsg EAGAIN timeout | tcp ESTABLISHED rx=7 tx=512 all-acked
    SO_RCVTIMEO of this socket (120 ms) ran out: nothing came from $them
receive_timed_out_unacknowledged | recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=0 tx=0 unacked=300 unsent=0 retrans>0
    nothing came from $them, and 300 bytes that this program wrote are not acknowledged after at least ... retransmission ... look at the path
receive_timed_out_after_old_losses | recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=0 tx=300 unacked=300 unsent=0 retrans>0
    nothing came from $them, and 300 bytes that this program wrote are not acknowledged yet ... !look at the path
receive_timed_out_with_a_closed_window | recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
    nothing came from $them, and ... cannot be sent to it, for its window is closed: it does not read
receive_timed_out_kept_here | recv EAGAIN timeout | len=64 tcp ESTABLISHED rx=0 tx=100 unacked=0 unsent=300
    nothing came from $them, but 300 bytes could not leave this host
accept_timed_out | accept4 EAGAIN timeout | type=tcp local=$us
    SO_RCVTIMEO of this socket (120 ms) ran out: no connection came
send_timed_out | send EAGAIN would-block | len=1 flags=MSG_DONTWAIT tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
    No room in the send buffer ... sent and not acknowledged ... not sent, and the peer's window is closed: it does not read
send_timed_out | send EAGAIN timeout | len=10 tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
    SO_SNDTIMEO of this socket (120 ms) ran out: the send buffer stayed full ... the peer's window is closed: it does not read
send_timed_out | sendfile EAGAIN timeout | len=10 tcp ESTABLISHED rx=0 tx+unacked+unsent=$written
    SO_SNDTIMEO of this socket (120 ms) ran out: the send buffer stayed full ... the peer's window is closed: it does not read
connect_timed_out_by_limit | connect EINPROGRESS timeout | type=tcp peer=127.0.0.1:7000
    SO_SNDTIMEO of this socket (120 ms) ran out: 127.0.0.1:7000 had not answered; the connect goes on
connect_again_timed_out_by_limit | connect EINPROGRESS timeout | type=tcp peer=127.0.0.1:7000
    SO_SNDTIMEO of this socket (120 ms) ran out: 127.0.0.1:7000 had not answered; the connect goes on
connect_again_timed_out_by_limit | connect EALREADY timeout | type=tcp peer=127.0.0.1:7000
    SO_SNDTIMEO of this socket (120 ms) ran out: 127.0.0.1:7000 had not answered; the connect goes on
udp_receive_timed_out | recvfrom EAGAIN timeout | len=64 udp
    SO_RCVTIMEO of this socket (120 ms) ran out: nothing came from the peer ... !acknowledged
unix_receive_timed_out | recv EAGAIN timeout | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
    SO_RCVTIMEO of this socket (120 ms) ran out: nothing came from $them
unix_send_timed_out | send EAGAIN would-block | len=65536 flags=MSG_DONTWAIT type=unix-stream peer=$them peer_pid=$peer_pid
    No room in the send buffer ... the peer does not read as fast as this program writes
unix_send_timed_out | send EAGAIN timeout | len=10 type=unix-stream peer=$them peer_pid=$peer_pid
    SO_SNDTIMEO of this socket (120 ms) ran out: the send buffer stayed full: the peer does not read as fast as this program writes
netlink_receive_timed_out | recv EAGAIN timeout | len=64 type=netlink local=$us peer=0:0
    SO_RCVTIMEO of this socket (120 ms) ran out
END
}

@test "a connection that nobody answers any more" {
    check <<'END'
retransmissions_unanswered | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=512 unacked=300 unsent=0 retrans>0
    $them stopped answering: 300 bytes were never acknowledged, in spite of at least ... retransmission ... . Its host is gone
retransmissions_unanswered_send | send ETIMEDOUT connection-timed-out | len=10 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    $them stopped answering: 300 bytes were never acknowledged, in spite of at least ... retransmission ... . Its host is gone
retransmissions_unanswered_so_error | getsockopt ETIMEDOUT connection-timed-out | tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    $them stopped answering: 300 bytes were never acknowledged, in spite of at least ... retransmission ... . Its host is gone
user_timeout | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    $them stopped answering: 300 bytes were never acknowledged, in spite of at least ... retransmission ... within TCP_USER_TIMEOUT (300 ms). Its host is gone
keepalive | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=512 all-acked
    $them did not answer the keepalive probes of the idle connection. Its host is gone
window_closed_for_too_long | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx+unacked+unsent=$written
    $them ... window closed ... TCP_USER_TIMEOUT (300 ms) ... !stopped answering ... !is gone
window_closed_and_vanished | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx+unacked+unsent=$written
    $them kept its window closed and stopped answering probes
unreachable_while_connected | recv EHOSTUNREACH unreachable | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    no way to $them
own_fin_unanswered | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=512 all-acked retrans>0
    $them did not acknowledge that this program had finished sending (FIN), in spite of at least ... retransmission ... !keepalive
kept_here_for_too_long | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=512 unacked=0 unsent=300 retrans=0
    Of what this program wrote to $them, 300 bytes could not leave this host ... firewall rule ... !Its host is gone
interface_down_while_connected | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=0 unacked=0 unsent=300 retrans=0
    Of what this program wrote to $them, 300 bytes could not leave this host: its interface is down ... !Its host is gone
address_gone_while_connected | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=0 unacked=0 unsent=300 retrans=0
    Of what this program wrote to $them, 300 bytes could not leave this host ... it has no route ... !Its host is gone
blackhole_route_while_connected | recv ETIMEDOUT connection-timed-out | len=64 tcp CLOSE rx=0 tx=0 unacked=0 unsent=300 retrans=0
    Of what this program wrote to $them, 300 bytes could not leave this host ... it has no route ... !Its host is gone
blackhole_route_while_connected_ipv6 | recv EINVAL unreachable | len=64 tcp CLOSE rx=0 tx=0 unacked=0 unsent=300 retrans=0
    The kernel gave the connection up: a route of this host leads nowhere (blackhole) instead of to $them
rejected_while_connected | recv ECONNREFUSED connection-refused | len=64 tcp CLOSE rx=0 tx=0 unacked=300 unsent=0 retrans>0
    The connection to $them stood, and then its packets were answered by port-unreachable (ICMP): that is a firewall that rejects them; 300 bytes ... were never acknowledged
END
}

@test "connect" {
    check <<'END'
connect_unanswered | connect ETIMEDOUT connect-timed-out | type=tcp peer=127.0.0.1:7000
    did not answer the connection request (SYN) at all
connect_unanswered_syncnt | connect ETIMEDOUT connect-timed-out | type=tcp peer=[fd00::2]:7000
    did not answer the connection request (SYN) at all
connect_unanswered_so_error | connect EINPROGRESS in-progress | type=tcp peer=127.0.0.1:7000
    is under way; the program will learn its result from SO_ERROR
connect_unanswered_so_error | getsockopt ETIMEDOUT connect-timed-out | type=tcp peer=127.0.0.1:7000
    did not answer the connection request (SYN) at all
connect_refused | connect ECONNREFUSED connection-refused | type=tcp peer=$them
    Nothing listens on $them of this host
connect_refused_ipv6 | connect ECONNREFUSED connection-refused | type=tcp peer=$them
    Nothing listens on $them of this host
connect_refused_mapped | connect ECONNREFUSED connection-refused | type=tcp peer=$them
    Nothing listens on $them of this host
connect_refused_by_a_host | connect ECONNREFUSED connection-refused | type=tcp peer=10.0.0.2:7000
    10.0.0.2:7000 answered that nothing listens on that port, or a firewall rejects it
connect_refused_by_a_firewall | connect ECONNREFUSED connection-refused | type=tcp peer=10.0.0.2:7000
    10.0.0.2:7000 answered that nothing listens on that port, or a firewall rejects it
connect_refused_so_error | connect EINPROGRESS in-progress | type=tcp peer=$them
    is under way; the program will learn its result from SO_ERROR
connect_refused_so_error | getsockopt ECONNREFUSED connection-refused | type=tcp peer=$them
    Nothing listens on $them of this host
connect_refused_then_again | connect EINPROGRESS in-progress | type=tcp peer=$them
    is under way; the program will learn its result from SO_ERROR
connect_refused_then_again | getsockopt ECONNREFUSED connection-refused | type=tcp peer=$them
    Nothing listens on $them of this host
connect_refused_then_again | connect ECONNABORTED connection-aborted | type=tcp peer=$them
    An earlier connect of this socket had failed, and its error was reported then
connect_without_route | connect ENETUNREACH unreachable | type=tcp peer=10.5.0.1:80
    There is no route, here or as a router on the way reported, to 10.5.0.1:80
connect_without_route | connect ENETUNREACH unreachable | type=tcp peer=[2001:db8::1]:80
    There is no route, here or as a router on the way reported, to [2001:db8::1]:80
connect_to_nobody | connect EHOSTUNREACH unreachable | type=tcp peer=10.0.0.9:80
    found no neighbour (ARP) ... no way to 10.0.0.9:80
connect_by_unreachable_route | connect EHOSTUNREACH unreachable | type=tcp peer=10.0.0.9:80
    has a route that says unreachable ... no way to 10.0.0.9:80
connect_by_prohibiting_route | connect EACCES not-permitted | type=tcp peer=10.0.0.9:80
    A firewall rule (of this host, or one on the way that says so by ICMP), a prohibiting route
connect_by_blackhole_route | connect EINVAL bad-argument | type=tcp peer=10.0.0.9:80
    The kernel refused the address, or the route to it leads nowhere (blackhole)
connect_rejected_no_route | connect ENETUNREACH unreachable | type=tcp peer=127.0.0.1:7000
    There is no route, here or as a router on the way reported, to 127.0.0.1:7000
connect_rejected_host_unreachable | connect EHOSTUNREACH unreachable | type=tcp peer=127.0.0.1:7000
    no way to 127.0.0.1:7000
connect_rejected_prohibited | connect EHOSTUNREACH unreachable | type=tcp peer=127.0.0.1:7000
    the network or a firewall reported (ICMP) that there is no way to 127.0.0.1:7000
connect_rejected_protocol | connect ENOPROTOOPT not-supported | type=tcp peer=127.0.0.1:7000
    The far host, or a firewall on the way, answered that it does not know the protocol (ICMP protocol-unreachable)
connect_rejected_prohibited_ipv6 | connect EACCES not-permitted | type=tcp peer=[::1]:7000
    A firewall rule (of this host, or one on the way that says so by ICMP), a prohibiting route
connect_rejected_reset | connect ECONNREFUSED connection-refused | type=tcp peer=127.0.0.1:7000
    Nothing listens on 127.0.0.1:7000 of this host
connect_twice | connect EISCONN bad-argument | tcp ESTABLISHED rx=0 tx=0 all-acked
    The socket is already connected
connect_to_full_queue | connect ETIMEDOUT connect-timed-out | type=tcp peer=$them
    $them did not answer the connection request (SYN) at all ... the server's accept queue is full ... !host is down
connect_killed_on_this_host | connect ECONNABORTED connection-aborted | type=tcp peer=127.0.0.1:7000
    An earlier connect of this socket had failed ... or its connection was ended meanwhile ... on this host by ss -K
connect_a_listener | connect EISCONN bad-argument | type=tcp local=$us peer=$us
    The socket listens for connections; it can make none
connect_link_local_without_scope | connect EINVAL bad-argument | type=tcp peer=[fe80::2]:80
    The address [fe80::2]:80 is link-local, and does not say on which interface
connect_link_local_without_scope | bind EINVAL bad-argument | type=tcp local=[fe80::1]:80
    The address [fe80::1]:80 is link-local, and does not say on which interface
connect_mapped_for_ipv6_only | connect ENETUNREACH unreachable | type=tcp peer=[::ffff:127.0.0.1]:80
    to [::ffff:127.0.0.1]:80. Or the socket is for IPv6 only (IPV6_V6ONLY)
connect_mapped_for_ipv6_only | bind EINVAL bad-argument | type=tcp local=[::ffff:127.0.0.1]:8080
    IPV6_V6ONLY
END
}

@test "UDP and raw" {
    check <<'END'
udp_refused_receive | recv ECONNREFUSED connection-refused | len=64 udp peer=$them
    An earlier datagram of this socket to $them was answered by port-unreachable
udp_refused_send | send ECONNREFUSED connection-refused | len=3 udp peer=$them
    An earlier datagram of this socket to $them was answered by port-unreachable
udp_refused_many | recvmmsg ECONNREFUSED connection-refused | udp peer=$them
    An earlier datagram of this socket to $them was answered by port-unreachable
udp_refused_so_error | getsockopt ECONNREFUSED connection-refused | udp peer=$them
    An earlier datagram of this socket to $them was answered by port-unreachable
udp_refused_elsewhere | sendto ECONNREFUSED connection-refused | len=3 udp peer=$other
    An earlier datagram of this socket was answered by port-unreachable
udp_refused_by_a_firewall | recv ECONNREFUSED connection-refused | len=64 udp peer=127.0.0.1:7000
    was answered by port-unreachable: nothing receives where it was sent, or a firewall rejects it
udp_unreachable_elsewhere | sendto EHOSTUNREACH unreachable | len=3 udp peer=$other
    Or that was said of an earlier datagram of this socket, to another address
udp_unreachable | sendto ENETUNREACH unreachable | len=3 type=udp peer=10.5.0.1:7000
    There is no route, here or as a router on the way reported, to 10.5.0.1:7000 ... !earlier
udp_unreachable | sendto EINVAL bad-argument | len=3 type=udp peer=10.5.0.1:7000
    or the route to 10.5.0.1:7000 leads nowhere (blackhole)
udp_prohibited_ipv6 | recv EACCES not-permitted | len=64 udp peer=[::1]:7000
    A firewall rule (of this host, or one on the way that says so by ICMP) ... !SO_BROADCAST
udp_protocol_rejected | recv ENOPROTOOPT not-supported | len=64 udp peer=127.0.0.1:7000
    The far host, or a firewall on the way, answered that it does not know the protocol (ICMP protocol-unreachable)
udp_empty | sendto 0 zero-length-request | len=0 udp peer=$us
    offered 0 bytes: an empty datagram was sent
udp_empty | sendto 0 zero-length-request | len=0 udp peer=$us
    offered 0 bytes: an empty datagram was sent
udp_empty | sendto 0 zero-length-request | len=0 udp peer=$us
    offered 0 bytes: an empty datagram was sent
udp_empty | sendto 0 zero-length-request | len=0 udp peer=$us
    offered 0 bytes: an empty datagram was sent
udp_empty | recv 0 zero-length-datagram | len=64 flags=MSG_PEEK udp
    An empty datagram arrived
udp_empty | recv 0 zero-length-datagram | len=64 udp
    An empty datagram arrived
udp_empty | recvfrom 0 zero-length-datagram | len=65 udp
    An empty datagram arrived
udp_empty | recvmsg 0 zero-length-datagram | len=66 udp
    An empty datagram arrived
udp_empty | read 0 zero-length-datagram | len=67 udp
    An empty datagram arrived
udp_empty_asked_for_its_length | sendto 0 zero-length-request | len=0 udp peer=$us
    offered 0 bytes: an empty datagram was sent
udp_empty_asked_for_its_length | recv 0 zero-length-datagram | len=0 udp
    An empty datagram arrived
udp_empty_ipv6 | sendto 0 zero-length-request | len=0 type=udp local=$them peer=$us
    offered 0 bytes: an empty datagram was sent
udp_empty_ipv6 | recv 0 zero-length-datagram | len=64 udp peer=$them
    An empty datagram arrived
udp_own_shut_rd | recv 0 local-shutdown-read | len=64 udp peer=$us
    This program itself shut down the reading side of the socket
udp_many | none
udp_without_destination | send EDESTADDRREQ not-connected | len=3 type=udp
    The socket is not connected, and the call named no address to send to
udp_shutdown_unconnected | shutdown ENOTCONN not-connected | udp
    The socket has no peer; it is shut down all the same
udp_shutdown_unconnected | recv 0 local-shutdown-read | len=64 udp
    This program itself shut down the reading side of the socket
udp_broadcast | sendto EACCES not-permitted | len=3 type=udp peer=10.0.0.255:7000
    A broadcast address without SO_BROADCAST, or a route or security module that forbids it
udp_too_big | sendto EMSGSIZE message-too-big | len=65508 udp peer=$us
    The message of 65508 bytes is larger ... SO_SNDBUF is
udp_too_big_for_mtu | send EMSGSIZE message-too-big | len=2000 udp peer=$us
    The message of 2000 bytes is larger ... MTU is 1280 bytes, SO_SNDBUF
udp_too_big_for_mtu | sendmsg EMSGSIZE message-too-big | len=2001 udp peer=$us
    The message of 2001 bytes is larger ... MTU is 1280 bytes, SO_SNDBUF
udp_too_big_for_mtu_ipv6 | send EMSGSIZE message-too-big | len=2000 udp peer=$us
    The message of 2000 bytes is larger ... MTU is 1280 bytes, SO_SNDBUF
udp_too_big_for_mtu_ipv6 | sendmsg EMSGSIZE message-too-big | len=2001 udp peer=$us
    The message of 2001 bytes is larger ... MTU is 1280 bytes, SO_SNDBUF
udp_too_big_for_router_receive | recv EMSGSIZE message-too-big | len=64 udp peer=10.1.0.9:7000
    A datagram that this socket had sent before was larger ... as a router reported (ICMP); the path's MTU is 1000 bytes ... !64
udp_too_big_for_router_send | send EMSGSIZE message-too-big | len=10 udp peer=10.1.0.9:7000
    A datagram that this socket had sent before was larger ... as a router reported (ICMP); the path's MTU is 1000 bytes ... !of 10
udp_too_big_for_router_so_error | getsockopt EMSGSIZE message-too-big | udp peer=10.1.0.9:7000
    A datagram that this socket had sent before was larger ... as a router reported (ICMP); the path's MTU is 1000 bytes
many_too_big | sendmmsg EMSGSIZE message-too-big | udp
    A message is larger than this socket can send ... !2 bytes is
udp_forbidden | sendto EPERM not-permitted | len=3 udp peer=127.0.0.1:7000
    A firewall rule (of this host, or one on the way that says so by ICMP), a prohibiting route
udp_forbidden | sendmmsg EPERM not-permitted | udp
    A firewall rule (of this host, or one on the way that says so by ICMP), a prohibiting route
udp_ancillary_too_big | sendmsg ENOBUFS no-memory | udp peer=$us
    The kernel had no buffer space for the call
udp_interface_queue_full | sendto ENOBUFS no-memory | len=1000 udp peer=$us
    or the queue of the network interface is full
raw_refused | recv ECONNREFUSED connection-refused | len=64 type=raw
    was answered by port-unreachable ... !RST
END
}

@test "the error queue" {
    check <<'END'
error_queue_empty | recvmsg EAGAIN would-block | len=64 flags=MSG_ERRQUEUE udp
    The socket's error queue is empty
error_queue_of_udp | send 0 zero-length-request | len=0 udp peer=$them
    offered 0 bytes: an empty datagram was sent
error_queue_of_udp | recvmsg 0 error-queue | len=64 flags=MSG_ERRQUEUE udp peer=$them
    The error queue delivered its control data
error_queue_of_udp_with_payload | recvmsg EAGAIN would-block | len=64 flags=MSG_ERRQUEUE udp peer=$them
    The socket's error queue is empty
error_queue_with_timestamp | recvmsg 0 error-queue | len=64 flags=MSG_ERRQUEUE tcp ESTABLISHED rx=0 tx=10 all-acked
    The error queue delivered its control data
error_queue_with_zero_copy | recvmsg 0 error-queue | len=0 flags=MSG_ERRQUEUE tcp ESTABLISHED rx=0 tx=10000 all-acked
    The error queue delivered its control data
zero_copy_beyond_the_limit | send ENOBUFS no-memory | len=1000000 flags=MSG_ZEROCOPY tcp ESTABLISHED rx=0 tx=0 all-acked
    RLIMIT_MEMLOCK ... net.core.optmem_max
error_queue_of_unix | recv 0 peer-closed | len=64 flags=MSG_ERRQUEUE type=unix-stream
    closed its end
END
}

@test "unix sockets" {
    check <<'END'
unix_closed | recv 0 peer-closed | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
    $them (opened by pid $peer_pid) closed its end
unix_closed_abstract | recv 0 peer-closed | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
    $them (opened by pid $peer_pid) closed its end
unix_finished_sending | recv 0 peer-closed | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
    $them (opened by pid $peer_pid) finished sending, or this program shut down its own reading side ... does not tell them apart
unix_own_shut_rd | recv 0 peer-closed | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
    $them (opened by pid $peer_pid) finished sending, or this program shut down its own reading side ... does not tell them apart
unix_accepted_closed | recv 0 peer-closed | len=64 type=unix-stream local=$us peer_pid=$peer_pid
    The peer (opened by pid $peer_pid) closed its end
unix_pair_closed | recv 0 peer-closed | len=64 type=unix-stream
    closed its end
unix_own_shut_rdwr | recv 0 peer-closed | len=64 type=unix-stream
    closed its end, or either of the two shut the connection down (SHUT_RDWR) ... does not tell them apart
unix_both_finished_sending | recv 0 peer-closed | len=64 type=unix-stream
    closed its end, or either of the two shut the connection down (SHUT_RDWR) ... does not tell them apart
unix_own_shut_rd_seqpacket | recv 0 peer-closed | len=64 type=unix-seqpacket
    or this program shut down its own reading side ... does not tell them apart
unix_reset_unread | recv ECONNRESET peer-reset | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
    $them (opened by pid $peer_pid) closed its end while data from this program lay there unread, or before it had accepted the connection
unix_reset_unread | recv 0 peer-closed | len=64 type=unix-stream peer=$them peer_pid=$peer_pid
    $them (opened by pid $peer_pid) closed its end
unix_reset_unread_seqpacket | recv ECONNRESET peer-reset | len=64 type=unix-seqpacket peer=$them peer_pid=$peer_pid
    $them (opened by pid $peer_pid) closed its end while data from this program lay there unread, or before it had accepted the connection
unix_never_accepted | recv ECONNRESET peer-reset | len=64 type=unix-stream peer=$them
    $them (opened by pid ... closed its end while data from this program lay there unread, or before it had accepted the connection
unix_empty_message | recv 0 zero-length-datagram | len=64 type=unix-seqpacket peer=$them peer_pid=$peer_pid
    An empty message arrived
unix_end_of_messages | recv 0 peer-closed | len=64 type=unix-seqpacket peer=$them peer_pid=$peer_pid
    $them (opened by pid $peer_pid) closed its end, or sent an empty message just before that, or this program shut down its own reading side ... does not tell them apart
unix_empty_datagram | send 0 zero-length-request | len=0 type=unix-dgram
    offered 0 bytes: an empty datagram was sent
unix_empty_datagram | recv 0 zero-length-datagram | len=64 type=unix-dgram
    An empty datagram arrived
unix_datagram_peer_closed | send ECONNREFUSED connection-refused | len=3 type=unix-dgram
    (opened by pid ... was closed, or the path is left over from a program that is gone
unix_datagram_peer_closed | send ENOTCONN not-connected | len=3 type=unix-dgram
    The socket is not connected
unix_datagram_own_shut_rd | recv 0 local-shutdown-read | len=64 type=unix-dgram
    This program itself shut down the reading side of the socket
unix_datagram_to_the_dead | sendto ECONNREFUSED connection-refused | len=3 type=unix-dgram peer=$them
    $them was closed, or the path is left over from a program that is gone
unix_datagram_peer_elsewhere | recv ECONNRESET peer-reset | len=64 type=unix-dgram local=$us peer=$them
    $them connected its socket to another address, and has thrown away unread what this program had sent
unix_datagram_peer_elsewhere | send EPERM not-permitted | len=3 type=unix-dgram local=$us peer=$them
    $them is connected to another socket and takes nothing from this one ... !file permissions
unix_datagram_peer_elsewhere | sendto EPERM not-permitted | len=3 type=unix-dgram peer=$them
    $them is connected to another socket and takes nothing from this one ... !file permissions
unix_datagram_too_big | send EMSGSIZE message-too-big | len=100000 type=unix-dgram
    The message of 100000 bytes is larger ... SO_SNDBUF is
unix_no_such_path | connect ENOENT no-such-socket | type=unix-stream peer=$them
    There is no socket at $them
unix_no_such_path | sendto ENOENT no-such-socket | len=3 type=unix-dgram peer=$them
    There is no socket at $them
unix_no_such_name | connect ECONNREFUSED connection-refused | type=unix-stream peer=$them
    Nobody listens at $them: its owner is gone or has not called listen
unix_nobody_listens | connect ECONNREFUSED connection-refused | type=unix-stream peer=$them
    Nobody listens at $them: its owner is gone or has not called listen
unix_no_socket_but_a_file | connect ECONNREFUSED connection-refused | type=unix-stream peer=$them
    Nobody listens at $them: its owner is gone or has not called listen
unix_below_a_file | connect ENOTDIR other | type=unix-stream peer=$them
    The kernel answered errno 20: Not a directory
unix_wrong_type | connect EPROTOTYPE bad-argument | type=unix-dgram peer=$them
    The socket at the address is of another type (stream against datagram)
unix_backlog_full | connect EAGAIN backlog-full | type=unix-stream peer=$them
    The queue of connections that $them has not accepted yet is full
unix_backlog_full | connect EAGAIN backlog-full | type=unix-stream peer=$them
    The queue of connections that $them has not accepted yet is full
unix_bind_without_directory | bind ENOENT other | type=unix-stream local=$us
    A folder of the path $us does not exist
unix_bind_twice | bind EADDRINUSE address-in-use | type=unix-stream local=$us
    Another socket already has $us ... stays until it is unlinked
unix_forbidden_path | connect EACCES not-permitted | type=unix-stream peer=$them
    This user may not use the socket at $them (file permissions of the path)
unix_forbidden_folder | bind EACCES not-permitted | type=unix-stream local=$us
    This user may not make a socket at $us (file permissions of the folder)
unix_receive_unconnected | recv EINVAL bad-argument | len=64 type=unix-stream
    The socket is not connected, or an argument of the call is invalid
unix_receive_unconnected | send ENOTCONN not-connected | len=3 type=unix-stream
    The socket is not connected
unix_send_to_while_connected | sendto EISCONN bad-argument | len=3 type=unix-stream peer=$them peer_pid=$peer_pid
    The socket is already connected
unix_descriptor_not_open | sendmsg EBADF bad-descriptor | type=unix-stream
    is a socket, but a descriptor that the message passes on (SCM_RIGHTS) is not open
unix_foreign_credentials | sendmsg EPERM not-permitted | len=1 type=unix-stream
    the message carries credentials that are not the program's (SCM_CREDENTIALS) ... !file permissions
unix_accept_timed_out | accept4 EAGAIN timeout | type=unix-stream local=$us peer_pid=-
    no connection came
END
}

@test "addresses, rights and limits" {
    check <<'END'
bind_foreign_address | bind EADDRNOTAVAIL address-unavailable | type=tcp local=10.9.9.9:7000
    The address 10.9.9.9:7000 is not one of this host's
bind_foreign_address | bind EADDRNOTAVAIL address-unavailable | type=udp local=10.9.9.9:7000
    The address 10.9.9.9:7000 is not one of this host's
bind_foreign_address | bind EADDRNOTAVAIL address-unavailable | type=tcp local=[2001:db8::9]:7000
    The address [2001:db8::9]:7000 is not one of this host's
bind_twice | bind EADDRINUSE address-in-use | type=tcp local=$us
    Another socket already has $us ... TIME_WAIT
listen_twice | listen EADDRINUSE address-in-use | type=tcp local=$us
    Another socket already has $us ... TIME_WAIT
bind_udp_twice | bind EADDRINUSE address-in-use | udp
    Another socket already has $us, or its port on all addresses ... !TIME_WAIT
bind_tentative_address | bind EADDRNOTAVAIL address-unavailable | type=tcp local=[fd00::77]:7000
    is not one of this host's, or not yet: duplicate address detection still runs
bind_foreign_mapped_address | bind EADDRNOTAVAIL address-unavailable | type=tcp local=[::ffff:10.9.9.9]:7000
    The address [::ffff:10.9.9.9]:7000 is not one of this host's. ... !duplicate
listen_connected | listen EINVAL bad-argument | tcp ESTABLISHED rx=0 tx=0 all-acked
    The socket cannot listen: it is connected
accept_after_shutdown | accept4 EINVAL bad-argument | type=tcp local=$us
    The socket is not listening, or not any more (shutdown)
ports_exhausted_connect | connect EADDRNOTAVAIL address-unavailable | type=tcp peer=127.0.0.1:7000
    no ephemeral port is left for connections to 127.0.0.1:7000 (net.ipv4.ip_local_port_range: 50000 to 50000 ... TIME_WAIT ... or that is no address to connect to
ports_exhausted_bind | bind EADDRINUSE address-in-use | type=tcp local=127.0.0.1:0
    No ephemeral port is left (net.ipv4.ip_local_port_range: 50000 to 50000)
ports_exhausted_bind | listen EADDRINUSE address-in-use | type=tcp
    No ephemeral port is left (net.ipv4.ip_local_port_range: 50000 to 50000)
ports_exhausted_udp | bind EADDRINUSE address-in-use | type=udp local=127.0.0.1:0
    No ephemeral port is left (net.ipv4.ip_local_port_range: 50000 to 50000)
ports_exhausted_udp | connect EAGAIN address-unavailable | type=udp peer=127.0.0.1:7000
    No ephemeral port is left to send from (net.ipv4.ip_local_port_range)
ports_exhausted_udp | sendto EAGAIN address-unavailable | len=3 type=udp peer=127.0.0.1:7000
    No ephemeral port is left to send from (net.ipv4.ip_local_port_range)
ports_exhausted_udp | sendto EAGAIN address-unavailable | len=3 type=udp peer=127.0.0.1:7000
    No ephemeral port is left to send from (net.ipv4.ip_local_port_range)
connected_twice_from_one_port | connect EADDRNOTAVAIL address-unavailable | tcp
    The local address $us is already connected to $them ... TIME_WAIT
privileged_port | bind EACCES not-permitted | type=tcp local=127.0.0.1:80
    Port 80 is privileged (below net.ipv4.ip_unprivileged_port_start) ... CAP_NET_BIND_SERVICE ... security module
privileged_port_by_setting | bind EACCES not-permitted | type=tcp local=127.0.0.1:4000
    Port 4000 is privileged (below net.ipv4.ip_unprivileged_port_start) ... CAP_NET_BIND_SERVICE ... security module
netlink_without_rights | bind EPERM not-permitted | type=netlink
    The program lacks the rights for it ... !firewall
raw_without_rights | socket EPERM not-permitted | type=raw
    rights that the program lacks (CAP_NET_RAW for raw sockets)
no_descriptor_for_socket | socket EMFILE descriptor-limit | type=tcp
    (RLIMIT_NOFILE $limit): raise it with ulimit -n
no_descriptor_for_pair | socketpair EMFILE descriptor-limit | type=unix-stream
    (RLIMIT_NOFILE $limit)
no_descriptor_for_accept | accept4 EMFILE descriptor-limit | type=tcp local=$us
    (RLIMIT_NOFILE $limit)
END
}

@test "mistakes of the program" {
    check <<'END'
not_connected | recv ENOTCONN not-connected | len=64 type=tcp
    The socket is not connected
not_connected | shutdown ENOTCONN not-connected | type=tcp
    harmless
shutdown_after_reset | recv ECONNRESET peer-reset | len=64 tcp CLOSE rx=0 tx=0 all-acked
    $them aborted the connection (RST) before a byte had gone either way
shutdown_after_reset | shutdown ENOTCONN not-connected | tcp CLOSE rx=0 tx=0 all-acked
    harmless
bad_descriptors | recv EBADF bad-descriptor | len=1
    Descriptor 900000 is not open
bad_descriptors | connect EBADF bad-descriptor |
    Descriptor -1 is not open
bad_descriptors | listen ENOTSOCK bad-descriptor |
    is open, but it is no socket
bad_descriptors | sendfile EBADF bad-descriptor | len=10 tcp ESTABLISHED rx=0 tx=0 all-acked
    is a socket, but the other descriptor of the call is not open
too_many_buffers | sendmsg EMSGSIZE message-too-big | tcp ESTABLISHED rx=0 tx=0 all-acked
    The call named more than 1024 buffers (UIO_MAXIOV) ... !larger
too_many_buffers | recvmsg EMSGSIZE message-too-big | tcp ESTABLISHED rx=0 tx=0 all-acked
    The call named more than 1024 buffers (UIO_MAXIOV) ... !larger
receive_out_of_band | recv EINVAL bad-argument | len=64 flags=MSG_OOB tcp ESTABLISHED rx=0 tx=0 all-acked
    There is no out-of-band data to read
bad_arguments | bind EINVAL bad-argument | type=tcp local=$us
    The socket is already bound, or the address is not one of its family
bad_arguments | accept4 EINVAL bad-argument | type=tcp local=$us
    The socket is not listening, or not any more (shutdown), or the flags are not valid
bad_arguments | connect EINVAL bad-argument | type=tcp local=$us
    The kernel refused the address, or the route to it leads nowhere (blackhole)
bad_arguments | bind EFAULT bad-argument | type=tcp
    The program passed a pointer to memory that it does not have
not_supported | socket EAFNOSUPPORT not-supported | type=46/1
    This kernel has no such kind of socket
not_supported | socket EPROTONOSUPPORT not-supported | type=2/1
    This kernel has no such kind of socket
not_supported | socket ESOCKTNOSUPPORT not-supported | type=2/5
    This kernel has no such kind of socket
not_supported | listen EOPNOTSUPP not-supported | udp
    This kind of socket does not know the call or its flags
not_supported | socketpair EOPNOTSUPP not-supported | type=tcp
    This kernel has no such kind of socket
END
}

@test "netlink and packet sockets" {
    check <<'END'
netlink_nobody | sendto ECONNREFUSED connection-refused | len=16 type=netlink local=$us peer=2000000001:0
    Nothing receives at the address that was asked for
netlink_overrun | recv ENOBUFS no-memory | len=64 type=netlink peer=0:0
    SO_RCVBUF ... !SO_SNDBUF
packet_down | getsockopt ENETDOWN unreachable | type=17/3
    The network interface is down
packet_down | send ENETDOWN unreachable | len=64 type=17/3
    The network interface is down
END
}

# Where the kernel has no vsock, the program is told so, and so is the log.
@test "vsock" {
    if grep -q "^vsock_twice .* kernel=without" "$RUN"; then
        check <<'END'
vsock_twice | socket EAFNOSUPPORT not-supported | type=vsock
    This kernel has no such kind of socket
END
        return
    fi
    check <<'END'
vsock_twice | bind EADDRINUSE address-in-use | type=vsock local=4294967295:70000
    Another socket already has 4294967295:70000 ... !ephemeral
vsock_twice | recv ENOTCONN not-connected | len=64 type=vsock
    The socket is not connected
END
}

@test "MPTCP" {
    [ -e /proc/sys/net/mptcp/enabled ] || skip "no MPTCP in this kernel"
    check <<'END'
mptcp_closed | recv 0 other | len=64 mptcp ESTABLISHED rx=1000 tx=512 all-acked
    the kernel does not tell whether the peer closed
mptcp_reset | recv ECONNRESET peer-reset | len=64 mptcp
    $them aborted the connection (reset)
mptcp_write_after_reset | recv ECONNRESET peer-reset | len=64 mptcp CLOSE
    $them aborted the connection (reset)
mptcp_write_after_reset | send EPIPE other | len=10 mptcp CLOSE
    The connection had ended before this write, or this program had shut down its writing side: MPTCP does not say how. SIGPIPE would have ended the program here
mptcp_receive_timed_out | recv EAGAIN timeout | len=64 mptcp ESTABLISHED rx=7 tx=512 all-acked
    SO_RCVTIMEO of this socket (120 ms) ran out: nothing came from $them
mptcp_no_room | send EAGAIN would-block | len=65536 flags=MSG_DONTWAIT mptcp ESTABLISHED rx=0
    No room in the send buffer
mptcp_no_room | send EAGAIN would-block | len=65536 flags=MSG_DONTWAIT mptcp ESTABLISHED rx=0 unsent>0 tx+unacked+unsent=$written
    No room in the send buffer ... sent and not acknowledged ... not sent
mptcp_refused | connect ECONNREFUSED connection-refused | type=mptcp peer=$them
    Nothing listens on $them of this host
mptcp_with_a_plain_peer | recv 0 peer-closed | len=64 mptcp CLOSE_WAIT
    ended its side in order (FIN)
END
}

# The same cases, natively: those that die of SIGPIPE, and no others, are those
# of which the log says that they would have.
@test "what the log says of SIGPIPE is what happens without the shim" {
    local cases
    cases=$("$PYTHON" "$TABLE" broken "$LOG" "$RUN")
    [ "$(wc -w <<<"$cases")" -gt 20 ]
    in_network "$PYTHON" "$VICTIM" $cases >"$BATS_TEST_TMPDIR/native"
    awk '$3 == 13 { print $1 }' "$BATS_TEST_TMPDIR/native" | sort >"$BATS_TEST_TMPDIR/died"
    "$PYTHON" "$TABLE" deadly "$LOG" "$RUN" | sort | diff "$BATS_TEST_TMPDIR/died" -
    [ "$(awk '$3 != 13 && $3 != 0' "$BATS_TEST_TMPDIR/native")" = "" ]
}

@test "every case is in a table" {
    awk '{ print $1 }' "$RUN" | sort | diff - <(sort "$BATS_FILE_TMPDIR/told")
}

@test "every cause is among them" {
    grep . "$LOG" >"$BATS_TEST_TMPDIR/log"
    as_json "$BATS_TEST_TMPDIR/log" | jq -r '.cause // empty' | sort -u >"$BATS_TEST_TMPDIR/seen"
    tr ' ' '\n' <<'END' | sort | diff - "$BATS_TEST_TMPDIR/seen"
zero-length-request zero-length-datagram error-queue source-exhausted would-block in-progress
interrupted peer-closed local-shutdown-read local-shutdown-write peer-reset closed-after-error
write-after-close timeout connection-timed-out connect-timed-out connection-refused
connection-aborted unreachable address-unavailable address-in-use no-such-socket backlog-full
not-connected bad-descriptor bad-argument not-supported message-too-big descriptor-limit no-memory
not-permitted other
END
}
