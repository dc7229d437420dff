# follow's short line a record. After follow.awk; how is in the environment.

BEGIN {
    DIM = "\033[2m"
    PLAIN = "\033[m"
    STYLE["debug"] = DIM
    STYLE["info"] = "\033[36m"
    STYLE["warn"] = "\033[33m"
    STYLE["error"] = "\033[1;31m"
    CUT = is_utf8 ? "\342\200\246" : ">" # an ellipsis

    has_color = ENVIRON["TERMINAL_COLOR"]
    has_sentences = ENVIRON["FOLLOW_SENTENCES"]
    is_local = ENVIRON["FILTER_CLOCK"] == "local"
}

function show(line) {
    out = ""
    begin_line()
    if (!read_record(own_part(line)))
        put(line, DIM)
    else
        put_record()
    end_line()
    printf "%s\n", out
    fflush()
}

function tick(seconds) {}
function finish() {}

# A line is put together from parts, each with its style.
function begin_line() {
    parts = 0
    room = width
}

function put(text, style) {
    part[++parts] = printable(text)
    part_style[parts] = style
    room -= length(part[parts])
}

# A line too long for the terminal ends with a mark.
function end_line(    i, text, left) {
    left = width && room < 0 ? width - 1 : 1e9
    for (i = 1; i <= parts; i++) {
        text = beginning(part[i], left)
        left -= length(text)
        out = out (part_style[i] != "" && has_color && text != "" ? part_style[i] text PLAIN : text)
        if (length(text) < length(part[i]))
            break
    }
    if (i <= parts)
        out = out CUT
}

# At most COUNT bytes, which never have less room than the terminal needs, and
# whole characters.
function beginning(text, count,    next_byte) {
    if (length(text) <= count)
        return text
    next_byte = substr(text, count + 1, 1)
    text = substr(text, 1, count)
    if (next_byte ~ /[\200-\277]/)
        sub(/[\300-\377][\200-\277]*$/, "", text)
    return text
}

function put_newline() {
    end_line()
    out = out "\n"
    begin_line()
}

# One under the other, where there is room for it.
function put_in_column(name, text, style) {
    if (width >= 100) {
        if (length(text) > widest[name] && length(text) <= 32)
            widest[name] = length(text)
        text = sprintf("%-" widest[name] "s", text)
    }
    put(text, style)
}

# ---- A record ----

function put_record(    style) {
    style = STYLE[level]
    put_time()
    if (host != "")
        put_in_column("host", host " ")
    put_in_column("who", who(), level == "debug" ? DIM : "")
    if (event == "return") {
        put_in_column("call", " " call() " = " result(), style)
        put("  " value("cause"), style)
        put(whom())
        put(figures(), DIM)
    } else
        put_event(style)
    if (has_sentences)
        put_sentence()
}

function put_time(    at, date) {
    at = on_clock(ts)
    if (!width) {
        put((is_local ? substr(at, 1, 26) zone() : at) " ", DIM)
        return
    }
    date = substr(at, 1, 10) ", " (is_local ? "local time (" zone() ")" : "UTC")
    if (date != shown_date) {
        put("-- " date, DIM)
        put_newline()
        shown_date = date
    }
    put(substr(at, 12, 12) " ", DIM)
}

function zone() {
    return offset_text(clock_offset(seconds_of(ts)))
}

function who() {
    return value("prog") (value("pid") == "" ? "" : "[" value("pid") "]")
}

function call() {
    return value("call") "(" value("fd") ")"
}

function result(    name) {
    if (value("errno") + 0 == 0)
        return value("ret")
    name = value("error") == "" ? "errno " value("errno") : value("error")
    return value("ret") (value("call") == "getsockopt" ? " SO_ERROR " : " ") name
}

function whom(    type, address) {
    type = value("type")
    address = other_end()
    return (type == "" || type == "tcp" ? "" : "  " type) (address == "" ? "" : "  " address)
}

function figures(    text) {
    if (value("cause") == "message-too-big")
        text = "  len=" value("len")
    if (value("rx") != "")
        text = text "  rx=" value("rx") " tx=" value("tx")
    text = text if_any("unacked") if_any("unsent") if_any("retrans")
    return text (value("idle_ms") + 0 < 1000 ? "" : " idle=" duration(value("idle_ms") / 1000))
}

function if_any(key) {
    return value(key) + 0 == 0 ? "" : " " key "=" value(key)
}

function duration(seconds) {
    if (seconds < 60)
        return sprintf("%.1fs", seconds)
    if (seconds < 3600)
        return sprintf("%dm%02ds", seconds / 60, seconds % 60)
    return sprintf("%dh%02dm", seconds / 3600, seconds % 3600 / 60)
}

# The shim's own.
function put_event(style) {
    put(" " event, style)
    if (event == "start")
        put("  sockshim " value("version") " in " value("exe") "  " value("settings"), DIM)
    else if (value("call") != "")
        put("  " call())
    if (!has_sentences && why() != "")
        put("  " sentence())
}

# `\"` stands for a quote.
function sentence(    text) {
    text = why()
    gsub(/\\"/, "\"", text)
    return text
}

function put_sentence(    text, count, words, i) {
    text = sentence()
    if (text == "")
        return
    put_newline()
    if (!width) {
        put("    " text)
        return
    }
    put("   ")
    count = split(text, words, " ")
    for (i = 1; i <= count; i++) {
        if (length(words[i]) >= room && room < width - 3) {
            put_newline()
            put("   ")
        }
        put(" " words[i])
    }
}
