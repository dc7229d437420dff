# What people ask about in other words than the log's: topics, and error messages as
# programs print them. After causes.awk. A block each, in topics/*.txt:
#
# topic: its word
# match: phrases, separated by commas; the question contains one of them, in any
#        case. The longest that matches decides, of two as long the first
# see:   causes that explain adds
# text:  what it is, how it shows here, what to do; text between ` and ` is a command
#
# A line that begins with blanks continues the one before.

# read_topics(): of the files that are awk's arguments: topic_word[1...], topic_count, and
# topic_text[WORD, KEY].
function read_topics(    i) {
    for (i = 1; i < ARGC; i++)
        topic_count = read_blocks(ARGV[i], topic_word, topic_text, topic_count)
}

# The topic whose longest phrase stands in what was asked, a short one as a word of its
# own; nothing if none does.
function topic_of(asked,    i, n, phrase, j, longest, best) {
    asked = " " plain_words(asked) " "
    for (i = 1; i <= topic_count; i++) {
        n = split(topic_word[i] ", " topic_text[topic_word[i], "match"], phrase, /, */)
        for (j = 1; j <= n; j++)
            if (length(phrase[j]) > longest && stands_in(asked, phrase[j])) {
                longest = length(phrase[j])
                best = topic_word[i]
            }
    }
    return best
}

# Whether a phrase stands there; of one with ... all that is between them, one after the other.
function stands_in(asked, phrase,    n, part, i, at) {
    n = split(phrase, part, / \.\.\. /)
    for (i = 1; i <= n; i++) {
        at = index(asked, " " plain_words(part[i]) (length(part[i]) < 6 ? " " : ""))
        if (!at)
            return 0
        asked = substr(asked, at + length(plain_words(part[i])))
    }
    return 1
}

# In lower case, and whatever stands between words one blank.
function plain_words(text) {
    text = tolower(text)
    gsub(/[a-z]--/, "& state ", text) # haproxy's: SD--
    gsub(/[^a-z0-9]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    return text
}
