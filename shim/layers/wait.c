#include "layers/wait.h"

#include "base/clock.h"
#include "base/next.h"
#include "base/process.h"
#include "base/raw.h"
#include "layers/layers.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* The C library's ppoll, because it is a cancellation point: with no descriptor it only
 * waits. No handler makes it go on (signal(7)), whatever its flags: so those that would not end
 * a call are held back while it waits. */
static int (*next_ppoll)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);

#if !defined __GLIBC__ && __SIZEOF_LONG__ == 4 /* musl: that for its 64-bit time_t */
#define PPOLL "__ppoll_time64"
#else
#define PPOLL "ppoll"
#endif

void wait_begin(void)
{
    void *found = next_function(PPOLL);
    memcpy(&next_ppoll, &found, sizeof found);
}

bool is_restarted(int sig)
{
    switch (sig) {
    case SIGINT:
    case SIGTERM:
    case SIGHUP:
    case SIGQUIT:
    case SIGALRM:
    case SIGPIPE:
        return false;
    default:
        return sig > 0 && sig < NSIG;
    }
}

static bool lets_calls_go_on(int sig)
{
    struct sigaction act;
    return is_restarted(sig) && beneath.sigaction(sig, NULL, &act) == 0 &&
           act.sa_flags & SA_RESTART && act.sa_handler != SIG_DFL && act.sa_handler != SIG_IGN;
}

static uint64_t signals_to_hold_back(void)
{
    uint64_t signals = 0;
    for (int sig = 1; sig <= 64; sig++) {
        signals |= (uint64_t)lets_calls_go_on(sig) << (sig - 1);
    }
    return signals;
}

/* How late they are at most. */
enum { SLICE_MS = 10 };

static bool wait_for(unsigned ms)
{
    uint64_t held = signals_to_hold_back();
    unsigned slice = held ? SLICE_MS : ms;
    uint64_t mask = 0;
    sigset_t set;
    raw(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
    mask |= held;
    memset(&set, 0, sizeof set);
    memcpy(&set, &mask, sizeof mask);
    for (; ms > 0; ms -= slice) {
        slice = slice < ms ? slice : ms;
        struct timespec time = {(time_t)(slice / 1000), (long)(slice % 1000) * 1000000};
        if (!next_ppoll || next_ppoll(NULL, 0, &time, &set) != 0) {
            return false;
        }
    }
    return true;
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
