#include "observe/observe.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "start/start.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/uio.h>

/* Options and flags: kernel ABI that not every C library's headers have. */
enum {
    OPTION_TCP_INFO = 11,
    OPTION_TCP_USER_TIMEOUT = 18,
    OPTION_TCP_ZEROCOPY_RECEIVE = 35,
    LEVEL_MPTCP = 284,
    OPTION_MPTCP_INFO = 1,
    FLAG_SPLICE_NONBLOCK = 2,
    OUTPUT_QUEUE = TIOCOUTQ, /* SIOCOUTQ, tcp(7) */
    UNSENT_QUEUE = 0x894B,   /* SIOCOUTQNSD, include/uapi/linux/sockios.h */
};

/* struct tcp_info of include/uapi/linux/tcp.h as far as it is used: C libraries
 * stop at different fields. A kernel that knows less returns less. */
struct tcp_facts {
    uint8_t state, ca_state, retransmits, probes, backoff, options, scales, limited;
    uint32_t rto, ato, snd_mss, rcv_mss;
    uint32_t unacked, sacked, lost, retrans, fackets;
    uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
    uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
    uint32_t rcv_rtt, rcv_space, total_retrans;
    uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
    uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
    uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
    uint32_t delivered, delivered_ce;
    uint64_t bytes_sent, bytes_retrans;
    uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
};

/* struct mptcp_info of include/uapi/linux/mptcp.h, likewise. */
struct mptcp_facts {
    uint8_t counts[8];
    uint32_t flags, token;
    uint64_t write_seq, snd_una, rcv_nxt;
    uint8_t local[4];
    uint32_t retransmits;
    uint64_t bytes_retrans, bytes_sent, bytes_received, bytes_acked;
};

/* ---- The call's own facts ---- */

/* Whether the kernel got as far as reading what the pointers of the call point
 * to. net/socket.c looks the descriptor up first, then copies the arguments. */
static bool kernel_read_arguments(int err)
{
    return err != EBADF && err != ENOTSOCK && err != EFAULT && err != ENOSYS;
}

static bool sum_iovecs(struct facts *f, const struct iovec *iov, size_t count)
{
    if (count > 1024) { /* UIO_MAXIOV: refused before it is read */
        return false;
    }
    f->has_len = true;
    for (size_t i = 0; i < count; i++) {
        f->len += iov[i].iov_len;
    }
    return true;
}

static void take_message(struct facts *f, const struct attempt *a)
{
    const struct msghdr *msg = a->data;
    /* EINVAL may come before the vector is read, ENOBUFS and ENOMEM too. */
    if (!kernel_read_arguments(f->err) || f->err == EINVAL || f->err == ENOMEM ||
        f->err == ENOBUFS) {
        return;
    }
    if (sum_iovecs(f, msg->msg_iov, (size_t)msg->msg_iovlen) && msg->msg_name && f->sends) {
        address_set(&f->peer, msg->msg_name, msg->msg_namelen);
        f->peer_from_call = true;
    }
}

static void take_vector(struct facts *f, const struct attempt *a)
{
    /* ESPIPE, of preadv2 with an offset, comes before the vector is read. */
    if (kernel_read_arguments(f->err) && f->err != EINVAL && f->err != ESPIPE && f->err != ENOMEM) {
        sum_iovecs(f, a->data, a->len);
    }
}

/* An address that the call was given. An address longer than the kernel takes
 * is refused before it is read. */
static void take_address(struct facts *f, struct address *to, const struct attempt *a)
{
    if (a->addr && kernel_read_arguments(f->err) && a->addrlen > 0 &&
        a->addrlen <= sizeof(struct sockaddr_storage)) {
        address_set(to, a->addr, a->addrlen);
        f->peer_from_call = to == &f->peer;
    }
}

static void take_length(struct facts *f, const struct attempt *a)
{
    f->has_len = true;
    f->len = a->len;
}

static void take_new_socket(struct facts *f, const struct attempt *a)
{
    f->fd = -1;
    f->domain = a->other;
    f->type = a->flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    f->protocol = (int)a->len;
    if (f->protocol == 0 && is_inet_family(f->domain)) {
        f->protocol = f->type == SOCK_STREAM  ? IPPROTO_TCP
                      : f->type == SOCK_DGRAM ? IPPROTO_UDP
                                              : 0;
    }
}

static void take_call(struct facts *f, const struct attempt *a)
{
    f->receives = f->call <= CALL_preadv2;
    f->sends = f->call >= CALL_send && f->call <= CALL_splice;
    switch (f->call) {
    case CALL_recv:
    case CALL_recvfrom:
    case CALL_send:
    case CALL_recvmmsg:
    case CALL_sendmmsg:
        f->flags = a->flags;
        __attribute__((fallthrough));
    case CALL_read:
    case CALL_write:
    case CALL_sendfile:
    case CALL_splice:
        take_length(f, a);
        break;
    case CALL_sendto:
        f->flags = a->flags;
        take_length(f, a);
        take_address(f, &f->peer, a);
        break;
    case CALL_recvmsg:
    case CALL_sendmsg:
        f->flags = a->flags;
        take_message(f, a);
        break;
    case CALL_readv:
    case CALL_writev:
    case CALL_preadv2:
    case CALL_pwritev2:
        take_vector(f, a);
        break;
    case CALL_connect:
        take_address(f, &f->peer, a);
        break;
    case CALL_bind:
        take_address(f, &f->local, a);
        break;
    case CALL_socket:
    case CALL_socketpair:
        take_new_socket(f, a);
        break;
    default:
        break;
    }
}

/* ---- Which socket ---- */

/* The family, and the socket's own address; false if the descriptor is no
 * socket. */
static bool find_local(struct facts *f)
{
    socklen_t len = sizeof f->local.un;
    if (f->call == CALL_bind) { /* it was given the address that matters */
        f->domain = ask_int(f->fd, SOL_SOCKET, SO_DOMAIN);
        return true;
    }
    long result = raw(SYS_getsockname, f->fd, &f->local.any, &len);
    if (result == 0) {
        f->local.len = len < sizeof f->local.un ? len : sizeof f->local.un;
        f->domain = f->local.any.sa_family;
    } else if (result != -EBADF && result != -ENOTSOCK) {
        f->domain = ask_int(f->fd, SOL_SOCKET, SO_DOMAIN);
    }
    return result != -EBADF && result != -ENOTSOCK;
}

/* splice has a socket at either end: which one tells the direction. */
static bool choose_end(struct facts *f, const struct attempt *a)
{
    if (find_local(f)) {
        return true;
    }
    if (f->call != CALL_splice) {
        return false;
    }
    f->fd = a->other;
    f->receives = true;
    f->sends = false;
    return find_local(f);
}

static enum known ask_nonblocking(int fd)
{
    long flags = raw(RAW_FCNTL, fd, F_GETFL);
    return flags < 0 ? UNKNOWN : flags & O_NONBLOCK ? YES : NO;
}

static void find_nonblocking(struct facts *f, const struct attempt *a)
{
    bool this_call = f->flags & MSG_DONTWAIT;
    if (f->call == CALL_preadv2 || f->call == CALL_pwritev2) {
        this_call = a->flags & RWF_NOWAIT;
    } else if (f->call == CALL_splice) { /* the pipe may be what does not wait */
        int pipe = f->fd == a->fd ? a->other : a->fd;
        this_call = a->flags & FLAG_SPLICE_NONBLOCK || ask_nonblocking(pipe) == YES;
    }
    f->nonblocking = this_call ? YES : ask_nonblocking(f->fd);
}

static void find_timeout(struct facts *f)
{
    struct {
        long seconds, microseconds; /* the kernel's old struct timeval */
    } limit = {0, 0};
    bool reads = f->receives || f->call == CALL_accept || f->call == CALL_accept4;
    socklen_t len = sizeof limit;
#if __SIZEOF_LONG__ == 4
    enum { RECEIVE = 20, SEND = 21 }; /* SO_RCVTIMEO_OLD, SO_SNDTIMEO_OLD */
#else
    enum { RECEIVE = SO_RCVTIMEO, SEND = SO_SNDTIMEO };
#endif
    if (ask(f->fd, SOL_SOCKET, reads ? RECEIVE : SEND, &limit, &len)) {
        f->timeout_us = (uint64_t)limit.seconds * 1000000 + (uint64_t)limit.microseconds;
    }
}

static void find_peer(struct facts *f)
{
    if (f->peer.len > 0) { /* the call named it */
        return;
    }
    bool inet = is_inet_family(f->domain);
    bool gone = f->state == TCP_STATE_CLOSE || f->state == TCP_STATE_SYN_SENT;
    socklen_t len = sizeof f->peer.un;
    bool found = !gone && raw(SYS_getpeername, f->fd, &f->peer.any, &len) == 0;
    if (!found && inet) {
        /* What still answers after a reset, and costs more. It wants the exact length. */
        len = f->domain == AF_INET ? sizeof f->peer.in : sizeof f->peer.in6;
        found = ask(f->fd, SOL_SOCKET, SO_PEERNAME, &f->peer.any, &len);
    }
    if (found) {
        f->peer.len = len < sizeof f->peer.un ? len : sizeof f->peer.un;
    }
}

/* Of a listener the kernel names the listener itself; and an address that the
 * call named need not be that of the process which the socket knows. */
static bool has_peer_process(const struct facts *f)
{
    bool listens = f->call == CALL_accept || f->call == CALL_accept4 || f->call == CALL_listen;
    bool elsewhere = f->call == CALL_connect || (f->peer_from_call && f->type == SOCK_DGRAM);
    return !listens && !elsewhere;
}

static void find_unix_peer(struct facts *f)
{
    struct {
        int pid;
        unsigned uid, gid;
    } peer = {0, 0, 0};
    socklen_t len = sizeof peer;
    if (ask(f->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) && peer.pid > 0) {
        f->peer_pid = peer.pid;
    }
}

/* The states into which the peer's FIN leads say all. */
static bool state_tells(const struct facts *f)
{
    bool is_end = f->state == TCP_STATE_CLOSE_WAIT || f->state == TCP_STATE_LAST_ACK ||
                  f->state == TCP_STATE_CLOSING || f->state == TCP_STATE_TIME_WAIT;
    return f->protocol == IPPROTO_TCP && f->state && f->state != TCP_STATE_CLOSE &&
           (is_end || f->err != 0 || (f->has_len && f->len == 0));
}

/* What has ended, and whether an error waits. */
static void find_poll(struct facts *f)
{
    struct pollfd p = {.fd = f->fd, .events = POLLIN | POLLRDHUP};
    if (state_tells(f) || raw_poll_now(&p) < 0) {
        return;
    }
    f->error_pending = p.revents & POLLERR ? YES : NO;
    f->hung_up = p.revents & POLLHUP ? YES : NO;
    f->read_closed = p.revents & POLLRDHUP ? YES : NO;
    int queued = 0;
    if (f->type == SOCK_SEQPACKET && raw(SYS_ioctl, f->fd, FIONREAD, &queued) == 0) {
        f->queued = (uint32_t)queued;
    }
}

/* ---- TCP ---- */

/* In state CLOSE the kernel says only here whether the peer's FIN had come:
 * net/ipv4/tcp.c, tcp_zerocopy_receive(), EIO once the queue is drained and the
 * socket is done. It leaves a pending error alone and maps nothing. */
static enum known ask_fin_seen(int fd)
{
    struct {
        uint64_t address;
        uint32_t length, skip;
    } request = {0, 0, 0};
    socklen_t len = sizeof request;
    long result = raw(SYS_getsockopt, fd, IPPROTO_TCP, OPTION_TCP_ZEROCOPY_RECEIVE, &request, &len);
    if (result == -EIO) {
        return YES;
    }
    return result == 0 && request.skip == 0 ? NO : UNKNOWN;
}

static bool peer_fin_counted(const struct facts *f)
{
    switch (f->state) {
    case TCP_STATE_CLOSE_WAIT:
    case TCP_STATE_LAST_ACK:
    case TCP_STATE_CLOSING:
    case TCP_STATE_TIME_WAIT:
        return true;
    case TCP_STATE_CLOSE:
        return f->fin_seen == YES;
    default:
        return false;
    }
}

/* Whether this program's FIN was sent. In state CLOSE the sequence numbers tell:
 * what was acknowledged and what is in flight exceeds the payload by one for the
 * SYN, which only the side that connected counts, and by one for a FIN. One
 * alone may be either. */
static enum known own_fin(unsigned state, uint64_t excess)
{
    switch (state) {
    case TCP_STATE_FIN_WAIT1:
    case TCP_STATE_FIN_WAIT2:
    case TCP_STATE_CLOSING:
    case TCP_STATE_LAST_ACK:
    case TCP_STATE_TIME_WAIT:
        return YES;
    case TCP_STATE_CLOSE:
        return excess == 0 ? NO : excess == 2 ? YES : UNKNOWN;
    default:
        return NO;
    }
}

/* FIN_WAIT2 and TIME_WAIT are states in which it has been acknowledged. */
static bool own_fin_unacked(const struct facts *f)
{
    return f->own_fin == YES && f->state != TCP_STATE_FIN_WAIT2 && f->state != TCP_STATE_TIME_WAIT;
}

/* What is written and not acknowledged. With no segment in flight it is what is
 * not sent: no question. (In state CLOSE the count of segments says nothing.) */
static uint32_t output_queue(const struct facts *f, const struct tcp_facts *info)
{
    int queue = 0;
    if (f->protocol == IPPROTO_TCP && f->state != TCP_STATE_CLOSE && info->unacked == 0) {
        return info->notsent_bytes;
    }
    raw(SYS_ioctl, f->fd, OUTPUT_QUEUE, &queue);
    return (uint32_t)queue;
}

/* What was acknowledged, where bytes_sent is of no use: a segment that this host
 * itself failed to send (interface down, no route, dropped by a firewall rule of
 * its own or by a full queue) is counted at each try, and not as retransmitted
 * (net/ipv4/tcp_output.c, __tcp_transmit_skb()). bytes_acked has the SYN, unless
 * the other side connected; to be sure it is taken off. */
static uint64_t payload_acked(const struct facts *f, const struct tcp_facts *info)
{
    bool fin_acked = f->state == TCP_STATE_FIN_WAIT2 || f->state == TCP_STATE_TIME_WAIT;
    unsigned other = fin_acked ? 2 : 1;
    return info->bytes_acked > other ? info->bytes_acked - other : 0;
}

/* Payload, without SYN and FIN. bytes_sent and bytes_retrans have payload alone;
 * notsent_bytes and the output queue are differences of sequence numbers, in which
 * our FIN counts as a byte, and bytes_received has the peer's
 * (include/uapi/linux/tcp.h; net/ipv4/tcp.c, tcp_get_info() and tcp_ioctl()). */
static void count_payload(struct facts *f, const struct tcp_facts *info)
{
    uint64_t payload = info->bytes_sent - info->bytes_retrans;
    uint32_t queue = output_queue(f, info);
    uint32_t unsent = info->notsent_bytes;
    uint32_t unacked = queue > unsent ? queue - unsent : 0;
    f->own_fin = own_fin(f->state, info->bytes_acked + unacked - payload);
    if (own_fin_unacked(f)) {
        if (unsent > 0) { /* a FIN is the last thing to go */
            unsent--;
        } else if (unacked > 0) {
            unacked--;
        }
    }
    f->unsent = unsent;
    f->unacked = unacked;
    f->tx = payload > unacked ? payload - unacked : 0;
    if (f->tx > info->bytes_acked) {
        f->tx = payload_acked(f, info);
        /* While segments are in flight the queue may have moved on meanwhile. */
        f->send_failed = f->state == TCP_STATE_CLOSE || info->unacked == 0;
    }
    f->rx = info->bytes_received - (info->bytes_received > 0 && peer_fin_counted(f));
    f->has_payload = true;
}

/* An MPTCP connection is counted as a whole; TCP_INFO is of its first subflow.
 * false for one that has fallen back to plain TCP: there the subflow is all. */
static bool count_mptcp(struct facts *f)
{
    struct mptcp_facts info;
    socklen_t len = sizeof info;
    int queue = 0;
    int unsent = 0;
    memset(&info, 0, sizeof info);
    if (!ask(f->fd, LEVEL_MPTCP, OPTION_MPTCP_INFO, &info, &len) || len < sizeof info) {
        return false;
    }
    uint64_t payload = info.bytes_sent - info.bytes_retrans;
    raw(SYS_ioctl, f->fd, UNSENT_QUEUE, &unsent);
    raw(SYS_ioctl, f->fd, OUTPUT_QUEUE, &queue);
    f->has_payload = true;
    f->rx = info.bytes_received;
    f->tx = info.bytes_acked < payload ? info.bytes_acked : payload; /* less a DATA_FIN */
    f->unsent = unsent > 0 ? (uint32_t)unsent : 0;
    f->unacked = queue > unsent ? (uint32_t)(queue - unsent) : 0;
    return true;
}

/* A socket whose connect was refused still has a peer, and state CLOSE. Without
 * time stamps a connection that was accepted by SYN cookie, or after its SYN-ACK
 * was sent again, has no round trip; its SYN-ACK counts as delivered. */
static bool ever_established(const struct tcp_facts *info)
{
    switch (info->state) {
    case TCP_STATE_LISTEN:
    case TCP_STATE_SYN_SENT:
    case TCP_STATE_SYN_RECV:
        return false;
    case TCP_STATE_CLOSE:
        return info->rtt || info->bytes_acked || info->bytes_received || info->bytes_sent ||
               info->delivered;
    default:
        return true;
    }
}

/* Returns whether it is a TCP or MPTCP socket. */
static bool find_tcp(struct facts *f)
{
    struct tcp_facts info;
    socklen_t len = sizeof info;
    memset(&info, 0, sizeof info);
    if (!ask(f->fd, IPPROTO_TCP, OPTION_TCP_INFO, &info, &len)) {
        return false;
    }
    /* An emulator (qemu-user) tells the first bytes only. Without the rest, CLOSE
     * does not say whether there was a connection. */
    bool is_whole = len >= offsetof(struct tcp_facts, rttvar);
    f->state = is_whole || info.state != TCP_STATE_CLOSE ? info.state : 0;
    if (!is_whole || !ever_established(&info)) {
        return true;
    }
    f->was_connected = true;
    f->idle_ms = info.last_data_recv;
    f->rtt_us = info.rtt;
    f->retrans = info.total_retrans;
    f->tries = info.retransmits;
    f->probes = info.probes;
    f->window_closed = len >= sizeof info && info.snd_wnd == 0;
    bool has_counts = len >= offsetof(struct tcp_facts, dsack_dups);
    if (f->state == TCP_STATE_CLOSE && f->protocol == IPPROTO_TCP) {
        /* A FIN is counted as a byte received. */
        f->fin_seen = has_counts && info.bytes_received == 0 ? NO : ask_fin_seen(f->fd);
    }
    if (f->protocol == IPPROTO_MPTCP && count_mptcp(f)) {
        return true;
    }
    if (has_counts) {
        count_payload(f, &info);
    }
    return true;
}

/* ---- What a single errno value asks for ---- */

/* Where the handler is ours the default would have been; but a blocked signal
 * would not have ended anything. */
static void find_sigpipe(struct facts *f)
{
    uint64_t blocked = 0;
    bool by_socket = f->sends && f->type == SOCK_STREAM && !(f->flags & MSG_NOSIGNAL);
    bool by_pipe = f->call == CALL_splice && f->receives;
    if ((by_socket || by_pipe) && sigpipe_is_swallowed() &&
        raw(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked) == 0) {
        f->saved_from_sigpipe = !(blocked >> (SIGPIPE - 1) & 1);
    }
}

static void find_keepalive(struct facts *f)
{
    int timeout = ask_int(f->fd, IPPROTO_TCP, OPTION_TCP_USER_TIMEOUT);
    f->keepalive = ask_int(f->fd, SOL_SOCKET, SO_KEEPALIVE) > 0;
    f->user_timeout_ms = timeout > 0 ? (uint32_t)timeout : 0;
}

static void find_descriptor_limit(struct facts *f)
{
    uint64_t limit = raw_soft_limit(RLIMIT_NOFILE);
    f->descriptor_limit = limit != ~(uint64_t)0 ? limit : 0;
}

/* The range as the program's network namespace has it now. */
static void find_port_range(struct facts *f)
{
    char digits[32] = "";
    unsigned ports[2] = {0, 0};
    int which = 0;
    long fd =
        raw(SYS_openat, AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    long len = raw(SYS_read, fd, digits, sizeof digits);
    raw(SYS_close, fd);
    for (long i = 0; i < len; i++) {
        if (digits[i] >= '0' && digits[i] <= '9') {
            ports[which] = ports[which] * 10 + (unsigned)(digits[i] - '0');
        } else {
            which = 1;
        }
    }
    f->port_low = ports[0];
    f->port_high = ports[1];
}

static void find_sizes(struct facts *f)
{
    bool v6 = f->domain == AF_INET6;
    int size = ask_int(f->fd, SOL_SOCKET, SO_SNDBUF);
    /* Answered for a connected socket only. */
    int mtu = f->domain == AF_INET ? ask_int(f->fd, IPPROTO_IP, IP_MTU)
              : v6                 ? ask_int(f->fd, IPPROTO_IPV6, IPV6_MTU)
                                   : 0;
    f->send_buffer = size > 0 ? (uint32_t)size : 0;
    f->mtu = mtu > 0 ? (uint32_t)mtu : 0;
}

/* A datagram socket that asked for them is told of the ICMP errors of all that
 * it sends, to whatever address, by the next call: ip(7). */
static void find_hears_errors(struct facts *f)
{
    enum { OPTION_IP_RECVERR = 11, OPTION_IPV6_RECVERR = 25 };
    if (!is_inet_family(f->domain) || f->type == SOCK_STREAM) {
        return;
    }
    f->hears_errors =
        ask_int(f->fd, IPPROTO_IP, OPTION_IP_RECVERR) > 0 ||
        (f->domain == AF_INET6 && ask_int(f->fd, IPPROTO_IPV6, OPTION_IPV6_RECVERR) > 0);
}

static void find_by_errno(struct facts *f)
{
    switch (f->err) {
    case 0:
        if (f->receives) {
            find_poll(f);
        }
        return;
    case EPIPE:
        find_poll(f);
        find_sigpipe(f);
        return;
    case ETIMEDOUT:
        find_keepalive(f);
        return;
    case EMFILE:
        find_descriptor_limit(f);
        return;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
        find_port_range(f);
        return;
    case EMSGSIZE:
        find_hears_errors(f);
        __attribute__((fallthrough));
    case ENOBUFS:
        find_sizes(f);
        return;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EACCES:
        find_hears_errors(f);
        return;
    default:
        return;
    }
}

/* ---- All of it ---- */

static bool is_waiting_call(const struct facts *f)
{
    return f->receives || f->call == CALL_accept || f->call == CALL_accept4;
}

/* Whether the record is to be lean; asks what must be known to say so. */
static bool find_lean(struct facts *f, const struct attempt *a)
{
    bool could_block = f->err == EAGAIN || f->err == EINPROGRESS || f->err == EALREADY;
    if (could_block) {
        find_nonblocking(f, a);
    }
    return f->err == EINTR || (f->err == EAGAIN && f->nonblocking == YES && is_waiting_call(f));
}

/* EBADF of an open socket is of a descriptor in the message: unix(7), SCM_RIGHTS. */
static bool passes_descriptors(struct facts *f)
{
    bool sends_message = f->call == CALL_sendmsg || f->call == CALL_sendmmsg;
    return sends_message && ask_int(f->fd, SOL_SOCKET, SO_DOMAIN) >= 0;
}

bool observe(struct facts *f, enum call call, long ret, int err, const struct attempt *a)
{
    bool any = call_takes_any_file(call);
    memset(f, 0, offsetof(struct facts, local));
    f->local.len = f->peer.len = 0;
    f->call = call;
    f->fd = a->fd;
    f->ret = ret;
    f->err = err;
    f->domain = f->type = f->protocol = -1;
    f->sets_timeouts = process_sets_timeouts() ? YES : NO;
    take_call(f, a);
    if (process_is_caged()) {
        f->is_lean = YES;
        return !any;
    }
    if (any && !choose_end(f, a)) {
        return false;
    }
    bool gone = err == ENOTSOCK || (err == EBADF && !any && !passes_descriptors(f));
    if (gone || f->fd < 0) {
        find_by_errno(f);
        return true;
    }
    if (find_lean(f, a)) {
        f->is_lean = YES;
        return true;
    }
    if (!any) {
        find_local(f);
    }
    if (is_inet_family(f->domain)) {
        f->protocol = ask_int(f->fd, SOL_SOCKET, SO_PROTOCOL);
    }
    bool tcp = is_tcp_protocol(f->protocol);
    if (tcp && find_tcp(f)) {
        f->type = SOCK_STREAM; /* a raw socket has the number, but no TCP_INFO */
    } else if (f->type < 0) {
        f->type = ask_int(f->fd, SOL_SOCKET, SO_TYPE);
    }
    find_peer(f);
    if (f->domain == AF_UNIX && has_peer_process(f)) {
        find_unix_peer(f);
    }
    if (f->nonblocking == NO) {
        find_timeout(f);
    }
    find_by_errno(f);
    return true;
}
