# Every sending call, under each of its names: its 0 and its -1 come to the
# program as they were and to the log with their facts.

load helpers
load calls

setup() {
    CALLS=$(logged_names calls_send)
    # write and its kin take any descriptor; the last three take data from one.
    PROPER=$(without write writev pwritev2 sendfile splice <<<"$CALLS")
    FROM_MEMORY=$(without sendfile splice <<<"$CALLS")
}

# totals_agree: what a filled socket's record counts is what the program sent.
totals_agree() {
    diff <(sed 's/^__//; s/v64//; s/64 / /' totals) \
        <(records '.event == "return"' | jq -r '"\(.call) \(.tx + .unacked + .unsent)"') ||
        fails_with "the log (>) counts other bytes than the program (<)"
}

# Their split depends on the moment.
without_totals() {
    summary | sed -E 's/ tx=[0-9]+ unacked=[0-9]+ unsent=[0-9]+//'
}

# as_expected: like expect_log, for records of a filled socket.
as_expected() {
    check_records
    diff <(cat) <(without_totals) || fails_with "the log (>) is not as expected (<)"
    totals_agree
}

@test "send: the program has every call that is wrapped" {
    for name in send sendto sendmsg sendmmsg write writev pwritev2 pwritev64v2 sendfile sendfile64 \
        splice __send __write; do
        "$PROGRAMS/calls_send" calls | grep -x "$name"
    done
}

@test "send: what succeeds arrives, leaves errno alone and is not logged" {
    same calls_send sent
    [ "$(grep -cE '^[a-z0-9_]+ [15] 23130$' shim.out)" -eq $((3 * $(wc -w <<<"$CALLS"))) ]
    [ "$(grep -cx '  hello' shim.out)" -eq $((3 * $(wc -w <<<"$CALLS"))) ]
    expect_no_log
}

@test "send: offering nothing gives 0 and zero-length-request" {
    same calls_send zero_length
    for_each $CALLS <<'END' | expect_log
level=debug call=CALL fd=20 ret=0 len=0 type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=zero-length-request
END
}

@test "send: after a reset first ECONNRESET, then EPIPE" {
    same calls_send reset
    for_each $CALLS <<'END' | expect_log
level=warn call=CALL fd=20 ret=-1 error=ECONNRESET len=5 type=tcp local=us peer=them state=CLOSE rx=0 tx=0 unacked=0 unsent=0 cause=peer-reset
level=warn call=CALL fd=20 ret=-1 error=EPIPE len=5 type=tcp local=us peer=them state=CLOSE rx=0 tx=0 unacked=0 unsent=0 cause=write-after-close
END
}

@test "send: to a peer that has closed, the first goes and the second is EPIPE" {
    same calls_send closed
    for_each $CALLS <<'END' | expect_log
level=warn call=CALL fd=20 ret=-1 error=EPIPE len=5 type=tcp local=us peer=them state=CLOSE rx=0 tx=0 unacked=5 unsent=0 cause=write-after-close
END
}

@test "send: after one's own SHUT_WR, EPIPE is local-shutdown-write" {
    same calls_send own_shutdown
    for_each $CALLS <<'END' | expect_log
level=warn call=CALL fd=20 ret=-1 error=EPIPE len=5 type=tcp local=us peer=them state=FIN_WAIT2 rx=1 tx=0 unacked=0 unsent=0 cause=local-shutdown-write
END
}

@test "send: no room on a non-blocking socket is would-block, with all facts" {
    same calls_send would_block
    for_each $CALLS <<'END' | as_expected
level=debug call=CALL fd=20 ret=-1 error=EAGAIN len=4096 type=tcp local=us peer=them state=ESTABLISHED rx=0 cause=would-block
END
}

@test "send: flags are logged by name" {
    same calls_send flags
    for_each $PROPER <<'END' | as_expected
level=debug call=CALL fd=20 ret=-1 error=EAGAIN len=4096 flags=MSG_DONTWAIT|MSG_NOSIGNAL|MSG_MORE type=tcp local=us peer=them state=ESTABLISHED rx=0 cause=would-block
END
}

@test "send: SO_SNDTIMEO on a blocking socket is a timeout" {
    same calls_send time_out
    for_each $CALLS <<'END' | as_expected
level=warn call=CALL fd=20 ret=-1 error=EAGAIN waited_ms=12 len=4096 type=tcp local=us peer=them state=ESTABLISHED rx=0 cause=timeout
END
}

@test "send: a signal interrupts it" {
    same calls_send interrupted
    for_each $CALLS <<'END' | expect_log
level=debug call=CALL fd=20 ret=-1 error=EINTR len=4096 cause=interrupted
END
}

@test "send: a socket without a peer" {
    same calls_send not_connected
    for_each $CALLS <<'END' | expect_log
level=error call=CALL fd=20 ret=-1 error=EPIPE len=5 type=tcp cause=not-connected
level=error call=CALL fd=20 ret=-1 error=EDESTADDRREQ len=5 type=udp local=us cause=not-connected
level=error call=CALL fd=20 ret=-1 error=ENOTCONN len=5 type=unix-dgram cause=not-connected
END
}

@test "send: a bad buffer is EFAULT" {
    same calls_send bad_buffer
    # What lies behind a vector or a header is not read after EFAULT.
    for_each $FROM_MEMORY <<'END' | sed -E '/call=(sendmsg|writev|pwritev2) /s/ len=5//' | expect_log
level=error call=CALL fd=20 ret=-1 error=EFAULT len=5 type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=bad-argument
END
}

@test "send: a descriptor that is no socket concerns the socket calls alone" {
    same calls_send bad_descriptor
    for_each $PROPER <<'END' | sed '/call=sendmsg /s/ len=5//' | expect_log
level=error call=CALL fd=-1 ret=-1 error=EBADF len=5 cause=bad-descriptor
level=error call=CALL fd=1000000 ret=-1 error=EBADF len=5 cause=bad-descriptor
level=error call=CALL fd=20 ret=-1 error=ENOTSOCK len=5 cause=bad-descriptor
END
}

@test "send: UDP's too long, refused and empty datagrams" {
    same calls_send udp
    # Only the calls proper send an empty datagram; sendmmsg's is a success.
    for_each $FROM_MEMORY <<'END' | grep -vE 'call=(sendmmsg|write|writev|pwritev2) .* ret=0' | expect_log
level=error call=CALL fd=20 ret=-1 error=EMSGSIZE len=70000 type=udp local=us peer=them cause=message-too-big
level=warn call=CALL fd=20 ret=-1 error=ECONNREFUSED len=5 type=udp local=us peer=them cause=connection-refused
level=debug call=CALL fd=20 ret=0 len=0 type=udp local=us peer=them cause=zero-length-request
END
}

@test "send: unix peers that are gone, and one's own SHUT_WR" {
    same calls_send unix_peers
    for_each $CALLS <<'END' | expect_log
level=warn call=CALL fd=20 ret=-1 error=EPIPE len=5 type=unix-stream peer=them.sock peer_pid=own cause=write-after-close
level=warn call=CALL fd=20 ret=-1 error=EPIPE len=5 type=unix-seqpacket peer=them.sock peer_pid=own cause=write-after-close
level=warn call=CALL fd=20 ret=-1 error=ECONNREFUSED len=5 type=unix-dgram local=us.sock cause=connection-refused
level=error call=CALL fd=20 ret=-1 error=ENOTCONN len=5 type=unix-dgram local=us.sock cause=not-connected
level=warn call=CALL fd=20 ret=-1 error=EPIPE len=5 type=unix-stream peer=them.sock peer_pid=own cause=local-shutdown-write
END
}

@test "send: pipes and files are none of the log's business" {
    same calls_send no_sockets
    for err in 11 28 32 23130; do
        grep " $err\$" shim.out
    done
    expect_no_log
}

@test "send: the record names the destination that the call named" {
    same calls_send destinations
    expect_log <<'END'
level=warn call=sendto fd=20 ret=-1 error=ENETUNREACH len=5 flags=MSG_DONTROUTE type=udp local=us peer=198.51.100.1:9 cause=unreachable
level=warn call=sendmsg fd=20 ret=-1 error=ENETUNREACH len=5 flags=MSG_DONTROUTE type=udp local=us peer=198.51.100.1:9 cause=unreachable
level=error call=sendto fd=20 ret=-1 error=EACCES len=5 type=udp local=us peer=127.255.255.255:9 cause=not-permitted
level=error call=sendto fd=20 ret=-1 error=EINVAL len=5 type=udp local=us peer=127.255.255.255:0 cause=bad-argument
level=info call=sendto fd=20 ret=-1 error=EAFNOSUPPORT len=5 type=udp local=us cause=not-supported
level=warn call=sendto fd=20 ret=-1 error=ENOENT len=5 type=unix-dgram peer=nobody.sock cause=no-such-socket
level=warn call=sendmsg fd=20 ret=-1 error=ENOENT len=5 type=unix-dgram peer=nobody.sock cause=no-such-socket
level=error call=sendto fd=20 ret=-1 error=EISCONN len=5 type=unix-stream peer=them.sock peer_pid=own cause=bad-argument
END
}

@test "send: sendfile and splice whose source is at its end, empty, none" {
    same calls_send sources
    sed 's/ TCP / type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=2 unacked=0 unsent=0 /' <<'END' | expect_log
level=debug call=sendfile fd=20 ret=0 len=10 TCP cause=source-exhausted
level=error call=sendfile fd=20 ret=-1 error=EBADF len=10 TCP cause=bad-descriptor
level=error call=sendfile fd=20 ret=-1 error=EFAULT len=10 TCP cause=bad-argument
level=debug call=splice fd=20 ret=-1 error=EAGAIN len=10 TCP cause=would-block
level=warn call=splice fd=20 ret=-1 error=ESPIPE len=10 TCP cause=other
level=error call=splice fd=20 ret=-1 error=EINVAL len=10 TCP cause=bad-argument
level=error call=splice fd=20 ret=-1 error=EINVAL len=10 TCP cause=bad-argument
level=debug call=splice fd=20 ret=0 len=10 TCP cause=source-exhausted
level=error call=splice fd=20 ret=-1 error=EBADF len=10 TCP cause=bad-descriptor
END
}

@test "send: splice out of a socket is logged as what it is, a receive" {
    same calls_send splice_from
    expect_log <<'END'
level=debug call=splice fd=20 ret=-1 error=EAGAIN len=10 cause=would-block
level=debug call=splice fd=20 ret=0 len=0 type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=zero-length-request
level=info call=splice fd=20 ret=0 len=10 type=tcp local=us peer=them state=CLOSE_WAIT rx=5 tx=0 unacked=0 unsent=0 cause=peer-closed
level=warn call=splice fd=20 ret=-1 error=ECONNRESET len=10 type=tcp local=us peer=them state=CLOSE rx=0 tx=0 unacked=0 unsent=0 cause=peer-reset
level=error call=splice fd=20 ret=-1 error=EBADF len=10 type=tcp local=us peer=them state=CLOSE rx=0 tx=0 unacked=0 unsent=0 cause=bad-descriptor
END
}

@test "send: netlink" {
    same calls_send netlink
    expect_count 1 '.type == "netlink" and .error == "ECONNREFUSED" and .peer == "2147483632:0"'
}
