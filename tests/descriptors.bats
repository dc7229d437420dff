#!/usr/bin/env bats
# The log's descriptor and the program's: neither gets in the other's way. What
# tests/log.bats has not: daemons, few and many descriptors, every call that
# takes our number.

bats_require_minimum_version 1.5.0

load helpers
load on_terminal

@test "a daemon: two forks, all descriptors closed, 0 to 2 on /dev/null, and it logs on" {
    shimmed "$PROGRAMS/descriptors" daemonise
    expect_count 1 '.len == 1'
    expect_count 1 '.len == 2'
    expect_count 1 '.len == 3'
    [ "$(records '.call == "recv"' | jq -s 'map(.pid) | unique | length')" -eq 2 ]
    expect_count 0 '.event == "lost"'
}

@test "a daemon whose log is stderr, which it closed: nothing is written to what comes after" {
    # /dev/null is descriptor 2 then.
    env LD_PRELOAD="$SHIM" "$PROGRAMS/descriptors" daemonise 2>"$LOG"
    expect_count 1 '.len == 1'
    expect_count 0 '.len == 2'
}

# numbers LIMIT: those that the program gets; its first two are its sockets.
numbers() {
    (ulimit -Sn "$1" && shift && "$@" "$PROGRAMS/descriptors" numbers) 3>&-
}

@test "with 16 descriptors in all: they come from 3 on, and each may be had" {
    numbers 16 env >"$BATS_TEST_TMPDIR/native"
    numbers 16 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" >"$BATS_TEST_TMPDIR/shim"
    # The log takes the last but one.
    diff <(sed '/^14$/d' "$BATS_TEST_TMPDIR/native") "$BATS_TEST_TMPDIR/shim"
    [ "$(tail -1 "$BATS_TEST_TMPDIR/native")" -eq 15 ]
    local i
    for i in 1 2 3; do
        expect_count 1 ".len == $i"
    done
}

@test "who has used up all descriptors, and closes the last, has one to go on with" {
    local limit
    for limit in 16 32 240 241; do
        rm -f "$LOG"
        run -0 shimmed "$PYTHON" -c '
import errno, os, resource, socket, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
one, other = socket.socketpair()
one.setblocking(False)
try:
    one.recv(1)
except BlockingIOError:
    pass
try:
    while True:
        os.dup(0)
except OSError as error:
    assert error.errno == errno.EMFILE
os.close(limit - 1)
socket.socket()' "$limit"
        expect_count 1 '.error == "EAGAIN"'
        expect_count 0 '.error == "EMFILE"'
    done
}

@test "with a thousand: the numbers are those of the program alone" {
    numbers 1024 env >"$BATS_TEST_TMPDIR/native"
    numbers 1024 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" >"$BATS_TEST_TMPDIR/shim"
    diff "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/shim"
}

@test "with as many as may be had: the kernel's table stays small, so that a fork costs what it did" {
    (ulimit -Sn "$(ulimit -Hn)" && shimmed "$PROGRAMS/descriptors" table) >"$BATS_TEST_TMPDIR/sizes" 3>&-
    [ "$(wc -l <"$BATS_TEST_TMPDIR/sizes")" -eq 2 ]
    awk '$1 > 256 { exit 1 }' "$BATS_TEST_TMPDIR/sizes" || fails_with "$(cat "$BATS_TEST_TMPDIR/sizes")"
    expect_count 1 '.len == 2'
}

@test "a program that inherits all numbers up to 300 has a log" {
    shimmed bash -c '
        for ((fd = 3; fd < 300; fd++)); do
            eval "exec $fd</dev/null"
        done
        exec "$@"' - "$PROGRAMS/descriptors" table
    expect_count 1 '.len == 1'
    expect_count 1 '.len == 2'
}

@test "taking the log's number by dup2, dup3, close and their like, seen or unseen" {
    cd "$BATS_TEST_TMPDIR"
    shimmed "$PROGRAMS/descriptors" over "$LOG" >count
    [ "$(records '.call == "recv"' | jq -s -c 'map(.len)')" = \
        "[$(seq -s , "$(cat count)")]" ]
    expect_count 0 '.event == "lost"'
}

@test "a program without sockets has the descriptors that it had, and no log is made" {
    cat >"$BATS_TEST_TMPDIR/script" <<'SCRIPT'
#!/bin/bash
exec 254>/dev/null
set -- /proc/$$/fd/*
for fd; do
    link=$(readlink "$fd")
    echo "${fd#/proc/$$} ${link%%pipe:*}"
done
SCRIPT
    chmod +x "$BATS_TEST_TMPDIR/script"
    "$BATS_TEST_TMPDIR/script" </dev/null 3>&- >"$BATS_TEST_TMPDIR/native"
    shimmed "$BATS_TEST_TMPDIR/script" </dev/null 3>&- >"$BATS_TEST_TMPDIR/shim"
    diff <(sed 's/native//' "$BATS_TEST_TMPDIR/native") <(sed 's/shim//' "$BATS_TEST_TMPDIR/shim")
    grep -q '^/fd/253 .*/script$' "$BATS_TEST_TMPDIR/shim" || grep -q '^/fd/255 .*/script$' "$BATS_TEST_TMPDIR/shim"
    run bash -c 'exec 3>&-; ulimit -n 4; exec env LD_PRELOAD="$0" SOCKSHIM_LOG="$1" cat /etc/hostname' "$SHIM" "$LOG"
    [ "$status" -eq 0 ]
    [ ! -e "$LOG" ]
}

# opens_log [--with KIND FD] STEP...: after each step, whether there is a log.
opens_log() {
    rm -f "$LOG"
    "$PYTHON" - "$SHIM" "$LOG" "$@" <<'END'
import os, socket, sys
shim, log, *steps = sys.argv[1:]
if steps[0] == "--with":
    kind, fd = steps[1:3]
    del steps[:3]
    ours, theirs = socket.socketpair()
    has = {"listener": lambda: socket.create_server(("127.0.0.1", 0)), "plain": socket.socket, "pair": lambda: ours}[kind]()
    if kind == "listener":
        client = socket.create_connection(has.getsockname())
    theirs.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, has.fileno().to_bytes(4, sys.byteorder))])
    os.dup2(has.fileno(), int(fd))
os.environ.update(LD_PRELOAD=shim, SOCKSHIM_LOG=log)
os.execv(sys.executable, [sys.executable, "-c", """
import ctypes, os, socket, sys
log, *steps = sys.argv[1:]
libc = ctypes.CDLL(None)
room, length = ctypes.create_string_buffer(128), ctypes.byref(ctypes.c_int(128))
def pipe():
    r, w = os.pipe()
    os.close(r)
    try: os.write(w, b"x")
    except BrokenPipeError: pass
def lookup(name):
    try: socket.getaddrinfo(name, 1)
    except socket.gaierror: pass
def ask(fd):
    assert libc.getpeername(fd, room, length) == -1
    libc.getsockname(fd, room, length)
    libc.getsockopt(fd, socket.SOL_SOCKET, socket.SO_TYPE, room, length)
class Message(ctypes.Structure):
    _fields_ = [(name, kind) for name, kind in zip("name namelen iov iovlen control controllen flags".split(),
        [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int])]
def receive():
    byte, control = ctypes.create_string_buffer(1), ctypes.create_string_buffer(64)
    part = (ctypes.c_void_p * 2)(ctypes.addressof(byte), 1)
    assert libc.recvmsg(70, ctypes.byref(Message(None, 0, ctypes.addressof(part), 1, ctypes.addressof(control), 64, 0)), 0) == 1
does = {
    "file": lambda: os.read(os.open("/dev/null", os.O_RDONLY), 1),
    "pipe": pipe,
    "ask-file": lambda: ask(0),
    "ask-70": lambda: ask(70),
    "number": lambda: lookup("127.0.0.1"),
    "name": lambda: lookup("nosuch.invalid"),
    "socket": socket.socket,
    "socketpair": socket.socketpair,
    "accept": lambda: libc.accept(70, None, None),
    "connect": lambda: libc.connect(70, b"\\2\\0\\0\\1\\x7f\\0\\0\\1" + bytes(8), 16),
    "receive": receive,
}
print("start", os.path.exists(log))
for step in steps:
    does[step]()
    print(step, os.path.exists(log))
""", log, *steps])
END
}

@test "the log is opened at the first socket, made, accepted, connected, received or inherited, or lookup that fails; not before" {
    local step
    for step in socket socketpair; do
        run opens_log file pipe ask-file number $step
        [ "${lines[*]}" = "start False file False pipe False ask-file False number False $step True" ] || fails_with "$output"
    done
    run opens_log --with listener 70 ask-70 accept
    [ "${lines[*]}" = "start False ask-70 False accept True" ] || fails_with "$output"
    run opens_log --with plain 70 ask-70 connect
    [ "${lines[*]}" = "start False ask-70 False connect True" ] || fails_with "$output"
    run opens_log --with pair 70 file receive
    [ "${lines[*]}" = "start False file False receive True" ] || fails_with "$output"
    run opens_log --with plain 5 file
    [ "${lines[*]}" = "start True file True" ] || fails_with "$output"
    unshare -n true 2>/dev/null || skip "no network namespaces here"
    export -f opens_log
    export SHIM LOG PYTHON
    run unshare -n bash -c "opens_log number name"
    [ "${lines[*]}" = "start False number False name True" ] || fails_with "$output"
}

@test "in a cage, closing everything by syscall() leaves nothing of the log in the program's files" {
    shimmed "$PROGRAMS/log_harm" cage "$BATS_TEST_TMPDIR/mine"
    expect_count 1 '.len == 1'
}

@test "a dup2 onto the log's number waits for the record that another thread is writing" {
    strace -f -qq -o /dev/null -E LD_PRELOAD="$SHIM" -E SOCKSHIM_LOG="$LOG" -e trace=statx \
        -e inject=statx:delay_exit=5000 "$PROGRAMS/log_harm" dup2 "$BATS_TEST_TMPDIR/mine"
}

@test "a dup2 that meets a number whose file is not there yet is made again; one that never comes is told" {
    # do_dup2() in fs/file.c: EBUSY, also where the log is being opened there.
    local call
    for call in dup2 dup3; do
        run -0 strace -qq -o /dev/null -e trace="$call" -e inject="$call":error=EBUSY:when=1..3 -E LD_PRELOAD="$SHIM" \
            "$PYTHON" -c "import os; print(os.dup2(0, 40, $([ "$call" = dup2 ] && echo True || echo False)))"
        [ "$output" = 40 ] || fails_with "$output"
    done
    run -1 strace -qq -o /dev/null -e trace=dup2 -e inject=dup2:error=EBUSY -E LD_PRELOAD="$SHIM" \
        "$PYTHON" -c "import os; os.dup2(0, 40)"
    [[ $output == *"Errno 16"* ]] || fails_with "$output"
}

@test "a dup2, by number too, onto the number where the log is being opened waits for that" {
    strace -f -qq -o /dev/null -E LD_PRELOAD="$SHIM" -E SOCKSHIM_LOG="$LOG" -e trace=statx \
        -e inject=statx:delay_exit=2000 "$PROGRAMS/log_harm" low "$BATS_TEST_TMPDIR/mine" "$LOG"
}

@test "a child made by clone() waits for no thread of its parent's" {
    strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -E LD_PRELOAD="$SHIM" -E SOCKSHIM_LOG="$LOG" \
        -e trace=statx,nanosleep -e inject=statx:delay_exit=5000 \
        "$PROGRAMS/log_harm" born "$BATS_TEST_TMPDIR/mine" >"$BATS_TEST_TMPDIR/children"
    local child
    [ "$(wc -l <"$BATS_TEST_TMPDIR/children")" -eq 3 ]
    while read -r child; do
        [ "$(grep -c "^$child *nanosleep" "$BATS_TEST_TMPDIR/trace")" -lt 100 ]
    done <"$BATS_TEST_TMPDIR/children"
}

@test "eight threads have their first socket at once: each waits until the log is open" {
    strace -f -qq -o /dev/null -E LD_PRELOAD="$SHIM" -E SOCKSHIM_LOG="$LOG" -e trace=statx \
        -e inject=statx:delay_enter=20000 "$PROGRAMS/log_harm" first
    local i
    for i in 1 2 3 4 5 6 7 8; do
        expect_count 1 ".len == $i"
    done
    expect_count 1 '.event == "start"'
    expect_count 0 '.event == "lost"'
}

@test "a first socket while another thread forks: the log is opened, and nothing is complained of" {
    run strace -f -qq -o /dev/null -E LD_PRELOAD="$SHIM" -E SOCKSHIM_LOG="$LOG" \
        -e trace=clone,clone3 -e inject=clone,clone3:delay_exit=100000 "$PROGRAMS/log_harm" opening
    [ "$status" -eq 0 ]
    [ -z "$output" ] || fails_with "$output"
    expect_count 1 '.len == 1'
    expect_count 0 '.event == "lost"'
}

@test "a thread with a table of its own: no descriptor of ours piles up, whatever becomes of the log" {
    run shimmed "$PROGRAMS/log_harm" unshare "$LOG"
    [ "$status" -eq 0 ] || fails_with "$output"
}

@test "no question and no record takes a low number, for a moment either, once there are threads" {
    local log status=0
    "$PROGRAMS/low_numbers" || status=$?
    [ "$status" -ne 77 ] || skip "nothing may be traced here"
    [ "$status" -eq 0 ]
    for log in "$LOG" stderr; do
        run on_terminal '' env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$log" "$PROGRAMS/low_numbers"
        [ "$status" -eq 0 ] || fails_with "$output"
        [ "$log" != stderr ] || grep "^ts=" <<<"$output" >"$LOG"
        expect_count 1 '.cause == "in-progress"'
        expect_count 1 '.cause == "address-unavailable"'
        expect_count 1 '.cause == "reset-by-own-close"'
        expect_count 1 '.len == 2'
        rm "$LOG"
    done
}

@test "close(0) and open() in one thread while others log and the log is rotated: it gets 0" {
    shimmed SOCKSHIM_LOG_LIMIT=64K "$PROGRAMS/log_harm" lowest "$BATS_TEST_TMPDIR/mine"
    [ -e "$LOG.1" ]
}

@test "a fork while others log and the log is rotated inherits what the parent had" {
    shimmed SOCKSHIM_LOG_LIMIT=16K "$PROGRAMS/log_harm" fork
    [ -e "$LOG.1" ]
}
