# For tests/calls_*.bats and their like: a program run natively and under the
# shim, and its log against an expected one.

# same PROGRAM ARG...: the program must see the same with the shim as without:
# output, errors and exit status. The output is in shim.out, the log in $LOG.
same() {
    cd "$BATS_TEST_TMPDIR"
    local native=0 shim=0
    "$PROGRAMS/$1" "${@:2}" >native.out 2>native.err </dev/null || native=$?
    rm -f addresses totals "$LOG"
    : >addresses
    # Not by shimmed(): of a program that is killed bash would speak in shim.err.
    env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PROGRAMS/$1" "${@:2}" >shim.out 2>shim.err \
        </dev/null || shim=$?
    [ $native -eq $shim ] || fails_with "exit status $native natively, $shim under the shim"
    [ $native -lt 2 ] || [ $native -ge 128 ] || fails_with "$* went wrong: $(tail -1 native.out)"
    diff native.out shim.out || fails_with "the program saw something else"
    diff native.err shim.err || fails_with "the program's stderr is another"
}

# summary: each record in short. Addresses become the names that the program
# gave them: the kernel may give a port to one side that the other had before.
# Figures that vary from run to run are left out.
summary() {
    records '.event == "return"' | jq -r --rawfile addresses addresses '
        (reduce ($addresses | split("\n")[] | split(" ") | select(length == 2)) as [$address, $name]
            ({}; .[$address] += [$name])) as $names
        | {local: "us", peer: "them"} as $usual
        | if .peer_pid == .pid then .peer_pid = "own" else . end
        | with_entries(.key as $key | if .key == "local" or .key == "peer"
                       then ($names[.value] // [.value]) as $known
                           | .value = ($known | map(select(. == $usual[$key]))[0] // last)
                       else . end)
        | to_entries
        | map(select(.key | IN("ts", "event", "pid", "tid", "prog", "errno", "side", "idle_ms", "sent_ms", "fin_ms", "unread", "blocked_by", "rtt_us",
                               "retrans", "at", "thread", "why") | not) | "\(.key)=\(.value)")
        | join(" ")'
}

# What holds for every record, whatever it is about.
check_records() {
    expect_count 0 '.event != "start" and .event != "return"'
    [ "$(count '.event == "start"')" -le 1 ] || fails_with "several starts"
    expect_count 0 '.event == "return" and (.why // "") == ""'
    expect_count 0 '.event == "return" and .ret != 0 and .ret != -1'
    expect_count 0 '.event == "return" and .call != "getsockopt" and (.ret == 0) != (.errno == 0)'
    expect_count 0 '.event == "return" and (.errno == 0) != (.error == null)'
    expect_count 0 'has("rx") and ([.tx, .unacked, .unsent, .idle_ms, .rtt_us, .retrans] | any(. == null))'
}

# expect_log: the records are those on stdin, and no others.
expect_log() {
    check_records
    diff <(cat) <(summary) || fails_with "the log (>) is not as expected (<)"
}

# expect_no_log: nothing but, perhaps, the start.
expect_no_log() {
    [ ! -e "$LOG" ] || expect_log </dev/null
}

# logged_names PROGRAM: what the log calls the calls that the program makes, in
# its order.
logged_names() {
    "$PROGRAMS/$1" calls | sed 's/^__//; s/_chk$//; s/v64//; s/64$//'
}

# for_each CALL... : the lines on stdin once for every call, with CALL replaced.
# Calls that count messages have no length.
for_each() {
    local template call
    template=$(cat)
    for call in "$@"; do
        case $call in
        recvmmsg | sendmmsg) sed "s/CALL/$call/; s/ len=[0-9]*//" <<<"$template" ;;
        *) sed "s/CALL/$call/" <<<"$template" ;;
        esac
    done
}

# without WORD... : drops these from the words on stdin.
without() {
    grep -vxF "$(printf '%s\n' "$@")"
}
