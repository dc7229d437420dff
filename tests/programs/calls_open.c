/* The calls whose 0 is their success, and SO_ERROR: calls_open CASE. */
#include "calls.h"

#include <netdb.h>
#include <sys/prctl.h>

#ifdef __GLIBC__
extern int __connect(int, const struct sockaddr *, socklen_t);
extern int __close(int);
extern int __dup2(int, int);
#else
#define __connect connect
#define __close close
#define __dup2 dup2
#endif

/* A descriptor whose number does not matter, as 1. */
#define OPENED(name, call) (errno = UNTOUCHED, opened(name, (long)(call)))

static int opened(const char *name, long fd)
{
    int err = errno;
    saw(name, fd >= 0 ? 1 : fd);
    errno = err;
    return (int)fd;
}

/* What succeeds: nothing but the start may be in the log, and errno stays. */
static void successes(void)
{
    int pair[2], error = 7;
    socklen_t len = sizeof error;
    union any_address a;
    place(OPENED("socket", socket(AF_INET, SOCK_STREAM, 0)), LISTENER);
    len = loopback(AF_INET, &a);
    STEP("bind", bind(LISTENER, &a.any, len));
    STEP("listen", listen(LISTENER, 8));
    len = name_of(LISTENER, &a);
    place(OPENED("socket", socket(AF_INET, SOCK_STREAM, 0)), US);
    STEP("connect", connect(US, &a.any, len));
    place(OPENED("accept", accept(LISTENER, NULL, NULL)), THEM);
    STEP("shutdown", shutdown(US, SHUT_WR));
    place(OPENED("socket", socket(AF_INET, SOCK_STREAM, 0)), OTHER);
    STEP("__connect", __connect(OTHER, &a.any, len));
    len = sizeof a;
    memset(&a, 0, sizeof a);
    place(OPENED("accept4", accept4(LISTENER, &a.any, &len, SOCK_CLOEXEC)), THEM);
    printf("  %u %d %d\n", len, a.any.sa_family, fcntl(THEM, F_GETFD));
    STEP("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    place(pair[0], LAST - 1);
    place(pair[1], LAST);
    len = sizeof error;
    STEP("getsockopt", getsockopt(US, SOL_SOCKET, SO_ERROR, &error, &len));
    STEP("getsockopt", getsockopt(US, SOL_SOCKET, SO_TYPE, &error, &len));
    STEP("setsockopt", setsockopt(US, SOL_SOCKET, SO_KEEPALIVE, &error, sizeof error));
}

static void sockets(void)
{
    STEP("socket", socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    STEP("socket", socket(AF_INET6, SOCK_DGRAM, IPPROTO_TCP));
    STEP("socket", socket(AF_INET, SOCK_SEQPACKET, 0));
    STEP("socket", socket(AF_UNIX, SOCK_RDM, 0));
    STEP("socket", socket(99, SOCK_STREAM, 0));
    STEP("socket", socket(-1, SOCK_STREAM, 0));
    STEP("socket", socket(AF_INET, 99, 0));
    STEP("socket", socket(AF_INET, SOCK_STREAM | 0x10, 0));
}

static void pairs(void)
{
    int pair[2];
    int *volatile bad = (int *)1;
    int *volatile none = NULL;
    STEP("socketpair", socketpair(AF_INET, SOCK_STREAM, 0, pair));
    STEP("socketpair", socketpair(AF_INET6, SOCK_DGRAM, 0, pair));
    STEP("socketpair", socketpair(99, SOCK_STREAM, 0, pair));
    STEP("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, bad));
    STEP("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, none));
}

/* No descriptor is left: the log, opened before, still takes the record. */
static void descriptor_limit(void)
{
    struct rlimit limit = {24, 24};
    int pair[2];
    tcp_pair();
    connect_to(place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), OTHER), LISTENER);
    MUST(setrlimit(RLIMIT_NOFILE, &limit));
    while (syscall(SYS_dup, US) >= 0) {
    }
    STEP("socket", socket(AF_INET, SOCK_STREAM, 0));
    STEP("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    STEP("accept", accept(LISTENER, NULL, NULL));
    STEP("accept4", accept4(LISTENER, NULL, NULL, 0));
}

/* Without rights; root gives them up. */
static void rights(void)
{
    union any_address a;
    socklen_t len = unix_address(&a, "locked/sock", 11);
    MUST(mkdir("locked", 0500) == 0 || errno == EEXIST ? 0 : -1);
    if (geteuid() == 0) {
        MUST(setgid(65534));
        MUST(setuid(65534));
    }
    STEP("socket", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    place((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), US);
    STEP("bind", bind(US, &a.any, len));
}

/* An address that nobody listens on, and nobody will: it stays bound. */
static socklen_t deserted(int family, union any_address *a)
{
    int fd = (int)MUST(bound(family, SOCK_STREAM, 0));
    socklen_t len = name_of(fd, a);
    announce("deserted", a);
    return len;
}

static void refused_over(int family)
{
    union any_address a;
    socklen_t len = deserted(family, &a);
    place((int)MUST(socket(family, SOCK_STREAM, 0)), US);
    STEP("connect", connect(US, &a.any, len));
    announce_socket("us", US); /* each attempt has a port of its own */
    STEP("connect", connect(US, &a.any, len));
    announce_socket("us", US);
    STEP("__connect", __connect(US, &a.any, len));
    announce_socket("us", US);
    clear();
}

static void refused(void)
{
    refused_over(AF_INET);
    refused_over(AF_INET6);
}

static int pending_error(int fd, socklen_t size)
{
    int error = 0;
    socklen_t len = size;
    STEP("getsockopt", getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
    printf("  %d %u\n", error, len);
    return error;
}

/* How an event loop learns of it: once; then SO_ERROR is 0. */
static void refused_later(void)
{
    union any_address a;
    socklen_t len = deserted(AF_INET, &a);
    place((int)MUST(bound(AF_INET, SOCK_STREAM, 0)), US);
    announce_socket("us", US);
    no_waiting(US);
    STEP("connect", connect(US, &a.any, len));
    await(US, POLLERR);
    pending_error(US, sizeof(int));
    pending_error(US, sizeof(int));
}

static void late_errors(void)
{
    tcp_pair();
    reset(THEM);
    await(US, POLLERR);
    pending_error(US, 1);
    pending_error(US, sizeof(int));
    clear();
    udp_pair();
    MUST(close(THEM));
    MUST(send(US, "x", 1, 0));
    await(US, POLLERR);
    pending_error(US, sizeof(int));
    pending_error(-1, sizeof(int));
    pending_error(1000000, sizeof(int));
    pending_error(place((int)MUST(open("/dev/null", O_RDONLY)), OTHER), sizeof(int));
}

/* A listener whose queue is full, so that it answers no SYN. */
static socklen_t full_listener(union any_address *a)
{
    socklen_t len;
    place((int)MUST(bound(AF_INET, SOCK_STREAM, 0)), LISTENER);
    MUST(listen(LISTENER, 0));
    len = name_of(LISTENER, a);
    announce("them", a);
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), OTHER);
    MUST(connect(OTHER, &a->any, len));
    await(LISTENER, POLLIN);
    return len;
}

static void unanswered(void)
{
    union any_address a;
    socklen_t len = full_listener(&a);
    place((int)MUST(bound(AF_INET, SOCK_STREAM, 0)), US);
    announce_socket("us", US);
    no_waiting(US);
    STEP("connect", connect(US, &a.any, len));
    STEP("connect", connect(US, &a.any, len));
    place((int)MUST(bound(AF_INET, SOCK_STREAM, 0)), US);
    announce_socket("us", US);
    time_limit(US, SO_SNDTIMEO);
    STEP("connect", connect(US, &a.any, len));
    place((int)MUST(bound(AF_INET, SOCK_STREAM, 0)), US);
    announce_socket("us", US);
    interruptions(true);
    STEP("connect", connect(US, &a.any, len));
    interruptions(false);
}

/* The kernel gives up: after a second here. */
static void connect_timed_out(void)
{
    static const unsigned limit = 100;
    static const int once = 1;
    union any_address a;
    socklen_t len = full_listener(&a);
    place((int)MUST(bound(AF_INET, SOCK_STREAM, 0)), US);
    announce_socket("us", US);
    MUST(setsockopt(US, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof once));
    MUST(setsockopt(US, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit));
    STEP("connect", connect(US, &a.any, len));
}

/* Two sockets may not have one pair of addresses. */
static void same_pair(void)
{
    static const int on = 1;
    union any_address a, own;
    socklen_t len;
    place((int)MUST(bound(AF_INET, SOCK_STREAM, 0)), LISTENER);
    MUST(listen(LISTENER, 8));
    len = name_of(LISTENER, &a);
    announce("them", &a);
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), OTHER);
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), US);
    MUST(setsockopt(OTHER, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    MUST(setsockopt(US, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    loopback(AF_INET, &own);
    MUST(bind(OTHER, &own.any, len));
    name_of(OTHER, &own);
    announce("us", &own);
    MUST(bind(US, &own.any, len));
    MUST(connect(OTHER, &a.any, len));
    STEP("connect", connect(US, &a.any, len));
}

static void connects(void)
{
    static const int on = 1;
    union any_address a;
    socklen_t len;
    tcp_pair();
    len = name_of(LISTENER, &a);
    STEP("connect", connect(US, &a.any, len));
    STEP("connect", connect(-1, &a.any, len));
    STEP("connect", connect(1000000, &a.any, len));
    STEP("connect", connect(place((int)MUST(open("/dev/null", O_RDONLY)), OTHER), &a.any, len));
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), OTHER);
    STEP("connect", connect(OTHER, &a.any, 3));
    a.any.sa_family = 99;
    STEP("connect", connect(OTHER, &a.any, len));
    MUST(setsockopt(OTHER, SOL_SOCKET, SO_DONTROUTE, &on, sizeof on));
    len = loopback(AF_INET, &a);
    a.in.sin_port = htons(9);
    a.in.sin_addr.s_addr = htonl(0xc6336401); /* 198.51.100.1, of TEST-NET-2: on no link */
    STEP("connect", connect(OTHER, &a.any, len));
    place((int)MUST(socket(AF_INET, SOCK_DGRAM, 0)), OTHER);
    a.in.sin_addr.s_addr = htonl(0x7fffffff);
    STEP("connect", connect(OTHER, &a.any, len));
    announce_socket("other", OTHER);
}

static void unix_connects(void)
{
    union any_address a;
    socklen_t len = unix_address(&a, "none.sock", 9);
    place((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), US);
    STEP("connect", connect(US, &a.any, len));
    place((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), LISTENER);
    bind_unix(LISTENER, "deaf.sock");
    len = unix_address(&a, "deaf.sock", 9);
    STEP("connect", connect(US, &a.any, len));
    MUST(listen(LISTENER, 0));
    place((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), OTHER);
    MUST(connect(OTHER, &a.any, len));
    no_waiting(US);
    STEP("connect", connect(US, &a.any, len));
    place((int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), US);
    STEP("connect", connect(US, &a.any, len));
}

static void accepts(void)
{
    union any_address a;
    socklen_t len = sizeof a;
    place((int)MUST(bound(AF_INET, SOCK_STREAM, 0)), LISTENER);
    announce_socket("listener", LISTENER);
    STEP("accept", accept(LISTENER, NULL, NULL));
    MUST(listen(LISTENER, 8));
    STEP("accept4", accept4(LISTENER, NULL, NULL, 0x40000000));
    no_waiting(LISTENER);
    STEP("accept", accept(LISTENER, &a.any, &len));
    STEP("accept4", accept4(LISTENER, NULL, NULL, SOCK_NONBLOCK));
    MUST(fcntl(LISTENER, F_SETFL, 0));
    interruptions(true);
    STEP("accept", accept(LISTENER, NULL, NULL));
    STEP("accept4", accept4(LISTENER, NULL, NULL, 0));
    interruptions(false);
    time_limit(LISTENER, SO_RCVTIMEO);
    STEP("accept", accept(LISTENER, NULL, NULL));
    STEP("accept4", accept4(LISTENER, NULL, NULL, 0));
    STEP("accept", accept(-1, NULL, NULL));
    STEP("accept4", accept4(1000000, NULL, NULL, 0));
    STEP("accept", accept(place((int)MUST(open("/dev/null", O_RDONLY)), OTHER), NULL, NULL));
    place((int)MUST(bound(AF_INET, SOCK_DGRAM, 0)), US);
    announce_socket("us", US);
    STEP("accept", accept(US, NULL, NULL));
}

static void binds(void)
{
    static const int on = 1;
    union any_address a;
    socklen_t len;
    place((int)MUST(bound(AF_INET, SOCK_STREAM, 0)), LISTENER);
    len = name_of(LISTENER, &a);
    announce("listener", &a);
    STEP("bind", bind(LISTENER, &a.any, len));
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), US);
    STEP("bind", bind(US, &a.any, len));
    STEP("bind", bind(US, &a.any, 3));
    STEP("bind", bind(-1, &a.any, len));
    STEP("bind", bind(1000000, &a.any, len));
    STEP("bind", bind(place((int)MUST(open("/dev/null", O_RDONLY)), OTHER), &a.any, len));
    a.any.sa_family = 99;
    STEP("bind", bind(US, &a.any, len));
    loopback(AF_INET, &a);
    a.in.sin_addr.s_addr = htonl(0xc6336401);
    a.in.sin_port = htons(9999);
    STEP("bind", bind(US, &a.any, len));
    MUST(setsockopt(US, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    place((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), OTHER);
    bind_unix(OTHER, "taken.sock");
    place((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), US);
    len = unix_address(&a, "taken.sock", 10);
    STEP("bind", bind(US, &a.any, len));
    len = unix_address(&a, "none/sock", 9);
    STEP("bind", bind(US, &a.any, len));
    len = unix_address(&a, "taken.sock/sock", 15);
    STEP("bind", bind(US, &a.any, len));
}

static void listens(void)
{
    static const int on = 1;
    union any_address a;
    socklen_t len;
    STEP("listen", listen(-1, 1));
    STEP("listen", listen(1000000, 1));
    STEP("listen", listen(place((int)MUST(open("/dev/null", O_RDONLY)), OTHER), 1));
    place((int)MUST(bound(AF_INET, SOCK_DGRAM, 0)), US);
    announce_socket("us", US);
    STEP("listen", listen(US, 1));
    clear();
    tcp_pair();
    STEP("listen", listen(US, 1));
    clear();
    len = loopback(AF_INET, &a);
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), LISTENER);
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), US);
    MUST(setsockopt(LISTENER, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    MUST(setsockopt(US, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    MUST(bind(LISTENER, &a.any, len));
    name_of(LISTENER, &a);
    MUST(bind(US, &a.any, len));
    announce("us", &a);
    MUST(listen(LISTENER, 1));
    STEP("listen", listen(US, 1));
}

static void shutdowns(void)
{
    STEP("shutdown", shutdown(-1, SHUT_RDWR));
    STEP("shutdown", shutdown(1000000, SHUT_RDWR));
    STEP("shutdown", shutdown(place((int)MUST(open("/dev/null", O_RDONLY)), OTHER), SHUT_RDWR));
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), US);
    STEP("shutdown", shutdown(US, SHUT_RDWR));
    clear();
    tcp_pair();
    STEP("shutdown", shutdown(US, 99));
    reset(THEM);
    await(US, POLLERR);
    STEP("shutdown", shutdown(US, SHUT_RDWR));
}

/* Calls that are wrapped to keep out of the way, and never logged. What they do
 * to descriptors is the program's own affair; the log lives on. */
static void aside(void)
{
    int fd = place((int)MUST(open("/dev/null", O_RDONLY)), US);
    struct addrinfo by_number = {.ai_flags = AI_NUMERICHOST};
    struct addrinfo *answer = NULL;
    STEP("getaddrinfo", getaddrinfo("127.0.0.1", "80", NULL, &answer));
    freeaddrinfo(answer);
    STEP("getaddrinfo", getaddrinfo("localhost", "80", &by_number, &answer) == EAI_NONAME ? 0 : 1);
    struct sockaddr_in home = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char host[64];
    STEP("getnameinfo", getnameinfo((struct sockaddr *)&home, sizeof home, host, sizeof host, NULL,
                                    0, NI_NUMERICHOST));
    STEP("getnameinfo",
         getnameinfo((struct sockaddr *)&home, 1, host, sizeof host, NULL, 0, 0) ? 0 : 1);
    STEP("gethostbyname", gethostbyname("127.0.0.1") ? 0 : 1);
    STEP("gethostbyname2", gethostbyname2("::1", AF_INET6) ? 0 : 1);
    struct hostent room;
    struct hostent *found;
    int error;
    STEP("gethostbyname_r", gethostbyname_r("127.0.0.1", &room, host, 8, &found, &error));
    STEP("gethostbyname2_r",
         gethostbyname2_r("1.2.3.4.5", AF_INET, &room, host, sizeof host, &found, &error) ? 1 : 1);
    STEP("gethostbyaddr", gethostbyaddr(&home.sin_addr, 3, AF_INET) ? 1 : 0);
    STEP("gethostbyaddr_r",
         gethostbyaddr_r(&home.sin_addr, 4, AF_INET, &room, host, 8, &found, &error) ? 0 : 1);
    STEP("close", close(-1));
    STEP("close", close(1000000));
    STEP("__close", __close(-1));
    STEP("dup2", dup2(fd, THEM));
    STEP("dup2", dup2(fd, fd));
    STEP("dup2", dup2(-1, THEM));
    STEP("dup2", dup2(fd, -1));
    STEP("dup2", dup2(OTHER, OTHER));
    STEP("__dup2", __dup2(fd, OTHER));
    STEP("dup3", dup3(fd, OTHER, O_CLOEXEC));
    STEP("dup3", dup3(fd, fd, 0));
    STEP("dup3", dup3(fd, OTHER, 99));
    printf("  %d\n", fcntl(OTHER, F_GETFD));
    STEP("close", close(THEM));
    STEP("__close", __close(OTHER));
    STEP("close", close(OTHER));
#ifdef __GLIBC__
    STEP("close_range", close_range(9, 3, 0));
    STEP("close_range", close_range(FIRST, LAST, 99));
    STEP("close_range", close_range(FIRST, LAST, 0));
    STEP("fcntl", fcntl(US, F_GETFD));
    fd = place((int)MUST(open("/dev/null", O_RDONLY)), US);
    STEP("close_range", close_range(3, ~0U, 0));
    STEP("fcntl", fcntl(US, F_GETFD));
    fd = place((int)MUST(open("/dev/null", O_RDONLY)), US);
    closefrom(3);
    STEP("fcntl", fcntl(US, F_GETFD));
#endif
    STEP("prctl", prctl(PR_SET_NAME, "aside", 0, 0, 0));
    STEP("prctl", prctl(-1, 0, 0, 0, 0));
    STEP("syscall", syscall(SYS_shutdown, -1, 0));
    STEP("syscall", syscall(-1));
    STEP("syscall", syscall(SYS_getppid) == getppid());
    STEP("shutdown", shutdown(-1, 0)); /* the one record */
}

int main(int argc, char **argv)
{
    static const struct named_case cases[] = {
        {"successes", successes},
        {"sockets", sockets},
        {"pairs", pairs},
        {"descriptor_limit", descriptor_limit},
        {"rights", rights},
        {"refused", refused},
        {"refused_later", refused_later},
        {"late_errors", late_errors},
        {"unanswered", unanswered},
        {"connect_timed_out", connect_timed_out},
        {"same_pair", same_pair},
        {"connects", connects},
        {"unix_connects", unix_connects},
        {"accepts", accepts},
        {"binds", binds},
        {"listens", listens},
        {"shutdowns", shutdowns},
        {"aside", aside},
    };
    return run_case(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL);
}
