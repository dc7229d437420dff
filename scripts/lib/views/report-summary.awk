# The worst finding alone, for the summary of a run. After report.awk.

function tell(    more) {
    if (!finding_count || RANK[finding_level[1]] < RANK["warn"])
        return
    more = finding_count - 1
    print "sockshim: " (more ? "worst finding" : "finding") ": " finding_title[1] "; " (more ? more " more, " : "") "evidence and advice: sockshim report"
}
