"""What was true at one end of a TCP connection: from the packets at its side and from the
journal, as facts with the time from which on they held.

A packet that tcpdump has seen may be looked at by the kernel a little later, so most facts
are asked for twice: whether they may have held at a time (until), and whether they surely
did (already, LAG earlier).
"""
from packets import ACK, FIN, RST, SYN

LAG = 25_000_000  # nanoseconds
RACE = 1_000_000  # packets this close to each other may be taken in another order: there are two
#                   processors, and tcpdump sees a whole batch of them before the first is taken
#                   (net/core/dev.c, __netif_receive_skb_list_core())
NEVER = float("inf")
# What ends a connection, as errno.
FATAL = {104, 110, 103, 111, 113, 101, 100, 32, 13, 92, 71, 64, 22}


def difference(a, b):
    return (a - b + 0x80000000 & 0xffffffff) - 0x80000000


class Rules:
    """When packets went through, and when not, at one side in one direction."""

    def __init__(self, acts, side, which):
        self.spans = []  # begins, surely, not any more surely, ends, verdict
        for act in acts:
            if act.get("side") != side or act.get("which") != which:
                continue
            if act["act"] == "rule":
                self.spans.append([act["t0"], NEVER, NEVER, NEVER, act["verdict"]])
            elif act["act"] == "ruled":
                self.spans[-1][1] = act["t0"]
            elif act["act"] == "unrule":
                self.spans[-1][2] = act["t0"]
            elif act["act"] == "unruled":
                self.spans[-1][3] = act["t0"]

    def maybe(self, at, verdict=""):
        return any(a <= at <= d and verdict in v for a, _, _, d, v in self.spans)

    def surely(self, at):
        return any(b <= at <= c for _, b, c, _, _ in self.spans)

    def ever(self, until):
        return any(a <= until for a, *_ in self.spans)


class Tcp:
    """One end. acts: what was done to the whole connection; entries: the calls of this end."""

    def __init__(self, name, mine, other, packets, acts, entries, peer_packets):
        self.name, self.mine, self.other = name, tuple(mine), tuple(other)
        self.acts, self.entries = acts, entries
        self.by_subflow = any(e.get("kind") == "mptcp" for e in entries)
        self.rules_in = Rules(acts, name, "in")
        self.rules_out = Rules(acts, name, "out")
        self.out = [p for p in packets if p.out and p.what == "tcp" and
                    (p.src, p.sport, p.dst, p.dport) == (*self.mine, *self.other)]
        self.back = [p for p in packets if not p.out and p.what == "tcp" and
                     (p.src, p.sport, p.dst, p.dport) == (*self.other, *self.mine)]
        self.icmp = [p for p in packets if not p.out and p.what == "icmp" and
                     (p.src, p.sport) == self.mine]
        self.peer_sent = [p for p in peer_packets if p.out and p.what == "tcp" and
                          (p.src, p.sport, p.dst, p.dport) == (*self.other, *self.mine)]
        self.first = next((p.seq + 1 & 0xffffffff for p in self.out if p.flags & SYN), None)
        self.peer_first = next((p.seq + 1 & 0xffffffff for p in self.back
                                if p.flags & SYN and not self.rules_in.surely(p.at)), None)
        self.established = self.first is not None and self.peer_first is not None
        self.all_ends = None
        self.peer_entries = []
        self.follow()

    # ---- What came ----

    def follow(self):
        """The stream that comes, packet by packet."""
        self.received = []   # (at, payload in order until then, sure)
        self.fin_in = self.fin_surely_in = NEVER
        self.resets = []     # (at, sure)
        self.own_resets = [] # when data came after the program had shut down both directions
        self.acked = []      # (at, payload acknowledged, sure, window)
        self.data_in = []    # (when payload came, sure)
        place, later, fin = 0, [], None
        certain = 0  # what surely came; the rest may be taken when it is sent again
        for p in self.back:
            sure = not self.rules_in.maybe(p.at)
            if self.rules_in.surely(p.at) or self.peer_first is None and not p.flags & RST:
                continue
            if p.flags & RST:
                self.take_reset(p, place, fin is not None and place >= fin, sure)
                continue
            start = difference(p.seq, self.peer_first) if not p.flags & SYN else 0
            taken_before = place
            if self.was_full(p.at):
                sure = sure and not p.payload and start <= self.acknowledged(p.at)
                place = self.without_what_had_no_room(p, start, place, later)
            if p.payload and self.refused(p.at, start):
                sure = False
            if p.flags & ACK and self.first is not None:
                taken = sure and start + p.payload >= self.acknowledged(p.at)  # a probe is not
                self.acked.append((p.at, max(0, difference(p.ack, self.first)), taken, p.window))
            is_new = start + p.payload > taken_before or start + p.payload > certain and self.answers_with_reset(p.at)
            if p.payload and is_new and self.takes_nothing(p.at):
                self.own_resets.append(p.at)
                continue
            if p.payload:
                later.append((start, start + p.payload))
            if p.flags & FIN:
                fin = start + p.payload
            before = place
            for a, b in sorted(later):
                if a <= place < b:
                    place = b
            later = [one for one in later if one[1] > place]
            if place > before or p.payload and start <= before and start + p.payload > certain:
                self.data_in.append((p.at, sure and place > before))
                self.received.append((p.at, place, sure))
            if sure and p.payload and start <= certain:
                certain = max(certain, start + p.payload)
            if fin is not None and place >= fin:
                self.fin_in = min(self.fin_in, p.at)
                self.fin_surely_in = min(self.fin_surely_in, p.at if sure else NEVER)

    def acknowledged(self, at):
        """How much of the peer's payload this end had acknowledged."""
        return max((difference(o.ack, self.peer_first) for o in self.out if o.at <= at and o.flags & ACK and
                    not o.flags & RST), default=0)

    def refused(self, at, start):
        """Answered at once, and not acknowledged: there was no room for it."""
        return any(at < o.at <= at + RACE and o.flags & ACK and difference(o.ack, self.peer_first) <= start
                   for o in self.out)

    def without_what_had_no_room(self, p, start, place, later):
        """What is sent again, and was not acknowledged, may have found the window closed: the
        kernel throws such a packet away whole, with its acknowledgement
        (net/ipv4/tcp_input.c, tcp_sequence())."""
        if not p.payload or start >= place or self.acknowledged(p.at) > start:
            return place
        later.append((start, place))
        return start

    def takes_nothing(self, at):
        """net/ipv4/tcp_input.c, tcp_rcv_state_process(): in FIN_WAIT1 and FIN_WAIT2, with the
        reading side shut down, data is answered with RST."""
        return self.fin_in == NEVER and self.shut(0, at) and self.shut(1, at)

    def answers_with_reset(self, at):
        return any(p.flags & RST and at <= p.at <= at + RACE for p in self.out)

    def take_reset(self, p, place, has_fin, sure):
        """RFC 5961: only the next number counts, or with the FIN the one before it."""
        if self.peer_first is None:
            self.resets.append((p.at, sure))
            return
        number = difference(p.seq, self.peer_first)
        last_ack = max((difference(o.ack, self.peer_first) for o in self.out
                        if o.at <= p.at and o.flags & ACK), default=0)
        exact = number in (place + has_fin, place, last_ack)
        if exact or last_ack <= number <= place + has_fin:
            self.resets.append((p.at, sure and exact))

    def rx(self, low, high):
        """The payload that had come: between what surely had by `low`, and what may have by
        `high`. What came after the end was not received."""
        most = max((n for at, n, _ in self.received if at <= min(high, self.end_at_latest())),
                   default=0)
        least = max((n for at, n, sure in self.received if at <= low and sure), default=0)
        acknowledged = self.acknowledged(low) if self.peer_first is not None else 0
        if self.by_subflow:  # which carries some twice: RFC 8684, 3.3.5
            least = 0
        elif self.was_full(low):
            least = max(0, acknowledged - (self.fin_in <= low))
        elif self.may_end_at(high) <= high:
            least = min(least, acknowledged)
        return min(least, most), most

    def was_full(self, until):
        """Its own window was small once, so that it may have thrown something away."""
        return any(p.window < 64 and p.at <= until and not p.flags & (SYN | RST) for p in self.out)

    # ---- What was acknowledged ----

    def tx(self, low, high, written):
        most = max((n for at, n, _, _ in self.acked if at <= high), default=0)
        least = max((n for at, n, sure, _ in self.acked if at <= low and sure), default=0)
        end = self.end_at_least()
        least_end = max((n for at, n, sure, _ in self.acked
                         if at <= min(low, end - LAG) and sure), default=0)
        if self.by_subflow:  # DATA_ACK is what counts, and comes later
            least = 0
        return min(least, least_end, written), min(most, written)

    def window_closed(self, low, high):
        """Whether the peer's window may have been closed in that time, or when it all ended
        before that."""
        low, high = min(low, self.end_at_least() - LAG), min(high, self.end_at_latest())
        last = set()  # what it may have been; a packet may have been dropped here
        for at, _, taken, window in self.acked:
            if at <= low:
                last = {window} if taken else last | {window}
            elif at <= high and window == 0:
                return True
        return 0 in last

    def window_small(self, until):
        """The peer's window is scaled: the last one of the peer, raw."""
        return min((w for at, _, _, w in self.acked if at <= until), default=65535)

    # ---- How it ended ----

    def reset_in(self, until):
        return any(at <= until for at, _ in self.resets)

    def surely_reset_in(self, until):
        return any(at <= until and sure for at, sure in self.resets)

    def reset_out(self, until):
        """By the socket; not by a rule that answers what comes."""
        return any(at <= until for at in self.own_resets) or any(p.flags & RST and p.at <= until and not self.rules_in.maybe(p.at, "reset")
                   for p in self.out)

    def killed(self, until):
        return any(act["act"] == "kill" and act["e"] == self.name and act["t0"] <= until
                   for act in self.acts)

    def peers_reset(self, until):
        """The RST was the peer's own, not that of a rule on the way."""
        sent = [p.at for p in self.peer_sent if p.flags & RST]
        by_rule = [rules for rules in (self.rules_out, self.peer_rules) if rules.spans]
        for at, _ in self.resets:
            if at > until:
                continue
            if any(t <= at for t in sent) and not any(r.maybe(at, "reset") for r in by_rule):
                return True
        return False

    def dissolved(self, until):
        return any(e.get("unspec") and e["t0"] <= until for e in self.entries)

    def shut(self, how, until):
        """Whether the program had shut down that side (0: reading, 1: writing)."""
        return any(e["call"] == "shutdown" and e["how"] in (how, 2) and e["t0"] <= until
                   for e in self.entries)

    def fin(self, until):
        """The peer's FIN, before anything else had ended it; the DATA_FIN of MPTCP is an option of
        some segment, so that what its end did is looked at."""
        if self.by_subflow:
            return self.peer_finished(until)
        return self.fin_in <= min(until, self.end_at_latest() + RACE)

    def surely_fin(self, until):
        if self.by_subflow or self.may_have_timed_out(until):
            return False
        return self.fin_surely_in <= until and self.fin_surely_in < self.end_at_least() - RACE

    def peer_finished(self, until):
        return any(e["t0"] <= until and (e["call"] == "close" or e["call"] == "shutdown" and e["how"] > 0)
                   for e in self.peer_entries)

    def fin_flag(self, until):
        return any(p.flags & FIN and p.at <= until for p in self.back)

    def fin_sent_by_peer(self, until):
        return any(p.flags & FIN and p.at <= until for p in self.peer_sent)

    def told(self, entry):
        """By an earlier call of this end: its error."""
        return [e for e in self.entries if e["t0"] < entry["t0"] and e["errno"] in FATAL and
                self.is_fatal(e)]

    def is_soft(self, e):
        """What ICMP said of an open connection, which SO_ERROR tells and which ends nothing
        (net/core/sock.c, sk_err_soft); unless a write says right after it that all was over."""
        later = next((other for other in self.entries if other["t0"] > e["t0"]), None)
        over = later and later.get("sends") and later["errno"] == 32 and not self.shut(1, later["t1"]) and \
            not any(e["t0"] <= p.at <= later["t1"] for p in self.back)
        return self.established and e["call"] == "getsockopt" and \
            e["errno"] in (113, 101, 111, 92, 64, 22, 13) and not over

    def may_have_timed_out(self, until):
        """What SO_ERROR told may have been that the kernel had lost its patience."""
        return any(self.is_soft(e) and self.timed(e["t1"]) and e["t0"] <= until for e in self.entries)

    def swallowed(self, entry):
        """By a splice or sendfile that had moved something when the error came."""
        return any(e["call"] in ("splice", "sendfile") and e["ret"] > 0 and e["t0"] < entry["t0"] and
                   self.failed(e["t1"]) for e in self.entries)

    def is_fatal(self, e):
        if e["call"] == "shutdown" or e["errno"] == 22 and e.get("flags", 0) & 1:
            return False
        if e["errno"] == 32 and e["call"] != "getsockopt" and not e.get("receives"):
            return self.failed(e["t1"])
        return True

    def failed(self, until):
        """By anything; a time-out only the program's errno shows."""
        return (self.reset_in(until) or self.reset_out(until) or self.killed(until) or
                self.dissolved(until) or self.gave_up(until) or self.connect_failed(until))

    def gave_up(self, until):
        """The kernel's patience had ended: the program was, or will be told so; or may be."""
        return self.timed(until) or any(e["errno"] in (110, 113, 101, 100, 111, 13, 92, 64, 22) and
                   self.is_fatal(e) and e["t0"] <= until for e in self.entries)

    def timers(self):
        """When what ends connections by time may have done so at the earliest."""
        begin = min((p.at for p in self.out), default=0)  # what is not acknowledged, or idle, may be so before the option
        return [max(a["t0"], begin + (a["value"] * 10**6 if a["name"] == "user-timeout" else 10**9))
                for a in self.acts
                if a["act"] == "option" and a["e"] == self.name and a["name"] in ("user-timeout", "keepalive")]

    def timed(self, until):
        """Something that ends connections by time is at work, and has had the time."""
        return any(at <= until for at in self.timers())

    def connect_failed(self, until):
        return any(e["call"] == "connect" and e["errno"] not in (0, 4, 11, 115, 114, 106) and
                   e["t0"] <= until for e in self.entries)

    def ends(self):
        """(at the earliest, at the latest) for each thing that ended it."""
        found = [(at, at + RACE) for at, sure in self.resets]
        found += [(at, at) for at in self.own_resets]
        found += [(p.at, p.at) for p in self.out if p.flags & RST and
                  not self.rules_in.maybe(p.at, "reset")]
        begins = [a["t0"] for a in self.acts if a["act"] == "kill" and a["e"] == self.name]
        ended = [a["t0"] for a in self.acts if a["act"] == "killed" and a["e"] == self.name]
        found += zip(begins, ended)
        timed = self.timers()
        found += [(min([e["t0"]] + timed), e["t1"]) for e in self.entries
                  if e["errno"] in FATAL - {32} and self.is_fatal(e) and not self.is_soft(e)]
        found += [(e["t0"], e["t1"]) for e in self.entries if e.get("unspec")]
        return found

    def failed_between(self, begin, end):
        return any(a <= end and b >= begin for a, b in self.known_ends())

    def end_at_least(self):
        return min((a for a, _ in self.known_ends()), default=NEVER)

    def may_end_at(self, until):
        """The earliest end of all that may be."""
        return min([self.end_at_least(), *(self.timers() if self.may_have_timed_out(until) else [])])

    def end_at_latest(self):
        return min((b for _, b in self.known_ends()), default=NEVER)

    def known_ends(self):
        if self.all_ends is None:
            self.all_ends = list(self.ends())
        return self.all_ends

    # ---- What the program did ----

    def written(self, entry):
        return sum(e["ret"] for e in self.entries
                   if e["t0"] < entry["t0"] and e.get("sends") and e["ret"] > 0)

    def read(self, entry):
        return sum(e["ret"] for e in self.entries if e["t0"] < entry["t0"] and e.get("receives")
                   and e["ret"] > 0 and not e.get("flags", 0) & 0x2003)  # not PEEK, OOB, ERRQUEUE

    def sent_data_after(self, begin, until):
        return any(p.payload and begin <= p.at <= until for p in self.out)

    def last_data_in(self, until, surely=False):
        return max((at for at, sure in self.data_in if at <= until and (sure or not surely)), default=None)

    def last_heard(self, until):
        return max((p.at for p in self.back if p.at <= until and not self.rules_in.surely(p.at)),
                   default=None)

    def routed(self, until):
        """A route or an interface was taken from this end."""
        return any(act["act"] in ("route", "link") and act.get("side") == self.name and
                   act["t0"] <= until for act in self.acts)

    def urgent(self, until):
        """Bytes that may have been urgent."""
        return sum(p.flags & 32 > 0 for p in self.back if p.at <= until)

    def urgent_in(self, begin, end):
        return any(p.flags & 32 and begin <= p.at <= end for p in self.back)
