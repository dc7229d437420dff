/* The reading side of a trial. */
#include "../programs/pass.h"
#include "trials.h"

enum { MOST = 4000 };
static char room[2][MOST];

/* A call that was made, for what it may have returned. */
struct call {
    const char *name;
    int dontwait;
    unsigned wanted; /* MSG_WAITALL; 0: as much as there is */
    unsigned long begin;
};

static int waits(const struct call *c)
{
    return !shared->reader.nonblocking && !c->dontwait;
}

/* SOCKSHIM_RECV_TIMEOUT is in its way: not in that of a datagram socket that was bound. */
static int is_limited(void)
{
    return promised.recv_timeout_ms > 0 && !shared->reader.has_own && shared->family != UDP;
}

static int limit_is_over(const struct call *c)
{
    return waits(c) && is_limited() && now_ms() - c->begin + 1 >= promised.recv_timeout_ms;
}

static void verify(const struct call *c, const char *from, unsigned n)
{
    if (shared->received + n > shared->sent) {
        wrong("%s: %u bytes after %u, but only %u were sent", c->name, n, shared->received,
              shared->sent);
    }
    for (unsigned i = 0; i < n; i++) {
        if (from[i] != byte_at(shared->received + i)) {
            wrong("%s: wrong byte %u of %u after %u", c->name, i, n, shared->received);
        }
    }
}

static void take(const struct call *c, const char *from, unsigned n)
{
    verify(c, from, n);
    shared->received += n;
    shared->messages_received++;
}

static void ended(const struct call *c)
{
    int may_have_ended = shared->writer_ended && shared->received == shared->total;
    int is_reset = shared->writer_ended && shared->end == RESETS;
    if (limit_is_over(c) && promised.reset_eof && !may_have_ended && !is_reset) {
        return; /* SOCKSHIM_RESET=eof makes an end of that, too */
    }
    if (!may_have_ended && !is_reset) {
        wrong("%s: an end after %u of %u", c->name, shared->received, shared->total);
    }
    shared->reader_ended = 1;
}

/* `err` of a call that failed. */
static void failed(const struct call *c, int err)
{
    int own = shared->reader.own_ms > 0;
    int is_allowed = 0;
    if (err == EAGAIN) {
        is_allowed = !waits(c) || own;
    } else if (err == EINTR) {
        is_allowed = waits(c) && shared->has_storm && (own || is_limited() || may_be_interrupted());
    } else if (err == ETIMEDOUT) {
        is_allowed = limit_is_over(c) && !promised.reset_eof;
    } else if (err == ECONNRESET || err == ENOTCONN) { /* MPTCP says so, too */
        is_allowed = shared->end == RESETS && shared->writer_ended &&
                     (err == ECONNRESET ? !promised.reset_eof : shared->family == MULTIPATH);
        shared->reader_ended = 1;
    }
    if (!is_allowed) {
        wrong("%s%s%s: %s after %lu ms", c->name, waits(c) ? "" : " non-blocking",
              own ? " own limit" : "", strerror(err), now_ms() - c->begin);
    }
}

/* n bytes in the first buffer, or what else came of it. */
static void finish(const struct call *c, ssize_t n)
{
    int err = errno;
    int may_be_short = shared->has_storm || shared->reader.own_ms > 0 || limit_is_over(c) ||
                       shared->end == RESETS || !waits(c);
    if (n > 0 && c->wanted > 0 && (unsigned)n < c->wanted && !may_be_short) {
        wrong("%s: %zd of %u", c->name, n, c->wanted);
    }
    if (n > 0) {
        take(c, room[0], (unsigned)n);
    } else if (n == 0) {
        ended(c);
    } else {
        failed(c, err);
    }
}

static struct call begin(const char *name)
{
    return (struct call){.name = name, .begin = now_ms()};
}

static size_t size(void)
{
    return is_stream() ? 1 + below(below(2) ? 30 : MOST) : MOST;
}

/* ---- Calls ---- */

static void by_recv(int fd)
{
    int flags = below(2) ? MSG_DONTWAIT : 0;
    size_t len = size();
    struct call c = begin("recv");
    c.dontwait = flags;
    if (is_stream() && below(3) == 0 && shared->total - shared->received > 0) {
        c.wanted =
            1 + below(shared->total - shared->received < MOST ? shared->total - shared->received
                                                              : MOST);
        flags |= MSG_WAITALL;
        len = c.wanted;
    }
    finish(&c, below(2) ? recv(fd, room[0], len, flags)
                        : recvfrom(fd, room[0], len, flags, NULL, NULL));
}

static void by_peek(int fd)
{
    struct call c = begin("recv MSG_PEEK");
    c.dontwait = MSG_DONTWAIT;
    ssize_t n = recv(fd, room[0], size(), MSG_PEEK | MSG_DONTWAIT);
    if (n > 0) {
        verify(&c, room[0], (unsigned)n);
    } else if (n < 0 && errno != ECONNRESET) {
        failed(&c, errno);
    } else {
        finish(&c, n);
    }
}

static void by_recvmsg(int fd)
{
    size_t first = is_stream() ? 1 + below(50) : MESSAGE;
    struct iovec iov[2] = {{room[0], first}, {room[0] + first, MESSAGE}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    struct call c = begin("recvmsg");
    c.dontwait = below(2) ? MSG_DONTWAIT : 0;
    finish(&c, recvmsg(fd, &msg, c.dontwait));
}

/* Of two messages the second one is waited for, too. */
static void by_recvmmsg(int fd)
{
    struct iovec iov[2] = {{room[0], MOST}, {room[1], MOST}};
    struct mmsghdr msgs[2] = {{.msg_hdr = {.msg_iov = &iov[0], .msg_iovlen = 1}},
                              {.msg_hdr = {.msg_iov = &iov[1], .msg_iovlen = 1}}};
    struct call c = begin("recvmmsg");
    c.dontwait = below(2) ? MSG_DONTWAIT : 0;
    int n = recvmmsg(fd, msgs, 1 + below(2), c.dontwait ? MSG_DONTWAIT : MSG_WAITFORONE, NULL);
    if (n <= 0) { /* its 0 is a count: SOCKSHIM_RESET leaves it alone */
        int kept = promised.reset_eof;
        promised.reset_eof = 0;
        finish(&c, n);
        promised.reset_eof = kept;
        return;
    }
    for (int i = 0; i < n && (msgs[i].msg_len > 0 || i == 0); i++) {
        memmove(room[0], room[i], msgs[i].msg_len);
        finish(&c, (ssize_t)msgs[i].msg_len);
    }
}

static void by_read(int fd)
{
    size_t len = size();
    struct iovec iov[2] = {{room[0], len}, {room[0], 0}};
    struct call c = begin("read");
    finish(&c, below(2) ? read(fd, room[0], len) : readv(fd, iov, 2));
}

static void by_splice(int fd)
{
    int pipes[2];
    if (!is_stream() || shared->family == MULTIPATH || pipe(pipes) != 0) {
        return;
    }
    struct call c = begin("splice");
    ssize_t n = splice(fd, NULL, pipes[1], NULL, size(), 0);
    if (n > 0 && read(pipes[0], room[0], (size_t)n) != n) {
        wrong("splice: not all came out of the pipe");
    }
    finish(&c, n);
    close(pipes[0]);
    close(pipes[1]);
}

static void by_poll(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, (int)below(30)) > 0) {
        struct call c = begin("polled recv");
        finish(&c, recv(fd, room[0], size(), 0));
    }
}

/* ---- What else is done with a socket ---- */

static void switch_mode(int fd)
{
    shared->reader.nonblocking = !shared->reader.nonblocking;
    fcntl(fd, F_SETFL, shared->reader.nonblocking ? O_NONBLOCK : 0);
}

static void set_own_limit(int fd)
{
    unsigned ms = below(2) * (4 + below(20));
    struct timeval time = {0, (long)ms * 1000}, seen = {-1, 0};
    socklen_t len = sizeof seen;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &seen, &len);
    shared->reader.has_own = 1;
    shared->reader.own_ms = ms;
    if (seen.tv_sec != 0 || seen.tv_usec < time.tv_usec || seen.tv_usec > time.tv_usec + 10000) {
        wrong("SO_RCVTIMEO of %u ms is %ld us", ms, (long)seen.tv_usec);
    }
}

/* To another number, by dup, dup2 or a message. */
static int moved(int fd)
{
    int way = (int)below(3);
    if (way < 2) {
        int other = way == 0 ? dup(fd) : dup2(fd, fd < 60 ? fd + 40 : fd - 40);
        close(fd);
        return other;
    }
    if (shared->reader.own_ms == 0 && is_stream() && shared->family != UNIX_STREAM) {
        shared->reader.has_own = 0; /* a TCP connection that is received */
    }
    return passed(fd);
}

static void *waits_to_be_cancelled(void *fd)
{
    struct call c = begin("recv to be cancelled");
    finish(&c, recv(*(int *)fd, room[0], size(), 0));
    return NULL;
}

/* Nothing comes meanwhile, and what has come is read. */
static void cancel_one(int fd)
{
    pthread_t thread;
    void *result;
    shared->hold = 1;
    for (int i = 0; i < 40 && !shared->held; i++) {
        nap(1);
    }
    nap(3);
    for (int before = -1; shared->held && before != (int)shared->received;) {
        struct call c = begin("recv before a cancellation");
        before = (int)shared->received;
        c.dontwait = 1;
        finish(&c, recv(fd, room[0], MOST, MSG_DONTWAIT));
    }
    if (shared->held && !shared->reader_ended && !shared->reader.nonblocking) {
        pthread_create(&thread, NULL, waits_to_be_cancelled, &fd);
        nap(5);
        pthread_cancel(thread);
        pthread_join(thread, &result);
    }
    shared->hold = 0;
}

static void some_calls(int fd, unsigned count);

static void in_a_child(int fd)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        some_calls(fd, 4);
        _exit(0);
    }
    while (waitpid(child, &status, 0) < 0) {
    }
}

static void (*const calls[])(int) = {by_recv, by_recv, by_recvmsg, by_recvmmsg, by_read,
                                     by_read, by_peek, by_splice,  by_poll};
static void (*const others[])(int) = {switch_mode, set_own_limit, cancel_one, in_a_child};

static void some_calls(int fd, unsigned count)
{
    while (count-- > 0 && !shared->reader_ended && shared->received < shared->total) {
        calls[below(sizeof calls / sizeof *calls)](fd);
    }
}

void read_all(int fd)
{
    unsigned quits_at = shared->quits ? below(shared->total) : shared->total;
    while (!shared->reader_ended) {
        unsigned what = below(40);
        if (what < 4) {
            others[what](fd);
        } else if (what == 4) {
            fd = moved(fd);
        } else if (what == 5) {
            nap(below(25));
        } else {
            calls[below(sizeof calls / sizeof *calls)](fd);
        }
        if (shared->quits && shared->received >= quits_at) {
            break;
        }
        if (shared->family == UDP && shared->received == shared->total) {
            break;
        }
        if (shared->reader.nonblocking) {
            nap(below(2));
        }
    }
    if (shared->end != RESETS && !shared->quits && shared->received != shared->total) {
        wrong("%u of %u arrived", shared->received, shared->total);
    }
    shared->reader_ended = 1;
    close(fd);
}
