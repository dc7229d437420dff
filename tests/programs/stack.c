/* How much stack a failing recv takes, in bytes: on a thread whose stack was
 * painted before. The argument says how the call fails. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 16384, PAINT = 0xa5 };

static int fd;
static int flags;
static unsigned char *stack;

/* Paints what is below its own frame, calls, and looks how far down it went. */
static void *victim(void *unused)
{
    char byte;
    (void)unused;
    recv(-1, &byte, 0, 0); /* the dynamic linker's own use of the stack comes before */
    unsigned char *here = (unsigned char *)__builtin_frame_address(0) - 128;
    memset(stack, PAINT, (size_t)(here - stack));
    recv(fd, &byte, 1, flags);
    unsigned char *deepest = stack;
    while (deepest < here && *deepest == PAINT) {
        deepest++;
    }
    printf("%td\n", here - deepest);
    return NULL;
}

static int reset_connection(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof addr;
    struct linger at_once = {1, 0};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&addr, sizeof addr);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&addr, &len);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, (struct sockaddr *)&addr, sizeof addr);
    int peer = accept(listener, NULL, NULL);
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(peer);
    return client;
}

int main(int argc, char **argv)
{
    pthread_attr_t attr;
    pthread_t thread;
    stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int pair[2];
    if (argc != 2 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
        return 2;
    }
    fd = strcmp(argv[1], "reset") == 0 ? reset_connection() : pair[0];
    flags = strcmp(argv[1], "reset") == 0 ? 0 : MSG_DONTWAIT;
    pthread_attr_init(&attr);
    pthread_attr_setstack(&attr, stack, SIZE);
    pthread_create(&thread, &attr, victim, NULL);
    pthread_join(thread, NULL);
    return 0;
}
