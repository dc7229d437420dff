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
#include "layers/short.h"
#include "layers/timed_out.h"
#include "start/hindrance.h"

#include <errno.h>
#include <string.h>

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

/* Whose doing the failure is; SETTING_COUNT: not ours. */
static __attribute__((noinline)) struct change change_behind(enum call call, int fd, int flags,
                                                             const void *data, int other)
{
    struct attempt a = {.fd = fd, .flags = flags, .data = data, .other = other};
    struct change c = {.setting = SETTING_COUNT, .call = (uint8_t)call, .err = (uint16_t)errno};
    if (c.err == EAGAIN && settings.handling.recv_timeout_ms > 0) {
        struct failure failure = failure_of(call, -1, EAGAIN, &a);
        if (failure.cause == CAUSE_timeout && options_is_our_limit(failure.timeout_us)) {
            c.setting = SETTING_RECV_TIMEOUT;
            c.waited_ms = (uint32_t)(failure.timeout_us / 1000);
        } else if (failure.cause == CAUSE_would_block && failure.is_socket) {
            hindrance_found(SETTING_RECV_TIMEOUT, HINDRANCE_NONBLOCKING);
        }
    } else if (c.err == ETIMEDOUT) {
        c = timed_out(call, -1, &a, 0);
    }
    c.given = other;
    return c;
}

/* At an end the kernel says that there is neither an address nor control data. It has read the
 * header before it failed, unless a filter has answered in its place. */
static void end_message(struct msghdr *msg)
{
    if (!can_read(msg, sizeof *msg)) {
        return;
    }
    msg->msg_namelen = 0;
    msg->msg_controllen = 0;
    msg->msg_flags = 0;
}

/* With what the call was made in registers, and left by a jump: no frame of ours is on
 * the stack while the last line is written. msg: of recvmsg, else NULL. other: splice's
 * socket, else -1. */
static __attribute__((noinline)) long receive_failed(enum call call, int fd, int flags,
                                                     struct msghdr *msg, int other, int kept)
{
    struct change c = change_behind(call, fd, flags, msg, other);
    int err = c.setting == SETTING_RECV_TIMEOUT ? ETIMEDOUT : c.err;
    bool is_end = err == ECONNRESET || err == ETIMEDOUT || err == EPIPE;
    if (!is_end || !settings.handling.reset_eof || !has_an_end(call, other >= 0 ? other : fd)) {
        errno = err;
        return c.setting == SETTING_COUNT ? -1 : handled_moving(fd, c);
    }
    if (c.setting != SETTING_COUNT) {
        handled_moving(fd, c);
    }
    if (msg) {
        end_message(msg);
    }
    errno = kept;
    return handled_as_end(call, err, fd, flags, msg, other);
}

static __attribute__((noinline)) long send_failed(enum call call, int fd, int other)
{
    int err = errno;
    if (err != ETIMEDOUT) {
        return -1;
    }
    struct change c = change_behind(call, fd, 0, NULL, other);
    errno = err;
    return c.setting == SETTING_COUNT ? -1 : handled_moving(fd, c);
}

/* `came` says what is due with what came. waits: for all of what is `wanted`. */
#define RECEIVES_AND(result, call, name, parameters, arguments, came, flags, msg, waits, wanted)   \
    static result layer_##name parameters                                                          \
    {                                                                                              \
        int kept = errno;                                                                          \
        unsigned long long begin = (waits) ? short_begin() : 0;                                    \
        result n = beneath.name arguments;                                                         \
        if (n >= 0) {                                                                              \
            came;                                                                                  \
            if (begin > 0 && n > 0 && (size_t)n != (wanted)) {                                     \
                short_tell(CALL_##call, fd, (long)n, begin);                                       \
            }                                                                                      \
            return n;                                                                              \
        }                                                                                          \
        return (result)receive_failed(CALL_##call, fd, flags, msg, -1, kept);                      \
    }
#define RECEIVES(result, call, name, parameters, arguments, flags)                                 \
    RECEIVES_AND(result, call, name, parameters, arguments, (void)0, flags, NULL,                  \
                 (flags)&MSG_WAITALL, len)
#define READS(result, call, name, parameters, arguments, flags)                                    \
    RECEIVES_AND(result, call, name, parameters, arguments, (void)0, flags, NULL, false, 0)

#define SENDS(...) SENDS_AFTER((void)0, __VA_ARGS__)
#define SENDS_AFTER(before, result, call, name, parameters, arguments, fd, other)                  \
    static result layer_##name parameters                                                          \
    {                                                                                              \
        before;                                                                                    \
        result n = beneath.name arguments;                                                         \
        return n >= 0 ? n : (result)send_failed(CALL_##call, fd, other);                           \
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

/* Whether it names an address is not looked at before the kernel has: a socket that has no port
 * yet can send nothing without one. */
static void before_sendmsg(int fd, int flags)
{
    if (flags & MSG_FASTOPEN) {
        prepare_connecting_send(fd);
    } else {
        options_limit_asking(fd);
    }
}

static void take_descriptor(int fd)
{
    layers_take_inherited(fd);
}

static void take_descriptors(const struct msghdr *msg, ssize_t n)
{
    if (n > 0 || (can_read(msg, sizeof *msg) && can_read(msg->msg_control, msg->msg_controllen))) {
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
             take_descriptors(msg, n), flags, msg, flags &MSG_WAITALL, short_room(msg))
RECEIVES_AND(int, recvmmsg, recvmmsg,
             (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout),
             (fd, msgs, count, flags, timeout), take_all_descriptors(msgs, n), flags, NULL,
             !timeout && !(flags & MSG_WAITFORONE), count)
READS(ssize_t, read, read, (int fd, void *buf, size_t len), (fd, buf, len), 0)
READS(ssize_t, readv, readv, (int fd, const struct iovec *iov, int count), (fd, iov, count), 0)

SENDS(ssize_t, send, send, (int fd, const void *buf, size_t len, int flags), (fd, buf, len, flags),
      fd, -1)
SENDS_AFTER(before_sendto(fd, flags, addr), ssize_t, sendto, sendto,
            (int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
             socklen_t addrlen),
            (fd, buf, len, flags, addr, addrlen), fd, -1)
SENDS_AFTER(before_sendmsg(fd, flags), ssize_t, sendmsg, sendmsg,
            (int fd, const struct msghdr *msg, int flags), (fd, msg, flags), fd, -1)
SENDS_AFTER(before_sendmsg(fd, flags), int, sendmmsg, sendmmsg,
            (int fd, struct mmsghdr *msgs, unsigned count, int flags), (fd, msgs, count, flags), fd,
            -1)
SENDS(ssize_t, write, write, (int fd, const void *buf, size_t len), (fd, buf, len), fd, -1)
SENDS(ssize_t, writev, writev, (int fd, const struct iovec *iov, int count), (fd, iov, count), fd,
      -1)
SENDS(ssize_t, sendfile, sendfile, (int out, int in, off_t *offset, size_t count),
      (out, in, offset, count), out, in)
SENDS(ssize_t, sendfile, sendfile64, (int out, int in, off64_t *offset, size_t count),
      (out, in, offset, count), out, in)
SENDS(int, dprintf, vdprintf, (int fd, const char *format, va_list values), (fd, format, values),
      fd, -1)

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
    errno = err;
    return receives ? receive_failed(CALL_splice, out, (int)flags, NULL, in, kept)
                    : send_failed(CALL_splice, out, in);
}

#ifdef __GLIBC__
READS(ssize_t, preadv2, preadv2,
      (int fd, const struct iovec *iov, int count, off_t offset, int flags),
      (fd, iov, count, offset, flags), flags)
READS(ssize_t, preadv2, preadv64v2,
      (int fd, const struct iovec *iov, int count, off64_t offset, int flags),
      (fd, iov, count, offset, flags), flags)
RECEIVES(ssize_t, recv, __recv_chk, (int fd, void *buf, size_t len, size_t room, int flags),
         (fd, buf, len, room, flags), flags)
RECEIVES(ssize_t, recvfrom, __recvfrom_chk,
         (int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
          socklen_t *addrlen),
         (fd, buf, len, room, flags, addr, addrlen), flags)
READS(ssize_t, read, __read_chk, (int fd, void *buf, size_t len, size_t room), (fd, buf, len, room),
      0)
SENDS(ssize_t, pwritev2, pwritev2,
      (int fd, const struct iovec *iov, int count, off_t offset, int flags),
      (fd, iov, count, offset, flags), fd, -1)
SENDS(ssize_t, pwritev2, pwritev64v2,
      (int fd, const struct iovec *iov, int count, off64_t offset, int flags),
      (fd, iov, count, offset, flags), fd, -1)
SENDS(int, dprintf, __vdprintf_chk, (int fd, int flag, const char *format, va_list values),
      (fd, flag, format, values), fd, -1)
#endif

#ifdef HAVE_TIME64_TWINS
RECEIVES_AND(ssize_t, recvmsg, __recvmsg64, (int fd, struct msghdr *msg, int flags),
             (fd, msg, flags), take_descriptors(msg, n), flags, msg, flags &MSG_WAITALL,
             short_room(msg))
RECEIVES_AND(int, recvmmsg, __recvmmsg64,
             (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec64 *timeout),
             (fd, msgs, count, flags, timeout), take_all_descriptors(msgs, n), flags, NULL,
             !timeout && !(flags & MSG_WAITFORONE), count)
SENDS_AFTER(before_sendmsg(fd, flags), ssize_t, sendmsg, __sendmsg64,
            (int fd, const struct msghdr *msg, int flags), (fd, msg, flags), fd, -1)
SENDS_AFTER(before_sendmsg(fd, flags), int, sendmmsg, __sendmmsg64,
            (int fd, struct mmsghdr *msgs, unsigned count, int flags), (fd, msgs, count, flags), fd,
            -1)
#endif

static __attribute__((noinline)) struct change behind_late_error(int fd)
{
    return timed_out(CALL_getsockopt, 0, &(struct attempt){.fd = fd}, 0);
}

/* Event loops learn of it so. The kernel has just written the value, or a filter has answered in
 * its place. */
static int late_error(int result, int fd, int level, int option, const void *value,
                      const socklen_t *len)
{
    int err = 0;
    if (result == 0 && level == SOL_SOCKET && option == SO_ERROR && can_read(len, sizeof *len) &&
        *len >= sizeof err && can_read(value, sizeof err)) {
        memcpy(&err, value, sizeof err);
    }
    if (err != ETIMEDOUT) {
        return result;
    }
    struct change c = behind_late_error(fd);
    return c.setting == SETTING_COUNT ? result : handled(fd, NULL, c, result);
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
    next.sendmmsg = layer_sendmmsg;
#ifdef HAVE_TIME64_TWINS
    next.__sendmsg64 = layer___sendmsg64;
    next.__sendmmsg64 = layer___sendmmsg64;
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
