#!/usr/bin/env bats
# `sockshim report --html`: a page with all that it promises, looked at in Chromium at
# three widths, in light and dark; nothing of a log gets to run or to load anything; the
# file is written whole or not at all.

bats_require_minimum_version 1.5.0

load helpers
load each_system
load made_log

PAGES=$BATS_FILE_TMPDIR/pages
HOSTILE="$PAGES/<img src=x onerror=window.pwned_n=1>.log"

CASES="closed_after_reply half_closed silence_after_reset nothing_asked_for empty_datagram_sent
    reset_before_reply reset_to_server reset_in_reply reset_with_data_unacknowledged reset_found_by_send
    write_after_close nothing_to_read receive_timed_out connect_refused connect_refused_so_error
    udp_refused_receive unix_closed unix_pair_closed unix_no_such_path bind_twice bad_descriptors
    no_descriptor_for_accept"

# One Chromium looks at all pages: what it saw is in $PAGES/NAME.json.
setup_file() {
    mkdir "$PAGES" && cd "$PAGES" || return 1
    # shellcheck disable=SC2086
    LD_PRELOAD=$SHIM SOCKSHIM_LOG=$PAGES/real.log "$PYTHON" "$TOP/tests/causes" $CASES >/dev/null 2>&1 3>&-
    made_story >made.log
    "$PYTHON" "$TOP/tests/hostile_log.py" >"$HOSTILE"
    "$SOCKSHIM_COMMAND" report --html real.html real.log made.log
    "$SOCKSHIM_COMMAND" report --html hostile.html "$HOSTILE"
    HOME=$PAGES "$PYTHON" "$TOP/tests/browser.py" "$PAGES" real.html hostile.html >browser 2>&1 3>&- || {
        cat browser
        return 1
    }
}

# An idle timeout, a server that is not there, and orderly ends: some hundred records.
made_story() {
    local i
    started 0 billing
    for i in {1..9}; do
        rec $((i * 700)) prog=billing call=send rx=5120 tx=18000 idle_ms=$((350000 + i)) sent_ms=$((350000 + i)) \
            local=10.0.0.5:$((40000 + i)) peer=10.0.0.9:5432 at=libpq.so.5+0x2f1c4 thread=pool-3
    done
    for i in {1..12}; do
        failed_connect $((3600 + i)) prog=worker pid=4711 errno=111 error=ECONNREFUSED local= peer=10.0.0.20:6379 \
            cause=connection-refused why="10.0.0.20:6379 refused."
    done
    for i in {1..30}; do
        rec $((i * 200)) level=info prog=nginx pid=800 ret=0 errno=0 error= local=10.0.0.5:443 peer=192.0.2.$i:50000 \
            side=accepted state=CLOSE_WAIT rx=$((i * 10)) tx=$((i * 1000)) cause=peer-closed
    done
}

setup() {
    mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here" || return 1
    export LC_ALL=C.UTF-8
    unset COLUMNS NO_COLOR
    use dash mawk
}

report() {
    PATH=$SYSTEM_PATH sh "$SOCKSHIM_COMMAND" report "$@"
}

# page [LOG...]: to `page`.
page() {
    report --html page "$@"
}

# seen NAME FILTER: what jq's FILTER says of what was seen of a page.
seen() {
    jq -r "$2" "$PAGES/$1.json"
}

# is NAME FILTER: whether it is true.
is() {
    jq -e "$2" "$PAGES/$1.json" >/dev/null || fails_with "not so: $2: $(jq -c "del(.text)" "$PAGES/$1.json" | head -c 3000)"
}

# text FILE [FROM [TO]]: what a reader reads of it, a line each; from one element's id to another's.
text() {
    "$PYTHON" - "$@" <<'END_OF_PROGRAM'
import html, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
page = re.sub(r"(?s)<(style|script)>.*?</\1>", "", page)
start = page.index(f'id="{sys.argv[2]}"') if len(sys.argv) > 2 else 0
end = page.index(f'id="{sys.argv[3]}"') if len(sys.argv) > 3 else len(page)
print(html.unescape(re.sub(r"<[^>]*>", "", page[start:end])))
END_OF_PROGRAM
}

# reads WORDS [FILE [FROM [TO]]]
reads() {
    local words=$1
    shift
    text "${@:-page}" | grep -F -e "$words" >/dev/null || fails_with "not there: $words: $(text "${@:-page}" | head -c 6000)"
}

# ---- What is on it ----

@test "each shell and awk makes the same page" {
    on_each_system eval 'report --html - "$PAGES/real.log" "$PAGES/made.log" "$HOSTILE" >"page.$system"'
    local one
    for one in page.*; do
        sed 's/Made by.*//' "$one" | cmp - <(sed 's/Made by.*//' "page.dash mawk")
    done
    [ "$(grep -c '<tbody' "page.dash mawk")" -gt 20 ]
}

@test "findings come first, all that report --json has, with what to do" {
    page "$PAGES/made.log"
    local titles
    titles=$(report --json "$PAGES/made.log" | jq -r '.findings[].title')
    [ "$(wc -l <<<"$titles")" -ge 2 ]
    diff <(sed -n 's/.*<h3><span class="number">[0-9]*<\/span> \(.*\) <span class="level.*/\1/p' page | sed "s/&#39;/'/g") - <<<"$titles"
    [ "$(grep -o '<section id="[a-z]*"' page | head -n 1)" = '<section id="findings"' ]
    reads "What to do: " page findings time
    reads "SOCKSHIM_KEEPALIVE=" page findings time
    reads "worker (client)" page findings time
    # What a finding's words mean stands before them.
    reads "RST ends the connection abruptly" page terms findings
}

@test "the answer is on the first screen: the worst finding, or that there is none" {
    page "$PAGES/made.log"
    local worst
    worst=$(report --json "$PAGES/made.log" | jq -r '.findings[0].title')
    [ "$(grep -A1 '^[0-9-]* [0-9:]* to ' <(text page) | tail -n 1)" = "$worst; and 1 more finding" ] || fails_with "$(text page | head -n 12)"
    is real '[.answer_ends[]] | max < 600'
    grep peer-closed "$PAGES/made.log" >log
    page log
    [ "$(grep -A1 '^[0-9-]* [0-9:]* to ' <(text page) | tail -n 1)" = "No findings: there is no pattern of failures in these records." ]
}

@test "an address of the program's own is not called its peer" {
    rec 1 prog=billing call=bind errno=98 error=EADDRINUSE local=10.0.0.5:8080 peer= state= side= level=error cause=address-in-use >log
    rec 2 prog=worker call=recv errno=9 error=EBADF type= local= peer= state= side= level=error cause=bad-descriptor >>log
    page log
    reads "Own address10.0.0.5:8080" page findings time
    ! text page findings time | grep -q '^Peer' || fails_with "$(text page findings time)"
}

@test "each cause that occurs has its figures, a sentence of the log and its explanation" {
    page "$PAGES/real.log"
    local cause
    report --json "$PAGES/real.log" >figures
    jq -r '.causes[] | "\(.cause)\t\(.level)\t\(.records)\t\(.share * 1000 + 0.5 | floor / 10)"' figures >want
    [ "$(wc -l <want)" -ge 10 ]
    # Of the table's rows, the values that it sorts by.
    sed -n 's|.*<tr><td><a href="#cause-[a-z-]*">\([a-z-]*\)</a></td><td data-v="[0-9]"><span class="level [a-z]*">\([a-z]*\)</span></td><td class="n" data-v="\([0-9]*\)">.*</td><td class="n" data-v="[0-9.]*">\([0-9.]*\)%</td><td class="t".*|\1\t\2\t\3\t\4|p' page |
        sed 's/\.0$//' | diff want -
    for cause in $(cut -f 1 want); do
        "$SOCKSHIM_COMMAND" explain "$cause" | tail -n 1 | tr -d '`' | sed 's/^ *//' >last
        text page "cause-$cause" | tr -d '`' | sed -n '/^What to do/,/^$/p' | head -n 1 | grep -qF -e "$(cat last)" ||
            fails_with "$cause: $(cat last)"
    done
    reads "For example: " page "cause-peer-reset"
    reads "On the wire" page "cause-peer-reset"
}

@test "a row a connection, with its records; attempts to connect are one row" {
    {
        started 0
        rec 1 local=10.0.0.5:40001
        rec 1.5 local=10.0.0.5:40001 call=send errno=32 error=EPIPE cause=write-after-close
        rec 2 local=10.0.0.5:40002
        # The port again, for another connection: it has carried less.
        rec 900 local=10.0.0.5:40001 rx=7
        rec 3 pid=200 local=10.0.0.5:40003 level=info ret=0 errno=0 error= cause=peer-closed at=libpq.so.5+0x2f1c4
        failed_connect 4 errno=111 error=ECONNREFUSED local= cause=connection-refused
        failed_connect 5 errno=111 error=ECONNREFUSED local= cause=connection-refused
        rec 6 type=unix-stream local= peer=/run/db state= side= fd=8 level=info ret=0 errno=0 error= cause=peer-closed
        rec 7 type=unix-stream local= peer=/run/db state= side= fd=8 level=info ret=0 errno=0 error= cause=peer-closed
    } >log
    page log
    "$PYTHON" - >rows <<'END_OF_PROGRAM'
import re
table = open("page").read().split('id="connections-table"')[1].split("</table>")[0]
for row in table.split("<tbody ")[1:]:
    cells = [re.sub("<[^>]*>", "", cell) for cell in re.findall(r"(?s)<td[^>]*>(.*?)</td>", row)]
    print("|".join(cells[:9]).replace("&ndash;", "-"), row.count("<li><time"), sep="|")
END_OF_PROGRAM
    # Worst first, then by time.
    diff rows - <<'END_OF_ROWS'
12:00:01.000|app 100 client|10.0.0.5:40001|10.0.0.9:80|warn|peer-reset, write-after-close|2|100|200|2
12:00:02.000|app 100 client|10.0.0.5:40002|10.0.0.9:80|warn|peer-reset|1|100|200|1
12:00:04.000|app 100 client|-|10.0.0.9:80|warn|connection-refused|2|-|-|2
12:15:00.000|app 100 client|10.0.0.5:40001|10.0.0.9:80|warn|peer-reset|1|7|200|1
12:00:03.000|app 200 client|10.0.0.5:40003|10.0.0.9:80|info|peer-closed|1|100|200|1
12:00:06.000|app 100|-|/run/db|info|peer-closed|1|100|200|1
12:00:07.000|app 100|-|/run/db|info|peer-closed|1|100|200|1
END_OF_ROWS
    reads "recv(fd 7, 4,096 bytes) = -1 ECONNRESET"
    reads "called from libpq.so.5+0x2f1c4"
}

@test "what was filtered, lost or not recorded is named, before the findings where it matters" {
    { started 0 app "level=warn skip=would-block,EINTR close=off only=app,db*" && rec 1 && rec 2 pid=200
        echo 'ts=2026-11-22T12:00:03.000000Z level=error event=lost pid=100 tid=100 prog=app lost=17 why="The disk was full."'
        echo "no record at all"; } >log
    page --pid 100 --level warn log
    # The part above the findings.
    sed '/<section id="findings"/,$d' page >above
    local words
    for words in "--pid 100" "--level warn" "1 record was left out" "below level warn" "would-block,EINTR" "17 records could not be written"; do
        reads "$words" page limits logs
        reads "$words" above
    done
    reads "for these programs only: app,db*" page limits logs
    reads "without records of close" page limits logs
    reads "log:5: no record at all" page logs
    rec 1 >log
    page log
    refute grep -q '<aside' page
    reads "it is not known whether records were left out when it was written" page limits logs
}

@test "a log without records, or a filter that leaves none, makes a page that says so" {
    : >log
    page log
    reads "The logs have no records."
    rec 1 >log
    page --cause timeout log
    reads "No records match the filters (1 left out)."
    reads "--cause timeout" page limits
}

@test "no findings is no claim that all is well" {
    { started 0 app level=warn && rec 1 level=warn cause=other; } >log
    page log
    reads "below level warn"
    [ "$(report --json log | jq '.findings | length')" -eq 0 ] || skip "a finding of it"
    reads "No findings" page findings time
}

# ---- In the browser ----

@test "what the page allows itself is the script and the style that are in it" {
    page "$PAGES/real.log"
    local part hash
    for part in style script; do
        # From after the tag to before the next.
        hash=$("$PYTHON" -c 'import base64, hashlib, sys
page = open("page", "rb").read().split(b"<%s>" % sys.argv[1].encode())[1].split(b"</%s>" % sys.argv[1].encode())[0]
print(base64.b64encode(hashlib.sha256(page).digest()).decode())' "$part")
        grep -qF "$part-src 'sha256-$hash'" page || fails_with "report-html.awk has another hash of its $part than $hash"
    done
    grep -qF "default-src 'none';" page
    is real '.foreign_script == 0 and .handlers == 0 and .links == [] and .broken == []'
}

@test "no width scrolls but the tables' own boxes, in light and dark, and all text can be read" {
    local name
    for name in real hostile; do
        is $name '.overflow | length == 6 and all(.body == 0 and .parts == [])'
        is $name '.faint == {light: [], dark: []}'
        # Pictures of so many widths, each of something.
        [ "$(find "$PAGES" -name "$name-*.png" -size +20k | wc -l)" -eq 6 ]
    done
    cmp "$PAGES/real-900-light.png" "$PAGES/real-900-dark.png" >/dev/null && return 1
    is real '.svg > 10'
}

@test "no complaint in the console, and nothing asked of the network" {
    is real '.before_print == []'
    is hostile '.before_print == []'
}

@test "a hostile log runs nothing, loads nothing, and is read as it is" {
    is hostile '.marks == [] and .handlers == 0 and .links == [] and .foreign_script == 0'
    # The elements are those of a page without hostility, and no more.
    local allowed='["a","article","aside","b","body","br","button","code","dd","details","dfn","div","dl","dt","footer","form","g","h1","h2","h3","head","header","html","input","label","li","line","main","meta","nav","ol","option","output","p","rect","script","section","select","small","span","style","summary","svg","table","tbody","td","text","th","thead","time","title","tr","ul"]'
    is hostile ".elements - $allowed == []"
    local try="<script>window.pwned_s=1</script>\"'><img src=http://127.0.0.1:9/x onerror=window.pwned_i=1></title></style></textarea><svg onload=window.pwned_v=1>&lt;b&gt;&#60;u&#62;"
    # By nearly each of the ways: keys, sentences, settings, what stands in front.
    [ "$(seen hostile .text | grep -oF -e "$try" | wc -l)" -ge 25 ]
    seen hostile .text | grep -qF '\x1b[31mred\x07 [U+202E]txt.exe \xc2\x85 \xff\xfe 😀 ä \x01\x7f[U+200B]`code`'
    seen hostile .text | grep -qF '<img/src=x/onerror=window.pwned_h=1>'
    LC_ALL=C refute grep -q '[[:cntrl:]]' <(tr -d '\n' <"$PAGES/hostile.html")
    # As many tags end as begin.
    "$PYTHON" - "$PAGES/hostile.html" <<'END_OF_PROGRAM'
import html.parser, sys
class Tags(html.parser.HTMLParser):
    open_ones = []
    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br", "input"):
            self.open_ones.append(tag)
    def handle_startendtag(self, tag, attributes):
        pass
    def handle_endtag(self, tag):
        assert self.open_ones.pop() == tag, (tag, self.getpos())
tags = Tags()
tags.feed(open(sys.argv[1], encoding="utf-8").read())
assert tags.open_ones == []
END_OF_PROGRAM
}

@test "tables sort, by mouse and by keyboard" {
    is real '.sorting.records[0] | .[0] == "descending" and (.[1] | map(tonumber) | . == (sort | reverse))'
    is real '.sorting.records[1] | .[0] == "ascending" and (.[1] | map(tonumber) | . == sort)'
    is real '.sorting.time | .[0] == "ascending" and (.[1] | . == sort)'
    is real '.sorting | (.before | sort) == .time[1] and .before != .time[1]'
    is real '.sorting.keyboard | .[0] == "Cause" and .[1] == "ascending" and (.[2] | length > 5 and . == sort)'
}

@test "connections are found by words, level and cause" {
    is real '.filter.visible and .filter.all >= 40'
    is real '.filter["text 6379 worker"] | (.rows | length == 1) and (.rows[0] | test("worker.*10.0.0.20:6379.*connection-refused.*12"))'
    is real '.filter["text 6379 worker"].said == "1 of \(.filter.all) shown"'
    is real '.filter["text nothing-has-this"].rows == []'
    is real '.filter["level 3"].rows | length > 10 and all(test("\\t(warn|error)\\t"))'
    is real '.filter["cause peer-reset"].rows | length > 10 and all(test("peer-reset"))'
}

@test "a link unfolds the explanation, a row its records" {
    is real '.folding == {cause: true, records: true}'
}

@test "it prints, with the explanations" {
    head -c 5 "$PAGES/real.pdf" | grep -qF '%PDF-'
    is real '.pages >= 3 and .pages < 40'
    is real '.unfolded_for_print > 5'
}

# ---- Huge logs ----

@test "of a huge log the page is small, and says what it leaves out" {
    rec 1 local=10.0.0.5:40000 >one
    rec 1 level=info ret=0 errno=0 error= cause=peer-closed local=10.0.0.5:40000 >other
    # 100,000 connections in an hour, and a rare one in their midst.
    awk '{ line[NR] = $0 } END {
        for (i = 0; i < 100000; i++) {
            text = line[i % 20 ? 2 : 1]
            sub(/T12:00:01.000000/, sprintf("T%02d:%02d:%02d.%06d", 12 + i / 60000, i / 1000 % 60, i % 60, i), text)
            sub(/:40000/, ":" 20000 + i % 40000, text)
            sub(/10\.0\.0\.9/, "10.0." int(i / 40000) ".9", text)
            print text
            if (i == 50000) {
                sub(/cause=[a-z-]*/, "cause=timeout", text)
                print text
            }
        }
    }' one other >big
    page big
    [ "$(wc -c <page)" -lt 1500000 ] || fails_with "$(wc -c <page) bytes"
    [ "$(grep -c '<tbody data-level' page)" -eq 500 ]
    reads "100,001"
    reads "timeout" page connections-table
    reads "an even sample: " page limits logs
    local left
    left=$(text page limits logs | sed -n 's/^ *\([0-9,]*\) connections of lower level.*/\1/p' | tr -d ,)
    [ "$left" -gt 100 ]
    grep -q 'about [0-9]' page
    # Names of programs by the thousand.
    awk '{ line = $0; for (i = 0; i < 30000; i++) { $0 = line; sub(/prog=app/, "prog=app" i); print } }' one >big
    page big
    [ "$(wc -c <page)" -lt 1500000 ] || fails_with "$(wc -c <page) bytes"
    reads "programs with fewer records left out" page programs
}

# peers COUNT EACH: a reset of so many peers, EACH times, one after the other.
peers() {
    awk -v count="$1" -v each="$2" '{ line = $0; for (i = 0; i < count * each; i++) {
            $0 = line
            sub(/T12:00:01.000000/, sprintf("T12:%02d:%02d.%06d", i / 3600, i / 60 % 60, i))
            sub(/10\.0\.0\.9:80/, "10.1.0." int(i / each) ":80")
            sub(/:44312/, ":" 20000 + i)
            print } }' one
}

@test "of a cause 100 peers are kept whole, and the page says that later ones are sampled together" {
    rec 1 >one
    peers 100 10 >whole
    report --json whole | jq -e '.findings[0] | .records == 1000 and (.others | length == 99) and (.evidence | contains("about") | not)' >/dev/null
    peers 150 10 >many
    report --json many | jq -e '(.findings[0] | .records == 1500 and (.others | length >= 99)) and .causes[0].different_peers == 150' >/dev/null
    report many >told
    grep -q 'about' told || fails_with "$(cat told)"
    page many # which has room for more
    run ! grep -q 'too many peers\|an even sample' page
    peers 150 100 >many
    page many
    reads "an even sample: " page limits logs
    reads "Of peer-reset there are too many peers: those that came after the first 100" page limits logs
}

@test "of programs with one record each 2,000 are kept; those with more all the same, and that others are missing is said" {
    rec 1 >one
    awk '{ line = $0; for (i = 0; i < 3000; i++) { $0 = line; sub(/prog=app/, "prog=once" i); print }
        for (i = 0; i < 50; i++) { $0 = line; sub(/prog=app/, "prog=often" i); print; print } }' one >many
    page many
    reads "at least 2,"
    reads "too many different peers, programs or processes to keep them all" page limits logs
    reads "often49" page programs
    report many >told
    grep -qE 'and at least 2,0[0-9]{2} programs more|and at least 2,0[0-9]{2} more' told || fails_with "$(tail -n 30 told)"
    report --json many | jq -e '[.programs[] | select(.prog | startswith("often"))] | length == 50' >/dev/null
    head -n 2000 many >few
    page few
    run ! grep -q 'at least\|to keep them all' page
}

# ---- The file ----

@test "FILE is written whole or not at all" {
    echo "<!DOCTYPE html> old" >page.html
    cp page.html old
    # A file that may not grow beyond 20 KB, as a disk that is full.
    run sh -c 'ulimit -f 40 && trap "" XFSZ && sh "$@"' sh "$SOCKSHIM_COMMAND" report --html page.html "$PAGES/made.log"
    [ "$status" -eq 2 ]
    [ "$output" = "sockshim: cannot write to page.html: File too large" ] || fails_with "$output"
    cmp page.html old
    [ "$(echo *)" = "bin old page.html" ] || fails_with "$(echo *)"
    report --html page.html "$PAGES/made.log"
    [ "$(tail -n 1 page.html)" = "</html>" ]
    run report --html no/page.html "$PAGES/made.log"
    [ "$status" -eq 2 ]
    # A log that is missing is named, and the page is of the others.
    run report --html page.html missing.log "$PAGES/made.log"
    [ "$status" -eq 2 ]
    reads "billing" page.html
}

@test "FILE takes the place of no log and of no folder" {
    cp "$PAGES/made.log" sockshim.log
    cp "$PAGES/made.log" other.log
    ln -s sockshim.log link
    ln sockshim.log hard
    local file
    for file in sockshim.log link hard other.log ./bin/../sockshim.log; do
        run report --html "$file" sockshim.log
        [ "$status" -eq 2 ] && [[ $output == *"overwrit"* ]] || fails_with "$file: $output"
        cmp "$file" "$PAGES/made.log"
    done
    run report --html sockshim.log - <sockshim.log
    [ "$status" -eq 2 ]
    # The log is in the folder that is read.
    run report --html sockshim.log .
    [ "$status" -eq 2 ]
    run report --html bin sockshim.log
    [ "$status" -eq 2 ]
    cmp sockshim.log "$PAGES/made.log"
    cmp other.log "$PAGES/made.log"
}

@test "FILE is - for standard output, may be a link to a page, a pipe, or a page to be made anew" {
    [ "$(report --html - "$PAGES/made.log" | tail -n 1)" = "</html>" ]
    [ "$(report --html /dev/stdout "$PAGES/made.log" | tail -n 1)" = "</html>" ]
    page "$PAGES/made.log"
    cp page first
    ln -s page link
    report --html link "$PAGES/real.log"
    [ -L link ]
    refute cmp -s page first
    (umask 027 && report --html private "$PAGES/made.log")
    [ "$(stat -c %a private)" = 640 ]
}

wrong() {
    run report "$@"
    [ "$status" -eq 2 ] && [ "${#lines[@]}" -eq 1 ] || fails_with "$*: $output"
}

@test "wrong calls" {
    wrong --html
    wrong --html=
    wrong --json --html page "$PAGES/made.log"
    wrong --html page --json "$PAGES/made.log"
    [ ! -e page ]
    report --html=page "$PAGES/made.log"
    [ -s page ]
}
