#!/usr/bin/env bats
# The command: `sockshim run`.

bats_require_minimum_version 1.5.0

setup() {
    load helpers
    load on_terminal
    cd "$BATS_TEST_TMPDIR" || return 1
    victim=$BATS_TEST_TMPDIR/victim
    cat >"$victim" <<'END'
#!/usr/bin/perl
# One record for each word: closed, refused, reset.
use Socket;
for my $word (@ARGV) {
    if ($word eq "refused") {
        socket(my $s, PF_INET, SOCK_STREAM, 0);
        connect($s, pack_sockaddr_in(1, inet_aton("127.0.0.1")));
    } else {
        socketpair(my $one, my $other, AF_UNIX, SOCK_STREAM, 0);
        syswrite($one, "unread") if $word eq "reset";
        close($other);
        sysread($one, my $data, 10);
    }
}
END
    chmod +x "$victim"
}

sockshim() {
    "$SOCKSHIM_COMMAND" "$@"
}

# One line on stderr that begins so, status 2.
refuses() {
    local words=$1
    shift
    run -2 --separate-stderr sockshim "$@"
    [ "${#stderr_lines[@]}" -eq 1 ] || fails_with "more than a line: $stderr"
    [[ $stderr == "sockshim: $words"* ]] || fails_with "$stderr"
    [ -z "$output" ]
}

# ---- The call ----

@test "--help and -h name every option and every setting" {
    run -0 --separate-stderr sockshim --help
    local help=$output word variables
    for word in -o --log --log-limit --format --json --level --skip --only --sigpipe \
        --dead-peer --keepalive --connect-timeout --connect-retry --recv-timeout --backlog \
        --reuseaddr --accept --eintr --reset --no-sigpipe --no-nodelay --watch-only -q --force -h --help --version; do
        [[ $help =~ [[:space:]]"$word"[[:space:],] ]] || fails_with "no $word"
    done
    variables=$(tables setting 1)
    for word in $variables; do
        [[ $help == *"$word"* ]] || fails_with "no $word"
    done
    run -0 sockshim run -h
    [ "$(tail -n +3 <<<"$output")" = "$(grep -A 999 '^Runs COMMAND' <<<"$help")" ]
    # One that nobody reads on to the end.
    run -0 timeout 60 bash -c '"$1" --help | head -n 1' - "$SOCKSHIM_COMMAND"
}

@test "--version is the object's" {
    run -0 sockshim --version
    local version
    version=$(tables version)
    [ "$output" = "sockshim $version" ]
}

@test "a wrong call is one line and exit status 2, and nothing runs" {
    refuses "no command to run; see sockshim help run"
    refuses "no command to run" run
    refuses "no command to run" -- 
    refuses "unknown option --foo; see sockshim help run" --foo touch ran
    refuses "unknown option --foo" --foo=bar touch ran
    refuses "unknown option -x" -x touch ran
    refuses "--json takes no value" --json=yes touch ran
    refuses "--level needs a value" --level
    refuses "-o needs a value" run -o
    refuses "-o needs a file, stderr or off" -o "" touch ran
    refuses "--log needs a file" --log= touch ran
    refuses "-o - is not allowed; allowed: a file (./- is one), stderr or off" -o - touch ran
    refuses "--level loud is not allowed; allowed: debug, info, warn, error" --level loud touch ran
    refuses "--format xml is not allowed; allowed: logfmt, json" --format=xml touch ran
    refuses "--sigpipe on is not allowed; allowed: sockets, ignore, always, off" --sigpipe on touch ran
    refuses "--log-limit 10X is not allowed" --log-limit 10X touch ran
    refuses "--log-limit needs a value: a number of bytes, " --log-limit= touch ran
    [ ! -e ran ]
}

@test "what the options allow is what the shim allows" {
    local option value
    while read -r option value; do
        run -0 --separate-stderr sockshim -q -o off "$option" "$value" true
        [ -z "$stderr" ] || fails_with "$stderr"
    done <<'END'
--level debug
--level info
--level warn
--level error
--format logfmt
--format json
--sigpipe sockets
--sigpipe ignore
--sigpipe always
--sigpipe off
--log-limit 0
--log-limit 12
--log-limit 3K
--log-limit 3M
--log-limit 3G
--dead-peer 3
--dead-peer 30s
--dead-peer 5m
--dead-peer 32767s
--dead-peer off
--keepalive 60
--keepalive 60s,10s
--keepalive 1m,10,127
--keepalive off
--connect-timeout 500ms
--connect-timeout 1
--connect-retry 30s
--recv-timeout 5m
--backlog 1
--backlog 2147483647
--accept careful
--accept off
--eintr restart
--reset eof
END
}

@test "what the options for robust handling refuse the shim does not take either" {
    local option value
    while read -r option value; do
        refuses "$option $value is not allowed; allowed: " "$option" "$value" touch ran
        run -0 --separate-stderr env "SOCKSHIM_$(tr a-z- A-Z_ <<<"${option#--}")=$value" LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off true
        [[ $stderr == *" $value is not allowed; allowed: "*"; using off" ]] || fails_with "$option $value: $stderr"
    done <<'END'
--dead-peer 2
--dead-peer 3500ms
--dead-peer 32768
--dead-peer x
--keepalive 0
--keepalive 60,
--keepalive 60,0
--keepalive 60,10,0
--keepalive 60,10,128
--keepalive 60,10,6,1
--keepalive 500ms
--connect-timeout 0
--connect-timeout 5x
--connect-timeout 1h
--connect-timeout 99999999999
--connect-retry s
--recv-timeout -1
--backlog 0
--backlog 2147483648
--backlog 10s
--accept bold
--eintr on
--reset 0
END
    [ ! -e ran ]
}

@test "options and variables for robust handling that contradict each other are refused" {
    refuses "--connect-timeout 10s is above --connect-retry 5s: one connect may not take longer than all tries" \
        --connect-timeout 10s --connect-retry 5s touch ran
    SOCKSHIM_CONNECT_RETRY=900ms refuses "--connect-timeout 1s is above SOCKSHIM_CONNECT_RETRY 900ms" --connect-timeout 1s touch ran
    refuses "--connect-timeout 31s is above --dead-peer 30s, which ends an unanswered connect as well" \
        --connect-timeout 31s --dead-peer 30s touch ran
    SOCKSHIM_DEAD_PEER=5s SOCKSHIM_CONNECT_TIMEOUT=6s refuses "SOCKSHIM_CONNECT_TIMEOUT 6s is above SOCKSHIM_DEAD_PEER 5s" touch ran
    refuses "--keepalive 60,10,6 finds a dead peer after 120 s, later than --dead-peer 30s" \
        --dead-peer 30s --keepalive 60,10,6 touch ran
    [ ! -e ran ]
    run -0 sockshim -q -o off --connect-timeout 5s --connect-retry 5s --dead-peer 2m --keepalive 60,10,6 true
}

@test "each option is its setting, in both forms" {
    is_set() {
        run -0 --separate-stderr sockshim -q "${@:3}" printenv "$1"
        [ "$output" = "$2" ]
    }
    is_set SOCKSHIM_LOG "$PWD/y" -o "$PWD/y"
    is_set SOCKSHIM_LOG "$PWD/y" -o"$PWD/y"
    is_set SOCKSHIM_LOG "$PWD/y" --log "$PWD/y"
    is_set SOCKSHIM_LOG "$PWD/y" --log="$PWD/y"
    is_set SOCKSHIM_LOG off -o off
    is_set SOCKSHIM_LOG stderr -o stderr
    is_set SOCKSHIM_LOG_LIMIT 5M -o off --log-limit 5M
    is_set SOCKSHIM_LOG_LIMIT 0 -o off --log-limit=0
    is_set SOCKSHIM_FORMAT json -o off --json
    is_set SOCKSHIM_FORMAT logfmt -o off --json --format logfmt
    is_set SOCKSHIM_FORMAT json -o off --format=json
    is_set SOCKSHIM_LEVEL warn -o off --level warn
    is_set SOCKSHIM_LEVEL warn -o off --level=warn
    is_set SOCKSHIM_SKIP EINTR,accept4 -o off --skip EINTR,accept4
    is_set SOCKSHIM_SKIP would-block -o off --skip=would-block
    is_set SOCKSHIM_ONLY 'a*,b c' -o off --only 'a*,b c'
    is_set SOCKSHIM_ONLY 'print*' -o off --only=print*
    is_set SOCKSHIM_SIGPIPE always -o off --sigpipe always
    is_set SOCKSHIM_SIGPIPE off -o off --sigpipe=off
    is_set SOCKSHIM_SIGPIPE off -o off --no-sigpipe
    is_set SOCKSHIM_NODELAY off -o off --no-nodelay
    is_set SOCKSHIM watch -o off --watch-only
    is_set SOCKSHIM_SIGPIPE sockets -o off --sigpipe sockets
    is_set SOCKSHIM_DEAD_PEER 30s -o off --dead-peer 30s
    is_set SOCKSHIM_KEEPALIVE 60,10 -o off --keepalive=60,10
    is_set SOCKSHIM_CONNECT_TIMEOUT 5s -o off --connect-timeout 5s
    is_set SOCKSHIM_CONNECT_RETRY 5s -o off --connect-retry 5s
    is_set SOCKSHIM_RECV_TIMEOUT 5s -o off --recv-timeout 5s
    is_set SOCKSHIM_BACKLOG 99 -o off --backlog 99
    is_set SOCKSHIM_REUSEADDR on -o off --reuseaddr
    is_set SOCKSHIM_ACCEPT careful -o off --accept careful
    is_set SOCKSHIM_EINTR restart -o off --eintr=restart
    is_set SOCKSHIM_RESET eof -o off --reset eof
}

@test "a setting without an option is the environment's; an option goes before it" {
    SOCKSHIM_LEVEL=warn SOCKSHIM_LOG=$PWD/mine run -0 sockshim -q printenv SOCKSHIM_LOG SOCKSHIM_LEVEL
    [ "$output" = "$PWD/mine"$'\n'warn ]
    SOCKSHIM_LEVEL=warn run -0 sockshim -q -o off --level error printenv SOCKSHIM_LEVEL
    [ "$output" = error ]
    SOCKSHIM_SKIP=EINTR run -0 sockshim -q -o off --skip= printenv SOCKSHIM_SKIP
    [ "$output" = "" ]
    SOCKSHIM_LOG=off run -0 --separate-stderr sockshim "$victim" closed
    [ ! -e sockshim.log ]
}

@test "run may be left out; what follows COMMAND or -- is COMMAND's" {
    run -0 --separate-stderr sockshim run -o off echo --level x
    [ "$output" = "--level x" ]
    run -0 --separate-stderr sockshim -o off -- echo -q
    [ "$output" = "-q" ]
    run -0 --separate-stderr sockshim -o off echo run
    [ "$output" = run ]
    printf '#!/bin/sh\necho "mine: $*"\n' >run
    chmod +x run
    PATH=$PWD:$PATH run -0 --separate-stderr sockshim -o off -- run 'a  b' '' '*'
    [ "$output" = 'mine: a  b  *' ]
}

# ---- The log ----

@test "the log is sockshim.log here, also for children that change directory" {
    mkdir there
    sockshim sh -c "cd there && exec '$victim' closed" 2>/dev/null
    LOG=$PWD/sockshim.log
    expect_count 1 '.cause == "peer-closed"'
    [ ! -e there/sockshim.log ]
}

@test "a relative log is made absolute, %p and %n are left for the shim" {
    mkdir a
    run -0 --separate-stderr sockshim -q -o 'a/%n-%p' printenv SOCKSHIM_LOG
    [ "$output" = "$PWD/a/%n-%p" ]
    cd /
    SOCKSHIM=off run -0 sockshim -q -o x printenv SOCKSHIM_LOG
    [ "$output" = /x ]
}

@test "in a folder that is gone no log is written elsewhere" {
    mkdir gone
    cd gone
    rmdir ../gone
    run -2 dash "$SOCKSHIM_COMMAND" touch "$BATS_TEST_TMPDIR/ran"
    [ "${lines[-1]}" = "sockshim: the current directory no longer exists; name a log with its full path: -o /DIRECTORY/FILE" ] || fails_with "$output"
    [ ! -e "$BATS_TEST_TMPDIR/ran" ]
    [ ! -e /sockshim.log ]
    run -0 dash "$SOCKSHIM_COMMAND" -o "$LOG" touch "$BATS_TEST_TMPDIR/ran"
}

@test "in a folder with %p in its name the log is there" {
    mkdir "100%pure"
    cd "100%pure"
    run -0 --separate-stderr sockshim "$victim" closed
    LOG=$PWD/sockshim.log
    expect_count 1 '.cause == "peer-closed"'
    [[ $stderr == *"1 record: peer-closed 1"* ]]
}

# ---- What COMMAND gets ----

@test "the environment is the caller's but for LD_PRELOAD, the settings and the way to the launcher" {
    local shell given=('odd.name=x y' 'BASH_FUNC_f%%=() { echo "hi"; }' $'lines=a\nb\'c\\' 'empty=' $'bytes=\xff\x01')
    env -i PATH="$PATH" "${given[@]}" /usr/bin/env -0 | sort -z >plain
    for shell in dash "bash --posix" "busybox sh"; do
        # shellcheck disable=SC2086
        env -i PATH="$PATH" "${given[@]}" $shell "$SOCKSHIM_COMMAND" -o off /usr/bin/env -0 2>/dev/null | sort -z | sed -z '/^_SOCKSHIM_RUN=.proc/d' >shimmed
        sed -z '/^LD_PRELOAD=/d; /^SOCKSHIM_LOG=/d' shimmed | cmp - plain
        env -i PATH="$PATH" "${given[@]}" $shell "$SOCKSHIM_COMMAND" -q -o off /usr/bin/env -0 | sort -z | cmp - shimmed
    done
}

@test "the object is preloaded once and first, others are kept" {
    ln -s "$SHIM" again.so
    LD_PRELOAD="$SHIM:libc.so.6 $PWD/again.so:libsockshim.so" run -0 sockshim -q -o off printenv LD_PRELOAD
    [ "$output" = "$(readlink -f "$SHIM"):libc.so.6" ]
    run -0 sockshim -q -o off "$SOCKSHIM_COMMAND" -q "$victim" closed
    run -0 sockshim -q -o "$LOG" "$SOCKSHIM_COMMAND" -q "$victim" closed
    expect_count 1 '.event == "return"'
}

@test "an AddressSanitizer stays before the object" {
    local asan
    asan=$(gcc -print-file-name=libasan.so)
    asan=$(readlink -f "$asan")
    LD_PRELOAD="$asan:libc.so.6" ASAN_OPTIONS=detect_leaks=0 run -0 sockshim -q -o off printenv LD_PRELOAD
    [ "$output" = "$asan:$(readlink -f "$SHIM"):libc.so.6" ]
}

@test "what the caller preloads is for COMMAND, not for the tools in between" {
    mkdir logs
    LD_PRELOAD=$SHIM SOCKSHIM_LOG="$PWD/logs/%n" run -0 --separate-stderr sockshim "$victim" closed
    [ -e logs/perl ]
    [ ! -e logs/sockshim-run ]
    [ ! -e logs/awk ]
}

@test "stdin is COMMAND's" {
    run -0 --separate-stderr sockshim -o off cat <<<"hello"
    [ "$output" = hello ]
    # Not read by anybody else: what COMMAND leaves is for the next.
    printf 'one\ntwo\n' >lines
    run -0 --separate-stderr bash -c '{ "$1" -o off bash -c "read -r a; echo \$a"; cat; } <lines' - "$SOCKSHIM_COMMAND"
    [ "$output" = $'one\ntwo' ]
}

@test "a stdin that is closed is closed for COMMAND" {
    run -0 --separate-stderr bash -c '"$1" -o off bash -c "[ -e /proc/self/fd/0 ] || echo closed" <&-' - "$SOCKSHIM_COMMAND"
    [ "$output" = closed ]
}

@test "COMMAND gets the caller's descriptors and not one more" {
    local shell descriptors='3</dev/null 5</dev/null 9</dev/null 4>&- 6>&- 7>&- 8>&-'
    bash -c "ls /proc/self/fd $descriptors" >plain
    for shell in dash "bash --posix" "busybox sh"; do
        bash -c "$shell '$SOCKSHIM_COMMAND' -o off ls /proc/self/fd $descriptors" >shimmed
        diff plain shimmed
    done
    # Not one of the low ones left.
    run -0 --separate-stderr bash -c "echo hello | '$SOCKSHIM_COMMAND' -o off cat ${descriptors//>&-/<\/dev/null}"
    [ "$output" = hello ]
    [[ $stderr == *"the log is off"* ]]
}

@test "while COMMAND runs the command holds neither its stdin nor its stdout open" {
    mkfifo in out hold
    background bash -c '"$1" -o off bash -c "exec <&- >&-; read -r line <hold; exit 0" <in >out' - "$SOCKSHIM_COMMAND"
    exec 8>in
    # The end of stdout comes although COMMAND runs on, and nobody reads stdin.
    timeout 60 cat out
    run bash -c 'trap "" PIPE; echo x >&8'
    [ "$status" -ne 0 ]
    : >hold
    wait "$BACKGROUND"
}

@test "signals that the caller ignores stay ignored, all others are as they were" {
    local shell signals
    for shell in dash "bash --posix" "busybox sh"; do
        for signals in 10000 INT QUIT "INT QUIT" TERM "HUP USR1"; do
            # shellcheck disable=SC2086
            (
                [ "$signals" = 10000 ] || trap '' $signals
                grep -E '^Sig(Ign|Blk)' /proc/self/status >plain
                $shell "$SOCKSHIM_COMMAND" -o off grep -E '^Sig(Ign|Blk)' /proc/self/status >shimmed
                cmp plain shimmed
                $shell "$SOCKSHIM_COMMAND" -q -o off grep -E '^Sig(Ign|Blk)' /proc/self/status >shimmed
                cmp plain shimmed
            )
        done
    done
}

# ---- Exit status ----

@test "the exit status is COMMAND's; 128+n if a signal ended it" {
    local shell
    for shell in dash "bash --posix" "busybox sh"; do
        for n in 0 1 77 127 143 255; do
            # shellcheck disable=SC2086
            run -$n $shell "$SOCKSHIM_COMMAND" -o off sh -c "exit $n"
        done
        for n in 1 2 3 9 11 15; do
            # shellcheck disable=SC2086
            # Not sh: to busybox's shell that may be itself, which ignores SIGQUIT.
            # shellcheck disable=SC2086
            run -$((128 + n)) $shell "$SOCKSHIM_COMMAND" -o off perl -e "kill $n, \$\$; sleep 60"
        done
    done
    run -143 sockshim -q -o off bash -c 'kill -TERM $$'
}

@test "127 if COMMAND is not found, 126 if it cannot be run" {
    refuses_with() {
        run "-$1" --separate-stderr sockshim "${@:3}"
        [ "$stderr" = "sockshim: $2" ] || fails_with "$stderr"
        [ ! -e sockshim.log ]
    }
    refuses_with 127 "no-such-program: command not found" no-such-program
    refuses_with 127 "./no-such-program: command not found" ./no-such-program
    refuses_with 126 "$PWD: is a directory" "$PWD"
    : >text
    refuses_with 126 "./text: permission denied" ./text
    PATH=$PWD:$PATH refuses_with 126 "$PWD/text: permission denied" text
    ln -s loop loop
    ln -s nowhere dangling
    printf -v long '%0300d' 0
    refuses_with 126 "./loop: too many levels of symbolic links" ./loop
    refuses_with 126 "text/x: not a directory" text/x
    refuses_with 126 "./$long: file name too long" "./$long"
    refuses_with 127 "./dangling: command not found" ./dangling
    # As env(1) has it, but in PATH, where a shell passes by what it cannot reach.
    local command native status
    for command in ./no-such-program "$PWD" ./text ./loop text/x "./$long" ./dangling; do
        native=0 status=0
        env -- "$command" 2>/dev/null || native=$?
        sockshim "$command" 2>/dev/null || status=$?
        [ "$status" -eq "$native" ] || fails_with "$command: $native natively, $status"
    done
    PATH=$PWD/loop:$PATH refuses_with 127 "no-such-program: command not found" no-such-program
}

@test "COMMAND is found as a shell finds it" {
    mkdir one two two/tool three
    : >one/tool
    printf '#!/bin/sh\necho three\n' >three/tool
    printf 'echo no first line\n' >three/plain
    printf '#!/bin/sh\necho equals\n' >three/a=b
    chmod +x three/*
    PATH=one:two::$PWD/three:$PATH run -0 --separate-stderr sockshim -o off tool
    [ "$output" = three ]
    PATH=three:$PATH run -0 --separate-stderr sockshim -o off plain
    [ "$output" = "no first line" ]
    run -0 --separate-stderr sockshim -o off three/a=b
    [ "$output" = equals ]
    PATH=$PWD/two:$PATH run -127 --separate-stderr sockshim -o off tool
    PATH=$PWD/one:$PATH run -126 --separate-stderr sockshim -o off tool
    cd three
    PATH=$PATH: run -0 --separate-stderr sockshim -o off tool
    [ "$output" = three ]
}

# ---- Signals ----

# A COMMAND that says each signal that it gets, and ends at SIGTERM or at "end".
listener() {
    cat >listener <<'END'
#!/usr/bin/perl
use POSIX;
$| = 1;
for my $name (qw(HUP INT QUIT USR1 USR2 TERM)) {
    POSIX::sigaction(POSIX->can("SIG$name")->(), POSIX::SigAction->new(sub {
        open(my $out, ">>", "got"); syswrite($out, "$name\n"); close($out);
        exit(7) if $name eq "TERM";
    }, POSIX::SigSet->new, SA_RESTART));
}
open(my $out, ">", "ready"); close($out);
print "ready\n";
sleep(60) while 1;
END
    chmod +x listener
}

got() {
    grep -qs "^$1\$" got
}

# What runs in the background does so with this status.
ends_with() {
    local status=0
    wait "$BACKGROUND" || status=$?
    [ "$status" -eq "$1" ] || fails_with "status $status instead of $1"
}

# Away from the terminal, and with no signal ignored, whoever runs the tests.
afresh() {
    env --default-signal=INT,QUIT setsid "$@"
}

@test "each of the six signals is passed on, once, and the status is COMMAND's" {
    local shell signal
    listener
    for shell in dash "bash --posix" "busybox sh"; do
        rm -f ready got
        # shellcheck disable=SC2086
        background env --default-signal=INT,QUIT setsid $shell "$SOCKSHIM_COMMAND" -o off ./listener >/dev/null
        wait_until test -e ready
        for signal in HUP INT QUIT USR1 USR2; do
            kill -"$signal" "$BACKGROUND"
            wait_until got "$signal"
        done
        kill -TERM "$BACKGROUND"
        ends_with 7
        [ "$(cat got)" = $'HUP\nINT\nQUIT\nUSR1\nUSR2\nTERM' ] || fails_with "$(cat got)"
    done
}

@test "a signal that ends COMMAND gives 128+n" {
    local shell n
    for shell in dash "bash --posix" "busybox sh"; do
        for n in 1 2 3 10 12 15; do
            # Asked for when COMMAND is there. Where env cannot restore signals, as
            # in a busybox that prefers its own, the command has become COMMAND.
            rm -f ready
            # shellcheck disable=SC2086
            background env --default-signal=INT,QUIT setsid $shell "$SOCKSHIM_COMMAND" -o off \
                perl -e 'open(my $out, ">", "ready"); close($out); sleep(60) while 1' >/dev/null 2>&1
            wait_until test -e ready
            kill -"$n" "$BACKGROUND"
            ends_with $((128 + n))
        done
    done
}

@test "Ctrl-C on a terminal reaches COMMAND once" {
    local shell
    cat >counter <<'END'
#!/usr/bin/perl
# A second SIGINT would have come before SIGTERM, which the parent passes on.
$| = 1;
my $count = 0;
$SIG{INT} = sub { $count++; kill "TERM", getppid; };
$SIG{TERM} = sub { print "INT $count\n"; exit 5; };
print "ready\n";
sleep 60 while 1;
END
    chmod +x counter
    for shell in dash "bash --posix" "busybox sh"; do
        # shellcheck disable=SC2086
        run -5 on_terminal '\x03' $shell "$SOCKSHIM_COMMAND" -o off ./counter
        [[ $output == *"INT 1"* ]] || fails_with "$output"
        # shellcheck disable=SC2086
        run -130 on_terminal '\x03' $shell "$SOCKSHIM_COMMAND" -o off sh -c 'echo ready; exec sleep 60'
        [[ $output == *"the log is off"* ]] || fails_with "$output"
        # shellcheck disable=SC2086
        run -131 on_terminal '\x1c' $shell "$SOCKSHIM_COMMAND" -o off sh -c 'echo ready; exec sleep 60'
    done
    # bash loses the status now and then if SIGINT interrupts its wait.
    for shell in {1..10}; do
        run -5 on_terminal '\x03' bash "$SOCKSHIM_COMMAND" -o off sh -c 'trap "exit 5" INT; echo ready; while :; do sleep 0.01; done'
    done
}

@test "in the background of a terminal SIGINT is passed on" {
    listener
    run -7 on_terminal '' bash -ic '"$1" -o off ./listener & p=$!
        until [ -e ready ]; do sleep 0.05; done
        kill -INT $p; until grep -q INT got; do sleep 0.05; done
        kill -TERM $p; wait $p; exit $?' - "$SOCKSHIM_COMMAND"
    [ "$(cat got)" = $'INT\nTERM' ]
}

@test "COMMAND may read from the terminal" {
    run -0 on_terminal 'hello\n' "$SOCKSHIM_COMMAND" -o off bash -c 'echo ready; read -r line; echo "read: $line"'
    [[ $output == *"read: hello"* ]]
}

@test "-q becomes COMMAND and prints nothing" {
    run -0 --separate-stderr bash -c 'echo $$; exec "$@"' - "$SOCKSHIM_COMMAND" -q sh -c 'echo $$; exec "$@"' - "$victim" closed
    [ "${lines[0]}" = "${lines[1]}" ]
    [ -z "$stderr" ]
    LOG=$PWD/sockshim.log
    expect_count 1 '.cause == "peer-closed"'
}

# ---- The summary ----

@test "the summary counts this run's records, the commonest causes first" {
    run -0 --separate-stderr sockshim "$victim" refused closed closed closed reset reset
    [ "$stderr" = "sockshim: 6 records: peer-closed 3, peer-reset 2, connection-refused 1
sockshim: worst finding: The process at the other end of perl's socket pair closed it; 1 more, evidence and advice: sockshim report
sockshim: the log is $PWD/sockshim.log" ] || fails_with "$stderr"
    run -0 --separate-stderr sockshim "$victim" closed
    [ "${stderr_lines[0]}" = "sockshim: 1 record: peer-closed 1" ] || fails_with "$stderr"
    run -0 --separate-stderr sockshim --json "$victim" reset closed reset
    [ "${stderr_lines[0]}" = "sockshim: 3 records: peer-reset 2, peer-closed 1" ] || fails_with "$stderr"
}

@test "the summary tells the worst finding, and none where there is none, of what a filter hides or of a long log" {
    run -0 --separate-stderr sockshim "$victim" refused refused
    [ "${stderr_lines[1]}" = "sockshim: finding: 127.0.0.1:1 refuses perl's connections; evidence and advice: sockshim report" ] || fails_with "$stderr"
    # It names the log where report would read another one.
    run -0 --separate-stderr sockshim -o one.log "$victim" refused
    [[ ${stderr_lines[1]} == *"; evidence and advice: sockshim report one.log" ]] || fails_with "$stderr"
    run -0 --separate-stderr sockshim -o "one two.log" "$victim" refused
    [[ ${stderr_lines[1]} == *"; evidence and advice: sockshim report" ]] || fails_with "$stderr"
    run -0 --separate-stderr sockshim --skip connection-refused "$victim" refused closed
    [[ $stderr != *finding* ]] || fails_with "$stderr"
    run -0 --separate-stderr sockshim "$victim" closed
    [[ $stderr != *finding* ]] || fails_with "$stderr"
    # shellcheck disable=SC2046
    run -0 --separate-stderr sockshim "$victim" $(printf 'refused %.0s' {1..9000})
    [[ $stderr == *"9000 records"* && $stderr != *finding* ]] || fails_with "$stderr"
}

@test "the summary is not misled by what a program calls itself" {
    local name='x cause=fake "cause":"fake" event=return'
    cp "$victim" "$name"
    ln -s /usr/bin/perl 'perl cause=fake'
    run -0 --separate-stderr sockshim bash -c 'exec -a "$1" perl "$2" closed' - "$name" "$victim"
    [ "${stderr_lines[0]}" = "sockshim: 1 record: peer-closed 1" ] || fails_with "$stderr"
    run -0 --separate-stderr sockshim --json bash -c 'exec -a "$1" perl "$2" closed' - "$name" "$victim"
    [ "${stderr_lines[0]}" = "sockshim: 1 record: peer-closed 1" ] || fails_with "$stderr"
}

@test "the summary shows five causes and how many others" {
    cat >fake <<'END'
#!/bin/sh
for cause in a a a b b c d e f g g; do
    echo "ts=2026-11-22T03:00:00.000000Z level=info event=return pid=1 cause=$cause why=\"x\""
done >>"$SOCKSHIM_LOG"
echo 'ts=2026-11-22T03:00:00.000000Z level=warn event=lost pid=1 lost=12 why="x"' >>"$SOCKSHIM_LOG"
echo '{"ts":"2026-11-22T03:00:00.000000Z","level":"warn","event":"lost","pid":1,"lost":3,"why":"x"}' >>"$SOCKSHIM_LOG"
END
    chmod +x fake
    run -0 --separate-stderr sockshim ./fake
    [ "${stderr_lines[0]}" = "sockshim: 11 records: a 3, b 2, g 2, c 1, d 1, others 2; 15 more could not be written" ] || fails_with "$stderr"
}

@test "the summary without records, with the log off, on stderr, elsewhere" {
    run -0 --separate-stderr sockshim true
    [ "$stderr" = "sockshim: no records: no socket was seen" ] || fails_with "$stderr"
    run -0 --separate-stderr sockshim perl -MSocket -e 'socket(my $s, PF_INET, SOCK_STREAM, 0)'
    [ "${stderr_lines[0]}" = "sockshim: no records: no socket call failed, or met the end of its connection" ] || fails_with "$stderr"
    run -0 --separate-stderr sockshim -o off "$victim" closed
    [ "$stderr" = "sockshim: nothing was logged: the log is off" ] || fails_with "$stderr"
    run -0 --separate-stderr sockshim -o stderr "$victim" closed
    [[ $stderr == *cause=peer-closed*"sockshim: the log went to stderr" ]] || fails_with "$stderr"
    run -0 --separate-stderr sockshim -o /dev/null "$victim" closed
    [ "$stderr" = "sockshim: the log went to /dev/null" ] || fails_with "$stderr"
    SOCKSHIM=off run -0 --separate-stderr sockshim "$victim" closed
    [ "$stderr" = "sockshim: nothing was logged: SOCKSHIM=off is in the environment" ] || fails_with "$stderr"
}

@test "the summary of several files, among those of earlier runs" {
    mkdir 'a [b]*?\c'
    cd 'a [b]*?\c'
    run -0 --separate-stderr sockshim -o 'l-%p' "$victim" closed
    [ "${stderr_lines[1]}" = "sockshim: the log is $PWD/$(echo l-*)" ] || fails_with "$stderr"
    run -0 --separate-stderr sockshim -o 'l-%p' true
    [ "$stderr" = "sockshim: no records: no socket was seen" ] || fails_with "$stderr"
    run -0 --separate-stderr sockshim -o 'l-%p' sh -c "'$victim' closed; '$victim' reset; '$victim' reset"
    [ "${stderr_lines[0]}" = "sockshim: 3 records: peer-reset 2, peer-closed 1" ] || fails_with "$stderr"
    [[ ${stderr_lines[2]} == "sockshim: the log is 3 files: $PWD/l-%p, "* ]] || fails_with "$stderr"
    run -0 --separate-stderr sockshim -o '%n.log' "$victim" closed
    run -0 --separate-stderr sockshim -o '%n.log' "$victim" reset
    [ "${stderr_lines[0]}" = "sockshim: 1 record: peer-reset 1" ] || fails_with "$stderr"
    run -0 --separate-stderr sockshim "$victim" closed
    [ "${stderr_lines[0]}" = "sockshim: 1 record: peer-closed 1" ] || fails_with "$stderr"
}

@test "the summary goes through a rotation" {
    sockshim -q "$victim" reset reset reset
    # Filled up to the limit with what is not this run's.
    local size
    size=$(wc -c <sockshim.log)
    run -0 --separate-stderr sockshim --log-limit $((size + 600)) "$victim" closed closed closed closed
    [ -e sockshim.log.1 ]
    [ "${stderr_lines[0]}" = "sockshim: 4 records: peer-closed 4" ] || fails_with "$stderr"
    [ "${stderr_lines[2]}" = "sockshim: it was rotated: the older records are in $PWD/sockshim.log.1" ]
    # FILE.1 of a run before does not count.
    run -0 --separate-stderr sockshim "$victim" closed
    [ "$stderr" = "sockshim: 1 record: peer-closed 1
sockshim: the log is $PWD/sockshim.log" ] || fails_with "$stderr"
}

@test "the summary is of a log of which another made a shorter one" {
    sockshim -q "$victim" reset reset reset
    run -0 --separate-stderr sockshim sh -c ": >sockshim.log; exec '$victim' closed"
    [ "${stderr_lines[0]}" = "sockshim: 1 record: peer-closed 1" ] || fails_with "$stderr"
}

# exchanges HOW [OPTION...]: twenty over TCP; the summary's words of them are $told.
exchanges() {
    run --separate-stderr "$SOCKSHIM_COMMAND" "${@:2}" -- "$PYTHON" -c '
import os, socket, sys
how = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
if how == "own":
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
server, _ = listener.accept()
for i in range(2 if how == "few" else 20):
    for piece in [b"a header", b"a body"] if how != "whole" else [b"a header, a body"]:
        client.sendall(piece)
        server.recv(100)
    server.sendall(b"an answer")
    client.recv(100)
if how == "child" and os.fork() == 0:
    client.close()
    os._exit(0)
if how == "child":
    os.wait()
if how == "end":
    server.shutdown(socket.SHUT_WR)
    client.recv(100)
client.close()
server.close()' "$1"
    [ "$status" -eq 0 ] || fails_with "$stderr"
    told=$(grep 'TCP_NODELAY' <<<"$stderr" || true)
}

@test "the summary counts the exchanges that may have waited without it, once each" {
    local how
    for how in pieces child end; do
        exchanges $how
        [[ $told == *"may have saved 40 ms in each of 20 exchanges of 1 connection, "* ]] || fails_with "$how: $stderr"
    done
}

@test "the summary says nothing of few exchanges, of messages sent whole, of the program's own option, without it" {
    local how
    for how in few whole own; do
        exchanges $how
        [ -z "$told" ] || fails_with "$how: $stderr"
    done
    exchanges pieces --no-nodelay
    [ -z "$told" ] || fails_with "$stderr"
}

# ---- What cannot be preloaded ----

# Refused before it runs: one line with these words; with --force it runs.
refused_target() {
    local words=$1
    shift
    run -126 --separate-stderr sockshim -o off "$@"
    [ "${#stderr_lines[@]}" -eq 1 ] || fails_with "$stderr"
    [[ $stderr == "sockshim: "*"$words"*"or run it anyway with --force" ]] || fails_with "$stderr"
    [ ! -e ran ]
    run -7 --separate-stderr sockshim -o off --force "$@"
    [ -e ran ]
    rm ran
}

# compile NAME FLAGS...: a program that leaves a file and exits with 7.
compile() {
    printf '#include <fcntl.h>\n%s\nint main(void) { return creat("ran", 0600) < 0 ? 1 : 7; }\n' "${SOURCE-}" |
        "${CC_FOR_TARGET:-gcc}" -x c "${@:2}" -o "$1" -
}

@test "a static program is refused" {
    compile static -static
    compile static-pie -static-pie
    refused_target "./static is statically linked, so nothing can be preloaded; watch it with strace -f -e trace=network" ./static
    refused_target "./static-pie is statically linked" ./static-pie
    printf '#!./static\n' >script && chmod +x script
    refused_target "./static is statically linked" ./script
    printf '#! \t./script\n' >script2 && chmod +x script2
    refused_target "./static is statically linked" ./script2
    printf '#!/usr/bin/env static\n' >script3 && chmod +x script3
    PATH=$PWD:$PATH refused_target "static is statically linked" ./script3
    printf '#!/usr/bin/env -S -u B A=1 ./static -x\n' >script4 && chmod +x script4
    refused_target "./static is statically linked" ./script4
    printf '#!/usr/bin/env -S./static -x\n' >script5 && chmod +x script5
    refused_target "./static is statically linked" ./script5
}

@test "a script that takes LD_PRELOAD away is refused; one that env splits runs" {
    printf '#!/usr/bin/env -S%s -u\nimport sys; sys.exit(7)' "$PYTHON" >script && chmod +x script
    run -7 sockshim -o off ./script
    printf '#!/usr/bin/env -S -i perl\nopen my $ran, ">ran"; exit 7;' >script
    refused_target "./script makes env remove LD_PRELOAD for $(command -v perl); take that out of its first line" ./script
}

@test "a setuid program is refused where the kernel would not preload" {
    compile plain
    chmod 777 .
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/
    cp plain other && chown nobody other && chmod u+s other
    cp plain group && chgrp nogroup group && chmod g+s group
    cp plain mine && chmod u+s,g+s mine
    cp plain lock && chgrp nogroup lock && chmod g+s,g-x lock
    refused_target "./other is setuid (user $(id -u nobody)), so the loader ignores LD_PRELOAD" ./other
    refused_target "./group is setgid (group $(id -g nobody))" ./group
    run -7 sockshim -o off ./mine
    run -7 sockshim -o off ./lock
    rm ran
    run -7 setpriv --no-new-privs "$SOCKSHIM_COMMAND" -o off ./other
}

@test "a program with file capabilities is refused, but not to root" {
    local as="setpriv --reuid=nobody --regid=nogroup --clear-groups --"
    compile plain
    setcap cap_net_raw+ep plain
    run -7 sockshim -o off ./plain
    install_for_others
    cp plain harmless
    rm ran
    chmod 777 .
    # shellcheck disable=SC2086
    run -126 $as inst/bin/sockshim -o off ./plain
    [[ $output == "sockshim: ./plain has file capabilities, so"* ]] || fails_with "$output"
    # shellcheck disable=SC2086
    run -7 $as inst/bin/sockshim -o off ./harmless
}

@test "a 32-bit program is refused" {
    needs_32_bit # with --force it runs
    compile x86 -m32
    refused_target "./x86 is for 32-bit x86, libsockshim.so for x86-64" ./x86
}

@test "another architecture and another C library are refused" {
    compile x86 -m32
    compile x32 -mx32
    run -126 sockshim -o off ./x86
    [[ $output == *"./x86 is for 32-bit x86, libsockshim.so for x86-64"* ]]
    CC_FOR_TARGET=musl-gcc compile musl
    run -126 sockshim -o off ./musl
    [[ $output == *"./musl uses another C library (musl) than libsockshim.so (glibc); "* ]]
    run -126 sockshim -o off ./x32
    [[ $output == *"./x32 is for x32, libsockshim.so for x86-64"* ]]
    # Another machine, byte order and none at all.
    compile plain
    printf '\267\0' | dd of=plain bs=1 seek=18 conv=notrunc status=none
    run -126 sockshim -o off ./plain
    [[ $output == *"./plain is for aarch64, libsockshim.so for x86-64"* ]]
    printf '\2' | dd of=plain bs=1 seek=5 conv=notrunc status=none
    run -126 sockshim -o off ./plain
    [[ $output == *"./plain is for another architecture (ELF machine"* ]]
    printf '\177ELF' >short && chmod +x short
    run -127 sockshim -o off ./short
    [[ $output != *"--force"* ]] || fails_with "$output"
}

@test "an object of another build takes the programs of its kind" {
    CC_FOR_TARGET=musl-gcc compile musl
    compile plain
    make -s -C "$TOP" CC=musl-gcc CFLAGS=-O0 BUILD="$PWD/outmusl"
    export BUILD=$PWD/outmusl
    run -7 sockshim ./musl
    run -126 sockshim ./plain
    [[ $output == *"./plain uses another C library (glibc) than libsockshim.so (musl)"* ]]
}

@test "an object for 32-bit x86 takes 32-bit programs" {
    needs_32_bit
    local flags="-m32 -idirafter /usr/include/x86_64-linux-gnu"
    compile x86 -m32
    compile x86-static -m32 -static
    compile plain
    make -s -C "$TOP" CC="gcc $flags" CFLAGS=-O0 BUILD="$PWD/out32"
    export BUILD=$PWD/out32
    run -7 --separate-stderr sockshim ./x86
    [ "$stderr" = "sockshim: no records: no socket was seen" ] || fails_with "$stderr"
    run -126 sockshim ./x86-static
    [[ $output == *"./x86-static is statically linked"* ]]
    run -126 sockshim ./plain
    [[ $output == *"./plain is for x86-64, libsockshim.so for 32-bit x86"* ]]
}

@test "a Go program is refused" {
    SOURCE='__attribute__((section(".note.go.buildid"), aligned(4), used)) static const struct {
        unsigned name_size, size, type; char name[4], id[8]; } note = {4, 8, 4, "Go\0", "abcdefg"};' compile go
    refused_target "./go is a Go program, which makes its network calls without the C library" ./go
}

@test "the loader itself runs under the shim" {
    run -0 --separate-stderr sockshim /lib64/ld-linux-x86-64.so.2 /usr/bin/perl "$victim" closed
    [[ ${stderr_lines[0]} == "sockshim: 1 record: peer-closed 1" ]] || fails_with "$stderr"
}

# ---- Where it is ----

@test "it works through links" {
    ln -s "$SOCKSHIM_COMMAND" first
    ln -s first second
    run -0 ./second "$victim" closed
    [[ $output == "sockshim: 1 record"* ]]
}

@test "a missing object, and one that LD_PRELOAD cannot hold, are named" {
    mkdir -p tree/scripts "a b"
    cp -r "$SOCKSHIM_COMMAND" "$TOP/scripts/lib" tree/scripts/
    BUILD='' run -2 tree/scripts/sockshim true
    [ "$output" = "sockshim: $PWD/tree/build/libsockshim.so is not there: run make in $PWD/tree" ] || fails_with "$output"
    BUILD=out run -2 tree/scripts/sockshim true
    [[ $output == "sockshim: $PWD/tree/out/libsockshim.so is not there"* ]] || fails_with "$output"
    BUILD=/nowhere run -2 sockshim true
    [[ $output == "sockshim: /nowhere/libsockshim.so is not there: run make in $TOP" ]] || fails_with "$output"
    cp "$SHIM" "a b/"
    BUILD="$PWD/a b" run -2 sockshim true
    [ "$output" = "sockshim: $PWD/a b/sockshim-run is not there: run make in $TOP" ] || fails_with "$output"
    cp "$BUILD/sockshim-run" "a b/"
    BUILD="$PWD/a b" run -2 sockshim true
    [[ $output == "sockshim: $PWD/a b/libsockshim.so: LD_PRELOAD cannot contain a space or a colon;"* ]] || fails_with "$output"
    BUILD="$PWD/a b" run -1 sockshim check true
    [[ $output == "true: no, $PWD/a b/libsockshim.so: LD_PRELOAD cannot contain a space or a colon;"* ]] || fails_with "$output"
    BUILD="$PWD/a b" run -1 sockshim check $$
    [[ $output == *", and cannot be: $PWD/a b/libsockshim.so: LD_PRELOAD cannot contain a space or a colon;"* ]] || fails_with "$output"
}

@test "busybox is enough of a system" {
    mkdir bin
    local applet
    for applet in $(busybox --list); do
        ln -sf "$(command -v busybox)" "bin/$applet"
    done
    PATH=$PWD/bin run -0 --separate-stderr bin/sh "$SOCKSHIM_COMMAND" "$victim" closed
    [ "${stderr_lines[0]}" = "sockshim: 1 record: peer-closed 1" ] || fails_with "$stderr"
    LOG=$PWD/sockshim.log
    expect_count 1 '.cause == "peer-closed"'
    run -0 on_terminal '' env PATH="$PWD/bin" sh "$SOCKSHIM_COMMAND" "$victim" closed reset
    [[ $output == *"sockshim: 2 records: peer-closed 1, peer-reset 1"* ]] || fails_with "$output"
    compile static -static
    PATH=$PWD/bin run -126 bin/sh "$SOCKSHIM_COMMAND" ./static
    [[ $output == *"./static is statically linked"* ]]
}
