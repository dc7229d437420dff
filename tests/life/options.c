/* Options. */
#include "life.h"

void get_option(void)
{
    static const int options[][2] = {
        {IPPROTO_TCP, TCP_NODELAY}, {SOL_SOCKET, SO_ERROR},    {SOL_SOCKET, SO_TYPE},
        {SOL_SOCKET, SO_PROTOCOL},  {SOL_SOCKET, SO_RCVTIMEO}, {SOL_SOCKET, SO_ACCEPTCONN},
        {SOL_SOCKET, TCP_NODELAY},  {IPPROTO_TCP, SO_ERROR},   {SOL_SOCKET, SO_LINGER},
        {IPPROTO_IP, IP_TTL},       {SOL_SOCKET, 999},         {-1, -1},
        {IPPROTO_TCP, TCP_NODELAY}, {SOL_SOCKET, SO_ERROR},    {IPPROTO_TCP, TCP_CORK},
    };
    int fd = descriptor();
    const int *option = options[below(sizeof options / sizeof *options)];
    socklen_t size = (socklen_t)ANY(4, 4, 4, 4, 0, 1, 2, 3, 5, 8, 16, 200, -1);
    socklen_t *len = given(&size, sizeof size);
    void *value = room(size < 200 ? size : 200);
    bool twin = one_in(4);
    if (twin && !HAS(__getsockopt64)) {
        return;
    }
    CALL(twin ? x___getsockopt64(fd, option[0], option[1], value, len)
              : getsockopt(fd, option[0], option[1], value, len),
         "%s %d %d %d %p %p", twin ? "__getsockopt64" : "getsockopt", fd, option[0], option[1],
         value, (void *)len);
}

void set_option(void)
{
    static const int options[][2] = {
        {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_NODELAY},
        {SOL_SOCKET, TCP_NODELAY},  {SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_KEEPALIVE},
        {SOL_SOCKET, SO_ERROR},     {SOL_SOCKET, 999},          {-1, -1},
        {IPPROTO_IP, TCP_NODELAY},
    };
    int fd = descriptor();
    const int *option = options[below(sizeof options / sizeof *options)];
    int values[64] = {(int)ANY(0, 0, 0, 1, -1, 256), 0};
    socklen_t len = (socklen_t)ANY(4, 4, 4, 0, 1, 2, 3, 5, 8, 200, -1, 0x7fffffff);
    const void *value = given(values, len < 200 ? len : 200);
    struct linger now = {1, 0};
    if (one_in(8)) {
        CALL(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), "linger %d", fd);
        return;
    }
    bool twin = one_in(4) && HAS(__setsockopt64);
    long result = CALL(twin ? x___setsockopt64(fd, option[0], option[1], value, len)
                            : setsockopt(fd, option[0], option[1], value, len),
                       "%s %d %d %d %p %u", twin ? "__setsockopt64" : "setsockopt", fd, option[0],
                       option[1], value, len);
    if (result == 0 && option[0] == IPPROTO_TCP && option[1] == TCP_NODELAY) {
        force_nodelay(fd);
    }
    settle();
}
