"""UDP records against the wire: which datagram an ICMP error was about, and to whom."""
import errno
import socket

import causes
from claims import LESS, Table
from truth import LAG, Rules

udp = Table()
claim = udp.claim
# ICMP type and code by errno: net/ipv4/icmp.c, icmp_err_convert.
ICMP = {errno.ECONNREFUSED: {0x303}, errno.EHOSTUNREACH: {0x301, 0x305, 0x307, 0x308, 0x309, 0x30a, 0x30c, 0x30d},
        errno.ENETUNREACH: {0x300, 0x306, 0x30b}, errno.ENOPROTOOPT: {0x302},
        errno.EACCES: set(), errno.EPERM: set()}


class Truth:
    """A socket of side a that sends to several peers."""

    def __init__(self, name, mine, packets, acts, entries):
        self.name, self.mine, self.acts, self.entries = name, tuple(mine), acts, entries
        self.icmp = [p for p in packets if not p.out and p.what == "icmp" and (p.src, p.sport) == self.mine]
        self.back = [p for p in packets if not p.out and p.what == "udp" and (p.dst, p.dport) == self.mine]
        self.rules_out = Rules(acts, name, "out")
        self.rules_in = Rules(acts, name, "in")

    def connected_to(self, until):
        """The last address that connect was given."""
        calls = [e for e in self.entries if e["call"] == "connect" and e["t0"] < until and e["errno"] == 0]
        return None if not calls or calls[-1].get("unspec") else tuple(calls[-1]["to"])

    def takes(self, packet):
        """A connected socket is given what its peer sent alone."""
        return self.connected_to(packet.at) in (None, (packet.src, packet.sport))

    def shut(self, how, until):
        return any(e["call"] == "shutdown" and e["how"] in (how, 2) and e["t0"] <= until
                   for e in self.entries)

    def answered(self, kinds, high, to=None):
        return any(p.seq in kinds and p.at <= high and (to is None or f"{p.dst}:{p.dport}" == to)
                   for p in self.icmp)

    def routed(self, *kinds):
        return any(a["act"] == "route" and a["kind"] in kinds and a["side"] == self.name for a in self.acts)


class Case:
    def __init__(self, record, entry, truth):
        self.record, self.entry, self.t = record, entry, truth
        self.low, self.high = entry["t0"] - LAG, entry["t1"]
        to = entry.get("to") or truth.connected_to(entry["t0"])
        self.to = to and "%s:%d" % tuple(to)

    def peer_text(self):
        """Whom the sentence may name: the call's address, or the connected one; or whoever an
        error came from."""
        about = {f"{p.dst}:{p.dport}" for p in self.t.icmp if p.at <= self.high}
        said = self.record.get("peer")
        return said if said in about | {self.to} else self.to


def allowed(case):
    entry, t = case.entry, case.t
    number = entry["errno"]
    if number == 0:
        if entry.get("flags", 0) & socket.MSG_ERRQUEUE:
            return {"error-queue"}
        if entry["len"] == 0 and not entry.get("receives"):
            return {"zero-length-request"}
        return {"local-shutdown-read"} if t.shut(0, case.high) else {"zero-length-datagram"}
    if number == errno.EINVAL:
        return {"unreachable"} if entry["call"] == "connect" else {"bad-argument"}
    if number == errno.EPIPE:
        return {"local-shutdown-write"}
    return causes.allowed(case)


def faults(case):
    record = case.record
    if "local" in record and record["local"] != "%s:%d" % case.t.mine:
        yield "local is another"
    if "peer" in record and record["peer"] != case.peer_text():
        yield f"the peer is {case.peer_text()}"


OWN_ADDRESS = r"(?: Or (?P<own>[0-9.:]+), the address of the socket, does not belong to this host \(any more\)\.)?(?: Or it cannot be reached from (?P<loopback>[0-9.:]+), a loopback address\.)?"


@claim(r"An earlier datagram from this socket(?P<named>, to PEER or to the address that it was connected to before,)? was answered with ICMP port unreachable: nothing at its destination receives it, or a firewall rejects it\.")
def _(case, said):
    return case.t.answered({0x303}, case.high) or "none was"


@claim(r"An earlier datagram from this socket did not reach its destination, as this host, a router or a firewall reported \(ICMP\)\.")
def _(case, said):
    if case.entry.get("sends") and case.entry.get("to"):
        return "this call has a destination itself"
    kinds = ICMP[errno.EHOSTUNREACH] | ICMP[errno.ENETUNREACH]
    return case.t.answered(kinds, case.high) or case.t.routed("unreachable", "throw") or "none was"


@claim(r"There is no route to PEER: this host has none that this socket may use, or a rule of type unreachable, or a router or firewall on the path reported this \(ICMP\)\." + OWN_ADDRESS + r"(?P<or> Or the error is about an earlier datagram from this socket to another address\.)?")
def _(case, said):
    to = None if said["or"] else said["peer"]
    return case.t.answered(ICMP[errno.ENETUNREACH], case.high, to) or case.t.routed("throw") or \
        f"nobody said so of {to}"


@claim(r"This host found no neighbour \(ARP, NDP\), its route is of type unreachable, or the network or a firewall reported \(ICMP\) that PEER is unreachable, or too many routers away \(TTL\)\.(?P<or> Or the error is about an earlier datagram from this socket to another address\.)?")
def _(case, said):
    to = None if said["or"] else said["peer"]
    return case.t.answered(ICMP[errno.EHOSTUNREACH], case.high, to) or \
        case.t.routed("unreachable") or f"nobody said so of {to}"


@claim(r"An earlier datagram from this socket was answered with ICMP protocol unreachable: its destination does not support the protocol, or a firewall rejects it\.")
def _(case, said):
    return case.t.answered({0x302}, case.high) or "nobody did"


@claim(r"A firewall rule, an IPsec policy, a BPF program \(cgroup, as of systemd's IPAddressDeny=\) or a security module on this host forbids it, or its conntrack table is full\.(?: Or a control message of the call \(such as SO_MARK\) requires privileges that the program lacks\.)?")
def _(case, said):
    return case.t.rules_out.ever(case.high) or "nothing did"


@claim(r"The address is a broadcast address and SO_BROADCAST is not set, or a route or security module forbids it\.", LESS)
def _(case, said):
    return case.t.routed("prohibit") or "nothing did"


@claim(r"The kernel rejected an argument of the call as invalid, or the route to PEER is a blackhole route or rule\." + OWN_ADDRESS, LESS)
def _(case, said):
    return case.t.routed("blackhole") or "there is no such route"


@claim(r"A prohibiting route or rule of this host or a security module forbids it\.")
def _(case, said):
    return case.t.routed("prohibit") or "nothing did"


@claim(r"This host's route to PEER is a blackhole route or rule\." + OWN_ADDRESS, LESS)
def _(case, said):
    return case.t.routed("blackhole") or "there is no such route"


@claim(r"The message of <n>(?: \(with what MSG_MORE or UDP_CORK had kept back before it, if anything\))? is larger than this socket can send in one piece(?:; the path MTU is <m>)?\.|The message of <n2>(?: \(with what MSG_MORE or UDP_CORK had kept back before it, if anything\))?, or an earlier one, is larger than this socket can send in one piece(?:; the path MTU is <m2>)?\.")
def _(case, said):
    return int(said["n"] or said["n2"]) == case.entry["len"] > 1400


@claim(r"The message of <n> is larger than any datagram can be \(65507 bytes over IPv4, 65527 over IPv6\)\.")
def _(case, said):
    return int(said["n"]) == case.entry["len"] > 65507


@claim(r"A message(?: \(with what MSG_MORE or UDP_CORK had kept back before it, if anything\))?(?:, or an earlier one,)? is larger than this socket can send in one piece(?:; the path MTU is <m>)?\.")
def _(case, said):
    return case.entry["sizes"][0] > 1400 or "the first one is not"


@claim(r"The program itself passed a message count of 0, so nothing was transferred\.")
def _(case, said):
    return case.entry["len"] == 0


@claim(r"Nothing to read yet, and the call does not block\.|Nothing to look at yet, or nothing beyond SO_PEEK_OFF, and the call does not block\.")
def _(case, said):
    came = sum(p.at <= case.low and not case.t.rules_in.maybe(p.at) and case.t.takes(p)
               for p in case.t.back)
    read = sum((e["ret"] if e["call"] == "recvmmsg" else 1)
               for e in case.t.entries if e.get("receives", False) and e["errno"] == 0 and not e.get("flags", 0) & 0x2002 and
               e["t0"] < case.entry["t0"])
    return came <= read or f"{came} had come, {read} were read"


@claim(r"The socket's error queue is empty\.|The call took an entry from the error queue (?:that has no payload|and had no room for a payload)\.")
def _(case, said):
    return bool(case.entry.get("flags", 0) & socket.MSG_ERRQUEUE)


@claim(r"An empty datagram arrived: this is legal and does not mean that anything has ended\.")
def _(case, said):
    return any(p.payload == 0 and p.at <= case.high for p in case.t.back) or "none had"


@claim(r"The program itself (?:asked for|offered) 0 bytes: an empty datagram was sent, or is kept back for what follows it \(MSG_MORE, UDP_CORK\)\.")
def _(case, said):
    return case.entry["len"] == 0 and case.entry.get("sends", False)


@claim(r"The socket is not connected, and the call named no address to send to\.")
def _(case, said):
    return case.t.connected_to(case.entry["t0"]) is None


@claim(r"This program(?: itself|, or another process that shares the socket,) shut down the reading side of the socket \(or an empty datagram came: the kernel does not distinguish them\)\.")
def _(case, said):
    return case.t.shut(0, case.high) or "it had not"


@claim(r"This program(?: itself|, or another process that shares the socket,) shut down its writing side before this write had sent anything\.(?: SIGPIPE would have ended the program here\.)?")
def _(case, said):
    return case.t.shut(1, case.high) or "it had not"


@claim(r"The socket has no peer; it was shut down anyway\.")
def _(case, said):
    return case.t.connected_to(case.entry["t0"]) is None
