#!/usr/bin/env bats
# Every cause has an entry that `sockshim explain CAUSE` prints, and one
# source of these texts serves the command and the man page.

bats_require_minimum_version 1.5.0

load helpers

explain() {
    "$SOCKSHIM_COMMAND" explain "$@"
}

@test "every cause of the object has an entry, with its level, and there is no other" {
    local want have
    want=$(tables cause)
    have=$(explain | sed -n 's/^\([a-z-]*\)  (\([a-z]*\), .*/\1\t\2/p')
    [ "$want" = "$have" ] || fails_with "$(diff <(echo "$want") <(echo "$have"))"
}

@test "an entry says what happened, the reasons, what to look at and what to do" {
    local causes cause title
    causes=$(tables cause 1)
    for cause in $causes; do
        run explain "$cause"
        [ "$status" -eq 0 ]
        [[ ${lines[0]} == "$cause  ("* ]]
        for title in "On the wire:" "Usual reasons:" "Look at:" "What to do:"; do
            [[ $output == *"  $title"$'\n    '[A-Z\`]* ]] || fails_with "$cause: $title"
        done
        # One cause, not its neighbours.
        [ "$(grep -c 'On the wire:' <<<"$output")" -eq 1 ]
    done
}

@test "an errno name or number chooses its causes" {
    run explain ECONNRESET
    [[ ${lines[0]} == "peer-reset  ("* ]]
    [ "$(explain 104)" = "$output" ]
    [ "$(explain econnreset)" = "$output" ]
    [ "$(explain EWOULDBLOCK)" = "$(explain EAGAIN)" ]
    [ "$(explain EAGAIN | grep -c 'On the wire:')" -eq "$(grep -c '^errno:.* EAGAIN' "$TOP/scripts/lib/causes.txt")" ]
    [ "$(explain 0 | grep -c '^peer-closed ')" -eq 1 ]
    run explain EIO
    [[ ${lines[0]} == "other  ("* ]]
}

@test "every errno that is a cause's is one" {
    local names name errnos
    errnos=$(tables errno 2)
    names=$(sed -n 's/^errno: *//p' "$TOP/scripts/lib/causes.txt" | tr ' ' '\n' | grep E | sort -u)
    [ -n "$names" ]
    for name in $names; do
        grep -qx "$name" <<<"$errnos" || fails_with "$name"
    done
}

@test "every errno chooses the cause that the object gives it, by its name and by the kernel's number" {
    local errnos number name cause
    errnos=$(tables errno)
    while read -r number name cause; do
        grep -qE "^#define[[:space:]]+${name}[[:space:]]+${number}([[:space:]]|$)" /usr/include/asm-generic/errno*.h ||
            fails_with "$name is not $number"
        run -0 explain "$name"
        grep -q "^$cause  " <<<"$output" || fails_with "$name: $cause"
        [ "$(explain "$number")" = "$output" ] || fails_with "$number"
    done <<<"$errnos"
    errnos=$(tables errno-alias)
    while read -r name number; do
        [ "$(explain "$name")" = "$(explain "$number")" ] || fails_with "$name"
    done <<<"$errnos"
}

@test "without the tables causes are explained, and an errno says in a line what to do" {
    export BUILD=/none
    run -0 --separate-stderr explain peer-reset
    [ -z "$stderr" ]
    run -0 --separate-stderr explain
    [ -z "$stderr" ]
    expect_refusal explain "/none/tables.txt is not there: run make in $TOP" ECONNRESET
    expect_refusal explain "/none/tables.txt is not there: run make in $TOP" 104
}

@test "an unknown word is refused in one short line, with what may be meant" {
    expect_refusal explain "nothing is known about peer-rest (did you mean peer-reset?); sockshim explain lists all causes, sockshim explain topics all topics" peer-rest
    expect_refusal explain "nothing is known about conntrak (did you mean conntrack?); sockshim explain lists all causes, sockshim explain topics all topics" conntrak
    expect_refusal explain "nothing is known about nosuch; sockshim explain lists all causes, sockshim explain topics all topics" nosuch
    expect_refusal explain "nothing is known about a b; sockshim explain lists all causes, sockshim explain topics all topics" a b
}

# topic_is TOPIC WORD...: what is said of these words.
topic_is() {
    run -0 explain "${@:2}"
    [ "${lines[0]}" = "$1" ] || fails_with "${*:2}: $output"
}

@test "error messages as programs print them, and topics" {
    topic_is reset-by-peer "curl: (56) Recv failure: Connection reset by peer"
    topic_is tls "error:0A000126:SSL routines::unexpected eof while reading"
    topic_is truncated fatal: early EOF
    topic_is sigpipe "Broken pipe"
    topic_is eagain "Resource temporarily unavailable"
    topic_is no-answer "curl: (52) Empty reply from server"
    topic_is no-answer socket hang up
    topic_is dns "Temporary failure in name resolution"
    topic_is no-route "No route to host"
    topic_is keepalive "MySQL server has gone away"
    topic_is time-wait "Cannot assign requested address"
    for word in nagle tls dns conntrack mtu docker-proxy happy-eyeballs; do
        topic_is "$word" "$word"
    done
    topic_is nagle 40ms
    topic_is nagle NAGLE
    topic_is eagain 'resource   temporarily
unavailable!'
}

@test "what is slow, or refused now and then, leads on to what else it may be" {
    for word in "slow" "takes 1 second longer now and then"; do
        [[ $(explain "$word" | tr -s '\n ' ' ') == *"sockshim explain packet-loss"* ]] || fails_with "$word"
    done
    for word in "intermittent connection refused" connection-refused; do
        [[ $(explain "$word" | tr -s '\n ' ' ') == *"sockshim explain duplicate-address"* ]] || fails_with "$word"
    done
    topic_is packet-loss "a lossy link"
    topic_is packet-loss "packet reordering"
}

@test "messages of curl, databases, ssh, git, languages, proxies and brokers each lead to a topic" {
    local topic message count=0 wrong=
    while IFS=$'\t' read -r topic message; do
        count=$((count + 1))
        run -0 explain "$message"
        [ "${lines[0]}" = "$topic" ] || wrong+="$message: ${lines[0]}, not $topic"$'\n'
    done <"$TOP/tests/messages.txt"
    [ -z "$wrong" ] || fails_with "$wrong"
    [ "$count" -ge 600 ]
}

@test "a phrase with a gap leads by what stands at both ends; two letters are no state of haproxy's" {
    topic_is refused "ERROR 2003 (HY000): Can't connect to MySQL server on 'db:3306' (111)"
    topic_is no-route "ERROR 2003 (HY000): Can't connect to MySQL server on 'db:3306' (113)"
    topic_is timed-out "ERROR 2003 (HY000): Can't connect to MySQL server on 'db:3306' (110)"
    topic_is haproxy "10.0.0.5:33317 [28/Nov] web app/s1 0/0/-1/-1/5 503 0 - - SC-- 0/0/0/0/3"
    topic_is reset-by-peer PR_CONNECT_RESET_ERROR
    [[ $(explain "sh: frobnicate: No route to host") == no-route* ]]
}

@test "an error message that no topic is of: its errno by name, by what strerror says, or by its number" {
    local message
    for message in "rpc: ENOTCONN at line 7" "frobnicate: Transport endpoint is not connected" \
        "[Errno 107] x" "x failed, errno=107" "Foo { (os error 107) }" "frobnicate failed (107)" "failed (107: x) while y"; do
        [[ $(explain "$message") == "not-connected  "* ]] || fails_with "$message"
    done
    for message in "connect: WSAENOTCONN" "{badmatch,{error,enotconn}}" 'Receive failed with error "Socket is not connected"'; do
        [[ $(explain "$message") == "not-connected  "* ]] || fails_with "$message"
    done
    for message in "{error,econnrefused}" WSAECONNREFUSED; do
        [ "$(explain "$message")" = "$(explain ECONNREFUSED)" ] || fails_with "$message"
    done
    [[ $(explain "{error,emfile}") == "descriptor-limit  "* ]]
    [[ $(explain "ping: sendmsg: No buffer space available") == "no-memory  "* ]]
    for message in "a(107) b" "error 107" "frobnicate (0)" "frobnicate (9999)" "PRENOTCONNX"; do
        expect_refusal explain "nothing is known about $message; sockshim explain lists all causes, sockshim explain topics all topics" "$message"
    done
}

@test "topics: all of them are listed, and what they go on with are causes" {
    local listed causes word
    listed=$(explain topics | tr -s '\n ' '\n\n')
    [ "$listed" = "$(sed -n 's/^topic: *//p' "$TOP"/scripts/lib/topics/*.txt)" ]
    causes=$(sed -n 's/^cause: *//p' "$TOP/scripts/lib/causes.txt")
    for word in $(sed -n 's/^see: *//p' "$TOP"/scripts/lib/topics/*.txt); do
        grep -qx "$word" <<<"$causes" || fails_with "$word"
    done
    for word in $listed; do
        [ "$(COLUMNS=60 explain "$word" | wc -L)" -le 60 ] || fails_with "$word"
    done
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

@test "an errno that may be misspelt is named, and what no errno is is refused" {
    run -2 --separate-stderr explain ECONRESET
    [[ $stderr == "sockshim: nothing is known about ECONRESET (did you mean ECONNRESET?); "* ]] || fails_with "$stderr"
    run -0 --separate-stderr explain EIO
    [ -z "$stderr" ]
    [[ ${lines[0]} == "other  ("* ]]
    # 41 is no errno on Linux.
    for word in 41 134 104x E; do
        run -2 explain "$word"
        [ "${#lines[@]}" -eq 1 ]
    done
}

@test "the commands that an entry names exist in Debian" {
    local known=" namei ss tcpdump strace nstat ip ping sysctl ls grep lsof dmesg cat nft iptables-save
        journalctl tracepath tc sockshim dig getent resolvectl "
    # What stands between backquotes and has an argument, or is said to be run.
    local word
    for word in $(awk '/^[a-z]+:/ { on = /^look:/ } on' "$TOP/scripts/lib/causes.txt" |
        tr '\n' ' ' | grep -o '`[a-z-]* [^`]*`' | sed 's/^`\([a-z-]*\) .*/\1/' | sort -u); do
        [[ $(tr -s ' \n' ' ' <<<"$known") == *" $word "* ]] || fails_with "$word"
    done
}

@test "the man page is made from the same source" {
    "$TOP/scripts/docs" --check
}

@test "a figure of a setting is told as what it is unless it was set" {
    local text plain
    text=$(sed -n '/^text:/,/^$/p' "$TOP"/scripts/lib/topics/*.txt | tr -s '\n ' ' ')
    # A name with an underscore, or with small and large letters, and a time.
    plain=$(grep -oP '\b([a-z]+[A-Z][a-zA-Z]+|[a-zA-Z]+[_.][a-zA-Z_.]*[a-z]|-timeout),? (is )?\(?[0-9.]+ ?(s|ms|min|minutes)\b.{0,12}' <<<"$text" | grep -v 'unless set') || true
    [ -z "$plain" ] || fails_with "$plain"
    [ "$(grep -o 'unless set' <<<"$text" | wc -l)" -ge 15 ]
}

@test "the other topics of a message are named, and none for what is a part of its words" {
    run explain 'socket() failed (24: Too many open files) while connecting to upstream'
    [ "${lines[0]}" = too-many-files ] || fails_with "$output"
    [ "${lines[-1]}" = "  Other words of what was asked belong to: bad-gateway" ] || fails_with "$output"
    run explain 'kex_exchange_identification: Connection closed by remote host' # "closed by" alone is another topic's
    [[ $output != *"belong to"* ]] || fails_with "$output"
}
