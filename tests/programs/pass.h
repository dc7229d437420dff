/* A descriptor sent by SCM_RIGHTS to this process itself. */
#ifndef SOCKSHIM_TESTS_PASS_H
#define SOCKSHIM_TESTS_PASS_H

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Closes fd, and returns the number under which it has arrived. Signals do not end it. */
static inline int passed(int fd)
{
    int pair[2];
    char byte = 0;
    struct iovec iov = {&byte, 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    sendmsg(pair[0], &msg, 0);
    close(fd);
    while (recvmsg(pair[1], &msg, 0) < 0) {
    }
    memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
    close(pair[0]);
    close(pair[1]);
    return fd;
}

#endif
