#!/usr/bin/env bats
# scripts/test: what it says, and how it ends, in a small tree of tests of its own.

bats_require_minimum_version 1.5.0

load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    mkdir -p tree/scripts tree/tests bin
    cp "$TOP/scripts/test" "$TOP/scripts/test_packages" tree/scripts/
    printf 'all programs unit:\n\t@:\n' >tree/Makefile
    file_of_tests fast '"passes" { true; }' '"is skipped" { skip "no such thing here"; }'
    # Begins, says so, and ends when it may.
    file_of_tests slow "\"waits\" { touch $PWD/begun; until [ -e $PWD/go ]; do sleep 0.05; done; }" \
        '"has the default signals" { grep -q "^SigIgn:.0*$" /proc/self/status; }'
    unset DEBIAN_FRONTEND
    export BUILD=$PWD/out
    # Whatever is missing here, nothing is to be installed by these tests.
    stub apt-get 'exit 100'
    # Nor is bats to be the one inside of this bats.
    PATH=$PWD/bin:${PATH//"$BATS_LIBEXEC:"/}
}

# file_of_tests NAME TEST...: bats would take a line that begins with the word for a
# test of this file.
file_of_tests() {
    printf '@test %s\n' "${@:2}" >"tree/tests/$1.bats"
}

# stub NAME LINE...: a program of this name that goes before the system's.
stub() {
    printf '%s\n' '#!/bin/sh' "${@:2}" >"bin/$1"
    chmod +x "bin/$1"
}

# system_without NAME...: the programs of the system but these, in PATH.
system_without() {
    mkdir -p all
    find /usr/bin /bin /usr/sbin -maxdepth 1 -exec ln -sf -t all {} +
    (cd all && rm -f -- "$@")
    # What the command adds to PATH has nothing in it.
    sed -i 's|^PATH=.*|PATH=$PATH|' tree/scripts/test
    PATH=$PWD/bin:$PWD/all
}

# afresh COMMAND...: without what this bats has exported for itself, which confuses
# another one.
afresh() {
    env -i PATH="$PATH" BUILD="$BUILD" HOME="$BATS_TEST_TMPDIR" "$@"
}

scripts_test() {
    afresh tree/scripts/test "$@"
}

# start_test WORD..., start_test_by COMMAND WORD...: in the background, in a session of
# its own; what it shows is in the file shown. Returns when slow.bats runs.
start_test() {
    start_test_by env "$@"
}

start_test_by() {
    background env -i --default-signal PATH="$PATH" BUILD="$BUILD" HOME="$BATS_TEST_TMPDIR" \
        setsid "$1" tree/scripts/test "${@:2}" >shown 2>&1
    wait_until test -e begun
}

ends_with() {
    local status=0
    wait "$BACKGROUND" || status=$?
    [ "$status" -eq "$1" ] || fails_with "status $status instead of $1: $(cat shown)"
}

nothing_is_left() {
    ! pgrep -f "$BATS_TEST_TMPDIR/[g]o" >/dev/null && ! pgrep -f "$BATS_TEST_TMPDIR/tree/[t]ests" >/dev/null &&
        ! pgrep -f "[t]ests/slow.bats" -s "$BACKGROUND" >/dev/null
}

@test "what is skipped and what failed stands with its reason before the last line" {
    touch go
    file_of_tests wrong '"fails" { echo "words of the failure"; false; }'
    run -1 scripts_test
    [ "${lines[-1]}" = "3 passed, 1 failed, 1 skipped" ] || fails_with "$output"
    [[ $output == *"words of the failure"* ]] || fails_with "$output"
    [[ $output == *$'\nFailed:\n  wrong: fails\nSkipped:\n  fast: is skipped: no such thing here\n'* ]] || fails_with "$output"
}

@test "what fails beside others and passes alone is named, and has passed; what fails again has failed" {
    touch go
    stub is_late "[ ! -e $PWD/late ] || exit 0" "touch $PWD/late; echo too late; exit 1"
    file_of_tests busy '"is late (once) [a.c]" { is_late; }'
    run -0 scripts_test
    [ "${lines[-1]}" = "4 passed, 0 failed, 1 skipped" ] || fails_with "$output"
    [[ $output == *"too late"*$'\nPassed only alone:\n  busy: is late (once) [a.c]\nSkipped:'* ]] || fails_with "$output"
    grep -q 'too late' out/tests/busy.bats.tap
    file_of_tests wrong '"fails" { echo "words of the failure"; false; }'
    rm late
    run -1 scripts_test
    [ "${lines[-1]}" = "4 passed, 1 failed, 1 skipped" ] || fails_with "$output"
    [[ $output == *$'\nPassed only alone:\n  busy: is late (once) [a.c]\nFailed:\n  wrong: fails\n'* ]] || fails_with "$output"
}

@test "many failures are no chance: nothing is repeated" {
    touch go
    stub is_late "[ ! -e $PWD/late ] || exit 0" "touch $PWD/late; exit 1"
    file_of_tests busy '"one" { false; }' '"two" { false; }' '"three" { false; }' '"is late" { is_late; }'
    run -1 scripts_test
    [ "${lines[-1]}" = "3 passed, 4 failed, 1 skipped" ] || fails_with "$output"
    [[ $output != *alone* ]] || fails_with "$output"
}

@test "a name is a file; one that is not there is refused" {
    run -0 scripts_test fast
    [ "${lines[-1]}" = "1 passed, 0 failed, 1 skipped" ]
    [[ ${lines[0]} == "1 files of tests, "* ]]
    [[ $output != *slow* ]]
    run -2 scripts_test nothing
    [ "$output" = "no such test: nothing; tests/*.bats and tests/unit/*.c are there" ]
}

@test "it says how long it takes, and which files still run" {
    start_test
    grep -q '^Together they take [0-9]* to [0-9]* minutes' shown
    wait_until grep -q '^fast.bats: 1 passed, 0 failed, 1 skipped, [0-9]* s; running: slow.bats 0/2$' shown
    touch go
    ends_with 0
    grep -q '^slow.bats: 2 passed, 0 failed, 0 skipped, [0-9]* s$' shown
}

@test "when nothing ends for half a minute it says what it waits for" {
    # Here that is a tenth of a second.
    stub sleep 'case $1 in 30) set -- 0.1 ;; esac' 'exec /bin/sleep "$@"'
    stub find 'exit 0'
    start_test slow
    wait_until grep -q '^after 0 min; running: slow.bats 0/2$' shown
    touch go
    ends_with 0
}

@test "a hangup does not end it under nohup, and its tests have the default signals" {
    # Nor does what else is ignored reach them.
    stub careless 'trap "" PIPE USR1' 'exec nohup "$@"'
    start_test_by careless
    kill -HUP -- "-$BACKGROUND"
    touch go
    ends_with 0
    [ "$(tail -n 1 shown)" = "3 passed, 0 failed, 1 skipped" ] || fails_with "$(cat shown)"
}

@test "without nohup a hangup ends it and its tests, and so do SIGINT and SIGTERM" {
    local signal
    for signal in HUP INT TERM; do
        rm -f begun
        start_test slow
        kill -"$signal" -- "-$BACKGROUND"
        wait "$BACKGROUND" && fails_with "it ended with 0"
        wait_until nothing_is_left
    done
}

@test "a file that hangs is ended, and what is missing of it has failed" {
    # Half an hour is a second here, for the one that hangs; longer if it had not begun.
    local limit
    for limit in 1 5 30; do
        rm -f begun
        stub timeout 'shift 2' 'case $* in *fast*) exec "$@" ;; esac' \
            "exec /usr/bin/timeout --kill-after=1 $limit \"\$@\""
        run -1 scripts_test slow fast
        [ ! -e begun ] || break
    done
    [ "${lines[-1]}" = "1 passed, 2 failed, 1 skipped" ] || fails_with "$output"
    [[ $output == *"# not ended after half an hour"* ]] || fails_with "$output"
}

# says SENTENCE: it ends with 1 and this alone on stderr.
says() {
    run -1 --separate-stderr scripts_test
    # shellcheck disable=SC2053 # a glob
    [[ ${stderr_lines[-1]} == $1 ]] || fails_with "$stderr"
    [ ! -e begun ]
}

@test "what it cannot install is one sentence: no apt, no root, no network, no such package" {
    system_without mandoc
    says "test: cannot install *mandoc*: apt-get update failed, see above (is there a network[?])"
    stub apt-get 'case $* in *--print-uris*) printf "%s\n" "a b 3000000" "c d 2000000" ;; *update*) ;; *) exit 100 ;; esac'
    stub apt-cache 'exit 0'
    says "test: apt-get install *mandoc* failed, see above"
    [[ $output == *" packages are missing; "*"installing: "*mandoc*$'\n(5 MB to fetch;'* ]] || fails_with "$output"
    stub id 'echo 1000'
    rm -f all/sudo
    says "test: missing: *mandoc*; this is not root, and there is no sudo: run as root: apt-get install *mandoc*"
    rm bin/apt-get all/apt-get
    says "test: missing (by their names in Debian): *mandoc*; there is no apt-get here: install them and run this again"
}

@test "it shows how far the installation has come" {
    system_without mandoc
    stub apt-cache 'exit 0'
    stub apt-get 'case $* in *--print-uris*) ;; *install*)' "ln -sf /bin/true $PWD/bin/mandoc" \
        'echo "0 upgraded, 20 newly installed, 0 to remove and 0 not upgraded."' \
        'for i in 1 2; do for j in 0 1 2 3 4 5 6 7 8 9; do echo "Unpacking p$i$j (1) ..."; done; done ;; esac'
    touch go
    run -0 scripts_test
    [[ $output == *$'\n  unpacked 10 of 20\n  unpacked 20 of 20\n'* ]] || fails_with "$output"
}

@test "of two names of a package the one that this release has is installed" {
    system_without mandoc
    sed -i 's/^mandoc mandoc$/mandoc mandoc-old|mandoc/' tree/scripts/test_packages
    stub apt-cache '[ "$2" != mandoc-old ]'
    stub apt-get "echo \"\$*\" >>$PWD/calls" "case \$* in *install*) ln -sf /bin/true $PWD/bin/mandoc ;; esac"
    touch go
    run -0 scripts_test
    grep -q 'install.* mandoc\( \|$\)' calls || fails_with "$(cat calls)"
    refute grep -q mandoc-old calls
}

refute() {
    ! "$@" || fails_with "this is true: $*"
}

@test "where the kernel runs no 32-bit programs their tests are skipped, and no others" {
    local file
    BUILD=${SHIM%/*}
    for file in run check; do
        run -0 afresh "$PROGRAMS/no_32bit" bats --tap -f '32-bit program|another architecture|not the shim' "$TOP/tests/$file.bats"
        [ "$(grep -c '32-bit.*# skip this kernel runs no 32-bit programs$' <<<"$output")" -ge 1 ] || fails_with "$output"
        [ "$(grep -c '# skip' <<<"$output")" -eq "$(grep -c 'ok.*32-bit' <<<"$output")" ] || fails_with "$output"
    done
}
