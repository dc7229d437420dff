# Text from a log for a page of HTML. After records.awk, under LC_ALL=C.

# html(TEXT): TEXT for the inside of an element or of a quoted attribute, in HTML and in
# SVG: nothing in it is markup, it is valid UTF-8, and what could not be seen is shown:
# control characters and bytes that are no UTF-8 as \xHH, as in the log, invisible and
# direction-changing characters by number.
function html(text) {
    if (text !~ /[^ !#-%(-;=?-~]/)
        return text
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text)
    gsub(/'/, "\\&#39;", text)
    return text ~ /[^ -~]/ ? html_visible(text) : text
}

function html_visible(text,    byte, run, out) {
    while (text != "") {
        byte = substr(text, 1, 1)
        run = 1
        if (byte ~ /[ -~]/) {
            match(text, /^[ -~]+/)
            run = RLENGTH
            out = out substr(text, 1, run)
        } else if (match(text, /^(\302[\240-\277]|[\303-\337][\200-\277]|\340[\240-\277][\200-\277]|\355[\200-\237][\200-\277]|[\341-\354\356\357][\200-\277][\200-\277]|\360[\220-\277][\200-\277][\200-\277]|[\361-\363][\200-\277][\200-\277][\200-\277]|\364[\200-\217][\200-\277][\200-\277])/)) {
            run = RLENGTH
            out = out html_character(substr(text, 1, run))
        } else
            out = out sprintf("\\x%02x", BYTE[byte])
        text = substr(text, run + 1)
    }
    return out
}

# One beyond ASCII. Those that printable() hides, and soft hyphens and variation selectors.
function html_character(text,    i, number) {
    if (text !~ /^(\302\255|\330\234|\341\240\216|\342\200[\213-\217\250-\256]|\342\201[\240-\257]|\357\270[\200-\217]|\357\273\277|\363\240[\200-\207][\200-\277])$/)
        return text
    number = BYTE[substr(text, 1, 1)] % (length(text) == 2 ? 32 : length(text) == 3 ? 16 : 8)
    for (i = 2; i <= length(text); i++)
        number = number * 64 + BYTE[substr(text, i, 1)] % 64
    return sprintf("[U+%04X]", number)
}

# A value or sentence as it stands in a record, where \" is a quote.
function html_value(text) {
    gsub(/\\"/, "\"", text)
    return html(text)
}

# A sentence of ours, in which commands are between ` and `.
function html_code(text,    n, part, i, out) {
    n = split(html(text), part, "`")
    for (i = 1; i <= n; i++)
        out = out (i % 2 ? part[i] : i == n ? "`" part[i] : "<code>" part[i] "</code>")
    return out
}

BEGIN {
    for (html_i = 1; html_i < 256; html_i++)
        BYTE[sprintf("%c", html_i)] = html_i
}
