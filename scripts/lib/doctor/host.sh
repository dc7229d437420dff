# shellcheck shell=sh
# shellcheck disable=SC2154 # $doctor_seconds, $doctor_watch and $lib are doctor.sh's
# For doctor.sh: the facts of this host.

# In the order of the tables. They serve IPv6 as well.
DOCTOR_KNOBS="ipv4/tcp_syncookies core/somaxconn ipv4/tcp_max_syn_backlog ipv4/tcp_abort_on_overflow
    ipv4/tcp_fin_timeout ipv4/tcp_tw_reuse ipv4/tcp_keepalive_time ipv4/tcp_keepalive_intvl
    ipv4/tcp_keepalive_probes ipv4/tcp_retries2 ipv4/ip_local_port_range"
# Not everywhere, and not missed: new, empty, or the first namespace's alone.
DOCTOR_MORE_KNOBS="ipv4/tcp_rto_max_ms ipv4/ip_local_reserved_ports ipv4/tcp_max_orphans ipv4/tcp_mem
    unix/max_dgram_qlen"

# Twice the counters, with some time in between: what is told of a host that has been
# up for a year is what happens now.
doctor_host() {
    {
        [ "$doctor_seconds" -eq 0 ] || { doctor_queues 1 && doctor_waiters 1; doctor_neighbours 1; }
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
            doctor_waiters 2
            doctor_neighbours 2
        fi
        doctor_addresses /proc/net
        doctor_flows
        doctor_behind
        doctor_resolvers ""
        ! command -v ss >/dev/null || doctor_paths ss
    } | doctor_awk host accept_queues receivers host_tables network names places address listening json
}

# doctor_waiters LOOK: who waits in the kernel until the receiver of a unix datagram has read
# (unix_wait_for_peer in net/unix/af_unix.c), of this network namespace. Only root sees others'.
doctor_waiters() {
    doctor_own_net=$(readlink /proc/self/ns/net)
    for doctor_file in $(printf '%s\n' /proc/[0-9]*/task/[0-9]*/wchan | xargs grep -l unix_wait_for_peer | sed 's/.task.*//' | sort -u); do
        [ "$(readlink "$doctor_file/ns/net")" != "$doctor_own_net" ] ||
            printf 'waits-for-receiver\t%s\t%s\t%s\n' "$1" "${doctor_file##*/}" "$(tr '\t\n' '  ' <"$doctor_file/comm" | sed 's/ *$//')"
    done
} 2>/dev/null

# doctor_neighbours LOOK: who answered ARP for each address of the networks here, of the entries that
# are complete.
doctor_neighbours() {
    awk -v look="$1" '$3 ~ /^0x/ && $3 != "0x0" { print "neighbour\t" look "\t" $1 "\t" $6 "\t" $4 }' /proc/net/arp
} 2>/dev/null

# Seconds, with two decimals.
doctor_clock() {
    awk '{ print $1 }' /proc/uptime
} 2>/dev/null

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

# Of conntrack, the flows of UDP that nothing has answered and no rule translates: from where, to
# where, and where others to the same address and port are translated to, if so. And the most that are
# translated to one source address, for one destination.
doctor_flows() {
    [ ! -r /proc/net/nf_conntrack ] || LC_ALL=C awk '
        $1 != "ipv4" || $3 !~ /^(tcp|udp)$/ { next }
        {
            n = 0
            for (i = 6; i <= NF; i++)
                if ($i ~ /^(src|dst|sport|dport)=/) {
                    value[++n] = $i
                    sub(/.*=/, "", value[n])
                }
            if (n != 8)
                next
            to = value[2] ":" value[4]
            pair = $3 " " value[5] ":" value[7] "\t" value[6]
            if (value[6] != value[1] && ++translations[pair] > count) {
                count = translations[pair]
                most = pair
            }
            if ($3 != "udp")
                next
            if (value[5] != value[2] || value[7] != value[4])
                translated[to] = value[5] ":" value[7]
            else if (/\[UNREPLIED\]/ && flows < 1000) {
                from[++flows] = value[1] ":" value[3]
                untranslated[flows] = to
            }
        }
        END {
            for (i = 1; i <= flows; i++)
                print "flow\t" from[i] "\t" untranslated[i] "\t" translated[untranslated[i]]
            sub(/^[^ ]* /, "", most)
            if (most != "")
                print "translated\t" most "\t" count
        }' /proc/net/nf_conntrack
} 2>/dev/null

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
    LC_ALL=C awk -f "$lib/doctor/address.awk" -f "$lib/doctor/sockets.awk" "$@"
} 2>/dev/null

# The bridges of containers (a pair whose other end is in another namespace) and machines, from which this
# host does not forward: their addresses, and how many ends they have.
doctor_behind() {
    { ip -o link show type veth && ip -o link show type tun; } | awk '
        / master / && / link-netns|: (vnet|tap)/ { sub(/.* master /, ""); ends[$1]++ }
        END { for (name in ends) print name, ends[name] }' | sort | while read -r doctor_name doctor_ends; do
        [ "$(cat "/proc/sys/net/ipv4/conf/$doctor_name/forwarding")" != 0 ] || ip -o -4 addr show dev "$doctor_name" |
            awk -v name="$doctor_name" -v ends="$doctor_ends" '{ print "behind\t" name "\t" $4 "\t" ends; exit }'
    done
} 2>/dev/null

# For which families there is a default route (of IPv6, not one that rejects: RTF_REJECT).
doctor_defaults() {
    awk '$2 == "00000000" && $8 == "00000000" && $1 != "lo" { print "default\t4"; exit }' /proc/net/route
    awk '$1 == "00000000000000000000000000000000" && $2 == "00" && $NF != "lo" { print "default\t6"; exit }' /proc/net/ipv6_route
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

# doctor_addresses NET: of its network namespace.
doctor_addresses() {
    awk '/32 host LOCAL/ { print "address\t" address } { address = $NF }' "$1/fib_trie"
    awk '{ print "address\t" $1 }' "$1/if_inet6"
} 2>/dev/null
