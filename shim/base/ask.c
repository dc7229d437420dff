#include "base/ask.h"

#include "base/kernel.h"
#include "base/raw.h"

#include <errno.h>
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
