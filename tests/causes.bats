#!/usr/bin/env bats
# Every cause of scripts/lib/causes.txt, brought about by real sockets: on loopback and in
# network namespaces, with packets dropped or rejected by nftables. The cases, and
# what each must leave in the log, are in the folder causes, a file a family; all are
# run once, many at a time, and then the log is held against them.

bats_require_minimum_version 1.5.0

load helpers

# in_network COMMAND...: in a network namespace of its own, with lo.
in_network() {
    local rights=
    [ "$(id -u)" -eq 0 ] || rights=-r # in a user namespace it is root's affair
    unshare $rights -n sh -c 'ip link set lo up; exec "$@"' - "$@"
}

# Those that break a connection natively as well, for the test of SIGPIPE: at the
# same time, since most of it is waiting.
setup_file() {
    in_network true || return 0
    # shellcheck disable=SC2046
    in_network "$PYTHON" "$CASES" $("$PYTHON" "$CHECK" broken) >"$NATIVE" 3>&- &
    in_network env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_RECORDER="$LOG.ring" "$PYTHON" "$CASES" >"$RUN" 2>"$RUN.errors" 3>&-
    wait
}

setup() {
    [ -e "$RUN" ] || skip "no network namespaces here"
}

LOG=$BATS_FILE_TMPDIR/log
RUN=$BATS_FILE_TMPDIR/run
NATIVE=$BATS_FILE_TMPDIR/native
CASES=$TOP/tests/causes
CHECK=$TOP/tests/causes/check.py

# check FAMILY: the log against the rows of its cases. How much that was is noted
# for the tests of the whole.
check() {
    "$PYTHON" "$CHECK" check "$LOG" "$RUN" "$1" >"$BATS_TEST_TMPDIR/said" ||
        { cat "$BATS_TEST_TMPDIR/said" "$RUN.errors" && return 1; }
    cat "$BATS_TEST_TMPDIR/said" >>"$BATS_FILE_TMPDIR/checked"
}

@test "0 from TCP: the end, this program's own shutdown, an error that was told before" {
    check tcp_end
}

@test "0: nothing was asked for, or the input of sendfile and splice is at its end" {
    check zero_asked
}

@test "a reset, with what had gone either way until then" {
    check tcp_reset
}

@test "a write that comes too late, and whether SIGPIPE would have been its end" {
    check late_write
}

@test "who made the connection, who spoke last, and what lies unread" {
    check who_spoke
}

@test "a close that leaves something undone" {
    check closing
}

@test "not now: nothing there, no room, under way, interrupted" {
    check not_now
}

@test "a socket that is connected anew, waits for data to connect with, or is in repair mode" {
    check anew
}

@test "SO_RCVTIMEO and SO_SNDTIMEO" {
    check time_limit
}

@test "a connection that nobody answers any more" {
    check unanswered
}

@test "connect" {
    check connecting
}

@test "whose doing it was" {
    check whose
}

@test "what looks like something else" {
    check alike
}

@test "UDP and raw" {
    check udp
}

@test "the error queue" {
    check error_queue
}

@test "unix sockets" {
    check unix
}

@test "what few programs do: addresses, ports, options, filters; sockets of another user; programs that end" {
    check unusual
}

@test "routes and rules, what routers say, and programs of the kernel's" {
    check routes
}

@test "what hardly ever happens, and what happens between an answer and a question" {
    check seldom
}

@test "names that are not resolved, by what the name server says" {
    check naming
}

@test "addresses, rights and limits" {
    check limits
}

@test "mistakes of the program" {
    check mistakes
}

@test "netlink, packet and vsock sockets" {
    check other_kinds
}

@test "MPTCP" {
    [ -e /proc/sys/net/mptcp/enabled ] || skip "no MPTCP in this kernel"
    check mptcp
}

# Natively, those die of SIGPIPE, and no others, of which the log says that they
# would have.
@test "what the log says of SIGPIPE is what happens without the shim" {
    [ "$(wc -l <"$NATIVE")" -gt 20 ]
    awk '$3 == 13 { print $1 }' "$NATIVE" | sort >"$BATS_TEST_TMPDIR/died"
    "$PYTHON" "$CHECK" deadly "$LOG" "$RUN" | sort | diff "$BATS_TEST_TMPDIR/died" -
    [ "$(awk '$3 != 13 && $3 != 0' "$NATIVE")" = "" ]
}

@test "every family is checked, and with it every case" {
    [ -e /proc/sys/net/mptcp/enabled ] || echo mptcp "$(grep -c ^mptcp_ "$RUN")" 0 >>"$BATS_FILE_TMPDIR/checked"
    cut -d ' ' -f 1 "$BATS_FILE_TMPDIR/checked" | sort | diff - <("$PYTHON" "$CHECK" families)
    [ "$(awk '{ n += $2 } END { print n }' "$BATS_FILE_TMPDIR/checked")" -eq "$(wc -l <"$RUN")" ]
    awk '{ cases += $2; rows += $3 } END { print "# " cases " cases, " rows " rows" }' \
        "$BATS_FILE_TMPDIR/checked" >&3
}

@test "every cause is among them" {
    grep . "$LOG" >"$BATS_TEST_TMPDIR/log"
    as_json "$BATS_TEST_TMPDIR/log" | jq -r '.cause // empty' | sort -u >"$BATS_TEST_TMPDIR/seen"
    tr ' ' '\n' <<'END' | sort | diff - "$BATS_TEST_TMPDIR/seen"
zero-length-request zero-length-datagram error-queue source-exhausted would-block in-progress
interrupted peer-closed closed-unanswered message-not-sent name-not-resolved name-resolved-late reset-by-own-close gave-up-connecting gave-up-waiting gave-up-sending local-shutdown-read local-shutdown-write peer-reset closed-after-error
write-after-close timeout connection-timed-out connect-timed-out connection-refused
connection-aborted unreachable address-unavailable address-in-use no-such-socket backlog-full
not-connected bad-descriptor bad-argument not-supported message-too-big descriptor-limit no-memory
not-permitted other
END
}

# But for the moment, which each takes for itself, the order of threads, and their names,
# which cost a system call.
@test "the recorder has each of these records, word for word" {
    local log=$BATS_TEST_TMPDIR/log ring=$BATS_TEST_TMPDIR/ring
    grep ' event=return ' "$LOG" | sed 's/^ts=[^ ]* //; s/ thread=[^ ]*//' | sort >"$log"
    "$BUILD/sockshim-recorder" "$LOG.ring" | grep ' event=return ' | sed 's/^ts=[^ ]* //' | sort >"$ring"
    [ "$(wc -l <"$log")" -gt 200 ]
    diff "$log" "$ring" >"$BATS_TEST_TMPDIR/diff" || { head -20 "$BATS_TEST_TMPDIR/diff" && return 1; }
}

# What the random connections hold besides: COUNT=3000 tests/witness/templates. A case must hold each
# template, or show why nothing can; then nothing is left to chance.
@test "each template of all sentences is held by a case, or a case shows why nothing says it here" {
    make -s -C "$TOP" BUILD="$BUILD" "$BUILD/tables.txt"
    BUILD=$BUILD "$PYTHON" "$TOP/tests/witness/templates" "$LOG" "$RUN" >"$BATS_TEST_TMPDIR/list" ||
        { sed -n '/^Never held/,$p' "$BATS_TEST_TMPDIR/list" && return 1; }
    "$BUILD/tables" templates >"$BATS_TEST_TMPDIR/templates"
    run ! grep -vxFf "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR/templates"
    tail -n 1 "$BATS_TEST_TMPDIR/list"
    tail -n 1 "$BATS_TEST_TMPDIR/list" | awk '{ exit !($1 > 200 && $7 + 10 >= $1) }'
}
