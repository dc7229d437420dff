/* floor FOLDER: what the machine itself takes, without the shim; the median of
 * many batches. Prints nanoseconds: a bare system call, clock_gettime, an append
 * of 250 bytes to a file in FOLDER, fstat of it, getsockopt of a TCP socket. */
#include "bench.h"

#include <sys/stat.h>
#include <sys/syscall.h>

enum { BATCHES = 400, CALLS = 32 };

static int file;
static int fd;

static void bare_call(void)
{
    syscall(SYS_getppid);
}

static void clock_call(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
}

static void append(void)
{
    static const char line[250];
    must(write(file, line, sizeof line) == sizeof line, "append");
}

static void stat_call(void)
{
    struct stat st;
    must(fstat(file, &st) == 0, "fstat");
}

static void option(void)
{
    int value;
    socklen_t len = sizeof value;
    must(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len) == 0, "getsockopt");
}

static double measure(void (*call)(void))
{
    static double took[BATCHES];
    for (int i = 0; i < BATCHES; i++) {
        double start = now();
        for (int j = 0; j < CALLS; j++) {
            call();
        }
        took[i] = (now() - start) / CALLS;
    }
    return median(took, BATCHES);
}

int main(int argc, char **argv)
{
    char path[4096];
    must(argc == 2, "floor FOLDER");
    snprintf(path, sizeof path, "%s/floor.append", argv[1]);
    file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC, 0600);
    must(file >= 0, path);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    printf("%.1f %.1f %.1f %.1f %.1f\n", measure(bare_call), measure(clock_call), measure(append),
           measure(stat_call), measure(option));
    must(unlink(path) == 0, path);
    return 0;
}
