/* port free: prints a TCP port of 127.0.0.1 that nothing listens on.
 * port wait PORT: until something does; status 1 after a minute. */
#include "bench.h"

typedef int (*call_with_address)(int, const struct sockaddr *, socklen_t);

/* connect: something listens there. bind: nobody has it. */
static bool succeeds(call_with_address call, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool it_does = call(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return it_does;
}

/* Below those that the kernel gives out: nobody gets it by chance meanwhile. */
static int free_port(void)
{
    int tried = getpid();
    while (!succeeds(bind, 10000 + tried % 20000)) {
        tried++;
    }
    return 10000 + tried % 20000;
}

int main(int argc, char **argv)
{
    static const struct timespec pause = {0, 10000000};
    if (argc < 3) {
        printf("%d\n", free_port());
        return 0;
    }
    for (int i = 0; i < 6000; i++) {
        if (succeeds(connect, number(argv, argc, 2, 0))) {
            return 0;
        }
        nanosleep(&pause, NULL);
    }
    return 1;
}
