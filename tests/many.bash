# For tests of one log with many writers: tests/programs/many.c and what must be
# in its log.

CALLERS=$BATS_TEST_TMPDIR/callers
END_FILE=$BATS_TEST_TMPDIR/end

# many PROCESSES THREADS CALLS: runs it under the shim with the settings in the
# array SETTINGS; who asked for what is in $CALLERS.
many() {
    shimmed "${SETTINGS[@]}" "$PROGRAMS/many" "$@" >"$CALLERS"
}

# start_many PROCESSES THREADS [VARIABLE=VALUE...]: at a measured pace, until end_many.
start_many() {
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "${@:3}" \
        "$PROGRAMS/many" "$1" "$2" 100000 "$END_FILE" >"$CALLERS"
    MANY=$BACKGROUND
}

end_many() {
    : >"$END_FILE"
    wait "$MANY"
}

calls_made() {
    awk '{ sum += $4 - $3 + 1 } END { print sum + 0 }' "$CALLERS"
}

# there WHICH LOG...: no call has two records, and each record has its call's pid
# and tid, is in the order of its thread, and says what belongs to its kind of
# failure. WHICH is `all`: every call has one; or `last`: no call of a thread
# misses its own after one that has it. Prints how many records there are.
there() {
    local log which=$1
    shift
    for log; do
        as_json "$log" || return 1
    done >"$BATS_TEST_TMPDIR/json"
    "$PYTHON" - "$which" "$CALLERS" "$BATS_TEST_TMPDIR/json" <<'END'
import json, sys
callers = {}
last_of = {}
for line in open(sys.argv[2]):
    pid, tid, first, last = map(int, line.split())
    last_of[tid] = last
    for number in range(first, last + 1):
        callers[number] = (pid, tid, (number - first) % 2)
expected = {0: (-1, "EAGAIN", "would-block"), 1: (0, None, "peer-closed")}
done = set()
latest = {}
for line in open(sys.argv[3]):
    record = json.loads(line)
    assert record["event"] != "lost", line
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
    if sys.argv[1] == "last":
        assert latest.get(tid, number - 1) == number - 1, f"one is missing before: {line}"
    latest[tid] = number
if sys.argv[1] == "all":
    missing = set(callers) - done
    assert not missing, f"{len(missing)} missing, e.g. {min(missing)}"
for tid, number in latest.items():
    assert number == last_of[tid], f"{tid}: nothing after {number} of {last_of[tid]}"
print(len(done), "records")
END
}

# expect_all_there COUNT LOG...
expect_all_there() {
    local expected=$1
    shift
    run there all "$@"
    [ "$output" = "$expected records" ] || { echo "$output" | tail -n 20 && return 1; }
}

# expect_last_there LOG...
expect_last_there() {
    run there last "$@"
    [ "$status" -eq 0 ] || { echo "$output" | tail -n 20 && return 1; }
}
