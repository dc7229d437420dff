#include "calls/wrap.h"

#include "force/nodelay.h"
#include "start/start.h"

#include <string.h>

/* Descriptors that came with a message (unix(7), SCM_RIGHTS). */
static void take_rights(const struct cmsghdr *control, size_t len)
{
    int fd;
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
        return;
    }
    for (size_t at = sizeof *control; at + sizeof fd <= len; at += sizeof fd) {
        memcpy(&fd, (const char *)control + at, sizeof fd);
        nodelay_force(fd);
    }
    sockshim_has_socket();
}

/* The kernel has just written the control data, cmsg(3): headers at multiples of a
 * long's size, each with its length. */
static __attribute__((noinline)) ssize_t take_control(const struct msghdr *msg, ssize_t n)
{
    const char *at = msg->msg_control;
    size_t room = msg->msg_controllen;
    while (at && room >= sizeof(struct cmsghdr)) {
        const struct cmsghdr *control = (const void *)at;
        size_t len = control->cmsg_len;
        if (len < sizeof *control || len > room) {
            break;
        }
        take_rights(control, len);
        len = (len + sizeof(long) - 1) & ~(sizeof(long) - 1);
        at += len;
        room -= len < room ? len : room;
    }
    return n;
}

static inline ssize_t received(const struct msghdr *msg, ssize_t n)
{
    return msg->msg_controllen ? take_control(msg, n) : n;
}

static __attribute__((noinline)) int take_controls(const struct mmsghdr *msgs, int n)
{
    for (int i = 0; i < n; i++) {
        received(&msgs[i].msg_hdr, n);
    }
    return n;
}

/* Whoever gives room for control data gives it with the first message. */
static inline int received_messages(const struct mmsghdr *msgs, int n)
{
    return msgs->msg_hdr.msg_control ? take_controls(msgs, n) : n;
}

WRAP(ssize_t, recv, (int fd, void *buf, size_t len, int flags))
{
    REMEMBER(a.fd = fd, a.len = len, a.flags = flags);
    ssize_t n = next.recv(fd, buf, len, flags);
    return n > 0 ? n : failed(CALL_recv, n, &a);
}

WRAP(ssize_t, recvfrom,
     (int fd, void *buf, size_t len, int flags, struct sockaddr *addr, socklen_t *addrlen))
{
    REMEMBER(a.fd = fd, a.len = len, a.flags = flags);
    ssize_t n = next.recvfrom(fd, buf, len, flags, addr, addrlen);
    return n > 0 ? n : failed(CALL_recvfrom, n, &a);
}

WRAP(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags))
{
    REMEMBER(a.fd = fd, a.data = msg, a.flags = flags);
    ssize_t n = next.recvmsg(fd, msg, flags);
    return n > 0 ? received(msg, n) : failed(CALL_recvmsg, n < 0 ? n : received(msg, n), &a);
}

WRAP(int, recvmmsg,
     (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout))
{
    REMEMBER(a.fd = fd, a.len = count, a.flags = flags);
    int n = next.recvmmsg(fd, msgs, count, flags, timeout);
    return n > 0 ? received_messages(msgs, n) : (int)failed(CALL_recvmmsg, n, &a);
}

WRAP(ssize_t, read, (int fd, void *buf, size_t len))
{
    REMEMBER(a.fd = fd, a.len = len);
    ssize_t n = next.read(fd, buf, len);
    return n > 0 ? n : failed(CALL_read, n, &a);
}

WRAP(ssize_t, readv, (int fd, const struct iovec *iov, int count))
{
    REMEMBER(a.fd = fd, a.data = iov, a.len = (size_t)count);
    ssize_t n = next.readv(fd, iov, count);
    return n > 0 ? n : failed(CALL_readv, n, &a);
}

#ifdef __GLIBC__

ALIAS(__read, read);

WRAP(ssize_t, preadv2, (int fd, const struct iovec *iov, int count, off_t offset, int flags))
{
    REMEMBER(a.fd = fd, a.data = iov, a.len = (size_t)count, a.flags = flags);
    ssize_t n = next.preadv2(fd, iov, count, offset, flags);
    return n > 0 ? n : failed(CALL_preadv2, n, &a);
}

WRAP(ssize_t, preadv64v2, (int fd, const struct iovec *iov, int count, off64_t offset, int flags))
{
    REMEMBER(a.fd = fd, a.data = iov, a.len = (size_t)count, a.flags = flags);
    ssize_t n = next.preadv64v2(fd, iov, count, offset, flags);
    return n > 0 ? n : failed(CALL_preadv2, n, &a);
}

/* What recv, recvfrom and read are in a program built with _FORTIFY_SOURCE. */

WRAP(ssize_t, __recv_chk, (int fd, void *buf, size_t len, size_t room, int flags))
{
    REMEMBER(a.fd = fd, a.len = len, a.flags = flags);
    ssize_t n = next.__recv_chk(fd, buf, len, room, flags);
    return n > 0 ? n : failed(CALL_recv, n, &a);
}

WRAP(ssize_t, __recvfrom_chk,
     (int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
      socklen_t *addrlen))
{
    REMEMBER(a.fd = fd, a.len = len, a.flags = flags);
    ssize_t n = next.__recvfrom_chk(fd, buf, len, room, flags, addr, addrlen);
    return n > 0 ? n : failed(CALL_recvfrom, n, &a);
}

WRAP(ssize_t, __read_chk, (int fd, void *buf, size_t len, size_t room))
{
    REMEMBER(a.fd = fd, a.len = len);
    ssize_t n = next.__read_chk(fd, buf, len, room);
    return n > 0 ? n : failed(CALL_read, n, &a);
}

#endif

#ifdef HAVE_TIME64_TWINS

WRAP(ssize_t, __recvmsg64, (int fd, struct msghdr *msg, int flags))
{
    REMEMBER(a.fd = fd, a.data = msg, a.flags = flags);
    ssize_t n = next.__recvmsg64(fd, msg, flags);
    return n > 0 ? received(msg, n) : failed(CALL_recvmsg, n < 0 ? n : received(msg, n), &a);
}

WRAP(int, __recvmmsg64,
     (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec64 *timeout))
{
    REMEMBER(a.fd = fd, a.len = count, a.flags = flags);
    int n = next.__recvmmsg64(fd, msgs, count, flags, timeout);
    return n > 0 ? received_messages(msgs, n) : (int)failed(CALL_recvmmsg, n, &a);
}

#endif
