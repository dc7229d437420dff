# For tests of the command: on each shell and awk that it has to work with. The
# test is in a folder of its own.

# refute COMMAND...: it must fail. (bats does not notice `! COMMAND`.)
refute() {
    ! "$@" || fails_with "this is true: $*"
}

# use SHELL AWK: what the command runs with; busybox is a whole system of its own.
use() {
    rm -rf bin
    mkdir bin
    SYSTEM_PATH=$PWD/bin:$PATH
    if [ "$1" = busybox ]; then
        busybox --install -s "$PWD/bin"
        SYSTEM_PATH=$PWD/bin
    fi
    ln -sf "$(command -v "$1")" bin/sh
    ln -sf "$(command -v "$2")" bin/awk
}

# on_each_system COMMAND...
on_each_system() {
    local system
    for system in "dash mawk" "bash gawk" "busybox busybox"; do
        # shellcheck disable=SC2086
        use $system
        echo "with $system:"
        "$@"
    done
}
