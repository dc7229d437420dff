# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# What robust handling on request costs where it was asked for: a connection (socket,
# connect, accept, close, close) with each setting that takes part in it, a listening
# socket (socket, bind, listen, close) and the installation of a handler likewise, and a
# call that succeeds with those that look at its failures; a connection with what else is preloaded
# for keepalive beside it, Debian's libkeepalive and libdontdie. SOCKSHIM_BACKLOG writes a record
# at each listen that it changes.

PER_CONNECTION="nothing SOCKSHIM_KEEPALIVE=60,10,6 SOCKSHIM_DEAD_PEER=30s SOCKSHIM_CONNECT_TIMEOUT=5s
    SOCKSHIM_CONNECT_RETRY=5s SOCKSHIM_RECV_TIMEOUT=60s SOCKSHIM_ACCEPT=careful"
PEERS="libkeepalive0 libdontdie0"
PER_LISTENER="nothing SOCKSHIM_BACKLOG=4 SOCKSHIM_BACKLOG=100 SOCKSHIM_REUSEADDR=on"
PER_HANDLER="nothing SOCKSHIM_EINTR=restart"
PER_CALL="nothing SOCKSHIM_RESET=eof SOCKSHIM_RECV_TIMEOUT=60s SOCKSHIM_DEAD_PEER=30s"

# object_of PEER: nothing, if it is not installed.
object_of() {
    for object in /usr/lib/"${1%0}".so.0 /usr/lib/*/"${1%0}".so.0; do
        if [ -e "$object" ]; then
            echo "$object"
            return
        fi
    done
}

find_peers() {
    for peer in $PEERS; do
        if [ -n "$(object_of $peer)" ]; then
            PER_CONNECTION="$PER_CONNECTION $peer"
        else
            skip "$peer" "not installed"
        fi
    done
}

# With the keepalive of PER_CONNECTION.
under_peer() {
    $on env LD_PRELOAD="$(object_of "$1")" KEEPIDLE=60 KEEPINTVL=10 KEEPCNT=6 DD_TCP_KEEPALIVE_TIME=60 \
        DD_TCP_KEEPALIVE_INTVL=10 DD_TCP_KEEPALIVE_PROBES=6 "$programs/inside" "$2" "$3" 2>"$tmp/error"
}

# added SETTING KIND BATCHES: nanoseconds that the shim, or a peer, adds. Without the record of a
# connection's end, which costs ten times as much as any of them.
added() {
    settings=SOCKSHIM_CLOSE=off
    case $1 in
    lib*) found=$(under_peer "$@") ;;
    nothing) found=$(under log "$programs/inside" "$2" "$3") ;;
    *)
        settings="$settings $1"
        found=$(under log "$programs/inside" "$2" "$3")
        ;;
    esac
    settings=
    first_word $(other_words $found)
}

# each DO: DO NAME KIND BATCHES WORDS SETTING..., for each kind of call.
each() {
    "$1" connection connections "$batches" "a connection" $PER_CONNECTION
    "$1" listen listening "$batches" "a listening socket" $PER_LISTENER
    "$1" handler handlers "$calls" "sigaction" $PER_HANDLER
    "$1" recv recv "$calls" "recv" $PER_CALL
}

name_figures() {
    name=$1 words=$4
    shift 4
    for setting; do
        figure "$name/$setting" ns "$words: added with $setting"
    done
}

take_samples() {
    name=$1 kind=$2 count=$3
    shift 4
    for setting in $(in_order "$round" "$@"); do
        sample "$name/$setting" "$(added "$setting" "$kind" "$count")"
    done
}

measure_handling() {
    batches=$(full_or_quick 100 5)
    calls=$(full_or_quick 400 20)
    find_peers
    each name_figures
    for round in $(every_round); do
        each take_samples
    done
}
