/* Wrapped calls where threads and signals make them hard.
 *
 *     threads interrupt TIMES     signal handlers interrupt failing calls
 *     threads altstack            a handler on an alternate stack of 16 KiB
 *     threads small               threads on stacks of 16 KiB
 *     threads cancel TYPE         each call cancelled while it blocks
 *     threads pending             each call with a cancellation already pending
 *     threads disabled            the same with cancellation disabled
 *     threads storm TYPE TIMES    cancelled while failing all the time */
#include "harm.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

extern ssize_t __read_chk(int, void *, size_t, size_t);
extern ssize_t __recv_chk(int, void *, size_t, size_t, int);

/* ---- Sockets to fail on ---- */

static int listener;
static struct sockaddr_in address;

static void listen_on_loopback(int backlog)
{
    socklen_t len = sizeof address;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(listener, backlog) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
}

static int connected(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static int reset(void)
{
    struct linger at_once = {1, 0};
    struct pollfd reset = {.fd = connected()};
    int peer = accept(listener, NULL, NULL);
    CHECK(setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    CHECK(close(peer) == 0 && poll(&reset, 1, 60000) == 1);
    return reset.fd;
}

/* The longest records there are, one of each kind. */
static int reset_fd[2];
static int tcp_fd;

static void open_sockets(void)
{
    open_quiet();
    listen_on_loopback(8);
    reset_fd[0] = reset();
    reset_fd[1] = reset();
    tcp_fd = connected();
}

static void fail_in_every_way(void)
{
    struct sockaddr_un nowhere = {.sun_family = AF_UNIX};
    int off = 0;
    char byte = 0;
    memset(nowhere.sun_path, '"', sizeof nowhere.sun_path);
    CHECK(recv(reset_fd[0], &byte, 1, 0) == -1 && errno == ECONNRESET);
    CHECK(recv(reset_fd[0], &byte, 1, 0) == 0);
    CHECK(send(reset_fd[1], &byte, 1, 0) == -1 && errno == ECONNRESET);
    CHECK(write(reset_fd[1], &byte, 1) == -1 && errno == EPIPE);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *)&nowhere, sizeof nowhere) == -1 && errno == ENOENT);
    CHECK(close(fd) == 0);
    CHECK(recv(quiet[0], &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    CHECK(socket(77, 1, 0) == -1 && errno == EAFNOSUPPORT);
    CHECK(setsockopt(tcp_fd, IPPROTO_TCP, TCP_NODELAY, &off, sizeof off) == 0);
    CHECK(signal(SIGPIPE, SIG_DFL) == SIG_DFL);
}

/* ---- Handlers ---- */

static atomic_int handled;
static int times;

static void alarm_soon(void)
{
    struct itimerval soon = {{0, 0}, {0, 97}};
    if (atomic_load(&handled) < times) {
        setitimer(ITIMER_REAL, &soon, NULL);
    }
}

/* Made by handlers that interrupt one another, too: the next alarm is asked for
 * before. Not without end, since a record may take longer than until then. */
static void fail_in_handler(int sig)
{
    static volatile sig_atomic_t depth;
    int kept = errno;
    int is_interrupted = depth < 50;
    size_t number = (size_t)atomic_fetch_add(&handled, 1);
    if (sig == SIGALRM && is_interrupted) {
        alarm_soon();
    }
    depth++;
    leave_record(1000000 + number);
    depth--;
    if (sig == SIGALRM && !is_interrupted) {
        alarm_soon();
    }
    errno = kept;
}

static void arm(int sig)
{
    struct sigaction act = {.sa_handler = fail_in_handler, .sa_flags = SA_NODEFER | SA_RESTART};
    CHECK(sigaction(sig, &act, NULL) == 0);
}

static void interrupt(void)
{
    struct itimerval cpu = {{0, 1000}, {0, 1000}};
    struct itimerval never = {0};
    char byte;
    int gone[2];
    int calls = 0;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, gone) == 0 && close(gone[1]) == 0);
    arm(SIGALRM);
    arm(SIGPROF);
    alarm_soon();
    setitimer(ITIMER_PROF, &cpu, NULL);
    for (; atomic_load(&handled) < times; calls++) {
        errno = 12345;
        CHECK(recv(gone[0], &byte, 1 + (size_t)calls, 0) == 0 && errno == 12345);
        leave_record(1 + (size_t)calls);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    setitimer(ITIMER_PROF, &never, NULL);
    printf("%d %d\n", 2 * calls, atomic_load(&handled));
}

enum { SMALL = 16384 };

/* Memory with a page below it that kills. */
static char *guarded(void)
{
    char *at = mmap(NULL, 4096 + SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(at != MAP_FAILED && mprotect(at, 4096, PROT_NONE) == 0);
    return at + 4096;
}

static void fail_on_signal(int sig)
{
    (void)sig;
    fail_in_every_way();
}

static void altstack(void)
{
    stack_t small = {.ss_sp = guarded(), .ss_size = SMALL};
    struct sigaction act = {.sa_handler = fail_on_signal, .sa_flags = SA_ONSTACK};
    CHECK(sigaltstack(&small, NULL) == 0 && sigaction(SIGUSR1, &act, NULL) == 0);
    CHECK(raise(SIGUSR1) == 0);
}

static void *fail_on_thread(void *unused)
{
    fail_in_every_way();
    return unused;
}

static void small(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    CHECK(pthread_attr_setstack(&attr, guarded(), SMALL) == 0);
    CHECK(pthread_create(&thread, &attr, fail_on_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* ---- Cancellation ---- */

static int full[2];    /* takes no more */
static int no_room[2]; /* a pipe that takes no more */
static int filled[2];  /* a pipe with data */
static int zero;       /* never ends */
static int crowded;    /* listens, and its queue is full */
static char block[65536];
static struct iovec vector = {block, sizeof block};
static struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
static struct mmsghdr messages;

static void fill(int fd)
{
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    while (write(fd, block, sizeof block) > 0) {
    }
    while (write(fd, block, 1) > 0) {
    }
    CHECK(fcntl(fd, F_SETFL, 0) == 0);
}

static void open_blocking(void)
{
    open_quiet();
    CHECK(pipe(filled) == 0 && write(filled[1], "x", 1) == 1);
    CHECK(pipe(no_room) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, full) == 0);
    fill(full[0]);
    fill(no_room[1]);
    zero = open("/dev/zero", O_RDONLY);
    listen_on_loopback(8);
    struct sockaddr_un nameless = {.sun_family = AF_UNIX};
    crowded = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(crowded, (struct sockaddr *)&nameless, sizeof(sa_family_t)) == 0);
    CHECK(listen(crowded, 0) == 0);
    messages.msg_hdr = message;
}

static void connect_to_crowded(void)
{
    struct sockaddr_un name;
    socklen_t len = sizeof name;
    CHECK(getsockname(crowded, (struct sockaddr *)&name, &len) == 0);
    for (;;) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        CHECK(connect(fd, (struct sockaddr *)&name, len) == 0);
    }
}

#define CALL(name, call)                                                                           \
    static void do_##name(void)                                                                    \
    {                                                                                              \
        (void)!(call);                                                                             \
    }

CALL(recv, recv(quiet[0], block, 1, 0))
CALL(recvfrom, recvfrom(quiet[0], block, 1, 0, NULL, NULL))
CALL(recvmsg, recvmsg(quiet[0], &message, 0))
CALL(recvmmsg, recvmmsg(quiet[0], &messages, 1, 0, NULL))
CALL(read, read(quiet[0], block, 1))
CALL(readv, readv(quiet[0], &vector, 1))
CALL(preadv2, preadv2(quiet[0], &vector, 1, -1, 0))
CALL(recv_chk, __recv_chk(quiet[0], block, 1, sizeof block, 0))
CALL(read_chk, __read_chk(quiet[0], block, 1, sizeof block))
CALL(send, send(full[0], block, 1, 0))
CALL(sendto, sendto(full[0], block, 1, 0, NULL, 0))
CALL(sendmsg, sendmsg(full[0], &message, 0))
CALL(sendmmsg, sendmmsg(full[0], &messages, 1, 0))
CALL(write, write(full[0], block, 1))
CALL(writev, writev(full[0], &vector, 1))
CALL(pwritev2, pwritev2(full[0], &vector, 1, -1, 0))
CALL(splice, splice(filled[0], NULL, full[0], NULL, 1, 0))
CALL(write_pipe, write(no_room[1], block, 1))
CALL(accept, accept(listener, NULL, NULL))
CALL(accept4, accept4(listener, NULL, NULL, SOCK_CLOEXEC))

/* Each waits for ever here. */
static const struct {
    const char *name;
    void (*call)(void);
} calls[] = {
    {"recv", do_recv},         {"recvfrom", do_recvfrom},   {"recvmsg", do_recvmsg},
    {"recvmmsg", do_recvmmsg}, {"read", do_read},           {"readv", do_readv},
    {"preadv2", do_preadv2},   {"__recv_chk", do_recv_chk}, {"__read_chk", do_read_chk},
    {"send", do_send},         {"sendto", do_sendto},       {"sendmsg", do_sendmsg},
    {"sendmmsg", do_sendmmsg}, {"write", do_write},         {"writev", do_writev},
    {"pwritev2", do_pwritev2}, {"splice", do_splice},       {"write to a pipe", do_write_pipe},
    {"accept", do_accept},     {"accept4", do_accept4},     {"connect", connect_to_crowded},
};

enum { CALLS = sizeof calls / sizeof *calls };

static int cancel_type;
static int cancel_state = PTHREAD_CANCEL_ENABLE;
static _Atomic pid_t caller;
static int cleaned_up;
static int answer;

static void clean_up(void *unused)
{
    (void)unused;
    cleaned_up++;
}

/* Calls once the main thread has had its way with it. */
static void *call_it(void *argument)
{
    void (*call)(void) = *(void (*const *)(void))argument;
    pthread_setcanceltype(cancel_type, NULL);
    pthread_setcancelstate(cancel_state, NULL);
    pthread_cleanup_push(clean_up, NULL);
    atomic_store(&caller, (pid_t)syscall(SYS_gettid));
    errno = 0;
    call();
    answer = errno;
    pthread_cleanup_pop(0);
    return NULL;
}

/* Whether it sleeps: in the call, for nothing else in it does. */
static int is_asleep(pid_t tid)
{
    char path[64];
    char text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    int fd = open(path, O_RDONLY);
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    text[len > 0 ? len : 0] = '\0';
    const char *state = strstr(text, ") ");
    return state && state[2] == 'S';
}

static void say_how_it_ended(const char *name, pthread_t thread)
{
    void *result;
    CHECK(pthread_join(thread, &result) == 0);
    if (result == PTHREAD_CANCELED) {
        printf("%s: cancelled, cleaned up %d\n", name, cleaned_up);
    } else {
        printf("%s: errno %d\n", name, answer);
    }
}

static void cancel_while_blocked(const char *type)
{
    cancel_type =
        strcmp(type, "deferred") == 0 ? PTHREAD_CANCEL_DEFERRED : PTHREAD_CANCEL_ASYNCHRONOUS;
    open_blocking();
    for (int i = 0; i < CALLS; i++) {
        pthread_t thread;
        cleaned_up = 0;
        atomic_store(&caller, 0);
        CHECK(pthread_create(&thread, NULL, call_it, (void *)&calls[i].call) == 0);
        while (atomic_load(&caller) == 0 || !is_asleep(atomic_load(&caller))) {
            sched_yield();
        }
        CHECK(pthread_cancel(thread) == 0);
        say_how_it_ended(calls[i].name, thread);
    }
}

/* On no descriptor: whoever is no cancellation point comes back with an error. */
static int no_pair[2];
CALL(none_recv, recv(-1, block, 1, 0))
CALL(none_recvfrom, recvfrom(-1, block, 1, 0, NULL, NULL))
CALL(none_recvmsg, recvmsg(-1, &message, 0))
CALL(none_recvmmsg, recvmmsg(-1, &messages, 1, 0, NULL))
CALL(none_read, read(-1, block, 1))
CALL(none_readv, readv(-1, &vector, 1))
CALL(none_preadv2, preadv2(-1, &vector, 1, -1, 0))
CALL(none_recv_chk, __recv_chk(-1, block, 1, sizeof block, 0))
CALL(none_read_chk, __read_chk(-1, block, 1, sizeof block))
CALL(none_send, send(-1, block, 1, 0))
CALL(none_sendto, sendto(-1, block, 1, 0, NULL, 0))
CALL(none_sendmsg, sendmsg(-1, &message, 0))
CALL(none_sendmmsg, sendmmsg(-1, &messages, 1, 0))
CALL(none_write, write(-1, block, 1))
CALL(none_writev, writev(-1, &vector, 1))
CALL(none_pwritev2, pwritev2(-1, &vector, 1, -1, 0))
CALL(none_sendfile, sendfile(-1, -1, NULL, 1))
CALL(none_splice, splice(-1, NULL, -1, NULL, 1, 0))
CALL(none_socket, socket(77, 1, 0))
CALL(none_socketpair, socketpair(77, 1, 0, no_pair))
CALL(none_connect, connect(-1, (struct sockaddr *)&address, sizeof address))
CALL(none_accept, accept(-1, NULL, NULL))
CALL(none_accept4, accept4(-1, NULL, NULL, 0))
CALL(none_bind, bind(-1, (struct sockaddr *)&address, sizeof address))
CALL(none_listen, listen(-1, 1))
CALL(none_shutdown, shutdown(-1, 0))
CALL(none_getsockopt, getsockopt(-1, SOL_SOCKET, SO_ERROR, block, &(socklen_t){4}))
CALL(none_setsockopt, setsockopt(-1, IPPROTO_TCP, TCP_NODELAY, &(int){0}, 4))
CALL(none_close, close(-1))
CALL(none_close_range, close_range(9, 8, 0))
CALL(none_dup2, dup2(-1, 100))
CALL(none_dup3, dup3(-1, 100, 0))
CALL(none_sigaction, sigaction(99, NULL, NULL))
CALL(none_syscall, syscall(SYS_close, -1))

#define NONE(name)                                                                                 \
    {                                                                                              \
#name, do_none_##name                                                                      \
    }
static const struct {
    const char *name;
    void (*call)(void);
} none_calls[] = {
    NONE(recv),     NONE(recvfrom), NONE(recvmsg),    NONE(recvmmsg),   NONE(read),
    NONE(readv),    NONE(preadv2),  NONE(recv_chk),   NONE(read_chk),   NONE(send),
    NONE(sendto),   NONE(sendmsg),  NONE(sendmmsg),   NONE(write),      NONE(writev),
    NONE(pwritev2), NONE(sendfile), NONE(splice),     NONE(socket),     NONE(socketpair),
    NONE(connect),  NONE(accept),   NONE(accept4),    NONE(bind),       NONE(listen),
    NONE(shutdown), NONE(close),    NONE(getsockopt), NONE(setsockopt), NONE(close_range),
    NONE(dup2),     NONE(dup3),     NONE(sigaction),  NONE(syscall),
};

static void *call_with_pending(void *argument)
{
    pthread_cancel(pthread_self());
    return call_it(argument);
}

static void cancel_before(void)
{
    open_quiet();
    for (size_t i = 0; i < sizeof none_calls / sizeof *none_calls; i++) {
        pthread_t thread;
        cleaned_up = 0;
        CHECK(pthread_create(&thread, NULL, call_with_pending, (void *)&none_calls[i].call) == 0);
        say_how_it_ended(none_calls[i].name, thread);
    }
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static int gone;

static void *fail_for_ever(void *unused)
{
    char byte;
    pthread_setcanceltype(cancel_type, NULL);
    atomic_fetch_add(&handled, 1);
    for (;;) {
        recv(quiet[0], &byte, 1, MSG_DONTWAIT);
        recv(gone, &byte, 1, 0);
        send(gone, &byte, 1, MSG_NOSIGNAL);
        close(-1);
    }
    return unused;
}

static void storm(const char *type, int count)
{
    int pair[2];
    cancel_type =
        strcmp(type, "deferred") == 0 ? PTHREAD_CANCEL_DEFERRED : PTHREAD_CANCEL_ASYNCHRONOUS;
    open_quiet();
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[1]) == 0);
    gone = pair[0];
    leave_record(1000000);
    int before = open_descriptors();
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        void *result = NULL;
        CHECK(pthread_create(&thread, NULL, fail_for_ever, NULL) == 0);
        while (atomic_load(&handled) <= i) {
            sched_yield();
        }
        for (volatile int spin = i * 100 % 9973; spin > 0; spin--) {
        }
        CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
        CHECK(result == PTHREAD_CANCELED);
    }
    CHECK(open_descriptors() == before);
    leave_record(1000001);
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    const char *way = argv[1];
    alarm(300); /* a thread that is not cancelled would be waited for for ever */
    times = argc > 2 ? atoi(argv[argc - 1]) : 0;
    if (strcmp(way, "interrupt") == 0) {
        open_quiet();
        interrupt();
    } else if (strcmp(way, "altstack") == 0) {
        open_sockets();
        altstack();
    } else if (strcmp(way, "small") == 0) {
        open_sockets();
        small();
    } else if (strcmp(way, "cancel") == 0) {
        cancel_while_blocked(argv[2]);
    } else if (strcmp(way, "storm") == 0) {
        storm(argv[2], times);
    } else {
        cancel_state =
            strcmp(way, "disabled") == 0 ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE;
        cancel_before();
    }
    return 0;
}
