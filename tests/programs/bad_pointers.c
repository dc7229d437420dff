/* Calls with pointers that lead nowhere, which fail, or do nothing, before anything
 * reads them, because a filter answers for the kernel. Natively each just returns. With a
 * word the socket is one of TCP. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static char *edge; /* of a page; behind it there is none */

static void make_calls(int fd, void *bad)
{
    struct msghdr bad_vector = {.msg_iov = bad, .msg_iovlen = 2};
    struct iovec vector = {&vector, 1};
    struct msghdr bad_name = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_name = bad, .msg_namelen = 16};
    sendmsg(fd, bad, 0);
    sendmsg(fd, &bad_vector, 0);
    sendmsg(fd, &bad_name, 0);
    recvmsg(fd, bad, MSG_DONTWAIT);
    recvmsg(fd, &bad_vector, MSG_DONTWAIT);
    recvmmsg(fd, bad, 2, MSG_DONTWAIT, NULL);
    sendmmsg(fd, bad, 2, 0);
    connect(fd, bad, 16);
    bind(fd, bad, 16);
    sendto(fd, "", 1, 0, bad, 16);
    writev(fd, bad, 3);
    readv(fd, bad, 3);
    writev(fd, bad, 600);
}

int main(int count, char **words)
{
    int pair[2];
    (void)words;
    edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(edge + 4096, 4096);
    memset(edge, 0, 4096);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    if (count > 1) {
        pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    }
    make_calls(pair[0], (void *)16);
    make_calls(pair[0], NULL);
    make_calls(pair[0], (void *)-64L);
    make_calls(pair[0], edge + 4096 - 8); /* begins well */
    puts("alive");
    return 0;
}
