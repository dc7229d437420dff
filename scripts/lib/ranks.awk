# What report has counted, in the order of weight. After report.awk.

# rank_in(GROUP, LABEL, N, MOST): keeps the MOST of a group with the greatest N, in
# ranked_label[GROUP, 1...] and ranked[GROUP, 1...]; how many in ranked_count[GROUP].
function rank_in(group, label, n, most,    i) {
    i = ranked_count[group] + 1
    if (i > most && !is_before(n, label, group, most))
        return
    if (i > most)
        i = most
    else
        ranked_count[group] = i
    for (; i > 1 && is_before(n, label, group, i - 1); i--) {
        ranked[group, i] = ranked[group, i - 1]
        ranked_label[group, i] = ranked_label[group, i - 1]
    }
    ranked[group, i] = n
    ranked_label[group, i] = label
}

function is_before(n, label, group, i) {
    return n > ranked[group, i] || n == ranked[group, i] && label "" < ranked_label[group, i] ""
}

# The causes, worst first, in order[1...]: by level, then by number. The first and
# the last record of all in earliest and latest.
function rank_causes(    word, i) {
    for (word in count)
        rank_in("causes", word, worst[word] * 1e15 + count[word], MOST_CAUSES)
    for (i = 1; i <= ranked_count["causes"]; i++) {
        word = order[i] = ranked_label["causes", i]
        if (earliest == "" || first[word] < earliest)
            earliest = first[word]
        if (last[word] > latest)
            latest = last[word]
    }
}

function rank_peers(most,    key, at, word) {
    for (key in peers) {
        at = index(key, SUBSEP)
        if (at == length(key)) # no peer
            continue
        word = substr(key, 2, at - 2)
        different_peers[word]++
        rank_in("peers of " word, substr(key, at + 1), peers[key], most)
    }
}

# Hosts with their units, most records first, and the causes of each.
function rank_hosts(most, most_causes,    key, part, sum) {
    for (key in origins) {
        split(key, part, SUBSEP)
        sum[part[1] SUBSEP part[2]] += origins[key]
        different_causes[part[1], part[2]]++
        rank_in("causes of " part[1] SUBSEP part[2], part[3], origins[key], most_causes)
    }
    for (key in sum) {
        host_count++
        rank_in("hosts", key, sum[key], most)
    }
}

function rank_programs(most, most_processes,    key, at, prog, i) {
    for (key in programs)
        rank_in("programs", key, programs[key], most)
    for (i = 1; i <= ranked_count["programs"]; i++)
        is_told[ranked_label["programs", i]] = 1
    for (key in processes) {
        at = index(key, SUBSEP)
        prog = substr(key, 1, at - 1)
        if (!(prog in is_told))
            continue
        different_processes[prog]++
        rank_in("processes of " prog, substr(key, at + 1), processes[key], most_processes)
    }
}
