# shellcheck shell=sh
# Which files are logs, and how they are packed.

# logs_in FOLDER: one a line, those in it and in folders within that have a record near
# their beginning, or that cannot be read.
logs_in() {
    { find -L "$1" -type f 2>/dev/null || complain "$1: not everything in it can be read"; } | LC_ALL=C sort | while IFS= read -r logs_path; do
        if [ ! -r "$logs_path" ] || logs_holds_records "$logs_path"; then
            printf '%s\n' "$logs_path"
        fi
    done
}

logs_holds_records() {
    logs_tool=$(logs_tool_for "$1")
    if [ -n "$logs_tool" ]; then
        "$logs_tool" -dc | dd bs=65536 count=1
    else
        dd bs=65536 count=1
    fi <"$1" 2>/dev/null |
        LC_ALL=C grep -q -e 'ts=20[0-9][0-9]-[0-9T:.-]*Z level=' -e '{\\*"ts\\*":\\*"20[0-9T:.-]*Z\\*",\\*"level\\*":\\*"'
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
