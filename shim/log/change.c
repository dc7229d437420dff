#include "log/change.h"

#include "base/process.h"
#include "base/raw.h"
#include "log/keep.h"
#include "log/use.h"

#include <signal.h>
#include <stdatomic.h>

/* The process in which a thread is changing descriptors. The number tells the child of
 * a fork that it is not the one, though it was born in the midst. */
static _Atomic pid_t changing;

/* While descriptors and locks change hands nothing may end this thread and leave them
 * behind, or come in between: pthread_cancel in its asynchronous form is a signal, too. */
uint64_t block_signals(void)
{
    uint64_t all = ~(uint64_t)0;
    uint64_t before = 0;
    raw(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    return before;
}

void restore_signals(uint64_t before)
{
    raw(SYS_rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof before);
}

bool begin_change(const struct moment *m, uint64_t *signals)
{
    pid_t other = atomic_load(&changing);
    if (other == m->who.pid) {
        return false;
    }
    *signals = block_signals();
    if (atomic_compare_exchange_strong(&changing, &other, m->who.pid)) {
        return true;
    }
    restore_signals(*signals);
    return false;
}

void changed(void)
{
    atomic_store(&changing, 0);
}

void end_change(uint64_t signals)
{
    changed();
    restore_signals(signals);
}

void wait_a_little(int step)
{
    struct timespec while_ = {0, 100000};
    if (step < 10) {
        raw(SYS_sched_yield);
    } else {
        raw(SYS_nanosleep, &while_, 0);
    }
}

void wait_for_change(void)
{
    for (int step = 0; step < STEPS && atomic_load(&changing) != 0; step++) {
        wait_a_little(step);
    }
}

bool wait_to_change(pid_t pid)
{
    pid_t none = 0;
    for (int step = 0; step < STEPS; step++, none = 0) {
        if (atomic_compare_exchange_strong(&changing, &none, pid)) {
            return true;
        }
        wait_a_little(step);
    }
    return false;
}

static atomic_bool forking;

void log_before_fork(void)
{
    struct identity me = process_identify();
    if (!process_is_caged() && !me.is_vfork_child && wait_to_change(me.pid)) {
        atomic_store(&forking, true);
    }
}

void log_after_fork_in_parent(void)
{
    if (atomic_exchange(&forking, false)) {
        changed();
    }
}

/* The other threads are gone, and with them what they were about. */
void log_after_fork_in_child(void)
{
    atomic_store(&forking, false);
    changed();
    forget_other_users();
}
