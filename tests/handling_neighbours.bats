#!/usr/bin/env bats
# What people preload for keepalive today: Debian's libkeepalive and libdontdie, beside
# sockshim and stacked with it.

load helpers

LIBKEEPALIVE=/usr/lib/libkeepalive.so.0
LIBDONTDIE=$(echo /usr/lib/*/libdontdie.so.0)
THEIRS=(KEEPIDLE=33 KEEPINTVL=7 KEEPCNT=5 DD_TCP_KEEPALIVE_TIME=33 DD_TCP_KEEPALIVE_INTVL=7 DD_TCP_KEEPALIVE_PROBES=5)

SHOWN='
import socket as s
c = s.socket()
print([c.getsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE)] + [c.getsockopt(s.IPPROTO_TCP, o) for o in
    (s.TCP_KEEPIDLE, s.TCP_KEEPINTVL, s.TCP_KEEPCNT)])'

# calls_of PYTHON COUNT PRELOAD [VARIABLE=VALUE...]: how many getsockopt and setsockopt it makes.
calls_of() {
    env "${@:4}" SOCKSHIM_LOG=off SOCKSHIM_NODELAY=off strace -f -E LD_PRELOAD="$3" -e trace=getsockopt,setsockopt \
        -o /dev/stdout "$PYTHON" -c "$1" "$2" | grep -c 'sockopt(' || true
}

# each_calls PYTHON PRELOAD [VARIABLE=VALUE...]: for each of what it makes as many as it is told of.
# The first one is left out, on which the shim finds out once what can be set at all.
each_calls() {
    echo $((($(calls_of "$1" 11 "${@:2}") - $(calls_of "$1" 1 "${@:2}")) / 10))
}

option_calls() {
    each_calls 'import socket, sys
for _ in range(int(sys.argv[1])): socket.socket().close()' "$@"
}

@test "a socket costs no more system calls than with libkeepalive or libdontdie" {
    [ "$(option_calls '' )" -eq 0 ]
    [ "$(option_calls "$SHIM" SOCKSHIM_KEEPALIVE=33,7,5)" -eq 4 ]
    [ "$(option_calls "$LIBKEEPALIVE" "${THEIRS[@]}")" -ge 4 ]
    [ "$(option_calls "$LIBDONTDIE" "${THEIRS[@]}")" -ge 4 ]
}

connection_calls() {
    each_calls 'import socket, sys
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen()
for _ in range(int(sys.argv[1])): c = socket.socket(); c.connect(l.getsockname()); l.accept()[0].close(); c.close()' "$@"
}

@test "nor does a connection" {
    [ "$(connection_calls "$SHIM" SOCKSHIM_KEEPALIVE=33,7,5)" -eq 4 ]
    [ "$(connection_calls "$LIBKEEPALIVE" "${THEIRS[@]}")" -eq 4 ]
    [ "$(connection_calls "$LIBDONTDIE" "${THEIRS[@]}")" -eq 4 ]
}

@test "what they leave out: a connection that is inherited, and a program that switches keepalive off" {
    local preload code='import os, socket as s, sys
c = s.socket(fileno=0); print(c.getsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE), end=" ")
d = s.socket(); d.setsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE, 0); print(d.getsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE))'
    for preload in "$SHIM 1 1" "$LIBKEEPALIVE 0 0" "$LIBDONTDIE 0 0"; do
        run "$PYTHON" -c 'import os, socket, subprocess, sys
l = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(l.getsockname())
subprocess.run([sys.executable, "-c", sys.argv[2]], stdin=c, env=dict(os.environ, LD_PRELOAD=sys.argv[1], **dict(w.split("=") for w in sys.argv[3:])))' \
            "${preload%% *}" "$code" SOCKSHIM_LOG=off SOCKSHIM_KEEPALIVE=33,7,5 "${THEIRS[@]}"
        [ "$output" = "${preload#* }" ] || fails_with "$preload: $output"
    done
}

@test "stacked in both orders all of them have their way, and the outer one the last word" {
    local other
    for other in "$LIBKEEPALIVE" "$LIBDONTDIE"; do
        [ "$(env LD_PRELOAD="$other" "${THEIRS[@]}" "$PYTHON" -c "$SHOWN")" = "[1, 33, 7, 5]" ]
        # Ours without a wish leaves theirs alone.
        for order in "$SHIM:$other" "$other:$SHIM"; do
            [ "$(env LD_PRELOAD="$order" SOCKSHIM_LOG="$LOG" "${THEIRS[@]}" "$PYTHON" -c "$SHOWN")" = "[1, 33, 7, 5]" ] ||
                fails_with "$order"
        done
        [ "$(env LD_PRELOAD="$SHIM:$other" SOCKSHIM_LOG="$LOG" SOCKSHIM_KEEPALIVE=60,10,6 "${THEIRS[@]}" "$PYTHON" -c "$SHOWN")" = "[1, 60, 10, 6]" ]
        [ "$(env LD_PRELOAD="$other:$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_KEEPALIVE=60,10,6 "${THEIRS[@]}" "$PYTHON" -c "$SHOWN")" = "[1, 33, 7, 5]" ]
        # A dead peer is found in time all the same: what they ask for is laxer.
        [ "$(env LD_PRELOAD="$other:$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_DEAD_PEER=10s "${THEIRS[@]}" "$PYTHON" -c "$SHOWN")" = "[1, 5, 1, 5]" ]
    done
}
