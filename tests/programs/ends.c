/* Every receiving call on a connection that was reset, and what must not become an end:
 * prints what each returned. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

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
    close(listener);
    return client;
}

static void print(const char *name, ssize_t n)
{
    printf("%s %zd%s\n", name, n,
           n >= 0                  ? ""
           : errno == ECONNRESET   ? " ECONNRESET"
           : errno == ECONNREFUSED ? " ECONNREFUSED"
                                   : " another");
}

int main(void)
{
    char data[16];
    char control[64];
    struct iovec iov = {data, sizeof data};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct mmsghdr msgs = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
    int pipes[2];
    print("recv", recv(reset_connection(), data, sizeof data, 0));
    print("recvfrom", recvfrom(reset_connection(), data, sizeof data, 0, NULL, NULL));
    msg.msg_control = control;
    msg.msg_controllen = sizeof control;
    msg.msg_flags = -1;
    ssize_t n = recvmsg(reset_connection(), &msg, 0);
    printf("recvmsg %zd %zu %d\n", n, (size_t)msg.msg_controllen, msg.msg_flags);
    print("read", read(reset_connection(), data, sizeof data));
    print("readv", readv(reset_connection(), &iov, 1));
    if (pipe(pipes) < 0) {
        return 1;
    }
    print("splice", splice(reset_connection(), NULL, pipes[1], NULL, 16, 0));
    print("recvmmsg", recvmmsg(reset_connection(), &msgs, 1, 0, NULL));
    print("send", send(reset_connection(), data, 1, 0));
    struct sockaddr_in nobody = {
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int u = socket(AF_INET, SOCK_DGRAM, 0);
    connect(u, (struct sockaddr *)&nobody, sizeof nobody);
    if (write(u, "x", 1) != 1) {
        return 1;
    }
    print("datagram", recv(u, data, sizeof data, 0));
    return 0;
}
