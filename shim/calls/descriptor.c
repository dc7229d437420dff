/* The log's descriptor is kept out of the program's way: DESIGN, law 5. */
#include "wrap.h"

#include "../log.h"
#include "../process.h"
#include "../raw.h"

#include <errno.h>

/* Answers success and keeps it, after looking whether it still is ours. */
static int close_log(int fd)
{
    return log_owns(fd) ? 0 : next.close(fd);
}

WRAP(int, close, (int fd))
{
    return fd != log_descriptor() ? next.close(fd) : close_log(fd);
}

/* Out of the way first. If the program's own call then fails, the old number is
 * free again, as it was for the program. */
static int dup_over_log(int from, int to, int flags)
{
    bool owned = log_owns(to);
    if (owned) {
        log_move();
    }
    int result = flags ? next.dup3(from, to, flags) : next.dup2(from, to);
    if (owned && result < 0 && !process_is_caged()) {
        raw(SYS_close, to);
    }
    return result;
}

WRAP(int, dup2, (int from, int to))
{
    bool apart = to != log_descriptor() || from == to;
    return apart ? next.dup2(from, to) : dup_over_log(from, to, 0);
}

WRAP(int, dup3, (int from, int to, int flags))
{
    bool apart = to != log_descriptor() || from == to;
    return apart ? next.dup3(from, to, flags) : dup_over_log(from, to, flags);
}

ALIAS(__close, close);
ALIAS(__dup2, dup2);

#ifdef __GLIBC__

/* In two parts, around ours. A part that would be empty is left out. */
static int close_around(unsigned log, unsigned first, unsigned last, int flags)
{
    int result = 0;
    if (first < log) {
        result = next.close_range(first, log - 1, flags);
    }
    if (result == 0 && last > log) {
        result = next.close_range(log + 1, last, flags);
    }
    return result;
}

WRAP(int, close_range, (unsigned first, unsigned last, int flags))
{
    int log = log_descriptor();
    bool apart = log < 0 || (unsigned)log < first || (unsigned)log > last || !log_owns(log);
    return apart ? next.close_range(first, last, flags)
                 : close_around((unsigned)log, first, last, flags);
}

WRAP(void, closefrom, (int low))
{
    int log = log_descriptor();
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
