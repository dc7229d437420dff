/* Limits, and children that run on this process's memory. */
#include "life.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>

static char stack[16384] __attribute__((aligned(16)));

/* Of core files, which nothing here makes; in the memory that is looked at. */
static void *a_limit(void)
{
    const uint64_t limit[2] = {below(3), 5};
    return one_in(5) ? bad_pointer() : given(limit, sizeof limit);
}

void set_limit(void)
{
    int which = one_in(4) ? 999 : RLIMIT_CORE;
    void *limit = a_limit();
    void *old = one_in(3) ? NULL : room(sizeof(uint64_t[2]));
    switch (below(4)) {
    case 0:
        CALL(x_setrlimit(which, limit), "setrlimit %d", which);
        return;
    case 1:
        CALL(x_prlimit(0, which, limit, old), "prlimit %d", which);
        return;
    case 2:
        if (HAS(setrlimit64)) {
            CALL(x_setrlimit64(which, limit), "setrlimit64 %d", which);
        }
        return;
    default:
        if (HAS(prlimit64)) {
            CALL(x_prlimit64(0, which, limit, old), "prlimit64 %d", which);
        }
        return;
    }
}

static int leave(void *unused)
{
    (void)unused;
    return 5;
}

/* 0 for the child's number, which differs. */
static int awaited(pid_t child)
{
    int status = -1;
    int err = errno;
    if (child < 0) {
        return -1;
    }
    while (waitpid(child, &status, __WALL) < 0 && errno == EINTR) {
    }
    errno = err;
    return status == 5 << 8 ? 0 : 1;
}

void make_by_clone(void)
{
    int flags = (int)ANY(SIGCHLD, SIGCHLD | CLONE_VM | CLONE_VFORK, CLONE_SIGHAND);
    if (in_child) {
        return;
    }
    flush();
    if (one_in(2)) {
        CALL(awaited(clone(leave, stack + sizeof stack, flags, NULL)), "clone %x", (unsigned)flags);
    } else if (HAS(__clone)) {
        CALL(awaited(x___clone(leave, stack + sizeof stack, flags, NULL)), "__clone %x",
             (unsigned)flags);
    }
}

/* In a frame that the child does not leave. */
static __attribute__((noinline)) int by_vfork(pid_t (*make)(void))
{
    pid_t child = make();
    if (child == 0) {
        _exit(5);
    }
    return awaited(child);
}

void make_by_vfork(void)
{
    if (in_child) {
        return;
    }
    flush();
    if (one_in(2)) {
        CALL(by_vfork(vfork), "vfork");
    } else if (HAS(__vfork)) {
        CALL(by_vfork(x___vfork), "__vfork");
    }
}
