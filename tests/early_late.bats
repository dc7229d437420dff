#!/usr/bin/env bats
# Calls before and after everybody else's, and company in LD_PRELOAD: other
# interposers, allocators, sanitizers.

load helpers

OBJECTS=$TOP/tests/programs/objects

# build_object OUTPUT ARG...: a shared object.
build_object() {
    "${CC:-cc}" -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -g -shared -fPIC -o "$BATS_FILE_TMPDIR/$1" "${@:2}"
}

setup_file() {
    OBJECTS=$BATS_TEST_DIRNAME/programs/objects
    build_object liblinked.so -DBASE=10 -DCALL=linked_call "$OBJECTS/early.c"
    build_object opened.so -DBASE=20 -DCALL=opened_call "$OBJECTS/early.c"
    build_object preloaded.so -DBASE=30 -DCALL=preloaded_call "$OBJECTS/early.c"
    build_object counting.so "$OBJECTS/counting.c"
    build_object allocating.so -fno-builtin "$OBJECTS/allocating.c"
    "${CC:-cc}" -D_GNU_SOURCE -Wall -Wextra -Werror -o "$BATS_FILE_TMPDIR/early" "$OBJECTS/early_program.c" \
        "$BATS_FILE_TMPDIR/liblinked.so" -ldl
}

# with PRELOADS COMMAND...: under these objects, in this order.
with() {
    env LD_PRELOAD="$1" SOCKSHIM_LOG="$LOG" "${@:2}"
}

lengths() {
    records '.call == "recv" and .error == "EAGAIN"' | jq -s -c 'map(.len)'
}

@test "constructors before ours, destructors after ours, atexit, dlopen and dlclose: all in the log" {
    run shimmed "$BATS_FILE_TMPDIR/early" "$BATS_FILE_TMPDIR/opened.so"
    [ "$status" -eq 0 ] || fails_with "$output"
    # A linked object's constructor comes first; an opened object's atexit runs
    # when it is closed.
    [ "$(lengths)" = "[11,1,12,2,21,22,24,23,3,5,6,14,13]" ] ||
        [ "$(lengths)" = "[11,1,12,2,21,22,23,24,3,5,6,13,14]" ] || fails_with "$(lengths)"
    [ "$(records '.error == "EPIPE"' | jq -s 'map(.cause == "write-after-close") | length')" -eq 2 ]
    # The first of all records is the start, made by the first constructor.
    [ "$(head -1 "$LOG" | grep -c 'event=start.*prog=early')" -eq 1 ]
    expect_count 1 '.event == "start"'
}

@test "a call before the C library has an environment: the settings are obeyed from then on" {
    "${CC:-cc}" -D_GNU_SOURCE -DPREINIT -o "$BATS_FILE_TMPDIR/preinit" "$OBJECTS/early_program.c" \
        "$BATS_FILE_TMPDIR/liblinked.so" -ldl
    run shimmed "$BATS_FILE_TMPDIR/preinit"
    [ "$status" -eq 0 ] && [ -z "$output" ] || fails_with "$output"
    expect_count 1 '.prog == "preinit" and .len == 2'
    expect_count 0 '.prog == ""'
}

@test "constructors and destructors of objects preloaded before and behind" {
    local preloads
    for preloads in "$SHIM $BATS_FILE_TMPDIR/preloaded.so" "$BATS_FILE_TMPDIR/preloaded.so $SHIM"; do
        rm -f "$LOG"
        run with "$preloads" "$BATS_FILE_TMPDIR/early"
        [ "$status" -eq 0 ] || fails_with "$preloads: $output"
        [ "$(records '.call == "recv" and .error == "EAGAIN"' | jq .len | sort -n | tr '\n' ' ')" = \
            "1 2 3 5 6 11 12 13 14 31 33 34 " ] || fails_with "$preloads: $(lengths)"
    done
}

# What an interposer counts of a program's calls: all, and none of the shim's.
@test "another interposer, before and behind, sees the program's calls and no other" {
    export COUNTS=$BATS_TEST_TMPDIR/counts
    local preloads
    with "$BATS_FILE_TMPDIR/counting.so" "$PROGRAMS/sigpipe" ignore socket dead dead >"$BATS_TEST_TMPDIR/native"
    for preloads in "$SHIM $BATS_FILE_TMPDIR/counting.so" "$BATS_FILE_TMPDIR/counting.so $SHIM"; do
        rm -f "$LOG"
        with "$preloads" "$PROGRAMS/sigpipe" ignore socket dead dead >"$BATS_TEST_TMPDIR/shim"
        diff "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/shim"
        expect_count 2 '.call == "send" and .cause == "write-after-close"'
    done
    [ "$(tail -n 3 "$COUNTS" | sort -u | wc -l)" -eq 1 ] || fails_with "$(cat "$COUNTS")"
    grep -q 'recv [1-9].*send [1-9].*connect [1-9].*close [1-9]' "$COUNTS"
}

@test "wrapped calls inside an allocator, from its first allocation to its last" {
    local preloads
    for preloads in "$SHIM $BATS_FILE_TMPDIR/allocating.so" "$BATS_FILE_TMPDIR/allocating.so $SHIM"; do
        rm -f "$LOG"
        run with "$preloads" "$PYTHON" -S -c 'import os; os.read(0, 1)' </dev/null
        [ "$status" -eq 0 ] || fails_with "$preloads: $output"
        local made=${lines[-1]} # as the allocator says at the end
        [ "$made" -ge 1000 ]
        expect_count "$made" '.call == "recv" and .error == "EAGAIN" and .len <= '"$made"
    done
}

# The object of an allocator, as Debian's packages have it.
allocator() {
    ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ { print $NF; exit }'
}

@test "jemalloc and tcmalloc, before and behind" {
    local name object preloads
    for name in libjemalloc.so.2 libtcmalloc_minimal.so.4; do
        object=$(allocator $name)
        [ -e "$object" ] || fails_with "no $name"
        for preloads in "$SHIM $object" "$object $SHIM"; do
            rm -f "$LOG"
            run with "$preloads" "$PROGRAMS/sigpipe" socket default dead children
            [ "$status" -eq 0 ] || fails_with "$preloads: $output"
            [ "$output" = "$(with "$SHIM" SOCKSHIM_LOG=off "$PROGRAMS/sigpipe" socket default dead children)" ]
            expect_count 1 '.cause == "write-after-close"'
            # Threads and processes, with all their memory from the allocator.
            with "$preloads" "$PROGRAMS/many" 2 4 500 >/dev/null
            expect_count 4000 '.prog == "many" and .event == "return"'
            with "$preloads" "$PYTHON" -c 'import json, socket, threading
a, b = socket.socketpair(); b.close()
ts = [threading.Thread(target=lambda: a.recv(1)) for i in range(8)]
[t.start() for t in ts]; [t.join() for t in ts]'
            expect_count 8 '.prog == "python3" and .cause == "peer-closed"'
        done
    done
}

# sanitized KIND PRELOADS COMMAND...: built with the sanitizer, it reports
# nothing and logs everything. Thread's wants a layout of memory without chance.
sanitized() {
    local program=$BATS_TEST_TMPDIR/$1 preloads=$2
    "${CC:-cc}" -D_GNU_SOURCE -O1 -g -fsanitize="$1" -o "$program" "$TOP/tests/programs/many.c" -pthread
    "${CC:-cc}" -D_GNU_SOURCE -O1 -g -fsanitize="$1" -o "$program.sigpipe" "$TOP/tests/programs/sigpipe.c" -w
    run setarch -R env LD_PRELOAD="$preloads" SOCKSHIM_LOG="$LOG" "$program" 2 4 500
    [ "$status" -eq 0 ] || fails_with "$1: $output"
    [ "${#lines[@]}" -eq 8 ] || fails_with "$1: $output" # what it says itself
    expect_count 4000 '.event == "return"'
    # The sanitizer has a mind of its own about signals: compare with itself.
    local native
    native=$(setarch -R "$program.sigpipe" socket handler query dead raise)
    run setarch -R env LD_PRELOAD="$preloads" SOCKSHIM_LOG="$LOG" "$program.sigpipe" \
        socket handler query dead raise
    [ "$status" -eq 0 ] && [ "$output" = "$native" ] || fails_with "$1: $output"
    run setarch -R env LD_PRELOAD="$preloads" SOCKSHIM_LOG="$LOG" "$program.sigpipe" socket default dead
    [ "$status" -eq 0 ] && [[ $output == *"send -1 Broken pipe, caught 0" ]] || fails_with "$1: $output"
    expect_count 2 '.cause == "write-after-close"'
}

@test "programs built with AddressSanitizer, whose runtime is named first" {
    sanitized address "$("${CC:-cc}" -print-file-name=libasan.so) $SHIM"
}

@test "programs built with ThreadSanitizer" {
    sanitized thread "$SHIM"
}

@test "programs built with UndefinedBehaviorSanitizer" {
    sanitized undefined "$SHIM"
}
