#!/usr/bin/env bats
# `sockshim follow`: each record of a growing log once, whatever becomes of the
# log's name, and nothing on the terminal that does not belong there.

bats_require_minimum_version 1.5.0

load helpers
load each_system
load on_terminal
load many

# The logs here are long.
fails_with() {
    echo "$*" | cut -c 1-300 | head -n 40
    return 1
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export LC_ALL=C
    use dash mawk
}

# Of a test that failed, too.
teardown() {
    [ -z "${FOLLOW-}" ] || pkill -KILL -s "$FOLLOW" || :
    end_backgrounds
}

# anew COMMAND...: without the log of the system before.
anew() {
    rm -f "$LOG" "$LOG".*
    "$@"
}

follow() {
    PATH=$SYSTEM_PATH timeout "$(patience)" sh "$SOCKSHIM_COMMAND" follow "$@"
}

# start_follow WORD...: follows $LOG in a session of its own, with signals as a
# terminal's program has them, in the background. What it shows is in the file
# shown. Returns when it has come to the end of the log.
start_follow() {
    : >shown
    background env --default-signal=INT,QUIT,PIPE setsid env PATH="$SYSTEM_PATH" \
        sh "$SOCKSHIM_COMMAND" follow "$@" "$LOG" >shown 2>said
    FOLLOW=$BACKGROUND
    wait_until is_following
}

is_following() {
    local pid
    [ -e "$LOG" ] || { [ -s said ] && return; }
    for pid in $(pgrep -s "$FOLLOW"); do
        [ "$(readlink "/proc/$pid/fd/4")" != "$LOG" ] ||
            [ "$(position "$pid")" != "$(stat -c %s "$LOG")" ] || return 0
    done
    return 1
}

position() {
    awk '/^pos:/ { print $2 }' "/proc/$1/fdinfo/4"
}

end_follow() {
    kill -TERM "$FOLLOW"
    wait "$FOLLOW" 2>/dev/null || :
    wait_until nothing_is_left
}

# But perhaps zombies, which are init's affair.
nothing_is_left() {
    ! pgrep -s "$FOLLOW" -r D,R,S,T >/dev/null
}

# records FIRST LAST: like a program's, except that the descriptor counts them.
made() {
    seq -f "ts=2026-11-22T11:03:22.123456Z level=${3-warn} event=return pid=1234 tid=1240 prog=billing call=recv fd=%g ret=-1 errno=104 error=ECONNRESET len=4096 type=tcp local=10.0.0.5:44312 peer=10.0.0.9:80 state=CLOSE rx=0 tx=512 unacked=0 unsent=3 idle_ms=60012 rtt_us=85 retrans=2 cause=${4-peer-reset} why=\"10.0.0.9:80 said \\\"no\\\" (RST) before it sent a single byte back.\"" "$1" "$2"
}

# The numbers that were shown, and those that should be.
shown() {
    sed -n 's/.* recv(\([0-9]*\)) .*/\1/p' "${1-shown}" | tr '\n' ' '
}

shows() {
    [ "$(shown)" = "$(echo "$@") " ]
}

# expect_shown NUMBER...: these and no others, once each, in this order.
expect_shown() {
    wait_until shows "$@" || fails_with "shown: $(shown)"
}

# ---- A line a record ----

@test "a record is a short line: when, who, the call, the cause, the peer, the figures" {
    shimmed SOCKSHIM_CLOSE=off "$PROGRAMS/core" refused reset eof >/dev/null
    run -0 --separate-stderr follow - <"$LOG"
    [ -z "$stderr" ]
    local time='20[0-9-]*T[0-9:.]*Z' who='core\[[0-9]*\]' peer='127.0.0.1:[0-9]*'
    [[ ${lines[0]} =~ ^$time\ $who\ start\ \ sockshim\ [0-9.]*\ in\ $PROGRAMS/core\ \ log=$LOG\ limit=1G ]] || fails_with "$output"
    [[ ${lines[1]} =~ ^$time\ $who\ connect\([0-9]*\)\ =\ -1\ ECONNREFUSED\ \ connection-refused\ \ 127.0.0.1:1$ ]] || fails_with "$output"
    [[ ${lines[2]} =~ ^$time\ $who\ recv\([0-9]*\)\ =\ -1\ ECONNRESET\ \ peer-reset\ \ $peer\ \ rx=0\ tx=0$ ]] || fails_with "$output"
    [[ ${lines[3]} =~ ^$time\ $who\ send\([0-9]*\)\ =\ -1\ EPIPE\ \ write-after-close\ \ $peer\ \ rx=0\ tx=0$ ]] || fails_with "$output"
    [[ ${lines[4]} =~ ^$time\ $who\ recv\([0-9]*\)\ =\ 0\ \ peer-closed\ \ $peer\ \ rx=5\ tx=3$ ]] || fails_with "$output"
    [ "${#lines[@]}" -eq 5 ]
}

same_in_json() {
    shimmed SOCKSHIM_FORMAT="$1" "$PYTHON" - <<'END'
import socket, time
def failing(call, *words):
    try:
        call(*words)
    except OSError:
        pass
failing(socket.socket, 99, 1)
s = socket.socket(socket.AF_UNIX)
failing(s.connect, "/none \"here\"")
one, other = socket.socketpair()
other.close()
one.recv(1)
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.connect(("127.0.0.1", 9))
failing(d.send, b"x" * 70000)
listening = socket.create_server(("127.0.0.1", 0))
failing(socket.create_server, listening.getsockname())
late = socket.socket()
late.setblocking(False)
failing(late.connect, ("127.0.0.1", 1))
late.setblocking(True)
while not late.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
    time.sleep(0.01)
late.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
END
    follow - <"$LOG" | sed 's/^[^ ]* python3\[\([0-9]*\)\]//; s/process [0-9]*/process N/; s/local 127.0.0.1:[0-9]*/local A/; s/([0-9]*)/(N)/'
}

every_kind_of_record() {
    local expected=' connect(N) = -1 ENOENT  no-such-socket  unix-stream  /none \"here\"
 recv(N) = 0  peer-closed  unix-stream  process N
 send(N) = -1 EMSGSIZE  message-too-big  udp  127.0.0.1:9  len=70000
 bind(N) = -1 EADDRINUSE  address-in-use  local A
 connect(N) = -1 EINPROGRESS  in-progress  127.0.0.1:1
 getsockopt(N) = 0 SO_ERROR ECONNREFUSED  connection-refused  127.0.0.1:1
 refused  setsockopt(N)  The program turned TCP_NODELAY off; the call reported success, but '
    run -0 same_in_json logfmt
    [[ ${lines[0]} == " socket(N) = -1 EAFNOSUPPORT  not-supported  99/1" && ${lines[1]} == " start  sockshim "* ]] || fails_with "$output"
    [[ $output == *$'\n'"$expected"* ]] || fails_with "$output"
    rm "$LOG"
    local logfmt=${output//format=logfmt/format=json}
    run -0 same_in_json json
    [ "$output" = "$logfmt" ] || fails_with "$output"
}

@test "every kind of record, in JSON the same" {
    on_each_system anew every_kind_of_record
}

@test "figures are there where they say something" {
    run -0 follow - < <(made 7 7)
    [ "$output" = "2026-11-22T11:03:22.123456Z billing[1234] recv(7) = -1 ECONNRESET  peer-reset  10.0.0.9:80  rx=0 tx=512 unsent=3 retrans=2 idle=1m00s" ] || fails_with "$output"
    run -0 follow - < <(made 7 7 | sed 's/idle_ms=60012/idle_ms=1500/; s/unsent=3/unsent=0/; s/retrans=2/retrans=0/')
    [[ $output == *"rx=0 tx=512 idle=1.5s" ]] || fails_with "$output"
    run -0 follow - < <(made 7 7 | sed 's/idle_ms=60012/idle_ms=7500000/; s/ pid=1234 tid=1240//; s/error=ECONNRESET //')
    [[ $output == *"Z billing recv(7) = -1 errno 104  peer-reset"*" idle=2h05m" ]] || fails_with "$output"
}

@test "--why shows the sentence" {
    run -0 follow --why - < <(made 7 7)
    [ "${lines[1]}" = '    10.0.0.9:80 said "no" (RST) before it sent a single byte back.' ] || fails_with "$output"
    shimmed SOCKSHIM_LOG_LIMIT=1 "$PROGRAMS/core" refused >/dev/null
    run -0 follow --why - <"$LOG"
    [[ ${lines[0]} == *" core["*"] rotated" ]] || fails_with "$output"
    [ "${lines[1]}" = "    The log reached its limit; older records are in $LOG.1." ]
    run -0 follow - <"$LOG"
    [[ ${lines[0]} == *" rotated  The log reached its limit; older records are in $LOG.1." ]] || fails_with "$output"
}

# ---- As it grows ----

grows() {
    made 1 12 >"$LOG"
    start_follow
    expect_shown {3..12}
    made 13 13 >>"$LOG"
    expect_shown {3..13}
    made 14 400 >>"$LOG"
    expect_shown {3..400}
    end_follow
    [ ! -s said ] || fails_with "$(cat said)"
}

@test "the last ten, and then each at once" {
    on_each_system anew grows
}

@test "-n says how many of those that are there" {
    made 1 500 >"$LOG"
    start_follow -n 3
    expect_shown 498 499 500
    end_follow
    start_follow -nall
    expect_shown {1..500}
    end_follow
    start_follow -n 0
    made 501 501 >>"$LOG"
    expect_shown 501
    end_follow
}

@test "a line that comes in pieces is one record" {
    made 1 1 >"$LOG"
    start_follow
    expect_shown 1
    made 2 2 | head -c 100 >>"$LOG"
    wait_until is_following
    made 2 2 | tail -c +101 | head -c 100 >>"$LOG"
    wait_until is_following
    [ "$(shown)" = "1 " ]
    made 2 2 | tail -c +201 >>"$LOG"
    expect_shown 1 2
    [ "$(wc -l <shown)" -eq 2 ]
    end_follow
}

# The best of many, and against what it costs to start a program: a machine that is
# loaded or slow is no fault of ours.
@test "a record is shown within a second, and waiting for one costs next to nothing" {
    local i begun best=9999999 before
    made 1 1 >"$LOG"
    start_follow
    expect_shown 1
    sleep 2.5 # it looks less often now
    before=$(ticks)
    sleep 2
    before=$(($(ticks) - before))
    [ "$before" -le "$(ticks_of_programs 200)" ] || fails_with "$before ticks"
    # From one look to the next, not from any moment in between.
    made 2 2 >>"$LOG"
    wait_until grep -q "recv(2)" shown
    for ((i = 3; best >= 1000000 && i < 20; i++)); do
        sleep 0.1
        begun=${EPOCHREALTIME/./}
        made "$i" "$i" >>"$LOG"
        wait_until grep -q "recv($i)" shown
        best=$((${EPOCHREALTIME/./} - begun))
    done
    [ "$best" -lt 1000000 ] || fails_with "$best microseconds"
    end_follow
}

# The processor's time that all of it has had, with children that have ended.
ticks() {
    local pid
    for pid in $(pgrep -s "$FOLLOW"); do
        sed 's/.*) //' "/proc/$pid/stat"
    done | awk '{ sum += $12 + $13 + $14 + $15 } END { print sum }'
}

ticks_of_programs() {
    bash -c 'for ((i = 0; i < $0; i++)); do /bin/true; done; sed "s/.*) //" /proc/$$/stat' "$1" |
        awk '{ print $12 + $13 + $14 + $15 }'
}

@test "a log that is not there yet is waited for, with a word" {
    start_follow
    [ "$(cat said)" = "sockshim: waiting for $LOG" ]
    made 1 20 >"$LOG"
    expect_shown {1..20}
    end_follow
    [ "$(wc -l <said)" -eq 1 ]
}

# ---- Rotation ----

# rotated_often LIMIT: every record of every generation, once.
rotated_often() {
    start_follow -n all
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_LOG_LIMIT="$1" \
        "$PROGRAMS/held" keep "$LOG" "$PROGRAMS/many" 2 1 100000 "$END_FILE" >"$CALLERS"
    MANY=$BACKGROUND
    wait_until is_kept 2
    end_many
    rm "$END_FILE"
    cat "$LOG".kept.* "$LOG.1" "$LOG" | sed -n 's/^ts=\([^ ]*\) .* pid=\([0-9]*\) .*/\1 \2/p' | sort >made
    [ "$(wc -l <made)" -ge "$(calls_made)" ]
    wait_until shows_what_was_made || fails_with "$(diff made got | head)"
    end_follow
}

is_kept() {
    [ -e "$LOG.kept.$1" ]
}

shows_what_was_made() {
    sed -n 's/^\([^ ]*\) [a-z]*\[\([0-9]*\)\] .*/\1 \2/p' shown | sort >got
    cmp -s made got
}

@test "rotated by its limit again and again under 2 processes: each record once" {
    on_each_system anew rotated_often 1M
}

# What logrotate does, and a program that was just about to write.
renamed() {
    made 1 2 >"$LOG"
    exec 7>>"$LOG"
    start_follow
    mv "$LOG" "$LOG.1"
    made 3 3 >&7
    made 4 4 >"$LOG"
    expect_shown 1 2 3 4
    made 5 5 >&7
    expect_shown 1 2 3 4 5
    made 6 6 >>"$LOG"
    # Half a line of one file, and a line of the other.
    made 7 7 | head -c 50 >&7
    expect_shown 1 2 3 4 5 6
    made 8 8 >>"$LOG"
    expect_shown 1 2 3 4 5 6 8
    made 7 7 | tail -c +51 >&7
    expect_shown 1 2 3 4 5 6 8 7
    exec 7>&-
    end_follow
    [ "$(wc -l <shown)" -eq 8 ] && [ ! -s said ]
}

@test "renamed: who still writes to FILE.1 is heard" {
    on_each_system anew renamed
}

@test "who writes to the FILE.1 that was there before is heard, too" {
    made 1 1 >"$LOG.1"
    made 2 2 >"$LOG"
    start_follow
    made 3 3 >>"$LOG.1"
    expect_shown 2 3
    end_follow
}

@test "removed, and moved back" {
    made 1 2 >"$LOG"
    start_follow
    mv "$LOG" elsewhere
    made 3 3 >>elsewhere
    expect_shown 1 2 3
    mv elsewhere "$LOG"
    made 4 4 >>"$LOG"
    expect_shown 1 2 3 4
    rm "$LOG"
    made 5 6 >"$LOG"
    expect_shown 1 2 3 4 5 6
    end_follow
}

truncated() {
    made 1 9 >"$LOG"
    start_follow
    made 10 10 | head -c 50 >>"$LOG"
    expect_shown 1 2 3 4 5 6 7 8 9
    wait_until is_following
    : >"$LOG"
    made 11 11 >>"$LOG"
    expect_shown 1 2 3 4 5 6 7 8 9 11
    end_follow
}

@test "truncated: goes on at its beginning" {
    on_each_system anew truncated
}

@test "a copy that becomes FILE.1 is not shown again, then or later" {
    made 1 9 >"$LOG"
    start_follow
    cp "$LOG" "$LOG.1"
    made 10 10 >>"$LOG"
    expect_shown {1..10}
    made 20 29 >>"$LOG.1"
    : >"$LOG"
    made 11 11 >>"$LOG"
    expect_shown {1..11}
    mv "$LOG" elsewhere
    made 12 12 >"$LOG"
    expect_shown {1..12}
    end_follow
    [ ! -s said ]
}

none_runs() {
    ! pgrep -s "$FOLLOW" -r D,R,S >/dev/null
}

@test "rotated twice while the terminal is stopped: FILE.1 is shown, and that there may be more" {
    made 1 2 >"$LOG"
    start_follow
    expect_shown 1 2
    pkill -STOP -s "$FOLLOW"
    wait_until none_runs
    made 3 3 >>"$LOG"
    mv "$LOG" elsewhere
    made 4 5 >"$LOG.1"
    made 6 7 >"$LOG"
    pkill -CONT -s "$FOLLOW"
    expect_shown 1 2 3 4 5 6 7
    end_follow
    [ "$(cat said)" = "sockshim: $LOG was rotated more than once since the last look: some records may be missing" ] || fails_with "$(cat said)"
}

holds_what_is_gone() {
    local pid
    for pid in $(pgrep -s "$FOLLOW"); do
        readlink "/proc/$pid/fd/"*
    done | grep -qxF "$LOG (deleted)"
}

@test "a file that was removed is let go" {
    made 1 1 >"$LOG"
    start_follow
    rm "$LOG"
    made 2 2 >"$LOG"
    expect_shown 1 2
    holds_what_is_gone
    busy() {
        made 3 3 >>"$LOG"
        ! holds_what_is_gone
    }
    wait_until busy
    end_follow
}

@test "a new log that cannot be read is named once" {
    install_for_others
    made 1 1 >"$LOG"
    background setsid setpriv --reuid=nobody --regid=nogroup --clear-groups -- \
        inst/bin/sockshim follow "$LOG" >shown 2>said
    FOLLOW=$BACKGROUND
    expect_shown 1
    rm "$LOG"
    (umask 077 && made 2 2 >"$LOG")
    wait_until test -s said
    sleep 0.5
    [ "$(cat said)" = "sockshim: $LOG is a new file, and cannot be read" ] || fails_with "$(cat said)"
    chmod 644 "$LOG"
    expect_shown 1 2
    end_follow
}

# ---- Filters ----

@test "filters choose, and -n counts what they choose" {
    { made 1 50 && made 51 52 error message-too-big && made 53 90 debug would-block; } >"$LOG"
    start_follow --level warn -n 5
    expect_shown 48 49 50 51 52
    made 91 91 >>"$LOG"
    made 92 92 debug would-block >>"$LOG"
    made 93 93 >>"$LOG"
    echo "what is no record" >>"$LOG"
    made 94 94 error message-too-big >>"$LOG"
    expect_shown 48 49 50 51 52 91 93 94
    end_follow
    [ "$(wc -l <shown)" -eq 8 ]
    start_follow --cause='message-*,timeout' "--peer" 10.0.0.9 --prog bill?ng
    expect_shown 51 52 94
    end_follow
    run -0 follow --prog curl - <"$LOG"
    [ -z "$output" ]
}

@test "--since shows all from then on, of FILE.1, too" {
    made 1 5 | sed 's/T11:/T10:/' >"$LOG.1"
    made 6 30 >>"$LOG.1"
    made 31 50 >"$LOG"
    start_follow --since 2026-11-22T11
    expect_shown {6..50}
    made 51 51 >>"$LOG"
    expect_shown {6..51}
    made 52 52 >>"$LOG.1"
    expect_shown {6..52}
    end_follow
    start_follow --since 2026-11-22T11 -n 2
    expect_shown 50 51
    end_follow
}

# it_is TIME: on a clock that stands still.
it_is() {
    echo "$1" >bin/time
    printf '#!/bin/sh\ncat %s\n' "$PWD/bin/time" >bin/date
    chmod +x bin/date
}

@test "--until ends it at that time, with what came before" {
    made 1 20 >"$LOG"
    it_is 2026-11-22T12:00:00
    run -0 follow -n all --until 2026-11-22T12 "$LOG"
    [ "$(shown <(echo "$output"))" = "$(echo {1..20}) " ]
    run -0 follow -n all --until 2026-11-22T11 "$LOG"
    [ -z "$output" ]
    it_is 2026-11-22T11:59:59
    start_follow --until 2026-11-22T12 -n all
    made 21 21 >>"$LOG"
    expect_shown {1..21}
    it_is 2026-11-22T12:00:00
    wait "$FOLLOW"
    nothing_is_left
}

# ---- What is no record ----

junk() {
    "$PYTHON" - "$LOG" <<'END'
import random, sys
random.seed(1)
with open(sys.argv[1], "wb") as log:
    for i in range(300):
        log.write(random.randbytes(random.randrange(200)).replace(b"\n", b"") + b"\n")
    log.write(b"\x1b]0;title\x07\x1b[31mred\x9b31m\xc2\x9b31m\r\x08\n\n\n")
    log.write(b"ts=2026-11-22T11:03:22.123456Z level=warn event=return half\n")
    log.write(b"\x01sockshim live\n\x01sockshim width 3\n\x01sockshim file 99\nan answer\n")
END
    made 1 1 >>"$LOG"
    sed -i 's/prog=billing/prog="a\x1b[7m\x07b"/' "$LOG"
    follow - <"$LOG" >shown
    [[ $(cat shown) == *$'\n'"ts=2026-11-22T11:03:22.123456Z level=warn event=return half"$'\n'*"an answer"$'\n'*"a?[7m?b[1234] recv(1) = "* ]] || fails_with "$(cat shown)"
    refute grep -q '[^ -~]' shown
    # UTF-8 is shown where it can be; never what such a terminal obeys.
    echo $'caf\303\251 \302\233 \033[m' >>"$LOG"
    LC_ALL=C.UTF-8 follow - <"$LOG" >shown
    [[ $(tail -n 1 shown) == $'caf\303\251 '*' ?[m' ]] || fails_with "$(tail -n 1 shown)"
    refute grep -q $'[\001-\010\013-\037\177]' shown
    refute grep -q $'\302\233' shown
}

@test "what is no record is shown without what a terminal would obey" {
    on_each_system anew junk
}

giant_line() {
    { head -c 50000000 /dev/zero | tr '\0' a && echo && made 1 2; } >"$LOG"
    start_follow -n all
    expect_shown 1 2
    { head -c 50000000 /dev/zero | tr '\0' b && echo && made 3 3; } >>"$LOG"
    expect_shown 1 2 3
    end_follow
    [ "$(cut -c 1-10 shown | grep -c -e aaaaa -e bbbbb)" -eq 2 ] || fails_with "$(cut -c 1-99 shown | head)"
    (ulimit -v 100000 && follow - <"$LOG") >shown
    shows 1 2 3
}

@test "a line that has no end takes no memory, and is one line" {
    on_each_system anew giant_line
}

# ---- The terminal ----

# on_terminal COLUMNS KEYS COMMAND...
on_terminal() (
    unset NO_COLOR COLUMNS
    export TERM=${TERMINAL-xterm} PATH=$SYSTEM_PATH
    on_terminal_of "$@"
)

# terminal_shows COLUMNS WORD...: the log to its end, with its colours as <33>.
terminal_shows() {
    on_terminal "$1" '' sh -c 'sh "$0" follow "$@" - <log' "$SOCKSHIM_COMMAND" "${@:2}" | sed 's/\x1b\[\([0-9;]*\)m/<\1>/g'
}

without_colors() {
    sed 's/<[0-9;]*>//g'
}

cut_to_width() {
    local width
    made 1 1 >"$LOG"
    made 2 2 error not-connected | sed 's/T11:/T12:/' >>"$LOG"
    made 3 3 debug would-block | sed 's/11-22T/11-23T/' >>"$LOG"
    echo "a program's own words, in between, that are longer than half of the terminals here, but not all" >>"$LOG"
    run -0 terminal_shows 120
    [ "${lines[0]}" = "<2>-- 2026-11-22, UTC<>" ] || fails_with "$output"
    [ "${lines[1]}" = "<2>11:03:22.123 <>billing[1234]<33> recv(1) = -1 ECONNRESET<><33>  peer-reset<>  10.0.0.9:80<2>  rx=0 tx=512 unsent=3 retrans=2 idle=1m00s<>" ] || fails_with "$output"
    [[ ${lines[2]} == "<2>12:03:22.123 <>billing[1234]<1;31> recv(2) = -1 ECONNRESET<><1;31>  not-connected<>"* ]] || fails_with "$output"
    [ "${lines[3]}" = "<2>-- 2026-11-23, UTC<>" ]
    [[ ${lines[4]} == "<2>11:03:22.123 <><2>billing[1234]<><2> recv(3) = -1 ECONNRESET<><2>  would-block<>"* ]] || fails_with "$output"
    [ "${lines[5]}" = "<2>a program's own words, in between, that are longer than half of the terminals here, but not all<>" ]
    terminal_shows 120 | without_colors >wide
    # What does not fit ends with a mark.
    for width in 20 61 80; do
        terminal_shows "$width" | without_colors >narrow
        sed "s/^\(.\{$((width - 1))\}\)..*/\1>/" wide | diff - narrow || fails_with "$width columns"
    done
}

@test "on a terminal a line has colours and fits" {
    on_each_system anew cut_to_width
}

@test "records stand one under the other" {
    { made 1 1 && made 1000 1000 && made 2 2; } | sed '2s/prog=[a-z]*/prog=long-name/' >"$LOG"
    run -0 terminal_shows 130 --color never
    [ "${lines[3]}" = "11:03:22.123 billing[1234]   recv(2) = -1 ECONNRESET     peer-reset  10.0.0.9:80  rx=0 tx=512 unsent=3 retrans=2 idle=1m00s" ] || fails_with "$output"
}

@test "a sentence is broken between words" {
    made 1 1 >"$LOG"
    run -0 terminal_shows 40 --why --color never
    [ "${lines[2]}" = '    10.0.0.9:80 said "no" (RST) before' ] || fails_with "$output"
    [ "${lines[3]}" = '    it sent a single byte back.' ]
}

@test "no character is cut in two" {
    local width
    made 1 1 | sed 's/peer=[^ ]*/peer="\/ä€𝄞ß"/' >"$LOG"
    for width in {60..75}; do
        LC_ALL=C.UTF-8 terminal_shows "$width" >narrow
        iconv -f utf-8 -t utf-8 narrow >/dev/null || fails_with "$width: $(cat narrow)"
        grep -q 'peer-re' narrow
    done
    LC_ALL=C.UTF-8 terminal_shows 90 | grep -q 'peer-reset<>  /ä€𝄞ß<2>  rx=0'
}

has_colors() {
    [[ $("$@") == *$'\033['* ]]
}

@test "colours: on a terminal that has some, not where NO_COLOR is set, or as --color says" {
    made 1 1 >"$LOG"
    on_a_terminal() {
        on_terminal 80 '' env "$1" sh -c 'sh "$0" follow "$@" - <log' "$SOCKSHIM_COMMAND" "${@:2}"
    }
    has_colors on_a_terminal A=1
    refute has_colors on_a_terminal NO_COLOR=1
    refute has_colors on_a_terminal TERM=dumb
    refute has_colors on_a_terminal A=1 --color never
    refute has_colors on_a_terminal A=1 --color=never
    has_colors on_a_terminal NO_COLOR=1 --color always
    refute has_colors follow - <"$LOG"
    refute has_colors follow --color auto - <"$LOG"
    has_colors follow --color always - <"$LOG"
    [ "$(follow --color always - <"$LOG" | sed 's/\x1b\[[0-9;]*m//g')" = "$(follow - <"$LOG")" ]
}

resized() {
    made 1 1 | sed 's/billing/READY/' >"$LOG"
    made 2 2 >rest
    on_terminal 50 100 sh -c '
        sh "$0" follow --color never "$1" &
        until [ "$(stty size)" = "24 100" ]; do sleep 0.1; done
        for i in $(seq 100); do
            cat rest >>"$1"
            sleep 0.2
            ! grep -q "^.\{100\}" shown || break
        done
        kill $!' "$SOCKSHIM_COMMAND" "$LOG" >shown
    [ "$(sed -n 2p shown | wc -c)" -eq 51 ]
    [ "$(tail -n 1 shown | wc -c)" -eq 101 ]
}

@test "the terminal's new width counts" {
    on_each_system anew resized
}

# ---- Its end ----

interrupted() {
    made 1 1 | sed 's/billing/READY/' >"$LOG"
    run -130 on_terminal 80 '\x03' sh -c 'echo $$ >pid; exec sh "$0" follow "$1"' "$SOCKSHIM_COMMAND" "$LOG"
    FOLLOW=$(cat pid)
    wait_until nothing_is_left
    [ "${#lines[@]}" -eq 2 ] || [ "${lines[2]}" = "^C" ] || fails_with "$output"
}

@test "Ctrl-C ends it with 130 and leaves no process" {
    on_each_system anew interrupted
}

killed() {
    local signal
    made 1 1 >"$LOG"
    for signal in TERM HUP KILL; do
        start_follow
        kill -"$signal" "$FOLLOW"
        wait "$FOLLOW" 2>/dev/null || :
        wait_until nothing_is_left
    done
}

@test "a signal to it alone leaves no process either" {
    on_each_system anew killed
}

# reader_goes TRAP: with SIGPIPE as it was, or ignored.
reader_goes() {
    made 1 1 >"$LOG"
    rm -f shown
    background setsid env PATH="$SYSTEM_PATH" sh -c "trap $1 PIPE; sh \"\$0\" follow \"\$1\" | head -n 2 >shown" "$SOCKSHIM_COMMAND" "$LOG" 2>said
    FOLLOW=$BACKGROUND
    wait_until has_shown_one
    made 2 2 >>"$LOG"
    wait_until reader_is_gone
    # Although nothing more comes.
    wait_until nothing_is_left
    shows 1 2
}

has_shown_one() {
    [ -e shown ] && pgrep -s "$FOLLOW" -x awk >/dev/null
}

reader_is_gone() {
    ! pgrep -s "$FOLLOW" -x head -r D,R,S,T >/dev/null
}

@test "it ends when nobody reads it any more" {
    on_each_system anew reader_goes -
    use dash mawk
    reader_goes "''"
    use bash gawk
    reader_goes "''"
}

@test "no file is left behind" {
    local before
    mkdir tmp
    made 1 1 >"$LOG"
    before=$(ls)
    TMPDIR=$PWD/tmp start_follow --why
    [ "$(ls)" = "$(printf '%s\n' "$before" said shown | sort)" ] || fails_with "$(ls)"
    [ -z "$(ls tmp)" ]
    kill -KILL "$FOLLOW"
    wait_until nothing_is_left
    [ -z "$(ls tmp)" ]
}

# ---- Other places ----

standard_input() {
    mkfifo in
    # Opened there: that waits for a writer.
    background env PATH="$SYSTEM_PATH" sh -c 'exec sh "$0" follow - <in' "$SOCKSHIM_COMMAND" >shown
    exec 7>in
    made 1 1 >&7
    expect_shown 1
    made 2 3 >&7
    expect_shown 1 2 3
    made 4 4 | tr -d '\n' >&7
    exec 7>&-
    wait "$BACKGROUND"
    shows 1 2 3 4
    rm in
}

@test "standard input: each record at once, to its end" {
    on_each_system anew standard_input
}

fifo() {
    local i
    mkfifo "$LOG"
    : >shown
    background setsid env PATH="$SYSTEM_PATH" sh "$SOCKSHIM_COMMAND" follow "$LOG" >shown
    FOLLOW=$BACKGROUND
    for i in 1 2 3; do
        made "$i" "$i" | timeout "$(patience)" tee "$LOG" >/dev/null
        expect_shown $(seq "$i")
    done
    kill -TERM -- -"$FOLLOW"
    wait "$FOLLOW" 2>/dev/null || :
    wait_until nothing_is_left
}

@test "a FIFO: one writer after the other" {
    on_each_system anew fifo
}

@test "what another command prints" {
    made 1 30 | gzip >log.gz
    run -0 follow <(zcat log.gz)
    [ "$(shown <(echo "$output"))" = "$(echo {1..30}) " ]
}

# ---- Wrong calls ----

refuses() {
    expect_refusal follow "$@"
}

@test "a wrong call is one line and exit status 2" {
    made 1 1 >"$LOG"
    run -2 --separate-stderr follow </dev/null
    [ "$stderr" = "sockshim: no log is named, and there is no sockshim.log here; see sockshim help follow" ] || fails_with "$stderr"
    refuses "follow takes one log or directory, not a and b; see sockshim help follow" a b
    refuses "follow takes one log or directory, not - and b; see sockshim help follow" - -- b
    refuses "the log's name is empty; see sockshim help follow" ''
    refuses "unknown option --lvel (did you mean --level?); see sockshim help follow" --lvel warn "$LOG"
    refuses "unknown option --tail; see sockshim help follow" --tail "$LOG"
    refuses "--why takes no value; see sockshim help follow" --why=no "$LOG"
    refuses "--level needs a value; see sockshim help follow" "$LOG" --level
    refuses "-n needs a value; see sockshim help follow" -n
    refuses "-n ten is not allowed; allowed: a number, or all; see sockshim help follow" -n ten "$LOG"
    refuses "-n +3 is not allowed; allowed: a number, or all; see sockshim help follow" -n+3 "$LOG"
    refuses "--color yes is not allowed; allowed: auto, always, never; see sockshim help follow" --color yes "$LOG"
    refuses "--level loud is not allowed; allowed: debug, info, warn, error; see sockshim help follow" --level=loud "$LOG"
    refuses "unknown cause or errno: peer-rest (did you mean peer-reset?); see sockshim help follow" --cause peer-rest "$LOG"
    refuses "--top takes no value; see sockshim help follow" --top=5 "$LOG"
}

@test "options may follow the log, and -- ends them" {
    it_is 2026-11-22T12:00:00
    made 1 20 >-log
    run -0 follow --until 2026-11-22T12 -n 2 -- -log
    [ "$(shown <(echo "$output"))" = "19 20 " ]
    mv -- -log log
    run -0 follow log --until=2026-11-22T12 -n 2
    [ "$(shown <(echo "$output"))" = "19 20 " ]
}

@test "a log that may not be read is refused" {
    install_for_others
    (umask 077 && made 1 1 >"$LOG")
    run -2 setpriv --reuid=nobody --regid=nogroup --clear-groups -- inst/bin/sockshim follow "$LOG"
    [ "$output" = "sockshim: $LOG: permission denied" ] || fails_with "$output"
}

@test "--json: each record with all its keys, whatever the format; nothing else" {
    local format system
    for system in "dash mawk" "bash gawk" "busybox busybox"; do
        # shellcheck disable=SC2086
        use $system
        for format in logfmt json; do
            rm -f "$LOG"
            SOCKSHIM_FORMAT=$format shimmed "$PYTHON" -c "
import socket
one, other = socket.socketpair()
other.close()
one.recv(1)
s = socket.socket()
s.bind((\"127.0.0.1\", 0))
c = socket.socket()
s.close()
c.connect_ex((\"127.0.0.1\", 1))
socket.socket(socket.AF_UNIX).connect_ex(\"no \\\"such\\\" \\\\ \\n\")
"
            { echo "not a record" && cat "$LOG"; } >mixed
            run -0 --separate-stderr follow --json -n all - <mixed
            [ -z "$stderr" ] || fails_with "$stderr"
            diff <(jq -cS . <<<"$output") <(as_json | jq -cS .) || fails_with "$system, $format: $output"
            [ "${#lines[@]}" -eq "$(wc -l <"$LOG")" ]
        done
        run -0 --separate-stderr follow --json --cause connection-refused -n all - <mixed
        jq -e '.errno == 111' <<<"$output"
        [ "${#lines[@]}" -eq 1 ]
        run -0 follow --json -n all - < <(made 1 1 | sed 's/ errno=/ limit=1024 duration_us=5 errno=/')
        jq -e '.limit == 1024 and .duration_us == 5' <<<"$output"
    done
}
