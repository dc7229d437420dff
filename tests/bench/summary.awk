# Samples to figures: the median, the range, the same of the ratios to what they
# are compared with, and whether the target is met. Reads what scripts/bench
# writes down (its figure, sample, note, skip, fact, peer), writes a line for each:
#
#   M key value    V peer version    K section what why
#   R name label unit count value low high ratio low high kind target here verdict note

# CONVFMT: awk itself would cut a slow machine's numbers to six digits.
BEGIN {
    FS = OFS = "\t"
    CONVFMT = "%.15g"
}

$1 == "M" || $1 == "V" || $1 == "K" { print }
$1 == "F" {
    name[++figures] = $2
    unit[$2] = $3
    label[$2] = $4
    options[$2] = $5
}
$1 == "S" { samples[$2, ++count[$2]] = $3 + 0 }
$1 == "N" { note[$2] = $3 }
$1 == "K" { skipped[$2 "/" $3] = 1 }

END {
    for (i = 1; i <= figures; i++) {
        if (count[name[i]] > 0)
            show(name[i])
        else if (!(name[i] in skipped)) {
            print "bench: " name[i] ": no figure came" >"/dev/stderr"
            failed = 1
        }
    }
    exit failed
}

function show(what,    base) {
    begin_list()
    for (j = 1; j <= count[what]; j++)
        add(samples[what, j])
    line = "R" OFS what OFS label[what] OFS unit[what] OFS count[what] OFS three_of_list()
    judge(what, "at_most")
    base = option(what, "base")
    if (base != "") {
        base = section(what) base
        begin_list()
        for (j = 1; j <= count[what] && j <= count[base]; j++)
            if (samples[base, j] > 0)
                add(samples[what, j] / samples[base, j])
    }
    line = line OFS (base != "" && size > 0 ? three_of_list() : OFS OFS)
    if (verdict == "" && base != "" && size > 0) {
        judge(what, "ratio_at_most")
        judge(what, "ratio_at_least")
    }
    print line, (verdict == "" ? OFS OFS : kind OFS target OFS here), verdict, note[what]
}

function section(what) {
    return substr(what, 1, index(what, "/"))
}

function option(what, key,    words, n, k) {
    n = split(options[what], words, " ")
    for (k = 1; k <= n; k++)
        if (index(words[k], key "=") == 1)
            return substr(words[k], length(key) + 2)
    return ""
}

# ---- A sorted list ----

function begin_list() {
    size = 0
    verdict = ""
}

function add(value,    k) {
    for (k = ++size; k > 1 && list[k - 1] > value; k--)
        list[k] = list[k - 1]
    list[k] = value
}

function median() {
    return (list[int((size + 1) / 2)] + list[int(size / 2) + 1]) / 2
}

function plain(value) {
    value = sprintf("%.5f", value)
    sub(/\.?0+$/, "", value)
    return value == "-0" ? "0" : value
}

function three_of_list() {
    return plain(median()) OFS plain(list[1]) OFS plain(list[size])
}

# How many at either end are outside of the interval that holds the true median
# in 95 of 100 cases: the sign test.
function outside(    k, sum, term) {
    term = 1
    for (k = 1; k <= size; k++)
        term /= 2
    for (k = 0; sum + term <= 0.025; k++) {
        sum += term
        term = term * (size - k) / (k + 1)
    }
    return k > 0 ? k - 1 : 0
}

# ---- Targets ----

# met or missed if the whole interval is, else unclear. Fewer than six samples say
# nothing, unless they are counts, which are exact.
function judge(what, which,    low, high) {
    if (option(what, which) == "")
        return
    kind = which
    target = option(what, which) + 0
    here = plain(scaled(target, option(what, "scale")))
    low = list[1 + outside()]
    high = list[size - outside()]
    if (which == "ratio_at_least")
        verdict = low >= here + 0 ? "met" : high < here + 0 ? "missed" : "unclear"
    else
        verdict = high <= here + 0 ? "met" : low > here + 0 ? "missed" : "unclear"
    if (size < 6 && unit[what] !~ /^(instructions|calls)$/)
        verdict = "unclear"
}

# Targets in nanoseconds and microseconds were set for a machine where a system
# call takes 110 ns, an append 410, and an empty preloaded object 35 us. What is
# known of it here is put in its place; the rest goes with the system call. This
# machine is taken at its best, so that a neighbour's load eases no target.
function scaled(value, scale,    speed) {
    speed = least("floor/call") / 110
    if (scale == "record")
        return least("floor/append") + (value - 410) * speed
    if (scale == "start")
        return middle("start/nothing/empty") + (value - 35) * speed
    return value
}

function least(what,    k, best) {
    best = samples[what, 1]
    for (k = 2; k <= count[what]; k++)
        if (samples[what, k] < best)
            best = samples[what, k]
    return best
}

function middle(what,    k, kept, m, n) {
    n = size
    for (k = 1; k <= n; k++)
        kept[k] = list[k]
    size = 0
    for (k = 1; k <= count[what]; k++)
        add(samples[what, k])
    m = median()
    size = n
    for (k = 1; k <= n; k++)
        list[k] = kept[k]
    return m
}
