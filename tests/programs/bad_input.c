/* Arguments that the kernel refuses, or takes though they look bad: bad_input
 * CASE. A step whose name begins with - concerns no socket. */
#include "calls.h"

/* Through variables that the compiler knows nothing of. */
static void *volatile null_pointer = NULL;
static void *volatile tiny_pointer = (void *)1;
static void *volatile no_memory;  /* a page that may not be touched */
static void *volatile page_end;   /* where such a page begins, behind a good one */
static const char *volatile good; /* 64 bytes */

static volatile int minus_one = -1;

enum { POINTERS = 3 };

static void *bad_pointer(int i)
{
    return i == 0 ? null_pointer : i == 1 ? tiny_pointer : no_memory;
}

static void prepare(void)
{
    static char buffer[64];
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(mprotect(at + page, page, PROT_NONE));
    page_end = at + page;
    no_memory = at + page;
    good = buffer;
}

#define EACH_POINTER(p) for (int i_ = 0; p = bad_pointer(i_), i_ < POINTERS; i_++)
#define TWIN bad_pointer(i_) /* the same once more */

/* Sockets of which each step finds one in the same state. */
static void connected(void)
{
    clear();
    tcp_pair();
    MUST(send(THEM, "hello", 5, 0));
    await(US, POLLIN);
    no_waiting(US);
}

static void receiving(void)
{
    void *p;
    connected();
    EACH_POINTER(p)
    {
        struct iovec iov = {p, 5};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
        struct mmsghdr msgs = {.msg_hdr = msg};
        STEP("recv", recv(US, p, 5, 0));
        STEP("recv", recv(US, p, 0, 0));
        STEP("recvfrom", recvfrom(US, p, 5, 0, NULL, NULL));
        STEP("recvmsg", recvmsg(US, &msg, 0));
        STEP("recvmmsg", recvmmsg(US, &msgs, 1, 0, NULL));
        STEP("read", read(US, p, 5));
        STEP("read", read(US, p, 0));
        STEP("readv", readv(US, &iov, 1));
        STEP("recvmsg", recvmsg(US, p, 0));
        STEP("recvmmsg", recvmmsg(US, p, 1, 0, NULL));
        STEP("recvmmsg", recvmmsg(US, p, 0, 0, NULL));
        STEP("readv", readv(US, p, 1));
        STEP("readv", readv(US, p, 0));
        STEP("readv", readv(US, p, minus_one));
        STEP("readv", readv(US, p, 1025));
#ifdef __GLIBC__
        STEP("preadv2", preadv2(US, &iov, 1, -1, 0));
        STEP("preadv2", preadv2(US, p, 1, -1, 0));
        STEP("preadv2", preadv2(US, p, 0, -1, 0));
        STEP("preadv2", preadv2(US, p, 1, 0, 0));
        STEP("preadv2", preadv2(US, p, 1, -2, 0));
        STEP("preadv2", preadv2(US, p, 1, -1, 0x4000));
        STEP("preadv64v2", preadv64v2(US, p, 1, 7, 0));
#endif
    }
}

/* As above, with an end of stream and an error that would come otherwise. */
static void after_the_end(void)
{
    void *p;
    EACH_POINTER(p)
    {
        struct iovec iov = {p, 5};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
        clear();
        tcp_pair();
        MUST(close(THEM));
        await(US, POLLRDHUP);
        STEP("recv", recv(US, p, 5, 0));
        STEP("recvmsg", recvmsg(US, &msg, 0));
        STEP("recvmsg", recvmsg(US, p, 0));
        STEP("read", read(US, p, 5));
        STEP("readv", readv(US, &iov, 1));
        STEP("readv", readv(US, p, 1));
        clear();
        tcp_pair();
        reset(THEM);
        await(US, POLLERR);
        STEP("recvmsg", recvmsg(US, p, 0));
        STEP("readv", readv(US, p, 1));
        STEP("writev", writev(US, p, 1));
        STEP("sendmsg", sendmsg(US, p, 0));
        STEP("send", send(US, p, 5, 0));
        STEP("write", write(US, p, 5));
        STEP("sendmsg", sendmsg(US, &msg, 0));
        STEP("writev", writev(US, &iov, 1));
    }
}

static void receiving_addresses(void)
{
    void *p;
    char buf[64];
    union any_address a;
    socklen_t len;
    EACH_POINTER(p)
    {
        clear();
        udp_pair();
        no_waiting(US);
        MUST(send(THEM, "one", 3, 0));
        MUST(send(THEM, "two", 3, 0));
        MUST(send(THEM, "three", 5, 0));
        MUST(send(THEM, "four", 4, 0));
        await(US, POLLIN);
        len = sizeof a;
        STEP("recvfrom", recvfrom(US, buf, sizeof buf, 0, p, &len));
        STEP("recvfrom", recvfrom(US, buf, sizeof buf, 0, &a.any, p));
        len = (socklen_t)-1;
        STEP("recvfrom", recvfrom(US, buf, sizeof buf, 0, &a.any, &len));
        struct iovec iov = {buf, sizeof buf};
        struct msghdr msg = {.msg_name = p,
                             .msg_namelen = sizeof a,
                             .msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = p,
                             .msg_controllen = 64};
        STEP("recvmsg", recvmsg(US, &msg, 0));
        while (syscall(SYS_recvfrom, US, buf, sizeof buf, 0, NULL, NULL) > 0) {
        }
        STEP("recvmsg", recvmsg(US, &msg, 0));
        msg.msg_namelen = (socklen_t)-1;
        STEP("recvmsg", recvmsg(US, &msg, 0));
        STEP("recvfrom", recvfrom(US, buf, sizeof buf, 0, p, TWIN));
    }
}

static void sending(void)
{
    void *p;
    connected();
    EACH_POINTER(p)
    {
        struct iovec iov = {p, 5};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
        struct mmsghdr msgs = {.msg_hdr = msg};
        STEP("send", send(US, p, 5, 0));
        STEP("send", send(US, p, 0, 0));
        STEP("sendto", sendto(US, p, 5, 0, NULL, 0));
        STEP("sendto", sendto(US, p, 0, 0, NULL, 0));
        STEP("sendmsg", sendmsg(US, &msg, 0));
        STEP("sendmmsg", sendmmsg(US, &msgs, 1, 0));
        STEP("write", write(US, p, 5));
        STEP("write", write(US, p, 0));
        STEP("writev", writev(US, &iov, 1));
        STEP("sendmsg", sendmsg(US, p, 0));
        STEP("sendmmsg", sendmmsg(US, p, 1, 0));
        STEP("sendmmsg", sendmmsg(US, p, 0, 0));
        STEP("writev", writev(US, p, 1));
        STEP("writev", writev(US, p, 0));
        STEP("writev", writev(US, p, minus_one));
        STEP("writev", writev(US, p, 1025));
#ifdef __GLIBC__
        STEP("pwritev2", pwritev2(US, &iov, 1, -1, 0));
        STEP("pwritev2", pwritev2(US, p, 1, -1, 0));
        STEP("pwritev2", pwritev2(US, p, 0, -1, 0));
        STEP("pwritev2", pwritev2(US, p, 1, 0, 0));
        STEP("pwritev2", pwritev2(US, p, 1, -2, 0));
        STEP("pwritev64v2", pwritev64v2(US, p, 1, 7, 0));
#endif
    }
    EACH_POINTER(p)
    {
        if (p) {
            STEP("sendfile", sendfile(US, US, p, 5));
            STEP("splice", splice(US, p, THEM, NULL, 5, 0));
        }
    }
}

static void headers(void)
{
    void *p;
    static struct iovec many[1025];
    char buf[8] = "hello";
    udp_pair();
    no_waiting(US);
    struct msghdr msg = {.msg_iov = many, .msg_iovlen = 1025};
    STEP("sendmsg", sendmsg(US, &msg, 0));
    STEP("recvmsg", recvmsg(US, &msg, 0));
    msg.msg_iovlen = (__typeof__(msg.msg_iovlen))-1;
    STEP("sendmsg", sendmsg(US, &msg, 0));
    STEP("recvmsg", recvmsg(US, &msg, 0));
    STEP("writev", writev(US, many, 1025));
    EACH_POINTER(p)
    {
        struct iovec iov = {buf, 5};
        msg = (struct msghdr){.msg_iov = p, .msg_iovlen = 1};
        STEP("sendmsg", sendmsg(US, &msg, 0));
        STEP("recvmsg", recvmsg(US, &msg, 0));
        msg.msg_iovlen = 1025;
        STEP("sendmsg", sendmsg(US, &msg, 0));
        STEP("recvmsg", recvmsg(US, &msg, 0));
        msg.msg_iovlen = 0;
        STEP("sendmsg", sendmsg(US, &msg, 0));
        STEP("recvmsg", recvmsg(US, &msg, 0));
        msg = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1, .msg_name = p, .msg_namelen = 16};
        STEP("sendmsg", sendmsg(US, &msg, 0));
        msg.msg_namelen = (socklen_t)-1;
        STEP("sendmsg", sendmsg(US, &msg, 0));
        msg.msg_namelen = 0;
        iov.iov_len = 0;
        STEP("sendmsg", sendmsg(US, &msg, 0));
        iov.iov_len = 70000;
        STEP("sendmsg", sendmsg(US, &msg, 0));
        msg = (struct msghdr){
            .msg_iov = &iov, .msg_iovlen = 1, .msg_control = p, .msg_controllen = 64};
        STEP("sendmsg", sendmsg(US, &msg, 0));
        msg.msg_controllen = (__typeof__(msg.msg_controllen))-1;
        STEP("sendmsg", sendmsg(US, &msg, 0));
    }
    struct iovec long_ones[2] = {{buf, (size_t)-1}, {buf, 5}};
    STEP("writev", writev(US, long_ones, 2));
    STEP("readv", readv(US, long_ones, 2));
    msg = (struct msghdr){.msg_iov = long_ones, .msg_iovlen = 2};
    STEP("sendmsg", sendmsg(US, &msg, 0));
    STEP("recvmsg", recvmsg(US, &msg, 0));
}

/* An address so that its last byte is the last of its page. */
static void *at_page_end(const union any_address *a, size_t len)
{
    return memcpy((char *)page_end - len, a, len);
}

static void destinations(void)
{
    static const socklen_t lengths[] = {0, 1, 2, 3, 15, 16, 127, 128, 129, 0x7fffffff, 0xffffffff};
    union any_address a;
    void *p;
    loopback(AF_INET, &a);
    a.in.sin_port = htons(9);
    a.in.sin_addr.s_addr = htonl(0x7fffffff); /* refused whatever the length */
    place((int)MUST(socket(AF_INET, SOCK_DGRAM, 0)), US);
    place((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), THEM);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const struct sockaddr *end = at_page_end(&a, 16);
        socklen_t len = lengths[i];
        STEP("connect", connect(US, end, len));
        STEP("bind", bind(THEM, end, len));
        STEP("sendto", sendto(US, good, 5, 0, end, len));
        EACH_POINTER(p)
        {
            STEP("connect", connect(US, p, len));
            STEP("bind", bind(THEM, p, len));
            STEP("sendto", sendto(US, good, 5, 0, p, len));
            STEP("connect", connect(-1, p, len));
            STEP("bind", bind(1000000, p, len));
            STEP("sendto", sendto(-1, good, 5, 0, p, len));
        }
    }
}

static void descriptors(void)
{
    static const int fds[] = {-1, 1000000};
    void *p;
    for (size_t i = 0; i < 2; i++) {
        EACH_POINTER(p)
        {
            int fd = fds[i];
            STEP("recv", recv(fd, p, 5, 0));
            STEP("recvfrom", recvfrom(fd, p, 5, 0, TWIN, TWIN));
            STEP("recvmsg", recvmsg(fd, p, 0));
            STEP("recvmmsg", recvmmsg(fd, p, 1, 0, NULL));
            STEP("send", send(fd, p, 5, 0));
            STEP("sendto", sendto(fd, p, 5, 0, TWIN, 16));
            STEP("sendmsg", sendmsg(fd, p, 0));
            STEP("sendmmsg", sendmmsg(fd, p, 1, 0));
            STEP("accept", accept(fd, p, TWIN));
            STEP("accept4", accept4(fd, p, TWIN, 0));
            STEP("getsockopt", getsockopt(fd, SOL_SOCKET, SO_ERROR, p, TWIN));
            STEP("setsockopt", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, p, 4));
            STEP("-read", read(fd, p, 5));
            STEP("-readv", readv(fd, p, 1));
            STEP("-write", write(fd, p, 5));
            STEP("-writev", writev(fd, p, 1));
            STEP("-sendfile", sendfile(fd, fd, NULL, 5));
            STEP("-splice", splice(fd, NULL, fd, NULL, 5, 0));
#ifdef __GLIBC__
            STEP("-preadv2", preadv2(fd, p, 1, -1, 0));
            STEP("-pwritev2", pwritev2(fd, p, 1, -1, 0));
#endif
        }
    }
}

/* Of accept too much is asked only when a connection waits. */
static void accepting(void)
{
    union any_address a;
    void *p;
    EACH_POINTER(p)
    {
        socklen_t len = sizeof a;
        clear();
        tcp_pair();
        connect_to(place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), OTHER), LISTENER);
        STEP("accept", accept(LISTENER, &a.any, p) < 0 ? -1 : 1);
        connect_to(place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), OTHER), LISTENER);
        STEP("accept4", accept4(LISTENER, p, &len, 0) < 0 ? -1 : 1);
        connect_to(place((int)MUST(socket(AF_INET, SOCK_STREAM, 0)), OTHER), LISTENER);
        len = (socklen_t)-1;
        STEP("accept", accept(LISTENER, &a.any, &len) < 0 ? -1 : 1);
    }
}

/* A pending error that SO_ERROR is asked for through bad pointers. */
static void options(void)
{
    void *p;
    int value = 0;
    EACH_POINTER(p)
    {
        socklen_t len = sizeof value;
        clear();
        tcp_pair();
        reset(THEM);
        await(US, POLLERR);
        STEP("getsockopt", getsockopt(US, SOL_SOCKET, SO_ERROR, &value, p));
        STEP("getsockopt", getsockopt(US, SOL_SOCKET, SO_ERROR, p, TWIN));
        len = (socklen_t)-1;
        STEP("getsockopt", getsockopt(US, SOL_SOCKET, SO_ERROR, &value, &len));
        len = sizeof value;
        STEP("getsockopt", getsockopt(US, SOL_SOCKET, SO_ERROR, p, &len));
        len = 0;
        STEP("getsockopt", getsockopt(US, SOL_SOCKET, SO_ERROR, p, &len));
        STEP("setsockopt", setsockopt(US, IPPROTO_TCP, TCP_NODELAY, p, 4));
        STEP("setsockopt", setsockopt(US, IPPROTO_TCP, TCP_NODELAY, p, 0));
        STEP("setsockopt", setsockopt(US, SOL_SOCKET, SO_RCVTIMEO, p, 16));
    }
}

/* What is no socket, with bad pointers. */
static void no_sockets(void)
{
    int ends[2];
    void *p;
    MUST(pipe(ends));
    MUST(write(ends[1], "hello", 5));
    EACH_POINTER(p)
    {
        STEP("-read", read(ends[0], p, 5));
        STEP("-readv", readv(ends[0], p, 1));
        STEP("-write", write(ends[1], p, 5));
        STEP("-writev", writev(ends[1], p, 1));
        STEP("recv", recv(ends[0], p, 5, 0));
        STEP("recvmsg", recvmsg(ends[0], p, 0));
        STEP("sendmsg", sendmsg(ends[1], p, 0));
        STEP("sendto", sendto(ends[1], p, 5, 0, TWIN, 16));
        STEP("connect", connect(ends[0], p, 16));
        STEP("bind", bind(ends[0], p, 16));
        STEP("accept", accept(ends[0], p, TWIN));
    }
    STEP("listen", listen(ends[0], 1));
    STEP("shutdown", shutdown(ends[0], 0));
}

/* A unix socket whose name, given in the environment in hex, is both ends' of a
 * connection: its end, and one more attempt to bind. */
static void unix_name(void)
{
    const char *hex = getenv("NAME_IN_HEX");
    char name[108], buf[8];
    size_t n = 0;
    union any_address a;
    for (unsigned byte; n < sizeof name && sscanf(hex + 2 * n, "%2x", &byte) == 1; n++) {
        name[n] = (char)byte;
    }
    socklen_t len = unix_address(&a, name, n);
    unlink(name);
    place((int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), US);
    MUST(bind(US, &a.any, len));
    MUST(connect(US, &a.any, len));
    MUST(shutdown(US, SHUT_RDWR));
    STEP("recv", recv(US, buf, sizeof buf, 0));
    place((int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), THEM);
    STEP("bind", bind(THEM, &a.any, len));
}

static void one_failure(void)
{
    STEP("shutdown", shutdown(place((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), US), 99));
}

int main(int argc, char **argv)
{
    static const struct named_case cases[] = {
        {"receiving", receiving},
        {"after_the_end", after_the_end},
        {"receiving_addresses", receiving_addresses},
        {"sending", sending},
        {"headers", headers},
        {"destinations", destinations},
        {"descriptors", descriptors},
        {"accepting", accepting},
        {"options", options},
        {"no_sockets", no_sockets},
        {"unix_name", unix_name},
        {"one_failure", one_failure},
    };
    prepare();
    return run_case(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL);
}
