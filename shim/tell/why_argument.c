#include "tell/kind.h"
#include "tell/why.h"

#include "base/next.h"

template why_not_connected(const struct facts *f)
{
    if (f->err == EDESTADDRREQ) {
        return SAY("The socket is not connected, and the call named no address to send to.$saved");
    }
    if (f->call == CALL_shutdown) {
        return f->type == SOCK_STREAM
                   ? SAY("The connection had already ended or was never established; that this "
                         "call fails is harmless.$saved")
                   : SAY("The socket has no peer; it was shut down anyway.$saved");
    }
    if (f->call == CALL_setsockopt) {
        return SAY(
            "This option can only be set on a connected socket, and this one is not connected.");
    }
    if (f->call == CALL_getpeername) {
        return SAY("Descriptor $fd is a listening socket, and has no peer: connections have to be "
                   "accepted from it.");
    }
    return f->state == TCP_STATE_LISTEN
               ? SAY("This is a listening socket, not a connection.$saved")
               : SAY("The socket is not connected: connect was never called, it failed, or the "
                     "connection has ended.$saved");
}

template why_bad_descriptor(const struct facts *f)
{
    if (f->err == ENOTSOCK) {
        return SAY("Descriptor $fd is open, but it is not a socket.");
    }
    if (f->fd < 0) {
        return SAY("The program passed $fd as a descriptor: it was never opened, or is marked as "
                   "closed.");
    }
    if (f->domain < 0 && f->is_open == YES) {
        return f->is_path ? SAY("Descriptor $fd was opened with O_PATH: it only refers to a file, "
                                "and nothing can be received or sent through it.")
                          : SAY("Descriptor $fd was not open when the call was made; another "
                                "thread has since opened something with that number.");
    }
    if (f->domain >= 0 && f->call == CALL_setsockopt) {
        return SAY("Descriptor $fd is a socket, but the descriptor that the value of the option "
                   "names (such as a BPF program's) is not open.");
    }
    if (f->domain >= 0 && (f->call == CALL_sendmsg || f->call == CALL_sendmmsg)) {
        return SAY("Descriptor $fd is a socket, but a descriptor that the message passes "
                   "(SCM_RIGHTS) is not open.");
    }
    return call_takes_any_file(f->call)
               ? SAY("Descriptor $fd is a socket, but the other descriptor of the call is not "
                     "open, or not open for this operation.")
               : SAY("Descriptor $fd is not open: it was closed earlier, perhaps by another "
                     "thread, or never opened.");
}

static template why_invalid_bind(const struct facts *f)
{
    if (f->domain == AF_INET6 && f->type == SOCK_STREAM && address_is_multicast(&f->local)) {
        return SAY("A stream socket cannot be bound to $local, which is a multicast address.");
    }
    return address_is_mapped(&f->local)
               ? SAY("The socket is already bound, or the address or its length is of another "
                     "family (the socket may be IPv6-only, IPV6_V6ONLY).")
               : SAY("The socket is already bound, or the address or its length is of another "
                     "family.");
}

static template why_invalid_connect(const struct facts *f)
{
    if (!is_inet(f)) {
        return SAY("The kernel rejected the address, or the socket itself is listening.");
    }
    /* net/ipv4/af_inet.c, inet_shutdown(): SS_DISCONNECTING. */
    return f->type == SOCK_STREAM
               ? SAY("The kernel rejected the address, the route to it is a blackhole route or "
                     "rule, or "
                     "shutdown was called after an earlier connect of this socket that had not "
                     "succeeded.")
               : SAY("The kernel rejected the address, or the route to it is a blackhole route or "
                     "rule.");
}

/* EINVAL of a call that moves data, or of one that sets something. */
static template why_invalid_transfer(const struct facts *f)
{
    if (f->receives && f->flags & MSG_OOB) {
        return SAY(
            "There is no out-of-band data to read, or it is delivered inline (SO_OOBINLINE).");
    }
    if (f->receives && is_unix(f) && f->peer.len == 0) {
        return SAY("The socket is not connected, or an argument of the call is invalid.");
    }
    if (f->sends && is_tcp(f)) { /* net/ipv4/tcp.c, tcp_sendmsg_locked() */
        return SAY("The kernel rejected an argument of the call as invalid, or the socket is in "
                   "repair mode (TCP_REPAIR).");
    }
    if (f->receives && is_tcp(f) && f->was_connected) { /* net/tls/tls_sw.c, tls_rx_msg_size() */
        return SAY("The kernel rejected an argument of the call as invalid, or, with kernel TLS, "
                   "what arrived is no record.");
    }
    return f->sends && is_inet(f) && keeps_messages_apart(f)
               ? SAY("The kernel rejected an argument of the call as invalid, or the route to "
                     "$peer is a blackhole route or rule.$or_own_address")
               : SAY("The kernel rejected an argument of the call as invalid.");
}

static bool lacks_interface(const struct facts *f)
{
    return f->call == CALL_bind
               ? address_lacks_interface(&f->local)
               : (f->call == CALL_connect || f->sends) && address_lacks_interface(&f->peer);
}

static template why_invalid(const struct facts *f)
{
    if (lacks_interface(f)) {
        return SAY("The address $named is link-local but names no interface: it needs a scope ID, "
                   "as in fe80::1%eth0.");
    }
    if (is_accept(f->call)) {
        return SAY(
            "The socket is not listening, or no longer is (shutdown), or the flags are invalid.");
    }
    switch (f->call) {
    case CALL_setsockopt:
        return SAY("The value or its length does not fit the option, or it cannot be set in the "
                   "socket's current state.");
    case CALL_getsockopt:
        return SAY("The length does not fit the option, or the option has no value in the socket's "
                   "current state.");
    case CALL_listen:
        return SAY("The socket cannot listen: it is connected, or not bound to an address.");
    case CALL_bind:
        return why_invalid_bind(f);
    case CALL_connect:
        return why_invalid_connect(f);
    default:
        return why_invalid_transfer(f);
    }
}

/* net/ipv4/af_inet.c, __inet_stream_connect(): of a connect that waits for data as well. */
static template why_connected_already(const struct facts *f)
{
    if (f->state == TCP_STATE_LISTEN) {
        return SAY("This is a listening socket; it cannot connect.");
    }
    if (f->state == TCP_STATE_SYN_SENT) {
        return SAY("An earlier connect of this socket is still waiting for the first data to send "
                   "(TCP_FASTOPEN_CONNECT).");
    }
    if (is_tcp(f) && f->was_connected && f->state == TCP_STATE_CLOSE) {
        return SAY("The connection that this socket had has ended, and a stream socket connects "
                   "again only once it has been dissolved (connect with AF_UNSPEC).");
    }
    return f->names_in_vain ? SAY("The call named an address to send to, but the socket is already "
                                  "connected.")
                            : SAY("The socket is already connected.");
}

template why_bad_argument(const struct facts *f)
{
    switch (f->err) {
    case EFAULT:
        return SAY("The program passed a pointer to memory that it cannot access.");
    case EMSGSIZE:
        return SAY("A message of the call has more than 1024 buffers (UIO_MAXIOV).");
    case EISCONN:
        return why_connected_already(f);
    case EADDRINUSE: /* net/ipv4/igmp.c, net/ipv6/mcast.c */
        return SAY("The socket already has what the option is to add: it is already a member of "
                   "the multicast group, as a rule.");
    case EADDRNOTAVAIL:
        return SAY("The option names an address that is not there: the socket is not a member of "
                   "the multicast group, or no interface has the address, as a rule.");
    case EPROTOTYPE:
        return SAY(
            "The socket at the address is of a different type (such as stream versus datagram).");
    default:
        return why_invalid(f);
    }
}

/* net/ipv4/icmp.c, icmp_err_convert: ICMP_SR_FAILED. */
template clause_or_source_route(const struct facts *f)
{
    bool is_told_errors = f->sends || f->receives || f->call == CALL_connect || is_late_error(f);
    return is_inet(f) && is_told_errors && f->err == EOPNOTSUPP && !(f->flags & MSG_OOB)
               ? SAY(" Or a router reported that a source route failed (ICMP).")
               : NULL;
}

template why_not_supported(const struct facts *f)
{
    if (is_of_option(f)) {
        return f->err == ENOENT ? SAY("This kernel has no module with the name given for the "
                                      "option; programs often just probe for it.")
                                : SAY("This kernel or this kind of socket does not support the "
                                      "option; programs often just probe for it.");
    }
    if (f->err == ENOPROTOOPT) {
        return keeps_messages_apart(f)
                   ? SAY("An earlier datagram from this socket was answered with ICMP protocol "
                         "unreachable: its destination does not support the protocol, or a "
                         "firewall rejects it.")
                   : SAY("$Peer, or a firewall in its name, answered that it does not "
                         "support the protocol (ICMP protocol unreachable).");
    }
    if (f->call == CALL_socketpair && f->err == EOPNOTSUPP) {
        return SAY("This address family does not support socketpair, which is for unix sockets.");
    }
    if (f->call == CALL_socket || f->call == CALL_socketpair) {
        return SAY("This kernel does not support this combination of family, type and protocol; "
                   "programs often just probe for it, for IPv6 for example.$or_filter");
    }
    if (f->err == EAFNOSUPPORT) {
        return SAY("The address belongs to a different family than the socket.");
    }
    if (f->flags & MSG_FASTOPEN && is_tcp(f) && f->sends) {
        return SAY("TCP Fast Open is off for connections that this host makes "
                   "(net.ipv4.tcp_fastopen), or the call named no address to connect to.");
    }
    return f->names_in_vain
               ? SAY("The call named an address to send to, but this kind of socket can only send "
                     "to the peer that it is connected to, and it is not connected.")
               : SAY("This kind of socket does not support the call or its flags.$or_source_route");
}

/* ---- other ---- */

template clause_errno_words(const struct facts *f)
{
    return errno_words(f->err) ? SAY(": $strerror") : SAY(", and nothing more is known");
}

static template why_other_zero(const struct facts *f)
{
    if (f->receives && (f->is_lean == YES || is_gone(f))) {
        return SAY("This is the end of the stream or an empty datagram.");
    }
    if (is_tcp(f) && f->fin_seen == NO) {
        return SAY(
            "This program had shut down its reading side, or the connection to $peer had failed "
            "and an earlier call got the error; notifications in the error queue hide which.");
    }
    return f->receives
               ? SAY("End of the stream; the kernel does not say whether the peer closed, this "
                     "program shut down its reading side, or an earlier error ended it.")
               : SAY("The call transferred nothing.");
}

/* net/ipv4/tcp.c, tcp_disconnect(). Who waits for what is dissolved is told so with EPIPE. After
 * a shutdown that ends a connect the socket has no peer that could have reset it. */
static template why_dissolved(const struct facts *f)
{
    if (f->shut_reading == YES || f->shut_writing == YES) {
        return SAY("This program itself ended the connect by shutdown, while the connection was "
                   "being established.");
    }
    return f->err == EPIPE
               ? SAY("This program itself dissolved the connection (connect with AF_UNSPEC, or "
                     "shutdown while it was being established).")
               : SAY("This program itself dissolved the connection (connect with AF_UNSPEC, or "
                     "shutdown while it was being established); the peer may have aborted it (RST) "
                     "before that. Or the peer aborted one that had been restored (TCP_REPAIR), or "
                     "for which both sides had sent a SYN (simultaneous open).");
}

/* What is said whether the socket could be asked or not. */
template clause_rest(const struct facts *f)
{
    if (f->err == 0) {
        return why_other_zero(f);
    }
    if (f->err == EPIPE && is_mptcp(f)) {
        return SAY("The connection had ended before this write, or this program had shut down its "
                   "writing side; MPTCP does not say which.$saved");
    }
    if (f->err == EPIPE && f->call == CALL_splice && f->receives) {
        if (is_tcp(f) && f->state == TCP_STATE_CLOSE) {
            return SAY("The pipe that splice was to write to has no reader left, or the "
                       "connection had been aborted (RST) after the peer's FIN: splice does not "
                       "say which.$saved");
        }
        return SAY("The pipe that splice was to write to has no reader left; this says nothing "
                   "about the connection.$saved");
    }
    if (f->err == ECONNRESET && reset_it_here(f)) {
        return SAY("Data arrived from $peer after this program had shut the socket down in both "
                   "directions, so this host's kernel aborted the connection (RST).");
    }
    if (is_late_error(f) && f->err == EPIPE && is_tcp(f)) {
        return SAY("The connection that this socket had was aborted (RST) after the peer's FIN, "
                   "and then this program dissolved it (connect with AF_UNSPEC).");
    }
    /* EPIPE: include/net/sock.h, sk_wait_event(); nothing else lets TCP receive it. */
    if ((f->err == ECONNRESET && !is_gone(f)) || (f->err == EPIPE && f->receives && is_tcp(f))) {
        return why_dissolved(f);
    }
    return f->err == ENOENT && f->call == CALL_bind && is_unix(f)
               ? SAY("A directory in the path $local does not exist, or no socket can be made "
                     "there (as in "
                     "/proc).")
               : SAY("The kernel returned errno $errno$errno_words.");
}

template why_other(const struct facts *f)
{
    if (f->is_lean == YES) {
        return SAY("Under the program's seccomp filter sockshim does not query the socket. $rest");
    }
    if (is_gone(f)) {
        return SAY("Another thread closed the descriptor while the call was waiting, so the socket "
                   "can no longer be queried. $rest");
    }
    if (is_another_socket(f) && f->err == EPIPE) {
        return SAY("This program had shut down the socket's writing side before it was connected, "
                   "and so it stayed; or another thread closed the descriptor while the call was "
                   "waiting, and its number now belongs to another socket.$saved");
    }
    if (is_another_socket(f)) {
        return SAY("Another thread closed the descriptor while the call was waiting, and its "
                   "number now belongs to another socket: the first one can no longer be queried.");
    }
    return clause_rest(f);
}
