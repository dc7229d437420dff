#!/usr/bin/env bats
# The log itself: nothing lost silently, never somebody else's descriptor, never
# in the program's way.

load helpers
load on_terminal
load many

bats_require_minimum_version 1.5.0

# Python for the victims: fail() makes one record, named by its length.
FAIL='
import os, signal, socket, sys, time
a, b = socket.socketpair()
a.setblocking(False)
def fail(n=1):
    try: a.recv(n)
    except BlockingIOError: pass
def next_second():
    start = int(time.time())
    while int(time.time()) == start: time.sleep(0.02)
'

@test "a full disk: what is lost is counted, a torn line is closed, and the count is logged" {
    # shellcheck disable=SC2016
    unshare -m bash -c '
        mount -t tmpfs -o size=64k none "$0" && cd "$0" && exec "$@"
    ' "$BATS_TEST_TMPDIR" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$BATS_TEST_TMPDIR/log" "$PYTHON" -c "$FAIL"'
fail(1)
filler = os.open("filler", os.O_WRONLY | os.O_CREAT)
try:
    while True: os.write(filler, b"x" * 512)
except OSError: pass
for i in range(100): fail(2)
# Room comes back.
os.truncate("filler", 0)
fail(3)
fail(4)
sys.stdout.write(open("log").read())
' >"$LOG.read"
    # The line that the disk cut short is the one that is no record.
    grep -a 'event=' "$LOG.read" | grep -a 'why=.*"$' >"$LOG"
    local written lost
    written=$(count '.call == "recv" and .len == 2')
    lost=$(records '.event == "lost"' | jq -s 'map(.lost) | add')
    [ "$((written + lost))" -eq 100 ] || fails_with "$written written, $lost lost"
    expect_count 1 '.len == 3'
    expect_count 1 '.len == 4'
    [ "$(grep -avc '^ts=.*"$' "$LOG.read")" -le 1 ]
}

# lost_are_counted LOG: what each process of `many` made is there, or counted as
# lost. What a full disk leaves of a line ends with a page, and the next record
# is on a line of its own.
lost_are_counted() {
    "$PYTHON" - "$CALLERS" "$1" <<'END'
import collections, re, sys
made, there, lost = (collections.Counter() for _ in range(3))
for line in open(sys.argv[1]):
    pid, tid, first, last = map(int, line.split())
    made[pid] += last - first + 1
at, torn = 0, 0
for line in open(sys.argv[2], "rb").read().split(b"\n"):
    at += len(line)
    assert line == b"" or line.startswith(b"ts=") and line.count(b"ts=") == 1, line
    event = re.search(rb" event=(\w+) pid=(\d+) ", line)
    whole = re.search(rb' why="[^"]*"$', line)
    if whole and event[1] == b"lost":
        lost[int(event[2])] += int(re.search(rb" lost=(\d+) ", line)[1])
    elif whole and event[1] == b"return":
        there[int(event[2])] += 1
    elif line and not (event and event[1] == b"start"):
        assert at % 4096 == 0, line
        torn += 1
    at += 1
for pid in made:
    assert there[pid] + lost[pid] == made[pid], f"{pid}: {made[pid]} made, {there[pid]} there, {lost[pid]} lost"
print(f"{sum(there.values())} there, {sum(lost.values())} lost, {torn} torn")
END
}

disk_is_full() {
    [ "$(stat -c %s "$1/log")" -eq "$2" ]
}

# Then nobody has anything left to tell.
all_wrote_after() {
    [ "$(tail -c "+$(($2 + 1))" "$1/log" | grep -ao ' pid=[0-9]*' | sort -u | wc -l)" -eq 6 ]
}

@test "a full disk and six processes: no line runs into the next, and what each lost is counted" {
    mkdir "$BATS_TEST_TMPDIR/disk"
    # shellcheck disable=SC2016
    background unshare -m sh -c 'mount -t tmpfs -o size=1m none "$0" && cd "$0" &&
        head -c 512K /dev/zero >filler && exec "$@"' "$BATS_TEST_TMPDIR/disk" \
        env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$BATS_TEST_TMPDIR/disk/log" \
        "$PROGRAMS/many" 6 1 100000 "$END_FILE" >"$CALLERS"
    # Seen from outside of its mount namespace.
    local disk=/proc/$BACKGROUND/root$BATS_TEST_TMPDIR/disk
    wait_until test -e "$disk/log"
    wait_until disk_is_full "$disk" $((512 * 1024))
    truncate -s 256K "$disk/filler"
    wait_until disk_is_full "$disk" $((768 * 1024))
    exec 5<"$disk/log"
    # Room for all that they will write, however long this takes.
    nsenter -m -r -t "$BACKGROUND" mount -o remount,size=1g "$BATS_TEST_TMPDIR/disk"
    wait_until all_wrote_after "$disk" $((768 * 1024))
    : >"$END_FILE"
    wait "$BACKGROUND"
    run lost_are_counted /dev/fd/5
    exec 5<&-
    [[ $output =~ ^[0-9]+\ there,\ [1-9][0-9]*\ lost,\ [1-9]\ torn$ ]] || fails_with "$output"
}

@test "a line that one program tore ends before the next program's begins" {
    # shellcheck disable=SC2016
    unshare -m bash -c '
        mount -t tmpfs -o size=64k none "$0" && cd "$0" && head -c 32K /dev/zero >filler || exit
        "$@" 1 1 500 >/dev/null && rm filler && "$@" 1 1 3 >/dev/null && cat log
    ' "$BATS_TEST_TMPDIR" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$BATS_TEST_TMPDIR/log" \
        "$PROGRAMS/many" >"$LOG.read"
    # The first one's lines, but for the last, and a start and three records.
    sed '/^$/d' "$LOG.read" | tail -n 4 >"$LOG"
    expect_count 1 '.event == "start"'
    expect_count 3 '.event == "return"'
}

@test "a log that is renamed is begun anew within a second, a removed one at once" {
    shimmed "$PYTHON" -c "$FAIL
fail(1)
os.rename('$LOG', '$LOG.old')
next_second()
fail(2)
os.remove('$LOG')
fail(3)
fail(4)"
    as_json "$LOG.old" | grep -q '"len": 1'
    expect_count 0 '.len == 2'
    expect_count 1 '.len == 3'
    expect_count 1 '.len == 4'
}

@test "a log above its limit that is renamed or removed is begun anew at once" {
    shimmed SOCKSHIM_LOG_LIMIT=64K "$PYTHON" -c "$FAIL
fail(1)
def fill():
    with open('$LOG', 'a') as log:
        log.write('ts=2026-01-01T00:00:00.000000Z level=info event=start pid=1 prog=x\n' * 2000)
fill()
os.remove('$LOG')
fail(2)
fill()
os.rename('$LOG', '$LOG.old')
fail(3)
fail(4)"
    as_json "$LOG.old" | grep -q '"len": 2'
    expect_count 0 '.len == 2'
    expect_count 1 '.len == 3'
    expect_count 1 '.len == 4'
    expect_count 0 '.event == "lost"'
}

@test "a log that cannot be begun anew goes on in the old file" {
    mkdir "$BATS_TEST_TMPDIR/folder"
    LOG=$BATS_TEST_TMPDIR/folder/log
    shimmed "$PYTHON" -c "$FAIL
fail(1)
os.rename('$BATS_TEST_TMPDIR/folder', '$BATS_TEST_TMPDIR/gone')
next_second()
fail(2)
fail(3)"
    LOG=$BATS_TEST_TMPDIR/gone/log
    expect_count 3 '.call == "recv"'
}

@test "what goes to a removed log that cannot be begun anew is counted as lost" {
    mkdir "$BATS_TEST_TMPDIR/folder"
    LOG=$BATS_TEST_TMPDIR/folder/log
    shimmed "$PYTHON" -c "$FAIL
fail(1)
os.remove('$LOG')
os.rmdir('$BATS_TEST_TMPDIR/folder')
fail(2)
fail(3)
os.mkdir('$BATS_TEST_TMPDIR/folder')
fail(4)"
    expect_count 1 '.call == "recv"'
    expect_count 1 '.event == "lost" and .lost == 2'
}

@test "a log that never had a name, or has another path, is not taken for a removed one" {
    exec 7>"$LOG"
    rm "$LOG"
    shimmed SOCKSHIM_LOG=/dev/fd/7 "$PYTHON" -c "import resource
$FAIL
fail(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, -1))
fail(2)
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
next_second()
fail(3)"
    [ ! -e "$LOG" ]
    cat /dev/fd/7 >"$LOG"
    exec 7>&-
    expect_count 2 '.call == "recv"'
    expect_count 1 '.event == "lost" and .lost == 1'
}

@test "reopening follows no link" {
    shimmed "$PYTHON" -c "$FAIL
fail(1)
os.rename('$LOG', '$LOG.old')
os.symlink('$BATS_TEST_TMPDIR/victim', '$LOG')
next_second()
fail(2)"
    [ ! -e "$BATS_TEST_TMPDIR/victim" ]
    [ "$(as_json "$LOG.old" | grep -c '"call": "recv"')" -eq 2 ]
}

# In a folder such as /tmp O_CREAT is refused for another user's file, to root as well
# (fs.protected_regular, fs.protected_fifos), though anybody may write to it.
@test "a log that is there, a file or a FIFO, is opened without O_CREAT, whoever made it" {
    local log
    mkdir -m 1777 "$BATS_TEST_TMPDIR/shared"
    mkfifo -m 666 "$BATS_TEST_TMPDIR/shared/fifo"
    : >"$BATS_TEST_TMPDIR/shared/file"
    chmod 666 "$BATS_TEST_TMPDIR/shared/file"
    [ "$(id -u)" -ne 0 ] || chown nobody "$BATS_TEST_TMPDIR"/shared/*
    exec 7<>"$BATS_TEST_TMPDIR/shared/fifo"
    for log in fifo file; do
        LOG=$BATS_TEST_TMPDIR/shared/$log
        strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=openat env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" \
            "$PYTHON" -c "$FAIL
fail(1)"
        grep "\"$LOG\"" "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/opened"
        ! grep O_CREAT "$BATS_TEST_TMPDIR/opened" || fails_with "O_CREAT"
    done
    exec 7>&-
    expect_count 1 '.call == "recv"'
}

@test "a truncated log goes on at its new end" {
    shimmed "$PYTHON" -c "$FAIL
fail(1)
os.truncate('$LOG', 0)
fail(2)"
    expect_count 1 '.len == 2'
    expect_count 0 '.len == 1'
}

@test "closing every descriptor, in every way, closes the program's alone" {
    for way in 'os.closerange(3, 1000000)' \
        'libc.closefrom(3)' 'libc.close_range(3, 0xffffffff, 0)' \
        '[libc.close(fd) for fd in range(3, 300)]' \
        '[libc.__getattr__("__close")(fd) for fd in range(3, 300)]' \
        '[libc.syscall(3, fd) for fd in range(3, 300)]' \
        'libc.syscall(436, 3, 0xffffffff, 0)'; do
        rm -f "$LOG"
        shimmed "$PYTHON" -c "$FAIL
import ctypes
libc = ctypes.CDLL(None)
fail(1)
a.detach(); b.detach()
$way
first = os.open('$BATS_TEST_TMPDIR/first', os.O_RDWR | os.O_CREAT)
assert first == 3, first
fds = [os.open('/dev/zero', os.O_RDONLY) for i in range(270)]
a, b = socket.socketpair()
a.setblocking(False)
fail(2)
assert os.fstat(first).st_size == 0"
        expect_count 2 '.call == "recv"' || fails_with "$way"
    done
}

@test "dup2 over every number: no byte of the log lands in the program's file" {
    shimmed "$PYTHON" -c "$FAIL
import ctypes
libc = ctypes.CDLL(None)
fail(1)
mine = os.open('$BATS_TEST_TMPDIR/mine', os.O_RDWR | os.O_CREAT)
for fd in range(20, 300):
    assert libc.dup2(mine, fd) == fd
    fail(2)
for fd in range(20, 300):
    assert libc.syscall(292, mine, fd, 0) == fd # dup3, where nobody sees it
    fail(3)
assert os.fstat(mine).st_size == 0"
    expect_count 280 '.len == 2'
    expect_count 280 '.len == 3'
}

@test "our descriptor is close-on-exec, high, and below 256" {
    shimmed "$PYTHON" -c "$FAIL
import fcntl
lowest = os.dup(0)
os.close(lowest)
fail(1)
mine = [fd for fd in map(int, os.listdir('/proc/self/fd')) if os.path.exists(f'/proc/self/fd/{fd}') and os.readlink(f'/proc/self/fd/{fd}') == '$LOG']
assert len(mine) == 1 and 200 < mine[0] < 240, mine
assert fcntl.fcntl(mine[0], fcntl.F_GETFD) == fcntl.FD_CLOEXEC
assert fcntl.fcntl(mine[0], fcntl.F_GETFL) & os.O_APPEND
assert os.dup(0) == lowest
os.execve('/bin/ls', ['ls', '-l', '/proc/self/fd'], {})" >"$BATS_TEST_TMPDIR/list"
    run cat "$BATS_TEST_TMPDIR/list"
    [[ $output != *"$LOG"* ]] || fails_with "$output"
}

@test "with sixteen descriptors in all there is a log, too" {
    (ulimit -n 16 && shimmed "$PYTHON" -c "$FAIL
fail(1)")
    expect_count 1 '.len == 1'
}

@test "with fewer descriptors allowed than ours is, a renamed log is begun anew" {
    shimmed "$PYTHON" -c "$FAIL
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
def count(): return sum(os.path.exists('/proc/self/fd/%d' % fd) for fd in range(300))
fail(1)
before = count()
for i in (2, 3):
    os.rename('$LOG', '$LOG.%d' % i)
    next_second()
    fail(i)
assert count() <= before + 1 # the number that may not be had any more"
    expect_count 1 '.len == 3'
    [ "$(as_json "$LOG.3" | grep -c '"len": 2,')" -eq 1 ]
    expect_count 0 '.event == "lost"'
}

@test "a FIFO: no reader, a reader that does not read, a reader that leaves" {
    mkfifo "$LOG.fifo"
    exec 5<>"$LOG.fifo"
    # It fills up, and nobody reads: the program goes on.
    run shimmed SOCKSHIM_LOG="$LOG.fifo" "$PYTHON" -c "$FAIL
for i in range(2000): fail(1)
print('alive')"
    [ "$output" = alive ]
    [ "$status" -eq 0 ]
    exec 5<&-
    # The only reader leaves in the midst.
    run --separate-stderr shimmed SOCKSHIM_LOG="$LOG.fifo" "$PYTHON" -c "$FAIL
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
fail(1)
reader = os.open('$LOG.fifo', os.O_RDONLY | os.O_NONBLOCK)
next_second()
fail(2)
assert b'lost=' in os.read(reader, 65536)
os.close(reader)
fail(3)
print('alive')"
    [ "$output" = alive ]
}

@test "stderr as the log: a full pipe neither blocks nor is its mode changed" {
    run "$PYTHON" - "$SHIM" "$PYTHON" "$FAIL
for i in range(2000): fail(1)
print('alive')" <<'END'
import fcntl, os, subprocess, sys
shim, python, victim = sys.argv[1:]
ours, theirs = os.pipe()
done = subprocess.run([python, "-c", victim], stderr=theirs, stdout=subprocess.PIPE, env={"LD_PRELOAD": shim})
assert done.stdout == b"alive\n" and done.returncode == 0, done
assert not fcntl.fcntl(theirs, fcntl.F_GETFL) & os.O_NONBLOCK
# Whole lines, as far as they went.
os.close(theirs)
data = b""
while chunk := os.read(ours, 65536): data += chunk
assert data.endswith(b"\n") and all(line.startswith(b"ts=") for line in data.splitlines()), data[-100:]
print("fine")
END
    [ "$output" = fine ] || fails_with "$output"
}

@test "stderr as the log: a pipe that fills up just before the write does not block" {
    run timeout 60 "$PYTHON" - "$SHIM" "$PROGRAMS" "$END_FILE" <<'END'
import os, subprocess, sys, time
shim, programs, go = sys.argv[1:]
ours, theirs = os.pipe()
# It is held between asking whether there is room and writing.
victim = subprocess.Popen([f"{programs}/held", "pending", go, f"{programs}/core", "many"], stderr=theirs,
                          stdout=subprocess.PIPE, env={"LD_PRELOAD": shim})
while not os.path.exists(go + ".reached"): time.sleep(0.01)
filler = os.open(f"/proc/self/fd/{theirs}", os.O_WRONLY | os.O_NONBLOCK)
while True:
    try: os.write(filler, b"x" * 4096)
    except BlockingIOError: break
open(go, "w").close()
print(victim.communicate()[0].decode().strip())
END
    [ "$output" = many ] || fails_with "$output"
}

@test "stderr as the log: a terminal that nobody reads does not block" {
    run timeout 60 "$PYTHON" - "$SHIM" "$PYTHON" "$FAIL
for i in range(2000): fail(1)
print('alive')
sys.stdin.read(1)
fail(2)
" <<'END'
import os, pty, re, subprocess, sys
shim, python, code = sys.argv[1:]
ours, theirs = pty.openpty()
victim = subprocess.Popen([python, "-c", code], stderr=theirs, stdout=subprocess.PIPE, stdin=subprocess.PIPE,
                          env={"LD_PRELOAD": shim, "PYTHONUNBUFFERED": "1"})
assert victim.stdout.readline() == b"alive\n"
os.set_blocking(ours, False)
said = b""
def drain():
    global said
    try:
        while chunk := os.read(ours, 65536): said += chunk
    except BlockingIOError: pass
drain()
victim.stdin.close()
victim.wait()
drain()
lines = [line for line in said.decode().split("\r\n") if line]
assert all(line.startswith("ts=") and line.count("ts=") == 1 for line in lines)
whole = [line for line in lines if re.search(r' why="[^"]*"$', line)]
written = sum(" event=return " in line for line in whole)
lost = sum(int(count) for line in whole for count in re.findall(r" lost=(\d+) ", line))
print(written + lost == 2001 and lost > 1000 or (written, lost))
END
    [ "$output" = True ] || fails_with "$output"
}

@test "stderr as the log: a pipe without reader raises no SIGPIPE" {
    run "$PYTHON" - "$SHIM" "$PROGRAMS/sigpipe" <<'END'
import os, subprocess, sys
ours, theirs = os.pipe()
os.close(ours)
done = subprocess.run([sys.argv[2], "handler", "dead"], stderr=theirs, stdout=subprocess.PIPE, env={"LD_PRELOAD": sys.argv[1]})
print(done.returncode, done.stdout.decode().splitlines()[-1])
END
    # The one signal is that of the program's own send.
    [ "$output" = "0 dead: recv -1, send -1 Broken pipe, caught 1" ] || fails_with "$output"
}

@test "stderr as the log: a terminal that stops background jobs that write does not stop them for ours" {
    run "$PYTHON" - "$SHIM" "$PYTHON" "$FAIL
for i in range(10): fail(1)" <<'END'
import os, pty, subprocess, sys, termios
shim, python, victim = sys.argv[1:]

def how_it_ended(command, environment):
    """In a process group of its own, while the terminal is this one's."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.execve(command[0], command, environment)
    status = os.waitpid(child, os.WUNTRACED)[1]
    if os.WIFSTOPPED(status):
        os.kill(child, 9)
        os.waitpid(child, 0)
        return "stopped"
    return os.waitstatus_to_exitcode(status)

leader, terminal = pty.fork()
if leader == 0:
    mode = termios.tcgetattr(2)
    mode[3] |= termios.TOSTOP
    termios.tcsetattr(2, termios.TCSANOW, mode)
    print(how_it_ended(["/bin/echo", "native"], {}), flush=True)
    print(how_it_ended([python, "-c", victim], {"LD_PRELOAD": shim}), flush=True)
    os._exit(0)
said = b""
try:
    while chunk := os.read(terminal, 65536): said += chunk
except OSError:  # its end
    pass
said = said.decode().splitlines()
print(said[0], said[-1], sum("cause=would-block" in line for line in said))
END
    [ "$output" = "stopped 0 10" ] || fails_with "$output"
}

@test "stderr as the log: closed, or another file by now, gets nothing" {
    output=$(env LD_PRELOAD="$SHIM" "$PYTHON" -c "$FAIL
fail(1)
os.close(2)
assert os.open('$BATS_TEST_TMPDIR/data', os.O_RDWR | os.O_CREAT) == 2
fail(2)
assert os.fstat(2).st_size == 0
print('fine')" 2>"$LOG")
    [ "$output" = fine ]
    expect_count 1 '.call == "recv"'
    run bash -c 'exec 2>&-; exec "$@"' - env LD_PRELOAD="$SHIM" "$PYTHON" -c "import os
assert os.open('$BATS_TEST_TMPDIR/data2', os.O_RDWR | os.O_CREAT) == 2
$FAIL
fail(1)
print(os.fstat(2).st_size)"
    [ "$output" = 0 ]
}

# On ext4 and others the next file has the inode of the one that has gone.
@test "stderr as the log: a file that got its number and its inode, too, gets nothing" {
    cd "$BATS_TEST_TMPDIR" || return
    output=$(env LD_PRELOAD="$SHIM" "$PYTHON" -c "$FAIL
fail(1)
inode = os.fstat(2).st_ino
os.unlink('$LOG')
os.close(2)
for i in range(100):
    assert os.open('data%d' % i, os.O_RDWR | os.O_CREAT) == 2
    if os.fstat(2).st_ino == inode: break
    os.close(2)
fail(2)
print(os.stat('data%d' % i).st_size)" 2>"$LOG")
    [ "$output" = 0 ] || fails_with "$output"
}

@test "a complaint that comes late does not go to a file that is descriptor 2 by then" {
    run bash -c 'exec 2>&-; exec "$@"' - env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$BATS_TEST_TMPDIR/none/log" \
        "$PYTHON" -c "import os
assert os.open('$BATS_TEST_TMPDIR/data', os.O_RDWR | os.O_CREAT) == 2
$FAIL
fail(1)
print(os.fstat(2).st_size)"
    [ "$output" = 0 ] || fails_with "$output: $(cat "$BATS_TEST_TMPDIR/data")"
    run -0 --separate-stderr env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$BATS_TEST_TMPDIR/none/log" "$PYTHON" -c "$FAIL"
    [[ $stderr == "sockshim: SOCKSHIM_LOG: cannot write to "* ]] || fails_with "$stderr"
}

@test "stderr as the log: never an IP socket, which is inetd's client" {
    run "$PYTHON" - "$SHIM" "$PYTHON" "$FAIL
for i in range(10): fail(1)" <<'END'
import socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
env = {"LD_PRELOAD": sys.argv[1], "SOCKSHIM_LEVEL": "nonsense"}
subprocess.run([sys.argv[2], "-c", sys.argv[3]], stdin=server, stdout=server, stderr=server, env=env)
server.close()
print(client.recv(100))
END
    [ "$output" = "b''" ] || fails_with "$output"
}

@test "RLIMIT_FSIZE brings no SIGXFSZ on our account" {
    run shimmed "$PYTHON" -c "$FAIL
import resource
fail(1)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
fail(2)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
fail(3)
print('alive')"
    [ "$output" = alive ]
    expect_count 1 '.len == 1'
    expect_count 0 '.len == 2'
    expect_count 1 '.event == "lost" and .lost == 1'
    expect_count 1 '.len == 3'
}

@test "RLIMIT_FSIZE of nothing brings no SIGXFSZ when the log is to be rotated" {
    run shimmed SOCKSHIM_LOG_LIMIT=4K "$PYTHON" -c "$FAIL
import resource
while os.stat('$LOG').st_size < 4096: fail(1)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
fail(2)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
next_second() # what could not be rotated is left alone for that long
fail(3)
print('alive')"
    [ "$output" = alive ]
    [ "$(as_json "$LOG.1" | grep -c '"len": 1,')" -ge 10 ]
    expect_count 1 '.event == "lost" and .lost == 1'
    expect_count 1 '.len == 3'
}

@test "RLIMIT_FSIZE reached by several writers at once: nobody gets SIGXFSZ" {
    run shimmed "$PYTHON" -c "$FAIL
import resource
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
fail(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (100000, resource.RLIM_INFINITY))
children = []
for i in range(8):
    pid = os.fork()
    if pid == 0:
        for n in range(400): fail(2)
        os._exit(0)
    children.append(pid)
print({os.waitpid(pid, 0)[1] for pid in children})"
    [ "$output" = "{0}" ]
    # Two that write at once may still come to the limit in the midst of a line.
    [ "$(wc -c <"$LOG")" -le 100000 ] && [ "$(wc -c <"$LOG")" -gt 99000 ]
}

@test "two programs with different formats share one log" {
    shimmed SOCKSHIM_FORMAT=json "$PYTHON" -c "$FAIL
fail(1)"
    shimmed "$PYTHON" -c "$FAIL
fail(2)"
    expect_count 1 '.len == 1'
    expect_count 1 '.len == 2'
    [ "$(grep -c '^{' "$LOG")" -eq 2 ]
}

@test "a vfork child closes and replaces descriptors, and the parent logs on" {
    shimmed "$PYTHON" -c "$FAIL
import subprocess
fail(1)
# close_fds walks over every number, in a vfork child.
subprocess.run(['true'], close_fds=True, restore_signals=True)
for i in range(3): subprocess.run(['true'], pass_fds=[a.fileno()])
fail(2)"
    expect_count 2 '.call == "recv"'
    expect_count 0 '.event == "lost"'
}

@test "forked children write their own pid to the same log" {
    shimmed "$PYTHON" -c "$FAIL
fail(1)
if os.fork() == 0:
    fail(2)
    os._exit(0)
os.wait()
fail(3)"
    [ "$(records '.call == "recv"' | jq -s 'map(.pid == .tid) | all')" = true ]
    [ "$(records '.call == "recv"' | jq -s '.[0].pid == .[2].pid and .[0].pid != .[1].pid')" = true ]
}

@test "the record's keys stand in the order of the man page, and ts is now" {
    local before after ts
    before=$(date -u +%Y-%m-%dT%H:%M:%S)
    shimmed "$PYTHON" -c "$FAIL
fail(1)"
    after=$(date -u +%Y-%m-%dT%H:%M:%S.999999Z)
    ts=$(records '.call == "recv"' | jq -r .ts)
    [[ ! $ts < $before && ! $ts > $after ]]
}

@test "calls by signal handlers and on threads with 16 KiB of stack are logged" {
    shimmed "$PYTHON" -c "$FAIL
import threading
threading.stack_size(32768)
signal.signal(signal.SIGUSR1, lambda *_: fail(2))
os.kill(os.getpid(), signal.SIGUSR1)
t = threading.Thread(target=fail, args=(3,))
t.start(); t.join()"
    expect_count 1 '.len == 2 and .pid == .tid'
    expect_count 1 '.len == 3 and .pid != .tid'
}

# What a call takes natively counts not, nor does the kernel's frame of a signal. Measured
# from the caller's frame on, wrapper and all.
@test "a record takes at most 2 KiB of stack, on every path" {
    local call native setting
    for call in first-socket would-block recvmsg end-unix epipe-unix full reset end-tcp \
        epipe-tcp shut refused so-error so-error-6 sendmmsg path bind nodelay sigpipe sigaction \
        close-unread close-threads close-unanswered rotation removed numbers signal-pipe signal-tcp; do
        native=$(LD_BIND_NOW=1 "$PROGRAMS/stack" "$call")
        for setting in SOCKSHIM=on SOCKSHIM=watch; do
            run shimmed "$setting" LD_BIND_NOW=1 SOCKSHIM_LOG_LIMIT=4K "$PROGRAMS/stack" "$call"
            [ "$((${output#* } - ${native#* }))" -le 2048 ] || fails_with "$setting: $output, natively $native"
        done
    done
}

@test "nor does it on a terminal" {
    local call native
    for call in first-socket would-block refused reset end-tcp so-error path bind sigaction close-threads; do
        native=$(LD_BIND_NOW=1 "$PROGRAMS/stack" "$call")
        run on_terminal '' env LD_PRELOAD="$SHIM" LD_BIND_NOW=1 "$PROGRAMS/stack" "$call"
        [[ $output == *" event="* ]]
        # A terminal that is read slowly may have cut the record before it short.
        output=$(grep -oE "$call [0-9]+.?$" <<<"$output" | tr -d '\r')
        [ "$((${output#* } - ${native#* }))" -le 2048 ] || fails_with "$output, natively $native"
    done
}

@test "sixteen processes of sixteen threads: not one empty line" {
    many 16 16 60
    [ "$(grep -c '^$' "$LOG")" -eq 0 ]
    expect_all_there "$(calls_made)" "$LOG"
}

@test "after chroot nothing is made in the jail, and the old log goes on" {
    mkdir -p "$BATS_TEST_TMPDIR/jail$BATS_TEST_TMPDIR"
    shimmed "$PYTHON" -c "$FAIL
fail(1)
os.chroot('$BATS_TEST_TMPDIR/jail')
os.chdir('/')
for i in (2, 3):
    next_second()
    fail(i)"
    [ -z "$(find "$BATS_TEST_TMPDIR/jail" -type f)" ]
    expect_count 1 '.len == 3'
}

@test "other names of stderr mean descriptor 2 itself, of which no copy is kept" {
    local name
    for name in /dev/stderr /dev/fd/2 /proc/self/fd/2; do
        shimmed SOCKSHIM_LOG=$name "$PYTHON" -c "$FAIL
fail(1)
n = os.open('/dev/null', os.O_WRONLY)
there = os.readlink('/proc/self/fd/2')
os.dup2(n, 2)
assert not [fd for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + fd) and os.readlink('/proc/self/fd/' + fd) == there]" 2>"$LOG"
        expect_count 1 '.len == 1'
    done
}

@test "stderr that is a client's connection is no log, unix sockets included" {
    run "$PYTHON" - "$SHIM" "$PYTHON" "$FAIL
fail(1)" <<'END'
import socket, subprocess, sys
shim, python, code = sys.argv[1:]
for also_in, expected in ((True, False), (False, True)):
    ours, theirs = socket.socketpair()
    subprocess.run([python, "-c", code], stdin=theirs if also_in else subprocess.DEVNULL, stdout=theirs,
                   stderr=theirs, env={"LD_PRELOAD": shim, "SOCKSHIM_LEVEL": "debug"})
    theirs.close()
    data = b""
    while chunk := ours.recv(65536): data += chunk
    assert (b"len=1" in data) == expected, (also_in, data)
print("fine")
END
    [ "$output" = fine ] || fails_with "$output"
}

@test "a program that ends with records lost says how many, and its child does not say it again" {
    shimmed "$PYTHON" -c "import resource
$FAIL
fail(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, -1))
for i in range(3): fail(2)
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
if os.fork() == 0: sys.exit(0)
os.wait()"
    expect_count 1 '.event == "lost" and .lost == 3'
    expect_count 1 '.event == "lost"'
}

@test "a line cut off by a file size limit is not continued by another process" {
    local size
    for size in 5 6 7; do
        rm -f "$LOG"
        (ulimit -f $size && many 1 1 60)
        many 1 1 3
        [ "$(grep -c '^ts=' "$LOG")" -eq "$(grep -o 'ts=20' "$LOG" | wc -l)" ]
        [ "$(grep -c '^$' "$LOG")" -eq 0 ]
        [ "$(count ".event == \"return\" and .pid == $(awk '{ print $1 }' "$CALLERS")")" -eq 3 ]
    done
}
