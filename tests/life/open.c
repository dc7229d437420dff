/* Opening, naming and connecting. */
#include "life.h"

void open_socket(void)
{
    int domain = (int)ANY(AF_UNIX, AF_INET, AF_INET, AF_INET6, AF_INET6, 99, -1);
    int type = (int)(ANY(SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, 0, 11, -1) |
                     ANY(0, 0, SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC, 0x10000));
    int protocol = (int)ANY(0, 0, 0, 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_MPTCP, 255, -1);
    opened(CALL(socket(domain, type, protocol), "socket %d %x %d", domain, type, protocol));
}

void open_pair(void)
{
    int domain = one_in(8) ? (int)ANY(AF_INET, AF_INET6, 99) : AF_UNIX;
    int type = (int)(ANY(SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW) |
                     ANY(0, 0, SOCK_NONBLOCK, SOCK_CLOEXEC));
    int *pair = room(2 * sizeof *pair);
    if (CALL(socketpair(domain, type, 0, pair), "socketpair %d %x %p", domain, type,
             (void *)pair) == 0) {
        opened(pair[0]);
        opened(pair[1]);
    }
}

static long connect_to(int fd, const struct sockaddr *addr, socklen_t len)
{
    bool twin = one_in(4) && HAS(__connect);
    force_nodelay(fd);
    has_socket();
    long result = CALL(twin ? x___connect(fd, addr, len) : connect(fd, addr, len), "%s %d %p %u",
                       twin ? "__connect" : "connect", fd,
                       in_arena(addr, 0) ? (const void *)addr : NULL, len);
    settle();
    return result;
}

static long accept_from(int fd)
{
    socklen_t *len;
    struct sockaddr *addr = address_room(&len);
    int flags = (int)ANY(0, SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_CLOEXEC, 0x10, -1);
    long result =
        one_in(2) ? CALL(accept(fd, addr, len), "accept %d %p %p", fd, (void *)addr, (void *)len)
                  : CALL(accept4(fd, addr, len, flags), "accept4 %d %p %p %x", fd, (void *)addr,
                         (void *)len, flags);
    opened(result);
    return result;
}

/* Two ends of a connection that stands, or of datagram sockets that know each
 * other: random calls alone would hardly get so far. */
void open_connection(void)
{
    int domain = (int)ANY(AF_INET, AF_INET, AF_INET6);
    int type = one_in(4) ? SOCK_DGRAM : SOCK_STREAM;
    union address a;
    socklen_t len = domain == AF_INET ? sizeof a.in : sizeof a.in6;
    memset(&a, 0, sizeof a);
    a.any.sa_family = (sa_family_t)domain;
    if (domain == AF_INET) {
        a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        a.in6.sin6_addr = in6addr_loopback;
    }
    int near = (int)CALL(socket(domain, type, 0), "socket");
    opened(near);
    int far = (int)CALL(socket(domain, type, 0), "socket");
    opened(far);
    CALL(bind(far, &a.any, len), "bind %d", far);
    syscall(SYS_getsockname, far, &a, &len);
    if (type == SOCK_STREAM) {
        CALL(listen(far, (int)ANY(64, 64, 1, 0x7fffffff)), "listen %d", far);
        connect_to(near, &a.any, len);
        accept_from(far);
        CALL(close(far), "close %d", far);
    } else {
        connect_to(near, &a.any, len);
        syscall(SYS_getsockname, near, &a, &len);
        connect_to(far, &a.any, len);
    }
}

void name_socket(void)
{
    int fd = descriptor();
    socklen_t len;
    socklen_t *space;
    struct sockaddr *addr;
    switch (below(8)) {
    case 0:
        addr = address_given(&len);
        connect_to(fd, addr, len);
        break;
    case 1:
    case 2:
        addr = address_given(&len);
        CALL(bind(fd, addr, len), "bind %d %p %u", fd, (void *)addr, len);
        break;
    case 3:
        CALL(listen(fd, (int)ANY(16, 0, -1, 0x7fffffff)), "listen %d", fd);
        break;
    case 4:
        accept_from(fd);
        break;
    case 5:
        if (one_in(2)) {
            CALL(shutdown(fd, (int)ANY(0, 1, 2, 3, -1)), "shutdown %d", fd);
            settle();
        }
        break;
    case 6:
        addr = address_room(&space);
        if (one_in(2)) {
            CALL(getpeername(fd, addr, space), "getpeername %d %p", fd, (void *)addr);
        } else {
            CALL(getsockname(fd, addr, space), "getsockname %d %p", fd, (void *)addr);
        }
        break;
    default:
        CALL(unlink((const char *[]){"s0", "s1", "s2", "s3", "s4", "s5"}[below(6)]), "unlink");
        break;
    }
}

void open_other(void)
{
    int ends[2];
    long fd;
    switch (below(5)) {
    case 0:
    case 1:
        CALL(pipe2(ends, O_NONBLOCK), "pipe2");
        return;
    case 2:
        fd = CALL(open("file", O_RDWR | O_CREAT | O_APPEND, 0600), "open");
        if (fd >= 0) {
            CALL(ftruncate((int)fd, 200), "ftruncate");
        }
        return;
    case 3:
        CALL(epoll_create1(0), "epoll_create1");
        return;
    default:
        CALL(open("/dev/null", O_RDWR), "null");
        return;
    }
}
