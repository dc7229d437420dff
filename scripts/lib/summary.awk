# What a run logged, in one line, where that is too much for its findings. After
# records.awk and counts.awk.

!read_record($0) { next }
event == "return" { records++; count[value("cause")]++; next }
event == "start" { started = 1; next }
event == "lost" { lost += value("lost") }
END { print_counts(records, count, lost, started) }
