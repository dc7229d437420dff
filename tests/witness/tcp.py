"""What the sentences of TCP and MPTCP records claim."""
import socket

import figures
from claims import LESS, Table
from packets import RST
from truth import LAG, RACE

tcp = Table()
claim = tcp.claim
TIME = r"(?P<d>\d+) (?P<unit>us|ms|s)"


def same(case, said, key):
    """A figure of the sentence is the record's."""
    return int(said) == case.record.get(key)


def reset_came(case):
    if not case.t.reset_in(case.high):
        return "no RST had come"
    why = case.record["why"]
    hedged = "may have sent" in why or "firewall" in why
    return case.t.peers_reset(case.high) or hedged or "the RST was a firewall's"


# ---- The end in order ----

@claim(r"PEER closed its side cleanly \(FIN\)(?: after <rx>)?: it closed the connection, or only finished sending\.")
def _(case, said):
    if said["rx"] and not same(case, said["rx"], "rx"):
        return "the record's rx is another"
    return case.t.fin(case.high) or "no FIN had come"


@claim(r" Both sides had last sent data " + TIME + r" before this call, so an answer may have been due\.")
def _(case, said):
    return case.t.name == "a" and case.record["rx"] > 0 and case.record["sent_ms"] == case.record["idle_ms"]


@claim(r" Of what this program wrote, <n> had not been acknowledged\.")
def _(case, said):
    return int(said["n"]) == case.record["unacked"] + case.record["unsent"] > 0


@claim(r"This program(?: itself|, or another process that shares the socket,) shut down the reading side of the socket; no FIN has come from PEER\.")
def _(case, said):
    if not case.t.shut(0, case.high):
        return "it had not"
    return not case.t.surely_fin(case.low) or "a FIN had come"


@claim(r"The connection to PEER had already failed\.")
def _(case, said):
    return case.t.failed(case.high) or "it had not"


@claim(r" The kernel reports this only once: an earlier call got the error, or it was lost in a splice, sendfile or sendmmsg that had already transferred data\.")
def _(case, said):
    return bool(case.t.told(case.entry)) or case.t.swallowed(case.entry) or "neither"


@claim(r" This 0 does not mean that PEER had finished sending\.")
def _(case, said):
    return not case.t.surely_fin(case.low) or "it had"


@claim(r"This program had shut down its reading side, or the connection to PEER had failed and an earlier call got the error; notifications in the error queue hide which\.", LESS)
def _(case, said):
    return case.t.shut(0, case.high) or bool(case.t.told(case.entry)) or "neither"


# ---- Resets ----

@claim(r"PEER had closed its side cleanly \(FIN\), and then aborted the connection \(RST\)")
def _(case, said):
    return reset_came(case) if case.t.fin(case.high) else "no FIN had come"


@claim(r"PEER aborted the connection \(RST\), or this host's kernel did, because data arrived after this program had shut the socket down; by then <rx> had been received and <tx> acknowledged", LESS)
def _(case, said):
    if not (case.t.reset_in(case.high) or case.t.reset_out(case.high)):
        return "neither"
    return case.t.shut(1, case.high) and same(case, said["rx"], "rx") and same(case, said["tx"], "tx")


@claim(r"Data arrived from PEER after this program had shut the socket down in both directions, so this host's kernel aborted the connection \(RST\)\.")
def _(case, said):
    return bool(case.t.own_resets) and case.t.shut(0, case.high) and case.t.shut(1, case.high) or "it had not"


@claim(r"PEER aborted the connection \(RST\) before any data had been exchanged")
def _(case, said):
    ok = reset_came(case)
    return ok if ok is not True else \
        case.record["rx"] == 0 and case.t.written(case.entry) == 0 or "some had"


@claim(r"PEER aborted the connection \(RST\) before a single byte had arrived from it; it had acknowledged (?:<tx> of what was sent to it|everything that was sent to it \(<all>\))")
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


@claim(r"\.? Or the RST was sent in its name by a firewall rule of this host, which lets nothing out to the peer, or by something in between\.|\.? A firewall rule on this host may have sent the RST in its name\.")
def _(case, said):
    return True


@claim(r"\.? No data had arrived for (?P<d>\d+) (?P<unit>s|ms) when this call found out: check the idle timeouts of the peer and of anything in between \(load balancer, NAT, firewall\), which may have sent the RST in its name\.")
def _(case, said):
    return case.idle_is(int(said["d"]) * {"s": 1000, "ms": 1}[said["unit"]], coarse=1000)


@claim(r"\.? The RST came only after at least (?P<tries>\d+) retransmissions without an acknowledgement: in the meantime the peer may have given up on the connection, or its host have restarted\. Or something in between may have sent the RST in its name\.")
def _(case, said):
    return 2 <= int(said["tries"]) <= case.record["retrans"] and case.record["unacked"] + case.record["unsent"] > 0


@claim(r"\.? This program had sent last, (?:at least )?" + TIME + r" before this call: if an answer was due, check the time limits of the peer, and whether its process died; else the idle timeouts of the peer and of anything in between \(load balancer, NAT, firewall\), which may have sent the RST in its name\.")
def _(case, said):
    return asks_last(case) and case.record["sent_ms"] >= 5000


@claim(r" Still unread: <n> from before that\.")
def _(case, said):
    return same(case, said["n"], "unread")


# ---- Writing too late ----

@claim(r"The connection to PEER had already failed before this write, by a reset, a timeout or in some other way\.")
def _(case, said):
    return case.t.failed(case.high) or "it had not"


@claim(r"This program had shut down its writing side before this write, or the connection to PEER had failed, by a reset, a timeout or in some other way: the kernel does not distinguish them\.", LESS)
def _(case, said):
    return case.t.shut(1, case.high) or case.t.failed(case.high) or "neither"


HOST_ENDED = r"(?P<host>, or because this host (?:gave up on it \(a timeout or ss -K\)|ended it \(ss -K or similar\)) or another process that shares the socket shut it down)?\."


def ended_somehow(case, said):
    if case.t.reset_in(case.high):
        return True
    if not said["host"]:
        return "no RST had come"
    return case.t.failed(case.high) or "nothing had ended it"


@claim(r"PEER had closed its side \(FIN\), and then the connection failed before this write had sent anything: by an RST from (?:[0-9.:]+|the peer), or one sent in its name" + HOST_ENDED)
def _(case, said):
    return ended_somehow(case, said) if case.t.fin(case.high) else "no FIN had come"


@claim(r"The connection to PEER had failed before this write had sent anything, by an RST from it, or one sent in its name" + HOST_ENDED)
def _(case, said):
    return ended_somehow(case, said)


@claim(r"This program(?: itself|, or another process that shares the socket,) shut down its writing side before this write had sent anything\.")
def _(case, said):
    return case.t.shut(1, case.high) or "it had not"


# ---- Ended on this host ----

@claim(r"The connection was ended on this host \(ss -K or similar\)\.")
def _(case, said):
    return case.t.killed(case.high) or "nobody did"


# ---- Arguments ----

@claim(r"The socket is not connected: connect was never called, it failed, or the connection has ended\.")
def _(case, said):
    t = case.t
    return not t.established or t.failed(case.high) or t.shut(1, case.high) and t.fin(case.high) or \
        "it stood"


@claim(r"The connection had already ended or was never established; that this call fails is harmless\.")
def _(case, said):
    t = case.t
    return not t.established or t.failed(case.high) or t.shut(1, case.high) and t.fin(case.high) or \
        "it stood"


@claim(r"The program itself (?:asked for|offered) 0 bytes; this says nothing about the connection\.")
def _(case, said):
    return case.entry["len"] == 0


@claim(r"There is no out-of-band data to read, or it is delivered inline \(SO_OOBINLINE\)\.")
def _(case, said):
    return bool(case.entry.get("flags", 0) & socket.MSG_OOB)


@claim(r"The input file of sendfile is at its end; this says nothing about the connection\.")
def _(case, said):
    return case.entry["call"] == "sendfile" and case.entry["empty"]


@claim(r"The input pipe of splice is empty and has no writer left; this says nothing about the connection\.")
def _(case, said):
    return case.entry["call"] == "splice" and case.entry["empty"]


@claim(r"The pipe that splice was to write to has no reader left, or the connection had been aborted \(RST\) after the peer's FIN: splice does not say which\.", LESS)
def _(case, said):
    t = case.t
    return bool(case.entry.get("deaf")) or t.fin_flag(case.high) and t.reset_in(case.high) or "neither"


@claim(r"The connection that this socket had was aborted \(RST\) after the peer's FIN, and then this program dissolved it \(connect with AF_UNSPEC\)\.")
def _(case, said):
    t = case.t
    return t.fin_flag(case.high) and t.reset_in(case.high) and t.dissolved(case.high) or "it had not"


@claim(r"The pipe that splice was to write to has no reader left; this says nothing about the connection\.")
def _(case, said):
    return case.entry["call"] == "splice" and case.entry.get("deaf")


@claim(r"The connection (?:had ended before this write, or this program had shut down its writing side;|to PEER had failed or ended before this write;) MPTCP does not say (?:how|which)\.", LESS)
def _(case, said):
    t = case.t
    return t.failed(case.high) or t.fin(case.high) or t.shut(1, case.high) or "neither"


@claim(r"PEER aborted the connection \(reset\), or the last of its subflows failed\.")
def _(case, said):
    if case.t.reset_in(case.high):
        return True
    return LESS if case.t.failed(case.high) else "it had not failed"


@claim(r"End of the stream; the kernel does not say whether the peer closed, this program shut down its reading side, or an earlier error ended it\.", LESS)
def _(case, said):
    return True


@claim(r"\.(?= |$)")
def _(case, said):
    return True


# ---- Said of several ----

@claim(r"This program itself dissolved the connection \(connect with AF_UNSPEC, or shutdown while it was being established\); the peer may have aborted it \(RST\) before that\. Or the peer aborted one that had been restored \(TCP_REPAIR\), or for which both sides had sent a SYN \(simultaneous open\)\.")
def _(case, said):
    """Where it had, the error was the peer's."""
    if not case.t.dissolved(case.high) and not case.t.shut(1, case.high):
        return "it had not"
    return LESS if case.t.reset_in(case.high) else True


@claim(r"This program itself dissolved the connection \(connect with AF_UNSPEC, or shutdown while it was being established\)\.")
def _(case, said):
    return case.t.dissolved(case.high) or case.t.shut(1, case.high) and not case.t.established or \
        "it had not"


@claim(r"This program itself ended the connect by shutdown, while the connection was being established\.")
def _(case, said):
    return any(e["call"] == "shutdown" and e["ret"] == 0 and e["t0"] <= case.high for e in case.t.entries) and \
        not case.t.established or "it had not"


@claim(r" Then the connection failed, by a reset or otherwise; a write or SO_ERROR will report it, a read will not\.")
def _(case, said):
    return case.t.failed(case.high) or "nothing had failed"


@claim(r"This program(?: itself|, or another process that shares the socket,) shut down the reading side of the socket\.")
def _(case, said):
    return case.t.shut(0, case.high) or "it had not"


@claim(r"PEER aborted the connection \(RST\) after <rx> received from it, before this program had sent anything")
def _(case, said):
    ok = reset_came(case)
    if ok is not True:
        return ok
    return same(case, said["rx"], "rx") and (case.t.written(case.entry) == 0 or "it had")


@claim(r"PEER aborted the connection \(RST\)(?P<mid> mid-stream,)? after <rx> received from it and <tx> acknowledged by it")
def _(case, said):
    ok = reset_came(case)
    if ok is not True:
        return ok
    return same(case, said["rx"], "rx") and same(case, said["tx"], "tx")


@claim(r"PEER aborted the connection \(RST\)")
def _(case, said):
    return reset_came(case)


@claim(r" A firewall, a proxy or another device in between may have sent the RST in its name\.")
def _(case, said):
    return True


@claim(r" SIGPIPE would have ended the program here\.")
def _(case, said):
    return True


# ---- What a close leaves undone ----

def reset_went(case):
    """By this close; a rule of this host may have kept it back, or an RST have come just before it."""
    t = case.t
    return t.failed_between(case.entry["t0"] - RACE, case.entry["t1"]) or any(p.flags & RST and case.entry["t0"] - LAG <= p.at <= case.entry["t1"] + LAG for p in t.out) or \
        t.rules_out.ever(case.high) or t.routed(case.high) or "no RST went out"


def reset_is_seen_as(case, said):
    """EPIPE by a peer that has had the FIN: then it has acknowledged it, or is about to."""
    after_fin = {"RST after the FIN of its shutdown": "EPIPE", "RST": "ECONNRESET or EPIPE",
                 "RST instead of FIN": "ECONNRESET"}
    if (case.record["state"] in ("FIN_WAIT1", "FIN_WAIT2")) == (said["rst"] == "RST instead of FIN"):
        return "it had sent FIN, or had not"
    return after_fin[said["rst"]] == said["seen"] or "it sees another error"


@claim(r"This program closed the connection with (?:<n> unread|(?P<linger>SO_LINGER 0)), so its kernel sent (?P<rst>RST(?: instead of FIN| after the FIN of its shutdown)?), unless the connection failed at that very moment; PEER sees (?P<seen>ECONNRESET(?: or EPIPE)?|EPIPE) unless it has closed as well\.")
def _(case, said):
    if reset_is_seen_as(case, said) is not True:
        return reset_is_seen_as(case, said)
    if said["linger"]:
        asked = any(a["act"] == "option" and a["name"] == "linger" and a["e"] == case.t.name for a in case.t.acts)
        return reset_went(case) if asked else "it was not asked for"
    least, most = figures.unread_at(case)
    if not least <= int(said["n"]) <= most:
        return f"{least} to {most} were"
    return reset_went(case)


@claim(r" It had sent last, (?:at least )?" + TIME + r" before, and nothing has (?:ever arrived|arrived since)\.")
def _(case, said):
    return asks_last(case)


@claim(r"This program gave up connecting(?: after " + TIME + r")?: no SYN-ACK had come from PEER when it closed the socket\.(?: A retransmission of the SYN did not leave this host: its interface is down, it has no route, or a local firewall rule, a BPF program, a full conntrack table or a full queue stopped it\.)? Perhaps its own deadline passed, another address answered sooner, a client of its own went away, or SO_ERROR had told it of an error\.")
def _(case, said):
    return case.t.peer_first is None or "one had"


@claim(r"This program closed the connection (?:at least )?" + TIME + r" after its last send, with no answer from PEER: nothing has (?P<when>ever arrived|arrived since) \(<rx> in all\)\. Perhaps its own deadline passed, a client of its own went away or it was told to end, or what it sent last needed no answer\.")
def _(case, said):
    return asks_last(case) and same(case, said["rx"], "rx") and case.t.name == "a"


@claim(r"This program closed the connection " + TIME + r" after it was made, and neither side had ever sent anything\. Perhaps it had waited for PEER to speak first \(a greeting\) until its own deadline, or held the connection in reserve\.")
def _(case, said):
    return case.t.name == "a" and case.record["rx"] == case.record["tx"] == 0 and case.record["idle_ms"] >= 1000


def not_acknowledged(case):
    return case.record["unacked"] + case.record["unsent"] > 0


@claim(r"This program gave up on the connection: PEER had not acknowledged the last <unacked> despite (?P<tries>\d+) retransmissions?\. Its host is down, or something on the path or on this host drops or delays the packets\.")
def _(case, said):
    return same(case, said["unacked"], "unacked") and not_acknowledged(case) and int(said["tries"]) >= 2


@claim(r"This program closed the connection with <unsent> that it had written and that were not sent yet: (?:PEER does not read \(its window is closed\)|none of it has gone out for " + TIME + r")\. The kernel keeps trying for a while; anything that the program still had to write is lost\.")
def _(case, said):
    return same(case, said["unsent"], "unsent") and not_acknowledged(case)


@claim(r"PEER closed its side cleanly \(FIN\) without answering: this program had sent last, (?:at least )?" + TIME + r" before this call, and nothing has (?:ever arrived|arrived since) \(<rx> in all\)\. Perhaps (?:it rejects what it was sent, its process died|its process died or gave up, a time limit expired), or a proxy has no backend; a final message that needs no answer looks the same\.")
def _(case, said):
    return asks_last(case) and same(case, said["rx"], "rx") if case.t.fin(case.high) else "no FIN had come"


@claim(r"PEER had closed its side cleanly \(FIN\) at least (?P<fin>\d+) (?P<fin_unit>ms|s) before this call, and so before this program sent last, (?:at least )?" + TIME + r" before it: that can have no answer \(<rx> in all\)\. Perhaps a limit for idle time there, a ping that this program did not answer in time, or the end of its process\.")
def _(case, said):
    if int(said["fin"]) != case.record["fin_ms"] // {"ms": 1, "s": 1000}[said["fin_unit"]]:
        return "the record's fin_ms is another"
    return asks_last(case) and same(case, said["rx"], "rx")


def asks_last(case):
    """This program sent data after the last that came."""
    sent = max((p.at for p in case.t.out if p.payload and p.at <= case.high), default=0)
    came = case.t.last_data_in(case.low) or 0
    return sent + LAG >= came and sent > 0 or "it had not sent last"
