# shellcheck shell=sh
# The words of a subcommand, and what is said to somebody who mistyped.

# words_read SUBCOMMAND VALUED SWITCHES WORD...: options may stand anywhere before a --;
# VALUED are those that want a value, as --name VALUE, --name=VALUE or -nVALUE. Calls
# SUBCOMMAND_option OPTION [VALUE] for each, and SUBCOMMAND_words with the other words.
words_read() {
    words_subcommand=$1 words_valued=$2 words_switches=$3
    shift 3
    words_left=$#
    while [ "$words_left" -gt 0 ]; do
        words_taken=1
        case $1 in
        --)
            words_taken=0
            shift
            while [ "$words_left" -gt 1 ]; do
                set -- "$@" "$1"
                shift
                words_left=$((words_left - 1))
            done
            words_left=0
            ;;
        -h | --help) "${words_subcommand}_usage" && exit 0 ;;
        --*=*) words_take "${1%%=*}" "${1#*=}" ;;
        -?*)
            if words_is_among "$1" "$words_valued" && [ "$words_left" -gt 1 ]; then
                case $2 in
                --*) wrong_call "$words_subcommand" "$1 needs a value, not $2" ;;
                esac
                words_take "$1" "$2"
                words_taken=2
            else
                words_take "$1"
            fi
            ;;
        # Copied from a text.
        ‒* | –* | —* | ―* | −*)
            [ -e "$1" ] || wrong_call "$words_subcommand" "$1 begins with a typographic dash instead of -"
            set -- "$@" "$1"
            ;;
        *) set -- "$@" "$1" ;;
        esac
        shift "$words_taken"
        words_left=$((words_left - words_taken))
    done
    "${words_subcommand}_words" "$@"
}

# words_take OPTION [VALUE]
words_take() {
    words_value=${2-}
    if words_is_among "$1" "$words_valued"; then
        [ -n "$words_value" ] || wrong_call "$words_subcommand" "$1 needs a value"
    elif words_is_among "$1" "$words_switches"; then
        [ $# -eq 1 ] || wrong_call "$words_subcommand" "$1 takes no value"
    elif [ "$1" = --help ]; then
        wrong_call "$words_subcommand" "$1 takes no value"
    else
        words_brief=${1%"${1#-?}"}
        # shellcheck disable=SC2086
        words_is_among "$words_brief" "$words_valued" ||
            unknown_option "$words_subcommand" "$1" $words_valued $words_switches --help
        set -- "$words_brief" "${1#-?}"
    fi
    "${words_subcommand}_option" "$@"
}

words_is_among() {
    case " $2 " in
    *" $1 "*) ;;
    *) return 1 ;;
    esac
}

# wrong_call SUBCOMMAND WORD...
wrong_call() {
    words_subcommand=$1
    shift
    die "$USAGE" "$*; see sockshim help $words_subcommand"
}

# nearest WORD CHOICE...: the choice that a slip of the fingers or a forgotten
# end makes WORD of, in upper or lower case, or the few that have WORD in
# them; nothing if none is near.
nearest() {
    printf '%s\n' "$@" | LC_ALL=C awk '
        # Letters put in, left out, changed, or swapped with the next.
        function distance(a, b,    i, j, cost, d) {
            for (i = 0; i <= length(a); i++)
                d[i, 0] = i
            for (j = 0; j <= length(b); j++)
                d[0, j] = j
            for (i = 1; i <= length(a); i++)
                for (j = 1; j <= length(b); j++) {
                    cost = substr(a, i, 1) != substr(b, j, 1)
                    d[i, j] = least(least(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost)
                    if (i > 1 && j > 1 && substr(a, i, 1) == substr(b, j - 1, 1) && substr(a, i - 1, 1) == substr(b, j, 1))
                        d[i, j] = least(d[i, j], d[i - 2, j - 2] + 1)
                }
            return d[length(a), length(b)]
        }
        function least(a, b) {
            return a < b ? a : b
        }
        { small = tolower($0) }
        NR == 1 { word = small; sub(/^-*/, ""); best = length($0) < 5 ? 2 : 3; next }
        length(word) > 64 { next } # no word
        # One letter is no slip of another, but of its other case.
        word ~ /^-.$/ { if (small == word) choice = $0; next }
        { steps = length(word) > 2 && index(small, word) == 1 ? 1 : distance(word, small) }
        steps < best { best = steps; choice = $0 }
        length(word) > 3 && index(small, word) { part = part (parts++ ? " or " : "") $0 }
        END {
            if (choice != "")
                print choice
            else if (parts < 4)
                printf "%s%s", part, parts ? "\n" : ""
        }
    '
}

# unknown SUBCOMMAND OPTION CHOICE...: the way out for an option that is none.
unknown_option() {
    words_subcommand=$1
    words_option=$2
    shift 2
    words_meant=$(nearest "$words_option" "$@")
    [ ! -e "$words_option" ] || wrong_call "$words_subcommand" "unknown option $words_option (for the file of that name: ./$words_option)"
    wrong_call "$words_subcommand" "unknown option $words_option${words_meant:+ (did you mean $words_meant?)}"
}
