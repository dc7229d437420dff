# The addresses of /proc/net/tcp and its like, in hexadecimal there.

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

# ip_address("0100007F:1F90") is 127.0.0.1:8080. Words of 32 bits in the order of a
# little-endian host.
function ip_address(text,    at, ip, port) {
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
