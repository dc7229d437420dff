/* Who is running: the process, the thread, a vfork child on its parent's
 * memory, a seccomp cage. Every function is async-signal-safe. */
#ifndef SOCKSHIM_PROCESS_H
#define SOCKSHIM_PROCESS_H

#include "base/hidden.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

struct identity {
    pid_t pid; /* 0: not known (in a cage, after a fork) */
    pid_t tid; /* 0: not known (in a cage) */
    bool is_vfork_child;
};

/* Whether the C library is of the kind that this was built for, glibc or musl. */
bool process_has_our_libc(void);
/* As pthread_atfork(3). */
void process_at_fork(void (*before)(void), void (*parent)(void), void (*child)(void));

/* Once, at start-up. tells: process_first_time() is going to be asked. */
void process_begin(bool tells);
/* From now on any child is known, by whatever call it was made, and an identity costs less. Two to
 * four system calls, the first time. */
void process_know_children(void);
/* Two system calls; once children are known, one in a main thread and two elsewhere the first
 * time, and none after that, nor in a cage. Once there may be a child on this memory: again each
 * time. */
struct identity process_identify(void);
/* What is done in a fork's child, by whatever call it was made (clone(2) by number and _Fork()
 * run no handlers of pthread_atfork()), before it first knows who it is; or NULL. */
extern hidden void (*process_is_born)(void);

/* Before vfork() and its like: from now on there may be a child that has this process's
 * memory, this thread's block with it, but a number, descriptors and limits of its own. */
void process_shares_memory(void);
extern hidden atomic_bool process_memory_shared;
static inline bool process_may_share_memory(void)
{
    return atomic_load_explicit(&process_memory_shared, memory_order_relaxed);
}

/* Whether what this process has open ends with it, as far as it can know: it is the one that
 * was loaded, no fork's child, and has no child itself. Two system calls. */
bool process_is_alone(void);

/* Whether `bit` is asked for the first time by this program: forks share the
 * answers. No system call but the first time; false in a cage that the first time comes in. */
enum { ONCE_START, ONCE_REFUSED /* and a bit for each call */ };
bool process_first_time(unsigned bit);

/* Before a system call that puts a seccomp filter on this thread. Returns
 * whether the process was none before; then process_leave_cage() takes it back
 * if the call failed. Without effect in a vfork child, whose flag is its
 * parent's. */
bool process_enter_cage(void);
void process_leave_cage(void);
extern hidden atomic_bool process_caged;
static inline bool process_is_caged(void)
{
    return atomic_load_explicit(&process_caged, memory_order_relaxed);
}

/* That the program has a socket: made or accepted by a call of its own, or inherited.
 * Returns whether this was news. */
bool process_socket_is_seen(bool by_own_call);
extern hidden atomic_bool process_socket_seen;
static inline bool process_has_socket(void)
{
    return atomic_load_explicit(&process_socket_seen, memory_order_relaxed);
}

/* Whether the program has made a socket call itself. */
extern hidden atomic_bool process_socket_called;
static inline bool process_calls_sockets(void)
{
    return atomic_load_explicit(&process_socket_called, memory_order_relaxed);
}
/* Whether a seccomp filter was inherited through exec, which filter_find() finds out; neither is
 * true before. */
bool process_is_filtered(void);
bool process_has_no_filter(void);
bool process_knows_filter(void);
void process_know_filter(bool is_there);

/* That the program set SO_RCVTIMEO or SO_SNDTIMEO on a socket: until it has,
 * EAGAIN cannot be an expired timeout, and needs no question. */
void process_timeout_set(void);
extern hidden atomic_bool process_timeout_seen;
static inline bool process_sets_timeouts(void)
{
    return atomic_load_explicit(&process_timeout_seen, memory_order_relaxed);
}

/* That there may be a socket with SO_LINGER: the program set it, or accepts at a listener
 * that it did not make. Until then no close resets for that, and it needs no question. What
 * is set by number (syscall(2)), or by another process that has the socket, is not seen. */
void process_linger_set(void);
extern hidden atomic_bool process_linger_seen;
static inline bool process_sets_linger(void)
{
    return atomic_load_explicit(&process_linger_seen, memory_order_relaxed);
}

/* That the program itself says when small segments leave: by TCP_NODELAY or TCP_CORK. */
void process_nagle_set(void);
extern hidden atomic_bool process_nagle_seen;
static inline bool process_sets_nagle(void)
{
    return atomic_load_explicit(&process_nagle_seen, memory_order_relaxed);
}

#endif
