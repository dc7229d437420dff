#!/usr/bin/env bats
# From the moment the process has a socket, a write to a dead socket is an error
# return; whatever else raises SIGPIPE does what it does without the shim.

load helpers

# The same steps print the same, with and without the shim.
same() {
    local native
    native=$("$PROGRAMS/sigpipe" "$@")
    run shimmed "$PROGRAMS/sigpipe" "$@"
    [ "$status" -eq 0 ] || fails_with "status $status: $output"
    [ "$output" = "$native" ] || fails_with "native: $native -- shim: $output"
}

@test "a write to a reset connection kills without the shim and is an error with it" {
    run "$PROGRAMS/sigpipe" dead
    [ "$status" -eq 141 ]
    run shimmed "$PROGRAMS/sigpipe" dead
    [ "$status" -eq 0 ]
    [ "$output" = "dead: recv -1, send -1 Broken pipe, caught 0" ]
    expect '.call == "send" and .error == "EPIPE" and .cause == "write-after-close"
            and (.why | contains("SIGPIPE would have ended the program here"))'
}

@test "every way to ask for the default afterwards succeeds, and is refused for sockets alone" {
    local way
    for way in default default-flags default-restart __default signal-default bsd-default \
        ssignal-default sysv-default __sysv-default sigset-default; do
        rm -f "$LOG"
        run shimmed "$PROGRAMS/sigpipe" socket "$way" dead
        [ "$status" -eq 0 ] || fails_with "$way: $output"
        [[ $output == *"send -1 Broken pipe"* ]]
        expect_count 1 '.event == "refused" and .call == "sigaction"
                        and (.why | contains("the default applies to writes to pipes"))'
        run shimmed "$PROGRAMS/sigpipe" socket "$way" pipe
        [ "$status" -eq 141 ] || fails_with "$way pipe: $status"
    done
    shimmed SOCKSHIM_SIGPIPE=ignore "$PROGRAMS/sigpipe" socket default pipe
    expect '.event == "refused" and (.why | contains("the signal stays suppressed"))'
}

@test "a refused default is logged once a program" {
    shimmed "$PROGRAMS/sigpipe" socket default signal-default default
    expect_count 1 '.event == "refused"'
}

@test "oldact and the functions' results tell what the program would have seen" {
    same query socket query
    same socket default query
    same default socket query default query
    same socket default-flags query
    same socket default-restart query
    same socket default-flags default-restart default query
    same socket __default
    same socket handler default handler query
    same socket ignore query default query
    same socket signal-default signal-handler signal-default
    same socket bsd-default ssignal-default sysv-default __sysv-default sysv-default
    same socket sigset-default sigset-hold sigset-default sigset-default
    same socket sigset-hold
    same socket bad query
    same handler socket query default query
    same ignore socket query
}

@test "siginterrupt is obeyed, by what is there and by signal later; our handler restarts calls all the same" {
    same socket interrupt restart interrupt query
    same socket interrupt signal-handler signal-default query restart signal-handler
    same interrupt socket signal-handler ignore interrupt signal-ignore query
    same socket default-restart interrupt default-flags restart default
    same socket sigset-bad query
    run strace -e trace=rt_sigaction env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PROGRAMS/sigpipe" socket interrupt
    [[ $output =~ .*sa_flags=([^,]*) && ${BASH_REMATCH[1]} == *SA_RESTART* ]] || fails_with "$output"
}

@test "a handler of the program's own runs, and stays" {
    same handler dead dead
    same socket handler dead raise
    same socket handler-info raise dead
    same socket signal-handler dead
    same ignore dead
    same socket ignore dead raise
}

@test "a one-shot handler runs once, as without the shim; then a dead socket is an error again" {
    local steps
    for steps in "socket handler-once" "handler-once socket" "socket sysv-handler"; do
        # shellcheck disable=SC2086
        run "$PROGRAMS/sigpipe" $steps dead dead
        [ "$status" -eq 141 ]
        # shellcheck disable=SC2086
        run shimmed "$PROGRAMS/sigpipe" $steps dead dead query
        [ "$status" -eq 0 ]
        [[ $output == *"caught 1"*"caught 1"*"query: default "* ]] || fails_with "$output"
        # shellcheck disable=SC2086
        run shimmed "$PROGRAMS/sigpipe" $steps dead raise
        [ "$status" -eq 141 ] || fails_with "$output"
    done
    same socket handler-once query
    same socket handler-once dead query
    same socket sysv-handler query
}

@test "ten handlers run once each, as without the shim" {
    same socket ten-once query
    same ten-once socket query
}

@test "a vfork child's disposition is its own, in a seccomp filter, too, where nobody can tell it from its parent" {
    local own child cage
    for own in default default-flags default-restart handler-once sysv-handler handler ignore; do
        for child in vfork-default vfork-once; do
            for cage in "" cage; do
                # shellcheck disable=SC2086
                same socket "$own" $cage $child query
                # shellcheck disable=SC2086
                same socket $cage "$own" $child query
            done
        done
    done
}

@test "a one-shot handler in a seccomp filter is the kernel's: it runs once, and nothing is swallowed after it" {
    local steps
    for steps in "socket handler-once cage" "socket cage handler-once" "socket cage sysv-handler"; do
        # shellcheck disable=SC2086
        same $steps raise query
        # shellcheck disable=SC2086
        run shimmed "$PROGRAMS/sigpipe" $steps dead dead
        [ "$status" -eq 141 ] && [[ $output == *"caught 1" ]] || fails_with "$steps: $status $output"
        # shellcheck disable=SC2086
        run shimmed "$PROGRAMS/sigpipe" $steps dead default dead
        [ "$status" -eq 0 ] || fails_with "$steps: $status $output"
    done
}

# life [VARIABLE=VALUE] STEP...: $status and $output of tests/programs/raisers under the
# shim, and $native_status and $native_output.
life() {
    local setting=SOCKSHIM=on
    if [[ $1 == *=* ]]; then
        setting=$1
        shift
    fi
    run setsid -w "$PROGRAMS/raisers" "$@" </dev/null
    native_status=$status
    native_output=$output
    run shimmed "$setting" setsid -w "$PROGRAMS/raisers" "$@" </dev/null
}

writes() {
    "$PROGRAMS/raisers" | grep "^to-$1-"
}

@test "a write to a dead socket is an error, by whatever call: stdio, sendfile, splice, a system call" {
    local step n=0
    for step in $(writes socket) to-socket-thread; do
        life socket "$step"
        [ "$native_status" -eq 141 ] || fails_with "$step natively: $native_status"
        [ "$status" -eq 0 ] && [[ $output == "$step: -1 Broken pipe, caught 0" ]] || fails_with "$step: $status $output"
        n=$((n + 1))
    done
    [ "$n" -ge 10 ]
}

@test "a write to a dead pipe ends the program as without the shim, by whatever call" {
    local step n=0
    for step in $(writes pipe) to-pipe-partial to-pipe-from-socket to-pipe-thread; do
        life socket "$step"
        [ "$native_status" -eq 141 ] && [ "$status" -eq 141 ] || fails_with "$step: $native_status, $status $output"
        n=$((n + 1))
    done
    [ "$n" -ge 10 ]
}

@test "a SIGPIPE that somebody sent ends the program as without the shim" {
    local step
    for step in raise kill kill-group kill-from-thread kill-from-child pthread_kill sigqueue timer \
        raise-blocked "again-once to-socket-write" "again-once-nodefer to-socket-write"; do
        # shellcheck disable=SC2086
        life socket $step
        [ "$native_status" -eq 141 ] && [ "$status" -eq 141 ] || fails_with "$step: $native_status, $status $output"
    done
}

@test "a SIGPIPE that was blocked is a socket's or a pipe's when it comes, one for both is the pipe's, and there for who waits" {
    local step
    for step in to-pipe-blocked to-pipe-splice-blocked to-pipe-and-quietly-blocked to-both-blocked \
        to-both-reversed-blocked raise-and-to-pipe-blocked "to-socket-blocked to-pipe-blocked"; do
        # shellcheck disable=SC2086
        life socket $step
        [ "$native_status" -eq 141 ] && [ "$status" -eq 141 ] || fails_with "$step: $native_status, $status $output"
    done
    for step in to-socket-and-wait to-pipe-and-wait to-pipe-and-signalfd; do
        life socket "$step"
        [ "$native_status" -eq 0 ] && [ "$status" -eq 0 ] || fails_with "$step: $native_status, $status $output"
    done
}

@test "a SIGPIPE that was blocked and taken is forgotten: a socket's that comes later is an error" {
    local taken step
    for taken in to-pipe-and-wait to-pipe-and-signalfd; do
        for step in to-socket-blocked to-socket-stdio-blocked to-socket-with-another; do
            life socket "$taken" "$step"
            [ "$native_status" -eq 141 ] && [ "$status" -eq 0 ] || fails_with "$taken $step: $native_status, $status $output"
        done
    done
    life socket to-socket-and-wait to-pipe-blocked
    [ "$native_status" -eq 141 ] && [ "$status" -eq 141 ] || fails_with "$native_status, $status $output"
}

@test "where nothing tells what raised it, the signal is swallowed: behind another one" {
    local step
    for step in to-socket-blocked to-socket-stdio-blocked to-socket-with-another; do
        life socket "$step"
        [ "$native_status" -eq 141 ] && [ "$status" -eq 0 ] || fails_with "$step: $native_status, $status $output"
    done
}

@test "random lives with all that raises SIGPIPE, and all dispositions, end alike" {
    "$PYTHON" "$TOP/tests/raisers.py" "$PROGRAMS/raisers" "$SHIM" "${RAISERS_SEED:-1}" "${RAISERS_RUNS:-300}"
}

@test "SOCKSHIM=watch: random lives with SIGPIPE end exactly as without the shim" {
    "$PYTHON" "$TOP/tests/raisers.py" "$PROGRAMS/raisers" "$SHIM" "${RAISERS_SEED:-1}" "${RAISERS_RUNS:-300}" \
        SOCKSHIM=watch
}

@test "SOCKSHIM=watch: what the program sees of its disposition stays the same after a filter was refused" {
    local step
    for step in query ignore count count-once; do
        life SOCKSHIM=watch socket "$step" cage-refused query
        [ "$status" -eq 0 ] && [ "$output" = "$native_output" ] || fails_with "$step: $native_output; $output"
    done
}

@test "SOCKSHIM=watch: a write to a socket by which the program ends is logged before" {
    local step call
    for step in $(writes socket); do
        rm -f "$LOG"
        life SOCKSHIM=watch socket "$step"
        [ "$status" -eq 141 ] || fails_with "$step: $status"
        case $step in
        *sendfile*) call=sendfile ;;
        *empty-send) call=send ;;
        *dprintf | *stdio | *number) call="write" ;;
        *) call=${step#to-socket-} ;;
        esac
        expect_count 1 ".call == \"$call\" and .error == \"EPIPE\" and .cause == \"write-after-close\"
                        and (.why | endswith(\"SIGPIPE ends the program here.\"))"
    done
    expect_count 0 '.why // "" | contains("would have")'
}

@test "SOCKSHIM=watch changes nothing else: TCP_NODELAY stays off, no default is refused, handlers run" {
    # shellcheck disable=SC2016
    run shimmed SOCKSHIM=watch "$PYTHON" -c '
import signal, socket
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
s = socket.socket()
print(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
print(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
signal.signal(signal.SIGPIPE, signal.SIG_DFL)'
    [ "$output" = $'0\n0' ]
    expect_count 0 '.event == "refused"'
    expect '.event == "start" and (.settings | contains("sigpipe=off nodelay=off") and contains("mode=watch"))'
    life SOCKSHIM=watch count to-socket-write
    [ "$status" -eq 0 ] && [ "$output" = "$native_output" ]
}

@test "process 1 of a container, which the kernel spares, goes on and keeps its protection" {
    unshare -r -p -f true 2>/dev/null || skip "no pid namespaces here"
    run shimmed unshare -r -p -f "$PROGRAMS/raisers" socket to-pipe-write to-socket-write child-raise child-socket
    [ "$status" -eq 0 ]
    [[ $output == *"to-pipe-write: -1"*"to-socket-write: -1"*"child-raise: 13"*"child-socket: 0"* ]] || fails_with "$output"
}

@test "a program without a socket keeps its SIGPIPE" {
    run shimmed "$PROGRAMS/sigpipe" pipe
    [ "$status" -eq 141 ]
    run shimmed "$PROGRAMS/sigpipe" default pipe
    [ "$status" -eq 141 ]
    [ ! -s "$LOG" ]
}

@test "any first socket will do: socket, socketpair, and an inherited high one by accept or connect" {
    local first way native
    for first in socket socketpair; do
        run shimmed SOCKSHIM_SIGPIPE=ignore "$PROGRAMS/sigpipe" "$first" pipe
        [ "$status" -eq 0 ]
        [ "${lines[-1]}" = "pipe: -1" ]
    done
    for way in accept connect; do
        run first_at_70 $way
        native=$status
        run first_at_70 $way LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG"
        [ "$native" -eq 141 ] && [ "$status" -eq 0 ] && [ "$output" = alive ] || fails_with "$way: $native, $status $output"
    done
}

# first_at_70 accept|connect [VARIABLE=VALUE...]: a program that inherits a unix socket as
# descriptor 70 makes that call on it, and then writes to the connection, whose peer has closed.
first_at_70() {
    rm -f "$BATS_TEST_TMPDIR/unix"
    "$PYTHON" -c '
import os, signal, socket, sys
path, way, *command = sys.argv[1:]
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
has = listener if way == "accept" else socket.socket(socket.AF_UNIX)
if way == "accept":
    socket.socket(socket.AF_UNIX).connect(path)
elif os.fork() == 0:
    listener.accept()
    os._exit(0)
os.dup2(has.fileno(), 70)
os.execvp("env", ["env", *command, "perl", "-MSocket", "-e", """
open(my $s, "+<&=", 70) or die;
my $c = $s;
if ($ARGV[0] eq "accept") { accept($c = undef, $s) or die }
else { connect($s, pack_sockaddr_un($ARGV[1])) or die }
vec(my $readable, fileno($c), 1) = 1;
select($readable, undef, undef, undef); # its end, which no call is told of
syswrite($c, "x");
print "alive\\n"
""", way, path])' "$BATS_TEST_TMPDIR/unix" "$@"
}

@test "SOCKSHIM_SIGPIPE=ignore swallows all of them from the first socket on, always from load on, off none" {
    run shimmed SOCKSHIM_SIGPIPE=ignore "$PROGRAMS/raisers" raise
    [ "$status" -eq 141 ]
    life SOCKSHIM_SIGPIPE=ignore socket raise kill sigqueue to-pipe-write to-pipe-partial to-socket-write
    [ "$status" -eq 0 ]
    run shimmed SOCKSHIM_SIGPIPE=always "$PROGRAMS/sigpipe" pipe default pipe
    [ "$status" -eq 0 ]
    run shimmed SOCKSHIM_SIGPIPE=off "$PROGRAMS/sigpipe" dead
    [ "$status" -eq 141 ]
    expect '.call == "recv" and .cause == "peer-reset"'
}

@test "children of system, popen, posix_spawn, fork and vfork start as they would have" {
    same socket children
    same ignore socket children
    expect_count 0 '.event == "refused"'
}

@test "yes | head and a shell's loop into head end as they do without the shim" {
    run shimmed bash -c 'yes | head -1; echo "${PIPESTATUS[*]}"'
    [ "${lines[1]}" = "141 0" ]
    run shimmed bash -c 'while echo x; do :; done 2>/dev/null | head -1; echo "${PIPESTATUS[*]}"'
    [ "${lines[1]}" = "141 0" ]
}

@test "a shell's trap for PIPE runs, before and after its first socket" {
    run shimmed bash -c 'trap "echo trapped" PIPE; kill -PIPE $$; exec 3<>/dev/udp/127.0.0.1/9; kill -PIPE $$'
    [ "$output" = $'trapped\ntrapped' ]
}

# exec_with_socket KIND FD COMMAND...: starts it with a socket as descriptor FD,
# and with the default SIGPIPE, which Python ignores for itself.
exec_with_socket() {
    "$PYTHON" -c '
import os, signal, socket, sys
kind, fd, *command = sys.argv[1:]
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
s = socket.socket(socket.AF_INET if kind == "ip" else socket.AF_UNIX)
os.dup2(s.fileno(), int(fd))
os.execvp(command[0], command)' "$@"
}

# what_dead FD: what a program that knows of no socket sees of a dead one at FD.
what_dead() {
    # shellcheck disable=SC2016
    env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "${@:2}" /usr/bin/perl -e '
open(my $out, ">&=", $ARGV[0]) or die; syswrite($out, "x") for 1 .. 3; print "alive\n"' "$1"
}

# with_dead KIND FD COMMAND...: with a connection, whose peer is gone, as FD.
with_dead() {
    "$PYTHON" -c '
import os, signal, socket, sys
kind, fd, *command = sys.argv[1:]
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
if kind == "unix":
    ours, theirs = socket.socketpair()
else:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
theirs.close()
os.dup2(ours.fileno(), int(fd))
os.execvp(command[0], command)' "$@"
}

@test "an inherited socket counts at load: descriptors 0 to 63, and LISTEN_FDS" {
    export -f what_dead
    export SHIM LOG
    local kind fd
    for kind in ip unix; do
        for fd in 3 15 63; do
            run with_dead $kind $fd bash -c "what_dead $fd"
            [ "$output" = alive ] || fails_with "$kind $fd: $status $output"
        done
        run with_dead $kind 70 bash -c 'what_dead 70 LISTEN_FDS=68'
        [ "$output" = alive ]
    done
    run with_dead unix 70 bash -c 'what_dead 70' # as the manual says
    [ "$status" -eq 141 ]
    expect '.event == "start" and .prog == "perl"'
}

@test "a unix socket as standard output alone, as Node and systemd give it, does not make a program one of sockets" {
    export -f what_dead
    export SHIM LOG
    run with_dead unix 1 bash -c 'what_dead 1'
    [ "$status" -eq 141 ]
    run with_dead ip 1 bash -c 'what_dead 1'
    [ "$status" -ne 141 ] # it cannot say that it is alive
}

@test "a connection received by SCM_RIGHTS: recvmsg and recvmmsg, TCP_NODELAY is on and a dead one is an error" {
    local how
    for how in "recvmsg x" "recvmmsg x" "recvmsg" "recvmmsg"; do
        # shellcheck disable=SC2086
        run "$PYTHON" - "$PROGRAMS/rights" "$SHIM" "$LOG" $how <<'END'
import array, os, signal, socket, subprocess, sys
program, shim, log, call, *data = sys.argv[1:]
for env in {}, {"LD_PRELOAD": shim, "SOCKSHIM_LOG": log}:
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    os.dup2(theirs.fileno(), 70, inheritable=True)
    child = subprocess.Popen([program, call], env=env, pass_fds=[70], stdout=subprocess.PIPE)
    ours.sendmsg([b.encode() for b in data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [server.fileno()]))])
    server.close()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert client.recv(9) == b"received\n"
    client.close()
    print(child.communicate()[0].decode(), child.returncode)
END
        [ "${lines[0]}" = "nodelay 0" ] && [ "${lines[1]}" = " -13" ] || fails_with "$output"
        [ "${lines[2]}" = "nodelay 1" ] && [ "${lines[3]}" = "alive" ] && [ "${lines[4]}" = " 0" ] || fails_with "$output"
    done
}

# Real programs.

@test "redis-cli monitor | head -1 ends as soon as head has gone" {
    local port
    port=$(free_port)
    background redis-server --port "$port" --save '' --appendonly no --loglevel warning --daemonize no
    wait_for_port "$port"
    # shellcheck disable=SC2016
    background bash -c 'while redis-cli -p "$0" ping; do sleep 0.05; done >/dev/null 2>&1' "$port"
    # shellcheck disable=SC2016
    run timeout 60 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" \
        bash -c 'redis-cli -p "$0" monitor | head -1; echo "${PIPESTATUS[*]}"' "$port"
    [ "${lines[1]}" = "141 0" ] || fails_with "$output"
}

@test "perl, python and a shell's loop with a socket of their own end before | head" {
    local program
    # shellcheck disable=SC2016
    for program in "perl -e 'use Socket; socket(my \$s, PF_INET, SOCK_STREAM, 0); print qq(line\n) while 1'" \
        "$PYTHON -c 'import signal, socket
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
s = socket.socket()
while True: print(1)'" \
        "exec 3<>/dev/udp/127.0.0.1/9; while echo x; do :; done"; do
        run timeout 60 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" \
            bash -c "bash -c \"\$0\" | head -1; echo \"\${PIPESTATUS[*]}\"" "$program"
        [ "${lines[1]}" = "141 0" ] || fails_with "$program: $output"
    done
}
