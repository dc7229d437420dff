"""What the sentences of TCP and MPTCP records claim."""
import socket

from claims import LESS, Table
from truth import LAG

tcp = Table()
claim = tcp.claim


def same(case, said, key):
    """A figure of the sentence is the record's."""
    return int(said) == case.record.get(key)


def reset_came(case):
    if not case.t.reset_in(case.high):
        return "no RST had come"
    why = case.record["why"]
    hedged = "may have sent" in why or "firewall" in why
    return case.t.peers_reset(case.high) or hedged or "the RST was a firewall's"


def icmp(case, *kinds):
    return any(p.seq in kinds and p.at <= case.high for p in case.t.icmp)


def own_route(case, *kinds):
    return any(a["act"] == "route" and a["kind"] in kinds and a["side"] == case.t.name and
               a["t0"] <= case.high for a in case.t.acts)


# ---- The end in order ----

@claim(r"PEER closed its side cleanly \(FIN\)(?: after <rx>)?: it closed the connection, or only finished sending\.")
def _(case, said):
    if said["rx"] and not same(case, said["rx"], "rx"):
        return "the record's rx is another"
    return case.t.fin(case.high) or "no FIN had come"


@claim(r" Of what this program wrote, <n> had not been acknowledged\.")
def _(case, said):
    return int(said["n"]) == case.record["unacked"] + case.record["unsent"] > 0


@claim(r"This program itself shut down the reading side of the socket; no FIN has come from PEER\.")
def _(case, said):
    if not case.t.shut(0, case.high):
        return "it had not"
    return not case.t.surely_fin(case.low) or "a FIN had come"


@claim(r"The connection to PEER had already failed\.")
def _(case, said):
    return case.t.failed(case.high) or "it had not"


@claim(r" The kernel reports that once: an earlier call was given the error, or it was lost in a splice or sendfile that had moved something\.")
def _(case, said):
    return bool(case.t.told(case.entry)) or case.t.swallowed(case.entry) or "neither"


@claim(r" This 0 does not mean that PEER had finished sending\.")
def _(case, said):
    return not case.t.surely_fin(case.low) or "it had"


@claim(r"This program had shut down its reading side, or the connection to PEER had failed and an earlier call was given the error: notices in the error queue hide which\.", LESS)
def _(case, said):
    return case.t.shut(0, case.high) or bool(case.t.told(case.entry)) or "neither"


# ---- Resets ----

@claim(r"PEER had closed its side cleanly \(FIN\), and then aborted the connection \(RST\)")
def _(case, said):
    return reset_came(case) if case.t.fin(case.high) else "no FIN had come"


@claim(r"PEER aborted the connection \(RST\), or this host's kernel did, because data came after this program had shut the socket down; until then <rx> had been received, and <tx> acknowledged", LESS)
def _(case, said):
    if not (case.t.reset_in(case.high) or case.t.reset_out(case.high)):
        return "neither"
    return case.t.shut(1, case.high) and same(case, said["rx"], "rx") and same(case, said["tx"], "tx")


@claim(r"PEER aborted the connection \(RST\) before any data had gone either way")
def _(case, said):
    ok = reset_came(case)
    return ok if ok is not True else \
        case.record["rx"] == 0 and case.t.written(case.entry) == 0 or "some had"


@claim(r"PEER aborted the connection \(RST\) before a single byte had come from it; it had acknowledged (?:<tx> of what was sent to it|everything that was sent to it \(<all>\))")
def _(case, said):
    ok = reset_came(case)
    if ok is not True:
        return ok
    if case.t.rx(case.low, case.high)[0] > 0:
        return "some had come"
    if said["all"] and case.record["unacked"] + case.record["unsent"] > 0:
        return "not everything"
    return same(case, said["tx"] or said["all"], "tx")


@claim(r"; <n> of what this program had written had not been acknowledged")
def _(case, said):
    return int(said["n"]) == case.record["unacked"] + case.record["unsent"]


@claim(r"\.? Or a firewall rule of this host, which lets nothing out to the peer, or something in between sent the RST in its name\.|\.? A firewall rule of this host may have sent the RST in its name\.")
def _(case, said):
    return True


@claim(r"\.? No data had come for (?P<d>\d+) (?P<unit>s|ms) when this call found out: look at idle timeouts of the peer and of what stands between \(load balancer, NAT, firewall\), which may have sent the RST in its name\.")
def _(case, said):
    return case.idle_is(int(said["d"]) * {"s": 1000, "ms": 1}[said["unit"]], coarse=1000)


@claim(r" Unread here: <n> that it sent before\. Servers say in such last words why they hang up \(an HTTP status, a database's error, a TLS alert\); tcpdump -A or the client's verbose option shows them\.")
def _(case, said):
    return same(case, said["n"], "unread")


# ---- Writing too late ----

@claim(r"The connection to PEER had already failed before this write, by reset or time-out or in another way\.")
def _(case, said):
    return case.t.failed(case.high) or "it had not"


@claim(r"This program had shut down its writing side before this write, or the connection to PEER had failed, by reset or time-out or in another way: the kernel does not tell them apart\.", LESS)
def _(case, said):
    return case.t.shut(1, case.high) or case.t.failed(case.high) or "neither"


HOST_ENDED = r"(?P<host>, or because this host (?:gave it up \(time-out, or ss -K\)|ended it \(ss -K, or the like\)))?\."


def ended_somehow(case, said):
    if case.t.reset_in(case.high):
        return True
    if not said["host"]:
        return "no RST had come"
    return case.t.failed(case.high) or "nothing had ended it"


@claim(r"PEER had closed its side \(FIN\), and then the connection failed before this write: by an RST from (?:[0-9.:]+|the peer), or one sent in its name" + HOST_ENDED)
def _(case, said):
    return ended_somehow(case, said) if case.t.fin(case.high) else "no FIN had come"


@claim(r"The connection to PEER had failed before this write, by an RST from it, or one sent in its name" + HOST_ENDED)
def _(case, said):
    return ended_somehow(case, said)


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


@claim(r"PEER stopped answering: it did not acknowledge <n> of what this program wrote")
def _(case, said):
    if int(said["n"]) != case.record["unacked"] + case.record["unsent"]:
        return "another number"
    return case.silent()


@claim(r"\. Its host is gone, or something drops the packets, on the way or here \(a firewall\)\.")
def _(case, said):
    return True


# ---- Connecting ----

@claim(r"The connect to PEER was not finished at once, but has succeeded since\.")
def _(case, said):
    return case.t.established and case.record["state"] not in ("SYN_SENT", "SYN_RECV") or "it had not"


@claim(r"The connect to PEER was not finished at once, and has ended since; SO_ERROR has the result\.")
def _(case, said):
    return case.t.failed(case.high) or bool(case.t.icmp) or "it had not"


@claim(r"No answer from PEER to the connection request \(SYN\) came through: the host is down or not there, something drops the packets \(a firewall, of this host or on the way\), or the server's accept queue is full and its kernel ignores them\.")
def _(case, said):
    return case.t.peer_first is None or "one did"


@claim(r"There is no route to PEER: this host has none, or a router or firewall on the way reported that \(ICMP\)\.")
def _(case, said):
    return icmp(case, 0x300, 0x306) or own_route(case, "throw") or "there was"


@claim(r"This program itself dissolved the connection \(connect with AF_UNSPEC, or shutdown while it was being made\)\.")
def _(case, said):
    return case.t.dissolved(case.high) or case.t.shut(1, case.high) and not case.t.established or \
        "it had not"


# ==== old ====

# ---- The end in order ----

@claim(r"PEER ended its side in order \(FIN\)(?: after <rx>)?; it closed, or only finished sending\.")
def _(case, said):
    if said["rx"] and not same(case, said["rx"], "rx"):
        return "the record's rx is another"
    return case.t.fin(case.high) or "no FIN had come"


@claim(r" Of what this program sent, <n> are not acknowledged\.")
def _(case, said):
    return int(said["n"]) == case.record["unacked"] + case.record["unsent"] > 0


@claim(r" Then the connection failed, by a reset or otherwise; a write or SO_ERROR will tell, a read will not\.")
def _(case, said):
    return case.t.failed(case.high) or "nothing had failed"


@claim(r"This program itself shut down the reading side of the socket; PEER has not closed\.")
def _(case, said):
    if not case.t.shut(0, case.high):
        return "it had not"
    return not case.t.surely_fin(case.low) or "its FIN had come"


@claim(r"This program itself shut down the reading side of the socket\.")
def _(case, said):
    return case.t.shut(0, case.high) or "it had not"


@claim(r"The connection had already failed and its error was reported before; 0 here is no orderly end, PEER sent no FIN\.")
def _(case, said):
    if not case.t.told(case.entry):
        return "no call had reported an error"
    return not case.t.fin_sent_by_peer(case.low) or "it had sent a FIN"


# ---- Resets ----

@claim(r"PEER aborted the connection \(RST\) before a byte had gone either way")
def _(case, said):
    ok = reset_came(case)
    return ok if ok is not True and "Or this kernel" not in case.record["why"] else \
        case.record["rx"] == 0 and case.t.written(case.entry) == 0 or "bytes had"


@claim(r"PEER aborted the connection \(RST\) before it sent a single byte back; it had acknowledged (?P<all>all )?<tx> of the request")
def _(case, said):
    ok = reset_came(case)
    if ok is not True and "Or this kernel" not in case.record["why"]:
        return ok
    if any(p.payload and p.at <= case.low for p in case.t.peer_sent):
        low, high = case.t.rx(case.low, case.high)
        if low > 0:
            return "it had sent some"
    if said["all"] and case.record["unacked"] + case.record["unsent"] > 0:
        return "not all"
    return same(case, said["tx"], "tx")


@claim(r"PEER aborted the connection \(RST\)(?P<mid> in mid-stream,)? after <rx> from it and <tx> acknowledged by it")
def _(case, said):
    ok = reset_came(case)
    if ok is not True and "Or this kernel" not in case.record["why"]:
        return ok
    return same(case, said["rx"], "rx") and same(case, said["tx"], "tx")


@claim(r"PEER aborted the connection \(RST\)")
def _(case, said):
    return reset_came(case)


@claim(r"PEER had ended its side in order \(FIN\), and then reset the connection \(RST\)")
def _(case, said):
    if not case.t.fin(case.high):
        return "no FIN had come"
    return reset_came(case)


@claim(r"; <n> that this program had written were never acknowledged")
def _(case, said):
    return int(said["n"]) == case.record["unacked"] + case.record["unsent"]


@claim(r"\.? Or this kernel did, because data came after this program had shut the socket down\.", LESS)
def _(case, said):
    return case.t.shut(1, case.high) or "it had not"


@claim(r"\.? Or a firewall rule of this host did, which lets nothing out to the peer\.")
def _(case, said):
    return True


@claim(r" No data had come for (?P<d>\d+) (?P<unit>s|ms) when this call found out: look at idle timeouts of the peer and of what stands between \(load balancer, NAT, firewall\)\.")
def _(case, said):
    return case.idle_is(int(said["d"]) * {"s": 1000, "ms": 1}[said["unit"]], coarse=1000 if said["unit"] == "s" else 1)


@claim(r" A firewall or another device in between may have sent the RST in its name\.")
def _(case, said):
    return True


@claim(r" SIGPIPE would have ended the program here\.")
def _(case, said):
    return True


# ---- Writing too late ----

@claim(r"This program itself shut down its writing side before it wrote\.")
def _(case, said):
    return case.t.shut(1, case.high) or "it had not"


@claim(r"The connection to PEER had already failed before this write, by reset or time-out or in another way, and the error was reported then\.")
def _(case, said):
    if not case.t.failed(case.high):
        return "it had not failed"
    return bool(case.t.told(case.entry)) or "no call had reported an error"


@claim(r"PEER had closed, and then reset the connection, before this write\.")
def _(case, said):
    if not case.t.fin(case.high):
        return "no FIN had come"
    return reset_came(case)


@claim(r"PEER had closed, and answered what was sent after that with RST\.")
def _(case, said):
    if not case.t.fin(case.high):
        return "no FIN had come"
    if not case.t.sent_data_after(case.t.fin_in - LAG, case.high):
        return "nothing was sent after the FIN"
    return reset_came(case)


@claim(r"PEER had closed, and what was sent after that was answered with RST, or by nobody until the kernel gave up\.", LESS)
def _(case, said):
    if not case.t.fin(case.high):
        return "no FIN had come"
    return case.t.reset_in(case.high) or case.t.gave_up(case.high) or "neither"


@claim(r"PEER had closed, and then reset the connection, or this program had shut down its writing side before this write: the kernel does not tell them apart\.", LESS)
def _(case, said):
    if not case.t.fin(case.high):
        return "no FIN had come"
    return case.t.reset_in(case.high) or case.t.shut(1, case.high) or "neither"


@claim(r"PEER had closed or reset the connection, or this program had shut down its writing side before this write: the kernel does not tell them apart\.", LESS)
def _(case, said):
    t = case.t
    return t.reset_in(case.high) or t.shut(1, case.high) or "neither"


@claim(r"PEER had closed or reset the connection before this write, or it had timed out: data that was not read hides which\.", LESS)
def _(case, said):
    t = case.t
    return t.reset_in(case.high) or t.gave_up(case.high) or "neither"


# ---- Ended on this host ----

@claim(r"The connection was ended on this host \(ss -K, or the like\)\.")
def _(case, said):
    return case.t.killed(case.high) or "nobody did"


@claim(r"This program itself dissolved the connection \(connect with AF_UNSPEC, or shutdown while it was being made\), or closed the descriptor while the call waited\.", LESS)
def _(case, said):
    return case.t.dissolved(case.high) or case.t.shut(1, case.high) or "it had not"


# ---- Waiting ----

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


@claim(r"nothing came from PEER")
def _(case, said):
    low, _ = case.t.rx(case.entry["t1"] - LAG, case.high)
    known = case.t.read(case.entry) + case.t.urgent(case.entry["t0"])
    return low <= known and not case.t.urgent_in(case.entry["t0"], case.entry["t1"] - LAG)


@claim(r", which has acknowledged all <tx> that were sent to it\.")
def _(case, said):
    return same(case, said["tx"], "tx") and case.record["unacked"] + case.record["unsent"] == 0


@claim(r", and <n> that this program wrote are not acknowledged (?:after at least (?P<t>\d+) retransmissions?: look at the path, and at its host\.|yet\.)")
def _(case, said):
    return same(case, said["n"], "unacked")


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


@claim(r"PEER kept its window closed and stopped answering probes, and <n> could not be sent")
def _(case, said):
    return same(case, said["n"], "unsent") and (case.t.window_closed(case.low, case.high) or "it is open")


@claim(r"PEER stopped answering: <n> were never acknowledged")
def _(case, said):
    if int(said["n"]) != case.record["unacked"] + case.record["unsent"]:
        return "another number"
    return case.silent()


@claim(r", in spite of at least (?P<t>\d+) retransmissions?")
def _(case, said):
    return True


@claim(r"PEER did not answer the keepalive probes of the idle connection")
def _(case, said):
    on = any(a["act"] == "option" and a["name"] == "keepalive" and a["e"] == case.t.name
             for a in case.t.acts)
    return on and case.silent()


@claim(r"PEER did not acknowledge that this program had finished sending \(FIN\)")
def _(case, said):
    return case.t.shut(1, case.high) and case.silent()


@claim(r"PEER stopped answering, and the kernel gave the connection up")
def _(case, said):
    return case.silent()


@claim(r"\. Its host is gone, or what stands between drops the packets\.")
def _(case, said):
    return True


# ---- Unreachable, refused ----

@claim(r"The kernel gave the connection up: a route of this host leads nowhere \(blackhole\) instead of to PEER\.")
def _(case, said):
    return any(a["act"] == "route" and a["kind"] == "blackhole" and a["side"] == case.t.name
               for a in case.t.acts)


@claim(r"There is no route, here or as a router on the way reported, to PEER\.")
def _(case, said):
    return icmp(case, 0x300, 0x306) or own_route(case, "throw") or "there was"


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


@claim(r"PEER did not answer the connection request \(SYN\) at all: the host is down or not there, a firewall drops the packets, or the server's accept queue is full, and its kernel ignores them\.")
def _(case, said):
    return case.t.peer_first is None or "it did"


@claim(r"The connect to PEER is under way; the program will learn its result from SO_ERROR\.")
def _(case, said):
    return case.record.get("state") in (None, "SYN_SENT", "SYN_RECV") or \
        f"the state is {case.record['state']}"


@claim(r"An earlier connect of this socket is still under way\.")
def _(case, said):
    return True


@claim(r"The connection is not made yet, and the call must not wait\.")
def _(case, said):
    return not case.t.acked or case.t.acked[0][0] > case.low or "it was"


@claim(r"PEER had not answered; the connect goes on\.")
def _(case, said):
    return case.t.peer_first is None or "it had"


@claim(r"The kernel refused the address, or the route to it leads nowhere \(blackhole\)\.", LESS)
def _(case, said):
    return own_route(case, "blackhole") or "there is no such route"


@claim(r"The socket is already connected\.")
def _(case, said):
    return case.t.established


@claim(r"An earlier connect of this socket had failed, and its error was reported then; or its connection was ended meanwhile \(by a reset, or on this host by ss -K or the like\)\.")
def _(case, said):
    return bool(case.t.told(case.entry)) or case.t.failed(case.high) or "neither"


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


# ---- Arguments ----

@claim(r"The socket is not connected: connect was never called, it failed, or the connection has ended\.")
def _(case, said):
    t = case.t
    return not t.established or t.failed(case.high) or t.shut(1, case.high) and t.fin(case.high) or \
        "it stood"


@claim(r"The connection was already gone, or never made; harmless\.")
def _(case, said):
    t = case.t
    return not t.established or t.failed(case.high) or t.shut(1, case.high) and t.fin(case.high) or \
        "it stood"


@claim(r"The program itself (?:asked for|offered) 0 bytes; this says nothing about the connection\.")
def _(case, said):
    return case.entry["len"] == 0


@claim(r"There is no out-of-band data to read, or it comes in line with the rest\.")
def _(case, said):
    return bool(case.entry.get("flags", 0) & socket.MSG_OOB)


@claim(r"The input file of sendfile is at its end; the socket is fine\.")
def _(case, said):
    return case.entry["call"] == "sendfile" and case.entry["empty"]


@claim(r"The input pipe of splice is empty and has no writer left; the socket is fine\.")
def _(case, said):
    return case.entry["call"] == "splice" and case.entry["empty"]


@claim(r"Nobody reads from the pipe any more into which splice was to move the data; the socket is fine\.")
def _(case, said):
    return case.entry["call"] == "splice" and case.entry.get("deaf")


@claim(r"The connection had ended before this write, or this program had shut down its writing side: MPTCP does not say how\.", LESS)
def _(case, said):
    t = case.t
    return t.failed(case.high) or t.fin(case.high) or t.shut(1, case.high) or "neither"


@claim(r"PEER aborted the connection \(reset\), or the last of its subflows failed\.", LESS)
def _(case, said):
    return case.t.failed(case.high) or "it had not failed"


@claim(r"End of the stream; the kernel does not tell whether the peer closed, this program shut down its reading side, or an earlier error ended it\.", LESS)
def _(case, said):
    return True


@claim(r"\.(?= |$)")
def _(case, said):
    return True
