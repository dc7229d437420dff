#!/usr/bin/python3
"""A name server for one name, on UDP port 53 of 127.0.0.1, or of ADDRESS.

dns_server.py ANSWER [ADDRESS]: answers every question with nxdomain, servfail, refused, formerr, nodata,
an IPv4 address (after a second and a half: late; from another address: elsewhere), or not at all (silent). Prints a line as soon as it listens.
"""
import socket
import struct
import sys
import time

RCODES = {"nxdomain": 3, "servfail": 2, "refused": 5, "nodata": 0, "formerr": 1}


def answer_to(question, answer):
    name_ends = question.index(b"\0", 12) + 1
    kind = struct.unpack("!H", question[name_ends:name_ends + 2])[0]
    asked = question[12:name_ends + 4]
    records = b""
    if answer not in RCODES and kind == 1:
        records = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(answer)
    header = struct.pack("!2sHHHHH", question[:2], 0x8180 | RCODES.get(answer, 0), 1,
                         1 if records else 0, 0, 0)
    return header + asked + records


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1", 53))
    print("ready", flush=True)
    while True:
        question, whom = server.recvfrom(512)
        answer = sys.argv[1]
        if answer == "late":
            time.sleep(1.5)
            answer = "127.0.0.7"
        if answer == "elsewhere":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.9", 53))
                other.sendto(answer_to(question, "127.0.0.7"), whom)
        elif answer != "silent":
            server.sendto(answer_to(question, answer), whom)


if __name__ == "__main__":
    main()
