/* Records of many kinds, made while a preload (objects/in_between.c) ends the process
 * for whatever is taken of the C library but for the calls themselves. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

__attribute__((weak)) void arm(int now);

int main(void)
{
    static char room[64];
    struct iovec vector = {room, sizeof room};
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(1)};
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (arm) {
        arm(1);
    }
    recv(pair[0], room, 3, MSG_DONTWAIT);
    connect(tcp, (struct sockaddr *)&nobody, sizeof nobody);
    close(pair[1]);
    readv(pair[0], &vector, 1);
    send(pair[0], room, 1, MSG_NOSIGNAL);
    /* An errno that the C library's words are asked for. */
    setsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &(long[2]){0, 99999999}, sizeof(long[2]));
    if (arm) {
        arm(0);
    }
    return 0;
}
