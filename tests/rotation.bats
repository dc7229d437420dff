#!/usr/bin/env bats
# Rotation: by the limit, by hand, with many writers, and broken off at any step.
# No record is lost but with the FILE.1 that the next FILE.1 replaces.

load helpers
load many

# generations: the names of all that was kept, the oldest first.
generations() {
    ls -v "$LOG".kept.* 2>/dev/null
    echo "$LOG.1"
    echo "$LOG"
}

generations_are() {
    [ "$(generations | wc -l)" -ge "$1" ]
}

# expect_begun LOG...: each begins with event=rotated, and has no other.
expect_begun() {
    awk '
        /^[^ ]* [^ ]* event=rotated |"event":"rotated"/ { begun[FILENAME] = begun[FILENAME] FNR "," }
        END { for (i = 1; i < ARGC; i++) if (begun[ARGV[i]] != "1,") { print ARGV[i]; exit 1 } }
    ' "$@"
}

# rotated_often FORMAT: FILE.1 is kept each time before another replaces it.
rotated_often() {
    local all
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_FORMAT="$1" SOCKSHIM_LOG_LIMIT=64K \
        "$PROGRAMS/held" keep "$LOG" "$PROGRAMS/many" 8 1 100000 "$END_FILE" >"$CALLERS"
    MANY=$BACKGROUND
    wait_until generations_are 60
    end_many
    [ "$(calls_made)" -ge 8000 ]
    mapfile -t all < <(generations)
    expect_all_there "$(calls_made)" "${all[@]}"
    expect_begun "${all[@]:1}"
    [ "$(stat -c %s "${all[@]::${#all[@]}-1}" | sort -n | head -1)" -ge 65536 ]
    [ ! -e "$LOG.new" ]
}

@test "rotated again and again by its limit under 8 processes: every record is there, each file begun" {
    rotated_often logfmt
}

@test "in JSON, too" {
    rotated_often json
}

@test "the new log has the owner and the mode of the old one" {
    SETTINGS=(SOCKSHIM_LOG_LIMIT=4K)
    install -m 660 -o nobody -g nogroup /dev/null "$LOG"
    (umask 077 && many 1 1 100)
    [ "$(stat -c '%U %G %a' "$LOG" "$LOG.1" | uniq)" = "nobody nogroup 660" ]
}

@test "rotated at full speed: what is left is the end of every program's records, without a hole" {
    SETTINGS=(SOCKSHIM_LOG_LIMIT=32K)
    many 8 1 3000
    expect_last_there "$LOG.1" "$LOG"
    expect_begun "$LOG.1" "$LOG"
    [ ! -e "$LOG.new" ]
}

# late_while_rotated: one program's third write comes while another, for the second time, has emptied
# the file that it goes to, and not begun it.
late_while_rotated() {
    local limit=("LD_PRELOAD=$SHIM" "SOCKSHIM_LOG=$LOG" SOCKSHIM_LOG_LIMIT=4K)
    background strace -f -qq -o /dev/null -e trace=write -e inject=write:delay_enter=2000000:when=3 \
        env "${limit[@]}" "$PROGRAMS/many" 1 1 3 >"$CALLERS.late"
    wait_until test -s "$LOG"
    sleep 0.3
    strace -f -qq -o /dev/null -e trace=ftruncate -e inject=ftruncate:delay_exit=3000000:when=2 \
        env "${limit[@]}" "$PROGRAMS/many" 1 1 40 >"$CALLERS"
    wait "$BACKGROUND"
}

@test "who has not noticed two rotations writes into the file that is being begun: event=rotated comes first" {
    late_while_rotated
    expect_begun "$LOG.1" "$LOG"
}

@test "rotated at full speed under 32 threads: no hole, and no descriptor left open" {
    SETTINGS=(SOCKSHIM_LOG_LIMIT=4K)
    many 4 8 4000
    expect_last_there "$LOG.1" "$LOG"
    expect_begun "$LOG.1" "$LOG"
}

@test "where two names cannot be exchanged: every record is there" {
    local all
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_LOG_LIMIT=64K \
        "$PROGRAMS/held" plain "$LOG" "$PROGRAMS/many" 8 1 100000 "$END_FILE" >"$CALLERS"
    MANY=$BACKGROUND
    wait_until generations_are 20
    end_many
    mapfile -t all < <(generations)
    expect_all_there "$(calls_made)" "${all[@]}"
}

log_is_longer_than() {
    [ -e "$LOG" ] && [ "$(stat -c %s "$LOG")" -gt "$1" ]
}

@test "renamed and removed by hand under 16 writers: every record is there" {
    start_many 4 4
    wait_until log_is_longer_than 100000
    mv "$LOG" "$LOG.kept.1"
    wait_until log_is_longer_than 100000
    ln "$LOG" "$LOG.kept.2"
    rm "$LOG"
    wait_until log_is_longer_than 100000
    mv "$LOG" "$LOG.1"
    wait_until log_is_longer_than 100000
    end_many
    expect_all_there "$(calls_made)" "$LOG.kept.1" "$LOG.kept.2" "$LOG.1" "$LOG"
}

@test "truncated by hand under 16 writers: what comes after is whole and without a hole" {
    start_many 4 4
    for _ in 1 2 3 4 5; do
        wait_until log_is_longer_than 100000
        truncate -s 0 "$LOG"
    done
    wait_until log_is_longer_than 100000
    end_many
    expect_last_there "$LOG"
}

# killed_at WAY CALL N: a program, started by WAY, rotates its log and is killed
# in place of its Nth system call of that name. It said that $SAID calls had
# returned.
killed_at() {
    local way=$1 call=$2
    rm -f "$LOG" "$LOG".*
    # shellcheck disable=SC2086
    strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$3" \
        env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_LOG_LIMIT=4K \
        $way "$PROGRAMS/killed" 1 1 | head -c 8000 >"$BATS_TEST_TMPDIR/said"
    # Else it would end when nobody reads on.
    [ "${PIPESTATUS[0]}" -eq 137 ] || fails_with "$*: not killed there"
    SAID=$(($(stat -c %s "$BATS_TEST_TMPDIR/said") / 8))
    [ "$SAID" -ge 5 ]
}

# Files, not names.
logs() {
    ls -i "$LOG.1" "$LOG.new" "$LOG" 2>/dev/null | sort -u -k 1,1 | cut -d / -f 2- | sed 's|^|/|'
}

# goes_on STEP: the next program's records are there, and all of the killed one's; and
# after some more rotations there is nothing left over.
goes_on() {
    local log
    SETTINGS=(SOCKSHIM_LOG_LIMIT=4K)
    many 1 1 5
    for log in $(logs); do
        as_json "$log"
    done | jq -r 'select(.event == "return") | "\(.prog) \(.len % 68719476736)"' >"$BATS_TEST_TMPDIR/found"
    diff <(sort "$BATS_TEST_TMPDIR/found") <({ seq -f "killed %g" "$SAID" && seq -f "many %g" 5; } | sort) ||
        fails_with "$*: not what was made (>)"
    many 1 1 100
    [ ! -e "$LOG.new" ] || fails_with "$*: $(logs)"
    expect_last_there "$LOG.1" "$LOG"
    expect_begun "$LOG.1" "$LOG"
}

@test "killed at any step of a rotation: the next program loses nothing and puts all in order" {
    local step
    for step in ftruncate:1 renameat2:1 renameat2:2; do
        killed_at "" "${step%:*}" "${step#*:}"
        goes_on "$step"
    done
}

@test "the same where two names cannot be exchanged" {
    local step
    for step in renameat2:1 renameat2:2 linkat:1 unlinkat:1; do
        killed_at "$PROGRAMS/held plain $LOG" "${step%:*}" "${step#*:}"
        goes_on "$step"
    done
}

# expect_rotated_since: the 200 last records have been rotated, too.
expect_rotated_since() {
    [ "$(stat -c %s "$LOG")" -lt 8192 ] && [ "$(stat -c %s "$LOG.1")" -lt 8192 ] ||
        fails_with "not rotated: $(ls -l "$LOG"*)"
    expect_begun "$LOG.1" "$LOG"
    expect_count 0 '.len == 1'
}

@test "a fork in the midst of a rotation: the child does not keep others from rotating" {
    run shimmed SOCKSHIM_LOG_LIMIT=4K "$PROGRAMS/held" until "$END_FILE" "$PROGRAMS/midway" fork "$LOG" "$END_FILE"
    [ "$status" -eq 0 ] || fails_with "$output"
    expect_rotated_since
}

@test "an asynchronous cancellation in the midst of a rotation waits for its end" {
    run shimmed SOCKSHIM_LOG_LIMIT=4K "$PROGRAMS/held" until "$END_FILE" "$PROGRAMS/midway" cancel "$LOG" "$END_FILE"
    [ "$status" -eq 0 ] || fails_with "$output"
    expect_rotated_since
}

@test "rotation opens nothing: both files are held from the first socket on" {
    strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=openat,renameat2 env LD_PRELOAD="$SHIM" \
        SOCKSHIM_LOG="$LOG" SOCKSHIM_LOG_LIMIT=8K "$PROGRAMS/many" 1 1 500 >"$CALLERS"
    [ "$(grep -c renameat2 "$BATS_TEST_TMPDIR/trace")" -ge 10 ]
    sed '1,/renameat2/d' "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/after"
    run grep openat "$BATS_TEST_TMPDIR/after"
    [ "$status" -eq 1 ] || fails_with "$output"
    [ "$(grep -c "openat.*$LOG" "$BATS_TEST_TMPDIR/trace")" -eq 2 ]
}

@test "a FILE.1 that was moved away, or has another name, is never written to again" {
    SETTINGS=(SOCKSHIM_LOG_LIMIT=8K)
    many 1 1 100
    mv "$LOG.1" "$LOG.archive"
    ln "$LOG" "$LOG.linked"
    cp "$LOG.archive" "$LOG.copy"
    local first
    first=$(awk '{ print $1 }' "$CALLERS")
    many 1 1 300
    cmp "$LOG.archive" "$LOG.copy"
    grep -q " pid=$first .*cause=" "$LOG.linked"
    expect_begun "$LOG.1" "$LOG" "$LOG.linked"
}

@test "a program that has nothing more to say keeps no generation's blocks" {
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_LOG_LIMIT=64K "$PYTHON" -c '
import socket, time
s = socket.socket()
open("'"$BATS_TEST_TMPDIR"'/there", "w").close()
time.sleep(600)'
    wait_until test -e "$BATS_TEST_TMPDIR/there"
    SETTINGS=(SOCKSHIM_LOG_LIMIT=64K)
    many 1 1 2000
    run bash -c 'ls -l /proc/$0/fd | grep deleted' "$BACKGROUND"
    [ "$status" -eq 1 ] || fails_with "$output"
}

@test "256 threads in 16 processes, rotated while they write: no record lost or doubled, no empty line" {
    local all
    shimmed SOCKSHIM_LOG_LIMIT=64K "$PROGRAMS/held" keep "$LOG" "$PROGRAMS/many" 16 16 200 >"$CALLERS"
    mapfile -t all < <(generations)
    [ "${#all[@]}" -ge 5 ]
    expect_all_there 51200 "${all[@]}"
    [ "$(cat "${all[@]}" | grep -c '^$')" -eq 0 ]
}

# expect_refused ERRNO: 101 records in one log, nothing beside it, and it is said once why.
expect_refused() {
    [ "$(ls "$LOG"*)" = "$LOG" ] || fails_with "$(ls "$LOG"*)"
    expect_count 101 '.event == "return"'
    expect_count 1 '.event == "config" and (.why | contains("SOCKSHIM_LOG_LIMIT") and contains("'"$1"'"))'
}

@test "Landlock forbids to rename: no FILE.new stays behind, it is said once, and the log goes on" {
    local status=0
    "$PROGRAMS/landlocked" 1 || status=$?
    [ "$status" -ne 77 ] || skip "this kernel has no Landlock"
    [ "$status" -eq 0 ]
    shimmed SOCKSHIM_LOG_LIMIT=4K "$PROGRAMS/landlocked" 100
    expect_refused EACCES
    : >"$LOG"
    shimmed SOCKSHIM_LOG_LIMIT=4K "$PROGRAMS/landlocked" run "$PROGRAMS/landlocked" 100 again
    expect_refused EACCES
    # Another program, which may, does what this one might not.
    shimmed SOCKSHIM_LOG_LIMIT=4K "$PROGRAMS/landlocked" 1 unrestricted
    [ "$(ls "$LOG"*)" = "$LOG
$LOG.1" ] || fails_with "$(ls "$LOG"*)"
}

@test "a process that may not rename its log says so once" {
    mkdir "$BATS_TEST_TMPDIR/folder"
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/ "$BATS_TEST_TMPDIR"
    cp "$SHIM" "$PROGRAMS/landlocked" "$BATS_TEST_TMPDIR"
    LOG=$BATS_TEST_TMPDIR/folder/log
    install -m 666 /dev/null "$LOG"
    run setpriv --reuid nobody --regid nogroup --clear-groups env LD_PRELOAD="$BATS_TEST_TMPDIR/libsockshim.so" \
        SOCKSHIM_LOG="$LOG" SOCKSHIM_LOG_LIMIT=4K "$BATS_TEST_TMPDIR/landlocked" 100 unrestricted
    [ "$status" -eq 0 ] || fails_with "$output"
    expect_refused EPERM
}
