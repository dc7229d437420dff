#!/usr/bin/env bats
# `sockshim check`: real programs of every kind that the shim can, or cannot, see
# into, and real processes.

bats_require_minimum_version 1.5.0

load helpers
load each_system

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export LC_ALL=C
    use dash mawk
}

check() {
    PATH=$SYSTEM_PATH sh "$SOCKSHIM_COMMAND" check "$@"
}

# yes WHAT LINE, no WHAT LINE: how it answers; LINE is a pattern.
yes() {
    answers 0 "$@"
}

no() {
    answers 1 "$@"
}

answers() {
    run "-$1" --separate-stderr check "$2"
    # shellcheck disable=SC2053 # a glob
    [[ ${lines[0]} == $3 ]] && [ -z "$stderr" ] || fails_with "status $status: $output$stderr"
}

# compile NAME OPTION...: a program, by $CC.
compile() {
    echo "${SOURCE-int main(void) { return 0; \}}" | ${CC-cc} -x c "${@:2}" -o "$1" -
}

WATCH="watch it with strace -f -e trace=network, or tcpdump"

# ---- Programs ----

@test "a program is found as a shell finds it" {
    compile plain
    cp plain bin/there
    yes ./plain "./plain: yes, sockshim works with ./plain"
    yes there "there: yes, sockshim works with $PWD/bin/there"
    yes "$PWD/plain" "$PWD/plain: yes, sockshim works with $PWD/plain"
    no nowhere "nowhere: no, command not found in PATH"
    no ./nowhere "./nowhere: no, there is no such file"
    ln -s gone link
    no ./link "./link: no, it is a link to gone, which is not there"
    no . ".: no, *"
    no "$PWD" "$PWD: no, it is a directory"
    cp plain 12345
    no 999999999 "999999999: no, there is no such process"
    cp plain 999999999
    yes ./999999999 "./999999999: yes, *"
    PATH=$PWD:$PATH SYSTEM_PATH=$PWD:$SYSTEM_PATH run -0 check -- 999999999
    [ "$output" = "999999999: yes, sockshim works with $PWD/999999999" ]
    chmod -x plain
    no ./plain "./plain: no, permission denied; make it executable (chmod +x), or check what runs it, such as sh"
    ln -s loop loop
    no ./loop "./loop: no, too many levels of symbolic links"
}

static_programs() {
    no ./static "./static: no, ./static is statically linked, so nothing can be preloaded; $WATCH"
    no ./static-pie "./static-pie: no, ./static-pie is statically linked, *"
    yes ./plain '*'
}

@test "static programs" {
    compile plain
    compile static -static
    compile static-pie -static-pie
    on_each_system static_programs
}

# as_nobody COMMAND...: a user without rights.
as_nobody() {
    setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"
}

@test "setuid, setgid and file capabilities, where they give rights to who asks" {
    compile plain
    install_for_others
    cp plain user && chmod u+s user
    cp plain group && chmod g+s group
    cp plain caps && setcap cap_net_raw+ep caps
    local why="so the loader ignores LD_PRELOAD; start sockshim as the user that it switches to, or use strace -f -e trace=network as root"
    run -1 as_nobody inst/bin/sockshim check ./user
    [ "$output" = "./user: no, ./user is setuid (user 0), $why" ] || fails_with "$output"
    run -1 as_nobody inst/bin/sockshim check ./group
    [ "$output" = "./group: no, ./group is setgid (group 0), $why" ] || fails_with "$output"
    run -1 as_nobody inst/bin/sockshim check ./caps
    [ "$output" = "./caps: no, ./caps has file capabilities, $why" ] || fails_with "$output"
    run -0 as_nobody inst/bin/sockshim check ./plain
    cp plain secret && chmod 711 secret
    run -1 as_nobody inst/bin/sockshim check ./secret
    [ "$output" = "./secret: no, ./secret can be run but not read by this user, so it cannot be checked" ] || fails_with "$output"
    run -0 as_nobody setpriv --no-new-privs inst/bin/sockshim check ./user
    # To root they give nothing.
    yes ./user '*' && yes ./caps '*'
}

foreign_programs() {
    local build="build the object for it (make CC=... BUILD=...) and run sockshim with that BUILD"
    no ./i386 "./i386: no, ./i386 is for 32-bit x86, libsockshim.so for x86-64; $build"
    no ./aarch64 "./aarch64: no, ./aarch64 is for aarch64, libsockshim.so for x86-64; $build"
    no ./musl "./musl: no, ./musl uses another C library (musl) than libsockshim.so (glibc); $build"
}

@test "another architecture, another C library" {
    compile i386 -m32
    CC=musl-gcc compile musl
    CC="clang --target=aarch64-linux-gnu" compile aarch64
    on_each_system foreign_programs
}

@test "an object for another system says yes to its programs" {
    compile plain
    CC=musl-gcc compile musl
    make -s -C "$TOP" CC=musl-gcc CFLAGS=-O0 BUILD="$PWD/out"
    export BUILD=$PWD/out
    yes ./musl "./musl: yes, sockshim works with ./musl"
    no ./plain "./plain: no, ./plain uses another C library (glibc) than libsockshim.so (musl); *"
}

@test "a Go program, though it is linked to the C library: nothing of it is seen" {
    readelf -l "$(command -v hey)" | grep -q 'program interpreter'
    no hey "hey: no, $(command -v hey) is a Go program, which makes its network calls without the C library, even with cgo; $WATCH"
    run "$SOCKSHIM_COMMAND" --force -o "$LOG" -- hey -n 1 -c 1 http://127.0.0.1:1/
    [[ $output == *"connection refused"*"no records: sockshim did not work with COMMAND: $(command -v hey) is a Go program"* ]] || fails_with "$output"
}

@test "a loader that is not there" {
    compile lost -Wl,--dynamic-linker=/none/ld-linux-x86-64.so.2
    no ./lost "./lost: no, ./lost needs the loader /none/ld-linux-x86-64.so.2, which does not exist"
    yes /lib64/ld-linux-x86-64.so.2 '*'
}

@test "AddressSanitizer wants its runtime before the shim" {
    compile asan -fsanitize=address
    run -0 check ./asan
    [[ $output =~ ^"./asan: yes, sockshim works with ./asan, with LD_PRELOAD="(libasan\.so\.[0-9]+)" in the environment: AddressSanitizer needs its runtime to be loaded first"$ ]] || fails_with "$output"
    # The advice is good.
    local runtime=${BASH_REMATCH[1]}
    run "$SOCKSHIM_COMMAND" -q -o "$LOG" -- ./asan
    [[ $output == *"ASan runtime does not come first"* ]]
    run -0 env LD_PRELOAD="$runtime" "$SOCKSHIM_COMMAND" -q -o "$LOG" -- ./asan
}

# script NAME LINE...
script() {
    printf '%s\n' "${@:2}" >"$1"
    chmod +x "$1"
}

scripts() {
    yes ./perl "./perl: yes, sockshim works with /usr/bin/perl, which runs ./perl; what that starts in turn needs a check of its own"
    yes ./env "./env: yes, sockshim works with /usr/bin/perl, which runs ./env; *"
    yes ./env-options "./env-options: yes, sockshim works with /usr/bin/perl, *"
    yes ./nested "./nested: yes, sockshim works with /usr/bin/perl, which runs ./nested; *"
    yes ./plain-text "./plain-text: yes, sockshim works with /bin/sh, which runs ./plain-text; *"
    no ./static-script "./static-script: no, ./static is statically linked, so *"
    no ./typo "./typo: no, ./typo names an interpreter that cannot be run: /usr/bin/pyhton"
    no ./crlf "./crlf: no, ./crlf names an interpreter that cannot be run: /bin/sh[?]; that line ends with a carriage return"
    no ./env-crlf "./env-crlf: no, ./env-crlf names a program that env does not find: perl[?]; that line ends with a carriage return"
    no ./env-typo "./env-typo: no, ./env-typo names a program that env does not find: pyhton"
    no ./loop "./loop: no, ./loop is one script too many that is run by another"
    no ./junk "./junk: no, ./junk is a truncated ELF file; install it again"
}

@test "scripts: what runs them counts" {
    SYSTEM_PATH=$PATH
    compile static -static
    script perl '#!/usr/bin/perl'
    script env '#! /usr/bin/env perl'
    script env-options '#!/usr/bin/env -S -u A B=1 /usr/bin/perl -w'
    script nested '#!./perl -x'
    script plain-text 'echo hello'
    script static-script '#!./static'
    script typo '#!/usr/bin/pyhton -u'
    script crlf $'#!/bin/sh\r'
    script env-crlf $'#!/usr/bin/env perl\r'
    script env-typo '#!/usr/bin/env pyhton'
    script loop '#!./loop'
    script junk $'\177ELF\1\2\3' && head -c 10 /dev/zero >>junk
    on_each_system in_usual_path scripts
}

@test "a program that lost its end is no program, wherever that was" {
    local size
    cp "$(command -v ls)" whole
    yes ./whole "./whole: yes, *"
    for size in 17 30 64 300 100000 $(($(stat -c %s whole) / 2)); do
        head -c "$size" whole >part
        chmod +x part
        no ./part "./part: no, ./part is a truncated ELF file; install it again"
    done
    # What follows the segments, the kernel does not read.
    strip -o bare whole && yes ./bare "./bare: yes, *"
}

# first_lines yes|no PATTERN WORD...: what check says of scripts that begin with
# `#!/usr/bin/env WORD`.
first_lines() {
    local word
    for word in "${@:3}"; do
        script script "#!/usr/bin/env $word"
        "$1" ./script "$2"
    done
}

env_lines() {
    cp plain bin/
    first_lines yes "./script: yes, sockshim works with $PWD/bin/plain, which runs ./script; *" \
        plain ' plain ' '-Splain -x' '-S plain' '-vSplain' '-S A=1 plain' '--split-string=plain -x' \
        '--split-string plain' '-S -u A -C / plain' '-S -uA -C/ plain' '-S --unset A --chdir / plain' \
        '-S --unset=A --chdir=/ plain'
    first_lines no "./script: no, ./script makes env remove LD_PRELOAD for $PWD/bin/plain; take that out of its first line" \
        '-S -i plain' '-S - plain' '-S --ignore-environment plain' '-S -u LD_PRELOAD plain' \
        '-S -uLD_PRELOAD plain' '-S --unset=LD_PRELOAD plain' '-S --unset LD_PRELOAD plain' '-S LD_PRELOAD= plain'
    first_lines no "./script: no, ./script names a program that env does not find: *; it is one word to env unless -S stands before it" \
        '-i plain' 'plain -x' 'A=1 plain'
    first_lines no "./script: no, ./script names a program that env does not find: " \
        '' -S '-S -u' '-S -u A' '-S -C' --split-string=
}

@test "scripts: what env makes of the word behind it" {
    SYSTEM_PATH=$PATH
    compile plain
    on_each_system in_usual_path env_lines
}

in_usual_path() {
    SYSTEM_PATH=$SYSTEM_PATH:/usr/bin "$@"
}

# ---- Processes ----

# process [VARIABLE=VALUE...] COMMAND...: in the background, its pid in $P, once it
# is COMMAND, and waits for something: before, it may be without the shim.
process() {
    background env "$@"
    P=$BACKGROUND
    wait_until has_become_a_program
}

has_become_a_program() {
    [ "$(cat "/proc/$P/comm")" != env ] && [ "$(cat "/proc/$P/comm")" != bash ] && is_waiting
}

is_waiting() {
    grep -q '^State:.S' "/proc/$P/status"
}

# waits_as NAME
waits_as() {
    [ "$(cat "/proc/$P/comm")" = "$1" ] && is_waiting
}

# details LINE...: what is said below the first line.
details() {
    [ "$(printf '%s\n' "${lines[@]:1}")" = "$(printf '  %s\n' "$@")" ] || fails_with "$output"
}

@test "of robust handling, what is in force is what the start record says" {
    local format
    for format in logfmt json; do
        rm -f "$LOG" ready
        process LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_FORMAT=$format SOCKSHIM_DEAD_PEER=30s \
            SOCKSHIM_KEEPALIVE=often "$PYTHON" -c '
import socket, time
s = socket.socket()
open("ready", "w")
time.sleep(600)'
        wait_until test -e ready
        run -0 --separate-stderr check "$P"
        [[ ${lines[3]} == "  in force: log=$LOG "*" dead_peer=30s(idle="*"user_timeout=30000)"* ]] || fails_with "$output"
        [[ ${lines[3]} != *keepalive=* ]] || fails_with "$output"
        run -0 check --json "$P"
        jq -e '.log == "'"$LOG"'" and (.in_force | contains("dead_peer=30s(idle="))' <<<"$output" || fails_with "$output"
        kill "$P"
    done
}

loaded_processes() {
    process LD_PRELOAD="$SHIM" SOCKSHIM_LOG=%n.%p.log SOCKSHIM_LEVEL=info \
        perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); sleep 600'
    wait_until test -s "perl.$P.log"
    yes "$P" "$P (perl): yes, $SHIM is loaded"
    details "log: $PWD/perl.$P.log" "settings: SOCKSHIM_LOG=%n.%p.log SOCKSHIM_LEVEL=info"
    mv "perl.$P.log" renamed
    yes "$P" '*'
    details "log: $PWD/renamed" "settings: SOCKSHIM_LOG=%n.%p.log SOCKSHIM_LEVEL=info"
    process LD_PRELOAD="$SHIM" sleep 600 2>said
    yes "$P" '*'
    details "log: stderr, which is $PWD/said" "settings: the defaults"
    process LD_PRELOAD="$SHIM" sleep 600 2>&-
    yes "$P" '*'
    details "log: stderr, which is closed" "settings: the defaults"
    process LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off sleep 600
    yes "$P" '*'
    details "log: off" "settings: SOCKSHIM_LOG=off"
    process LD_PRELOAD="$SHIM" SOCKSHIM_LOG=/none/log sleep 600 2>/dev/null
    yes "$P" '*'
    details "log: /none/log, which is not open: there was no socket yet, or it could not be opened, or was closed; the next record tries again" "settings: SOCKSHIM_LOG=/none/log"
}

@test "a process that has the shim: its log, and its settings" {
    on_each_system loaded_processes
}

@test "the log is told from files that the program itself opened like it" {
    process LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" "$PYTHON" -c '
import os, socket, time
s = socket.socket()
for i in range(3):
    os.open("own", os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CREAT)
open("ready", "w")
time.sleep(600)'
    wait_until test -e ready
    yes "$P" '*'
    details "log: $LOG" "settings: SOCKSHIM_LOG=$LOG"
}

@test "a process that wrote over its environment" {
    local port
    port=$(free_port)
    echo "pid $PWD/pid; error_log /dev/null; events {} http { access_log off; server { listen 127.0.0.1:$port; } }" >conf
    LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" nginx -c "$PWD/conf" 3>&-
    wait_until test -s pid
    BACKGROUNDS+=" $(cat pid)"
    wait_until pgrep -P "$(cat pid)"
    BACKGROUNDS+=" $(pgrep -P "$(cat pid)")"
    run -0 check "$(cat pid)"
    details "log: $LOG" "settings: they cannot be read; the start record in the log has them"
    run -0 check "$(pgrep -P "$(cat pid)" | head -n 1)"
    details "log: $LOG" "settings: they cannot be read; the start record in the log has them"
}

@test "a process that the settings leave out" {
    process LD_PRELOAD="$SHIM" SOCKSHIM=off sleep 600
    no "$P" "$P (sleep): no, $SHIM is loaded but does nothing: SOCKSHIM=off is in its environment"
    process LD_PRELOAD="$SHIM" SOCKSHIM_ONLY='nginx, b*' sleep 600
    no "$P" "$P (sleep): no, $SHIM is loaded but does nothing: SOCKSHIM_ONLY=nginx,b\* does not name it"
    process LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off SOCKSHIM_ONLY='nginx, sl*' sleep 600
    yes "$P" '*'
    # By argv[0], and by the executable.
    background bash -c 'LD_PRELOAD=$0 SOCKSHIM_LOG=off SOCKSHIM_ONLY=billing exec -a /x/billing sleep 600' "$SHIM"
    P=$BACKGROUND
    wait_until has_become_a_program
    yes "$P" '*'
    background bash -c 'LD_PRELOAD=$0 SOCKSHIM_LOG=off SOCKSHIM_ONLY=sleep exec -a /x/billing sleep 600' "$SHIM"
    P=$BACKGROUND
    wait_until has_become_a_program
    yes "$P" '*'
}

@test "the object of a process that was replaced meanwhile" {
    cp "$SHIM" libsockshim.so
    process LD_PRELOAD="$PWD/libsockshim.so" SOCKSHIM_LOG=off sleep 600
    rm libsockshim.so
    yes "$P" "$P (sleep): yes, $PWD/libsockshim.so (deleted) is loaded"
}

waiting_program() {
    SOURCE='#include <unistd.h>
    int main(void) { return (int)sleep(600); }' compile "$@"
}

absent() {
    local watch="watch it with strace -f -p"
    process sleep 600
    no "$P" "$P (sleep): no, the shim is not loaded; it can be loaded if $(readlink -f "$(command -v sleep)") is restarted with it; until then $watch $P -e trace=network, or tcpdump"
    process LD_PRELOAD=/none/libsockshim.so sleep 600 2>/dev/null
    no "$P" "$P (sleep): no, the shim is not loaded, though its LD_PRELOAD asks for /none/libsockshim.so: is that there, can its user read it, and is it built for this program[?]"
    process LD_PRELOAD="$SHIM" ./waits-static
    no "$P" "$P (waits-static): no, the shim is not loaded, and cannot be: $PWD/waits-static is statically linked, so nothing can be preloaded; $watch $P -e trace=network, or tcpdump"
}

@test "a process that has not the shim: why, and whether it could" {
    waiting_program waits-static -static
    on_each_system absent
}

foreign_process() {
    process LD_PRELOAD="$SHIM" ./waits-i386 2>/dev/null
    no "$P" "$P (waits-i386): no, the shim is not loaded, and cannot be: $PWD/waits-i386 is for 32-bit x86, *"
}

@test "a process of a 32-bit program, into which the shim cannot be loaded" {
    needs_32_bit
    waiting_program waits-i386 -m32
    on_each_system foreign_process
}

@test "a process with the rights of its file" {
    waiting_program waits
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/
    chmod u+s waits
    background setpriv --reuid=nobody --regid=nogroup --clear-groups -- env LD_PRELOAD="$SHIM" ./waits
    P=$BACKGROUND
    wait_until waits_as waits
    no "$P" "$P (waits): no, the shim is not loaded, and cannot be: it was started with the rights of its file (setuid, setgid or capabilities); watch it with strace -f -p $P -e trace=network as root, or tcpdump"
}

@test "a process of somebody else, a zombie, a thread of the kernel's, none" {
    install_for_others
    process sleep 600
    run -1 as_nobody inst/bin/sockshim check "$P"
    [ "$output" = "$P (sleep): no, this process may be inspected only by its user (root) and by root with CAP_SYS_PTRACE" ] || fails_with "$output"
    background "$PYTHON" -c 'import os, time
child = os.fork() or os._exit(0)
print(child, flush=True)
time.sleep(600)' >child
    wait_until test -s child
    wait_until grep -q ') Z' "/proc/$(cat child)/stat"
    no "$(cat child)" "$(cat child) (python3): no, it has ended, and its parent has not waited for it yet (a zombie)"
    if [ -d /proc/2 ] && [ "$(cat /proc/2/comm)" = kthreadd ]; then
        no 2 "2 (kthreadd): no, it is a kernel thread, which makes no calls"
    fi
    no 0 "0: no, there is no such process"
    no 4194305 "4194305: no, there is no such process" # more than PID_MAX_LIMIT
}

@test "a process in another mount namespace: where its log is from here" {
    mkdir inside
    background env SOCKSHIM_LOG="$PWD/inside/log" unshare -m sh -c 'mount -t tmpfs none inside && exec env LD_PRELOAD="$0" "$1" -c "$2"' "$SHIM" "$PYTHON" 'import socket, time; s = socket.socket(); time.sleep(600)'
    P=$BACKGROUND
    wait_until test -s "/proc/$P/root$PWD/inside/log"
    yes "$P" '*'
    details "log: /proc/$P/root$PWD/inside/log" "settings: SOCKSHIM_LOG=$PWD/inside/log"
    [ ! -e inside/log ]
}

@test "a process that has another root in another mount namespace" {
    mkdir inside
    # shellcheck disable=SC2016
    background unshare -m sh -c 'mount --rbind / inside && exec chroot inside env LD_PRELOAD="$0" SOCKSHIM_LOG="$1" "$2" -c "$3"' "$SHIM" "$PWD/log" \
        "$PYTHON" 'import socket, time; s = socket.socket(); time.sleep(600)'
    P=$BACKGROUND
    wait_until test -s log
    yes "$P" '*'
    details "log: /proc/$P/root$PWD/log" "settings: SOCKSHIM_LOG=$PWD/log"
}

@test "what a process is called, and has in its environment, cannot reach the terminal" {
    cp /bin/sleep $'a\033[7mb'
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=$'x\033]0;y\a\nz' ./$'a\033[7mb' 60
    P=$BACKGROUND
    wait_until waits_as $'a\033[7mb'
    yes "$P" "$P (a[?]\[7mb): yes, *"
    refute grep -q '[^ -~]' <<<"$output"
    no $'\033[7m' '[?]\[7m: no, command not found in PATH'
}

# ---- The call ----

@test "--json: the same as one object" {
    run -0 --separate-stderr check --json cat
    jq -e '. == {subject: "cat", works: true, why: "sockshim works with '"$(command -v cat)"'"}' <<<"$output" || fails_with "$output"
    run -1 --separate-stderr check --json /nonexistent
    jq -e '. == {subject: "/nonexistent", works: false, why: "there is no such file"}' <<<"$output" || fails_with "$output"
    # What is in a name stays in it.
    cp "$(command -v sleep)" $'a: yes, "\033[31m'
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off $'./a: yes, "\033[31m' 1000
    wait_until grep -q libsockshim "/proc/$BACKGROUND/maps"
    run --separate-stderr check --json "$BACKGROUND"
    jq -e --arg pid "$BACKGROUND" '(.subject | startswith($pid + " (a")) and (.why | type == "string") and ([.[] | tostring] | any(test("\u001b")) | not)' \
        <<<"$output" || fails_with "$output"
    background env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=off sleep 1000
    wait_until grep -q libsockshim "/proc/$BACKGROUND/maps"
    run -0 --separate-stderr check --json "$BACKGROUND"
    jq -e --arg shim "$SHIM" '.works and .why == $shim + " is loaded" and .log == "off" and (.settings | contains("SOCKSHIM_LOG=off"))' <<<"$output" ||
        fails_with "$output"
    run -0 check -q --json cat
    [ -z "$output" ]
}

@test "-q prints nothing" {
    run -0 --separate-stderr check -q sh
    [ -z "$output$stderr" ]
    run -1 --separate-stderr check -q -- nowhere
    [ -z "$output$stderr" ]
}

refuses() {
    expect_refusal check "$@"
}

@test "a wrong call is one line and exit status 2" {
    refuses "no command and no PID to check; see sockshim help check"
    refuses "no command and no PID to check; see sockshim help check" -q --
    refuses "no command and no PID to check; see sockshim help check" ''
    refuses "check takes one command or PID, without its arguments, not curl -s; see sockshim help check" curl -s
    refuses "unknown option --quite; see sockshim help check" --quite sh
    refuses "unknown option --hlep (did you mean --help?); see sockshim help check" --hlep
    BUILD=/none refuses "/none/libsockshim.so is not there: run make in $TOP" sh
}
