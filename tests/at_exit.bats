#!/usr/bin/env bats
# A program that ends in order while a connection is open: what it leaves undone is told
# as at a close, and nothing where another process may go on with the connection.

load helpers

# ends LINES: Python that has `one`, which connected, and `other`, which was accepted, and
# leaves both open; `wait` until the last send was 60 ms ago.
ends() {
    shimmed "$PYTHON" -c "
import os, socket, struct, sys, time
listener = socket.create_server(('127.0.0.1', 0))
one = socket.create_connection(listener.getsockname())
other = listener.accept()[0]
def wait():
    while struct.unpack_from('I', one.getsockopt(6, 11, 104), 44)[0] < 60: # tcpi_last_data_sent
        time.sleep(.01)
def arrived(s):
    s.recv(1, socket.MSG_PEEK)
$1
[s.detach() for s in (one, other)]
"
}

ended() { records '.call == "exit"'; }

@test "an answer is due when the program ends" {
    ends "one.send(b'hello'); other.recv(9); wait()"
    [ "$(ended | jq -r .cause)" = gave-up-waiting ] || fails_with "$(cat "$LOG")"
    expect_count 1 '.call == "exit" and .ret == 0 and .side == "connected" and .sent_ms >= 60 and .state == "ESTABLISHED"
        and (.why | test("^This program ended .* after its last send, with no answer from 127"))'
}

@test "nothing was ever said when the program ends" {
    ends "
while struct.unpack_from('I', one.getsockopt(6, 11, 104), 52)[0] < 1010: # tcpi_last_data_recv
    time.sleep(.01)"
    [ "$(ended | jq -r .cause)" = gave-up-waiting ] || fails_with "$(cat "$LOG")"
    expect_count 1 '.call == "exit" and .rx == 0 and .tx == 0 and (has("sent_ms") | not) and .idle_ms >= 1000
        and (.why | test("^This program ended .* after it had connected to 127.*neither side had ever sent anything"))'
}

@test "data lies unread when the program ends" {
    ends "other.send(b'hello'); arrived(one)"
    [ "$(ended | jq -r .cause)" = reset-by-own-close ] || fails_with "$(cat "$LOG")"
    expect_count 1 '.call == "exit" and .unread == 5 and (.why | test("ended with 5 bytes unread: unless another process"))'
}

@test "SO_LINGER 0 when the program ends" {
    ends "one.setsockopt(1, 13, struct.pack('ii', 1, 0))"
    expect_count 1 '.call == "exit" and .cause == "reset-by-own-close" and (.why | test("with SO_LINGER 0 set"))'
}

@test "a connect is in progress when the program ends" {
    unshare -n true 2>/dev/null || skip "no network namespaces here"
    # shellcheck disable=SC2016
    LOG=$LOG SHIM=$SHIM PYTHON=$PYTHON unshare -n sh -c '
        ip link set lo up
        nft add table inet t
        nft add chain inet t i "{ type filter hook input priority 0; }"
        nft add rule inet t i tcp dport 9 drop
        LD_PRELOAD=$SHIM SOCKSHIM_LOG=$LOG "$PYTHON" -c "
import socket
s = socket.socket()
s.setblocking(False)
s.connect_ex((\"127.0.0.1\", 9))
s.detach()"'
    expect_count 1 '.call == "exit" and .cause == "gave-up-connecting" and .peer == "127.0.0.1:9"
        and (.why | test("ended.* while it was still connecting: no SYN-ACK had come"))'
}

@test "what was written is not sent when the program ends" {
    ends "
other.setblocking(False)
one.send(b'hello'); other.recv(9)
try:
    while True: other.send(bytes(65536))
except BlockingIOError: pass
while struct.unpack_from('I', other.getsockopt(6, 11, 232), 228)[0]: # tcpi_snd_wnd
    time.sleep(.01)
one.shutdown(socket.SHUT_WR)"
    expect_count 1 '.call == "exit" and .side == "accepted" and .cause == "gave-up-sending"
        and (.why | test("ended with .* that it had written and that were not sent yet: .* does not read"))'
}

@test "nothing is left undone: an answered exchange, a farewell, an end that was read, closed connections" {
    ends "one.send(b'hello'); other.recv(9); other.send(b'hello'); one.recv(9); wait()"
    ends "one.send(b'hello'); other.recv(9)" # an answer is not due yet
    ends "other.close(); one.recv(9); other = socket.socket(); one.send(b'hello')"
    ends "one.send(b'hello'); other.recv(9); wait(); one.close(); other.close()"
    expect_count 0 '.call == "exit"'
    expect_count 4 '.event == "start"'
}

@test "another process may go on with the connection: nothing is told" {
    # A child that lives, a child that has ended and is not waited for, the child itself.
    ends "
one.send(b'hello'); other.recv(9); wait()
r, w = os.pipe()
if os.fork() == 0:
    os.close(w); os.read(r, 1); sys.exit()"
    ends "
one.send(b'hello'); other.recv(9); wait()
if os.fork(): os.wait()
else: [s.detach() for s in (one, other)]; sys.exit()
one.close()"
    ends "
one.send(b'hello'); other.recv(9); wait()
r, w = os.pipe()
os.dup2(r, 0)
os.posix_spawnp('cat', ['cat'], os.environ)"
    expect_count 0 '.call == "exit"'
}

@test "not told where closes are not wanted: SOCKSHIM_CLOSE, SOCKSHIM_SKIP, SOCKSHIM_LEVEL; nor after _exit" {
    export SOCKSHIM_CLOSE=off
    ends "one.send(b'hello'); other.recv(9); wait()"
    unset SOCKSHIM_CLOSE
    SOCKSHIM_SKIP="exit" ends "one.send(b'hello'); other.recv(9); wait()"
    SOCKSHIM_LEVEL=warn ends "one.send(b'hello'); other.recv(9); wait()"
    ends "one.send(b'hello'); other.recv(9); wait(); os._exit(0)"
    expect_count 0 '.call == "exit"'
}

@test "socat gives up half a second after the end of its input" {
    # Answers after all, but later than socat waits.
    background "$PYTHON" -c "
import socket
s = socket.create_server(('127.0.0.1', 0))
print(s.getsockname()[1], flush=True)
c = s.accept()[0]
while c.recv(99): pass
import select
p = select.poll()
p.register(c, 0)
p.poll() # until socat is gone
" >"$BATS_TEST_TMPDIR/port"
    wait_until test -s "$BATS_TEST_TMPDIR/port"
    echo QUERY | shimmed socat - "TCP:127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")"
    expect_count 1 '.call == "exit" and .cause == "gave-up-waiting" and .sent_ms >= 400 and .state == "FIN_WAIT2"'
    run "$TOP/scripts/sockshim" report "$LOG"
    [[ $output == *"socat itself gives up waiting for the answer after"* ]] || fails_with "$output"
}
