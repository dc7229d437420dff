#include "layers/options.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "calls/rights.h"
#include "failure/handled.h"
#include "layers/layers.h"
#include "layers/probe.h"

#include <netinet/tcp.h>

/* What is set, and kept against laxer wishes; a value of 0 is not asked for. */
static struct row {
    int level, option, value;
} rows[] = {
    {SOL_SOCKET, SO_KEEPALIVE, 0},
    {IPPROTO_TCP, TCP_KEEPIDLE, 0},
    {IPPROTO_TCP, TCP_KEEPINTVL, 0},
    {IPPROTO_TCP, TCP_KEEPCNT, 0},
    {IPPROTO_TCP, OPTION_TCP_USER_TIMEOUT, 0},
};
enum { KEEPALIVE, IDLE, INTERVAL, COUNT, USER_TIMEOUT, ROWS };

static void put(int fd, const struct row *row)
{
    raw(SYS_setsockopt, fd, row->level, row->option, &row->value, sizeof row->value);
}

/* MPTCP does not know all of them: what it refuses stays off. */
static void put_all(int fd)
{
    for (int i = 0; i < ROWS; i++) {
        if (rows[i].value > 0) {
            put(fd, &rows[i]);
        }
    }
}

void options_adopt(int fd)
{
    /* The last one that is put tells whether the others are there. */
    const struct row *last = rows[USER_TIMEOUT].value ? &rows[USER_TIMEOUT] : &rows[KEEPALIVE];
    if (rows[KEEPALIVE].value && !process_is_caged() &&
        ask_int(fd, last->level, last->option) <= 0 && is_tcp_socket(fd)) {
        put_all(fd);
    }
}

/* The kernel rounds up to its ticks, of at most 10 ms (net/core/sock.c,
 * sock_set_timeout()). Ours is longer by as much as that, so that it is never taken for
 * one of the program's own with the same number. */
enum { TICK_MS = 10 };

static unsigned receive_limit_ms(void)
{
    return settings.handling.recv_timeout_ms + TICK_MS;
}

bool options_is_our_limit(uint64_t timeout_us)
{
    uint64_t least = (uint64_t)receive_limit_ms() * 1000;
    return timeout_us >= least && timeout_us < least + (uint64_t)TICK_MS * 1000;
}

void options_limit_accepted(int fd)
{
    struct {
        long seconds, microseconds; /* the kernel's old struct timeval */
    } limit = {0, 0};
    socklen_t len = sizeof limit;
    unsigned ms = receive_limit_ms();
    if (settings.handling.recv_timeout_ms == 0 || process_is_caged() ||
        !ask(fd, SOL_SOCKET, OPTION_RECEIVE_TIMEOUT, &limit, &len) || limit.seconds != 0 ||
        limit.microseconds != 0) {
        return;
    }
    limit.seconds = (long)(ms / 1000);
    limit.microseconds = (long)(ms % 1000) * 1000;
    raw(SYS_setsockopt, fd, SOL_SOCKET, OPTION_RECEIVE_TIMEOUT, &limit, sizeof limit);
}

void options_limit_receiving(int fd)
{
    if (settings.handling.recv_timeout_ms > 0 && !process_is_caged() &&
        ask_int(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0) {
        options_limit_accepted(fd);
    }
}

void options_limit_asking(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } own = {.any.sa_family = AF_UNSPEC};
    socklen_t len = sizeof own;
    if (settings.handling.recv_timeout_ms > 0 && !process_is_caged() &&
        raw(SYS_getsockname, fd, &own, &len) == 0 && is_inet_family(own.any.sa_family) &&
        own.in.sin_port == 0 && ask_int(fd, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM) {
        options_limit_receiving(fd);
    }
}

static int layer_socket(int domain, int type, int protocol)
{
    int fd = beneath.socket(domain, type, protocol);
    bool stream = (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM;
    if (fd >= 0 && stream && is_inet_family(domain) &&
        (protocol == 0 || is_tcp_protocol(protocol)) && !process_is_caged()) {
        put_all(fd);
        probe_socket(fd);
    }
    return fd;
}

/* ---- The program's own wishes ---- */

static const struct row *row_of(int level, int option)
{
    for (int i = 0; i < ROWS; i++) {
        if (rows[i].value > 0 && rows[i].level == level && rows[i].option == option) {
            return &rows[i];
        }
    }
    return NULL;
}

/* SO_KEEPALIVE stays on. The rest is the program's own, unless it would make a dead peer
 * be found later than was asked for. */
static bool is_laxer(const struct row *row, int wish)
{
    if (row == &rows[KEEPALIVE]) {
        return wish == 0;
    }
    bool is_switched_off = row == &rows[USER_TIMEOUT] && wish == 0;
    return settings.handling.dead_peer_ms > 0 && (wish > row->value || is_switched_off);
}

static __attribute__((noinline)) int say_kept(int fd, const struct row *row, int wish)
{
    bool dead_peer = settings.handling.dead_peer_ms > 0;
    return handled(fd, NULL,
                   (struct change){.setting = dead_peer ? SETTING_DEAD_PEER : SETTING_KEEPALIVE,
                                   .call = CALL_setsockopt,
                                   .asked = wish,
                                   .given = row->value},
                   0);
}

static int wish_of(const void *value)
{
    int wish;
    __builtin_memcpy(&wish, value, sizeof wish);
    return wish;
}

/* After the kernel has taken the program's value, or a filter has answered in its place. */
static __attribute__((noinline)) int keep(int fd, const struct row *row, const void *value,
                                          socklen_t len)
{
    bool is_read = len >= sizeof(int) && can_read(value, sizeof(int));
    int wish = is_read ? wish_of(value) : 0;
    if (!is_read || !is_laxer(row, wish) || process_is_caged() || !is_tcp_socket(fd)) {
        return 0;
    }
    put(fd, row);
    return say_kept(fd, row, wish);
}

static int layer_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    const struct row *row = row_of(level, option);
    int result = beneath.setsockopt(fd, level, option, value, len);
    return row && result == 0 ? keep(fd, row, value, len) : result;
}

#ifdef HAVE_TIME64_TWINS
static int layer___setsockopt64(int fd, int level, int option, const void *value, socklen_t len)
{
    const struct row *row = row_of(level, option);
    int result = beneath.__setsockopt64(fd, level, option, value, len);
    return row && result == 0 ? keep(fd, row, value, len) : result;
}
#endif

void options_install(void)
{
    const struct handling *h = &settings.handling;
    if (probe_is_wanted()) {
        next.socket = layer_socket;
    }
    if (h->dead_peer_ms == 0 && !h->keeps_alive) {
        return;
    }
    rows[KEEPALIVE].value = 1;
    rows[IDLE].value = h->keepalive.idle;
    rows[INTERVAL].value = h->keepalive.interval;
    rows[COUNT].value = h->keepalive.count;
    rows[USER_TIMEOUT].value = (int)h->dead_peer_ms;
    next.setsockopt = layer_setsockopt;
#ifdef HAVE_TIME64_TWINS
    next.__setsockopt64 = layer___setsockopt64;
#endif
}
