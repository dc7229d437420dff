/* The log's descriptors in the program's table: up to two, FILE and what becomes
 * FILE at the next rotation. How they get there, which numbers they have, and how
 * they are kept out of the program's way. Nobody but log/ and calls/ asks here.
 * Async-signal-safe; errno is kept. */
#ifndef SOCKSHIM_KEEP_H
#define SOCKSHIM_KEEP_H

#include "base/hidden.h"
#include "log/file.h"
#include "tell/record.h"

#include <stdatomic.h>

/* The numbers of the two; -1: none. What the wrappers ask of every descriptor. */
extern hidden atomic_int log_numbers[2];
static inline bool log_may_own(int fd)
{
    return fd == atomic_load_explicit(&log_numbers[0], memory_order_relaxed) ||
           fd == atomic_load_explicit(&log_numbers[1], memory_order_relaxed);
}

/* Whether `fd` is one of them and still open on the log: at most one system call. */
bool log_owns(int fd);
/* Gets a descriptor of ours out of the way of a dup2 onto it: another number, or none,
 * and waits until nobody writes to the old one, a second at most. Returns whether `fd` is
 * left behind, for the program to replace or for the caller to close: before
 * log_leaving_ends(), which is called in any case; until then no other thread changes
 * the log's descriptors, and signals wait. Not between log_taking_begins() and its end. */
struct leaving {
    uint64_t signals;
    bool blocks_signals, is_change;
};
bool log_leaving_begins(int fd, struct leaving *l);
void log_leaving_ends(const struct leaving *l);

/* For fork(): while it copies the table, none of our descriptors changes hands. */
void log_before_fork(void);
void log_after_fork_in_parent(void);
void log_after_fork_in_child(void);

/* ---- For log/ alone ---- */

/* Which of the two is FILE, as far as is known. */
unsigned kept_current(void);
void kept_set_current(unsigned i);

/* Whether `file` is what descriptor `i` was opened on. */
bool kept_is(unsigned i, const struct file *file);
/* Which of the two is open on this file, and still ours; -1: none. */
int kept_find(const struct file *file);

/* Opens `path` for appending, with `flags` besides and without waiting, and keeps it as
 * descriptor `i` in place of the one that is there. Returns 0 or a negated errno.
 * Between begin_change() and end_change() only. */
int keep_open(unsigned i, const char *path, int flags, struct file *file);
/* Closes descriptor `i`, if it is ours. Likewise. */
void keep_none(unsigned i);

#endif
