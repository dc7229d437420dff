# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# What report takes for a log that someone has made to be slow, against an ordinary one of
# the same size. CPU time of the user's, of report and its awk.

READING_KINDS="ordinary quoted settings escapes prefixes peers"

# log_of KIND: BYTES of it.
log_of() {
    awk -v kind="$1" -v bytes="$(full_or_quick 20000000 1000000)" -f "$bench/reading.awk"
}

# In ms: the shell's `times`, of its children.
reading_time() {
    sh -c '"$1" report "$2" >/dev/null; times' sh "$top/scripts/sockshim" "$1" |
        awk 'END { split($1, at, /[ms]/); printf "%.0f", (at[1] * 60 + at[2]) * 1000 }'
}

measure_reading() {
    for kind in $READING_KINDS; do
        log_of "$kind" >"$tmp/reading.$kind"
    done
    figure ordinary ms "an ordinary log"
    figure quoted ms "every value quoted, with quotes in it" "base=ordinary ratio_at_most=4"
    figure settings ms "nothing but starts, each with all settings" "base=ordinary ratio_at_most=4"
    figure escapes ms "JSON, made of escapes" "base=ordinary ratio_at_most=4"
    figure prefixes ms "a prefix of its own before each record" "base=ordinary ratio_at_most=4"
    figure peers ms "a process and a peer of its own in each" "base=ordinary ratio_at_most=4"
    for round in $(every_round "$(full_or_quick 5 3)"); do
        for kind in $(in_order "$round" $READING_KINDS); do
            sample "$kind" "$(reading_time "$tmp/reading.$kind")"
        done
    done
}
