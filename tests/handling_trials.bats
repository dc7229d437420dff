#!/usr/bin/env bats
# Random trials of robust handling (tests/trials): two processes, a connection, random calls in
# random modes under a storm of signals, descriptors that move, threads that are cancelled. No
# byte is lost, doubled or out of order, and each result is one that the manual pages allow, or
# libsockshim(7) where a setting is on. TRIALS_SEED=N and TRIALS_COUNT=N make other ones.

load helpers

FIRST=${TRIALS_SEED:-1}
COUNT=${TRIALS_COUNT:-400}

# all_right [SHIM]
all_right() {
    run "$PROGRAMS/trials" "$FIRST" "$COUNT" "$@"
    [ "$status" -eq 0 ] && [ "$output" = "$COUNT trials, 0 wrong" ] || fails_with "$output"
}

@test "natively every trial gives what the manual pages allow" {
    all_right
}

@test "with all settings, or some, what libsockshim(7) allows; and each that is changed has its record" {
    export SOCKSHIM_LOG=$LOG
    all_right "$SHIM"
    # Each receive whose time was over failed, or was told as an end.
    local ended failed hidden setting
    ended=$(grep -c 'event=handled.* setting=SOCKSHIM_RECV_TIMEOUT would=waits given="-1 ETIMEDOUT"' "$LOG")
    failed=$(grep -c 'event=return.* error=ETIMEDOUT' "$LOG")
    hidden=$(grep -c 'event=handled.* setting=SOCKSHIM_RESET would="-1 ETIMEDOUT"' "$LOG")
    [ "$ended" -gt 0 ] && [ "$ended" -eq $((failed + hidden)) ] || fails_with "$ended, $failed and $hidden"
    for setting in CONNECT_RETRY RECV_TIMEOUT BACKLOG ACCEPT EINTR RESET; do
        grep -q "event=handled.* setting=SOCKSHIM_$setting " "$LOG" || fails_with "nothing was done by $setting"
    done
}

# What stands in front of a call, in C.
faults=(
    'ssize_t recv(int f, void *b, size_t n, int m) { static unsigned i; ssize_t r = recvfrom(f, b, n, m, 0, 0); return r - (r > 1 && ++i % 5 == 0); }'
    'ssize_t send(int f, const void *b, size_t n, int m) { static unsigned i; ssize_t r = sendto(f, b, n, m, 0, 0); if (r > 0 && ++i % 5 == 0) sendto(f, b, r, m, 0, 0); return r; }'
    'ssize_t recvmsg(int f, struct msghdr *m, int g) { struct mmsghdr x = {*m}; int r = recvmmsg(f, &x, 1, g, 0); if (r < 0 && errno == EAGAIN) errno = EINTR; return r < 0 ? r : (ssize_t)x.msg_len; }'
)

@test "what is wrong is found: a byte that is lost, one that comes twice, an errno, and promises that nobody keeps" {
    cd "$BATS_TEST_TMPDIR"
    local promise fault
    for fault in "${faults[@]}"; do
        printf '#include <errno.h>\n#include <sys/socket.h>\n%s\n' "$fault" >faulty.c
        "${CC:-cc}" -D_GNU_SOURCE -w -shared -fPIC -o faulty.so faulty.c
        run env LD_PRELOAD=./faulty.so "$PROGRAMS/trials" "$FIRST" 100
        [ "$status" -eq 1 ] || fails_with "not found: $fault"
    done
    for promise in EINTR=restart RESET=eof CONNECT_RETRY=700ms ACCEPT=careful; do
        run env SOCKSHIM_$promise "$PROGRAMS/trials" "$FIRST" 100
        [ "$status" -eq 1 ] || fails_with "not found: $promise"
    done
}
