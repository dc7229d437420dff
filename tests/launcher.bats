#!/usr/bin/env bats
# What lies between the caller and COMMAND: signals, stops, terminals, start, the
# place of the log, and what the summary may say.

bats_require_minimum_version 1.5.0

load helpers
load on_terminal

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    cat >counter <<'END'
#!/usr/bin/perl
# Writes down each signal that it gets. HUP ends it, a while later, so that what comes
# twice is seen.
use POSIX;
$| = 1;
open(my $told, ">>", "told");
for my $name (qw(HUP INT QUIT USR1 USR2 TERM WINCH CONT)) {
    POSIX::sigaction(POSIX->can("SIG$name") ? POSIX->can("SIG$name")->() : 28, POSIX::SigAction->new(sub {
        syswrite($told, "$name\n");
        if ($name eq "HUP") { select(undef, undef, undef, 0.3); exit(7) }
    }, POSIX::SigSet->new, SA_RESTART));
}
open(my $ready, ">", "ready"); close($ready);
print "ready\n";
sleep(60) while 1;
END
    cat >victim <<'END'
#!/usr/bin/perl
# One record, of an orderly end.
use Socket;
socketpair(my $one, my $other, AF_UNIX, SOCK_STREAM, 0);
close($other);
sysread($one, my $data, 10);
exit($ARGV[0] || 0);
END
    chmod +x counter victim
}

sockshim() {
    "$SOCKSHIM_COMMAND" "$@"
}

is_told() {
    grep -qs "^$1\$" told
}

# ends_with STATUS: what runs in the background.
ends_with() {
    local status=0
    wait "$BACKGROUND" || status=$?
    [ "$status" -eq "$1" ] || fails_with "status $status instead of $1"
}

# signals_to TARGET: each of them to that, in the end HUP; all have come once.
signals_to() {
    local signal
    wait_until test -e ready
    for signal in INT QUIT USR1 USR2 TERM WINCH CONT; do
        kill -"$signal" -- "$1"
        wait_until is_told "$signal"
    done
    kill -HUP -- "$1"
    ends_with 7
    [ "$(tr '\n' ' ' <told)" = "INT QUIT USR1 USR2 TERM WINCH CONT HUP " ] || fails_with "$(cat told)"
    rm ready told
}

# started COMMAND...: in the background; a session's leader, with no signal ignored.
started() {
    background env --default-signal=INT,QUIT setsid "$@" >/dev/null 2>said
}

# ---- Signals ----

@test "a signal reaches COMMAND once, sent to the launcher or to its group" {
    started "$SOCKSHIM_COMMAND" -o off ./counter
    signals_to "$BACKGROUND"
    started "$SOCKSHIM_COMMAND" -o off ./counter
    signals_to "-$BACKGROUND"
    # -q has nobody in between.
    started "$SOCKSHIM_COMMAND" -q -o off ./counter
    signals_to "-$BACKGROUND"
}

@test "the same where the launcher leads a group, but no session, and where it leads neither" {
    # Leads: a job of a shell with job control.
    background setsid bash -c 'set -m; "$1" -o off ./counter >/dev/null 2>&1 & echo $! >pid; wait $!' - "$SOCKSHIM_COMMAND"
    wait_until test -s pid
    signals_to "-$(cat pid)"
    # Does not: the group is its parent's.
    cat >parent <<'END'
import signal, subprocess, sys
for number in (signal.SIGUSR2, signal.SIGTERM):
    signal.signal(number, lambda *_: None)
child = subprocess.Popen(sys.argv[1:])
with open("pid", "w") as file:
    print(child.pid, file=file)
sys.exit(child.wait())
END
    rm pid
    started "$PYTHON" parent "$SOCKSHIM_COMMAND" -o off ./counter
    wait_until test -e ready
    kill -USR1 "$(cat pid)"
    wait_until is_told USR1
    kill -USR2 -- "-$BACKGROUND"
    wait_until is_told USR2
    kill -TERM -- "-$BACKGROUND"
    wait_until is_told TERM
    kill -HUP -- "$(cat pid)"
    ends_with 7
    [ "$(tr '\n' ' ' <told)" = "USR1 USR2 TERM HUP " ] || fails_with "$(cat told)"
}

@test "twenty signals to the group are twenty for COMMAND, and twenty to the launcher too" {
    local i target
    for target in "" -; do
        started "$SOCKSHIM_COMMAND" -o off ./counter
        wait_until test -e ready
        for i in {1..20}; do
            kill -USR1 -- "$target$BACKGROUND"
            wait_until eval '[ "$(grep -c USR1 told)" -ge '"$i ]"
        done
        kill -HUP "$BACKGROUND"
        ends_with 7
        [ "$(grep -c USR1 told)" -eq 20 ] || fails_with "$(cat told)"
        rm ready told
    done
}

@test "node shuts down in order: kill of the group, timeout, nohup" {
    cat >server.js <<'END'
process.once("SIGTERM", () => setTimeout(() => { console.log("in order"); process.exit(3); }, 300));
console.log("ready");
require("fs").writeFileSync("ready", "");
setInterval(() => {}, 1000);
END
    background setsid "$SOCKSHIM_COMMAND" -o off node server.js >out 2>&1
    wait_until test -e ready
    kill -TERM -- "-$BACKGROUND"
    ends_with 3
    grep -qx "in order" out
    # Longer if node was not there by then.
    local limit
    for limit in 2 10 60; do
        run -124 timeout "$limit" "$SOCKSHIM_COMMAND" -o off node server.js
        [[ $output != *ready* ]] || break
    done
    [[ $output == *"in order"* ]] || fails_with "$output"
    # What nohup makes ignored stays so.
    started nohup "$SOCKSHIM_COMMAND" -o off sh -c ': >up; exec sleep 60'
    wait_until test -e up
    kill -HUP -- "-$BACKGROUND"
    kill -HUP "$BACKGROUND"
    kill -TERM "$BACKGROUND"
    ends_with 143
}

@test "COMMAND that has left the group is told what the group is told" {
    started "$SOCKSHIM_COMMAND" -o off perl -e 'setpgrp(0, 0); exec "./counter"'
    signals_to "-$BACKGROUND"
}

@test "signals with a value keep it, and real-time signals are passed on" {
    cat >value <<'END'
import ctypes, os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGRTMIN + 1})
open("ready", "w")
info = signal.sigwaitinfo({signal.SIGRTMIN + 1})
sys.exit(7 if info.si_code == -1 else 1)
END
    started "$SOCKSHIM_COMMAND" -o off "$PYTHON" value
    wait_until test -e ready
    /bin/kill -q 42 -s RTMIN+1 "$BACKGROUND"
    ends_with 7
}

@test "a signal while COMMAND starts is not lost" {
    cat >storm <<'END'
# A program that ends by itself only after a minute, and SIGTERM at some moment of its
# start: the later ones hit the shell, the launcher, the fork, the exec, COMMAND. SIGINT
# is Ctrl-C's: for the group.
import os, signal, subprocess, sys, time
for i in range(120):
    number = (signal.SIGTERM, signal.SIGINT)[i % 2]
    for group in False, True:
        child = subprocess.Popen([sys.argv[1], "-o", "off", "sleep", "60"], start_new_session=True,
                                 stderr=subprocess.DEVNULL)
        time.sleep(i * 0.0001)
        (os.killpg if group else os.kill)(child.pid, number)
        status = child.wait(timeout=30)
        if status not in (-number, 128 + number):
            sys.exit(f"after {i * 0.1} ms, group {group}: status {status}")
END
    run -0 env --default-signal=INT,QUIT "$PYTHON" storm "$SOCKSHIM_COMMAND"
}

@test "SIGKILL for the launcher ends COMMAND, too" {
    started "$SOCKSHIM_COMMAND" -o off sh -c 'echo $$ >pid; exec sleep 600'
    wait_until test -s pid
    BACKGROUNDS+=" $(cat pid)"
    kill -KILL "$BACKGROUND"
    wait_until is_gone "$(cat pid)"
}

is_gone() {
    ! [ -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

@test "a container's first process reaps orphans" {
    run -7 unshare --pid --fork --mount-proc "$SOCKSHIM_COMMAND" -o off sh -c '
        sh -c "sleep 0.1 & echo \$! >orphan; exec true"
        i=0; while kill -0 "$(cat orphan)" 2>/dev/null && [ $((i += 1)) -lt 400 ]; do sleep 0.05; done # a zombie is there, too
        ps -eo stat= | grep -c Z; exit 7'
    [ "${lines[0]}" = 0 ] || fails_with "$output"
}

@test "a caller that ignores SIGCHLD gets the exit status" {
    local shell
    for shell in dash "bash --posix" "busybox sh"; do
        # shellcheck disable=SC2086
        run -7 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' $shell "$SOCKSHIM_COMMAND" -o off perl -e 'exit 7'
    done
    # A shell may have undone it; the launcher does not.
    run -7 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$BUILD/sockshim-run" run "$SOCKSHIM_COMMAND" "$TOP/scripts/lib" \
        "$SHIM" 0 '' '' '' -o off perl -e 'exit 7'
    run -0 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$BUILD/sockshim-run" run "$SOCKSHIM_COMMAND" "$TOP/scripts/lib" \
        "$SHIM" 0 '' '' '' -o off grep '^SigIgn:.*[13579bdf]....$' /proc/self/status # bit 16
}

@test "nothing of the launcher is left when it ends" {
    run -0 bash -c '"$1" -o off true; ps -eo args= | grep -c "^[^ ]*sockshim-run run .*$2" || :' - "$SOCKSHIM_COMMAND" "$PWD"
    [ "${lines[-1]}" = 0 ] || fails_with "$output"
}

# ---- Terminal ----

# stops_and_goes_on SHELL COMMAND...: Ctrl-Z, jobs, fg. It must say "on" when it goes on,
# and end with 7.
stops_and_goes_on() {
    cat >session <<'END'
import os, pty, re, sys
pid, terminal = pty.fork()
if pid == 0:
    os.environ["PS1"] = "prompt> "
    shell = sys.argv[1].split()
    os.execvp(shell[0], shell)
shown = ""
def until(pattern, keep=False):
    global shown
    while not re.search(pattern, shown):
        data = os.read(terminal, 1000)
        if not data:
            sys.exit("end: " + shown)
        shown += data.decode(errors="replace").replace("\r", "")
    if not keep:
        shown = re.split(pattern, shown, maxsplit=1)[-1]
def type_(keys):
    os.write(terminal, keys.encode())
until("prompt> ")
type_(" ".join(sys.argv[2:]) + "\n")
until("ready")
for _ in range(5):
    type_("\x1a")
    until("[Ss]topped")
    until("prompt> ")
    type_("fg\n")
    until("on again")
type_("\x1a")
until("[Ss]topped")
until("prompt> ")
type_("bg\n")
until("on again")
# It reads, and is stopped by SIGTTIN, which the shell learns at some time.
while "topped" not in shown:
    type_("jobs\n")
    until("jobs")
    until("prompt> ", keep=True)
type_("fg\n")
until("on again")
type_("go\n")
until("read it")
until("prompt> ")
type_("echo status $?\n")
until(r"status 7")
type_("exit\n")
END
    timeout 300 "$PYTHON" session "$@"
}

@test "Ctrl-Z, fg and bg: the shell sees COMMAND stop, and go on" {
    local shell kind
    for shell in "bash --norc --noprofile -i" "dash -i"; do
        for kind in plain editor; do
            run -0 stops_and_goes_on "$shell" "$PROGRAMS/job" "$kind"
            run -0 stops_and_goes_on "$shell" "$SOCKSHIM_COMMAND" -o off "$PROGRAMS/job" "$kind"
        done
    done
}

@test "in a pipeline of an interactive shell Ctrl-C ends all, and the terminal's size is told" {
    local pipeline='"$@" sh -c "echo ready >&2; exec sleep 60" | cat; echo "then $?"'
    run on_terminal '\x03' bash --norc --noprofile -ic "$pipeline" - env
    local native=$status
    run on_terminal '\x03' bash --norc --noprofile -ic "$pipeline" - "$SOCKSHIM_COMMAND" -o "$LOG"
    [[ $output == *"sh was killed by SIGINT"* ]] || fails_with "$output"
    [ "$status" -eq "$native" ]
    cat >size <<'END'
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
data = b""
while b"ready" not in data:
    data += os.read(terminal, 100)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
while not os.path.exists("told") or b"WINCH" not in open("told", "rb").read():
    pass
os.write(terminal, b"\x03")
while b"INT" not in open("told", "rb").read():
    pass
os.kill(pid, 1)
os.waitpid(pid, 0)
END
    run -0 timeout 300 "$PYTHON" size "$SOCKSHIM_COMMAND" -o off ./counter
    [ "$(cat told)" = $'WINCH\nINT\nHUP' ] || fails_with "$(cat told)"
}

@test "a shell as COMMAND has job control of its own" {
    run -7 on_terminal 'exit 7\n' "$SOCKSHIM_COMMAND" -o off bash --norc --noprofile -ic 'echo ready; PS1=; exec bash --norc --noprofile -i'
    [[ $output != *"no job control"* ]] || fails_with "$output"
}

# ---- Start ----

# Two at the start, and one at the end where there are records.
@test "it takes at most three execs more than COMMAND itself" {
    strace -f -qq -e trace=execve -e signal=none -o plain ./victim
    strace -f -qq -e trace=execve -e signal=none -o shimmed "$SOCKSHIM_COMMAND" ./victim 2>said
    [ "$(cat said)" = "sockshim: 1 record: peer-closed 1
sockshim: the log is $PWD/sockshim.log" ] || fails_with "$(cat said)"
    local more
    more=$(($(grep -c 'execve(.*= 0' shimmed) - $(grep -c 'execve(.*= 0' plain)))
    [ "$more" -le 3 ] || fails_with "$more: $(cat shimmed)"
    # With -q, two.
    strace -f -qq -e trace=execve -e signal=none -o shimmed "$SOCKSHIM_COMMAND" -q ./victim
    more=$(($(grep -c 'execve(.*= 0' shimmed) - $(grep -c 'execve(.*= 0' plain)))
    [ "$more" -le 2 ] || fails_with "$more: $(cat shimmed)"
}

@test "without /proc stdin is COMMAND's, and signals are delivered" {
    cat >inside <<'END'
umount -l /proc
echo hello | "$1" -o "$PWD/log" cat || exit 1
"$1" -o "$PWD/log" sh -c 'echo >up; exec sleep 60' &
until [ -e up ]; do sleep 0.05; done
kill -TERM $!
wait $!
[ $? -eq 143 ] && echo ended
echo there | "$1" -q -o "$PWD/log" cat
END
    run -0 --separate-stderr timeout 60 unshare -m --pid --fork --kill-child sh inside "$SOCKSHIM_COMMAND"
    [ "$output" = $'hello\nended\nthere' ] || fails_with "$output$stderr"
}

@test "a large environment, nearly the limit" {
    cat >large <<'END'
import os, subprocess, sys
# A quarter of the stack's limit is for arguments and environment: execve(2).
environment = dict(os.environ, **{f"LARGE_{i}": "x" * 120000 for i in range(16)})
for command in ["/usr/bin/env"], [sys.argv[1], "-o", "off", "/usr/bin/env"]:
    out = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    print(out.count(b"x" * 120000))
END
    run -0 bash -c 'ulimit -Ss 8192 && exec "$@"' - "$PYTHON" large "$SOCKSHIM_COMMAND"
    [ "$output" = $'16\n16' ] || fails_with "$output"
}

@test "a missing launcher is named in a line; help and version need none" {
    mkdir out
    cp "$SHIM" "$TABLES" out/
    export BUILD=$PWD/out
    expect_refusal sockshim "$PWD/out/sockshim-run is not there: run make in $TOP" true
    run -2 --separate-stderr sockshim check true
    [ "$stderr" = "sockshim: $PWD/out/sockshim-run is not there: run make in $TOP" ] || fails_with "$stderr"
    run -0 sockshim --help
    run -0 sockshim -V
    local version=$output
    export BUILD=${SHIM%/*}
    run -0 --separate-stderr sockshim --json -V
    [ "$output" = "$version" ]
    run -0 --separate-stderr sockshim --json --help
    [[ $output == "usage: sockshim "* ]]
}

# ---- The call ----

@test "a place where the log cannot be written is refused before COMMAND runs, in words" {
    mkdir folder
    refused() {
        expect_refusal sockshim "$1" "${@:2}" touch ran
        [ ! -e ran ] || fails_with "it ran"
    }
    refused "-o folder: cannot write there: it is a directory, not a file" -o folder
    refused "--log folder: cannot write there: it is a directory, not a file" --log=folder
    refused "-o none/log: cannot write there: there is no directory $PWD/none" -o none/log
    refused "-o /none/x/%p.log: cannot write there: there is no directory /none/x" -o /none/x/%p.log
    refused "-o victim/log: cannot write there: $PWD/victim is not a directory" -o victim/log
    SOCKSHIM_LOG=folder refused "SOCKSHIM_LOG: folder: cannot write there: it is a directory, not a file"
    refused "-o stdout is not allowed; allowed: a file (./stdout is one), stderr or off; see sockshim help run" -o stdout
    # -q loses records as well.
    refused "-o none/log: cannot write there: there is no directory $PWD/none" -q -o none/log
    # The folder's name is the shim's to make.
    run -0 sockshim -o '%n/log' touch ran
    ln -s not-yet link
    run -0 sockshim -o link ./victim
    [ -s not-yet ]
    run -0 --separate-stderr sockshim -o /dev/stderr ./victim
    [[ $stderr == *"sockshim: the log went to stderr" ]] || fails_with "$stderr"
}

@test "a place that this user may not write to, or that is read-only, is refused" {
    install_for_others
    mkdir shut
    : >shut/theirs
    chmod 755 . shut
    refused() {
        run -2 --separate-stderr setpriv --reuid=nobody --regid=nogroup --clear-groups -- inst/bin/sockshim "${@:2}" true
        [ "$stderr" = "sockshim: $1" ] || fails_with "$stderr"
    }
    unset BUILD
    refused "-o shut/new: cannot write there: this user may not create files in $PWD/shut" -o shut/new
    refused "-o shut/theirs: cannot write there: this user may not write to it" -o shut/theirs
    refused "cannot write sockshim.log: this user may not create files in $PWD; choose another place with -o FILE, or -o off"
    export BUILD=${SHIM%/*}
    run -2 --separate-stderr unshare -m sh -c 'mount --bind shut shut && mount -o remount,bind,ro shut && exec "$1" -o shut/new true' - "$SOCKSHIM_COMMAND"
    [ "$stderr" = "sockshim: -o shut/new: cannot write there: $PWD/shut is on a read-only file system" ] || fails_with "$stderr"
}

@test "a place that only an attempt shows to be unwritable is refused, and nothing is left of the attempt" {
    refused() {
        expect_refusal sockshim "$1" -o "$2" touch ran
        [ ! -e ran ] || fails_with "it ran"
    }
    refused "-o /sys/log: cannot write there: this user may not create files in /sys" /sys/log
    refused "-o /proc/%p.log: cannot write there: No such file or directory" /proc/%p.log
    cp "$(command -v sleep)" running
    background ./running 600
    wait_until eval '[ "$(readlink /proc/$BACKGROUND/exe)" = "$PWD/running" ]'
    refused "-o running: cannot write there: Text file busy" running
    mkdir full
    # shellcheck disable=SC2016
    run -0 unshare -m sh -c '
        mount -t tmpfs -o size=4k none full && echo x >full/old && head -c 4095 /dev/zero >full/fill
        for log in new old %p.log; do "$1" -o full/$log touch ran; ls -A full; done' - "$SOCKSHIM_COMMAND"
    [ "$(grep -c 'cannot write there: its file system is full' <<<"$output")" -eq 3 ] || fails_with "$output"
    [ ! -e ran ]
    mkdir made
    run -0 sockshim -o made/log true
    run -0 unshare -m sh -c 'mount -t ramfs none made && "$1" -o made/log true && ls -A made' - "$SOCKSHIM_COMMAND" # has no O_TMPFILE
    [ -z "$(ls -A made)" ]
    [ "$output" = "sockshim: no records: no socket was seen" ] || fails_with "$output"
}

@test "--skip takes the words of the tables, and finds what was meant" {
    mkdir out
    cp "$SHIM" "$TABLES" "$BUILD/sockshim-run" out/
    export BUILD=$PWD/out
    run -0 --separate-stderr sockshim -q -o off --skip 'would-block, EINTR,accept4,,EWOULDBLOCK' printenv SOCKSHIM_SKIP
    [ "$output" = 'would-block, EINTR,accept4,,EWOULDBLOCK' ]
    expect_refusal sockshim "--skip: would-blok is not a cause, errno name or call (did you mean would-block?); see sockshim help run" --skip would-blok true
    expect_refusal sockshim "--skip: peer-rest is not a cause, errno name or call (did you mean peer-reset?); see sockshim help run" --skip=ECONNRESET,peer-rest true
    expect_refusal sockshim "--skip: 104 is not a cause, errno name or call; see sockshim help run" --skip 104 true
    rm out/tables.txt
    run -0 sockshim -q -o off --skip anything true
}

@test "a log instead of a command: report is meant" {
    run -0 sockshim ./victim
    run -127 --separate-stderr sockshim sockshim.log
    [ "$stderr" = "sockshim: sockshim.log: command not found (did you mean sockshim report sockshim.log?)" ] || fails_with "$stderr"
    run -126 --separate-stderr sockshim ./sockshim.log
    [ "$stderr" = "sockshim: ./sockshim.log: permission denied (did you mean sockshim report ./sockshim.log?)" ] || fails_with "$stderr"
    run -0 sockshim -o log --json ./victim
    run -127 --separate-stderr sockshim log
    [[ $stderr == *"sockshim report log?)" ]] || fails_with "$stderr"
}

# ---- The summary ----

@test "the summary says which signal ended COMMAND" {
    local name number
    while read -r name number; do
        run -$((128 + number)) --separate-stderr sockshim -o off sh -c "ulimit -c 0; kill -$number \$\$"
        [ "$stderr" = "sockshim: sh was killed by SIG$name
sockshim: nothing was logged: the log is off" ] || fails_with "$stderr"
    done <<'END'
KILL 9
SEGV 11
PIPE 13
TERM 15
ABRT 6
END
    run -143 --separate-stderr sockshim sh -c './victim; kill -TERM $$'
    [ "$stderr" = "sockshim: sh was killed by SIGTERM
sockshim: 1 record: peer-closed 1
sockshim: the log is $PWD/sockshim.log" ] || fails_with "$stderr"
}

@test "the summary does not claim what a filter left out" {
    says() {
        run -0 --separate-stderr sockshim "${@:2}"
        [ "${stderr_lines[0]}" = "sockshim: $1" ] || fails_with "$stderr"
    }
    says "no records; not counted: what --level error left out" --level error ./victim
    says "no records; not counted: what --skip peer-closed left out" --skip peer-closed ./victim
    says "no records; not counted: what --only nginx left out" --only nginx ./victim
    says "no records; not counted: what --level warn, --skip EINTR left out" --level warn --skip EINTR true
    says "1 record: peer-closed 1; not counted: what --level info left out" --level info ./victim
    says "1 record: peer-closed 1" --level debug ./victim
    SOCKSHIM_LEVEL=error says "no records; not counted: what SOCKSHIM_LEVEL=error left out" ./victim
}

@test "the summary says so if sockshim did not work with COMMAND" {
    echo 'int main(void) { return 0; }' | gcc -static -x c -o static -
    run -0 --separate-stderr sockshim --force ./static
    [ "$stderr" = "sockshim: no records: sockshim did not work with COMMAND: ./static is statically linked, so nothing can be preloaded" ] || fails_with "$stderr"
    # It became that later.
    run -0 --separate-stderr sockshim sh -c 'exec ./static'
    [ "$stderr" = "sockshim: no records: no socket was seen; the process became static; see whether sockshim works with that: sockshim check static" ] || fails_with "$stderr"
    run -0 --separate-stderr sockshim sh -c 'exit 0'
    [ "$stderr" = "sockshim: no records: no socket was seen" ] || fails_with "$stderr"
}

@test "the summary tells files apart whose names differ in case only" {
    mkdir logs
    # shellcheck disable=SC2016
    run -0 --separate-stderr sockshim -o 'logs/%n' bash -c '(exec -a Victim perl ./victim); (exec -a victim perl ./victim)'
    [ -s logs/Victim ] && [ -s logs/victim ]
    [ "${stderr_lines[0]}" = "sockshim: 2 records: peer-closed 2" ] || fails_with "$stderr"
}

@test "an interrupt during the summary ends it, with COMMAND's status" {
    mkdir bin
    printf '#!/bin/sh\nkill -TERM $PPID\nexec cat\n' >bin/awk
    chmod +x bin/awk
    PATH=$PWD/bin:$PATH run -7 timeout 60 "$SOCKSHIM_COMMAND" ./victim 7
}

@test "names and paths cannot reach the terminal, whoever speaks" {
    # In bytes: bash makes \u202e of such a thing where its locale has no UTF-8.
    local bad=$'\033]0;x\a\xe2\x80\xae\xd8\x9c\xef\xbb\xbf\xf3\xa0\x81\x81\xe2\x80\x8b\x9b' umlaut=$'\xc3\xb6'
    run -127 --separate-stderr env LC_ALL=C.UTF-8 "$SOCKSHIM_COMMAND" "gr$umlaut$bad"
    [ "$stderr" = "sockshim: gr$umlaut?]0;x???????: command not found" ] || fails_with "$stderr"
    printf '#!/bin/sh\nkill -TERM $$\n' >"bad$bad"
    chmod +x "bad$bad"
    run -143 --separate-stderr env LC_ALL=C.UTF-8 "$SOCKSHIM_COMMAND" -o "log$bad" "./bad$bad"
    [ "${stderr_lines[0]}" = "sockshim: ./bad?]0;x??????? was killed by SIGTERM" ] || fails_with "$stderr"
    run -0 env LC_ALL=C.UTF-8 "$SOCKSHIM_COMMAND" -o "log$bad" ./victim
    [ "${lines[1]}" = "sockshim: the log is $PWD/log?]0;x???????" ] || fails_with "$output"
    run -1 env LC_ALL=C.UTF-8 "$SOCKSHIM_COMMAND" check "x$bad"
    [[ $output == "x?]0;x???????: no, command not found in PATH"* ]] || fails_with "$output"
    run -127 --separate-stderr env LC_ALL=C "$SOCKSHIM_COMMAND" "$umlaut"
    [ "$stderr" = "sockshim: ??: command not found" ] || fails_with "$stderr"
}

@test "the shim's own messages, and JSON, have nothing in them that no terminal shows" {
    # U+061C, 200B, 200F, 2028, 202E, 2060, 206F, FEFF, E0001, E007F
    local bad=$'A\xd8\x9cB\xe2\x80\x8bC\xe2\x80\x8fD\xe2\x80\xa8E\xe2\x80\xaeF\xe2\x81\xa0G\xe2\x81\xafH\xef\xbb\xbfI\xf3\xa0\x80\x81J\xf3\xa0\x81\xbfK'
    local hexed='A\xd8\x9cB\xe2\x80\x8bC\xe2\x80\x8fD\xe2\x80\xa8E\xe2\x80\xaeF\xe2\x81\xa0G\xe2\x81\xafH\xef\xbb\xbfI\xf3\xa0\x80\x81J\xf3\xa0\x81\xbfK'
    local escaped='A\u061cB\u200bC\u200fD\u2028E\u202eF\u2060G\u206fH\ufeffI\udb40\udc01J\udb40\udc7fK'
    local umlaut=$'\xc3\xb6' system
    run -0 --separate-stderr env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="/none/$umlaut$bad" ./victim
    [[ $stderr == "sockshim: SOCKSHIM_LOG: cannot write to /none/$umlaut$hexed (ENOENT): "* ]] || fails_with "$stderr"
    run -0 --separate-stderr env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=log SOCKSHIM_LEVEL="$umlaut$bad" ./victim
    [[ $stderr == "sockshim: SOCKSHIM_LEVEL: $umlaut$hexed is not allowed; "* ]] || fails_with "$stderr"
    # The names of files stay what they are.
    run -0 env LC_ALL=C.UTF-8 "$SOCKSHIM_COMMAND" -q -o "log$bad" --recorder "recorder$bad" ./victim
    [ -s "log$bad" ] && [ -s "recorder$bad" ]
    for system in mawk gawk "busybox awk"; do
        mkdir -p bin
        printf '#!/bin/sh\nexec %s "$@"\n' "$system" >bin/awk
        chmod +x bin/awk
        run -0 --separate-stderr env PATH="$PWD/bin:$PATH" LC_ALL=C.UTF-8 "$SOCKSHIM_COMMAND" report --json "log$bad"
        [[ $output == *"\"log$escaped\""* ]] || fails_with "$system: $output"
        [ "$(jq -r '.logs[0]' <<<"$output")" = "log$bad" ]
    done
}

# ---- Hostile files ----

@test "check ends at once whatever is in the file" {
    cat >hostile <<'END'
# Truncated at every length of the headers, bytes changed at random, and fields that
# are as large as can be.
import os, random, struct, subprocess, sys
launcher, object, source = sys.argv[1:]
good = open(source, "rb").read()
def check(data, what, longest=1.0):
    with open("file", "wb") as file:
        file.write(data)
    os.chmod("file", 0o755)
    usage = sum(os.times()[2:4])
    done = subprocess.run([launcher, "check", object, "./file"], stdout=subprocess.PIPE, timeout=30)
    used = sum(os.times()[2:4]) - usage
    if done.returncode not in (0, 1) or not done.stdout.startswith(b"./file: ") or used > longest:
        sys.exit(f"{what}: status {done.returncode}, {used} s: {done.stdout}")
for size in list(range(0, 1200, 7)) + [len(good) // 2]:
    check(good[:size], f"{size} bytes")
random.seed(1)
for i in range(300):
    data = bytearray(good[:4096])
    for _ in range(random.randint(1, 40)):
        data[random.randrange(4, 900)] = random.choice((0, 1, 0x7f, 0xff, random.randrange(256)))
    check(bytes(data), f"random {i}")
# e_phoff, e_phentsize, e_phnum
for offset, kind, value in (54, "H", 0), (54, "H", 0xffff), (56, "H", 0xffff), (32, "Q", 2**64 - 1), (32, "Q", 2**63 - 1):
    data = bytearray(good)
    struct.pack_into(kind, data, offset, value)
    check(bytes(data), f"field at {offset}")
# A thousand segments, each a note, or a table, of all the file.
for kind in 2, 3, 4:
    header = bytearray(good[:64])
    struct.pack_into("Q", header, 32, 64)
    struct.pack_into("H", header, 56, 1000)
    segment = struct.pack("IIQQQQQQ", kind, 4, 0, 0, 0, 2**63, 2**63, 8)
    check(bytes(header) + segment * 1000 + b"\0" * 65536, f"segments of kind {kind}")
# A thousand tables of thousands of names of objects.
segment = struct.pack("IIQQQQQQ", 2, 4, 65536, 0, 0, 65536, 65536, 8)
loaded = struct.pack("IIQQQQQQ", 1, 4, 0, 0, 0, 2**20, 2**20, 8)
table = struct.pack("QQ", 5, 0x1000) + struct.pack("QQ", 1, 16) * 4095
check((bytes(header) + loaded + segment * 999).ljust(65536, b"x") + table, "names of objects")
END
    run -0 timeout 300 "$PYTHON" hostile "$BUILD/sockshim-run" "$SHIM" /usr/bin/env
    mkfifo fifo
    chmod +x fifo
    run -1 timeout 10 "$SOCKSHIM_COMMAND" check ./fifo
    [ "$output" = "./fifo: no, it is not a regular file" ] || fails_with "$output"
    run -126 timeout 10 "$SOCKSHIM_COMMAND" ./fifo
    run -1 timeout 10 "$SOCKSHIM_COMMAND" check /dev/zero
    # An interpreter may be one, too.
    printf '#!./fifo\n' >script
    chmod +x script
    run -1 timeout 10 "$SOCKSHIM_COMMAND" check ./script
    for kind in header nothing; do
        rm -f sparse
        [ "$kind" = nothing ] || head -c 4096 /usr/bin/env >sparse
        truncate -s 4G sparse
        chmod +x sparse
        run timeout 10 "$SOCKSHIM_COMMAND" check ./sparse
        [ "$status" -le 1 ] || fails_with "$kind: $status $output"
    done
}
