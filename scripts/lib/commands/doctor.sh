# shellcheck shell=sh
# sockshim doctor: this host's own part in resets and refusals
#
# It reads /proc and ss, changes nothing and needs no root. What is read here goes to
# awk as facts, one a line, with tabs between the words; what they mean is said there.

# In the order of the tables. They serve IPv6 as well.
DOCTOR_KNOBS="ipv4/tcp_syncookies core/somaxconn ipv4/tcp_max_syn_backlog ipv4/tcp_abort_on_overflow
    ipv4/tcp_fin_timeout ipv4/tcp_tw_reuse ipv4/tcp_keepalive_time ipv4/tcp_keepalive_intvl
    ipv4/tcp_keepalive_probes ipv4/tcp_retries2 ipv4/ip_local_port_range"
# Not everywhere, and not missed: new, empty, or the first namespace's alone.
DOCTOR_MORE_KNOBS="ipv4/tcp_rto_max_ms ipv4/ip_local_reserved_ports ipv4/tcp_max_orphans ipv4/tcp_mem"

doctor_usage() {
    cat <<'END_OF_USAGE'
usage: sockshim doctor
       sockshim doctor [OPTIONS] -- COMMAND [ARG...]

Says what this host itself adds to resets and refusals: accept queues that are
full, settings, and what the kernel has counted, each with what it means, what
to change and what not to. Worst first. It reads /proc, asks ss if it is there,
changes nothing and needs no root; root is told whose the sockets are.

With COMMAND it runs that as sockshim run does, with the OPTIONS of run (but
-q), and says at the end, on stderr, what the kernel counted meanwhile, beside
what the log says of this run.

Settings and counters are those of the network namespace that it runs in: for a
container, run it there. Other programs in the namespace count, too.

Exit status: 0, whatever was found; 1 if nothing could be read; 2 if the call is
wrong. With COMMAND: that of sockshim run, which is COMMAND's.
END_OF_USAGE
}

sockshim_doctor() {
    if [ $# -eq 0 ]; then
        doctor_host
        return
    fi
    case $1 in
    --after) shift && doctor_after "$@" && return ;;
    -*) ;;
    *) wrong_call doctor "doctor takes nothing, or [OPTIONS] -- COMMAND, not $1" ;;
    esac
    for doctor_word; do
        case $doctor_word in
        -h | --help)
            doctor_usage
            return
            ;;
        -q) wrong_call doctor "with -q nobody is there at the end to look at the counters" ;;
        --) doctor_command "$@" ;;
        esac
    done
    wrong_call doctor "no -- and COMMAND after $*"
}

# ---- The host ----

doctor_host() {
    # Not into ss.
    unset LD_PRELOAD
    {
        doctor_system
        doctor_knobs
        doctor_counters counter
        doctor_sockets
    } | doctor_awk doctor-host.awk
}

# doctor_awk PROGRAM: facts in, sentences out.
doctor_awk() {
    LC_ALL=C awk -f "${lib:?}/wrap.awk" -f "$lib/doctor.awk" -f "$lib/records.awk" -f "$lib/$1"
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

# doctor_counters WORD: the facts begin with WORD. The files hold pairs of lines,
# names and then values.
doctor_counters() {
    for doctor_file in /proc/net/netstat /proc/net/snmp; do
        ! doctor_readable $doctor_file || awk -v word="$1" '
            $1 != "Tcp:" && $1 != "TcpExt:" { next }
            $2 ~ /^[A-Za-z]/ { split($0, name, " "); next }
            { for (i = 2; i <= NF; i++) print word "\t" name[i] "\t" $i }' $doctor_file
    done
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
    LC_ALL=C awk -f "$lib/doctor-sockets.awk" "$@"
} 2>/dev/null

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

# ---- Beside COMMAND ----

# doctor_command [OPTIONS] -- COMMAND...: never comes back.
doctor_command() {
    # shellcheck source=/dev/null # of its own
    . "$lib/commands/run.sh"
    run_launch "$(doctor_counters before)" "$@"
}

# doctor_after COUNTERS LEVEL SKIP records|'' [FROM PATH]...: called by the launcher
# after its summary. LEVEL and SKIP are the log's, and PATH from byte FROM on is what
# the run has added to it.
doctor_after() {
    {
        printf '%s\n' "$1"
        doctor_counters after
        doctor_knobs
        doctor_system
        doctor_addresses
        printf 'level\t%s\nskip\t%s\n' "$2" "$3"
        [ -z "$4" ] || echo records
        shift 4
        while [ $# -gt 1 ]; do
            tail -c "+$1" -- "$2"
            shift 2
        done
    } | doctor_awk doctor-command.awk
}

# Of this network namespace.
doctor_addresses() {
    awk '/32 host LOCAL/ { print "address\t" address } { address = $NF }' /proc/net/fib_trie
    awk '{ print "address\t" $1 }' /proc/net/if_inet6
} 2>/dev/null
