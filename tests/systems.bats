#!/usr/bin/env bats
# The other systems: musl, 32-bit x86 and aarch64. Each is built without a
# warning, exports what it wraps and nothing else, and does its job.

load helpers
load transparent
load stack
load combinations

# The kernel's headers are the same for both; only gcc-multilib, which conflicts
# with cross compilers, would put them where -m32 looks.
GCC_32="gcc -m32 -idirafter /usr/include/x86_64-linux-gnu"

bats_require_minimum_version 1.5.0

# build_for NAME CC: the object and the programs that are needed here.
build_for() {
    local build=$BATS_FILE_TMPDIR/$1
    make -s -C "$TOP" CC="$2" BUILD="$build" >"$build.out" 2>&1 || { cat "$build.out" && return 1; }
    [ ! -s "$build.out" ] || { echo "warnings: " && cat "$build.out" && return 1; }
    $2 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -o "$build/core" "$TOP/tests/programs/core.c" -pthread
    for program in ends waits combinations; do
        $2 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -o "$build/$program" "$TOP/tests/programs/$program.c" -pthread
    done
    [ "$1" != i386 ] && [ "$1" != musl ] || $2 -D_GNU_SOURCE -O2 -o "$build/stack" "$TOP/tests/programs/stack.c" -pthread
    [ "$1" = aarch64 ] || $2 -std=gnu11 -D_GNU_SOURCE -O2 -o "$build/transparent" "$TOP"/tests/life/*.c
}

setup_file() {
    TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
    build_for native "${CC:-cc}" &
    build_for musl musl-gcc &
    build_for i386 "$GCC_32" &
    # Not gcc, of which Debian has either the cross compiler or -m32.
    build_for aarch64 'clang --target=aarch64-linux-gnu' &
    wait
}

# use NAME: the build that the rest of the test is about.
use() {
    SYSTEM=$1
    SHIM=$BATS_FILE_TMPDIR/$1/libsockshim.so
    CORE=$BATS_FILE_TMPDIR/$1/core
    [ -e "$SHIM" ] && [ ! -s "$BATS_FILE_TMPDIR/$1.out" ] || fails_with "$(cat "$BATS_FILE_TMPDIR/$1.out")"
}

# run_core [VARIABLE=VALUE...] STEP...: the program of that system under the shim.
run_core() {
    local settings=()
    while [[ $1 == *=* ]]; do
        settings+=("$1")
        shift
    done
    if [ "$SYSTEM" = aarch64 ]; then
        env SOCKSHIM_LOG="$LOG" "${settings[@]}" qemu-aarch64 -L /usr/aarch64-linux-gnu \
            -E LD_PRELOAD="$SHIM" "$CORE" "$@"
    else
        env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "${settings[@]}" "$CORE" "$@"
    fi
}

# exports NM LIBRARY: no name but those of the tables, and of the C library.
exports() {
    "$1" -D --defined-only "$SHIM" | awk '{ print $3 }' | sort >"$BATS_TEST_TMPDIR/exported"
    tables name 1 | sort -u >"$BATS_TEST_TMPDIR/names"
    [ -s "$BATS_TEST_TMPDIR/names" ]
    [ -s "$BATS_TEST_TMPDIR/exported" ]
    [ -z "$(comm -23 "$BATS_TEST_TMPDIR/exported" "$BATS_TEST_TMPDIR/names")" ] ||
        fails_with "$(comm -23 "$BATS_TEST_TMPDIR/exported" "$BATS_TEST_TMPDIR/names")"
    grep -qx recv "$BATS_TEST_TMPDIR/exported"
    # Nor one that the programs' C library does not have.
    "$1" -D --defined-only "$2" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u >"$BATS_TEST_TMPDIR/library"
    [ -z "$(comm -23 "$BATS_TEST_TMPDIR/exported" "$BATS_TEST_TMPDIR/library")" ] ||
        fails_with "not in $2: $(comm -23 "$BATS_TEST_TMPDIR/exported" "$BATS_TEST_TMPDIR/library")"
}

# needs: the C library, and libdl where that is apart.
needs() {
    readelf -d "$SHIM" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' '
}

does_its_job() {
    [[ $(needs) =~ ^(libdl\.so\.2\ )?(libc\.so\.6|libc\.so)\ $ ]] || fails_with "$(needs)"
    run --separate-stderr run_core refused reset eof nodelay cancelled
    [ "$status" -eq 0 ] || fails_with "status $status: $output"
    [ "$output" = "refused: -1
reset: recv -1, send -1
eof: 0
nodelay: 1 1
cancelled: 1" ] || fails_with "$output"
    # shellcheck disable=SC2154
    [ -z "$stderr" ] || fails_with "$stderr"
    expect_count 1 '.event == "start" and .prog == "core"'
    expect_count 1 '.call == "connect" and .error == "ECONNREFUSED" and .cause == "connection-refused"
        and .peer == "127.0.0.1:1" and .type == "tcp"'
    expect_count 1 '.call == "recv" and .error == "ECONNRESET"'
    expect_count 1 '.call == "send" and .error == "EPIPE"'
    expect_count 1 '.call == "recv" and .ret == 0 and .cause == "peer-closed" and .len == 77'
}

# The record's figures come from structures whose layout is the system's.
knows_figures() {
    expect_count 1 '.error == "ECONNRESET" and .cause == "peer-reset" and .state == "CLOSE"'
    expect_count 1 '.error == "EPIPE" and .cause == "write-after-close"'
    expect_count 1 '.cause == "peer-closed" and .state == "CLOSE_WAIT" and .rx == 5 and .tx == 3
        and .unacked == 0 and .unsent == 0 and (.local | test("^127.0.0.1:[0-9]+$"))'
}

tells_wrong_settings() {
    rm -f "$LOG"
    run --separate-stderr run_core SOCKSHIM_LEVEL=loud SOCKSHIM_LOG_LIMIT=1X refused
    [ "$status" -eq 0 ]
    [[ $stderr == *SOCKSHIM_LOG_LIMIT*1G*SOCKSHIM_LEVEL*debug* ]] ||
        [[ $stderr == *SOCKSHIM_LEVEL*debug*SOCKSHIM_LOG_LIMIT*1G* ]] || fails_with "$stderr"
    expect_count 2 '.event == "config" and .level == "error"'
    rm -f "$LOG"
    run_core SOCKSHIM=off refused >/dev/null
    [ ! -e "$LOG" ]
    run_core SOCKSHIM_FORMAT=json refused >/dev/null
    [ "$(head -c 1 "$LOG")" = "{" ]
    expect_count 1 '.cause == "connection-refused"'
}

# Robust handling on request.
handles() {
    rm -f "$LOG"
    CORE=${CORE%/*}/ends
    run run_core SOCKSHIM_RESET=eof
    [[ $output == "recv 0
recvfrom 0
recvmsg 0 0 0
read 0
readv 0"*"recvmmsg -1 ECONNRESET
send -1 ECONNRESET
datagram -1 ECONNREFUSED" ]] || fails_with "$output"
    expect '.event == "handled" and .setting == "SOCKSHIM_RESET" and .given == "0"'
    CORE=${CORE%/*}/waits
    run run_core SOCKSHIM_RECV_TIMEOUT=300ms SOCKSHIM_DEAD_PEER=30s receive
    [ "$output" = "-1 ETIMEDOUT
15" ] || fails_with "$output"
    expect '.event == "handled" and .setting == "SOCKSHIM_RECV_TIMEOUT"'
    run run_core SOCKSHIM_KEEPALIVE=60 SOCKSHIM_BACKLOG=7 SOCKSHIM_REUSEADDR=on options
    [ "$output" = "0 1 1" ] || fails_with "$output"
    expect '.event == "handled" and .setting == "SOCKSHIM_BACKLOG" and .would == "listen(1)" and .given == "listen(7)"'
    handles_combinations
    CORE=${CORE%/*}/waits
    run run_core SOCKSHIM_CONNECT_RETRY=60s signal 2
    [ "$output" = "-1 ECONNREFUSED" ] || fails_with "$output"
    run run_core SOCKSHIM_CONNECT_RETRY=60s default 15
    [ "$status" -eq 143 ] || fails_with "$status $output"
    run run_core SOCKSHIM_CONNECT_RETRY=60s cancel
    [ "$output" = "cancelled" ] || fails_with "$output"
    run run_core SOCKSHIM_ACCEPT=careful signal 14 accept
    [ "$output" = "-1 EMFILE" ] || fails_with "$output"
    run run_core SOCKSHIM_ACCEPT=careful cancel accept
    [ "$output" = "cancelled" ] || fails_with "$output"
    run run_core SOCKSHIM_CONNECT_RETRY=200ms vfork
    # The emulator makes a fork of vfork: its parent does not see what the child got.
    [ "$output" = "-1 ECONNREFUSED 7
-1 ECONNREFUSED" ] || [ "$SYSTEM,$output" = "aarch64,0 Success 7
-1 ECONNREFUSED" ] || fails_with "$output"
    CORE=${CORE%/*}/core
}

# A few of those of tests/handling_combinations.bats.
handles_combinations() {
    local setting words given
    CORE=${CORE%/*}/combinations
    while read -r setting given words; do
        # shellcheck disable=SC2086
        run run_core "SOCKSHIM_$setting" $words
        [ "${output##*: }" = "${given/_/ }" ] || fails_with "$setting $words: $output"
        expect '.event == "handled" and .setting == "SOCKSHIM_'"${setting%=*}"'"'
    done <<'END'
CONNECT_TIMEOUT=1s -1_ETIMEDOUT unanswered IPv4 blocking none
CONNECT_TIMEOUT=300ms -1_ETIMEDOUT unanswered IPv6 blocking none
CONNECT_RETRY=60s 0_- refused IPv4 blocking none
CONNECT_RETRY=60s 0_- refused IPv4 blocking USR1+restart
ACCEPT=careful 0_- full IPv4 accept blocking
EINTR=restart 1_- receive IPv4 recv blocking USR1
END
}

swallows_whatever_the_flags() {
    run run_core rubbish
    [ "$output" = "reset: recv -1, send -1" ] || fails_with "$output"
}

# tests/transparent.bats has the native system.
changes_nothing() {
    PROGRAM=$BATS_FILE_TMPDIR/$SYSTEM/transparent
    STEPS=1500
    cd "$BATS_TEST_TMPDIR"
    same_lives 1
    all_calls_made
}

rotates_and_follows() {
    rm -f "$LOG"
    run_core SOCKSHIM_LOG_LIMIT=4K many >/dev/null
    as_json "$LOG.1" >/dev/null
    [ "$(as_json | head -1 | jq -r .event)" = rotated ]
    rm -f "$LOG" "$LOG.1"
    run_core over "$LOG" >/dev/null
    expect_count 0 '.event == "lost"'
    [ "$(records '.call == "recv"' | jq -s -c 'map(.len)')" = "[1,2,3,4]" ]
}

# Read by the same system's program: the words are of its size.
records_into_a_ring() {
    local ring=$BATS_TEST_TMPDIR/ring
    run_core SOCKSHIM_LOG=off SOCKSHIM_RECORDER="$ring" refused eof >/dev/null
    "$BATS_FILE_TMPDIR/$SYSTEM/sockshim-recorder" "$ring" >"$BATS_TEST_TMPDIR/lines"
    grep -q ' call=connect .* errno=111 .* cause=connection-refused ' "$BATS_TEST_TMPDIR/lines"
    grep -q ' call=recv .* cause=peer-closed ' "$BATS_TEST_TMPDIR/lines"
}

# As tests/log.bats has it.
takes_little_stack() {
    local call native output setting stack=$BATS_FILE_TMPDIR/$SYSTEM/stack
    for call in first-socket would-block recvmsg reset shut refused so-error-6 path bind \
        nodelay close-unread close-threads rotation; do
        native=$(LD_BIND_NOW=1 "$stack" $call)
        for setting in SOCKSHIM=on SOCKSHIM_RESET=eof SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR/ring"; do
            output=$(env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$setting" LD_BIND_NOW=1 \
                SOCKSHIM_LOG_LIMIT=4K "$stack" $call)
            [ "$((${output#* } - ${native#* }))" -le 2048 ] || fails_with "$setting: $output, natively $native"
        done
    done
}

@test "x86-64 with glibc exports the tables' names, each of them that this system has" {
    use native
    exports nm "$("${CC:-cc}" -print-file-name=libc.so.6)"
    [ "$(comm -13 "$BATS_TEST_TMPDIR/exported" "$BATS_TEST_TMPDIR/names" | grep -cv 64)" -eq 0 ] ||
        fails_with "$(comm -13 "$BATS_TEST_TMPDIR/exported" "$BATS_TEST_TMPDIR/names")"
    does_its_job
    knows_figures
    swallows_whatever_the_flags
    handles
    tells_wrong_settings
    rotates_and_follows
}

@test "musl" {
    use musl
    exports nm /lib/ld-musl-x86_64.so.1
    does_its_job
    knows_figures
    swallows_whatever_the_flags
    handles
    tells_wrong_settings
    rotates_and_follows
    records_into_a_ring
    takes_little_stack
    takes_little_stack_when_handling "$SHIM" "$BATS_FILE_TMPDIR/$SYSTEM/stack"
    changes_nothing
}

# One of glibc's does not come so far: its own start reads the counter.
@test "a program of musl's that was started without the cycle counter lives, and is logged and recorded" {
    use musl
    local program=$BATS_TEST_TMPDIR/inherits from
    musl-gcc -D_GNU_SOURCE -Wall -Wextra -Werror -o "$program" "$TOP/tests/programs/inherits_no_counter.c"
    run "$program"
    [ "$status" -ne 8 ] || skip "this machine's counter cannot be forbidden"
    [ "$status" -eq 7 ]
    from=$(date +%s)
    run -7 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR/ring" \
        SOCKSHIM_RECORDER_CALLS=all "$program"
    expect_count 1 '.call == "recv" and .cause == "peer-closed"'
    expect_count 0 "(.ts[0:19] + \"Z\" | fromdate) as \$time | \$time < $from - 1 or \$time > $from + 60"
    run -0 "$BATS_FILE_TMPDIR/musl/sockshim-recorder" "$BATS_TEST_TMPDIR/ring"
    [[ $output == *"call=recv "*"cause=peer-closed"* ]]
}

# A shimmed program's children inherit $LD_PRELOAD, whatever they are built for.
@test "a program of musl's that has inherited the shim for glibc: it does what it would, and nothing else is done" {
    musl-gcc -D_GNU_SOURCE -Wall -Wextra -Werror -o "$BATS_TEST_TMPDIR/foreign" "$TOP/tests/programs/foreign.c"
    run -141 "$BATS_TEST_TMPDIR/foreign"
    local native=$output
    run -141 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_LEVEL=wrong "$BATS_TEST_TMPDIR/foreign"
    [ "$output" = "$native" ] || fails_with "$output"
    [ ! -e "$LOG" ]
}

@test "32-bit x86 exports the tables' names and nothing else" {
    use i386
    exports nm "$(gcc -m32 -print-file-name=libc.so.6)"
}

@test "32-bit x86" {
    needs_32_bit
    use i386
    does_its_job
    knows_figures
    swallows_whatever_the_flags
    handles
    tells_wrong_settings
    rotates_and_follows
    records_into_a_ring
    takes_little_stack
    # Some 20 bytes above 2 KiB: arguments are on the stack, too.
    takes_little_stack_when_handling "$SHIM" "$BATS_FILE_TMPDIR/$SYSTEM/stack" 2080
    changes_nothing
}

# An emulator answers for the kernel, and does not know all questions: of
# TCP_INFO it tells the state, and no more.
@test "aarch64" {
    use aarch64
    exports aarch64-linux-gnu-nm /usr/aarch64-linux-gnu/lib/libc.so.6
    does_its_job
    expect_count 1 '.call == "recv" and .cause == "peer-closed" and .ret == 0 and .errno == 0 and .level == "info"
        and ([.local, .peer] | all(test("^127.0.0.1:[0-9]+$")))'
    # What it does not tell is neither guessed nor 0.
    expect_count 1 '.error == "ECONNRESET" and .cause == "peer-reset" and .level == "warn"'
    expect_count 1 '.error == "EPIPE" and (.cause | IN("other", "write-after-close")) and .level == "warn"'
    expect_count 0 '.rtt_us == 0'
    swallows_whatever_the_flags
    handles
    tells_wrong_settings
    rotates_and_follows
}

# With each signal, a cancelled thread, a shutdown and a close in the midst of it. What an emulator
# cannot show: a vfork child on its parent's memory, a seccomp filter (it has none), and of TCP_INFO
# anything but the state, by which SOCKSHIM_KEEPALIVE is known to have ended a connection.
@test "aarch64: every combination of robust handling" {
    use aarch64
    CORE=${CORE%/*}/combinations
    local setting trial count
    while read -r setting trial count; do
        run run_core "SOCKSHIM_$setting" "$trial"
        are_as_expected "$setting" "$count"
    done <<'END'
RECV_TIMEOUT=1s receive 110
RESET=eof reset 55
CONNECT_TIMEOUT=900ms unanswered 17
CONNECT_TIMEOUT=1s unanswered 17
CONNECT_RETRY=60s refused 19
ACCEPT=careful full 8
EINTR=restart receive 110
EINTR=restart unanswered 17
DEAD_PEER=60s receive 110
KEEPALIVE=60s reset 55
END
}

@test "32-bit x86: the twins for programs with a 64-bit time_t" {
    needs_32_bit
    use i386
    $GCC_32 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -Wall -Wextra -Werror -O2 \
        -o "$BATS_TEST_TMPDIR/core" "$TOP/tests/programs/core.c" -pthread
    CORE=$BATS_TEST_TMPDIR/core
    nm -D "$CORE" | grep -q __recvmsg64
    run run_core twins
    [ "$output" = "twins: -1 -1 -1" ] || fails_with "$output"
    expect_count 1 '.call == "recvmsg" and .cause == "would-block"'
    expect_count 1 '.call == "sendmsg" and .cause == "write-after-close"'
    expect_count 1 '.call == "recvmmsg" and .cause == "would-block"'
    expect_count 1 '.event == "refused" and .call == "setsockopt"'
}

# What the loader of a program makes of $LIB.
lib_of() {
    "$(readelf -l "$1" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')" --list-diagnostics |
        sed -n 's/^dl_dst_lib="\(.*\)"$/\1/p'
}

@test "one LD_PRELOAD setting for 32-bit and 64-bit programs, with \$LIB" {
    needs_32_bit
    local system lib root=$BATS_TEST_TMPDIR/root
    for system in native i386; do
        lib=$(lib_of "$BATS_FILE_TMPDIR/$system/core")
        [ -n "$lib" ] && [ ! -e "$root/$lib/libsockshim.so" ]
        mkdir -p "$root/$lib"
        cp "$BATS_FILE_TMPDIR/$system/libsockshim.so" "$root/$lib"
    done
    # A 64-bit shell that starts both.
    run --separate-stderr env LD_PRELOAD="$root/\$LIB/libsockshim.so" SOCKSHIM_LOG="$LOG" sh -c '
        "$0/native/core" refused reset && "$0/i386/core" refused reset' "$BATS_FILE_TMPDIR"
    [ "$status" -eq 0 ]
    [ -z "$stderr" ] || fails_with "$stderr"
    expect_count 2 '.event == "start" and .prog == "core"'
    expect_count 1 '.event == "start" and (.exe | endswith("i386/core"))'
    expect_count 2 '.cause == "write-after-close"'
}
