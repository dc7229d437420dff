#!/usr/bin/env bats
# The promise of .github/CONTRIBUTING.md: a call and a cause that are added by the recipe
# log rightly, and a step of it that is left out does not build or fails make lint.

load helpers

# A scratch copy of the tree, built with little optimisation: with none, byte order and
# device numbers are calls of the C library.
setup() {
    TREE=$BATS_TEST_TMPDIR/tree
    mkdir "$TREE"
    cp -r "$TOP"/{Makefile,shim,scripts,tests} "$TREE"
}

build() {
    run make -s -C "$TREE" BUILD="$TREE/build" CFLAGS=-O1
}

house() {
    run env BUILD="$TREE/build" "$TREE/tests/house"
}

# before FILE BEGINNING LINE...: puts the lines before the first that begins so.
before() {
    local file=$TREE/$1 beginning=$2
    shift 2
    grep -qF -- "$beginning" "$file" || fails_with "no $beginning in $file"
    printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/lines"
    BEGINNING=$beginning awk -v lines="$BATS_TEST_TMPDIR/lines" '
        !done && index($0, ENVIRON["BEGINNING"]) == 1 { while ((getline line <lines) > 0) print line; done = 1 }
        { print }' "$file" >"$BATS_TEST_TMPDIR/new"
    cp "$BATS_TEST_TMPDIR/new" "$file"
}

# ---- A call: tee(2) ----

call_named() { before shim/base/names.h '    X(socket,' '    X(tee, EITHER_WAY, ANY_FILE, LENGTH) \'; }
call_next() {
    before shim/base/next.h '    X(int, socket,' \
        '    X(ssize_t, tee, (int in, int out, size_t len, unsigned flags), SYS_tee, in, out, len, flags) \'
}
call_wrapped() {
    before shim/calls/send.c 'MOVES(ssize_t, splice' \
        'MOVES(ssize_t, tee, tee, (int in, int out, size_t len, unsigned flags), (in, out, len, flags),' \
        '      a.fd = out, a.other = in, a.len = len, a.flags = (int)flags)'
}
call_tested() { echo '/* tee */' >>"$TREE/tests/programs/calls_send.c"; }

# tee_of WHICH: one call on a pipe and a socket, two pipes, or a closed descriptor and
# a socket or a pipe.
tee_of() {
    rm -f "$LOG"
    env LD_PRELOAD="$TREE/build/libsockshim.so" SOCKSHIM_LOG="$LOG" "$PYTHON" -c '
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
a, b = socket.socketpair()
r, w = os.pipe()
r2, w2 = os.pipe()
os.write(w, b"hello")
which = {"socket": (r, a.fileno()), "pipes": (r, w2), "closed": (99, a.fileno()),
         "closed-pipe": (99, w2), "from-socket": (a.fileno(), w2)}
libc.tee(*which[sys.argv[1]], 5, 2)
if sys.argv[1] == "pipes":
    libc.tee(r2, w, 5, 2)  # nothing to read: EAGAIN' "$1"
}

@test "a call that is added by the recipe logs what is true, for a socket, a pipe and a closed descriptor" {
    call_named && call_next && call_wrapped && call_tested
    build
    [ "$status" -eq 0 ] || fails_with "$output"
    house
    [ "$status" -eq 0 ] || fails_with "$output"
    tee_of socket
    expect_count 1 '.call == "tee" and .errno == 22 and .len == 5 and .type == "unix-stream" and
        .cause == "bad-argument"'
    tee_of from-socket
    expect_count 1 '.call == "tee" and .errno == 22 and .type == "unix-stream" and .cause == "bad-argument"'
    tee_of closed
    expect_count 1 '.call == "tee" and .error == "EBADF" and .cause == "bad-descriptor" and
        (.why | test("is a socket, but the other descriptor of the call is not open"))'
    tee_of closed-pipe
    expect_count 0 '.call == "tee"'
    tee_of pipes
    expect_count 0 '.call == "tee"'
}

@test "a step of the recipe for a call that is left out does not build or fails lint" {
    call_next && call_wrapped && call_tested
    build
    [ "$status" -ne 0 ] # no row in names.h
    [[ $output == *CALL_tee* ]] || fails_with "$output"
    rm -rf "${TREE:?}/shim" && cp -r "$TOP/shim" "$TREE"
    call_named && call_wrapped
    build
    [ "$status" -ne 0 ] # none in next.h
    [[ $output == *tee* ]] || fails_with "$output"
    rm -rf "${TREE:?}/shim" && cp -r "$TOP/shim" "$TREE"
    call_named && call_next
    build
    [ "$status" -eq 0 ] || fails_with "$output"
    house
    [ "$status" -eq 1 ]
    [[ $output == *"in next.h, but not wrapped in shim/calls: tee"* ]] || fails_with "$output"
    cp "$TOP/tests/programs/calls_send.c" "$TREE/tests/programs"
    call_wrapped
    build
    [ "$status" -eq 0 ] || fails_with "$output"
    house
    [ "$status" -eq 1 ]
    [[ $output == *"no case of tee"* ]] || fails_with "$output"
}

# ---- A cause: ESPIPE, of splice with an offset on a pipe ----

cause_named() { before shim/base/names.h '    X(other, "other"' '    X(not_a_pipe, "not-a-pipe", LEVEL_ERROR) \'; }
cause_decided() { before shim/tell/cause.c '    [EAGAIN] =' '    [ESPIPE] = CAUSE_not_a_pipe,'; }
cause_said() {
    cat >>"$TREE/shim/tell/why_argument.c" <<'END'

template why_not_a_pipe(const struct facts *f)
{
    (void)f;
    return SAY("A pipe has no offset.");
}
END
}
cause_explained() {
    before scripts/lib/causes.txt 'cause: other' 'cause: not-a-pipe' 'level: error' 'errno: ESPIPE' \
        'when:  an offset for a pipe' 'wire:  Nothing.' 'why:   The call.' 'look:  The call.' 'do:    Nothing.' ''
}
cause_tested() { echo '# not-a-pipe' >>"$TREE/tests/causes/mistakes.py"; }

# cause_without STEP: undoes that one alone, so that little is to be built anew.
cause_without() {
    local file
    case $1 in
    cause_named) file=shim/base/names.h ;;
    cause_decided) file=shim/tell/cause.c ;;
    cause_said) file=shim/tell/why_argument.c ;;
    cause_explained) file=scripts/lib/causes.txt ;;
    cause_tested) file=tests/causes/mistakes.py ;;
    esac
    ! cmp -s "$TOP/$file" "$TREE/$file" || fails_with "$1 did not change $file"
    cp "$TOP/$file" "$TREE/$file"
}

splice_with_offset() {
    env LD_PRELOAD="$TREE/build/libsockshim.so" SOCKSHIM_LOG="$LOG" "$PYTHON" -c '
import ctypes, os, socket
libc = ctypes.CDLL(None)
a, b = socket.socketpair()
r, w = os.pipe()
libc.splice(r, ctypes.byref(ctypes.c_longlong(1)), a.fileno(), None, 5, 2)'
}

@test "a cause that is added by the recipe is told; a step that is left out does not link or fails lint" {
    local step
    cause_named && cause_decided && cause_said && cause_explained && cause_tested
    build
    [ "$status" -eq 0 ] || fails_with "$output"
    house
    [ "$status" -eq 0 ] || fails_with "$output"
    splice_with_offset
    expect_count 1 '.call == "splice" and .cause == "not-a-pipe" and .level == "error" and
        .why == "A pipe has no offset."'
    for step in cause_decided cause_said cause_explained cause_tested cause_named; do
        cause_without $step
        build
        case $step in
        cause_named | cause_said) [ "$status" -ne 0 ] || fails_with "builds without $step" ;;
        *)
            [ "$status" -eq 0 ] || fails_with "$output"
            house
            [ "$status" -eq 1 ] && [[ $output == *not-a-pipe* ]] || fails_with "without $step: $output"
            ;;
        esac
        $step
    done
}

@test "the house is held: includes upwards, long files and long functions are named" {
    build
    sed -i '1i #include "log/log.h"' "$TREE/shim/observe/tcp.c"
    { cat "$TREE/shim/base/ask.c" && printf 'void long_one(void);\nvoid long_one(void)\n{\n' &&
        yes '    (void)0;' | head -60 && echo '}' && yes | head -400 | sed 's/.*//'; } >"$BATS_TEST_TMPDIR/ask.c"
    cp "$BATS_TEST_TMPDIR/ask.c" "$TREE/shim/base/ask.c"
    house
    [ "$status" -eq 1 ]
    [[ $output == *'shim/observe/tcp.c: includes "log/log.h", which stands above it'* ]] || fails_with "$output"
    [[ $output == *"long_one has 63 lines"* ]] || fails_with "$output"
    [[ $output == *"shim/base/ask.c: "*"lines, more than 400"* ]] || fails_with "$output"
}
