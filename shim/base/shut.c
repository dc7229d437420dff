#include "base/shut.h"

#include "base/kernel.h"
#include "base/raw.h"

#include <errno.h>
#include <stdatomic.h>

/* The hints above the ones that a file may well have, RWH_WRITE_LIFE_NOT_SET and _NONE,
 * are one more than a set of these; the last one is RWH_WRITE_LIFE_EXTREME. */
enum { READING = 1, WRITING = 2, BOTH = READING | WRITING, DISSOLVED = 4 };

static atomic_bool cannot_keep;
static atomic_uint under_way;

void shut_begins(void)
{
    atomic_fetch_add(&under_way, 1);
}

void shut_is_noted(void)
{
    atomic_fetch_sub(&under_way, 1);
}

static unsigned sides_in(uint64_t hint)
{
    return hint > READING && hint <= BOTH + 1 ? (unsigned)hint - 1 : 0;
}

static void keep(int fd, unsigned what)
{
    uint64_t hint = 0;
    long result = raw(RAW_FCNTL, fd, GET_HINT, &hint);
    hint = (what == DISSOLVED ? DISSOLVED : what | sides_in(hint)) + 1;
    if (result == 0) {
        result = raw(RAW_FCNTL, fd, SET_HINT, &hint);
    }
    if (result < 0 && result != -EBADF) {
        atomic_store_explicit(&cannot_keep, true, memory_order_relaxed);
    }
}

void shut_note(int fd, int how)
{
    keep(fd, how == SHUT_RD ? READING : how == SHUT_WR ? WRITING : BOTH);
}

void shut_note_dissolved(int fd)
{
    keep(fd, DISSOLVED);
}

/* A datagram socket can only be shut down while it is connected. */
enum known shut_was_dissolved(int fd)
{
    uint64_t hint = 0;
    if (raw(RAW_FCNTL, fd, GET_HINT, &hint) < 0 ||
        atomic_load_explicit(&cannot_keep, memory_order_relaxed)) {
        return UNKNOWN;
    }
    return hint > READING ? YES : NO;
}

void shut_forget(int fd)
{
    uint64_t none = 0;
    raw(RAW_FCNTL, fd, SET_HINT, &none);
}

void shut_find(struct facts *f)
{
    uint64_t hint = 0;
    bool may_come = atomic_load(&under_way) > 0; /* looked at first: it is noted, or not over */
    if (raw(RAW_FCNTL, f->fd, GET_HINT, &hint) < 0) {
        return;
    }
    bool is_sure = !may_come && !atomic_load_explicit(&cannot_keep, memory_order_relaxed);
    enum known rest = is_sure ? NO : UNKNOWN;
    f->shut_reading = sides_in(hint) & READING ? YES : rest;
    f->shut_writing = sides_in(hint) & WRITING ? YES : rest;
}
