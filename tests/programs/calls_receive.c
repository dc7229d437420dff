/* Every receiving call's 0 and -1: calls_receive CASE. */
#include "calls.h"

#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#ifndef MSG_ERRQUEUE
#define MSG_ERRQUEUE 0x2000
#endif

#ifdef __GLIBC__
extern ssize_t __read(int, void *, size_t);
extern ssize_t __recv_chk(int, void *, size_t, size_t, int);
extern ssize_t __recvfrom_chk(int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *);
extern ssize_t __read_chk(int, void *, size_t, size_t);
#endif

static ssize_t by_recvfrom(int fd, void *buf, size_t len, int flags)
{
    union any_address from;
    socklen_t from_len = sizeof from;
    return recvfrom(fd, buf, len, flags, &from.any, &from_len);
}

static ssize_t by_recvmsg(int fd, void *buf, size_t len, int flags)
{
    struct iovec iov = {buf, len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    return recvmsg(fd, &msg, flags);
}

/* It counts messages: an end of stream is one message of 0 bytes. */
static ssize_t by_recvmmsg(int fd, void *buf, size_t len, int flags)
{
    struct iovec iov = {buf, len};
    struct mmsghdr msg = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
    return recvmmsg(fd, &msg, len > 0, flags, NULL);
}

/* As libuv makes it. */
static ssize_t by_recvmmsg_number(int fd, void *buf, size_t len, int flags)
{
    struct iovec iov = {buf, len};
    struct mmsghdr msg = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
    return syscall(SYS_recvmmsg, fd, &msg, len > 0, flags, NULL);
}

static ssize_t by_read(int fd, void *buf, size_t len, int flags)
{
    (void)flags;
    return read(fd, buf, len);
}

static ssize_t by_readv(int fd, void *buf, size_t len, int flags)
{
    struct iovec iov[2] = {{buf, len / 2}, {(char *)buf + len / 2, len - len / 2}};
    (void)flags;
    return readv(fd, iov, 2);
}

#ifdef __GLIBC__
static ssize_t by_preadv2(int fd, void *buf, size_t len, int flags)
{
    struct iovec iov = {buf, len};
    (void)flags;
    return preadv2(fd, &iov, 1, -1, 0);
}

static ssize_t by_preadv64v2(int fd, void *buf, size_t len, int flags)
{
    struct iovec iov = {buf, len};
    (void)flags;
    return preadv64v2(fd, &iov, 1, -1, 0);
}

static ssize_t by___read(int fd, void *buf, size_t len, int flags)
{
    (void)flags;
    return __read(fd, buf, len);
}

static ssize_t by___recv_chk(int fd, void *buf, size_t len, int flags)
{
    return __recv_chk(fd, buf, len, len, flags);
}

static ssize_t by___recvfrom_chk(int fd, void *buf, size_t len, int flags)
{
    return __recvfrom_chk(fd, buf, len, len, flags, NULL, NULL);
}

static ssize_t by___read_chk(int fd, void *buf, size_t len, int flags)
{
    (void)flags;
    return __read_chk(fd, buf, len, len);
}
#endif

/* Those with flags first: the cases about flags are about them. */
static const struct {
    const char *name;
    ssize_t (*receive)(int, void *, size_t, int);
    bool has_flags;
} calls[] = {
    {"recv", recv, true},
    {"recvfrom", by_recvfrom, true},
    {"recvmsg", by_recvmsg, true},
    {"recvmmsg", by_recvmmsg, true},
    {"recvmmsg", by_recvmmsg_number, true},
    {"read", by_read, false},
    {"readv", by_readv, false},
#ifdef __GLIBC__
    {"__recv_chk", by___recv_chk, true},
    {"__recvfrom_chk", by___recvfrom_chk, true},
    {"__read_chk", by___read_chk, false},
    {"__read", by___read, false},
    {"preadv2", by_preadv2, false},
    {"preadv64v2", by_preadv64v2, false},
#endif
};

enum { CALLS = sizeof calls / sizeof *calls };

static void receive_into(int i, int fd, void *buf, size_t len, int flags)
{
    STEP(calls[i].name, calls[i].receive(fd, buf, len, flags));
}

/* What came is printed; a success leaves errno alone. */
static void receive(int i, int fd, int flags)
{
    char buf[64] = "";
    receive_into(i, fd, buf, sizeof buf, flags);
    if (buf[0]) {
        printf("  %.64s\n", buf);
    }
}

static void print_calls(void)
{
    for (int i = 0; i < CALLS; i++) {
        printf("%s\n", calls[i].name);
    }
}

/* Each call in turn on sockets of its own. */
#define EACH_CALL(i) for (int i = 0; i < CALLS; clear(), i++)

static void tcp_says(const char *words)
{
    MUST(send(THEM, words, strlen(words), 0));
    await(US, POLLIN);
}

static void tcp_heard(const char *words)
{
    char heard[64];
    MUST(send(US, words, strlen(words), 0));
    await(THEM, POLLIN);
    MUST(recv(THEM, heard, sizeof heard, 0));
    for (int unacknowledged = 1; unacknowledged > 0;) {
        MUST(ioctl(US, SIOCOUTQ, &unacknowledged));
    }
}

static void closed_over(int family, int protocol)
{
    EACH_CALL(i)
    {
        stream_pair(family, protocol);
        tcp_heard("abc");
        tcp_says("hello");
        MUST(close(THEM));
        await(US, POLLRDHUP);
        receive(i, US, 0);
        receive(i, US, 0);
    }
}

static void closed(void)
{
    closed_over(AF_INET, 0);
}

static void closed_ipv6(void)
{
    closed_over(AF_INET6, 0);
}

static void closed_mptcp(void)
{
    closed_over(AF_INET, IPPROTO_MPTCP);
}

/* Own SHUT_WR, then the peer's FIN. */
static void closed_both(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        tcp_heard("abc");
        MUST(shutdown(US, SHUT_WR));
        await(THEM, POLLRDHUP);
        MUST(close(THEM));
        await(US, POLLHUP);
        receive(i, US, 0);
    }
}

static void reset_by_peer(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        tcp_heard("abc");
        reset(THEM);
        await(US, POLLERR);
        receive(i, US, 0);
        receive(i, US, 0);
    }
}

static void would_block(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        no_waiting(US);
        receive(i, US, 0);
    }
}

static void flags(void)
{
    EACH_CALL(i)
    {
        if (calls[i].has_flags) {
            tcp_pair();
            receive(i, US, MSG_DONTWAIT);
            receive(i, US, MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC);
            receive(i, US, MSG_DONTWAIT | 0x8000000);
            receive(i, US, MSG_OOB);
        }
    }
}

static void zero_length(void)
{
    EACH_CALL(i)
    {
        char buf[1];
        tcp_pair();
        tcp_says("x");
        receive_into(i, US, buf, 0, 0);
    }
}

static void own_shutdown(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        MUST(shutdown(US, SHUT_RD));
        receive(i, US, 0);
    }
}

static void not_connected(void)
{
    EACH_CALL(i)
    {
        place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), US);
        receive(i, US, 0);
    }
}

static void bad_buffer(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        tcp_says("hello");
        receive_into(i, US, (void *)1, 5, 0);
        receive(i, US, 0);
    }
}

static void bad_descriptor(void)
{
    EACH_CALL(i)
    {
        receive(i, -1, 0);
        receive(i, 1000000, 0);
        place((int)MUST(open("/dev/null", O_RDWR)), US);
        receive(i, US, 0);
    }
}

static void time_out(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        time_limit(US, SO_RCVTIMEO);
        receive(i, US, 0);
    }
}

static void interrupted(void)
{
    EACH_CALL(i)
    {
        tcp_pair();
        interruptions(true);
        receive(i, US, 0);
        interruptions(false);
    }
}

static void udp(void)
{
    EACH_CALL(i)
    {
        udp_pair();
        send_empty(THEM);
        await(US, POLLIN);
        receive(i, US, 0);
        MUST(close(THEM));
        MUST(send(US, "x", 1, 0));
        await(US, POLLERR);
        receive(i, US, 0);
        MUST(shutdown(US, SHUT_RD));
        receive(i, US, 0);
    }
}

static void unix_stream(void)
{
    EACH_CALL(i)
    {
        unix_pair(SOCK_STREAM);
        MUST(send(THEM, "hello", 5, 0));
        MUST(close(THEM));
        receive(i, US, 0);
        receive(i, US, 0);
        clear();
        unix_pair(SOCK_STREAM);
        MUST(send(US, "x", 1, 0));
        MUST(close(THEM));
        receive(i, US, 0);
    }
}

static void unix_messages(void)
{
    EACH_CALL(i)
    {
        unix_pair(SOCK_SEQPACKET);
        send_empty(THEM);
        receive(i, US, 0);
        MUST(close(THEM));
        receive(i, US, 0);
        clear();
        unix_dgram_pair();
        connect_unix(THEM, "us.sock");
        send_empty(THEM);
        receive(i, US, 0);
        time_limit(US, SO_RCVTIMEO);
        receive(i, US, 0);
    }
}

static void pseudo_terminal(int master, int slave)
{
    place((int)MUST(posix_openpt(O_RDWR | O_NOCTTY)), master);
    MUST(grantpt(master));
    MUST(unlockpt(master));
    place((int)MUST(open(ptsname(master), O_RDWR | O_NOCTTY)), slave);
}

/* Neither a 0 nor a -1 on anything but a socket is the log's business. */
static void no_sockets(void)
{
    EACH_CALL(i)
    {
        int ends[2];
        if (calls[i].has_flags) {
            continue;
        }
        MUST(pipe(ends));
        no_waiting(ends[0]);
        receive(i, ends[0], 0);
        receive(i, ends[1], 0);
        MUST(close(ends[1]));
        receive(i, ends[0], 0);
        MUST(close(ends[0]));
        receive(i, place((int)MUST(open(".", O_RDONLY)), US), 0);
        receive(i, place((int)MUST(open("/dev/null", O_RDWR)), US), 0);
        pseudo_terminal(US, THEM);
        no_waiting(US);
        receive(i, US, 0);
        MUST(close(THEM));
        receive(i, US, 0);
    }
}

static void error_queue(void)
{
    static const int on = 1;
    char buf[64], control[512];
    struct iovec iov = {buf, sizeof buf};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    udp_pair();
    MUST(setsockopt(US, IPPROTO_IP, IP_RECVERR, &on, sizeof on));
    MUST(close(THEM));
    send_empty(US);
    await(US, POLLERR);
    STEP("recvmsg", recvmsg(US, &msg, MSG_ERRQUEUE));
    STEP("recvmsg", recvmsg(US, &msg, MSG_ERRQUEUE));
}

/* Flags of a single call that is no MSG_ flag. */
static void rwf_nowait(void)
{
#ifdef __GLIBC__
    char buf[8];
    struct iovec iov = {buf, sizeof buf};
    tcp_pair();
    STEP("preadv2", preadv2(US, &iov, 1, -1, RWF_NOWAIT));
    STEP("preadv64v2", preadv64v2(US, &iov, 1, -1, RWF_NOWAIT));
    STEP("preadv2", preadv2(US, &iov, 1, 0, 0));
    STEP("preadv2", preadv2(US, &iov, 1, -1, 0x4000));
#endif
}

/* Several messages at once: what came counts, then nothing. */
static void many_messages(void)
{
    char buf[3][8] = {"", "", ""};
    struct iovec iov[3] = {{buf[0], 8}, {buf[1], 8}, {buf[2], 8}};
    struct mmsghdr msgs[3] = {{.msg_hdr = {.msg_iov = &iov[0], .msg_iovlen = 1}},
                              {.msg_hdr = {.msg_iov = &iov[1], .msg_iovlen = 1}},
                              {.msg_hdr = {.msg_iov = &iov[2], .msg_iovlen = 1}}};
    udp_pair();
    MUST(send(THEM, "one", 3, 0));
    MUST(send(THEM, "three", 5, 0));
    await(US, POLLIN);
    long came = recvmmsg(US, msgs, 2, MSG_WAITFORONE, NULL);
    STEP("recvmmsg", came >= 1);
    if (came == 1) {
        MUST(syscall(SYS_recvfrom, US, buf, sizeof buf, 0, NULL, NULL));
    }
    no_waiting(US);
    STEP("recvmmsg", recvmmsg(US, msgs, 3, MSG_WAITFORONE, NULL));
}

static void netlink(void)
{
    place((int)MUST(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)), US);
    time_limit(US, SO_RCVTIMEO);
    receive(0, US, 0);
}

int main(int argc, char **argv)
{
    static const struct named_case cases[] = {
        {"calls", print_calls},
        {"closed", closed},
        {"closed_ipv6", closed_ipv6},
        {"closed_mptcp", closed_mptcp},
        {"closed_both", closed_both},
        {"reset", reset_by_peer},
        {"would_block", would_block},
        {"flags", flags},
        {"zero_length", zero_length},
        {"own_shutdown", own_shutdown},
        {"not_connected", not_connected},
        {"bad_buffer", bad_buffer},
        {"bad_descriptor", bad_descriptor},
        {"time_out", time_out},
        {"interrupted", interrupted},
        {"udp", udp},
        {"unix_stream", unix_stream},
        {"unix_messages", unix_messages},
        {"no_sockets", no_sockets},
        {"error_queue", error_queue},
        {"rwf_nowait", rwf_nowait},
        {"many_messages", many_messages},
        {"netlink", netlink},
    };
    return run_case(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL);
}
