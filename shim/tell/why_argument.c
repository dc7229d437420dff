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
                   ? SAY("The connection was already gone, or never made; harmless.$saved")
                   : SAY("The socket has no peer; it is shut down all the same.$saved");
    }
    if (f->call == CALL_setsockopt) {
        return SAY("The option can be set on a connection only, and the socket has none.");
    }
    return f->state == TCP_STATE_LISTEN
               ? SAY("The socket listens for connections; it is none itself.$saved")
               : SAY("The socket is not connected: connect was never called, it failed, or the "
                     "connection has ended.$saved");
}

template why_bad_descriptor(const struct facts *f)
{
    if (f->err == ENOTSOCK) {
        return SAY("Descriptor $fd is open, but it is not a socket.");
    }
    if (f->domain < 0 && f->is_open == YES) {
        return f->is_path ? SAY("Descriptor $fd was opened with O_PATH: it names a file, and "
                                "nothing can be received or sent through it.")
                          : SAY("Descriptor $fd was not open when the call was made; another "
                                "thread has opened something under that number since.");
    }
    if (f->domain >= 0 && (f->call == CALL_sendmsg || f->call == CALL_sendmmsg)) {
        return SAY("Descriptor $fd is a socket, but a descriptor that the message passes on "
                   "(SCM_RIGHTS) is not open.");
    }
    return call_takes_any_file(f->call)
               ? SAY("Descriptor $fd is a socket, but the other descriptor of the call is not "
                     "open, or not open for this.")
               : SAY("Descriptor $fd is not open: it was closed before, perhaps by another thread, "
                     "or never opened.");
}

static template why_invalid_bind(const struct facts *f)
{
    return address_is_mapped(&f->local)
               ? SAY("The socket is already bound, or the address is not one of its family (it may "
                     "be for IPv6 only, IPV6_V6ONLY).")
               : SAY("The socket is already bound, or the address is not one of its family.");
}

static template why_invalid_connect(const struct facts *f)
{
    if (!is_inet(f)) {
        return SAY("The kernel refused the address.");
    }
    /* net/ipv4/af_inet.c, inet_shutdown(): SS_DISCONNECTING. */
    return f->type == SOCK_STREAM
               ? SAY("The kernel refused the address, the route to it leads nowhere (blackhole), "
                     "or "
                     "an earlier connect of this socket had not succeeded and shutdown was called "
                     "after that.")
               : SAY("The kernel refused the address, or the route to it leads nowhere "
                     "(blackhole).");
}

/* EINVAL of a call that moves data, or of one that sets something. */
static template why_invalid_transfer(const struct facts *f)
{
    if (f->receives && f->flags & MSG_OOB) {
        return SAY("There is no out-of-band data to read, or it comes in line with the rest.");
    }
    if (f->receives && is_unix(f) && f->peer.len == 0) {
        return SAY("The socket is not connected, or an argument of the call is invalid.");
    }
    return f->sends && is_inet(f) && keeps_messages_apart(f)
               ? SAY("The kernel refused an argument of the call as invalid, or the route to $peer "
                     "leads nowhere (blackhole).$or_own_address")
               : SAY("The kernel refused an argument of the call as invalid.");
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
        return SAY("The address $named is link-local, and does not say on which interface: it "
                   "takes a scope id, as in fe80::1%eth0.");
    }
    if (is_accept(f->call)) {
        return SAY("The socket is not listening, or not any more (shutdown), or the flags are not "
                   "valid.");
    }
    switch (f->call) {
    case CALL_setsockopt:
        return SAY("The value or its length does not fit the option, or it cannot be set in the "
                   "socket's present state.");
    case CALL_getsockopt:
        return SAY("The length does not fit the option, or the socket's present state has no "
                   "answer.");
    case CALL_listen:
        return SAY("The socket cannot listen: it is connected, or has no address.");
    case CALL_bind:
        return why_invalid_bind(f);
    case CALL_connect:
        return why_invalid_connect(f);
    default:
        return why_invalid_transfer(f);
    }
}

template why_bad_argument(const struct facts *f)
{
    switch (f->err) {
    case EFAULT:
        return SAY("The program passed a pointer to memory that it does not have.");
    case EMSGSIZE:
        return SAY("A message of the call has more than 1024 buffers (UIO_MAXIOV).");
    case EISCONN:
        return f->state == TCP_STATE_LISTEN
                   ? SAY("The socket listens for connections; it can make none.")
               : f->names_in_vain ? SAY("The call named an address to send to, but the socket is "
                                        "already connected.")
                                  : SAY("The socket is already connected.");
    case EPROTOTYPE:
        return SAY("The socket at the address is of another type (stream against datagram).");
    default:
        return why_invalid(f);
    }
}

template why_not_supported(const struct facts *f)
{
    if (is_of_option(f)) {
        return f->err == ENOENT ? SAY("This kernel has no module of the name that the option was "
                                      "given; often a program only probes for it.")
                                : SAY("This kernel or kind of socket does not have the option; "
                                      "often a program only probes for it.");
    }
    if (f->err == ENOPROTOOPT) {
        return SAY("The far host, or a firewall on the way, answered that it does not know the "
                   "protocol (ICMP protocol-unreachable).");
    }
    if (f->call == CALL_socketpair && f->err == EOPNOTSUPP) {
        return SAY("Sockets of this family do not come in pairs: socketpair is for unix sockets.");
    }
    if (f->call == CALL_socket || f->call == CALL_socketpair) {
        return SAY("This kernel has no socket of this family, type and protocol; often a program "
                   "is only probing, for IPv6 for example.");
    }
    if (f->err == EAFNOSUPPORT) {
        return SAY("The address is of another family than the socket.");
    }
    return f->names_in_vain
               ? SAY("The call named an address to send to, but a socket of this kind sends to "
                     "where it is connected, and this one is not connected.")
               : SAY("This kind of socket does not support the call or its flags.");
}

/* ---- other ---- */

template clause_errno_words(const struct facts *f)
{
    return errno_words(f->err) ? SAY(": $strerror") : SAY(", and more is not known");
}

static template why_other_zero(const struct facts *f)
{
    if (f->is_lean == YES || is_gone(f)) {
        return SAY("It is the end of a stream, or an empty datagram.");
    }
    if (is_tcp(f) && f->fin_seen == NO) {
        return SAY("This program had shut down its reading side, or the connection to $peer had "
                   "failed and an earlier call was given the error: notices in the error queue "
                   "hide which.");
    }
    return f->receives ? SAY("End of the stream; the kernel does not tell whether the peer closed, "
                             "this program shut down its reading side, or an earlier error ended "
                             "it.")
                       : SAY("The call moved nothing.");
}

/* What is said whether the socket could be asked or not. */
template clause_rest(const struct facts *f)
{
    if (f->err == 0) {
        return why_other_zero(f);
    }
    if (f->err == EPIPE && is_mptcp(f)) {
        return SAY("The connection had ended before this write, or this program had shut down its "
                   "writing side: MPTCP does not say how.$saved");
    }
    if (f->err == EPIPE && f->call == CALL_splice && f->receives) {
        if (is_tcp(f) && f->state == TCP_STATE_CLOSE) {
            return SAY("Nobody reads from the pipe any more into which splice was to move the "
                       "data, or the connection had been aborted (RST) after the peer's FIN: "
                       "splice does not say which.$saved");
        }
        return SAY("Nobody reads from the pipe any more into which splice was to move the data; "
                   "the socket is fine.$saved");
    }
    if (f->err == ECONNRESET && reset_it_here(f)) {
        return SAY("Data came from $peer after this program had shut the socket down in both "
                   "directions: therefore this host's kernel aborted the connection (RST).");
    }
    if (is_late_error(f) && f->err == EPIPE && is_tcp(f)) {
        return SAY("The connection that this socket had was aborted (RST) after the peer's FIN, "
                   "and then this program dissolved it (connect with AF_UNSPEC).");
    }
    /* EPIPE: include/net/sock.h, sk_wait_event(); nothing else lets TCP receive it. */
    if ((f->err == ECONNRESET && !is_gone(f)) || (f->err == EPIPE && f->receives && is_tcp(f))) {
        return SAY("This program itself dissolved the connection (connect with AF_UNSPEC, or "
                   "shutdown while it was being made).");
    }
    return f->err == ENOENT && f->call == CALL_bind && is_unix(f)
               ? SAY("A folder of the path $local does not exist.")
               : SAY("The kernel answered errno $errno$errno_words.");
}

template why_other(const struct facts *f)
{
    if (f->is_lean == YES) {
        return SAY("Inside a seccomp filter the socket can't be asked. $rest");
    }
    if (is_gone(f)) {
        return SAY("Another thread closed the descriptor while the call waited: how it ended can't "
                   "be asked any more. $rest");
    }
    if (is_another_socket(f) && f->err == EPIPE) {
        return SAY("This program had shut down the socket's writing side before it was connected, "
                   "and so it stayed; or another thread closed the descriptor while the call "
                   "waited, and its number is that of another socket now.$saved");
    }
    if (is_another_socket(f)) {
        return SAY("Another thread closed the descriptor while the call waited, and its number is "
                   "that of another socket now: how the first one ended can't be asked any more.");
    }
    return clause_rest(f);
}
