#include "layers/probe.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "start/hindrance.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdatomic.h>

#define ROW(setting, level, option)                                                                \
    {                                                                                              \
        setting, level, option, #option                                                            \
    }
/* What is set, or may be later, for whom. */
static const struct row {
    uint8_t setting;
    int level, option;
    const char *name;
} rows[] = {
    ROW(SETTING_DEAD_PEER, SOL_SOCKET, SO_KEEPALIVE),
    ROW(SETTING_DEAD_PEER, IPPROTO_TCP, TCP_KEEPIDLE),
    ROW(SETTING_DEAD_PEER, IPPROTO_TCP, TCP_KEEPINTVL),
    ROW(SETTING_DEAD_PEER, IPPROTO_TCP, TCP_KEEPCNT),
    ROW(SETTING_DEAD_PEER, IPPROTO_TCP, TCP_USER_TIMEOUT),
    ROW(SETTING_KEEPALIVE, SOL_SOCKET, SO_KEEPALIVE),
    ROW(SETTING_KEEPALIVE, IPPROTO_TCP, TCP_KEEPIDLE),
    ROW(SETTING_KEEPALIVE, IPPROTO_TCP, TCP_KEEPINTVL),
    ROW(SETTING_KEEPALIVE, IPPROTO_TCP, TCP_KEEPCNT),
    ROW(SETTING_CONNECT_TIMEOUT, IPPROTO_TCP, TCP_SYNCNT),
    ROW(SETTING_CONNECT_TIMEOUT, IPPROTO_TCP, TCP_USER_TIMEOUT),
    {SETTING_CONNECT_TIMEOUT, SOL_SOCKET, OPTION_SEND_TIMEOUT, "SO_SNDTIMEO"},
    {SETTING_RECV_TIMEOUT, SOL_SOCKET, OPTION_RECEIVE_TIMEOUT, "SO_RCVTIMEO"},
    ROW(SETTING_REUSEADDR, SOL_SOCKET, SO_REUSEADDR),
};

static bool is_asked(enum setting setting)
{
    const struct handling *h = &settings.handling;
    switch (setting) {
    case SETTING_DEAD_PEER:
        return h->dead_peer_ms > 0;
    case SETTING_KEEPALIVE:
        return h->keeps_alive;
    case SETTING_CONNECT_TIMEOUT:
        return h->connect_timeout_ms > 0;
    case SETTING_RECV_TIMEOUT:
        return h->recv_timeout_ms > 0;
    default:
        return h->reuseaddr;
    }
}

/* Sets it to what it is: 0, or an errno. */
static int put_back(int fd, const struct row *row)
{
    struct {
        long first, second; /* an int, or the kernel's old struct timeval */
    } value = {0, 0};
    socklen_t len = sizeof value;
    long result = raw(SYS_getsockopt, fd, row->level, row->option, &value, &len);
    if (result == 0) {
        result = raw(SYS_setsockopt, fd, row->level, row->option, &value, len);
    }
    return (int)-result;
}

/* Of several that are refused for a setting, the first one is told. */
static void probe_all(int fd)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int err = is_asked(rows[i].setting) ? put_back(fd, &rows[i]) : 0;
        if (err != 0) {
            hindrance_refused(rows[i].setting, rows[i].name, err);
        }
    }
}

/* MPTCP does not know all of them. Where the question itself is refused, so is the rest. */
static bool is_for_probing(int fd)
{
    int protocol = 0;
    socklen_t len = sizeof protocol;
    long result = raw(SYS_getsockopt, fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
    if (result == -EBADF || result == -ENOTSOCK) {
        return false;
    }
    return result < 0 || (protocol == IPPROTO_TCP && is_tcp_socket(fd));
}

bool probe_is_wanted(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (is_asked(rows[i].setting)) {
            return true;
        }
    }
    return false;
}

void probe_socket(int fd)
{
    static atomic_bool is_done;
    if (!atomic_load_explicit(&is_done, memory_order_relaxed) && probe_is_wanted() &&
        !process_is_caged() && is_for_probing(fd) && !atomic_exchange(&is_done, true)) {
        probe_all(fd);
    }
}
