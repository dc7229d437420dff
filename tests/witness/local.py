"""Records of unix sockets against what was done at their two ends."""
import errno

from claims import LESS, Table

unix = Table()
claim = unix.claim


class Truth:
    """One end; the other end's calls are known as well."""

    def __init__(self, name, entries, others, acts):
        self.name, self.entries, self.others, self.acts = name, entries, others, acts

    def did(self, entries, call, until, how=()):
        return any(e["call"] == call and e["t0"] <= until and (not how or e.get("how") in how)
                   for e in entries)

    def closed(self, until):
        return self.did(self.others, "close", until)

    def closed_unread(self, until):
        """With data of this end unread, or before it was accepted."""
        return any(e["call"] == "close" and e["t0"] <= until and (e["unread"] or e.get("unaccepted"))
                   for e in self.others)

    def shut(self, who, until, how):
        return self.did(self.entries if who == "own" else self.others, "shutdown", until, how)

    def state(self, name):
        return any(a["act"] == name for a in self.acts)


class Case:
    def __init__(self, record, entry, truth):
        self.record, self.entry, self.t = record, entry, truth
        self.high = entry["t1"]
        self.kind = entry["kind"]

    def peer_text(self):
        return None


def of_zero(case):
    t, high = case.t, case.high
    if case.entry["len"] == 0:
        return {"zero-length-request"}
    if case.entry["call"] == "sendfile" or case.entry["call"] == "splice" and case.entry.get("sends"):
        return {"source-exhausted"}
    if case.kind == "unix-dgram":
        return {"local-shutdown-read"} if t.shut("own", high, (0, 2)) else {"zero-length-datagram"}
    found = {"local-shutdown-read"} if t.shut("own", high, (0, 2)) else set()
    if t.closed(high) or t.shut("other", high, (1, 2)):
        found.add("peer-closed")
    return found | ({"zero-length-datagram"} if case.kind == "unix-seqpacket" else set())


def allowed(case):
    number, t, high = case.entry["errno"], case.t, case.high
    if number == 0:
        return of_zero(case)
    if number == errno.EPIPE:
        if case.entry.get("deaf"):
            return {"other"}
        found = {"write-after-close"} if t.closed(high) or t.shut("other", high, (0, 2)) else set()
        return found | ({"local-shutdown-write"} if t.shut("own", high, (1, 2)) else set())
    if number == errno.ECONNRESET:
        return {"peer-reset"} if t.closed_unread(high) else set()
    if number == errno.EAGAIN:
        if case.entry["call"] == "connect":
            return {"backlog-full"}
        if case.entry.get("timeout_us"):
            return {"timeout"}
        if case.kind == "unix-dgram" and case.entry.get("sends"):
            return {"message-not-sent", "would-block"}
        return {"would-block"}
    fixed = {errno.ENOENT: "no-such-socket", errno.ECONNREFUSED: "connection-refused",
             errno.EADDRINUSE: "address-in-use", errno.ENOTCONN: "not-connected",
             errno.EMSGSIZE: "message-too-big", errno.EOPNOTSUPP: "not-supported",
             errno.EISCONN: "bad-argument", errno.EINVAL: "bad-argument", errno.EPROTOTYPE: "bad-argument",
             errno.EDESTADDRREQ: "not-connected", errno.EPERM: "not-permitted"}
    return {fixed.get(number, "other")}


def faults(case):
    if case.record.get("type", case.kind) != case.kind:
        yield f"the type is {case.kind}"


@claim(r"The program itself (?:asked for|offered) 0 bytes(?:; this says nothing about the connection\.|: an empty datagram was sent\.)")
def _(case, said):
    return case.entry["len"] == 0


WHO = r"(?:\S+|The peer|the peer)(?: \(opened by pid (?P<pid>\d+)\))?"


def own_pid(case, said):
    """Both ends are in one program; and an address that the kernel does not look at is nobody's."""
    if case.record["why"].startswith("/no/such/socket"):
        return "that is not its peer"
    return said["pid"] is None or int(said["pid"]) == case.record["pid"] or "another process"


def other_ended(case):
    """What the other end did that ends this one's reading."""
    return case.t.closed(case.high) or case.t.shut("other", case.high, (1, 2))


@claim(WHO + r" closed its end, or finished sending, or sent an empty message just before that: the kernel does not distinguish them\. Or another process that shares this end shut it down\.")
def _(case, said):
    return other_ended(case) and own_pid(case, said)


@claim(WHO + r" closed its end, or shut it down without closing it\. Or another process that shares this end shut it down\.")
def _(case, said):
    return other_ended(case) and own_pid(case, said)  # where both finished sending, too


@claim(WHO + r" finished sending \(it shut down its writing side\)\. Or another process that shares this end shut it down\.")
def _(case, said):
    return case.t.shut("other", case.high, (1, 2)) and own_pid(case, said)


@claim(r"This program(?: itself|, or another process that shares the socket,) shut down the reading side of the socket(?: \(or an empty message came just before that\)| \(or an empty datagram came: the kernel does not distinguish them\))?\.")
def _(case, said):
    return case.t.shut("own", case.high, (0, 2)) or "it had not"


@claim(WHO + r" had closed its end, or shut down its reading side, before this write had sent anything\. Or another process that shares this end shut it down\.|" + WHO.replace("pid>", "pid2>") + r" had shut down its reading side before this write had sent anything\. Or another process that shares this end shut it down\.")
def _(case, said):
    t, high = case.t, case.high
    said["pid"] = said["pid"] or said["pid2"]
    return (t.closed(high) or t.shut("other", high, (0, 2)) or "it had not") and own_pid(case, said)


@claim(r"This program(?: itself|, or another process that shares the socket,) shut down its writing side before this write had sent anything\.")
def _(case, said):
    return case.t.shut("own", case.high, (1, 2)) or "it had not"


@claim(r" SIGPIPE would have ended the program here\.")
def _(case, said):
    return True


@claim(WHO + r" closed its end with data from this program still unread\.")
def _(case, said):
    return case.t.closed_unread(case.high) or "it had not"


@claim(WHO + r" closed its end with data from this program still unread, or before it had accepted the connection\.")
def _(case, said):
    return case.t.closed_unread(case.high) or "it had not"


@claim(r"Nothing to read yet, and the call does not block\.|Nothing to look at yet, or nothing beyond SO_PEEK_OFF, and the call does not block\.|No room in the send buffer, and the call does not block(?:: the peer does not read as fast as this program writes)?\.|Either the pipe or the socket was not ready; splice does not say which\.")
def _(case, said):
    return case.entry["errno"] == errno.EAGAIN


@claim(r"There is no socket at (?P<path>\S+): the server is not running, uses another path, or sees another file system \(a container, a chroot\)\.")
def _(case, said):
    return said["path"] == case.entry.get("to")


@claim(r"Nothing is listening at (?P<path>\S+): its owner is gone, has not called listen or has shut the socket down, or there is no such socket\.")
def _(case, said):
    return said["path"] == case.entry.get("to")


@claim(r"The queue of connections that (?P<path>\S+) has not accepted yet is full\.")
def _(case, said):
    return said["path"] == case.entry.get("to")


@claim(r"Another socket is already bound to (?P<path>\S+), or it is a file, such as a socket that a program left behind when it ended: a path remains until it is unlinked\.")
def _(case, said):
    return said["path"] == case.entry.get("to")


@claim(r"The socket is not connected: connect was never called, it failed, or the connection has ended\.|The connection had already ended or was never established; that this call fails is harmless\.|The socket is not connected, or an argument of the call is invalid\.|The socket is not connected, and the call named no address to send to\.")
def _(case, said):
    return case.t.state("unconnected") or case.t.closed(case.high) or case.kind == "unix-dgram" or \
        case.entry["errno"] == errno.EINVAL or "it was"


@claim(r"The message of (?P<n>\d+) bytes? is larger than this socket can send in one piece; SO_SNDBUF is (?P<b>\d+) bytes\.")
def _(case, said):
    return int(said["n"]) == case.entry["len"]


@claim(r"An empty (?:datagram|message) arrived: this is legal and does not mean that anything has ended\.")
def _(case, said):
    return any(e.get("sends") and e["len"] == 0 and e["t0"] <= case.high for e in case.t.others) or "none had"


@claim(r"The input file of sendfile is at its end; this says nothing about the connection\.|The input pipe of splice is empty and has no writer left; this says nothing about the connection\.")
def _(case, said):
    return case.entry["empty"]


@claim(r"The pipe that splice was to write to has no reader left; this says nothing about the connection\.")
def _(case, said):
    return bool(case.entry.get("deaf"))


@claim(WHO + r" was closed\.")
def _(case, said):
    return case.t.closed(case.high) or "it stood"


@claim(WHO + r" was closed or is no socket, or the path was left behind by a program that has ended\.")
def _(case, said):
    return case.t.closed(case.high) or case.entry["call"] == "connect" and own_pid(case, said)


@claim(r"The socket is already connected\.")
def _(case, said):
    return not case.t.state("unconnected")


@claim(r"The call named an address to send to, but (?:the socket is already connected|this kind of socket can only send to the peer that it is connected to, and it is not connected)\.")
def _(case, said):
    return case.entry["call"] == "sendto" and case.kind != "unix-dgram"


@claim(r"This kind of socket does not support the call or its flags\.", LESS)
def _(case, said):
    return case.entry["errno"] == errno.EOPNOTSUPP


@claim(r" Still unread: (?P<n>\d+) bytes? from before that\.")
def _(case, said):
    sent = sum(e["ret"] for e in case.t.others if e.get("sends") and e["ret"] > 0 and e["t0"] < case.high)
    read = sum(e["ret"] for e in case.t.entries if e.get("receives") and e["ret"] > 0 and e["t0"] < case.high)
    return int(said["n"]) == sent - read or f"{sent - read} were"


@claim(r"The message was not sent, and is lost unless the program tries again: the queue of " + WHO + r" \(net\.unix\.max_dgram_qlen\) or this socket's send buffer is full, because what was sent before has not been read\.")
def _(case, said):
    return case.kind == "unix-dgram" and case.entry["errno"] == errno.EAGAIN
