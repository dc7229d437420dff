#!/usr/bin/env bats
# A log in a storm: written by threads of many processes and rotated by its limit, while
# processes are killed and other threads of theirs close and duplicate descriptors over its
# numbers. STORM_CALLS=N: so many calls for each thread; 3907 make a million in all.

load helpers
load storm

# weathers WHAT [by-hand]: $COUNTS and what was found have WHAT, a regular expression.
weathers() {
    local torn
    storm 16 16 "${STORM_CALLS:-$([ $# -eq 1 ] && echo 400 || echo 1600)}" "${@:2}"
    run weathered
    echo "$COUNTS"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$COUNTS $output" =~ $1 ]]
    [[ $output =~ torn=([0-9]+) ]]
    torn=${BASH_REMATCH[1]}
    [[ $COUNTS =~ kills=([0-9]+) ]]
    [ "$torn" -le "${BASH_REMATCH[1]}" ]
    [ -z "${STORM_CALLS:-}" ] || echo "# $COUNTS $output" >&3
}

@test "a storm: no record lost or doubled, no empty line, nothing of the log in the program's files" {
    weathers "kills=[1-9].*rounds=[1-9].*forks=[1-9].* twice=0 missing=0 "
}

# Renamed in the midst of another process's rotation, a generation may be lost: not held
# against it here, but counted.
@test "renamed and removed by hand besides: none doubled, no empty line, nothing in the program's files" {
    weathers "kills=[1-9].*renames=[1-9].*removals=[1-9].* twice=0 " by-hand
}
