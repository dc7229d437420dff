/* Arguments: right, odd and wrong ones. */
#include "life.h"

/* Mostly one that is open, and a socket. */
int descriptor(void)
{
    if (one_in(40)) {
        return (int)ANY(-1, 1000000, 0x7fffffff, -2147483647, 39, 60);
    }
    int fd = 3;
    for (int tries = 0; tries < 12; tries++) {
        fd = 3 + (int)below(20);
        if (ask(fd, SOL_SOCKET, SO_TYPE) >= 0 || one_in(20)) {
            break;
        }
    }
    return fd;
}

int any_descriptor(void)
{
    return one_in(2) ? descriptor() : 3 + (int)below(20);
}

bool is_file(int fd)
{
    return syscall(SYS_lseek, fd, 0, SEEK_CUR) >= 0;
}

bool is_pipe(int fd)
{
    return syscall(SYS_fcntl, fd, F_GETPIPE_SZ) >= 0;
}

/* Mostly one that is so. */
int descriptor_that(bool is_so(int))
{
    for (int tries = 0; tries < 40 && !one_in(60); tries++) {
        int fd = 3 + (int)below(24);
        if (is_so(fd)) {
            return fd;
        }
    }
    return any_descriptor();
}

static bool has_data(int fd)
{
    int count = 0;
    return ask(fd, SOL_SOCKET, SO_TYPE) >= 0 && syscall(SYS_ioctl, fd, FIONREAD, &count) == 0 &&
           count > 0;
}

static bool is_connected(int fd)
{
    char room[128];
    socklen_t len = sizeof room;
    return syscall(SYS_getpeername, fd, room, &len) == 0;
}

int source(void)
{
    return one_in(3) ? descriptor() : descriptor_that(has_data);
}

int sink(void)
{
    return one_in(3) ? descriptor() : descriptor_that(is_connected);
}

size_t length(void)
{
    return one_in(8) ? (size_t)ANY(0, 0, 0, 4096, 100000, -1, 0x7fffffff) : below(300);
}

int message_flags(int fd)
{
    static const long flags[] = {MSG_DONTWAIT, MSG_PEEK,      MSG_TRUNC,    MSG_OOB,
                                 MSG_NOSIGNAL, MSG_WAITALL,   MSG_ERRQUEUE, MSG_EOR,
                                 MSG_CONFIRM,  MSG_DONTROUTE, MSG_MORE,     MSG_CMSG_CLOEXEC,
                                 0x400000};
    int result = 0;
    while (one_in(3)) {
        result |= (int)flags[below(sizeof flags / sizeof *flags)];
    }
    if (one_in(60)) {
        result |= (int)ANY(-1, 0x40000000, 0x10000) & ~MSG_MORE;
    }
    return is_tcp(fd) ? result & ~(MSG_MORE | 0x20000000 | MSG_PROXY) : result & ~0x20000000;
}

static socklen_t an_address(union address *a)
{
    socklen_t len = 0;
    memset(a, 0, sizeof *a);
    switch (below(6)) {
    case 0:
    case 1:
        a->un.sun_family = AF_UNIX;
        a->un.sun_path[0] = (char)ANY(0, 's', 's');
        a->un.sun_path[1] = (char)('0' + below(6));
        len = offsetof(struct sockaddr_un, sun_path) + 3;
        break;
    case 2:
    case 3:
        a->in.sin_family = AF_INET;
        a->in.sin_port = htons((uint16_t)ANY(0, 2000, 2001, 2002, 2003, 2004));
        a->in.sin_addr.s_addr = htonl((uint32_t)ANY(INADDR_LOOPBACK, INADDR_LOOPBACK, 0x7f000002,
                                                    INADDR_ANY, 0xc6336401, 0x7fffffff));
        len = sizeof a->in;
        break;
    case 4:
        a->in6.sin6_family = AF_INET6;
        a->in6.sin6_port = htons((uint16_t)ANY(0, 2000, 2001, 2002));
        a->in6.sin6_addr = one_in(4) ? in6addr_any : in6addr_loopback;
        len = sizeof a->in6;
        break;
    default:
        a->any.sa_family = (sa_family_t)ANY(AF_UNSPEC, AF_NETLINK, 99);
        len = (socklen_t)ANY(2, 12, 16);
        break;
    }
    if (one_in(8)) {
        len = (socklen_t)ANY(0, 1, 3, 8, 15, 17, 24, 27, 28, 29, 107, 108, 110, 111, 128, 129, -1,
                             0x7fffffff);
    }
    return len;
}

/* len: what the kernel is told; what is there may be less. */
struct sockaddr *address_given(socklen_t *len)
{
    union address a;
    *len = an_address(&a);
    return given(&a, *len <= sizeof a ? *len : sizeof a);
}

struct sockaddr *address_room(socklen_t **len)
{
    socklen_t value = (socklen_t)ANY(128, 128, 16, 28, 110, 5, 1, 0, -1);
    struct sockaddr *at = one_in(4) ? NULL : room(value < 129 ? value : 128);
    *len = given(&value, sizeof value);
    hide(at);
    return at;
}

struct iovec *vector(int *count, bool to_write_to)
{
    struct iovec iov[8];
    int n = (int)below(6);
    for (int i = 0; i < n; i++) {
        size_t len = one_in(10) ? length() : below(80);
        char data[300] = "vector data that is sent";
        iov[i].iov_base = to_write_to ? room(len < 300 ? len : 300)
                                      : given(data, len < sizeof data ? len : sizeof data);
        iov[i].iov_len = len;
    }
    *count = one_in(12) ? (int)ANY(0, -1, 1025, 1024, 1 << 30, -2147483647) : n;
    return given(iov, (size_t)n * sizeof *iov);
}

/* control is a room for what comes, or a message that goes: rights, or garbage. */
struct msghdr message(bool to_write_to)
{
    struct msghdr msg;
    int count;
    memset(&msg, 0, sizeof msg);
    msg.msg_iov = vector(&count, to_write_to);
    msg.msg_iovlen = (__typeof__(msg.msg_iovlen))count;
    if (one_in(3)) {
        socklen_t len = 128;
        msg.msg_name = to_write_to ? room(128) : address_given(&len);
        msg.msg_namelen = len;
        if (to_write_to) {
            hide(msg.msg_name);
        }
    }
    if (one_in(3)) {
        union {
            struct cmsghdr header;
            char room[CMSG_SPACE(sizeof(int))];
        } control;
        int fd = descriptor();
        if (ask(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX) {
            fd = 2; /* rings of them are collected some time later: net/unix/garbage.c */
        }
        memset(&control, 0, sizeof control);
        control.header.cmsg_level = one_in(8) ? 77 : SOL_SOCKET;
        control.header.cmsg_type = one_in(8) ? 77 : SCM_RIGHTS;
        control.header.cmsg_len = one_in(8) ? below(40) : CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        msg.msg_control = to_write_to ? room(64) : given(&control, sizeof control);
        msg.msg_controllen = to_write_to ? (unsigned)ANY(64, 64, 16, 20, 0) : sizeof control;
        if (one_in(16)) {
            msg.msg_controllen = (__typeof__(msg.msg_controllen))ANY(-1, 0x7fffffff, 1);
        }
    }
    msg.msg_flags = (int)below(4) * 0x1111;
    return msg;
}

/* A new descriptor does not wait, but for the few that wait a millisecond. */
static void no_waiting(int fd)
{
    struct timeval limit = {0, 1000};
    if (one_in(8) && ask(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_MPTCP) { /* which ignores it */
        CALL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), "rcvtimeo %d", fd);
        CALL(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), "sndtimeo %d", fd);
        return;
    }
    syscall(SYS_fcntl, fd, F_SETFL, O_NONBLOCK | syscall(SYS_fcntl, fd, F_GETFL));
}

void opened(long fd)
{
    int value = -1;
    socklen_t len = sizeof value;
    if (fd < 0) {
        return;
    }
    has_socket();
    force_nodelay((int)fd);
    no_waiting((int)fd);
    if (one_in(2)) {
        CALL(getsockopt((int)fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), "getsockopt %ld", fd);
        say("   %d\n", value);
    }
}
