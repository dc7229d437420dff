# The records of a log as they come, a short line each. After records.awk; what
# to show, and how, is in the environment, from follow.sh.

BEGIN {
    MARK = ENVIRON["FOLLOW_MARK"]
    DIM = "\033[2m"
    PLAIN = "\033[m"
    STYLE["debug"] = DIM
    STYLE["info"] = "\033[36m"
    STYLE["warn"] = "\033[33m"
    STYLE["error"] = "\033[1;31m"

    has_color = ENVIRON["TERMINAL_COLOR"]
    has_sentences = ENVIRON["FOLLOW_SENTENCES"]
    is_json = ENVIRON["FOLLOW_JSON"]
    shows_others = ENVIRON["FILTER_IS_SET"] == "" && !is_json
    width = ENVIRON["FOLLOW_WIDTH"] + 0 # 0: no terminal, and nothing is cut
    piece = ENVIRON["FOLLOW_PIECE"] + 0
    latest = ENVIRON["FOLLOW_LATEST"]
    is_live = latest == ""
}

# follow.sh puts words of its own between the lines, and perhaps into one that is
# not written to its end: the rest of it follows when its file's turn comes again.
{
    at = index($0, MARK)
    if (at) {
        begun[file] = begun[file] substr($0, 1, at - 1)
        obey(substr($0, at + length(MARK)))
    } else {
        line = begun[file] $0
        begun[file] = ""
        take(line)
    }
}

END {
    take(begun[file])
    show_latest()
}

function obey(words,    word) {
    split(words, word, " ")
    if (word[1] == "file")
        file = word[2]
    else if (word[1] == "width")
        width = word[2] + 0
    else if (word[1] == "live")
        show_latest()
}

function take(line,    is_rest) {
    # Only what is no record is long enough to come in pieces.
    is_rest = is_piece[file]
    is_piece[file] = piece && length(line) >= piece
    if (read_record(line) ? !is_wanted() : !shows_others || is_rest || line == "")
        return
    if (is_live)
        show(line)
    else
        kept[count++ % latest] = line
}

# The latest of those that were there before.
function show_latest(    i) {
    if (is_live)
        return
    is_live = 1
    for (i = count > latest ? count - latest : 0; i < count; i++)
        show(kept[i % latest])
    delete kept
}

# ---- Lines ----

function show(line) {
    if (is_json) {
        print json_record(line)
        fflush()
        return
    }
    out = ""
    room = width
    if (!read_record(line))
        put(line, DIM)
    else
        put_record()
    printf "%s\n", out
    fflush()
}

# As much of TEXT as there is room for.
function put(text, style) {
    text = printable(text)
    if (width && length(text) > room) {
        text = beginning(text, room)
        room = 0
    } else
        room -= length(text)
    out = out (style != "" && has_color && text != "" ? style text PLAIN : text)
}

# At most COUNT bytes, which never have less room than the terminal needs, and
# whole characters.
function beginning(text, count,    next_byte) {
    next_byte = substr(text, count + 1, 1)
    text = substr(text, 1, count)
    if (next_byte ~ /[\200-\277]/)
        sub(/[\300-\377][\200-\277]*$/, "", text)
    return text
}

function put_newline() {
    out = out "\n"
    room = width
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

function put_time(    date) {
    if (!width) {
        put(ts " ", DIM)
        return
    }
    date = substr(ts, 1, 10)
    if (date != shown_date) {
        put("-- " date ", UTC", DIM)
        put_newline()
        shown_date = date
    }
    put(substr(ts, 12, 12) " ", DIM)
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
