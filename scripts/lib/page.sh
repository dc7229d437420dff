# shellcheck shell=sh
# Writes a page of HTML to a file: whole, or not at all.

# page_check FILE LOG...: ends with a message if FILE must not be written. None of the
# logs may be lost to a slip on the command line, and no other log.
page_check() {
    page_file=$1
    shift
    [ "$page_file" != - ] || return 0
    [ ! -d "$page_file" ] || die "$USAGE" "--html $page_file is a directory; name a file in it"
    for page_log; do
        [ "$page_log" != - ] || page_log=/dev/stdin
        # shellcheck disable=SC3013 # as in report.sh
        if [ -f "$page_file" ] && [ "$page_log" -ef "$page_file" ]; then
            die "$USAGE" "--html $page_file would overwrite the log; name another file"
        fi
    done
    if [ -f "$page_file" ] && [ -r "$page_file" ] && logs_holds_records "$page_file" && ! page_is_one "$page_file"; then
        die "$USAGE" "--html $page_file is a log, and would be overwritten; name another file"
    fi
}

page_is_one() {
    [ "$(head -c 15 <"$1" | tr '[:upper:]' '[:lower:]')" = '<!doctype html>' ]
}

# page_write FILE COMMAND...: what the command writes becomes FILE if it ends as a page
# does: a full disk leaves the old one. Exit status: the command's, or 2.
page_write() {
    page_file=$1
    shift
    # Devices and pipes cannot be replaced.
    if [ "$page_file" = - ]; then
        output_check "standard output" "$@"
        return
    elif [ -e "$page_file" ] && [ ! -f "$page_file" ]; then
        # shellcheck disable=SC2094 # its name
        output_check "$page_file" "$@" >"$page_file"
        return
    fi
    # The file that a link leads to, not the link.
    [ ! -L "$page_file" ] || page_file=$(readlink -f "$page_file") || die "$USAGE" "--html $1: a link that leads nowhere"
    page_new=$page_file.$$.new
    trap 'rm -f "$page_new"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
    page_status=0
    (set -C && : >"$page_new") 2>/dev/null || die "$USAGE" "--html $page_file: cannot create a file there; name one in a directory that exists and that you can write to"
    output_check "$page_file" "$@" >"$page_new" || page_status=$?
    if [ "$(tail -n 1 "$page_new")" != "</html>" ]; then
        # It has said why there is no page, unless it was killed.
        case $page_status in
        1 | 2) return "$page_status" ;;
        *) die "$USAGE" "$page_file was not written: the page could not be completed" ;;
        esac
    fi
    mv -f "$page_new" "$page_file" || return "$USAGE"
    return "$page_status"
}
