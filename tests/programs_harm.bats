#!/usr/bin/env bats
# Programs that other preloads do harm to: tools that look at their descriptors, and
# what super-servers start, whose stderr is the client.

load helpers

PATH=$PATH:/usr/sbin:/sbin # where such programs are, also for who is not root

# ---- LVM: it complains of each descriptor that it did not open ----

# without_descriptors COMMAND...: with 0 to 2 and no others.
without_descriptors() {
    "$PYTHON" -c 'import os, sys; os.closerange(3, 1024); os.execvp(sys.argv[1], sys.argv[1:])' "$@" </dev/null
}

@test "LVM's tools see no descriptor that is not theirs, and say what they say" {
    local tool
    cd "$BATS_TEST_TMPDIR"
    for tool in pvs "vgs --reportformat json" lvs; do
        # shellcheck disable=SC2086
        without_descriptors $tool >native 2>&1 || echo "status $?" >>native
        # shellcheck disable=SC2086
        without_descriptors env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" $tool >shimmed 2>&1 || echo "status $?" >>shimmed
        diff native shimmed
        run grep leaked shimmed
        [ "$status" -eq 1 ] || fails_with "$output"
    done
    # That there was a reason to look: one more is complained of.
    without_descriptors bash -c 'exec 9</dev/null; exec pvs' 2>&1 | grep -q 'leaked'
}

# ---- Super-servers ----

# What each of them starts: the connection is its stdin, stdout and stderr.
FAILS='#!/bin/sh
exec 2>&0
'"$PYTHON"' -c "
import socket
try: socket.create_connection((\"127.0.0.1\", 1))
except OSError: pass"
'
PRODUCES='seq 1 1000000 | head -1
while :; do echo y; done | head -1
'
ANSWERS='read -r line
echo "heard $line"'

# Its log would be stderr: as by default, with a complaint to make, and where the log
# cannot be opened.
EACH_LOG="SOCKSHIM= SOCKSHIM_LEVEL=quiet SOCKSHIM_LOG=$BATS_TEST_TMPDIR/nowhere/log"

# write_script PART...
write_script() {
    cd "$BATS_TEST_TMPDIR"
    printf '%s' "$@" >script
    chmod +x script
}

start_xinetd() {
    cat >xinetd.conf <<END
service script
{
    type = UNLISTED
    socket_type = stream
    protocol = tcp
    bind = 127.0.0.1
    port = $1
    wait = no
    user = $(id -un)
    server = $PWD/script
}
END
    background env LD_PRELOAD="$SHIM" "$2" xinetd -dontfork -f "$PWD/xinetd.conf" -pidfile "$PWD/pid"
}

start_inetd() {
    echo "127.0.0.1:$1 stream tcp nowait $(id -un) $PWD/script script" >inetd.conf
    background env LD_PRELOAD="$SHIM" "$2" inetd -i "$PWD/inetd.conf"
}

# answers_well PORT SETTING
answers_well() {
    # shellcheck disable=SC2016
    run timeout 60 bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0; echo hello >&3; cat <&3' "$1"
    [ "$output" = $'1\ny\nheard hello' ] || fails_with "$2: $output"
}

@test "what xinetd or inetd starts: nothing of ours in the client's data, and producers end before | head" {
    local server setting port tried=
    write_script "$FAILS" "$PRODUCES" "$ANSWERS"
    for server in xinetd inetd; do
        command -v $server || continue
        tried=yes
        for setting in $EACH_LOG; do
            port=$(free_port)
            start_$server "$port" "$setting"
            wait_for_port "$port"
            answers_well "$port" "$setting"
            end_backgrounds || true
        done
    done
    [ "$tried" ]
}

# ucspi-unix has SIGPIPE ignored for what it starts.
@test "what a unix-socket super-server starts: nothing of ours in the client's data" {
    local setting
    write_script "$FAILS" "$ANSWERS"
    for setting in $EACH_LOG; do
        rm -f socket
        background env LD_PRELOAD="$SHIM" "$setting" unixserver "$PWD/socket" "$PWD/script"
        wait_until test -S socket
        run timeout 60 "$PYTHON" -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("socket")
s.sendall(b"hello\n")
print(s.makefile().read(), end="")'
        [ "$output" = "heard hello" ] || fails_with "$setting: $output"
        end_backgrounds || true
    done
}
