#!/usr/bin/env bats
# What a call only reads is not written to: not its arguments, and not the stack
# of a caller of syscall(). What errno is after each call, and what bad pointers
# do, is in calls_*.bats and bad_input.bats.

load helpers

@test "arguments in read-only memory, and the caller's stack, are left alone" {
    run "$PROGRAMS/read_only_arguments"
    [ "$output" = fine ] || fails_with "natively: $output"
    local format
    for format in logfmt json; do
        rm -f "$LOG"
        run shimmed SOCKSHIM_FORMAT=$format "$PROGRAMS/read_only_arguments"
        [ "$status" -eq 0 ] && [ "$output" = fine ] || fails_with "$output"
        expect_count 1 '.event == "refused" and .call == "setsockopt"'
    done
}
