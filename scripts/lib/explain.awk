# Entries of causes.txt and topics/*.txt for people. After wrap.awk, causes.awk and
# topics.awk; from explain.sh: the PATH of causes.txt, the NAME of an errno, and the terminal's
# COLUMNS; the word that chooses a cause, or what else is asked, is in the environment, where
# awk leaves a backslash alone, and the files of topics are the arguments.

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

function show_topic(topic,    n, cause, i, others) {
    print topic "\n"
    print "  " wrapped(with_whole_commands(topic_text[topic, "text"]), 2, 2)
    n = split(topic_text[topic, "see"], cause, " ")
    if (n)
        print ""
    for (i = 1; i <= n; i++)
        print "  " wrapped("sockshim explain " cause[i] ": " cause_text[cause[i], "when"], 4, 2)
    if ((others = other_topics(topic)) != "")
        print "\n  " wrapped("Other words of what was asked belong to: " others, 4, 2)
    shown++
}

function list_topics(    i, line) {
    for (i = 1; i <= topic_count; i++)
        line = line " " topic_word[i]
    print wrapped(substr(line, 2), 0, 0)
    shown++
}

BEGIN {
    asked = ENVIRON["EXPLAIN_ASKED"]
    word = ENVIRON["EXPLAIN_WORD"]
    screen = columns > 100 ? 100 : columns < 40 ? 40 : columns + 0
    read_causes(path)
    read_topics()
    if (tolower(asked) == "topics")
        list_topics()
    else if (asked != "") {
        if ((topic = topic_of(asked)) != "")
            show_topic(topic)
    } else
        for (i = 1; i <= cause_count; i++)
            if (is_chosen(cause_word[i]))
                show(cause_word[i])
    exit shown == 0
}
