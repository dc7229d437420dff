# A time of the command line as the log writes it, without what it leaves out at the
# end: as text it sorts before all that it is the beginning of. A time of day is
# today's, or yesterday's if it is still to come and may not. After calendar.awk; from
# filter.sh, in the environment: FILTER_NOW in seconds since 1970, FILTER_MOMENT and
# FILTER_MAY_COME. Fails if it is no time.

function ago(seconds,    at) {
    at = ENVIRON["FILTER_NOW"] - seconds
    return date_of(int(at / 86400)) sprintf("T%02d:%02d:%02d", at % 86400 / 3600, at % 3600 / 60, at % 60)
}

BEGIN {
    split("s 1 m 60 h 3600 d 86400", unit, " ")
    for (i = 1; i < 8; i += 2)
        seconds[unit[i]] = unit[i + 1]
    text = ENVIRON["FILTER_MOMENT"]
    if (text ~ /^[0-9]+[smhd]$/) {
        sub(/^0+/, "", text) # octal to busybox
        text = ago(text * seconds[substr(text, length(text))])
    } else if (text ~ /^[0-9][0-9]:[0-9][0-9]/) {
        is_to_come = text > substr(ago(0), 12)
        text = substr(ago(is_to_come && ENVIRON["FILTER_MAY_COME"] == "" ? 86400 : 0), 1, 11) text
    }
    sub(/ /, "T", text)
    sub(/Z$/, "", text)
    valid = text ~ /^[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9](T([01][0-9]|2[0-3])(:[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?)?)?$/
    if (valid)
        print text
    exit !valid
}
