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

static void put_call(char *buffer, size_t size, const char *call, int number)
{
    struct text t = text_in(buffer, size - 1, QUOTE_PLAIN);
    text_add(&t, call);
    text_add(&t, "(");
    text_signed(&t, number);
    text_add(&t, ")");
    *t.at = 0;
}

static void say_longer(int fd, int asked, int backlog)
{
    struct attempt a = {.fd = fd};
    char would[32];
    char given[32];
    put_call(would, sizeof would, "listen", asked);
    put_call(given, sizeof given, "listen", backlog);
    handled(&(struct change){.setting = SETTING_BACKLOG,
                             .call = CALL_listen,
                             .attempt = &a,
                             .would = would,
                             .given = given});
}

/* A negative backlog is as long as the kernel allows (net/socket.c, __sys_listen()). */
static int layer_listen(int fd, int asked)
{
    int backlog = settings.handling.backlog;
    bool is_longer = asked >= 0 && asked < backlog;
    int result = beneath.listen(fd, is_longer ? backlog : asked);
    if (is_longer && result == 0) {
        say_longer(fd, asked, backlog);
    }
    return result;
}

/* After a bind whose address the kernel has read. */
static bool names_a_port(const struct sockaddr *addr, socklen_t len)
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
    return names_a_port(addr, len) && !process_is_caged() && is_tcp_socket(fd);
}

static int bind_again(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct attempt a = {.fd = fd, .addr = addr, .addrlen = len};
    allow_reuse(fd);
    int result = beneath.bind(fd, addr, len);
    if (result == 0) {
        handled(&(struct change){.setting = SETTING_REUSEADDR,
                                 .call = CALL_bind,
                                 .err = EADDRINUSE,
                                 .attempt = &a,
                                 .would = "-1 EADDRINUSE",
                                 .given = "0"});
    }
    return result;
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
    if ((result != 0 && !in_use) || !can_be_reused(fd, addr, len)) {
        return result;
    }
    if (!in_use) {
        allow_reuse(fd);
        return result;
    }
    if (ask_int(fd, SOL_SOCKET, SO_REUSEADDR) != 0) { /* the program's own did not help */
        return result;
    }
    result = bind_again(fd, addr, len);
    errno = result == 0 ? kept : errno;
    return result;
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
