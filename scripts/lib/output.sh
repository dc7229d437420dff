# shellcheck shell=sh
# Whether what is printed arrives: not every awk notices that it does not (mawk,
# busybox), and each says so in its own words.

# output_check NAME COMMAND...: returns what COMMAND does; 2, after a message that calls the
# output NAME, if it could not be written. COMMAND writes to a pipe, in a subshell.
output_check() {
    output_name=$1
    shift
    output_is_open "$output_name" || return "${USAGE:?}"
    {
        output_status=$({ { ("$@" 3>&- 4>&-) && echo 0 >&3 || echo $? >&3; } | output_copy; } 3>&1)
    } 4>&1
    case $output_status in
    *full*) return "${USAGE:?}" ;;
    *) return "${output_status:-$USAGE}" ;;
    esac
}

# output_is_open NAME: else says so.
output_is_open() {
    { true 3>&1; } 2>/dev/null || {
        complain "cannot write to $1: it is closed"
        return 1
    }
}

# That nobody reads on is no failure.
output_copy() {
    output_why=$(LC_ALL=C cat 2>&1 >&4 3>&-)
    case $?/$output_why in
    0/* | 141/* | *'Broken pipe') ;;
    153/*) # SIGXFSZ
        complain "cannot write to $output_name: it is at the limit of a file's size (ulimit -f)"
        echo full >&3
        ;;
    *)
        complain "cannot write to $output_name: ${output_why##*: }"
        echo full >&3
        ;;
    esac
}
