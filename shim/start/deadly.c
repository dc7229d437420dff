#include "start/deadly.h"

#include "base/apart.h"
#include "base/filter.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>

/* What opens a log, a rotation aside, and handles SIGPIPE; of a descriptor that is none. Not what
 * the loader, and this object when it was loaded, have done unharmed. */
static void ask_for_log(void)
{
    uint64_t buffer[4];
    raw(RAW_FCNTL, -1, F_GETFD);
    raw(SYS_readlinkat, -1, "", buffer, 1);
    raw(SYS_rt_sigaction, SIGPIPE, 0, buffer, sizeof *buffer);
    raw(SYS_rt_sigprocmask, SIG_BLOCK, 0, buffer, sizeof *buffer);
    raw(SYS_madvise, 0, 0, 0);
    raw_soft_limit(RLIMIT_NOFILE);
}

/* What a record asks, and what sets what is forced or was asked for. */
static void ask_for_facts(void)
{
    struct pollfd none = {.fd = -1};
    struct timespec no_time = {0, 0};
    uint64_t buffer[2] = {0, 0};
    int len = 0;
    struct utsname names;
    raw_poll_now(&none);
    raw(SYS_uname, &names);
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
    raw(SYS_ppoll, 0, 0, &no_time, 0, sizeof *buffer);
    raw(SYS_sched_yield);
    raw(SYS_getppid);
    raw(SYS_prctl, PR_GET_NAME, buffer);
    raw(SYS_rt_sigpending, buffer, sizeof *buffer);
    raw(SYS_rt_sigtimedwait, buffer, 0, &no_time, sizeof *buffer);
    raw(SYS_rt_tgsigqueueinfo, 0, 0, 0, 0);
    raw(SYS_pread64, -1, buffer, 0, 0, 0);
    raw(SYS_waitid, P_ALL, 0, 0, WEXITED | WNOHANG, 0);
}

/* With a limit of 1 there is no core, in a file or for a program (fs/coredump.c); the loader has
 * asked for a limit by the same call, and setrlimit() is what units often forbid (systemd's
 * @resources). The child is on this memory. */
static void ask_all(void *opens_log)
{
    uint64_t one[2] = {1, 1};
    raw(SYS_prlimit64, 0, RLIMIT_CORE, one, 0);
    ask_for_log();
    *(bool *)opens_log = true;
    ask_for_facts();
}

static __attribute__((noinline)) enum filter try_all(void)
{
    bool opens_log = false;
    enum filter kind = FILTER_NONE;
    if (apart_dies(ask_all, &opens_log)) {
        kind = opens_log ? FILTER_DEADLY : FILTER_DEADLIER;
    }
    if (kind != FILTER_DEADLIER) {
        process_know_children();
    }
    return kind;
}

enum filter filter_kind(void)
{
    enum { NOT_TRIED = -1 };
    static atomic_int known = NOT_TRIED;
    filter_find();
    if (!process_is_filtered()) {
        return FILTER_NONE;
    }
    if (known == NOT_TRIED) {
        known = (int)try_all();
    }
    return (enum filter)known;
}
