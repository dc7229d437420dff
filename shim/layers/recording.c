/* SOCKSHIM_RECORDER_CALLS=all: calls on sockets that succeed go to the recorder, with what
 * they returned and how long they took. It stands above all other layers and tells what
 * the program sees. Whether a descriptor that read or write is given is a socket is not
 * asked, since that would cost a system call each time, but remembered. */
#include "base/cycles.h"
#include "base/filter.h"
#include "base/hint.h"
#include "base/process.h"
#include "base/settings.h"
#include "layers/layers.h"
#include "layers/moving.h"
#include "log/recorder.h"

#include <limits.h>
#include <sys/syscall.h>

static struct next under; /* with the other layers */

/* No filter can have answered a call, so that what the kernel reads or writes behind a
 * pointer is there. */
static bool no_filter;

/* ---- Which descriptors are sockets ---- */

/* A hint for each: one that this process made, accepted or was started with, or that a call
 * for sockets alone took. A number that was closed past the wrappers may be another file
 * by now, and is told of until the next close.
 * A vfork child has this memory, and descriptors of its own. */
static bool may_note(int fd)
{
    return (unsigned)fd < HINTS &&
           !(process_may_share_memory() && process_identify().is_vfork_child);
}

static bool is_noted(int fd)
{
    return hints_of(fd) & HINT_RECORDED;
}

static void note(int fd)
{
    if (!is_noted(fd) && may_note(fd)) {
        hint_put_on(fd, HINT_RECORDED);
    }
}

static void forget(int fd)
{
    if (is_noted(fd) && may_note(fd)) {
        hint_take_off(fd, HINT_RECORDED);
    }
}

void recording_take_inherited(int fd)
{
    if (settings.recording && settings.records_calls) {
        note(fd);
    }
}

/* ---- Telling ---- */

/* One that takes sockets alone: else its time would not be known. */
static __attribute__((noinline)) void note_and_tell(enum call call, int fd, long ret, int64_t begun)
{
    note(fd);
    recorder_call(call, fd, ret, begun);
}

/* A call that moves data, or takes sockets alone. */
static at_each_call __attribute__((noinline)) void tell(enum call call, int fd, long ret,
                                                        int64_t begun)
{
    if (is_noted(fd)) {
        recorder_call(call, fd, ret, begun);
    } else {
        note_and_tell(call, fd, ret, begun);
    }
}

/* When it begins. Of what may be a file or a socket: the time of a file's is not asked for. */
static at_each_call __attribute__((noinline)) int64_t begin(enum call call, int fd)
{
    return is_noted(fd) || !call_takes_any_file(call) ? cycles_time() : 0;
}

#define TELLS_IF(is_success, result, call, name, parameters, arguments, fd)                        \
    static at_each_call result layer_##name parameters                                             \
    {                                                                                              \
        int64_t begun = begin(CALL_##call, fd);                                                    \
        result n = under.name arguments;                                                           \
        if ((is_success) && begun > 0) {                                                           \
            tell(CALL_##call, fd, n, begun);                                                       \
        }                                                                                          \
        return n;                                                                                  \
    }
#define MOVED(result, call, name, parameters, arguments)                                           \
    TELLS_IF(n > 0, result, call, name, parameters, arguments, fd)
#define DONE(name, parameters, arguments)                                                          \
    TELLS_IF(n >= 0, int, name, name, parameters, arguments, fd)

MOVED(ssize_t, recv, recv, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags))
MOVED(ssize_t, recvfrom, recvfrom,
      (int fd, void *buf, size_t len, int flags, struct sockaddr *addr, socklen_t *addrlen),
      (fd, buf, len, flags, addr, addrlen))
MOVED(ssize_t, recvmsg, recvmsg, (int fd, struct msghdr *msg, int flags), (fd, msg, flags))
MOVED(int, recvmmsg, recvmmsg,
      (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout),
      (fd, msgs, count, flags, timeout))
MOVED(ssize_t, read, read, (int fd, void *buf, size_t len), (fd, buf, len))
MOVED(ssize_t, readv, readv, (int fd, const struct iovec *iov, int count), (fd, iov, count))
MOVED(ssize_t, send, send, (int fd, const void *buf, size_t len, int flags), (fd, buf, len, flags))
MOVED(ssize_t, sendto, sendto,
      (int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
       socklen_t addrlen),
      (fd, buf, len, flags, addr, addrlen))
MOVED(ssize_t, sendmsg, sendmsg, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags))
MOVED(int, sendmmsg, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned count, int flags),
      (fd, msgs, count, flags))
MOVED(ssize_t, write, write, (int fd, const void *buf, size_t len), (fd, buf, len))
MOVED(ssize_t, writev, writev, (int fd, const struct iovec *iov, int count), (fd, iov, count))
MOVED(ssize_t, sendfile, sendfile, (int fd, int in, off_t *offset, size_t count),
      (fd, in, offset, count))
MOVED(ssize_t, sendfile, sendfile64, (int fd, int in, off64_t *offset, size_t count),
      (fd, in, offset, count))
MOVED(int, dprintf, vdprintf, (int fd, const char *format, va_list values), (fd, format, values))
TELLS_IF(n > 0, ssize_t, splice, splice,
         (int in, off64_t *in_offset, int out, off64_t *out_offset, size_t len, unsigned flags),
         (in, in_offset, out, out_offset, len, flags), is_noted(out) ? out : in)

DONE(bind, (int fd, const struct sockaddr *addr, socklen_t len), (fd, addr, len))
DONE(listen, (int fd, int backlog), (fd, backlog))
DONE(shutdown, (int fd, int how), (fd, how))
DONE(getsockopt, (int fd, int level, int option, void *value, socklen_t *len),
     (fd, level, option, value, len))
DONE(setsockopt, (int fd, int level, int option, const void *value, socklen_t len),
     (fd, level, option, value, len))
DONE(getsockname, (int fd, struct sockaddr *addr, socklen_t *len), (fd, addr, len))
DONE(getpeername, (int fd, struct sockaddr *addr, socklen_t *len), (fd, addr, len))

#ifdef __GLIBC__
MOVED(ssize_t, preadv2, preadv2,
      (int fd, const struct iovec *iov, int count, off_t offset, int flags),
      (fd, iov, count, offset, flags))
MOVED(ssize_t, preadv2, preadv64v2,
      (int fd, const struct iovec *iov, int count, off64_t offset, int flags),
      (fd, iov, count, offset, flags))
MOVED(ssize_t, pwritev2, pwritev2,
      (int fd, const struct iovec *iov, int count, off_t offset, int flags),
      (fd, iov, count, offset, flags))
MOVED(ssize_t, pwritev2, pwritev64v2,
      (int fd, const struct iovec *iov, int count, off64_t offset, int flags),
      (fd, iov, count, offset, flags))
MOVED(ssize_t, recv, __recv_chk, (int fd, void *buf, size_t len, size_t room, int flags),
      (fd, buf, len, room, flags))
MOVED(ssize_t, recvfrom, __recvfrom_chk,
      (int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
       socklen_t *addrlen),
      (fd, buf, len, room, flags, addr, addrlen))
MOVED(ssize_t, read, __read_chk, (int fd, void *buf, size_t len, size_t room), (fd, buf, len, room))
MOVED(int, dprintf, __vdprintf_chk, (int fd, int flag, const char *format, va_list values),
      (fd, flag, format, values))
#endif

#ifdef HAVE_TIME64_TWINS
MOVED(ssize_t, recvmsg, __recvmsg64, (int fd, struct msghdr *msg, int flags), (fd, msg, flags))
MOVED(int, recvmmsg, __recvmmsg64,
      (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec64 *timeout),
      (fd, msgs, count, flags, timeout))
MOVED(ssize_t, sendmsg, __sendmsg64, (int fd, const struct msghdr *msg, int flags),
      (fd, msg, flags))
MOVED(int, sendmmsg, __sendmmsg64, (int fd, struct mmsghdr *msgs, unsigned count, int flags),
      (fd, msgs, count, flags))
#endif

/* ---- Calls that make or end a socket ---- */

static int layer_socket(int domain, int type, int protocol)
{
    int64_t begun = cycles_time();
    int fd = under.socket(domain, type, protocol);
    if (fd >= 0) {
        note(fd);
        recorder_call(CALL_socket, -1, fd, begun);
    }
    return fd;
}

static int layer_socketpair(int domain, int type, int protocol, int *pair)
{
    int64_t begun = cycles_time();
    int result = under.socketpair(domain, type, protocol, pair);
    if (result == 0) {
        if (no_filter && !process_is_caged()) {
            note(pair[0]);
            note(pair[1]);
        }
        recorder_call(CALL_socketpair, -1, 0, begun);
    }
    return result;
}

static int layer_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    int64_t begun = cycles_time();
    int result = under.connect(fd, addr, len);
    if (result == 0) {
        bool is_read = no_filter && !process_is_caged();
        note(fd);
        recorder_connect(fd, begun, is_read ? addr : NULL, len);
    }
    return result;
}

static int accepted(enum call call, int listener, int fd, int64_t begun)
{
    if (fd >= 0) {
        note(fd);
        recorder_call(call, listener, fd, begun);
    }
    return fd;
}

static int layer_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    int64_t begun = cycles_time();
    return accepted(CALL_accept, fd, under.accept(fd, addr, len), begun);
}

static int layer_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    int64_t begun = cycles_time();
    return accepted(CALL_accept4, fd, under.accept4(fd, addr, len, flags), begun);
}

/* Forgotten first: once it is closed the number may be another thread's. */
static int layer_close(int fd)
{
    if (!is_noted(fd)) {
        return under.close(fd);
    }
    int64_t begun = cycles_time();
    forget(fd);
    int result = under.close(fd);
    if (result == 0) {
        recorder_call(CALL_close, fd, 0, begun);
    }
    return result;
}

static int moved_to(int from, int to)
{
    if (to >= 0 && is_noted(from)) {
        note(to);
    } else if (to >= 0) {
        forget(to);
    }
    return to;
}

static int layer_dup2(int from, int to)
{
    return moved_to(from, under.dup2(from, to));
}

static int layer_dup3(int from, int to, int flags)
{
    return moved_to(from, under.dup3(from, to, flags));
}

enum { ONLY_AT_EXEC = 4 }; /* CLOSE_RANGE_CLOEXEC */

static void forget_range(unsigned first, unsigned last)
{
    for (unsigned fd = first; fd <= last && fd < HINTS; fd++) {
        forget((int)fd);
    }
}

#ifdef __GLIBC__
static int layer_close_range(unsigned first, unsigned last, int flags)
{
    int result = under.close_range(first, last, flags);
    if (result == 0 && !(flags & ONLY_AT_EXEC)) {
        forget_range(first, last);
    }
    return result;
}

static void layer_closefrom(int low)
{
    under.closefrom(low);
    forget_range(low < 0 ? 0 : (unsigned)low, UINT_MAX);
}
#endif

/* Through syscall(); see the functions above. */
static long layer_by_number(long n, long a, long b, long c)
{
    int64_t begun = cycles_time();
    bool closes = n == SYS_close && is_noted((int)a);
    if (closes) {
        forget((int)a);
    }
    long result = under.by_number(n, a, b, c);
    if (closes && result == 0) {
        recorder_call(CALL_close, (int)a, 0, begun);
    } else if (n == SYS_close_range && result == 0 && !(c & ONLY_AT_EXEC)) {
        forget_range((unsigned)a, (unsigned)b);
    } else if (n != SYS_close && n != SYS_close_range) {
        moved_to((int)a, (int)result); /* dup2, dup3 */
    }
    return result;
}

/* ---- Into the table ---- */

static void install_others(void)
{
    next.socket = layer_socket;
    next.socketpair = layer_socketpair;
    next.connect = layer_connect;
    next.accept = layer_accept;
    next.accept4 = layer_accept4;
    next.bind = layer_bind;
    next.listen = layer_listen;
    next.shutdown = layer_shutdown;
    next.close = layer_close;
    next.dup2 = layer_dup2;
    next.dup3 = layer_dup3;
    next.by_number = layer_by_number;
    next.getsockopt = layer_getsockopt;
    next.setsockopt = layer_setsockopt;
    next.getsockname = layer_getsockname;
    next.getpeername = layer_getpeername;
#ifdef __GLIBC__
    next.close_range = layer_close_range;
    next.closefrom = layer_closefrom;
#endif
}

void recording_install(void)
{
    if (!settings.recording || !settings.records_calls) {
        return;
    }
    under = next;
    filter_find();
    no_filter = process_has_no_filter();
    if (no_filter) {
        cycles_begin();
    }
    EACH_RECEIVING(PUT_INTO_TABLE)
    EACH_SENDING(PUT_INTO_TABLE)
    install_others();
}
