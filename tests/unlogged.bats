#!/usr/bin/env bats
# The shim is loaded, and its log cannot be opened, or written to: `sockshim run` and `sockshim
# check` say so, and why. Never is that told as "no socket was seen".

bats_require_minimum_version 1.5.0

load helpers

setup() {
    ulimit -c 0
    cd "$BATS_TEST_TMPDIR" || return 1
}

# summary COMMAND...: what is said of a run; the launcher's last line is $last.
summary() {
    rm -f sockshim.log
    run --separate-stderr "$SOCKSHIM_COMMAND" "$@"
    [[ $stderr != *"no socket was seen"* ]] || fails_with "$stderr"
    last=${stderr_lines[-1]}
}

# unopened WHY COMMAND...: WHY is a pattern, and what stands at the end.
unopened() {
    summary "${@:2}"
    # shellcheck disable=SC2053
    [[ ${last#"sockshim: $PROG had something to log, but could not open the log"} == $1 ]] ||
        fails_with "$stderr"
    [ "$status" -eq 0 ]
}

@test "an inherited filter that kills for what opens the log" {
    local call PROG=plainly
    for call in fcntl readlinkat madvise rt_sigaction; do
        unopened ": a seccomp filter that it inherited kills it *; what it saw is not known" "$PROGRAMS/filtered" kill $call "$PROGRAMS/plainly"
    done
}

@test "an inherited filter that refuses what opens the log" {
    local PROG=plainly
    unopened " (EPERM): *seccomp filter forbids it*; what it saw is not known" "$PROGRAMS/filtered" 1 fcntl "$PROGRAMS/plainly"
    unopened " (ENOSYS): a seccomp filter forbids *; what it saw is not known" "$PROGRAMS/filtered" 38 fcntl "$PROGRAMS/plainly"
}

# A filter that lets everything pass, but who can know?
cage='
import ctypes, socket
libc = ctypes.CDLL(None, use_errno=True)
code = ctypes.create_string_buffer(bytes([6, 0, 0, 0, 0, 0, 0xff, 0x7f]), 8) # BPF_RET, SECCOMP_RET_ALLOW
class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Program(1, ctypes.addressof(code)))) == 0
'

@test "a filter that the program puts on itself before its first socket" {
    local PROG=python3
    unopened ": it had put a seccomp filter on itself before its first socket; what it saw is not known" "$PYTHON" -c "$cage
a, b = socket.socketpair()
b.close()
a.recv(1)"
}

@test "another root directory before the first socket" {
    local PROG=perl
    mkdir jail
    unopened " (EXDEV): the process has changed its root directory *; what it saw is not known" \
        perl -MSocket -e 'chroot "jail" or exit 9; socket(my $s, PF_INET, SOCK_STREAM, 0) or exit 8'
}

@test "too few descriptors; several programs; others whose log is there" {
    local PROG="2 processes, perl the first,"
    local socket='socket(my $s, PF_INET, SOCK_STREAM, 0) or exit 8'
    unopened " (EMFILE): *; what it saw is not known" sh -c "ulimit -n 12; perl -MSocket -e '$socket'; perl -MSocket -e '$socket'"
    PROG=perl
    summary sh -c "perl -MSocket -e '$socket; recv \$s, \$x, 1, 0'; ulimit -n 12; perl -MSocket -e '$socket'; exit 0"
    [[ ${stderr_lines[-2]} == "sockshim: perl had something to log, but could not open the log (EMFILE): "* ]] || fails_with "$stderr"
    [ "$last" = "sockshim: the log is $PWD/sockshim.log" ]
    [[ $stderr == *"sockshim: 1 record: not-connected 1"* ]] || fails_with "$stderr"
}

@test "a log that can be opened later is none of these" {
    summary "$PYTHON" -c '
import resource, socket, time
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (12, hard))
s = socket.socket()
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
time.sleep(1.1)
for i in range(2):
    try: s.recv(1)
    except OSError: pass'
    [ "$last" = "sockshim: the log is $PWD/sockshim.log" ] || fails_with "$stderr"
    [[ $stderr == *"sockshim: 2 records: not-connected 2"* ]] || fails_with "$stderr"
    [[ $stderr != *"had something to log"* ]] || fails_with "$stderr"
}

# fail() leaves a record.
FAILS='import resource, socket
a, b = socket.socketpair()
a.setblocking(False)
def fail():
    try: a.recv(1)
    except BlockingIOError: pass
'

@test "records that could not be written are counted, though the log does not tell of them" {
    mkdir full
    run -0 --separate-stderr unshare -m sh -c 'mount -t tmpfs -o size=8k none full && exec "$@"' - \
        "$SOCKSHIM_COMMAND" -o full/log sh -c 'cat /dev/zero >full/all 2>&-; exec "$1"' - "$PROGRAMS/plainly"
    [[ $stderr == "sockshim: no records: "[1-9]" could not be written: is the file system full, "* ]] || fails_with "$stderr"
    # Those of a program that was killed before it could.
    run --separate-stderr "$SOCKSHIM_COMMAND" -o log "$PYTHON" -c "$FAILS"'
import os, signal
fail()
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
fail(), fail()
os.kill(os.getpid(), signal.SIGKILL)'
    [[ $stderr == *"sockshim: 1 record: would-block 1; 2 more could not be written"* ]] || fails_with "$stderr"
    # And not twice, if it is told.
    run --separate-stderr "$SOCKSHIM_COMMAND" -o log2 "$PYTHON" -c "$FAILS"'
fail()
resource.setrlimit(resource.RLIMIT_FSIZE, (100, -1))
fail(), fail()
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
fail()'
    [[ $stderr == *"sockshim: 2 records: would-block 2; 2 more could not be written"* ]] || fails_with "$stderr"
}

@test "a log that COMMAND removed" {
    summary sh -c "'$PROGRAMS/plainly' >/dev/null; rm sockshim.log"
    [ "$last" = "sockshim: no records: there was a socket, but its log is not there any more, or was moved" ] ||
        fails_with "$stderr"
}

@test "where programs can say nothing, nothing is claimed" {
    # Without /proc there is no way to the launcher's page.
    run -0 --separate-stderr unshare -m sh -c 'umount -l /proc && exec "$@"' - "$SOCKSHIM_COMMAND" cat /dev/null
    [[ $stderr == "sockshim: no records, and whether there was a socket is not known: "* ]] || fails_with "$stderr"
    # Though it was loaded, and is killed: that is not known.
    run -143 --separate-stderr unshare -m sh -c 'umount -l /proc && exec "$@"' - "$SOCKSHIM_COMMAND" sh -c 'kill $$'
    [ "${stderr_lines[-1]}" = "sockshim: no records, and whether there was a socket is not known: COMMAND gave no sign that sockshim was loaded into it" ] ||
        fails_with "$stderr"
    # A limit of files' size is one for that page, too, and no reason to end.
    run -0 bash -o pipefail -c '(ulimit -f 0; "$@") 2>&1 | cat' - "$SOCKSHIM_COMMAND" cat /dev/null
    [[ $output == "sockshim: no records, and whether there was a socket is not known: "* ]] || fails_with "$stderr"
    # What is there under the page's name may be anybody's.
    echo precious >file
    _SOCKSHIM_RUN=$PWD/file run -0 shimmed "$PROGRAMS/plainly"
    [ "$(cat file)" = precious ]
    mkfifo fifo
    _SOCKSHIM_RUN=$PWD/fifo run -0 timeout 20 env LD_PRELOAD="$SHIM" "$PROGRAMS/plainly"
}

@test "COMMAND finds no descriptor of the page, and a run in a run its own" {
    run -0 --separate-stderr "$SOCKSHIM_COMMAND" sh -c 'ls /proc/self/fd | wc -l'
    [ "$output" = "$(sh -c 'ls /proc/self/fd | wc -l')" ] || fails_with "$output"
    run -0 --separate-stderr "$SOCKSHIM_COMMAND" "$SOCKSHIM_COMMAND" -o inner sh -c "ulimit -n 12; '$PROGRAMS/plainly' >/dev/null; exit 0"
    [ "$(grep -c 'plainly had something to log' <<<"$stderr")" -eq 1 ] || fails_with "$stderr"
}

# A page of another user's process is out of reach: what it says is no worse than before.
@test "a program that became another user writes its log, and says nothing false" {
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/
    mkdir -m 777 open
    cp "$SHIM" "$PROGRAMS/plainly" open/
    chmod 755 open/*
    run -0 --separate-stderr env SOCKSHIM_LOG="$PWD/open/log" "$SOCKSHIM_COMMAND" setpriv --reuid 65534 --clear-groups \
        env LD_PRELOAD="$PWD/open/libsockshim.so" "$PWD/open/plainly"
    [[ $stderr == *"sockshim: 4 records: "* ]] || fails_with "$stderr"
}

# checked WHY COMMAND...: what check says of where the log is, of a process that waits.
checked() {
    local line
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "${@:2}" 2>/dev/null
    wait_until test -e ready
    rm ready
    line=$("$SOCKSHIM_COMMAND" check "$BACKGROUND" | sed -n 's/^  log: //p')
    # shellcheck disable=SC2053
    [[ $line == "$LOG, which is not open: "$1 ]] || fails_with "$line"
}

@test "check says why the log of a process is not open" {
    local wait='open("ready", "w").close()
time.sleep(600)'
    checked "there is a socket, so it could not be opened, *; a seccomp filter is on (its own, *" "$PYTHON" -c "$cage
import time
s = socket.socket()
$wait"
    checked "there was no socket yet, or *; a seccomp filter is on (its own, *" "$PROGRAMS/filtered" kill setrlimit "$PYTHON" -c "
import time
$wait"
    checked "there is a socket, so it could not be opened, *; it may have only 12 descriptors, *" \
        sh -c 'ulimit -n 12; exec "$@"' - "$PYTHON" -c "
import socket, time
s = socket.socket()
$wait"
    mkdir jail
    checked "there is a socket, so it could not be opened, or was closed or removed; *" "$PYTHON" -c "
import os, socket, time
here = os.open('.', os.O_RDONLY)
os.chroot('jail')
s = socket.socket()
os.fchdir(here)
$wait"
}

@test "an inherited TCP socket, and a filter that kills for what opens the log: the program lives" {
    local call
    for call in fcntl readlinkat rt_sigaction madvise; do
        run -0 "$PYTHON" -c '
import socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 0))
ours = socket.create_connection(server.getsockname())
its = server.accept()[0]
child = subprocess.Popen(sys.argv[1:], stdin=its, stdout=subprocess.PIPE)
ours.sendall(b"to and fro")
ours.shutdown(socket.SHUT_WR)
assert child.communicate()[0] == b"to and fro"
assert child.returncode == 0, child.returncode
' "$PROGRAMS/filtered" kill $call env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" cat
    done
}
