# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# The recorder beside the text log and what else one would watch a program's calls with: calls
# that fail, which all of them tell of, and calls that succeed, which the recorder keeps if
# it is asked to.

. "$bench/success.sh"

WORKLOADS="blocked tcp"

label_of_workload() {
    case $1 in
    blocked) echo "a recv that would block" ;;
    tcp) echo "TCP there and back" ;;
    esac
}

label_of_way() {
    case $1 in
    native | again) echo "$1" ;;
    off) echo "shim, log off" ;;
    recorder) echo "recorder" ;;
    calls) echo "recorder, all calls" ;;
    log) echo "text log" ;;
    *) echo "$1" ;;
    esac
}

measure_recorder() {
    milliseconds=$(full_or_quick 50 5)
    on=$pin
    find_tools
    ways="native again off recorder calls log$tools"
    measure_place one "one CPU"
}
