# shellcheck shell=sh
# sockshim doctor: what this host or a process itself contributes to failures
#
# It reads /proc and ss, changes nothing and needs no root. What is read here goes to
# awk as facts, one a line, with tabs between the words; what they mean is said there.

. "${lib:?}/output.sh"
. "$lib/terminal.sh"

# In the order of the tables. They serve IPv6 as well.
DOCTOR_KNOBS="ipv4/tcp_syncookies core/somaxconn ipv4/tcp_max_syn_backlog ipv4/tcp_abort_on_overflow
    ipv4/tcp_fin_timeout ipv4/tcp_tw_reuse ipv4/tcp_keepalive_time ipv4/tcp_keepalive_intvl
    ipv4/tcp_keepalive_probes ipv4/tcp_retries2 ipv4/ip_local_port_range"
# Not everywhere, and not missed: new, empty, or the first namespace's alone.
DOCTOR_MORE_KNOBS="ipv4/tcp_rto_max_ms ipv4/ip_local_reserved_ports ipv4/tcp_max_orphans ipv4/tcp_mem
    unix/max_dgram_qlen"

doctor_usage() {
    cat <<'END_OF_USAGE'
usage: sockshim doctor [OPTIONS] [PID]
       sockshim doctor [OPTIONS OF RUN] -- COMMAND [ARG...]

Without PID and COMMAND: shows what this host itself contributes to resets,
refused connections and delays. Full accept queues, settings, and what the
kernel has counted (lost and damaged packets, conntrack, memory, ICMP,
datagrams), each with what it means, what to change and what not to change. The
counters are read twice: what is happening now comes before what has happened at
some time since boot.

With PID: describes the sockets of that running process, and says if it does not
run at all (stopped, frozen, in a debugger, held in the kernel). Connections
that it does not close, data that it does not read, data that is not
acknowledged and since when, peers that do not read, connects and requests that
are not answered, questions to a name server, a name server that is not there,
unix sockets that it cannot find or reach by their path (PrivateTmp,
directories, groups), packets that rp_filter drops, connections on which both
sides wait for the other to begin, or only small packets arrive (MTU), listeners
on loopback alone, full accept queues, connections that wait to be accepted
(also by another process at the same address), descriptors, processes of its
user or unit, and local ports against their limits, workers of it (processes of
its name that it has started) that wait for an answer, a file's lock that it or
they wait for, and who holds it, a program that computes and reads nobody,
clients that wait although it waits for nobody (a used-up pool), whose
connections it and its workers have; and the call that each thread waits in, and
for whom.
Nothing is injected or traced. Without root it works for your own processes;
what could not be seen is listed.

With COMMAND: runs it as sockshim run does, with the options of run (except -q),
and shows at the end, on stderr, what the kernel counted meanwhile, next to what
this run logged. --json is run's option then: the log in JSON. Without -o and
SOCKSHIM_LOG the log is ./sockshim.PID.log, into which no other run writes.

  --json              one JSON object on one line instead of text
  --seconds N         time between the two readings (default: 1; 0: only one)
  --watch N           repeat every N seconds, until Ctrl-C or PID has ended
  -h, --help          print this

doctor reads /proc, and uses ss if it is installed; it changes nothing and does
not need root. Only root can see which processes other users' sockets belong to.

Settings and counters are those of the network namespace that it runs in; for a
container, run it inside. Other programs in the namespace are included. Memory,
open files and the limit of the conntrack table belong to the whole host.

Exit status: 0, whatever was found; 1 if nothing could be read; 2 if the usage
is wrong. With COMMAND: that of sockshim run, which is COMMAND's.
END_OF_USAGE
}

sockshim_doctor() {
    if [ "${1-}" = --after ]; then
        shift
        doctor_after "$@"
        return
    fi
    for doctor_word; do
        case $doctor_word in
        -h | --help)
            doctor_usage
            return
            ;;
        --) doctor_command "$@" ;;
        esac
    done
    doctor_read_words "$@"
}

# Without a COMMAND: perhaps it was forgotten.
doctor_read_words() {
    . "$lib/commands/run.sh"
    for doctor_word; do
        case $doctor_word in
        --json | --json=*) ;;
        -o?*) doctor_needs_command -o ;;
        -[a-z] | --[a-z]*) ! run_usage | tr -s ' ,' '\n' | grep -qxF -e "${doctor_word%%=*}" || doctor_needs_command "${doctor_word%%=*}" ;;
        esac
    done
    doctor_seconds=1
    doctor_watch=
    DOCTOR_JSON=
    words_read doctor "--seconds --watch" --json "$@"
}

doctor_needs_command() {
    wrong_call doctor "put -- COMMAND after the options: $1 is only for doctor -- COMMAND"
}

doctor_option() {
    case $1/${2-} in
    --json/*) DOCTOR_JSON=yes ;;
    */*[!0-9]* | */?????*) wrong_call doctor "$1 $2 is not allowed; allowed: whole seconds, at most 9999" ;;
    --watch/*[1-9]*) doctor_watch=$2 ;;
    --watch/*) wrong_call doctor "--watch $2 is not allowed; allowed: whole seconds, at least 1" ;;
    --seconds/*) doctor_seconds=$2 ;;
    esac
}

doctor_words() {
    [ $# -le 1 ] || wrong_call doctor "doctor takes one PID, not $1 and $2"
    doctor_pid=${1-}
    case ${1+x}$doctor_pid in
    x) wrong_call doctor "the PID is empty" ;;
    *[!0-9x]* | x*x*) wrong_call doctor "$doctor_pid is not a PID; to run a command, put -- before it" ;;
    esac
    export DOCTOR_JSON
    # Not into ss.
    unset LD_PRELOAD
    if [ -n "$doctor_watch" ]; then
        doctor_repeat
    else
        doctor_once
    fi
}

doctor_once() {
    terminal_decide_columns
    if [ -n "$doctor_pid" ]; then
        doctor_process "$doctor_pid"
    else
        output_check "standard output" doctor_host
    fi
}

# Until Ctrl-C, or until the process has ended.
doctor_repeat() {
    while doctor_once; do
        sleep "$doctor_watch"
        [ -n "$DOCTOR_JSON" ] || printf '\n---- %s UTC\n\n' "$(date -u +%H:%M:%S)"
    done
}

# ---- The host ----

# Twice the counters, with some time in between: what is told of a host that has been
# up for a year is what happens now.
doctor_host() {
    {
        [ "$doctor_seconds" -eq 0 ] || doctor_queues 1
        doctor_counters counter
        doctor_began=$(doctor_clock)
        doctor_system
        doctor_knobs
        doctor_conntrack
        doctor_sockets
        if [ "$doctor_seconds" -gt 0 ]; then
            sleep "$doctor_seconds"
            doctor_counters later
            printf 'looked\t%s\t%s\nbetween\t%s\n' "$doctor_began" "$(doctor_clock)" "$doctor_seconds"
            doctor_queues 2
        fi
        doctor_resolvers ""
        ! command -v ss >/dev/null || doctor_paths ss
    } | doctor_awk doctor-host.awk -f "${lib:?}/doctor-network.awk" -f "$lib/doctor-names.awk" -f "$lib/doctor-places.awk" \
        -f "$lib/doctor-address.awk" -f "$lib/doctor-listening.awk" -f "$lib/doctor-json.awk"
}

# Seconds, with two decimals.
doctor_clock() {
    awk '{ print $1 }' /proc/uptime
} 2>/dev/null

# doctor_awk PROGRAM [-f FILE...]: facts in, sentences out.
doctor_awk() {
    doctor_program=$1
    shift
    LC_ALL=C awk -f "${lib:?}/wrap.awk" -f "$lib/doctor.awk" -f "$lib/records.awk" -f "$lib/ports.awk" -f "$lib/$doctor_program" "$@"
}

doctor_system() {
    awk '{ print "release\t" $1 }' /proc/sys/kernel/osrelease
    awk '{ print "uptime\t" int($1) }' /proc/uptime
    awk '/^Max open files/ { print "nofile\t" $4 "\t" $5 }' /proc/self/limits
    awk '{ print "files\t" $1 "\t" $3 }' /proc/sys/fs/file-nr
} 2>/dev/null

# Says so if it is not.
doctor_readable() {
    [ ! -r "$1" ] || return 0
    if [ -e "$1" ]; then
        printf 'missing\t%s\tmay not be read\n' "$1"
    else
        printf 'missing\t%s\tis not there\n' "$1"
    fi
    return 1
}

doctor_knobs() {
    set --
    for doctor_knob in $DOCTOR_KNOBS; do
        ! doctor_readable "/proc/sys/net/$doctor_knob" || set -- "$@" "/proc/sys/net/$doctor_knob"
    done
    for doctor_knob in $DOCTOR_MORE_KNOBS; do
        [ ! -r "/proc/sys/net/$doctor_knob" ] || set -- "$@" "/proc/sys/net/$doctor_knob"
    done
    # Not the read of the shell: some take a byte at a time, and of these files
    # only the first read gets anything.
    [ $# -eq 0 ] || awk '{ name = FILENAME; sub(/.*\//, "", name); $1 = $1; print "knob\t" name "\t" $0 }' "$@"
}

# doctor_counters WORD [NET]: the facts begin with WORD. netstat and snmp hold pairs of
# lines, names and then values; snmp6 a counter a line, and is not there without IPv6.
doctor_counters() {
    doctor_net=${2:-/proc/net}
    for doctor_file in "$doctor_net/netstat" "$doctor_net/snmp"; do
        ! doctor_readable "$doctor_file" || awk -v word="$1" '
            $1 !~ /^(Tcp|TcpExt|Ip|Icmp|Udp):$/ { next }
            $2 ~ /^[A-Za-z]/ { split($0, name, " "); next }
            {
                prefix = $1 ~ /^Tcp/ ? "" : substr($1, 1, length($1) - 1)
                for (i = 2; i <= NF; i++)
                    print word "\t" prefix name[i] "\t" $i
            }' "$doctor_file"
    done
    [ ! -r "$doctor_net/snmp6" ] || awk -v word="$1" '{ print word "\t" $1 "\t" $2 }' "$doctor_net/snmp6"
    [ ! -r "$doctor_net/stat/nf_conntrack" ] || doctor_conntrack_counters "$1" <"$doctor_net/stat/nf_conntrack"
}

# A line of names, and a line in hexadecimal for each processor.
doctor_conntrack_counters() {
    awk -v word="$1" '
        NR == 1 { names = split($0, name, " "); next }
        { for (i = 1; i <= names; i++) sum[i] += hex($i) }
        END {
            for (i = 1; NR > 1 && i <= names; i++)
                if (name[i] ~ /^(invalid|insert_failed|drop|early_drop)$/)
                    printf "%s\tconntrack_%s\t%.0f\n", word, name[i], sum[i]
        }
        function hex(text,    i, number) {
            for (i = 1; i <= length(text); i++)
                number = number * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
            return number
        }'
}

# The table is counted for each namespace, and has one limit for all of them.
doctor_conntrack() {
    set -- /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max
    [ ! -r "$1" ] || [ ! -r "$2" ] || awk '{ line = line "\t" $1 } END { print "conntrack" line }' "$@"
}

# The limit of an accept queue is told by ss alone (inet_diag); the rest is in
# /proc too.
doctor_sockets() {
    if command -v ss >/dev/null; then
        echo "ss"
        ss -ltxnp | doctor_listeners
    fi
    doctor_readable /proc/net/sockstat &&
        awk '$1 == "TCP:" { for (i = 2; i < NF; i += 2) print "sockstat\t" $i "\t" $(i + 1) }' /proc/net/sockstat
    doctor_readable /proc/net/tcp || return
    set -- /proc/net/tcp
    # Without IPv6 it is not there.
    [ ! -r /proc/net/tcp6 ] || set -- "$@" /proc/net/tcp6
    [ ! -r /proc/sys/net/ipv4/ip_local_port_range ] || set -- /proc/sys/net/ipv4/ip_local_port_range "$@"
    LC_ALL=C awk -f "$lib/doctor-address.awk" -f "$lib/doctor-sockets.awk" "$@"
} 2>/dev/null

# doctor_resolvers ROOT [default]: the name servers that a program with that root directory asks; that
# of the C libraries where none is named.
doctor_resolvers() {
    doctor_file=$1/etc/resolv.conf
    # Of an absolute link the kernel would look from our root.
    case $(readlink "$doctor_file") in
    /*) doctor_file=$1$(readlink "$doctor_file") ;;
    esac
    awk '$1 == "nameserver" && $2 != "" { print "resolver\t" $2; found = 1 } END { exit !found }' "$doctor_file" ||
        [ -z "${2:-}" ] || printf 'resolver\t127.0.0.1\tdefault\n'
} 2>/dev/null

# doctor_paths SS [PID]: the unix sockets that listen at a path, and what that path is for
# their owner, for this shell, and for PID, with the directories on the way.
doctor_paths() {
    doctor_at=$(doctor_at_paths "$1")
    [ -n "$doctor_at" ] || return 0
    printf '%s\n' "$doctor_at"
    doctor_tab=$(printf '\t')
    doctor_views ${2+"$2"} | sort -u | LC_ALL=C xargs stat -Lc "stat$doctor_tab%n$doctor_tab%d:%i$doctor_tab%a$doctor_tab%u$doctor_tab%g$doctor_tab%U$doctor_tab%G"
    [ -z "${2-}" ] || doctor_who "$2"
} 2>/dev/null

doctor_at_paths() {
    $1 -Hxlnp | LC_ALL=C awk '
        $2 == "LISTEN" && $5 ~ /^\/[A-Za-z0-9_.\/@:+,=%-]+$/ && $6 ~ /^[0-9]+$/ && match($0, /users:\(\("[^"]*",pid=[0-9]+/) {
            owner = substr($0, RSTART + 9, RLENGTH - 9)
            name = pid = owner
            sub(/",pid=.*/, "", name)
            sub(/.*",pid=/, "", pid)
            sub(/^\/var\/run\//, "/run/", $5)
            sub(/\.[0-9]+\.tmp$/, "", $5) # haproxy binds that, and renames it (sock_unix_bind_receiver)
            print "at-path\t" $5 "\t" pid "\t" name
        }'
}

# doctor_views [PID]: the names of these paths, as each of them sees it.
doctor_views() {
    printf '%s\n' "$doctor_at" | awk -F '\t' -v pid="${1-}" '
        BEGIN { print "/"; if (pid != "") print "/proc/" pid "/root/" }
        {
            print "/proc/" $3 "/root/"
            print "/proc/" $3 "/root" $2
            print $2
            for (path = pid == "" ? "" : $2; path != ""; sub(/\/[^\/]*$/, "", path))
                print "/proc/" pid "/root" path
        }'
}

# doctor_who PID: its rights, or those of its worker if only that one is not root; and which of
# the directories have more rules than their mode tells.
doctor_who() {
    doctor_worker=$1
    if [ "$(stat -Lc %u "/proc/$1")" = 0 ]; then
        for doctor_child in $(doctor_process_children "$1" | cut -f 2); do
            [ "$(stat -Lc %u "/proc/$doctor_child")" = 0 ] || doctor_worker=$doctor_child
        done
    fi
    doctor_user=$(stat -Lc %U "/proc/$doctor_worker")
    awk -v user="$doctor_user" -v worker="$doctor_worker" -v entitled="$(id -G "$doctor_user")" '
        $1 == "Uid:" { uid = $3 }
        $1 == "Gid:" { groups = $3 }
        $1 == "Groups:" { $1 = ""; groups = groups $0 }
        $1 == "CapEff:" { caps = index("0123456789abcdef", substr($2, length($2))) - 1 }
        END { print "who\t" uid "\t" user "\t" caps "\t" groups "\t" worker "\t" entitled }' "/proc/$doctor_worker/status"
    doctor_views "$1" | sort -u | LC_ALL=C xargs ls -ld | awk '$1 ~ /[+]$/ { print "acl\t" $NF }'
}

# doctor_queues LOOK: the listeners of TCP, and who waits until they accept; sockets of UDP.
doctor_queues() {
    [ "$1" = 1 ] || doctor_owners ss
    for doctor_kind in tcp tcp6; do
        [ ! -r "/proc/net/$doctor_kind" ] ||
            awk -v lead="$doctor_kind	$1	" '$4 == "0A" || $10 == 0 && ($4 == "01" || $4 == "08") { print lead $0 }' "/proc/net/$doctor_kind"
    done
    doctor_udp "$1" /proc/net
} 2>/dev/null

# doctor_udp LOOK NET
doctor_udp() {
    for doctor_kind in udp udp6; do
        [ ! -r "$2/$doctor_kind" ] || awk -v lead="$doctor_kind	$1	" 'NR == 1 { print "table\tudp" } NR > 1 { print lead $0 }' "$2/$doctor_kind"
    done
}

# doctor_owners SS: whose the listeners are, by their inode. A name may hold any words.
doctor_owners() {
    $1 -Htlnep | LC_ALL=C awk '
        match($0, /users:\(\("[^"]*",pid=[0-9]+/) {
            owner = substr($0, RSTART + 9, RLENGTH - 9)
            sub(/",pid=/, ", pid ", owner)
            sub(/users:\(\(.*\)\)/, "")
            if (match($0, / ino:[0-9]+/))
                print "owner\t" substr($0, RSTART + 5, RLENGTH - 5) "\t" owner
        }'
}

# From the output of ss. Its words are kind, state, waiting, limit, address; a unix
# socket's inode and the peer; then, for those who may know, the owners.
doctor_listeners() {
    LC_ALL=C awk '
        $2 != "LISTEN" { next }
        {
            owner = ""
            if (match($0, /users:\(\("[^"]*",pid=[0-9]+/)) {
                owner = substr($0, RSTART + 9, RLENGTH - 9)
                sub(/",pid=/, ", pid ", owner)
            }
            print "listener\t" ($1 == "tcp" ? "tcp" : "unix") "\t" $5 "\t" $3 "\t" $4 "\t" owner
        }'
}

# ---- A process ----

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

doctor_tell_process() {
    {
        doctor_process_itself "$1"
        doctor_process_workers "$1"
        doctor_process_titles 1
        doctor_counters counter "$doctor_its/net"
        doctor_process_sockets 1
        doctor_process_threads earlier
        doctor_process_state
        doctor_process_cpu 1
        doctor_process_locks 1
        printf 'between\t%s\n' "$doctor_seconds"
        [ "$doctor_seconds" -eq 0 ] || sleep "$doctor_seconds"
        doctor_process_descriptors
        doctor_process_sockets 2
        doctor_counters later "$doctor_its/net"
        [ -z "$doctor_ss" ] || doctor_owners "$doctor_ss"
        doctor_process_cpu 2
        doctor_process_locks 2
        doctor_process_threads thread
        doctor_process_state
        doctor_process_children "$1"
        doctor_process_titles 2
        [ -z "$doctor_ss" ] || doctor_process_peers "$1"
        doctor_resolvers "$doctor_its/root"
        [ -z "$doctor_ss" ] || doctor_paths "$doctor_ss" "$1"
    } 2>/dev/null | doctor_awk doctor-process.awk -f "$lib/doctor-threads.awk" -f "$lib/doctor-paused.awk" -f "$lib/doctor-waiting.awk" -f "$lib/doctor-inside.awk" -f "$lib/doctor-workers.awk" -f "$lib/doctor-locks.awk" -f "$lib/doctor-confined.awk" -f "$lib/doctor-titles.awk" -f "$lib/doctor-names.awk" -f "$lib/doctor-places.awk" \
        -f "$lib/doctor-address.awk" -f "$lib/doctor-listening.awk" -f "$lib/doctor-json.awk"
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

# doctor_process_titles LOOK: what PostgreSQL's process, and those that it has started, call themselves.
doctor_process_titles() {
    doctor_name=
    read -r doctor_name <"$doctor_its/comm"
    [ "$doctor_name" = postgres ] || return 0
    for doctor_titled in "${doctor_its#/proc/}" ${doctor_workers-}; do
        doctor_title "$1" "$doctor_titled"
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

# doctor_process_locks LOOK: locks of files that it, or a worker of it, waits for: "N: -> ..." are
# those that wait for N. The holder may be in another container, or gone: 0 or -1, or no name.
doctor_process_locks() {
    awk -v wanted="$1 ${doctor_its#/proc/} ${doctor_workers-}" '
        BEGIN {
            for (n = split(wanted, word, /[ \n]+/); n > 1; n--)
                is_wanted[word[n]] = 1
        }
        $2 != "->" { holder[$1] = $5 }
        $2 == "->" && $6 in is_wanted { sub(/.*:/, "", $7); print $6, holder[$1], $7 }' /proc/locks |
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

# ---- Beside COMMAND ----

# doctor_command [OPTIONS] -- COMMAND...: never comes back.
doctor_command() {
    case $1 in
    -*) ;;
    *) wrong_call doctor "$1 is not an option, and only options are allowed before --" ;;
    esac
    for doctor_word; do
        case $doctor_word in
        --seconds | --seconds=* | --watch | --watch=*) wrong_call doctor "${doctor_word%%=*} is not for doctor -- COMMAND, which compares the counters before and after" ;;
        -q) wrong_call doctor "-q is not allowed: with it, sockshim is gone before the counters can be compared" ;;
        --) break ;;
        esac
    done
    # shellcheck source=/dev/null # of its own
    . "$lib/commands/run.sh"
    run_launch "$(doctor_counters before && printf 'began\t%s\n' "$(doctor_clock)")" "$@"
}

# doctor_after COUNTERS LEVEL SKIP records|'' [FROM PATH]...: called by the launcher
# after its summary. LEVEL and SKIP are the log's, and PATH from byte FROM on is what
# the run has added to it.
doctor_after() {
    terminal_decide_columns
    {
        printf '%s\nended\t%s\n' "$1" "$(doctor_clock)"
        doctor_counters after
        doctor_knobs
        doctor_system
        doctor_conntrack
        doctor_addresses
        doctor_udp 2 /proc/net
        doctor_resolvers "" default
        ! command -v ss >/dev/null || doctor_at_paths ss
        printf 'level\t%s\nskip\t%s\n' "$2" "$3"
        [ -z "$4" ] || echo records
        shift 4
        while [ $# -gt 1 ]; do
            tail -c "+$1" -- "$2"
            shift 2
        done
    } | doctor_awk doctor-command.awk -f "$lib/doctor-names.awk" -f "$lib/doctor-address.awk"
}

# doctor_addresses [NET]: of a network namespace, or of this one.
doctor_addresses() {
    awk '/32 host LOCAL/ { print "address\t" address } { address = $NF }' "${1:-/proc/net}/fib_trie"
    awk '{ print "address\t" $1 }' "${1:-/proc/net}/if_inet6"
} 2>/dev/null
