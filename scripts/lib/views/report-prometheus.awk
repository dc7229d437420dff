# The counts for Prometheus, in its text format, as node_exporter's textfile collector
# reads it. After report.awk. Labels have few values: programs, causes and levels, never
# peers or ports.

BEGIN {
    wants_mix = 1
    SUBSTITUTE = "\357\277\275" # U+FFFD
}

function tell(    key, part, sort) {
    metric("sockshim_records_total", "counter", "Socket calls that returned 0 or -1, as the log has them.")
    fflush()
    sort = "sort" # awks visit them in different orders
    for (key in mix) {
        split(key, part, SUBSEP)
        printf "sockshim_records_total{program=\"%s\",cause=\"%s\",level=\"%s\"} %.0f\n", label_value(part[1]), part[2], part[3], mix[key] | sort
    }
    close(sort)
    metric("sockshim_records_lost_total", "counter", "Records that could not be written.")
    printf "sockshim_records_lost_total %.0f\n", lost
    if (!records)
        return
    rank_causes()
    metric("sockshim_last_record_timestamp_seconds", "gauge", "When the last record was written.")
    printf "sockshim_last_record_timestamp_seconds %.0f\n", seconds_of(latest)
}

function metric(name, type, help) {
    print "# HELP " name " " help
    print "# TYPE " name " " type
}

# A value as it stands in a record, where \", \\ and \n are what they are here.
function label_value(text,    at, out, pair) {
    while ((at = index(text, "\\"))) {
        pair = substr(text, at, 2)
        out = out substr(text, 1, at - 1)
        out = out (pair == "\\\"" || pair == "\\\\" || pair == "\\n" ? pair : "\\\\" substr(pair, 2))
        text = substr(text, at + 2)
    }
    return well_formed(out text, SUBSTITUTE)
}
