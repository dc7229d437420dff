# The lines of a log as they come. After records.awk, prefix.awk, calendar.awk and a
# clock; a file views/follow-*.awk then shows them: show(LINE), tick(SECONDS) for the time
# that passes, and finish(). What to show is in the environment, from follow.sh.

BEGIN {
    MARK = ENVIRON["FOLLOW_MARK"]
    shows_others = ENVIRON["FILTER_IS_SET"] == ""
    width = ENVIRON["FOLLOW_WIDTH"] + 0 # of the terminal; 0: there is none
    height = ENVIRON["FOLLOW_HEIGHT"] + 0
    piece = ENVIRON["FOLLOW_PIECE"] + 0
    latest = ENVIRON["FOLLOW_LATEST"]
    is_live = latest == ""
}

# follow.sh puts words of its own between the lines, and perhaps into one that is
# not written to its end: the rest of it follows when its file's turn comes again.
{
    at = index($0, MARK)
    if (at) {
        begun[file] = begun[file] substr($0, 1, at - 1)
        obey(substr($0, at + length(MARK)))
    } else {
        line = begun[file] $0
        begun[file] = ""
        take(line)
    }
}

END {
    take(begun[file])
    show_latest()
    finish()
}

function obey(words,    word) {
    split(words, word, " ")
    if (word[1] == "file")
        file = word[2]
    else if (word[1] == "size") {
        width = word[2] + 0
        height = word[3] + 0
    } else if (word[1] == "tick")
        tick(word[2])
    else if (word[1] == "live")
        show_latest()
}

function take(line,    is_rest) {
    # Only what is no record is long enough to come in pieces.
    is_rest = is_piece[file]
    is_piece[file] = piece && length(line) >= piece
    if (read_record(own_part(line)) ? !is_wanted() : !shows_others || is_rest || line == "")
        return
    if (is_live)
        show(line)
    else
        kept[count++ % latest] = line
}

# The latest of those that were there before.
function show_latest(    i) {
    if (is_live)
        return
    is_live = 1
    for (i = count > latest ? count - latest : 0; i < count; i++)
        show(kept[i % latest])
    delete kept
}
