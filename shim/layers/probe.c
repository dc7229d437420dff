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

static bool keeps(void)
{
    return settings.handling.dead_peer_ms > 0 || settings.handling.keeps_alive;
}

static enum setting keeper(void)
{
    return settings.handling.dead_peer_ms > 0 ? SETTING_DEAD_PEER : SETTING_KEEPALIVE;
}

/* Sets it to what it is: 0, or an errno. */
static int put_back(int fd, int level, int option)
{
    struct {
        long first, second; /* an int, or the kernel's old struct timeval */
    } value = {0, 0};
    socklen_t len = sizeof value;
    long result = raw(SYS_getsockopt, fd, level, option, &value, &len);
    if (result == 0) {
        result = raw(SYS_setsockopt, fd, level, option, &value, len);
    }
    return (int)-result;
}

/* Of several that are refused for a setting, the first one is told. */
static bool may_set(int fd, enum setting setting, int level, int option, const char *name)
{
    int err = put_back(fd, level, option);
    if (err != 0) {
        hindrance_refused(setting, name, err);
    }
    return err == 0;
}
#define MAY_SET(setting, level, option) may_set(fd, setting, level, option, #option)

static void probe_keepalive(int fd)
{
    enum setting setting = keeper();
    bool may =
        MAY_SET(setting, SOL_SOCKET, SO_KEEPALIVE) && MAY_SET(setting, IPPROTO_TCP, TCP_KEEPIDLE) &&
        MAY_SET(setting, IPPROTO_TCP, TCP_KEEPINTVL) && MAY_SET(setting, IPPROTO_TCP, TCP_KEEPCNT);
    if (may && setting == SETTING_DEAD_PEER) {
        may_set(fd, setting, IPPROTO_TCP, OPTION_TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT");
    }
}

static void probe_connect_timeout(int fd)
{
    bool may = MAY_SET(SETTING_CONNECT_TIMEOUT, IPPROTO_TCP, TCP_SYNCNT) &&
               may_set(fd, SETTING_CONNECT_TIMEOUT, IPPROTO_TCP, OPTION_TCP_USER_TIMEOUT,
                       "TCP_USER_TIMEOUT");
    if (may) {
        may_set(fd, SETTING_CONNECT_TIMEOUT, SOL_SOCKET, OPTION_SEND_TIMEOUT, "SO_SNDTIMEO");
    }
}

static void probe_all(int fd)
{
    const struct handling *h = &settings.handling;
    if (keeps()) {
        probe_keepalive(fd);
    }
    if (h->connect_timeout_ms > 0) {
        probe_connect_timeout(fd);
    }
    if (h->recv_timeout_ms > 0) {
        may_set(fd, SETTING_RECV_TIMEOUT, SOL_SOCKET, OPTION_RECEIVE_TIMEOUT, "SO_RCVTIMEO");
    }
    if (h->reuseaddr) {
        MAY_SET(SETTING_REUSEADDR, SOL_SOCKET, SO_REUSEADDR);
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
    const struct handling *h = &settings.handling;
    return keeps() || h->connect_timeout_ms > 0 || h->recv_timeout_ms > 0 || h->reuseaddr;
}

void probe_socket(int fd)
{
    static atomic_bool is_done;
    if (probe_is_wanted() && !atomic_load_explicit(&is_done, memory_order_relaxed) &&
        !process_is_caged() && is_for_probing(fd) && !atomic_exchange(&is_done, true)) {
        probe_all(fd);
    }
}
