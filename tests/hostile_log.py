"""Prints a log that tries to get markup, scripts and terminal controls into a page of HTML:
by each key of a record, by its sentence, by the shim's own records, by what stands in front of
records, and by lines that are none. What would run sets window.pwned_...; what would be loaded is
on 127.0.0.1:9.
"""

import json
import sys

TRY = ("<script>window.pwned_s=1</script>\"'><img src=http://127.0.0.1:9/x onerror=window.pwned_i=1></title></style>"
       "</textarea><svg onload=window.pwned_v=1>&lt;b&gt;&#60;u&#62;")
CONTROLS = (b"\x1b[31mred\x07 \xe2\x80\xaetxt.exe \xc2\x85 \xff\xfe \xf0\x9f\x98\x80 \xc3\xa4 \x01\x7f\xe2\x80\x8b`code`")
KEYS = ("prog pid tid call fd ret error flags type local peer state rx tx side idle_ms sent_ms rtt_us "
        "retrans at thread").split()


def quoted(value):
    value = value if isinstance(value, bytes) else value.encode()
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def put(line):
    sys.stdout.buffer.write((line if isinstance(line, bytes) else line.encode()) + b"\n")


def record(second, **changed):
    pairs = {"pid": "100", "tid": "100", "prog": "app", "call": "recv", "fd": "7", "ret": "-1", "errno": "104",
             "error": "ECONNRESET", "len": "10", "flags": "0", "type": "tcp", "local": f"10.0.0.5:{40000 + second}",
             "peer": "10.0.0.9:80", "state": "CLOSE", "rx": "0", "tx": "9", "side": "connected", "idle_ms": "5",
             "sent_ms": "5", "rtt_us": "85", "retrans": "0", "at": "libc.so.6+0x1", "thread": "main",
             "cause": "peer-reset", "why": "It was so."}
    pairs.update(changed)
    line = f"ts=2026-11-22T12:00:{second:02}.000000Z level=warn event=return".encode()
    for key, value in pairs.items():
        is_plain = isinstance(value, str) and not set(value) & set(' "=\\') and key != "why"
        line += f" {key}=".encode() + (value.encode() if is_plain else quoted(value))
    put(line)


for second, key in enumerate(KEYS):
    record(second, **{key: TRY})
record(30, why=TRY)
record(31, why=CONTROLS)
record(32, prog="javascript:window.pwned_j=1", peer=f"`{TRY}`")
own = TRY.replace('"', '\\"')
solid = own.replace(" ", "_")
put(f'ts=2026-11-22T12:01:00.000000Z level=info event=start pid=1 tid=1 prog="{own}" version="{own}" exe=x '
    f'settings="level=info skip={solid} only={solid} close=off"')
for event in ("config", "refused", "lost", "rotated"):
    put(f'ts=2026-11-22T12:01:01.000000Z level=warn event={event} pid=1 tid=1 prog="{own}" lost=3 why="{own}"')
put(json.dumps({"ts": "2026-11-22T12:01:03.000000Z", "level": "warn", "event": "return", "pid": 1, "tid": 1, "prog": TRY,
                "call": "recv", "fd": 3, "ret": -1, "errno": 104, "error": "ECONNRESET", "type": "tcp", "local": TRY,
                "peer": TRY, "state": TRY, "at": TRY, "cause": "peer-reset", "why": TRY}, separators=(",", ":")))
put('Nov 22 12:00:00 <img/src=x/onerror=window.pwned_h=1> "><script>window.pwned_u=1</script>[1]: '
    "ts=2026-11-22T12:01:05.000000Z level=warn event=return pid=1 tid=1 prog=app call=recv fd=3 ret=-1 errno=104 "
    'error=ECONNRESET type=tcp local=1.2.3.4:5 peer=1.2.3.5:6 cause=peer-reset why="It was so."')
put(f"{TRY} is no record")
put(b"\x1b]0;title\x07<script>\xff")
put('ts=2026-11-22T12:01:06.<b>00Z level=warn event=return pid=1 tid=1 prog=app call=recv fd=3 ret=-1 type=tcp '
    'peer=1.2.3.5:6 cause=<b> why="It was so."')
