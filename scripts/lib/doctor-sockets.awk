# /proc/net/tcp and tcp6 as facts: the listeners with connections that nobody has
# accepted, and the destination that most ephemeral ports are in use to. Before
# them comes ip_local_port_range, if it may be read.

FILENAME ~ /range$/ { low = $1; high = $2; next }
FNR == 1 { next }

$4 == "0A" {
    # For a listener rx_queue is the accept queue (get_tcp4_sock in
    # net/ipv4/tcp_ipv4.c); its limit is not there.
    waiting = hex(substr($5, index($5, ":") + 1))
    listeners++
    if (waiting)
        print "waiting\t" address($2) "\t" waiting
    next
}

# A port is taken for one local address and one destination.
$3 !~ /:0000$/ && is_ephemeral($2) {
    to = substr($2, 1, index($2, ":")) $3
    if (++ports[to] > most) {
        most = ports[to]
        busiest = to
    }
    time_wait[to] += $4 == "06"
}

END {
    print "listeners\t" listeners + 0
    if (most)
        print "ports\t" address(substr(busiest, index(busiest, ":") + 1)) "\t" most "\t" time_wait[busiest]
}

BEGIN {
    for (i = 0; i < 16; i++) {
        DIGIT[sprintf("%x", i)] = i
        DIGIT[sprintf("%X", i)] = i
    }
}

function hex(text,    i, number) {
    for (i = 1; i <= length(text); i++)
        number = number * 16 + DIGIT[substr(text, i, 1)]
    return number + 0
}

function is_ephemeral(local,    port) {
    port = hex(substr(local, index(local, ":") + 1))
    return low != "" && port >= low + 0 && port <= high + 0
}

# address("0100007F:1F90") is 127.0.0.1:8080. Words of 32 bits in the order of a
# little-endian host.
function address(text,    at, ip, port) {
    at = index(text, ":")
    ip = substr(text, 1, at - 1)
    port = hex(substr(text, at + 1))
    if (length(ip) == 8)
        return ipv4(ip) ":" port
    if (ip ~ /^0000000000000000FFFF0000/)
        return ipv4(substr(ip, 25)) ":" port
    return "[" ipv6(ip) "]:" port
}

function ipv4(word) {
    return hex(substr(word, 7, 2)) "." hex(substr(word, 5, 2)) "." hex(substr(word, 3, 2)) "." hex(substr(word, 1, 2))
}

function ipv6(words,    i, word, text) {
    for (i = 1; i < 32; i += 8) {
        word = substr(words, i, 8)
        text = text ":" group(substr(word, 7, 2) substr(word, 5, 2)) ":" group(substr(word, 3, 2) substr(word, 1, 2))
    }
    sub(/^:/, "", text)
    if (!sub(/(^|:)0(:0)+$/, "::", text))
        sub(/^0(:0)+:|:0(:0)+:/, "::", text)
    return text
}

function group(digits) {
    return sprintf("%x", hex(digits))
}
