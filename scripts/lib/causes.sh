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

# causes_nearest WORD [CHOICE...]: the cause, or the other word, that may be meant.
causes_nearest() {
    # shellcheck disable=SC2046
    nearest "$@" $(causes_list)
}
