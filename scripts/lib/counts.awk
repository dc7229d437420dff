# How many records a run left, the worst causes first, in a line. After records.awk.
# In the environment, LEFT_OUT: what the log was told to leave out; that is not to be
# told as nothing. MORE_LOST: how many records were lost that the log does not tell of.

# print_counts(RECORDS, COUNT of each cause, LOST ones, whether one STARTED)
function print_counts(records, count, lost, started,    left_out, more, reason, line, shown, best, cause, told, others) {
    left_out = ENVIRON["LEFT_OUT"]
    lost += ENVIRON["MORE_LOST"]
    if (lost)
        more = "; " lost " more could not be written"
    if (!records) {
        if (left_out != "")
            reason = "no records; not counted: what " left_out " left out"
        else
            reason = "no records: " (started ? "no socket call failed, or met the end of its connection" : "no socket was seen")
        print "sockshim: " printable(reason more)
        return
    }
    line = records (records == 1 ? " record: " : " records: ")
    others = records
    for (shown = 0; shown < 5; shown++) {
        best = ""
        for (cause in count)
            if (!(cause in told) && (best == "" || count[cause] > count[best] ||
                count[cause] == count[best] && cause < best))
                best = cause
        if (best == "")
            break
        line = line (shown ? ", " : "") best " " count[best]
        others -= count[best]
        told[best]
    }
    if (left_out != "")
        more = more "; not counted: what " left_out " left out"
    print "sockshim: " printable(line (others ? ", others " others : "") more)
}
