#!/usr/bin/env bats
# Every cause has an entry that `sockshim explain CAUSE` prints, and one
# source of these texts serves the command and README.

bats_require_minimum_version 1.5.0

load helpers

explain() {
    "$SOCKSHIM_COMMAND" explain "$@"
}

# The causes as the object has them.
causes() {
    sed -n 's/^ *X([a-z_]*, "\([a-z-]*\)", LEVEL_\([A-Z]*\)).*/\1 \2/p' "$TOP/shim/base/names.h"
}

@test "every cause of the object has an entry, with its level, and there is no other" {
    local want have
    want=$(causes | tr '[:upper:]' '[:lower:]')
    [ "$(wc -l <<<"$want")" -eq 32 ]
    have=$(explain | sed -n 's/^\([a-z-]*\)  (\([a-z]*\), .*/\1 \2/p')
    [ "$want" = "$have" ] || fails_with "$(diff <(echo "$want") <(echo "$have"))"
}

@test "an entry says what happened, the reasons, what to look at and what to do" {
    while read -r cause _; do
        run explain "$cause"
        [ "$status" -eq 0 ]
        [[ ${lines[0]} == "$cause  ("* ]]
        for title in "On the wire:" "Usual reasons:" "Look at:" "What to do:"; do
            [[ $output == *"  $title"$'\n    '[A-Z\`]* ]] || fails_with "$cause: $title"
        done
        # One cause, not its neighbours.
        [ "$(grep -c 'On the wire:' <<<"$output")" -eq 1 ]
    done < <(causes)
}

@test "an errno name or number chooses its causes" {
    run explain ECONNRESET
    [[ ${lines[0]} == "peer-reset  ("* ]]
    [ "$(explain 104)" = "$output" ]
    [ "$(explain econnreset)" = "$output" ]
    [ "$(explain EWOULDBLOCK)" = "$(explain EAGAIN)" ]
    [ "$(explain EAGAIN | grep -c 'On the wire:')" -eq 3 ]
    [ "$(explain 0 | grep -c '^peer-closed ')" -eq 1 ]
    run explain EIO
    [[ ${lines[0]} == "other  ("* ]]
}

@test "every errno that is a cause's is among the numbers, with the kernel's value" {
    local name
    for name in $(sed -n 's/^errno: *//p' "$TOP/scripts/lib/causes.txt" | tr ' ' '\n' | grep E); do
        number=$("$PYTHON" -c "import errno; print(errno.$name)")
        [ "$(explain "$number")" = "$(explain "$name")" ] || fails_with "$name"
        [[ $(explain "$number") != other* ]] || fails_with "$name"
    done
}

@test "the causes that come by one errno are those that the object gives it" {
    # cause.c's table, as far as a cause has one errno of its own.
    local name cause count=0
    while read -r name cause; do
        count=$((count + 1))
        explain "$name" | grep -q "^$cause  " || fails_with "$name: $cause"
    done < <(sed -n 's/^ *X(\(E[A-Z]*\), \([a-z_]*\)).*/\1 \2/p' "$TOP/shim/tell/cause.c" | tr _ -)
    [ "$count" -gt 30 ]
}

@test "an unknown word is refused in one line that names the causes" {
    run explain peer-rest
    [ "$status" -eq 2 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output == "sockshim: "*"peer-rest"*"peer-reset"* ]]
    run explain a b
    [ "$status" -eq 2 ]
    [ "${#lines[@]}" -eq 1 ]
}

# All of it, with each run of blanks one blank.
flowing() {
    explain "$@" | tr -s '\n ' ' '
}

@test "as wide as the terminal, and no command is broken where it fits" {
    local columns expected
    expected=$(COLUMNS=100 flowing)
    for columns in 40 80 100; do
        [ "$(COLUMNS=$columns explain | awk '{ if (length > most) most = length } END { print most }')" -le "$columns" ] || fails_with "$columns"
        [ "$(COLUMNS=$columns flowing)" = "$expected" ]
    done
    [ "$(COLUMNS=300 explain)" = "$(COLUMNS=100 explain)" ]
    [ "$(unset COLUMNS; explain)" = "$(COLUMNS=80 explain)" ]
    # None of them is longer than 100.
    [ -z "$(COLUMNS=100 explain | awk -F '`' 'NF % 2 == 0')" ]
}

@test "an errno that may be misspelt is named" {
    run --separate-stderr explain ECONRESET
    [ "$stderr" = "sockshim: ECONRESET has no cause of its own; did you mean ECONNRESET?" ]
    [[ ${lines[0]} == "other  ("* ]]
    run --separate-stderr explain EIO
    [ -z "$stderr" ]
    run explain 104x
    [ "$status" -eq 2 ]
}

@test "the commands that an entry names exist in Debian" {
    local known=" ss tcpdump strace nstat ip ping sysctl ls grep lsof dmesg cat nft iptables-save
        journalctl tracepath tc "
    # What stands between backquotes and has an argument, or is said to be run.
    local word
    for word in $(awk '/^[a-z]+:/ { on = /^look:/ } on' "$TOP/scripts/lib/causes.txt" |
        tr '\n' ' ' | grep -o '`[a-z-]* [^`]*`' | sed 's/^`\([a-z-]*\) .*/\1/' | sort -u); do
        [[ $(tr -s ' \n' ' ' <<<"$known") == *" $word "* ]] || fails_with "$word"
    done
}

@test "README and the man page are made from the same source" {
    "$TOP/scripts/docs" --check
}
