#!/usr/bin/env bats
# README.md, "Settings": every variable, every value, every wrong value.

load helpers

# One refused connect and one start: what every setting is tried on.
REFUSED='import socket, errno; print(socket.socket().connect_ex(("127.0.0.1", 1)) == errno.ECONNREFUSED)'

# refused [VARIABLE=VALUE...]
refused() {
    shimmed "$@" "$PYTHON" -c "$REFUSED"
}

# A wrong value: named on stderr and in the log with what is allowed and what is
# used, and the program goes on.
# wrong VARIABLE VALUE ALLOWED USED
wrong() {
    rm -f "$LOG"
    run --separate-stderr refused "$1=$2"
    [ "$status" -eq 0 ]
    [ "$output" = True ]
    # shellcheck disable=SC2154
    [ "${#stderr_lines[@]}" -eq 1 ] || fails_with "$stderr"
    for words in "$1" "$3" "$4"; do
        # shellcheck disable=SC2154
        [[ $stderr == *"$words"* ]] || fails_with "not in: $stderr: $words"
    done
    expect_count 1 '.event == "config" and .level == "error" and (.why | contains("'"$1"'"))'
}

bats_require_minimum_version 1.5.0

@test "SOCKSHIM=off passes everything through" {
    run refused SOCKSHIM=off
    [ "$output" = True ]
    [ ! -e "$LOG" ]
    run shimmed SOCKSHIM=off "$PROGRAMS/sigpipe" dead
    [ "$status" -eq 141 ]
    run shimmed SOCKSHIM=off "$PYTHON" -c 'import socket
print(socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))'
    [ "$output" = 0 ]
    refused SOCKSHIM=on
    expect '.cause == "connection-refused"'
}

@test "SOCKSHIM_LOG names a file, which is created and appended to" {
    refused
    refused
    expect_count 2 '.cause == "connection-refused"'
}

@test "SOCKSHIM_LOG: %p is the pid, %n the program" {
    run shimmed SOCKSHIM_LOG="$BATS_TEST_TMPDIR/%n.%p.log" "$PYTHON" -c "$REFUSED; import os; print(os.getpid())"
    LOG=$BATS_TEST_TMPDIR/python3.${lines[1]}.log
    expect '.cause == "connection-refused"'
}

@test "SOCKSHIM_LOG is made absolute at load" {
    cd "$BATS_TEST_TMPDIR"
    shimmed SOCKSHIM_LOG=relative "$PYTHON" -c "import os, socket; socket.socket(); os.chdir('/'); os.rename('$BATS_TEST_TMPDIR/relative', '$BATS_TEST_TMPDIR/old'); import time; time.sleep(1.1); $REFUSED"
    LOG=$BATS_TEST_TMPDIR/relative
    expect '.cause == "connection-refused"'
}

@test "SOCKSHIM_LOG=stderr is the default" {
    run --separate-stderr env LD_PRELOAD="$SHIM" "$PYTHON" -c "$REFUSED"
    [ "$output" = True ]
    [[ $stderr == *cause=connection-refused* ]]
    run --separate-stderr env LD_PRELOAD="$SHIM" SOCKSHIM_LOG= "$PYTHON" -c "$REFUSED"
    [[ $stderr == *cause=connection-refused* ]]
    run --separate-stderr env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=stderr "$PYTHON" -c "$REFUSED"
    [[ $stderr == *cause=connection-refused* ]]
}

@test "SOCKSHIM_LOG=off logs nothing and still forces both settings" {
    run --separate-stderr env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off "$PROGRAMS/sigpipe" dead
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    run env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off "$PYTHON" -c 'import socket
print(socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))'
    [ "$output" = 1 ]
}

@test "SOCKSHIM_LOG that cannot be written is named, and the program goes on" {
    mkdir "$BATS_TEST_TMPDIR/folder"
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    for log in "$BATS_TEST_TMPDIR/missing/log" "$BATS_TEST_TMPDIR/folder" \
        "$BATS_TEST_TMPDIR/fifo" /proc/sockshim.log; do
        run --separate-stderr refused SOCKSHIM_LOG="$log"
        [ "$status" -eq 0 ]
        [ "$output" = True ]
        [ "${#stderr_lines[@]}" -eq 1 ]
        [[ $stderr == "sockshim: SOCKSHIM_LOG: cannot write to $log ("*")"* ]]
    done
}

# says_why LOG WORDS [COMMAND...]: what is said where LOG cannot be opened. COMMAND runs it.
says_why() {
    run --separate-stderr "${@:3}" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$1" "$PYTHON" -c "${CODE:-$REFUSED}"
    [ "$output" = True ] || fails_with "$1: $output$stderr"
    # shellcheck disable=SC2053,SC2027 # a pattern
    [[ $stderr == "sockshim: SOCKSHIM_LOG: cannot write to ${1:0:200}"*" ("$2"; nothing is logged until it can be opened" ]] ||
        fails_with "$stderr"
}

@test "why a log cannot be written is said, with what helps against that" {
    cd "$BATS_TEST_TMPDIR"
    ln -s loop loop
    mkdir folder
    touch file
    mkfifo pipe
    cp "$(command -v sleep)" program
    background ./program 60
    wait_until grep -q program /proc/$!/cmdline
    says_why "$PWD/missing/log" "ENOENT): *create it*"
    says_why /dev/fd/77 "ENOENT): *the descriptor that it names*"
    says_why "$PWD/file/log" "ENOTDIR): a part of this path is not a directory*"
    says_why "$PWD/folder" "EISDIR): it is a directory*"
    says_why "$PWD/loop" "ELOOP): *symbolic links*"
    says_why "$PWD/$("$PYTHON" -c 'print("x" * 300)')" "ENAMETOOLONG): *too long*"
    says_why "$PWD/program" "ETXTBSY): it is a program that is running*"
    says_why "$PWD/pipe" "ENXIO): nobody reads this pipe*"
    says_why "$PWD/log" "EMFILE): *ulimit -n*" prlimit --nofile=15
    says_why "$PWD/log" "EDQUOT): *quota*" strace -f -qq -o /dev/null -P "$PWD/log" -e inject=openat:error=EDQUOT
    says_why "$PWD/log" "EIO): *dmesg*" strace -f -qq -o /dev/null -P "$PWD/log" -e inject=openat:error=EIO
    says_why "$PWD/log" "ENFILE): *fs.file-max*" strace -f -qq -o /dev/null -P "$PWD/log" -e inject=openat:error=ENFILE
    says_why "$PWD/log" "EACCES): this user may not*" strace -f -qq -o /dev/null -P "$PWD/log" -e inject=openat:error=EACCES
    says_why "$PWD/log" "EPERM): the file is immutable*" strace -f -qq -o /dev/null -P "$PWD/log" -e inject=openat:error=EPERM
}

@test "why a log cannot be written: a full and a read-only file system, another root directory" {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    cd "$BATS_TEST_TMPDIR"
    mkdir full
    local inside='mount -t tmpfs -o nr_inodes=1 none full && exec "$@"'
    says_why "$PWD/full/log" "ENOSPC): *no inode left*" unshare -m sh -c "$inside" -
    inside='mount -t tmpfs -o ro none full && exec "$@"'
    says_why "$PWD/full/log" "EROFS): the file system is read-only*" unshare -m sh -c "$inside" -
    CODE="import os, socket; os.chroot('full'); socket.socket(); print(True)" \
        says_why "$PWD/log" "EXDEV): the process has changed its root directory*"
    [ ! -e log ]
}

@test "a log on a full device loses nothing silently" {
    run --separate-stderr refused SOCKSHIM_LOG=/dev/full
    [ "$output" = True ]
    [ "$status" -eq 0 ]
}

@test "SOCKSHIM_LOG with a path that is too long is a wrong value" {
    run --separate-stderr env LD_PRELOAD="$SHIM" \
        SOCKSHIM_LOG="/$("$PYTHON" -c 'print("x" * 5000)')" "$PYTHON" -c "$REFUSED"
    [ "$output" = True ]
    [[ $stderr == *"SOCKSHIM_LOG"*"using stderr"* ]]
    [[ $stderr == *cause=connection-refused* ]]
}

@test "SOCKSHIM_LOG_LIMIT: a log that reaches it becomes FILE.1" {
    shimmed SOCKSHIM_LOG_LIMIT=2K "$PYTHON" -c "
for i in range(20): exec('$REFUSED')" >/dev/null
    [ -s "$LOG.1" ]
    [ ! -e "$LOG.2" ] && [ ! -e "$LOG.new" ]
    [ "$(as_json | head -1 | jq -r .event)" = rotated ]
    [ "$(wc -c <"$LOG.1")" -ge 2048 ]
    [ "$(wc -c <"$LOG.1")" -lt 4096 ]
    as_json "$LOG.1" >/dev/null
    # An older FILE.1 went.
    [ "$(cat "$LOG" "$LOG.1" | grep -c cause=connection-refused)" -lt 20 ]
}

@test "SOCKSHIM_LOG_LIMIT=0 is none, and the suffixes are K, M and G" {
    shimmed SOCKSHIM_LOG_LIMIT=0 "$PYTHON" -c "
for i in range(20): exec('$REFUSED')" >/dev/null
    [ ! -e "$LOG.1" ]
    expect_count 20 '.cause == "connection-refused"'
    for limit in 1 1K 1M 2G; do
        run --separate-stderr refused SOCKSHIM_LOG_LIMIT="$limit"
        [ -z "$stderr" ]
    done
    truncate -s 1048575 "$LOG"
    refused SOCKSHIM_LOG_LIMIT=1M
    [ "$(wc -c <"$LOG")" -lt 1048575 ]
}

@test "SOCKSHIM_LOG_LIMIT is 1G by default" {
    truncate -s 1073741823 "$LOG"
    refused
    [ "$(head -c 200 "$LOG" | grep -c event=rotated)" -eq 1 ]
}

@test "SOCKSHIM_FORMAT=json writes one object a line, logfmt is the default" {
    refused SOCKSHIM_FORMAT=json
    [ "$(jq -r 'select(.event == "return") | [.call, .ret, .errno, .error, .type] | @csv' "$LOG")" = \
        '"connect",-1,111,"ECONNREFUSED","tcp"' ]
    rm "$LOG"
    refused SOCKSHIM_FORMAT=logfmt
    grep -q 'call=connect fd=[0-9]* ret=-1 errno=111 error=ECONNREFUSED type=tcp' "$LOG"
}

@test "SOCKSHIM_LEVEL is the lowest level that is written" {
    local levels=(debug info warn error)
    for i in 0 1 2 3; do
        rm -f "$LOG"
        shimmed SOCKSHIM_LEVEL="${levels[i]}" "$PYTHON" -c 'import socket
a, b = socket.socketpair()
a.setblocking(False)
try: a.recv(1)                                  # debug: would-block
except BlockingIOError: pass
b.close(); a.recv(1)                            # info: peer-closed
socket.socket().connect_ex(("127.0.0.1", 1))    # warn: connection-refused
try: socket.socket().send(b"x")                 # error: not-connected
except OSError: pass'
        [ "$(records '.event == "return"' | jq -r .level | tr '\n' ' ')" = "${levels[*]:i} " ] ||
            fails_with "${levels[i]}"
    done
}

@test "SOCKSHIM_SKIP skips by cause, errno name and call name" {
    for skip in connection-refused ECONNREFUSED connect "EINTR, connect ,accept4"; do
        rm -f "$LOG"
        refused SOCKSHIM_SKIP="$skip"
        expect_count 0 '.event == "return"'
        expect_count 1 '.event == "start"'
    done
    rm -f "$LOG"
    refused SOCKSHIM_SKIP=would-block,EINTR,accept4,sendfile64
    expect_count 1 '.cause == "connection-refused"'
}

@test "what is skipped by errno, call or level costs no system call" {
    local setting
    for setting in SOCKSHIM_SKIP=EAGAIN SOCKSHIM_SKIP=EWOULDBLOCK SOCKSHIM_SKIP=recv \
        SOCKSHIM_SKIP=would-block SOCKSHIM_LEVEL=info; do
        shimmed "$setting" strace -o "$BATS_TEST_TMPDIR/trace" "$PYTHON" -c 'import socket
a, b = socket.socketpair()
a.setblocking(False)
for i in range(3):
    try: a.recv(12345)
    except BlockingIOError: pass'
        # Between the calls of the program there is nothing.
        sed -n '/12345/,/12345/p' "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/calls"
        [ "$(grep -c 12345 "$BATS_TEST_TMPDIR/calls")" -ge 2 ]
        [ "$(awk '/12345/ { n++ } n >= 1 && n < 3' "$BATS_TEST_TMPDIR/trace" | grep -vc 12345)" -eq 0 ] ||
            fails_with "$setting: $(cat "$BATS_TEST_TMPDIR/calls")"
    done
}

@test "SOCKSHIM_ONLY: other programs are not touched" {
    ln -s "$PYTHON" "$BATS_TEST_TMPDIR/billing"
    for only in billing 'b*g' 'x,billing' '[ab]illing' 'python3*'; do
        rm -f "$LOG"
        shimmed SOCKSHIM_ONLY="$only" "$BATS_TEST_TMPDIR/billing" -c "$REFUSED"
        expect '.prog == "billing" and .cause == "connection-refused"'
    done
    rm -f "$LOG"
    run shimmed SOCKSHIM_ONLY='curl,nginx*' "$BATS_TEST_TMPDIR/billing" -c "$REFUSED
import socket; print(socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))"
    [ "$output" = $'True\n0' ]
    [ ! -e "$LOG" ]
}

@test "an empty value counts as unset" {
    run --separate-stderr refused SOCKSHIM= SOCKSHIM_LOG_LIMIT= SOCKSHIM_FORMAT= \
        SOCKSHIM_SIGPIPE= SOCKSHIM_NODELAY= SOCKSHIM_LEVEL= SOCKSHIM_SKIP= SOCKSHIM_ONLY=
    [ -z "$stderr" ]
    expect '.cause == "connection-refused"'
}

@test "wrong values are named in one line and survived" {
    wrong SOCKSHIM yes "on, watch, off" "using on"
    for value in 1X -1 K 1KB 1.5G " 1" 99999999999999999999 99999999999G; do
        wrong SOCKSHIM_LOG_LIMIT "$value" "K, M or G" "using 1G"
    done
    wrong SOCKSHIM_FORMAT xml "logfmt, json" "using logfmt"
    wrong SOCKSHIM_SIGPIPE on "sockets, ignore, always, off" "using sockets"
    wrong SOCKSHIM_NODELAY maybe "on, off" "using on"
    wrong SOCKSHIM_LEVEL loud "debug, info, warn, error" "using debug"
    wrong SOCKSHIM_LEVEL 'a b"c' 'a b"c' "using debug"
    wrong SOCKSHIM_SKIP EWHAT,connect EWHAT "using the others"
    expect_count 0 '.call == "connect"'
    wrong SOCKSHIM_LEVEL "$(printf 'x\ny\033[31m')" '\x0a' "using debug"
}

@test "words are understood in upper and lower case, names are not" {
    local pair
    for pair in LEVEL=WARN FORMAT=Json SIGPIPE=Off NODELAY=OFF CLOSE=Off RESET=EOF RECORDER_CALLS=All DEAD_PEER=OFF \
        LOG_LIMIT=1m RECORDER_SIZE=2m LOG=STDERR RECORDER=OFF; do
        run --separate-stderr refused "SOCKSHIM_$pair"
        [[ $stderr != *"not allowed"* ]] || fails_with "$stderr"
    done
    [ ! -e STDERR ] && [ ! -e OFF ]
    rm -f "$LOG"
    shimmed SOCKSHIM_SIGPIPE=OFF SOCKSHIM_NODELAY=Off SOCKSHIM_LEVEL=INFO SOCKSHIM_SKIP=Peer-Reset,econnaborted,RECV \
        "$PYTHON" -c "$REFUSED"
    expect '.event == "start" and (.settings | contains(" sigpipe=off nodelay=off level=info skip=Peer-Reset,econnaborted,RECV "))'
    expect_count 1 '.cause == "connection-refused"'
    for pair in CONNECTION-REFUSED econnrefused Connect; do
        rm -f "$LOG"
        shimmed SOCKSHIM_SKIP="$pair" "$PYTHON" -c "$REFUSED"
        expect_count 0 '.cause == "connection-refused"'
    done
    run --separate-stderr refused SOCKSHIM=OFF SOCKSHIM_LEVEL=loud
    [ -z "$stderr" ]
    rm -f "$LOG"
    shimmed SOCKSHIM_ONLY=PYTHON3 "$PYTHON" -c "$REFUSED"
    [ ! -e "$LOG" ]
}

@test "a variable that is no setting is named once, with the nearest one" {
    local pair
    for pair in SOCKSHIM_LVL=SOCKSHIM_LEVEL SOCKSHIM_LOGLEVEL=SOCKSHIM_LEVEL \
        SOCKSHIM_FORMATS=SOCKSHIM_FORMAT SOCKSHIM_LOGLIMIT=SOCKSHIM_LOG_LIMIT; do
        rm -f "$LOG"
        run --separate-stderr refused "${pair%=*}=1"
        [ "$output" = True ]
        [ "$stderr" = "sockshim: ${pair%=*} is not a setting and is ignored; did you mean ${pair#*=}?" ] ||
            fails_with "$stderr"
        expect_count 1 '.event == "config" and (.why | startswith("'"${pair%=*} "'"))'
    done
    for pair in SOCKSHIM_FOO SOCKSHIM_X SOCKSHIM_VERBOSE SOCKSHIM_DEBUG SOCKSHIM_; do
        run --separate-stderr refused "$pair=1"
        [ "$stderr" = "sockshim: $pair is not a setting and is ignored; man libsockshim lists the settings" ] || fails_with "$stderr"
    done
    run --separate-stderr refused SOCKSHIM_level=1
    [[ $stderr == *"did you mean SOCKSHIM_LEVEL?" ]] || fails_with "$stderr"
    # Each of several; what only begins like ours is another's.
    run --separate-stderr refused SOCKSHIM_A=1 SOCKSHIM_B= SOCKSHIMMER=1 SOCK=1
    [ "${#stderr_lines[@]}" -eq 2 ] || fails_with "$stderr"
    run --separate-stderr refused SOCKSHIM=off SOCKSHIM_LVL=1
    [ -z "$stderr" ]
}

@test "with the log on stderr a wrong value is said there once" {
    run --separate-stderr env LD_PRELOAD="$SHIM" SOCKSHIM_LEVEL=loud "$PYTHON" -c "$REFUSED"
    [ "$(grep -c SOCKSHIM_LEVEL <<<"$stderr")" -eq 1 ]
    [[ $stderr == *event=config* ]]
}

@test "event=start is written once, with version, executable and the settings in force" {
    shimmed SOCKSHIM_SKIP=EINTR SOCKSHIM_NODELAY=off "$PYTHON" -c 'import socket
for i in range(3): socket.socket()'
    expect_count 1 '.event == "start"'
    expect '.event == "start" and .exe == "'"$(readlink -f "$PYTHON")"'" and .version == "'"$(tables version)"'"
        and (.settings | contains("nodelay=off") and contains("skip=EINTR")
        and contains("level=debug") and contains("log='"$LOG"'"))'
    rm "$LOG"
    shimmed "$PYTHON" -c 'pass'
    [ ! -s "$LOG" ]
}

@test "under secure execution the shim is inert" {
    local shared
    shared=$(mktemp -d) # one that nobody may enter
    chmod 755 "$shared"
    LOG=$shared/log
    install -m 666 /dev/null "$LOG"
    cp "$PYTHON" "$shared/privileged"
    cp "$SHIM" "$shared"
    as_nobody() {
        in_preloaded_system "$shared/${SHIM##*/}" env SOCKSHIM_LOG="$LOG" \
            setpriv --reuid=65534 --clear-groups "$shared/privileged" -c "$REFUSED"
    }
    [ "$(as_nobody)" = True ]
    expect_count 1 '.prog == "privileged" and .cause == "connection-refused"'
    : >"$LOG"
    setcap cap_net_raw+ep "$shared/privileged"
    [ "$(as_nobody)" = True ]
    expect_count 0 '.prog == "privileged"'
    rm -r "$shared"
}
