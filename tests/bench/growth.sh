# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# What a record costs as things grow: it should stay what it is.

COUNTS="1 2 8 64"

# The failing call itself, without the shim, is taken off.
record_of_processes() {
    with=$(under log "$programs/writers" record "$1" "$milliseconds")
    without=$("$programs/writers" native "$1" "$milliseconds")
    awk -v with="$with" -v without="$without" 'BEGIN { print with - without }'
}

to_one() {
    [ "$count" -eq 1 ] || echo "base=$1/1"
}

measure_processes() {
    milliseconds=$(full_or_quick 100 10)
    on=
    for count in $COUNTS; do
        figure "processes/$count" ns "a record, processes on one log: $count" "$(to_one processes)"
    done
    for count in $COUNTS; do
        figure "append/$count" ns "a bare append of 250 bytes, processes: $count" "$(to_one append)"
    done
    for round in $(every_round); do
        for count in $(in_order "$round" $COUNTS); do
            new_log
            sample "processes/$count" "$(record_of_processes "$count")"
            sample "append/$count" \
                "$("$programs/writers" append "$count" "$milliseconds" "$tmp/append")"
            rm "$tmp/append"
        done
    done
    on=$pin
}

# A record by itself: record KIND LOG SOCKETS.
record() {
    log=$2
    found=$(under log "$programs/inside" "$1" "$batches" "$3")
    log=$tmp/log
    first_word $(other_words $found)
}

# With nothing in most of it.
make_long_log() {
    dd if=/dev/null of="$tmp/long" bs=1024 count=0 seek=10485760 2>"$tmp/error"
}

measure_long_log() {
    if ! make_long_log; then
        skip "a log of 10 GiB" "$(cat "$tmp/error")"
        return
    fi
    figure log/new ns "a record, the log new"
    figure log/long ns "a record, the log of 10 GiB" base=log/new
    for round in $(every_round); do
        for size in $(in_order "$round" new long); do
            if [ "$size" = new ]; then
                new_log
                sample log/new "$(record would-block "$log" 0)"
            else
                sample log/long "$(record would-block "$tmp/long" 0)"
            fi
        done
    done
    rm "$tmp/long"
}

measure_sockets() {
    wanted=10000
    limit=$(awk '/^Max open files/ { print $5 }' /proc/self/limits)
    # The program leaves some to its own use.
    if [ "$limit" != unlimited ] && [ "$limit" -lt $((wanted + 300)) ]; then
        wanted=$((limit - 300))
        skip "10,000 sockets" "the hard limit of descriptors is $limit: $wanted instead"
    fi
    figure sockets/1 ns "a record of TCP, sockets open: 1"
    figure sockets/many ns "a record of TCP, sockets open: $wanted" base=sockets/1
    for round in $(every_round); do
        for sockets in $(in_order "$round" 1 "$wanted"); do
            name=many
            [ "$sockets" != 1 ] || name=1
            sample "sockets/$name" "$(record end "$log" "$sockets")"
            new_log
        done
    done
}

measure_growth() {
    batches=$(full_or_quick 300 20)
    measure_processes
    measure_long_log
    measure_sockets
}
