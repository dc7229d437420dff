#include "layers/limit.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "layers/layers.h"
#include "layers/wait.h"

#include <errno.h>
#include <netinet/tcp.h>

/* The kernel looks at an unanswered SYN after a second at the earliest
 * (include/net/tcp.h, TCP_TIMEOUT_INIT). */
enum { FIRST_LOOK_MS = 1000, MOST_SYNS = 127, TICKS_MS = 20 };

struct wait { /* the kernel's old struct timeval */
    long seconds, microseconds;
};

static void put_int(int fd, int option, unsigned value)
{
    raw(SYS_setsockopt, fd, IPPROTO_TCP, option, &value, sizeof value);
}

/* How long an unanswered SYN, sent again so often, is waited for at least: each wait is twice
 * as long as the one before, the first a second (tcp(7), TCP_SYNCNT). */
static unsigned long long steps_ms(int count)
{
    return (1000ULL << (count + 1 < 40 ? count + 1 : 40)) - 1000;
}

static int steps(void)
{
    int count = 1;
    while (steps_ms(count) < settings.handling.connect_timeout_ms && count < MOST_SYNS) {
        count++;
    }
    return count;
}

/* Unless the program, or the system, gives up earlier. */
static void limit_steps(int fd)
{
    if (ask_int(fd, IPPROTO_TCP, TCP_SYNCNT) > steps()) {
        put_int(fd, TCP_SYNCNT, (unsigned)steps());
    }
}

bool limit_is_ours(int fd)
{
    return settings.handling.connect_timeout_ms > 0 &&
           ask_int(fd, IPPROTO_TCP, TCP_SYNCNT) == steps();
}

bool limit_came_first(int fd, unsigned ms, unsigned waited_ms)
{
    int count = ask_int(fd, IPPROTO_TCP, TCP_SYNCNT);
    return waited_ms + TICKS_MS >= ms || count < 0 || steps_ms(count) >= ms;
}

/* After a signal, or the program's own SO_SNDTIMEO, it goes on in the background, and
 * only the steps can be left with it. */
static void limit_what_goes_on(int fd, int result, int err)
{
    if (result < 0 && (err == EINTR || err == EINPROGRESS)) {
        limit_steps(fd);
    }
}

/* By TCP_USER_TIMEOUT, which leaves to the call what signals do with it. */
static int by_user_timeout(int fd, const struct sockaddr *addr, socklen_t len, unsigned before)
{
    unsigned ms = settings.handling.connect_timeout_ms;
    bool is_shorter = before == 0 || ms < before;
    if (is_shorter) {
        put_int(fd, OPTION_TCP_USER_TIMEOUT, ms);
    }
    int result = beneath.connect(fd, addr, len);
    int err = errno;
    if (is_shorter) {
        put_int(fd, OPTION_TCP_USER_TIMEOUT, before);
    }
    limit_what_goes_on(fd, result, err);
    errno = err;
    return is_shorter && result < 0 && err == ETIMEDOUT ? LIMIT_REACHED : result;
}

static bool is_sooner(const struct wait *a, const struct wait *b)
{
    bool has_limit = a->seconds != 0 || a->microseconds != 0;
    return has_limit && (a->seconds < b->seconds ||
                         (a->seconds == b->seconds && a->microseconds <= b->microseconds));
}

/* The call returned because the limit was over, and the connect goes on: it is ended, as
 * the kernel would have done (connect(2), AF_UNSPEC). */
static int give_up(int fd)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    raw(SYS_connect, fd, &nobody, sizeof nobody);
    errno = ETIMEDOUT;
    return LIMIT_REACHED;
}

/* By SO_SNDTIMEO, for MPTCP and for less than a second: signals then end the call. */
static int by_send_timeout(int fd, const struct sockaddr *addr, socklen_t len)
{
    unsigned ms = settings.handling.connect_timeout_ms;
    struct wait limit = {(long)(ms / 1000), (long)(ms % 1000) * 1000};
    struct wait before = {0, 0};
    socklen_t size = sizeof before;
    bool is_shorter =
        ask(fd, SOL_SOCKET, OPTION_SEND_TIMEOUT, &before, &size) && !is_sooner(&before, &limit);
    if (is_shorter) {
        raw(SYS_setsockopt, fd, SOL_SOCKET, OPTION_SEND_TIMEOUT, &limit, sizeof limit);
    }
    int result = beneath.connect(fd, addr, len);
    int err = errno;
    if (is_shorter) {
        raw(SYS_setsockopt, fd, SOL_SOCKET, OPTION_SEND_TIMEOUT, &before, sizeof before);
    }
    if (is_shorter && result < 0 && err == EINPROGRESS) {
        return give_up(fd);
    }
    limit_what_goes_on(fd, result, err);
    errno = err;
    return result;
}

void limit_connecting_send(int fd)
{
    if (settings.handling.connect_timeout_ms > 0 && !process_is_caged() && is_tcp_socket(fd)) {
        limit_steps(fd);
    }
}

/* Then connect may return at once, and the first write waits (net/ipv4/tcp_fastopen.c,
 * tcp_fastopen_defer_connect()). */
static bool connects_later(int fd)
{
    return ask_int(fd, IPPROTO_TCP, OPTION_TCP_FASTOPEN_CONNECT) > 0;
}

int connect_within_limit(int fd, const struct sockaddr *addr, socklen_t len)
{
    unsigned ms = settings.handling.connect_timeout_ms;
    if (ms == 0 || process_is_caged() || !is_tcp_socket(fd)) {
        return beneath.connect(fd, addr, len);
    }
    bool waits = may_wait(fd);
    if (!waits || connects_later(fd)) {
        limit_steps(fd);
    }
    if (!waits) {
        return beneath.connect(fd, addr, len);
    }
    int before = ask_int(fd, IPPROTO_TCP, OPTION_TCP_USER_TIMEOUT);
    return before < 0 || ms < FIRST_LOOK_MS ? by_send_timeout(fd, addr, len)
                                            : by_user_timeout(fd, addr, len, (unsigned)before);
}
