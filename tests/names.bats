#!/usr/bin/env bats
# Names: what getaddrinfo could not resolve is a record, and what it did resolve is named in
# the records of connects. With a name server of its own, in a network of its own.

load helpers
bats_require_minimum_version 1.5.0

setup_file() {
    unshare -nm true 2>/dev/null || skip "no network and mount namespaces here"
    export OWN_ETC=$BATS_FILE_TMPDIR/etc
    cp -rL /etc "$OWN_ETC" 2>/dev/null || [ -d "$OWN_ETC" ]
}

# resolving ANSWER COMMAND...: with a name server that gives this answer (tests/dns_server.py),
# or none. What else the machine knows of names is not asked.
resolving() {
    cd "$BATS_TEST_TMPDIR"
    # A server that answers may take its time on a busy machine.
    printf 'nameserver 127.0.0.1\noptions timeout:%s attempts:1\n' "$([[ $1 == silent || $1 == elsewhere ]] && echo 1 || echo 20)" >"$OWN_ETC/resolv.conf"
    printf 'hosts: files dns\n' >"$OWN_ETC/nsswitch.conf"
    printf '127.0.0.1 localhost\n127.0.0.7 seven.test\n::1 six.test\n' >"$OWN_ETC/hosts"
    timeout -k 5 300 unshare -nm sh -c '
        answer=$1
        shift
        ip link set lo up && mount --bind "$OWN_ETC" /etc || exit
        if [ "$answer" != none ]; then
            mkfifo ready
            "$0" "$TOP/tests/dns_server.py" "$answer" >ready 3>&- &
            server=$!
            read -r _ <ready
        fi
        env LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$@"
        status=$?
        [ "$answer" = none ] || kill "$server"
        exit $status' "$PYTHON" "$@"
}
export TOP SHIM LOG PYTHON

# asks NAME [MORE]: one question, and what the program sees of it: getaddrinfo's result and errno.
asks() {
    echo "import socket
try: print(len(socket.getaddrinfo('$1', 80, ${2:-socket.AF_INET}, socket.SOCK_STREAM)))
except socket.gaierror as e: print(e.errno)"
}

# fails_as ANSWER NUMBER ERROR WORDS
fails_as() {
    rm -rf "$LOG" "$BATS_TEST_TMPDIR/ready"
    run -0 resolving "$1" "$PYTHON" -c "$(asks db.shop.test)"
    [ "$output" = "$2" ] || fails_with "the program saw $output"
    expect_count 1 '.cause == "name-not-resolved"'
    expect_count 1 '.waited_ms as $ms | .level == "warn" and .call == "getaddrinfo" and .ret == '"$2"' and .errno == 0 and
        .error == "'"$3"'" and .name == "db.shop.test" and (has("fd") or has("peer") | not) and
        (.at | test("^[^/]+[+]0x")) and
        (.why | startswith("The name db.shop.test was not resolved, after \($ms) ms: ") and
            contains("'"$4"'"))'
}

@test "no such name, says the name server" {
    fails_as nxdomain -2 EAI_NONAME "the name does not exist"
    expect_count 0 '.waited_ms > 19000'
}

@test "the name has no address of the kind that was asked for" {
    fails_as nodata -5 EAI_NODATA "the name exists but has no address"
}

@test "the name server fails, or refuses" {
    fails_as servfail -3 EAI_AGAIN "(SERVFAIL)"
    fails_as refused -3 EAI_AGAIN "no name server gave an answer"
}

@test "the name server does not answer: the time that it took is told" {
    fails_as silent -3 EAI_AGAIN "did not answer in time"
    expect_count 1 '.waited_ms >= 1000 and .waited_ms < 60000'
}

@test "there is no name server" {
    fails_as none -3 EAI_AGAIN "they cannot be reached"
}

@test "a name that is resolved only after more than a second" {
    run -0 resolving late "$PYTHON" -c "$(asks db.shop.test)"
    [ "$output" = 1 ]
    expect_count 1 '.waited_ms as $ms | .level == "warn" and .call == "getaddrinfo" and .ret == 0 and .errno == 0 and
        .cause == "name-resolved-late" and .name == "db.shop.test" and $ms >= 1500 and
        (.why | startswith("The name db.shop.test was resolved, but only after \($ms) ms. "))'
    for setting in SOCKSHIM_LEVEL=error SOCKSHIM_SKIP=getaddrinfo SOCKSHIM_SKIP=name-resolved-late SOCKSHIM_LOG=off; do
        rm -f ready "$LOG"
        resolving late env "$setting" "$PYTHON" -c "$(asks db.shop.test)"
        [ ! -e "$LOG" ] || fails_with "$setting"
    done
}

@test "curl, with a first name server that is not there: the finding tells the 5 s" {
    # As glibc does it by default: 5 s, then the next.
    cd "$BATS_TEST_TMPDIR"
    printf 'nameserver 127.0.0.2\nnameserver 127.0.0.1\n' >resolv.conf
    cat >silent.py <<'END'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.2", 53))
print(flush=True)
sys.stdin.read()
END
    mkfifo asks says
    run -0 resolving 127.0.0.7 sh -c '
        cat resolv.conf >/etc/resolv.conf
        env -u LD_PRELOAD "$PYTHON" silent.py <asks >says 3>&- &
        exec 9>asks
        read -r _ <says
        curl -s --max-time 60 http://db.shop.test:9/
        test $? -eq 7'
    expect_count 1 '.cause == "name-resolved-late" and .waited_ms >= 4900'
    expect_count 1 '.cause == "connection-refused" and .peer_name == "db.shop.test"'
    run -0 "$TOP/scripts/sockshim" report --json "$LOG"
    jq -e 'any(.findings[]; .kind == "name-resolved-late" and .figures.ms >= 4900)' <<<"$output" || fails_with "$output"
}

@test "a name that is resolved leaves no record, and no log" {
    run -0 resolving none "$PYTHON" -c "$(asks seven.test)"
    [ "$output" = 1 ]
    [ ! -e "$LOG" ]
}

@test "no record of questions whether it is an address, nor of arguments that ask for nothing" {
    resolving nxdomain "$PYTHON" -c '
import socket
for name, port, family, flags in (
        ("db.shop.test", 80, 0, socket.AI_NUMERICHOST), ("1.2.3.4.5", 80, 0, 0), ("::1", 80, socket.AF_INET, 0),
        ("127.0.0.1", 80, socket.AF_INET6, 0), ("fe80::zz", 80, 0, 0), (None, "no-such-service", 0, 0),
        ("seven.test", "no-such-service", 0, 0), ("seven.test", 80, 77, 0)):
    try: socket.getaddrinfo(name, port, family, socket.SOCK_STREAM, 0, flags)
    except socket.gaierror: continue
    raise SystemExit(f"{name} was resolved")'
    [ ! -e "$LOG" ] || fails_with "a log"
}

# names ADDRESS PORT [FLAGS]: one question for an address's name, and what the program sees of it.
names() {
    echo "import socket
try: print(socket.getnameinfo(('$1', $2), ${3:-0})[0])
except socket.gaierror as e: print(e.errno)"
}

@test "the name of an address: a name server that is silent, late, or knows none" {
    run -0 resolving silent "$PYTHON" -c "$(names 10.7.0.9 40001)"
    [ "$output" = -3 ]
    expect_count 1 '.waited_ms as $ms | .level == "warn" and .call == "getnameinfo" and .ret == -3 and .error == "EAI_AGAIN" and
        .cause == "name-not-resolved" and .name == "10.7.0.9" and .peer == "10.7.0.9:40001" and $ms >= 1000 and
        (.why | startswith("The name of the address 10.7.0.9 was not resolved, after \($ms) ms: no name server gave an answer"))'
    rm -f "$BATS_TEST_TMPDIR/ready" "$LOG"
    run -0 resolving late "$PYTHON" -c "$(names 10.7.0.9 0)"
    [ "$output" = 10.7.0.9 ]
    expect_count 1 '.waited_ms as $ms | .level == "warn" and .ret == 0 and .cause == "name-resolved-late" and .name == "10.7.0.9" and
        (has("peer") | not) and $ms >= 1500 and (.why | startswith("The name of the address 10.7.0.9 was looked up for \($ms) ms, "))'
    # Most addresses have none, which is told at once and is no fault: it is told to whom it matters.
    rm -f "$BATS_TEST_TMPDIR/ready" "$LOG"
    run -0 resolving nxdomain "$PYTHON" -c "$(names fd00::9 7 socket.NI_NAMEREQD)"
    [ "$output" = -2 ]
    expect_count 1 '.error == "EAI_NONAME" and .name == "fd00::9" and .peer == "[fd00::9]:7" and
        .level == (if .waited_ms < 1000 then "info" else "warn" end)'
    rm -f "$BATS_TEST_TMPDIR/ready" "$LOG"
    resolving nxdomain "$PYTHON" -c "$(names 10.7.0.9 7)" # the number will do
    [ ! -e "$LOG" ] || expect_count 0 '.waited_ms < 1000'
    for asks in "$(names 127.0.0.7 7)" "$(names 10.7.0.9 7 socket.NI_NUMERICHOST)"; do
        rm -f "$BATS_TEST_TMPDIR/ready" "$LOG"
        resolving nxdomain "$PYTHON" -c "$asks"
        [ ! -e "$LOG" ] || fails_with "$asks: $(cat "$LOG")"
    done
    for setting in SOCKSHIM_LEVEL=error SOCKSHIM_SKIP=getnameinfo SOCKSHIM_SKIP=name-not-resolved SOCKSHIM_LOG=off; do
        rm -f "$BATS_TEST_TMPDIR/ready" "$LOG"
        resolving silent env "$setting" "$PYTHON" -c "$(names 10.7.0.9 7)"
        [ ! -e "$LOG" ] || fails_with "$setting"
    done
}

@test "pure-ftpd looks up its client's name before it greets: the finding tells how long it takes" {
    cat >"$BATS_TEST_TMPDIR/client.py" <<'END'
import socket, time
while True:
    try: s = socket.create_connection(("127.0.0.1", 2121), source_address=("10.7.0.9", 0)); break
    except ConnectionRefusedError: time.sleep(.1)
print(s.recv(3).decode())
END
    run -0 resolving silent sh -c '
        ip addr add 10.7.0.9/32 dev lo
        /usr/sbin/pure-ftpd -S 127.0.0.1,2121 3>&- &
        server=$!
        env -u LD_PRELOAD "$PYTHON" client.py
        kill $server'
    [ "$output" = 220 ]
    expect_count 1 '.call == "getnameinfo" and .name == "10.7.0.9" and .error == "EAI_AGAIN" and .waited_ms >= 1000'
    run -0 "$TOP/scripts/sockshim" report --json "$LOG"
    jq -e 'any(.findings[]; .kind == "name-not-resolved" and .figures.ms >= 1000 and (.advice | contains("dig -x 10.7.0.9")))' <<<"$output" || fails_with "$output"
}

# What gethostbyname and its relatives have: of ERANGE, which asks for a larger buffer, no record.
hosts_say() {
    local word=$2 words=$3
    rm -rf "$LOG" "$BATS_TEST_TMPDIR/ready"
    run -0 resolving "$1" env -u LD_PRELOAD "$BUILD/programs/hosts" db.shop.test
    local natively=$output
    rm -f "$BATS_TEST_TMPDIR/ready"
    run -0 resolving "$1" "$BUILD/programs/hosts" db.shop.test
    [ "$output" = "$natively" ] || fails_with "$output, natively $natively"
    expect_count 4 '.cause == "name-not-resolved"'
    expect_count 4 '.waited_ms as $ms | .level == "warn" and .call == "gethostbyname" and .ret == -1 and .errno == 0 and
        .error == "'"$word"'" and .name == "db.shop.test" and (has("fd") or has("peer") | not) and (.at | test("^hosts[+]0x")) and
        (.why | startswith("The name db.shop.test was not resolved, after \($ms) ms: ") and contains("'"$words"'"))'
}

@test "gethostbyname and its relatives: the word of h_errno, the time, and the program sees what it would" {
    hosts_say nxdomain HOST_NOT_FOUND "the name does not exist"
    hosts_say nodata NO_DATA "the name exists but has no address"
    hosts_say servfail TRY_AGAIN "(SERVFAIL)"
    hosts_say formerr NO_RECOVERY "(such as FORMERR)"
    hosts_say none TRY_AGAIN "they cannot be reached"
    hosts_say silent TRY_AGAIN "did not answer in time"
    expect_count 4 '.waited_ms >= 1000'
}

# What gethostbyaddr and its relative have.
addresses_say() {
    local word=$2 words=$3
    rm -rf "$LOG" "$BATS_TEST_TMPDIR/ready"
    run -0 resolving "$1" env -u LD_PRELOAD ADDRESSES=1 "$BUILD/programs/hosts" 10.7.0.9 fd00::9
    local natively=$output
    rm -f "$BATS_TEST_TMPDIR/ready"
    run -0 resolving "$1" env ADDRESSES=1 "$BUILD/programs/hosts" 10.7.0.9 fd00::9
    [ "$output" = "$natively" ] || fails_with "$output, natively $natively"
    expect_count 4 '.waited_ms as $ms | .name as $name | .call == "gethostbyaddr" and .cause == "name-not-resolved" and .ret == -1 and .errno == 0 and
        .error == "'"$word"'" and (.name | IN("10.7.0.9", "fd00::9")) and (has("fd") or has("peer") | not) and (.at | test("^hosts[+]0x")) and
        (.why | startswith("The name of the address \($name) was not resolved, after \($ms) ms: ") and contains("'"$words"'"))'
}

@test "gethostbyaddr and its relative: an address without a name is info, a name server that is silent is a finding; filters, and what is no address" {
    addresses_say nxdomain HOST_NOT_FOUND "there is no PTR record"
    expect_count 4 '.call != "gethostbyaddr" or .level == (if .waited_ms < 1000 then "info" else "warn" end)'
    addresses_say servfail TRY_AGAIN "(SERVFAIL)"
    expect_count 4 '.level == "warn"'
    addresses_say formerr NO_RECOVERY "(such as FORMERR)"
    addresses_say silent TRY_AGAIN "did not answer in time"
    run -0 "$TOP/scripts/sockshim" report --json "$LOG"
    jq -e 'any(.findings[]; .kind == "name-not-resolved" and .figures.ms >= 1000 and (.advice | contains("dig -x 10.7.0.9")))' <<<"$output" || fails_with "$output"
    rm -rf "$LOG" "$BATS_TEST_TMPDIR/ready"
    run -0 resolving late env ADDRESSES=1 "$BUILD/programs/hosts" 10.7.0.9
    expect_count 2 '.call == "gethostbyaddr" and .waited_ms >= 1500'
    for setting in SOCKSHIM_LEVEL=error SOCKSHIM_SKIP=gethostbyaddr_r SOCKSHIM_SKIP=name-not-resolved SOCKSHIM_LOG=off; do
        rm -rf "$LOG" "$BATS_TEST_TMPDIR/ready"
        resolving nxdomain env "$setting" ADDRESSES=1 "$BUILD/programs/hosts" 10.7.0.9
        [ ! -e "$LOG" ] || fails_with "$setting"
    done
    # Found in /etc/hosts; an odd family or length; what cannot be read.
    resolving none env ADDRESSES=1 "$BUILD/programs/hosts" 127.0.0.7 ::1
    resolving none "$PYTHON" -c "import ctypes
libc = ctypes.CDLL(None)
for addr, length, family in (b'\\0' * 16, 4, 77), (b'\\0' * 16, 3, 2), (b'\\0' * 16, 4, 10): libc.gethostbyaddr(addr, length, family)"
    [ ! -e "$LOG" ] || fails_with "$(cat "$LOG")"
}

@test "gethostbyname: late; numbers, odd families and filters; and peer_name of the connects that follow" {
    run -0 resolving late "$BUILD/programs/hosts" db.shop.test
    expect_count 4 '.call == "gethostbyname" and .ret == 0 and .errno == 0 and (has("error") | not) and .cause == "name-resolved-late" and .waited_ms >= 1500'
    for setting in SOCKSHIM_LEVEL=error SOCKSHIM_SKIP=gethostbyname2_r SOCKSHIM_SKIP=name-not-resolved SOCKSHIM_LOG=off; do
        rm -f "$BATS_TEST_TMPDIR/ready" "$LOG"
        resolving nxdomain env "$setting" "$BUILD/programs/hosts" db.shop.test
        [ ! -e "$LOG" ] || fails_with "$setting"
    done
    rm -f "$BATS_TEST_TMPDIR/ready" "$LOG"
    resolving nxdomain "$BUILD/programs/hosts" 1.2.3.4.5 127.0.0.1
    resolving none "$PYTHON" -c "import ctypes
for name in b'db.shop.test', b'seven.test': ctypes.CDLL(None).gethostbyname2(name, 77)"
    [ ! -e "$LOG" ] || fails_with "$(cat "$LOG")"
    rm -f "$BATS_TEST_TMPDIR/ready"
    PORT=9 resolving 127.0.0.9 "$BUILD/programs/hosts" db.shop.test seven.test
    expect_count 4 '.cause == "connection-refused" and .peer == "127.0.0.9:9" and .peer_name == "db.shop.test"'
    expect_count 4 '.cause == "connection-refused" and .peer == "127.0.0.7:9" and .peer_name == "seven.test"'
}

@test "gethostbyname in many threads, whose answers lie in one place: each name is its own address's, or none" {
    for n in $(seq 2 60); do echo "127.0.1.$n host-$n.test"; done >"$BATS_TEST_TMPDIR/more"
    cat >"$BATS_TEST_TMPDIR/threads.py" <<'END'
import ctypes, threading
libc = ctypes.CDLL(None)  # lets other threads run meanwhile
def work(which):
    for i in range(400): libc.gethostbyname(b"host-%d.test" % (2 + (which * 7 + i) % 59))
threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
for t in threads: t.start()
for t in threads: t.join()
END
    resolving none sh -c 'cat more >>/etc/hosts && exec "$@"' - "$PYTHON" threads.py
    [ ! -e "$LOG" ] || fails_with "$(cat "$LOG")"
}

@test "perl, php and nc.traditional ask by gethostbyname: what failed is told, and the finding names it" {
    local program
    for program in "perl -e 'gethostbyname(\"db.shop.test\")'" "php -r 'gethostbyname(\"db.shop.test\");'" "nc.traditional -w 1 db.shop.test 80"; do
        command -v "${program%% *}" >/dev/null || continue
        rm -f "$BATS_TEST_TMPDIR/ready" "$LOG"
        resolving servfail sh -c "$program; :"
        expect_count 1 '.call == "gethostbyname" and .error == "TRY_AGAIN" and .name == "db.shop.test"' || fails_with "$program"
        run -0 "$TOP/scripts/sockshim" report --json "$LOG"
        jq -e 'any(.findings[]; .kind == "name-not-resolved" and (.advice | contains("dig db.shop.test @SERVER")))' <<<"$output" || fails_with "$output"
    done
}

@test "level, call and cause leave it out, and log nothing" {
    local setting
    for setting in SOCKSHIM_LEVEL=error SOCKSHIM_SKIP=getaddrinfo SOCKSHIM_SKIP=name-not-resolved SOCKSHIM_LOG=off; do
        rm -f ready
        resolving nxdomain env "$setting" "$PYTHON" -c "$(asks db.shop.test)"
        [ ! -e "$LOG" ] || fails_with "$setting"
    done
}

@test "the name that was asked for is peer_name of the connects that follow" {
    resolving 127.0.0.9 "$PYTHON" -c '
import socket
def reach(name, port):
    for family, kind, protocol, _, address in socket.getaddrinfo(name, port, 0, socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as s:
            try: s.connect(address)
            except OSError: pass
reach("db.shop.test", 1)
reach("seven.test", 2)
reach("six.test", 3)
reach("127.0.0.11", 4)
reach("a" * 60 + ".test", 5)
with socket.create_server(("127.0.0.7", 0)) as server:
    client = socket.create_connection(server.getsockname(), source_address=("127.0.0.9", 0))
    client.sendall(b"x")
    accepted, _ = server.accept()
    client.close()
    accepted.recv(1)
    accepted.recv(1)'
    expect_count 1 '.cause == "connection-refused" and .peer == "127.0.0.9:1" and .peer_name == "db.shop.test"'
    expect_count 1 '.cause == "connection-refused" and .peer == "127.0.0.7:2" and .peer_name == "seven.test"'
    expect_count 1 '.cause == "connection-refused" and .peer == "[::1]:3" and .peer_name == "six.test"'
    expect_count 1 '.peer == "127.0.0.11:4" and (has("peer_name") | not)'
    # A name of more than 60 bytes is not kept: the newest name of that address is the one above.
    expect_count 1 '.peer == "127.0.0.9:5" and .peer_name == "db.shop.test"'
    # A client that comes from there is not who was asked for.
    expect_count 1 '.side == "accepted" and .ret == 0 and (.peer | startswith("127.0.0.9:")) and (has("peer_name") | not)'
}

@test "many threads that resolve and connect: each name is whole, and its own address's" {
    for n in $(seq 2 60); do echo "127.0.1.$n host-$n.test"; done >"$BATS_TEST_TMPDIR/more"
    cat >"$BATS_TEST_TMPDIR/threads.py" <<'END'
import socket, threading
def work(which):
    for i in range(60):
        n = 2 + (which * 7 + i) % 59
        address = socket.getaddrinfo(f"host-{n}.test", 9, socket.AF_INET, socket.SOCK_STREAM)[0][4]
        with socket.socket() as s: s.connect_ex(address)
threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
for t in threads: t.start()
for t in threads: t.join()
END
    resolving none sh -c 'cat more >>/etc/hosts && exec "$@"' - "$PYTHON" threads.py
    expect_count 480 '.cause == "connection-refused"'
    expect_count 0 'has("peer_name") and
        ("127.0.1.\(.peer_name | capture("^host-(?<n>[0-9]+)[.]test$").n):9" != .peer)'
    [ "$(count 'has("peer_name")')" -ge 240 ]
}

@test "musl: the same" {
    command -v musl-gcc >/dev/null || skip "no musl"
    musl-gcc -o "$BATS_TEST_TMPDIR/ask" -xc - <<'END'
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
int main(int argc, char **argv)
{
    struct addrinfo *answer;
    printf("%d\n", getaddrinfo(argv[1], "80", 0, &answer));
    printf("%p\n", (void *)gethostbyname(argv[1]));
    printf("%p\n", (void *)gethostbyaddr("\12\7\0\11", 4, AF_INET));
}
END
    make -s -C "$TOP" BUILD="$BATS_TEST_TMPDIR/musl" CC=musl-gcc "$BATS_TEST_TMPDIR/musl/libsockshim.so"
    SHIM=$BATS_TEST_TMPDIR/musl/libsockshim.so
    run -0 resolving nxdomain ./ask db.shop.test
    [[ $output == -2* ]]
    expect_count 2 '.cause == "name-not-resolved"' # none of what one calls of the other; there the number is the name of an address
    expect_count 1 '.call == "getaddrinfo" and .error == "EAI_NONAME" and .name == "db.shop.test"'
    expect_count 1 '.call == "gethostbyname" and .error == "HOST_NOT_FOUND" and .name == "db.shop.test"'
}

@test "answers that come from another address than was asked are told by doctor -- COMMAND, and silence is not" {
    beside() {
        rm -rf "$BATS_TEST_TMPDIR/ready"
        run -0 resolving "$1" env -u LD_PRELOAD -u SOCKSHIM_LOG "$SOCKSHIM_COMMAND" doctor -o "$BATS_TEST_TMPDIR/doctor.log" -- "$PYTHON" -c "$(asks db.shop.test)"
    }
    beside elsewhere
    [[ $output == *"name-not-resolved 1, and 1 UDP datagram arrived here that no socket took"* ]] || fails_with "$output"
    [[ $(tr -s ' \n' ' ' <<<"$output") == *"they came from another address than was asked"* ]] || fails_with "$output"
    beside silent
    [[ $output != *"no socket took"* ]] || fails_with "$output"
    [[ $(tr -s ' \n' ' ' <<<"$output") == *"But a name could not be resolved (name-not-resolved 1)"* ]] || fails_with "$output"
    # That nothing is set is told, of the server that is asked then; and not where one is there.
    beside none
    [[ $output != *"names no name server"* ]] || fails_with "$output"
    run -0 resolving none env -u LD_PRELOAD -u SOCKSHIM_LOG sh -c ': >/etc/resolv.conf; exec "$@"' - "$SOCKSHIM_COMMAND" doctor -o "$BATS_TEST_TMPDIR/doctor.log" -- "$PYTHON" -c "$(asks db.shop.test)"
    [[ $(tr -s ' \n' ' ' <<<"$output") == *"names no name server; so 127.0.0.1 is asked, and nothing listens there"* ]] || fails_with "$output"
    run -0 resolving none env -u LD_PRELOAD -u SOCKSHIM_LOG sh -c ': >/etc/resolv.conf; exec "$@"' - "$SOCKSHIM_COMMAND" doctor -o "$BATS_TEST_TMPDIR/well.log" -- "$PYTHON" -c "$(asks seven.test)"
    [[ $output != *"names no name server"* ]] || fails_with "$output"
    beside 127.0.0.7
    [[ $output != *"name-not-resolved"* ]] || fails_with "$output"
}
