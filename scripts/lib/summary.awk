# What a run logged, in one line. After records.awk. LEFT_OUT: what the log was told
# to leave out; that is not to be told as nothing.

!read_record($0) { next }
event == "return" { records++; count[value("cause")]++; next }
event == "start" { started = 1; next }
event == "lost" { lost += value("lost") }
END {
    if (lost)
        more = "; " lost " more could not be written"
    left_out = ENVIRON["LEFT_OUT"]
    if (!records) {
        if (left_out != "")
            reason = "no records; not counted: what " left_out " left out"
        else
            reason = "no records: " (started ? "no socket call returned 0 or -1" : "no socket was seen")
        print "sockshim: " printable(reason more)
        exit
    }
    line = records (records == 1 ? " record: " : " records: ")
    for (shown = 0; shown < 5; shown++) {
        best = ""
        for (cause in count)
            if (best == "" || count[cause] > count[best] ||
                count[cause] == count[best] && cause < best)
                best = cause
        if (best == "")
            break
        line = line (shown ? ", " : "") best " " count[best]
        delete count[best]
    }
    others = 0
    for (cause in count)
        others += count[cause]
    if (left_out != "")
        more = more "; not counted: what " left_out " left out"
    print "sockshim: " printable(line (others ? ", others " others : "") more)
}
