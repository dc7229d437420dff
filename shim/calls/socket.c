#include "calls/wrap.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "start/start.h"

#include <netinet/tcp.h>
#include <string.h>

/* A new socket is known from the arguments of socket(): no question. */
static void set_nodelay(int fd, int domain, int type, int protocol)
{
    static const int on = 1;
    bool stream = (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM;
    bool inet = is_inet_family(domain);
    bool tcp = protocol == 0 || protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
    if (stream && inet && tcp && settings.nodelay && !process_is_caged()) {
        raw(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
}

static int accepted(int fd)
{
    sockshim_has_socket();
    force_nodelay(fd);
    return fd;
}

WRAP(int, socket, (int domain, int type, int protocol))
{
    REMEMBER(a.fd = -1, a.other = domain, a.flags = type, a.len = (size_t)protocol);
    sockshim_needs_log(); /* before the program's own call takes its number */
    int fd = next.socket(domain, type, protocol);
    if (fd < 0) {
        return (int)failed(CALL_socket, fd, &a);
    }
    sockshim_has_socket();
    set_nodelay(fd, domain, type, protocol);
    return fd;
}

WRAP(int, socketpair, (int domain, int type, int protocol, int *pair))
{
    REMEMBER(a.fd = -1, a.other = domain, a.flags = type, a.len = (size_t)protocol);
    sockshim_has_socket();
    int result = next.socketpair(domain, type, protocol, pair);
    return result >= 0 ? result : (int)failed(CALL_socketpair, result, &a);
}

WRAP(int, connect, (int fd, const struct sockaddr *addr, socklen_t len))
{
    REMEMBER(a.fd = fd, a.addr = addr, a.addrlen = len);
    sockshim_has_socket();
    force_nodelay(fd);
    int result = next.connect(fd, addr, len);
    return result >= 0 ? result : (int)failed(CALL_connect, result, &a);
}

WRAP(int, accept, (int fd, struct sockaddr *addr, socklen_t *len))
{
    REMEMBER(a.fd = fd);
    sockshim_needs_log();
    int result = next.accept(fd, addr, len);
    return result >= 0 ? accepted(result) : (int)failed(CALL_accept, result, &a);
}

WRAP(int, accept4, (int fd, struct sockaddr *addr, socklen_t *len, int flags))
{
    REMEMBER(a.fd = fd);
    sockshim_needs_log();
    int result = next.accept4(fd, addr, len, flags);
    return result >= 0 ? accepted(result) : (int)failed(CALL_accept4, result, &a);
}

WRAP(int, bind, (int fd, const struct sockaddr *addr, socklen_t len))
{
    REMEMBER(a.fd = fd, a.addr = addr, a.addrlen = len);
    int result = next.bind(fd, addr, len);
    return result >= 0 ? result : (int)failed(CALL_bind, result, &a);
}

WRAP(int, listen, (int fd, int backlog))
{
    REMEMBER(a.fd = fd);
    int result = next.listen(fd, backlog);
    return result >= 0 ? result : (int)failed(CALL_listen, result, &a);
}

WRAP(int, shutdown, (int fd, int how))
{
    REMEMBER(a.fd = fd);
    int result = next.shutdown(fd, how);
    return result >= 0 ? result : (int)failed(CALL_shutdown, result, &a);
}

/* A value that the kernel has just written, or read, through the pointer. */
static int int_at(const void *value, socklen_t len)
{
    int result = 0;
    if (len >= sizeof result) {
        memcpy(&result, value, sizeof result);
    } else {
        memcpy(&result, value, len);
    }
    return result;
}

static int late_error(int fd, const void *value, socklen_t len, int result)
{
    int err = int_at(value, len);
    if (err != 0) {
        failed_late(fd, err);
    }
    return result;
}

static __attribute__((noinline)) int get_error(int fd, void *value, socklen_t *len)
{
    int result = next.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, len);
    return result < 0 ? result : late_error(fd, value, *len, result);
}

/* Decided before the call, so that all but one are passed on by a jump. */
WRAP(int, getsockopt, (int fd, int level, int option, void *value, socklen_t *len))
{
    bool is_error = level == SOL_SOCKET && option == SO_ERROR;
    return is_error ? get_error(fd, value, len) : next.getsockopt(fd, level, option, value, len);
}

static bool is_timeout(int option)
{
#ifdef SO_RCVTIMEO_NEW
    if (option == SO_RCVTIMEO_NEW || option == SO_SNDTIMEO_NEW || option == SO_RCVTIMEO_OLD ||
        option == SO_SNDTIMEO_OLD) {
        return true;
    }
#endif
    return option == SO_RCVTIMEO || option == SO_SNDTIMEO;
}

/* The kernel has carried it out, and read the value: now undo it. What waited
 * in between leaves when the option is set again (net/ipv4/tcp.c,
 * __tcp_sock_set_nodelay()). */
static int keep_nodelay(int fd, const void *value, socklen_t len, int result)
{
    static const int on = 1;
    if (settings.nodelay && int_at(value, len) == 0 && !process_is_caged() && is_tcp_socket(fd)) {
        raw(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        refused(CALL_setsockopt, fd,
                "The program switched TCP_NODELAY off; it was told that this succeeded, and the "
                "option stays on (SOCKSHIM_NODELAY=off lets it through).");
    }
    return result;
}

static inline int after_setsockopt(int fd, int level, int option, const void *value, socklen_t len,
                                   int result)
{
    if (result == 0 && level == IPPROTO_TCP && option == TCP_NODELAY) {
        return keep_nodelay(fd, value, len, result);
    }
    if (level == SOL_SOCKET && is_timeout(option)) {
        process_timeout_set();
    }
    return result;
}

static __attribute__((noinline)) int set_watched(int fd, int level, int option, const void *value,
                                                 socklen_t len)
{
    int result = next.setsockopt(fd, level, option, value, len);
    return after_setsockopt(fd, level, option, value, len, result);
}

WRAP(int, setsockopt, (int fd, int level, int option, const void *value, socklen_t len))
{
    bool is_watched = (level == IPPROTO_TCP && option == TCP_NODELAY) ||
                      (level == SOL_SOCKET && is_timeout(option));
    return is_watched ? set_watched(fd, level, option, value, len)
                      : next.setsockopt(fd, level, option, value, len);
}

#ifdef __GLIBC__
ALIAS(__connect, connect);
#endif

#ifdef HAVE_TIME64_TWINS

WRAP(int, __getsockopt64, (int fd, int level, int option, void *value, socklen_t *len))
{
    int result = next.__getsockopt64(fd, level, option, value, len);
    if (level != SOL_SOCKET || option != SO_ERROR || result < 0) {
        return result;
    }
    return late_error(fd, value, *len, result);
}

WRAP(int, __setsockopt64, (int fd, int level, int option, const void *value, socklen_t len))
{
    int result = next.__setsockopt64(fd, level, option, value, len);
    return after_setsockopt(fd, level, option, value, len, result);
}

#endif
