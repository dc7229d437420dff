#!/usr/bin/env bats
# SPEC: sockshim check says whether the shim can see into a command, or sees into
# a process, and if not, why and what to use instead.

load helpers

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR"
}

# says STATUS ANSWER WORD...: one line, on stdout.
says() {
    run "-$1" --separate-stderr "$SOCKSHIM_COMMAND" check "${@:3}"
    [ -z "$stderr" ] || fails_with "$stderr"
    [ "${#lines[@]}" -eq 1 ] || fails_with "$output"
    # shellcheck disable=SC2053 # a glob
    [[ $output == $2 ]] || fails_with "$output"
}

compile() {
    echo 'int main(void) { return 0; }' | ${CC:-cc} -x c - -o "$@"
}

# A process that waits, with these settings.
waiting() {
    background env LD_PRELOAD="$SHIM" "$@" sleep 60
    wait_until process_is sleep
}

process_is() {
    [ "$(cat "/proc/$BACKGROUND/comm")" = "$1" ]
}

@test "a program is found in PATH, and by its path" {
    says 0 "curl: yes, $(command -v curl) can be seen into" curl
    cp /bin/sleep ./mine
    says 0 "./mine: yes, ./mine can be seen into" ./mine
    mkdir bin && mv mine bin/42
    # A word of digits is a command behind --.
    PATH=$PWD/bin:$PATH says 0 "42: yes, $PWD/bin/42 can be seen into" -- 42
    PATH=$PWD/bin:$PATH says 0 "bin/42: yes, bin/42 can be seen into" bin/42
}

@test "a script is what its interpreter is, through env, too" {
    printf '#!/bin/sh\n' >plain
    printf '#!/usr/bin/env -S LANG=C perl -w\n' >by_env
    printf '#!%s\n' "$PWD/plain" >twice
    compile static -static
    printf '#!%s\n' "$PWD/static" >of_static
    chmod +x plain by_env twice of_static
    says 0 "./plain: yes, it is a script, and /bin/sh can be seen into; what it starts *" ./plain
    says 0 "./by_env: yes, it is a script, and $(command -v perl) can be seen into" ./by_env
    says 0 "./twice: yes, it is a script, and /bin/sh can be seen into*" ./twice
    says 1 "./of_static: no, $PWD/static is statically linked, *; watch it with strace*" ./of_static
}

@test "no: not there, a folder, not executable" {
    touch file
    says 1 "nothing-of-that-name: no, command not found" nothing-of-that-name
    says 1 "./nothing: no, command not found" ./nothing
    says 1 "./file: no, permission denied" ./file
    says 1 "/tmp: no, is a directory" /tmp
}

@test "no: static, another C library, another architecture, and what to use instead" {
    compile static -static
    CC=musl-gcc compile musl
    CC="clang --target=aarch64-linux-gnu -fuse-ld=bfd" compile arm
    says 1 "./static: no, ./static is statically linked, so nothing can be preloaded; watch it with strace -f -e trace=network, or tcpdump" ./static
    says 1 "./musl: no, ./musl uses another C library (musl) than libsockshim.so (glibc); build the object for it *" ./musl
    says 1 "./arm: no, ./arm is for aarch64, libsockshim.so for x86-64; build the object for it *" ./arm
}

@test "no: setuid, setgid and file capabilities, for those whom they concern" {
    local work=$BATS_TEST_TMPDIR/all
    mkdir -m 755 "$work"
    chmod 755 "$BATS_TEST_TMPDIR"
    make -s -C "$TOP" BUILD="${SHIM%/*}" PREFIX=/opt DESTDIR="$work/root" install
    local file
    for file in setuid setgid capable; do
        cp /bin/sleep "$work/$file"
    done
    chmod u+s "$work/setuid"
    chmod g+s "$work/setgid"
    setcap cap_net_raw+ep "$work/capable"
    background sleep 60
    # In a place that others may get to.
    run -1 unshare -m sh -c "mount --bind '$work' /mnt && cd /mnt && exec setpriv --reuid=65534 --regid=65534 --clear-groups \
        sh -c 'unset BUILD; for f in setuid setgid capable; do root/opt/bin/sockshim check ./\$f; done
            root/opt/bin/sockshim check $BACKGROUND'"
    [[ ${lines[0]} == "./setuid: no, ./setuid is setuid (user 0), so the loader ignores LD_PRELOAD; start sockshim as the user "* ]] || fails_with "$output"
    [[ ${lines[1]} == "./setgid: no, ./setgid is setgid (group 0), "* ]] || fails_with "$output"
    [[ ${lines[2]} == "./capable: no, ./capable has file capabilities, "* ]] || fails_with "$output"
    # Nor may anybody look into root's processes.
    [[ ${lines[3]} == "$BACKGROUND (sleep): no, or not known: it is user 0's, and we may not look into it; ask as root" ]] || fails_with "$output"
    # Not root, whom no set-id bit makes anybody else.
    says 0 "*/setuid: yes, *" "$work/setuid"
}

@test "AddressSanitizer's runtime has to come first, and that is said" {
    compile asan -fsanitize=address
    says 0 "./asan: yes, ./asan can be seen into; AddressSanitizer's runtime must come first: LD_PRELOAD=libasan.so.*" ./asan
}

@test "a process under the shim: its settings, and where its log is" {
    waiting SOCKSHIM_LOG=log.%n.%p SOCKSHIM_LEVEL=info SOCKSHIM_SKIP='EINTR,would-block'
    wait_until test -e "log.sleep.$BACKGROUND"
    cd /
    says 0 "$BACKGROUND (sleep): yes, the shim is loaded; its log is $BATS_TEST_TMPDIR/log.sleep.$BACKGROUND; SOCKSHIM_LEVEL=info SOCKSHIM_SKIP=EINTR,would-block" "$BACKGROUND"
    rm "$BATS_TEST_TMPDIR/log.sleep.$BACKGROUND"
    says 0 "$BACKGROUND (sleep): yes, * its log is log.sleep.$BACKGROUND, which was removed; *" "$BACKGROUND"
}

@test "a process whose log is stderr, or off" {
    waiting SOCKSHIM_LOG= 2>errors
    says 0 "$BACKGROUND (sleep): yes, the shim is loaded; its log is its standard error, $PWD/errors" "$BACKGROUND"
    waiting SOCKSHIM_LOG=off
    says 0 "$BACKGROUND (sleep): yes, the shim is loaded; its log is off" "$BACKGROUND"
}

@test "a process that has the shim, and is left alone by it" {
    waiting SOCKSHIM=off
    says 1 "$BACKGROUND (sleep): no, the shim is loaded, but SOCKSHIM=off is in its environment" "$BACKGROUND"
    waiting SOCKSHIM_ONLY='curl,sl[aiou]*' SOCKSHIM_LOG=off
    says 1 "$BACKGROUND (sleep): no, the shim is loaded, but leaves it alone: SOCKSHIM_ONLY=curl,sl*" "$BACKGROUND"
    waiting SOCKSHIM_ONLY='curl,sl[aeiou]*' SOCKSHIM_LOG=off
    says 0 "$BACKGROUND (sleep): yes, *" "$BACKGROUND"
}

@test "a process without it: whether it could have it" {
    background sleep 60
    wait_until process_is sleep
    says 1 "$BACKGROUND (sleep): no, the shim is not loaded; $(readlink -f /bin/sleep) can be seen into: start it again under sockshim" "$BACKGROUND"
    echo 'int main(void) { for (;;) { __builtin_ia32_pause(); } }' | cc -static -x c - -o static
    background ./static
    wait_until process_is static
    says 1 "$BACKGROUND (static): no, the shim is not loaded, and cannot be: $PWD/static is statically linked, *; watch it with strace *" "$BACKGROUND"
    background env LD_PRELOAD=/nowhere/libsockshim.so sleep 60 2>errors
    wait_until process_is sleep
    says 1 "$BACKGROUND (sleep): no, LD_PRELOAD names the shim, yet it is not loaded: *" "$BACKGROUND"
}

@test "a process that is none, has ended, or is the kernel's" {
    says 1 "4194999: no, there is no process 4194999" 4194999
    says 1 "2 (*): no, it is a thread of the kernel" 2
    "$PYTHON" -c 'import os, sys
pid = os.fork() or os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print(pid, flush=True)
sys.stdin.read()' >pid < <(sleep 60) 3>&- &
    local python=$!
    BACKGROUNDS+=" $python"
    wait_until test -s pid
    says 1 "$(cat pid) (python3): no, it has ended (a zombie)" "$(cat pid)"
}

@test "a wrong call is one line, and exit status 2" {
    local words
    for words in "" "one two" "--pid" "-x 1"; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr "$SOCKSHIM_COMMAND" check $words
        [ -z "$output" ]
        [ "${#stderr_lines[@]}" -eq 1 ] || fails_with "$stderr"
        [[ $stderr == "sockshim: "*"; see sockshim help check" ]] || fails_with "$stderr"
    done
}
