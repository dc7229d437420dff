/* Receives a connection over descriptor 70, with a message of one byte or of none, by the
 * call that is named, says whether TCP_NODELAY is on, and writes until the connection is
 * dead. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char byte;
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&byte, 1};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &part,
                                          .msg_iovlen = 1,
                                          .msg_control = control,
                                          .msg_controllen = sizeof control}};
    int fd;
    int on = 0;
    socklen_t len = sizeof on;
    ssize_t received = argc > 1 && strcmp(argv[1], "recvmmsg") == 0
                           ? recvmmsg(70, &message, 1, 0, NULL)
                           : recvmsg(70, &message.msg_hdr, 0);
    if (received < 0 || message.msg_hdr.msg_controllen == 0) {
        return 3;
    }
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message.msg_hdr)), sizeof fd);
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len);
    printf("nodelay %d\n", on);
    fflush(stdout);
    if (write(fd, "received\n", 9) != 9) {
        return 3;
    }
    (void)!read(fd, &byte, 1); /* waits for the RST */
    (void)!write(fd, "x", 1);
    (void)!write(fd, "x", 1);
    printf("alive\n");
    return 0;
}
