"""What README.md, "Causes", admits that the kernel does not tell: each with its reason. A
record that is wrong in nothing else says less."""
import re


def is_off_by_one(case, key, really):
    return case.record.get(key, -1) - really == 1


def rx_counts_fin(case, fault):
    """In state CLOSE, with data that was never read, the peer's FIN looks like a byte."""
    match = re.fullmatch(r"rx is not (?:\d+ to )?(\d+)", fault)
    return match and case.record.get("state") == "CLOSE" and case.t.fin(case.high) and \
        is_off_by_one(case, "rx", int(match[1])) and case.record["rx"] > case.t.read(case.entry)


def own_fin_is_a_byte(case, fault):
    """In state CLOSE, on the side that accepted, the own FIN looks like a byte."""
    return case.record.get("state") == "CLOSE" and case.t.name == "b" and case.t.shut(1, case.high) and \
        re.fullmatch(r"tx, unacked and unsent make \d+, but \d+ were written|tx is not .*", fault) and \
        abs(case.record["tx"] + case.record["unacked"] + case.record["unsent"] -
            case.t.written(case.entry)) <= 1


def own_kernels_reset(case, fault):
    """On the side that accepted, a reset of its own kernel, for data after SHUT_RDWR."""
    return case.t.name == "b" and case.t.shut(0, case.high) and case.t.shut(1, case.high) and \
        case.t.reset_out(case.high) and ("no RST had come" in fault or fault.startswith("the cause is"))


def tx_is_short(case, fault):
    """Where this host itself failed to send, on the side that accepted, tx is one byte short."""
    queued = case.record["tx"] + case.record["unacked"] + case.record["unsent"]
    return case.t.name == "b" and (case.t.rules_out.ever(case.high) or case.t.routed(case.high)) and \
        re.match(r"tx is not|tx, unacked and unsent make", fault) and \
        case.t.written(case.entry) - queued == 1


ADMITTED = (rx_counts_fin, own_fin_is_a_byte, own_kernels_reset, tx_is_short)


def which(case, faults):
    """Whether all of the faults are admitted ones."""
    return bool(faults) and "rx" in case.record and all(any(one(case, fault) for one in ADMITTED) for fault in faults)
