#include "layers/wait.h"

#include "base/clock.h"
#include "base/next.h"
#include "base/process.h"
#include "base/raw.h"

#include <fcntl.h>
#include <string.h>

/* The C library's poll, because it is a cancellation point: with no descriptor it only
 * waits. No handler makes it go on (signal(7)), whatever its flags. */
static int (*next_poll)(struct pollfd *, nfds_t, int);

void wait_begin(void)
{
    void *found = next_function("poll");
    memcpy(&next_poll, &found, sizeof found);
}

static bool wait_for(unsigned ms)
{
    return next_poll && next_poll(NULL, 0, (int)ms) == 0;
}

unsigned long long now_ms(void)
{
    return (unsigned long long)clock_steady() / 1000000;
}

struct patience patience_of(unsigned ms, unsigned first_pause, unsigned longest_pause)
{
    unsigned long long begin = now_ms();
    /* now_ms() is a part of a millisecond ago. */
    return (struct patience){begin, begin + ms + 1, first_pause, longest_pause};
}

bool patience_wait(struct patience *p)
{
    unsigned long long now = now_ms();
    unsigned pause = p->pause;
    if (now == 0 || now >= p->end) {
        return false;
    }
    if (pause > p->end - now) {
        pause = (unsigned)(p->end - now);
    }
    p->pause = p->pause * 2 < p->longest ? p->pause * 2 : p->longest;
    return wait_for(pause);
}

bool may_wait(int fd)
{
    if (process_is_caged()) {
        return false;
    }
    long flags = raw(RAW_FCNTL, fd, F_GETFL);
    return flags >= 0 && !(flags & O_NONBLOCK);
}
