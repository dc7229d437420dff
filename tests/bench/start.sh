# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# What the shim adds to the start of a program, from posix_spawn to its end.

WAYS="native empty off log"

environment() {
    case $1 in
    native) echo PATH= ;;
    empty) echo "LD_PRELOAD=$empty" ;;
    off) echo "LD_PRELOAD=$shim SOCKSHIM_LOG=off" ;;
    log) echo "LD_PRELOAD=$shim SOCKSHIM_LOG=$log" ;;
    esac
}

# starts FIGURES WORD: each way's samples, native's as a whole, the others' as
# what they add.
starts() {
    $pin "$programs/start" "$spawns" "$programs/tiny" "$2" "$(environment native)" \
        "$(environment empty)" "$(environment off)" "$(environment log)" >"$tmp/starts"
    for way in $WAYS; do
        read -r all added
        if [ "$way" = native ]; then
            added=$all
        fi
        sample "$1/$way" "$added"
    done <"$tmp/starts"
}

measure_start() {
    spawns=$(full_or_quick 40 5)
    figure nothing/native us "a program that does nothing, native"
    figure nothing/empty us "  added by an empty object"
    figure nothing/off us "  added by the shim, log off" "at_most=50 scale=start"
    figure nothing/log us "  added by the shim, log on" "at_most=80 scale=start"
    figure socket/native us "a program that makes a socket, native"
    figure socket/empty us "  added by an empty object"
    figure socket/off us "  added by the shim, log off"
    figure socket/log us "  added by the shim, log on (event=start)"
    for round in $(every_round); do
        starts nothing ""
        starts socket socket
    done
}
