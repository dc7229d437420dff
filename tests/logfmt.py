#!/usr/bin/python3
"""Reads a sockshim log strictly and prints each record as one JSON object.

A line of another form than libsockshim(7)'s is an error: exit status 1, and the line
and the place on stderr. Lines that begin with { are read as JSON.
"""
import json
import re
import sys

ORDER = ("ts level event pid tid prog version exe host cgroup settings call fd setting would given ret "
         "errno error name waited_ms limit len flags type "
         "local local_addr local_port peer peer_addr peer_port peer_name peer_pid bound state rx tx unacked "
         "unsent blocked_by side idle_ms sent_ms fin_ms blocking unread rtt_us retrans at thread cause lost why").split()
NUMBERS = set("pid tid fd ret errno len peer_pid rx tx unacked unsent idle_ms sent_ms fin_ms unread rtt_us "
              "retrans lost waited_ms limit local_port peer_port".split())
PAIR = re.compile(r'([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^ "=\\]+))( |$)')
ESCAPE = re.compile(r'\\(?:(["\\n])|x([0-9a-f]{2}))')


class Malformed(Exception):
    pass


def unescape(text):
    def one(match):
        if match[1]:
            return "\n" if match[1] == "n" else match[1]
        return chr(0xdc00 + int(match[2], 16))  # a lone byte, as surrogateescape has it
    if re.search(r'\\(?!["\\n]|x[0-9a-f]{2})', ESCAPE.sub("", text)):
        raise Malformed("unknown escape")
    return ESCAPE.sub(one, text)


def parse_logfmt(line):
    record, at = {}, 0
    while at < len(line):
        match = PAIR.match(line, at)
        if not match:
            raise Malformed(f"column {at}")
        value = unescape(match[2]) if match[3] is None else match[3]
        if match[1] in record:
            raise Malformed(f"{match[1]} twice")
        record[match[1]] = int(value) if match[1] in NUMBERS else value
        at = match.end()
    return record


def parse(line):
    if re.search(r"[\x00-\x1f\x7f]", line):
        raise Malformed("control byte")
    record = json.loads(line) if line.startswith("{") else parse_logfmt(line)
    keys = list(record)
    if keys != [key for key in ORDER if key in record]:
        raise Malformed(f"keys {keys}")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", record["ts"]):
        raise Malformed("ts")
    return record


def main():
    with open(sys.argv[1], "rb") as log:
        text = log.read()
    if text and not text.endswith(b"\n"):
        sys.exit("the last line has no end")
    for number, line in enumerate(text.decode().splitlines(), 1):
        if not line:  # ends what a full disk may have torn
            continue
        try:
            print(json.dumps(parse(line)))
        except (Malformed, ValueError, KeyError) as error:
            sys.exit(f"line {number}: {error}: {line}")


if __name__ == "__main__":
    main()
