/* Many at once: processes with threads, each of which fails to receive again
 * and again, half of the time because nothing is there (a short record), half
 * of the time because the other end is gone (a long one).
 *
 *     many PROCESSES THREADS CALLS [FILE]
 *
 * Each call of the whole program asks for another number of bytes, from 1 on,
 * which tells its record from all others. Each thread prints, at its end, "PID
 * TID FIRST LAST": who asked for which numbers. With FILE the calls are half a
 * millisecond apart, and end when FILE is there. The exit status is 0 if all
 * went as expected, and no descriptor is open that the program did not open. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int processes, threads, calls;
static const char *end_file;
static char *room; /* for as many bytes as the last call asks for */
static pthread_barrier_t *start;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void receive(int fd, int bytes, long expected)
{
    if (recv(fd, room, (size_t)bytes, MSG_DONTWAIT) != expected) {
        fail("recv");
    }
}

enum { OPENED = 3 }; /* descriptors, by each thread */

static int goes_on(int done)
{
    if (done > 0 && end_file) {
        usleep(500);
    }
    return done < calls && (!end_file || access(end_file, F_OK) < 0);
}

static void *work(void *argument)
{
    int first = (int)(long)argument;
    int done = 0;
    int quiet[2], gone[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, quiet) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, gone) < 0) {
        fail("socketpair");
    }
    close(gone[1]);
    pthread_barrier_wait(start);
    for (; goes_on(done); done++) {
        receive(done % 2 ? gone[0] : quiet[0], first + done, done % 2 ? 0 : -1);
    }
    dprintf(1, "%d %d %d %d\n", getpid(), gettid(), first, first + done - 1);
    return NULL;
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void process(int number)
{
    pthread_t running[64];
    close(socket(AF_UNIX, SOCK_STREAM, 0)); /* the log's own descriptors come with the first */
    int before = open_descriptors();
    for (int i = 0; i < threads; i++) {
        long first = 1 + (long)(number * threads + i) * calls;
        if (pthread_create(&running[i], NULL, work, (void *)first) != 0) {
            fail("pthread_create");
        }
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(running[i], NULL);
    }
    if (open_descriptors() != before + threads * OPENED) {
        dprintf(2, "a descriptor is left open\n");
        exit(1);
    }
    exit(0);
}

/* All threads of all processes begin at once. */
static void make_barrier(void)
{
    pthread_barrierattr_t shared;
    start = mmap(NULL, sizeof *start, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(start, &shared, (unsigned)(processes * threads));
}

int main(int argc, char **argv)
{
    int failures = 0;
    if (argc < 4) {
        return 2;
    }
    processes = atoi(argv[1]);
    threads = atoi(argv[2]);
    calls = atoi(argv[3]);
    end_file = argv[4];
    room = calloc((size_t)processes * (size_t)threads, (size_t)calls + 1);
    make_barrier();
    for (int i = 0; i < processes; i++) {
        pid_t child = fork();
        if (child < 0) {
            fail("fork");
        }
        if (child == 0) {
            process(i);
        }
    }
    for (int status; wait(&status) > 0;) {
        failures += status != 0;
    }
    return failures;
}
