#!/usr/bin/env bats
# `sockshim report`: its figures are those that jq finds in the same log, whatever
# else is in the log, with every awk and shell; and nothing of a log that a terminal
# would obey gets there.

bats_require_minimum_version 1.5.0

load helpers
load each_system
load on_terminal

# The log of the tests that change nothing in it, and its records as JSON.
REAL=$BATS_FILE_TMPDIR/real.log
RECORDS=$BATS_FILE_TMPDIR/real.json

CASES="closed_after_reply half_closed own_shut_rd silence_after_reset nothing_asked_for
    empty_datagram_sent input_at_its_end reset_before_reply reset_to_server reset_in_reply
    reset_with_data_unacknowledged reset_found_by_send write_after_close nothing_to_read no_room
    receive_timed_out connect_refused connect_refused_so_error udp_refused_receive udp_too_big
    udp_without_destination unix_closed unix_pair_closed unix_reset_unread unix_no_such_path
    unix_wrong_type unix_backlog_full bind_twice not_connected bad_descriptors bad_arguments
    not_supported no_descriptor_for_accept"

# Real programs: each has a name, one needs quotes in the log.
setup_file() {
    local log=$REAL
    # shellcheck disable=SC2086
    {
        LD_PRELOAD=$SHIM SOCKSHIM_LOG=$log "$PYTHON" "$TOP/tests/causes" $CASES &
        talk billing "$log" &
        talk 'a "b" cause=c why=' "$log" &
        SOCKSHIM_LEVEL=loud LD_PRELOAD=$SHIM SOCKSHIM_LOG=$log "$PROGRAMS/core" refused reset eof &
        LD_PRELOAD=$SHIM SOCKSHIM_LOG=$log "$PYTHON" -c '
import socket
socket.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)' &
        wait
    } >/dev/null 2>&1 3>&-
    as_json "$log" | jq -c . >"$RECORDS"
}

# talk NAME LOG [FORMAT]
talk() (
    export LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$2" SOCKSHIM_FORMAT="${3-logfmt}" SOCKSHIM_CLOSE=off
    exec -a "$1" "$PYTHON" "$TOP/tests/programs/talks.py" 4 1.1 12 12
)

setup() {
    mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here" || return 1
    export LC_ALL=C.UTF-8
    unset COLUMNS NO_COLOR
    ln -s "$REAL" real.log
    use dash mawk
}

report() {
    PATH=$SYSTEM_PATH sh "$SOCKSHIM_COMMAND" report "$@"
}

# figures LOG...: report's, where jq has the same.
figures() {
    local status=0
    report --json "$@" >figures.json || status=$?
    jq -S '
        def table(key): map({key: (.[key] | tostring), value: .records}) | from_entries;
        {records, first, last, levels, events, buckets,
         causes: [.causes[] | {cause, level, records, first, last, peers: (.peers | table("peer"))}],
         programs: [.programs[] | {prog, records, starts, processes: (.processes | table("pid"))}],
         resets: (.resets | sort_by(.idle_ms, .rx)), idle_seconds: (.idle_seconds | table("seconds"))}' figures.json
    return "$status"
}

# counted LOG: jq's.
counted() {
    as_json "$1" | jq -S -s --argjson bucket "$(report --json "$1" | jq .bucket_ms)" -f "$TOP/tests/report.jq"
}

# figures_are EXPECTED WORD...: what report says of WORD...
figures_are() {
    local expected=$1
    shift
    diff <(echo "$expected") <(figures "$@")
}

# made COUNT STEP [KEY VALUE]...: records, STEP seconds apart, with other values.
# $BEGIN: when, in seconds after midnight.
made() {
    awk -v count="$1" -v step="$2" -v begin="${BEGIN-0}" -v changes="${*:3}" 'BEGIN {
        n = split(changes, change, " ")
        split("level pid prog local peer rx idle_ms cause", keys, " ")
        split("warn 1 billing 10.0.0.5:44312 10.0.0.9:80 0 60012 peer-reset", values, " ")
        for (i in keys)
            value[keys[i]] = values[i]
        for (i = 1; i < n; i += 2)
            value[change[i]] = change[i + 1]
        for (i = 0; i < count; i++) {
            at = begin + i * step
            line = sprintf("ts=2026-11-%02dT%02d:%02d:%02d.%06dZ level=LEVEL event=return pid=PID tid=PID prog=PROG call=recv fd=7 ret=-1 errno=104 error=ECONNRESET len=4096 type=tcp local=LOCAL peer=PEER state=CLOSE rx=RX tx=5 unacked=0 unsent=0 idle_ms=IDLE_MS rtt_us=85 retrans=0 cause=CAUSE why=\"It was so.\"",
                1 + at / 86400, at % 86400 / 3600, at % 3600 / 60, at % 60, at * 1000000 % 1000000)
            for (key in value)
                sub("=" toupper(key), "=" value[key], line)
            gsub(/PID/, value["pid"], line)
            gsub(/%N/, i, line)
            print line
        }
    }'
}

# on_terminal COLUMNS COMMAND...: what the terminal gets.
on_terminal() {
    WITH_RETURNS=yes PATH=$SYSTEM_PATH TERM=xterm on_terminal_of "$1" '' "${@:2}"
}

# section TITLE: its lines of report's text on stdin.
section() {
    sed -n "/^$1/,/^$/p" | sed 1d
}

# ---- The figures ----

figures_are_right() {
    local expected
    expected=$(counted real.log)
    figures_are "$expected" real.log
    # The other format, and both in one file.
    figures_are "$expected" "$RECORDS"
    { head -n 50 "$RECORDS" && tail -n +51 real.log; } >mixed.log
    figures_are "$expected" mixed.log
}

@test "real programs' log: every figure is the one that jq finds, in both formats" {
    [ "$(jq -s 'map(.cause) | unique | length' "$RECORDS")" -ge 20 ]
    on_each_system figures_are_right
}

@test "the JSON log of a real program: every figure is the one that jq finds" {
    talk billing "$LOG" json 3>&-
    figures_are "$(counted "$LOG")" "$LOG"
    [ "$(report --json "$LOG" | jq .records)" -eq 28 ]
}

@test "clients are told without their port, services with it, and without if an address has many" {
    talk billing "$LOG" 3>&-
    run -0 --separate-stderr report "$LOG"
    [[ $output == *$'\npeer-reset   127.0.0.1:'[0-9]*' (4)'$'\n''peer-closed  127.0.0.1 (12), 127.0.0.2:* (12)'$'\n'* ]] || fails_with "$output"
}

@test "the port that is lower is the service's" {
    made 1 1 local 10.0.0.5:443 peer 10.1.1.1:40000 >log
    made 1 1 local 10.0.0.5:5000 peer 10.1.1.2:443 >>log
    made 1 1 local 10.0.0.5:40000 peer 10.1.1.3:50000 >>log
    made 1 1 local '[fd00::5]:443' peer '[fd00::9]:40000' >>log
    made 1 1 local '[fd00::5]:40000' peer '[fd00::a]:443' >>log
    run -0 report --json log
    [ "$(jq -r '.causes[0].peers[].peer' <<<"$output" | sort | tr '\n' ' ')" = "10.1.1.1 10.1.1.2:443 10.1.1.3:50000 [fd00::9] [fd00::a]:443 " ] || fails_with "$output"
}

@test "what the sentence says is no value" {
    made 2 1 | sed 's/ peer=[^ ]*//; s/It was so/In peer=10.7.7.7:7 rx=7 idle_ms=7 prog=x local=10.8.8.8:8 it was so/' >log
    figures_are "$(counted log)" log
    [ "$(report --json log | jq -c '[.causes[0].peers, (.resets | length)]')" = '[[{"peer":"local 10.0.0.5:44312","records":2}],1]' ]
}

@test "the worst level comes first, then the commonest cause" {
    { made 9 1 cause would-block level debug; made 2 1 cause peer-reset; made 3 1 cause timeout; made 1 1 cause bad-argument level error; } >log
    run -0 report log
    [ "$(section Causes <<<"$output" | cut -d' ' -f1 | tr '\n' ' ')" = "bad-argument timeout peer-reset would-block  " ] || fails_with "$output"
    [[ $output == *'timeout       warn         3   20.0%  00:00:00  00:00:02'* ]] || fails_with "$output"
}

text_is_as_before() {
    report real.log | cmp - text
}

@test "the report has its sections, and is the same with every shell and awk" {
    report real.log >text
    [[ $(head -n 1 text) =~ ^real.log:\ $(jq -s 'map(select(.event == "return")) | length' "$RECORDS")\ records\ in\ [0-9.]*s,\ 20[0-9-]*\ [0-9:]*\ to\ [0-9:]*\ UTC$ ]]
    for title in Findings Causes "With whom" Programs "Over time" Resets; do
        grep -q "^$title" text || fails_with "no $title"
    done
    [ "$(wc -L <text)" -le 80 ]
    on_each_system text_is_as_before
}

@test "programs, their starts and processes" {
    { grep -m 1 event=start "$REAL" | sed 's/prog=[^ ]*/prog=billing/; p' && made 5 1 pid 7 && made 4 1 pid 6 && made 3 1 pid 8 && made 2 1 pid 9 && made 1 1 prog nginx pid 5; } >log
    run -0 report log
    [ "$(section Programs <<<"$output")" = "billing        14  4 processes (2 starts): 7 (5), 6 (4), 8 (3) and 1 other
nginx           1  1 process: 5" ] || fails_with "$output"
}

@test "resets by idle time and bytes" {
    { made 3 1 idle_ms 60012 && made 1 1 idle_ms 59600 rx 1 && made 1 1 idle_ms 59600 rx 1023 && made 1 1 idle_ms 7000 rx 70000; made 1 1 idle_ms 40 rx 2000000; } >log
    figures_are "$(counted log)" log
    run -0 report log
    [ "$(section Resets <<<"$output")" = "                         0     1 to 1K   1K to 64K   64K to 1M        more
under 100ms              -           -           -           -           1
100ms to 1s              -           -           -           -           -
1s to 10s                -           -           -           1           -
10s to 1m                -           2           -           -           -
1m to 5m                 3           -           -           -           -" ] || fails_with "$output"
}

@test "findings come first, tables after; no chart for up to four records" {
    { made 3 1 && made 1 1 cause timeout; } >log
    run -0 report log
    [ "$(grep -n -m 1 '^Finding' <<<"$output" | cut -d: -f1)" -lt "$(grep -n '^Causes' <<<"$output" | cut -d: -f1)" ]
    [[ $output == *$'\n1. '*'To do:'* && $output != *"Over time"* && $output != *$'\nResets'* ]] || fails_with "$output"
    made 1 1 >>log
    run -0 report log
    [[ $output == *"Over time"*$'\nResets'* ]] || fails_with "$output"
    made 9 1 cause peer-closed level info >log
    run -0 report log
    [[ $output == *$'\nNo findings: there is no pattern of failures in these records.\nA call that succeeds leaves no record'*"an answer that"*"is data: if the program reports an error,"*"doctor PID while it"* ]] || fails_with "$output"
    made 1 1 cause other >log # a failure leads on, and nothing else is advised
    run -0 report log
    [[ $output == *$'\nNo findings: '*$'\nTo go on: sockshim explain other'* && $output != *"A call that succeeds"* ]] || fails_with "$output"
}

# ---- Over time ----

@test "over time: blocks, or ASCII where the locale wants it, with times on the axis" {
    { made 8 1; made 4 3; } >log
    run -0 report log
    [ "$(sed -n '/^Over time (a column is 150ms/,/^$/p' <<<"$output" | sed 1d)" = "peer-reset   2 █                   █                   █
               █                   █                   █
               █     █      █      █     █      █      █     █             █
               █     █      █      █     █      █      █     █             █
               |00:00:00    |00:00:02    |00:00:04     |00:00:06    |00:00:08" ] || fails_with "$output"
    LC_ALL=C run -0 report log
    [ "$(section "Over time" <<<"$output" | head -n 4)" = "peer-reset   2 #                   #                   #
               #                   #                   #
               #     #      #      #     #      #      #     #             #
               #     #      #      #     #      #      #     #             #" ] || fails_with "$output"
}

@test "over time: a row for what is bad, and one for each cause" {
    { made 8 1; made 4 1 cause timeout; made 20 1 cause peer-closed level info; made 20 1 cause would-block level debug; } >log
    run -0 report log
    [ "$(section "Over time" <<<"$output" | cut -c 1-15 | grep '[a-z]')" = "warn, error   2
peer-reset    1
timeout       1
peer-closed   1" ] || fails_with "$output"
}

@test "over time: one among many is seen" {
    { made 900 0; made 2 1; } >log
    run -0 report log
    [[ $(section "Over time" <<<"$output" | sed -n 4p) =~ ^\ *█\ +▁$ ]] || fails_with "$output"
}

# spans COUNT STEP LABELS: the figures are right for what STEP apart spans.
spans() {
    made "$1" "$2" >log
    # Nobody promises an order.
    { tac log | awk 'NR % 2 == 0'; awk 'NR % 2 == 0' log; } >mixed
    figures_are "$(counted log)" mixed
    report log | section "Over time" | tail -n 2 | head -n 1 >axis
    [ "$(sed 's/^ *//; s/  *|/ |/g' axis)" = "$3" ] || fails_with "$(cat axis)"
}

spans_are_right() {
    spans 400 0.001 "|00:00:00.000 |00:00:00.200"
    spans 400 0.25 "|00:00:00 |00:00:30 |00:01:00 |00:01:30"
    spans 300 20 "|11-01 |00:30 |01:00 |01:30"
    BEGIN=50000 spans 400 0.25 "|13:53:30 |13:54:00 |13:54:30"
    spans 500 3600 "|11-03 |11-07 |11-11 |11-15 |11-19"
}

@test "over time: from milliseconds to weeks, and in any order" {
    on_each_system spans_are_right
}

@test "over time: a clock that was wrong once" {
    { made 50 60 && sed 's/2026-11-01/1970-01-01/; q' <(made 1 1) && sed 's/2026-11-01/2999-12-31/; q' <(made 1 1); } >log
    figures_are "$(counted log)" log
    run -0 report log
    [[ $output == *"1970-01-01 00:00:00 to 2999-12-31 00:00:00 UTC"* ]] || fails_with "$output"
}

# ---- Logs ----

same_from_anywhere() {
    local expected
    expected=$(figures "$REAL")
    head -n 50 "$REAL" >log.1
    tail -n +51 "$REAL" >log
    figures_are "$expected" log log.1
    figures_are "$expected" log.1 log
    gzip -c log.1 >log.1.gz
    figures_are "$expected" log log.1.gz
    figures_are "$expected" log.1 - <log
    figures_are "$expected" - <"$REAL"
    cat "$REAL" | figures_are "$expected"
    # Whatever its name, and through a descriptor.
    gzip -c "$REAL" >zipped
    figures_are "$expected" - <zipped
    figures_are "$expected" zipped
    cat zipped | figures_are "$expected"
    figures_are "$expected" <(cat zipped)
    # Behind --, a name may look like an option.
    cp "$REAL" ./--json
    figures_are "$expected" -- --json
    [ "$(report --json log log.1.gz | jq -c .logs)" = '["log","log.1.gz"]' ]
}

@test "several logs, in any order, compressed, from standard input" {
    on_each_system same_from_anywhere
}

is_said_to_be_missing() {
    run -2 --separate-stderr report "log.$1"
    [ -z "$output" ]
    [ "$stderr" = "sockshim: log.$1 is compressed, and there is no $1 here to read it" ] || fails_with "$stderr"
    run -2 --separate-stderr report - <"log.$1"
    [ "$output" = "standard input: no records" ]
    [ "$stderr" = "sockshim: standard input is compressed, and there is no $1 here to read it" ] || fails_with "$stderr"
}

@test "xz, zstd and bzip2; and without them it is said which is missing" {
    local tool expected
    expected=$(figures "$REAL")
    for tool in xz zstd bzip2; do
        "$tool" -c "$REAL" >"log.$tool"
        figures_are "$expected" "log.$tool"
        cat "log.$tool" | figures_are "$expected" -
    done
    # A shell that has nothing but what is in the folder, and busybox's, which may
    # have unpackers built in that no folder shows (Debian's busybox-static).
    use busybox busybox
    rm -f bin/xz bin/bzip2
    ln -sf "$(command -v dash)" bin/sh
    for tool in xz zstd bzip2; do
        is_said_to_be_missing "$tool"
    done
    ln -sf "$(command -v busybox)" bin/sh
    for tool in xz zstd bzip2; do
        if PATH=$SYSTEM_PATH sh -c 'command -v "$0" >/dev/null' "$tool"; then
            figures_are "$expected" "log.$tool"
        else
            is_said_to_be_missing "$tool"
        fi
    done
}

others_are_read() {
    local expected
    expected=$(figures "$REAL")
    mkdir -p empty
    run -2 --separate-stderr figures none "$REAL" empty
    [ "$stderr" = "sockshim: empty: no log in this directory
sockshim: none: no such file" ] || fails_with "$stderr"
    [ "$output" = "$expected" ]
    head -c $(($(wc -c <zipped) * 3 / 4)) zipped >short
    run -2 --separate-stderr figures "$REAL" short
    [ "$stderr" = "sockshim: short: gzip could not read all of it; it is damaged or truncated" ] || fails_with "$stderr"
    [ "$(jq .records <<<"$output")" -gt "$(jq .records <<<"$expected")" ]
}

@test "a log that cannot be read: one line, exit status 2, and the others are read" {
    # So long that each gzip has written something before it finds the end missing.
    cat "$REAL" "$REAL" "$REAL" | gzip -c >zipped
    on_each_system others_are_read
    run -2 --separate-stderr report none
    [ "$stderr" = "sockshim: none: no such file" ]
    [ -z "$output" ]
    cp "$REAL" secret
    chmod 0 secret
    if [ "$(id -u)" -eq 0 ]; then
        install_for_others
        run -2 --separate-stderr setpriv --reuid 65534 --clear-groups inst/bin/sockshim report secret
    else
        run -2 --separate-stderr report secret
    fi
    [ "$stderr" = "sockshim: secret: permission denied" ] || fails_with "$stderr"
}

@test "a log on standard input that this user may not open" {
    cp "$REAL" secret
    chmod 600 secret
    install_for_others
    run -0 --separate-stderr setpriv --reuid 65534 --clear-groups inst/bin/sockshim report --json <secret
    [ -z "$stderr" ]
    [ "$(jq .records <<<"$output")" = "$(jq -s 'map(select(.event == "return")) | length' "$RECORDS")" ]
}

nothing_to_tell() {
    run -0 report empty
    [ "$output" = "empty: no records" ]
    run -0 report started
    [ "${lines[0]}" = "started: no records: no socket call failed, or met the end of its connection" ]
    [[ ${lines[*]:1} == "A call that succeeds leaves no record"*"sockshim doctor PID"*"-- COMMAND)." ]] || fails_with "$output"
    # Nothing is said of what the log was told to leave out.
    sed 's/level=debug\( close=\)/level=info\1/' started >quiet
    run -0 report quiet
    [ "${lines[0]}" = "quiet: no records" ]
    [[ ${lines[*]} == *"quiet was told to leave out everything below level info: nothing is known about that."* ]] || fails_with "$output"
    [ "$(report --json empty | jq -c '[.records, .first, .causes, .buckets]')" = '[0,null,[],[]]' ]
}

@test "a log without records" {
    : >empty
    grep -m 1 event=start "$REAL" >started
    on_each_system nothing_to_tell
}

# ---- Lines that are no records ----

others_are_counted() {
    local expected
    expected=$(figures "$REAL")
    figures_are "$expected" torn
    [ "$(report --json torn | jq -c '[.other_lines, .first_other_lines[].line]')" = "[$1,3,54,55]" ] || fails_with "$(report --json torn | jq -c '[.other_lines, .first_other_lines]')"
    report torn | sed -n '2,/^$/p' >said
    grep -qx "$1 lines are not records; the first are:" said || fails_with "$(cat said)"
    grep -q '^  torn:3: a program said this ' said
    grep -qx '  torn:54: ts=2026-11-22T11:03:22.1' said
}

@test "lines that are no records are counted and named; empty ones are neither" {
    {
        head -n 2 "$REAL"
        printf 'a program said this%9000s\n' .
        sed -n '3,50p' "$REAL"
        printf '\n\nts=2026-11-22T11:03:22.1\n'
        printf '\0\0\0\n{"ts":"2026-11-22T11:03:22.123456Z","level":"warn"}\n'
        tail -n +51 "$REAL"
        grep -m 1 'event=return' "$REAL" | head -c 200
    } >torn
    on_each_system others_are_counted 5
}

no_half_records() {
    [ "$(report --json halves | jq -c '[.records, .other_lines]')" = "[0,$(wc -l <halves)]" ]
}

@test "half a record is none, wherever it was cut" {
    { grep -m 1 cause=peer-reset "$REAL"; grep -m 1 'prog="' "$REAL"; grep -m 1 cause=peer-reset "$REAL" >one && as_json one | jq -c .; } |
        awk '{ for (n = 1; n < length($0); n++) print substr($0, 1, n) }' >halves
    [ "$(wc -l <halves)" -gt 1000 ]
    on_each_system no_half_records
}

junk_does_no_harm() {
    figures_are "$1" junk
    report --json junk | jq -e '.other_lines > 1000' >/dev/null
    report junk | iconv -f UTF-8 -t UTF-8 >/dev/null
}

@test "binary junk in a log" {
    { head -n 50 "$REAL" && junk && echo && tail -n +51 "$REAL"; } >junk
    on_each_system junk_does_no_harm "$(figures "$REAL")"
}

# The same bytes every time.
junk() {
    "$PYTHON" -c 'import random, sys; random.seed(1); sys.stdout.buffer.write(random.randbytes(400000))'
}

one_line_does_no_harm() {
    {
        head -n 3 "$REAL"
        head -c 134217728 /dev/zero | tr '\0' x
        echo
        tail -n 3 "$REAL"
    } | (ulimit -v 64000 && report --json -) >said
    [ "$(jq -c '[.records + (.events | add), .other_lines, .first_other_lines[0].line]' said)" = "[6,1,4]" ] || fails_with "$(cat said)"
}

@test "128 MB in one line, in 64 MB of memory" {
    on_each_system one_line_does_no_harm
}

@test "what stands in quotes is no key and no value of another one" {
    cat >log <<'END'
ts=2026-11-22T12:00:00.000001Z level=warn event=return pid=7 tid=7 prog="a peer=1.2.3.4:5 cause=timeout b\" call=x" call=recv fd=5 ret=-1 errno=104 error=ECONNRESET len=10 type=tcp local=10.0.0.5:40000 peer=10.0.0.9:80 state=CLOSE rx=1 tx=1 unacked=0 unsent=0 side=connected idle_ms=1 rtt_us=8 retrans=0 at="x y=z+0x1" cause=peer-reset why="It \"was\" peer=9.9.9.9:9 so."
END
    report --json log >told
    [ "$(jq -c '[.programs[0].prog, .causes[0].cause, .causes[0].peers]' told)" = '["a peer=1.2.3.4:5 cause=timeout b\" call=x","peer-reset",[{"peer":"10.0.0.9:80","records":1}]]' ] ||
        fails_with "$(cat told)"
}

begins_with_a_quote() {
    PATH=$SYSTEM_PATH timeout 60 sh "$SOCKSHIM_COMMAND" report --json log >told || fails_with "$?"
    [ "$(jq -c '[.records, .programs[0].prog]' told)" = '[1,"\"b\" x"]' ] || fails_with "$(cat told)"
}

# Most awks have the first character at the places before it, too.
@test "a value that begins with a quote ends" {
    cat >log <<'END'
ts=2026-11-22T12:00:00.000001Z level=warn event=return pid=7 tid=7 prog="\"b\" x" call=recv fd=5 ret=-1 errno=104 error=ECONNRESET cause=peer-reset why="\"\"\"It\""
END
    on_each_system begins_with_a_quote
}

# ordinary COUNT: what most logs consist of. Half of it comes of an event loop.
ordinary() {
    awk -v count="$1" 'BEGIN {
        for (i = 0; i < count; i++) {
            head = sprintf("ts=2026-11-22T12:00:00.%06dZ", i * 9)
            if (i % 2)
                print head, "level=debug event=return pid=7 tid=7 prog=app call=recv fd=5 ret=-1 errno=11 error=EAGAIN len=4096 cause=would-block why=\"Nothing to read yet, and the call does not block.\""
            else
                print head, "level=info event=return pid=7 tid=7 prog=app call=recv fd=" i % 90, "ret=0 errno=0 len=4096 type=tcp local=10.0.0.5:" 32768 + i % 9999, "peer=10.0.0.9:80 state=CLOSE_WAIT rx=5 tx=7 unacked=0 unsent=0 side=connected idle_ms=1 sent_ms=1 rtt_us=85 retrans=0 at=app+0x1234 cause=peer-closed why=\"10.0.0.9:80 finished sending (FIN): an orderly end after 5 bytes.\""
        }
    }'
}

# instructions FILE: of the awk that is first in PATH, for this log. The one that reads it:
# others take their part in the command.
instructions() {
    rm -f counted.*
    PATH=$PWD/counting:$PATH sh "$SOCKSHIM_COMMAND" report "$1" >told || return
    sed -n 's/^summary: //p' counted.* | sort -n | tail -1
}

# count_instructions_of AWK: from now on.
count_instructions_of() {
    mkdir -p counting
    printf '#!/bin/sh\nexec valgrind --log-file=/dev/null --tool=cachegrind --cache-sim=no --cachegrind-out-file=%s/counted.%%p %s "$@"\n' \
        "$PWD" "$(command -v "$1")" >counting/awk
    chmod +x counting/awk
}

# What 2,000 more make: what awk does once is not in it.
instructions_a_record() {
    local count
    for count in 1000 3000; do
        ordinary $count >made
        instructions made || return
        grep -q "$(sed 's/./&,/1' <<<$count) records" told || fails_with "$(cat told)"
    done | awk 'NR == 1 { fewer = $1 } END { printf "%.0f", ($1 - fewer) / 2000 }'
}

@test "an ordinary record costs report 52,000 instructions with gawk, and 30,000 with mawk, at most" {
    local kind each
    for kind in "gawk 52000" "mawk 30000"; do
        count_instructions_of "${kind% *}"
        each=$(instructions_a_record)
        [[ $each -gt 1000 && $each -le ${kind#* } ]] || fails_with "$kind: $each"
    done
}

instructions_a_kilobyte() {
    local bytes
    for bytes in 100000 300000; do
        awk -v kind="$1" -v bytes=$bytes -f "$TOP/tests/bench/reading.awk" >made
        instructions made || return
    done | awk 'NR == 1 { fewer = $1 } END { printf "%.0f", ($1 - fewer) / 200 }'
}

@test "a log that is made to be slow costs report four times an ordinary one of its size at most, also if nothing in a record was there before" {
    local awk kind ordinary each
    for awk in gawk mawk; do
        count_instructions_of "$awk"
        ordinary=$(instructions_a_kilobyte ordinary)
        for kind in quoted settings escapes prefixes peers; do
            each=$(instructions_a_kilobyte $kind)
            [[ $ordinary -gt 1000 && $each -gt 1000 && $each -le $((4 * ordinary)) ]] || fails_with "$awk $kind: $each, ordinary $ordinary"
        done
    done
}

peers_do_no_harm() {
    (ulimit -v 64000 && report --json peers) >said
    [ "$(jq -c '[.records, .causes[0].peers[0], .causes[0].peers[1].records, .causes[0].different_peers <= 20000]' said)" = '[45000,{"peer":"10.9.9.9:443","records":15000},1,true]' ] || fails_with "$(head -c 1000 said)"
}

@test "more peers and processes than memory is for: the frequent ones are told, and that there were more" {
    awk 'BEGIN {
        for (i = 0; i < 45000; i++) {
            number = i % 3 ? i : 7
            peer = i % 3 ? "10." int(i / 65536) "." int(i / 256) % 256 "." i % 256 ":443" : "10.9.9.9:443"
            print "ts=2026-11-22T11:03:22.123456Z level=warn event=return pid=" number " tid=" number " prog=p" number " call=recv fd=7 ret=-1 errno=104 error=ECONNRESET len=4096 type=tcp local=10.0.0.5:44312 peer=" peer " state=CLOSE rx=0 tx=5 unacked=0 unsent=0 idle_ms=60012 rtt_us=85 retrans=0 cause=peer-reset why=\"It was so.\""
        }
    }' >peers
    on_each_system peers_do_no_harm
    use dash mawk
    report peers >said
    grep -q '^There are too many different peers' said
    section "With whom" <said | tr -s '\n ' ' ' | grep -q '10.9.9.9:443 (15,000), .* and at least [0-9,]* others $'
}

# ---- What a terminal would obey ----

# expect_none BYTES FILE
expect_none() {
    [ "$(LC_ALL=C grep -c "$(printf "$1")" "$2")" -eq 0 ] || fails_with "$(grep -a "$(printf "$1")" "$2" | cat -v)"
}

nothing_to_obey() {
    local charset
    for charset in C.UTF-8 C; do
        LC_ALL=$charset report evil >said
        expect_none '[\1-\11\13-\37\177]' said
        expect_none '\302[\200-\237]' said
    done
    expect_none '[\200-\377]' said
    report evil >said
    iconv -f UTF-8 -t UTF-8 said >/dev/null
    grep -q '^größe?' said
    report --json evil | jq -e '.records == 6 and .other_lines == 2' >/dev/null
}

@test "control characters, in any place of a log and in its name, reach neither terminal nor JSON" {
    local bad
    bad=$(printf '\033[31m\007\302\233\377\342\200\256\177')
    {
        made 2 1 peer "/run/$bad"
        made 2 1 prog "größe$bad"
        made 1 1 pid "$bad"
        made 1 1 prog "\"a$bad\""
        echo "$bad \"said\" \\ so"
        made 1 1 cause "$bad"
        sed "s/event=start/event=config/; s/version=.*/why=\"$bad\"/" <(grep -m 1 event=start "$REAL")
    } >evil
    on_each_system nothing_to_obey
    cp evil "$bad"
    run -0 report "$bad"
    [[ $output != *$'\033'* ]]
    report --json "$bad" | jq -e '.logs | length == 1' >/dev/null
}

# ---- The shim's own records ----

@test "lost records, wrong settings, refusals and rotations are told" {
    {
        cat "$REAL"
        echo 'ts=2026-11-22T11:03:22.123456Z level=error event=lost pid=1 tid=1 prog=billing lost=1200 why="1200 records of this process could not be written before this line."'
        echo 'ts=2026-11-22T11:03:22.123456Z level=error event=lost pid=1 tid=1 prog=billing lost=34 why="34 records of this process could not be written before this line."'
    } >log
    run -0 report log
    [[ $output == *$'\n1,234 records more could not be written'*$'\nA setting is wrong, 1 time in core: SOCKSHIM_LEVEL: loud is not allowed'*$'\nThe program tried to undo a forced setting, 1 time in '* ]] || fails_with "$output"
    [ "$(report --json log | jq -c '[.lost, .events.lost, (.complaints | length)]')" = "[1234,2,2]" ] || fails_with "$(report --json log | jq -c '[.lost, .events.lost, .complaints]')"
    rm -f "$LOG"
    shimmed SOCKSHIM_LOG_LIMIT=2K "$PYTHON" "$TOP/tests/programs/talks.py" 4 0.1 12 12 3>&-
    run -0 report "$LOG"
    [[ $output == *$'\n1 rotation. The log reached its limit; older records are in'* ]] || fails_with "$output"
}

# ---- Choosing ----

# chosen FILTER WORD...: what WORD... leave of the log is what jq's FILTER does.
chosen() {
    local filter=$1
    shift
    jq -c -S "select(.event == \"return\" and ($filter))" "$RECORDS" |
        jq -s -S --argjson all "$(jq -s 'map(select(.event == "return")) | length' "$RECORDS")" '{
            records: length, left_out: ($all - length),
            causes: (group_by(.cause) | map({cause: .[0].cause, records: length}))}' >expected
    jq -e '.records > 0 and .left_out > 0' expected >/dev/null || fails_with "nothing to choose by $filter"
    report --json "$@" real.log |
        jq -S '{records, left_out, causes: (.causes | map({cause, records}) | sort_by(.cause))}' | diff expected - ||
        fails_with "$*"
}

chosen_are_right() {
    local ts
    ts=$(jq -rs 'map(.ts) | sort | .[length / 2 | floor]' "$RECORDS")
    chosen ".ts >= \"$ts\"" --since "$ts"
    chosen ".ts < \"$ts\"" --until="$ts"
    chosen '.cause == "peer-reset" or .cause == "timeout"' --cause peer-reset,timeout
    chosen '.cause == "peer-reset" or .cause == "timeout"' --cause 'timeout , peer-reset'
    chosen '.cause | startswith("peer-")' --cause 'peer-*'
    chosen '.prog == "billing"' --prog=bill*
    chosen '.prog == "a \"b\" cause=c why="' --prog 'a *'
    chosen '.peer != null and (.peer | startswith("127.0.0.2:"))' --peer 127.0.0.2
    chosen '.peer == null and .peer_pid != null' --peer 'process *'
    chosen '.peer == null and .peer_pid == null and .local != null' --peer 'local *'
    chosen '.level == "warn" or .level == "error"' --level warn
    chosen '.prog == "billing" and .cause == "peer-closed"' --prog billing --cause peer-closed
}

@test "--since, --until, --cause, --peer, --prog and --level: what they leave is what jq selects" {
    on_each_system chosen_are_right
}

@test "a filter that leaves nothing says how much it left out" {
    made 3 1 >log
    run -0 report --cause timeout log
    [ "$output" = "log: no records match the filters (3 left out)
causes in it: peer-reset (3)" ] || fails_with "$output"
    run -0 report --level warn --until 2026-11-01T00:00:01 log
    [ "${lines[0]}" = "log: 1 record in 0ms, 2026-11-01 00:00:00 to 00:00:00 UTC" ] || fails_with "$output"
    [ "${lines[1]}" = "2 more records are left out by the filters" ] || fails_with "$output"
}

# wrong MESSAGE WORD...
wrong() {
    local message=$1
    shift
    run -2 --separate-stderr report "$@"
    [ -z "$output" ]
    [ "$stderr" = "sockshim: $message; see sockshim help report" ] || fails_with "$stderr"
}

@test "wrong use: one line, with the nearest right word" {
    wrong "unknown option --jsn (did you mean --json?)" --jsn log
    wrong "--json takes no value" --json=yes log
    wrong "--since needs a value" log --since
    wrong "last week is not a valid time for --since; try 2026-11-22T03:00, 03:00, yesterday, or 15m (ago)" --since "last week" log
    wrong "unknown cause or errno: peer-rest (did you mean peer-reset?)" --cause timeout,peer-rest log
    wrong "unknown cause or errno: ECONRESET (did you mean ECONNRESET?)" --cause ECONRESET log
    wrong "--pid nginx is not allowed; allowed: process IDs, separated by commas" --pid nginx log
    wrong "--local takes no value" --local=yes log
    wrong "--level wran is not allowed; allowed: debug, info, warn, error" --level wran log
    wrong "--color red is not allowed; allowed: auto, always, never" --color=red log
    run -2 on_terminal 80 sh "$SOCKSHIM_COMMAND" report
    [[ $output == "sockshim: no log is named, and there is no sockshim.log here; see sockshim help report"* ]]
    run -0 report --help
    [[ ${lines[0]} == "usage: sockshim report [OPTIONS] [LOG...]" ]]
}

# ---- On a terminal ----

@test "on a terminal there are colours, unless they are not wanted" {
    made 3 1 >log
    run -0 on_terminal 80 sh "$SOCKSHIM_COMMAND" report log
    [[ $output == *$'\033[33mpeer-reset  warn '* ]] || fails_with "$output"
    run -0 on_terminal 80 env NO_COLOR=1 sh "$SOCKSHIM_COMMAND" report log
    [[ $output != *$'\033'* ]]
    run -0 on_terminal 80 sh "$SOCKSHIM_COMMAND" report --color never log
    [[ $output != *$'\033'* ]]
    run -0 report log
    [[ $output != *$'\033'* ]]
    run -0 report --color=always log
    [[ $output == *$'\033[33mpeer-reset  warn '* ]]
}

@test "as wide as the terminal" {
    local columns width
    made 3000 1 >log
    for columns in 40 60 80 132 200; do
        width=$(on_terminal "$columns" sh "$SOCKSHIM_COMMAND" report --color never log | tr -d '\r' | sed 's/█/#/g' | tee said | wc -L)
        [ "$width" -le "$columns" ] || fails_with "$width columns of $columns"
        # The chart fills most of it.
        width=$(grep '^peer-reset .*#' said | wc -L)
        [ "$width" -ge "$((columns * 2 / 3))" ] || fails_with "$width columns of $columns"
    done
    COLUMNS=100 report log >said
    [ "$(wc -L <said)" -gt 80 ]
}

# times CAUSE: what stands behind its share.
times() {
    sed -n "s/^$1 .*%  *//p" said | tr -s ' '
}

narrow_enough() {
    [ "$(tr -d '\r' <said | sed 's/█/#/g' | wc -L)" -le "$1" ] || fails_with "$(cat said)"
}

@test "the longest cause over days, over New Year, and the figures on a narrow terminal" {
    made 2 90000 cause local-shutdown-write >days
    report days >said
    narrow_enough 80
    [ "$(times local-shutdown-write)" = "11-01 00:00:00 11-02 01:00:00" ]
    sed '2s/2026-11-02/2027-01-02/' days >years
    report years >said
    narrow_enough 80
    [ "$(times local-shutdown-write)" = "2026-11-01 2027-01-02" ]
    { made 1234 1 rx 2000; made 5 1 rx 0; made 1 1 rx 70000; } >log
    COLUMNS=40 report log >said
    narrow_enough 40
    grep -qx ' *0 *<1K *<64K *<1M *more' said
    grep -qx '1m to 5m  *5  *-  *1,234  *1  *-' said
    [ "$(times peer-reset)" = "" ]
    COLUMNS=64 report log >said
    [ "$(times peer-reset)" = "00:00:00 00:20:33" ]
}

shows_progress() {
    on_terminal 80 sh "$SOCKSHIM_COMMAND" report big >shown
    grep -q $'\rsockshim: 4 of 1[0-9] MB, [23][0-9]% ' shown || fails_with "$(head -c 300 shown)"
    grep -q $'\rsockshim: 8 of 1[0-9] MB, [5-8][0-9]% ' shown
    # It is gone before anything else is said.
    grep -qP '\r {40}\r\x1b|\r {40}\rbig: ' shown
    gzip -1 -c big | on_terminal 80 sh -c "gzip -dc <&3 | sh '$SOCKSHIM_COMMAND' report -" 3<&0 >shown
    grep -q $'\rsockshim: 4 MB ' shown
    report big 2>said >/dev/null
    [ ! -s said ]
}

@test "progress on stderr when that is a terminal, and only then" {
    made 1 1 >log
    awk '{ for (i = 0; i < 36000; i++) print }' log >big
    on_each_system shows_progress
}
