#!/usr/bin/env bats
# scripts/bench measures what it says, and shows what it measured. How long
# anything took is not looked at here.

bats_require_minimum_version 1.5.0

load helpers

BENCH=$TOP/scripts/bench
CHEAP=(nagle inside failure start connections handling memory reading)

setup_file() {
    export RUN=$BATS_FILE_TMPDIR/run.json
    BUILD=$BUILD "$BENCH" --quick --json "${CHEAP[@]}" >"$RUN"
}

# postgres runs as another user, who has no way into what bats has.
setup() {
    export BUILD
    PLACE=$(mktemp -d /tmp/bench.XXXXXX)
    export TMPDIR=$PLACE/tmp
    mkdir "$TMPDIR"
    chmod 755 "$PLACE" "$TMPDIR"
    NEW=$BATS_TEST_TMPDIR/run.json
}

teardown() {
    end_backgrounds
    leaves_nothing
    rm -rf "$PLACE"
}

leaves_nothing() {
    [ -z "$(ls "$TMPDIR")" ] || fails_with "left behind: $(ls -R "$TMPDIR")"
    ! pgrep -f "$TMPDIR/sockshim-bench" || fails_with "a process was left behind"
}

# A folder with every program of the system but those named: what PATH is to be.
system_without() {
    local bin=$PLACE/bin
    mkdir "$bin"
    find /bin /usr/bin /usr/sbin /usr/local/bin -maxdepth 1 ! -type d -exec ln -sf -t "$bin" {} +
    (cd "$bin" && rm -f -- "$@")
    echo "$bin"
}

# json FILE FILTER: it is so.
json() {
    jq -e "$2" "$1" >/dev/null || fails_with "not so: $2"$'\n'"$(jq -c . "$1")"
}

# has_figures FILE NAME...: these are there, and nothing else but the floor.
has_figures() {
    local file=$1
    shift
    diff <(jq -r '.figures[].name' "$file" | grep -v ^floor/ | sort) <(printf '%s\n' "$@" | sort)
}

# Everything is there that is to be there, numbers where numbers are to be.
is_sane() {
    json "$1" 'keys == ["bench", "figures", "peers", "run", "skipped"] and .bench == "sockshim"'
    json "$1" '.run | .quick == true and .cpus >= 1 and .load >= 0 and (.busy | type == "boolean") and
        ([.version, .date, .cpu, .kernel, .libc, .compiler, .governor, .logs_on] |
         all(type == "string" and length > 0))'
    json "$1" 'all(.figures[]; keys == ["high", "label", "low", "median", "name", "note", "ratio",
        "ratio_high", "ratio_low", "samples", "target", "target_here", "target_kind", "unit", "verdict"])'
    json "$1" 'all(.figures[]; .samples >= 1 and .low <= .median and .median <= .high)'
    json "$1" 'all(.figures[] | select(.ratio != null);
        .ratio_low <= .ratio and .ratio <= .ratio_high)'
    json "$1" 'all(.figures[]; (.target != null) == (.verdict != null) and
        ([.verdict] | inside([null, "met", "missed", "unclear"])))'
    json "$1" '[.figures[] | select(.name | startswith("floor/"))] | all(.median > 0 and .samples >= 3) and
        map(.name) == ["floor/call", "floor/clock", "floor/append", "floor/fstat", "floor/getsockopt"]'
}

# ---- What is measured ----

@test "cheap sections as JSON: every figure is there, and numbers are numbers" {
    is_sane "$RUN"
    has_figures "$RUN" nagle/{native,own,shim} connections/{native,shim} \
        inside/{recv,send,read,write}/{native,added,least} \
        failure/{would-block,would-block-send,end-unix,end,reset,broken}/{logfmt,json,questions,formatting,write,calls} \
        failure/skip-{level,cause,errno,call,off}{,/calls} failure/skip-least \
        start/{nothing,socket}/{native,empty,off,log} \
        memory/{empty,log}/{rss,pss,anonymous} memory/{object,loaded} reading/{ordinary,quoted,settings,escapes,prefixes,peers} handling/{connection,listen,handler,recv}/nothing \
        handling/connection/{SOCKSHIM_KEEPALIVE=60\,10\,6,SOCKSHIM_DEAD_PEER=30s,SOCKSHIM_{CONNECT_TIMEOUT=5s,CONNECT_RETRY=5s,RECV_TIMEOUT=60s,ACCEPT=careful},libkeepalive0,libdontdie0} \
        handling/listen/SOCKSHIM_{BACKLOG=4,BACKLOG=100,REUSEADDR=on} handling/handler/SOCKSHIM_EINTR=restart \
        handling/recv/SOCKSHIM_{RESET=eof,RECV_TIMEOUT=60s,DEAD_PEER=30s}
    json "$RUN" '.skipped == []'
    json "$RUN" 'all(.figures[] | select(.name | test("/(native|own|shim|questions|formatting|write)$"));
        .median > 0)'
}

@test "the system calls of a record are counted and named, and those of none are none" {
    json "$RUN" '[.figures[] | select(.name | test("^failure/skip-.*/calls$"))] |
        length == 5 and all(.median == 0 and .note == "" and .verdict == "met")'
    json "$RUN" '[.figures[] | select(.name | test("^failure/[a-rt-z].*/calls$"))] | length == 6 and
        all(.median >= 2 and (.note | test("\\bwrite\\b")) and .median ==
            ([.note | split(" ")[] | if test("^x[0-9]") then (.[1:] | tonumber) - 1 else 1 end] | add))'
    # A lean record asks nothing of the socket, every other one does.
    json "$RUN" '[.figures[] | select(.note | test("getsockopt")) | .name] | sort ==
        ["failure/broken/calls", "failure/end-unix/calls", "failure/end/calls", "failure/reset/calls",
         "failure/would-block-send/calls"]'
}

@test "targets are scaled to the machine" {
    json "$RUN" 'def about(value): . / value - 1 | fabs < 0.000001;
        (.figures | map({(.name): .}) | add) as $f | ($f["floor/call"].low / 110) as $speed |
        ($f["failure/end/logfmt"] | .target_kind == "at_most" and .target == 3200 and
            (.target_here | about($f["floor/append"].low + 2790 * $speed))) and
        ($f["start/nothing/log"] | .target == 80 and
            (.target_here | about($f["start/nothing/empty"].median + 45 * $speed))) and
        ($f["connections/shim"] | .target_kind == "ratio_at_most" and .target_here == 1.03) and
        ($f["memory/log/rss"] | .target == 100 and .target_here == 100)'
}

@test "instructions: counted, and within the target" {
    "$BENCH" --quick --json instructions >"$NEW"
    is_sane "$NEW"
    has_figures "$NEW" \
        instructions/{recv,recvfrom,recvmsg,read,readv,send,sendto,sendmsg,write,writev,most,socket,connect,shutdown,getsockopt_error,dup2,dup3}
    json "$NEW" '.peers | has("valgrind")'
    json "$NEW" '[.figures[] | select(.target != null)] |
        length == 11 and all(.median > 0 and .verdict == "met")'
}

@test "success: each workload under each tool; what is not installed is named" {
    PATH=$(system_without perf bpftrace ltrace) "$BENCH" --quick --json success >"$NEW"
    is_sane "$NEW"
    has_figures "$NEW" success/{tcp,unix,stream}-{free,pinned}/{native,again,empty,off,log,strace}
    json "$NEW" '.peers.strace | test("[0-9]")'
    json "$NEW" '[.skipped[] | select(.section == "success" and .why == "not installed") | .what] ==
        ["ltrace", "perf", "bpftrace"]'
    json "$NEW" '[.figures[] | select(.name | test("^success")) | select(.name | test("/native$") | not)] |
        length == 30 and all(.ratio > 0)'
}

@test "without strace, taskset and valgrind: skipped with a word, in the table too" {
    PATH=$(system_without strace perf bpftrace ltrace taskset valgrind) \
        "$BENCH" --quick --json success instructions >"$NEW"
    is_sane "$NEW"
    has_figures "$NEW" success/{tcp,unix,stream}-free/{native,again,empty,off,log}
    run -0 "$BENCH" --from "$NEW"
    [[ $output == *"success: strace skipped: not installed"* ]]
    [[ $output == *"success: one CPU skipped: taskset is not installed"* ]]
    [[ $output == *"instructions: valgrind skipped: not installed"* ]]
}

@test "servers: throughput, p99 and CPU of each, natively and under the shim" {
    "$BENCH" --quick --json servers >"$NEW"
    is_sane "$NEW"
    has_figures "$NEW" servers/{nginx,redis,postgres}/{native,info,debug,calls}/{throughput,p99,cpu}
    json "$NEW" 'all(.figures[]; .median > 0)'
    json "$NEW" '.peers | keys == ["nginx", "postgres", "redis", "wrk"]'
    json "$NEW" '[.figures[] | select(.name | test("debug/throughput$"))] |
        length == 3 and all(.note | test("^[0-9.]+ records a request$"))'
    # postgres looks whether there is more to read, after each request.
    json "$NEW" 'any(.figures[]; .name == "servers/postgres/debug/throughput" and
        (.note | split(" ")[0] | tonumber > 0.5))'
}

@test "servers without wrk and redis: ApacheBench for nginx, and redis is skipped" {
    # Without setpriv postgres, which does not run as root, is skipped as well.
    PATH=$(system_without wrk redis-server setpriv) "$BENCH" --quick --json servers >"$NEW"
    is_sane "$NEW"
    json "$NEW" '.peers | has("ab") and (has("wrk") | not)'
    json "$NEW" '[.figures[] | select(.name | startswith("servers/nginx/")) | .median > 0] |
        length == 12 and all'
    json "$NEW" '.skipped |
        any(.section == "servers" and .what == "redis" and .why == "redis-server is not installed")'
    [ "$(id -u)" -ne 0 ] || json "$NEW" 'any(.skipped[]; .what == "postgres")'
}

@test "recorder: beside the text log and what else there is; client: its CPU under each level" {
    PATH=$(system_without perf bpftrace ltrace) "$BENCH" --quick --json recorder client >"$NEW"
    is_sane "$NEW"
    has_figures "$NEW" recorder/{blocked,tcp}-one/{native,again,off,recorder,calls,log,strace} \
        client/{native,again,empty,off,warn,info,debug,recorder,calls}
    json "$NEW" 'all(.figures[]; .median > 0)'
    json "$NEW" '[.skipped[] | select(.section == "recorder") | .what] == ["ltrace", "perf", "bpftrace"]'
    json "$NEW" '[.figures[] | select(.name | startswith("client/")) | .target] ==
        [null, null, null, 1.02, 1.05, 1.12, 1.25, null, null]'
    PATH=$(system_without ab) "$BENCH" --quick --json client >"$NEW"
    json "$NEW" '[.skipped[].why] == ["ab (apache2-utils) and nginx are not both installed"]'
}

@test "growth: processes, a long log, as many sockets as the hard limit allows" {
    (ulimit -n 1000 && "$BENCH" --quick --json growth >"$NEW")
    is_sane "$NEW"
    has_figures "$NEW" growth/{processes,append}/{1,2,8,64} growth/log/{new,long} growth/sockets/{1,many}
    json "$NEW" 'any(.figures[]; .name == "growth/sockets/many" and (.label | endswith(": 700")))'
    json "$NEW" '.skipped[0].why == "the hard limit of descriptors is 1000: 700 instead"'
}

# ---- How figures come of samples ----

# samples NAME NUMBER...
samples() {
    local name=$1
    shift
    printf "S\t$name\t%s\n" "$@"
}

# figure NAME: "median low high ratio low high target-here verdict".
figure() {
    awk -F '\t' -v name="$1" '$1 == "R" && $2 == name { print $6, $7, $8, $9, $10, $11, $14, $15 }' "$NEW"
}

@test "medians, ranges, ratios of samples side by side, targets and verdicts" {
    {
        printf 'F\tfloor/%s\tns\tlabel\t\n' call append
        printf 'F\ta/native\tns\tlabel\t\n'
        printf 'F\ta/%s\tns\tlabel\tbase=native ratio_at_most=1.03\n' near far either outlier
        printf 'F\ta/rate\t/s\tlabel\tbase=native ratio_at_least=0.99\n'
        printf 'F\ta/%s\tns\tlabel\tat_most=1300 scale=record\n' record few
        printf 'F\ta/count\tcalls\tlabel\tat_most=0\n'
        samples floor/call 240 220 260
        samples floor/append 1010 1000
        samples a/native 900 100 800 200 700 300 600 400 500
        samples a/near 909 101 808 202 707 303 606 404 505
        samples a/far 990 110 880 220 770 330 660 440 550
        samples a/either 900 110 800 220 700 330 600 440 500
        samples a/outlier 9000 101 808 202 707 303 606 404 505
        samples a/rate 891 99 792 198 693 297 594 396 490
        samples a/record 2700 2710 2720 2730 2740 2750 2760 2770
        samples a/few 2700 2710 2720 2730 2740
        samples a/count 0
    } >"$BATS_TEST_TMPDIR/raw"
    awk -f "$TOP/tests/bench/summary.awk" "$BATS_TEST_TMPDIR/raw" >"$NEW"
    [ "$(figure floor/call)" = "240 220 260     " ]
    [ "$(figure a/near)" = "505 101 909 1.01 1.01 1.01 1.03 met" ]
    [ "$(figure a/far)" = "550 110 990 1.1 1.1 1.1 1.03 missed" ]
    [ "$(figure a/either)" = "500 110 900 1 1 1.1 1.03 unclear" ]
    [ "$(figure a/outlier)" = "505 101 9000 1.01 1.01 10 1.03 met" ]
    [ "$(figure a/rate)" = "490 99 891 0.99 0.98 0.99 0.99 met" ]
    # 1000 for the append, 890 ns of a machine that is twice as fast.
    [ "$(figure a/record)" = "2735 2700 2770    2780 met" ]
    [ "$(figure a/few)" = "2720 2700 2740    2780 unclear" ]
    [ "$(figure a/count)" = "0 0 0    0 met" ]
}

# target_here CALL APPEND EMPTY NAME: what the target is where these take so long.
target_here() {
    {
        printf 'F\tfloor/%s\tns\tlabel\t\n' call append
        printf 'F\tstart/nothing/empty\tus\tlabel\t\n'
        printf 'F\ta/record\tns\tlabel\tat_most=3200 scale=record\n'
        printf 'F\ta/start\tus\tlabel\tat_most=80 scale=start\n'
        printf 'F\ta/fixed\tKiB\tlabel\tat_most=100\n'
        printf 'S\t%s\t%s\n' floor/call "$1" floor/append "$2" start/nothing/empty "$3" \
            a/record 1 a/start 1 a/fixed 1
    } >"$BATS_TEST_TMPDIR/raw"
    for AWK in mawk gawk "busybox awk"; do
        $AWK -f "$TOP/tests/bench/summary.awk" "$BATS_TEST_TMPDIR/raw" |
            awk -F '\t' -v name="$4" '$1 == "R" && $2 == name { print $14 }'
    done | uniq
}

@test "targets on the machine that they were set for, on a faster and on a much slower one" {
    [ "$(target_here 110 410 35 a/record)" = 3200 ]
    [ "$(target_here 110 410 35 a/start)" = 80 ]
    [ "$(target_here 55 205 17.5 a/record)" = 1600 ]
    [ "$(target_here 55 205 17.5 a/start)" = 40 ]
    # To the last digit: a system call of 1 ms, programs that take 8 ms to start.
    [ "$(target_here 1000000.11 20000.03 8123.45 a/record)" = "25383639.18364" ]
    [ "$(target_here 1000000.11 20000.03 8123.45 a/start)" = "417214.40409" ]
    [ "$(target_here 1000000.11 20000.03 8123.45 a/fixed)" = 100 ]
}

@test "a figure that did not come is an error" {
    printf 'F\ta/%s\tns\tlabel\t\n' here gone skipped >"$BATS_TEST_TMPDIR/raw"
    printf 'S\ta/here\t1\nK\ta\tskipped\twhy\n' >>"$BATS_TEST_TMPDIR/raw"
    run -1 --separate-stderr awk -f "$TOP/tests/bench/summary.awk" "$BATS_TEST_TMPDIR/raw"
    [ "$stderr" = "bench: a/gone: no figure came" ]
}

# ---- How it is shown ----

@test "the table has a line for every figure, and says that a quick run is one" {
    local label
    run -0 "$BENCH" --from "$RUN"
    [ "${lines[0]}" = "A QUICK RUN, with too few rounds: nothing here is to be quoted." ]
    while IFS= read -r label; do
        grep -qF -- "  $label " <<<"$output" || fails_with "no line for $label"
    done < <(jq -r '.figures[].label' "$RUN")
    [ "$(grep -c '^  ' <<<"$output")" -eq \
        "$(jq '(.figures | length) + ([.figures[].name | split("/")[0]] | unique | length)' "$RUN")" ]
    grep -q '^  would-block, lean .* at most [0-9.]* [nu]s (1\.30 us): unclear$' <<<"$output"
}

@test "against itself, all ratios are 1.00; against another run they are not" {
    local figures
    figures=$(jq '.figures | length' "$RUN")
    run -0 "$BENCH" --from "$RUN" --against "$RUN"
    [ "$(grep -c ' 1\.00\( \|$\)' <<<"$output")" -eq "$figures" ]
    sed '/"floor.clock"/s/"median": [0-9.]*/"median": 1000000/' "$RUN" >"$BATS_TEST_TMPDIR/slower"
    run -0 "$BENCH" --from "$RUN" --against "$BATS_TEST_TMPDIR/slower"
    grep -q 'clock_gettime .* 0\.00$' <<<"$output"
    [ "$(grep -c ' 1\.00\( \|$\)' <<<"$output")" -eq "$((figures - 1))" ]
}

@test "a new run against an earlier one: ratios, and what is new" {
    grep -v '"floor/clock"' "$RUN" >"$BATS_TEST_TMPDIR/earlier"
    run -0 --separate-stderr "$BENCH" --quick --against "$BATS_TEST_TMPDIR/earlier" connections
    grep -Eq '^  native .* [0-9]+\.[0-9][0-9]$' <<<"$output"
    grep -q '^  clock_gettime .* new$' <<<"$output"
}

@test "the same with dash, bash and busybox, with mawk, gawk and busybox" {
    local awk shell bin
    "$BENCH" --from "$RUN" --against "$RUN" >"$BATS_TEST_TMPDIR/expected"
    bin=$(system_without awk)
    for awk in mawk gawk busybox; do
        ln -sf "$(command -v "$awk")" "$bin/awk"
        for shell in dash bash "busybox sh"; do
            # shellcheck disable=SC2086 # two words
            PATH=$bin $shell "$BENCH" --from "$RUN" --against "$RUN" | diff - "$BATS_TEST_TMPDIR/expected"
        done
    done
    PATH=$bin busybox sh "$BENCH" --quick --json connections failure >"$NEW"
    is_sane "$NEW"
    ln -sf "$(command -v mawk)" "$bin/awk"
    PATH=$bin bash "$BENCH" --quick --json connections start >"$NEW"
    is_sane "$NEW"
}

# ---- How it is called, and how it ends ----

@test "help names every option and every section" {
    local word
    run -0 "$BENCH" --help
    for word in --quick --json "--against FILE" "--from FILE" nagle success inside instructions \
        failure start connections handling memory servers growth reading; do
        grep -q -- "^  $word  *[a-zA-Z]" <<<"$output" || fails_with "not in the help: $word"
    done
}

@test "a wrong call: one line, status 2, nothing measured" {
    local call
    echo '{"bench": "another"}' >"$BATS_TEST_TMPDIR/other"
    head -n 5 "$RUN" >"$BATS_TEST_TMPDIR/half"
    while read -r call; do
        # shellcheck disable=SC2086 # words
        run -2 --separate-stderr "$BENCH" $call
        [ -z "$output" ] || fails_with "$call: printed $output"
        [ "${#stderr_lines[@]}" -eq 1 ] || fails_with "$call: said $stderr"
        [[ ${stderr_lines[0]} == bench:* ]]
    done <<END
failures
--fast
--against
--against $BATS_TEST_TMPDIR/nothing
--from $BATS_TEST_TMPDIR/other
--from $BATS_TEST_TMPDIR/half
--from $RUN --against $BATS_TEST_TMPDIR/other
--from $RUN memory
--from $RUN --quick
--json --against $RUN
--quick --against $BATS_TEST_TMPDIR/other memory
END
}

has_started_servers() {
    pgrep -f "nginx -e $TMPDIR/sockshim-bench.*/nginx/debug/error" >"$BATS_TEST_TMPDIR/pids"
}

@test "ended by SIGTERM or Ctrl-C: no server and no file is left, and the status says so" {
    local signal expected=143 status
    for signal in TERM INT; do
        background env --default-signal=INT "$BENCH" --quick servers >"$BATS_TEST_TMPDIR/out" 2>&1
        wait_until has_started_servers
        kill -"$signal" "$BACKGROUND"
        status=0
        wait "$BACKGROUND" || status=$?
        [ "$status" -eq "$expected" ]
        leaves_nothing
        expected=130
    done
}
