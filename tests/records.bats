#!/usr/bin/env bats
# The parser of the log that the subcommands share, records.awk, with every awk; and
# what the filters' options mean, filter.sh.

bats_require_minimum_version 1.5.0

load helpers

REAL=$BATS_FILE_TMPDIR/real.log
LIB=$TOP/scripts/lib

# Names with all that logfmt must put in quotes, and in other sockets' addresses.
setup_file() {
    local name
    for name in 'a "b" cause=c why="d' 'x"}y' ' why=' 'x\' 'pid=1 tid=2' $'größe\t\377' =; do
        for format in logfmt json; do
            LD_PRELOAD=$SHIM SOCKSHIM_LOG=$REAL SOCKSHIM_FORMAT=$format SOCKSHIM_LEVEL=loud \
                named "$name" "$PYTHON" -c '
import os, socket, sys, tempfile
os.chdir(tempfile.mkdtemp())
def fail(call, *words):
    try: call(*words)
    except OSError: pass
name = sys.argv[1]
for path in name, "a peer=b cause=c", "\0" + name:
    fail(socket.socket(socket.AF_UNIX).connect, path)
fail(socket.create_connection, ("127.0.0.1", 1))
a, b = socket.socketpair()
b.close()
a.recv(1)
socket.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
' "$name" 3>&- 2>/dev/null
        done
    done
}

named() (
    exec -a "$@"
)

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

# with_each_awk COMMAND...: $AWK is what it is to use.
with_each_awk() {
    for AWK in mawk gawk "busybox awk"; do
        echo "with $AWK"
        "$@"
    done
}

# parse PROGRAM [WORD...]: an awk program that has the parser.
parse() {
    echo "$1" >program.awk
    shift
    # shellcheck disable=SC2086
    LC_ALL=C $AWK -f "$LIB/records.awk" -f program.awk "$@"
}

# compare FILE: what awk read of the log, against logfmt.py.
compare() {
    PYTHONPATH=$TOP/tests "$PYTHON" -c '
import json, logfmt, sys
records = 0
for line, read in zip(open(sys.argv[1]), open(sys.argv[2]), strict=True):
    line = line.rstrip("\n")
    record = logfmt.parse(line)
    for key, raw in zip(logfmt.ORDER, read.rstrip("\n").split("\1"), strict=True):
        value = json.loads(f"\"{raw}\"") if line[0] == "{" else logfmt.unescape(raw)
        if value != str(record.get(key, "")):
            sys.exit(f"{key}: {raw} in {line}")
    records += 1
print(records)' "$REAL" "$1"
}

values_are_right() {
    parse '
        BEGIN { n = split(ENVIRON["KEYS"], keys, " ") }
        {
            out = read_record($0) ? ts "\001" level "\001" event : "no record"
            for (i = 4; i < n; i++)
                out = out "\001" value(keys[i])
            print out "\001" why()
        }' "$REAL" >got
    [ "$(compare got)" = "$(wc -l <"$REAL")" ]
}

@test "every value of every record is the one that was written, in both formats" {
    [ "$(as_json "$REAL" | jq -s 'map(.prog) | unique | length')" -ge 6 ]
    [ "$(as_json "$REAL" | jq -s 'map(.event) | unique | length')" -eq 4 ]
    KEYS=$(PYTHONPATH=$TOP/tests "$PYTHON" -c 'import logfmt; print(*logfmt.ORDER)')
    export KEYS
    with_each_awk values_are_right
}

no_half_records() {
    parse '{ for (n = 1; n < length($0); n++) if (read_record(substr($0, 1, n))) print substr($0, 1, n) }' "$REAL" >got
    [ ! -s got ] || fails_with "$(head -n 1 got)"
}

@test "JSON has the address and the port of both ends of an IP socket by themselves" {
    grep '^{' "$REAL" | jq -es '
        def text: if index(":") then "[\(.)]" else . end;
        map(select(.type == "tcp" and .peer)) | length > 5 and
        all((.peer_addr | text) + ":\(.peer_port)" == .peer and (.local_addr | text) + ":\(.local_port)" == .local)'
    grep '^{' "$REAL" | jq -es 'all(.type == "tcp" or (has("peer_addr") or has("local_port") | not))'
    run -1 grep -E 'peer_(addr|port)' <(grep -v '^{' "$REAL")
}

@test "half a record is none, wherever it was cut" {
    with_each_awk no_half_records
}

none_is_a_record() {
    parse 'read_record($0)' lines >got
    [ ! -s got ] || fails_with "$(head -n 1 got)"
}

@test "lines that look like records and are none" {
    local record json
    record=$(grep -m 1 '^ts=.*cause=connection-refused' "$REAL")
    json=$(grep -m 1 '^{.*"cause":"connection-refused"' "$REAL")
    {
        sed 's/ts=2026/ts=2x26/; s/ts=20[0-9][0-9]-/ts=2x26-/' <<<"$record"
        sed 's/T[0-9]*:/T33:/' <<<"$record"
        sed 's/level=warn/level=bad/' <<<"$record"
        sed 's/ event=return//' <<<"$record"
        sed 's/ why=".*/ why=x/' <<<"$record"
        echo " $record"
        sed 's/"level":"warn"/"level":"bad"/' <<<"$json"
        sed 's/"event":"return",//' <<<"$json"
        sed 's/"ts":"20/"ts":"xx/' <<<"$json"
        echo '{"ts":"2026-11-22T11:03:22.123456Z","level":"warn","event":"return","pid":1}'
        echo '{}'
        echo
    } >lines
    with_each_awk none_is_a_record
    # And these are.
    printf '%s\n' "$record" "$json" >lines
    run with_each_awk none_is_a_record
    [ "$status" -ne 0 ]
}

printable_is_right() {
    local charset
    for charset in yes ''; do
        TERMINAL_IS_UTF8=$charset parse '{ print printable($0) }' bytes >"printed$charset"
    done
    "$PYTHON" -c '
import sys
for line, shown, plain in zip(*(open(name, "rb") for name in sys.argv[1:]), strict=True):
    line, shown, plain = line[:-1], shown[:-1], plain[:-1]
    if not all(32 <= byte < 127 for byte in plain) or len(plain) != len(line):
        sys.exit(f"ASCII: {line} {plain}")
    try:
        wanted = line.decode()
    except ValueError:
        wanted = line.decode(errors="ignore")
    bad = [c for c in wanted if ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u200b\u200e\u202e\u2067\u061c\ufeff\U000e0001\U000e007f"]
    for c in bad:
        wanted = wanted.replace(c, "")
    if shown.decode().replace("?", "") != wanted.replace("?", ""):
        sys.exit(f"UTF-8: {line} {shown}")
' bytes printedyes printed
}

@test "printable: nothing that a terminal obeys, and what it shows is left" {
    "$PYTHON" -c '
import sys
write = sys.stdout.buffer.write
for first in range(1, 256):
    for rest in b"", b"a", b"\x80", b"\xbf\xbf", b"\x9f\x80\x80", b"\xa0\x80", b"\x90\x80\x80":
        line = b"<" + bytes([first]) + rest + b">"
        if b"\n" not in line:
            write(line + b"\n")
for text in "größe", "\u200b", "\u202e x", "\u2067", "\u200ex", "\u061cx", "\ufeffx", "\U000e0001\U000e007f", "\U000e0080", "\u20ac", "\U0001f600", "\ufffd", "\ud7ff\ue000":
    write(text.encode() + b"\n")' >bytes
    with_each_awk printable_is_right
}

# ---- Filters ----

# chosen OPTION VALUE FILTER: what filter.sh makes of the option leaves those records
# of the log that jq's FILTER selects.
chosen() {
    (
        lib=$LIB
        object=$SHIM
        remedy=
        # shellcheck source=/dev/null
        . "$LIB/words.sh"
        # shellcheck source=/dev/null
        . "$LIB/filter.sh"
        filter_subcommand=report
        filter_take_option "$1" "$2"
        filter_read_times
        parse 'read_record($0) && is_wanted()' "$REAL" >got
    )
    as_json got | jq -c . | diff <(as_json "$REAL" | jq -c "select($3)") - || fails_with "$1 $2"
    [ -s got ]
}

filters_are_right() {
    local ts
    ts=$(as_json "$REAL" | jq -rs 'map(.ts) | sort | .[length / 2 | floor]')
    chosen --since "$ts" ".ts >= \"$ts\""
    chosen --since "${ts%?????Z}" ".ts >= \"${ts%?????Z}\""
    chosen --until "${ts/T/ }" ".ts < \"$ts\""
    chosen --cause 'peer-*,connection-refused' '.cause == "peer-closed" or .cause == "connection-refused"'
    chosen --prog '*=*' '.prog | contains("=")'
    chosen --prog 'x*,=' '.prog == "=" or (.prog | startswith("x"))'
    chosen --peer 127.0.0.1 '.peer == "127.0.0.1:1"'
    chosen --peer '127.0.0.?:1' '.peer == "127.0.0.1:1"'
    chosen --peer 'a peer=b*' '.peer == "a peer=b cause=c"'
    chosen --level info '.level != "debug"'
    chosen --level error '.level == "error"'
}

@test "a filter leaves what jq selects" {
    with_each_awk filters_are_right
}

peers_are_found() {
    parse 'BEGIN { print "[fd00::1]:443" ~ wanted_peer, "[fd00::1]:80" ~ wanted_peer, "10.0.0.1:80" ~ wanted_peer, "100.0.0.1:80" ~ wanted_peer, "/run/a+b" ~ wanted_peer, "/run/aab" ~ wanted_peer, "/run/^\\" ~ wanted_peer }' </dev/null
}

expect_found() {
    local found
    found=$(FILTER_PEER=$1 peers_are_found)
    [ "$found" = "$2" ] || fails_with "$1: $found instead of $2"
}

globs_are_right() {
    expect_found fd00::1 "1 1 0 0 0 0 0"
    expect_found '[fd00::1]' "1 1 0 0 0 0 0"
    expect_found '[fd00::1]:443' "1 0 0 0 0 0 0"
    expect_found '10.0.0.1,fd*:443' "1 0 1 0 0 0 0"
    expect_found '10.*' "0 0 1 0 0 0 0"
    expect_found '*:80' "0 1 1 1 0 0 0"
    expect_found '/run/a+b' "0 0 0 0 1 0 0"
    expect_found '/run/a?b' "0 0 0 0 1 1 0"
    expect_found '(x' "0 0 0 0 0 0 0"
    expect_found '\^$|]{2}' "0 0 0 0 0 0 0"
    expect_found '/run/^\' "0 0 0 0 0 0 1"
}

@test "globs: * and ? are all that is special" {
    with_each_awk globs_are_right
}

# moment_is TEXT [MAY_COME]: with $AWK, and a clock that stands still.
moment_is() {
    PATH=$PWD/bin:$PATH sh -c 'lib=$1; . "$lib/filter.sh"; filter_moment "$2" "$3"' - "$LIB" "$1" "${2-}"
}

expect_moment() {
    local got
    got=$(moment_is "$1" "${3-}") || got=no
    [ "$got" = "$2" ] || fails_with "$1: $got instead of $2"
}

moments_are_right() {
    mkdir -p bin
    # 2028-03-01 02:00:05 UTC: the day after a leap day.
    printf '#!/bin/sh\necho 1835488805\n' >bin/date
    printf '#!/bin/sh\nexec %s "$@"\n' "$AWK" >bin/awk
    chmod +x bin/date bin/awk
    expect_moment 2026-11-22T03:00 2026-11-22T03:00
    expect_moment "2026-11-22 03:00:30.5Z" 2026-11-22T03:00:30.5
    expect_moment 2026-11-22 2026-11-22
    expect_moment 01:59 2028-03-01T01:59
    expect_moment 02:00:05 2028-03-01T02:00:05
    expect_moment 02:01 2028-02-29T02:01
    expect_moment 02:01 2028-03-01T02:01 yes
    expect_moment 15s 2028-03-01T01:59:50
    expect_moment 010m 2028-03-01T01:50:05
    expect_moment 3h 2028-02-29T23:00:05
    expect_moment 1d 2028-02-29T02:00:05
    expect_moment 367d 2027-02-28T02:00:05
    expect_moment yesterday 2028-02-29T00:00:00
    expect_moment -5m 2028-03-01T01:55:05
    for text in "last week" 3 25:00 2026-11 2026-13-01x 2026-11-22T3:00 ""; do
        expect_moment "$text" no
    done
}

@test "times: as the log has them, of day, and ago" {
    with_each_awk moments_are_right
}

# ---- The journal ----

# A stream as systemd makes it: a socket, which JOURNAL_STREAM names.
@test "on the journal's stream a line begins with its priority; elsewhere it never does" {
    cat >journal.py <<'END'
import os, socket, subprocess, sys
shim, program = sys.argv[1:3]
def said(named, **more):
    ours, theirs = socket.socketpair()
    status = os.fstat(theirs.fileno())
    stream = "%d:%d" % (status.st_dev, status.st_ino + (0 if named else 1))
    subprocess.run(["sh", "-c", more.pop("COMMAND", '"$0" refused eof >/dev/null'), program], stderr=theirs, stdin=subprocess.DEVNULL,
        env=dict(os.environ, LD_PRELOAD=shim, SOCKSHIM_LOG="stderr", JOURNAL_STREAM=stream, **more))
    theirs.close()
    with ours.makefile() as lines:
        return lines.read().splitlines()
for form in "logfmt", "json":
    lines = said(True, SOCKSHIM_FORMAT=form)
    assert len(lines) == 3, lines
    for line, level in zip(lines, ("info", "warn", "info")):
        assert line[:3] == {"info": "<6>", "warn": "<4>"}[level], line
        assert ("level=" + level in line) or ('"level":"%s"' % level in line), line
        assert line[3:].startswith("ts=" if form == "logfmt" else '{"ts"'), line
assert all(line.startswith("ts=") for line in said(False)), "another stream"
assert said(True, COMMAND='"$0" refused >/dev/null 2>file') == []
with open("file") as f:
    assert all(line.startswith("ts=") for line in f)
END
    run -0 "$PYTHON" journal.py "$SHIM" "$PROGRAMS/core"
}

# The function that made the call, by the symbols of its object.
@test "at: the object that called, and the place in it" {
    local at=$PROGRAMS/stack start size
    shimmed "$at" reset >/dev/null
    read -r start size < <(nm -S "$at" | awk '$4 == "receive" { print "0x" $1, "0x" $2 }')
    at=$(records '.call == "recv" and .error == "ECONNRESET"' | jq -r .at)
    [[ $at == stack+0x* ]] || fails_with "$at"
    [ $((${at#stack+})) -gt $((start)) ] && [ $((${at#stack+})) -le $((start + size)) ]
}

@test "thread: its name, where it has one of its own" {
    shimmed "$PYTHON" -c '
import ctypes, socket, threading
def fail(name):
    if name: ctypes.CDLL(None).prctl(15, name)
    a, b = socket.socketpair()
    b.close()
    a.recv(len(name) + 1)
for name in b"worker seven", b"":
    t = threading.Thread(target=fail, args=(name,))
    t.start(); t.join()
fail(b"")'
    expect_count 1 '.thread == "worker seven" and .len == 13 and (.at | test("^[^/]+[+]0x"))'
    expect_count 2 '.call == "recv" and .len == 1 and (has("thread") | not)'
}

@test "start: the host, and the unit or container" {
    shimmed "$PYTHON" -c 'import socket; socket.socket()'
    expect_count 1 '.event == "start" and .host == "'"$(uname -n)"'"'
    rm "$LOG"
    printf '1:name=systemd:/\n0::/system.slice/nginx.service\n' >"$BATS_TEST_TMPDIR/unit"
    printf '0::/user.slice\n' >"$BATS_TEST_TMPDIR/none"
    for kind in unit none; do
        unshare -m sh -c 'mount --bind "$1" /proc/$$/cgroup && shift && exec "$@"' - \
            "$BATS_TEST_TMPDIR/$kind" env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" \
            "$PYTHON" -c 'import socket; socket.socket()' || skip "no mount namespaces here"
    done
    expect_count 2 '.event == "start"'
    expect_count 1 '.cgroup == "/system.slice/nginx.service"'
    expect_count 1 '.event == "start" and (has("cgroup") | not)'
}

# The room for addresses is full then, and the peer of a socket in state CLOSE is asked for by
# its exact length: what lies behind that room on the stack was overwritten.
@test "a bind to an address of 108 bytes on a connection that was reset leaves the stack alone" {
    run -0 shimmed "$PYTHON" -c '
import ctypes, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
address = struct.pack("=HH4s", socket.AF_INET, 0, b"\x7f\x00\x00\x01").ljust(108, b"\x01")
listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
fd = socket.create_connection(listener.getsockname()[:2])
other = listener.accept()[0]
other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
other.close()
try:
    fd.recv(1)
except ConnectionResetError:
    pass
for i in range(20):
    assert libc.bind(fd.fileno(), address, 108) == -1
print("alive")'
    [ "$output" = alive ]
    expect '.call == "bind" and .type == "tcp" and .state == "CLOSE" and (has("peer") | not)'
}
