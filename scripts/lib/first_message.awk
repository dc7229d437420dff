# The first message of a connection was its only one, and had no answer. After findings.awk.

BEGIN {
    MOST_HELLO = 2048 # bytes: of TLS's ClientHello, with a key share of ML-KEM (1,216) and a session ticket
}

# It is as long as a TLS hello, was acknowledged, and the peer has never been known to say anything to this
# program: without TLS, it may wait for the rest.
function may_lack_tls(i) {
    return cause_of[i] ~ /^(closed-unanswered|gave-up-waiting|timeout|reset-by-own-close)$/ && type_of[i] ~ /tcp/ && side_of[i] == "connected" && value_is_zero(rx_of[i]) && value_is_zero(unacked_of[i]) && value_is_zero(unsent_of[i]) && \
        tx_of[i] >= LEAST_HELLO && tx_of[i] <= MOST_HELLO && !has_been_answered(party_of(i)) && !was_left_well(i)
}

# Whether an earlier connection of the program to that peer was closed with nothing undone.
function was_left_well(i,    j, next_one) {
    for (j = i - 1; j > 0; j--)
        if (cause_of[j] == "in-progress" && peer_of[j] == peer_of[i] && prog_of[j] == prog_of[i] && (next_one = next_on_descriptor(j)) && is_closed_between(j, next_one))
            return 1
    return 0
}

function lacking_tls(i) {
    return (is_tls_hello(i) ? "Perhaps it speaks no TLS" : "If that was a TLS hello, it speaks none") " and waits on: a plain port or proxy, set as https://. Or "
}

function lacking_tls_advice(i) {
    return "`curl http://" printable(peer_of[i]) "/`: answered? Then set http://"
}

function slow_or_strange(i) {
    return is_tls_hello(i) ? "no TLS there, or slow?" : "slow, or no TLS there?"
}
