# Entries of causes.txt for people. After wrap.awk; from explain.sh: WORD, which
# chooses them, the NUMBERS of errno, and the terminal's COLUMNS.

function show(    i) {
    if (!chosen())
        return
    if (shown++)
        print ""
    print text["cause"] "  " wrapped("(" text["level"] ", " came_as() ")", 2, length(text["cause"]) + 2)
    print "  " wrapped(text["when"], 2, 2)
    split("wire why look do", keys, " ")
    split("On the wire:|Usual reasons:|Look at:|What to do:", titles, "|")
    for (i = 1; i <= 4; i++) {
        print ""
        print "  " titles[i]
        print "    " wrapped(with_whole_commands(text[keys[i]]), 4, 4)
    }
}

# A command, between ` and `, is to be copied from one line, if it fits there.
function with_whole_commands(text,    n, part, i) {
    n = split(text, part, "`")
    text = part[1]
    for (i = 2; i <= n; i++)
        text = text "`" (i % 2 || length(part[i]) + 7 > screen ? part[i] : unbroken(part[i]))
    return text
}

function came_as() {
    return text["errno"] == "-" ? "return value 0" : text["errno"] == "*" ? "any other errno" : text["errno"]
}

function chosen(    i, n, names) {
    if (word == "" || word == text["cause"])
        return 1
    # The last block is for the errors that no other one names.
    if (text["errno"] == "*")
        return !shown && (word ~ /^E[A-Z0-9]+$/ || word ~ /^[0-9]+$/ && word > 0 && word < 134)
    n = split(text["errno"], names, " ")
    for (i = 1; i <= n; i++)
        if (names[i] == name)
            return 1
    return word == "0" && text["errno"] == "-"
}

BEGIN {
    screen = columns > 100 ? 100 : columns < 40 ? 40 : columns + 0
    # A number becomes a name, a second name the first one.
    n = split(numbers, pairs, " ")
    name = toupper(word)
    for (i = 1; i < n; i += 2)
        if (pairs[i + 1] == word || pairs[i] == name) {
            number = pairs[i + 1]
            break
        }
    for (i = 1; i < n; i += 2)
        if (number != "" && pairs[i + 1] == number) {
            name = pairs[i]
            break
        }
}

/^#/ { next }
/^$/ { if (key != "") show(); key = ""; next }
/^[a-z]+:/ {
    key = substr($1, 1, length($1) - 1)
    sub(/^[a-z]+: */, "")
    text[key] = $0
    next
}
{ sub(/^ +/, ""); text[key] = text[key] " " $0 }

END {
    if (key != "")
        show()
    exit shown == 0
}
