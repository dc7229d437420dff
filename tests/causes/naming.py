"""Names, and what a name server says of them."""
import ctypes
import os
import resource
import socket
import struct
import tempfile
from socket import AF_INET

from connecting import own_name_server
from made_of import call, libc, raw, run
from registry import case


def ask(answer):
    own_name_server(answer, 0)
    call(socket.getaddrinfo, "some.test", 80, AF_INET)


def call_this_host(name):
    if libc.unshare(0x4000000):  # CLONE_NEWUTS
        raise OSError(ctypes.get_errno(), "unshare")
    socket.sethostname(name)


@case("""
    getaddrinfo EAI_NONAME name-not-resolved | name=some.test
        the name does not exist ... It is the name of this host itself (hostname).
""")
def name_of_this_host():
    call_this_host("some.test")
    ask("nxdomain")


@case("""
    getaddrinfo EAI_NONAME name-not-resolved | name=some.test
        the name does not exist ... !this host itself
""")
def name_that_only_begins_as_this_hosts():
    call_this_host("some.test.example")
    ask("nxdomain")


@case("""
    getaddrinfo EAI_NODATA name-not-resolved | name=some.test
        The name some.test was not resolved, after ... ms: the name exists but has no address of the requested kind
""")
def name_without_address():
    ask("nodata")


@case("""
    getaddrinfo EAI_NONAME name-not-resolved | name=some.test
        the name does not exist
""")
def name_that_is_unknown():
    ask("nxdomain")


@case("""
    getaddrinfo EAI_AGAIN name-not-resolved | name=some.test
        no name server gave an answer
""")
def name_server_fails():
    ask("servfail")


@case("""
    getaddrinfo EAI_AGAIN name-not-resolved | name=some.test
        no name server gave an answer
""")
def name_server_refuses():
    ask("refused")


@case("""
    getaddrinfo EAI_NONAME name-not-resolved | name=some.test
        the name does not exist, or has no address of the requested kind, or a name server answered with an error (such as FORMERR)
""")
def name_server_does_not_understand():
    """EAI_FAIL in musl alone."""
    ask("formerr")


def ask_for_name(port, flags):
    """Of 10.7.0.9; Python's own would let no other thread run meanwhile, and so no name server."""
    address = struct.pack("=H", AF_INET) + struct.pack("!H", port) + socket.inet_aton("10.7.0.9") + bytes(8)
    raw("getnameinfo", address, len(address), ctypes.create_string_buffer(64), 64, None, 0, flags)


@case("""
    getnameinfo EAI_NONAME name-not-resolved | name=10.7.0.9 peer=10.7.0.9:80
        The name of the address 10.7.0.9 was not resolved, after ... ms: no source of names told one
""")
def address_without_a_name():
    own_name_server("nxdomain", 0)
    ask_for_name(80, socket.NI_NAMEREQD)


@case("""
    getnameinfo 0 name-resolved-late | name=10.7.0.9 peer=- waited_ms>1099
        The name of the address 10.7.0.9 was looked up for ... ms, while this program waited
""")
def address_whose_name_is_late():
    """And then there is none: the number will do."""
    own_name_server("nxdomain", 1.1)
    ask_for_name(0, 0)


@case("""
    getaddrinfo EAI_NONAME name-not-resolved | name=-
        A name was not resolved, after ... ms: the name does not exist
""")
def name_of_no_letter():
    raw("getaddrinfo", b"", b"80", None, ctypes.byref(ctypes.c_void_p()))


def without_a_descriptor():
    socket.socket().close()  # whoever has a socket has the log open
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, 4096))


def look_up_without_a_descriptor():
    without_a_descriptor()
    raw("getaddrinfo", b"some.test", b"80", None, ctypes.byref(ctypes.c_void_p()))


@case("""
    getaddrinfo EAI_NONAME name-not-resolved | name=some.test errno=24
        the C library could not look it up: Too many open files; or the name does not exist
""")
def name_without_a_descriptor():
    look_up_without_a_descriptor()


@case("""
    getaddrinfo EAI_NONAME name-not-resolved | name=first.test errno=0
        the name does not exist
    getaddrinfo EAI_SYSTEM name-not-resolved | name=some.test errno=24
        a system call that it needs failed: Too many open files
""")
def name_without_a_descriptor_later():
    """The C library knows its name servers already."""
    own_name_server("nxdomain", 0)
    with tempfile.NamedTemporaryFile("w") as sources:
        sources.write("hosts: dns\n")
        sources.flush()
        run(f"mount --bind {sources.name} /etc/nsswitch.conf")
    raw("getaddrinfo", b"first.test", b"80", None, ctypes.byref(ctypes.c_void_p()))
    look_up_without_a_descriptor()


@case("""
    getaddrinfo EAI_MEMORY name-not-resolved | name=some.test
        there was not enough memory
""")
def name_without_memory():
    """A line of /etc/hosts for which there is no room."""
    socket.socket().close()  # the log is opened where it was meant
    if libc.unshare(0x20000):  # CLONE_NEWNS
        raise OSError(ctypes.get_errno(), "unshare")
    with tempfile.NamedTemporaryFile("w") as hosts, tempfile.NamedTemporaryFile("w") as sources:
        hosts.write("127.0.0.1 some.test" + " x" * (1 << 25) + "\n")
        sources.write("hosts: files\n")
        hosts.flush(), sources.flush()
        run(f"mount --make-rprivate /; mount --bind {hosts.name} /etc/hosts; mount --bind {sources.name} /etc/nsswitch.conf")
        with open("/proc/self/statm") as pages:
            used = int(pages.read().split()[0]) * 4096
        resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 25), resource.RLIM_INFINITY))
        raw("getaddrinfo", b"some.test", b"80", None, ctypes.byref(ctypes.c_void_p()))


def ask_for_host(answer):
    own_name_server(answer, 1.1 if answer == "127.0.0.7" else 0)
    raw("gethostbyname", b"some.test")


@case("""
    gethostbyname HOST_NOT_FOUND name-not-resolved | name=some.test
        The name some.test was not resolved, after ... ms: the name does not exist, or has no address of the requested kind.
""")
def host_that_is_unknown():
    ask_for_host("nxdomain")


@case("""
    gethostbyname NO_DATA name-not-resolved | name=some.test
        the name exists but has no address of the requested kind
""")
def host_without_address():
    ask_for_host("nodata")


@case("""
    gethostbyname TRY_AGAIN name-not-resolved | name=some.test
        no name server gave an answer
""")
def host_of_a_name_server_that_fails():
    ask_for_host("servfail")


@case("""
    gethostbyname NO_RECOVERY name-not-resolved | name=some.test errno=0
        a name server answered with an error (such as FORMERR), its answer could not be read, the name cannot be asked for
""")
def host_of_a_name_server_that_does_not_understand():
    ask_for_host("formerr")


def ask_back(answer):
    own_name_server(answer, 0)
    raw("gethostbyaddr", socket.inet_aton("10.7.0.9"), 4, AF_INET)


@case("""
    gethostbyaddr HOST_NOT_FOUND name-not-resolved | name=10.7.0.9 peer=-
        The name of the address 10.7.0.9 was not resolved, after ... ms: no source of names told one
""")
def host_of_an_address_without_a_name():
    ask_back("nxdomain")


@case("""
    gethostbyaddr TRY_AGAIN name-not-resolved | name=10.7.0.9
        no name server gave an answer
""")
def host_of_an_address_and_a_name_server_that_fails():
    ask_back("servfail")


@case("""
    gethostbyname 0 name-resolved-late | name=some.test waited_ms>1099
        The name some.test was resolved, but only after ... ms. A name server that does not answer
""")
def host_that_is_late():
    ask_for_host("127.0.0.7")


@case("""
    gethostbyname NETDB_INTERNAL name-not-resolved | name=some.test errno=24
        a system call that it needs failed: Too many open files
""")
def host_without_a_descriptor():
    """NO_RECOVERY in musl."""
    without_a_descriptor()
    raw("gethostbyname", b"some.test")


@case("""
    gethostbyname NETDB_INTERNAL name-not-resolved | name=some.test errno=0
        the C library could not look it up, as where a source of names in nsswitch.conf has no module on this system.
    getaddrinfo EAI_SYSTEM name-not-resolved | name=some.test errno=16
        the C library could not look it up, as where a source of names in nsswitch.conf has no module on this system.
""")
def host_without_a_source():
    socket.socket().close()  # the log is opened where it was meant
    if libc.unshare(0x20000):  # CLONE_NEWNS
        raise OSError(ctypes.get_errno(), "unshare")
    with tempfile.NamedTemporaryFile("w") as sources:
        sources.write("hosts: nosuchsource\n")
        sources.flush()
        run(f"mount --make-rprivate /; mount --bind {sources.name} /etc/nsswitch.conf")
        raw("gethostbyname", b"some.test")
        raw("getaddrinfo", b"some.test", b"80", None, ctypes.byref(ctypes.c_void_p()))
