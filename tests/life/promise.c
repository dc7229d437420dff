/* The promise, played natively. */
#include "life.h"

bool forced;
uint64_t const sigpipe_bit = (uint64_t)1 << (SIGPIPE - 1);

/* The mask and what waits, as the kernel has them. */
uint64_t mask_by(int how, uint64_t set)
{
    uint64_t before = 0;
    syscall(SYS_rt_sigprocmask, how, &set, &before, sizeof set);
    return before;
}

uint64_t pending(void)
{
    uint64_t set = 0;
    syscall(SYS_rt_sigpending, &set, sizeof set);
    return set;
}

static void take_sigpipe(void)
{
    struct timespec now = {0, 0};
#ifdef SYS_rt_sigtimedwait_time64
    long long now64[2] = {0, 0};
    if (syscall(SYS_rt_sigtimedwait_time64, &sigpipe_bit, NULL, now64, sizeof sigpipe_bit) > 0) {
        return;
    }
#endif
    syscall(SYS_rt_sigtimedwait, &sigpipe_bit, NULL, &now, sizeof sigpipe_bit);
}

bool sigpipe_is(sighandler_t disposition)
{
    struct sigaction now;
    return sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == disposition;
}

/* Whether a SIGPIPE at its default would end this run. */
static bool kills(void)
{
    return native || !forced;
}

/* A default that does not end the program: the signal is held back during the
 * call, and taken away. Where the shim lets it through, both sides do this. */
static bool guards;
static uint64_t before_call;

void guard(void)
{
    guards = kills() && !(pending() & sigpipe_bit) && sigpipe_is(SIG_DFL);
    if (guards) {
        before_call = mask_by(SIG_BLOCK, sigpipe_bit);
    }
}

void unguard(void)
{
    if (guards) {
        if (!(before_call & sigpipe_bit)) {
            if (pending() & sigpipe_bit) {
                take_sigpipe();
            }
            mask_by(SIG_SETMASK, before_call);
        }
        guards = false;
    }
}

/* One that waits is about to be let through to the default. */
void let_through(void)
{
    while (kills() && pending() & sigpipe_bit) { /* the thread's, and the process's */
        take_sigpipe();
    }
}

long ask(int fd, int level, int option)
{
    int value = -1;
    socklen_t len = sizeof value;
    return syscall(SYS_getsockopt, fd, level, option, &value, &len) == 0 ? value : -1;
}

bool is_tcp(int fd)
{
    long protocol = ask(fd, SOL_SOCKET, SO_PROTOCOL);
    long domain = ask(fd, SOL_SOCKET, SO_DOMAIN);
    return (domain == AF_INET || domain == AF_INET6) &&
           ask(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM &&
           (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

void force_nodelay(int fd)
{
    int on = 1;
    if (native && nodelay && is_tcp(fd)) {
        syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
}

void has_socket(void)
{
    forced = forced || mode != OFF;
}

int log_fd = -1;
