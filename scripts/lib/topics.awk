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
function topic_of(asked,    i, best) {
    asked = " " plain_words(asked) " "
    for (i = 1; i <= topic_count; i++) {
        topic_phrase[topic_word[i]] = longest_phrase(asked, topic_word[i])
        if (length(topic_phrase[topic_word[i]]) > length(topic_phrase[best]))
            best = topic_word[i]
    }
    return best
}

# The longest of a topic's phrases that stands there.
function longest_phrase(asked, topic,    n, phrase, j, longest) {
    n = split(topic ", " topic_text[topic, "match"], phrase, /, */)
    for (j = 1; j <= n; j++)
        if (length(phrase[j]) > length(longest) && stands_in(asked, phrase[j]))
            longest = phrase[j]
    return longest
}

# After topic_of(): the other topics of which the question has a phrase, one that says more than a
# part of another's; ", " between them.
function other_topics(topic,    i, other, list) {
    for (i = 1; i <= topic_count; i++) {
        other = topic_word[i]
        if (other != topic && length(topic_phrase[other]) > 5 && !is_part(other))
            list = list (list == "" ? "" : ", ") other
    }
    return list
}

function is_part(topic,    i, other) {
    for (i = 1; i <= topic_count; i++) {
        other = topic_word[i]
        if (other != topic && index(plain_words(topic_phrase[other]), plain_words(topic_phrase[topic])))
            return 1
    }
    return 0
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
    sub(/\('connection aborted\.',/, "", text) # urllib3 says so whatever it was, and then what
    gsub(/[^a-z0-9]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    return text
}
