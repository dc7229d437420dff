"""Names, and what a name server says of them."""
import socket
from socket import AF_INET

from connecting import own_name_server
from made_of import call
from registry import case


def ask(answer):
    own_name_server(answer, 0)
    call(socket.getaddrinfo, "some.test", 80, AF_INET)


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
