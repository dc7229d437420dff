/* The log's descriptor is kept out of the program's way. Programs close all
 * descriptors, or dup2 over a number that they take for free: without this the
 * log would end there, or a record go into a stranger's file. */
#include "calls/wrap.h"

#include "base/hint.h"
#include "base/process.h"
#include "base/raw.h"
#include "failure/closing.h"
#include "log/keep.h"
#include "log/rotate.h"
#include "log/use.h"

#include <errno.h>
#include <limits.h>
#include <sys/resource.h>

/* Answers success and keeps it, after looking whether it still is ours. */
static __attribute__((noinline)) int close_log(int fd, bool by_number)
{
    return log_owns(fd) ? 0 : close_plainly(fd, by_number);
}

WRAP(int, close, (int fd))
{
    if (hint_is_set(fd)) {
        return close_connection(fd, __builtin_return_address(0), false);
    }
    return log_may_own(fd) ? close_log(fd, false) : next.close(fd);
}

/* Above the program's limit nothing can be put, and ours stays. */
static bool may_be_put(int number)
{
    return process_is_caged() || (uint64_t)number < raw_soft_limit(RLIMIT_NOFILE);
}

/* How the program called it, which is how it is passed on: a filter may forbid the others,
 * and another preload's dup2() call syscall(), which comes by here again. Else it is the number
 * of the system call. */
enum { BY_DUP2 = -2, BY_DUP3 = -3 };

static int dup_plainly(long how, int from, int to, int flags)
{
    if (how == BY_DUP2) {
        return next.dup2(from, to);
    }
    return how == BY_DUP3 ? next.dup3(from, to, flags) : (int)next.by_number(how, from, to, flags);
}

/* If the program's own call fails, the old number is free again, as it was for the
 * program. */
static int dup_onto_left(long how, int from, int to, int flags, const struct leaving *leaving)
{
    int result = dup_plainly(how, from, to, flags);
    if (result < 0 && !process_is_caged()) {
        raw(SYS_close, to);
    }
    log_leaving_ends(leaving);
    return result;
}

/* Ours out of the way first. It may go by itself meanwhile, in another thread: then it is
 * looked anew, and nothing is put at a number that is being given up. Ends the taking. */
static __attribute__((noinline)) int dup_over_log(long how, int from, int to, int flags)
{
    struct leaving leaving;
    for (int tries = 0; tries < 2 && may_be_put(to) && log_owns(to); tries++) {
        log_taking_ends(to);
        if (log_leaving_begins(to, &leaving)) {
            return dup_onto_left(how, from, to, flags, &leaving);
        }
        log_leaving_ends(&leaving);
        log_taking_begins(to);
    }
    int result = dup_plainly(how, from, to, flags);
    log_taking_ends(to);
    return result;
}

static inline __attribute__((always_inline)) int dup_once(long how, int from, int to, int flags)
{
    log_taking_begins(to);
    if (log_may_own(to)) {
        return dup_over_log(how, from, to, flags);
    }
    int result = dup_plainly(how, from, to, flags);
    log_taking_ends(to);
    hint_end_is_over(to);
    return result;
}

/* EBUSY: another thread has been given that number, and its file is not there yet (do_dup2() in
 * fs/file.c). If that is the log, the program would not have met it, and it is there in no time.
 * The file of another open may never come, a FIFO's for example. */
static __attribute__((noinline)) int dup_when_there(long how, int from, int to, int flags, int kept)
{
    enum { TRIES = 1000 };
    int result = -1;
    for (int tries = 0; result < 0 && errno == EBUSY && tries < TRIES; tries++) {
        errno = kept;
        result = dup_once(how, from, to, flags);
    }
    return result;
}

static inline __attribute__((always_inline)) int dup_onto(long how, int from, int to, int flags)
{
    int kept = errno;
    int result = dup_once(how, from, to, flags);
    return result < 0 && errno == EBUSY ? dup_when_there(how, from, to, flags, kept) : result;
}

WRAP(int, dup2, (int from, int to))
{
    return from == to ? next.dup2(from, to) : dup_onto(BY_DUP2, from, to, 0);
}

WRAP(int, dup3, (int from, int to, int flags))
{
    return from == to ? next.dup3(from, to, flags) : dup_onto(BY_DUP3, from, to, flags);
}

/* ---- Ranges ---- */

static int close_all(unsigned first, unsigned last, int flags, bool by_number)
{
#ifdef __GLIBC__
    if (!by_number) {
        return next.close_range(first, last, flags);
    }
#else
    (void)by_number; /* musl has no close_range() to pass it to */
#endif
    return (int)next.by_number(SYS_close_range, (long)first, (long)last, flags);
}

/* Ours in the range, the lower one first; ~0U: none. What looks like ours and is not any
 * more is the program's. */
struct ours {
    unsigned low, high;
};

static unsigned ours_in(int i, unsigned first, unsigned last)
{
    int fd = atomic_load_explicit(&log_numbers[i], memory_order_relaxed);
    return (unsigned)fd >= first && (unsigned)fd <= last && log_owns(fd) ? (unsigned)fd : ~0U;
}

static struct ours ours_within(unsigned first, unsigned last)
{
    unsigned a = ours_in(0, first, last);
    unsigned b = ours_in(1, first, last);
    return a < b ? (struct ours){a, b} : (struct ours){b, a};
}

/* The part of the range from `first` to just before one of ours; an empty one is left
 * out. */
static int close_before(unsigned ours, unsigned first, int flags, bool by_number)
{
    return first < ours ? close_all(first, ours - 1, flags, by_number) : 0;
}

/* In up to three parts, around ours. An empty last one is where nothing ever is open, so
 * that the flags are looked at in any case. */
static __attribute__((noinline)) int close_around(unsigned first, unsigned last, int flags,
                                                  bool by_number)
{
    struct ours ours = ours_within(first, last);
    if (ours.low == ~0U) {
        return close_all(first, last, flags, by_number);
    }
    if (close_before(ours.low, first, flags, by_number) < 0) {
        return -1;
    }
    first = ours.low + 1;
    if (ours.high != ~0U) {
        if (close_before(ours.high, first, flags, by_number) < 0) {
            return -1;
        }
        first = ours.high + 1;
    }
    return first <= last ? close_all(first, last, flags, by_number)
                         : close_all(~0U, ~0U, flags, by_number);
}

static bool may_have_ours(unsigned first, unsigned last)
{
    unsigned a = (unsigned)atomic_load_explicit(&log_numbers[0], memory_order_relaxed);
    unsigned b = (unsigned)atomic_load_explicit(&log_numbers[1], memory_order_relaxed);
    return (a >= first && a <= last) || (b >= first && b <= last);
}

#ifdef __GLIBC__

ALIAS(__close, close);
ALIAS(__dup2, dup2);

WRAP(int, close_range, (unsigned first, unsigned last, int flags))
{
    return may_have_ours(first, last) ? close_around(first, last, flags, false)
                                      : next.close_range(first, last, flags);
}

/* As the C library's closefrom(), which no other preload's close_range() stands in front of.
 * false: a kernel before 5.9 has no close_range; there the log goes, and is opened anew by
 * its path at the next record. */
static bool close_from_around(unsigned first, struct ours ours)
{
    bool has_both = ours.high != ~0U;
    long result = first < ours.low ? raw(SYS_close_range, first, ours.low - 1, 0) : 0;
    if (has_both && ours.low + 1 < ours.high) {
        result |= raw(SYS_close_range, ours.low + 1, ours.high - 1, 0);
    }
    result |= raw(SYS_close_range, (has_both ? ours.high : ours.low) + 1, ~0U, 0);
    return result == 0;
}

WRAP(void, closefrom, (int low))
{
    unsigned first = low < 0 ? 0 : (unsigned)low;
    struct ours ours = ours_within(first, INT_MAX);
    if (ours.low == ~0U || !close_from_around(first, ours)) {
        next.closefrom(low);
    }
}

#endif

/* It may forbid to rename: then what was prepared for a rotation would stay behind. */
static long restrict_self(long ruleset, long flags)
{
    if (!process_is_caged()) {
        rotation_may_end();
    }
    return next.syscall(SYS_landlock_restrict_self, ruleset, flags, 0, 0, 0, 0);
}

/* Programs for older C libraries close and replace descriptors by number. What does not
 * concern the log is passed on as it came. */
__attribute__((used)) long descriptors_by_syscall(long n, long a, long b, long c)
{
    if (n == SYS_close && hint_is_set((int)a)) {
        return close_connection((int)a, __builtin_return_address(0), true);
    }
    if (n == SYS_close && (int)a >= 0 && log_may_own((int)a)) { /* -1 may stand for none */
        return close_log((int)a, true);
    }
    if (n == SYS_dup3 && (int)a != (int)b) {
        return dup_onto(n, (int)a, (int)b, (int)c);
    }
#ifdef SYS_dup2
    if (n == SYS_dup2 && (int)a != (int)b) {
        return dup_onto(n, (int)a, (int)b, 0);
    }
#endif
    if (n == SYS_close_range && may_have_ours((unsigned)a, (unsigned)b)) {
        return close_around((unsigned)a, (unsigned)b, (int)c, true);
    }
    if (n == SYS_landlock_restrict_self) {
        return restrict_self(a, b);
    }
    return next.by_number(n, a, b, c);
}
