# What summary.awk writes, as JSON: one fact, one figure a line.

BEGIN { FS = "\t" }

$1 == "M" { facts = joined(facts, quoted($2) ": " (is_number($3) ? $3 : quoted($3))) }
$1 == "V" { peers = joined(peers, quoted($2) ": " quoted($3)) }
$1 == "K" {
    skipped = joined(skipped, "{\"section\": " quoted($2) ", \"what\": " quoted($3) ", \"why\": " quoted($4) "}")
}
$1 == "R" { figures = joined(figures, figure()) }

END {
    print "{"
    print "\"bench\": \"sockshim\","
    block("run", "{", facts, "},")
    block("peers", "{", peers, "},")
    block("skipped", "[", skipped, "],")
    block("figures", "[", figures, "]")
    print "}"
}

function joined(before, more) {
    return before (before == "" ? "" : ",\n") more
}

function block(name, open, lines, end) {
    print "\"" name "\": " open
    if (lines != "")
        print lines
    print end
}

function is_number(value) {
    return value == "true" || value == "false" || value ~ /^-?[0-9]+(\.[0-9]+)?$/
}

function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    gsub(/[[:cntrl:]]/, " ", text)
    return "\"" text "\""
}

function value_or_null(value) {
    return value == "" ? "null" : value
}

function figure() {
    return "{\"name\": " quoted($2) ", \"label\": " quoted($3) ", \"unit\": " quoted($4) \
        ", \"samples\": " $5 ", \"median\": " $6 ", \"low\": " $7 ", \"high\": " $8 \
        ", \"ratio\": " value_or_null($9) ", \"ratio_low\": " value_or_null($10) \
        ", \"ratio_high\": " value_or_null($11) \
        ", \"target_kind\": " ($12 == "" ? "null" : quoted($12)) \
        ", \"target\": " value_or_null($13) ", \"target_here\": " value_or_null($14) \
        ", \"verdict\": " ($15 == "" ? "null" : quoted($15)) ", \"note\": " quoted($16) "}"
}
