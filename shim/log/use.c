#include "log/use.h"

#include "base/hidden.h"
#include "base/process.h"
#include "log/change.h"
#include "log/keep.h"

#include <stdatomic.h>

enum { SLOTS = 64 };

/* ---- Who is writing ---- */

static atomic_int writers[SLOTS];

/* By number, modulo SLOTS: two that follow one another differ. Signed: a handler whose
 * signal came in between may fork, and its child ends what has been forgotten. */
static atomic_int *writers_to(int fd)
{
    return &writers[(unsigned)fd % SLOTS];
}

/* The number that this thread is writing to, plus one: what a handler finds whose
 * signal has interrupted that. In the thread's own block from the start: it is never
 * allocated. */
static __thread int mine __attribute__((tls_model("initial-exec")));

bool writing_begins(struct writing *w, unsigned i)
{
    for (;;) {
        int fd = atomic_load(&log_numbers[i]);
        if (fd < 0) {
            return false;
        }
        atomic_fetch_add(writers_to(fd), 1);
        /* Whoever takes the number away looks at the writers afterwards. */
        if (atomic_load(&log_numbers[i]) == fd) {
            *w = (struct writing){fd, mine};
            mine = fd + 1;
            return true;
        }
        atomic_fetch_sub(writers_to(fd), 1);
    }
}

void writing_ends(const struct writing *w)
{
    mine = w->outer;
    atomic_fetch_sub(writers_to(w->fd), 1);
}

/* Not for what this thread itself was about when a signal came, and not for ever: a
 * thread may have left its write by longjmp. */
bool wait_for_writers(int fd)
{
    int own = mine == fd + 1;
    for (int step = 0; step < STEPS; step++) {
        if (atomic_load(writers_to(fd)) <= own) {
            return true;
        }
        if (!process_is_caged()) {
            wait_a_little(step);
        }
    }
    return false;
}

/* ---- Who is about to put something there ---- */

/* Where nobody is to: the lowest number, which opening gives, and later the one that is given
 * up; and the one that is about to be ours. -1: none. */
static atomic_int becoming[2] = {-1, -1};

/* Likewise by number, and signed. */
static atomic_int takers[SLOTS];

static atomic_int *takers_of(int fd)
{
    return &takers[(unsigned)fd % SLOTS];
}

static bool is_becoming(int fd)
{
    return fd >= 0 && (atomic_load(&becoming[0]) == fd || atomic_load(&becoming[1]) == fd);
}

void log_taking_begins(int fd)
{
    atomic_fetch_add(takers_of(fd), 1);
    if (is_becoming(fd) && !process_is_caged()) {
        atomic_fetch_sub(takers_of(fd), 1);
        process_identify(); /* a fork's child forgets what its parent's threads were about */
        wait_for_change();
        atomic_fetch_add(takers_of(fd), 1);
    }
}

void log_taking_ends(int fd)
{
    atomic_fetch_sub(takers_of(fd), 1);
}

bool begin_becoming(unsigned which, int fd)
{
    atomic_store(&becoming[which], fd);
    for (int step = 0; fd >= 0 && atomic_load(takers_of(fd)) > 0; step++) {
        if (step == STEPS) {
            return false;
        }
        wait_a_little(step);
    }
    return true;
}

void end_becoming(unsigned which)
{
    atomic_store(&becoming[which], -1);
}

void forget_other_users(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        atomic_store(&takers[i], 0);
        atomic_store(&writers[i], 0);
    }
    end_becoming(0);
    end_becoming(1);
    if (mine > 0) {
        atomic_store(writers_to(mine - 1), 1);
    }
}
