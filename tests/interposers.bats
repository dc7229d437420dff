#!/usr/bin/env bats
# Other preloads between the shim and the C library: nothing that they stand in front
# of changes what the shim calls, or what time it writes.

load helpers

OBJECTS=$TOP/tests/programs/objects
FAKETIME=$(echo /usr/lib/*/faketime/libfaketime.so.1 | head -1)

build_object() {
    "${CC:-cc}" -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -fno-builtin -shared -fPIC -o "$1" "${@:2}"
}

# One record after another, with another preload's counts of what came by.
exchange() {
    COUNTS=$BATS_TEST_TMPDIR/counts timeout -k 5 60 env LD_PRELOAD="$1" SOCKSHIM_LOG="$LOG" "${@:2}"
}

expect_exchange() {
    [ "$status" -eq 0 ] || fails_with "status $status: $output"
    expect_count 1 '.call == "recv" and .error == "EAGAIN"'
    expect_count 1 '.call == "connect" and .error == "ECONNREFUSED"'
    expect_count 1 '.call == "readv" and .cause == "peer-closed" and .len == 64'
    rm -f "$LOG"
}

@test "dlsym is somebody else's, before or behind the shim, or the program's own" {
    build_object "$BATS_TEST_TMPDIR/dlsym.so" "$OBJECTS/dlsym.c"
    run exchange "$BATS_TEST_TMPDIR/dlsym.so $SHIM" "$PROGRAMS/in_between"
    expect_exchange
    run exchange "$SHIM $BATS_TEST_TMPDIR/dlsym.so" "$PROGRAMS/in_between"
    expect_exchange
    "${CC:-cc}" -D_GNU_SOURCE -O1 -rdynamic -o "$BATS_TEST_TMPDIR/own" \
        "$TOP/tests/programs/in_between.c" "$OBJECTS/dlsym.c"
    run exchange "$SHIM" "$BATS_TEST_TMPDIR/own"
    expect_exchange
}

@test "a preload between the shim and one that is somebody else's dlsym is not passed over" {
    build_object "$BATS_TEST_TMPDIR/dlsym.so" "$OBJECTS/dlsym.c"
    build_object "$BATS_TEST_TMPDIR/counting.so" "$OBJECTS/counting.c"
    run exchange "$SHIM $BATS_TEST_TMPDIR/counting.so $BATS_TEST_TMPDIR/dlsym.so" \
        "$PROGRAMS/in_between"
    grep -q 'recv 1 .* socket 1 connect 1' "$BATS_TEST_TMPDIR/counts" ||
        fails_with "$(cat "$BATS_TEST_TMPDIR/counts")"
    expect_exchange
}

@test "the shim from two files, one of the system and one of a folder: each record once, with its caller" {
    cp "$SHIM" "$BATS_TEST_TMPDIR/other.so"
    shimmed LD_PRELOAD="$SHIM $BATS_TEST_TMPDIR/other.so" "$PROGRAMS/in_between"
    expect_count 1 '.event == "start"'
    expect_count 1 '.call == "recv" and .error == "EAGAIN"'
    expect_count 1 '.call == "connect" and (.at | startswith("in_between+"))'
    shimmed SOCKSHIM_LEVEL=wrong LD_PRELOAD="$SHIM $BATS_TEST_TMPDIR/other.so" true 2>"$BATS_TEST_TMPDIR/said"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/said")" -eq 1 ]
}

@test "the shim opened by dlopen finds the C library, too" {
    cat >"$BATS_TEST_TMPDIR/opens.c" <<'END'
#include <dlfcn.h>
#include <signal.h>
int main(int count, char **arguments)
{
    void *shim = dlopen(arguments[count - 1], RTLD_NOW);
    int (*action)(int, const struct sigaction *, struct sigaction *) =
        (int (*)(int, const struct sigaction *, struct sigaction *))dlsym(shim, "sigaction");
    struct sigaction now;
    return !shim || action(SIGPIPE, 0, &now) != 0;
}
END
    "${CC:-cc}" -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/opens" "$BATS_TEST_TMPDIR/opens.c"
    SOCKSHIM_LOG=$LOG timeout 60 "$BATS_TEST_TMPDIR/opens" "$SHIM"
}

@test "the shim opened by dlopen, and closed: a write to a dead pipe ends the program as ever" {
    cat >"$BATS_TEST_TMPDIR/closes.c" <<'END'
#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int count, char **arguments)
{
    int sockets[2], ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) < 0 || pipe(ends) < 0) {
        return 2;
    }
    void *shim = dlopen(arguments[count - 1], RTLD_NOW);
    if (!shim || dlclose(shim) != 0) {
        return 3;
    }
    close(ends[0]);
    return write(ends[1], "", 1) < 0 ? 4 : 5;
}
END
    "${CC:-cc}" -o "$BATS_TEST_TMPDIR/closes" "$BATS_TEST_TMPDIR/closes.c"
    SOCKSHIM_LOG=$LOG run "$BATS_TEST_TMPDIR/closes" "$SHIM"
    [ "$status" -eq 141 ] || fails_with "status $status"
}

@test "what the shim calls once it has started is its own: no function of the C library" {
    build_object "$BATS_TEST_TMPDIR/in_between.so" "$OBJECTS/in_between.c"
    local preloads
    for preloads in "$SHIM $BATS_TEST_TMPDIR/in_between.so" "$BATS_TEST_TMPDIR/in_between.so $SHIM"; do
        run exchange "$preloads" "$PROGRAMS/in_between"
        refute_words
        expect_exchange
    done
}

# Nor its time and its words.
refute_words() {
    ! grep -qE '1970|not the C library' "$LOG" || fails_with "another preload's"
}

@test "libfaketime: the log has the real time, the program its own" {
    local before after
    before=$(date -u +%Y-%m-%dT%H:%M:%S)
    run exchange "$SHIM $FAKETIME" env FAKETIME=+123d "$PYTHON" -c '
import socket, time
a, b = socket.socketpair()
a.setblocking(False)
try: a.recv(1)
except BlockingIOError: print(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()))'
    after=$(date -u +%Y-%m-%dT%H:%M:%S)
    [[ $output > $after ]] || fails_with "the program has the real time: $output"
    records . | jq -r .ts >"$BATS_TEST_TMPDIR/times"
    [ -s "$BATS_TEST_TMPDIR/times" ]
    awk -v before="$before" -v after="$after" 'substr($0, 1, 19) < before || substr($0, 1, 19) > after { exit 1 }' \
        "$BATS_TEST_TMPDIR/times" || fails_with "not between $before and $after"
}

# The lock of that moment stays taken for ever in the child.
@test "a fork while another preload holds its lock on the time: the child does not wait for it" {
    build_object "$BATS_TEST_TMPDIR/locking.so" -x c - <<'END'
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static volatile int taken;
int clock_gettime(clockid_t clock, struct timespec *now)
{
    while (__atomic_exchange_n(&taken, 1, __ATOMIC_ACQUIRE)) { usleep(1000); }
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (now->tv_nsec >= 0 && clock != CLOCK_BOOTTIME) { __atomic_store_n(&taken, 0, __ATOMIC_RELEASE); }
    return result;
}
END
    "${CC:-cc}" -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/forks" -x c - <<'END'
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(void)
{
    struct timespec now;
    char room[8];
    int pair[2], status = 1;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    clock_gettime(CLOCK_BOOTTIME, &now); /* takes it, and never gives it back */
    if (fork() == 0) {
        recv(pair[0], room, 7, MSG_DONTWAIT);
        _exit(0);
    }
    wait(&status);
    return status != 0;
}
END
    run exchange "$SHIM $BATS_TEST_TMPDIR/locking.so" "$BATS_TEST_TMPDIR/forks"
    [ "$status" -eq 0 ] || fails_with "status $status: $output"
    expect_count 1 '.call == "recv" and .len == 7'
}

@test "another preload's close_range, behind us: closefrom closes what the C library's would" {
    "${CC:-cc}" -shared -fPIC -o "$BATS_TEST_TMPDIR/keeping.so" -x c - <<'END'
int close_range(unsigned first, unsigned last, int flags)
{
    return (int)(first * 0 + last * 0) + flags * 0;
}
END
    "${CC:-cc}" -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/closes" -x c - <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void)
{
    char room[8];
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    recv(pair[0], room, 7, MSG_DONTWAIT);
    closefrom(pair[0]);
    int before = pair[0];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    recv(pair[0], room, 6, MSG_DONTWAIT);
    return pair[0] != before;
}
END
    LD_PRELOAD="$BATS_TEST_TMPDIR/keeping.so" "$BATS_TEST_TMPDIR/closes"
    local limit
    for limit in 1G 64K; do
        rm -f "$LOG"
        env LD_PRELOAD="$SHIM $BATS_TEST_TMPDIR/keeping.so" SOCKSHIM_LOG="$LOG" SOCKSHIM_LOG_LIMIT=$limit \
            "$BATS_TEST_TMPDIR/closes"
        expect_count 1 '.call == "recv" and .len == 7'
        expect_count 1 '.call == "recv" and .len == 6'
    done
}

# The program's own closes and duplicates, by name and by number, with the log's number among
# them; how often each close was told.
@test "another preload, behind us, whose close, dup2, dup3 and close_range are syscall(): each call is made, and told, once" {
    build_object "$BATS_TEST_TMPDIR/by_number.so" "$OBJECTS/by_number.c"
    "${CC:-cc}" -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/closes" -x c - <<'END'
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A connection whose other end has sent what nobody reads: a close that is told. */
static int unread(int listener, struct sockaddr_in *to)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    connect(fd, (struct sockaddr *)to, sizeof *to);
    int other = accept(listener, NULL, NULL);
    send(fd, "x", 1, 0);
    char room;
    recv(other, &room, 1, MSG_PEEK);
    printf("%d %d\n", fd, other);
    return other;
}

int main(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof to;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&to, len);
    listen(listener, 8);
    getsockname(listener, (struct sockaddr *)&to, &len);
    printf("%d\n", close(unread(listener, &to)));
    printf("%ld\n", syscall(SYS_close, unread(listener, &to)));
    for (int to_fd = 20; to_fd < 260; to_fd++) { /* the log's is among them */
        int result = to_fd % 3 ? dup2(1, to_fd) : dup3(1, to_fd, to_fd % 2 ? O_CLOEXEC : 0);
        result += to_fd % 3 ? (int)syscall(SYS_dup3, 1, to_fd, 0) : dup2(1, to_fd);
        if (result != 2 * to_fd) {
            printf("dup: %d\n", result);
        }
    }
    printf("%d %ld\n", close_range(20, ~0U, 0), syscall(SYS_close_range, 20, ~0U, 0));
    printf("%d %zd\n", socket(AF_INET, SOCK_STREAM, 0), recv(listener, &to, 7, 0));
    return 0;
}
END
    local native
    native=$("$BATS_TEST_TMPDIR/closes")
    local order
    for order in "$SHIM $BATS_TEST_TMPDIR/by_number.so" "$BATS_TEST_TMPDIR/by_number.so $SHIM" "$SHIM"; do
        local more
        for more in SOCKSHIM_CLOSE=on "SOCKSHIM_RECORDER=$BATS_TEST_TMPDIR/ring SOCKSHIM_RECORDER_CALLS=all"; do
            rm -f "$LOG"
            # shellcheck disable=SC2086 # one or two settings
            run env LD_PRELOAD="$order" SOCKSHIM_LOG="$LOG" $more "$BATS_TEST_TMPDIR/closes"
            [ "$status" -eq 0 ] && [ "$output" = "$native" ] || fails_with "$order: $status: $output"
            expect_count 2 '.call == "close" and .cause == "reset-by-own-close"'
            expect_count 1 '.call == "recv" and .len == 7'
        done
    done
}
