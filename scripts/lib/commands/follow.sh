# shellcheck shell=sh
# sockshim follow: the log as it grows, a short line a record
#
# tail -F will not do: when it goes on to a new file it drops the old one, to which
# programs write for up to a second more.

. "${lib:?}/terminal.sh"
. "$lib/filter.sh"

FOLLOW_OPTIONS="-n $FILTER_OPTIONS --why --json --color --help"

follow_usage() {
    cat <<'END'
usage: sockshim follow [OPTIONS] LOG

Shows the log as it grows, a short line a record: when (UTC), which program, the
call and what it returned, the cause, who the peer was, and the figures that
matter. It goes on when the log is rotated, and waits for one that is not there
yet. Ctrl-C ends it. LOG may be - for standard input, read to its end:

    kubectl logs -f POD | sockshim follow -

On a terminal a line is cut to its width. What is no record, such as a program's
own output in between, is shown as it is, unless there is a filter.

  -n N, -n all        so many of the records that are there already (default:
                      10; with --since all of them)
END
    filter_usage
    cat <<'END'
  --why               the sentence that says why, too
  --json              each record as one JSON object a line, with all its keys,
                      whatever the log's format; only records are shown
  --color WHEN        auto (on a terminal, unless NO_COLOR is set), always or
                      never
  -h, --help          print this

With --since, FILE.1 of a rotated log is shown, too. With --until it ends at
that time.

Exit status: 0 at the end of standard input or at the time of --until; 130 after
Ctrl-C; 2 if the call is wrong or the log cannot be read.
END
}

sockshim_follow() {
    follow_latest=
    FOLLOW_SENTENCES=
    FOLLOW_JSON=
    filter_read_words follow "-n $FILTER_OPTIONS --color" "$@"
}

follow_option() {
    case $1/$# in
    -n/*)
        case $2 in
        all) ;;
        '' | *[!0-9]*) wrong_call follow "-n $2 is not allowed; allowed: a number, or all" ;;
        esac
        follow_latest=$2
        ;;
    -n?*/1) follow_option -n "${1#-n}" ;;
    --why/1) FOLLOW_SENTENCES=yes ;;
    --json/1) FOLLOW_JSON=yes ;;
    --why/* | --json/*) wrong_call follow "$1 takes no value" ;;
    *)
        # shellcheck disable=SC2086
        unknown_option follow "$1" $FOLLOW_OPTIONS
        ;;
    esac
}

follow_logs() {
    [ $# -gt 0 ] || wrong_call follow "no log to follow"
    [ $# -eq 1 ] || wrong_call follow "one log, not $1 and $2"
    [ -n "$1" ] || wrong_call follow "the log's name is empty"
    follow_log=$1
    follow_decide_view
    case $follow_log in
    -) follow_stream ;;
    *) follow_path ;;
    esac
}

# ---- The view: follow.awk ----

# fold cuts what has no end into pieces of so many bytes. A record has 1024 at
# most; of each line of 4096 or more mawk -W interactive keeps as much memory.
FOLLOW_PIECE=2000

follow_decide_view() {
    terminal_decide_color "$filter_color"
    terminal_decide_charset
    FOLLOW_WIDTH=0
    if [ -t 1 ]; then
        terminal_decide_columns
        FOLLOW_WIDTH=$TERMINAL_COLUMNS
    fi
    exec 3>&1 # for the loop, which writes to the view
    FOLLOW_MARK=$(printf '\001sockshim %s ' $$) # no line of a log has that
    FOLLOW_LATEST=
    export FOLLOW_JSON FOLLOW_MARK FOLLOW_WIDTH FOLLOW_SENTENCES FOLLOW_LATEST FOLLOW_PIECE
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
    exec awk $follow_interactive -f "$lib/records.awk" -f "$lib/json.awk" -f "$lib/follow.awk" 3>&-
}

# ---- The log ----

follow_path() {
    [ ! -d "$follow_log" ] || die "$USAGE" "$follow_log is a directory, not a log"
    [ ! -e "$follow_log" ] || [ -r "$follow_log" ] || die "$USAGE" "$follow_log: permission denied"
    if [ -p "$(readlink -f -- "$follow_log")" ] && [ -w "$follow_log" ]; then
        follow_stream <>"$follow_log" # not at its end when one writer is gone
        return
    elif [ -e "$follow_log" ] && [ ! -f "$follow_log" ]; then
        follow_stream <"$follow_log"
        return
    fi
    follow_decide_start
    if [ -n "$FOLLOW_LATEST" ] && [ -t 2 ] && follow_is_long; then
        complain "looking for the last $FOLLOW_LATEST of them in $follow_log"
    fi
    follow_feed | follow_exec_view
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
    follow_watch_width
    while follow_is_awaited; do
        follow_counted=$({ LC_ALL=C dd bs=1048576 count=1 | fold -b -w "$FOLLOW_PIECE" >&4; } 2>&1) || return
        case $follow_counted in
        '0+0 '*) return ;;
        esac
        follow_pass_on_width
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
    follow_watch_width
    follow_open_first
    while follow_is_awaited; do
        follow_is_last=
        [ -z "$FILTER_UNTIL" ] || ! follow_has_passed "$FILTER_UNTIL" || follow_is_last=yes
        follow_look_at_names
        follow_read_files
        [ -z "$follow_is_last" ] || return
        follow_pass_on_width
        follow_tell
        follow_pause
    done
}

# tell WORD...: to the view. If it is gone, so are we.
follow_tell() {
    printf '%s\n' "$FOLLOW_MARK$*" 2>/dev/null || exit
}

follow_watch_width() {
    follow_resized=
    [ ! -t 3 ] || trap 'follow_resized=yes' WINCH
}

follow_pass_on_width() {
    [ -n "$follow_resized" ] || return 0
    follow_resized=
    unset COLUMNS # as it was before
    terminal_decide_columns >&3
    follow_tell width "$TERMINAL_COLUMNS"
}

# Whoever killed the shell that waits for us meant us, too.
follow_is_awaited() {
    read -r follow_line </proc/self/stat
    # state, parent
    # shellcheck disable=SC2086
    set -- ${follow_line##*) }
    [ "$2" = $$ ]
}

follow_has_passed() {
    expr "$(date -u +%Y-%m-%dT%H:%M:%S)" \>= "$1" >/dev/null
}

# Not at once again and again where nothing is written.
follow_pause() {
    follow_seconds=0.1
    [ "$follow_quiet" -lt 20 ] || follow_seconds=0.4
    sleep "$follow_seconds" 2>/dev/null || sleep 1
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

# ---- Its files ----

# follow_open_file PATH: on the descriptor $follow_opened, the first that is free.
follow_open_file() {
    # shellcheck disable=SC2086
    set -- "$1" $follow_files
    [ $# -le 5 ] || follow_close_file "$2"
    for follow_opened in 4 5 6 7 8; do
        case " $follow_files " in
        *" $follow_opened "*) ;;
        *) break ;;
        esac
    done
    follow_reopen_file "$follow_opened" "$1"
}

# follow_reopen_file NUMBER PATH: from its beginning. To the view it is another file.
follow_reopen_file() {
    eval "command exec $1<\"\$2\"" 2>/dev/null || return
    follow_serial=$((follow_serial + 1))
    eval "follow_serial_$1=$follow_serial follow_seen_$1=$follow_round"
}

follow_close_file() {
    eval "exec $1<&-"
    follow_kept=
    for follow_file in $follow_files; do
        [ "$follow_file" = "$1" ] || follow_kept="$follow_kept $follow_file"
    done
    follow_files=$follow_kept
}

# follow_is_at NUMBER PATH
follow_is_at() {
    # shellcheck disable=SC3013 # POSIX since 2024, and older than that in all shells
    [ "$2" -ef "/proc/self/fd/$1" ]
}

follow_is_open() {
    for follow_file in $follow_files; do
        ! follow_is_at "$follow_file" "$1" || return 0
    done
    return 1
}

follow_read_files() {
    follow_quiet=$((follow_quiet + 1))
    follow_learn_sizes
    for follow_number in $follow_files; do
        read -r _ follow_position <"/proc/self/fdinfo/$follow_number"
        eval "follow_size=\$follow_size_$follow_number"
        # Truncated: by logrotate's copytruncate, or by hand.
        if [ "$follow_size" -lt "$follow_position" ]; then
            follow_reopen_file "$follow_number" "/proc/self/fd/$follow_number"
            follow_position=0
        fi
        [ "$follow_size" -eq "$follow_position" ] || follow_read_file "$follow_number"
    done
}

# In $follow_size_4 and so on.
follow_learn_sizes() {
    follow_paths=
    for follow_number in $follow_files; do
        follow_paths="$follow_paths /proc/self/fd/$follow_number"
    done
    follow_count=0
    # shellcheck disable=SC2046,SC2086
    for follow_word in ${follow_paths:+$(ls -lnL $follow_paths)}; do
        follow_count=$((follow_count + 1))
        case $follow_count/$follow_word in
        5/*) follow_size=$follow_word ;;
        *//proc/self/fd/*) eval "follow_size_${follow_word##*/}=$follow_size" && follow_count=0 ;;
        esac
    done
}

follow_read_file() {
    follow_quiet=0
    follow_announce "$1"
    fold -b -w "$FOLLOW_PIECE" <&"$1" || exit
}

# follow_read_end NUMBER: the last $follow_start lines.
follow_read_end() {
    if [ "$follow_start" -eq 0 ]; then
        follow_skip "$1"
        return
    fi
    follow_announce "$1"
    tail -n "$follow_start" <&"$1" | fold -b -w "$FOLLOW_PIECE"
}

follow_skip() {
    tail -c 1 <&"$1" >/dev/null
}

follow_announce() {
    eval "follow_tell file \$follow_serial_$1"
}

# ---- Their names ----

# The log's own name first: a rotation changes it before that of FILE.1.
follow_look_at_names() {
    follow_round=$((follow_round + 1))
    if [ -f "$follow_log" ] && ! follow_is_open "$follow_log"; then
        follow_name
    elif [ -f "$follow_log.1" ] && ! follow_is_open "$follow_log.1" && ! follow_is_at 9 "$follow_log.1" && follow_is_open "$follow_log"; then
        # A copy, which may still grow. It is kept in mind so that it is not
        # taken for a part of the log later.
        { command exec 9<"$follow_log.1"; } 2>/dev/null
    fi
    follow_is_at 9 "$follow_log.1" || exec 9<&-
    follow_let_go
}

# A new file is the log.
follow_name() {
    if ! follow_open_file "$follow_log"; then
        [ -n "${follow_told-}" ] || complain "$follow_log is a new file, and cannot be read"
        follow_told=yes
        return
    fi
    follow_newest=$follow_opened
    follow_files="$follow_files $follow_newest"
    if [ -f "$follow_log.1" ] && ! follow_is_open "$follow_log.1" && ! follow_is_at 9 "$follow_log.1" && follow_open_file "$follow_log.1"; then
        follow_files="${follow_files%" $follow_newest"} $follow_opened $follow_newest"
        complain "$follow_log was rotated more than once since the last look: some records may be missing"
    fi
}

# Files that have lost both names, a while after the last program that wrote to
# them by name must have noticed: one that is removed takes up room on the disk.
follow_let_go() {
    [ -e "$follow_log" ] || return 0
    for follow_number in $follow_files; do
        if follow_is_at "$follow_number" "$follow_log" || follow_is_at "$follow_number" "$follow_log.1"; then
            eval "follow_seen_$follow_number=$follow_round"
        elif eval "[ $((follow_round - 30)) -gt \$follow_seen_$follow_number ]"; then
            follow_close_file "$follow_number"
        fi
    done
}
