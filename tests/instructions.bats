#!/usr/bin/env bats
# README's promise of cost: a successful call costs at most 16 instructions more
# than without the shim, whatever the settings.

load helpers

MOST=16

# What the program does not do often is not held to it: socket and connect make
# a system call of their own, to force TCP_NODELAY, shutdown makes two, to note on
# the socket what was shut down, after SO_ERROR the value that came is looked at, and
# dup2 and dup3 see that the log does not move to that number meanwhile.
SET_UP="socket connect shutdown getsockopt_error dup2 dup3"

# Without debugging information, which valgrind need not understand in every form
# that a compiler writes it in. The names of functions stay.
setup() {
    strip --strip-debug -o "$BATS_TEST_TMPDIR/libsockshim.so" "$SHIM"
    strip --strip-debug -o "$BATS_TEST_TMPDIR/instructions" "$PROGRAMS/instructions"
}

# profile COUNT [VARIABLE=VALUE...]: the program makes COUNT calls of each kind;
# prints "KIND INSTRUCTIONS", one a line.
profile() {
    local out=$BATS_TEST_TMPDIR/callgrind count=$1
    shift
    env "$@" valgrind -q --tool=callgrind --callgrind-out-file="$out" \
        "$BATS_TEST_TMPDIR/instructions" "$count" >&2
    callgrind_annotate --inclusive=yes --threshold=100 "$out" |
        sed -n 's/^ *\([0-9,]*\) .*:count_\([a-z0-9_]*\) \[.*/\2 \1/p' | tr -d , | sort
}

# per_call [VARIABLE=VALUE...]: "KIND INSTRUCTIONS" of one call. A hundred calls
# more cost a hundred times that; what happens once, at the first, falls out.
per_call() {
    profile 100 "$@" >"$BATS_TEST_TMPDIR/fewer"
    profile 200 "$@" >"$BATS_TEST_TMPDIR/more"
    join "$BATS_TEST_TMPDIR/fewer" "$BATS_TEST_TMPDIR/more" |
        awk '{ print $1, ($3 - $2) / 100 }'
}

# costs [VARIABLE=VALUE...]: "KIND INSTRUCTIONS", what the shim adds to a call.
costs() {
    per_call >"$BATS_TEST_TMPDIR/native"
    per_call LD_PRELOAD="$BATS_TEST_TMPDIR/libsockshim.so" "$@" >"$BATS_TEST_TMPDIR/shimmed"
    join "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/shimmed" | awk '{ print $1, $3 - $2 }'
}

within_limit() {
    local costs too_many kinds
    costs=$(costs "$@")
    echo "$costs" # shown if the test fails
    # Nothing was forgotten by the profile: each kind that the program has.
    kinds=$(grep -c '^COUNT(' "$TOP/tests/programs/instructions.c")
    [ "$(wc -l <<<"$costs")" -eq "$kinds" ]
    too_many=$(awk -v set_up=" $SET_UP " -v most="$MOST" \
        '!index(set_up, " " $1 " ") && $2 > most' <<<"$costs")
    [ -z "$too_many" ] || { echo "above $MOST: $too_many" && return 1; }
}

@test "at most $MOST instructions a successful call, with a log in a file" {
    within_limit SOCKSHIM_LOG="$LOG"
    [ -s "$LOG" ] # it was there
}

@test "at most $MOST instructions a successful call, with the log off" {
    within_limit SOCKSHIM_LOG=off
}

@test "at most $MOST instructions a successful call, with all settings other than the defaults" {
    within_limit SOCKSHIM_LOG="$LOG" SOCKSHIM_LOG_LIMIT=0 SOCKSHIM_FORMAT=json \
        SOCKSHIM_SIGPIPE=always SOCKSHIM_NODELAY=off SOCKSHIM_LEVEL=error \
        SOCKSHIM_SKIP=would-block,EINTR,accept4 "SOCKSHIM_ONLY=instr*"
    [ -e "$LOG" ]
}

@test "at most $MOST instructions a successful call, switched off" {
    within_limit SOCKSHIM=off
}

@test "at most 100 instructions to make a socket, and to connect one" {
    costs SOCKSHIM_LOG=off | awk '$1 == "socket" || $1 == "connect" { print; seen++; most += $2 > 100 } END { exit seen < 2 || most > 0 }'
}

# Where nothing is asked for, no layer is there; and what is asked for costs its own calls alone.
@test "robust handling: not one instruction where it is not asked for, nor in calls that it is not about" {
    costs SOCKSHIM_LOG=off >"$BATS_TEST_TMPDIR/nothing"
    ! callgrind_annotate --threshold=100 "$BATS_TEST_TMPDIR/callgrind" | grep -q ':layer_' || fails_with "a layer is there"
    costs SOCKSHIM_LOG=off SOCKSHIM_BACKLOG=100 SOCKSHIM_REUSEADDR=on SOCKSHIM_EINTR=restart >"$BATS_TEST_TMPDIR/all"
    # Those two are what it is about: on a socket it is found out once whether the option can be set.
    grep -v '^listen \|^socket ' "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/other"
    sed -i '/^listen \|^socket /d' "$BATS_TEST_TMPDIR/nothing"
    diff "$BATS_TEST_TMPDIR/nothing" "$BATS_TEST_TMPDIR/other" || fails_with "of other calls"
    costs SOCKSHIM_LOG=off SOCKSHIM_RESET=eof >"$BATS_TEST_TMPDIR/receives"
    callgrind_annotate --threshold=100 "$BATS_TEST_TMPDIR/callgrind" | grep -q ':layer_recv ' || fails_with "no layer is seen"
    ! diff "$BATS_TEST_TMPDIR/nothing" "$BATS_TEST_TMPDIR/receives" >/dev/null
}
