/* The log's descriptor: opened, found again when the file or the number has become
 * another one, and kept out of the program's way. Async-signal-safe; errno is
 * kept. */
#ifndef SOCKSHIM_KEEP_H
#define SOCKSHIM_KEEP_H

#include "base/hidden.h"
#include "log/file.h"
#include "tell/record.h"

#include <stdatomic.h>

/* Once, after the settings are read. Returns 0, or the negated errno that opening
 * the log gave: it is then tried again once a second. */
int log_open(void);

/* Whether there is a descriptor to write to. It may be somebody else's by now:
 * log_write() finds out. */
bool log_is_open(void);

/* Whether `fd` is the log's own descriptor, and still open on the log. One
 * compare, and a system call only if the numbers agree. */
bool log_owns(int fd);
/* Whether it may be: what the wrappers ask of every descriptor. */
extern hidden atomic_int log_number;
static inline bool log_may_own(int fd)
{
    return fd == atomic_load_explicit(&log_number, memory_order_relaxed);
}
/* Out of the way of a dup2 onto it. false: it stays, for no number is left. */
bool log_move(void);

/* ---- For log/ alone ---- */

/* The descriptor to write to, and its file; negative: none. One system call if
 * nothing has changed. */
int find_log(struct file *file, const struct moment *m);
/* Looks at the path, at most once a second: a log that was renamed is begun anew, one
 * that could not be opened is tried again. */
void look_at_path(const struct moment *m);
/* Makes the descriptor `fd` of ours follow the path to another file; if that can't
 * be, it stays as it is. */
void follow_path(int fd, const struct moment *m);
/* Whether the log's last name is gone. */
bool is_removed(const struct file *file);
/* What to write to instead of a removed log: as find_log(). */
int leave_removed(int fd, struct file *file, const struct moment *m);

/* Opens a log for appending, with `flags` besides, and without ever waiting. Returns
 * a descriptor or a negated errno. */
int open_path(const char *path, int flags);

/* All signals are blocked, the mask before that is returned, and put back. */
uint64_t hold_signals(void);
void let_signals(uint64_t before);
/* Whether this thread may put another file in the log's place; then end_change()
 * says when it has done so. */
bool begin_change(const struct moment *m);
void end_change(void);

#endif
