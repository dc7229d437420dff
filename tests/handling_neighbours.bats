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

# option_calls PRELOAD [VARIABLE=VALUE...]: how many getsockopt and setsockopt a program
# with ten sockets makes more than one with none, by ten.
option_calls() {
    local count
    count=$(env "${@:2}" SOCKSHIM_LOG=off SOCKSHIM_NODELAY=off strace -f -E LD_PRELOAD="$1" -e trace=getsockopt,setsockopt \
        -o /dev/stdout "$PYTHON" -c 'import socket
for _ in range(10): socket.socket().close()' | grep -c 'sockopt(')
    echo $((count / 10))
}

@test "a socket costs no more system calls than with libkeepalive or libdontdie" {
    [ "$(option_calls '' )" -eq 0 ]
    [ "$(option_calls "$SHIM" SOCKSHIM_KEEPALIVE=33,7,5)" -eq 4 ]
    [ "$(option_calls "$LIBKEEPALIVE" "${THEIRS[@]}")" -ge 4 ]
    [ "$(option_calls "$LIBDONTDIE" "${THEIRS[@]}")" -ge 4 ]
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
