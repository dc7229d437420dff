#include "observe/holder.h"

#include "base/apart.h"
#include "base/ask.h"
#include "base/raw.h"

#include <errno.h>
#include <string.h>

/* Of include/uapi/linux/: netlink.h, sock_diag.h, and asm-generic/socket.h. */
enum { NETLINK_OF_SOCKETS = 4, SOCK_DIAG_OF_FAMILY = 20, IS_REQUEST = 1, IS_ERROR = 2 };
enum { OPTION_COOKIE = 57 };

static void take(uint32_t to[4], uint16_t *port, const struct address *a)
{
    const union socket_address *at = address_at(a);
    if (at->any.sa_family == AF_INET) {
        to[0] = at->in.sin_addr.s_addr;
        *port = at->in.sin_port;
    } else {
        memcpy(to, &at->in6.sin6_addr, sizeof at->in6.sin6_addr);
        *port = at->in6.sin6_port;
    }
}

bool connection_of(struct connection *c, const struct facts *f)
{
    socklen_t len = sizeof c->cookie;
    if (!address_port(&f->local) || !address_port(&f->peer)) {
        return false;
    }
    memset(c, 0, sizeof *c);
    c->length = sizeof *c;
    c->kind = SOCK_DIAG_OF_FAMILY;
    c->flags = IS_REQUEST;
    c->family = (uint8_t)f->domain;
    c->protocol = IPPROTO_TCP;
    c->states = ~0U;
    take(c->local, &c->local_port, &f->local);
    take(c->peer, &c->peer_port, &f->peer);
    return ask(f->fd, SOL_SOCKET, OPTION_COOKIE, c->cookie, &len);
}

/* struct nlmsghdr, and struct inet_diag_msg or the negated errno. */
struct answer {
    uint32_t length;
    uint16_t kind, flags;
    uint32_t sequence, port_id;
    union {
        int error;
        struct {
            uint8_t family, state, timer, retransmissions;
            uint32_t id[12];
            uint32_t timer_ms, rqueue, wqueue, uid, inode;
        } found;
    };
};

static void read_answer(struct holder *h, const struct answer *a, long len)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the kernel filled it */
    if (len >= 20 && a->kind == IS_ERROR) {
        /* Another socket has the addresses now, or none. */
        h->is_held = a->error == -ENOENT || a->error == -ESTALE ? NO : UNKNOWN;
    } else if (len >= (long)sizeof *a && a->kind == SOCK_DIAG_OF_FAMILY) {
        h->is_there = true;
        h->is_held = a->found.inode ? YES : NO;
        h->waits_for_timer = a->found.timer == 1;
        h->timer_ms = a->found.timer_ms;
    }
}

struct question {
    struct holder holder;
    const struct connection *connection;
};

/* The answer lies there when the request has been sent. */
static void ask_kernel(void *what)
{
    struct answer a;
    struct question *q = what;
    const struct connection *c = q->connection;
    long fd = raw(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_OF_SOCKETS);
    if (fd < 0) {
        return;
    }
    if (raw(SYS_sendto, fd, c, sizeof *c, MSG_NOSIGNAL, 0, 0) == (long)sizeof *c) {
        read_answer(&q->holder, &a, raw(SYS_recvfrom, fd, &a, sizeof a, MSG_DONTWAIT, 0, 0));
    }
    raw(SYS_close, fd);
}

struct holder connection_holder(const struct connection *c)
{
    struct question q = {.connection = c};
    apart(ask_kernel, &q);
    return q.holder;
}
