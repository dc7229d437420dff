#!/usr/bin/env bats
# Every way to make a process: each side's records are there under its own
# number, the parent logs on, and a kill loses nothing that had returned.

load helpers

# made WAY [LOST]: the records are those that the program says it left, by their
# length, pid and tid, and LOST others were counted as lost. IN: a launcher of the program's.
made() {
    rm -f "$LOG"
    # shellcheck disable=SC2086
    shimmed ${IN:-} "$PROGRAMS/processes" "$1" "$LOG" >"$BATS_TEST_TMPDIR/said" || fails_with "$1: status $?"
    diff <(sort "$BATS_TEST_TMPDIR/said") \
        <(records '.call == "recv"' | jq -r '"\(.len) \(.pid) \(.tid)"' | sort) ||
        fails_with "$1: the log (>) is not what was said (<)"
    [ "$(records '.event == "lost"' | jq -s 'map(.lost) | add // 0')" -eq "${2:-0}" ] ||
        fails_with "$1: not ${2:-0} lost"
}

@test "fork, by the C library and by hand: both sides log, whatever the child does to descriptors" {
    made fork
    made raw-clone
    made first-socket-in-raw-clone
    made clone
}

@test "vfork: wrapped calls in the child go under its own number, the parent logs on" {
    made vfork
    made vfork-exec
    made vfork-on-thread 1
    made clone-vfork 1
}

@test "vfork: a child that takes the log's number takes it from itself alone, and what it lost is counted" {
    made vfork-robbing 1
    made vfork-in-fork 1
    made vfork-in-namespace 1
}

@test "vfork: a child's first socket is not its parent's" {
    run "$PROGRAMS/processes" first-socket "$LOG"
    [ "$status" -eq 0 ] || fails_with "natively: $output"
    run shimmed "$PROGRAMS/processes" first-socket "$LOG"
    [ "$status" -eq 0 ] || fails_with "$output"
    expect_count 0 '.event == "start"'
}

@test "all of these in a filter that was inherited, as in a container" {
    local way IN="$PROGRAMS/filtered 1 setrlimit"
    for way in fork raw-clone first-socket-in-raw-clone clone vfork vfork-exec "vfork-on-thread 1" "clone-vfork 1" "vfork-robbing 1" \
        "vfork-in-fork 1" "vfork-in-namespace 1" clone-shared spawn double-fork; do
        # shellcheck disable=SC2086
        made $way
    done
}

@test "a process of its own that shares memory and descriptors" {
    made clone-shared
}

@test "posix_spawn, system and popen: the new program logs, whatever was done to descriptors" {
    made spawn
    made system
    expect_count 3 '.event == "start" and .prog == "processes"'
}

@test "a daemon of two forks logs, and so do those that made it" {
    made double-fork
}

@test "16 processes with 16 threads on one log, a million records: all there, every line whole" {
    local calls=3907
    # 256 threads would leave little of a processor to the tests of other files.
    shimmed nice "$PROGRAMS/many" 16 16 $calls >"$BATS_TEST_TMPDIR/callers"
    # Which thread asked for how many bytes is known: one record of each. It is the
    # eleventh or, after error=, the twelfth field.
    awk -v calls=$calls '
        function wrong() { print "wrong: " $0; status = 1; exit }
        FNR == NR { pid[$3] = "pid=" $1; tid[$3] = "tid=" $2; next }
        /^$/ { next } # ends what a kill may have torn
        !/^ts=.*"$/ || /.ts=/ { wrong() }
        $3 == "event=start" { next }
        {
            len = substr($11, 1, 4) == "len=" ? $11 : $12
            number = substr(len, 5) + 0
            first = number - (number - 1) % calls
            if (pid[first] != $4 || tid[first] != $5 || seen[number]++) wrong()
            count++
        }
        END {
            print count " records"
            exit status || count != 16 * 16 * calls
        }
    ' "$BATS_TEST_TMPDIR/callers" "$LOG"
    rm "$LOG"
}

# Each thread says after each call that it has returned; what was said before
# the end must be there. The kills come at other places each time. The kernel
# heeds a kill between two pages of one write: the record of a call that never
# returned may be cut there, and nowhere else.
@test "SIGKILL in the midst of processes and threads: every record of a call that returned is there" {
    env LD_PRELOAD= "$PYTHON" - "$SHIM" "$LOG" "$PROGRAMS/killed" <<'END'
import os, re, signal, struct, subprocess, sys
shim, log, program = sys.argv[1:]
RECORD = re.compile(rb'ts=\S+Z level=debug event=return pid=\d+ tid=\d+ prog=killed call=recv '
                    rb'fd=\d+ ret=-1 errno=11 error=EAGAIN len=(\d+) flags=MSG_DONTWAIT '
                    rb'cause=would-block why="[^"]*"')

def record_in(line, start):
    """The number of the line's record; None: there is none to be expected."""
    for at in range(0, len(line)):
        if at == 0 or (start + at) % 4096 == 0:
            match = RECORD.fullmatch(line, at)
            if match:
                return int(match[1])
    end = start + len(line)
    assert b" event=start " in line or end % 4096 == 0, line
    return None

in_all = 0
for turn in range(25):
    path = f"{log}.{turn}"
    victim = subprocess.Popen([program, "3", "4"], stdout=subprocess.PIPE, process_group=0,
                              env={"LD_PRELOAD": shim, "SOCKSHIM_LOG": path})
    said = victim.stdout.read(8 * (1 + 211 * turn))
    os.killpg(victim.pid, signal.SIGKILL)
    said += victim.stdout.read()
    victim.wait()
    said = {number for number, in struct.iter_unpack("<Q", said)}
    text = open(path, "rb").read()
    logged, start = set(), 0
    for line in text.split(b"\n"):
        if line:
            logged.add(record_in(line, start))
        start += len(line) + 1
    logged.discard(None)
    assert said <= logged, f"turn {turn}: {len(said - logged)} of {len(said)} missing"
    assert len(logged - said) <= 12, "more than one for each thread that had not returned"
    in_all += len(said)
assert in_all > 25 * 200
END
}
