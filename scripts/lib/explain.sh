# sockshim explain: what a cause means and what to do, from causes.txt.

explain_usage() {
    cat <<'END'
usage: sockshim explain [CAUSE|ERRNO]

Says what happened on the wire, the usual reasons, what to look at next and
what to do: for one cause (peer-reset), for all causes of an errno name
(ECONNRESET) or number (104), or, without a word, for all of them.
END
}

# errno numbers on Linux, for those that causes.txt names.
errno_numbers() {
    echo "EPERM 1 ENOENT 2 EINTR 4 EBADF 9 EAGAIN 11 EWOULDBLOCK 11 ENOMEM 12 EACCES 13 EFAULT 14" \
        "EINVAL 22 ENFILE 23 EMFILE 24 EPIPE 32 ENOTSOCK 88 EDESTADDRREQ 89 EMSGSIZE 90" \
        "EPROTOTYPE 91 ENOPROTOOPT 92 EPROTONOSUPPORT 93 ESOCKTNOSUPPORT 94 EOPNOTSUPP 95" \
        "ENOTSUP 95 EAFNOSUPPORT 97 EADDRINUSE 98 EADDRNOTAVAIL 99 ENETDOWN 100 ENETUNREACH 101" \
        "ECONNABORTED 103 ECONNRESET 104 ENOBUFS 105 EISCONN 106 ENOTCONN 107 ETIMEDOUT 110" \
        "ECONNREFUSED 111 EHOSTDOWN 112 EHOSTUNREACH 113 EALREADY 114 EINPROGRESS 115"
}

# Prints the blocks that the word chooses; exit status 1 if there is none.
print_causes() {
    awk -v word="$1" -v numbers="$(errno_numbers)" '
        function show(    i) {
            if (!chosen())
                return
            if (shown++)
                print ""
            print text["cause"] "  (" text["level"] ", " came_as() ")"
            print "  " text["when"]
            split("wire why look do", keys, " ")
            split("On the wire:|Usual reasons:|Look at:|What to do:", titles, "|")
            for (i = 1; i <= 4; i++) {
                print ""
                print "  " titles[i]
                print lines[keys[i]]
            }
        }
        function came_as() {
            return text["errno"] == "-" ? "return value 0" : text["errno"] == "*" ? "any other errno" : text["errno"]
        }
        function chosen(    i, n, names) {
            if (word == "" || word == text["cause"])
                return 1
            # The last block is for the errors that no other one names.
            if (text["errno"] == "*")
                return !shown && (word ~ /^E[A-Z0-9]+$/ || (word + 0 > 0 && word + 0 < 134))
            n = split(text["errno"], names, " ")
            for (i = 1; i <= n; i++)
                if (names[i] == name)
                    return 1
            return word == "0" && text["errno"] == "-"
        }
        BEGIN {
            # A number becomes a name, a second name the first one.
            n = split(numbers, pairs, " ")
            name = toupper(word)
            for (i = 1; i < n; i += 2)
                if (pairs[i + 1] == word || pairs[i] == name) {
                    number = pairs[i + 1]
                    break
                }
            for (i = 1; i < n; i += 2)
                if (number != "" && pairs[i + 1] == number) {
                    name = pairs[i]
                    break
                }
        }
        /^#/ { next }
        /^$/ { if (key != "") show(); key = ""; next }
        /^[a-z]+:/ {
            key = substr($1, 1, length($1) - 1)
            sub(/^[a-z]+: */, "")
            text[key] = $0
            lines[key] = "    " $0
            next
        }
        { sub(/^ +/, ""); lines[key] = lines[key] "\n    " $0 }
        END {
            if (key != "")
                show()
            exit shown == 0
        }
    ' "$lib/causes.txt"
}

sockshim_explain() {
    case ${1-} in
    -*) unknown_option explain "$1" --help ;;
    esac
    [ $# -le 1 ] || wrong_call explain "explain takes one cause or errno, not $#"
    print_causes "${1-}" || no_such_cause "$1"
}

no_such_cause() {
    causes=$(awk '/^cause:/ { print $2 }' "$lib/causes.txt")
    # shellcheck disable=SC2086
    meant=$(nearest "$1" $causes)
    die "$USAGE" "no cause and no errno that is logged: $1${meant:+ (did you mean $meant?)};" \
        "the causes are: $(printf '%s' "$causes" | awk '{ printf "%s%s", sep, $0; sep = ", " }')"
}
