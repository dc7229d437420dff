#include "base/ask.h"

#include "base/kernel.h"
#include "base/raw.h"

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

bool is_tcp_socket(int fd)
{
    /* Other families number their protocols anew. */
    return is_tcp_protocol(ask_int(fd, SOL_SOCKET, SO_PROTOCOL)) && is_ip_socket(fd);
}

bool is_ip_socket(int fd)
{
    return is_inet_family(ask_int(fd, SOL_SOCKET, SO_DOMAIN));
}
