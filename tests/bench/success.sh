# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# Calls that succeed, in whole programs: native and native again (what differs
# there is noise), with an empty object preloaded, under the shim, and with what
# else one would look at a program's calls with.

WORKLOADS="tcp unix stream"

label_of_way() {
    case $1 in
    native) echo native ;;
    again) echo "native again" ;;
    empty) echo "an empty object" ;;
    off) echo "shim, log off" ;;
    log) echo "shim, log on" ;;
    *) echo "$1" ;;
    esac
}

label_of_workload() {
    case $1 in
    tcp) echo "TCP there and back" ;;
    unix) echo "unix there and back" ;;
    stream) echo "TCP 64 KiB" ;;
    esac
}

version_of() {
    case $1 in
    strace) strace -V | sed -n '1s/.*version //p' ;;
    ltrace) ltrace -V | sed -n '1s/^ltrace[^0-9]*\([0-9.]*[0-9]\).*/\1/p' ;;
    perf) perf --version | sed 's/.*version //' ;;
    bpftrace) bpftrace --version | sed 's/bpftrace v*//' ;;
    esac
}

# Which of the others can be measured.
find_tools() {
    tools=
    for tool in strace ltrace perf bpftrace; do
        if ! has "$tool"; then
            skip "$tool" "not installed"
        elif under "$tool" "$programs/workload" 1 tcp 2>/dev/null | grep -qx '[0-9.]*'; then
            peer "$tool" "$(version_of "$tool")"
            tools="$tools $tool"
        else
            skip "$tool" "installed, but does not work here"
        fi
    done
}

declare_workload() {
    for way in $ways; do
        base=
        [ "$way" = native ] || base=base=$1-$2/native
        figure "$1-$2/$way" ns "$(label_of_workload "$1"), $3: $(label_of_way "$way")" "$base"
    done
}

measure_place() {
    for workload in $WORKLOADS; do
        declare_workload "$workload" "$1" "$2"
    done
    for round in $(every_round); do
        for way in $(in_order "$round" $ways); do
            found=$(under "$way" "$programs/workload" "$milliseconds" $WORKLOADS)
            for workload in $WORKLOADS; do
                sample "$workload-$1/$way" "$(first_word $found)"
                found=$(other_words $found)
            done
        done
    done
}

measure_success() {
    milliseconds=$(full_or_quick 50 5)
    on=
    find_tools
    ways="native again empty off log$tools"
    measure_place free "any CPU"
    on=$pin
    if [ -n "$on" ]; then
        measure_place pinned "one CPU"
    else
        skip "one CPU" "taskset is not installed"
    fi
}
