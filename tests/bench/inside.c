/* What the shim adds to one call, within one process: libc's function against
 * the one that the program gets, in alternating batches (libc, shim, shim, libc)
 * so that what drifts is the same for both.
 *
 * inside KIND BATCHES [SOCKETS]: prints libc's nanoseconds a call, those that
 *     are added, and how many sockets were open beside (SOCKETS, or what the
 *     hard limit of descriptors allows).
 * inside KIND calls libc|shim COUNT: makes COUNT calls, for them to be counted.
 */
#include "bench.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/resource.h>

/* Not a function of libc's name that this program itself could be bound to. */
#ifdef __GLIBC__
#define LIBC "libc.so.6"
#else
#define LIBC "libc.so"
#endif

enum { MOST = 256 }; /* calls in a batch */

struct functions {
    ssize_t (*recv)(int, void *, size_t, int);
    ssize_t (*send)(int, const void *, size_t, int);
    ssize_t (*read)(int, void *, size_t);
    ssize_t (*write)(int, const void *, size_t);
    int (*socket)(int, int, int);
    int (*connect)(int, const struct sockaddr *, socklen_t);
    int (*accept)(int, struct sockaddr *, socklen_t *);
    int (*close)(int);
    int (*bind)(int, const struct sockaddr *, socklen_t);
    int (*listen)(int, int);
    int (*sigaction)(int, const struct sigaction *, struct sigaction *);
    /* One for each: that of the shim hands TCP_NODELAY on. */
    int listener;
    struct sockaddr_in address;
};

static struct functions libc, shim;
static char bytes[MOST];
static int fd;
static int peer;
static int many[MOST];

static void *function(void *handle, const char *name)
{
    void *found = dlsym(handle, name);
    must(found, name);
    return found;
}

static void look_up(struct functions *f, void *handle)
{
    *(void **)&f->recv = function(handle, "recv");
    *(void **)&f->send = function(handle, "send");
    *(void **)&f->read = function(handle, "read");
    *(void **)&f->write = function(handle, "write");
    *(void **)&f->socket = function(handle, "socket");
    *(void **)&f->connect = function(handle, "connect");
    *(void **)&f->accept = function(handle, "accept");
    *(void **)&f->close = function(handle, "close");
    *(void **)&f->bind = function(handle, "bind");
    *(void **)&f->listen = function(handle, "listen");
    *(void **)&f->sigaction = function(handle, "sigaction");
}

/* ---- Calls that succeed ---- */

static void begin_pair(void)
{
    int end[2];
    unix_pair(end);
    fd = end[0];
    peer = end[1];
}

static void fill(int count)
{
    must(libc.write(peer, bytes, (size_t)count) == count, "fill");
}

static void drain(int count)
{
    for (ssize_t left = count; left > 0;) {
        left -= libc.read(peer, bytes, sizeof bytes);
    }
}

static void run_recv(const struct functions *f, int count)
{
    char byte;
    for (int i = 0; i < count; i++) {
        must(f->recv(fd, &byte, 1, 0) == 1, "recv");
    }
}

static void run_read(const struct functions *f, int count)
{
    char byte;
    for (int i = 0; i < count; i++) {
        must(f->read(fd, &byte, 1) == 1, "read");
    }
}

static void run_send(const struct functions *f, int count)
{
    for (int i = 0; i < count; i++) {
        must(f->send(fd, bytes, 1, 0) == 1, "send");
    }
}

static void run_write(const struct functions *f, int count)
{
    for (int i = 0; i < count; i++) {
        must(f->write(fd, bytes, 1) == 1, "write");
    }
}

static void begin_connections(void)
{
    libc.listener = listener(&libc.address, 8);
    shim.listener = listener(&shim.address, 8);
    close_by_reset(libc.listener);
    close_by_reset(shim.listener);
}

static void run_connections(const struct functions *f, int count)
{
    const struct sockaddr *address = (const struct sockaddr *)&f->address;
    for (int i = 0; i < count; i++) {
        int client = f->socket(AF_INET, SOCK_STREAM, 0);
        must(f->connect(client, address, sizeof f->address) == 0, "connect");
        int server = f->accept(f->listener, NULL, NULL);
        must(f->close(server) == 0 && f->close(client) == 0, "close");
    }
}

/* Ports that nobody has. */
static void begin_listening(void)
{
    close(listener(&libc.address, 8));
    close(listener(&shim.address, 8));
}

static void run_listening(const struct functions *f, int count)
{
    for (int i = 0; i < count; i++) {
        int server = f->socket(AF_INET, SOCK_STREAM, 0);
        must(f->bind(server, (const struct sockaddr *)&f->address, sizeof f->address) == 0, "bind");
        must(f->listen(server, 8) == 0 && f->close(server) == 0, "listen");
    }
}

static void handle_nothing(int sig)
{
    (void)sig;
}

static void run_handlers(const struct functions *f, int count)
{
    struct sigaction act = {.sa_handler = handle_nothing};
    for (int i = 0; i < count; i++) {
        must(f->sigaction(SIGUSR1, &act, NULL) == 0, "sigaction");
    }
}

/* ---- Calls that fail ---- */

static void begin_would_block(void)
{
    fd = nothing_to_read();
}

static void begin_would_block_send(void)
{
    fd = no_room_to_write();
}

static void begin_end(void)
{
    fd = ended();
}

static void begin_end_unix(void)
{
    fd = ended_unix();
}

static void begin_broken(void)
{
    fd = broken();
}

static void run_would_block(const struct functions *f, int count)
{
    char byte;
    for (int i = 0; i < count; i++) {
        must(f->recv(fd, &byte, 1, 0) == -1 && errno == EAGAIN, "EAGAIN of recv");
    }
}

static void run_would_block_send(const struct functions *f, int count)
{
    for (int i = 0; i < count; i++) {
        must(f->send(fd, bytes, 1, 0) == -1 && errno == EAGAIN, "EAGAIN of send");
    }
}

static void run_end(const struct functions *f, int count)
{
    char byte;
    for (int i = 0; i < count; i++) {
        must(f->recv(fd, &byte, 1, 0) == 0, "end of file");
    }
}

static void run_broken(const struct functions *f, int count)
{
    for (int i = 0; i < count; i++) {
        must(f->send(fd, bytes, 1, 0) == -1 && errno == EPIPE, "EPIPE");
    }
}

/* A connection is reset once. */
static void reset_many(int count)
{
    for (int i = 0; i < count; i++) {
        many[i] = reset();
    }
}

static void run_reset(const struct functions *f, int count)
{
    char byte;
    for (int i = 0; i < count; i++) {
        must(f->recv(many[i], &byte, 1, 0) == -1 && errno == ECONNRESET, "ECONNRESET");
    }
}

static void close_many(int count)
{
    for (int i = 0; i < count; i++) {
        libc.close(many[i]);
    }
}

/* ---- */

static const struct kind {
    const char *name;
    int batch; /* calls in a batch */
    void (*begin)(void);
    void (*before)(int count); /* a batch; not timed */
    void (*run)(const struct functions *f, int count);
    void (*after)(int count);
} kinds[] = {
    {"recv", 64, begin_pair, fill, run_recv, NULL},
    {"read", 64, begin_pair, fill, run_read, NULL},
    {"send", 64, begin_pair, NULL, run_send, drain},
    {"write", 64, begin_pair, NULL, run_write, drain},
    {"connections", 16, begin_connections, NULL, run_connections, NULL},
    {"listening", 16, begin_listening, NULL, run_listening, NULL},
    {"handlers", 64, NULL, NULL, run_handlers, NULL},
    {"would-block", 16, begin_would_block, NULL, run_would_block, NULL},
    {"would-block-send", 16, begin_would_block_send, NULL, run_would_block_send, NULL},
    {"end", 16, begin_end, NULL, run_end, NULL},
    {"end-unix", 16, begin_end_unix, NULL, run_end, NULL},
    {"reset", 16, NULL, reset_many, run_reset, close_many},
    {"broken", 16, begin_broken, NULL, run_broken, NULL},
};

static const struct kind *kind_named(const char *name)
{
    return named(name, kinds, sizeof *kinds, sizeof kinds / sizeof *kinds);
}

/* Nanoseconds a call. */
static double batch(const struct kind *kind, const struct functions *f, int count)
{
    if (kind->before) {
        kind->before(count);
    }
    double start = now();
    kind->run(f, count);
    double end = now();
    if (kind->after) {
        kind->after(count);
    }
    return (end - start) / count;
}

static void compare(const struct kind *kind, int batches, int sockets)
{
    double *plain = calloc((size_t)batches, sizeof *plain);
    double *added = calloc((size_t)batches, sizeof *added);
    must(plain && added && (shim.recv != libc.recv || shim.socket != libc.socket),
         "nothing is preloaded");
    batch(kind, &libc, kind->batch);
    batch(kind, &shim, kind->batch);
    for (int i = 0; i < batches; i++) {
        double first = batch(kind, &libc, kind->batch);
        double with = batch(kind, &shim, kind->batch);
        with += batch(kind, &shim, kind->batch);
        first += batch(kind, &libc, kind->batch);
        plain[i] = first / 2;
        added[i] = (with - first) / 2;
    }
    printf("%.2f %.2f %d\n", median(plain, (size_t)batches), median(added, (size_t)batches),
           sockets);
}

/* Connections that are just there; returns how many sockets that made. */
static int open_sockets(int wanted)
{
    struct rlimit limit;
    struct sockaddr_in address;
    int end[2];
    must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    int room = limit.rlim_cur > 1000000 ? 1000000 : (int)limit.rlim_cur - 300;
    int count = wanted < room ? wanted : room;
    int at = listener(&address, 8);
    close_by_reset(at);
    for (int i = 0; i + 1 < count; i += 2) {
        connection(at, &address, end);
    }
    return count;
}

int main(int argc, char **argv)
{
    must(argc >= 3, "inside KIND BATCHES [SOCKETS]");
    const struct kind *kind = kind_named(argv[1]);
    void *handle = dlopen(LIBC, RTLD_LAZY | RTLD_NOLOAD);
    must(handle, LIBC);
    look_up(&libc, handle);
    look_up(&shim, RTLD_DEFAULT);
    int sockets = strcmp(argv[2], "calls") == 0 ? 0 : open_sockets(number(argv, argc, 3, 0));
    if (kind->begin) {
        kind->begin();
    }
    if (strcmp(argv[2], "calls") == 0) {
        must(argc == 5 && atoi(argv[4]) <= MOST, "inside KIND calls libc|shim COUNT");
        batch(kind, strcmp(argv[3], "shim") == 0 ? &shim : &libc, atoi(argv[4]));
        return 0;
    }
    compare(kind, number(argv, argc, 2, 1), sockets);
    return 0;
}
