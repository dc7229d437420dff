# shellcheck shell=sh
# The causes' words, from causes.txt. What they mean is read by causes.awk.

# One a line.
causes_list() {
    sed -n 's/^cause: *//p' "${lib:?}/causes.txt"
}

# causes_has WORD: whether it is one.
causes_has() {
    causes_list | grep -qxF -e "$1"
}

# causes_known WORD: the cause that it is in upper or lower case, with -, _ or blanks; fails
# if it is none.
causes_known() {
    causes_word=$(printf '%s' "$1" | LC_ALL=C tr '[:upper:]_ ' '[:lower:]--')
    causes_has "$causes_word" && printf '%s\n' "$causes_word"
}

# causes_nearest WORD [CHOICE...]: the cause, or the other word, that may be meant.
causes_nearest() {
    # shellcheck disable=SC2046
    nearest "$@" $(causes_list)
}
