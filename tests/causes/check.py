#!/usr/bin/python3
"""Holds a log against what the cases must leave in it.

check.py check LOG RUN FAMILY    what is wrong, on stdout, and else how much was held
                                 against it; status 1 then
check.py show LOG RUN CASE...    the rows that the log would be right for
check.py families                their names
check.py broken                  the cases in which a call is to fail with EPIPE
check.py deadly LOG RUN          those in which SIGPIPE would have been deadly, as the
                                 log says

RUN is what the cases printed. How rows are read: registry.py.
"""
import errno
import os
import re
import socket
import sys

import registry

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from logfmt import parse  # noqa: E402

LEVELS = {
    "debug": "zero-length-request zero-length-datagram error-queue source-exhausted would-block "
             "in-progress interrupted",
    "info": "peer-closed local-shutdown-read not-supported reset-by-own-close gave-up-connecting "
            "gave-up-waiting gave-up-sending",
    "error": "address-unavailable address-in-use not-connected bad-descriptor bad-argument "
             "message-too-big descriptor-limit no-memory not-permitted",
}
LEVEL_OF = {cause: level for level, causes in LEVELS.items() for cause in causes.split()}
SHORT = {  # besides: a word in capitals is a TCP state
    "tcp": "type=tcp local=$us peer=$them",
    "mptcp": "type=mptcp local=$us peer=$them",
    "udp": "type=udp local=$us",
    "all-acked": "unacked=0 unsent=0",
}
LEAN = ("type local peer peer_pid state rx tx unacked unsent side idle_ms sent_ms "
        "unread rtt_us retrans at thread").split()


def long_form(figure):
    if re.fullmatch("[A-Z_0-9]+", figure):
        return ["state=" + figure]
    return SHORT.get(figure, figure).split()


def read_run(path):
    """PID -> case, case -> notes, of the cases that came to their end."""
    cases, notes = {}, {}
    with open(path) as run:
        for line in run:
            case, pid, status, *pairs = line.split()
            if int(status) != (registry.cases[case].dies_of if case in registry.cases else 0):
                continue
            cases[int(pid)] = case
            notes[case] = dict(pair.split("=", 1) for pair in pairs)
    return cases, notes


def read_log(path, cases):
    """case -> its records."""
    found = {case: [] for case in cases.values()}
    with open(path) as log:
        for line in filter(str.strip, log):  # an empty line does no harm: shim/log.c, mend()
            record = parse(line.rstrip("\n"))
            if record["event"] != "return" or record["pid"] not in cases:
                continue
            case = cases[record["pid"]]
            # The others end as it comes.
            if record["call"] != "close" or registry.cases[case].family == "closing":
                found[case].append(record)
    return found


def expand(text, notes):
    return re.sub(r"\$(\w+)", lambda match: notes.get(match[1], match[0]), text)


def figure_holds(figure, record, notes):
    keys, sign, wanted = re.match(r"([a-z_+]+)([=>])(.*)", figure).groups()
    wanted = expand(wanted, notes)
    if wanted == "-":
        return keys not in record
    if any(key not in record for key in keys.split("+")):
        return False
    values = [record[key] for key in keys.split("+")]
    if sign == ">":
        return sum(values) > int(wanted)
    return str(values[0] if len(values) == 1 else sum(values)) == wanted


def sentence_holds(wanted, why, notes):
    at = 0
    for part in expand(wanted, notes).split(" ... "):
        part = part.strip()
        if part.startswith("!"):
            if part[1:] in why:
                return False
            continue
        at = why.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def general_faults(record):
    """What holds for every record."""
    cause, call = record["cause"], record["call"]
    level = LEVEL_OF.get(cause, "warn")
    if cause == "not-connected" and call in ("shutdown", "setsockopt"):
        level = "info"
    if cause == "bad-descriptor" and call == "shutdown" and (record.get("error") == "ENOTSOCK" or record["fd"] < 0):
        level = "info"
    if call == "getpeername":
        level = "warn"
    if (call, record.get("error")) in (("getnameinfo", "EAI_NONAME"), ("gethostbyaddr", "HOST_NOT_FOUND"), ("gethostbyaddr", "NO_DATA")) and record["waited_ms"] < 1000:
        level = "info"
    if record["level"] != level:
        yield f"level {record['level']}, not {level}"
    if record["errno"] and call not in ("getaddrinfo", "gethostbyname", "gethostbyaddr") and getattr(errno, record.get("error", ""), 4000) != record["errno"]:
        yield "errno and error differ"
    if call in ("getaddrinfo", "getnameinfo"):
        if record["ret"] != getattr(socket, record.get("error", ""), 0):
            yield "ret and error differ"
    elif call in ("gethostbyname", "gethostbyaddr"):
        if record["ret"] != (-1 if "error" in record else 0):
            yield "ret and error differ"
    elif record["ret"] != (-1 if record["errno"] else 0) and (call, record["ret"]) != ("getsockopt", 0):
        yield "ret"
    if not record["why"].endswith(".") or not record["why"][0].isupper() and \
            not record["why"].startswith(record.get("peer", "?")):
        yield "why is no sentence"
    if "idle timeouts" in record["why"] and record["idle_ms"] < 5000:
        yield "not idle for long"
    lean = cause == "interrupted" or (
        cause == "in-progress" and call == "connect" and "type" not in record) or (
        cause == "would-block" and (call.startswith(("recv", "read", "accept"))
                                    and "MSG_ERRQUEUE" not in record.get("flags", "")))
    if lean and any(key in record for key in LEAN if (cause, key) != ("in-progress", "peer")):
        yield "not lean"
    if not lean and "fd" in record and record["fd"] >= 0 and "type" not in record \
            and cause != "bad-descriptor" and "Another thread closed" not in record["why"] \
            and "sockshim does not query the socket" not in record["why"]:
        yield "no type"


def faults(row, record, notes):
    (call, result, cause), figures, sentence = row
    if record["call"] != call:
        yield f"call {record['call']}, not {call}"
    if record.get("error", "0") != result:
        yield f"{record.get('error', '0')}, not {result}"
    if record["cause"] != cause:
        yield f"cause {record['cause']}, not {cause}"
    for figure in (part for figure in figures for part in long_form(figure)):
        if not figure_holds(figure, record, notes):
            yield f"not {expand(figure, notes)}"
    if not sentence_holds(sentence, record["why"], notes):
        yield f"the sentence does not hold \"{expand(sentence, notes)}\""
    yield from general_faults(record)


def as_line(record):
    return " ".join(f"{key}={value}" for key, value in record.items()
                    if key not in ("ts", "event", "pid", "tid", "prog"))


def check_case(rows, records, notes):
    """What is wrong, as lines."""
    if len(rows) != len(records):
        yield f"{len(records)} records, not {len(rows)}:"
        yield from ("    " + as_line(record) for record in records)
        return
    for row, record in zip(rows, records):
        said = list(faults(row, record, notes))
        if said:
            yield f"{'; '.join(said)}\n    {as_line(record)}"


def check(log, run, family):
    cases, notes = read_run(run)
    found = read_log(log, cases)
    mine = [case for case in registry.cases.values() if case.family == family]
    n = wrong = 0
    for case in mine:
        if case.name not in found:
            sys.exit(f"{case.name} could not be brought about")
        rows = case.rows_for(notes[case.name])
        n += len(rows)
        for fault in check_case(rows, found[case.name], notes[case.name]):
            wrong += 1
            print(f"{case.name}: {fault}")
    if not wrong:
        print(family, len(mine), n)
    return 1 if wrong or not mine else 0


def show(log, run, *wanted):
    keep = "len flags type local peer peer_pid state rx tx unacked unsent retrans".split()
    cases, notes = read_run(run)
    for case, records in read_log(log, cases).items():
        if case not in wanted:
            continue
        names = {value: "$" + key for key, value in notes[case].items()}
        print(case)
        for record in records:
            figures = " ".join(f"{key}={names.get(str(record[key]), record[key])}"
                               for key in keep if key in record)
            print(f"    {record['call']} {record.get('error', 0)} {record['cause']} |",
                  f"{figures}\n        {record['why']}")
    return 0


def families():
    print(*registry.families(), sep="\n")
    return 0


def broken():
    for case in registry.cases.values():
        if any(result == "EPIPE" for (_, result, _), _, _ in case.rows):
            print(case.name)
    return 0


def deadly(log, run):
    cases, _ = read_run(run)
    for case, records in read_log(log, cases).items():
        if any(re.search("SIGPIPE (would have ended|ends) the program", record["why"]) for record in records):
            print(case)
    return 0


def main():
    registry.load()
    modes = {"check": check, "show": show, "families": families, "broken": broken, "deadly": deadly}
    return modes[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
