#include "calls/wrap.h"

#include "base/hint.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/settings.h"
#include "base/shut.h"
#include "force/nodelay.h"
#include "start/start.h"

#include <errno.h>

static bool is_ip_stream(int domain, int type)
{
    return (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM && is_inet_family(domain);
}

/* What its close leaves undone is to be logged; and it has TCP_NODELAY. */
static void begin_stream(int fd, int protocol)
{
    int err = nodelay_of_new(fd, protocol);
    if (err != 0) {
        sockshim_nodelay_refused(err);
    }
    hint_set(fd);
}

/* A connection has the option from its listener (sk_clone_lock() in net/core/sock.c copies
 * it), which got it when it was made, inherited or received. */
static int accepted(int fd, int listener)
{
    sockshim_has_socket(fd);
    if (!hint_is_set(listener)) {
        sockshim_force_nodelay(fd);
        process_linger_set(); /* it may have that from its listener, too */
    }
    hint_set(fd);
    return fd;
}

WRAP(int, socket, (int domain, int type, int protocol))
{
    REMEMBER(a.fd = -1, a.other = domain, a.flags = type, a.len = (size_t)protocol);
    sockshim_needs_log(); /* before the program's own call takes its number */
    int fd = next.socket(domain, type, protocol);
    if (fd < 0) {
        return (int)FAILED(CALL_socket, fd);
    }
    sockshim_has_socket(fd);
    if (is_ip_stream(domain, type)) {
        begin_stream(fd, protocol);
    }
    return fd;
}

static inline int make_pair(int domain, int type, int protocol, int *pair)
{
    REMEMBER(a.fd = -1, a.other = domain, a.flags = type, a.len = (size_t)protocol);
    int result = next.socketpair(domain, type, protocol, pair);
    return result >= 0 ? result : (int)FAILED(CALL_socketpair, result);
}

static __attribute__((noinline)) int make_first_pair(int domain, int type, int protocol, int *pair)
{
    sockshim_first_socket(true, -1);
    return make_pair(domain, type, protocol, pair);
}

WRAP(int, socketpair, (int domain, int type, int protocol, int *pair))
{
    return process_calls_sockets() ? make_pair(domain, type, protocol, pair)
                                   : make_first_pair(domain, type, protocol, pair);
}

static bool keeps_notes(void)
{
    return (settings.logging || settings.recording) && !process_is_caged();
}

/* The kernel has read the address, unless a filter answered in its place. */
static bool dissolves(const struct sockaddr *addr)
{
    return keeps_notes() && !process_is_filtered() && addr->sa_family == AF_UNSPEC;
}

/* Dissolved (AF_UNSPEC), or connected once more after that, or after a shutdown that had
 * dissolved it, in the midst of a connect. */
static __attribute__((noinline)) void begins_anew(int fd, int result)
{
    if (result >= 0 || errno == EINPROGRESS || errno == EINTR) {
        hint_shut_is_over(fd);
        shut_forget(fd);
    }
}

WRAP(int, connect, (int fd, const struct sockaddr *addr, socklen_t len))
{
    REMEMBER(a.fd = fd, a.addr = addr, a.addrlen = len);
    sockshim_has_socket(fd);
    if (!hint_is_set(fd)) {
        sockshim_force_nodelay(fd);
    }
    hint_end_is_over(fd); /* one that was dissolved (AF_UNSPEC) may connect again */
    int result = next.connect(fd, addr, len);
    if (hint_is_shut(fd)) {
        begins_anew(fd, result);
    } else if (result >= 0 && !hint_is_set(fd) && dissolves(addr)) {
        shut_note_dissolved(fd);
    }
    return result >= 0 ? result : (int)FAILED(CALL_connect, result);
}

WRAP(int, accept, (int fd, struct sockaddr *addr, socklen_t *len))
{
    REMEMBER(a.fd = fd);
    sockshim_needs_log();
    int result = next.accept(fd, addr, len);
    return result >= 0 ? accepted(result, fd) : (int)FAILED(CALL_accept, result);
}

WRAP(int, accept4, (int fd, struct sockaddr *addr, socklen_t *len, int flags))
{
    REMEMBER(a.fd = fd);
    sockshim_needs_log();
    int result = next.accept4(fd, addr, len, flags);
    return result >= 0 ? accepted(result, fd) : (int)FAILED(CALL_accept4, result);
}

WRAP(int, bind, (int fd, const struct sockaddr *addr, socklen_t len))
{
    REMEMBER(a.fd = fd, a.addr = addr, a.addrlen = len);
    int result = next.bind(fd, addr, len);
    return result >= 0 ? result : (int)FAILED(CALL_bind, result);
}

WRAP(int, listen, (int fd, int backlog))
{
    REMEMBER(a.fd = fd);
    int result = next.listen(fd, backlog);
    return result >= 0 ? result : (int)FAILED(CALL_listen, result);
}

WRAP(int, shutdown, (int fd, int how))
{
    REMEMBER(a.fd = fd);
    shut_begins();
    int result = next.shutdown(fd, how);
    if (result >= 0 && keeps_notes()) {
        shut_note(fd, how);
        hint_shut(fd);
    }
    shut_is_noted();
    return result >= 0 ? result : (int)FAILED(CALL_shutdown, result);
}

WRAP(int, getsockname, (int fd, struct sockaddr *addr, socklen_t *len))
{
    REMEMBER(a.fd = fd);
    int result = next.getsockname(fd, addr, len);
    return result >= 0 ? result : (int)FAILED(CALL_getsockname, result);
}

WRAP(int, getpeername, (int fd, struct sockaddr *addr, socklen_t *len))
{
    REMEMBER(a.fd = fd);
    int result = next.getpeername(fd, addr, len);
    return result >= 0 ? result : (int)FAILED(CALL_getpeername, result);
}

#ifdef __GLIBC__
ALIAS(__connect, connect);
#endif
