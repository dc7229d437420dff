"""Scenes on loopback: scene.py NAME [COMMAND...] sets one up, runs COMMAND in it."""
import ctypes, os, resource, select, signal, socket, struct, subprocess, sys, threading, time

PORT = 8080
DEFER_ACCEPT, USER_TIMEOUT, SYN_SENT = 9, 18, 2  # netinet/tcp.h


def listener(backlog, family=socket.AF_INET, address=("127.0.0.1", PORT)):
    s = socket.socket(family)
    s.bind(address)
    s.listen(backlog)
    return s


def connects(count, family=socket.AF_INET, address=("127.0.0.1", PORT)):
    """Clients that do not wait."""
    clients = []
    for _ in range(count):
        c = socket.socket(family)
        c.setblocking(False)
        try:
            c.connect(address)
        except BlockingIOError:
            pass
        clients.append(c)
    return clients


def tcp_info(s, offset, form):
    """A field of struct tcp_info, linux/tcp.h."""
    return struct.unpack_from(form, s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), offset)[0]


def filled(backlog):
    """A listener whose accept queue takes no more: it takes one more than it says."""
    s = listener(backlog)
    return s, fill(s, backlog + 1)


def fill(s, count):
    clients = connects(count)
    while tcp_info(s, 24, "I") < count:  # tcpi_unacked: of a listener, who waits in its queue
        pass
    return clients


def write_until_full(s, message):
    """s no longer blocks then."""
    s.setblocking(False)
    try:
        while True:
            s.send(message)
    except BlockingIOError:
        pass


def try_once(count):
    """Clients that are dropped would come again after a second, and be counted again."""
    clients = connects(count)
    for c in clients:
        if tcp_info(c, 0, "B") == SYN_SENT:
            c.close()
    return clients


def ends(clients):
    for c in clients:
        c.setblocking(True)
        try:
            print(len(c.recv(10)))
        except OSError as e:
            print(e.errno)


def queues():
    """One full, one with as many as its limit, one full unix socket."""
    yield filled(1), try_once(1)
    yield listener(2, socket.AF_INET6, ("::1", 8081)), connects(2, socket.AF_INET6, ("::1", 8081))
    yield listener(0, socket.AF_UNIX, "\0scene"), connects(1, socket.AF_UNIX, "\0scene")


def many_queues():
    for port in range(8001, 8008):
        yield listener(0, address=("127.0.0.1", port)), connects(1, address=("127.0.0.1", port))


def hostile():
    with open("/proc/self/comm", "w") as f:
        f.write("a\033[31mb")
    yield listener(0), connects(1)


def ports():
    """Of ten ephemeral ports (settings) nine go to one destination."""
    s = listener(16)
    yield s, connects(9)


def overflow(resets=0):
    """Handshakes that end when the accept queue is full: two wait for data
    (TCP_DEFER_ACCEPT), then the queue is filled, then their data comes. Others
    are reset by their clients before they end."""
    s = listener(3)
    s.setsockopt(socket.IPPROTO_TCP, DEFER_ACCEPT, 30)
    for _ in range(resets):
        c = socket.create_connection(("127.0.0.1", PORT))
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        c.close()
    early = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(2)]
    s.setsockopt(socket.IPPROTO_TCP, DEFER_ACCEPT, 0)
    late = fill(s, 4), try_once(2)  # two of them are not even answered
    for c in early:
        c.send(b"x")
    ends(early)
    yield early, late, [s.accept() for _ in range(4)]


def overflow_and_reset():
    return overflow(1)


def dropped():
    """Nobody is told of a SYN that is dropped."""
    yield filled(0), try_once(2)


def cookies():
    """A SYN queue of one (the backlog, and one more), and four handshakes in it."""
    s = listener(1)
    s.setsockopt(socket.IPPROTO_TCP, DEFER_ACCEPT, 30)
    yield s, [socket.create_connection(("127.0.0.1", PORT)) for _ in range(2)], try_once(2)


def pairs(count):
    s = listener(count)
    clients = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(count)]
    return clients, [s.accept()[0] for _ in range(count)]


def unread():
    """Three clients are reset: the server does not read."""
    clients, servers = pairs(3)
    for c, s in zip(clients, servers):
        c.send(b"x")
        s.close()
    ends(clients)
    yield


def shared(own=False):
    """Two processes use one connection, or each its own, which the server ends with data unread."""
    clients, servers = pairs(2)
    for s in servers:
        s.send(b"x")
    told, ready = os.pipe(), os.pipe()
    for n in range(2):
        if os.fork() == 0:
            for s in servers:
                s.close()
            c = clients[n if own else 0]
            os.write(ready[1], b"x")
            os.read(told[0], 1)
            ends([c])
            os._exit(0)
    for c in clients:
        c.send(b"x")
    for c in clients:
        c.recv(1)
    for _ in range(2):
        os.read(ready[0], 1)
    for s in servers:
        s.close()
    os.write(told[1], b"xx")
    for _ in range(2):
        os.wait()
    yield


def unshared():
    """The same with a connection for each."""
    yield from shared(True)


def lingering():
    """Two peers are reset by us, and their side does not look."""
    clients, servers = pairs(2)
    for s in servers:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    yield


def failed_and_lingering():
    """A write to a peer that has gone is what fails; two more are reset by us meanwhile."""
    mine, other = socket.socketpair()
    other.close()
    try:
        mine.send(b"x")
    except OSError:
        pass
    yield from lingering()


def closed_listener():
    """Those that wait to be accepted are reset with the listener."""
    s = listener(2)
    clients = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(2)]
    s.close()
    ends(clients)
    yield


def refused(address="127.0.0.1", family=socket.AF_INET):
    for _ in range(2):
        c = socket.socket(family)
        try:
            c.connect((address, 9))
        except OSError as e:
            print(e.errno)
    yield


def refused_ipv6():
    return refused("fd00::5", socket.AF_INET6)


def refused_own_ipv6():
    return refused("::1", socket.AF_INET6)


def refused_loopback():
    return refused("127.9.9.9")


def refused_elsewhere():
    return refused("10.1.2.3")


def firewall(*rules):
    subprocess.run("nft add table ip f; nft add chain ip f in '{ type filter hook input priority 0; }';" +
                   ";".join("nft add rule ip f in " + rule for rule in rules), shell=True, check=True)


def own_rule(rule):
    subprocess.run("nft add table ip f; nft add chain ip f out '{ type filter hook output priority 0; }';"
                   "nft add rule ip f out tcp dport 8080 " + rule, shell=True, check=True)


def cut_off():
    """A firewall resets what it has let through before."""
    clients, servers = pairs(1)
    firewall("tcp dport 8080 reject with tcp reset", "tcp sport 8080 tcp flags fin drop")
    clients[0].send(b"x")
    ends(clients)
    yield clients, servers


def answered():
    """One peer answers, and closes in order."""
    clients, servers = pairs(1)
    servers[0].send(b"y")
    servers[0].close()
    clients[0].recv(1)
    ends(clients)
    yield


def silent():
    """The peer's answers are lost."""
    clients, servers = pairs(1)
    firewall("tcp dport 8080 drop")
    clients[0].setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, 100)
    clients[0].send(b"x")
    ends(clients)
    yield


def unanswered():
    """No SYN gets through."""
    c = socket.socket()
    c.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, 100)
    try:
        c.connect(("127.0.0.1", PORT))
    except OSError as e:
        print(e.errno)
    yield


def not_tcp():
    """A reset and a refusal that no counter of TCP knows of."""
    one, other = socket.socketpair()
    one.send(b"unread")
    other.close()
    ends([one])
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    c.connect(("127.0.0.1", 9))
    c.send(b"x")
    ends([c])
    yield


def out_of_descriptors():
    s = []
    try:
        while True:
            s.append(socket.socket())
    except OSError as e:
        print(e.errno)
    yield


# ---- What goes on while COMMAND runs ----

def all_the_time(action, times):
    """In a thread: times, then a pause, and again."""
    def loop():
        while True:
            for _ in range(times):
                action()
            time.sleep(0.05)
    threading.Thread(target=loop, daemon=True).start()


def busy():
    """Requests and answers, over TCP and UDP, as they should be."""
    (client,), (server,) = pairs(1)
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 8125))
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def exchange():
        client.sendall(b"request")
        server.sendall(b"answer: " + server.recv(100))
        client.recv(100)
        sender.sendto(b"x", ("127.0.0.1", 8125))
        receiver.recv(100)
    all_the_time(exchange, 20)
    yield client, server


def refuses():
    def connect():
        with socket.socket() as c:
            c.connect_ex(("127.0.0.1", 9))
    all_the_time(connect, 5)
    yield


def nobody_listens():
    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as c:
            c.sendto(b"x", ("127.0.0.1", 9))
    all_the_time(send, 5)
    yield


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ack_of_no_connection(damage=0):
    """A TCP segment, by hand."""
    segment = struct.pack("!HHIIBBHHH", 9999, 9, 1, 1, 5 << 4, 0x10, 1000, 0, 0)
    pseudo = socket.inet_aton("127.0.0.1") * 2 + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(segment))
    sent = segment[:16] + struct.pack("!H", checksum(pseudo + segment) ^ damage) + segment[18:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.sendto(sent, ("127.0.0.1", 0))


def stray_segments():
    """conntrack knows no connection for them, and neither does TCP."""
    subprocess.run("sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0", shell=True, check=True)
    firewall("ct state established accept")
    all_the_time(ack_of_no_connection, 5)
    yield


def damaged_segments():
    for _ in range(20):
        ack_of_no_connection(damage=0x0F0F)
    yield


def not_let_out():
    clients, servers = pairs(1)
    firewall("tcp dport 8080 drop")
    clients[0].send(b"x")
    subprocess.run("nft add chain ip f out '{ type filter hook output priority 0; }';"
                   "nft add rule ip f out tcp dport 8080 drop", shell=True, check=True)
    while tcp_info(clients[0], 2, "B") < 2:  # tcpi_retransmits
        time.sleep(0.01)
    yield clients, servers


def lossy():
    """Twenty peers fall silent."""
    clients, servers = pairs(20)
    firewall("tcp dport 8080 drop")
    for c in clients:
        c.send(b"x")
    yield clients, servers


def tracked():
    firewall("ct state established accept")
    yield pairs(10)


def behind_nat(ports):
    """Four connects, each of which wants one of so many source ports."""
    subprocess.run("nft add table ip nat && nft add chain ip nat post '{ type nat hook postrouting priority 100; }' &&"
                   f" nft add rule ip nat post tcp dport {PORT} snat to 127.0.0.2:40000-{39999 + ports}", shell=True, check=True)
    server = listener(9)
    clients = [socket.socket() for _ in range(4)]
    for c in clients:
        c.setblocking(False)
        c.connect_ex(("127.0.0.1", PORT))
    yield server, [server.accept() for _ in range(min(ports, 4))], clients


def no_port_left():
    return behind_nat(2)


def ports_left():
    return behind_nat(9)


def overrun():
    """A receiver that does not read."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    receiver.bind(("127.0.0.1", 8125))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(200):
            sender.sendto(b"x" * 500, ("127.0.0.1", 8125))
    yield receiver


def shaped():
    """The interface's queue is full: its shaper lets little out."""
    subprocess.run("tc qdisc replace dev lo root tbf rate 8kbit burst 1600 limit 1600".split(), check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(20):
            sender.sendto(b"x" * 500, ("127.0.0.1", 8125))
    yield


# ---- What COMMAND meets ----

def asks_nobody(is_connected=False):
    """By UDP, at a port where nobody listens."""
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if is_connected:
        c.connect(("127.0.0.1", 161))
    for _ in range(3):
        try:
            c.sendto(b"?", ("127.0.0.1", 161))
            c.recv(1, socket.MSG_DONTWAIT)
        except OSError as e:
            print(e.errno)
    yield c


def asks_nobody_and_is_told():
    return asks_nobody(is_connected=True)


def takes_an_answer(pause, answer="c.sendall(bytes(4 << 20))"):
    """Of 4 MB as a rule; the server is another program, which the shim is not in."""
    server = subprocess.Popen([sys.executable, "-c", """
import socket
l = socket.create_server(("127.0.0.1", 8080))
print(flush=True)
c = l.accept()[0]
c.recv(9)
""" + answer], stdout=subprocess.PIPE, env={k: v for k, v in os.environ.items() if k != "LD_PRELOAD"})
    server.stdout.readline()
    c = socket.create_connection(("127.0.0.1", PORT))
    c.sendall(b"all")
    time.sleep(pause)
    while c.recv(1 << 16):
        pass
    yield c, server


def takes_an_answer_late():
    return takes_an_answer(2.2)


def takes_an_answer_that_is_late():
    return takes_an_answer(0, "import time\nfor _ in range(11): c.sendall(bytes(8000)); time.sleep(0.2)")


def exchanges(count, answer, pause=0):
    """Of a client in this process; the server is another program, which the shim is not in."""
    script = """
import socket
s = socket.socket()
s.bind(("127.0.0.1", 8080))
s.listen()
print(flush=True)
c = s.accept()[0]
while c.recv(100):
    %s
""" % answer
    server = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env={})
    server.stdout.readline()
    c = socket.create_connection(("127.0.0.1", PORT))
    for _ in range(count):
        c.send(b"request")
        got = 0
        while got < 6:
            got += len(c.recv(100))
        time.sleep(pause)
    c.close()
    server.wait()


def two_pieces():
    """A server that writes its answers in two pieces, for so long that the start counts little."""
    exchanges(120, 'c.send(b"ans"); c.send(b"wer")')
    yield


def one_piece():
    exchanges(30, 'c.send(b"answer")')
    yield


def one_piece_now_and_then():
    exchanges(20, 'c.send(b"answer")', pause=0.06)
    yield


def in_bursts():
    """An ACK is held back after each burst, and nobody waits for it."""
    (client,), (server,) = pairs(1)
    for _ in range(30):
        for _ in range(20):
            client.sendall(b"request")
            server.sendall(server.recv(100))
            client.recv(100)
        time.sleep(0.05)
    yield client, server


def unix_datagrams():
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind("receiver.sock")
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.setblocking(False)
    sender.connect("receiver.sock")
    lost = 0
    for _ in range(20):
        try:
            sender.send(b"m:1|c")
        except BlockingIOError:
            lost += 1
    print(lost)
    yield


def not_let_out_at_all():
    """SYNs that a rule for output drops."""
    own_rule("drop")
    subprocess.run(["sysctl", "-qw", "net.ipv4.tcp_syn_retries=1"], check=True)
    c = socket.socket()
    try:
        c.connect((sys.argv[2] if sys.argv[2:] else "127.0.0.1", PORT))
    except OSError as e:
        print(e.errno)
    del sys.argv[2:]
    yield


def not_let_out_at_first():
    """A rule for output drops the first SYN; the next one gets out."""
    own_rule("tcp flags syn / syn,ack numgen inc mod 100 0 drop")
    pairs(1)
    yield


def not_let_out_and_given_up():
    """It gives up before a SYN is sent again, which the kernel would count."""
    own_rule("drop")
    return given_up()


def given_up():
    c = socket.socket()
    c.settimeout(0.2)
    try:
        c.connect(("10.1.2.3", PORT))
    except OSError:
        pass
    c.close()
    yield


def kept_back():
    """Connects are given up before a SYN is sent again."""
    own_rule("drop")

    def connect():
        with socket.socket() as c:
            c.setblocking(False)
            c.connect_ex(("127.0.0.1", PORT))
    all_the_time(connect, 5)
    yield


def proxied():
    """A proxy in front of a server that is not there."""
    proxy = subprocess.Popen(["socat", "-d", "-d", "TCP-LISTEN:8080,bind=127.0.0.1", "TCP:127.0.0.1:9"],
                             env={"PATH": "/usr/bin:/bin"}, stderr=subprocess.PIPE)
    while b"listening" not in proxy.stderr.readline():
        pass
    c = socket.create_connection(("127.0.0.1", PORT))
    proxy.stderr.read()
    try:
        print(len(c.recv(100)))
    except OSError as e:
        print(e.errno)
    yield


# ---- What a process looks like ----

def waits_in(function):
    """A thread that does not come back from it."""
    threading.Thread(target=function, daemon=True).start()


def stuck():
    """Two full queues, a connection that is not closed, and one that is not read."""
    full, late = filled(1)
    at_unix = listener(0, socket.AF_UNIX, "\0scene")
    s = listener(9, address=("127.0.0.1", 8081))
    peers = [socket.create_connection(("127.0.0.1", 8081)) for _ in range(3)]
    ours = [s.accept()[0] for _ in range(3)]
    peers[0].close()
    peers[1].send(b"u" * 60)
    peers[2].send(b"request")
    ours[2].recv(100)
    ours[2].send(b"answer")
    waits_in(lambda: ours[2].recv(1))
    yield full, late, at_unix, connects(1, socket.AF_UNIX, "\0scene"), s, peers, ours


def answer_due():
    """Asked 3 s ago, without keepalive, and with it; one has answered."""
    clients, servers = pairs(4)
    for client, server in zip(clients, servers):
        client.send(b"hello")
        server.recv(100)
        server.send(b"hello")
        client.recv(100)
    clients[1].setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    time.sleep(0.05) # apart for the kernel's clock
    for client in clients[:3]:
        client.send(b"request")
    servers[2].recv(100)
    servers[2].send(b"answer")
    clients[2].recv(100)
    for server in servers[:2]:
        server.recv(100)
    while tcp_info(clients[0], 44, "I") < 2500:  # tcpi_last_data_sent
        time.sleep(0.05)
    yield clients, servers


def quiet(keepalive=0):
    """Asked and answered at once, 3 s ago: the times do not tell who was last."""
    clients, servers = pairs(1)
    for s in clients + servers:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, keepalive)
    clients[0].send(b"hello")
    servers[0].send(servers[0].recv(100))
    clients[0].recv(100)
    while tcp_info(clients[0], 44, "I") < 2500:  # tcpi_last_data_sent
        time.sleep(0.05)
    yield clients, servers


def idle_pool(count=5, asked=0):
    """Connections of a pool, asked and answered 4 s ago; of some the answer is due."""
    clients, servers = pairs(count)
    for c, s in zip(clients, servers):
        c.send(b"hello")
        s.send(s.recv(100))
        c.recv(100)
    time.sleep(0.1) # so that a question after it is no answer's acknowledgement
    for c in clients[:asked]:
        c.send(b"again")
    while any(tcp_info(c, 44, "I") < 3500 for c in clients): # tcpi_last_data_sent
        time.sleep(0.05)
    yield clients, servers


def idle_pool_in_use():
    return idle_pool(asked=1)


def idle_pair():
    return idle_pool(count=2)


def held_by_one():
    """A server whose clients are nearly all the same host's; and two of another one."""
    s = listener(9, address=("0.0.0.0", PORT))
    clients = [socket.create_connection(("127.0.0.1", PORT), source_address=(host, 0))
               for host in ["127.0.0.7"] * 6 + ["127.0.0.8"] * 2]
    servers = [s.accept()[0] for _ in clients]
    used = len(os.listdir("/proc/self/fd")) - 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 2, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    yield s, clients, servers


def kept_connections(is_used=False):
    """A client that makes a connection for each request, and keeps all of them: the server is another process."""
    s = listener(30)
    if os.fork() == 0:
        ends = [s.accept()[0] for _ in range(20)]
        for end in ends:
            end.sendall(b"answer to " + end.recv(100))
        while not select.select(ends, [], [], 0.1)[0]: # until the client ends
            for end in ends if is_used else []:
                end.sendall(b"news")
        os._exit(0)
    s.close()
    clients = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(20)]
    for client in clients:
        client.sendall(b"request")
    for client in clients:
        client.recv(100)
    if is_used:
        threading.Thread(target=lambda: [client.recv(100) for _ in iter(int, 1) for client in clients], daemon=True).start()
    used = len(os.listdir("/proc/self/fd")) - 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 2, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    while tcp_info(clients[-1], 44, "I") < 3500: # tcpi_last_data_sent
        time.sleep(0.05)
    yield clients


def kept_connections_in_use():
    return kept_connections(True)


def lasts(s):
    while tcp_info(s, 44, "I") < 3000:  # tcpi_last_data_sent: of nothing, since it is connected
        time.sleep(0.05)


def mute():
    """Connected, and both wait for the other one to begin."""
    clients, servers = pairs(1)
    lasts(clients[0])
    yield clients, servers


def changes():
    """A socket after the other, each under the same number."""
    def live():
        while True:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.connect(("127.0.0.1", 9))
                time.sleep(0.2)
    threading.Thread(target=live, daemon=True).start()
    yield


def wakes_itself():
    """The two ends with which an event loop is woken, on a system without socketpair."""
    s = listener(1)
    writer = socket.create_connection(("127.0.0.1", PORT))
    reader = s.accept()[0]
    s.close()
    writer.send(b"x")
    reader.recv(1)
    lasts(writer)
    yield writer, reader


def mute_at(port, spoken=b""):
    """As mute, with a thread that waits for the other side."""
    s = listener(1, address=("127.0.0.1", port))
    client = socket.create_connection(("127.0.0.1", port))
    server = s.accept()[0]
    s.close()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if spoken:
        client.send(spoken)
        server.send(server.recv(100))
        client.recv(100)
    lasts(client)
    waits_in(lambda: client.recv(1))
    yield client, server


def mute_at_imaps():
    return mute_at(993)


def mute_at_smtp():
    return mute_at(25)


def mute_at_https():
    return mute_at(443)


def idle_at_imaps():
    return mute_at(993, b"hello")


def asks(answer):
    """A question, and between doctor's looks another one. A name server that answers as told."""
    server, elsewhere = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    server.bind(("127.0.0.1", 53))
    elsewhere.bind(("127.0.0.2", 53))

    def ask():
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.connect(("127.0.0.1", 53))
        client.send(b"?")
        answer(server, elsewhere, client)
        return client
    os.mkfifo("between")
    os.mkfifo("asked")
    first = ask()

    def ask_between():
        with open("between"):
            pass
        ask_between.second = ask()
        first.close()
        with open("asked", "w"):
            pass
    waits_in(ask_between)
    yield server, elsewhere


def answered_from_elsewhere():
    return asks(lambda server, elsewhere, client: elsewhere.sendto(*server.recvfrom(9)))


def asks_again_and_again():
    return asks(lambda *_: None)


def asks_and_is_answered():
    return asks(lambda server, _, client: (server.sendto(*server.recvfrom(9)), client.recv(9)))


def overrun_beside_a_reader():
    one, other = socket.socketpair()
    waits_in(lambda: one.recv(1))
    for receiver in overrun():
        yield receiver, one, other


def at_path():
    """A socket that is open to everybody; the next word is its path, and its mode."""
    s = listener(1, socket.AF_UNIX, sys.argv[2])
    os.chmod(sys.argv[2], int(sys.argv[3], 8))
    print(flush=True)
    del sys.argv[2:]
    yield s
    time.sleep(1000)


def answers_at():
    """A name server, or whatever has a socket there; the next words are its address and port."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((sys.argv[2], int(sys.argv[3])))
    del sys.argv[2:4]
    yield s


def listens_at():
    """Likewise, of TCP."""
    s = socket.create_server((sys.argv[2], int(sys.argv[3])))
    del sys.argv[2:4]
    yield s


def names_with_domain():
    """A name server that knows two names, of which one is the other with a search domain at its end, as by a
    wildcard; and something that accepts at both addresses."""
    known = {b"\3api\3pay\4test\0": "127.0.0.4", b"\3api\3pay\4test\4corp\4test\0": "127.0.0.3", b"\3own\3pay\4test\0": "127.0.0.3"}
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def answer():
        while True:
            question, asker = server.recvfrom(512)
            name = question[12:question.index(b"\0", 12) + 1]
            kind = question[12 + len(name):14 + len(name)]
            found = known.get(name.lower())
            head = question[:2] + struct.pack("!HHHHH", 0x8580 | (0 if found else 3), 1, found is not None and kind == b"\0\1", 0, 0)
            body = question[12:16 + len(name)]
            if found and kind == b"\0\1":
                body += b"\300\14\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(found)
            server.sendto(head + body, asker)
    threading.Thread(target=answer, daemon=True).start()
    yield listener(9, address=("0.0.0.0", PORT))


def on_loopback(*families):
    for family, address in families or ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        yield listener(1, family, (address, PORT))


def on_loopback_and_asked_for():
    """Answered by RST, as another host's SYN would be."""
    yield from on_loopback()
    all_the_time(ack_of_no_connection, 5)
    yield


def on_loopback_beside_refused():
    """This host's own programs ask for a server that is gone."""
    yield from on_loopback()
    yield from refuses()


def on_all_addresses_and_asked_for():
    yield from on_loopback((socket.AF_INET, "0.0.0.0"))
    yield from refuses()


def takes_datagrams(address="127.0.0.1", at=PORT):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, at))
    yield s


def takes_datagrams_of_all():
    yield from takes_datagrams("0.0.0.0")


def takes_datagrams_beside_tcp():
    """snmpd: its agents' port is at all addresses."""
    yield listener(8, socket.AF_INET, ("0.0.0.0", PORT + 1)), *takes_datagrams()


def takes_datagrams_as_client():
    yield from takes_datagrams(at=40000)


def sends_to_nobody(is_connected=False):
    """Datagrams to where nobody listens, many times a second, from a socket that is not told."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if is_connected:
        s.connect(("127.0.0.1", 9))

    def send():
        while True:
            try:
                s.sendto(b"x", ("127.0.0.1", 9))
            except ConnectionRefusedError:
                pass
            time.sleep(0.05)

    threading.Thread(target=send, daemon=True).start()
    yield s


def sends_to_nobody_and_is_told():
    yield from sends_to_nobody(True)


def asks_name_server():
    """One question, and no answer; and datagrams to somebody else."""
    server, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    server.bind(("127.0.0.1", 53))
    other.bind(("127.0.0.1", 8125))
    clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for client, to in zip(clients, (server, other)):
        client.connect(to.getsockname())
        client.send(b"?")
        to.recv(1)
    yield clients, server, other


def node_asks(count=2):
    """Questions that nobody answers, of a process that is called so."""
    with open("/proc/self/comm", "w") as f:
        f.write("node")
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for client in clients:
        client.connect(("127.0.0.1", 53))
        client.send(b"?")
        server.recv(1)
    yield clients, server


def node_asks_once():
    return node_asks(1)


def asks_name_server_for_one_who_left():
    """A client has left while the server looks up its name."""
    clients, servers = pairs(1)
    asking = asks_name_server()
    asked = next(asking)
    clients[0].close()
    while tcp_info(servers[0], 0, "B") != 8:  # CLOSE_WAIT
        time.sleep(0.01)
    yield servers, asking, asked


def some_unanswered():
    """Two are let in, and the SYNs of two others are sent again."""
    s = listener(1)
    clients = connects(4)
    for c in clients:
        while tcp_info(c, 0, "B") == SYN_SENT and not tcp_info(c, 2, "B"):  # tcpi_retransmits
            time.sleep(0.05)
    yield s, clients


def quiet_with_keepalive():
    return quiet(1)


def one_peer():
    """A server of one thread, in a process of its own, reads what a peer that connected early
    has not sent; others wait. What follows on the command line is told its PID."""
    server = subprocess.Popen([sys.executable, "-c", f"""
import socketserver
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.rfile.readline()
socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(("127.0.0.1", {PORT}), Handler).serve_forever()"""])
    listening = f"0100007F:{PORT:04X} 00000000:0000 0A"
    while listening not in open("/proc/net/tcp").read():
        time.sleep(0.01)
    clients = connects(3)
    while listening + " 00000000:00000002" not in open("/proc/net/tcp").read():  # not accepted
        time.sleep(0.01)
    status = subprocess.run(sys.argv[2:] + [str(server.pid)]).returncode
    server.kill()
    sys.exit(status)
    yield clients


def its_worker_has_one_peer():
    """A master whose only worker waits for a client that says nothing, and another client."""
    s = listener(16)
    clients = connects(1)
    taken, done = os.pipe()
    if not os.fork():
        for client in clients:
            client.close()
        accepted = s.accept()[0]
        os.write(done, b"x")
        accepted.recv(1)
        os._exit(0)
    os.read(taken, 1)
    yield s, clients, connects(1)


def its_workers_have_requests(free=0):
    """A master whose two workers have read a request each, or one of them; and two clients more."""
    s = listener(16)
    taken, done = os.pipe()
    clients = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(2)]
    for n in range(2):
        if not os.fork():
            for client in clients:
                client.close()
            accepted = s.accept()[0]
            accepted.recv(100)
            if n < free:
                accepted.sendall(b"answer")
            os.write(done, b"x")
            select.select([accepted], [], [])
            os._exit(0)
    for client in clients:
        client.sendall(b"request")
    os.read(taken, 1)
    os.read(taken, 1)
    yield s, clients, connects(2)


def one_of_its_workers_has_a_request():
    return its_workers_have_requests(free=1)


def at_its_limit(count=6):
    """A server of one thread that polls what it has accepted, all of it answered and idle; and two clients more."""
    server = os.fork()
    if server == 0:
        s = listener(16)
        epoll = select.epoll()
        for _ in range(count):
            end = s.accept()[0]
            end.sendall(b"answer to " + end.recv(100))
            epoll.register(end.detach(), select.EPOLLIN)
        epoll.poll()
        os._exit(0)
    clients = []
    while len(clients) < count:
        try:
            clients.append(socket.create_connection(("127.0.0.1", PORT)))
            clients[-1].sendall(b"request")
            clients[-1].recv(100)
        except ConnectionRefusedError:
            time.sleep(0.01)
    while tcp_info(clients[-1], 52, "I") < 3500:  # tcpi_last_data_recv
        time.sleep(0.05)
    clients += connects(2)
    status = subprocess.run(sys.argv[2:] + [str(server)]).returncode
    os.kill(server, 9)
    sys.exit(status)
    yield


def below_its_limit():
    return at_its_limit(3)


def holds_requests():
    """Two clients wait for what no connection of this program is for."""
    s = listener(16)
    here = clients_elsewhere(2, welcomed)
    servers = [s.accept()[0] for _ in range(2)]
    for server in servers:
        server.send(b"welcome")
        server.recv(100)
    yield s, servers, here


def two_listeners(stuck):
    """At one address, of two processes. Half of them wait, or none."""
    other = subprocess.Popen([sys.executable, "-c", f"""
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.bind(("127.0.0.1", {PORT}))
s.listen(64)
print(flush=True)
time.sleep(60 * {stuck})
held = []
while True:
    held.append(s.accept())"""], stdout=subprocess.PIPE)
    other.stdout.read(1)
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1", PORT))
    s.listen(64)
    accepted = []
    waits_in(lambda: [accepted.append(s.accept()) for _ in range(99)])
    clients = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(32)]
    status = subprocess.run(sys.argv[2:] + [str(os.getpid())]).returncode
    other.kill()
    sys.exit(status)
    yield clients


def one_of_two_is_stuck():
    yield from two_listeners(1)


def both_accept():
    yield from two_listeners(0)


def slow_to_accept():
    """A listener that does not accept, and has room."""
    s = listener(16)
    yield s, connects(3)


def slow_to_accept_at_path(count=9):
    s = listener(16, socket.AF_UNIX, "busy.sock")
    yield s, connects(count, socket.AF_UNIX, "busy.sock")


def two_wait_at_path():
    return slow_to_accept_at_path(2)


def reads_with_poll():
    """An event loop that has half of an answer, and waits for others."""
    (client,), (server,) = pairs(1)
    server.send(b"a" * 90)
    client.recv(30)
    quiet, other = socket.socketpair()
    epoll = select.epoll()
    epoll.register(quiet, select.EPOLLIN)
    ready = os.fork()
    if ready == 0:
        epoll.poll()
        os._exit(0)
    while open(f"/proc/{ready}/wchan").read() not in ("ep_poll", "do_epoll_wait"):
        time.sleep(0.01)
    status = subprocess.run(sys.argv[2:] + [str(ready)]).returncode
    os.kill(ready, 9)
    sys.exit(status)
    yield quiet, other


def unix_peer_does_not_read():
    """A thread in a send to a log daemon, of another process, that does not read."""
    read, write = os.pipe()
    reader = subprocess.Popen([sys.executable, "-c", """
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\\0log")
os.write(1, b"x")
sys.stdin.read()"""], stdin=read, stdout=subprocess.PIPE)
    reader.stdout.read(1)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect("\0log")
    write_until_full(s, b"x" * 100)
    s.setblocking(True)
    waits_in(lambda: s.send(b"x"))
    yield s, write, reader


def not_acknowledged():
    (client,), (server,) = pairs(1)
    firewall("tcp dport 8080 drop")
    client.send(b"x" * 100)
    while tcp_info(client, 2, "B") < 2:  # tcpi_retransmits
        time.sleep(0.01)
    yield client, server


def no_longer_acknowledged(size=100):
    (client,), (server,) = pairs(1)
    client.send(b"x")
    server.recv(1)
    server.send(b"y")
    client.recv(1)
    firewall("tcp dport 8080 drop")
    client.send(b"x" * size)
    while tcp_info(client, 2, "B") < 2:
        time.sleep(0.01)
    yield client, server


def large_no_longer_acknowledged():
    return no_longer_acknowledged(2000)


def not_acknowledged_for_long():
    (client,), (server,) = pairs(1)
    firewall("tcp dport 8080 drop")
    client.send(b"x" * 100)
    while tcp_info(client, 2, "B") < 4:
        time.sleep(0.01)
    yield client, server


def not_acknowledged_and_killed():
    """Nothing in the log tells of it."""
    for held in not_acknowledged_for_long():
        os.kill(os.getpid(), signal.SIGKILL)
        yield held


def window_closed():
    """Written until there is no room, and the window has been asked for."""
    (client,), (server,) = pairs(1)
    write_until_full(client, b"x" * 65536)
    client.setblocking(True)
    waits_in(lambda: client.sendall(b"x" * 10000000))
    while tcp_info(client, 3, "B") < 1:  # tcpi_probes
        time.sleep(0.01)
    yield client, server


def connect_unanswered():
    firewall("tcp dport 8080 drop")
    (c,) = connects(1)
    while tcp_info(c, 2, "B") < 2:
        time.sleep(0.01)
    yield c


def few_descriptors():
    s = []
    while len(s) < 55:
        s.append(socket.socket())
    yield s


def still_sending():
    """A peer that only has ended its side, and reads slowly: CLOSE_WAIT is as it should be."""
    (client,), (server,) = pairs(1)
    client.shutdown(socket.SHUT_WR)
    write_until_full(server, b"x" * 65536)
    all_the_time(lambda: (client.recv(100000), time.sleep(0.01)), 5)
    all_the_time(lambda: server.send(b"x") if len(select.select([], [server], [], 0)[1]) else None, 5)
    yield client, server


def served(count, address=("127.0.0.1", PORT)):
    """Clients and what a listener has accepted of them."""
    s = listener(16, address=address)
    clients = [socket.create_connection(address) for _ in range(count)]
    return s, clients, [s.accept()[0] for _ in range(count)]


def has_sent_apart(client, server):
    """The server's last word is older than what it then reads, by the kernel's clock."""
    server.send(b"welcome")
    client.recv(100)
    time.sleep(0.05)
    client.send(b"request")
    server.recv(100)


def forever():
    while True:
        pass


def computes():
    """It works on one request, and others lie unread; nobody waits for them."""
    s, clients, servers = served(3)
    has_sent_apart(clients[0], servers[0])
    for client in clients[1:]:
        client.send(b"x" * 20)
    threading.Thread(target=forever, daemon=True).start()
    yield s, clients, servers, connects(2)


def computes_beside_a_loop():
    """The same with an event loop that waits for others: what is unread is not wanted."""
    one, other = socket.socketpair()
    waits_in(lambda: select.select([one], [], []))
    yield one, other, list(computes())


def clients_elsewhere(count, act):
    """As many in a process of their own, which lasts as long as this one."""
    lives, here = os.pipe()
    if os.fork():
        os.close(lives)
        return here
    os.close(here)
    clients = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(count)]
    for client in clients:
        act(client)
    os.read(lives, 1)
    os._exit(0)


def welcomed(client):
    client.recv(100)
    time.sleep(0.05) # apart for the kernel's clock
    client.send(b"request")


def pool_is_used_up(finish=lambda pool: None):
    """Two clients wait; this program's three connections were answered long since."""
    behind, pool, upstream = served(3, ("127.0.0.2", 5432))
    s = listener(16)
    for near, far in zip(pool, upstream):
        near.send(b"query")
        far.recv(100)
        time.sleep(0.05)
        far.send(b"rows")
        near.recv(100)
    while tcp_info(pool[-1], 44, "I") < 3500:  # tcpi_last_data_sent
        time.sleep(0.05)
    finish(pool)
    here = clients_elsewhere(2, welcomed)
    servers = [s.accept()[0] for _ in range(2)]
    for server in servers:
        server.send(b"welcome")
        server.recv(100)
    yield s, servers, behind, pool, upstream, here


def pool_is_in_use():
    """The same, and one of the three has just been asked."""
    return pool_is_used_up(lambda pool: pool[0].send(b"query"))


def collects(passes_on=False, asked_later=False):
    """A client has asked, and what was asked for it goes on coming: events, a few a second."""
    behind, (near,), (far,) = served(1, ("127.0.0.2", 5432))
    s = listener(16)
    here = clients_elsewhere(1, lambda client: client.send(b"request"))
    server, _ = s.accept()
    server.recv(100)
    if asked_later:
        time.sleep(0.5)
    near.send(b"request")
    far.recv(100)

    def events():
        while True:
            far.send(b"event")
            event = near.recv(100)
            if passes_on:
                server.send(event)
            time.sleep(0.2)
    waits_in(events)
    while tcp_info(near, 44, "I") < 3500:  # tcpi_last_data_sent
        time.sleep(0.05)
    yield s, server, behind, near, far, here


def passes_on():
    return collects(True)


def collects_for_itself():
    return collects(asked_later=True)


def told_to_end(closes=True, asks_again=False):
    """Two clients were answered, and keep their connections; the listener is closed."""
    s = listener(16)

    def client(c):
        s.close() # this process's
        c.send(b"request")
        c.recv(100)
        if asks_again:
            time.sleep(0.05) # apart for the kernel's clock
            c.send(b"another")
    here = clients_elsewhere(2, client)
    servers = [s.accept()[0] for _ in range(2)]
    for server in servers:
        server.recv(100)
        time.sleep(0.05) # apart for the kernel's clock
        server.send(b"answer")
        if asks_again:
            server.recv(100)
    if closes:
        s.close()
    while tcp_info(servers[0], 52, "I") < 3100: # tcpi_last_data_recv
        time.sleep(0.05)
    yield s, servers, here


def told_to_end_at_work():
    return told_to_end(asks_again=True)


def serves_on():
    return told_to_end(closes=False)


def workers(hosts, ask=False):
    """A server whose connections its children hold; from so many of each host."""
    for host in ("10.9.0.1", *hosts):
        subprocess.run(["ip", "addr", "add", host + "/32", "dev", "lo"], check=True)
    s = listener(16, address=("10.9.0.1", PORT))
    clients, children = [], []
    for host, count in hosts.items():
        for _ in range(count):
            clients.append(socket.create_connection(("10.9.0.1", PORT), source_address=(host, 0)))
            connection = s.accept()[0]
            connection.send(b"welcome")
            clients[-1].recv(100)
            if ask:
                time.sleep(0.05)
                clients[-1].send(b"request")
                connection.recv(100)
            children.append(subprocess.Popen(["sleep", "1000"], stdin=connection))
            connection.close()
    while tcp_info(clients[-1], 52, "I") < 3500:  # tcpi_last_data_recv
        time.sleep(0.05)
    for client in clients if ask else []:
        children.append(subprocess.Popen(["sleep", "1000"], stdin=client))
        client.close()
    status = subprocess.run(sys.argv[2:]).returncode
    for child in children:
        child.kill()
    sys.exit(status)
    yield


def most_have_asked():
    return workers({"10.9.0.7": 5, "10.9.0.8": 2}, ask=True)


def most_of_one_host():
    return workers({"10.9.0.7": 5, "10.9.0.8": 2})


def some_of_each_host():
    return workers({"10.9.0.7": 3, "10.9.0.8": 3})


def idle():
    """A server without clients, a pool that is not in use, and threads that wait for them."""
    s = listener(16)
    accepted = []
    waits_in(lambda: [accepted.append(s.accept()) for _ in range(9)])
    pool = socket.create_connection(("127.0.0.1", PORT))
    waits_in(lambda: pool.recv(1))
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 8125))
    waits_in(lambda: receiver.recv(1))
    one, other = socket.socketpair()
    waits_in(lambda: one.recv(1))
    waits_in(lambda: select.select([other], [], []))
    yield s, accepted, pool, one, other


def asking_workers(*waits):
    """Each has told a server something, and waits in a way of its own."""
    s = listener(len(waits))
    idle = socket.create_server(("127.0.0.1", 0))
    for wait in waits:
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            c = socket.create_connection(("127.0.0.1", PORT))
            c.send(b"question")
            wait(c, idle)
            os._exit(0)
    servers = [s.accept()[0] for _ in waits]
    for server in servers:
        server.recv(100)
        while tcp_info(server, 52, "I") < 3000:  # tcpi_last_data_recv
            time.sleep(0.05)
    yield servers, idle


def reads(c, _):
    c.recv(1)


def polls_it(c, _):
    poll = select.poll()
    poll.register(c, select.POLLIN)
    poll.poll()


def accepts(_, idle):
    idle.accept()


def selects(c, idle):
    select.select([c, idle], [], [])


def workers_wait():
    return asking_workers(reads, polls_it, accepts)


def workers_idle():
    return asking_workers(accepts, selects)


def waits_for_answer_by_udp():
    """Has asked without connecting its socket, and waits in recvfrom."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 69))
    s.sendto(b"question", ("127.0.0.1", 69))
    server.recv(100)
    waits_in(lambda: s.recvfrom(100))
    yield s, server


def serves_by_udp():
    """A server that waits for questions, at a port that it is known by."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 8125))
    waits_in(lambda: s.recvfrom(100))
    yield s


def waits_for_another_process():
    """On a socket that a child of it holds the other end of."""
    a, b = socket.socketpair()
    child = subprocess.Popen(["sleep", "100"], stdin=b)
    b.close()
    waits_in(lambda: a.recv(1))
    yield a, child


def asks_by_udp():
    """Its question lies there, unread."""
    server, client = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    server.bind(("127.0.0.1", PORT))
    client.sendto(b"question", ("127.0.0.1", PORT))
    yield server, client


def asks_by_udp_and_is_answered():
    for server, client in asks_by_udp():
        server.sendto(b"answer", server.recvfrom(100)[1])
        client.recv(100)
        yield server, client


def sandboxed():
    """A process that has forbidden itself to open anything, as sshd's does before a login. What
    follows on the command line is told its PID."""
    ready, done = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1, 1))
        os.write(done, b"x")
        signal.pause()
    os.read(ready, 1)
    status = subprocess.run(sys.argv[2:] + [str(child)]).returncode
    os.kill(child, signal.SIGKILL)
    sys.exit(status)
    yield


def hostile_names():
    """A file whose name would be a descriptor, if it were shown; a path and a name that
    a terminal would obey."""
    with open("/proc/self/comm", "w") as f:
        f.write("a\033[31m\tb")
    f = open("x\n1 srwxrwxrwx 1 0 0 0 Jan  1  1970 99", "w")
    s = listener(0, socket.AF_UNIX, "\0scene \033[31m\n")
    yield f, s, connects(1, socket.AF_UNIX, "\0scene \033[31m\n")


held = list(globals()[sys.argv[1]]())
sys.stdout.flush()
if sys.argv[2:]:
    sys.exit(subprocess.run(sys.argv[2:]).returncode)
