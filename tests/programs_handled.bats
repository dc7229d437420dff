#!/usr/bin/env bats
# With every setting for robust handling on, at both ends, programs whose connections are
# in order do what they do natively: all the tests of real programs once more, and each
# case of the programs of tests/calls_*.bats.

load helpers
load calls

# same_handled NAME: each test of tests/programs_NAME.bats passes. In a bats of its own,
# which does not take itself for a part of this one.
same_handled() {
    local file=$TOP/tests/programs_$1.bats
    env -i HOME="$HOME" PATH="${PATH//"$BATS_LIBEXEC:"/}" TMPDIR="${TMPDIR:-/tmp}" BUILD="$BUILD" HANDLED=all \
        bats --print-output-on-failure --tap "$file" >"$BATS_TEST_TMPDIR/tap" 2>&1 3>&- ||
        fails_with "$(awk '!/^ok/' "$BATS_TEST_TMPDIR/tap" | head -200)"
    [ "$(grep -c '^ok' "$BATS_TEST_TMPDIR/tap")" -eq "$(grep -c '^@test' "$file")" ]
}

@test "tools, with everything on" {
    same_handled tools
}

@test "languages, with everything on" {
    same_handled languages
}

@test "stores, with everything on" {
    same_handled stores
}

@test "web servers and clients, with everything on" {
    same_handled web
}

@test "programs of other protocols, with everything on" {
    same_handled protocols
}

# What the cases are about themselves is left out of them: a reset, a queue that is full.
@test "each case of the programs of tests/calls_*.bats, with everything on" {
    local program case cases=0
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/ # one gives up its rights
    chmod 777 "$BATS_TEST_TMPDIR"
    export SOCKSHIM_DEAD_PEER=60s SOCKSHIM_KEEPALIVE=20,10,3 SOCKSHIM_CONNECT_TIMEOUT=20s \
        SOCKSHIM_CONNECT_RETRY=20ms SOCKSHIM_RECV_TIMEOUT=60s SOCKSHIM_REUSEADDR=on SOCKSHIM_ACCEPT=careful \
        SOCKSHIM_EINTR=restart
    while read -r program case; do
        export SOCKSHIM_RESET=eof SOCKSHIM_BACKLOG=1
        case $case in
        reset | unix_stream | splice_from) unset SOCKSHIM_RESET ;;
        connect_timed_out | unanswered | unix_connects) unset SOCKSHIM_BACKLOG ;;
        esac
        same "$program" "$case"
        cases=$((cases + 1))
    done < <(sed -n 's/^ *same \(calls_[a-z]*\) \([a-z_0-9]*\)$/\1 \2/p' "$TOP"/tests/calls_*.bats | sort -u)
    [ "$cases" -ge 50 ] || fails_with "$cases cases"
}
