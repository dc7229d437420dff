# Days since 1970 and dates, 2026-11-22, both ways. Inside, days are counted from
# 0000-03-01: in years that begin in March the leap day is the last.

function day_of(date,    year, month) {
    year = digits(date, 1, 4)
    month = digits(date, 6, 2) - 3
    if (month < 0) {
        month += 12
        year--
    }
    return 365 * year + floor(year / 4) - floor(year / 100) + floor(year / 400) + int((153 * month + 2) / 5) + digits(date, 9, 2) - 1 - 719468
}

function date_of(day,    era, year, month) {
    day += 719468
    era = floor(day / 146097)
    day -= era * 146097
    year = int((day - int(day / 1460) + int(day / 36524) - int(day / 146096)) / 365)
    day -= 365 * year + int(year / 4) - int(year / 100)
    month = int((5 * day + 2) / 153)
    day -= int((153 * month + 2) / 5) - 1
    month += month < 10 ? 3 : -9
    return sprintf("%04d-%02d-%02d", year + era * 400 + (month <= 2), month, day)
}

# The N digits of TEXT at FROM, up to four: busybox takes a number with a leading zero
# for an octal one.
function digits(text, from, n) {
    return ("1" substr(text, from, n)) - substr("10000", 1, n + 1)
}

function floor(number) {
    return number < 0 && int(number) != number ? int(number) - 1 : int(number)
}

# Seconds since 1970 of 2026-11-22T03:00:30, and back. What is left out at its end is 0.
function seconds_of(text) {
    text = substr(text, 1, 19) substr("0000-00-00T00:00:00", length(text) + 1)
    return day_of(text) * 86400 + digits(text, 12, 2) * 3600 + digits(text, 15, 2) * 60 + digits(text, 18, 2)
}

function text_of(seconds,    day) {
    day = floor(seconds / 86400)
    seconds -= day * 86400
    return date_of(day) sprintf("T%02d:%02d:%02d", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}

# A time of the log on the clock that is wanted: utc.awk's or local.awk's.
function on_clock(ts,    seconds, offset) {
    seconds = seconds_of(ts)
    offset = clock_offset(seconds)
    return offset ? text_of(seconds + offset) substr(ts, 20) : ts
}

# +02:00
function offset_text(offset) {
    return sprintf("%s%02d:%02d", offset < 0 ? "-" : "+", (offset < 0 ? -offset : offset) / 3600, (offset < 0 ? -offset : offset) % 3600 / 60)
}
