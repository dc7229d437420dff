/* The writing side of a trial. */
#include "trials.h"

static char stream[8000];
static int file = -1; /* with all of the stream */

struct call {
    const char *name;
    int dontwait;
    unsigned long begin;
};

static int waits(const struct call *c)
{
    return !shared->writer.nonblocking && !c->dontwait;
}

static void finish(const struct call *c, unsigned before, ssize_t n)
{
    int err = errno;
    int own = shared->writer.own_ms > 0;
    int is_allowed = 0;
    if (n >= 0) {
        shared->sent = before + (unsigned)n; /* it was told of more before the call */
        shared->messages_sent++;
        return;
    }
    shared->sent = before;
    if (err == EAGAIN) {
        is_allowed = !waits(c) || own;
    } else if (err == EINTR) {
        is_allowed = waits(c) && shared->has_storm && (own || may_be_interrupted());
    } else if (err == EPIPE || err == ECONNRESET) {
        is_allowed = shared->quits;
        shared->writer_ended = 1;
    }
    if (!is_allowed) {
        wrong("%s%s%s: %s after %lu ms", c->name, waits(c) ? "" : " non-blocking",
              own ? " own limit" : "", strerror(err), now_ms() - c->begin);
    }
}

/* The next bytes, in `stream`; how many. */
static unsigned next_bytes(unsigned most)
{
    unsigned left = shared->total - shared->sent;
    unsigned n = 1 + below(below(2) ? 30 : most);
    n = n < left ? n : left;
    for (unsigned i = 0; i < n; i++) {
        stream[i] = byte_at(shared->sent + i);
    }
    return n;
}

static struct call begin(const char *name)
{
    return (struct call){.name = name, .begin = now_ms()};
}

/* The reader may have them before the call returns. */
static unsigned announce(unsigned n)
{
    unsigned before = shared->sent;
    shared->sent = before + n;
    return before;
}

static void by_send(int fd)
{
    unsigned n = next_bytes(is_stream() ? sizeof stream : MESSAGE);
    struct call c = begin("send");
    c.dontwait = below(2) ? MSG_DONTWAIT : 0;
    unsigned before = announce(n);
    finish(&c, before,
           below(2) ? send(fd, stream, n, c.dontwait) : sendto(fd, stream, n, c.dontwait, NULL, 0));
}

static void by_sendmsg(int fd)
{
    unsigned n = next_bytes(is_stream() ? sizeof stream : MESSAGE);
    unsigned first = below(n + 1);
    struct iovec iov[2] = {{stream, first}, {stream + first, n - first}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    struct call c = begin("sendmsg");
    c.dontwait = below(2) ? MSG_DONTWAIT : 0;
    unsigned before = announce(n);
    finish(&c, before, sendmsg(fd, &msg, c.dontwait));
}

/* One message: after one that was cut short the kernel would go on with the next. */
static void by_sendmmsg(int fd)
{
    unsigned n = next_bytes(is_stream() ? sizeof stream : MESSAGE);
    struct iovec iov = {stream, n};
    struct mmsghdr msg = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
    struct call c = begin("sendmmsg");
    c.dontwait = below(2) ? MSG_DONTWAIT : 0;
    unsigned before = announce(n);
    int count = sendmmsg(fd, &msg, 1, c.dontwait);
    finish(&c, before, count > 0 ? (ssize_t)msg.msg_len : -1);
}

static void by_write(int fd)
{
    unsigned n = next_bytes(is_stream() ? sizeof stream : MESSAGE);
    struct iovec iov[2] = {{stream, n}, {stream, 0}};
    struct call c = begin("write");
    unsigned before = announce(n);
    finish(&c, before, below(2) ? write(fd, stream, n) : writev(fd, iov, 2));
}

static void by_sendfile(int fd)
{
    unsigned n = next_bytes(sizeof stream);
    off_t offset = shared->sent;
    struct call c = begin("sendfile");
    if (is_stream()) {
        unsigned before = announce(n);
        finish(&c, before, sendfile(fd, file, &offset, n));
    }
}

static void by_splice(int fd)
{
    int pipes[2];
    if (!is_stream() || pipe(pipes) != 0) {
        return;
    }
    unsigned n = next_bytes(4000);
    if (write(pipes[1], stream, n) == (ssize_t)n) {
        struct call c = begin("splice");
        unsigned before = announce(n);
        finish(&c, before, splice(pipes[0], NULL, fd, NULL, n, 0));
    }
    close(pipes[0]);
    close(pipes[1]);
}

static void by_poll(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (poll(&p, 1, (int)below(30)) > 0) {
        by_send(fd);
    }
}

static void switch_mode(int fd)
{
    shared->writer.nonblocking = !shared->writer.nonblocking;
    fcntl(fd, F_SETFL, shared->writer.nonblocking ? O_NONBLOCK : 0);
}

static void set_own_limit(int fd)
{
    unsigned ms = below(2) * (4 + below(20));
    struct timeval time = {0, (long)ms * 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    shared->writer.own_ms = ms;
}

static void make_file(void)
{
    file = memfd_create("stream", 0);
    for (unsigned at = 0; at < shared->total; at++) {
        stream[at % sizeof stream] = byte_at(at);
        if ((at + 1) % sizeof stream == 0 || at + 1 == shared->total) {
            size_t len = at % sizeof stream + 1;
            if (write(file, stream, len) != (ssize_t)len) {
                _exit(2);
            }
        }
    }
}

static void (*const calls[])(int) = {by_send,  by_send,     by_sendmsg, by_sendmmsg,
                                     by_write, by_sendfile, by_splice,  by_poll};

/* So many messages have room wherever they go. */
static void let_reader_follow(void)
{
    while (shared->family == UDP && shared->messages_sent > shared->messages_received + 30) {
        nap(1);
    }
}

static void wait_while_held(void)
{
    while (shared->hold) {
        shared->held = 1;
        nap(1);
    }
    shared->held = 0;
}

static void end(int fd)
{
    struct linger now = {1, 0};
    if (shared->end == RESETS) {
        nap(below(2) * 20);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    shared->writer_ended = 1;
    if (shared->end != IS_LEFT) {
        close(fd);
    }
}

void write_all(int fd)
{
    int small = 4608;
    make_file();
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    while (shared->sent < shared->total && !shared->writer_ended) {
        unsigned what = below(40);
        wait_while_held();
        let_reader_follow();
        if (what < 2) {
            what ? switch_mode(fd) : set_own_limit(fd);
        } else if (what == 2) {
            nap(below(80));
        } else {
            calls[below(sizeof calls / sizeof *calls)](fd);
        }
        if (shared->writer.nonblocking) {
            nap(below(2));
        }
    }
    end(fd);
}
