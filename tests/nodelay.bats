# TCP_NODELAY is on for every TCP and MPTCP stream socket, stays on, and nothing
# else is touched.

load helpers
load calls

# forced COUNT PROGRAM-ARG...: the program sees what it saw without the shim, but
# for the option: off on COUNT sockets, it is on for all of them now.
forced() {
    cd "$BATS_TEST_TMPDIR"
    "$PROGRAMS/nodelay" "${@:2}" >native.out 2>&1
    shimmed "$PROGRAMS/nodelay" "${@:2}" >shim.out 2>&1
    [ "$(grep -c 'nodelay 0' native.out)" -eq "$1" ]
    diff <(sed 's/nodelay 0/nodelay 1/' native.out) shim.out
}

@test "nodelay: from socket, whatever the family, the protocol and the type flags" {
    forced 24 sockets
    expect_no_log
}

@test "nodelay: from accept and accept4, though the listener has it not" {
    forced 24 accepted
    expect_no_log
}

@test "nodelay: at connect, on a socket that came from elsewhere" {
    forced 6 connected
    expect_no_log
}

@test "nodelay: at connect, on a socket inherited from a program without the shim" {
    cd "$BATS_TEST_TMPDIR"
    "$PROGRAMS/nodelay" inherited >native.out
    HEIR_PRELOAD=$SHIM SOCKSHIM_LOG=$LOG "$PROGRAMS/nodelay" inherited >shim.out
    [ "$(grep -c 'nodelay 0' native.out)" -eq 2 ]
    diff <(sed 's/nodelay 0/nodelay 1/' native.out) shim.out
    expect_no_log
}

@test "nodelay: at connect, on a socket passed by another process" {
    forced 1 passed
    expect_no_log
}

@test "nodelay: switching it off succeeds, changes nothing, and is logged once" {
    forced 5 switched_off
    [ "$(grep -c '^setsockopt 0 23130$' shim.out)" -eq 5 ]
    grep -x 0 shim.out
    expect_count 1 '.event == "refused"'
    expect_count 1 '.event == "refused" and .call == "setsockopt" and .fd == 20 and .level == "info"'
    expect_count 0 '.event == "return"'
}

@test "nodelay: odd values are answered as the kernel answers them" {
    same nodelay odd_values
    for err in 9 14 22 88 23130; do
        grep "^setsockopt .* $err\$" shim.out
    done
    check_records
    # One record for each that the kernel refused, and nothing else about them.
    expect_count "$(grep -c '^setsockopt -1' shim.out)" '.call == "setsockopt" and .ret == -1'
    expect_count 0 '.event == "refused"'
}

# Nothing but what the kernel refused to set or to tell.
expect_refusals_only() {
    check_records
    expect_count 0 '.event != "start" and (.ret != -1 or (.call != "setsockopt" and .call != "getsockopt"))'
}

@test "nodelay: other options, levels and sockets are not touched" {
    same nodelay others
    expect_refusals_only
}

@test "nodelay: SOCKSHIM_NODELAY=off leaves all as it was" {
    export SOCKSHIM_NODELAY=off
    for name in sockets accepted connected passed switched_off odd_values others; do
        same nodelay $name
        expect_refusals_only
    done
}

@test "nodelay: SOCKSHIM=off leaves all as it was" {
    export SOCKSHIM=off
    for name in sockets accepted connected switched_off; do
        same nodelay $name
        [ ! -e "$LOG" ]
    done
}
