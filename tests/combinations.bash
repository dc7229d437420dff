# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # awk; what bats sets
# tests/programs/combinations.c, and what each of its combinations must give: what the manual
# pages say of it, and with a setting in its way, what libsockshim(7) says.

# Words: trial family origin call mode event. SETTING, VALUE: what is on.
rules='function natively() {
    if (trial == "receive") {
        if (mode == "nonblocking" || mode == "dontwait")
            return "-1 EAGAIN"
        if (event ~ /restart/ && mode == "blocking") # signal(7): not with SO_RCVTIMEO
            return "1 -"
        if (event ~ /^[A-Z]/)
            return "-1 EINTR"
        if (event == "cancel")
            return "cancelled"
        if (event == "shutdown")
            return "0 -"
        return mode == "shorter" ? "-1 EAGAIN" : "1 -"
    }
    if (trial == "reset")
        return family == "unix" ? "0 -" : "-1 ECONNRESET"
    if (trial == "refused")
        return "-1 ECONNREFUSED"
    if (trial == "full")
        return "-1 EMFILE"
    if (mode == "nonblocking" || mode == "shorter")
        return "-1 EINPROGRESS"
    if (event ~ /restart/)
        return "0 -"
    return event ~ /^[A-Z]/ ? "-1 EINTR" : event == "cancel" ? "cancelled" : "0 -"
}

function expected(    as_ever) {
    as_ever = natively()
    if (SETTING == "RECV_TIMEOUT" && trial == "receive" && mode == "blocking") {
        if (event ~ /restart/)
            return "-1 EINTR"
        if (event == "none")
            return "-1 ETIMEDOUT"
        if (event == "close") # nothing is left to tell whose limit it was
            return "-1 EAGAIN"
    }
    if (SETTING == "RESET" && trial == "reset" && call != "recvmmsg")
        return "0 -"
    if (SETTING == "CONNECT_RETRY" && trial == "refused" && mode != "nonblocking")
        return event ~ /^(none|USR1\+restart)$/ ? "0 -" : event == "cancel" ? "cancelled" : as_ever
    if (SETTING == "CONNECT_TIMEOUT" && trial == "unanswered" && as_ever == "0 -")
        return event ~ /restart/ && VALUE ~ /ms/ ? "-1 EINTR" : "-1 ETIMEDOUT"
    if (SETTING == "ACCEPT" && trial == "full" && mode == "blocking")
        return "0 -"
    if (SETTING == "EINTR" && event == "USR1" && mode == "blocking")
        return trial == "receive" ? "1 -" : trial == "unanswered" ? "0 -" : as_ever
    return as_ever
}

{
    seen = $0
    sub(/.*: /, "", seen)
    sub(/:$/, "", $6)
    trial = $1; family = $2; origin = $3; call = $4; mode = $5; event = $6
    count++
    if (seen != expected()) {
        print SETTING " " trial " " family " " origin " " call " " mode " " event ": " seen ", not " expected()
        bad = 1
    }
}
END {
    print count + 0
    exit bad
}'

# combine SETTING TRIAL COUNT: so many combinations at least, each with what it must give.
combine() {
    local variable=()
    [ -z "$1" ] || variable=(LD_PRELOAD="$SHIM" SOCKSHIM_LOG="$LOG" SOCKSHIM_"$1")
    run env "${variable[@]}" "$PROGRAMS/combinations" "$2"
    are_as_expected "$1" "$3"
}

# are_as_expected SETTING COUNT: the lines of the last run.
are_as_expected() {
    printf '%s\n' "${lines[@]}" >"$BATS_TEST_TMPDIR/seen"
    run awk -v SETTING="${1%%=*}" -v VALUE="${1#*=}" "$rules" "$BATS_TEST_TMPDIR/seen"
    [ "$status" -eq 0 ] || fails_with "$output"
    [ "$output" -ge "$2" ] || fails_with "only $output combinations"
}
