# For doctor of a process and of the host: unix sockets that listen at a path, and whether
# that path is the same socket for somebody else. As the owner sees it: /proc/OWNER/root/PATH.

$1 == "private" { private_places = join(private_places, $2) }
$1 == "at-path" { path[++paths] = $2; path_pid[paths] = $3; path_owner[paths] = $4 }
$1 == "stat" { inode[$2] = $3; mode[$2] = $4; uid[$2] = $5; gid[$2] = $6; owners[$2] = $7 ":" $8 }
$1 == "acl" { has_acl[$2] = 1 }
$1 == "who" { its_uid = $2; its_user = $3; its_caps = $4; its_groups = " " $5 " "; its_worker = $6 }

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

# A socket that is open to its user, behind a directory that is not. What is below /run/user is each user's own.
function barred_path(i,    n, part, j, place) {
    if (path[i] ~ /^\/run\/user\// || int(its_caps / 2) % 4 || its_user == "" || !may("/proc/" pid "/root" path[i], 2))
        return
    n = split(path[i], part, "/")
    place = ""
    for (j = 2; j < n; j++) {
        place = place "/" part[j]
        if (has_acl["/proc/" pid "/root" place] || inode["/proc/" pid "/root" place] == "")
            return
        if (!may("/proc/" pid "/root" place, 1)) {
            barred_by(i, place, "/proc/" pid "/root" place)
            return
        }
    }
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
