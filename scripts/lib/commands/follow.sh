# shellcheck shell=sh
# sockshim follow: shows the log as it grows, one short line per record
#
# A view, follow.awk and a file of views, shows what a feed sends it: of a log's files
# (follow/files.sh), a folder (follow/folder.sh), or a stream.

. "${lib:?}/terminal.sh"
. "$lib/filter.sh"
. "$lib/logs.sh"
. "$lib/output.sh"
. "$lib/follow/files.sh"
. "$lib/follow/folder.sh"

follow_usage() {
    cat <<'END'
usage: sockshim follow [OPTIONS] [LOG]

Shows the log as it grows, one short line per record: the time (UTC), the
program, the call and what it returned, the cause, the peer, and the figures
that matter. It continues when the log is rotated, and waits for a log that does
not exist yet. Ctrl-C ends it. LOG may be a directory, for all logs in it, or -
for standard input, read to its end; without LOG it reads standard input if that
is a pipe or a file, and ./sockshim.log otherwise:

    kubectl logs -f --prefix -l app=billing | sockshim follow

On a terminal, lines are cut to its width, with a mark at the end. Lines that
are not records, such as a program's own output, are shown unchanged, unless
there is a filter.

  -n N, -n all        start with this many existing records (default: 10; with
                      --since all of them)
END
    filter_usage
    cat <<'END'
  --why               show the sentence that says why, too
  --top               show a table instead, updated every second: causes and
                      peers by records per second and per minute, and when each
                      was last seen
  --json              show each record as one JSON object per line, with all its
                      keys, whatever the log's format; only records are shown
  --color WHEN        auto (on a terminal, unless NO_COLOR is set), always or
                      never
  -h, --help          print this

With --since, FILE.1 of a rotated log is shown too. With --until it ends at that
time.

Exit status: 0 at the end of standard input or at the time of --until; 130 after
Ctrl-C; 2 if the usage is wrong or the log cannot be read.
END
}

sockshim_follow() {
    follow_latest=
    follow_view=text
    FOLLOW_SENTENCES=
    words_read follow "-n $FILTER_VALUED" "$FILTER_SWITCHES --why --top --json" "$@"
}

follow_option() {
    case $1 in
    -n)
        case $2 in
        [Aa][Ll][Ll]) set -- -n all ;;
        *[!0-9]*) wrong_call follow "-n $2 is not allowed; allowed: a number, or all" ;;
        ??????????*) wrong_call follow "-n $2 is too large; name a number below 1000000000, or all" ;;
        esac
        follow_latest=$2
        ;;
    --why) FOLLOW_SENTENCES=yes ;;
    --top | --json)
        [ "$follow_view" = text ] || [ "--$follow_view" = "$1" ] || wrong_call follow "--$follow_view and $1 exclude each other"
        follow_view=${1#--}
        ;;
    *) filter_take_option "$@" ;;
    esac
}

follow_words() {
    filter_settle
    [ -z "$FOLLOW_SENTENCES" ] || [ "$follow_view" = text ] || wrong_call follow "--why has no effect with --$follow_view; leave one of them out"
    [ $# -gt 0 ] || {
        follow_choose_log
        set -- "$follow_log"
    }
    [ $# -eq 1 ] || wrong_call follow "follow takes one log or directory, not $1 and $2"
    [ -n "$1" ] || wrong_call follow "the log's name is empty"
    follow_log=$1
    follow_export_view
    [ "$follow_log" != - ] || [ ! -d /dev/stdin ] || die "$USAGE" "standard input is a directory; name it instead"
    if [ "$follow_log" = - ] && [ -f /dev/stdin ] && [ -n "$(logs_tool_for /dev/stdin)" ]; then
        die "$USAGE" "standard input is compressed and no longer grows; use sockshim report"
    fi
    # A file may be on a disk that is full, which not every awk notices.
    if [ -t 1 ] || [ -p /dev/stdout ]; then
        follow_on
    else
        output_check "standard output" follow_on
    fi
}

follow_on() {
    exec 3>&1 # for the loop, which writes to the view
    case $follow_log in
    -) follow_stream ;;
    *) follow_path ;;
    esac
}

# What is piped in; else the log that run writes.
follow_choose_log() {
    follow_log=sockshim.log
    if [ -p /dev/stdin ] || [ -f /dev/stdin ]; then
        follow_log=-
    elif [ ! -e "$follow_log" ]; then
        wrong_call follow "no log is named, and there is no sockshim.log here"
    fi
}

# ---- The view: follow.awk ----

# fold cuts what has no end into pieces of so many bytes. A record has 1024 at most, in
# JSON of journalctl 3000; of each line of 4096 or more mawk -W interactive keeps as much
# memory.
FOLLOW_PIECE=4000

follow_export_view() {
    terminal_decide_color "$filter_color"
    terminal_decide_charset
    FOLLOW_WIDTH=0 FOLLOW_HEIGHT=0
    if [ -t 1 ]; then
        terminal_decide_columns
        terminal_decide_lines
        FOLLOW_WIDTH=$TERMINAL_COLUMNS FOLLOW_HEIGHT=$TERMINAL_LINES
    fi
    FOLLOW_NOW=$(date +%s)
    FOLLOW_LOG=$follow_log
    [ "$follow_log" != - ] || FOLLOW_LOG="standard input"
    FOLLOW_MARK=$(printf '\001sockshim %s ' $$) # no line of a log has that
    FOLLOW_LATEST=
    export FOLLOW_NOW FOLLOW_LOG FOLLOW_HEIGHT FOLLOW_MARK FOLLOW_WIDTH FOLLOW_SENTENCES FOLLOW_LATEST FOLLOW_PIECE
}

# mawk holds back what it reads and what it writes unless it is told not to;
# others do not know the option.
follow_exec_view() {
    follow_interactive=
    case $(awk -W version 2>/dev/null </dev/null) in
    mawk*) follow_interactive="-W interactive" ;;
    esac
    export LC_ALL=C
    # shellcheck disable=SC2086
    exec awk $follow_interactive -f "$lib/records.awk" -f "$lib/json_line.awk" -f "$lib/prefix.awk" -f "$lib/calendar.awk" \
        -f "$lib/$FILTER_CLOCK.awk" -f "$lib/json.awk" -f "$lib/follow.awk" -f "$lib/views/follow-$follow_view.awk" 3>&-
}

# ---- The log ----

follow_path() {
    [ ! -e "$follow_log" ] || [ -r "$follow_log" ] || die "$USAGE" "$follow_log: permission denied"
    if [ -d "$follow_log" ]; then
        [ -x "$follow_log" ] || die "$USAGE" "$follow_log: permission denied"
        ! logs_are_too_many "$follow_log" || die "$USAGE" "$(logs_too_many "$follow_log")"
        logs_say_breaks "$follow_log"
        follow_decide_start
        follow_feed_folder | follow_exec_view
        return
    fi
    if [ -p "$(readlink -f -- "$follow_log")" ] && [ -w "$follow_log" ]; then
        follow_stream <>"$follow_log" # not at its end when one writer is gone
        return
    elif [ -e "$follow_log" ] && [ ! -f "$follow_log" ]; then
        follow_stream <"$follow_log"
        return
    elif [ -f "$follow_log" ]; then
        case $(logs_tool_for "$follow_log") in
        '') ;;
        "${recorder:?}") follow_recorder && return ;;
        *) die "$USAGE" "$follow_log is compressed and no longer grows; use sockshim report $follow_log" ;;
        esac
    fi
    follow_decide_start
    if [ -n "$FOLLOW_LATEST" ] && [ -t 2 ] && follow_is_long; then
        complain "looking for the last $FOLLOW_LATEST of them in $follow_log"
    fi
    follow_feed | follow_exec_view
}

# With a filter, all that fits of what is there: only the view can count.
follow_recorder() {
    [ -x "$recorder" ] || die "$USAGE" "$recorder is not there: ${remedy:?}"
    follow_decide_start
    [ "$follow_start" != all ] || follow_start=-1
    follow_folder=$(mktemp -d) && mkfifo "$follow_folder/records" || exit "$USAGE"
    "$recorder" --follow "$follow_start" "$follow_log" >"$follow_folder/records" 3>&- &
    exec <"$follow_folder/records"
    rm -r "$follow_folder"
    follow_stream
}

follow_is_long() {
    # shellcheck disable=SC2012
    ls -lnL -- "$follow_log" 2>/dev/null | awk '$5 > 100000000 { long = 1 } END { exit !long }'
}

follow_stream() {
    follow_feed_stream | follow_exec_view
}

# What a read gets, at once. dd says how much that was.
follow_feed_stream() {
    exec 4>&1
    follow_watch_size
    while follow_is_awaited; do
        follow_wait_for_input
        follow_counted=$({ LC_ALL=C dd bs=1048576 count=1 | fold -b -w "$FOLLOW_PIECE" >&4; } 2>&1) || return
        case $follow_counted in
        '0+0 '*) return ;;
        esac
        follow_pass_on_size
    done
}

# How much of what is there is shown: $follow_start lines, or all. With a filter only the
# view can count.
follow_decide_start() {
    follow_start=${follow_latest:-${FILTER_SINCE:+all}}
    follow_start=${follow_start:-10}
    case $FILTER_IS_SET/$follow_start in
    /* | */all | */0) ;;
    *) FOLLOW_LATEST=$follow_start follow_start=all ;;
    esac
}

# Sends what is in the log's files to the view. They are read through descriptors
# that stay on a file whatever becomes of its name, and each tool goes on where
# the one before came to the end. There may be several: programs write to FILE.1
# for up to a second more, and those that have locked themselves in for good.
follow_feed() {
    follow_files= # the descriptors, 4 to 8, the older files first
    follow_serial=0
    follow_round=0
    follow_quiet=0
    follow_watch_size
    follow_open_first
    follow_again follow_read_log
}

follow_read_log() {
    follow_look_at_names
    follow_read_files
}

# follow_again COMMAND: which sends what is new, until --until has passed or nobody waits.
follow_again() {
    while follow_is_awaited; do
        follow_is_last=
        [ -z "$FILTER_UNTIL" ] || ! follow_has_passed "$FILTER_UNTIL" || follow_is_last=yes
        "$1"
        [ -z "$follow_is_last" ] || return
        follow_pass_on_size
        follow_tick
        follow_pause
    done
}

# tell WORD...: to the view. If it is gone, so are we.
follow_tell() {
    printf '%s\n' "$FOLLOW_MARK$*" 2>/dev/null || exit
}

# What shows that it is gone; and, for a table, the time.
follow_tick() {
    if [ "$follow_view" = top ]; then
        follow_tell tick "$(date +%s)"
    else
        follow_tell
    fi
}

follow_watch_size() {
    follow_resized=
    [ ! -t 3 ] || trap 'follow_resized=yes' WINCH
}

follow_pass_on_size() {
    [ -n "$follow_resized" ] || return 0
    follow_resized=
    unset COLUMNS LINES # as they were before
    terminal_decide_columns >&3
    terminal_decide_lines >&3
    follow_tell size "$TERMINAL_COLUMNS" "$TERMINAL_LINES"
}

# Whoever killed the shell that waits for us meant us, too. There may be others in between.
follow_is_awaited() {
    follow_pid=self
    until [ "$follow_pid" = $$ ]; do
        read -r follow_line <"/proc/$follow_pid/stat" || return
        # state, parent
        # shellcheck disable=SC2086
        set -- ${follow_line##*) }
        follow_pid=$2
        [ "$follow_pid" -gt 0 ] || return
    done
} 2>/dev/null

follow_has_passed() {
    expr "$(date -u +%Y-%m-%dT%H:%M:%S)" \>= "$1" >/dev/null
}

# Not at once again and again where nothing is written. $launcher sees at once that
# nobody reads any more what the view writes; sleep does not.
follow_pause() {
    follow_ms=100
    [ "$follow_quiet" -lt 20 ] || follow_ms=400
    if [ -x "${launcher:?}" ]; then
        "$launcher" pause "$follow_ms" 3 || exit
    else
        sleep "0.$follow_ms" 2>/dev/null || sleep 1
    fi
}

# The same for a stream: there it is the next line that may never come.
follow_wait_for_input() {
    [ -x "$launcher" ] || return 0
    until "$launcher" pause 1000 3 0; do
        [ $? -eq 3 ] || exit
        follow_is_awaited || exit
        follow_pass_on_size
        follow_tick
    done
}

follow_open_first() {
    [ -e "$follow_log" ] || complain "waiting for $follow_log"
    if [ -f "$follow_log" ] && follow_open_file "$follow_log"; then
        follow_files=$follow_opened
        [ "$follow_start" = all ] || follow_read_end "$follow_opened"
    fi
    if [ -f "$follow_log.1" ] && ! follow_is_open "$follow_log.1" && follow_open_file "$follow_log.1"; then
        follow_files="$follow_opened $follow_files"
        [ -n "$FILTER_SINCE" ] || follow_skip "$follow_opened"
    fi
    follow_read_files
    follow_tell live
}
