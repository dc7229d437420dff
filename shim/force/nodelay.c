#include "force/nodelay.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"

#include <netinet/tcp.h>
#include <stdatomic.h>

static int switch_on(int fd)
{
    static const int on = 1;
    return (int)-raw(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* An old kernel's MPTCP does not know it; of TCP's nothing can be concluded from that. */
static __attribute__((noinline)) int refused(int fd, int err)
{
    return ask_int(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_MPTCP ? 0 : err;
}

int nodelay_of_new(int fd, int protocol)
{
    bool tcp = protocol == 0 || is_tcp_protocol(protocol);
    if (!tcp || !settings.nodelay || process_is_caged()) {
        return 0;
    }
    int err = switch_on(fd);
    return err == 0 ? 0 : refused(fd, err);
}

int nodelay_force(int fd)
{
    int on = 0;
    socklen_t len = sizeof on;
    /* One question in the common case: it is on already, from the listening
     * socket or from socket(). Reading it is harmless on whatever socket this
     * is; setting it is not, for level 6 is Bluetooth's L2CAP, too. */
    if (!settings.nodelay || process_is_caged() ||
        raw(SYS_getsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &on, &len) < 0 || on ||
        !is_tcp_socket(fd)) {
        return 0;
    }
    int err = switch_on(fd);
    return err == 0 ? 0 : refused(fd, err);
}

static atomic_int put_off = -1; /* the last descriptor that may be a socket */

void nodelay_put_off(int last)
{
    atomic_store_explicit(&put_off, last, memory_order_relaxed);
}

void nodelay_catch_up(void)
{
    int last = atomic_exchange_explicit(&put_off, -1, memory_order_relaxed);
    for (int fd = 0; fd <= last; fd++) {
        if (is_socket(fd)) {
            nodelay_force(fd);
        }
    }
}

/* What waited in between leaves when the option is set again (net/ipv4/tcp.c,
 * __tcp_sock_set_nodelay()). */
bool nodelay_put_back(int fd)
{
    if (!settings.nodelay || process_is_caged() || !is_tcp_socket(fd)) {
        return false;
    }
    switch_on(fd);
    return true;
}
