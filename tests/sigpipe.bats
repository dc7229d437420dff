#!/usr/bin/env bats
# SIGPIPE is swallowed from the moment the process has a socket, by a
# handler that no child inherits, and the program sees what it asked for.

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

@test "every way to ask for the default afterwards succeeds and leaves the signal swallowed" {
    local way
    for way in default default-flags default-restart __default signal-default bsd-default \
        ssignal-default sysv-default __sysv-default sigset-default; do
        rm -f "$LOG"
        run shimmed "$PROGRAMS/sigpipe" socket "$way" dead
        [ "$status" -eq 0 ] || fails_with "$way: $output"
        [[ $output == *"send -1 Broken pipe"* ]]
        expect_count 1 '.event == "refused" and .call == "sigaction"'
    done
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

@test "a one-shot handler runs each time, since it would put the default back" {
    run "$PROGRAMS/sigpipe" socket handler-once dead dead
    [ "$status" -eq 141 ]
    for steps in "socket handler-once" "handler-once socket" "socket sysv-handler"; do
        # shellcheck disable=SC2086
        run shimmed "$PROGRAMS/sigpipe" $steps dead dead
        [ "$status" -eq 0 ]
        [[ $output == *"caught 2"* ]]
    done
    same socket handler-once query
    same socket sysv-handler query
}

@test "a program without a socket keeps its SIGPIPE" {
    run shimmed "$PROGRAMS/sigpipe" pipe
    [ "$status" -eq 141 ]
    run shimmed "$PROGRAMS/sigpipe" default pipe
    [ "$status" -eq 141 ]
    [ ! -s "$LOG" ]
}

@test "any first socket will do: socket, socketpair, an accepted or a connected one" {
    for first in socket socketpair; do
        run shimmed "$PROGRAMS/sigpipe" "$first" pipe
        [ "$status" -eq 0 ]
        [ "${lines[-1]}" = "pipe: -1" ]
    done
}

@test "SOCKSHIM_SIGPIPE=always swallows from load on, off never" {
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

@test "an inherited IP socket counts at load: descriptors 0 to 15, and LISTEN_FDS" {
    run exec_with_socket ip 15 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PROGRAMS/sigpipe" pipe
    [ "$output" = "pipe: -1" ]
    expect_count 1 '.event == "start" and .prog == "sigpipe"'
    run exec_with_socket ip 22 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" LISTEN_FDS=20 \
        "$PROGRAMS/sigpipe" pipe
    [ "$output" = "pipe: -1" ]
    run exec_with_socket ip 22 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" LISTEN_FDS=19 \
        "$PROGRAMS/sigpipe" pipe
    [ "$status" -eq 141 ]
    run exec_with_socket unix 15 env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PROGRAMS/sigpipe" pipe
    [ "$status" -eq 141 ]
}
