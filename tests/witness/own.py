"""What a program did all by itself, and what is said of that."""
from claims import Table

own = Table()
claim = own.claim
CAUSES = {"closed": "bad-descriptor", "file": "bad-descriptor", "path": "bad-descriptor", "input": "bad-descriptor",
          "passed": "bad-descriptor", "limit": "descriptor-limit", "overrun": "no-memory", "control": "no-memory",
          "filter": "no-memory", "credentials": "not-permitted", "raw": "not-permitted"}
NAMES = {
    "nodata": "the name exists but has no address of the requested kind",
    "nxdomain": "the name does not exist, or has no address of the requested kind, or a name server answered with an error "
                "(such as FORMERR)",
    **dict.fromkeys(["servfail", "refused", "silent", "nobody"],
                    "no name server gave an answer: they cannot be reached, did not answer in time, failed "
                    "themselves (SERVFAIL) or refused (REFUSED), or none is configured"),
}


class Case:
    def __init__(self, record, entry):
        self.record, self.entry = record, entry

    def peer_text(self):
        return None


def allowed(case):
    if case.entry["call"] == "getaddrinfo":
        return {"name-resolved-late" if case.entry["ret"] == 0 else "name-not-resolved"}
    return {CAUSES[case.entry["made"]]}


def faults(case):
    record, entry = case.record, case.entry
    if record.get("limit") != entry.get("limit"):
        yield f"limit is not {entry.get('limit')}"
    if record.get("name") != entry.get("name"):
        yield f"name is not {entry.get('name')}"
    if entry["call"] == "getaddrinfo":
        most = (entry["t1"] - entry["t0"]) / 1e6
        least = entry["delay"] * 1000 if entry["made"] != "silent" else 900  # Python has its own to do before
        if not least <= record["waited_ms"] <= most:
            yield f"waited_ms is not {least:.0f} to {most:.0f}"


def is_made(*made):
    return lambda case, said: case.entry["made"] in made or f"{case.entry['made']} was made"


def numbered(*made):
    def holds(case, said):
        return case.entry["made"] in made and int(said["n"]) == case.entry["fd"]
    return holds


claim(r"Descriptor (?P<n>\d+) is not open: it was closed earlier, perhaps by another thread, or never opened\.")(numbered("closed"))
claim(r"Descriptor (?P<n>\d+) is open, but it is not a socket\.")(numbered("file"))
claim(r"Descriptor (?P<n>\d+) was opened with O_PATH: it only refers to a file, and nothing can be received or sent through it\.")(numbered("path"))
claim(r"Descriptor (?P<n>\d+) is a socket, but a descriptor that the message passes \(SCM_RIGHTS\) is not open\.")(numbered("passed"))
claim(r"Descriptor (?P<n>\d+) is a socket, but the other descriptor of the call is not open, or not open for this operation\.")(numbered("input"))
claim(r"More data had arrived than the socket's receive buffer \(SO_RCVBUF\) holds, so messages were lost\.")(is_made("overrun"))
claim(r"The kernel had no buffer space for the call(?: \((?P<len>\d+) bytes?(?:; SO_SNDBUF is \d+ bytes)?\))?\.(?: Or the control data of the call is larger than net\.core\.optmem_max allows\.)?")(is_made("control"))
claim(r"The kernel had no memory for the option, or a limit is reached \(such as net\.core\.optmem_max or net\.ipv4\.igmp_max_memberships\)\.")(is_made("filter"))
claim(r"The peer (?:\(.*?\) )?was not involved: the message carries credentials that are not the program's own \(SCM_CREDENTIALS\), or a security module forbids it\.")(is_made("credentials"))
claim(r"The peer (?:\(.*?\) )?is connected to another socket and accepts nothing from this one, or the message carries credentials that are not the program's own \(SCM_CREDENTIALS\), or a security module forbids it\.")(is_made("credentials"))
claim(r"This kind of socket requires privileges that the program lacks \(CAP_NET_RAW for raw sockets, a group in net\.ipv4\.ping_group_range for pings\), or a security module or a BPF program \(cgroup\) forbids it\.")(is_made("raw"))


@claim(r"The process has reached its limit of open descriptors \(RLIMIT_NOFILE (?P<n>\d+)\): raise it with ulimit -n or LimitNOFILE=, or look for descriptors that are never closed\.")
def _(case, said):
    return int(said["n"]) == case.entry["limit"]


@claim(r"The name (?P<name>\S+) was not resolved, after (?P<ms>\d+) ms: (?P<why>.*?)\.(?P<own> It is the name of this host itself \(hostname\)\.)?")
def _(case, said):
    if bool(said["own"]) != case.entry["own"]:
        return "another name is this host's own"
    return (said["name"], int(said["ms"])) == (case.entry["name"], case.record["waited_ms"]) and \
        said["why"] == NAMES[case.entry["made"]] or "something else was answered"


@claim(r"The name (?P<name>\S+) was resolved, but only after (?P<ms>\d+) ms\. A name server that does not answer costs 5 s before the next is asked \(resolv\.conf\(5\)\); the servers may also be slow, or another source of names \(nsswitch\.conf\(5\)\)\.")
def _(case, said):
    return (said["name"], int(said["ms"])) == (case.entry["name"], case.record["waited_ms"])
