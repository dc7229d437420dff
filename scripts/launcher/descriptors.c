#include "descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void descriptors_fill(void)
{
    int descriptor;
    do {
        descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
    } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    close(descriptor);
}

/* Without close_range(2) (before Linux 5.9), as many as there can be. */
static void close_from(unsigned first, unsigned last)
{
    struct rlimit limit;
    if (first > last) {
        return;
    }
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, last, 0) == 0) {
        return;
    }
#endif
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > 65536) {
        limit.rlim_cur = 65536;
    }
    for (unsigned i = first; i <= last && i < limit.rlim_cur; i++) {
        close((int)i);
    }
}

void descriptors_close_all_but(int one, int other)
{
    int kept[] = {one < other ? one : other, one < other ? other : one};
    unsigned first = STDERR_FILENO + 1;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i <= STDERR_FILENO; i++) {
        if (i != one && i != other) {
            dup2(null, i);
        }
    }
    for (int i = 0; i < 2; i++) {
        if (kept[i] >= (int)first) {
            close_from(first, (unsigned)kept[i] - 1);
            first = (unsigned)kept[i] + 1;
        }
    }
    close_from(first, ~0U);
}
