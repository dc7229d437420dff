/* Which sockets have TCP_NODELAY: nodelay CASE. */
#include "calls.h"

#include <sys/wait.h>

static void show(const char *what, int fd)
{
    int on = -1;
    socklen_t len = sizeof on;
    int result = getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len);
    printf("%s: %d, %s, %s, nodelay %d\n", what, result,
           fcntl(fd, F_GETFL) & O_NONBLOCK ? "non-blocking" : "blocking",
           fcntl(fd, F_GETFD) & FD_CLOEXEC ? "close-on-exec" : "kept", on != 0);
}

/* As if by a library that nobody preloads anything into. */
static int plain_socket(int family, int type, int protocol)
{
    return (int)MUST(syscall(SYS_socket, family, type, protocol));
}

static const int families[] = {AF_INET, AF_INET6};
static const int protocols[] = {0, IPPROTO_TCP, IPPROTO_MPTCP};
static const int type_flags[] = {0, SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC};

#define EACH(i, array) for (size_t i = 0; i < sizeof(array) / sizeof *(array); i++)

static void sockets(void)
{
    EACH(f, families)
    {
        EACH(p, protocols)
        {
            EACH(t, type_flags)
            {
                errno = UNTOUCHED;
                int fd = socket(families[f], SOCK_STREAM | type_flags[t], protocols[p]);
                saw("socket", fd >= 0);
                show("new", fd);
                close(fd);
            }
        }
    }
}

/* Neither end is touched before the call in question. */
static int plain_listener(int family, int protocol, union any_address *a, socklen_t *len)
{
    int fd = plain_socket(family, SOCK_STREAM, protocol);
    *len = loopback(family, a);
    MUST(bind(fd, &a->any, *len));
    MUST(listen(fd, 8));
    name_of(fd, a);
    return fd;
}

static void accepted(void)
{
    EACH(f, families)
    {
        EACH(p, protocols)
        {
            union any_address a;
            socklen_t len;
            int listener = plain_listener(families[f], protocols[p], &a, &len);
            EACH(t, type_flags)
            {
                int client = plain_socket(families[f], SOCK_STREAM, protocols[p]);
                MUST(syscall(SYS_connect, client, &a, len));
                errno = UNTOUCHED;
                int fd = t > 0 ? accept4(listener, NULL, NULL, type_flags[t])
                               : accept(listener, NULL, NULL);
                saw("accept", fd >= 0);
                show("accepted", fd);
                close(fd);
                close(client);
            }
            close(listener);
        }
    }
}

static void connect_and_show(int fd, const union any_address *a, socklen_t len)
{
    STEP("connect", connect(fd, &a->any, len));
    show("connected", fd);
    close(fd);
}

static void connected(void)
{
    EACH(f, families)
    {
        EACH(p, protocols)
        {
            union any_address a;
            socklen_t len;
            int listener = plain_listener(families[f], protocols[p], &a, &len);
            connect_and_show(plain_socket(families[f], SOCK_STREAM, protocols[p]), &a, len);
            close(listener);
        }
    }
}

/* The second program of `inherited`. */
static void heir(void)
{
    union any_address a;
    socklen_t len = name_of(LISTENER, &a);
    connect_and_show(US, &a, len);
    connect_and_show(THEM, &a, len);
}

/* Sockets of a program without the shim, for one that has it, if HEIR_PRELOAD
 * says so. */
static void inherited(void)
{
    union any_address a;
    socklen_t len;
    const char *preload = getenv("HEIR_PRELOAD");
    place(plain_listener(AF_INET, 0, &a, &len), LISTENER);
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), US);
    place((int)MUST(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP)), THEM);
    if (preload) {
        setenv("LD_PRELOAD", preload, 1);
    }
    execl("/proc/self/exe", "nodelay", "heir", NULL);
}

static void hand_over(int channel, int fd)
{
    char space[CMSG_SPACE(sizeof fd)] = "";
    struct iovec iov = {"x", 1};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    MUST(sendmsg(channel, &msg, 0));
}

static int take_over(int channel)
{
    int fd;
    char buf[1], space[CMSG_SPACE(sizeof fd)] = "";
    struct iovec iov = {buf, 1};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    MUST(recvmsg(channel, &msg, 0));
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof fd);
    return fd;
}

static void passed(void)
{
    int channel[2];
    union any_address a;
    socklen_t len;
    int listener = plain_listener(AF_INET, 0, &a, &len);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, channel));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        hand_over(channel[1], plain_socket(AF_INET, SOCK_STREAM, 0));
        _exit(0);
    }
    connect_and_show(take_over(channel[0]), &a, len);
    MUST(waitpid(child, NULL, 0));
    close(listener);
}

static void set(int fd, const void *value, socklen_t len)
{
    STEP("setsockopt", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, value, len));
    show("set", fd);
}

/* The value lies where it can't be written to, at the very end of a page that
 * nothing follows. */
static const int *read_only_zero(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *at = mmap(NULL, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(mprotect(at, page, PROT_READ));
    return (const int *)(at + page) - 1;
}

static void switched_off(void)
{
    const int *off = read_only_zero();
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), US);
    place((int)MUST(socket(AF_INET6, SOCK_STREAM, IPPROTO_MPTCP)), THEM);
    place(plain_socket(AF_INET, SOCK_STREAM, 0), OTHER);
    set(US, off, sizeof *off);
    set(US, off, sizeof *off);
    set(US, off, 100);
    set(THEM, off, sizeof *off);
    set(OTHER, off, sizeof *off);
    printf("%d\n", *off);
}

/* Other ways to call it: as before, and not a word about them. */
static void odd_values(void)
{
    static const int on = 1;
    static const char bytes[8] = {1, 0, 0, 0, 1};
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), US);
    set(US, &on, sizeof on);
    set(US, bytes, sizeof bytes);
    set(US, &on, 1);
    set(US, &on, 0);
    set(US, &on, (socklen_t)-1);
    set(US, NULL, sizeof on);
    set(US, (void *)1, sizeof on);
    set(-1, &on, sizeof on);
    set(1000000, &on, sizeof on);
    set(place((int)MUST(open("/dev/null", O_RDWR)), THEM), &on, sizeof on);
}

static void exchange(const char *what, int fd, int level, int option, int wanted)
{
    int value = -1;
    socklen_t len = sizeof value;
    STEP(what, setsockopt(fd, level, option, &wanted, sizeof wanted));
    STEP(what, getsockopt(fd, level, option, &value, &len));
    printf("  %d\n", value);
}

/* Option number 1 of other levels, and sockets of other kinds. */
static void others(void)
{
    place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), US);
    place((int)MUST(socket(AF_INET, SOCK_DGRAM, 0)), THEM);
    place((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), OTHER);
    exchange("SO_DEBUG", US, SOL_SOCKET, SO_DEBUG, 0);
    exchange("IP_TOS", US, IPPROTO_IP, IP_TOS, 0);
    exchange("IP_TOS", US, IPPROTO_IP, IP_TOS, 16);
    exchange("IP_TOS", US, IPPROTO_IP, IP_TOS, 0);
    exchange("TCP_MAXSEG", US, IPPROTO_TCP, TCP_MAXSEG, 1000);
    exchange("TCP_CORK", US, IPPROTO_TCP, TCP_CORK, 1);
    exchange("TCP_CORK", US, IPPROTO_TCP, TCP_CORK, 0);
    exchange("UDP_CORK", THEM, IPPROTO_UDP, 1, 0);
    exchange("udp", THEM, IPPROTO_TCP, TCP_NODELAY, 0);
    exchange("unix", OTHER, IPPROTO_TCP, TCP_NODELAY, 0);
    exchange("level 99", US, 99, TCP_NODELAY, 0);
}

int main(int argc, char **argv)
{
    static const struct named_case cases[] = {
        {"sockets", sockets},
        {"accepted", accepted},
        {"connected", connected},
        {"inherited", inherited},
        {"heir", heir},
        {"passed", passed},
        {"switched_off", switched_off},
        {"odd_values", odd_values},
        {"others", others},
    };
    return run_case(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL);
}
