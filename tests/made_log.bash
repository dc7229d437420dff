# Logs that are written by hand, for what findings say of them.

# rec SECONDS KEY=VALUE...: a record of a client's, so long after noon, in the order of
# the log's keys; a key without a value is left out. Time is in seconds with up to six
# digits after the point.
rec() {
    local key pair line
    local -A value=([level]=warn [event]=return [pid]=100 [tid]=100 [prog]=app [call]=recv [fd]=7
        [ret]=-1 [errno]=104 [error]=ECONNRESET [len]=4096 [type]=tcp [local]=10.0.0.5:44312
        [peer]=10.0.0.9:80 [state]=CLOSE [rx]=100 [tx]=200 [unacked]=0 [unsent]=0 [side]=connected
        [idle_ms]=1 [sent_ms]=2 [rtt_us]=85 [retrans]=0 [cause]=peer-reset [why]="It was so.")
    for pair in "${@:2}"; do
        value[${pair%%=*}]=${pair#*=}
    done
    line=ts=$(noon_and "$1")
    for key in level event pid tid prog call fd ret errno error name waited_ms limit len type local peer peer_name bound state rx tx \
        unacked unsent blocked_by side idle_ms sent_ms fin_ms blocking unread rtt_us retrans at thread cause; do
        [ -z "${value[$key]-}" ] || line+=" $key=${value[$key]}"
    done
    echo "$line why=\"${value[why]}\""
}

# 2026-11-22T12:00:00.000000Z and so many seconds.
noon_and() {
    local us
    us=$(awk -v s="$1" 'BEGIN { printf "%.0f", s * 1000000 }')
    printf '2026-11-22T%02d:%02d:%02d.%06dZ' $((12 + us / 3600000000)) $((us / 60000000 % 60)) $((us / 1000000 % 60)) $((us % 1000000))
}

# started SECONDS [PROG [SETTINGS]]: the record that a program with a socket begins with.
started() {
    echo "ts=$(noon_and "$1") level=info event=start pid=100 tid=100 prog=${2-app} version=0.1.0 exe=/usr/bin/${2-app} settings=\"log=/tmp/log limit=1G format=logfmt sigpipe=sockets nodelay=on ${3-level=debug}\""
}

# A connect that failed, and one under way: TCP_INFO has nothing to tell.
failed_connect() {
    rec "$1" call=connect state= rx= tx= unacked= unsent= side= idle_ms= sent_ms= rtt_us= retrans= len= "${@:2}"
}

under_way() {
    failed_connect "$1" level=debug errno=115 error=EINPROGRESS cause=in-progress "${@:2}"
}

# findings LOG...: what report finds, its JSON in findings.json, and the kinds, worst
# first, on stdout.
findings() {
    are_short "$@" && "${SOCKSHIM_COMMAND:?}" report --json "$@" >findings.json &&
        need_no_sentence "$@" && jq -r '.findings[].kind' findings.json
}

# need_no_sentence LOG...: the same is found, whatever the sentences of the records say.
need_no_sentence() {
    local log other=() kinds='[.findings[] | [.kind, .level, .figures]]'
    mkdir -p reworded
    for log; do
        other+=("reworded/${log##*/}")
        sed -E 's/ why="([^"\\]|\\.)*"$/ why="It came to pass."/' "$log" >"${other[-1]}" || return
    done
    diff <(jq "$kinds" findings.json) <("${SOCKSHIM_COMMAND:?}" report --json "${other[@]}" | jq "$kinds") ||
        fails_with "a finding goes by the words of a sentence"
}

# are_short LOG...: each finding takes three to five lines of 80 columns.
are_short() {
    COLUMNS=80 "${SOCKSHIM_COMMAND:?}" report "$@" >findings.txt || return
    awk '/^Finding/ { on = 1; next } /^$/ { if (lines > 5) exit bad = 1; on = lines = 0 }
        on && /^[0-9]+\. / { if (lines > 5) exit bad = 1; lines = 0 } on { lines++ }
        END { exit bad }' findings.txt || fails_with "more than five lines: $(cat findings.txt)"
}

# finds KIND LOG...: that is the worst, and its figures are in $FIGURES.
finds() {
    local kinds
    kinds=$(findings "${@:2}") || fails_with "report: $kinds" || return
    [ "$(head -n 1 <<<"$kinds")" = "$1" ] || fails_with "finds ${kinds:-nothing} instead of $1: $(cat "${@:2}")" || return
    FIGURES=$(jq -c '.findings[0].figures' findings.json)
}

# finds_only KIND LOG...: and nothing else.
finds_only() {
    finds "$@" && [ "$(jq '.findings | length' findings.json)" -eq 1 ] || fails_with "$(jq -c .findings findings.json)"
}

# finds_nothing LOG...
finds_nothing() {
    local kinds
    kinds=$(findings "$@") || return
    [ -z "$kinds" ] || fails_with "finds $kinds: $(jq .findings findings.json; cat "$@")"
}

# figure NAME TEST...: of the worst finding, as test wants it: figure limit_ms -ge 2000
figure() {
    local number
    number=$(jq -r --arg name "$1" '.[$name] // "none" | if type == "number" then (. + 0.5 | floor) else . end' <<<"$FIGURES")
    test "$number" "${@:2}" || fails_with "$1 is $number, not ${*:2}: $FIGURES"
}

# again_until CONDITION COMMAND...: COMMAND once more, with nothing in `log`, until CONDITION
# holds; five times at most. For what is found only where times are equal to within a tenth
# of a second, or short, which a busy machine does not always keep: the test says by itself
# what has to hold after the last time.
again_until() {
    local try
    for try in {1..5}; do
        [ ! -e log ] || : >log
        "${@:2}"
        ! eval "$1" >/dev/null 2>&1 || return 0
    done
}

# until_found KIND COMMAND...
until_found() {
    again_until "finds $1 log" "${@:2}"
}
