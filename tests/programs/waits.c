/* A connect that is refused, in a thread; once it waits (to be tried again) it is ended as
 * the arguments say: `signal N` with a handler for it, `restarting N` with one that has SA_RESTART,
 * `default N` without one, `cancel`; `refused`: it is left alone.
 * With `accept` as the last argument it is an accept that finds no descriptor.
 * `options`: what listen says, and the options of the socket.
 * `receive`: what a connection to which nothing comes says, and its options.
 * `vfork`: a vfork child's connect that is refused, and what it left in its parent. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int its_stat = -1; /* /proc/thread-self/stat of the thread */

static void handler(int sig)
{
    (void)sig;
}

static void *connects(void *unused)
{
    struct sockaddr_in nobody = {
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)unused;
    its_stat = open("/proc/thread-self/stat", O_RDONLY);
    int result = connect(fd, (struct sockaddr *)&nobody, sizeof nobody);
    printf("%d %s\n", result, errno == ECONNREFUSED ? "ECONNREFUSED" : strerror(errno));
    return NULL;
}

static void *accepts(void *unused)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)unused;
    listen(fd, 1);
    int last = open("/proc/thread-self/stat", O_RDONLY);
    struct rlimit limit = {(rlim_t)last + 1, (rlim_t)last + 1};
    setrlimit(RLIMIT_NOFILE, &limit);
    its_stat = last;
    int result = accept(fd, NULL, NULL);
    printf("%d %s\n", result, errno == EMFILE ? "EMFILE" : strerror(errno));
    return NULL;
}

/* Everything but the child's own descriptors is the parent's. */
static int vforks(void)
{
    struct sockaddr_in nobody = {
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    volatile int result = 0;
    volatile int err = 0;
    int status;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    pid_t child = vfork();
    if (child == 0) {
        result = connect(fd, (struct sockaddr *)&nobody, sizeof nobody);
        err = errno;
        _exit(7);
    }
    waitpid(child, &status, 0);
    printf("%d %s %d\n", result, err == ECONNREFUSED ? "ECONNREFUSED" : strerror(err),
           WEXITSTATUS(status));
    result = connect(fd, (struct sockaddr *)&nobody, sizeof nobody);
    printf("%d %s\n", result, errno == ECONNREFUSED ? "ECONNREFUSED" : strerror(errno));
    return 0;
}

/* It sleeps: it has no other reason to than the pause before the next try. Not by the number of
 * its system call, which is another one where a machine is emulated. */
static int is_waiting(void)
{
    char stat[64] = "";
    char *state =
        its_stat >= 0 && pread(its_stat, stat, sizeof stat - 1, 0) > 0 ? strrchr(stat, ')') : NULL;
    return state && state[2] == 'S';
}

static int receive(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof addr;
    char byte;
    int idle = 0;
    socklen_t size = sizeof idle;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&addr, sizeof addr);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&addr, &len);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, (struct sockaddr *)&addr, sizeof addr);
    int peer = accept(listener, NULL, NULL);
    ssize_t n = recv(peer, &byte, 1, 0);
    printf("%zd %s\n", n, errno == ETIMEDOUT ? "ETIMEDOUT" : strerror(errno));
    getsockopt(peer, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &size);
    printf("%d\n", idle);
    return 0;
}

static int option_of(int fd, int option)
{
    int value = -1;
    socklen_t len = sizeof value;
    getsockopt(fd, SOL_SOCKET, option, &value, &len);
    return value;
}

/* A listening socket's, bound to a port that was free a moment ago. */
static int options(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof addr;
    int fd = -1;
    for (int turn = 0; turn < 2; turn++) {
        close(fd);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        bind(fd, (struct sockaddr *)&addr, sizeof addr);
        getsockname(fd, (struct sockaddr *)&addr, &len);
    }
    printf("%d", listen(fd, 1));
    printf(" %d %d\n", option_of(fd, SO_KEEPALIVE), option_of(fd, SO_REUSEADDR));
    return 0;
}

static void *pauses(void *unused)
{
    pause();
    return unused;
}

/* The C library loads libgcc_s for it, for which there may be no descriptor later. */
static void cancel_one(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, pauses, NULL);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    void *result;
    struct sigaction act = {.sa_handler = handler};
    int sig = argc > 2 ? atoi(argv[2]) : 0;
    if (strcmp(argv[1], "receive") == 0) {
        return receive();
    }
    if (strcmp(argv[1], "options") == 0) {
        return options();
    }
    if (strcmp(argv[1], "vfork") == 0) {
        return vforks();
    }
    act.sa_flags = strcmp(argv[1], "restarting") == 0 ? SA_RESTART : 0;
    if (strcmp(argv[1], "signal") == 0 || act.sa_flags) {
        sigaction(sig, &act, NULL);
    }
    if (strcmp(argv[1], "cancel") == 0) {
        cancel_one();
    }
    pthread_create(&thread, NULL, strcmp(argv[argc - 1], "accept") == 0 ? accepts : connects, NULL);
    if (strcmp(argv[1], "refused") == 0) {
        return pthread_join(thread, NULL);
    }
    for (int settled = 0; settled < 5; settled = is_waiting() ? settled + 1 : 0) {
        usleep(1000);
    }
    if (sig) {
        pthread_kill(thread, sig);
    } else {
        pthread_cancel(thread);
    }
    pthread_join(thread, &result);
    if (result == PTHREAD_CANCELED) {
        puts("cancelled");
    }
    return 0;
}
