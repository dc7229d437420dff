/* A connect that is refused, in a thread; once it waits (to be tried again) it is ended as
 * the arguments say: `signal N` with a handler for it, `default N` without one, `cancel`.
 * `receive`: what a connection to which nothing comes says, and its options. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile pid_t tid;

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
    tid = (pid_t)syscall(SYS_gettid);
    int result = connect(fd, (struct sockaddr *)&nobody, sizeof nobody);
    printf("%d %s\n", result, errno == ECONNREFUSED ? "ECONNREFUSED" : strerror(errno));
    return NULL;
}

/* In poll, or in whatever the C library makes of it. */
static int is_waiting(void)
{
    char path[64];
    char number[64] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    FILE *file = fopen(path, "r");
    if (!file) {
        return 0;
    }
    int n = fgets(number, sizeof number, file) ? atoi(number) : -1;
    fclose(file);
#ifdef SYS_poll
    if (n == SYS_poll) {
        return 1;
    }
#endif
    return n == SYS_ppoll;
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

int main(int argc, char **argv)
{
    pthread_t thread;
    void *result;
    struct sigaction act = {.sa_handler = handler};
    int sig = argc > 2 ? atoi(argv[2]) : 0;
    if (strcmp(argv[1], "receive") == 0) {
        return receive();
    }
    if (strcmp(argv[1], "signal") == 0) {
        sigaction(sig, &act, NULL);
    }
    pthread_create(&thread, NULL, connects, NULL);
    while (!tid || !is_waiting()) {
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
