/* Another interposer: counts the calls that come by it. Each is passed on. */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static int counts[8];
enum { RECV, SEND, SOCKET, CONNECT, CLOSE, SIGACTION, SETSOCKOPT, READ };

#define PASS(number, result, name, parameters, ...)                                                \
    result name parameters                                                                         \
    {                                                                                              \
        static result(*next) parameters;                                                           \
        if (!next) {                                                                               \
            *(void **)&next = dlsym(RTLD_NEXT, #name);                                             \
        }                                                                                          \
        __atomic_fetch_add(&counts[number], 1, __ATOMIC_RELAXED);                                  \
        return next(__VA_ARGS__);                                                                  \
    }

PASS(RECV, ssize_t, recv, (int fd, void *buf, size_t len, int flags), fd, buf, len, flags)
PASS(SEND, ssize_t, send, (int fd, const void *buf, size_t len, int flags), fd, buf, len, flags)
PASS(SOCKET, int, socket, (int a, int b, int c), a, b, c)
PASS(CONNECT, int, connect, (int fd, const struct sockaddr *addr, socklen_t len), fd, addr, len)
PASS(CLOSE, int, close, (int fd), fd)
PASS(SETSOCKOPT, int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len),
     fd, level, name, value, len)
PASS(READ, ssize_t, read, (int fd, void *buf, size_t len), fd, buf, len)

__attribute__((destructor)) static void say(void)
{
    FILE *to = fopen(getenv("COUNTS"), "a");
    fprintf(to, "recv %d send %d socket %d connect %d close %d setsockopt %d read %d\n",
            counts[RECV], counts[SEND], counts[SOCKET], counts[CONNECT], counts[CLOSE],
            counts[SETSOCKOPT], counts[READ]);
    fclose(to);
}
