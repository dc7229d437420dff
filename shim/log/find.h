/* The log under its path: opened, and found again when somebody has renamed or removed
 * it. Async-signal-safe; errno is kept. */
#ifndef SOCKSHIM_FIND_H
#define SOCKSHIM_FIND_H

#include "log/file.h"
#include "log/keep.h"
#include "log/use.h"
#include "tell/record.h"

/* Once, after the settings are read: what descriptor 2 is by now is written to, nothing that
 * comes to have its number later. */
void log_take_stderr(void);
/* After that: opens nothing. Returns 0, or a negated errno: it is to be stderr, and that is
 * no place for a log. */
int log_begin(void);
/* Opens the log, if it is a file. Returns 0 or a negated errno; it is tried again once a
 * second then. */
int log_open(const struct moment *m);
/* Whether descriptor 2 is a client's connection: an IP socket, or a socket that is
 * descriptor 0 as well. */
bool stderr_is_a_client(void);
/* Whether descriptor 2 still is what log_take_stderr() has found; *now is what it is. */
bool stderr_is_as_it_was(struct file *now);

/* ---- For log/ alone ---- */

/* Where a line goes, until place_leave(). */
struct place {
    struct writing writing;
    struct file file;
    bool is_journal; /* systemd's: it takes a line's priority from its beginning */
};
/* false: it is descriptor 2, where that is the log. */
static inline bool place_is_kept(const struct place *p)
{
    return p->writing.fd != 2;
}
/* false: nowhere. One system call. */
bool place_find(struct place *p);
void place_leave(const struct place *p);
/* After that: another thread is changing the log, or somebody took its number. */
void place_find_again(const struct moment *m);

/* At most once a second: asks anew for the limit of files' size, follows a path that has
 * become another file, and tries again to
 * open a log that could not be opened. */
void look_each_second(void);
/* Makes the file under the path the current one; opens only what is not kept. */
void follow_path(const struct moment *m);
/* Whether the log's path leads to this file: one that never had another name, as
 * /dev/fd/N, has no link, and is there all the same. Afterwards *file is the one that is there
 * (a record is on the stack, and there is no room for two). */
bool path_leads_to(struct file *file);

/* Whether this thread may go by paths, and open what it finds. Not after chroot or in
 * another mount namespace, where the path leads elsewhere; not in a vfork child or a
 * thread with a table of its own, whose descriptors are not those that are kept. */
bool may_go_by_path(const struct moment *m);
/* Whether FILE.1 is to be at hand for a log of that many bytes. */
bool needs_older(const struct file *log);
bool has_older(void);
/* Gets hold of FILE.1; of FILE.new, which is made for that, if there is none yet. */
void prepare_older(const struct moment *m);
/* FILE and `suffix`, in `to`, which holds PATH_MAX bytes. */
void path_beside_log(char *to, const char *suffix);

/* A lock on the log against other processes that rotate it: a negated errno if it is
 * not to be had at once. Not by flock(), whose locks the children of a fork share. */
int lock_log(unsigned i);
void unlock_log(unsigned i);

#endif
