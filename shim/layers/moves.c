/* The calls that move data, and SO_ERROR: what is done about a failure of them
 * (SOCKSHIM_RECV_TIMEOUT, SOCKSHIM_RESET), and what is said of it. A success passes. */
#include "base/ask.h"
#include "base/process.h"
#include "base/settings.h"
#include "calls/rights.h"
#include "failure/handled.h"
#include "layers/layers.h"
#include "layers/limit.h"
#include "layers/moving.h"
#include "layers/options.h"
#include "layers/timed_out.h"

#include <errno.h>
#include <string.h>

/* A receive timeout of ours ran out, and not the program's own. */
static __attribute__((noinline)) bool is_our_timeout(enum call call, const struct attempt *a)
{
    struct failure failure = failure_of(call, -1, EAGAIN, a);
    return failure.cause == CAUSE_timeout && options_is_our_limit(failure.timeout_us);
}

static __attribute__((noinline)) void say_waited(enum call call, const struct attempt *a)
{
    handled(&(struct change){.setting = SETTING_RECV_TIMEOUT,
                             .call = call,
                             .err = EAGAIN,
                             .attempt = a,
                             .would = "waits",
                             .given = "-1 ETIMEDOUT"});
}

/* A stream has: an empty datagram is another thing, and so is recvmmsg's 0, a count. What
 * may be no socket is asked. */
static bool has_an_end(enum call call, int fd)
{
    if (counts_messages(call)) {
        return false;
    }
    if (process_is_caged()) {
        return !call_takes_any_file(call);
    }
    int type = ask_int(fd, SOL_SOCKET, SO_TYPE);
    return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

/* The errno that the program is to see. */
static __attribute__((noinline)) int error_of(enum call call, int fd, int flags, const void *data,
                                              int other)
{
    struct attempt a = {.fd = fd, .flags = flags, .data = data, .other = other};
    int err = errno;
    if (err == EAGAIN && settings.handling.recv_timeout_ms > 0 && is_our_timeout(call, &a)) {
        say_waited(call, &a);
        err = ETIMEDOUT;
    } else if (err == ETIMEDOUT) {
        timed_out(call, -1, &a);
    }
    return err;
}

/* At an end the kernel says that there is neither an address nor control data. It has
 * read the header before it failed. */
static void end_message(struct msghdr *msg)
{
    msg->msg_namelen = 0;
    msg->msg_controllen = 0;
    msg->msg_flags = 0;
}

/* With what the call was made in registers, and reached by a jump: no frame of ours is on
 * the stack while the line is written. msg: of recvmsg, else NULL. other: splice's
 * socket, else -1. */
static __attribute__((noinline)) long receive_failed(enum call call, int fd, int flags,
                                                     struct msghdr *msg, int other, int kept)
{
    int err = error_of(call, fd, flags, msg, other);
    bool is_end = err == ECONNRESET || err == ETIMEDOUT || err == EPIPE;
    errno = err;
    if (!is_end || !settings.handling.reset_eof || !has_an_end(call, other >= 0 ? other : fd)) {
        return -1;
    }
    if (msg) {
        end_message(msg);
    }
    errno = kept;
    return handled_as_end(call, err, fd, flags, msg, other);
}

static long send_failed(enum call call, const struct attempt *a)
{
    if (errno == ETIMEDOUT) {
        timed_out(call, -1, a);
    }
    return -1;
}

/* `came` says what is due with what came. */
#define RECEIVES_AND(result, call, name, parameters, arguments, came, flags, msg)                  \
    static result layer_##name parameters                                                          \
    {                                                                                              \
        int kept = errno;                                                                          \
        result n = beneath.name arguments;                                                         \
        if (n >= 0) {                                                                              \
            came;                                                                                  \
            return n;                                                                              \
        }                                                                                          \
        return (result)receive_failed(CALL_##call, fd, flags, msg, -1, kept);                      \
    }
#define RECEIVES(result, call, name, parameters, arguments, flags)                                 \
    RECEIVES_AND(result, call, name, parameters, arguments, (void)0, flags, NULL)

#define SENDS(...) SENDS_AFTER((void)0, __VA_ARGS__)
#define SENDS_AFTER(before, result, call, name, parameters, arguments, ...)                        \
    static result layer_##name parameters                                                          \
    {                                                                                              \
        before;                                                                                    \
        result n = beneath.name arguments;                                                         \
        struct attempt a = {__VA_ARGS__};                                                          \
        return n >= 0 ? n : (result)send_failed(CALL_##call, &a);                                  \
    }

/* A send that connects is given what a connect is; it is not made again. */
static __attribute__((noinline)) void prepare_connecting_send(int fd)
{
    options_adopt(fd);
    options_limit_receiving(fd);
    limit_connecting_send(fd);
}

static void before_sendto(int fd, int flags, const struct sockaddr *addr)
{
    if (flags & MSG_FASTOPEN) {
        prepare_connecting_send(fd);
    } else if (addr) {
        options_limit_asking(fd);
    }
}

static void take_descriptor(int fd)
{
    layers_take_inherited(fd);
}

static void take_descriptors(const struct msghdr *msg, ssize_t n)
{
    if (n > 0) {
        rights_each(msg, take_descriptor);
    }
}

static void take_all_descriptors(const struct mmsghdr *msgs, int n)
{
    for (int i = 0; i < n; i++) {
        rights_each(&msgs[i].msg_hdr, take_descriptor);
    }
}

RECEIVES(ssize_t, recv, recv, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags),
         flags)
RECEIVES(ssize_t, recvfrom, recvfrom,
         (int fd, void *buf, size_t len, int flags, struct sockaddr *addr, socklen_t *addrlen),
         (fd, buf, len, flags, addr, addrlen), flags)
RECEIVES_AND(ssize_t, recvmsg, recvmsg, (int fd, struct msghdr *msg, int flags), (fd, msg, flags),
             take_descriptors(msg, n), flags, msg)
RECEIVES_AND(int, recvmmsg, recvmmsg,
             (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout),
             (fd, msgs, count, flags, timeout), take_all_descriptors(msgs, n), flags, NULL)
RECEIVES(ssize_t, read, read, (int fd, void *buf, size_t len), (fd, buf, len), 0)
RECEIVES(ssize_t, readv, readv, (int fd, const struct iovec *iov, int count), (fd, iov, count), 0)

SENDS(ssize_t, send, send, (int fd, const void *buf, size_t len, int flags), (fd, buf, len, flags),
      .fd = fd, .len = len, .flags = flags)
SENDS_AFTER(before_sendto(fd, flags, addr), ssize_t, sendto, sendto,
            (int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
             socklen_t addrlen),
            (fd, buf, len, flags, addr, addrlen), .fd = fd, .len = len, .flags = flags,
            .addr = addr, .addrlen = addrlen)
SENDS_AFTER(before_sendto(fd, flags, NULL), ssize_t, sendmsg, sendmsg,
            (int fd, const struct msghdr *msg, int flags), (fd, msg, flags), .fd = fd, .data = msg,
            .flags = flags)
SENDS(int, sendmmsg, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned count, int flags),
      (fd, msgs, count, flags), .fd = fd, .len = count, .flags = flags)
SENDS(ssize_t, write, write, (int fd, const void *buf, size_t len), (fd, buf, len), .fd = fd,
      .len = len)
SENDS(ssize_t, writev, writev, (int fd, const struct iovec *iov, int count), (fd, iov, count),
      .fd = fd, .data = iov, .len = (size_t)count)
SENDS(ssize_t, sendfile, sendfile, (int out, int in, off_t *offset, size_t count),
      (out, in, offset, count), .fd = out, .other = in, .len = count)
SENDS(ssize_t, sendfile, sendfile64, (int out, int in, off64_t *offset, size_t count),
      (out, in, offset, count), .fd = out, .other = in, .len = count)
SENDS(int, dprintf, vdprintf, (int fd, const char *format, va_list values), (fd, format, values),
      .fd = fd)

/* From a socket it receives. */
static ssize_t layer_splice(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t len,
                            unsigned flags)
{
    int kept = errno;
    ssize_t n = beneath.splice(in, in_offset, out, out_offset, len, flags);
    if (n >= 0) {
        return n;
    }
    int err = errno;
    bool receives = !process_is_caged() && ask_int(in, SOL_SOCKET, SO_TYPE) >= 0;
    struct attempt a = {.fd = out, .other = in, .len = len, .flags = (int)flags};
    errno = err;
    return receives ? receive_failed(CALL_splice, out, (int)flags, NULL, in, kept)
                    : send_failed(CALL_splice, &a);
}

#ifdef __GLIBC__
RECEIVES(ssize_t, preadv2, preadv2,
         (int fd, const struct iovec *iov, int count, off_t offset, int flags),
         (fd, iov, count, offset, flags), flags)
RECEIVES(ssize_t, preadv2, preadv64v2,
         (int fd, const struct iovec *iov, int count, off64_t offset, int flags),
         (fd, iov, count, offset, flags), flags)
RECEIVES(ssize_t, recv, __recv_chk, (int fd, void *buf, size_t len, size_t room, int flags),
         (fd, buf, len, room, flags), flags)
RECEIVES(ssize_t, recvfrom, __recvfrom_chk,
         (int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
          socklen_t *addrlen),
         (fd, buf, len, room, flags, addr, addrlen), flags)
RECEIVES(ssize_t, read, __read_chk, (int fd, void *buf, size_t len, size_t room),
         (fd, buf, len, room), 0)
SENDS(ssize_t, pwritev2, pwritev2,
      (int fd, const struct iovec *iov, int count, off_t offset, int flags),
      (fd, iov, count, offset, flags), .fd = fd, .data = iov, .len = (size_t)count, .flags = flags)
SENDS(ssize_t, pwritev2, pwritev64v2,
      (int fd, const struct iovec *iov, int count, off64_t offset, int flags),
      (fd, iov, count, offset, flags), .fd = fd, .data = iov, .len = (size_t)count, .flags = flags)
SENDS(int, dprintf, __vdprintf_chk, (int fd, int flag, const char *format, va_list values),
      (fd, flag, format, values), .fd = fd)
#endif

#ifdef HAVE_TIME64_TWINS
RECEIVES_AND(ssize_t, recvmsg, __recvmsg64, (int fd, struct msghdr *msg, int flags),
             (fd, msg, flags), take_descriptors(msg, n), flags, msg)
RECEIVES_AND(int, recvmmsg, __recvmmsg64,
             (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec64 *timeout),
             (fd, msgs, count, flags, timeout), take_all_descriptors(msgs, n), flags, NULL)
SENDS_AFTER(before_sendto(fd, flags, NULL), ssize_t, sendmsg, __sendmsg64,
            (int fd, const struct msghdr *msg, int flags), (fd, msg, flags), .fd = fd, .data = msg,
            .flags = flags)
SENDS(int, sendmmsg, __sendmmsg64, (int fd, struct mmsghdr *msgs, unsigned count, int flags),
      (fd, msgs, count, flags), .fd = fd, .len = count, .flags = flags)
#endif

/* Event loops learn of it so. The kernel has just written the value. */
static int late_error(int result, int fd, int level, int option, const void *value,
                      const socklen_t *len)
{
    int err = 0;
    struct attempt a = {.fd = fd};
    if (result != 0 || level != SOL_SOCKET || option != SO_ERROR) {
        return result;
    }
    memcpy(&err, value, *len < sizeof err ? *len : sizeof err);
    if (err == ETIMEDOUT) {
        timed_out(CALL_getsockopt, 0, &a);
    }
    return result;
}

static int layer_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
    int result = beneath.getsockopt(fd, level, option, value, len);
    return late_error(result, fd, level, option, value, len);
}

#ifdef HAVE_TIME64_TWINS
static int layer___getsockopt64(int fd, int level, int option, void *value, socklen_t *len)
{
    int result = beneath.__getsockopt64(fd, level, option, value, len);
    return late_error(result, fd, level, option, value, len);
}
#endif

static void install_late_errors(void)
{
    next.getsockopt = layer_getsockopt;
#ifdef HAVE_TIME64_TWINS
    next.__getsockopt64 = layer___getsockopt64;
#endif
}

/* Those that may begin what is then waited for. */
static void install_askers(void)
{
    next.sendto = layer_sendto;
    next.sendmsg = layer_sendmsg;
#ifdef HAVE_TIME64_TWINS
    next.__sendmsg64 = layer___sendmsg64;
#endif
}

void moves_install(void)
{
    const struct handling *h = &settings.handling;
    bool ends_silence = h->dead_peer_ms > 0 || h->keeps_alive || h->connect_timeout_ms > 0;
    if (ends_silence) {
        EACH_SENDING(PUT_INTO_TABLE)
        install_late_errors();
    }
    if (ends_silence || h->recv_timeout_ms > 0 || h->reset_eof) {
        EACH_RECEIVING(PUT_INTO_TABLE)
    }
    if (h->recv_timeout_ms > 0) {
        install_askers();
        process_timeout_set(); /* an EAGAIN may be of it */
    }
}
