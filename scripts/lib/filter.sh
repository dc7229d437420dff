# shellcheck shell=sh
# The options that report and follow have in common. Most are about which records to
# show: filters, which records.awk applies.

. "${lib:?}/causes.sh"
. "$lib/tables.sh"

# Those that want a value; --local wants none.
FILTER_VALUED="--since --until --cause --peer --prog --pid --host --level --color"
FILTER_SWITCHES=--local

# filter_take_option OPTION [VALUE]: one of these; fails if it is none.
filter_take_option() {
    case $1 in
    --color)
        case $2 in
        [Aa][Uu][Tt][Oo] | [Aa][Ll][Ww][Aa][Yy][Ss] | [Nn][Ee][Vv][Ee][Rr]) filter_color=$(printf '%s' "$2" | LC_ALL=C tr '[:upper:]' '[:lower:]') ;;
        *) wrong_call "${words_subcommand:?}" "--color $2 is not allowed; allowed: auto, always, never" ;;
        esac
        ;;
    --since) filter_since=$2 ;;
    --until) filter_until=$2 ;;
    --cause | --peer | --prog | --pid | --host | --level) filter_option "$1" "$2" ;;
    --local) FILTER_CLOCK=local ;;
    *) return 1 ;;
    esac
}

# After all options: --local may come last.
filter_settle() {
    [ "$FILTER_CLOCK" != local ] || awk 'BEGIN { strftime("%z", 0) }' 2>/dev/null ||
        die "$USAGE" "--local needs an awk with strftime(): gawk, mawk or busybox"
    filter_read_times
    FILTER_IS_SET=$FILTER_SINCE$FILTER_UNTIL$FILTER_CAUSE$FILTER_PEER$FILTER_PROG$FILTER_PID$FILTER_HOST$FILTER_LEVEL
}

filter_usage() {
    cat <<'END'
  --since TIME        from TIME on: 2026-11-22T03:00, "2026-11-22 03:00:30",
                      03:00 (the most recent one), today, yesterday, or 90s,
                      15m, 2h, 3d ago. UTC, as in the log, unless it ends with
                      an offset (+02:00)
  --until TIME        before TIME
  --local             TIME is local time, and times are shown in local time
  --cause LIST        only these causes or errnos; globs, separated by commas:
                      peer-*,timeout,ECONNREFUSED
  --peer LIST         only these peers; globs, with or without a port, or a port
                      alone: 10.0.0.9,10.1.*:443,:5432,/run/*,process 4711
  --prog LIST         only these programs; globs
  --pid LIST          only these processes
  --host LIST         only these hosts, containers or pods, as journalctl,
                      syslog, docker compose or kubectl put them before a
                      record; globs
  --level LEVEL       the lowest level: debug, info, warn or error
END
}

# For awk, and not from our caller. FILTER_CLOCK is the file of the clock.
filter_color=auto filter_since='' filter_until='' FILTER_CLOCK=utc
FILTER_SINCE='' FILTER_UNTIL='' FILTER_CAUSE='' FILTER_PEER='' FILTER_PROG='' FILTER_PID='' FILTER_HOST='' FILTER_LEVEL='' FILTER_IS_SET=''
export FILTER_SINCE FILTER_UNTIL FILTER_CAUSE FILTER_PEER FILTER_PROG FILTER_PID FILTER_HOST FILTER_LEVEL FILTER_IS_SET FILTER_CLOCK

# filter_option OPTION VALUE: one of a list or a level.
filter_option() {
    case $2 in
    *[!,\ ]*) ;;
    *) wrong_call "$words_subcommand" "$1 needs a value" ;;
    esac
    case $1 in
    --cause) filter_read_causes "$2" ;;
    --peer)
        filter_check_peers "$2"
        FILTER_PEER=$(filter_peers "$2")
        ;;
    --prog) FILTER_PROG=$2 ;;
    --pid)
        case $2 in
        *[!0-9,\ ]*) wrong_call "$words_subcommand" "--pid $2 is not allowed; allowed: process IDs, separated by commas" ;;
        esac
        FILTER_PID=$(printf '%s' "$2" | tr -s ', ' ',')
        ;;
    --host) FILTER_HOST=$2 ;;
    --level) FILTER_LEVEL=$(tables_level "$2") || wrong_call "$words_subcommand" "--level $2 is not allowed; allowed: $FILTER_LEVEL" ;;
    esac
}

# What looks like a peer, and would fit none.
filter_check_peers() {
    case $1 in
    *://*) wrong_call "$words_subcommand" "--peer $1 is not allowed: it is a URL; name an address and a port, such as 10.0.0.9:443" ;;
    *[!0-9./,:\ ]*) ;;
    *[0-9]/[0-9]*) wrong_call "$words_subcommand" "--peer $1 is not allowed: it is a network; use a glob, such as 10.1.*" ;;
    esac
}

# A port alone is that port of any address.
filter_peers() {
    printf '%s\n' "$1" | awk -F ' *, *' '{
        for (i = 1; i <= NF; i++)
            printf("%s%s%s", i == 1 ? "" : ",", $i ~ /^:?[0-9]+$/ ? "*:" : "", $i ~ /^:[0-9]+$/ ? substr($i, 2) : $i)
    }'
}

# ---- Causes and errnos ----

# A misspelt cause would find nothing, which reads like good news. $FILTER_CAUSE gets
# causes, and names of errnos as the log has them.
filter_read_causes() {
    tables_need
    FILTER_CAUSE=
    filter_ifs=$IFS
    IFS=,
    set -f
    for filter_cause in $1; do
        IFS=$filter_ifs
        filter_cause=$(printf '%s\n' "$filter_cause" | sed 's/^ *//; s/ *$//')
        case $filter_cause in
        '') continue ;;
        *[*?]*) ;;
        *) filter_cause=$(filter_known_cause "$filter_cause") || exit ;;
        esac
        FILTER_CAUSE=$FILTER_CAUSE${FILTER_CAUSE:+,}$filter_cause
    done
    IFS=$filter_ifs
    set +f
}

# filter_known_cause WORD: in upper or lower case; an errno's number or other
# name becomes the name that the log has.
filter_known_cause() {
    ! causes_known "$1" || return 0
    filter_upper=$(printf '%s' "$1" | LC_ALL=C tr '[:lower:]' '[:upper:]')
    awk -F '\t' -v word="$filter_upper" '
        $1 == "errno" && ($2 == word || $3 == word) { print $3; found = 1; exit }
        $1 == "errno" { name[$2] = $3 }
        $1 == "errno-alias" && $2 == word { print name[$3]; found = 1; exit }
        END { exit !found }' "$tables_path" && return
    # shellcheck disable=SC2046
    filter_meant=$(causes_nearest "$1" $(tables_list errno 3))
    wrong_call "$words_subcommand" "unknown cause or errno: $1${filter_meant:+ (did you mean $filter_meant?)}"
}

# ---- Times ----

filter_read_times() {
    [ -z "$filter_since" ] || FILTER_SINCE=$(filter_moment "$filter_since") || filter_no_time $? --since "$filter_since"
    if [ -n "$filter_until" ]; then
        # Only a log that is followed has a future.
        [ "$words_subcommand" = follow ] && filter_may_come=yes || filter_may_come=
        FILTER_UNTIL=$(filter_moment "$filter_until" "$filter_may_come") || filter_no_time $? --until "$filter_until"
    fi
    [ -n "$FILTER_SINCE" ] && [ -n "$FILTER_UNTIL" ] || return 0
    # A time of day that is still to come: --since today --until 23:00.
    filter_is_range || FILTER_UNTIL=$(filter_moment "$filter_until" yes)
    if ! filter_is_range; then
        wrong_call "$words_subcommand" "--since $filter_since ($FILTER_SINCE) is not before --until $filter_until ($FILTER_UNTIL)"
    fi
}

filter_is_range() {
    LC_ALL=C expr "$FILTER_SINCE" \< "$FILTER_UNTIL" >/dev/null
}

# filter_no_time STATUS OPTION TEXT: what filter_moment failed with.
filter_no_time() {
    [ "$1" -ne 3 ] || wrong_call "$words_subcommand" "$2 $3 is not between 1970 and 9999"
    shift
    wrong_call "$words_subcommand" "$2 is not a valid time for $1; try 2026-11-22T03:00, 03:00, yesterday, or 15m (ago)"
}

# filter_moment TEXT [MAY_COME]: a time as the log writes it; fails if TEXT is none, with 3
# if it is not between 1970 and 9999.
filter_moment() {
    FILTER_NOW=$(date +%s) FILTER_MOMENT=$1 FILTER_MAY_COME=${2-} LC_ALL=C awk -f "$lib/calendar.awk" \
        -f "$lib/$FILTER_CLOCK.awk" -f "$lib/moment.awk"
}
