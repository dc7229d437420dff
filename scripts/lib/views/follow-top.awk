# follow --top: a table of causes and peers that is drawn anew each second, as top(1)
# does. After follow.awk.

BEGIN {
    STYLE["debug"] = "\033[2m"
    STYLE["info"] = "\033[36m"
    STYLE["warn"] = "\033[33m"
    STYLE["error"] = "\033[1;31m"
    has_color = ENVIRON["TERMINAL_COLOR"]
    log_name = ENVIRON["FOLLOW_LOG"]
    now = ENVIRON["FOLLOW_NOW"] + 0
    WINDOW = 60     # seconds that rates are counted over
    MOST_KEYS = 2000
    CUT = is_utf8 ? "\342\200\246" : ">"
    is_local = ENVIRON["FILTER_CLOCK"] == "local"
}

function show(line,    key, at) {
    if (!read_record(own_part(line)) || event != "return")
        return
    key = value("cause") SUBSEP (host == "" ? "" : host " ") service_end()
    if (!(key in total) && ++keys > MOST_KEYS)
        forget_oldest()
    at = seconds_of(ts)
    total[key]++
    all++
    if (RANK[level] > worst[key])
        worst[key] = RANK[level]
    if (at > seen[key])
        seen[key] = at
    if (at > now - WINDOW)
        recent[at, key]++
}

# A client's port is another one for each connection.
function service_end(    text, own) {
    text = other_end()
    own = value("local")
    sub(/.*:/, "", own)
    if (text ~ /^[0-9[].*:[0-9]+$/ && own ~ /^[0-9]+$/ && substr(text, match(text, /[0-9]+$/)) + 0 > own + 0)
        sub(/:[0-9]+$/, "", text)
    return text
}

function forget_past(    key, part) {
    for (key in recent) {
        split(key, part, SUBSEP)
        if (part[1] + 0 <= now - WINDOW)
            delete recent[key]
    }
}

# Half of them: those not seen for longest.
function forget_oldest(    key, oldest, newest, limit) {
    oldest = 1e15
    for (key in total) {
        oldest = seen[key] < oldest ? seen[key] : oldest
        newest = seen[key] > newest ? seen[key] : newest
    }
    limit = (oldest + newest) / 2
    for (key in total)
        if (seen[key] <= limit) {
            delete total[key]
            delete seen[key]
            delete worst[key]
            keys--
        }
    has_forgotten = 1
}

function tick(seconds) {
    now = seconds
    if (now != drawn) {
        drawn = now
        forget_past()
        draw()
    }
}

# At the end of standard input, or at --until's.
function finish() {
    if (all != drawn_all || !drawn)
        draw()
}

# ---- The table ----

function draw(    key, part, at, lines, most) {
    drawn_all = all
    count_recent()
    printf "%s", width ? "\033[H\033[J" : drawn_before ? "\n" : ""
    drawn_before = 1
    row("sockshim: " log_name "  " clock_now() "  " all + 0 (all == 1 ? " record" : " records") "  " rate(lately[""]) "/s" \
        (has_forgotten ? "  (rows not seen for long were dropped)" : ""), "")
    row("", "")
    row(columns("per s", "per min", "total", is_narrow() ? "seen" : "last seen", "cause", "peer"), "\033[1m")
    most = height > 5 ? height - 4 : 20
    for (lines = 0; lines < most && (key = next_row()) != ""; lines++) {
        split(key, part, SUBSEP)
        row(columns(rate(lately[key]), minute[key] + 0, total[key], age(key), part[1], part[2]), STYLE[LEVELS[worst[key]]])
        is_drawn[key] = 1
    }
    if (next_row() != "")
        row("and more: choose with --cause, --peer or --prog", "")
    split("", is_drawn)
    fflush()
}

# On a narrow screen the rate by the minute has to do.
function columns(second, minute, all, last, cause, peer) {
    if (is_narrow())
        return sprintf("%7s %4s  %s  %s", minute, last, cause, peer)
    return sprintf("%8s %8s %9s %9s  %-22s %s", second, minute, all, last, cause, peer)
}

function is_narrow() {
    return width && width < 70
}

# Of the last ten seconds and of the last minute.
function count_recent(    key, part) {
    split("", lately)
    split("", minute)
    for (key in recent) {
        split(key, part, SUBSEP)
        minute[part[2], part[3]] += recent[key]
        if (part[1] + 0 > now - 10) {
            lately[part[2], part[3]] += recent[key]
            lately[""] += recent[key]
        }
    }
}

function rate(count) {
    return sprintf("%.1f", count / 10)
}

# The most frequent of the last minute, then the most recent.
function next_row(    key, best) {
    for (key in total)
        if (!(key in is_drawn) && (best == "" || is_before(key, best)))
            best = key
    return best
}

function is_before(a, b) {
    if (minute[a] + 0 != minute[b] + 0)
        return minute[a] + 0 > minute[b] + 0
    if (seen[a] != seen[b])
        return seen[a] > seen[b]
    return a < b
}

function age(key,    seconds) {
    seconds = now - seen[key]
    if (seconds < 0)
        seconds = 0
    return seconds < 60 ? seconds "s" : seconds < 3600 ? int(seconds / 60) "m" : seconds < 86400 ? int(seconds / 3600) "h" : int(seconds / 86400) "d"
}

function clock_now(    offset) {
    offset = clock_offset(now)
    return substr(text_of(now + offset), 12) (is_local ? "" : " UTC")
}

function row(text, style) {
    text = printable(text)
    if (width && length(text) > width) {
        text = substr(text, 1, width - 1)
        sub(/[\300-\377][\200-\277]*$/, "", text)
        text = text CUT
    }
    print (has_color && style != "" ? style text "\033[m" : text)
}
