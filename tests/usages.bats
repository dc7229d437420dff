#!/usr/bin/env bats
# Slips that people make on the command line: each ends in one line that says what is
# wrong, with what value, and what to do; and nothing runs, and nothing is counted, that
# was not meant.

bats_require_minimum_version 1.5.0

load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    mkdir -p d
    printf '%s\n' 'ts=2026-11-22T03:00:00.000000Z level=warn event=return pid=7 tid=7 prog=billing call=connect fd=3 ret=-1 errno=111 error=ECONNREFUSED type=tcp peer=10.0.0.9:9002 cause=connection-refused why="Nothing listens."' >a.log
}

sockshim() {
    "$SOCKSHIM_COMMAND" "$@"
}

# refuses STATUS PATTERN WORD...: one line on stderr, of at most 200 characters, and COMMAND
# has not run.
refuses() {
    run "-$1" --separate-stderr sockshim "${@:3}" </dev/null
    # shellcheck disable=SC2053
    [[ $stderr == sockshim:\ $2 ]] || fails_with "${*:3} said: $stderr"
    [ "${#stderr_lines[@]}" -eq 1 ] && [ "${#stderr}" -le 200 ] || fails_with "$stderr"
    [ -z "$output" ] && [ ! -e ran ] || fails_with "$output"
}

# reports PATTERN WORD...
reports() {
    run -0 --separate-stderr sockshim report "${@:2}" </dev/null
    # shellcheck disable=SC2053
    [[ $output == $1 ]] || fails_with "${*:2} said: $output"
}

@test "a log that cannot be written: COMMAND does not run, and the option is named as it was typed" {
    refuses 2 "-o d: cannot write there: it is a directory, not a file" -o d -- touch ran
    refuses 2 "--log d: *" --log d -- touch ran
    refuses 2 "-o /nonexistent/x.log: cannot write there: there is no directory /nonexistent" -o /nonexistent/x.log -- touch ran
    refuses 2 "-o stdout is not allowed; allowed: a file (./stdout is one), stderr or off; *" -o stdout -- touch ran
    [ ! -e stdout ]
    refuses 2 "-o - is not allowed; *" -o - -- touch ran
    refuses 2 "--log needs a file, stderr or off; *" --log= -- touch ran
    chmod 755 . && mkdir closed && chmod 555 closed
    if [ "$(id -u)" -eq 0 ]; then
        run -2 unshare -m sh -c 'mount -t tmpfs -o ro none closed && cd closed && exec "$@"' sh "$SOCKSHIM_COMMAND" touch ../ran
        [ "$output" = "sockshim: cannot write sockshim.log: $PWD/closed is on a read-only file system; choose another place with -o FILE, or -o off" ] || fails_with "$output"
        [ ! -e ran ]
    fi
}

@test "a list with a word that is none: COMMAND does not run, and the right word is found" {
    refuses 2 "--skip: would-blok is not a cause, errno name or call (did you mean would-block[?]); see sockshim help run" --skip would-blok -- touch ran
    refuses 2 "--skip: ECONRESET is not *(did you mean ECONNRESET[?])*" --skip ECONRESET,peer-rest -- touch ran
    refuses 2 "--skip: peer-rest is not *(did you mean peer-reset[?])*" --skip ECONNRESET,peer-rest -- touch ran
    refuses 2 "--skip: recvv is not *(did you mean recv[?])*" --skip recvv touch ran
}

@test "a misspelt setting in the environment is named with the right one, and COMMAND runs" {
    local slip
    for slip in SOCKSHIM_LVL SOCKSHIM_LOGLEVEL SOCKSHIM_LEVELS; do
        run -0 --separate-stderr env "$slip=info" "$SOCKSHIM_COMMAND" touch ran
        [[ $stderr == *"$slip is not a setting and is ignored"* ]] || fails_with "$stderr"
        rm ran
    done
    run -0 --separate-stderr env SOCKSHIM_LVL=info "$SOCKSHIM_COMMAND" true
    [[ $stderr == *"did you mean SOCKSHIM_LEVEL?"* ]] || fails_with "$stderr"
}

@test "a filter that left everything out is not told as nothing happened" {
    local filter
    for filter in "--level error" "--skip connection-refused" "--only other"; do
        # shellcheck disable=SC2086
        run -1 --separate-stderr sockshim $filter -- bash -c 'exec 2>/dev/null; exec 3<>/dev/tcp/127.0.0.1/1'
        [ "${stderr_lines[0]}" = "sockshim: no records, but what $filter left out is not known" ] || fails_with "$stderr"
    done
}

@test "a log in place of a command is one to report" {
    refuses 127 "a.log: command not found (did you mean sockshim report a.log[?])" a.log
    refuses 126 "./a.log: permission denied (did you mean sockshim report ./a.log[?])" ./a.log
}

@test "a letter that is no option is no slip of another one, but for its case" {
    refuses 2 "unknown option -x; see sockshim help check" check -x
    refuses 2 "unknown option -x; see sockshim help run" -x touch ran
    refuses 2 "unknown option -v (did you mean -V[?]); see sockshim help run" -v
    refuses 2 "unknown option -Q (did you mean -q[?]); see sockshim help check" check -Q bash
    run -0 sockshim -V
    run -0 sockshim version
}

@test "check 1 says who may look into it" {
    run sockshim check 1
    [[ ${lines[0]} == "1 ("*"): "* ]] || fails_with "$output"
}

@test "doctor with options of run, and no -- before the command" {
    refuses 2 "put -- COMMAND after the options: --level is only for doctor -- COMMAND; see sockshim help doctor" doctor --level info curl http://127.0.0.1:1/
}

@test "explain of something unknown is a short line; a slip finds the word" {
    refuses 2 "nothing is known about nosuch; *" explain nosuch
    refuses 2 "nothing is known about peer_reset (did you mean peer-reset[?]); *" explain peer_reset
    refuses 2 "nothing is known about ECONRESET (did you mean ECONNRESET[?]); *" explain ECONRESET
}

# head has gone before the second half is written: it waits for nobody.
@test "explain, report and follow end in silence when nobody reads on" {
    local shell words
    for shell in bash dash; do
        for words in explain "explain topics" help "report a.log" "follow -n all a.log"; do
            run -0 timeout 300 "$shell" -c "{ $SOCKSHIM_COMMAND $words; } 2>said | :"
            [ ! -s said ] || fails_with "$shell, $words: $(cat said)"
        done
    done
}

@test "report takes causes as people know them, and says what is there when nothing matches" {
    reports "a.log: 1 record *" --cause ECONNREFUSED a.log
    reports "a.log: no records match the filters (1 left out)"$'\n'"causes in it: connection-refused (1)" --cause ECONNRESET a.log
    refuses 2 "unknown cause or errno: nosuch; see sockshim help report" report --cause nosuch a.log
    reports "a.log: 1 record *" --peer 9002 a.log
    reports "a.log: 1 record *" --peer :9002 a.log
    reports "*peers in it: 10.0.0.9:9002 (1)" --peer 1.2.3.4 a.log
    reports "*programs in it: billing (1)" --prog NGINX a.log
    reports "*levels in it: warn (1)" --level ERROR a.log
}

@test "report understands times as people write them, and refuses a range that is backwards" {
    local time
    for time in yesterday today -1h '1 hour ago' 2026-11-22T03:00:00+00:00 2026-11-22T03:00:00Z 2026-11-22; do
        run -0 --separate-stderr sockshim report --since "$time" a.log
    done
    refuses 2 "--since 1h (*) is not before --until 2h (*); see sockshim help report" report --since 1h --until 2h a.log
    refuses 2 "last week is not a valid time for --since; try *; see sockshim help report" report --since "last week" a.log
}

@test "report reads a folder, ./sockshim.log, and the same file once; without a log it says so" {
    refuses 2 "no log is named, and there is no sockshim.log here; see sockshim help report" report
    refuses 2 "no log is named, and there is no sockshim.log here; see sockshim help follow" follow
    refuses 2 "d: no log in this directory" report d
    cp a.log d/
    reports "*1 record *" d
    reports "*1 record *" a.log a.log
    [ "$stderr" = "sockshim: a.log is named twice and read once" ] || fails_with "$stderr"
    cp a.log sockshim.log
    reports "sockshim.log: 1 record *"
}

@test "the signal that killed COMMAND is named" {
    local signal
    for signal in KILL SEGV PIPE TERM; do
        run --separate-stderr sockshim -- sh -c "ulimit -c 0; kill -$signal \$\$"
        [ "$status" -eq $((128 + $(kill -l "$signal"))) ]
        [ "${stderr_lines[0]}" = "sockshim: sh was killed by SIG$signal" ] || fails_with "$stderr"
    done
}

@test "more slips: values that are missing, huge or negative, words that nothing knows, files that are none" {
    refuses 2 "-n 99999999999999999999 is too large; name a number below 1000000000, or all; see sockshim help follow" follow -n 99999999999999999999 a.log
    refuses 2 "-n -5 is not allowed; allowed: a number, or all; see sockshim help follow" follow -n -5 a.log
    refuses 2 "-n needs a value; see sockshim help follow" follow -n
    refuses 2 "unknown option --cuase (did you mean --cause?); see sockshim help report" report --cuase x a.log
    refuses 2 "--cause needs a value; see sockshim help report" report --cause
    refuses 2 "-3x is not a valid time for --since; *" report --since -3x a.log
    refuses 2 "2026-13-45 is not a valid time for --since; *" report --since 2026-13-45 a.log
    refuses 2 "--pid abc is not allowed; allowed: process IDs, separated by commas; *" report --pid abc a.log
    refuses 2 "--json and --html exclude each other; *" report --json --html x.html a.log
    refuses 2 "--html /nonexistent/x: cannot create a file there; name one in a directory that exists *" report --html /nonexistent/x a.log
    refuses 2 "--html d is a directory; name a file in it" report --html d a.log
    refuses 2 "nosuch.log: no such file" report nosuch.log
    refuses 1 "there is no process 999999999" doctor 999999999
    refuses 2 "--seconds -1 is not allowed; allowed: a number of seconds; *" doctor --seconds -1
    refuses 2 "no command and no PID to check; see sockshim help check" check
    refuses 2 "no command to run; see sockshim help run" --
    refuses 2 "no command to run; see sockshim help run" --level info
    refuses 2 "--backlog -3 is not allowed; allowed: a number of connections, *" --backlog -3 -- touch ran
    refuses 2 "--dead-peer 1s is not allowed; allowed: whole seconds from 3s *" --dead-peer 1s -- touch ran
    refuses 2 "--log-limit 99999999999999999999 is not allowed; *" --log-limit 99999999999999999999 -- touch ran
    refuses 126 "./a.log: permission denied*" -- ./a.log
    refuses 127 "nosuchcommand: command not found*" -- nosuchcommand
    refuses 2 "name one FILE, not 0; see sockshim help recorder" recorder
    refuses 2 "a.log: is not a recorder file" recorder a.log
    refuses 2 "no unit is named; see sockshim help enable" enable
    refuses 2 "no help on nosuch; *" help nosuch
    : >empty.log
    reports "empty.log: no records" empty.log
}
