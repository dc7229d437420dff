# shellcheck shell=sh
# shellcheck disable=SC2154 # $doctor_seconds, $doctor_watch and $lib are doctor.sh's
# For doctor.sh: the facts of a process.

# Two looks, with some time in between: what is so in both is no moment of a busy
# program. Nothing is injected and nothing traced.
doctor_process() {
    doctor_its=/proc/$1
    if [ ! -d "$doctor_its" ]; then
        [ -z "$doctor_watch" ] || [ -z "${doctor_seen-}" ] || { complain "process $1 has ended" && exit 0; }
        die 1 "there is no process $1"
    fi
    ! doctor_is_kernel_thread || die 1 "process $1 is a kernel thread, which has no descriptors"
    ls "$doctor_its/fd/" >/dev/null 2>&1 ||
        die 1 "the descriptors of process $1 can be seen only by its user and by root (CAP_SYS_PTRACE)"
    doctor_seen=yes
    doctor_find_ss "$1"
    output_check "standard output" doctor_tell_process "$1"
}

# doctor_groups NET: the interfaces with a network of IPv4, and which groups of multicast are joined at which.
doctor_groups() {
    awk 'NR > 1 && $3 == "00000000" && $2 != "00000000" { print "network\t" $1 }' "$1/route"
    awk '/^[0-9]/ { device = $2 } /^[ \t]+[0-9A-F]/ && length($1) == 8 { print "joined\t" device "\t" $1 }' "$1/igmp"
}

doctor_tell_process() {
    {
        doctor_process_itself "$1"
        doctor_process_workers "$1"
        doctor_process_titles 1
        doctor_counters counter "$doctor_its/net"
        doctor_process_sockets 1
        doctor_waiters 1
        doctor_process_threads earlier
        doctor_process_state
        doctor_process_cpu 1
        doctor_process_locks 1
        printf 'between\t%s\n' "$doctor_seconds"
        [ "$doctor_seconds" -eq 0 ] || sleep "$doctor_seconds"
        doctor_process_descriptors
        doctor_process_sockets 2
        [ "$doctor_seconds" -eq 0 ] || doctor_waiters 2
        doctor_counters later "$doctor_its/net"
        [ -z "$doctor_ss" ] || doctor_owners "$doctor_ss"
        doctor_process_cpu 2
        doctor_process_locks 2
        doctor_process_threads thread
        doctor_process_state
        doctor_process_children "$1"
        doctor_process_input
        doctor_process_titles 2
        [ -z "$doctor_ss" ] || doctor_process_peers "$1"
        doctor_resolvers "$doctor_its/root"
        doctor_groups "$doctor_its/net"
        [ -z "$doctor_ss" ] || doctor_paths "$doctor_ss" "$1"
    } 2>/dev/null | doctor_awk process process_sockets process_shown threads paused waiting awaited multicast not_accepted receivers inside workers locks \
        confined titles names places address listening buffering json
}

# State, tracer, user time and what it waits for, of the first thread: proc(5). A frozen cgroup is
# told by cgroup.events, or in freezer.state.
doctor_process_state() {
    doctor_wchan=
    read -r doctor_wchan <"$doctor_its/wchan"
    doctor_tracer=$(awk '/^TracerPid:/ { print $2 }' "$doctor_its/status")
    doctor_name=
    [ "$doctor_tracer" = 0 ] || read -r doctor_name <"/proc/$doctor_tracer/comm"
    doctor_cgroup=$(sed -n 's/^0:://p' "$doctor_its/cgroup")
    doctor_freezer=$(sed -n 's/^[0-9]*:freezer://p' "$doctor_its/cgroup")
    sed 's/.*) //' "$doctor_its/stat" | awk -v tracer="$doctor_tracer" -v wchan="$doctor_wchan" -v frozen="$(
        cat "/sys/fs/cgroup$doctor_cgroup/cgroup.events" "/sys/fs/cgroup/freezer$doctor_freezer/freezer.state" |
            grep -cE '^(frozen 1|FROZEN)$'
    )" '{ state = $1; ticks = $12 } END { print "state\t" state "\t" tracer "\t" ticks "\t" wchan "\t" frozen }'
    printf 'tracer\t%s\n' "$doctor_name"
}

# PF_KTHREAD (include/linux/sched.h) among the flags, the seventh word behind the name.
doctor_is_kernel_thread() {
    # shellcheck disable=SC2046
    set -- $(sed 's/.*) //' "$doctor_its/stat" 2>/dev/null)
    [ $((${7:-0} & 0x200000)) -ne 0 ]
}

# In $doctor_ss; $doctor_ss_missing says why not.
doctor_find_ss() {
    doctor_ss=
    doctor_ss_missing=
    if ! command -v ss >/dev/null; then
        doctor_ss_missing="ss (package iproute2) is not installed"
    elif [ "$(readlink "$doctor_its/ns/net")" = "$(readlink /proc/self/ns/net)" ]; then
        doctor_ss=ss
    elif nsenter -t "$1" -n true 2>/dev/null; then
        doctor_ss="nsenter -t $1 -n ss"
    else
        doctor_ss_missing="ss may not enter its network namespace (only root may)"
    fi
}

doctor_process_itself() {
    printf 'machine\t%s\t%s\n' "$(uname -m)" "$(od -An -tu1 -N5 "$doctor_its/exe" | awk '{ print $5 }')"
    awk '/^Max open files/ { print "nofile\t" $4 "\t" $5 }' "$doctor_its/limits"
    doctor_name=
    read -r doctor_name <"$doctor_its/comm"
    printf 'process\t%s\t%s\n' "$1" "$doctor_name"
    [ "$(readlink "$doctor_its/ns/net")" = "$(readlink /proc/self/ns/net)" ] || doctor_elsewhere
    doctor_private_places
    printf 'root\t%s\n' "$(readlink "$doctor_its/root")"
    doctor_confined
    [ -z "$doctor_ss_missing" ] || printf 'no-ss\t%s\n' "$doctor_ss_missing"
    doctor_knobs
    awk '{ print "knob\ttcp_syn_linear_timeouts\t" $1 }' /proc/sys/net/ipv4/tcp_syn_linear_timeouts
    doctor_process_descriptors
}

doctor_elsewhere() {
    echo elsewhere
    [ ! -r "$doctor_its/net/fib_trie" ] || {
        echo addresses-of-it
        doctor_addresses "$doctor_its/net" | sed 's/^address/&-of-it/'
    }
}

# How many processes and threads its user has, and its limit of them, if it is not root; and the
# same of the cgroup, or the one above it, that is nearest to its limit.
doctor_confined() {
    # CAP_SYS_ADMIN (21) and CAP_SYS_RESOURCE (24) lift that limit: copy_process in kernel/fork.c.
    doctor_uid=$(awk '
        $1 == "Uid:" { uid = $2 }
        $1 == "CapEff:" { is_free = int(digit(11) / 2) % 2 || digit(10) % 2 }
        function digit(i) { return index("0123456789abcdef", substr($2, i, 1)) - 1 }
        END { print is_free ? 0 : uid }' "$doctor_its/status")
    [ "${doctor_uid:-0}" = 0 ] || printf 'nproc\t%s\t%s\t%s\n' "$(awk '/^Max processes/ { print $3 }' "$doctor_its/limits")" "$(
        cat /proc/[0-9]*/status | awk -v uid="$doctor_uid" '$1 == "Uid:" { is_its = $2 == uid } $1 == "Threads:" && is_its { n += $2 } END { print n + 0 }'
    )" "$(id -nu "$doctor_uid" || echo "$doctor_uid")"
    doctor_cgroup=/sys/fs/cgroup$(sed -n 's/^0:://p' "$doctor_its/cgroup")
    doctor_pids=$(sed -n 's/^[0-9]*:pids://p' "$doctor_its/cgroup")
    [ -z "$doctor_pids" ] || doctor_cgroup=/sys/fs/cgroup/pids$doctor_pids
    case $doctor_cgroup in */..*) return ;; esac # beyond this cgroup namespace
    while [ "${doctor_cgroup#/sys/fs/cgroup}" != "$doctor_cgroup" ]; do
        [ ! -r "$doctor_cgroup/pids.max" ] || printf '%s\t%s\t%s\n' "$(cat "$doctor_cgroup/pids.current")" "$(cat "$doctor_cgroup/pids.max")" "$(doctor_name=${doctor_cgroup#/sys/fs/cgroup} && echo "${doctor_name:-/}")"
        doctor_cgroup=${doctor_cgroup%/*}
    done | awk -F '\t' '$2 + 0 > 0 && $1 / $2 > most { most = $1 / $2; nearest = $0 } END { if (nearest != "") print "pids\t" nearest }'
}

# Where a unix socket of one is not the other's: as PrivateTmp= of a unit makes it.
doctor_private_places() {
    for doctor_place in /tmp /var/tmp /run; do
        doctor_there=$(stat -Lc %d:%i "$doctor_its/root$doctor_place") || continue
        [ "$doctor_there" = "$(stat -Lc %d:%i $doctor_place)" ] || printf 'private\t%s\n' $doctor_place
    done
}

# With -L a descriptor is what it leads to, and no name of a file is shown.
doctor_process_descriptors() {
    # shellcheck disable=SC2012
    LC_ALL=C ls -Liln "$doctor_its/fd/" | awk '$NF ~ /^[0-9]+$/ && NF > 4 {
        print "fd\t" $NF "\t" ($2 ~ /^s/ ? $1 : "")
    }'
}

# doctor_process_sockets LOOK: of its whole network namespace.
doctor_process_sockets() {
    for doctor_kind in tcp tcp6; do
        [ ! -r "$doctor_its/net/$doctor_kind" ] ||
            awk -v lead="$doctor_kind	$1	" 'NR > 1 { print lead $0 }' "$doctor_its/net/$doctor_kind"
    done
    doctor_udp "$1" "$doctor_its/net"
    [ -n "$doctor_ss" ] || return 0
    # shellcheck disable=SC2086
    {
        $doctor_ss -HtanOei | awk -v lead="sstcp	$1	" '{ print lead $0 }'
        $doctor_ss -Hxanp | awk -v lead="ssunix	$1	" '{ print lead $0 }'
    }
}

# doctor_process_threads WORD: which call a thread is in is told to those who may trace it;
# where in the kernel it waits, to more.
doctor_process_threads() {
    for doctor_thread in "$doctor_its"/task/*; do
        doctor_call=
        doctor_wchan=
        doctor_name=
        read -r doctor_call <"$doctor_thread/syscall"
        read -r doctor_wchan <"$doctor_thread/wchan"
        read -r doctor_name <"$doctor_thread/comm"
        printf '%s\t%s\t%s\t%s\t%s\n' "$1" "${doctor_thread##*/}" "$doctor_call" "$doctor_wchan" "$doctor_name"
    done
}

# doctor_process_cpu LOOK: how long each thread has had a processor and waited for one, in ns
# (Documentation/scheduler/sched-stats.rst).
doctor_process_cpu() {
    for doctor_thread in "$doctor_its"/task/*; do
        read -r doctor_had doctor_waited _ <"$doctor_thread/schedstat" || continue
        printf 'cpu\t%s\t%s\t%s\t%s\n' "$1" "${doctor_thread##*/}" "$doctor_had" "$doctor_waited"
    done
}

# doctor_process_children PID: three of them, for whom it may wait.
doctor_process_children() {
    cat /proc/[0-9]*/stat | awk -v parent="$1" '
        { pid = $1; name = $0; sub(/^[0-9]+ \(/, "", name); sub(/\) [^)]*$/, "", name); sub(/.*\) /, "") }
        $2 == parent && $1 != "Z" && ++children <= 3 { print "child\t" pid "\t" name }'
}

# Its standard input, if it has read a file to the end, or is a pipe that nobody can write to any more: whether
# other users' processes can is told to root alone.
doctor_process_input() {
    doctor_file=$(readlink "$doctor_its/fd/0") || return 0
    case $doctor_file in
    pipe:*)
        [ "$(id -u)" -eq 0 ] || return 0
        # A bracket is a pattern's.
        [ "$(find /proc/[0-9]*/fd -lname 'pipe:\['"${doctor_file#"pipe:["}" | wc -l)" -eq 1 ] || return 0
        ;;
    /*)
        [ -f "$doctor_its/fd/0" ] || return 0
        [ "$(awk '$1 == "pos:" { print $2 }' "$doctor_its/fdinfo/0")" -ge "$(stat -Lc %s "$doctor_its/fd/0")" ] || return 0
        ;;
    *) return 0 ;;
    esac
    printf 'input-ended\t%s\n' "$(printf '%s' "$doctor_file" | tr '\n\t' '??')"
}

# doctor_process_workers PID: the processes of its name that it has started, and their sockets.
doctor_process_workers() {
    doctor_workers=$(cat /proc/[0-9]*/stat | awk -v parent="$1" '
        {
            pid = $1
            name = $0
            sub(/^[0-9]+ \(/, "", name)
            sub(/\) [^)]*$/, "", name)
            sub(/.*\) /, "")
            if (pid == parent)
                own = name
            else if ($2 == parent && $1 != "Z") {
                child[++count] = pid
                named[count] = name
            }
        }
        END {
            for (i = 1; i <= count && workers < 64; i++)
                if (named[i] == own) {
                    workers++
                    print child[i]
                }
        }')
    # shellcheck disable=SC2086 # PIDs
    set -- $doctor_workers
    [ $# -gt 0 ] || return 0
    for doctor_worker; do
        doctor_call=
        read -r doctor_call <"/proc/$doctor_worker/syscall"
        printf 'worker\t%s\t%s\n' "$doctor_worker" "$doctor_call"
        # shellcheck disable=SC2012
        LC_ALL=C ls -Liln "/proc/$doctor_worker/fd/" | awk -v pid="$doctor_worker" '$2 ~ /^s/ { print "worker-fd\t" pid "\t" $NF "\t" $1 }'
    done
}

# doctor_process_titles LOOK: what PostgreSQL's process, and those that it has started, call themselves; of a
# session, the others that its main process has started.
doctor_process_titles() {
    doctor_name=
    read -r doctor_name <"$doctor_its/comm"
    [ "$doctor_name" = postgres ] || return 0
    for doctor_titled in "${doctor_its#/proc/}" ${doctor_workers-}; do
        doctor_title "$1" "$doctor_titled"
    done
    doctor_parent=$(awk '/^PPid:/ { print $2 }' "$doctor_its/status")
    doctor_name=
    read -r doctor_name <"/proc/$doctor_parent/comm"
    [ "$doctor_name" = postgres ] || return 0
    # shellcheck disable=SC2013 # words
    for doctor_titled in $(cat "/proc/$doctor_parent/task/"*/children); do
        [ "$doctor_titled" = "${doctor_its#/proc/}" ] || doctor_title "$1" "$doctor_titled"
    done
}

# doctor_title LOOK PID
doctor_title() {
    doctor_text=$(tr '\0' ' ' <"/proc/$2/cmdline" | tr -cd '[:print:]' | sed 's/ *$//')
    case $doctor_text in
    "postgres: "*) printf 'title\t%s\t%s\t%s\n' "$1" "$2" "${doctor_text#postgres: }" ;;
    esac
}

# doctor_process_peers PID: who has the other ends of its connections of TCP, where that is a process of
# this host; up to 8, with its parent and title.
doctor_process_peers() {
    # shellcheck disable=SC2086
    $doctor_ss -Htnp state established | LC_ALL=C awk -v pid="$1" '
        match($0, /users:\(\("[^"]*",pid=[0-9]+/) {
            owner = substr($0, RSTART + 9, RLENGTH - 9)
            name = owner
            sub(/",pid=.*/, "", name)
            sub(/.*",pid=/, "", owner)
            gsub(/\[::ffff:|\]/, "", $3)
            gsub(/\[::ffff:|\]/, "", $4)
            if (index($0, ",pid=" pid ","))
                is_own[$3 " " $4] = 1
            else
                other[$4 " " $3] = owner " " name
        }
        END {
            for (ends in is_own)
                if (ends in other && ++told <= 8)
                    print ends, other[ends]
        }' | while read -r doctor_local doctor_peer doctor_owner doctor_name; do
        printf 'peer-owner\t%s\t%s\t%s\t%s\t%s\n' "$doctor_local" "$doctor_peer" "$doctor_owner" \
            "$(awk '/^PPid:/ { print $2 }' "/proc/$doctor_owner/status")" "$doctor_name"
        [ "$doctor_name" != postgres ] || doctor_title 2 "$doctor_owner"
    done
}

# doctor_process_locks LOOK: locks of files that it, or a worker of it, waits for, or that it holds while
# others wait: "N: -> ..." are those that wait for N. The holder may be in another container, or gone: 0 or -1,
# or no name.
doctor_process_locks() {
    awk -v wanted="$1 ${doctor_its#/proc/} ${doctor_workers-}" '
        BEGIN {
            for (n = split(wanted, word, /[ \n]+/); n > 1; n--)
                is_wanted[word[n]] = 1
        }
        $2 != "->" { holder[$1] = $5 }
        $2 == "->" && ($6 in is_wanted || holder[$1] == word[2]) { sub(/.*:/, "", $7); print $6, holder[$1], $7 }' /proc/locks |
        while read -r doctor_waiter doctor_holder doctor_inode; do
            doctor_name=
            read -r doctor_name <"/proc/$doctor_holder/comm"
            # shellcheck disable=SC2012
            doctor_fd=$(LC_ALL=C ls -Lin "/proc/$doctor_waiter/fd/" | awk -v inode="$doctor_inode" '$1 == inode && $2 ~ /^-/ { print $NF; exit }')
            doctor_file=
            [ -z "$doctor_fd" ] || doctor_file=$(readlink "/proc/$doctor_waiter/fd/$doctor_fd" | tr '\n\t' '??')
            printf 'lock\t%s\t%s\t%s\t%s\t%s\n' "$1" "$doctor_waiter" "$doctor_holder" "$doctor_name" "${doctor_file%\?}"
        done
}
