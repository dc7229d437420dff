# Numbers and times in words.

function thousands(n,    text, out) {
    text = sprintf("%.0f", n)
    while (length(text) > 3) {
        out = "," substr(text, length(text) - 2) out
        text = substr(text, 1, length(text) - 3)
    }
    return text out
}

function counted(n, one, many) {
    return thousands(n) " " (n == 1 ? one : many)
}

function percent(part, all) {
    return sprintf("%.1f%%", 100 * part / all)
}

function span(ms,    s) {
    s = int(ms / 1000)
    if (ms < 1000)
        return sprintf("%dms", ms)
    if (s < 60)
        return ms % 1000 ? sprintf("%.1fs", ms / 1000) : s "s"
    if (s < 3600)
        return int(s / 60) "m" (s % 60 ? sprintf("%02ds", s % 60) : "")
    if (s < 86400)
        return int(s / 3600) "h" (int(s % 3600 / 60) ? sprintf("%02dm", s % 3600 / 60) : "")
    return int(s / 86400) "d" (int(s % 86400 / 3600) ? sprintf("%02dh", s % 86400 / 3600) : "")
}

# The same to read in a sentence: 250 ms, 2.5 s, 4 min.
function spoken(ms) {
    if (ms < 1000)
        return sprintf("%d ms", ms + 0.5)
    if (ms < 99950)
        return trimmed(ms / 1000) " s"
    if (ms < 5400000)
        return trimmed(ms / 60000) " min"
    return trimmed(ms / 3600000) " h"
}

# With one digit after the point where there is one.
function trimmed(n) {
    n = sprintf("%.1f", n)
    sub(/\.0$/, "", n)
    return n
}

# "250 ms" or "2 to 2.1 s".
function spoken_range(low, high,    from, to) {
    from = spoken(low)
    to = spoken(high)
    if (from == to)
        return from
    if (substr(from, index(from, " ")) == substr(to, index(to, " ")))
        sub(/ .*/, "", from)
    return from " to " to
}

function spoken_bytes(n) {
    return n == 1 ? "1 byte" : thousands(n) " bytes"
}
