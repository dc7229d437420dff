#include "observe/by_errno.h"

#include "base/apart.h"
#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "base/shut.h"
#include "force/sigpipe.h"
#include "observe/in_proc.h"
#include "observe/path.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

/* The states into which the peer's FIN leads say all. */
static bool state_tells(const struct facts *f)
{
    return f->protocol == IPPROTO_TCP && f->state && f->state != TCP_STATE_CLOSE &&
           (state_has_peer_fin(f->state) || f->err != 0 || (f->has_len && f->len == 0));
}

/* A write that failed has taken the error that was there (net/core/stream.c,
 * sk_stream_error()), and no other one comes after a connection's end. */
static bool took_last_error(struct facts *f)
{
    bool is_over = f->protocol == IPPROTO_TCP && f->state == TCP_STATE_CLOSE && f->was_connected &&
                   f->shut_writing == NO;
    if (!is_over || f->err != EPIPE || !f->sends || f->call == CALL_splice) {
        return false;
    }
    f->error_pending = NO;
    f->hung_up = YES;
    f->read_closed = YES;
    return true;
}

static void find_queued(struct facts *f)
{
    int queued = 0;
    if (raw(SYS_ioctl, f->fd, FIONREAD, &queued) == 0) {
        f->queued = (uint32_t)queued;
        f->has_queued = true;
    }
}

/* Notices, of MSG_ZEROCOPY or SO_TIMESTAMPING or of ICMP, raise POLLERR as an error does
 * (net/ipv4/tcp.c, tcp_poll()). They are charged to the socket's memory, which else holds
 * nothing once all has been read. */
static enum known error_or_notices(const struct facts *f)
{
    enum { RECEIVE_QUEUE = 0, OPTIONS = 6, COUNT = 9 }; /* SK_MEMINFO_* of linux/sock_diag.h */
    uint32_t memory[COUNT] = {0};
    socklen_t len = sizeof memory;
    if (!is_inet_family(f->domain)) {
        return YES; /* others have no such queue */
    }
    bool known = ask(f->fd, SOL_SOCKET, OPTION_MEMORY, memory, &len) && len > OPTIONS * 4;
    return known && memory[RECEIVE_QUEUE] == 0 && memory[OPTIONS] == 0 ? YES : UNKNOWN;
}

/* Who has shut it down. Of TCP in state CLOSE, and of MPTCP, it is known already (tcp.c). */
static void find_who_shut(struct facts *f, bool is_ended)
{
    bool is_open = f->protocol == IPPROTO_TCP && f->state != TCP_STATE_CLOSE;
    bool is_other = !is_tcp_protocol(f->protocol) && (f->domain == AF_UNIX || is_ended);
    if (is_open || is_other) {
        shut_find(f);
    }
}

/* What has ended, and whether an error waits. */
static void find_poll(struct facts *f)
{
    struct pollfd p = {.fd = f->fd, .events = POLLIN | POLLRDHUP};
    if (state_tells(f)) {
        if (f->err == EPIPE) {
            shut_find(f);
        }
        return;
    }
    if (took_last_error(f) || raw_poll_now(&p) < 0) {
        return;
    }
    find_who_shut(f, f->err == EPIPE || p.revents & POLLRDHUP);
    f->error_pending = p.revents & POLLERR ? error_or_notices(f) : NO;
    f->hung_up = p.revents & POLLHUP ? YES : NO;
    f->read_closed = p.revents & POLLRDHUP ? YES : NO;
    if (f->type == SOCK_SEQPACKET) {
        find_queued(f);
    }
}

/* Where nothing is changed, and after splice into a pipe that is not swallowed either,
 * a program that gets here lives because it handles SIGPIPE itself, or is about to end
 * (force/sigpipe.h, sigpipe_after_write()). */
static void find_sigpipe(struct facts *f)
{
    bool by_socket = f->sends && f->type == SOCK_STREAM && !(f->flags & MSG_NOSIGNAL);
    bool may_be_of_socket = f->protocol == IPPROTO_TCP && f->state == TCP_STATE_CLOSE;
    bool by_pipe = f->call == CALL_splice && f->receives && !may_be_of_socket;
    if ((by_socket || by_pipe) && sigpipe_is_deadly()) {
        f->ended_by_sigpipe = settings.watch || (by_pipe && settings.sigpipe == SIGPIPE_SOCKETS);
        f->saved_from_sigpipe = !f->ended_by_sigpipe;
    }
}

static void find_keepalive(struct facts *f)
{
    int timeout = ask_int(f->fd, IPPROTO_TCP, OPTION_TCP_USER_TIMEOUT);
    f->keepalive = ask_int(f->fd, SOL_SOCKET, SO_KEEPALIVE) > 0;
    f->user_timeout_ms = timeout > 0 ? (uint32_t)timeout : 0;
}

static void find_descriptor(struct facts *f)
{
    long flags = raw(RAW_FCNTL, f->fd, F_GETFL);
    f->is_open = flags < 0 ? NO : YES;
    f->is_path = flags >= 0 && flags & O_PATH;
}

static void find_descriptor_limit(struct facts *f)
{
    uint64_t limit = raw_soft_limit(RLIMIT_NOFILE);
    f->descriptor_limit = limit < UINT32_MAX ? (uint32_t)limit : 0; /* else there is none */
}

/* IP_LOCAL_PORT_RANGE: the lowest in the lower half, the highest in the upper one; 0: the
 * namespace's. */
static bool find_own_port_range(struct facts *f)
{
    int ports = is_inet_family(f->domain) ? ask_int(f->fd, IPPROTO_IP, OPTION_IP_LOCAL_PORTS) : 0;
    f->has_own_ports = (ports & 0xffff) > 0 && (unsigned)ports >> 16 > 0 && ports != -1;
    if (f->has_own_ports) {
        f->port_low = (uint16_t)ports;
        f->port_high = (uint16_t)((unsigned)ports >> 16);
    }
    return f->has_own_ports;
}

/* The range as the program's network namespace has it now. */
static void find_port_range(struct facts *f)
{
    char digits[32];
    unsigned ports[2] = {0, 0};
    int which = 0;
    if (find_own_port_range(f)) {
        return;
    }
    size_t len = apart_read("/proc/sys/net/ipv4/ip_local_port_range", digits, sizeof digits);
    for (size_t i = 0; i < len; i++) {
        if (digits[i] >= '0' && digits[i] <= '9') {
            ports[which] = ports[which] * 10 + (unsigned)(digits[i] - '0');
        } else {
            which = 1;
        }
    }
    f->port_low = (uint16_t)ports[0];
    f->port_high = (uint16_t)ports[1];
}

static void find_sizes(struct facts *f)
{
    bool v6 = f->domain == AF_INET6;
    int size = ask_int(f->fd, SOL_SOCKET, SO_SNDBUF);
    /* Answered for a connected socket only, and of the path to where it is connected. */
    int mtu = f->peer_from_call      ? 0
              : f->domain == AF_INET ? ask_int(f->fd, IPPROTO_IP, IP_MTU)
              : v6                   ? ask_int(f->fd, IPPROTO_IPV6, IPV6_MTU)
                                     : 0;
    f->send_buffer = size > 0 ? (uint32_t)size : 0;
    f->mtu = mtu > 0 ? (uint32_t)mtu : 0;
}

/* A datagram socket is told of the ICMP errors of what it sends by the next call, whatever
 * that is: of all of it if it asked for them (ip(7), IP_RECVERR), else if it is connected, or
 * was, to another address or before it was dissolved (net/ipv4/udp.c, __udp4_lib_err()). */
static bool asked_for_errors(const struct facts *f)
{
    return ask_int(f->fd, IPPROTO_IP, OPTION_IP_RECVERR) > 0 ||
           (f->domain == AF_INET6 && ask_int(f->fd, IPPROTO_IPV6, OPTION_IPV6_RECVERR) > 0);
}

static void find_hears_errors(struct facts *f)
{
    struct sockaddr_in6 peer;
    socklen_t len = sizeof peer;
    if (!is_inet_family(f->domain) || f->type == SOCK_STREAM) {
        return;
    }
    /* A refusal is always of an earlier one. */
    bool is_connected = f->err != ECONNREFUSED && ((f->peer.len > 0 && !f->peer_from_call) ||
                                                   raw(SYS_getpeername, f->fd, &peer, &len) == 0);
    f->hears_errors = is_connected || asked_for_errors(f) || shut_was_dissolved(f->fd) != NO;
}

/* MPTCP counts the peer's DATA_FIN as a byte that waits, and an end of its own as well:
 * net/mptcp/protocol.c, mptcp_inq_hint(). */
static bool tells_unread(const struct facts *f)
{
    struct pollfd p = {.fd = f->fd, .events = POLLRDHUP};
    return f->protocol != IPPROTO_MPTCP || raw_poll_now(&p) == 0;
}

/* What the peer has said last may lie there unread; find_tcp() may have found it. */
static void find_unread(struct facts *f)
{
    if (talks(f) && !f->has_queued && tells_unread(f) &&
        (f->was_connected || (f->domain == AF_UNIX && f->type == SOCK_STREAM))) {
        find_queued(f);
    }
}

static void find_left_undone(struct facts *f)
{
    struct linger linger = {0, 0};
    socklen_t len = sizeof linger;
    f->lingers_not =
        ask(f->fd, SOL_SOCKET, SO_LINGER, &linger, &len) && linger.l_onoff && linger.l_linger == 0;
    if (f->was_connected && tells_unread(f)) {
        find_queued(f);
    }
}

/* What is left of an earlier connect, with a shutdown after it, is refused as well
 * (net/ipv4/af_inet.c, inet_shutdown(): SS_DISCONNECTING); its address would be there. */
static void find_first_connect(struct facts *f)
{
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    if (f->call == CALL_connect && f->domain == AF_INET && f->type == SOCK_STREAM) {
        long result = raw(SYS_getsockopt, f->fd, SOL_SOCKET, SO_PEERNAME, &peer, &len);
        f->is_first_connect = result == -ENOTCONN;
    }
}

static void find_by_zero(struct facts *f)
{
    if (f->receives) {
        find_poll(f);
    } else if (ends_connection((enum call)f->call)) {
        find_left_undone(f);
    }
}

/* Of an address that the call could not have. */
static void find_about_address(struct facts *f)
{
    if (f->err == ENOENT) {
        find_listens_unseen(f);
        return;
    }
    if (f->err == EADDRNOTAVAIL) {
        find_assigned(f);
    }
    find_port_range(f);
}

static void find_by_failure(struct facts *f)
{
    switch (f->err) {
    case EPIPE:
        find_poll(f);
        find_sigpipe(f);
        return;
    case ETIMEDOUT:
        find_keepalive(f);
        return;
    case EINVAL:
        find_first_connect(f);
        return;
    case EBADF:
        find_descriptor(f);
        return;
    case EMFILE:
        find_descriptor_limit(f);
        return;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case ENOENT:
        find_about_address(f);
        return;
    case EMSGSIZE:
        find_hears_errors(f);
        __attribute__((fallthrough));
    case ENOBUFS:
        find_sizes(f);
        return;
    case EACCES:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ECONNREFUSED:
        find_hears_errors(f);
        return;
    default:
        return;
    }
}

void find_by_errno(struct facts *f)
{
    if (f->err == 0) {
        find_by_zero(f);
        return;
    }
    find_by_failure(f);
    if (f->err == EACCES) {
        find_closed_folder(f);
    }
    if (f->err == EPERM || f->err == EACCES || f->err == EAFNOSUPPORT) {
        f->is_filtered = process_is_filtered();
    }
    find_unread(f);
}
