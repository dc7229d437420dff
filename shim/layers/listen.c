/* SOCKSHIM_BACKLOG and SOCKSHIM_REUSEADDR. */
#include "base/address.h"
#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "failure/handled.h"
#include "layers/layers.h"

#include <errno.h>

/* A negative backlog is as long as the kernel allows (net/socket.c, __sys_listen()). */
static int layer_listen(int fd, int asked)
{
    int backlog = settings.handling.backlog;
    if (asked < 0 || asked >= backlog) {
        return beneath.listen(fd, asked);
    }
    int result = beneath.listen(fd, backlog);
    return result != 0 ? result
                       : handled(fd, NULL,
                                 (struct change){.setting = SETTING_BACKLOG,
                                                 .call = CALL_listen,
                                                 .asked = asked,
                                                 .given = backlog},
                                 0);
}

/* Of an address that can be read. */
static __attribute__((noinline)) bool names_a_port(const struct sockaddr *addr, socklen_t len)
{
    struct {
        struct address address;
        struct address_room room;
    } a = {.room.used = 0};
    address_set(&a.address, &a.room, addr, len);
    return is_inet_family(addr->sa_family) && address_port(&a.address) != 0;
}

static void allow_reuse(int fd)
{
    static const int on = 1;
    raw(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

static bool can_be_reused(int fd, const struct sockaddr *addr, socklen_t len)
{
    /* A filter may have answered in the kernel's place, which then has read nothing. */
    return is_tcp_socket(fd) && len <= sizeof(struct sockaddr_in6) && can_read(addr, len) &&
           names_a_port(addr, len);
}

static int bind_again(int fd, const struct sockaddr *addr, socklen_t len, int kept)
{
    allow_reuse(fd);
    if (beneath.bind(fd, addr, len) != 0) {
        return -1;
    }
    errno = kept;
    return handled(fd, addr,
                   (struct change){.setting = SETTING_REUSEADDR,
                                   .call = CALL_bind,
                                   .err = EADDRINUSE,
                                   .addrlen = (uint16_t)len},
                   0);
}

/* Without the option first, so that the log can say where it made a difference. Set right
 * behind, it counts all the same: who binds later is compared with what the option is
 * then, and the connections' sockets inherit it (net/ipv4/inet_connection_sock.c,
 * inet_bind_conflict()). */
static int layer_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    int kept = errno;
    int result = beneath.bind(fd, addr, len);
    bool in_use = result < 0 && errno == EADDRINUSE;
    if ((result != 0 && !in_use) || process_is_caged() || !can_be_reused(fd, addr, len)) {
        return result;
    }
    if (!in_use) {
        allow_reuse(fd);
        return result;
    }
    if (ask_int(fd, SOL_SOCKET, SO_REUSEADDR) != 0) { /* the program's own did not help */
        return result;
    }
    return bind_again(fd, addr, len, kept);
}

void listen_install(void)
{
    if (settings.handling.backlog > 0) {
        next.listen = layer_listen;
    }
    if (settings.handling.reuseaddr) {
        next.bind = layer_bind;
    }
}
