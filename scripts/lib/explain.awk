# Entries of causes.txt for people. After wrap.awk and causes.awk; from explain.sh: its
# PATH, the WORD that chooses them, the NAME if that is an errno, and the terminal's
# COLUMNS.

function show(cause,    i) {
    if (shown++)
        print ""
    print cause "  " wrapped("(" cause_text[cause, "level"] ", " came_as(cause_text[cause, "errno"]) ")", 2, length(cause) + 2)
    print "  " wrapped(cause_text[cause, "when"], 2, 2)
    split("wire why look do", keys, " ")
    split("On the wire:|Usual reasons:|Look at:|What to do:", titles, "|")
    for (i = 1; i <= 4; i++) {
        print ""
        print "  " titles[i]
        print "    " wrapped(with_whole_commands(cause_text[cause, keys[i]]), 4, 4)
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

function came_as(errno) {
    return errno == "-" ? "return value 0" : errno == "*" ? "any other errno" : errno
}

function is_chosen(cause,    errno, n, names, i) {
    errno = cause_text[cause, "errno"]
    if (word == "" || word == cause)
        return 1
    # The last block is for the errors that no other one names.
    if (errno == "*")
        return !shown && name != ""
    n = split(errno, names, " ")
    for (i = 1; i <= n; i++)
        if (names[i] == name)
            return 1
    return word == "0" && errno == "-"
}

BEGIN {
    screen = columns > 100 ? 100 : columns < 40 ? 40 : columns + 0
    read_causes(path)
    for (i = 1; i <= cause_count; i++)
        if (is_chosen(cause_word[i]))
            show(cause_word[i])
    exit shown == 0
}
