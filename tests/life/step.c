/* A step: a call, and all that can be seen of it. */
#include "life.h"

sigjmp_buf crashed;
unsigned number;
bool in_child;
static volatile sig_atomic_t caught;

void on_crash(int sig)
{
    siglongjmp(crashed, sig);
}

void handler(int sig)
{
    caught += sig;
}

void other_handler(int sig)
{
    caught += 100 * sig;
}

void handler_with_info(int sig, siginfo_t *info, void *context)
{
    (void)context;
    caught += 10000 * (info->si_signo == sig);
}

/* Whether all that a TCP socket has sent was acknowledged, or is not going to be: the peer's
 * window is closed, which the kernel has found out by then. */
static bool is_settled(int fd)
{
    int on = 1;
    int queued = 0;
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    long protocol = ask(fd, SOL_SOCKET, SO_PROTOCOL);
    if (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP) {
        return true;
    }
    syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    if (syscall(SYS_ioctl, fd, TIOCOUTQ, &queued) != 0 || queued <= 0) {
        return true;
    }
    syscall(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &len);
    return info.tcpi_state == TCP_CLOSE || info.tcpi_probes || info.tcpi_state == TCP_SYN_SENT;
}

static bool are_settled(void)
{
    bool all = true;
    for (int fd = 3; fd < TABLE; fd++) {
        all = is_settled(fd) && all; /* each is told to acknowledge */
    }
    return all;
}

/* What is on its way arrives, and is acknowledged, before the next step: how it lies in the
 * receiver's queue, and what is sent later, depends on that. Mostly it is so at once; that a
 * window is closed is found out after 200 ms. */
void settle(void)
{
    struct timespec pause = {0, 1000000};
    for (int tries = 0; !are_settled() && tries < 2000; tries++) {
        if (tries < 20) {
            syscall(SYS_sched_yield);
        } else {
            syscall(SYS_nanosleep, &pause, NULL);
        }
    }
}

unsigned crashes;

void finish(long result, int err, bool crash)
{
    if (crash) {
        crashes++;
        say(" = CRASH");
    } else {
        say(" = %ld %d", result, err);
    }
    say(" %08x %08x c%d\n", (unsigned)sum_of(arena + OUT, (size_t)2 * PAGE),
        (unsigned)sum_of(arena + IN, (size_t)2 * PAGE), (int)caught);
}

static void *hidden[8];
static unsigned hides;

void hide(void *at)
{
    if (hides < 8) {
        hidden[hides++] = at;
    }
}

void to_hide(void)
{
    while (hides > 0) {
        hide_port(hidden[--hides]);
    }
}
