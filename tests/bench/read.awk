# JSON of json.awk's back to what summary.awk writes. No other JSON is read: exit
# status 1.

BEGIN { OFS = "\t" }

/^"bench": "sockshim",$/ { ours = 1 }
/^"(run|peers|skipped|figures)": [[{]$/ {
    block = $1
    next
}
/^[]}],?$/ {
    complete = block == "\"figures\":"
    next
}
block == "\"run\":" { print "M", key_of($0), value_of($0, key_of($0)) }
block == "\"peers\":" { print "V", key_of($0), value_of($0, key_of($0)) }
block == "\"skipped\":" { print "K", value_of($0, "section"), value_of($0, "what"), value_of($0, "why") }
block == "\"figures\":" {
    print "R", value_of($0, "name"), value_of($0, "label"), value_of($0, "unit"),
        value_of($0, "samples"), value_of($0, "median"), value_of($0, "low"),
        value_of($0, "high"), value_of($0, "ratio"), value_of($0, "ratio_low"),
        value_of($0, "ratio_high"), value_of($0, "target_kind"), value_of($0, "target"),
        value_of($0, "target_here"), value_of($0, "verdict"), value_of($0, "note")
}

END { exit !(ours && complete) }

function key_of(line) {
    sub(/^"/, "", line)
    sub(/".*/, "", line)
    return line
}

function value_of(line, key,    at, value) {
    at = index(line, "\"" key "\": ")
    if (at == 0)
        return ""
    line = substr(line, at + length(key) + 4)
    if (substr(line, 1, 1) == "\"")
        return text_of(substr(line, 2))
    sub(/[,}].*/, "", line)
    return line == "null" ? "" : line
}

# Up to the quote that ends it.
function text_of(line,    text, c) {
    while (line != "" && (c = substr(line, 1, 1)) != "\"") {
        if (c == "\\")
            line = substr(line, 2)
        text = text substr(line, 1, 1)
        line = substr(line, 2)
    }
    return text
}
