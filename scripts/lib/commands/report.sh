# shellcheck shell=sh
# sockshim report: what went wrong, how often, with whom, when
#
# report.awk counts, a file in views tells.

. "$lib/terminal.sh"
. "$lib/filter.sh"

REPORT_OPTIONS="$FILTER_OPTIONS --json --color --help"

report_usage() {
    cat <<'END'
usage: sockshim report [OPTIONS] LOG...

Says what went wrong in one or several logs, how often, with whom and when, and
what to do about it. Logs may be logfmt or JSON, and compressed (gzip, xz, zstd,
bzip2), in any order; - is standard input, which is also read without LOG:

    sockshim report sockshim.log sockshim.log.*
    kubectl logs POD | sockshim report --since 1h

END
    filter_usage
    cat <<'END'
  --json              the figures, for machines
  --color WHEN        auto (on a terminal, unless NO_COLOR is set), always or
                      never
  -h, --help          print this

Exit status: 0; 2 if the call is wrong or a log could not be read (the others
are).
END
}

# fold cuts what has no end into pieces of so many bytes, for awk keeps a line in
# memory. A record has 1024 at most.
PIECE=1100

sockshim_report() {
    view=text
    color_when=auto
    status=0
    read_words report "$FILTER_OPTIONS --color" "$@"
}

report_option() {
    case $1/$# in
    --json/1) view=json ;;
    --json/*) wrong_call report "$1 takes no value" ;;
    *)
        # shellcheck disable=SC2086
        unknown_option report "$1" $REPORT_OPTIONS
        ;;
    esac
}

# ---- The logs ----

report_logs() {
    if [ $# -eq 0 ]; then
        [ ! -t 0 ] || wrong_call report "no log to read"
        set -- -
    fi
    report_on "$@"
}

# report_on LOG...: of those that can be read.
report_on() {
    for log; do
        shift
        if can_read "$log"; then
            set -- "$@" "$log"
        else
            complain "$problem"
            status=$USAGE
        fi
    done
    [ $# -gt 0 ] || exit "$status"
    export_choices "$@"
    export LC_ALL=C
    feed "$@" | awk -f "$lib/records.awk" -f "$lib/wrap.awk" -f "$lib/report.awk" -f "$lib/views/report-$view.awk" || status=$USAGE
    exit "$status"
}

can_read() {
    problem=
    if [ "$1" = - ]; then
        return 0
    elif [ ! -e "$1" ]; then
        problem="$1: no such file"
    elif [ -d "$1" ]; then
        problem="$1 is a directory, not a log"
    elif [ ! -r "$1" ]; then
        problem="$1: permission denied"
    elif [ -f "$1" ]; then
        can_unpack "$1" "$(unpacker "$(first_bytes <"$1")")"
    fi
    [ -z "$problem" ]
}

# can_unpack LOG TOOL
can_unpack() {
    [ -z "$2" ] || command -v "$2" >/dev/null && return
    problem="$(names "$1") is compressed, and there is no $2 here to read it"
    return 1
}

# In octal. No byte more is taken from standard input than these.
first_bytes() {
    dd bs=1 count=6 2>/dev/null | od -A n -v -t o1
}

# What unpacks a log that begins with these bytes, if that is needed: names change.
unpacker() {
    case $1 in
    ' 037 213 '*) echo gzip ;;
    ' 050 265 057 375 '*) echo zstd ;;
    ' 375 067 172 130 132 000') echo xz ;;
    ' 102 132 150 '*) echo bzip2 ;;
    esac
}

export_choices() {
    decide_color "$color_when"
    decide_charset
    decide_columns
    COLOR=$color
    WIDTH=$columns
    CAUSES=$lib/causes.txt
    IS_FILTERED=$SINCE$UNTIL$WANTED_CAUSE$WANTED_PEER$WANTED_PROG$LOWEST
    TOTAL=
    if [ -t 2 ] && [ -w /dev/stderr ]; then
        TOTAL=$(total_size "$@")
    fi
    NAMES=$(names "$@")
    export COLOR WIDTH CAUSES IS_FILTERED TOTAL NAMES PIECE
}

# In bytes; 0 if that is not known before.
total_size() {
    for log; do
        if [ "$log" != - ] && [ -f "$log" ] && [ -z "$(unpacker "$(first_bytes <"$log")")" ]; then
            # shellcheck disable=SC2012
            ls -lnL -- "$log"
        else
            echo 0 0 0 0 unknown
        fi
    done | awk '$5 == "unknown" { unknown = 1 } { size += $5 } END { printf "%.0f", unknown ? 0 : size }'
}

# One a line.
names() {
    for log; do
        [ "$log" != - ] || log="standard input"
        printf '%s' "$log" | tr '\n' '?'
        echo
    done
}

# All logs, and before each a word of ours, which is longer than a piece so that no
# log can hold it.
feed() {
    exec 4>&1
    number=0
    for log; do
        number=$((number + 1))
        tell file
        unread=$(feed_one "$log" 3>&1)
        [ -z "$unread" ] || tell unread
    done
}

tell() {
    printf "\n%-$((PIECE + 1))s\n" "$1 $number"
}

# feed_one LOG: to descriptor 4; says on 3 that it could not.
feed_one() {
    [ "$1" = - ] || command exec <"$1" || {
        echo unread >&3
        return
    }
    bytes=$(first_bytes)
    tool=$(unpacker "$bytes")
    if ! can_unpack "$1" "$tool"; then
        complain "$problem"
        echo unread >&3
    elif [ -n "$tool" ]; then
        {
            put_back "$bytes" | "$tool" -dc 2>/dev/null || {
                complain "$(names "$1"): $tool could not read all of it; it is damaged, or cut off"
                echo unread >&3
            }
        } | pieces >&4
    else
        { put_back "$bytes" || echo unread >&3; } | pieces >&4
    fi
}

# All of standard input, of which these bytes are read.
put_back() {
    # shellcheck disable=SC2059
    printf "$(printf '%s' "$1" | sed 's/ /\\/g')"
    cat
}

# Some awks know no NUL byte.
pieces() {
    if [ "$(printf 'a\0b\n' | awk '{ print length($0) }')" = 3 ]; then
        fold -b -w "$PIECE"
    else
        fold -b -w "$PIECE" | tr '\000' '?'
    fi
}
