/* Calls that are logged, again and again, for strace and callgrind to count:
 *
 *     record_cost KIND COUNT
 *
 * makes COUNT of them. Before each, and after the last, stands an alarm(0),
 * which neither this program nor the shim calls otherwise. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static char room[16];

static void check(int is_right, const char *what)
{
    if (!is_right) {
        perror(what);
        exit(1);
    }
}

/* A connection over loopback, with some bytes gone each way. */
static void connection(int ends[2])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof addr;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    check(bind(listener, (struct sockaddr *)&addr, len) == 0, "bind");
    check(listen(listener, 1) == 0, "listen");
    check(getsockname(listener, (struct sockaddr *)&addr, &len) == 0, "getsockname");
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    check(connect(ends[0], (struct sockaddr *)&addr, len) == 0, "connect");
    ends[1] = accept(listener, NULL, NULL);
    check(ends[1] >= 0, "accept");
    check(send(ends[0], "hello", 5, 0) == 5 && recv(ends[1], room, 5, MSG_WAITALL) == 5, "there");
    check(send(ends[1], "hello", 5, 0) == 5 && recv(ends[0], room, 5, MSG_WAITALL) == 5, "back");
    close(listener);
}

static void await_end(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
    check(poll(&p, 1, 60000) == 1, "poll");
}

/* Of the side that connected, 0, or of the one that accepted, 1. */
static int reset_connection(int side)
{
    struct linger at_once = {1, 0};
    int ends[2];
    connection(ends);
    setsockopt(ends[!side], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(ends[!side]);
    await_end(ends[side]);
    return ends[side];
}

static int broken_connection(void)
{
    int fd = reset_connection(0);
    check(recv(fd, room, 1, 0) < 0, "recv");
    return fd;
}

/* One that is not finished at once. */
static int connecting(struct sockaddr_in *to)
{
    static int listener = -1;
    socklen_t len = sizeof *to;
    if (listener < 0) {
        *to = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        listener = socket(AF_INET, SOCK_STREAM, 0);
        check(bind(listener, (struct sockaddr *)to, len) == 0, "bind");
        check(listen(listener, 100) == 0, "listen");
        check(getsockname(listener, (struct sockaddr *)to, &len) == 0, "getsockname");
    }
    return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
}

static void count_connects(int count)
{
    struct sockaddr_in to;
    for (int i = 0; i < count; i++) {
        int fd = connecting(&to);
        alarm(0);
        check(connect(fd, (struct sockaddr *)&to, sizeof to) < 0, "connect");
        alarm(0);
        close(fd);
    }
    alarm(0);
}

/* close-open: the peer is there. close-ended: it has closed, and all has been read.
 * close-lingers: the same after SO_LINGER. close-unread: with a byte that came before. */
static void count_closes(const char *kind, int count)
{
    struct linger at_once = {1, 0};
    int ends[2];
    for (int i = 0; i < count; i++) {
        connection(ends);
        if (strstr(kind, "unread")) {
            check(send(ends[1], room, 1, 0) == 1, "send");
        }
        if (!strstr(kind, "open")) {
            close(ends[1]);
            await_end(ends[0]);
        }
        if (strstr(kind, "lingers")) {
            setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        if (strstr(kind, "ended") || strstr(kind, "lingers")) {
            check(recv(ends[0], room, 1, 0) == 0, "recv");
        }
        alarm(0);
        check(close(ends[0]) == 0, "close");
        alarm(0);
        if (strstr(kind, "open")) {
            close(ends[1]);
        }
    }
    alarm(0);
}

/* Where nobody listens: bound, so that nobody else does either. */
static struct sockaddr_in dead_end;

static void find_dead_end(void)
{
    socklen_t len = sizeof dead_end;
    int bound = socket(AF_INET, SOCK_STREAM, 0);
    dead_end.sin_family = AF_INET;
    dead_end.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(bind(bound, (struct sockaddr *)&dead_end, len) == 0, "bind");
    check(getsockname(bound, (struct sockaddr *)&dead_end, &len) == 0, "getsockname");
}

static void fill(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (send(fd, room, 1, 0) == 1) {
    }
}

static long fails(const char *kind, int fd)
{
    /* Each on one page: on the stack one may lie on two. */
    static _Alignas(64) struct iovec part = {room, 1};
    static _Alignas(64) struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (strcmp(kind, "refused") == 0) {
        return connect(fd, (struct sockaddr *)&dead_end, sizeof dead_end);
    }
    if (strstr(kind, "writev")) {
        return writev(fd, &part, 1);
    }
    if (strstr(kind, "sendmsg")) {
        return sendmsg(fd, &message, 0);
    }
    if (strstr(kind, "full") || strstr(kind, "broken")) {
        return send(fd, room, sizeof room, MSG_NOSIGNAL);
    }
    if (strstr(kind, "read")) {
        return read(fd, room, sizeof room);
    }
    return recv(fd, room, sizeof room, strstr(kind, "dontwait") ? MSG_DONTWAIT : 0);
}

static void prepare(const char *kind, int ends[2])
{
    if (strncmp(kind, "unix", 4) == 0) {
        check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    } else {
        connection(ends);
    }
    if (strstr(kind, "writev") || strstr(kind, "sendmsg") || strstr(kind, "full")) {
        fill(ends[0]);
    } else if (strcmp(kind, "refused") == 0) {
        find_dead_end();
        ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    } else if (strstr(kind, "end")) {
        close(ends[1]);
        await_end(ends[0]);
    } else {
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
    }
}

int main(int argc, char **argv)
{
    const char *kind = argc == 3 ? argv[1] : "";
    int count = argc == 3 ? atoi(argv[2]) : 0;
    int ends[2];
    if (strcmp(kind, "in-progress") == 0) {
        count_connects(count);
        return 0;
    }
    if (strncmp(kind, "close", 5) == 0) {
        count_closes(kind, count);
        return 0;
    }
    prepare(kind, ends);
    for (int i = 0; i < count; i++) {
        int fd = strncmp(kind, "reset", 5) == 0 ? reset_connection(strstr(kind, "accepted") != NULL)
                 : strcmp(kind, "broken") == 0  ? broken_connection()
                                                : ends[0];
        alarm(0);
        check(fails(kind, fd) <= 0, kind);
        if (fd != ends[0]) {
            alarm(0);
            close(fd);
        }
    }
    alarm(0);
    return 0;
}
