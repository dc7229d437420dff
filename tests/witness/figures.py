"""The figures of a TCP record against the wire."""
from truth import LAG

STATES = {
    # name: (the peer's FIN came, the program shut down its writing)
    "ESTABLISHED": (False, False), "CLOSE_WAIT": (True, False), "FIN_WAIT1": (False, True),
    "FIN_WAIT2": (False, True), "LAST_ACK": (True, True), "CLOSING": (True, True),
    "TIME_WAIT": (True, True),
}


def record_is_of_subflow(case):
    """Of an MPTCP connection TCP_INFO is that of its first subflow."""
    return case.record.get("type") == "mptcp"


def state(case):
    said, t = case.record.get("state"), case.t
    if said == "CLOSE":
        over = t.fin(case.high) and t.shut(1, case.high)
        if not over and not t.failed(case.high):
            yield "the state is CLOSE, but nothing had ended it"
        return
    if said not in STATES or record_is_of_subflow(case):
        return
    fin, shut = STATES[said]
    if fin and not t.fin(case.high):
        yield f"the state is {said}, but no FIN had come"
    if not fin and t.surely_fin(case.low) and not t.failed(case.high):
        yield f"the state is {said}, but a FIN had come"
    if shut != t.shut(1, case.high):
        yield f"the state is {said}, and the program had {'not ' if shut else ''}shut down"


def counts(case):
    record, t = case.record, case.t
    if "rx" not in record or not t.established:
        return
    written = t.written(case.entry)
    low, high = t.tx(case.low, case.high, written)
    if not low <= record["tx"] <= high:
        yield f"tx is not {low}" + (f" to {high}" if high != low else "")
    queued = record["tx"] + record["unacked"] + record["unsent"]
    if queued != written:
        yield f"tx, unacked and unsent make {queued}, but {written} were written"
    low, high = t.rx(case.low, case.high)
    if not low <= record["rx"] <= high:
        yield f"rx is not {low}" + (f" to {high}" if high != low else "")
    if record["rx"] < t.read(case.entry):
        yield f"rx is less than the {t.read(case.entry)} that were read"


def addresses(case):
    record, t = case.record, case.t
    if case.entry["call"] == "bind":
        if record.get("local") != "%s:%d" % tuple(case.entry["to"]):
            yield "local is not what was asked for"
        return
    if t.name == "b" and not t.established:
        return
    for key, (host, port) in (("local", t.mine), ("peer", t.other)):
        if key in record and record[key] != f"{host}:{port}":
            yield f"{key} is not {host}:{port}"


def side(case):
    if "side" in case.record:
        really = "connected" if case.t.name == "a" else "accepted"
        if case.record["side"] != really:
            yield f"this side {really}"


def idle(case):
    if "idle_ms" in case.record and not case.idle_is(case.record["idle_ms"]):
        yield "idle_ms is another"


def sent(case):
    """Since payload was last sent, or was to be sent and could not be."""
    if "sent_ms" not in case.record or record_is_of_subflow(case):
        return
    least, most = case.sent_between()
    if not least <= case.record["sent_ms"] <= most:
        yield f"sent_ms is not {least:.0f} to {most:.0f}"


def fin(case):
    """Since the peer's FIN came, or longer."""
    if "fin_ms" in case.record and case.t.fin_in > case.high - case.record["fin_ms"] * 10 ** 6 + LAG:
        yield "no FIN had come so long before"


def unread_at(case):
    """(least, most): what had come, and was not read. Before a close the witness has asked; it is
    counted as far as the next urgent byte."""
    low, high = case.t.rx(case.low, case.high)
    read, asked = case.t.read(case.entry), case.entry.get("unread", 0)
    return asked if case.t.urgent(case.high) else max(low - read, asked), high - read


def unread(case):
    if "unread" not in case.record or not case.t.established or case.t.urgent(case.high):
        return
    least, most = unread_at(case)
    if not least <= case.record["unread"] <= most:
        yield f"unread is not {least} to {most}"


def blocked_by(case):
    """What keeps data, or a SYN, from going out."""
    said, t = case.record.get("blocked_by"), case.t
    if said == "window" and not record_is_of_subflow(case):
        if case.record["unsent"] == 0 or not t.window_closed(case.low, case.high):
            yield "blocked by a window, and none was closed"
    if said == "host" and not (t.rules_out.ever(case.high) or t.routed(case.high)):
        yield "blocked by this host, and nothing was"


def waited(case):
    """The program's own limit; of a connect that was given up, since it began."""
    if "waited_ms" not in case.record:
        return
    said, entry = case.record["waited_ms"], case.entry
    if entry.get("timeout_us"):
        if abs(said - entry["timeout_us"] / 1000) > 10:  # of the kernel's clock, CONFIG_HZ
            yield f"waited_ms is not {entry['timeout_us'] / 1000:.0f}"
        return
    begun = [e["t0"] for e in case.t.entries if e["call"] in ("connect", "sendto") and e["t0"] < entry["t0"]]
    most = (entry["t1"] - min(begun)) / 1e6 + 30 if begun else 0
    if said > most:
        yield f"waited_ms is not {most:.0f} at most"


def faults(case):
    for part in (state, counts, addresses, side, idle, sent, fin, unread, blocked_by, waited):
        yield from part(case)
