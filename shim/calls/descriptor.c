/* The log's descriptor is kept out of the program's way. Programs close all
 * descriptors, or dup2 over a number that they take for free: without this the
 * log would end there, or a record go into a stranger's file. */
#include "calls/wrap.h"

#include "base/process.h"
#include "base/raw.h"
#include "log/keep.h"

#include <errno.h>

/* Answers success and keeps it, after looking whether it still is ours. */
static __attribute__((noinline)) int close_log(int fd)
{
    return log_owns(fd) ? 0 : next.close(fd);
}

WRAP(int, close, (int fd))
{
    return log_may_own(fd) ? close_log(fd) : next.close(fd);
}

/* Out of the way first. If the program's own call then fails, the old number is
 * free again, as it was for the program; but a log that could not move stays. Then
 * its number may be above the program's limit by now, where nothing can be put. */
static __attribute__((noinline)) int dup_over_log(int from, int to, int flags)
{
    bool moved = log_owns(to) && log_move();
    int result = flags ? next.dup3(from, to, flags) : next.dup2(from, to);
    if (moved && result < 0 && !process_is_caged()) {
        raw(SYS_close, to);
    }
    return result;
}

WRAP(int, dup2, (int from, int to))
{
    bool over = log_may_own(to) && from != to;
    return over ? dup_over_log(from, to, 0) : next.dup2(from, to);
}

WRAP(int, dup3, (int from, int to, int flags))
{
    bool over = log_may_own(to) && from != to;
    return over ? dup_over_log(from, to, flags) : next.dup3(from, to, flags);
}

#ifdef __GLIBC__

ALIAS(__close, close);
ALIAS(__dup2, dup2);

/* In two parts, around ours. An empty first part is left out; an empty second one
 * is where nothing ever is open, so that the flags are looked at in any case. */
static int close_around(unsigned log, unsigned first, unsigned last, int flags)
{
    if (first < log && next.close_range(first, log - 1, flags) < 0) {
        return -1;
    }
    return last > log ? next.close_range(log + 1, last, flags) : next.close_range(~0U, ~0U, flags);
}

static __attribute__((noinline)) int close_range_with_log(unsigned first, unsigned last, int flags)
{
    int log = atomic_load_explicit(&log_number, memory_order_relaxed);
    return log_owns(log) ? close_around((unsigned)log, first, last, flags)
                         : next.close_range(first, last, flags);
}

WRAP(int, close_range, (unsigned first, unsigned last, int flags))
{
    unsigned log = (unsigned)atomic_load_explicit(&log_number, memory_order_relaxed);
    return log < first || log > last ? next.close_range(first, last, flags)
                                     : close_range_with_log(first, last, flags);
}

WRAP(void, closefrom, (int low))
{
    int log = atomic_load_explicit(&log_number, memory_order_relaxed);
    if (log < low || log < 0 || !log_owns(log)) {
        next.closefrom(low);
        return;
    }
    /* A kernel before 5.9 has no close_range: there the log goes, and is opened
     * anew by its path at the next record. */
    if (close_around((unsigned)log, low < 0 ? 0 : (unsigned)low, ~0U, 0) < 0 && errno == ENOSYS) {
        next.closefrom(low);
    }
}

#endif
