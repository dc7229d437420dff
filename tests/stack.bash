# For tests of how much stack a record of what was handled takes.

# Setting, call, and what it is measured against: itself where it returns without the
# setting, else one that does.
HANDLED_CALLS="
CONNECT_RETRY=100ms   refused         refused
CONNECT_TIMEOUT=1s    unanswered      refused
CONNECT_TIMEOUT=300ms unanswered      refused
DEAD_PEER=3s          unanswered      refused
DEAD_PEER=3s          keepalive       keepalive
KEEPALIVE=60          keepalive       keepalive
RECV_TIMEOUT=100ms    waiting         would-block
RECV_TIMEOUT=100ms    waiting-message recvmsg
ACCEPT=careful        accept-limit    accept-limit
ACCEPT=careful        accept4-limit   accept4-limit
EINTR=restart         handler         handler
BACKLOG=100           listen          listen
REUSEADDR=on          bind-again      bind-again
RESET=eof             reset           reset"

# takes_little_stack_when_handling SHIM PROGRAM [MOST]: of tests/programs/stack.c.
takes_little_stack_when_handling() {
    local setting call native other output log=$BATS_TEST_TMPDIR/stack.log
    while read -r setting call native; do
        [ -n "$setting" ] || continue
        native=$(LD_BIND_NOW=1 "$2" "$native")
        for other in SOCKSHIM_FORMAT=logfmt SOCKSHIM_FORMAT=json SOCKSHIM_RECORDER="$BATS_TEST_TMPDIR/stack.ring"; do
            rm -f "$log"
            output=$(env LD_PRELOAD="$1" SOCKSHIM_LOG="$log" SOCKSHIM_$setting "$other" LD_BIND_NOW=1 "$2" "$call")
            [ "$((${output#* } - ${native#* }))" -le "${3:-2048}" ] || fails_with "$setting, $other: $output, natively $native"
            grep -Eq "setting\"?[=:]\"?SOCKSHIM_${setting%=*}\"? ?" "$log" || fails_with "$setting: no $call is handled: $(cat "$log")"
        done
    done <<<"$HANDLED_CALLS"
}
