/* writers WAY PROCESSES MS [FILE]: that many processes at once, each doing one
 * thing over and over for that long. Prints nanoseconds of processor time for
 * one, as far as the processors go round.
 *
 * record: a call that would block, which the shim logs.
 * native: the same call by itself, made past the shim.
 * append: 250 bytes appended to FILE: what the kernel takes for that alone. */
#include "bench.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { MOST = 256, BATCH = 16 };

static struct shared {
    double start, end;
    long counts[MOST];
} * shared;

static int fd;

static void record(void)
{
    char byte;
    must(recv(fd, &byte, 1, 0) == -1 && errno == EAGAIN, "EAGAIN");
}

static void native(void)
{
    char byte;
    must(syscall(SYS_recvfrom, fd, &byte, 1, 0, NULL, NULL) == -1 && errno == EAGAIN, "EAGAIN");
}

static void append(void)
{
    static const char line[250];
    must(write(fd, line, sizeof line) == sizeof line, "append");
}

static void child(void (*once)(void), int which)
{
    double end;
    while (now() < shared->start) {
        usleep(1000);
    }
    do {
        for (int i = 0; i < BATCH; i++) {
            once();
        }
        shared->counts[which] += BATCH;
        end = now();
    } while (end < shared->end);
}

static int processors(void)
{
    cpu_set_t set;
    must(sched_getaffinity(0, sizeof set, &set) == 0, "sched_getaffinity");
    return CPU_COUNT(&set);
}

int main(int argc, char **argv)
{
    must(argc >= 4, "writers record|native|append PROCESSES MS [FILE]");
    bool appends = strcmp(argv[1], "append") == 0;
    int count = number(argv, argc, 2, 1);
    int milliseconds = number(argv, argc, 3, 1);
    int busy = processors() < count ? processors() : count;
    long total = 0;
    int status = 0;
    void *page =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(page != MAP_FAILED && count <= MOST, "mmap");
    shared = page;
    fd = appends ? open(argv[4], O_WRONLY | O_APPEND | O_CREAT, 0600) : nothing_to_read();
    must(fd >= 0, "the file");
    shared->start = now() + 2e7 + count * 1e6;
    shared->end = shared->start + milliseconds * 1e6;
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        must(pid >= 0, "fork");
        if (pid == 0) {
            child(appends ? append : *argv[1] == 'r' ? record : native, i);
            _exit(0);
        }
    }
    while (wait(&status) > 0) {
        must(status == 0, "a process");
    }
    for (int i = 0; i < count; i++) {
        total += shared->counts[i];
    }
    printf("%.1f\n", milliseconds * 1e6 * busy / (double)total);
    return 0;
}
