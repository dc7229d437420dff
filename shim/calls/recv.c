#include "calls/wrap.h"

#include "base/ask.h"
#include "calls/rights.h"
#include "start/start.h"

static __attribute__((noinline)) ssize_t take_control(const struct msghdr *msg, ssize_t n)
{
    if (rights_each(msg, sockshim_force_nodelay)) {
        sockshim_has_socket(-1);
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
    return n > 0 && msgs->msg_hdr.msg_control ? take_controls(msgs, n) : n;
}

/* A message of no bytes may bring descriptors, too. A seccomp filter may have answered
 * the 0, and then nothing was read: the kernel is asked. */
static __attribute__((noinline)) ssize_t received_nothing(struct attempt *a, ssize_t n)
{
    const struct msghdr *msg = a->data;
    failed_from(a, __builtin_return_address(0), CALL_recvmsg, n);
    bool is_read = n == 0 && can_read(msg, sizeof *msg);
    return is_read && can_read(msg->msg_control, msg->msg_controllen) ? received(msg, n) : n;
}

/* MOVES for a call that may bring descriptors: `take` looks for them. */
#define MOVES_RIGHTS(result, name, parameters, arguments, take, or_else, ...)                      \
    WRAP(result, name, parameters)                                                                 \
    {                                                                                              \
        REMEMBER(__VA_ARGS__);                                                                     \
        result n = next.name arguments;                                                            \
        return n > 0 ? (take) : (result)(or_else);                                                 \
    }

MOVES(ssize_t, recv, recv, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags),
      a.fd = fd, a.len = len, a.flags = flags)
MOVES(ssize_t, recvfrom, recvfrom,
      (int fd, void *buf, size_t len, int flags, struct sockaddr *addr, socklen_t *addrlen),
      (fd, buf, len, flags, addr, addrlen), a.fd = fd, a.len = len, a.flags = flags)
MOVES_RIGHTS(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), (fd, msg, flags),
             received(msg, n), received_nothing(&a, n), a.fd = fd, a.data = msg, a.flags = flags)
MOVES_RIGHTS(int, recvmmsg,
             (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout),
             (fd, msgs, count, flags, timeout), received_messages(msgs, n),
             FAILED(CALL_recvmmsg, n), a.fd = fd, a.len = count, a.flags = flags)
MOVES(ssize_t, read, read, (int fd, void *buf, size_t len), (fd, buf, len), a.fd = fd, a.len = len)
MOVES(ssize_t, readv, readv, (int fd, const struct iovec *iov, int count), (fd, iov, count),
      a.fd = fd, a.data = iov, a.len = (size_t)count)

#ifdef __GLIBC__

ALIAS(__read, read);

MOVES(ssize_t, preadv2, preadv2,
      (int fd, const struct iovec *iov, int count, off_t offset, int flags),
      (fd, iov, count, offset, flags), a.fd = fd, a.data = iov, a.len = (size_t)count,
      a.flags = flags)
MOVES(ssize_t, preadv2, preadv64v2,
      (int fd, const struct iovec *iov, int count, off64_t offset, int flags),
      (fd, iov, count, offset, flags), a.fd = fd, a.data = iov, a.len = (size_t)count,
      a.flags = flags)

/* What recv, recvfrom and read are in a program built with _FORTIFY_SOURCE. */

MOVES(ssize_t, recv, __recv_chk, (int fd, void *buf, size_t len, size_t room, int flags),
      (fd, buf, len, room, flags), a.fd = fd, a.len = len, a.flags = flags)
MOVES(ssize_t, recvfrom, __recvfrom_chk,
      (int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
       socklen_t *addrlen),
      (fd, buf, len, room, flags, addr, addrlen), a.fd = fd, a.len = len, a.flags = flags)
MOVES(ssize_t, read, __read_chk, (int fd, void *buf, size_t len, size_t room), (fd, buf, len, room),
      a.fd = fd, a.len = len)

#endif

#ifdef HAVE_TIME64_TWINS

MOVES_RIGHTS(ssize_t, __recvmsg64, (int fd, struct msghdr *msg, int flags), (fd, msg, flags),
             received(msg, n), received_nothing(&a, n), a.fd = fd, a.data = msg, a.flags = flags)
MOVES_RIGHTS(int, __recvmmsg64,
             (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec64 *timeout),
             (fd, msgs, count, flags, timeout), received_messages(msgs, n),
             FAILED(CALL_recvmmsg, n), a.fd = fd, a.len = count, a.flags = flags)

#endif
