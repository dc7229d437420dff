#!/usr/bin/env bats
# The shim never changes what the program receives, but for the two settings that
# it forces (SIGPIPE and TCP_NODELAY). A program makes thousands of random calls,
# and what it sees must be the same with the shim and without. TRANSPARENT_SEED=N
# makes other calls, TRANSPARENT_STEPS=N more of them.

load helpers
load transparent

PROGRAM=$PROGRAMS/transparent
SEED=${TRANSPARENT_SEED:-1}
STEPS=${TRANSPARENT_STEPS:-1500}

@test "a long random life with sockets and signals is the same with each setting" {
    cd "$BATS_TEST_TMPDIR"
    same_lives "$SEED"
    all_calls_made
}

# What a person asks for by name changes what was asked for and nothing else: here are the
# settings that such a life should not notice.
@test "it is the same with robust handling on, where nothing is to be handled" {
    cd "$BATS_TEST_TMPDIR"
    in_empty_world empty true || skip "no network namespaces here"
    export SOCKSHIM_BACKLOG=1 SOCKSHIM_ACCEPT=careful SOCKSHIM_CONNECT_TIMEOUT=30m SOCKSHIM_CONNECT_RETRY=1ms
    same_life "$SEED" SOCKSHIM_LOG=log off on yes
}

@test "it is the same under a filter that was inherited, and with few descriptors where the log has none" {
    cd "$BATS_TEST_TMPDIR"
    in_empty_world empty true || skip "no network namespaces here"
    local FILTER DESCRIPTORS seed=$SEED
    for FILTER in "$PROGRAMS/filtered 38 statx" "$PROGRAMS/filtered 1 statx,madvise,readlinkat"; do
        same_life $((seed++)) SOCKSHIM_LOG=log off on yes
        same_life $((seed++)) SOCKSHIM=watch off off yes
    done
    # In a filter that kills for what opens the log, nothing is done.
    FILTER="$PROGRAMS/filtered kill readlinkat"
    same_life $((seed++)) SOCKSHIM_LOG=log off off no
    FILTER=
    for DESCRIPTORS in 16 20 24 32; do
        same_life $((seed++)) SOCKSHIM_LOG=off off on no
        same_life $((seed++)) SOCKSHIM_LOG=stderr off on no
    done
}

@test "a difference is found out: one of errno, of a byte, of a result, of a disposition" {
    cd "$BATS_TEST_TMPDIR"
    in_empty_world empty true || skip "no network namespaces here"
    local fault lives
    for fault in ERRNO BYTE RESULT DISPOSITION; do
        "${CC:-cc}" -D_GNU_SOURCE -D$fault -w -shared -fPIC -o faulty.so "$TOP/tests/programs/objects/faulty.c"
        for lives in {1..6}; do # one alone may not come by it
            if ! SHIM=$PWD/faulty.so live_twice "$PROGRAM" $((SEED + lives)) "$STEPS" SOCKSHIM=off off off no; then
                break
            fi
            [ "$lives" -lt 6 ] || fails_with "not found out: $fault"
        done
        cmp -s native.out shim.out && fails_with "nothing was seen of $fault: $(cat shim.err)"
    done
    true
}
