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

/* What a softirq still has to deliver is delivered, what waits for a delayed
 * acknowledgement is acknowledged. */
void settle(void)
{
    for (int tries = 0; tries < 200; tries++) {
        bool quiet = true;
        for (int fd = 3; fd < TABLE; fd++) {
            int on = 1;
            int queued = 0;
            if (ask(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP &&
                syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on) == 0 &&
                syscall(SYS_ioctl, fd, TIOCOUTQ, &queued) == 0 && queued > 0) {
                struct tcp_info info;
                socklen_t len = sizeof info;
                syscall(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &len);
                quiet = quiet && (info.tcpi_state == TCP_CLOSE || info.tcpi_probes ||
                                  info.tcpi_state == TCP_SYN_SENT);
            }
        }
        if (quiet) {
            return;
        }
        syscall(SYS_sched_yield);
    }
}

void finish(long result, int err, bool crash)
{
    if (crash) {
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
