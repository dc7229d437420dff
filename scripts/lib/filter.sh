# shellcheck shell=sh
# The words of report's and follow's command line. Most are about which records to
# show: filters, which records.awk applies.

. "${lib:?}/causes.sh"
. "$lib/tables.sh"

FILTER_OPTIONS="--since --until --cause --peer --prog --level"

# filter_read_words SUBCOMMAND OPTIONS WORD...: calls SUBCOMMAND_logs with the words that
# are no options. Of the options it passes those that are not common to both on to
# SUBCOMMAND_option; OPTIONS are all that want a value.
filter_read_words() {
    filter_subcommand=$1
    filter_color=auto
    filter_valued=" $2 "
    shift 2
    filter_left=$#
    while [ "$filter_left" -gt 0 ]; do
        filter_word=$1
        shift
        filter_left=$((filter_left - 1))
        case $filter_word in
        --)
            while [ "$filter_left" -gt 0 ]; do
                set -- "$@" "$1"
                shift
                filter_left=$((filter_left - 1))
            done
            ;;
        -h | --help) "${filter_subcommand}_usage" && exit 0 ;;
        --*=*) filter_take_option "${filter_word%%=*}" "${filter_word#*=}" ;;
        -?*)
            case $filter_valued in
            *" $filter_word "*)
                [ "$filter_left" -gt 0 ] || wrong_call "$filter_subcommand" "$filter_word needs a value"
                filter_take_option "$filter_word" "$1"
                shift
                filter_left=$((filter_left - 1))
                ;;
            *) filter_take_option "$filter_word" ;;
            esac
            ;;
        *) set -- "$@" "$filter_word" ;;
        esac
    done
    FILTER_IS_SET=$FILTER_SINCE$FILTER_UNTIL$FILTER_CAUSE$FILTER_PEER$FILTER_PROG$FILTER_LEVEL
    "${filter_subcommand}_logs" "$@"
}

# filter_take_option OPTION [VALUE]
filter_take_option() {
    case $1 in
    --color)
        case $2 in
        auto | always | never) filter_color=$2 ;;
        *) wrong_call "$filter_subcommand" "--color $2 is not allowed; allowed: auto always never" ;;
        esac
        ;;
    --since | --until | --cause | --peer | --prog | --level) filter_option "$filter_subcommand" "$1" "$2" ;;
    --help) wrong_call "$filter_subcommand" "$1 takes no value" ;;
    *) "${filter_subcommand}_option" "$@" ;;
    esac
}

filter_usage() {
    cat <<'END'
  --since TIME        from TIME on: 2026-11-22T03:00, "2026-11-22 03:00:30",
                      03:00 (the last one), or 90s, 15m, 2h, 3d ago. UTC, as in
                      the log
  --until TIME        before TIME
  --cause LIST        these causes alone; globs, with commas between them:
                      peer-*,timeout
  --peer LIST         these peers, as report names them; globs, with a port or
                      without: 10.0.0.9,10.1.*:443,/run/*,process 4711
  --prog LIST         these programs; globs
  --level LEVEL       the lowest level: debug, info, warn or error
END
}

# For awk, and not from our caller.
FILTER_SINCE='' FILTER_UNTIL='' FILTER_CAUSE='' FILTER_PEER='' FILTER_PROG='' FILTER_LEVEL='' FILTER_IS_SET=''
export FILTER_SINCE FILTER_UNTIL FILTER_CAUSE FILTER_PEER FILTER_PROG FILTER_LEVEL FILTER_IS_SET

# filter_option SUBCOMMAND OPTION VALUE: takes one of FILTER_OPTIONS.
filter_option() {
    case $2 in
    --since) FILTER_SINCE=$(filter_moment "$3") || filter_no_time "$@" ;;
    --until)
        # Only a log that is followed has a future.
        [ "$1" = follow ] && filter_may_come=yes || filter_may_come=
        FILTER_UNTIL=$(filter_moment "$3" "$filter_may_come") || filter_no_time "$@"
        ;;
    --cause) filter_check_causes "$1" "$3" && FILTER_CAUSE=$3 ;;
    --peer) FILTER_PEER=$3 ;;
    --prog) FILTER_PROG=$3 ;;
    --level)
        filter_levels=$(tables_list level) || exit
        printf '%s\n' "$filter_levels" | grep -qxF -e "$3" ||
            wrong_call "$1" "--level $3 is not allowed; allowed: $(printf '%s' "$filter_levels" | tr '\n' ' ')"
        FILTER_LEVEL=$3
        ;;
    esac
}

filter_no_time() {
    wrong_call "$1" "$2 $3 is no time; 2026-11-22T03:00, 03:00 and 15m (ago) are"
}

# A misspelt cause would find nothing, which reads like good news.
filter_check_causes() {
    set -f
    # shellcheck disable=SC2046
    for filter_cause in $(printf '%s' "$2" | tr ',' ' '); do
        case $filter_cause in
        *[*?]*) continue ;;
        esac
        ! causes_has "$filter_cause" || continue
        filter_meant=$(causes_nearest "$filter_cause")
        wrong_call "$1" "no cause $filter_cause${filter_meant:+ (did you mean $filter_meant?)}"
    done
    set +f
}

# filter_moment TEXT [MAY_COME]: a time as the log writes it; fails if TEXT is none.
filter_moment() {
    FILTER_NOW=$(date +%s) FILTER_MOMENT=$1 FILTER_MAY_COME=${2-} LC_ALL=C awk -f "$lib/calendar.awk" -f "$lib/moment.awk"
}
