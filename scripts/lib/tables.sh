# shellcheck shell=sh
# What the tables of the source say. make has them printed into tables.txt beside the
# object: an item a line, its kind first, with tabs between the words.

# tables_need: $tables_path, which is there.
tables_need() {
    : "${object:?}"
    tables_path=${object%/*}/tables.txt
    [ -f "$tables_path" ] || die "$USAGE" "$tables_path is not there: ${remedy-}"
}

# tables_level WORD: the level that WORD is in upper or lower case; fails, and prints all of
# them, if it is none.
tables_level() {
    tables_levels=$(tables_list level) || exit
    printf '%s\n' "$tables_levels" | LC_ALL=C grep -ixF -e "$1" || {
        printf '%s\n' "$tables_levels" | sed -n 'H; ${ g; s/^.//; s/\n/, /g; p; }'
        return 1
    }
}

# tables_list KIND [COLUMN]: a word of each item of the kind, one a line: its first, or
# that of the column; the kind is in column 1.
tables_list() {
    tables_need
    awk -F '\t' -v kind="$1" -v column="${2:-2}" '$1 == kind { print $column }' "$tables_path"
}
