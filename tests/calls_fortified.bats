# Most distribution binaries are built with _FORTIFY_SOURCE: their recv,
# recvfrom and read have other names.

load helpers
load calls

setup() {
    ulimit -c 0
}

@test "fortified: the program calls the fortified entry points and not the plain ones" {
    nm -D --undefined-only "$PROGRAMS/fortified" | sed 's/@.*//; s/.* //' >"$BATS_TEST_TMPDIR/symbols"
    for name in __recv_chk __recvfrom_chk __read_chk; do
        grep -qx $name "$BATS_TEST_TMPDIR/symbols"
    done
    [ -z "$(grep -xE 'recv|recvfrom|read' "$BATS_TEST_TMPDIR/symbols")" ]
}

@test "fortified: 0 and -1 are logged under the plain names" {
    same fortified 16
    for_each recv recvfrom read <<'END' | expect_log
level=info call=CALL fd=20 ret=0 len=16 type=tcp local=us peer=them state=CLOSE_WAIT rx=5 tx=0 unacked=0 unsent=0 cause=peer-closed
level=warn call=CALL fd=20 ret=-1 error=ECONNRESET len=16 type=tcp local=us peer=them state=CLOSE rx=0 tx=0 unacked=0 unsent=0 cause=peer-reset
END
}

@test "fortified: an overflow is aborted as it was" {
    for name in recv recvfrom read; do
        same fortified 17 $name
        grep 'buffer overflow detected' shim.err
        expect_no_log
    done
}
