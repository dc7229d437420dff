# Reads causes.txt, whose first lines say what is in it.

# read_causes(PATH): the blocks in their order. cause_word[1...] are the causes,
# cause_count their number, and cause_text[CAUSE, KEY] what a block says under KEY
# ("level", "do"), its lines joined.
function read_causes(path,    line, key, word) {
    while ((getline line <path) > 0) {
        if (line ~ /^[a-z]+:/) {
            key = substr(line, 1, index(line, ":") - 1)
            sub(/^[a-z]+: */, "", line)
            if (key == "cause")
                cause_word[++cause_count] = word = line
            cause_text[word, key] = line
        } else if (line ~ /^ /) {
            sub(/^ +/, " ", line)
            cause_text[word, key] = cause_text[word, key] line
        }
    }
    close(path)
}
