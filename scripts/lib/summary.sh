# shellcheck shell=sh
# What was logged in this run, in two or three lines. The log is appended to, so
# what was in it before is left out.

# summary_begin LOG: to be called before the run.
summary_begin() {
    log=$1
    case $log in
    /* | stderr | off) ;;
    *) log=$PWD/$log ;;
    esac
    pattern=$(log_pattern "$log")
    before=$(log_files)
}

# A glob for the log's files: %p and %n match anything, all else itself. In
# brackets, for a backslash is taken literally where nothing else is a glob.
log_pattern() {
    printf '%s\n' "$1" | sed 's/[][*?]/[&]/g; s/\\/?/g; s/%[pn]/*/g'
}

# The log's regular files, FILE.1 of a rotation too: inode, size and path.
log_files() (
    IFS=
    # shellcheck disable=SC2012,SC2086
    ls -lindL -- $pattern $pattern.1 2>/dev/null |
        sed -n 's/^ *\([0-9]*\) -[^ ]*  *[^ ]*  *[^ ]*  *[^ ]*  *\([0-9]*\) [^/]*\(\/.*\)$/\1 \2 \3/p' |
        sort -u
)

# Where in each file this run begins, and the path. Files are known by inode and
# name, for a removed file's inode is soon used again; a rotated one's FILE was
# called before.
parts_of_run() {
    log_files | BEFORE=$before awk '
        function path_of(line) {
            sub(/^[0-9]+ [0-9]+ /, "", line)
            return line
        }
        BEGIN {
            count = split(ENVIRON["BEFORE"], lines, "\n")
            for (i = 1; i <= count; i++) {
                split(lines[i], words, " ")
                had[words[1] " " path_of(lines[i])] = words[2]
            }
        }
        {
            path = path_of($0)
            from = had[$1 " " path]
            if (from == "" && path ~ /\.1$/)
                from = had[$1 " " substr(path, 1, length(path) - 2)]
            if (from + 0 > $2)
                from = 0
            if (from + 0 < $2)
                print from + 1, path
        }'
}

records_of_run() {
    parts_of_run | while read -r from path; do
        tail -c "+$from" -- "$path"
    done
}

count_records() {
    LC_ALL=C awk -f "$lib/records.awk" -f "$lib/summary.awk"
}

summary_print() {
    case $log in
    off) complain "nothing was logged: the log is off" ;;
    stderr) complain "the log went to stderr" ;;
    *) summarize_files ;;
    esac
}

summarize_files() {
    files=$(log_files)
    if [ "${SOCKSHIM-}" = off ]; then
        complain "nothing was logged: SOCKSHIM=off is in the environment"
    elif [ -n "$files" ]; then
        complain "$(records_of_run | count_records)"
        say_where
    elif [ -e "$log" ] && [ ! -d "$log" ]; then
        complain "the log went to $log"
    else
        complain "there is no log $log: the shim was not loaded, or could not write there"
    fi
}

say_where() {
    parts=$(parts_of_run)
    count=0
    [ -z "$parts" ] || count=$(($(printf '%s\n' "$parts" | wc -l)))
    case $count/$log in
    1/*%[pn]*) complain "the log is ${parts#* }" ;;
    0/*%[pn]*) complain "no log $log was written" ;;
    *%[pn]*) complain "the log is $count files: $log, %p being the process, %n the program" ;;
    *)
        complain "the log is $log"
        [ "$count" -lt 2 ] || complain "it was rotated: the older records are in $log.1"
        ;;
    esac
}
