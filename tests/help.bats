#!/usr/bin/env bats
# What the command says to somebody who asks how it is called, or calls it wrongly.

bats_require_minimum_version 1.5.0

load helpers

SUBCOMMANDS=$(subcommands)
MAN_PAGE=$TOP/scripts/man/sockshim.1

sockshim() {
    "$SOCKSHIM_COMMAND" "$@"
}

# usage_of [NAME]: its lines of usage, without the first word.
usage_of() {
    sockshim help "$@" | awk '/^$/ { exit } { print substr($0, 8) }'
}

# options_of NAME: all that its help lists, one a line.
options_of() {
    sockshim help "$1" | sed -n 's/^  *\(-.*\)/\1/p' | cut -c 1-20 | grep -oE -- '(^|[ ,])--?[a-z][a-z-]*' | tr -d ' ,'
}

# a_copy: of the command, in tree, whose folder of subcommands the test may change.
a_copy() {
    mkdir -p "$BATS_TEST_TMPDIR/tree/scripts"
    cd "$BATS_TEST_TMPDIR/tree"
    cp -r "$SOCKSHIM_COMMAND" "$TOP/scripts/lib" scripts/
    SOCKSHIM_COMMAND=$PWD/scripts/sockshim
    export BUILD=${SHIM%/*} # the copy has none of its own
}

# refuses MESSAGE WORD...: in one line that is like that pattern, with status 2.
refuses() {
    local message=$1
    shift
    run -2 --separate-stderr sockshim "$@" </dev/null
    # shellcheck disable=SC2053
    [[ $stderr == $message ]] || fails_with "$* said: $stderr"
    [ "${#stderr_lines[@]}" -eq 1 ] && [ -z "$output" ] || fails_with "$* said: $stderr$output"
}

@test "help is the same in all its forms, and needs no object" {
    local name
    export BUILD=/none
    run -0 --separate-stderr sockshim help
    [ -z "$stderr" ]
    [ "$(sockshim --help)" = "$output" ]
    [ "$(sockshim -h)" = "$output" ]
    [ "$(sockshim help help)" = "$output" ]
    [ "$(sockshim help --help)" = "$output" ]
    [ "$(wc -w <<<"$SUBCOMMANDS")" -ge 6 ]
    for name in $SUBCOMMANDS; do
        run -0 --separate-stderr sockshim help "$name"
        [ -z "$stderr" ]
        [ "$(sockshim "$name" --help)" = "$output" ] || fails_with "$name --help"
        [ "$(sockshim "$name" -h)" = "$output" ] || fails_with "$name -h"
        [[ $output == "usage: sockshim "* ]] || fails_with "$name"
    done
}

@test "the overview has each subcommand's usage as its own help has it, and says what it is for" {
    local name line
    for name in $SUBCOMMANDS; do
        while read -r line; do
            usage_of | grep -qxF -e "$line" || fails_with "not in the overview: $line"
        done < <(usage_of "$name")
        [ "$(sockshim help | grep -cE "^  $name +[a-z]")" -eq 1 ] || fails_with "$name"
    done
    [ "$(usage_of | tail -n 1)" = "sockshim help [SUBCOMMAND]" ]
}

@test "the subcommands are the files in their folder: one more is one, and one less is none" {
    a_copy
    rm scripts/lib/commands/doctor.sh
    cat >scripts/lib/commands/greet.sh <<'END'
# sockshim greet: says good morning
greet_usage() {
    printf 'usage: sockshim greet NAME\n\nSays it.\n'
}
sockshim_greet() {
    echo "good morning, $1"
}
END
    local names="run check disable enable explain follow greet recorder report version"
    [ "$(sockshim greet world)" = "good morning, world" ]
    [ "$(sockshim greet -h)" = "$(sockshim help greet)" ]
    [ "$(usage_of | grep greet)" = "sockshim greet NAME" ] || fails_with "$(usage_of)"
    sockshim help | grep -qx '  greet    says good morning'
    refuses "sockshim: no help on doctor; there is help on: $names" help doctor
    refuses "sockshim: no help on gret (did you mean greet[?]); there is help on: $names" help gret
    run -127 sockshim gret
    [ "$output" = "sockshim: gret: command not found (did you mean sockshim greet?)" ]
    run -127 sockshim doctor
    # A path is none, whatever is there.
    run -127 sockshim ../commands/greet
}

@test "no line of a help is longer than 80 characters" {
    local name
    for name in help $SUBCOMMANDS; do
        sockshim help "$name" | awk -v name="$name" 'length > 80 { print name ": " $0; long = 1 } END { exit long }'
    done
}

@test "what a help lists as an option is one, and a slip of it finds it" {
    local name option slip
    for name in $SUBCOMMANDS; do
        for option in $(options_of "$name"); do
            run "$SOCKSHIM_COMMAND" "$name" "$option" </dev/null
            [[ $output != *"unknown option"* ]] || fails_with "$name: $output"
        done
        for option in $(options_of "$name" | grep ..-); do
            # Two letters swapped; and the end forgotten, where that is not another's.
            slip=$(sed 's/\(..\)\(.\)\(.\)$/\1\3\2/' <<<"$option")
            [ "$slip" != "$option" ] || slip=${option}x
            refuses "sockshim: unknown option $slip (did you mean ${option}[?]); see sockshim help $name" "$name" "$slip"
        done
    done
    # The loop had something to do.
    [ "$(options_of run | wc -l)" -eq 30 ]
    [ "$(options_of follow | wc -l)" -ge 10 ]
}

@test "an unknown option is one line that names the help" {
    local name
    for name in run report follow explain check; do
        refuses "sockshim: unknown option --nonsense; see sockshim help $name" "$name" --nonsense
        refuses "sockshim: unknown option --hlep (did you mean --help[?]); see sockshim help $name" "$name" --hlep
    done
    refuses "sockshim: *; see sockshim help doctor" doctor --nonsense
    refuses "sockshim: *; see sockshim help doctor" doctor nonsense
    refuses "sockshim: unknown option --levle (did you mean --level[?]); see sockshim help run" --levle warn true
}

@test "a word without its value, and one word too few, is one line that names the help" {
    refuses "sockshim: *; see sockshim help run"
    refuses "sockshim: *; see sockshim help run" run
    refuses "sockshim: *; see sockshim help run" --level
    refuses "sockshim: *; see sockshim help report" report --since
    refuses "sockshim: *; see sockshim help follow" follow
    refuses "sockshim: *; see sockshim help follow" follow --since
    refuses "sockshim: *; see sockshim help check" check
    refuses "sockshim: *" explain nosuch word
}

@test "a mistyped subcommand, cause or time finds the right word" {
    run -127 sockshim reprot sockshim.log
    [ "$output" = "sockshim: reprot: command not found (did you mean sockshim report?)" ] || fails_with "$output"
    run -127 sockshim folow sockshim.log
    [[ $output == *"(did you mean sockshim follow?)" ]] || fails_with "$output"
    run -127 sockshim nothing-like-it
    [ "$output" = "sockshim: nothing-like-it: command not found" ] || fails_with "$output"
    refuses "sockshim: no help on reprot (did you mean report[?]); there is help on: $SUBCOMMANDS" help reprot
    refuses "sockshim: no help on nonsense; there is help on: $SUBCOMMANDS" help nonsense
    refuses "sockshim: no help on peer-reset, but an explanation: sockshim explain peer-reset" help peer-reset
    refuses "sockshim: unknown cause or errno: peer-rest (did you mean peer-reset[?]); see sockshim help report" report --cause timeout,peer-rest "$LOG"
    refuses "sockshim: unknown cause or errno: peer-rest (did you mean peer-reset[?]); see sockshim help follow" follow --cause=peer-rest "$LOG"
    refuses "sockshim: last week is not a valid time for --since; *03:00*15m*; see sockshim help report" report --since "last week" "$LOG"
    refuses "sockshim: 25:00 is not a valid time for --until; *; see sockshim help follow" follow --until 25:00 "$LOG"
    refuses "sockshim: *peer-rest*peer-reset*" explain peer-rest
}

@test "--version is the object's" {
    run -0 --separate-stderr sockshim --version
    [ "$output" = "sockshim $(tables version)" ] || fails_with "$output"
    [ -z "$stderr" ]
    shimmed "$PROGRAMS/core" refused >/dev/null
    expect_count 1 ".event == \"start\" and .version == \"${output#sockshim }\""
    BUILD=/none refuses "sockshim: /none/tables.txt is not there: run make in $TOP" --version
}

@test "-V and version say the same; the version stands in one file, and the changelog has it" {
    local version
    version=$(tables version)
    for words in -V version "run -V"; do
        # shellcheck disable=SC2086
        run -0 --separate-stderr sockshim $words
        [ "$output" = "sockshim $version" ] || fails_with "$words: $output"
    done
    refuses "sockshim: no argument is allowed, not 2; see sockshim help version" version 2
    [ "$(cd "$TOP" && grep -rlF "\"$version\"" shim scripts)" = shim/base/settings.h ]
    grep -q "^## $version" "$TOP/.github/CHANGELOG.md"
}

# It looks for the pages that these refer to among the installed ones.
@test "the man pages are clean to mandoc" {
    local page
    for page in "$TOP"/scripts/man/*; do
        run mandoc -T lint -W style "$page"
        [ -z "$(grep -vE 'referenced manual not found|outdated mandoc.db' <<<"$output")" ] || fails_with "$output"
    done
}

@test "the man page has every subcommand, and every option of it" {
    local name option
    for name in $SUBCOMMANDS; do
        grep -qE "^\.(Op )?Cm $name\b|^\.It Cm $name\b" "$MAN_PAGE" || fails_with "no $name in the man page"
        for option in $(options_of "$name"); do
            # In mdoc the first dash is the macro's.
            grep -qE -- "Fl ${option#-}( |$)" "$MAN_PAGE" || fails_with "no $option, of $name, in the man page"
        done
    done
}

@test "libsockshim(7) has every setting and every cause, and both pages say Linux" {
    local page=$TOP/scripts/man/libsockshim.7 word
    for word in $(tables setting 1); do
        [ "$(grep -c "^\.It Ev $word\$" "$page")" -eq 1 ] || fails_with "$word"
    done
    for word in $(tables cause 1); do
        [ "$(grep -c "^\.It Li $word\$" "$page")" -eq 1 ] || fails_with "$word"
    done
    for page in "$TOP"/scripts/man/*; do
        grep -qx '\.Os Linux' "$page"
        grep -qx '\.Sh EXAMPLES' "$page"
        grep -qx '\.Sh FILES' "$page"
        [ "$(mandoc "$page" | tail -n 1 | awk '{ print $1 }')" = Linux ]
        run -0 groff -mandoc -Tascii "$page"
        [[ $output != *BSD* ]] || fails_with "${lines[0]}"
    done
}

@test "no small word stands twice in a row" {
    cd "$TOP" || return 1
    run -0 awk '
        FNR == 1 || NF == 0 { before = "" }
        { gsub(/[,;:()]/, " &") }
        { for (i = 1; i <= NF; i++) { if (tolower($i) == tolower(before) && $i ~ /^[A-Za-z]+$/ && tolower($i) !~ /^(sockshim|had|that)$/) print FILENAME ":" FNR ": " $i; before = $i } }
    ' README.md .github/*.md scripts/man/* scripts/lib/causes.txt scripts/lib/topics/*.txt scripts/recipes/*.md
    [ -z "$output" ] || fails_with "$output"
}

@test "README is read in five minutes" {
    [ "$(wc -w <"$TOP/README.md")" -le 1500 ]
}
