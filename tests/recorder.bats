#!/usr/bin/env bats
# The recorder: every record, whatever the log leaves out, in a mapped file that outlives
# the program, without a descriptor or a system call; and what reads it.

load helpers
load transparent

bats_require_minimum_version 1.5.0

RING=$BATS_TEST_TMPDIR/ring

# recorded [VARIABLE=VALUE...] COMMAND...: under the shim, with nothing but the recorder.
recorded() {
    env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off SOCKSHIM_RECORDER="$RING" "$@"
}

sockshim() {
    "$SOCKSHIM_COMMAND" "$@"
}

# in_ring [FILE]: its records as lines.
in_ring() {
    sockshim recorder "${1:-$RING}"
}

# lengths [FILE]: of its would-blocks, which tell them apart, in their order.
lengths() {
    in_ring "$@" 2>/dev/null | sed -n 's/.* len=\([0-9]*\) .*cause=would-block .*/\1/p'
}

# slot_of LENGTH: the offset of the slot of that record.
slot_of() {
    "$PYTHON" - "$RING" "$1" <<'END'
import struct, sys
data = open(sys.argv[1], "rb").read()
first = 4096 + 256 * 1024
for at in range(first, len(data), 64):
    number, = struct.unpack_from("<Q", data, at)
    if number and int(sys.argv[2]) in struct.unpack_from("<6Q", data, at + 16):
        print(at)
        break
END
}

# poke OFFSET HEX: bytes into the ring's file.
poke() {
    printf "%b" "$(sed 's/../\\x&/g' <<<"$2")" | dd of="$RING" bs=1 seek="$1" conv=notrunc status=none
}

# refuses REASON COMMAND...: nothing is recorded, stderr says why in one line, and the
# program runs as it would have.
refuses() {
    local reason=$1
    shift
    run --separate-stderr recorded "$@" "$PROGRAMS/recorded" lean 1
    [ "$status" -eq 0 ] && [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ] || fails_with "$stderr"
    [[ $stderr == "sockshim: SOCKSHIM_RECORDER: "*" $reason"*"; nothing is recorded" ]] || fails_with "$stderr"
}

@test "every record is there, whatever level and skip leave out of the log" {
    env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_RECORDER="$RING" SOCKSHIM_LEVEL=error \
        SOCKSHIM_SKIP=would-block,recv "$PROGRAMS/recorded" lean 5
    [ ! -s "$LOG" ]
    [ "$(lengths | tr '\n' ' ')" = "1 2 3 4 5 " ]
    in_ring | as_json /dev/stdin | jq -se 'map(.event) == ["start"] + ["return"] * 5 or
        map(.event) == ["return"] * 5' >/dev/null || [ "$(in_ring | grep -c event=return)" -eq 5 ]
    sockshim recorder --json "$RING" | jq -se 'all(.[]; .pid > 0 and .prog == "recorded")' >/dev/null
}

@test "a name that is not resolved is recorded, too, and the name that an address was resolved from" {
    # Nobody is asked: in a network of its own.
    local alone=(unshare -n sh -c 'ip link set lo up && exec "$@"' -)
    "${alone[@]}" true || skip "no network namespaces here"
    recorded "${alone[@]}" "$PYTHON" -c '
import socket
try:
    socket.getaddrinfo("no.such.host.invalid", 80)
except socket.gaierror:
    pass
for answer in socket.getaddrinfo("localhost", 1, socket.AF_INET, socket.SOCK_STREAM):
    try:
        socket.socket().connect(answer[4])
    except ConnectionRefusedError:
        pass'
    sockshim recorder --json "$RING" | jq -se '
        any(.[]; .call == "getaddrinfo" and .cause == "name-not-resolved" and .name == "no.such.host.invalid") and
        any(.[]; .call == "connect" and .peer_name == "localhost")' >/dev/null || fails_with "$(in_ring)"
}

@test "the file is of its size in full, only its owner's, and has no other name" {
    recorded SOCKSHIM_RECORDER_SIZE=3M "$PROGRAMS/recorded" lean 1
    [ "$(stat -c '%s %a %h' "$RING")" = "3145728 600 1" ]
    [ "$(stat -c '%b' "$RING")" -ge 6144 ]
    [ "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '*ring*' | wc -l)" -eq 1 ]
    rm "$RING"
    recorded "$PROGRAMS/recorded" lean 1
    [ "$(stat -c %s "$RING")" -eq $((16 << 20)) ]
}

@test "%p and %n in its name" {
    recorded SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR/%n-%p.ring" "$PROGRAMS/recorded" lean 2
    [ "$(lengths "$BATS_TEST_TMPDIR"/recorded-[0-9]*.ring | wc -l)" -eq 2 ]
}

@test "no descriptor is open, and a close of everything harms nothing" {
    "$PROGRAMS/recorded" files >"$BATS_TEST_TMPDIR/native"
    recorded "$PROGRAMS/recorded" files >"$BATS_TEST_TMPDIR/shimmed"
    diff "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/shimmed"
    recorded "$PYTHON" -c '
import os, socket
os.closerange(0, 1000)
a, b = socket.socketpair()
a.setblocking(False)
try:
    a.recv(77)
except BlockingIOError:
    pass'
    [ "$(lengths | tail -1)" = 77 ]
}

@test "a record is no system call, and 500 instructions at most, the call included" {
    strace -qq -o "$BATS_TEST_TMPDIR/trace" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off \
        SOCKSHIM_RECORDER="$RING" "$PROGRAMS/recorded" lean 200
    # Between two calls of the program there is nothing, but for the first of the thread.
    run -0 awk '/^recvfrom/ { n++; next } n > 1 && n < 200 { print }' "$BATS_TEST_TMPDIR/trace"
    [ -z "$output" ] || fails_with "$output"
    strip --strip-debug -o "$BATS_TEST_TMPDIR/libsockshim.so" "$SHIM"
    for count in 100 200; do
        env LD_PRELOAD="$BATS_TEST_TMPDIR/libsockshim.so" SOCKSHIM_LOG=off SOCKSHIM_RECORDER="$RING" \
            valgrind -q --tool=callgrind --callgrind-out-file="$BATS_TEST_TMPDIR/$count" \
            "$PROGRAMS/recorded" lean $count
        callgrind_annotate --inclusive=yes --threshold=100 "$BATS_TEST_TMPDIR/$count" |
            sed -n 's/^ *\([0-9,]*\) .*:count_lean \[.*/\1/p' | tr -d , >"$BATS_TEST_TMPDIR/said.$count"
    done
    each=$((($(cat "$BATS_TEST_TMPDIR/said.200") - $(cat "$BATS_TEST_TMPDIR/said.100")) / 100))
    echo "$each instructions"
    [ "$each" -gt 0 ] && [ "$each" -le 500 ]
}

@test "256 threads: each of their records is there" {
    recorded SOCKSHIM_RECORDER_SIZE=8M "$PROGRAMS/recorded" threads 256 100
    [ "$(lengths | sort -n | uniq | wc -l)" -eq 25600 ]
    run --separate-stderr in_ring
    [ -z "$stderr" ]
}

@test "several processes share it, after fork and after exec" {
    recorded bash -c '"$0" lean 3 & "$0" lean 4 & "$0" lean 5; wait; exec "$0" lean 6' "$PROGRAMS/recorded"
    [ "$(lengths | wc -l)" -eq 18 ]
    recorded "$PYTHON" -c '
import os, socket
a, b = socket.socketpair()
a.setblocking(False)
def fail(n):
    try:
        a.recv(n)
    except BlockingIOError:
        pass
fail(100)
for i in range(5):
    if os.fork() == 0:
        fail(101 + i)
        os._exit(0)
for i in range(5):
    os.wait()'
    [ "$(lengths | sed -n '/^10.$/p' | sort | tr '\n' ' ')" = "100 101 102 103 104 105 " ]
    [ "$(sockshim recorder --json "$RING" | jq -r 'select(.len >= 100) | .pid' | sort -u | wc -l)" -eq 6 ]
}

# RECORDER_ROUNDS=300 for a long look.
@test "SIGKILL at any moment: what had returned is there, with what it was" {
    run -0 "$PYTHON" - "${RECORDER_ROUNDS:-20}" "$SHIM" "$RING" "$PROGRAMS/killed" "$BUILD/sockshim-recorder" <<'END'
import os, random, re, signal, struct, subprocess, sys, time
rounds, shim, ring, program, reader = int(sys.argv[1]), *sys.argv[2:]
environment = dict(os.environ, LD_PRELOAD=shim, SOCKSHIM_LOG="off", SOCKSHIM_RECORDER=ring)
returned = torn = 0
for i in range(rounds):
    if os.path.exists(ring):
        os.remove(ring)
    victim = subprocess.Popen([program, "3", "2"], env=environment, stdout=subprocess.PIPE, start_new_session=True)
    said = os.read(victim.stdout.fileno(), 8)
    time.sleep(random.uniform(0, 0.01))
    os.killpg(victim.pid, signal.SIGKILL)
    said += victim.stdout.read()
    victim.wait()
    calls = {number for number, in struct.iter_unpack("<Q", said[:len(said) // 8 * 8])}
    read = subprocess.run([reader, ring], capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
    there = set()
    for line in read.stdout.splitlines():
        if " event=return " in line:
            assert re.search(r" call=recv fd=\d+ ret=-1 errno=11 .* cause=would-block why=", line), line
            there.add(int(re.search(r" len=(\d+) ", line)[1]))
    assert "overwritten" not in read.stderr
    assert calls <= there, f"round {i}: {len(calls - there)} of {len(calls)} are missing"
    assert len(there - calls) <= 6, f"round {i}: {len(there - calls)} that no thread can have made"
    returned += len(calls)
    torn += "torn" in read.stderr
print(rounds, "rounds,", returned, "records,", torn, "rounds with torn slots")
END
    echo "$output"
    [[ $output == *" rounds, "[1-9]* ]]
}

@test "a program in a cage that kills leaves its records, and errno is as it was" {
    local way
    for way in prctl seccomp strict; do
        rm -f "$RING"
        run recorded "$PROGRAMS/caged" $way
        [ "$status" -eq 7 ]
        in_ring >"$LOG"
        if [ $way = strict ]; then
            expect_count 1 '.event == "return"'
        else
            [ "$(records '.event == "return" and .len != 1' |
                jq -r '"\(.call) \(.len) \(.ret) \(.errno)"' | tr '\n' ,)" = \
                "recv 2 0 0,recv 3 -1 11,recvfrom 4 -1 9,send 5 -1 32," ] || fails_with "other records"
        fi
    done
}

# blocked [VARIABLE=VALUE...]: calls that would block, of which the recorder keeps no more than the
# call where it alone tells of them.
blocked() {
    env LD_PRELOAD="$SHIM" SOCKSHIM_RECORDER="$RING" "$@" "$PYTHON" -c '
import ctypes, os, socket
libc = ctypes.CDLL(None)
listener = socket.create_server(("127.0.0.1", 0))
a, b = socket.socketpair()
room = ctypes.create_string_buffer(256)
for end in a, listener:
    end.setblocking(False)
n, flags = a.fileno(), socket.MSG_PEEK | socket.MSG_DONTWAIT
libc.recv(n, room, ctypes.c_size_t(7), flags)
libc.recvfrom(n, room, ctypes.c_size_t(1 << 40), 0, None, None)
libc.recvmsg(n, room, flags)
libc.recvmmsg(n, room, 3, flags, None)
libc.read(n, room, ctypes.c_size_t(9))
libc.accept(listener.fileno(), None, None)
libc.accept4(listener.fileno(), None, None, socket.SOCK_CLOEXEC)'
}

@test "a would-block is told as the log tells it, also where the recorder alone keeps it" {
    blocked SOCKSHIM_LOG="$LOG"
    sed -n 's/.* call=/call=/p' "$LOG" >"$BATS_TEST_TMPDIR/logged"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/logged")" -eq 7 ] || fails_with "$(cat "$LOG")"
    in_ring | sed -n 's/.* call=/call=/p' | diff "$BATS_TEST_TMPDIR/logged" -
    rm "$RING"
    blocked SOCKSHIM_LOG=off
    in_ring | sed -n 's/.* call=/call=/p' | diff "$BATS_TEST_TMPDIR/logged" -
}

@test "what is overwritten is counted, and the rest whole" {
    recorded SOCKSHIM_RECORDER_SIZE=1M "$PROGRAMS/recorded" lean 20000
    run --separate-stderr in_ring
    [[ $stderr =~ ^"sockshim: "([0-9]+)" of "([0-9]+)" slots were overwritten since"$ ]] || fails_with "$stderr"
    [ $((BASH_REMATCH[2] - BASH_REMATCH[1])) -eq $(((1048576 - 4096 - 262144) / 64)) ]
    [ "$(lengths | tail -1)" -eq 20000 ]
    [ "$(lengths | wc -l)" -gt 5000 ]
    lengths | awk 'NR > 1 && $1 != last + 1 { exit 1 } { last = $1 }'
}

@test "torn and damaged slots are known, and none but they are missing" {
    recorded "$PROGRAMS/recorded" lean 50
    poke "$(slot_of 20)" 0000000000000000
    poke $(($(slot_of 30) + 60)) 55
    run --separate-stderr in_ring
    [[ $stderr == "sockshim: 2 torn:"* ]] || fails_with "$stderr"
    [ "$(lengths | tr '\n' ' ')" = "$(seq -s ' ' 50 | sed 's/ 20 / /; s/ 30 / /') " ]
}

@test "another's, a damaged, a newer file and that of another byte order are refused, and left as they are" {
    local sum
    printf 'something of somebody%.0s' {1..1000} >"$RING"
    sum=$(md5sum <"$RING")
    refuses "is not a recorder file"
    [ "$(md5sum <"$RING")" = "$sum" ]
    run -2 --separate-stderr sockshim recorder "$RING"
    [ "$stderr" = "sockshim: $RING: is not a recorder file" ]
    : >"$RING"
    refuses "is not a recorder file"
    rm "$RING"
    recorded "$PROGRAMS/recorded" lean 3
    cp "$RING" "$RING.whole"
    # offset, bytes, what is said
    while read -r offset bytes words; do
        cp "$RING.whole" "$RING"
        poke "$offset" "$bytes"
        sum=$(md5sum <"$RING")
        refuses "$words"
        [ "$(md5sum <"$RING")" = "$sum" ]
        run -2 sockshim recorder "$RING"
    done <<'END'
0 00 is not a recorder file
16 01020304 comes from a machine with a different byte order
20 04000000 comes from another version of sockshim
28 01000000 comes from another version of sockshim
40 ff is damaged or truncated
600 00 is damaged or truncated
END
    head -c 2000000 "$RING.whole" >"$RING"
    refuses "is damaged or truncated"
    cp "$RING.whole" "$RING"
    recorded "$PROGRAMS/recorded" lean 3
    [ "$(lengths | wc -l)" -eq 6 ]
}

@test "links are not followed, and another user's file, a folder, a pipe are not used" {
    recorded "$PROGRAMS/recorded" lean 1
    ln -s "$RING" "$BATS_TEST_TMPDIR/link"
    refuses "is a symbolic link, which is not followed" SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR/link"
    ln -sf "$BATS_TEST_TMPDIR/nothing" "$BATS_TEST_TMPDIR/link"
    refuses "is a symbolic link, which is not followed" SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR/link"
    [ ! -e "$BATS_TEST_TMPDIR/nothing" ]
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    refuses "is not a regular file" SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR/pipe"
    refuses "cannot be opened" SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR"
    refuses "is in a directory that does not exist" SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR/no/ring"
    if [ "$(id -u)" -eq 0 ]; then
        chown 65534 "$RING"
        refuses "belongs to another user"
    fi
}

@test "a full disk, a limit of files' size: an error at start, and nothing is left behind" {
    [ "$(id -u)" -eq 0 ] || skip "mounts a file system"
    mkdir "$BATS_TEST_TMPDIR/small"
    run -0 unshare -m bash -c '
        mount -t tmpfs -o size=2M none "$1" &&
            env LD_PRELOAD="$2" SOCKSHIM_LOG=off SOCKSHIM_RECORDER="$1/ring" "$3" lean 5 && ls -A "$1"' - \
        "$BATS_TEST_TMPDIR/small" "$SHIM" "$PROGRAMS/recorded"
    [ "$output" = "sockshim: SOCKSHIM_RECORDER: $BATS_TEST_TMPDIR/small/ring does not fit on its file system; use a smaller SOCKSHIM_RECORDER_SIZE; nothing is recorded" ]
    run bash -c 'ulimit -f 1024 && exec "$@"' - env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off \
        SOCKSHIM_RECORDER="$RING" "$PROGRAMS/recorded" lean 5
    [ "$status" -eq 0 ]
    [[ $output == *"exceeds this process's limit on file sizes (RLIMIT_FSIZE); nothing is recorded" ]]
    [ ! -e "$RING" ]
}

# waiting: a program under the recorder, in $BACKGROUND, which leaves a record for each
# line that is written to descriptor 7, and then says so on 8.
waiting() {
    mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off SOCKSHIM_RECORDER="$RING" "$@" \
        sh -c 'exec "$0" waits <"$1" >"$2"' "$PROGRAMS/recorded" "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
    exec 7>"$BATS_TEST_TMPDIR/in" 8<"$BATS_TEST_TMPDIR/out"
    read -r _ <&8
}

leaves_one() {
    echo >&7
    read -r said <&8 && [ "$said" = "done" ]
}

@test "a file that is removed, a file system that is to be read-only: the program goes on" {
    waiting
    exec 9<"$RING"
    rm "$RING"
    leaves_one
    leaves_one
    [ "$(sockshim recorder /dev/fd/9 | grep -c event=return)" -eq 3 ]
    [ "$(id -u)" -eq 0 ] || return 0
    mkdir "$BATS_TEST_TMPDIR/disk"
    run -0 unshare -m bash -c '
        mount -t tmpfs -o size=4M none "$1" && mkfifo "$1/in" "$1/out" || exit
        env LD_PRELOAD="$2" SOCKSHIM_LOG=off SOCKSHIM_RECORDER="$1/ring" SOCKSHIM_RECORDER_SIZE=1M \
            "$3" waits <"$1/in" >"$1/out" 3>&- &
        exec 7>"$1/in" 8<"$1/out"
        read -r said <&8
        # The kernel refuses it (EBUSY) as long as the file is mapped.
        mount -o remount,ro "$1" 2>/dev/null || mount -o remount,bind,ro "$1" 2>/dev/null
        echo >&7
        read -r said <&8 && echo "$said"
        exec 7>&-
        wait && "$4" "$1/ring" | grep -c event=return' - \
        "$BATS_TEST_TMPDIR/disk" "$SHIM" "$PROGRAMS/recorded" "$BUILD/sockshim-recorder"
    [ "$output" = $'done\n2' ] || fails_with "$output"
}

@test "a disk that is full once the file is there: the program goes on, and every record is there" {
    [ "$(id -u)" -eq 0 ] || skip "mounts a file system"
    mkdir "$BATS_TEST_TMPDIR/disk"
    run -0 unshare -m bash -c '
        mount -t tmpfs -o size=4M none "$1" && mkfifo "$1/in" "$1/out" || exit
        env LD_PRELOAD="$2" SOCKSHIM_LOG=off SOCKSHIM_RECORDER="$1/ring" SOCKSHIM_RECORDER_SIZE=2M \
            "$3" waits <"$1/in" >"$1/out" 3>&- &
        exec 7>"$1/in" 8<"$1/out"
        read -r said <&8
        cat /dev/zero >"$1/full" 2>/dev/null
        df --output=avail "$1" | tail -1
        for ((i = 0; i < 3000; i++)); do
            echo >&7 && read -r said <&8 || exit
        done
        exec 7>&-
        wait $! && "$4" "$1/ring" | grep -c event=return' - \
        "$BATS_TEST_TMPDIR/disk" "$SHIM" "$PROGRAMS/recorded" "$BUILD/sockshim-recorder"
    [ "$(echo $output)" = "0 3001" ] || fails_with "$output"
}

# on_full_disk KIND RECORDS [VARIABLE=VALUE...]: a ring on a file system of that kind, which is
# filled, and written back, once the program has begun; and after each third of the RECORDS. Prints
# how many there are.
on_full_disk() {
    rm -f image in out
    truncate -s 350M "$BATS_TEST_TMPDIR/image"
    "mkfs.$1" -q "$BATS_TEST_TMPDIR/image" >/dev/null || return
    # shellcheck disable=SC2016 # for the inner one
    unshare -m bash -c '
        disk=$1 shim=$2 program=$3 reader=$4 each=$(($5 / 3))
        shift 5
        mount -o loop image "$disk" || { echo "no mount"; exit; }
        mkfifo in out
        env LD_PRELOAD="$shim" SOCKSHIM_LOG=off SOCKSHIM_RECORDER="$disk/ring" "$@" \
            "$program" waits "$each" <in >out 3>&- &
        exec 7>in 8<out
        read -r said <&8
        for i in 1 2; do
            { cat /dev/zero >"$disk/full$i"; } 2>/dev/null
            sync -f "$disk"
        done
        for i in 1 2 3; do
            echo >&7 && read -r said <&8 || exit
            sync -f "$disk"
        done
        exec 7>&-
        wait $! && "$reader" "$disk/ring" 2>/dev/null | grep -c event=return' - \
        "$BATS_TEST_TMPDIR/disk" "$SHIM" "$PROGRAMS/recorded" "$BUILD/sockshim-recorder" "${@:2}"
}

@test "a full disk of ext4, xfs or btrfs, whatever is written anew in a ring that is used again and again" {
    [ "$(id -u)" -eq 0 ] || skip "mounts file systems"
    cd "$BATS_TEST_TMPDIR"
    mkdir disk
    local kind
    for kind in ext4 xfs btrfs; do
        # Slots of a megabyte, less what is ahead of them: the ring is full.
        run on_full_disk $kind 15000 SOCKSHIM_RECORDER_SIZE=1M
        [ "$output" = "no mount" ] || [ "$output" -eq 12224 ] || fails_with "$kind: $status: $output"
        [ $kind != btrfs ] || continue
        # On huge pages.
        run on_full_disk $kind 75000 SOCKSHIM_RECORDER_SIZE=4M SOCKSHIM_RECORDER_CALLS=all
        [ "$output" = "no mount" ] || [ "$output" -eq 61376 ] || fails_with "$kind, huge: $status: $output"
    done
}

@test "huge pages are asked for where all calls are recorded, before the file is touched, and not else" {
    local all
    for all in failed all; do
        rm -f "$RING"
        strace -qq -e trace=madvise -o "$BATS_TEST_TMPDIR/$all" -E LD_PRELOAD="$SHIM" -E SOCKSHIM_LOG=off \
            -E SOCKSHIM_RECORDER="$RING" -E SOCKSHIM_RECORDER_CALLS=$all "$PROGRAMS/recorded" lean 1
    done
    [ "$(grep -c "16777216, MADV_HUGEPAGE" "$BATS_TEST_TMPDIR/all")" -eq 2 ] # to make it, and to use it
    [ "$(grep -c MADV_HUGEPAGE "$BATS_TEST_TMPDIR/failed")" -eq 0 ]
}

@test "two that make it at once, in containers where each has the number 1: both are in it" {
    [ "$(id -u)" -eq 0 ] || skip "makes namespaces"
    local it=(LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off SOCKSHIM_RECORDER="$RING")
    background unshare --pid --fork --mount-proc strace -D -qq -o /dev/null "${it[@]/#/-E}" \
        -e inject=fallocate:delay_enter=2000000 "$PROGRAMS/recorded" lean 1 2>"$BATS_TEST_TMPDIR/said"
    # shellcheck disable=SC2016 # for the inner one
    wait_until bash -c 'ls "$1".*.new 2>/dev/null' - "$RING"
    unshare --pid --fork --mount-proc env "${it[@]}" "$PROGRAMS/recorded" lean 1 2>>"$BATS_TEST_TMPDIR/said"
    wait "$BACKGROUND"
    [ ! -s "$BATS_TEST_TMPDIR/said" ] || fails_with "$(cat "$BATS_TEST_TMPDIR/said")"
    [ "$(lengths | wc -l)" -eq 2 ]
    [ "$(ls "$RING"*)" = "$RING" ]
}

@test "nothing but a file that is cut off ends the program, as README says" {
    waiting SOCKSHIM_RECORDER_SIZE=1M
    : >"$RING"
    echo >&7
    wait "$BACKGROUND" && status=0 || status=$?
    [ "$status" -eq $((128 + 7)) ]
}

@test "check says which file, as long as it is mapped, and the start record, too" {
    waiting
    run -0 sockshim check "$BACKGROUND"
    [[ $output == *"  recorder: $RING"* ]] || fails_with "$output"
    sockshim check --json "$BACKGROUND" | jq -e --arg ring "$RING" '.recorder == $ring' >/dev/null
    shimmed SOCKSHIM_RECORDER="$RING" "$PROGRAMS/core" refused >/dev/null
    expect '.event == "start" and (.settings | endswith(" recorder='"$RING"'"))'
    rm "$LOG"
    : >"$BATS_TEST_TMPDIR/no"
    shimmed SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR/no" "$PROGRAMS/core" refused >/dev/null 2>&1
    expect '.event == "start" and (.settings | contains("recorder") | not)'
}

@test "sockshim run: --recorder and --recorder-size, from any folder" {
    cd "$BATS_TEST_TMPDIR"
    sockshim run -q -o off --recorder my.ring --recorder-size 2M sh -c 'cd / && exec "$0" lean 4' "$PROGRAMS/recorded"
    [ "$(stat -c %s my.ring)" -eq 2097152 ]
    [ "$(lengths my.ring | wc -l)" -eq 4 ]
    sockshim run -q -o off --recorder all.ring --recorder-calls all "$PROGRAMS/recorded" pairs 4
    [ "$(in_ring all.ring | grep -c event=call)" -eq 10 ]
    run -2 --separate-stderr sockshim run --recorder-calls some true
    [[ $stderr == *"--recorder-calls some is not allowed; allowed: failed, all"* ]]
    run -2 --separate-stderr sockshim run --recorder-size 1K true
    [[ $stderr == *"--recorder-size 1K is not allowed; allowed: a number of bytes from 1M to 1G"* ]]
    run --separate-stderr recorded SOCKSHIM_RECORDER_SIZE=2G "$PROGRAMS/recorded" lean 1
    [[ $stderr == *"SOCKSHIM_RECORDER_SIZE: 2G is not allowed; allowed: a number of bytes from 1M to 1G, optionally followed by K, M or G; using 16M"* ]]
}

@test "report and follow read it: a live one, a copy, one on standard input" {
    waiting SOCKSHIM_LEVEL=warn
    run -0 sockshim report "$RING"
    [[ $output == *"would-block  debug        1"* ]] || fails_with "$output"
    cp "$RING" "$BATS_TEST_TMPDIR/copy"
    mkdir "$BATS_TEST_TMPDIR/folder"
    cp "$RING" "$BATS_TEST_TMPDIR/folder/ring"
    [ "$(sockshim report --json "$BATS_TEST_TMPDIR/copy" | jq .records)" -eq 1 ]
    [ "$(sockshim report --json <"$RING" | jq .records)" -eq 1 ]
    [ "$(sockshim report --json "$BATS_TEST_TMPDIR/folder" | jq .records)" -eq 1 ]
    background sockshim follow -n 0 "$RING" >"$BATS_TEST_TMPDIR/followed"
    wait_until pgrep_follows
    leaves_one
    wait_until grep -q 'recv(.*would-block' "$BATS_TEST_TMPDIR/followed"
    leaves_one
    wait_until lines_followed 2
}

pgrep_follows() {
    pgrep -f "sockshim-recorder --follow 0 $RING" >/dev/null
}

lines_followed() {
    [ "$(wc -l <"$BATS_TEST_TMPDIR/followed")" -eq "$1" ]
}

@test "--connection: with what came before a failure, though it has no address; --around" {
    recorded "$PYTHON" -c '
import socket, struct, time
listener = socket.create_server(("127.0.0.1", 0))
def end(n, reset):
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    ours.setblocking(False)
    try:
        ours.recv(n)
    except BlockingIOError:
        pass
    if reset:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        print("%s:%d" % ours.getsockname())
    theirs.close()
    ours.setblocking(True)
    try:
        ours.recv(n)
    except ConnectionResetError:
        pass
    ours.close()
end(11, False)
end(12, True)
end(13, False)' >"$BATS_TEST_TMPDIR/address"
    sockshim recorder --json --connection "$(cat "$BATS_TEST_TMPDIR/address")" "$RING" |
        jq -se 'map(select(.call == "recv") | .cause) == ["would-block", "peer-reset"] and
            all(.[]; .len == 12 or .call == "close")' >/dev/null || fails_with "$(in_ring)"
    [ "$(sockshim recorder --connection 127.0.0.1 "$RING" | grep -c ' call=recv ')" -eq 6 ]
    [ "$(sockshim recorder --connection 127.0.0.2 "$RING" | wc -l)" -eq 0 ]
    [ "$(sockshim recorder --around "$(in_ring | sed -n '$s/^ts=\([^ .]*\).*/\1/p')" "$RING" | grep -c ' call=recv ')" -eq 6 ]
    [ "$(sockshim recorder --around 2026-01-01T00:00 "$RING" | wc -l)" -eq 0 ]
    run -2 --separate-stderr sockshim recorder --around never "$RING"
    [[ $stderr == *"never is not a valid time for --around"* ]]
}

# conversations: one that is reset after twelve messages, and one that ends well. Files are
# read and written meanwhile.
CONVERSATIONS='
import os, socket, struct, sys
listener = socket.create_server(("127.0.0.1", 0))
def talk(messages):
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    for n in range(1, messages + 1):
        ours.send(b"x" * n)
        os.read(theirs.fileno(), 100)
        os.write(os.open("/dev/null", os.O_WRONLY), b"a file")
    return ours, theirs
ours, theirs = talk(3)
ours.close()
theirs.recv(1)
theirs.close()
ours, theirs = talk(12)
theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
theirs.close()
try:
    ours.recv(9)
except ConnectionResetError:
    pass
print(ours.fileno(), listener.getsockname()[1])
os.dup2(os.open("/dev/zero", os.O_RDONLY), ours.fileno())
os.read(ours.fileno(), 7)'

# of_calls FILTER [OPTION...]: the ring as JSON, in one list, through jq.
of_calls() {
    local filter=$1
    shift
    sockshim recorder --json "$@" "$RING" 2>/dev/null | jq -sr "$filter"
}

@test "SOCKSHIM_RECORDER_CALLS=all: calls on sockets that succeed are there, with what they moved and how long they took" {
    recorded SOCKSHIM_RECORDER_CALLS=all "$PYTHON" -c "$CONVERSATIONS" >/dev/null
    [ "$(of_calls 'map(select(.event == "call" and .call == "send") | .ret) | join(" ")')" = \
        "1 2 3 1 2 3 4 5 6 7 8 9 10 11 12" ] || fails_with "$(in_ring)"
    [ "$(of_calls 'map(select(.event == "call" and .call == "read") | .ret) | join(" ")')" = \
        "1 2 3 1 2 3 4 5 6 7 8 9 10 11 12" ] || fails_with "$(in_ring)"
    [ "$(of_calls 'map(select(.event == "call" and .call == "write")) | length')" -eq 0 ]
    [ "$(of_calls 'map(select(.event == "call") | .call) | unique | join(" ")')" = \
        "accept4 bind close connect getsockname listen read send setsockopt socket" ] ||
        fails_with "$(of_calls 'map(select(.event == "call") | .call) | unique | join(" ")')"
    of_calls 'map(select(.event == "call")) | all(.[]; .duration_us >= 0 and .pid > 0 and .level == "debug")' | grep -qx true
    # Without it, and without a recorder, there are none.
    rm "$RING"
    recorded "$PYTHON" -c "$CONVERSATIONS" >/dev/null
    [ "$(of_calls 'map(select(.event == "call")) | length')" -eq 0 ]
    env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_RECORDER_CALLS=all "$PYTHON" -c "$CONVERSATIONS" >/dev/null
    expect_count 0 '.event == "call"'
    run --separate-stderr recorded SOCKSHIM_RECORDER_CALLS=most "$PROGRAMS/recorded" lean 1
    [[ $stderr == *"SOCKSHIM_RECORDER_CALLS: most is not allowed; allowed: failed, all; using failed"* ]]
}

# It goes on by the cycle counter from a time of the kernel's, for about a millisecond each.
# In strict mode the kernel forbids the cycle counter, which the vDSO reads: SIGSEGV.
@test "calls that succeed in seccomp's strict mode, or without the cycle counter, are recorded" {
    local moved='map(select(.event == "call" and .ret == 8 and .ts > "2026")) | length'
    local blocked='map(select(.cause == "would-block" and .len == 3 and .ts > "2026")) | length'
    local way
    for way in strict strict-seccomp; do
        rm -f "$RING"
        run recorded SOCKSHIM_RECORDER_CALLS=all "$PROGRAMS/caged" $way
        [ "$status" -eq 7 ] || fails_with "$way: $status"
        [ "$(of_calls "$moved")" -eq 2 ] || fails_with "$(in_ring)"
    done
    for way in "prctl" "syscall" "prctl caged"; do
        rm -f "$RING"
        # shellcheck disable=SC2086 # words
        run recorded SOCKSHIM_RECORDER_CALLS=all "$PROGRAMS/no_counter" $way
        [ "$status" -ne 8 ] || skip "this machine's counter cannot be forbidden"
        [ "$status" -eq 7 ] || fails_with "$way: $status"
        [ "$(of_calls "$moved")" -eq 6 ] && [ "$(of_calls "$blocked")" -eq 3 ] || fails_with "$(in_ring)"
    done
}

@test "the time and the duration of a call that succeeds are those that the program itself finds, to five microseconds" {
    recorded SOCKSHIM_RECORDER_CALLS=all "$PYTHON" -c '
import socket, time
a, b = socket.socketpair()
for i in range(2000):
    begun = time.time_ns()
    a.send(bytes(i + 1))
    print(i + 1, begun, time.time_ns())
    b.recv(4000)
    time.sleep(i % 10 * 1e-4)' >"$BATS_TEST_TMPDIR/own"
    run -0 "$PYTHON" -c '
import calendar, json, sys, time
own = dict((int(n), (int(begun), int(done))) for n, begun, done in map(str.split, open(sys.argv[1])))
found = 0
for line in sys.stdin:
    record = json.loads(line)
    if record["event"] == "call" and record["call"] == "send":
        begun, done = own[record["ret"]]
        whole, part = record["ts"].rstrip("Z").split(".")
        ts = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(part) * 1000
        took = record["duration_us"] * 1000
        assert begun - 5000 <= ts <= done + 5000, (record, begun, done)
        assert took <= done - begun + 5000, (record, begun, done)
        found += 1
print(found)' "$BATS_TEST_TMPDIR/own" < <(sockshim recorder --json "$RING")
    [ "$output" -eq 2000 ] || fails_with "$output"
}

@test "a duration is that of the call" {
    recorded SOCKSHIM_RECORDER_CALLS=all "$PYTHON" -c '
import os, socket, time
a, b = socket.socketpair()
if os.fork() == 0:
    while ") S " not in open("/proc/%d/stat" % os.getppid()).read(): time.sleep(0.001) # until it waits
    time.sleep(0.3)
    b.send(b"late")
    os._exit(0)
a.recv(9)
os.wait()'
    [ "$(of_calls 'map(select(.call == "recv"))[0].duration_us | . >= 250000 and . < 60000000')" = true ] ||
        fails_with "$(in_ring)"
}

@test "--failures: the first failure of a connection, and the calls before it" {
    local fd port
    read -r fd port < <(recorded SOCKSHIM_RECORDER_CALLS=all "$PYTHON" -c "$CONVERSATIONS")
    [ "$(of_calls 'map(select(.cause == "peer-reset")) | length' --failures)" -eq 1 ]
    [ "$(of_calls 'length' --failures)" -eq 11 ] || fails_with "$(sockshim recorder --failures "$RING")"
    of_calls '.[-1].cause == "peer-reset" and all(.[:-1][]; .event == "call" and .call == "send" and .fd == '"$fd"') and
        (.[:-1] | map(.ret)) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]' --failures | grep -qx true
    # With all of the one connection: what had been asked for by the same number before is another's.
    [ "$(of_calls 'map(select(.call == "send")) | length' --connection ":$port")" -eq 15 ]
    local own
    own=$(of_calls 'map(select(.cause == "peer-reset"))[0].local')
    [ "$(of_calls 'map(select(.call == "send")) | length' --connection "$own")" -eq 12 ] ||
        fails_with "$(sockshim recorder --connection "$own" "$RING")"
    [ "$(of_calls 'map(.call)[:2] | join(" ")' --connection "$own")" = "socket connect" ] ||
        [ "$(of_calls 'map(.call)[0]' --connection "$own")" = socket ]
    [ "$(of_calls 'length' --failures --connection "$own")" -eq 11 ]
    [ "$(of_calls 'length' --failures --connection 127.0.0.9)" -eq 0 ]
    # report and follow are about failures.
    [ "$(sockshim report --json "$RING" | jq .records)" -eq "$(of_calls 'map(select(.event == "return")) | length')" ]
    [ "$(sockshim report "$RING" | grep -c 'event=call')" -eq 0 ]
    in_ring 2>/dev/null | sockshim report --json - | jq -e '.records > 0' >/dev/null
}

@test "calls that succeed cost not one instruction more where they are not asked for, and no system call where they are" {
    strip --strip-debug -o "$BATS_TEST_TMPDIR/libsockshim.so" "$SHIM"
    local how count settings
    for how in none failed all; do
        settings=()
        [ $how = none ] || settings=(SOCKSHIM_RECORDER="$RING" SOCKSHIM_RECORDER_CALLS="$how")
        for count in 100 200; do
            rm -f "$RING"
            env LD_PRELOAD="$BATS_TEST_TMPDIR/libsockshim.so" SOCKSHIM_LOG=off \
                "${settings[@]}" \
                valgrind -q --tool=callgrind --callgrind-out-file="$BATS_TEST_TMPDIR/$how.$count" \
                "$PROGRAMS/recorded" pairs $count
            callgrind_annotate --inclusive=yes --threshold=100 "$BATS_TEST_TMPDIR/$how.$count" |
                sed -n 's/^ *\([0-9,]*\) .*:count_pairs \[.*/\1/p' | tr -d , >"$BATS_TEST_TMPDIR/said.$how.$count"
        done
        declare "$how=$((($(cat "$BATS_TEST_TMPDIR/said.$how.200") - $(cat "$BATS_TEST_TMPDIR/said.$how.100")) / 100))"
    done
    echo "${none:?} ${failed:?} ${all:?} instructions for a send and a recv"
    # Some 300 each, and some 500 where the kernel's clock is asked: after each millisecond, so
    # how often depends on how slow valgrind is.
    [ "$none" -gt 0 ] && [ "$none" -eq "$failed" ] && [ "$all" -gt "$failed" ] && [ "$all" -le $((none + 1500)) ]
    strace -qq -o "$BATS_TEST_TMPDIR/trace" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off \
        SOCKSHIM_RECORDER="$RING" SOCKSHIM_RECORDER_CALLS=all "$PROGRAMS/recorded" pairs 200
    run -0 awk '/^(sendto|recvfrom)/ { n++; next } n > 2 && n < 400 { print }' "$BATS_TEST_TMPDIR/trace"
    [ -z "$output" ] || fails_with "$output"
}

@test "a vfork child closes its own descriptors, and what its parent's are stays known; a close of everything is noticed" {
    recorded SOCKSHIM_RECORDER_CALLS=all "$PYTHON" -c '
import os, socket, subprocess
a, b = socket.socketpair()
subprocess.run(["true"], close_fds=True)
os.write(a.fileno(), b"four")
os.read(b.fileno(), 9)
n = a.fileno()
os.closerange(n, n + 1)
os.dup2(os.open("/dev/null", os.O_WRONLY), n)
os.write(n, b"nothing")'
    [ "$(of_calls 'map(select(.event == "call" and (.call == "write" or .call == "read")) | .ret) | join(" ")')" = "4 4" ] ||
        fails_with "$(in_ring)"
}

@test "what a program sees is the same with all calls recorded" {
    local seed PROGRAM=$PROGRAMS/transparent STEPS=2000
    cd "$BATS_TEST_TMPDIR"
    in_empty_world empty true || skip "no network namespaces here"
    for seed in 1 2 3; do
        SOCKSHIM_RECORDER_CALLS=all same_life $seed SOCKSHIM_RECORDER="$RING" off on yes
    done
    [ "$(of_calls 'map(select(.event == "call")) | length')" -gt 500 ]
}

@test "what a program sees is the same with it, whatever it does" {
    local seed PROGRAM=$PROGRAMS/transparent STEPS=2000
    cd "$BATS_TEST_TMPDIR"
    in_empty_world empty true || skip "no network namespaces here"
    for seed in 1 2 3; do
        same_life $seed SOCKSHIM_RECORDER="$RING" off on yes
    done
    [ "$(in_ring 2>/dev/null | grep -c event=return)" -gt 500 ]
}

@test "a record takes at most 2 KiB of stack, beside the log and alone" {
    local how native log
    for how in first-socket would-block reset so-error close-threads; do
        native=$("$PROGRAMS/stack" $how)
        for log in off "$LOG"; do
            run recorded SOCKSHIM_LOG="$log" "$PROGRAMS/stack" $how
            [ "$((${output#* } - ${native#* }))" -le 2048 ] || fails_with "$how, $log: $((${output#* } - ${native#* }))"
        done
    done
}
