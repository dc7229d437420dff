# What every test file loads. Paths, a log of its own for each test, and ways
# to read it.

TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
BUILD=${BUILD:-$TOP/build}
SHIM=$BUILD/libsockshim.so
PROGRAMS=$BUILD/programs
TABLES=$BUILD/tables.txt
SOCKSHIM_COMMAND=$TOP/scripts/sockshim
PYTHON=/usr/bin/python3
LOG=$BATS_TEST_TMPDIR/log

# No setting of the caller's reaches a test.
unset SOCKSHIM SOCKSHIM_LOG SOCKSHIM_LOG_LIMIT SOCKSHIM_FORMAT SOCKSHIM_SIGPIPE \
    SOCKSHIM_NODELAY SOCKSHIM_LEVEL SOCKSHIM_SKIP SOCKSHIM_CLOSE SOCKSHIM_ONLY LD_PRELOAD \
    SOCKSHIM_DEAD_PEER SOCKSHIM_KEEPALIVE SOCKSHIM_CONNECT_TIMEOUT SOCKSHIM_CONNECT_RETRY \
    SOCKSHIM_RECV_TIMEOUT SOCKSHIM_BACKLOG SOCKSHIM_REUSEADDR SOCKSHIM_ACCEPT SOCKSHIM_EINTR \
    SOCKSHIM_RESET SOCKSHIM_RECORDER SOCKSHIM_RECORDER_SIZE SOCKSHIM_RECORDER_CALLS

# tables KIND [COLUMN]: what the tables of the source say, an item a line, without the
# kind; or a column of that. Fails if it is nothing, so that no loop over what
# variable=$(tables KIND) has got has nothing to do.
tables() {
    awk -F '\t' -v kind="$1" -v column="${2-}" '
        $1 == kind { print column == "" ? substr($0, length(kind) + 2) : $(column + 1); found = 1 }
        END { exit !found }' "$TABLES"
}

# subcommands: all of them, each a word, as the folder has them; run first.
subcommands() {
    local names
    names=$(cd "$TOP/scripts/lib/commands" && ls | sed -n '/^run\.sh$/d; s/\.sh$//p' | tr '\n' ' ')
    [ -n "$names" ] && echo "run ${names% }"
}

# shimmed [VARIABLE=VALUE...] COMMAND...: runs it under the shim, its log in $LOG.
shimmed() {
    env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$@"
}

# The log as JSON objects, one a line; fails on a line that is not well-formed.
as_json() {
    "$PYTHON" "$TOP/tests/logfmt.py" "${1:-$LOG}"
}

# records FILTER: the records that jq's FILTER selects, as JSON, one a line.
# records '.call == "recv" and .ret == 0'
records() {
    as_json | jq -c "select($1)"
}

# count FILTER: how many.
count() {
    records "$1" | wc -l
}

# fails_with MESSAGE: ends a test with words and the log.
fails_with() {
    echo "$*"
    [ ! -s "$LOG" ] || cat "$LOG"
    return 1
}

# expect FILTER: at least one record is so.
expect() {
    [ "$(count "$1")" -ge 1 ] || fails_with "no record with $1"
}

# expect_count N FILTER
expect_count() {
    local n
    n=$(count "$2")
    [ "$n" -eq "$1" ] || fails_with "$n records instead of $1 with $2"
}

# patience: how many seconds to wait for what must come before a test gives up: two
# minutes, and as many times that as there are others for each processor.
patience() {
    local load
    read -r load _ </proc/loadavg
    echo "$((120 * (1 + ${load%.*} / $(nproc))))"
}

# wait_until COMMAND...: polls a condition, less often after two seconds: what takes
# longer keeps the machine busy itself. For what cannot be waited for as an event.
wait_until() {
    local end='' polls=0
    until "$@"; do
        [ -n "$end" ] || end=$((SECONDS + $(patience)))
        [ "$SECONDS" -lt "$end" ] || { fails_with "waited in vain for: $*" && return; }
        if ((polls++ < 40)); then
            sleep 0.05
        else
            sleep 0.5
        fi
    done
}

# wait_for_port PORT: until something listens there.
wait_for_port() {
    wait_until port_is_open "$1"
}

port_is_open() {
    ss -Hltn "sport = :$1" | grep -q .
}

# A TCP port that is free, and below those that the kernel gives out: no other test
# gets it by chance meanwhile. Where the search begins is the process's number, so
# that two that search at the same time find two.
free_port() {
    "$PYTHON" -c '
import os, socket
with open("/proc/sys/net/ipv4/ip_local_port_range") as given_out:
    room = max(int(given_out.read().split()[0]) - 10000, 1000)
for number in range(os.getpid(), os.getpid() + room):
    try:
        with socket.socket() as s:
            s.bind(("", 10000 + number % room))
    except OSError:
        continue
    print(10000 + number % room)
    break'
}

# background COMMAND...: starts it; its pid is in $BACKGROUND, and it is ended
# with the test.
background() {
    "$@" 3>&- &
    BACKGROUND=$!
    BACKGROUNDS+=" $BACKGROUND"
}

end_backgrounds() {
    local pid
    for pid in $BACKGROUNDS; do
        kill -9 "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    BACKGROUNDS=
    return 0
}

teardown() {
    end_backgrounds
}

# needs_32_bit: skips the test where the kernel runs no 32-bit x86 programs; one that
# needs nothing of the system but that is tried, once for each file.
needs_32_bit() {
    local program=$BATS_FILE_TMPDIR/exits-with-7
    if [ ! -e "$program.status" ]; then
        echo 'void _start(void) { __asm__ volatile("int $0x80" : : "a"(1), "b"(7)); }' |
            gcc -m32 -static -nostdlib -x c -o "$program" - || fails_with "gcc -m32 builds nothing" || return
        "$program" 2>/dev/null && echo 0 >"$program.status" || echo $? >"$program.status"
    fi
    [ "$(cat "$program.status")" -eq 7 ] || skip "this kernel runs no 32-bit programs"
}

# The command and the object where a user without rights can reach them, too: in
# inst, whatever folder the project is in.
install_for_others() {
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/
    mkdir -p inst/bin inst/lib/sockshim
    cp "$SOCKSHIM_COMMAND" inst/bin/
    cp -r "$TOP"/scripts/lib/* "$SHIM" "$TABLES" "$BUILD/sockshim-run" inst/lib/sockshim/
}

# expect_refusal COMMAND MESSAGE WORD...: in one line, with status 2.
expect_refusal() {
    run -2 --separate-stderr "$1" "${@:3}"
    [ "$stderr" = "sockshim: $2" ] || fails_with "$stderr"
    [ -z "$output" ]
}

# in_preloaded_system OBJECT COMMAND...: in a mount namespace whose
# /etc/ld.so.preload names the object, which the loader honours whatever the
# environment is, and for privileged programs, too.
in_preloaded_system() {
    cp -a /etc "$BATS_TEST_TMPDIR/etc"
    echo "$1" >"$BATS_TEST_TMPDIR/etc/ld.so.preload"
    # shellcheck disable=SC2016
    unshare -m sh -c 'mount --bind "$0" /etc && exec "$@"' "$BATS_TEST_TMPDIR/etc" "${@:2}"
}
