/* All that can happen to a log while many write it: processes with threads leave records,
 * each by a call that asks for another number of bytes, while other threads of theirs
 * close, open and duplicate descriptors, low ones and those where the log's is; processes
 * are killed at random and begun again, and by-hand the log is renamed and removed, too.
 *
 *     storm PROCESSES THREADS CALLS LOG STATE [by-hand]
 *
 * STATE has four bytes a call: 0 not begun, 1 begun, else when it had returned, in
 * milliseconds. LOG.removed is a line for each removal: when it was. What a removed file
 * had is in LOG.copy.*. At the end it prints how often what was done. Exit status
 * 0: no number was taken away from the program, and its files have its own text alone. */
#include "copy.h"
#include "harm.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

enum { MOST = 256, BEGUN = 1, LINE = 16 };

struct shared {
    atomic_uint kills, renames, removals, rounds, not_lowest, forks;
    atomic_uint wrong; /* what must not be */
};

static int processes, threads, calls;
static const char *log_path;
static bool by_hand;
static atomic_uint *state;
static struct shared *shared;
static char *room; /* for as many bytes as the last call asks for */
static char own_path[4096];
static const char own_line[LINE + 1] = "the program's.\n\n";
static atomic_bool done;

static unsigned milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 2 + (unsigned)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static void wrong(const char *what)
{
    shared->wrong++;
    dprintf(2, "storm: %s\n", what);
}

/* ---- Those that leave records ---- */

static int gone[2];

static void *leave_records(void *first)
{
    unsigned from = (unsigned)(uintptr_t)first;
    for (unsigned i = from; i < from + (unsigned)calls; i++) {
        if (state[i] != 0) {
            continue; /* of one that was killed */
        }
        state[i] = BEGUN;
        int way = (int)(i % 3);
        if (way == 0) {
            recv(quiet[0], room, i + 1, MSG_DONTWAIT);
        } else if (way == 1) {
            recv(gone[0], room, i + 1, 0);
        } else {
            send(gone[0], room, i + 1, MSG_NOSIGNAL);
        }
        state[i] = milliseconds();
    }
    return NULL;
}

/* ---- Those that play with numbers ---- */

static ino_t own_file;

static void put_own_line(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_ino != own_file) {
        wrong("a number of the program's leads to another file");
    } else if (write(fd, own_line, LINE) != LINE) {
        wrong("a number of the program's is closed");
    }
}

/* close(0) and open(), which should give 0, as daemons do; and dup2() onto it. */
static void *storm_low(void *unused)
{
    while (!done) {
        shared->rounds++;
        close(0);
        int fd = open(own_path, O_WRONLY | O_APPEND);
        shared->not_lowest += fd != 0;
        put_own_line(fd);
        int other = fcntl(fd, F_DUPFD, 3);
        if (dup2(other, 0) == 0) {
            put_own_line(0);
        } else if (errno == EBUSY) { /* somebody else is opening it: dup2(2) */
            shared->not_lowest++;
        } else {
            wrong("dup2 onto 0 fails");
        }
        close(other);
        if (fd > 0) {
            close(fd);
        }
    }
    return unused;
}

/* Onto the log's number sooner or later, which then goes to another. */
static void *storm_high(void *seed)
{
    unsigned chance = (unsigned)(uintptr_t)seed;
    int own = fcntl(open(own_path, O_WRONLY | O_APPEND), F_DUPFD, 150);
    while (!done) {
        int fd = 225 + rand_r(&chance) % 20;
        if (dup2(own, fd) != fd) {
            wrong("dup2 fails");
            continue;
        }
        put_own_line(fd);
        if (rand_r(&chance) % 2) {
            close(fd);
        } else {
            close_range((unsigned)fd, (unsigned)fd, 0);
        }
        if (rand_r(&chance) % 64 == 0) {
            pid_t child = fork();
            if (child == 0) {
                _exit(0);
            }
            shared->forks++;
            waitpid(child, NULL, 0);
        }
    }
    return seed;
}

static void process(int number)
{
    pthread_t running[MOST], low, high;
    struct stat st;
    CHECK(fstat(open(own_path, O_WRONLY | O_APPEND), &st) == 0);
    own_file = st.st_ino;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, quiet) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, gone) == 0);
    close(gone[1]);
    CHECK(pthread_create(&low, NULL, storm_low, NULL) == 0);
    CHECK(pthread_create(&high, NULL, storm_high, (void *)(uintptr_t)(number + 1)) == 0);
    for (int i = 0; i < threads; i++) {
        uintptr_t first = (uintptr_t)(number * threads + i) * (uintptr_t)calls;
        CHECK(pthread_create(&running[i], NULL, leave_records, (void *)first) == 0);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(running[i], NULL);
    }
    done = true;
    pthread_join(low, NULL);
    pthread_join(high, NULL);
    _exit(0);
}

/* ---- The one that kills, renames and removes ---- */

static pid_t children[MOST];

static void begin(int number)
{
    children[number] = fork();
    CHECK(children[number] >= 0);
    if (children[number] == 0) {
        process(number);
    }
}

/* First it gets another name: what is opened is what goes. Who had it open may write a
 * last line to it, so look a little later. false: just now there is none. */
static bool remove_log(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.doomed", log_path);
    if (rename(log_path, path) < 0) {
        return false;
    }
    int doomed = open(path, O_RDONLY);
    CHECK(doomed >= 0 && unlink(path) == 0);
    unsigned now = milliseconds();
    usleep(20000);
    keep_copy(log_path, doomed);
    close(doomed);
    shared->removals++;
    snprintf(path, sizeof path, "%s.removed", log_path);
    int removed = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dprintf(removed, "%u\n", now);
    close(removed);
    return true;
}

static void rename_log(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.kept.renamed.%u", log_path, shared->renames);
    shared->renames += rename(log_path, path) == 0;
}

/* Returns how many have ended by themselves. */
static int reap(void)
{
    int ended = 0;
    int status;
    pid_t child;
    while ((child = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < processes; i++) {
            if (children[i] == child && WIFSIGNALED(status)) {
                begin(i);
            } else if (children[i] == child) {
                children[i] = 0;
                ended++;
                if (status != 0) {
                    wrong("a process failed");
                }
            }
        }
    }
    return ended;
}

static void rage(void)
{
    unsigned chance = 1;
    unsigned steps = 0;
    bool removal_is_due = false;
    for (int ended = 0; ended < processes; ended += reap(), steps++) {
        usleep(10000);
        int victim = rand_r(&chance) % processes;
        if (steps % 8 == 0 && children[victim] > 0) {
            kill(children[victim], SIGKILL);
            shared->kills++;
        }
        if (by_hand && steps % 50 == 20) {
            rename_log();
        }
        removal_is_due |= by_hand && steps % 400 == 60;
        if (removal_is_due) {
            removal_is_due = !remove_log();
        }
    }
}

/* ---- */

static void *map(const char *path, size_t size)
{
    int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
    CHECK(!path || ftruncate(fd, (off_t)size) == 0);
    void *at =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | (path ? 0 : MAP_ANONYMOUS), fd, 0);
    CHECK(at != MAP_FAILED);
    close(fd);
    return at;
}

static void look_through_own_file(void)
{
    static char buffer[LINE * 4096];
    ssize_t n;
    int fd = open(own_path, O_RDONLY);
    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < n; i += LINE) {
            if (memcmp(buffer + i, own_line, LINE) != 0) {
                wrong("other text in the program's file");
                return;
            }
        }
    }
    close(fd);
}

int main(int argc, char **argv)
{
    CHECK(argc == 6 || argc == 7);
    by_hand = argc == 7;
    processes = atoi(argv[1]);
    threads = atoi(argv[2]);
    calls = atoi(argv[3]);
    log_path = argv[4];
    size_t all = (size_t)processes * (size_t)threads * (size_t)calls;
    CHECK(processes <= MOST && threads <= MOST);
    state = map(argv[5], all * sizeof *state);
    shared = map(NULL, sizeof *shared);
    room = mmap(NULL, all + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                -1, 0);
    CHECK(room != MAP_FAILED);
    snprintf(own_path, sizeof own_path, "%s.own", argv[5]);
    close(open(own_path, O_WRONLY | O_CREAT, 0600));
    for (int i = 0; i < processes; i++) {
        begin(i);
    }
    rage();
    look_through_own_file();
    printf("kills=%u renames=%u removals=%u rounds=%u not_lowest=%u forks=%u\n", shared->kills,
           shared->renames, shared->removals, shared->rounds, shared->not_lowest, shared->forks);
    return shared->wrong != 0;
}
