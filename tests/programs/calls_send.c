/* Every sending call's 0 and -1: calls_send CASE. */
#include "calls.h"

#include <linux/netlink.h>

#ifdef __GLIBC__
extern ssize_t __write(int, const void *, size_t);
extern ssize_t __send(int, const void *, size_t, int);
#endif

static ssize_t by_sendto(int fd, const void *buf, size_t len, int flags)
{
    return sendto(fd, buf, len, flags, NULL, 0);
}

static ssize_t by_sendmsg(int fd, const void *buf, size_t len, int flags)
{
    struct iovec iov = {(void *)buf, len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    return sendmsg(fd, &msg, flags);
}

/* sendmmsg counts messages; this many bytes went. */
static unsigned moved;

static ssize_t by_sendmmsg(int fd, const void *buf, size_t len, int flags)
{
    struct iovec iov = {(void *)buf, len};
    struct mmsghdr msg = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
    int n = sendmmsg(fd, &msg, len > 0, flags);
    moved = msg.msg_len;
    return n;
}

/* As libuv makes it. */
static ssize_t by_sendmmsg_number(int fd, const void *buf, size_t len, int flags)
{
    struct iovec iov = {(void *)buf, len};
    struct mmsghdr msg = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
    ssize_t n = syscall(SYS_sendmmsg, fd, &msg, len > 0, flags);
    moved = msg.msg_len;
    return n;
}

static ssize_t by_write(int fd, const void *buf, size_t len, int flags)
{
    (void)flags;
    return write(fd, buf, len);
}

static ssize_t by_writev(int fd, const void *buf, size_t len, int flags)
{
    struct iovec iov[2] = {{(void *)buf, len / 2}, {(char *)buf + len / 2, len - len / 2}};
    (void)flags;
    return writev(fd, iov, 2);
}

static int file_with(const void *buf, size_t len)
{
    int file = (int)MUST(syscall(SYS_memfd_create, "file", 0));
    MUST(pwrite(file, buf, len, 0));
    return file;
}

static void close_quietly(int fd)
{
    int kept = errno;
    close(fd);
    errno = kept;
}

static ssize_t by_sendfile(int fd, const void *buf, size_t len, int flags)
{
    int file = file_with(buf, len);
    errno = UNTOUCHED;
    ssize_t n = sendfile(fd, file, NULL, len);
    (void)flags;
    close_quietly(file);
    return n;
}

static ssize_t by_sendfile64(int fd, const void *buf, size_t len, int flags)
{
    int file = file_with(buf, len);
    errno = UNTOUCHED;
    ssize_t n = sendfile64(fd, file, NULL, len);
    (void)flags;
    close_quietly(file);
    return n;
}

static ssize_t by_splice(int fd, const void *buf, size_t len, int flags)
{
    int ends[2];
    MUST(pipe(ends));
    if (len > 0) {
        MUST(write(ends[1], buf, len));
    }
    errno = UNTOUCHED;
    ssize_t n = splice(ends[0], NULL, fd, NULL, len, 0);
    (void)flags;
    close_quietly(ends[0]);
    close_quietly(ends[1]);
    return n;
}

#ifdef __GLIBC__
static ssize_t by_pwritev2(int fd, const void *buf, size_t len, int flags)
{
    struct iovec iov = {(void *)buf, len};
    (void)flags;
    return pwritev2(fd, &iov, 1, -1, 0);
}

static ssize_t by_pwritev64v2(int fd, const void *buf, size_t len, int flags)
{
    struct iovec iov = {(void *)buf, len};
    (void)flags;
    return pwritev64v2(fd, &iov, 1, -1, 0);
}

static ssize_t by___write(int fd, const void *buf, size_t len, int flags)
{
    (void)flags;
    return __write(fd, buf, len);
}

static ssize_t by___send(int fd, const void *buf, size_t len, int flags)
{
    return __send(fd, buf, len, flags);
}
#endif

enum kind { PROPER, WRITES, MOVES }; /* send and so on; write; from a descriptor */

static const struct {
    const char *name;
    ssize_t (*send)(int, const void *, size_t, int);
    enum kind kind;
} calls[] = {
    {"send", send, PROPER},
    {"sendto", by_sendto, PROPER},
    {"sendmsg", by_sendmsg, PROPER},
    {"sendmmsg", by_sendmmsg, PROPER},
    {"sendmmsg", by_sendmmsg_number, PROPER},
    {"write", by_write, WRITES},
    {"writev", by_writev, WRITES},
#ifdef __GLIBC__
    {"__send", by___send, PROPER},
    {"__write", by___write, WRITES},
    {"pwritev2", by_pwritev2, WRITES},
    {"pwritev64v2", by_pwritev64v2, WRITES},
#endif
    {"sendfile", by_sendfile, MOVES},
    {"sendfile64", by_sendfile64, MOVES},
    {"splice", by_splice, MOVES},
};

static bool counts_messages(size_t i)
{
    return calls[i].send == by_sendmmsg || calls[i].send == by_sendmmsg_number;
}

enum { CALLS = sizeof calls / sizeof *calls };

static void print_calls(void)
{
    for (int i = 0; i < CALLS; i++) {
        printf("%s\n", calls[i].name);
    }
}

static void transmit_from(int i, int fd, const void *buf, size_t len, int flags)
{
    STEP(calls[i].name, calls[i].send(fd, buf, len, flags));
}

static void transmit(int i, int fd)
{
    transmit_from(i, fd, "hello", 5, 0);
}

#define EACH_CALL(i) for (int i = 0; i < CALLS; clear(), i++)

static void heard(void)
{
    char buf[64] = "";
    await(THEM, POLLIN);
    MUST(recv(THEM, buf, sizeof buf - 1, 0));
    printf("  %s\n", buf);
}

static void sent(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        transmit(i, US);
        heard();
        clear();
        stream_pair(AF_INET6, 0);
        transmit(i, US);
        heard();
        clear();
        unix_pair(SOCK_STREAM);
        transmit(i, US);
        heard();
    }
}

static void zero_length(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        transmit_from(i, US, "", 0, 0);
    }
}

static void reset_by_peer(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        reset(THEM);
        await(US, POLLERR);
        transmit(i, US);
        transmit(i, US);
    }
}

/* The peer closes, and answers what comes then with RST. */
static void closed_by_peer(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        MUST(close(THEM));
        await(US, POLLRDHUP);
        transmit(i, US);
        await(US, POLLERR);
        transmit(i, US);
    }
}

static void own_shutdown(void)
{
    EACH_CALL(i)
    {
        char buf[8];
        tcp_pair();
        MUST(shutdown(US, SHUT_WR));
        await(THEM, POLLRDHUP);
        MUST(send(THEM, "x", 1, 0)); /* acknowledges the FIN */
        await(US, POLLIN);
        MUST(recv(US, buf, sizeof buf, 0));
        transmit(i, US);
    }
}

/* Until there is no more room; how much went is told in the file `totals`. */
static void fill(int i, int flags)
{
    static char much[4096];
    FILE *totals = fopen("totals", "a");
    long total = 0;
    ssize_t n;
    while ((n = calls[i].send(US, much, sizeof much, flags)) > 0) {
        total += counts_messages(i) ? (long)moved : n;
    }
    saw(calls[i].name, n);
    fprintf(totals, "%s %ld\n", calls[i].name, total);
    fclose(totals);
}

static void small_buffers(void)
{
    static const int small = 8192;
    tcp_pair();
    MUST(setsockopt(US, SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
    MUST(setsockopt(THEM, SOL_SOCKET, SO_RCVBUF, &small, sizeof small));
}

static void would_block(void)
{
    EACH_CALL(i)
    {
        small_buffers();
        no_waiting(US);
        fill(i, 0);
    }
}

static void flags(void)
{
    EACH_CALL(i)
    {
        if (calls[i].kind == PROPER) {
            small_buffers();
            fill(i, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE);
        }
    }
}

static void time_out(void)
{
    EACH_CALL(i)
    {
        small_buffers();
        time_limit(US, SO_SNDTIMEO);
        fill(i, 0);
    }
}

static void interrupted(void)
{
    EACH_CALL(i)
    {
        small_buffers();
        interruptions(true);
        fill(i, 0);
        interruptions(false);
    }
}

static void not_connected(void)
{
    EACH_CALL(i)
    {
        place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), US);
        transmit(i, US);
        clear();
        place((int)MUST(bound(AF_INET, SOCK_DGRAM, 0)), US);
        announce_socket("us", US);
        transmit(i, US);
        clear();
        place((int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), US);
        transmit(i, US);
    }
}

static void bad_buffer(void)
{
    EACH_CALL(i)
    {
        if (calls[i].kind != MOVES) {
            tcp_pair();
            transmit_from(i, US, (void *)1, 5, 0);
        }
    }
}

static void bad_descriptor(void)
{
    EACH_CALL(i)
    {
        transmit(i, -1);
        transmit(i, 1000000);
        place((int)MUST(open("/dev/null", O_RDONLY)), US);
        transmit(i, US);
    }
}

static void udp(void)
{
    static char much[70000];
    EACH_CALL(i)
    {
        if (calls[i].kind == MOVES) {
            continue;
        }
        udp_pair();
        transmit_from(i, US, much, sizeof much, 0);
        transmit(i, US);
        heard();
        MUST(close(THEM));
        MUST(send(US, "x", 1, 0));
        await(US, POLLERR);
        transmit(i, US);
        clear();
        if (calls[i].kind == PROPER && !counts_messages(i)) {
            udp_pair();
            transmit_from(i, US, "", 0, 0);
        }
    }
}

static void unix_peers(void)
{
    EACH_CALL(i)
    {
        unix_pair(SOCK_STREAM);
        MUST(close(THEM));
        transmit(i, US);
        clear();
        unix_pair(SOCK_SEQPACKET);
        MUST(close(THEM));
        transmit(i, US);
        clear();
        unix_dgram_pair();
        MUST(close(THEM));
        transmit(i, US);
        transmit(i, US);
        clear();
        unix_pair(SOCK_STREAM);
        MUST(shutdown(US, SHUT_WR));
        transmit(i, US);
    }
}

/* What is no socket: files, pipes, a full device. */
static void no_sockets(void)
{
    EACH_CALL(i)
    {
        int ends[2];
        if (calls[i].kind == PROPER) {
            continue;
        }
        MUST(pipe(ends));
        MUST(close(ends[0]));
        transmit(i, place(ends[1], US));
        transmit_from(i, US, "", 0, 0);
        clear();
        MUST(pipe(ends));
        no_waiting(ends[1]);
        while (syscall(SYS_write, ends[1], "", 1) > 0) {
        }
        transmit(i, place(ends[1], US));
        MUST(close(ends[0]));
        clear();
        transmit(i, place((int)MUST(open("/dev/full", O_WRONLY)), US));
        transmit(i, place((int)MUST(open("/dev/null", O_WRONLY)), THEM));
        transmit_from(i, THEM, "", 0, 0);
    }
}

static void send_to(const char *name, const union any_address *a, socklen_t len, int flags)
{
    STEP(name, sendto(US, "hello", 5, flags, &a->any, len));
}

static void send_message_to(const union any_address *a, socklen_t len, int flags)
{
    struct iovec iov = {"hello", 5};
    struct msghdr msg = {
        .msg_name = (void *)a, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1};
    STEP("sendmsg", sendmsg(US, &msg, flags));
}

/* Destinations that the call itself names. */
static void destinations(void)
{
    union any_address a;
    socklen_t len = loopback(AF_INET, &a);
    place((int)MUST(socket(AF_INET, SOCK_DGRAM, 0)), US);
    a.in.sin_port = htons(9);
    a.in.sin_addr.s_addr = htonl(0xc6336401); /* 198.51.100.1, of TEST-NET-2: on no link */
    send_to("sendto", &a, len, MSG_DONTROUTE);
    send_message_to(&a, len, MSG_DONTROUTE);
    a.in.sin_addr.s_addr = htonl(0x7fffffff);
    send_to("sendto", &a, len, 0);
    a.in.sin_port = 0;
    send_to("sendto", &a, len, 0);
    a.any.sa_family = 99;
    send_to("sendto", &a, len, 0);
    announce_socket("us", US); /* the first of them gave it a port */
    clear();
    place((int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), US);
    len = unix_address(&a, "nobody.sock", 11);
    send_to("sendto", &a, len, 0);
    send_message_to(&a, len, 0);
    clear();
    unix_pair(SOCK_STREAM);
    send_to("sendto", &a, len, 0);
}

/* The input of sendfile and splice: at its end, empty, none. */
static void sources(void)
{
    int ends[2];
    off_t at = 3;
    loff_t offset = 0;
    tcp_pair();
    place(file_with("hello", 5), OTHER);
    STEP("sendfile", sendfile(US, OTHER, &at, 10));
    STEP("sendfile", sendfile(US, OTHER, &at, 10));
    printf("  %ld\n", (long)at);
    STEP("sendfile", sendfile(US, 1000000, NULL, 10));
    STEP("sendfile", sendfile(US, OTHER, (off_t *)1, 10));
    MUST(pipe(ends));
    STEP("splice", splice(ends[0], NULL, US, NULL, 10, SPLICE_F_NONBLOCK));
    STEP("splice", splice(ends[0], &offset, US, NULL, 10, 0));
    STEP("splice", splice(OTHER, NULL, US, NULL, 10, 0));
    STEP("splice", splice(THEM, NULL, US, NULL, 10, 0));
    MUST(close(ends[1]));
    STEP("splice", splice(ends[0], NULL, US, NULL, 10, 0));
    STEP("splice", splice(1000000, NULL, US, NULL, 10, 0));
    MUST(close(ends[0]));
}

/* splice out of a socket receives. */
static void splice_from(void)
{
    int ends[2];
    MUST(pipe(ends));
    tcp_pair();
    no_waiting(US); /* SPLICE_F_NONBLOCK is about the pipe alone */
    STEP("splice", splice(US, NULL, ends[1], NULL, 10, 0));
    STEP("splice", splice(US, NULL, ends[1], NULL, 0, 0));
    MUST(send(THEM, "hello", 5, 0));
    await(US, POLLIN);
    STEP("splice", splice(US, NULL, ends[1], NULL, 10, 0));
    MUST(close(THEM));
    await(US, POLLRDHUP);
    STEP("splice", splice(US, NULL, ends[1], NULL, 10, 0));
    clear();
    tcp_pair();
    reset(THEM);
    await(US, POLLERR);
    STEP("splice", splice(US, NULL, ends[1], NULL, 10, 0));
    STEP("splice", splice(US, NULL, 1000000, NULL, 10, 0));
}

static void netlink(void)
{
    struct sockaddr_nl nobody = {.nl_family = AF_NETLINK, .nl_pid = 0x7ffffff0};
    place((int)MUST(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)), US);
    STEP("sendto", sendto(US, "hello", 5, 0, (struct sockaddr *)&nobody, sizeof nobody));
}

int main(int argc, char **argv)
{
    static const struct named_case cases[] = {
        {"calls", print_calls},
        {"sent", sent},
        {"zero_length", zero_length},
        {"reset", reset_by_peer},
        {"closed", closed_by_peer},
        {"own_shutdown", own_shutdown},
        {"would_block", would_block},
        {"flags", flags},
        {"time_out", time_out},
        {"interrupted", interrupted},
        {"not_connected", not_connected},
        {"bad_buffer", bad_buffer},
        {"bad_descriptor", bad_descriptor},
        {"udp", udp},
        {"unix_peers", unix_peers},
        {"no_sockets", no_sockets},
        {"destinations", destinations},
        {"sources", sources},
        {"splice_from", splice_from},
        {"netlink", netlink},
    };
    return run_case(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL);
}
