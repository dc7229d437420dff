#include "observe/observe.h"

#include "base/ask.h"
#include "base/filter.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "observe/arguments.h"
#include "observe/by_errno.h"
#include "observe/resolved.h"
#include "observe/site.h"
#include "observe/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

/* The family, and the socket's own address; false if the descriptor is no socket. An
 * errno that is not the kernel's answer (ENOSYS or EPERM of a seccomp filter) says
 * neither. */
static bool find_local(struct facts *f)
{
    socklen_t len;
    void *place = address_place(&f->room, &len);
    if (f->call == CALL_bind) { /* it was given the address that matters */
        f->domain = (short)ask_int(f->fd, SOL_SOCKET, SO_DOMAIN);
        return true;
    }
    long result = raw(SYS_getsockname, f->fd, place, &len);
    if (result == 0) {
        address_keep(&f->local, &f->room, len);
        f->domain = (short)address_family(&f->local);
        return true;
    }
    if (result == -EBADF || result == -ENOTSOCK) {
        return false;
    }
    f->domain = (short)ask_int(f->fd, SOL_SOCKET, SO_DOMAIN);
    if (f->domain < 0) { /* a filter answers in the kernel's place */
        f->is_lean = YES;
    }
    return f->domain >= 0 || is_socket(f->fd);
}

/* Whether a socket call of ours could do harm: the program has made none itself, and runs
 * in a filter that may kill for them. */
static bool must_not_ask(void)
{
    if (process_calls_sockets()) {
        return false;
    }
    filter_find();
    return process_is_filtered();
}

/* Whether this end is a socket; in such a filter the record is lean. */
static bool is_socket_end(struct facts *f)
{
    if (!process_calls_sockets() && !is_socket(f->fd)) {
        return false;
    }
    f->is_lean = must_not_ask() ? YES : UNKNOWN;
    return f->is_lean == YES || find_local(f);
}

/* splice has a socket at either end: which one tells the direction. */
static bool choose_end(struct facts *f, const struct attempt *a)
{
    if (is_socket_end(f)) {
        return true;
    }
    if (call_traits[f->call].direction != EITHER_WAY) {
        return false;
    }
    f->fd = a->other;
    f->receives = true;
    f->sends = false;
    return is_socket_end(f);
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
    } else if (call_traits[f->call].direction ==
               EITHER_WAY) { /* the pipe may be what does not wait */
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
    bool reads = f->receives || is_accept(f->call);
    int option = reads ? OPTION_RECEIVE_TIMEOUT : OPTION_SEND_TIMEOUT;
    socklen_t len = sizeof limit;
    if (ask(f->fd, SOL_SOCKET, option, &limit, &len)) {
        f->timeout_us = (uint64_t)limit.seconds * 1000000 + (uint64_t)limit.microseconds;
    }
}

/* Where a socket sends to where it is connected, an address in the call is ignored
 * (net/ipv4/tcp.c, but for MSG_FASTOPEN on a socket that has no connection), or refused
 * (net/unix/af_unix.c). */
static void forget_address_in_vain(struct facts *f)
{
    bool connects = f->flags & MSG_FASTOPEN && !f->was_connected && is_inet_family(f->domain);
    bool one_peer = f->type == SOCK_STREAM ||
                    (f->type == SOCK_SEQPACKET && !is_inet_family(f->domain)); /* not SCTP */
    if (f->sends && f->peer_from_call && one_peer && !connects) {
        f->peer.len = 0;
        f->peer_from_call = false;
        f->names_in_vain = true;
    }
}

static void find_peer(struct facts *f)
{
    if (f->peer.len > 0) { /* the call named it */
        return;
    }
    bool inet = is_inet_family(f->domain);
    bool gone = f->state == TCP_STATE_CLOSE || f->state == TCP_STATE_SYN_SENT;
    socklen_t len;
    void *place = address_place(&f->room, &len);
    socklen_t exact =
        f->domain == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    bool has_room = exact <= len; /* not behind a long address that the call was given */
    bool found = !gone && raw(SYS_getpeername, f->fd, place, &len) == 0;
    if (!found && inet && has_room) {
        /* What still answers after a reset, and costs more. It wants the exact length. */
        len = exact;
        found = ask(f->fd, SOL_SOCKET, SO_PEERNAME, place, &len);
    }
    if (found) {
        address_keep(&f->peer, &f->room, len);
    }
}

/* Of a listener the kernel names the listener itself; and an address that the
 * call named need not be that of the process which the socket knows. */
static bool has_peer_process(const struct facts *f)
{
    bool listens = is_accept(f->call) || f->call == CALL_listen;
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

static bool is_waiting_call(const struct facts *f)
{
    return f->receives || is_accept(f->call);
}

/* A connect that is under way: its peer is the call's own argument. With SO_SNDTIMEO a
 * blocking one may have given up. */
static bool is_begun(const struct facts *f)
{
    return f->call == CALL_connect && f->err == EINPROGRESS && f->sets_timeouts == NO;
}

/* Whether the record is to be lean; asks what must be known to say so. */
static bool find_lean(struct facts *f, const struct attempt *a)
{
    if (is_begun(f)) {
        return true;
    }
    bool by_us = f->err == ETIMEDOUT && settings.handling.recv_timeout_ms > 0; /* was EAGAIN */
    bool could_block = f->err == EAGAIN || f->err == EINPROGRESS || f->err == EALREADY || by_us;
    if (could_block) {
        find_nonblocking(f, a);
    }
    return f->err == EINTR || (f->err == EAGAIN && f->nonblocking == YES && is_waiting_call(f));
}

/* EBADF of an open socket is of a descriptor in the message: unix(7), SCM_RIGHTS; or in the value
 * of an option: socket(7), SO_ATTACH_BPF. */
static bool passes_descriptors(struct facts *f)
{
    bool passes = f->call == CALL_sendmsg || f->call == CALL_sendmmsg || f->call == CALL_setsockopt;
    return passes && ask_int(f->fd, SOL_SOCKET, SO_DOMAIN) >= 0;
}

/* errno values that hardly anything but a socket gives. */
static bool is_of_sockets(int err)
{
    return err == ECONNRESET || err == ECONNABORTED || err == ECONNREFUSED || err == ETIMEDOUT ||
           err == EHOSTUNREACH || err == ENETUNREACH || err == ENETDOWN;
}

/* That another thread closed the descriptor, of a socket, while the call waited. */
static bool was_socket(const struct facts *f)
{
    return is_of_sockets(f->err) && raw(RAW_FCNTL, f->fd, F_GETFD) == -EBADF;
}

static void begin(struct facts *f, enum call call, long ret, int err, const struct attempt *a)
{
    memset(f, 0, offsetof(struct facts, room.bytes));
    f->call = (uint8_t)call;
    f->fd = a->fd;
    f->ret = (int)ret;
    f->err = err;
    f->domain = f->type = f->protocol = -1;
    f->sets_timeouts = process_sets_timeouts() ? YES : NO;
    take_call(f, a);
}

static void find_kind(struct facts *f)
{
    if (is_inet_family(f->domain)) {
        f->protocol = (short)ask_int(f->fd, SOL_SOCKET, SO_PROTOCOL);
    }
    if (is_tcp_protocol(f->protocol) && find_tcp(f)) {
        f->type = SOCK_STREAM; /* a raw socket has the number, but no TCP_INFO */
    } else if (f->type < 0) {
        f->type = (short)ask_int(f->fd, SOL_SOCKET, SO_TYPE);
    }
}

/* Whoever reads at the end in a way that would have waited wanted more. Asked after a silence
 * alone: else somebody was just done. */
static void find_patience(struct facts *f, const struct attempt *a)
{
    bool at_end = f->ret == 0 && f->err == 0 && f->receives && !(f->flags & MSG_PEEK);
    if (at_end && f->side == CONNECTED && f->idle_ms >= LEAST_SILENCE_MS) {
        find_nonblocking(f, a);
    }
}

static void find_all(struct facts *f)
{
    find_kind(f);
    forget_address_in_vain(f);
    find_peer(f);
    find_peer_name(f);
    if (f->domain == AF_UNIX && has_peer_process(f)) {
        find_unix_peer(f);
    }
    if (f->nonblocking == NO) {
        find_timeout(f);
    }
    find_by_errno(f);
}

void observe_call(struct facts *f, enum call call, long ret, int err, const struct attempt *a)
{
    begin(f, call, ret, err, a);
    f->is_lean = YES;
}

bool observe(struct facts *f, enum call call, long ret, int err, const struct attempt *a)
{
    bool any = call_takes_any_file(call);
    begin(f, call, ret, err, a);
    if (process_is_caged()) {
        f->is_lean = YES;
        return !any;
    }
    if (any && !choose_end(f, a)) {
        return was_socket(f);
    }
    if (f->is_lean == YES) {
        return true;
    }
    bool gone = err == ENOTSOCK || (err == EBADF && !any && !passes_descriptors(f));
    if (gone || f->fd < 0) {
        find_site(f, a->site);
        find_by_errno(f);
        return true;
    }
    if (find_lean(f, a)) {
        f->is_lean = YES;
        find_peer_name(f);
        return true;
    }
    find_site(f, a->site);
    if (!any) {
        find_local(f);
    }
    find_all(f);
    find_patience(f, a);
    return true;
}
