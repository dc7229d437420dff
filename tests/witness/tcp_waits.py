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

@claim(r"nothing to read came from PEER")
def _(case, said):
    low, _ = case.t.rx(case.entry["t1"] - LAG, case.high)
    return low <= case.t.read(case.entry) + case.t.urgent(case.high) or "something did"


@claim(r", which has acknowledged everything that was sent to it \(<tx>\)\.")
def _(case, said):
    return same(case, said["tx"], "tx") and case.record["unacked"] + case.record["unsent"] == 0


@claim(r", and it has not acknowledged <n> that this program wrote(?:, after at least (?P<t>\d+) retransmissions?: look at the path, and at its host)?\.")
def _(case, said):
    return same(case, said["n"], "unacked")


@claim(r"No acknowledgement came from PEER of <n> that this program wrote")
def _(case, said):
    if int(said["n"]) != case.record["unacked"] + case.record["unsent"]:
        return "another number"
    return case.silent()


@claim(r"\.? Its host is gone, or something drops the packets, on the way or here \(a firewall, a route; large ones alone if the path's MTU is too small\)\.")
def _(case, said):
    return True


@claim(r"Nothing to read yet, and the call must not wait\.")
def _(case, said):
    low, _ = case.t.rx(case.low, case.high)
    urgent = any(p.flags & 32 for p in case.t.back)
    return urgent or low <= case.t.read(case.entry) or "there was"


@claim(r"The socket's error queue is empty\.|The error queue delivered its control data; there was no payload with it\.")
def _(case, said):
    return bool(case.entry.get("flags", 0) & socket.MSG_ERRQUEUE)


@claim(r"No room in the send buffer, and the call must not wait")
def _(case, said):
    return True


@claim(r"Either the pipe or the socket was not ready; splice does not say which\.")
def _(case, said):
    return case.entry["call"] == "splice"


@claim(r"(?P<what>SO_RCVTIMEO|SO_SNDTIMEO) of this socket \((?P<n>\d+) (?P<unit>us|ms|s)\) ran out: ")
def _(case, said):
    unit = {"us": 1, "ms": 1000, "s": 1000000}[said["unit"]]
    return abs(int(said["n"]) * unit - case.entry.get("timeout_us", 0)) < 10000 or "another time"


@claim(r", and <n> cannot be sent to it, for its window is closed: it does not read\.?")
def _(case, said):
    return same(case, said["n"], "unsent") and (case.t.window_closed(case.low, case.high) or "it is open")


@claim(r", but (?=\d+ bytes? could not leave)|Of what this program wrote to PEER, (?=\d+ bytes? could not leave)|: (?=\d+ bytes? could not leave)")
def _(case, said):
    return True


@claim(r"<n> could not leave this host: its interface is down, it has no route, or a firewall rule or a full queue of its own drops them")
def _(case, said):
    if not same(case, said["n"], "unsent"):
        return "unsent is another"
    return case.t.rules_out.ever(case.high) or case.t.routed(case.high) or "nothing kept them"


@claim(r"; the kernel gave the connection up")
def _(case, said):
    return case.entry["errno"] == 110


@claim(r" within TCP_USER_TIMEOUT \((?P<n>\d+) ms\)")
def _(case, said):
    return any(a["act"] == "option" and a["name"] == "user-timeout" and a["value"] == int(said["n"])
               and a["e"] == case.t.name for a in case.t.acts)


@claim(r"the send buffer stayed full")
def _(case, said):
    return True


@claim(r": <a> sent and not acknowledged, <b> not sent(?P<w>, and the peer's window is closed: it does not read)?\.")
def _(case, said):
    if not same(case, said["a"], "unacked") or not same(case, said["b"], "unsent"):
        return "the record's figures are others"
    return not said["w"] or case.t.window_closed(case.low, case.high) or "it is open"


@claim(r"PEER answers, but it kept its window closed: it does not read, and <n> could not be sent")
def _(case, said):
    return same(case, said["n"], "unsent") and (case.t.window_closed(case.low, case.high) or "it is open")


@claim(r"PEER kept its window closed, no answers to probes came any more, and <n> could not be sent")
def _(case, said):
    return same(case, said["n"], "unsent") and (case.t.window_closed(case.low, case.high) or "it is open")


@claim(r", in spite of at least (?P<t>\d+) retransmissions?")
def _(case, said):
    return True


@claim(r"No answer came from PEER to the keepalive probes of the idle connection")
def _(case, said):
    on = any(a["act"] == "option" and a["name"] == "keepalive" and a["e"] == case.t.name
             for a in case.t.acts)
    return on and case.silent()


@claim(r"No acknowledgement came from PEER of the end of what this program sent \(FIN\)")
def _(case, said):
    return case.t.shut(1, case.high) and case.silent()


@claim(r"Answers from PEER stopped coming, and the kernel gave the connection up")
def _(case, said):
    return case.silent()


# ---- Connecting ----

OWN_ADDRESS = r"(?: Or (?P<own>[0-9.:]+), the address of the socket, is none of this host's any more\.)?"


@claim(r"A route of this host leads nowhere \(blackhole\) instead of to PEER\.(?! Or)")
def _(case, said):
    return own_route(case, "blackhole") or "there is none"


@claim(r"A route of this host leads nowhere \(blackhole\) instead of to PEER\." + OWN_ADDRESS, LESS)
def _(case, said):
    return own_route(case, "blackhole") or "there is none"


@claim(r"The connect to PEER was not finished at once, but has succeeded since\.")
def _(case, said):
    return case.t.established and case.record["state"] not in ("SYN_SENT", "SYN_RECV") or "it had not"


@claim(r"The connect to PEER was not finished at once, and has ended since; SO_ERROR has the result\.")
def _(case, said):
    return case.t.failed(case.high) or bool(case.t.icmp) or "it had not"


@claim(r"No answer from PEER to the connection request \(SYN\) came through: the host is down or not there, something drops the packets \(a firewall, of this host or on the way\), or the server's accept queue is full and its kernel ignores them\.")
def _(case, said):
    return case.t.peer_first is None or "one did"


@claim(r"There is no route to PEER: this host has none, or a router or firewall on the way reported that \(ICMP\)\." + OWN_ADDRESS)
def _(case, said):
    return icmp(case, 0x300, 0x306) or own_route(case, "throw") or "there was"


# ---- Unreachable, refused ----

@claim(r"The kernel gave the connection up: a route of this host leads nowhere \(blackhole\) instead of to PEER\.")
def _(case, said):
    return any(a["act"] == "route" and a["kind"] == "blackhole" and a["side"] == case.t.name
               for a in case.t.acts)


@claim(r"This host found no neighbour \(ARP\) or has a route that says unreachable, or the network or a firewall reported \(ICMP\) that there is no way to PEER\.")
def _(case, said):
    return icmp(case, 0x301, 0x305, 0x307, 0x308, 0x309, 0x30a, 0x30d) or own_route(case, "unreachable") or \
        "nobody did"


@claim(r"A firewall rule \(of this host, or one on the way that says so by ICMP\), a prohibiting route or a security module forbids it\.")
def _(case, said):
    return icmp(case, 0x309, 0x30a, 0x30d) or own_route(case, "prohibit") or \
        case.t.rules_out.ever(case.high) or "nothing did"


@claim(r"The connection to PEER stood, and then its packets were answered by port-unreachable \(ICMP\): that is a firewall that rejects them")
def _(case, said):
    return icmp(case, 0x303) or "no such answer came"


@claim(r"PEER answered that nothing listens on that port, or a firewall rejects it \(RST or port-unreachable\)\.")
def _(case, said):
    return case.t.reset_in(case.high) or icmp(case, 0x303) or "neither came"


@claim(r"The far host, or a firewall on the way, answered that it does not know the protocol \(ICMP protocol-unreachable\)\.")
def _(case, said):
    return icmp(case, 0x302) or "no such answer came"


@claim(r"The connect to PEER was not finished at once; the program will learn its result from SO_ERROR\.")
def _(case, said):
    return case.entry["errno"] == 115


@claim(r"An earlier connect of this socket is still under way\.")
def _(case, said):
    return True


@claim(r"The connection is not made yet, and the call must not wait\.")
def _(case, said):
    return not case.t.acked or case.t.acked[0][0] > case.low or "it was"


@claim(r"PEER had not answered; the connect goes on\.")
def _(case, said):
    return case.t.peer_first is None or "it had"


@claim(r"The kernel refused the address, the route to it leads nowhere \(blackhole\), or an earlier connect of this socket had not succeeded and shutdown was called after that\.", LESS)
def _(case, said):
    t = case.t
    return own_route(case, "blackhole") or (t.shut(0, case.high) or t.shut(1, case.high)) and \
        t.connect_failed(case.high) or "neither"


@claim(r"The socket is already connected\.")
def _(case, said):
    return case.t.established


@claim(r"An earlier connect of this socket had failed, and its error was reported then; or its connection was ended meanwhile \(by a reset, or on this host by ss -K or the like\)\.")
def _(case, said):
    return bool(case.t.told(case.entry)) or case.t.failed(case.high) or "neither"


@claim(r"A signal handler ran(?:, or the process was stopped and went on,)? while the call waited; the connect may go on in the background\.")
def _(case, said):
    return case.entry["errno"] == 4 and case.entry["call"] == "connect"


@claim(r"A signal handler ran(?:, or the process was stopped and went on,)? before the call had done anything; nothing is wrong with the socket\.")
def _(case, said):
    return case.entry["errno"] == 4


@claim(r"The address (?P<a>\S+) is not one of this host's\.")
def _(case, said):
    return said["a"] == "%s:%d" % tuple(case.entry["to"]) and said["a"].startswith("10.99.")


@claim(r"Another socket already has (?P<a>\S+), or its port on all addresses \(0\.0\.0\.0, \[::\]\), or a closed connection still holds it \(TIME_WAIT, without SO_REUSEADDR\)\.")
def _(case, said):
    return said["a"] == "%s:%d" % tuple(case.entry["to"])


@claim(r"The socket is already bound, or the address is not one of its family\.")
def _(case, said):
    return case.entry["call"] == "bind"


@claim(r"The socket is not listening, or not any more \(shutdown\), or the flags are not valid\.")
def _(case, said):
    return case.entry["call"] in ("accept", "accept4")
