# The words of findings: figures, times and names as sentences have them. After groups.awk.

# The hosts and units that the records of group G are from, in their order, if the logs
# tell: lines, with a tab between the two.
function places_of(g,    n, i, member, place, list) {
    n = split(group_members[g], member, " ")
    for (i = 1; i <= n; i++) {
        place = machine_of[member[i]] "\t" unit_of[member[i]]
        if (place != "\t" && index("\n" list "\n", "\n" place "\n") == 0)
            list = list (list == "" ? "" : "\n") place
    }
    return list
}

function joined_places(list, others,    n, i, place) {
    n = split(others, place, "\n")
    for (i = 1; i <= n; i++)
        if (index("\n" list "\n", "\n" place[i] "\n") == 0)
            list = list (list == "" ? "" : "\n") place[i]
    return list
}

# " On web-1 (billing.service) and 3 others."
function spoken_places(list,    n, place, part) {
    n = split(list, place, "\n")
    if (!n)
        return ""
    split(place[1], part, "\t")
    return " On " printable(part[1] == "" ? part[2] : part[1]) (part[1] == "" || part[2] == "" ? "" : " (" printable(part[2]) ")") \
        (n == 1 ? "." : " and " counted(n - 1, "other", "others") ".")
}

# " Also 10.0.0.9:80 and 2 others."
function and_others(lead, list,    n, other) {
    n = split(list, other, "\n")
    if (!n)
        return ""
    return " " lead " " printable(other[1]) (n == 1 ? "." : n == 2 ? " and " printable(other[2]) "." : " and " (n - 1) " others.")
}

# "12 connections": the size of group G, with "about" where not all were looked at.
function tally(g, one, many) {
    return (group_about[g] ? "about " : "") counted(group_size[g], one, many)
}

function spoken_peer(i) {
    return peer_of[i] == "" ? "the peer" : printable(peer_of[i])
}

function spoken_prog(i) {
    return printable(prog_of[i])
}

# Whether nothing can stand between the two ends.
function is_same_host(i) {
    return peer_of[i] ~ /^(127\.|\[::1\])/ || type_of[i] ~ /^unix/ || host_of(peer_of[i]) == host_of(local_of[i])
}

# The time of day of record I; moment(), to the millisecond.
function clock(i) {
    return substr(on_clock(ts_of[i]), 12, 8)
}

function moment(i) {
    return substr(on_clock(ts_of[i]), 12, 12)
}

# read_limits(): limits.txt, once.
function read_limits(    line, part) {
    if (limit_count)
        return
    while ((getline line <ENVIRON["REPORT_LIMITS"]) > 0)
        if (line !~ /^#/ && split(line, part, "\t") >= 4) {
            limit_count++
            limit_ms[limit_count] = part[1] + 0
            limit_kind[limit_count] = part[2]
            limit_whose[limit_count] = part[3]
        }
    close(ENVIRON["REPORT_LIMITS"])
}

# known_limit(KIND, LOW, HIGH): whose default lies there; nothing if none does.
function known_limit(kind, low, high,    i) {
    read_limits()
    for (i = 1; i <= limit_count; i++)
        if (limit_kind[i] == kind && limit_ms[i] >= low && limit_ms[i] <= high)
            return limit_whose[i]
    return ""
}

# `\"` stands for a quote.
function sentence(text) {
    gsub(/\\"/, "\"", text)
    return printable(text)
}
