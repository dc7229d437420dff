# The calls whose 0 is their success: only their -1 is logged. SO_ERROR, through
# which a program learns of an error late. And the calls that are wrapped only
# to keep out of the program's way.

load helpers
load calls

@test "open: successes leave errno alone and are not logged" {
    same calls_open successes
    [ -z "$(grep -v '^  ' shim.out | grep -v ' 23130$')" ]
    expect_no_log
}

@test "open: socket" {
    same calls_open sockets
    expect_log <<'END'
level=info call=socket ret=-1 error=EPROTONOSUPPORT type=udp cause=not-supported
level=info call=socket ret=-1 error=EPROTONOSUPPORT type=tcp cause=not-supported
level=info call=socket ret=-1 error=ESOCKTNOSUPPORT type=2/5 cause=not-supported
level=info call=socket ret=-1 error=ESOCKTNOSUPPORT type=1/4 cause=not-supported
level=info call=socket ret=-1 error=EAFNOSUPPORT type=99/1 cause=not-supported
level=info call=socket ret=-1 error=EAFNOSUPPORT cause=not-supported
level=error call=socket ret=-1 error=EINVAL type=2/99 cause=bad-argument
level=error call=socket ret=-1 error=EINVAL type=2/17 cause=bad-argument
END
}

@test "open: socketpair" {
    same calls_open pairs
    expect_log <<'END'
level=info call=socketpair ret=-1 error=EOPNOTSUPP type=tcp cause=not-supported
level=info call=socketpair ret=-1 error=EOPNOTSUPP type=udp cause=not-supported
level=info call=socketpair ret=-1 error=EAFNOSUPPORT type=99/1 cause=not-supported
level=error call=socketpair ret=-1 error=EFAULT type=unix-stream cause=bad-argument
level=error call=socketpair ret=-1 error=EFAULT type=unix-stream cause=bad-argument
END
}

@test "open: no descriptor left, and the log still takes the record" {
    same calls_open descriptor_limit
    # The limit is in the sentence.
    expect_count 4 '.error == "EMFILE" and (.why | contains("RLIMIT_NOFILE 24"))'
    expect_log <<'END'
level=error call=socket ret=-1 error=EMFILE limit=24 type=tcp cause=descriptor-limit
level=error call=socketpair ret=-1 error=EMFILE limit=24 type=unix-stream cause=descriptor-limit
level=error call=accept fd=22 ret=-1 error=EMFILE limit=24 type=tcp local=them cause=descriptor-limit
level=error call=accept4 fd=22 ret=-1 error=EMFILE limit=24 type=tcp local=them cause=descriptor-limit
END
}

@test "open: no rights" {
    # The log is opened by the first socket, when root's rights have been given up.
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/
    chmod 777 "$BATS_TEST_TMPDIR"
    same calls_open rights
    expect_log <<'END'
level=error call=socket ret=-1 error=EPERM type=raw cause=not-permitted
level=error call=bind fd=20 ret=-1 error=EACCES type=unix-stream local=locked/sock cause=not-permitted
END
}

@test "open: connect refused, again and again, over IPv4 and IPv6" {
    same calls_open refused
    expect_count 3 '.cause == "connection-refused" and (.peer | startswith("[::1]:"))'
    for family in 4 6; do
        for again in 1 2 3; do
            echo "level=warn call=connect fd=20 ret=-1 error=ECONNREFUSED type=tcp local=us peer=deserted cause=connection-refused"
        done
    done | expect_log
}

@test "open: a non-blocking connect that is refused comes to light through SO_ERROR, once" {
    same calls_open refused_later
    [ "$(grep -cx '  111 4' shim.out)" -eq 1 ]
    [ "$(grep -cx '  0 4' shim.out)" -eq 1 ]
    expect_count 1 '.call == "getsockopt" and .ret == 0 and .errno == 111'
    expect_log <<'END'
level=debug call=connect fd=20 ret=-1 error=EINPROGRESS peer=deserted cause=in-progress
level=warn call=getsockopt fd=20 ret=0 error=ECONNREFUSED type=tcp local=us peer=deserted cause=connection-refused
END
}

@test "open: SO_ERROR after a reset, into one byte, of UDP, of no socket" {
    same calls_open late_errors
    grep -x '  104 1' shim.out
    expect_log <<'END'
level=warn call=getsockopt fd=20 ret=0 error=ECONNRESET type=tcp local=us peer=them state=CLOSE rx=0 tx=0 unacked=0 unsent=0 cause=peer-reset
level=warn call=getsockopt fd=20 ret=0 error=ECONNREFUSED type=udp local=us peer=them cause=connection-refused
level=error call=getsockopt fd=-1 ret=-1 error=EBADF cause=bad-descriptor
level=error call=getsockopt fd=1000000 ret=-1 error=EBADF cause=bad-descriptor
END
}

@test "open: connect to one that does not answer: in progress, timeout, interrupted" {
    same calls_open unanswered
    expect '.error == "EINTR" and .call == "connect" and .cause == "interrupted" and .state == null'
    grep -v 'errno=4 ' "$LOG" >rest
    LOG=rest expect_log <<'END'
level=debug call=connect fd=20 ret=-1 error=EINPROGRESS peer=them cause=in-progress
level=debug call=connect fd=20 ret=-1 error=EALREADY type=tcp local=us peer=them cause=in-progress
level=warn call=connect fd=20 ret=-1 error=EINPROGRESS waited_ms=12 type=tcp local=us peer=them cause=timeout
END
}

@test "open: connect that the kernel gives up" {
    same calls_open connect_timed_out
    expect_log <<'END'
level=warn call=connect fd=20 ret=-1 error=ETIMEDOUT type=tcp local=us peer=them cause=connect-timed-out
END
}

@test "open: connect from a taken port to where it already leads" {
    same calls_open same_pair
    expect_log <<'END'
level=error call=connect fd=20 ret=-1 error=EADDRNOTAVAIL type=tcp local=us peer=them cause=address-unavailable
END
}

@test "open: connect's other refusals" {
    same calls_open connects
    expect_log <<'END'
level=error call=connect fd=20 ret=-1 error=EISCONN type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=bad-argument
level=error call=connect fd=-1 ret=-1 error=EBADF cause=bad-descriptor
level=error call=connect fd=1000000 ret=-1 error=EBADF cause=bad-descriptor
level=error call=connect fd=23 ret=-1 error=ENOTSOCK cause=bad-descriptor
level=error call=connect fd=23 ret=-1 error=EINVAL type=tcp cause=bad-argument
level=info call=connect fd=23 ret=-1 error=EAFNOSUPPORT type=tcp cause=not-supported
level=warn call=connect fd=23 ret=-1 error=ENETUNREACH type=tcp peer=198.51.100.1:9 cause=unreachable
level=error call=connect fd=23 ret=-1 error=EACCES type=udp local=other peer=127.255.255.255:9 cause=not-permitted
END
}

@test "open: connect to unix sockets" {
    same calls_open unix_connects
    expect_log <<'END'
level=warn call=connect fd=20 ret=-1 error=ENOENT type=unix-stream peer=none.sock cause=no-such-socket
level=warn call=connect fd=20 ret=-1 error=ECONNREFUSED type=unix-stream peer=deaf.sock cause=connection-refused
level=warn call=connect fd=20 ret=-1 error=EAGAIN type=unix-stream peer=deaf.sock cause=backlog-full
level=error call=connect fd=20 ret=-1 error=EPROTOTYPE type=unix-dgram peer=deaf.sock cause=bad-argument
END
}

@test "open: accept and accept4" {
    same calls_open accepts
    expect_log <<'END'
level=error call=accept fd=22 ret=-1 error=EINVAL type=tcp local=listener cause=bad-argument
level=error call=accept4 fd=22 ret=-1 error=EINVAL type=tcp local=listener cause=bad-argument
level=debug call=accept fd=22 ret=-1 error=EAGAIN cause=would-block
level=debug call=accept4 fd=22 ret=-1 error=EAGAIN cause=would-block
level=debug call=accept fd=22 ret=-1 error=EINTR cause=interrupted
level=debug call=accept4 fd=22 ret=-1 error=EINTR cause=interrupted
level=warn call=accept fd=22 ret=-1 error=EAGAIN waited_ms=12 type=tcp local=listener cause=timeout
level=warn call=accept4 fd=22 ret=-1 error=EAGAIN waited_ms=12 type=tcp local=listener cause=timeout
level=error call=accept fd=-1 ret=-1 error=EBADF cause=bad-descriptor
level=error call=accept4 fd=1000000 ret=-1 error=EBADF cause=bad-descriptor
level=error call=accept fd=23 ret=-1 error=ENOTSOCK cause=bad-descriptor
level=info call=accept fd=20 ret=-1 error=EOPNOTSUPP type=udp local=us cause=not-supported
END
}

@test "open: bind" {
    same calls_open binds
    # Of a path whose folder is missing no sentence may speak of a server.
    expect_count 0 '.call == "bind" and (.why | contains("server"))'
    expect '.error == "ENOENT" and .local == "none/sock"'
    grep -v 'errno=2 ' "$LOG" >rest
    LOG=rest expect_log <<'END'
level=error call=bind fd=22 ret=-1 error=EINVAL type=tcp local=listener cause=bad-argument
level=error call=bind fd=20 ret=-1 error=EADDRINUSE type=tcp local=listener cause=address-in-use
level=error call=bind fd=20 ret=-1 error=EINVAL type=tcp cause=bad-argument
level=error call=bind fd=-1 ret=-1 error=EBADF cause=bad-descriptor
level=error call=bind fd=1000000 ret=-1 error=EBADF cause=bad-descriptor
level=error call=bind fd=23 ret=-1 error=ENOTSOCK cause=bad-descriptor
level=info call=bind fd=20 ret=-1 error=EAFNOSUPPORT type=tcp cause=not-supported
level=error call=bind fd=20 ret=-1 error=EADDRNOTAVAIL type=tcp local=198.51.100.1:9999 cause=address-unavailable
level=error call=bind fd=20 ret=-1 error=EADDRINUSE type=unix-stream local=taken.sock cause=address-in-use
level=warn call=bind fd=20 ret=-1 error=ENOTDIR type=unix-stream local=taken.sock/sock cause=other
END
}

@test "open: listen" {
    same calls_open listens
    expect_log <<'END'
level=error call=listen fd=-1 ret=-1 error=EBADF cause=bad-descriptor
level=error call=listen fd=1000000 ret=-1 error=EBADF cause=bad-descriptor
level=error call=listen fd=23 ret=-1 error=ENOTSOCK cause=bad-descriptor
level=info call=listen fd=20 ret=-1 error=EOPNOTSUPP type=udp local=us cause=not-supported
level=error call=listen fd=20 ret=-1 error=EINVAL type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=bad-argument
level=error call=listen fd=20 ret=-1 error=EADDRINUSE type=tcp local=us cause=address-in-use
END
}

@test "open: shutdown; that of a connection already gone is harmless" {
    same calls_open shutdowns
    expect_log <<'END'
level=info call=shutdown fd=-1 ret=-1 error=EBADF cause=bad-descriptor
level=error call=shutdown fd=1000000 ret=-1 error=EBADF cause=bad-descriptor
level=info call=shutdown fd=23 ret=-1 error=ENOTSOCK cause=bad-descriptor
level=info call=shutdown fd=20 ret=-1 error=ENOTCONN type=tcp cause=not-connected
level=error call=shutdown fd=20 ret=-1 error=EINVAL type=tcp local=us peer=them state=ESTABLISHED rx=0 tx=0 unacked=0 unsent=0 cause=bad-argument
level=info call=shutdown fd=20 ret=-1 error=ENOTCONN type=tcp local=us peer=them state=CLOSE rx=0 tx=0 unacked=0 unsent=0 cause=not-connected
END
}

@test "open: close, dup, close_range, prctl and syscall do what they did, and the log lives on" {
    same calls_open aside
    expect_log <<'END'
level=info call=shutdown fd=-1 ret=-1 error=EBADF cause=bad-descriptor
END
}
