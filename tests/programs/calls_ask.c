/* Questions and settings that fail, and stdio's writes to a descriptor. Built with
 * and without _FORTIFY_SOURCE by the test. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "wrong: %s (errno %d)\n", #condition, errno);                          \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static int by_list(int fd, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int n = vdprintf(fd, format, values);
    va_end(values);
    return n;
}

static void ask(int tcp, int file)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    struct sockaddr *at = (struct sockaddr *)&name;
    int value = 0;
    CHECK(getsockname(tcp, at, &len) == 0);
    CHECK(getpeername(tcp, at, &len) == -1 && errno == ENOTCONN);
    CHECK(getsockname(file, at, &len) == -1 && errno == ENOTSOCK);
    CHECK(getpeername(file, at, &len) == -1 && errno == ENOTSOCK);
    CHECK(getsockopt(file, SOL_SOCKET, SO_TYPE, &value, &len) == -1 && errno == ENOTSOCK);
    CHECK(getsockopt(file, SOL_SOCKET, SO_ERROR, &value, &len) == -1 && errno == ENOTSOCK);
    CHECK(getsockname(-1, at, &len) == -1 && errno == EBADF);
    CHECK(getpeername(-1, at, &len) == -1 && errno == EBADF);
    CHECK(getsockopt(tcp, IPPROTO_TCP, 9999, &value, &len) == -1 && errno == ENOPROTOOPT);
    CHECK(getsockopt(-1, SOL_SOCKET, SO_ERROR, &value, &len) == -1 && errno == EBADF);
}

static void set(int tcp, int file)
{
    int on = 1;
    CHECK(setsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0);
    CHECK(setsockopt(tcp, IPPROTO_TCP, 9999, &on, sizeof on) == -1 && errno == ENOPROTOOPT);
    CHECK(setsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, "nonesuch", 8) == -1 && errno == ENOENT);
    CHECK(setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &on, 1) == -1 && errno == EINVAL);
    CHECK(setsockopt(file, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == -1 && errno == ENOTSOCK);
}

static void print(int dead, int live, int file)
{
    CHECK(dprintf(live, "%d", 7) == 1);
    CHECK(by_list(live, "%d", 7) == 1);
    CHECK(dprintf(live, "%s", "") == 0);
    errno = 12345;
    CHECK(dprintf(dead, "%s", "x") < 0 && errno == EPIPE);
    CHECK(by_list(dead, "%s", "x") < 0 && errno == EPIPE);
    CHECK(dprintf(file, "%s", "x") < 0 && errno == EBADF);
    CHECK(dprintf(file, "%s", "") <= 0);
}

int main(void)
{
    int pair[2], other[2];
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    int file = open("/etc/passwd", O_RDONLY);
    signal(SIGPIPE, SIG_IGN);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0 && close(other[1]) == 0);
    ask(tcp, file);
    set(tcp, file);
    print(other[0], pair[0], file);
    return 0;
}
