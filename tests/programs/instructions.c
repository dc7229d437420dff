/* Successful calls for callgrind to count: `instructions COUNT` makes COUNT
 * calls of each kind, each kind in a function of its own, count_NAME, that the
 * profile tells apart. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int full; /* has more to be received than is ever asked for */
static int sink; /* takes whatever is sent: a UDP socket whose peer drops it */
static int listener;
static int pipe_full, pipe_sink, zero, pair[2];
static struct sockaddr_in sink_address = {.sin_family = AF_INET};

static char byte[1];
static struct iovec vector = {byte, 1};
static struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
static struct mmsghdr messages = {.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}};
static int value = 65536;
static socklen_t value_len = sizeof value;
static struct sockaddr_storage name;
static socklen_t name_len = sizeof name;

/* What recv, recvfrom and read are in a program built with _FORTIFY_SOURCE. */
ssize_t __recv_chk(int, void *, size_t, size_t, int);
ssize_t __recvfrom_chk(int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *);
ssize_t __read_chk(int, void *, size_t, size_t);

static void check(int is_right, const char *what)
{
    if (!is_right) {
        perror(what);
        exit(1);
    }
}

#define COUNT(name, least, call)                                                                   \
    static __attribute__((noinline)) void count_##name(int count)                                  \
    {                                                                                              \
        for (int i = 0; i < count; i++) {                                                          \
            check((call) >= (least), #name);                                                       \
        }                                                                                          \
    }

COUNT(recv, 1, recv(full, byte, 1, 0))
COUNT(recvfrom, 1, recvfrom(full, byte, 1, 0, NULL, NULL))
COUNT(recvmsg, 1, recvmsg(full, &message, 0))
COUNT(recvmmsg, 1, recvmmsg(full, &messages, 1, 0, NULL))
COUNT(read, 1, read(full, byte, 1))
COUNT(read_pipe, 1, read(pipe_full, byte, 1))
COUNT(readv, 1, readv(full, &vector, 1))
COUNT(preadv2, 1, preadv2(full, &vector, 1, -1, 0))
COUNT(recv_chk, 1, __recv_chk(full, byte, 1, 1, 0))
COUNT(recvfrom_chk, 1, __recvfrom_chk(full, byte, 1, 1, 0, NULL, NULL))
COUNT(read_chk, 1, __read_chk(full, byte, 1, 1))

COUNT(send, 1, send(sink, byte, 1, 0))
COUNT(sendto, 1, sendto(sink, byte, 1, 0, (struct sockaddr *)&sink_address, sizeof sink_address))
COUNT(sendmsg, 1, sendmsg(sink, &message, 0))
COUNT(sendmmsg, 1, sendmmsg(sink, &messages, 1, 0))
COUNT(write, 1, write(sink, byte, 1))
COUNT(writev, 1, writev(sink, &vector, 1))
COUNT(pwritev2, 1, pwritev2(sink, &vector, 1, -1, 0))
COUNT(sendfile, 1, sendfile(pipe_sink, zero, NULL, 1))
COUNT(splice, 1, splice(pipe_full, NULL, pipe_sink, NULL, 1, 0))

COUNT(getsockname, 0, getsockname(full, (struct sockaddr *)&name, &name_len))
COUNT(dprintf, 1, dprintf(pipe_sink, "%d", 7))
COUNT(getsockopt, 0, getsockopt(full, SOL_SOCKET, SO_SNDBUF, &value, &value_len))
COUNT(getsockopt_error, 0, getsockopt(full, SOL_SOCKET, SO_ERROR, &value, &value_len))
COUNT(setsockopt, 0, setsockopt(full, SOL_SOCKET, SO_SNDBUF, &value, value_len))
COUNT(listen, 0, listen(listener, 1))
COUNT(shutdown, 0, shutdown(full, SHUT_WR))
COUNT(socket, 0, socket(AF_INET, SOCK_STREAM, 0))
COUNT(socketpair, 0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
COUNT(connect, 0, connect(sink, (struct sockaddr *)&sink_address, sizeof sink_address))
COUNT(close, 0, close(dup(zero)))
COUNT(dup2, 0, dup2(zero, pipe_sink))
COUNT(dup3, 0, dup3(zero, pipe_sink, O_CLOEXEC))
COUNT(close_range, 0, close_range(900, 999, 0))
COUNT(syscall, 0, syscall(SYS_getppid))
COUNT(prctl, 0, prctl(PR_GET_DUMPABLE))

static void make_sockets(void)
{
    static char bytes[100000];
    int ends[2];
    socklen_t len = sizeof sink_address;
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    check(write(pair[1], bytes, sizeof bytes) == sizeof bytes, "fill the socket");
    full = pair[0];

    int peer = socket(AF_INET, SOCK_DGRAM, 0);
    sink_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(bind(peer, (struct sockaddr *)&sink_address, len) == 0, "bind");
    check(getsockname(peer, (struct sockaddr *)&sink_address, &len) == 0, "getsockname");
    sink = socket(AF_INET, SOCK_DGRAM, 0);
    check(connect(sink, (struct sockaddr *)&sink_address, len) == 0, "connect");

    listener = socket(AF_INET, SOCK_STREAM, 0);
    check(pipe(ends) == 0 && write(ends[1], bytes, 60000) == 60000, "pipe");
    pipe_full = ends[0];
    pipe_sink = open("/dev/null", O_WRONLY);
    zero = open("/dev/zero", O_RDONLY);
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1;
    make_sockets();
    count_recv(count);
    count_recvfrom(count);
    count_recvmsg(count);
    count_recvmmsg(count);
    count_read(count);
    count_read_pipe(count);
    count_readv(count);
    count_preadv2(count);
    count_recv_chk(count);
    count_recvfrom_chk(count);
    count_read_chk(count);
    count_send(count);
    count_sendto(count);
    count_sendmsg(count);
    count_sendmmsg(count);
    count_write(count);
    count_writev(count);
    count_pwritev2(count);
    count_sendfile(count);
    count_splice(count);
    count_getsockname(count);
    count_dprintf(count);
    count_getsockopt(count);
    count_getsockopt_error(count);
    count_setsockopt(count);
    count_listen(count);
    count_shutdown(count);
    count_socket(count);
    count_socketpair(count);
    count_connect(count);
    count_close(count);
    count_dup2(count);
    count_dup3(count);
    count_close_range(count);
    count_syscall(count);
    count_prctl(count);
    return 0;
}
