/* A program and its peer, which talk for a while.
 *
 * workload AMOUNT KIND...: prints the nanoseconds of one, a line for each KIND.
 *
 * tcp: 64 bytes there and back over TCP loopback, by send and recv, for AMOUNT
 *     milliseconds.
 * unix: the same over a unix pair, by write and read.
 * blocked: a recv to which nothing has come, likewise.
 * stream: 64 KiB over TCP loopback, written by the one and read by the other.
 * requests: AMOUNT requests, each in two small writes, each answered in one, by
 *     a program that knows nothing of Nagle's algorithm.
 * requests-nodelay: by one that does. */
#include "bench.h"

#include <errno.h>
#include <sys/wait.h>

enum { MESSAGE = 64, CHUNK = 65536, BATCH = 16 };

static char room[CHUNK];

static size_t receive(int fd, size_t least)
{
    size_t have = 0;
    while (have < least) {
        ssize_t n = recv(fd, room, sizeof room, 0);
        must(n >= 0, "recv");
        if (n == 0) {
            return 0;
        }
        have += (size_t)n;
    }
    return have;
}

static void receive_exactly(int fd, size_t len)
{
    must(receive(fd, len) == len, "an answer of another length");
}

static void send_all(int fd, size_t len)
{
    must(send(fd, room, len, 0) == (ssize_t)len, "send");
}

/* ---- The peers: until the program ends ---- */

static void echo_tcp(int fd)
{
    while (receive(fd, MESSAGE) > 0) {
        send_all(fd, MESSAGE);
    }
}

static void echo_unix(int fd)
{
    while (read(fd, room, MESSAGE) == MESSAGE) {
        must(write(fd, room, MESSAGE) == MESSAGE, "write");
    }
}

static void swallow(int fd)
{
    while (read(fd, room, CHUNK) > 0) {
    }
}

static void answer(int fd)
{
    while (receive(fd, 2 * MESSAGE) > 0) {
        send_all(fd, MESSAGE);
    }
}

/* ---- The program ---- */

static void ask_tcp(int fd)
{
    send_all(fd, MESSAGE);
    receive_exactly(fd, MESSAGE);
}

static void ask_unix(int fd)
{
    must(write(fd, room, MESSAGE) == MESSAGE && read(fd, room, MESSAGE) == MESSAGE, "ask");
}

static void look(int fd)
{
    must(recv(fd, room, MESSAGE, MSG_DONTWAIT) == -1 && errno == EAGAIN, "recv of nothing");
}

static void pour(int fd)
{
    must(write(fd, room, CHUNK) == CHUNK, "write");
}

static void request(int fd)
{
    send_all(fd, MESSAGE);
    send_all(fd, MESSAGE);
    receive_exactly(fd, MESSAGE);
}

/* Nanoseconds for one, of as many as go into that many milliseconds. */
static double talk_for(int milliseconds, void (*once)(int), int fd)
{
    double start = now(), end = start;
    long count = 0;
    while (end - start < milliseconds * 1e6) {
        for (int i = 0; i < BATCH; i++) {
            once(fd);
        }
        count += BATCH;
        end = now();
    }
    return (end - start) / (double)count;
}

static double talk_times(int count, void (*once)(int), int fd)
{
    double *took = calloc((size_t)count, sizeof *took);
    must(took, "memory");
    for (int i = 0; i < count; i++) {
        double start = now();
        once(fd);
        took[i] = now() - start;
    }
    return median(took, (size_t)count);
}

static void tcp_pair_without_delay(int end[2])
{
    int on = 1;
    tcp_pair(end);
    must(setsockopt(end[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
}

static const struct kind {
    const char *name;
    void (*connect)(int end[2]);
    void (*serve)(int fd);
    void (*once)(int fd);
    double (*talk)(int amount, void (*once)(int), int fd);
} kinds[] = {
    {"tcp", tcp_pair, echo_tcp, ask_tcp, talk_for},
    {"unix", unix_pair, echo_unix, ask_unix, talk_for},
    {"blocked", tcp_pair, swallow, look, talk_for},
    {"stream", tcp_pair, swallow, pour, talk_for},
    {"requests", tcp_pair, answer, request, talk_times},
    {"requests-nodelay", tcp_pair_without_delay, answer, request, talk_times},
};

static const struct kind *kind_named(const char *name)
{
    return named(name, kinds, sizeof *kinds, sizeof kinds / sizeof *kinds);
}

static double talk(const struct kind *kind, int amount)
{
    int end[2];
    int status = 0;
    kind->connect(end);
    pid_t peer = fork();
    must(peer >= 0, "fork");
    if (peer == 0) {
        close(end[0]);
        kind->serve(end[1]);
        _exit(0);
    }
    close(end[1]);
    double took = kind->talk(amount, kind->once, end[0]);
    close(end[0]);
    must(waitpid(peer, &status, 0) == peer && status == 0, "the peer");
    return took;
}

int main(int argc, char **argv)
{
    must(argc > 2 && atoi(argv[1]) > 0, "workload AMOUNT KIND...");
    for (int i = 2; i < argc; i++) {
        printf("%.1f\n", talk(kind_named(argv[i]), atoi(argv[1])));
    }
    return 0;
}
