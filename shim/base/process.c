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
 * MADV_WIPEONFORK). A vfork child shares it: there it holds the parent's pid. NULL until
 * process_know_children(), and where the kernel has no such pages (before 4.14). */
static at_hand _Atomic pid_t *_Atomic page;

/* Likewise, as far as fork()'s handlers know it: for as long as there is no page. */
static _Atomic pid_t self;

at_hand atomic_bool process_caged;

/* The process that the object was loaded into. */
static pid_t loaded;

/* What is logged once a program: forks share it. Mapped when it is first asked for, or before the
 * first fork: most programs come to neither, and a shared page takes a file of its own. */
static _Atomic uint64_t *_Atomic told;
static bool tells_once;

static void *map(int sharing)
{
    size_t size = sizeof(uint64_t);
    long at = raw(RAW_MMAP, 0, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
    return raw_failed(at) ? NULL : (void *)at; /* NOLINT(performance-no-int-to-ptr) */
}

static _Atomic uint64_t *shared_word(void)
{
    _Atomic uint64_t *word = atomic_load(&told);
    if (word || !tells_once || process_is_caged()) {
        return word;
    }
    _Atomic uint64_t *mine = map(MAP_SHARED);
    if (mine && !atomic_compare_exchange_strong(&told, &word, mine)) {
        raw(SYS_munmap, mine, sizeof *mine);
        return word; /* another thread's */
    }
    return mine;
}

static void before_fork(void)
{
    shared_word();
}

/* In the child of a fork, before it can have made a child of its own: a vfork
 * child of its would else find an empty page and take it for its own. */
static void after_fork(void)
{
    if (process_is_caged()) {
        return;
    }
    _Atomic pid_t *known = atomic_load(&page);
    pid_t pid = (pid_t)raw(SYS_getpid);
    atomic_store_explicit(&self, pid, memory_order_relaxed);
    if (known) {
        atomic_store_explicit(known, pid, memory_order_relaxed);
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
    atomic_store(&self, loaded);
    tells_once = tells;
    process_at_fork(before_fork, NULL, after_fork);
}

void process_know_children(void)
{
    _Atomic pid_t *none = NULL;
    if (atomic_load(&page) || process_identify().is_vfork_child) {
        return;
    }
    _Atomic pid_t *mapped = map(MAP_PRIVATE);
    if (mapped && raw(SYS_madvise, mapped, 4096, MADV_WIPEONFORK) == 0) {
        atomic_store(mapped, atomic_load(&self));
        if (atomic_compare_exchange_strong(&page, &none, mapped)) {
            return;
        }
    }
    if (mapped) {
        raw(SYS_munmap, mapped, sizeof(uint64_t));
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
    _Atomic uint64_t *word = shared_word();
    return word && !(atomic_fetch_or(word, mask) & mask);
}

/* Another pid on the page than ours: in a vfork child it is the parent's (0 if
 * that is in another pid namespace). Else a child that was not made by fork()
 * left its own there. */
static bool shares_memory_with_parent(pid_t kept)
{
    pid_t parent = (pid_t)raw(SYS_getppid);
    return parent == kept || parent == 0;
}

at_hand atomic_bool process_memory_shared;

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

/* Another pid than fork()'s handlers know: a vfork child's if there may be one, else of a child
 * that was made without them. */
static __attribute__((noinline)) struct identity identify_without_page(void)
{
    struct identity me = {.pid = (pid_t)raw(SYS_getpid), .tid = (pid_t)raw(SYS_gettid)};
    pid_t kept = atomic_load_explicit(&self, memory_order_relaxed);
    if (me.pid == kept) {
        return me;
    }
    me.is_vfork_child = process_may_share_memory() && shares_memory_with_parent(kept);
    if (!me.is_vfork_child) {
        atomic_store_explicit(&self, me.pid, memory_order_relaxed);
        if (process_is_born) {
            process_is_born();
        }
    }
    return me;
}

static __attribute__((noinline)) struct identity identify_anew(_Atomic pid_t *known, pid_t kept)
{
    if (!known) {
        return identify_without_page();
    }
    struct identity me = {.tid = (pid_t)raw(SYS_gettid)};
    /* Nobody but the main thread has the process's number. */
    me.pid = me.tid == kept ? kept : (pid_t)raw(SYS_getpid);
    if (me.pid == kept) {
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
           !atomic_exchange(&process_caged, true);
}

void process_leave_cage(void)
{
    atomic_store(&process_caged, false);
}

at_hand atomic_bool process_socket_seen;
at_hand atomic_bool process_socket_called;

bool process_socket_is_seen(bool by_own_call)
{
    if (by_own_call) {
        atomic_store_explicit(&process_socket_called, true, memory_order_relaxed);
    }
    return !atomic_exchange(&process_socket_seen, true);
}

static at_hand atomic_int filter = -1; /* whether there is one; not known yet */

bool process_knows_filter(void)
{
    return atomic_load_explicit(&filter, memory_order_relaxed) >= 0;
}

void process_know_filter(bool is_there)
{
    atomic_store_explicit(&filter, is_there, memory_order_relaxed);
}

bool process_is_filtered(void)
{
    return atomic_load_explicit(&filter, memory_order_relaxed) > 0;
}

bool process_has_no_filter(void)
{
    return atomic_load_explicit(&filter, memory_order_relaxed) == 0;
}

at_hand atomic_bool process_timeout_seen;

void process_timeout_set(void)
{
    atomic_store_explicit(&process_timeout_seen, true, memory_order_relaxed);
}

at_hand atomic_bool process_linger_seen;

void process_linger_set(void)
{
    atomic_store_explicit(&process_linger_seen, true, memory_order_relaxed);
}

atomic_bool process_nagle_seen;

void process_nagle_set(void)
{
    atomic_store_explicit(&process_nagle_seen, true, memory_order_relaxed);
}
