/* What the shim is for, on whatever system it is built. Each word of the
 * command line is a step, and prints a line. */
#include "harm.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/uio.h>

static struct sockaddr_in address;

static int listener(void)
{
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address = (struct sockaddr_in){.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 8) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    return fd;
}

/* A connection over loopback; its two ends. */
static void connection(int end[2])
{
    int at = listener();
    end[0] = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(end[0], (struct sockaddr *)&address, sizeof address) == 0);
    end[1] = accept(at, NULL, NULL);
    CHECK(end[1] >= 0 && close(at) == 0);
}

static void refused(void)
{
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(1)};
    nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    printf("refused: %d\n", connect(fd, (struct sockaddr *)&nobody, sizeof nobody));
}

static void reset(void)
{
    struct linger at_once = {1, 0};
    char byte = 0;
    int end[2];
    connection(end);
    CHECK(setsockopt(end[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    CHECK(close(end[1]) == 0);
    int received = (int)recv(end[0], &byte, 1, 0);
    CHECK(errno == ECONNRESET);
    int sent = (int)send(end[0], &byte, 1, 0);
    CHECK(errno == EPIPE);
    printf("reset: recv %d, send %d\n", received, sent);
}

/* A default whose flags were never set to anything: SA_SIGINFO, SA_RESTORER
 * without one, and what else there is. */
static void rubbish(void)
{
    struct sigaction act;
    memset(&act, 0xff, sizeof act);
    act.sa_handler = SIG_DFL;
    close(socket(AF_UNIX, SOCK_STREAM, 0));
    CHECK(sigaction(SIGPIPE, &act, NULL) == 0);
    reset();
}

static void eof(void)
{
    char room[80];
    int end[2];
    connection(end);
    CHECK(send(end[0], "abc", 3, 0) == 3 && recv(end[1], room, 3, MSG_WAITALL) == 3);
    CHECK(send(end[1], "hello", 5, 0) == 5 && recv(end[0], room, 5, MSG_WAITALL) == 5);
    CHECK(close(end[1]) == 0);
    printf("eof: %d\n", (int)recv(end[0], room, 77, 0));
}

static void nodelay(void)
{
    int end[2];
    int on[2] = {0, 0};
    socklen_t len = sizeof on[0];
    connection(end);
    for (int i = 0; i < 2; i++) {
        CHECK(getsockopt(end[i], IPPROTO_TCP, TCP_NODELAY, &on[i], &len) == 0);
    }
    printf("nodelay: %d %d\n", !!on[0], !!on[1]);
}

static void *wait_for_ever(void *tid)
{
    char byte;
    *(_Atomic pid_t *)tid = (pid_t)syscall(SYS_gettid);
    recv(quiet[0], &byte, 1, 0);
    return tid;
}

/* A blocking call ends as the C library has it. */
static void cancelled(void)
{
    pthread_t thread;
    void *result = NULL;
    _Atomic pid_t tid = 0;
    open_quiet();
    alarm(60);
    CHECK(pthread_create(&thread, NULL, wait_for_ever, (void *)&tid) == 0);
    while (tid == 0) {
        sched_yield();
    }
    CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
    printf("cancelled: %d\n", result == PTHREAD_CANCELED);
    alarm(0);
}

static void many(void)
{
    open_quiet();
    for (int i = 0; i < 50; i++) {
        leave_record(1);
    }
    printf("many\n");
}

/* The log's number is taken, seen and unseen, and all others closed. */
static void over(const char *log)
{
    open_quiet();
    leave_record(1);
    CHECK(dup2(2, descriptor_of(log)) >= 0);
    leave_record(2);
    CHECK(syscall(SYS_dup3, 2, descriptor_of(log), 0) >= 0);
    leave_record(3);
    for (int fd = 3; fd < 1024; fd++) {
        close(fd);
    }
    open_quiet();
    CHECK(quiet[0] == 3);
    leave_record(4);
}

/* What has another name where time_t grew. */
static void twins(void)
{
    char room[8];
    struct iovec vector = {room, sizeof room};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    struct mmsghdr messages = {.msg_hdr = message};
    struct timespec timeout = {1, 0};
    int gone[2];
    int off = 0;
    open_quiet();
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, gone) == 0 && close(gone[1]) == 0);
    printf("twins: %d", (int)recvmsg(quiet[0], &message, MSG_DONTWAIT));
    printf(" %d", (int)sendmsg(gone[0], &message, 0));
    printf(" %d\n", recvmmsg(quiet[0], &messages, 1, MSG_DONTWAIT, &timeout));
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &off, sizeof off) == 0);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "refused") == 0) {
            refused();
        } else if (strcmp(argv[i], "reset") == 0) {
            reset();
        } else if (strcmp(argv[i], "rubbish") == 0) {
            rubbish();
        } else if (strcmp(argv[i], "eof") == 0) {
            eof();
        } else if (strcmp(argv[i], "nodelay") == 0) {
            nodelay();
        } else if (strcmp(argv[i], "cancelled") == 0) {
            cancelled();
        } else if (strcmp(argv[i], "many") == 0) {
            many();
        } else if (strcmp(argv[i], "twins") == 0) {
            twins();
        } else if (strcmp(argv[i], "over") == 0) {
            over(argv[++i]);
        }
    }
    return 0;
}
