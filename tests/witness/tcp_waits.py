"""What the sentences of TCP and MPTCP records claim of what was waited for, and of connections that
were never made."""
import socket

from claims import LESS
from tcp import claim, same
from truth import LAG


def icmp(case, *kinds):
    return any(p.seq in kinds and p.at <= case.high for p in case.t.icmp)


def own_route(case, *kinds):
    return any(a["act"] == "route" and a["kind"] in kinds and a["side"] == case.t.name and
               a["t0"] <= case.high for a in case.t.acts)


# ---- Waiting ----

@claim(r"nothing to read arrived from PEER")
def _(case, said):
    low, _ = case.t.rx(case.entry["t1"] - LAG, case.high)
    return low <= case.t.read(case.entry) + case.t.urgent(case.high) or "something did"


@claim(r", which has acknowledged everything that was sent to it \(<tx>\)\.")
def _(case, said):
    return same(case, said["tx"], "tx") and case.record["unacked"] + case.record["unsent"] == 0


@claim(r", and it has not acknowledged <n> that this program wrote(?:, after at least (?P<t>\d+) retransmissions?: check the path and the peer's host)?\.")
def _(case, said):
    return same(case, said["n"], "unacked")


@claim(r"No acknowledgement arrived from PEER for <n> that this program wrote")
def _(case, said):
    if int(said["n"]) != case.record["unacked"] + case.record["unsent"]:
        return "another number"
    return case.silent()


@claim(r"\.? Its host is down or gone, or something drops or delays the packets, on the path or here \(a firewall, a route; only large ones if the path MTU is too small\)\.")
def _(case, said):
    return True


@claim(r"Nothing to read yet, and the call does not block\.|Nothing to look at yet, or nothing beyond SO_PEEK_OFF, and the call does not block\.")
def _(case, said):
    low, _ = case.t.rx(case.low, case.high)
    urgent = any(p.flags & 32 for p in case.t.back)
    return urgent or low <= case.t.read(case.entry) or "there was"


@claim(r"The socket's error queue is empty\.|The call took an entry from the error queue (?:that has no payload|and had no room for a payload)\.")
def _(case, said):
    return bool(case.entry.get("flags", 0) & socket.MSG_ERRQUEUE)


@claim(r"No room in the send buffer, and the call does not block")
def _(case, said):
    return True


@claim(r"Either the pipe or the socket was not ready; splice does not say which\.")
def _(case, said):
    return case.entry["call"] == "splice"


@claim(r"(?P<what>SO_RCVTIMEO|SO_SNDTIMEO) of this socket \((?P<n>\d+) (?P<unit>us|ms|s)\) expired: ")
def _(case, said):
    unit = {"us": 1, "ms": 1000, "s": 1000000}[said["unit"]]
    return abs(int(said["n"]) * unit - case.entry.get("timeout_us", 0)) < 10000 or "another time"


@claim(r", and <n> cannot be sent to it because its window is closed: it is not reading\.?")
def _(case, said):
    return same(case, said["n"], "unsent") and (case.t.window_closed(case.low, case.high) or "it is open")


@claim(r", but (?=\d+ bytes? could not leave)|Of what this program wrote to PEER, (?=\d+ bytes? could not leave)|: (?=\d+ bytes? could not leave)")
def _(case, said):
    return True


@claim(r"<n> could not leave this host: its interface is down, its address is gone, it has no route, or a local firewall rule, a BPF program, a full conntrack table or a full queue drops them")
def _(case, said):
    if not same(case, said["n"], "unsent"):
        return "unsent is another"
    return case.t.rules_out.ever(case.high) or case.t.routed(case.high) or "nothing kept them"


@claim(r"; the kernel gave up on the connection")
def _(case, said):
    return case.entry["errno"] == 110


@claim(r" within TCP_USER_TIMEOUT \((?P<n>\d+) ms\)")
def _(case, said):
    return any(a["act"] == "option" and a["name"] == "user-timeout" and a["value"] == int(said["n"])
               and a["e"] == case.t.name for a in case.t.acts)


@claim(r"the send buffer stayed full")
def _(case, said):
    return True


@claim(r": <a> sent and not acknowledged, <b> not sent(?P<w>, and the peer's window is closed: it is not reading)?\.")
def _(case, said):
    if not same(case, said["a"], "unacked") or not same(case, said["b"], "unsent"):
        return "the record's figures are others"
    return not said["w"] or case.t.window_closed(case.low, case.high) or "it is open"


@claim(r"PEER answers, but kept its window closed: it is not reading, and <n> could not be sent")
def _(case, said):
    return same(case, said["n"], "unsent") and (case.t.window_closed(case.low, case.high) or "it is open")


@claim(r"PEER kept its window closed: it was not reading, and <n> could not be sent")
@claim(r"PEER kept its window closed, answers to probes stopped arriving, and <n> could not be sent")
def _(case, said):
    return same(case, said["n"], "unsent") and (case.t.window_closed(case.low, case.high) or "it is open")


@claim(r" despite at least (?P<t>\d+) retransmissions?")
def _(case, said):
    return True


@claim(r"No answer arrived from PEER to the keepalive probes of the idle connection")
def _(case, said):
    on = any(a["act"] == "option" and a["name"] == "keepalive" and a["e"] == case.t.name
             for a in case.t.acts)
    return on and case.silent()


@claim(r"No acknowledgement arrived from PEER for this program's FIN")
def _(case, said):
    return case.t.shut(1, case.high) and case.silent()


@claim(r"Answers from PEER stopped arriving, and the kernel gave up on the connection")
def _(case, said):
    return case.silent()


# ---- Connecting ----

OWN_ADDRESS = r"(?: Or (?P<own>[0-9.:]+), the address of the socket, does not belong to this host \(any more\)\.)?(?: Or it cannot be reached from (?P<loopback>[0-9.:]+), a loopback address\.)?"


@claim(r"This host's route to PEER is a blackhole route or rule\.(?! Or)")
def _(case, said):
    return own_route(case, "blackhole") or "there is none"


@claim(r"This host's route to PEER is a blackhole route or rule\." + OWN_ADDRESS, LESS)
def _(case, said):
    return own_route(case, "blackhole") or "there is none"


@claim(r"The connect to PEER did not complete immediately, but has since succeeded\.")
def _(case, said):
    return case.t.established and case.record["state"] not in ("SYN_SENT", "SYN_RECV") or "it had not"


@claim(r"The connect to PEER did not complete immediately and has since ended; SO_ERROR has the result\.")
def _(case, said):
    return case.t.failed(case.high) or bool(case.t.icmp) or "it had not"


@claim(r"The connection request \(SYN\) was not answered by a SYN-ACK from PEER: the host is down or does not exist, something on this host or on the path drops or delays the packets \(a firewall, a BPF program, a full conntrack table\), or the server's kernel rejects them \(its accept queue is full, it requires a TCP MD5 or AO key, or takes them for part of an old connection\)\.")
def _(case, said):
    return case.t.peer_first is None or "one did"


@claim(r"There is no route to PEER: this host has none that this socket may use, or a rule of type unreachable, or a router or firewall on the path reported this \(ICMP\)\.(?P<broadcast> Or it is a broadcast address, to which TCP cannot connect\.)?" + OWN_ADDRESS)
def _(case, said):
    if said["broadcast"] and int(case.t.other[0].split(".")[3]) & 3 < 3:
        return "it cannot be one"
    return icmp(case, 0x300, 0x306) or own_route(case, "throw") or "there was"


# ---- Unreachable, refused ----

@claim(r"The kernel gave up on the connection: this host's route to PEER is a blackhole route or rule\." + OWN_ADDRESS, LESS)
@claim(r"The kernel could not send to PEER: this host's route to it is a blackhole route or rule\." + OWN_ADDRESS, LESS)
def _(case, said):
    return any(a["act"] == "route" and a["kind"] == "blackhole" and a["side"] == case.t.name
               for a in case.t.acts)


@claim(r"This host found no neighbour \(ARP, NDP\), its route is of type unreachable, or the network or a firewall reported \(ICMP\) that PEER is unreachable, or too many routers away \(TTL\)\.")
def _(case, said):
    return icmp(case, 0x301, 0x305, 0x307, 0x308, 0x309, 0x30a, 0x30d) or own_route(case, "unreachable") or \
        "nobody did"


@claim(r" The connection had been established, and the kernel gave up on it(?:; <n> of what this program had written had not been acknowledged)?\.")
def _(case, said):
    left = case.record["unacked"] + case.record["unsent"]
    return case.record["state"] == "CLOSE" and (not said["n"] or int(said["n"]) == left) and bool(case.t.acked)


@claim(r"A prohibiting route or rule of this host or a security module forbids it\.")
def _(case, said):
    return own_route(case, "prohibit") or "nothing did"


@claim(r"The connection to PEER was established, and then its packets were answered with ICMP port unreachable: a firewall rejects them")
def _(case, said):
    return icmp(case, 0x303) or "no such answer came"


@claim(r"PEER answered that nothing is listening on that port, or a firewall rejects or redirects the connection \(RST or ICMP port unreachable\)\.")
def _(case, said):
    return case.t.reset_in(case.high) or icmp(case, 0x303) or "neither came"


@claim(r"PEER, or a firewall in its name, answered that it does not support the protocol \(ICMP protocol unreachable\)\.")
def _(case, said):
    return icmp(case, 0x302) or "no such answer came"


@claim(r"The connect to PEER did not complete immediately; the program will get its result from SO_ERROR\.")
def _(case, said):
    return case.entry["errno"] == 115


@claim(r"An earlier connect of this socket is still in progress\.")
def _(case, said):
    return True


@claim(r"The connection is not established yet, and the call does not block\.")
def _(case, said):
    return not case.t.acked or case.t.acked[0][0] > case.low or "it was"


@claim(r"PEER had not answered; the connect continues\.")
def _(case, said):
    return case.t.peer_first is None or "it had"


@claim(r"The kernel rejected the address, the route to it is a blackhole route or rule, or shutdown was called after an earlier connect of this socket that had not succeeded\.", LESS)
def _(case, said):
    t = case.t
    return own_route(case, "blackhole") or (t.shut(0, case.high) or t.shut(1, case.high)) and \
        t.connect_failed(case.high) or "neither"


@claim(r"The socket is already connected\.")
def _(case, said):
    return case.t.established


@claim(r"The connection that this socket had has ended, and a stream socket connects again only once it has been dissolved \(connect with AF_UNSPEC\)\.")
def _(case, said):
    return case.t.failed(case.high) or case.t.may_have_timed_out(case.high) or \
        case.t.fin(case.high) and case.t.shut(1, case.high) or "it had not"


@claim(r"An earlier connect of this socket had failed, and its error was reported then; or this one, or its connection, was ended in the meantime \(by a reset, or on this host by ss -K or similar\)\.")
def _(case, said):
    return bool(case.t.told(case.entry)) or case.t.failed(case.high) or "neither"


@claim(r"A signal handler ran, or the process was stopped and continued, while the call was waiting; the connect may continue in the background\.")
def _(case, said):
    return case.entry["errno"] == 4 and case.entry["call"] == "connect"


@claim(r"A signal handler ran, or the process was stopped and continued, before the call had done anything; this says nothing about the connection\.")
def _(case, said):
    return case.entry["errno"] == 4


@claim(r"The address (?P<a>\S+) is not assigned to this host, or not in the VRF of the socket\.")
def _(case, said):
    return said["a"] == "%s:%d" % tuple(case.entry["to"]) and said["a"].startswith("10.99.")


@claim(r"Another socket is already bound to (?P<a>\S+), or to its port on all addresses \(0\.0\.0\.0, \[::\]\), or a closed connection still holds it \(TIME_WAIT, without SO_REUSEADDR\)\.")
def _(case, said):
    return said["a"] == "%s:%d" % tuple(case.entry["to"])


@claim(r"The socket is already bound, or the address or its length is of another family\.")
def _(case, said):
    return case.entry["call"] == "bind"


@claim(r"The socket is not listening, or no longer is \(shutdown\), or the flags are invalid\.")
def _(case, said):
    return case.entry["call"] in ("accept", "accept4")
