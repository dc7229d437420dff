#include "calls/wrap.h"

MOVES(ssize_t, send, send, (int fd, const void *buf, size_t len, int flags), (fd, buf, len, flags),
      a.fd = fd, a.len = len, a.flags = flags)
MOVES(ssize_t, sendto, sendto,
      (int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
       socklen_t addrlen),
      (fd, buf, len, flags, addr, addrlen), a.fd = fd, a.len = len, a.flags = flags, a.addr = addr,
      a.addrlen = addrlen)
MOVES(ssize_t, sendmsg, sendmsg, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags),
      a.fd = fd, a.data = msg, a.flags = flags)
MOVES(int, sendmmsg, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned count, int flags),
      (fd, msgs, count, flags), a.fd = fd, a.len = count, a.data = msgs, a.flags = flags)
MOVES(ssize_t, write, write, (int fd, const void *buf, size_t len), (fd, buf, len), a.fd = fd,
      a.len = len)
MOVES(ssize_t, writev, writev, (int fd, const struct iovec *iov, int count), (fd, iov, count),
      a.fd = fd, a.data = iov, a.len = (size_t)count)
MOVES(ssize_t, sendfile, sendfile, (int out, int in, off_t *offset, size_t count),
      (out, in, offset, count), a.fd = out, a.other = in, a.len = count)
MOVES(ssize_t, sendfile, sendfile64, (int out, int in, off64_t *offset, size_t count),
      (out, in, offset, count), a.fd = out, a.other = in, a.len = count)
MOVES(ssize_t, splice, splice,
      (int in, off64_t *in_offset, int out, off64_t *out_offset, size_t len, unsigned flags),
      (in, in_offset, out, out_offset, len, flags), a.fd = out, a.other = in, a.len = len,
      a.flags = (int)flags)

#ifdef __GLIBC__

ALIAS(__write, write);
ALIAS(__send, send);

MOVES(ssize_t, pwritev2, pwritev2,
      (int fd, const struct iovec *iov, int count, off_t offset, int flags),
      (fd, iov, count, offset, flags), a.fd = fd, a.data = iov, a.len = (size_t)count,
      a.flags = flags)
MOVES(ssize_t, pwritev2, pwritev64v2,
      (int fd, const struct iovec *iov, int count, off64_t offset, int flags),
      (fd, iov, count, offset, flags), a.fd = fd, a.data = iov, a.len = (size_t)count,
      a.flags = flags)

#endif

#ifdef HAVE_TIME64_TWINS

MOVES(ssize_t, sendmsg, __sendmsg64, (int fd, const struct msghdr *msg, int flags),
      (fd, msg, flags), a.fd = fd, a.data = msg, a.flags = flags)
MOVES(int, sendmmsg, __sendmmsg64, (int fd, struct mmsghdr *msgs, unsigned count, int flags),
      (fd, msgs, count, flags), a.fd = fd, a.len = count, a.data = msgs, a.flags = flags)

#endif
