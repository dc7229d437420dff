# Bad input is answered by the kernel as it was, crashes nothing in the shim, and
# is logged in lines that a parser can read.

load helpers
load calls

# logged_as_seen: of what the program saw, each 0 and -1 of a socket call is in
# the log, in this order, and nothing else is, but for the value of SO_ERROR. 0 is the
# success of some calls.
logged_as_seen() {
    check_records
    diff <(sed 's/v64v2/v2/' shim.out |
        awk '$1 ~ /^-/ { next }
             $1 ~ /^(bind|connect|accept|accept4|listen|shutdown|getsockopt|setsockopt)$/ && $2 == 0 { next }
             $2 == -1 { print $1, $2, $3 }
             $2 == 0 { print $1, $2, 0 }') \
        <(records '.event == "return" and (.call != "getsockopt" or .ret != 0)' | jq -r '"\(.call) \(.ret) \(.errno)"') ||
        fails_with "the log (>) has other results than the program saw (<)"
}

# bad CASE ERRNO...: the case goes as without the shim, and comes to all these.
bad() {
    same bad_input "$1"
    for err in "${@:2}"; do
        grep -q " $err\$" shim.out || fails_with "no call of the case gave errno $err"
    done
    logged_as_seen
}

@test "bad input: buffers, vectors and headers to receive into" {
    bad receiving 14 22 29 23130
}

@test "bad input: the same after the end of the stream and after a reset" {
    bad after_the_end 14 104 23130
}

@test "bad input: room for addresses" {
    bad receiving_addresses 11 14 22
}

@test "bad input: buffers, vectors and headers to send from" {
    bad sending 14 22 29
}

@test "bad input: what is wrong inside a header" {
    bad headers 11 14 22 90
}

@test "bad input: addresses of every length and place" {
    bad destinations 9 13 14 22
}

@test "bad input: descriptors -1 and a million, with bad pointers" {
    bad descriptors 9
}

@test "bad input: room for the address of an accepted connection" {
    bad accepting 14 22
}

@test "bad input: getsockopt and setsockopt" {
    bad options 14 22
}

@test "bad input: pipes in the place of sockets" {
    bad no_sockets 14 88
}

# What a record says of bytes that are not plain text. WAY is the log's format,
# KEYS are those to look at, HEX the bytes that were there.
assert_bytes() { # assert_bytes WAY HEX KEY...
    "$PYTHON" - "$TOP/tests" "$LOG" "$@" <<'END'
import json, re, sys
tests, log, way, wanted, *keys = sys.argv[1:]
sys.path.insert(0, tests)
sys.dont_write_bytecode = True
import logfmt
wanted = bytes.fromhex(wanted)
if wanted[:1] == b"\0":
    wanted = b"@" + wanted[1:]
records = [logfmt.parse(line) for line in open(log, "rb").read().decode().split("\n")[:-1]]
found = 0
for key in keys:
    for record in records:
        if key not in record:
            continue
        found += 1
        if way == "json":
            # One for each bad byte, or one for a run: both are customary.
            text = wanted.decode("utf-8", "surrogateescape")
            text = re.sub("[\udc80-\udcff\x00-\x09\x0b-\x1f\x7f-\x9f]+", "\ufffd", text)
            assert re.sub("\ufffd+", "\ufffd", record[key]) == text, (key, record[key], text)
        else:
            value = b"".join(bytes([ord(c) & 0xff]) if "\udc00" <= c <= "\udcff" else c.encode()
                             for c in record[key])
            assert value == wanted, (key, value, wanted)
assert found >= len(keys), f"{found} records"
END
}

hex() {
    printf "$1" | od -An -v -tx1 | tr -d ' \n'
}

# Names as printf has them: blanks, quotes, what logfmt and JSON give a meaning
# to, control bytes, UTF-8 good and bad (cut short, overlong, surrogate, C1, too
# large), escapes of a terminal.
NAMES=(
    plain
    'two words'
    ' '
    '"quoted"'
    'a"b\\c'
    'back\\nslash\\x41'
    'a=b'
    'line\nbreak'
    'tab\tand\rreturn'
    'bell\a\001\037\177'
    'caf\303\251'
    '\303\251=\342\202\254 \360\237\220\247'
    '\377\376'
    'cut\303'
    'cut\342\202'
    '\300\200'
    '\355\240\200'
    '\302\205'
    '\364\220\200\200'
    '\033[31mred'
    '{"a":1}'
    '@not-abstract'
)

@test "bad input: unix paths of all kinds of bytes, in logfmt" {
    for name in "${NAMES[@]}"; do
        export NAME_IN_HEX
        NAME_IN_HEX=$(hex "$name")
        same bad_input unix_name
        assert_bytes logfmt "$NAME_IN_HEX" local peer
        expect_count 2 '.event == "return"'
    done
}

@test "bad input: unix paths of all kinds of bytes, in JSON" {
    export SOCKSHIM_FORMAT=json NAME_IN_HEX
    for name in "${NAMES[@]}"; do
        NAME_IN_HEX=$(hex "$name")
        same bad_input unix_name
        assert_bytes json "$NAME_IN_HEX" local peer
        jq -e . "$LOG" >/dev/null
    done
}

@test "bad input: abstract names, with NULs" {
    export NAME_IN_HEX SOCKSHIM_FORMAT
    for SOCKSHIM_FORMAT in logfmt json; do
        for name in "\\000$$-plain" "\\000$$ a\\000b\\000" "\\000$$\\000\\000\\377\\n\"="; do
            NAME_IN_HEX=$(hex "$name")
            same bad_input unix_name
            assert_bytes $SOCKSHIM_FORMAT "$NAME_IN_HEX" local peer
        done
    done
}

@test "bad input: a unix path as long as they come, all of it to be escaped" {
    export NAME_IN_HEX SOCKSHIM_FORMAT
    NAME_IN_HEX=$(printf '01%.0s' {1..107})
    for SOCKSHIM_FORMAT in logfmt json; do
        same bad_input unix_name
        # Cut, if it must be, but a line that can be read, to its last key.
        expect_count 2 '.event == "return" and .why != null and (.local | length) > 10'
    done
    NAME_IN_HEX=$(printf '61%.0s' {1..107})
    SOCKSHIM_FORMAT=logfmt same bad_input unix_name
    assert_bytes logfmt "$NAME_IN_HEX" local
    # Two such paths have no room in one record.
    expect_count 1 '(.peer // "") | test("^a*[.][.][.]$")'
}

# as_program NAME: the program under that argv[0].
as_program() {
    rm -f "$LOG"
    (
        cd "$BATS_TEST_TMPDIR"
        export LD_PRELOAD=$SHIM SOCKSHIM_LOG=$LOG
        exec -a "$1" "$PROGRAMS/bad_input" one_failure
    ) >shim.out
    grep -qx 'shutdown -1 22' shim.out
    expect_count 1 '.event == "return"'
}

@test "bad input: program names of all kinds of bytes" {
    cd "$BATS_TEST_TMPDIR"
    export SOCKSHIM_FORMAT
    for SOCKSHIM_FORMAT in logfmt json; do
        for name in "${NAMES[@]}"; do
            local bytes
            bytes=$(printf "$name.")
            as_program "some/where/${bytes%.}"
            assert_bytes $SOCKSHIM_FORMAT "$(hex "$name")" prog
        done
    done
}

@test "bad input: a program that was started by /proc/self/exe is called by its executable" {
    cd "$BATS_TEST_TMPDIR"
    as_program /proc/self/exe
    expect_count 0 '.prog != "bad_input"'
}

@test "bad input: a program name that is far too long, empty, or ends in a slash" {
    cd "$BATS_TEST_TMPDIR"
    export SOCKSHIM_FORMAT
    local many
    many=$(printf 'x%.0s' {1..5000})
    for SOCKSHIM_FORMAT in logfmt json; do
        as_program "$many"
        expect_count 2 '.prog | test("^x{40,}$")'
        as_program "${many//x/$'\n'}"
        as_program "${many//x/$'\377'}"
        as_program "${many//x/\"}"
        expect_count 2 '.prog | length > 10'
        as_program ""
        as_program "folder/"
        expect_count 2 'has("prog")'
    done
}

@test "bad input: an executable in a folder of an odd name" {
    local folder=$BATS_TEST_TMPDIR/$'a "b"\n=\377 c'
    mkdir "$folder"
    cp "$PROGRAMS/bad_input" "$folder/program"
    cd "$BATS_TEST_TMPDIR"
    export SOCKSHIM_FORMAT
    for SOCKSHIM_FORMAT in logfmt json; do
        rm -f "$LOG"
        # Not with env: that takes a path with a = in it for a variable.
        (
            export LD_PRELOAD=$SHIM SOCKSHIM_LOG=$LOG
            exec "$folder/program" one_failure
        )
        assert_bytes $SOCKSHIM_FORMAT "$(printf %s "$folder/program" | od -An -v -tx1 | tr -d ' \n')" exe
    done
}
