# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# What robust handling on request costs where it was asked for: a connection (socket,
# connect, accept, close, close) with each setting that takes part in it, and a call that
# succeeds with those that look at its failures.

PER_CONNECTION="nothing SOCKSHIM_KEEPALIVE=60,10,6 SOCKSHIM_DEAD_PEER=30s SOCKSHIM_CONNECT_TIMEOUT=5s
    SOCKSHIM_CONNECT_RETRY=5s SOCKSHIM_RECV_TIMEOUT=60s SOCKSHIM_ACCEPT=careful"
PER_CALL="nothing SOCKSHIM_RESET=eof SOCKSHIM_RECV_TIMEOUT=60s SOCKSHIM_DEAD_PEER=30s"

# added SETTING KIND BATCHES: nanoseconds that the shim adds.
added() {
    settings=
    [ "$1" = nothing ] || settings=$1
    found=$(under log "$programs/inside" "$2" "$3")
    settings=
    first_word $(other_words $found)
}

measure_handling() {
    batches=$(full_or_quick 100 5)
    calls=$(full_or_quick 400 20)
    for setting in $PER_CONNECTION; do
        figure "connection/$setting" ns "a connection: added with $setting"
    done
    for setting in $PER_CALL; do
        figure "recv/$setting" ns "recv: added with $setting"
    done
    for round in $(every_round); do
        for setting in $(in_order "$round" $PER_CONNECTION); do
            sample "connection/$setting" "$(added "$setting" connections "$batches")"
        done
        for setting in $(in_order "$round" $PER_CALL); do
            sample "recv/$setting" "$(added "$setting" recv "$calls")"
        done
    done
}
