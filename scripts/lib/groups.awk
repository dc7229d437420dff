# Records that one finding is about. After connections.awk.

# Records that one finding is about: group_members[g], numbers with blanks between
# them, and of the values that they were put there with the least and the greatest.
# group_size counts all records that those stand for.
function begin_groups() {
    groups = 0
    split("", group_number)
}

function put_in_group(key, i, n,    g) {
    if (!(key in group_number)) {
        g = group_number[key] = ++groups
        group_key[g] = key
        group_members[g] = ""
        group_size[g] = group_about[g] = 0
        group_first[g] = i
        group_least[g] = group_most[g] = n
    }
    g = group_number[key]
    group_members[g] = group_members[g] " " i
    group_size[g] += kept_for[i]
    if (kept_for[i] > 1)
        group_about[g] = 1
    group_last[g] = i
    if (n < group_least[g])
        group_least[g] = n
    if (n > group_most[g])
        group_most[g] = n
}

# Whether all records of group G are marked in MARK, by their numbers.
function all_marked(g, mark,    n, k, member) {
    n = split(group_members[g], member, " ")
    for (k = 1; k <= n; k++)
        if (!mark[member[k]])
            return 0
    return 1
}

# Whether record I is still to be explained, and the one that tells of its connection.
function is_open(i) {
    return !(i in claimed) && leader_of[i] == i
}

# The program, its side, and the service that it uses or offers.
function party_of(i) {
    return prog_of[i] SUBSEP side_of[i] SUBSEP service_of(i)
}

function service_of(i) {
    if (side_of[i] == "accepted")
        return local_of[i]
    return peer_of[i] != "" ? peer_of[i] : "local " local_of[i]
}

function claim(g, mark,    n, i, member, m, j, follower) {
    n = split(group_members[g], member, " ")
    for (i = 1; i <= n; i++) {
        claimed[member[i]] = mark
        m = split(followers[member[i]], follower, " ")
        for (j = 1; j <= m; j++)
            claimed[follower[j]] = mark
    }
}
