# shellcheck shell=sh
# What is said to somebody who mistyped.

# wrong_call SUBCOMMAND WORD...
wrong_call() {
    words_subcommand=$1
    shift
    die "$USAGE" "$*; see sockshim help $words_subcommand"
}

# nearest WORD CHOICE...: the choice that a slip of the fingers or a forgotten
# end makes WORD of; nothing if none is near.
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
        NR == 1 { word = $0; sub(/^-*/, ""); best = length($0) < 5 ? 2 : 3; next }
        # One letter is no slip of another, but of its other case.
        word ~ /^-.$/ { if (tolower($0) == tolower(word)) choice = $0; next }
        { steps = length(word) > 2 && index($0, word) == 1 ? 1 : distance(word, $0) }
        steps < best { best = steps; choice = $0 }
        END { if (choice != "") print choice }
    '
}

# unknown SUBCOMMAND OPTION CHOICE...: the way out for an option that is none.
unknown_option() {
    words_subcommand=$1
    words_option=$2
    shift 2
    words_meant=$(nearest "$words_option" "$@")
    wrong_call "$words_subcommand" "unknown option $words_option${words_meant:+ (did you mean $words_meant?)}"
}
