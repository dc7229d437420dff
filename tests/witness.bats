# What the shim says about the ends of TCP connections is held against a witness
# that is not ours: tcpdump, on the loopback of a network namespace. Random
# connections: sizes both ways, who connects, who ends it, with close, RST or
# shutdown, after half-closing or not, with data left unread or not, with writes
# that come too late. Both sides run under the shim. WITNESS_SEED=N makes others.

load helpers

WITNESS=$TOP/tests/programs/witness.py
SEED=${WITNESS_SEED:-1}
DIR=$BATS_FILE_TMPDIR

# in_network COMMAND...: in a network namespace of its own, with lo. For those who
# are not root also in a user namespace, yet not as root there: tcpdump would drop
# rights that it does not have.
in_network() {
    local rights=
    [ "$(id -u)" -eq 0 ] || rights="--user --map-current-user --keep-caps"
    unshare $rights -n sh -c 'ip link set lo up; exec "$@"' - "$@"
}

setup_file() {
    in_network true || return 0
    in_network "$PYTHON" "$WITNESS" run "$SEED" 600 "$DIR" "$SHIM" 3>&-
}

setup() {
    [ -e "$DIR/packets" ] || skip "no network namespaces here"
}

# check [DIR]: what the log says, against the packets.
check() {
    "$PYTHON" "$WITNESS" check "$SEED" "${1:-$DIR}"
}

@test "600 connections: causes, figures and sentences agree with what tcpdump saw" {
    check
}

# Or the test above would be about nothing.
@test "each way to end is among them, often" {
    check | tail -n 1 >"$BATS_TEST_TMPDIR/summary"
    cat "$BATS_TEST_TMPDIR/summary"
    grep -q ': 600 connections' "$BATS_TEST_TMPDIR/summary"
    for cause in peer-closed peer-reset write-after-close closed-after-error local-shutdown-read \
        local-shutdown-write; do
        [ "$(sed -n "s/.* $cause \([0-9]*\).*/\1/p" "$BATS_TEST_TMPDIR/summary")" -ge 10 ]
    done
}

# A copy of it all, with one word of one side's records changed.
with_lie() {
    rm -rf "$BATS_TEST_TMPDIR/lie"
    cp -r "$DIR" "$BATS_TEST_TMPDIR/lie"
    sed -i -E "s/$1/$2/" "$BATS_TEST_TMPDIR/lie/a.log"
    ! cmp -s "$DIR/a.log" "$BATS_TEST_TMPDIR/lie/a.log"
}

@test "a record that is not true is found out" {
    local lie
    for lie in 's/cause=peer-closed/cause=closed-after-error' 's/cause=peer-reset/cause=peer-closed' \
        's/cause=write-after-close/cause=peer-reset' 's/(rx=[0-9]*)/\14' \
        's/( tx=[0-9]*)/\14' 's/(unsent=[0-9]*)/\14'; do
        IFS=/ read -r _ from to <<<"$lie"
        with_lie "$from" "$to"
        check "$BATS_TEST_TMPDIR/lie" >"$BATS_TEST_TMPDIR/said" && fails_with "not found out: $lie"
        grep -q '^a [0-9]' "$BATS_TEST_TMPDIR/said"
    done
}
