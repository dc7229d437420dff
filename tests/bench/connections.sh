# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# socket, connect, accept, close, close over TCP loopback, within one process.

measure_connections() {
    batches=$(full_or_quick 100 5)
    figure native ns "native"
    figure shim ns "shim, log on" "base=native ratio_at_most=1.03"
    for round in $(every_round); do
        found=$(under log "$programs/inside" connections "$batches")
        native=$(first_word $found)
        added=$(first_word $(other_words $found))
        sample native "$native"
        sample shim "$(awk -v native="$native" -v added="$added" 'BEGIN { print native + added }')"
    done
}
