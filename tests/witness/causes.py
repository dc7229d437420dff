"""Which causes the truth allows for what the program saw, of a TCP connection."""
import errno
import socket

import figures


def of_close(case):
    entry, t = case.entry, case.t
    linger = any(a["act"] == "option" and a["name"] == "linger" and a["e"] == t.name for a in t.acts)
    found = {"reset-by-own-close"} if figures.unread_at(case)[1] > 0 or entry["unread"] or linger else set()
    if t.peer_first is None:
        found.add("gave-up-connecting")
    if t.established:
        found.add("gave-up-sending")
    return found | {"gave-up-waiting"} if t.name == "a" else found


def of_zero(case):
    entry, t = case.entry, case.t
    if entry["call"] == "close":
        return of_close(case)
    if entry.get("flags", 0) & socket.MSG_ERRQUEUE:
        return {"error-queue"}
    if entry["len"] == 0:
        return {"zero-length-request"}
    if entry["call"] == "sendfile" or entry["call"] == "splice" and entry.get("sends"):
        return {"source-exhausted"} if entry.get("empty") else set()
    found = set()
    if t.fin(case.high):
        found |= {"peer-closed", "closed-unanswered"}
    if t.shut(0, case.high):
        found.add("local-shutdown-read")
    if (t.told(entry) or t.swallowed(entry)) and not t.surely_fin(case.low):
        found.add("closed-after-error")
    if t.failed(case.high):
        found.add("other")
    return found


def of_epipe(case):
    entry, t = case.entry, case.t
    if entry.get("deaf"):
        return {"other", "peer-reset"} if t.reset_in(case.high) else {"other"}
    if entry.get("receives") or entry["call"] == "getsockopt":
        if t.dissolved(case.high):
            return {"other"}
        if t.killed(case.high) and not t.surely_reset_in(case.low):
            return {"connection-aborted", "other"}
        return {"peer-reset"} if t.reset_in(case.high) else {"other"}
    found = set()
    if t.shut(1, case.high):
        found.add("local-shutdown-write")
    hedged = "the kernel does not distinguish them" in case.record["why"] and t.fin(case.high)
    if t.failed(case.high) or hedged:
        found.add("write-after-close")
    if not t.established or t.dissolved(case.high):
        found.add("not-connected")
    return found


def of_reset(case):
    found = set()
    if case.t.reset_in(case.high):
        found.add("peer-reset")
    elif case.t.reset_out(case.high) and "or this host's kernel did" in case.record["why"]:
        found.add("peer-reset")
    if case.t.dissolved(case.high) or case.t.reset_out(case.high) or \
            case.t.shut(1, case.high) and not case.t.established:
        found.add("other")
    return found


def of_eagain(case):
    if case.entry.get("timeout_us"):
        return {"timeout"}
    return {"would-block"}


def of_timeout(case):
    if not case.t.established or not case.t.acked:
        return {"connect-timed-out"}
    return {"connection-timed-out"}


def of_invalid(case):
    if case.entry.get("flags", 0) & socket.MSG_OOB:
        return {"bad-argument"}
    if case.entry["call"] == "connect":
        return {"bad-argument", "unreachable"}
    blackhole = any(a["act"] == "route" and a["kind"] == "blackhole" and a["side"] == case.t.name
                    for a in case.t.acts)
    return {"unreachable"} if blackhole else {"bad-argument"}


def of_progress(case):
    return {"timeout"} if case.entry.get("timeout_us") else {"in-progress"}


BY_ERRNO = {
    0: of_zero, errno.EPIPE: of_epipe, errno.ECONNRESET: of_reset, errno.EAGAIN: of_eagain,
    errno.ETIMEDOUT: of_timeout, errno.EINVAL: of_invalid, errno.EINPROGRESS: of_progress,
    errno.EALREADY: of_progress,
}
ALWAYS = {
    errno.ECONNREFUSED: "connection-refused", errno.ECONNABORTED: "connection-aborted",
    errno.ENETUNREACH: "unreachable", errno.EHOSTUNREACH: "unreachable",
    errno.ENETDOWN: "unreachable", errno.ENOTCONN: "not-connected", errno.EDESTADDRREQ: "not-connected",
    errno.EBADF: "bad-descriptor", errno.ENOTSOCK: "bad-descriptor", errno.EISCONN: "bad-argument",
    errno.EOPNOTSUPP: "not-supported", errno.ENOPROTOOPT: "not-supported",
    errno.EACCES: "not-permitted", errno.EPERM: "not-permitted", errno.EMSGSIZE: "message-too-big",
    errno.ENOBUFS: "no-memory", errno.ENOMEM: "no-memory", errno.EADDRNOTAVAIL: "address-unavailable",
    errno.EADDRINUSE: "address-in-use", errno.EINTR: "interrupted", errno.ENONET: "other",
    errno.EPROTO: "other", errno.EHOSTDOWN: "unreachable",
}


def allowed(case):
    number = case.entry["errno"]
    if case.record.get("type") == "mptcp" and number in (0, errno.EPIPE):
        return BY_ERRNO[number](case) | {"other"}  # MPTCP does not say how it ended
    if number in BY_ERRNO:
        return BY_ERRNO[number](case)
    return {ALWAYS[number]} if number in ALWAYS else {"other"}
