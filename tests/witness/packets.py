"""What tcpdump saw at one side: IPv4 with TCP, UDP or ICMP, by connection."""
import collections
import struct

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32

# out: it left that side's stack; otherwise it came there. what: tcp, udp or icmp. For ICMP
# the addresses are those of the packet that it complains about, and seq is its type and
# code, as 3 * 256 + 1.
Packet = collections.namedtuple(
    "Packet", "at out what src sport dst dport seq ack flags window payload")

HEADER = 20  # of LINUX_SLL2
OUTGOING = 4


def ip(data):
    return "%d.%d.%d.%d" % tuple(data)


def parse(at, data):
    """None for what is neither of the three, or a fragment."""
    if len(data) < HEADER + 20 or data[:2] != b"\x08\x00":
        return None
    out, data = data[10] == OUTGOING, data[HEADER:]
    return parse_ip(at, out, data)


def parse_ip(at, out, data):
    head, total = (data[0] & 15) * 4, struct.unpack_from(">H", data, 2)[0]
    fragment = struct.unpack_from(">H", data, 6)[0] & 0x1fff
    protocol, src, dst = data[9], ip(data[12:16]), ip(data[16:20])
    body = data[head:]
    if fragment or len(body) < 8:
        return None
    if protocol == 6 and len(body) >= 20:
        sport, dport, seq, ack, offset, flags, window = struct.unpack_from(">HHIIBBH", body)
        return Packet(at, out, "tcp", src, sport, dst, dport, seq, ack, flags, window,
                      max(0, total - head - (offset >> 4) * 4))
    if protocol == 17:
        sport, dport, length = struct.unpack_from(">HHH", body)
        return Packet(at, out, "udp", src, sport, dst, dport, 0, 0, 0, 0, length - 8)
    if protocol == 1:
        return parse_icmp(at, out, body)
    return None


def parse_icmp(at, out, body):
    kind, code, inner = body[0], body[1], body[8:]
    if kind not in (3, 11) or len(inner) < 28:
        return None
    head = (inner[0] & 15) * 4
    sport, dport = struct.unpack_from(">HH", inner, head)
    return Packet(at, out, "icmp", ip(inner[12:16]), sport, ip(inner[16:20]), dport,
                  kind * 256 + code, inner[9], 0, 0, 0)


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    assert struct.unpack_from("I", data)[0] == 0xa1b23c4d, "nanoseconds are asked for"
    place = 24
    while place + 16 <= len(data):
        seconds, nanoseconds, length, _ = struct.unpack_from("IIII", data, place)
        packet = parse(seconds * 10**9 + nanoseconds, data[place + 16:place + 16 + length])
        if packet:
            yield packet
        place += 16 + length


def number_of(address):
    """Of the connection that the address belongs to, or None."""
    first, second, high, low = map(int, address.split("."))
    return high * 250 + low - 1 if first == 10 and second in (66, 77) else None


def by_connection(path):
    found = collections.defaultdict(list)
    for packet in read(path):
        number = number_of(packet.dst)
        if number is None:
            number = number_of(packet.src)
        if number is not None:
            found[number].append(packet)
    for packets in found.values():
        packets.sort(key=lambda packet: packet.at)  # two devices are two queues
    return found


def short(packet, begin=0):
    """A packet as a line."""
    when = f"{(packet.at - begin) / 1e6:10.3f} ms {'out' if packet.out else ' in'}"
    ends = f"{packet.src}:{packet.sport} > {packet.dst}:{packet.dport}"
    if packet.what == "icmp":
        return f"{when} ICMP {packet.seq >> 8}/{packet.seq & 255} about {ends}"
    if packet.what == "udp":
        return f"{when} UDP {ends} {packet.payload} bytes"
    flags = "".join(name for bit, name in zip((SYN, FIN, RST, PSH, ACK, URG), "SFRP.U")
                    if packet.flags & bit)
    return (f"{when} {ends} {flags} seq {packet.seq} ack {packet.ack} win {packet.window} "
            f"len {packet.payload}")
