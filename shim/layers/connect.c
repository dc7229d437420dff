/* SOCKSHIM_CONNECT_RETRY, and what a connection is given before it is made. */
#include "base/ask.h"
#include "base/settings.h"
#include "failure/handled.h"
#include "layers/layers.h"
#include "layers/limit.h"
#include "layers/options.h"
#include "layers/resolved.h"
#include "layers/timed_out.h"
#include "layers/wait.h"

#include <errno.h>

enum { FIRST_PAUSE_MS = 50, LONGEST_PAUSE_MS = 2000 };

/* What a server that starts later, or a network that comes up later, mends. */
static bool may_pass(int err)
{
    switch (err) {
    case ECONNREFUSED:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENOENT: /* a unix socket's path */
        return true;
    default:
        return false;
    }
}

/* Datagram sockets connect to nobody: programs ask by them which way packets would go. */
static bool is_stream(int fd)
{
    int type = ask_int(fd, SOL_SOCKET, SO_TYPE);
    return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

static const char *words_of(int result, int err, char *buffer, size_t size)
{
    struct text t = text_in(buffer, size - 1, QUOTE_PLAIN);
    const char *name = errno_name(err);
    text_add(&t, result == 0 ? "0" : "-1 ");
    text_add(&t, result == 0 ? "" : name ? name : "?");
    *t.at = 0;
    return buffer;
}

static void say(const struct attempt *a, int err, int result, unsigned tries, unsigned ms)
{
    char would[24];
    char given[24];
    handled(&(struct change){.setting = SETTING_CONNECT_RETRY,
                             .call = CALL_connect,
                             .err = err,
                             .attempt = a,
                             .would = words_of(-1, err, would, sizeof would),
                             .given = words_of(result, errno, given, sizeof given),
                             .tries = tries,
                             .waited_ms = ms});
}

/* A signal ends it with the failure of the last try: EINTR would promise a connect that
 * goes on. A connect that was interrupted itself is not made again. */
static __attribute__((noinline)) int connect_again(int fd, const struct sockaddr *addr,
                                                   socklen_t len, int err)
{
    struct attempt a = {.fd = fd, .addr = addr, .addrlen = len};
    struct patience patience =
        patience_of(settings.handling.connect_retry_ms, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    int last = err;
    int result = -1;
    unsigned tries = 0;
    while (result < 0 && may_pass(last) && patience_wait(&patience)) {
        result = connect_within_limit(fd, addr, len);
        last = errno;
        tries++;
    }
    errno = last;
    if (tries > 0) {
        say(&a, err, result, tries, (unsigned)(now_ms() - patience.begin));
    }
    return result;
}

static int layer_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    int kept = errno;
    options_adopt(fd);
    options_limit_receiving(fd);
    int result = connect_within_limit(fd, addr, len);
    int err = errno;
    if (result < 0 && settings.handling.connect_retry_ms > 0 && may_pass(err) && may_wait(fd) &&
        is_stream(fd) && !resolved_has_another(addr, len)) {
        result = connect_again(fd, addr, len, err);
        err = errno;
    }
    if (result < 0 && err == ETIMEDOUT) {
        timed_out(CALL_connect, -1, &(struct attempt){.fd = fd, .addr = addr, .addrlen = len});
    }
    errno = result == 0 ? kept : err;
    return result;
}

void connect_install(void)
{
    const struct handling *h = &settings.handling;
    bool retries = h->connect_retry_ms > 0;
    if (retries) {
        wait_begin();
        resolved_install();
    }
    if (retries || h->connect_timeout_ms > 0 || h->dead_peer_ms > 0 || h->keeps_alive ||
        h->recv_timeout_ms > 0) {
        next.connect = layer_connect;
    }
}
