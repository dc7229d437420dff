#!/usr/bin/env bats
# One line a record by one write, so that threads and processes share one
# log with no torn line and nothing missing.

load helpers
load many

@test "8 processes with 8 threads on one log: every record is there, whole and right" {
    SETTINGS=()
    many 8 8 500
    [ "$(wc -l <"$CALLERS")" -eq 64 ]
    expect_all_there 32000 "$LOG"
}

@test "in JSON, too" {
    SETTINGS=(SOCKSHIM_FORMAT=json)
    many 8 8 500
    expect_all_there 32000 "$LOG"
    [ "$(head -c 1 "$LOG")" = "{" ]
}

@test "programs started apart from each other share one log as well" {
    local i pid pids=""
    for i in 1 2 3 4 5 6; do
        background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PROGRAMS/many" 1 2 500 >"$CALLERS.$i"
        pids+=" $BACKGROUND"
    done
    for i in $pids; do
        wait "$i"
    done
    [ "$(count '.event == "start"')" -eq 6 ]
    # Each numbers its calls from 1: sort the records out by pid first.
    as_json >"$BATS_TEST_TMPDIR/all"
    for i in 1 2 3 4 5 6; do
        CALLERS=$BATS_TEST_TMPDIR/callers.$i
        pid=$(head -n 1 "$CALLERS" | cut -d ' ' -f 1)
        jq -c "select(.pid == $pid)" "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/one"
        expect_all_there 1000 "$BATS_TEST_TMPDIR/one"
    done
}

# The log reaches its limit once: what came before is in FILE.1, what came after
# in FILE, and nothing in neither.
rotated_once() {
    local whole size
    SETTINGS=(SOCKSHIM_FORMAT="$1" SOCKSHIM_LOG_LIMIT=0)
    many 8 8 100
    whole=$(stat -c %s "$LOG")
    rm "$LOG"
    size=$((whole * 6 / 10))
    SETTINGS=(SOCKSHIM_FORMAT="$1" SOCKSHIM_LOG_LIMIT="$size")
    many 8 8 100
    [ "$(stat -c %s "$LOG.1")" -ge "$size" ]
    expect_count 1 '.event == "rotated"'
    expect_all_there 6400 "$LOG.1" "$LOG"
}

@test "a log that is rotated by its limit under all of them loses nothing" {
    rotated_once logfmt
}

@test "in JSON, too: rotated by its limit" {
    rotated_once json
}
