#!/usr/bin/env bats
# Where little is allowed: seccomp cages that kill, chroot and dropped
# privileges, read-only file systems, no environment, and OpenSSH, which has
# most of these.

load helpers

bats_require_minimum_version 1.5.0

# caged PROGRAM ARG...: it ends in the cage with 7, natively and under the shim.
caged() {
    rm -f "$LOG"
    run "$@"
    [ "$status" -eq 7 ] || fails_with "natively $status: $output"
    run shimmed "$@"
    [ "$status" -eq 7 ] || fails_with "$* under the shim: $status: $output"
}

# What may be known in a cage: the socket calls, with what needs no question.
expect_caged_records() {
    [ "$(records '.event == "return" and .len != 1' |
        jq -r '"\(.call) \(.len) \(.ret) \(.errno)"' | tr '\n' ,)" = \
        "recv 2 0 0,recv 3 -1 11,recvfrom 4 -1 9,send 5 -1 32," ] || fails_with "other records"
    expect_count 0 '.event == "return" and .len != 1 and
        (has("tid") or has("type") or has("local") or has("peer") or has("state"))'
    expect_count 5 '.event == "return" and .pid > 0 and .cause != null and .why != null'
    expect_count 0 '.event == "lost"'
}

@test "a filter that kills, entered through prctl, seccomp and prctl as system calls" {
    local way
    for way in prctl seccomp syscall-prctl; do
        caged "$PROGRAMS/caged" $way
        expect_caged_records
    done
}

@test "a filter that kills, entered through libseccomp" {
    "${CC:-cc}" -D_GNU_SOURCE -Wall -Wextra -Werror -o "$BATS_TEST_TMPDIR/caged" \
        "$TOP/tests/programs/objects/caged_libseccomp.c" -lseccomp
    caged "$BATS_TEST_TMPDIR/caged"
    expect_caged_records
}

@test "strict mode: nothing but read and write, and they pass silently" {
    caged "$PROGRAMS/caged" strict
    expect_count 1 '.event == "return"'
}

# Within 20 ms: that of the kernel's last tick.
expect_this_time() {
    local from=$1
    expect_count 0 "(.ts | .[:19] + \"Z\" | fromdate) as \$seconds |
        (.ts[20:26] | tonumber / 1e6 + \$seconds) as \$time |
        \$time < $from - 0.02 or \$time > $(date +%s.%N)"
}

@test "a program that forbids itself the cycle counter, which the clock is read by, lives, and its records have the time" {
    local way cage from
    "$PROGRAMS/no_counter" prctl || [ $? -ne 8 ] || skip "this machine's counter cannot be forbidden"
    for way in prctl syscall; do
        for cage in "" caged; do
            from=$(date +%s.%N)
            caged "$PROGRAMS/no_counter" $way $cage
            expect_count 3 '.cause == "would-block" and .len == 3'
            expect_count 3 '.ret == 0 and .len == 2'
            expect_this_time "$from"
        done
    done
}

@test "a cage that the kernel refuses is none: all is asked and logged as before" {
    local way
    for way in prctl seccomp syscall-prctl; do
        caged "$PROGRAMS/caged" $way refused
        expect_count 1 '.call == "recv" and .len == 2 and .type == "unix-stream" and .tid == .pid'
        expect_count 1 '.call == "read" and .len == 6'
        expect_count 1 '.call == "recv" and .len == 2 and (has("type") | not)'
    done
}

@test "SIGPIPE in a cage: a one-shot handler runs, and SOCKSHIM=watch lets the program end of it" {
    cat >"$BATS_TEST_TMPDIR/ends.c" <<'END'
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
static void handler(int sig) { (void)sig; }
int main(int count, char **arguments)
{
    (void)arguments;
    int pair[2];
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    struct sigaction once = {.sa_handler = handler, .sa_flags = (int)SA_RESETHAND};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || close(pair[1]) < 0 ||
        (count > 1 && sigaction(SIGPIPE, &once, NULL) < 0) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
        return 2;
    }
    _exit(write(pair[0], "x", 1) < 0 ? 7 : 8);
}
END
    "${CC:-cc}" -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/ends" "$BATS_TEST_TMPDIR/ends.c"
    run -141 "$BATS_TEST_TMPDIR/ends"
    run -141 shimmed SOCKSHIM=watch "$BATS_TEST_TMPDIR/ends"
    run -7 shimmed "$BATS_TEST_TMPDIR/ends"
    run -7 "$BATS_TEST_TMPDIR/ends" once
    run -7 shimmed SOCKSHIM=watch "$BATS_TEST_TMPDIR/ends" once
    run -7 shimmed "$BATS_TEST_TMPDIR/ends" once
}

@test "no file may grow: in a cage nothing is written that would raise SIGXFSZ" {
    caged "$PROGRAMS/caged" prctl fsize
    expect_count 1 '.event == "return"'
}

@test "a child enters a cage, and its parent logs on: each under its own number" {
    local pid status
    run shimmed "$PROGRAMS/caged" seccomp child
    read -r pid status <<<"$output"
    [ "$status" -eq $((7 << 8)) ] || fails_with "$output"
    expect_count 4 ".pid == $pid"
    expect_count 1 ".pid != $pid and .len == 9 and has(\"tid\")"
}

@test "a cage with the log off, on stderr, or in no place to write to" {
    local log
    for log in off stderr /proc/none; do
        caged env SOCKSHIM_LOG=$log "$PROGRAMS/caged" prctl
    done
}

# Python for the victims: fail() makes one record, named by its length.
FAIL='
import os, socket, sys, time
a, b = socket.socketpair()
a.setblocking(False)
def fail(n):
    try: a.recv(n)
    except BlockingIOError: pass
def next_second():
    start = int(time.time())
    while int(time.time()) == start: time.sleep(0.02)
'

@test "chroot and dropped privileges: the log goes on where it is" {
    mkdir "$BATS_TEST_TMPDIR/root"
    run shimmed "$PYTHON" -c "$FAIL
fail(1)
os.chroot('$BATS_TEST_TMPDIR/root')
os.chdir('/')
os.setgroups([]); os.setgid(65534); os.setuid(65534)
fail(2)
next_second()
fail(3)
fail(4)
print('alive')"
    [ "$output" = alive ] || fails_with "$output"
    [ "$(records '.call == "recv"' | jq -s -c 'map(.len)')" = "[1,2,3,4]" ]
    expect_count 0 '.event == "lost"'
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/root")" ]
}

# read_only FOLDER COMMAND...: in a mount namespace where that folder is.
read_only() {
    # shellcheck disable=SC2016
    unshare -m sh -c 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"' "$@"
}

@test "a log on a read-only file system: one line on stderr, and all else holds" {
    mkdir "$BATS_TEST_TMPDIR/folder"
    : >"$BATS_TEST_TMPDIR/folder/log"
    local name
    for name in log new; do
        run --separate-stderr read_only "$BATS_TEST_TMPDIR/folder" \
            env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$BATS_TEST_TMPDIR/folder/$name" \
            "$PROGRAMS/sigpipe" dead
        [ "$status" -eq 0 ]
        [ "$output" = "dead: recv -1, send -1 Broken pipe, caught 0" ]
        # shellcheck disable=SC2154
        [ "${#stderr_lines[@]}" -eq 1 ] && [[ $stderr == *SOCKSHIM_LOG*EROFS* ]] || fails_with "$stderr"
    done
}

@test "all of the system read-only: a program logs to stderr as ever" {
    run --separate-stderr read_only / env LD_PRELOAD="$SHIM" "$PROGRAMS/sigpipe" dead
    [ "$status" -eq 0 ]
    [[ $stderr == *cause=peer-reset*cause=write-after-close* ]] || fails_with "$stderr"
}

@test "an empty environment: the defaults" {
    run --separate-stderr in_preloaded_system "$SHIM" env -i "$PROGRAMS/sigpipe" dead
    [ "$status" -eq 0 ]
    [[ $stderr == *"event=start"*"log=stderr limit=1G format=logfmt"*cause=write-after-close* ]] ||
        fails_with "$stderr"
}

@test "a program that clears its environment at once keeps the settings that it was started with" {
    run shimmed SOCKSHIM_LEVEL=warn "$PYTHON" -c "import ctypes
ctypes.CDLL(None).clearenv()
$FAIL
fail(1)
socket.socket().connect_ex(('127.0.0.1', 1))"
    expect_count 0 '.level == "debug"'
    expect_count 1 '.cause == "connection-refused"'
}

# ---- OpenSSH ----

# Keys, and a server of our own on a free port.
make_ssh() {
    cd "$BATS_TEST_TMPDIR" || return 1
    mkdir ssh
    chmod 700 ssh
    ssh-keygen -q -t ed25519 -N '' -f ssh/host
    ssh-keygen -q -t ed25519 -N '' -f ssh/key
    PORT=$(free_port)
    cat >ssh/config <<END
Port $PORT
ListenAddress 127.0.0.1
HostKey $PWD/ssh/host
PidFile none
AuthorizedKeysFile $PWD/ssh/key.pub
PermitRootLogin yes
StrictModes no
UsePAM no
PasswordAuthentication no
LogLevel VERBOSE
END
    cat >ssh/client <<END
Host *
    Port $PORT
    User $(id -un)
    IdentityFile $PWD/ssh/key
    IdentitiesOnly yes
    UserKnownHostsFile $PWD/ssh/known
    StrictHostKeyChecking no
    LogLevel ERROR
END
}

# start_sshd [VARIABLE=VALUE...]: /run/sshd, where the child before the log-in is
# locked up, is made in a mount namespace.
start_sshd() {
    # shellcheck disable=SC2016
    background unshare -m sh -c 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"' - \
        env "$@" /usr/sbin/sshd -D -e -f "$BATS_TEST_TMPDIR/ssh/config" 2>"$BATS_TEST_TMPDIR/sshd.err"
    wait_for_port "$PORT"
}

ssh_in() {
    ssh -F "$BATS_TEST_TMPDIR/ssh/client" 127.0.0.1 "$@" </dev/null
}

@test "OpenSSH logs people in under the shim, both ends, and its caged child lives" {
    make_ssh
    start_sshd LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG"
    local i
    for i in 1 2 3; do
        run --separate-stderr ssh_in 'echo "ok $((6 * 7))"; exit 5'
        [ "$status" -eq 5 ] && [ "$output" = "ok 42" ] || fails_with "$output: $(cat sshd.err)"
    done
    run --separate-stderr shimmed SOCKSHIM_LOG="$LOG.client" ssh -F ssh/client 127.0.0.1 'yes | head -c 1000000' </dev/null
    [ "${#output}" -eq 999999 ] || fails_with "${#output}"
    # A stranger's key is refused as ever.
    ssh-keygen -q -t ed25519 -N '' -f ssh/other
    run ssh -F /dev/null -i ssh/other -p "$PORT" -o IdentitiesOnly=yes -o IdentityAgent=none \
        -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile="$PWD/ssh/known" 127.0.0.1 true </dev/null
    [ "$status" -eq 255 ] && [[ $output == *"Permission denied"* ]] || fails_with "$output"
    run grep -iE 'killed by|signal 31|fatal: privsep' sshd.err
    [ "$status" -eq 1 ]
    grep -q 'Accepted publickey' sshd.err
    expect_count 0 '.event == "lost"'
    expect '.prog == "sshd"'
}
