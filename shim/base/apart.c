#include "base/apart.h"

#include "base/process.h"
#include "base/raw.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The folder's links are two and the threads: fs/proc/base.c, proc_task_getattr(). Not by
 * statx, whose answer is twice as large: a record is on the stack. */
static __attribute__((noinline)) bool has_one_thread(void)
{
    struct stat64 st;
    st.st_nlink = 0;
    return raw(RAW_FSTATAT, AT_FDCWD, "/proc/self/task", &st, 0) == 0 && st.st_nlink == 3;
}

struct job {
    void (*work)(void *);
    void *what;
    bool shares, done, has_ended;
};

/* A table of its own, of descriptors 0 to 2: what another thread closes meanwhile is closed,
 * and its locks are gone. */
static bool has_left_table(void)
{
    enum { UNSHARE = 2 }; /* CLOSE_RANGE_UNSHARE, since Linux 5.9 */
    return raw(SYS_close_range, 3, ~0U, UNSHARE) == 0 || raw(SYS_unshare, CLONE_FILES) == 0;
}

static __attribute__((noinline)) void do_job(struct job *job)
{
    job->done = !job->shares || has_left_table();
    if (job->done) {
        job->work(job->what);
    }
    job->has_ended = true;
}

static uint64_t block_signals(void)
{
    uint64_t signals = ~(uint64_t)0; /* read before it is written to */
    raw(SYS_rt_sigprocmask, SIG_SETMASK, &signals, &signals, sizeof signals);
    return signals;
}

static void restore_signals(uint64_t signals)
{
    raw(SYS_rt_sigprocmask, SIG_SETMASK, &signals, 0, sizeof signals);
}

static __attribute__((noinline)) bool do_here(void (*work)(void *), void *what)
{
    uint64_t signals = block_signals();
    work(what);
    restore_signals(signals);
    return true;
}

/* As vfork(): the child is on this frame, which does nothing but wait, and leaves nothing on
 * it. It ends without a signal, so that no wait() of the program's sees it but with __WALL.
 * Returns whether there was one. */
static __attribute__((noinline)) bool do_in_child(struct job *job)
{
    long flags = CLONE_VM | CLONE_VFORK | (job->shares ? CLONE_FILES : 0);
    uint64_t signals = block_signals();
    long pid = raw(SYS_clone, flags, 0, 0, 0, 0);
    if (pid == 0) {
        do_job(job);
        for (;;) {
            raw(SYS_exit_group, 0);
            raw(SYS_exit, 0); /* where a filter refuses the other */
        }
    }
    if (pid > 0) {
        raw(SYS_wait4, pid, 0, __WALL, 0);
    }
    restore_signals(signals);
    return pid > 0;
}

static __attribute__((noinline)) bool do_there(void (*work)(void *), void *what, bool shares)
{
    struct job job = {work, what, shares, false, false};
    do_in_child(&job);
    return job.done;
}

/* A filter may kill for close_range(), which is younger than many of them. */
bool apart(void (*work)(void *), void *what)
{
    bool shares = process_has_no_filter();
    return has_one_thread() ? do_here(work, what) : do_there(work, what, shares);
}

struct reading {
    const char *path;
    char *text;
    size_t size;
    long len;
};

static void read_beginning(void *what)
{
    struct reading *r = what;
    long fd = raw(SYS_openat, AT_FDCWD, r->path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        r->len = raw(SYS_read, fd, r->text, r->size);
        raw(SYS_close, fd);
    }
}

size_t apart_read(const char *path, char *text, size_t size)
{
    struct reading r = {.path = path, .size = size};
    r.text = text;
    apart(read_beginning, &r);
    return r.len > 0 ? (size_t)r.len : 0;
}

bool apart_dies(void (*work)(void *), void *what)
{
    struct job job = {work, what, false, false, false};
    return do_in_child(&job) && !job.has_ended;
}
