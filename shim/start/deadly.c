#include "start/deadly.h"

#include "base/apart.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"

#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* What a record asks, and what sets what is forced or was asked for; of a descriptor that is
 * none. Not what the loader, and this object when it was loaded, have done unharmed. With a limit
 * of 1 there is no core, in a file or for a program (fs/coredump.c); the loader has asked for a
 * limit by the same call, and setrlimit() is what units often forbid (systemd's @resources). */
static void ask_all(void *nothing)
{
    uint64_t one[2] = {1, 1};
    (void)nothing;
    raw(SYS_prlimit64, 0, RLIMIT_CORE, one, 0);
    struct pollfd none = {.fd = -1};
    struct timespec no_time = {0, 0};
    uint64_t buffer[2] = {0, 0};
    int len = 0;
    raw_soft_limit(RLIMIT_NOFILE);
    raw_poll_now(&none);
    raw(SYS_getsockname, -1, buffer, &len);
    raw(SYS_getpeername, -1, buffer, &len);
    raw(SYS_getsockopt, -1, SOL_SOCKET, SO_TYPE, buffer, &len);
    raw(SYS_setsockopt, -1, SOL_SOCKET, SO_KEEPALIVE, buffer, sizeof len);
    raw(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
    raw(SYS_sendto, -1, buffer, 0, 0, 0, 0);
    raw(SYS_recvfrom, -1, buffer, 0, 0, 0, 0);
    raw(SYS_ioctl, -1, UNSENT_QUEUE, buffer);
    raw(SYS_clock_gettime, CLOCK_MONOTONIC, buffer);
    raw(SYS_nanosleep, &no_time, 0);
    raw(SYS_sched_yield);
    raw(SYS_gettid);
    raw(SYS_getppid);
    raw(SYS_rt_sigpending, buffer, sizeof *buffer);
    raw(SYS_rt_sigprocmask, SIG_BLOCK, 0, buffer, sizeof *buffer);
    raw(SYS_rt_sigtimedwait, buffer, 0, &no_time, sizeof *buffer);
    raw(SYS_rt_tgsigqueueinfo, 0, 0, 0, 0);
    raw(SYS_pread64, -1, buffer, 0, 0, 0);
    raw(SYS_waitid, P_ALL, 0, 0, WEXITED | WNOHANG, 0);
}

bool filter_is_deadly(void)
{
    enum { NOT_TRIED, HARMLESS, DEADLY };
    static atomic_int known;
    if (!process_is_filtered()) {
        return false;
    }
    if (known == NOT_TRIED) {
        known = apart_dies(ask_all) ? DEADLY : HARMLESS;
    }
    return known == DEADLY;
}
