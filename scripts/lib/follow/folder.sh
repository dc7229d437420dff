# shellcheck shell=sh
# All logs of a folder, and of the folders within. A file is known by its inode number:
# a rotation changes its name alone. Its descriptor is not kept: there may be more of
# them than a shell has.

follow_feed_folder() {
    follow_quiet=0
    follow_read= # lines of INODE OFFSET; -SIZE of a file in which no record was found
    follow_watch_size
    follow_begin_folder
    follow_again follow_read_folder
}

# What is there already, in the order of time.
follow_begin_folder() {
    follow_read=$(follow_list_folder | while read -r follow_inode follow_size follow_path; do
        logs_is_plain "$follow_path" && echo "$follow_inode $follow_size" || echo "$follow_inode -$follow_size"
    done)
    case " $(printf '%s' "$follow_read" | tr '\n' ' ')" in
    *' '[0-9]*' '[0-9]*) ;;
    *) complain "waiting for a log in ${follow_log:?}" ;;
    esac
    case ${follow_start:?} in
    0) ;;
    all) follow_merge_folder | fold -b -w "$FOLLOW_PIECE" ;;
    *) follow_merge_folder | tail -n "$follow_start" | fold -b -w "$FOLLOW_PIECE" ;;
    esac
    follow_tell live
}

follow_merge_folder() {
    follow_list_folder | while read -r follow_inode follow_size follow_path; do
        logs_is_plain "$follow_path" || continue
        case $follow_start in
        all) head -c "$follow_size" <"$follow_path" ;;
        *) head -c "$follow_size" <"$follow_path" | tail -n "$follow_start" ;;
        esac
    done | LC_ALL=C awk '
        match($0, /ts=20|"ts":"20/) { print substr($0, RSTART + RLENGTH - 2, 26) "\t" $0 }' | LC_ALL=C sort | cut -f 2-
}

# INODE SIZE PATH of each file that can be read.
follow_list_folder() {
    find -L "${follow_log:?}" -type f ! -path "*$LOGS_BREAK*" -exec ls -lni {} + 2>/dev/null | awk '{
        inode = $1
        size = $6
        for (i = 0; i < 9; i++)
            sub(/^ *[^ ]+ +/, "")
        print inode, size, $0
    }' | while read -r follow_inode follow_size follow_path; do
        [ ! -r "$follow_path" ] || printf '%s\n' "$follow_inode $follow_size $follow_path"
    done
}

follow_read_folder() {
    follow_quiet=$((follow_quiet + 1))
    follow_changes=
    while read -r follow_inode follow_offset follow_size follow_path; do
        [ -n "$follow_inode" ] || continue
        follow_quiet=0
        if [ "$follow_offset" = gone ]; then
            follow_size=gone
        elif [ "$follow_offset" = new ] && ! logs_is_plain "$follow_path"; then
            follow_size=-$follow_size
        else
            [ "$follow_offset" != new ] || follow_offset=0
            follow_tell file "$follow_inode"
            tail -c "+$((follow_offset + 1))" <"$follow_path" | head -c "$((follow_size - follow_offset))" |
                fold -b -w "$FOLLOW_PIECE" || exit
        fi
        follow_changes="$follow_changes
$follow_inode $follow_size"
    done <<END
$(follow_grown_files)
END
    [ -z "$follow_changes" ] || follow_read=$(printf '%s\n' "$follow_read$follow_changes" | awk '
        NF { offset[$1] = $2 }
        END { for (inode in offset) if (offset[inode] != "gone") print inode, offset[inode] }')
}

# INODE OFFSET SIZE PATH of what is to be read: from OFFSET to SIZE, or OFFSET is "new";
# and INODE gone.
follow_grown_files() {
    { printf '%s\n' "$follow_read" && echo end && follow_list_folder; } | awk '
        $0 == "end" { listing = 1; next }
        !listing { if (NF) offset[$1] = $2; next }
        {
            listed[$1] = 1
            if (!($1 in offset) || offset[$1] ~ /^-/ && offset[$1] != "-" $2)
                from = "new"
            else if (offset[$1] ~ /^-/ || offset[$1] + 0 == $2 + 0)
                next
            else
                from = offset[$1] + 0 > $2 + 0 ? 0 : offset[$1]
            inode = $1
            sub(/^[^ ]+ /, "")
            print inode, from, $0
        }
        END {
            for (inode in offset)
                if (!(inode in listed))
                    print inode, "gone"
        }'
}
