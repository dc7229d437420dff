# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# The nanoseconds that the shim adds to a call that succeeds, within one process:
# too few for whole programs to show. Beside it a wrapper of one call and one
# compare: none that looks at results can add less.

CALLS="recv send read write"

measure_inside() {
    batches=$(full_or_quick 400 20)
    for call in $CALLS; do
        figure "$call/native" ns "$call: libc's"
        figure "$call/added" ns "  added by the shim"
        figure "$call/least" ns "  added by the least wrapper"
    done
    for round in $(every_round); do
        for call in $(in_order "$round" $CALLS); do
            found=$(under log "$programs/inside" "$call" "$batches")
            sample "$call/native" "$(first_word $found)"
            sample "$call/added" "$(first_word $(other_words $found))"
            found=$(under least "$programs/inside" "$call" "$batches")
            sample "$call/least" "$(first_word $(other_words $found))"
        done
    done
}
