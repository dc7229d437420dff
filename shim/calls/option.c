/* getsockopt and setsockopt: the error that the program reads late (SO_ERROR), the
 * option that stays on, and whether there are timeouts. */
#include "calls/wrap.h"

#include "base/process.h"
#include "force/nodelay.h"

#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>

/* Where nothing ever is. A seccomp filter may have answered the 0, and then the kernel has
 * not looked at the pointers: NULL and its neighbours are found without a system call, of
 * which there is to be none when a call succeeds. */
static bool leads_nowhere(const void *pointer)
{
    enum { LOWEST_PAGE = 4096 };
    return (uintptr_t)pointer < LOWEST_PAGE;
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

static inline int late_error(struct attempt *a, const void *site, const void *value,
                             const socklen_t *len)
{
    int err = leads_nowhere(value) || leads_nowhere(len) ? 0 : int_at(value, *len);
    if (err != 0) {
        a->site = site;
        failed_late(err, a);
    }
    return 0;
}

static __attribute__((noinline)) int get_error(int fd, void *value, socklen_t *len)
{
    REMEMBER(a.fd = fd);
    int result = next.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, len);
    return result < 0 ? (int)FAILED(CALL_getsockopt, result)
                      : late_error(&a, __builtin_return_address(0), value, len);
}

static inline int after_getsockopt(struct attempt *a, int result)
{
    return result >= 0 ? result
                       : (int)failed_from(a, __builtin_return_address(0), CALL_getsockopt, result);
}

WRAP(int, getsockopt, (int fd, int level, int option, void *value, socklen_t *len))
{
    bool is_error = level == SOL_SOCKET && option == SO_ERROR;
    if (is_error) {
        return get_error(fd, value, len);
    }
    REMEMBER(a.fd = fd);
    return after_getsockopt(&a, next.getsockopt(fd, level, option, value, len));
}

/* SO_RCVTIMEO and SO_SNDTIMEO in both their forms, of which a C library's header shows
 * one: 20 and 21, 66 and 67 (include/uapi/asm-generic/socket.h). */
enum { OLD_TIMEOUTS = 20, NEW_TIMEOUTS = 66 };

static bool is_timeout(int option)
{
    int pair = option & ~1;
    return pair == OLD_TIMEOUTS || pair == NEW_TIMEOUTS;
}

/* TCP_NODELAY and TCP_CORK, two bits apart. */
static bool is_nagle(int option)
{
    return (option | 2) == TCP_CORK;
}

static int keep_nodelay(int fd, int option, const void *value, socklen_t len, int result)
{
    if (leads_nowhere(value) || int_at(value, len) != 0) {
        process_nagle_set();
    } else if (option == TCP_NODELAY && nodelay_put_back(fd)) {
        refused(CALL_setsockopt, fd,
                "The program turned TCP_NODELAY off; the call reported success, but the option "
                "stays on (SOCKSHIM_NODELAY=off allows it).");
    }
    return result;
}

static inline int after_setsockopt(int fd, int level, int option, const void *value, socklen_t len,
                                   int result)
{
    if (result == 0 && level == IPPROTO_TCP && is_nagle(option)) {
        return keep_nodelay(fd, option, value, len, result);
    }
    if (level == SOL_SOCKET && is_timeout(option)) {
        process_timeout_set();
    } else if (level == SOL_SOCKET && option == SO_LINGER) {
        process_linger_set();
    }
    struct attempt a = {.fd = fd};
    return result >= 0 ? result : (int)FAILED(CALL_setsockopt, result);
}

static __attribute__((noinline)) int set_watched(int fd, int level, int option, const void *value,
                                                 socklen_t len)
{
    int result = next.setsockopt(fd, level, option, value, len);
    return after_setsockopt(fd, level, option, value, len, result);
}

static inline int set_plain(struct attempt *a, int result)
{
    return result >= 0 ? result
                       : (int)failed_from(a, __builtin_return_address(0), CALL_setsockopt, result);
}

WRAP(int, setsockopt, (int fd, int level, int option, const void *value, socklen_t len))
{
    if (level == SOL_SOCKET) {
        /* Higher options that share a bit with one of these are looked at, too. */
        const uint32_t watched = 3U << OLD_TIMEOUTS | 1U << SO_LINGER;
        if (watched >> (option & 31) & 1 || (unsigned)option - NEW_TIMEOUTS < 2) {
            return set_watched(fd, level, option, value, len);
        }
    } else if (level == IPPROTO_TCP && is_nagle(option)) {
        return set_watched(fd, level, option, value, len);
    }
    REMEMBER(a.fd = fd);
    return set_plain(&a, next.setsockopt(fd, level, option, value, len));
}

#ifdef HAVE_TIME64_TWINS

WRAP(int, __getsockopt64, (int fd, int level, int option, void *value, socklen_t *len))
{
    REMEMBER(a.fd = fd);
    int result = after_getsockopt(&a, next.__getsockopt64(fd, level, option, value, len));
    if (level != SOL_SOCKET || option != SO_ERROR || result < 0) {
        return result;
    }
    return late_error(&a, __builtin_return_address(0), value, len);
}

WRAP(int, __setsockopt64, (int fd, int level, int option, const void *value, socklen_t len))
{
    int result = next.__setsockopt64(fd, level, option, value, len);
    return after_setsockopt(fd, level, option, value, len, result);
}

#endif
