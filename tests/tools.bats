#!/usr/bin/env bats
# The tools that watch over the source: each one runs clean.

load helpers

# clean TARGET [VARIABLE=VALUE...]
clean() {
    make -C "$TOP" BUILD="$BUILD" "$@" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- ||
        fails_with "$(tail -n 60 "$BATS_TEST_TMPDIR/said")"
}

@test "make lint: clang-format, clang-tidy, cppcheck, shellcheck" {
    clean lint
}

@test "make sanitize: unit and program tests under three sanitizers" {
    clean sanitize
}

@test "make fuzz: settings and records, 20,000 executions of each" {
    clean fuzz RUNS=20000
    [ "$(grep -c 'number_of_executed_units: 20000$' "$BATS_TEST_TMPDIR/said")" -eq 2 ]
}
