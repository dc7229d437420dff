/* SOCKSHIM_ACCEPT, and what an accepted connection is given. */
#include "base/ask.h"
#include "base/process.h"
#include "base/settings.h"
#include "failure/handled.h"
#include "layers/layers.h"
#include "layers/options.h"
#include "layers/wait.h"

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

static const char *words_of(int result, int err, char *buffer, size_t size)
{
    struct text t = text_in(buffer, size - 1, QUOTE_PLAIN);
    text_add(&t, result >= 0 ? "a connection" : "-1 ");
    if (result < 0) {
        const char *name = errno_name(err);
        text_add(&t, name ? name : "?");
    }
    *t.at = 0;
    return buffer;
}

static void say(const struct listener *l, int err, int result, unsigned tries, unsigned ms)
{
    struct attempt a = {.fd = l->fd};
    char would[24];
    char given[24];
    handled(&(struct change){.setting = SETTING_ACCEPT,
                             .call = l->call,
                             .err = err,
                             .attempt = &a,
                             .would = words_of(-1, err, would, sizeof would),
                             .given = words_of(result, errno, given, sizeof given),
                             .tries = tries,
                             .waited_ms = ms});
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

static __attribute__((noinline)) int accept_again(const struct listener *l, int err)
{
    unsigned tries = 0;
    struct patience patience = patience_of(MOST_MS, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    bool handles = is_limit(err) ? may_wait(l->fd) : ask_int(l->fd, SOL_SOCKET, SO_ACCEPTCONN) > 0;
    errno = err;
    if (!handles) {
        return -1;
    }
    int result =
        is_limit(err) ? over_limit(l, &patience, &tries) : over_lost_connections(l, &tries);
    if (tries > 0) {
        say(l, err, result, tries, (unsigned)(now_ms() - patience.begin));
    }
    return result;
}

static int layer_by(const struct listener *l)
{
    int kept = errno;
    int result = accept_once(l);
    if (result < 0 && settings.handling.accept_careful && !process_is_caged() &&
        (is_of_network(errno) || is_limit(errno))) {
        result = accept_again(l, errno);
    }
    if (result >= 0) {
        options_adopt(result);
        options_limit_receiving(result);
        errno = kept;
    }
    return result;
}

static int layer_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    return layer_by(&(struct listener){CALL_accept, fd, addr, len, 0});
}

static int layer_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    return layer_by(&(struct listener){CALL_accept4, fd, addr, len, flags});
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
