# Text in lines as wide as SCREEN, which is the caller's to set. Under LC_ALL=C.

# How many columns of the screen TEXT takes.
function width_of(text) {
    gsub(/[\200-\277]/, "", text)
    return length(text)
}

function blanks(n) {
    return n > 0 ? sprintf("%" n "s", "") : ""
}

# In lines as wide as the screen, which begin with INDENT blanks; the first one goes
# on at column USED. \001 stands for a blank at which no line ends.
function wrapped(text, indent, used,    words, n, i, out, at) {
    at = used
    n = split(text, words, " ")
    for (i = 1; i <= n; i++) {
        if (i > 1 && at + 1 + width_of(words[i]) > screen) {
            out = out "\n" blanks(indent)
            at = indent
        } else if (i > 1) {
            out = out " "
            at++
        }
        out = out words[i]
        at += width_of(words[i])
    }
    gsub(/\001/, " ", out)
    return out
}

function unbroken(text) {
    gsub(/ /, "\001", text)
    return text
}

# A command, between ` and `, is to be copied from one line, if it fits there.
function with_whole_commands(text,    n, part, i) {
    n = split(text, part, "`")
    text = part[1]
    for (i = 2; i <= n; i++)
        text = text "`" (i % 2 || length(part[i]) + 7 > screen ? part[i] : unbroken(part[i]))
    return text
}
