#!/usr/bin/python3
"""Random TCP connections between two programs under the shim, with tcpdump as a
witness of what went over the wire, and the comparison of the two.

witness.py run SEED COUNT DIR SHIM    makes them; DIR then holds packets, and for
                                      each side, a and b, its log and journal
witness.py check SEED DIR             what does not agree, on stdout; status 1 then

`run` is to be run in a network namespace of its own, with lo up.
"""
import collections
import datetime
import errno
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), os.pardir))
import logfmt

HERE = "127.0.0.1"
LISTEN = {"a": 18000, "b": 18001}  # each side's server
FIRST_PORT = 20000                 # of connection 0, at the side that connects
MARK = 19000                       # nobody listens: the last packets of a run
LONG = 60                          # seconds

# ---- The plan: both sides know it from the seed ----

Side = collections.namedtuple("Side", "sends reads shuts_writing ends first late")
Plan = collections.namedtuple("Plan", "connects a b")


def size(rnd):
    return rnd.choice([0, 1, rnd.randrange(2, 1000), rnd.randrange(1000, 30000),
                       rnd.randrange(30000, 200000)])


def plan(seed, number):
    """reads: how much of what comes, before it ends; -1 is all, and the end too.
    late: writes after the peer's end."""
    rnd = random.Random(seed * 100003 + number)
    sizes = {"a": size(rnd), "b": size(rnd)}
    first = rnd.choice("ab")
    sides = {}
    for me, other in "ab", "ba":
        is_first = me == first
        reads = rnd.choice([sizes[other], rnd.randrange(sizes[other] + 1), 0])
        if not is_first and rnd.random() < 0.8:
            reads = -1
        ends = rnd.choice(["close", "close", "reset"] + ["shutdown"] * is_first)
        sides[me] = Side(sizes[me], reads, rnd.random() < 0.35, ends, is_first, rnd.randrange(3))
    return Plan(rnd.choice("ab"), sides["a"], sides["b"])


# ---- One side ----


class Connection:
    """Writes down each call that failed, with what had been moved until then and
    whether this side had shut down its writing."""

    def __init__(self, s, number, journal):
        self.s, self.number, self.journal = s, number, journal
        self.written = self.read = 0
        self.over = self.shut = False
        s.setblocking(False)

    def note(self, call, error):
        if error not in (errno.EAGAIN, errno.EINPROGRESS):
            print(self.number, call, error, self.written, self.read, int(self.shut),
                  file=self.journal)
            self.over = True

    def send(self, n):
        try:
            self.written += self.s.send(bytes(n))
        except OSError as error:
            self.note("send", error.errno)

    def recv(self, n):
        try:
            got = len(self.s.recv(n))
        except OSError as error:
            self.note("recv", error.errno)
            return
        self.read += got
        if got == 0:
            self.note("recv", 0)

    def shutdown(self, how):
        try:
            self.s.shutdown(how)
            self.shut = True
        except OSError as error:
            self.note("shutdown", error.errno)

    def wait(self, events, ms=LONG * 1000):
        poll = select.poll()
        poll.register(self.s, events)
        ready = poll.poll(ms)
        return ready[0][1] if ready else 0


def talk(c, side):
    """Until all is sent and as much read as it wants, or the connection is over."""
    while not c.over:
        sending = c.written < side.sends
        reading = side.reads < 0 or c.read < side.reads
        if not sending and not reading:
            return
        ready = c.wait(select.POLLOUT * sending | select.POLLIN * reading)
        if not ready:
            raise TimeoutError(f"connection {c.number} got stuck")
        if ready & select.POLLIN or not sending:
            c.recv(65536 if side.reads < 0 else min(65536, side.reads - c.read))
        elif ready & (select.POLLOUT | select.POLLERR | select.POLLHUP):
            c.send(min(65536, side.sends - c.written))
        if side.shuts_writing and sending and c.written == side.sends and not c.over:
            c.shutdown(socket.SHUT_WR)


def write_too_late(c, side):
    for _ in range(side.late):
        c.send(10)
        c.wait(0, 5)  # an RST, if one comes
    if side.late:
        c.recv(65536)


def end(c, side):
    if side.ends == "reset":
        c.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if side.ends == "shutdown":
        c.shutdown(socket.SHUT_RDWR)
        c.wait(0, 5)
        c.recv(65536)
    c.s.close()


def reach(me, number):
    """A connection from the port that stands for its number."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((HERE, FIRST_PORT + number))
    s.connect((HERE, LISTEN["b" if me == "a" else "a"]))
    return s


def be_side(me, seed, count):
    seed, count = int(seed), int(count)
    signal.alarm(3 * LONG)
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((HERE, LISTEN[me]))
    server.listen()
    print("ready", flush=True)
    sys.stdin.readline()
    with open(f"{me}.journal", "w") as journal:
        for number in range(count):
            p = plan(seed, number)
            side = getattr(p, me)
            s = reach(me, number) if p.connects == me else server.accept()[0]
            c = Connection(s, number, journal)
            talk(c, side)
            if not side.first:
                write_too_late(c, side)
            end(c, side)


# ---- The run ----


def start_tcpdump():
    """Begun when it says so, and each packet in the file at once."""
    tcpdump = subprocess.Popen(
        ["tcpdump", "-i", "lo", "-n", "-s", "80", "-B", "32768", "-U", "--immediate-mode",
         "-Z", "root", "-w", "packets", "tcp"], stderr=subprocess.PIPE, text=True)
    for line in tcpdump.stderr:
        if "listening on" in line:
            return tcpdump
    sys.exit("tcpdump does not run")


def stop_tcpdump(tcpdump):
    """Once a last packet, sent after all others, is in its file."""
    end = time.monotonic() + LONG
    s = socket.socket()
    s.bind((HERE, MARK + 1))
    s.connect_ex((HERE, MARK))
    while not any(packet.sport == MARK for packet in read_packets("packets")):
        if time.monotonic() > end:
            sys.exit("tcpdump misses the last packet")
        time.sleep(0.05)
    tcpdump.send_signal(signal.SIGINT)
    said = tcpdump.communicate()[1]
    if "\n0 packets dropped by kernel" not in "\n" + said:
        sys.exit(f"tcpdump lost packets: {said}")


def start_side(me, seed, count, shim):
    environment = dict(os.environ, LD_PRELOAD=shim, SOCKSHIM_LOG=f"{me}.log",
                       SOCKSHIM_LEVEL="info")
    side = subprocess.Popen([sys.executable, __file__, "side", me, seed, count], env=environment,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    side.stdout.readline()
    return side


def run_sides(seed, count, shim):
    sides = [start_side(me, seed, count, shim) for me in "ab"]
    for side in sides:  # both listen now
        side.stdin.write("go\n")
        side.stdin.flush()
    if any([side.wait() for side in sides]):
        sys.exit(f"a side failed, seed {seed}")


def run(seed, count, directory, shim):
    os.chdir(directory)
    tcpdump = start_tcpdump()
    try:
        run_sides(seed, count, shim)
        stop_tcpdump(tcpdump)
    finally:
        tcpdump.kill()


# ---- What the wire says ----

Packet = collections.namedtuple("Packet", "at sport dport seq ack flags payload")
FIN, SYN, RST, ACK = 1, 2, 4, 16


def parse_packet(at, data):
    """Ethernet, IPv4, TCP."""
    head = 14 + (data[14] & 15) * 4
    sport, dport, seq, ack, offset, flags = struct.unpack_from(">HHIIBB", data, head)
    total = struct.unpack_from(">H", data, 16)[0]
    return Packet(at, sport, dport, seq, ack, flags, total - (head - 14) - (offset >> 4) * 4)


def read_packets(path):
    """A pcap file; a packet that is not all there yet is left out."""
    with open(path, "rb") as file:
        data = file.read()
    scale = {0xa1b2c3d4: 1, 0xa1b23c4d: 1000}[struct.unpack_from("I", data)[0]]
    place, packets = 24, []
    while place + 16 <= len(data):
        seconds, fraction, length, _ = struct.unpack_from("IIII", data, place)
        if place + 16 + length > len(data):
            break
        packets.append(parse_packet(seconds * 1000000 + fraction // scale,
                                    data[place + 16:place + 16 + length]))
        place += 16 + length
    return packets


class Direction:
    """What went one way: the payload, the FIN and the RST of its sender."""

    def __init__(self):
        self.first = None  # sequence number of the first byte of payload
        self.packets = []

    def add(self, packet):
        if packet.flags & SYN:
            self.first = packet.seq + 1 & 0xffffffff
        else:
            self.packets.append(packet)

    def when(self, flag):
        """When its first packet with that flag went, or never."""
        return next((p.at for p in self.packets if p.flags & flag), float("inf"))

    def place(self, number):
        """A sequence number as an offset into the payload."""
        offset = number - self.first & 0xffffffff
        return offset if offset < 1 << 31 else 0

    def sent(self, until):
        return max((self.place(p.seq) + p.payload for p in self.packets
                    if p.at <= until and p.payload), default=0)

    def payload(self):
        return self.sent(float("inf"))

    def acknowledged(self, back, until):
        """By the other direction; a FIN is no payload, and the number in an RST
        is not looked at by who receives it."""
        return max((min(self.place(p.ack), self.payload()) for p in back.packets
                    if p.at <= until and not p.flags & RST), default=0)


def connections(packets):
    """(port, port) -> the Direction from the first to the second."""
    wire = collections.defaultdict(Direction)
    for packet in packets:
        wire[packet.sport, packet.dport].add(packet)
    return wire


# ---- What the log says, against it ----


def port(address):
    return int(address.rpartition(":")[2])


def microseconds(ts):
    at = datetime.datetime.strptime(ts, "%Y-%m-%dT%H:%M:%S.%f%z")
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (at - epoch) // datetime.timedelta(microseconds=1)


def read_records(path):
    """number of the connection -> the records about it."""
    found = collections.defaultdict(list)
    with open(path) as log:
        for line in filter(str.strip, log):  # an empty line does no harm: shim/log.c, mend()
            record = logfmt.parse(line.rstrip("\n"))
            if record["event"] == "return":
                ports = port(record["local"]), port(record["peer"])
                found[max(ports) - FIRST_PORT].append(record)
    return found


Entry = collections.namedtuple("Entry", "call errno written read shut")


def read_journal(path):
    found = collections.defaultdict(list)
    with open(path) as journal:
        for line in journal:
            number, call, *figures = line.split()
            found[int(number)].append(Entry(call, *map(int, figures)))
    return found


OVER = ("CLOSE", "CLOSE_WAIT", "LAST_ACK", "CLOSING")  # the peer's FIN, or an RST, was in it
AGO = 20000  # microseconds in which the kernel may not have looked at a packet yet


class Moment:
    """The wire as it was when a record was written, or some time before, and what
    the program knows."""

    def __init__(self, record, entry, before, accepted, out, back, ago=0):
        self.entry, self.before, self.accepted = entry, before, accepted
        self.at = microseconds(record["ts"]) - ago
        self.out, self.back = out, back
        self.fin_in, self.rst_in = (back.when(flag) <= self.at for flag in (FIN, RST))
        self.rst_out = out.when(RST) <= self.at
        if self.rst_in and back.when(RST) < back.when(FIN):
            self.fin_in = False
        # What ended it; nothing that came later was received.
        self.end = min(self.at, back.when(RST), out.when(RST))

    def spoke_last(self):
        """This side connected, and no payload has come since it sent its last."""
        last = [max((p.at for p in way.packets if p.payload and p.at <= self.at), default=0)
                for way in (self.out, self.back)]
        return not self.accepted and last[0] > last[1]

    def told(self):
        """That it had failed, by an earlier call."""
        return any(entry.errno not in (0, errno.ENOTCONN) for entry in self.before)


def causes_of_zero(moment):
    if moment.fin_in:
        return {"peer-closed"} | ({"closed-unanswered"} if moment.spoke_last() else set())
    if (moment.rst_in or moment.rst_out) and moment.told():
        return {"closed-after-error"}
    return {"local-shutdown-read"} if moment.entry.shut else set()


def causes_of_reset(record, moment):
    """An RST of this side's kernel, for data after its own SHUT_RDWR, looks the
    same to it."""
    by_own_kernel = moment.rst_out and moment.entry.shut and "this host's kernel did" in record["why"]
    return {"peer-reset"} if moment.rst_in or by_own_kernel else set()


def causes_of_epipe(record, moment):
    failed = moment.rst_in or moment.rst_out
    says_both = "this program had shut" in record["why"]
    causes = {"local-shutdown-write"} if moment.entry.shut else set()
    return causes | ({"write-after-close"} if failed or causes and says_both else set())


def wanted_causes(record, moment):
    """The causes that the wire allows."""
    return {0: causes_of_zero(moment),
            errno.ECONNRESET: causes_of_reset(record, moment),
            errno.EPIPE: causes_of_epipe(record, moment),
            errno.ENOTCONN: {"not-connected"}}.get(record["errno"], set())


def sentence_faults(record, moment):
    if "was reported" in record["why"] and not moment.told():
        yield "no error was reported before"
    if "had closed its side" in record["why"] and not moment.fin_in:
        yield "no FIN came"


def figure_faults(record, moment):
    """Each figure; where the kernel's counters hold a FIN that nothing tells from
    a byte of payload (README.md, "Causes"), one more or less."""
    entry, closed = moment.entry, record["state"] == "CLOSE"
    own_fin = closed and entry.shut and (moment.accepted or record["unsent"] > 0)
    # The kernel looks at the state first, and at the counters after that.
    just_came = record["state"] not in OVER and moment.fin_in
    peers_fin = just_came or closed and moment.fin_in and record["rx"] > entry.read
    ended_by_peer = record["state"] in OVER and not moment.rst_out
    looked_at = min(moment.end, moment.back.when(FIN)) if ended_by_peer else moment.at - AGO
    low = moment.out.acknowledged(moment.back, looked_at) - own_fin
    high = moment.out.acknowledged(moment.back, moment.at)
    if not low <= record["tx"] <= high:
        yield f"tx is not {low} to {high}"
    written = record["tx"] + record["unacked"] + record["unsent"]
    # An RST that comes in between empties the queues, and may as well after the first
    # question as before it.
    emptied = record["state"] not in OVER and moment.rst_in
    least = record["tx"] if emptied else entry.written
    if not least <= written <= entry.written + own_fin:
        yield f"tx, unacked and unsent are not the {entry.written} that were written"
    if moment.rst_out:
        return  # what came to a socket that was closed is not received
    rx = moment.back.sent(moment.end)
    low = rx if ended_by_peer else moment.back.sent(looked_at)
    if not low <= record["rx"] <= rx + peers_fin:
        yield f"rx is not {rx}"
    if entry.call == "recv" and not entry.read <= record["rx"] <= entry.read + just_came:
        yield f"rx is not the {entry.read} that were read"


def faults(record, moment, moment_ago):
    entry = moment.entry
    if (record["call"], record["errno"]) != (entry.call, entry.errno):
        yield f"the program saw {entry.call} {entry.errno}"
        return
    causes = wanted_causes(record, moment)
    if record["state"] not in OVER:
        causes = causes | wanted_causes(record, moment_ago)
    if record["cause"] not in causes:
        yield (f"the wire says {causes or 'nothing of the kind'}: FIN in {moment.fin_in}, "
               f"RST in {moment.rst_in}, RST out {moment.rst_out}")
    yield from sentence_faults(record, moment)
    yield from figure_faults(record, moment)


def ports_of(me, p, number):
    mine, other = FIRST_PORT + number, LISTEN["b" if me == "a" else "a"]
    return (mine, other) if p.connects == me else (LISTEN[me], mine)


def check_connection(records, entries, accepted, out, back):
    """What is wrong, as lines."""
    if len(records) != len(entries):
        yield f"{len(records)} records of {entries}"
    for i, (record, entry) in enumerate(zip(records, entries)):
        known = record, entry, entries[:i], accepted, out, back
        said = list(faults(record, Moment(*known), Moment(*known, ago=AGO)))
        if said:
            yield f"{'; '.join(said)}\n    {record}"


def check_side(me, seed, wire, tally):
    wrong = 0
    records, journal = read_records(f"{me}.log"), read_journal(f"{me}.journal")
    for number in sorted(set(records) | set(journal)):
        p = plan(seed, number)
        mine, other = ports_of(me, p, number)
        tally.update(record["cause"] for record in records[number])
        for fault in check_connection(records[number], journal[number], p.connects != me,
                                      wire[mine, other], wire[other, mine]):
            wrong += 1
            print(f"{me} {number}: {fault}\n    {p}")
    return wrong


def check(seed, directory):
    os.chdir(directory)
    tally = collections.Counter()
    wire = connections(read_packets("packets"))
    wrong = sum(check_side(me, int(seed), wire, tally) for me in "ab")
    made = sum(1 for ports in wire if ports[0] >= FIRST_PORT)
    print(f"seed {seed}: {made} connections, {wrong} faults:",
          *(f"{cause} {count}" for cause, count in sorted(tally.items())))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit({"run": run, "side": be_side, "check": check}[sys.argv[1]](*sys.argv[2:]))
