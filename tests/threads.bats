#!/usr/bin/env bats
# Wrapped calls in signal handlers that interrupt wrapped calls, on small stacks,
# and in threads that are being cancelled.

load helpers
load calls

@test "handlers that interrupt wrapped calls, and one another, at random: every record is there" {
    local format
    for format in logfmt json; do
        rm -f "$LOG"
        shimmed SOCKSHIM_FORMAT=$format "$PROGRAMS/threads" interrupt 1500 >"$BATS_TEST_TMPDIR/said"
        read -r calls handled <"$BATS_TEST_TMPDIR/said"
        as_json | jq -r 'select(.event == "return") | .len' | sort -n | uniq -c >"$BATS_TEST_TMPDIR/lengths"
        awk -v calls="$calls" -v handled="$handled" '
            $2 < 1000000 && $1 == 2 { made++ }
            $2 >= 1000000 && $1 == 1 { interrupted++ }
            END { exit !(2 * made == calls && interrupted == handled && handled >= 1500) }
        ' "$BATS_TEST_TMPDIR/lengths" || fails_with "$format: not $calls and $handled records"
    done
}

@test "handlers that interrupt while the log is rotated: every line is whole, no file is left over" {
    shimmed SOCKSHIM_LOG_LIMIT=32K "$PROGRAMS/threads" interrupt 1500 >/dev/null
    as_json "$LOG.1" >/dev/null
    as_json "$LOG" >"$BATS_TEST_TMPDIR/json"
    [ "$(head -1 "$BATS_TEST_TMPDIR/json" | jq -r .event)" = rotated ]
    expect_count 0 '.event == "lost"'
    [ ! -e "$LOG.new" ]
}

# in_little_room WAY: each of the longest records, in either format.
in_little_room() {
    local format
    for format in logfmt json; do
        rm -f "$LOG"
        shimmed SOCKSHIM_FORMAT=$format "$PROGRAMS/threads" "$1"
        [ "$(records '.event == "return"' | jq -r '"\(.call) \(.cause)"' | tr '\n' ,)" = \
            "close reset-by-own-close,close reset-by-own-close,recv peer-reset,recv closed-after-error,send peer-reset,write write-after-close,connect no-such-socket,recv would-block,socket not-supported," ]
        expect_count 2 '.event == "refused"'
    done
}

@test "a handler on an alternate stack of 16 KiB" {
    in_little_room altstack
}

@test "a thread on a stack of 16 KiB" {
    in_little_room small
}

@test "pthread_cancel ends every blocking call as it did" {
    local type
    for type in deferred asynchronous; do
        same threads cancel $type
        [ "$(grep -c ': cancelled, cleaned up 1$' shim.out)" -eq 21 ]
        # A call that was cancelled never returned; the two are from filling up.
        expect_count 2 '.event == "return"'
        expect_count 2 '.call == "write" and .cause == "would-block"'
    done
}

@test "the wrapped calls are cancellation points where the bare ones are, and nowhere else" {
    same threads pending
    grep -q '^recv: cancelled' shim.out
    grep -q '^socket: errno' shim.out
    expect_count 0 '.event == "return" and .call == "recv"'
    expect_count 1 '.event == "return" and .call == "socket"'
}

@test "with cancellation disabled every call comes back, and is logged" {
    same threads disabled
    [ "$(grep -c cancelled shim.out)" -eq 0 ]
    expect_count 3 '.event == "return" and (.call == "recv" or .call == "socket")'
}

@test "threads cancelled in the midst of failing calls: no line is torn, no descriptor left open" {
    local type
    for type in deferred asynchronous; do
        rm -f "$LOG"
        shimmed "$PROGRAMS/threads" storm $type 80
        expect_count 1 '.len == 1000001'
        expect_count 0 '.event == "lost"'
        [ "$(count '.cause == "peer-closed"')" -ge 1 ]
    done
}
