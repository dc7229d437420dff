# For doctor of a process and of the host: unix sockets that listen at a path, and whether
# that path is the same socket for somebody else. As the owner sees it: /proc/OWNER/root/PATH.

$1 == "private" { private_places = join(private_places, $2) }
$1 == "root" { its_root = $2 }
$1 == "at-path" { path[++paths] = $2; path_pid[paths] = $3; path_owner[paths] = $4 }
$1 == "stat" { inode[$2] = $3; mode[$2] = $4; uid[$2] = $5; gid[$2] = $6; owners[$2] = $7 ":" $8 }
$1 == "acl" { has_acl[$2] = 1 }
$1 == "who" { its_uid = $2; its_user = $3; its_caps = $4; its_groups = " " $5 " "; its_worker = $6; users_groups = " " $7 " " }

function by_owner(i) {
    return path_owner[i] ", pid " path_pid[i]
}

function owners_view(i) {
    return "/proc/" path_pid[i] "/root" path[i]
}

# A unit with PrivateTmp= has the root of all others, and a container has not.
function has_same_root(process) {
    return inode["/proc/" process "/root/"] == inode["/"]
}

# It is there for its owner, and for whoever looks at NAME it is not.
function is_hidden(i, name) {
    return inode[owners_view(i)] != "" && inode[owners_view(i)] != inode[name]
}

function place_of(i) {
    return path[i] ~ /^\/var\/tmp\// ? "/var/tmp" : path[i] ~ /^\/tmp\// ? "/tmp" : path[i] ~ /^\/run\// ? "/run" : "file system"
}

function one_path_for_both() {
    act("a path that both see, in /run, in the settings of both; or PrivateTmp=no in a drop-in of the unit that has its own, and restart that.")
    avoid("chmod of the socket, or a restart alone.")
}

function paths_of_host(    i, list, count) {
    for (i = 1; i <= paths; i++)
        if (is_hidden(i, path[i]) && has_same_root(path_pid[i]) && ++count <= 5)
            list = list (list == "" ? "" : "; ") path[i] " (" by_owner(i) ", in a " place_of(i) " of its own)"
    if (!count)
        return
    finding("socket-elsewhere", "What listens here is not found at its path by everybody: " list (count > 5 ? "; and others" : "") ". Those units have PrivateTmp=, or the like: for this shell, " \
        "and other programs, a connect to that path fails with ENOENT (or meets another socket).", 0)
    one_path_for_both()
}

# Its own sockets, and those of others.
function paths_of_process(    i) {
    for (i = 1; i <= paths; i++)
        if (path_pid[i] == pid)
            own_path(i)
        else if (has_same_root(pid) && inode[path[i]] != "" && !is_hidden(i, path[i])) {
            if (is_hidden(i, "/proc/" pid "/root" path[i]))
                unseen_path(i)
            else
                barred_path(i)
        }
}

function own_path(i) {
    if (!is_hidden(i, path[i]))
        return
    tells_of_places = 1
    finding("socket-elsewhere", "It listens at " path[i] ", and this shell does not find it there: the process has another " place_of(i) " (" (has_same_root(pid) ? "PrivateTmp= of its unit" : "a container") \
        "). Programs that share this shell's " (inode[path[i]] != "" ? "meet another file at that path." : "get ENOENT at that path."), 1)
    one_path_for_both()
}

# Those of a desktop in /tmp are nobody's but its own.
function unseen_path(i) {
    if (path[i] ~ /^\/tmp\/(\.|ssh-|tmux-)/ || ++unseen > 3)
        return
    tells_of_places = 1
    finding("socket-not-seen", "It does not see " path[i] ", at which " by_owner(i) " listens: it has another " place_of(i) " than that one and this shell (PrivateTmp= of its unit). " \
        "A connect to that path fails with ENOENT" (inode["/proc/" pid "/root" path[i]] != "" ? ", or with ECONNREFUSED: another file is there." : "."), 1)
    one_path_for_both()
}

# A socket that is open to its user, behind a directory that is not, or open to a group that the
# process has not got. What is below /run/user is each user's own.
function barred_path(i,    socket, place) {
    socket = "/proc/" pid "/root" path[i]
    if (path[i] ~ /^\/run\/user\// || int(its_caps / 2) % 4 || its_user == "")
        return
    place = closed_directory(path[i])
    if (place == "?")
        return
    if (place != "" && may(socket, 2))
        barred_by(i, place, "/proc/" pid "/root" place)
    else if (place == "" && !may(socket, 2) && !has_acl[socket] && lacks_group(socket))
        without_group(i, socket)
}

# The first one on the way that it may not pass; "": none; "?": not known.
function closed_directory(name,    n, part, j, place) {
    n = split(name, part, "/")
    place = ""
    for (j = 2; j < n; j++) {
        place = place "/" part[j]
        if (has_acl["/proc/" pid "/root" place] || inode["/proc/" pid "/root" place] == "")
            return "?"
        if (!may("/proc/" pid "/root" place, 1))
            return place
    }
    return ""
}

# The group may write, and its user is in that group by /etc/group: but groups are given to a
# process at its start (setgroups(2)), by whatever logs the user in or starts the service.
function lacks_group(name) {
    return its_uid != uid[name] && index(users_groups, " " gid[name] " ") && !index(its_groups, " " gid[name] " ") && \
        int(substr("000" mode[name], length(mode[name]) + 2, 1) / 2) % 2
}

function without_group(i, name,    group) {
    if (++without > 3)
        return
    group = owners[name]
    sub(/.*:/, "", group)
    finding("group-not-held", "It may not reach " path[i] ", at which " by_owner(i) " listens: the socket is open to group " group ", user " its_user " is in that group, and " \
        (its_worker == pid ? "this process" : "its worker (pid " its_worker ")") " does not have it. A process keeps the groups of its start: it was started before " its_user " was added, or without them. A connect fails with EACCES.", 0)
    act("restart it (its service; for a login: log out and in again; newgrp " group " for one shell). grep Groups /proc/" its_worker "/status against id -G " its_user " shows it.")
    avoid("chmod of the socket, or usermod once more.")
}

function barred_by(i, place, name) {
    if (++barred > 3)
        return
    finding("path-barred", "It may not reach " path[i] ", at which " by_owner(i) " listens: user " its_user (its_worker == pid ? "" : " (its worker, pid " its_worker ")") " may not pass " place " (mode " mode[name] ", " owners[name] \
        "), whatever the socket's own mode. A connect fails with EACCES.", 0)
    act("if it is to use that socket: chmod o+x " place ", or " its_user " into the group, and restart it; or the socket in /run. namei -l " path[i] " shows each directory.")
    avoid("chmod of the socket.")
}

# may(NAME, BIT): 1 to pass a directory, 2 to write, as generic_permission in fs/namei.c.
function may(name, bit,    digits) {
    digits = substr("000" mode[name], length(mode[name]) + 1)
    digits = substr(digits, its_uid == uid[name] ? 1 : index(its_groups, " " gid[name] " ") ? 2 : 3, 1)
    return int(digits / bit) % 2
}
