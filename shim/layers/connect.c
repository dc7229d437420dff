/* SOCKSHIM_CONNECT_RETRY, and what a connection is given before it is made. */
#include "base/ask.h"
#include "base/hint.h"
#include "base/settings.h"
#include "failure/handled.h"
#include "layers/layers.h"
#include "layers/limit.h"
#include "layers/options.h"
#include "layers/resolved.h"
#include "layers/timed_out.h"
#include "layers/wait.h"
#include "start/hindrance.h"

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

/* What has come of a connect: of none but the kernel's doing, SETTING_COUNT. */
static struct change outcome_of(enum setting setting, socklen_t len, int err, int result)
{
    return (struct change){.setting = (uint8_t)setting,
                           .call = CALL_connect,
                           .err = (uint16_t)err,
                           .addrlen = (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX),
                           .given = result == 0 ? 0 : -errno};
}

/* A signal ends it with the failure of the last try: EINTR would promise a connect that
 * goes on. A connect that was interrupted itself is not made again. */
static struct change connect_again(int fd, const struct sockaddr *addr, socklen_t len, int err)
{
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
    struct change c =
        outcome_of(tries > 0 ? SETTING_CONNECT_RETRY : SETTING_COUNT, len, err, result);
    c.tries = (uint16_t)(tries < UINT16_MAX ? tries : UINT16_MAX);
    return c;
}

/* Whose doing it was that it timed out. */
static enum setting setting_behind(const struct attempt *a, int result, unsigned waited_ms)
{
    if (result == LIMIT_REACHED) {
        return limit_came_first(a->fd, settings.handling.connect_timeout_ms, waited_ms)
                   ? SETTING_CONNECT_TIMEOUT
                   : SETTING_COUNT;
    }
    return (enum setting)timed_out(CALL_connect, -1, a, waited_ms).setting;
}

/* Its failure is nobody's to repair: the program has gone on. */
static void note_no_wait(int fd)
{
    if (!may_wait(fd)) { /* else its own SO_SNDTIMEO was over */
        hindrance_found(SETTING_CONNECT_RETRY, HINDRANCE_NONBLOCKING);
    }
}

/* A filter may have answered in the kernel's place, which then has not read the address. */
static bool has_another(const struct sockaddr *addr, socklen_t len)
{
    return len <= sizeof(struct sockaddr_storage) && can_read(addr, len) &&
           resolved_has_another(addr, len);
}

static struct change connect_carefully(int fd, const struct sockaddr *addr, socklen_t len,
                                       unsigned long long begin)
{
    if (!hint_is_set(fd)) { /* else it has them since it was made */
        options_adopt(fd);
    }
    options_limit_receiving(fd);
    int result = connect_within_limit(fd, addr, len);
    int err = errno;
    if (result < 0 && settings.handling.connect_retry_ms > 0 && may_pass(err) && may_wait(fd) &&
        is_stream(fd) && !has_another(addr, len)) {
        return connect_again(fd, addr, len, err);
    }
    if (result < 0 && err == EINPROGRESS && settings.handling.connect_retry_ms > 0) {
        note_no_wait(fd);
    }
    struct change c = outcome_of(SETTING_COUNT, len, err, result);
    if (result < 0 && err == ETIMEDOUT) {
        struct attempt a = {.fd = fd, .addr = addr, .addrlen = len};
        c.setting = (uint8_t)setting_behind(&a, result, (unsigned)(now_ms() - begin));
    }
    return c;
}

/* errno is then what the program is to see. */
static __attribute__((noinline)) struct change connect_and_keep(int fd, const struct sockaddr *addr,
                                                                socklen_t len)
{
    int kept = errno;
    unsigned long long begin = now_ms();
    struct change c = connect_carefully(fd, addr, len, begin);
    c.waited_ms = c.setting == SETTING_COUNT ? 0 : (uint32_t)(now_ms() - begin);
    errno = c.given < 0 ? -c.given : kept;
    return c;
}

static int layer_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct change c = connect_and_keep(fd, addr, len);
    int result = c.given < 0 ? -1 : 0;
    return c.setting == SETTING_COUNT ? result : handled(fd, addr, c, result);
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
