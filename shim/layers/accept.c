/* SOCKSHIM_ACCEPT, and what an accepted connection is given. */
#include "base/ask.h"
#include "base/hint.h"
#include "base/process.h"
#include "base/settings.h"
#include "failure/handled.h"
#include "layers/layers.h"
#include "layers/options.h"
#include "layers/wait.h"
#include "start/hindrance.h"

#include <errno.h>

enum { MOST_MS = 1000, FIRST_PAUSE_MS = 10, LONGEST_PAUSE_MS = 200, MOST_ERRORS = 10000 };

/* An accept, by either of its names. */
struct listener {
    enum call call;
    int fd;
    struct sockaddr *addr;
    socklen_t *len;
    int flags;
};

static int accept_once(const struct listener *l)
{
    return l->call == CALL_accept ? beneath.accept(l->fd, l->addr, l->len)
                                  : beneath.accept4(l->fd, l->addr, l->len, l->flags);
}

/* "Error handling" in accept(2): errors of the connection that is lost, to be treated
 * like EAGAIN by trying again. */
static bool is_of_network(int err)
{
    switch (err) {
    case ECONNABORTED:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP: /* also of a socket that does not listen */
    case ENETUNREACH:
        return true;
    default:
        return false;
    }
}

static bool is_limit(int err)
{
    return err == EMFILE || err == ENFILE;
}

/* No pause: each error has taken a connection out of the queue. */
static int over_lost_connections(const struct listener *l, unsigned *tries)
{
    int result;
    do {
        result = accept_once(l);
        ++*tries;
    } while (result < 0 && is_of_network(errno) && *tries < MOST_ERRORS);
    return result;
}

/* Until another thread or process has closed something, or for a second. */
static int over_limit(const struct listener *l, struct patience *patience, unsigned *tries)
{
    int err = errno;
    while (patience_wait(patience)) {
        int result = accept_once(l);
        ++*tries;
        if (result >= 0 || !is_limit(errno)) {
            return result;
        }
    }
    errno = err;
    return -1;
}

/* given: the connection, or -errno. */
static struct change outcome_of(const struct listener *l, int err, int result)
{
    return (struct change){.setting = SETTING_COUNT,
                           .call = (uint8_t)l->call,
                           .err = (uint16_t)err,
                           .given = result >= 0 ? result : -errno};
}

static struct change accept_again(const struct listener *l, int err)
{
    unsigned tries = 0;
    struct patience patience = patience_of(MOST_MS, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    bool handles = is_limit(err) ? may_wait(l->fd) : ask_int(l->fd, SOL_SOCKET, SO_ACCEPTCONN) > 0;
    int result = -1;
    errno = err;
    if (is_limit(err) && !handles) {
        hindrance_found(SETTING_ACCEPT, HINDRANCE_NONBLOCKING);
    }
    if (handles) {
        result =
            is_limit(err) ? over_limit(l, &patience, &tries) : over_lost_connections(l, &tries);
    }
    struct change c = outcome_of(l, err, result);
    if (tries > 0) {
        c.setting = SETTING_ACCEPT;
        c.tries = (uint16_t)tries;
        c.waited_ms = (uint32_t)(now_ms() - patience.begin);
    }
    return c;
}

/* A listener that this process has made has passed its options on (sk_clone_lock() in
 * net/core/sock.c). */
static void take(int fd, int listener)
{
    if (!hint_is_set(listener)) {
        options_adopt(fd);
    }
    options_limit_accepted(fd);
}

static __attribute__((noinline)) struct change accept_carefully(const struct listener *l)
{
    int kept = errno;
    int result = accept_once(l);
    struct change c = outcome_of(l, 0, result);
    if (result < 0 && settings.handling.accept_careful && !process_is_caged() &&
        (is_of_network(errno) || is_limit(errno))) {
        c = accept_again(l, errno);
    }
    if (c.given >= 0) {
        take(c.given, l->fd);
    }
    errno = c.given >= 0 ? kept : -c.given;
    return c;
}

static __attribute__((noinline)) struct change
accept_by(enum call call, int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    return accept_carefully(&(struct listener){call, fd, addr, len, flags});
}

static int finish(int fd, struct change c)
{
    int result = c.given >= 0 ? c.given : -1;
    return c.setting == SETTING_COUNT ? result : handled(fd, NULL, c, result);
}

static int layer_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    return finish(fd, accept_by(CALL_accept, fd, addr, len, 0));
}

static int layer_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    return finish(fd, accept_by(CALL_accept4, fd, addr, len, flags));
}

void accept_install(void)
{
    const struct handling *h = &settings.handling;
    if (h->accept_careful) {
        wait_begin();
    }
    if (h->accept_careful || h->dead_peer_ms > 0 || h->keeps_alive || h->recv_timeout_ms > 0) {
        next.accept = layer_accept;
        next.accept4 = layer_accept4;
    }
}
