/* Receiving. */
#include "life.h"

void receive(void)
{
    int fd = source();
    size_t len = length();
    void *buf = room(len < 300 ? len : 300);
    int flags = message_flags(fd);
    size_t chk = len > 4096 ? len : 4096;
    socklen_t *addrlen;
    struct sockaddr *addr;
    switch (below(7)) {
    case 0:
        CALL(recv(fd, buf, len, flags), "recv %d %p %zu %x", fd, buf, len, flags);
        return;
    case 1:
        addr = address_room(&addrlen);
        CALL(recvfrom(fd, buf, len, flags, addr, addrlen), "recvfrom %d %p %zu %x %p %p", fd, buf,
             len, flags, (void *)addr, (void *)addrlen);
        return;
    case 2:
        CALL(read(fd, buf, len), "read %d %p %zu", fd, buf, len);
        return;
    case 3:
        if (HAS(__read)) {
            CALL(x___read(fd, buf, len), "__read %d %p %zu", fd, buf, len);
        }
        return;
    case 4:
        if (HAS(__read_chk)) {
            CALL(x___read_chk(fd, buf, len, chk), "__read_chk %d %p %zu", fd, buf, len);
        }
        return;
    case 5:
        if (HAS(__recv_chk)) {
            CALL(x___recv_chk(fd, buf, len, chk, flags), "__recv_chk %d %p %zu %x", fd, buf, len,
                 flags);
        }
        return;
    default:
        addr = address_room(&addrlen);
        if (HAS(__recvfrom_chk)) {
            CALL(x___recvfrom_chk(fd, buf, len, chk, flags, addr, addrlen),
                 "__recvfrom_chk %d %p %zu %x %p %p", fd, buf, len, flags, (void *)addr,
                 (void *)addrlen);
        }
        return;
    }
}

void receive_vector(void)
{
    int fd = source();
    int count;
    int flags = one_in(3) ? (int)ANY(8 /* RWF_NOWAIT */, 1, 0x4000, -1) : 0;
    long offset = ANY(-1, -1, -1, 0, 5, -2);
    struct iovec *iov = vector(&count, true);
    switch (below(3)) {
    case 0:
        CALL(readv(fd, iov, count), "readv %d %p %d", fd, (void *)iov, count);
        return;
    case 1:
        if (HAS(preadv2)) {
            CALL(x_preadv2(fd, iov, count, offset, flags), "preadv2 %d %p %d %ld %x", fd,
                 (void *)iov, count, offset, flags);
        }
        return;
    default:
        if (HAS(preadv64v2)) {
            CALL(x_preadv64v2(fd, iov, count, offset, flags), "preadv64v2 %d %p %d %ld %x", fd,
                 (void *)iov, count, offset, flags);
        }
        return;
    }
}

/* Rights that came are descriptors: their numbers are in the sum. */
void receive_message(void)
{
    int fd = source();
    int flags = message_flags(fd);
    struct msghdr msg = message(true);
    struct msghdr *at = given(&msg, sizeof msg);
    if (one_in(2)) {
        CALL(recvmsg(fd, at, flags), "recvmsg %d %p %x", fd, (void *)at, flags);
    } else if (HAS(__recvmsg64)) {
        CALL(x___recvmsg64(fd, at, flags), "__recvmsg64 %d %p %x", fd, (void *)at, flags);
    }
}

/* What is left of a time limit is not the same twice. */
static void hide_rest(void *limit, size_t half)
{
    if (in_arena(limit, 2 * half)) {
        memset((char *)limit + half, 0, half);
    }
}

void receive_messages(void)
{
    int fd = source();
    int flags = message_flags(fd) | (one_in(3) ? MSG_WAITFORONE : 0);
    unsigned count = one_in(8) ? (unsigned)ANY(0, -1, 1025) : 1 + below(3);
    struct mmsghdr messages[3];
    long long limit[2] = {ANY(5, 5, 0, -1), ANY(0, 0, 1000000000, -1)};
    long small[2] = {(long)limit[0], (long)limit[1]};
    bool twin = one_in(2);
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < 3; i++) {
        messages[i].msg_hdr = message(true);
        messages[i].msg_len = 0x77;
    }
    struct mmsghdr *at = given(messages, sizeof messages);
    void *timeout = one_in(2) ? NULL
                    : twin    ? given(limit, sizeof limit)
                              : given(small, sizeof small);
    if (twin && !HAS(__recvmmsg64)) {
        return;
    }
    CALL_AS(guard(), (unguard(), hide_rest(timeout, twin ? 8 : sizeof(long))),
            twin ? x___recvmmsg64(fd, at, count, flags, timeout)
                 : recvmmsg(fd, at, count, flags, timeout),
            "%s %d %p %u %x %p", twin ? "__recvmmsg64" : "recvmmsg", fd, (void *)at, count, flags,
            timeout);
}
