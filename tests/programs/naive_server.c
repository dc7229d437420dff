/* A server as they are written in good faith: one thread a connection, recv in
 * a loop, 0 is the end and nothing else is, and every turn of the loop answers.
 * Nobody has thought of SIGPIPE.
 *
 *     naive_server CONNECTIONS
 *
 * Prints its port, serves that many connections, waits for their ends, prints
 * how many answers could not be sent, and ends. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static atomic_int unsent;

static void *serve(void *argument)
{
    int fd = (int)(long)argument;
    char request[4096];
    while (recv(fd, request, sizeof request, 0) != 0) {
        if (send(fd, "done\n", 5, 0) < 0) {
            atomic_fetch_add(&unsent, 1);
        }
    }
    close(fd);
    return NULL;
}

static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 128) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
        perror("naive_server");
        exit(1);
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    int connections = argc > 1 ? atoi(argv[1]) : 1;
    pthread_t *threads = calloc((size_t)connections, sizeof *threads);
    int listener = listen_anywhere();
    for (int i = 0; i < connections; i++) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0 || pthread_create(&threads[i], NULL, serve, (void *)(long)fd) != 0) {
            perror("naive_server");
            return 1;
        }
    }
    for (int i = 0; i < connections; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("%d unsent\n", unsent);
    free(threads);
    return 0;
}
