# shellcheck shell=sh
# sockshim explain: what a cause in the log, or an errno, means, and what to do about it

. "${lib:?}/terminal.sh"
. "$lib/causes.sh"

explain_usage() {
    cat <<'END'
usage: sockshim explain [CAUSE|ERRNO]

Says what happened on the wire, the usual reasons, what to look at next and
what to do: for one cause (peer-reset), for all causes of an errno name
(ECONNRESET) or number (104), or, without a word, for all of them.
END
}

# errno numbers on Linux, for those that causes.txt names.
explain_errno_numbers() {
    echo "EPERM 1 ENOENT 2 EINTR 4 EBADF 9 EAGAIN 11 EWOULDBLOCK 11 ENOMEM 12 EACCES 13 EFAULT 14" \
        "EINVAL 22 ENFILE 23 EMFILE 24 EPIPE 32 ENOTSOCK 88 EDESTADDRREQ 89 EMSGSIZE 90" \
        "EPROTOTYPE 91 ENOPROTOOPT 92 EPROTONOSUPPORT 93 ESOCKTNOSUPPORT 94 EOPNOTSUPP 95" \
        "ENOTSUP 95 EAFNOSUPPORT 97 EADDRINUSE 98 EADDRNOTAVAIL 99 ENETDOWN 100 ENETUNREACH 101" \
        "ECONNABORTED 103 ECONNRESET 104 ENOBUFS 105 EISCONN 106 ENOTCONN 107 ETIMEDOUT 110" \
        "ECONNREFUSED 111 EHOSTDOWN 112 EHOSTUNREACH 113 EALREADY 114 EINPROGRESS 115"
}

# Prints the blocks that the word chooses; exit status 1 if there is none.
explain_print_causes() {
    terminal_decide_columns
    LC_ALL=C awk -v word="$1" -v numbers="$(explain_errno_numbers)" -v columns="$TERMINAL_COLUMNS" \
        -v path="$lib/causes.txt" -f "$lib/wrap.awk" -f "$lib/causes.awk" -f "$lib/explain.awk"
}

sockshim_explain() {
    case ${1-} in
    -*) unknown_option explain "$1" --help ;;
    esac
    [ $# -le 1 ] || wrong_call explain "explain takes one cause or errno, not $#"
    explain_hint_at_errno "${1-}"
    explain_print_causes "${1-}" || explain_no_such_cause "$1"
}

# An errno that has no cause of its own may be a misspelt one that has.
explain_hint_at_errno() {
    case $1 in
    E*) ;;
    *) return ;;
    esac
    explain_names=$(explain_errno_numbers | tr ' ' '\n' | grep E)
    ! printf '%s\n' "$explain_names" | grep -qxF -e "$1" || return 0
    # shellcheck disable=SC2086
    explain_meant=$(nearest "$1" $explain_names)
    [ -z "$explain_meant" ] || complain "$1 has no cause of its own; did you mean $explain_meant?"
}

explain_no_such_cause() {
    explain_meant=$(causes_nearest "$1")
    die "$USAGE" "no cause and no errno that is logged: $1${explain_meant:+ (did you mean $explain_meant?)};" \
        "the causes are: $(causes_list | awk '{ printf "%s%s", sep, $0; sep = ", " }')"
}
