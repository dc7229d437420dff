# What a run logged, in one line, and the worst finding. After report.awk and counts.awk.

function tell() {
    print_counts(records, count, lost, events["start"])
    if (finding_count && RANK[finding_level[1]] >= RANK["warn"])
        tell_finding(finding_count - 1)
}

function tell_finding(more) {
    print "sockshim: " (more ? "worst finding" : "finding") ": " finding_title[1] "; " (more ? more " more, " : "") "evidence and advice: sockshim report" ENVIRON["SUMMARY_LOG"]
}
