#!/usr/bin/env bats
# Each kind of finding, from logs that are written by hand: the pattern that gives it with
# its figures, and one that looks alike and must not.

bats_require_minimum_version 1.5.0

load helpers
load made_log
load each_system

setup() {
    mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here" || return 1
}

# times N COMMAND WORD...: N of them; in WORD, %N is the number and %P a port of its own.
times() {
    local n
    for ((n = 0; n < $1; n++)); do
        "${2}" "$((n * 10)).${n}" local=10.0.0.5:$((40000 + n)) "${@:3}"
    done
}

# ---- Silence ----

@test "idle-timeout: at most the shortest pause that did harm, and longer than one that did none" {
    {
        rec 0 idle_ms=61000 sent_ms=3 call=send local=10.0.0.5:40001
        rec 70 idle_ms=95000 sent_ms=1 local=10.0.0.5:40002
        rec 99 idle_ms=180000 sent_ms=180002 local=10.0.0.5:40003
    } >log
    finds_only idle-timeout log
    figure at_most_ms -eq 60997
    figure at_least_ms -eq 0
    figure connections -eq 3
    # The program's own patience ended, and the connection stood.
    rec 100 idle_ms=30000 sent_ms=30001 local=10.0.0.5:40004 cause=timeout error=EAGAIN level=warn side=connected why='SO_RCVTIMEO of this socket (30 s) expired: nothing arrived from 10.0.0.9:80.' >>log
    finds idle-timeout log
    figure at_least_ms -eq 30000
}

@test "ended-at-once: connections that fail one after the other, and may have been ended together; pauses that are met anew are none" {
    local crossed="cause=peer-closed level=info ret=0 errno= error= unacked=29 sent_ms=0"
    {
        # shellcheck disable=SC2086
        { rec 10.0 $crossed idle_ms=804 local=10.0.0.5:40001; rec 10.8 $crossed idle_ms=1600 local=10.0.0.5:40002
            rec 11.6 $crossed idle_ms=6404 local=10.0.0.5:40003; rec 13.2 $crossed idle_ms=8804 local=10.0.0.5:40004; }
    } >log
    finds_only ended-at-once log
    figure connections -eq 4
    figure within_ms -eq 800
    figure at_most_ms -eq 804
    # One of them was used, and well, after another had failed; all of them at once tell nothing.
    # shellcheck disable=SC2086
    { cat log; rec 19 $crossed idle_ms=8000 local=10.0.0.5:40005; } >anew
    finds_only idle-timeout anew
    # shellcheck disable=SC2086
    { for n in 1 2 3 4 5; do rec 10.$n $crossed idle_ms=$((n * 4000)) local=10.0.0.5:4000$n; done; } >together
    finds_only idle-timeout together
    grep -q 'At one moment it is a restart or a crash' findings.json
    # The last of these pauses had begun when another had already done harm.
    # shellcheck disable=SC2086
    { cat together; rec 19 $crossed idle_ms=8000 local=10.0.0.5:40006; } >anew
    finds_only idle-timeout anew
    run ! grep -q 'one moment' findings.json
    head -n 3 log >few
    finds_only idle-timeout few
}

@test "idle-timeout: where nothing has ever come, the pause may be in the midst of a request" {
    rec 0 cause=peer-closed level=info ret=0 errno= error= rx=0 tx=1114 unacked=1007 idle_ms=2996 sent_ms=0 >log
    finds_only idle-timeout log
    figure at_most_ms -eq 2996
    grep -q 'client_body_timeout' findings.json
    run ! grep -q 'ends idle connections' findings.json
    sed 's/ rx=0 / rx=200 /' log >answered
    finds_only idle-timeout answered
    run ! grep -q 'client_body_timeout' findings.json
}

@test "idle-timeout: a close in order is the server's or a proxy's, which no keepalive prevents" {
    rec 0 cause=closed-unanswered ret=0 error= idle_ms=3028 sent_ms=88 unacked=103 >log
    finds_only idle-timeout log
    grep -q 'TCP keepalive does not help' findings.json
    grep -q 'closed (FIN) before it had the next request' findings.json
    run ! grep -q SOCKSHIM_KEEPALIVE findings.json
}

@test "idle-timeout: where the age of the FIN is known, the limit is what had passed until it came" {
    rec 0 cause=closed-unanswered ret=0 error= idle_ms=9028 sent_ms=2 fin_ms=6000 unacked=103 >log
    finds_only idle-timeout log
    figure at_most_ms -eq 3038
    grep -q 'That lay here for 6 s' findings.json
    run ! grep -q 'limit may be shorter' findings.json
}

@test "ended-before: an end right after the last data, and found late: no limit is read from that, and none is ruled out" {
    rec 0 cause=closed-unanswered ret=0 error= idle_ms=2416 sent_ms=2 fin_ms=2400 unacked=40 >log
    finds_only ended-before log
    figure late_ms -eq 2400
    grep -q 'A limit for idle time, after a farewell' findings.json
    rec 0 call=send cause=write-after-close error=EPIPE idle_ms=2416 sent_ms=2 fin_ms=2400 >log
    finds_only ended-before log
    # The acknowledgement of what was sent has taken the end's age away: told together with what has it, or as open.
    {
        rec 0 cause=closed-unanswered ret=0 error= idle_ms=2404 sent_ms=0 local=10.0.0.5:40001
        rec 5 cause=closed-unanswered ret=0 error= idle_ms=2404 sent_ms=0 fin_ms=2372 unacked=40
    } >log
    finds_only ended-before log
    figure connections -eq 2
    figure late_ms -eq 2372
    head -n 1 log >one
    finds_only ended-before one
    figure pause_ms -eq 2404
    run ! grep -q 'idle connections: after' findings.json
    # What was sent was not acknowledged: the peer had closed in full.
    sed 's/ unacked=0 / unacked=40 /' one >log
    finds_only idle-timeout log
    # The request had been sent before that, and was not answered.
    rec 0 cause=closed-unanswered ret=0 error= idle_ms=5000 sent_ms=4990 fin_ms=2000 >log
    run ! finds ended-before log
    # Four of a pool: their ends fit one moment.
    for n in 1 2 3 4; do rec "$n" cause=closed-unanswered ret=0 error= local="10.0.0.5:4000$n" idle_ms="$((n * 1000 + 200))" sent_ms=0 fin_ms="$((n * 1000 + 100))" unacked=9; done >log
    finds_only ended-at-once log
    figure within_ms -le 100
    grep -q 'Or it is a limit for idle time: then this goes on' findings.json
    # A server whose client ended, and a pool that finds out while it asks for nothing.
    rec 0 cause=write-after-close call=send error=EPIPE side=accepted local=10.0.0.9:80 peer=10.0.0.5:44312 idle_ms=2416 sent_ms=2 fin_ms=2400 >log
    run ! finds ended-before log
    rec 0 cause=peer-closed level=info ret=0 error= state=CLOSE_WAIT idle_ms=2416 sent_ms=2420 fin_ms=2400 >log
    finds_nothing log
}

@test "idle-timeout: keepalive is the advice only where something may stand between" {
    rec 0 idle_ms=61000 sent_ms=3 >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0].advice' findings.json) == *SOCKSHIM_KEEPALIVE=30* ]]
    rec 0 idle_ms=61000 sent_ms=3 local=127.0.0.1:40000 peer=127.0.0.1:80 >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0].advice' findings.json) != *KEEPALIVE* ]]
}

@test "idle-timeout: a known limit is named where it fits, and only there" {
    { rec 0 idle_ms=350400 sent_ms=2; rec 500 idle_ms=351000 sent_ms=2 local=10.0.0.5:40001; } >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0].evidence' findings.json) == *"AWS NLB and NAT gateway would fit"* ]]
    rec 0 idle_ms=345000 sent_ms=2 >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0].evidence' findings.json) != *"AWS"* ]]
}

@test "idle-timeout: of one case alone a known limit is told as possible, and only where it is as long" {
    rec 0 idle_ms=350400 sent_ms=2 >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0].evidence' findings.json) == *" Perhaps AWS NLB and NAT gateway (one case only)."* ]]
    # 370 s are more than 350 s; twice, that is chance, once it tells nothing.
    rec 0 idle_ms=370000 sent_ms=2 >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0].evidence' findings.json) != *AWS* ]]
    { cat log; rec 500 idle_ms=390000 sent_ms=2 local=10.0.0.5:40001; } >two
    finds_only idle-timeout two
    [[ $(jq -r '.findings[0].evidence' findings.json) == *"AWS NLB and NAT gateway would fit"* ]]
    rec 0 idle_ms=2010 sent_ms=2 peer=127.0.0.1:80 local=127.0.0.1:40000 >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0].evidence' findings.json) == *" Perhaps the keepalive of gunicorn"* ]]
}

@test "idle-timeout: a NAT that forgot answers nothing at all" {
    # Sent again for 15 min 24 s, the last time 120 s ago: the pause is what was before that.
    rec 0 cause=connection-timed-out error=ETIMEDOUT errno=110 idle_ms=1274600 sent_ms=120000 unacked=40 retrans=15 >log
    finds_only idle-timeout log
    figure at_most_ms -eq 350000
    jq -e '.findings[0] | (.evidence | contains("at most 5.8 min")) and (.meaning | contains("went down meanwhile"))' findings.json
    # With tcp_retries2=6, 25.4 s; of one that is accepted, too, whatever its last retransmission.
    rec 0 cause=connection-timed-out error=ETIMEDOUT errno=110 side=accepted rx=29 tx=67 idle_ms=35500 sent_ms=12800 unacked=34 retrans=6 >log
    finds_only idle-timeout log
    figure at_most_ms -eq 10100
    # A host that fell silent in the midst of an exchange was not idle, however long the kernel tried.
    rec 0 cause=connection-timed-out error=ETIMEDOUT errno=110 idle_ms=926000 sent_ms=120000 unacked=40 retrans=15 >log
    [[ $(findings log) != *idle-timeout* ]]
}

@test "no answer at times: connects before and after it went through; where none came after, it is the queue, or it is off" {
    local gave_up="call=close ret=0 error= level=info cause=gave-up-connecting waited_ms=2460"
    went() { rec "$1" level=debug call=connect cause=in-progress local= rx= tx= idle_ms= sent_ms= state= peer=10.2.0.2:80 fd="$2" pid=7 side= type=; }
    { went 0 3; went 1 3; went 2 3; failed_connect 4.46 $gave_up peer=10.2.0.2:80 fd=3 pid=7; went 5 3; went 6 3; failed_connect 8.46 $gave_up peer=10.2.0.2:80 fd=3 pid=7; went 9 3; went 10 3; } >log
    finds_only own-deadline log
    jq -e '.findings[0] | (.title | contains("does not always answer")) and (.meaning | contains("no port left")) and (.advice | contains("conntrack_insert_failed"))' findings.json
    { went 0 3; went 1 3; went 2 3; failed_connect 4.46 $gave_up peer=10.2.0.2:80 fd=3 pid=7; went 6 3; failed_connect 8.46 $gave_up peer=10.2.0.2:80 fd=3 pid=7; } >log
    jq -e '.findings[0] | (.title | contains("always") | not) and (.meaning | contains("no port left") | not)' <("$SOCKSHIM_COMMAND" report --json log)
}

@test "refused: ::1, which a server for IPv4 alone does not have; no IPv6 word of 127.0.0.1's own" {
    failed_connect 0 cause=connection-refused error=ECONNREFUSED 'local=[::]:40000' 'peer=[::1]:4000' peer_name=localhost >log
    finds_only refused log
    jq -e '.findings[0] | (.meaning | contains("[::1], where localhost led")) and (.advice | contains("name 127.0.0.1"))' findings.json
    failed_connect 0 cause=connection-refused error=ECONNREFUSED local=127.0.0.1:40000 peer=127.0.0.1:4000 peer_name=localhost >log
    finds_only refused log
    jq -e '.findings[0] | (.meaning | contains("another one, as [::1]")) and (.advice | contains("name 127") | not)' findings.json
}

@test "unreachable: no route for a whole family, perhaps; what the network says is none of that" {
    failed_connect 0 cause=unreachable error=ENETUNREACH local= peer=51.159.99.81:587 >log
    finds_only unreachable log
    jq -e '.findings[0] | (.meaning | contains("No IPv4 route")) and (.advice | contains("IPv6 address"))' findings.json
    failed_connect 0 cause=unreachable error=ENETUNREACH local= 'peer=[2001:db8:5::25]:587' >log
    finds_only unreachable log
    jq -e '.findings[0] | (.meaning | contains("No IPv6 route")) and (.advice | contains("ip route get 2001:db8:5::25") and contains("IPv4 address"))' findings.json
    failed_connect 0 cause=unreachable error=EHOSTUNREACH local= peer=51.159.99.81:587 >log
    jq -e '.findings[0].meaning | contains("IPv4 route") | not' <("$SOCKSHIM_COMMAND" report --json log)
}

@test "idle-timeout: an upload that was under way all the time is none" {
    rec 0 call=send idle_ms=20000 sent_ms=3 rx=0 tx=4000000 unacked=60000 >log
    [[ $(findings log) != *idle-timeout* ]]
}

@test "idle-timeout: pooled connections that their server closes in order give no finding" {
    times 20 rec cause=peer-closed level=info ret=0 errno= error= idle_ms=75010 sent_ms=75012 state=CLOSE_WAIT >log
    finds_nothing log
}

@test "time-limit: the same time again and again with the answer due" {
    { rec 0 idle_ms=2013 sent_ms=2001; rec 9 idle_ms=2020 sent_ms=2004 local=10.0.0.5:40002; } >log
    finds_only time-limit log
    figure limit_ms -eq 2001
    figure connections -eq 2
    # A timer that looks once a second; the first exchange of each.
    { rec 0 idle_ms=2101 sent_ms=2100 rx=0; rec 9 idle_ms=2905 sent_ms=2904 rx=0 local=10.0.0.5:40002; rec 19 idle_ms=2405 sent_ms=2404 rx=0 local=10.0.0.5:40003; } |
        sed 's/cause=peer-reset/cause=closed-unanswered/' >log
    finds_only time-limit log
    figure limit_ms -eq 2100
}

@test "time-limit: different times are no limit, and one alone is none" {
    { rec 0 idle_ms=813 sent_ms=800; rec 9 idle_ms=7020 sent_ms=7004 local=10.0.0.5:40002; rec 19 idle_ms=3020 sent_ms=3004 local=10.0.0.5:40003; } >log
    finds_only answer-missing log
    figure connections -eq 3
    # Nothing ever came: an answer is due however equal the two times are.
    { rec 0 idle_ms=2332 sent_ms=2332 rx=0 side=; rec 9 idle_ms=2660 sent_ms=2660 rx=0 side=; rec 19 idle_ms=2644 sent_ms=2644 rx=0 side=; } >log
    finds_only time-limit log
    figure limit_ms -eq 2332
    rec 0 idle_ms=2013 sent_ms=2001 cause=closed-unanswered ret=0 error= >log
    finds_only answer-missing log
    figure wait_ms -eq 2001
}

# ---- Ends without an answer ----

@test "answer-missing: others ended at that moment, so what held them all did; ends with an answer, at other times or of another process are none" {
    local closed="level=info cause=peer-closed ret=0 errno= error= state=CLOSE_WAIT rx=190"
    rec 10 cause=closed-unanswered ret=0 errno= error= state=CLOSE_WAIT rx=196 idle_ms=88 sent_ms=84 >one
    # shellcheck disable=SC2086
    beside() { for n in 1 2 3; do rec "$1$n" $closed local=10.0.0.5:4000$n idle_ms=$((n * 70)) sent_ms=$((n * 70)) "${@:2}"; done; }
    { cat one; beside 10.0; } >log
    finds_only answer-missing log
    figure others -eq 3
    grep -q 'a restart, a reload or a crash' findings.json
    { cat one; beside 10.0 idle_ms=3; } >answered
    { cat one; beside 19.0; } >later
    { cat one; beside 10.0 pid=200; } >elsewhere
    for log in one answered later elsewhere; do
        finds_only answer-missing "$log"
        run ! grep -q 'a restart, a reload' findings.json
    done
}

@test "answer-unread: what the peer said last, found by a failing send" {
    { rec 0 call=send idle_ms=3 sent_ms=1 rx=348 tx=70000 unacked=4000 unread=348; rec 9 call=send cause=write-after-close error=EPIPE errno=32 local=10.0.0.5:40002 rx=348 unread=348; } >log
    finds_only answer-unread log
    figure unread -eq 348
    figure connections -eq 2
}

@test "answer-unread: in the midst of much the size is named, after a small request it is not" {
    local refused="call=send idle_ms=3 sent_ms=1 rx=190 unread=64"
    # shellcheck disable=SC2086
    { rec 0 $refused tx=127133 unacked=0 unsent=3739648; rec 9 $refused local=10.0.0.5:40002 tx=9000000 unacked=17922; } >log
    finds_only answer-unread log
    grep -q 'in the midst of 3,866,781 bytes to it' findings.json
    grep -q 'explain too-large' findings.json
    # One of them had sent little; it had all arrived; a long conversation.
    # shellcheck disable=SC2086
    { rec 0 $refused tx=127133 unsent=3739648; rec 9 $refused local=10.0.0.5:40002 tx=310; } >log
    finds_only answer-unread log
    run ! grep -q too-large findings.json
    # shellcheck disable=SC2086
    rec 0 $refused tx=9000000 >log
    finds_only answer-unread log
    run ! grep -q too-large findings.json
    # shellcheck disable=SC2086
    rec 0 $refused rx=70000 tx=127133 unsent=3739648 >log
    finds_only answer-unread log
    run ! grep -q too-large findings.json
}

@test "answer-unread: in the midst of uploads, as long after the connect, however much was sent, it is a limit of time; else both are named" {
    local refused="call=send cause=write-after-close error=EPIPE errno=32 idle_ms=3 sent_ms=0 rx=51 unread=51 unacked=9"
    # uploads TX1 TX2 SECONDS: the second is cut off so long after its connect, the first after 3 s.
    uploads() {
        # shellcheck disable=SC2086
        { under_way 0; rec 3 $refused tx="$1"; under_way 10; rec "$3" $refused tx="$2" local=10.0.0.5:40002; }
    }
    uploads 500000 900000 13.05 >log
    finds_only answer-unread log
    grep -q 'Each time 3 s after the connect, however much was sent: a limit of time' findings.json || fails_with "$(cat findings.json)"
    grep -q 'explain slow-request' findings.json
    # As much each time; another time; at once after the connect; without the connects.
    uploads 500000 510000 13.05 >alike
    uploads 500000 900000 14 >later
    # shellcheck disable=SC2086
    { under_way 0; rec 0.2 $refused tx=500000; under_way 10; rec 10.2 $refused tx=900000 local=10.0.0.5:40002; } >early
    grep -v in-progress log >unknown
    for log in alike later early unknown; do
        finds_only answer-unread "$log"
        grep -q 'may be too large (413), or take too long (408)' findings.json || fails_with "$log: $(cat findings.json)"
        run ! grep -q 'it seems' findings.json
    done
}

@test "answer-unread: what lies unread where the program itself closes is none" {
    { times 4 rec call=close ret=0 errno= error= level=info cause=reset-by-own-close unread=478 state=ESTABLISHED; } >log
    finds_nothing log
}

@test "answer-not-understood: a header is read, and the rest is left; a banner or a ticket is none" {
    local closed="call=close ret=0 errno= error= level=info cause=reset-by-own-close state=CLOSE_WAIT tx=517"
    # shellcheck disable=SC2086
    times 2 rec $closed rx=483 unread=478 >log
    finds_only answer-not-understood log
    figure unread -eq 478
    # The header of TLS, of a short line of plain text; of a shorter request it is none.
    # shellcheck disable=SC2086
    rec 0 $closed rx=26 unread=21 >log
    finds_only answer-not-understood log
    # shellcheck disable=SC2086
    rec 0 $closed rx=26 unread=21 tx=60 >log
    finds_nothing log
    # A TLS session ticket, after a whole handshake; a banner that a port's check does not read.
    # shellcheck disable=SC2086
    times 2 rec $closed rx=2483 unread=478 >log
    finds_nothing log
    # shellcheck disable=SC2086
    times 2 rec $closed rx=41 unread=41 >log
    finds_nothing log
}

@test "answer-unread: all that it ever said, before it took a byte, turns clients away as they connect; after a request it does not" {
    local away="call=send cause=write-after-close error=EPIPE errno=32 idle_ms=0 sent_ms=0 unread=33"
    # shellcheck disable=SC2086
    rec 0 $away rx=33 tx=0 unacked=24 >log
    finds_only answer-unread log
    grep -q 'turns clients away as they connect' findings.json
    grep -q 'nc 10.0.0.9 80' findings.json
    # A request that had arrived; a greeting that was read before; one of two.
    # shellcheck disable=SC2086
    rec 0 $away rx=33 tx=24 unacked=0 >asked
    # shellcheck disable=SC2086
    rec 0 $away rx=80 tx=0 unacked=24 >greeted
    # shellcheck disable=SC2086
    { cat log; rec 9 $away rx=33 tx=24 local=10.0.0.5:40002; } >both
    for log in asked greeted both; do
        finds_only answer-unread "$log"
        run ! grep -q 'turns clients away' findings.json
    done
}

@test "last-word: the peer spoke and closed, and a goodbye came too late; TLS's own, and what the peer took, are none" {
    local closed="call=recv ret=0 errno=0 error= level=info cause=peer-closed state=CLOSE rx=454 tx=138 idle_ms=0 sent_ms=0"
    # shellcheck disable=SC2086
    { rec 0 $closed unacked=5; rec 9 $closed unacked=5 local=10.0.0.5:40002; } >log
    finds_only last-word log
    figure connections -eq 2
    figure sent -eq 5
    [ "$(jq -r '.findings[0].level' findings.json)" = info ]
    grep -q 'what app then sent (5 bytes, perhaps its goodbye) found it closed' findings.json
    run ! grep -q pgbouncer findings.json
    sed 's/peer=10.0.0.9:80/peer=10.0.0.9:6432/' log >pooler
    finds_only last-word pooler
    grep -q 'explain pgbouncer' findings.json
    # As long after the connect each time, if the log has the connects; another time after the second.
    # shellcheck disable=SC2086
    { under_way 0; rec 4.01 $closed unacked=5; under_way 10; rec 14.05 $closed unacked=5 local=10.0.0.5:40002; } >aged
    finds_only last-word aged
    grep -q 'each time 4 s after the connect: a limit of time' findings.json
    sed 's/T12:00:14/T12:00:17/' aged >unlike
    finds_only last-word unlike
    run ! grep -q 'after the connect' findings.json
    # TLS's goodbye; one that was taken; the side that accepted.
    # shellcheck disable=SC2086
    rec 0 $closed unacked=24 >tls
    # shellcheck disable=SC2086
    rec 0 $closed state=CLOSE_WAIT unacked=0 tx=143 >taken
    # shellcheck disable=SC2086
    rec 0 $closed unacked=5 side=accepted >accepted
    for log in tls taken accepted; do
        findings "$log" >kinds
        run ! grep -q last-word kinds
    done
    # It had been silent before: its last word was no answer to this.
    # shellcheck disable=SC2086
    rec 0 $closed unacked=5 idle_ms=800 >silent
    findings silent >kinds
    run ! grep -qx last-word kinds
}

@test "last-words: a line, and the end at once; a longer answer is none" {
    rec 0 call=read rx=22 tx=41 idle_ms=0 sent_ms=0 side= >log
    finds_only last-words log
    figure rx -eq 22
    rec 0 call=read level=info ret=0 error= cause=peer-closed state=CLOSE rx=22 tx=0 unacked=41 idle_ms=0 sent_ms=0 >log
    finds_only last-words log
    rec 0 rx=20044 tx=78 idle_ms=0 sent_ms=40 >log
    finds_only broken-off log
}

@test "last-words: seven bytes after a hello of TLS are an alert; after a word of another protocol, or as the rest of more, they are none" {
    local alert="level=info call=read ret=0 errno=0 error= cause=peer-closed tx=297 idle_ms=0 sent_ms=0 at=libcrypto.so.3+0x40"
    # shellcheck disable=SC2086
    rec 0 $alert rx=7 peer_name=api.example.com >log
    finds_only last-words log
    grep -q "TLS hello with an alert" findings.json
    grep -q -- '-servername api.example.com' findings.json
    # shellcheck disable=SC2086
    rec 0 $alert rx=1507 >log
    finds_nothing log
    # shellcheck disable=SC2086
    rec 0 $alert rx=7 at=app+0x40 >log
    finds_nothing log
    # shellcheck disable=SC2086
    rec 0 $alert rx=7 tx=40 >log
    finds_nothing log
    rec 0 call=read rx=7 tx=297 idle_ms=0 sent_ms=0 >log
    finds_only last-words log
    run ! grep -q 'TLS hello' findings.json
}

@test "nothing-behind: of HTTP by an address alone the Host is named; not by a name, nor of another protocol" {
    local unanswered="cause=closed-unanswered ret=0 error= rx=0 tx=78 idle_ms=1 sent_ms=1"
    # shellcheck disable=SC2086
    rec 0 $unanswered >log
    finds_only nothing-behind log
    grep -q "a Host not its own" findings.json
    grep -q "curl -H 'Host: NAME' http://10.0.0.9:80" findings.json
    # shellcheck disable=SC2086
    rec 0 $unanswered peer_name=app.example.com >log
    finds_only nothing-behind log
    run ! grep -q "Host" findings.json
    # shellcheck disable=SC2086
    rec 0 $unanswered peer=10.0.0.9:6379 >log
    finds_only nothing-behind log
    run ! grep -q "Host" findings.json
}

@test "nothing-behind: a client of HTTP that has ended its own side is left unanswered; a log's is not, nor one that was answered" {
    local half="level=info call=read ret=0 errno=0 error= cause=peer-closed tx=32 idle_ms=4 sent_ms=4"
    # shellcheck disable=SC2086
    { rec 0 $half rx=0; rec 1 $half rx=0 local=10.0.0.5:40002; } >log
    finds_only nothing-behind log
    grep -q 'had ended its own side, it seems' findings.json
    figure connections -eq 2
    # shellcheck disable=SC2086
    { rec 0 $half rx=0 peer=10.0.0.9:514; rec 1 $half rx=0 peer=10.0.0.9:2003; } >log
    finds_nothing log
    # shellcheck disable=SC2086
    { rec 0 $half rx=120; rec 1 $half rx=0 state=LAST_ACK local=10.0.0.5:40002; } >log
    finds_nothing log
}

@test "no-greeting: ended before the server's first words, after the same time; elsewhere both readings are told, and where the client begins it is a limit" {
    before() { local n; for n in 1 2 3; do rec "$n" rx=0 tx=41 idle_ms=$((5020 + n)) sent_ms=$((5010 + n)) local=10.0.0.5:4000"$n" "$@"; done; }
    before peer=10.0.0.9:22 >log
    finds_only no-greeting log
    figure ms -eq 5011
    figure connections -eq 3
    jq -e '.findings[0].advice | contains("allowed-hosts")' findings.json
    before peer=10.0.0.9:7000 >log
    finds_only time-limit log
    jq -e '.findings[0] | (.title | contains("has a time limit") | not) and (.meaning | contains("the server was to speak first"))' findings.json
    before peer=10.0.0.9:80 >log
    finds_only time-limit log
    jq -e '.findings[0].title | contains("has a time limit for requests")' findings.json
    before peer=10.0.0.9:22 rx=900 >log
    finds_only time-limit log
    # Alone, and at once.
    rec 1 rx=0 tx=41 idle_ms=5020 sent_ms=5010 peer=10.0.0.9:22 >log
    finds_only answer-missing log
    jq -e '.findings[0].title | endswith("before its greeting")' findings.json
    rec 1 rx=0 tx=41 idle_ms=2 sent_ms=1 peer=10.0.0.9:22 >log
    finds_only nothing-behind log
    jq -e '.findings[0] | (.meaning | contains("speaks first there")) and (.advice | contains("allowed-hosts"))' findings.json
}

@test "nothing-behind: what is asked by name at port 80 is a plain request" {
    asked() { local n; for n in 1 2 3; do rec "$n" cause=closed-unanswered ret=0 errno= error= rx=0 tx=153 idle_ms=16 sent_ms=16 "$@"; done >log; finds_only nothing-behind log; }
    asked peer=10.0.0.9:80 peer_name=shop.example prog=python3
    jq -e '.findings[0] | (.meaning | contains("User-Agent")) and (.advice | contains("curl -A"))' findings.json
    run ! grep -Eq 'TLS|https' findings.json
    asked peer=10.0.0.9:7000 peer_name=shop.example
    grep -q 'TLS or PROXY protocol' findings.json
}

@test "own-deadline: of UDP and raw sockets nobody knows whether what was sent arrived" {
    expired() { rec 0 rx= tx= unacked= unsent= side= idle_ms= sent_ms= state= rtt_us= retrans= cause=timeout error=EAGAIN errno=11 waited_ms=2000 "$@" >log; finds_only own-deadline log; }
    for type in raw udp; do
        expired "type=$type"
        jq -e '.findings[0].meaning | contains("nobody knows")' findings.json
        run ! grep -Eq 'not the network|Its kernel has' findings.json
    done
}

@test "not-permitted: an address that may be a broadcast's leads to SO_BROADCAST" {
    forbidden() { failed_connect 1 call=sendmsg type=udp error=EACCES errno=13 level=error cause=not-permitted "$@" >log; finds_only not-permitted log; }
    forbidden peer=192.168.1.255:53000 why='The address is a broadcast address and SO_BROADCAST is not set, or a route or security module forbids it.'
    jq -e '.findings[0].advice | contains("has to set SO_BROADCAST")' findings.json
    forbidden peer=192.168.1.20:53000 why='A prohibiting route or rule of this host or a security module forbids it.'
    run ! grep -q SO_BROADCAST findings.json
}

@test "nothing-behind: every connection is ended at once and never was an answer" {
    { rec 0 cause=closed-unanswered ret=0 error= rx=0 tx=78 idle_ms=1 sent_ms=1; rec 9 rx=0 tx=78 idle_ms=2 sent_ms=1 local=10.0.0.5:40002; } >log
    finds_only nothing-behind log
    figure connections -eq 2
    figure sent -eq 78
    grep -q 'PROXY protocol on one side only' findings.json
    # The peer had answered once: it is no empty proxy.
    rec 19 level=info cause=peer-closed ret=0 error= rx=4000 idle_ms=9 sent_ms=10 local=10.0.0.5:40003 >>log
    finds_only answer-missing log
}

@test "nothing-behind: of one connection alone the server may have been told to end" {
    rec 1 prog=redis-cli ret=0 errno=0 error= cause=closed-unanswered state=CLOSE_WAIT rx=0 tx=30 idle_ms=0 sent_ms=0 >log
    finds_only nothing-behind log
    grep -q 'or was told to end' findings.json
    rec 2 prog=redis-cli ret=0 errno=0 error= cause=closed-unanswered state=CLOSE_WAIT rx=0 tx=30 idle_ms=0 sent_ms=0 local=10.0.0.5:44313 >>log
    finds_only nothing-behind log
    run ! grep -q 'told to end' findings.json
}

@test "nothing-behind: further connections are ended at once where others stand: a limit; other processes, or descriptors used again, are none" {
    standing() {
        local n
        for n in 1 2 3; do rec "$n" level=debug call=connect cause=in-progress fd="$n$1" local= rx= tx= idle_ms= sent_ms= state= pid="${2-7}"; done
    }
    ended() {
        local n
        for n in 6 7; do rec "$n" cause=closed-unanswered ret=0 error= rx=0 tx=0 idle_ms=1 sent_ms= pid=7 fd=40 local=10.0.0.5:4000$n; done
    }
    { standing 0; ended; } >log
    finds_only nothing-behind log
    figure standing -eq 3
    grep -q 'may take 3 or so' findings.json
    { standing 0 8; ended; } >log
    finds_only nothing-behind log
    run ! grep -q 'may take' findings.json
    { standing 0; standing 0; rec 5 level=debug call=connect cause=in-progress fd=20 local= rx= tx= idle_ms= sent_ms= state= pid=7; rec 5 level=debug call=connect cause=in-progress fd=10 peer=10.0.0.8:80 local= rx= tx= idle_ms= sent_ms= state= pid=7; ended; } >log
    finds_only nothing-behind log
    run ! grep -q 'may take' findings.json
}

@test "refused: a name that may be another address by now, where connects went through; not without a name, or where none did" {
    went() { rec "$1" level=debug call=connect cause=in-progress local= rx= tx= idle_ms= sent_ms= state= "${@:2}"; }
    refused() { went "$1" "${@:2}"; rec "$1.1" call=getsockopt cause=connection-refused error=ECONNREFUSED rx= tx= idle_ms= sent_ms= state= "${@:2}"; }
    { went 1 peer_name=db.example; went 2 peer_name=db.example; refused 5 peer_name=db.example; } >log
    finds_only refused log
    jq -e '.findings[0] | (.meaning | contains("db.example has moved")) and (.advice | contains("getent ahosts db.example") and contains("networkaddress.cache.ttl"))' findings.json
    { went 1; went 2; refused 5; } >log
    finds_only refused log
    run ! grep -q getent findings.json
    { refused 1 peer_name=db.example; refused 5 peer_name=db.example; } >log
    finds_only refused log
    run ! grep -q getent findings.json
}

@test "nothing-behind: of TLS the server name is named, by the port or by what called" {
    rec 0 cause=closed-unanswered ret=0 error= rx=0 tx=517 idle_ms=1 sent_ms=1 peer=10.0.0.9:443 peer_name=api.example.com >log
    finds_only nothing-behind log
    grep -q -- '-servername api.example.com' findings.json
    rec 0 cause=peer-reset rx=0 tx=517 idle_ms=1 sent_ms=1 peer=10.0.0.9:7443 at=libssl.so.3+0x40 >log
    finds_only nothing-behind log
    grep -q -- '-servername NAME' findings.json
    # Too short for a hello; and to a port that is none of TLS.
    rec 0 cause=closed-unanswered ret=0 error= rx=0 tx=40 idle_ms=1 sent_ms=1 peer=10.0.0.9:443 >log
    finds_only nothing-behind log
    run ! grep -q servername findings.json
    rec 0 cause=closed-unanswered ret=0 error= rx=0 tx=517 idle_ms=1 sent_ms=1 peer=10.0.0.9:80 >log
    finds_only nothing-behind log
    run ! grep -q servername findings.json
    # Nothing was sent, so nothing of it can be wrong.
    rec 0 cause=peer-closed level=info ret=0 error= rx=0 tx=0 idle_ms=1 sent_ms= state=CLOSE_WAIT >log
    finds_only nothing-behind log
    run ! grep -q TLS findings.json
}

@test "answer-unread: what the peer sent while the program was silent may be heartbeats" {
    { for n in 1 2; do rec "$((20 * n))" call=send unread=40 idle_ms=3990 sent_ms=14004 rx=780 tx=467 local=10.0.0.5:4000$n; done; } >log
    finds_only answer-unread log
    figure silent_ms -eq 14004
    figure unread -eq 40
    grep -q heartbeats findings.json
    # The last thing that it said came right before the end: an answer to what was just sent.
    rec 0 call=send unread=40 idle_ms=3 sent_ms=1 rx=780 tx=467 >log
    finds_only answer-unread log
    run ! grep -q heartbeats findings.json
}

@test "answer-unread: no reason is claimed where nothing tells, and heartbeats come first at a broker's port" {
    rec 0 call=send unread=447 idle_ms=2500 sent_ms=500 rx=447 tx=15343 >log
    finds_only answer-unread log
    run ! grep -q 'had said why' findings.json
    rec 0 call=send unread=40 idle_ms=3990 sent_ms=14004 rx=780 tx=467 peer=10.0.0.9:5672 >log
    finds_only answer-unread log
    [[ $(jq -r '.findings[0].meaning' findings.json) == "They are heartbeats"* ]]
}

@test "silence-limit: the same whole seconds after the program had spoken; any other times are answers" {
    local ends="call=recv ret=0 errno=0 error= level=info cause=peer-closed state=CLOSE_WAIT rx=794 tx=134 idle_ms=8 peer=10.0.0.9:5432"
    # shellcheck disable=SC2086
    { rec 4 $ends sent_ms=3068; rec 9 $ends sent_ms=3008 local=10.0.0.5:40002; } >log
    finds_only silence-limit log
    figure limit_ms -eq 3008
    figure connections -eq 2
    grep -q idle_in_transaction_session_timeout findings.json
    # shellcheck disable=SC2086
    rec 4 $ends sent_ms=3008 >log
    finds_nothing log
    # shellcheck disable=SC2086
    { rec 4 $ends sent_ms=3408; rec 9 $ends sent_ms=3408 local=10.0.0.5:40002; } >log
    finds_nothing log
    # shellcheck disable=SC2086
    { rec 4 $ends sent_ms=3008; rec 9 $ends sent_ms=8008 local=10.0.0.5:40002; } >log
    finds_nothing log
    # shellcheck disable=SC2086
    { rec 4 $ends sent_ms=8; rec 9 $ends sent_ms=9 local=10.0.0.5:40002; } >log
    finds_nothing log
    # A server whose answer stands still; and one whose clients are done, and go after a while.
    ends="call=recv ret=0 errno=0 error= level=info cause=peer-closed state=CLOSE_WAIT side=accepted local=10.0.0.5:8000"
    # shellcheck disable=SC2086
    { rec 4 $ends sent_ms=4004 idle_ms=9520 peer=10.0.0.1:40001; rec 19 $ends sent_ms=4008 idle_ms=9510 peer=10.0.0.1:40002; } >log
    finds_only silence-limit log
    figure limit_ms -eq 4004
    grep -q proxy_read_timeout findings.json
    # shellcheck disable=SC2086
    { rec 4 $ends sent_ms=59712 idle_ms=71000 peer=10.0.0.1:40001; rec 19 $ends sent_ms=59930 idle_ms=72000 peer=10.0.0.1:40002; } >log
    finds_nothing log
    # shellcheck disable=SC2086
    rec 30 $ends sent_ms=59801 idle_ms=71000 peer=10.0.0.1:40003 >>log
    finds_only silence-limit log
    figure limit_ms -eq 59712
    # shellcheck disable=SC2086
    rec 40 $ends sent_ms=59512 idle_ms=71000 peer=10.0.0.1:40004 >>log
    finds_nothing log
    # shellcheck disable=SC2086
    { rec 4 $ends sent_ms=4004 idle_ms=4010 peer=10.0.0.1:40001; rec 19 $ends sent_ms=4008 idle_ms=4012 peer=10.0.0.1:40002; } >log
    finds_nothing log
}

# turned_away EVERY KEY=VALUE...: five connections in a row, one each EVERY seconds.
turned_away() {
    local n
    for n in 1 2 3 4 5; do
        rec "$((n * $1))" call=read ret=0 errno=0 error= level=info cause=peer-closed state=CLOSE_WAIT rx=9 tx=35 idle_ms=1000 sent_ms=1000 local=10.0.0.5:4000$n "${@:2}"
    done
}

@test "closed-again: the peer closes one connection after the other; whoever comes back when he likes is no such client" {
    turned_away 2 >log
    finds_only closed-again log
    figure connections -eq 5
    figure idle_ms -eq 1000
    [ "$(jq -r '.findings[0].level' findings.json)" = info ]
    # Each 30 s a request, and a server that ends what is idle after 1 s.
    turned_away 30 >log
    finds_nothing log
    # Other answers each time: work is done.
    { turned_away 2 | awk '{ sub(/rx=9 /, "rx=" 100 * NR " ") } 1'; } >log
    finds_nothing log
    # A pool of five, which all end at once; and three, which is no habit.
    turned_away 0 >log
    finds_nothing log
    turned_away 2 | head -n 3 >log
    finds_nothing log
    # An answer, and the end at once.
    turned_away 2 idle_ms=0 sent_ms=0 >log
    finds_nothing log
}

@test "unsendable: EINVAL of a datagram is a blackhole route or an argument; of other calls and sockets it is not told" {
    invalid() {
        rec "$1" call=sendto level=error errno=22 error=EINVAL cause=bad-argument type=udp local=0.0.0.0:4000 peer=192.0.2.7:53 state= rx= tx= unacked= unsent= side= idle_ms= sent_ms= rtt_us= retrans= "${@:2}"
    }
    { invalid 0; invalid 2 call=connect; } >log
    finds_only unsendable log
    figure records -eq 2
    grep -q 'of type blackhole, or an argument' findings.json
    grep -q 'ip route get 192.0.2.7. fails likewise' findings.json
    invalid 0 peer=[fe80::1]:53 >log
    finds_only unsendable log
    grep -q 'needs its interface' findings.json
    invalid 0 peer=192.0.2.7:0 >log
    finds_only unsendable log
    grep -q 'Port 0' findings.json
    run ! grep -q blackhole findings.json
    { invalid 0 call=setsockopt; invalid 1 type=unix-dgram peer=/run/a; invalid 2 call=recvfrom; invalid 3 errno=14 error=EFAULT; invalid 4 type=tcp; } >log
    finds_nothing log
}

@test "replica-loop: a primary that ends one connection after the other, or a replica that gives them up; other programs, and the first few, are none" {
    # Other amounts each time, and one of them used once more.
    turned_away 2 idle_ms=4 sent_ms=124 prog=redis-server | awk '{ sub(/rx=9 /, "rx=" 100 * NR " "); if (NR == 3) sub(/state=CLOSE_WAIT/, "state=CLOSE"); if (NR == 3) sub(/unacked=0/, "unacked=41") } 1' >log
    finds_only replica-loop log
    figure connections -eq 5
    grep -q 'an output buffer limit' findings.json
    sed 's/redis-server/mariadbd/' log >mysql
    finds_only replica-loop mysql
    grep -q 'a server_id used twice' findings.json
    sed 's/prog=redis-server/prog=redis-cli/' log | grep CLOSE_WAIT >cli
    finds_nothing cli
    grep CLOSE_WAIT log | head -n 3 >few
    finds_nothing few
    turned_away 60 idle_ms=4 sent_ms=124 prog=redis-server >log
    finds_nothing log
    # Connects of which nothing else is known: given up by the replica itself.
    times 12 under_way prog=redis-server local= >log
    finds_only replica-loop log
    figure connections -eq 12
    grep -q 'NOAUTH: masterauth' findings.json
    sed 's/prog=redis-server/prog=redis-benchmark/' log >benchmark
    finds_nothing benchmark
    head -n 9 log >few
    finds_nothing few
    { started 0 redis-server "level=debug skip=peer-closed"; cat log; } >skipped
    finds_nothing skipped
    { cat log; failed_connect 130 prog=redis-server call=getsockopt ret=0 errno=111 error=ECONNREFUSED cause=connection-refused; } >refused
    findings refused
    run ! grep -q replica-loop findings.json
}

# ended_together SILENCE... : a connection of a pool each, which ends in order after so many ms, with no answer due.
ended_together() {
    local n=0 silence
    for silence; do
        rec "100.0$((n++))" call=read ret=0 errno=0 error= level=info cause=peer-closed state=CLOSE_WAIT idle_ms="$silence" sent_ms=$((silence + 2)) local=10.0.0.5:4100$n
    done
}

@test "ended-together: a pool that its peer ends at one moment; who finishes, a limit for idle time and chance are none" {
    ended_together 3100 9700 700 21200 >log
    finds_only ended-together log
    figure connections -eq 4
    figure moments -eq 1
    [ "$(jq -r '.findings[0].level' findings.json)" = info ]
    grep -q 'or a limit of age, if opened together' findings.json
    grep -q 'no answer due' findings.json
    sed 's/sent_ms=702/sent_ms=700/' log >tied
    finds_only ended-together tied
    run ! grep -q 'no answer due' findings.json
    # Used together, and for no time that a timer is set to: a limit that is looked at once a second is possible.
    ended_together 3410 3420 3470 3480 >log
    finds_only ended-together log
    grep -q 'or a limit for idle time' findings.json
    ended_together 3000 3000 3000 3000 >log
    finds_nothing log
    # Again an hour later.
    { ended_together 3100 9700 700 21200; ended_together 1800 9700 900 31200 | sed 's/T12:/T13:/; s/:410/:510/'; } >log
    finds_only ended-together log
    figure connections -eq 8
    figure moments -eq 2
    # The program itself had just said farewell, or the answers ended.
    ended_together 3100 9700 700 21200 | sed 's/sent_ms=[0-9]*/sent_ms=40/; s/idle_ms=[0-9]*/idle_ms=20/' >log
    finds_nothing log
    ended_together 3100 9700 700 21200 | sed 's/idle_ms=[0-9]*/idle_ms=0/' >log
    finds_nothing log
    # Two, and three that have lived for too short a time.
    ended_together 3100 9700 >log
    finds_nothing log
    ended_together 310 2700 1500 >log
    finds_nothing log
    ended_together 31000 27000 150000 >log
    finds_only ended-together log
    # Among many that end, some do so together.
    { ended_together 31000 27000 150000; for ((n = 0; n < 600; n++)); do
        rec "$n.5" call=read ret=0 errno=0 error= level=info cause=peer-closed state=CLOSE_WAIT idle_ms=30000 sent_ms=30$((n + 100)) local=10.0.0.5:$((n + 42000))
    done; } >log
    finds_nothing log
    # A server's clients leave together when a page is left.
    ended_together 3100 9700 700 21200 | sed 's/side=connected/side=accepted/' >log
    finds_nothing log
}

# taken_over MS...: one connection after the other, each ended after so much silence, and made again after 1 s.
taken_over() {
    local n=0 at=0 ms
    for ms; do
        at=$(awk -v at="$at" -v ms="$ms" 'BEGIN { print at + 1 + ms / 1000 }')
        rec "$at" call=read ret=0 errno=0 error= level=info cause=peer-closed state=CLOSE_WAIT rx=9 tx=28 idle_ms="$ms" sent_ms="$ms" local=10.0.0.5:4000$((n++))
    done
}

@test "closed-again: at any time, with the same bytes, is no limit of idle time, but another client in its place; other bytes, or a speaking peer, are none" {
    taken_over 552 60 448 1000 1000 >log
    finds_only closed-again log
    figure connections -eq 5
    grep -q 'after 60 ms to 1 s' findings.json
    grep -q 'No limit of idle time, as the times differ: another client with the same ID' findings.json
    grep -q 'explain client-id' findings.json
    # After the same time each: a limit is as likely.
    taken_over 1000 1000 1000 1004 1000 >log
    finds_only closed-again log
    run ! grep -q 'No limit of idle time' findings.json
    # Four; all very soon; other answers; the peer spoke later than it was asked.
    taken_over 552 60 448 1000 >four
    taken_over 52 60 248 340 52 >soon
    taken_over 552 60 448 1000 1000 | awk '{ sub(/rx=9 /, "rx=" 9 + NR " ") } 1' >other
    taken_over 552 60 448 1000 1000 | sed 's/sent_ms=/&4/' >spoken
    for log in four soon other spoken; do
        finds_nothing "$log"
    done
    # But a broker's subscriber may have been sent messages.
    sed 's/peer=10.0.0.9:80/peer=10.0.0.9:1883/' other >log
    finds_only closed-again log
    sed 's/peer=10.0.0.9:80/peer=10.0.0.9:1883/' four >log
    finds_nothing log
}

@test "closed-again: a replica to which its primary speaks to the last; answers that take as long are none" {
    { turned_away 2 idle_ms=964 sent_ms=1280 | head -n 2; turned_away 2 idle_ms=208 sent_ms=1240 | tail -n 3; } >log
    finds_only closed-again log
    figure connections -eq 5
    grep -q 'closes each connection of app 1.2 s after a request' findings.json
    turned_away 2 idle_ms=208 sent_ms=1240 >log
    finds_only closed-again log
    run ! grep -q 'output buffer' findings.json
    turned_away 2 idle_ms=4 sent_ms=1240 >log
    finds_nothing log
    # After other times each time: work is done.
    turned_away 4 idle_ms=208 | awk '{ sub(/sent_ms=1000/, "sent_ms=" 1000 + NR * 400) } 1' >log
    finds_nothing log
    turned_away 30 idle_ms=208 sent_ms=1240 >log
    finds_nothing log
}

# read_on SECONDS PORT [PAIR...]: the end of an answer that had come at once, in a read that waits.
read_on() {
    rec "$1" ret=0 errno=0 error= level=info cause=peer-closed state=CLOSE_WAIT rx=4690 tx=288 idle_ms=6000 sent_ms=6040 blocking=yes local=10.0.0.5:"$2" "${@:3}"
}

@test "both-wait: a read that waits meets the end of what was idle for whole seconds; a pool and one alone do not" {
    { read_on 1 40001; read_on 7.1 40002 idle_ms=6008; } >log
    finds_only both-wait log
    figure idle_ms -eq 6000
    figure connections -eq 2
    # Who polls may just have been told that a connection of its pool is gone.
    { read_on 1 40001 blocking=; read_on 7.1 40002 blocking=; } >log
    finds_nothing log
    # One, read twice; and times that are no timer's.
    { read_on 1 40001; read_on 1.001 40001; } >log
    finds_nothing log
    { read_on 1 40001 idle_ms=6400 sent_ms=6440; read_on 7.1 40002 idle_ms=6420 sent_ms=6440; } >log
    finds_nothing log
    # The answer was due: it is another kind.
    { read_on 1 40001 idle_ms=6000 sent_ms=6000 rx=0; read_on 7.1 40002 idle_ms=6000 sent_ms=6000 rx=0; } >log
    run ! finds both-wait log
}

@test "slow-reader: what the server could not send when it closed, and the stream that stood still" {
    rec 0 call=close ret=0 errno= error= level=info cause=reset-by-own-close side=accepted prog=redis-server local=10.0.0.5:6379 peer=10.0.0.9:40000 unacked=1000 unsent=9000000 idle_ms=60000 sent_ms=10 >log
    finds_only slow-reader log
    figure unsent -eq 9000000
    rec 0 rx=8000000 tx=14 idle_ms=5000 sent_ms=9000 >log
    finds_only slow-reader log
    figure rx -eq 8000000
    run ! grep -q net_write_timeout findings.json
    sed 's/peer=10.0.0.9:80/peer=10.0.0.9:3306/' log >database
    finds_only slow-reader database
    grep -q net_write_timeout findings.json
    # A send that timed out, behind a closed window or not.
    rec 0 call=send error=EAGAIN errno=11 cause=timeout side=accepted prog=app local=10.0.0.5:80 peer=10.0.0.9:40000 unsent=90000 blocked_by=window waited_ms=2000 >log
    finds_only slow-reader log
    # A short answer, and then silence: that is idle time.
    rec 0 rx=8000 tx=14 idle_ms=5000 sent_ms=9000 >log
    finds_only idle-timeout log
}

@test "slow-reader: who drops what it could not send is a server, where its record does not say" {
    rec 0 call=close ret=0 errno= error= level=info cause=gave-up-sending state=FIN_WAIT1 side= prog=app local=10.0.0.5:9000 peer=10.0.0.9:47508 unacked=0 unsent=2935932 blocked_by=window idle_ms=4036 sent_ms=2004 >log
    finds_only slow-reader log
    [[ $(jq -r '.findings[0].title' findings.json) == "Clients of app do not read"* ]]
    grep -q 'a proxy waits for its own slow client' findings.json
    rec 0 call=close ret=0 errno= error= level=info cause=gave-up-sending state=FIN_WAIT1 side= prog=app peer=10.0.0.5:9000 local=10.0.0.9:47508 unacked=0 unsent=2935932 blocked_by=window idle_ms=4036 sent_ms=2004 >log
    finds_only slow-reader log
    [[ $(jq -r '.findings[0].title' findings.json) == "10.0.0.5:9000 does not read"* ]]
    run ! grep -q 'a proxy waits' findings.json
}

@test "slow-reader: a close with data unsent behind a closed window, if the server had more to say" {
    local client="type=tcp side=accepted prog=redis-server local=10.0.0.5:6379 peer=10.0.0.9:40000 rx=14 idle_ms=940 sent_ms=52 state=ESTABLISHED"
    # shellcheck disable=SC2086
    rec 0 call=writev errno=11 error=EAGAIN level=debug cause=would-block $client tx=129797 unacked=0 unsent=3883891 why="No room in the send buffer, and the call must not wait: 0 bytes sent and not acknowledged, 3883891 bytes not sent, and the peer's window is closed: it does not read." >log
    # shellcheck disable=SC2086
    rec 0.1 call=close ret=0 errno= error= level=info cause=gave-up-sending $client tx=129797 unacked=0 unsent=3883891 >>log
    finds_only slow-reader log
    figure unsent -eq 3883891
    # It had found room for the rest since: all of it will arrive.
    sed -i 's/unsent=3883891 side=accepted idle_ms=940 sent_ms=52 \(.*gave-up\)/unsent=3983891 side=accepted idle_ms=940 sent_ms=52 \1/' log
    grep -q unsent=3983891 log
    finds_nothing log
    # Nothing went out for seconds: nobody writes his last word then.
    # shellcheck disable=SC2086
    rec 0 call=close ret=0 errno= error= level=info cause=gave-up-sending $client sent_ms=2004 unsent=9000 >log
    finds_only slow-reader log
}

@test "peer-gone: the program's own heartbeat notices first; mtu, if only small packets passed" {
    rec 0 call=close ret=0 errno= error= level=info state=ESTABLISHED cause=gave-up-sending rx=90000 tx=80000 unacked=8 retrans=4 idle_ms=9000 sent_ms=1000 side=accepted local=10.0.0.5:5672 peer=10.0.0.9:40000 >log
    finds_only peer-gone log
    figure unacked -eq 8
    rec 0 call=close ret=0 errno= error= level=info state=ESTABLISHED cause=gave-up-waiting rx=9 tx=18 unacked=9 unsent=18 retrans=5 idle_ms=4060 sent_ms=236 >log
    finds_only peer-gone log
    rec 0 call=close ret=0 errno= error= level=info state=ESTABLISHED cause=gave-up-sending rx=500 tx=200 unacked=14480 retrans=4 idle_ms=9000 sent_ms=1000 side=accepted local=10.0.0.5:80 peer=10.0.0.9:40000 >log
    finds_only mtu log
}

@test "early-close: a server that reads nothing of its clients turns them away; one that has read some does not" {
    turned() {
        for n in 1 2; do
            rec $n prog=nrpe call=close ret=0 errno= error= level=info side=accepted local=10.0.0.5:5666 peer=10.0.0.9:4000$n cause=reset-by-own-close rx=517 tx=0 unread=517 idle_ms=4 sent_ms= "$@"
        done >log
    }
    turned
    finds_only early-close log
    figure connections -eq 2
    jq -e '.findings[0] | (.title | contains("before it has read anything")) and (.advice | contains("10.0.0.9 in its list"))' findings.json
    turned unread=5
    finds_nothing log
    turned tx=100 sent_ms=3
    finds_nothing log
    turned rx=0 unread=
    finds_nothing log
    turned rx=3000 unread=2000
    finds_only early-close log
    jq -e '.findings[0].title | contains("before it has read all")' findings.json
}

@test "other-protocol: a server reads the head of what comes first, and closes; a larger part of it, an answer, or a pause before are none" {
    headed() {
        for n in 1 2 3; do
            rec $n prog=server call=close ret=0 errno= error= level=info state=ESTABLISHED side=accepted local=10.0.0.5:6379 peer=10.0.0.9:4000$n cause=reset-by-own-close rx=14 tx=0 unread=9 idle_ms=0 sent_ms= "$@"
        done >log
    }
    headed
    finds_only other-protocol log
    figure connections -eq 3
    figure read -eq 5
    jq -e '.findings[0] | (.title == "10.0.0.9 connects to server without TLS, it seems") and (.evidence | contains("every 1 s on average")) and (.meaning | contains("as many as TLS"))' findings.json
    headed tx=7 # an alert
    finds_only other-protocol log
    headed local=10.0.0.5:1883 rx=2000 unread=1999
    finds_only other-protocol log
    jq -e '.findings[0] | (.title | contains("at their first byte")) and (.meaning | contains("WebSockets")) and (.advice | contains("1883 is plain MQTT"))' findings.json
    for other in unread=3 tx=20 idle_ms=900 unread=14 side=connected; do
        headed $other
        findings log >kinds
        run ! grep -x other-protocol kinds
    done
    headed
    head -n 1 log >once
    finds_nothing once
    # Both ends: what the client saw.
    headed local=10.0.0.5:1883 rx=219 unread=218
    rec 1 prog=dash local=10.0.0.9:40001 peer=10.0.0.5:1883 rx=0 tx=219 idle_ms=1 sent_ms=1 >client
    finds both-sides log client
    jq -e '.findings[0] | (.meaning | contains("It had read 1 byte. The client speaks another protocol")) and (.advice | contains("1883 is plain MQTT"))' findings.json
}

@test "nothing-behind: at a port where clients often begin with something else, what is usual there" {
    for n in 1 2; do rec $n cause=peer-reset rx=0 tx=219 idle_ms=1 sent_ms=1 peer=10.0.0.9:1883 local=10.0.0.5:4000$n; done >log
    finds_only nothing-behind log
    jq -e '.findings[0] | (.meaning | contains("WebSockets")) and (.advice | contains("WebSockets 9001") and (contains("curl") | not))' findings.json
    sed 's/:1883/:8080/' log >http
    finds_only nothing-behind http
    run ! grep -q -e WebSockets -e MQTT findings.json
}

@test "own-reset: a server that is silent until its timeout, and closes with a request unread" {
    times 2 rec call=close ret=0 errno= error= level=info prog=haproxy side=accepted local=10.0.0.5:9001 peer=10.0.0.9:40000 state=FIN_WAIT1 cause=reset-by-own-close unread=31 idle_ms=1012 sent_ms=3012 >log
    finds_only own-reset log
    figure most_ms -eq 3012
    # It refuses a large upload, and says so at once: that is a server's right, and worth knowing.
    times 2 rec call=close ret=0 errno= error= level=info prog=nginx side=accepted local=10.0.0.5:80 peer=10.0.0.9:40000 cause=reset-by-own-close unread=65536 idle_ms=0 sent_ms=0 >log
    finds_only early-close log
    jq -e '.findings[0].level == "info"' findings.json
    times 2 rec call=close ret=0 errno= error= level=info prog=nginx side=accepted local=10.0.0.5:80 peer=10.0.0.9:40000 cause=reset-by-own-close unread=65536 idle_ms=5000 sent_ms=0 >log
    finds_only early-close log
    jq -e '.findings[0].level == "info"' findings.json
}

@test "silent-end: who spoke last is not known, and no timer ends after such a time" {
    local ended="cause=peer-closed level=info ret=0 errno= error= state=CLOSE_WAIT"
    # shellcheck disable=SC2086
    rec 0 $ended idle_ms=1892 sent_ms=1892 >log
    finds_only silent-end log
    figure wait_ms -eq 1892
    [ "$(jq -r '.findings[0].level' findings.json)" = info ]
    # A pool's idle connections: a round time, or the same one again, or many.
    # shellcheck disable=SC2086
    rec 0 $ended idle_ms=5008 sent_ms=5008 >log
    finds_nothing log
    # A round time, but the acknowledgement of what was sent last had no answer to go with.
    # shellcheck disable=SC2086
    rec 0 $ended idle_ms=2020 sent_ms=2020 rtt_us=5386 >log
    finds_only silent-end log
    figure wait_ms -eq 2020
    # shellcheck disable=SC2086
    times 3 rec $ended idle_ms=4772 sent_ms=4772 >log
    finds_nothing log
    # shellcheck disable=SC2086
    for ms in 1700 2600 4300 9400; do rec "$ms" $ended idle_ms=$ms sent_ms=$ms; done >log
    finds_nothing log
    # The server spoke last.
    # shellcheck disable=SC2086
    rec 0 $ended idle_ms=1892 sent_ms=1893 >log
    finds_nothing log
}

@test "broken-off: without any pattern it is told what is known" {
    rec 0 rx=20044 tx=78 idle_ms=0 sent_ms=40 >log
    finds_only broken-off log
    figure rx -eq 20044
}

@test "mtu: small packets are acknowledged, full-sized ones are not" {
    rec 0 cause=connection-timed-out error=ETIMEDOUT rx=0 tx=0 unacked=14480 unsent=100000 retrans=7 idle_ms=13000 sent_ms=3000 >log
    finds_only mtu log
    figure unacked -eq 14480
    jq -e '.findings[0] | (.title | contains("or nothing large (MTU)")) and (.meaning | startswith("If small requests pass"))' findings.json
    # The host is there for others: no two readings.
    rec 9 cause=peer-closed level=info ret=0 error= rx=300 local=10.0.0.5:40002 >>log
    finds mtu log
    jq -e '.findings[0] | (.title | startswith("MTU")) and .meaning == "Other connections with that host work."' findings.json
    # What is small has been acknowledged.
    rec 0 cause=connection-timed-out error=ETIMEDOUT rx=0 tx=90 unacked=14480 unsent=100000 retrans=7 idle_ms=13000 sent_ms=3000 >log
    finds_only mtu log
    jq -e '.findings[0] | (.title | startswith("MTU")) and (.meaning | startswith("Or the host went down"))' findings.json
    # The program gives up first.
    rec 0 call=close ret=0 error= level=info cause=gave-up-waiting rx=0 tx=0 unacked=14480 unsent=100000 retrans=4 idle_ms=5000 sent_ms=2000 >log
    finds_only mtu log
}

@test "peer-gone: full-sized packets had passed before, so it is not their size" {
    rec 0 cause=connection-timed-out error=ETIMEDOUT rx=90000 tx=800000 unacked=14480 retrans=7 idle_ms=3000 sent_ms=3000 >log
    finds_only peer-gone log
    figure unacked -eq 14480
    rec 0 cause=connection-timed-out error=ETIMEDOUT rx=900 tx=800 unacked=40 retrans=7 idle_ms=3000 sent_ms=3000 >log
    finds_only peer-gone log
}

@test "peer-gone: nothing passes after the handshake, small or large" {
    local given_up="call=close ret=0 errno= error= level=info state=ESTABLISHED cause=gave-up-waiting rx=0 tx=0"
    # shellcheck disable=SC2086
    rec 0 $given_up unacked=72 retrans=6 idle_ms=8000 sent_ms=1204 >log
    finds_only peer-gone log
    figure unacked -eq 72
    jq -e '.findings[0] | (.title | contains("then gets nothing more")) and (.meaning | contains("not the MTU") and (contains("hello") | not))' findings.json
    # A large one as well: it is not its size.
    # shellcheck disable=SC2086
    rec 9 $given_up unacked=14480 retrans=5 idle_ms=8000 sent_ms=1204 local=10.0.0.5:44314 >>log
    finds_only peer-gone log
    figure connections -eq 2
    # To a port of TLS it may be the name.
    # shellcheck disable=SC2086
    rec 0 $given_up unacked=517 retrans=6 idle_ms=8000 sent_ms=1204 peer=10.0.0.9:443 >log
    finds_only peer-gone log
    jq -e '.findings[0].meaning | contains("hello")' findings.json
    # Acknowledged, and answered late: the host has it.
    # shellcheck disable=SC2086
    rec 0 ${given_up/tx=0/tx=72} unacked=0 retrans=3 idle_ms=8000 sent_ms=7990 >log
    [[ $(findings log) != *peer-gone* ]]
}

# ---- The program's own ----

@test "own-deadline: the same time again and again, connecting and waiting" {
    { for n in 1 2 3; do failed_connect "$n" call=close ret=0 error= level=info cause=gave-up-connecting peer=10.2.0.$n:80 waited_ms=250; done; } >log
    finds_only own-deadline log
    figure deadline_ms -eq 250
    figure records -eq 3
    { rec 0 call=close ret=0 error= level=info cause=gave-up-waiting sent_ms=5003 idle_ms=5010; rec 8 call=close ret=0 error= level=info cause=gave-up-waiting sent_ms=5001 idle_ms=5010 local=10.0.0.5:40002; } >log
    finds_only own-deadline log
    figure deadline_ms -eq 5001
}

@test "own-deadline: an answer that others there got is not of another protocol" {
    rec 5 call=close ret=0 errno= error= level=info state=ESTABLISHED rx=0 tx=90 idle_ms=3004 sent_ms=3004 cause=gave-up-waiting >log
    finds_only own-deadline log
    jq -e '.findings[0] | (.meaning | contains("another protocol")) and (.advice | contains("doctor PID"))' findings.json || fails_with "$(cat findings.json)"
    { rec 1 cause=peer-closed level=info ret=0 errno= error= rx=80 tx=560 local=10.0.0.5:40002; cat log; } >well.log
    finds_only own-deadline well.log
    jq -e '.findings[0].meaning | (contains("others of its requests there were answered")) and (contains("protocol") | not)' findings.json || fails_with "$(cat findings.json)"
    # Another port's answer says nothing.
    { rec 1 cause=peer-closed level=info ret=0 errno= error= rx=80 tx=560 local=10.0.0.5:40002 peer=10.0.0.9:81; cat log; } >other.log
    finds_only own-deadline other.log
    jq -e '.findings[0].meaning | contains("another protocol")' findings.json
}

# mute SECONDS PAIR...: a connection on which nothing was ever said.
mute() {
    rec "$1" call=close ret=0 errno= error= level=info state=ESTABLISHED rx=0 tx=0 idle_ms=6003 sent_ms= cause=gave-up-waiting "${@:2}"
}

@test "never-spoke: no greeting came, or TLS was to begin; connections in reserve are none" {
    { mute 0 peer=10.0.0.9:993; mute 7 peer=10.0.0.9:993 local=10.0.0.5:40002 pid=101; } >log
    finds_only never-spoke log
    figure connections -eq 2
    figure deadline_ms -eq 6003
    jq -e '.findings[0] | (.meaning | contains("begins with TLS")) and (.advice | contains("switch TLS on"))' findings.json
    mute 0 peer=10.0.0.9:25 >log
    finds_only never-spoke log
    jq -e '.findings[0] | (.meaning | contains("The server was to greet")) and (.advice | contains("doctor PID"))' findings.json
    # Others with that peer are used; HTTP greets nobody; at any time, so nobody has set one.
    { mute 0 peer=10.0.0.9:25; rec 3 peer=10.0.0.9:25 cause=peer-closed level=info ret=0 errno= error= local=10.0.0.5:40002; } >log
    finds_nothing log
    { mute 0; mute 7 local=10.0.0.5:40002; mute 9 peer=10.0.0.9:443; } >log
    finds_nothing log
    { mute 0 peer=10.0.0.9:25 idle_ms=1237; mute 7 peer=10.0.0.9:25 idle_ms=43130 local=10.0.0.5:40002; } >log
    finds_nothing log
}

@test "own-deadline: a first message as long as a TLS hello, never answered: no TLS there, as likely as slow; what has said a word is slow" {
    hello() { rec 9 call=close ret=0 errno= error= level=info cause=gave-up-waiting rx=0 tx=517 idle_ms=5008 sent_ms=5000 peer=10.0.0.9:3128 "$@"; }
    hello >log
    finds_only own-deadline log
    figure deadline_ms -eq 5000
    jq -e '.findings[0].title | endswith("slow, or no TLS there?")' findings.json
    grep -q 'curl http://10.0.0.9:3128/' findings.json
    hello at=libssl.so.3+0x1234 >log
    finds_only own-deadline log
    jq -e '.findings[0].title | endswith("no TLS there, or slow?")' findings.json
    local -a alike=("rx=9" "tx=78" "tx=4000" "unacked=517 tx=0")
    for words in "${alike[@]}"; do
        # shellcheck disable=SC2086
        hello $words >log
        finds_only own-deadline log
        run ! grep -q 'TLS' findings.json
    done
    # It has answered another one, or let another one go.
    { rec 1 cause=peer-closed level=info ret=0 errno= error= state=CLOSE_WAIT peer=10.0.0.9:3128 local=10.0.0.5:40001; hello; } >log
    finds_only own-deadline log
    run ! grep -q 'TLS' findings.json
    { under_way 1 fd=7 peer=10.0.0.9:3128; under_way 4 fd=7 peer=10.0.0.9:3128; hello; } >log
    finds_only own-deadline log
    run ! grep -q 'TLS' findings.json
    { under_way 4 fd=7 peer=10.0.0.9:3128; hello; } >log
    finds_only own-deadline log
    grep -q 'no TLS there' findings.json
    # The program itself would wait for ever: the peer ends it.
    for n in 1 2; do rec "$n"1 cause=closed-unanswered ret=0 error= rx=0 tx=517 idle_ms=60012 sent_ms=60010 peer=10.0.0.9:3128 local=10.0.0.5:4000$n; done >log
    finds_only time-limit log
    grep -q 'slow, or no TLS there' findings.json
    head -n 1 log >one
    finds_only answer-missing one
    grep -q 'speaks none and waits on' findings.json
    sed 's/ tx=517 / tx=78 /' log >short
    finds_only time-limit short
    run ! grep -q 'TLS' findings.json
}

@test "own-deadline: others to the same address went through meanwhile, and only what is known to have counts" {
    local gave_up="call=close ret=0 error= level=info cause=gave-up-connecting waited_ms=4000"
    {
        under_way 0 fd=7
        under_way 1 fd=8
        under_way 2 fd=8 # so the first one on it was closed, and not given up
        under_way 2.5 fd=9
        rec 3 fd=9 peer=10.0.0.9:80 call=recv ret=0 error= level=info cause=peer-closed state=CLOSE_WAIT
        # shellcheck disable=SC2086
        failed_connect 4 fd=7 $gave_up
    } >log
    finds_only own-deadline log
    jq -e '.findings[0] | (.meaning | contains("2 others went through meanwhile")) and
        (.advice | contains("then: always as many?"))' findings.json
    # They all stand, and the log ends.
    { for fd in 7 8 9 10; do under_way 0.$fd fd=$fd; done; failed_connect 4 fd=7 $gave_up; } >log
    finds_only own-deadline log
    jq -e '.findings[0].meaning | contains("went through") | not' findings.json
}

@test "own-deadline: what is never answered any more, and was before, is no slow path" {
    local n
    local gave_up="call=close ret=0 error= level=info cause=gave-up-connecting waited_ms=2000"
    {
        under_way 0 fd=7
        for n in 1 2 3; do
            under_way "$((n * 5))" fd=7
            # shellcheck disable=SC2086
            failed_connect "$((n * 5 + 2))" fd=7 $gave_up
        done
    } >log
    finds_only own-deadline log
    jq -e '.findings[0] | (.title | contains("does not answer app")) and (.meaning | contains("went through before")) and (.advice | contains("which limit is reached"))' findings.json
    # It never was; and one alone may have lost its SYN twice.
    sed -i 1d log
    finds_only own-deadline log
    jq -e '.findings[0].meaning | contains("went through before") | not' findings.json
    # shellcheck disable=SC2086
    { under_way 0 fd=7; under_way 5 fd=7; failed_connect 7 fd=7 $gave_up; } >log
    finds_only own-deadline log
    jq -e '.findings[0].meaning | contains("The path is slow")' findings.json
}

@test "listener-as-connection: it asks for the peer of a listening socket; a shutdown of no socket is nothing" {
    rec 0 level=warn call=getpeername fd=0 error=ENOTCONN errno=107 local=10.0.0.5:873 peer= state= rx= tx= unacked= unsent= side= idle_ms= sent_ms= rtt_us= retrans= len= cause=not-connected >log
    finds_only listener-as-connection log
    rec 0 level=info call=shutdown fd=4 error=ENOTSOCK errno=88 type= local= peer= state= rx= tx= unacked= unsent= side= idle_ms= sent_ms= rtt_us= retrans= len= cause=bad-descriptor >log
    finds_nothing log
    rec 0 level=info call=shutdown fd=-1 error=EBADF errno=9 type= local= peer= state= rx= tx= unacked= unsent= side= idle_ms= sent_ms= rtt_us= retrans= len= cause=bad-descriptor >log
    finds_nothing log
}

@test "own-deadline: connects under way tell the time where the record itself does not" {
    {
        under_way 0 peer=10.2.0.2:80
        failed_connect 0.25 call=close ret=0 error= level=info cause=gave-up-connecting peer=10.2.0.2:80
    } >log
    finds_only own-deadline log
    figure deadline_ms -eq 250
}

@test "own-deadline: a close after the connect has failed gives nothing up" {
    {
        under_way 0
        failed_connect 0.0004 call=getsockopt error=EHOSTUNREACH cause=unreachable
        failed_connect 0.0009 call=close ret=0 error= level=info cause=gave-up-connecting
    } >log
    finds_only unreachable log
}

@test "own-deadline: whoever asks for no answer has none" {
    # Sent and closed at once; and a sender of log messages that ends at any time.
    times 20 rec call=close ret=0 error= level=info cause=gave-up-waiting sent_ms=0 idle_ms=1 rx=0 >log
    finds_nothing log
    { rec 0 call=close ret=0 error= level=info cause=gave-up-waiting sent_ms=31173 idle_ms=61173 rx=0; rec 90 call=close ret=0 error= level=info cause=gave-up-waiting sent_ms=3173 idle_ms=9990 rx=0 local=10.0.0.5:40002; } >log
    finds_nothing log
}

# eintr SECONDS KEY=VALUE...: a call that a signal interrupted; the record is a lean one.
eintr() {
    rec "$1" level=debug errno=4 error=EINTR type= local= peer= state= rx= tx= unacked= unsent= side= idle_ms= sent_ms= rtt_us= retrans= cause=interrupted "${@:2}"
}

@test "interrupted: a signal, and then a close; a close that nothing interrupted is none" {
    local gave_up="call=close ret=0 error= level=info cause=gave-up-waiting"
    # The process went on: no signal that ends it.
    # shellcheck disable=SC2086
    {
        eintr 5
        rec 5.001 $gave_up sent_ms=1203 idle_ms=1210
        eintr 9 fd=8
        rec 9.002 $gave_up sent_ms=733 idle_ms=740 local=10.0.0.5:40002 fd=8
    } >log
    finds_only interrupted log
    figure records -eq 2
    figure least_ms -eq 733
    [ "$(jq -r '.findings[0].level' findings.json)" = warn ]
    [[ $(jq -r '.findings[0].advice' findings.json) == *SOCKSHIM_EINTR=restart* ]]
    jq -R -c 'capture("ts=(?<ts>[^ ]*)") as $t | [scan("([a-z_]+)=(\"[^\"]*\"|[^ ]+)")] | map({(.[0]): (.[1] | ltrimstr("\"") | rtrimstr("\""))}) | add' log >log.json
    finds_only interrupted log.json
    # Its last word, after a long wait: somebody's patience ended.
    # shellcheck disable=SC2086
    { eintr 90; rec 90.001 $gave_up sent_ms=88203 idle_ms=88210; } >log
    finds_only interrupted log
    [ "$(jq -r '.findings[0].level' findings.json)" = info ]
    [[ $(jq -r '.findings[0].advice' findings.json) == *SOCKSHIM_RECV_TIMEOUT=30s*SOCKSHIM_EINTR=restart* ]]
    { eintr 90 call=connect; failed_connect 90.001 call=close ret=0 error= level=info cause=gave-up-connecting waited_ms=88000; } >log
    finds_only interrupted log
    [[ $(jq -r '.findings[0].advice' findings.json) == *SOCKSHIM_CONNECT_TIMEOUT=10s* ]]
    # Repeated, and given up later; another descriptor's; another process's.
    # shellcheck disable=SC2086
    { eintr 5; rec 7.5 $gave_up sent_ms=5203 idle_ms=5210; } >log
    finds_nothing log
    # shellcheck disable=SC2086
    { eintr 5 fd=9; eintr 5.0002 pid=101; rec 5.001 $gave_up sent_ms=5203 idle_ms=5210; } >log
    finds_nothing log
}

@test "accept-failed: an error of one connection; what is the listener's own is none" {
    { rec 1; failed_connect 5 prog=srv pid=7 call=accept4 error=ECONNABORTED errno=103 peer= local=0.0.0.0:80 side=accepted cause=connection-aborted; } >log
    finds accept-failed log
    figure records -eq 1
    [[ $(jq -r '.findings[0] | .evidence, .advice' findings.json) == *"last thing"*SOCKSHIM_ACCEPT=careful* ]] || fails_with "$(cat findings.json)"
    failed_connect 5 call=accept4 error=EINVAL errno=22 peer= local=0.0.0.0:80 level=error cause=bad-argument >log
    [[ $(findings log) != *accept-failed* ]]
}

@test "reads-on: a failed receive, and the same call once more; what stops there is none" {
    local after="ret=0 error= errno= cause=closed-after-error at=app+0x12"
    # shellcheck disable=SC2086
    { rec 1 at=app+0x12; rec 1.001 $after; } >log
    findings log | grep -qx reads-on
    [[ $(jq -r '.findings[] | select(.kind == "reads-on").advice' findings.json) == *SOCKSHIM_RESET=eof* ]]
    # A server's clients that reset are no other finding.
    # shellcheck disable=SC2086
    { rec 1 at=app+0x12 side=accepted local=10.0.0.5:80 peer=10.0.0.9:5000; rec 1.001 $after side=accepted local=10.0.0.5:80 peer=10.0.0.9:5000; } >log
    finds_only reads-on log
    figure connections -eq 1
    # A TLS library looks once more for what the peer says at its end.
    # shellcheck disable=SC2086
    { rec 1 at=libcurl.so.4+0x12; rec 1.001 ${after/app/libcurl.so.4}; } >log
    [[ $(findings log) != *reads-on* ]]
    # From another place, by another call, or after a send that failed.
    # shellcheck disable=SC2086
    { rec 1 at=app+0x99; rec 1.001 $after; } >log
    [[ $(findings log) != *reads-on* ]]
    # shellcheck disable=SC2086
    { rec 1 at=app+0x12 call=read; rec 1.001 $after; } >log
    [[ $(findings log) != *reads-on* ]]
    # shellcheck disable=SC2086
    { rec 1 at=app+0x12 call=send; rec 1.001 $after; } >log
    [[ $(findings log) != *reads-on* ]]
}

# ---- The setting that would have prevented it ----

# advice PART... : each is in the worst finding's.
advice() {
    local part text
    text=$(jq -r '.findings[0].advice' findings.json)
    for part; do
        [[ $text == *"$part"* ]] || fails_with "no $part in: $text"
    done
}

# no_advice PART
no_advice() {
    [[ $(jq -r '.findings[0].advice' findings.json) != *"$1"* ]] || fails_with "$(jq -r '.findings[0].advice' findings.json)"
}

@test "SOCKSHIM_CONNECT_TIMEOUT is named where a connect took long in vain, and not where it was short" {
    { under_way 0; failed_connect 127 error=ETIMEDOUT cause=connect-timed-out; } >log
    finds_only no-answer log
    advice SOCKSHIM_CONNECT_TIMEOUT=10s
    { under_way 0; failed_connect 7 error=ETIMEDOUT cause=connect-timed-out; } >log
    finds_only no-answer log
    no_advice SOCKSHIM_
    # IPv6 that does not work, before IPv4 that does.
    {
        under_way 0 "peer=[2001:db8::1]:80"
        failed_connect 127 "peer=[2001:db8::1]:80" error=ETIMEDOUT cause=connect-timed-out
        rec 130 cause=peer-closed level=info ret=0 error=
    } >log
    finds_only address-family log
    advice SOCKSHIM_CONNECT_TIMEOUT=3s
}

@test "SOCKSHIM_RECV_TIMEOUT is named where a receive waited for minutes, and not where it did not" {
    rec 0 idle_ms=332013 sent_ms=332001 cause=closed-unanswered ret=0 error= >log
    finds_only answer-missing log
    advice SOCKSHIM_RECV_TIMEOUT=30s
    rec 0 idle_ms=32013 sent_ms=32001 cause=closed-unanswered ret=0 error= >log
    finds_only answer-missing log
    no_advice SOCKSHIM_
}

@test "SOCKSHIM_BACKLOG is named where only a full queue is left, and not for another host" {
    local gave_up="call=close ret=0 error= level=info cause=gave-up-connecting waited_ms=1000"
    # shellcheck disable=SC2086
    failed_connect 3 $gave_up local=127.0.0.1:4000 peer=127.0.0.1:80 >log
    finds_only own-deadline log
    advice SOCKSHIM_BACKLOG=1024
    # shellcheck disable=SC2086
    failed_connect 3 $gave_up >log
    finds_only own-deadline log
    no_advice SOCKSHIM_
    { under_way 0 peer=127.0.0.1:80; failed_connect 127 peer=127.0.0.1:80 error=ETIMEDOUT cause=connect-timed-out; } >log
    finds_only no-answer log
    advice SOCKSHIM_CONNECT_TIMEOUT=10s SOCKSHIM_BACKLOG=1024
}

@test "SOCKSHIM_REUSEADDR comes first where the run before it served clients there" {
    local served="side=accepted local=10.0.0.5:80 peer=10.0.0.9:40001 cause=peer-closed level=info ret=0 error= errno="
    local in_use="call=bind error=EADDRINUSE errno=98 level=error peer= local=0.0.0.0:80 cause=address-in-use pid=200"
    # shellcheck disable=SC2086
    { rec 1 $served; failed_connect 9 $in_use; } >log
    finds_only address-in-use log
    [[ $(jq -r '.findings[0].advice' findings.json) == "\`SOCKSHIM_REUSEADDR=on\`"* ]] || fails_with "$(cat findings.json)"
    # Another program's; its own, but another port's.
    # shellcheck disable=SC2086
    { rec 1 $served prog=other; failed_connect 9 $in_use; } >log
    finds_only address-in-use log
    advice "TIME_WAIT alone"
    # shellcheck disable=SC2086
    { rec 1 $served local=10.0.0.5:81; failed_connect 9 $in_use; } >log
    finds_only address-in-use log
    advice "TIME_WAIT alone"
}

@test "SOCKSHIM_ACCEPT is named for a listener that waits, and not for one that is polled" {
    local limit="error=EMFILE errno=24 level=error peer= local=0.0.0.0:80 cause=descriptor-limit"
    # shellcheck disable=SC2086
    for n in 1 2 3; do failed_connect "$n" call=accept4 $limit; done >log
    finds_only descriptor-limit log
    advice SOCKSHIM_ACCEPT=careful
    eintr 0.5 call=accept4 error=EAGAIN errno=11 cause=would-block why="It was so." >>log
    finds_only descriptor-limit log
    no_advice SOCKSHIM_
    # A program that only spins.
    # shellcheck disable=SC2086
    for n in {1..100}; do failed_connect "0.$((100 + n))" call=accept $limit; done >log
    finds_only descriptor-limit log
    [[ $(jq -r '.findings[0].meaning' findings.json) == *"its loop spins"* ]]
}

@test "message-lost: how many messages found no room" {
    for n in 1 2 3 4 5; do failed_connect "$n" call=send errno=11 error=EAGAIN type=unix-dgram local= peer=/run/dsd.sock cause=message-not-sent; done >log
    finds_only message-lost log
    figure records -eq 5
}

@test "descriptor-limit: the limit, and how often" {
    for n in 1 2 3; do failed_connect "$n" call=accept4 error=EMFILE errno=24 level=error peer= local=0.0.0.0:80 limit=32 cause=descriptor-limit; done >log
    finds_only descriptor-limit log
    figure limit -eq 32
    figure records -eq 3
    grep -q 'SOCKSHIM_ACCEPT=careful' findings.json
}

# ended_on DESCRIPTOR...: connections that a server's clients have ended, one each, and then
# accept4 finds no descriptor more.
ended_on() {
    local n=0 fd
    for fd; do
        n=$((n + 1))
        rec "$n" call=read ret=0 errno=0 error= level=info cause=peer-closed state=CLOSE_WAIT side=accepted fd=$fd local=10.0.0.5:7000 peer=10.0.0.1:$((40000 + n))
    done
    failed_connect 90 call=accept4 error=EMFILE errno=24 level=error peer= local=10.0.0.5:7000 limit=32 fd=4 cause=descriptor-limit
}

@test "descriptor-limit: what peers have ended and the program never closed is a leak" {
    # shellcheck disable=SC2046
    ended_on $(seq 10 29) >log
    finds_only descriptor-limit log
    figure never_closed -eq 20
    run ! grep -q SOCKSHIM_ACCEPT findings.json
    # One number was given out again, so it had been closed; and few ends are no leak.
    # shellcheck disable=SC2046
    ended_on $(seq 10 29) 15 >log
    finds_only descriptor-limit log
    figure never_closed = none
    # shellcheck disable=SC2046
    ended_on $(seq 10 18) >log
    finds_only descriptor-limit log
    figure never_closed = none
}

# asks_itself SECONDS PAIR...: a connect to the program's own port, of which it gives up the answer.
asks_itself() {
    rec "$1" call=close ret=0 errno=0 error= level=info rx=0 idle_ms=1000 sent_ms=1000 local=10.0.0.5:50000 peer=10.0.0.5:8000 cause=gave-up-waiting "${@:2}"
}

served() {
    rec "$1" call=read ret=0 errno=0 error= level=info cause=peer-closed state=CLOSE_WAIT side=accepted local=10.0.0.5:8000 peer=10.0.0.1:40000 "${@:2}"
}

@test "waits-for-itself: a server that asks its own port; one that asks another process does not" {
    { served 1; asks_itself 1.5 peer_name=app.example; } >log
    finds_only waits-for-itself log
    figure records -eq 1
    grep -q 'getent hosts app.example' findings.json
    # What it is told at the other end is the same.
    { served 1; asks_itself 1.5; rec 1.6 call=send error=EPIPE errno=32 cause=write-after-close side=accepted local=10.0.0.5:8000 peer=10.0.0.5:50000; } >log
    finds_only waits-for-itself log
    figure records -eq 1
    # Another process of that name may be another server; so may another port, or another host.
    { served 1; asks_itself 1.5 pid=101; } >log
    finds_only own-deadline log
    { served 1; asks_itself 1.5 peer=10.0.0.5:8001; } >log
    finds_only own-deadline log
    { served 1; asks_itself 1.5 peer=10.0.0.6:8000; } >log
    finds_only own-deadline log
    # It does answer itself.
    { served 1; rec 2 cause=peer-closed level=info ret=0 error= errno=0 local=10.0.0.5:50000 peer=10.0.0.5:8000; } >log
    finds_nothing log
}

@test "waits-for-itself: a loop uses the descriptors up; a few such connections do not" {
    local n
    full() { failed_connect 0.5 call=accept4 error=EMFILE errno=24 level=error peer= local=0.0.0.0:8000 limit=32 cause=descriptor-limit; }
    { full; for n in {1..14}; do asks_itself 1.5 local=10.0.0.5:$((50000 + n)); done; } >log
    finds_only waits-for-itself log
    figure limit -eq 32
    [ "$(jq -r '.findings[0].level' findings.json)" = error ]
    { full; asks_itself 1.5; } >log
    finds descriptor-limit log
    [ "$(jq -r '.findings[1].kind' findings.json)" = waits-for-itself ]
}

@test "ports-used-up: connects without a local port; an address that is wrong is another thing" {
    failed_connect 1 error=EADDRNOTAVAIL errno=99 level=error local= cause=address-unavailable >log
    finds_only ports-used-up log
    failed_connect 1 call=bind error=EADDRINUSE errno=98 level=error local=0.0.0.0:0 peer= cause=address-in-use >log
    finds_only ports-used-up log
    failed_connect 1 call=sendto type=udp error=EAGAIN errno=11 level=error local= cause=address-unavailable >log
    finds_only ports-used-up log
    failed_connect 1 call=bind error=EADDRINUSE errno=98 level=error local=0.0.0.0:80 peer= cause=address-in-use >log
    finds_only address-in-use log
    # The program wants that port, and no other.
    failed_connect 1 error=EADDRNOTAVAIL errno=99 level=error local=10.0.0.5:4000 cause=address-unavailable >log
    finds_only address-unavailable log
    failed_connect 1 call=bind error=EADDRNOTAVAIL errno=99 level=error peer= local=10.9.9.9:80 cause=address-unavailable why="The address 10.9.9.9:80 is not assigned to this host." >log
    finds_only address-unavailable log
}

@test "address-unavailable: IPv6 has no address here; where a connect there worked, it is the ports" {
    # As `localhost` in a container that has no IPv6: 127.0.0.1 is tried next.
    failed_connect 1 error=EADDRNOTAVAIL errno=99 level=error local= peer=[::1]:6379 cause=address-unavailable >log
    finds_only address-unavailable log
    grep -q '127.0.0.1' findings.json
    cp log alone.log
    { cat alone.log; under_way 1.001 peer=127.0.0.1:6379; } >log
    finds_nothing log
    { cat alone.log; failed_connect 1.001 error=ECONNREFUSED cause=connection-refused peer=127.0.0.1:6379; } >log
    finds_only refused log
    grep -q 'IPv6 has no address here' findings.json
    { rec 0 cause=peer-closed level=info ret=0 error= peer=[::1]:6379 local=[::1]:40000; cat alone.log; } >log
    finds_only ports-used-up log
}

@test "dropped-on-this-host: what never left, and what the kernel refused to send" {
    failed_connect 1 call=close ret=0 errno=0 error= level=info blocked_by=host waited_ms=3000 cause=gave-up-connecting >log
    finds_only dropped-on-this-host log
    rec 1 error=ETIMEDOUT errno=110 unsent=300 blocked_by=host cause=connection-timed-out >log
    finds_only dropped-on-this-host log
    failed_connect 1 call=sendto type=udp error=EPERM errno=1 level=error peer=10.0.0.9:53 cause=not-permitted >log
    finds_only dropped-on-this-host log
    failed_connect 1 error=ETIMEDOUT cause=connect-timed-out why='10.0.0.9:80 did not answer the connection request (SYN) at all.' >log
    finds_only no-answer log
}

# ---- Connects ----

@test "refused, unreachable at once and after 3 s, no answer" {
    failed_connect 1 error=ECONNREFUSED cause=connection-refused >log
    finds_only refused log
    # Nothing tells whether it is a firewall that refuses.
    [[ $(jq -r '.findings[0].title' findings.json) != *listen* ]]
    grep -q 'rejects this client' findings.json
    failed_connect 1 peer=127.0.0.1:80 local=127.0.0.1:40000 error=ECONNREFUSED cause=connection-refused >log
    finds_only refused log
    run ! grep -q 'rejects this client' findings.json
    { under_way 1; failed_connect 1.0004 call=getsockopt error=EHOSTUNREACH cause=unreachable; } >log
    finds_only unreachable log
    figure ms -eq 0
    [[ $(jq -r '.findings[0].meaning' findings.json) == *firewall* ]]
    { under_way 1; failed_connect 4.08 call=getsockopt error=EHOSTUNREACH cause=unreachable; } >log
    finds_only unreachable log
    figure ms -eq 3080
    [[ $(jq -r '.findings[0].meaning' findings.json) == *"no host answers"* ]]
}

@test "refused: some of them, with others in between that went through; a restart, and many at once, are not" {
    local refused="error=ECONNREFUSED errno=111 cause=connection-refused call=getsockopt" n
    # shellcheck disable=SC2086
    for n in 1 2 3; do
        under_way $n
        failed_connect $n.1 $refused
        under_way $n.2
        under_way $n.3
    done >log
    finds_only refused log
    figure records -eq 3
    [[ $(jq -r '.findings[0].title' findings.json) == *"refuses some of app's connections" ]]
    grep -q 'In between, 4 connects went through' findings.json
    # However many they are, they are no storm.
    # shellcheck disable=SC2086
    for n in {100..160}; do
        under_way "1.$n"
        failed_connect "1.${n}1" $refused
        under_way "1.${n}2"
    done >many
    finds_only refused many
    # As it had been well before the first one and after the last one, it has not started later.
    # shellcheck disable=SC2086
    { cat log; under_way 4; rec 4.1 cause=peer-closed level=info ret=0 errno=0 error=; } >well
    finds_only refused well
    # What closes leave no record of may have been given up.
    { started 0 app "level=debug close=off"; cat log; } >closes
    finds_only refused closes
    run ! grep -q 'In between' findings.json
    # shellcheck disable=SC2086
    {
        under_way 1
        for n in 1 2 3; do under_way 2.$n; failed_connect 2.${n}1 $refused; done
        under_way 3
        for n in 4 5 6; do under_way $n; failed_connect $n.1 $refused; done
    } >restart
    finds_only refused restart
    run ! grep -q 'In between' findings.json
    # shellcheck disable=SC2086
    for n in 1 2 3; do
        under_way $n fd=7
        under_way $n.1 fd=8
        failed_connect $n.2 $refused fd=7
        failed_connect $n.3 $refused fd=8
    done >together
    finds_only refused together
    run ! grep -q 'In between' findings.json
}

@test "no answer at TCP 53: a firewall may let UDP alone through; at other ports it is not said" {
    failed_connect 1 call=close ret=0 errno=0 error= level=info peer=10.0.0.53:53 waited_ms=3000 cause=gave-up-connecting >log
    finds_only own-deadline log
    grep -q 'only UDP 53' findings.json
    failed_connect 1 peer=10.0.0.53:53 error=ETIMEDOUT errno=110 cause=connect-timed-out >log
    finds_only no-answer log
    grep -q 'only UDP 53' findings.json
    failed_connect 1 peer=10.0.0.53:5353 error=ETIMEDOUT errno=110 cause=connect-timed-out >log
    finds_only no-answer log
    run ! grep -q 'UDP' findings.json
    failed_connect 1 call=close ret=0 errno=0 error= level=info local=127.0.0.1:40000 peer=127.0.0.1:53 waited_ms=3000 cause=gave-up-connecting >log
    finds_only own-deadline log
    run ! grep -q 'UDP' findings.json
}

@test "no answer at port 25: what leaves may be dropped; not where a mail server answered, at other ports, or on this host" {
    gives_up() {
        failed_connect "$1" prog=smtp type=tcp call=close ret=0 errno=0 error= level=info waited_ms=8000 cause=gave-up-connecting "${@:2}"
    }
    { gives_up 9 peer=10.2.0.11:25; gives_up 18 peer=10.2.0.12:25; } >log
    finds_only own-deadline log
    jq -e '.findings[0] | (.meaning | startswith("Clouds and providers often drop")) and (.advice | contains("587"))' findings.json
    { under_way 1; failed_connect 128 peer=192.0.2.25:25 error=ETIMEDOUT errno=110 cause=connect-timed-out; } >log
    finds no-answer log
    grep -q 'Clouds and providers' findings.json
    advice 587
    # Another port of the same host answered.
    { under_way 1 prog=smtp peer=10.2.0.11:443; gives_up 9 peer=10.2.0.11:25; } >log
    finds_only own-deadline log
    jq -e '.findings[0].meaning | startswith("Other ports of it answered: clouds")' findings.json
    run ! grep -q 'or it is off' findings.json
    # A mail server that answered, if only with a refusal; another port; the program's own host.
    { rec 1 prog=smtp peer=10.2.0.13:25 side=connected cause=peer-closed level=info ret=0 error=; gives_up 9 peer=10.2.0.11:25; } >log
    finds own-deadline log
    run ! grep -q '587' findings.json
    { failed_connect 1 prog=smtp peer=10.2.0.13:25 error=ECONNREFUSED errno=111 cause=connection-refused; gives_up 9 peer=10.2.0.11:25; } >log
    findings log
    run ! grep -q '587' findings.json
    for where in "peer=10.2.0.11:2525" "peer=127.0.0.1:25 local=127.0.0.1:40000"; do
        # shellcheck disable=SC2086
        gives_up 9 $where >log
        finds_only own-deadline log
        run ! grep -q '587' findings.json
    done
}

@test "message-too-big: more than a UDP datagram takes; a smaller one, a receive, and a unix socket have other limits" {
    too_big() {
        rec 1 type=udp side= level=error error=EMSGSIZE errno=90 cause=message-too-big why="The message is large; SO_SNDBUF is 212992." "$@" >log
        finds_only message-too-big log
    }
    for call in send sendto sendmsg write; do
        too_big call="$call" len=65508
        jq -e '.findings[0] | (.meaning | contains("65507 bytes at most, and this one has 65508")) and (.advice | contains("TCP"))' findings.json
    done
    too_big call=sendto len=65528 local=[fd00::5]:4000 peer=[fd00::1]:514
    grep -q '65527 bytes at most' findings.json
    too_big call=sendto len=65508 local=[::ffff:10.0.0.5]:4000 peer=[::ffff:10.0.0.1]:514
    grep -q '65507 bytes at most' findings.json
    too_big call=sendto len=65507
    run ! grep -q 'bytes at most' findings.json
    too_big call=sendto len=65508 local=[fd00::5]:4000 peer=[fd00::1]:514
    run ! grep -q 'bytes at most' findings.json
    too_big call=recvfrom len=70000
    run ! grep -q 'bytes at most' findings.json
    too_big call=sendmmsg len=70000
    run ! grep -q 'bytes at most' findings.json
    too_big call=sendto len=300000 type=unix-dgram local= peer=/dev/log
    run ! grep -q 'bytes at most' findings.json
}

@test "address-in-use: a client that goes on with the next port wanted any; a server that connects elsewhere did not" {
    in_use() {
        failed_connect 1 call=bind error=EADDRINUSE errno=98 level=error peer= cause=address-in-use "$@"
    }
    went_on() {
        failed_connect 9 error=ETIMEDOUT errno=110 cause=connect-timed-out "$@"
    }
    { in_use local=0.0.0.0:662; went_on local=0.0.0.0:663; } >log
    finds_only no-answer log
    { in_use local=0.0.0.0:1023; in_use local=0.0.0.0:512; went_on local=0.0.0.0:513; } >log
    finds_only no-answer log
    { in_use local=0.0.0.0:50000; in_use local=0.0.0.0:50001; went_on local=10.0.0.5:50002; } >log
    finds_only no-answer log
    # Nothing failed after it.
    in_use local=0.0.0.0:662 at=libtirpc.so.3+0xa160 >log
    finds_nothing log
    # Its descriptor is used again, for something else; another process; a listener.
    { in_use local=0.0.0.0:8080; went_on local=10.0.0.5:40001; } >log
    finds address-in-use log
    { in_use local=0.0.0.0:662; went_on local=0.0.0.0:663 pid=101; } >log
    finds address-in-use log
    in_use local=0.0.0.0:631 >log
    finds_only address-in-use log
}

@test "RPC: the port that the portmapper has named is dropped, or nobody's any more; that of NFS or of another program says nothing of it" {
    asked() {
        failed_connect 9 at=libtirpc.so.3+0xef59 prog=showmount local=0.0.0.0:663 "$@" >log
    }
    asked error=ETIMEDOUT errno=110 cause=connect-timed-out peer=10.0.0.9:34469
    finds_only no-answer log
    jq -e '.findings[0] | (.meaning | contains("portmapper")) and (.advice | contains("rpcinfo -p 10.0.0.9"))' findings.json
    asked error=ECONNREFUSED errno=111 cause=connection-refused peer=10.0.0.9:34469
    finds_only refused log
    jq -e '.findings[0] | (.meaning | contains("listens there any more")) and (.advice | contains("restart that service"))' findings.json
    asked error=ETIMEDOUT errno=110 cause=connect-timed-out peer=10.0.0.9:2049
    run ! jq -e '.findings[0].meaning | contains("portmapper")' <("${SOCKSHIM_COMMAND:?}" report --json log)
    asked error=ETIMEDOUT errno=110 cause=connect-timed-out peer=10.0.0.9:34469 at=libcurl.so.4+0x174f8
    run ! jq -e '.findings[0].meaning | contains("portmapper")' <("${SOCKSHIM_COMMAND:?}" report --json log)
}

@test "address-in-use by UDP: no TIME_WAIT; who asks for all addresses meets a listener at one" {
    in_use() {
        failed_connect 1 call=bind error=EADDRINUSE errno=98 level=error peer= cause=address-in-use "$@" >log
        finds_only address-in-use log
    }
    in_use type=udp local=0.0.0.0:53
    run ! grep -q TIME_WAIT findings.json
    jq -e '.findings[0] | (.meaning | contains("one at a single address (127.0.0.53)")) and (.advice | contains("explain port-53"))' findings.json
    in_use type=udp "local=[::]:5060"
    run ! grep -Eq 'TIME_WAIT|127.0.0.53|port-53' findings.json
    jq -e '.findings[0] | (.meaning | contains("one at a single address can be")) and (.advice | contains("listen at one address"))' findings.json
    in_use type=udp local=10.0.0.5:5060
    run ! grep -Eq 'TIME_WAIT|single address|one address' findings.json
    in_use type=tcp local=0.0.0.0:8080
    grep -q TIME_WAIT findings.json
}

@test "no such socket: where to look for what the program sees" {
    failed_connect 1 type=unix-stream local= peer=/var/tmp/app.sock error=ENOENT errno=2 cause=no-such-socket >log
    finds_only refused log
    grep -q '/proc/100/root' findings.json
    grep -q 'a chroot' findings.json
    grep -q 'PrivateTmp' findings.json
    failed_connect 1 type=unix-stream local= peer=/run/app.sock error=ENOENT errno=2 cause=no-such-socket >log
    finds_only refused log
    run ! grep -q 'PrivateTmp' findings.json
    run ! grep -q pg_lsclusters findings.json
    failed_connect 1 type=unix-stream local= peer=/run/postgresql/.s.PGSQL.5432 error=ENOENT errno=2 cause=no-such-socket >log
    finds_only refused log
    jq -e '.findings[0] | (.meaning | contains("another port (the number at the end)")) and (.advice | contains("pg_lsclusters"))' findings.json
    # The kernel has one there.
    failed_connect 1 type=unix-stream local= peer=/tmp/app.sock bound=unseen error=ENOENT errno=2 cause=no-such-socket >log
    finds_only refused log
    jq -e '.findings[0].meaning | contains("one of the two has its own file system (PrivateTmp=, a chroot or container)")' findings.json
}

@test "family-refused: unix and netlink, which every kernel has; not IP, nor another errno" {
    refused() {
        failed_connect 1 level=info call=socket type="$1" local= peer= error="$2" errno=97 cause=not-supported >log
    }
    refused netlink EAFNOSUPPORT
    finds_only family-refused log
    jq -e '.findings[0].advice | contains("RestrictAddressFamilies=AF_NETLINK")' findings.json
    refused unix-dgram EAFNOSUPPORT
    finds_only family-refused log
    jq -e '.findings[0].advice | contains("RestrictAddressFamilies=AF_UNIX")' findings.json
    for type in tcp udp 17/3; do
        refused "$type" EAFNOSUPPORT
        finds_nothing log
    done
    refused netlink EPROTONOSUPPORT
    finds_nothing log
}

@test "no such socket: those that go with a login, an SSH agent's and what is below /run/user; others have a server" {
    gone() {
        failed_connect 1 type=unix-stream local= peer="$1" error=ENOENT errno=2 cause=no-such-socket >log
        finds_only refused log
    }
    gone /tmp/ssh-XXq3TbVn8k/agent.4127
    jq -e '.findings[0] | (.meaning | contains("SSH_AUTH_SOCK")) and (.advice | contains("new login"))' findings.json
    gone /run/user/1000/bus
    jq -e '.findings[0].advice | contains("enable-linger")' findings.json
    # The agent was killed, and left its socket; a service's socket that is named alike.
    failed_connect 1 type=unix-stream local= peer=/tmp/ssh-abc/agent.1 error=ECONNREFUSED errno=111 cause=connection-refused >log
    finds_only refused log
    grep -q SSH_AUTH_SOCK findings.json
    for path in /run/agent.4127 /run/user/1000/app.sock /tmp/tmux-0/default; do
        gone "$path"
        run ! grep -Eq 'SSH_AUTH_SOCK|enable-linger' findings.json
    done
}

@test "address-in-use: an outgoing connection may have a port of the kernel's range, and no other" {
    failed_connect 1 call=bind error=EADDRINUSE errno=98 level=error local=10.0.0.5:48004 peer= cause=address-in-use >log
    finds_only address-in-use log
    grep -q 'ip_local_reserved_ports' findings.json
    failed_connect 1 call=bind error=EADDRINUSE errno=98 level=error local=10.0.0.5:8080 peer= cause=address-in-use >log
    finds_only address-in-use log
    run ! grep -q 'ip_local_reserved_ports' findings.json
}

@test "address-in-use: a path is there until it is unlinked, a name of the abstract kind goes with its socket, a port may be in TIME_WAIT" {
    in_use() {
        failed_connect 1 call=bind error=EADDRINUSE errno=98 level=error peer= cause=address-in-use "$@" >log
        finds_only address-in-use log
    }
    { for n in 1 2 3; do failed_connect "$n" call=bind error=EADDRINUSE errno=98 level=error peer= cause=address-in-use prog=node type=unix-stream local=/run/app/api.sock; done; } >log
    finds_only address-in-use log
    jq -e '.findings[0] | (.title | contains("that path is there already")) and (.meaning | contains("a path remains")) and (.advice | contains("`rm` it"))' findings.json
    run ! grep -Eq 'TIME_WAIT|REUSEADDR|sport' findings.json
    in_use type=unix-dgram local=@app
    run ! grep -Eq 'TIME_WAIT|REUSEADDR|sport|remains|`rm' findings.json
    in_use local=10.0.0.5:80
    grep -q TIME_WAIT findings.json
    run ! grep -Eq 'remains|`rm' findings.json
}

@test "address-family: one is slow and the other works; the losing address of two gives nothing" {
    { under_way 0 peer=[fd00::1]:80 local=[fd00::5]:40000; under_way 0.25 peer=10.2.0.2:80; failed_connect 0.9 call=getsockopt error=ETIMEDOUT cause=connect-timed-out peer=[fd00::1]:80 local=[fd00::5]:40000
        rec 1 cause=peer-closed level=info ret=0 error= peer=10.2.0.2:80; } >log
    finds_only address-family log
    figure family -eq 6
    figure ms -eq 900
    { failed_connect 0 peer=[fd00::1]:80 local= error=ENETUNREACH cause=unreachable; under_way 0.001 peer=10.2.0.2:80; } >log
    finds_nothing log
    { failed_connect 0 peer=[::1]:80 local=[::1]:40000 error=ECONNREFUSED cause=connection-refused; rec 1 cause=peer-closed level=info ret=0 error= peer=127.0.0.1:80 local=127.0.0.1:40000; } >log
    finds_nothing log
}

# reverse SECONDS PAIR...: the name of an address was asked for.
reverse() {
    failed_connect "$1" call=getnameinfo ret=-3 errno=0 error=EAI_AGAIN type= local= level=warn name=10.0.0.5 peer=10.0.0.5:44312 prog=named pid=7 fd= waited_ms=6010 cause=name-not-resolved "${@:2}"
}

@test "reverse look-ups: how long a server waits for its clients' names, and which of them gave up; an address without a name is nothing" {
    { reverse 6; reverse 13 name=10.0.0.6 peer=10.0.0.6:40000 waited_ms=6004; } >server.log
    finds_only name-not-resolved server.log
    figure records -eq 2
    jq -e '.findings[0] | (.title | contains("named waits 6 s to look up the names of addresses")) and (.advice | contains("UseDNS no")) and (.figures | has("clients") | not)' findings.json
    mute 5 prog=mariadb peer=10.0.0.9:3306 idle_ms=5003 >client.log
    finds_only name-not-resolved client.log server.log
    figure clients -eq 1
    mute 5 prog=mariadb peer=10.0.0.9:3306 idle_ms=5003 local=10.0.0.5:44313 >client.log
    [[ $(findings client.log server.log) == *never-spoke* ]]
    reverse 6 ret=0 error= peer= cause=name-resolved-late >log
    finds_only name-resolved-late log
    figure ms -eq 6010
    times 20 reverse level=info ret=-2 error=EAI_NONAME waited_ms=3 >log
    finds_nothing log
    # Nobody has waited for what was refused at once.
    times 20 reverse waited_ms=0 >log
    finds_nothing log
}

# late SECONDS PAIR...: a server's first words find its client gone.
late() {
    rec "$1" ret=0 errno=0 error= level=info prog=served pid=7 side=accepted local=10.0.0.9:3306 peer=10.0.0.5:44312 rx=0 tx=0 unacked=104 idle_ms=6021 sent_ms=0 cause=peer-closed "${@:2}"
}

@test "late-greeting: a server begins to speak after its client's patience; once, at any time or in answer it is none" {
    { late 6; late 6.001; late 13 peer=10.0.0.5:44313 idle_ms=6032; } >log
    finds_only late-greeting log
    figure connections -eq 2
    figure ms -eq 6021
    # Who waited for a name is known.
    { late 6; reverse 6 prog=served; late 13 peer=10.0.0.5:44313; reverse 13 prog=served peer=10.0.0.5:44313; } >log
    finds_only name-not-resolved log
    figure clients -eq 2
    { late 6; late 6.001; } >log
    finds_nothing log
    { late 6; late 13 peer=10.0.0.5:44313 idle_ms=31873; } >log
    finds_nothing log
    for other in rx=9 tx=9 retrans=3 sent_ms=6020 unacked=0; do
        { late 6 "$other"; late 13 peer=10.0.0.5:44313 "$other"; } >log
        [[ $(findings log) != *late-greeting* ]]
    done
}

@test "address-family: where both fail, the one that has no route is beside the point" {
    {
        failed_connect 0 peer=[fd00::1]:80 local= error=ENETUNREACH cause=unreachable
        under_way 0.001 peer=10.2.0.2:80
        failed_connect 0.251 call=close ret=0 error= level=info cause=gave-up-connecting peer=10.2.0.2:80
    } >log
    finds_only own-deadline log
    [[ $(jq -r '.findings[0].evidence' findings.json) == *"beside the point"* ]]
}

@test "started-later: refused and then well; what is never well is refused" {
    { failed_connect 0 error=ECONNREFUSED cause=connection-refused; failed_connect 1 error=ECONNREFUSED cause=connection-refused; } >log
    finds_only refused log
    rec 9 cause=peer-closed level=info ret=0 error= >>log
    finds_only started-later log
    figure refused -eq 2
    figure ms -eq 9000
    [ "$(jq -r '.findings[0].level' findings.json)" = info ]
    # It had been well before: it was restarted, or fell over.
    { rec 0 cause=peer-closed level=info ret=0 error=; failed_connect 1 error=ECONNREFUSED cause=connection-refused; rec 9 cause=peer-closed level=info ret=0 error=; } >log
    finds refused log
}

@test "retry-storm: hundreds of tries; with pauses it is none" {
    for ((n = 0; n < 100; n++)); do failed_connect "0.$((100 + n))" error=ECONNREFUSED cause=connection-refused; done >log
    finds_only retry-storm log
    figure records -eq 100
    figure per_second -ge 900
    for ((n = 0; n < 60; n++)); do failed_connect "$n" error=ECONNREFUSED cause=connection-refused; done >log
    finds_only refused log
    figure records -eq 60
}

@test "retry-storm: none of a process that serves clients, each of which may be one of them, and none of a full queue" {
    for ((n = 0; n < 100; n++)); do failed_connect "0.$((100 + n))" error=ECONNREFUSED cause=connection-refused; done >log
    rec 1 pid=101 side=accepted cause=peer-closed level=info ret=0 errno= error= local=10.0.0.5:80 peer=10.0.0.1:5000 state=CLOSE_WAIT >>log
    finds_only retry-storm log
    rec 1 side=accepted cause=peer-closed level=info ret=0 errno= error= local=10.0.0.5:80 peer=10.0.0.1:5001 state=CLOSE_WAIT >>log
    finds_only refused log
    figure records -eq 100
    for ((n = 0; n < 100; n++)); do failed_connect "0.$((100 + n))" type=unix-stream local= peer=/run/app.sock errno=11 error=EAGAIN cause=backlog-full; done >log
    finds_only backlog-full log
    figure records -eq 100
    jq -e '.findings[0].advice | startswith("`sockshim doctor PID` of a worker")' findings.json
}

@test "bad-peer: one of three; where all of them fail it is none" {
    for n in 1 2 3 4; do
        rec "$n" peer=10.0.0.11:80 local=10.0.0.5:4001$n cause=peer-closed level=info ret=0 error=
        rec "$n" peer=10.0.0.12:80 local=10.0.0.5:4002$n cause=peer-closed level=info ret=0 error=
        rec "$n" peer=10.0.0.13:80 local=10.0.0.5:4003$n idle_ms=3 sent_ms=2 rx=0
    done >log
    finds_only bad-peer log
    figure failures -eq 4
    figure others -eq 2
    [ "$(jq -r '.findings[0].peer' findings.json)" = 10.0.0.13:80 ]
    sed -i 's/ret=0 errno=104 /ret=-1 errno=104 error=ECONNRESET /; s/level=info/level=warn/; s/cause=peer-closed/cause=peer-reset/' log
    [[ $(findings log) != *bad-peer* ]]
}

@test "several programs at one bad peer are one finding, which names them; another peer, or a limit of each one's own, stays" {
    for n in 1 2 3 4; do
        for prog in app worker cron; do
            [ "$prog$n" = app4 ] || rec "$n" prog=$prog peer=10.0.0.13:80 local=10.0.0.5:4003$n idle_ms=3 sent_ms=2 rx=0
            rec "$n" prog=$prog peer=10.0.0.11:80 local=10.0.0.5:4001$n cause=peer-closed level=info ret=0 error=
            rec "$n" prog=$prog peer=10.0.0.12:80 local=10.0.0.5:4002$n cause=peer-closed level=info ret=0 error=
        done
    done >log
    finds_only bad-peer log
    jq -e '.findings[0] | .prog == "worker" and .other_progs == ["app", "cron"] and .records == 11 and (.evidence | contains("The same with app and cron."))' findings.json
    { for n in 1 2 3; do failed_connect $n error=ECONNREFUSED cause=connection-refused; failed_connect $n.5 prog=worker error=ECONNREFUSED cause=connection-refused; done; } >log
    finds_only refused log
    jq -e '.findings[0] | .other_progs == ["worker"] and .records == 6' findings.json
    # At another peer it is another matter.
    sed '/prog=worker/s/ peer=10.0.0.9:80/ peer=10.0.0.8:80/' log >apart
    [[ $(findings apart | xargs) == "refused refused" ]]
    run ! grep -q 'The same with' findings.json
    { for n in 1 2; do for prog in app worker; do rec $n prog=$prog call=close ret=0 error= level=info cause=gave-up-waiting idle_ms=5008 sent_ms=${prog/app/}5000; done; done; } | sed 's/sent_ms=worker5000/sent_ms=9000/' >log
    [[ $(findings log | xargs) == "own-deadline own-deadline" ]]
}

@test "name-resolved-late: how long it took, and whether that is the resolver's timeout" {
    failed_connect 1 call=getaddrinfo ret=0 errno=0 error= type= local= peer= level=warn name=api.example waited_ms=5012 cause=name-resolved-late why='-' >log
    finds_only name-resolved-late log
    figure ms -eq 5012
    [[ $(jq -r '.findings[0].meaning' findings.json) == "The resolver's time limit: a question was not answered."* ]]
    grep -q 'single-request-reopen getent ahosts api.example' findings.json
    sed -i 's/waited_ms=5012/waited_ms=1903/' log
    finds_only name-resolved-late log
    [[ $(jq -r '.findings[0].meaning' findings.json) == *"are slow"* ]]
    # Another limit than the default, met again; and times that have nothing in common.
    late() {
        failed_connect "$1" call=getaddrinfo ret=0 errno=0 error= type= local= peer= level=warn name=api.example waited_ms="$2" cause=name-resolved-late why='-'
    }
    { late 1 6003; late 9 6011; } >log
    finds_only name-resolved-late log
    [[ $(jq -r '.findings[0].meaning' findings.json) == "The resolver's time limit"* ]]
    { late 1 6003; late 9 3711; } >log
    finds_only name-resolved-late log
    [[ $(jq -r '.findings[0].meaning' findings.json) == *"are slow"* ]]
}

@test "name-not-resolved: look-ups of node that wait side by side hold those of all other names up; one at a time, of another program, or soon over they do not" {
    looked_up() {
        failed_connect "$1" call=getaddrinfo error=EAI_AGAIN errno=0 ret=-3 type= local= peer= name=metrics.example cause=name-not-resolved prog=node waited_ms=6006 at=node+0x18b30b1 "${@:2}"
    }
    { looked_up 6.0; looked_up 6.3 tid=101; } >log
    finds_only name-not-resolved log
    jq -e '.findings[0] | (.meaning | contains("wait behind")) and (.advice | contains("UV_THREADPOOL_SIZE"))' findings.json
    { looked_up 6.0 at=libuv.so.1+0x18b; looked_up 6.3 tid=101 at=libuv.so.1+0x18b; } >log
    findings log
    jq -e '.findings[0].meaning | contains("wait behind")' findings.json
    { looked_up 6.0; looked_up 13 tid=101; } >one.log
    { looked_up 6.0 at=app+0x18b; looked_up 6.3 at=app+0x18b; } >other.log
    { looked_up 6.0 waited_ms=900; looked_up 6.3 waited_ms=900; } >soon.log
    { looked_up 6.0; looked_up 6.3 pid=101; } >two.log
    for log in one.log other.log soon.log two.log; do
        finds_only name-not-resolved "$log"
        jq -e '.findings[0].meaning | contains("wait behind") | not' findings.json || fails_with "$log"
    done
}

@test "name-not-resolved: the name, and how long it took" {
    failed_connect 1 call=getaddrinfo error=EAI_AGAIN type= local= peer= level=warn name=api.example waited_ms=10010 cause=name-not-resolved why='So it was, after 7 ms, of other.example.' >log
    finds_only name-not-resolved log
    figure ms -eq 10010
    sed 's/waited_ms=10010/waited_ms=3/' log >soon.log
    finds_only name-not-resolved soon.log
    [[ $(jq -r '.findings[0].meaning' findings.json) == "That soon"* ]]
    finds_only name-not-resolved log
    [[ $(jq -r '.findings[0].title' findings.json) == *api.example* ]]
    # A program that asks by both has one finding.
    { cat log; sed 's/error=EAI_AGAIN/error=TRY_AGAIN/; s/call=getaddrinfo/call=gethostbyname/' log; } >both.log
    finds_only name-not-resolved both.log
    figure records -eq 2
    # gethostbyname's words; and that this host could not look says nothing of the name.
    local error says
    for error in TRY_AGAIN:"No name server gave" NO_RECOVERY:"A name server answered with an error" EAI_FAIL:"A name server answered with an error" \
        NETDB_INTERNAL:"The look-up itself failed on this host" EAI_SYSTEM:"The look-up itself failed" EAI_NONAME:"No source of names" HOST_NOT_FOUND:"No source of names" NO_DATA:"The name exists" EAI_NODATA:"The name exists"; do
        says=${error#*:}
        sed "s/error=EAI_AGAIN/error=${error%%:*}/" log >other.log
        finds_only name-not-resolved other.log
        [[ $(jq -r '.findings[0].title + .findings[0].meaning' findings.json) == *"(${error%%:*})$says"* ]] || fails_with "$error: $(cat findings.json)"
    done
}

@test "name-not-resolved: descriptors that have run out are named; another errno is not taken for them" {
    failed_connect 1 call=getaddrinfo error=EAI_SYSTEM type= local= peer= level=warn name=api.example waited_ms=0 cause=name-not-resolved \
        why='The name api.example was not resolved, after 0 ms: a system call that it needs failed: Too many open files.' >log
    finds_only name-not-resolved log
    jq -e '.findings[0] | (.title | contains("(EAI_SYSTEM: EMFILE)")) and (.meaning | contains("has used up its descriptors")) and (.advice | contains("nsswitch") | not)' findings.json || fails_with "$(cat findings.json)"
    sed 's/Too many open files/Too many open files in system/' log >other.log
    finds_only name-not-resolved other.log
    jq -e '.findings[0] | (.title | contains("(EAI_SYSTEM)")) and (.meaning | contains("The look-up itself failed"))' findings.json || fails_with "$(cat findings.json)"
}

@test "disturbance: its beginning and its end; failures all along are none" {
    for ((n = 0; n < 60; n++)); do
        rec "$n" cause=peer-closed level=info ret=0 error= local=10.0.0.5:$((40000 + n))
        ((n < 30 || n > 36)) || rec "$n.5" peer=10.0.0.$n:443 local=10.0.0.5:$((41000 + n)) rx=5000 idle_ms=2 sent_ms=40
        ((n < 30 || n > 36)) || rec "$n.6" peer=10.0.0.9:5432 local=10.0.0.5:$((42000 + n)) rx=5000 idle_ms=2 sent_ms=40
    done >log
    finds disturbance log
    figure ms -eq 6100
    for ((n = 0; n < 60; n++)); do
        rec "$n" cause=peer-closed level=info ret=0 error= local=10.0.0.5:$((40000 + n))
        ((n % 4)) || rec "$n.5" peer=10.0.0.$n:443 local=10.0.0.5:$((41000 + n)) rx=5000 idle_ms=2 sent_ms=40
    done >log
    [[ $(findings log) != *disturbance* ]]
}

# ---- The server's side ----

@test "client-timeout: clients that leave after the same time; people do not" {
    for n in 1 2 3; do rec "$n" prog=gunicorn side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000$n idle_ms=500$n sent_ms=60000 cause=peer-closed level=info ret=0 error=; done >log
    finds_only client-timeout log
    figure limit_ms -eq 5001
    for n in 1 2 3; do rec "$n" prog=gunicorn side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000$n idle_ms=${n}500 sent_ms=60000 cause=peer-closed level=info ret=0 error=; done >log
    finds_nothing log
}

@test "early-close: it answers before the request is read, or closes; what is little, or once, is none" {
    closed() { rec "$1" prog=uwsgi call=close ret=0 errno= error= level=info state=ESTABLISHED side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000"$1" cause=reset-by-own-close idle_ms=0 sent_ms=0 "${@:2}"; }
    for n in 1 2 3; do closed "$n" rx=9000 tx=88 unread=4900; done >log
    finds_only early-close log
    figure connections -eq 3
    figure unread -eq 4900
    grep -q 'answers before it has read all' findings.json
    for n in 1 2; do closed "$n" rx=9000 tx=0 sent_ms= unread=4900; done >log
    finds_only early-close log
    grep -q 'nothing answered' findings.json
    for n in 1 2 3; do closed "$n" rx=600 tx=8000 unread=31; done >log # TLS's goodbye
    finds_nothing log
    closed 1 rx=9000 tx=88 unread=4900 >log
    finds_nothing log
    for n in 1 2 3; do closed "$n" side=connected local=10.0.0.5:4000"$n" peer=10.0.0.9:80 rx=9000 tx=88 unread=4900; done >log
    finds_nothing log
}

@test "unreachable, refused, no answer: a name that the process had looked up, and where it was well before" {
    well() { rec "$1" prog=nginx level=info ret=0 errno=0 error= cause=peer-closed state=CLOSE_WAIT peer=10.0.0.9:8000 peer_name=reports idle_ms=0 sent_ms=2 "${@:2}"; }
    gone() { failed_connect "$1" prog=nginx call=getsockopt ret=0 errno=113 error=EHOSTUNREACH cause=unreachable peer=10.0.0.9:8000 peer_name=reports "${@:2}"; }
    { well 1; gone 5; gone 9; } >log
    finds_only unreachable log
    [[ $(jq -r '.findings[0] | .meaning, .advice' findings.json) == *"It answered until 12:00:01: it was stopped, or reports has moved, and nginx keeps the old address."*"getent ahosts reports"*"Restart nginx (Java: networkaddress.cache.ttl)"*"ip route get"* ]]
    { well 1; gone 5 error=ECONNREFUSED errno=111 cause=connection-refused; } >log
    finds_only refused log
    [[ $(jq -r '.findings[0].advice' findings.json) == *"getent ahosts reports"*"ss -ltnp"* ]]
    # No name, never well, or another process.
    { well 1 peer_name=; gone 5 peer_name=; } >log
    finds_only unreachable log
    { gone 5; well 9; } >>log
    { gone 1; gone 5; } >none
    { well 1 pid=7; gone 5; } >other
    for log in log none other; do
        findings "$log" >kinds
        [[ $(jq -r '.findings[0].advice' findings.json) != *getent* ]] || fails_with "$log: $(cat findings.json)"
    done
}

@test "no finding, and what may matter all the same: checks of a port; large answers that a client ends" {
    note() { "$SOCKSHIM_COMMAND" report "$1" | tr -s '\n ' '  '; }
    for n in 0 2 4 6; do rec "$n.5" prog=haproxy level=info ret=0 errno=0 error= cause=peer-closed state=CLOSE_WAIT side=accepted local=10.0.0.5:443 peer=10.0.0.9:4000$n rx=0 tx=0 idle_ms=4 sent_ms=; done >log
    finds_nothing log
    [[ $(note log) == *"10.0.0.9 connected to haproxy 4 times, every 2 s on average, and closed without a word, as checks of a port do"* ]] || fails_with "$(note log)"
    sed -i 's/rx=0/rx=1/' log
    [[ $(note log) != *"checks of a port"* ]]
    for n in 1 2; do rec "$n" prog=node level=info call=shutdown errno=107 error=ENOTCONN cause=not-connected side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000$n rx=107 tx=$((8000 + n)) idle_ms=24 sent_ms=4; done >log
    finds_nothing log
    [[ $(note log) == *"10.0.0.9 ended 2 connections while node answered, or right after, first at 12:00:01, each with 8,001 bytes or more."*"proxy_buffer_size"* ]] || fails_with "$(note log)"
    sed 's/tx=8/tx=900/' log >download # no header is so large
    [[ $(note download) == *"each with 900,001 bytes or more."*"something in between did it (a NAT, a firewall)"* && $(note download) != *"proxy_buffer_size"* ]] || fails_with "$(note download)"
    sed -i 's/tx=8001/tx=300/' log
    [[ $(note log) != *"proxy_buffer_size"* ]]
}

@test "late-answer: a server answers after the same whole seconds, and asked nobody; not at other times, between heartbeats, or beside a record of whom it asked" {
    late() { rec "$1" prog=nginx level=info ret=0 errno=0 error= cause=peer-closed state=CLOSE_WAIT side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000${1%.*} rx=79 tx=314 idle_ms=30008 sent_ms=3 "${@:2}"; }
    { late 40; late 80 idle_ms=30040 sent_ms=2; } >log
    finds_only late-answer log
    figure ms -eq 30005
    figure connections -eq 2
    grep -q 'resolver_timeout' findings.json
    late 40 >once
    { late 40; late 80 idle_ms=31040; } >differs
    { late 40 idle_ms=3408; late 80 idle_ms=3405; } >halves
    { late 40 idle_ms=1008; late 80 idle_ms=1005; } >soon
    { late 40 idle_ms=41008 sent_ms=11000; late 80 idle_ms=51008 sent_ms=21000; } >heartbeats
    { late 40; failed_connect 79 prog=nginx level=info call=close ret=0 error= cause=gave-up-connecting waited_ms=29000 fd=9; late 80; } >asked
    for log in once differs halves soon heartbeats asked; do
        findings "$log" >kinds
        run ! grep -q late-answer kinds
    done
}

@test "large-answer: what is broken off is larger than all that ends in order; not if small ones are as well, or large ones are taken" {
    broken() { local n; for n in 1 2; do rec "$n" prog=node level=info call=shutdown errno=107 error=ENOTCONN cause=not-connected side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000$n rx=107 tx=$((8000 + n)) idle_ms=24 sent_ms=4 "$@"; done; }
    in_order() { rec 9 prog=node level=info ret=0 errno=0 error= cause=peer-closed state=CLOSE_WAIT side=accepted local=10.0.0.5:80 peer=10.0.0.9:40009 rx=107 tx="$1" idle_ms=4 sent_ms=4; }
    { broken; in_order 300; } >log
    finds_only large-answer log
    figure connections -eq 2
    figure least -eq 8001
    figure taken -eq 300
    [ "$(jq -r '.findings[0].level' findings.json)" = info ]
    grep -q proxy_buffer_size findings.json
    { broken; in_order 9000; } >taken
    { broken; in_order 300; rec 10 prog=node side=accepted local=10.0.0.5:80 peer=10.0.0.9:40008 rx=107 tx=200 idle_ms=2 sent_ms=1; } >small
    { broken tx=90000; in_order 300; } >download
    { broken rx=90000; in_order 300; } >many
    { broken sent_ms=4000; in_order 300; } >later
    { rec 1 prog=node level=info call=shutdown errno=107 error=ENOTCONN cause=not-connected side=accepted local=10.0.0.5:80 peer=10.0.0.9:40001 rx=107 tx=8001 idle_ms=24 sent_ms=4; in_order 300; } >once
    for log in taken small download many later once; do
        findings "$log" >kinds
        run ! grep -q large-answer kinds
    done
}

@test "failures without a finding: the last line says with which command to go on; of a foreign log no word is to be typed" {
    { started 0 app; rec 1 level=error call=ioctl error=EIO errno=5 cause=other; } >log
    finds_nothing log
    [[ $("$SOCKSHIM_COMMAND" report log | tail -n 2 | tr '\n' ' ') == "To go on: sockshim explain other"*"sockshim doctor -- COMMAND"* ]] || fails_with "$("$SOCKSHIM_COMMAND" report log)"
    "$SOCKSHIM_COMMAND" report --html page log
    grep -q "To go on: sockshim explain other" page
    sed 's/cause=other/cause=x;reboot/' log >foreign
    run -0 "$SOCKSHIM_COMMAND" report foreign
    [[ $output != *"explain x"* ]]
    rec 1 level=info cause=peer-closed ret=0 errno= error= >well
    finds_nothing well
    run -0 "$SOCKSHIM_COMMAND" report well
    [[ $output != *"To go on"* ]]
}

@test "own-deadline: all at once, so the server stands still as a whole; one after the other, or not acknowledged, it is none" {
    given_up() { local n; for n in 1 2 3 4; do rec "$(("$1" * n + 1))" level=info cause=gave-up-waiting call=close ret=0 error= idle_ms=1400 sent_ms=1002 unread=0 rx=15 tx=106 side=connected local=10.0.0.5:4000$n peer=10.0.0.9:6379 "${@:2}"; done; }
    given_up 0 >log
    finds_only own-deadline log
    grep -q 'Up to 4 within 0.5 s' findings.json
    given_up 4 >log
    finds_only own-deadline log
    run ! grep -q 'Up to' findings.json
    given_up 0 unacked=106 tx=0 >log
    finds_only own-deadline log
    run ! grep -q 'Up to' findings.json
    # One connection that is told of twice, and others.
    { given_up 0 local=10.0.0.5:40001; } >log
    findings log >kinds
    run ! grep -q 'Up to' findings.json
}

@test "tls-left: each time after hardly more than a handshake; not after requests, nor at a port of HTTP, nor once" {
    left() { local n; for n in $1; do rec "$n" level=info cause=peer-closed ret=0 error= prog=slapd side=accepted "local=10.0.0.5:$2" "peer=10.0.0.9:4000$n" rx=479 tx=2177 idle_ms=4 sent_ms=16 "${@:3}"; done; }
    left "1 2 3" 636 >log
    finds_only tls-left log
    figure connections -eq 3
    figure received -eq 479
    [ "$(jq -r '.findings[0].level' findings.json)" = info ]
    left "1 2 3" 443 >log
    finds_nothing log
    left 1 636 >log
    finds_nothing log
    left "1 2 3" 389 >log
    finds_nothing log
    { left "1 2 3" 636; left 4 636 rx=900 tx=4000; } >log
    finds_nothing log
}

@test "tls-refused: a hello and an alert of 7 bytes after the certificate; more, less, and ports of plain HTTP are none" {
    local server="prog=nginx side=accepted local=10.0.0.5:443 peer=10.0.0.9:40000 rx=524 tx=1365 idle_ms=4 sent_ms=16"
    # shellcheck disable=SC2086
    rec 0 $server >log
    finds_only tls-refused log
    figure connections -eq 1
    # shellcheck disable=SC2086
    rec 0 $server level=info cause=peer-closed ret=0 error= >log
    finds_only tls-refused log
    for word in rx=525 tx=80 local=10.0.0.5:80 idle_ms=4000; do
        # shellcheck disable=SC2086
        rec 0 $server "$word" >log
        findings log >kinds
        run ! grep -q tls-refused kinds
    done
    local client="call=close ret=0 errno= error= level=info cause=reset-by-own-close peer=10.0.0.9:443 rx=1365 tx=517 unacked=7 unread=360 sent_ms=0"
    # shellcheck disable=SC2086
    rec 0 $client >log
    finds_only tls-refused log
    jq -e '.findings[0] | (.title | contains("app ends TLS handshakes with 10.0.0.9:443 by an alert, it seems")) and (.meaning | contains("or what else the server has chosen"))' findings.json
    # Once all is encrypted, a farewell has 24 bytes or more.
    # shellcheck disable=SC2086
    rec 0 $client tx=900 unacked=24 >log
    finds_nothing log
}

@test "health-check: greeted, and gone without a word, at regular intervals; not at any time, nor after a word" {
    visits() { local n; for n in 0 1 2 3 4 5; do rec "${@:$((n + 3)):1}" prog=mariadbd side=accepted local=10.0.0.5:3306 "peer=10.0.0.9:4000$n" rx="$1" tx="$2" idle_ms=4 sent_ms=0; done; }
    visits 0 104 1 7 13 19 26 31 >log
    finds_only health-check log
    figure visits -eq 6
    figure interval_ms -eq 5000
    [ "$(jq -r '.findings[0].level' findings.json)" = info ]
    visits 0 104 1 3 17 29 96 97 >log
    findings log >kinds
    run ! grep -q health-check kinds
    visits 36 104 1 7 13 19 26 31 >log
    findings log >kinds
    run ! grep -q health-check kinds
    # The server waits for the client to begin.
    visits 0 0 1 7 13 19 26 31 >log
    findings log >kinds
    run ! grep -q health-check kinds
}

@test "a server's advice never sends it to the peer's server" {
    for n in 1 2 3; do rec "$n" prog=gunicorn side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000$n idle_ms=61000 sent_ms=60900; done >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0] | .title, .meaning, .advice' findings.json) != *"peer's server"* ]]
}

@test "health checks that reset, and clients that are done, give no finding" {
    for n in 1 2 3 4 5 6; do rec "$n" prog=nginx side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000$n rx=0 tx=0 idle_ms=0 sent_ms=; done >log
    finds_nothing log
    for n in 1 2 3 4 5 6; do rec "$n" prog=nginx side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000$n rx=80 tx=4000 idle_ms=2 sent_ms=1; done >log
    finds_nothing log
}

# ---- Two logs ----

@test "two logs: the client's reset is the server's close with so much unread" {
    { started 0 curl; rec 1.997 prog=curl rx=20044 idle_ms=0 sent_ms=4; } >client.log
    { started 0 httpd; rec 1.996 prog=httpd pid=7 call=close ret=0 errno= error= level=info side=accepted local=10.0.0.9:80 peer=10.0.0.5:44312 cause=reset-by-own-close unread=517; } >server.log
    finds_only both-sides client.log server.log
    figure unread -eq 517
    figure ms_apart -eq 1
    finds both-sides server.log client.log
    cat client.log server.log >one.log
    finds_only both-sides one.log
    # Another connection's.
    sed -i 's/44312/44313/' server.log
    [[ $(findings client.log server.log) != both-sides ]]
}

@test "two logs: one of the resets has no record, for its data came just as the server closed; not more of them than have one" {
    { for n in 1 2 3; do rec "$n.997" rx=0 tx=517 local=10.0.0.5:4431$n idle_ms=3 sent_ms=1; done; } >client.log
    closes() {
        rec "$1.996" prog=httpd pid=7 call=close ret=0 errno= error= level=info side=accepted local=10.0.0.9:80 peer=10.0.0.5:4431$1 cause=reset-by-own-close rx=517 tx=0 unread=517
    }
    { started 0 httpd; closes 1; closes 2; } >server.log
    finds_only both-sides client.log server.log
    figure pairs -eq 2
    jq -e '.findings[0] | (.meaning | contains("turns away")) and (.advice | contains("10.0.0.5 in its list"))' findings.json
    { started 0 httpd; closes 1; } >server.log
    findings client.log server.log >kinds
    [ "$(sort kinds)" = $'both-sides\nno-record-there' ]
}

@test "two logs: a server's limit for idle connections and the next request cross; what lay unread while it worked, or as it answered, is none" {
    rec 4.0 prog=proxy idle_ms=3368 sent_ms=156 rx=125 tx=566 >client.log
    closes() {
        rec 3.996 prog=app pid=7 call=close ret=0 errno= error= level=info side=accepted local=10.0.0.9:80 peer=10.0.0.5:44312 cause=reset-by-own-close rx=566 tx=125 unread=283 "$@" >server.log
    }
    closes sent_ms=3364 idle_ms=152
    finds_only both-sides client.log server.log
    figure at_most_ms -eq 3364
    jq -e '.findings[0] | (.title | startswith("app at 10.0.0.9:80 ends idle connections")) and (.advice | contains("let proxy drop")) and
        (.meaning | contains("152 ms before, and was not read any more"))' findings.json
    closes sent_ms=3364 idle_ms=4
    finds_only both-sides client.log server.log
    jq -e '.findings[0].meaning | contains("had just come: they crossed")' findings.json
    for other in "sent_ms=3364 idle_ms=3100" "sent_ms=100 idle_ms=90" "sent_ms=3364 idle_ms=152 unread=566" "sent_ms=3364 idle_ms=152 unread=90000 rx=100000"; do
        # shellcheck disable=SC2086
        closes $other
        finds_only both-sides client.log server.log
        jq -e '.findings[0].title | contains("idle connections") | not' findings.json || fails_with "$other"
    done
    # It worked at the request for all that time.
    closes sent_ms=3364 idle_ms=152
    rec 4.0 prog=proxy idle_ms=3368 sent_ms=3300 rx=125 tx=566 >client.log
    finds_only both-sides client.log server.log
    jq -e '.findings[0].title | contains("idle connections") | not' findings.json
}

@test "two logs: a server's failed write is the client's own timeout" {
    rec 6 prog=curl call=close ret=0 errno= error= level=info cause=gave-up-waiting sent_ms=5001 idle_ms=5002 >client.log
    rec 9 prog=httpd pid=7 call=send side=accepted local=10.0.0.9:80 peer=10.0.0.5:44312 idle_ms=8000 sent_ms=1 cause=write-after-close >server.log
    finds both-sides client.log server.log
    [[ $(jq -r '.findings[0].title' findings.json) == curl* ]]
}

@test "two logs: both were reset, so it was something in between" {
    rec 1.997 prog=curl idle_ms=0 sent_ms=4 >client.log
    rec 1.996 prog=httpd pid=7 side=accepted local=10.0.0.9:80 peer=10.0.0.5:44312 >server.log
    finds_only reset-in-between client.log server.log
}

@test "two logs: both were reset, and a NAT stands between them: what one has sent the other has received" {
    client() { rec 1.997 prog=curl idle_ms=0 sent_ms=900 rx=70500 tx=78 "$@"; }
    server() { rec 1.996 prog=nginx pid=7 side=accepted local=172.17.0.2:80 peer=10.0.0.1:61001 rx=78 tx=70000 unacked=500 sent_ms=0 "$@"; }
    client >client.log
    { started 0 nginx; server; } >server.log
    for first in client server; do
        [ "$first" = client ] || sed -i 's/1\.996/1.999/' server.log
        finds_only reset-in-between client.log server.log
        figure pairs -eq 1
        [[ $(jq -r '.findings[0] | .title + " " + .evidence' findings.json) == *"between 10.0.0.5 and 10.0.0.9:80 resets"*"to nginx, it is 10.0.0.1:61001 (NAT or proxy)."* ]] || fails_with "$(jq -c .findings findings.json)"
    done
    # A client that only reads is told by keepalive's probe, 60 s later.
    client idle_ms=60004 sent_ms=60900 | sed 's/:01\.997/:01:02.000/; s/T12:00:01:02/T12:01:02/' >late.log
    finds_only reset-in-between late.log server.log
    # Of two connections, whoever is told first: one finding.
    { client | sed 's/44312/44310/; s/01\.997/00.997/; s/rx=70500/rx=60500/'; client; } >client.2
    { started 0 nginx; server peer=10.0.0.1:61000 tx=60500 unacked=0 | sed 's/01\.99[69]/00.990/'; server; } >server.2
    finds_only reset-in-between client.2 server.2
    figure pairs -eq 2
    # Other figures; so few bytes that many have the same; one of two; too long before.
    { started 0 nginx; server tx=60000; } >less.log
    { started 0 nginx; server rx=200 tx=0 unacked=0; } >short.log
    { started 0 nginx; server; server peer=10.0.0.1:61002; } >two.log
    { started 0 nginx; server | sed 's/:01\.996/:00.496/'; } >early.log
    client rx=0 tx=200 >few.log
    for logs in "client.log less.log" "few.log short.log" "client.log two.log" "client.log early.log"; do
        # shellcheck disable=SC2086
        findings $logs >kinds
        run ! grep -q reset-in-between kinds
    done
    # Where the server's log has one that it may be, it cannot be said to have none.
    covers() { rec 1 prog=nginx pid=7 level=info ret=0 error= cause=peer-closed side=accepted local=10.0.0.9:80 peer=10.0.0.5:40001; }
    { started 0 nginx; covers; server local=10.0.0.9:80; server local=10.0.0.9:80 peer=10.0.0.1:61002; } >two.log
    findings client.log two.log >kinds
    run ! grep -q no-record kinds
    { started 0 nginx; covers; } >none.log
    finds no-record-there client.log none.log
}

@test "two logs: the server has no record of it, unless its log was told not to" {
    rec 5 prog=curl idle_ms=0 sent_ms=4 >client.log
    { started 0 httpd; rec 1 prog=httpd pid=7 level=info ret=0 error= cause=peer-closed side=accepted local=10.0.0.9:80 peer=10.0.0.5:40001; } >server.log
    finds_only no-record-there client.log server.log
    { started 0 httpd level=warn; tail -n 1 server.log; } >quiet.log
    [[ $(findings client.log quiet.log) != *no-record* ]]
    # A log of another service cannot know.
    sed 's/local=10.0.0.9:80/local=10.0.0.9:81/' server.log >other.log
    [[ $(findings client.log other.log) != *no-record* ]]
    # A close in order leaves no record, and the RST came for what was sent after it.
    rec 5 prog=curl call=send error=EPIPE cause=write-after-close idle_ms=80 sent_ms=0 unread=51 >client.log
    [[ $(findings client.log server.log) != *no-record* ]]
}

# ---- What is told, and what is not ----

@test "what a connection's program is told after its end is the same failure" {
    { rec 0 rx=5000 idle_ms=0 sent_ms=40; rec 0.1 call=send cause=write-after-close error=EPIPE; rec 0.2 ret=0 error= cause=closed-after-error; } >log
    finds_only broken-off log
    figure connections -eq 1
}

@test "the worst comes first: by level, then by number" {
    {
        for n in 1 2 3; do failed_connect "$n" error=ECONNREFUSED cause=connection-refused; done
        failed_connect 4 peer=10.0.0.8:80 error=ECONNREFUSED cause=connection-refused
        failed_connect 5 call=accept4 error=EMFILE level=error peer= local=0.0.0.0:80 cause=descriptor-limit
    } >log
    findings log
    [ "$(jq -r '.findings[] | "\(.kind) \(.records)"' findings.json | tr '\n' ,)" = "descriptor-limit 1,refused 4," ] || fails_with "$(jq -c .findings findings.json)"
}

@test "what a log was told to leave out is named, and a silent log is not told as well" {
    { started 0 app "level=warn skip=EINTR"; rec 1 idle_ms=0 sent_ms=40; } >log
    run -0 "$SOCKSHIM_COMMAND" report log
    [[ $output == *"log was told to leave out everything below level warn"*"log was told to leave out EINTR"* ]] || fails_with "$output"
    { started 0 app level=error; failed_connect 1 level=error cause=other; } >log
    run -0 "$SOCKSHIM_COMMAND" report log
    [[ $output == *"there is no pattern in 1 record of level warn or error"* ]] || fails_with "$output"
}

@test "the same with several peers is told once, of the one that has most" {
    {
        for n in 1 2 3; do rec "$n" idle_ms=61000 sent_ms=3 local=10.0.0.5:4000$n peer=10.0.0.9:80; done
        rec 9 idle_ms=61000 sent_ms=3 local=10.0.0.5:40009 peer=10.0.0.8:80
    } >log
    finds_only idle-timeout log
    [ "$(jq -c '.findings[0] | [.peer, .others, .records]' findings.json)" = '["10.0.0.9:80",["10.0.0.8:80"],4]' ]
}

same_everywhere() {
    PATH=$SYSTEM_PATH sh "$SOCKSHIM_COMMAND" report --json log other.log | jq -S .findings | cmp - expected
}

# ---- Sides, steps, and what a program does before it gives up ----

@test "idle-timeout: the peer had closed before the request was sent, and said why a moment before" {
    rec 0 call=send errno=32 error=EPIPE cause=write-after-close idle_ms=992 sent_ms=0 unread=0 unacked=36 >log
    finds_only idle-timeout log
    figure at_most_ms -eq 992
    # Looks alike: the request was acknowledged, and then the connection was reset.
    rec 0 cause=peer-reset idle_ms=992 sent_ms=1 >log
    finds_only answer-missing log
}

@test "idle-timeout: whoever begins to send does not wait for an answer" {
    rec 0 call=send idle_ms=2500 sent_ms=2500 unread=0 >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0].meaning' findings.json) != *"time limit"* ]]
    rec 0 call=recv idle_ms=2500 sent_ms=2500 >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0].meaning' findings.json) == *"time limit"* ]]
}

@test "idle-timeout: within one host no load balancer's limit is named" {
    rec 0 idle_ms=350400 sent_ms=2 local=127.0.0.1:40000 peer=127.0.0.1:80 >log
    finds_only idle-timeout log
    [[ $(jq -r '.findings[0].evidence' findings.json) != *AWS* ]]
}

@test "own-deadline: a close with SO_LINGER 0 while an answer is due; with data unread it is none" {
    times 2 rec call=close ret=0 errno= error= level=info state=ESTABLISHED cause=reset-by-own-close rx=0 idle_ms=1004 sent_ms=1004 unread=0 >log
    finds_only own-deadline log
    figure deadline_ms -eq 1004
    times 2 rec call=close ret=0 errno= error= level=info state=ESTABLISHED cause=reset-by-own-close rx=0 idle_ms=1004 sent_ms=1004 unread=7 >log
    finds_nothing log
}

@test "own-deadline: 3 s without an answer to SYN are no slow path; whether other ports work is told" {
    { under_way 0; failed_connect 3 call=close ret=0 errno= error= level=info cause=gave-up-connecting; } >log
    finds_only own-deadline log
    [[ $(jq -r '.findings[0] | .meaning + .advice' findings.json) == *"No path is so slow"*"doctor --"* ]]
    { under_way 0 fd=5 peer=10.0.0.9:21; under_way 0; failed_connect 3 call=close ret=0 errno= error= level=info cause=gave-up-connecting; } >log
    finds_only own-deadline log
    [[ $(jq -r '.findings[0].meaning' findings.json) == *"other ports of it worked"* ]]
    { under_way 0 peer=127.0.0.1:80; failed_connect 1 call=close ret=0 errno= error= level=info cause=gave-up-connecting peer=127.0.0.1:80; } >log
    finds_only own-deadline log
    [[ $(jq -r '.findings[0].meaning' findings.json) == *"accept queue, which is full"* ]]
    { under_way 0; failed_connect 0.3 call=close ret=0 errno= error= level=info cause=gave-up-connecting; } >log
    finds_only own-deadline log
    [[ $(jq -r '.findings[0].meaning' findings.json) == *"path is slow"* ]]
}

@test "unreachable: a connect of UDP sends nothing, and is told last" {
    { failed_connect 0 cause=unreachable errno=101 error=ENETUNREACH type=udp peer=10.0.0.53:53; times 3 rec call=close ret=0 errno= error= level=info cause=gave-up-waiting sent_ms=1001 idle_ms=1010; } >log
    [[ $(findings log | xargs) == "own-deadline unreachable" ]]
    [[ $(jq -r '.findings[1].level' findings.json) == info ]]
}

@test "client-timeout: clients that never had an answer; others that just close have no such regularity" {
    times 3 rec call=read ret=0 errno= error= level=info cause=peer-closed state=CLOSE_WAIT side=accepted local=10.0.0.5:8000 peer=10.0.0.9:40001 rx=78 tx=0 idle_ms=1008 sent_ms= >log
    finds_only client-timeout log
    figure limit_ms -eq 1008
    { for ms in 700 4100 9000; do rec $ms call=read ret=0 errno= error= level=info cause=peer-closed state=CLOSE_WAIT side=accepted local=10.0.0.5:8000 peer=10.0.0.9:40$((ms / 100 + 100)) rx=78 tx=0 idle_ms=$ms sent_ms=; done; } >log
    finds_nothing log
}

@test "broken-off: each time at the same step is no chance" {
    times 3 rec rx=1847 tx=697 idle_ms=164 sent_ms=164 >log
    finds_only broken-off log
    [[ $(jq -r '.findings[0].meaning' findings.json) == *"same step"* ]]
    { rec 0 rx=1847 tx=697 idle_ms=164 sent_ms=164; rec 5 local=10.0.0.5:40002 rx=70847 tx=697 idle_ms=164 sent_ms=164; } >log
    finds_only broken-off log
    [[ $(jq -r '.findings[0].meaning' findings.json) != *"same step"* ]]
}

@test "broken-off, both sides: larger ones fail and smaller ones do not, which may be a limit of size" {
    local well="level=info cause=peer-closed ret=0 errno= error= state=CLOSE_WAIT rx=51"
    {
        rec 0 rx=0 tx=4656 sent_ms=0 idle_ms=0 local=10.0.0.5:40001
        rec 1 rx=0 tx=5200 sent_ms=0 idle_ms=0 local=10.0.0.5:40003
        # shellcheck disable=SC2086
        { rec 2 $well tx=336 local=10.0.0.5:40002; rec 3 $well tx=412 local=10.0.0.5:40004; }
    } >log
    {
        rec 0 prog=httpd call=close side=accepted cause=reset-by-own-close level=info ret=0 error= unread=556 local=10.0.0.9:80 peer=10.0.0.5:40001
        rec 1 prog=httpd call=close side=accepted cause=reset-by-own-close level=info ret=0 error= unread=556 local=10.0.0.9:80 peer=10.0.0.5:40003
    } >other.log
    finds_only both-sides log other.log
    [[ $(jq -r '.findings[0].meaning' findings.json) == "Each had been sent 4,656 bytes or more; 2 that went well, 412 at most: a limit of size?" ]] || fails_with "$(cat findings.json)"
    finds answer-missing log # of the client alone
    grep -q 'a limit of size?' findings.json
    sed 's/rx=0 tx=\([0-9]*\)/rx=900 tx=\1/; s/ sent_ms=0/ sent_ms=90/' log >partly
    finds_only broken-off partly
    grep -q 'a limit of size?' findings.json
    # One of those that went well was as large; one small one failed; there was only one.
    # shellcheck disable=SC2086
    { cat partly; rec 4 $well tx=4900 local=10.0.0.5:40006; } >large
    finds_only broken-off large
    run ! grep -q 'a limit of size?' findings.json
    { cat partly; rec 4 rx=900 tx=300 sent_ms=90 local=10.0.0.5:40006; } >small
    finds_only broken-off small
    run ! grep -q 'a limit of size?' findings.json
    grep -v 40003 partly >one
    finds_only broken-off one
    run ! grep -q 'a limit of size?' findings.json
    # What takes long to send may be ended for that.
    finds_only broken-off partly
    run ! grep -q 'Or of time' findings.json
    sed 's/tx=\(4656\|5200\)/tx=\1000/' partly >slow
    finds_only broken-off slow
    grep -q 'a limit of size? Or of time (408)' findings.json
}

@test "nothing-behind: what was not acknowledged before the RST may never have arrived" {
    times 2 rec rx=0 tx=0 unacked=517 idle_ms=4 sent_ms=0 peer=10.0.0.9:443 >log
    finds_only nothing-behind log
    jq -e '.findings[0] | (.evidence | contains("517 bytes sent, not acknowledged before the RST")) and (.meaning | startswith("A device in between"))' findings.json
    # Within one host there is none.
    times 2 rec rx=0 tx=0 unacked=517 idle_ms=4 sent_ms=0 local=127.0.0.1:40000 peer=127.0.0.1:443 >log
    finds_only nothing-behind log
    run ! grep -q 'device in between' findings.json
}

@test "nothing-behind: what was closed before a word had reached it was not closed for that word" {
    local unread="call=write cause=write-after-close error=EPIPE errno=32 rx=0 tx=0 unacked=517 idle_ms=4 sent_ms=0 at=libssl.so.3+0x40"
    # shellcheck disable=SC2086
    { rec 0 rx=0 tx=517 idle_ms=4 sent_ms=0 peer=10.0.0.9:8873 at=libssl.so.3+0x40; rec 1 $unread peer=10.0.0.9:8873 local=10.0.0.5:40002; } >log
    finds_only nothing-behind log
    jq -e '.findings[0] | (.meaning | startswith("Once it closed before that reached it")) and (.advice | startswith("does it allow 10.0.0.5"))' findings.json
    # All of it was acknowledged: the server had it, and may have read it.
    rec 0 rx=0 tx=517 idle_ms=4 sent_ms=0 peer=10.0.0.9:8873 at=libssl.so.3+0x40 >log
    finds_only nothing-behind log
    jq -e '.findings[0] | (.meaning | startswith("It refuses this TLS hello")) and (.advice | contains("-servername"))' findings.json
    # Agents that close on whoever is not in their list.
    for port in 5666 10050; do
        rec 0 rx=0 tx=517 idle_ms=4 sent_ms=0 peer=10.0.0.9:$port at=libssl.so.3+0x40 >log
        finds_only nothing-behind log
        jq -e '.findings[0] | (.meaning | contains("not in their list")) and (.advice | startswith("does it allow 10.0.0.5"))' findings.json
    done
}

@test "shared-connection: two processes read one connection; a port that is used again is none, nor is a close" {
    local end="cause=closed-after-error ret=0 errno=0 error= rx=2125 tx=1144"
    {
        rec 0.000 pid=79 call=send idle_ms=4 unread=24 rx=2125 tx=1144
        # shellcheck disable=SC2086
        { rec 0.001 pid=80 $end idle_ms=4; rec 0.005 pid=78 $end idle_ms=8; rec 0.006 pid=78 call=send cause=write-after-close error=EPIPE errno=32 idle_ms=8; }
    } >log
    finds_only shared-connection log
    figure processes -eq 3
    figure records -eq 4
    # One after the other, from the same port.
    { rec 0 pid=79 rx=900 idle_ms=4 sent_ms=90; rec 0.5 pid=80 rx=900 idle_ms=4 sent_ms=90; } >log
    finds_only broken-off log
    # A worker that inherited it closes it; another program was given it.
    { rec 0 pid=79 rx=900 idle_ms=4 sent_ms=90; rec 0.001 pid=80 call=close ret=0 error= cause=reset-by-own-close level=info rx=900 idle_ms=4 sent_ms=90 unread=9; } >log
    finds_only broken-off log
    { rec 0 pid=79 rx=900 idle_ms=4; rec 0.001 pid=80 prog=helper rx=900 idle_ms=4; } >log
    [[ $(findings log) != *shared-connection* ]]
    # A server's workers take their connections from one listener.
    { rec 0 pid=79 side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000 rx=900 idle_ms=4; rec 0.001 pid=80 side=accepted local=10.0.0.5:80 peer=10.0.0.9:4000 rx=900 idle_ms=4; } >log
    [[ $(findings log) != *shared-connection* ]]
}

# cut N KEY=VALUE...: the server closes in order, so long after the request.
cut() {
    rec "$(($1 * 9))" level=info cause=peer-closed ret=0 errno= error= state=CLOSE_WAIT idle_ms=24 local=10.0.0.5:4000"$1" "${@:2}"
}

@test "cut-answer: as long after the request, however many data had come; the same answer again is none" {
    { cut 1 sent_ms=5536 rx=71817; cut 2 sent_ms=5604 rx=72344; cut 3 sent_ms=5548 rx=70763; } >log
    finds_only cut-answer log
    figure limit_ms -eq 5536
    figure connections -eq 3
    [ "$(jq -r '.findings[0].level' findings.json)" = info ]
    # The same length each time; other times; only two; nothing had come for a while before.
    { cut 1 sent_ms=5536 rx=71817; cut 2 sent_ms=5604 rx=71817; cut 3 sent_ms=5548 rx=71817; } >log
    finds_nothing log
    { cut 1 sent_ms=5536 rx=71817; cut 2 sent_ms=3604 rx=52344; cut 3 sent_ms=8548 rx=90763; } >log
    finds_nothing log
    { cut 1 sent_ms=5536 rx=71817; cut 2 sent_ms=5604 rx=72344; } >log
    finds_nothing log
    { cut 1 sent_ms=5536 rx=71817 idle_ms=3000; cut 2 sent_ms=5604 rx=72344 idle_ms=3010; cut 3 sent_ms=5548 rx=70763 idle_ms=3020; } >log
    [[ $(findings log) != *cut-answer* ]]
}

# breaks_off SECONDS PORT KEY=VALUE...: a proxy closes what it reads from behind it.
breaks_off() {
    rec "$1" prog=proxy call=close level=info ret=0 error= cause=reset-by-own-close state=ESTABLISHED local=127.0.0.1:"$2" peer=127.0.0.1:8081 \
        rx=300000 unread=40000 tx=104 idle_ms=0 sent_ms=8 "${@:3}"
}

# client_ends SECONDS: of the same proxy.
client_ends() {
    rec "$1" prog=proxy level=info ret=0 error= cause=peer-closed state=CLOSE_WAIT side=accepted local=10.0.0.5:80 peer=10.0.0.1:40000 rx=78 tx=9210 idle_ms=8 sent_ms=4
}

@test "breaks-off-upstream: a proxy gives up what it reads; its client left, or a check has seen enough, is none" {
    { client_ends 0; breaks_off 1 50001; breaks_off 2 50002; } >log
    finds_only breaks-off-upstream log
    figure times -eq 2
    figure unread -eq 40000
    # Its client had just left.
    { client_ends 0.995; breaks_off 1 50001; client_ends 1.994; breaks_off 2 50002; } >log
    finds_nothing log
    # It has read the beginning only; it is no server; it happened once.
    { client_ends 0; breaks_off 1 50001 unread=290000; breaks_off 2 50002 unread=290000; } >log
    finds_nothing log
    { breaks_off 1 50001; breaks_off 2 50002; } >log
    finds_nothing log
    { client_ends 0; breaks_off 1 50001; } >log
    finds_nothing log
}

@test "unreachable, no answer: an address of an inner network that a peer may have given; one that was looked up is none" {
    # It goes on where it was told to: at once, and then in vain.
    {
        under_way 0 peer=10.0.0.9:26379 fd=3
        failed_connect 0.001 cause=unreachable error=ENETUNREACH errno=101 peer=172.18.0.3:6379 fd=4
    } >log
    finds_only unreachable log
    jq -e '.findings[0] | (.meaning | contains("10.0.0.9:26379 told it") and contains("inner network")) and (.advice | contains("announce"))' findings.json
    {
        under_way 0 peer=10.0.0.9:9092 fd=3
        failed_connect 0.001 cause=connection-refused error=ECONNREFUSED errno=111 peer=127.0.0.1:9092 fd=4
    } >log
    finds_only refused log
    jq -e '.findings[0].meaning | contains("10.0.0.9:9092 told it") and contains("loopback")' findings.json
    {
        under_way 0 peer=10.0.0.9:26379 fd=3
        failed_connect 2.1 call=close ret=0 error= level=info cause=gave-up-connecting waited_ms=2000 peer=172.18.0.3:6379 fd=4
    } >log
    finds_only own-deadline log
    grep -q 'told it' findings.json
    # What is given up later belongs to the same finding.
    {
        under_way 0 peer=10.0.0.9:26379 fd=3
        failed_connect 0.001 cause=unreachable error=ENETUNREACH errno=101 peer=172.18.0.3:6379 fd=4
        failed_connect 2.5 call=close ret=0 error= level=info cause=gave-up-connecting waited_ms=2000 peer=172.18.0.3:6379 fd=4
    } >log
    sed -i 's/ fd=4\(.*gave-up\)/ fd=5\1/' log
    finds_only unreachable log
    figure records -eq 2
    # Its name was looked up; nobody had been asked before; several had, or in vain.
    {
        under_way 0 peer=10.0.0.9:26379 fd=3
        failed_connect 0.001 cause=unreachable error=ENETUNREACH errno=101 peer=172.18.0.3:6379 peer_name=redis fd=4
    } >log
    finds_only unreachable log
    run ! grep -q '[0-9] told it' findings.json
    failed_connect 0.001 cause=unreachable error=ENETUNREACH errno=101 peer=172.18.0.3:6379 fd=4 >log
    finds_only unreachable log
    run ! grep -q '[0-9] told it' findings.json
    {
        under_way 0 peer=10.0.0.9:26379 fd=3
        under_way 0.1 peer=10.0.1.8:5432 fd=5
        failed_connect 0.2 cause=unreachable error=ENETUNREACH errno=101 peer=172.18.0.3:6379 fd=4
    } >log
    finds_only unreachable log
    run ! grep -q '[0-9] told it' findings.json
    {
        failed_connect 0 cause=connection-refused error=ECONNREFUSED errno=111 peer=10.0.0.9:26379 fd=3
        failed_connect 0.001 cause=unreachable error=ENETUNREACH errno=101 peer=172.18.0.3:6379 fd=4
    } >log
    findings log >kinds
    run ! grep -q '[0-9] told it' findings.json
    # It talks to hosts of that network as well.
    {
        under_way 0 peer=172.18.0.9:26379 fd=3
        failed_connect 0.001 cause=unreachable error=ENETUNREACH errno=101 peer=172.18.0.3:6379 fd=4
    } >log
    finds_only unreachable log
    run ! grep -q 'told it' findings.json
}

@test "no answer: within 10.0.0.0/8 only the same service may have told an address; where nobody is known, its port says that it may be told" {
    told_at() { jq -r '.findings[0] | .meaning + " " + .advice' findings.json; }
    {
        under_way 0 peer=10.1.0.1:7000 fd=3
        failed_connect 7 error=ETIMEDOUT cause=connect-timed-out peer=10.2.0.2:7002 fd=4
    } >log
    finds_only no-answer log
    [[ $(told_at) == *"10.1.0.1:7000 told it"*"announce-ip"* ]] || fails_with "$(told_at)"
    # Another service, as companies have many there.
    sed -i 's/:7002/:5432/' log
    finds_only no-answer log
    [[ $(told_at) != *told* ]] || fails_with "$(told_at)"
    for peer in 10.2.0.2:7002 172.18.0.3:26379; do
        failed_connect 7 error=ETIMEDOUT cause=connect-timed-out peer=$peer local=0.0.0.0:44312 >log
        finds_only no-answer log
        [[ $(told_at) == *"If it is not set here, a server told it"*"Else a firewall drops it"*"\`sockshim explain announced-address\`"* ]] || fails_with "$(told_at)"
    done
    # Looked up; no such service; of this host's network; a public address; refused by whoever is there.
    failed_connect 7 error=ETIMEDOUT cause=connect-timed-out peer=10.2.0.2:7002 local=0.0.0.0:44312 peer_name=redis >name
    failed_connect 7 error=ETIMEDOUT cause=connect-timed-out peer=10.2.0.2:5432 local=0.0.0.0:44312 >port
    failed_connect 7 error=ETIMEDOUT cause=connect-timed-out peer=10.2.0.2:7002 local=10.2.0.5:44312 >near
    failed_connect 7 error=ETIMEDOUT cause=connect-timed-out peer=192.0.2.2:7002 local=0.0.0.0:44312 >public
    failed_connect 7 error=ECONNREFUSED cause=connection-refused peer=10.2.0.2:7002 local=0.0.0.0:44312 >refused
    for log in name port near public refused; do
        findings "$log" >kinds
        [[ $(told_at) != *announced-address* ]] || fails_with "$log: $(told_at)"
    done
}

@test "no answer, refused: the port of an FTP transfer, after port 21 or another one each time; ports that are set are none" {
    meaning() { jq -r '.findings[0] | .meaning + " " + .advice' findings.json; }
    in_vain() { failed_connect "$1" error=ETIMEDOUT cause=connect-timed-out peer="10.2.0.2:$2" "${@:3}"; }
    { under_way 0 peer=10.2.0.2:21 fd=3; in_vain 8 4242 fd=4; } >log
    finds_only no-answer log
    [[ $(meaning) == *"Port 21 answered; this is the port of an FTP transfer"*"nf_conntrack_ftp"* ]] || fails_with "$(meaning)"
    { under_way 0 peer=10.2.0.2:21 fd=3; failed_connect 8 error=ECONNREFUSED cause=connection-refused peer=10.2.0.2:21107 fd=4; } >log
    finds_only refused log
    [[ $(meaning) == *"FTP transfer"* ]] || fails_with "$(meaning)"
    { under_way 0 peer=10.2.0.2:21 fd=3; under_way 0.1 peer=10.2.0.2:4242 fd=4; failed_connect 2.1 call=close ret=0 error= level=info cause=gave-up-connecting waited_ms=2000 peer=10.2.0.2:4242 fd=4; } >log
    finds_only own-deadline log
    [[ $(meaning) == *"FTP transfer"*"nf_conntrack_ftp"* ]] || fails_with "$(meaning)"
    # A listing or a file that is empty; elsewhere it is nothing behind a proxy.
    empty() { rec 1 level=info ret=0 error= errno=0 cause=peer-closed state=CLOSE_WAIT peer=10.2.0.2:4242 rx=0 tx=0 idle_ms=4 sent_ms= fd=4; }
    { under_way 0 peer=10.2.0.2:21 fd=3; empty; } >log
    finds_nothing log
    empty >log
    finds_only nothing-behind log
    # Nothing is known of port 21.
    { in_vain 8 7909 pid=1; in_vain 18 47681 pid=2; } >log
    finds_only no-answer log
    [[ $(meaning) == *"Ports that change: if they are not set here"*"it may be off"* ]] || fails_with "$(meaning)"
    # Another process's; in vain, too; always the same; neighbours; low ones; one alone; a scan.
    { under_way 0 peer=10.2.0.2:21 fd=3 pid=9; in_vain 8 4242 fd=4; } >process
    { in_vain 0 21 fd=3; in_vain 8 4242 fd=4; in_vain 18 4242 fd=5; } >vain
    { in_vain 8 14368 pid=1; in_vain 18 14368 pid=2; in_vain 28 47681 pid=2; } >same
    { in_vain 8 30001 pid=1; in_vain 18 30002 pid=2; } >neighbours
    { in_vain 8 8080 pid=1; in_vain 18 9300 pid=2; } >low
    in_vain 8 14368 >one
    for n in $(seq 31); do in_vain "$n" $((10000 + 100 * n)); done >scan
    for log in process vain same neighbours low one scan; do
        findings "$log" >kinds
        [[ $(meaning) != *FTP* ]] || fails_with "$log: $(meaning)"
    done
}

@test "unreachable after 3 s: where this host looks is named if it can be a bridge of Docker's; no host is said to be off for sure" {
    not_there() {
        { under_way 1 peer="$1" local="$2"; failed_connect 4.06 call=getsockopt error=EHOSTUNREACH errno=113 cause=unreachable peer="$1" local="$2"; } >log
        finds_only unreachable log
    }
    not_there 172.18.4.20:80 172.18.0.1:40000
    jq -e '.findings[0] | (.meaning | contains("by its own 172.18.0.1, where nobody answers ARP: does a network of Docker")) and (.advice | contains("ip route get 172.18.4.20") and contains("default-address-pools"))' findings.json
    for pair in "172.18.4.20:80 172.17.0.1:40000" "172.18.4.20:80 172.18.9.1:40000" "10.1.0.77:80 10.1.0.1:40000"; do
        # shellcheck disable=SC2086
        not_there $pair
        jq -e '.findings[0].meaning | (contains("Docker") | not) and contains("or the router to it")' findings.json
    done
}

@test "no-interface: a multicast group that no route leads to; datagrams to all hosts need a route" {
    failed_connect 1 call=setsockopt type=udp local= peer= error=ENODEV errno=19 cause=other why="The kernel returned errno 19: No such device." >log
    finds_only no-interface log
    jq -e '.findings[0] | (.meaning | contains("multicast")) and (.advice | contains("network-online.target"))' findings.json
    for peer in 239.255.255.250:1900 255.255.255.255:9 '[ff02::fb]:5353'; do
        failed_connect 1 call=sendto type=udp local=0.0.0.0:40000 peer="$peer" error=ENETUNREACH errno=101 cause=unreachable >log
        finds_only unreachable log
        jq -e '.findings[0].meaning | startswith("Multicast and broadcast need a route")' findings.json
    done
    failed_connect 1 call=sendto type=udp local=0.0.0.0:40000 peer=10.9.9.9:9 error=ENETUNREACH errno=101 cause=unreachable >log
    finds_only unreachable log
    run ! grep -qi multicast findings.json
    # curl --interface ADDRESS goes on.
    failed_connect 1 call=setsockopt local= peer= error=ENODEV errno=19 cause=other >log
    finds_only no-interface log
    { cat log; under_way 1.1; failed_connect 1.2 call=getsockopt ret=0 errno=111 error=ECONNREFUSED cause=connection-refused; } >on.log
    finds_only refused on.log
    # Other options, and other descriptors.
    failed_connect 1 call=ioctl type=udp local= peer= error=ENODEV errno=19 cause=other >log
    [[ $(findings log) != *no-interface* ]]
}

@test "not-permitted: a socket behind open directories is closed by its own mode; groups are those of the start" {
    failed_connect 1 type=unix-stream local= peer=/run/a.sock error=EACCES errno=13 level=error cause=not-permitted \
        why="This user is not allowed to write to the socket at /run/a.sock (its own permissions; every directory of the path may be searched), or a security module forbids it." >log
    finds_only not-permitted log
    jq -e '.findings[0] | (.meaning | startswith("The socket'"'"'s own owner, group and mode")) and (.advice | contains("grep Groups /proc/100/status") and contains("restart"))' findings.json
    failed_connect 1 type=unix-stream local= peer=/srv/x/a.sock error=EACCES errno=13 level=error cause=not-permitted \
        why="This user is not allowed to search the directory /srv/x (it needs x there), so it does not get to the socket at /srv/x/a.sock; or a security module forbids it." >log
    finds_only not-permitted log
    jq -e '.findings[0] | (.meaning | contains("/srv/x")) and (.advice | contains("namei"))' findings.json
}

@test "not-permitted: what shows the permissions of a path; an address has none" {
    failed_connect 1 type=unix-stream error=EACCES errno=13 level=error peer=/home/d/shop/run.sock cause=not-permitted >log
    finds_only not-permitted log
    [[ $(jq -r '.findings[0].advice' findings.json) == *"namei -l /home/d/shop/run.sock"* ]]
    failed_connect 1 error=EACCES errno=13 level=error cause=not-permitted >log
    finds_only not-permitted log
    run ! grep -q namei findings.json
}

@test "not-permitted: a port that needs no privilege, and TCP over IPv4, which a security module refuses; not a low port, IPv6 or UDP" {
    local refusal='type=tcp error=EACCES errno=13 level=error cause=not-permitted'
    # shellcheck disable=SC2086 # words
    failed_connect 1 $refusal call=bind prog=sshd local=0.0.0.0:2222 peer= >log
    finds_only not-permitted log
    [[ $(jq -r '.findings[0].advice' findings.json) == *"semanage port -a -t TYPE -p tcp 2222"* ]]
    run ! grep -q cap_net_bind_service findings.json
    sed 's/:2222/:80/' log >low.log
    finds_only not-permitted low.log
    [[ $(jq -r '.findings[0].advice' findings.json) == *cap_net_bind_service* ]]
    run ! grep -q semanage findings.json
    # shellcheck disable=SC2086 # words
    failed_connect 1 $refusal prog=nginx peer=127.0.0.1:8080 >log
    finds_only not-permitted log
    [[ $(jq -r '.findings[0].advice' findings.json) == *"ip route get 127.0.0.1"*httpd_can_network_connect* ]]
    for change in 's/127.0.0.1:8080/[fd00::1]:8080/' 's/type=tcp/type=udp/'; do
        sed "$change" log >other.log
        finds_only not-permitted other.log
        run ! grep -q httpd_can_network_connect findings.json
    done
}

@test "unreachable: where the program runs no route leads there, which need not be this host's network; loopback is down" {
    failed_connect 1 peer=10.2.0.2:80 error=ENETUNREACH errno=101 cause=unreachable >log
    finds_only unreachable log
    [[ $(jq -r '.findings[0].meaning' findings.json) == *PrivateNetwork=* ]]
    [[ $(jq -r '.findings[0].advice' findings.json) == *"sockshim doctor 100"* ]]
    sed 's/10.2.0.2:80/127.0.0.1:6379/' log >loopback.log
    finds_only unreachable loopback.log
    [[ $(jq -r '.findings[0].advice' findings.json) == *"ip link set lo up"* ]]
    sed 's/ENETUNREACH/EHOSTUNREACH/; s/errno=101/errno=113/' log >host.log
    finds_only unreachable host.log
    run ! grep -q PrivateNetwork findings.json
}

@test "no-memory: reports of the kernel that netlink lost; a send that found no room is another thing" {
    failed_connect 1 call=recvmsg type=netlink error=ENOBUFS errno=105 level=error cause=no-memory peer=0:0 prog=keepalived >log
    finds_only no-memory log
    [[ $(jq -r '.findings[0].title' findings.json) == "keepalived lost reports of the kernel"* ]]
    [[ $(jq -r '.findings[0].advice' findings.json) == *"explain netlink"* ]]
    for change in 's/call=recvmsg/call=sendmsg/' 's/type=netlink/type=udp/' 's/ENOBUFS/ENOMEM/'; do
        sed "$change" log >other.log
        finds_only no-memory other.log
        run ! grep -q netlink findings.json
    done
}

@test "name-not-resolved: the name of this host itself belongs into /etc/hosts; another one, and one that could not be looked up, do not" {
    local own="The name web7 was not resolved, after 3 ms: the name does not exist. It is the name of this host itself (hostname)."
    for error in EAI_NONAME EAI_AGAIN; do
        failed_connect 1 call=getaddrinfo error=$error errno=0 type= local= peer= level=warn name=web7 waited_ms=3 cause=name-not-resolved why="$own" >log
        finds_only name-not-resolved log
        [[ $(jq -r '.findings[0].advice' findings.json) == *"127.0.1.1 web7"* ]]
        for change in 's/ It is the name of this host.*[.]"/"/' 's/the name does not exist/the C library could not look it up: Too many open files/'; do
            sed "$change" log >other.log
            finds_only name-not-resolved other.log
            run ! grep -q 127.0.1.1 findings.json
        done
    done
}

@test "broken-off: a socket pair is of two processes of this host; a path has a server" {
    rec 1 prog=ssh type=unix-stream local= peer= state= rx= tx= unacked= unsent= side= idle_ms= sent_ms= rtt_us= retrans= >log
    finds_only broken-off log
    [[ $(jq -r '.findings[0].meaning' findings.json) == "No network is involved."* ]]
    rec 1 prog=ssh type=unix-stream local= peer=/run/db.sock state= rx= tx= unacked= unsent= side= idle_ms= sent_ms= rtt_us= retrans= >log
    finds_only broken-off log
    [[ $(jq -r '.findings[0].title' findings.json) == "/run/db.sock breaks off"* ]]
}

@test "every awk finds the same" {
    {
        rec 0 idle_ms=61000 sent_ms=3 call=send local=10.0.0.5:40001
        for n in 1 2 3; do failed_connect "$n" call=close ret=0 error= level=info cause=gave-up-connecting peer=10.2.0.$n:8080 why="It closed the socket 250 ms after it had begun to connect."; done
        rec 20 cause=connection-timed-out rx=0 tx=0 unacked=14480 retrans=7 peer=10.0.0.7:80
        for ((n = 0; n < 100; n++)); do failed_connect "30.$((100 + n))" peer=10.0.0.6:80 error=ECONNREFUSED cause=connection-refused; done
        rec 40 call=send rx=348 unread=348 peer=10.0.0.4:80
    } >log
    rec 39.9 prog=httpd call=close side=accepted cause=reset-by-own-close unread=9 local=10.0.0.3:80 peer=10.0.0.5:44312 >other.log
    "$SOCKSHIM_COMMAND" report --json log other.log | jq -S .findings >expected
    [ "$(jq length expected)" -eq 5 ] || fails_with "$(cat expected)"
    on_each_system same_everywhere
}

@test "no constant has two values: each name is set in one place" {
    local view twice
    cd "$TOP/scripts/lib"
    for view in views/report-*.awk; do
        # shellcheck disable=SC2046 # names of files
        twice=$(grep -hoE '^    [A-Z][A-Z_]+ = ' findings/*.awk $(cat report.list) "$view" | sort | uniq -d |
            grep -v " FIRST_KEPT =" || true) # the page keeps more
        [ -z "$twice" ] || fails_with "set twice with $view: $twice"
    done
}

@test "no kind is a file that is not asked, and each has its test here" {
    local file kind
    for file in "$TOP"/scripts/lib/findings/*.awk; do
        kind=$(basename "$file" .awk)
        grep -q "^    find_$kind()\$" "$TOP/scripts/lib/findings.awk" || fails_with "$kind"
        grep -q "^function find_$kind(" "$file" || fails_with "$kind"
    done
}

# ---- Robust handling on request ----

# handled SECONDS SETTING PEER
handled() {
    echo "ts=$(noon_and "$1") level=info event=handled pid=100 tid=100 prog=app call=connect fd=3 setting=SOCKSHIM_$2 would=\"-1 ECONNREFUSED\" given=0 type=tcp ${3:+peer=$3 }cause=connection-refused why=\"It was so.\""
}

@test "handled: how often each setting did what, with whom, and which never did anything" {
    {
        started 0 app "level=debug dead_peer=30s(idle=15,interval=1,count=15,user_timeout=30000) connect_retry=30s backlog=100 eintr=restart"
        handled 1 CONNECT_RETRY 10.0.0.9:5432
        handled 2 CONNECT_RETRY 10.0.0.9:5432
        handled 3 CONNECT_RETRY 10.0.0.8:80
        handled 4 BACKLOG
    } >log
    finds_only handled log
    figure handled -eq 4
    [[ $(jq -r '.findings[0] | .level, .evidence, .meaning' findings.json) == "info
CONNECT_RETRY 3 times (mostly 10.0.0.9:5432); BACKLOG 1 time."*"Never: DEAD_PEER, EINTR."* ]] || fails_with "$(cat findings.json)"
}

@test "handled: an end instead of a failure is a warning; nothing asked for is no finding" {
    started 0 >log
    finds_nothing log
    {
        started 0 app "level=debug keepalive=60 reset=eof"
        handled 1 RESET 10.0.0.9:80
    } >log
    finds_only handled log
    [ "$(jq -r '.findings[0].level' findings.json)" = warn ]
    # None of them ever.
    started 0 app "level=debug reset=eof" >log
    finds_only handled log
    figure handled -eq 0
}

@test "a central log: the findings name hosts and units; a log without prefixes has none" {
    {
        rec 0 idle_ms=47000 sent_ms=3 | sed 's/^/Nov 22 12:00:00 web-1 billing[7]: /'
        rec 5 idle_ms=48000 sent_ms=3 local=10.0.0.5:40001 | sed 's/^/Nov 22 12:00:05 web-2 billing[7]: /'
        rec 6 idle_ms=48000 sent_ms=3 local=10.0.0.5:40002 | sed 's/^/Nov 22 12:00:06 web-1 billing[7]: /'
    } >log
    finds_only idle-timeout log
    [[ $(jq -c '.findings[0].places' findings.json) == '[{"host":"web-1","unit":"billing"},{"host":"web-2","unit":"billing"}]' ]] || fails_with "$(cat findings.json)"
    [[ $(jq -r '.findings[0].evidence' findings.json) == *" On web-1 (billing) and 1 other." ]] || fails_with "$(cat findings.json)"
    rec 0 idle_ms=47000 sent_ms=3 >log
    finds_only idle-timeout log
    [[ $(jq -c '.findings[0].places' findings.json) == '[]' && $(jq -r '.findings[0].evidence' findings.json) != *" On "* ]]
}

# ---- Normal work ----

# no_tcp SECONDS WORD...: a record that has no connection.
no_tcp() {
    rec "$1" type= local= peer= state= rx= tx= unacked= unsent= side= idle_ms= sent_ms= rtt_us= retrans= len= "${@:2}"
}

@test "nothing-wrong: a process that looks through its descriptors, or tries recv before read; one that is wrong about them" {
    local n
    for n in 4 5 6 7 8 9 10 11; do no_tcp 0 level=error call=getsockname fd="$n" errno=9 error=EBADF cause=bad-descriptor; done >log
    finds_nothing log
    head -n 7 log >few
    finds_only bad-descriptor few
    no_tcp 0 level=error call=setsockopt fd=-1 errno=9 error=EBADF cause=bad-descriptor >log
    finds_nothing log
    [[ $("$SOCKSHIM_COMMAND" report log) != *"To go on"* ]] || fails_with "$("$SOCKSHIM_COMMAND" report log)"
    no_tcp 0 level=error call=send fd=-1 errno=9 error=EBADF cause=bad-descriptor >log
    finds_only bad-descriptor log
    # ncat with a file as standard input; a server that needs inetd, started by hand.
    { no_tcp 1 level=error fd=0 errno=88 error=ENOTSOCK cause=bad-descriptor; rec 2 level=info ret=0 errno=0 error= cause=peer-closed state=CLOSE_WAIT; } >log
    finds_nothing log
    head -n 1 log >alone
    finds_only bad-descriptor alone
    { for n in 1 2 3; do no_tcp "$n" level=error fd=9 errno=88 error=ENOTSOCK cause=bad-descriptor; done; rec 4 level=info ret=0 errno=0 error= cause=peer-closed state=CLOSE_WAIT; } >log
    finds_only bad-descriptor log
}

@test "nothing-wrong: sockets that name services and loggers ask for, or that the program serves itself; one that it needs" {
    local missing="level=warn call=connect errno=2 error=ENOENT type=unix-stream cause=no-such-socket"
    # shellcheck disable=SC2086
    { no_tcp 0 prog=su $missing peer=/run/systemd/userdb/io.systemd.Multiplexer; no_tcp 0.1 prog=su $missing peer=/run/dbus/system_bus_socket; } >log
    finds_nothing log
    # shellcheck disable=SC2086
    { no_tcp 0 prog=systemctl pid=7 $missing peer=/run/dbus/system_bus_socket; no_tcp 9 prog=systemctl pid=8 $missing peer=/run/dbus/system_bus_socket; } >log
    finds_only refused log
    # php-fpm looks whether another one serves its path; nginx needs it.
    # shellcheck disable=SC2086
    { no_tcp 0 prog=php-fpm $missing peer=/run/fpm.sock; no_tcp 5 level=info prog=php-fpm pid=101 call=recv ret=0 type=unix-stream local=/run/fpm.sock cause=peer-closed error=; } >log
    finds_nothing log
    # shellcheck disable=SC2086
    { no_tcp 0 prog=nginx $missing peer=/run/fpm.sock; rec 5 prog=nginx level=info ret=0 errno=0 error= cause=peer-closed state=CLOSE_WAIT side=accepted; } >log
    finds_only refused log
    # dnsmasq writes to the logger's socket all the same, which is no mistake of its own.
    # shellcheck disable=SC2086
    { no_tcp 0 type=unix-dgram call=write fd=8 level=error errno=107 error=ENOTCONN cause=not-connected; no_tcp 0.1 fd=8 $missing peer=/dev/log; rec 5 cause=peer-closed level=info ret=0 errno=0 error=; } >log
    finds_nothing log
    sed '2d' log >without
    finds_only not-connected without
}

@test "nothing-wrong: a farewell to a server that is gone, and a cancel that is never answered; data that did not arrive" {
    rec 0 at=libcrypto.so.3+0x112ffd rx=1761 unacked=31 idle_ms=0 sent_ms=0 >log
    finds_nothing log
    rec 0 at=libcrypto.so.3+0x112ffd rx=1761 unacked=310 idle_ms=0 sent_ms=0 >log
    finds_only broken-off log
    no_tcp 0 type=unix-stream call=send len=5 peer=/run/mysqld/mysqld.sock unread=0 errno=32 error=EPIPE cause=write-after-close >log
    finds_nothing log
    no_tcp 0 type=unix-stream call=send len=34 peer=/run/mysqld/mysqld.sock unread=0 errno=32 error=EPIPE cause=write-after-close >log
    finds_only broken-off log
    rec 0 at=libpq.so.5+0xf81f rx=0 tx=16 idle_ms=4 sent_ms=4 ret=0 errno=0 error= state=CLOSE_WAIT cause=closed-unanswered >log
    finds_nothing log
    rec 0 at=libpq.so.5+0xf81f rx=0 tx=8 idle_ms=4 sent_ms=4 ret=0 errno=0 error= state=CLOSE_WAIT cause=closed-unanswered >log
    finds_only nothing-behind log
}

@test "two logs: a client that has enough and goes is no finding; one that closes after a silence is" {
    rec 1.997 prog=nginx pid=7 side=accepted local=10.0.0.9:80 peer=10.0.0.5:44312 idle_ms=2 sent_ms=1 >server.log
    rec 1.996 prog=wrk call=close ret=0 errno= error= level=info cause=reset-by-own-close unread=90353 idle_ms=0 sent_ms=2 >client.log
    finds_nothing client.log server.log
    rec 1.996 prog=haproxy call=close ret=0 errno= error= level=info cause=reset-by-own-close idle_ms=0 sent_ms=2 >client.log
    finds_nothing client.log server.log
    rec 1.996 prog=app call=close ret=0 errno= error= level=info cause=reset-by-own-close unread=90353 idle_ms=5000 sent_ms=9000 >client.log
    finds_only both-sides client.log server.log
    rec 1.996 prog=app call=close ret=0 errno= error= level=info cause=reset-by-own-close unacked=700 idle_ms=0 sent_ms=2 >client.log
    finds_only both-sides client.log server.log
}
