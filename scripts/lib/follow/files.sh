# shellcheck shell=sh
# The files of the log that follow follows, through rotation, removal and truncation.
# tail -F will not do: when it goes on to a new file it drops the old one, to which
# programs write for up to a second more.

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
    if [ "${follow_start:?}" -eq 0 ]; then
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
    if [ -f "${follow_log:?}" ] && ! follow_is_open "$follow_log"; then
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
