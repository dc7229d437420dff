/* getsockopt and setsockopt: the error that the program reads late (SO_ERROR), the
 * option that stays on, and whether there are timeouts. */
#include "calls/wrap.h"

#include "base/process.h"
#include "force/nodelay.h"

#include <netinet/tcp.h>
#include <string.h>

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

/* Of SOL_SOCKET: those of which it matters that the program has ever set them. */
static bool is_noted(int option)
{
#ifdef SO_RCVTIMEO_NEW
    if (option == SO_RCVTIMEO_NEW || option == SO_SNDTIMEO_NEW || option == SO_RCVTIMEO_OLD ||
        option == SO_SNDTIMEO_OLD) {
        return true;
    }
#endif
    return option == SO_RCVTIMEO || option == SO_SNDTIMEO || option == SO_LINGER;
}

static int keep_nodelay(int fd, const void *value, socklen_t len, int result)
{
    if (int_at(value, len) == 0 && nodelay_put_back(fd)) {
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
    if (level == SOL_SOCKET && is_noted(option)) {
        option == SO_LINGER ? process_linger_set() : process_timeout_set();
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
                      (level == SOL_SOCKET && is_noted(option));
    return is_watched ? set_watched(fd, level, option, value, len)
                      : next.setsockopt(fd, level, option, value, len);
}

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
