"""Two hosts: network namespaces with a cable (veth) between them, tcpdump at both
ends, and hands that change rules, routes and links there while it goes on."""
import ctypes
import os
import queue
import signal
import socket
import subprocess
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
LONG = 120  # seconds, after which a thing that must come is missing

# Side a connects, side b listens. Each connection has an address of its own on either
# side, all of 10.66/16 being a and all of 10.77/16 being b, so that a route can be
# taken from one connection alone.
LINK = {"a": "10.1.0.1", "b": "10.1.0.2"}
NET = {"a": "10.66.0.0/16", "b": "10.77.0.0/16"}


def address(side, number):
    return f"10.{66 if side == 'a' else 77}.{number // 250}.{number % 250 + 1}"


def call(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def enter_new():
    call(libc.unshare(CLONE_NEWNET))


def enter(descriptor):
    call(libc.setns(descriptor, CLONE_NEWNET))


def sh(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)


# Every packet of a connection is named by the client's port: in a's rules and in b's.
# An IPv4 ICMP error comes from the prerouting of nobody: it is not matched.
RULES = """
table ip w {
    map out { type inet_service : verdict; }
    map in { type inet_service : verdict; }
    chain say_reset { meta l4proto tcp reject with tcp reset; }
    chain say_port { reject with icmp port-unreachable; }
    chain say_host { reject with icmp host-unreachable; }
    chain say_net { reject with icmp net-unreachable; }
    chain say_admin { reject with icmp admin-prohibited; }
    chain say_proto { reject with icmp prot-unreachable; }
    chain output { type filter hook output priority 0; meta l4proto { tcp, udp } %(out)s vmap @out; }
    chain input { type filter hook input priority 0; meta l4proto { tcp, udp } %(in)s vmap @in; }
}
"""
CLIENT_PORT = {"a": {"out": "th sport", "in": "th dport"}, "b": {"out": "th dport", "in": "th sport"}}


def set_up_side(side):
    other = "b" if side == "a" else "a"
    link = "v" + side
    sh(f"ip link set lo up; ip address add {LINK[side]}/24 dev {link}; ip link set {link} up;"
       f"ip route add local {NET[side]} dev lo;"
       f"ip route add {NET[other]} via {LINK[other]} dev {link}")
    subprocess.run(["nft", "-f", "-"], input=RULES % CLIENT_PORT[side], text=True, check=True)
    for knob, value in {"ipv4.icmp_ratelimit": "0", "ipv4.icmp_msgs_per_sec": "100000",
                        "ipv4.icmp_msgs_burst": "100000", "core.somaxconn": "4096",
                        "ipv4.tcp_fastopen": "519", "ipv4.tcp_max_syn_backlog": "4096",
                        "ipv4.tcp_invalid_ratelimit": "0", "ipv4.tcp_challenge_ack_limit": "100000",
                        "ipv4.ip_local_port_range": "60000 60999"}.items():
        set_knob(knob, value)


def set_knob(knob, value):
    path = "/proc/sys/net/" + knob.replace(".", "/", 1).replace(".", "/")
    if os.path.exists(path):  # not all of them are a namespace's own
        with open(path, "w") as file:
            file.write(value)


class Side:
    """A thread in the namespace of its own, which does one command after the other and
    says when each is done."""

    def __init__(self, name, answers):
        self.name, self.answers, self.todo = name, answers, queue.Queue()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.live, daemon=True)
        self.thread.start()
        self.ready.wait()

    def live(self):
        enter_new()
        self.namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.ready.set()
        while True:
            job = self.todo.get()
            if job is None:
                return
            job()

    def do(self, function):
        """In this namespace, and waits for it."""
        done = queue.Queue()

        def job():
            try:
                done.put((function(), None))
            except BaseException as error:  # to whoever waits
                done.put((None, error))
        self.todo.put(job)
        result, error = done.get()
        if error:
            raise error
        return result

    def command(self, number, line):
        """Later, in turn; `number` is written to the answers when it is done."""
        def job():
            if line.startswith("nft "):
                result = subprocess.run(["nft", "-f", "-"], input=line[4:].replace(";;", "\n"),
                                        text=True, capture_output=True)
            else:
                result = subprocess.run(line, shell=True, capture_output=True, text=True)
            said = result.stderr.strip().replace("\n", " | ")
            os.write(self.answers, f"{number} {result.returncode} {said}\n".encode())
        self.todo.put(job)


class Capture:
    """tcpdump at one side: begun when it says so; ended once a last packet, sent after all
    others, is in its file."""

    def __init__(self, side, path):
        self.side, self.path = side, path
        self.process = side.do(self.start)
        for line in self.process.stderr:
            if "listening on" in line:
                return
        raise RuntimeError("tcpdump does not run")

    def start(self):
        return subprocess.Popen(
            ["tcpdump", "-i", "any", "-y", "LINUX_SLL2", "-n", "-s", "120", "-B", "65536", "-U",
             "--immediate-mode", "-Z", "root", "--nano", "-w", self.path, "ip"],
            stderr=subprocess.PIPE, text=True)

    def mark(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"the last packet", ("127.0.0.1", 9))

    def stop(self):
        end = time.monotonic() + LONG
        self.side.do(self.mark)
        while not self.has_mark():
            if time.monotonic() > end:
                raise RuntimeError("tcpdump misses the last packet")
            time.sleep(0.02)
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate()[1]
        if "\n0 packets dropped by kernel" not in "\n" + said:
            raise RuntimeError(f"tcpdump lost packets: {said}")

    def has_mark(self):
        with open(self.path, "rb") as file:
            file.seek(max(0, os.path.getsize(self.path) - 4000))
            return b"the last packet" in file.read()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Network:
    """Both sides, up. answers: a descriptor to which a line is written for each command
    that is done."""

    def __init__(self, answers):
        self.sides = {name: Side(name, answers) for name in "ab"}
        a, b = self.sides["a"], self.sides["b"]
        path = f"/proc/{os.getpid()}/fd/{b.namespace}"
        a.do(lambda: sh(f"ip link add va type veth peer name vb netns {path}"))
        for side in (a, b):
            side.do(lambda name=side.name: set_up_side(name))

    def knobs(self, side, settings):
        self.sides[side].do(lambda: [set_knob(*one) for one in settings.items()])
