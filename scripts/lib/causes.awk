# Reads causes.txt, whose first lines say what is in it.

# read_causes(PATH): the blocks in their order. cause_word[1...] are the causes,
# cause_count their number, and cause_text[CAUSE, KEY] what a block says under KEY
# ("level", "do"), its lines joined.
function read_causes(path) {
    cause_count = read_blocks(path, cause_word, cause_text, 0)
}

# A block begins with the key that the file's first block begins with. They are added to the
# COUNT that are there; returns how many there are then.
function read_blocks(path, words, text, count,    line, key, first, word) {
    while ((getline line <path) > 0) {
        if (line ~ /^[a-z]+:/) {
            key = substr(line, 1, index(line, ":") - 1)
            sub(/^[a-z]+: */, "", line)
            first = first == "" ? key : first
            if (key == first)
                words[++count] = word = line
            text[word, key] = line
        } else if (line ~ /^ /) {
            sub(/^ +/, " ", line)
            text[word, key] = text[word, key] line
        }
    }
    close(path)
    return count
}
