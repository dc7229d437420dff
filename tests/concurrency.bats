#!/usr/bin/env bats
# SPEC: one line a record by one write, so that threads and processes share one
# log with no torn line and nothing missing.

load helpers

UNDER_SHIM=(env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG")

# many PROCESSES THREADS CALLS: runs it under the shim with the settings in the
# array SETTINGS; who asked for what is in $CALLERS.
many() {
    CALLERS=$BATS_TEST_TMPDIR/callers
    shimmed "${SETTINGS[@]}" "$PROGRAMS/many" "$@" >"$CALLERS"
}

# all_there LOG...: every call has exactly one record, with its own pid and tid,
# in the order of its thread, and whatever belongs to its kind of failure.
all_there() {
    local log
    for log; do
        as_json "$log" || return 1
    done >"$BATS_TEST_TMPDIR/json"
    "$PYTHON" - "$CALLERS" "$BATS_TEST_TMPDIR/json" <<'END'
import json, sys
callers = {}
for line in open(sys.argv[1]):
    pid, tid, first, last = map(int, line.split())
    for number in range(first, last + 1):
        callers[number] = (pid, tid, (number - first) % 2)
expected = {0: (-1, "EAGAIN", "would-block"), 1: (0, None, "peer-closed")}
done = set()
latest = {}
for line in open(sys.argv[2]):
    record = json.loads(line)
    if record["event"] != "return":
        continue
    number = record["len"]
    pid, tid, kind = callers[number]
    assert number not in done, f"twice: {line}"
    done.add(number)
    assert (record["pid"], record["tid"]) == (pid, tid), f"not {pid} {tid}: {line}"
    assert (record["call"], record["prog"]) == ("recv", "many"), line
    assert (record["ret"], record.get("error"), record["cause"]) == expected[kind], line
    assert (record.get("type") == "unix-stream") == (kind == 1), line
    assert number > latest.get(tid, 0), f"out of order: {line}"
    latest[tid] = number
missing = set(callers) - done
assert not missing, f"{len(missing)} missing, e.g. {min(missing)}"
print(len(done), "records")
END
}

# expect_all_there COUNT LOG...
expect_all_there() {
    local expected=$1
    shift
    run all_there "$@"
    [ "$output" = "$expected records" ] || { echo "$output" | tail -n 20 && return 1; }
}

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
    CALLERS=$BATS_TEST_TMPDIR/callers
    for i in 1 2 3 4 5 6; do
        background "${UNDER_SHIM[@]}" "$PROGRAMS/many" 1 2 500 >"$CALLERS.$i"
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

log_is_longer_than() {
    [ -e "$LOG" ] && [ "$(stat -c %s "$LOG")" -gt "$1" ]
}

@test "a log that is renamed under all of them loses nothing" {
    CALLERS=$BATS_TEST_TMPDIR/callers
    background "${UNDER_SHIM[@]}" "$PROGRAMS/many" 4 4 1000 >"$CALLERS"
    wait_until log_is_longer_than 100000
    mv "$LOG" "$LOG.old"
    wait "$BACKGROUND"
    [ -e "$LOG" ] || : >"$LOG" # all were done within a second after it
    expect_all_there 16000 "$LOG.old" "$LOG"
}
