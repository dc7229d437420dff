# The table, from what summary.awk writes. The first file is an earlier run, or
# empty; with -v against=FILE each figure's ratio to it is shown.

BEGIN {
    FS = "\t"
    heading["floor"] = "THE MACHINE ITSELF"
    heading["nagle"] = "THE 40 MS: a request in two small writes, over TCP loopback"
    heading["success"] = "CALLS THAT SUCCEED, whole programs"
    heading["inside"] = "CALLS THAT SUCCEED, within one process"
    heading["instructions"] = "INSTRUCTIONS ADDED to a call that succeeds"
    heading["failure"] = "A RECORD: what a call that fails takes more"
    heading["start"] = "START of a program"
    heading["connections"] = "CONNECTIONS: socket, connect, accept, close, close"
    heading["handling"] = "ROBUST HANDLING ON REQUEST"
    heading["memory"] = "MEMORY"
    heading["servers"] = "REAL SERVERS"
    heading["growth"] = "GROWTH"
    heading["reading"] = "READING: report, of logs of the same size"
}

ARGV[1] == FILENAME && $1 == "R" { earlier[$2] = $6 }
ARGV[1] == FILENAME && $1 == "M" { then[$2] = $3 }
ARGV[1] == FILENAME { next }

$1 == "M" { fact[$2] = $3 }
$1 == "V" { peers = peers (peers == "" ? "" : ", ") $2 " " $3 }
$1 == "K" { skips[++skip_count] = $2 ": " $3 " skipped: " $4 }
$1 == "R" {
    lines[++line_count] = $0
    if ($9 != "")
        has_ratios[section($2)] = 1
}

END {
    describe()
    for (i = 1; i <= line_count; i++) {
        $0 = lines[i]
        if (section($2) != last)
            begin_section()
        row()
    }
    print ""
    for (i = 1; i <= skip_count; i++)
        print skips[i]
    print "Medians, and in brackets the least and the greatest. Ratio: to the native line, or to"
    print "the first of its kind; the median of ratios of samples taken one after the other. A"
    print "target in brackets is for a machine with a system call of 110 ns and an append of"
    print "410 ns; before it stands what that makes here. unclear: within the noise of this run."
}

function section(name) {
    return substr(name, 1, index(name, "/") - 1)
}

function describe() {
    if (fact["quick"] == "true")
        print "A QUICK RUN, with too few rounds: nothing here is to be quoted.\n"
    print "sockshim " fact["version"] ", " fact["date"]
    print fact["cpu"] ", " fact["cpus"] " CPUs, governor " fact["governor"] "; " fact["kernel"]
    print fact["libc"] "; " fact["compiler"] "; logs on " fact["logs_on"]
    if (peers != "")
        print "beside it: " peers
    print "load average at the start: " fact["load"]
    if (fact["busy"] == "true")
        print "WARNING: the machine was busy with something else; do not trust these figures."
    if (against != "")
        compare()
}

function compare() {
    print "now/then: against " against ", of " then["date"]
    if (then["cpu"] != fact["cpu"] || then["cpus"] != fact["cpus"])
        print "WARNING: that was another machine: " then["cpu"] ", " then["cpus"] " CPUs"
    if (then["quick"] != fact["quick"])
        print "WARNING: one of the two is a quick run"
}

function begin_section() {
    last = section($2)
    printf "\n%s\n", heading[last]
    show(columns("", "median", "", "ratio", "", "now/then"))
}

function row(    line) {
    line = columns($3, amount($6, $4), $5 > 1 ? "(" bare($7, $4) " .. " amount($8, $4) ")" : "",
        ratio($9), $9 == "" || $5 < 2 ? "" : "(" ratio($10) " .. " ratio($11) ")", now_and_then())
    if ($15 != "")
        line = line "  " target() ": " $15
    if ($16 != "")
        line = line "  " $16
    show(line)
}

function columns(label, median, range, factor, factors, now,    line) {
    line = sprintf("  %-44s %9s  %-21s", label, median, range)
    if (last in has_ratios)
        line = line sprintf(" %6s %-17s", factor, factors)
    if (against != "")
        line = line sprintf(" %9s", now)
    return line
}

function show(line) {
    sub(/ +$/, "", line)
    print line
}

function now_and_then() {
    if (!($2 in earlier))
        return "new"
    if (earlier[$2] == 0)
        return $6 == 0 ? "1.00" : "-"
    return sprintf("%.2f", $6 / earlier[$2])
}

function target() {
    if ($12 == "ratio_at_least")
        return "at least " ratio($14)
    if ($12 == "ratio_at_most")
        return "at most " ratio($14)
    return "at most " amount($14, $4) ($13 == $14 ? "" : " (" amount($13, $4) ")")
}

function ratio(value) {
    return value == "" ? "" : sprintf(value < 10 ? "%.3f" : value < 100 ? "%.1f" : "%.0f", value)
}

# In the unit that fits, without its name.
function bare(value, unit) {
    if (unit == "ns")
        return scaled(value, value)
    return sprintf(value == int(value) || value >= 1000 ? "%.0f" : value < 10 ? "%.2f" : "%.1f", value)
}

function scaled(value, as,    size) {
    size = as < 0 ? -as : as
    return size >= 1e6 ? sprintf("%.1f", value / 1e6) : size >= 1e4 ? sprintf("%.1f", value / 1e3) : \
        size >= 1000 ? sprintf("%.2f", value / 1e3) : sprintf(size < 100 ? "%.1f" : "%.0f", value)
}

function amount(value, unit) {
    if (unit == "ns")
        unit = (value < 0 ? -value : value) >= 1e6 ? "ms" : value >= 1000 ? "us" : "ns"
    return bare(value, $4) (unit ~ /^(calls|instructions)$/ ? "" : " " unit)
}
