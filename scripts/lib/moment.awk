# A time of the command line as the log writes it: UTC, without what it leaves out at the
# end: as text it sorts before all that it is the beginning of. A time of day is
# today's, or yesterday's if it is still to come and may not. After calendar.awk and a
# clock (utc.awk or local.awk), whose time it is unless it says Z or +02:00. From
# filter.sh, in the environment: FILTER_NOW in seconds since 1970, FILTER_MOMENT and
# FILTER_MAY_COME. Exit status 1 if it is no valid time, 3 if it is not of this era.

# 15m, -15m, 15m ago, 15 minutes ago: in seconds; -1 if TEXT is none of them.
function seconds_ago(text,    word) {
    sub(/ *ago$/, "", text)
    sub(/^-/, "", text)
    if (text !~ /^[0-9]+ *[a-z]+$/)
        return -1
    word = text
    gsub(/[0-9 ]/, "", word)
    sub(/^0+/, "", text) # octal to busybox
    return word in UNIT ? (text + 0) * UNIT[word] : -1
}

# The day that it is now on the clock, or was so many days ago.
function day_now(days_ago) {
    return substr(text_of(now + clock_offset(now) - 86400 * days_ago), 1, 10)
}

# today, yesterday and a time of day become a date.
function with_date(text) {
    if (text ~ /^(today|yesterday)$/)
        return day_now(text == "yesterday") "T00:00:00"
    if (sub(/^today +/, "", text))
        return day_now(0) "T" text
    if (sub(/^yesterday +/, "", text))
        return day_now(1) "T" text
    if (text ~ /^[0-9][0-9]:[0-9][0-9]/)
        return day_now(text > substr(text_of(now + clock_offset(now)), 12) && ENVIRON["FILTER_MAY_COME"] == "") "T" text
    sub(/[ tT]/, "T", text)
    return text
}

# z or +02:00 at its end is cut off; $offset is it in seconds, or empty.
function cut_zone(text,    zone) {
    offset = ""
    if (sub(/ *(z|utc)$/, "", text))
        offset = 0
    else if (match(text, /:[0-9.]+ *[+-][0-9][0-9]:?[0-9][0-9]$/) || match(text, /t[0-9]+[+-][0-9][0-9]:?[0-9][0-9]$/)) {
        match(text, /[+-][0-9][0-9]:?[0-9][0-9]$/)
        zone = substr(text, RSTART)
        text = substr(text, 1, RSTART - 1)
        offset = (digits(zone, 2, 2) * 3600 + digits(zone, length(zone) - 1, 2) * 60) * (substr(zone, 1, 1) == "-" ? -1 : 1)
        sub(/ +$/, "", text)
    }
    return text
}

# A time on the clock, or with a zone of its own, in UTC.
function in_utc(text,    seconds) {
    if (offset == "") {
        seconds = seconds_of(text)
        offset = clock_offset(seconds - clock_offset(seconds))
    }
    return offset ? text_of(seconds_of(text) - offset) substr(text, 20) : text
}

BEGIN {
    n = split("s sec second seconds 1 m min minute minutes 60 h hour hours hours 3600 d day days days 86400 w week weeks weeks 604800", words, " ")
    for (i = 1; i <= n; i += 5)
        for (j = 0; j < 4; j++)
            UNIT[words[i + j]] = words[i + 4] + 0
    now = ENVIRON["FILTER_NOW"] + 0
    text = tolower(ENVIRON["FILTER_MOMENT"])
    ago = text == "now" ? 0 : seconds_ago(text)
    if (ago >= 0)
        text = text_of(now - ago)
    else {
        text = with_date(cut_zone(text))
        valid = text ~ /^[0-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3])(:[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?)?)?$/
        if (!valid || substr(text_of(seconds_of(text)), 1, 10) != substr(text, 1, 10))
            exit 1
        text = in_utc(text)
    }
    if (text < "1970" || text !~ /^[1-9][0-9][0-9][0-9]-/)
        exit 3
    print text
}
