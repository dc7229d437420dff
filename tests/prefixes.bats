#!/usr/bin/env bats
# Logs as people have them: `sockshim report` and `follow` read what journalctl, syslog,
# docker compose and kubectl put before a record, folders, and the log that is meant
# where none is named; and what is said of a choice that leaves nothing.

bats_require_minimum_version 1.5.0

load helpers
load each_system
load on_terminal

setup() {
    mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here" || return 1
    export LC_ALL=C.UTF-8 TZ=UTC
    unset COLUMNS NO_COLOR
    use dash mawk
}

anew() {
    rm -rf ./*log* folder
    "$@"
}

sockshim() {
    PATH=$SYSTEM_PATH sh "$SOCKSHIM_COMMAND" "$@"
}

# record SECOND [SED-SCRIPT]
record() {
    printf 'ts=2026-11-22T11:03:%02d.123456Z level=warn event=return pid=7 tid=7 prog=billing call=recv fd=%d ret=-1 errno=104 error=ECONNRESET len=4096 type=tcp local=10.0.0.5:44312 peer=10.0.0.9:5432 state=CLOSE rx=0 tx=5 unacked=0 unsent=0 idle_ms=60012 rtt_us=85 retrans=0 cause=peer-reset why="It was \\"so\\"."\n' "$1" "$1" | sed "${2-}"
}

json() {
    record "$1" >one && as_json one | jq -c .
}

records_in() {
    sockshim report --json "$@" | jq .records
}

# ---- Prefixes ----

# Each is what the tool really prints: journalctl's short, short-precise, short-iso,
# short-full and with-unit; syslog's RFC 3164, as rsyslog writes it, and RFC 5424;
# docker compose with and without -t; docker logs -t; kubectl with --prefix,
# --timestamps and both; a priority for the journal.
prefixed() {
    cat <<'END'
Nov 22 11:03:22 web1 billing[7]: |web1|billing
Nov  2 11:03:22.123456 web1 billing[7]: |web1|billing
2026-11-22T11:03:22+0000 web1 billing[7]: |web1|billing
Sun 2026-11-22 11:03:22 UTC web1 billing[7]: |web1|billing
Sun 2026-11-22 12:03:22 CET web1 billing.service[7]: |web1|billing.service
<12>Nov 22 11:03:22 web1 billing: |web1|billing
2026-11-22T11:03:22.123456+01:00 web1 billing[7]: |web1|billing
2026-11-22T11:03:22.123456+01:00 web1 billing |web1|billing
<12>1 2026-11-22T11:03:22.123456Z web1 billing 7 - - |web1|billing
<12>1 2026-11-22T11:03:22.123456Z web1 billing 7 ID47 [a@1 b="c d"] |web1|billing
billing-1  | |billing-1|
billing-1  | 2026-11-22T11:03:22.123456789Z |billing-1|
2026-11-22T11:03:22.123456789Z ||
[pod/billing-7d4b9-xk2lp/app] |billing-7d4b9-xk2lp|app
[pod/billing-7d4b9-xk2lp/app] 2026-11-22T11:03:22.123456789Z |billing-7d4b9-xk2lp|app
<4>||
END
}

each_is_recognized() {
    local line prefix rest expected shown
    while IFS= read -r line; do
        rest=${line#*"${line%|*|*}"}
        prefix=${line%|*|*}
        expected=$(jq -nc --arg host "$(cut -d '|' -f 2 <<<"$rest")" --arg unit "$(cut -d '|' -f 3 <<<"$rest")" \
            'if $host == "" then [] else [{host: $host, unit: $unit, records: 2, causes: [{cause: "peer-reset", records: 2}]}] end')
        { printf '%s' "$prefix" && record 22 && printf '%s' "$prefix" && json 23; } >log
        [ "$(sockshim report --json log | jq -c '[.records, .other_lines, .hosts]')" = "[2,0,$expected]" ] ||
            fails_with "$prefix: $(sockshim report --json log | jq -c '[.records, .other_lines, .hosts]')"
        shown=$(sockshim follow - <log)
        [[ $shown == "2026-11-22T11:03:22.123456Z $(cut -d '|' -f 2 <<<"$rest" | sed 's/..*/& /')billing[7] recv(22) = "*$'\n'*"recv(23) = "* ]] || fails_with "$prefix: $shown"
    done < <(prefixed)
}

@test "the prefixes of journalctl, syslog, docker and kubectl are no part of a record, and name its host" {
    on_each_system anew each_is_recognized
}

nothing_else_is() {
    {
        printf 'an answer of '
        record 22
        printf 'ts=2026-11-22T11:03:22.1'
        record 23
        printf '%0500d web1 billing: ' 0
        record 24
        printf 'Nov 22 11:03:22 web1 billing[7]: '
        record 25 's/ why=.*//'
    } >log
    [ "$(sockshim report --json log | jq -c '[.records, .other_lines, .first_other_lines[0].text[:12]]')" = '[0,4,"an answer of"]' ]
    sockshim follow - <log | grep -q '^an answer of ts='
}

# The same for what other tools and other habits make of a line: printf's escapes, with @
# for the record, then host and unit.
shapes() {
    cat <<'END'
nov. 22 11:03:22 web1 billing[7]: @|web1|billing
Sun Nov 22 11:03:22 2026 daemon.warn billing[7]: @||billing
Nov 22 11:03:22 web1 daemon.warn billing[7]: @|web1|billing
Nov 22 11:03:22 billing[7]: @||billing
1763809402.123456 web1 billing[7]: @|web1|billing
[ 1234.567890] web1 billing[7]: @|web1|billing
[ 1234.567890 <    0.1 >] web1 billing[7]: @|web1|billing
    MESSAGE=@||
157 <12>1 2026-11-22T11:03:22Z web1 billing 7 - - @|web1|billing
\0033[36mbilling-1  | \0033[0m@|billing-1|
billing.1.x9f2k@node1    | @|node1|billing.1.x9f2k
[billing] | @|billing|
11:03:22 web.1   | @|web.1|
2026-11-22T11:03:22.123456789Z stderr F @||
\0033[32mbilling-7d4b9-xk2lp\0033[0m \0033[32mapp\0033[0m @|billing-7d4b9-xk2lp|app
[billing-7d4b9-xk2lp] @|billing-7d4b9-xk2lp|
[2026-11-22T11:03:22.123Z] @||
2026-11-22T11:03:22Z {app="billing", pod="x"} @||
2026-11-22T11:03:22.123000+00:00 billing/app/0123abc @|billing/app/0123abc|
@400000005f2a1b3c12345678 @||
2026-11-22_11:03:22.12345 @||
sockshim.log:@||
logs/a.log:12:@||
     1\t@||
web1: @|web1|
> @||
    @||
@\r||
@  ||
\0357\0273\0277@\r||
Nov 22 11:03:22 web1 billing[7]: @\r|web1|billing
{"__CURSOR":"s=1;i=2","_HOSTNAME":"web1","SYSLOG_IDENTIFIER":"billing","MESSAGE":"%","PRIORITY":"4"}|web1|billing
{ "MESSAGE" : "%", "_SYSTEMD_UNIT" : "billing.service", "_HOSTNAME" : "web1" }|web1|billing.service
\t"MESSAGE" : "%",||
\0036{"_HOSTNAME":"web1","MESSAGE":"%"}|web1|
data: {"_HOSTNAME":"web1","MESSAGE":"%"}|web1|
{"log":"%\\n","stream":"stderr","time":"2026-11-22T11:03:22.1Z"}||
{"date":1.5,"log":"2026-11-22T11:03:22Z stderr F %","kubernetes":{"pod_name":"billing-0","host":"node1","container_name":"app"}}|billing-0|app
{"labels":{"app":"billing","pod":"billing-0"},"line":"%","timestamp":"2026-11-22T11:03:22Z"}|billing-0|
{"host":"web1","program":"billing","message":"<4>%"}|web1|billing
END
}

# make_shapes FORM: a line for each, with the record of its number in logfmt or in JSON.
make_shapes() {
    local number=10 shape text
    while IFS= read -r shape; do
        number=$((number + 1))
        if [ "$1" = json ]; then text=$(json "$number"); else text=$(record "$number"); fi
        shape=${shape%|*|*}
        shape=$(printf '%b.' "${shape//%/%%}")
        shape=${shape%.}
        case $shape in
        *"%%"*) shape=${shape%%"%%"*}$(as_string "$text")${shape##*"%%"} ;;
        *@*) shape=${shape%@*}$text${shape##*@} ;;
        esac
        printf '%s\n' "$shape"
    done < <(shapes)
}

# As the tools write a string in JSON; docker has < and > its own way.
as_string() {
    jq -Rr 'tojson[1:-1] | gsub("<"; "\\u003c")' <<<"$1"
}

each_shape_is_read() {
    local form
    for form in logfmt json; do
        make_shapes "$form" >log
        shapes | awk -F '|' '$(NF - 1) != "" { print $(NF - 1) "|" $NF }' | LC_ALL=C sort -u >expected
        sockshim report --json log >said
        [ "$(jq -c '[.records, .other_lines]' said)" = "[$(shapes | wc -l),0]" ] || fails_with "$form: $(jq -c '[.records, .first_other_lines]' said)"
        jq -r '.hosts[] | .host + "|" + .unit' said | LC_ALL=C sort -u | diff expected - || fails_with "$form"
        [ "$(sockshim follow -n all --json - <log | jq -c .fd | xargs)" = "$(seq -s ' ' 11 $((10 + $(shapes | wc -l))))" ]
        sockshim follow -n all - <log | awk '{ print ($2 ~ /^billing\[7\]/ ? "" : $2) }' >shown
        shapes | awk -F '|' '{ print $(NF - 1) }' | diff - shown || fails_with "$form"
    done
}

@test "what other tools and habits make of a line is read: colours, carriage returns, JSON around it, grep" {
    on_each_system anew each_shape_is_read
}

@test "what is no known prefix makes no record" {
    on_each_system anew nothing_else_is
}

hosts_are_apart() {
    {
        record 1 's/^/Nov 22 11:03:22 web1 billing[7]: /'
        record 2 's/^/Nov 22 11:03:22 web2 billing[7]: /'
        record 3 's/^/Nov 22 11:03:22 web2 billing[7]: /; s/peer-reset/timeout/'
        record 4 's/^/Nov 22 11:03:22 web2 nginx[7]: /; s/peer-reset/timeout/'
        record 5
    } >log
    sockshim report log >said
    [ "$(sed -n '/^Hosts/,/^$/p' said)" = "Hosts  unit     records  causes
web2   billing        2  peer-reset (1), timeout (1)
web1   billing        1  peer-reset (1)
web2   nginx          1  timeout (1)" ] || fails_with "$(cat said)"
    # The same number on two hosts is two processes.
    grep -Eqx 'billing +5  3 processes: web2:7 \(3\), 7 \(1\), web1:7 \(1\)' said || fails_with "$(cat said)"
    [ "$(records_in --host 'web2' log)" -eq 3 ]
    [ "$(records_in --host 'web*' log)" -eq 4 ]
    sockshim follow --host web1 - <log >said
    [ "$(wc -l <said)" -eq 1 ]
    grep -q 'web1 billing\[7\] recv(1)' said
    sockshim report log >said
    record 5 >log
    sockshim report log >said
    ! grep -q '^Hosts' said
}

@test "a central log: hosts and units are kept apart" {
    on_each_system anew hosts_are_apart
}

# ---- Which log ----

default_log() {
    run -2 --separate-stderr sockshim report </dev/null
    [ "$stderr" = "sockshim: no log is named, and there is no sockshim.log here; see sockshim help report" ] || fails_with "$stderr"
    run -2 --separate-stderr sockshim report < <(:)
    [[ $stderr == *"no sockshim.log here"* ]]
    record 1 >sockshim.log
    { record 2 && record 3; } >log
    run -0 --separate-stderr sockshim report </dev/null
    [[ $output == "sockshim.log: 1 record "* && -z $stderr ]] || fails_with "$output"
    run -0 sockshim report < <(:)
    [[ $output == "sockshim.log: 1 record "* ]]
    run -0 sockshim report <log
    [[ $output == "standard input: 2 records "* ]]
    run -0 sockshim report < <(cat log)
    [[ $output == "standard input: 2 records "* ]]
    run -0 env PATH="$SYSTEM_PATH" sh -c 'sh "$0" report <&-' "$SOCKSHIM_COMMAND"
    [[ $output == "sockshim.log: 1 record "* ]]
    run -0 sockshim follow <log
    [ "${#lines[@]}" -eq 2 ]
    run -0 sockshim follow --until 2026-11-23 </dev/null
    [[ $output == *" recv(1) = "* && ${#lines[@]} -eq 1 ]] || fails_with "$output"
}

@test "no log is named: standard input if something comes there, else ./sockshim.log" {
    on_each_system anew default_log
}

once() {
    { record 1 && record 2; } >a.log
    ln -s a.log b.log
    ln a.log c.log
    run -0 --separate-stderr sockshim report --json a.log a.log
    [ "$(jq .records <<<"$output")" -eq 2 ]
    [ "$stderr" = "sockshim: a.log is named twice and read once" ] || fails_with "$stderr"
    [ "$(records_in a.log b.log ./c.log 2>/dev/null)" -eq 2 ]
    [ "$(records_in . 2>/dev/null)" -eq 2 ]
    [ "$(records_in a.log . 2>/dev/null)" -eq 2 ]
    # The same records in another file are others.
    cp a.log d.log
    [ "$(records_in a.log d.log)" -eq 4 ]
}

@test "the same file twice counts once" {
    on_each_system anew once
}

folder() {
    mkdir -p "folder/a b"
    record 1 >folder/1.log
    record 2 | gzip >folder/2.log.gz
    { echo "the program's own words" && record 3; } >"folder/a b/3"
    seq 1000 >folder/no-log
    [ "$(sockshim report --json folder | jq -c '[.records, .other_lines, (.logs | length)]')" = "[3,1,3]" ] || fails_with "$(sockshim report --json folder)"
    ln -s folder link.log
    [ "$(records_in link.log)" -eq 3 ]
}

@test "report: a folder stands for the logs in it" {
    on_each_system anew folder
}

has_shown() {
    grep -q " recv($1) = " shown
}

follows_folder() {
    mkdir folder
    record 2 >folder/a.log
    record 1 >folder/b.log
    : >shown
    background env PATH="$SYSTEM_PATH" setsid sh "$SOCKSHIM_COMMAND" follow folder >shown
    wait_until has_shown 2
    record 3 >>folder/a.log
    wait_until has_shown 3
    # Rotated, a new one, and one further down.
    mv folder/a.log folder/a.log.1
    record 4 >>folder/a.log.1
    record 5 >folder/a.log
    wait_until has_shown 4
    wait_until has_shown 5
    mkdir folder/sub
    seq 10 >folder/sub/numbers
    record 6 >folder/sub/c.log
    wait_until has_shown 6
    rm folder/b.log
    record 7 | head -c 100 >>folder/a.log
    record 8 >>folder/sub/c.log
    wait_until has_shown 8
    record 7 | tail -c +101 >>folder/a.log
    wait_until has_shown 7
    kill -TERM -- "-$BACKGROUND"
    # Each once; the order is that of the time at the beginning, later that of the looks.
    [ "$(sed -n 's/.* recv(\([0-9]*\)) .*/\1/p' shown | sort | tr '\n' ' ')" = "1 2 3 4 5 6 7 8 " ] || fails_with "$(cat shown)"
    [[ $(head -n 1 shown) == *" recv(1) = "* ]]
    [ "$(wc -l <shown)" -eq 8 ] || fails_with "$(cat shown)"
}

recorder_and_log() {
    mkdir folder
    record 1 >folder/a.log
    PATH=$PATH SOCKSHIM_RECORDER=$PWD/folder/ring LD_PRELOAD=$SHIM SOCKSHIM_LOG=off "$PROGRAMS/core" refused >/dev/null
    gzip -c folder/a.log >folder/old.gz
    [ "$(sockshim report --json folder 2>said | jq -c '[.logs, .records]')" = '[["folder/a.log","folder/old.gz"],2]' ]
    [ "$(cat said)" = "sockshim: left out: folder/ring (recorder files, whose records are in the logs beside them as well)" ] || fails_with "$(cat said)"
    [ "$(sockshim report --json folder/ring folder/a.log 2>said | jq .records)" -eq 2 ]
    [ "$(cat said)" = "sockshim: folder/ring is a recorder file: a record that a log has as well counts twice" ] || fails_with "$(cat said)"
    sockshim follow -n all --until "$(date -u +%Y-%m-%dT%H:%M:%S)" folder >said
    [[ $(wc -l <said) -eq 1 && $(cat said) == *" recv(1) = -1 ECONNRESET "* ]] || fails_with "$(cat said)"
    rm folder/a.log folder/old.gz
    [ "$(sockshim report --json folder 2>said | jq -c '[.logs, .records]')" = '[["folder/ring"],1]' ]
    [ ! -s said ]
}

@test "a folder: a recorder's file counts only without logs, and follow shows neither it nor what is compressed" {
    on_each_system anew recorder_and_log
}

@test "follow: a folder: all logs in it, those that are new and those that are rotated" {
    on_each_system anew follows_folder
}

# ---- Choosing ----

chooses() {
    {
        record 1
        record 2 's/error=ECONNRESET/error=ETIMEDOUT/; s/errno=104/errno=110/; s/cause=peer-reset/cause=connection-timed-out/'
        record 3 's/peer=10.0.0.9:5432/peer=10.0.0.9:443/; s/pid=7 /pid=8 /'
        record 4 's/peer=10.0.0.9:5432/peer="[fd00::1]:5432"/; s/pid=7 /pid=77 /'
        record 5 's/error=ECONNRESET/error=EAGAIN/; s/cause=peer-reset/cause=would-block/; s/level=warn/level=debug/'
    } >log
    [ "$(records_in --cause ECONNRESET log)" -eq 3 ]
    [ "$(records_in --cause econnreset,ETIMEDOUT log)" -eq 4 ]
    [ "$(records_in --cause 110 log)" -eq 1 ]
    [ "$(records_in --cause EWOULDBLOCK log)" -eq 1 ]
    [ "$(records_in --cause PEER_RESET,timeout log)" -eq 3 ]
    [ "$(records_in --cause 'ECONN*' log)" -eq 3 ]
    [ "$(records_in --peer :5432 log)" -eq 4 ]
    [ "$(records_in --peer 5432 log)" -eq 4 ]
    [ "$(records_in --peer '9002, 443' log)" -eq 1 ]
    [ "$(records_in --peer '10.0.0.9:5432' log)" -eq 3 ]
    [ "$(records_in --pid 7 log)" -eq 3 ]
    [ "$(records_in --pid 8,77 log)" -eq 2 ]
    [ "$(records_in --level WARN log)" -eq 4 ]
}

@test "by errno, by port, by process" {
    on_each_system anew chooses
}

hints() {
    { record 1 && record 2 's/prog=billing/prog=nginx/'; } >log
    run -0 sockshim report --prog NGINX log
    [ "$output" = "log: no records match the filters (2 left out)
programs in it: billing (1), nginx (1)" ] || fails_with "$output"
    run -0 sockshim report --peer 1.2.3.4 --level error --pid 99 log
    [ "$output" = "log: no records match the filters (2 left out)
processes in it: 7 (2)
peers in it: 10.0.0.9:5432 (2)
levels in it: warn (2)" ] || fails_with "$output"
    run -0 sockshim report --since 2026-11-23 log
    [ "${lines[1]}" = "times in it: 2026-11-22 11:03:01 to 2026-11-22 11:03:02 UTC" ] || fails_with "$output"
}

@test "a choice that leaves nothing says what there is" {
    on_each_system anew hints
}

# it_is TIME: on a clock that stands still.
it_is() {
    rm -f bin/date
    printf '#!/bin/sh\necho %s\n' "$(date -d "$1" +%s)" >bin/date
    chmod +x bin/date
}

# since TIME: the first record that it leaves.
since() {
    sockshim report --json --since "$@" log | jq -r .first
}

times() {
    it_is 2026-11-23T12:00:00Z
    # The shell of busybox-static prefers its own date, whose clock cannot be set.
    [ "$(PATH=$SYSTEM_PATH sh -c date)" = "$(bin/date)" ] || return 0
    for at in 22T10:30:00 22T23:30:00 23T00:30:00 23T10:30:00 23T11:30:00 23T11:59:30; do
        record 1 "s/^ts=[^.]*/ts=2026-11-$at/"
    done >log
    [ "$(since yesterday)" = 2026-11-22T10:30:00.123456Z ]
    [ "$(since 'yesterday 20:00')" = 2026-11-22T23:30:00.123456Z ]
    [ "$(since today)" = 2026-11-23T00:30:00.123456Z ]
    [ "$(since -1h)" = 2026-11-23T11:30:00.123456Z ]
    [ "$(since '1 hour ago')" = 2026-11-23T11:30:00.123456Z ]
    [ "$(since 2h)" = 2026-11-23T10:30:00.123456Z ]
    [ "$(since 09m)" = 2026-11-23T11:59:30.123456Z ]
    [ "$(since 2026-11-23T12:00+01:00)" = 2026-11-23T11:30:00.123456Z ]
    [ "$(since 2026-11-23T11:00:00+00:00)" = 2026-11-23T11:30:00.123456Z ]
    [ "$(since 2026-11-23T11:00:00Z)" = 2026-11-23T11:30:00.123456Z ]
    [ "$(since 11:00)" = 2026-11-23T11:30:00.123456Z ]
    [ "$(since 23:00)" = 2026-11-22T23:30:00.123456Z ]
    [ "$(TZ=Europe/Berlin since 12:00 --local)" = 2026-11-23T11:30:00.123456Z ]
    [ "$(TZ=Europe/Berlin since today --local)" = 2026-11-22T23:30:00.123456Z ]
    run -2 sockshim report --since 1h --until 2h log
    [ "$output" = "sockshim: --since 1h (2026-11-23T11:00:00) is not before --until 2h (2026-11-23T10:00:00); see sockshim help report" ] || fails_with "$output"
    for at in 25:00 'last week' 1h30 2026-13-01 2026-11-22T03:00+2 ''; do
        [ -z "$at" ] || run -2 sockshim report --since "$at" log
    done
}

@test "times as people write them" {
    on_each_system anew times
}

local_times() {
    local at
    export TZ=Europe/Berlin
    { record 1 's/^ts=[^.]*/ts=2026-07-22T22:03:01/' && record 2 's/^ts=[^.]*/ts=2026-11-22T11:03:02/'; } >log
    run -0 sockshim report --local log
    [[ ${lines[0]} == *", 2026-07-23 00:03:01 to 2026-11-22 12:03:02 local"* ]] || fails_with "$output"
    [[ $output == *"peer-reset  warn         2  100.0%  07-23 00:03:01  11-22 12:03:02"* ]] || fails_with "$output"
    run -0 sockshim follow --local - <log
    [[ ${lines[0]} == "2026-07-23T00:03:01.123456+02:00 billing[7] "* && ${lines[1]} == "2026-11-22T12:03:02.123456+01:00 billing[7] "* ]] || fails_with "$output"
    # A chart, which fewer records do not get.
    for at in 03 08 13 18 28 33; do
        record "$((10#$at))" "s/T11:03/T11:$at/"
    done >log
    run -0 sockshim report --local log
    [[ $output == *"|12:05"* && $output != *"|11:"* ]] || fails_with "$output"
}

@test "--local: times of the time zone, in summer and in winter" {
    on_each_system anew local_times
}

# ---- follow --top ----

# Recent records: rates are those of the last seconds.
now() {
    record 1 "s/^ts=[^.]*/ts=$(date -u +%Y-%m-%dT%H:%M:%S)/; ${1-}"
}

shows_row() {
    grep -Eq "$1" shown
}

top() {
    : >log
    : >shown
    background env PATH="$SYSTEM_PATH" setsid sh "$SOCKSHIM_COMMAND" follow --top log >shown
    wait_until shows_row '0 records  0\.0/s$'
    for i in 1 2 3 4 5; do now >>log; done
    now 's/cause=peer-reset/cause=timeout/; s/level=warn/level=error/' >>log
    record 1 's/peer=[^ ]*/peer=10.7.7.7:44444/; s/local=[^ ]*/local=10.0.0.5:443/' >>log
    wait_until shows_row '^ +0\.5 +5 +5 +[0-9]s  peer-reset +10\.0\.0\.9:5432$'
    wait_until shows_row '^ +0\.1 +1 +1 +[0-9]s  timeout +10\.0\.0\.9:5432$'
    # A client's port says nothing.
    wait_until shows_row '^ +0\.0 +0 +1 +[0-9]*[dh]  peer-reset +10\.7\.7\.7$'
    kill -TERM -- "-$BACKGROUND"
    sockshim follow --top - <log >shown
    grep -q '  7 records  ' shown
}

@test "follow --top on a narrow terminal shows the cause and the peer" {
    record 1 >log
    run -0 on_terminal_of 40 '' sh "$SOCKSHIM_COMMAND" follow --until now --top log
    [[ $output == *"per min seen  cause "*" peer-reset  10.0.0.9:5432"* ]] || fails_with "$output"
}

@test "follow --top: causes and peers by rate, and when each was last seen" {
    on_each_system anew top
}
