/* Random trials of robust handling: a connection between two processes, each of which makes
 * random calls on it, in random modes, under a storm of signals. What arrives is compared byte by
 * byte with what was sent, and each result with those that the manual pages allow in that mode,
 * and, with a setting in its way, libsockshim(7).
 *
 *     trials FIRST COUNT [SHIM]      so many seeds, natively or under that object
 *     trials run SEED                one of them, in this environment
 *
 * Each seed has its own settings. What is wrong is said in a line that begins with the seed. */
#include "trials.h"

struct shared *shared;
struct promised promised;
static uint64_t chance;

unsigned below(unsigned n)
{
    chance = chance * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(chance >> 33) % n;
}

void wrong(const char *format, ...)
{
    char line[300];
    va_list values;
    int n = snprintf(line, sizeof line, "%u %s: ", shared->seed, shared->words);
    va_start(values, format);
    n += vsnprintf(line + n, sizeof line - (size_t)n - 1, format, values);
    va_end(values);
    line[n++] = '\n';
    if (write(1, line, (size_t)n) == n) {
        kill(0, SIGKILL); /* all of this trial */
    }
    _exit(2);
}

unsigned long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned long)t.tv_sec * 1000 + (unsigned long)t.tv_nsec / 1000000;
}

void nap(unsigned ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) != 0) {
    }
}

/* ---- The storm: SIGUSR1 and SIGPROF with SA_RESTART, SIGUSR2 without ---- */

static void handler(int sig)
{
    (void)sig;
}

static pthread_t stormed;
static volatile int is_over;

static void *storms(void *unused)
{
    static const int signals[] = {SIGUSR1, SIGPROF, SIGUSR2};
    unsigned turn = 0;
    while (!is_over) {
        nap(1 + turn % 5);
        pthread_kill(stormed, signals[turn++ % (shared->interrupts ? 3 : 2)]);
    }
    return unused;
}

/* Begins one for this thread. */
static pthread_t storm_begin(void)
{
    struct sigaction act = {.sa_handler = handler, .sa_flags = SA_RESTART};
    pthread_t thread;
    sigset_t all, before;
    sigaction(SIGUSR1, &act, NULL);
    sigaction(SIGPROF, &act, NULL);
    act.sa_flags = 0;
    sigaction(SIGUSR2, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    stormed = pthread_self();
    is_over = !shared->has_storm;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_create(&thread, NULL, storms, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return thread;
}

static void storm_end(pthread_t thread)
{
    is_over = 1;
    pthread_join(thread, NULL);
}

/* ---- The connection ---- */

static union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
} address;
static socklen_t address_len;

static int make(int flags)
{
    int family = shared->family == UNIX_STREAM || shared->family == UNIX_SEQPACKET ? AF_UNIX
                 : shared->family == IPV6 || shared->family == MAPPED              ? AF_INET6
                                                                                   : AF_INET;
    int type = shared->family == UNIX_SEQPACKET ? SOCK_SEQPACKET
               : shared->family == UDP          ? SOCK_DGRAM
                                                : SOCK_STREAM;
    int fd = socket(family, type | flags, shared->family == MULTIPATH ? 262 : 0);
    return fd >= 0 || shared->family != MULTIPATH ? fd : socket(family, type | flags, 0);
}

/* To a free address of the family, which is in `address`. */
static int make_bound(void)
{
    int fd = make(0);
    memset(&address, 0, sizeof address);
    address_len = sizeof address.in;
    address.any.sa_family = AF_INET;
    address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (shared->family == UNIX_STREAM || shared->family == UNIX_SEQPACKET) {
        address.un.sun_family = AF_UNIX;
        address_len = offsetof(struct sockaddr_un, sun_path) + 20;
        snprintf(address.un.sun_path + 1, 19, "trials%d", getpid());
    } else if (shared->family == IPV6 || shared->family == MAPPED) {
        memset(&address, 0, sizeof address);
        address_len = sizeof address.in6;
        address.in6.sin6_family = AF_INET6;
        address.in6.sin6_addr = in6addr_loopback;
        if (shared->family == MAPPED) {
            memcpy(&address.in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\1", 16);
        }
    }
    if (bind(fd, &address.any, address_len) != 0 ||
        getsockname(fd, &address.any, &address_len) != 0) {
        wrong("bind: %s", strerror(errno));
    }
    return fd;
}

static int connect_slowly(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int err = 0;
    socklen_t len = sizeof err;
    while (poll(&p, 1, 20000) < 0 && errno == EINTR) {
    }
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
    errno = err;
    return err ? -1 : 0;
}

/* Whether a failed connect may be answered so. */
static void check_connect(int waits, unsigned long begin)
{
    int err = errno;
    unsigned long took = now_ms() - begin;
    int retries = waits && promised.connect_retry_ms > 0;
    int may_end = shared->interrupts && shared->has_storm && !promised.eintr_restart;
    if (err != ECONNREFUSED && !(err == EAGAIN && !waits)) {
        wrong("connect: %s", strerror(err));
    } else if (!shared->is_late) {
        wrong("connect: %s, but somebody listens", strerror(err));
    } else if (retries && !may_end && took < promised.connect_retry_ms) {
        wrong("connect: refused after %lu ms", took);
    } else if (!retries && took > 2000 && !shared->has_storm) {
        wrong("connect: waited %lu ms", took);
    }
}

/* Until it is connected; each try with a new socket. */
static int connected(void)
{
    for (;;) {
        int waits = below(2) == 0;
        int fd = make(waits ? 0 : SOCK_NONBLOCK);
        unsigned long begin = now_ms();
        int result = connect(fd, &address.any, address_len);
        if (result != 0 && (errno == EINPROGRESS || errno == EINTR)) {
            if (errno == EINPROGRESS && waits) {
                wrong("connect: EINPROGRESS of one that waits");
            }
            result = connect_slowly(fd);
        }
        if (result == 0 || (errno == ECONNRESET && shared->end == RESETS)) {
            fcntl(fd, F_SETFL, 0);
            return fd;
        }
        check_connect(waits, begin);
        close(fd);
        nap(10);
    }
}

static int accepts_at_limit(int listener)
{
    struct rlimit before, limit;
    int last = dup(0);
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    limit.rlim_cur = (rlim_t)last + 1;
    setrlimit(RLIMIT_NOFILE, &limit);
    unsigned long begin = now_ms();
    int fd = accept(listener, NULL, NULL);
    int may_end = shared->interrupts && shared->has_storm && !promised.eintr_restart;
    if (fd >= 0) {
        wrong("accept: %d in spite of the limit", fd);
    } else if (errno != EMFILE && !(errno == EINTR && may_end)) {
        wrong("accept: %s", strerror(errno));
    } else if (promised.accept_careful && !may_end && now_ms() - begin < 1000) {
        wrong("accept: EMFILE after %lu ms", now_ms() - begin);
    } else if (!promised.accept_careful && now_ms() - begin > 900 && !shared->has_storm) {
        wrong("accept: waited %lu ms", now_ms() - begin);
    }
    setrlimit(RLIMIT_NOFILE, &before);
    close(last);
    return accept(listener, NULL, NULL);
}

static int accepted(int listener)
{
    int fd = -1;
    if (shared->is_late) {
        nap(60);
    }
    listen(listener, 5);
    shared->listens = 1;
    while (fd < 0) {
        fd = below(12) == 0 ? accepts_at_limit(listener) : accept(listener, NULL, NULL);
        if (fd < 0 && errno != EINTR && errno != EMFILE) {
            wrong("accept: %s", strerror(errno));
        } else if (fd < 0 && errno == EINTR && (!shared->interrupts || promised.eintr_restart)) {
            wrong("accept: EINTR in spite of SA_RESTART");
        }
    }
    return fd;
}

/* One connect is one connection. */
static void check_no_other(int listener)
{
    fcntl(listener, F_SETFL, O_NONBLOCK);
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0) {
        wrong("a second connection came");
    }
}

/* ---- One trial ---- */

static void finish(pthread_t storm)
{
    storm_end(storm);
    _exit(0);
}

static void datagrams(void)
{
    int reader = make_bound();
    int writer = make(0);
    connect(writer, &address.any, address_len);
    if (fork() == 0) {
        chance += 1;
        pthread_t storm = storm_begin();
        write_all(writer);
        finish(storm);
    }
    pthread_t storm = storm_begin();
    read_all(reader);
    storm_end(storm);
}

static void connection(void)
{
    int listener = make_bound();
    if (fork() == 0) {
        close(listener);
        while (!shared->is_late && !shared->listens) {
            nap(1);
        }
        chance += 1;
        pthread_t storm = storm_begin();
        int fd = connected();
        shared->server_writes ? read_all(fd) : write_all(fd);
        finish(storm);
    }
    pthread_t storm = storm_begin();
    int fd = accepted(listener);
    shared->server_writes ? write_all(fd) : read_all(fd);
    if (shared->server_writes && shared->end == IS_LEFT) {
        close(fd);
    }
    check_no_other(listener);
    storm_end(storm);
}

static unsigned number_of(const char *variable)
{
    const char *value = getenv(variable);
    return value ? (unsigned)atoi(value) : 0;
}

static void choose(unsigned seed)
{
    static const char *const words[] = {"IPv4", "IPv6",           "mapped", "MPTCP",
                                        "unix", "unix-seqpacket", "UDP"};
    static const char *const ends[] = {"closes", "resets", "is left"};
    chance = seed * 0x9e3779b97f4a7c15U;
    below(2);
    shared->seed = seed;
    shared->family = (enum family)below(7);
    shared->total = 1 + below(below(3) ? 3000 : 40000);
    shared->end = (enum end)(below(3));
    shared->has_storm = below(3) != 0;
    shared->interrupts = below(2) == 0;
    shared->is_late = below(3) == 0;
    shared->server_writes = below(2) == 0;
    shared->quits = shared->family != UDP && below(8) == 0;
    snprintf(shared->words, sizeof shared->words, "%s %s %s%s%s%s", words[shared->family],
             ends[shared->end], shared->has_storm ? "storm" : "calm",
             shared->interrupts ? "+interrupts" : "", shared->is_late ? " late" : "",
             shared->quits ? " quits" : "");
    promised.recv_timeout_ms = number_of("SOCKSHIM_RECV_TIMEOUT");
    promised.connect_retry_ms = number_of("SOCKSHIM_CONNECT_RETRY");
    promised.accept_careful = getenv("SOCKSHIM_ACCEPT") != NULL;
    promised.eintr_restart = getenv("SOCKSHIM_EINTR") != NULL;
    promised.reset_eof = getenv("SOCKSHIM_RESET") != NULL;
}

static void on_alarm(int sig)
{
    (void)sig;
    wrong("hangs after %u of %u, %u sent", shared->received, shared->total, shared->sent);
}

static int run(unsigned seed)
{
    int status = 0;
    setpgid(0, 0);
    signal(SIGALRM, on_alarm);
    alarm(60);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    choose(seed);
    shared->family == UDP ? datagrams() : connection();
    while (wait(&status) > 0) {
        if (status != 0) {
            wrong("a process ended with %#x", (unsigned)status);
        }
    }
    return 0;
}

/* ---- All of them ---- */

/* Every setting in one trial of three, else each by chance. */
static void set_by_chance(unsigned seed)
{
    static const char *const settings[][2] = {
        {"SOCKSHIM_DEAD_PEER", "60s"},       {"SOCKSHIM_KEEPALIVE", "20,10,3"},
        {"SOCKSHIM_CONNECT_TIMEOUT", "20s"}, {"SOCKSHIM_CONNECT_RETRY", "700ms"},
        {"SOCKSHIM_RECV_TIMEOUT", "30ms"},   {"SOCKSHIM_BACKLOG", "50"},
        {"SOCKSHIM_REUSEADDR", "on"},        {"SOCKSHIM_ACCEPT", "careful"},
        {"SOCKSHIM_EINTR", "restart"},       {"SOCKSHIM_RESET", "eof"},
    };
    chance = seed * 0x2545f4914f6cdd1dU;
    int all = below(3) == 0;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (below(2) || all) {
            setenv(settings[i][0], settings[i][1], 1);
        }
    }
}

static void start(const char *self, unsigned seed, const char *shim)
{
    char word[12];
    snprintf(word, sizeof word, "%u", seed);
    if (fork() == 0) {
        if (shim) {
            setenv("LD_PRELOAD", shim, 1);
            set_by_chance(seed);
        }
        execl(self, self, "run", word, (char *)NULL);
        _exit(127);
    }
}

int main(int argc, char **argv)
{
    enum { AT_ONCE = 24 };
    unsigned bad = 0, running = 0;
    int status;
    if (argc < 3) {
        return 2;
    }
    if (strcmp(argv[1], "run") == 0) {
        return run((unsigned)atoi(argv[2]));
    }
    unsigned first = (unsigned)atoi(argv[1]), count = (unsigned)atoi(argv[2]);
    for (unsigned i = 0; i < count || running > 0;) {
        if (i < count && running < AT_ONCE) {
            start("/proc/self/exe", first + i++, argc > 3 ? argv[3] : NULL);
            running++;
            continue;
        }
        wait(&status);
        bad += status != 0;
        running--;
    }
    printf("%u trials, %u wrong\n", count, bad);
    return bad > 0;
}
