/* What a call only reads stays unwritten, for it may be in memory that cannot
 * be written: every such argument is, here. And what syscall() does not take is
 * its caller's stack. */
#include "harm.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>

/* Everything that a call may be given to read. */
struct given {
    char bytes[8];
    struct iovec vector;
    struct sockaddr_in address;
    struct msghdr message;
    int off;
    struct timeval timeout;
    struct linger linger;
    struct sigaction wish;
};

static const struct given *given_read_only(void)
{
    struct given *it = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(it != MAP_FAILED);
    it->vector = (struct iovec){it->bytes, sizeof it->bytes};
    it->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(1)};
    it->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    it->message = (struct msghdr){.msg_name = &it->address,
                                  .msg_namelen = sizeof it->address,
                                  .msg_iov = &it->vector,
                                  .msg_iovlen = 1};
    it->wish = (struct sigaction){.sa_handler = SIG_DFL};
    CHECK(mprotect(it, 4096, PROT_READ) == 0);
    return it;
}

/* Some fail, some succeed: what counts is that they come back. */
static void call_with(const struct given *it)
{
    const struct sockaddr *address = (const struct sockaddr *)&it->address;
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    signal(SIGPIPE, SIG_IGN);
    CHECK(setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &it->off, sizeof it->off) == 0);
    CHECK(setsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &it->timeout, sizeof it->timeout) == 0);
    CHECK(setsockopt(tcp, SOL_SOCKET, SO_LINGER, &it->linger, sizeof it->linger) == 0);
    CHECK(connect(tcp, address, sizeof it->address) == -1 && errno == ECONNREFUSED);
    CHECK(bind(tcp, address, 1) == -1 && errno == EINVAL);
    CHECK(send(tcp, it->bytes, 8, 0) == -1 && errno == EPIPE);
    CHECK(sendto(tcp, it->bytes, 8, 0, address, 16) == -1 && errno == EPIPE);
    CHECK(sendmsg(tcp, &it->message, 0) == -1 && errno == EPIPE);
    CHECK(write(tcp, it->bytes, 8) == -1 && errno == EPIPE);
    CHECK(writev(tcp, &it->vector, 1) == -1 && errno == EPIPE);
    CHECK(pwritev2(tcp, &it->vector, 1, -1, 0) == -1 && errno == EPIPE);
    CHECK(sendto(udp, it->bytes, 8, 0, address, 16) == 8);
    CHECK(sendmsg(udp, &it->message, 0) == 8 || errno == ECONNREFUSED);
    CHECK(readv(udp, &it->vector, 0) == 0);
    CHECK(recvfrom(udp, NULL, 0, MSG_DONTWAIT, NULL, NULL) <= 0);
    CHECK(sigaction(SIGPIPE, &it->wish, NULL) == 0);
    CHECK(sigaction(SIGPIPE, &it->wish, NULL) == 0);
}

/* A variable next to the arguments that syscall() was not given: a thread adds
 * to it all the time, and a wrapper that stores its seven parameters back would
 * undo what was added meanwhile. */
enum { ADDITIONS = 3000000 };
static long *volatile sum;
static volatile int done;

static void *add(void *unused)
{
    for (int i = 0; i < ADDITIONS; i++) {
        __atomic_fetch_add(sum, 1, __ATOMIC_SEQ_CST);
    }
    done = 1;
    return unused;
}

static __attribute__((noinline)) void stack_is_left_alone(void)
{
    struct {
        long sum, others[4];
        pthread_t thread;
    } here = {0};
    sum = &here.sum;
    CHECK(pthread_create(&here.thread, NULL, add, NULL) == 0);
    while (!done) {
        syscall(SYS_gettid);
    }
    pthread_join(here.thread, NULL);
    CHECK(*sum == ADDITIONS);
}

int main(void)
{
    call_with(given_read_only());
    stack_is_left_alone();
    puts("fine");
    return 0;
}
