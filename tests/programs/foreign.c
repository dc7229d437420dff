/* A program for another C library than the shim's, which it has inherited: it does what
 * programs do, and says what came of it. */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void *idle(void *argument)
{
    return argument;
}

static void talk(const int *pair)
{
    char byte[4];
    char control[64];
    struct iovec vector = {byte, sizeof byte};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control};
    message.msg_controllen = sizeof control;
    printf("write %zd\n", write(pair[1], "hi", 2));
    printf("recvmsg %zd\n", recvmsg(pair[0], &message, 0));
    printf("recv %zd\n", recv(pair[0], byte, sizeof byte, MSG_DONTWAIT));
    printf("errno %d\n", errno);
    dprintf(STDOUT_FILENO, "dprintf %d\n", 3);
}

static void multiply(void)
{
    pthread_t thread;
    int status;
    printf("thread %d\n", pthread_create(&thread, NULL, idle, NULL));
    pthread_join(thread, NULL);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        _exit(dup2(STDOUT_FILENO, STDERR_FILENO) + 40);
    }
    waitpid(child, &status, 0);
    printf("fork %d\n", WEXITSTATUS(status));
}

int main(void)
{
    int pair[2];
    struct addrinfo *found;
    struct sigaction now;
    printf("socketpair %d\n", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    talk(pair);
    multiply();
    printf("getaddrinfo %d\n", getaddrinfo("1.2.3.4.5", "1", NULL, &found) != 0);
    close(pair[0]);
    signal(SIGPIPE, SIG_IGN);
    printf("dead %zd\n", write(pair[1], "x", 1));
    signal(SIGPIPE, SIG_DFL);
    sigaction(SIGPIPE, NULL, &now);
    printf("default %d\n", now.sa_handler == SIG_DFL);
    fflush(stdout);
    return write(pair[1], "x", 1) < 0;
}
