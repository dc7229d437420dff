/* port free: prints a TCP port of 127.0.0.1 that nothing listens on.
 * port wait PORT: until something does; status 1 after ten seconds. */
#include "bench.h"

static bool answers(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool is_there = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_there;
}

int main(int argc, char **argv)
{
    static const struct timespec pause = {0, 10000000};
    struct sockaddr_in address;
    if (argc < 3) {
        listener(&address, 1);
        printf("%d\n", ntohs(address.sin_port));
        return 0;
    }
    for (int i = 0; i < 1000; i++) {
        if (answers(number(argv, argc, 2, 0))) {
            return 0;
        }
        nanosleep(&pause, NULL);
    }
    return 1;
}
