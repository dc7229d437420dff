# shellcheck shell=sh
# sockshim report: findings first, then what went wrong, how often, with whom
#
# report.awk counts, a file in views tells.

. "${lib:?}/terminal.sh"
. "$lib/filter.sh"
. "$lib/logs.sh"
. "$lib/output.sh"
. "$lib/page.sh"

report_usage() {
    cat <<'END'
usage: sockshim report [OPTIONS] [LOG...]

Summarises one or more logs: what went wrong, how often, with whom and when, and
what to do about it. Logs may be logfmt or JSON, compressed (gzip, xz, zstd,
bzip2), and in any order. A directory (of at most 10000 files) stands for the
logs in it, - for standard input; without LOG it reads standard input if that is
a pipe or a file, and ./sockshim.log otherwise. It recognises what journalctl,
syslog, docker compose, kubectl and similar tools add to a line, and keeps hosts
and pods apart:

    sockshim report sockshim.log sockshim.log.*
    journalctl -u billing | sockshim report --since yesterday
    kubectl logs --prefix -l app=billing | sockshim report --since 1h

END
    filter_usage
    cat <<'END'
  --html FILE         a page for the browser instead, which needs no other file:
                      findings, time line, and each connection with its records;
                      - for standard output
  --json              the figures, for machines
  --prometheus        counts for node_exporter's textfile collector
  --color WHEN        auto (on a terminal, unless NO_COLOR is set), always or
                      never
  -h, --help          print this

Exit status: 0; 1 if no line is a record (the wrong file?), with --json and
--prometheus 0; 2 if the usage is wrong or a log could not be read (the others
are read anyway).
END
}

# fold cuts what has no end into pieces of so many bytes, for awk keeps a line in
# memory. A record has 1024 at most, and what stands around it 400 (prefix.awk), or what
# journalctl -o json adds, some 1500.
REPORT_PIECE=4000

sockshim_report() {
    report_view=text
    report_status=0
    report_page=
    words_read report "$FILTER_VALUED --html" "$FILTER_SWITCHES --json --prometheus" "$@"
}

report_option() {
    case $1 in
    --json | --prometheus) report_choose_view "${1#--}" ;;
    --html)
        report_choose_view html
        report_page=$2
        ;;
    *) filter_take_option "$@" ;;
    esac
}

report_choose_view() {
    [ "$report_view" = text ] || [ "$report_view" = "$1" ] || wrong_call report "--$report_view and --$1 exclude each other"
    report_view=$1
}

# ---- The logs ----

report_words() {
    filter_settle
    report_stdin_head=
    if [ $# -eq 0 ]; then
        report_choose_log
        set -- "$report_log"
    fi
    report_find_logs "$@"
}

# Standard input if something comes there, else the log that run writes.
report_choose_log() {
    report_log=-
    if [ -e /dev/stdin ] && [ ! -c /dev/stdin ]; then
        report_stdin_head=$(logs_first_bytes)
        [ -z "$report_stdin_head" ] || return 0
    fi
    report_log=sockshim.log
    [ -e "$report_log" ] || wrong_call report "no log is named, and there is no sockshim.log here"
}

# report_find_logs LOG...: folders become what is in them.
report_find_logs() {
    report_has_stdin=
    for report_log; do
        shift
        if [ "$report_log" = - ] && [ -n "$report_has_stdin" ]; then
            complain "- is named twice and read once"
            continue
        fi
        [ "$report_log" != - ] || report_has_stdin=yes
        if [ "$report_log" = - ] || [ ! -d "$report_log" ]; then
            set -- "$@" "$report_log"
            continue
        fi
        if [ ! -r "$report_log" ] || [ ! -x "$report_log" ]; then
            report_fail "$report_log: permission denied"
            continue
        fi
        if logs_are_too_many "$report_log"; then
            report_fail "$(logs_too_many "$report_log")"
            continue
        fi
        report_found=$(logs_in "$report_log" | report_prefer_logs)
        [ -n "$report_found" ] || report_fail "$report_log: no log in this directory"
        report_ifs=$IFS
        IFS='
'
        set -f
        # shellcheck disable=SC2086
        set -- "$@" $report_found
        set +f
        IFS=$report_ifs
    done
    report_drop_repeated "$@"
}

# Of a folder's files: a recorder's file has the same records as the log beside it.
report_prefer_logs() {
    report_recorders='' report_has_logs=''
    while IFS= read -r report_file; do
        if logs_is_recorder "$report_file"; then
            report_recorders="$report_recorders$report_file
"
        else
            report_has_logs=yes
            printf '%s\n' "$report_file"
        fi
    done
    if [ -z "$report_has_logs" ]; then
        printf '%s' "$report_recorders"
    elif [ -n "$report_recorders" ]; then
        complain "left out: $(printf '%s' "$report_recorders" | tr '\n' ' ')(recorder files, whose records are in the logs beside them as well)"
    fi
}

# report_warn_of_both LOG...: named one by one they are read.
report_warn_of_both() {
    report_recorders='' report_has_logs=''
    for report_log; do
        if logs_is_recorder "$report_log"; then
            report_recorders=$report_log
        else
            report_has_logs=yes
        fi
    done
    [ -z "$report_recorders" ] || [ -z "$report_has_logs" ] ||
        complain "$report_recorders is a recorder file: a record that a log has as well counts twice"
}

report_fail() {
    complain "$1"
    report_status=$USAGE
}

# report_drop_repeated LOG...: each file counts once, whatever it is called.
report_drop_repeated() {
    # shellcheck disable=SC2012
    if [ "$(ls -diL -- "$@" 2>/dev/null | awk '{ print $1 }' | sort | uniq -d)" ]; then
        for report_log; do
            shift
            report_is_again "$report_log" "$@" || set -- "$@" "$report_log"
        done
    fi
    report_on "$@"
}

# report_is_again LOG OTHER...: whether one of the others is the same file.
report_is_again() {
    report_first=$1
    shift
    for report_other; do
        # shellcheck disable=SC3013 # POSIX since 2024, and older than that in all shells
        if [ "$report_other" != - ] && [ "$report_first" -ef "$report_other" ]; then
            [ "$report_first" = "$report_other" ] && report_other='' || report_other=" (also as $report_other)"
            complain "$report_first is named twice$report_other and read once"
            return
        fi
    done
    return 1
}

# report_on LOG...: of those that can be read.
report_on() {
    for report_log; do
        shift
        if report_can_read "$report_log"; then
            set -- "$@" "$report_log"
        else
            report_fail "$report_problem"
        fi
    done
    [ $# -gt 0 ] || exit "$report_status"
    report_warn_of_both "$@"
    [ -z "$report_page" ] || page_check "$report_page" "$@"
    report_export_choices "$@"
    export LC_ALL=C
    if [ -n "$report_page" ]; then
        page_write "$report_page" report_tell_all "$@" || report_note_status $?
    else
        output_check "standard output" report_tell_all "$@" || report_note_status $?
    fi
    exit "$report_status"
}

# report_note_status STATUS: awk's; the worst one counts.
report_note_status() {
    [ "$1" -eq 1 ] || report_status=$USAGE
    [ "$report_status" -ne 0 ] || report_status=$1
}

report_tell_all() {
    report_feed "$@" | report_count
}

# Whatever file is in the folder of findings is a kind of them.
report_count() {
    set -- -f "$lib/$FILTER_CLOCK.awk"
    while read -r report_part; do
        set -- "$@" -f "$lib/$report_part"
    done <"$lib/report.list"
    [ "$report_view" != json ] || set -- "$@" -f "$lib/json.awk"
    for report_kind in "$lib"/findings/*.awk; do
        set -- "$@" -f "$report_kind"
    done
    for report_part in "$lib/views/report-$report_view"*.awk; do
        set -- "$@" -f "$report_part"
    done
    awk "$@"
}

report_can_read() {
    report_problem=
    if [ "$1" = - ]; then
        [ ! -d /dev/stdin ] || report_problem="standard input is a directory; name it instead"
    elif [ -z "$1" ]; then
        report_problem="the log's name is empty"
    elif [ ! -e "$1" ]; then
        report_problem="$1: no such file"
    elif [ ! -r "$1" ]; then
        report_problem="$1: permission denied"
    elif [ -f "$1" ]; then
        report_can_unpack "$1" "$(logs_tool_for "$1")"
    fi
    [ -z "$report_problem" ]
}

# report_can_unpack LOG TOOL
report_can_unpack() {
    [ -z "$2" ] || command -v "$2" >/dev/null && return
    report_problem="$(report_names "$1") is compressed, and there is no $2 here to read it"
    return 1
}

report_export_choices() {
    terminal_decide_color "$filter_color"
    terminal_decide_charset
    terminal_decide_columns
    REPORT_CAUSES=$lib/causes.txt
    REPORT_LIMITS=$lib/limits.txt
    REPORT_TOTAL=
    if [ -t 2 ] && [ -w /dev/stderr ]; then
        REPORT_TOTAL=$(report_total_size "$@")
    fi
    REPORT_NAMES=$(report_names "$@")
    export REPORT_CAUSES REPORT_LIMITS REPORT_TOTAL REPORT_NAMES REPORT_PIECE
    if [ -n "$report_page" ]; then
        REPORT_VIEWS=$lib/views
        REPORT_VERSION=$(tables_list version) || exit
        REPORT_NOW=$(date -u +%Y-%m-%dT%H:%M:%SZ)
        export REPORT_VIEWS REPORT_VERSION REPORT_NOW
    fi
}

# In bytes; 0 if that is not known before.
report_total_size() {
    for report_log; do
        if [ "$report_log" != - ] && [ -f "$report_log" ] && [ -z "$(logs_tool_for "$report_log")" ]; then
            # shellcheck disable=SC2012
            ls -lnL -- "$report_log"
        else
            echo 0 0 0 0 unknown
        fi
    done | awk '$5 == "unknown" { unknown = 1 } { size += $5 } END { printf "%.0f", unknown ? 0 : size }'
}

# One a line.
report_names() {
    for report_log; do
        [ "$report_log" != - ] || report_log="standard input"
        printf '%s' "$report_log" | tr '\n' '?'
        echo
    done
}

# All logs, and before each a word of ours, which is longer than a piece so that no
# log can hold it.
report_feed() {
    exec 4>&1
    report_knows_nul=
    [ "$(printf 'a\0b\n' | awk '{ print length($0) }')" != 3 ] || report_knows_nul=yes
    report_number=0
    for report_log; do
        report_number=$((report_number + 1))
        report_tell file
        report_unread=$(report_feed_one "$report_log" 3>&1)
        [ -z "$report_unread" ] || report_tell unread
    done
}

report_tell() {
    printf "\n%-$((REPORT_PIECE + 1))s\n" "$1 $report_number"
}

# report_feed_one LOG: to descriptor 4; says on 3 that it could not.
report_feed_one() {
    [ "$1" = - ] || command exec <"$1" || {
        echo unread >&3
        return
    }
    report_bytes=
    if [ "$1" != - ] && [ -f "$1" ]; then
        report_tool=$(logs_tool_for "$1")
    else
        [ "$1" != - ] || report_bytes=$report_stdin_head report_stdin_head=
        [ -n "$report_bytes" ] || report_bytes=$(logs_first_bytes)
        report_tool=$(logs_unpacker "$report_bytes")
    fi
    if ! report_can_unpack "$1" "$report_tool"; then
        complain "$report_problem"
        echo unread >&3
    elif [ -n "$report_tool" ]; then
        {
            report_put_back "$report_bytes" | "$report_tool" -dc 2>/dev/null || {
                report_complain_of "$1" "$report_tool"
                echo unread >&3
            }
        } | report_pieces >&4
    else
        { report_put_back "$report_bytes" || echo unread >&3; } | report_pieces >&4
    fi
}

# report_complain_of LOG TOOL: a recorder's file may be of another version as well.
report_complain_of() {
    if [ "$2" = "$recorder" ]; then
        complain "$(report_names "$1"): not all of it can be read; sockshim recorder $(report_names "$1") says why"
    else
        complain "$(report_names "$1"): $2 could not read all of it; it is damaged or truncated"
    fi
}

# All of standard input, of which these bytes are read.
report_put_back() {
    # shellcheck disable=SC2059
    [ -z "$1" ] || printf "$(printf '%s' "$1" | sed 's/ /\\/g')"
    cat
}

# Some awks know no NUL byte.
report_pieces() {
    if [ -n "$report_knows_nul" ]; then
        fold -b -w "$REPORT_PIECE"
    else
        fold -b -w "$REPORT_PIECE" | tr '\000' '?'
    fi
}
