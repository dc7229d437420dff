# For tests/doctor_*.bats: network namespaces, scenes in them (doctor_scenes.py), a /proc
# made for what no test can bring about, and what was said.

SCENE=$TOP/tests/doctor_scenes.py

# in_network COMMAND...: in a network namespace of its own, with lo, and a name server that is
# no loopback address, whatever this machine has.
in_network() {
    local rights=
    [ "$(id -u)" -eq 0 ] || rights=-r # in a user namespace it is root's affair
    local resolv=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/resolv.conf
    [ -e "$resolv" ] || echo nameserver 192.0.2.53 >"$resolv"
    unshare $rights -nm sh -c 'ip link set lo up; mount --bind "$0" /etc/resolv.conf; exec "$@"' "$resolv" "$@"
}

# with_settings NAME=VALUE... COMMAND...: in such a namespace.
with_settings() {
    local settings=()
    while [[ $1 == *.*=* ]]; do
        settings+=("$1")
        shift
    done
    in_network sh -c 'for setting in $0; do
        sysctl -qw "$(echo "$setting" | tr , " ")" || exit
    done
    exec "$@"' "${settings[*]}" "$@"
}

doctor() {
    "$SOCKSHIM_COMMAND" doctor "$@"
}

# Text without its line breaks, for sentences.
flat() {
    tr -s ' \n' ' ' <<<"$1"
}

# says TEXT...: each in $output, broken into lines or not.
says() {
    local text all
    all=$(flat "$output${stderr-}")
    for text; do
        [[ $all == *"$text"* ]] || fails_with "not said: $text"$'\n'"$output${stderr-}"
    done
}

says_not() {
    local text all
    all=$(flat "$output${stderr-}")
    for text; do
        [[ $all != *"$text"* ]] || fails_with "said: $text"$'\n'"$output${stderr-}"
    done
}

doctor_setup_file() {
    in_network true || return 0
    touch "$BATS_FILE_TMPDIR/has_networks"
}

doctor_setup() {
    [ -e "$BATS_FILE_TMPDIR/has_networks" ] || skip "no network namespaces here"
    cd "$BATS_TEST_TMPDIR" || return 1
}

# ---- A /proc made for the test ----

# made_proc: in $PROC a copy of what doctor reads there; on_made_proc COMMAND...
made_proc() {
    PROC=$BATS_TEST_TMPDIR/proc
    mkdir -p "$PROC/sys/net/ipv4" "$PROC/sys/net/core" "$PROC/sys/kernel" "$PROC/sys/fs" "$PROC/net" "$PROC/self"
    local file
    for file in sys/kernel/osrelease sys/fs/file-nr net/netstat net/snmp net/sockstat net/tcp net/tcp6 self/limits uptime \
        sys/net/core/somaxconn; do
        cat "/proc/$file" >"$PROC/$file"
    done
    for file in /proc/sys/net/ipv4/tcp_* /proc/sys/net/ipv4/ip_local_*; do
        [ -d "$file" ] || cat "$file" >"$PROC/sys/net/ipv4/${file##*/}" 2>/dev/null || :
    done
    echo 3000 256 >"$PROC/uptime"
    echo 'sockets: used 9
TCP: inuse 5 orphan 7 tw 3 alloc 6 mem 11' >"$PROC/net/sockstat"
    head -n 1 /proc/net/tcp >"$PROC/net/tcp"
    head -n 1 /proc/net/tcp6 >"$PROC/net/tcp6"
    count_in_proc 0
}

# count_in_proc N [NAME=VALUE...]: all counters N but these.
count_in_proc() {
    local all=$1 name names values
    shift
    for name in ListenOverflows ListenDrops TCPReqQFullDoCookies TCPReqQFullDrop SyncookiesSent EmbryonicRsts TCPAbortOnClose \
        TCPAbortOnData TCPAbortOnTimeout TCPAbortOnMemory RcvPruned TCPRcvQDrop TCPMemoryPressures TCPMemoryPressuresChrono \
        DelayedACKs; do
        names+=" $name"
        values+=" $(value_in "$name" "$all" "$@")"
    done
    printf '%s\n' "TcpExt:$names" "TcpExt:$values" "IpExt: ListenOverflows" "IpExt: 4242" >"$PROC/net/netstat"
    printf '%s\n' "Ip: OutRsts" "Ip: 4242" "Tcp: MaxConn AttemptFails EstabResets OutRsts InSegs OutSegs" \
        "Tcp: -1 $all $all $(value_in OutRsts "$all" "$@") $(value_in InSegs "$all" "$@") $(value_in OutSegs "$all" "$@")" >"$PROC/net/snmp"
}

value_in() {
    local name=$1 value=$2 pair
    shift 2
    for pair; do
        [[ $pair != "$name="* ]] || value=${pair#*=}
    done
    echo "$value"
}

on_made_proc() {
    in_network sh -c 'mount --rbind "$0" /proc && exec "$@"' "$PROC" "$@"
}

# socket_in_proc FILE LOCAL REMOTE STATE WAITING: words in hexadecimal.
socket_in_proc() {
    echo "   0: $2 $3 $4 00000000:$5 00:00000000 00000000     0        0 1 1 0" >>"$PROC/net/$1"
}

# beside SCENE [OPTION...]: doctor with that scene for COMMAND, in a namespace.
beside() {
    local name=$1
    shift
    run --separate-stderr with_settings ${SETTINGS:-net.ipv4.tcp_syncookies=1} \
        "$SOCKSHIM_COMMAND" doctor -o "$LOG" "$@" -- "$PYTHON" "$SCENE" "$name"
}

