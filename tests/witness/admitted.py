"""What libsockshim(7), "What the kernel does not tell", admits that the kernel does not tell: each with its reason. A
record that is wrong in nothing else says less."""
import re


def is_off_by_one(case, key, really):
    return case.record.get(key, -1) - really == 1


def rx_counts_fin(case, fault):
    """In state CLOSE, with data that was never read, the peer's FIN looks like a byte."""
    match = re.fullmatch(r"rx is not (?:\d+ to )?(\d+)", fault)
    return match and case.record.get("state") == "CLOSE" and case.t.fin(case.high) and \
        is_off_by_one(case, "rx", int(match[1])) and case.record["rx"] > case.t.read(case.entry)


def tx_is_off(case, fault):
    """Where this host itself failed to send, the SYN and a byte that never left look the same."""
    queued = case.record["tx"] + case.record["unacked"] + case.record["unsent"]
    return (case.t.rules_out.ever(case.high) or case.t.routed(case.high)) and \
        re.match(r"tx is not|tx, unacked and unsent make", fault) and \
        case.t.written(case.entry) - queued == (1 if case.t.name == "b" else -1)


def urgent_byte_for_fin(case, fault):
    """Once it has been read out of band, a last urgent byte looks like the FIN behind unread data."""
    was_read = any(e.get("receives") and e["ret"] > 0 and e.get("flags", 0) & 1 and e["t0"] < case.high
                   for e in case.t.entries)
    claims_fin = "closed its side cleanly (FIN)" in fault or "had closed its side (FIN)" in fault
    return was_read and case.record.get("state") == "CLOSE" and \
        (claims_fin or re.fullmatch(r"rx is not (?:\d+ to )?%d" % (case.record["rx"] + 1), fault))


def side_is_off(case, fault):
    """The byte that makes tx_is_off(), where packets were sent again as well."""
    return fault == "this side connected" and case.record["retrans"] > 0 and \
        (case.t.rules_out.ever(case.high) or case.t.routed(case.high))


ADMITTED = (side_is_off, urgent_byte_for_fin, rx_counts_fin, tx_is_off)


def which(case, faults):
    """Whether all of the faults are admitted ones."""
    return bool(faults) and "rx" in case.record and all(any(one(case, fault) for one in ADMITTED) for fault in faults)
