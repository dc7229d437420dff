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

/* The lowest of them that is `first` or above; -1: none. */
static int next_kept(const int *kept, size_t count, int first)
{
    int next = -1;
    for (size_t i = 0; i < count; i++) {
        if (kept[i] >= first && (next < 0 || kept[i] < next)) {
            next = kept[i];
        }
    }
    return next;
}

void descriptors_close_all_but(const int *kept, size_t count)
{
    int first = STDERR_FILENO + 1;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i <= STDERR_FILENO; i++) {
        if (next_kept(kept, count, i) != i) {
            dup2(null, i);
        }
    }
    for (int next; (next = next_kept(kept, count, first)) >= 0; first = next + 1) {
        close_from((unsigned)first, (unsigned)next - 1);
    }
    close_from((unsigned)first, ~0U);
}
