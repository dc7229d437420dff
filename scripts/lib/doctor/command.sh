# shellcheck shell=sh
# shellcheck disable=SC2154 # $doctor_seconds, $doctor_watch and $lib are doctor.sh's
# For doctor.sh: the facts of the time while COMMAND runs.

# doctor_command [OPTIONS] -- COMMAND...: never comes back.
doctor_command() {
    case $1 in
    -*) ;;
    *) wrong_call doctor "$1 is not an option, and only options are allowed before --" ;;
    esac
    for doctor_word; do
        case $doctor_word in
        --seconds | --seconds=* | --watch | --watch=*) wrong_call doctor "${doctor_word%%=*} is not for doctor -- COMMAND, which compares the counters before and after" ;;
        -q) wrong_call doctor "-q is not allowed: with it, sockshim is gone before the counters can be compared" ;;
        --) break ;;
        esac
    done
    # shellcheck source=/dev/null # of its own
    . "$lib/commands/run.sh"
    run_launch "$(doctor_counters before && printf 'began\t%s\n' "$(doctor_clock)")" "$@"
}

# doctor_after COUNTERS LEVEL SKIP records|'' [FROM PATH]...: called by the launcher
# after its summary. LEVEL and SKIP are the log's, and PATH from byte FROM on is what
# the run has added to it.
doctor_after() {
    terminal_decide_columns
    {
        printf '%s\nended\t%s\n' "$1" "$(doctor_clock)"
        doctor_counters after
        doctor_knobs
        doctor_system
        doctor_conntrack
        doctor_addresses /proc/net
        doctor_udp 2 /proc/net
        doctor_resolvers "" default
        ! command -v ss >/dev/null || doctor_at_paths ss
        printf 'level\t%s\nskip\t%s\n' "$2" "$3"
        [ -z "$4" ] || echo records
        shift 4
        while [ $# -gt 1 ]; do
            tail -c "+$1" -- "$2"
            shift 2
        done
    } | doctor_awk command command_log command_losses shared names address
}
