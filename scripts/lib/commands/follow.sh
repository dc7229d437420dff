# shellcheck shell=sh
# sockshim follow: the log as it grows, a short line a record
#
# tail -F will not do: when it goes on to a new file it drops the old one, to which
# programs write for up to a second more.

. "$lib/terminal.sh"
. "$lib/filter.sh"

FOLLOW_OPTIONS="-n $FILTER_OPTIONS --why --color --help"

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
    latest=
    color_when=auto
    SENTENCES=
    read_words follow "-n $FILTER_OPTIONS --color" "$@"
}

follow_option() {
    case $1/$# in
    -n/*)
        case $2 in
        all) ;;
        '' | *[!0-9]*) wrong_call follow "-n $2 is not allowed; allowed: a number, or all" ;;
        esac
        latest=$2
        ;;
    -n?*/1) follow_option -n "${1#-n}" ;;
    --why/1) SENTENCES=yes ;;
    --why/*) wrong_call follow "$1 takes no value" ;;
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
    log=$1
    decide_view
    case $log in
    -) follow_stream ;;
    *) follow_path ;;
    esac
}

# ---- The view: follow.awk ----

# fold cuts what has no end into pieces of so many bytes. A record has 1024 at
# most; of each line of 4096 or more mawk -W interactive keeps as much memory.
PIECE=2000

decide_view() {
    decide_color "$color_when"
    decide_charset
    COLOR=$color
    WIDTH=0
    if [ -t 1 ]; then
        decide_columns
        WIDTH=$columns
    fi
    exec 3>&1 # for the loop, which writes to the view
    MARK=$(printf '\001sockshim %s ' $$) # no line of a log has that
    IS_FILTERED=$SINCE$UNTIL$WANTED_CAUSE$WANTED_PEER$WANTED_PROG$LOWEST
    LATEST=
    export MARK COLOR WIDTH SENTENCES IS_FILTERED LATEST PIECE
}

# mawk holds back what it reads and what it writes unless it is told not to;
# others do not know the option.
exec_view() {
    interactive=
    case $(awk -W version 2>/dev/null </dev/null) in
    mawk*) interactive="-W interactive" ;;
    esac
    export LC_ALL=C
    # shellcheck disable=SC2086
    exec awk $interactive -f "$lib/records.awk" -f "$lib/follow.awk" 3>&-
}

# ---- The log ----

follow_path() {
    [ ! -d "$log" ] || die "$USAGE" "$log is a directory, not a log"
    [ ! -e "$log" ] || [ -r "$log" ] || die "$USAGE" "$log: permission denied"
    if [ -p "$(readlink -f -- "$log")" ] && [ -w "$log" ]; then
        follow_stream <>"$log" # not at its end when one writer is gone
        return
    elif [ -e "$log" ] && [ ! -f "$log" ]; then
        follow_stream <"$log"
        return
    fi
    decide_start
    if [ -n "$LATEST" ] && [ -t 2 ] && is_long; then
        complain "looking for the last $LATEST of them in $log"
    fi
    feed | exec_view
}

is_long() {
    # shellcheck disable=SC2012
    ls -lnL -- "$log" 2>/dev/null | awk '$5 > 100000000 { long = 1 } END { exit !long }'
}

follow_stream() {
    feed_stream | exec_view
}

# What a read gets, at once. dd says how much that was.
feed_stream() {
    exec 4>&1
    watch_width
    while is_awaited; do
        counted=$({ LC_ALL=C dd bs=1048576 count=1 | fold -b -w "$PIECE" >&4; } 2>&1) || return
        case $counted in
        '0+0 '*) return ;;
        esac
        pass_on_width
    done
}

# How much of what is there is shown: $start lines, or all. With a filter only the
# view can count.
decide_start() {
    start=${latest:-${SINCE:+all}}
    start=${start:-10}
    case $IS_FILTERED/$start in
    /* | */all | */0) ;;
    *) LATEST=$start start=all ;;
    esac
}

# Sends what is in the log's files to the view. They are read through descriptors
# that stay on a file whatever becomes of its name, and each tool goes on where
# the one before came to the end. There may be several: programs write to FILE.1
# for up to a second more, and those that have locked themselves in for good.
feed() {
    files= # the descriptors, 4 to 8, the older files first
    serial=0
    round=0
    quiet=0
    watch_width
    open_first
    while is_awaited; do
        is_last=
        [ -z "$UNTIL" ] || ! has_passed "$UNTIL" || is_last=yes
        look_at_names
        read_files
        [ -z "$is_last" ] || return
        pass_on_width
        tell
        pause
    done
}

# tell WORD...: to the view. If it is gone, so are we.
tell() {
    printf '%s\n' "$MARK$*" 2>/dev/null || exit
}

watch_width() {
    resized=
    [ ! -t 3 ] || trap 'resized=yes' WINCH
}

pass_on_width() {
    [ -n "$resized" ] || return 0
    resized=
    unset COLUMNS # as it was before
    decide_columns >&3
    tell width "$columns"
}

# Whoever killed the shell that waits for us meant us, too.
is_awaited() {
    read -r line </proc/self/stat
    # state, parent
    # shellcheck disable=SC2086
    set -- ${line##*) }
    [ "$2" = $$ ]
}

has_passed() {
    expr "$(date -u +%Y-%m-%dT%H:%M:%S)" \>= "$1" >/dev/null
}

# Not at once again and again where nothing is written.
pause() {
    seconds=0.1
    [ "$quiet" -lt 20 ] || seconds=0.4
    sleep "$seconds" 2>/dev/null || sleep 1
}

open_first() {
    [ -e "$log" ] || complain "waiting for $log"
    if [ -f "$log" ] && open_file "$log"; then
        files=$opened
        [ "$start" = all ] || read_end "$opened"
    fi
    if [ -f "$log.1" ] && ! is_open "$log.1" && open_file "$log.1"; then
        files="$opened $files"
        [ -n "$SINCE" ] || skip "$opened"
    fi
    read_files
    tell live
}

# ---- Its files ----

# open_file PATH: on the descriptor $opened, the first that is free.
open_file() {
    # shellcheck disable=SC2086
    set -- "$1" $files
    [ $# -le 5 ] || close_file "$2"
    for opened in 4 5 6 7 8; do
        case " $files " in
        *" $opened "*) ;;
        *) break ;;
        esac
    done
    reopen_file "$opened" "$1"
}

# reopen_file NUMBER PATH: from its beginning. To the view it is another file.
reopen_file() {
    eval "command exec $1<\"\$2\"" 2>/dev/null || return
    serial=$((serial + 1))
    eval "serial_$1=$serial seen_$1=$round"
}

close_file() {
    eval "exec $1<&-"
    kept=
    for file in $files; do
        [ "$file" = "$1" ] || kept="$kept $file"
    done
    files=$kept
}

# is_at NUMBER PATH
is_at() {
    # shellcheck disable=SC3013 # POSIX since 2024, and older than that in all shells
    [ "$2" -ef "/proc/self/fd/$1" ]
}

is_open() {
    for file in $files; do
        ! is_at "$file" "$1" || return 0
    done
    return 1
}

read_files() {
    quiet=$((quiet + 1))
    learn_sizes
    for number in $files; do
        read -r _ position <"/proc/self/fdinfo/$number"
        eval "size=\$size_$number"
        # Truncated: by logrotate's copytruncate, or by hand.
        if [ "$size" -lt "$position" ]; then
            reopen_file "$number" "/proc/self/fd/$number"
            position=0
        fi
        [ "$size" -eq "$position" ] || read_file "$number"
    done
}

# In $size_4 and so on.
learn_sizes() {
    paths=
    for number in $files; do
        paths="$paths /proc/self/fd/$number"
    done
    count=0
    # shellcheck disable=SC2046,SC2086
    for word in ${paths:+$(ls -lnL $paths)}; do
        count=$((count + 1))
        case $count/$word in
        5/*) size=$word ;;
        *//proc/self/fd/*) eval "size_${word##*/}=$size" && count=0 ;;
        esac
    done
}

read_file() {
    quiet=0
    announce "$1"
    fold -b -w "$PIECE" <&"$1" || exit
}

# read_end NUMBER: the last $start lines.
read_end() {
    if [ "$start" -eq 0 ]; then
        skip "$1"
        return
    fi
    announce "$1"
    tail -n "$start" <&"$1" | fold -b -w "$PIECE"
}

skip() {
    tail -c 1 <&"$1" >/dev/null
}

announce() {
    eval "tell file \$serial_$1"
}

# ---- Their names ----

# The log's own name first: a rotation changes it before that of FILE.1.
look_at_names() {
    round=$((round + 1))
    if [ -f "$log" ] && ! is_open "$log"; then
        follow_name
    elif [ -f "$log.1" ] && ! is_open "$log.1" && ! is_at 9 "$log.1" && is_open "$log"; then
        # A copy, which may still grow. It is kept in mind so that it is not
        # taken for a part of the log later.
        { command exec 9<"$log.1"; } 2>/dev/null
    fi
    is_at 9 "$log.1" || exec 9<&-
    let_go
}

# A new file is the log.
follow_name() {
    if ! open_file "$log"; then
        [ -n "${told-}" ] || complain "$log is a new file, and cannot be read"
        told=yes
        return
    fi
    newest=$opened
    files="$files $newest"
    if [ -f "$log.1" ] && ! is_open "$log.1" && ! is_at 9 "$log.1" && open_file "$log.1"; then
        files="${files%" $newest"} $opened $newest"
        complain "$log was rotated more than once since the last look: some records may be missing"
    fi
}

# Files that have lost both names, a while after the last program that wrote to
# them by name must have noticed: one that is removed takes up room on the disk.
let_go() {
    [ -e "$log" ] || return 0
    for number in $files; do
        if is_at "$number" "$log" || is_at "$number" "$log.1"; then
            eval "seen_$number=$round"
        elif eval "[ $((round - 30)) -gt \$seen_$number ]"; then
            close_file "$number"
        fi
    done
}
