#include "base/ask.h"

#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>

bool ask(int fd, int level, int option, void *value, socklen_t *len)
{
    return raw(SYS_getsockopt, fd, level, option, value, len) == 0;
}

int ask_int(int fd, int level, int option)
{
    int value = 0;
    socklen_t len = sizeof value;
    return ask(fd, level, option, &value, &len) ? value : -1;
}

bool is_socket(int fd)
{
    struct stat64 st;
    st.st_mode = 0;
    return raw(RAW_FSTAT, fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static bool has_ip_family(int fd)
{
    return is_inet_family(ask_int(fd, SOL_SOCKET, SO_DOMAIN));
}

bool is_tcp_socket(int fd)
{
    /* Other families number their protocols anew. */
    return is_tcp_protocol(ask_int(fd, SOL_SOCKET, SO_PROTOCOL)) && has_ip_family(fd);
}

bool is_ip_socket(int fd)
{
    return is_socket(fd) && has_ip_family(fd);
}

/* EINVAL: it listens. */
bool is_tcp_by_ioctl(int fd)
{
    int unsent = 0;
    long result = raw(SYS_ioctl, fd, UNSENT_QUEUE, &unsent);
    return result == 0 || result == -EINVAL;
}

/* A word in each page. With no known `how` rt_sigprocmask(2) reads the set, changes
 * nothing, and says EINVAL; EFAULT where it could not read it (kernel/signal.c). Every C
 * library makes this call, so no filter forbids it, but for one of the program's own. */
bool can_read(const void *from, size_t len)
{
    enum { PAGE = 4096, WORD = 8 };
    uintptr_t last = ((uintptr_t)from + len - 1) & ~(uintptr_t)(WORD - 1);
    uintptr_t at = (uintptr_t)from & ~(uintptr_t)(WORD - 1);
    if (process_is_caged() || len == 0 || last < at) {
        return false;
    }
    for (; at / PAGE < last / PAGE; at += PAGE) {
        if (raw(SYS_rt_sigprocmask, -1, at, 0, WORD) != -EINVAL) {
            return false;
        }
    }
    return raw(SYS_rt_sigprocmask, -1, last, 0, WORD) == -EINVAL;
}
