# For tests that let the program of tests/life, transparent, live the same life twice.

# Each setting, and what it promises: SIGPIPE (off: nothing but a write to a socket is
# swallowed, and the program guards itself against those), NODELAY and whether the log
# has a descriptor of its own.
SETTINGS_AND_PROMISES="
SOCKSHIM=off                off    off no
SOCKSHIM_LOG=off            off    on  no
SOCKSHIM_LOG=stderr         off    on  no
SOCKSHIM_LOG=log            off    on  yes
SOCKSHIM_FORMAT=json        off    on  yes
SOCKSHIM_LEVEL=info         off    on  yes
SOCKSHIM_SKIP=EBADF,recv    off    on  yes
SOCKSHIM_NODELAY=off        off    off yes
SOCKSHIM=watch              off    off yes
SOCKSHIM_SIGPIPE=ignore     ignore on  yes
SOCKSHIM_SIGPIPE=always     always on  yes
SOCKSHIM_SIGPIPE=off        off    on  yes"

# An acknowledgement that is delayed, by 40 ms or by chance, decides what is sent next, and
# how it lies in the receiver's queue: none is.
# shellcheck disable=SC2016
WORLD='ip link set lo up
for to in 127.0.0.0/8 127.0.0.1; do
    ip route change local $to dev lo proto kernel scope host src 127.0.0.1 table local quickack 1
done
ip -6 route replace local ::1 dev lo table local metric 10 quickack 1
ip -6 route del local ::1 dev lo table local metric 0
exec "$@"'

# in_empty_world FOLDER COMMAND...: in an empty folder and a network namespace of
# its own, with as many descriptors as nearly everywhere, or $DESCRIPTORS; behind $FILTER, words
# that put a filter on.
in_empty_world() {
    local rights=
    [ "$(id -u)" -eq 0 ] || rights=-r
    rm -rf "$1"
    mkdir "$1"
    # shellcheck disable=SC2086
    (cd "$1" && ulimit -Sn "${DESCRIPTORS:-1024}" && unshare $rights -n sh -c "$WORLD" - $FILTER "${@:2}") 3>&-
}

# live_twice PROGRAM SEED STEPS SETTING SIGPIPE NODELAY LOG: what the program saw
# is in native.out and shim.out.
live_twice() {
    local promised=("${@:5}") native=0 shim=0
    in_empty_world native "$1" "$2" "$3" native "${promised[@]}" >native.out 2>native.err || native=$?
    in_empty_world shim env LD_PRELOAD="$SHIM" SOCKSHIM_LOG=log "$4" "$1" "$2" "$3" shim \
        "${promised[@]}" >shim.out 2>shim.err || shim=$?
    [ $native -eq 0 ] && [ $shim -eq 0 ] && cmp -s native.out shim.out
}

# same_life SEED SETTING...
same_life() {
    live_twice "$PROGRAM" "$1" "$STEPS" "${@:2}" ||
        fails_with "seed $1, $2: $(diff native.out shim.out | head -20; tail -3 shim.err)"
    cat shim.out >>lives
}

# same_lives SEED: with each setting another seed's life, from this one on.
same_lives() {
    local seed=$1 setting
    in_empty_world empty true || skip "no network namespaces here"
    while read -r -a setting; do
        [ -z "${setting[0]}" ] || same_life $((seed++)) "${setting[@]}"
    done <<<"$SETTINGS_AND_PROMISES"
}

# all_calls_made: each wrapped function, under each of its names, with success and
# without. These cannot fail, or not here.
all_calls_made() {
    local name errno
    for name in $(nm -D --defined-only "$SHIM" | awk '{ print $3 }'); do
        [[ $name != @(get*info|gethostbyaddr*) ]] || continue # passed on as it is; it asks the world outside
        errno=23130
        [[ $name != gethostby*_r ]] || errno='(0|23130)' # glibc's set it to their result
        grep -qE "^[0-9]+ $name .*= [0-9]+ $errno " lives || fails_with "no $name succeeds"
        grep -qE "^[0-9]+ $name .*= -1 " lives || [[ $name =~ sig|closefrom|ssignal|prctl_time64|vfork ]] ||
            fails_with "no $name fails"
    done
    grep -q '= CRASH' lives
}
