#include "base/process.h"

#include "base/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/* The pid, on a page that the kernel zeroes for the child of a fork (madvise(2),
 * MADV_WIPEONFORK). A vfork child shares it: there it holds the parent's pid.
 * NULL where the kernel has no such pages (before 4.14), and where a filter may kill for
 * asking: then every child is taken for one with memory of its own. */
static _Atomic pid_t *_Atomic page;
static _Atomic pid_t *mapped;

static atomic_bool caged;

/* The process that the object was loaded into. */
static pid_t loaded;

/* What is logged once a program: forks share it. */
static _Atomic uint64_t *told;

static void *map(int sharing)
{
    size_t size = sizeof(uint64_t);
    long at = raw(RAW_MMAP, 0, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
    return at < 0 && at >= -4095 ? NULL : (void *)at; /* NOLINT(performance-no-int-to-ptr) */
}

/* In the child of a fork, before it can have made a child of its own: a vfork
 * child of its would else find an empty page and take it for its own. */
static void after_fork(void)
{
    _Atomic pid_t *known = atomic_load(&page);
    if (known && !process_is_caged()) {
        atomic_store_explicit(known, (pid_t)raw(SYS_getpid), memory_order_relaxed);
    }
}

/* Weak, as all is that musl has not: a program of musl's that has inherited $LD_PRELOAD is
 * to start, though nothing is done in it. The C library's pthread_atfork() is a part of the
 * object that it is linked to, and would need this one. */
#ifdef __GLIBC__
extern int __register_atfork(void (*before)(void), void (*parent)(void), void (*child)(void),
                             void *object) __attribute__((weak));
extern hidden void *__dso_handle;

bool process_has_our_libc(void)
{
    return __register_atfork;
}

void process_at_fork(void (*before)(void), void (*parent)(void), void (*child)(void))
{
    __register_atfork(before, parent, child, __dso_handle);
}
#else
bool process_has_our_libc(void)
{
    return true;
}

void process_at_fork(void (*before)(void), void (*parent)(void), void (*child)(void))
{
    pthread_atfork(before, parent, child);
}
#endif

void process_begin(bool tells)
{
    loaded = (pid_t)raw(SYS_getpid);
    told = tells ? map(MAP_SHARED) : NULL;
    mapped = map(MAP_PRIVATE);
    process_at_fork(NULL, NULL, after_fork);
    if (!process_is_filtered()) {
        process_know_children();
    }
}

void process_know_children(void)
{
    if (mapped && !atomic_load(&page) && raw(SYS_madvise, mapped, 4096, MADV_WIPEONFORK) == 0) {
        atomic_store(mapped, (pid_t)raw(SYS_getpid));
        atomic_store(&page, mapped);
    }
}

bool process_is_alone(void)
{
    return (pid_t)raw(SYS_getpid) == loaded &&
           raw(SYS_waitid, P_ALL, 0, NULL, WEXITED | WNOHANG | WNOWAIT | __WALL, NULL) == -ECHILD;
}

bool process_first_time(unsigned bit)
{
    uint64_t mask = (uint64_t)1 << bit;
    return told && !(atomic_fetch_or(told, mask) & mask);
}

/* Another pid on the page than ours: in a vfork child it is the parent's (0 if
 * that is in another pid namespace). Else a child that was not made by fork()
 * left its own there. */
static bool shares_memory_with_parent(pid_t kept)
{
    pid_t parent = (pid_t)raw(SYS_getppid);
    return parent == kept || parent == 0;
}

atomic_bool process_memory_shared;

void process_shares_memory(void)
{
    atomic_store_explicit(&process_memory_shared, true, memory_order_relaxed);
}

/* This thread's number, and the process in which it was asked for. In the thread's own
 * block from the start: it is never allocated. */
static __thread struct {
    pid_t pid, tid;
} asked __attribute__((tls_model("initial-exec")));

/* A signal handler may come in between. */
static void keep_number(pid_t pid, pid_t tid)
{
    asked.pid = 0;
    atomic_signal_fence(memory_order_seq_cst);
    asked.tid = tid;
    atomic_signal_fence(memory_order_seq_cst);
    asked.pid = pid;
}

void (*process_is_born)(void);

static __attribute__((noinline)) struct identity identify_anew(_Atomic pid_t *known, pid_t kept)
{
    struct identity me = {.tid = (pid_t)raw(SYS_gettid)};
    /* Nobody but the main thread has the process's number. */
    me.pid = me.tid == kept ? kept : (pid_t)raw(SYS_getpid);
    if (me.pid == kept || !known) {
        keep_number(me.pid, me.tid);
        return me;
    }
    me.is_vfork_child = kept != 0 && shares_memory_with_parent(kept);
    if (kept == 0 && process_is_born) {
        process_is_born();
    }
    if (!me.is_vfork_child) {
        atomic_store_explicit(known, me.pid, memory_order_relaxed);
    }
    return me;
}

struct identity process_identify(void)
{
    _Atomic pid_t *known = atomic_load_explicit(&page, memory_order_acquire);
    pid_t kept = known ? atomic_load_explicit(known, memory_order_relaxed) : 0;
    if (process_is_caged()) {
        return (struct identity){.pid = kept};
    }
    /* In a fork's child the page was zeroed, and has another pid by now. */
    if (kept != 0 && asked.pid == kept && !process_may_share_memory()) {
        return (struct identity){.pid = kept, .tid = asked.tid};
    }
    return identify_anew(known, kept);
}

bool process_enter_cage(void)
{
    return !process_is_caged() && !process_identify().is_vfork_child &&
           !atomic_exchange(&caged, true);
}

void process_leave_cage(void)
{
    atomic_store(&caged, false);
}

bool process_is_caged(void)
{
    return atomic_load_explicit(&caged, memory_order_relaxed);
}

atomic_bool process_socket_seen;
atomic_bool process_socket_called;

bool process_socket_is_seen(bool by_own_call)
{
    if (by_own_call) {
        atomic_store_explicit(&process_socket_called, true, memory_order_relaxed);
    }
    return !atomic_exchange(&process_socket_seen, true);
}

/* What stands behind "Seccomp:" in what is read from `fd`, piece by piece: proc(5). */
static int seccomp_mode(int fd)
{
    static const char key[] = "\nSeccomp:\t";
    char piece[1024] = "";
    size_t matched = 0;
    for (long len; (len = raw(SYS_read, fd, piece, sizeof piece)) > 0;) {
        for (long i = 0; i < len; i++) {
            if (matched == sizeof key - 1) {
                return piece[i];
            }
            matched = piece[i] == key[matched] ? matched + 1 : piece[i] == '\n';
        }
    }
    return 0;
}

static bool is_filtered;

void process_find_filter(void)
{
    int fd = (int)raw(SYS_openat, AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        int mode = seccomp_mode(fd);
        is_filtered = mode == '1' || mode == '2';
        raw(SYS_close, fd);
    }
}

bool process_is_filtered(void)
{
    return is_filtered;
}

atomic_bool process_timeout_seen;

void process_timeout_set(void)
{
    atomic_store_explicit(&process_timeout_seen, true, memory_order_relaxed);
}

atomic_bool process_linger_seen;

void process_linger_set(void)
{
    atomic_store_explicit(&process_linger_seen, true, memory_order_relaxed);
}
