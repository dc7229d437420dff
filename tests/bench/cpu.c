/* cpu COMMAND...: runs it, with its output left out, and prints the milliseconds of CPU, the
 * program's and the kernel's, that it took. */
#include "bench.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static double milliseconds(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 0;
    must(argc > 1, "cpu COMMAND...");
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    must(wait4(child, &status, 0, &usage) == child && status == 0, argv[1]);
    printf("%.3f\n", milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime));
    return 0;
}
