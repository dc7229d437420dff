# shellcheck shell=sh
# The words of report's and follow's command line. Most are about which records to
# show: filters, which records.awk applies.

FILTER_OPTIONS="--since --until --cause --peer --prog --level"

# read_words SUBCOMMAND OPTIONS WORD...: calls SUBCOMMAND_logs with the words that
# are no options. Of the options it passes those that are not common to both on to
# SUBCOMMAND_option; OPTIONS are all that want a value.
read_words() {
    subcommand=$1
    valued=" $2 "
    shift 2
    left=$#
    while [ "$left" -gt 0 ]; do
        word=$1
        shift
        left=$((left - 1))
        case $word in
        --)
            while [ "$left" -gt 0 ]; do
                set -- "$@" "$1"
                shift
                left=$((left - 1))
            done
            ;;
        -h | --help) "${subcommand}_usage" && exit 0 ;;
        --*=*) take_option "${word%%=*}" "${word#*=}" ;;
        -?*)
            case $valued in
            *" $word "*)
                [ "$left" -gt 0 ] || wrong_call "$subcommand" "$word needs a value"
                take_option "$word" "$1"
                shift
                left=$((left - 1))
                ;;
            *) take_option "$word" ;;
            esac
            ;;
        *) set -- "$@" "$word" ;;
        esac
    done
    "${subcommand}_logs" "$@"
}

# take_option OPTION [VALUE]
take_option() {
    case $1 in
    --color)
        case $2 in
        auto | always | never) color_when=$2 ;;
        *) wrong_call "$subcommand" "--color $2 is not allowed; allowed: auto always never" ;;
        esac
        ;;
    --since | --until | --cause | --peer | --prog | --level) filter_option "$subcommand" "$1" "$2" ;;
    --help) wrong_call "$subcommand" "$1 takes no value" ;;
    *) "${subcommand}_option" "$@" ;;
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
SINCE='' UNTIL='' WANTED_CAUSE='' WANTED_PEER='' WANTED_PROG='' LOWEST=''
export SINCE UNTIL WANTED_CAUSE WANTED_PEER WANTED_PROG LOWEST

# filter_option SUBCOMMAND OPTION VALUE: takes one of FILTER_OPTIONS.
filter_option() {
    case $2 in
    --since) SINCE=$(moment "$3") || no_time "$@" ;;
    --until)
        # Only a log that is followed has a future.
        [ "$1" = follow ] && may_come=yes || may_come=
        UNTIL=$(moment "$3" "$may_come") || no_time "$@"
        ;;
    --cause) check_causes "$1" "$3" && WANTED_CAUSE=$3 ;;
    --peer) WANTED_PEER=$3 ;;
    --prog) WANTED_PROG=$3 ;;
    --level)
        case $3 in
        debug | info | warn | error) LOWEST=$3 ;;
        *) wrong_call "$1" "--level $3 is not allowed; allowed: debug info warn error" ;;
        esac
        ;;
    esac
}

no_time() {
    wrong_call "$1" "$2 $3 is no time; 2026-11-22T03:00, 03:00 and 15m (ago) are"
}

# A misspelt cause would find nothing, which reads like good news.
check_causes() {
    causes=$(awk '/^cause:/ { print $2 }' "$lib/causes.txt")
    set -f
    # shellcheck disable=SC2046
    for cause in $(printf '%s' "$2" | tr ',' ' '); do
        case $cause in
        *[*?]*) continue ;;
        esac
        ! printf '%s\n' "$causes" | grep -qxF -e "$cause" || continue
        # shellcheck disable=SC2086
        meant=$(nearest "$cause" $causes)
        wrong_call "$1" "no cause $cause${meant:+ (did you mean $meant?)}"
    done
    set +f
}

# moment TEXT [MAY_COME]: a time as the log writes it, without what TEXT leaves out
# at the end: as text it sorts before all that it is the beginning of. A time of day
# is today's, or yesterday's if it is still to come and may not.
moment() {
    NOW=$(date +%s) MOMENT=$1 MAY_COME=${2-} awk '
        # Days since 1970 into the calendar, by years that begin in March.
        function date_of(days,    era, year, month, day) {
            days += 719468
            era = int(days / 146097)
            days -= era * 146097
            year = int((days - int(days / 1460) + int(days / 36524) - int(days / 146096)) / 365)
            days -= 365 * year + int(year / 4) - int(year / 100)
            month = int((5 * days + 2) / 153)
            day = days - int((153 * month + 2) / 5) + 1
            month += month < 10 ? 3 : -9
            return sprintf("%04d-%02d-%02d", year + era * 400 + (month <= 2), month, day)
        }
        function ago(seconds,    at) {
            at = ENVIRON["NOW"] - seconds
            return date_of(int(at / 86400)) sprintf("T%02d:%02d:%02d", at % 86400 / 3600, at % 3600 / 60, at % 60)
        }
        BEGIN {
            split("s 1 m 60 h 3600 d 86400", unit, " ")
            for (i = 1; i < 8; i += 2)
                seconds[unit[i]] = unit[i + 1]
            text = ENVIRON["MOMENT"]
            if (text ~ /^[0-9]+[smhd]$/) {
                sub(/^0+/, "", text) # octal to busybox
                text = ago(text * seconds[substr(text, length(text))])
            } else if (text ~ /^[0-9][0-9]:[0-9][0-9]/) {
                is_to_come = text > substr(ago(0), 12)
                text = substr(ago(is_to_come && ENVIRON["MAY_COME"] == "" ? 86400 : 0), 1, 11) text
            }
            sub(/ /, "T", text)
            sub(/Z$/, "", text)
            valid = text ~ /^[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9](T([01][0-9]|2[0-3])(:[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?)?)?$/
            if (valid)
                print text
            exit !valid
        }'
}
