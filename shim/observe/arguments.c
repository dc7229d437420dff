#include "observe/arguments.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"

#include <errno.h>
#include <sys/uio.h>

/* Whether the kernel, had it made the call, would have read what the call's pointers
 * point to: net/socket.c looks the descriptor up first, then copies the arguments. That
 * it made the call is not said: a seccomp filter answers what it likes, 0 too, and so
 * does a tracer. So no errno proves anything, and can_read() is asked as well, but for
 * is_under_way(). */
static bool kernel_reads_arguments(int err)
{
    return err != EBADF && err != ENOTSOCK && err != EFAULT && err != ENOSYS;
}

/* A connect that is under way has been sent somewhere. No filter has answered it, for there
 * is none, which is asked for once; a tracer that says so of an address that is not there
 * would be one that looks for such. */
static bool is_under_way(const struct facts *f)
{
    return f->call == CALL_connect && f->err == EINPROGRESS && !process_is_caged() &&
           process_has_no_filter();
}

enum { MOST_BUFFERS = 1024 }; /* UIO_MAXIOV */

static bool sum_iovecs(struct facts *f, const struct iovec *iov, size_t count)
{
    if (count > MOST_BUFFERS) { /* refused before it is read */
        return false;
    }
    if (count > 0 && !can_read(iov, count * sizeof *iov)) {
        return false;
    }
    f->has_len = true;
    for (size_t i = 0; i < count; i++) {
        f->len += iov[i].iov_len;
    }
    return true;
}

/* An address that the call was given. An address longer than the kernel takes
 * is refused before it is read. */
static void take_address(struct facts *f, struct address *to, const void *from, socklen_t len)
{
    if (from && kernel_reads_arguments(f->err) && len <= sizeof(struct sockaddr_storage) &&
        (is_under_way(f) || can_read(from, len))) {
        address_set(to, &f->room, from, len);
        f->peer_from_call = to == &f->peer;
    }
}

static void take_message(struct facts *f, const struct attempt *a)
{
    const struct msghdr *msg = a->data;
    /* EINVAL may come before the vector is read, ENOBUFS and ENOMEM too. */
    if (!kernel_reads_arguments(f->err) || f->err == EINVAL || f->err == ENOMEM ||
        f->err == ENOBUFS || !can_read(msg, sizeof *msg)) {
        return;
    }
    f->too_many_buffers = (size_t)msg->msg_iovlen > MOST_BUFFERS;
    if (sum_iovecs(f, msg->msg_iov, (size_t)msg->msg_iovlen) && f->sends) {
        take_address(f, &f->peer, msg->msg_name, msg->msg_namelen);
    }
}

/* Of several messages it is the first that failed, if the call did. (recvmmsg may
 * report an earlier error, before it has read any.) */
static void take_first_message(struct facts *f, const struct attempt *a)
{
    const struct mmsghdr *first = a->data;
    if (f->call != CALL_sendmmsg || a->len == 0 || !kernel_reads_arguments(f->err) ||
        f->err == EINVAL || f->err == ENOMEM || f->err == ENOBUFS ||
        !can_read(first, sizeof *first)) {
        return;
    }
    f->too_many_buffers = f->err == EMSGSIZE && (size_t)first->msg_hdr.msg_iovlen > MOST_BUFFERS;
    take_address(f, &f->peer, first->msg_hdr.msg_name, first->msg_hdr.msg_namelen);
}

static void take_vector(struct facts *f, const struct attempt *a)
{
    /* ESPIPE, of preadv2 with an offset, comes before the vector is read. */
    if (kernel_reads_arguments(f->err) && f->err != EINVAL && f->err != ESPIPE &&
        f->err != ENOMEM) {
        sum_iovecs(f, a->data, a->len);
    }
}

static void take_length(struct facts *f, const struct attempt *a)
{
    f->has_len = true;
    f->len = a->len;
}

static void take_new_socket(struct facts *f, const struct attempt *a)
{
    f->fd = -1;
    f->domain = (short)a->other;
    f->type = (short)((unsigned)a->flags & ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC));
    f->protocol = (short)a->len;
    if (f->protocol == 0 && is_inet_family(f->domain)) {
        int protocol = f->type == SOCK_STREAM  ? IPPROTO_TCP
                       : f->type == SOCK_DGRAM ? IPPROTO_UDP
                                               : 0;
        f->protocol = (short)protocol;
    }
}

static void take_arguments(struct facts *f, const struct attempt *a)
{
    switch (call_traits[f->call].arguments) {
    case LENGTH_TO:
        take_address(f, &f->peer, a->addr, a->addrlen);
        __attribute__((fallthrough));
    case LENGTH:
        take_length(f, a);
        return;
    case COUNT_OF_MESSAGES:
        take_length(f, a);
        take_first_message(f, a);
        return;
    case LENGTH_IF_NOTHING:
        f->has_len = f->ret == 0;
        return;
    case MESSAGE:
        take_message(f, a);
        return;
    case VECTOR:
        take_vector(f, a);
        return;
    case ADDRESS_OF_PEER:
        take_address(f, &f->peer, a->addr, a->addrlen);
        return;
    case OWN_ADDRESS:
        take_address(f, &f->local, a->addr, a->addrlen);
        return;
    case KIND_OF_SOCKET:
        take_new_socket(f, a);
        return;
    case NOTHING_MORE:
        return;
    }
}

void take_call(struct facts *f, const struct attempt *a)
{
    const struct call_traits *call = &call_traits[f->call];
    f->receives = call->direction == RECEIVES;
    f->sends = call->direction == SENDS || call->direction == EITHER_WAY;
    if (call->descriptor == A_SOCKET && (f->receives || f->sends)) {
        f->flags = a->flags;
    }
    take_arguments(f, a);
}
