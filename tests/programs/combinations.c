/* Each call that a setting for robust handling stands in front of, on each kind of socket, in
 * each mode, with each thing that may happen while it waits:
 *
 *     combinations receive|refused|unanswered|reset|full [WORD...]
 *
 * those alone that have each WORD. A line a combination: its words, a colon, and what the program
 * saw. Each runs in a process of its own, many at once. What is late comes from the peer, LATE_MS
 * after the call. */
#include "pass.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LATE_MS = 3000, AT_ONCE = 48, MPTCP = 262 };

/* ---- The words ---- */

static const char *const families[] = {"IPv4", "IPv6", "mapped", "MPTCP", "unix", NULL};
static const char *const origins[] = {"connected", "accepted", "dup", "forked", "passed", NULL};
static const char *const calls[] = {"recv", "recvfrom", "recvmsg", "recvmmsg",
                                    "read", "readv",    NULL};
static const char *const modes[] = {"blocking", "nonblocking", "dontwait", "shorter",
                                    "longer",   "polled",      NULL};
static const char *const events[] = {"none", "USR1",         "USR1+restart", "ALRM",     "INT",
                                     "TERM", "TERM+restart", "cancel",       "shutdown", "close",
                                     NULL};

static struct words {
    const char *trial, *family, *origin, *call, *mode, *event;
} w;

static int is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

static const char *name_of(int err)
{
    switch (err) {
    case EAGAIN:
        return "EAGAIN";
    case EINTR:
        return "EINTR";
    case ETIMEDOUT:
        return "ETIMEDOUT";
    case EINPROGRESS:
        return "EINPROGRESS";
    case ECONNREFUSED:
        return "ECONNREFUSED";
    case ECONNRESET:
        return "ECONNRESET";
    case EMFILE:
        return "EMFILE";
    default:
        return strerror(err);
    }
}

/* ---- Sockets ---- */

static union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
} address;
static socklen_t address_len;

static int make(void)
{
    int domain = is(w.family, "unix")                             ? AF_UNIX
                 : is(w.family, "IPv6") || is(w.family, "mapped") ? AF_INET6
                                                                  : AF_INET;
    int fd = socket(domain, SOCK_STREAM, is(w.family, "MPTCP") ? MPTCP : 0);
    return fd >= 0 || !is(w.family, "MPTCP") ? fd : socket(domain, SOCK_STREAM, 0);
}

/* Bound to a free address of its family, which is in `address`. */
static int make_bound(void)
{
    int fd = make();
    address_len = sizeof address.in;
    if (is(w.family, "unix")) {
        address_len = offsetof(struct sockaddr_un, sun_path) + 24;
        address.un.sun_family = AF_UNIX;
        snprintf(address.un.sun_path + 1, 23, "combinations%d", getpid());
    } else if (is(w.family, "IPv6") || is(w.family, "mapped")) {
        address_len = sizeof address.in6;
        address.in6.sin6_family = AF_INET6;
        address.in6.sin6_addr = in6addr_loopback;
        if (is(w.family, "mapped")) {
            memset(&address.in6.sin6_addr, 0, 16);
            memcpy((char *)&address.in6.sin6_addr + 10, "\377\377\177\0\0\1", 6);
        }
    } else {
        address.in.sin_family = AF_INET;
        address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    if (bind(fd, &address.any, address_len) != 0 ||
        getsockname(fd, &address.any, &address_len) != 0) {
        perror("bind");
        _exit(1);
    }
    return fd;
}

static int mine, other, listener; /* the connection, its other end */
static volatile int has_ended;    /* the call */
static volatile int its_stat = -1;

static void connected_pair(void)
{
    listener = make_bound();
    listen(listener, 4);
    mine = make();
    connect(mine, &address.any, address_len);
    other = accept(listener, NULL, NULL);
    if (is(w.origin, "accepted")) {
        int fd = mine;
        mine = other;
        other = fd;
    } else if (is(w.origin, "dup")) {
        int fd = dup(mine);
        close(mine);
        mine = fd;
    } else if (is(w.origin, "passed")) {
        mine = passed(mine);
    } else if (is(w.origin, "forked") && fork() != 0) {
        int status;
        close(other);
        wait(&status);
        _exit(0);
    }
}

/* Nobody accepts, and the queue is full: a SYN goes unanswered. */
static void full_queue(void)
{
    listener = make_bound();
    listen(listener, 0);
    for (int i = 0; i < 4; i++) {
        int fd = make();
        fcntl(fd, F_SETFL, O_NONBLOCK);
        connect(fd, &address.any, address_len);
    }
    mine = make();
}

/* One thread is to have the last descriptor. */
static void no_descriptor(void)
{
    connected_pair();
    int fd = make();
    connect(fd, &address.any, address_len); /* waits to be accepted */
    other = dup(0);
    struct rlimit limit = {(rlim_t)other + 1, (rlim_t)other + 1};
    setrlimit(RLIMIT_NOFILE, &limit);
    mine = listener;
}

static void set_up(void)
{
    if (is(w.trial, "refused")) {
        listener = make_bound();
        mine = make();
    } else if (is(w.trial, "unanswered")) {
        full_queue();
    } else if (is(w.trial, "full")) {
        no_descriptor();
    } else {
        connected_pair();
    }
    int own_ms = is(w.mode, "longer") ? 60000 : is(w.call, "connect") ? 100 : 800;
    struct timeval time = {own_ms / 1000, own_ms % 1000 * 1000};
    if (is(w.mode, "shorter") || is(w.mode, "longer")) {
        int option = is(w.call, "connect") ? SO_SNDTIMEO : SO_RCVTIMEO;
        setsockopt(mine, SOL_SOCKET, option, &time, sizeof time);
    } else if (is(w.mode, "nonblocking")) {
        fcntl(mine, F_SETFL, O_NONBLOCK);
    }
}

/* What the peer does in the end. */
static void peer_acts(void)
{
    if (is(w.trial, "receive")) {
        send(other, "x", 1, MSG_NOSIGNAL);
    } else if (is(w.trial, "refused")) {
        listen(listener, 4);
    } else if (is(w.trial, "reset")) {
        struct linger now = {1, 0};
        setsockopt(other, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(other);
    } else if (is(w.trial, "full")) {
        close(other);
    } else {
        fcntl(listener, F_SETFL, O_NONBLOCK);
        while (!has_ended) { /* others ask as well */
            accept(listener, NULL, NULL);
            poll(NULL, 0, 5);
        }
    }
}

/* ---- The call ---- */

static long receive(void)
{
    char byte[4];
    int flags = is(w.mode, "dontwait") ? MSG_DONTWAIT : 0;
    struct iovec iov = {byte, sizeof byte};
    struct mmsghdr msg = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
    struct pollfd p = {.fd = mine, .events = POLLIN};
    if (is(w.mode, "polled") || (is(w.trial, "reset") && !is(w.mode, "blocking"))) {
        while (poll(&p, 1, -1) < 0) {
        }
    }
    if (is(w.call, "recv")) {
        return recv(mine, byte, sizeof byte, flags);
    }
    if (is(w.call, "recvfrom")) {
        return recvfrom(mine, byte, sizeof byte, flags, NULL, NULL);
    }
    if (is(w.call, "recvmsg")) {
        return recvmsg(mine, &msg.msg_hdr, flags);
    }
    if (is(w.call, "recvmmsg")) {
        return flags ? recvmmsg(mine, &msg, 1, MSG_DONTWAIT, NULL)
                     : recvmmsg(mine, &msg, 1, 0, NULL);
    }
    return is(w.call, "read") ? read(mine, byte, sizeof byte) : readv(mine, &iov, 1);
}

static long connects(void)
{
    int err = 0;
    socklen_t len = sizeof err;
    struct pollfd p = {.fd = mine, .events = POLLOUT};
    long result = connect(mine, &address.any, address_len);
    if (result == 0 || errno != EINPROGRESS || !is(w.trial, "refused")) {
        return result;
    }
    poll(&p, 1, -1);
    getsockopt(mine, SOL_SOCKET, SO_ERROR, &err, &len);
    errno = err;
    return err ? -1 : 0;
}

static long call(void)
{
    if (is(w.call, "connect")) {
        return connects();
    }
    if (is(w.call, "accept") || is(w.call, "accept4")) {
        int fd = is(w.call, "accept") ? accept(mine, NULL, NULL) : accept4(mine, NULL, NULL, 0);
        return fd >= 0 ? 0 : -1;
    }
    return receive();
}

static void *calls_it(void *unused)
{
    (void)unused;
    its_stat = is(w.trial, "full") ? -2 : open("/proc/thread-self/stat", O_RDONLY);
    errno = 0;
    long result = call();
    int err = errno;
    char line[160];
    int n = snprintf(line, sizeof line, "%s %s %s %s %s %s: %ld %s\n", w.trial, w.family, w.origin,
                     w.call, w.mode, w.event, result, result < 0 ? name_of(err) : "-");
    has_ended = 1;
    return write(1, line, (size_t)n) == n ? unused : NULL;
}

/* It sleeps in its call, or has ended. */
static int is_waiting(void)
{
    char stat[64] = "";
    char *state = NULL;
    if (its_stat >= 0 && pread(its_stat, stat, sizeof stat - 1, 0) > 0) {
        state = strrchr(stat, ')');
    }
    return has_ended || (state && state[2] == 'S');
}

/* ---- What happens meanwhile ---- */

static void handler(int sig)
{
    (void)sig;
}

static int number_of(const char *event)
{
    return strncmp(event, "USR1", 4) == 0   ? SIGUSR1
           : strncmp(event, "TERM", 4) == 0 ? SIGTERM
           : is(event, "ALRM")              ? SIGALRM
                                            : SIGINT;
}

static void prepare_event(void)
{
    struct sigaction act = {.sa_handler = handler};
    act.sa_flags = strstr(w.event, "+restart") ? SA_RESTART : 0;
    if (w.event[0] < 'a') {
        sigaction(number_of(w.event), &act, NULL);
    }
}

static void event_happens(pthread_t thread)
{
    if (w.event[0] < 'a') {
        pthread_kill(thread, number_of(w.event));
    } else if (is(w.event, "cancel")) {
        pthread_cancel(thread);
    } else if (is(w.event, "shutdown")) {
        shutdown(mine, SHUT_RD);
    } else if (is(w.event, "close")) {
        close(mine);
    }
}

static void wait_ms(int ms)
{
    for (; ms > 0 && !has_ended; ms -= 5) {
        poll(NULL, 0, 5);
    }
}

static int run(void)
{
    pthread_t thread;
    void *result;
    alarm(120);
    prepare_event();
    set_up();
    pthread_create(&thread, NULL, calls_it, NULL);
    for (int settled = 0; settled < 4; settled = is_waiting() ? settled + 1 : 0) {
        poll(NULL, 0, 5);
        if (its_stat == -2) {
            break; /* there is no descriptor to look by */
        }
    }
    if (!has_ended) {
        event_happens(thread);
    }
    if (!is(w.event, "cancel")) {
        wait_ms(is(w.trial, "receive") || is(w.trial, "unanswered") ? LATE_MS : 300);
        peer_acts();
    }
    pthread_join(thread, &result);
    if (result == PTHREAD_CANCELED) {
        printf("%s %s %s %s %s %s: cancelled\n", w.trial, w.family, w.origin, w.call, w.mode,
               w.event);
        fflush(stdout);
    }
    return 0;
}

/* ---- All of them ---- */

static int running;
static char **wanted;

static int is_wanted(void)
{
    for (char **word = wanted; *word; word++) {
        if (!is(*word, w.family) && !is(*word, w.origin) && !is(*word, w.call) &&
            !is(*word, w.mode) && !is(*word, w.event)) {
            return 0;
        }
    }
    return 1;
}

static void start(const char *family, const char *origin, const char *name, const char *mode,
                  const char *event)
{
    int status;
    w.family = family;
    w.origin = origin;
    w.call = name;
    w.mode = mode;
    w.event = event;
    if (!is_wanted()) {
        return;
    }
    while (running >= AT_ONCE) {
        wait(&status);
        running--;
    }
    running++;
    if (fork() == 0) {
        _exit(run());
    }
}

/* One dimension after the other, the rest as it is most often; and pairs of those that
 * meet in the code: calls and modes, modes and events, families and origins. */
static void start_receives(void)
{
    for (int f = 0; families[f]; f++) {
        for (int o = 0; origins[o]; o++) {
            start(families[f], origins[o], "recv", "blocking", "none");
        }
    }
    for (int c = 0; calls[c]; c++) {
        for (int m = 0; modes[m]; m++) {
            if (!is(modes[m], "dontwait") || strncmp(calls[c], "read", 4) != 0) {
                start("IPv4", "connected", calls[c], modes[m], "none");
            }
        }
    }
}

static void start_events(const char *name, int with_modes)
{
    for (int m = 0; modes[m]; m++) {
        for (int e = 1; events[e] && (with_modes || m == 0); e++) {
            int is_of_connection = is(events[e], "shutdown") || is(events[e], "close");
            if (!is(modes[m], "polled") && (!is_of_connection || strncmp(name, "re", 2) == 0)) {
                start("IPv4", "connected", name, modes[m], events[e]);
            }
        }
    }
}

static void start_connects(void)
{
    int with_unix = is(w.trial, "refused");
    for (int f = 0; families[f]; f++) {
        if (with_unix || !is(families[f], "unix")) {
            start(families[f], "connected", "connect", "blocking", "none");
            start(families[f], "connected", "connect", "nonblocking", "none");
        }
    }
    start("IPv4", "connected", "connect", "shorter", "none");
    start("IPv4", "connected", "connect", "longer", "none");
    start_events("connect", 0);
}

int main(int argc, char **argv)
{
    int status;
    w.trial = argc > 1 ? argv[1] : "";
    wanted = argc > 2 ? argv + 2 : argv + argc;
    if (is(w.trial, "receive")) {
        start_receives();
        start_events("recv", 1);
        start_events("read", 0);
    } else if (is(w.trial, "reset")) {
        start_receives();
    } else if (is(w.trial, "full")) {
        for (int a = 0; a < 2; a++) {
            start("IPv4", "connected", a ? "accept4" : "accept", "blocking", "none");
            start("IPv6", "connected", a ? "accept4" : "accept", "blocking", "none");
            start("unix", "connected", a ? "accept4" : "accept", "blocking", "none");
            start("IPv4", "connected", a ? "accept4" : "accept", "nonblocking", "none");
        }
    } else {
        start_connects();
    }
    while (wait(&status) > 0) {
    }
    return 0;
}
