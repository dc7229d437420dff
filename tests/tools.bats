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

# names_of FILE: the functions and variables that it defines, one a line; without those
# of awk, which has blanks around its =, and those that a program is started with.
names_of() {
    local name='[A-Za-z_][A-Za-z_0-9]*'
    grep -v '^ *#' "$1" | sed -nE "
        s/^($name)\(\).*/\1/p
        s/^ *for ($name)( in |;).*/\1/p
        s/^( *|.*(&&|\|\||[;{)]) )($name)=('[^']*'|\"[^\"]*\"|[^ ]*)( ;;.*| \|\|.*| &&.*|; .*|)\$/\3/p
        s/.*\beval \"($name)=.*/\1/p
        s/.*\bread -r (_ )?($name).*/\2/p"
}

# doctor/host.sh is a part of doctor.sh: its names begin as those.
@test "every name in a sourced file begins with the file's or its folder's, for they share one space" {
    local file prefix folder name count=0
    for file in "$TOP"/scripts/lib/*.sh "$TOP"/scripts/lib/*/*.sh; do
        prefix=${file##*/}
        prefix=${prefix%%.*}
        folder=${file%/*}
        folder=${folder##*/}
        [ "$prefix" != summary ] || continue # a program of its own
        for name in $(names_of "$file"); do
            count=$((count + 1))
            case ${name,,} in
            "${prefix}"_* | "${folder}"_* | "sockshim_$prefix") ;;
            # The shell's own.
            ifs) ;;
            # What all of them use.
            wrong_call | nearest | unknown_option) [ "$prefix" = words ] ;;
            *) fails_with "$file: $name" ;;
            esac
        done
    done
    [ "$count" -ge 150 ] || fails_with "only $count names"
}

@test "make sanitize: unit and program tests under three sanitizers" {
    clean sanitize
}

@test "make fuzz: settings, records and the recorder's file, 20,000 executions of each" {
    clean fuzz RUNS=20000
    [ "$(grep -c 'number_of_executed_units: 20000$' "$BATS_TEST_TMPDIR/said")" -eq 3 ]
}
