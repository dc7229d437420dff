#!/usr/bin/env bats
# Slips that people make on the command line: each ends in one line that says what is
# wrong, with what value, and what to do; and nothing runs, and nothing is counted, that
# was not meant.

bats_require_minimum_version 1.5.0

load helpers
load each_system

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    mkdir -p d empty
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
    SOCKSHIM_LOG=stdout refuses 2 "SOCKSHIM_LOG stdout is not allowed; allowed: a file (./stdout is one), *" touch ran
    SOCKSHIM_LOG=- refuses 2 "SOCKSHIM_LOG - is not allowed; *" touch ran
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
        [ "${stderr_lines[0]}" = "sockshim: no records; not counted: what $filter left out" ] || fails_with "$stderr"
    done
    # What leaves nothing out is not told to.
    for filter in SOCKSHIM_LEVEL=loud SOCKSHIM_LEVEL=DEBUG "SOCKSHIM_SKIP=," "SOCKSHIM_ONLY=,"; do
        run -1 --separate-stderr env "$filter" "$SOCKSHIM_COMMAND" bash -c 'exec 2>/dev/null; exec 3<>/dev/tcp/127.0.0.1/1'
        [[ $stderr == *"sockshim: 1 record: connection-refused 1"$'\n'* ]] || fails_with "$filter: $stderr"
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
    refuses 2 "nothing is known about peer_rest (did you mean peer-reset[?]); *" explain peer_rest
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
    # Later than any time that has been today.
    run -0 --separate-stderr sockshim report --since today --until 23:59:59.9 a.log
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
    reports "standard input: no records" - -
    [ "$stderr" = "sockshim: - is named twice and read once" ] || fails_with "$stderr"
    reports "*hosts in it:     none; no host, container or pod stands before the records" --host x a.log
    reports "a.log: 1 record *" --pid "6 7" a.log
    run -0 --separate-stderr sockshim follow --until now empty
    [ "$stderr" = "sockshim: waiting for a log in empty" ] || fails_with "$stderr"
    cp a.log sockshim.log
    reports "sockshim.log: 1 record *"
}

@test "a folder with more files than logs are in is refused at once; a line break in a name is said" {
    local command
    mkdir much
    (cd much && seq 10001 | xargs touch)
    for command in report follow; do
        refuses 2 "much has more than 10000 files in it; name the directory that the logs are in" "$command" much
        refuses 2 "/ has more than 10000 files in it; name the directory that the logs are in" "$command" /
    done
    rm much/1
    refuses 2 "much: no log in this directory" report much
    cp a.log d/
    cp a.log d/$'b\nc'
    reports "d/a.log: 1 record *" d
    [ "$stderr" = "sockshim: d: files with a line break in their path are left out; name them one by one" ] || fails_with "$stderr"
    reports "d/b?c: 1 record *" d/$'b\nc'
    run -0 --separate-stderr sockshim follow --until now d
    [ "$stderr" = "sockshim: d: files with a line break in their path are left out; name them one by one" ] || fails_with "$stderr"
    [ "${#lines[@]}" -eq 1 ] || fails_with "$output"
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
    refuses 2 "--seconds -1 is not allowed; allowed: whole seconds, at most 9999; *" doctor --seconds -1
    refuses 2 "no command and no PID to check; see sockshim help check" check
    refuses 2 "no command to run; see sockshim help run" --
    refuses 2 "no command to run; see sockshim help run" --level info
    refuses 2 "--backlog -3 is not allowed; allowed: a number of connections, *" --backlog -3 -- touch ran
    refuses 2 "--dead-peer 1s is not allowed; allowed: whole seconds from 3s *" --dead-peer 1s -- touch ran
    refuses 2 "--log-limit 99999999999999999999 is not allowed; *" --log-limit 99999999999999999999 -- touch ran
    refuses 126 "./a.log: permission denied*" -- ./a.log
    refuses 127 "nosuchcommand: command not found*" -- nosuchcommand
    refuses 2 "no recorder file is named; see sockshim help recorder" recorder
    refuses 2 "a.log: is not a recorder file" recorder a.log
    refuses 2 "no unit is named; see sockshim help enable" enable
    refuses 2 "no help on nosuch; *" help nosuch
    : >empty.log
    reports "empty.log: no records" empty.log
}

# The table: STATUS|MESSAGE, a pattern|WORDS.
refuses_each() {
    local status message words
    while IFS='|' read -r status message words; do
        # shellcheck disable=SC2086
        refuses "$status" "$message" $words
    done
}

@test "report of a file that is no log ends with 1 and says what is in it" {
    cp "$(command -v ls)" binary
    printf 'one\ntwo\n' >text
    iconv -t UTF-16 <a.log >wide
    refuses_each <<'END'
1|binary is not a text file; name a log that sockshim has written|report binary
1|binary is not a text file; name a log that sockshim has written|report --html page binary
1|text: none of its 2 lines is a record; the first is: one|report text
1|text: none of its 2 lines is a record; the first is: one|report --html - text
1|text: none of its 2 lines is a record; the first is: one|report --since 1h text
1|2 logs: none of their * lines is a record; the first is: one|report text binary
2|binary: is not a recorder file|recorder binary
1|wide is UTF-16 text; convert it with iconv -f UTF-16 -t UTF-8|report wide
END
    [ ! -e page ]
    run -1 --separate-stderr sockshim report <<<'-- No entries --'
    [ "$stderr" = "sockshim: standard input: its only line is not a record: -- No entries --" ] || fails_with "$stderr"
    for view in --json --prometheus; do
        run -0 --separate-stderr sockshim report $view text
        [ -n "$output" ] && [ -z "$stderr" ]
    done
    reports "2 logs: 1 record *" a.log text
}

# unwritten OUTPUT WORD...: the one line, whichever awk it is.
unwritten() {
    run -2 --separate-stderr env PATH="$SYSTEM_PATH" sh -c '"$@" >/dev/full' sh sh "$SOCKSHIM_COMMAND" "${@:2}"
    [ "$stderr" = "sockshim: cannot write to $1: No space left on device" ] || fails_with "${*:2} said: $stderr"
}

tells_of_full_disk() {
    local words
    mkdir -p b
    cp a.log b
    for words in "report a.log" "report --json a.log" "report --prometheus a.log" "report --html - a.log" explain \
        "explain topics" "explain peer-reset" "doctor --seconds 0" "doctor --seconds 0 --json $$" "check true" "check $$" "check --json true" \
        "follow a.log" "follow --top a.log" "follow --json a.log" "follow b"; do
        # shellcheck disable=SC2086
        unwritten "standard output" $words
    done
    unwritten /dev/full report --html /dev/full a.log
    for words in "report a.log" explain "check true" "follow a.log"; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr env PATH="$SYSTEM_PATH" sh -c '"$@" >&-' sh sh "$SOCKSHIM_COMMAND" $words
        [ "$stderr" = "sockshim: cannot write to standard output: it is closed" ] || fails_with "$words said: $stderr"
    done
}

@test "what can be written nowhere is not told as a success" {
    on_each_system tells_of_full_disk
}

@test "words of options, causes and errnos may be in upper or lower case; files and programs may not" {
    local words
    for words in "--level INFO" "--format Json" "--sigpipe OFF" "--skip WOULD-BLOCK,econnreset,Recv" "--dead-peer OFF" "--log-limit 10m"; do
        # shellcheck disable=SC2086
        run -0 --separate-stderr sockshim $words -o x.log -- true
        [[ $stderr == "sockshim: no records"* ]] || fails_with "$words: $stderr"
    done
    sockshim -o OFF --level WARN -- touch ran
    [ ! -e OFF ] && rm ran
    for words in "--level WARN" "--cause CONNECTION-REFUSED" "--cause Connection_Refused" "--cause econnrefused" "--color NEVER"; do
        # shellcheck disable=SC2086
        reports "a.log: 1 record *" $words a.log
    done
    reports "a.log: 1 record *" --cause "EPIPE, Connection refused" a.log
    reports "a.log: no records match *" --prog Billing a.log
    run -0 sockshim explain PEER_RESET
    [[ $output == "peer-reset "* ]]
    refuses 2 "no help on REPORT (did you mean report?); *" help REPORT
    refuses 127 "REPORT: command not found (did you mean sockshim report?)" REPORT a.log
    refuses 2 "unknown option --LEVEL (did you mean --level?); see sockshim help run" --LEVEL info touch ran
    refuses 2 "nosuch.LOG: no such file" report nosuch.LOG
}

@test "times of another era, and values that are empty or are the next option, are refused" {
    : >-dash.log
    refuses_each <<'END'
2|--since 99999999999999d is not between 1970 and 9999; *|report --since 99999999999999d a.log
2|--since 99999d is not between 1970 and 9999; *|report --since 99999d a.log
2|--until 0001-01-01 is not between 1970 and 9999; *|report --until 0001-01-01 a.log
2|--since 999999999w is not between 1970 and 9999; *|follow --since 999999999w a.log
2|99999999d is not a valid time for --around; *|recorder --around 99999999d a.log
2|1h30m is not a valid time for --since; *|report --since 1h30m a.log
2|-0 is not a valid time for --since; *|report --since=-0 a.log
2|--since needs a value; *|report --since= a.log
2|--until needs a value; *|report --until= a.log
2|--cause needs a value; *|report --cause= a.log
2|--cause needs a value; *|report --cause , a.log
2|--peer needs a value; *|report --peer= a.log
2|--prog needs a value; *|report --prog= a.log
2|--pid needs a value; *|report --pid= a.log
2|--host needs a value; *|report --host= a.log
2|--level needs a value; *|report --level= a.log
2|--html needs a value; *|report --html= a.log
2|--html needs a value, not --json; *|report --html --json a.log
2|--prog needs a value, not --level; *|report --prog --level warn a.log
2|-n = is not allowed; allowed: a number, or all; *|follow -n= a.log
2|--color blue is not allowed; allowed: auto, always, never; *|report --color blue a.log
2|--local takes no value; *|report --local=yes a.log
2|--why takes no value; *|follow --why=yes a.log
2|-o needs a value, not --; *|-o -- touch ran
2|-o needs a value, not --json; *|-o --json touch ran
2|--level needs a value, not -q; *|--level -q touch ran
2|--seconds needs a value; *|doctor --seconds
2|--watch 99999 is not allowed; allowed: whole seconds, at most 9999; *|doctor --watch 99999
2|--root needs a value; *|enable --root
2|--journal takes no value; *|enable --journal=x billing
2|--dry-run takes no value; *|disable --dry-run=x billing
2|--pid needs a value; *|report --pid , a.log
2|--peer needs a value; *|report --peer , a.log
2|--skip needs a value; *|--skip , touch ran
2|--only needs a value; *|--only , touch ran
2|--level needs a value: debug, info, warn, error; *|--level= touch ran
2|--dead-peer needs a value: whole seconds *|--dead-peer= touch ran
2|unknown option -dash.log (for the file of that name: ./-dash.log); *|report -dash.log
END
    refuses 2 "the log's name is empty" report ""
    refuses 2 "the command's name is empty; see sockshim help run" ""
    refuses 127 "true x: command not found (leave out the quotes around it)" "true x"
    refuses 127 "A=b: command not found (to set a variable, put env before it)" A=b touch ran
    refuses 2 "--since needs a value; *" report --since "" a.log
    refuses 2 "the cause, errno or message to explain is empty; *" explain ""
    refuses 2 "the cause, errno or message to explain is empty; *" explain " " ""
}

@test "what is copied from a text, a log or another tool is named for what it is" {
    refuses 2 "–level begins with a typographic dash instead of -; see sockshim help report" report –level info a.log
    refuses 2 "—top begins with a typographic dash instead of -; see sockshim help follow" follow —top a.log
    refuses 127 "–q: command not found (it begins with a typographic dash instead of -)" –q touch ran
    refuses 2 "--peer http://10.0.0.9/ is not allowed: it is a URL; name an address and a port, such as 10.0.0.9:443; *" report --peer http://10.0.0.9/ a.log
    refuses 2 "--peer 10.0.0.0/8 is not allowed: it is a network; use a glob, such as 10.1.\*; *" follow --peer 10.0.0.0/8 a.log
    reports "*no records match*" --peer /run/x/1 a.log
    refuses 2 "unknown cause or errno: refused (did you mean ECONNREFUSED or connection-refused?); *" report --cause refused a.log
    refuses 2 "nothing is known about a.log; to read the log of that name: sockshim report a.log" explain a.log
    run -0 sockshim explain "$(cat a.log)"
    [ "${lines[0]}" = "connection-refused  (warn, ECONNREFUSED)" ] || fails_with "$output"
    run -0 sockshim explain '{"ts":"2026-11-22T03:00:00.000000Z","error":"ECONNRESET","cause":"peer-reset"}'
    [ "${lines[0]}" = "peer-reset  (warn, ECONNRESET)" ] || fails_with "$output"
    run -0 sockshim explain -- peer-reset
    run -1 sockshim check "curl -s http://x"
    [ "$output" = "curl -s http://x: no, there is no such file; leave out the arguments" ] || fails_with "$output"
}

@test "a value where none belongs, a path for a name, a place that is no file: nothing runs" {
    local place
    for place in 1 2 '&1' '&2' journal syslog stdout -; do
        refuses 2 "-o $place is not allowed; allowed: a file (./$place is one), stderr or off; *" -o "$place" touch ran
    done
    refuses 2 "-o needs a file, stderr or off; *" -o= touch ran
    refuses 2 "--only /usr/bin/curl,x is not allowed; allowed: names of programs without their paths, such as curl; *" --only /usr/bin/curl,x touch ran
    refuses 127 "off: command not found (--reuseaddr takes no value)" --reuseaddr off touch ran
    refuses 127 "json: command not found (--json takes no value)" --level info --json json touch ran
    refuses 127 "nosuch: command not found" --json -- nosuch touch ran
    refuses 127 "nosuch: command not found" --json --level info nosuch touch ran
    refuses 127 "cd: command not found (only a shell knows it: sh -c 'cd ...')" cd /tmp
}

@test "a directory as standard input, and the limit of a file's size, are named" {
    local command
    for command in report follow; do
        run -2 --separate-stderr sockshim "$command" - <d
        [ "$stderr" = "sockshim: standard input is a directory; name it instead" ] || fails_with "$stderr"
    done
    # Messages go to a pipe, which has no limit.
    run -0 sh -c '(ulimit -f 0; sh "$@" 2>&1 >out || echo "exit status $?" >&2) 2>&1 | cat' sh "$SOCKSHIM_COMMAND" report a.log
    [[ $output == *"sockshim: cannot write to standard output: it is at the limit of a file's size (ulimit -f)"*"exit status 2" ]] || fails_with "$output"
}

@test "help is where people look for it, and takes one word" {
    local words
    for words in "--help report" "-h report" "report help" "report --help"; do
        # shellcheck disable=SC2086
        run -0 sockshim $words
        [ "${lines[0]}" = "usage: sockshim report [OPTIONS] [LOG...]" ] || fails_with "$words: $output"
    done
    refuses 2 "there is help on one subcommand at a time, not report x; *" help report x
    refuses 2 "no argument is allowed, not x; see sockshim help version" -V x
    cp a.log help
    reports "help: 1 record *" help
}

@test "options that contradict each other, and words too many, are refused" {
    refuses_each <<'END'
2|--json and --prometheus exclude each other; *|report --json --prometheus a.log
2|--html and --json exclude each other; *|report --html x.html --json a.log
2|--top and --json exclude each other; *|follow --top --json a.log
2|--json and --top exclude each other; *|follow --json --top a.log
2|--dead-peer has no effect with --watch-only, which changes nothing; *|--watch-only --dead-peer 30s touch ran
2|--reset has no effect with --watch-only, which changes nothing; *|--reset eof --watch-only touch ran
2|--recorder-calls needs --recorder FILE; *|--recorder-calls all touch ran
2|--recorder-size needs --recorder FILE; *|--recorder-size 1m touch ran
2|--why has no effect with --json; leave one of them out; *|follow --json --why a.log
2|--why has no effect with --top; leave one of them out; *|follow --why --top a.log
2|write -o x.log, or --log=x.log; see sockshim help run|-o=x.log touch ran
2|--watch 0 is not allowed; allowed: whole seconds, at least 1; *|doctor --watch 0
1|--root /nonexistent: there is no such directory|enable --root /nonexistent billing
2|2026-02-30 is not a valid time for --since; *|report --since 2026-02-30 a.log
2|2025-02-29T03:00 is not a valid time for --until; *|report --until 2025-02-29T03:00 a.log
2|--connect-timeout 5s is above --connect-retry 3s*|--connect-timeout 5s --connect-retry 3s touch ran
2|unknown option --top; *|report --top a.log
2|unknown option -n; *|report -n 5 a.log
2|unknown option --html; *|follow --html x a.log
2|unknown option --html; *|recorder --html a.log
2|follow takes one log or directory, not a.log and d; *|follow a.log d
2|recorder takes one file, not a.log and d; *|recorder a.log d
2|check takes one command or PID, without its arguments, not true x; *|check true x
2|doctor takes one PID, not 1 and 2; *|doctor 1 2
2|enable takes one unit, not a and b; *|enable a b
2|disable takes one unit, not a and b; *|disable a b
2|no argument is allowed, not foo; *|version foo
2|curl is not a PID; to run a command, put -- before it; *|doctor curl
2|no command to run; *|doctor --
END
    run -2 --separate-stderr env SOCKSHIM=watch "$SOCKSHIM_COMMAND" --dead-peer 30s touch ran
    [[ $stderr == "sockshim: --dead-peer has no effect with SOCKSHIM=watch, "* ]] || fails_with "$stderr"
    sockshim -q --watch-only --dead-peer off -o off touch ran
}

@test "files that are of another kind than they should be" {
    local pid time
    mkfifo fifo
    gzip -k a.log
    printf '#!\n' >none
    printf '#!/nonexistent/sh\n' >bad
    chmod +x none bad
    refuses_each <<'END'
2|d is a directory, not a recorder file|recorder d
2|fifo is a FIFO, not a recorder file|recorder fifo
2|nosuch: no such file|recorder nosuch
2|a.log.gz: is not a recorder file|recorder a.log.gz
2|a.log.gz is compressed and no longer grows; use sockshim report a.log.gz|follow a.log.gz
2|--recorder d: cannot record there: it is a directory, not a file|--recorder d -- touch ran
2|--recorder a.log: cannot record there: it exists, and is not a recorder file|--recorder a.log -- touch ran
2|--recorder fifo: cannot record there: it exists, and is not a recorder file|--recorder fifo -- touch ran
2|--recorder /nonexistent/x: cannot record there: there is no directory /nonexistent|--recorder /nonexistent/x -- touch ran
126|./d: is a directory|-- ./d
126|./fifo: is not a regular file|-- ./fifo
127|./bad: ./bad names an interpreter that cannot be run: /nonexistent/sh|-- ./bad
1|there is no process 0|doctor 0
2|../x is a path; name the unit; *|enable ../x
2|x.socket starts nothing itself; name its service; *|enable x.socket
1|there is no unit nosuchunit.service here|enable nosuchunit
1|nosuchunit.service is not enabled: *|disable nosuchunit
END
    run -2 --separate-stderr sockshim follow <a.log.gz
    [ "$stderr" = "sockshim: standard input is compressed and no longer grows; use sockshim report" ] || fails_with "$stderr"
    run -2 --separate-stderr env "SOCKSHIM_RECORDER=$PWD/d" "$SOCKSHIM_COMMAND" touch ran
    [ "$stderr" = "sockshim: SOCKSHIM_RECORDER $PWD/d: cannot record there: it is a directory, not a file" ] || fails_with "$stderr"
    sockshim -q -o off --recorder new -- "$PROGRAMS/recorded" lean 4
    sockshim -q -o off --recorder new -- "$PROGRAMS/recorded" lean 4
    mkdir e && cp a.log e && cp new e/ring && printf '\377\377\377\377' | dd of=e/ring bs=1 seek=8 conv=notrunc 2>/dev/null
    run -2 --separate-stderr sockshim report e/ring
    [ "$stderr" = "sockshim: e/ring: not all of it can be read; sockshim recorder e/ring says why" ] || fails_with "$stderr"
    run -2 sockshim recorder e/ring
    [ "${#lines[@]}" -eq 1 ]
    ln -s . e/loop
    reports "e/a.log: 1 record *" e
    [[ $stderr == "sockshim: e: not everything in it can be read"* ]] || fails_with "$stderr"
    run -1 sockshim check ./d
    [ "$output" = "./d: no, it is a directory" ] || fails_with "$output"
    run -1 sockshim check d
    [ "$output" = "d: no, command not found in PATH; for the file here: ./d" ] || fails_with "$output"
    run -1 sockshim check ./none
    [ "$output" = "./none: no, ./none begins with #!, and names no interpreter" ] || fails_with "$output"
    for time in 2026-11-22 2026-11-22T03 2026-11-22T03:00 03:00 1h; do
        run -0 --separate-stderr sockshim recorder --around "$time" new
        [[ $stderr == "" || $stderr == "sockshim: new: no records match the options" ]] || fails_with "$time: $stderr"
    done
    pid=$(awk '{ sub(/.*[)] /, ""); if (int($7 / 2097152) % 2) { split(FILENAME, part, "/"); print part[3]; exit } }' /proc/[0-9]*/stat 2>/dev/null)
    [ -z "$pid" ] || refuses 1 "process $pid is a kernel thread, which has no descriptors" doctor "$pid"
}

@test "what another user owns: one line says who may" {
    [ "$(id -u)" -eq 0 ] || skip "needs root, to become somebody else"
    local as="setpriv --reuid nobody --regid nogroup --clear-groups"
    mkdir secret
    chmod 700 secret
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR/.."
    cp a.log b.log
    chmod 600 b.log
    sleep 1000 3>&- &
    local status message words
    while IFS='|' read -r status message words; do
        # shellcheck disable=SC2086
        run "-$status" --separate-stderr $as "$SOCKSHIM_COMMAND" ${words//PID/$!} </dev/null
        # shellcheck disable=SC2053
        [[ $stderr == sockshim:\ $message ]] && [ "${#stderr_lines[@]}" -eq 1 ] && [ -z "$output" ] || fails_with "$words: $output$stderr"
    done <<'END'
2|b.log: permission denied|report b.log
2|b.log: permission denied|follow b.log
2|b.log: permission denied|recorder b.log
2|secret: permission denied|report secret
2|secret: permission denied|follow secret
1|the descriptors of process * can be seen only by its user and by root (CAP_SYS_PTRACE)|doctor PID
2|-o secret/x: cannot write there: this user may not create files in */secret|-o secret/x true
2|cannot write sockshim.log: this user may not create files in *; choose another place with -o FILE, or -o off|true
2|--html x: cannot create a file there; *|report --html x a.log
126|secret/x: permission denied for a directory in this path|secret/x
END
    kill $!
}


@test "a name that a terminal would obey is shown without that, by every subcommand" {
    local name command
    name=$(printf '\302\233x\342\200\256y\033[31m\nz\377\363\240\201\201')
    for command in explain help recorder enable disable check doctor report; do
        for locale in C.UTF-8 C; do
            run env LC_ALL="$locale" "$SOCKSHIM_COMMAND" "$command" "$name"
            [ "$status" -ne 0 ] || fails_with "$command: status 0"
            [ -n "$output" ] || fails_with "$command said nothing"
            [ -z "$(LC_ALL=C tr -d '\n -~' <<<"$output")" ] || fails_with "$command ($locale): $(cat -v <<<"$output")"
        done
    done
}

# What a host has counted moves meanwhile, and so do times; and this very pipe is a child of the
# process that is looked at.
said_by() {
    local words
    use bash "$1"
    for words in "report made.log" "report --json made.log" "report --prometheus made.log" "report --html - made.log" \
        "report --level error made.log" "follow -n all --until now made.log" "follow --why -n 5 --until now made.log" \
        "follow --json -n all --until now made.log" "follow --top -n all --until now made.log" "explain ECONNRESET" \
        "explain topics" "explain unexpected eof" "doctor --seconds 0 $$" "doctor --json --seconds 0 $$"; do
        echo "$words:"
        # Of doctor in one line, for where its lines end hangs on how long the PIDs are.
        # shellcheck disable=SC2086
        PATH=$SYSTEM_PATH LC_ALL=${2-C.UTF-8} sockshim $words 2>&1 |
            if [ "${words%% *}" = doctor ]; then tr -s '\n ' ' '; else cat; fi |
            sed -E 's/(20[0-9-]+[T ])?[0-9]{2}:[0-9]{2}:[0-9]{2}(Z| UTC)//g; s/, pid [0-9]+(, [0-9]+)*//g'
    done
}

@test "every awk, and every locale, gives the same text" {
    local awk
    "$PYTHON" - >made.log <<'END'
CASES = (("peer-reset", "warn", "recv", -1, 104, "ECONNRESET"), ("peer-closed", "info", "recv", 0, 0, None),
         ("connection-refused", "warn", "connect", -1, 111, "ECONNREFUSED"), ("would-block", "debug", "recv", -1, 11, "EAGAIN"))
for i in range(300):
    cause, level, call, ret, number, error = CASES[i * i % 7 % 4]
    print(f"ts=2026-11-22T03:{i // 60:02}:{i % 60:02}.{i:06}Z level={level} event=return pid={i % 3 + 7} tid=7"
          f" prog={('billing', 'café', 'İstanbul')[i % 3]} call={call} fd={i % 5} ret={ret} errno={number}"
          + (f" error={error}" if error else "") + f" len=4096 type=tcp local=10.0.0.5:{40000 + i} peer=10.0.{i % 4}.9:5432"
          f" state=CLOSE rx={i * 17} tx={i} unacked=0 unsent=0 side=connected idle_ms={60000 + i} sent_ms=60010 rtt_us=85"
          f' retrans=0 at=libpq.so.5+0x2f1c4 cause={cause} why="Made up."')
END
    said_by gawk >expected
    [ "$(wc -l <expected)" -gt 500 ]
    for awk in mawk original-awk; do
        said_by $awk >said
        diff expected said >differs || fails_with "$awk: $(head -c 2000 differs)"
    done
    for awk in de_DE tr_TR; do
        localedef -i "$awk" -f UTF-8 "$PWD/$awk.UTF-8"
        LOCPATH=$PWD said_by gawk "$awk.UTF-8" >said
        diff expected said >differs || fails_with "$awk: $(head -c 2000 differs)"
    done
    use bash original-awk
    PATH=$SYSTEM_PATH run -2 sockshim report --local made.log
    [ "$output" = "sockshim: --local needs an awk with strftime(): gawk, mawk or busybox" ] || fails_with "$output"
    POSIXLY_CORRECT=1 said_by gawk >said
    diff expected said >differs || fails_with "POSIXLY_CORRECT: $(head -c 2000 differs)"
    sockshim() { busybox sh "$SOCKSHIM_COMMAND" "$@"; }
    said_by busybox >said
    diff expected said >differs || fails_with "busybox: $(head -c 2000 differs)"
}

@test "what a shell has inherited, and a PATH without tools, change nothing or are named" {
    local options
    for options in noclobber errexit noglob; do
        run -0 --separate-stderr env SHELLOPTS=$options bash "$SOCKSHIM_COMMAND" report --html page.html a.log
        [ -z "$output$stderr" ] && [ "$(tail -n 1 page.html)" = "</html>" ] || fails_with "$options: $output$stderr"
    done
    run -2 --separate-stderr env PATH=/nonexistent /bin/sh "$SOCKSHIM_COMMAND" report a.log
    [ "$stderr" = "sockshim: awk and sed are not in PATH (/nonexistent)" ] || fails_with "$stderr"
    run -0 env PATH=/nonexistent /bin/sh "$SOCKSHIM_COMMAND" -q -o off "$(command -v touch)" ran
    [ -e ran ]
}

@test "the manual page has every key of report --json, doctor --json and check --json" {
    local key
    {
        sockshim report --json a.log | jq -r 'keys[], (.findings[0] | keys[])'
        sockshim doctor --json --seconds 0 | jq -r 'keys[], (.findings[]? | keys[])'
        sockshim doctor --json --seconds 1 $$ | jq -r 'keys[]'
        sockshim check --json true | jq -r 'keys[]'
        echo in_force recorder log
    } | tr ' ' '\n' | sort -u >keys
    [ "$(wc -l <keys)" -gt 40 ]
    while read -r key; do
        grep -q "^\.Ql $key\( \|$\)" "$TOP/scripts/man/sockshim.1" || fails_with "not in sockshim(1): $key"
    done <keys
}
