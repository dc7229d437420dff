# shellcheck shell=sh
# Which files are logs, and how they are packed.

# More files than this are no folder of logs: somebody named / or his home directory.
LOGS_MOST=10000

# logs_are_too_many FOLDER: whether there are.
logs_are_too_many() {
    [ "$(find -L "$1" -type f 2>/dev/null | head -n $((LOGS_MOST + 1)) | wc -l)" -gt "$LOGS_MOST" ]
}

# logs_too_many FOLDER: what to say then.
logs_too_many() {
    printf '%s\n' "$1 has more than $LOGS_MOST files in it; name the directory that the logs are in"
}

# logs_in FOLDER: one a line, those in it and in folders within that have a record near
# their beginning, or that cannot be read. A name with a line break in it is none of them.
logs_in() {
    logs_all=$(find -L "$1" -type f ! -path "*$LOGS_BREAK*" 2>/dev/null) || complain "$1: not everything in it can be read"
    logs_say_breaks "$1"
    printf '%s\n' "$logs_all" | LC_ALL=C sort | while IFS= read -r logs_path; do
        if [ -n "$logs_path" ] && { [ ! -r "$logs_path" ] || logs_holds_records "$logs_path"; }; then
            printf '%s\n' "$logs_path"
        fi
    done
}

LOGS_BREAK='
'

logs_say_breaks() {
    [ -z "$(find -L "$1" -type f -path "*$LOGS_BREAK*" 2>/dev/null | head -n 1)" ] ||
        complain "$1: files with a line break in their path are left out; name them one by one"
}

logs_holds_records() {
    dd bs=65536 count=1 <"$1" 2>/dev/null | logs_find "$LOGS_RECORD|$LOGS_MAGIC" || return
    logs_tool=$(logs_tool_for "$1")
    [ -z "$logs_tool" ] || "$logs_tool" -dc <"$1" 2>/dev/null | dd bs=65536 count=1 2>/dev/null | logs_find "$LOGS_RECORD"
}

# A record, and what may be the beginning of a packed file: the words of logs_unpacker.
LOGS_RECORD='ts=20[0-9][0-9]-[0-9T:.-]*Z level=|[{]\\*"ts\\*":\\*"20[0-9T:.-]*Z\\*",\\*"level\\*":\\*"'
LOGS_MAGIC=$(printf '^\037\213|^[(]\265\057\375|^\375\067\172\130\132|^\102\132\150|^\211\123\117\103\113\123')

logs_find() {
    LC_ALL=C grep -qE -e "$1"
}

# Whether it holds records that can be read as they are: neither packed nor a recorder's.
logs_is_plain() {
    [ -z "$(logs_tool_for "$1")" ] && logs_holds_records "$1"
}

logs_is_recorder() {
    [ -f "$1" ] && [ "$(logs_tool_for "$1")" = "${recorder:?}" ]
} 2>/dev/null

# logs_tool_for FILE: what unpacks it, if that is needed.
logs_tool_for() {
    logs_unpacker "$(od -A n -v -t o1 -N 6 <"$1")"
}

# In octal. No byte more is taken from standard input than these.
logs_first_bytes() {
    dd bs=1 count=6 2>/dev/null | od -A n -v -t o1
}

# What unpacks a log that begins with these bytes, if that is needed: names change. Of a
# recorder's file (shim/base/ring.h) it prints the records.
logs_unpacker() {
    case $1 in
    ' 037 213 '*) echo gzip ;;
    ' 050 265 057 375 '*) echo zstd ;;
    ' 375 067 172 130 132 000') echo xz ;;
    ' 102 132 150 '*) echo bzip2 ;;
    ' 211 123 117 103 113 123') echo "${recorder:?}" ;;
    esac
}
