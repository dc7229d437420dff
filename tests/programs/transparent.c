/* A long random life of a program with sockets: the same seed makes the same
 * calls, under every name that the C library has for them, with arguments that
 * are right, odd and wrong. Each step prints what was called, the result, errno
 * (which had another value before) and a sum over all memory that the call may
 * have written to, and what lies around it. So runs with and without the shim
 * can be compared.
 *
 *     transparent SEED STEPS native|shim SIGPIPE NODELAY LOG
 *     transparent show|show-all
 *
 * SIGPIPE is off (which sockets is, too, as far as what is not a write goes), ignore or always,
 * NODELAY on or off, LOG yes if the log has a descriptor of its own. What these promise (SPEC) is
 * played by this program where it runs natively, so that nothing of what was seen need be left out.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* sigset and its like */
#pragma GCC diagnostic ignored "-Wclobbered"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

extern char **environ;

/* ---- Names that not every C library has, or that headers hide ---- */

#define OTHER_NAME(result, name, parameters)                                                       \
    extern result x_##name parameters __asm__(#name) __attribute__((weak))

OTHER_NAME(ssize_t, __read, (int, void *, size_t));
OTHER_NAME(ssize_t, __write, (int, const void *, size_t));
OTHER_NAME(ssize_t, __send, (int, const void *, size_t, int));
OTHER_NAME(int, __connect, (int, const struct sockaddr *, socklen_t));
OTHER_NAME(int, __close, (int));
OTHER_NAME(int, __dup2, (int, int));
OTHER_NAME(ssize_t, __read_chk, (int, void *, size_t, size_t));
OTHER_NAME(ssize_t, __recv_chk, (int, void *, size_t, size_t, int));
OTHER_NAME(ssize_t, __recvfrom_chk,
           (int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *));
OTHER_NAME(ssize_t, preadv2, (int, const struct iovec *, int, off_t, int));
OTHER_NAME(ssize_t, pwritev2, (int, const struct iovec *, int, off_t, int));
OTHER_NAME(ssize_t, preadv64v2, (int, const struct iovec *, int, int64_t, int));
OTHER_NAME(ssize_t, pwritev64v2, (int, const struct iovec *, int, int64_t, int));
OTHER_NAME(ssize_t, sendfile64, (int, int, int64_t *, size_t));
OTHER_NAME(int, close_range, (unsigned, unsigned, int));
OTHER_NAME(void, closefrom, (int));
OTHER_NAME(int, __sigaction, (int, const struct sigaction *, struct sigaction *));
OTHER_NAME(sighandler_t, bsd_signal, (int, sighandler_t));
OTHER_NAME(sighandler_t, ssignal, (int, sighandler_t));
OTHER_NAME(sighandler_t, sysv_signal, (int, sighandler_t));
OTHER_NAME(sighandler_t, __sysv_signal, (int, sighandler_t));
/* 32-bit glibc's second set, for a 64-bit time_t. */
OTHER_NAME(ssize_t, __recvmsg64, (int, struct msghdr *, int));
OTHER_NAME(ssize_t, __sendmsg64, (int, const struct msghdr *, int));
OTHER_NAME(int, __recvmmsg64, (int, struct mmsghdr *, unsigned, int, void *));
OTHER_NAME(int, __sendmmsg64, (int, struct mmsghdr *, unsigned, int));
OTHER_NAME(int, __getsockopt64, (int, int, int, void *, socklen_t *));
OTHER_NAME(int, __setsockopt64, (int, int, int, const void *, socklen_t));
OTHER_NAME(int, __prctl_time64, (int, unsigned long, unsigned long, unsigned long, unsigned long));

/* ---- What this run is ---- */

static bool native, nodelay, has_log;
static enum { OFF, IGNORE, ALWAYS } mode;
static const char *self;

/* ---- Chance ---- */

static uint64_t chance;

static unsigned below(unsigned n)
{
    chance += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = chance;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ z >> 31) >> 32) % n;
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

#define ANY(...)                                                                                   \
    (((const long[]){__VA_ARGS__})[below(sizeof((const long[]){__VA_ARGS__}) / sizeof(long))])

/* ---- What is said ---- */

static char said[1 << 16];
static size_t said_len;

static void flush(void)
{
    for (size_t done = 0; done < said_len;) {
        long n = syscall(SYS_write, 1, said + done, said_len - done);
        if (n <= 0) {
            syscall(SYS_exit_group, 97);
        }
        done += (size_t)n;
    }
    said_len = 0;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list arguments;
    if (said_len > sizeof said - 1024) {
        flush();
    }
    va_start(arguments, format);
    said_len += (size_t)vsnprintf(said + said_len, 1000, format, arguments);
    va_end(arguments);
}

/* ---- Memory: two pages to write to, two to read from, one that is read-only,
 * and nothing behind each. At a fixed address, for pointers are among what is
 * compared. ---- */

enum { PAGE = 4096, OUT = 0, IN = 3 * PAGE, READ_ONLY = 6 * PAGE, ALL = 8 * PAGE };
static unsigned char *const arena = (unsigned char *)0x20000000;
static size_t out_at, in_at;

static void map_arena(void)
{
    void *at = mmap(arena, ALL, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != arena) {
        syscall(SYS_exit_group, 96);
    }
    mprotect(arena + OUT + 2 * PAGE, PAGE, PROT_NONE);
    mprotect(arena + IN + 2 * PAGE, PAGE, PROT_NONE);
    memset(arena + READ_ONLY, 'r', PAGE);
    mprotect(arena + READ_ONLY, PAGE, PROT_READ);
    mprotect(arena + READ_ONLY + PAGE, PAGE, PROT_NONE);
}

static void clean(void)
{
    memset(arena + OUT, 0xa5, (size_t)2 * PAGE);
    memset(arena + IN, 0x5c, (size_t)2 * PAGE);
    out_at = in_at = 0;
}

static uint64_t sum_of(const unsigned char *at, size_t len)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i += sizeof sum) {
        uint64_t word;
        memcpy(&word, at + i, sizeof word);
        sum = (sum ^ word) * 0x100000001b3u;
        sum ^= sum >> 29;
    }
    return sum;
}

static void *bad_pointer(void)
{
    static const size_t places[] = {OUT + 2 * PAGE, IN + 2 * PAGE - 1, READ_ONLY,
                                    READ_ONLY + PAGE - 3, READ_ONLY + PAGE};
    unsigned which = below(7);
    return which == 0 ? NULL : which == 1 ? (void *)1 : arena + places[which - 2];
}

/* Room for a result, now and then with too little of it behind, or none. */
static void *room(size_t len)
{
    if (one_in(16)) {
        return bad_pointer();
    }
    if (one_in(12)) {
        return arena + OUT + 2 * PAGE - below((unsigned)len + 2);
    }
    void *at = arena + OUT + out_at;
    out_at += (len + 31) & ~(size_t)15;
    return out_at < 2 * PAGE ? at : arena + OUT;
}

/* An argument of the caller's, likewise. */
static void *given(const void *from, size_t len)
{
    unsigned char *at = arena + IN + in_at;
    if (one_in(24)) {
        return bad_pointer();
    }
    if (one_in(16)) {
        size_t there = below((unsigned)len + 2);
        at = arena + IN + 2 * PAGE - there;
        memcpy(at, from, there < len ? there : len);
        return at;
    }
    in_at += (len + 31) & ~(size_t)15;
    if (in_at >= 2 * PAGE - 64) {
        return NULL;
    }
    memcpy(at, from, len);
    return at;
}

static bool in_arena(const void *at, size_t len)
{
    const unsigned char *byte = at;
    return (byte >= arena + OUT && byte + len <= arena + OUT + 2 * PAGE) ||
           (byte >= arena + IN && byte + len <= arena + IN + 2 * PAGE);
}

/* Ports that the kernel chose are not the same twice. */
static void hide_port(void *at)
{
    unsigned char *bytes = at;
    unsigned short family;
    if (!in_arena(bytes, 3)) {
        return;
    }
    memcpy(&family, bytes, sizeof family);
    if ((family == AF_INET || family == AF_INET6) && bytes[2] >= 0x80) {
        memset(bytes + 2, 0xff, in_arena(bytes, 4) ? 2 : 1);
    }
}

/* ---- The promise, played natively ---- */

static bool forced; /* SIGPIPE is swallowed by now */
static uint64_t const sigpipe_bit = (uint64_t)1 << (SIGPIPE - 1);

/* The mask and what waits, as the kernel has them. */
static uint64_t mask_by(int how, uint64_t set)
{
    uint64_t before = 0;
    syscall(SYS_rt_sigprocmask, how, &set, &before, sizeof set);
    return before;
}

static uint64_t pending(void)
{
    uint64_t set = 0;
    syscall(SYS_rt_sigpending, &set, sizeof set);
    return set;
}

static void take_sigpipe(void)
{
    struct timespec now = {0, 0};
#ifdef SYS_rt_sigtimedwait_time64
    long long now64[2] = {0, 0};
    if (syscall(SYS_rt_sigtimedwait_time64, &sigpipe_bit, NULL, now64, sizeof sigpipe_bit) > 0) {
        return;
    }
#endif
    syscall(SYS_rt_sigtimedwait, &sigpipe_bit, NULL, &now, sizeof sigpipe_bit);
}

static bool sigpipe_is(sighandler_t disposition)
{
    struct sigaction now;
    return sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == disposition;
}

/* Whether a SIGPIPE at its default would end this run. */
static bool kills(void)
{
    return native || !forced;
}

/* A default that does not end the program: the signal is held back during the
 * call, and taken away. Where the shim lets it through, both sides do this. */
static bool guards;
static uint64_t before_call;

static void guard(void)
{
    guards = kills() && !(pending() & sigpipe_bit) && sigpipe_is(SIG_DFL);
    if (guards) {
        before_call = mask_by(SIG_BLOCK, sigpipe_bit);
    }
}

static void unguard(void)
{
    if (guards) {
        if (!(before_call & sigpipe_bit)) {
            if (pending() & sigpipe_bit) {
                take_sigpipe();
            }
            mask_by(SIG_SETMASK, before_call);
        }
        guards = false;
    }
}

/* One that waits is about to be let through to the default. */
static void let_through(void)
{
    while (kills() && pending() & sigpipe_bit) { /* the thread's, and the process's */
        take_sigpipe();
    }
}

static long ask(int fd, int level, int option)
{
    int value = -1;
    socklen_t len = sizeof value;
    return syscall(SYS_getsockopt, fd, level, option, &value, &len) == 0 ? value : -1;
}

static bool is_tcp(int fd)
{
    long protocol = ask(fd, SOL_SOCKET, SO_PROTOCOL);
    long domain = ask(fd, SOL_SOCKET, SO_DOMAIN);
    return (domain == AF_INET || domain == AF_INET6) &&
           ask(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM &&
           (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

static void force_nodelay(int fd)
{
    int on = 1;
    if (native && nodelay && is_tcp(fd)) {
        syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
}

static void has_socket(void)
{
    forced = forced || mode != OFF;
}

/* The log's descriptor is 255: closing it answers success and keeps it, a
 * duplicate over it moves it up. */
static int log_fd = -1;

/* ---- A step ---- */

enum { POISON = 0x5a5a, TABLE = 40 };
static sigjmp_buf crashed;
static volatile sig_atomic_t caught;
static unsigned number;
static bool in_child;

static void on_crash(int sig)
{
    siglongjmp(crashed, sig);
}

static void handler(int sig)
{
    caught += sig;
}

static void other_handler(int sig)
{
    caught += 100 * sig;
}

static void handler_with_info(int sig, siginfo_t *info, void *context)
{
    (void)context;
    caught += 10000 * (info->si_signo == sig);
}

/* What a softirq still has to deliver is delivered, what waits for a delayed
 * acknowledgement is acknowledged. */
static void settle(void)
{
    for (int tries = 0; tries < 200; tries++) {
        bool quiet = true;
        for (int fd = 3; fd < TABLE; fd++) {
            int on = 1;
            int queued = 0;
            if (ask(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP &&
                syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on) == 0 &&
                syscall(SYS_ioctl, fd, TIOCOUTQ, &queued) == 0 && queued > 0) {
                struct tcp_info info;
                socklen_t len = sizeof info;
                syscall(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &len);
                quiet = quiet && (info.tcpi_state == TCP_CLOSE || info.tcpi_probes ||
                                  info.tcpi_state == TCP_SYN_SENT);
            }
        }
        if (quiet) {
            return;
        }
        syscall(SYS_sched_yield);
    }
}

static void finish(long result, int err, bool crash)
{
    if (crash) {
        say(" = CRASH");
    } else {
        say(" = %ld %d", result, err);
    }
    say(" %08x %08x c%d\n", (unsigned)sum_of(arena + OUT, (size_t)2 * PAGE),
        (unsigned)sum_of(arena + IN, (size_t)2 * PAGE), (int)caught);
}

/* CALL(expression, "format of what is said", ...) */
#define CALL_AS(before, after, expression, ...)                                                    \
    ({                                                                                             \
        volatile long result_ = -1;                                                                \
        volatile int err_ = 0;                                                                     \
        say("%u ", number);                                                                        \
        say(__VA_ARGS__);                                                                          \
        before;                                                                                    \
        int crash_ = sigsetjmp(crashed, 1);                                                        \
        if (crash_ == 0) {                                                                         \
            errno = POISON;                                                                        \
            result_ = (long)(expression);                                                          \
            err_ = errno;                                                                          \
        }                                                                                          \
        after;                                                                                     \
        to_hide();                                                                                 \
        finish(result_, err_, crash_ != 0);                                                        \
        result_;                                                                                   \
    })

#define CALL(expression, ...) CALL_AS(guard(), unguard(), expression, __VA_ARGS__)
/* One that changes or tells the mask or the dispositions. */
#define SIGNAL_CALL(expression, ...) CALL_AS((void)0, (void)0, expression, __VA_ARGS__)

static void *hidden[8];
static unsigned hides;

static void hide(void *at)
{
    if (hides < 8) {
        hidden[hides++] = at;
    }
}

static void to_hide(void)
{
    while (hides > 0) {
        hide_port(hidden[--hides]);
    }
}

/* A name that this C library does not have. */
#define HAS(name) (x_##name || (say("%u no " #name "\n", number), false))

/* ---- Arguments ---- */

/* Mostly one that is open, and a socket. */
static int descriptor(void)
{
    if (one_in(40)) {
        return (int)ANY(-1, 1000000, 0x7fffffff, -2147483647, 39, 60);
    }
    int fd = 3;
    for (int tries = 0; tries < 12; tries++) {
        fd = 3 + (int)below(20);
        if (ask(fd, SOL_SOCKET, SO_TYPE) >= 0 || one_in(20)) {
            break;
        }
    }
    return fd;
}

static int any_descriptor(void)
{
    return one_in(2) ? descriptor() : 3 + (int)below(20);
}

static bool is_file(int fd)
{
    return syscall(SYS_lseek, fd, 0, SEEK_CUR) >= 0;
}

static bool is_pipe(int fd)
{
    return syscall(SYS_fcntl, fd, F_GETPIPE_SZ) >= 0;
}

/* Mostly one that is so. */
static int descriptor_that(bool is_so(int))
{
    for (int tries = 0; tries < 40 && !one_in(60); tries++) {
        int fd = 3 + (int)below(24);
        if (is_so(fd)) {
            return fd;
        }
    }
    return any_descriptor();
}

static bool has_data(int fd)
{
    int count = 0;
    return ask(fd, SOL_SOCKET, SO_TYPE) >= 0 && syscall(SYS_ioctl, fd, FIONREAD, &count) == 0 &&
           count > 0;
}

static bool is_connected(int fd)
{
    char room[128];
    socklen_t len = sizeof room;
    return syscall(SYS_getpeername, fd, room, &len) == 0;
}

static int source(void)
{
    return one_in(3) ? descriptor() : descriptor_that(has_data);
}

static int sink(void)
{
    return one_in(3) ? descriptor() : descriptor_that(is_connected);
}

static size_t length(void)
{
    return one_in(8) ? (size_t)ANY(0, 0, 0, 4096, 100000, -1, 0x7fffffff) : below(300);
}

static int message_flags(int fd)
{
    static const long flags[] = {MSG_DONTWAIT, MSG_PEEK,      MSG_TRUNC,    MSG_OOB,
                                 MSG_NOSIGNAL, MSG_WAITALL,   MSG_ERRQUEUE, MSG_EOR,
                                 MSG_CONFIRM,  MSG_DONTROUTE, MSG_MORE,     MSG_CMSG_CLOEXEC,
                                 0x400000};
    int result = 0;
    while (one_in(3)) {
        result |= (int)flags[below(sizeof flags / sizeof *flags)];
    }
    if (one_in(60)) {
        result |= (int)ANY(-1, 0x40000000, 0x10000) & ~MSG_MORE;
    }
    return is_tcp(fd) ? result & ~(MSG_MORE | 0x20000000 | MSG_PROXY) : result & ~0x20000000;
}

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    char room[160];
};

static socklen_t an_address(union address *a)
{
    socklen_t len = 0;
    memset(a, 0, sizeof *a);
    switch (below(6)) {
    case 0:
    case 1:
        a->un.sun_family = AF_UNIX;
        a->un.sun_path[0] = (char)ANY(0, 's', 's');
        a->un.sun_path[1] = (char)('0' + below(6));
        len = offsetof(struct sockaddr_un, sun_path) + 3;
        break;
    case 2:
    case 3:
        a->in.sin_family = AF_INET;
        a->in.sin_port = htons((uint16_t)ANY(0, 2000, 2001, 2002, 2003, 2004));
        a->in.sin_addr.s_addr = htonl((uint32_t)ANY(INADDR_LOOPBACK, INADDR_LOOPBACK, 0x7f000002,
                                                    INADDR_ANY, 0xc6336401, 0x7fffffff));
        len = sizeof a->in;
        break;
    case 4:
        a->in6.sin6_family = AF_INET6;
        a->in6.sin6_port = htons((uint16_t)ANY(0, 2000, 2001, 2002));
        a->in6.sin6_addr = one_in(4) ? in6addr_any : in6addr_loopback;
        len = sizeof a->in6;
        break;
    default:
        a->any.sa_family = (sa_family_t)ANY(AF_UNSPEC, AF_NETLINK, 99);
        len = (socklen_t)ANY(2, 12, 16);
        break;
    }
    if (one_in(8)) {
        len = (socklen_t)ANY(0, 1, 3, 8, 15, 17, 24, 27, 28, 29, 107, 108, 110, 111, 128, 129, -1,
                             0x7fffffff);
    }
    return len;
}

/* len: what the kernel is told; what is there may be less. */
static struct sockaddr *address_given(socklen_t *len)
{
    union address a;
    *len = an_address(&a);
    return given(&a, *len <= sizeof a ? *len : sizeof a);
}

static struct sockaddr *address_room(socklen_t **len)
{
    socklen_t value = (socklen_t)ANY(128, 128, 16, 28, 110, 5, 1, 0, -1);
    struct sockaddr *at = one_in(4) ? NULL : room(value < 129 ? value : 128);
    *len = given(&value, sizeof value);
    hide(at);
    return at;
}

static struct iovec *vector(int *count, bool to_write_to)
{
    struct iovec iov[8];
    int n = (int)below(6);
    for (int i = 0; i < n; i++) {
        size_t len = one_in(10) ? length() : below(80);
        char data[300] = "vector data that is sent";
        iov[i].iov_base = to_write_to ? room(len < 300 ? len : 300)
                                      : given(data, len < sizeof data ? len : sizeof data);
        iov[i].iov_len = len;
    }
    *count = one_in(12) ? (int)ANY(0, -1, 1025, 1024, 1 << 30, -2147483647) : n;
    return given(iov, (size_t)n * sizeof *iov);
}

/* control is a room for what comes, or a message that goes: rights, or garbage. */
static struct msghdr message(bool to_write_to)
{
    struct msghdr msg;
    int count;
    memset(&msg, 0, sizeof msg);
    msg.msg_iov = vector(&count, to_write_to);
    msg.msg_iovlen = (__typeof__(msg.msg_iovlen))count;
    if (one_in(3)) {
        socklen_t len = 128;
        msg.msg_name = to_write_to ? room(128) : address_given(&len);
        msg.msg_namelen = len;
        if (to_write_to) {
            hide(msg.msg_name);
        }
    }
    if (one_in(3)) {
        union {
            struct cmsghdr header;
            char room[CMSG_SPACE(sizeof(int))];
        } control;
        int fd = descriptor();
        if (ask(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX) {
            fd = 2; /* rings of them are collected some time later: net/unix/garbage.c */
        }
        memset(&control, 0, sizeof control);
        control.header.cmsg_level = one_in(8) ? 77 : SOL_SOCKET;
        control.header.cmsg_type = one_in(8) ? 77 : SCM_RIGHTS;
        control.header.cmsg_len = one_in(8) ? below(40) : CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        msg.msg_control = to_write_to ? room(64) : given(&control, sizeof control);
        msg.msg_controllen = to_write_to ? (unsigned)ANY(64, 64, 16, 20, 0) : sizeof control;
        if (one_in(16)) {
            msg.msg_controllen = (__typeof__(msg.msg_controllen))ANY(-1, 0x7fffffff, 1);
        }
    }
    msg.msg_flags = (int)below(4) * 0x1111;
    return msg;
}

/* A new descriptor does not wait, but for the few that wait a millisecond. */
static void no_waiting(int fd)
{
    struct timeval limit = {0, 1000};
    if (one_in(8) && ask(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_MPTCP) { /* which ignores it */
        CALL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), "rcvtimeo %d", fd);
        CALL(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), "sndtimeo %d", fd);
        return;
    }
    syscall(SYS_fcntl, fd, F_SETFL, O_NONBLOCK | syscall(SYS_fcntl, fd, F_GETFL));
}

static void opened(long fd)
{
    int value = -1;
    socklen_t len = sizeof value;
    if (fd < 0) {
        return;
    }
    has_socket();
    force_nodelay((int)fd);
    no_waiting((int)fd);
    if (one_in(2)) {
        CALL(getsockopt((int)fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), "getsockopt %ld", fd);
        say("   %d\n", value);
    }
}

/* ---- Receiving ---- */

static void receive(void)
{
    int fd = source();
    size_t len = length();
    void *buf = room(len < 300 ? len : 300);
    int flags = message_flags(fd);
    size_t chk = len > 4096 ? len : 4096;
    socklen_t *addrlen;
    struct sockaddr *addr;
    switch (below(7)) {
    case 0:
        CALL(recv(fd, buf, len, flags), "recv %d %p %zu %x", fd, buf, len, flags);
        return;
    case 1:
        addr = address_room(&addrlen);
        CALL(recvfrom(fd, buf, len, flags, addr, addrlen), "recvfrom %d %p %zu %x %p %p", fd, buf,
             len, flags, (void *)addr, (void *)addrlen);
        return;
    case 2:
        CALL(read(fd, buf, len), "read %d %p %zu", fd, buf, len);
        return;
    case 3:
        if (HAS(__read)) {
            CALL(x___read(fd, buf, len), "__read %d %p %zu", fd, buf, len);
        }
        return;
    case 4:
        if (HAS(__read_chk)) {
            CALL(x___read_chk(fd, buf, len, chk), "__read_chk %d %p %zu", fd, buf, len);
        }
        return;
    case 5:
        if (HAS(__recv_chk)) {
            CALL(x___recv_chk(fd, buf, len, chk, flags), "__recv_chk %d %p %zu %x", fd, buf, len,
                 flags);
        }
        return;
    default:
        addr = address_room(&addrlen);
        if (HAS(__recvfrom_chk)) {
            CALL(x___recvfrom_chk(fd, buf, len, chk, flags, addr, addrlen),
                 "__recvfrom_chk %d %p %zu %x %p %p", fd, buf, len, flags, (void *)addr,
                 (void *)addrlen);
        }
        return;
    }
}

static void receive_vector(void)
{
    int fd = source();
    int count;
    int flags = one_in(3) ? (int)ANY(8 /* RWF_NOWAIT */, 1, 0x4000, -1) : 0;
    long offset = ANY(-1, -1, -1, 0, 5, -2);
    struct iovec *iov = vector(&count, true);
    switch (below(3)) {
    case 0:
        CALL(readv(fd, iov, count), "readv %d %p %d", fd, (void *)iov, count);
        return;
    case 1:
        if (HAS(preadv2)) {
            CALL(x_preadv2(fd, iov, count, offset, flags), "preadv2 %d %p %d %ld %x", fd,
                 (void *)iov, count, offset, flags);
        }
        return;
    default:
        if (HAS(preadv64v2)) {
            CALL(x_preadv64v2(fd, iov, count, offset, flags), "preadv64v2 %d %p %d %ld %x", fd,
                 (void *)iov, count, offset, flags);
        }
        return;
    }
}

/* Rights that came are descriptors: their numbers are in the sum. */
static void receive_message(void)
{
    int fd = source();
    int flags = message_flags(fd);
    struct msghdr msg = message(true);
    struct msghdr *at = given(&msg, sizeof msg);
    if (one_in(2)) {
        CALL(recvmsg(fd, at, flags), "recvmsg %d %p %x", fd, (void *)at, flags);
    } else if (HAS(__recvmsg64)) {
        CALL(x___recvmsg64(fd, at, flags), "__recvmsg64 %d %p %x", fd, (void *)at, flags);
    }
}

/* What is left of a time limit is not the same twice. */
static void hide_rest(void *limit, size_t half)
{
    if (in_arena(limit, 2 * half)) {
        memset((char *)limit + half, 0, half);
    }
}

static void receive_messages(void)
{
    int fd = source();
    int flags = message_flags(fd) | (one_in(3) ? MSG_WAITFORONE : 0);
    unsigned count = one_in(8) ? (unsigned)ANY(0, -1, 1025) : 1 + below(3);
    struct mmsghdr messages[3];
    long long limit[2] = {ANY(5, 5, 0, -1), ANY(0, 0, 1000000000, -1)};
    long small[2] = {(long)limit[0], (long)limit[1]};
    bool twin = one_in(2);
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < 3; i++) {
        messages[i].msg_hdr = message(true);
        messages[i].msg_len = 0x77;
    }
    struct mmsghdr *at = given(messages, sizeof messages);
    void *timeout = one_in(2) ? NULL
                    : twin    ? given(limit, sizeof limit)
                              : given(small, sizeof small);
    if (twin && !HAS(__recvmmsg64)) {
        return;
    }
    CALL_AS(guard(), (unguard(), hide_rest(timeout, twin ? 8 : sizeof(long))),
            twin ? x___recvmmsg64(fd, at, count, flags, timeout)
                 : recvmmsg(fd, at, count, flags, timeout),
            "%s %d %p %u %x %p", twin ? "__recvmmsg64" : "recvmmsg", fd, (void *)at, count, flags,
            timeout);
}

/* ---- Sending ---- */

static void send_bytes(void)
{
    static const char data[300] = "bytes to be sent";
    int fd = sink();
    size_t len = length();
    void *buf = given(data, len < 300 ? len : 300);
    int flags = message_flags(fd);
    socklen_t addrlen;
    struct sockaddr *addr;
    len = len > 4096 && !one_in(4) ? below(300) : len;
    switch (below(5)) {
    case 0:
        CALL(send(fd, buf, len, flags), "send %d %p %zu %x", fd, buf, len, flags);
        break;
    case 1:
        addr = one_in(3) ? NULL : address_given(&addrlen);
        addrlen = addr ? addrlen : 0;
        CALL(sendto(fd, buf, len, flags, addr, addrlen), "sendto %d %p %zu %x %p %u", fd, buf, len,
             flags, (void *)addr, addrlen);
        break;
    case 2:
        CALL(write(fd, buf, len), "write %d %p %zu", fd, buf, len);
        break;
    case 3:
        if (HAS(__write)) {
            CALL(x___write(fd, buf, len), "__write %d %p %zu", fd, buf, len);
        }
        break;
    default:
        if (HAS(__send)) {
            CALL(x___send(fd, buf, len, flags), "__send %d %p %zu %x", fd, buf, len, flags);
        }
        break;
    }
    settle();
}

static void send_vector(void)
{
    int fd = sink();
    int count;
    int flags = one_in(3) ? (int)ANY(8 /* RWF_NOWAIT */, 2, 0x4000, -1) : 0;
    long offset = ANY(-1, -1, -1, 0, 5, -2);
    struct iovec *iov = vector(&count, false);
    switch (below(3)) {
    case 0:
        CALL(writev(fd, iov, count), "writev %d %p %d", fd, (void *)iov, count);
        break;
    case 1:
        if (HAS(pwritev2)) {
            CALL(x_pwritev2(fd, iov, count, offset, flags), "pwritev2 %d %p %d %ld %x", fd,
                 (void *)iov, count, offset, flags);
        }
        break;
    default:
        if (HAS(pwritev64v2)) {
            CALL(x_pwritev64v2(fd, iov, count, offset, flags), "pwritev64v2 %d %p %d %ld %x", fd,
                 (void *)iov, count, offset, flags);
        }
        break;
    }
    settle();
}

static void send_message(void)
{
    int fd = sink();
    int flags = message_flags(fd);
    struct msghdr msg = message(false);
    struct msghdr *at = given(&msg, sizeof msg);
    if (one_in(2)) {
        CALL(sendmsg(fd, at, flags), "sendmsg %d %p %x", fd, (void *)at, flags);
    } else if (HAS(__sendmsg64)) {
        CALL(x___sendmsg64(fd, at, flags), "__sendmsg64 %d %p %x", fd, (void *)at, flags);
    }
    settle();
}

static void send_messages(void)
{
    int fd = sink();
    int flags = message_flags(fd);
    unsigned count = one_in(8) ? (unsigned)ANY(0, -1, 1025) : 1 + below(3);
    struct mmsghdr messages[3];
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < 3; i++) {
        messages[i].msg_hdr = message(false);
        messages[i].msg_len = 0x77;
    }
    struct mmsghdr *at = given(messages, sizeof messages);
    if (one_in(2)) {
        CALL(sendmmsg(fd, at, count, flags), "sendmmsg %d %p %u %x", fd, (void *)at, count, flags);
    } else if (HAS(__sendmmsg64)) {
        CALL(x___sendmmsg64(fd, at, count, flags), "__sendmmsg64 %d %p %u %x", fd, (void *)at,
             count, flags);
    }
    settle();
}

static void send_file(void)
{
    int out = sink();
    int in = descriptor_that(is_file);
    size_t len = length();
    long small = ANY(0, 3, 100, -1);
    int64_t large = small;
    if (one_in(2)) {
        off_t *offset = one_in(2) ? NULL : given(&small, sizeof small);
        CALL(sendfile(out, in, offset, len), "sendfile %d %d %p %zu", out, in, (void *)offset, len);
    } else if (HAS(sendfile64)) {
        int64_t *offset = one_in(2) ? NULL : given(&large, sizeof large);
        CALL(x_sendfile64(out, in, offset, len), "sendfile64 %d %d %p %zu", out, in, (void *)offset,
             len);
    }
    settle();
}

static void send_splice(void)
{
    bool from_pipe = one_in(2);
    int in = from_pipe ? descriptor_that(is_pipe) : source();
    int out = from_pipe ? sink() : descriptor_that(is_pipe);
    int64_t at = ANY(0, 3, -1);
    loff_t *in_at_ = one_in(5) ? given(&at, sizeof at) : NULL;
    loff_t *out_at_ = one_in(9) ? given(&at, sizeof at) : NULL;
    size_t len = length();
    unsigned flags =
        (unsigned)ANY(0, 0, SPLICE_F_NONBLOCK, SPLICE_F_MOVE, -1) & ~(unsigned)SPLICE_F_MORE;
    CALL(splice(in, in_at_, out, out_at_, len, flags), "splice %d %p %d %p %zu %x", in,
         (void *)in_at_, out, (void *)out_at_, len, flags);
    settle();
}

/* ---- Opening ---- */

static void open_socket(void)
{
    int domain = (int)ANY(AF_UNIX, AF_INET, AF_INET, AF_INET6, AF_INET6, 99, -1);
    int type = (int)(ANY(SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, 0, 11, -1) |
                     ANY(0, 0, SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC, 0x10000));
    int protocol = (int)ANY(0, 0, 0, 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_MPTCP, 255, -1);
    opened(CALL(socket(domain, type, protocol), "socket %d %x %d", domain, type, protocol));
}

static void open_pair(void)
{
    int domain = one_in(8) ? (int)ANY(AF_INET, AF_INET6, 99) : AF_UNIX;
    int type = (int)(ANY(SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW) |
                     ANY(0, 0, SOCK_NONBLOCK, SOCK_CLOEXEC));
    int *pair = room(2 * sizeof *pair);
    if (CALL(socketpair(domain, type, 0, pair), "socketpair %d %x %p", domain, type,
             (void *)pair) == 0) {
        opened(pair[0]);
        opened(pair[1]);
    }
}

static long connect_to(int fd, const struct sockaddr *addr, socklen_t len)
{
    bool twin = one_in(4) && HAS(__connect);
    force_nodelay(fd);
    has_socket();
    long result = CALL(twin ? x___connect(fd, addr, len) : connect(fd, addr, len), "%s %d %p %u",
                       twin ? "__connect" : "connect", fd,
                       in_arena(addr, 0) ? (const void *)addr : NULL, len);
    settle();
    return result;
}

static long accept_from(int fd)
{
    socklen_t *len;
    struct sockaddr *addr = address_room(&len);
    int flags = (int)ANY(0, SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_CLOEXEC, 0x10, -1);
    long result =
        one_in(2) ? CALL(accept(fd, addr, len), "accept %d %p %p", fd, (void *)addr, (void *)len)
                  : CALL(accept4(fd, addr, len, flags), "accept4 %d %p %p %x", fd, (void *)addr,
                         (void *)len, flags);
    opened(result);
    return result;
}

/* Two ends of a connection that stands, or of datagram sockets that know each
 * other: random calls alone would hardly get so far. */
static void open_connection(void)
{
    int domain = (int)ANY(AF_INET, AF_INET, AF_INET6);
    int type = one_in(4) ? SOCK_DGRAM : SOCK_STREAM;
    union address a;
    socklen_t len = domain == AF_INET ? sizeof a.in : sizeof a.in6;
    memset(&a, 0, sizeof a);
    a.any.sa_family = (sa_family_t)domain;
    if (domain == AF_INET) {
        a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        a.in6.sin6_addr = in6addr_loopback;
    }
    int near = (int)CALL(socket(domain, type, 0), "socket");
    opened(near);
    int far = (int)CALL(socket(domain, type, 0), "socket");
    opened(far);
    CALL(bind(far, &a.any, len), "bind %d", far);
    syscall(SYS_getsockname, far, &a, &len);
    if (type == SOCK_STREAM) {
        CALL(listen(far, (int)ANY(64, 64, 1, 0x7fffffff)), "listen %d", far);
        connect_to(near, &a.any, len);
        accept_from(far);
        CALL(close(far), "close %d", far);
    } else {
        connect_to(near, &a.any, len);
        syscall(SYS_getsockname, near, &a, &len);
        connect_to(far, &a.any, len);
    }
}

static void name_socket(void)
{
    int fd = descriptor();
    socklen_t len;
    socklen_t *space;
    struct sockaddr *addr;
    switch (below(8)) {
    case 0:
        addr = address_given(&len);
        connect_to(fd, addr, len);
        break;
    case 1:
    case 2:
        addr = address_given(&len);
        CALL(bind(fd, addr, len), "bind %d %p %u", fd, (void *)addr, len);
        break;
    case 3:
        CALL(listen(fd, (int)ANY(16, 0, -1, 0x7fffffff)), "listen %d", fd);
        break;
    case 4:
        accept_from(fd);
        break;
    case 5:
        if (one_in(2)) {
            CALL(shutdown(fd, (int)ANY(0, 1, 2, 3, -1)), "shutdown %d", fd);
            settle();
        }
        break;
    case 6:
        addr = address_room(&space);
        CALL(one_in(2) ? getpeername(fd, addr, space) : getsockname(fd, addr, space), "name %d %p",
             fd, (void *)addr);
        break;
    default:
        CALL(unlink((const char *[]){"s0", "s1", "s2", "s3", "s4", "s5"}[below(6)]), "unlink");
        break;
    }
}

static void open_other(void)
{
    int ends[2];
    long fd;
    switch (below(5)) {
    case 0:
    case 1:
        CALL(pipe2(ends, O_NONBLOCK), "pipe2");
        return;
    case 2:
        fd = CALL(open("file", O_RDWR | O_CREAT | O_APPEND, 0600), "open");
        if (fd >= 0) {
            CALL(ftruncate((int)fd, 200), "ftruncate");
        }
        return;
    case 3:
        CALL(epoll_create1(0), "epoll_create1");
        return;
    default:
        CALL(open("/dev/null", O_RDWR), "null");
        return;
    }
}

/* ---- Options ---- */

static void get_option(void)
{
    static const int options[][2] = {
        {IPPROTO_TCP, TCP_NODELAY}, {SOL_SOCKET, SO_ERROR},    {SOL_SOCKET, SO_TYPE},
        {SOL_SOCKET, SO_PROTOCOL},  {SOL_SOCKET, SO_RCVTIMEO}, {SOL_SOCKET, SO_ACCEPTCONN},
        {SOL_SOCKET, TCP_NODELAY},  {IPPROTO_TCP, SO_ERROR},   {SOL_SOCKET, SO_LINGER},
        {IPPROTO_IP, IP_TTL},       {SOL_SOCKET, 999},         {-1, -1},
        {IPPROTO_TCP, TCP_NODELAY}, {SOL_SOCKET, SO_ERROR},    {IPPROTO_TCP, TCP_CORK},
    };
    int fd = descriptor();
    const int *option = options[below(sizeof options / sizeof *options)];
    socklen_t size = (socklen_t)ANY(4, 4, 4, 4, 0, 1, 2, 3, 5, 8, 16, 200, -1);
    socklen_t *len = given(&size, sizeof size);
    void *value = room(size < 200 ? size : 200);
    bool twin = one_in(4);
    if (twin && !HAS(__getsockopt64)) {
        return;
    }
    CALL(twin ? x___getsockopt64(fd, option[0], option[1], value, len)
              : getsockopt(fd, option[0], option[1], value, len),
         "%s %d %d %d %p %p", twin ? "__getsockopt64" : "getsockopt", fd, option[0], option[1],
         value, (void *)len);
}

static void set_option(void)
{
    static const int options[][2] = {
        {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_NODELAY},
        {SOL_SOCKET, TCP_NODELAY},  {SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_KEEPALIVE},
        {SOL_SOCKET, SO_ERROR},     {SOL_SOCKET, 999},          {-1, -1},
        {IPPROTO_IP, TCP_NODELAY},
    };
    int fd = descriptor();
    const int *option = options[below(sizeof options / sizeof *options)];
    int values[64] = {(int)ANY(0, 0, 0, 1, -1, 256), 0};
    socklen_t len = (socklen_t)ANY(4, 4, 4, 0, 1, 2, 3, 5, 8, 200, -1, 0x7fffffff);
    const void *value = given(values, len < 200 ? len : 200);
    struct linger now = {1, 0};
    if (one_in(8)) {
        CALL(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), "linger %d", fd);
        return;
    }
    bool twin = one_in(4) && HAS(__setsockopt64);
    long result = CALL(twin ? x___setsockopt64(fd, option[0], option[1], value, len)
                            : setsockopt(fd, option[0], option[1], value, len),
                       "%s %d %d %d %p %u", twin ? "__setsockopt64" : "setsockopt", fd, option[0],
                       option[1], value, len);
    if (result == 0 && option[0] == IPPROTO_TCP && option[1] == TCP_NODELAY) {
        force_nodelay(fd);
    }
    settle();
}

/* ---- Signals ---- */

static const char *name_of(sighandler_t disposition)
{
    void *with_info = (void *)handler_with_info;
    return disposition == SIG_DFL             ? "default"
           : disposition == SIG_IGN           ? "ignored"
           : disposition == SIG_ERR           ? "error"
           : disposition == SIG_HOLD          ? "hold"
           : disposition == handler           ? "handler"
           : disposition == other_handler     ? "other"
           : (void *)disposition == with_info ? "info"
                                              : "?";
}

static sighandler_t a_handler(void)
{
    switch (below(9)) {
    case 0:
    case 1:
    case 2:
        return SIG_DFL;
    case 3:
    case 4:
        return SIG_IGN;
    case 5:
    case 6:
        return handler;
    case 7:
        return other_handler;
    default:
        return one_in(3) ? SIG_ERR : handler;
    }
}

static int a_signal(void)
{
    return one_in(4) ? (int)ANY(SIGWINCH, SIGURG, 0, -1, 65, 33, SIGKILL, SIGSTOP) : SIGPIPE;
}

/* Where the C library takes SA_RESTORER from the program, the shim does not let
 * it for its own handler: a default needs none, so it may be rubbish. */
static void say_action(const struct sigaction *act)
{
    uint64_t mask = 0;
    int flags = act->sa_flags;
#if defined(__GLIBC__) && !defined(__x86_64__)
    flags &= act->sa_handler == SIG_DFL ? ~0x04000000 : ~0;
#endif
    memcpy(&mask, &act->sa_mask, sizeof mask);
    say("   %s %x %llx %d\n", name_of(act->sa_handler), (unsigned)flags, (unsigned long long)mask,
        act->sa_restorer != NULL);
#ifndef __GLIBC__ /* whose own is whatever was on the stack */
    say("   %08x\n", (unsigned)sum_of((const unsigned char *)&act->sa_mask, sizeof act->sa_mask));
#endif
}

static void query(void)
{
    struct sigaction old;
    memset(&old, 0xa5, sizeof old);
    if (SIGNAL_CALL(sigaction(SIGPIPE, NULL, &old), "query") == 0) {
        say_action(&old);
    }
}

static void set_action(void)
{
    int sig = a_signal();
    struct sigaction act;
    struct sigaction old;
    struct sigaction *at = one_in(12) ? NULL : one_in(24) ? bad_pointer() : &act;
    struct sigaction *to = one_in(4) ? NULL : one_in(24) ? bad_pointer() : one_in(8) ? &act : &old;
    memset(&act, 0, sizeof act);
    memset(&old, 0xa5, sizeof old);
    act.sa_handler = a_handler();
    act.sa_flags =
        (int)ANY(0, SA_RESTART, SA_ONSTACK, SA_NODEFER, SA_NOCLDSTOP, SA_RESTART | SA_ONSTACK,
                 SA_RESETHAND, SA_RESETHAND | SA_NODEFER, 0x400, -1) &
        ~SA_SIGINFO;
    if (act.sa_handler == handler && one_in(3)) {
        act.sa_sigaction = handler_with_info;
        act.sa_flags |= SA_SIGINFO;
    } else {
        act.sa_flags &= ~SA_SIGINFO;
    }
    if (act.sa_flags & (int)0x80000000 && one_in(2)) {
        act.sa_flags &= 0x7fffffff;
    }
    for (int i = (int)below(3); i > 0; i--) {
        sigaddset(&act.sa_mask, (int)ANY(SIGUSR1, SIGPIPE, SIGKILL, 64, SIGALRM));
    }
    bool twin = one_in(4) && HAS(__sigaction);
    bool same = at == &act && to == &act;
    if (SIGNAL_CALL(twin ? x___sigaction(sig, at, to) : sigaction(sig, at, to), "%s %d %s %s %x",
                    twin ? "__sigaction" : "sigaction", sig,
                    at == &act ? name_of(act.sa_handler) : "-",
                    same         ? "same"
                    : to == &old ? "old"
                                 : "-",
                    (unsigned)act.sa_flags) == 0 &&
        (to == &old || to == &act)) {
        say_action(to);
    }
    query();
}

static void set_handler(void)
{
    int sig = a_signal();
    sighandler_t to = a_handler();
    sighandler_t result = SIG_ERR;
    unsigned which = below(6);
    static const char *const names[] = {"signal",      "bsd_signal",    "ssignal",
                                        "sysv_signal", "__sysv_signal", "sigset"};
    to = which == 5 && one_in(4) ? SIG_HOLD : to;
    if (which == 5 && sig == SIGPIPE && to == SIG_DFL) {
        let_through();
    }
    if ((which == 1 && !HAS(bsd_signal)) || (which == 2 && !HAS(ssignal)) ||
        (which == 3 && !HAS(sysv_signal)) || (which == 4 && !HAS(__sysv_signal))) {
        return;
    }
    SIGNAL_CALL((result = which == 0   ? signal(sig, to)
                          : which == 1 ? x_bsd_signal(sig, to)
                          : which == 2 ? x_ssignal(sig, to)
                          : which == 3 ? x_sysv_signal(sig, to)
                          : which == 4 ? x___sysv_signal(sig, to)
                                       : sigset(sig, to),
                 0),
                "%s %d %s", names[which], sig, name_of(to));
    say("   %s\n", name_of(result));
    query();
}

static void other_signal_call(void)
{
    sigset_t set;
    sigset_t old;
    sigset_t none;
    int how = (int)ANY(SIG_BLOCK, SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK, 77);
    struct timespec now = {0, 0};
    sigemptyset(&set);
    sigemptyset(&none);
    sigemptyset(&old);
    if (!one_in(3)) {
        sigaddset(&set, SIGPIPE);
    }
    switch (below(12)) {
    case 0:
    case 1:
        if (how == (sigismember(&set, SIGPIPE) ? SIG_UNBLOCK : SIG_SETMASK) &&
            sigpipe_is(SIG_DFL)) {
            let_through();
        }
        SIGNAL_CALL(sigprocmask(how, &set, &old), "sigprocmask %d %d", how,
                    sigismember(&set, SIGPIPE));
        say("   %d\n", sigismember(&old, SIGPIPE));
        break;
    case 2:
        SIGNAL_CALL(sigpending(&set), "sigpending");
        say("   %d\n", sigismember(&set, SIGPIPE));
        break;
    case 3:
        SIGNAL_CALL(sighold(SIGPIPE), "sighold");
        break;
    case 4:
        if (sigpipe_is(SIG_DFL)) {
            let_through();
        }
        SIGNAL_CALL(sigrelse(SIGPIPE), "sigrelse");
        break;
    case 5:
        SIGNAL_CALL(sigignore(SIGPIPE), "sigignore");
        break;
    case 6:
        SIGNAL_CALL(siginterrupt(a_signal(), (int)below(2)), "siginterrupt");
        break;
    case 7:
        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        if (mask_by(SIG_BLOCK, 0) & sigpipe_bit) {
            SIGNAL_CALL(sigtimedwait(&set, NULL, &now), "sigtimedwait");
        }
        break;
    case 8:
        CALL(raise(SIGPIPE), "raise");
        CALL(kill(getpid(), 65), "kill");
        break;
    case 9:
        if (!(mask_by(SIG_BLOCK, 0) & sigpipe_bit)) { /* only one shall wait */
            CALL(kill(getpid(), SIGPIPE), "kill");
        }
        break;
    default:
        query();
        break;
    }
    sigprocmask(SIG_BLOCK, NULL, &old);
    say("   mask %d pending %d\n", sigismember(&old, SIGPIPE) == 1, !!(pending() & sigpipe_bit));
    query();
}

/* ---- Descriptors ---- */

/* Over the log's number, too, where it has one. */
static int target(void)
{
    return has_log && !in_child && one_in(6) ? 250 + (int)below(10) : any_descriptor();
}

/* The log goes to the next number; if the call fails, the old one is free. */
static long duplicate(int from, int to, int flags, unsigned which)
{
    int moved = -1;
    if (native && to == log_fd && (from != to)) {
        moved = (int)syscall(SYS_fcntl, log_fd, F_DUPFD_CLOEXEC, log_fd + 1);
    }
    long result = which == 0   ? CALL(dup2(from, to), "dup2 %d %d", from, to)
                  : which == 1 ? CALL(x___dup2(from, to), "__dup2 %d %d", from, to)
                               : CALL(dup3(from, to, flags), "dup3 %d %d %x", from, to, flags);
    if (moved >= 0) {
        if (result < 0) {
            syscall(SYS_close, log_fd);
        }
        log_fd = moved;
    }
    return result;
}

static void close_one(int fd)
{
    bool twin = one_in(3);
    if (twin && !HAS(__close)) {
        return;
    }
    bool pretends = native && has_log && fd == log_fd;
    CALL(pretends ? 0 : twin ? x___close(fd) : close(fd), "%s %d", twin ? "__close" : "close", fd);
}

/* The log is spared. Where nothing else is there to be closed, a range where
 * nothing ever is tells what the flags are worth. */
static int close_around_log(unsigned first, unsigned last, int flags)
{
    unsigned log = (unsigned)log_fd;
    if (!native || !has_log || log < first || log > last) {
        return x_close_range(first, last, flags);
    }
    if (first < log && x_close_range(first, log - 1, flags) < 0) {
        return -1;
    }
    return x_close_range(last > log ? log + 1 : ~0U, last > log ? last : ~0U, flags);
}

static void close_many(void)
{
    unsigned first = 3 + below(20);
    unsigned last = first + (unsigned)ANY(0, 0, 1, 2, 3, -1);
    int flags = (int)ANY(0, 0, 0, 4 /* CLOSE_RANGE_CLOEXEC */, 2 /* UNSHARE */, 64, -1);
    if (has_log && !in_child && one_in(3)) {
        first = 250 + below(8);
        last = first + below(8);
    } else if (one_in(8)) {
        last = ~0U;
    }
    if (HAS(close_range)) {
        CALL(close_around_log(first, last, flags), "close_range %u %u %x", first, last, flags);
    }
}

static void close_rest(void)
{
    int low = 3 + (int)below(20);
    if (HAS(closefrom)) {
        CALL(native && has_log ? close_around_log((unsigned)low, ~0U, 0) : (x_closefrom(low), 0),
             "closefrom %d", low);
    }
}

static void play_with_numbers(void)
{
    int from = any_descriptor();
    int to = target();
    int least = has_log && !in_child && one_in(4) ? 250 + (int)below(8) : (int)below(30);
    unsigned which = below(3);
    struct rlimit limit;
    switch (below(10)) {
    case 0:
    case 1:
        close_one(target());
        break;
    case 2:
        close_one(3 + (int)below(20));
        break;
    case 3:
        to = one_in(8) ? from : to;
        if (which != 1 || HAS(__dup2)) {
            duplicate(from, to, (int)ANY(0, O_CLOEXEC, O_CLOEXEC, 1, -1), which);
        }
        break;
    case 4:
        CALL(dup(from), "dup %d", from);
        break;
    case 5:
        CALL(fcntl(from, one_in(2) ? F_DUPFD : F_DUPFD_CLOEXEC, least), "F_DUPFD %d %d", from,
             least);
        break;
    case 6:
        if (one_in(3)) {
            close_many();
        }
        break;
    case 7:
        if (one_in(12)) {
            close_rest();
        }
        break;
    case 8:
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = (rlim_t)ANY(1024, 1024, 1024, 1024, 12, 24, 200);
        CALL(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit %d", (int)limit.rlim_cur);
        break;
    default:
        CALL(fcntl(from, F_GETFD), "F_GETFD %d", from);
        break;
    }
    settle();
}

/* ---- Whatever else may notice ---- */

static void wait_for_events(void)
{
    struct pollfd fds[16];
    struct epoll_event event = {
        .events = (uint32_t)ANY(EPOLLIN, EPOLLIN | EPOLLET, EPOLLOUT | EPOLLRDHUP)};
    struct epoll_event got[8];
    struct timespec now = {0, 0};
    int epoll = 3 + (int)below(20);
    int fd = descriptor();
    long n;
    event.data.u64 = (uint64_t)fd;
    switch (below(4)) {
    case 0:
        CALL(epoll_ctl(epoll, one_in(4) ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, fd, &event),
             "epoll_ctl %d %d", epoll, fd);
        break;
    case 1:
        n = CALL(epoll_wait(epoll, got, 8, 0), "epoll_wait %d", epoll);
        for (long i = 0; i < n; i++) {
            say("   %llu %x\n", (unsigned long long)got[i].data.u64, got[i].events);
        }
        break;
    default:
        for (int i = 0; i < 16; i++) {
            fds[i] = (struct pollfd){.fd = 3 + i, .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};
        }
        CALL(one_in(2) ? poll(fds, 16, 0) : ppoll(fds, 16, &now, NULL), "poll");
        for (int i = 0; i < 16; i++) {
            say(" %x", (unsigned)fds[i].revents);
        }
        say("\n");
        break;
    }
}

static void by_number(void)
{
    int fd = descriptor();
    char name[32] = "";
    char *buf = room(64);
    socklen_t one = 1;
    (void)one;
    switch (below(7)) {
    case 0:
        CALL(syscall(SYS_recvfrom, fd, buf, 20, MSG_DONTWAIT, NULL, NULL), "syscall recvfrom %d %p",
             fd, (void *)buf);
        break;
    case 1:
        CALL(syscall(SYS_fcntl, fd, F_GETFL), "syscall F_GETFL %d", fd);
        break;
    case 2:
        CALL(syscall(9999, 1, 2, 3), "syscall 9999");
        break;
    case 3:
        CALL(prctl(PR_SET_NAME, "transparent"), "prctl PR_SET_NAME");
        break;
    case 4:
        if (one_in(2)) {
            CALL(prctl(PR_GET_NAME, name), "prctl PR_GET_NAME");
        } else if (HAS(__prctl_time64)) {
            CALL(x___prctl_time64(PR_GET_NAME, (unsigned long)name, 0, 0, 0),
                 "__prctl_time64 PR_GET_NAME");
        }
        say("   %s\n", name);
        break;
    case 5:
        CALL(one_in(2) ? prctl(PR_SET_SECCOMP, ANY(7, 2, -1), 0, 0, 0)
                       : (int)syscall(SYS_seccomp, ANY(1, 9, 1), 0, bad_pointer()),
             "seccomp");
        break;
    default:
        CALL(prctl((int)ANY(PR_GET_DUMPABLE, PR_GET_SECCOMP, 9999, -1), 0, 0, 0, 0), "prctl");
        break;
    }
}

/* ---- Processes ---- */

static void random_step(void);

/* What a new program finds; all of it, if it surely has no preload. */
static int show(bool all)
{
    char line[200];
    struct sigaction now;
    sigset_t mask;
    struct rlimit limit = {1024, 1024}; /* the log may have taken the last number */
    setrlimit(RLIMIT_NOFILE, &limit);
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status)) {
        bool caught_too = all && strncmp(line, "SigCgt", 6) == 0;
        if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "SigIgn", 6) == 0 || caught_too) {
            fputs(line, stdout);
        }
    }
    fclose(status);
    sigaction(SIGPIPE, NULL, &now);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf("SIGPIPE %s %x %d\n", name_of(now.sa_handler), (unsigned)now.sa_flags,
           sigismember(&mask, SIGPIPE));
    for (int fd = 3; fd < 300; fd++) {
        if (all && fcntl(fd, F_GETFD) >= 0) {
            printf(" %d", fd);
        }
    }
    printf("\n");
    return 0;
}

static void end_child(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    say("   child %x\n", (unsigned)status);
}

static void start_program(void)
{
    bool preload = one_in(2);
    char *argv[] = {(char *)self, preload ? "show" : "show-all", NULL};
    char *nothing[] = {NULL};
    char command[4200];
    char **environment = preload ? environ : nothing;
    posix_spawnattr_t attributes;
    sigset_t set;
    pid_t child = -1;
    FILE *pipe;
    posix_spawnattr_init(&attributes);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &set);
    posix_spawnattr_setsigmask(&attributes, &set);
    posix_spawnattr_setflags(&attributes,
                             (short)ANY(0, POSIX_SPAWN_SETSIGDEF, POSIX_SPAWN_SETSIGMASK));
    snprintf(command, sizeof command, "%s '%s' %s", preload ? "exec" : "exec env -u LD_PRELOAD",
             self, argv[1]);
#ifdef __GLIBC__
    unsigned which = below(5);
#else
    unsigned which = below(3); /* the system's shell is of another C library */
#endif
    say("%u program %u\n", number, which);
    flush();
    switch (which) {
    case 0:
        posix_spawn(&child, self, NULL, &attributes, argv, environment);
        end_child(child);
        break;
    case 1:
        child = fork();
        if (child == 0) {
            execve(self, argv, environment);
            _exit(1);
        }
        end_child(child);
        break;
    case 2:
        child = vfork();
        if (child == 0) {
            execve(self, argv, environment);
            _exit(1);
        }
        end_child(child);
        break;
    case 3:
        say("   system %d\n", system(command));
        break;
    default:
        pipe = popen(command, "r");
        while (pipe && fgets(command, sizeof command, pipe)) {
            say("   %s", command);
        }
        say("   pclose %d\n", pipe ? pclose(pipe) : -1);
        break;
    }
    posix_spawnattr_destroy(&attributes);
}

static void be_child(void)
{
    for (int i = (int)below(12); i >= 0; i--) {
        random_step();
    }
}

static void make_child(void)
{
    bool by_vfork = one_in(2);
    say("%u %s\n", number, by_vfork ? "vfork" : "fork");
    flush();
    if (in_child) {
        return;
    }
    uint64_t before = chance;
    bool was_forced = forced;
    if (by_vfork) {
        pid_t child = vfork();
        if (child == 0) {
            in_child = true;
            CALL(close(3 + (int)below(9)), "close in vfork");
            signal(SIGPIPE, one_in(2) ? SIG_DFL : SIG_IGN);
            query();
            receive();
            CALL(socket(AF_INET, SOCK_STREAM, 0), "socket in vfork");
            receive();
            _exit(7);
        }
        in_child = false;
        end_child(child);
    } else {
        pid_t child = fork();
        if (child == 0) {
            in_child = true;
            be_child();
            flush();
            _exit(3);
        }
        end_child(child);
    }
    forced = was_forced || forced;
    chance = before + 1;
}

/* ---- The whole ---- */

static void random_step(void)
{
    static const struct {
        void (*run)(void);
        unsigned weight;
    } steps[] = {
        {receive, 60},          {receive_vector, 30},    {receive_message, 30},
        {receive_messages, 20}, {send_bytes, 60},        {send_vector, 30},
        {send_message, 30},     {send_messages, 20},     {send_file, 15},
        {send_splice, 20},      {open_socket, 15},       {open_pair, 40},
        {open_connection, 40},  {name_socket, 50},       {open_other, 15},
        {get_option, 40},       {set_option, 40},        {set_action, 30},
        {set_handler, 30},      {other_signal_call, 30}, {play_with_numbers, 70},
        {wait_for_events, 30},  {by_number, 20},         {make_child, 3},
        {start_program, 1},
    };
    unsigned all = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        all += steps[i].weight;
    }
    unsigned at = below(all);
    size_t i = 0;
    while (at >= steps[i].weight) {
        at -= steps[i++].weight;
    }
    clean();
    steps[i].run();
}

static void prepare(char **argv)
{
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction act = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER};
    self = argv[0];
    chance = strtoull(argv[1], NULL, 0);
    native = strcmp(argv[3], "native") == 0;
    mode = strcmp(argv[4], "off") == 0 ? OFF : strcmp(argv[4], "always") == 0 ? ALWAYS : IGNORE;
    forced = mode == ALWAYS;
    nodelay = strcmp(argv[5], "on") == 0;
    has_log = strcmp(argv[6], "yes") == 0;
    syscall(SYS_close_range, 3, 249, 0); /* inherited ones; the log is behind */
    map_arena();
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &act, NULL);
    sigaction(SIGBUS, &act, NULL);
    if (native && has_log) {
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        log_fd = 255;
        syscall(SYS_dup3, fd, log_fd, O_CLOEXEC);
        syscall(SYS_close, fd);
    }
    if (has_log) {
        log_fd = 255;
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strncmp(argv[1], "show", 4) == 0) {
        return show(strcmp(argv[1], "show-all") == 0);
    }
    if (argc != 7) {
        fprintf(stderr, "transparent SEED STEPS native|shim SIGPIPE NODELAY LOG\n");
        return 2;
    }
    prepare(argv);
    unsigned steps = (unsigned)atoi(argv[2]);
    alarm(60);
    for (number = 1; number <= steps; number++) {
        random_step();
    }
    flush();
    return 0;
}
