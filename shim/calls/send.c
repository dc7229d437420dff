#include "calls/wrap.h"

WRAP(ssize_t, send, (int fd, const void *buf, size_t len, int flags))
{
    REMEMBER(a.fd = fd, a.len = len, a.flags = flags);
    ssize_t n = next.send(fd, buf, len, flags);
    return n > 0 ? n : failed(CALL_send, n, &a);
}

WRAP(ssize_t, sendto,
     (int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
      socklen_t addrlen))
{
    REMEMBER(a.fd = fd, a.len = len, a.flags = flags, a.addr = addr, a.addrlen = addrlen);
    ssize_t n = next.sendto(fd, buf, len, flags, addr, addrlen);
    return n > 0 ? n : failed(CALL_sendto, n, &a);
}

WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags))
{
    REMEMBER(a.fd = fd, a.data = msg, a.flags = flags);
    ssize_t n = next.sendmsg(fd, msg, flags);
    return n > 0 ? n : failed(CALL_sendmsg, n, &a);
}

WRAP(int, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned count, int flags))
{
    REMEMBER(a.fd = fd, a.len = count, a.flags = flags);
    int n = next.sendmmsg(fd, msgs, count, flags);
    return n > 0 ? n : (int)failed(CALL_sendmmsg, n, &a);
}

WRAP(ssize_t, write, (int fd, const void *buf, size_t len))
{
    REMEMBER(a.fd = fd, a.len = len);
    ssize_t n = next.write(fd, buf, len);
    return n > 0 ? n : failed(CALL_write, n, &a);
}

WRAP(ssize_t, writev, (int fd, const struct iovec *iov, int count))
{
    REMEMBER(a.fd = fd, a.data = iov, a.len = (size_t)count);
    ssize_t n = next.writev(fd, iov, count);
    return n > 0 ? n : failed(CALL_writev, n, &a);
}

WRAP(ssize_t, sendfile, (int out, int in, off_t *offset, size_t count))
{
    REMEMBER(a.fd = out, a.other = in, a.len = count);
    ssize_t n = next.sendfile(out, in, offset, count);
    return n > 0 ? n : failed(CALL_sendfile, n, &a);
}

WRAP(ssize_t, sendfile64, (int out, int in, off64_t *offset, size_t count))
{
    REMEMBER(a.fd = out, a.other = in, a.len = count);
    ssize_t n = next.sendfile64(out, in, offset, count);
    return n > 0 ? n : failed(CALL_sendfile, n, &a);
}

WRAP(ssize_t, splice,
     (int in, off64_t *in_offset, int out, off64_t *out_offset, size_t len, unsigned flags))
{
    REMEMBER(a.fd = out, a.other = in, a.len = len, a.flags = (int)flags);
    ssize_t n = next.splice(in, in_offset, out, out_offset, len, flags);
    return n > 0 ? n : failed(CALL_splice, n, &a);
}

#ifdef __GLIBC__

ALIAS(__write, write);
ALIAS(__send, send);

WRAP(ssize_t, pwritev2, (int fd, const struct iovec *iov, int count, off_t offset, int flags))
{
    REMEMBER(a.fd = fd, a.data = iov, a.len = (size_t)count, a.flags = flags);
    ssize_t n = next.pwritev2(fd, iov, count, offset, flags);
    return n > 0 ? n : failed(CALL_pwritev2, n, &a);
}

WRAP(ssize_t, pwritev64v2, (int fd, const struct iovec *iov, int count, off64_t offset, int flags))
{
    REMEMBER(a.fd = fd, a.data = iov, a.len = (size_t)count, a.flags = flags);
    ssize_t n = next.pwritev64v2(fd, iov, count, offset, flags);
    return n > 0 ? n : failed(CALL_pwritev2, n, &a);
}

#endif

#ifdef HAVE_TIME64_TWINS

WRAP(ssize_t, __sendmsg64, (int fd, const struct msghdr *msg, int flags))
{
    REMEMBER(a.fd = fd, a.data = msg, a.flags = flags);
    ssize_t n = next.__sendmsg64(fd, msg, flags);
    return n > 0 ? n : failed(CALL_sendmsg, n, &a);
}

WRAP(int, __sendmmsg64, (int fd, struct mmsghdr *msgs, unsigned count, int flags))
{
    REMEMBER(a.fd = fd, a.len = count, a.flags = flags);
    int n = next.__sendmmsg64(fd, msgs, count, flags);
    return n > 0 ? n : (int)failed(CALL_sendmmsg, n, &a);
}

#endif
