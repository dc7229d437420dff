# Every receiving call, under each of its names: its 0 and its -1 come to the
# program as they were and to the log with their facts. recvmmsg counts messages,
# so the end of a stream is one empty message to it and no 0.

load helpers
load calls

setup() {
    CALLS=$(logged_names calls_receive)
    STREAM=$(without recvmmsg <<<"$CALLS")
    # read and its kin take any descriptor, and no flags.
    PROPER=$(without read readv preadv2 <<<"$CALLS")
}

@test "receive: the program has every call that is wrapped" {
    for name in recv recvfrom recvmsg recvmmsg read readv preadv2 preadv64v2 __recv_chk \
        __recvfrom_chk __read_chk __read; do
        "$PROGRAMS/calls_receive" calls | grep -x "$name"
    done
}

@test "receive: a peer that closes gives 0 and peer-closed" {
    same calls_receive closed
    grep -x '  hello' shim.out
    for_each $STREAM <<'END' | expect_log
level=info call=CALL fd=20 ret=0 len=64 type=tcp local=us peer=them state=CLOSE_WAIT rx=5 tx=3 unacked=0 unsent=0 cause=peer-closed
END
}

@test "receive: so it does over IPv6" {
    same calls_receive closed_ipv6
    expect '.peer | startswith("[::1]:")'
    for_each $STREAM <<'END' | expect_log
level=info call=CALL fd=20 ret=0 len=64 type=tcp local=us peer=them state=CLOSE_WAIT rx=5 tx=3 unacked=0 unsent=0 cause=peer-closed
END
}

@test "receive: 0 from an MPTCP connection is no reset and no error" {
    same calls_receive closed_mptcp
    check_records
    [ "$(records '.event == "return"' | jq -r .call)" = "$STREAM" ]
    expect_count "$(wc -w <<<"$STREAM")" \
        '.type == "mptcp" and .ret == 0 and .rx == 5 and (.cause == "peer-closed" or .cause == "other")'
}

@test "receive: 0 after one's own SHUT_WR and the peer's FIN is peer-closed, not an error" {
    same calls_receive closed_both
    for_each $STREAM <<'END' | expect_log
level=info call=CALL fd=20 ret=0 len=64 type=tcp local=us peer=them state=CLOSE rx=0 tx=3 unacked=0 unsent=0 cause=peer-closed
END
}

@test "receive: a reset gives ECONNRESET and peer-reset, the 0 after it closed-after-error" {
    same calls_receive reset
    for_each $CALLS <<'END' | grep -v 'call=recvmmsg .* ret=0' | expect_log
level=warn call=CALL fd=20 ret=-1 error=ECONNRESET len=64 type=tcp local=us peer=them state=CLOSE rx=0 tx=3 unacked=0 unsent=0 cause=peer-reset
level=warn call=CALL fd=20 ret=0 len=64 type=tcp local=us peer=them state=CLOSE rx=0 tx=3 unacked=0 unsent=0 cause=closed-after-error
END
}

@test "receive: nothing to read on a non-blocking socket gives a lean record" {
    same calls_receive would_block
    for_each $CALLS <<'END' | expect_log
level=debug call=CALL fd=20 ret=-1 error=EAGAIN len=64 cause=would-block
END
}

@test "receive: flags are logged by name, unknown bits as a number" {
    same calls_receive flags
    # EINVAL may come before the kernel has read what a header points to.
    for_each $PROPER <<'END' | sed '/call=recvmsg .*EINVAL/s/ len=64//' | expect_log
level=debug call=CALL fd=20 ret=-1 error=EAGAIN len=64 flags=MSG_DONTWAIT cause=would-block
level=debug call=CALL fd=20 ret=-1 error=EAGAIN len=64 flags=MSG_PEEK|MSG_TRUNC|MSG_DONTWAIT cause=would-block
level=debug call=CALL fd=20 ret=-1 error=EAGAIN len=64 flags=MSG_DONTWAIT|0x8000000 cause=would-block
level=error call=CALL fd=20 ret=-1 error=EINVAL len=64 flags=MSG_OOB type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=bad-argument
END
}

@test "receive: asking for nothing gives 0 and zero-length-request" {
    same calls_receive zero_length
    for_each $CALLS <<'END' | expect_log
level=debug call=CALL fd=20 ret=0 len=0 type=tcp local=us peer=them state=ESTABLISHED rx=1 tx=0 unacked=0 unsent=0 cause=zero-length-request
END
}

@test "receive: one's own SHUT_RD gives 0 and local-shutdown-read" {
    same calls_receive own_shutdown
    for_each $STREAM <<'END' | expect_log
level=info call=CALL fd=20 ret=0 len=64 type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=local-shutdown-read
END
}

@test "receive: a socket that was never connected has no TCP keys" {
    same calls_receive not_connected
    for_each $CALLS <<'END' | expect_log
level=error call=CALL fd=20 ret=-1 error=ENOTCONN len=64 type=tcp cause=not-connected
END
}

@test "receive: a bad buffer is EFAULT, and the data still comes" {
    same calls_receive bad_buffer
    [ "$(grep -cx '  hello' shim.out)" -eq "$(wc -w <<<"$CALLS")" ]
    # What lies behind a vector or a header is not read after EFAULT.
    for_each $CALLS <<'END' | sed -E '/call=(recvmsg|readv|preadv2) /s/ len=5//' | expect_log
level=error call=CALL fd=20 ret=-1 error=EFAULT len=5 type=tcp local=us peer=them state=ESTABLISHED rx=5 tx=0 unacked=0 unsent=0 cause=bad-argument
END
}

@test "receive: a descriptor that is no socket concerns the socket calls alone" {
    same calls_receive bad_descriptor
    # Nothing behind a pointer is read after EBADF and ENOTSOCK.
    for_each $PROPER <<'END' | sed '/call=recvmsg /s/ len=64//' | expect_log
level=error call=CALL fd=-1 ret=-1 error=EBADF len=64 cause=bad-descriptor
level=error call=CALL fd=1000000 ret=-1 error=EBADF len=64 cause=bad-descriptor
level=error call=CALL fd=20 ret=-1 error=ENOTSOCK len=64 cause=bad-descriptor
END
}

@test "receive: SO_RCVTIMEO on a blocking socket is a timeout, with all facts" {
    same calls_receive time_out
    for_each $CALLS <<'END' | expect_log
level=warn call=CALL fd=20 ret=-1 error=EAGAIN waited_ms=12 len=64 type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=timeout
END
}

@test "receive: a signal interrupts it" {
    same calls_receive interrupted
    for_each $CALLS <<'END' | expect_log
level=debug call=CALL fd=20 ret=-1 error=EINTR len=64 cause=interrupted
END
}

@test "receive: UDP's empty datagram, refusal and own shutdown" {
    same calls_receive udp
    for_each $CALLS <<'END' | grep -v 'call=recvmmsg .* ret=0' | expect_log
level=debug call=CALL fd=20 ret=0 len=64 type=udp local=us peer=them cause=zero-length-datagram
level=warn call=CALL fd=20 ret=-1 error=ECONNREFUSED len=64 type=udp local=us peer=them cause=connection-refused
level=info call=CALL fd=20 ret=0 len=64 type=udp local=us peer=them cause=local-shutdown-read
END
}

@test "receive: a unix stream's end and its reset" {
    same calls_receive unix_stream
    for_each $CALLS <<'END' | grep -v 'call=recvmmsg .* ret=0' | expect_log
level=info call=CALL fd=20 ret=0 len=64 type=unix-stream peer=them.sock peer_pid=own cause=peer-closed
level=warn call=CALL fd=20 ret=-1 error=ECONNRESET len=64 type=unix-stream peer=them.sock peer_pid=own cause=peer-reset
END
}

@test "receive: unix sockets that keep messages apart" {
    same calls_receive unix_messages
    for_each $CALLS <<'END' | grep -v 'call=recvmmsg .* ret=0' | expect_log
level=debug call=CALL fd=20 ret=0 len=64 type=unix-seqpacket peer=them.sock peer_pid=own cause=zero-length-datagram
level=info call=CALL fd=20 ret=0 len=64 type=unix-seqpacket peer=them.sock peer_pid=own cause=peer-closed
level=debug call=CALL fd=20 ret=0 len=64 type=unix-dgram local=us.sock peer=them.sock cause=zero-length-datagram
level=warn call=CALL fd=20 ret=-1 error=EAGAIN waited_ms=12 len=64 type=unix-dgram local=us.sock peer=them.sock cause=timeout
END
}

@test "receive: files, folders, pipes and terminals are none of the log's business" {
    same calls_receive no_sockets
    for err in 5 9 11 21 23130; do
        grep " $err\$" shim.out
    done
    expect_no_log
}

@test "receive: the error queue's 0, and its being empty" {
    same calls_receive error_queue
    expect_log <<'END'
level=debug call=recvmsg fd=20 ret=0 len=64 flags=MSG_ERRQUEUE type=udp local=us peer=them cause=error-queue
level=debug call=recvmsg fd=20 ret=-1 error=EAGAIN len=64 flags=MSG_ERRQUEUE type=udp local=us peer=them cause=would-block
END
}

@test "receive: preadv2 that must not wait, at an offset, with an unknown flag" {
    same calls_receive rwf_nowait
    # ESPIPE comes before the kernel has read the vector.
    expect_log <<'END'
level=debug call=preadv2 fd=20 ret=-1 error=EAGAIN len=8 cause=would-block
level=debug call=preadv2 fd=20 ret=-1 error=EAGAIN len=8 cause=would-block
level=warn call=preadv2 fd=20 ret=-1 error=ESPIPE type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=other
level=info call=preadv2 fd=20 ret=-1 error=EOPNOTSUPP len=8 type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=not-supported
END
}

@test "receive: recvmmsg logs only when it got no message at all" {
    same calls_receive many_messages
    expect_log <<'END'
level=debug call=recvmmsg fd=20 ret=-1 error=EAGAIN flags=MSG_WAITFORONE cause=would-block
END
}

@test "receive: netlink" {
    same calls_receive netlink
    expect_count 1 '.event == "return" and .type == "netlink" and .cause == "timeout"'
}
