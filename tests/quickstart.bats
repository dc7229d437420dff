#!/usr/bin/env bats
# The first run on a fresh machine.

bats_require_minimum_version 1.5.0

setup() {
    load helpers
    cd "$BATS_TEST_TMPDIR" || return 1
    export BUILD=$BATS_TEST_TMPDIR/out
    unset DEBIAN_FRONTEND
}

# All that make makes, so that not every test builds it anew: as old as one another.
built() {
    mkdir -p "$BUILD"
    cp -r "${SHIM%/*}"/{completions,launcher,shim,tables,tables.txt,libsockshim.so,sockshim-*} "$BUILD/"
    find "$BUILD" -exec touch -d "@$(date +%s.%N)" {} +
}

# Every program of the system but those named, in bin, which is all of PATH.
system_without() {
    mkdir bin
    find /usr/bin /bin /usr/sbin -maxdepth 1 -exec ln -sf -t bin {} +
    (cd bin && rm -f -- "$@")
}

no_compiler() {
    system_without cc gcc gcc-* c89* c99* clang* tcc make apt-get apk dnf pacman zypper sudo
}

# A package manager that writes down how it is called, and whose gcc and make
# are the system's.
fake_apt() {
    cat >bin/apt-get <<'END'
#!/bin/sh
echo "$DEBIAN_FRONTEND $*" >>calls
case $* in
*install*) ln -sf /usr/bin/cc /usr/bin/gcc /usr/bin/make bin/ ;;
esac
END
    sed -i "s|calls|$PWD/calls|; s| bin/ | $PWD/bin/ |" bin/apt-get
    chmod +x bin/apt-get
}

# The output has this somewhere.
shows() {
    [[ $output == *$1* ]] || fails_with "not shown: $1"$'\n'"$output"
}

shows_everything() {
    shows $'bye\n(exit status 0)'
    shows $'\ncat: -: Connection reset by peer\n(exit status 1)'
    shows $'exec yes >&3\'\nbye\n(exit status 141)'
    shows $'exec yes >&3\'\nbye\nyes: standard output: Broken pipe\n(exit status 1)'
    shows $'\ncat: read = 0  cause=peer-closed\n    127.0.0.1:'
    shows $'\ncat: read = -1 error=ECONNRESET  cause=peer-reset\n    127.0.0.1:'
    shows $'\nyes: write = -1 error=EPIPE  cause=write-after-close\n    127.0.0.1:'
    shows $'What they mean:\n  peer-closed '
    shows $'\n  peer-reset '
    shows $'\n  write-after-close '
    shows " prog=cat call=read fd=0 ret=-1 errno=104 error=ECONNRESET "
    shows $'\n== Next\n\nscripts/sockshim COMMAND'
    local next
    for next in "sockshim report " "sockshim explain " "sockshim follow " "make install "; do
        shows "$next"
    done
}

@test "it builds, shows an end, a reset and a survived SIGPIPE, and says what next" {
    run -0 "$TOP/scripts/quickstart"
    shows_everything
    [ -e "$BUILD/libsockshim.so" ]
    LOG=$BUILD/quickstart.log
    expect_count 1 '.cause == "peer-reset" and .prog == "cat"'
    expect_count 1 '.cause == "write-after-close" and .prog == "yes"'
    expect_count 2 '.cause == "peer-closed" and .prog == "cat"'
}

@test "it shows the same each time, wherever it is started and whatever is set" {
    built
    local i first=
    for i in $(seq 10); do
        SOCKSHIM_LEVEL=error SOCKSHIM_FORMAT=json SOCKSHIM_RESET=eof LD_PRELOAD=$SHIM \
            run -0 "$TOP/scripts/quickstart"
        shows_everything
        output=$(sed 's/127\.0\.0\.1[:/][0-9]*/ADDRESS/g; /^ts=/d' <<<"$output")
        [ -z "$first" ] || [ "$output" = "$first" ] || fails_with "$output"
        first=$output
    done
}

@test "it works for a user who is not root" {
    cp -r "$TOP/shim" "$TOP/Makefile" "$TOP/scripts" .
    built
    chown -R nobody .
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/
    run -0 setpriv --reuid=nobody --regid=nogroup --clear-groups scripts/quickstart
    shows_everything
    chown -R root out
    run -1 setpriv --reuid=nobody --regid=nogroup --clear-groups scripts/quickstart
    [[ $output == *"quickstart: $BUILD: this user cannot write there; set BUILD to another directory" ]] || fails_with "$output"
}

@test "it installs a compiler and make with apt-get, and builds with them" {
    no_compiler
    fake_apt
    # Not all of it is to be built; what is needs both.
    built
    rm "$BUILD/libsockshim.so" "$BUILD/shim/start/"*.o
    PATH=$PWD/bin run -0 "$TOP/scripts/quickstart"
    shows_everything
    [ -e "$BUILD/libsockshim.so" ]
    [ "${lines[0]}" = "Installing: gcc libc6-dev make (one to two minutes)" ]
    [ "$(cat calls)" = " update -q -o Acquire::Retries=3 -o APT::Update::Error-Mode=any
noninteractive install -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 --no-install-recommends gcc libc6-dev make" ] || fails_with "$(cat calls)"
}

@test "it installs only what is missing" {
    no_compiler
    built
    ln -s /usr/bin/cc bin/
    fake_apt
    PATH=$PWD/bin run -0 "$TOP/scripts/quickstart"
    [ "${lines[0]}" = "Installing: make (one to two minutes)" ]
}

@test "what apt-get cannot do is said" {
    no_compiler
    printf '#!/bin/sh\n[ "$1" = update ]\n' >bin/apt-get
    chmod +x bin/apt-get
    PATH=$PWD/bin run -1 "$TOP/scripts/quickstart"
    [[ $output == *"quickstart: cannot install gcc libc6-dev make: apt-get install failed, see above" ]] || fails_with "$output"
    printf '#!/bin/sh\nexit 1\n' >bin/apt-get
    PATH=$PWD/bin run -1 "$TOP/scripts/quickstart"
    [[ $output == *"quickstart: cannot install gcc libc6-dev make: apt-get update failed, see above (is there a network?)" ]] || fails_with "$output"
    printf '#!/bin/sh\n' >bin/apt-get
    PATH=$PWD/bin run -1 "$TOP/scripts/quickstart"
    [[ $output == *"quickstart: still missing: gcc libc6-dev make; install them and run this again" ]] || fails_with "$output"
}

@test "without apt-get, or without the right to use it, it names the packages" {
    no_compiler
    names() {
        PATH=$PWD/bin run -1 --separate-stderr "$TOP/scripts/quickstart"
        [ "$stderr" = "quickstart: $1" ] || fails_with "$stderr"
        [ -z "$output" ]
    }
    names "missing (by their names in Debian): gcc libc6-dev make; install them and run this again"
    local manager
    for manager in apk dnf pacman zypper; do
        ln -s /bin/true "bin/$manager"
        PATH=$PWD/bin run -1 --separate-stderr "$TOP/scripts/quickstart"
        [[ $stderr == "quickstart: missing, run: $manager "*gcc*make* ]] || fails_with "$stderr"
        rm "bin/$manager"
    done
    fake_apt
    printf '#!/bin/sh\necho 1000\n' >id && chmod +x id && mv id bin/id
    names "missing: gcc libc6-dev make; this is not root, and there is no sudo: run as root: apt-get install gcc libc6-dev make"
    # With sudo it does it itself.
    printf '#!/bin/sh\necho "sudo $1" >>%s\nexec "$@"\n' "$PWD/calls" >bin/sudo
    chmod +x bin/sudo
    built
    PATH=$PWD/bin run -0 "$TOP/scripts/quickstart"
    [ "$(grep -c '^sudo' calls)" -eq 2 ]
}

@test "who asks for help or types a word gets one line, and nothing is installed, built or run" {
    run -0 "$TOP/scripts/quickstart" --help
    [[ $output == "usage: scripts/quickstart: "* && ${#lines[@]} -eq 1 ]] || fails_with "$output"
    run -1 "$TOP/scripts/quickstart" now
    [ "$output" = "quickstart: takes no arguments, not now" ] || fails_with "$output"
    run -2 "$TOP/scripts/deb" --help
    [[ $output == "usage: make deb"* ]] || fails_with "$output"
    run -0 "$TOP/scripts/test" --help
    [[ $output == "usage: scripts/test "* ]] || fails_with "$output"
    run -1 "$TOP/scripts/test" -x
    [ "$output" = "test: unknown option -x; see scripts/test --help" ] || fails_with "$output"
}

@test "a folder that LD_PRELOAD cannot hold is named before anything is built" {
    mkdir -p 'a b/scripts'
    cp "$TOP/scripts/quickstart" 'a b/scripts/'
    BUILD=build run -1 'a b/scripts/quickstart'
    [ "$output" = "quickstart: $PWD/a b/build: LD_PRELOAD cannot contain a space or a colon; set BUILD to another directory" ]
    BUILD=/x:y run -1 "$TOP/scripts/quickstart"
    [[ $output == "quickstart: /x:y: "* ]]
}

@test "a build that fails is shown" {
    system_without make
    printf '#!/bin/sh\necho "shim/x.c: no good" >&2\nexit 2\n' >bin/make
    chmod +x bin/make
    PATH=$PWD/bin run -1 "$TOP/scripts/quickstart"
    [[ $output == *$'shim/x.c: no good\nquickstart: make failed; see above' ]] || fails_with "$output"
}

@test "a shim that does nothing is not praised" {
    system_without make
    ln -s /bin/true bin/make
    mkdir out
    gcc -shared -o out/libsockshim.so -x c - <<<'int nothing;'
    # bats would wait for the demonstration's server, which ends after a minute.
    PATH=$PWD/bin run -1 "$TOP/scripts/quickstart" 3>&-
    [[ $output == *"sockshim does not work here" ]] || fails_with "$output"
}
