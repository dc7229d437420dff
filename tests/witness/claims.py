"""What a sentence claims, clause by clause, and whether it was so.

A sentence is taken apart from its beginning: the first pattern that fits takes its part. What no
pattern knows is reported, so that a new sentence needs a new line here. A clause that is marked
LESS leaves open what the wire shows, and so does one whose function returns that.
"""
import re

LESS = "less"
PEER = r"(?:(?P<peer>[0-9.]+:\d+)|[Tt]he peer)"
BYTES = r"(?P<%s>\d+) bytes?"


class Table:
    """Patterns, each with what holds it against the truth."""

    def __init__(self):
        self.claims = []

    def claim(self, pattern, *marks):
        def add(function):
            text = re.sub(r"(?<!P)<(\w+)>", lambda m: BYTES % m[1], pattern).replace("PEER", PEER)
            self.claims.append((re.compile(text), function, marks))
            return function
        return add

    def judge(self, case):
        """(what is not so, as lines; whether it says less; what nothing here knows)."""
        rest, wrong, less = case.record["why"], [], False
        while rest:
            found = next(((match, *claim) for claim in self.claims
                          if (match := claim[0].match(rest)) and match[0]), None)
            if not found:
                return wrong, less, rest
            match, _, function, marks = found
            said = function(case, match.groupdict())
            less = less or said == LESS
            if said not in (True, LESS):
                wrong.append(f"not so: {match[0].strip()!r}" + (f": {said}" if said else ""))
            peer = match.groupdict().get("peer")
            if peer and peer != case.peer_text():
                wrong.append(f"the peer is {case.peer_text()}")
            less = less or LESS in marks
            rest = rest[match.end():]
        return wrong, less, ""
