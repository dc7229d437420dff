/* A server as they are written in an afternoon: it ends at the first accept that fails.
 * It answers each connection in a thread of its own, and keeps it for a while.
 * Arguments: how many connections it serves before it ends in order, and for how many
 * milliseconds it keeps each. */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int keeps_ms;

static void *serve(void *connection)
{
    int fd = *(int *)connection;
    free(connection);
    if (write(fd, "hello\n", 6) != 6) {
        perror("write");
    }
    poll(NULL, 0, keeps_ms);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof addr;
    pthread_t thread[64];
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int count = argc > 2 ? atoi(argv[1]) : 1;
    keeps_ms = argc > 2 ? atoi(argv[2]) : 0;
    bind(listener, (struct sockaddr *)&addr, sizeof addr);
    listen(listener, 64);
    getsockname(listener, (struct sockaddr *)&addr, &len);
    printf("%d\n", ntohs(addr.sin_port));
    fflush(stdout);
    for (int i = 0; i < count; i++) {
        int *fd = malloc(sizeof *fd);
        *fd = accept(listener, NULL, NULL);
        if (*fd < 0) {
            perror("accept");
            return 1;
        }
        pthread_create(&thread[i], NULL, serve, fd);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(thread[i], NULL);
    }
    return 0;
}
