/* What the programs of tests/calls_*.bats share: sockets in a wanted state, on
 * descriptors with fixed numbers, and steps that print what the program saw.
 * Nothing here waits for time to pass, only for events. */
#ifndef CALLS_H
#define CALLS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* The descriptors that the log is expected to name. */
enum { US = 20, THEM, LISTENER, OTHER, FIRST = US, LAST = 39 };

/* errno before each step: a success has to leave it as it was. */
enum { UNTOUCHED = 0x5a5a };

union any_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

static inline long saw(const char *name, long ret)
{
    int err = errno;
    printf("%s %ld %d\n", name, ret, err);
    errno = err;
    return ret;
}

/* One call of the program's: its name, result and errno on a line. */
#define STEP(name, call) (errno = UNTOUCHED, saw(name, (long)(call)))

static inline long must(long ret, const char *what)
{
    if (ret < 0) {
        printf("%s: %s\n", what, strerror(errno));
        exit(99);
    }
    return ret;
}

/* What leads up to a step, and may not fail. */
#define MUST(call) must((long)(call), #call)

static inline void await(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        int ready = poll(&p, 1, 60000);
        if (ready == 0) {
            printf("waited in vain\n");
            exit(98);
        }
        if (ready > 0 && p.revents & events) {
            return;
        }
    }
}

/* Moves a descriptor to a number that the log can be expected to name. */
static inline int place(int fd, int number)
{
    MUST(dup2(fd, number));
    MUST(close(fd));
    return number;
}

static inline void clear(void)
{
    for (int fd = FIRST; fd <= LAST; fd++) {
        close(fd);
    }
}

/* An RST rather than a FIN. */
static inline void reset(int fd)
{
    struct linger now = {1, 0};
    MUST(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now));
    MUST(close(fd));
}

/* An empty message, past the shim: its 0 is another case's business. */
static inline void send_empty(int fd)
{
    MUST(syscall(SYS_sendto, fd, "", 0, 0, NULL, 0));
}

static inline void no_waiting(int fd)
{
    MUST(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
}

static inline void time_limit(int fd, int option)
{
    struct timeval limit = {0, 10000};
    MUST(setsockopt(fd, SOL_SOCKET, option, &limit, sizeof limit));
}

/* The test reads from the file `addresses` whose address it finds in the log. */
static inline void announce(const char *name, const union any_address *a)
{
    char host[INET6_ADDRSTRLEN] = "";
    FILE *file = fopen("addresses", "a");
    bool v6 = a->any.sa_family == AF_INET6;
    inet_ntop(a->any.sa_family, v6 ? (void *)&a->in6.sin6_addr : (void *)&a->in.sin_addr, host,
              sizeof host);
    fprintf(file, v6 ? "[%s]:%d %s\n" : "%s:%d %s\n", host,
            ntohs(v6 ? a->in6.sin6_port : a->in.sin_port), name);
    fclose(file);
}

static inline socklen_t name_of(int fd, union any_address *a)
{
    socklen_t len = sizeof *a;
    memset(a, 0, sizeof *a);
    MUST(getsockname(fd, &a->any, &len));
    return len;
}

static inline void announce_socket(const char *name, int fd)
{
    union any_address a;
    name_of(fd, &a);
    announce(name, &a);
}

static inline socklen_t loopback(int family, union any_address *a)
{
    memset(a, 0, sizeof *a);
    a->any.sa_family = (sa_family_t)family;
    if (family == AF_INET6) {
        a->in6.sin6_addr = in6addr_loopback;
        return sizeof a->in6;
    }
    a->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof a->in;
}

static inline socklen_t unix_address(union any_address *a, const char *path, size_t len)
{
    memset(a, 0, sizeof *a);
    a->un.sun_family = AF_UNIX;
    memcpy(a->un.sun_path, path, len);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static inline void bind_unix(int fd, const char *path)
{
    union any_address a;
    socklen_t len = unix_address(&a, path, strlen(path));
    unlink(path);
    MUST(bind(fd, &a.any, len));
}

static inline void connect_unix(int fd, const char *path)
{
    union any_address a;
    socklen_t len = unix_address(&a, path, strlen(path));
    MUST(connect(fd, &a.any, len));
}

/* On a free port of the loopback interface; -1 if there is no such kind. */
static inline int bound(int family, int type, int protocol)
{
    union any_address a;
    socklen_t len = loopback(family, &a);
    int fd = socket(family, type, protocol);
    if (fd >= 0) {
        MUST(bind(fd, &a.any, len));
    }
    return fd;
}

static inline void connect_to(int fd, int target)
{
    union any_address a;
    socklen_t len = name_of(target, &a);
    MUST(connect(fd, &a.any, len));
}

/* US is connected to THEM. */
static inline void stream_pair(int family, int protocol)
{
    place((int)MUST(bound(family, SOCK_STREAM, protocol)), LISTENER);
    MUST(listen(LISTENER, 8));
    place((int)MUST(socket(family, SOCK_STREAM, protocol)), US);
    connect_to(US, LISTENER);
    place((int)MUST(accept(LISTENER, NULL, NULL)), THEM);
    announce_socket("us", US);
    announce_socket("them", THEM);
}

static inline void tcp_pair(void)
{
    stream_pair(AF_INET, 0);
}

static inline void udp_pair(void)
{
    place((int)MUST(bound(AF_INET, SOCK_DGRAM, 0)), US);
    place((int)MUST(bound(AF_INET, SOCK_DGRAM, 0)), THEM);
    connect_to(US, THEM);
    connect_to(THEM, US);
    announce_socket("us", US);
    announce_socket("them", THEM);
}

/* A stream or seqpacket pair of which they have a name. */
static inline void unix_pair(int type)
{
    place((int)MUST(socket(AF_UNIX, type, 0)), LISTENER);
    bind_unix(LISTENER, "them.sock");
    MUST(listen(LISTENER, 8));
    place((int)MUST(socket(AF_UNIX, type, 0)), US);
    connect_unix(US, "them.sock");
    place((int)MUST(accept(LISTENER, NULL, NULL)), THEM);
}

static inline void unix_dgram_pair(void)
{
    place((int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), THEM);
    bind_unix(THEM, "them.sock");
    place((int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), US);
    bind_unix(US, "us.sock");
    connect_unix(US, "them.sock");
}

/* A handler without SA_RESTART, again and again: a call that waits is
 * interrupted sooner or later. */
static inline void on_alarm(int sig)
{
    (void)sig;
}

static inline void interruptions(bool on)
{
    struct sigaction act = {.sa_handler = on_alarm};
    struct itimerval every = {{0, on ? 5000 : 0}, {0, on ? 5000 : 0}};
    MUST(sigaction(SIGALRM, &act, NULL));
    MUST(setitimer(ITIMER_REAL, &every, NULL));
}

/* main() of each: NAME picks the case. */
struct named_case {
    const char *name;
    void (*run)(void);
};

static inline int run_case(const struct named_case *cases, size_t count, const char *name)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN); /* without the shim a case would end with it */
    for (size_t i = 0; i < count; i++) {
        if (name && strcmp(cases[i].name, name) == 0) {
            cases[i].run();
            return 0;
        }
    }
    printf("no such case\n");
    return 2;
}

#endif
