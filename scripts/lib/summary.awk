# What a run logged, in one line. After records.awk.

!read_record($0) { next }
event == "return" { records++; count[value("cause")]++; next }
event == "start" { started = 1; next }
event == "lost" { lost += value("lost") }
END {
    if (lost)
        more = "; " lost " more could not be written"
    if (!records) {
        print "no records: " (started ? "no socket call returned 0 or -1" : "no socket was seen") more
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
    print line (others ? ", others " others : "") more
}
