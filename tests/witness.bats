# What the shim says is held against a witness that is not ours: random connections between
# two hosts (network namespaces), both ends under the shim, tcpdump at either end, and a
# journal of what was really done. tests/witness/run says how to have more of them, or one
# again. WITNESS_SEED=N makes others.

load helpers

WITNESS=$TOP/tests/witness/run
export SEED=${WITNESS_SEED:-1}
DIR=$BATS_FILE_TMPDIR/made
SAID=$BATS_FILE_TMPDIR/said
# In percent of all records: sentences that leave open what the packets show, because the
# kernel does not tell (libsockshim(7), "What the kernel does not tell"): on average it is 0.5.
MOST_UNDECIDED=1

setup_file() {
    unshare -n true 2>/dev/null || unshare --user --map-current-user --keep-caps -n true || return 0
    env -u NUMBER -u ONLY COUNT=300 KEEP="$DIR" "$PYTHON" "$WITNESS" >"$SAID" 3>&- || :
}

setup() {
    [ -e "$SAID" ] || skip "no network namespaces here"
}

@test "300 connections: no record is contradicted by the packets or by what was done" {
    [ -s "$SAID" ]
    grep -Eq '^300 connections, [0-9]+ records: 0 wrong, 0 not known,' "$SAID" ||
        fails_with "$(tail -n 200 "$SAID")"
}

@test "at most $MOST_UNDECIDED % of the records leave open what happened" {
    tail -n 25 "$SAID"
    sed -n 's/.* not known, \([0-9.]*\) % say less$/\1/p' "$SAID" |
        awk -v most="$MOST_UNDECIDED" '{ n++; if ($1 > most) exit 1 } END { exit n != 1 }'
}

# Or the tests above would be about nothing.
@test "causes of all kinds are among them" {
    tail -n 60 "$SAID"
    for cause in peer-closed peer-reset write-after-close closed-after-error local-shutdown-read \
        local-shutdown-write would-block connection-refused connect-timed-out connection-aborted \
        not-connected in-progress bad-argument backlog-full bad-descriptor descriptor-limit; do
        awk -v cause="$cause" '$1 == cause { n = $2 + $3 } END { exit n < 3 }' "$SAID" ||
            fails_with "hardly a $cause"
    done
    for cause in name-not-resolved no-memory not-permitted; do
        grep -q "^$cause  *[0-9]" "$SAID" || fails_with "no $cause"
    done
}

# found_out WHAT FROM TO: with one word changed in all records that have it (of the first half
# of the connections) the witness does not agree.
found_out() {
    rm -rf "$BATS_TEST_TMPDIR/lie"
    mkdir "$BATS_TEST_TMPDIR/lie"
    cp -r "$DIR/0" "$BATS_TEST_TMPDIR/lie/"
    sed -i -E "s/$2/$3/" "$BATS_TEST_TMPDIR/lie/0/log"
    ! cmp -s "$DIR/0/log" "$BATS_TEST_TMPDIR/lie/0/log" || fails_with "no record to change for: $1"
    "$PYTHON" "$WITNESS" "$BATS_TEST_TMPDIR/lie" >"$BATS_TEST_TMPDIR/out" &&
        fails_with "not found out: $1"
    ! grep -q ': 0 wrong, 0 not known' "$BATS_TEST_TMPDIR/out"
}

@test "a cause that is not true is found out" {
    found_out "an end that was a reset" '"cause":"peer-closed"' '"cause":"peer-reset"'
    found_out "a reset that was an end" '"cause":"peer-reset"' '"cause":"peer-closed"'
    found_out "a late write that was a reset" '"cause":"write-after-close"' '"cause":"peer-reset"'
    found_out "an error that was none" '"cause":"closed-after-error"' '"cause":"local-shutdown-read"'
}

@test "a figure, an address or a state that is not true is found out" {
    found_out "rx" '("rx":[0-9]*)' '\17'
    found_out "tx" '("tx":[0-9]*)' '\17'
    found_out "unacked" '("unacked":[0-9]*)' '\17'
    found_out "unsent" '("unsent":[0-9]*)' '\17'
    found_out "idle_ms" '("idle_ms":[0-9]*)' '\1000'
    found_out "peer" '("peer":"10[^"]*)' '\17'
    found_out "state" '"state":"CLOSE"' '"state":"ESTABLISHED"'
    found_out "blocked_by" '"blocked_by":"window"' '"blocked_by":"host"'
    found_out "limit" '("limit":[0-9]*)' '\17'
    found_out "waited_ms" '("waited_ms":[0-9]*)' '\17'
}

@test "a sentence that is not true, or that nobody has looked at, is found out" {
    found_out "who shut down" 'This program itself shut down its writing' 'The peer shut down its writing'
    found_out "a FIN that did not come" '(aborted the connection \(RST\))' 'had ended its side in order (FIN), and then \1'
    found_out "half a sentence" '(may have sent the RST in its name\.)' '\1 It is raining.'
}

@test "a record that is missing, or one too many, is found out" {
    found_out "one is missing" '"event":"return"(.*"cause":"peer-closed")' '"event":"config"\1'
    found_out "another call" '"call":"recv"(.*"cause":"peer-closed")' '"call":"read"\1'
}
