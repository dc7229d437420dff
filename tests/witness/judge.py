"""Each record of the log against what was really so: it agrees, says less, or is wrong."""
import collections
import json
import os
import random
import re

import admitted
import causes
import figures
import local
import own
import packets
import tcp
import tcp_waits
import truth
import udp

# A success of these is no record.
ZERO_IS_FINE = {"connect", "bind", "listen", "shutdown", "close", "socket"}


def knobs(seed, first):
    """What the two hosts are set to, drawn for connections that share them."""
    rnd = random.Random(f"{seed} knobs {first}")
    common = {"ipv4.tcp_timestamps": rnd.choice("011"), "ipv4.tcp_sack": rnd.choice("011")}
    listens = {"ipv4.tcp_syncookies": rnd.choice("112"),
               "ipv4.tcp_abort_on_overflow": rnd.choice("01")}
    return {"a": common, "b": {**common, **listens}}


class Case:
    """A record, the call that it is about, and the truth about its end."""

    def __init__(self, record, entry, tcp):
        self.record, self.entry, self.t = record, entry, tcp
        self.low, self.high = entry["t0"] - truth.LAG, entry["t1"]

    def peer_text(self):
        return "%s:%d" % self.t.other

    def idle_is(self, ms, coarse=1):
        """Since data came, or the connection was made."""
        slack, t = 30 + coarse, self.t
        found = []
        for at, surely in ((min(self.low, t.may_end_at(self.high) - truth.LAG), True),
                           (min(self.high, t.end_at_latest()), False)):
            last = t.last_data_in(at, surely)
            if last is None:
                last = next((p.at for p in t.back), None)
            if last is None:
                return True
            found.append(last)
        least = (self.entry["t0"] - max(found)) / 1e6 - slack
        most = (self.entry["t1"] - min(found)) / 1e6 + slack
        return least <= ms <= most

    def sent_between(self):
        """(least, most) milliseconds since a segment with payload was last made. One that this
        host kept back itself is in no capture, or comes late."""
        slack, t = 30, self.t
        if t.rules_out.ever(self.high) or t.routed(self.high):
            return 0, truth.NEVER
        made = [p.at for p in t.out if p.payload] + [p.at for p in t.back if p.flags & packets.ACK][:1]
        first, last = ([at for at in made if at <= until] for until in (self.low, self.high))
        most = (self.entry["t1"] - max(first)) / 1e6 + slack if first else truth.NEVER
        least = 0 if not last else (self.entry["t0"] - max(last)) / 1e6 - slack
        return least, most

    def silent(self):
        """Nothing came for a while; what came after the kernel had given up does not count."""
        heard = [p.at for p in self.t.back if p.at <= self.high and not self.t.rules_in.surely(p.at)]
        times = [*heard, self.entry["t1"]]
        return any(b - a > 100e6 for a, b in zip(times, times[1:])) or "it answered"


class Run:
    """The files of some connections."""

    def __init__(self, folder):
        self.journal = collections.defaultdict(list)
        with open(folder + "/journal") as file:
            for line in file:
                entry = json.loads(line)
                self.journal[entry["k"]].append(entry)
        self.packets = {side: packets.by_connection(f"{folder}/{side}.pcap") for side in "ab"}
        self.records, self.others = self.read_log(folder + "/log")

    def read_log(self, path):
        """tid -> its records in order of time, the time in nanoseconds as `at`."""
        records, others = collections.defaultdict(list), collections.Counter()
        with open(path, "rb") as log:
            for line in log:
                record = json.loads(line)
                if record["event"] != "return":
                    others[record["event"]] += 1
                    continue
                record["at"] = nanoseconds(record["ts"])
                records[record["tid"]].append(record)
        return records, others


def nanoseconds(ts):
    """Of 2026-11-22T11:03:22.123456Z; quicker than strptime."""
    import calendar
    day = tuple(map(int, (ts[:4], ts[5:7], ts[8:10], ts[11:13], ts[14:16], ts[17:19])))
    return calendar.timegm(day) * 10**9 + int(ts[20:26]) * 1000


def must_be_logged(entry):
    if entry["call"] == "getsockopt":
        return entry["errno"] != 0
    if entry["call"] == "getaddrinfo":
        return entry["ret"] != 0
    return entry["ret"] == -1 or entry["ret"] == 0 and entry["call"] not in ZERO_IS_FINE


def match(run):
    """(number, entry, record or None), and the records of no call."""
    calls = collections.defaultdict(list)
    for number, entries in run.journal.items():
        for entry in entries:
            if "call" in entry:
                calls[entry["tid"]].append((number, entry))
    found, strays = [], []
    for tid, records in run.records.items():
        left = sorted(calls.pop(tid, []), key=lambda one: one[1]["t0"])
        place = 0
        for record in records:
            while place < len(left) and left[place][1]["t1"] < record["at"]:
                found += [(*left[place], None)] if must_be_logged(left[place][1]) else []
                place += 1
            if record["call"] == "setsockopt" and not (place < len(left) and left[place][1]["call"] == "setsockopt"):
                continue  # the driver's own settings, which are in the journal as acts
            if record["errno"] == 4 and place < len(left) and left[place][1]["errno"] != 4 and \
                    left[place][1]["t0"] <= record["at"] + 1000:
                continue  # Python makes such a call again, and tells nobody
            fits = place < len(left) and left[place][1]["t0"] // 1000 * 1000 <= record["at"] and \
                left[place][1]["call"] == record["call"]
            if fits:
                found.append((*left[place], record))
                place += 1
            else:
                strays.append(record)
        found += [(*one, None) for one in left[place:] if must_be_logged(one[1])]
    found += [(*one, None) for rest in calls.values() for one in rest if must_be_logged(one[1])]
    return found, strays


class Truths:
    """The truth about each end, made when it is asked for."""

    def __init__(self, run):
        self.run, self.known = run, {}

    def of(self, number, end):
        if (number, end) not in self.known:
            self.known[number, end] = self.make(number, end)
        return self.known[number, end]

    def make(self, number, end):
        journal = self.run.journal[number]
        acts = [entry for entry in journal if "act" in entry]
        alone = next((act for act in acts if act["act"] == "socket"), None)
        if alone and end == "a":
            entries = sorted((e for e in journal if "call" in e and e["e"] == "a"), key=lambda e: e["t0"])
            return udp.Truth(end, alone["a"], self.run.packets[end][number], acts, entries)
        calls = sorted((e for e in journal if "call" in e), key=lambda e: e["t0"])
        if any(e["kind"].startswith("unix") for e in calls):
            return local.Truth(end, [e for e in calls if e["e"] == end],
                               [e for e in calls if e["e"] not in (end, "x")], acts) if end in "ab" else None
        ends = next((act for act in reversed(acts) if act["act"] == "addresses"), None)
        if not ends or end not in "ab":
            return None
        other = "b" if end == "a" else "a"
        entries = sorted((e for e in journal if "call" in e and e["e"] == end), key=lambda e: e["t0"])
        tcp = truth.Tcp(end, ends[end], ends[other], self.run.packets[end][number], acts, entries,
                        self.run.packets[other][number])
        tcp.peer_entries = [e for e in journal if "call" in e and e["e"] == other]
        tcp.peer_rules = truth.Rules(acts, other, "in")
        return tcp


Verdict = collections.namedtuple("Verdict", "number end record entry wrong less unknown")


def judge_record(number, entry, record, truths):
    if record is None:
        return Verdict(number, entry["e"], None, entry, ["no record of this call"], False, "")
    wrong = []
    if (record["ret"], record["errno"]) != (entry["ret"], entry["errno"]):
        wrong.append(f"the program saw {entry['ret']}, errno {entry['errno']}")
    if record.get("fd", -1) != entry["fd"]:
        wrong.append(f"it was descriptor {entry['fd']}")
    if entry["kind"] == "own":
        case = own.Case(record, entry)
        return judge_by(number, entry, record, wrong, case, own.allowed(case), own.faults(case), own.own)
    truth_of_end = truths.of(number, entry["e"])
    if truth_of_end is None:  # one of a crowd
        return Verdict(number, entry["e"], record, entry, wrong, False, "")
    if entry["kind"] == "udp":
        case = udp.Case(record, entry, truth_of_end)
        parts = udp.allowed(case), udp.faults(case), udp.udp
    elif entry["kind"].startswith("unix"):
        case = local.Case(record, entry, truth_of_end)
        parts = local.allowed(case), local.faults(case), local.unix
    else:
        case = Case(record, entry, truth_of_end)
        parts = causes.allowed(case), figures.faults(case), tcp.tcp
    return judge_by(number, entry, record, wrong, case, *parts)


def judge_by(number, entry, record, wrong, case, allowed, faults, table):
    wrong = list(wrong)
    if record["cause"] not in allowed:
        wrong.append(f"the cause is {' or '.join(sorted(allowed)) or 'another'}")
    wrong += faults
    said, less, unknown = table.judge(case)
    wrong += said
    known = entry["kind"] == "tcp" and admitted.which(case, wrong)
    return Verdict(number, entry["e"], record, entry, [] if known else wrong,
                   less or known, unknown)


def plain(sentence):
    """Without its figures and addresses."""
    sentence = re.sub(r"[0-9.]+:\d+|/\S+", "P", sentence)
    return re.sub(r"\d+ (bytes?|ms|s)\b", r"N bytes" if "byte" in sentence else r"N \1", sentence)


def family(run, number):
    return next((a["name"] for a in run.journal[number] if a.get("act") == "family"), "?")


def story(run, verdict, seed):
    """A wrong record, for who is to mend it."""
    yield "; ".join(verdict.wrong) or "no claim known"
    if verdict.record:
        r = verdict.record
        yield f"  said: {r['cause']}: {r.get('why')}"
        yield "  " + " ".join(f"{k}={v}" for k, v in r.items()
                              if k not in ("why", "ts", "at", "event", "level", "prog", "cause"))
    number = verdict.number
    yield (f"  connection {number}, side {verdict.end}; again: "
           f"SEED={seed} ONLY={family(run, number)} NUMBER={number} tests/witness/run")
    lines = []
    begin = min((e.get("t0", 0) for e in run.journal[number] if "t0" in e), default=0)
    for p in run.packets.get(verdict.end, {}).get(number, []):
        lines.append((p.at, "    " + packets.short(p, begin)))
    for e in run.journal[number]:
        if "t0" in e:
            mark = " <== this one" if e is verdict.entry else ""
            rest = {k: v for k, v in e.items() if k not in ("k", "t0", "t1", "tid")}
            lines.append((e["t0"], f"    {(e['t0'] - begin) / 1e6:10.3f} ms {rest}{mark}"))
    lines.sort()
    yield from (line for _, line in lines[:150])


def check(seed, folder):
    """Writes verdict.json and wrong.txt beside the captures."""
    run = Run(folder)
    truths = Truths(run)
    found, strays = match(run)
    verdicts = [judge_record(number, entry, record, truths) for number, entry, record in found]
    tally = collections.defaultdict(lambda: collections.Counter())
    wrong = []
    for v in verdicts:
        cause = v.record["cause"] if v.record else "(no record)"
        how = "wrong" if v.wrong else "unknown" if v.unknown else "less" if v.less else "agree"
        tally[cause][how] += 1
        if v.wrong or v.unknown:
            text = "\n".join(story(run, v, seed))
            if v.unknown:
                text = f"no claim known for: {v.unknown}\n" + text
            wrong.append(text)
    for record in strays:
        tally[record["cause"]]["stray"] += 1
        wrong.append(f"a record of no call: {record}")
    less = collections.Counter(plain(v.record["why"]) for v in verdicts
                               if v.less and not v.wrong and not v.unknown)
    with open(folder + "/verdict.json", "w") as file:
        json.dump({"tally": tally, "others": run.others, "less": less,
                   "connections": len([k for k in run.journal if k is not None])}, file)
    with open(folder + "/wrong.txt", "w") as file:
        file.write("\n\n".join(wrong))
    return 1 if wrong else 0


HOW = ("agree", "less", "unknown", "stray", "wrong")


class Sum:
    """Of all verdicts."""

    def __init__(self):
        self.tally, self.less, self.connections = collections.defaultdict(collections.Counter), \
            collections.Counter(), 0

    def add(self, path):
        with open(path) as file:
            verdict = json.load(file)
        self.connections += verdict["connections"]
        self.less.update(verdict["less"])
        for cause, counts in verdict["tally"].items():
            self.tally[cause].update(counts)

    def table(self, all_causes):
        everything = sum(self.tally.values(), collections.Counter())
        yield f"{'cause':26}" + "".join(f"{how:>9}" for how in HOW)
        for cause, counts in [*sorted(self.tally.items()), ("all", everything)]:
            yield f"{cause:26}" + "".join(f"{counts[how] or '-':>9}" for how in HOW)
        yield ""
        yield "These say less than the wire shows:"
        yield from (f"{count:6} {sentence}" for sentence, count in self.less.most_common(12))
        yield ""
        never = [cause for cause in all_causes if cause not in self.tally]
        yield f"No such record was made: {', '.join(never) or '-'}"
        records = sum(everything.values())
        bad = everything["wrong"] + everything["stray"]
        yield (f"{self.connections} connections, {records} records: {bad} wrong, "
               f"{everything['unknown']} not known, "
               f"{100 * everything['less'] / max(1, records):.2f} % say less")

    def failed(self):
        return any(counts[how] for counts in self.tally.values() for how in ("wrong", "stray", "unknown"))


def causes_of(tables):
    with open(tables) as file:
        rows = [line.split("\t") for line in file]
    return [row[1] for row in rows if row[0] == "cause"]


def summary(folders, tables):
    """The wrong records and the table, on stdout; the exit status."""
    total = Sum()
    for folder in folders:
        if not os.path.exists(folder + "/verdict.json"):
            return 2
        total.add(folder + "/verdict.json")
        with open(folder + "/wrong.txt") as file:
            text = file.read()
        if text:
            print(text + "\n")
    print("\n".join(total.table(causes_of(tables))))
    return 1 if total.failed() else 0
