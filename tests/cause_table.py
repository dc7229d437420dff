#!/usr/bin/python3
"""Holds a log against a table of what it must say.

cause_table.py cases < TABLE           the names of the cases, once each
cause_table.py check LOG RUN < TABLE   what is wrong, on stdout; status 1 then
cause_table.py show LOG RUN            the table that the log would be right for

RUN is what causes.py printed. A row of TABLE has four parts between " | ":

    case | call result cause | figures | sentence

result: 0 or an errno name; SO_ERROR for a getsockopt: its value's name.
figures: key=value, key>value, key=- (not there), a+b=value (the sum). $name in a
value is what causes.py has noted.
sentence: parts that it must hold, in order, between " ... "; one that begins
with "!" must not be in it.

The rows of a case are all its records, in their order.
"""
import errno
import re
import sys

from logfmt import parse

LEVELS = {
    "debug": "zero-length-request zero-length-datagram error-queue source-exhausted would-block "
             "in-progress interrupted",
    "info": "peer-closed local-shutdown-read not-supported",
    "error": "address-unavailable address-in-use not-connected bad-descriptor bad-argument "
             "message-too-big descriptor-limit no-memory not-permitted",
}
LEVEL_OF = {cause: level for level, causes in LEVELS.items() for cause in causes.split()}
LEAN = "type local peer peer_pid state rx tx unacked unsent idle_ms rtt_us retrans".split()


def read_table(lines):
    rows = []
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        case, result, figures, sentence = [part.strip() for part in line.split(" | ")]
        rows.append((case, result.split(), figures.split(), sentence))
    return rows


def read_run(path):
    """PID -> case, case -> notes."""
    cases, notes = {}, {}
    with open(path) as run:
        for line in run:
            case, pid, _, *pairs = line.split()
            cases[int(pid)] = case
            notes[case] = dict(pair.split("=", 1) for pair in pairs)
    return cases, notes


def read_log(path, cases):
    """case -> its records."""
    found = {case: [] for case in cases.values()}
    with open(path) as log:
        for line in log:
            record = parse(line.rstrip("\n"))
            if record["event"] == "return" and record["pid"] in cases:
                found[cases[record["pid"]]].append(record)
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
    if cause == "not-connected" and call == "shutdown":
        level = "info"
    if record["level"] != level:
        yield f"level {record['level']}, not {level}"
    if record["errno"] and errno.errorcode[record["errno"]] != record["error"]:
        yield "errno and error differ"
    if record["ret"] != (0 if call == "getsockopt" or not record["errno"] else -1):
        yield "ret"
    if not record["why"].endswith(".") or not record["why"][0].isupper() and \
            not record["why"].startswith(record.get("peer", "?")):
        yield "why is no sentence"
    lean = cause == "interrupted" or (
        cause == "would-block" and (call.startswith(("recv", "read", "accept"))
                                    and "MSG_ERRQUEUE" not in record.get("flags", "")))
    if lean and any(key in record for key in LEAN):
        yield "not lean"
    if not lean and "fd" in record and record["fd"] >= 0 and "type" not in record \
            and cause != "bad-descriptor":
        yield "no type"


def faults(row, record, notes):
    _, (call, result, cause), figures, sentence = row
    if record["call"] != call:
        yield f"call {record['call']}, not {call}"
    if record.get("error", "0") != result:
        yield f"{record.get('error', '0')}, not {result}"
    if record["cause"] != cause:
        yield f"cause {record['cause']}, not {cause}"
    for figure in figures:
        if not figure_holds(figure, record, notes):
            yield f"not {expand(figure, notes)}"
    if not sentence_holds(sentence, record["why"], notes):
        yield f"the sentence does not hold \"{expand(sentence, notes)}\""
    yield from general_faults(record)


def as_line(record):
    return " ".join(f"{key}={value}" for key, value in record.items()
                    if key not in ("ts", "event", "pid", "tid", "prog"))


def check(log, run):
    rows = read_table(sys.stdin)
    cases, notes = read_run(run)
    wrong = 0
    for case, records in read_log(log, cases).items():
        wanted = [row for row in rows if row[0] == case]
        if len(wanted) != len(records):
            wrong += 1
            print(f"{case}: {len(records)} records, not {len(wanted)}:")
            print(*["    " + as_line(record) for record in records], sep="\n")
            continue
        for row, record in zip(wanted, records):
            said = list(faults(row, record, notes[case]))
            wrong += len(said)
            if said:
                print(f"{case}: {'; '.join(said)}\n    {as_line(record)}")
    missing = {row[0] for row in rows} - set(cases.values())
    if missing:
        print(f"not run: {missing}")
    return 1 if wrong or missing else 0


def show(log, run):
    cases, notes = read_run(run)
    keep = "len flags type local peer peer_pid state rx tx unacked unsent retrans idle_ms".split()
    for case, records in read_log(log, cases).items():
        names = {value: "$" + key for key, value in notes[case].items()}
        for r in records:
            figures = " ".join(f"{key}={names.get(str(r[key]), r[key])}" for key in keep if key in r)
            print(f"{case} | {r['call']} {r.get('error', 0)} {r['cause']} | {figures} | {r['why']}")
    return 0


def main():
    if sys.argv[1] == "cases":
        print(*dict.fromkeys(row[0] for row in read_table(sys.stdin)))
        return 0
    return {"check": check, "show": show}[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
