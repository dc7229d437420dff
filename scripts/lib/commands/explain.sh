# shellcheck shell=sh
# sockshim explain: what a cause in the log, or an errno, means, and what to do about it

. "${lib:?}/terminal.sh"
. "$lib/causes.sh"
. "$lib/tables.sh"

explain_usage() {
    cat <<'END'
usage: sockshim explain [CAUSE|ERRNO]

Says what happened on the wire, the usual reasons, what to look at next and
what to do: for one cause (peer-reset), for all causes of an errno name
(ECONNRESET) or number (104), or, without a word, for all of them.

Exit status: 0; 2 if there is no such cause or errno.
END
}

sockshim_explain() {
    case ${1-} in
    -*) unknown_option explain "$1" --help ;;
    esac
    [ $# -le 1 ] || wrong_call explain "explain takes one cause or errno, not $#"
    explain_name=
    case ${1-} in
    '' | 0 | *-*) ;;
    *) explain_name=$(explain_errno_name "$1") || exit ;;
    esac
    explain_print_causes "${1-}" "$explain_name" || explain_no_such_cause "$1"
}

# explain_errno_name WORD: what the log calls the errno of that name or number; nothing
# if there is none.
explain_errno_name() {
    ! causes_has "$1" || return 0
    tables_need
    awk -F '\t' -v word="$1" '
        $1 == "errno" { name[$2] = $3; number[$3] = $2 }
        $1 == "errno-alias" { number[$2] = $3 }
        END {
            word = toupper(word)
            word = word in number ? number[word] : word
            if (word in name)
                print name[word]
        }' "$tables_path"
}

# explain_print_causes WORD ERRNO: the blocks that one of them chooses; all if both are
# empty. Fails if there is none.
explain_print_causes() {
    terminal_decide_columns
    LC_ALL=C awk -v word="$1" -v name="$2" -v columns="$TERMINAL_COLUMNS" \
        -v path="$lib/causes.txt" -f "$lib/wrap.awk" -f "$lib/causes.awk" -f "$lib/explain.awk"
}

explain_no_such_cause() {
    explain_errnos=
    case $1 in
    *-*) ;;
    *) explain_errnos=$(tables_list errno 3) ;;
    esac
    # shellcheck disable=SC2086
    explain_meant=$(causes_nearest "$1" $explain_errnos)
    die "$USAGE" "no cause and no errno: $1${explain_meant:+ (did you mean $explain_meant?)};" \
        "the causes are: $(causes_list | awk '{ printf "%s%s", sep, $0; sep = ", " }')"
}
